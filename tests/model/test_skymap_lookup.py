"""Questions of many positions to a map, and of one map to another."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from hypothesis import given, settings
from hypothesis import strategies as st

from skyexplorer import SkyMap
from skyexplorer.core import distance, finder, healpix, sphere
from skyexplorer.errors import SkyExplorerWarning

seeds = st.integers(0, 2**32 - 1)
AT = SkyCoord(12.83 * u.deg, -25.24 * u.deg)


@pytest.fixture(scope="module")
def m2(data_dir) -> SkyMap:
    return SkyMap.read(data_dir / "gw/S190814bv_LALInference.v1.multiorder.fits")


@pytest.fixture(params=["few", "many"])
def way(request, monkeypatch) -> str:
    """Every question the plain way, and every one through compiled code."""
    monkeypatch.setattr(finder, "MANY", 0 if request.param == "many" else 10**9)
    return request.param


def sky(seed, count) -> SkyCoord:
    dice = np.random.default_rng(seed)
    return SkyCoord(
        dice.uniform(0, 360, count) * u.deg, np.degrees(np.arcsin(dice.uniform(-1, 1, count))) * u.deg
    )


def made(seed, deepest=4, filled=1.0) -> SkyMap:
    """Cells of mixed order with distances, in any order; a part of the sky where ``filled`` is below 1."""
    dice = np.random.default_rng(seed)
    cells, level = [np.array([healpix.join_uniq(0, 11)])], np.arange(11)
    for order in range(deepest + 1):
        split = dice.random(len(level)) < (0.5 if order < deepest else 0)
        kept = level[~split]
        cells.append(healpix.join_uniq(order, kept[dice.random(len(kept)) < filled]))
        level = (level[split, None] * 4 + np.arange(4)).ravel()
    uniq = dice.permutation(np.concatenate(cells))
    density = dice.exponential(size=len(uniq))
    density /= np.sum(density * healpix.cell_area(healpix.split_uniq(uniq)[0]))
    mu, sigma = dice.uniform(-20, 300, len(uniq)), dice.uniform(5, 80, len(uniq))
    norm = distance.moments(mu, sigma)[2]
    lost = dice.random(len(uniq)) < 0.1
    return SkyMap(
        uniq, density, np.where(lost, np.inf, mu), np.where(lost, 1, sigma), np.where(lost, 0, norm)
    )


def answers(skymap, coords, r):
    line = skymap.distances.at(coords)
    return {
        "density": skymap.probability_density(coords).to_value("1/sr"),
        "level": skymap.credible_level(coords),
        "searched": skymap.searched_area(coords).to_value("deg2"),
        "volume": skymap.distance_density(coords, r).to_value("Mpc-3"),
        "mean": line.mean.to_value("Mpc"),
        "norm": line.norm.to_value("Mpc-2"),
    }


def test_the_numbers_of_the_check_table(m2, way) -> None:
    """SCIENCE.md G12 to G16."""
    assert m2.probability_density(AT).to_value("1/sr") == pytest.approx(521.8727, rel=1e-4)
    assert m2.credible_level(AT) == pytest.approx(0.000521, abs=1e-6)
    assert m2.searched_area(AT).to_value("deg2") == pytest.approx(0.003278, rel=1e-3)
    assert m2.credible_level(SkyCoord(15.0 * u.deg, -25.0 * u.deg)) == pytest.approx(0.94237, abs=1e-4)
    line = m2.distances.at(AT)
    assert [line.mu.value, line.sigma.value, line.norm.value] == pytest.approx(
        [258.331612, 49.619196, 1.445143e-5], rel=1e-5
    )
    assert [line.mean.value, line.std.value] == pytest.approx([276.7147, 47.9513], rel=1e-5)
    assert m2.distance_density(AT, 267.4 * u.Mpc).to_value("1/Mpc3") == pytest.approx(5.96325e-5, rel=1e-4)


@settings(max_examples=10)
@given(seeds, st.sampled_from([0.2, 1.0]))
def test_many_are_told_what_each_is_alone(seed, filled) -> None:
    skymap, coords = made(seed, filled=filled), sky(seed, finder.MANY + 100)
    r = np.random.default_rng(seed).uniform(0, 400, len(coords)) * u.Mpc
    some = np.random.default_rng(seed).integers(0, len(coords), 300)
    many, few = answers(skymap, coords, r), answers(skymap, coords[some], r[some])
    for name, found in many.items():
        if name == "volume":  # numpy has an exponential of its own
            assert np.allclose(found[some], few[name], rtol=1e-13, atol=0)
        else:
            assert np.array_equal(found[some], few[name], equal_nan=True), name


def test_against_every_cell(way) -> None:
    """Brute force: the cell whose index at its own order is that of the position, and sums over all denser cells."""
    skymap, coords = made(5, filled=0.7), sky(5, 2000)
    order, ipix = healpix.split_uniq(skymap.uniq)
    area = healpix.cell_area(order).astype(np.longdouble)
    at = np.full(len(coords), -1)
    for row, (k, index) in enumerate(zip(order, ipix, strict=True)):
        at[healpix.nested(coords.ra.deg, coords.dec.deg, int(k)) == index] = row
    out = at < 0
    assert 100 < out.sum() < 1900
    density = np.where(out, 0, skymap.density[at])
    assert np.array_equal(skymap.probability_density(coords).to_value("1/sr"), density)
    denser = skymap.density >= density[:, None]  # all differ
    level = np.where(out, 1, (denser * (skymap.density * area)).sum(axis=1)).astype(float)
    assert skymap.credible_level(coords) == pytest.approx(level, abs=1e-12)
    searched = np.where(out, area.sum(), (denser * area).sum(axis=1)).astype(float) * sphere.DEG2_PER_SR
    assert skymap.searched_area(coords).to_value("deg2") == pytest.approx(searched, rel=1e-12)


@given(seeds)
def test_the_order_of_the_cells_does_not_matter(seed) -> None:
    one, coords = made(seed), sky(seed, 300)
    turn = np.random.default_rng(seed).permutation(len(one.uniq))
    two = SkyMap(one.uniq[turn], one.density[turn], *(column[turn] for column in one._distance))
    r = 100 * u.Mpc
    for first, second in zip(answers(one, coords, r).values(), answers(two, coords, r).values(), strict=True):
        assert np.array_equal(first, second, equal_nan=True)


@given(seeds)
def test_split_cells_have_the_same_densities(seed) -> None:
    one, coords = made(seed, 3), sky(seed, 300)
    order, ipix = healpix.split_uniq(one.uniq)
    finer = healpix.join_uniq(np.repeat(order + 1, 4), (ipix[:, None] * 4 + np.arange(4)).ravel())
    two = SkyMap(finer, np.repeat(one.density, 4), *(np.repeat(column, 4) for column in one._distance))
    first, second = answers(one, coords, 100 * u.Mpc), answers(two, coords, 100 * u.Mpc)
    for name in ("density", "volume", "mean", "norm"):
        assert np.array_equal(first[name], second[name], equal_nan=True), name
    assert (second["level"] <= first["level"] + 1e-12).all()  # own cell included, which is smaller
    assert one.overlap(one) == pytest.approx(two.overlap(one), rel=1e-12)


def test_places_that_are_none(way) -> None:
    skymap = made(1)
    coords = SkyCoord([np.nan, 10, 10] * u.deg, [5, np.nan, 5] * u.deg)
    for name, found in answers(skymap, coords, 100 * u.Mpc).items():
        assert np.isnan(found[:2]).all(), name
        assert np.isfinite(found[2]), name
    r = [100, np.nan, -5, np.inf] * u.Mpc
    volume = skymap.distance_density(coords[2], r).value
    assert volume[0] > 0
    assert np.isnan(volume[1])
    assert volume[2:].tolist() == [0, 0]
    assert skymap.distances.rank(coords, [100, 100, 100] * u.Mpc).tolist() == [0, 0, 1]
    assert np.isnan(skymap.distances.credible_level(coords, 100 * u.Mpc)).tolist() == [True, True, False]


def test_shapes_frames_and_units(way) -> None:
    skymap, coords = made(2), sky(2, 12)
    flat = answers(skymap, coords, np.full(12, 90.0) * u.Mpc)
    box, far = coords.reshape(3, 4), np.full((3, 4), 0.09) * u.Gpc
    for name, found in answers(skymap, box, far).items():
        assert np.allclose(found, flat[name].reshape(3, 4), rtol=1e-12, equal_nan=True), name
    assert skymap.distance_density(coords[0], far).shape == (3, 4)
    assert skymap.distance_density(coords, far[0, 0]).shape == (12,)
    assert skymap.distance_density(coords[:, None], far[0]).shape == (12, 4)
    assert skymap.credible_level(coords[0]).shape == ()
    assert skymap.probability_density(coords[:0]).shape == (0,)
    turned = SkyCoord(coords.galactic.l.to(u.rad), coords.galactic.b.to(u.rad), frame="galactic")
    assert np.allclose(skymap.credible_level(turned), flat["level"])
    in_space = SkyCoord(coords.ra, coords.dec, 5 * u.Mpc)
    assert np.array_equal(skymap.credible_level(in_space), flat["level"])
    cartesian = SkyCoord(in_space.cartesian, representation_type="cartesian")
    assert np.allclose(skymap.credible_level(cartesian), flat["level"])


def test_positions_are_not_changed() -> None:
    skymap, coords = made(2), sky(2, finder.MANY)
    before = coords.ra.deg.copy(), coords.dec.deg.copy()
    answers(skymap, coords, 100 * u.Mpc)
    assert np.array_equal(before, (coords.ra.deg, coords.dec.deg))


def test_a_flat_map_of_equal_pixels(tmp_path, way) -> None:
    """Merged pixels have the levels that they have apart."""
    even = tmp_path / "even.fits"
    SkyMap(np.arange(4, 16), np.full(12, 1 / (4 * np.pi))).write(even, order=2)
    skymap = SkyMap.read(even)
    assert len(skymap.uniq) == 12
    lon, lat = healpix.centers(2, np.arange(192))
    with pytest.warns(SkyExplorerWarning, match="even"):
        level = skymap.credible_level(SkyCoord(lon * u.deg, lat * u.deg))
    assert level == pytest.approx(np.arange(1, 193) / 192, abs=1e-12)


# One map with another: SCIENCE.md 9.6


def blob(ra, dec, sigma, order=7) -> SkyMap:
    """Von Mises and Fisher's distribution, κ = 1/σ²; finer cells where it is dense."""
    uniq, kappa = [], 1 / np.radians(sigma) ** 2
    level = np.arange(12 * 4**4)
    for k in range(4, order + 1):
        lon, lat = healpix.centers(k, level)
        near = sphere.separation(ra, dec, lon, lat) < 6 * sigma if k < order else np.zeros(len(level), bool)
        uniq.append(healpix.join_uniq(k, level[~near]))
        level = (level[near, None] * 4 + np.arange(4)).ravel()
    cells = np.concatenate(uniq)
    k, ipix = healpix.split_uniq(cells)
    lon, lat = healpix.centers(k, ipix)
    density = np.exp(kappa * (np.cos(np.radians(sphere.separation(ra, dec, lon, lat))) - 1))
    return SkyMap(cells, density / np.sum(density * healpix.cell_area(k)))


