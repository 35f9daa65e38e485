"""Errors as one sigma, choices of rows, histories: what a catalogue makes of its columns."""

from __future__ import annotations

import io

import numpy as np
import pytest
from astropy import units as u
from astropy.table import Table

from skyexplorer import SourceCatalog
from skyexplorer.errors import ColumnError, InputError
from skyexplorer.model.catalog import Source


@pytest.fixture
def small():
    table = Table({"name": ["a", "b", "c"], "ra": [1.0, 2.0, 3.0], "dec": [3.0, np.nan, -5.0]})
    table["s"] = [10, 20, 30] * u.arcsec
    return SourceCatalog(table, error="s")


def test_ellipses_of_3fgl_become_one_sigma(data_dir):
    catalog = SourceCatalog.read(data_dir / "gamma/gll_psc_v16_3FGL.fit.gz")
    i = catalog.names.index("3FGL J0509.4+0541")
    a, b, pa = (axis[i].to_value("deg") for axis in catalog.error_ellipse)
    assert (a, b, pa) == pytest.approx((0.0162, 0.0158, 76.04), abs=1e-4)  # SCIENCE.md E6
    assert catalog.error_containment == 0.95
    assert catalog.error[i].to_value("deg") == pytest.approx(np.sqrt(a * b) / 2.447747, rel=1e-6)
    assert catalog[i].row["CLASS1"] == "bll"
    assert catalog[i].other_names == ["TXS 0506+056"]


def test_radii_become_one_sigma(data_dir):
    two = SourceCatalog.read(data_dir / "gamma/gll_psch_v08_2FHL.fit.gz")
    assert two.error[0].to_value("deg") == pytest.approx(two.table["Pos_err_68"][0] / 1.509592, rel=1e-6)
    hgps = SourceCatalog.read(data_dir / "vhe/hgps_catalog_v1.fits.gz")
    assert hgps.error[0].to_value("deg") == pytest.approx(hgps.table["Pos_Err_95"][0] / 2.447747, rel=1e-6)
    assert hgps.extension[0].to_value("deg") == pytest.approx(hgps.table["Size"][0])


@pytest.mark.parametrize("file", ["gll_psc_v18_4FGL_early.fit", "4FGL_DR2_gll_psc_v23_from_rdata.csv.gz"])
def test_rows_without_axes_have_no_ellipse(data_dir, file):
    catalog = SourceCatalog.read(data_dir / "gamma" / file)
    assert np.isnan(catalog.error).sum() == 76
    assert all(np.isnan(axis).sum() == 76 for axis in catalog.error_ellipse)


def test_a_release_without_a_history_has_no_light_curve(data_dir):
    assert SourceCatalog.read(data_dir / "gamma/gll_psc_v18_4FGL_early.fit").light_curve(0) is None


def test_limits_of_a_history(data_dir):
    catalog = SourceCatalog.read(data_dir / "gamma/gll_psc_v16_3FGL.fit.gz")
    curve = catalog.light_curve(0)
    limit = curve.upper_limit
    assert limit.sum() == 25
    flux = np.asarray(catalog.table["Flux_History"][0])
    upper = np.asarray(catalog.table["Unc_Flux_History"][0])[:, 1]
    assert curve.value.value[limit] == pytest.approx((flux + 2 * upper)[limit])
    assert curve.value.value[~limit] == pytest.approx(flux[~limit])


def test_a_named_error_is_one_sigma(small):
    assert small.error.to_value("arcsec") == pytest.approx([10, 20, 30])
    assert small.error_containment == pytest.approx(0.39346934)


def test_take(small):
    chosen = small.take([2, 0])
    assert chosen.names == ["c", "a"]
    assert chosen.error.to_value("arcsec") == pytest.approx([30, 10])
    assert small.take(np.array([False, True, False])).no_position.all()
    assert len(small.take([])) == 0
    ranked = small.with_columns(rank=[1, 2, 3])
    assert ranked.table["rank"][2] == 3
    assert "rank" not in small.table.colnames
    assert ranked.computed_columns == ("rank",)
    assert ranked.telling_columns == small.telling_columns
    more = ranked.with_columns(pairs=np.ones((3, 2)), rank=[3, 2, 1], far=[1.0, 2.0, 3.0])
    assert more.computed_columns == ("rank", "far"), "each once, and none of lists"
    assert more.take([0]).computed_columns == ("rank", "far")


def test_rows_outside(small):
    with pytest.raises(IndexError):
        small[3]
    with pytest.raises(InputError):
        Source(small, 3)


def test_the_callers_table_stays_as_it_is():
    table = Table({"RAJ2000": [1.0], "DEJ2000": [2.0], "Dist": [40.0], "Bmag": [12.0]})
    assert SourceCatalog(table).table["Dist"].unit == u.Mpc
    assert table["Dist"].unit is None


def test_a_binary_file_and_named_columns():
    raw = b"id,lon_x,lat_x\na,10,20\n"
    with pytest.raises(ColumnError, match="id, lon_x, lat_x"):
        SourceCatalog.read(raw)
    assert SourceCatalog.read(io.BytesIO(raw), ra="lon_x", dec="lat_x").coords[0].ra.deg == 10
