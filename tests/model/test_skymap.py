"""SkyMap against SCIENCE.md 9.1 and the facts of data/README.md."""

from __future__ import annotations

import gzip

import healpy
import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from skyexplorer import SkyMap
from skyexplorer.core import healpix, sphere
from skyexplorer.errors import FormatError, InputError, SkyExplorerWarning

FACTS = [  # file, A50, A90, mode: data/README.md
    ("gw/S190425z_bayestar.multiorder.fits", 2806.39, 10183.15, (242.578, 22.831)),
    ("gw/S190425z_bayestar.fits.gz", 2805.71, 10182.63, (242.578, 22.831)),
    ("gw/S190521g_bayestar.multiorder.fits", 280.8, 1163.5, (5.039, -66.163)),
    ("gw/S190521g_bayestar.fits.gz", 280.84, 1162.79, (5.039, -66.163)),
    ("gw/S190814bv_LALInference.v1.multiorder.fits", 4.76, 23.09, None),
    ("gw/S190814bv_bayestar.multiorder.fits,0", 132.71, 772.15, (13.623, -23.806)),
    ("gw/S190814bv_bayestar.multiorder.fits,1", 7.41, 37.61, (12.744, -24.727)),
    ("gw/S200129m_bayestar.multiorder.fits", 10.17, 53.09, (318.340, 4.574)),
    ("gw/G483432_bayestar.multiorder.fits", 716.55, 3926.22, None),
    ("gw/GW190814_PublicationSamples.multiorder.fits", 3.79, 18.84, (12.700, -24.871)),
    ("gw/GW150914_bayestar_gstlal_C01.fits.gz", 87.50, 398.10, (129.427, -69.979)),
    ("gw/GW170817_skymap.fits.gz", 5.00, 16.16, (196.304, -21.302)),
    ("gamma/glg_healpix_all_bn180116026.fit", 131.35, 571.98, (213.398, 25.944)),
]


@pytest.mark.parametrize(("file", "a50", "a90", "mode"), FACTS, ids=[fact[0] for fact in FACTS])
def test_areas_and_mode_of_real_maps(data_dir, file, a50, a90, mode) -> None:
    skymap = SkyMap.read(data_dir / file)
    for q, area in ((0.5, a50), (0.9, a90)):
        # A flat file's equal cells are merged, so that the crossing cell may be a larger one.
        assert skymap.credible_region(q).area.to_value(u.deg**2) == pytest.approx(area, rel=1e-3, abs=0.012)
    if mode:
        assert [skymap.mode.ra.deg, skymap.mode.dec.deg] == pytest.approx(mode, abs=6e-4)


@pytest.fixture(scope="module")
def m1(data_dir) -> SkyMap:
    return SkyMap.read(data_dir / "gw/S200129m_bayestar.multiorder.fits")


@pytest.fixture(scope="module")
def m2(data_dir) -> SkyMap:
    return SkyMap.read(data_dir / "gw/S190814bv_LALInference.v1.multiorder.fits")


def test_m1(m1) -> None:
    """SCIENCE.md G1, G2, G3, G5, G7, G9."""
    assert len(m1.uniq) == 19200
    assert m1.area.to_value(u.deg**2) == pytest.approx(sphere.SKY_DEG2)
    assert m1.credible_area(0.5).value == pytest.approx(10.165353, abs=1e-4)
    assert m1.credible_area(0.9).value == pytest.approx(53.051846, abs=1e-4)
    assert m1.credible_region(0.9).area.value == pytest.approx(53.085323, abs=1e-4)
    assert m1.probability_density(m1.mode).value == pytest.approx(244.1535, abs=1e-4)
    mean, std = m1.distance
    assert [mean.value, std.value] == pytest.approx([908.4387, 202.2234], abs=0.01)
    assert int((~np.isfinite(m1._distance[0])).sum()) == 154


def test_m2(m2) -> None:
    """SCIENCE.md G10, G11 (header), G12, G13, G16."""
    assert [m2.credible_area(q).value for q in (0.5, 0.9)] == pytest.approx([4.756171, 23.084296], abs=1e-3)
    assert m2.origin.header["DISTMEAN"] == pytest.approx(267.4016, abs=1e-3)
    here = SkyCoord(12.83 * u.deg, -25.24 * u.deg)
    assert m2.probability_density(here).value == pytest.approx(521.8727, rel=1e-4)
    assert m2.credible_level(here) == pytest.approx(0.000521, abs=2e-6)
    assert m2.searched_area(here).value == pytest.approx(0.003278, rel=1e-3)
    assert m2.credible_level(SkyCoord(15.0 * u.deg, -25.0 * u.deg)) == pytest.approx(0.94237, abs=1e-4)
    assert m2.distance_density(here, 267.4 * u.Mpc).value == pytest.approx(5.96325e-5, rel=1e-4)


