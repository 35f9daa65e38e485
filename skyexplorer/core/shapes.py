"""Shapes on the sphere as rows of numbers: what compiled code asks, one or a hundred thousand at a time.

A footprint is one shape, or several with the same owner (a union). Whoever makes shapes gives what is right: sizes above 0,
centres that are finite.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skyexplorer.core.sphere import DEG

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CIRCLE, ELLIPSE, BOX, QUARTERS, POLYGON, CELLS = range(6)
EDGE = 1e-12  # deg: how far beyond its edge a shape reaches, since a position given on it is rounded (4e-9 arcsec)
SLACK = 1e-9  # deg: by which bounds are wider than what they bound
FINEST = 29

# Columns of the numbers of a shape. First those that most tests need, within two lines of the cache. Unit vector to the
# centre, and there along and across the position angle, over the semi-axis (three columns each); cosine of the radius of a
# circle that holds the shape; the largest normalised radius that is inside:
TO, ALONG, ACROSS, COS_REACH, LIMIT = 0, 3, 6, 9, 10
REACH = 11  # the radius of that circle
# Centre, sine and cosine of its declination:
RA, DEC, SIN, COS = range(12, 16)
# Of a circle or an ellipse: semi-axes, and sine and cosine of the position angle.
A, B, SIN_PA, COS_PA = range(16, 20)
# Of a box or four quarters: errors east, west, north, south; of a box, its declinations too.
EAST, WEST, NORTH, SOUTH, LOW, HIGH = range(16, 22)
COLUMNS = 22


class Shapes(NamedTuple):
    """Shapes, in the order of their owners.

    Attributes
    ----------
    kind : (n,) int array
        `CIRCLE` … `CELLS`.
    owner : (n,) int array
        Number of the footprint that a shape is of, not falling.
    numbers : (n, COLUMNS) array
    rows : (n, 2) int array
        First and last plus one row of a polygon in ``points``, of cells in ``ranges``.
    points : (m, 6) array
        A vertex and the unit normal of the great circle to the next one, of polygons.
    ranges : (k, 2) int array
        First and last plus one nested index at order 29, sorted, of sets of cells.
    """

    kind: Ints
    owner: Ints
    numbers: Floats
    rows: Ints
    points: Floats
    ranges: Ints


def _columns(ra: ArrayLike, dec: ArrayLike, reach: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Numbers, a row for each column since they are made one by one; and sine and cosine of right ascension."""
    ra, dec = np.atleast_1d(np.asarray(ra, float)), np.atleast_1d(np.asarray(dec, float))
    n = np.zeros((COLUMNS, len(ra)))
    ra = ra % 360.0
    n[RA], n[DEC] = np.where(ra < 360.0, ra, 0.0), dec
    n[SIN], n[COS] = np.sin(dec * DEG), np.cos(dec * DEG)
    n[REACH] = np.minimum(np.asarray(reach) + SLACK, 180.0)
    n[COS_REACH] = np.cos(n[REACH] * DEG) - 1e-14
    sa, ca = np.sin(n[RA] * DEG), np.cos(n[RA] * DEG)
    n[TO], n[TO + 1], n[TO + 2] = n[COS] * ca, n[COS] * sa, n[SIN]
    return n, sa, ca


def _made(kind: int, n: Floats) -> Shapes:
    count = n.shape[1]
    none = np.zeros((count, 2), np.int64)
    return Shapes(
        np.full(count, kind),
        np.arange(count, dtype=np.int64),
        np.ascontiguousarray(n.T),
        none,
        np.empty((0, 6)),
        np.empty((0, 2), np.int64),
    )


def circles(ra: ArrayLike, dec: ArrayLike, radius: ArrayLike) -> Shapes:
    """Circles of radii up to 180°; all in degrees."""
    return _round(CIRCLE, ra, dec, radius, radius, np.zeros(np.shape(ra)))


def ellipses(ra: ArrayLike, dec: ArrayLike, a: ArrayLike, b: ArrayLike, pa: ArrayLike) -> Shapes:
    """Ellipses with semi-axes along and across a position angle, up to 90°; all in degrees."""
    return _round(ELLIPSE, ra, dec, a, b, pa)


def _round(kind: int, ra: ArrayLike, dec: ArrayLike, a: ArrayLike, b: ArrayLike, pa: ArrayLike) -> Shapes:
    n, sa, ca = _columns(ra, dec, np.maximum(a, b))
    n[A], n[B] = a, b
    angle = np.asarray(pa, float) * DEG
    n[SIN_PA], n[COS_PA] = np.sin(angle), np.cos(angle)
    n[LIMIT] = 1.0 + EDGE / np.minimum(n[A], n[B])
    s, c = n[SIN_PA], n[COS_PA]
    # North is (−sin δ cos α, −sin δ sin α, cos δ), east is (−sin α, cos α, 0).
    for axis, north, east in ((0, -n[SIN] * ca, -sa), (1, -n[SIN] * sa, ca), (2, n[COS], 0.0)):
        n[ALONG + axis], n[ACROSS + axis] = (c * north + s * east) / n[A], (c * east - s * north) / n[B]
    return _made(kind, n)


