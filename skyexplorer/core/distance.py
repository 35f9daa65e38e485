"""The distance ansatz of gravitational-wave sky maps: p(r) = N / (√(2π) σ) · exp(−(r − μ)² / 2σ²) · r², r ≥ 0.

Singer et al. 2016, ApJL 829, L15. μ is not the mean and σ is not the standard deviation; where a cell has no support for
any distance, μ is infinite and N is 0: every function gives NaN or 0 there, and never warns.
All functions take arrays that broadcast; distances are in the unit of μ and σ.
"""

from __future__ import annotations

from math import factorial, pi, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
LEAST_RATIO = sqrt(3)  # of mean to standard deviation, as μ/σ goes to −∞ (a Gamma distribution of shape 3)
LOWEST_Z = -30.0


def _phi(t: Floats) -> Floats:
    return np.exp(-0.5 * t * t) / sqrt(2 * pi)


def _standard(z: Floats) -> tuple[Floats, Floats, Floats]:
    """Integrals of (z + t)ᵏ φ(t) over t ≥ −z for k = 2, 3, 4: the ansatz with σ = 1."""
    from scipy.special import ndtr

    cdf, phi = ndtr(z), _phi(z)
    two = (1 + z * z) * cdf + z * phi
    three = (z**3 + 3 * z) * cdf + (z * z + 2) * phi
    four = (z**4 + 6 * z * z + 3) * cdf + (z**3 + 5 * z) * phi
    # Far below zero these are small differences of large terms; a series in 1/z takes over, with φ divided out
    # and put back, as ∫ xᵏ exp(−x²/2 − |z| x) dx = Σ (−1/2)ʲ (k + 2j)! / j! / |z|^(k + 2j + 1).
    low = z < -8
    if np.any(low):
        x = np.where(low, -z, 9.0)

        def tail(k: int) -> Floats:
            terms = [
                (-0.5) ** j * factorial(k + 2 * j) / factorial(j) / x ** (k + 2 * j + 1) for j in range(14)
            ]
            return np.sum(terms, axis=0) * phi

        two, three, four = (np.where(low, tail(k), v) for k, v in ((2, two), (3, three), (4, four)))
    return two, three, four


