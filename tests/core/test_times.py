"""Clocks: SCIENCE.md 9.4."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.time import Time
from hypothesis import given
from hypothesis import strategies as st

from skyexplorer.core import times

TABLE = [  # SCIENCE.md T1 to T4: UTC, MJD, GPS, MET
    ("2017-08-17T12:41:04.443", 57982.528523646, 1187008882.443, 524666469.443),
    ("2017-08-17T12:41:06.47", 57982.528547106, 1187008884.470, 524666471.470),
    ("2023-02-07T00:30:44.000", 59982.021342593, 1359765062, 697422649),
    ("2023-08-14T23:09:01.810", None, 1376089759.810, None),
]


@pytest.mark.parametrize(("utc", "mjd", "gps", "met"), TABLE)
def test_clocks_agree(utc, mjd, gps, met):
    time = Time(utc, scale="utc")
    if mjd is not None:
        assert time.mjd == pytest.approx(mjd, abs=1e-9)
    assert time.gps == pytest.approx(gps, abs=1e-6)
    if met is not None:
        days, fraction = times.mjd_of_met(met)
        told = Time(days, fraction, format="mjd", scale="tt")
        assert abs((told - time).to_value("s")) < 1e-6
        tt = time.tt
        whole = np.floor(tt.mjd)
        assert times.met_of_mjd(whole, (tt.jd1 - 2400000.5 - whole) + tt.jd2) == pytest.approx(met, abs=1e-5)


def test_the_trigger_came_two_seconds_after_the_merger():
    first, second = (Time(row[0], scale="utc") for row in TABLE[:2])
    assert (second - first).to_value("s") == pytest.approx(2.027, abs=1e-9)


def test_a_leap_second_is_counted():
    """SCIENCE.md T5."""
    before, after = Time("2016-12-31T23:59:59", scale="utc"), Time("2017-01-01T00:00:00", scale="utc")
    assert (after - before).to_value("s") == pytest.approx(2.0, abs=1e-9)


def test_a_time_in_tt_is_not_utc():
    """SCIENCE.md 7: MET 697422649 prints as 00:31:53.184 in TT and is 00:30:44 UTC."""
    days, fraction = times.mjd_of_met(697422649)
    time = Time(days, fraction, format="mjd", scale="tt")
    assert time.iso == "2023-02-07 00:31:53.184"
    assert time.utc.iso == "2023-02-07 00:30:44.000"


@given(st.floats(0, 2e9))
def test_there_and_back(seconds):
    assert float(times.met_of_mjd(*times.mjd_of_met(seconds))) == pytest.approx(seconds, abs=1e-6)
