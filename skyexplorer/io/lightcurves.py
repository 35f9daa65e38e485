"""Light curves in tables: which kind a table is, and its points as plain arrays."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from skyexplorer.core import times
from skyexplorer.errors import FormatError
from skyexplorer.io import flux_points, monitors, photometry, timeseries_fits, vo_series
from skyexplorer.io.points import Floats, Points, number, plain

MJDREF = sum(times.FERMI_MJDREF)  # MJD of Fermi's time zero, in TT
# 4FGL yearly bins: the mission's science data begin at this MET (2008-08-04 15:43:36 UTC), and a bin is a
# year of 365.25 days; the catalogue's CSV form carries no bin edges.
FIRST_YEAR_MET = 239557417.0
YEAR_S = 365.25 * 86400


def points(table: Any, name: str) -> Points | None:
    """The points of a table that is a light curve, or None."""
    for recognised, reader in READERS:
        if recognised(table):
            return reader(table, name)
    return None


def is_light_curve(table: Any) -> bool:
    """Whether a table is a light curve of a form that is known."""
    return any(recognised(table) for recognised, _ in READERS)


# Fermi LAT Light Curve Repository


def _is_lcr(table: Any) -> bool:
    columns = set(table.colnames)
    return {"Date(UTC)", "MET", "TS"} <= columns and any(" Flux [" in c for c in columns)


def _lcr(table: Any, name: str) -> Points:
    column = next(c for c in table.colnames if " Flux [" in c)
    error = next(c for c in table.colnames if c.startswith(column.split(" [")[0] + " Error"))
    texts = [str(value).strip() for value in table[column]]
    limit = np.array([text.startswith("<") for text in texts])
    value = np.array([number(text.lstrip("< ")) for text in texts])
    sigma = np.array([number(e) for e in table[error]])
    met = plain(table["MET"])
    # The time of a row is the centre of its bin. Bins that were not fitted leave gaps, so that the smallest step is the
    # width: 3, 7 or 30 days.
    steps = np.diff(np.unique(met[np.isfinite(met)]))
    half = float(steps.min()) / 2 if len(steps) else 3.5 * 86400
    mjd = MJDREF + met / 86400
    energy = column.startswith("Energy")
    match = re.search(r"\[(.+?)\]", column)
    keep = np.isfinite(value) & np.isfinite(met)  # a bin whose fit failed has neither flux nor limit
    notes = [
        "times are those of MET, in TT; the file's dates are UTC",
        "upper limits are at 95 %" if limit.any() else "",
        f"{int((~keep).sum())} bins without a flux are left out" if not keep.all() else "",
    ]
    mjd, value, sigma, limit = mjd[keep], value[keep], sigma[keep], limit[keep]
    found = re.search(r"4FGL[_ ]?J\d{4}\.\d[+-]\d{4}c?", name)
    return Points(
        mjd, value, sigma, sigma, limit, "MeV cm-2 s-1" if energy else "cm-2 s-1", "tt",
        "energy flux" if energy else "photon flux",
        found.group(0).replace("_", " ") if found else name, "Fermi LAT Light Curve Repository",
        mjd - half / 86400, mjd + half / 86400, match.group(1) if match else "",
        "; ".join(filter(None, notes)),
    )  # fmt: skip


READERS: tuple[tuple[Callable[[Any], bool], Callable[[Any, str], Points]], ...] = (
    (_is_lcr, _lcr),
    (photometry.is_fluxes, photometry.fluxes),
    (flux_points.is_vtscat, flux_points.vtscat),
    (flux_points.is_gammapy, flux_points.gammapy),
    (monitors.is_bat, monitors.bat),
    (vo_series.is_gaia, vo_series.gaia),
    (timeseries_fits.is_kepler, timeseries_fits.kepler),
    (timeseries_fits.is_rates, timeseries_fits.rates),
    (timeseries_fits.is_profile, timeseries_fits.profile),
    (photometry.is_magnitudes, photometry.magnitudes),
    (vo_series.is_series, vo_series.series),
    (monitors.is_maxi, monitors.maxi),
)


# The flux history of a Fermi catalogue


def history(table: Any, index: int, columns: Mapping[str, str], name: str) -> Points:
    """Flux history of one row: vector columns, or flattened as Name.1 … Name.n.

    Limits: where the lower error is NaN, the value is the flux plus twice the upper error, at 95 %.
    """
    value = _vector(table, columns["value"], index)
    errors = _vector(table, columns["error"], index).reshape(-1, 2)
    minus, plus = np.abs(errors[:, 0]), errors[:, 1]
    limit = ~np.isfinite(errors[:, 0]) & np.isfinite(plus)
    edges = table.meta.get("Hist_Start")
    note = ""
    if edges is None:
        edges = FIRST_YEAR_MET + YEAR_S * np.arange(len(value) + 1)
        note = "yearly bins from 2008-08-04"
    if len(edges) != len(value) + 1:
        raise FormatError(
            f"The history of {name} has {len(value)} bins, its table of bins {len(edges)} edges.",
            "The file is not the published one.",
        )
    start, stop = MJDREF + np.asarray(edges[:-1]) / 86400, MJDREF + np.asarray(edges[1:]) / 86400
    return Points(
        (start + stop) / 2,
        np.where(limit, value + 2 * plus, value),
        np.where(limit, np.nan, minus),
        np.where(limit, np.nan, plus),
        limit,
        columns["unit"],
        "tt",
        "photon flux",
        name,
        "flux history of the catalogue",
        start,
        stop,
        columns.get("band", ""),
        note,
    )


def _vector(table: Any, name: str, index: int) -> Floats:
    if name in table.colnames:
        return np.ma.filled(np.ma.asarray(np.ma.asarray(table[name][index]), float), np.nan).ravel()
    flat = sorted(
        (c for c in table.colnames if re.fullmatch(re.escape(name) + r"\.\d+", c)),
        key=lambda c: int(c.split(".")[-1]),
    )
    return np.array([np.ma.filled(np.ma.asarray(table[c][index], float), np.nan) for c in flat], float)
