"""The cells that shapes touch, and which of them they hold whole: a table in which positions look up who may hold them.

The table goes by the hash of a cell, so that empty sky takes no memory, and cells may be as small as the shapes and the
crowd of positions ask for. A shape is first asked for its bounds in each band of declination; where it is wider than a
cell, for what the cell's middle has to say: a cell beyond the edge is left out, and what lies in one that is held whole
needs no test.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba as nb
import numpy as np

from skyexplorer.core import cells, healpix, memory
from skyexplorer.core.cells import DEG, Floats, Grid, Ints, band_of, key_of, reach_of, width_of
from skyexplorer.core.membership import in_polygon, turned, wrapped
from skyexplorer.core.radix import _two
from skyexplorer.core.shapes import (
    ACROSS,
    ALONG,
    BOX,
    CELLS,
    DEC,
    EAST,
    EDGE,
    ELLIPSE,
    FINEST,
    HIGH,
    LIMIT,
    LOW,
    NORTH,
    POLYGON,
    QUARTERS,
    RA,
    REACH,
    SLACK,
    SOUTH,
    TO,
    WEST,
    A,
    B,
    Shapes,
)
from skyexplorer.core.slots import Words

OUT, CUT, WHOLE = 0, 1, 2
CHUNK = 256  # shapes that are one piece of work
STEEP = 80.0  # deg: a circle that is wider is not bounded in right ascension
ROUND = 20.0  # deg: of a cell that is wider, nothing is told by its middle
CORNER = (
    1.07  # over the side of the sky's base cells: radius of a circle around a HEALPix cell (rad, at order 0)
)
MOC_CELLS = 2000  # circles that bound a set of cells, at most about
FILTER_BITS = 16  # for each entry


class Cover(NamedTuple):
    """A table of cells; entries of bucket h are ``offset[h]`` to ``offset[h + 1]``.

    An entry is two words: the key of its cell, and twice the number of a shape, plus one where that holds the cell whole.
    """

    grid: Grid
    shift: int
    offset: Ints
    words: Words
    filter: Words


@nb.njit(inline="always")
def _by_middle(kind: int, numbers: Floats, s: int, px: float, py: float, pz: float, rho: float) -> int:
    """What a circle or an ellipse has of a circle of radius ``rho`` (deg) around a direction."""
    z = px * numbers[s, TO] + py * numbers[s, TO + 1] + pz * numbers[s, TO + 2]
    u = px * numbers[s, ALONG] + py * numbers[s, ALONG + 1] + pz * numbers[s, ALONG + 2]
    v = px * numbers[s, ACROSS] + py * numbers[s, ACROSS + 1] + pz * numbers[s, ACROSS + 2]
    along, across = u * numbers[s, A], v * numbers[s, B]
    h = np.sqrt(along * along + across * across)
    r = np.arctan2(h, z) / DEG
    if r - rho > numbers[s, REACH]:
        return OUT
    if kind != ELLIPSE:
        return WHOLE if r + rho < numbers[s, A] - SLACK or numbers[s, A] >= 180.0 else CUT
    far = (r + rho) * DEG
    if far > 3.0 or h < 1e-15:
        return CUT
    # On the plane of distance and direction a path is at most so much longer than on the sphere.
    longer = far / np.sin(far) if far > 1e-4 else 1.0 + 1e-8
    q = r / h * np.sqrt(u * u + v * v)
    change = longer * rho / min(numbers[s, A], numbers[s, B]) + 1e-9
    if q - change > numbers[s, LIMIT]:
        return OUT
    return WHOLE if q + change < 1.0 else CUT


@nb.njit(cache=True)
def _by_arcs(
    numbers: Floats, s: int, points: Floats, low: int, high: int, x: float, y: float, rho: float
) -> int:
    """What a polygon has of a circle of radius ``rho`` (deg) around a position."""
    sa, ca = turned(x)
    sd, cd = turned(y)
    px, py, pz = cd * ca, cd * sa, sd
    z = px * numbers[s, TO] + py * numbers[s, TO + 1] + pz * numbers[s, TO + 2]
    r = np.arccos(min(max(z, -1.0), 1.0)) / DEG
    if r - rho - 1e-5 > numbers[s, REACH]:
        return OUT
    if r + rho > 89.0:
        return CUT
    near = (rho + SLACK) * DEG
    chord, last = 2.0 * np.sin(0.5 * near), high - 1
    for k in range(low, high):
        vx, vy, vz = points[k, 0], points[k, 1], points[k, 2]
        nx, ny, nz = points[last, 3], points[last, 4], points[last, 5]
        ux, uy, uz = points[last, 0], points[last, 1], points[last, 2]
        dx, dy, dz = px - ux, py - uy, pz - uz
        if dx * dx + dy * dy + dz * dz <= chord * chord:
            return CUT
        if abs(dx * nx + dy * ny + dz * nz) <= np.sin(near):
            past = px * (ny * uz - nz * uy) + py * (nz * ux - nx * uz) + pz * (nx * uy - ny * ux)
            left = px * (vy * nz - vz * ny) + py * (vz * nx - vx * nz) + pz * (vx * ny - vy * nx)
            if past >= 0.0 and left >= 0.0:
                return CUT
        last = k
    return WHOLE if in_polygon(numbers, s, points, low, high, x, y) else OUT


@nb.njit(cache=True)
def _by_sides(kind: int, numbers: Floats, s: int, x: float, half: float, low: float, high: float) -> int:
    """What a box or four quarters have of a piece of sky ``half`` to both sides of ``x``, from ``low`` to ``high``."""
    east, west = numbers[s, EAST], numbers[s, WEST]
    if high < numbers[s, LOW] - EDGE or low > numbers[s, HIGH] + EDGE:
        return OUT
    middle = wrapped(x - numbers[s, RA])
    if kind == BOX:
        level = low >= numbers[s, LOW] and high <= numbers[s, HIGH]
        if east + west >= 360.0:
            return WHOLE if level else CUT
        found = OUT
        for turn in range(-1, 2):
            at = middle + 360.0 * turn
            if at - half >= -west and at + half <= east:
                return WHOLE if level else CUT
            if at + half >= -west - SLACK and at - half <= east + SLACK:
                found = CUT
        return found
    if east + west >= 360.0:
        return CUT
    found = OUT
    down, up = low - numbers[s, DEC], high - numbers[s, DEC]
    far_up = max(up / numbers[s, NORTH], -down / numbers[s, SOUTH])
    near_up = max(down / numbers[s, NORTH], -up / numbers[s, SOUTH], 0.0)
    for turn in range(-1, 2):
        left, right = middle + 360.0 * turn - half, middle + 360.0 * turn + half
        if np.hypot(max(right / east, -left / west), far_up) < 1.0:
            return WHOLE  # its far corner is inside, and four quarters have no dent
        if np.hypot(max(left / east, -right / west, 0.0), near_up) <= 1.0 + 1e-8:
            found = CUT
    return found


@nb.njit(cache=True)
def share(
    kind: Ints, numbers: Floats, rows: Ints, points: Floats, s: int,
    x: float, y: float, rho: float, half: float, low: float, high: float,
) -> int:  # fmt: skip
    """What a shape has of a piece of sky: `OUT`, `WHOLE`, or `CUT` where it is neither or cannot be told.

    The piece lies within ``rho`` of the position ``x``, ``y``, within ``half`` of its right ascension, and between two
    declinations (deg).
    """
    k = kind[s]
    if k in (BOX, QUARTERS):
        return _by_sides(k, numbers, s, x, half, low, high)
    if k == CELLS or rho > ROUND:
        return CUT
    if k == POLYGON:
        return _by_arcs(numbers, s, points, rows[s, 0], rows[s, 1], x, y, rho)
    sa, ca = turned(x)
    sd, cd = turned(y)
    return _by_middle(k, numbers, s, cd * ca, cd * sa, sd, rho)


@nb.njit(inline="always")
def _wide(dec: float, reach: float, at: float) -> float:
    """Half of what a circle spans in right ascension at a declination (deg)."""
    a, b = np.sin(0.5 * reach * DEG), np.sin(0.5 * (at - dec) * DEG)
    cosines = np.cos(dec * DEG) * np.cos(at * DEG)
    h2 = a * a - b * b
    if h2 <= 0.0:
        return 0.0
    if h2 >= cosines:
        return 180.0
    return 2.0 * np.arcsin(np.sqrt(h2 / cosines)) / DEG


@nb.njit(parallel=True, cache=True)
def _covered(
    kind: Ints, numbers: Floats, rows: Ints, points: Floats, of: Ints, caps: Floats, size: float, width: Floats,
    start: Ints, out: Words, counts: Ints,
) -> None:  # fmt: skip
    """Entries of each chunk of covers, from ``start`` on; while there is no room, how many there may be."""
    write = out.shape[0] > 0
    for c in nb.prange(start.shape[0]):
        k = start[c]
        for j in range(c * CHUNK, min((c + 1) * CHUNK, of.shape[0])):
            s = of[j]
            sides = kind[s] == BOX or kind[s] == QUARTERS
            ra, dec, reach = caps[j, 0], caps[j, 1], caps[j, 2]
            if sides:
                bottom, top = numbers[s, LOW] - SLACK, numbers[s, HIGH] + SLACK
                west, east = numbers[s, WEST] + SLACK, numbers[s, EAST] + SLACK
                ask = top - bottom > size or (west + east) * np.cos(dec * DEG) > size
                widest = dec
            else:
                bottom, top = dec - reach - SLACK, dec + reach + SLACK
                west = east = 180.0
                ask = reach > 0.5 * size
                # The declination at which a circle spans most; it holds a pole, or touches it.
                widest = 90.0 if top >= 90.0 else -90.0
                if reach >= size and top < 90.0 and bottom > -90.0:
                    widest = np.arcsin(min(max(np.sin(dec * DEG) / np.cos(reach * DEG), -1.0), 1.0)) / DEG
            bottom, top = max(bottom, -90.0), min(top, 90.0)
            begin, end = band_of(bottom, size), band_of(top, size)
            below, above = width_of(begin, size, width), width_of(end, size, width)
            for band in range(begin, end + 1):
                wide = width_of(band, size, width)
                low, high = band * size - 90.0, min((band + 1) * size - 90.0, 90.0)
                if not sides and reach < size:
                    # The least cosine near the band bounds a circle that is smaller than a cell.
                    east = west = reach_of(reach + SLACK, min(below, above), size)
                elif not sides and reach < STEEP:
                    least, most = max(low, bottom), min(high, top)
                    at = min(max(widest, least), most)
                    east = _wide(dec, reach + SLACK, at)
                    # What rounding makes of a declination matters where a circle spans nothing.
                    east = min(max(east, 0.0) * (1 + 1e-9) + 2e-9 / max(np.cos(at * DEG), 1e-9), 180.0)
                    west = east
                full = int(360.0 * wide)
                a0, a1, b0, b1 = 0, full, 0, -1
                if west + east < 360.0:
                    if ra - west < 0.0:
                        a1, b0, b1 = int((ra + east) * wide), int((ra - west + 360.0) * wide), full
                    elif ra + east >= 360.0:
                        a0, b1 = int((ra - west) * wide), int((ra + east - 360.0) * wide)
                    else:
                        a0, a1 = int((ra - west) * wide), int((ra + east) * wide)
                tall = 0.5 * (high - low)
                level = np.cos(max(low, -high, 0.0) * DEG)  # the largest cosine in the band
                for column in range(a0, a1 + 1 + max(b1 - b0 + 1, 0)):
                    col = column if column <= a1 else b0 + (column - a1 - 1)
                    if column > a1 and a0 <= col <= a1:
                        continue  # the two runs meet: a cell is taken once
                    whole = 0
                    if ask and write:
                        first, last = col / wide, min((col + 1) / wide, 360.0)
                        half = 0.5 * (last - first)
                        rho = 1.01 * np.hypot(tall, half * level) + SLACK
                        has = share(
                            kind, numbers, rows, points, s, first + half, low + tall, rho, half + SLACK,
                            low - SLACK, high + SLACK,
                        )  # fmt: skip
                        if has == OUT:
                            continue
                        whole = 1 if has == WHOLE else 0
                    if write:
                        out[2 * k] = key_of(band, col)
                        out[2 * k + 1] = np.uint64(2 * s + whole)
                    k += 1
        counts[c] = k - start[c]


@nb.njit(cache=True)
def _placed(
    came: Words, start: Ints, counts: Ints, shift: np.uint64, offset: Ints, words: Words, to_filter: np.uint64,
    filter: Words,
) -> None:  # fmt: skip
    """Entries to their buckets, in the order in which they came, and two bits of each into the filter."""
    for c in range(start.shape[0]):
        for i in range(start[c], start[c] + counts[c]):
            offset[np.int64((came[2 * i] * cells.HASH) >> shift) + 1] += 1
    for h in range(offset.shape[0] - 1):
        offset[h + 1] += offset[h]
    for c in range(start.shape[0]):
        for i in range(start[c], start[c] + counts[c]):
            hash = came[2 * i] * cells.HASH
            at = np.int64(hash >> shift)
            k = offset[at]
            offset[at] = k + 1
            words[2 * k], words[2 * k + 1] = came[2 * i], came[2 * i + 1]
            filter[hash >> to_filter] |= _two(hash)
    # Each offset has moved on to where the next bucket begins.
    for h in range(offset.shape[0] - 1, 0, -1):
        offset[h] = offset[h - 1]
    offset[0] = 0


def caps(shapes: Shapes) -> tuple[Ints, Floats]:
    """Circles that bound shapes, one for each, of sets of cells many: numbers of the shapes; centre and radius (deg)."""
    of = np.arange(len(shapes.kind))
    held = np.ascontiguousarray(shapes.numbers[:, [RA, DEC, REACH]])
    sets = np.flatnonzero(shapes.kind == CELLS)
    if not len(sets):
        return of, held
    parts_of, parts = [np.delete(of, sets)], [np.delete(held, sets, axis=0)]
    for s in sets:
        low, high = shapes.rows[s]
        order, ipix = coarse(shapes.ranges[low:high], float(held[s, 2]))
        lon, lat = healpix.centers(order, ipix)
        radius = np.full(len(ipix), min(np.degrees(CORNER / 2**order), 180.0))
        parts.append(np.stack([lon, lat, radius], axis=-1))
        parts_of.append(np.full(len(ipix), s))
    of = np.concatenate(parts_of)
    turn = np.argsort(of, kind="stable")
    return of[turn], np.ascontiguousarray(np.concatenate(parts)[turn])


def coarse(ranges: Ints, reach: float) -> tuple[int, Ints]:
    """One order, and the cells at it that ranges touch: small ones, but not too many."""
    order = min(max(math.ceil(math.log2(58.6 / max(reach * 0.1, 1e-7))), 0), FINEST)
    while True:
        down = 2 * (FINEST - order)
        first, last = ranges[:, 0] >> down, (ranges[:, 1] - 1) >> down
        if int((last - first + 1).sum()) <= MOC_CELLS + 2 * len(ranges) or order == 0:
            counts = last - first + 1
            steps = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
            found = np.unique(np.repeat(first, counts) + steps)
            if len(found) <= MOC_CELLS or order == 0:
                return order, found
        order -= 1


def cover(shapes: Shapes, bounds: tuple[Ints, Floats], size: float) -> Cover:
    """The table of shapes for cells of a size (deg); ``bounds`` are their `caps`."""
    grid = cells.grid(size)
    of, held = bounds
    args = (*shapes[0:1], *shapes[2:5], of, held, grid.size, grid.width)
    counts = np.zeros(max(-(-len(of) // CHUNK), 1), np.int64)
    start = np.zeros_like(counts)
    _covered(*args, start, np.empty(0, np.uint64), counts)
    start, most = np.cumsum(counts) - counts, int(counts.sum())
    memory.ask(50.0 * most, f"A table of {len(shapes.kind)} footprints", "Ask fewer of them at a time.")
    came = np.empty(2 * max(most, 1), np.uint64)
    _covered(*args, start, came, counts)
    total = int(counts.sum())
    power = max(int(np.ceil(np.log2(max(total, 2)))), 4)
    words = np.empty(2 * total, np.uint64)
    offset = np.zeros((1 << power) + 1, np.int64)
    bits = max(int(np.ceil(np.log2(max(total * FILTER_BITS / 64, 1)))), 4)
    filter = np.zeros(1 << bits, np.uint64)
    _placed(came, start, counts, np.uint64(64 - power), offset, words, np.uint64(64 - bits), filter)
    return Cover(grid, 64 - power, offset, words, filter)


__all__ = ["CUT", "OUT", "WHOLE", "Cover", "caps", "coarse", "cover", "share"]
