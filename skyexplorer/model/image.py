"""SkyImage: an image with its place on the sky: its values can be asked for, and it can be drawn."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from numpy.typing import NDArray

from skyexplorer.errors import FormatError, InputError
from skyexplorer.io import files, fits_image
from skyexplorer.model.origin import Origin
from skyexplorer.model.picture import Picture, smaller
from skyexplorer.model.region import SkyRegion
from skyexplorer.model.shading import Shading

SHOWN = 2048  # pixels along its longer side that are drawn; of larger images means over square blocks
ROUND = ("CAR", "CEA", "MER")  # projections in which the abscissa is the longitude, and goes round
# Frames that are not of the sky, by the first four letters of the axis.
STRANGE = {
    "HPLN": "the Sun", "SOLN": "the Sun", "HGLN": "the Sun", "CRLN": "the Sun", "TLON": "the Earth",
    "HLON": "ecliptic coordinates about the Sun",
}  # fmt: skip
STEP = 4.0  # degrees that a cell of the grid spans at most, by which a wide image is bent over the sky


class Window(NamedTuple):
    """A part of an image: its first row and column, and those after its last."""

    low_row: int
    high_row: int
    low: int
    high: int

    @property
    def size(self) -> int:
        """Pixels along its longer side."""
        return max(self.high_row - self.low_row, self.high - self.low)

    def holds(self, other: Window) -> bool:
        """Whether another lies within."""
        rows = self.low_row <= other.low_row and other.high_row <= self.high_row
        return rows and self.low <= other.low and other.high <= self.high


@dataclass(frozen=True, eq=False)
class SkyImage:
    """An image of a part of the sky, or of all of it.

    Parameters
    ----------
    data : array, shape (rows, columns)
        As FITS has them: the first row is the lowest. NaN where there is no value.
    wcs : astropy.wcs.WCS
        Of the two celestial axes: equatorial, galactic, supergalactic, or ecliptic of the mean equinox (J2000 unless told).
    unit : Unit or str
        Of the values; a text that is no unit stays a text.
    name : str
    origin : Origin, optional

    Raises
    ------
    InputError
        For an array of another shape, or a WCS that is not celestial, or of a frame that has no place on the sky.

    Examples
    --------
    >>> import numpy as np
    >>> from astropy import units as u
    >>> from astropy.coordinates import SkyCoord
    >>> from astropy.wcs import WCS
    >>> from skyexplorer.model.image import SkyImage
    >>> wcs = WCS(naxis=2)
    >>> wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix = ["GLON-TAN", "GLAT-TAN"], [10, 20], [2, 2]
    >>> wcs.wcs.cdelt = [-0.1, 0.1]
    >>> image = SkyImage(np.arange(9).reshape(3, 3), wcs, "Jy")
    >>> image.value(SkyCoord([10, 50] * u.deg, [20.09, 0] * u.deg, frame="galactic"))
    <Quantity [ 7., nan] Jy>
    """

    data: NDArray[Any]
    wcs: Any = field(repr=False)
    unit: Any = ""
    name: str = ""
    origin: Origin = field(default_factory=lambda: Origin(title="image", service="user"), repr=False)

    def __post_init__(self) -> None:
        data = np.asarray(self.data)
        if data.ndim != 2 or 0 in data.shape or data.dtype.kind not in "fiub":
            advice = "Give a plane of two axes."
            raise InputError(f"An image of shape {data.shape} and type {data.dtype} cannot be shown.", advice)
        if not getattr(self.wcs, "has_celestial", False) or self.wcs.naxis != 2:
            raise InputError(
                f"The WCS has the axes {list(self.wcs.wcs.ctype)}.", "Give a celestial one: wcs.celestial."
            )
        frame_of(self.wcs)
        object.__setattr__(self, "data", data)
        object.__setattr__(self, "unit", unit_of(self.unit))

    @classmethod
    def read(
        cls,
        source: str | Path | bytes,
        name: str = "",
        *,
        plane: int | tuple[int, ...] | None = None,
    ) -> SkyImage:
        """Read the first image of a FITS file that has celestial coordinates.

        Parameters
        ----------
        source : path or bytes
            Gzipped or not, compressed (fpack) or not.
        name : str, optional
            What to call it where the file does not say.
        plane : int or tuple of int, optional
            Which plane of a cube, from 0.

        Raises
        ------
        FormatError
            If there is none, or it is a cube and no plane is given.
        """
        from astropy.wcs import WCS

        raw = files.stored(source)
        path = source if isinstance(source, (str, Path)) else ""
        data, header, known = fits_image.read(raw, plane)
        # Old keywords (RADECSYS) make astropy warn, and do no harm.
        with files.reading("the coordinates of a FITS image"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wcs = WCS(header, fix=False).celestial
        title = known or name or (Path(path).name if path else "image")
        facts = {key: header[key] for key in header if key not in ("COMMENT", "HISTORY", "")}
        note = "" if plane is None else f"plane {plane} of a cube"
        origin = Origin.of_file(path, raw, title=title, header=facts, note=note)
        try:
            found = cls(data, wcs, header.get("BUNIT", ""), title, origin)
        except InputError as error:
            raise FormatError(error.message, error.advice) from error
        if not np.isfinite(found._grid).any():
            raise FormatError("The image lies nowhere on the sky.", "Check its WCS.")
        return found

    def __repr__(self) -> str:
        rows, columns = self.data.shape
        return (
            f"<SkyImage {self.name}: {columns} × {rows} pixels{f' [{self.unit}]' if str(self.unit) else ''}>"
        )

    @cached_property
    def _cells(self) -> tuple[int, int]:
        """Rows and columns of the grid by which it is drawn: more for a wide image."""
        scale = np.sqrt(np.abs(np.linalg.det(self.wcs.pixel_scale_matrix)))
        rows, columns = (int(np.clip(np.ceil(size * scale / STEP), 8, 64)) for size in self.data.shape)
        return rows, columns

    @cached_property
    def _grid(self) -> NDArray[np.float64]:
        """ICRS degrees (2, rows + 1, columns + 1) of the corners of the grid, the first row along the upper edge."""
        return self._grid_over((0, 0), self.data.shape)

    def _grid_over(self, first: tuple[int, int], shape: tuple[int, ...]) -> NDArray[np.float64]:
        """The same over a part of the image, or more than all of it."""
        (row, column), (rows, columns) = first, self._cells
        x, y = np.meshgrid(
            np.linspace(-0.5, shape[1] - 0.5, columns + 1), np.linspace(shape[0] - 0.5, -0.5, rows + 1)
        )
        return np.stack(self._world(x + column, y + row))

    @cached_property
    def center(self) -> SkyCoord:
        """Where its middle lies, ICRS; where that is beside the sky, the mean of what lies on it."""
        rows, columns = self.data.shape
        middle = np.stack(self._world(np.array((columns - 1) / 2), np.array((rows - 1) / 2)))
        if np.isfinite(middle).all():
            return SkyCoord(*middle * u.deg)
        known = self._grid[:, np.isfinite(self._grid).all(axis=0)]
        return SkyCoord(*known[:, known.shape[1] // 2] * u.deg)

    @cached_property
    def radius(self) -> u.Quantity:
        """Of a circle around its centre that holds it."""
        ra, dec = self._grid[:, np.isfinite(self._grid).all(axis=0)]
        return float(self.center.separation(SkyCoord(ra * u.deg, dec * u.deg)).deg.max()) * u.deg

    @cached_property
    def region(self) -> SkyRegion | None:
        """The polygon of its corners; None where these are not on the sky, as of an image of all of it."""
        x, y = (np.array(ends) - 0.5 for ends in self._corners)
        ra, dec = _world(self.wcs, x, y)
        if not (np.isfinite(ra) & np.isfinite(dec)).all():
            return None
        try:
            return SkyRegion.polygon(SkyCoord(ra * u.deg, dec * u.deg))
        except ValueError:  # corners that are all in one place
            return None

    @property
    def _corners(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        rows, columns = self.data.shape
        return (0, columns, columns, 0), (0, 0, rows, rows)

    @cached_property
    def _turn(self) -> NDArray[np.float64] | None:
        """Pixels (columns, rows) after which the longitude comes back; None where that is not, or is in the image twice."""
        ctype = self.wcs.wcs.ctype[self.wcs.wcs.lng]
        if ctype[5:8] not in ROUND or self.wcs.has_distortion:
            return None
        corners = np.array(self._corners)
        across = self.wcs.pixel_scale_matrix[self.wcs.wcs.lng] @ corners
        if np.ptp(across) > 360 * (1 + 1e-9):
            return None
        step: NDArray[np.float64] = np.linalg.inv(self.wcs.pixel_scale_matrix)[:, self.wcs.wcs.lng] * 360
        return step

    def _turned(
        self, x: NDArray[Any], y: NDArray[Any], about: NDArray[np.float64]
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Pixels of the same longitudes, half a turn around a pixel at most."""
        if self._turn is None:
            return x, y
        to_east, to_north = self.wcs.pixel_scale_matrix[self.wcs.wcs.lng]
        turns = (to_east * (x - about[0]) + to_north * (y - about[1])) / 360
        # What lies half a turn off belongs to the first column, as in `value`.
        turns = np.ceil(turns - 0.5) if to_east < 0 else np.floor(turns + 0.5)
        return x - turns * self._turn[0], y - turns * self._turn[1]

    def _world(self, x: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """ICRS degrees of pixels, NaN beside the sky. The projection ends half a turn from its reference."""
        return _world(self.wcs, *self._turned(x, y, np.asarray(self.wcs.wcs.crpix) - 1))

    def _pixels(self, coords: SkyCoord) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Pixels of positions, of those a turn apart the ones nearest to the middle of the image."""
        rows, columns = self.data.shape
        return self._turned(*_pixels(self.wcs, coords), np.array([(columns - 1) / 2, (rows - 1) / 2]))

    def value(self, coords: SkyCoord) -> Any:
        """The value of the pixel at each position, of the shape of the positions; NaN beside the image.

        Returns
        -------
        Quantity, or array where the unit is none that astropy knows
        """
        x, y = self._pixels(coords)
        rows, columns = self.data.shape
        inside = (x >= -0.5) & (x < columns - 0.5) & (y >= -0.5) & (y < rows - 0.5)
        row = np.where(inside, np.floor(np.where(inside, y, 0) + 0.5), 0).astype(int)
        column = np.where(inside, np.floor(np.where(inside, x, 0) + 0.5), 0).astype(int)
        found = np.where(inside, self.data[row, column].astype(float), np.nan)
        return found if isinstance(self.unit, str) else found << self.unit

    @property
    def is_large(self) -> bool:
        """Whether it has more pixels than are drawn at once."""
        return max(self.data.shape) > SHOWN

    def window(self, center: SkyCoord, radius: u.Quantity) -> Window | None:
        """Rows and columns that hold the part of the image in a circle; None where they are all, or none."""
        around = center.directional_offset_by(np.arange(0, 360, 7.5) * u.deg, min(radius, 89 * u.deg))
        x, y = self._pixels(around)
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            return None  # a part of it is beside the projection
        rows, columns = self.data.shape
        low_row, high_row = np.clip([np.floor(y.min()), np.ceil(y.max()) + 1], 0, rows).astype(int).tolist()
        low, high = np.clip([np.floor(x.min()), np.ceil(x.max()) + 1], 0, columns).astype(int).tolist()
        whole = (low_row, high_row, low, high) == (0, rows, 0, columns)
        return None if whole or low_row >= high_row or low >= high else Window(low_row, high_row, low, high)

    def picture(self, shading: Shading, window: Window | None = None) -> Picture:
        """The image, or a part of it, as it is drawn.

        Parameters
        ----------
        shading : Shading
            Cuts are those of the whole image.
        window : Window, optional
            The part. Of more than 2048 pixels along a side means over square blocks are drawn.
        """
        if window is None:
            first, (step, small) = (0, 0), self._small
        else:
            first = (window.low_row, window.low)
            part = self.data[window.low_row : window.high_row, window.low : window.high]
            step = -(-max(part.shape) // SHOWN)
            small = smaller(part, step)
        # The last blocks may be narrower than they are drawn.
        whole = tuple(step * size for size in small.shape)
        grid = self._grid if whole == self.data.shape else self._grid_over(first, whole)
        return Picture.shaded(small, grid, shading, self.limits(shading))

    @cached_property
    def _small(self) -> tuple[int, NDArray[Any]]:
        """Pixels along a side of the blocks of which means are drawn, and those."""
        step = -(-max(self.data.shape) // SHOWN)
        return step, smaller(self.data, step)

    def limits(self, shading: Shading) -> tuple[float, float]:
        """The values at the ends of the colour map."""
        if shading.cuts not in self._limits:
            self._limits[shading.cuts] = shading.limits(self.data)
        return self._limits[shading.cuts]

    @cached_property
    def _limits(self) -> dict[Any, tuple[float, float]]:
        return {}


def unit_of(value: Any) -> Any:
    """A unit; where a text is none that astropy knows, the text."""
    if isinstance(value, str):
        text = value.strip()
        try:
            return u.Unit(text, parse_strict="raise") if text else ""
        except (ValueError, TypeError):
            return text
    return u.Unit(value)


def frame_of(wcs: Any) -> Any:
    """The frame of the coordinates of an image.

    astropy asks the axes for galactic ones only, and takes any others for equatorial where RADESYS has a word.

    Raises
    ------
    InputError
        Where it is none of the sky.
    """
    from astropy.coordinates import BarycentricMeanEcliptic, Supergalactic
    from astropy.time import Time
    from astropy.wcs.utils import wcs_to_celestial_frame

    kind = str(wcs.wcs.ctype[wcs.wcs.lng])[:4].upper()
    if kind == "ELON":
        year = float(wcs.wcs.equinox) if np.isfinite(wcs.wcs.equinox) else 2000.0
        # Years before 1984 are Besselian (Calabretta and Greisen 2002, A&A 395, 1077, section 3.1).
        return BarycentricMeanEcliptic(equinox=Time(year, format="byear" if year < 1984 else "jyear"))
    if kind == "SLON":
        return Supergalactic()
    advice = "Reproject it first, such as with reproject, to equatorial (RA--, DEC-) or galactic (GLON, GLAT) axes."
    if kind not in ("RA--", "GLON"):
        of = STRANGE.get(kind, "a planet" if kind.endswith("LN") else "an unknown frame")
        axes = ", ".join(str(axis) for axis in wcs.wcs.ctype)
        raise InputError(f"The axes {axes} are coordinates of {of}, not of the sky.", advice)
    try:
        return wcs_to_celestial_frame(wcs)
    except ValueError as error:
        raise InputError(f"RADESYS {str(wcs.wcs.radesys)!r} is no frame that is known.", advice) from error


def _world(wcs: Any, x: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """ICRS degrees of pixels, NaN beside the projection."""
    longitude = wcs.wcs.lng
    found = wcs.all_pix2world(x, y, 0)
    lon, lat = found[longitude], found[1 - longitude]
    good = np.isfinite(lon) & np.isfinite(lat) & (np.abs(lat) <= 90)
    # In plate carrée and the like pixels may go round more than once: those beyond have no place.
    lon, lat = np.where(good, lon, 0.0), np.where(good, lat, 0.0)
    at = SkyCoord(lon * u.deg, lat * u.deg, frame=frame_of(wcs)).icrs
    return np.where(good, at.ra.deg, np.nan), np.where(good, at.dec.deg, np.nan)


def _pixels(wcs: Any, coords: SkyCoord) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pixels, from 0, of positions; NaN where these are not in the projection."""
    at = coords.transform_to(frame_of(wcs)).spherical
    world = [np.atleast_1d(at.lon.to_value(u.deg)), np.atleast_1d(at.lat.to_value(u.deg))]
    if wcs.wcs.lng == 1:  # latitude is the first axis
        world.reverse()
    with np.errstate(all="ignore"):
        # Quiet: a distortion that cannot be undone so far outside gives a pixel outside.
        x, y = wcs.all_world2pix(*world, 0, quiet=True)
    return np.reshape(x, coords.shape), np.reshape(y, coords.shape)
