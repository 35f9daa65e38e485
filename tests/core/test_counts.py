"""Counting against published tables, healpy, and the long way round."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyexplorer.core import counts, healpix, sphere

# Gehrels (1986, ApJ 303, 336), tables 1 and 2, columns S = 1.
UPPER = {0: 1.841, 1: 3.300, 2: 4.638, 3: 5.918, 4: 7.163, 5: 8.382, 10: 14.27}
LOWER = {0: 0.0, 1: 0.173, 2: 0.708, 3: 1.367, 4: 2.086, 5: 2.840, 10: 6.891}


@pytest.mark.parametrize("n", UPPER)
def test_poisson_errors_are_those_of_gehrels(n):
    minus, plus = counts.poisson_errors(n)
    assert n + plus == pytest.approx(UPPER[n], abs=0.006)
    assert n - minus == pytest.approx(LOWER[n], abs=0.0006)


@pytest.mark.parametrize(
    ("n", "confidence", "limit"),
    [(0, 0.90, 2.3026), (0, 0.95, 2.9957), (1, 0.90, 3.889720), (3, 0.90, 6.680783)],  # SCIENCE.md §6, L5
)
def test_poisson_upper_limits(n, confidence, limit):
    assert counts.poisson_limit(n, confidence) == pytest.approx(limit, rel=2e-5)


def test_many_counts_have_errors_like_the_square_root():
    minus, plus = counts.poisson_errors(10_000)
    assert minus == pytest.approx(100, rel=0.01)
    assert plus == pytest.approx(100, rel=0.02)


def test_li_ma():
    assert counts.li_ma(130, 300, 0.25) == pytest.approx(5.031218, abs=1e-6)  # SCIENCE.md §9.7, L7
    assert counts.li_ma(75, 300, 0.25) == 0
    assert counts.li_ma(0, 0, 0.25) == 0
    assert counts.li_ma(20, 300, 0.25) < 0
    # Without background the formula goes to sqrt(2 n ln((1 + alpha) / alpha)).
    assert counts.li_ma(7, 0, 0.5) == pytest.approx(np.sqrt(2 * 7 * np.log(3)))
    assert np.isfinite(counts.li_ma(0, 300, 0.25))


positions = st.integers(0, 2**32 - 1).map(
    lambda seed: (
        np.random.default_rng(seed).uniform(-360, 720, 200),
        np.degrees(np.arcsin(np.random.default_rng(seed + 1).uniform(-1, 1, 200))),
    )
)


@settings(deadline=None, max_examples=25)
@given(positions, st.integers(0, 12))
def test_counts_are_those_of_healpy_and_none_is_lost(at, order):
    healpy = pytest.importorskip("healpy")
    lon, lat = at
    ipix, number = counts.cell_counts([*lon, np.nan], [*lat, 0.0], order)
    assert number.sum() == 200
    theirs = np.bincount(healpy.ang2pix(2**order, lon, lat, nest=True, lonlat=True), minlength=1)
    assert np.array_equal(ipix, np.flatnonzero(theirs))
    assert np.array_equal(number, theirs[ipix])


@settings(deadline=None, max_examples=25)
@given(positions, st.integers(3, 8), st.floats(0, 6))
def test_smoothing_keeps_the_sum(at, order, cells):
    lon, lat = at[0][:20], at[1][:20]
    ipix, number = counts.cell_counts(lon, lat, order)
    cell, smooth = counts.smoothed(ipix, number, order, cells * 58.6 / 2**order)
    assert smooth.sum() == pytest.approx(20, rel=1e-12)
    assert np.all(np.diff(cell) > 0)
    assert set(ipix) <= set(cell)


@pytest.mark.parametrize("at", [(0.01, 0.0), (45.0, 41.8), (123.0, 89.97), (300.0, -60.0)])
def test_a_smoothed_point_is_a_gaussian(at):
    """Its second moment is that of a Gaussian that ends at 3.5 sigma."""
    order, sigma = 10, 0.3
    ipix, number = counts.cell_counts([at[0]], [at[1]], order)
    cell, smooth = counts.smoothed(ipix, number, order, sigma)
    lon, lat = healpix.centers(order, cell)
    center = [float(x[0]) for x in healpix.centers(order, ipix)]
    r2 = sphere.separation(*center, lon, lat) ** 2
    t = counts.REACH**2 / 2
    expected = 2 * sigma**2 * (1 - t * np.exp(-t) / (1 - np.exp(-t)))
    assert (smooth * r2).sum() == pytest.approx(expected, rel=0.01)


intervals = st.lists(st.floats(0.01, 5), min_size=2, max_size=40).map(lambda steps: np.cumsum(steps))


@settings(deadline=None, max_examples=60)
@given(intervals, st.lists(st.floats(-10, 120), min_size=2, max_size=12, unique=True).map(sorted))
def test_exposure_is_the_overlap_of_bins_and_intervals(ends, edges):
    ends = ends[: len(ends) // 2 * 2]
    start, stop = ends[::2], ends[1::2]
    by_hand = [
        sum(max(min(b, y) - max(a, x), 0.0) for x, y in zip(start, stop, strict=True))
        for a, b in pairwise(edges)
    ]
    assert counts.exposure(edges, start, stop) == pytest.approx(np.array(by_hand), abs=1e-9)
    time = np.linspace(-10, 120, 999)
    assert np.array_equal(
        counts.inside(time, start, stop),
        np.any((time[:, None] >= start) & (time[:, None] <= stop), axis=1),
    )


@settings(deadline=None, max_examples=60)
@given(
    st.floats(0, 360), st.floats(-89.9, 89.9), st.floats(0, 360), st.floats(0.3, 3.0), st.floats(0.05, 0.25)
)
def test_reflected_circles_lie_on_the_ring_and_apart(ra, dec, angle, offset, radius):
    source = tuple(float(x) for x in sphere.offset(ra, dec, angle, offset))
    found = counts.reflected((ra, dec), source, radius)
    assert found or offset < 2.5 * radius  # less far out there is no room for a gap on both sides
    centers = np.array([source, *found])
    assert sphere.separation(ra, dec, *centers.T) == pytest.approx(offset, abs=1e-9)
    for i in range(len(centers)):
        apart = sphere.separation(*centers[i], *np.delete(centers, i, axis=0).T)
        assert np.all(apart > (2 if i else 4 / np.sqrt(3)) * radius - 1e-9)


def test_a_circle_around_the_pointing_has_no_reflected_ones():
    assert counts.reflected((10.0, 20.0), (10.0, 20.05), 0.1) == []
