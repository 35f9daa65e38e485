"""What a file is, told by its content: a sky map, alerts, a light curve, or a catalogue."""

from __future__ import annotations

from pathlib import Path

from skyexplorer.errors import ColumnError, FormatError
from skyexplorer.io import dl3, files, fits_headers, icecat, lightcurves, tables
from skyexplorer.model.catalog import SourceCatalog
from skyexplorer.model.event import Event
from skyexplorer.model.eventlist import EventList
from skyexplorer.model.lightcurve import LightCurve
from skyexplorer.model.observations import Observations, refuse_file_index
from skyexplorer.model.origin import Origin
from skyexplorer.model.skymap import SkyMap

POSITIONS = {"RA", "RAJ2000", "_RAJ2000", "RA_ICRS", "RA_DEG", "GLON"}

Opened = SkyMap | list[Event] | SourceCatalog | LightCurve | EventList


def read(source: str | Path | bytes, name: str = "") -> Opened:
    """Read a file or its bytes as what it is.

    Sky maps are FITS tables with UNIQ, PROB or PROBDENSITY; alert tables have the columns of ICECAT;
    light curves those of a Fermi LCR export, photometry or VTSCat; event lists have a table EVENTS with TIME, RA, DEC
    and ENERGY; a GADF observation index becomes a catalogue of pointings. All else is a catalogue, if positions can
    be told from its columns.

    Raises
    ------
    FormatError, ColumnError
        If it is none of these; the message says what was found.
    """
    path = source if isinstance(source, (str, Path)) else ""
    raw = files.stored(source)
    start = files.head(raw, 200_000)
    label = name or (Path(path).name if path else "")
    if files.kind_of(start) == "fits" and _has_map(start):
        return SkyMap.read(source if path else raw, name=name)
    if files.kind_of(start) == "fits" and any(
        header.is_table and dl3.is_event_list(header.columns, header.name)
        for header in fits_headers.peek(raw)
    ):
        return EventList.read(source if path else raw, name=name)
    table = tables.read(files.unpack(raw))
    columns = set(table.colnames)
    if dl3.is_observation_index(columns):
        return Observations.from_table(table, title=name, path=str(path), raw=raw)
    if dl3.is_file_index(columns):
        raise refuse_file_index(table, path)
    if icecat.is_alert_table(columns):
        return Event._of_table(table, str(path), raw)
    if lightcurves.is_light_curve(columns):
        return LightCurve.from_table(
            table, name=name or (Path(path).stem if path else ""), path=str(path), raw=raw
        )
    try:
        found = tables.roles(table)
    except ColumnError as error:
        raise ColumnError(f"{label or 'This table'}: {error.message}", error.advice, error.columns) from error
    title = name or found.title or label or "table"
    origin = Origin.of_file(path, raw, title=title, rows=len(table))
    try:
        return SourceCatalog(table, title=title, origin=origin)
    except ColumnError:
        raise
    except FormatError as error:
        raise FormatError(f"{label or 'This table'}: {error.message}", error.advice) from error


def _has_map(raw: bytes) -> bool:
    """Whether one of the first headers names the columns of a sky map; cheap, as no data are read."""
    import re

    names = {
        match.strip().decode("ascii", "replace").upper()
        for match in re.findall(rb"TTYPE\d+\s*=\s*'([^']*)'", raw)
    }
    # A catalogue may have a column PROB as well, such as the probability of membership in a cluster.
    return bool(names & {"PROB", "PROBABILITY", "PROBDENSITY", "PROBDEN"}) and not names & POSITIONS
