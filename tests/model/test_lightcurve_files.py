"""Light curves of every kind: the real ones with their facts; the rest from the fields that are documented."""

from __future__ import annotations

import io

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.time import Time

from skyexplorer import LightCurve, samples
from skyexplorer.errors import FormatError, InputError
from skyexplorer.model import opening


@pytest.mark.parametrize(
    ("file", "points", "limits", "highest", "day"),
    [  # data/README.md; a bin whose fit failed has no flux, and is left out and told
        ("4FGL_J0449.4-4350_monthly_12_27_2024", 199, 0, 2.6e-4, None),
        ("4FGL_J1104.4+3812_monthly_2_20_2025", 201, 1, 5.48e-7, None),
        ("4FGL_J1104.4+3812_weekly_2_20_2025", 850, 10, 7.01e-7, "2012-08-17"),
        ("4FGL_J1256.1-0547_weekly_12_27_2024", 843, 18, 5.12e-3, "2018-01-19"),
        ("4FGL_J1256.1-0547_weekly_2_20_2025", 853, 20, 1.36e-5, "2018-01-19"),
        ("4FGL_J1555.7+1111_weekly_2_20_2025", 854, 4, 1.85e-7, None),
    ],
)
def test_fermi_lcr(data_dir, file, points, limits, highest, day):
    curve = LightCurve.read(data_dir / f"lightcurves/lcr/{file}.csv")
    assert (len(curve), int(curve.upper_limit.sum())) == (points, limits)
    detected = np.where(curve.upper_limit, -1, curve.value.value)
    assert detected.max() == pytest.approx(highest, rel=5e-3)
    if day:
        assert curve.time[int(detected.argmax())].utc.iso[:10] == day
    assert curve.time.scale == "tt"
    width = (curve.time_bounds[1] - curve.time_bounds[0]).to_value("d")
    assert width == pytest.approx(7 if "weekly" in file else 30, abs=0.01)
    assert np.isnan(curve.error[0].value[curve.upper_limit]).all()


def test_the_flare_of_pks_2155(data_dir):
    curve = LightCurve.read(data_dir / "lightcurves/pks2155_hess_lc.fits")
    assert len(curve) == 34
    at = int(np.argmax(curve.value.value))
    assert curve.value[at].to_value("cm-2 s-1") == pytest.approx(3.459e-10, rel=1e-3)
    assert curve.time_bounds[0][at].mjd == pytest.approx(53945.89659, abs=1e-4)
    assert curve.variability().fvar > 0.3
    assert len(curve.bayesian_blocks()[1]) > 3
    assert len(curve.flares()) >= 1
    three = LightCurve.read(data_dir / "lightcurves/pks2155_hess_lc_3bins.fits")
    assert len(set(three.bands)) == 3
    with pytest.raises(InputError, match="Name one"):
        three.variability()
    assert three.variability(band=three.bands[0]).dof > 5


def test_a_profile_is_not_a_flux(data_dir):
    curve = opening.read(data_dir / "lightcurves/lightcrv_PKSB1222+216.fits")
    assert isinstance(curve, LightCurve)
    assert len(curve) == 2551
    assert curve.quantity == "normalisation"
    assert curve.value.unit == u.dimensionless_unscaled
    assert curve.time.scale == "tt"
    assert "not a measured flux" in curve.origin.note


@pytest.mark.parametrize(
    ("file", "points", "limits"),
    [("AT2017gfo_optical", 107, 3), ("AT2017gfo_radio", 30, 0), ("AT2017gfo_xray", 8, 0), ("ZTF21aaqjmps_phot", 174, 48),
     ("ZTFrlh6cyjh_phot", 1121, 0)],
)  # fmt: skip
def test_photometry(data_dir, file, points, limits):
    curve = LightCurve.read(data_dir / f"lightcurves/{file}.csv")
    assert (len(curve), int(curve.upper_limit.sum())) == (points, limits)
    assert (np.diff(curve.time.mjd) >= 0).all()


