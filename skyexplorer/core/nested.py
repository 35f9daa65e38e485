"""Nested HEALPix indices of many positions, compiled: what maps, indices and footprints are looked up by.

The formulas are those of Górski et al. (2005, ApJ 622, 759), near the poles with √(3 (1 − |sin δ|)) = √6 sin(45° − |δ| / 2),
which keeps its digits there. So a sine of no more than 42° is needed, and a polynomial gives it: without calls the processor
takes several positions at once, in 2 to 3 ns each instead of 24.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from skyexplorer.core.cells import DEG, Floats, Ints
from skyexplorer.core.healpix import BELT, ROOT6, S3, S5, S7, S9, S11, S13, S15
from skyexplorer.core.threads import ONE_AT_A_TIME


@nb.njit(inline="always")
def _spread(v: np.uint64) -> np.uint64:
    """The bits of a number of 32, each followed by an empty one."""
    v = (v | (v << np.uint64(16))) & np.uint64(0x0000FFFF0000FFFF)
    v = (v | (v << np.uint64(8))) & np.uint64(0x00FF00FF00FF00FF)
    v = (v | (v << np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    v = (v | (v << np.uint64(2))) & np.uint64(0x3333333333333333)
    return (v | (v << np.uint64(1))) & np.uint64(0x5555555555555555)


@nb.njit(inline="always")
def _sine(x: float) -> float:
    """Taylor's series up to x¹⁵: of an angle within 42° it leaves 2e-17."""
    w = x * x
    return x + x * w * (S3 + w * (S5 + w * (S7 + w * (S9 + w * (S11 + w * (S13 + w * S15))))))


@nb.njit(inline="always")
def _within(v: float, last: np.int64) -> np.int64:
    """The whole part of a number, 0 to ``last``."""
    return np.int64(min(max(v, 0.0), float(last)))


@nb.njit(inline="always")
def nested_of(lon: float, lat: float, order: int) -> np.int64:
    """Nested index at one order of a position in degrees; −1 for what is none."""
    if not (abs(lat) <= 90.0 and abs(lon) < np.inf):
        return np.int64(-1)
    nside = float(np.int64(1) << order)
    last = (np.int64(1) << order) - 1
    turn = lon * (1.0 / 360.0)
    around = 4.0 * (turn - np.floor(turn))
    if around >= 4.0:  # a tiny negative longitude
        around = 0.0
    high = abs(lat)
    belt = high < BELT
    sine = _sine(lat * DEG if belt else (90.0 - high) * (0.5 * DEG))
    # What lies on a border belongs to the cell north of it, or east of it, as cdshealpix has it: so the numbers that fall
    # towards the north are rounded up, less one.
    if belt:
        up, side = nside * (0.5 + around), nside * (0.75 * sine)
        rising, falling = np.int64(np.ceil(up - side)) - 1, np.int64(up + side)
        east, west = rising >> order, falling >> order
        if east == west:
            face = (east & 3) | 4
        elif east < west:
            face = east & 3
        else:
            face = (west & 3) + 8
        x, y = falling & last, last - (rising & last)
    else:
        quarter = np.int64(min(around, 3.0))
        within = around - quarter
        size = nside * (ROOT6 * sine)
        one, other = within * size, (1.0 - within) * size
        if lat > 0:
            face = quarter
            x, y = last - _within(np.ceil(other) - 1.0, last), last - _within(np.ceil(one) - 1.0, last)
        else:
            face, x, y = quarter + 8, _within(one, last), _within(other, last)
    inside = _spread(np.uint64(x)) | (_spread(np.uint64(y)) << np.uint64(1))
    return (np.int64(face) << np.int64(2 * order)) | np.int64(inside)


@nb.njit(parallel=True, cache=True)
def _indexed(lon: Floats, lat: Floats, order: int, out: Ints) -> None:
    for i in nb.prange(lon.shape[0]):
        out[i] = nested_of(lon[i], lat[i], order)


def nested(lon: Floats, lat: Floats, order: int) -> Ints:
    """Nested index at one order of positions.

    Parameters
    ----------
    lon, lat : (n,) float arrays
        Degrees; any longitude.
    order : int
        0 to 29.

    Returns
    -------
    (n,) int array
        −1 where there is no position.

    Examples
    --------
    >>> import numpy as np
    >>> nested(np.array([77.35818]), np.array([5.693145]), 8).tolist()
    [368255]
    """
    lon, lat = np.ascontiguousarray(lon, np.float64), np.ascontiguousarray(lat, np.float64)
    out = np.empty(len(lon), np.int64)
    with ONE_AT_A_TIME:
        _indexed(lon, lat, order, out)
    return out


def warm() -> None:
    """Compile what is not compiled yet."""
    nested(np.zeros(1), np.zeros(1), 3)