def test_flat_and_multi_order_agree(data_dir) -> None:
    flat = SkyMap.read(data_dir / "gw/S190425z_bayestar.fits.gz")
    multi = SkyMap.read(data_dir / "gw/S190425z_bayestar.multiorder.fits")
    assert abs(flat.credible_area(0.9) - multi.credible_area(0.9)) < 1 * u.deg**2
    assert len(flat.uniq) < 30_000, "equal cells are merged"


def test_the_ring_map_of_50_million_pixels(data_dir) -> None:
    skymap = SkyMap.read(data_dir / "gamma/GRB220617A_IPN_map_hpx.fits.gz")
    assert [skymap.mode.ra.deg, skymap.mode.dec.deg] == pytest.approx([156.863, 15.559], abs=1e-3)
    assert skymap.credible_area(0.9).value == pytest.approx(0.09, abs=0.005)


def test_the_published_map_holds_the_host(data_dir) -> None:
    skymap = SkyMap.read(data_dir / "gw/GW170817_skymap.fits.gz")
    assert skymap.credible_level(SkyCoord(197.4503 * u.deg, -23.3815 * u.deg)) < 0.9


@pytest.mark.parametrize("q", [0.1, 0.5, 0.9, 0.99])
def test_contours_enclose_the_area_of_the_region(m1, q) -> None:
    lines = m1.contours(q)
    inside = 0.0
    order = 9
    ipix = np.unique(healpix.nested(*healpix.centers(m1._order, m1._ipix), order))
    assert lines
    for line in lines:
        assert (line[0] == line[-1]).all()
    from skyexplorer.core.regions import polygon_area

    inside = sum(polygon_area(sphere.unit_vectors(line[:-1, 0], line[:-1, 1])) for line in lines)
    assert inside == pytest.approx(m1.credible_region(q).area.value, rel=0.04)
    assert len(ipix)


def _von_mises_fisher(order: int, kappa: float, ra: float, dec: float) -> SkyMap:
    ipix = np.arange(12 * 4**order)
    lon, lat = healpix.centers(order, ipix)
    density = np.exp(kappa * (np.cos(np.radians(sphere.separation(ra, dec, lon, lat))) - 1))
    density /= density.sum() * healpix.cell_area(order)
    return SkyMap(healpix.join_uniq(order, ipix), density)


def test_von_mises_fisher_areas() -> None:
    """SCIENCE.md G24: the analytic areas."""
    skymap = _von_mises_fisher(8, 1000, 40, 20)
    assert skymap.credible_area(0.5).value == pytest.approx(14.297187, rel=1e-3)
    assert skymap.credible_area(0.9).value == pytest.approx(47.494227, rel=1e-3)


@settings(max_examples=20, deadline=None)
@given(st.floats(0, 360), st.floats(-90, 90), st.floats(0.05, 0.98))
def test_credible_level_and_region_agree(ra, dec, q) -> None:
    """Inside the q-region means: what lies before the cell is less than q."""
    skymap = _von_mises_fisher(5, 60, 10, 85)
    here = SkyCoord(ra * u.deg, dec * u.deg)
    level = float(skymap.credible_level(here))
    own = float(skymap.probability_density(here).value * healpix.cell_area(5))
    if abs(level - own - q) > 1e-9:
        assert bool(skymap.credible_region(q).contains(here)) == (level - own < q)


def test_bad_maps_are_refused(tmp_path, data_dir) -> None:
    with pytest.raises(InputError, match="overlap"):
        SkyMap([4, 16], [1.0, 1.0])
    with pytest.raises(InputError, match="negative"):
        SkyMap(np.arange(4, 16), np.full(12, -1.0))
    with pytest.raises(InputError, match="credible level"):
        SkyMap(np.arange(4, 16), np.full(12, 1 / (4 * np.pi))).credible_area(1.5)
    with pytest.warns(SkyExplorerWarning, match="add up to"):
        SkyMap(np.arange(4, 16), np.full(12, 1.0))
    raw = (data_dir / "gw/S200129m_bayestar.multiorder.fits").read_bytes()
    with pytest.raises(FormatError):
        SkyMap.read(raw[:5000])
    with pytest.raises(FormatError):
        SkyMap.read(gzip.compress(raw)[:3000])
    with pytest.raises(FormatError, match="empty"):
        SkyMap.read(b"")
    with pytest.raises(FormatError, match="Source_Name"):
        SkyMap.read(data_dir / "gamma/gll_psc_v16_3FGL.fit.gz")
    with pytest.raises(FormatError, match="cannot be read"):
        SkyMap.read(tmp_path / "missing.fits")


