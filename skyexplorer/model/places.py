"""What a match needs of its sides: positions, radii and errors as arrays in degrees, or a clear error."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table
from numpy.typing import NDArray

from skyexplorer.errors import InputError
from skyexplorer.model.catalog import SourceCatalog

Floats = NDArray[np.float64]


def degrees(side: Any, name: str) -> tuple[Floats, Floats]:
    """Right ascension in [0, 360) and declination of a list, NaN where a row has none (deg)."""
    if isinstance(side, Table):
        side = SourceCatalog(side)
    if isinstance(side, SourceCatalog):
        return side._lon, side._lat  # as they are kept: ICRS, in [0, 360), NaN where there is none
    coords = side
    if not isinstance(coords, SkyCoord):
        raise InputError(
            f"{name} is a {type(side).__name__}.", "Give a SourceCatalog, a SkyCoord or a Table."
        )
    icrs = coords.icrs
    ra, dec = (
        np.atleast_1d(icrs.ra.deg).astype(float).ravel(),
        np.atleast_1d(icrs.dec.deg).astype(float).ravel(),
    )
    good = np.isfinite(ra) & np.isfinite(dec)
    ra = np.where(good, ra % 360.0, np.nan)
    return np.where(ra >= 360.0, 0.0, ra), np.where(good, dec, np.nan)


def radii(radius: Any, rows: int) -> float | Floats:
    """A radius, or one for each row, in degrees; InputError for what is none."""
    try:
        degrees = np.asarray(u.Quantity(radius).to_value(u.deg), float)
    except (u.UnitsError, TypeError, ValueError) as error:
        raise InputError(f"radius is {radius!r}.", "Give an angle, such as 2 * u.arcsec.") from error
    bad = ~((degrees >= 0) & (degrees <= 180))
    if bad.any():
        raise InputError(
            f"radius is {np.atleast_1d(degrees)[np.atleast_1d(bad)][0]} deg.", "It lies within 0 and 180 deg."
        )
    if degrees.ndim == 0:
        return float(degrees)
    if degrees.shape != (rows,):
        raise InputError(
            f"{degrees.size} radii for {rows} rows of left.", "Give one for all, or one for each."
        )
    return degrees


def sigma(side: Any, name: str) -> Floats:
    """One-dimensional sigma of each position (deg), NaN where missing; InputError where a list has none."""
    error = side.error if isinstance(side, SourceCatalog) else None
    if error is None:
        raise InputError(
            f"{name} has no errors of position, and no radius is given.",
            "Give a radius: radius=2 * u.arcsec.",
        )
    return np.asarray(error.to_value(u.deg), float)
