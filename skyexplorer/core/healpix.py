"""HEALPix cells of mixed order, as ranges of nested indices at order 29.

A cell of order k and nested index p covers the half-open range [p << s, (p + 1) << s) with
s = 2 (29 - k). Sorted starts make a look-up a binary search.
"""

from __future__ import annotations

from math import factorial

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]
MAX_ORDER = 29
BELT = 41.8103148957785  # deg: |sin δ| is 2/3, less a little more than rounding
ROOT6 = float(np.sqrt(6.0))
S3, S5, S7, S9, S11, S13, S15 = ((-1) ** k / factorial(2 * k + 1) for k in range(1, 8))  # of the sine


def split_uniq(uniq: ArrayLike) -> tuple[Ints, Ints]:
    """Order and nested index of UNIQ = 4 * 4**order + index."""
    uniq = np.asarray(uniq, np.int64)
    # The exponent of a float64 is exact for the leading bit; a value just under a power of two is rounded up.
    bits = np.frexp(uniq.astype(np.float64))[1].astype(np.int64) - 1
    bits -= (np.int64(1) << bits) > uniq
    order = bits // 2 - 1
    return order, uniq - (np.int64(4) << (2 * order))


def join_uniq(order: ArrayLike, ipix: ArrayLike) -> Ints:
    """UNIQ of orders and nested indices."""
    order = np.asarray(order, np.int64)
    return (np.int64(4) << (2 * order)) + np.asarray(ipix, np.int64)


def cell_area(order: ArrayLike) -> NDArray[np.float64]:
    """Area of a cell in steradian."""
    return np.asarray(np.pi / 3.0 / 4.0 ** np.asarray(order, float))


def starts29(order: ArrayLike, ipix: ArrayLike) -> Ints:
    """First order-29 index of each cell."""
    return np.asarray(ipix, np.int64) << (2 * (MAX_ORDER - np.asarray(order, np.int64)))


def bounds(order: ArrayLike, ipix: ArrayLike, finest: int) -> tuple[Ints, Ints]:
    """First and last plus one index of each cell at one order, the finest or finer."""
    up = 2 * (finest - np.asarray(order, np.int64))
    start = np.asarray(ipix, np.int64) << up
    return start, start + (np.int64(1) << up)


def indexed(lon: ArrayLike, lat: ArrayLike, order: int) -> Ints:
    """Nested index at one order of a few positions in degrees, −1 where there is none.

    What `core.nested` does in compiled code, step by step the same: there is the source of the formulas.
    """
    lon, lat = np.broadcast_arrays(np.asarray(lon, float), np.asarray(lat, float))
    good = (np.abs(lat) <= 90.0) & (np.abs(lon) < np.inf)
    lon, lat = np.where(good, lon, 0.0), np.where(good, lat, 0.0)
    nside, last, bits = float(1 << order), np.int64((1 << order) - 1), np.int64(order)
    turn = lon * (1.0 / 360.0)
    around = 4.0 * (turn - np.floor(turn))
    around = np.where(around >= 4.0, 0.0, around)
    high = np.abs(lat)
    belt = high < BELT
    angle = np.where(belt, lat * (np.pi / 180), (90.0 - high) * (0.5 * (np.pi / 180)))
    w = angle * angle
    series = S3 + w * (S5 + w * (S7 + w * (S9 + w * (S11 + w * (S13 + w * S15)))))
    sine = angle + angle * w * series
    up, side = nside * (0.5 + around), nside * (0.75 * np.where(belt, sine, 0.0))
    rising, falling = np.ceil(up - side).astype(np.int64) - 1, (up + side).astype(np.int64)
    east, west = rising >> bits, falling >> bits
    face = np.where(east == west, (east & 3) | 4, np.where(east < west, east & 3, (west & 3) + 8))
    x, y = falling & last, last - (rising & last)
    quarter = np.minimum(around.astype(np.int64), 3)
    within = around - quarter
    size = nside * (ROOT6 * sine)
    one, other = within * size, (1.0 - within) * size
    north = lat > 0
    face = np.where(belt, face, np.where(north, quarter, quarter + 8))
    upper = [last - np.clip(np.ceil(v).astype(np.int64) - 1, 0, last) for v in (other, one)]
    lower = [np.minimum(v.astype(np.int64), last) for v in (one, other)]
    x, y = (np.where(belt, v, np.where(north, a, b)) for v, a, b in zip((x, y), upper, lower, strict=True))
    return np.where(good, (face << (2 * bits)) | _spread(x) | (_spread(y) << 1), -1)


def _spread(v: Ints) -> Ints:
    """The bits of numbers of 30, each followed by an empty one."""
    v = (v | (v << 16)) & 0x0000FFFF0000FFFF
    v = (v | (v << 8)) & 0x00FF00FF00FF00FF
    v = (v | (v << 4)) & 0x0F0F0F0F0F0F0F0F
    v = (v | (v << 2)) & 0x3333333333333333
    return np.asarray((v | (v << 1)) & 0x5555555555555555)


def nested29(lon: ArrayLike, lat: ArrayLike) -> Ints:
    """Order-29 nested index of positions in degrees."""
    return nested(lon, lat, MAX_ORDER)


def nested(lon: ArrayLike, lat: ArrayLike, order: int) -> Ints:
    """Nested index at one order of positions in degrees."""
    from astropy.coordinates import Latitude, Longitude
    from cdshealpix import nested as cds

    lon, lat = np.broadcast_arrays(np.asarray(lon, float), np.asarray(lat, float))
    found = cds.lonlat_to_healpix(
        Longitude(lon.ravel() % 360.0, "deg"), Latitude(lat.ravel(), "deg"), np.uint8(order)
    )
    return np.asarray(found).astype(np.int64).reshape(lon.shape)


def centers(order: ArrayLike, ipix: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitude and latitude in degrees of cell centres; one order for all, or one each."""
    from cdshealpix import nested as cds

    ipix = np.atleast_1d(np.asarray(ipix, np.uint64))
    order = np.broadcast_to(np.asarray(order, np.uint8), ipix.shape)
    lon, lat = np.empty(ipix.shape), np.empty(ipix.shape)
    for k in np.unique(order):
        here = order == k
        a, b = cds.healpix_to_lonlat(ipix[here], np.uint8(k))
        lon[here], lat[here] = a.deg, b.deg
    return lon, lat


def nested_of_ring(index: ArrayLike, order: int) -> Ints:
    """Nested indices of ring indices of one order, by way of their centres."""
    from cdshealpix import nested as cds
    from cdshealpix import ring

    lon, lat = ring.healpix_to_lonlat(np.asarray(index, np.uint64), 1 << order)
    return np.asarray(cds.lonlat_to_healpix(lon, lat, np.uint8(order))).astype(np.int64)
