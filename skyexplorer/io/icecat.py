"""IceCube alert tables (ICECAT tracks and cascades): text to plain columns, oddities told."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
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
START_OFF_H = 1.0  # START and EVENTMJD that differ by more are told
MJD_OF_1970 = 40587.0


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
    ids: tuple[str, ...] = ()


def is_alert_table(columns: set[str]) -> bool:
    """Whether a table with these columns is an IceCube alert table."""
    return columns >= NEEDS


def alerts(table: Any) -> list[Alert]:
    """All rows in the order of the table; what stands in it twice is kept and told."""
    out: list[Alert] = []
    ids: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for row in table:
        ids[_name(row)].append(_id(row))
    for row in table:
        name = _name(row)
        notes = []
        mjd, start = _number(row["EVENTMJD"]), _start(row)
        if not np.isfinite(mjd):
            mjd = start
            notes.append("EVENTMJD is missing; the time is START, which is less exact")
        elif abs(start - mjd) * 24 > START_OFF_H:
            notes.append(f"START is {abs(start - mjd) * 24:.1f} h off EVENTMJD, which is taken")
        if len(same := ids[name]) > 1:
            notes.append(
                f"{name} stands in the table more than once, as versions of one event"
                if len(set(same)) == 1
                else f"{len(set(same))} different events in the table have the name {name}"
            )
        ra_errors = (_number(row["RA_ERR_PLUS"]), _number(row["RA_ERR_MINUS"]))
        dec_errors = (_number(row["DEC_ERR_PLUS"]), _number(row["DEC_ERR_MINUS"]))
        if max(ra_errors) > HUGE_ERROR_DEG:
            notes.append(
                f"the error in right ascension is {max(ra_errors):g} deg: as published, near the pole or "
                "not well fitted"
            )
        out.append(
            Alert(
                name,
                mjd,
                _number(row["RA"]),
                _number(row["DEC"]),
                ra_errors,
                dec_errors,
                _number(row["ENERGY"]) if "ENERGY" in row.colnames else float("nan"),
                _number(row["FAR"]) if "FAR" in row.colnames else float("nan"),
                _number(row["SIGNAL"]),
                str(row["I3TYPE"]).strip() if "I3TYPE" in row.colnames else "",
                tuple(notes),
                ("_".join(_id(row)),) if len(_id(row)) == 2 else (),
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


def _name(row: Any) -> str:
    return str(row["NAME"]).strip()


def _id(row: Any) -> tuple[str, ...]:
    """Run and event number, where the table has them."""
    return tuple(str(row[c]) for c in ("RUNID", "EVENTID") if c in row.colnames)


def _start(row: Any) -> float:
    """START as MJD UTC; NaN where there is none. No event fell on a leap second."""
    try:
        at = datetime.fromisoformat(str(row["START"]).strip()).replace(tzinfo=UTC)
    except (KeyError, ValueError):
        return float("nan")
    return at.timestamp() / 86400 + MJD_OF_1970
