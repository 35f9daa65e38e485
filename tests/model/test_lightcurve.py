"""Light curves of the formats that are known."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.table import Table
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


def test_a_curved_spectrum_is_no_power_law(data_dir):
    """3C 279 was exported by the LCR as photon and as energy flux, with an index a row.

    The two differ by one factor, 1.193, in every week: 4FGL has the source as a log-parabola, the index of the file is
    its α (2.2), and the curvature β, which the file does not tell, lowers the mean energy. With α = 2.2 at 442 MeV, a β
    of 0.065 gives that factor; the 8-year catalogue had α 2.253, β 0.070.
    """
    folder = data_dir / "lightcurves/lcr"
    photons = LightCurve.read(folder / "4FGL_J1256.1-0547_weekly_2_20_2025.csv")
    energy = LightCurve.read(folder / "4FGL_J1256.1-0547_weekly_12_27_2024.csv")
    rows = Table.read(folder / "4FGL_J1256.1-0547_weekly_2_20_2025.csv", format="ascii.csv")
    told = np.array([cell != "-" for cell in rows["Photon Index"]])  # most limits have none
    index = -np.array([float(cell) for cell in rows["Photon Index"][told]])
    converted = photons.select(told).to_energy_flux(index)
    _, here, there = np.intersect1d(
        converted.time.mjd.round(3), energy.time.mjd.round(3), return_indices=True
    )
    seen = ~converted.upper_limit[here] & ~energy.upper_limit[there]
    ratio = (converted.value[here] / energy.value[there]).to_value("")[seen]
    assert len(ratio) > 800
    assert np.median(ratio) == pytest.approx(1.193, abs=2e-3)
    assert ratio == pytest.approx(1.193, abs=0.01)  # three digits in the files


def test_conversion_keeps_limits_errors_and_band(data_dir):
    curve = LightCurve.read(data_dir / "lightcurves/lcr/4FGL_J1104.4+3812_weekly_2_20_2025.csv")
    other = curve.to_energy_flux(2.0)
    factor = 1.1078523e-10 / 1e-7
    assert other.value.to_value("erg cm-2 s-1") == pytest.approx(factor * curve.value.value)
    assert other.error[1].value[:5] == pytest.approx(factor * curve.error[1].value[:5])
    assert other.upper_limit.tolist() == curve.upper_limit.tolist()
    assert (other.band, other.quantity) == ("0.1-100 GeV", "energy flux")
    assert "Γ = 2" in other.origin.note
    back = other.to_photon_flux(2.0)
    assert back.value.to_value("cm-2 s-1") == pytest.approx(curve.value.value)
    with pytest.raises(InputError, match="equivalent"):
        other.to_energy_flux(2.0)
    with pytest.raises(InputError, match="positive"):
        curve.to_energy_flux(-1.74)
    with pytest.raises(InputError, match="2 indices"):
        curve.to_energy_flux([2.0, 2.1])


def test_a_band_without_energies_asks_for_them():
    flux = [1e-7] * u.cm**-2 / u.s
    curve = LightCurve(Time([57000.0], format="mjd"), flux, (flux, flux), np.zeros(1, bool), band="optical")
    with pytest.raises(InputError, match="'optical' tells no energies"):
        curve.to_energy_flux(2.0)
    given = curve.to_energy_flux(2.0, energies=(100 * u.MeV, 100 * u.GeV))
    assert given.value[0].to_value("erg cm-2 s-1") == pytest.approx(1.1078523e-10)
    with pytest.raises(InputError, match="energies is"):
        curve.to_energy_flux(2.0, energies=(1 * u.m, 2 * u.m))


def test_bins_of_the_lcr_leave_their_gaps(data_dir):
    """Rows step by whole bins; MET (TT) and the Julian Date of the file (UTC) are the same instants."""
    path = data_dir / "lightcurves/lcr/4FGL_J1104.4+3812_weekly_2_20_2025.csv"
    curve = LightCurve.read(path)
    start, stop = (part.mjd for part in curve.time_bounds)
    gaps = (start[1:] - stop[:-1]) / 7
    assert gaps == pytest.approx(gaps.round(), abs=1e-6)
    assert (gaps > -1e-6).all()
    days = np.asarray(Table.read(path, format="ascii.csv")["Julian Date"], float)
    assert curve.time.utc.jd == pytest.approx(days, abs=1e-4)
    assert "in TT" in curve.origin.note
