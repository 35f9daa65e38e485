"""Which cell of a map holds a position, for many positions: HEALPix indices and rows of a multi-order map, compiled.

A table of about as many coarse cells as the map has rows, or a few times more, says which rows can be meant: in most of its
cells it is one, elsewhere a few steps of bisection tell. Positions are taken by the thousand: first all their indices, then
all their rows, then their values: each step is short enough for the processor to do several at once, and to have many looks
into memory under way.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from skyexplorer import progress
from skyexplorer.core import memory
from skyexplorer.core.cells import Floats, Ints
from skyexplorer.core.nested import nested_of
from skyexplorer.core.threads import ONE_AT_A_TIME

Rows = NDArray[np.int32]
MOST_DEPTH = 10  # of the table: 12.6 million cells of eight bytes
CHUNK = 4096  # positions at a time: what is known of them stays in the nearest cache
SLICE = 2**24  # positions between two reports


class Table(NamedTuple):
    """A map's cells, made ready to be looked up.

    Attributes
    ----------
    order : int
        That of the indices: the finest of the cells, or finer.
    depth : int
        Order of the coarse cells.
    start, stop : (n,) int arrays
        First and last plus one nested index of each cell, at ``order``.
    row, last : (12 · 4**depth,) int32 arrays
        The row that holds a coarse cell whole; −1 where no row touches it. Where several do, or one in part, −3 less the
        last row that starts no later than the coarse cell (−1 for none), and, there alone, the last that starts in it.
    """

    order: int
    depth: int
    start: Ints
    stop: Ints
    row: Rows
    last: Rows


@nb.njit(parallel=True, cache=True)
def _bounded(order: Ints, ipix: Ints, finest: int, start: Ints, stop: Ints) -> None:
    for i in nb.prange(order.shape[0]):
        up = 2 * (finest - order[i])
        start[i], stop[i] = ipix[i] << up, (ipix[i] + 1) << up


@nb.njit(parallel=True, cache=True)
def _tabled(start: Ints, stop: Ints, down: int, row: Rows, last: Rows) -> None:
    rows = start.shape[0]
    for c in nb.prange((row.shape[0] + CHUNK - 1) // CHUNK):
        low, high = c * CHUNK, min((c + 1) * CHUNK, row.shape[0])
        at = (
            np.int64(np.searchsorted(start, np.int64(low) << down)) - 1
        )  # the last row that starts before where we are
        for coarse in range(low, high):
            edge, end = np.int64(coarse) << down, np.int64(coarse + 1) << down
            if at + 1 < rows and start[at + 1] == edge:
                at += 1
            first = at
            while at + 1 < rows and start[at + 1] < end:
                at += 1
            if first >= 0 and stop[first] >= end:
                row[coarse] = first
            elif first == at and (first < 0 or stop[first] <= edge):
                row[coarse] = -1
            else:
                row[coarse], last[coarse] = -3 - first, at


@nb.njit(inline="always")
def _rows_of(
    lon: Floats, lat: Floats, order: int, down: int, start: Ints, stop: Ints, row: Rows, last: Rows,
    index: Ints, at: Ints,
) -> None:  # fmt: skip
    """Indices of some positions, −1 for what is none, and the rows that hold them, −1 where none does."""
    for i in range(lon.shape[0]):
        index[i] = nested_of(lon[i], lat[i], order)
    for i in range(lon.shape[0]):
        at[i] = row[np.uint64(max(index[i], 0) >> down)]
    for i in range(lon.shape[0]):
        if at[i] < -1:
            low, high = -3 - at[i], np.int64(last[np.uint64(index[i] >> down)])
            while low < high:
                middle = (low + high + 1) >> 1
                if start[np.uint64(middle)] <= index[i]:
                    low = middle
                else:
                    high = middle - 1
            at[i] = low if low >= 0 and index[i] < stop[np.uint64(low)] else -1
    for i in range(lon.shape[0]):
        if index[i] < 0:
            at[i] = -1


@nb.njit(parallel=True, cache=True)
def _found(
    lon: Floats, lat: Floats, order: int, down: int, start: Ints, stop: Ints, row: Rows, last: Rows, out: Ints
) -> None:
    for c in nb.prange((lon.shape[0] + CHUNK - 1) // CHUNK):
        low, high = c * CHUNK, min((c + 1) * CHUNK, lon.shape[0])
        index = np.empty(high - low, np.int64)
        _rows_of(lon[low:high], lat[low:high], order, down, start, stop, row, last, index, out[low:high])


@nb.njit(parallel=True, cache=True)
def _valued(
    lon: Floats, lat: Floats, order: int, down: int, start: Ints, stop: Ints, row: Rows, last: Rows,
    values: Floats, slope: Floats, missing: float, out: Floats,
) -> None:  # fmt: skip
    for c in nb.prange((lon.shape[0] + CHUNK - 1) // CHUNK):
        low, high = c * CHUNK, min((c + 1) * CHUNK, lon.shape[0])
        index, at = np.empty(high - low, np.int64), np.empty(high - low, np.int64)
        _rows_of(lon[low:high], lat[low:high], order, down, start, stop, row, last, index, at)
        here = out[low:high]
        for i in range(high - low):
            value = values[np.uint64(max(at[i], 0))]
            here[i] = value if at[i] >= 0 else missing if index[i] >= 0 else np.nan
        if slope.shape[0]:
            for i in range(high - low):
                k = np.uint64(max(at[i], 0))
                after = slope[k] * float(stop[k] - 1 - index[i])
                here[i] = here[i] - after if at[i] >= 0 else here[i]


@nb.njit(parallel=True, cache=True)
def _in_volume(
    lon: Floats, lat: Floats, order: int, down: int, start: Ints, stop: Ints, row: Rows, last: Rows,
    line: Floats, r: Floats, out: Floats,
) -> None:  # fmt: skip
    each = r.shape[0] == lon.shape[0]
    for c in nb.prange((lon.shape[0] + CHUNK - 1) // CHUNK):
        low, high = c * CHUNK, min((c + 1) * CHUNK, lon.shape[0])
        index, at = np.empty(high - low, np.int64), np.empty(high - low, np.int64)
        _rows_of(lon[low:high], lat[low:high], order, down, start, stop, row, last, index, at)
        for i in range(high - low):
            far, k = r[low + i] if each else r[0], at[i]
            if index[i] < 0 or np.isnan(far):
                out[low + i] = np.nan
            elif k < 0 or far < 0.0 or line[k, 2] == 0.0:
                out[low + i] = 0.0
            else:
                off = (far - line[k, 0]) * line[k, 1]
                out[low + i] = line[k, 2] * np.exp(-0.5 * off * off)


def table(order: Ints, ipix: Ints, finest: int | None = None) -> Table:
    """Make cells ready.

    Parameters
    ----------
    order, ipix : (n,) int arrays
        Orders and nested indices of cells that do not overlap, in the order of the sky.
    finest : int, optional
        Order of the indices, where it is to be finer than the finest cell.

    Examples
    --------
    >>> import numpy as np
    >>> cells = table(np.array([0, 1, 1]), np.array([3, 16, 17]))  # one base cell, and half of another
    >>> rows(cells, np.array([315.0, 0.0, 45.0]), np.array([40.0, -30.0, 80.0])).tolist()
    [0, 1, -1]
    """
    finest = max(int(order.max()), finest or 0)
    start, stop = np.empty(len(order), np.int64), np.empty(len(order), np.int64)
    depth = int(np.clip(np.ceil(0.5 * np.log2(max(len(order) / 6, 1))), 0, min(finest, MOST_DEPTH)))
    row, last = np.empty(12 * 4**depth, np.int32), np.empty(12 * 4**depth, np.int32)
    with ONE_AT_A_TIME:
        _bounded(_whole(order), _whole(ipix), finest, start, stop)
        _tabled(start, stop, 2 * (finest - depth), row, last)
    return Table(finest, depth, start, stop, row, last)


def rows(cells: Table, lon: Floats, lat: Floats) -> Ints:
    """Row of the cell that holds each position, −1 where none does or there is no position.

    Parameters
    ----------
    cells : Table
    lon, lat : (n,) float arrays
        Degrees.
    """
    lon, lat = _plain(lon), _plain(lat)
    out = np.empty(len(lon), np.int64)
    for here in _slices(len(lon)):
        with ONE_AT_A_TIME:
            _found(lon[here], lat[here], *_of(cells), out[here])
    return out


def valued(
    cells: Table, lon: Floats, lat: Floats, values: Floats, missing: float, slope: Floats | None = None
) -> Floats:
    """The value of the cell that holds each position.

    Parameters
    ----------
    cells : Table
    lon, lat : (n,) float arrays
        Degrees.
    values : (rows,) array
    missing : float
        Where there is no cell. Where there is no position, NaN.
    slope : (rows,) array, optional
        What is taken off for each index, at the order of the table, of the same cell that comes after the position.
    """
    lon, lat, values = _plain(lon), _plain(lat), _plain(values)
    slope = np.empty(0) if slope is None else _plain(slope)
    out = np.empty(len(lon))
    for here in _slices(len(lon)):
        with ONE_AT_A_TIME:
            _valued(lon[here], lat[here], *_of(cells), values, slope, float(missing), out[here])
    return out


def in_volume(cells: Table, lon: Floats, lat: Floats, line: Floats, r: Floats) -> Floats:
    """Density per volume: that of the cell times a Gaussian in distance.

    Parameters
    ----------
    cells : Table
    lon, lat : (n,) float arrays
        Degrees.
    line : (rows, 3) array
        As `core.distance.in_volume` makes it.
    r : (n,) or (1,) array
        Distances, or one for all, in the unit of μ.

    Returns
    -------
    (n,) array
        NaN where position or distance is NaN, 0 where there is no cell and for a negative distance.
    """
    lon, lat, r = _plain(lon), _plain(lat), _plain(r)
    line = _plain(line)
    out = np.empty(len(lon))
    for here in _slices(len(lon)):
        with ONE_AT_A_TIME:
            _in_volume(lon[here], lat[here], *_of(cells), line, r if len(r) == 1 else r[here], out[here])
    return out


def _plain(values: Floats) -> Floats:
    """As the compiled code takes it: for an array that says it is read-only it would be compiled once more."""
    values = np.ascontiguousarray(values, np.float64)
    return values if values.flags.writeable else values.copy()


def _whole(values: Ints) -> Ints:
    """As `_plain`, of whole numbers."""
    values = np.ascontiguousarray(values, np.int64)
    return values if values.flags.writeable else values.copy()


def _slices(count: int) -> Iterator[slice]:
    """The parts of many positions, with reports between them; of one part, which is done in no time, nothing is said."""
    if count <= SLICE:
        yield slice(0, count)
        return
    memory.ask(
        8.0 * count, f"The answer for {count} positions", "Ask in parts, or raise SKYEXPLORER_MEMORY_LIMIT."
    )
    for low in range(0, count, SLICE):
        yield slice(low, min(low + SLICE, count))
        progress.current().report(min(low + SLICE, count), count, "positions looked up in the map")


def _of(cells: Table) -> tuple[int, int, Ints, Ints, Rows, Rows]:
    return cells.order, 2 * (cells.order - cells.depth), cells.start, cells.stop, cells.row, cells.last


def warm() -> None:
    """Compile what is not compiled yet."""
    zero = np.zeros(1)
    cells = table(np.zeros(12, np.int64), np.arange(12))
    rows(cells, zero, zero)
    valued(cells, zero, zero, np.zeros(12), 0.0)
    in_volume(cells, zero, zero, np.zeros((12, 3)), zero)
