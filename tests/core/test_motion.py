"""Positions at another epoch, against the vector model in extended precision, and ERFA; and errors as covariances."""

from __future__ import annotations

import erfa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyexplorer.core import errors2d, motion
from skyexplorer.errors import Cancelled
from skyexplorer.progress import Progress

L = np.longdouble
RAD = np.pi / L(180)


def there(ra, dec, pmra, pmdec, parallax, velocity, years):
    """The vector model in 80-bit floats: unit vectors of where stars are, and of where they were."""
    a, d = np.asarray(ra, L) * RAD, np.asarray(dec, L) * RAD
    r = np.stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)], -1)
    p = np.stack([-np.sin(a), np.cos(a), np.zeros_like(a)], -1)
    q = np.stack([-np.sin(d) * np.cos(a), -np.sin(d) * np.sin(a), np.cos(d)], -1)
    mas = RAD / L(3_600_000)
    away = np.asarray(velocity, L) * np.asarray(parallax, L) * mas / L(motion.AU_PER_YEAR)
    t = np.asarray(years, L)[..., None]
    move = p * (np.asarray(pmra, L) * mas)[..., None] + q * (np.asarray(pmdec, L) * mas)[..., None]
    out = r * (1 + away[..., None] * t) + move * t
    return out / np.sqrt((out * out).sum(-1))[..., None], r


def off(ra, dec, vector):
    """Angle between positions and unit vectors (arcsec)."""
    a, d = np.asarray(ra, L) * RAD, np.asarray(dec, L) * RAD
    r = np.stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)], -1)
    apart, along = (np.sqrt(((r + sign * vector) ** 2).sum(-1)) for sign in (-1, 1))
    return (2 * np.arctan2(apart, along) / RAD * 3600).astype(float)


stars = st.tuples(
    st.one_of(st.floats(0, 360, exclude_max=True), st.sampled_from([0.0, 1e-9, 359.999999999])),
    st.one_of(st.floats(-90, 90), st.sampled_from([90.0, -90.0, 89.9999999, 0.0])),
    st.floats(-11_000, 11_000),
    st.floats(-11_000, 11_000),
    st.one_of(st.floats(0.01, 800), st.sampled_from([0.0, -5.0, np.nan])),
    st.one_of(st.floats(-600, 600), st.just(np.nan)),
    st.one_of(st.floats(-200, 200), st.floats(-50_000, 50_000), st.just(0.0)),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(stars, min_size=1, max_size=8))
def test_as_the_vectors_say(rows):
    ra, dec, pmra, pmdec, parallax, velocity, years = (np.array(column) for column in zip(*rows, strict=True))
    known = (parallax > 0) & np.isfinite(velocity)
    wanted, _ = there(ra, dec, pmra, pmdec, np.where(known, parallax, 0), np.where(known, velocity, 0), years)
    lon, lat = motion.moved(ra, dec, motion.motions(pmra, pmdec, parallax, velocity), 0.0, years)
    # A star that comes within a hundredth of its distance from us is seen from there: rounding grows by as much.
    near = 1 + known * np.nan_to_num(parallax * velocity) * motion.MAS / motion.AU_PER_YEAR * years
    good = np.abs(near) > 0.01
    assert (off(lon, lat, wanted)[good] < 1e-8).all()
    assert ((lon >= 0) & (lon < 360) & (np.abs(lat) <= 90)).all()


def test_barnards_star():
    """SCIENCE.md X13."""
    ra, dec = motion.moved(
        [269.452076],
        [4.693365],
        motion.motions([-801.551], [10362.394], [546.9759], [-110.5]),
        2016.0,
        2000.0,
    )
    assert (round(float(ra[0]), 7), round(float(dec[0]), 7)) == (269.4556467, 4.6473554)


