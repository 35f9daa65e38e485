"""The events panel without a browser: rows, filters, order, and what a click asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from astropy import units as u

from skyexplorer import SkyExplorer
from skyexplorer.errors import UnreachableError
from skyexplorer.model.event import MESSENGERS
from skyexplorer.model.ledger import Answer, Ledger
from skyexplorer.model.listing import EventsList, ListedEvent
from skyexplorer.session.session import Session
from skyexplorer.views.canvas import STATIC
from skyexplorer.views.events import MESSENGER, EventsPanel, rate
from tests.views.fake_verbs import FakeVerbs, errors, kept, tell

EVENTS = [
    ListedEvent("S190814bv", "gw", 58709.88, far_given=2e-33, kind="NSBH", classes={"NSBH": 0.97}, area=23, distance=267,
                source="gracedb", revision="v5"),
    ListedEvent("IC170922A", "neutrino", 58018.87, far_given=1.2, far_unit="1/yr", signalness=0.56, source="icecat"),
    ListedEvent("GRB 170817A", "gamma", 57982.53, kind="GRB", area=1100, source="gbm"),
    ListedEvent("S190822c", "gw", 58717.1, far_given=6e-18, kind="BNS", source="gracedb", retracted=True),
    ListedEvent("MS181101ab", "gw", 58423.0, far_given=1e-7, kind="BNS", source="gracedb", test=True),
]  # fmt: skip


@pytest.fixture
def panel(session: Session, verbs: FakeVerbs) -> Iterator[EventsPanel]:
    made = EventsPanel(session, verbs)
    made.begin()
    yield made
    made.close()


def names(panel: EventsPanel) -> list[str]:
    return [row["name"] for row in panel.rows]


def choose(panel: EventsPanel, **chosen: str) -> None:
    tell(
        panel,
        "filter",
        **{**dict.fromkeys(("words", "messenger", "since", "far", "kind"), ""), "sort": "time", **chosen},
    )


def test_before_anyone_is_asked_the_samples_are_listed_and_named_as_such(
    verbs: FakeVerbs, panel: EventsPanel
) -> None:
    assert "samples" in panel.status["text"]
    row = next(row for row in panel.rows if "170922A" in row["name"])
    assert {"kind": "sample", "text": "sample"} in row["tags"]
    assert verbs.calls == []


def test_every_messenger_has_a_sign(panel: EventsPanel) -> None:
    assert set(MESSENGER) == set(MESSENGERS)
    assert len({letter for letter, _name in MESSENGER.values()}) == len(MESSENGER)


def test_the_list_is_asked_for_by_a_click_and_told_with_who_did_not_answer(
    session: Session, verbs: FakeVerbs, panel: EventsPanel
) -> None:
    before = names(panel)
    tell(panel, "live")
    assert verbs.calls == [("events", (), {})]
    assert panel.status["state"] == "asking"
    assert names(panel) == before, "what was there stays meanwhile"
    ledger = Ledger([Answer("gracedb", "ok", rows=3), Answer("gbm", "unreachable", message="No line.")])
    session.events.show(EventsList(EVENTS, ledger))
    verbs.end()
    assert names(panel) == ["S190822c", "S190814bv", "MS181101ab", "IC170922A", "GRB 170817A"]
    assert panel.status["text"] == "5 events. No answer of gbm."


def test_kept_lists_tell_their_age(session: Session, panel: EventsPanel) -> None:
    session.events.show(EventsList(EVENTS, Ledger([kept("gracedb", rows=3)])))
    assert "of lists kept" in panel.status["text"]
    assert "ago" in panel.status["text"]


def test_a_failure_says_what_to_do_and_keeps_the_list(
    session: Session, verbs: FakeVerbs, panel: EventsPanel
) -> None:
    before = names(panel)
    tell(panel, "live")
    verbs.end(error=UnreachableError("Offline.", "Set SKYEXPLORER_OFFLINE=0."))
    assert panel.status["said"] == "Offline."
    assert panel.status["advice"] == "Set SKYEXPLORER_OFFLINE=0."
    assert names(panel) == before


@pytest.fixture
def listed(session: Session, panel: EventsPanel) -> EventsPanel:
    session.events.show(EventsList(EVENTS, Ledger([Answer("gracedb", "ok", rows=3)])))
    return panel


@pytest.mark.parametrize(
    ("chosen", "left"),
    [
        ({"messenger": "neutrino"}, ["IC170922A"]),
        ({"kind": "BNS"}, ["S190822c", "MS181101ab"]),
        ({"far": "0.01"}, ["S190822c", "S190814bv"]),
        ({"words": "grb"}, ["GRB 170817A"]),
        ({"words": "190", "messenger": "gw", "kind": "NSBH"}, ["S190814bv"]),
        ({"since": "7"}, []),
    ],
)
def test_filters(session: Session, listed: EventsPanel, chosen: dict[str, str], left: list[str]) -> None:
    choose(listed, **chosen)
    assert names(listed) == left
    assert [event.name for event in session.events.shown] == left, "a script sees the same"
    assert bool(listed.note) == (not left)
    choose(listed)
    assert len(names(listed)) == 5


@pytest.mark.parametrize(
    ("by", "first"),
    [("far", "S190814bv"), ("area", "S190814bv"), ("distance", "S190814bv"), ("name", "GRB 170817A")],
)
def test_order(listed: EventsPanel, by: str, first: str) -> None:
    choose(listed, sort=by)
    assert names(listed)[0] == first
    assert len(names(listed)) == 5, "those of which it is not told stand last"


def test_what_a_row_says(listed: EventsPanel) -> None:
    rows = {row["name"]: row for row in listed.rows}
    assert rows["S190814bv"]["facts"] == [
        "NSBH",
        "97 %",
        "FAR 1 in 10²⁵ yr",
        "23 deg²",
        "267 Mpc",
        "gracedb v5",
    ]
    assert rows["S190814bv"]["when"] == "2019-08-14"
    assert rows["S190822c"]["tags"] == [{"kind": "retracted", "text": "retracted"}]
    assert rows["MS181101ab"]["tags"] == [{"kind": "test", "text": "test"}]
    assert "signalness 0.56" in rows["IC170922A"]["facts"]
    assert "FAR 1.2 a year" in rows["IC170922A"]["facts"]


def test_rates_are_told_as_people_say_them() -> None:
    once = ListedEvent("a", "gw", far_given=0.1, far_unit="1/yr")
    assert once.far is not None
    assert once.far.to(1 / u.yr).value == pytest.approx(0.1)
    assert rate(once) == "FAR 1 in 10 yr"
    assert rate(ListedEvent("b", "gw")) == ""


def test_a_click_opens_the_live_event(session: Session, verbs: FakeVerbs, listed: EventsPanel) -> None:
    tell(listed, "open", name="S190814bv", source="gracedb")
    assert verbs.calls == [("open", ("S190814bv",), {"source": "live"})]
    assert listed.states["S190814bv"]["asking"]
    verbs.jobs[-1].progress.report(30, 100, "skymap")
    verbs.home()
    assert listed.states["S190814bv"]["share"] == pytest.approx(0.3)
    verbs.end(object())
    assert listed.states["S190814bv"] | {"opened": True, "state": "ok"} == listed.states["S190814bv"]
    assert not errors(session)


def test_a_sample_is_opened_as_a_sample(verbs: FakeVerbs, panel: EventsPanel) -> None:
    tell(panel, "open", name="GW170817", source="sample")
    assert verbs.calls[-1] == ("open", ("GW170817",), {"source": "sample"})


def test_every_sample_of_the_list_can_be_opened_by_a_click() -> None:
    sky = SkyExplorer(samples=False)
    panel = EventsPanel(sky.session, sky)
    panel.begin()
    assert {"GW170817", "IC170922A", "IC231004A"} <= set(names(panel))
    for name in ("GW170817", "IC231004A"):
        tell(panel, "open", name=name, source="sample")
        assert not errors(sky.session)
    assert panel.states["IC231004A"]["opened"]
    assert sky.selection.sources[0].name == "IC231004A"
    assert set(sky.layers) == {"GW170817", "icecube-alerts"}
    panel.close()


def test_an_event_that_cannot_be_opened_says_why(verbs: FakeVerbs, listed: EventsPanel) -> None:
    tell(listed, "open", name="S190814bv", source="gracedb")
    verbs.end(error=UnreachableError("GraceDB is not reached.", "Try again."))
    state = listed.states["S190814bv"]
    assert (state["said"], state["advice"], state["asking"]) == (
        "GraceDB is not reached.",
        "Try again.",
        False,
    )
    tell(listed, "cancel", name="S190814bv")


def test_opening_can_be_stopped(verbs: FakeVerbs, listed: EventsPanel) -> None:
    tell(listed, "open", name="S190814bv", source="gracedb")
    tell(listed, "cancel", name="S190814bv")
    verbs.home()
    assert verbs.jobs[-1].state == "cancelled"
    assert not listed.states["S190814bv"]["asking"]


def test_many_events_are_cut_and_that_is_said(session: Session, panel: EventsPanel) -> None:
    session.events.show(EventsList(ListedEvent(f"S{n}", "gw", 58000.0 + n) for n in range(1000)))
    assert len(panel.rows) < 1000
    assert "1,000" in panel.note


def test_every_control_of_the_panel_has_a_text(panel: EventsPanel) -> None:
    source = (STATIC.parent / "frontend" / "src" / "panels" / "events.js").read_text()
    used = set(re.findall(r"\btexts\.(\w+)", source)) | {"messenger", "since", "far", "kind", "sort"}
    assert used <= set(panel._texts), used - set(panel._texts)
