"""Words, numbers and times of notices; IGWN alerts with a coincidence; which JSON is an alert."""

from __future__ import annotations

import base64
import itertools
import json

import pytest
from astropy.time import Time

from skyexplorer import Event, SkyMap
from skyexplorer.io import gcn_json, notice
from skyexplorer.model.revisions import histories


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2024-08-24T02:14:40.43", "2024-08-24T02:14:40.430000"),
        ("2023-04-16T05:22:26.150574Z", "2023-04-16T05:22:26.150574"),
        ("2023-04-16T05:22:26.150574999Z", "2023-04-16T05:22:26.150574"),
        ("2024-09-18 07:19:03.518831+00:00", "2024-09-18T07:19:03.518831"),
        ("2024-09-18T09:19:03+02:00", "2024-09-18T07:19:03"),
        ("2026-04-08 23:59:34 UTC", "2026-04-08T23:59:34"),
        ("2016-04-27 05:53:53 UT", "2016-04-27T05:53:53"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:60"),
        ("2016-12-31 23:59:60.25", "2016-12-31T23:59:60.250000"),
        ("UTC", ""),
        ("2024-13-01T00:00:00", ""),
        ("9999-12-31T23:59:59-12:00", ""),
        (None, ""),
        (True, ""),
        ([], ""),
    ],
)
def test_times_as_they_are_met_with(text, iso):
    assert notice.moment(text) == iso


def test_a_leap_second_is_a_second_of_its_own():
    """SCIENCE.md T5, through a notice."""
    times = []
    for text in ("2016-12-31T23:59:59Z", "2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"):
        document = {"$schema": "gcn/notices/x", "id": "a", "trigger_time": text}
        times.append(Event.read(json.dumps(document).encode()).time)
    assert [round((b - a).to_value("s"), 6) for a, b in itertools.pairwise(times)] == [1, 1]


@pytest.mark.parametrize("text", ["1066-10-14T09:00:00Z", "1959-12-31T00:00:00Z", "2199-01-01T00:00:00Z"])
def test_what_is_no_time_of_an_alert_is_left_out_and_told(text):
    document = {"$schema": "gcn/notices/x", "id": "a", "trigger_time": text}
    event = Event.read(json.dumps(document).encode())
    assert event.time is None
    assert any("time" in note for note in event.notes)


def test_a_time_of_gps_is_utc_in_the_event(data_dir):
    events = Event.read_table(data_dir / "gw/gwosc_events.json")
    (event,) = [e for e in events if e.name == "GW170817"]
    assert event.time.scale == "utc"
    # SCIENCE.md T1 has GPS 1187008882.443; the list gives it to a tenth of a second.
    assert abs((event.time - Time("2017-08-17T12:41:04.443", scale="utc")).to_value("s")) < 0.05


@pytest.fixture
def alert(data_dir):
    return json.loads((data_dir / "alerts/igwn_gwalert_preliminary.json").read_bytes())


def test_a_coincidence_is_kept_beside_the_map(alert):
    alert["external_coinc"] = {
        "gcn_notice_id": 744618211,
        "ivorn": "ivo://nasa.gsfc.gcn/Fermi#GBM_Gnd_Pos_2024-08-06T04:36:46.00_744618211_46-1",
        "observatory": "Fermi",
        "search": "GRB",
        "time_difference": 4.1,
        "time_coincidence_far": 1.1e-13,
        "time_sky_position_coincidence_far": 7.4e-14,
        "combined_skymap": alert["event"]["skymap"][:4000],
    }
    event = Event.read(json.dumps(alert).encode())
    assert event.properties["external_coinc"]["time_sky_position_coincidence_far"] == 7.4e-14
    assert "combined_skymap" not in event.properties["external_coinc"]
    assert event.related == (("coincident", alert["external_coinc"]["ivorn"]),)
    assert any("combined with Fermi" in note for note in event.notes)
    assert event.far.to_value("Hz") == pytest.approx(5.18e-16, rel=1e-3)
    assert (event.properties["group"], event.properties["search"], event.properties["HasNS"]) == (
        "CBC",
        "MDC",
        1.0,
    )