def test_as_erfa_has_it():
    """Which accounts for the time that light takes, and agrees since observed motions are those of observed times."""
    rng = np.random.default_rng(5)
    n = 2000
    ra, dec = rng.uniform(0, 360, n), np.degrees(np.arcsin(rng.uniform(-1, 1, n)))
    pmra, pmdec, parallax, velocity = (
        rng.normal(0, 300, n), rng.normal(0, 300, n), rng.uniform(5, 100, n), rng.normal(0, 60, n)
    )  # fmt: skip
    rad, mas = np.radians, np.radians(1 / 3.6e6)
    a, d, *_ = erfa.pmsafe(
        rad(ra), rad(dec), pmra * mas / np.cos(rad(dec)), pmdec * mas, parallax / 1e3, velocity,
        2457389.0, 0.0, 2451545.0, 0.0,
    )  # fmt: skip
    lon, lat = motion.moved(ra, dec, motion.motions(pmra, pmdec, parallax, velocity), 2016.0, 2000.0)
    assert (motion.moved_pairs(lon, lat, motion.motions(0 * ra, 0 * ra), 0.0, np.degrees(a) % 360, np.degrees(d), 0.0,
                               np.arange(n), np.arange(n))[0] * 3.6e9 < 20).all()  # µas  # fmt: skip


def test_over_the_pole_and_round_it():
    """10″ from the pole, and 20″ on towards it: 10″ beyond, at the opposite right ascension."""
    ra, dec = motion.moved([30.0], [90 - 10 / 3600], motion.motions([0.0], [1000.0]), 2000.0, 2020.0)
    assert ra[0] == pytest.approx(210.0, abs=1e-6)
    assert (90 - dec[0]) * 3600 == pytest.approx(10.0, abs=1e-6)


def test_over_right_ascension_zero():
    ra, _ = motion.moved(
        [359.9999, 0.0001], [0.0, 0.0], motion.motions([3600.0, -3600.0], [0.0, 0.0]), 2000.0, 2001.0
    )
    assert ra == pytest.approx([0.0009, 359.9991], abs=1e-9)


def test_what_does_not_move_stays_to_the_last_bit():
    rng = np.random.default_rng(1)
    ra, dec = rng.uniform(0, 360, 5), rng.uniform(-90, 90, 5)
    ra[4] = dec[4] = np.nan
    still = motion.motions([0, np.nan, 5, 5, 5], [0, 5, np.nan, 5, 5])
    lon, lat = motion.moved(ra, dec, still, 0.0, np.array([5.0, 5.0, 5.0, np.nan, 5.0]))
    np.testing.assert_array_equal(lon, ra)
    np.testing.assert_array_equal(lat, dec)


def test_in_parts_as_in_one(monkeypatch):
    rng = np.random.default_rng(2)
    n = 50
    ra, dec, years = rng.uniform(0, 360, n), rng.uniform(-90, 90, n), rng.uniform(-20, 20, n)
    path = motion.motions(*rng.normal(0, 1000, (2, n)), rng.uniform(-1, 300, n), rng.normal(0, 50, n))
    whole = motion.moved(ra, dec, path, 0.0, years)
    monkeypatch.setattr(motion, "CHUNK", 7)
    for one, other in zip(whole, motion.moved(ra, dec, path, 0.0, years), strict=True):
        np.testing.assert_array_equal(one, other)
    with Progress("moving") as progress:
        progress.watch(lambda p: p.cancel())
        with pytest.raises(Cancelled):
            motion.moved(ra, dec, path, 0.0, years)


@settings(max_examples=20, deadline=None)
@given(st.lists(stars, min_size=1, max_size=8), st.floats(-100, 100), st.floats(0, 100), st.floats(0, 100))
def test_slack_holds_all_between(rows, middle, before, after):
    ra, dec, pmra, pmdec, parallax, velocity, _ = (np.array(column) for column in zip(*rows, strict=True))
    path, n = motion.motions(pmra, pmdec, parallax, velocity), np.arange(len(ra))
    held = motion.slack(path, 0.0, middle, middle - before, middle + after)
    here, still = motion.moved(ra, dec, path, 0.0, middle), motion.motions(0 * ra, 0 * ra)
    apart = []
    for end in np.linspace(middle - before, middle + after, 5):
        there = motion.moved(ra, dec, path, 0.0, end)
        apart.append(motion.moved_pairs(*here, still, 0.0, *there, 0.0, n, n)[0])
    assert (np.max(apart, 0) <= held + 1e-12).all()
    assert (np.maximum(apart[0], apart[-1]) >= held - 1e-12).all()  # and no more


