"""The distance ansatz: SCIENCE.md 1.3 and G20 to G23, and against integrals done by quadrature."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.integrate import quad

from skyexplorer.core import distance


@pytest.mark.parametrize(
    ("mu", "sigma", "mean", "std", "norm"),
    [
        (100, 20, 107.692308, 19.276868, 9.615385e-5),  # G20
        (-50, 100, 138.701827, 61.860421, 4.770099e-4),  # G21: mu may be negative
        (258.331612, 49.619196, 276.7147, 47.9513, 1.445143e-5),  # G14
    ],
)
def test_moments(mu, sigma, mean, std, norm):
    found = distance.moments(mu, sigma)
    assert found[0] == pytest.approx(mean, rel=1e-6)
    assert found[1] == pytest.approx(std, rel=2e-6)
    assert found[2] == pytest.approx(norm, rel=1e-6)


def test_parameters():
    """G22."""
    found = distance.parameters(100.0, 20.0)
    assert [float(value) for value in found] == pytest.approx([90.797511, 20.978155, 1.151507e-4], rel=1e-6)


def test_conditional():
    """G23."""
    norm = distance.moments(100.0, 20.0)[2]
    assert float(distance.pdf(90, 100, 20, norm)) == pytest.approx(0.01371024, rel=1e-6)
    assert float(distance.cdf(90, 100, 20, norm)) == pytest.approx(0.17989828, rel=1e-6)
    assert float(distance.ppf(0.9, 100, 20, norm)) == pytest.approx(132.468470, rel=1e-6)


@pytest.mark.parametrize("z", [-40.0, -12.0, -8.001, -7.999, -3.0, 0.0, 1.0, 5.0, 30.0])
def test_against_quadrature(z):
    """Far below zero the closed form is a difference of large terms; the series must join it smoothly."""
    peak = max(z, 0.0)
    reach = peak + 12 if z > -4 else 60 / abs(z)

    def moment(k):
        # exp(-z²/2) is taken out, as it underflows
        scale = 0.5 * min(z, 0.0) ** 2
        return quad(lambda x: x**k * np.exp(-0.5 * (x - z) ** 2 + scale), 0, reach, epsabs=0, limit=300)[0]

    two, three, four = moment(2), moment(3), moment(4)
    mean, std, _ = distance.moments(z, 1.0)
    if z > -38:  # beyond, the norm itself is no double any more
        assert float(mean) == pytest.approx(three / two, rel=1e-6)
        assert float(std) == pytest.approx(np.sqrt(four / two - (three / two) ** 2), rel=1e-4)


def test_cells_without_support_are_not_a_number_and_no_warning():
    mu, sigma, norm = np.array([np.inf, np.nan]), np.array([1.0, 1.0]), np.array([0.0, 0.0])
    assert np.isnan(distance.moments(mu, sigma)[0]).all()
    assert np.isnan(distance.cdf(100.0, mu, sigma, norm)).all()
    assert np.isnan(distance.ppf(0.5, mu, sigma, norm)).all()
    assert distance.pdf(100.0, mu, sigma, norm).tolist() == [0, 0]
    assert np.isnan(distance.parameters(100.0, 70.0)[0])  # a mean below √3 widths has no ansatz


@given(st.floats(10, 5000), st.floats(0.02, 0.5))
def test_there_and_back(mean, spread):
    mu, sigma, norm = distance.parameters(mean, spread * mean)
    assume(np.isfinite(mu))
    found = distance.moments(mu, sigma)
    assert float(found[0]) == pytest.approx(mean, rel=1e-6)
    assert float(found[1]) == pytest.approx(spread * mean, rel=1e-5)
    assert float(found[2]) == pytest.approx(float(norm), rel=1e-6)


@given(st.floats(-2, 10), st.floats(0.001, 0.999))
def test_quantiles_invert_the_distribution(z, q):
    norm = distance.moments(z, 1.0)[2]
    assert float(distance.cdf(distance.ppf(q, z, 1.0, norm), z, 1.0, norm)) == pytest.approx(q, abs=1e-9)