def test_a_real_event_of_low_significance(alert):
    alert["superevent_id"] = "S260605l"
    alert["event"].update(search="AllSky", significant=False)
    event = Event.read(json.dumps(alert).encode())
    assert event.role == "observation"
    assert "a low-significance alert" in event.notes


def test_a_map_that_does_not_add_up_is_told_not_warned_of(alert):
    import io

    from astropy.io import fits

    raw = base64.b64decode(alert["event"]["skymap"])
    with fits.open(io.BytesIO(raw)) as hdus:
        hdus[1].data["PROBDENSITY"] *= 0.9
        out = io.BytesIO()
        hdus.writeto(out)
    alert["event"]["skymap"] = base64.b64encode(out.getvalue()).decode()
    event = Event.read(json.dumps(alert).encode())
    assert isinstance(event.localization, SkyMap)
    assert any("add up to 0.9" in note for note in event.notes)


def test_a_map_too_large_is_left_out(alert, monkeypatch):
    monkeypatch.setattr(notice, "MOST_BASE64", 1000)
    event = Event.read(json.dumps(alert).encode())
    assert event.localization is None
    assert any("larger than" in note for note in event.notes)


def test_which_json_is_an_alert(data_dir, alert):
    def told(name):
        return gcn_json.recognises(json.loads((data_dir / name).read_bytes()))

    assert gcn_json.recognises(alert)
    assert told("gw/gwosc_events.json")
    assert told("neutrino/nucat_icecube_notices.json")
    assert told("alerts/EP240508.json")
    assert told("alerts/gcn-schema/circulars.example.json")
    assert not told("sky/d3-celestial/messier.json")
    assert not gcn_json.recognises({"0": [1, 2]})
    assert not gcn_json.recognises([])


def test_a_broker_tells_when_it_first_saw_and_what_it_matches(data_dir):
    event = Event.read(data_dir / "alerts/gcn-schema/notices/boom/alert.example.json")
    # The first point is a limit of the day before.
    assert event.time.utc.isot == "2025-11-28T10:07:08.003"
    assert event.related == (("followup", "S251117bs"),)
    assert event.classification == {"Type II": 0.9}


SEARCH = {
    "$schema": "https://gcn.nasa.gov/schema/v6.1.0/gcn/notices/icecube/lvk_nu_track_search.schema.json",
    "reference": {"gcn.notices.LVK.alert": "S230914ak-2-Preliminary"},
    "ref_ID": "S230914ak",
    "alert_datetime": "2023-09-14T11:49:16.526Z",
    "trigger_time": "2023-09-14T11:14:01Z",
    "coincident_events": [
        {"event_dt": 12.91, "id": ["138590_39138551"], "event_pval_generic": 0.0191, "event_pval_bayesian": None,
         "localization": {"ra": 17.48, "dec": 16.15, "ra_dec_error": 0.5, "containment_probability": 0.9,
                          "systematic_included": False}},
        {"event_dt": 222.46, "id": ["138590_39164579"], "event_pval_generic": 0.0928, "event_pval_bayesian": 0.0656,
         "localization": {"ra": 13.82, "dec": 18.66, "ra_dec_error": 0.5, "containment_probability": 0.9,
                          "systematic_included": False}},
    ],
}  # fmt: skip


def test_neutrinos_around_a_gravitational_wave_are_events_of_their_own():
    """The example of gcn-schema, icecube/lvk_nu_track_search, in its form."""
    first, second = Event.read_table(json.dumps(SEARCH).encode())
    assert (first.name, first.messenger) == ("IceCube 138590_39138551", "neutrino")
    assert (second.position.ra.deg, second.position.dec.deg) == (13.82, 18.66)
    assert first.region_kind == "90 % circle, statistical errors only"
    assert abs((second.time - Time("2023-09-14T11:17:43.46", scale="utc")).to_value("s")) < 1e-6
    assert second.properties["pval_bayesian"] == 0.0656
    assert ("followup", "S230914ak") in first.related
    wave = Event("S230914ak", Time("2023-09-14T11:14:01", scale="utc"), "gw")
    assert [len(history) for history in histories([wave, first, second])] == [1, 1, 1]
