"""Photometry in tables: fluxes with a zero point, magnitudes, and time series of the VO that say by UCD what they hold."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyexplorer.errors import FormatError
from skyexplorer.io.points import Floats, Points, first, plain

JANSKY_AB = 3631.0
FILTERS = ("filter", "filtercode", "band", "phot_filter", "passband", "filt", "fid")
MAGNITUDES = ("mag", "magnitude", "psfmag", "mag_best", "mag_aper")
ERRORS = ("magerr", "mag_err", "e_mag", "sigma_mag", "magnitude_error", "mag_error", "sigmapsf", "err_mag")
LIMITS = ("limiting_mag", "limitmag", "limitingmag", "diffmaglim", "limit", "maglim")
# Column of time: what is added to make it an MJD, and the scale where the table tells none (SERVICES: "Time systems").
TIMES = {
    "mjd": (0.0, "utc"),
    "jd": (-2400000.5, "utc"),
    "hjd": (-2400000.5, "utc"),
    "bjd": (-2400000.5, "tdb"),
    "bjd_tdb": (-2400000.5, "tdb"),
    "mjd_tdb": (0.0, "tdb"),
}
GAIA_ZERO = 55197.0  # JD 2455197.5 as MJD; Gaia counts from it in TCB
GAIA_TIMES = ("g_transit_time", "bp_obs_time", "rp_obs_time")


# Fluxes


def is_fluxes(table: Any) -> bool:
    """Whether a table has mjd, flux, fluxerr and filter."""
    return {"mjd", "flux", "fluxerr", "filter"} <= set(table.colnames)


def fluxes(table: Any, name: str) -> Points:
    """Fluxes with the zero point ``zp``; rows without flux but with an error are limits at three sigma."""
    flux, sigma = plain(table["flux"]), plain(table["fluxerr"])
    zero = plain(table["zp"]) if "zp" in table.colnames else None
    # With the AB zero point, m = zp - 2.5 log10(flux) and 3631 Jy is m = 0.
    jansky = np.ones_like(flux) if zero is None else JANSKY_AB * 10 ** (-0.4 * zero) * 1e6
    missing = ~np.isfinite(flux)
    limit = missing & np.isfinite(sigma)
    value = np.where(limit, 3 * sigma, flux) * jansky  # a non-detection: three sigma of its error
    keep = np.isfinite(value)
    if "magsys" in table.colnames:
        other = np.array([str(system).strip().lower() not in ("ab", "") for system in table["magsys"]])
        if other.all():
            raise FormatError(
                f"All rows are in the magnitude system {table['magsys'][0]!s}.",
                "Convert the fluxes to AB first.",
            )
        keep &= ~other
    left_out = int((~keep).sum())
    note = f"{int(limit.sum())} non-detections are shown as 3 sigma limits" if limit.any() else ""
    if left_out:
        note += f"{'; ' if note else ''}{left_out} rows without flux and error, or not in AB, are left out"
    rows = np.flatnonzero(keep)[np.argsort(plain(table["mjd"])[keep], kind="stable")]
    error = np.where(limit, np.nan, sigma * jansky)[rows]
    return Points(
        plain(table["mjd"])[rows], value[rows], error, error, limit[rows],
        "uJy" if zero is not None else "ct", "utc", "flux density", name, "photometry",
        band=[str(table["filter"][i]) for i in rows], note=note,
    )  # fmt: skip


# Magnitudes


def is_magnitudes(table: Any) -> bool:
    """Whether a table has a time, a magnitude and its error: IRSA's ZTF, ASAS-SN, AAVSO and the like."""
    names = table.colnames
    return (
        first(names, *TIMES) is not None
        and first(names, *MAGNITUDES) is not None
        and first(names, *ERRORS) is not None
    )


def magnitudes(table: Any, name: str) -> Points:
    """Magnitudes; where one is missing and a limiting magnitude is there, that is a limit."""
    names = table.colnames
    when = first(names, *TIMES) or ""
    shift, scale = TIMES[when.lower()]
    value, error = plain(table[first(names, *MAGNITUDES)]), plain(table[first(names, *ERRORS)])
    deepest = first(names, *LIMITS)
    depth = plain(table[deepest]) if deepest else np.full(len(value), np.nan)
    # ASAS-SN sets the error of a limit to 99.99.
    limit = (~np.isfinite(value) | (error > 99)) & np.isfinite(depth) | (np.isfinite(value) & (error > 99))
    shown = np.where(limit & np.isfinite(depth), depth, value)
    flags = first(names, "catflags", "quality_flag")
    bad = plain(table[flags]) != 0 if flags else np.zeros(len(value), bool)
    mjd = plain(table[when]) + shift
    keep = np.isfinite(shown) & np.isfinite(mjd) & ~bad
    if not keep.any():
        raise FormatError(
            "No row of the light curve has a time and a magnitude.", "It may be empty, or all flagged."
        )
    rows = np.flatnonzero(keep)[np.argsort(mjd[keep], kind="stable")]
    filters = first(names, *FILTERS)
    error = np.where(limit, np.nan, error)[rows]
    notes = [
        f"{int(bad.sum())} flagged points are left out" if bad.any() else "",
        f"the times are {when}: up to 500 s from the geocentre's"
        if when.lower().startswith(("hjd", "bjd"))
        else "",
        f"{int(limit.sum())} limits" if limit.any() else "",
    ]
    return Points(
        mjd[rows], shown[rows], error, error, limit[rows], "mag", scale, "magnitude", name, "photometry",
        band=[str(table[filters][i]) for i in rows] if filters else "", note="; ".join(filter(None, notes)),
    )  # fmt: skip


