"""Pairs of positions within a radius, on the whole sphere: hashed cells, a filter of one bit a cell, exact confirmation.

The sky is cut into bands of declination, each band into cells of right ascension, a few radii wide. The smaller list is
put into buckets by the hash of its cells, so that what is near lies together however the sources are clustered; every cell
that touches the circle around one of its members also sets a bit. The larger list then streams by: nearly all of it
finds its bit unset, which costs one look into a small table. What is left asks the buckets of the cells that its own
circle touches, and is confirmed in double precision.

Nothing here depends on how the work is split: pairs come out sorted by left, then by right.
"""

from __future__ import annotations

from threading import Lock
from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from skyexplorer.core import cells
from skyexplorer.core.cells import (
    DEG,
    HASH,
    ON_EDGE,
    SMALLEST_CELL,
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

Bits = NDArray[np.uint8]

BITS_PER_POINT = 16
ACROSS = 8.0  # width of a cell in radii, where circles are not crowded
CHUNK = 65_536
CROWD = 2.0  # points of a kept index in the cell of a typical point, about
SAMPLE = 64  # points by which that is told
LARGE = 100_000  # points in buckets, over which questions are sorted before they are asked
PART_BYTES = 2**20  # what a worker keeps in its own cache
# The work-queue of numba, where no other threading layer is there, must not be entered by two threads at once.
_ONE_AT_A_TIME = Lock()


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


def grid_for(radius: float, count: int) -> Grid:
    """Cells a few radii wide, or one radius where a circle holds many points of the list."""
    crowd = count * np.pi * radius**2 / 41253.0
    size = max(radius * (ACROSS if crowd < 0.05 else 2.0 if crowd < 1 else 1.0), SMALLEST_CELL)
    return cells.grid(min(size, 60.0))


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


def _starts(counts: Ints) -> tuple[Ints, Ints]:
    """Of counts (chunks, parts): where each chunk writes in each part, and where the parts begin."""
    by_part = counts.T.ravel()
    ends = np.cumsum(by_part)
    first = np.concatenate([[0], ends.reshape(counts.shape[1], -1)[:, -1]])
    return np.ascontiguousarray((ends - by_part).reshape(counts.shape[1], -1).T), first


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
    at, first = _starts(counts)
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
def _marked(
    real: Floats, radius: float, size: float, width: Floats, shift: np.uint64, bits: Bits, parts: int
) -> None:  # fmt: skip
    """Set the bit of every cell that a circle touches; each worker sets those of its own range."""
    for p in nb.prange(parts):
        low, high = p * bits.shape[0] // parts, (p + 1) * bits.shape[0] // parts
        for i in range(real.shape[0]):
            a, d = real[i, 2], real[i, 3]
            first, last = band_of(max(d - radius, -90.0), size), band_of(min(d + radius, 90.0), size)
            reach = reach_of(radius, min(width_of(first, size, width), width_of(last, size, width)), size)
            for band in range(first, last + 1):
                wide = width_of(band, size, width)
                a0, a1, b0, b1 = runs_of(a, reach, wide, int(360.0 * wide))
                for column in range(a0, a1 + 1 + max(b1 - b0 + 1, 0)):
                    h = bucket_of(key_of(band, column if column <= a1 else b0 + (column - a1 - 1)), shift)
                    if low <= h >> 3 < high:
                        bits[h >> 3] |= np.uint8(1 << (h & 7))


@nb.njit(parallel=True, cache=True)
def _survivors(
    ra: Floats, dec: Floats, size: float, width: Floats, shift: np.uint64, bits: Bits, chunk: int,
    out: Ints, counts: Ints,
) -> None:  # fmt: skip
    for c in nb.prange(counts.shape[0]):
        low, high = c * chunk, min((c + 1) * chunk, ra.shape[0])
        k = low
        for i in range(low, high):
            if ra[i] == ra[i] and dec[i] == dec[i]:
                band = band_of(dec[i], size)
                h = bucket_of(key_of(band, int(ra[i] * width_of(band, size, width))), shift)
                # Without a branch: whether the bit is set cannot be foreseen.
                out[k] = i
                k += (bits[h >> 3] >> (h & 7)) & 1
        counts[c] = k - low


@nb.njit(parallel=True, cache=True)
def _probed(
    who: Ints, ra: Floats, dec: Floats, radius: Floats, one: float, size: float, width: Floats, shift: np.uint64,
    offset: Ints, whole: Ints, real: Floats, tradius: Floats,
    chunk: int, start: Ints, room: Ints, out_a: Ints, out_b: Ints, out_s: Floats,
    counts: Ints,
) -> None:  # fmt: skip
    """Pairs of the points ``who`` with those in buckets: written from ``start[c]`` on while there is room, and counted."""
    for c in nb.prange(start.shape[0]):
        k = 0
        for j in range(c * chunk, min((c + 1) * chunk, who.shape[0])):
            i = who[j]
            a, d = ra[i], dec[i]
            own = radius[i] if radius.shape[0] else one
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
                        most = tradius[whole[t, 1]] if tradius.shape[0] else own
                        if sep <= most * (1 + ON_EDGE):
                            if k < room[c]:
                                at = start[c] + k
                                out_a[at], out_b[at], out_s[at] = i, whole[t, 1], sep
                            k += 1
        counts[c] = k


@nb.njit(parallel=True, cache=True)
def _asked(
    who: Ints, ra: Floats, dec: Floats, radius: Floats, one: float, size: float, width: Floats, shift: np.uint64,
    down: int, chunk: int, at: Ints, whole: Ints, real: Floats,
) -> None:  # fmt: skip
    """Questions of the points ``who``, one a cell that the circle touches, into the part of that cell's bucket."""
    write = whole.shape[0] > 0
    for c in nb.prange(at.shape[0]):
        for j in range(c * chunk, min((c + 1) * chunk, who.shape[0])):
            i = who[j]
            a, d = ra[i], dec[i]
            own = radius[i] if radius.shape[0] else one
            first, last = band_of(max(d - own, -90.0), size), band_of(min(d + own, 90.0), size)
            reach = reach_of(own, min(width_of(first, size, width), width_of(last, size, width)), size)
            for band in range(first, last + 1):
                wide = width_of(band, size, width)
                a0, a1, b0, b1 = runs_of(a, reach, wide, int(360.0 * wide))
                for column in range(a0, a1 + 1 + max(b1 - b0 + 1, 0)):
                    col = column if column <= a1 else b0 + (column - a1 - 1)
                    if column > a1 and a0 <= col <= a1:
                        continue  # the two runs meet: a cell is asked once
                    key = key_of(band, col)
                    part = bucket_of(key, shift) >> down
                    k = at[c, part]
                    at[c, part] = k + 1
                    if write:
                        whole[k, 0], whole[k, 1], real[k, 2], real[k, 3] = np.int64(key), i, a, d


@nb.njit(parallel=True, cache=True)
def _answered(
    first: Ints, asked: Ints, asked_real: Floats, radius: Floats, one: float, shift: np.uint64,
    offset: Ints, whole: Ints, real: Floats, held_radius: Floats, start: Ints,
    room: Ints, out_a: Ints, out_b: Ints, out_s: Floats, counts: Ints,
) -> None:  # fmt: skip
    """Answers, part by part: pairs written from ``start[part]`` on as far as there is room, and counted."""
    for part in nb.prange(first.shape[0] - 1):
        k = 0
        for j in range(first[part], first[part + 1]):
            key, i, a, d = asked[j, 0], asked[j, 1], asked_real[j, 2], asked_real[j, 3]
            h = bucket_of(np.uint64(key), shift)
            own = radius[i] if radius.shape[0] else one
            for t in range(offset[h], offset[h + 1]):
                if whole[t, 0] != key or abs(real[t, 3] - d) > own * 1.0000001 + 1e-11:
                    continue
                sep = separation(a, d, real[t, 2], real[t, 3])
                most = held_radius[whole[t, 1]] if held_radius.shape[0] else own
                if sep <= most * (1 + ON_EDGE):
                    if k < room[part]:
                        at = start[part] + k
                        out_a[at], out_b[at], out_s[at] = i, whole[t, 1], sep
                    k += 1
        counts[part] = k


@nb.njit(parallel=True, cache=True)
def _counted(
    start: Ints, counts: Ints, left: Ints, offset: Ints, parts: int
) -> None:  # fmt: skip
    """Pairs of each left into offset[left + 1]; each worker counts its own range of rows."""
    rows = offset.shape[0] - 1
    for p in nb.prange(parts):
        low, high = p * rows // parts, (p + 1) * rows // parts
        for c in range(start.shape[0]):
            for i in range(start[c], start[c] + counts[c]):
                if low <= left[i] < high:
                    offset[left[i] + 1] += 1


@nb.njit(parallel=True, cache=True)
def _by_left(
    start: Ints, counts: Ints, left: Ints, right: Ints, sep: Floats,
    offset: Ints, at: Ints, parts: int, a: Ints, b: Ints, s: Floats,
) -> None:  # fmt: skip
    """Pairs from the slots in which they were written, by left, and those of one left by right."""
    rows = at.shape[0]
    for p in nb.prange(parts):
        low, high = p * rows // parts, (p + 1) * rows // parts
        for c in range(start.shape[0]):
            for i in range(start[c], start[c] + counts[c]):
                if low <= left[i] < high:
                    k = at[left[i]]
                    at[left[i]] = k + 1
                    a[k], b[k], s[k] = left[i], right[i], sep[i]
        for row in range(low, high):
            first, last = offset[row], offset[row + 1]
            ordered = True
            for k in range(first + 1, last):
                ordered = ordered and b[k] > b[k - 1]
            if not ordered:
                turn = np.argsort(b[first:last])
                b[first:last], s[first:last] = b[first:last][turn], s[first:last][turn]


@nb.njit(cache=True)
def nearest(left: Ints, right: Ints, sep: Floats) -> Ints:
    """Of pairs sorted by left and right, the number of the nearest of each left; of equal distances the first."""
    out = np.empty(left.shape[0], np.int64)
    k = -1
    for i in range(left.shape[0]):
        if i == 0 or left[i] != left[i - 1]:
            k += 1
            out[k] = i
        elif sep[i] < sep[out[k]]:
            out[k] = i
    return out[: k + 1]


def pairs(
    ra1: Floats, dec1: Floats, ra2: Floats, dec2: Floats, radius: float | Floats, most: int = 500_000_000
) -> tuple[Ints, Ints, Floats]:
    """All pairs within a radius.

    Parameters
    ----------
    ra1, dec1 : (n,) float arrays
        Degrees, right ascension in [0, 360); NaN where there is no position.
    ra2, dec2 : (m,) float arrays
    radius : float or (n,) array
        Degrees, up to 180; the edge belongs to it. One for all, or one for each of the first list.
    most : int
        Pairs that may be; more is an error before they are made.

    Returns
    -------
    left, right : (p,) int arrays
        Sorted by left, then by right.
    separation : (p,) array
        Degrees.

    Raises
    ------
    MemoryError
        If there are more pairs than ``most``.
    """
    each = np.ascontiguousarray(radius, np.float64) if np.ndim(radius) else np.empty(0)
    largest = float(each.max()) if len(each) else float(radius)
    none = np.empty(0)
    if not len(ra1) or not len(ra2):
        return np.empty(0, np.int64), np.empty(0, np.int64), none
    with _ONE_AT_A_TIME:
        return _pairs(ra1, dec1, ra2, dec2, each, largest, most)


def warm() -> None:
    """Compile what is not compiled yet, or load it from the cache: the first match in a notebook must not wait for it."""
    ra, dec = np.linspace(0, 359, LARGE + 1), np.linspace(-89, 89, LARGE + 1)
    pairs(ra, dec, ra, dec, 1e-4)
    pairs(ra[:9], dec[:9], ra[:9], dec[:9], np.full(9, 1e-4))
    nearest(np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1))


