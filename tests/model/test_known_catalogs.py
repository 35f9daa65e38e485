"""Every published catalogue at hand, known by its columns, with the facts of data/README.md and SCIENCE.md 3."""

from __future__ import annotations

import io

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import Table

from skyexplorer import SourceCatalog

FILES = [  # file, kind, title, rows
    ("gamma/2PC_catalog_v04.fits.gz", "2pc", "Fermi LAT 2PC", 117),
    ("gamma/3PC_Catalog+SEDs_20230803.fits.gz", "3pc", "Fermi LAT 3PC", 294),
    ("gamma/4FGL_DR2_gll_psc_v23_from_rdata.csv.gz", "4fgl-dr2", "Fermi LAT 4FGL-DR2", 5788),
    ("gamma/GBM_GRBs_with_redshift.csv", "gbm", "Fermi GBM bursts", 127),
    ("gamma/LAT_extended_sources_16years.fits.gz", "fermi-extended", "Fermi LAT extended sources", 83),
    ("gamma/gll_psc_v16_3FGL.fit.gz", "3fgl", "Fermi LAT 3FGL", 3034),
    ("gamma/gll_psc_v18_4FGL_early.fit", "4fgl", "Fermi LAT 4FGL", 5099),
    ("gamma/gll_psch_v08_2FHL.fit.gz", "2fhl", "Fermi LAT 2FHL", 360),
    ("gamma/gll_psch_v13_3FHL.fit.gz", "3fhl", "Fermi LAT 3FHL", 1556),
    ("gamma/table_4LAC_h.fits", "4lac", "Fermi LAT 4LAC", 2863),
    ("gamma/table_4LAC_l.fits", "4lac", "Fermi LAT 4LAC", 344),
    ("vhe/1LHAASO_catalog.fits", "1lhaaso", "1LHAASO", 90),
    ("vhe/2HWC.ecsv", "hwc", "2HWC", 40),
    ("vhe/3HWC.ecsv", "hwc", "3HWC", 65),
    ("vhe/gammacat.fits.gz", "gamma-cat", "gamma-cat", 162),
    ("vhe/hgps_catalog_v1.fits.gz", "hgps", "H.E.S.S. Galactic Plane Survey", 78),
    ("sky/50MGC_catalog_short.fits", "50mgc", "50 Mpc Galaxy Catalog", 15424),
    ("sky/5BZCAT.csv", "bzcat", "Roma-BZCAT", 3561),
    ("sky/Hipparcos_MAG8_1997.dat", "hipparcos", "Hipparcos", 41057),
    ("sky/chimefrbcat1.csv", "chime-frb", "CHIME/FRB catalogue 1", 600),
    ("sky/glade_GW190814_2000.csv", "glade-ranked", "GLADE galaxies", 2000),
    ("sky/d3-celestial/stars.6.json", "bright-stars", "Bright stars", 5044),
    ("sky/d3-celestial/messier.json", "deep-sky", "Deep-sky objects", 110),
    ("sky/d3-celestial/dsos.bright.json", "deep-sky", "Deep-sky objects", 32),
    ("neutrino/IceCube_Gold_Bronze_Tracks.csv", "icecat", "ICECAT alerts", 364),
    ("neutrino/IceCube_cascade.csv", "icecat", "ICECAT alerts", 26),
    ("neutrino/ic86_1/upgoing_events.txt", "icecube-events", "IceCube events", 69227),
    ("neutrino/ic86_1/downgoing_events.txt", "icecube-events", "IceCube events", 69095),
    ("neutrino/txs0506_056/events_IC79.txt", "icecube-events", "IceCube events", 97),
    ("neutrino/txs0506_056/events_IC86a.txt", "icecube-events", "IceCube events", 109),
    ("neutrino/txs0506_056/events_IC86b.txt", "icecube-events", "IceCube events", 320),
    ("neutrino/txs0506_056/events_IC86c.txt", "icecube-events", "IceCube events", 591),
    ("neutrino/uhecr_auger_ta.h5", "uhecr", "Ultra-high-energy cosmic rays", 372),
    ("vo/astroquery/gaia_1710099405832VAL-result.vot", "gaia", "Gaia", 2),
    ("vo/astroquery/ned_query_near_position.xml", "table", None, 475),
    ("vo/astroquery/vizier_kang2010.xml", "table", None, 50),
    ("vo/pyvo/datalink_datalink-obscore.xml", "table", None, 3),
    ("vo/pyvo/mivot_simbad-cone-mivot.xml", "table", None, 1),
    ("vo/pyvo/scs_result.xml", "table", None, 1273),
    ("vo/pyvo/sia_dataset.xml", "table", None, 2),
    ("vo/pyvo/tap_obscore-image.xml", "table", None, 10),
]  # fmt: skip


