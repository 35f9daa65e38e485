"""Time series of the VO: columns that say by UCD what they hold, clocks told by TIMESYS, and epoch photometry of Gaia."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skyexplorer.errors import FormatError
from skyexplorer.io.photometry import FILTERS
from skyexplorer.io.points import Floats, Points, first, plain
from skyexplorer.io.timeseries_fits import SCALES

JD_ZERO = 2400000.5  # of MJD
BRIGHT = ("phot.mag", "phot.flux", "phot.count")
ORIGINS = {"MJD-origin": JD_ZERO, "JD-origin": 0.0}  # the words of VOTable 1.4

GAIA_ZERO = 55197.0  # JD 2455197.5 as MJD; Gaia counts from it in TCB
# The two forms of Gaia's epoch photometry: a column each for every band, or a row each with its band.
GAIA_BANDS = {
    "G": ("g_transit_time", "g_transit_flux", "g_transit_flux_error", "variability_flag_g_reject"),
    "BP": ("bp_obs_time", "bp_flux", "bp_flux_error", "variability_flag_bp_reject"),
    "RP": ("rp_obs_time", "rp_flux", "rp_flux_error", "variability_flag_rp_reject"),
}
GAIA_ROWS = {"transit_id", "time", "band", "flux", "flux_error"}
GAIA_REJECTED = ("rejected_by_photometry", "rejected_by_variability")


# Gaia


def is_gaia(table: Any) -> bool:
    """Whether a table is epoch photometry of Gaia."""
    names = {name.lower() for name in table.colnames}
    return names >= GAIA_ROWS or names >= set(GAIA_BANDS["G"][:2])


def gaia(table: Any, name: str) -> Points:
    """Fluxes in electrons per second, barycentric, in TCB; transits that Gaia rejected are left out.

    The fluxes are taken and not the magnitudes, for those have no errors.
    """
    sources = first(table.colnames, "source_id")
    if sources and len(set(table[sources])) > 1:
        raise FormatError(
            f"The epoch photometry is of {len(set(table[sources]))} sources.", "Take the rows of one source."
        )
    rows = {n.lower() for n in table.colnames} >= GAIA_ROWS
    parts = [_gaia_rows(table)] if rows else _gaia_columns(table)
    time, flux, error, band, bad = (np.concatenate(column) for column in zip(*parts, strict=True))
    # Both times are counted from the same zero; only the row form tells it by TIMESYS, as the same.
    keep = np.isfinite(time) & np.isfinite(flux) & ~bad
    if not keep.any():
        raise FormatError("No transit has a time and a flux.", "All were rejected, or are empty.")
    at = np.flatnonzero(keep)[np.argsort(time[keep], kind="stable")]
    rejected = int((bad & np.isfinite(flux)).sum())
    note = "times are barycentric" + (f"; {rejected} rejected transits are left out" if rejected else "")
    title = f"Gaia DR3 {table[sources][0]}" if sources else name
    return Points(
        time[at] + GAIA_ZERO, flux[at], error[at], error[at], np.zeros(len(at), bool), "electron/s", "tcb", "flux",
        title, "Gaia epoch photometry", band=[str(b) for b in band[at]], note=note,
    )  # fmt: skip


def _gaia_rows(table: Any) -> tuple[Any, ...]:
    time, flux, error, band = (
        table[first(table.colnames, n)] for n in ("time", "flux", "flux_error", "band")
    )
    bad = np.zeros(len(table), bool)
    for flag in GAIA_REJECTED:
        bad |= _true(table, flag, len(table))
    return plain(time), plain(flux), plain(error), np.array([str(b) for b in band]), bad


def _gaia_columns(table: Any) -> list[tuple[Any, ...]]:
    parts = []
    for band, (time, flux, error, flag) in GAIA_BANDS.items():
        if first(table.colnames, time) is None or first(table.colnames, flux) is None:
            continue
        times = _cells(table, time)
        n = len(times)
        parts.append(
            (times, _cells(table, flux), _cells(table, error, n), np.full(n, band), _true(table, flag, n))
        )
        if any(len(part) != n for part in parts[-1]):
            raise FormatError(f"The arrays of the band {band} differ in length.", "The table is damaged.")
    return parts


def _cells(table: Any, name: str, n: int = 0) -> Floats:
    """The numbers of a column, or of the array in its one cell."""
    found = first(table.colnames, name)
    if found is None:
        return np.full(n, np.nan)
    column = table[found]
    if len(column) == 1 and (column.dtype.kind == "O" or column.ndim > 1):
        return plain(np.ma.asarray(column[0]).ravel())
    return plain(column)


def _true(table: Any, name: str, n: int) -> NDArray[np.bool_]:
    """Flags: 1, true and True are; what is empty is not."""
    found = first(table.colnames, name)
    if found is None:
        return np.zeros(n, bool)
    column = table[found]
    if column.dtype.kind in "US":
        return np.array([str(cell).strip().lower() in ("true", "t", "1") for cell in column], bool)
    values = _cells(table, name, n)
    return np.asarray(np.nan_to_num(values) != 0)


# Others


def is_series(table: Any) -> bool:
    """Whether columns have the UCDs of a time and a brightness, and none of a position that changes."""
    found = {_ucd(table[name]) for name in table.colnames}
    bright = any(ucd.startswith(BRIGHT) for ucd in found)
    place = any(ucd.startswith("pos.eq") for ucd in found)
    return any(ucd.startswith("time.epoch") for ucd in found) and bright and not place


def series(table: Any, name: str) -> Points:
    """A VOTable time series: TIMESYS, where the file has one, gives scale and origin of its times.

    Of several columns of brightness, the first that has an error is taken, else the first.
    """
    names = table.colnames
    when = next(n for n in names if _ucd(table[n]).startswith("time.epoch"))
    bright = [n for n in names if _ucd(table[n]).startswith(BRIGHT)]
    value_name = next((n for n in bright if _error_name(table, n)), bright[0])
    mjd, scale, note = _times(table[when], (table[when].meta or {}).get("timesys", {}))
    value = plain(table[value_name])
    error_name = _error_name(table, value_name)
    error = plain(table[error_name]) if error_name else np.full(len(value), np.nan)
    keep = np.isfinite(value) & np.isfinite(mjd)
    if not keep.any():
        raise FormatError("No row of the time series has a time and a value.", "Ask the service again.")
    rows = np.flatnonzero(keep)[np.argsort(mjd[keep], kind="stable")]
    magnitude = _ucd(table[value_name]).startswith("phot.mag")
    unit = str(table[value_name].unit or ("mag" if magnitude else "ct"))
    filters = first(names, *FILTERS)
    return Points(
        mjd[rows], value[rows], error[rows], error[rows], np.zeros(len(rows), bool), unit, scale,
        "magnitude" if magnitude else "flux", name, "time series",
        band=[str(table[filters][i]) for i in rows] if filters else "", note=note,
    )  # fmt: skip


def _ucd(column: Any) -> str:
    return str((column.info.meta or {}).get("ucd", "")).lower()


def _times(column: Any, system: dict[str, Any]) -> tuple[Floats, str, str]:
    values = plain(column)
    unit = str(column.unit or "d")
    days = values / 86400 if unit == "s" else values * 365.25 if unit in ("yr", "a") else values
    given = str(system.get("timescale", "")).strip().lower()
    scale = SCALES.get(given, "utc")
    place = str(system.get("refposition", "")).upper()
    notes = [
        f"the scale of the times is {given or 'not told'}: UTC is taken" if given not in SCALES else "",
        f"times are {place[:-2].lower()}ric" if place in ("BARYCENTER", "HELIOCENTER") else "",
    ]
    note = "; ".join(filter(None, notes))
    origin = system.get("timeorigin")
    if origin is not None:
        zero = ORIGINS.get(str(origin))
        return days + ((float(origin) if zero is None else zero) - JD_ZERO), scale, note
    # Without an origin, the numbers themselves say whether they are JD or MJD.
    middle = float(np.nanmedian(days)) if np.isfinite(days).any() else 0.0
    return (days - JD_ZERO if middle > 1e6 else days), scale, note


def _error_name(table: Any, name: str) -> str | None:
    """The column of the error of another: by its UCD, or by its name."""
    own = _ucd(table[name]).split(";")[0]
    for other in table.colnames:
        ucd = _ucd(table[other])
        if ucd.startswith("stat.error") and own in ucd.split(";"):
            return str(other)
    return first(table.colnames, f"{name}_error", f"{name}_err", f"e_{name}", f"{name}err")
