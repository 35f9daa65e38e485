"""Listed events: one unit for all, filters, one row an event."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.time import Time

from skyexplorer import Event, samples
from skyexplorer.errors import InputError, NotFoundError
from skyexplorer.model.joining import joined
from skyexplorer.model.listing import EventFilter, EventsList, ListedEvent

ROWS = (
    ListedEvent(
        "GW170817", "gw", 57982.5285, far_given=1e-7, far_unit="1/yr", kind="BNS", area=16.2, source="gwosc"
    ),
    ListedEvent(
        "S190814bv", "gw", 58709.8824, far_given=2e-33, kind="CBC", classes={"NSBH": 0.998}, source="gracedb"
    ),
    ListedEvent(
        "IC170922A",
        "neutrino",
        58018.8712,
        kind="gold",
        aliases=("130033_50579430",),
        source="dataverse-icecat",
    ),
    ListedEvent("EP240414a", "x-ray", issued=60414.0, kind="EP", note="text only", source="gcn-circulars"),
)


def names(listed) -> list[str]:
    return [event.name for event in listed]


def test_the_latest_first_and_those_without_a_time_by_their_notice():
    assert names(EventsList(ROWS)) == ["EP240414a", "S190814bv", "IC170922A", "GW170817"]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [({}, 4), ({"messenger": "gw"}, 2), ({"since": "2017-09-01"}, 3), ({"until": Time(58018.8712, format="mjd")}, 2),
     ({"until": "2017-08-17"}, 1), ({"until": "2017-08-16"}, 0), ({"until": "2017-08-17 12:00"}, 0),
     ({"far_below": 1e-20 * u.Hz}, 1), ({"far_below": 1 / u.yr}, 2), ({"kind": "bns"}, 1), ({"kind": "NSBH"}, 1),
     ({"area_below": 20}, 1), ({"area_below": 1 * u.sr}, 1), ({"search": "icecube-170922a"}, 1),
     ({"search": "text only"}, 1),
     ({"search": "50579430 gold"}, 1), ({"search": "gold only"}, 0), ({"messenger": "gw", "kind": "gold"}, 0)],
)  # fmt: skip
def test_filters(words, wanted):
    assert len(EventsList(ROWS).filtered(**words)) == wanted


def test_filters_are_compared_by_value():
    assert EventFilter(since="2019-01-01") == EventFilter(since=Time("2019-01-01"))
    assert EventFilter(far_below=1 / u.yr) == EventFilter(far_below=(1 / u.yr).to(u.Hz))
    assert EventFilter(messenger="gw") != EventFilter()
    assert EventFilter(kind="BNS") != EventFilter(kind="BBH")
    with pytest.raises(InputError, match="Hz"):
        EventFilter(far_below=1e-7)


def test_a_row_is_found_by_any_of_its_names():
    listed = EventsList(ROWS)
    assert listed["icecube-170922A"] is listed["130033_50579430"]
    assert listed[0].name == "EP240414a"
    assert names(listed[1:3]) == ["S190814bv", "IC170922A"]
    with pytest.raises(NotFoundError):
        listed["GW150914"]


def test_the_table_masks_what_is_not_told():
    table = EventsList(ROWS).to_table()
    assert list(table["name"]) == names(EventsList(ROWS))
    assert list(table["time"].mask) == [True, False, False, False]
    assert table["far"].unit == u.Hz
    assert table["far"][3] == pytest.approx(1e-7 / (365.25 * 86400))
    assert list(table["far_as_given"]) == ["", "2e-33 Hz", "", "1e-07 1/yr"]
    assert list(table["area"].mask) == [True, True, True, False]
    assert len(EventsList().to_table()) == 0


def test_shown_as_html_foreign_text_is_escaped():
    page = EventsList([ListedEvent("<b>x</b>", note="<script>")])._repr_html_()
    assert "<b>x" not in page
    assert "<script>" not in page
    assert "1 events" in repr(EventsList(ROWS[:1]))


def test_rows_of_one_event_are_one():
    two = [
        ListedEvent(
            "S190814bv", "gw", 58709.8824, far_given=2e-33, area=23.0, source="gracedb", aliases=("GW190814",)
        ),
        ListedEvent(
            "GW190814",
            "gw",
            58709.8824,
            far_given=1e-5,
            far_unit="1/yr",
            source="gwosc",
            aliases=("GW190814_211039",),
        ),
    ]
    for rows in (two, two[::-1]):
        (row,) = joined(rows, ("gwosc", "gracedb"))
        assert row.names == ("GW190814", "GW190814_211039", "S190814bv")
        assert (row.far_given, row.far_unit, row.area) == (1e-5, "1/yr", 23.0)
        assert row.note == "area from gracedb"


def test_a_name_that_two_events_have_joins_none():
    twice = [
        ListedEvent("IC240327A", "neutrino", 60396.1, source="a"),
        ListedEvent("IC240327A", "neutrino", 60399.9, source="b"),
    ]
    assert len(joined(twice, ("a", "b"))) == 2
    same_source = [ListedEvent("IC231103A", "neutrino", 60251.2, source="a")] * 2
    assert len(joined(same_source, ("a",))) == 2
    other = [ListedEvent("X1", "gw", source="a"), ListedEvent("X1", "gamma", source="b")]
    assert len(joined(other, ())) == 2


def test_the_row_of_an_event_that_is_at_hand():
    merger = ListedEvent.of_event(samples.open("GW170817"), "sample")
    assert merger.area == pytest.approx(28.0, abs=0.5)
    assert np.isfinite(merger.distance)
    alert = ListedEvent.of_event(samples.open("IC-170922A"))
    assert (alert.source, alert.far_unit) == ("sample", "1/yr")
    assert alert.area > 0
    assert ListedEvent.of_event(Event("nothing")).area != ListedEvent.of_event(Event("nothing")).area  # NaN
    with pytest.raises(InputError):
        ListedEvent("")
    with pytest.raises(InputError):
        ListedEvent("x", "light")


def test_who_alone_knows_of_a_retraction_is_heard():
    rows = (
        ListedEvent("IC230511A", "neutrino", 60075.5, source="dataverse-icecat"),
        ListedEvent("IceCube-230511A", "neutrino", 60075.5, retracted=True, source="gcn-circulars"),
    )
    (row,) = joined(rows, ("dataverse-icecat", "gcn-circulars"))
    assert row.retracted
    assert "retracted: gcn-circulars" in row.note
