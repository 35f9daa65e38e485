"""Light curves of X-ray monitors as text: Swift/BAT and MAXI."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyexplorer.errors import FormatError
from skyexplorer.io.points import Floats, Points, plain

MAXI_BANDS = ("2–20 keV", "2–4 keV", "4–10 keV", "10–20 keV")


def is_bat(table: Any) -> bool:
    """Whether a table is a Swift/BAT monitor's: rate, error and flag."""
    names = set(table.colnames)
    return (
        {"RATE", "ERROR", "DATA_FLAG"} <= names
        and bool(names & {"TIME", "MJD"})
        and bool(names & {"YEAR", "STAT_ERR"})
    )


def bat(table: Any, name: str) -> Points:
    """Count rates of 15–50 keV; flagged rows are left out. The daily files give MJD as TIME, those by orbit as MJD."""
    mjd = plain(table["MJD" if "MJD" in table.colnames else "TIME"])
    good = (plain(table["DATA_FLAG"]) == 0) & np.isfinite(mjd)
    if not good.any():
        raise FormatError("All rows of the BAT light curve are flagged.", "Nothing to show.")
    error = plain(table["ERROR"])
    day = "MJD" not in table.colnames
    start, stop = (mjd, mjd + 1.0) if day else (None, None)  # daily averages begin at the day
    lost = int((~good).sum())
    return Points(
        (mjd + 0.5 if day else mjd)[good], plain(table["RATE"])[good], error[good], error[good],
        np.zeros(int(good.sum()), bool), "ct cm-2 s-1", "utc", "rate", name, "Swift/BAT monitor",
        None if start is None else start[good], None if stop is None else stop[good], "15–50 keV",
        f"{lost} flagged rows are left out" if lost else "",
    )  # fmt: skip


def is_maxi(table: Any) -> bool:
    """Whether a table has MAXI's nine columns, which have no names: MJD, and flux and error of four bands."""
    names = table.colnames
    if names != [f"col{k + 1}" for k in range(9)] or any(
        table[name].dtype.kind not in "fi" for name in names
    ):
        return False
    mjd = plain(table["col1"])
    return bool(((mjd > 54000) & (mjd < 80000)).all() and (np.diff(mjd) > 0).all())


def maxi(table: Any, name: str) -> Points:
    """Photon fluxes of four bands, one point a band and time."""
    mjd = plain(table["col1"])
    value = np.stack([plain(table[f"col{2 + 2 * k}"]) for k in range(4)], axis=1)
    error = np.stack([plain(table[f"col{3 + 2 * k}"]) for k in range(4)], axis=1)
    keep = (np.isfinite(value) & (error > 0)).ravel()
    step = float(np.median(np.diff(mjd))) if len(mjd) > 1 else 1.0
    times: Floats = np.repeat(mjd, 4)[keep]
    return Points(
        times, value.ravel()[keep], error.ravel()[keep], error.ravel()[keep], np.zeros(int(keep.sum()), bool),
        "cm-2 s-1", "utc", "photon flux", name, "MAXI/GSC", times - step / 2, times + step / 2,
        [MAXI_BANDS[k % 4] for k in np.flatnonzero(keep)],
    )  # fmt: skip
