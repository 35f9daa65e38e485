"""Positions at another epoch: uniform motion in space, in closed form, right at the poles and over any span.

The standard model of the Hipparcos and Gaia catalogues (ESA SP-1200, vol. 1, 1.5.5; Butkevich & Lindegren 2014, A&A 570,
A62, light time left out): with r the direction of a star, p east and q north of it, the direction at time t is that of
r (1 + μᵣ t) + (p μ_α* + q μ_δ) t, where μᵣ is the radial velocity over the distance.

Motions are kept ready as three rates per year in radians (`rates`); epochs are Julian years.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import ArrayLike

from skyexplorer import progress
from skyexplorer.core.cells import DEG, Floats, Ints
from skyexplorer.core.threads import ONE_AT_A_TIME

MAS = DEG / 3.6e6
AU_PER_YEAR = 4.740470463533349
"""km/s of one astronomical unit in a Julian year."""
CHUNK = 1 << 22


@nb.njit(cache=True)
def _at(ra: float, dec: float, east: float, north: float, away: float, years: float) -> tuple[float, float]:
    """One position, ``years`` later."""
    d = dec * DEG
    sin, cos = np.sin(d), np.cos(d)
    far, e, n = 1.0 + away * years, east * years, north * years
    # In the meridian plane of the position: along its right ascension, east of that, and to the pole.
    along, up = far * cos - n * sin, far * sin + n * cos
    a = ra + np.arctan2(e, along) / DEG
    a += 360.0 if a < 0.0 else 0.0
    a -= 360.0 if a >= 360.0 else 0.0
    return a, np.arctan2(up, np.sqrt(along * along + e * e)) / DEG


@nb.njit(parallel=True, cache=True)
def _moved(
    ra: Floats, dec: Floats, east: Floats, north: Floats, away: Floats, years: Floats, ra_out: Floats, dec_out: Floats
) -> None:  # fmt: skip
    # Where one number serves all rows, its index is held at 0.
    slow, same = np.int64(away.shape[0] > 1), np.int64(years.shape[0] > 1)
    for row in nb.prange(ra.shape[0]):
        i = np.int64(row)
        t = years[i * same]
        # What does not move, or has no epoch, stays to the last bit.
        if (east[i] == 0.0 and north[i] == 0.0) or t == 0.0 or not np.isfinite(t):
            ra_out[i], dec_out[i] = ra[i], dec[i]
        else:
            ra_out[i], dec_out[i] = _at(ra[i], dec[i], east[i], north[i], away[i * slow], t)


@nb.njit(cache=True)
def _apart(ra1: float, dec1: float, ra2: float, dec2: float) -> tuple[float, float]:
    """Separation and direction from 1 to 2 (deg), by Vincenty's formula with the differences taken first."""
    d, d1, d2 = (ra2 - ra1) * DEG, dec1 * DEG, dec2 * DEG
    half = np.sin(0.5 * d)
    c1, c2, s1 = np.cos(d1), np.cos(d2), np.sin(d1)
    lost = 2.0 * half * half
    x = c2 * np.sin(d)
    y = np.sin((dec2 - dec1) * DEG) + lost * s1 * c2
    z = np.cos((dec2 - dec1) * DEG) - lost * c1 * c2
    angle = np.arctan2(x, y) / DEG
    angle += 360.0 if angle < 0.0 else 0.0
    return np.arctan2(np.sqrt(x * x + y * y), z) / DEG, angle if angle < 360.0 else 0.0


@nb.njit(parallel=True, cache=True)
def _pairs(
    ra: Floats, dec: Floats, east: Floats, north: Floats, away: Floats, epoch: Floats,
    ra2: Floats, dec2: Floats, epoch2: Floats, a: Ints, b: Ints, back: bool, sep: Floats, angle: Floats
) -> None:  # fmt: skip
    slow = np.int64(away.shape[0] > 1)
    same, same2 = np.int64(epoch.shape[0] > 1), np.int64(epoch2.shape[0] > 1)
    for k in nb.prange(a.shape[0]):
        i, j = a[k], b[k]
        t = epoch2[j * same2] - epoch[i * same]
        x, y = ra[i], dec[i]
        if (east[i] != 0.0 or north[i] != 0.0) and t != 0.0 and np.isfinite(t):
            x, y = _at(x, y, east[i], north[i], away[i * slow], t)
        if back:
            sep[k], angle[k] = _apart(ra2[j], dec2[j], x, y)
        else:
            sep[k], angle[k] = _apart(x, y, ra2[j], dec2[j])


