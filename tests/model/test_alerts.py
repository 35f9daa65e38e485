"""Alerts of every format, from the real packets and examples: what each says, and what it does not."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time
from hypothesis import given
from hypothesis import strategies as st

from skyexplorer import Event, SkyMap, SkyRegion
from skyexplorer.errors import FormatError, SkyExplorerError
from skyexplorer.model.revisions import History, histories, normalised, swapped_errors

YEAR = 365.25 * 86400


def voevent(data_dir, name: str) -> Event:
    return Event.read(data_dir / "alerts/voevent" / f"{name}.xml")


# VOEvents


def test_icecube_gold(data_dir):
    event = voevent(data_dir, "AMON_ICECUBE_GOLD_190730")
    assert (event.position.ra.deg, event.position.dec.deg) == pytest.approx((225.7899, 10.4700))
    assert event.localization.kind == "circle"
    assert event.localization.radius.to_value("deg") == pytest.approx(1.185)
    assert event.region_kind == "90 % circle"
    assert event.signalness == 0.6716
    assert event.energy.to_value("TeV") == pytest.approx(298.8134)
    assert event.far_as_given.to_value("1/yr") == 0.677
    assert event.far.to_value("Hz") == pytest.approx(0.677 / YEAR)
    assert event.far.unit == u.Hz
    assert (event.messenger, event.role, event.revision, event.alert_type) == (
        "neutrino",
        "observation",
        1,
        "gold track",
    )
    assert "132910_57145925" in event.ids
    assert event.time.utc.isot == "2019-07-30T20:50:41.310"
    # Truncated Julian day and seconds of day of the same packet.
    from skyexplorer.core import times

    days, fraction = times.mjd_of_tjd(18694, 75041.31)
    assert abs((event.time - Time(days, fraction, format="mjd", scale="utc")).to_value("s")) < 1e-3


def test_icecube_bronze(data_dir):
    event = voevent(data_dir, "AMON_ICECUBE_BRONZE_220822")
    assert (event.position.ra.deg, event.position.dec.deg) == pytest.approx((273.4834, 22.1648))
    assert event.localization.radius.to_value("deg") == pytest.approx(1.2755)
    assert (event.signalness, event.revision, event.alert_type) == (0.3834, 0, "bronze track")


@pytest.mark.parametrize(
    ("name", "ra", "dec", "radius"),
    [
        ("Fin_Pos", 212.77, 27.05, 5.20),
        ("Flt_Pos", 216.3833, 18.70, 19.8333),
        ("Gnd_Pos", 214.74, 28.14, 11.19),
    ],
)
def test_fermi_gbm(data_dir, name, ra, dec, radius):
    event = voevent(data_dir, f"GRB180116A_Fermi_GBM_{name}")
    assert (event.position.ra.deg, event.position.dec.deg) == pytest.approx((ra, dec), abs=0.005)
    assert event.localization.radius.to_value("deg") == pytest.approx(radius, abs=0.01)
    assert event.region_kind.startswith("68 % circle, statistical")
    assert (event.messenger, event.containment) == ("gamma", 0.68)
    assert "537755817" in event.ids


def test_a_trigger_without_a_position_has_none(data_dir):
    event = voevent(data_dir, "GRB180116A_Fermi_GBM_Alert")
    assert event.position is None
    assert event.localization is None
    assert any("no position" in note for note in event.notes)
    assert event.time.utc.isot == "2018-01-16T00:36:52.810"


def test_swift(data_dir):
    event = voevent(data_dir, "SWIFT_1125809-092")
    assert (event.position.ra.deg, event.position.dec.deg) == pytest.approx((64.7373, 13.3517))
    assert event.localization.radius.to_value("deg") == pytest.approx(0.05)
    assert event.containment is None  # the packet does not say


def test_ligo_virgo(data_dir):
    event = voevent(data_dir, "GW190814")
    assert (event.name, event.messenger, event.role, event.revision) == ("S190814bv", "gw", "observation", 5)
    assert event.classification == {
        "BNS": 0.0,
        "NSBH": 0.99789,
        "BBH": 0.0,
        "MassGap": 0.00211,
        "Terrestrial": 0.0,
    }
    assert event.properties["HasNS"] == pytest.approx(0.997890295359)
    assert event.far.to_value("Hz") == event.far_as_given.to_value("Hz") == 2.03262501422e-33
    assert event.skymap_url == "data/LALInference.v1.fits.gz"
    assert event.localization is None
    assert ("supersedes", "ivo://gwnet/LVC#S190814bv-4-Update") in event.related


def test_mock_and_retraction(data_dir):
    first, last = (voevent(data_dir, f"MS181101ab-{end}") for end in ("1-Preliminary", "4-Retraction"))
    assert first.role == last.role == "test"
    assert first.far.to_value("Hz") == pytest.approx(9.11e-14, rel=1e-3)
    assert first.classification["BNS"] == 0.95
    assert not first.retracted
    assert last.retracted
    assert last.revision == 4
    (history,) = histories([last, first])
    assert history.notices == (first, last)
    assert history.retracted


# JSON


def test_igwn_alert_with_its_map(data_dir):
    event = Event.read(data_dir / "alerts/igwn_gwalert_preliminary.json")
    assert isinstance(event.localization, SkyMap)
    assert len(event.localization.density) == 19_200
    assert event.localization.order == 11
    assert event.localization.origin.header["DISTMEAN"] == pytest.approx(39.588, abs=1e-3)
    assert event.classification["BNS"] == pytest.approx(0.999998, abs=1e-6)
    assert event.far.to_value("Hz") == pytest.approx(5.18e-16, rel=1e-3)
    assert (event.name, event.role, event.instrument, event.alert_type) == (
        "MS260605l",
        "test",
        "H1,L1,V1",
        "preliminary",
    )
    assert event.credible_region(0.9).area.to_value("deg2") > 0


def test_igwn_retraction_joins_its_alert(data_dir):
    alerts = [
        Event.read(data_dir / f"alerts/igwn_gwalert_{kind}.json") for kind in ("retraction", "preliminary")
    ]
    assert alerts[0].retracted
    assert alerts[0].localization is None
    (history,) = histories(alerts)
    assert history.retracted
    assert history.latest is alerts[1]
    assert history.changes == ["retraction 0: retracted"]


def test_icecube_notice_in_json(data_dir):
    folder = data_dir / "alerts/gcn-schema/notices/icecube"
    event = Event.read(next(folder.glob("*.json")))
    assert event.name == "IceCube-230416A"
    assert (event.position.ra.deg, event.position.dec.deg) == (345.82, 9.01)
    assert event.localization.radius.to_value("deg") == 0.5
    assert event.region_kind == "90 % circle, statistical errors only"
    assert event.energy.to_value("TeV") == 127.29
    assert event.far.to_value("Hz") == 8.029e-08  # Hz here, per year in the VOEvents
    assert event.skymap_url.startswith("https://roc.icecube.wisc.edu")


def test_einstein_probe(data_dir):
    event = Event.read(data_dir / "alerts/EP240508.json")
    assert (event.position.ra.deg, event.position.dec.deg) == pytest.approx((229.838, -29.747), abs=1e-5)
    assert event.localization.radius.to_value("deg") == pytest.approx(0.0509, abs=1e-4)
    assert event.messenger == "x-ray"
    assert event.name.startswith("Einstein Probe WXT 2024-05-08")


FRAGMENTS = {"Pointing", "Reporter", "Spectral", "Statistics"}


def test_every_gcn_example_opens_or_says_why(data_dir):
    files = sorted((data_dir / "alerts/gcn-schema").rglob("*.json"))
    assert len(files) == 42
    for file in files:
        if file.name.split(".")[0] in FRAGMENTS:
            with pytest.raises(FormatError, match="no event"):
                Event.read(file)
            continue
        event = Event.read(file)
        document = json.loads(file.read_bytes())
        assert event.name
        assert event.retracted == (document.get("alert_type") == "retraction")
        if "ra" in document:
            assert event.position.ra.deg == pytest.approx(document["ra"])
            has_error = "ra_dec_error" in document or "rectangular_error_corners" in document
            assert isinstance(event.localization, SkyRegion) == has_error
        if document.get("alert_tense") in ("test", "injection"):
            assert event.role == "test"
        if "trigger_time" in document:
            text = document["trigger_time"].rstrip("Z").replace(" ", "T")
            assert abs((event.time - Time(text, scale="utc")).to_value("s")) < 1e-3


def test_ellipse_and_rectangle(data_dir):
    notices = data_dir / "alerts/gcn-schema/notices"
    chime = Event.read(notices / "chime/frb.detection.example.json")
    assert chime.localization.kind == "ellipse"
    assert chime.localization.area.to_value("deg2") == pytest.approx(np.pi * 0.503807 * 0.598921, rel=1e-3)
    maxi = Event.read(notices / "maxi/gsc.unknown.rectangle.example.json")
    assert maxi.localization.kind == "polygon"
    assert bool(maxi.localization.contains(maxi.position))
    noerror = Event.read(notices / "maxi/gsc.unknown.noerror.example.json")
    assert noerror.localization is None
    assert noerror.position is not None


def test_a_circular_is_a_text(data_dir):
    event = Event.read(data_dir / "alerts/gcn-schema/circulars.example.json")
    assert event.name == "GRB 230410A"
    assert event.position is None
    assert "Fermi GBM team" in event.text
    assert event.issued.utc.iso[:10] == "2024-06-12"


def test_several_targets_are_several_events(data_dir):
    path = data_dir / "alerts/gcn-schema/notices/boom/alert.example.json"
    document = json.loads(path.read_bytes())
    document["data"]["targets"] *= 2
    with pytest.raises(FormatError, match="2 events"):
        Event.read(json.dumps(document).encode())
    assert len(Event.read_table(json.dumps(document).encode())) == 2


# Lists of events


def test_gwosc(data_dir):
    events = Event.read_table(data_dir / "gw/gwosc_events.json")
    assert len(events) == 179
    (event,) = [e for e in events if e.name == "GW170817"]
    assert event.revision == 3
    assert event.properties["m1"] == 1.46
    assert event.properties["luminosity_distance"] == 40
    assert event.time.gps == pytest.approx(1187008882.4)
    assert event.position is None
    assert all(e.localization is None and e.messenger == "gw" for e in events)


def test_histories_of_icecube_notices(data_dir):
    events = Event.read_table(data_dir / "neutrino/nucat_icecube_notices.json")
    joined = histories(events)
    assert len(joined) == 57
    assert sum(map(len, joined)) == len(events)
    (history,) = [h for h in joined if h.name == "IceCube-170922A"]
    first, last = history.notices
    assert (first.position.ra.deg, first.position.dec.deg) == pytest.approx((77.2853, 5.7517))
    assert (last.position.ra.deg, last.position.dec.deg) == pytest.approx((77.43, 5.72))
    assert first.region_kind == "50 % circle"
    assert last.region_kind.startswith("90 % four-quarter")
    # SCIENCE.md N3: the errors of GCN 21916.
    txs = SkyCoord(77.3581850 * u.deg, 5.6931481 * u.deg)
    east, south = (txs.ra - last.position.ra).deg, (txs.dec - last.position.dec).deg
    assert np.hypot(east / 0.80, south / 0.40) == pytest.approx(0.1121, abs=1e-4)
    assert bool(last.localization.contains(txs))


def test_one_name_two_spellings_and_two_sources(data_dir):
    table = Event.read_table(data_dir / "neutrino/IceCube_Gold_Bronze_Tracks.csv")
    notices = Event.read_table(data_dir / "neutrino/nucat_icecube_notices.json")
    txs = next(h for h in histories([*table, *notices]) if normalised(h.name) == "ICECUBE-170922A")
    assert len(txs) == 3
    assert {e.name for e in txs.notices} == {"IC170922A", "IceCube-170922A"}


def test_two_events_of_one_name_stay_apart(data_dir):
    table = Event.read_table(data_dir / "neutrino/IceCube_Gold_Bronze_Tracks.csv")
    same = [e for e in table if e.name == "IC240327A"]
    assert len(same) == 2
    assert all("different events" in " ".join(e.notes) for e in same)
    assert [len(h) for h in histories([e for e in table if e.name == "IC231103A"])] == [2]


def test_swapped_errors_are_seen():
    """IC211208A, SCIENCE.md 2.4: GCN 31191 gives +1.81 -1.39, a public table +1.39 -1.79."""
    at = SkyCoord(114.52 * u.deg, 15.56 * u.deg)

    def version(plus: float, minus: float) -> Event:
        region = SkyRegion.quarter_ellipse(at, (2.82, 2.50) * u.deg, (plus, minus) * u.deg)
        return Event("IC211208A", position=at, localization=region)

    assert swapped_errors(version(1.81, 1.39), version(1.39, 1.79))
    assert not swapped_errors(version(1.81, 1.39), version(1.81, 1.39))
    assert not swapped_errors(version(1.81, 1.39), version(1.2, 1.2))


def test_a_history_needs_a_notice():
    with pytest.raises(SkyExplorerError):
        History(())


# What must not get in

BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">]>
<voe:VOEvent xmlns:voe="http://www.ivoa.net/xml/VOEvent/v2.0" ivorn="ivo://a/b#c">&lol2;</voe:VOEvent>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/passwd">
<VOEvent ivorn="ivo://a/b#c"/>"""


