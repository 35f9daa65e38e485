"""Cells on the sky: bands of declination, each cut into cells of right ascension, and where a circle touches them.

Bounds in right ascension need no trigonometry, since a table holds the least cosine of declination near each band; a
cell has a key of 64 bits and is found by its hash, so that empty sky takes no memory.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from skyexplorer.core.sphere import DEG

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COARSE = 4096  # steps of declination over which the width of cells in right ascension is constant
SMALLEST_CELL = 2e-6  # deg: smaller cells would number more than an integer holds
HASH = np.uint64(0x9E3779B97F4A7C15)  # 2⁶⁴ over the golden ratio: Fibonacci hashing (Knuth, TAOCP 6.4)
ON_EDGE = 1e-13  # relative: what rounding does to a separation that is just the radius


class Grid(NamedTuple):
    """Cells: bands of ``size`` degrees; ``width[k]`` is cells per degree of right ascension in coarse step k."""

    size: float
    width: Floats


def grid(size: float) -> Grid:
    """Cells of a size (deg)."""
    edges = np.abs(np.linspace(-90, 90, COARSE + 1))
    # A band reaches over the edge of its step by less than one size, and a circle over the band by less than another:
    # the narrowest parallel there counts, so that a radius divided by it bounds the circle in right ascension.
    high = np.maximum(edges[:-1], edges[1:])
    narrow = np.cos(np.minimum(high + 2 * size + 1e-9, 90.0) * DEG)
    return Grid(size, np.maximum(narrow, 1e-12) / size)


@nb.njit(inline="always")
def band_of(dec: float, size: float) -> int:
    """Band of a declination."""
    return int((dec + 90.0) * (1.0 / size))


@nb.njit(inline="always")
def width_of(band: int, size: float, width: Floats) -> float:
    """Cells per degree of right ascension in a band."""
    step = int((band * size) * (width.shape[0] / 180.0))
    if step >= width.shape[0]:
        step = width.shape[0] - 1
    return width[max(step, 0)]  # whatever a damaged file holds, memory is not left


@nb.njit(inline="always")
def key_of(band: int, column: int) -> np.uint64:
    """The one number of a cell."""
    return (np.uint64(band) << np.uint64(32)) | np.uint64(column)


@nb.njit(inline="always")
def bucket_of(key: np.uint64, shift: np.uint64) -> np.int64:
    """The first 64 − ``shift`` bits of a hash."""
    return np.int64((key * HASH) >> shift)


@nb.njit(inline="always")
def reach_of(radius: float, wide: float, size: float) -> float:
    """At least half the right ascension that a circle spans (deg); 180 or more where it may hold a pole.

    On the way from the centre to the edge, right ascension changes by the path over the cosine of declination, and
    ``wide * size`` is the least cosine that there can be.
    """
    return radius / (wide * size) + 1e-11


@nb.njit(inline="always")
def separation(ra1: float, dec1: float, ra2: float, dec2: float) -> float:
    """Vincenty's formula, degrees: right at any distance."""
    d = (ra2 - ra1) * DEG
    sd, cd = np.sin(d), np.cos(d)
    s1, c1 = np.sin(dec1 * DEG), np.cos(dec1 * DEG)
    s2, c2 = np.sin(dec2 * DEG), np.cos(dec2 * DEG)
    # cos δ₁ sin δ₂ − sin δ₁ cos δ₂ cos Δα without the cancellation of near declinations
    h = np.sin(0.5 * d)
    y = np.sin((dec2 - dec1) * DEG) + 2.0 * s1 * c2 * h * h
    x = c2 * sd
    z = s1 * s2 + c1 * c2 * cd
    return np.arctan2(np.sqrt(x * x + y * y), z) / DEG


@nb.njit(inline="always")
def runs_of(ra: float, reach: float, wide: float, full: int) -> tuple[int, int, int, int]:
    """Up to two runs of cells that a circle touches in a band: the second where it crosses right ascension 0."""
    if reach >= 180.0:
        return 0, full, 0, -1
    if ra - reach < 0.0:
        return 0, int((ra + reach) * wide), int((ra - reach + 360.0) * wide), full
    if ra + reach >= 360.0:
        return int((ra - reach) * wide), full, 0, int((ra + reach - 360.0) * wide)
    return int((ra - reach) * wide), int((ra + reach) * wide), 0, -1


@nb.njit(inline="always")
def near(ra1: float, dec1: float, ra2: float, dec2: float) -> float:
    """Haversine formula, degrees: for what lies near, fast; see `separation` for the rest.

    Half of a small angle has a sine of three terms (of the next, 1e-17 is left below 0.5 deg), and so has its inverse.
    """
    a, d = ra2 - ra1, 0.5 * (dec2 - dec1) * DEG
    if a > 180.0:
        a -= 360.0
    elif a < -180.0:
        a += 360.0
    a *= 0.5 * DEG
    if abs(a) < 0.0045 and abs(d) < 0.0045:
        a2, d2 = a * a, d * d
        sa = a * (1.0 - a2 * (1.0 / 6.0 - a2 * (1.0 / 120.0)))
        sd = d * (1.0 - d2 * (1.0 / 6.0 - d2 * (1.0 / 120.0)))
    else:
        sa, sd = np.sin(a), np.sin(d)
    h2 = sd * sd + np.cos(dec1 * DEG) * np.cos(dec2 * DEG) * sa * sa
    h = np.sqrt(min(h2, 1.0))
    if h < 0.0045:
        return 2.0 * h * (1.0 + h2 * (1.0 / 6.0 + h2 * (3.0 / 40.0))) / DEG
    return 2.0 * np.arcsin(h) / DEG
