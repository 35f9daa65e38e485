from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyexplorer.core import credible


def test_cells_are_ranked_by_density_and_not_by_probability() -> None:
    found = credible.Greedy(np.array([1.0, 3.0, 2.0]), np.array([1.0, 0.01, 0.1]))
    assert found.rank.tolist() == [1, 2, 0]
    assert found.area == pytest.approx([0.01, 0.11, 1.11])


def test_ties_keep_their_order() -> None:
    assert credible.Greedy(np.full(50, 0.02), np.ones(50)).rank.tolist() == list(range(50))


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=40), st.floats(1e-3, 0.999))
def test_the_interpolated_area_lies_in_the_crossing_cell(values, q) -> None:
    density = np.array(values) / np.sum(values)
    found = credible.Greedy(density, np.ones(len(values)))
    count = credible.crossing(found, q)
    assert count - 1 - 1e-6 <= credible.credible_area(found, q) <= count + 1e-6


@given(st.lists(st.floats(1e-3, 1e3), min_size=2, max_size=40), st.floats(1e-3, 0.999))
def test_area_and_probability_are_inverse(values, q) -> None:
    density = np.array(values) / np.sum(values)
    found = credible.Greedy(density, np.ones(len(values)))
    assert credible.within(found, credible.credible_area(found, q)) == pytest.approx(q, abs=1e-9)


@given(st.lists(st.sampled_from([0.0, 1.0, 1.5, 2.0, 7.0]), min_size=1, max_size=300))
def test_equal_densities_keep_their_order(values) -> None:
    density, area = np.array(values), np.linspace(1, 2, len(values))
    found = credible.Greedy(density, area)
    assert np.array_equal(found.rank, np.argsort(-density, kind="stable"))
    assert np.array_equal(found.by_cell(found.area)[found.rank], np.cumsum(area[found.rank]))


@given(
    st.lists(st.tuples(st.sampled_from([1e-300, 1.0, 1e300]), st.integers(0, 40)), min_size=1, max_size=300)
)
def test_densities_that_differ_in_their_last_digits_are_told_apart(parts) -> None:
    density = np.array([value * (1 + steps * np.finfo(float).eps) for value, steps in parts])
    assert np.array_equal(
        credible.Greedy(density, np.ones(len(parts))).rank, np.argsort(-density, kind="stable")
    )


@pytest.mark.parametrize("odd", [np.nan, -1.0])
def test_what_is_no_density_comes_last(odd) -> None:
    assert credible.Greedy(np.array([odd, 1.0, 2.0, 1.0]), np.ones(4)).rank.tolist() == [2, 1, 3, 0]
