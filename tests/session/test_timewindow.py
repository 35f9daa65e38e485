"""The window over the times of events: what it counts, how fast, and what it refuses."""

from __future__ import annotations

import time as clock

import numpy as np
import pytest
from astropy.time import Time

from skyexplorer import Event, SkyExplorer
from skyexplorer.errors import InputError
from skyexplorer.session.layers import EventLayer, Layers, days
from skyexplorer.session.layers.events import days_of
from skyexplorer.session.selection import Selection
from skyexplorer.session.timewindow import TimeWindow


def window_of(*times: Time | None) -> tuple[TimeWindow, Selection, Layers]:
    selection, layers = Selection(), Layers()
    kinds = ("gamma", "neutrino")
    if times:
        events = [Event(f"e{i}", time=time, messenger=kinds[i % 2]) for i, time in enumerate(times)]
        layers.add(EventLayer("events", events))
    return TimeWindow(selection, layers), selection, layers


def test_the_ends_belong_to_the_window_and_events_without_a_time_are_not_counted() -> None:
    at = [Time(mjd, format="mjd", scale="utc") for mjd in (58000.0, 58010.0, 58020.0)]
    window, selection, _layers = window_of(at[2], None, at[0], at[1])
    assert (window.counted, len(window.marks)) == (3, 3)
    assert window.marks.names == ["e2", "e3", "e0"]
    assert [window.marks.messengers[k] for k in window.marks.messenger] == ["gamma", "neutrino", "gamma"]
    selection.brush((at[0], at[1]))
    assert window.counted == 2
    assert window.start == at[0]
    low, high = window.extent
    assert low == pytest.approx(57999.8)
    assert high == pytest.approx(58020.2)


def test_hidden_rows_stay_marks_and_hidden_layers_do_not() -> None:
    window, _selection, layers = window_of(Time("2017-09-22"), Time("2018-01-01"))
    told: list[str] = []
    window.changed.connect(told.append)
    layers["events"].shown = np.array([True, False])
    assert (len(window.marks), told) == (2, [])
    layers["events"].visible = False
    assert (len(window.marks), told, window.extent) == (0, ["events"], None)


def test_without_events_there_is_nothing_to_choose_of() -> None:
    window, _selection, _layers = window_of()
    assert window.extent is None
    assert window.counted == 0
    single, _s, _l = window_of(Time("2017-08-17T12:41:04"))
    low, high = single.extent
    assert high - low == pytest.approx(1 / 12)


def test_what_is_refused_leaves_it_as_it_was() -> None:
    window, _selection, _layers = window_of()
    told: list[str] = []
    window.changed.connect(told.append)
    for field, bad in (("mode", "loop"), ("speed", -1.0), ("speed", np.inf)):
        with pytest.raises(InputError, match=field):
            setattr(window, field, bad)
    assert (window.mode, window.speed, told) == ("window", 0.0, [])
    window.mode, window.speed = "cumulative", 86400.0
    assert told == ["mode", "speed"]


def test_alerts_that_are_maps_are_marks_too() -> None:
    sky = SkyExplorer(samples=False)
    merger = sky.open("GW170817")
    window = sky.session.timewindow
    assert window.marks.names == ["GW170817"]
    assert window.marks.mjd[0] == pytest.approx(merger.time.utc.mjd, abs=1e-10)


def test_times_at_once_are_those_one_by_one() -> None:
    times = [Time("2017-09-22T20:54:30", scale=scale) for scale in ("utc", "tdb", "tt")] + [
        None,
        Time("1987-02-23"),
    ]
    found = days_of(times)
    assert np.isnan(found[3])
    assert found[[0, 1, 2, 4]].tolist() == [float(days(time)) for time in times if time is not None]


def test_a_hundred_thousand_events_are_filtered_while_a_window_plays() -> None:
    sky = SkyExplorer(samples=False)
    one = Event("e", time=Time("2020-01-01"), messenger="gamma")
    layer = EventLayer("many", [one] * 100_000)
    layer.__dict__["times"] = np.linspace(7000.0, 8000.0, 100_000)  # as of so many notices
    sky.layers.add(layer)
    sky.brush("2019-06-01", "2019-06-02")  # what is made once is made
    took = []
    for day in range(20, 28):
        began = clock.process_time()
        sky.session.selection.brush((Time(f"2019-06-{day}"), Time(f"2019-07-{day}")))
        took.append(clock.process_time() - began)
    assert layer.shown.sum() == pytest.approx(3000, abs=5)
    assert min(took) < 0.03, "8 windows a second leave 125 ms for each, and the sky wants most of it"
