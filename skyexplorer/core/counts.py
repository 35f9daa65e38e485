"""Counting: events in cells, in time bins and in circles, and what a count is worth.

Plain arrays; angles in degrees, times in any one unit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skyexplorer.core import healpix, sphere

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ONE_SIGMA = 0.8413447460685429  # one-sided probability of 1 sigma
REACH = 3.5  # sigma at which the Gaussian of a smoothed map ends
_PAIRS = 4_000_000  # pairs of cells at once


def cell_counts(lon: ArrayLike, lat: ArrayLike, order: int) -> tuple[Ints, Ints]:
    """Counts in the HEALPix cells of one order.

    Parameters
    ----------
    lon, lat : float arrays, shape (n,)
        Degrees; a position that is not finite is not counted.
    order : int
        0 to 29.

    Returns
    -------
    ipix, counts : int arrays, shape (m,)
        Nested indices of the cells that hold anything, sorted, and how much.
    """
    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    good = np.isfinite(lon) & np.isfinite(lat)
    ipix, counts = np.unique(healpix.nested(lon[good], lat[good], order), return_counts=True)
    return ipix.astype(np.int64), counts.astype(np.int64)


def smoothed(ipix: Ints, counts: ArrayLike, order: int, sigma: float) -> tuple[Ints, Floats]:
    """Counts spread by a Gaussian of width ``sigma`` (degrees, one dimension) over cells of the same order.

    What each cell holds is shared among the cells whose centres lie within 3.5 sigma, in proportion to the Gaussian
    there, so that the sum stays. Narrower than the cells it changes nothing.

    Returns
    -------
    ipix, counts : arrays, shape (m,)
        Sorted; the sum of the counts is that of the input to rounding.
    """
    from scipy.spatial import cKDTree

    ipix, weights = np.asarray(ipix, np.int64), np.asarray(counts, float)
    grain = np.degrees(np.sqrt(float(healpix.cell_area(order))))
    if not len(ipix) or sigma <= 0:
        return ipix, weights
    target = _grown(ipix, order, int(np.ceil(1.5 * REACH * sigma / grain)))
    points = sphere.unit_vectors(*healpix.centers(order, target))
    sources = sphere.unit_vectors(*healpix.centers(order, ipix))
    tree = cKDTree(points)
    chord = 2 * np.sin(np.radians(min(REACH * sigma, 180.0)) / 2)
    # Each centre is within reach of itself.
    chord = max(chord, 1e-9)
    out = np.zeros(len(target))
    each = max(int(_PAIRS / (np.pi * (REACH * sigma / grain) ** 2 + 1)), 1)
    for first in range(0, len(ipix), each):
        part = slice(first, first + each)
        pairs = cKDTree(sources[part]).sparse_distance_matrix(tree, chord, output_type="ndarray")
        gauss = np.exp(-0.5 * (np.degrees(2 * np.arcsin(pairs["v"] / 2)) / sigma) ** 2)
        norm = np.bincount(pairs["i"], gauss, minlength=len(sources[part]))
        out += np.bincount(
            pairs["j"], weights[part][pairs["i"]] * gauss / norm[pairs["i"]], minlength=len(out)
        )
    kept = out > 0
    return target[kept], out[kept]


def _grown(ipix: Ints, order: int, rings: int) -> Ints:
    """The cells, and so many rings of neighbours around them."""
    from cdshealpix import nested as cds

    found = ipix
    edge = ipix
    for _ in range(rings):
        around = np.asarray(cds.neighbours(edge.astype(np.uint64), np.uint8(order))).astype(np.int64).ravel()
        grown = np.union1d(found, around[around >= 0])
        edge = np.setdiff1d(grown, found, assume_unique=True)
        found = grown
        if not len(edge):
            break
    return found


def inside(time: ArrayLike, start: Floats, stop: Floats) -> NDArray[np.bool_]:
    """Whether each time lies in one of the intervals, which are sorted and do not overlap; ends included."""
    time = np.asarray(time, float)
    if not len(start):
        return np.zeros(time.shape, bool)
    at = np.clip(np.searchsorted(start, time, side="right") - 1, 0, None)
    return np.asarray((time >= start[at]) & (time <= stop[at]))


def exposure(edges: ArrayLike, start: Floats, stop: Floats) -> Floats:
    """How much of each bin lies in the intervals, which are sorted and do not overlap.

    Parameters
    ----------
    edges : float array, shape (k + 1,)
        Rising.
    start, stop : float arrays, shape (m,)

    Returns
    -------
    float array, shape (k,)

    Examples
    --------
    >>> import numpy as np
    >>> exposure([0, 10, 20], np.array([2.0, 8.0]), np.array([4.0, 13.0])).tolist()
    [4.0, 3.0]
    """
    edges = np.asarray(edges, float)
    if not len(start):
        return np.zeros(max(len(edges) - 1, 0))
    before = np.concatenate([[0.0], np.cumsum(stop - start)])
    at = np.searchsorted(start, edges, side="right")
    last = np.maximum(at - 1, 0)
    passed = before[last] + np.clip(edges - start[last], 0.0, stop[last] - start[last])
    return np.diff(np.where(at == 0, 0.0, passed))


def bin_counts(time: ArrayLike, edges: ArrayLike) -> Ints:
    """Counts in each bin; a bin holds its start and not its stop, the last one both."""
    return np.histogram(np.asarray(time, float), np.asarray(edges, float))[0].astype(np.int64)


def poisson_errors(counts: ArrayLike) -> tuple[Floats, Floats]:
    """Lower and upper one-sigma errors of counts: the exact limits that Gehrels (1986, ApJ 303, 336) tabulates.

    Each limit is that at 84.13 % confidence: the upper is the mean with which so few or fewer would be seen in
    15.87 % of all cases, the lower likewise.

    Examples
    --------
    >>> [round(float(e[0]), 3) for e in poisson_errors([0])]
    [0.0, 1.841]
    """
    n = np.asarray(counts, float)
    return n - poisson_limit(n, ONE_SIGMA, upper=False), poisson_limit(n, ONE_SIGMA) - n


def poisson_limit(counts: ArrayLike, confidence: float, *, upper: bool = True) -> Floats:
    """The one-sided limit on the mean of a Poisson count (Gehrels 1986, equations 1 and 2).

    Examples
    --------
    >>> round(float(poisson_limit(1, 0.90)), 5)
    3.88972
    """
    from scipy.special import gammaincinv

    n = np.asarray(counts, float)
    if upper:
        return np.asarray(gammaincinv(n + 1, confidence))
    return np.where(n > 0, gammaincinv(np.maximum(n, 1), 1 - confidence), 0.0)


def li_ma(on: ArrayLike, off: ArrayLike, alpha: ArrayLike) -> Floats:
    """Significance of an excess in sigma, negative for a deficit (Li and Ma 1983, ApJ 272, 317, equation 17).

    Parameters
    ----------
    on, off : counts at the source and in the background
    alpha : float
        Exposure of the source over that of the background.

    Examples
    --------
    >>> round(float(li_ma(130, 300, 0.25)), 6)
    5.031218
    """
    from scipy.special import xlogy

    on, off, alpha = np.broadcast_arrays(
        np.asarray(on, float), np.asarray(off, float), np.asarray(alpha, float)
    )
    total = np.where(on + off > 0, on + off, 1.0)
    first = xlogy(on, (1 + alpha) / alpha * on / total)
    second = xlogy(off, (1 + alpha) * off / total)
    # Rounding may bring an excess of nothing just below zero.
    return np.asarray(np.sign(on - alpha * off) * np.sqrt(2 * np.clip(first + second, 0.0, None)))


def reflected(
    pointing: tuple[float, float], center: tuple[float, float], radius: float
) -> list[tuple[float, float]]:
    """Centres of circles that see the camera as a circle at ``center`` does (Berge et al. 2007, A&A 466, 1219).

    They have its radius and its offset from the pointing, and overlap neither it nor each other; those beside the
    source are half as far again from it along the ring, so that its rim does not count as
    background. Empty where the circle holds the pointing, or fills the ring.
    """
    ra, dec = pointing
    offset = float(sphere.separation(ra, dec, *center))
    if offset <= radius:
        return []
    # Angle, seen from the pointing, between two circles that touch: sin(r) = sin(offset) sin(angle / 2) holds
    # for centres 2 r apart.
    step = 2 * np.degrees(np.arcsin(min(np.sin(np.radians(radius)) / np.sin(np.radians(offset)), 1.0)))
    room = 360.0 - 3.0 * step  # from the first centre to the last
    count = int(np.floor(room / step)) + 1 if room >= 0 else 0
    if not count:
        return []
    first = float(sphere.position_angle(ra, dec, *center)) + 180.0 - room / 2
    angles = first + (np.linspace(0.0, room, count) if count > 1 else np.array([room / 2]))
    lon, lat = sphere.offset(ra, dec, angles, offset)
    return list(zip(lon.tolist(), lat.tolist(), strict=True))
