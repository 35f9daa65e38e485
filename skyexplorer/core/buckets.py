"""Points in buckets by the hash of their cells: for circles so wide that `join` has no cells for them.

A bucket is a few neighbours in one piece of memory, however the points are clustered. Questions look into the buckets of the
cells that their circle touches.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np

from skyexplorer.core import memory
from skyexplorer.core.cells import (
    DEG,
    ON_EDGE,
    Floats,
    Grid,
    Ints,
    band_of,
    bucket_of,
    key_of,
    reach_of,
    runs_of,
    separation,
    width_of,
)
from skyexplorer.core.slots import Slots, Words, starts

CHUNK = 65_536
PAIR_BYTES = 56  # of a pair: as it is found, and put into order
PART_BYTES = 2**20  # what a worker keeps in its own cache


class Buckets(NamedTuple):
    """Points in the order of their buckets: offsets (2ᵏ + 1,), and a record (4,) a point, in one line of the cache.

    A record is cell, number, right ascension and declination; ``whole`` and ``real`` are the same memory as integers and as
    floats, of which the first two are of the one kind and the last two of the other.
    """

    grid: Grid
    shift: int
    offset: Ints
    whole: Ints
    real: Floats


@nb.njit(parallel=True, cache=True)
def _divided(
    ra: Floats, dec: Floats, size: float, width: Floats, shift: np.uint64, parts: int, down: int, chunk: int,
    at: Ints, whole: Ints, real: Floats,
) -> None:  # fmt: skip
    """Records into the part of their bucket: counted into ``at`` (chunks, parts) while there is no room, else written."""
    write = whole.shape[0] > 0
    for c in nb.prange(at.shape[0]):
        for i in range(c * chunk, min((c + 1) * chunk, ra.shape[0])):
            if ra[i] == ra[i] and dec[i] == dec[i]:
                band = band_of(dec[i], size)
                key = key_of(band, int(ra[i] * width_of(band, size, width)))
                part = bucket_of(key, shift) >> down
                k = at[c, part]
                at[c, part] = k + 1
                if write:
                    whole[k, 0], whole[k, 1], real[k, 2], real[k, 3] = np.int64(key), i, ra[i], dec[i]


@nb.njit(parallel=True, cache=True)
def _settled(
    first: Ints, down: int, shift: np.uint64, came: Ints, came_real: Floats, offset: Ints,
    whole: Ints, real: Floats,
) -> None:  # fmt: skip
    """Within each part, which is small enough for the cache: records to their buckets."""
    for part in nb.prange(first.shape[0] - 1):
        low, each = part << down, 1 << down
        at = np.zeros(each + 1, np.int64)
        for i in range(first[part], first[part + 1]):
            at[bucket_of(np.uint64(came[i, 0]), shift) - low + 1] += 1
        at[0] = first[part]
        for k in range(each):
            at[k + 1] += at[k]
            offset[low + k] = at[k]
        for i in range(first[part], first[part + 1]):
            h = bucket_of(np.uint64(came[i, 0]), shift) - low
            k = at[h]
            at[h] = k + 1
            whole[k, 0], whole[k, 1], real[k, 2], real[k, 3] = (
                came[i, 0],
                came[i, 1],
                came_real[i, 2],
                came_real[i, 3],
            )


def buckets(ra: Floats, dec: Floats, grid: Grid) -> Buckets:
    """Put points into buckets; those without a position are left out.

    In two steps, as a radix sort does: into parts that fit into the cache, then within each part.
    """
    count = len(ra)
    power = max(int(np.ceil(np.log2(max(count, 2)))), 1)
    down = max(power - _parts(count), 0)
    shift = np.uint64(64 - power)
    counts = np.zeros((max(-(-count // CHUNK), 1), 1 << (power - down)), np.int64)
    none = np.empty((0, 4), np.int64)
    _divided(
        ra,
        dec,
        grid.size,
        grid.width,
        shift,
        1 << (power - down),
        down,
        CHUNK,
        counts,
        none,
        none.view(np.float64),
    )
    at, first = starts(counts)
    came = np.empty((int(first[-1]), 4), np.int64)
    _divided(
        ra,
        dec,
        grid.size,
        grid.width,
        shift,
        1 << (power - down),
        down,
        CHUNK,
        at,
        came,
        came.view(np.float64),
    )
    offset = np.empty((1 << power) + 1, np.int64)
    offset[-1] = first[-1]
    whole = np.empty_like(came)
    _settled(first, down, shift, came, came.view(np.float64), offset, whole, whole.view(np.float64))
    return Buckets(grid, 64 - power, offset, whole, whole.view(np.float64))


def _parts(count: int) -> int:
    """Bits of the number of parts: so many that the records of one, 32 bytes each, take about a megabyte."""
    return int(np.clip(np.ceil(np.log2(max(count * 32 / PART_BYTES, 1))), 0, 10))


@nb.njit(parallel=True, cache=True)
def _probed(
    ra: Floats, dec: Floats, radius: Floats, one: float, turned: bool, size: float, width: Floats, shift: np.uint64,
    offset: Ints, whole: Ints, real: Floats, chunk: int, start: Ints, room: Ints, words: Words, values: Floats,
    counts: Ints,
) -> None:  # fmt: skip
    """Pairs of positions with points in buckets: written from word ``start[c]`` on while there is room, and counted.

    ``turned``: the points in buckets are left. ``radius``: of each of the left list; empty where all have ``one``.
    """
    for c in nb.prange(start.shape[0]):
        k = 0
        for i in range(c * chunk, min((c + 1) * chunk, ra.shape[0])):
            a, d = ra[i], dec[i]
            if a != a or d != d:
                continue
            own = radius[i] if radius.shape[0] and not turned else one
            first, last = band_of(max(d - own, -90.0), size), band_of(min(d + own, 90.0), size)
            reach = 180.0
            if own <= size:
                reach = reach_of(own, min(width_of(first, size, width), width_of(last, size, width)), size)
            elif abs(d) + own < 90.0 - 1e-9:
                reach = np.arcsin(min(np.sin(own * DEG) / np.cos(d * DEG), 1.0)) / DEG * (1 + 1e-12) + 1e-11
            for band in range(first, last + 1):
                wide = width_of(band, size, width)
                a0, a1, b0, b1 = runs_of(a, reach, wide, int(360.0 * wide))
                for column in range(a0, a1 + 1 + max(b1 - b0 + 1, 0)):
                    col = column if column <= a1 else b0 + (column - a1 - 1)
                    if column > a1 and a0 <= col <= a1:
                        continue  # the two runs meet: a cell is looked into once
                    key = key_of(band, col)
                    h = bucket_of(key, shift)
                    for t in range(offset[h], offset[h + 1]):
                        if whole[t, 0] != np.int64(key) or abs(real[t, 3] - d) > own * 1.0000001 + 1e-11:
                            continue
                        sep = separation(a, d, real[t, 2], real[t, 3])
                        left, right = (whole[t, 1], i) if turned else (i, whole[t, 1])
                        if sep <= (radius[left] if radius.shape[0] else one) * (1 + ON_EDGE):
                            if k < room[c]:
                                words[start[c] + 2 * k] = (np.uint64(left) << np.uint64(32)) | np.uint64(
                                    right
                                )
                                values[start[c] + 2 * k + 1] = sep
                            k += 1
        counts[c] = k


def probe(
    held: Buckets, ra: Floats, dec: Floats, largest: float, each: Floats, turned: bool, most: int
) -> Slots:
    """Pairs of positions with points in buckets, asked one by one.

    Parameters
    ----------
    held : Buckets
    ra, dec : (m,) float arrays
        Degrees, right ascension in [0, 360); NaN where there is no position.
    largest : float
        The radius (deg), or the largest of them.
    each : array
        Radii of the left list (deg); empty where all have the one.
    turned : bool
        Whether the points in buckets are left.
    most : int
        Pairs that may be.

    Raises
    ------
    MemoryError
        If there are more.
    """
    chunk = max(min(CHUNK, len(ra) // (4 * nb.get_num_threads()) + 1), 64)
    room = np.minimum(chunk, len(ra) - np.arange(0, max(len(ra), 1), chunk))
    for _ in range(2):  # one pair a question is mostly enough room; where it is not, the counts say what is
        words, counts = np.empty(2 * int(room.sum()), np.uint64), np.zeros(len(room), np.int64)
        start = 2 * (np.cumsum(room) - room)
        _probed(
            ra, dec, each, largest, turned, held.grid.size, held.grid.width, np.uint64(held.shift), held.offset,
            held.whole, held.real, chunk, start, room, words, words.view(np.float64), counts,
        )  # fmt: skip
        if counts.sum() > most:
            raise MemoryError(int(counts.sum()))
        if (counts <= room).all():
            break
        memory.ask(PAIR_BYTES * counts.sum(), f"A match with {counts.sum()} pairs", "Match in parts.")
        room = counts
    return Slots(words, start, counts)
