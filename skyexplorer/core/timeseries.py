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
MOST_POINTS = 30_000  # for blocks, whose time goes with the square: some seconds
MOST_FREQUENCIES = 5_000_000
SMALLEST, LARGEST = 1e-100, 1e100  # beyond these, squares are no numbers


def prepared(time: ArrayLike, value: ArrayLike, sigma: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Finite points in the order of time; points of one time are joined by their weighted mean.

    Raises
    ------
    InputError
        If lengths differ, fewer than two points with a positive error are left, or their squares are no numbers.
    """
    t, x, s = (np.asarray(part, float).ravel() for part in (time, value, sigma))
    if not len(t) == len(x) == len(s):
        raise InputError(f"{len(t)} times, {len(x)} values and {len(s)} errors.", "Give as many of each.")
    good = np.isfinite(t) & np.isfinite(x) & np.isfinite(s) & (s > 0)
    if good.sum() < 2:
        raise InputError(f"{int(good.sum())} points have a value and an error.", "Two are the least.")
    t, x, s = t[good], x[good], s[good]
    if s.min() < SMALLEST or max(s.max(), np.abs(x).max()) > LARGEST:
        raise InputError(
            f"The errors lie between {s.min():.3g} and {s.max():.3g}, the values within ±{np.abs(x).max():.3g}.",
            "Use a unit in which their squares are numbers.",
        )
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
        For ``p0`` outside (0, 1), fewer than two points, or more than 30 000 (the time goes with their square).

    Examples
    --------
    >>> from skyexplorer.core.timeseries import bayesian_blocks
    >>> value = [1, 1.1, 0.9, 1, 5, 5.2, 4.8, 5]
    >>> bayesian_blocks(range(8), value, [0.2] * 8).edges.tolist()
    [0.0, 3.5, 7.0]
    """
    from astropy.stats import bayesian_blocks as blocks

    if not 0 < p0 < 1:
        raise InputError(f"p0 is {p0!r}.", "A false-alarm rate lies between 0 and 1.")
    t, x, s = prepared(time, value, sigma)
    if len(t) > MOST_POINTS:
        raise InputError(
            f"The light curve has {len(t):,} points; blocks of more than {MOST_POINTS:,} take too long.",
            "Bin it, or take a part of its time.",
        )
    if len(t) < 2:
        raise InputError("All points have the same time.", "Two times are the least.")
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
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

    Raises
    ------
    InputError
        If fewer than five points have a positive error, all values or times are equal, the frequencies are not in order,
        or the grid would have more than 5 000 000 of them.

    Examples
    --------
    >>> import numpy as np
    >>> from skyexplorer.core.timeseries import lomb_scargle
    >>> t = np.arange(0, 200, 3.0)
    >>> round(lomb_scargle(t, np.sin(2 * np.pi * t / 27), np.full(len(t), 0.1), 0.01, 0.14).period)
    27
    """
    from astropy.timeseries import LombScargle

    t, x, s = prepared(time, value, sigma)
    if len(t) < 5 or np.ptp(x) == 0:
        raise InputError(
            f"{len(t)} times with {len(np.unique(x))} different values have no periodogram.",
            "Five times are the least, and the values must differ.",
        )
    low, high, count = _frequencies(float(np.ptp(t)), len(t), minimum, maximum, oversampling)
    if not 0 < low < high < np.inf:
        raise InputError(
            f"The frequencies go from {low} to {high}.", "Give two above 0, the lower first; a finite number."
        )
    if count > MOST_FREQUENCIES:
        raise InputError(
            f"The grid would have {count:.3g} frequencies; {MOST_FREQUENCIES:,} are the most.",
            "Give a lower maximum (a longer period), or a part of the time.",
        )
    # Scaled, because the fast method squares; the standard normalisation has no unit.
    found = LombScargle(t, x / np.abs(x).max(), s / np.abs(x).max())
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        frequency, power = found.autopower(
            minimum_frequency=low, maximum_frequency=high, samples_per_peak=oversampling
        )
        best = int(np.nanargmax(power)) if np.isfinite(power).any() else 0
        false_alarm = found.false_alarm_probability(
            power[best], method="baluev", maximum_frequency=float(frequency[-1])
        )
    return Periodogram(frequency, power, float(1 / frequency[best]), float(false_alarm))


def _frequencies(
    span: float, points: int, minimum: float | None, maximum: float | None, oversampling: int
) -> tuple[float, float, float]:
    """Ends of the grid and how many it has; where none is given, as astropy: up to five times the mean Nyquist frequency."""
    if not (isinstance(oversampling, (int, np.integer)) and oversampling >= 1):
        raise InputError(f"oversampling is {oversampling!r}.", "Give a whole number of 1 or more.")
    step = 1 / (span * oversampling)
    low = 0.5 * step if minimum is None else float(minimum)
    high = 5 * 0.5 * points / span if maximum is None else float(maximum)
    return low, high, (high - low) / step


def mean_energy(index: ArrayLike, low: float, high: float) -> Floats:
    """Mean energy of the photons of a power law dN/dE ∝ E^−Γ between two energies.

    This is S/F of SCIENCE's conversion, S = F (Γ−1)/(Γ−2) (E₁^{2−Γ} − E₂^{2−Γ})/(E₁^{1−Γ} − E₂^{1−Γ}); at Γ = 1 and 2 its
    limits, which are logarithms.

    Parameters
    ----------
    index : array_like
        Γ, above 0.
    low, high : float
        Energies, of any unit; ``high`` may be infinite where Γ > 2.

    Returns
    -------
    array
        In the unit of the energies.

    Raises
    ------
    InputError
        For a Γ of 0 or less, energies out of order, or a band without an end where the energy diverges.

    Examples
    --------
    >>> from skyexplorer.core.timeseries import mean_energy
    >>> round(float(mean_energy(2.0, 100, 100_000)), 2)
    691.47
    """
    gamma = np.asarray(index, float)
    if not 0 < low < high:
        raise InputError(f"The band is {low} to {high}.", "Give two energies, the lower first.")
    if not (gamma > 0).all() or not np.isfinite(gamma).all():
        raise InputError(
            f"The index is {index!s:.80}.",
            "Γ of dN/dE ∝ E^−Γ is positive; some tables give −Γ: turn its sign.",
        )
    if np.isinf(high):
        if (gamma <= 2).any():
            raise InputError(
                f"The band above {low} has no upper end, and the index is {index!s:.80}.",
                "The energy diverges for Γ of 2 and less: give the upper energy.",
            )
        return np.asarray(low * (gamma - 1) / (gamma - 2))
    step = np.log(high / low)

    def integral(power: Floats) -> Floats:
        # ((high/low)^power − 1) / power, which is the logarithm at 0
        some = np.where(power == 0, 1.0, power)
        return np.asarray(np.where(power == 0, step, np.expm1(some * step) / some))

    return np.asarray(low * integral(2 - gamma) / integral(1 - gamma))


def energy_flux(photon_flux: ArrayLike, index: ArrayLike, low: float, high: float) -> Floats:
    """Energy flux of a power law in the band in which its photon flux is given, see `mean_energy`.

    Examples
    --------
    >>> round(float(energy_flux(1e-7, 2.0, 100, 100_000)) * ERG_PER_MEV, 17)  # 0.1–100 GeV, in erg
    1.1078523e-10
    """
    return np.asarray(photon_flux, float) * mean_energy(index, low, high)


def photon_flux(energy_flux: ArrayLike, index: ArrayLike, low: float, high: float) -> Floats:
    """Photon flux of a power law in the band in which its energy flux is given, see `mean_energy`.

    Examples
    --------
    >>> round(float(photon_flux(1.1078523e-10 / ERG_PER_MEV, 2.0, 100, 100_000)), 13)
    1e-07
    """
    return np.asarray(energy_flux, float) / mean_energy(index, low, high)
