"""Pairs as they are found, in slots, and the same in order: by left row, then by right.

A pair is two words: both numbers, 32 bits each, and the separation. Which slot it lies in depends on how the work was split;
the order does not.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from skyexplorer.core.cells import Floats, Ints

Words = NDArray[np.uint64]

MOST_BLOCKS = 1024  # more would be written to at once than the processor keeps track of
MOST_KEPT = 8  # words of memory for a pair, of which the result fills three
LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)


class Slots(NamedTuple):
    """Pairs as they were found: from word ``start[p]`` on ``counts[p]`` of them, two words each (numbers, separation)."""

    words: Words
    start: Ints
    counts: Ints


@nb.njit(parallel=True, cache=True)
def _blocked(
    words: Words, start: Ints, counts: Ints, shift: np.uint64, at: Ints, numbers: Words, sep: Words
) -> None:
    """Pairs into blocks of left rows: counted into ``at`` (slots, blocks) while there is no room, else written."""
    write = numbers.shape[0] > 0
    for p in nb.prange(start.shape[0]):
        for i in range(counts[p]):
            pair = words[start[p] + 2 * i]
            block = np.int64(pair >> shift)
            k = at[p, block]
            at[p, block] = k + 1
            if write:
                numbers[k], sep[k] = pair, words[start[p] + 2 * i + 1]


@nb.njit(parallel=True, cache=True)
def _lined(first: Ints, shift: int, numbers: Words, sep: Floats, left: Ints, right: Ints) -> int:
    """Pairs of each block by left, then by right; how many came twice. ``left`` is the memory of ``numbers``."""
    twice: int = 0
    for block in nb.prange(first.shape[0] - 1):
        low, count, rows = first[block], first[block + 1] - first[block], 1 << shift
        came, far = numbers[low : low + count].copy(), sep[low : low + count].copy()
        if count * 16 < rows:
            turn = np.argsort(came)
            for i in range(count):
                pair = came[turn[i]]
                left[low + i], right[low + i] = np.int64(pair >> _32), np.int64(pair & LOW)
                sep[low + i] = far[turn[i]]
        else:
            begin = np.int64(block) << shift
            offset = np.zeros(rows + 1, np.int64)
            for i in range(count):
                offset[np.int64(came[i] >> _32) - begin + 1] += 1
            offset[0] = low
            for row in range(rows):
                offset[row + 1] += offset[row]
            for i in range(count):
                mine = np.int64(came[i] >> _32)
                k = offset[mine - begin]
                offset[mine - begin] = k + 1
                left[k], right[k], sep[k] = mine, np.int64(came[i] & LOW), far[i]
            last = low
            for row in range(rows):
                ordered, begun = True, last
                last = offset[row]
                for k in range(begun + 1, last):
                    ordered = ordered and right[k] > right[k - 1]
                if not ordered and last - begun < 16:
                    for k in range(begun + 1, last):
                        r, s, t = right[k], sep[k], k
                        while t > begun and right[t - 1] > r:
                            right[t], sep[t] = right[t - 1], sep[t - 1]
                            t -= 1
                        right[t], sep[t] = r, s
                elif not ordered:
                    turn = np.argsort(right[begun:last])
                    right[begun:last], sep[begun:last] = right[begun:last][turn], sep[begun:last][turn]
        for k in range(low + 1, low + count):
            twice += left[k] == left[k - 1] and right[k] == right[k - 1]
    return twice


def starts(counts: Ints) -> tuple[Ints, Ints]:
    """Of counts (chunks, parts): where each chunk writes in each part, and where the parts begin."""
    by_part = counts.T.ravel()
    ends = np.cumsum(by_part)
    first = np.concatenate([[0], ends.reshape(counts.shape[1], -1)[:, -1]])
    return np.ascontiguousarray((ends - by_part).reshape(counts.shape[1], -1).T), first


def lines(slots: list[Slots], rows: int, spare: Words | None = None) -> tuple[Ints, Ints, Floats]:
    """Pairs from slots, by left and then by right.

    Parameters
    ----------
    slots : list of Slots
        Emptied, so that nobody holds their memory any longer than it takes to read it.
    rows : int
        Number of rows of the left list.
    spare : array of words, optional
        Memory that is no longer needed.

    Returns
    -------
    left, right : (p,) int arrays
    separation : (p,) array
        Degrees.
    """
    # So many rows in a block that its pairs fit into the cache.
    shift = max(14, int(np.ceil(np.log2(max(rows, 1) / MOST_BLOCKS))))
    blocks = (max(rows, 1) - 1 >> shift) + 1
    at = [np.zeros((len(each.start), blocks), np.int64) for each in slots]
    by = np.uint64(32 + shift)
    none = np.empty(0, np.uint64)
    for each, counts in zip(slots, at, strict=True):
        _blocked(each.words, each.start, each.counts, by, counts, none, none)
    where, first = starts(np.concatenate(at))
    total = int(first[-1])
    # The result lies in memory that is there, unless it would keep far more of it than it needs.
    if spare is None or not 3 * total <= len(spare) <= MOST_KEPT * total:
        spare = np.empty(3 * total, np.uint64)
    numbers, sep, other = (spare[k * total : (k + 1) * total] for k in range(3))
    for to in np.split(where, np.cumsum([len(each.start) for each in slots])[:-1]):
        each = slots.pop(0)
        _blocked(each.words, each.start, each.counts, by, to.copy(), numbers, sep)
        del each
    left, right, psi = numbers.view(np.int64), other.view(np.int64), sep.view(np.float64)
    if _lined(first, shift, numbers, psi, left, right):
        # Two cells of one circle with the same hash, which is possible and no more: such a pair came twice.
        once = np.concatenate([[True], (np.diff(left) != 0) | (np.diff(right) != 0)])
        return left[once], right[once], psi[once]
    return left, right, psi