VTSCAT = {"2018ApJ...861L..20A__VER-000168-lc": 10, "2018Sci...361.1378I__VER-000168-lc-1": 1,
          "2018Sci...361.1378I__VER-000168-lc-2": 7, "2020ApJ...890...97A__VER-000049-lc-5": 72,
          "2020ApJ...890...97A__VER-000049-lc-8": 98, "2021ApJ...923..241A__VER-000030-lc-1": 47,
          "2021ApJ...923..241A__XRAY-000030-lc-1": 273, "2022AandA...658A..83A__VER-000025-lc-1": 237,
          "2023ApJ...950..152A__LAT-000179-1-lc": 238}  # fmt: skip


@pytest.mark.parametrize("file", sorted(VTSCAT))
def test_vtscat(data_dir, file):
    curve = LightCurve.read(data_dir / f"lightcurves/vtscat/{file}.ecsv")
    assert len(curve) == VTSCAT[file]
    if "Sci" in file:
        assert curve.upper_limit.all()
    if file.endswith("lc-1") and "Sci" in file:
        assert curve.value[0].to_value("cm-2 s-1") == pytest.approx(1.2e-11)


def fits_bytes(columns, header=(), name="LIGHTCURVE"):
    made = [fits.Column(n, form, unit, array=np.asarray(values)) for n, form, unit, values in columns]
    hdu = fits.BinTableHDU.from_columns(made, name=name)
    for key, value in header:
        hdu.header[key] = value
    out = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(out)
    return out.getvalue()


TIMES = np.array([2459000.5, 2459001.5, np.nan, 2459002.5]) - 2457000


def test_tess():
    """From the documented columns of SPOC light curves; no real one is here."""
    raw = fits_bytes(
        [("TIME", "D", "BJD - 2457000, days", TIMES), ("SAP_FLUX", "E", "e-/s", [9, 9, 9, 9]),
         ("PDCSAP_FLUX", "E", "e-/s", [10, 11, 12, 13]), ("PDCSAP_FLUX_ERR", "E", "e-/s", [1, 1, 1, 1]),
         ("QUALITY", "J", None, [0, 0, 0, 128])],
        [("BJDREFI", 2457000), ("BJDREFF", 0.0), ("TELESCOP", "TESS"), ("OBJECT", "TIC 1")],
    )  # fmt: skip
    curve = opening.read(raw)
    assert curve.value.value.tolist() == [10, 11]
    assert curve.time.scale == "tdb"
    assert curve.time.jd == pytest.approx([2459000.5, 2459001.5])
    assert "2 cadences" in curve.origin.note
    assert curve.name == "TIC 1"


def test_cadences_are_bins():
    """TIMEDEL and TIMEPIXR of the header; BKJD of Kepler; flags in SAP_QUALITY."""
    raw = fits_bytes(
        [("TIME", "D", "BJD - 2454833", [100.0, 100.02, 100.04]), ("SAP_FLUX", "E", "e-/s", [9, 8, 7]),
         ("SAP_FLUX_ERR", "E", "e-/s", [1, 1, 1]), ("PDCSAP_FLUX", "E", "e-/s", [np.nan] * 3),
         ("SAP_QUALITY", "J", None, [0, 0, 0])],
        [("BJDREFI", 2454833), ("BJDREFF", 0.0), ("TELESCOP", "Kepler"), ("TIMEDEL", 0.02), ("TIMEPIXR", 0.5),
         ("TIMESYS", "TDB"), ("TIMEREF", "SOLARSYSTEM")],
    )  # fmt: skip
    curve = LightCurve.read(raw)
    assert curve.value.value.tolist() == [9, 8, 7]  # no corrected flux: the simple one
    assert curve.time.jd == pytest.approx(2454933 + np.array([0, 0.02, 0.04]), abs=1e-8)
    assert (curve.time_bounds[1] - curve.time_bounds[0]).to_value("d") == pytest.approx(0.02, abs=1e-8)


