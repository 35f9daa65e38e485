"""Credible levels in volume of many densities: what all cells hold above each, without going through all cells for each.

A cell whose density peaks at exp(λ) holds above a density exp(τ) a part that depends on λ − τ and on the cell's μ/σ; as a
function of τ it is smooth but where τ comes near to λ. So the axis of τ is halved again and again, and each interval has a
polynomial (Chebyshev's) that sums all cells whose λ lies more than an interval's width beyond it: that of the interval twice
as wide, and what has become far enough meanwhile. At the finest a density adds the few cells near it one by one. This
is the multipole method (Greengard & Rokhlin 1987, J. Comput. Phys. 73, 325) on a line: n log n in cells, and
linear in densities.
"""

from __future__ import annotations

from math import erf, exp, pi, sqrt

import numba as nb
import numpy as np

from skyexplorer import progress
from skyexplorer.core.credible import Floats
from skyexplorer.core.threads import ONE_AT_A_TIME

NODES = (
    16  # of a polynomial: cells an interval's width away leave 1e-12, those that end at distance 0 some 1e-7
)
NEAR = 4  # cells near a density, on average, where the halving ends
DEEPEST = 16
WHOLE = 9.0  # standard deviations beyond which a cell has nothing more


@nb.njit(inline="always")
def _held(x: float, z: float, weight: float, mass: float) -> float:
    """What a cell with μ/σ = z holds where its density is above exp(−x) of the peak.

    ∫ (z + t)² φ(t) dt over |t| < √(2x) and t > −z, times N σ² and the probability of the cell: ``weight``.
    """
    if x <= 0.0:
        return 0.0
    s = sqrt(2.0 * x)
    if s + min(z, 0.0) > WHOLE:
        return mass
    low = -min(s, z)
    if low >= s:
        return 0.0
    between = 0.5 * (erf(s / sqrt(2.0)) - erf(low / sqrt(2.0)))
    ends = (2.0 * z + low) * exp(-0.5 * low * low) - (2.0 * z + s) * exp(-0.5 * s * s)
    return min(max(weight * ((z * z + 1.0) * between + ends / sqrt(2.0 * pi)), 0.0), mass)


@nb.njit(inline="always")
def _polynomial(t: float, series: Floats) -> float:
    """A series of Chebyshev polynomials at −1 to 1 (Clenshaw)."""
    one, two = 0.0, 0.0
    for k in range(series.shape[0] - 1, 0, -1):
        one, two = 2.0 * t * one - two + series[k], one
    return t * one - two + series[0]


@nb.njit(parallel=True, cache=True)
def _halved(
    base: float,
    width: float,
    peak: Floats,
    z: Floats,
    weight: Floats,
    mass: Floats,
    wide: Floats,
    out: Floats,
) -> None:
    count, nodes = out.shape
    for c in nb.prange(count):
        left = base + c * width
        first = np.searchsorted(peak, left + 2.0 * width, side="right")
        last = np.searchsorted(peak, base + (c >> 1) * 2.0 * width + 4.0 * width, side="right")
        value = np.empty(nodes)
        for k in range(nodes):
            t = np.cos(np.pi * (k + 0.5) / nodes)
            tau = left + 0.5 * width * (t + 1.0)
            total = _polynomial(0.5 * t + (0.5 if c & 1 else -0.5), wide[c >> 1])
            for i in range(first, last):
                total += _held(peak[i] - tau, z[i], weight[i], mass[i])
            value[k] = total
        for j in range(nodes):
            total = 0.0
            for k in range(nodes):
                total += value[k] * np.cos(np.pi * j * (k + 0.5) / nodes)
            out[c, j] = total * (2.0 if j else 1.0) / nodes


@nb.njit(parallel=True, cache=True)
def _summed(
    tau: Floats,
    base: float,
    width: float,
    peak: Floats,
    z: Floats,
    weight: Floats,
    mass: Floats,
    series: Floats,
    out: Floats,
) -> None:
    for m in nb.prange(tau.shape[0]):
        at = tau[m]
        c = min(max(np.int64((at - base) / width), 0), series.shape[0] - 1)
        left = base + c * width
        total = _polynomial(2.0 * (at - left) / width - 1.0, series[c])
        first = np.searchsorted(peak, at, side="right")
        last = np.searchsorted(peak, left + 2.0 * width, side="right")
        for i in range(first, last):
            total += _held(peak[i] - at, z[i], weight[i], mass[i])
        out[m] = total


def above(log_peak: Floats, z: Floats, part: Floats, mass: Floats, log_density: Floats) -> Floats:
    """What cells hold above each of many densities.

    Parameters
    ----------
    log_peak : (n,) array
        Logarithm of the density per volume at r = μ.
    z : (n,) array
        μ/σ.
    part : (n,) array
        N σ².
    mass : (n,) array
        Probability of the cell.
    log_density : (m,) array
        Finite.

    Returns
    -------
    (m,) array
        Probability, right to about 1e-7.
    """
    order = np.argsort(log_peak, kind="stable")
    peak, z, mass = log_peak[order], z[order], mass[order]
    weight = part[order] * mass
    # Below the base all cells are whole: but those that hold less than rounding does, together.
    some = int(np.searchsorted(np.cumsum(mass), 1e-15 * mass.sum()))
    reach = 0.5 * (WHOLE - np.minimum(z[some:], 0.0)) ** 2
    base = max(float((peak[some:] - reach).min()), float(log_density.min()))
    width = max(float(peak[-1]) - base, 1e-9)
    depth = int(np.clip(np.ceil(np.log2(len(peak) / NEAR)), 0, DEEPEST))
    series = np.zeros((1, NODES))
    out = np.empty(len(log_density))
    cells = peak, z, weight, mass
    for level in range(1, depth + 1):
        finer = np.empty((1 << level, NODES))
        with ONE_AT_A_TIME:
            _halved(base, width / (1 << level), *cells, series, finer)
        series = finer
        progress.current().report(level, depth + 1, "levels in volume")
    with ONE_AT_A_TIME:
        _summed(log_density, base, width / (1 << depth), *cells, series, out)
    return np.where(log_density < base, float(mass.sum()), out)


def warm() -> None:
    """Compile what is not compiled yet."""
    cells = np.linspace(-3.0, 0.0, 64)
    above(cells, cells + 5.0, np.ones(64), np.ones(64), np.array([-1.0]))
