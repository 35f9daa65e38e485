"""Credible volumes: the densest parts of space that hold a probability, from a density on the sky times the distance ansatz.

In a cell the density per volume is a Gaussian in distance, ρ N / (√(2π) σ) · exp(−(r − μ)² / 2σ²), for r² cancels
(dV = r² dr dΩ). So the part of a cell above a threshold is one interval of distance, and both its probability (closed
form) and its volume (a difference of cubes) are exact: no voxels are made. The threshold for a given probability is
found by bisection. In comoving volume the interval has no closed form, and shells of distance are counted instead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from skyexplorer.core import distance

Floats = NDArray[np.float64]
SHELLS = 1500  # of distance, for comoving volumes
BINS = 20_000  # of log density, to which shells are sorted
MANY = 500  # densities, from which compiled code is loaded for their levels
REACH = 6.0  # shells go out to this many times the mean distance


class Cells(NamedTuple):
    """Cells with support: density (1/sr), area (sr), and μ, σ, N of the distance."""

    density: Floats
    area: Floats
    mu: Floats
    sigma: Floats
    norm: Floats

    @property
    def peak(self) -> Floats:
        """The density per volume at r = μ (or beyond reach, where μ is negative)."""
        return self.density * self.norm / (np.sqrt(2 * np.pi) * self.sigma)


def supported(density: Floats, area: Floats, mu: Floats, sigma: Floats, norm: Floats) -> Cells:
    """The cells that have both probability and a distance."""
    good = (density > 0) & np.isfinite(mu) & np.isfinite(sigma) & (sigma > 0) & (norm > 0) & np.isfinite(norm)
    found = Cells(density[good], area[good], mu[good], sigma[good], norm[good])
    return Cells(
        *(column[found.peak > 0] for column in found)
    )  # the peak may underflow far from the map's own


def above(cells: Cells, threshold: float) -> tuple[float, float]:
    """Probability and Euclidean volume of where dP/dV is above a threshold."""
    with np.errstate(divide="ignore"):
        s2 = 2 * (np.log(cells.peak) - np.log(threshold))
    here = s2 > 0
    density, area, mu, sigma, norm = (column[here] for column in cells)
    half = sigma * np.sqrt(s2[here])
    near, far = np.maximum(mu - half, 0.0), np.maximum(mu + half, 0.0)
    inside = distance.cdf(far, mu, sigma, norm) - distance.cdf(near, mu, sigma, norm)
    return float(np.sum(density * area * inside)), float(np.sum(area * (far**3 - near**3) / 3))


def credible(cells: Cells, q: float) -> float:
    """Smallest Euclidean volume that holds the probability q (of that which has a distance)."""
    total = float(np.sum(cells.density * cells.area))
    high = float(np.log(cells.peak.max()))
    low = high - 700.0
    for _ in range(64):
        middle = 0.5 * (low + high)
        if above(cells, float(np.exp(middle)))[0] < q * total:
            high = middle
        else:
            low = middle
    return above(cells, float(np.exp(low)))[1]


def level(cells: Cells, densities: Floats) -> Floats:
    """Probability of all that is denser than each of the given densities per volume: the 3-D credible level.

    1 where there is no density, NaN where it is NaN. A few are summed over all cells one by one; many
    by `core.levels`, which is right to about 1e-7.
    """
    total = float(np.sum(cells.density * cells.area))
    out = np.where(np.isnan(densities), np.nan, 1.0)
    asked = densities > 0
    values = densities[asked]
    if len(values) < MANY:
        found = np.array([above(cells, float(value))[0] for value in values])
    else:
        from skyexplorer.core import levels

        part = cells.norm * cells.sigma**2
        found = levels.above(
            np.log(cells.peak), cells.mu / cells.sigma, part, cells.density * cells.area, np.log(values)
        )
    out[asked] = np.clip(found / total, 0.0, 1.0)
    return out


def credible_shells(cells: Cells, q: float, stretch: Callable[[Floats], Floats]) -> float:
    """Smallest volume that holds q, where a unit of Euclidean volume at distance r is 1/stretch(r) of the volume wanted.

    Parameters
    ----------
    cells : Cells
    q : float
    stretch : callable
        dV_Euclidean / dV_wanted at distances, array in, array out.
    """
    mean, _, _ = distance.moments(cells.mu, cells.sigma)
    weight = cells.density * cells.area
    far = REACH * float(np.sum(weight * np.nan_to_num(mean)) / np.sum(weight))
    edges = np.linspace(0, far, SHELLS + 1)
    middle = 0.5 * (edges[1:] + edges[:-1])
    ratio = stretch(middle)
    shell = (edges[1:] ** 3 - edges[:-1] ** 3) / 3
    top = float(np.log((cells.peak * ratio.max()).max()))
    scale = BINS / 60.0  # of the densest down to e⁻⁶⁰ of it
    probability, volume = np.zeros(BINS), np.zeros(BINS)
    order = np.argsort(-cells.peak)
    for part in np.array_split(order, max(len(order) // 400, 1)):
        mu, sigma = cells.mu[part, None], cells.sigma[part, None]
        log_density = np.log(cells.peak[part, None]) - 0.5 * ((middle - mu) / sigma) ** 2 + np.log(ratio)
        at = np.clip((top - log_density) * scale, 0, BINS - 1).astype(np.intp)
        cumulative = distance.cdf(edges, mu, sigma, cells.norm[part, None])
        mass = (cells.density * cells.area)[part, None] * np.diff(cumulative, axis=1)
        size = cells.area[part, None] * shell / ratio
        probability += np.bincount(at.ravel(), mass.ravel(), BINS)
        volume += np.bincount(at.ravel(), size.ravel(), BINS)
    running = np.cumsum(probability)
    wanted = q * float(np.sum(weight))
    return float(
        np.interp(wanted, np.concatenate([[0.0], running]), np.concatenate([[0.0], np.cumsum(volume)]))
    )
