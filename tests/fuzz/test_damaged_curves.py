"""Damaged light curves: an answer or an error of ours, from the readers and from the analysis of what they read."""

from __future__ import annotations

import contextlib
import io
import random

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from skyexplorer import LightCurve
from skyexplorer.errors import SkyExplorerError
from skyexplorer.model import opening
from tests.fuzz.mutate import mutated

HEADS = (
    "mjd,flux,fluxerr,filter,zp",
    "mjd,mag,magerr,filtercode,limitmag,catflags",
    "JD,Magnitude,Uncertainty,Band",
    "time,flux,flux_err,flux_ul,time_bin",
    "time_min,time_max,eflux,eflux_errn,eflux_errp",
    "Date(UTC),MET,TS,Photon Flux [0.1-100 GeV](photons cm-2 s-1),Photon Flux Error(photons cm-2 s-1)",
    "TIME,RATE,ERROR,YEAR,DAY,STAT_ERR,DATA_FLAG",
    "source_id,transit_id,band,time,flux,flux_error,rejected_by_photometry",
    "g_transit_time,g_transit_flux,g_transit_flux_error",
)
CELLS = st.one_of(
    st.floats(-10, 10).map(str),
    st.floats(50000, 60000).map(str),
    st.sampled_from(
        ["", "nan", "inf", "-inf", "1e308", "1e-320", "-", "<", "<1", "g", "True", "99.99", "0", "--"]
    ),
)


def asked(raw: bytes) -> None:
    """Read, and ask all there is to ask."""
    try:
        curve = LightCurve.read(raw)
    except SkyExplorerError:
        return
    assert len(curve) > 0
    for question in (
        lambda: curve.bayesian_blocks(band=curve.bands[0]),
        lambda: curve.variability(band=curve.bands[0]),
        lambda: curve.flares("sigma", band=curve.bands[0]),
        lambda: curve.flares(band=curve.bands[0]),
        lambda: curve.lomb_scargle(band=curve.bands[0]),
        lambda: curve.to_energy_flux(2.0),
        lambda: curve.to_photon_flux(2.5),
    ):
        with contextlib.suppress(SkyExplorerError):
            question()


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_tables_of_anything(data):
    head = data.draw(st.sampled_from(HEADS))
    width = head.count(",") + 1
    rows = data.draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=12))
    asked("\n".join([head, *(",".join(row) for row in rows), ""]).encode())


def rate_file() -> bytes:
    k = np.arange(20.0)
    columns = [
        fits.Column("TIME", "D", "s", array=100 * k),
        fits.Column("RATE", "E", "count/s", array=1 + k % 3),
        fits.Column("ERROR", "E", "count/s", array=np.full(20, 0.1)),
        fits.Column("FRACEXP", "E", array=np.ones(20)),
    ]
    table = fits.BinTableHDU.from_columns(columns, name="RATE")
    facts = {
        "MJDREFI": 51910,
        "MJDREFF": 7.4e-4,
        "TIMESYS": "TT",
        "TIMEUNIT": "s",
        "TIMEDEL": 100.0,
        "TIMEPIXR": 0.5,
    }
    table.header.update(facts)
    out = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(out)
    return out.getvalue()


@pytest.mark.parametrize("seed", range(3))
def test_damaged_rate_files(seed):
    raw, dice = rate_file(), random.Random(seed)
    for _ in range(40):
        asked(mutated(raw, dice, [raw]))


REAL = (
    "lightcurves/pks2155_hess_lc_3bins.fits",
    "lightcurves/lightcrv_PKSB1222+216.fits",
    "lightcurves/vtscat/2021ApJ...923..241A__XRAY-000030-lc-1.ecsv",
    "lightcurves/vtscat/2020ApJ...890...97A__VER-000049-lc-5.ecsv",
    "lightcurves/ZTF21aaqjmps_phot.csv",
)


@pytest.mark.parametrize("file", REAL)
def test_damaged_real_files(data_dir, file):
    raw, dice = (data_dir / file).read_bytes(), random.Random(file)
    for _ in range(25):
        bad = mutated(raw, dice, [raw])
        asked(bad)
        with contextlib.suppress(SkyExplorerError):
            opening.read(bad)


def test_a_date_that_is_none_does_not_overflow():
    """Found by the test above: a bin that ends in 1e308 s."""
    head = "time_min,time_max,eflux,eflux_errn,eflux_errp"
    rows = ["0.0,0.0,0.0,0.0,0.0"] * 5 + [f"0.0,{end},0.0,0.0,1.0" for end in (0.0, 1.0, 0.5, 50000.0)]
    asked("\n".join([head, *rows, "0.0,1e308,8.0,0.0,1.0", ""]).encode())
