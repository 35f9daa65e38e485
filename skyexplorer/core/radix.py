"""The join of two long lists, in compiled steps: what `join` puts together.

A record, of a member or of a question, is three words: 32 bits of the hash of its cell above its number, right ascension,
declination. The highest bit of a member's number says that its circle reaches into other cells. Arrays of words and of
floats that come in pairs are the same memory.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from skyexplorer.core import cells
from skyexplorer.core.cells import (
    ON_EDGE,
    Floats,
    Ints,
    band_of,
    key_of,
    near,
    reach_of,
    runs_of,
    width_of,
)
from skyexplorer.core.slots import LOW, Words

CHUNK = 65_536  # positions that are one piece of work
_31, _32 = np.uint64(31), np.uint64(32)
_NUMBER = np.uint64(0x7FFFFFFF)
_30, _36, _63 = np.uint64(30), np.uint64(36), np.uint64(63)
# The place of the lowest set bit, by de Bruijn's sequence (Leiserson, Prokop & Randall 1998).
_SEQUENCE = np.uint64(0x03F79D71B4CB0A89)
_PLACE = np.zeros(64, np.int64)
_PLACE[[((int(_SEQUENCE) << k) & (2**64 - 1)) >> 58 for k in range(64)]] = np.arange(64)


@nb.njit(inline="always")
def _hash(key: np.uint64) -> np.uint64:
    return key * cells.HASH


@nb.njit(inline="always")
def _two(hash: np.uint64) -> np.uint64:
    """Two bits of a word, of those of the hash that do not tell the word, unless there are many."""
    one = np.uint64(1)
    return (one << ((hash >> _36) & _63)) | (one << ((hash >> _30) & _63))


@nb.njit(parallel=True, cache=True)
def shared(
    ra: Floats,
    dec: Floats,
    radius: float,
    size: float,
    width: Floats,
    bits: int,
    at: Ints,
    words: Words,
    real: Floats,
) -> None:
    """Records into the part of their cell: counted into ``at`` (chunks, parts) while there is no room, else written."""
    write = words.shape[0] > 0
    to_part, to_tag = np.uint64(64 - bits), np.uint64(32 - bits)
    rim = radius * (1.0 / size) * (1 + 1e-9)
    for c in nb.prange(at.shape[0]):
        for i in range(c * CHUNK, min((c + 1) * CHUNK, ra.shape[0])):
            if ra[i] == ra[i] and dec[i] == dec[i]:
                y = (dec[i] + 90.0) * (1.0 / size)
                band = int(y)
                wide = width_of(band, size, width)
                x = ra[i] * wide
                column = int(x)
                h = _hash(key_of(band, column))
                part = np.int64(h >> to_part)
                k = at[c, part]
                at[c, part] = k + 1
                if write:
                    # Without a branch, which could not be foreseen.
                    edge = rim + 1e-11 * wide
                    y -= band
                    x -= column
                    one = (
                        (y > edge)
                        & (y < 1.0 - edge)
                        & (x > edge)
                        & (x < 1.0 - edge)
                        & (column + 1 < 360.0 * wide)
                    )
                    words[3 * k] = (((h >> to_tag) & LOW) << _32) | np.uint64(i) | (np.uint64(not one) << _31)
                    real[3 * k + 1], real[3 * k + 2] = ra[i], dec[i]


@nb.njit(inline="always")
def _mark_all(
    a: float, d: float, radius: float, size: float, width: Floats, shift: np.uint64, out: Words
) -> None:
    """Two bits for each cell that a circle touches."""
    first, last = band_of(max(d - radius, -90.0), size), band_of(min(d + radius, 90.0), size)
    reach = reach_of(radius, min(width_of(first, size, width), width_of(last, size, width)), size)
    for band in range(first, last + 1):
        wide = width_of(band, size, width)
        a0, a1, b0, b1 = runs_of(a, reach, wide, int(360.0 * wide))
        for column in range(a0, a1 + 1 + max(b1 - b0 + 1, 0)):
            h = _hash(key_of(band, column if column <= a1 else b0 + (column - a1 - 1)))
            out[h >> shift] |= _two(h)


@nb.njit(parallel=True, cache=True)
def marked(
    start: Ints, bits: int, words: Words, real: Floats, radius: float, size: float, width: Floats, shift: np.uint64,
    copies: Words,
) -> None:  # fmt: skip
    """Two bits in the word of every cell that a circle touches; each worker has a copy of its own.

    Of its own cell a member knows all of the hash that tells word and bits, which lie together for one part.
    """
    to_part, to_tag = np.uint64(64 - bits), np.uint64(32 - bits)
    count = start.shape[0] - 1
    for c in nb.prange(copies.shape[0]):
        crossing = np.empty(1024, np.int64)
        for part in range(c * count // copies.shape[0], (c + 1) * count // copies.shape[0]):
            top = np.uint64(part) << to_part
            low = start[part]
            while low < start[part + 1]:
                high = min(low + 1024, start[part + 1])
                many = 0
                for i in range(low, high):
                    word = words[3 * i]
                    h = top | ((word >> _32) << to_tag)
                    copies[c, h >> shift] |= _two(h)
                    crossing[many] = i
                    many += int((word >> _31) & np.uint64(1))
                for k in range(many):
                    _mark_all(
                        real[3 * crossing[k] + 1],
                        real[3 * crossing[k] + 2],
                        radius,
                        size,
                        width,
                        shift,
                        copies[c],
                    )
                low = high


@nb.njit(parallel=True, cache=True)
def merged(copies: Words, out: Words) -> None:
    """The copies of the filter as one."""
    for k in nb.prange(out.shape[0]):
        word = copies[0, k]
        for c in range(1, copies.shape[0]):
            word |= copies[c, k]
        out[k] = word


@nb.njit(parallel=True, cache=True)
def passed(
    ra: Floats, dec: Floats, size: float, width: Floats, shift: np.uint64, filter: Words, out: Words
) -> None:
    """A bit for each position whose cell is in the filter; one without a position may have any."""
    one = np.uint64(1)
    most = width.shape[0] - 1.0
    for c in nb.prange((out.shape[0] + 15) // 16):
        hashes = np.empty(1024, np.uint64)
        low = 1024 * c
        count = min(1024, ra.shape[0] - low)
        # Two loops without a branch: the first becomes vector code, the second has many looks into the filter under way.
        for i in range(count):
            band = np.floor((dec[low + i] + 90.0) * (1.0 / size))
            band = band if band > 0.0 else 0.0
            step = (band * size) * (width.shape[0] / 180.0)
            column = ra[low + i] * width[np.uint64(step if step < most else most)]
            hashes[i] = _hash((np.uint64(band) << _32) | np.uint64(column if column > 0.0 else 0.0))
        for k in range(0, count, 64):
            word = np.uint64(0)
            for i in range(min(64, count - k)):
                h = hashes[k + i]
                held = filter[h >> shift]
                word |= ((held >> ((h >> _36) & _63)) & (held >> ((h >> _30) & _63)) & one) << np.uint64(i)
            out[(low + k) >> 6] = word


@nb.njit(parallel=True, cache=True)
def sifted(
    ra: Floats, dec: Floats, kept: Words, first: Ints, radius: float, size: float, width: Floats, bits: int,
    number: NDArray[np.uint32], hashes: Words, plain: Ints, at: Ints,
) -> None:  # fmt: skip
    """Positions that passed, by chunks: from ``first`` those whose circle lies in one cell, with its hash, then the others.

    ``plain`` counts the former; ``at`` (chunks, parts) counts their questions and, by `asked`, those of the others.
    """
    to_part = np.uint64(64 - bits)
    most = width.shape[0] - 1.0
    inverse = 1.0 / size
    rim = radius * inverse * (1 + 1e-9)
    for c in nb.prange(at.shape[0]):
        low, count = first[c], first[c + 1] - first[c]
        there = np.empty(count, np.uint32)
        k = 0
        for w in range(c * 1024, min((c + 1) * 1024, kept.shape[0])):
            word = kept[w]
            while word:
                bit = _PLACE[np.int64(((word & (~word + np.uint64(1))) * _SEQUENCE) >> np.uint64(58))]
                there[k] = np.uint32(64 * w + bit)
                word &= word - np.uint64(1)
                k += 1
        # No branch on whether a circle lies in one cell, which cannot be foreseen: every one is written, and some again.
        done, other = low, 0
        for k in range(count):
            i = np.int64(there[k])
            a = ra[i]
            y = (dec[i] + 90.0) * inverse
            band = np.floor(y)
            step = (band * size) * (width.shape[0] / 180.0)
            step = step if step > 0.0 else 0.0
            wide = width[np.uint64(step if step < most else most)]
            x = a * wide
            column = np.floor(x)
            edge = rim + 1e-11 * wide
            y -= band
            x -= column
            one = (
                (y > edge) & (y < 1.0 - edge) & (x > edge) & (x < 1.0 - edge) & (column + 1.0 < 360.0 * wide)
            )
            number[done] = there[k]
            hashes[done] = _hash((np.uint64(band) << _32) | np.uint64(column))
            there[other] = there[k]
            done += one
            other += not one
        plain[c] = done - low
        for k in range(low, done):
            at[c, np.int64(hashes[k] >> to_part)] += 1
        for k in range(other):
            number[done + k] = there[k]


@nb.njit(parallel=True, cache=True)
def asked(
    ra: Floats, dec: Floats, first: Ints, radius: float, size: float, width: Floats, bits: int,
    number: NDArray[np.uint32], hashes: Words, plain: Ints, wanted: NDArray[np.bool_], at: Ints, words: Words, real: Floats,
) -> None:  # fmt: skip
    """Questions, one a cell that a circle touches, into wanted parts, from what is `sifted`.

    While there is no room only those of circles over several cells are counted, since the others are; else all are written.
    """
    write = words.shape[0] > 0
    to_part, to_tag = np.uint64(64 - bits), np.uint64(32 - bits)
    for c in nb.prange(at.shape[0]):
        for k in range(first[c] if write else first[c + 1], first[c] + plain[c]):
            h, i = hashes[k], np.int64(number[k])
            part = np.int64(h >> to_part)
            if wanted[part]:
                j = at[c, part]
                at[c, part] = j + 1
                words[3 * j] = (((h >> to_tag) & LOW) << _32) | np.uint64(i)
                real[3 * j + 1], real[3 * j + 2] = ra[i], dec[i]
        for k in range(first[c] + plain[c], first[c + 1]):
            i = np.int64(number[k])
            a, d = ra[i], dec[i]
            if a != a or d != d:
                continue
            low, high = band_of(max(d - radius, -90.0), size), band_of(min(d + radius, 90.0), size)
            reach = reach_of(radius, min(width_of(low, size, width), width_of(high, size, width)), size)
            for band in range(low, high + 1):
                wide = width_of(band, size, width)
                a0, a1, b0, b1 = runs_of(a, reach, wide, int(360.0 * wide))
                for column in range(a0, a1 + 1 + max(b1 - b0 + 1, 0)):
                    col = column if column <= a1 else b0 + (column - a1 - 1)
                    if column > a1 and a0 <= col <= a1:
                        continue  # the two runs meet: a cell is asked once
                    h = _hash(key_of(band, col))
                    part = np.int64(h >> to_part)
                    if not wanted[part]:
                        continue
                    j = at[c, part]
                    at[c, part] = j + 1
                    if write:
                        words[3 * j] = (((h >> to_tag) & LOW) << _32) | np.uint64(i)
                        real[3 * j + 1], real[3 * j + 2] = a, d


@nb.njit(parallel=True, cache=True)
def answered(
    held: Ints, held_words: Words, held_real: Floats, asked: Ints, ended: Ints, words: Words, real: Floats,
    base: int, turned: bool, radius: float, each: Floats, start: Ints, over: bool,
    out: Words, out_real: Floats, counts: Ints, spilled: NDArray[np.bool_],
) -> None:  # fmt: skip
    """Pairs of each part, from word ``start`` on: ``over`` the questions that are done with, or in room of their own.

    ``turned``: the held list is left. ``each``: radii of the left list, if it has its own. Where no room is left,
    a part is ``spilled``, and its pairs are only counted.
    """
    close = radius * (1 + 1e-9) + 1e-12
    for part in nb.prange(held.shape[0] - 1):
        low, count = held[part], held[part + 1] - held[part]
        power = 1
        while (1 << power) < count:
            power += 1
        shift = np.uint64(64 - power)
        offset = np.zeros((1 << power) + 1, np.int64)
        for i in range(low, low + count):
            offset[np.int64(held_words[3 * i] >> shift) + 1] += 1
        for bucket in range(1 << power):
            offset[bucket + 1] += offset[bucket]
        word, place = np.empty(count, np.uint64), np.empty((count, 2))
        for i in range(low, low + count):
            h = np.int64(held_words[3 * i] >> shift)
            at = offset[h]
            offset[h] = at + 1
            word[at] = held_words[3 * i]
            place[at, 0], place[at, 1] = held_real[3 * i + 1], held_real[3 * i + 2]
        # Each offset has moved on to where the next bucket begins.
        k, to, free = 0, start[part], 0 if over else 2 * counts[part]
        for j in range(asked[part], ended[part]):
            question, a, d = words[3 * j], real[3 * j + 1], real[3 * j + 2]
            h = np.int64(question >> shift)
            if over and not spilled[part]:
                free = 3 * (j + 1) - to
            for t in range(offset[h - 1] if h else 0, offset[h]):
                if (word[t] ^ question) >> _32 or abs(place[t, 1] - d) > close:
                    continue
                sep = near(a, d, place[t, 0], place[t, 1])
                mine, theirs = (question & LOW) + np.uint64(base), word[t] & _NUMBER
                left, right = (theirs, mine) if turned else (mine, theirs)
                if sep <= (each[np.int64(left)] if each.shape[0] else radius) * (1 + ON_EDGE):
                    if 2 * (k + 1) <= free:
                        out[to + 2 * k] = (left << _32) | right
                        out_real[to + 2 * k + 1] = sep
                    k += 1
            if 2 * k > free:
                # From here on nothing is written: what comes after the last question that was answered is still needed.
                spilled[part], free = True, 0
        counts[part] = k
