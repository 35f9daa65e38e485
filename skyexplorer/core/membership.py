"""Whether a shape holds a position, and how far from its centre that lies: the one place for these formulas, compiled.

`SkyRegion` asks here too, by way of `enclosing`, which has the same for a few positions without a compiler. Distances are
those of Vincenty's formula with the difference of declinations taken first; the winding of a polygon counts signed crossings
of a half-circle from the position north, which needs no trigonometry of its vertices.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np
from numpy.typing import NDArray

from skyexplorer.core import shapes as forms
from skyexplorer.core.cells import DEG, Floats, Ints
from skyexplorer.core.nested import nested_of
from skyexplorer.core.shapes import (
    ACROSS,
    ALONG,
    BOX,
    CELLS,
    COS,
    COS_PA,
    COS_REACH,
    DEC,
    EAST,
    EDGE,
    ELLIPSE,
    FINEST,
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
from skyexplorer.core.threads import ONE_AT_A_TIME

_EDGE = EDGE * DEG


# Taylor's coefficients of sine and cosine.
S = tuple((-1.0) ** k / math.factorial(2 * k + 1) for k in range(8))
L = tuple(math.comb(2 * k, k) / 4**k / (2 * k + 1) for k in range(7))  # of the arcsine
C = tuple((-1.0) ** k / math.factorial(2 * k) for k in range(9))


@nb.njit(inline="always")
def wrapped(degrees: float) -> float:
    """A difference of right ascensions brought to [-180, 180]."""
    return degrees - 360.0 * np.rint(degrees * (1.0 / 360.0))


@nb.njit(inline="always")
def turned(degrees: float) -> tuple[float, float]:
    """Sine and cosine, right to 2e-16, and quickly: of at most 45 degrees Taylor's series are short."""
    quarter = np.rint(degrees * (1.0 / 90.0))
    t = (degrees - 90.0 * quarter) * DEG
    q = t * t
    s = q * (S[5] + q * (S[6] + q * S[7]))
    s = t + t * q * (S[1] + q * (S[2] + q * (S[3] + q * (S[4] + s))))
    c = q * (C[5] + q * (C[6] + q * (C[7] + q * C[8])))
    c = 1.0 - 0.5 * q + q * q * (C[2] + q * (C[3] + q * (C[4] + c)))
    n = np.int64(quarter)
    sine, cosine = (c, s) if n & 1 else (s, c)
    return -sine if n & 2 else sine, -cosine if (n + 1) & 2 else cosine


@nb.njit(inline="always")
def seen(numbers: Floats, s: int, x: float, y: float) -> tuple[float, float, float]:
    """A position as seen from a centre: east and north of it on the tangent plane, and along the line of sight."""
    d = wrapped(x - numbers[s, RA])
    sd, cd = turned(d)
    half, _ = turned(0.5 * d)
    s2, c2 = turned(y)
    up, _ = turned(y - numbers[s, DEC])
    s1, c1 = numbers[s, SIN], numbers[s, COS]
    # cos δ₁ sin δ₂ − sin δ₁ cos δ₂ cos Δα without the cancellation of near declinations
    return c2 * sd, up + 2.0 * s1 * c2 * half * half, s1 * s2 + c1 * c2 * cd


@nb.njit(inline="always")
def around(delta: float, east: float, west: float) -> float:
    """A difference of right ascension in units of the error on its side, the nearer way round."""
    to_east = delta if delta >= 0.0 else delta + 360.0
    to_west = -delta if delta <= 0.0 else 360.0 - delta
    return min(to_east / east, to_west / west)


@nb.njit(inline="always")
def round_radius(kind: int, numbers: Floats, s: int, east: float, north: float, z: float) -> float:
    """Normalised radius in a circle or an ellipse, of a position as it is `seen`."""
    h = np.hypot(east, north)
    r = np.arctan2(h, z) / DEG
    if kind != ELLIPSE or h == 0.0:
        return r / numbers[s, A]
    along = (north * numbers[s, COS_PA] + east * numbers[s, SIN_PA]) / h
    across = (east * numbers[s, COS_PA] - north * numbers[s, SIN_PA]) / h
    return r * np.hypot(along / numbers[s, A], across / numbers[s, B])


