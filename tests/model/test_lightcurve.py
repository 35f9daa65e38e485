"""Light curves of the formats that are known."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.time import Time

from skyexplorer import LightCurve
from skyexplorer.errors import FormatError, InputError


@pytest.mark.parametrize(
    ("file", "bins", "limits", "peak", "days"),
    [
        ("4FGL_J1256.1-0547_weekly_2_20_2025", 853, 20, 1.36e-5, 7),
        ("4FGL_J1104.4+3812_weekly_2_20_2025", 850, 10, 7.01e-7, 7),
        ("4FGL_J1104.4+3812_monthly_2_20_2025", 201, 1, 5.48e-7, 30),
        ("4FGL_J1555.7+1111_weekly_2_20_2025", 854, 4, 1.85e-7, 7),
        ("4FGL_J0449.4-4350_monthly_12_27_2024", 199, 0, 2.6e-4, 30),
        ("4FGL_J1256.1-0547_weekly_12_27_2024", 843, 18, 5.12e-3, 7),  # 845 rows, 2 without a flux
    ],
)
def test_fermi_lcr(data_dir, file, bins, limits, peak, days):
    curve = LightCurve.read(data_dir / f"lightcurves/lcr/{file}.csv")
    assert (len(curve), curve.upper_limit.sum()) == (bins, limits)
    assert curve.value.value[~curve.upper_limit].max() == pytest.approx(peak, rel=1e-2)
    assert curve.time.scale == "tt"
    start, stop = curve.time_bounds
    assert (stop - start).jd == pytest.approx(days)
    assert curve.name == file.split("_weekly")[0].split("_monthly")[0].replace("_", " ")
    assert curve.band == "0.1-100 GeV"
    assert start[0].utc.iso.startswith("2008-08-05 00:00:00")  # the time of a row is the middle of its bin


def test_energy_flux_has_its_unit_and_lost_bins_are_told(data_dir):
    curve = LightCurve.read(data_dir / "lightcurves/lcr/4FGL_J1256.1-0547_weekly_12_27_2024.csv")
    assert curve.quantity == "energy flux"
    assert curve.value.unit == u.MeV / u.cm**2 / u.s
    assert "2 bins without a flux" in curve.origin.note
    assert curve.time[np.argmax(curve.value)].utc.iso.startswith("2018-01-19")


@pytest.mark.parametrize(
    ("file", "points", "limits"),
    [("AT2017gfo_optical", 107, 3), ("AT2017gfo_radio", 30, 0), ("AT2017gfo_xray", 8, 0),
     ("ZTF21aaqjmps_phot", 174, 48), ("ZTFrlh6cyjh_phot", 1121, 0)],
)  # fmt: skip
def test_photometry(data_dir, file, points, limits):
    curve = LightCurve.read(data_dir / f"lightcurves/{file}.csv")
    assert (len(curve), curve.upper_limit.sum()) == (points, limits)
    assert np.isfinite(curve.value).all()  # a missing flux is never zero
    assert (curve.value[curve.upper_limit] > 0).all()
    assert (np.diff(curve.time.mjd) >= 0).all()
    assert bool(limits) == ("non-detections" in curve.origin.note)


def test_photometry_is_ab():
    head = "mjd,flux,fluxerr,filter,zp,magsys\n"
    # The zero point 23.9 is that of one microjansky.
    curve = LightCurve.read(f"{head}58000,100,1,g,23.9,ab\n58001,100,1,g,23.9,vega\n".encode())
    assert curve.value.to_value("uJy") == pytest.approx([100], rel=2e-3)
    assert "not in AB" in curve.origin.note
    with pytest.raises(FormatError, match="vega"):
        LightCurve.read(f"{head}58001,100,1,g,23.9,vega\n58002,100,1,g,23.9,vega\n".encode())


@pytest.mark.parametrize(
    ("file", "points", "limits"),
    [
        ("2018ApJ...861L..20A__VER-000168-lc", 10, 8),
        ("2018Sci...361.1378I__VER-000168-lc-1", 1, 1),
        ("2018Sci...361.1378I__VER-000168-lc-2", 7, 7),
        ("2020ApJ...890...97A__VER-000049-lc-8", 98, 0),
        ("2021ApJ...923..241A__XRAY-000030-lc-1", 273, 0),
        ("2022AandA...658A..83A__VER-000025-lc-1", 237, 0),
    ],
)
def test_vtscat(data_dir, file, points, limits):
    # Its unit "MJD" is one that astropy does not know; warnings are errors here.
    curve = LightCurve.read(data_dir / f"lightcurves/vtscat/{file}.ecsv")
    assert (len(curve), curve.upper_limit.sum()) == (points, limits)
    assert np.isfinite(curve.value).all()


def test_vtscat_limit(data_dir):
    curve = LightCurve.read(data_dir / "lightcurves/vtscat/2018Sci...361.1378I__VER-000168-lc-1.ecsv")
    assert curve.value[0].to_value("cm-2 s-1") == pytest.approx(1.2e-11)
    assert np.isnan(curve.error[0]).all()


def test_gammapy_flux_points(data_dir):
    curve = LightCurve.read(data_dir / "lightcurves/pks2155_hess_lc.fits")
    assert len(curve) == 34
    peak = np.argmax(curve.value)
    assert curve.value[peak].to_value("cm-2 s-1") == pytest.approx(3.459e-10, rel=1e-3)
    assert curve.time_bounds[0].mjd[peak] == pytest.approx(53945.89659, abs=1e-4)
    bands = LightCurve.read(data_dir / "lightcurves/pks2155_hess_lc_3bins.fits")
    assert len(bands) == 102
    assert len(set(bands.bands)) == 3
    assert np.isfinite(bands.value).all()


def test_no_light_curve_lists_the_columns():
    with pytest.raises(FormatError, match="a, b"):
        LightCurve.read(b"a,b\n1,2\n")


def test_lengths_must_agree():
    two = [1, 2] * u.Jy
    with pytest.raises(InputError, match="2 times"):
        LightCurve(Time([58000, 58001], format="mjd"), [1] * u.Jy, (two, two), np.zeros(2, bool))
