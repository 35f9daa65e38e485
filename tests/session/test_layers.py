"""Layers: style checked, equal values not told, names unique."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time
from psygnal import EmitLoopError

from skyexplorer.errors import InputError, NotFoundError
from skyexplorer.session.layers import SHAPES, STYLES, CatalogLayer, EventLayer, SkyMapLayer
from skyexplorer.session.session import Session
from tests.session.fakes import FakeCatalog, FakeEvent, FakeMap


@pytest.fixture
def layer():
    return CatalogLayer("gamma", FakeCatalog("a", "b", "c"))


def test_default_styles_are_all_valid():
    assert all(style.shape in SHAPES and len(style.color) == 7 for style in STYLES.values())
    drawn = [STYLES[k] for k in ("neutrino", "gamma", "tev", "galaxies", "transients")]
    assert len({style.color for style in drawn}) == len({style.shape for style in drawn}) == len(drawn)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("visible", False),
        ("opacity", 0.5),
        ("color", "#123456"),
        ("shape", "plus"),
        ("shown", np.array([1, 0, 1], bool)),
    ],
)
def test_each_change_is_told_once(layer, field, value):
    session, told = Session(), []
    session.layers.add(layer)
    session.layers.changed.connect(lambda which, what: told.append((which, what)))
    setattr(layer, field, value)
    setattr(layer, field, value)
    assert told == [(layer, field)]
    assert np.array_equal(getattr(layer, field), value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("visible", "yes"),
        ("opacity", 1.5),
        ("opacity", float("nan")),
        ("opacity", "much"),
        ("color", "red"),
        ("color", "#12345"),
        ("color", "#123456\n<b>"),
        ("shape", "heart"),
        ("shown", np.ones(2, bool)),
        ("shown", np.ones(3)),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(layer, field, value):
    told = []
    layer.changed.connect(told.append)
    before = getattr(layer, field)
    with pytest.raises(InputError, match=field):
        setattr(layer, field, value)
    assert not told
    assert np.array_equal(getattr(layer, field), before)


def test_the_mask_cannot_be_changed_behind_the_back(layer):
    with pytest.raises(ValueError, match="read-only"):
        layer.shown[0] = False


def test_names_are_unique_and_kept_in_order():
    layers = Session().layers
    for _ in range(3):
        layers.add(CatalogLayer("gamma", FakeCatalog("a")))
    assert list(layers) == ["gamma", "gamma (2)", "gamma (3)"]
    assert [layer.name for layer in layers.values()] == list(layers)
    with pytest.raises(InputError, match="already"):
        layers.add(layers["gamma"])
    with pytest.raises(InputError):
        layers.add("gamma")


def test_an_unknown_name_says_which_there_are(layer):
    layers = Session().layers
    layers.add(layer)
    with pytest.raises(NotFoundError, match="layers are: gamma"):
        layers["tev"]
    assert "gamma" in layers
    assert "tev" not in layers


def test_a_removed_layer_is_heard_no_more(layer):
    layers, told = Session().layers, []
    layers.add(layer)
    layers.changed.connect(lambda *what: told.append(what))
    assert layers.remove("gamma") is layer
    layer.visible = False
    assert not told
    assert len(layers) == 0


def test_removing_takes_its_things_out_of_the_selection(layer):
    session = Session()
    session.layers.add(layer)
    event = FakeEvent()
    session.layers.add(EventLayer("alerts", [event]))
    loose = FakeCatalog("x")[0]
    session.selection.select([layer[0], loose, event])
    session.layers.remove("gamma")
    assert session.selection.sources == (loose, event)
    session.layers.remove("alerts")
    assert session.selection.sources == (loose,)


def test_find():
    session, event, other = Session(), FakeEvent(), FakeEvent()
    catalog = FakeCatalog("a", "b")
    gamma = session.layers.add(CatalogLayer("gamma", catalog))
    alerts = session.layers.add(EventLayer("alerts", [FakeEvent(), event]))
    gw = session.layers.add(SkyMapLayer("gw", FakeMap(), event=other))
    assert session.layers.find(catalog[1]) == (gamma, 1)
    assert session.layers.find(event) == (alerts, 1)
    assert session.layers.find(other) == (gw, 0)
    assert session.layers.find(FakeEvent()) is None
    assert session.layers.find(FakeCatalog("a", "b")[1]) is None


def test_event_layer():
    at = SkyCoord(100 * u.deg, -5 * u.deg)
    events = [FakeEvent("one", Time("2017-09-22"), position=at.galactic), FakeEvent("two")]
    layer = EventLayer("alerts", events)
    assert layer.data is events
    assert layer.kind == "events"
    assert layer.rows == 2
    assert layer.names == ["one", "two"]
    assert layer.coords[0].separation(at) < 1e-9 * u.deg
    assert np.isnan(layer.coords[1].ra.deg)
    assert np.isnan(layer.times[1])
    with pytest.raises(InputError, match="no event"):
        EventLayer("none", [])


def test_map_layer():
    event = FakeEvent("GW1", messenger="gw")
    layer = SkyMapLayer("GW1", FakeMap(), event=event)
    assert (layer.rows, layer.kind, layer.level, layer.names) == (12, "skymap", 0.9, ["GW1"])
    assert layer[0] is event
    assert layer.data is event
    told = []
    layer.changed.connect(told.append)
    layer.level = 0.5
    assert told == ["level"]
    with pytest.raises(InputError, match="level"):
        layer.level = 2
    with pytest.raises(NotFoundError):
        SkyMapLayer("bare", FakeMap())[0]


def test_a_failing_listener_does_not_undo_the_change(layer):
    def fail(field):
        raise RuntimeError("listener")

    layer.changed.connect(fail)
    with pytest.raises(EmitLoopError) as caught:
        layer.opacity = 0.3
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert layer.opacity == 0.3


def test_event_times_follow_what_is_shown():
    session = Session()
    events = [
        FakeEvent("late", Time("2018-01-01")),
        FakeEvent("early", Time("2016-01-01")),
        FakeEvent("never"),
    ]
    layer = session.layers.add(EventLayer("alerts", events))
    assert [name for name, _ in session.event_times] == ["early", "late"]
    layer.shown = np.array([True, False, True])
    assert [name for name, _ in session.event_times] == ["late"]
    layer.visible = False
    assert session.event_times == []
