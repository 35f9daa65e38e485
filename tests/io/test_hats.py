"""HATS folders: found, told apart from others, and their cells hold what lies in them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from skyexplorer import CatalogIndex, SkyExplorer, SkyRegion, SourceCatalog, crossmatch
from skyexplorer.core import healpix, sphere
from skyexplorer.errors import FormatError
from skyexplorer.io import hats
from skyexplorer.model import opening
from skyexplorer.model.parted import PartedCatalog

PROPERTIES = """#HATS catalog
obs_collection=stars
dataproduct_type={kind}
hats_nrows={rows}
hats_col_ra=alpha
hats_col_dec=delta
"""


def sky(count, seed=1):
    dice = np.random.default_rng(seed)
    return dice.uniform(0, 360, count), np.degrees(np.arcsin(dice.uniform(-1, 1, count)))


def written(folder, ra, dec, kind="object", rows=None, leaves=False):
    """A catalogue whose cells are of order 1, but of order 2 in the northern cap; as the standard lays it out."""
    coarse, fine = healpix.nested(ra, dec, 1), healpix.nested(ra, dec, 2)
    order = np.where(coarse < 16, 2, 1)
    pixel = np.where(coarse < 16, fine, coarse)
    number = np.arange(len(ra))
    for k, p in sorted(set(zip(order.tolist(), pixel.tolist(), strict=True))):
        here = (order == k) & (pixel == p)
        table = pa.table({"number": number[here], "alpha": ra[here], "delta": dec[here]})
        place = folder / "dataset" / f"Norder={k}" / "Dir=0"
        if leaves:
            (place / f"Npix={p}").mkdir(parents=True)
            half = len(table) // 2
            parquet.write_table(table[:half], place / f"Npix={p}" / "part0.parquet")
            parquet.write_table(table[half:], place / f"Npix={p}" / "part1.parquet")
            (place / f"Npix={p}" / "_metadata").write_bytes(b"none of ours")
        else:
            place.mkdir(parents=True, exist_ok=True)
            parquet.write_table(table, place / f"Npix={p}.parquet")
    text = PROPERTIES.format(kind=kind, rows=len(ra) if rows is None else rows)
    (folder / "hats.properties").write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def stars(tmp_path_factory):
    ra, dec = sky(5000)
    return written(tmp_path_factory.mktemp("hats") / "stars", ra, dec), ra, dec


@pytest.mark.parametrize("leaves", [False, True])
def test_rows_come_in_the_order_of_their_cells(tmp_path, leaves):
    ra, dec = sky(3000, 2)
    found = hats.open(written(tmp_path / "s", ra, dec, leaves=leaves))
    assert (found.name, found.ra, found.dec, found.rows) == ("stars", "alpha", "delta", 3000)
    begins = found.pixel << 2 * (29 - found.order)
    assert (np.diff(begins) >= 0).all()
    assert set(found.order.tolist()) == {1, 2}
    whole = PartedCatalog.open(tmp_path / "s").read()
    assert sorted(whole.table["number"].tolist()) == list(range(3000))
    curve = healpix.nested(np.asarray(whole.table["alpha"]), np.asarray(whole.table["delta"]), 1)
    assert (np.diff(curve) >= 0).all()


def test_only_cells_that_reach_into_a_region_are_read(stars, monkeypatch):
    folder, ra, dec = stars
    catalog = PartedCatalog.open(folder)
    region = SkyRegion.circle(SkyCoord(40 * u.deg, 30 * u.deg), 3 * u.deg)
    read = []
    from skyexplorer.io import parquet as ours

    given_stream = ours.stream
    monkeypatch.setattr(
        ours,
        "stream",
        lambda pieces, columns, wanted, most: (
            read.append(len(wanted)) or given_stream(pieces, columns, wanted, most)
        ),
    )
    inside = catalog.inside(region)
    assert (
        sorted(inside.table["number"].tolist())
        == np.flatnonzero(sphere.separation(40.0, 30.0, ra, dec) <= 3).tolist()
    )
    assert max(read) <= 12
    assert len(catalog._pieces.rows) > 60


def test_a_collection_leads_to_its_catalogue(stars, tmp_path):
    ra, dec = sky(100, 3)
    written(tmp_path / "all" / "stars", ra, dec)
    (tmp_path / "all" / "collection.properties").write_text(
        "hats_primary_table_url=stars\nall_margins=m\n", "utf-8"
    )
    assert hats.is_hats(tmp_path / "all")
    assert len(PartedCatalog.open(tmp_path / "all")) == 100
    (tmp_path / "all" / "collection.properties").write_text("hats_primary_table_url=planets\n", "utf-8")
    with pytest.raises(FormatError, match="no catalogue 'planets'"):
        PartedCatalog.open(tmp_path / "all")
    assert not hats.is_hats(tmp_path)


def test_what_is_no_catalogue_or_not_whole_is_refused(tmp_path):
    ra, dec = sky(300, 4)
    with pytest.raises(FormatError, match="of kind 'margin'"):
        hats.open(written(tmp_path / "margin", ra, dec, kind="margin"))
    with pytest.raises(FormatError, match="300 rows, and its properties say 301"):
        PartedCatalog.open(written(tmp_path / "short", ra, dec, rows=301))
    (tmp_path / "empty" / "dataset").mkdir(parents=True)
    (tmp_path / "empty" / "properties").write_text("dataproduct_type=object\n", "utf-8")
    with pytest.raises(FormatError, match="no files"):
        hats.open(tmp_path / "empty")
    with pytest.raises(FormatError, match=r"no hats\.properties"):
        hats.open(tmp_path)


def test_the_facts_of_all_files_spare_those_of_each(stars, monkeypatch):
    """Where ``_metadata`` is there and whole, no file is opened to count its rows; else each is."""
    folder, *_ = stars
    expected = PartedCatalog.open(folder)._pieces
    known = hats.open(folder)
    root = folder / "dataset"
    facts = []
    for path in known.paths:
        one = parquet.read_metadata(path)
        one.set_file_path(path.removeprefix(f"{root}/"))
        facts.append(one)
    for one in facts[1:]:
        facts[0].append_row_groups(one)
    facts[0].write_metadata_file(root / "_metadata")
    with monkeypatch.context() as patch:
        asked = []
        given_read = parquet.read_metadata
        patch.setattr(parquet, "read_metadata", lambda path: asked.append(str(path)) or given_read(path))
        found = PartedCatalog.open(folder)._pieces
        assert asked == [str(root / "_metadata")]
    for name in ("file", "group", "first", "rows", "size", "ra", "dec", "radius"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    (root / "_metadata").unlink()


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 12), st.integers(0, 10**9))
def test_no_corner_is_farther_than_the_widest(order, seed):
    """Also against healpy's own bound."""
    import healpy

    pixel = np.random.default_rng(seed).integers(0, 12 * 4**order, 20)
    nside = 1 << order
    most = float(hats.widest(np.array(order)))
    assert most == pytest.approx(np.degrees(healpy.max_pixrad(nside)), rel=1e-6)
    for each in pixel:
        corners = healpy.vec2ang(healpy.boundaries(nside, int(each), step=8, nest=True).T, lonlat=True)
        center = healpix.centers(order, [each])
        assert (sphere.separation(*center, *corners) <= most).all()


