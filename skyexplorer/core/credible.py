"""Greedy credible levels and areas, and the distance ansatz of GW sky maps."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


class Greedy(NamedTuple):
    """Cells from the densest down: ``rank`` (their indices), cumulative probability and area (sr)."""

    rank: NDArray[np.intp]
    probability: Floats
    area: Floats


def greedy(density: Floats, area: Floats) -> Greedy:
    """Order cells by density per steradian, never by probability a cell (SCIENCE 1.2); ties by position."""
    rank = np.argsort(-density, kind="stable")
    return Greedy(rank, np.cumsum((density * area)[rank]), np.cumsum(area[rank]))


def credible_area(found: Greedy, q: float) -> float:
    """Area in sr within which the densest cells hold ``q``, linear between cells, with (0, 0) prepended."""
    return float(
        np.interp(q, np.concatenate([[0.0], found.probability]), np.concatenate([[0.0], found.area]))
    )


def crossing(found: Greedy, q: float) -> int:
    """Number of cells of the q-region, the crossing cell included: those whose predecessors hold < q."""
    return min(int(np.searchsorted(found.probability, q, side="left")) + 1, len(found.rank))


def distance_moments(mu: ArrayLike, sigma: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """First and second moment, and norm, of p(r) ∝ r² exp(-(r-μ)²/2σ²) (Singer et al. 2016, ApJL 829, L15).

    Returns
    -------
    mean, second, norm : arrays
        E[r], E[r²], and N such that the density integrates to 1; non-finite where the input is.
    """
    from math import pi, sqrt

    from scipy.special import ndtr

    mu, sigma = np.asarray(mu, float), np.asarray(sigma, float)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        z = mu / sigma
        phi = np.exp(-0.5 * z * z) / sqrt(2 * pi)
        cdf = ndtr(z)
        base = (1 + z * z) * cdf + z * phi
        mean = sigma * ((z**3 + 3 * z) * cdf + (z * z + 2) * phi) / base
        second = sigma**2 * ((z**4 + 6 * z * z + 3) * cdf + (z**3 + 5 * z) * phi) / base
        norm = 1.0 / (sigma**2 * base)
    return mean, second, norm