@pytest.mark.parametrize("order", ["RING", "NESTED", "NUNIQ"])
def test_a_galactic_map_is_turned_and_not_misread(tmp_path, order) -> None:
    """The same Gaussian made in either frame: the same place, the same areas."""
    at = SkyCoord(77.36 * u.deg, 5.69 * u.deg)
    ipix = np.arange(12 * 64**2)
    lon, lat = healpix.centers(6, ipix)
    there = SkyCoord(lon * u.deg, lat * u.deg, frame="galactic")
    p = np.exp(-0.5 * (there.separation(at).deg / 6) ** 2)
    p /= p.sum()
    here = np.exp(-0.5 * (SkyCoord(lon * u.deg, lat * u.deg).separation(at).deg / 6) ** 2)
    here /= here.sum()
    want = SkyMap(healpix.join_uniq(6, ipix), here / healpix.cell_area(6))
    path = tmp_path / "g.fits"
    if order == "NUNIQ":
        columns = [
            fits.Column("UNIQ", "K", array=healpix.join_uniq(6, ipix)),
            fits.Column("PROBDENSITY", "D", array=p / healpix.cell_area(6)),
        ]
        hdu = fits.BinTableHDU.from_columns(columns)
        hdu.header.update(ORDERING="NUNIQ", COORDSYS="G")
        hdu.writeto(path)
    else:
        values = p if order == "NESTED" else p[healpy.ring2nest(64, ipix)]
        healpy.write_map(path, values, nest=order == "NESTED", coord="G", column_names=["PROB"], dtype=float)
    found = SkyMap.read(path)
    assert found.mode.separation(at).deg < 1.3  # cells are 0.9 deg wide
    for q in (0.5, 0.9):
        assert found.credible_area(q).value == pytest.approx(want.credible_area(q).value, rel=0.01)
    assert found.area.to_value("deg2") == pytest.approx(41252.96, rel=1e-6)
    assert "galactic" in found.origin.note


def test_an_ecliptic_map_is_refused(tmp_path) -> None:
    healpy.write_map(
        tmp_path / "e.fits", np.full(3072, 1 / 3072), coord="E", column_names=["PROB"], dtype=float
    )
    with pytest.raises(FormatError, match="COORDSYS"):
        SkyMap.read(tmp_path / "e.fits")


@pytest.mark.parametrize("name", ["T", "TEMPERATURE", "PROB"])
@pytest.mark.parametrize("per", ["pixel", "sr"])
def test_values_without_a_telling_name_tell_by_their_sum(tmp_path, name, per) -> None:
    p = np.random.default_rng(0).exponential(size=3072)
    p /= p.sum()
    written = p / healpix.cell_area(4) if per == "sr" else p
    if name == "PROB" and per == "sr":
        return
    healpy.write_map(tmp_path / "t.fits", written, nest=True, column_names=[name], dtype=float)
    found = SkyMap.read(tmp_path / "t.fits")
    assert np.sum(found.density * found._area) == pytest.approx(1)
    healpy.write_map(tmp_path / "m.fits", p * 30, nest=True, column_names=["T"], dtype=float)
    with pytest.raises(FormatError, match="add up to"):
        SkyMap.read(tmp_path / "m.fits")


@pytest.mark.parametrize("ordering", ["RING", "NESTED"])
def test_a_part_of_the_sky(tmp_path, ordering) -> None:
    index = np.arange(100, 116)
    columns = [fits.Column("PIXEL", "K", array=index), fits.Column("PROB", "D", array=np.full(16, 1 / 16))]
    hdu = fits.BinTableHDU.from_columns(columns)
    hdu.header.update(PIXTYPE="HEALPIX", INDXSCHM="EXPLICIT", ORDERING=ordering, NSIDE=16, COORDSYS="C")
    hdu.writeto(tmp_path / "p.fits")
    found = SkyMap.read(tmp_path / "p.fits")
    assert found.area.to_value("deg2") == pytest.approx(16 * 41252.961249 / 3072, rel=1e-9)
    lon, lat = healpy.pix2ang(16, 107, nest=ordering == "NESTED", lonlat=True)
    assert found.probability_density(SkyCoord(lon * u.deg, lat * u.deg)).value > 0


def test_a_map_larger_than_maps_are_is_refused_by_what_it_declares() -> None:
    header = fits.BinTableHDU.from_columns([fits.Column("PROB", "D", array=np.zeros(12))]).header
    header["NAXIS2"] = 12 * 4**14
    header.update(ORDERING="NESTED", PIXTYPE="HEALPIX")
    raw = fits.PrimaryHDU().header.tostring() + header.tostring()
    with pytest.raises(FormatError, match="3221225472 pixels"):
        SkyMap.read(raw.encode() + bytes(2880))


