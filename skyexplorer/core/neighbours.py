"""Which of all pairs are the ones asked for: nearest, k nearest, mutual; and in which direction they lie.

Pairs come sorted by left, then by right. Of equal distances the lower row counts.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np
from numpy.typing import NDArray

from skyexplorer.core.cells import DEG, Floats, Ints
from skyexplorer.core.threads import at_work

PIECE = 1024  # pairs
TANGENT = math.tan(math.pi / 8)
# Taylor's coefficients of sine, cosine and arctangent.
S = tuple((-1.0) ** k / math.factorial(2 * k + 1) for k in range(8))
C = tuple((-1.0) ** k / math.factorial(2 * k) for k in range(9))
T = tuple((-1.0) ** k / (2 * k + 1) for k in range(16))


@nb.njit(cache=True)
def nearest(left: Ints, sep: Floats) -> Ints:
    """Numbers of the pairs with the nearest of each left."""
    out = np.empty(left.shape[0], np.int64)
    k = -1
    for i in range(left.shape[0]):
        if i == 0 or left[i] != left[i - 1]:
            k += 1
            out[k] = i
        elif sep[i] < sep[out[k]]:
            out[k] = i
    return out[: k + 1]


@nb.njit(cache=True)
def k_nearest(left: Ints, sep: Floats, k: int) -> Ints:
    """Numbers of the pairs with the k nearest of each left, by distance."""
    out = np.empty(left.shape[0], np.int64)
    done, i = 0, 0
    while i < left.shape[0]:
        end = i + 1
        while end < left.shape[0] and left[end] == left[i]:
            end += 1
        # A stable sort keeps the lower row first.
        turn = np.argsort(sep[i:end], kind="mergesort") if end > i + 1 else np.zeros(1, np.int64)
        for nth in range(min(k, end - i)):
            out[done] = i + turn[nth]
            done += 1
        i = end
    return out[:done]


@nb.njit(cache=True)
def mutual(left: Ints, right: Ints, sep: Floats, rights: int) -> Ints:
    """Numbers of the pairs in which each is the nearest of the other; ``rights`` is the length of the right list."""
    best = np.full(rights, -1, np.int64)
    for i in range(left.shape[0]):
        held = best[right[i]]
        if held < 0 or sep[i] < sep[held]:  # lefts come in order: of equal ones the first stays
            best[right[i]] = i
    first = nearest(left, sep)
    return first[best[right[first]] == first]


@nb.njit(inline="always")
def _turned(degrees: float) -> tuple[float, float]:
    """Sine and cosine of at most a right angle, by Taylor's series of its half, which vector code can do."""
    t = degrees * (0.5 * DEG)
    q = t * t
    s = S[4] + q * (S[5] + q * (S[6] + q * S[7]))
    s = t * (1.0 + q * (S[1] + q * (S[2] + q * (S[3] + q * s))))
    c = C[5] + q * (C[6] + q * (C[7] + q * C[8]))
    c = 1.0 + q * (C[1] + q * (C[2] + q * (C[3] + q * (C[4] + q * c))))
    return 2.0 * s * c, (c - s) * (c + s)


@nb.njit(inline="always")
def _arctan2(y: float, x: float) -> float:
    """The angle of a point, by a series below the tangent of 22.5 deg: to 1e-14."""
    a, b = abs(x), abs(y)
    t = min(a, b) / (max(a, b) + 1e-300)
    high = t > TANGENT
    u = (t - 1.0) / (t + 1.0) if high else t
    q = u * u
    r = T[12] + q * (T[13] + q * (T[14] + q * T[15]))
    r = T[8] + q * (T[9] + q * (T[10] + q * (T[11] + q * r)))
    r = T[4] + q * (T[5] + q * (T[6] + q * (T[7] + q * r)))
    r = u * (1.0 + q * (T[1] + q * (T[2] + q * (T[3] + q * r))))
    r = r + 0.25 * np.pi if high else r
    r = 0.5 * np.pi - r if b > a else r
    r = np.pi - r if x < 0.0 else r
    return -r if y < 0.0 else r


@nb.njit(parallel=True, cache=True)
def _angles(
    ra1: Floats, dec1: Floats, ra2: Floats, dec2: Floats, left: Ints, right: Ints, out: Floats
) -> None:
    for c in nb.prange((left.shape[0] + PIECE - 1) // PIECE):
        low = c * PIECE
        count = min(PIECE, left.shape[0] - low)
        # Looks into memory first; sums without a branch after them.
        east, one, other = np.empty(PIECE), np.empty(PIECE), np.empty(PIECE)
        for i in range(count):
            a, b = left[low + i], right[low + i]
            east[i], one[i], other[i] = ra2[b] - ra1[a], dec1[a], dec2[b]
        for i in range(count):
            d = east[i] - 360.0 * np.rint(east[i] * (1.0 / 360.0))
            half, along = _turned(0.5 * d)
            s1, _ = _turned(one[i])
            _, c2 = _turned(other[i])
            up, level = _turned(0.5 * (other[i] - one[i]))
            # cos δ₁ sin δ₂ − sin δ₁ cos δ₂ cos Δα without the cancellation of near declinations
            angle = _arctan2(2.0 * c2 * half * along, 2.0 * up * level + 2.0 * s1 * c2 * half * half) * (
                1.0 / DEG
            )
            angle = angle + 360.0 if angle < 0.0 else angle
            out[low + i] = angle if angle < 360.0 else 0.0  # a tiny negative one rounds to 360


def position_angles(
    ra1: Floats, dec1: Floats, ra2: Floats, dec2: Floats, left: Ints, right: Ints
) -> NDArray[np.float64]:
    """Direction from left to right of each pair (deg, east of north, in [0, 360)).

    Parameters
    ----------
    ra1, dec1 : (n,) float arrays
        Degrees.
    ra2, dec2 : (m,) float arrays
    left, right : (p,) int arrays
        Rows of the pairs.
    """
    out = np.empty(len(left))
    arrays = (np.ascontiguousarray(each, np.float64) for each in (ra1, dec1, ra2, dec2))
    with at_work(len(left)):
        _angles(*arrays, left, right, out)
    return out
