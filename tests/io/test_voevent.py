"""VOEvents: frames, scales of time, units and circles, as real packets with one thing changed."""

from __future__ import annotations

import math

import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time

from skyexplorer import Event
from skyexplorer.io import voevent

GOLD = "AMON_ICECUBE_GOLD_190730"
MERGER = "GW190814"


@pytest.fixture
def changed(data_dir):
    """A function that gives the notice of a real packet in which texts are replaced."""

    def change(name: str, *pairs: tuple[str, str]) -> bytes:
        text = (data_dir / f"alerts/voevent/{name}.xml").read_text("utf-8")
        for old, new in pairs:
            assert old in text, old
            text = text.replace(old, new)
        return text.encode()

    return change


@pytest.mark.parametrize("scale", ["UTC", "TT", "TDB", "TAI"])
def test_the_scale_of_time_is_that_of_the_coordinate_system(changed, scale):
    event = Event.read(changed(GOLD, ("UTC-FK5-GEO", f"{scale}-ICRS-GEO")))
    assert event.time.scale == scale.lower()
    assert event.time.isot == "2019-07-30T20:50:41.310"
    # SCIENCE.md 7: TT - UTC is 69.184 s, TAI - UTC 37 s.
    late = {"UTC": 0, "TT": 69.184, "TDB": 69.184, "TAI": 37}[scale]
    utc = Time("2019-07-30T20:50:41.310", scale="utc")
    assert (utc - event.time).to_value("s") == pytest.approx(late, abs=2e-3)


def test_where_the_observatory_stands_is_not_where_the_event_was(changed):
    station = """<ObservatoryLocation id="x"><AstroCoordSystem id="TT-GEOD-TOPO"/><AstroCoords><Position2D unit="deg">
      <Value2><C1>1</C1><C2>2</C2></Value2><Error2Radius>3</Error2Radius></Position2D></AstroCoords></ObservatoryLocation>"""
    found = voevent.notice(changed(GOLD, ('<ObservatoryLocation id="GEOLUN" />', station)))
    assert (found.ra, found.dec, found.radius, found.scale) == (225.7899, 10.47, 1.185, "utc")


def test_galactic_and_b1950_positions_are_turned_to_icrs(changed):
    for system, frame in (("UTC-GAL-GEO", "galactic"), ("UTC-FK4-GEO", "fk4")):
        event = Event.read(changed(GOLD, ("UTC-FK5-GEO", system)))
        true = SkyCoord(225.7899 * u.deg, 10.47 * u.deg, frame=frame).icrs
        assert event.position.separation(true).arcsec < 1e-3
        assert event.position.frame.name == "icrs"


def test_radians(changed):
    raw = changed(
        GOLD,
        ('Position2D unit="deg"', 'Position2D unit="rad"'),
        ("<C1>225.7899</C1>", f"<C1>{math.radians(225.7899)}</C1>"),
        ("<C2>10.4700</C2>", f"<C2>{math.radians(10.47)}</C2>"),
        ("<Error2Radius>1.1850</Error2Radius>", f"<Error2Radius>{math.radians(1.185)}</Error2Radius>"),
    )
    found = voevent.notice(raw)
    assert (found.ra, found.dec, found.radius) == pytest.approx((225.7899, 10.47, 1.185), abs=1e-12)


def test_the_circle_of_50_percent_is_called_so(changed):
    found = voevent.notice(changed(GOLD, ("<Error2Radius>1.1850", "<Error2Radius>0.6624")))
    assert (found.containment, found.region_words) == (0.5, "50 % circle")


@pytest.mark.parametrize(
    ("unit", "hertz"),
    [
        ("yr^-1", 0.677 / (365.25 * 86400)),
        ("per year", 0.677 / (365.25 * 86400)),
        ("", 0.677 / (365.25 * 86400)),
        ("Hz", 0.677),
    ],
)
def test_the_false_alarm_rate_has_the_unit_of_its_packet(changed, unit, hertz):
    event = Event.read(changed(GOLD, ('unit="yr^-1"', f'unit="{unit}"')))
    assert event.far.to_value("Hz") == pytest.approx(hertz)
    assert event.far_as_given.value == 0.677


def test_energy_in_gev(changed):
    found = voevent.notice(changed(GOLD, ('value="298.8134" unit="TeV"', 'value="298813.4" unit="GeV"')))
    assert found.energy_tev == pytest.approx(298.8134)


@pytest.mark.parametrize(
    ("old", "new", "role"),
    [
        ('role="observation"', 'role="test"', "test"),
        ('role="observation"', 'role="prediction"', "prediction"),
        ('role="observation"', 'role="utility"', "utility"),
        ('name="Test"           value="false"', 'name="Test" value="true"', "test"),
        ('name="InternalTest"   value="false"', 'name="InternalTest" value="true"', "test"),
    ],
)
def test_roles(changed, old, new, role):
    assert voevent.notice(changed(GOLD, (old, new))).role == role


def test_a_flag_takes_an_event_back(changed):
    raw = changed(GOLD, ('name="Retraction"     value="false"', 'name="Retraction" value="true"'))
    assert voevent.notice(raw).retracted


def test_an_injection_is_a_test(changed):
    found = voevent.notice(changed(MERGER, ('name="HardwareInj" dataType="int" value="0"',
                                            'name="HardwareInj" dataType="int" value="1"')))  # fmt: skip
    assert found.role == "test"
    assert any("injection" in note for note in found.notes)


def test_a_map_that_is_nowhere(changed):
    found = voevent.notice(changed(MERGER))
    assert found.skymap_url == "data/LALInference.v1.fits.gz"
    assert any("no URL" in note for note in found.notes)
    assert voevent.notice(changed(MERGER, ("data/LALInference.v1.fits.gz", "null"))).skymap_url == ""
    url = "https://gracedb.ligo.org/api/superevents/S190814bv/files/LALInference.v1.fits.gz,0"
    there = voevent.notice(changed(MERGER, ("data/LALInference.v1.fits.gz", url)))
    assert there.skymap_url == url
    assert there.notes == ()


@pytest.mark.parametrize("cite", ["followup", "supersedes", "retraction"])
def test_citations(changed, cite):
    raw = changed("MS181101ab-4-Retraction", ('cite="retraction"', f'cite="{cite}"'), ('value="Retraction"', 'value="x"'),
                  ('value="164"', 'value="152"'))  # fmt: skip
    found = voevent.notice(raw)
    assert [kind for kind, _ in found.related] == [cite] * 3
    assert found.related[0][1] == "ivo://gwnet/LVC#MS181101ab-1-Preliminary"
    assert found.retracted == (cite == "retraction")


@pytest.mark.parametrize(("ra", "dec"), [("400x", "10"), ("nan", "10"), ("10", "91"), ("", ""), ("inf", "0")])
def test_a_position_that_is_none_is_left_out_and_told(changed, ra, dec):
    event = Event.read(changed(GOLD, ("<C1>225.7899", f"<C1>{ra}"), ("<C2>10.4700", f"<C2>{dec}")))
    assert event.position is None
    assert event.localization is None
    assert any("none on the sky" in note for note in event.notes)


def test_an_event_at_zero_zero_that_has_an_error_is_there(changed):
    event = Event.read(changed(GOLD, ("<C1>225.7899", "<C1>0.0"), ("<C2>10.4700", "<C2>0.0")))
    assert event.position.ra.deg == event.position.dec.deg == 0
    assert event.localization.radius == 1.185 * u.deg
