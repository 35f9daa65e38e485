"""Clocks of the field as MJD: Fermi's mission elapsed time, truncated Julian days, seconds of a reference date.

GPS seconds are astropy's ``Time(…, format="gps")`` and need nothing here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

# Fermi: seconds since 2001-01-01 00:00:00 UTC, leap seconds counted, which is this MJD in TT (SCIENCE.md 7).
FERMI_MJDREF = (51910, 7.428703703703703e-4)
TJD_ZERO = 40000  # MJD of truncated Julian day 0
DAY_S = 86400.0


def mjd_of_met(seconds: ArrayLike, reference: tuple[float, float] = FERMI_MJDREF) -> tuple[Floats, Floats]:
    """MJD (TT) of mission elapsed times as whole days and fractions, so that nothing is lost to rounding.

    Parameters
    ----------
    seconds : array_like
        SI seconds since ``reference``.
    reference : (float, float)
        MJDREFI and MJDREFF of the mission; by default Fermi's.

    Returns
    -------
    days, fraction : arrays
        For ``Time(days, fraction, format="mjd", scale="tt")``.

    Examples
    --------
    >>> days, fraction = mjd_of_met(697422649)
    >>> round(float(days + fraction), 6)
    59982.022143
    """
    whole, left = np.divmod(np.asarray(seconds, float), DAY_S)
    return whole + reference[0], left / DAY_S + reference[1]


def met_of_mjd(
    mjd: ArrayLike, fraction: ArrayLike = 0.0, reference: tuple[float, float] = FERMI_MJDREF
) -> Floats:
    """Mission elapsed seconds of an MJD in TT, given as one number or as days and fraction."""
    days = np.asarray(mjd, float) - reference[0]
    return days * DAY_S + (np.asarray(fraction, float) - reference[1]) * DAY_S


def mjd_of_tjd(day: ArrayLike, seconds_of_day: ArrayLike = 0.0) -> tuple[Floats, Floats]:
    """MJD (UTC) of a truncated Julian day and the seconds of that day, as in GCN notices.

    >>> days, fraction = mjd_of_tjd(18694, 75041.31)
    >>> round(float(days + fraction), 6)
    58694.868534
    """
    return np.asarray(day, float) + TJD_ZERO, np.asarray(seconds_of_day, float) / DAY_S
