"""Rank, select, brush, light curve, and what is recorded of them."""

from __future__ import annotations

import gc
import json
import logging
import subprocess
import sys
import weakref

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table
from astropy.time import Time
from psygnal import EmitLoopError

from skyexplorer import Event, LightCurve, SkyExplorer, SkyMap, SkyRegion, SourceCatalog
from skyexplorer.actions import finding, names
from skyexplorer.errors import InputError, NotFoundError, RecordingError
from skyexplorer.session.layers import CatalogLayer, Layers


def catalog(*names, ra=(10.0, 20.0, 30.0), dec=(0.0, 0.0, 0.0)):
    count = len(names)
    table = Table({"name": list(names), "ra": ra[:count] * u.deg, "dec": dec[:count] * u.deg})
    return SourceCatalog(table, name="name", title="mine")


def curve(name):
    time = Time([2457754.5, 2457854.5], format="jd")
    value = [1.0, 2.0] * u.mJy
    return LightCurve(time, value, (0.1 * value, 0.1 * value), np.zeros(2, bool), name=name)


def alerts():
    at = SkyCoord(10 * u.deg, 0 * u.deg)
    footprint = SkyRegion.circle(at, 1 * u.deg)
    days = ["2016-01-01", "2017-01-01", "2017-06-01", "2018-01-01"]
    events = [Event(f"IC{day[2:4]}", Time(day), "neutrino", footprint, position=at) for day in days]
    return [*events, Event("undated", None, "neutrino", footprint, position=at)]


@pytest.fixture
def skymap():
    """The twelve base cells, of rising density."""
    return SkyMap(np.arange(4, 16), np.arange(1, 13) / 78 / (4 * np.pi / 12), name="twelve")


@pytest.fixture
def sky():
    return SkyExplorer(samples=False)


def test_rank(sky, skymap):
    mine = catalog("north", "nowhere", "south", ra=(45.0, np.nan, 315.0), dec=(60.0, np.nan, -60.0))
    ranked = sky.rank(mine, by=skymap)
    assert ranked.names == ["south", "north", "nowhere"]
    density = u.Quantity(ranked.table["probability_density"])
    assert density.unit == 1 / u.sr
    assert density[0] > density[1]
    assert np.isnan(density[2])
    assert ranked.table["credible_level"][:2] == pytest.approx([12 / 78, 1])
    assert mine.table.colnames == ["name", "ra", "dec"]
    assert ranked[0].name == "south"
    with pytest.raises(InputError, match="probability map"):
        sky.rank(mine, by=alerts()[0])
    with pytest.raises(InputError, match="not a catalogue"):
        sky.rank(skymap, by=skymap)
    sky.open(mine)
    sky.open(skymap)
    assert sky.rank("mine", by="twelve").names == ranked.names


def test_brush_leaves_the_events_of_the_time_both_ends_included(sky):
    events = sky.open(alerts(), name="alerts")
    assert events == list(sky.layers["alerts"].events)
    sky.brush(Time("2017-01-01"), "2018-01-01")
    assert sky.layers["alerts"].shown.tolist() == [False, True, True, True, True]
    later = sky.layers[sky.open(alerts(), name="later") and "later"]
    assert later.shown.tolist() == [False, True, True, True, True]
    sky.brush()
    assert sky.layers["alerts"].shown.all()
    assert later.shown.all()
    for wrong in [("2017", None), ("then", "now"), ("2018-01-01", "2017-01-01")]:
        with pytest.raises(InputError):
            sky.brush(*wrong)
    assert sky.selection.time_range is None


def test_the_time_leaves_rows_by_hand_alone(sky):
    sky.open(alerts(), name="alerts")
    layer = sky.layers["alerts"]
    layer.shown = np.array([True, True, False, False, False])
    sky.brush("2017-01-01", "2018-01-01")
    assert layer.shown.tolist() == [False, True, False, False, False]
    sky.open(alerts(), name="others")
    sky.brush()
    assert layer.shown.tolist() == [True, True, False, False, False]


def test_names_of_a_layer_go_with_it(monkeypatch):
    monkeypatch.setattr(names, "LARGE", 2)
    layer = CatalogLayer("many", catalog("Crab", "Vela", "Geminga"))
    layers = Layers()
    layers.add(layer)
    assert [match.thing.name for match in names.matches(layers, "vela")] == ["Vela"]
    kept = weakref.ref(layer)
    layers.remove("many")
    del layer, layers
    gc.collect()
    assert kept() is None


