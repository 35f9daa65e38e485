"""QuantityMap: any quantity over HEALPix cells: temperature, exposure, extinction; its values, and the picture of it."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from numpy.typing import ArrayLike, NDArray

from skyexplorer.core import healpix
from skyexplorer.core.finder import Finder
from skyexplorer.errors import FormatError, InputError
from skyexplorer.io import files, healpix_fits
from skyexplorer.model.image import unit_of
from skyexplorer.model.origin import Origin
from skyexplorer.model.shading import Shading
from skyexplorer.model.tiles import TILE_ORDERS, TileSet, _encode, tile_pixels

MOST_TILES = 100  # of the finest order that is painted
FRAMES = {"icrs": "equatorial", "galactic": "galactic"}


class QuantityMap:
    """Values in HEALPix cells: of all the sky in one order, or of some cells of any orders.

    Parameters
    ----------
    values : array, shape (n,)
        NaN where there is none.
    uniq : int array, shape (n,), optional
        The cell of each. Without it the values are those of all pixels of the sky, in nested order: 12 · 4ᵏ of them.
    unit : Unit or str
        A text that is no unit stays a text.
    frame : {"icrs", "galactic"}
        Of the cells.
    name, column : str
        Of the map, and of what it holds.
    columns : tuple of str
        Others that the file has.
    origin : Origin, optional

    Raises
    ------
    InputError
        If values and cells do not fit, cells overlap, or nothing is finite.

    Examples
    --------
    >>> import numpy as np
    >>> from astropy import units as u
    >>> from astropy.coordinates import SkyCoord
    >>> from skyexplorer.model.quantitymap import QuantityMap
    >>> base = QuantityMap(np.arange(12.0), unit="K")
    >>> base.value(SkyCoord([45, 0] * u.deg, [40, -80] * u.deg))
    <Quantity [0., 8.] K>
    """

    def __init__(
        self,
        values: ArrayLike,
        uniq: ArrayLike | None = None,
        *,
        unit: Any = "",
        frame: str = "icrs",
        name: str = "",
        column: str = "",
        columns: tuple[str, ...] = (),
        origin: Origin | None = None,
    ) -> None:
        found = np.atleast_1d(np.asarray(values))
        found = found if found.dtype in (np.float32, np.float64) else found.astype(float)
        if frame not in FRAMES:
            raise InputError(f"frame is {frame!r}.", f"Give one of {', '.join(FRAMES)}.")
        if found.ndim != 1 or not np.isfinite(found).any():
            raise InputError(
                f"{found.shape} values, none of them finite, are no map.", "Give at least one number."
            )
        self.unit, self.frame = unit_of(unit), frame
        self.name, self.column, self.columns = name, column, columns
        self.origin = origin or Origin(title=name or "map", service="user")
        self._order: Any
        self._ipix: NDArray[np.int64] | None
        if uniq is None:
            order = (max(len(found) // 12, 1).bit_length() - 1) // 2
            if 12 * 4**order != len(found):
                raise InputError(
                    f"{len(found)} values are no map of all the sky: that takes 12 · 4ᵏ.", "Give their cells."
                )
            self._order, self._ipix, self._values = order, None, found
            return
        cells = np.atleast_1d(np.asarray(uniq, np.int64))
        if cells.shape != found.shape or (cells < 4).any():
            raise InputError(
                f"{cells.shape} cells for {found.shape} values.", "Give the UNIQ of a HEALPix cell for each."
            )
        level, ipix = healpix.split_uniq(cells)
        start = healpix.starts29(level, ipix)
        sort = np.argsort(start, kind="stable")
        self._order, self._ipix, self._values = level[sort], ipix[sort], found[sort]
        self._start = start[sort]
        if (self._start[:-1] + (1 << (2 * (healpix.MAX_ORDER - self._order[:-1]))) > self._start[1:]).any():
            raise InputError("Cells of the map overlap.", "Each place may be in one cell only.")

    @classmethod
    def read(
        cls,
        source: str | Path | bytes | BinaryIO,
        name: str = "",
        *,
        column: str | None = None,
        frame: str | None = None,
    ) -> QuantityMap:
        """Read a HEALPix map from FITS: flat, partial or multi-order; RING or NESTED; gzipped or not.

        Parameters
        ----------
        source : path, bytes or binary file
        name : str, optional
            What to call it.
        column : str, optional
            Which quantity; by default that of the first column of values. `columns` has all.
        frame : {"icrs", "galactic"}, optional
            Where the file does not say; equatorial by default, which a note then tells.

        Raises
        ------
        FormatError, ColumnError
            If it is none, or has no such column.
        """
        path = source if isinstance(source, (str, Path)) else ""
        raw = files.stored(source)
        found, header = healpix_fits.read(raw, column)
        told = found.frame or frame or "icrs"
        notes = [] if found.frame or frame else ["the file does not tell its frame: taken as equatorial"]
        if len(found.columns) > 1:
            notes.append(f"{found.name} is one of {len(found.columns)} columns")
        title = name or (Path(path).name if path else "map")
        origin = Origin.of_file(
            path, raw, title=title, header=header, rows=len(found.values), note="; ".join(notes)
        )
        uniq = None if found.ipix is None else healpix.join_uniq(found.order, found.ipix)
        try:
            return cls(
                found.values,
                uniq,
                unit=found.unit,
                frame=told,
                name=title,
                column=found.name,
                columns=found.columns,
                origin=origin,
            )
        except InputError as error:
            raise FormatError(error.message, error.advice) from error

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        unit = f" [{self.unit}]" if str(self.unit) else ""
        return f"<QuantityMap {self.name}: {self.column or 'values'}{unit} in {len(self)} cells of order ≤ {self.order}>"

    @property
    def order(self) -> int:
        """The finest order of the cells."""
        return int(np.max(self._order))

    @property
    def values(self) -> NDArray[Any]:
        """The values, in the nested order of the sky."""
        return self._values

    @property
    def uniq(self) -> NDArray[np.int64]:
        """UNIQ of each cell, in the order of `values`."""
        ipix = np.arange(len(self._values), dtype=np.int64) if self._ipix is None else self._ipix
        return healpix.join_uniq(self._order, ipix)

    @property
    def area(self) -> u.Quantity:
        """Area of the cells that have a value (deg²)."""
        good = np.isfinite(self._values)
        each = np.broadcast_to(healpix.cell_area(self._order), good.shape)
        return (float(each[good].sum()) * u.sr).to(u.deg**2)

    @cached_property
    def _finder(self) -> Finder:
        assert self._ipix is not None
        return Finder(self._order, self._ipix)

    def value(self, coords: SkyCoord) -> Any:
        """The value of the cell that holds each position, of the shape of the positions; NaN where there is none.

        Returns
        -------
        Quantity, or array where the unit is none that astropy knows
        """
        at = coords.transform_to(self.frame).spherical
        lon, lat = np.ravel(at.lon.to_value(u.deg)), np.ravel(at.lat.to_value(u.deg))
        if self._ipix is None:
            index = healpix.indexed(lon, lat, int(self._order))
            found = np.where(index < 0, np.nan, self._values[index].astype(float))
        else:
            found = self._finder.valued(lon, lat, self._values, np.nan)
        found = found.reshape(coords.shape)
        return found if isinstance(self.unit, str) else found << self.unit

    @cached_property
    def _painted(self) -> tuple[int, tuple[int, ...]]:
        """Order of the finest tiles, and those: as fine as the cells, and few enough to be sent."""
        for order in range(min(max(self.order - TILE_ORDERS, 0), 6), 0, -1):
            touched = self._touched(order)
            if len(touched) <= MOST_TILES:
                return order, touched
        return 0, self._touched(0)

    def _touched(self, order: int) -> tuple[int, ...]:
        """Tiles of an order with a value in them."""
        if self._ipix is None:
            some = np.isfinite(self._values).reshape(-1, 4 ** max(int(self._order) - order, 0)).any(axis=1)
            tiles = np.flatnonzero(some)
            if order > self._order:  # a cell over several tiles
                fan = 4 ** (order - int(self._order))
                tiles = (tiles[:, None] * fan + np.arange(fan)).ravel()
            return tuple(int(tile) for tile in tiles)
        good = np.isfinite(self._values)
        shift = 2 * (healpix.MAX_ORDER - order)
        first = self._start[good] >> shift
        last = (
            self._start[good] + (np.int64(1) << (2 * (healpix.MAX_ORDER - self._order[good]))) - 1
        ) >> shift
        spans = {(int(a), int(b)) for a, b in zip(first, last, strict=True)}
        return tuple(sorted({tile for a, b in spans for tile in range(a, b + 1)}))

    def _means(self, order: int, npix: int) -> NDArray[np.float64]:
        """Means over the 4**9 pixels of a tile, in nested order; NaN where there is no value."""
        deep = order + TILE_ORDERS
        if self._ipix is None:
            finer = int(self._order) - deep
            each = 4**TILE_ORDERS
            if finer < 0:
                fan = 4**-finer
                first = npix * each // fan
                part = self._values[first : first + max(each // fan, 1)].astype(float)
                return np.repeat(part, min(fan, each))
            return _mean(
                self._values[npix * each * 4**finer : (npix + 1) * each * 4**finer].reshape(-1, 4**finer)
            )
        lo, hi = (np.int64(n) << (2 * (healpix.MAX_ORDER - order)) for n in (npix, npix + 1))
        first = max(int(np.searchsorted(self._start, lo, side="right")) - 1, 0)
        cells = slice(first, int(np.searchsorted(self._start, hi, side="left")))
        start, level = self._start[cells], self._order[cells]
        values = self._values[cells].astype(float)
        stop = start + (np.int64(1) << (2 * (healpix.MAX_ORDER - level)))
        good = np.isfinite(values) & (stop > lo)
        start, stop, level, values = start[good], stop[good], level[good], values[good]
        shift = 2 * (healpix.MAX_ORDER - deep)
        out = np.full(4**TILE_ORDERS, np.nan)
        wide = level <= deep
        begin = (np.maximum(start[wide], lo) - lo) >> shift
        count = ((np.minimum(stop[wide], hi) - lo) >> shift) - begin
        at = np.repeat(begin - np.concatenate([[0], np.cumsum(count)[:-1]]), count) + np.arange(count.sum())
        out[at] = np.repeat(values[wide], count)
        if not wide.all():
            pixel = (start[~wide] - lo) >> shift
            weight = 0.25 ** (level[~wide] - deep)
            total = np.bincount(pixel, weight, len(out))
            mean = np.bincount(pixel, weight * values[~wide], len(out))
            some = total > 0
            out[some] = mean[some] / total[some]
        return out

    def limits(self, shading: Shading) -> tuple[float, float]:
        """The values at the ends of the colour map."""
        if shading.cuts not in self._limits:
            self._limits[shading.cuts] = shading.limits(self._values)
        return self._limits[shading.cuts]

    @cached_property
    def _limits(self) -> dict[Any, tuple[float, float]]:
        return {}

    def tiles(self, shading: Shading) -> TileSet:
        """The map as image tiles, clear where there is no value: means where its cells are finer than pixels."""
        finest, touched = self._painted
        limits = self.limits(shading)
        colors, alpha = shading.palette
        pixels = tile_pixels()
        made = {}
        for order in range(finest + 1):
            for npix in sorted({tile >> 2 * (finest - order) for tile in touched}):
                shades = shading.shades(self._means(order, npix), limits)
                made[order, npix] = _encode(shades[pixels], colors, alpha)
        title = f"{self.name}: {self.column}" if self.column else self.name
        return TileSet(
            f"map-{self.name}", title, made, "png", frame=FRAMES[self.frame], note=self.origin.note
        )


def _mean(blocks: NDArray[Any]) -> NDArray[np.float64]:
    """Mean of each row, NaN left out."""
    if blocks.shape[1] == 1:
        return blocks[:, 0].astype(float)
    good = np.isfinite(blocks)
    count = good.sum(axis=1)
    total = np.where(good, blocks, 0).sum(axis=1, dtype=float)
    return np.divide(total, count, out=np.full(len(blocks), np.nan), where=count > 0)
