"""Which cell of a map holds a position, for many positions: HEALPix indices and rows of a multi-order map, compiled.

The index of a position at the map's finest order is computed from sine and cosine (Górski et al. 2005, ApJ 622, 759), near the
poles from the cosine of declination, which keeps its digits there. A table, of about as many coarse cells as the map has rows,
says which rows can be meant; in most of its cells it is one, elsewhere a few steps of bisection tell.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from skyexplorer.core.cells import Floats, Ints
from skyexplorer.core.nested import nested_of
from skyexplorer.core.threads import ONE_AT_A_TIME

Rows = NDArray[np.int32]
FINEST = 29
MOST_DEPTH = 10  # of the table: 12.6 million cells of four bytes
CHUNK = 16_384


class Table(NamedTuple):
    """A map's cells, made ready to be looked up.

    Attributes
    ----------
    order : int
        The finest order of the cells.
    depth : int
        Order of the coarse cells.
    start, stop : (n,) int arrays
        First and last plus one nested index of each cell, at ``order``.
    row, last : (12 · 4**depth,) int32 arrays
        The row that holds a coarse cell whole; −1 where no row touches it. Where several do, or one in part, −3 less the
        last row that starts no later than the coarse cell (−1 for none), and the last that starts in it.
    """

    order: int
    depth: int
    start: Ints
    stop: Ints
    row: Rows
    last: Rows


@nb.njit(inline="always")
def _row_of(index: np.int64, down: int, start: Ints, stop: Ints, row: Rows, last: Rows) -> np.int64:
    """The row whose cell holds an index; −1 where none does."""
    if index < 0:
        return np.int64(-1)
    coarse = index >> down
    low = np.int64(row[coarse])
    if low >= -1:
        return low
    low, high = -3 - low, np.int64(last[coarse])
    while low < high:
        middle = (low + high + 1) >> 1
        if start[middle] <= index:
            low = middle
        else:
            high = middle - 1
    if low < 0 or index >= stop[low]:
        return np.int64(-1)
    return low


@nb.njit(parallel=True, cache=True)
def _found(
    lon: Floats, lat: Floats, order: int, down: int, start: Ints, stop: Ints, row: Rows, last: Rows, out: Ints
) -> None:
    for c in nb.prange((lon.shape[0] + CHUNK - 1) // CHUNK):
        low, high = c * CHUNK, min((c + 1) * CHUNK, lon.shape[0])
        # Indices first: the looks into memory then do not wait for sines, and many are under way at once.
        for i in range(low, high):
            out[i] = nested_of(lon[i], lat[i], order)
        for i in range(low, high):
            out[i] = _row_of(out[i], down, start, stop, row, last)


@nb.njit(parallel=True, cache=True)
def _valued(
    lon: Floats, lat: Floats, order: int, down: int, start: Ints, stop: Ints, row: Rows, last: Rows,
    values: Floats, slope: Floats, missing: float, out: Floats,
) -> None:  # fmt: skip
    for c in nb.prange((lon.shape[0] + CHUNK - 1) // CHUNK):
        low, count = c * CHUNK, min(CHUNK, lon.shape[0] - c * CHUNK)
        index, at = np.empty(count, np.int64), np.empty(count, np.int64)
        for i in range(count):
            index[i] = nested_of(lon[low + i], lat[low + i], order)
        for i in range(count):
            at[i] = _row_of(index[i], down, start, stop, row, last)
        for i in range(count):
            if index[i] < 0:
                out[low + i] = np.nan
            elif at[i] < 0:
                out[low + i] = missing
            elif slope.shape[0]:
                out[low + i] = values[at[i]] - slope[at[i]] * float(stop[at[i]] - 1 - index[i])
            else:
                out[low + i] = values[at[i]]


def table(order: Ints, ipix: Ints) -> Table:
    """Make cells ready.

    Parameters
    ----------
    order, ipix : (n,) int arrays
        Orders and nested indices of cells that do not overlap, in the order of the sky.
    """
    finest = int(order.max())
    up = 2 * (finest - order)
    start = ipix << up
    depth = int(np.clip(np.ceil(0.5 * np.log2(max(len(order) / 6, 1))), 0, min(finest, MOST_DEPTH)))
    edges = np.arange(12 * 4**depth + 1, dtype=np.int64) << (2 * (finest - depth))
    stop = start + (np.int64(1) << up)
    first = np.searchsorted(start, edges[:-1], side="right") - 1
    last = np.searchsorted(start, edges[1:], side="left") - 1
    end = np.where(first >= 0, stop[first], 0)
    row = np.where(end >= edges[1:], first, np.where((end <= edges[:-1]) & (first == last), -1, -3 - first))
    return Table(finest, depth, start, stop, row.astype(np.int32), last.astype(np.int32))


def rows(cells: Table, lon: Floats, lat: Floats) -> Ints:
    """Row of the cell that holds each position, −1 where none does or there is no position.

    Parameters
    ----------
    cells : Table
    lon, lat : (n,) float arrays
        Degrees.
    """
    lon, lat = np.ascontiguousarray(lon, np.float64), np.ascontiguousarray(lat, np.float64)
    out = np.empty(len(lon), np.int64)
    with ONE_AT_A_TIME:
        _found(lon, lat, *_of(cells), out)
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
        What is taken off for each index, at the finest order, of the same cell that comes after the position.
    """
    lon, lat = np.ascontiguousarray(lon, np.float64), np.ascontiguousarray(lat, np.float64)
    values = writable(np.ascontiguousarray(values, np.float64))
    out = np.empty(len(lon))
    slope = np.empty(0) if slope is None else slope
    with ONE_AT_A_TIME:
        _valued(lon, lat, *_of(cells), values, slope, missing, out)
    return out


def writable(values: Floats) -> Floats:
    """The same memory, for code that only reads it: an array that says it is read-only would be compiled for once more."""
    if values.flags.writeable:
        return values
    return values.copy()  # to be done without a copy


def _of(cells: Table) -> tuple[int, int, Ints, Ints, Rows, Rows]:
    return cells.order, 2 * (cells.order - cells.depth), cells.start, cells.stop, cells.row, cells.last


def warm() -> None:
    """Compile what is not compiled yet."""
    zero = np.zeros(1)
    cells = table(np.zeros(12, np.int64), np.arange(12))
    rows(cells, zero, zero)
    valued(cells, zero, zero, np.zeros(12), 0.0)
