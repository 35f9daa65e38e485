"""Whether shapes hold positions, a few by numpy and many by compiled code: a click must not wait for a compiler.

The formulas are those of `membership`, which has the loops; nearer to the edge than rounding goes, either side may be told.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skyexplorer.core import shapes as forms
from skyexplorer.core.shapes import (
    BOX,
    CELLS,
    CIRCLE,
    COS,
    COS_PA,
    DEC,
    EAST,
    EDGE,
    ELLIPSE,
    HIGH,
    LIMIT,
    LOW,
    NORTH,
    POLYGON,
    QUARTERS,
    RA,
    SIN,
    SIN_PA,
    SOUTH,
    TO,
    WEST,
    A,
    B,
    Shapes,
)
from skyexplorer.core.sphere import DEG

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

ASKED = 20_000  # positions times shapes that are asked here
SHAPES = 200  # one after another
VERTICES = 500_000  # of polygons, times positions
ONE_BY_ONE = 8  # shapes that compiled code asks in turn; more are put into cells


def inside(shapes: Shapes, ra: Floats, dec: Floats) -> Bools:
    """Whether any of some shapes holds each position; one that is NaN lies in none.

    Parameters
    ----------
    shapes : Shapes
        Of one owner.
    ra, dec : arrays of one shape
        Degrees.

    Examples
    --------
    >>> import numpy as np
    >>> from skyexplorer.core import enclosing, shapes
    >>> circle = shapes.circles([359.5], [89.0], [1.0])
    >>> enclosing.inside(circle, np.array([179.5, 179.5]), np.array([90.0, 89.9])).tolist()
    [True, False]
    """
    x, y = (np.asarray(each, np.float64) for each in np.broadcast_arrays(ra, dec))
    count = len(shapes.kind)
    if x.size * count <= ASKED and count <= SHAPES and x.size * len(shapes.points) <= VERTICES:
        found = np.zeros(x.size, bool)
        good = np.flatnonzero(np.isfinite(x.ravel()) & np.isfinite(y.ravel()))
        for s in range(count):
            left = good[~found[good]]
            found[left] = _holds(shapes, s, x.ravel()[left], y.ravel()[left])
        return found.reshape(x.shape)
    from skyexplorer.core import footprints, membership

    if count <= ONE_BY_ONE:
        return membership.inside(shapes, x, y)
    found = np.zeros(x.size, bool)
    wrapped = x.ravel() % 360.0
    found[footprints.pairs(shapes, 1, np.where(wrapped < 360.0, wrapped, 0.0), y.ravel()).right] = True
    return found.reshape(x.shape)


def radii(shapes: Shapes, ra: Floats, dec: Floats) -> Floats:
    """Normalised radius of positions in the first of some shapes, which is a circle, an ellipse, a box or four quarters."""
    x, y = (np.asarray(each, np.float64) for each in np.broadcast_arrays(ra, dec))
    if x.size <= ASKED:
        return _radii(int(shapes.kind[0]), shapes.numbers[0], x, y)
    from skyexplorer.core import membership

    return membership.radii(shapes, x, y)


def _wrapped(degrees: Floats) -> Floats:
    return degrees - 360.0 * np.rint(degrees * (1.0 / 360.0))


def _holds(shapes: Shapes, s: int, x: Floats, y: Floats) -> Bools:
    kind, n = int(shapes.kind[s]), shapes.numbers[s]
    if kind == BOX:
        delta, east, west = _wrapped(x - n[RA]), n[EAST] + EDGE, n[WEST] + EDGE
        # A box over 180 deg to one side goes past where the difference wraps.
        across = ((-west <= delta) & (delta <= east)) | (delta + 360.0 <= east) | (delta - 360.0 >= -west)
        return (across | (east + west >= 360.0)) & (n[LOW] - EDGE <= y) & (y <= n[HIGH] + EDGE)
    if kind == POLYGON:
        return _in_polygon(n, shapes.points[slice(*shapes.rows[s])], x, y)
    if kind == CELLS:
        from skyexplorer.core import healpix

        ranges = shapes.ranges[slice(*shapes.rows[s])]
        if not len(ranges):
            return np.zeros(x.shape, bool)
        index = healpix.nested(x, y, forms.FINEST)
        at = np.maximum(np.searchsorted(ranges[:, 0], index, side="right") - 1, 0)
        return (ranges[at, 0] <= index) & (index < ranges[at, 1])
    return _radii(kind, n, x, y) <= n[LIMIT]


def _radii(kind: int, n: Floats, x: Floats, y: Floats) -> Floats:
    delta, up = _wrapped(x - n[RA]), y - n[DEC]
    if kind in (CIRCLE, ELLIPSE):
        d, c2 = delta * DEG, np.cos(y * DEG)
        # cos δ₁ sin δ₂ − sin δ₁ cos δ₂ cos Δα without the cancellation of near declinations
        east = c2 * np.sin(d)
        north = np.sin(up * DEG) + 2.0 * n[SIN] * c2 * np.sin(0.5 * d) ** 2
        h = np.hypot(east, north)
        r = np.arctan2(h, n[SIN] * np.sin(y * DEG) + n[COS] * c2 * np.cos(d)) / DEG
        if kind == CIRCLE:
            return r / n[A]
        with np.errstate(invalid="ignore"):
            along = (north * n[COS_PA] + east * n[SIN_PA]) / h
            across = (east * n[COS_PA] - north * n[SIN_PA]) / h
        return np.where(h == 0.0, r / n[A], r * np.hypot(along / n[A], across / n[B]))
    assert kind in (BOX, QUARTERS)
    # The nearer way round, in units of the error on its side.
    to_east, to_west = (
        np.where(delta >= 0.0, delta, delta + 360.0),
        np.where(delta <= 0.0, -delta, 360.0 - delta),
    )
    turn = np.minimum(to_east / n[EAST], to_west / n[WEST])
    rise = np.where(up >= 0.0, up / n[NORTH], -up / n[SOUTH])
    return np.maximum(turn, rise) if kind == BOX else np.hypot(turn, rise)


def _in_polygon(n: Floats, points: Floats, x: Floats, y: Floats) -> Bools:
    """By signed crossings of the half-circle from each position north, as `membership.in_polygon` counts them."""
    sa, ca, sd, cd = np.sin(x * DEG), np.cos(x * DEG), np.sin(y * DEG), np.cos(y * DEG)
    p = np.stack([cd * ca, cd * sa, sd])
    winding, on_arc, edge = np.zeros(x.shape, np.int64), np.zeros(x.shape, bool), EDGE * DEG
    for last, vertex in zip(np.roll(points, 1, axis=0), points, strict=True):
        before, east = ca * last[1] - sa * last[0], ca * vertex[1] - sa * vertex[0]
        u, v, normal = last[:3], vertex[:3], last[3:]
        off = np.tensordot(normal, p - u[:, None], 1)
        past, left = np.cross(normal, u) @ p, np.cross(v, normal) @ p
        on_arc |= (np.abs(off) <= edge) & (past >= -edge) & (left >= -edge)
        winding += (before <= 0.0) & (east > 0.0) & (off > 0.0)
        winding -= (east <= 0.0) & (before > 0.0) & (off < 0.0)
    return (n[TO : TO + 3] @ p > 0.0) & (on_arc | (winding != 0))
