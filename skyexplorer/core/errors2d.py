"""Errors of positions as covariances on the sky: one sigma east and north, and their correlation; angles in degrees.

An ellipse with semi-axes A, B of one sigma and position angle θ east of north has
σ_E² = A² sin²θ + B² cos²θ, σ_N² = A² cos²θ + B² sin²θ, ρ σ_E σ_N = (A² − B²) sin θ cos θ.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import ArrayLike, NDArray

from skyexplorer.core.cells import DEG, Floats, Ints
from skyexplorer.core.threads import ONE_AT_A_TIME

Errors = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


def of_ellipse(a: ArrayLike, b: ArrayLike, pa: ArrayLike) -> Errors:
    """Sigma east, sigma north and correlation of ellipses; NaN where an axis is.

    Examples
    --------
    >>> east, north, rho = of_ellipse([2.0], [1.0], [90.0])
    >>> round(float(east[0]), 12), round(float(north[0]), 12), abs(round(float(rho[0]), 12))
    (2.0, 1.0, 0.0)
    """
    a, b, angle = (np.asarray(value, float) for value in (a, b, pa))
    sin, cos = np.sin(angle * DEG), np.cos(angle * DEG)
    east, north = np.hypot(a * sin, b * cos), np.hypot(a * cos, b * sin)
    with np.errstate(invalid="ignore", divide="ignore"):
        rho = (a / east) * (a / north) * (sin * cos) - (b / east) * (b / north) * (sin * cos)
    return east, north, rho


def axes(east: ArrayLike, north: ArrayLike, rho: ArrayLike) -> Errors:
    """Semi-axes of one sigma, the longer first, and position angle in [0, 180) of covariances: `of_ellipse` the other way.

    Examples
    --------
    >>> [round(float(value[0]), 9) for value in axes(*of_ellipse([2.0], [1.0], [30.0]))]
    [2.0, 1.0, 30.0]
    """
    e, n, r = (np.asarray(value, float) for value in (east, north, rho))
    half, cross = 0.5 * (n * n - e * e), r * e * n
    apart = np.hypot(half, cross)
    long = np.sqrt(0.5 * (n * n + e * e) + apart)
    with np.errstate(invalid="ignore", divide="ignore"):
        short = np.where(
            long > 0, (e / long) * n * np.sqrt(1.0 - r * r), long
        )  # from the determinant: no cancellation
    angle = 0.5 * np.arctan2(cross, half) / DEG
    angle = np.where(angle < 0, angle + 180.0, angle)
    return long, short, np.where(angle >= 180.0, 0.0, angle)


def checked(east: ArrayLike, north: ArrayLike, rho: ArrayLike | None, most: float) -> Errors:
    """Errors as a table has them: NaN where one is 0 or less or above ``most``; a correlation that is none is taken as 0."""
    e, n = np.asarray(east, float), np.asarray(north, float)
    r = np.zeros(e.shape) if rho is None else np.asarray(rho, float)
    with np.errstate(invalid="ignore"):
        good = (e > 0) & (n > 0) & (e <= most) & (n <= most)
        r = np.where(np.abs(r) < 1, r, 0.0)
    return np.where(good, e, np.nan), np.where(good, n, np.nan), r


def inflated(
    east: Floats, north: Floats, rho: Floats, faster_east: Floats, faster_north: Floats, years: Floats
) -> Errors:
    """Errors after some years of motions that have errors: each grows by the error of the motion times the span.

    Parameters
    ----------
    east, north, rho : (n,) arrays
        Degrees.
    faster_east, faster_north : (n,) arrays
        One sigma of the motion (deg/yr).
    years : (n,) or (1,) array
        Where it is not finite nothing grows.
    """
    span = np.where(np.isfinite(years), years, 0.0)
    e, n = np.hypot(east, faster_east * span), np.hypot(north, faster_north * span)
    return e, n, rho * (east / e) * (north / n)


@nb.njit(parallel=True, cache=True)
def _normalised(
    e1: Floats, n1: Floats, r1: Floats, e2: Floats, n2: Floats, r2: Floats,
    a: Ints, b: Ints, sep: Floats, angle: Floats, back: Floats, out: Floats,
) -> None:  # fmt: skip
    for k in nb.prange(a.shape[0]):
        i, j = a[k], b[k]
        # North of the second, as seen in the frame of the first, is turned where meridians draw together.
        turn = (angle[k] - back[k] - 180.0) * DEG
        s, c = np.sin(turn), np.cos(turn)
        ee, nn, en = e2[j] * e2[j], n2[j] * n2[j], r2[j] * e2[j] * n2[j]
        ee, nn, en = (
            ee * c * c + 2.0 * en * s * c + nn * s * s,
            ee * s * s - 2.0 * en * s * c + nn * c * c,
            en * (c * c - s * s) + (nn - ee) * s * c,
        )
        ee += e1[i] * e1[i]
        nn += n1[i] * n1[i]
        en += r1[i] * e1[i] * n1[i]
        x, y = sep[k] * np.sin(angle[k] * DEG), sep[k] * np.cos(angle[k] * DEG)
        left = nn - en / ee * en  # of the variance north, once the part along with the east is taken out
        if ee > 0.0 and left > 0.0:
            u, v = x / np.sqrt(ee), (y - en / ee * x) / np.sqrt(left)
            out[k] = np.sqrt(u * u + v * v)
        else:
            out[k] = np.nan


def normalised(
    left: Errors,
    right: Errors,
    a: Ints,
    b: Ints,
    separation: Floats,
    angle: Floats,
    back: Floats | None = None,
) -> Floats:
    """Normalised distance d of pairs, d² = δᵀ (C₁ + C₂)⁻¹ δ with δ the way from one to the other.

    Parameters
    ----------
    left, right : tuple of three arrays
        Sigma east, sigma north (deg) and correlation of each row of the two lists.
    a, b : (p,) int arrays
        Rows of the pairs.
    separation, angle : (p,) arrays
        Degrees; the direction from left to right, east of north, at left.
    back : (p,) array, optional
        The direction from right to left, at right, by which the second covariance is brought into the frame of the first:
        near the poles it matters. Without it the frames are taken as parallel.

    Returns
    -------
    (p,) array
        NaN where an error is missing, or both are 0 in some direction.

    Examples
    --------
    The case of SCIENCE.md X6: 0.3″ east, 0.4″ north.

    >>> import numpy as np
    >>> first = np.array([0.5]), np.array([0.2]), np.array([0.3])
    >>> second = np.array([0.1]), np.array([0.1]), np.array([0.0])
    >>> row, angle = np.zeros(1, np.int64), np.degrees(np.arctan2([0.3], [0.4]))
    >>> round(float(normalised(first, second, row, row, np.array([0.5]), angle)[0]), 6)
    1.793008
    """
    out = np.empty(len(a))
    floats = [np.require(each, np.float64, ["C", "W"]) for each in (*left, *right)]
    rows = [np.require(each, np.int64, ["C", "W"]) for each in (a, b)]
    way = np.require(angle, np.float64, ["C", "W"])
    opposite = way - 180.0 if back is None else np.require(back, np.float64, ["C", "W"])
    with ONE_AT_A_TIME:
        _normalised(*floats, *rows, np.require(separation, np.float64, ["C", "W"]), way, opposite, out)
    return out


def warm() -> None:
    """Compile what is here."""
    one, row = np.ones(1), np.zeros(1, np.int64)
    normalised((one, one, one), (one, one, one), row, row, one, one)
