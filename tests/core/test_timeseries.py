"""Variability: SCIENCE.md 9.7, and what must hold of any light curve."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyexplorer.core import counts, timeseries
from skyexplorer.errors import InputError


def toy():
    k = np.arange(40)
    value = np.ones(40)
    value[15:20] = [2, 4, 5, 3.5, 2]
    return 54700 + 7.0 * k, value + 0.1 * np.sin(1.7 * k), np.full(40, 0.25)


L1 = [54700, 54801.5, 54808.5, 54822.5, 54829.5, 54836.5, 54973]


@pytest.mark.parametrize(
    ("p0", "edges", "prior"),
    [
        (0.05, L1, 4.461323),
        (0.01, L1, 6.070761),
        (0.003, [54700, 54801.5, 54808.5, 54829.5, 54836.5, 54973], 7.274734),
    ],
)
def test_l1_l2_l3_blocks(p0, edges, prior):
    assert timeseries.bayesian_blocks(*toy(), p0).edges.tolist() == edges
    assert timeseries.ncp_prior(40, p0) == pytest.approx(prior, abs=1e-6)


def test_l4_fractional_variability():
    found = timeseries.variability(*toy()[1:])
    assert (found.fvar, found.error) == pytest.approx((0.6523152, 0.0313304), abs=1e-7)
    assert found.dof == 39


def test_l5_poisson_limits():
    assert counts.poisson_limit([0, 1, 3], 0.9) == pytest.approx([2.3026, 3.889720, 6.680783], abs=1e-4)
    assert float(counts.poisson_limit(0, 0.95)) == pytest.approx(2.9957, abs=1e-4)


def test_l6_energy_flux():
    erg = timeseries.ERG_PER_MEV
    assert float(timeseries.energy_flux(1e-7, 2.0, 100, 1e5)) * erg == pytest.approx(1.1078523e-10, rel=1e-7)
    assert float(timeseries.energy_flux(1e-7, 2.1, 100, 1e5)) * erg == pytest.approx(8.795456e-11, rel=1e-7)


def test_l7_li_ma():
    assert float(counts.li_ma(130, 300, 0.25)) == pytest.approx(5.031218, abs=1e-6)


def test_l8_period():
    t = np.arange(0, 200, 3.0)
    y = 1 + 0.3 * np.sin(2 * np.pi * t / 27) + 0.05 * np.cos(2.3 * t)
    found = timeseries.lomb_scargle(t, y, np.full(len(t), 0.1), 1 / 100, 1 / 7)
    assert found.period == pytest.approx(26.83, abs=0.005)
    assert found.false_alarm < 1e-20


def test_noise_has_no_fractional_variability_and_not_zero():
    found = timeseries.variability([1.0, 1.01, 0.99, 1.0], [0.2] * 4)
    assert np.isnan(found.fvar)
    assert found.excess < 0


def test_flares_by_each_definition():
    t, x, s = toy()
    hop = timeseries.flares(t, x, s, "hop")
    assert (hop.start[0], hop.stop[0]) == (54801.5, 54836.5)
    assert hop.peak[0] == pytest.approx(4.5147, abs=1e-3)
    assert len(timeseries.flares(t, x, s, "sigma", level=3).start) == 1
    median = timeseries.flares(t, x, s, "median", level=3)
    assert (median.start[0], median.stop[0]) == (54808.5, 54829.5)
    with pytest.raises(InputError, match="how is"):
        timeseries.flares(t, x, s, "wavelets")


def test_two_hills_are_two_flares():
    t = np.arange(60.0)
    x = np.ones(60)
    x[10:15], x[15:20], x[20:25] = 8, 4, 9
    found = timeseries.flares(t, x, np.full(60, 0.2))
    assert len(found.start) == 2
    assert found.peak == pytest.approx([8, 9], abs=0.3)
    assert found.stop[0] == found.start[1]


def test_a_constant_has_no_flare():
    dice = np.random.default_rng(5)
    assert (
        len(timeseries.flares(np.arange(50.0), dice.normal(5, 0.3, 50), np.full(50, 0.3), p0=1e-4).start) == 0
    )


def test_what_cannot_be():
    with pytest.raises(InputError, match="Two are the least"):
        timeseries.variability([1.0, np.nan], [0.1, 0.1])
    with pytest.raises(InputError, match="as many"):
        timeseries.bayesian_blocks([1, 2], [1], [1])
    with pytest.raises(InputError, match="p0"):
        timeseries.bayesian_blocks([1, 2], [1, 2], [1, 1], 2)
    with pytest.raises(InputError, match="band"):
        timeseries.energy_flux(1, 2, 10, 1)


curves = st.lists(st.tuples(st.floats(0.5, 50), st.floats(0.05, 3)), min_size=4, max_size=40)


@given(curves, st.floats(0.01, 100))
def test_scale_does_not_matter(points, factor):
    x, s = np.array(points).T
    one, other = timeseries.variability(x, s), timeseries.variability(factor * x, factor * s)
    assert other.excess == pytest.approx(one.excess, rel=1e-6, abs=1e-9)
    assert other.chi2 == pytest.approx(one.chi2, rel=1e-6)


@settings(max_examples=50)
@given(curves, st.randoms())
def test_blocks_cover_all_and_order_does_not_matter(points, dice):
    x, s = np.array(points).T
    t = np.cumsum(np.abs(x)) + 55000
    blocks = timeseries.bayesian_blocks(t, x, s)
    assert (blocks.edges[0], blocks.edges[-1]) == (t[0], t[-1])
    assert (np.diff(blocks.edges) > 0).all()
    order = list(range(len(x)))
    dice.shuffle(order)
    again = timeseries.bayesian_blocks(t[order], x[order], s[order])
    assert again.edges.tolist() == blocks.edges.tolist()


@given(st.floats(0.5, 3.5), st.floats(1, 100), st.floats(1.5, 1000))
def test_energy_flux_is_continuous_and_between_the_ends(index, low, ratio):
    mean = float(timeseries.energy_flux(1.0, index, low, low * ratio))
    assert low <= mean <= low * ratio
    assert mean == pytest.approx(float(timeseries.energy_flux(1.0, index + 1e-7, low, low * ratio)), rel=1e-4)


@given(st.floats(1e-3, 8), st.floats(1, 100), st.floats(1.5, 1000))
def test_photon_flux_turns_energy_flux_back(index, low, ratio):
    there = timeseries.energy_flux([1.0, 2.0], index, low, low * ratio)
    assert timeseries.photon_flux(there, index, low, low * ratio) == pytest.approx([1.0, 2.0])


def test_index_one_and_two_are_limits():
    band = (100.0, 1e5)
    assert float(timeseries.mean_energy(2, *band)) == pytest.approx(np.log(1e3) / (1 / 100 - 1e-5))
    assert float(timeseries.mean_energy(1, *band)) == pytest.approx((1e5 - 100) / np.log(1e3))
    for index in (1, 2):
        beside = timeseries.mean_energy([index - 1e-9, index + 1e-9], *band)
        assert beside == pytest.approx([float(timeseries.mean_energy(index, *band))] * 2, rel=1e-7)


def test_a_band_without_end():
    assert float(timeseries.mean_energy(3.0, 0.2, np.inf)) == pytest.approx(0.4)
    assert float(timeseries.mean_energy(3.0, 0.2, 1e9)) == pytest.approx(0.4)
    with pytest.raises(InputError, match="diverges"):
        timeseries.mean_energy(2.0, 0.2, np.inf)
    with pytest.raises(InputError, match="positive"):
        timeseries.mean_energy(-2.2, 0.1, 100)


@settings(max_examples=50)
@given(curves, st.floats(-1000, 1000), st.floats(1e-13, 1e13))
def test_blocks_move_with_time_and_do_not_see_the_unit(points, shift, factor):
    x, s = np.array(points).T
    t = np.arange(len(x)) * 8.0
    one = timeseries.bayesian_blocks(t, x, s)
    other = timeseries.bayesian_blocks(t + round(shift), factor * x, factor * s)
    assert other.edges == pytest.approx(one.edges + round(shift))
    assert other.value == pytest.approx(factor * one.value)


@given(curves, st.floats(0, 100))
def test_a_constant_added_leaves_the_variance(points, shift):
    x, s = np.array(points).T
    one, other = timeseries.variability(x, s), timeseries.variability(x + shift, s)
    mean = x.mean()
    assert other.excess * (mean + shift) ** 2 == pytest.approx(one.excess * mean**2, rel=1e-6, abs=1e-6)
    assert other.chi2 == pytest.approx(one.chi2, rel=1e-5, abs=1e-6)


def test_points_of_one_time_are_joined():
    t, x, s = [0, 1, 1, 2, 3], [1, 1, 3, 1, 1], [0.1, 0.1, 0.1, 0.1, 0.1]
    time, value, sigma = timeseries.prepared(t, x, s)
    assert time.tolist() == [0, 1, 2, 3]
    assert (value[1], sigma[1]) == pytest.approx((2, 0.1 / np.sqrt(2)))


def test_what_would_take_too_long_is_refused():
    many = np.arange(30_001.0)
    with pytest.raises(InputError, match="30,001 points"):
        timeseries.bayesian_blocks(many, many, many + 1)
    few = np.arange(50.0)
    with pytest.raises(InputError, match="frequencies"):
        timeseries.lomb_scargle(few, few, few + 1, maximum=1e9)


@pytest.mark.parametrize("ends", [(1.0, 0.5), (0.0, 1.0), (0.1, np.inf), (np.nan, 1.0)])
def test_frequencies_are_in_order(ends):
    t = np.arange(50.0)
    with pytest.raises(InputError, match="frequencies"):
        timeseries.lomb_scargle(t, np.sin(t), np.ones(50), *ends)


def test_no_period_of_a_constant_or_of_too_few():
    for t, x in (
        (np.arange(20.0), np.ones(20)),
        (np.arange(4.0), np.arange(4.0)),
        (np.ones(9), np.arange(9.0)),
    ):
        with pytest.raises(InputError, match="periodogram"):
            timeseries.lomb_scargle(t, x, np.ones(len(t)))


def test_values_whose_squares_are_no_numbers():
    with pytest.raises(InputError, match="squares"):
        timeseries.variability([1e200, 2e200], [1e200, 1e200])
