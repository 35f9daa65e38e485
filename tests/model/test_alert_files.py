"""Every alert file, and what it says: the numbers that stand in the files, not those that a reader made of them."""

from __future__ import annotations

import pytest
from astropy.time import Time

from skyexplorer import Event, SkyMap
from skyexplorer.errors import FormatError
from skyexplorer.model.revisions import histories

CIRCLE, ELLIPSE = "circle", "ellipse"
NOTICES = "gcn-schema/notices/"
# file: name, messenger, role, revision, retracted, ra, dec, shape, size (deg), containment, time in UTC
FACTS = {
    "EP240508.json": ("Einstein Probe WXT 2024-05-08T07:38:01", "x-ray", "observation", 0, False, 229.837999999,
        -29.746999999, CIRCLE, 0.05089517, 0.9, "2024-05-08T07:38:01.151"),
    "gcn-schema/circulars.example.json": ("GRB 230410A", "", "observation", 0, False, None, None, None, None, None, None),
    NOTICES + "boom/alert.example.json": ("ZTF25acffkdr", "optical", "observation", 0, False, 150.175649, 15.2832185, None,
        None, None, "2025-11-28T10:07:08.003"),
    NOTICES + "burstcube/alert.example.json": ("BurstCube 240601000", "gamma", "observation", 1, False, 232, -53.1, CIRCLE,
        10, 0.9, "2024-06-01T00:00:00"),
    NOTICES + "burstcube/test.example.json": ("BurstCube 240601000", "gamma", "test", 1, False, 232, -53.1, CIRCLE, 10, 0.9,
        "2024-06-01T00:00:00"),
    NOTICES + "chime/frb.detection.example.json": ("CHIME 427325191", "radio", "observation", 0, False, 346.77850859547,
        12.632485229956252, ELLIPSE, 0.598921231135782, 0.9, "2024-09-18T07:19:10.765268"),
    NOTICES + "chime/frb.retraction.example.json": ("CHIME 427325191", "radio", "observation", 0, True, None, None, None,
        None, None, "2024-09-18T07:19:10.765268"),
    NOTICES + "chime/frb.subsequent.example.json": ("CHIME 427325192", "radio", "observation", 0, False, 346.77850859547,
        12.632485229956252, ELLIPSE, 0.598921231135782, 0.9, "2024-09-18T07:19:10.765268"),
    NOTICES + "chime/frb.update.example.json": ("CHIME 427325191", "radio", "observation", 0, False, None, None, None, None,
        None, "2024-09-18T07:19:10.765268"),
    NOTICES + "core/Localization.example.json": ("GCN notice", "", "observation", 0, False, 120, 45, ELLIPSE, 0.8, 0.95,
        None),
    NOTICES + "dsa110/frb.retraction.example.json": ("DSA-110 240918aaaa", "radio", "observation", 0, True, None, None, None,
        None, None, "2024-09-18T07:19:10.765268"),
    NOTICES + "dsa110/frb.subsequent.example.json": ("DSA-110 240918aaaa", "radio", "observation", 0, False,
        346.77850859547, 12.632485229956252, ELLIPSE, 0.02, 0.9, "2024-09-18T07:19:10.765268"),
    NOTICES + "dsa110/frb.update.example.json": ("DSA-110 240918aaaa", "radio", "observation", 0, False, None, None, None,
        None, None, "2024-09-18T07:19:10.765268"),
    NOTICES + "einstein_probe/wxt/alert.example.json": ("Einstein Probe WXT 01708973486", "x-ray", "observation", 0, False,
        120, 40, CIRCLE, 0.02, 0.9, "2024-03-01T21:46:05.13"),
    NOTICES + "fermi/gbm/trigger.alert.example.json": ("Fermi GBM bn240812094", "gamma", "observation", 1, False, None, None,
        None, None, None, "2024-08-24T02:14:40.43"),
    NOTICES + "fermi/gbm/trigger.flight1.example.json": ("Fermi GBM bn240812094", "gamma", "observation", 2, False, 136.917,
        -78.117, CIRCLE, 8.32, 0.68, "2024-08-24T02:14:40.43"),
    NOTICES + "fermi/gbm/trigger.flight2.example.json": ("Fermi GBM bn240812094", "gamma", "observation", 3, False, 236.783,
        66.633, CIRCLE, 9.23, 0.68, "2024-08-24T02:14:40.43"),
    NOTICES + "fermi/gbm/trigger.flight3.example.json": ("Fermi GBM bn240812094", "gamma", "observation", 4, False, 235.883,
        68.683, CIRCLE, 7.15, 0.68, "2024-08-24T02:14:40.43"),
    NOTICES + "fermi/gbm/trigger.ground1.example.json": ("Fermi GBM bn240812094", "gamma", "observation", 5, False, 92.17,
        -66.98, CIRCLE, 1.34, 0.68, "2024-08-24T02:14:40.43"),
    NOTICES + "fermi/gbm/trigger.ground2.example.json": ("Fermi GBM bn240812094", "gamma", "observation", 6, False, 90.56,
        -67.87, CIRCLE, 1.08, 0.68, "2024-08-24T02:14:40.43"),
    NOTICES + "fermi/gbm/trigger.final.example.json": ("Fermi GBM bn240812094", "gamma", "observation", 7, False, 29.24,
        -63.62, CIRCLE, 1, 0.68, "2024-08-24T02:14:40.43"),
    NOTICES + "glowbug/Alert.example.json": ("GLOWBUG 432", "gamma", "observation", 0, False, None, None, None, None, None,
        "2023-04-23T15:20:11"),
    NOTICES + "heasarc/archive_alert.example.json": ("Crab", "", "observation", 0, False, None, None, None, None, None,
        "2022-02-21T16:12:23"),
    NOTICES + "icecube/single_neutrino_alerts.gold_bronze_track_alerts.example.json": ("IceCube-230416A", "neutrino",
        "observation", 1, False, 345.82, 9.01, CIRCLE, 0.5, 0.9, "2023-04-16T05:22:26.150574"),
    NOTICES + "km3net/alert.example.json": ("KM3-240901A", "neutrino", "observation", 1, False, 10.82, 20.01, CIRCLE, 0.9,
        0.9, "2024-09-01T01:16:47"),
    NOTICES + "maxi/gsc.known.example.json": ("Swift J1858.6-0814", "x-ray", "observation", 1, False, 285.6, -9.2, None,
        None, None, "2025-07-02T14:35:59"),
    NOTICES + "maxi/gsc.known.retraction.example.json": ("Swift J1858.6-0814", "x-ray", "observation", 2, True, None, None,
        None, None, None, "2025-07-02T14:35:59"),
    NOTICES + "maxi/gsc.unknown.circle.example.json": ("GRB 230220A", "x-ray", "observation", 1, False, 346.56, 18.61,
        CIRCLE, 1.5, 0.9, "2023-02-20T08:56:01"),
    NOTICES + "maxi/gsc.unknown.noerror.example.json": ("GRB 230220A", "x-ray", "observation", 1, False, 346.56, 18.61, None,
        None, None, "2023-02-20T08:56:01"),
    NOTICES + "maxi/gsc.unknown.rectangle.example.json": ("GRB 230220A", "x-ray", "observation", 1, False, 346.56, 18.61,
        "polygon", None, 0.9, "2023-02-20T08:56:01"),
    NOTICES + "maxi/gsc.unknown.retraction.example.json": ("GRB 230220A", "x-ray", "observation", 2, True, None, None, None,
        None, None, "2023-02-20T08:56:01"),
    NOTICES + "superk/sn_alert.test.example.json": ("Super-Kamiokande SN.095001.000001", "neutrino", "test", 1, False,
        270.82, 31.46, CIRCLE, 0.91, 0.68, "2023-08-01T00:00:01"),
    NOTICES + "svom/eclairs/trigger.catalog.example.json": ("M1", "gamma", "test", 0, False, 143.2478, -68.0289, CIRCLE, 0.1,
        0.9, "2024-02-22T08:51:31.32"),
    NOTICES + "svom/eclairs/trigger.not-slewing.example.json": ("SVOM ECLAIRs sb24022203", "gamma", "test", 0, False,
        143.2478, -68.0289, CIRCLE, 0.1, 0.9, "2024-02-22T08:51:31.32"),
    NOTICES + "svom/eclairs/trigger.wakeup.example.json": ("SVOM ECLAIRs sb24022203", "gamma", "test", 0, False, 143.2478,
        -68.0289, CIRCLE, 0.1, 0.9, "2024-02-22T08:51:31.32"),
    NOTICES + "svom/grm/trigger.example.json": ("SVOM GRM sb24022203", "gamma", "test", 0, False, 143.2478, -68.0289, CIRCLE,
        0.1, 0.9, "2024-02-22T08:51:31.32"),
    NOTICES + "swift/bat/Guano.example.json": ("Swift BAT-GUANO 694215995", "gamma", "observation", 1, False, None, None,
        None, None, None, "2022-12-31T21:46:05.13"),
    NOTICES + "swift/bat/Guano.Retraction.example.json": ("Swift BAT-GUANO 694215995", "gamma", "observation", 4, True, None,
        None, None, None, None, "2022-12-31T21:46:05.13"),
    NOTICES + "swift/bat/guano.loc_arc_min.example.json": ("Swift BAT-GUANO 694215995", "gamma", "observation", 3, False,
        336.26, 25.139, CIRCLE, 0.5, 0.9, "2022-12-31T21:46:05.13"),
    "igwn_gwalert_preliminary.json": ("MS260605l", "gw", "test", 0, False, None, None, "sky map", None, None,
        "2026-06-05T11:57:26.395"),
    "igwn_gwalert_retraction.json": ("MS260605l", "gw", "test", 0, True, None, None, None, None, None, None),
    "voevent/AMON_ICECUBE_BRONZE_220822.xml": ("IceCube-220822", "neutrino", "observation", 0, False, 273.4834, 22.1648,
        CIRCLE, 1.2755, 0.9, "2022-08-22T20:26:30.03"),
    "voevent/AMON_ICECUBE_GOLD_190730.xml": ("IceCube-190730", "neutrino", "observation", 1, False, 225.7899, 10.47, CIRCLE,
        1.185, 0.9, "2019-07-30T20:50:41.31"),
    "voevent/GRB180116A_Fermi_GBM_Alert.xml": ("Fermi GBM 537755817", "gamma", "observation", 1, False, None, None, None,
        None, None, "2018-01-16T00:36:52.81"),
    "voevent/GRB180116A_Fermi_GBM_Flt_Pos.xml": ("Fermi GBM 537755817", "gamma", "observation", 46, False, 216.3833, 18.7,
        CIRCLE, 19.8333, 0.68, "2018-01-16T00:36:52.81"),
    "voevent/GRB180116A_Fermi_GBM_Gnd_Pos.xml": ("Fermi GBM 537755817", "gamma", "observation", 56, False, 214.74, 28.14,
        CIRCLE, 11.19, 0.68, "2018-01-16T00:36:52.81"),
    "voevent/GRB180116A_Fermi_GBM_Fin_Pos.xml": ("Fermi GBM 537755817", "gamma", "observation", 0, False, 212.77, 27.05,
        CIRCLE, 5.2, 0.68, "2018-01-16T00:36:52.81"),
    "voevent/GW190814.xml": ("S190814bv", "gw", "observation", 5, False, None, None, None, None, None,
        "2019-08-14T21:10:39.012957"),
    "voevent/MS181101ab-1-Preliminary.xml": ("MS181101ab", "gw", "test", 1, False, None, None, None, None, None,
        "2018-11-01T22:22:46.654437"),
    "voevent/MS181101ab-4-Retraction.xml": ("MS181101ab", "gw", "test", 4, True, None, None, None, None, None,
        "2018-11-01T22:22:46.654437"),
    "voevent/SWIFT_1125809-092.xml": ("Swift BAT 1125809", "gamma", "observation", 0, False, 64.7373, 13.3517, CIRCLE, 0.05,
        None, "2022-09-30T11:11:52.12"),
}  # fmt: skip
PARTS = ("Pointing", "Reporter", "Spectral", "Statistics")


