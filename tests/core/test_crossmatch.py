"""Pairs within a radius, against brute force in extended precision: everywhere on the sphere, at every size of circle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyexplorer.core import crossmatch, few, join, regions, sphere


@pytest.fixture(autouse=True, params=["few", "in one piece", "in many parts", "in slices"], scope="module")
def way(request):
    """However the work is split, the answer is the same."""
    patch = pytest.MonkeyPatch()
    if request.param != "few":
        patch.setattr(few, "ROWS", -1)
    if request.param == "in many parts":
        patch.setattr(join, "PART_BYTES", 24)
    elif request.param == "in slices":
        patch.setattr(join, "SLICE", 37)
    yield
    patch.undo()


def brute(ra1, dec1, ra2, dec2, radius):
    """All pairs by the haversine in 80-bit floats, and how far each is from the edge."""
    L = np.longdouble
    a1, d1 = np.asarray(ra1, L)[:, None] * np.pi / L(180), np.asarray(dec1, L)[:, None] * np.pi / L(180)
    a2, d2 = np.asarray(ra2, L)[None] * np.pi / L(180), np.asarray(dec2, L)[None] * np.pi / L(180)
    x = np.cos(d2) * np.sin(a2 - a1)
    half = np.sin((a2 - a1) / 2)
    y = np.sin(d2 - d1) + 2 * np.sin(d1) * np.cos(d2) * half * half
    z = np.sin(d1) * np.sin(d2) + np.cos(d1) * np.cos(d2) * np.cos(a2 - a1)
    psi = np.arctan2(np.hypot(x, y), z) * L(180) / L(np.pi)
    each = np.broadcast_to(np.asarray(radius, float)[..., None] if np.ndim(radius) else radius, psi.shape)
    return psi.astype(float), each


def check(ra1, dec1, ra2, dec2, radius):
    ra1, dec1, ra2, dec2 = (np.asarray(v, float) for v in (ra1, dec1, ra2, dec2))
    a, b, s = crossmatch.pairs(ra1, dec1, ra2, dec2, radius)
    psi, each = brute(ra1, dec1, ra2, dec2, radius)
    with np.errstate(invalid="ignore"):
        near = psi <= each
        unsure = np.abs(psi - each) <= 1e-11 + 1e-12 * each  # rounding may put these on either side
    found = np.zeros(psi.shape, bool)
    found[a, b] = True
    assert len(a) == found.sum()  # one row a pair
    assert (found == near)[~unsure].all()
    assert s == pytest.approx(psi[a, b], abs=2e-11)
    assert (np.lexsort((b, a)) == np.arange(len(a))).all()
    return a, b, s


def uniform(dice, count):
    return dice.uniform(0, 360, count), np.degrees(np.arcsin(dice.uniform(-1, 1, count)))


@pytest.mark.parametrize("radius", [1e-6, 0.001, 0.3, 5.0, 40.0, 89.0, 91.0, 150.0, 180.0])
@pytest.mark.parametrize("sizes", [(300, 40), (40, 300), (1, 200)])
def test_uniform_sky(radius, sizes):
    dice = np.random.default_rng(int(radius * 1000) + sizes[0])
    check(*uniform(dice, sizes[0]), *uniform(dice, sizes[1]), radius)


@pytest.mark.parametrize("pole", [90.0, -90.0])
def test_poles(pole):
    dice = np.random.default_rng(3)
    away = 10 ** dice.uniform(-6, 0.5, 300)
    ra, dec = dice.uniform(0, 360, 300), np.sign(pole) * (90 - away)
    for radius in (1e-4, 0.01, 1.0, 4.0):
        check([*ra[:100], 0.0, 123.4], [*dec[:100], pole, pole], ra, dec, radius)


def test_right_ascension_zero():
    dice = np.random.default_rng(4)
    ra = dice.uniform(-0.02, 0.02, 400) % 360
    dec = dice.uniform(-80, 80, 400).round(1)
    for radius in (1e-3, 0.01, 0.05, 0.7):
        check(ra[:200], dec[:200], ra[200:], dec[200:], radius)
    edge = np.array([0.0, np.nextafter(360.0, 0), 359.9999999, 1e-12])
    check(edge, np.zeros(4), edge, np.zeros(4), 1e-6)


def test_clusters_duplicates_and_radius_zero():
    dice = np.random.default_rng(5)
    ra, dec = 266.4 + dice.normal(0, 1e-3, 500), -29 + dice.normal(0, 1e-3, 500)
    check(ra, dec, ra, dec, 1e-4)
    a, b, s = crossmatch.pairs(ra, dec, np.concatenate([ra, ra]), np.concatenate([dec, dec]), 0.0)
    assert len(a) == 1000
    assert (b % 500 == a).all()
    assert (s == 0).all()


def test_micro_arcseconds():
    step = 1e-7 / 3600
    ra, dec = np.array([150.0]), np.array([20.0])
    other = ra + step * np.arange(1, 6) / np.cos(np.radians(20.0))
    _, b, s = crossmatch.pairs(ra, dec, other, np.full(5, 20.0), 3.5 * step)
    assert b.tolist() == [0, 1, 2]
    assert s / step == pytest.approx(
        [1, 2, 3], rel=2e-3
    )  # the positions themselves are 2e-11 arcsec apart at best


def test_antipodes():
    _, _, s = crossmatch.pairs(
        np.array([10.0]), np.array([20.0]), np.array([190.0, 190.001]), np.array([-20.0, -20.0]), 180.0
    )
    assert s[0] == pytest.approx(180, abs=1e-13)
    assert s[1] == pytest.approx(180 - 0.001 * np.cos(np.radians(20)), abs=1e-9)


def test_one_radius_a_row():
    dice = np.random.default_rng(6)
    left, right = uniform(dice, 200), uniform(dice, 300)
    radius = 10 ** dice.uniform(-2, 1.5, 200)
    check(*left, *right, radius)
    a, b, _ = crossmatch.pairs(*left, *right, radius)
    radius2 = 10 ** dice.uniform(-2, 1.5, 300)
    check(*right, *left, radius2)
    assert len(a) == len(b)


def test_places_that_are_none_match_nothing():
    a, b, _ = crossmatch.pairs(
        np.array([1.0, np.nan]), np.array([1.0, 1.0]), np.array([1.0, 1.0]), np.array([1.0, np.nan]), 1.0
    )
    assert (a.tolist(), b.tolist()) == ([0], [0])
    assert len(crossmatch.pairs(np.empty(0), np.empty(0), np.array([1.0]), np.array([1.0]), 1.0)[0]) == 0


def test_too_many_pairs_are_refused_before_they_are_made():
    ra, dec = uniform(np.random.default_rng(0), 2000)
    with pytest.raises(MemoryError):
        crossmatch.pairs(ra, dec, ra, dec, 180.0, most=1000)


positions = st.lists(st.tuples(st.floats(0, 359.999999), st.floats(-90, 90)), min_size=1, max_size=30)


@settings(max_examples=150)
@given(positions, positions, st.floats(1e-9, 180))
def test_any_positions(left, right, radius):
    check(*np.array(left).T, *np.array(right).T, radius)


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.floats(1e-4, 60), st.floats(0, 360), st.floats(-90, 90), st.floats(0, 360))
def test_turning_the_sky_keeps_the_pairs(seed, radius, ra, dec, roll):
    dice = np.random.default_rng(seed)
    ra1, dec1 = uniform(dice, 60)
    near = sphere.offset(
        ra1, dec1, dice.uniform(0, 360, 60), radius * dice.uniform(0, 2, 60).clip(0, 180 / radius)
    )
    turn = regions.placement(ra, dec, roll)
    lists = [regions.lonlat(sphere.unit_vectors(*part) @ turn.T) for part in ((ra1, dec1), near)]
    one = crossmatch.pairs(ra1, dec1, *near, radius)
    other = crossmatch.pairs(*lists[0], *lists[1], radius)
    safe = 1e-9
    sets = [
        {(i, j) for i, j, s in zip(*found, strict=True) if abs(s - radius) > safe} for found in (one, other)
    ]
    assert sets[0] == sets[1]


@settings(max_examples=30)
@given(st.integers(0, 10**6))
def test_order_and_split_do_not_matter(seed):
    dice = np.random.default_rng(seed)
    left, right = uniform(dice, 150), uniform(dice, 90)
    a, b, s = crossmatch.pairs(*left, *right, 12.0)
    turn = dice.permutation(150)
    a2, b2, _ = crossmatch.pairs(left[0][turn], left[1][turn], *right, 12.0)
    assert {(int(turn[i]), int(j)) for i, j in zip(a2, b2, strict=True)} == set(
        zip(a.tolist(), b.tolist(), strict=True)
    )
    b3, a3, s3 = crossmatch.pairs(*right, *left, 12.0)
    order = np.lexsort((b3, a3))
    assert (a3[order].tolist(), b3[order].tolist()) == (a.tolist(), b.tolist())
    assert s3[order] == pytest.approx(s, abs=1e-12)
