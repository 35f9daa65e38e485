"""Catalogues, alerts and light curves of real files, against the facts of data/README.md."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.table import Table
from hypothesis import given
from hypothesis import strategies as st

from skyexplorer import Event, LightCurve, SkyMap, SourceCatalog
from skyexplorer.errors import ColumnError, FormatError
from skyexplorer.model import opening

CATALOGUES = [  # file, kind, rows, a name, its position
    ("gamma/gll_psc_v16_3FGL.fit.gz", "3fgl", 3034, "3FGL J0509.4+0541", (77.36, 5.69)),
    ("gamma/4FGL_DR2_gll_psc_v23_from_rdata.csv.gz", "4fgl-dr2", 5788, "4FGL J0509.4+0542", (77.36, 5.70)),
    ("gamma/gll_psc_v18_4FGL_early.fit", "4fgl", 5099, "4FGL J0509.4+0542", (77.3593, 5.7014)),
    ("gamma/gll_psch_v13_3FHL.fit.gz", "3fhl", 1556, None, None),
    ("gamma/gll_psch_v08_2FHL.fit.gz", "2fhl", 360, None, None),
    ("gamma/table_4LAC_h.fits", "4lac", 2863, None, None),
    ("vhe/hgps_catalog_v1.fits.gz", "hgps", 78, None, None),
    ("vhe/gammacat.fits.gz", "gamma-cat", 162, "Crab nebula", (83.633, 22.0145)),
    ("vhe/1LHAASO_catalog.fits", "1lhaaso", 90, None, None),
    ("vhe/2HWC.ecsv", "hwc", 40, "2HWC J0534+220", (83.628, 22.024)),
    ("vhe/3HWC.ecsv", "hwc", 65, None, None),
    ("sky/5BZCAT.csv", "bzcat", 3561, "5BZBJ0509+0541", (77.358, 5.693)),
    ("sky/50MGC_catalog_short.fits", "50mgc", 15424, "NGC4993", (197.44875, -23.38394)),
    ("sky/Hipparcos_MAG8_1997.dat", "hipparcos", 41057, None, None),
    ("sky/chimefrbcat1.csv", "chime-frb", 600, None, None),
    ("neutrino/ic86_1/upgoing_events.txt", "icecube-events", 69227, None, None),
    ("vo/pyvo/scs_result.xml", "table", 1273, None, None),
    ("vo/astroquery/ned_query_near_position.xml", "table", 475, None, None),
]


@pytest.mark.parametrize(
    ("file", "kind", "rows", "name", "place"), CATALOGUES, ids=[c[0] for c in CATALOGUES]
)
def test_catalogues_are_known_by_their_columns(data_dir, file, kind, rows, name, place) -> None:
    catalog = opening.read(data_dir / file)
    assert isinstance(catalog, SourceCatalog)
    assert (catalog.kind, len(catalog)) == (kind, rows)
    if name:
        source = catalog[catalog.names.index(name)]
        assert [source.coord.ra.deg, source.coord.dec.deg] == pytest.approx(place, abs=0.02)


def test_the_ellipses_of_3fgl(data_dir) -> None:
    catalog = SourceCatalog.read(data_dir / "gamma/gll_psc_v16_3FGL.fit.gz")
    row = catalog.names.index("3FGL J0509.4+0541")
    a, b, _pa = catalog.error_ellipse
    assert a[row].to_value(u.deg) == pytest.approx(0.0162, abs=1e-4)  # SCIENCE.md E6
    assert catalog.error[row].value == pytest.approx(
        np.sqrt(a[row].value * b[row].value) / 2.447747, rel=1e-5
    )
    assert catalog[row].other_names == ["TXS 0506+056"]
    raw = np.asarray(catalog.table["Conf_95_SemiMajor"], float)
    assert int(np.isnan(raw).sum()) == 3, "SCIENCE.md 3"
    assert (np.isnan(a.value) == ~(raw > 0)).all(), "no axis, no ellipse"
    assert catalog.table["Energy_Flux100"].unit is not None


def test_the_monthly_history_of_3fgl(data_dir) -> None:
    catalog = SourceCatalog.read(data_dir / "gamma/gll_psc_v16_3FGL.fit.gz")
    with fits.open(data_dir / "gamma/gll_psc_v16_3FGL.fit.gz") as hdus:
        flux, errors = np.array(hdus[1].data["Flux_History"]), np.array(hdus[1].data["Unc_Flux_History"])
        edges = np.array(hdus["Hist_Start"].data.field(0), float)
    for row in (0, 500, 1234, 3033):
        curve = catalog.light_curve(row)
        limit = np.isnan(errors[row, :, 0])
        assert len(curve) == 48
        assert (curve.upper_limit == limit).all()
        assert curve.value.value == pytest.approx(
            np.where(limit, flux[row] + 2 * errors[row, :, 1], flux[row])
        )
        assert curve.error[0].value[~limit] == pytest.approx(-errors[row, ~limit, 0])
        assert curve.time.scale == "tt"
        assert curve.time_bounds[0].mjd == pytest.approx(51910 + 7.428703703703703e-4 + edges[:-1] / 86400)


def test_the_yearly_history_of_4fgl_dr2(data_dir) -> None:
    catalog = SourceCatalog.read(data_dir / "gamma/4FGL_DR2_gll_psc_v23_from_rdata.csv.gz")
    curve = catalog.light_curve(catalog.names.index("4FGL J0509.4+0542"))
    assert len(curve) == 10
    assert curve.value.unit == u.Unit("cm-2 s-1")
    assert int(curve.value.argmax()) == 9, "the flare of 2017 and 2018"
    assert curve.time_bounds[0][0].utc.iso[:10] == "2008-08-04"


def test_icecat_tracks(data_dir) -> None:
    events = Event.read_table(data_dir / "neutrino/IceCube_Gold_Bronze_Tracks.csv")
    assert len(events) == 364
    alert = next(event for event in events if event.name == "IC170922A")
    assert [alert.position.ra.deg, alert.position.dec.deg] == [77.43, 5.79]
    assert alert.time.mjd == pytest.approx(58018.871186, abs=1e-6)
    assert alert.time.scale == "utc"
    assert alert.energy == 264 * u.TeV
    assert alert.signalness == 0.631
    assert alert.localization.kind == "quarter-ellipse"
    assert "quarter" in alert.region_kind
    assert alert.far.to_value(1 / u.yr) == pytest.approx(alert.far_as_given.to_value(1 / u.yr))
    told = {note.split(":")[0].split(" deg")[0] for event in events for note in event.notes}
    assert any("more than once" in note for note in told)
    assert any("EVENTMJD is missing" in note for note in told)
    assert any("151" in note for note in told)


def test_icecat_cascades_are_circles(data_dir) -> None:
    events = Event.read_table(data_dir / "neutrino/IceCube_cascade.csv")
    assert len(events) == 26
    assert {event.localization.kind for event in events} == {"circle"}
    assert {event.signalness for event in events} == {None}


def test_txs_0506_lies_in_three_footprints(data_dir) -> None:
    """SCIENCE.md N17."""
    from astropy.coordinates import SkyCoord

    txs = SkyCoord(77.3581850 * u.deg, 5.6931481 * u.deg)
    events = Event.read_table(data_dir / "neutrino/IceCube_Gold_Bronze_Tracks.csv")
    near = [e for e in events if max(np.ptp(line[:, 1]) for line in e.localization.outline(16)) < 20]
    assert [e.name for e in near if e.localization.contains(txs)] == ["IC170922A", "IC190317A", "IC220918A"]


CURVES = [  # file, points, limits, maximum: data/README.md
    ("lightcurves/lcr/4FGL_J0449.4-4350_monthly_12_27_2024.csv", 199, 0, 2.6e-4),
    ("lightcurves/lcr/4FGL_J1104.4+3812_monthly_2_20_2025.csv", 201, 1, 5.48e-7),
    ("lightcurves/lcr/4FGL_J1104.4+3812_weekly_2_20_2025.csv", 850, 10, 7.01e-7),
    ("lightcurves/lcr/4FGL_J1256.1-0547_weekly_2_20_2025.csv", 853, 20, 1.36e-5),
    ("lightcurves/lcr/4FGL_J1555.7+1111_weekly_2_20_2025.csv", 854, 4, 1.85e-7),
    ("lightcurves/AT2017gfo_optical.csv", 107, 3, None),
    ("lightcurves/AT2017gfo_radio.csv", 30, 0, None),
    ("lightcurves/ZTF21aaqjmps_phot.csv", 174, 48, None),
    ("lightcurves/ZTFrlh6cyjh_phot.csv", 1121, 0, None),
    ("lightcurves/vtscat/2018ApJ...861L..20A__VER-000168-lc.ecsv", 10, 8, 1.608e-11),
    ("lightcurves/vtscat/2018Sci...361.1378I__VER-000168-lc-1.ecsv", 1, 1, None),
    ("lightcurves/vtscat/2021ApJ...923..241A__XRAY-000030-lc-1.ecsv", 273, 0, None),
]


@pytest.mark.parametrize(("file", "points", "limits", "most"), CURVES, ids=[c[0] for c in CURVES])
def test_light_curves(data_dir, file, points, limits, most) -> None:
    curve = opening.read(data_dir / file)
    assert isinstance(curve, LightCurve)
    assert (len(curve), int(curve.upper_limit.sum())) == (points, limits)
    if most:
        assert curve.value.value[~curve.upper_limit].max() == pytest.approx(most)
    assert (np.diff(curve.time.mjd) >= 0).all() or "ztf" not in file.lower()


def test_bins_of_a_fit_that_failed_are_left_out_and_told(data_dir) -> None:
    curve = opening.read(data_dir / "lightcurves/lcr/4FGL_J1256.1-0547_weekly_12_27_2024.csv")
    assert (len(curve), int(curve.upper_limit.sum())) == (843, 18)
    assert "2 bins" in curve.origin.note
    assert curve.quantity == "energy flux"


def test_the_time_of_a_lcr_row_is_its_met(data_dir) -> None:
    """MJD(TT) from MET is later than Julian Date - 2400000.5 (UTC) by TT - UTC (data/README.md)."""
    path = data_dir / "lightcurves/lcr/4FGL_J1104.4+3812_weekly_2_20_2025.csv"
    julian = np.array(Table.read(path, format="csv")["Julian Date"], float)
    curve = LightCurve.read(path)
    assert (curve.time.utc.mjd - (julian - 2400000.5)) * 86400 == pytest.approx(np.zeros(850), abs=2)
    assert curve.name == "4FGL J1104.4+3812"
    width = (curve.time_bounds[1] - curve.time_bounds[0]).to_value("d")
    assert width == pytest.approx(np.full(850, 7.0))


def test_maps_are_opened_as_maps(data_dir) -> None:
    for name in (
        "S190425z_bayestar.multiorder.fits",
        "S190425z_bayestar.fits.gz",
        "S190814bv_bayestar.multiorder.fits,1",
    ):
        assert isinstance(opening.read(data_dir / "gw" / name), SkyMap)


BAD = [
    (b"", "empty"),
    (b"<!DOCTYPE html><html><body>404</body></html>", "HTML"),
    (b"\x1f\x8b\x08\x00broken", "gzip"),
    (b"SIMPLE  =                    T" + b" " * 60, "FITS"),
    (b"\x89HDF\r\n\x1a\n", "HDF5"),
    (b'{"a": 1}', "JSON"),
    (b"just one line", "One line"),
    (b"flux,error\n1,2\n3,4\n", "flux, error"),
    (b"ra,dec\nnan,nan\n,\n", "No row has a position"),
    (b"ra,dec\n10,20\n10,120\n", "120"),
    (b"ra,dec\n", "One line"),
]


@pytest.mark.parametrize(("raw", "words"), BAD, ids=[words for _raw, words in BAD])
def test_what_cannot_be_opened_says_why(raw, words) -> None:
    with pytest.raises(FormatError, match=words) as caught:
        opening.read(raw)
    assert str(caught.value).strip() != words


def test_files_that_cannot_be_opened(tmp_path, data_dir) -> None:
    for path in (tmp_path, tmp_path / "missing.fits"):
        with pytest.raises(FormatError, match="cannot be read"):
            opening.read(path)
    with pytest.raises(FormatError, match="No table"):
        SourceCatalog.read(data_dir / "gamma/fermi-3fhl-gc-counts.fits.gz")  # which opens as an image
    cut = (data_dir / "gamma/gll_psc_v18_4FGL_early.fit").read_bytes()[:200_000]
    with pytest.raises(FormatError):
        opening.read(cut)
    with pytest.raises(FormatError, match="error"):
        opening.read(data_dir / "vo/pyvo/query_errorstatus.xml")


def test_columns_can_be_named() -> None:
    table = Table({"x": [10.0, 20.0], "y": [1.0, 2.0], "who": ["a", "b"]})
    with pytest.raises(ColumnError, match="x, y, who") as caught:
        SourceCatalog(table)
    assert caught.value.columns == ("x", "y", "who")
    assert SourceCatalog(table, ra="x", dec="y", name="who").names == ["a", "b"]
    with pytest.raises(ColumnError, match="'z'"):
        SourceCatalog(table, ra="z", dec="y")


def test_hours_are_not_taken_for_degrees() -> None:
    table = Table({"ra": [5.0], "dec": [10.0]})
    table["ra"].unit = u.hourangle
    assert SourceCatalog(table).coords.ra.deg == pytest.approx([75.0])
    text = SourceCatalog(Table({"ra": ["05 09 25.96"], "dec": ["+05 41 35.3"]}))
    assert text.coords.ra.deg == pytest.approx([77.3582], abs=1e-3)


def test_galactic_columns_are_turned() -> None:
    catalog = SourceCatalog(Table({"glon": [195.405396], "glat": [-19.636031]}))
    assert [catalog.coords.ra.deg[0], catalog.coords.dec.deg[0]] == pytest.approx(
        [77.3581850, 5.6931481], abs=1e-5
    )


def test_rows_without_a_position_are_kept_and_flagged() -> None:
    catalog = SourceCatalog(Table({"ra": [1.0, np.nan, 3.0], "dec": [1.0, 2.0, np.nan]}))
    assert catalog.no_position.tolist() == [False, True, True]
    assert len(catalog) == 3


@given(st.lists(st.tuples(st.floats(-720, 720), st.floats(-90, 90)), min_size=1, max_size=20))
def test_positions_survive(places) -> None:
    ra, dec = map(list, zip(*places, strict=True))
    catalog = SourceCatalog(Table({"RAJ2000": ra, "DEJ2000": dec}))
    assert ((catalog.coords.ra.deg >= 0) & (catalog.coords.ra.deg < 360.0000001)).all()
    assert catalog.coords.dec.deg == pytest.approx(dec)


def test_sources_know_their_catalogue() -> None:
    catalog = SourceCatalog(Table({"name": ["a", "b"], "ra": [1.0, 2.0], "dec": [0.0, 0.0], "z": [0.1, 0.2]}))
    assert catalog[1] == catalog[-1]
    assert catalog[0] != catalog[1]
    assert catalog[1].row["z"] == 0.2
    assert catalog.take([1, 0]).names == ["b", "a"]
    with pytest.raises(IndexError):
        catalog[2]
