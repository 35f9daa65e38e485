"""Regions in files: MOCs in every form, DS9, STC-S, and the footprints of cameras."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from hypothesis import given, settings
from hypothesis import strategies as st

from skyexplorer import SkyRegion
from skyexplorer.errors import FormatError, InputError, SkyExplorerError
from skyexplorer.io import moc as mocs
from skyexplorer.io import regions_text
from skyexplorer.model.footprint import Footprint

SKY = 41252.961249419


@pytest.mark.parametrize(
    ("file", "fraction"),
    [
        ("moc/CDS-I-125A-catalog_MOC.fits", 0.016234),
        ("moc/P-GALEXGR6-AIS-FUV.fits", 0.682103),
        # data/README.md gives order 13; the cells of the file go to order 10, and the fraction is the same.
        ("moc/P-SDSS9-r.fits", 0.362438),
        ("moc/SMOC.fits", 0.0040690104),
        ("moc/smoc.ascii.txt", 0.0040690104),
        ("astroquery/mocserver_moc.fits", 0.000176946),
        ("moc/STMOC.fits", (3 / 768 + 1 / 3072)),
    ],
)
def test_real_mocs(data_dir, file, fraction, tmp_path):
    region = SkyRegion.read(data_dir / "vo" / file)
    assert region.area.to_value("deg2") / SKY == pytest.approx(fraction, abs=5e-7)
    assert region.origin.checksum.startswith("sha256:")
    for name in ("a.fits", "a.json", "a.txt"):
        back = SkyRegion.read(region.write(tmp_path / name))
        assert back.to_moc() == region.to_moc()


def test_the_same_moc_in_two_forms(data_dir):
    one, other = (SkyRegion.read(data_dir / "vo/moc" / name) for name in ("SMOC.fits", "smoc.ascii.txt"))
    assert one.to_moc() == other.to_moc()


def test_mocs_of_time(data_dir):
    with pytest.raises(FormatError, match="of time, 2002-04-01 to 2017-02-27"):
        SkyRegion.read(data_dir / "vo/moc/TMOC_HST_SDSSg.fits")
    assert "space and time" in SkyRegion.read(data_dir / "vo/moc/STMOC.fits").origin.note


def test_other_tools_read_our_mocs(tmp_path):
    from mocpy import MOC

    region = SkyRegion.circle(SkyCoord(10 * u.deg, 80 * u.deg), 5 * u.deg)
    assert MOC.from_fits(region.write(tmp_path / "a.fits", max_depth=8)) == region.to_moc(8)
    assert MOC.from_string(region.write(tmp_path / "a.txt", max_depth=8).read_text()) == region.to_moc(8)
    assert MOC.load(region.write(tmp_path / "a.json", max_depth=8), format="json") == region.to_moc(8)


@pytest.mark.parametrize(
    "text",
    ["3/768", "30/1", "3/5-2", '{"3": [-1]}', '{"3": [1.5]}', '{"40": [1]}', "3/", "1/2 x", '{"29": [99999999999999999999]}',
     "5/0-99999999999999999"],
)  # fmt: skip
def test_mocs_that_cannot_be(text):
    with pytest.raises(FormatError):
        SkyRegion.read(text.encode())


def test_footprints_of_cameras(data_dir):
    decam = Footprint.read(data_dir / "vo/footprints/DECam_Region.reg")
    ztf = Footprint.read(data_dir / "vo/footprints/ZTF_Region.reg")
    assert len(ztf) == 64
    area = decam.at(SkyCoord(0 * u.deg, 0 * u.deg)).area.to_value("deg2")
    for ra, dec, turned in ((0, 0, 0), (120, -30, 0), (10, 89.9, 77), (359.9, -90, 200), (180, 45, 90)):
        center = SkyCoord(ra * u.deg, dec * u.deg)
        there = decam.at(center, turned * u.deg)
        assert bool(there.contains(center))
        assert there.area.to_value("deg2") == pytest.approx(area, rel=0.02)
    # 64 quadrants, each of 3080 by 3072 pixels of 1.01 arcsec: 47.7 deg², without the gaps between them
    there = ztf.at(SkyCoord(200 * u.deg, 60 * u.deg))
    assert there.area.to_value("deg2") == pytest.approx(
        64 * (3080 * 1.01 / 3600) * (3072 * 1.01 / 3600), rel=0.03
    )
    assert not bool(there.contains(SkyCoord(200 * u.deg, 60 * u.deg)))  # the gap in the middle
    assert sum(len(line) > 3 for line in there.outline()) == 64


def test_a_footprint_keeps_its_shape(data_dir):
    """Angles between corners do not change, wherever it is placed and however turned."""
    ztf = Footprint.read(data_dir / "vo/footprints/ZTF_Region.reg")
    there = ztf.at(SkyCoord(33 * u.deg, 88 * u.deg), 30 * u.deg).outline(4)
    for polygon, line in zip(ztf.polygons, there, strict=True):
        placed = SkyCoord(line[:-1, 0] * u.deg, line[:-1, 1] * u.deg).cartesian.xyz.value.T[
            :: (len(line) - 1) // len(polygon)
        ]
        assert placed @ placed.T == pytest.approx(polygon @ polygon.T, abs=1e-12)


def test_rotation_is_east_of_north():
    camera = Footprint.read(
        b"# Region file format: DS9\nicrs\npolygon(0.1,0.9,0.1,1.1,359.9,1.1,359.9,0.9)\n"
    )
    center = SkyCoord(80 * u.deg, 40 * u.deg)
    for turned in (0, 60, 250):
        place = camera.at(center, turned * u.deg).center
        assert (center.position_angle(place).deg - turned + 180) % 360 == pytest.approx(180, abs=1e-6)
        assert center.separation(place).deg == pytest.approx(1, abs=1e-3)


def test_a_file_of_regions_elsewhere_is_no_footprint():
    with pytest.raises(FormatError, match="around"):
        Footprint.read(b"# Region file format: DS9\nicrs\ncircle(120,30,1)\n")


@pytest.mark.parametrize(
    ("text", "area", "inside", "outside"),
    [
        ("CIRCLE ICRS 10 20 0.5", np.pi / 4, (10.3, 20.3), (10.6, 20)),
        ("Circle 10 20 0.5", np.pi / 4, (10.3, 20.3), (10.6, 20)),
        ("POLYGON ICRS 10 20 12 20 12 22 10 22", 4 * np.cos(np.radians(21)), (11, 21), (13, 21)),
        ("Polygon J2000 UNKNOWNREFPOS SPHERICAL2 350 0 352 0 352 2 350 2", 4, (351, 1), (353, 1)),
        ("Box ICRS 0 0 2 1", 2, (359.5, 0.3), (0, 0.6)),
        ("Union ICRS ( Circle 10 20 0.5 Circle 40 20 0.5 )", np.pi / 2, (40.2, 20), (25, 20)),
        ("CIRCLE GALACTIC 0 0 1", np.pi, (266.405, -28.936), (0, 0)),
        ("ELLIPSE ICRS 10 0 2 1 0", 2 * np.pi, (10, 1.9), (11.5, 0)),
    ],
)
def test_stcs(text, area, inside, outside):
    region = SkyRegion.read(text.encode())
    assert region.area.to_value("deg2") == pytest.approx(area, rel=0.02)
    assert bool(region.contains(SkyCoord(*inside, unit="deg")))
    assert not bool(region.contains(SkyCoord(*outside, unit="deg")))


@pytest.mark.parametrize(
    "text", ["CIRCLE ICRS 10 20", "CIRCLE ICRS 10 95 1", "POLYGON ICRS 1 2 3 4", "CIRCLE ICRS 1 2 -1"]
)
def test_stcs_that_cannot_be(text):
    with pytest.raises(FormatError):
        SkyRegion.read(text.encode())


CENTER = SkyCoord(77.43 * u.deg, 5.72 * u.deg)
REGIONS = {  # made when they are asked for: a MOC that lives to the end of the process complains there
    "circle": lambda: SkyRegion.circle(CENTER, 1 * u.deg),
    "ellipse": lambda: SkyRegion.ellipse(CENTER, 2 * u.deg, 1 * u.deg, 30 * u.deg),
    "box": lambda: SkyRegion.box(CENTER, (0.95, 0.65) * u.deg, (0.5, 0.3) * u.deg),
    "quarter": lambda: SkyRegion.quarter_ellipse(CENTER, (0.95, 0.65) * u.deg, (0.5, 0.3) * u.deg),
    "polygon": lambda: SkyRegion.polygon(SkyCoord([70, 80, 75] * u.deg, [0, 0, 8] * u.deg)),
    "moc": lambda: SkyRegion.from_moc(SkyRegion.circle(CENTER, 3 * u.deg).to_moc(8)),
}


@pytest.mark.parametrize("name", sorted(REGIONS))
@pytest.mark.parametrize("form", ["ds9", "stcs"])
def test_text_there_and_back(name, form, tmp_path):
    region = REGIONS[name]()
    back = SkyRegion.read(region.write(tmp_path / "r.out", format=form))
    assert back.area.to_value("deg2") == pytest.approx(region.area.to_value("deg2"), rel=0.02)
    dice = np.random.default_rng(0)
    points = SkyCoord((77.43 + dice.uniform(-4, 4, 500)) * u.deg, (5.72 + dice.uniform(-4, 4, 500)) * u.deg)
    assert (back.contains(points) == region.contains(points)).mean() > 0.97


def test_ds9_means_what_the_field_reads():
    """An ellipse of ours, read by the regions package and asked on a picture of the sky."""
    from astropy.wcs import WCS
    from regions import Regions

    region = REGIONS["ellipse"]()
    (theirs,) = Regions.parse(region.to_ds9(), format="ds9")
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval = ["RA---TAN", "DEC--TAN"], [CENTER.ra.deg, CENTER.dec.deg]
    wcs.wcs.cdelt, wcs.wcs.crpix = [-0.01, 0.01], [300, 300]
    x, y = np.meshgrid(np.arange(0, 600, 7), np.arange(0, 600, 7))
    at = wcs.pixel_to_world(x, y)
    mine, other = region.contains(at), theirs.contains(at, wcs)
    assert mine.sum() > 100
    assert (mine == other).mean() > 0.995


def test_ds9_in_other_frames():
    text = "# Region file format: DS9\ngalactic\nellipse(0,0,1,2,30)\n"
    region = SkyRegion.read(text.encode())
    center = SkyCoord(0 * u.deg, 0 * u.deg, frame="galactic")
    assert region.center.separation(center).deg < 1e-9
    tip = center.directional_offset_by(30 * u.deg, 1.9 * u.deg)
    assert bool(region.contains(tip))
    assert not bool(region.contains(center.directional_offset_by(120 * u.deg, 1.5 * u.deg)))


def test_pixel_regions_are_refused():
    with pytest.raises(FormatError, match="pixels"):
        SkyRegion.read(b"# Region file format: DS9\nimage\ncircle(100,100,20)\n")


def test_what_cannot_be_written(tmp_path):
    with pytest.raises(InputError, match="format"):
        REGIONS["circle"]().write(tmp_path / "a.docx")
    with pytest.raises(InputError, match="cannot be written"):
        REGIONS["circle"]().write(tmp_path / "none" / "a.fits")


def test_only_shapes_with_a_centre_have_a_normalised_radius():
    with pytest.raises(InputError, match="no normalised radius"):
        REGIONS["polygon"]().normalised_radius(CENTER)


cells = st.lists(
    st.integers(0, 9).flatmap(lambda k: st.tuples(st.just(k), st.integers(0, 12 * 4**k - 1))),
    min_size=1,
    max_size=40,
)


@given(cells)
def test_mocs_there_and_back(chosen):
    moc = mocs._cells([(k, np.array([i])) for k, i in chosen])
    for text in (mocs.ascii_of(moc).encode(), mocs.json_of(moc).encode(), mocs.fits_of(moc)):
        assert mocs.read(text)[0] == moc


@settings(max_examples=60)
@given(
    ra=st.floats(0, 359.99),
    dec=st.floats(-90, 90),
    radius=st.floats(0.5, 80),
    turned=st.floats(0, 360),
    tilt=st.floats(0, 180),
)
def test_a_polygon_turned_with_its_points_holds_the_same(ra, dec, radius, turned, tilt):
    from skyexplorer.core import regions, sphere

    dice = np.random.default_rng(int(radius * 1000))
    angles = np.sort(dice.uniform(0, 360, 7))
    lon, lat = sphere.offset(ra, dec, angles, radius * dice.uniform(0.5, 1, 7))
    points = sphere.offset(ra, dec, dice.uniform(0, 360, 200), radius * 1.2 * dice.uniform(0, 1, 200))
    before = SkyRegion.polygon(SkyCoord(lon * u.deg, lat * u.deg))
    turn = regions.placement(turned, tilt - 90, turned)
    lon2, lat2 = regions.lonlat(sphere.unit_vectors(lon, lat) @ turn.T)
    points2 = regions.lonlat(sphere.unit_vectors(*points) @ turn.T)
    after = SkyRegion.polygon(SkyCoord(lon2 * u.deg, lat2 * u.deg))
    one = before.contains(SkyCoord(points[0] * u.deg, points[1] * u.deg))
    other = after.contains(SkyCoord(points2[0] * u.deg, points2[1] * u.deg))
    assert (one == other).mean() >= 0.99
    assert after.area.value == pytest.approx(before.area.value, rel=1e-6)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_region_or_our_error(raw):
    for start in (b"", b"3/", b"CIRCLE ", b"# Region file format: DS9\nicrs\ncircle(", b'{"3": ['):
        with contextlib.suppress(SkyExplorerError):
            SkyRegion.read(start + raw)


def test_kinds_are_told_by_content(data_dir):
    assert regions_text.is_ds9((data_dir / "vo/footprints/ZTF_Region.reg").read_bytes())
    assert not regions_text.is_stcs(b"name,ra,dec\ncircle,1,2\n")
    assert not regions_text.is_stcs(b"circle,ra,dec\n1,2,3\n")
    assert mocs.recognises_ascii(b"3/3 10 4/16-18 22")
    assert not mocs.recognises_ascii(b"3/3/2020,1,2\nname")


def test_a_union_keeps_the_hole_of_one_part_out_of_the_others() -> None:
    ring = SkyRegion.read(b"icrs\ncircle(10,20,1)\n-circle(10,20,0.5)\n")
    both = SkyRegion.union([ring, SkyRegion.circle(SkyCoord(10 * u.deg, 20 * u.deg), 0.3 * u.deg)])
    again = SkyRegion.read(both.to_ds9().encode())
    at = SkyCoord([10.0] * 4 * u.deg, [20.0, 20.2, 20.4, 20.8] * u.deg)
    assert again.contains(at).tolist() == both.contains(at).tolist() == [True, True, False, True]
    assert not any(shape.exact for shape in both._as_shapes())
