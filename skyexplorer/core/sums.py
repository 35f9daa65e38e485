"""How much of a map lies inside each of many footprints: cells that an edge cuts are divided until that matters no more.

From the base cells of HEALPix down, a cell that a footprint holds whole gives all it has, by the running sum along the map;
one that the edge cuts is divided. What is left of those counts by its centre, and the error of that is told by their number.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from skyexplorer import progress
from skyexplorer.core import healpix, memory
from skyexplorer.core import shapes as forms
from skyexplorer.core.cells import DEG, Floats, Ints
from skyexplorer.core.cover import CORNER, CUT, OUT, WHOLE, share
from skyexplorer.core.membership import holds
from skyexplorer.core.shapes import BOX, CELLS, FINEST, Shapes
from skyexplorer.core.threads import ONE_AT_A_TIME

SPREAD = (
    0.3  # of what a cut cell has inside, when only its centre is asked: standard deviation over what it holds
)
ALIGNED = (
    0.07  # the same of all that the sides of boxes cut: along a parallel the centres of cells lie in rows
)
PIECE = 512  # footprints between two reports
MOST_CUT = 400_000  # cells of one footprint that are divided at once
DOWN = np.array([2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4])  # of the base cells, as Górski et al. 2005 place them
EASTWARD = np.array([1, 3, 5, 7, 0, 2, 4, 6, 1, 3, 5, 7])


@nb.njit(inline="always")
def _gathered(v: np.uint64) -> np.int64:
    """Every second bit of a number."""
    v &= np.uint64(0x5555555555555555)
    v = (v | (v >> np.uint64(1))) & np.uint64(0x3333333333333333)
    v = (v | (v >> np.uint64(2))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    v = (v | (v >> np.uint64(4))) & np.uint64(0x00FF00FF00FF00FF)
    v = (v | (v >> np.uint64(8))) & np.uint64(0x0000FFFF0000FFFF)
    return np.int64((v | (v >> np.uint64(16))) & np.uint64(0x00000000FFFFFFFF))


@nb.njit(cache=True)
def center(order: int, index: int) -> tuple[float, float]:
    """Longitude and latitude (deg) of the centre of a nested cell (Górski et al. 2005, ApJ 622, 759)."""
    side = np.int64(1) << order
    face = index >> (2 * order)
    inside = np.uint64(index & ((np.int64(1) << (2 * order)) - 1))
    x, y = _gathered(inside), _gathered(inside >> np.uint64(1))
    ring = DOWN[face] * side - x - y - 1
    if ring < side or ring > 3 * side:
        near = ring if ring < side else 4 * side - ring
        high = float(near) * near / (3.0 * side * side)
        lat = 90.0 - np.arctan2(np.sqrt(high * (2.0 - high)), 1.0 - high) / DEG
        lat = lat if ring < side else -lat
    else:
        near = side
        lat = np.arcsin((2.0 * side - ring) * 2.0 / (3.0 * side)) / DEG
    along = EASTWARD[face] * near + x - y
    if along < 0:
        along += 8 * near
    return 45.0 * along / near, lat


@nb.njit(inline="always")
def _upto(index: int, start: Ints, stop: Ints, running: Floats, each: Floats) -> float:
    """Probability of all that comes before an index at order 29."""
    low, high = np.int64(0), np.int64(start.shape[0])
    while low < high:
        middle = (low + high) >> 1
        if start[middle] < index:
            low = middle + 1
        else:
            high = middle
    if low == 0:
        return 0.0
    k = low - 1
    return running[k] + float(min(index, stop[k]) - start[k]) * each[k]


@nb.njit(cache=True)
def held(low: int, high: int, start: Ints, stop: Ints, running: Floats, each: Floats) -> float:
    """Probability between two indices at order 29."""
    first, last = np.int64(0), np.int64(start.shape[0])
    while first < last:
        middle = (first + last) >> 1
        if stop[middle] <= low:
            first = middle + 1
        else:
            last = middle
    if first == start.shape[0] or start[first] >= high:
        return 0.0
    if start[first] <= low and stop[first] >= high:
        return (
            float(high - low) * each[first]
        )  # within one cell of the map there is no difference of large sums
    return _upto(high, start, stop, running, each) - _upto(low, start, stop, running, each)


@nb.njit(cache=True)
def _of_ranges(ranges: Ints, low: int, high: int, first: int, last: int) -> int:
    """What sorted ranges have of the indices from ``first`` to before ``last``."""
    end = high
    while low < high:
        middle = (low + high) >> 1
        if ranges[middle, 1] <= first:
            low = middle + 1
        else:
            high = middle
    if low >= end or ranges[low, 0] >= last or ranges[low, 1] <= first:
        return OUT
    return WHOLE if ranges[low, 0] <= first and ranges[low, 1] >= last else CUT


@nb.njit(parallel=True, cache=True)
def _summed(
    begin: Ints, kind: Ints, numbers: Floats, rows: Ints, points: Floats, ranges: Ints,
    start: Ints, stop: Ints, running: Floats, each: Floats, accuracy: float, out: Floats, error: Floats,
) -> None:  # fmt: skip
    for o in nb.prange(out.shape[0]):
        if begin[o] == begin[o + 1]:
            continue
        cells, count = np.arange(12), 12
        total, boxed = 0.0, False
        for s in range(begin[o], begin[o + 1]):
            boxed = boxed or kind[s] == BOX
        for order in range(FINEST + 1):
            down = 2 * (FINEST - order)
            rho = min(CORNER / float(np.int64(1) << order) / DEG * (1 + 1e-9), 180.0)
            cut, many, doubt, inside, rows_of = np.empty(count, np.int64), 0, 0.0, 0.0, 0.0
            for c in range(count):
                first, last = cells[c] << down, (cells[c] + 1) << down
                has = held(first, last, start, stop, running, each)
                if has <= 0.0:
                    continue
                x, y = center(order, cells[c])
                half = 180.0
                if abs(y) + rho < 90.0 - 1e-9:
                    half = np.arcsin(min(np.sin(rho * DEG) / np.cos(y * DEG), 1.0)) / DEG * (1 + 1e-9)
                found, within = OUT, False
                for s in range(begin[o], begin[o + 1]):
                    if kind[s] == CELLS:
                        part = _of_ranges(ranges, rows[s, 0], rows[s, 1], first, last)
                    else:
                        part = share(
                            kind,
                            numbers,
                            rows,
                            points,
                            s,
                            x,
                            y,
                            rho,
                            half,
                            max(y - rho, -90.0),
                            min(y + rho, 90.0),
                        )
                    if part == WHOLE:
                        found = WHOLE
                        break
                    if part == CUT:
                        found = CUT
                        within = within or holds(kind, numbers, rows, points, ranges, s, x, y)
                if found == WHOLE:
                    total += has
                elif found == CUT:
                    cut[many] = cells[c]
                    many += 1
                    doubt += has * has
                    rows_of += has if boxed else 0.0
                    inside += has if within else 0.0
            error[o] = np.hypot(SPREAD * np.sqrt(doubt), ALIGNED * rows_of)
            if many == 0 or error[o] <= accuracy * (total + inside) or order == FINEST or 4 * many > MOST_CUT:
                total += inside
                break
            cells, count = np.empty(4 * many, np.int64), 4 * many
            for c in range(many):
                for part in range(4):
                    cells[4 * c + part] = 4 * cut[c] + part
        out[o] = total


def sums(
    shapes: Shapes, owners: int, start: Ints, order: Ints, density: Floats, accuracy: float
) -> tuple[Floats, Floats]:
    """Sums of a map inside footprints.

    Parameters
    ----------
    shapes : Shapes
        In the order of their owners.
    owners : int
        Number of footprints.
    start, order : (n,) int arrays
        First index at order 29, and order, of the map's cells, in the order of the sky.
    density : (n,) array
        Per steradian.
    accuracy : float
        Standard error that is aimed at, relative to the sum.

    Returns
    -------
    sum, error : (owners,) arrays
        The error is one standard deviation, as told by the number of cells that the edge cuts.
    """
    start = np.ascontiguousarray(start, np.int64)
    stop = start + (np.int64(1) << (2 * (FINEST - np.asarray(order, np.int64))))
    each = np.asarray(density, float) * float(healpix.cell_area(FINEST))
    running = np.concatenate([[0.0], np.cumsum(each * (stop - start).astype(float))])[:-1]
    begin = np.searchsorted(shapes.owner, np.arange(owners + 1))
    memory.ask(48.0 * MOST_CUT + 40.0 * len(start), "A sum over a map", "Free some memory.")
    out, error = np.zeros(owners), np.zeros(owners)
    start = start if start.flags.writeable else start.copy()
    watched = progress.current()
    args = (shapes.kind, *shapes[2:], start, stop, running, each, accuracy)
    with ONE_AT_A_TIME:
        for low in range(0, owners, PIECE):
            watched.report(low, owners, "summing a map in footprints")
            some = slice(low, low + PIECE)
            _summed(begin[low : low + PIECE + 1], *args, out[some], error[some])
    watched.report(owners, owners)
    return out, error


def warm() -> None:
    """Compile what is not compiled yet."""
    base = np.arange(12, dtype=np.int64) << (2 * FINEST)
    sums(forms.circles([0.0], [0.0], [9.0]), 1, base, np.zeros(12, np.int64), np.full(12, 0.08), 0.1)