@pytest.mark.parametrize(
    ("file", "a50", "a90"),
    [
        ("gw/GW170817_skymap.fits.gz", 5.00, 16.16),
        ("gw/S190425z_bayestar.fits.gz", 2805.71, 10182.63),
        ("gw/S190521g_bayestar.fits.gz", 280.84, 1162.79),
        ("gw/GW150914_bayestar_gstlal_C01.fits.gz", 87.50, 398.10),
    ],
)
def test_regions_of_flat_maps_are_made_of_their_own_pixels(data_dir, file, a50, a90) -> None:
    """data/README.md to the last digit, though equal pixels are merged inside."""
    skymap = SkyMap.read(data_dir / file)
    found = [skymap.credible_region(q).area.value for q in (0.5, 0.9)]
    assert found == pytest.approx([a50, a90], abs=0.0051)
    assert skymap.area.value == pytest.approx(sphere.SKY_DEG2)


def test_level_of_the_host_of_gw170817(data_dir) -> None:
    """data/README.md: 0.3826, counted in pixels."""
    skymap = SkyMap.read(data_dir / "gw/GW170817_skymap.fits.gz")
    host = SkyCoord(197.4504 * u.deg, -23.3815 * u.deg)
    assert skymap.credible_level(host) == pytest.approx(0.3826, abs=5e-5)
    assert skymap.credible_region(0.3827).contains(host)
    assert not skymap.credible_region(0.3820).contains(host)
    pixel = 4 * np.pi / (12 * 1024**2)
    assert skymap.probability_density(host).value * pixel == pytest.approx(2.8465e-4, rel=1e-4)


def test_merged_pixels_are_counted_as_in_the_flat_map(tmp_path) -> None:
    """Level, area and region at every pixel centre are those of a stable sort of the pixels."""
    order, nside = 3, 8
    p = np.random.default_rng(5).integers(1, 4, 12 * 4 ** (order - 1)).repeat(4).astype(float)
    p /= p.sum()
    healpy.write_map(tmp_path / "a.fits", p, nest=True, column_names=["PROB"], dtype=np.float64, coord="C")
    skymap = SkyMap.read(tmp_path / "a.fits")
    assert len(skymap.uniq) < len(p)
    rank = np.argsort(-p, kind="stable")
    level = np.empty(len(p))
    level[rank] = np.cumsum(p[rank])
    lon, lat = healpix.centers(order, np.arange(len(p)))
    here = SkyCoord(lon * u.deg, lat * u.deg)
    assert skymap.credible_level(here) == pytest.approx(level, abs=1e-12)
    searched = np.empty(len(p))
    searched[rank] = np.arange(1, len(p) + 1) * healpy.nside2pixarea(nside, degrees=True)
    assert skymap.searched_area(here).value == pytest.approx(searched, rel=1e-9)
    for q in (0.123, 0.5, 0.777):
        assert (skymap.credible_region(q).contains(here) == (level - p < q)).all()


def test_m1_ranked_by_density(m1) -> None:
    """SCIENCE.md G4 and G6: probability in the best 20 and 100 deg²."""
    assert m1.credible_area(0.9).value != pytest.approx(83.9165, abs=1)
    assert m1.credible_area(0.705240).value == pytest.approx(20, abs=2e-3)
    assert m1.credible_area(0.980686).value == pytest.approx(100, abs=2e-2)


def test_wrong_columns_are_refused() -> None:
    sphere12 = np.arange(4, 16), np.full(12, 1 / (4 * np.pi))
    with pytest.raises(InputError, match="Distances"):
        SkyMap(*sphere12, np.ones(11), np.ones(12), np.ones(12))
    with pytest.raises(InputError, match="Distances"):
        SkyMap(*sphere12, np.ones(12))
    with pytest.raises(InputError, match="UNIQ"):
        SkyMap([3], [1.0])
    with pytest.raises(ValueError, match="read-only"):
        SkyMap(*sphere12).density[0] = 2.0


@pytest.mark.parametrize("center", [(0.0, 90.0), (17.0, -90.0), (0.0, 3.0), (45.0, 41.81)])
@pytest.mark.parametrize("kappa", [2.0, 60.0])
def test_contours_anywhere_enclose_the_area(center, kappa) -> None:
    skymap = _von_mises_fisher(5, kappa, *center)
    (line,) = skymap.contours(0.9)
    apart = sphere.separation(*center, line[:, 0], line[:, 1])
    cap = 2 * np.pi * (1 - np.cos(np.radians(apart))).mean() * sphere.DEG2_PER_SR
    assert cap == pytest.approx(skymap.credible_area(0.9).value, rel=0.03)
    assert np.ptp(apart) < 0.1 * apart.mean() + 1
