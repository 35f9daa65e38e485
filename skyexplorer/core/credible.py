"""Greedy credible levels and areas."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Greedy(NamedTuple):
    """Cells from the densest down: ``rank`` (their indices), cumulative probability and area (sr)."""

    rank: NDArray[np.intp]
    probability: Floats
    area: Floats


def greedy(density: Floats, area: Floats) -> Greedy:
    """Order cells by density per steradian, never by probability a cell (SCIENCE 1.2); ties by position."""
    rank = _ranked(-density)
    return Greedy(rank, np.cumsum((density * area)[rank]), np.cumsum(area[rank]))


def _ranked(values: Floats) -> NDArray[np.intp]:
    """A stable ``argsort``, four times as fast as numpy's own: what is equal is put into order afterwards."""
    rank = np.argsort(values)
    ordered = values[rank]
    same = np.zeros(len(values) + 1, bool)  # as the one before
    same[1:-1] = ordered[1:] == ordered[:-1]
    tied = np.flatnonzero(same[1:] | same[:-1])
    run = np.cumsum(~same[tied]) * len(values)
    rank[tied] = np.sort(run + rank[tied]) - run
    return rank


def by_cell(found: Greedy, running: Floats) -> tuple[Floats, Floats]:
    """A running sum of ``found``, and what each cell adds to it, in the order of the cells."""
    total, own = np.empty_like(running), np.empty_like(running)
    total[found.rank] = running
    own[found.rank] = np.diff(running, prepend=0.0)
    return total, own


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
