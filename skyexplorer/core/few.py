"""Pairs of short lists, without compiled code: the first match in a notebook then waits for nothing.

To load what is compiled takes half a second, and to compile it far longer; lists of some thousand rows take a few
milliseconds by declination alone: one list sorted by it, and for each row of the other the stretch that can be near.
What is asked of few pairs, which is the nearest and where it lies, is answered here too. `join` and `neighbours` have the
same answers for the rest.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ROWS = 20_000  # of both lists together
CANDIDATES = 200_000  # pairs near each other in declination
PAIRS = 20_000  # of which the nearest are chosen here
ON_EDGE = 1e-13  # relative: what rounding does to a separation that is just the radius


def pairs(
    ra1: Floats, dec1: Floats, ra2: Floats, dec2: Floats, radius: float | Floats
) -> tuple[Ints, Ints, Floats] | None:
    """All pairs within a radius, or None where there are too many to look at; see `crossmatch.pairs`."""
    good1, good2 = np.flatnonzero(np.isfinite(ra1 + dec1)), np.flatnonzero(np.isfinite(ra2 + dec2))
    own = np.broadcast_to(np.asarray(radius, float), np.shape(ra1))[good1]
    good2 = good2[np.argsort(dec2[good2], kind="stable")]
    sorted2, mine = dec2[good2], dec1[good1]
    reach = own * (1 + 1e-9) + 1e-11
    low = np.searchsorted(sorted2, mine - reach, "left")
    count = np.searchsorted(sorted2, mine + reach, "right") - low
    if count.sum() > CANDIDATES:
        return None
    at = np.repeat(np.arange(len(good1)), count)
    step = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
    left, right = good1[at], good2[low[at] + step]
    sep = separation(ra1[left], dec1[left], ra2[right], dec2[right])
    near = sep <= own[at] * (1 + ON_EDGE)
    left, right, sep = left[near], right[near], sep[near]
    order = np.lexsort((right, left))
    return left[order], right[order], sep[order]


def separation(ra1: Floats, dec1: Floats, ra2: Floats, dec2: Floats) -> Floats:
    """Haversine formula with the half angle's cosine beside its sine (deg): right at any distance.

    sin² ψ/2 = sin² Δδ/2 + cos δ₁ cos δ₂ sin² Δα/2, and cos² ψ/2 = sin² (δ₁ + δ₂)/2 + cos δ₁ cos δ₂ cos² Δα/2.

    >>> float(separation(np.array([0.0]), np.array([10.0]), np.array([180.0]), np.array([-10.0]))[0])
    180.0
    """
    half, d1, d2 = np.radians(0.5 * (ra2 - ra1)), np.radians(dec1), np.radians(dec2)
    width = np.cos(d1) * np.cos(d2)
    sine = np.sin(0.5 * np.radians(dec2 - dec1)) ** 2 + width * np.sin(half) ** 2
    cosine = np.sin(0.5 * (d1 + d2)) ** 2 + width * np.cos(half) ** 2
    return np.degrees(2.0 * np.arctan2(np.sqrt(sine), np.sqrt(cosine)))


def k_nearest(left: Ints, sep: Floats, k: int) -> Ints:
    """Numbers of the pairs with the k nearest of each left, by distance; pairs come sorted by left, then by right."""
    order = np.lexsort((sep, left))  # stable: of equal distances the lower row stays first
    first = np.flatnonzero(np.diff(left, prepend=-1))
    return order[np.arange(len(left)) - np.repeat(first, np.diff(first, append=len(left))) < k]


def mutual(left: Ints, right: Ints, sep: Floats) -> Ints:
    """Numbers of the pairs in which each is the nearest of the other."""
    mine = k_nearest(left, sep, 1)
    order = np.lexsort((left, sep, right))
    theirs = order[np.diff(right[order], prepend=-1) != 0]
    return mine[np.isin(mine, theirs)]


def position_angles(ra1: Floats, dec1: Floats, ra2: Floats, dec2: Floats) -> Floats:
    """Direction from each of the first to each of the second (deg, east of north, in [0, 360))."""
    d, s1, c2 = np.radians(ra2 - ra1), np.sin(np.radians(dec1)), np.cos(np.radians(dec2))
    # cos δ₁ sin δ₂ − sin δ₁ cos δ₂ cos Δα without the cancellation of near declinations
    north = np.sin(np.radians(dec2 - dec1)) + 2.0 * s1 * c2 * np.sin(0.5 * d) ** 2
    angle = np.degrees(np.arctan2(c2 * np.sin(d), north)) % 360.0
    return np.where(angle < 360.0, angle, 0.0)  # a tiny negative one rounds to 360
