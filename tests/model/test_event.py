"""Events of IceCube tables."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time

from skyexplorer import Event
from skyexplorer.errors import ColumnError, InputError

TXS = SkyCoord(77.3581850 * u.deg, 5.6931481 * u.deg)


@pytest.fixture(scope="module")
def tracks(data_dir):
    return Event.read_table(data_dir / "neutrino/IceCube_Gold_Bronze_Tracks.csv")


def test_ic170922a(tracks):
    (event,) = [e for e in tracks if e.name == "IC170922A"]
    assert event.messenger == "neutrino"
    assert event.time.scale == "utc"
    assert event.time.mjd == pytest.approx(58018.871186, abs=1e-6)
    assert (event.position.ra.deg, event.position.dec.deg) == (77.43, 5.79)
    assert event.signalness == 0.631
    assert event.energy == 264 * u.TeV
    assert event.far_as_given.to_value("1/yr") == pytest.approx(0.6)
    assert event.far.to_value("Hz") == pytest.approx(0.6 / (365.25 * 86400))
    assert event.position.separation(TXS).deg == pytest.approx(0.1204, abs=1e-4)
    assert event.localization.contains(TXS)
    assert "four-quarter ellipse" in event.region_kind
    area = np.pi / 4 * (1.14 + 0.75) * (0.64 + 0.41) * np.cos(np.radians(5.79))
    assert event.localization.area.to_value("deg2") == pytest.approx(area, rel=1e-2)
    assert event.notes == ()


def test_three_tracks_hold_txs(tracks):
    # SCIENCE.md N17
    inside = {e.name for e in tracks if e.localization is not None and np.all(e.localization.contains(TXS))}
    assert {"IC170922A", "IC190317A", "IC220918A"} <= inside


def test_all_tracks(tracks):
    assert len(tracks) == 364
    days = [e.time.utc.iso[:10] for e in tracks]
    assert (min(days), max(days)) == ("2011-05-14", "2024-04-24")


def test_cascades_are_circles(data_dir):
    events = Event.read_table((data_dir / "neutrino/IceCube_cascade.csv").read_bytes())
    assert len(events) == 26
    newest = max(events, key=lambda e: e.time.mjd)
    assert newest.name == "IC240518A"
    assert {e.localization.kind for e in events} == {"circle"}
    assert {e.signalness for e in events} == {None}
    assert newest.region_kind == "90 % circle"
    assert newest.localization.radius.to_value("deg") == pytest.approx(15.38)


def test_no_alert_table():
    with pytest.raises(ColumnError, match=r"EVENTMJD.*has ra, dec") as caught:
        Event.read_table(b"ra,dec\n1,2\n")
    assert caught.value.columns == ("ra", "dec")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "name"),
        ({"messenger": "smell"}, "smell"),
        ({"signalness": 1.5}, "1.5"),
        ({"far": 3.0}, "Quantity"),
        ({"far": 3 * u.m}, "Hz"),
        ({"localization": TXS}, "SkyCoord"),
    ],
)
def test_what_cannot_be_an_event(fields, said):
    with pytest.raises(InputError, match=said):
        Event(**{"name": "x", **fields})


def test_an_event_without_a_map():
    event = Event("x", Time("2017-08-17"))
    with pytest.raises(InputError, match="no localization"):
        event.credible_region(0.9)
    with pytest.raises(InputError, match="no sky map"):
        event.credible_level(TXS)
