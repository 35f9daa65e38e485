"""The numbers of SCIENCE.md 9.1, from the two maps that it names."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.cosmology import Planck15
from hypothesis import given, settings
from hypothesis import strategies as st

from skyexplorer import SkyMap, SkyRegion
from skyexplorer.core import distance, healpix
from skyexplorer.errors import InputError


@pytest.fixture(scope="module")
def m1(data_dir):
    return SkyMap.read(data_dir / "gw/S200129m_bayestar.multiorder.fits")


@pytest.fixture(scope="module")
def m2(data_dir):
    return SkyMap.read(data_dir / "gw/S190814bv_LALInference.v1.multiorder.fits")


AT = SkyCoord(12.83 * u.deg, -25.24 * u.deg)
COMOVING = Planck15
"""The reference tool's default, and the one that gives the table's numbers."""


def deg2(q):
    return q.to_value(u.deg**2)


def test_g1_cells(m1):
    assert len(m1.uniq) == 19200
    assert deg2(m1.area) == pytest.approx(41252.961249, rel=1e-9)
    assert np.sum(m1.density * m1._area) == pytest.approx(1, abs=1e-9)


def test_g2_g3_g4_areas(m1):
    assert deg2(m1.credible_area(0.5)) == pytest.approx(10.165353, abs=1e-4)
    assert deg2(m1.credible_area(0.9)) == pytest.approx(53.051846, abs=1e-4)
    crossing = deg2(m1.credible_region(0.9).area)
    assert crossing == pytest.approx(53.085323, abs=1e-4)
    cells = m1._region_cells(0.9)
    strict = float(np.sum(m1._area[cells[:-1]])) * (180 / np.pi) ** 2
    assert strict == pytest.approx(53.032867, abs=1e-4)
    assert strict < deg2(m1.credible_area(0.9)) < crossing
    assert crossing < 60  # 83.9 is what ranking by probability a cell would give


def test_g5_mode(m1):
    assert (m1.mode.ra.deg, m1.mode.dec.deg) == pytest.approx((318.339844, 4.574346), abs=1e-4)
    assert m1.probability_density(m1.mode).to_value("1/sr") == pytest.approx(244.1535, abs=1e-4)


def test_g6_probability_of_the_best_area(m1):
    assert m1.probability_within(20 * u.deg**2) == pytest.approx(0.705240, abs=1e-5)
    assert m1.probability_within(100 * u.deg**2) == pytest.approx(0.980686, abs=1e-5)


def test_g7_distance(m1):
    mean, std = m1.distance
    assert (mean.to_value("Mpc"), std.to_value("Mpc")) == pytest.approx((908.4387, 202.2234), abs=0.01)
    quantiles = [m1.distances.quantile(q).to_value("Mpc") for q in (0.05, 0.5, 0.95)]
    assert quantiles == pytest.approx([552.99, 918.80, 1223.56], abs=0.5)


def test_g8_volumes(m1):
    found = [m1.distances.credible_volume(q).to_value("Mpc3") for q in (0.5, 0.9)]
    assert found == pytest.approx([1.640257e6, 8.333321e6], rel=0.001)  # 1 % is asked
    found = [m1.distances.credible_volume(q, COMOVING).to_value("Mpc3") for q in (0.5, 0.9)]
    assert found == pytest.approx([8.49525e5, 4.435553e6], rel=0.001)


def test_g9_cells_without_a_distance(m1):
    lost = ~np.isfinite(m1._distance[0])
    assert lost.sum() == 154
    assert np.sum((m1.density * m1._area)[lost]) == pytest.approx(7e-13, rel=0.1)


def test_g10_g11(m2):
    assert deg2(m2.credible_area(0.5)) == pytest.approx(4.756171, abs=1e-3)
    assert deg2(m2.credible_area(0.9)) == pytest.approx(23.084296, abs=1e-3)
    header = m2.origin.header
    assert (header["DISTMEAN"], header["DISTSTD"]) == pytest.approx((267.4016, 51.5854), abs=0.01)
    mean, std = m2.distance
    assert (mean.to_value("Mpc"), std.to_value("Mpc")) == pytest.approx((268.6228, 53.0186), abs=0.01)


def test_g12_g13_levels(m2):
    assert m2.probability_density(AT).to_value("1/sr") == pytest.approx(521.8727, rel=1e-4)
    assert m2.credible_level(AT) == pytest.approx(0.000521, abs=1e-6)
    assert deg2(m2.searched_area(AT)) == pytest.approx(0.003278, rel=1e-3)
    away = SkyCoord(15.0 * u.deg, -25.0 * u.deg)
    assert m2.credible_level(away) == pytest.approx(0.94237, abs=1e-4)
    assert away.separation(m2.mode).deg == pytest.approx(1.9777, abs=1e-4)


def test_g14_g15_conditional(m2):
    line = m2.distances.at(AT)
    assert [line.mu.value, line.sigma.value, line.norm.value] == pytest.approx(
        [258.331612, 49.619196, 1.445143e-5], rel=1e-5
    )
    assert [line.mean.value, line.std.value] == pytest.approx([276.7147, 47.9513], rel=1e-5)
    r = 267.4 * u.Mpc
    assert line.pdf(r).to_value("1/Mpc") == pytest.approx(0.00817036, rel=1e-4)
    assert float(line.cdf(r)) == pytest.approx(0.424602, rel=1e-4)
    quantiles = [float(line.ppf(q).to_value("Mpc")) for q in (0.05, 0.5, 0.95)]
    assert quantiles == pytest.approx([198.147, 276.524, 355.924], rel=1e-4)


def test_g16_density_in_volume(m2):
    assert m2.distance_density(AT, 267.4 * u.Mpc).to_value("1/Mpc3") == pytest.approx(5.96325e-5, rel=1e-4)


def test_g17_marginal(m2):
    found = m2.distances.cdf([200, 267.4, 350] * u.Mpc)
    assert found == pytest.approx([0.093800, 0.484999, 0.941483], rel=1e-4)


def test_g18_volumes(m2):
    found = [m2.distances.credible_volume(q).to_value("Mpc3") for q in (0.5, 0.9)]
    assert found == pytest.approx([18155.3, 114687.8], rel=0.01)
    found = [m2.distances.credible_volume(q, COMOVING).to_value("Mpc3") for q in (0.5, 0.9)]
    assert found == pytest.approx([14560.7, 91559.2], rel=0.01)


def test_g19_ranking(m2):
    galaxies = SkyCoord([12.83, 12.9, 13.5, 12.6] * u.deg, [-25.24, -25.5, -24.8, -24.9] * u.deg)
    r = [267.4, 240, 300, 280] * u.Mpc
    alone = m2.distances.rank(galaxies, r)
    assert alone == pytest.approx([0.32331, 0.28178, 0.12417, 0.27074], abs=1e-4)
    lit = m2.distances.rank(galaxies, r, luminosity=[1e10, 3e10, 5e10, 2e10] * u.Lsun)
    assert lit == pytest.approx([0.13870, 0.36265, 0.26635, 0.23229], abs=1e-4)


def test_a_distance_with_an_error_is_averaged_over(m2):
    from scipy.integrate import quad

    one = SkyCoord([12.83, 12.9] * u.deg, [-25.24, -25.5] * u.deg)
    r, e = [267.4, 240.0], [40.0, 15.0]
    weights = m2.distances.rank(one, r * u.Mpc, e * u.Mpc)

    def averaged(k):
        def density(x):
            there = m2.distance_density(one[k], x * u.Mpc).value
            return there * np.exp(-0.5 * ((x - r[k]) / e[k]) ** 2) / e[k]

        return quad(density, 0, 700, limit=200)[0]

    direct = np.array([averaged(0), averaged(1)])
    assert weights == pytest.approx(direct / direct.sum(), rel=1e-6)
    assert m2.distances.rank(one, [np.nan, 240] * u.Mpc).tolist() == [0, 1]


def von_mises_fisher(order, kappa=1000.0):
    ipix = np.arange(12 * 4**order)
    lon, lat = healpix.centers(order, ipix)
    center = SkyCoord(40 * u.deg, 20 * u.deg)
    apart = center.separation(SkyCoord(lon * u.deg, lat * u.deg)).rad
    density = np.exp(kappa * (np.cos(apart) - 1))
    density /= np.sum(density) * healpix.cell_area(order)
    return SkyMap(healpix.join_uniq(order, ipix), density)


def test_g24_analytic():
    skymap = von_mises_fisher(8)
    for q, area, pixels in ((0.5, 14.297187, 14.29638), (0.9, 47.494227, 47.49301)):
        assert deg2(skymap.credible_area(q)) == pytest.approx(area, rel=1e-3)
        assert deg2(skymap.credible_area(q)) == pytest.approx(pixels, rel=1e-3)


def test_g25_a_gaussian_in_space():
    """Mean (1, 0.5, 0.2) Mpc, covariance diag(4, 1, 2.25), seen from the origin in cells of nside 64."""
    order = 6
    ipix = np.arange(12 * 4**order)
    lon, lat = np.radians(healpix.centers(order, ipix))
    n = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)
    mean, inverse = np.array([1, 0.5, 0.2]), np.diag(1 / np.array([4, 1, 2.25]))
    # Along a ray the exponent is that of a Gaussian in r: sigma² = 1 / nᵀC⁻¹n, mu = sigma² nᵀC⁻¹m.
    sigma = 1 / np.sqrt(np.einsum("ij,jk,ik->i", n, inverse, n))
    mu = sigma**2 * (n @ inverse @ mean)
    _, _, norm = distance.moments(mu, sigma)
    rest = mean @ inverse @ mean - (mu / sigma) ** 2
    density = np.exp(-0.5 * rest) * np.sqrt(2 * np.pi) * sigma / norm
    density /= np.sum(density) * healpix.cell_area(order)
    skymap = SkyMap(healpix.join_uniq(order, ipix), density, mu, sigma, norm)
    volumes = [skymap.distances.credible_volume(q).to_value("Mpc3") for q in (0.5, 0.9)]
    assert volumes == pytest.approx([45.73248, 196.41498], rel=3e-3)
    at = SkyCoord(x=2, y=1, z=-1, unit="Mpc", representation_type="cartesian")
    at = SkyCoord(at.spherical.lon, at.spherical.lat, at.spherical.distance)
    assert skymap.distances.credible_level(at, at.distance) == pytest.approx(0.23257, abs=1e-3)  # exact χ₃


def test_g26_the_host_of_gw170817(data_dir):
    skymap = SkyMap.read(data_dir / "gw/GW170817_skymap.fits.gz")
    host = SkyCoord(197.4503 * u.deg, -23.3815 * u.deg)
    assert deg2(skymap.credible_area(0.9)) == pytest.approx(16, abs=0.5)  # "16 deg² refined"
    assert bool(skymap.credible_region(0.9).contains(host))
    assert skymap.credible_level(host) == pytest.approx(0.3826, abs=1e-4)


def test_g27_gw190814(data_dir):
    skymap = SkyMap.read(data_dir / "gw/GW190814_PublicationSamples.multiorder.fits")
    assert deg2(skymap.credible_area(0.9)) == pytest.approx(18.5, abs=0.5)
    assert skymap.distance[0].to_value("Mpc") == pytest.approx(241, abs=1)


# Beyond the table


def test_a_map_without_distances_says_so():
    with pytest.raises(InputError, match="no distances"):
        von_mises_fisher(3).distances  # noqa: B018


def test_the_volume_level_is_that_of_the_volume(m2):
    """A place on the edge of the 50 % volume has the level 0.5."""
    cells = m2.distances._cells
    from skyexplorer.core import volume

    densities = np.quantile(cells.peak, [0.9, 0.99, 0.999])
    for value in densities:
        level = volume.level(cells, np.array([value]))[0]
        assert volume.credible(cells, level) == pytest.approx(volume.above(cells, value)[1], rel=1e-6)


def test_samples_follow_the_map(m2):
    drawn = m2.sample(4000, seed=1)
    inside = m2.credible_level(drawn) <= 0.9
    assert inside.mean() == pytest.approx(0.9, abs=4 * np.sqrt(0.09 / 4000) + 1e-3)
    assert np.nanmedian(drawn.distance.to_value("Mpc")) == pytest.approx(
        m2.distances.quantile(0.5).to_value("Mpc"), rel=0.03
    )
    again = m2.sample(4000, seed=1)
    assert np.array_equal(again.ra.deg, drawn.ra.deg)


def test_what_is_written_is_read_again(m1, tmp_path):
    path = m1.write(tmp_path / "map.fits")
    back = SkyMap.read(path)
    assert np.array_equal(back.uniq, m1.uniq)
    assert np.array_equal(back.density, m1.density)
    assert all(
        np.array_equal(a, b, equal_nan=True) for a, b in zip(back._distance, m1._distance, strict=True)
    )
    flat = SkyMap.read(m1.write(tmp_path / "flat.fits.gz", order=7))
    assert deg2(flat.credible_area(0.9)) == pytest.approx(deg2(m1.credible_area(0.9)), rel=0.02)


def test_other_tools_read_what_is_written(m1, tmp_path):
    import healpy
    from mocpy import MOC

    moc = MOC.from_multiordermap_fits_file(str(m1.write(tmp_path / "map.fits")), cumul_to=0.9)
    assert moc.sky_fraction * 41252.961249 == pytest.approx(53.051719, abs=0.01)  # G3, mocpy
    flat = healpy.read_map(m1.write(tmp_path / "flat.fits", order=6), nest=True, dtype=float)
    assert flat.sum() == pytest.approx(1, abs=1e-9)


@settings(max_examples=20)
@given(ra=st.floats(0, 359.9), dec=st.floats(-90, 90), radius=st.floats(3, 60))
def test_an_even_map_of_a_region(ra, dec, radius):
    region = SkyRegion.circle(SkyCoord(ra * u.deg, dec * u.deg), radius * u.deg)
    skymap = SkyMap.from_region(region, max_depth=8)
    assert deg2(skymap.area) == pytest.approx(deg2(region.area), rel=0.1)
    assert deg2(skymap.credible_area(0.5)) == pytest.approx(deg2(skymap.area) / 2, rel=1e-6)