def test_every_file_is_here(data_dir):
    folder = data_dir / "alerts"
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files == set(FACTS) | {f"{NOTICES}core/{part}.example.json" for part in PARTS}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_a_notice_is_refused(data_dir, part):
    with pytest.raises(FormatError, match="no event"):
        Event.read(data_dir / f"alerts/{NOTICES}core/{part}.example.json")


@pytest.mark.parametrize("name", FACTS)
def test_what_it_says(data_dir, name):
    title, messenger, role, revision, retracted, ra, dec, shape, size, share, time = FACTS[name]
    event = Event.read(data_dir / "alerts" / name)
    assert (event.name, event.messenger, event.role) == (title, messenger, role)
    assert (event.revision, event.retracted) == (revision, retracted)
    if ra is not None:
        assert (event.position.ra.deg, event.position.dec.deg) == pytest.approx((ra, dec), abs=1e-9)
    elif shape is None:
        assert event.position is None
    if shape is None:
        assert event.localization is None
        assert event.region_kind == ""
    elif shape == "sky map":
        assert isinstance(event.localization, SkyMap)
    else:
        assert event.localization.kind == shape
        assert shape in event.region_kind or "rectangle" in event.region_kind
        assert bool(event.localization.contains(event.position))
    if size is not None:
        radius = event.localization.radius.to_value("deg")
        assert radius == pytest.approx(size, rel=1e-6)
    assert event.containment == share
    if time is None:
        assert event.time is None
    else:
        assert event.time.scale == "utc"
        assert abs((event.time - Time(time, scale="utc")).to_value("s")) < 1e-6


