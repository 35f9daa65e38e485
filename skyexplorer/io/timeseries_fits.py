"""Light curves in FITS: Kepler and TESS, rate files of X-ray astronomy (OGIP), and normalised profiles of models.

What the times mean is in the header: MJDREFI + MJDREFF (or BJDREFI + BJDREFF) + TIMEZERO, TIMEUNIT and TIMESYS.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skyexplorer.errors import FormatError
from skyexplorer.io.points import Points, first, plain

SCALES = {
    "utc": "utc",
    "tt": "tt",
    "tdb": "tdb",
    "tai": "tai",
    "tcb": "tcb",
    "tcg": "tcg",
    "et": "tt",
    "tdt": "tt",
}
DAYS = {"s": 1 / 86400, "sec": 1 / 86400, "d": 1.0, "day": 1.0, "days": 1.0, "h": 1 / 24, "min": 1 / 1440}
KEPLER = ("PDCSAP_FLUX", "SAP_FLUX", "KSPSAP_FLUX", "DET_FLUX")


def is_kepler(table: Any) -> bool:
    """Whether a table is a light curve of Kepler, K2 or TESS."""
    return first(table.colnames, "TIME") is not None and first(table.colnames, *KEPLER) is not None


def kepler(table: Any, name: str) -> Points:
    """Corrected flux where it is there, else simple aperture flux; cadences with any quality flag are left out."""
    names = table.colnames
    column = next(
        c
        for c in KEPLER
        if (first(names, c) and np.isfinite(plain(table[first(names, c)])).any()) or c == KEPLER[-1]
    )
    found = first(names, column) or first(names, *KEPLER)
    value = plain(table[found])
    error_name = first(names, f"{found}_ERR")
    error = plain(table[error_name]) if error_name else np.full(len(value), np.nan)
    zero = _key(table, "BJDREFI", "BJDREFF")
    if zero is None:
        raise FormatError(
            "The light curve has no BJDREFI: its times have no origin.", "Fetch the file again."
        )
    scale = SCALES.get(str(table.meta.get("TIMESYS", "TDB")).strip().lower())
    if scale is None:
        raise FormatError(
            f"The light curve has the TIMESYS {table.meta['TIMESYS']!r}: the scale of its times is not known.",
            "Those of Kepler and TESS are TDB.",
        )
    mjd = plain(table[first(names, "TIME")]) + (zero - 2400000.5)
    # TIME is the middle of a cadence, as TIMEPIXR says; TIMEDEL is its length in days.
    width, where = _number(table, "TIMEDEL", np.nan), _number(table, "TIMEPIXR", 0.5)
    bins = 0 < width < np.inf and 0 <= where <= 1
    start, stop = (mjd - where * width, mjd + (1 - where) * width) if bins else (mjd, mjd)
    mjd = (start + stop) / 2
    flags = first(names, "QUALITY", "SAP_QUALITY")
    bad = plain(table[flags]) != 0 if flags else np.zeros(len(value), bool)
    keep = np.isfinite(value) & np.isfinite(mjd) & ~bad
    if not keep.any():
        raise FormatError("No cadence of the light curve is good.", "All are flagged or empty.")
    left = int((~keep).sum())
    note = "times are barycentric" + (
        f"; {left} cadences that are flagged or empty are left out" if left else ""
    )
    telescope = str(table.meta.get("TELESCOP", "")).strip()
    unit = str(table[found].unit or "electron/s").replace("e-/s", "electron/s")
    return Points(
        mjd[keep], value[keep], error[keep], error[keep], np.zeros(int(keep.sum()), bool), unit, scale, "flux",
        str(table.meta.get("OBJECT", "")).strip() or name, f"{telescope or 'Kepler or TESS'} light curve",
        start[keep] if bins else None, stop[keep] if bins else None, telescope, note,
    )  # fmt: skip


def is_rates(table: Any) -> bool:
    """Whether a table has TIME and RATE (or COUNTS with a bin width)."""
    names = table.colnames
    if first(names, "TIME") is None or first(names, "RA", "RAJ2000", "ENERGY") is not None:
        return False
    return first(names, "RATE") is not None or (
        first(names, "COUNTS") is not None and "TIMEDEL" in {*names, *table.meta}
    )


def rates(table: Any, name: str) -> Points:
    """A rate file (OGIP/93-003): TIME is that part of a bin which TIMEPIXR says, else its middle."""
    names = table.colnames
    start, scale, day = _origin(table)
    # TIMEZERO may be given as a whole number and a fraction, like MJDREF.
    zero = _key(table, "TIMEZERI", "TIMEZERF")
    times = plain(table[first(names, "TIME")]) + (_number(table, "TIMEZERO") if zero is None else zero)
    width_name = first(names, "TIMEDEL")
    width = plain(table[width_name]) if width_name else np.full(len(times), _number(table, "TIMEDEL", np.nan))
    if width_name:
        width = width * DAYS.get(str(table[width_name].unit or "").strip().lower(), day) / day
    where = _number(table, "TIMEPIXR", 0.5)
    low, high = times - where * width, times + (1 - where) * width
    rate_name = first(names, "RATE")
    if rate_name:
        value, unit = plain(table[rate_name]), str(table[rate_name].unit or "ct/s").replace("count/s", "ct/s")
    else:
        value, unit = plain(table[first(names, "COUNTS")]) / (width * day * 86400), "ct/s"
    if value.ndim > 1:
        raise FormatError(
            f"The rate file holds {value.shape[1]} channels in one column.", "Split it into bands first."
        )
    error_name = first(names, "ERROR", "STAT_ERR", "RATE_ERR")
    error = plain(table[error_name]) if error_name else np.full(len(value), np.nan)
    exposed = first(names, "FRACEXP")
    keep = np.isfinite(value) & np.isfinite(times) & (plain(table[exposed]) > 0 if exposed else True)
    flags = first(names, "DATA_FLAG")
    if flags:
        keep &= plain(table[flags]) == 0
    if not keep.any():
        raise FormatError("No bin of the rate file is exposed.", "All are empty.")
    bins = np.isfinite(width).all()
    mjd = start + times * day
    low, high = start + low * day, start + high * day
    lost = int((~keep).sum())
    band = "–".join(
        str(table.meta[key]).strip() for key in ("E_MIN", "E_MAX", "CHANMIN", "CHANMAX") if key in table.meta
    )
    return Points(
        ((low + high) / 2 if bins else mjd)[keep], value[keep], error[keep], error[keep],
        np.zeros(int(keep.sum()), bool), unit, scale, "rate", str(table.meta.get("OBJECT", "")).strip() or name,
        f"{str(table.meta.get('TELESCOP', '')).strip()} rate file".strip(), low[keep] if bins else None,
        high[keep] if bins else None, band, f"{lost} bins without exposure or flagged are left out" if lost else "",
    )  # fmt: skip


def is_profile(table: Any) -> bool:
    """Whether a table is a normalised profile: TIME and NORM, and no more."""
    return {name.upper() for name in table.colnames} == {"TIME", "NORM"}


def profile(table: Any, name: str) -> Points:
    """A profile of a model: how a flux goes with time, in units of itself."""
    start, scale, day = _origin(table)
    value = plain(table[first(table.colnames, "NORM")])
    mjd = start + plain(table[first(table.colnames, "TIME")]) * day
    none = np.full(len(value), np.nan)
    return Points(
        mjd, value, none, none, np.zeros(len(value), bool), "", scale, "normalisation", name, "profile of a model",
        note="a profile to multiply a model by, not a measured flux",
    )  # fmt: skip


def _number(table: Any, key: str, default: float = 0.0) -> float:
    try:
        return float(table.meta.get(key, default))
    except (TypeError, ValueError):
        return default


def _key(table: Any, whole: str, part: str) -> float | None:
    """A reference day given as its whole and its fraction."""
    return _number(table, whole) + _number(table, part) if whole in table.meta else None


def _origin(table: Any) -> tuple[float, str, float]:
    """MJD of time zero, the scale, and the days of one unit of time."""
    zero = _key(table, "MJDREFI", "MJDREFF")
    if zero is None:
        zero = _number(table, "MJDREF", np.nan)
    if not np.isfinite(zero):
        raise FormatError(
            "The light curve has no MJDREFI and no MJDREF: its times have no origin.", "Ask its producer."
        )
    scale = SCALES.get(str(table.meta.get("TIMESYS", "")).strip().lower())
    if scale is None:
        raise FormatError(
            f"The light curve has the TIMESYS {table.meta.get('TIMESYS', '')!r}: the scale of its times is not known.",
            "TT, UTC, TDB and the like are.",
        )
    unit = str(table[first(table.colnames, "TIME")].unit or table.meta.get("TIMEUNIT", "s")).strip().lower()
    if unit not in DAYS:
        raise FormatError(f"The times of the light curve are in {unit!r}.", "Seconds and days are known.")
    return zero, scale, DAYS[unit]
