"""What a file is, told by its content, never by its name: the one door by which files become nouns.

The first bytes say the format (`files.kind_of`); within a format one rule after another is asked, and the first that
knows its own opens it. What none knows is refused with the reason and what was found instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from skyexplorer.errors import ColumnError, FormatError
from skyexplorer.io import (
    dl3,
    files,
    fits_headers,
    fits_image,
    gcn_json,
    geojson,
    hats,
    icecat,
    lightcurves,
    moc,
    regions_text,
    roles,
    skymap_fits,
    tables,
)
from skyexplorer.model.catalog import SourceCatalog
from skyexplorer.model.event import Event
from skyexplorer.model.eventlist import EventList
from skyexplorer.model.image import SkyImage
from skyexplorer.model.lightcurve import LightCurve
from skyexplorer.model.likelihood import LikelihoodMap
from skyexplorer.model.observations import Observations, refuse_file_index
from skyexplorer.model.origin import Origin
from skyexplorer.model.quantitymap import QuantityMap
from skyexplorer.model.region import SkyRegion
from skyexplorer.model.skymap import SkyMap

START = 200_000  # bytes by which a file is told

Opened = (
    SkyMap
    | QuantityMap
    | SkyImage
    | LikelihoodMap
    | SkyRegion
    | Event
    | list[Event]
    | SourceCatalog
    | LightCurve
    | EventList
)


@dataclass(frozen=True)
class File:
    """A file, or bytes without one, on its way to becoming something."""

    source: str | Path | bytes
    name: str
    raw: bytes

    @property
    def path(self) -> str:
        """Where it lies; empty for bytes."""
        return "" if isinstance(self.source, bytes) else str(self.source)

    @property
    def label(self) -> str:
        """What an error calls it."""
        return self.name or (Path(self.path).name if self.path else "")

    @property
    def stem(self) -> str:
        """What a thing without a name of its own is called."""
        return self.name or (Path(self.path).stem if self.path else "")

    @cached_property
    def start(self) -> bytes:
        """The first bytes of its content."""
        return files.head(self.raw, START)

    @cached_property
    def content(self) -> bytes:
        """All bytes of its content, unpacked."""
        return files.unpack(self.raw)

    @cached_property
    def table(self) -> Any:
        """Its first table."""
        return tables.read(self.content)


def read(source: str | Path | bytes, name: str = "") -> Opened:
    """Read a file or its bytes as what it is.

    Parameters
    ----------
    source : str, Path or bytes
        A file, or its bytes, gzipped or not; or the folder of a HATS catalogue.
    name : str, optional
        What to call it where it has no name of its own.

    Returns
    -------
    SkyMap, QuantityMap, SkyImage, LikelihoodMap, SkyRegion, Event, list of Event, SourceCatalog, LightCurve or EventList
        docs/reference/files.md has a table of what becomes what.

    Raises
    ------
    FormatError, ColumnError
        If it is none of these; the message says what was found.

    Examples
    --------
    >>> from skyexplorer.model import opening
    >>> opening.read(b"name,ra,dec\\nCrab,83.633,22.0145\\n", name="mine")
    <SourceCatalog mine: 1 sources>
    """
    if isinstance(source, (str, Path)) and hats.is_hats(source):
        return SourceCatalog.read(source, title=name)
    raw = files.stored(source)
    file = File(source if isinstance(source, (str, Path)) else raw, name, raw)
    kind = files.kind_of(file.start)
    try:
        # Each reader guards its own parser; this is for what damaged values do after that.
        with files.reading(files.NAMES.get(kind, kind)), np.errstate(all="ignore"):
            return OPENERS.get(kind, _table)(file)
    except ColumnError as error:
        raise ColumnError(_told(file, error), error.advice, error.columns) from error
    except FormatError as error:
        raise FormatError(_told(file, error), error.advice) from error


def _told(file: File, error: FormatError) -> str:
    label = file.label
    return f"{label}: {error.message}" if label and label not in error.message else error.message


def _fits(file: File) -> Opened:
    headers, complete = fits_headers.peek(file.raw)
    if (
        not complete and headers and fits_image.lies_on_sky(headers[0].keys)
    ):  # what else is in it comes after the image
        headers, complete = fits_headers.peek(file.content)
    on_sky = [header for header in headers if fits_image.lies_on_sky(header.keys)]
    for header in headers:
        if not header.is_table or header in on_sky:
            continue
        if moc.recognises_fits(header.keys):
            return SkyRegion.read(file.source)
        if _is_healpix(header):
            return _map(file, header)
        if dl3.is_event_list(header.columns, header.name, str(header.keys.get("HDUCLAS1", ""))):
            return EventList.read(file.source, name=file.name)
    if on_sky:
        try:  # catalogues come with a picture of the sky; images with tables of energies and good times
            if any(header.is_table and header not in on_sky for header in headers):
                return _table(file)
        except FormatError:
            pass
        return SkyImage.read(file.source, name=file.label)
    images = [header for header in headers if header.is_image]
    if images and complete and not any(header.is_table for header in headers):
        axes = " × ".join(str(images[0].keys.get(f"NAXIS{k}", "?")) for k in (1, 2))
        raise FormatError(
            f"This is a FITS image ({axes} pixels) without celestial coordinates: its axes are "
            f"{', '.join(str(images[0].keys.get(f'CTYPE{k}', 'without a name')) for k in (1, 2))}.",
            "Solve its astrometry first; an array and its WCS are opened as SkyImage(data, wcs).",
        )
    return _table(file)


def _map(file: File, header: fits_headers.Header) -> Opened:
    """A HEALPix table: of probability, of the likelihood of an event, or of any other quantity."""
    names = _names(header)
    if names & PROBABILITY:
        return SkyMap.read(file.source, name=file.name)
    if skymap_fits.is_scan(header.keys):
        return LikelihoodMap.read(file.source, name=file.name)
    if names & set(skymap_fits.ANY) - {"PIXEL"}:  # names that are given to anything: the values tell
        try:
            return SkyMap.read(file.source, name=file.name)
        except FormatError:  # they are no probabilities; what is wrong beside that, the next reader finds too
            pass
    return QuantityMap.read(file.source, name=file.label)


PROBABILITY = {"PROB", "PROBABILITY", "PROBDENSITY", "PROBDEN"}
POSITIONS = {"RA", "RAJ2000", "_RAJ2000", "RA_ICRS", "RA_DEG", "GLON"}


def _names(header: fits_headers.Header) -> set[str]:
    return {name.upper() for name in header.columns}


def _is_healpix(header: fits_headers.Header) -> bool:
    """Whether a table is a map; a catalogue may have a column PROB as well (membership of a cluster, say)."""
    names = _names(header)
    pixels = str(header.keys.get("PIXTYPE", "")).strip().upper() == "HEALPIX"
    return not names & POSITIONS and (bool(names & PROBABILITY) or pixels)


def _json(file: File) -> Opened:
    document = gcn_json.parse(file.content)
    if moc.recognises_json(document):
        return SkyRegion.read(file.source)
    if geojson.is_geojson(document):
        return _catalogue(file)
    alerts = Event.read_table(file.source)
    return alerts[0] if len(alerts) == 1 else alerts


def _text(file: File) -> Opened:
    if file.start.lstrip().startswith(b"---"):
        raise FormatError("This is YAML, a record without rows.", "Open the tables that it belongs to.")
    if (
        moc.recognises_ascii(file.start)
        or regions_text.is_stcs(file.start)
        or regions_text.is_ds9(file.start)
    ):
        return SkyRegion.read(file.source)
    return _table(file)


def _table(file: File) -> Opened:
    columns = set(file.table.colnames)
    if dl3.is_observation_index(columns):
        return Observations.from_table(file.table, title=file.name, path=file.path, raw=file.raw)
    if dl3.is_file_index(columns):
        raise refuse_file_index(file.table, file.path)
    if icecat.is_alert_table(columns):
        return Event._of_table(file.table, file.path, file.raw)
    if lightcurves.is_light_curve(file.table):
        return LightCurve.from_table(file.table, name=file.stem, path=file.path, raw=file.raw)
    return _catalogue(file)


def _catalogue(file: File) -> SourceCatalog:
    table = file.table
    found = roles.roles(table)
    title = file.name or found.title or file.label or "table"
    origin = Origin.of_file(file.path, file.raw, title=title, rows=len(table))
    return SourceCatalog(table, title=title, origin=origin)


OPENERS: dict[str, Callable[[File], Opened]] = {
    "fits": _fits,
    "json": _json,
    "voevent": lambda file: Event.read(file.source),
    "ds9": lambda file: SkyRegion.read(file.source),
    "text": _text,
}
"""By the kind that `files.kind_of` tells; of all other kinds a table is looked for."""