def test_empty():
    none = np.empty(0)
    assert [len(side) for side in motion.moved(none, none, motion.motions(none, none), 2.0, 5.0)] == [0, 0]
    rows = np.empty(0, np.int64)
    assert (
        len(motion.moved_pairs(none, none, motion.motions(none, none), 0.0, none, none, 0.0, rows, rows)[0])
        == 0
    )


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans(), st.floats(-12, 1))
def test_each_pair_at_its_own_epoch(seed, back, decade):
    rng = np.random.default_rng(seed)
    n, m, p = 5, 4, 30
    ra, dec = rng.uniform(0, 360, n), rng.choice([90.0, -89.99999, *rng.uniform(-90, 90, 3)], n)
    epoch = rng.choice([2016.0, 2015.5, np.nan], n)
    path = rng.normal(0, 3000, (2, n))
    path[:, 0] = np.nan
    near = rng.integers(0, n, m)
    dec2 = np.clip(dec[near] + rng.normal(0, 10.0**decade, m), -90, 90)
    ra2 = (ra[near] + rng.normal(0, 10.0**decade, m)) % 360
    epoch2 = rng.choice([1997.5, 2000.25, np.nan], m)
    a, b = rng.integers(0, n, p), rng.integers(0, m, p)
    sep, angle = motion.moved_pairs(ra, dec, motion.motions(*path), epoch, ra2, dec2, epoch2, a, b, back)
    years = np.nan_to_num(epoch2[b] - epoch[a])
    one, _ = there(ra[a], dec[a], *np.nan_to_num(path)[:, a], np.zeros(p), np.zeros(p), years)
    assert np.abs(off(ra2[b], dec2[b], one) - sep * 3600).max() < 1e-8
    # The way back from where the angle says: the second point, from the first.
    lon, lat = motion.moved(
        ra[a],
        dec[a],
        tuple(np.atleast_1d(x)[a] if len(x) > 1 else x for x in motion.motions(*path)),
        0.0,
        years,
    )
    start, end = ((ra2[b], dec2[b]), (lon, lat)) if back else ((lon, lat), (ra2[b], dec2[b]))
    from skyexplorer.core import sphere

    found = sphere.offset(*start, angle, sep)
    assert sphere.separation(*found, *end).max() * 3600 < 1e-8


# Errors


def ellipses(rng, n):
    a = 10 ** rng.uniform(-6, -1, n)
    return a, a * rng.uniform(0.05, 1, n), rng.uniform(0, 180, n)


def test_ellipses_there_and_back():
    a, b, pa = ellipses(np.random.default_rng(0), 500)
    for one, other in zip(errors2d.axes(*errors2d.of_ellipse(a, b, pa)), (a, b, pa), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)
    east, north, rho = errors2d.of_ellipse(a, b, pa)
    np.testing.assert_allclose(east * north * np.sqrt(1 - rho**2), a * b, rtol=1e-9)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_normalised_is_the_quadratic_form(seed):
    rng = np.random.default_rng(seed)
    n = 20
    left, right = errors2d.of_ellipse(*ellipses(rng, n)), errors2d.of_ellipse(*ellipses(rng, n))
    a, b = rng.integers(0, n, n), rng.integers(0, n, n)
    sep, angle = 10 ** rng.uniform(-6, 0, n), rng.uniform(0, 360, n)
    found = errors2d.normalised(left, right, a, b, sep, angle)
    for k in range(n):
        total = np.zeros((2, 2), L)
        for (east, north, rho), row in ((left, a[k]), (right, b[k])):
            e, nn, r = L(east[row]), L(north[row]), L(rho[row])
            total += np.array([[e * e, r * e * nn], [r * e * nn, nn * nn]])
        x, y = L(sep[k]) * np.sin(L(angle[k]) * RAD), L(sep[k]) * np.cos(L(angle[k]) * RAD)
        det = total[0, 0] * total[1, 1] - total[0, 1] ** 2
        square = (x * x * total[1, 1] - 2 * x * y * total[0, 1] + y * y * total[0, 0]) / det
        assert found[k] == pytest.approx(float(np.sqrt(square)), rel=1e-9)


