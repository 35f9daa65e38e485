"""Questions to positions in the order of the sky: what lies within a radius, and the k nearest however far.

A question looks into the coarse cells that its circle touches: mostly one, at most nine, since a larger circle asks coarser
cells. A crowded cell is gone into by bisection of the sorted indices. Questions go in batches: first the cells of all, then
where these begin, then the rows, so that many looks into memory are under way at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numba as nb
import numpy as np

from skyexplorer import progress
from skyexplorer.core import memory
from skyexplorer.core.cells import DEG, ON_EDGE, Floats, Ints, near, separation
from skyexplorer.core.slots import LOW, Slots, Words, lines
from skyexplorer.core.sorted import Offsets, Sorted, made
from skyexplorer.core.threads import ONE_AT_A_TIME
from skyexplorer.core.touching import DEEPEST, FINEST, STEEP, finest_order, rim_of, touched

CHUNK = 16_384  # questions that are one piece of work
BATCH = 256  # questions whose looks into memory are under way together
CROWD = 48  # rows of a cell over which finer cells are asked
ALONE = 20_000  # questions, or pairs, that are not divided among threads: on a busy machine these wait for each other
ALONE_ROWS = 500_000  # likewise rows that are looked through
AT_ONCE = 65_536  # questions for the nearest, between two reports
MOST_NUMBERS = 2**32
MANY = 100_000  # questions that are not asked one by one
ROOM = 2e-6  # of a cell: what rounding may take, twice
IN_PARTS = "Ask in parts, or raise SKYEXPLORER_MEMORY_LIMIT."


@nb.njit(inline="always")
def _bisected(index: Ints, low: np.int64, high: np.int64, value: np.int64) -> np.int64:
    """The first place from low to high whose index is not below a value."""
    while low < high:
        middle = (low + high) >> 1
        if index[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@nb.njit(inline="always")
def _begin(offset: Offsets, cell: np.int64, order: int, depth: int, count: np.int64) -> np.int64:
    """Where a cell of an order up to that of the table begins; within the list even where a file is damaged."""
    return min(max(np.int64(offset[cell << (2 * (depth - order))]), np.int64(0)), count)


@nb.njit(inline="always")
def _reach(dec: float, radius: float) -> float:
    """At least half the right ascension that a circle spans (deg)."""
    if abs(dec) + radius < 90.0 - 1e-9:
        return np.arcsin(min(np.sin(radius * DEG) / np.cos(dec * DEG), 1.0)) / DEG * (1.0 + 1e-12) + 1e-11
    return 360.0


@nb.njit(cache=True)
def _some(
    low_row: int, end: int, ra: Floats, dec: Floats, radius: Floats, one: float, index: Ints, ra2: Floats, dec2: Floats,
    depth: int, offset: Offsets, base: int, start: int, room: int, words: Words, values: Floats,
) -> int:  # fmt: skip
    """Pairs of some positions with a sorted list: written from word ``start`` on while there is room; their number.

    ``low_row``, ``end``: which positions. ``radius``: of each position; empty where all have ``one``. ``base``: number of
    the first of the list.
    """
    rows = np.int64(index.shape[0])
    k = 0
    few, finer = np.empty(9, np.int64), np.empty(9, np.int64)
    who, cell = np.empty(9 * BATCH, np.int64), np.empty(9 * BATCH, np.int64)
    low, high = np.empty(9 * BATCH, np.int64), np.empty(9 * BATCH, np.int64)
    for begin in range(low_row, end, BATCH):
        asked = 0
        for i in range(begin, min(begin + BATCH, end)):
            if ra[i] != ra[i] or dec[i] != dec[i]:
                continue
            own = radius[i] if radius.shape[0] else one
            order = min(finest_order(own), depth)
            if order < 0:  # most of the sky
                who[asked], cell[asked] = i, -1
                asked += 1
                continue
            for t in range(touched(ra[i], dec[i], rim_of(dec[i], own, order), order, few)):
                who[asked], cell[asked] = i, few[t] << (2 * (depth - order))
                low[asked] = np.int64(1) << (2 * (depth - order))
                asked += 1
        for q in range(asked):
            if cell[q] < 0:
                low[q], high[q] = 0, rows
            else:
                high[q] = _begin(offset, cell[q] + low[q], depth, depth, rows)
                low[q] = _begin(offset, cell[q], depth, depth, rows)
        for q in range(asked):
            i, first, last = who[q], low[q], high[q]
            if first >= last:
                continue
            a, d = ra[i], dec[i]
            own = radius[i] if radius.shape[0] else one
            edge, tall = own * (1.0 + ON_EDGE), own * 1.0000001 + 1e-11
            parts, deep = 1, 0
            if last - first > CROWD and cell[q] >= 0:
                deep = finest_order(own)
                if deep > depth:
                    parts = touched(a, d, rim_of(d, own, deep), deep, finer)
            reach = _reach(d, own) if last - first > 16 else 360.0
            for part in range(parts):
                from_row, to_row = first, last
                if deep > depth:
                    if finer[part] >> (2 * (deep - depth)) != cell[q]:
                        continue
                    down = np.int64(2 * (FINEST - deep))
                    from_row = _bisected(index, first, last, finer[part] << down)
                    to_row = _bisected(index, from_row, last, (finer[part] + 1) << down)
                for t in range(from_row, to_row):
                    if abs(dec2[t] - d) > tall:
                        continue
                    apart = abs(ra2[t] - a)
                    if min(apart, 360.0 - apart) > reach:
                        continue
                    sep = near(a, d, ra2[t], dec2[t]) if own <= 20.0 else separation(a, d, ra2[t], dec2[t])
                    if sep <= edge:
                        if k < room:
                            words[start + 2 * k] = (np.uint64(i) << np.uint64(32)) | np.uint64(base + t)
                            values[start + 2 * k + 1] = sep
                        k += 1
    return k


@nb.njit(parallel=True, cache=True)
def _probed(
    ra: Floats, dec: Floats, radius: Floats, one: float, index: Ints, ra2: Floats, dec2: Floats, depth: int,
    offset: Offsets, base: int, chunk: int, start: Ints, room: Ints, words: Words, values: Floats, counts: Ints,
) -> None:  # fmt: skip
    """`_some` of each chunk of the positions."""
    for c in nb.prange(start.shape[0]):
        counts[c] = _some(
            c * chunk, min((c + 1) * chunk, ra.shape[0]), ra, dec, radius, one, index, ra2, dec2, depth, offset, base,
            start[c], room[c], words, values,
        )  # fmt: skip


def probe(held: Sorted, base: int, ra: Floats, dec: Floats, one: float, each: Floats, most: int) -> Slots:
    """Pairs of positions with a sorted list, asked one by one.

    Parameters
    ----------
    held : Sorted
    base : int
        Number of the first of it.
    ra, dec : (m,) float arrays
        Degrees, right ascension in [0, 360); NaN where there is no position.
    one : float
        The radius (deg), where ``each`` is empty.
    each : (m,) array
        Radii (deg), or empty.
    most : int
        Pairs that may be.

    Raises
    ------
    MemoryError
        If there are more.
    """
    alone = len(ra) <= ALONE and _touches(len(ra), each if len(each) else one) * len(held.cell) <= ALONE_ROWS
    chunk = len(ra) if alone else int(np.clip(len(ra) // (4 * nb.get_num_threads()) + 1, 64, CHUNK))
    room = np.minimum(chunk, len(ra) - np.arange(0, max(len(ra), 1), chunk)) + (ALONE if alone else 0)
    for _ in range(2):  # one pair a question is mostly enough room; where it is not, the counts say what is
        words, counts = np.empty(2 * int(room.sum()), np.uint64), np.zeros(len(room), np.int64)
        start = 2 * (np.cumsum(room) - room)
        kept = ra, dec, each, one, held.cell, held.ra, held.dec, held.depth, held.offset, base
        if alone:
            counts[0] = _some(0, len(ra), *kept, 0, int(room[0]), words, words.view(np.float64))
        else:
            with ONE_AT_A_TIME:
                _probed(*kept, chunk, start, room, words, words.view(np.float64), counts)
        total = int(counts.sum())
        if total > most:
            raise MemoryError(total)
        if (counts <= room).all():
            break
        memory.ask(56.0 * total, f"An answer of {total} pairs", IN_PARTS)
        room = counts
    return Slots(words, start, counts)


def within(
    pieces: Sequence[Sorted], ra: Floats, dec: Floats, radius: float | Floats, most: int
) -> tuple[Ints, Ints, Floats]:
    """All pairs of positions with sorted lists within a radius.

    Parameters
    ----------
    pieces : sequence of Sorted
        Numbered through: the second begins where the first ends.
    ra, dec : (m,) float arrays
        Degrees, right ascension in [0, 360); NaN where there is no position.
    radius : float or (m,) array
        Degrees, up to 180; the edge belongs to it.
    most : int
        Pairs that may be.

    Returns
    -------
    left, number : (p,) int arrays
        Sorted by left, then by number.
    separation : (p,) array
        Degrees.

    Raises
    ------
    MemoryError
        If there are more pairs than ``most``.

    Examples
    --------
    >>> import numpy as np
    >>> held = made(np.array([10.0, 359.9999]), np.zeros(2))
    >>> left, number, separation = within([held], np.array([0.0, 20.0]), np.zeros(2), 0.001, 10)
    >>> left.tolist(), held.row[number].tolist()
    ([0], [1])
    """
    ra, dec = np.ascontiguousarray(ra, np.float64), np.ascontiguousarray(dec, np.float64)
    each = np.ascontiguousarray(radius, np.float64) if np.ndim(radius) else np.empty(0)
    one = 0.0 if np.ndim(radius) else float(radius)
    slots, base, room = [], 0, most
    for held in pieces:
        if not len(held.cell) or not len(ra):
            pass
        elif _as_join(len(held.cell), len(ra), radius):
            from skyexplorer.core import crossmatch

            a, b, s = crossmatch.pairs(ra, dec, held.ra, held.dec, radius, room)
            words = np.empty(2 * len(a), np.uint64)
            words[::2] = (a.astype(np.uint64) << np.uint64(32)) | (b + base).astype(np.uint64)
            words.view(np.float64)[1::2] = s
            slots.append(Slots(words, np.zeros(1, np.int64), np.array([len(a)])))
        else:
            slots.append(probe(held, base, ra, dec, one, each, room))
        if slots:
            room = most - sum(int(some.counts.sum()) for some in slots)
        base += len(held.cell)
    if base > MOST_NUMBERS:
        raise ValueError(f"{base} rows are more than can be asked at once.")
    if not slots:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    if sum(int(some.counts.sum()) for some in slots) <= ALONE:
        return _lined(slots)
    with ONE_AT_A_TIME:
        return lines(slots, len(ra))


def _lined(slots: Sequence[Slots]) -> tuple[Ints, Ints, Floats]:
    """What `lines` gives, of few pairs."""
    parts = [
        some.words[b : b + 2 * n] for some in slots for b, n in zip(some.start, some.counts, strict=True)
    ]
    words = np.concatenate(parts)
    pair = words[::2]
    turn = np.argsort(pair)
    pair = pair[turn]
    return (
        (pair >> np.uint64(32)).astype(np.int64),
        (pair & LOW).astype(np.int64),
        words[1::2].view(np.float64)[turn],
    )


def _touches(asked: int, radius: float | Floats) -> float:
    """How many times the whole list questions look through, at most."""
    # Nine cells at an order have sides of at most twice the circle's; no more than the whole sky.
    share = np.minimum(36.0 * STEEP**2 / 12.0 * (np.asarray(radius) * DEG) ** 2, 1.0)
    return float(share.sum()) if np.ndim(radius) else asked * float(share)


def _as_join(rows: int, asked: int, radius: float | Floats) -> bool:
    """Whether questions are better asked as the join of two lists: if they are many, or touch more rows than there are."""
    if asked > max(MANY, rows // 16):
        return True
    return _touches(asked, radius) * rows > 0.5 * rows + 1_000_000


@nb.njit(inline="always")
def _put(seps: Floats, numbers: Ints, row: Ints, held: int, sep: float, t: np.int64) -> int:
    """A candidate into the k best, by separation and then by row; how many these are."""
    k = seps.shape[0]
    at = held
    while at > 0 and (seps[at - 1] > sep or (seps[at - 1] == sep and row[numbers[at - 1]] > row[t])):
        at -= 1
    if at >= k:
        return held
    for j in range(min(held, k - 1), at, -1):
        seps[j], numbers[j] = seps[j - 1], numbers[j - 1]
    seps[at], numbers[at] = sep, t
    return min(held + 1, k)


@nb.njit(cache=True)
def _scanned(
    a: float, d: float, first: int, last: int, ra2: Floats, dec2: Floats, row: Ints, held: int, seps: Floats,
    numbers: Ints,
) -> int:  # fmt: skip
    """The best of what was found and of the rows from first to last; how many these are."""
    k = seps.shape[0]
    for t in range(first, last):
        if held == k and abs(dec2[t] - d) > seps[k - 1] * 1.0000001 + 1e-11:
            continue
        sep = near(a, d, ra2[t], dec2[t])
        if sep > 20.0:
            sep = separation(a, d, ra2[t], dec2[t])
        if held < k or sep <= seps[k - 1]:
            held = _put(seps, numbers, row, held, sep, np.int64(t))
    return held


@nb.njit(cache=True)
def _span(
    index: Ints, offset: Offsets, depth: int, cell: np.int64, order: int
) -> tuple[np.int64, np.int64]:  # of rows
    """First and one past the last row of a cell of any order."""
    rows = np.int64(index.shape[0])
    if order <= depth:
        return _begin(offset, cell, order, depth, rows), _begin(offset, cell + 1, order, depth, rows)
    coarse, down = cell >> (2 * (order - depth)), np.int64(2 * (FINEST - order))
    first, last = _begin(offset, coarse, depth, depth, rows), _begin(offset, coarse + 1, depth, depth, rows)
    first = _bisected(index, first, last, cell << down)
    return first, _bisected(index, first, last, (cell + 1) << down)


@nb.njit(cache=True)
def _nearest_some(
    low_row: int, end: int, ra: Floats, dec: Floats, index: Ints, ra2: Floats, dec2: Floats, row: Ints, depth: int,
    offset: Offsets, seps: Floats, numbers: Ints,
) -> None:  # fmt: skip
    """The k nearest of a sorted list for some positions, however far; what was there stays where there are fewer."""
    k = seps.shape[1]
    rows = np.int64(index.shape[0])
    cells = np.empty(9, np.int64)
    for i in range(low_row, end):
        a, d = ra[i], dec[i]
        if a != a or d != d:
            continue
        # Start with cells that hold about as many as are asked for.
        order = depth
        while True:
            touched(a, d, 0.0, order, cells)
            first, last = _span(index, offset, depth, cells[0], order)
            if last - first >= k or order == 0:
                break
            order -= 1
        while last - first > 4 * k + 8 and order < DEEPEST:
            touched(a, d, 0.0, order + 1, cells)
            below, above = _span(index, offset, depth, cells[0], order + 1)
            if above - below < k:
                break
            first, last, order = below, above, order + 1
        rim, done = 2.0 * ROOM, False  # first what lies in the same cell
        while not done:
            held = 0
            for t in range(touched(a, d, rim, order, cells)):
                first, last = _span(index, offset, depth, cells[t], order)
                held = _scanned(a, d, first, last, ra2, dec2, row, held, seps[i], numbers[i])
            # All that lies so near is in these cells.
            sure = (rim - ROOM) / (STEEP * float(np.int64(1) << order)) / DEG
            farthest = seps[i, k - 1] if held == k else 180.0
            if held == k and farthest * (1.0 + 1e-9) <= sure:
                done = True
            elif held == k and finest_order(farthest * (1.0 + 1e-4)) >= 0:
                # The circle that holds k for sure: whatever is nearer lies in it.
                order = min(finest_order(farthest * (1.0 + 1e-4)), order)
                rim = STEEP * farthest * (1.0 + 1e-5) * DEG * float(np.int64(1) << order) + 2.0 * ROOM
            elif order > 0 and held < k:
                order, rim = max(order - 2, 0), 1.0 - ROOM
            else:
                _scanned(a, d, 0, rows, ra2, dec2, row, 0, seps[i], numbers[i])
                done = True


@nb.njit(parallel=True, cache=True)
def _nearest(
    ra: Floats, dec: Floats, index: Ints, ra2: Floats, dec2: Floats, row: Ints, depth: int, offset: Offsets,
    seps: Floats, numbers: Ints,
) -> None:  # fmt: skip
    """`_nearest_some` of all."""
    for c in nb.prange((ra.shape[0] + 255) // 256):
        _nearest_some(
            256 * c,
            min(256 * (c + 1), ra.shape[0]),
            ra,
            dec,
            index,
            ra2,
            dec2,
            row,
            depth,
            offset,
            seps,
            numbers,
        )


def nearest(pieces: Sequence[Sorted], ra: Floats, dec: Floats, k: int) -> tuple[Ints, Ints, Floats]:
    """The k nearest of sorted lists, however far they are.

    Parameters
    ----------
    pieces : sequence of Sorted
        Numbered through.
    ra, dec : (m,) float arrays
        Degrees, right ascension in [0, 360); NaN where there is no position.
    k : int
        At least 1.

    Returns
    -------
    left, number : (p,) int arrays
        Sorted by left, then by separation; of equal ones the lower row comes first.
    separation : (p,) array
        Degrees.

    Examples
    --------
    >>> import numpy as np
    >>> held = made(np.array([10.0, 359.0]), np.zeros(2))
    >>> left, number, separation = nearest([held], np.array([2.0]), np.zeros(1), 1)
    >>> held.row[number].tolist(), separation.round(9).tolist()
    ([1], [3.0])
    """
    ra, dec = np.ascontiguousarray(ra, np.float64), np.ascontiguousarray(dec, np.float64)
    k = min(k, sum(len(piece.cell) for piece in pieces))
    if k == 0 or not len(ra):
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    memory.ask(24.0 * k * len(ra) * (1 + len(pieces)), f"The {k} nearest of {len(ra)} positions", IN_PARTS)
    watched = progress.current()
    found: list[tuple[Ints, Ints, Floats]] = []
    for low in range(0, len(ra), AT_ONCE):
        watched.report(low, len(ra), "looking for the nearest")
        a, d = ra[low : low + AT_ONCE], dec[low : low + AT_ONCE]
        seps, numbers, rows, base = [], [], [], 0
        for held in pieces:
            sep, at = np.full((len(a), k), np.inf), np.full((len(a), k), -1, np.int64)
            if len(held.cell):
                kept = a, d, held.cell, held.ra, held.dec, held.row, held.depth, held.offset, sep, at
                if len(a) <= ALONE // 2:
                    _nearest_some(0, len(a), *kept)
                else:
                    with ONE_AT_A_TIME:
                        _nearest(*kept)
                rows.append(np.where(at >= 0, held.row[at], -1))
                numbers.append(np.where(at >= 0, at + base, -1))
                seps.append(sep)
            base += len(held.cell)
        sep, at = np.concatenate(seps, axis=1), np.concatenate(numbers, axis=1)
        if len(seps) > 1:
            turn = np.lexsort((np.concatenate(rows, axis=1), sep), axis=1)[:, :k]
            sep, at = np.take_along_axis(sep, turn, 1), np.take_along_axis(at, turn, 1)
        good = at >= 0
        found.append((np.nonzero(good)[0] + low, at[good], sep[good]))
    watched.report(len(ra))
    left, number, separation = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return left, number, separation


def warm() -> None:
    """Compile what is not compiled yet."""
    ra, dec = np.linspace(0, 359, ALONE + 1), np.linspace(-89, 89, ALONE + 1)
    held = made(ra[::200], dec[::200])
    for questions in (2, len(ra)):
        within([held], ra[:questions], dec[:questions], 1e-4, 10**6)
        nearest([held], ra[:questions], dec[:questions], 2)
