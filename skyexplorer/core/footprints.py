"""Which of many positions lie in which of many footprints: the positions stream past a table of the footprints' cells.

The footprints are made ready, never the positions: an index of ten million of these would cost more than all the rest. What
passes the filter of touched cells asks the table, and what is there is mostly decided by two or three products of unit
vectors; only next to an edge the formulas of `membership` decide. The answer does not depend on how the work was split.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from skyexplorer import progress
from skyexplorer.core import cells, cover, membership, memory, radix
from skyexplorer.core import shapes as forms
from skyexplorer.core.cells import DEG, Floats, Ints, key_of, width_of
from skyexplorer.core.cover import Cover
from skyexplorer.core.membership import box_radius, holds, in_box, round_radius, seen, told, turned
from skyexplorer.core.radix import _PLACE, _SEQUENCE
from skyexplorer.core.shapes import (
    BOX,
    COS,
    DEC,
    EAST,
    ELLIPSE,
    NORTH,
    QUARTERS,
    RA,
    REACH,
    SIN,
    SOUTH,
    WEST,
    Shapes,
)
from skyexplorer.core.slots import LOW, Words
from skyexplorer.core.threads import ONE_AT_A_TIME

MOST_PAIRS = 200_000_000
SLICE = 2**23  # positions that ask between two reports
GROUPS = 16  # pieces of a slice
PIECE = 2**22  # pairs that are one piece of work
STEP = 64  # of so many words of positions, one is asked how much room the answers need
BLOCK = 1024  # pairs that are looked up together
SAMPLE = 4096  # positions by which crowds are told
LEVELS = (8.0, 1.0, 0.125, 0.0156)  # deg: widths of the squares in which their neighbours are counted
SIZES = 2.0 ** np.arange(-19, 3.5, 0.5)  # deg: widths of cells that may be chosen
# What things cost, in nanoseconds of one worker, as measured: an entry of the table, a test, a position that is looked up.
ENTRY, TEST, LOOK = 100.0, 60.0, 5.0
IN_PARTS = "Ask in parts, or raise SKYEXPLORER_MEMORY_LIMIT."


class Pairs(NamedTuple):
    """Pairs by footprint, then by position; ``first[o]`` to ``first[o + 1]`` are those of footprint o."""

    first: Ints
    left: Ints
    right: Ints


@nb.njit(parallel=True, cache=True)
def _streamed(
    ra: Floats, dec: Floats, base: int, kept: Words, step: int, size: float, width: Floats, shift: np.uint64,
    offset: Ints, words: Words, kind: Ints, owner: Ints, numbers: Floats, rows: Ints, points: Floats, ranges: Ints,
    each: int, todo: NDArray[np.bool_], start: Ints, room: Ints, out: Words, total: Ints, by_owner: Ints,
) -> None:  # fmt: skip
    """Pairs of positions that passed, in pieces of ``each`` words: written while there is room, and counted by owner."""
    one = np.uint64(1)
    for g in nb.prange(todo.shape[0]):
        if not todo[g]:
            continue
        k, to, free = 0, start[g], room[g]
        some, keys = np.empty(64, np.int64), np.empty(64, np.uint64)
        begin, end = np.empty(64, np.int64), np.empty(64, np.int64)
        for w in range(g * each, min((g + 1) * each, kept.shape[0]), step):
            word, many = kept[w], 0
            # Looks into the table first: many are under way at once.
            while word:
                i = 64 * w + _PLACE[np.int64(((word & (~word + one)) * _SEQUENCE) >> np.uint64(58))]
                word &= word - one
                if i >= ra.shape[0]:
                    break
                if ra[i] == ra[i] and dec[i] == dec[i]:
                    band = cells.band_of(dec[i], size)
                    key = key_of(band, int(ra[i] * width_of(band, size, width)))
                    h = np.int64((key * cells.HASH) >> shift)
                    some[many], keys[many], begin[many], end[many] = i, key, offset[h], offset[h + 1]
                    many += 1
            for n in range(many):
                i, key = some[n], keys[n]
                x, y = ra[i], dec[i]
                done, known = np.int64(-1), False
                px, py, pz = 0.0, 0.0, 0.0
                for t in range(begin[n], end[n]):
                    if words[2 * t] != key:
                        continue
                    mark = np.int64(words[2 * t + 1])
                    s = mark >> 1
                    whose = owner[s]
                    if whose == done:
                        continue  # another part of the same footprint holds it
                    if not mark & 1:
                        what = kind[s]
                        if what <= ELLIPSE:
                            if not known:
                                sa, ca = turned(x)
                                sd, cd = turned(y)
                                px, py, pz, known = cd * ca, cd * sa, sd, True
                            has = told(numbers, s, px, py, pz)
                            if has == 0 or (
                                has < 0 and not holds(kind, numbers, rows, points, ranges, s, x, y)
                            ):
                                continue
                        elif what == BOX:
                            if not in_box(numbers, s, x, y):
                                continue
                        elif not holds(kind, numbers, rows, points, ranges, s, x, y):
                            continue
                    done = whose
                    by_owner[g, whose] += 1
                    if k < free:
                        out[to + k] = (np.uint64(whose) << np.uint64(32)) | np.uint64(base + i)
                    k += 1
        total[g] = k


@nb.njit(parallel=True, cache=True)
def _sorted(words: Words, start: Ints, total: Ints, next: Ints, right: Ints) -> None:
    """Numbers of positions to the places of their footprints; those of a piece come in their order."""
    for g in nb.prange(start.shape[0]):
        for i in range(start[g], start[g] + total[g]):
            whose = np.int64(words[i] >> np.uint64(32))
            k = next[g, whose]
            next[g, whose] = k + 1
            right[k] = np.int64(words[i] & LOW)


@nb.njit(parallel=True, cache=True)
def _spread(first: Ints, left: Ints) -> None:
    for o in nb.prange(first.shape[0] - 1):
        left[first[o] : first[o + 1]] = o


@nb.njit(parallel=True, cache=True)
def _described(
    ra: Floats, dec: Floats, left: Ints, right: Ints, centers: Floats, only: Ints, kind: Ints, numbers: Floats,
    radius: Floats, sep: Floats, angle: Floats,
) -> None:  # fmt: skip
    for piece in nb.prange((left.shape[0] + BLOCK - 1) // BLOCK):
        low, count = piece * BLOCK, min(BLOCK, left.shape[0] - piece * BLOCK)
        place = np.empty((count, 2))
        for i in range(count):  # looks into memory first: many are under way at once
            place[i, 0], place[i, 1] = ra[right[low + i]], dec[right[low + i]]
        for i in range(count):
            k, x, y = low + i, place[i, 0], place[i, 1]
            o = left[k]
            east, north, z = seen(centers, o, x, y)
            sep[k] = np.arctan2(np.hypot(east, north), z) / DEG
            pa = np.arctan2(east, north) / DEG
            pa += 360.0 if pa < 0.0 else 0.0
            angle[k] = pa if pa < 360.0 else 0.0  # a tiny negative one rounds to 360
            s = only[o]
            if s < 0:
                radius[k] = np.nan
            elif kind[s] <= ELLIPSE:
                radius[k] = round_radius(kind[s], numbers, s, east, north, z)
            else:
                radius[k] = box_radius(kind[s], numbers, s, x, y)


def crowd(ra: Floats, dec: Floats) -> float:
    """Positions in a square degree around a typical one, told by some of them."""
    at = np.linspace(0, len(ra) - 1, min(len(ra), SAMPLE)).astype(np.int64)
    a, d = ra[at], dec[at]
    good = np.isfinite(a) & np.isfinite(d)
    a, d = a[good], d[good]
    dense = len(ra) / 41253.0
    for level in LEVELS if len(a) > 1 else ():
        band = np.floor((d + 90) / level).astype(np.int64)
        column = np.floor(a * np.cos(np.abs(band * level - 90) * DEG).clip(1e-3) / level).astype(np.int64)
        _, count = np.unique((band << 32) | column, return_counts=True)
        others = float((count * (count - 1)).sum()) / len(a)
        if others > 0.25:  # else chance decides
            dense = max(dense, others * len(ra) / len(a) / level**2)
    return dense


def _plan(shapes: Shapes, rows: int, dense: float) -> list[tuple[float, Ints]]:
    """Sizes of cells, and the shapes that each is for: one size for all, or two where large and tiny shapes are mixed."""
    n, sides = shapes.numbers, (shapes.kind == BOX) | (shapes.kind == QUARTERS)
    high = np.where(sides, 0.5 * (n[:, NORTH] + n[:, SOUTH]), n[:, REACH])
    broad = np.where(sides, 0.5 * (n[:, EAST] + n[:, WEST]) * n[:, COS], n[:, REACH])
    # Shapes are counted by the power of two of their sizes: costs need no more.
    power = [
        np.clip(np.rint(2 * np.log2(np.maximum(each, 1e-9))), -60, 15).astype(np.int64) + 60
        for each in (high, broad)
    ]
    code = power[0] * 76 + power[1]
    count = np.bincount(code, minlength=76 * 76)
    used = np.flatnonzero(count)
    h, b = (2.0 ** ((each - 60) / 2) for each in (used // 76, used % 76))
    size = SIZES[:, None]
    entries = (2 * h / size + 1) * (2 * b / size + 1)
    asked = entries * size**2
    asked = np.where(np.minimum(h, b) > size, np.minimum(asked, 5 * (h + b + size) * size), asked)
    cost = (entries * ENTRY + asked * dense * TEST) * count[used]
    turn = np.argsort(np.maximum(h, b), kind="stable")
    below = np.cumsum(cost[:, turn], axis=1)
    above = below[:, -1:] - below
    # With shapes 0 to k in one table and the rest in another, all positions are looked up twice.
    best = (
        below.min(axis=0) + above.min(axis=0) + np.where(np.arange(len(used)) < len(used) - 1, rows * LOOK, 0)
    )
    split = int(np.argmin(best))
    small = float(SIZES[np.argmin(below[:, split])])
    if split == len(used) - 1:
        return [(small, np.arange(len(shapes.kind)))]
    large = np.zeros(76 * 76, bool)
    large[used[turn[split + 1 :]]] = True
    wide = np.zeros(int(shapes.owner.max()) + 1, bool)
    wide[shapes.owner[large[code]]] = True  # all parts of a footprint are in one table
    is_wide = wide[shapes.owner]
    parts = (
        (small, np.flatnonzero(~is_wide)),
        (float(SIZES[np.argmin(above[:, split])]), np.flatnonzero(is_wide)),
    )
    return [(each, which) for each, which in parts if len(which)]


def _tables(shapes: Shapes, ra: Floats, dec: Floats) -> list[tuple[Cover, Shapes]]:
    bounds = cover.caps(shapes)
    plan = _plan(shapes, len(ra), crowd(ra, dec))
    if len(plan) == 1:
        return [(cover.cover(shapes, bounds, plan[0][0]), shapes)]
    made = []
    for size, which in plan:
        some = forms.chosen(shapes, which)
        made.append((cover.cover(some, cover.caps(some), size), some))
    return made


def _asked(
    shapes: Shapes, owners: int, ra: Floats, dec: Floats, keep: bool, most: int
) -> tuple[list[Words], Ints]:
    """Pairs as they are found, a list for each piece, and how many each footprint has in each."""
    found: list[Words] = []
    counts: list[Ints] = []
    so_far = 0
    watched = progress.current()
    watched.report(0, len(ra), "asking footprints")
    tables = _tables(shapes, ra, dec)
    none = np.empty(0, np.uint64)
    for base in range(0, len(ra), SLICE):
        watched.report(base, len(ra), "asking footprints")
        x, y = ra[base : base + SLICE], dec[base : base + SLICE]
        kept = np.empty(-(-len(x) // 64), np.uint64)
        pieces = int(np.clip(len(kept) // 64, 1, GROUPS))
        each = -(-len(kept) // pieces)
        for table, some in tables:
            grid = table.grid
            radix.passed(
                x,
                y,
                grid.size,
                grid.width,
                np.uint64(64 - int(np.log2(len(table.filter)))),
                table.filter,
                kept,
            )
            head = (x, y, base, kept)
            rest = (grid.size, grid.width, np.uint64(table.shift), table.offset, table.words, *some, each)
            total, by_owner = np.zeros(pieces, np.int64), np.zeros((pieces, owners), np.int64)
            start, room, todo = np.zeros(pieces, np.int64), np.zeros(pieces, np.int64), np.ones(pieces, bool)
            if not keep:
                _streamed(*head, 1, *rest, todo, start, room, none, total, by_owner)
                counts.append(by_owner.sum(axis=0)[None])
                continue
            # How much room the answers need, a few tell; where they err, the piece is asked again.
            _streamed(*head, STEP, *rest, todo, start, room, none, total, by_owner)
            # Of a short piece more than one in `STEP` words is asked.
            guess = total * (each / -(-each // STEP))
            room = (guess * 1.1 + 8 * np.sqrt(guess * STEP) + 256).astype(np.int64)
            if guess.sum() > most - so_far:
                room[:] = 0  # likely too many: they are counted before any memory is taken
            memory.ask(8.0 * (so_far + room.sum()), f"{len(ra)} positions in {owners} footprints", IN_PARTS)
            buffer, start = np.empty(int(room.sum()), np.uint64), np.cumsum(room) - room
            by_owner[:] = 0
            _streamed(*head, 1, *rest, todo, start, room, buffer, total, by_owner)
            so_far += int(total.sum())
            if so_far > most:
                raise MemoryError(so_far)
            todo = total > room
            parts = [buffer[a : a + b] for a, b in zip(start, total, strict=True)]
            if todo.any():
                memory.ask(8.0 * so_far, f"{so_far} pairs of positions and footprints", IN_PARTS)
                again = np.where(todo, total, 0)
                start, buffer = np.cumsum(again) - again, np.empty(int(again.sum()), np.uint64)
                by_owner[todo] = 0
                _streamed(*head, 1, *rest, todo, start, again, buffer, total, by_owner)
                parts = [
                    buffer[a : a + b] if late else part
                    for a, b, late, part in zip(start, total, todo, parts, strict=True)
                ]
            found += parts
            counts.append(by_owner)
    watched.report(len(ra), len(ra))
    return found, np.concatenate([np.empty((0, owners), np.int64), *counts])


def pairs(shapes: Shapes, owners: int, ra: Floats, dec: Floats, most: int = MOST_PAIRS) -> Pairs:
    """All pairs of footprints and the positions in them.

    Parameters
    ----------
    shapes : Shapes
        In the order of their owners.
    owners : int
        Number of footprints.
    ra, dec : (m,) float arrays
        Degrees, right ascension in [0, 360); NaN where there is no position.
    most : int
        Pairs that may be.

    Raises
    ------
    MemoryError
        If there are more.
    InputError
        If they need more memory than is allowed.

    Examples
    --------
    >>> import numpy as np
    >>> from skyexplorer.core import footprints, shapes
    >>> circles = shapes.circles([0.0, 10.0], [0.0, 0.0], [1.0, 2.0])
    >>> found = footprints.pairs(circles, 2, np.array([359.5, 9.0, 11.0]), np.zeros(3))
    >>> found.left.tolist(), found.right.tolist()
    ([0, 1, 1], [0, 1, 2])
    """
    ra, dec = _plain(ra), _plain(dec)
    if not len(shapes.kind) or not len(ra):
        return Pairs(np.zeros(owners + 1, np.int64), np.empty(0, np.int64), np.empty(0, np.int64))
    with ONE_AT_A_TIME:
        found, counts = _asked(shapes, owners, ra, dec, True, most)
        first = np.concatenate([[0], np.cumsum(counts.sum(axis=0))])
        memory.ask(40.0 * first[-1], f"{first[-1]} pairs of positions and footprints", IN_PARTS)
        next = np.cumsum(counts, axis=0) - counts + first[:-1]
        left, right = np.empty(first[-1], np.int64), np.empty(first[-1], np.int64)
        at = 0
        while at < len(found):
            # What lies in one piece of memory is put into place at once.
            upto, size = at, 0
            while upto < len(found) and (upto == at or size + len(found[upto]) <= PIECE):
                size += len(found[upto])
                upto += 1
            upto = max(upto, min(at + GROUPS, len(found)))
            some = found[at:upto]
            total = np.array([len(each) for each in some])
            _sorted(np.concatenate(some), np.cumsum(total) - total, total, next[at:upto], right)
            found[at:upto] = [some[0][:0]] * len(some)
            at = upto
        _spread(first, left)
    return Pairs(first, left, right)


def counts(shapes: Shapes, owners: int, ra: Floats, dec: Floats) -> Ints:
    """How many positions lie in each footprint; parameters are those of `pairs`."""
    ra, dec = _plain(ra), _plain(dec)
    if not len(shapes.kind) or not len(ra):
        return np.zeros(owners, np.int64)
    with ONE_AT_A_TIME:
        return np.asarray(_asked(shapes, owners, ra, dec, False, 0)[1].sum(axis=0))


def described(
    shapes: Shapes,
    owners: int,
    centers: tuple[Floats, Floats],
    ra: Floats,
    dec: Floats,
    left: Ints,
    right: Ints,
) -> tuple[Floats, Floats, Floats]:
    """Normalised radius, separation from the centre and position angle (deg) of pairs.

    Parameters
    ----------
    shapes, owners, ra, dec
        As of `pairs`.
    centers : two (owners,) arrays
        Degrees.
    left, right : (p,) int arrays
    """
    only = np.full(owners, -1, np.int64)
    only[shapes.owner] = np.arange(len(shapes.kind))
    only[np.bincount(shapes.owner, minlength=owners) > 1] = -1
    some = only >= 0
    only[some] = np.where(shapes.kind[only[some]] <= QUARTERS, only[some], -1)
    middle = np.zeros((owners, COS + 1))
    middle[:, RA], middle[:, DEC] = centers
    middle[:, SIN], middle[:, COS] = np.sin(middle[:, DEC] * DEG), np.cos(middle[:, DEC] * DEG)
    out = np.empty(len(left)), np.empty(len(left)), np.empty(len(left))
    with ONE_AT_A_TIME:
        _described(_plain(ra), _plain(dec), left, right, middle, only, shapes.kind, shapes.numbers, *out)
    return out


def _plain(values: Floats) -> Floats:
    """Contiguous, and writable: an array that says it is read-only would be compiled for once more."""
    values = np.ascontiguousarray(values, np.float64)
    return values if values.flags.writeable else values.copy()


def warm() -> None:
    """Compile what is not compiled yet."""
    membership.warm()
    zero = np.zeros(1)
    circle = forms.circles(zero, zero, zero + 1)
    found = pairs(circle, 1, zero, zero)
    counts(circle, 1, zero, zero)
    described(circle, 1, (zero, zero), zero, zero, found.left, found.right)
