"""SkyRegions: the same as SkyRegion for each of them, published footprints, catalogues' errors, sums of maps."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table
from hypothesis import given, settings
from hypothesis import strategies as st

from skyexplorer import SkyMap, SkyRegion, SourceCatalog
from skyexplorer.core import sphere
from skyexplorer.errors import Cancelled, InputError
from skyexplorer.model.regions import SkyRegions
from skyexplorer.progress import Progress

TXS = (77.3581850, 5.6931481)


def at(ra, dec):
    return SkyCoord(ra * u.deg, dec * u.deg)


def sky(dice, count):
    return at(dice.uniform(0, 360, count), np.degrees(np.arcsin(dice.uniform(-1, 1, count))))


def mixed(dice, count):
    """Regions of every kind, of all sizes, at the poles and across right ascension 0 too."""
    made = []
    for i in range(count):
        dec = (
            float(np.degrees(np.arcsin(dice.uniform(-1, 1))))
            if i % 3
            else float(dice.choice([-90, 89.9, 90, -89]))
        )
        center, size = (
            at(float(dice.choice([0, 359.99, dice.uniform(0, 360)])), dec),
            float(10 ** dice.uniform(-1, 1.8)),
        )
        a, b, c, d = (float(v) for v in size * dice.uniform(0.2, 1, 4))
        circle, ellipse = (
            SkyRegion.circle(center, a * u.deg),
            SkyRegion.ellipse(center, a * u.deg, b * u.deg, 77 * u.deg),
        )
        box = SkyRegion.box(center, (3 * a, 2 * b) * u.deg, (c, d) * u.deg)
        made += [
            circle,
            ellipse,
            box,
            SkyRegion.quarter_ellipse(center, (3 * a, 2 * b) * u.deg, (c, d) * u.deg),
        ]
        line = sphere.offset(center.ra.deg, dec, np.array([0, 70, 200, 260.0]), np.array([a, b, a, c]))
        made += [SkyRegion.polygon(at(*line)), SkyRegion.union([circle, box, ellipse]), circle | box]
        if i % 2:
            other = SkyRegion.circle(center, (a + b) / 2 * u.deg)
            made += [
                box & other,
                box - circle,
                SkyRegion.union([box - circle, ellipse]),
                SkyRegion.from_moc(circle.to_moc(6)),
            ]
    return made


@pytest.mark.parametrize("seed", [1, 2])
def test_matches_are_what_each_region_holds(seed):
    dice = np.random.default_rng(seed)
    coords = sky(dice, 3000)
    regions = mixed(dice, 8)
    many = SkyRegions.of(regions)
    want = np.array([region.contains(coords) for region in regions])
    found = many.match(coords)
    left, right = np.nonzero(want)
    assert found["left"].tolist() == left.tolist()
    assert found["right"].tolist() == right.tolist()
    assert many.counts(coords).tolist() == want.sum(axis=1).tolist()
    for i, region in enumerate(regions):
        rows = found[found["left"] == i]
        there = coords[rows["right"]]
        assert rows["separation"].quantity.to_value("deg") == pytest.approx(
            region.center.separation(there).deg, abs=1e-9
        )
        angle = region.center.position_angle(there).deg
        assert np.cos(np.radians(rows["position_angle"] - angle)) == pytest.approx(1.0, abs=1e-6)
        if region.kind in ("circle", "ellipse", "box", "quarter-ellipse"):
            assert rows["normalised_radius"] == pytest.approx(region.normalised_radius(there), rel=1e-12)
        else:
            assert np.isnan(rows["normalised_radius"]).all()


def test_arrays_of_shapes_are_the_regions_that_they_give():
    dice = np.random.default_rng(3)
    centers, coords = sky(dice, 30), sky(dice, 4000)
    size = dice.uniform(1, 40, (5, 30)) * u.deg
    for many in (
        SkyRegions.circles(centers, size[0]),
        SkyRegions.circles(centers, 20 * u.deg),
        SkyRegions.ellipses(centers, size[0], size[1], 9 * size[2]),
        SkyRegions.boxes(centers, 3 * size[:2], size[2:4]),
        SkyRegions.boxes(centers, (30, 20) * u.deg, (10, 5) * u.deg),
        SkyRegions.quarter_ellipses(centers, 3 * size[:2], size[2:4]),
    ):
        assert len(many) == 30
        again = SkyRegions.of(list(many)).match(coords)
        assert len(again)
        for name in again.colnames:
            assert again[name].tolist() == many.match(coords)[name].tolist()


@settings(deadline=None, max_examples=40)
@given(st.floats(0, 360), st.floats(-90, 90), st.floats(-9, 1.5), st.integers(0, 2**32))
def test_points_given_on_the_edge_belong_to_it(ra, dec, power, seed):
    """As astropy and we compute them, from 1e-9 deg to 30."""
    size = 10.0**power
    turn = np.random.default_rng(seed).uniform(0, 360, 20)
    circle = SkyRegions.circles(at([ra], [dec]), size * u.deg)
    assert circle.counts(at(*sphere.offset(ra, dec, turn, np.full(20, size)))).tolist() == [20]
    line = sphere.ellipse_points(ra, dec, size, 0.5 * size, 33.0, 20)
    assert SkyRegions.ellipses(at([ra], [dec]), size * u.deg, 0.5 * size * u.deg, 33 * u.deg).counts(
        at(*line.T)
    ) == [21]


CASES = [  # SCIENCE.md N1, N3 … N13: centre, RA +/-, Dec +/-, source, q, in the quarters, in the box
    ((77.43, 5.72), (0.95, 0.65), (0.50, 0.30), TXS, 0.1422, True, True),
    ((77.43, 5.72), (1.30, 0.80), (0.70, 0.40), TXS, 0.1121, True, True),
    ((314.08, 12.94), (6.56, 2.26), (1.50, 1.47), (314.2623, 14.2044), 0.8434, True, True),
    ((255.37, 26.61), (2.48, 2.56), (2.33, 3.28), (257.2786, 26.8557), 0.7768, True, True),
    ((255.37, 26.61), (2.48, 2.56), (2.33, 3.28), (256.77, 25.48), 0.6613, True, True),
    ((225.79, 10.47), (1.28, 1.43), (1.14, 0.89), (226.1041, 10.4942), 0.2463, True, True),
    ((114.52, 15.56), (2.82, 2.50), (1.81, 1.39), (114.5308, 17.7053), 1.1853, False, False),
    ((114.52, 15.56), (2.82, 2.50), (1.81, 1.39), (115.775, 17.217), 1.018, False, True),
    ((285.87, 58.92), (2.88, 3.19), (1.85, 2.25), (284.70, 57.15), 0.868, True, True),
    ((164.49, 11.87), (4.94, 4.19), (1.16, 1.36), (165.77, 11.97), 0.2731, True, True),
    ((206.37, 13.44), (0.90, 0.80), (0.55, 0.38), (208.34, 14.58), None, False, False),
    ((345.85, 9.14), (0.41, 0.63), (0.81, 0.76), (346.65, 9.67), 2.058, False, False),
]


def test_published_footprints_all_at_once():
    centers = at(*np.array([case[0] for case in CASES]).T)
    errors = [np.array([case[k] for case in CASES]).T * u.deg for k in (1, 2)]
    sources = at(*np.array([case[3] for case in CASES]).T)
    for make, column in ((SkyRegions.quarter_ellipses, 5), (SkyRegions.boxes, 6)):
        found = make(centers, *errors).match(sources)
        own = found[found["left"] == found["right"]]
        assert own["left"].tolist() == [i for i, case in enumerate(CASES) if case[column]]
        if column == 5:
            wanted = [case[4] for case in CASES if case[5]]
            assert own["normalised_radius"].tolist() == pytest.approx(wanted, abs=1e-3)


def test_ellipses_of_science_e1_to_e4():
    centers = at([77.3582, 77.3582, 10, 10, 359.95], [5.6931, 5.6931, 89.5, 89.5, -60])
    axes = np.array([[0.02, 0.02, 0.6, 0.6, 0.3], [0.01, 0.01, 0.2, 0.2, 0.1], [45, 45, 30, 30, 80]])
    points = at([77.3682, 77.3682, 10, 100, 0.25], [5.7031, 5.6831, 89.95, 89.5, -59.99])
    q = [0.70537, 1.41073, 1.29904, 1.46057, 0.52489]
    # At twice the size all hold their point, at half of q.
    wide = SkyRegions.ellipses(centers, 2 * axes[0] * u.deg, 2 * axes[1] * u.deg, axes[2] * u.deg).match(
        points
    )
    own = wide[wide["left"] == wide["right"]]
    assert (2 * own["normalised_radius"]).tolist() == pytest.approx(q, abs=1e-5)
    assert own["separation"][2:].tolist() == pytest.approx(
        [0.45 * 3600, 0.707102 * 3600, 0.150355 * 3600], abs=4e-3
    )
    assert own["position_angle"][2] == pytest.approx(0.0, abs=1e-9)
    given = SkyRegions.ellipses(centers, *(axis * u.deg for axis in axes)).match(points)
    assert given["left"][given["left"] == given["right"]].tolist() == [0, 4]
    tiny = SkyRegions.circles(at([0], [20]), 1e-6 * u.arcsec).match(at([1e-6 / 3600], [20]))  # E11
    assert tiny["separation"][0] == pytest.approx(9.3969e-7, abs=1e-11)


def test_errors_of_a_catalogue():
    table = Table(
        {"name": list("abc"), "ra": [10.0, 20, 30], "dec": [0.0, 0, 0], "sigma": [0.1, np.nan, 0.2]}
    )
    catalog = SourceCatalog(table, error="sigma")
    circles = SkyRegions.of_catalog(catalog, 0.9)
    assert len(circles) == 3
    assert circles[0].radius.to_value("deg") == pytest.approx(0.1 * 2.145966, rel=1e-6)
    assert circles.counts(at([10.2, 20, 30.4, 30.45], [0, 0, 0, 0])).tolist() == [1, 0, 1]
    with pytest.raises(InputError, match="no error"):
        circles[1]
    with pytest.raises(InputError, match="containment"):
        SkyRegions.of_catalog(catalog, 1.5)
    with pytest.raises(InputError, match="no errors"):
        SkyRegions.of_catalog(SourceCatalog(table[["name", "ra", "dec"]]))


def test_error_ellipses_of_fermi(data_dir):
    """SCIENCE.md E6: 3FGL's own 95 % ellipse is its 68 % ellipse times 1.62; the position lies in it."""
    files = sorted(data_dir.glob("**/gll_psc_v16*.fit*"))
    catalog = SourceCatalog.read(files[0])
    published, smaller = SkyRegions.of_catalog(catalog), SkyRegions.of_catalog(catalog, 0.68)
    named = catalog.names.index("3FGL J0509.4+0541")
    assert published[named].radius.to_value("deg") == pytest.approx(0.0162, abs=1e-5)
    assert smaller[named].radius.to_value("deg") == pytest.approx(0.009990983, rel=1e-5)
    counts = published.counts(catalog)
    rows_without = ~np.isfinite(catalog.error_ellipse[0].value)
    assert (counts[~rows_without] >= 1).all()
    assert (counts[rows_without] == 0).all()


