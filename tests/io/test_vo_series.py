"""Epoch photometry of Gaia, and VOTable time series. The columns are those of the documentation: no real file is here."""

from __future__ import annotations

import numpy as np
import pytest

from skyexplorer import LightCurve
from skyexplorer.errors import FormatError
from skyexplorer.model import opening

ROWS = b"""source_id,transit_id,band,time,mag,flux,flux_error,rejected_by_photometry,rejected_by_variability
7,1,G,1700.5,15.2,1000.0,5.0,false,false
7,1,BP,1700.6,15.6,500.0,4.0,false,false
7,2,G,1699.5,15.3,990.0,5.0,false,false
7,3,G,1702.5,11.0,9999.0,5.0,true,false
"""


def test_gaia_rows():
    curve = opening.read(ROWS)
    assert isinstance(curve, LightCurve)
    assert curve.bands == ["G", "G", "BP"]
    assert curve.value.to_value("electron/s").tolist() == [990, 1000, 500]
    # The errors are those of the fluxes; magnitudes of Gaia have none.
    assert curve.error[0].to_value("electron/s").tolist() == [5, 5, 4]
    assert curve.time.scale == "tcb"
    assert curve.time.jd == pytest.approx([2456897.0, 2456898.0, 2456898.1])
    assert "1 rejected" in curve.origin.note
    assert curve.name == "Gaia DR3 7"


def test_gaia_columns():
    raw = b"""source_id,g_transit_time,g_transit_flux,g_transit_flux_error,g_transit_mag,variability_flag_g_reject,\
bp_obs_time,bp_flux,bp_flux_error,bp_mag,rp_obs_time,rp_flux,rp_flux_error
7,1700.5,1000,5,15.2,false,1700.6,500,4,15.6,1700.7,600,3
7,1701.5,1010,5,15.2,true,1701.6,510,4,15.6,,,
"""
    curve = LightCurve.read(raw)
    assert sorted(curve.bands) == ["BP", "BP", "G", "RP"]
    assert curve.value[curve.bands.index("RP")].value == 600


def test_gaia_arrays():
    """The archive keeps each source as one row of arrays."""
    from astropy.table import Table

    table = Table(
        {
            "source_id": [7],
            "g_transit_time": [[1700.5, 1701.5, np.nan]],
            "g_transit_flux": [[1000.0, 1010.0, 5.0]],
            "g_transit_flux_error": [[5.0, 6.0, 1.0]],
            "variability_flag_g_reject": [[False, False, False]],
        }
    )
    curve = LightCurve.from_table(table)
    assert curve.value.value.tolist() == [1000, 1010]
    assert curve.error[1].value.tolist() == [5, 6]


def test_several_sources_of_gaia_are_refused():
    with pytest.raises(FormatError, match="2 sources"):
        LightCurve.read(ROWS.replace(b"7,2,G", b"8,2,G"))


def series(clock, value="15.2", field='name="mag" unit="mag" ucd="phot.mag;em.opt.V"'):
    return f"""<?xml version="1.0"?>
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE type="results">
{clock}<TABLE name="lc"><FIELD name="obs_time" datatype="double" unit="d" ucd="time.epoch" ref="clock"/>
<FIELD datatype="double" {field}/><FIELD name="flux_error" datatype="double" ucd="stat.error;phot.flux"/>
<DATA><TABLEDATA><TR><TD>58000.5</TD><TD>{value}</TD><TD>9</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>
""".encode()


@pytest.mark.parametrize(
    ("origin", "scale", "place", "jd", "told"),
    [
        ("MJD-origin", "TDB", "BARYCENTER", 2458001.0, "barycentric"),
        ("JD-origin", "TT", "HELIOCENTER", 58000.5, "heliocentric"),
        ("2400000.5", "UTC", "TOPOCENTER", 2458001.0, ""),
        ("2400000.5", "UNKNOWN", "UNKNOWN", 2458001.0, "UTC is taken"),
    ],
)
def test_clocks(origin, scale, place, jd, told):
    clock = f'<TIMESYS ID="clock" timeorigin="{origin}" timescale="{scale}" refposition="{place}"/>'
    curve = LightCurve.read(series(clock))
    assert curve.time.jd[0] == pytest.approx(jd)
    assert curve.time.scale == (scale.lower() if scale != "UNKNOWN" else "utc")
    assert told in curve.origin.note


def test_without_a_clock_utc_is_taken_and_told():
    curve = LightCurve.read(series(""))
    assert curve.time.mjd[0] == 58000.5
    assert "not told: UTC is taken" in curve.origin.note


def test_an_error_of_another_column_is_not_taken():
    curve = LightCurve.read(series(""))
    assert curve.quantity == "magnitude"
    assert np.isnan(curve.error[0].value).all()
