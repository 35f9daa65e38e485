"""Photometry in tables: fluxes with a zero point, and magnitudes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skyexplorer.errors import FormatError
from skyexplorer.io.points import Floats, Points, first, number, one_place, plain

JANSKY_AB = 3631.0
FILTERS = ("filter", "filtercode", "band", "phot_filter", "passband", "filt", "fid")
MAGNITUDES = ("mag", "magnitude", "psfmag", "mag_best", "mag_aper")
ERRORS = (
    "magerr",
    "uncertainty",
    "mag_err",
    "e_mag",
    "sigma_mag",
    "magnitude_error",
    "mag_error",
    "sigmapsf",
    "err_mag",
)
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


# Fluxes


def is_fluxes(table: Any) -> bool:
    """Whether a table has mjd, flux, fluxerr and filter."""
    return {"mjd", "flux", "fluxerr", "filter"} <= set(table.colnames) and one_place(table)


def fluxes(table: Any, name: str) -> Points:
    """Fluxes with the zero point ``zp``; rows without flux but with an error are limits at three sigma."""
    flux, sigma = plain(table["flux"]), plain(table["fluxerr"])
    zero = plain(table["zp"]) if "zp" in table.colnames else None
    # With the AB zero point, m = zp - 2.5 log10(flux) and 3631 Jy is m = 0.
    jansky = np.ones_like(flux) if zero is None else JANSKY_AB * 10 ** (-0.4 * zero) * 1e6
    missing = ~np.isfinite(flux)
    limit = missing & np.isfinite(sigma)
    value = np.where(limit, 3 * sigma, flux) * jansky  # a non-detection: three sigma of its error
    keep = np.isfinite(value) & np.isfinite(plain(table["mjd"]))
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
        note += f"{'; ' if note else ''}{left_out} rows without time, or flux and error, or not in AB, are left out"
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
        and one_place(table)
    )


def magnitudes(table: Any, name: str) -> Points:
    """Magnitudes; where one is missing and a limiting magnitude is there, that is a limit, as is ``<15.2`` (AAVSO)."""
    names = table.colnames
    when = first(names, *TIMES) or ""
    shift, scale = TIMES[when.lower()]
    value, fainter = _fainter_than(table[first(names, *MAGNITUDES)])
    error = plain(table[first(names, *ERRORS)])
    deepest = first(names, *LIMITS)
    depth = plain(table[deepest]) if deepest else np.full(len(value), np.nan)
    # ASAS-SN sets the error of a limit to 99.99.
    limit = (
        (~np.isfinite(value) | (error > 99)) & np.isfinite(depth)
        | (np.isfinite(value) & (error > 99))
        | fainter
    )
    shown = np.where(limit & ~fainter & np.isfinite(depth), depth, value)
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
    error = np.where(limit | (error < 0), np.nan, error)[rows]
    stars = first(names, "star name", "starname")
    if stars and len(set(map(str, table[stars]))) == 1:
        name = str(table[stars][0])
    systems = first(names, "magsys")
    told = sorted({str(system) for system in table[systems]}) if systems else []
    notes = [
        f"{int(bad.sum())} flagged points are left out" if bad.any() else "",
        f"the times are {when}: up to 500 s from the geocentre's"
        if when.lower().startswith(("hjd", "bjd"))
        else "",
        f"{int(limit[rows].sum())} limits" if limit[rows].any() else "",
        f"magnitudes of the system {', '.join(told)[:80]}" if told else "",
    ]
    return Points(
        mjd[rows], shown[rows], error, error, limit[rows], "mag", scale, "magnitude", name, "photometry",
        band=[str(table[filters][i]) for i in rows] if filters else "", note="; ".join(filter(None, notes)),
    )  # fmt: skip


def _fainter_than(column: Any) -> tuple[Floats, NDArray[np.bool_]]:
    """Magnitudes, and which were written as ``<15.2``: not seen, and so fainter."""
    texts = [str(cell).strip() for cell in column] if column.dtype.kind in "USO" else []
    fainter = np.array([text.startswith("<") for text in texts], bool)
    if not fainter.any():
        return plain(column), np.zeros(len(column), bool)
    return np.array([number(text.lstrip("< ")) for text in texts], float), fainter