def test_a_source_without_a_light_curve_says_so_and_names_what_has_one(sky):
    sky.open(catalog("Alpha", "Beta"))
    sky.open(curve("Beta"))
    assert sky.session.curves.title == "Beta"
    sky.select("alpha")
    assert sky.session.curves.shown == ()
    assert sky.session.curves.message == "Alpha has no light curve here. Among those that have one: Beta."
    assert sky.light_curve("Alpha") is None
    sky.select(None)
    assert sky.session.curves.message == ""


def test_the_curve_follows_the_selection(sky):
    opened = curve("beta")
    sky.open(catalog("Alpha", "Beta"))
    sky.open(opened)
    sky.open(alerts(), name="alerts")
    sky.select("Beta")
    assert sky.session.curves.shown == (opened,)
    sky.select(("Alpha", "Beta"))
    assert sky.session.curves.shown == (opened,)
    assert "Alpha has no light curve" in sky.session.curves.message
    assert [name for name, _ in sky.session.curves.marks] == ["IC16", "IC17", "IC18"]  # at Alpha's place


def test_an_event_is_marked(sky):
    event = sky.open(alerts()[2])
    sky.select(event)
    assert sky.session.curves.marks == (("IC17", event.time),)
    assert sky.session.curves.message == "IC17 is an event: its time, 2017-06-01 00:00:00 UTC, is marked."


def test_an_error_on_the_way_becomes_a_notice(sky, monkeypatch, caplog):
    sky.open(catalog("Alpha"))
    monkeypatch.setattr(finding, "curve_of", lambda session, thing: 1 / 0)
    with caplog.at_level(logging.CRITICAL):
        sky.select("Alpha")
    assert sky.selection.sources[0].name == "Alpha"
    (notice,) = sky.session.notices.items
    assert "ZeroDivisionError" in notice.text


@pytest.mark.parametrize("wrong", [3, "Nobody", ["Nobody"], [3]])
def test_a_wrong_selection_changes_nothing(sky, wrong):
    sky.open(catalog("Alpha"))
    sky.select("Alpha")
    with pytest.raises((InputError, NotFoundError)):
        sky.select(wrong)
    assert sky.selection.sources[0].name == "Alpha"
    assert len(sky.session.steps) == 2


def test_only_the_outermost_verb_is_recorded(sky):
    sky.open(catalog("Alpha", "Beta"))
    sky.session.selection.sources_changed.connect(lambda sources, by: sky.goto(sources[0]), check_nargs=False)
    sky.select("Alpha", by="table")
    sky.select("Beta")
    assert [(step.verb, dict(step.kwargs)) for step in sky.session.steps.items][1:] == [("select", {})]
    assert sky.viewport.target.ra.deg == 20


def test_a_step_is_kept_where_a_listener_failed_after_it(sky):
    sky.open(catalog("Alpha"))
    sky.session.selection.sources_changed.connect(lambda sources, by: 1 / 0)
    with pytest.raises(EmitLoopError):
        sky.select("Alpha")
    assert sky.selection.sources[0].name == "Alpha"
    assert sky.steps.items[-1].verb == "select"
    sky.brush("2017-01-01", "2018-01-01")
    assert len(sky.steps) == 3


def test_what_was_opened_from_bytes_cannot_be_written(sky):
    sky.open(catalog("Alpha"))
    with pytest.raises(RecordingError, match="SourceCatalog"):
        sky.steps.to_source()


@pytest.mark.parametrize("wrong", [{"theme": "pink"}, {"height": 10}, {"height": "tall"}])
def test_a_wrong_explorer(wrong):
    with pytest.raises(InputError):
        SkyExplorer(samples=False, **wrong)


def test_it_needs_no_widgets():
    code = (
        "import sys, json; from skyexplorer import SkyExplorer; SkyExplorer(); "
        "heavy = ('ipywidgets', 'bokeh', 'anywidget', 'ipyaladin', 'pandas'); "
        "print(json.dumps([m for m in heavy if m in sys.modules]))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(found.stdout) == []