@nb.njit(inline="always")
def box_radius(kind: int, numbers: Floats, s: int, x: float, y: float) -> float:
    """Normalised radius in a box or in four quarters."""
    across = around(wrapped(x - numbers[s, RA]), numbers[s, EAST], numbers[s, WEST])
    up = y - numbers[s, DEC]
    along = up / numbers[s, NORTH] if up >= 0.0 else -up / numbers[s, SOUTH]
    if kind == BOX and across + along == across + along:  # the larger of NaN and a number may be the number
        return max(across, along)
    return np.hypot(across, along)


@nb.njit(inline="always")
def in_box(numbers: Floats, s: int, x: float, y: float) -> bool:
    """Whether a box holds a position."""
    if x != x or not (numbers[s, LOW] - EDGE <= y <= numbers[s, HIGH] + EDGE):
        return False
    delta, east, west = wrapped(x - numbers[s, RA]), numbers[s, EAST] + EDGE, numbers[s, WEST] + EDGE
    # A box over 180 deg to one side goes past where the difference wraps.
    return -west <= delta <= east or delta + 360.0 <= east or delta - 360.0 >= -west or east + west >= 360.0


@nb.njit(inline="always")
def in_cells(ranges: Ints, low: int, high: int, index: int) -> bool:
    """Whether sorted ranges, from row ``low`` to before ``high``, hold an index."""
    while low < high:
        middle = (low + high) >> 1
        if ranges[middle, 1] <= index:
            low = middle + 1
        elif ranges[middle, 0] > index:
            high = middle
        else:
            return True
    return False


@nb.njit(cache=True)
def in_polygon(numbers: Floats, s: int, points: Floats, low: int, high: int, x: float, y: float) -> bool:
    """Whether the vertices wind around a position, or it lies on an arc; on the far half of the sky nothing is inside."""
    sa, ca = turned(x)
    sd, cd = turned(y)
    px, py, pz = cd * ca, cd * sa, sd
    if not px * numbers[s, TO] + py * numbers[s, TO + 1] + pz * numbers[s, TO + 2] > 0.0:
        return False
    winding = 0
    last = high - 1
    before = (
        -sa * points[last, 0] + ca * points[last, 1]
    )  # how far east of the position the vertex before lies
    for k in range(low, high):
        vx, vy, vz = points[k, 0], points[k, 1], points[k, 2]
        east = ca * vy - sa * vx
        nx, ny, nz = points[last, 3], points[last, 4], points[last, 5]
        ux, uy, uz = points[last, 0], points[last, 1], points[last, 2]
        dx, dy, dz = px - ux, py - uy, pz - uz
        off = dx * nx + dy * ny + dz * nz
        if abs(off) <= _EDGE:
            # Between the two ends: past the first, and not past the second.
            past = px * (ny * uz - nz * uy) + py * (nz * ux - nx * uz) + pz * (nx * uy - ny * ux)
            left = px * (vy * nz - vz * ny) + py * (vz * nx - vx * nz) + pz * (vx * ny - vy * nx)
            if past >= -_EDGE and left >= -_EDGE:
                return True
        if before <= 0.0 < east:
            winding += off > 0.0
        elif east <= 0.0 < before:
            winding -= off < 0.0
        before, last = east, k
    return winding != 0


@nb.njit(cache=True)
def holds(
    kind: Ints, numbers: Floats, rows: Ints, points: Floats, ranges: Ints, s: int, x: float, y: float
) -> bool:
    """Whether a shape holds a position (deg); the edge belongs to it."""
    k = kind[s]
    if k == BOX:
        return in_box(numbers, s, x, y)
    if k == QUARTERS:
        return box_radius(k, numbers, s, x, y) <= numbers[s, LIMIT]
    if k == POLYGON:
        return in_polygon(numbers, s, points, rows[s, 0], rows[s, 1], x, y)
    if k == CELLS:
        return in_cells(ranges, rows[s, 0], rows[s, 1], nested_of(x, y, FINEST))
    east, north, z = seen(numbers, s, x, y)
    return round_radius(k, numbers, s, east, north, z) <= numbers[s, LIMIT]


