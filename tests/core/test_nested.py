"""Nested indices, compiled and plain, beside cdshealpix."""

from __future__ import annotations

import numpy as np
import pytest
from cdshealpix import nested as cds
from hypothesis import given
from hypothesis import strategies as st

from skyexplorer.core import healpix, nested

orders = st.integers(0, 29)
EDGE = float(np.degrees(np.arcsin(2 / 3)))  # between the belt and the caps


def sky(seed, count):
    dice = np.random.default_rng(seed)
    return dice.uniform(-720, 720, count), np.degrees(np.arcsin(dice.uniform(-1, 1, count)))


@pytest.mark.parametrize("order", [0, 1, 5, 11, 20, 29])
def test_any_place_is_where_cdshealpix_has_it(order) -> None:
    lon, lat = sky(order, 100_000)
    assert np.array_equal(nested.nested(lon, lat, order), healpix.nested(lon, lat, order))


@pytest.mark.parametrize("order", [2, 8, 17, 29])
def test_near_the_poles_digits_are_kept(order) -> None:
    lon, away = sky(order, 20_000)[0], 10 ** np.random.default_rng(order).uniform(-12, 0, 20_000)
    for lat in (90 - away, away - 90):
        assert np.array_equal(nested.nested(lon, lat, order), healpix.nested(lon, lat, order))


@pytest.mark.parametrize("order", [0, 1, 3, 12, 29])
def test_plain_borders_are_those_of_cdshealpix(order) -> None:
    """Meridians and parallels whose sides have no rounding: the cell to the north, or to the east, has its border."""
    lon, lat = np.meshgrid(
        np.concatenate([np.arange(-360, 721, 45.0), [-1e-300, 359.9999999999999]]),
        [-90, -60, -45, -1e-12, 0, 1e-12, 45, 89.99999999999999, 90],
    )
    lon, lat = lon.ravel(), lat.ravel()
    assert np.array_equal(nested.nested(lon, lat, order), healpix.nested(lon, lat, order))


@pytest.mark.parametrize("order", [0, 1, 4, 9, 16])
def test_a_corner_is_in_a_cell_that_meets_there(order) -> None:
    number = 12 * 4**order
    cells = np.arange(number) if order < 5 else np.random.default_rng(1).integers(0, number, 3000)
    lon, lat = (angle.deg.ravel() for angle in cds.vertices(cells.astype(np.uint64), np.uint8(order)))
    found = nested.nested(lon, lat, order)
    near, touched = 1e-3 / 2**order, np.zeros(len(lon), bool)
    for angle in np.linspace(0, 2 * np.pi, 24, endpoint=False) + 0.05:
        north = lat + near * np.sin(angle)
        north = np.where(np.abs(north) > 90, lat, north)
        east = lon + near * np.cos(angle) / np.maximum(np.cos(np.radians(lat)), 1e-3 / 2**order)
        touched |= healpix.nested(east, north, order) == found
    assert touched.all()


@given(
    st.floats(-1e6, 1e6), st.one_of(st.floats(-90, 90), st.sampled_from([-EDGE, EDGE, 90.0, -90.0])), orders
)
def test_coarse_is_the_parent_of_fine(lon, lat, order) -> None:
    here = np.array([lon]), np.array([lat])
    fine = int(nested.nested(*here, 29)[0])
    assert 0 <= fine < 12 * 4**29
    assert fine >> (2 * (29 - order)) == int(nested.nested(*here, order)[0])


@given(st.floats(0, 359.9), st.floats(-90, 90), orders)
def test_the_centre_of_the_cell_is_in_it(lon, lat, order) -> None:
    cell = nested.nested(np.array([lon]), np.array([lat]), order)
    center = healpix.centers(order, cell)
    if order < 26:  # below, cdshealpix gives centres that are as far off as the cells are wide
        assert nested.nested(*center, order).tolist() == cell.tolist()


def test_what_is_no_position_has_no_index() -> None:
    lon = np.array([np.nan, 1.0, np.inf, -np.inf, 1.0, 1.0, 1.0])
    lat = np.array([1.0, np.nan, 1.0, 1.0, 90.00000000000001, -91.0, np.inf])
    for found in (nested.nested(lon, lat, 5), healpix.indexed(lon, lat, 5)):
        assert found.tolist() == [-1] * 7
    assert nested.nested(np.empty(0), np.empty(0), 5).shape == (0,)


@pytest.mark.parametrize("order", [0, 1, 7, 29])
def test_a_few_are_indexed_as_many_are(order) -> None:
    lon, lat = sky(7, 50_000)
    cells = np.random.default_rng(2).integers(0, 12 * 4**order, 5000).astype(np.uint64)
    corners = [angle.deg.ravel() for angle in cds.vertices(cells, np.uint8(order))]
    rows, columns = np.meshgrid(np.arange(-360, 361, 22.5), [-90, -EDGE, -45, 0, 1e-12, EDGE, 90])
    lon = np.concatenate([lon, corners[0], rows.ravel()])
    lat = np.concatenate([lat, corners[1], columns.ravel()])
    assert np.array_equal(healpix.indexed(lon, lat, order), nested.nested(lon, lat, order))
