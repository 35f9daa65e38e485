"""Greedy credible levels and areas."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Greedy:
    """Cells from the densest down, by density per steradian, never by probability a cell (SCIENCE 1.2); ties by position.

    Attributes
    ----------
    rank : (n,) int array
        The cells.
    probability, area : (n,) arrays
        Cumulative; sr.
    """

    def __init__(self, density: Floats, area: Floats) -> None:
        self.rank = _ranked(density)
        self.probability: Floats = np.cumsum((density * area).take(self.rank))
        self._area = area

    @cached_property
    def area(self) -> Floats:
        """Cumulative area."""
        return np.cumsum(self._area[self.rank])

    def by_cell(self, running: Floats) -> Floats:
        """What is given from the densest down, in the order of the cells."""
        out = np.empty_like(running)
        out[self.rank] = running
        return out


def _ranked(values: Floats) -> NDArray[np.intp]:
    """Rows from the largest value down, of equal ones the first before, as a stable ``argsort(-values)`` has them.

    A value and its row go into one word, as many leading bits of the one as the other leaves room for, and words are
    sorted, which processors do many at a time, and three times as fast. Values that differ in what was cut off are put
    into order afterwards.
    """
    count = len(values)
    if not count or not np.all(values >= 0):
        return np.argsort(-values, kind="stable")
    word = (values + 0.0).view(
        np.uint64
    )  # of floats that are not negative the bits have the order of the values
    np.subtract(word.max(), word, out=word)
    bits = (count - 1).bit_length()
    word >>= np.uint64(max(int(word.max()).bit_length() + bits - 64, 0))
    word <<= np.uint64(bits)
    word |= np.arange(count, dtype=np.uint64)
    word.sort()
    row = np.uint64((1 << bits) - 1)  # the bits of it
    alike = np.flatnonzero((word[1:] ^ word[:-1]) <= row)
    if np.any(values[word[alike] & row] < values[word[alike + 1] & row]):
        tied = np.union1d(alike, alike + 1)
        here = word[tied] & row
        word[tied] = here[np.lexsort((here, -values[here], word[tied] >> np.uint64(bits)))]
    word &= row
    return word.view(np.int64)


def credible_area(found: Greedy, q: float) -> float:
    """Area in sr within which the densest cells hold ``q``, linear between cells, with (0, 0) prepended."""
    return float(
        np.interp(q, np.concatenate([[0.0], found.probability]), np.concatenate([[0.0], found.area]))
    )


def crossing(found: Greedy, q: float) -> int:
    """Number of cells of the q-region, the crossing cell included: those whose predecessors hold < q."""
    return min(int(np.searchsorted(found.probability, q, side="left")) + 1, len(found.rank))


def within(found: Greedy, area: float) -> float:
    """Probability of the densest ``area`` (sr), linear between cells: the inverse of `credible_area`."""
    return float(
        np.interp(area, np.concatenate([[0.0], found.area]), np.concatenate([[0.0], found.probability]))
    )
