"""Which of all pairs are the ones asked for: nearest, k nearest, mutual; and in which direction they lie.

Pairs come sorted by left, then by right. Of equal distances the lower row counts.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from skyexplorer.core.cells import DEG, Floats, Ints
from skyexplorer.core.threads import at_work


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


@nb.njit(parallel=True, cache=True)
def _angles(
    ra1: Floats, dec1: Floats, ra2: Floats, dec2: Floats, left: Ints, right: Ints, out: Floats
) -> None:
    for i in nb.prange(left.shape[0]):
        a, b = left[i], right[i]
        d, d1, d2 = (ra2[b] - ra1[a]) * DEG, dec1[a] * DEG, dec2[b] * DEG
        half, c2 = np.sin(0.5 * d), np.cos(d2)
        # cos δ₁ sin δ₂ − sin δ₁ cos δ₂ cos Δα without the cancellation of near declinations
        north = np.sin((dec2[b] - dec1[a]) * DEG) + 2.0 * np.sin(d1) * c2 * half * half
        angle = np.arctan2(c2 * np.sin(d), north) / DEG
        angle += 360.0 if angle < 0.0 else 0.0
        out[i] = angle if angle < 360.0 else 0.0  # a tiny negative one rounds to 360


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
