"""Cells that a circle touches: neighbours over the borders of faces, the bound of the projection, ranges of cells."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.coordinates import Latitude, Longitude
from cdshealpix import nested as cds
from hypothesis import example, given, settings
from hypothesis import strategies as st

from skyexplorer.core import healpix, sphere, touching

# Poles, borders of faces, and where the caps begin
HARD = [
    (0, 90),
    (0, -90),
    (45, 0),
    (0, 0),
    (90, 41.810314895778596),
    (359.9999999999, 12),
    (45, 41.81),
    (90, 89.9999),
]
places = st.one_of(
    st.sampled_from(HARD),
    st.tuples(st.floats(0, 359.9999999999), st.floats(-90, 90)),
    st.tuples(st.sampled_from(range(0, 360, 45)), st.floats(-90, 90)),
)


def around(ra, dec, radius, order):
    out = np.empty(9, np.int64)
    return out[
        : touching.touched(float(ra), float(dec), touching.rim_of(dec, radius, order), order, out)
    ].copy()


@pytest.mark.parametrize("order", range(6))
def test_neighbours_are_those_of_cdshealpix(order):
    cells = np.arange(12 * 4**order)
    want = np.asarray(cds.neighbours(cells, order)).astype(np.int64)
    for cell in cells:
        bits = [(int(cell) >> k) & 1 for k in range(2 * order)]
        x, y = (sum(bit << k for k, bit in enumerate(bits[first::2])) for first in (0, 1))
        steps = [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)]
        found = [int(touching.cell_at(int(cell) >> (2 * order), x + a, y + b, order)) for a, b in steps]
        assert sorted(each for each in found if each >= 0) == sorted(want[cell][want[cell] >= 0].tolist())


@settings(deadline=None, max_examples=300)
@given(places, st.floats(0, 360), st.floats(0, 1), st.floats(-9, 1.59), st.integers(0, 26))
@example((90.0, 41.8103), 200.0, 1.0, -1.0, 9)
def test_every_point_of_a_circle_lies_in_a_cell_that_is_told(place, angle, share, power, order):
    radius = 10.0**power
    order = min(order, touching.finest_order(radius))
    found = around(*place, radius, order)
    assert len(set(found.tolist())) == len(found) <= 9
    ra, dec = sphere.offset(*place, angle, share * radius)
    cell = healpix.nested(np.atleast_1d(ra), np.atleast_1d(dec), order)[0]
    assert cell in found


def test_rings_of_many_circles_at_every_order():
    dice = np.random.default_rng(1)
    angle = np.linspace(0, 360, 720, endpoint=False)
    for order in range(11):
        cells = dice.integers(0, 12 * 4**order, 30)
        lon, lat = (side.deg for side in cds.vertices(cells, order))
        for ra, dec in zip(lon.ravel()[:80], lat.ravel()[:80], strict=True):
            radius = np.degrees(0.999 / touching.STEEP / 2**order) * dice.uniform(0.05, 1)
            ring = sphere.offset(ra, dec, angle, radius)
            assert set(healpix.nested(*ring, order).tolist()) <= set(around(ra, dec, radius, order).tolist())


def test_most_small_circles_touch_one_cell():
    dice = np.random.default_rng(2)
    ra, dec = dice.uniform(0, 360, 2000), np.degrees(np.arcsin(dice.uniform(-1, 1, 2000)))
    counts = [len(around(*at, 2 / 3600, 9)) for at in zip(ra, dec, strict=True)]
    assert np.mean(np.array(counts) == 1) > 0.95


def test_no_order_is_fine_enough_for_most_of_the_sky():
    assert touching.finest_order(0.0) == touching.DEEPEST
    assert touching.finest_order(39.0) == 0
    assert touching.finest_order(40.0) == -1


@pytest.mark.parametrize("order", range(8))
def test_no_corner_is_farther_than_told(order):
    cells = np.arange(12 * 4**order)
    lon, lat = (side.deg for side in cds.vertices(cells, order))
    center = healpix.centers(order, cells)
    far = sphere.separation(center[0][:, None], center[1][:, None], lon, lat).max()
    assert far < np.degrees(touching.FARTHEST) / 2**order


@settings(deadline=None, max_examples=60)
@given(places, st.floats(0, 180), st.integers(0, 4))
def test_a_cover_holds_the_circle_and_not_much_more(place, radius, finer):
    order = int(np.clip(np.log2(60 / max(radius, 1e-3)) + finer, 0, 9))
    ranges = touching.cover(*place, radius, order)
    assert (ranges[:, 1] > ranges[:, 0]).all()
    assert (ranges[1:, 0] > ranges[:-1, 1]).all()
    dice = np.random.default_rng(3)
    ra, dec = sphere.offset(*place, dice.uniform(0, 360, 400), radius * np.sqrt(dice.uniform(0, 1, 400)))
    cell = healpix.nested29(ra, dec)
    at = np.searchsorted(ranges[:, 0], cell, side="right") - 1
    assert (at >= 0).all()
    assert (cell < ranges[at, 1]).all()
    # Nothing is held that lies farther out than the cells of the border reach.
    some = ranges[:, 0] >> (2 * (29 - order))
    lon, lat = cds.healpix_to_lonlat(some.astype(np.uint64), np.uint8(order))
    far = np.degrees(touching.FARTHEST) / 2**order
    assert (sphere.separation(*place, Longitude(lon).deg, Latitude(lat).deg) <= radius + 2 * far + 1e-6).all()


def test_a_cover_of_the_whole_sky():
    assert touching.cover(10.0, -90.0, 180.0, 5).tolist() == [[0, 12 * 4**29]]