@pytest.mark.parametrize(("file", "kind", "title", "rows"), FILES, ids=[f[0] for f in FILES])
def test_it_is_known(data_dir, file, kind, title, rows):
    catalog = SourceCatalog.read(data_dir / file)
    assert (catalog.kind, catalog.name, len(catalog)) == (kind, title or file.rsplit("/", 1)[-1], rows)
    assert len(catalog.coords) == rows
    assert len(catalog.names) == rows
    assert all(catalog.names)


@pytest.mark.parametrize(
    ("file", "name", "ra", "dec", "arcsec"),
    [
        ("gamma/gll_psc_v18_4FGL_early.fit", "4FGL J0509.4+0542", 77.3593, 5.7014, 1),
        ("vhe/2HWC.ecsv", "2HWC J0534+220", 83.628, 22.024, 2),
        ("vhe/gammacat.fits.gz", "Crab nebula", 83.633, 22.0145, 2),
        ("sky/5BZCAT.csv", "5BZBJ0509+0541", 77.3582, 5.6931, 2),
        ("sky/50MGC_catalog_short.fits", "NGC4993", 197.44875, -23.38394, 0.1),
        ("sky/Hipparcos_MAG8_1997.dat", "HIP 32349", 101.287, -16.716, 30),  # Sirius
        ("sky/d3-celestial/messier.json", "M1", 83.625, 22.0167, 0.1),
        ("sky/d3-celestial/stars.6.json", "HIP 88", 0.2691, -48.8099, 0.1),
        ("sky/glade_GW190814_2000.csv", "ESO474-026", 11.781363, -24.370647, 0.1),
        ("neutrino/IceCube_Gold_Bronze_Tracks.csv", "IC170922A", 77.43, 5.79, 0.1),
        ("gamma/3PC_Catalog+SEDs_20230803.fits.gz", "J0534+2200", 83.6331, 22.0145, 2),  # the Crab pulsar
    ],
)
def test_a_source_is_where_it_is(data_dir, file, name, ra, dec, arcsec):
    catalog = SourceCatalog.read(data_dir / file)
    source = catalog[catalog.names.index(name)]
    assert source.coord.separation(SkyCoord(ra, dec, unit="deg")).arcsec < arcsec


def test_the_text_and_the_degrees_of_3pc_agree(data_dir):
    catalog = SourceCatalog.read(data_dir / "gamma/3PC_Catalog+SEDs_20230803.fits.gz")
    text = SourceCatalog(catalog.table, ra="RAJ", dec="DECJ")
    there = ~(catalog.no_position | text.no_position)
    assert catalog.coords[there].separation(text.coords[there]).arcsec.max() < 1


def test_classes(data_dir):
    def count(file, column):
        cells, n = np.unique(
            np.char.lower(np.asarray(SourceCatalog.read(data_dir / file).table[column], str)),
            return_counts=True,
        )
        return dict(zip(cells.tolist(), n.tolist(), strict=True))

    early = count("gamma/gll_psc_v18_4FGL_early.fit", "CLASS")
    assert [early[k] for k in ("fsrq", "bll", "bcu", "psr")] == [681, 1102, 1155, 241]
    dr2 = count("gamma/4FGL_DR2_gll_psc_v23_from_rdata.csv.gz", "CLASS1")
    assert [dr2[k] for k in ("bcu", "bll", "fsrq", "psr")] == [1517, 1190, 730, 259]
    hgps = count("vhe/hgps_catalog_v1.fits.gz", "Source_Class")
    assert [hgps[k] for k in ("unid", "pwn", "snr", "composite", "binary")] == [47, 12, 8, 8, 3]
    model = count("vhe/1LHAASO_catalog.fits", "Model_a")
    assert model == {"km2a": 47, "wcda": 33, "km2a*": 6, "wcda*": 4}, "leading blanks are gone"
    where = count("vhe/gammacat.fits.gz", "where")
    assert (where["gal"], where["egal"]) == (96, 65)