def test_the_four_packets_of_one_burst(data_dir):
    folder = data_dir / "alerts/voevent"
    events = [Event.read(path) for path in sorted(folder.glob("GRB*.xml"))]
    (history,) = histories(events)
    order = ["alert", "flight position", "ground position", "final position"]
    assert [event.alert_type for event in history.notices] == order
    assert history.latest.alert_type == "final position"
    assert history.superseded == history.notices[:3]
    assert not history.retracted
    # Nothing of a trigger without a place is drawn, and what follows has one.
    assert history.changes[0].startswith("flight position 46: has a position")


def test_the_seven_notices_of_one_trigger_in_json(data_dir):
    events = [Event.read(path) for path in (data_dir / f"alerts/{NOTICES}fermi/gbm").glob("*.json")]
    (history,) = histories(events)
    assert [event.revision for event in history.notices] == [1, 2, 3, 4, 5, 6, 7]
    assert history.latest.position.ra.deg == 29.24


def test_a_packet_and_the_row_of_the_table_are_one_event(data_dir):
    """By run and event: the letter of IC190730A is not in the packet."""
    packet = Event.read(data_dir / "alerts/voevent/AMON_ICECUBE_GOLD_190730.xml")
    table = Event.read_table(data_dir / "neutrino/IceCube_Gold_Bronze_Tracks.csv")
    (history,) = [h for h in histories([*table, packet]) if packet in h.notices]
    assert {event.name for event in history.notices} == {"IC190730A", "IceCube-190730"}
    row = next(event for event in history.notices if event is not packet)
    assert row.ids == ("132910_57145925",)
    # Both keep what they say: a false-alarm rate per year each, in the same unit.
    assert packet.far_as_given.value == 0.677
    assert row.far.unit == packet.far.unit


