"""Recent and historical events side by side: units, times, pages, who answered, what is kept; through ``sky.events``."""

from __future__ import annotations

import threading

import pytest
from astropy import units as u
from astropy.time import Time

from skyexplorer import net
from skyexplorer.errors import InputError
from tests.replicas.serving import Answer

ALL = {"gracedb", "gwosc", "dataverse-icecat", "gcn-archive", "fermi-gbm-triggers", "gcn-circulars"}


def ask(sources, *args, **words):
    return sources.explorer.events(*args, **{"deadline": 20, **words})


def test_all_sources_side_by_side(sources):
    listed = ask(sources)
    ledger = {answer.service: answer for answer in listed.ledger}
    assert set(ledger) == ALL
    assert {answer.state for answer in ledger.values()} == {"ok"}
    assert all(answer.rows for answer in ledger.values())
    assert {event.messenger for event in listed} >= {"gw", "neutrino", "gamma", "x-ray"}
    when = [event.when for event in listed if event.when == event.when]
    assert when == sorted(when, reverse=True)
    table = listed.to_table()
    assert len(table) == len(listed)
    assert table["far"].unit == u.Hz
    assert table["time"].scale == "utc"
    assert sources.explorer.session.events.items is listed
    assert sources.explorer.ledger.complete == all(not answer.overflow for answer in ledger.values())


def test_rates_are_one_unit_and_as_given(sources):
    listed = ask(sources, "gw")
    catalogued = listed["GW190425"]
    assert catalogued.far_as_given == 0.034 / u.yr
    assert catalogued.far.to_value("Hz") == pytest.approx(0.034 / (365.25 * 86400))
    online = next(event for event in listed if event.name == "S190822c")
    assert online.far_as_given == 6.145e-18 * u.Hz
    rare = ask(sources, "gw", far_below=1e-3 / u.yr)
    assert "S190822c" in [event.name for event in rare]
    assert "GW190425" not in [event.name for event in rare]
    assert all(event.far < 1e-3 / u.yr for event in rare)


def test_an_event_that_two_list_is_one_row_with_all_its_names(sources):
    listed = ask(sources, "gw")
    event = listed["S190814bv"]
    assert event is listed["GW190814"]
    assert (event.name, event.source, event.kind, event.distance) == ("GW190814", "gwosc", "NSBH", 230.0)
    assert "S190814bv" in event.aliases
    assert len([row for row in listed if "S190814bv" in row.names]) == 1


def test_times_are_utc_leap_seconds_off(sources):
    listed = ask(sources, "gw", "2019-08-14", "2019-08-15")
    assert [event.name for event in listed] == ["GW190814"]
    assert listed[0].time.iso[:19] == "2019-08-14 21:10:39"
    assert [event.name for event in ask(sources, "gw", Time(1187008000.0, format="gps"), "2017-08-17")] == [
        "GW170817"
    ]


def test_retracted_and_tests_are_marked(sources):
    listed = ask(sources, live=True)
    assert listed["S190822c"].retracted
    assert listed["GRB 240101B"].retracted
    tests = [event for event in listed if event.test]
    assert [event.aliases for event in tests] == [("132628_00000001",)]


def test_the_newest_are_listed_and_of_those_before_them_the_vetted(sources):
    listed = ask(sources, "gw")
    queries = [asked.query["query"] for asked in sources.gracedb.asked if asked.path == "/api/superevents/"]
    assert queries == ["category: Production", "category: Production ADVOK", "category: Production ADVNO"]
    low = [event for event in listed if event.note == "low significance"]
    assert len(low) == 100
    assert {"S190814bv", "S190822c"} <= {name for event in listed for name in event.names}
    assert next(answer for answer in listed.ledger if answer.service == "gracedb").overflow


def test_pages_are_followed_to_a_limit_that_is_told(sources):
    listed = ask(sources, "gw", "2019-01-01")
    pages = [asked for asked in sources.gracedb.asked if asked.path == "/api/superevents/"]
    assert [asked.query.get("start", "0") for asked in pages] == ["0", "100", "200"]
    low = [event for event in listed if event.note == "low significance"]
    assert len(low) == 250
    assert not next(answer for answer in listed.ledger if answer.service == "gracedb").overflow
    for k in range(200):
        sources.gracedb.events[f"S2402{k}"] = {
            **sources.gracedb.events["S240101a"],
            "superevent_id": f"S2402{k}",
        }
    more = ask(sources, "gw", "2023-12-01")
    assert next(answer for answer in more.ledger if answer.service == "gracedb").overflow


def test_a_service_that_does_not_understand_times_is_looked_through(sources):
    sources.gracedb.plain = True
    listed = ask(sources, "gw", "2019-08-01", "2019-08-31")
    assert {"S190814bv", "S190822c"} <= {name for event in listed for name in event.names}
    answer = next(answer for answer in listed.ledger if answer.service == "gracedb")
    assert "did not understand" in answer.message


def test_throttling_is_honoured(sources):
    sources.gwosc.throttled = 1
    listed = ask(sources, "gw")
    assert "GW170817" in [event.name for event in listed]
    answer = next(answer for answer in listed.ledger if answer.service == "gwosc")
    assert answer.state == "ok"
    assert answer.seconds >= 1.0