def test_parts_of_a_clock():
    """TIMEZERO as whole and fraction, a width in a unit of its own, and a unit of time that is none."""
    header = [
        ("MJDREFI", 55000),
        ("MJDREFF", 0.0),
        ("TIMESYS", "UTC"),
        ("TIMEZERI", 86400),
        ("TIMEZERF", 0.5),
    ]
    columns = [
        ("TIME", "D", "s", [0.0, 10.0]),
        ("TIMEDEL", "D", "min", [1 / 6] * 2),
        ("RATE", "E", "ct/s", [1, 2]),
    ]
    curve = LightCurve.read(fits_bytes(columns, header))
    assert (curve.time[0].mjd - 55001) * 86400 == pytest.approx(0.5, abs=1e-4)
    assert (curve.time_bounds[1] - curve.time_bounds[0]).to_value("s") == pytest.approx(10, abs=1e-3)
    columns[0] = ("TIME", "D", "furlong", [0.0, 10.0])
    with pytest.raises(FormatError, match="furlong"):
        LightCurve.read(fits_bytes(columns, header))


@pytest.mark.parametrize(("pixel", "shift"), [(None, 0.5), (0.0, 0.0), (1.0, 1.0)])
def test_ogip_rates(pixel, shift):
    """From the keywords of OGIP/93-003."""
    header = [
        ("MJDREFI", 51910),
        ("MJDREFF", 7.428703703703703e-4),
        ("TIMESYS", "TT"),
        ("TIMEUNIT", "s"),
        ("TIMEZERO", 1000.0),
    ]
    header += [] if pixel is None else [("TIMEPIXR", pixel)]
    raw = fits_bytes(
        [("TIME", "D", "s", [0.0, 100.0, 200.0]), ("TIMEDEL", "D", "s", [100.0] * 3), ("RATE", "E", "count/s", [1, 2, 3]),
         ("ERROR", "E", "count/s", [0.1] * 3), ("FRACEXP", "E", None, [1, 0, 0.5])],
        header, name="RATE",
    )  # fmt: skip
    curve = opening.read(raw)
    assert curve.value.to_value("ct/s").tolist() == [1, 3]
    zero = Time(51910, 7.428703703703703e-4, format="mjd", scale="tt")
    start = (curve.time_bounds[0] - zero).to_value("s")
    assert start == pytest.approx([1000 - 100 * shift, 1200 - 100 * shift], abs=1e-3)
    assert (curve.time - zero).to_value("s") == pytest.approx(start + 50, abs=1e-3)


@pytest.mark.parametrize("missing", ["TIMESYS", "MJDREFI"])
def test_rates_without_a_clock_are_refused(missing):
    header = [(k, v) for k, v in (("MJDREFI", 51910), ("TIMESYS", "TT")) if k != missing]
    raw = fits_bytes([("TIME", "D", "s", [0.0, 1.0]), ("RATE", "E", "ct/s", [1, 2])], header)
    with pytest.raises(FormatError, match=missing):
        LightCurve.read(raw)


def test_ztf_of_irsa():
    """From the documented CSV columns."""
    raw = (b"oid,expid,hjd,mjd,mag,magerr,catflags,filtercode,ra,dec,limitmag\n"
           b"1,2,2459000.7,59000.2,18.5,0.05,0,zg,10,20,20.5\n1,3,2459001.7,59001.2,18.7,0.05,32768,zg,10,20,20.5\n"
           b"2,4,2459002.7,59002.2,17.5,0.04,0,zr,10,20,20.1\n")  # fmt: skip
    curve = opening.read(raw)
    assert isinstance(curve, LightCurve)
    assert curve.value.to_value("mag").tolist() == [18.5, 17.5]
    assert curve.bands == ["zg", "zr"]
    assert "1 flagged" in curve.origin.note
    assert curve.quantity == "magnitude"