def test_a_retraction_leaves_nothing_to_draw(data_dir):
    for path in sorted((data_dir / "alerts").rglob("*etraction*")):
        event = Event.read(path)
        assert event.retracted
        assert event.localization is None


def test_bare_numbers_of_two_missions_are_two_events():
    """KM3NeT counts its alerts from 1, and is not alone."""
    at = Time("2024-09-01T01:16:47", scale="utc")
    a = Event("KM3-240901A", at, "neutrino", mission="KM3NeT", ids=("1",))
    b = Event("SN 1", at, "neutrino", mission="Super-Kamiokande", ids=("1",))
    c = Event("KM3 again", at, "neutrino", mission="KM3NeT", ids=("1",))
    assert [len(history) for history in histories([a, b, c])] == [2, 1]


def test_swapped_errors_are_told_in_the_history():
    """IC211208A, SCIENCE.md 2.4."""
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    from skyexplorer import SkyRegion

    at = SkyCoord(114.52 * u.deg, 15.56 * u.deg)
    versions = [
        Event("IC211208A", position=at, revision=k,
              localization=SkyRegion.quarter_ellipse(at, (2.82, 2.50) * u.deg, sides * u.deg))
        for k, sides in enumerate(((1.81, 1.39), (1.39, 1.79)))
    ]  # fmt: skip
    (history,) = histories(versions)
    assert "the other way round" in history.changes[0]