def test_numbers_of_science():
    """X6: log10 B of an ellipse and a circle; X7: circles."""
    row, one = np.zeros(1, np.int64), np.ones(1)
    first, second = (0.5 * one, 0.2 * one, 0.3 * one), (0.1 * one, 0.1 * one, 0 * one)
    d = errors2d.normalised(
        first, second, row, row, np.hypot([0.3], [0.4]), np.degrees(np.arctan2([0.3], [0.4]))
    )[0]
    det = (0.26 * 0.05) - 0.03**2
    density = np.exp(-0.5 * d * d) / (2 * np.pi * np.sqrt(det)) * np.degrees(3600.0) ** 2
    assert np.log10(4 * np.pi * density) == pytest.approx(11.190386, abs=1e-6)
    circles = (0.1 * one, 0.1 * one, 0 * one), (0.2 * one, 0.2 * one, 0 * one)
    d = errors2d.normalised(*circles, row, row, 0.5 * one, 77 * one)[0]
    assert d == pytest.approx(2.236068, abs=1e-6)
    assert np.exp(-0.5 * d * d) == pytest.approx(0.082085, abs=1e-6)


def test_near_the_pole_the_same_from_both_sides():
    from skyexplorer.core import sphere

    rng = np.random.default_rng(3)
    n = 200
    ra1, ra2 = rng.uniform(0, 360, (2, n))
    dec1, dec2 = 90 - 10 ** rng.uniform(-6, -3, (2, n))
    left, right = errors2d.of_ellipse(*ellipses(rng, n)), errors2d.of_ellipse(*ellipses(rng, n))
    rows, sep = np.arange(n), sphere.separation(ra1, dec1, ra2, dec2)
    to, back = sphere.position_angle(ra1, dec1, ra2, dec2), sphere.position_angle(ra2, dec2, ra1, dec1)
    one = errors2d.normalised(left, right, rows, rows, sep, to, back)
    np.testing.assert_allclose(one, errors2d.normalised(right, left, rows, rows, sep, back, to), rtol=1e-6)
    # In the plane that touches the sphere at the pole, with the errors of both turned into it.
    total = np.zeros((n, 2, 2))
    points = []
    for ra, dec, (east, north, rho) in ((ra1, dec1, left), (ra2, dec2, right)):
        a = np.radians(ra)
        turn = np.stack([np.stack([-np.sin(a), -np.cos(a)], -1), np.stack([np.cos(a), -np.sin(a)], -1)], -2)
        c = np.stack(
            [np.stack([east**2, rho * east * north], -1), np.stack([rho * east * north, north**2], -1)], -2
        )
        total += turn @ c @ turn.transpose(0, 2, 1)
        points.append(np.stack([(90 - dec) * np.cos(a), (90 - dec) * np.sin(a)], -1))
    delta = points[1] - points[0]
    flat = np.sqrt(np.einsum("ni,nij,nj->n", delta, np.linalg.inv(total), delta))
    np.testing.assert_allclose(one, flat, rtol=1e-5)


def test_errors_that_are_none():
    east, north, rho = errors2d.checked([1, 0, -1, np.nan, 200, 1], [1] * 6, [0.5, 0, 0, 0, 0, 2], 180)
    np.testing.assert_array_equal(np.isfinite(east), [True, False, False, False, False, True])
    np.testing.assert_array_equal(np.isfinite(north), np.isfinite(east))
    assert rho.tolist() == [0.5, 0, 0, 0, 0, 0]
    row, zero, one = np.zeros(1, np.int64), np.zeros(1), np.ones(1)
    for left in ((zero, zero, zero), (np.nan * one, one, zero)):
        assert np.isnan(errors2d.normalised(left, (zero, zero, zero), row, row, one, one))


def test_errors_grow_with_time():
    one = np.ones(3)
    east, north, rho = errors2d.inflated(
        3 * one, 4 * one, 0.5 * one, one, 0 * one, np.array([4.0, 0.0, np.nan])
    )
    np.testing.assert_allclose(east, [5, 3, 3])
    np.testing.assert_allclose(north, 4)
    np.testing.assert_allclose(rho, [0.3, 0.5, 0.5])
