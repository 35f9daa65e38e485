from __future__ import annotations

import healpy
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyexplorer.core import contours, healpix, sphere


@given(st.integers(0, 29), st.floats(0, 1, exclude_max=True))
def test_uniq_is_undone(order, part) -> None:
    ipix = int(part * 12 * 4**order)
    assert [int(v) for v in healpix.split_uniq(healpix.join_uniq(order, ipix))] == [order, ipix]


def test_the_largest_uniq() -> None:
    assert int(healpix.join_uniq(29, 12 * 4**29 - 1)) == 4611686018427387903  # SCIENCE 1.1


def test_ring_order_agrees_with_healpy() -> None:
    index = np.arange(12 * 64**2)
    assert (healpix.nested_of_ring(index, 6) == healpy.ring2nest(64, index)).all()


def test_txs_0506() -> None:
    """SCIENCE.md E8."""
    assert int(healpix.nested(77.3581850, 5.6931481, 8)) == 368255
    assert int(healpix.join_uniq(8, 368255)) == 630399


def test_areas_add_up_to_the_sphere() -> None:
    assert 12 * 4**5 * healpix.cell_area(5) == pytest.approx(4 * np.pi)


@pytest.mark.parametrize("center", [(0.0, 0.0), (45.0, 90.0), (200.0, -90.0), (359.9, 41.8), (90.0, -41.8)])
@pytest.mark.parametrize("radius", [3.0, 25.0, 100.0])
def test_a_circle_is_drawn_as_one_closed_line_at_its_radius(center, radius) -> None:
    """At the poles, across RA 0, and where only three cells meet."""
    order = 6
    ipix = np.arange(12 * 4**order)
    lon, lat = healpix.centers(order, ipix)
    lines = contours.lines(ipix, order, radius - sphere.separation(*center, lon, lat))
    assert len(lines) == 1
    (line,) = lines
    assert (line[0] == line[-1]).all()
    assert sphere.separation(*center, line[:, 0], line[:, 1]) == pytest.approx(
        np.full(len(line), radius), abs=0.1
    )