@pytest.mark.parametrize(("apart", "want"), [(0, 193.10626), (5, 133.81146), (15, 7.163268)])
def test_j1_two_blobs(apart, want) -> None:
    found = blob(40, 20, 5, 9).overlap(blob(40, 20 + apart, 3, 9))
    assert found == pytest.approx(want, rel=1e-3)


def test_j2_wide_blobs_far_apart() -> None:
    assert blob(40, -45, 20).overlap(blob(40, 45, 20)) == pytest.approx(0.094799, rel=1e-3)


def test_j3_an_even_map_with_any(m2) -> None:
    even = SkyMap(np.arange(4, 16), np.full(12, 1 / (4 * np.pi)))
    for other in (m2, blob(10, -80, 3), made(3), even):
        total = float(np.sum(other.density * other._area))
        assert even.overlap(other) == pytest.approx(total, rel=1e-12)
        assert other.overlap(even) == pytest.approx(total, rel=1e-12)
        assert total == pytest.approx(1, abs=1e-3)


def test_j4_a_map_with_a_point(m2) -> None:
    order = m2.order + 8
    cell = int(healpix.nested(AT.ra.deg, AT.dec.deg, order))
    point = SkyMap([healpix.join_uniq(order, cell)], [1 / healpix.cell_area(order)])
    assert m2.overlap(point) == pytest.approx(6558.046, rel=1e-5)
    assert point.overlap(m2) == pytest.approx(4 * np.pi * m2.probability_density(AT).value, rel=1e-12)


def test_j5_a_map_with_a_blob(m2) -> None:
    assert m2.overlap(blob(10, -24, 4, 9)) == pytest.approx(282.3958, rel=1e-3)


def test_maps_of_different_parts_of_the_sky() -> None:
    north, south = SkyMap([4], [3 / np.pi]), SkyMap([15], [3 / np.pi])
    assert north.overlap(south) == 0
    assert north.overlap(north) == pytest.approx(12)


def test_merged_pixels_overlap_as_pixels_do(tmp_path) -> None:
    p = np.random.default_rng(5).integers(1, 4, 12 * 4**2).repeat(4) / 192 / 8
    p /= p.sum()
    order = 3
    pixels = SkyMap(healpix.join_uniq(order, np.arange(len(p))), p / healpix.cell_area(order))
    merged = SkyMap.read(pixels.write(tmp_path / "flat.fits", order=order))
    assert len(merged.uniq) < len(p)
    assert merged.overlap(pixels) == pytest.approx(len(p) * np.sum(p * p), rel=1e-12)
    assert merged.overlap(merged) == pytest.approx(len(p) * np.sum(p * p), rel=1e-12)
