"""The events that a panel shows: samples first, then what was listed; each change is told once."""

from __future__ import annotations

import pytest

from skyexplorer.errors import InputError, NotFoundError
from skyexplorer.model.listing import EventFilter, EventsList, ListedEvent
from skyexplorer.session.events_list import Events


@pytest.fixture
def events():
    events = Events()
    events.told = []
    events.changed.connect(events.told.append)
    return events


def test_before_anyone_was_asked_there_are_the_samples(events):
    assert {event.source for event in events.items} == {"sample"}
    assert events.find("IceCube-170922A").messenger == "neutrino"
    assert len(events.ledger) == 0
    assert events.told == []


def test_changes_are_told_once(events):
    listed = EventsList([ListedEvent("GW170817", "gw")])
    events.show(listed)
    events.show(listed)
    events.narrow(messenger="gw")
    events.filter = EventFilter(messenger="gw")
    events.follow("a job")
    events.follow("a job")
    assert events.told == ["items", "filter", "job"]
    assert events.job == "a job"
    events.show(EventsList())
    assert events.job is None


def test_the_filter_stays_when_a_new_list_comes(events):
    events.narrow(messenger="neutrino", search="2017")
    events.narrow(search="")
    events.show(EventsList([ListedEvent("GW170817", "gw"), ListedEvent("IC170922A", "neutrino")]))
    assert [event.name for event in events.shown] == ["IC170922A"]


def test_what_is_no_list_is_refused(events):
    with pytest.raises(InputError):
        events.show([ListedEvent("GW170817", "gw")])
    with pytest.raises(InputError):
        events.filter = {"messenger": "gw"}
    with pytest.raises(NotFoundError):
        events.find("nothing")
    assert events.told == []