def a_map(order=5):
    from skyexplorer.core import healpix

    cells = np.arange(12 * 4**order)
    lon, lat = healpix.centers(order, cells)
    density = np.exp(-0.5 * (sphere.separation(180, 20, lon, lat) / 25) ** 2) + 1e-3
    return SkyMap(4 * 4**order + cells, density / density.sum() / (4 * np.pi / len(cells)))


def test_probability_beside_fine_pixels():
    from skyexplorer.core import healpix

    skymap = a_map()
    dice = np.random.default_rng(4)
    centers = at(dice.uniform(140, 220, 6), dice.uniform(-30, 85, 6))
    size = dice.uniform(8, 40, (5, 6)) * u.deg
    fine = at(*healpix.centers(8, np.arange(12 * 4**8)))
    density = skymap.probability_density(fine).value * 4 * np.pi / len(fine)
    for many in (
        SkyRegions.circles(centers, size[0]),
        SkyRegions.ellipses(centers, size[0], size[1], 9 * size[2]),
        SkyRegions.boxes(centers, 2 * size[:2], size[2:4]),
        SkyRegions.quarter_ellipses(centers, 2 * size[:2], size[2:4]),
        SkyRegions.of(
            [SkyRegion.circle(centers[0], size[0, 0]), centers_union(centers, size), both(centers)]
        ),
    ):
        found = many.match(fine)
        want = np.bincount(found["left"], density[found["right"]], len(many))
        assert many.probability(skymap) == pytest.approx(want, rel=0.01)
        assert many.probability(skymap, 1e-4)[:3] == pytest.approx(
            many.probability(skymap, 1e-3)[:3], rel=4e-3
        )


