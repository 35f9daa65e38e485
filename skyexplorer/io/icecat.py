"""IceCube alert tables (ICECAT tracks and cascades): text to plain columns, oddities told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

NEEDS = {
    "NAME",
    "EVENTMJD",
    "RA",
    "DEC",
    "RA_ERR_PLUS",
    "RA_ERR_MINUS",
    "DEC_ERR_PLUS",
    "DEC_ERR_MINUS",
    "SIGNAL",
}
HUGE_ERROR_DEG = 90.0


@dataclass(frozen=True)
class Alert:
    """One row: degrees, TeV, per year, MJD in UTC; NaN where missing."""

    name: str
    mjd: float
    ra: float
    dec: float
    ra_errors: tuple[float, float]
    dec_errors: tuple[float, float]
    energy_tev: float
    far_per_year: float
    signalness: float
    stream: str
    notes: tuple[str, ...]


def is_alert_table(columns: set[str]) -> bool:
    """Whether a table with these columns is an IceCube alert table."""
    return columns >= NEEDS


def alerts(table: Any) -> list[Alert]:
    """All rows in the order of the table; a duplicated event is kept and told."""
    out: list[Alert] = []
    seen: set[str] = set()
    for row in table:
        name = str(row["NAME"]).strip()
        notes = []
        mjd = _number(row["EVENTMJD"])
        if not np.isfinite(mjd):
            mjd = _mjd(str(row["START"]))
            notes.append("EVENTMJD is missing; the time is START, which is less exact")
        if name in seen:
            notes.append(f"{name} stands in the table more than once")
        seen.add(name)
        ra_errors = (_number(row["RA_ERR_PLUS"]), _number(row["RA_ERR_MINUS"]))
        dec_errors = (_number(row["DEC_ERR_PLUS"]), _number(row["DEC_ERR_MINUS"]))
        if max(ra_errors) > HUGE_ERROR_DEG:
            notes.append(
                f"the error in right ascension is {max(ra_errors):g} deg: as published, near the pole or not well fitted"
            )
        out.append(
            Alert(
                name,
                mjd,
                _number(row["RA"]),
                _number(row["DEC"]),
                ra_errors,
                dec_errors,
                _number(row["ENERGY"]),
                _number(row["FAR"]),
                _number(row["SIGNAL"]),
                str(row["I3TYPE"]).strip(),
                tuple(notes),
            )
        )
    return out


def _number(value: Any) -> float:
    if value is np.ma.masked:
        return float("nan")
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")  # "None", the table's word for missing


def _mjd(text: str) -> float:
    from astropy.time import Time

    try:
        return float(Time(text.strip(), scale="utc").mjd)
    except ValueError:
        return float("nan")