def test_a_folder_is_a_catalogue_wherever_one_is_wanted(stars):
    """Read, opened, shown, matched, indexed."""
    folder, ra, dec = stars
    one = SourceCatalog.read(folder)
    assert (one.name, len(one), one.origin.location) == ("stars", 5000, str(folder))
    assert one.coords.ra.deg == pytest.approx(ra[one.table["number"]])
    assert len(opening.read(folder)) == 5000
    sky = SkyExplorer(samples=False)
    shown = sky.open(str(folder))
    assert len(shown) == 5000
    assert len(sky.layers) == 1
    parted = PartedCatalog.open(folder)
    places = SkyCoord(ra * u.deg, dec * u.deg)
    for side in (one, parted):
        found = crossmatch(places, side, 1 * u.arcsec)
        assert one.table["number"][found["right"]].tolist() == list(range(5000))
    circle = SkyRegion.circle(places[0], 20 * u.deg)
    assert len(crossmatch([circle], one)) == len(parted.inside(circle)) == circle.contains(places).sum()
    inside = crossmatch([circle, circle], parted)
    one_by_one = crossmatch([circle, circle], one)
    assert inside["right"].tolist() == one_by_one["right"].tolist()
    assert inside["position_angle"].tolist() == one_by_one["position_angle"].tolist()
    assert crossmatch(parted, [circle])["left"].tolist() == crossmatch(one, [circle])["left"].tolist()
    for index in (CatalogIndex(parted), CatalogIndex.build(folder.parent / "index", parted)):
        assert index.match(places, 1 * u.arcsec)["right"].tolist() == found["right"].tolist()