@nb.njit(inline="always")
def told(numbers: Floats, s: int, px: float, py: float, pz: float) -> int:
    """Whether a circle or an ellipse holds a direction: 1 or 0, or −1 where so near the edge that `holds` must say."""
    z = px * numbers[s, TO] + py * numbers[s, TO + 1] + pz * numbers[s, TO + 2]
    if z < numbers[s, COS_REACH]:
        return 0
    u = px * numbers[s, ALONG] + py * numbers[s, ALONG + 1] + pz * numbers[s, ALONG + 2]
    v = px * numbers[s, ACROSS] + py * numbers[s, ACROSS + 1] + pz * numbers[s, ACROSS + 2]
    if z > 0.995:
        # The arcsine over its argument: of the next term 2e-16 is left.
        h2 = (1.0 - z) * (1.0 + z)
        long = 1 + h2 * (L[1] + h2 * (L[2] + h2 * (L[3] + h2 * (L[4] + h2 * (L[5] + h2 * L[6])))))
    else:
        h2 = (u * numbers[s, A]) ** 2 + (v * numbers[s, B]) ** 2
        if h2 < 1e-12:
            return -1
        h = np.sqrt(h2)
        long = np.arctan2(h, z) / h
    q2 = (u * u + v * v) * (long / DEG) ** 2
    limit = numbers[s, LIMIT]
    doubt = (limit - 1.0) * 0.5 + 1e-12 * limit  # half of EDGE, over the smaller axis
    if q2 < (limit - doubt) * (limit - doubt):
        return 1
    return 0 if q2 > (limit + doubt) * (limit + doubt) else -1


@nb.njit(parallel=True, cache=True)
def _inside(
    kind: Ints, numbers: Floats, rows: Ints, points: Floats, ranges: Ints, x: Floats, y: Floats,
    out: NDArray[np.bool_],
) -> None:  # fmt: skip
    for i in nb.prange(x.shape[0]):
        for s in range(kind.shape[0]):
            if holds(kind, numbers, rows, points, ranges, s, x[i], y[i]):
                out[i] = True
                break


@nb.njit(parallel=True, cache=True)
def _radii(kind: Ints, numbers: Floats, x: Floats, y: Floats, out: Floats) -> None:
    for i in nb.prange(x.shape[0]):
        if kind[0] <= ELLIPSE:
            east, north, z = seen(numbers, 0, x[i], y[i])
            out[i] = round_radius(kind[0], numbers, 0, east, north, z)
        else:
            out[i] = box_radius(kind[0], numbers, 0, x[i], y[i])


def inside(shapes: Shapes, ra: Floats, dec: Floats) -> NDArray[np.bool_]:
    """Whether any of some shapes holds each position; one that is NaN lies in none.

    Parameters
    ----------
    shapes : Shapes
    ra, dec : arrays of one shape
        Degrees.

    Examples
    --------
    >>> import numpy as np
    >>> from skyexplorer.core import membership, shapes
    >>> circle = shapes.circles([359.5], [89.0], [1.0])
    >>> membership.inside(circle, np.array([179.5, 179.5]), np.array([90.0, 89.9])).tolist()
    [True, False]
    """
    x, y = (np.ascontiguousarray(each, np.float64).ravel() for each in np.broadcast_arrays(ra, dec))
    out = np.zeros(len(x), bool)
    with ONE_AT_A_TIME:
        _inside(shapes.kind, *shapes[2:], _own(x), _own(y), out)
    return out.reshape(np.shape(ra))


def radii(shapes: Shapes, ra: Floats, dec: Floats) -> Floats:
    """Normalised radius of positions in the first of some shapes, which is a circle, an ellipse, a box or four quarters."""
    x, y = (np.ascontiguousarray(each, np.float64).ravel() for each in np.broadcast_arrays(ra, dec))
    out = np.empty(len(x))
    with ONE_AT_A_TIME:
        _radii(shapes.kind, shapes.numbers, _own(x), _own(y), out)
    return out.reshape(np.shape(ra))


def _own(values: Floats) -> Floats:
    """Writable: an array that says it is read-only would be compiled for once more."""
    return values if values.flags.writeable else values.copy()


def warm() -> None:
    """Compile what is not compiled yet."""
    zero = np.zeros(1)
    inside(forms.circles(zero, zero, zero + 1), zero, zero)
    radii(forms.circles(zero, zero, zero + 1), zero, zero)
