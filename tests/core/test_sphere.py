from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyexplorer.core import sphere

RA = st.floats(0, 360, exclude_max=True)
DEC = st.floats(-90, 90)


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ((359.99, 0), (0.01, 0), 0.02),
        ((0, 89.9), (180, 89.9), 0.2),
        ((0, 20), (1e-6 / 3600, 20), 9.3969e-7 / 3600),
    ],
)
def test_separations_that_are_known(one, other, apart) -> None:
    """SCIENCE.md E10 and E11: across RA 0, over the pole, and far below what arccos resolves."""
    assert sphere.separation(*one, *other) == pytest.approx(apart, rel=1e-4)


@given(RA, DEC, st.floats(0, 360), st.floats(1e-6, 179.9))
def test_offset_is_undone_by_separation_and_angle(ra, dec, angle, distance) -> None:
    there = sphere.offset(ra, dec, angle, distance)
    assert sphere.separation(ra, dec, *there) == pytest.approx(distance, abs=1e-7)


@given(st.floats(-2000, 2000))
def test_wrap180_keeps_the_angle_and_its_range(angle) -> None:
    wrapped = float(sphere.wrap180(angle))
    assert -180 < wrapped <= 180
    assert np.cos(np.radians(wrapped)) == pytest.approx(np.cos(np.radians(angle)), abs=1e-9)


@pytest.mark.parametrize(
    ("ellipse", "point", "q"),
    [
        ((77.3582, 5.6931, 0.02, 0.01, 45), (77.3682, 5.7031), 0.70537),  # E1
        ((77.3582, 5.6931, 0.02, 0.01, 45), (77.3682, 5.6831), 1.41073),
        ((10, 89.5, 0.6, 0.2, 30), (10, 89.95), 1.29904),  # E2
        ((10, 89.5, 0.6, 0.2, 30), (100, 89.5), 1.46057),  # E3
        ((359.95, -60, 0.3, 0.1, 80), (0.25, -59.99), 0.52489),  # E4
    ],
)
def test_point_in_ellipse(ellipse, point, q) -> None:
    assert sphere.ellipse_radius(*ellipse, *point) == pytest.approx(q, abs=2e-5)


@given(RA, st.floats(-89, 89), st.floats(0.01, 20), st.floats(0.2, 1), st.floats(0, 180))
def test_the_drawn_ellipse_is_where_q_is_one(ra, dec, a, ratio, pa) -> None:
    line = sphere.ellipse_points(ra, dec, a, a * ratio, pa, 24)
    q = sphere.ellipse_radius(ra, dec, a, a * ratio, pa, line[:, 0], line[:, 1])
    assert q == pytest.approx(np.ones(25), abs=1e-6)