def test_rows_without_an_ellipse(data_dir):
    for file, missing in (
        ("gamma/gll_psc_v18_4FGL_early.fit", 76),
        ("gamma/4FGL_DR2_gll_psc_v23_from_rdata.csv.gz", 76),
        ("gamma/gll_psch_v13_3FHL.fit.gz", 48),
    ):
        catalog = SourceCatalog.read(data_dir / file)
        assert int(np.isnan(catalog.error_ellipse[0].value).sum()) == missing
    early = SourceCatalog.read(data_dir / "gamma/gll_psc_v18_4FGL_early.fit")
    crab = early.names.index("4FGL J0534.5+2201i")
    assert np.isnan(np.ma.filled(np.ma.asarray(early.table["Signif_Avg"]), np.nan)[crab])


def test_4lac_redshifts(data_dir):
    catalog = SourceCatalog.read(data_dir / "gamma/table_4LAC_h.fits")
    z = np.asarray(catalog.table["Redshift"])
    assert int(np.isfinite(z).sum()) == 1591
    assert not np.isinf(z).any()
    assert (np.nanmin(z), np.nanmax(z)) == (pytest.approx(1.7e-5, rel=0.02), pytest.approx(4.313))
    flag = next(flag for flag in catalog.flags if "Redshift" in flag.text)
    assert "Redshift (1272 rows)" in flag.text
    assert "Redshift" in catalog.origin.note


def test_lhaaso_keeps_both_models(data_dir):
    catalog = SourceCatalog.read(data_dir / "vhe/1LHAASO_catalog.fits")
    second = np.ma.filled(np.ma.asarray(catalog.table["RAJ2000_b"], float), np.nan)
    assert int(np.isfinite(second).sum()) == 54
    assert "limits" in catalog.origin.note
    assert "second one" in catalog.origin.note


def test_chime_limits_and_gaps(data_dir):
    catalog = SourceCatalog.read(data_dir / "sky/chimefrbcat1.csv")
    assert len(set(catalog.names)) == 536
    table = catalog.table
    limit = np.asarray(table["scat_time_limit"])
    assert set(limit) == {-1, 0}
    assert table["scat_time"].dtype.kind == "f"
    raw = (data_dir / "sky/chimefrbcat1.csv").read_text()
    assert int((limit == -1).sum()) + int((np.asarray(table["width_fitb_limit"]) == -1).sum()) == raw.count(
        ",<"
    )
    for name in table.colnames:
        if table[name].dtype.kind == "f":
            assert not (np.ma.filled(np.ma.asarray(table[name]), 0) == -9999).any()
    assert any("42 names in more than one row" in flag.text for flag in catalog.flags)


def test_glade_masks_and_names(data_dir):
    catalog = SourceCatalog.read(data_dir / "sky/glade_GW190814_2000.csv")
    assert not any(name.startswith("b'") for name in catalog.names)
    magk = catalog.table["magk"]
    assert int(np.ma.getmaskarray(np.ma.asarray(magk)).sum()) == int(
        (np.asarray(catalog.table["magk.mask"]) == "True").sum()
    )
    assert catalog.table["S"].sum() == pytest.approx(1, abs=1e-6)


def test_uhecr_groups(data_dir):
    path = data_dir / "neutrino/uhecr_auger_ta.h5"
    both = SourceCatalog.read(path)
    names, counts = np.unique(both.table["group"], return_counts=True)
    assert dict(zip(names.tolist(), counts.tolist(), strict=True)) == {
        "TA2015": 72,
        "auger2010": 69,
        "auger2014": 231,
    }
    auger = SourceCatalog.read(path, group="auger2014")
    assert len(auger) == 231
    energy = auger.table["energy"].quantity
    assert (energy.min().value, energy.max().value) == pytest.approx((52.0, 127.1))
    assert energy.unit == u.EeV
    ours = auger.coords.galactic
    theirs = SkyCoord(auger.table["glon"], auger.table["glat"], frame="galactic")
    assert ours.separation(theirs).deg.max() < 0.2, "their galactic coordinates agree, to the digits given"


