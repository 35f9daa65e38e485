"""The join of two long lists: a filter of two bits a cell, then parts of the sky that fit into a cache.

Memory decides the time: a look past the cache costs as much as a hundred sums, and memory that is new to the process costs
more than either. So the smaller list is copied once, by the hash of its cells, into parts that fit into a cache each; the
larger is read once past a filter that holds two bits for every cell near one of the smaller; what is left of it goes, as
questions to cells, into the same parts; and each part is answered within the cache (a radix join, as databases have it).
Pairs are written over the questions that are done with, and put into order in the memory of the first copy.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from skyexplorer import progress
from skyexplorer.core import cells, memory, radix
from skyexplorer.core.cells import DEG, SMALLEST_CELL, Floats, Grid, Ints
from skyexplorer.core.slots import Slots, Words, lines, starts

ACROSS = 48.0  # width of a cell in radii, where sources are sparse: a circle touches 1.1 cells on average
SHARE = 0.15  # members of the smaller list in a cell, where they are dense; of the larger, as much passes the filter
LEAST = 3.0  # width of a cell in radii at least: a circle touches 2.8 cells then
SAMPLE = 4096  # members by which that is told
LEVELS = (8.0, 1.0, 0.125, 0.0156)  # deg: widths of the squares in which their neighbours are counted
PART_BYTES = 2**19  # of the copy, in a part: it and its questions lie in the cache of one worker
MOST_PARTS = 10  # as a power of two: more would be written to at once than the processor keeps track of
FILTER_BITS = 16  # for each member of the smaller list
MOST_COPIES = 4  # of the filter: one a worker, while it is filled
WIDEST = 20.0  # deg: a wider circle is no question for cells
IN_PARTS = "Match in parts, or raise SKYEXPLORER_MEMORY_LIMIT."
SLICE = 2**24  # positions that ask at once


class Held(NamedTuple):
    """A list made ready to be asked for what lies within ``radius`` of a position.

    A record is three words: 32 bits of its cell's hash and its number, right ascension, declination. ``words`` and ``real``
    are the same memory; part p lies in records ``first[p]`` to ``first[p + 1]``.
    """

    grid: Grid
    radius: float
    bits: int
    first: Ints
    words: Words
    real: Floats
    filter: Words


def cell_size(ra: Floats, dec: Floats, radius: float) -> float:
    """Width of cells (deg): many radii where members are sparse, and so wide that they hold few where they are dense."""
    n = len(ra)
    at = np.linspace(0, n - 1, min(n, SAMPLE)).astype(np.int64)
    a, d = ra[at], dec[at]
    good = np.isfinite(a) & np.isfinite(d)
    a, d = a[good], d[good]
    dense = n / 41253.0
    for level in LEVELS if len(a) > 1 else ():
        band = np.floor((d + 90) / level).astype(np.int64)
        column = np.floor(a * np.cos((np.abs(band * level - 90)) * DEG).clip(1e-3) / level).astype(np.int64)
        _, count = np.unique((band << 32) | column, return_counts=True)
        others = float((count * (count - 1)).sum()) / len(a)
        if others > 0.25:  # else chance decides
            dense = max(dense, others * n / len(a) / level**2)
    return float(max(np.clip(np.sqrt(SHARE / dense), LEAST * radius, ACROSS * radius), SMALLEST_CELL))


def hold(ra: Floats, dec: Floats, radius: float) -> Held:
    """Make a list ready.

    Parameters
    ----------
    ra, dec : (n,) float arrays
        Degrees, right ascension in [0, 360); NaN where there is no position.
    radius : float
        The largest that will be asked (deg, at most `WIDEST`).
    """
    size = cell_size(ra, dec, radius)
    grid = cells.grid(size)
    # Of its hash a member keeps what its part tells and 32 bits, of which the filter needs 34.
    bits = int(np.clip(np.ceil(np.log2(max(len(ra) * 24 / PART_BYTES, 1))), 2, MOST_PARTS))
    at = np.zeros((max(-(-len(ra) // radix.CHUNK), 1), 1 << bits), np.int64)
    none = np.empty(0, np.uint64)
    radix.shared(ra, dec, radius, size, grid.width, bits, at, none, none.view(np.float64))
    at, first = starts(at)
    words = np.empty(3 * int(first[-1]), np.uint64)
    real = words.view(np.float64)
    radix.shared(ra, dec, radius, size, grid.width, bits, at, words, real)
    power = int(np.clip(np.rint(np.log2(max(len(ra) * FILTER_BITS / 64, 16))), 4, 32))
    copies = np.zeros((min(nb.get_num_threads(), MOST_COPIES), 1 << power), np.uint64)
    radix.marked(first, bits, words, real, radius, size, grid.width, np.uint64(64 - power), copies)
    merged = copies[0]
    if len(copies) > 1:
        radix.merged(copies, merged)
    return Held(grid, radius, bits, first, words, real, merged)


def ask(held: Held, ra: Floats, dec: Floats, base: int, turned: bool, each: Floats, most: int) -> list[Slots]:
    """Pairs of positions with a held list.

    Parameters
    ----------
    held : Held
    ra, dec : (m,) float arrays
        Degrees, as `hold` has them.
    base : int
        Number of the first position.
    turned : bool
        Whether the held list is left.
    each : (n,) array
        Radii of the left list (deg), none of them over the held one; empty where all have that one.
    most : int
        Pairs that may be.

    Raises
    ------
    MemoryError
        If there are more.
    """
    (size, width), parts = held.grid, 1 << held.bits
    passed = np.empty(-(-len(ra) // 64), np.uint64)
    shift = np.uint64(64 - int(np.log2(len(held.filter))))
    radix.passed(ra, dec, size, width, shift, held.filter, passed)
    chunks = max(-(-len(passed) // 1024), 1)
    begin = np.zeros(chunks + 1, np.int64)
    of_words = np.bitwise_count(passed)
    np.cumsum(np.add.reduceat(of_words, np.arange(0, len(passed), 1024), dtype=np.int64), out=begin[1:])
    number, hashes = np.empty(int(begin[-1]), np.uint32), np.empty(int(begin[-1]), np.uint64)
    plain, at = np.zeros(chunks, np.int64), np.zeros((chunks, parts), np.int64)
    circles = (held.radius, size, width, held.bits, number, hashes, plain)
    radix.sifted(ra, dec, passed, begin, *circles, at)
    none = np.empty(0, np.uint64)
    radix.asked(ra, dec, begin, *circles, np.ones(parts, bool), at, none, none.view(np.float64))
    # Before the questions of a part there is some room: the first of them may have more answers than they are long.
    count = at.sum(axis=0)
    gap = count // 8 + 32
    first = np.cumsum(count + gap) - count
    memory.ask(24.0 * (count + gap).sum(), f"A match of {len(ra)} positions in crowded cells", IN_PARTS)
    words = np.empty(3 * int((count + gap).sum()), np.uint64)
    start, counts, spilled = 3 * (first - gap), np.zeros(parts, np.int64), np.zeros(parts, bool)
    rest = (base, turned, held.radius, each)

    def answer(
        wanted: NDArray[np.bool_], at: Ints, words: Words, first: Ints, over: bool, out: Slots
    ) -> None:
        ends = at.sum(axis=0) + first
        to = np.cumsum(at, axis=0) - at + first
        radix.asked(ra, dec, begin, *circles, wanted, to, words, words.view(np.float64))
        radix.answered(
            held.first, held.words, held.real, first, ends, words, words.view(np.float64), *rest, out.start, over,
            out.words, out.words.view(np.float64), out.counts, spilled,
        )  # fmt: skip

    found = Slots(words, start, counts)
    answer(np.ones(parts, bool), at, words, first, True, found)
    if counts.sum() > most:
        raise MemoryError(int(counts.sum()))
    if not spilled.any():
        return [found]
    # Crowds: the questions of such a part are asked again, and answered where there is room for all that was counted.
    crowded = np.where(spilled, counts, 0)
    memory.ask(16.0 * crowded.sum(), f"A match with {counts.sum()} pairs", IN_PARTS)
    at[:, ~spilled] = 0
    again = Slots(np.empty(2 * int(crowded.sum()), np.uint64), 2 * (np.cumsum(crowded) - crowded), crowded)
    count = at.sum(axis=0)
    asked = np.empty(3 * int(count.sum()), np.uint64)
    answer(spilled.copy(), at, asked, np.cumsum(count) - count, False, again)
    return [again, _packed(found, ~spilled)] if not spilled.all() else [again]


def _packed(found: Slots, kept: NDArray[np.bool_]) -> Slots:
    """Some parts of slots, in no more memory than they need."""
    start, counts = found.start[kept], found.counts[kept]
    runs = [found.words[at : at + 2 * count] for at, count in zip(start, counts, strict=True)]
    return Slots(np.concatenate(runs), 2 * (np.cumsum(counts) - counts), counts)


def needed(rows1: int, rows2: int) -> int:
    """Bytes that a match takes beside its input, as far as it can be told before: the smaller list, its filter, pairs.

    Crowds take more, which is asked for when they are counted.
    """
    small = min(rows1, rows2)
    return (24 + FILTER_BITS // 4 * MOST_COPIES + 64) * small + min(max(rows1, rows2), SLICE) // 8


def pairs(
    ra1: Floats, dec1: Floats, ra2: Floats, dec2: Floats, radius: float, each: Floats, most: int
) -> tuple[Ints, Ints, Floats]:
    """All pairs within a radius of at most `WIDEST`; see `crossmatch.pairs`, which calls this for long lists."""
    memory.ask(needed(len(ra1), len(ra2)), f"A match of {len(ra1)} × {len(ra2)} positions", IN_PARTS)
    turned = len(ra1) <= len(ra2)  # the smaller list is held, the larger asks
    small, large = ((ra1, dec1), (ra2, dec2)) if turned else ((ra2, dec2), (ra1, dec1))
    held = hold(*small, radius)
    slots: list[Slots] = []
    watched = progress.current()
    for base in range(0, len(large[0]), SLICE):
        watched.report(base, len(large[0]), "matching positions")
        ra, dec = (side[base : base + SLICE] for side in large)
        slots += ask(held, ra, dec, base, turned, each, most - sum(int(some.counts.sum()) for some in slots))
    watched.report(len(large[0]))
    total = sum(int(some.counts.sum()) for some in slots)
    memory.ask(40.0 * total, f"A match with {total} pairs", IN_PARTS)
    return lines(slots, len(ra1), held.words)
