"""Light curves of Cherenkov telescopes in tables: VTSCat, and the flux points of gammapy."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skyexplorer.errors import FormatError
from skyexplorer.io.points import Floats, Points, plain
from skyexplorer.io.timeseries_fits import DAYS, SCALES

_RANGE = re.compile(r"\(([\d.]+) ?[-–] ?([\d.]+) ?([kMGT]?eV)\)")
PHOTONS = ("cm-2 s-1", "1 / (s cm2)", "1 / (cm2 s)")
BRIGHTEST = 1e-3  # photons cm-2 s-1 above 0.1 GeV; the Vela pulsar has 1.4e-5


def energies(low: float, high: float, unit: str) -> str:
    """A band of energies as text; of one without an upper end, ``"> 0.2 TeV"``."""
    if np.isfinite(low) and np.isfinite(high):
        return f"{low:.4g}–{high:.4g} {unit}"
    return f"> {low:.4g} {unit}" if np.isfinite(low) else ""


# VTSCat


def is_vtscat(table: Any) -> bool:
    """Whether a table has a time or its bounds, a flux, and an error or limit of it, one number a row."""
    columns = set(table.colnames)
    kind = "flux" if "flux" in columns else "eflux"
    return (
        bool(columns & {"time", "time_min"})
        and kind in columns
        and bool(columns & {"flux_err", "eflux_err", "flux_ul", "flux_errp", "eflux_errp"})
        and table[kind].ndim == 1
    )


def vtscat(table: Any, name: str) -> Points:
    """A light curve of VTSCat: fluxes, limits where only those are given, and bins where the file tells their widths.

    Two oddities are told. Columns of errors that hold the ends of the error bars instead are turned into errors; fluxes
    that no source has, in the unit that is given, are left as they are.
    """
    kind = "flux" if "flux" in table.colnames else "eflux"
    value, ul = plain(table[kind]), _part(table, f"{kind}_ul")
    limit = ~np.isfinite(value) & np.isfinite(ul)
    both = _part(table, f"{kind}_err")
    minus, plus = np.abs(_part(table, f"{kind}_errn")), _part(table, f"{kind}_errp")
    notes = []
    ends = _are_ends(value, minus, plus)
    if ends:
        minus, plus = value - minus, plus - value
        notes.append("the error columns hold the ends of the error bars, and were turned into errors")
    minus, plus = np.where(np.isfinite(minus), minus, both), np.where(np.isfinite(plus), plus, both)
    unit = str(table[kind].unit or "cm-2 s-1").replace("ph ", "")
    brightest = float(np.nan_to_num(value, posinf=0, neginf=0).max(initial=0))
    if unit in PHOTONS and brightest > BRIGHTEST:
        notes.append(
            f"fluxes up to {brightest:.3g} {unit}: this unit cannot be right, "
            "and a factor such as 1e-8 may be missing; they are kept as given"
        )
    mjd, start, stop = _bins(table)
    shown = np.where(limit, ul, value)
    keep = np.isfinite(shown) & np.isfinite(mjd)
    if not keep.any():
        raise FormatError("No row of the light curve has a time and a flux or limit.", "Ask its authors.")
    if not keep.all():
        notes.append(f"{int((~keep).sum())} rows without a time or a flux are left out")
    band = _vtscat_band(table)
    telescope = table.meta.get("telescope", "")
    telescope = ", ".join(map(str, telescope)) if isinstance(telescope, (list, tuple)) else str(telescope)
    parts = ("VTSCat", str(table.meta.get("reference_id", "")), telescope)
    return Points(
        mjd[keep], shown[keep], np.where(limit, np.nan, minus)[keep], np.where(limit, np.nan, plus)[keep],
        limit[keep], unit, "utc", "flux", name, " ".join(filter(None, parts)),
        None if start is None else start[keep], None if stop is None else stop[keep],
        [b for b, kept in zip(band, keep, strict=True) if kept] if isinstance(band, list) else band,
        "; ".join(notes),
    )  # fmt: skip


def _part(table: Any, column: str) -> Floats:
    return plain(table[column]) if column in table.colnames else np.full(len(table), np.nan)


def _are_ends(value: Floats, minus: Floats, plus: Floats) -> bool:
    """Whether what is called errors are the ends of the bars: all rows have the value between the two.

    A true error above its value on one side and below it on the other is rare; in every one of ten rows it is not chance.
    """
    given = np.isfinite(value) & np.isfinite(minus) & np.isfinite(plus)
    return bool(given.sum() >= 10 and (minus <= value)[given].all() and (plus >= value)[given].all())


def _bins(table: Any) -> tuple[Floats, Floats | None, Floats | None]:
    """Middle, start and stop of the bins. ``time_bin`` is the width, ``time_err`` half of it; live time is neither."""
    names = table.colnames
    if "time" not in names:
        if "time_max" not in names:
            raise FormatError("The light curve has time_min without time_max.", "Give both, or time.")
        start, stop = plain(table["time_min"]), plain(table["time_max"])
        return (start + stop) / 2, start, stop
    mjd = plain(table["time"])
    if {"time_min", "time_max"} <= set(names):
        return mjd, plain(table["time_min"]), plain(table["time_max"])
    for column, share in (("time_bin", 0.5), ("time_err", 1.0)):
        if column in names:
            unit = str(table[column].unit or "").lower()
            # VTSCat calls days of a width MJD as well.
            half = plain(table[column]) * share * (1.0 if unit in ("", "mjd") else DAYS.get(unit, np.nan))
            # A bin that is not told has no width.
            half = np.where(np.isfinite(half), half, 0.0)
            return mjd, mjd - half, mjd + half
    return mjd, None, None


def _vtscat_band(table: Any) -> str | list[str]:
    """The energies above or between which the flux is; one text if all rows have the same."""
    low, high = _part(table, "e_min"), _part(table, "e_max")
    unit = str(table["e_min"].unit or "TeV") if "e_min" in table.colnames else "TeV"
    band = [energies(a, b, unit) for a, b in zip(low, high, strict=True)]
    if not any(band):
        kind = "flux" if "flux" in table.colnames else "eflux"
        said = _RANGE.search(str(table[kind].description or ""))
        return f"{said.group(1)}–{said.group(2)} {said.group(3)}" if said else ""
    return band[0] if len(set(band)) == 1 else band


# Flux points of gammapy: arrays of time bins by energy bins


def is_gammapy(table: Any) -> bool:
    """Whether a table has bins of time and energy, and either norms of a reference flux or fluxes."""
    columns = set(table.colnames)
    return {"time_min", "time_max", "e_min", "e_max"} <= columns and (
        {"ref_flux", "norm", "norm_err"} <= columns or ("flux" in columns and table["flux"].ndim > 1)
    )


def gammapy(table: Any, name: str) -> Points:
    """Flux points of gammapy, of all energy bins: ``band`` tells which; bins without flux are left out."""
    norms = "norm" in table.colnames
    kind = "norm" if norms else "flux"
    value = _grid(table[kind])
    shape = value.shape

    def grid(column: str) -> Floats:
        return _grid(table[column]) if column in table.colnames else np.full(shape, np.nan)

    reference = grid("ref_flux") if norms else np.ones(shape)
    minus, plus, both = (grid(f"{kind}_{part}") for part in ("errn", "errp", "err"))
    minus, plus = np.where(np.isfinite(minus), minus, both), np.where(np.isfinite(plus), plus, both)
    limit = grid("is_ul") > 0  # without the column NaN, and none
    flux = np.where(limit, grid(f"{kind}_ul"), value) * reference
    start, stop, scale = _clock(table, shape[1])
    unit = str(table["e_min"].unit or "TeV")
    band = [energies(a, b, unit) for a, b in zip(grid("e_min").ravel(), grid("e_max").ravel(), strict=True)]
    keep = np.isfinite(flux.ravel()) & np.isfinite(start) & np.isfinite(stop)
    if not keep.any():
        raise FormatError("No bin of the flux points has a flux and a time.", "The fit may have failed.")
    lost = int((~keep).sum())
    minus, plus = (np.where(limit, np.nan, part * reference).ravel()[keep] for part in (minus, plus))
    return Points(
        ((start + stop) / 2)[keep], flux.ravel()[keep], minus, plus, limit.ravel()[keep],
        str(table["ref_flux" if norms else "flux"].unit or "cm-2 s-1"), scale,
        "flux", name, "gammapy flux points", start[keep], stop[keep],
        [b for b, kept in zip(band, keep, strict=True) if kept],
        f"{lost} bins without a flux are left out" if lost else "",
    )  # fmt: skip


def _grid(column: Any) -> Floats:
    values = plain(column)
    return values.reshape(len(values), -1)


def _clock(table: Any, energies: int) -> tuple[NDArray[np.float64], NDArray[np.float64], str]:
    """Start and stop of each bin as MJD, once an energy, and the scale."""
    given = str(table.meta.get("TIMESYS", "tt")).strip().lower()
    scale = SCALES.get(given)
    if scale is None:
        raise FormatError(
            f"The flux points have the TIMESYS {given!r}: the scale of their times is not known.",
            "TT, UTC, TDB and the like are.",
        )
    unit = str(table["time_min"].unit or table.meta.get("TIMEUNIT", "d")).strip().lower()
    if unit not in DAYS:
        raise FormatError(f"The times of the flux points are in {unit!r}.", "Days and seconds are known.")
    zero = float(table.meta.get("MJDREFI", 0)) + float(table.meta.get("MJDREFF", 0))
    start, stop = (np.repeat(zero + plain(table[c]) * DAYS[unit], energies) for c in ("time_min", "time_max"))
    return start, stop, scale