@pytest.mark.parametrize(
    "raw", [BOMB, OUTSIDE, BOMB.decode().encode("utf-16"), OUTSIDE.decode().encode("utf-16-le")]
)
def test_entities_are_refused(raw):
    with pytest.raises(FormatError, match=r"declares|binary|not an alert"):
        Event.read(raw)


def test_deep_xml_is_refused():
    with pytest.raises(FormatError, match="deep"):
        Event.read(b"<VOEvent ivorn='a'>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</VOEvent>")


def test_deep_json_is_refused():
    with pytest.raises(FormatError):
        Event.read(b'{"id": ' + b"[" * 100_000 + b"]" * 100_000 + b"}")


@pytest.mark.parametrize(
    "value", ["stuff", 7, {"a": 1}, base64.b64encode(b"SIMPLE  = nonsense").decode(), "A" * 1000]
)
def test_a_broken_map_leaves_the_rest_of_the_alert(value):
    notice = {
        "$schema": "gcn/notices/x",
        "id": "1",
        "ra": 10,
        "dec": 20,
        "ra_dec_error": 2,
        "healpix_file": value,
    }
    event = Event.read(json.dumps(notice).encode())
    assert event.localization.kind == "circle"
    assert any("map" in note or "healpix_file" in note for note in event.notes)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["id", "event_name", "ra", "dec", "ra_dec_error", "containment_probability", "trigger_time", "alert_type", "far",
     "alert_tense", "healpix_file", "p_astro", "nu_energy", "classification", "data", "mission", "rectangular_error_corners",
     "superevent_id", "event", "urls", "external_coinc", "circularId", "subject", "createdOn", "events", "record_number"]
)  # fmt: skip


@given(st.dictionaries(KEYS, JUNK, max_size=12))
def test_any_values_give_an_event_or_our_error(document):
    raw = json.dumps({"$schema": "gcn/notices/fermi/gbm/x", **document}).encode()
    try:
        for event in Event.read_table(raw):
            assert event.name
            assert event.position is None or np.isfinite(event.position.ra.deg)
    except SkyExplorerError:
        pass


@given(
    ra=st.floats(0, 359.99), dec=st.floats(-90, 90), radius=st.floats(0.01, 30), share=st.floats(0.1, 0.99)
)
def test_what_a_notice_says_is_what_the_event_has(ra, dec, radius, share):
    notice = {"$schema": "gcn/notices/km3net/alert", "id": "1", "ra": ra, "dec": dec, "ra_dec_error": radius,
              "containment_probability": share}  # fmt: skip
    event = Event.read(json.dumps(notice).encode())
    assert event.position.dec.deg == pytest.approx(dec, abs=1e-9)
    assert event.localization.radius.to_value("deg") == pytest.approx(radius)
    assert event.containment == share
    assert bool(event.localization.contains(event.position))