def rates(
    pmra: ArrayLike,
    pmdec: ArrayLike,
    parallax: ArrayLike | None = None,
    radial_velocity: ArrayLike | None = None,
) -> tuple[Floats, Floats, Floats]:
    """Motions in radians a year: east, north, and away as a share of the distance.

    Parameters
    ----------
    pmra, pmdec : (n,) arrays
        μ_α* = μ_α cos δ and μ_δ (mas/yr); a row of which one is not finite has no motion.
    parallax : (n,) array, optional
        mas. Where it is missing, 0 or negative, the distance is not known and the motion is along the sky only.
    radial_velocity : (n,) array, optional
        km/s.

    Returns
    -------
    east, north : (n,) arrays
    away : (n,) array, or (1,) where nothing is known of it

    Examples
    --------
    >>> east, north, away = rates([-801.551], [10362.394], [546.9759], [-110.5])
    >>> [f"{float(value[0]):.4e}" for value in (east, north, away)]
    ['-3.8860e-06', '5.0238e-05', '-6.1814e-05']
    """
    east, north = np.array(pmra, float) * MAS, np.array(pmdec, float) * MAS
    none = ~(np.isfinite(east) & np.isfinite(north))
    if none.any():
        east[none] = north[none] = 0.0
    if parallax is None or radial_velocity is None:
        return east, north, np.zeros(1)
    with np.errstate(invalid="ignore", over="ignore"):
        away = np.asarray(radial_velocity, float) * np.asarray(parallax, float) * (MAS / AU_PER_YEAR)
        good = np.isfinite(away) & (np.asarray(parallax) > 0)
    return east, north, np.where(good, away, 0.0)


def plain(values: ArrayLike) -> Floats:
    """As compiled code takes it: contiguous, writable, one number or more."""
    return np.require(np.atleast_1d(np.asarray(values, float)), np.float64, ["C", "W"])


def moved(
    ra: Floats, dec: Floats, motion: tuple[Floats, Floats, Floats], years: ArrayLike
) -> tuple[Floats, Floats]:
    """Positions some years later (or earlier, where negative).

    Parameters
    ----------
    ra, dec : (n,) arrays
        Degrees, right ascension in [0, 360).
    motion : tuple of arrays
        See `rates`.
    years : float or (n,) array
        Julian years; a row without a finite one stays where it is.

    Returns
    -------
    ra, dec : (n,) arrays
        Degrees; NaN where they were.

    Raises
    ------
    Cancelled
        If asked to stop.

    Examples
    --------
    Barnard's star, from J2016 back to J2000:

    >>> star = rates([-801.551], [10362.394], [546.9759], [-110.5])
    >>> ra, dec = moved([269.452076], [4.693365], star, -16.0)
    >>> round(float(ra[0]), 7), round(float(dec[0]), 7)
    (269.4556467, 4.6473554)
    """
    sides = plain(ra), plain(dec), *(plain(rate) for rate in motion), plain(years)
    out = np.empty(len(sides[0])), np.empty(len(sides[0]))
    n = len(sides[0])
    for start in range(0, n, CHUNK):
        part = slice(start, start + CHUNK)
        some = (each if k > 3 and len(each) == 1 else each[part] for k, each in enumerate(sides))
        with ONE_AT_A_TIME:
            _moved(*some, out[0][part], out[1][part])
        if n > CHUNK:
            progress.current().report(min(start + CHUNK, n), n, "moving positions to another epoch")
    return out


def moved_pairs(
    ra: Floats, dec: Floats, motion: tuple[Floats, Floats, Floats], epoch: ArrayLike,
    ra2: Floats, dec2: Floats, epoch2: ArrayLike, a: Ints, b: Ints, back: bool = False,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Separation and direction of pairs, each at the epoch of its second.

    Parameters
    ----------
    ra, dec : (n,) arrays
        Of the list that moves (deg), at ``epoch``.
    motion : tuple of arrays
        See `rates`.
    epoch, epoch2 : float or arrays
        Julian years; where one of a pair is not finite nothing is moved.
    ra2, dec2 : (m,) arrays
        Of the list that stays, at ``epoch2``.
    a, b : (p,) int arrays
        Rows in the one and in the other.
    back : bool
        Whether the direction is asked from the second to the first.

    Returns
    -------
    separation, position_angle : (p,) arrays
        Degrees, the angle east of north in [0, 360).
    """
    sep, angle = np.empty(len(a)), np.empty(len(a))
    floats = (*(plain(each) for each in (ra, dec, *motion, epoch, ra2, dec2, epoch2)),)
    rows = (np.require(each, np.int64, ["C", "W"]) for each in (a, b))
    with ONE_AT_A_TIME:
        _pairs(*floats, *rows, back, sep, angle)
    return sep, angle


def warm() -> None:
    """Compile what is here."""
    one = np.zeros(1)
    moved(one, one, (one, one, one), one)
    moved_pairs(one, one, (one, one, one), one, one, one, one, np.zeros(1, np.int64), np.zeros(1, np.int64))
