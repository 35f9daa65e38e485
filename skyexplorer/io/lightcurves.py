"""Light curves in tables: which kind a table is, and its points as plain arrays."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from skyexplorer.core import times
from skyexplorer.errors import FormatError
from skyexplorer.io import monitors, photometry, timeseries_fits
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
    # The time of a row is the centre of its bin: weekly bins step by 7 days, monthly by 30.
    half = float(np.median(np.diff(np.sort(met)))) / 2 if len(met) > 1 else 3.5 * 86400
    mjd = MJDREF + met / 86400
    energy = column.startswith("Energy")
    match = re.search(r"\[(.+?)\]", column)
    keep = np.isfinite(value)  # a bin whose fit failed has neither flux nor limit
    lost = f"; {int((~keep).sum())} bins without a flux are left out" if not keep.all() else ""
    mjd, value, sigma, limit = mjd[keep], value[keep], sigma[keep], limit[keep]
    found = re.search(r"4FGL[_ ]?J\d{4}\.\d[+-]\d{4}c?", name)
    return Points(
        mjd, value, sigma, sigma, limit, "MeV cm-2 s-1" if energy else "cm-2 s-1", "tt",
        "energy flux" if energy else "photon flux",
        found.group(0).replace("_", " ") if found else name, "Fermi LAT Light Curve Repository",
        mjd - half / 86400, mjd + half / 86400, match.group(1) if match else "",
        f"upper limits are at 95 %{lost}",
    )  # fmt: skip


# VTSCat


def _is_vtscat(table: Any) -> bool:
    columns = set(table.colnames)
    return (
        bool(columns & {"time", "time_min"})
        and bool(columns & {"flux", "eflux"})
        and bool(columns & {"flux_err", "eflux_err", "flux_ul", "flux_errp", "eflux_errp"})
    )


def _vtscat(table: Any, name: str) -> Points:
    kind = "flux" if "flux" in table.colnames else "eflux"
    n = len(table)

    def part(suffix: str) -> Floats:
        column = f"{kind}_{suffix}"
        return plain(table[column]) if column in table.colnames else np.full(n, np.nan)

    value, ul = plain(table[kind]), part("ul")
    limit = ~np.isfinite(value) & np.isfinite(ul)
    both = part("err")
    minus = np.where(np.isfinite(part("errn")), np.abs(part("errn")), both)
    plus = np.where(np.isfinite(part("errp")), part("errp"), both)
    start = stop = None
    if "time" in table.colnames:
        mjd = plain(table["time"])
        if "time_err" in table.colnames:
            start, stop = mjd - plain(table["time_err"]), mjd + plain(table["time_err"])
    else:
        start, stop = plain(table["time_min"]), plain(table["time_max"])
        mjd = (start + stop) / 2
    unit = str(table[kind].unit or "cm-2 s-1").replace("ph ", "")
    reference = str(table.meta.get("reference_id", ""))
    return Points(
        mjd, np.where(limit, ul, value), minus, plus, limit, unit, "utc", "flux", name,
        f"VTSCat {reference}".strip(), start, stop,
        str(table.meta.get("telescope", "")), "",
    )  # fmt: skip


# Flux points of gammapy: arrays of time bins by energy bins


def _is_gammapy(table: Any) -> bool:
    return {"time_min", "time_max", "e_min", "e_max", "ref_flux", "norm", "norm_err"} <= set(table.colnames)


def _gammapy(table: Any, name: str) -> Points:
    norm = _grid(table["norm"])
    energies = norm.shape[1]

    def grid(column: str) -> Floats:
        return _grid(table[column]) if column in table.colnames else np.full(norm.shape, np.nan)

    ref, minus, plus = grid("ref_flux"), grid("norm_errn"), grid("norm_errp")
    both = grid("norm_err")
    minus, plus = np.where(np.isfinite(minus), minus, both), np.where(np.isfinite(plus), plus, both)
    limit = grid("is_ul").astype(bool) if "is_ul" in table.colnames else np.zeros(norm.shape, bool)
    value = np.where(limit, grid("norm_ul"), norm) * ref
    zero = float(table.meta.get("MJDREFI", 0)) + float(table.meta.get("MJDREFF", 0))
    start, stop = (np.repeat(zero + plain(table[c]), energies) for c in ("time_min", "time_max"))
    unit = str(table["e_min"].unit or "TeV")
    band = [
        f"{a:.3g}–{b:.3g} {unit}" for a, b in zip(grid("e_min").ravel(), grid("e_max").ravel(), strict=True)
    ]
    keep = np.isfinite(value.ravel()) & np.isfinite(start)
    lost = int((~keep).sum())
    return Points(
        ((start + stop) / 2)[keep], value.ravel()[keep],
        np.where(limit, np.nan, minus * ref).ravel()[keep], np.where(limit, np.nan, plus * ref).ravel()[keep],
        limit.ravel()[keep], str(table["ref_flux"].unit or "cm-2 s-1"),
        str(table.meta.get("TIMESYS", "tt")).lower(),
        "flux", name, "gammapy flux points", start[keep], stop[keep],
        [b for b, kept in zip(band, keep, strict=True) if kept],
        f"{lost} bins without a flux are left out" if lost else "",
    )  # fmt: skip


def _grid(column: Any) -> Floats:
    values = plain(column)
    return values.reshape(len(values), -1)


READERS: tuple[tuple[Callable[[Any], bool], Callable[[Any, str], Points]], ...] = (
    (_is_lcr, _lcr),
    (photometry.is_fluxes, photometry.fluxes),
    (_is_vtscat, _vtscat),
    (_is_gammapy, _gammapy),
    (monitors.is_bat, monitors.bat),
    (timeseries_fits.is_kepler, timeseries_fits.kepler),
    (timeseries_fits.is_rates, timeseries_fits.rates),
    (timeseries_fits.is_profile, timeseries_fits.profile),
    (photometry.is_magnitudes, photometry.magnitudes),
    (photometry.is_series, photometry.series),
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
