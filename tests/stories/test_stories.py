"""The two stories, headless: what a person does in the first notebook, line by line."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.time import Time

from skyexplorer import SkyExplorer


@pytest.fixture
def sky():
    return SkyExplorer()


def state(sky):
    """All that a script should bring back."""
    session = sky.session
    return {
        "layers": [(layer.name, layer.kind, layer.rows, layer.visible) for layer in session.layers.values()],
        "shown": [list(getattr(layer, "shown", ())) for layer in session.layers.values()],
        "selected": [source.name for source in session.selection.sources],
        "range": session.selection.time_range and [time.utc.isot for time in session.selection.time_range],
        "view": (session.viewport.target.ra.deg, session.viewport.target.dec.deg, session.viewport.fov),
        "curves": (session.curves.title, session.curves.message, [c.name for c in session.curves.shown]),
        "marks": [(name, time.utc.isot) for name, time in session.curves.marks],
        "notices": [notice.text for notice in session.notices.items],
    }


def again(sky):
    space: dict = {}
    exec(compile(sky.steps.to_source(), "steps", "exec"), space)
    return space["sky"]


def test_a_neutrino_and_a_blazar(sky):
    neutrino = sky.open("IC-170922A")
    sky.goto("TXS 0506+056", fov=5)
    (blazar,) = sky.selection.sources
    assert bool(neutrino.localization.contains(blazar.coord))
    curves = sky.session.curves
    assert curves.title == blazar.name
    assert sum(len(curve) for curve in curves.shown) >= 10
    assert any("170922A" in name for name, _ in curves.marks)

    alerts = sky.layers[
        next(layer.name for layer in sky.layers.values() if layer.kind == "events" and layer.rows > 10)
    ]
    start, stop = Time("2017-01-01"), Time("2018-01-01")
    sky.brush(start, stop)
    wanted = [event.time is None or start <= event.time <= stop for event in alerts.events]
    assert alerts.shown.tolist() == wanted
    assert 0 < alerts.shown.sum() < alerts.rows
    assert state(again(sky)) == state(sky)
    sky.brush()
    assert alerts.shown.all()
    assert state(again(sky)) == state(sky)
    assert not sky.session.notices.items


def test_a_merger_and_its_galaxy(sky):
    merger = sky.open("GW170817")
    galaxies = sky.open("gw170817-galaxies")
    ranked = sky.rank(galaxies, by=merger)
    row = next(row for row, name in enumerate(ranked.names[:5]) if name.replace(" ", "") == "NGC4993")
    assert ranked.table["credible_level"][row] <= 0.9
    sky.select(ranked[row])
    (kilonova,) = sky.session.curves.shown
    assert "AT2017gfo" in kilonova.name.replace(" ", "")
    assert "GW170817" in [name for name, _ in sky.session.curves.marks]
    assert np.all(kilonova.time[0] > merger.time)
    assert "sky.select(ranked[" in sky.steps.to_source()
    assert state(again(sky)) == state(sky)


def test_without_samples_the_stories_open_what_they_need():
    sky = SkyExplorer(samples=False)
    assert len(sky.layers) == 0
    sky.open("fermi-sources")
    sky.select("TXS 0506+056")
    assert len(sky.light_curve("TXS 0506+056")) >= 10
    assert sky.steps.to_source().splitlines()[2] == "sky = SkyExplorer(samples=False)"
    assert state(again(sky)) == state(sky)


def test_every_default_source_can_be_clicked(sky):
    with_curve = 0
    for layer in sky.layers.values():
        for row in range(layer.rows if layer.kind != "skymap" else 1):
            thing = layer[row]
            sky.select(thing, by="sky")
            assert sky.selection.sources == (thing,)
            curves = sky.session.curves
            assert bool(curves.shown) or curves.message
            with_curve += bool(curves.shown)
    assert not sky.session.notices.items
    assert with_curve >= 30
    assert len(sky.session.steps) == 1


def test_a_click_is_quick(sky):
    import time

    sources = [
        sky.layers[name][row]
        for name in sky.layers
        if sky.layers[name].kind == "catalog"
        for row in (0, 1 % sky.layers[name].rows)
    ]
    sky.select(sources[0])
    began = time.perf_counter()
    for source in sources:
        sky.select(source)
    assert (time.perf_counter() - began) / len(sources) < 0.1


def test_a_removed_layer_leaves_nothing_behind(sky):
    sky.goto("TXS 0506+056")
    layer, _row = sky.layers.find(sky.selection.sources[0])
    sky.layers.remove(layer.name)
    assert sky.selection.sources == ()
    assert sky.session.curves.shown == ()
    assert sky.viewport.fov * u.deg <= 10 * u.deg