# Time series of the VO


def is_series(table: Any) -> bool:
    """Whether columns have the UCDs of a time and a brightness, and none of a position that changes."""
    found = {_ucd(table[name]) for name in table.colnames}
    bright = any(ucd.startswith(("phot.mag", "phot.flux", "phot.count")) for ucd in found)
    place = any(ucd.startswith("pos.eq") for ucd in found)
    gaia = any(name in table.colnames for name in GAIA_TIMES)
    return gaia or (any(ucd.startswith("time.epoch") for ucd in found) and bright and not place)


def series(table: Any, name: str) -> Points:
    """A VOTable time series: TIMESYS, where the file has one, gives scale and origin of its times."""
    names = table.colnames
    when = next((n for n in names if n in GAIA_TIMES), None)
    when = when or next(n for n in names if _ucd(table[n]).startswith("time.epoch"))
    bright = [n for n in names if _ucd(table[n]).startswith(("phot.mag", "phot.flux", "phot.count"))]
    if when in GAIA_TIMES:
        start = when.split("_")[0]
        bright = [n for n in names if n.startswith(start) and n.endswith(("flux", "mag"))] or bright
    if not bright:
        raise FormatError(
            "The time series has no brightness.", "A column must have the UCD phot.mag or phot.flux."
        )
    value_name = bright[0]
    system = (table[when].meta or {}).get("timesys", {})
    mjd, scale, note = _times(table[when], when, system)
    value = plain(table[value_name])
    error = _error(table, value_name)
    keep = np.isfinite(value) & np.isfinite(mjd)
    if not keep.any():
        raise FormatError("No row of the time series has a time and a value.", "Ask the service again.")
    rows = np.flatnonzero(keep)[np.argsort(mjd[keep], kind="stable")]
    unit = str(table[value_name].unit or ("mag" if _ucd(table[value_name]).startswith("phot.mag") else "ct"))
    filters = first(names, *FILTERS)
    return Points(
        mjd[rows], value[rows], error[rows], error[rows], np.zeros(len(rows), bool), unit, scale,
        "magnitude" if "mag" in unit else "flux", name, "time series",
        band=[str(table[filters][i]) for i in rows] if filters else "", note=note,
    )  # fmt: skip


def _ucd(column: Any) -> str:
    return str((column.info.meta or {}).get("ucd", "")).lower()


def _times(column: Any, name: str, system: dict[str, Any]) -> tuple[Floats, str, str]:
    values = plain(column)
    unit = str(column.unit or "d")
    if name in GAIA_TIMES and not system:
        return values + GAIA_ZERO, "tcb", "times are barycentric (Gaia)"
    days = values / 86400 if unit == "s" else values * 365.25 if unit in ("yr", "a") else values
    scale = str(system.get("timescale", "utc")).lower()
    scale = scale if scale in ("utc", "tt", "tdb", "tcb", "tai", "tcg", "ut1") else "utc"
    place = str(system.get("refposition", "")).upper()
    note = "times are barycentric" if place == "BARYCENTER" else ""
    origin = system.get("timeorigin")
    if origin is not None:
        return days + (float(origin) - 2400000.5), scale, note
    # Without an origin, the numbers themselves say whether they are JD or MJD.
    middle = float(np.nanmedian(days)) if np.isfinite(days).any() else 0.0
    return (days - 2400000.5 if middle > 1e6 else days), scale, note


def _error(table: Any, name: str) -> Floats:
    own = _ucd(table[name])
    for other in table.colnames:
        ucd = _ucd(table[other])
        if ucd.startswith("stat.error") and own.split(";")[0] in ucd:
            return plain(table[other])
    found = first(
        table.colnames, f"{name}_error", f"{name}_err", f"e_{name}", f"{name}err", "magerr", "flux_error"
    )
    return plain(table[found]) if found else np.full(len(table), np.nan)