def _pairs(
    ra1: Floats, dec1: Floats, ra2: Floats, dec2: Floats, each: Floats, largest: float, most: int
) -> tuple[Ints, Ints, Floats]:
    none = np.empty(0)
    turned = len(ra1) <= len(ra2)  # the smaller list goes into buckets, the larger streams
    small = (ra1, dec1) if turned else (ra2, dec2)
    large = (ra2, dec2) if turned else (ra1, dec1)
    small = (np.ascontiguousarray(small[0], np.float64), np.ascontiguousarray(small[1], np.float64))
    large = (np.ascontiguousarray(large[0], np.float64), np.ascontiguousarray(large[1], np.float64))
    held = buckets(*small, grid_for(largest, len(small[0])))
    who = _who(held, large, largest)
    stream_radius, held_radius = (none, each) if turned else (each, none)
    start, counts, a, b, s = _answers(held, who, large, stream_radius, held_radius, largest, most)
    return _sorted(start, counts, *((b, a) if turned else (a, b)), s, len(ra1))


def _answers(
    held: Buckets,
    who: Ints,
    points: tuple[Floats, Floats],
    radius: Floats,
    held_radius: Floats,
    largest: float,
    most: int,
) -> tuple[Ints, Ints, Ints, Ints, Floats]:
    """Pairs of the points ``who`` with those in buckets, in slots: asked one by one, or sorted into parts first."""
    table = (held.offset, held.whole, held.real, held_radius)
    shift, grid = np.uint64(held.shift), held.grid
    if min(len(held.whole), len(who)) > LARGE and largest <= grid.size:
        bits = _parts(len(held.whole))
        circles = (
            who,
            *points,
            radius,
            largest,
            grid.size,
            grid.width,
            shift,
            (64 - held.shift) - bits,
            CHUNK,
        )
        counts = np.zeros((max(-(-len(who) // CHUNK), 1), 1 << bits), np.int64)
        nothing = np.empty((0, 4), np.int64)
        _asked(*circles, counts, nothing, nothing.view(np.float64))
        at, first = _starts(counts)
        asked = np.empty((int(first[-1]), 4), np.int64)
        _asked(*circles, at, asked, asked.view(np.float64))
        start, room = first[:-1], np.diff(first)
        kernel: tuple = (_answered, first, asked, asked.view(np.float64), radius, largest, shift, *table)
    else:
        chunk = max(min(CHUNK, len(who) // (4 * nb.get_num_threads()) + 1), 256)
        start = np.arange(0, max(len(who), 1), chunk, dtype=np.int64)
        room = np.minimum(chunk, len(who) - start)
        kernel = (_probed, who, *points, radius, largest, grid.size, grid.width, shift, *table, chunk)
    return _collected(kernel, start, room, most)


def _sorted(
    start: Ints, counts: Ints, left: Ints, right: Ints, sep: Floats, rows: int
) -> tuple[Ints, Ints, Floats]:
    """Pairs from slots, by left and then by right."""
    parts = nb.get_num_threads()
    offset = np.zeros(rows + 1, np.int64)
    _counted(start, counts, left, offset, parts)
    np.cumsum(offset, out=offset)
    out = np.empty(offset[-1], np.int64), np.empty(offset[-1], np.int64), np.empty(offset[-1])
    _by_left(start, counts, left, right, sep, offset, offset[:-1].copy(), parts, *out)
    return out


def index(ra: Floats, dec: Floats) -> Buckets:
    """Buckets to keep, for questions of any radius: cells that hold a few points each, where there are points.

    Parameters
    ----------
    ra, dec : (n,) float arrays
        Degrees, right ascension in [0, 360); NaN where there is no position.
    """
    ra, dec = np.ascontiguousarray(ra, np.float64), np.ascontiguousarray(dec, np.float64)
    size = min(np.sqrt(CROWD * 41253.0 / max(len(ra), 1)), 30.0)
    with _ONE_AT_A_TIME:
        for _ in range(12):
            held = buckets(ra, dec, cells.grid(size))
            crowd = _crowd(held)
            if crowd < 8 * CROWD or size <= SMALLEST_CELL:
                break
            size = max(size / np.sqrt(crowd / CROWD), SMALLEST_CELL)
    return held


def _crowd(held: Buckets) -> float:
    """How many points share the cell of a typical point, told by some."""
    count = len(held.whole)
    keys = (
        held.whole[np.unique(np.linspace(0, count - 1, SAMPLE).astype(np.int64)), 0]
        if count
        else held.whole[:, 0]
    )
    at = ((keys.astype(np.uint64) * HASH) >> np.uint64(held.shift)).astype(np.int64)
    full = [
        np.count_nonzero(held.whole[held.offset[h] : held.offset[h + 1], 0] == key)
        for h, key in zip(at, keys, strict=True)
    ]
    return float(np.mean(full)) if full else 0.0


def kept(size: float, shift: int, offset: Ints, whole: Ints) -> Buckets:
    """Buckets from what was kept of them."""
    whole, offset = whole.view(np.ndarray), offset.view(np.ndarray)
    return Buckets(cells.grid(size), shift, offset, whole, whole.view(np.float64))


def found(
    held: Buckets, ra: Floats, dec: Floats, radius: float | Floats, most: int = 500_000_000
) -> tuple[Ints, Ints, Floats]:
    """Pairs of positions with points in kept buckets: row of the question, number of the point, separation (deg).

    Parameters are those of `pairs`, which says more.
    """
    each = np.ascontiguousarray(radius, np.float64) if np.ndim(radius) else np.empty(0)
    largest = float(each.max()) if len(each) else float(radius)
    if (2 * largest / held.grid.size + 2) ** 2 * len(ra) > 8 * len(held.whole) + 100_000:
        # So wide a circle touches more of the kept cells than there are points: cells of its own size are made for it.
        a, b, s = pairs(ra, dec, held.real[:, 2], held.real[:, 3], radius, most)
        return a, np.asarray(held.whole[b, 1]), s
    points = np.ascontiguousarray(ra, np.float64), np.ascontiguousarray(dec, np.float64)
    who = np.flatnonzero(np.isfinite(points[0]) & np.isfinite(points[1]))
    with _ONE_AT_A_TIME:
        start, counts, a, b, s = _answers(held, who, points, each, np.empty(0), largest, most)
        return _sorted(start, counts, a, b, s, len(points[0]))


def _collected(kernel: tuple, start: Ints, room: Ints, most: int) -> tuple[Ints, Ints, Ints, Ints, Floats]:
    """Run a kernel that writes pairs into slots: one slot a question is mostly enough; where not, its counts say what is."""
    run, *args = kernel
    counts = np.zeros(len(start), np.int64)
    size = int(room.sum())
    a, b, s = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size)
    run(*args, start, room, a, b, s, counts)
    total = int(counts.sum())
    if total > most:
        raise MemoryError(total)
    if (counts > room).any():
        start = np.cumsum(counts) - counts
        a, b, s = np.empty(total, np.int64), np.empty(total, np.int64), np.empty(total)
        run(*args, start, counts.copy(), a, b, s, counts)
    return start, counts, a, b, s


def _who(held: Buckets, large: tuple[Floats, Floats], radius: float) -> Ints:
    """Those of the larger list whose cell is near a point in the buckets; all, where most would be."""
    count = len(held.whole)
    per_point = (2 * radius / held.grid.size + 1) ** 2
    power = int(np.ceil(np.log2(max(count * BITS_PER_POINT, 1024))))
    chunks = -(-len(large[0]) // CHUNK)
    out, counts = np.empty(len(large[0]), np.int64), np.zeros(chunks, np.int64)
    if power > 33 or count * per_point > 0.5 * (1 << power) or radius > held.grid.size:
        return np.flatnonzero(np.isfinite(large[0]) & np.isfinite(large[1]))
    bits = np.zeros(1 << (power - 3), np.uint8)
    _marked(
        held.real, radius, held.grid.size, held.grid.width, np.uint64(64 - power), bits, nb.get_num_threads()
    )
    _survivors(*large, held.grid.size, held.grid.width, np.uint64(64 - power), bits, CHUNK, out, counts)
    return np.concatenate([out[c * CHUNK : c * CHUNK + n] for c, n in enumerate(counts)])
