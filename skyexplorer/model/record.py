"""Record: a file that an archive holds, such as an image or a light curve: where it lies on the sky, and where to get it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time

from skyexplorer.errors import FormatError, InputError
from skyexplorer.io import regions_text
from skyexplorer.model.ledger import Ledger
from skyexplorer.model.region import SkyRegion

DATALINK = "content=datalink"
"""What the format of an address says that leads to a list of files, and not to one."""


@dataclass(frozen=True)
class Processing:
    """A service that cuts files, as a DataLink document or an answer describes it.

    Parameters
    ----------
    address : str
        Where it is asked.
    given : mapping
        Parameters that go with each question, such as ``ID``.
    accepts : frozenset of str
        Names of the parameters it takes: ``"CIRCLE"``, ``"POLYGON"``, ``"POS"``, ``"BAND"``, …
    """

    address: str
    given: Mapping[str, str] = field(default_factory=dict)
    accepts: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class Record:
    """A file in an archive, as ObsCore describes it.

    Parameters
    ----------
    title : str
        Of the file.
    kind : str
        ``"image"``, ``"cube"``, ``"spectrum"``, ``"timeseries"``, …: ObsCore's ``dataproduct_type``.
    address, format : str
        Where the file is, or a list of its parts (see `linked`); its MIME type, empty where it is not told.
    service : str
        Who told of it.
    identifier : str
        The publisher's, for questions about it.
    collection, instrument, facility, target : str
        As published.
    ra, dec : float
        Of its centre, ICRS degrees; NaN where they are not told.
    place : callable, optional
        Makes the region that it covers, when that is first asked for.
    mjd : tuple of two floats
        First and last time of observation, UTC; NaN where they are not told.
    metres : tuple of two floats
        Least and greatest wavelength; NaN where they are not told.
    size : int or None
        Of the file, bytes, as announced.
    links : str
        Address of its DataLink document, or empty.
    processing : Processing or None
        What can cut it, where the answer itself told that.
    facts : mapping
        Its row as it came.

    Examples
    --------
    >>> from skyexplorer.model.record import Record
    >>> Record("NGC 4993", "image", "https://archive.example/n4993.fits", collection="S4")
    <Record NGC 4993: image of S4>
    """

    title: str
    kind: str
    address: str
    format: str = ""
    service: str = ""
    identifier: str = ""
    collection: str = ""
    instrument: str = ""
    facility: str = ""
    target: str = ""
    ra: float = np.nan
    dec: float = np.nan
    place: Callable[[], SkyRegion | None] | None = field(default=None, repr=False)
    mjd: tuple[float, float] = (np.nan, np.nan)
    metres: tuple[float, float] = (np.nan, np.nan)
    size: int | None = None
    links: str = ""
    processing: Processing | None = None
    facts: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def coord(self) -> SkyCoord | None:
        """Its centre, ICRS; None where it is not told."""
        return SkyCoord(self.ra * u.deg, self.dec * u.deg) if np.isfinite(self.ra + self.dec) else None

    @cached_property
    def region(self) -> SkyRegion | None:
        """What it covers; None where that is not told, or is of a kind that is not read here."""
        return None if self.place is None else self.place()

    @property
    def start(self) -> Time | None:
        """When its observation began; None where it is not told."""
        return Time(self.mjd[0], format="mjd", scale="utc") if np.isfinite(self.mjd[0]) else None

    @property
    def stop(self) -> Time | None:
        """When its observation ended; None where it is not told."""
        return Time(self.mjd[1], format="mjd", scale="utc") if np.isfinite(self.mjd[1]) else None

    @property
    def linked(self) -> bool:
        """Whether `address` leads to a list of files (DataLink), and not to one."""
        return DATALINK in self.format.replace(" ", "").lower()

    @property
    def band(self) -> str:
        """Range of wavelengths for people, in the unit of its regime; empty where it is not told."""
        known = [end for end in self.metres if end > 0 and np.isfinite(end)]
        if not known:
            return ""
        middle = float(np.sqrt(known[0] * known[-1]))
        unit, name = next((unit, name) for limit, unit, name in _UNITS if middle < limit)
        low, high = sorted((end * u.m).to_value(unit, u.spectral()) for end in (known[0], known[-1]))
        return f"{low:.3g} {name}" if low == high else f"{low:.3g}–{high:.3g} {name}"

    def __repr__(self) -> str:
        return f"<Record {self.title or self.identifier}: {self.kind}{f' of {self.collection}' * bool(self.collection)}>"


_UNITS = (
    (1e-12, u.MeV, "MeV"),
    (1e-8, u.keV, "keV"),
    (1e-6, u.nm, "nm"),
    (1e-3, u.um, "µm"),
    (np.inf, u.GHz, "GHz"),
)
"""Shorter than so many metres: the unit, and its name."""


class Records(list[Record]):
    """Files that were found, with who answered.

    Parameters
    ----------
    records : iterable of Record
    ledger : Ledger
        Who was asked, and what came.

    Examples
    --------
    >>> from skyexplorer.model.record import Record, Records
    >>> found = Records([Record("a", "image", "https://archive.example/a.fits")])
    >>> str(found.to_table()["title"][0])
    'a'
    """

    def __init__(self, records: Iterable[Record] = (), ledger: Ledger | None = None) -> None:
        super().__init__(records)
        self.ledger = Ledger() if ledger is None else ledger

    def to_table(self) -> Any:
        """The same as an astropy Table."""
        from astropy.table import Table

        names = (
            "service",
            "kind",
            "title",
            "collection",
            "instrument",
            "target",
            "ra",
            "dec",
            "band",
            "start",
            "address",
        )
        rows = [
            (
                record.service, record.kind, record.title, record.collection, record.instrument, record.target,
                record.ra, record.dec, record.band, "" if record.start is None else record.start.utc.iso[:19],
                record.address,
            )
            for record in self
        ]  # fmt: skip
        return Table(rows=rows, names=names) if rows else Table(names=names)

    def __repr__(self) -> str:
        return f"<{len(self)} records>\n{self.ledger!r}"

    def _repr_html_(self) -> str:
        return str(self.to_table()._repr_html_())


# What a row says of the place of a file, as regions

_ADQL, _MARKS = re.compile(r"\s*(circle|polygon|box)\s*\(", re.I), re.compile(r"[()',\"]")


def footprint(text: Any, xtype: str = "") -> SkyRegion | None:
    """The region of ObsCore's ``s_region``; None where there is none.

    It is STC-S, a function of ADQL, or the numbers of a DALI circle or polygon, as ``xtype`` says.

    Examples
    --------
    >>> from skyexplorer.model.record import footprint
    >>> footprint("Polygon ICRS 10 10 11 10 11 11 10 11").kind
    'polygon'
    >>> footprint([10.0, 10.0, 0.5], "circle").radius
    <Quantity 0.5 deg>
    """
    try:
        if not isinstance(text, str):
            numbers: Any = np.ma.filled(np.ma.asarray(text, float), np.nan).ravel()
            numbers = numbers[np.isfinite(numbers)]
            if len(numbers) < 3:
                return None
            word = "circle" if "circle" in xtype or len(numbers) == 3 else "polygon"
            text = f"{word} ICRS {' '.join(f'{value:.12g}' for value in numbers)}"
        elif xtype in ("circle", "polygon") and text.strip()[:1] in tuple("0123456789+-."):
            text = f"{xtype} ICRS {text}"
        elif _ADQL.match(text):
            text = _MARKS.sub(" ", text)
        return SkyRegion.from_shapes(regions_text.read(text.encode())) if text.strip() else None
    except (FormatError, InputError, ValueError, TypeError):
        return None  # of another kind, or damaged: the file has a place nevertheless, its centre


def of_pixels(wcs: Any, width: int, height: int) -> SkyRegion | None:
    """What an image covers: the polygon of its corners; None where they are not on the sky.

    Parameters
    ----------
    wcs : astropy.wcs.WCS
        Its two celestial axes.
    width, height : int
        Pixels along the first and the second axis.
    """
    x = np.array([-0.5, width - 0.5, width - 0.5, -0.5])
    y = np.array([-0.5, -0.5, height - 0.5, height - 0.5])
    try:
        corners = wcs.pixel_to_world(x, y).icrs
        ra, dec = np.asarray(corners.ra.deg), np.asarray(corners.dec.deg)
        if not (np.isfinite(ra) & np.isfinite(dec)).all():
            return None  # an image of the whole sky has corners beside it
        return SkyRegion.polygon(SkyCoord(ra * u.deg, dec * u.deg))
    except ValueError:  # a matrix that turns nothing into something, or corners that are all in one place
        return None


def of_scale(
    at: SkyCoord, scale: Sequence[float], pixels: Sequence[float], rotation: Sequence[float] | None = None
) -> SkyRegion | None:
    """What an image covers by its centre, scale (deg a pixel, two) and size in pixels; with a CD matrix, turned by that."""
    from astropy.wcs import WCS

    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [float(at.icrs.ra.deg), float(at.icrs.dec.deg)]
    wcs.wcs.crpix = [(float(pixels[0]) + 1) / 2, (float(pixels[1]) + 1) / 2]
    if rotation is not None:
        wcs.wcs.cd = np.asarray(rotation, float).reshape(2, 2)
    else:
        wcs.wcs.cdelt = [-abs(float(scale[0])), abs(float(scale[1]))]
    return of_pixels(wcs, int(pixels[0]), int(pixels[1]))