def test_sums_report_and_can_be_stopped():
    many = SkyRegions.circles(sky(np.random.default_rng(1), 2000), 1 * u.deg)
    told = []
    watch = Progress("sums")
    watch.watch(lambda p: told.append(p.share))
    with watch:
        many.probability(a_map(), 0.1)
    assert told[-1] == 1.0
    stopped = Progress("sums")
    stopped.watch(lambda p: p.cancel())
    with stopped, pytest.raises(Cancelled):
        many.probability(a_map(), 0.1)


def centers_union(centers, size):
    return SkyRegion.union([SkyRegion.circle(centers[i], size[0, i]) for i in range(4)])


def both(centers):
    return SkyRegion.circle(centers[1], 25 * u.deg) & SkyRegion.circle(centers[1], 30 * u.deg)


def test_probability_of_the_whole_sky_of_cells_and_of_points():
    skymap = a_map()
    everything = SkyRegions.circles(at([0, 10], [90, 10]), 180 * u.deg)
    assert everything.probability(skymap) == pytest.approx([1, 1], rel=1e-12)
    region = skymap.credible_region(0.5)
    held = float(skymap.credible_level(at(180, 20)))
    inside = SkyRegions.of(
        [region, SkyRegion.circle(at(180, 20), 1 * u.mas), SkyRegion.circle(at(180, 20), 0.01 * u.deg)]
    )
    found = inside.probability(skymap)
    assert found[0] == pytest.approx(0.5, abs=2e-3)
    assert held < 0.01
    density = skymap.probability_density(at(180, 20)).value
    assert found[1] == pytest.approx(density * np.pi * (u.mas.to("rad")) ** 2, rel=1e-6)
    assert found[2] == pytest.approx(density * np.pi * np.radians(0.01) ** 2, rel=3e-3)
    with pytest.raises(InputError, match="accuracy"):
        inside.probability(skymap, 0.0)


