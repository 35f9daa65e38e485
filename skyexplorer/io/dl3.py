"""Event lists in FITS: bytes to plain arrays of times, positions, energies and good time intervals.

Two dialects are one here: data level 3 of the Cherenkov telescopes (GADF v0.2 and v0.3,
https://gamma-astro-data-formats.readthedocs.io) and the photon files of Fermi-LAT (OGIP, "ft1"). Both have
a table EVENTS and a table GTI whose times count from MJDREFI + MJDREFF in TIMESYS. What differs: the unit of
energy (TeV, MeV), and the keywords of pointing and live time, which LAT files have not.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skyexplorer.core import counts
from skyexplorer.errors import ColumnError, FormatError
from skyexplorer.io import files
from skyexplorer.io.files import WELL_KNOWN, reading
from skyexplorer.io.fits_headers import forward

Floats = NDArray[np.float64]

NEEDED = ("TIME", "RA", "DEC", "ENERGY")
KEPT = ("EVENT_ID", "MC_ID", "ZENITH_ANGLE", "THETA", "EVENT_CLASS", "EVENT_TYPE")
"""Further columns that are kept where they hold one number a row."""
SCALES = ("tt", "utc", "tai", "tdb")
SECONDS = {
    "": 1.0,
    "s": 1.0,
    "sec": 1.0,
    "second": 1.0,
    "seconds": 1.0,
    "min": 60.0,
    "h": 3600.0,
    "d": 86400.0,
}
ENERGIES = ("eV", "keV", "MeV", "GeV", "TeV", "PeV", "erg", "J")
MOST_BYTES = 400 * 2**20
"""Of an event list, unpacked."""
EARLIEST, LATEST = 36934.0, 69807.0
"""MJD of 1960 and 2050: a time outside is damage, not a measurement."""


@dataclass(frozen=True, eq=False)
class Events:
    """An event list as plain arrays; all times in seconds from the reference.

    Attributes
    ----------
    time, ra, dec, energy : float arrays, shape (n,)
        Seconds, degrees, and ``energy_unit``; NaN where the file holds no number, or an impossible one.
    gti : (start, stop), float arrays of shape (m,)
        Good time intervals, sorted, not empty, not overlapping.
    reference : (int, float)
        MJD of the reference, whole days and the rest, in ``scale``.
    scale : str
        As astropy spells it: ``"tt"``, ``"utc"``, ``"tai"`` or ``"tdb"``.
    live : float
        Live time over good time, above 0 and at most 1; 1 where the file does not say.
    circle : (ra, dec, radius) or None
        The circle, in degrees, that the selection keywords of the file name.
    more : dict of arrays
        The columns of ``KEPT`` that the file has.
    header : dict
        Keywords of the EVENTS table, as published.
    notes : tuple of str
        What a reader must know of the file.
    """

    time: Floats
    ra: Floats
    dec: Floats
    energy: Floats
    energy_unit: str
    gti: tuple[Floats, Floats]
    reference: tuple[float, float]
    scale: str
    live: float = 1.0
    circle: tuple[float, float, float] | None = None
    more: dict[str, NDArray[Any]] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def is_event_list(columns: Iterable[str], *kinds: str) -> bool:
    """Whether a FITS table of these columns is an event list; ``kinds`` are its EXTNAME and its HDUCLAS1.

    The columns alone do not tell: a table of neutrino events may have them all.

    Examples
    --------
    >>> is_event_list(["EVENT_ID", "TIME", "RA", "DEC", "ENERGY"], "EVENTS")
    True
    >>> is_event_list(["EVENTID", "START", "RA", "DEC", "ENERGY"], "EVENTS")
    False
    """
    have = {str(column).strip().upper() for column in columns}
    return set(NEEDED) <= have and "EVENTS" in {kind.strip().upper() for kind in kinds}


def is_observation_index(columns: Iterable[str]) -> bool:
    """Whether a table of these columns is a GADF observation index: one row a run, with its pointing."""
    return {"OBS_ID", "RA_PNT", "DEC_PNT", "TSTART", "TSTOP"} <= {str(c).strip().upper() for c in columns}


def is_file_index(columns: Iterable[str]) -> bool:
    """Whether a table of these columns is a GADF HDU index: one row an HDU of another file."""
    return {"OBS_ID", "HDU_TYPE", "HDU_CLASS", "FILE_NAME"} <= {str(c).strip().upper() for c in columns}


def read(raw: bytes) -> Events:
    """Read an event list; gzipped or not.

    Raises
    ------
    FormatError
        If it is not FITS, holds no events, or says of its times, energies or frame what is not known.
    ColumnError
        If the EVENTS table lacks a column.
    """
    from astropy.io import fits

    content = files.unpack(raw, MOST_BYTES)
    if files.kind_of(content[:4096]) != "fits":
        kind = files.kind_of(content[:4096])
        raise FormatError(f"This is {files.NAMES.get(kind, kind)}, not a FITS event list.", WELL_KNOWN)
    if len(content) > MOST_BYTES:
        raise FormatError(
            f"The event list has {len(content) / 2**20:.0f} MiB, more than {MOST_BYTES / 2**20:.0f}.",
            "Select a part of the sky or of the time first (gtselect, ctselect).",
        )
    # A file that is cut short makes astropy warn; what then is missing is an error of ours. Numbers of a damaged
    # table may be signalling NaN.
    with (
        reading("an event list"),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
        fits.open(io.BytesIO(content), memmap=False) as hdus,
    ):
        warnings.simplefilter("ignore")
        tables = [hdu for hdu in forward(hdus) if isinstance(hdu, fits.BinTableHDU)]
        events = _table_of(tables, "EVENTS")
        if events is None:
            raise FormatError(
                f"No EVENTS table in this file; it holds {', '.join(h.name or type(h).__name__ for h in hdus)}.",
                "An event list has the columns TIME, RA, DEC, ENERGY.",
            )
        return _events(events, _table_of(tables, "GTI"), len(content))


def _table_of(tables: list[Any], kind: str) -> Any | None:
    named = [table for table in tables if table.name.strip().upper() == kind]
    classed = [table for table in tables if str(table.header.get("HDUCLAS1", "")).strip().upper() == kind]
    return next(iter(named + classed), None)


def _events(hdu: Any, gti_hdu: Any | None, size: int) -> Events:
    header = {k: v for k, v in hdu.header.items() if k not in ("COMMENT", "HISTORY", "")}
    columns = {str(name).upper(): str(name) for name in hdu.columns.names}
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise ColumnError(
            f"The EVENTS table has no column {', '.join(missing)}; it has {', '.join(columns)[:500]}.",
            "An event list has the columns TIME, RA, DEC, ENERGY.",
            columns,
        )
    _check_frame(header)
    reference, scale = reference_of(header, "EVENTS")
    notes: list[str] = []
    rows = _rows(hdu, size)
    if not rows:
        raise FormatError("The event list holds no events.", "Nothing to show.")
    time = _numbers(hdu, columns["TIME"]) * _seconds(hdu, columns["TIME"], header) + _number(
        header, "TIMEZERO", 0.0
    )
    ra = _degrees(hdu, columns["RA"])
    dec = _degrees(hdu, columns["DEC"])
    energy = _numbers(hdu, columns["ENERGY"])
    unit = str(hdu.columns[columns["ENERGY"]].unit or header.get("EUNIT", "")).strip()
    if unit not in ENERGIES:
        raise FormatError(
            f"The unit of ENERGY is {unit!r}.", f"One of {', '.join(ENERGIES)} can be read; set TUNIT."
        )
    mjd = sum(reference) + time / 86400.0
    lost = ~((mjd > EARLIEST) & (mjd < LATEST))
    nowhere = ~((np.abs(dec) <= 90.0) & (np.abs(ra) <= 720.0))
    time, energy = np.where(lost, np.nan, time), np.where(np.isfinite(energy) & (energy > 0), energy, np.nan)
    ra, dec = np.where(nowhere, np.nan, ra % 360.0), np.where(nowhere, np.nan, dec)
    for bad, what in (
        (int(lost.sum()), "time"),
        (int(nowhere.sum()), "position"),
        (int(np.isnan(energy).sum()), "energy"),
    ):
        if bad == rows:
            raise FormatError(f"None of the {rows} events has a {what} that can be.", WELL_KNOWN)
        if bad:
            notes.append(f"{bad} of {rows} events have no {what} that can be")
    gti, said = _good_times(gti_hdu, header, reference, scale, time, size)
    notes += said
    outside = rows - int(lost.sum()) - int(counts.inside(time, *gti).sum())
    if outside:
        notes.append(f"{outside} of {rows} events lie outside the good time intervals")
    live, said = _live_fraction(header)
    more = {
        name: np.array(hdu.data[columns[name]])
        for name in KEPT
        if name in columns and _is_scalar(hdu, columns[name])
    }
    notes += said
    return Events(
        time, ra, dec, energy, unit, gti, reference, scale, live, _circle(header), more, header, tuple(notes)
    )  # fmt: skip


def _rows(hdu: Any, size: int) -> int:
    """Number of rows, once the table is known to lie within the file as its header says."""
    rows, width = int(hdu.header["NAXIS2"]), int(hdu.header["NAXIS1"])
    if rows and hdu.columns.dtype.itemsize != width:
        raise FormatError(
            f"Rows of {hdu.name} are {width} bytes wide, its columns {hdu.columns.dtype.itemsize}.",
            WELL_KNOWN,
        )
    if rows < 0 or rows * width > size:
        raise FormatError(
            f"{hdu.name} should have {rows} rows of {width} bytes, but the file ends before.", WELL_KNOWN
        )
    return rows


def _is_scalar(hdu: Any, name: str) -> bool:
    return re.fullmatch(r"1?[BIJKED]", str(hdu.columns[name].format)) is not None


def _numbers(hdu: Any, name: str) -> Floats:
    if not _is_scalar(hdu, name):
        raise FormatError(
            f"The column {name} has the format {hdu.columns[name].format!r}.",
            "It must hold one number a row.",
        )
    return np.array(hdu.data[name], np.float64)


def _degrees(hdu: Any, name: str) -> Floats:
    unit = str(hdu.columns[name].unit or "deg").strip().lower()
    if unit not in ("deg", "degree", "degrees"):
        raise FormatError(f"The unit of {name} is {unit!r}.", "Positions must be in degrees.")
    return _numbers(hdu, name)


def _seconds(hdu: Any, name: str, header: dict[str, Any]) -> float:
    unit = str(hdu.columns[name].unit or header.get("TIMEUNIT", "") or "").strip().lower()
    if unit not in SECONDS:
        raise FormatError(f"The unit of {name} is {unit!r}.", "Times must be in s, min, h or d.")
    return SECONDS[unit]


def _number(header: dict[str, Any], key: str, default: float = np.nan) -> float:
    try:
        return float(header.get(key, default))
    except (TypeError, ValueError):
        return np.nan


def reference_of(header: dict[str, Any], what: str) -> tuple[tuple[float, float], str]:
    """Reference MJD (whole days, rest) and time scale of a header; ``what`` names it in the errors.

    Raises
    ------
    FormatError
        If TIMESYS or the reference is missing: FITS would have the scale UTC and OGIP TT, so it is not guessed.
    """
    scale = str(header.get("TIMESYS", "")).strip().lower()
    if scale not in SCALES:
        raise FormatError(
            f"TIMESYS of {what} is {scale.upper() or 'missing'}.",
            f"It must be one of {', '.join(SCALES).upper()}: the scale of its times cannot be guessed.",
        )
    days, rest = _number(header, "MJDREFI"), _number(header, "MJDREFF", 0.0)
    if np.isnan(days) and "MJDREF" in header:
        whole = _number(header, "MJDREF")
        days, rest = np.floor(whole), whole - np.floor(whole)
    if not (-1.0 <= days <= LATEST and abs(rest) < 1.0):
        raise FormatError(
            f"The reference of times in {what} is MJDREFI = {header.get('MJDREFI')}, "
            f"MJDREFF = {header.get('MJDREFF')}.",
            "Both are needed: days, and a part of a day.",
        )
    return (float(days), float(rest)), scale


def _good_times(
    hdu: Any | None,
    header: dict[str, Any],
    reference: tuple[float, float],
    scale: str,
    time: Floats,
    size: int,
) -> tuple[tuple[Floats, Floats], list[str]]:
    """Good time intervals in seconds from the reference of the events, and what to say of them."""
    if (
        hdu is not None
        and _rows(hdu, size)
        and {"START", "STOP"} <= {str(n).upper() for n in hdu.columns.names}
    ):
        names = {str(name).upper(): str(name) for name in hdu.columns.names}
        own = dict(hdu.header)
        theirs, their_scale = (reference, scale) if "TIMESYS" not in own else reference_of(own, "GTI")
        if their_scale != scale:
            raise FormatError(
                f"Events are in {scale.upper()}, their good time intervals in {their_scale.upper()}.",
                WELL_KNOWN,
            )
        shift = (theirs[0] - reference[0] + (theirs[1] - reference[1])) * 86400.0
        # Two spellings of one reference, such as MJDREFF to 14 and to 16 digits, are no shift.
        shift = (shift if abs(shift) > 1e-3 else 0.0) + _number(own, "TIMEZERO", 0.0)
        start = _numbers(hdu, names["START"]) * _seconds(hdu, names["START"], own) + shift
        stop = _numbers(hdu, names["STOP"]) * _seconds(hdu, names["STOP"], own) + shift
        good = _merged(start, stop, sum(reference))
        if len(good[0]):
            merged = len(start) - len(good[0])
            return good, [f"{merged} good time intervals were empty or overlapped"] if merged else []
    start, stop = np.array([_number(header, "TSTART")]), np.array([_number(header, "TSTOP")])
    good = _merged(start, stop, sum(reference))
    if len(good[0]):
        return good, ["no good time intervals: the time from TSTART to TSTOP is taken"]
    # One row alone has no length: a second stands for it.
    ends = np.array([np.nanmin(time)]), np.array([max(np.nanmax(time), np.nanmin(time) + 1.0)])
    return ends, ["no good time intervals: the time from the first to the last event is taken"]


def _merged(start: Floats, stop: Floats, reference: float) -> tuple[Floats, Floats]:
    """Intervals in order, without the impossible, those that touch or overlap made one."""
    low, high = (EARLIEST - reference) * 86400.0, (LATEST - reference) * 86400.0
    good = (start >= low) & (stop <= high) & (stop > start)
    order = np.argsort(start[good], kind="stable")
    start, stop = start[good][order], stop[good][order]
    if not len(start):
        return start, stop
    reached = np.maximum.accumulate(stop)
    first = np.concatenate([[True], start[1:] > reached[:-1]])
    return start[first], reached[np.concatenate([first[1:], [True]])]


def _live_fraction(header: dict[str, Any]) -> tuple[float, list[str]]:
    ontime, livetime, deadc = (_number(header, key) for key in ("ONTIME", "LIVETIME", "DEADC"))
    with np.errstate(all="ignore"):
        for fraction in (np.float64(livetime) / np.float64(ontime), np.float64(deadc)):
            if 0 < fraction <= 1:
                return float(fraction), []
    return 1.0, ["no live time is given: rates are per second of good time"]


def _circle(header: dict[str, Any]) -> tuple[float, float, float] | None:
    """The circle of the data sub-space keywords: ``DSTYPn = POS(RA,DEC)``, ``DSVALn = CIRCLE(ra,dec,r)``."""
    for key, value in header.items():
        if key.startswith("DSTYP") and str(value).replace(" ", "").upper() == "POS(RA,DEC)":
            numbers = re.fullmatch(
                r"\s*CIRCLE\(([^,()]+),([^,()]+),([^,()]+)\)\s*", str(header.get(f"DSVAL{key[5:]}", "")), re.I
            )
            try:
                ra, dec, radius = (float(part) for part in numbers.groups()) if numbers else (np.nan,) * 3
            except ValueError:
                continue
            if abs(ra) <= 720 and abs(dec) <= 90 and 0 < radius <= 180:
                return ra % 360.0, dec, radius
    return None


def _check_frame(header: dict[str, Any]) -> None:
    """ICRS and FK5 of J2000 are one here (they differ by under 0.1 arcsec); all else is refused."""
    frame = str(header.get("RADESYS", header.get("RADECSYS", "ICRS"))).strip().upper()
    equinox = _number(header, "EQUINOX", 2000.0)
    if frame not in ("ICRS", "FK5", "") or not (equinox == 2000.0 or np.isnan(equinox)):
        raise FormatError(
            f"Positions are in {frame} of {header.get('EQUINOX', '2000')}.", "Bring them to ICRS first."
        )
