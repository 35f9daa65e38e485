"""Light curves of VTSCat and gammapy: what their columns mean, and what is odd in them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from astropy import units as u
from astropy.table import Table

from skyexplorer import LightCurve
from skyexplorer.errors import FormatError, InputError

VTSCAT = "lightcurves/vtscat"


def test_ends_of_error_bars_become_errors(data_dir):
    """HESS J0632+057: 5.167e-13 with "errors" 4.934e-13 and 5.410e-13, as in all of its 273 rows."""
    path = data_dir / VTSCAT / "2021ApJ...923..241A__XRAY-000030-lc-1.ecsv"
    curve = LightCurve.read(path)
    minus, plus = (part.to_value("erg cm-2 s-1") for part in curve.error)
    assert minus[0] == pytest.approx(5.167e-13 - 4.934e-13)
    assert plus[0] == pytest.approx(5.410e-13 - 5.167e-13)
    assert (minus >= 0).all()
    assert (plus >= 0).all()
    assert "ends of the error bars" in curve.origin.note
    assert curve.band == "0.3–10 keV"
    assert "xmm" in curve.origin.title
    # With the columns taken as errors, the errors would hide the variability of this binary.
    assert curve.variability().fvar == pytest.approx(0.4265, abs=1e-4)


def test_true_errors_stay(data_dir):
    curve = LightCurve.read(data_dir / VTSCAT / "2022AandA...658A..83A__VER-000025-lc-1.ecsv")
    assert curve.error[0][0].to_value("cm-2 s-1") == pytest.approx(1.00707e-11)
    assert curve.origin.note == ""
    assert curve.band == "> 0.2 TeV"


@pytest.mark.parametrize(
    ("file", "days"),
    [
        ("2020ApJ...890...97A__VER-000049-lc-5", 0.0013888),  # time_bin is the width: two minutes
        ("2020ApJ...890...97A__VER-000049-lc-8", 0.00694444),  # ten minutes
        ("2022AandA...658A..83A__VER-000025-lc-1", 2 * 0.035457),  # time_err is half of it
        (
            "2021ApJ...923..241A__VER-000030-lc-1",
            5 + 1 / 86400,
        ),  # 54830 to 54835, with the leap second of 2008
    ],
)
def test_bins(data_dir, file, days):
    curve = LightCurve.read(data_dir / f"{VTSCAT}/{file}.ecsv")
    start, stop = curve.time_bounds
    assert (stop - start)[0].to_value("d") == pytest.approx(days, abs=1e-7)
    assert ((start <= curve.time) & (curve.time <= stop)).all()


def test_live_time_is_no_bin(data_dir):
    assert LightCurve.read(data_dir / VTSCAT / "2018ApJ...861L..20A__VER-000168-lc.ecsv").time_bounds is None


def test_a_unit_that_cannot_be_is_told(data_dir):
    """S3 1227+25: up to 199 photons cm-2 s-1, where the Vela pulsar has 1e-5."""
    curve = LightCurve.read(data_dir / VTSCAT / "2023ApJ...950..152A__LAT-000179-1-lc.ecsv")
    assert curve.value.max().to_value("cm-2 s-1") == pytest.approx(199.244, abs=1e-3)
    assert "cannot be right" in curve.origin.note
    assert curve.band == "0.1–300 GeV"


def test_spectra_and_records_are_refused_as_such(data_dir):
    with pytest.raises(FormatError, match="spectrum"):
        LightCurve.read(data_dir / VTSCAT / "2018ApJ...861L..20A__VER-000168-sed-1.ecsv")
    with pytest.raises(FormatError, match="YAML"):
        LightCurve.read(data_dir / VTSCAT / "2018ApJ...861L..20A__VER-000168.yaml")


def test_one_energy_bin(data_dir):
    path = data_dir / "lightcurves/pks2155_hess_lc_3bins.fits"
    every = LightCurve.read(path)
    assert list(dict.fromkeys(every.bands)) == ["0.5915–1.293 TeV", "1.293–2.828 TeV", "2.828–6.185 TeV"]
    one = LightCurve.read(path, band="0.5915–1.293 TeV")
    assert len(one) == 34
    assert one.band == "0.5915–1.293 TeV"
    assert one.value.value.tolist() == every.value.value[::3].tolist()
    with pytest.raises(InputError, match="5915–1"):
        LightCurve.read(path, band="1 TeV")


def test_the_bins_add_up(data_dir):
    """Photon fluxes of the three energy bins and of the one that spans them, at the peak of the flare."""
    one = LightCurve.read(data_dir / "lightcurves/pks2155_hess_lc.fits")
    three = LightCurve.read(data_dir / "lightcurves/pks2155_hess_lc_3bins.fits")
    at = int(np.argmax(one.value))
    bins = three.value[3 * at : 3 * at + 3]
    assert not three.upper_limit[3 * at : 3 * at + 3].any()
    # Each was fitted by itself with one index for all, so that the sum is not exact.
    assert bins.sum().value == pytest.approx(one.value[at].value, rel=0.1)


def flux_points(time_unit="d", scale="utc", mjdref=0):
    """The other form in which gammapy writes light curves: fluxes and not norms."""
    table = Table(
        {
            "time_min": [55000.0, 55001.0] if time_unit == "d" else [0.0, 86400.0],
            "time_max": [55000.5, 55001.5] if time_unit == "d" else [43200.0, 129600.0],
            "e_min": [[1.0], [1.0]] * u.TeV,
            "e_max": [[10.0], [10.0]] * u.TeV,
            "flux": [[1e-12], [np.nan]] / u.cm**2 / u.s,
            "flux_err": [[1e-13], [np.nan]] / u.cm**2 / u.s,
            "flux_ul": [[2e-12], [3e-12]] / u.cm**2 / u.s,
            "is_ul": [[False], [True]],
        },
        meta={"TIMESYS": scale, "MJDREFI": mjdref, "MJDREFF": 0.0},
    )
    table["time_min"].unit = table["time_max"].unit = time_unit
    out = io.BytesIO()
    table.write(out, format="fits")
    return out.getvalue()


@pytest.mark.parametrize(("unit", "reference"), [("d", 0), ("s", 55000)])
def test_fluxes_of_gammapy(unit, reference):
    curve = LightCurve.read(flux_points(unit, mjdref=reference))
    assert curve.value.value.tolist() == [1e-12, 3e-12]
    assert curve.upper_limit.tolist() == [False, True]
    assert curve.time.scale == "utc"
    assert curve.time_bounds[1].mjd == pytest.approx([55000.5, 55001.5])
    assert curve.bands == ["1–10 TeV"] * 2


@pytest.mark.parametrize("clock", [{"scale": "local"}, {"time_unit": "yr"}])
def test_clocks_that_are_not_known_are_refused(clock):
    with pytest.raises(FormatError, match=r"local|'yr'"):
        LightCurve.read(flux_points(**clock))