def moments(mu: ArrayLike, sigma: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Mean, standard deviation and norm N of the ansatz.

    Parameters
    ----------
    mu, sigma : array_like
        DISTMU and DISTSIGMA.

    Returns
    -------
    mean, std, norm : arrays
        NaN where μ or σ is not finite.

    Examples
    --------
    >>> mean, std, norm = moments(100.0, 20.0)
    >>> round(float(mean), 6), round(float(std), 6)
    (107.692308, 19.276868)
    """
    mu, sigma = np.asarray(mu, float), np.asarray(sigma, float)
    with np.errstate(all="ignore"):
        good = np.isfinite(mu) & np.isfinite(sigma) & (sigma > 0)
        z = np.where(good, mu / np.where(good, sigma, 1.0), np.nan)
        two, three, four = _standard(z)
        mean = sigma * three / two
        variance = sigma**2 * four / two - mean**2
        return mean, np.sqrt(np.maximum(variance, 0.0)), 1.0 / (sigma**2 * two)


def parameters(mean: ArrayLike, std: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """μ, σ and N of the ansatz with a given mean and standard deviation.

    Parameters
    ----------
    mean, std : array_like
        Positive; mean/std must be above √3, the least that the ansatz can have.

    Returns
    -------
    mu, sigma, norm : arrays
        NaN where there is no such ansatz.

    Examples
    --------
    >>> [round(float(value), 6) for value in parameters(100.0, 20.0)[:2]]
    [90.797511, 20.978154]
    """
    mean, std = np.broadcast_arrays(np.asarray(mean, float), np.asarray(std, float))
    with np.errstate(all="ignore"):
        wanted = mean / std
        good = np.isfinite(wanted) & (wanted > LEAST_RATIO) & (std > 0)
        low = np.full(wanted.shape, LOWEST_Z)
        high = np.where(good, wanted + 1.0, 0.0)
        for _ in range(80):  # bisection: the ratio rises with z
            z = 0.5 * (low + high)
            m, s, _n = moments(z, np.ones_like(z))
            above = m / s > wanted
            low, high = np.where(above, low, z), np.where(above, z, high)
        z = np.where(good, 0.5 * (low + high), np.nan)
        two, three, _four = _standard(z)
        sigma = mean * two / three
        return z * sigma, sigma, 1.0 / (sigma**2 * two)


def pdf(r: ArrayLike, mu: ArrayLike, sigma: ArrayLike, norm: ArrayLike) -> Floats:
    """Probability per distance at r; 0 for negative r and where the cell has no support."""
    r = np.asarray(r, float)
    return np.where(r > 0, r * r * radial(r, mu, sigma, norm), 0.0)


def radial(r: ArrayLike, mu: ArrayLike, sigma: ArrayLike, norm: ArrayLike) -> Floats:
    """p(r) / r²: the factor that makes a density on the sky one in volume (dV = r² dr dΩ)."""
    r, mu, sigma, norm = (np.asarray(value, float) for value in (r, mu, sigma, norm))
    with np.errstate(all="ignore"):
        value = norm / (sqrt(2 * pi) * sigma) * np.exp(-0.5 * ((r - mu) / sigma) ** 2)
    return np.where(np.isfinite(value), value, 0.0)


def in_volume(density: Floats, mu: Floats, sigma: Floats, norm: Floats) -> Floats:
    """What dP/dV of each cell is made of: a Gaussian in distance.

    Parameters
    ----------
    density : (n,) array
        Probability per steradian.
    mu, sigma, norm : (n,) arrays
        DISTMU, DISTSIGMA and DISTNORM.

    Returns
    -------
    (n, 3) array
        μ, 1/σ and the density per volume at r = μ, which is 0 where the cell has no support.
    """
    with np.errstate(all="ignore"):
        peak = density * norm / (sqrt(2 * pi) * sigma)
        good = np.isfinite(mu) & np.isfinite(peak) & (sigma > 0) & (peak > 0)
        line = np.stack([np.where(good, mu, 0.0), 1.0 / sigma, np.where(good, peak, 0.0)], axis=1)
    line[~good, 1] = 1.0
    return line


def cdf(r: ArrayLike, mu: ArrayLike, sigma: ArrayLike, norm: ArrayLike) -> Floats:
    """Probability of a distance below r, in closed form; NaN where the cell has no support."""
    from scipy.special import ndtr

    r, mu, sigma, norm = (np.asarray(value, float) for value in (r, mu, sigma, norm))
    with np.errstate(all="ignore"):
        a, b = -mu / sigma, (np.maximum(r, 0.0) - mu) / sigma
        pa, pb = _phi(a), _phi(np.clip(b, -1e3, 1e3))
        part = (
            (mu**2 + sigma**2) * (ndtr(b) - ndtr(a))
            + 2 * mu * sigma * (pa - pb)
            + sigma**2 * (a * pa - np.clip(b, -1e3, 1e3) * pb)
        )
        value = np.clip(norm * part, 0.0, 1.0)
    return np.where(np.isfinite(mu) & (norm > 0), value, np.nan)


def ppf(q: ArrayLike, mu: ArrayLike, sigma: ArrayLike, norm: ArrayLike) -> Floats:
    """Distance below which lies probability q; NaN where the cell has no support.

    Examples
    --------
    >>> mu, sigma = 100.0, 20.0
    >>> norm = moments(mu, sigma)[2]
    >>> round(float(ppf(0.9, mu, sigma, norm)), 4)
    132.4685
    """
    q, mu, sigma, norm = np.broadcast_arrays(*(np.asarray(v, float) for v in (q, mu, sigma, norm)))
    with np.errstate(all="ignore"):
        good = np.isfinite(mu) & np.isfinite(sigma) & (norm > 0)
        low = np.where(good, np.maximum(mu - 12 * sigma, 0.0), np.nan)
        high = np.where(good, np.maximum(mu, 0.0) + 12 * sigma, np.nan)
        for _ in range(60):
            middle = 0.5 * (low + high)
            below = cdf(middle, mu, sigma, norm) < q
            low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.where((q >= 0) & (q <= 1), 0.5 * (low + high), np.nan)
