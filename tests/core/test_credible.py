from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyexplorer.core import credible


@pytest.mark.parametrize(
    ("mu", "sigma", "mean", "std", "norm"),
    [
        (100, 20, 107.692308, 19.276868, 9.615385e-5),  # SCIENCE.md G20
        (-50, 100, 138.701827, 61.860421, 4.770099e-4),  # G21: mu may be negative
        (258.331612, 49.619196, 276.7147, 47.9513, 1.445143e-5),  # G14
    ],
)
def test_moments_of_the_distance_ansatz(mu, sigma, mean, std, norm) -> None:
    first, second, scale = credible.distance_moments(mu, sigma)
    assert first == pytest.approx(mean, rel=1e-6)
    assert np.sqrt(second - first**2) == pytest.approx(std, rel=2e-6)
    assert scale == pytest.approx(norm, rel=1e-6)


def test_cells_are_ranked_by_density_and_not_by_probability() -> None:
    found = credible.greedy(np.array([1.0, 3.0, 2.0]), np.array([1.0, 0.01, 0.1]))
    assert found.rank.tolist() == [1, 2, 0]
    assert found.area == pytest.approx([0.01, 0.11, 1.11])


def test_ties_keep_their_order() -> None:
    assert credible.greedy(np.full(50, 0.02), np.ones(50)).rank.tolist() == list(range(50))


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=40), st.floats(1e-3, 0.999))
def test_the_interpolated_area_lies_in_the_crossing_cell(values, q) -> None:
    density = np.array(values) / np.sum(values)
    found = credible.greedy(density, np.ones(len(values)))
    count = credible.crossing(found, q)
    assert count - 1 - 1e-6 <= credible.credible_area(found, q) <= count + 1e-6
