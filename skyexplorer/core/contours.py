"""Contour lines on the HEALPix grid, without any map projection.

The corners of HEALPix cells each join four cells (eight corners join three). Taking cell centres as
the points of a mesh, each corner is a face of it, and marching over these faces gives closed lines that
are right at the poles, across RA 0 and for regions of the size of the sky.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skyexplorer.core import healpix, sphere

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Columns of cdshealpix.nested.neighbours
S, SE, E, SW, C, NE, W, NW, N = range(9)


def neighbours(ipix: Ints, order: int) -> Ints:
    """Shape (n, 9): S, SE, E, SW, the cell itself, NE, W, NW, N; -1 where there is none."""
    from cdshealpix import nested

    return np.asarray(nested.neighbours(ipix.astype(np.uint64), np.uint8(order))).astype(np.int64)


def smoothed(ipix: Ints, values: Floats, near: Ints) -> Floats:
    """Mean with the neighbours (weights 4, 2, 1); a neighbour that is not in ``ipix`` weighs nothing."""
    at, known = _find(ipix, near)
    weight = np.array([1, 2, 1, 2, 4, 2, 1, 2, 1.0]) * known
    return (np.where(known, values[at], 0.0) * weight).sum(axis=1) / weight.sum(axis=1)


def _find(ipix: Ints, wanted: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    at = np.searchsorted(ipix, wanted)
    at = np.minimum(at, len(ipix) - 1)
    return at, (wanted >= 0) & (ipix[at] == wanted)


def lines(ipix: Ints, order: int, height: Floats, near: Ints | None = None) -> list[Floats]:
    """Closed lines on which ``height`` is zero, positive inside.

    Parameters
    ----------
    ipix : (n,) sorted int array
        Nested indices of the cells of one order, with all cells around the positive ones among them.
    order : int
    height : (n,) float array

    Returns
    -------
    list of (m, 2) arrays
        Right ascension and declination in degrees; the first point is the last again.
    """
    near = neighbours(ipix, order) if near is None else near
    faces = _faces(ipix, near)
    at, known = _find(ipix, faces)
    faces, at = faces[known.all(axis=1)], at[known.all(axis=1)]
    up = height[at] > 0
    crossed = up.any(axis=1) & ~up.all(axis=1)
    return _chain(_segments(at[crossed], up[crossed], height), ipix, order, height)


def _faces(ipix: Ints, near: Ints) -> Ints:
    """Corners as rows of four cells in turn; where only three meet, one stands twice."""
    rows = []
    for sides in ((C, NE, N, NW), (C, SW, S, SE)):
        row = near[:, sides].copy()
        gone = row[:, 2] < 0
        row[gone, 2] = row[gone, 1]
        rows.append(row[(row >= 0).all(axis=1)])
    faces = np.concatenate(rows)
    _, first = np.unique(np.sort(faces, axis=1), axis=0, return_index=True)
    return faces[first]


def _segments(at: Ints, up: NDArray[np.bool_], height: Floats) -> Ints:
    """Pairs of crossed edges, shape (m, 2, 2) of cell positions: each line piece joins two edges."""
    pieces = []
    following = np.roll(at, -1, axis=1)
    crosses = up != np.roll(up, -1, axis=1)
    count = crosses.sum(axis=1)
    two = count == 2
    edges = np.argwhere(crosses[two]).reshape(-1, 2, 2)[:, :, 1]
    rows = np.flatnonzero(two)[:, None]
    pieces.append(np.stack([at[rows, edges], following[rows, edges]], axis=-1))
    for row in np.flatnonzero(count == 4):  # a saddle: the mean decides which corners hang together
        ring = np.stack([at[row], following[row]], axis=-1)
        joined = height[at[row]].mean() > 0
        first = bool(up[row, 0])
        pairs = ((0, 1), (2, 3)) if joined == first else ((3, 0), (1, 2))
        pieces.append(ring[np.array(pairs)])
    return np.concatenate([piece.reshape(-1, 2, 2) for piece in pieces])


def _chain(segments: Ints, ipix: Ints, order: int, height: Floats) -> list[Floats]:
    if not len(segments):
        return []
    ends = np.sort(segments.reshape(-1, 2), axis=1)
    edges, which = np.unique(ends, axis=0, return_inverse=True)
    which = which.reshape(-1, 2)
    lon, lat = healpix.centers(order, ipix)
    vectors = sphere.unit_vectors(lon, lat)
    a, b = edges.T
    part = height[a] / (height[a] - height[b])
    points = vectors[a] * (1 - part)[:, None] + vectors[b] * part[:, None]
    ra = np.degrees(np.arctan2(points[:, 1], points[:, 0])) % 360
    dec = np.degrees(np.arctan2(points[:, 2], np.hypot(points[:, 0], points[:, 1])))
    follow: dict[int, list[int]] = {}
    for one, other in which.tolist():
        if one != other:
            follow.setdefault(one, []).append(other)
            follow.setdefault(other, []).append(one)
    out = []
    left = set(follow)
    while left:
        start = left.pop()
        line = [start]
        here = start
        while True:
            after = next((k for k in follow[here] if k in left), None)
            if after is None:
                break
            left.discard(after)
            line.append(after)
            here = after
        if len(line) > 2:
            line.append(start)
            out.append(np.stack([ra[line], dec[line]], axis=-1))
    return out