def test_who_fails_is_told_and_the_others_are_there(sources):
    sources.gwosc.broken = Answer(b"<html>oops</html>")
    sources.gcn.broken = Answer(b"no", 500)
    listed = ask(sources)
    states = {answer.service: answer.state for answer in listed.ledger}
    assert states["gwosc"] == "malformed"
    assert states["gcn-archive"] == states["gcn-circulars"] == "refused"
    assert states["gracedb"] == states["dataverse-icecat"] == "ok"
    assert "S190814bv" in [event.name for event in listed]
    assert not listed.ledger.complete


def test_who_is_slow_is_left_out_at_the_deadline(sources):
    sources.heasarc.stalled = threading.Event()
    listed = ask(sources, deadline=3)
    states = {answer.service: answer.state for answer in listed.ledger}
    assert states["fermi-gbm-triggers"] == "late"
    assert states["gracedb"] == "ok"


def test_a_messenger_of_which_nobody_answered_has_the_samples(sources):
    for replica in (sources.dataverse, sources.gcn):
        replica.broken = Answer(b"no", 500)
    listed = ask(sources, "neutrino")
    assert {event.source for event in listed} == {"sample"}
    assert listed["IC170922A"].far is not None


def test_without_the_network_what_was_kept_is_listed_and_named_as_such(sources):
    before = {event.name for event in ask(sources)}
    asked = len(sources.gracedb.asked)
    for listed in (ask(sources, live=False), _offline(sources)):
        assert {event.name for event in listed} == before
        assert {answer.state for answer in listed.ledger} == {"cached"}
        assert all(answer.cached_at for answer in listed.ledger)
    assert len(sources.gracedb.asked) == asked


def _offline(sources):
    net.offline(True)
    try:
        return ask(sources)
    finally:
        net.offline(False)


def test_offline_an_event_that_was_opened_opens_again(sources):
    event = sources.open("S190814bv")
    net.offline(True)
    try:
        again = sources.open("S190814bv")
        assert again is event
        assert sources.states() == [("gracedb", "cached")]
        with pytest.raises(OSError, match="offline"):
            sources.open("S190425z")
    finally:
        net.offline(False)


def test_where_nothing_is_kept_and_nobody_asked_there_are_the_samples(sources):
    listed = ask(sources, live=False)
    assert {event.source for event in listed} == {"sample"}
    assert {answer.state for answer in listed.ledger} == {"unreachable"}
    assert sources.gracedb.asked == []


def test_a_list_that_cannot_be_renewed_is_given_with_its_age(sources):
    ask(sources, "neutrino")
    sources.gcn.broken = Answer(b"no", 500)
    from skyexplorer.alerts import icecube

    keep, icecube.MINUTE = icecube.MINUTE, 0.0
    try:
        listed = ask(sources, "neutrino")
    finally:
        icecube.MINUTE = keep
    answer = next(answer for answer in listed.ledger if answer.service == "gcn-archive")
    assert answer.state == "cached"
    assert "An answer that was kept is given" in answer.message
    assert any(event.source == "gcn-archive" for event in listed)


def test_gbm_triggers_of_all_kinds(sources):
    listed = ask(sources, "gamma", "2018-01-16", "2018-01-17")
    assert [(event.name, event.kind) for event in listed] == [
        ("GRB180116678", "GRB"), ("TGF180116112", "TGF"), ("GRB180116026", "GRB")
    ]  # fmt: skip
    assert listed["bn180116026"].area == pytest.approx(84.9, abs=0.1)
    assert [event.name for event in ask(sources, "gamma", kind="tgf")] == ["TGF180116112"]
    assert [event.name for event in ask(sources, "gamma", area_below=50 * u.deg**2)] == ["GRB230410476"]
    assert ask(sources, "gamma", "2010-01-01", "2010-01-02").ledger[0].rows == 0


def test_circulars_are_events_with_the_time_of_their_publication(sources):
    listed = ask(sources, search="EP240414a")
    assert [(event.name, event.messenger, event.kind) for event in listed] == [("EP240414a", "x-ray", "EP")]
    assert listed[0].time is None
    assert Time(listed[0].issued, format="mjd").iso[:7] == "2024-04"
    assert "1 of the newest circulars" in listed[0].note


@pytest.mark.parametrize(
    "wrong", [{"messenger": "x"}, {"far_below": 3}, {"since": "soon"}, {"since": "2020-01-01", "until": "2019-01-01"},
              {"area_below": 3 * u.s}, {"search": 4}, {"deadline": 0}],
)  # fmt: skip
def test_words_that_cannot_be_are_told_before_anybody_is_asked(sources, wrong):
    with pytest.raises(InputError):
        ask(sources, **wrong)
    assert sources.gracedb.asked == []


def test_submitted_it_does_not_block(sources):
    job = sources.explorer.submit(sources.explorer.events, "gw", deadline=20)
    listed = job.result(timeout=20)
    assert listed["GW170817"].source == "gwosc"
    assert sources.explorer.session.events.items is listed
