"""Positions in the order of the sky: sorted by nested HEALPix index at order 29, with a table of where coarse cells begin.

What is near on the sky lies together, columns are plain arrays (they may lie in a file), and sorted lists become one in one
pass. How they are asked is in `probing`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from skyexplorer import progress
from skyexplorer.core import memory
from skyexplorer.core.cells import Floats, Ints
from skyexplorer.core.nested import nested
from skyexplorer.core.slots import starts
from skyexplorer.core.threads import ONE_AT_A_TIME
from skyexplorer.core.touching import FINEST

Offsets = NDArray[np.int32]
MOST_ROWS = 2**31 - 1
PART = 16_384  # rows that one worker sorts at once, within its cache
MOST_PARTS = 2048
CHUNK = 65_536
BLOCK = 2_000_000  # rows of a merge that are in memory at once
IN_A_CELL = 4.0  # rows of a coarse cell on average, times or over two


class Sorted(NamedTuple):
    """A list of positions in the order of the sky.

    Attributes
    ----------
    cell : (n,) int array
        Nested HEALPix index at order 29.
    ra, dec : (n,) float arrays
        Degrees.
    row : (n,) int array
        Which row each is of its catalogue; of equal cells the lower comes first.
    depth : int
        Order of the coarse cells.
    offset : (12 · 4**depth + 1,) int32 array
        Where each coarse cell begins.
    """

    cell: Ints
    ra: Floats
    dec: Floats
    row: Ints
    depth: int
    offset: Offsets


@nb.njit(parallel=True, cache=True)
def _parted(key: Ints, bounds: Ints, at: Ints, came: Ints) -> None:
    """Keys and rows into parts between bounds: counted into ``at`` (chunks, parts) while there is no room, else written."""
    write = came.shape[0] > 0
    for c in nb.prange(at.shape[0]):
        for i in range(c * CHUNK, min((c + 1) * CHUNK, key.shape[0])):
            if key[i] < 0:
                continue
            part, step = 0, bounds.shape[0]
            while step > 0:  # bounds are 2ᵏ − 1
                step >>= 1
                part += (step + 1) * (bounds[part + step] <= key[i])
            k = at[c, part]
            at[c, part] = k + 1
            if write:
                came[k, 0], came[k, 1] = key[i], i


@nb.njit(parallel=True, cache=True)
def _settled(
    first: Ints, came: Ints, ra: Floats, dec: Floats, index: Ints, ra_out: Floats, dec_out: Floats, row: Ints
) -> None:
    """Within each part: by index, then by row."""
    for part in nb.prange(first.shape[0] - 1):
        low, high = first[part], first[part + 1]
        if high > low:
            turn = np.argsort(came[low:high, 0], kind="mergesort")  # stable, and rows came in order
            for k in range(high - low):
                i = came[low + turn[k], 1]
                index[low + k], row[low + k] = came[low + turn[k], 0], i
                ra_out[low + k], dec_out[low + k] = ra[i], dec[i]


@nb.njit(parallel=True, cache=True)
def _offsets(index: Ints, down: int, out: Offsets) -> None:
    """Where each coarse cell begins."""
    n = index.shape[0]
    for c in nb.prange((n + CHUNK) // CHUNK):
        for i in range(c * CHUNK, min((c + 1) * CHUNK, n + 1)):
            begin = (index[i - 1] >> down) + 1 if i > 0 else np.int64(0)
            end = (index[i] >> down) + 1 if i < n else np.int64(out.shape[0])
            for cell in range(begin, end):
                out[cell] = i


def depth_for(rows: int) -> int:
    """Order of the coarse cells for so many rows."""
    return int(np.clip(np.ceil(0.5 * np.log2(max(rows / 12 / (2 * IN_A_CELL), 1))), 0, 13))


def offsets(index: Ints, depth: int) -> Offsets:
    """Where each coarse cell of an order begins in a sorted list, and at last its length."""
    out = np.empty(12 * 4**depth + 1, np.int32)
    with ONE_AT_A_TIME:
        _offsets(index, 2 * (FINEST - depth), out)
    return out


def made(ra: Floats, dec: Floats, base: int = 0) -> Sorted:
    """Sort positions; those that are none are left out.

    Parameters
    ----------
    ra, dec : (n,) float arrays
        Degrees, right ascension in [0, 360); NaN where there is no position.
    base : int
        Row of the first.

    Raises
    ------
    ValueError
        If there are more than 31 bits number.
    InputError
        If memory does not suffice.

    Examples
    --------
    >>> import numpy as np
    >>> held = made(np.array([200.0, 10.0, np.nan]), np.array([-30.0, 40.0, 0.0]))
    >>> held.row.tolist(), held.dec.tolist()
    ([1, 0], [40.0, -30.0])
    """
    ra, dec = np.ascontiguousarray(ra, np.float64), np.ascontiguousarray(dec, np.float64)
    n = len(ra)
    if n > MOST_ROWS:
        raise ValueError(f"{n} rows are more than one piece of an index can hold.")
    memory.ask(52.0 * n, f"An index of {n} positions", "Make it in parts: CatalogIndex.build(path, parts).")
    watched = progress.current()
    watched.report(0, 3, "putting positions into the order of the sky")
    key = nested(ra, dec, FINEST)
    watched.report(1)
    parts = 1 << int(np.clip(np.ceil(np.log2(max(n / PART, 1))), 0, np.log2(MOST_PARTS)))
    some = np.sort(key[np.linspace(0, max(n - 1, 0), min(n, 16 * parts)).astype(np.int64)])
    bounds = some[np.arange(1, parts) * len(some) // parts].copy() if len(some) else np.empty(0, np.int64)
    with ONE_AT_A_TIME:
        at = np.zeros((max(-(-n // CHUNK), 1), len(bounds) + 1), np.int64)
        _parted(key, bounds, at, np.empty((0, 2), np.int64))
        at, first = starts(at)
        came = np.empty((int(first[-1]), 2), np.int64)
        _parted(key, bounds, at, came)
        del key
        watched.report(2)
        count = len(came)
        index, row = np.empty(count, np.int64), np.empty(count, np.int64)
        ra_out, dec_out = np.empty(count), np.empty(count)
        _settled(first, came, ra, dec, index, ra_out, dec_out, row)
    if base:
        row += base
    depth = depth_for(count)
    watched.report(3)
    return Sorted(index, ra_out, dec_out, row, depth, offsets(index, depth))


def blocks(pieces: Sequence[Sorted], most: int) -> Iterator[tuple[Ints, Floats, Floats, Ints]]:
    """Index, right ascension, declination and row of several lists as one, in order, about so many rows at a time.

    Of equal indices those of the earlier list come first: give the lists in the order of their rows.
    """
    total = sum(len(piece.cell) for piece in pieces)
    # Bounds at equal steps through each list: between two of them lie no more than ``most`` rows of any.
    step = max(most // max(len(pieces), 1), 1)
    bounds = np.unique(
        np.concatenate([piece.cell[step::step] for piece in pieces] or [np.empty(0, np.int64)])
    )
    cuts = [np.searchsorted(piece.cell, bounds, side="left") for piece in pieces]
    cuts = [np.concatenate([[0], cut, [len(piece.cell)]]) for cut, piece in zip(cuts, pieces, strict=True)]
    watched, done = progress.current(), 0
    begin = 0
    for end in range(1, len(bounds) + 2):
        count = sum(int(cut[end] - cut[begin]) for cut in cuts)
        following = sum(int(cut[end + 1] - cut[end]) for cut in cuts) if end <= len(bounds) else most
        if count == 0 or (count + following < most and end <= len(bounds)):
            continue
        taken = [
            [getattr(piece, name)[cut[begin] : cut[end]] for cut, piece in zip(cuts, pieces, strict=True)]
            for name in ("cell", "ra", "dec", "row")
        ]
        begin = end
        columns = [np.concatenate(parts) for parts in taken]
        turn = np.argsort(columns[0], kind="stable")  # runs that are sorted: one pass
        yield columns[0][turn], columns[1][turn], columns[2][turn], columns[3][turn]
        done += count
        watched.report(done, total, "merging sorted positions")


def merged(pieces: Sequence[Sorted]) -> Sorted:
    """Several lists, in the order of their rows, as one."""
    total = sum(len(piece.cell) for piece in pieces)
    memory.ask(36.0 * total, f"An index of {total} positions", "Keep it in a file: CatalogIndex.open(path).")
    out = (np.empty(total, np.int64), np.empty(total), np.empty(total), np.empty(total, np.int64))
    at = 0
    for block in blocks(pieces, BLOCK):
        for column, values in zip(out, block, strict=True):
            column[at : at + len(values)] = values
        at += len(block[0])
    depth = depth_for(total)
    return Sorted(*out, depth, offsets(out[0], depth))


def spans(held: Sorted, ranges: Ints) -> Ints:
    """Where ranges of nested indices at order 29 begin and end in a list: (n, 2), empty ones left out."""
    found = np.searchsorted(held.cell, ranges)  # of both columns the first place at or after
    return found[found[:, 1] > found[:, 0]]


def warm() -> None:
    """Compile what is not compiled yet."""
    made(np.linspace(0, 359, 99), np.linspace(-89, 89, 99))
