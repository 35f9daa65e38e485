"""Variability of light curves: blocks, excess variance, flares, periods, and conversions of flux. Plain arrays.

Upper limits are no values: leave them out before. The blocks are astropy's (Scargle et al. 2013, ApJ 764, 167), the
periodogram is astropy's Lomb–Scargle; what is here prepares for them and holds to the conventions of the field.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skyexplorer.errors import InputError

Floats = NDArray[np.float64]
ERG_PER_MEV = 1.602176634e-6


def prepared(time: ArrayLike, value: ArrayLike, sigma: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Finite points in the order of time; points of one time are joined by their weighted mean.

    Raises
    ------
    InputError
        If lengths differ, or fewer than two points with a positive error are left.
    """
    t, x, s = (np.asarray(part, float).ravel() for part in (time, value, sigma))
    if not len(t) == len(x) == len(s):
        raise InputError(f"{len(t)} times, {len(x)} values and {len(s)} errors.", "Give as many of each.")
    good = np.isfinite(t) & np.isfinite(x) & np.isfinite(s) & (s > 0)
    if good.sum() < 2:
        raise InputError(f"{int(good.sum())} points have a value and an error.", "Two are the least.")
    t, x, s = t[good], x[good], s[good]
    times, at = np.unique(t, return_inverse=True)
    weight = np.bincount(at, 1 / s**2)
    return times, np.bincount(at, x / s**2) / weight, 1 / np.sqrt(weight)


def ncp_prior(count: int, p0: float) -> float:
    """Penalty of a change point for a false-alarm rate: 4 − ln(73.53 p0 N^−0.478) (Scargle et al. 2013, eq. 21).

    Calibrated for events, and approximate for measures.

    >>> round(ncp_prior(40, 0.05), 6)
    4.461323
    """
    return float(4 - np.log(73.53 * p0 * count**-0.478))


class Blocks(NamedTuple):
    """Bayesian blocks: edges (n + 1,), and the weighted mean and its error in each (n,)."""

    edges: Floats
    value: Floats
    error: Floats


def bayesian_blocks(time: ArrayLike, value: ArrayLike, sigma: ArrayLike, p0: float = 0.05) -> Blocks:
    """Optimal piecewise-constant segmentation of measurements with Gaussian errors.

    Parameters
    ----------
    time, value, sigma : array_like, shape (n,)
    p0 : float
        False-alarm rate of a change point.

    Returns
    -------
    Blocks
        Edges lie midway between points, the outer ones on the first and the last.

    Raises
    ------
    InputError
        For ``p0`` outside (0, 1), or fewer than two points.
    """
    from astropy.stats import bayesian_blocks as blocks

    if not 0 < p0 < 1:
        raise InputError(f"p0 is {p0!r}.", "A false-alarm rate lies between 0 and 1.")
    t, x, s = prepared(time, value, sigma)
    edges = np.asarray(blocks(t, x, s, fitness="measures", p0=p0), float)
    at = np.clip(np.searchsorted(edges, t, side="right") - 1, 0, len(edges) - 2)
    weight = np.bincount(at, 1 / s**2, len(edges) - 1)
    return Blocks(edges, np.bincount(at, x / s**2, len(edges) - 1) / weight, 1 / np.sqrt(weight))


class Variability(NamedTuple):
    """Fractional variability and its error, the normalised excess variance, and χ² against a constant.

    Where the excess variance is negative, the errors explain all scatter: ``fvar`` and ``error`` are NaN then, not 0.
    """

    fvar: float
    error: float
    excess: float
    chi2: float
    dof: int


def variability(value: ArrayLike, sigma: ArrayLike) -> Variability:
    """Fractional variability √((S² − ⟨σ²⟩)/x̄²), with S² by N − 1 (Vaughan et al. 2003, MNRAS 345, 1271).

    Raises
    ------
    InputError
        If fewer than two points have a positive error, or their mean is 0.
    """
    _, x, s = prepared(np.arange(np.size(value)), value, sigma)
    n, mean, noise = len(x), float(x.mean()), float(np.mean(s**2))
    if mean == 0:
        raise InputError(
            "The mean of the light curve is 0.", "Fractional variability is relative to the mean."
        )
    excess = (float(np.var(x, ddof=1)) - noise) / mean**2
    constant = float(np.sum(x / s**2) / np.sum(1 / s**2))
    chi2 = float(np.sum(((x - constant) / s) ** 2))
    if excess <= 0:
        return Variability(np.nan, np.nan, excess, chi2, n - 1)
    fvar = float(np.sqrt(excess))
    one, two = np.sqrt(1 / (2 * n)) * noise / (mean**2 * fvar), np.sqrt(noise / n) / mean
    return Variability(fvar, float(np.hypot(one, two)), excess, chi2, n - 1)


class Flares(NamedTuple):
    """Flares, one a row: start and stop, time and value of the highest block, and the integral above the baseline."""

    start: Floats
    stop: Floats
    peak_time: Floats
    peak: Floats
    fluence: Floats
    baseline: float


