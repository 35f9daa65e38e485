"""The time panel: what the browser gets of the events, and what a dragged or played window does."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
from astropy.time import Time

from skyexplorer import Event, SkyExplorer
from skyexplorer.session.layers import EventLayer
from skyexplorer.views.timeline import NAMED, TimelinePanel, told
from tests.views.fake_verbs import errors, tell

PLAYED = Time("2017-09-22"), Time("2017-09-24")


@pytest.fixture
def sky() -> Iterator[SkyExplorer]:
    explorer = SkyExplorer()
    assert explorer.widget is not None
    yield explorer
    explorer._workbench.close()


@pytest.fixture
def panel(sky: SkyExplorer) -> TimelinePanel:
    return sky._workbench.time


def mjd(panel: TimelinePanel) -> np.ndarray:
    return np.frombuffer(panel.times, np.float64)


def test_all_events_and_alerts_on_show_are_there_in_order(sky: SkyExplorer, panel: TimelinePanel) -> None:
    times = mjd(panel)
    assert len(times) == len(panel.kinds) == len(panel.names) == 49
    assert (np.diff(times) >= 0).all()
    at = panel.names.index("GW170817")
    assert panel.messengers[panel.kinds[at]]["name"] == "gw"
    assert times[at] == pytest.approx(57982.5285, abs=1e-4)
    low, high = panel.extent
    assert low < times[0]
    assert times[-1] < high
    assert panel.counted == "49 events"
    sky.layers["icecube-alerts"].visible = False
    assert len(mjd(panel)) < 5


def test_it_takes_no_room_where_no_event_has_a_time() -> None:
    explorer = SkyExplorer(samples=False)
    assert explorer.widget is not None
    assert explorer._workbench.time.extent == []
    explorer._workbench.close()


def test_a_window_is_brushed_and_answered(sky: SkyExplorer, panel: TimelinePanel) -> None:
    start, stop = (float(time.mjd) for time in PLAYED)
    tell(panel, "window", start=start, stop=stop, turn=3)
    assert panel.heard == 3
    assert panel.window == [pytest.approx(start), pytest.approx(stop)]
    assert panel.counted == "1 of 49 events"
    assert sky.layers["icecube-alerts"].shown.sum() == 1
    assert sky._workbench.curve.brushed == "2017-09-22 – 2017-09-24"
    tell(panel, "window", start=stop, stop=start + 1, turn=4)  # one handle dragged across the other
    tell(panel, "window", start=start + 1, stop=stop, turn=5)
    source = sky.steps.to_source()
    assert source.count("sky.brush(") == 1, "a drag is one step"
    assert '"2017-09-23T00:00:00"' in source, "short times"
    tell(panel, "clear")
    assert panel.window == []
    assert sky.layers["icecube-alerts"].shown.all()
    assert not errors(sky.session)


def test_a_brush_over_the_light_curve_moves_the_window(sky: SkyExplorer, panel: TimelinePanel) -> None:
    x0, x1 = (time.unix * 1e3 for time in PLAYED)
    sky._workbench.curve._on_brush(SimpleNamespace(final=True, geometry={"x0": x0, "x1": x1}))
    assert panel.window == [pytest.approx(float(time.mjd)) for time in PLAYED]


def test_a_window_that_cannot_be_is_answered_too(sky: SkyExplorer, panel: TimelinePanel) -> None:
    tell(panel, "window", start=float("nan"), stop=57000.0, turn=7)
    assert panel.heard == 7, "the clock would wait for ever"
    assert len(errors(sky.session)) == 1
    assert panel.window == []


def test_mode_and_speed_are_of_the_session_and_stay(sky: SkyExplorer, panel: TimelinePanel) -> None:
    tell(panel, "mode", name="cumulative")
    tell(panel, "speed", value=86400.0)
    assert (sky.session.timewindow.mode, panel.mode) == ("cumulative", "cumulative")
    assert (sky.session.timewindow.speed, panel.speed) == (86400.0, 86400.0)


def test_a_click_on_an_event_selects_it(sky: SkyExplorer, panel: TimelinePanel) -> None:
    tell(panel, "choose", index=panel.names.index("IC170922A"))
    assert [event.name for event in sky.selection.sources] == ["IC170922A"]


def test_of_many_events_the_names_stay_in_python(sky: SkyExplorer, panel: TimelinePanel) -> None:
    one = Event("e", time=Time("2020-01-01"), messenger="gamma")
    layer = EventLayer("many", [one] * (NAMED + 1))
    sky.layers.add(layer)
    assert panel.names == []
    assert len(mjd(panel)) == NAMED + 50


def test_words() -> None:
    assert told(1, 1) == "1 event"
    assert told(12, 100_000) == "12 of 100,000 events"
