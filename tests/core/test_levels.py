"""Levels in volume of many densities, beside the sum over all cells for each."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from skyexplorer.core import distance, levels, volume
from skyexplorer.errors import Cancelled
from skyexplorer.progress import Progress


def cells(seed, count, lowest=-2.0, spread=3.0):
    dice = np.random.default_rng(seed)
    sigma = dice.uniform(5, 80, count)
    mu = sigma * dice.uniform(lowest, 8, count)
    density = 10 ** dice.uniform(-spread, 0, count)
    area = np.full(count, 1.0) / density.sum()
    return volume.supported(density, area, mu, sigma, distance.moments(mu, sigma)[2])


def held(found, log_density):
    part = found.norm * found.sigma**2
    return levels.above(
        np.log(found.peak), found.mu / found.sigma, part, found.density * found.area, log_density
    )


@settings(max_examples=40)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([1, 2, 5, 30, 700]),
    st.sampled_from([-2.0, 0.1, 3.0]),
    st.sampled_from([0.0, 0.01, 3.0, 40.0]),
)
def test_it_is_the_sum_over_all_cells(seed, count, lowest, spread) -> None:
    found = cells(seed, count, lowest, spread)
    dice = np.random.default_rng(seed)
    top = np.log(found.peak)
    asked = np.concatenate([
        dice.choice(top, 40) - dice.exponential(size=40) * 10 ** dice.uniform(-6, 2, 40),
        top.max() - dice.uniform(0, 300, 40), dice.choice(top, 5), [top.max(), top.max() + 1, top.min() - 500],
    ])  # fmt: skip
    with np.errstate(under="ignore"):
        want = np.array([volume.above(found, float(np.exp(value)))[0] for value in asked])
    assert held(found, asked) == pytest.approx(want, abs=2e-7 * float(np.sum(found.density * found.area)))


def test_one_cell_is_an_integral() -> None:
    """∫ p(r) dr between where the density is above that asked."""
    mu, sigma = 60.0, 30.0
    norm = float(distance.moments(mu, sigma)[2])
    found = volume.Cells(*(np.array([value]) for value in (0.3, 2.0, mu, sigma, norm)))
    for x in (1e-4, 0.3, 1.9, 2.1, 8.0, 30.0):
        half = sigma * np.sqrt(2 * x)
        inside = quad(lambda r: distance.pdf(r, mu, sigma, norm), max(mu - half, 0), mu + half, limit=200)[0]
        assert held(found, np.log(found.peak) - x)[0] == pytest.approx(0.6 * inside, rel=1e-9)


def test_few_and_many_have_the_same_levels(monkeypatch) -> None:
    found = cells(4, 500)
    dice = np.random.default_rng(4)
    asked = found.peak.max() * 10 ** dice.uniform(-12, 0.1, (40, 20))
    asked[0, :4] = [np.nan, 0.0, -1.0, 2 * found.peak.max()]
    many = volume.level(found, asked)
    monkeypatch.setattr(volume, "MANY", 10**9)
    few = volume.level(found, asked)
    assert many.shape == (40, 20)
    assert many == pytest.approx(few, abs=2e-7, nan_ok=True)
    assert np.isnan(many).sum() == 1
    assert many[0, 1:4].tolist() == [1, 1, 0]
    order = np.argsort(asked.ravel()[4:])
    assert (np.diff(many.ravel()[4:][order]) <= 2e-7).all(), "the denser, the lower the level"


def test_it_can_be_stopped() -> None:
    found = cells(4, 500)
    with Progress("levels") as progress:
        held(found, np.log(found.peak))
        assert 0 < progress.share < 1
        progress.cancel()
        with pytest.raises(Cancelled):
            held(found, np.log(found.peak))