def test_asas_sn_limits():
    raw = b"jd,mag,mag_err,phot_filter,limit\n2459000.5,15.1,0.02,g,17\n2459001.5,99.99,99.99,g,16.8\n"
    curve = LightCurve.read(raw)
    assert curve.upper_limit.tolist() == [False, True]
    assert curve.value.value.tolist() == [15.1, 16.8]
    assert curve.time.mjd.tolist() == [59000, 59001]


def test_bat_and_maxi():
    """From the documented columns of the two monitors."""
    names = b"TIME RATE ERROR YEAR DAY STAT_ERR SYS_ERR DATA_FLAG TIMEDEL_EXPO TIMEDEL_CODED TIMEDEL_DITHERED"
    rows = [
        b"53415 0.22 0.01 2005 45 0.01 0 0 1000 1 0",
        b"53416 0.30 0.01 2005 46 0.01 0 0 1000 1 0",
        b"53417 9 1 2005 47 1 0 2 10 1 0",
    ]
    bat = b"\n".join([b"# Swift/BAT", b"# " + names, *rows, b""])
    curve = LightCurve.read(bat)
    assert curve.value.value.tolist() == [0.22, 0.30]
    assert curve.band == "15–50 keV"
    maxi = b"55058.5 1.0 0.1 0.5 0.1 0.3 0.1 0.2 0.1\n55059.5 1.1 0.1 0.6 0.1 0.3 0.1 0.2 0.1\n"
    curve = LightCurve.read(maxi)
    assert len(curve) == 8
    assert len(set(curve.bands)) == 4
    assert (curve.time_bounds[1] - curve.time_bounds[0]).to_value("d") == pytest.approx(1.0)


SERIES = b"""<?xml version="1.0"?>
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE type="results">
<TIMESYS ID="clock" timeorigin="2455197.5" timescale="TCB" refposition="BARYCENTER"/>
<TABLE name="lc"><FIELD name="obs_time" datatype="double" unit="d" ucd="time.epoch" ref="clock"/>
<FIELD name="flux" datatype="double" unit="mJy" ucd="phot.flux;em.opt.V"/>
<FIELD name="flux_error" datatype="double" unit="mJy" ucd="stat.error;phot.flux;em.opt.V"/>
<DATA><TABLEDATA><TR><TD>1700.5</TD><TD>2.0</TD><TD>0.1</TD></TR><TR><TD>1699.5</TD><TD>3.0</TD><TD>0.2</TD></TR>
</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"""


def test_time_series_of_the_vo():
    """TIMESYS (VOTable 1.4) says what the numbers of time mean."""
    curve = opening.read(SERIES)
    assert isinstance(curve, LightCurve)
    assert curve.time.scale == "tcb"
    assert curve.time.jd == pytest.approx([2455197.5 + 1699.5, 2455197.5 + 1700.5])
    assert curve.value.to_value("mJy").tolist() == [3.0, 2.0]
    assert curve.error[0].to_value("mJy").tolist() == [0.2, 0.1]
    assert "barycentric" in curve.origin.note


def test_samples_can_be_analysed():
    assert len(samples.light_curve("TXS 0506+056")) >= 10
    blocks = samples.light_curve("TXS 0506+056").bayesian_blocks()
    assert isinstance(blocks[0], Time)
    table = samples.light_curve("TXS 0506+056").flares(how="sigma", level=3)
    assert table.meta["how"] == "sigma"


def test_spectra_are_no_light_curves(data_dir):
    with pytest.raises(FormatError):
        LightCurve.read(data_dir / "lightcurves/vtscat/2018ApJ...861L..20A__VER-000168-sed-1.ecsv")
    with pytest.raises(FormatError):
        LightCurve.read(data_dir / "lightcurves/vtscat/2018ApJ...861L..20A__VER-000168.yaml")
