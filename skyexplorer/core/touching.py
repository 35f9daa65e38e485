"""Which HEALPix cells a circle touches: its own, and those neighbours whose border it may pass.

Within a face, the projection (Górski et al. 2005, ApJ 622, 759) maps a path on the sky to a path in cells that is at most
`STEEP` · nside times as long in either direction. In the equatorial zone, with u = cos² δ in [5/9, 1],
√(4/π²/u + 9/16 u) ≤ 1.0209; in the caps, with c = cos² θ/2 in [5/6, 1] and the place w ≤ 1 within the quarter,
√(3/2 (w² c + 4/π²/c)) ≤ 1.4520, reached at the pole. So a circle of less than ``1 / (STEEP · nside)`` stays within its own
cell and the cells around it, and leaves its own only over sides that are nearer, in cells, than ``STEEP · nside`` times its
radius. This holds across faces too: cells of neighbouring faces share whole sides, along which their coordinates agree.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from skyexplorer.core.cells import DEG, Ints
from skyexplorer.core.nested import _spread as spread

FINEST = 29  # order of the indices that are kept
STEEP = 1.4521
STEEP_BELT = 1.0209  # where |sin δ| ≤ 2/3
BELT = 41.81  # deg: within it is the belt
DEEPEST = 26  # finer cells than these are no coarser than the rounding of positions allows for
ROUNDING = 1e-6  # of a cell, up to that order
FARTHEST = (
    1.1  # rad over nside: no corner is so far from the centre of its cell (1.0690 is the limit of many cells)
)


@nb.njit(inline="always")
def finest_order(radius: float) -> int:
    """The finest order at which a circle (deg) touches none but its own cell and those around it; −1 where there is none."""
    across = STEEP * radius * DEG * (1.0 + 1e-6) + 1e-300
    return min(int(np.floor(np.log2((1.0 - 2.0 * ROUNDING) / across))), DEEPEST) if across < 0.99 else -1


@nb.njit(cache=True)
def cell_at(face: Any, x: Any, y: Any, order: Any) -> Any:
    """Nested index of a cell by its place in a face, by up to one face outside of it; −1 at a corner that three faces share.

    x runs to the north-east, y to the north-west, both from the southern corner.
    """
    n = np.int64(1) << order
    out = int(x < 0 or x >= n) + int(y < 0 or y >= n)
    if out == 2:
        along = (x < 0) == (y < 0)  # the northern or the southern corner
        if along == (4 <= face < 8):
            return np.int64(-1)
    for _ in range(out):
        if face < 4:
            if x >= n:
                face, x, y = (face + 1) & 3, y, 2 * n - 1 - x
            elif y >= n:
                face, x, y = (face + 3) & 3, 2 * n - 1 - y, x
            elif x < 0:
                face, x = face + 4, x + n
            else:
                face, y = 4 + ((face + 1) & 3), y + n
        elif face < 8:
            if x >= n:
                face, x = face - 4, x - n
            elif y >= n:
                face, y = (face - 4 + 3) & 3, y - n
            elif x < 0:
                face, x = 8 + ((face - 4 + 3) & 3), x + n
            else:
                face, y = face + 4, y + n
        else:
            if x >= n:
                face, x = 4 + ((face - 8 + 1) & 3), x - n
            elif y >= n:
                face, y = face - 4, y - n
            elif x < 0:
                face, x, y = 8 + ((face - 8 + 3) & 3), y, -1 - x
            else:
                face, x, y = 8 + ((face - 8 + 1) & 3), -1 - y, x
    return (np.int64(face) << np.int64(2 * order)) | np.int64(
        spread(np.uint64(x)) | (spread(np.uint64(y)) << np.uint64(1))
    )


@nb.njit(cache=True)
def touched(ra: float, dec: float, rim: float, order: int, out: Ints) -> int:
    """The cells of one order that a circle may touch, into ``out`` (9,); how many.

    ``rim``: how far from a side the circle reaches it, in cells, below 1; see `rim_of`.
    """
    n = np.int64(1) << order
    nside, last = float(n), n - 1
    turn = ra * (1.0 / 360.0)
    around = 4.0 * (turn - np.floor(turn))
    if around >= 4.0:
        around = 0.0
    z = np.sin(dec * DEG)
    high = abs(z)
    if high <= 2.0 / 3.0:
        up, side = nside * (0.5 + around), nside * (0.75 * z)
        rising, falling = up - side, up + side
        east, west = np.int64(rising) >> order, np.int64(falling) >> order
        if east == west:
            face = (east & 3) | 4
        elif east < west:
            face = east & 3
        else:
            face = (west & 3) + 8
        x, y = falling - float(west << order), nside - (rising - float(east << order))
    else:
        quarter = min(int(around), 3)
        within = around - quarter
        size = nside * np.cos(dec * DEG) * np.sqrt(3.0 / (1.0 + high))
        one, other = within * size, (1.0 - within) * size
        if z > 0:
            face, x, y = np.int64(quarter), nside - other, nside - one
        else:
            face, x, y = np.int64(quarter + 8), one, other
    x, y = min(max(x, 0.0), nside), min(max(y, 0.0), nside)
    own_x, own_y = min(np.int64(x), last), min(np.int64(y), last)
    count = 0
    for cx in range(
        max(np.int64(np.floor(x - rim)), own_x - 1), min(np.int64(np.floor(x + rim)), own_x + 1) + 1
    ):
        for cy in range(
            max(np.int64(np.floor(y - rim)), own_y - 1), min(np.int64(np.floor(y + rim)), own_y + 1) + 1
        ):
            cell = cell_at(face, cx, cy, order)
            if cell >= 0:
                out[count] = cell
                count += 1
    return count


@nb.njit(inline="always")
def rim_of(dec: float, radius: float, order: int) -> float:
    """How far a circle (deg) reaches, in cells, at most."""
    steep = STEEP_BELT if abs(dec) + radius < BELT else STEEP
    return steep * radius * DEG * float(np.int64(1) << order) * (1.0 + 1e-9) + ROUNDING


def cover(ra: float, dec: float, radius: float, order: int) -> Ints:
    """Ranges of nested indices at order 29 that hold a circle: whole cells down to an order, and few beyond it.

    Parameters
    ----------
    ra, dec, radius : float
        Degrees.
    order : int
        Of the smallest cells, 0 to 29.

    Returns
    -------
    (n, 2) int array
        First and one past the last of each, in order; neighbouring ranges are one.

    Examples
    --------
    >>> cover(45.0, 0.0, 180.0, 3).tolist() == [[0, 12 * 4**29]]
    True
    """
    from skyexplorer.core import healpix, sphere

    cells, taken = np.arange(12, dtype=np.int64), [np.empty((0, 2), np.int64)]
    for k in range(order + 1):
        far = FARTHEST / DEG / (1 << k) + 1e-9
        apart = sphere.separation(ra, dec, *healpix.centers(k, cells))
        whole = apart + far <= radius if k < order else apart <= radius + far
        done = cells[whole] << (2 * (FINEST - k))
        taken.append(np.stack([done, done + (np.int64(1) << (2 * (FINEST - k)))], axis=1))
        some = cells[~whole & (apart <= radius + far)]
        if k == order or not len(some):
            break
        cells = (4 * some[:, None] + np.arange(4)).ravel()
    return united(np.concatenate(taken))


def united(ranges: NDArray[np.int64]) -> Ints:
    """Ranges (n, 2) that do not overlap, in order, and those that meet as one."""
    ranges = ranges[np.argsort(ranges[:, 0], kind="stable")]
    begins = np.concatenate([[True], ranges[1:, 0] != ranges[:-1, 1]])[: len(ranges)]
    ends = np.concatenate([begins[1:], [True]])[: len(ranges)]
    return np.stack([ranges[begins, 0], ranges[ends, 1]], axis=1)