@pytest.mark.parametrize(
    "bad",
    [
        lambda: SkyRegions.circles(at([0, 1], [0, 1]), [1, 2, 3] * u.deg),
        lambda: SkyRegions.circles(at([0, 1], [0, 1]), [1, np.nan] * u.deg),
        lambda: SkyRegions.circles(at([0], [0]), -1 * u.deg),
        lambda: SkyRegions.circles(at([0], [0]), 1 * u.m),
        lambda: SkyRegions.circles(at([0, np.nan], [0, 0]), 1 * u.deg),
        lambda: SkyRegions.ellipses(at([0], [0]), 91 * u.deg, 1 * u.deg, 0 * u.deg),
        lambda: SkyRegions.ellipses(at([0], [0]), 1 * u.deg, 1 * u.deg, np.nan * u.deg),
        lambda: SkyRegions.boxes(at([0], [0]), 1 * u.deg, (1, 1) * u.deg),
        lambda: SkyRegions.of([at(0, 0)]),
        lambda: SkyRegions.circles(at([0], [0]), 1 * u.deg).match([1, 2]),
    ],
)
def test_bad_input(bad):
    with pytest.raises(InputError):
        bad()


def test_none_and_rows_without_a_position():
    none = SkyRegions.of([])
    assert len(none) == 0
    assert len(none.match(at([1], [1]))) == 0
    one = SkyRegions.circles(at([1], [1]), 1 * u.deg)
    assert one.match(at([1, np.nan], [1, np.nan]))["right"].tolist() == [0]
    with pytest.raises(IndexError):
        one[1]
    assert one[-1].kind == "circle"