def test_neutrino_errors_that_cannot_be(data_dir):
    south = SourceCatalog.read(data_dir / "neutrino/ic86_1/downgoing_events.txt")
    raw = np.asarray(south.table["ang_err"], float)
    assert raw.max() == 495.8
    sigma = south.error.to_value(u.deg)
    assert np.isnan(sigma[(raw == 0) | (raw > 180)]).all()
    assert sigma[5] == pytest.approx(1.8), "one sigma in one dimension, as published"
    assert {flag.value for flag in south.flags} == {"0", "495.8"}
    assert "495.8" in south.origin.note
    north = SourceCatalog.read(data_dir / "neutrino/ic86_1/upgoing_events.txt")
    assert float(np.max(north.table["RA"])) == 360.0
    assert north.coords.ra.deg.max() < 360
    txs = SourceCatalog.read(data_dir / "neutrino/txs0506_056/events_IC86b.txt")
    near = txs.coords.separation(SkyCoord(77.3581850, 5.6931481, unit="deg")).deg < 1
    assert int(near.sum()) == 50
    assert int((near & (np.abs(np.asarray(txs.table["MJD"]) - 57004) < 55)).sum()) == 6


def test_the_alerts_as_a_table(data_dir):
    catalog = SourceCatalog.read(data_dir / "neutrino/IceCube_Gold_Bronze_Tracks.csv")
    told = " ".join(flag.text for flag in catalog.flags)
    assert "151.51°" in told
    assert "IC231103A, IC240327A" in told


def test_an_answer_that_was_cut(data_dir):
    catalog = SourceCatalog.read(data_dir / "vo/pyvo/mivot_simbad-cone-mivot.xml")
    assert catalog.origin.overflow
    assert "OVERFLOW" in catalog.origin.note
    assert "Barnard" in catalog.names[0]


def test_gaia_beside_its_datalinks(data_dir):
    catalog = SourceCatalog.read(data_dir / "vo/astroquery/gaia_1710099405832VAL-result.vot")
    assert len(catalog.table.colnames) == 152
    assert catalog.table["parallax"].unit == u.mas


# Releases that are not at hand, by the columns of their documents


def fermi(**more):
    base = {
        "Source_Name": ["4FGL J0509.4+0542", "4FGL J0001.2-0747"],
        "RAJ2000": [77.36, 0.3],
        "DEJ2000": [5.7, -7.8],
        **{f"Conf_95_{part}": [0.01, 0.02] for part in ("SemiMajor", "SemiMinor", "PosAng")},
        "Signif_Avg": [100.0, 10.0],
    }
    out = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU(Table({**base, **more}))]).writeto(out)
    return SourceCatalog.read(out.getvalue())


@pytest.mark.parametrize(("release", "years"), [(2, 10), (3, 12), (4, 14)])
def test_fits_releases_of_4fgl(release, years):
    flux = np.arange(2.0 * years).reshape(2, years) * 1e-9
    errors = np.stack([-0.1 * flux - 1e-10, 0.1 * flux + 1e-10], axis=2)
    errors[0, 0, 0] = np.nan
    catalog = fermi(
        PLEC_Flux_Density=[1.0, 1.0], LP_SigCurv=[1.0, 1.0], DataRelease=[1, release],
        Flux_History=flux, Unc_Flux_History=errors,
    )  # fmt: skip
    assert (catalog.kind, catalog.name) == ("4fgl", f"Fermi LAT 4FGL-DR{release}")
    curve = catalog.light_curve(0)
    assert len(curve) == years
    assert list(curve.upper_limit) == [True] + [False] * (years - 1)
    assert curve.value.value[1:] == pytest.approx(flux[0, 1:])


def test_2fgl_and_fl8y():
    flux = np.ones((2, 24))
    names = {
        "0FGL_Name": ["", ""],
        "1FGL_Name": ["", ""],
        "Flux_History": flux,
        "Unc_Flux_History": np.ones((2, 24, 2)),
    }
    assert fermi(**names).kind == "2fgl"
    assert fermi(**names, **{"2FGL_Name": ["", ""]}).kind == "3fgl"
    listed = {
        "Source_Name": ["FL8Y J0509.4+0542", "FL8Y J0001.2-0747"],
        "PLEC_Flux_Density": [1.0, 1.0],
        "LP_SigCurv": [1.0, 1.0],
    }
    assert fermi(**listed).kind == "fl8y"
