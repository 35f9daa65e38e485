"""The numbers of SCIENCE.md 9.2 and 9.3: neutrino footprints, ellipses, coordinates."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from scipy.stats import norm

from skyexplorer import Event, SkyRegion, SourceCatalog
from skyexplorer.core import healpix, regions, sphere

TXS = SkyCoord(77.3581850 * u.deg, 5.6931481 * u.deg)


def at(ra, dec):
    return SkyCoord(ra * u.deg, dec * u.deg)


def footprint(ra, dec, ra_errors, dec_errors, kind="quarter_ellipse"):
    return getattr(SkyRegion, kind)(at(ra, dec), ra_errors * u.deg, dec_errors * u.deg)


IC170922A = (77.43, 5.72, (0.95, 0.65), (0.50, 0.30))
IC200530A = (255.37, 26.61, (2.48, 2.56), (2.33, 3.28))
IC211208A = (114.52, 15.56, (2.82, 2.50), (1.81, 1.39))


@pytest.mark.parametrize(
    ("event", "source", "separation", "q", "in_ellipse", "in_box", "tolerance"),
    [
        (IC170922A, TXS, 0.07633, 0.1422, True, True, 1e-4),  # N1
        ((77.43, 5.72, (1.30, 0.80), (0.70, 0.40)), TXS, 0.07633, 0.1121, True, True, 1e-4),  # N3
        ((314.08, 12.94, (6.56, 2.26), (1.50, 1.47)), at(314.2623, 14.2044), 1.2768, 0.8434, True, True, 1e-3),  # N4
        (IC200530A, at(257.2786, 26.8557), 1.7222, 0.7768, True, True, 1e-3),  # N5
        (IC200530A, at(256.77, 25.48), 1.6908, 0.6613, True, True, 1e-3),  # N6
        ((225.79, 10.47, (1.28, 1.43), (1.14, 0.89)), at(226.1041, 10.4942), 0.3098, 0.2463, True, True, 1e-3),  # N7
        (IC211208A, at(114.5308, 17.7053), 2.1453, 1.1853, False, False, 1e-3),  # N8
        (IC211208A, at(115.775, 17.217), 2.05, 1.018, False, True, 0.01),  # N9
        ((285.87, 58.92, (2.88, 3.19), (1.85, 2.25)), at(284.70, 57.15), 1.8752, 0.868, True, True, 1e-3),  # N10
        ((164.49, 11.87, (4.94, 4.19), (1.16, 1.36)), at(165.77, 11.97), 1.2564, 0.2731, True, True, 1e-3),  # N11
        ((206.37, 13.44, (0.90, 0.80), (0.55, 0.38)), at(208.34, 14.58), 2.2255, None, False, False, 1e-3),  # N12
        ((345.85, 9.14, (0.41, 0.63), (0.81, 0.76)), at(346.65, 9.67), 0.9507, 2.058, False, False, 1e-3),  # N13
    ],
)  # fmt: skip
def test_sources_in_footprints(event, source, separation, q, in_ellipse, in_box, tolerance):
    ellipse, box = footprint(*event), footprint(*event, kind="box")
    assert source.separation(ellipse.center).deg == pytest.approx(separation, abs=max(tolerance, 5e-5))
    if q is not None:
        assert float(ellipse.normalised_radius(source)) == pytest.approx(q, abs=tolerance)
    assert bool(ellipse.contains(source)) is in_ellipse
    assert bool(box.contains(source)) is in_box


def test_n2_areas():
    assert footprint(*IC170922A).area.to_value("deg2") == pytest.approx(1.0003, abs=1e-3)
    assert footprint(*IC170922A, kind="box").area.to_value("deg2") == pytest.approx(1.2734, abs=1e-3)


def test_n14_separation():
    assert at(307.53, 40.77).separation(at(307.17, 41.17)).deg == pytest.approx(0.4836, abs=1e-3)


@pytest.mark.parametrize(
    ("ra", "dec", "ra_errors", "dec_errors", "area"),
    [
        (120.28, 6.35, (0.57, 0.77), (0.76, 0.70), 1.944284),
        (343.26, 10.73, (4.08, 2.63), (1.51, 2.61), 27.209992),
        (164.49, 11.87, (4.94, 4.19), (1.16, 1.36), 22.523850),
        (255.37, 26.61, (2.48, 2.56), (2.33, 3.28), 25.383588),
        (224.12, 41.31, (2.23, 1.95), (1.56, 1.56), 9.796184),
        (350.54, 34.71, (0.67, 0.67), (0.67, 0.67), 1.476063),
        (314.08, 12.94, (6.56, 2.26), (1.50, 1.47), 25.5286),  # IC191001A, SCIENCE.md 2.2
    ],
)
def test_n15_areas_of_boxes(ra, dec, ra_errors, dec_errors, area):
    """The published areas are Δα Δδ cos δ_mid; ours are exact, and differ by the curvature of the box."""
    exact = footprint(ra, dec, ra_errors, dec_errors, "box").area.to_value("deg2")
    middle = np.radians(dec + (dec_errors[0] - dec_errors[1]) / 2)
    published = sum(ra_errors) * sum(dec_errors) * np.cos(middle)
    assert published == pytest.approx(area, rel=1e-5)
    half = np.radians(sum(dec_errors) / 2)
    assert exact == pytest.approx(published * np.sin(half) / half, rel=1e-9)
    assert exact == pytest.approx(area, rel=5e-4)


@pytest.mark.parametrize(("p", "sigma"), [(0.005, 2.58), (0.002, 2.88), (0.00034, 3.40)])
def test_n16_sigmas_are_one_sided(p, sigma):
    assert norm.isf(p) == pytest.approx(sigma, abs=0.01)


@pytest.mark.parametrize(("name", "q"), [("IC170922A", 0.255), ("IC190317A", 0.907), ("IC220918A", 0.798)])
def test_n17_txs_in_icecat(data_dir, name, q):
    events = Event.read_table(data_dir / "neutrino/IceCube_Gold_Bronze_Tracks.csv")
    (event,) = [e for e in events if e.name == name]
    assert float(event.localization.normalised_radius(TXS)) == pytest.approx(q, abs=0.01)


def test_containment_table():
    """SCIENCE.md 2.1."""
    values = [
        (0.5, 1.177410),
        (0.68, 1.509592),
        (0.6827, 1.515195),
        (0.9, 2.145966),
        (0.95, 2.447747),
        (0.99, 3.034854),
    ]
    for p, factor in values:
        assert float(regions.containment_factor(p)) == pytest.approx(factor, abs=2e-6)
    assert float(regions.converted_radius(1, 0.5, 0.9)) == pytest.approx(1.822616, abs=1e-6)
    assert float(regions.converted_radius(1, 0.68, 0.95)) == pytest.approx(1.621462, abs=1e-6)
    assert float(regions.converted_radius(1, 0.95, 0.9)) == pytest.approx(0.876711, abs=1e-6)


@pytest.mark.parametrize(
    ("center", "a", "b", "pa", "point", "separation", "q"),
    [
        ((77.3582, 5.6931), 0.02, 0.01, 45, (77.3682, 5.7031), None, 0.70537),  # E1
        ((77.3582, 5.6931), 0.02, 0.01, 45, (77.3682, 5.6831), None, 1.41073),
        ((10, 89.5), 0.6, 0.2, 30, (10, 89.95), 0.45, 1.29904),  # E2
        ((10, 89.5), 0.6, 0.2, 30, (100, 89.5), 0.707102, 1.46057),  # E3
        ((359.95, -60), 0.3, 0.1, 80, (0.25, -59.99), 0.150355, 0.52489),  # E4
    ],
)
def test_e1_to_e4_points_in_ellipses(center, a, b, pa, point, separation, q):
    region = SkyRegion.ellipse(at(*center), a * u.deg, b * u.deg, pa * u.deg)
    assert float(region.normalised_radius(at(*point))) == pytest.approx(q, abs=1e-5)
    assert bool(region.contains(at(*point))) is (q < 1)
    if separation is not None:
        assert at(*center).separation(at(*point)).deg == pytest.approx(separation, abs=1e-6)


def test_e3_angle_at_the_pole():
    """θ of the table is the angle before that of the ellipse is taken away."""
    assert float(sphere.position_angle(10, 89.5, 100, 89.5)) == pytest.approx(45.0011, abs=1e-4)


def test_e5_covariance():
    assert regions.covariance(0.06, 0.04, 30, 0.95) == pytest.approx(
        (0.0187216, 0.0227465, 0.339422), abs=1e-6
    )


def test_e6_from_68_to_95(data_dir):
    catalog = SourceCatalog.read(data_dir / "gamma/gll_psc_v16_3FGL.fit.gz")
    a68 = np.asarray(catalog.table["Conf_68_SemiMajor"], float)
    a95 = np.asarray(catalog.table["Conf_95_SemiMajor"], float)
    good = np.isfinite(a68)
    assert regions.converted_radius(a68[good], 0.68, 0.95) == pytest.approx(a95[good], rel=1e-5)
    row = catalog.names.index("3FGL J0509.4+0541")
    assert a68[row] == pytest.approx(0.009990983, abs=1e-8)
    assert a95[row] == pytest.approx(0.0162, abs=1e-6)


@pytest.mark.parametrize(
    ("where", "galactic"),
    [(TXS, (195.405396, -19.636031)), (at(197.4503, -23.3815), (308.379346, 39.295938))],
)
def test_e7_e9_galactic(where, galactic):
    assert (where.galactic.l.deg, where.galactic.b.deg) == pytest.approx(galactic, abs=2e-6)


def test_e8_healpix():
    index = int(healpix.nested(TXS.ra.deg, TXS.dec.deg, 8))
    assert index == 368255
    assert int(healpix.join_uniq(8, index)) == 630399
    assert int(healpix.nested_of_ring(np.array([352988]), 8)[0]) == index


def test_e10_e11_separations():
    assert float(sphere.separation(359.99, 0, 0.01, 0)) == pytest.approx(0.02, abs=1e-12)
    assert float(sphere.separation(0, 89.9, 180, 89.9)) == pytest.approx(0.2, abs=1e-12)
    tiny = 1e-6 / 3600
    assert float(sphere.separation(0, 20, tiny, 20)) * 3600 == pytest.approx(9.3969e-7, rel=1e-4)