def flares(
    time: ArrayLike,
    value: ArrayLike,
    sigma: ArrayLike,
    how: str = "hop",
    p0: float = 0.05,
    level: float = 3.0,
) -> Flares:
    """Flares by one of three definitions; none of them is the only one in use, so it must be named.

    Parameters
    ----------
    time, value, sigma : array_like, shape (n,)
    how : {"hop", "sigma", "median"}
        ``"hop"``: groups of neighbouring Bayesian blocks above the mean, split at minima between peaks (Meyer et al.
        2019, ApJ 877, 39). ``"sigma"``: runs of blocks above the baseline (median of the points) by ``level``
        standard deviations of the blocks' error. ``"median"``: runs of blocks above ``level`` times the median.
    p0 : float
        See `bayesian_blocks`.
    level : float
        For ``"sigma"`` and ``"median"``.

    Raises
    ------
    InputError
        For an unknown definition.
    """
    t, x, s = prepared(time, value, sigma)
    blocks = bayesian_blocks(t, x, s, p0)
    median = float(np.median(x))
    if how == "hop":
        baseline = float(np.average(x, weights=1 / s**2)) if len(blocks.value) == 1 else float(x.mean())
        high = blocks.value > baseline
    elif how == "sigma":
        baseline = median
        high = blocks.value > baseline + level * blocks.error
    elif how == "median":
        baseline = median
        high = blocks.value > level * median
    else:
        raise InputError(f"how is {how!r}.", 'Give "hop", "sigma" or "median".')
    if len(blocks.value) == 1:
        high[:] = False  # one block is a constant
    runs = []
    for run in np.split(np.arange(len(high)), np.flatnonzero(np.diff(high.astype(int)) != 0) + 1):
        if high[run[0]]:
            runs += _hills(blocks.value, run) if how == "hop" else [run]
    rows = []
    for run in runs:
        top = run[int(np.argmax(blocks.value[run]))]
        width = np.diff(blocks.edges)[run]
        rows.append(
            (
                blocks.edges[run[0]],
                blocks.edges[run[-1] + 1],
                0.5 * (blocks.edges[top] + blocks.edges[top + 1]),
                blocks.value[top],
                float(np.sum((blocks.value[run] - baseline) * width)),
            )
        )
    columns = np.array(rows, float).reshape(-1, 5).T
    start, stop, peak_time, peak, fluence = columns
    return Flares(start, stop, peak_time, peak, fluence, baseline)


def _hills(value: Floats, run: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Each block climbs to its higher neighbour; blocks that reach one top are one hill."""
    top = {}
    for k in run:
        at = int(k)
        while True:
            around = [n for n in (at - 1, at + 1) if run[0] <= n <= run[-1] and value[n] > value[at]]
            if not around:
                break
            at = max(around, key=lambda n: value[n])
        top[int(k)] = at
    return [np.array([k for k in top if top[k] == peak]) for peak in dict.fromkeys(top.values())]


class Periodogram(NamedTuple):
    """Lomb–Scargle power by frequency; the period of the highest peak, and its false-alarm probability for white noise."""

    frequency: Floats
    power: Floats
    period: float
    false_alarm: float


def lomb_scargle(
    time: ArrayLike, value: ArrayLike, sigma: ArrayLike, minimum: float | None = None, maximum: float | None = None,
    oversampling: int = 5,
) -> Periodogram:  # fmt: skip
    """Periodogram with standard normalisation, on a grid of at least ``oversampling`` points a peak.

    Parameters
    ----------
    time, value, sigma : array_like, shape (n,)
    minimum, maximum : float, optional
        Frequencies, one over the unit of time; by default astropy's.
    oversampling : int

    Notes
    -----
    The false-alarm probability (Baluev 2008) is that of white noise. The red noise of active galaxies makes high peaks at
    low frequencies by itself: simulate it before a period is claimed.
    """
    from astropy.timeseries import LombScargle

    t, x, s = prepared(time, value, sigma)
    found = LombScargle(t, x, s)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        frequency, power = found.autopower(
            minimum_frequency=minimum, maximum_frequency=maximum, samples_per_peak=oversampling
        )
        best = int(np.argmax(power))
        false_alarm = found.false_alarm_probability(
            power[best], method="baluev", maximum_frequency=float(frequency[-1])
        )
    return Periodogram(frequency, power, float(1 / frequency[best]), float(false_alarm))


def energy_flux(photon_flux: ArrayLike, index: float, low: float, high: float) -> Floats:
    """Energy flux of a power law dN/dE ∝ E^−Γ in the band in which its photon flux is given.

    Parameters
    ----------
    photon_flux : array_like
        Photons per area and time between ``low`` and ``high``.
    index : float
        Γ; 1 and 2 are taken as limits.
    low, high : float
        Energies, of any unit.

    Returns
    -------
    array
        In the unit of energy, per area and time.

    Examples
    --------
    >>> round(float(energy_flux(1e-7, 2.0, 100, 100_000)) * ERG_PER_MEV, 17)  # 0.1–100 GeV, in erg
    1.1078523e-10
    """
    if not 0 < low < high:
        raise InputError(f"The band is {low} to {high}.", "Give two energies, the lower first.")

    def integral(power: float) -> float:
        # (high^power − low^power) / power, which is a logarithm at 0
        step = np.log(high / low)
        return float(low**power * (np.expm1(power * step) / power if abs(power) > 1e-12 else step))

    return np.asarray(photon_flux, float) * integral(2 - index) / integral(1 - index)
