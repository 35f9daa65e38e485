"""Time series that a real archive lists by SSA and in its table of observations, with the clock that their files tell."""

from __future__ import annotations

from pathlib import Path

import pytest
from astropy import units as u

from skyexplorer import SkyExplorer
from skyexplorer.services.curves import Target


@pytest.mark.parametrize("id", ["loopback-curves", "gavo-obscore"])
def test_a_series_with_its_clock(loopback, bring, data_dir: Path, id: str) -> None:
    sky = SkyExplorer()
    source = sky.layers["fermi-sources"].catalog
    row = source.names.index("4FGL J0509.4+0542")
    place = source.coords[row]
    target = Target("TXS 0506+056", place.ra.deg, place.dec.deg, ("TXS 0506+056",), "gamma", radius=60.0)
    brought = bring(id, target, deadline=30)
    curve = next(c for c in brought.curves if len(c) == 10)
    assert curve.time.scale == "tt"
    assert curve.time.tt.mjd[0] == pytest.approx(54682.66 + 365.25 / 2)
    own = source.light_curve(row)
    assert own is not None
    assert curve.value.to_value("cm-2 s-1") == pytest.approx(
        own.value.to_value(1 / (u.cm**2 * u.s)), rel=1e-3
    )
    assert curve.origin.service == id
    assert curve.origin.location.startswith("http://127.0.0.1")


def test_a_place_without_series_is_no_failure(loopback, bring) -> None:
    brought = bring("loopback-curves", Target("nowhere", 123.0, -7.0, (), "optical"), deadline=30)
    assert brought.curves == ()
    assert "no time series" in brought.note
