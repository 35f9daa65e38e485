"""Shapes on the sphere: polygons, areas, rotations, and how errors of one containment become those of another."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skyexplorer.core import sphere

Floats = NDArray[np.float64]


def lonlat(vectors: Floats) -> tuple[Floats, Floats]:
    """Longitude in [0, 360) and latitude, degrees, of vectors of shape (n, 3)."""
    x, y, z = vectors.T
    return np.degrees(np.arctan2(y, x)) % 360, np.degrees(np.arctan2(z, np.hypot(x, y)))


def polygon_area(vertices: Floats) -> float:
    """By the spherical excess of a fan of triangles, signed, so that dents are right (deg²)."""
    excess = 0.0
    a = vertices[0]
    for b, c in pairwise(vertices[1:]):
        triple = np.dot(a, np.cross(b, c))
        excess += 2 * np.arctan2(triple, 1 + a @ b + b @ c + c @ a)
    return abs(float(excess)) * sphere.DEG2_PER_SR


def ellipse_area(a: float, b: float) -> float:
    """Area (deg²) of the cap whose edge lies at q = 1, by a sum over directions that converges fast."""
    steps = 64 * int(np.clip(np.ceil(max(a / b, b / a)), 1, 1000))
    t = np.linspace(0, 2 * np.pi, steps, endpoint=False)
    edge = np.radians(1 / np.hypot(np.cos(t) / a, np.sin(t) / b))
    return float(np.mean(2 * np.sin(edge / 2) ** 2)) * 2 * np.pi * sphere.DEG2_PER_SR


def densified(vertices: Floats, points: int) -> tuple[Floats, Floats]:
    """Longitude and latitude of about ``points`` points along the great circles between vertices."""
    each = max(points // len(vertices), 1)
    t = np.linspace(0, 1, each, endpoint=False)[:, None]
    arcs = [a * (1 - t) + b * t for a, b in zip(vertices, np.roll(vertices, -1, axis=0), strict=True)]
    return lonlat(np.concatenate(arcs))


def cell_outlines(ipix: ArrayLike, order: int) -> list[tuple[Floats, Floats]]:
    """Lines around a set of HEALPix cells of one order: the edges that only one cell has, joined head to tail.

    Returns
    -------
    list of (lon, lat)
        Corners along each line, degrees, not closed.
    """
    from cdshealpix import nested

    cells = np.asarray(ipix, np.uint64)
    lon, lat = nested.vertices(cells, np.uint8(order))
    corners = sphere.unit_vectors(np.asarray(lon.deg), np.asarray(lat.deg)).reshape(-1, 3)
    # Neighbours compute a shared corner to within rounding.
    _, first, key = np.unique(
        np.round(corners * 1e9).astype(np.int64), axis=0, return_index=True, return_inverse=True
    )
    key = np.asarray(key).reshape(-1, 4)
    begin, end = key.ravel(), np.roll(key, -1, axis=1).ravel()
    width = len(first)
    forward, backward = begin * width + end, end * width + begin
    lone = ~np.isin(forward, backward)
    after: dict[int, list[int]] = {}
    for a, b in zip(begin[lone].tolist(), end[lone].tolist(), strict=True):
        after.setdefault(a, []).append(b)
    lines = []
    while after:
        start = next(iter(after))
        path, at = [start], start
        while at in after:
            at_next = after[at].pop()
            if not after[at]:
                del after[at]
            at = at_next
            if at == start:
                break
            path.append(at)
        lines.append(lonlat(corners[first[path]]))
    return lines


def placement(ra: float, dec: float, rotation: float) -> Floats:
    """The rotation (3, 3) that carries (0, 0) to a pointing, and north there to a position angle east of north.

    >>> lonlat(placement(120.0, -30.0, 0.0)[:, :1].T)[0].round(6)
    array([120.])
    """
    a, d, r = np.radians([ra, dec, rotation])
    # About the axis to (0, 0), east of north is from +z to +y.
    roll = np.array([[1, 0, 0], [0, np.cos(r), np.sin(r)], [0, -np.sin(r), np.cos(r)]])
    tilt = np.array([[np.cos(d), 0, -np.sin(d)], [0, 1, 0], [np.sin(d), 0, np.cos(d)]])
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    return np.asarray(turn @ tilt @ roll, float)


def containment_factor(p: ArrayLike) -> Floats:
    """Radius that holds the probability ``p`` of a two-dimensional Gaussian, in units of its sigma: √(−2 ln(1 − p)).

    >>> [round(float(containment_factor(p)), 6) for p in (0.5, 0.68, 0.9, 0.95, 0.99)]
    [1.17741, 1.509592, 2.145966, 2.447747, 3.034854]
    """
    return np.sqrt(-2 * np.log1p(-np.asarray(p, float)))


def converted_radius(radius: ArrayLike, given: float, wanted: float) -> Floats:
    """A radius of one containment as that of another, for Gaussian errors.

    >>> round(float(converted_radius(1.0, 0.68, 0.95)), 6)
    1.621462
    """
    return np.asarray(radius, float) * containment_factor(wanted) / containment_factor(given)


def covariance(a: float, b: float, pa: float, containment: float) -> tuple[float, float, float]:
    """Sigma east, sigma north and their correlation, of an error ellipse with semi-axes a, b and position angle pa.

    Returns
    -------
    east, north : float
        One-dimensional sigmas, in the unit of the axes.
    correlation : float

    Examples
    --------
    >>> [round(value, 6) for value in covariance(0.06, 0.04, 30.0, 0.95)]
    [0.018722, 0.022746, 0.339422]
    """
    factor = float(containment_factor(containment))
    sine, cosine = np.sin(np.radians(pa)), np.cos(np.radians(pa))
    long, short = (a / factor) ** 2, (b / factor) ** 2
    east, north = np.sqrt(long * sine**2 + short * cosine**2), np.sqrt(long * cosine**2 + short * sine**2)
    return float(east), float(north), float((long - short) * sine * cosine / (east * north))
