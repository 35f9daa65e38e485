"""Positions at another epoch: uniform motion in space, in closed form, right at the poles and over any span.

The standard model of the Hipparcos and Gaia catalogues (ESA SP-1200, vol. 1, 1.5.5; Butkevich & Lindegren 2014, A&A 570,
A62, light time left out): with r the direction of a star, p east and q north of it, the direction at time t is that of
r (1 + μᵣ t) + (p μ_α* + q μ_δ) t, where μᵣ is the radial velocity over the distance.

Epochs are Julian years, proper motions mas a year, parallaxes mas, radial velocities km/s.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import ArrayLike

from skyexplorer import progress
from skyexplorer.core.cells import DEG, Floats, Ints
from skyexplorer.core.threads import ONE_AT_A_TIME

Motions = tuple[Floats, Floats, Floats, Floats]
MAS = DEG / 3.6e6
AU_PER_YEAR = 4.740470463533349
"""km/s of one astronomical unit in a Julian year."""
CHUNK = 1 << 22


@nb.njit(cache=True)
def _rates(pmra: float, pmdec: float, parallax: float, velocity: float) -> tuple[float, float, float]:
    """Motion east and north and away, in radians a year; 0 for what is not known."""
    if not (np.isfinite(pmra) and np.isfinite(pmdec)):
        return 0.0, 0.0, 0.0
    away = velocity * parallax * (MAS / AU_PER_YEAR)
    return pmra * MAS, pmdec * MAS, away if parallax > 0.0 and np.isfinite(away) else 0.0


@nb.njit(cache=True)
def _at(
    ra: float, dec: float, pmra: float, pmdec: float, parallax: float, velocity: float, years: float
) -> tuple[float, float]:
    """One position, ``years`` later; what does not move, or has no epoch, stays to the last bit."""
    east, north, away = _rates(pmra, pmdec, parallax, velocity)
    if (east == 0.0 and north == 0.0) or years == 0.0 or not np.isfinite(years):
        return ra, dec
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
    ra: Floats, dec: Floats, pmra: Floats, pmdec: Floats, parallax: Floats, velocity: Floats, epoch: Floats, then: Floats,
    ra_out: Floats, dec_out: Floats,
) -> None:  # fmt: skip
    # Where one number serves all rows, its index is held at 0.
    far, fast = np.int64(parallax.shape[0] > 1), np.int64(velocity.shape[0] > 1)
    same, same2 = np.int64(epoch.shape[0] > 1), np.int64(then.shape[0] > 1)
    for row in nb.prange(ra.shape[0]):
        i = np.int64(row)
        ra_out[i], dec_out[i] = _at(
            ra[i],
            dec[i],
            pmra[i],
            pmdec[i],
            parallax[i * far],
            velocity[i * fast],
            then[i * same2] - epoch[i * same],
        )


@nb.njit(parallel=True, cache=True)
def _slack(
    pmra: Floats, pmdec: Floats, parallax: Floats, velocity: Floats, epoch: Floats,
    middle: float, low: float, high: float, out: Floats,
) -> None:  # fmt: skip
    far, fast = np.int64(parallax.shape[0] > 1), np.int64(velocity.shape[0] > 1)
    same = np.int64(epoch.shape[0] > 1)
    for row in nb.prange(pmra.shape[0]):
        i = np.int64(row)
        east, north, away = _rates(pmra[i], pmdec[i], parallax[i * far], velocity[i * fast])
        speed, t = np.sqrt(east * east + north * north), middle - epoch[i * same]
        out[i] = 0.0
        if np.isfinite(t):
            for end in (low, high):
                # Both directions lie in one plane: the sine and the cosine of the angle between them, times both lengths.
                s = end - epoch[i * same]
                along = (1.0 + away * t) * (1.0 + away * s) + speed * t * speed * s
                out[i] = max(out[i], np.arctan2(speed * abs(s - t), along) / DEG)


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
    ra: Floats, dec: Floats, pmra: Floats, pmdec: Floats, parallax: Floats, velocity: Floats, epoch: Floats,
    ra2: Floats, dec2: Floats, epoch2: Floats, a: Ints, b: Ints, back: bool, sep: Floats, angle: Floats,
) -> None:  # fmt: skip
    far, fast = np.int64(parallax.shape[0] > 1), np.int64(velocity.shape[0] > 1)
    same, same2 = np.int64(epoch.shape[0] > 1), np.int64(epoch2.shape[0] > 1)
    for k in nb.prange(a.shape[0]):
        i, j = a[k], b[k]
        years = epoch2[j * same2] - epoch[i * same]
        x, y = _at(ra[i], dec[i], pmra[i], pmdec[i], parallax[i * far], velocity[i * fast], years)
        if back:
            sep[k], angle[k] = _apart(ra2[j], dec2[j], x, y)
        else:
            sep[k], angle[k] = _apart(x, y, ra2[j], dec2[j])


def motions(
    pmra: ArrayLike,
    pmdec: ArrayLike,
    parallax: ArrayLike | None = None,
    radial_velocity: ArrayLike | None = None,
) -> Motions:
    """Motions as the functions here take them.

    Parameters
    ----------
    pmra, pmdec : (n,) arrays
        μ_α* = μ_α cos δ and μ_δ (mas/yr); a row of which one is not finite has no motion.
    parallax : (n,) array, optional
        mas. Where it is missing, 0 or negative, the distance is not known and the motion is along the sky only.
    radial_velocity : (n,) array, optional
        km/s.
    """
    none = np.zeros(1)
    return (
        plain(pmra),
        plain(pmdec),
        none if parallax is None else plain(parallax),
        none if radial_velocity is None else plain(radial_velocity),
    )


def plain(values: ArrayLike) -> Floats:
    """As compiled code takes it: contiguous, writable, one number or more."""
    return np.require(np.atleast_1d(np.asarray(values, float)), np.float64, ["C", "W"])


def moved(
    ra: Floats, dec: Floats, motion: Motions, epoch: ArrayLike, then: ArrayLike
) -> tuple[Floats, Floats]:
    """Positions at another epoch.

    Parameters
    ----------
    ra, dec : (n,) arrays
        Degrees, right ascension in [0, 360).
    motion : tuple of arrays
        See `motions`.
    epoch, then : float or (n,) arrays
        When the positions hold, and when they are asked for (Julian years); a row of which one is not finite stays.

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
    Barnard's star:

    >>> star = motions([-801.551], [10362.394], [546.9759], [-110.5])
    >>> ra, dec = moved([269.452076], [4.693365], star, 2016.0, 2000.0)
    >>> round(float(ra[0]), 7), round(float(dec[0]), 7)
    (269.4556467, 4.6473554)
    """
    sides = [plain(each) for each in (ra, dec, *motion, epoch, then)]
    n = len(sides[0])
    out = np.empty(n), np.empty(n)
    for start in range(0, n, CHUNK):
        part = slice(start, start + CHUNK)
        some = (each if len(each) == 1 else each[part] for each in sides)
        with ONE_AT_A_TIME:
            _moved(*some, out[0][part], out[1][part])
        if n > CHUNK:
            progress.current().report(min(start + CHUNK, n), n, "moving positions to another epoch")
    return out


def slack(motion: Motions, epoch: ArrayLike, middle: float, low: float, high: float) -> Floats:
    """How far from its place at one epoch each row can be within a span of others (deg).

    It runs along a great circle, so it is farthest at one of the ends.

    Parameters
    ----------
    motion : tuple of arrays
        See `motions`.
    epoch : float or (n,) array
        Of the motions (Julian years).
    middle, low, high : float
        The one epoch, and the ends of the span.

    Examples
    --------
    >>> round(float(slack(motions([3.6e6], [0.0]), 2000.0, 2000.0, 1999.0, 2000.5)[0]), 4)
    0.9999
    """
    sides = [plain(each) for each in (*motion, epoch)]
    out = np.empty(len(sides[0]))
    with ONE_AT_A_TIME:
        _slack(*sides, float(middle), float(low), float(high), out)
    return out


def moved_pairs(
    ra: Floats, dec: Floats, motion: Motions, epoch: ArrayLike,
    ra2: Floats, dec2: Floats, epoch2: ArrayLike, a: Ints, b: Ints, back: bool = False,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Separation and direction of pairs, each at the epoch of its second.

    Parameters
    ----------
    ra, dec : (n,) arrays
        Of the list that moves (deg), at ``epoch``.
    motion : tuple of arrays
        See `motions`.
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
    floats = [plain(each) for each in (ra, dec, *motion, epoch, ra2, dec2, epoch2)]
    rows = [np.require(each, np.int64, ["C", "W"]) for each in (a, b)]
    with ONE_AT_A_TIME:
        _pairs(*floats, *rows, back, sep, angle)
    return sep, angle


def warm() -> None:
    """Compile what is here."""
    one, row = np.zeros(1), np.zeros(1, np.int64)
    still = motions(one, one)
    moved(one, one, still, 0.0, 0.0)
    slack(still, 0.0, 0.0, 0.0, 0.0)
    moved_pairs(one, one, still, 0.0, one, one, 0.0, row, row)