def boxes(
    ra: ArrayLike, dec: ArrayLike, east: ArrayLike, west: ArrayLike, north: ArrayLike, south: ArrayLike
) -> Shapes:
    """Coordinate boxes; errors in coordinate degrees, up to 360 of right ascension."""
    return _made(BOX, _sides(ra, dec, east, west, north, south))


def _sides(
    ra: ArrayLike, dec: ArrayLike, east: ArrayLike, west: ArrayLike, north: ArrayLike, south: ArrayLike
) -> Floats:
    n, _, _ = _columns(ra, dec, 180.0)
    n[EAST], n[WEST], n[NORTH], n[SOUTH] = east, west, north, south
    n[LOW], n[HIGH] = np.maximum(n[DEC] - n[SOUTH], -90.0), np.minimum(n[DEC] + n[NORTH], 90.0)
    return n


def quarters(
    ra: ArrayLike, dec: ArrayLike, east: ArrayLike, west: ArrayLike, north: ArrayLike, south: ArrayLike
) -> Shapes:
    """Four quarters of ellipses, with the errors of `boxes`."""
    n = _sides(ra, dec, east, west, north, south)
    n[LIMIT] = 1.0 + EDGE / n[EAST : SOUTH + 1].min(axis=0)
    return _made(QUARTERS, n)


def polygons(vertices: Sequence[Floats]) -> Shapes:
    """The smaller sides of polygons of great-circle arcs.

    Parameters
    ----------
    vertices : sequence of (k, 3) arrays
        Unit vectors of three or more vertices each, none like the one before.
    """
    count = np.array([len(each) for each in vertices], np.int64)
    ends = np.cumsum(count)
    points = np.zeros((int(count.sum()), 6))
    middles = np.zeros((len(vertices), 3))
    reach = np.zeros(len(vertices))
    for i, each in enumerate(vertices):
        after = np.roll(each, -1, axis=0)
        # (b − a) × (a + b) / 2 = b × a … without the cancellation of near vertices
        normal = np.cross(each + after, after - each)
        points[ends[i] - count[i] : ends[i], :3] = each
        points[ends[i] - count[i] : ends[i], 3:] = normal / np.linalg.norm(normal, axis=1, keepdims=True)
        middle = each.sum(axis=0)
        middles[i] = middle / np.linalg.norm(middle)
        away = np.linalg.norm(each - middles[i], axis=1).max()
        reach[i] = min(2 * np.degrees(np.arcsin(min(away / 2, 1.0))), 90.0)
    x, y, z = middles.T
    n, _, _ = _columns(np.degrees(np.arctan2(y, x)) % 360, np.degrees(np.arctan2(z, np.hypot(x, y))), reach)
    n[TO : TO + 3] = middles.T
    return _made(POLYGON, n)._replace(rows=np.stack([ends - count, ends], axis=-1), points=points)


def cells(ra: ArrayLike, dec: ArrayLike, radius: ArrayLike, ranges: Sequence[Ints]) -> Shapes:
    """Sets of HEALPix cells: circles that hold them, and their ranges of nested indices at order 29."""
    count = np.array([len(each) for each in ranges], np.int64)
    ends = np.cumsum(count)
    rows = np.stack([ends - count, ends], axis=-1)
    held = np.concatenate([np.empty((0, 2), np.int64), *ranges])
    return _made(CELLS, _columns(ra, dec, radius)[0])._replace(rows=rows, ranges=held)


def joined(parts: Sequence[Shapes], owners: Sequence[ArrayLike] | None = None) -> Shapes:
    """Shapes of several kinds as one, in the order of their owners.

    Parameters
    ----------
    parts : sequence of Shapes
    owners : sequence of int or int arrays, optional
        Of each part, one for all of it or one for each of its shapes; without it a part is an owner.
    """
    if not parts:
        return _made(CIRCLE, np.empty((COLUMNS, 0)))
    given = range(len(parts)) if owners is None else owners
    owner = np.concatenate(
        [np.broadcast_to(np.asarray(o, np.int64), len(p.kind)) for o, p in zip(given, parts, strict=True)]
    )
    rows, points, cells_before = [], 0, 0
    for part in parts:
        shift = np.where(part.kind == POLYGON, points, np.where(part.kind == CELLS, cells_before, 0))
        rows.append(part.rows + shift[:, None])
        points, cells_before = points + len(part.points), cells_before + len(part.ranges)
    turn = np.argsort(owner, kind="stable")
    return Shapes(
        np.concatenate([part.kind for part in parts])[turn],
        owner[turn],
        np.concatenate([part.numbers for part in parts])[turn],
        np.concatenate(rows)[turn],
        np.concatenate([part.points for part in parts]),
        np.concatenate([part.ranges for part in parts]),
    )


def chosen(shapes: Shapes, which: NDArray) -> Shapes:
    """Some of the shapes, which keep their owners."""
    kind, owner, numbers, rows = (np.ascontiguousarray(each[which]) for each in shapes[:4])
    return Shapes(kind, owner, numbers, rows, shapes.points, shapes.ranges)
