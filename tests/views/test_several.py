"""Two explorers share nothing; further views of one share all but their place; what is closed listens no more."""

from __future__ import annotations

import asyncio

import numpy as np
import psygnal
import pytest

from skyexplorer import SkyExplorer
from skyexplorer.errors import InputError
from skyexplorer.session.session import Session
from skyexplorer.views.pulse import reachable


@pytest.fixture
def sky() -> SkyExplorer:
    explorer = SkyExplorer()
    assert explorer.widget
    return explorer


def signals(session: Session) -> dict[str, int]:
    """How many listen to each signal of a session and of what it holds."""
    parts = {"session": session, **vars(session)}
    found = {}
    for name, part in parts.items():
        for key in dir(type(part)):
            if isinstance(getattr(type(part), key, None), psygnal.Signal):
                found[f"{name}.{key}"] = len(getattr(part, key))
    return found


def test_two_explorers_share_nothing() -> None:
    one, two = SkyExplorer(), SkyExplorer()
    of_one = {widget.model_id for widget in reachable([one.widget])}
    of_two = {widget.model_id for widget in reachable([two.widget])}
    assert len(of_one) > 15
    assert not of_one & of_two
    before = (two.viewport.target, two.viewport.fov, two.selection.sources, list(two.layers))
    heard: list[object] = []
    for signal in (
        two.layers.changed,
        two.layers.removed,
        two.selection.sources_changed,
        two.session.notices.posted,
    ):
        signal.connect(lambda *args: heard.append(args), check_nargs=False)
    one.select("TXS 0506+056")
    one.goto("10 20", fov=3)
    one.layers["tev-sources"].visible = False
    one.layers.remove("fermi-sources")
    one.session.notices.post("of one")
    one.session.layout.swap("sky", "table")
    bench = one._workbench
    canvas = bench.sky.widget
    canvas._handle_custom_message(
        canvas, {"event_type": "skx:pick", "drawing": "icecube-alerts", "row": 1}, []
    )
    assert heard == []
    assert before == (two.viewport.target, two.viewport.fov, two.selection.sources, list(two.layers))
    assert two.session.layout.places["main"] == "sky"
    assert two._workbench.sky.widget._selected == []
    assert canvas.listener_callback is not two._workbench.sky.widget.listener_callback
    assert canvas._call_store is not two._workbench.sky.widget._call_store


def test_a_view_that_follows_and_one_that_does_not(sky: SkyExplorer) -> None:
    first = sky._workbench.sky.widget
    with_it, alone = sky.view(), sky.view(follow=False)
    assert "follows" in repr(with_it)
    sky.goto("30 40", fov=7)
    assert (with_it.widget._look["ra"], with_it.widget._look["fov"]) == (pytest.approx(30), 7)
    assert alone.widget._look["fov"] == 180
    # A pan in the second moves the first, and is not sent back to the second.
    turn = with_it.widget._look["turn"]
    with_it.widget._target = "50.0 10.0"
    assert sky.viewport.target.ra.deg == pytest.approx(50)
    assert first._look["ra"] == pytest.approx(50)
    assert with_it.widget._look["turn"] == turn
    # The first tells that it has gone there: nobody moves again.
    turns = first._look["turn"], with_it.widget._look["turn"]
    first._target = "50.0000001 10.0"
    assert (first._look["turn"], with_it.widget._look["turn"]) == turns
    alone.widget._target = "80.0 -5.0"
    assert alone.viewport.target.ra.deg == pytest.approx(80)
    assert sky.viewport.target.ra.deg == pytest.approx(50)
    # Layers and selection are one.
    assert alone.widget._drawings == first._drawings == with_it.widget._drawings
    sky.layers.remove("tev-sources")
    assert len(alone.widget._drawings) == len(first._drawings)
    sky.select("TXS 0506+056")
    assert alone.widget._selected == first._selected != []
    alone.widget._handle_custom_message(
        alone.widget, {"event_type": "skx:pick", "drawing": "fermi-sources", "row": 3}, []
    )
    assert sky.selection.sources[0].index == 3
    with pytest.raises(InputError, match="height"):
        sky.view(height=3)


def test_what_is_closed_listens_no_more() -> None:
    sky = SkyExplorer()
    before = signals(sky.session)
    assert sum(before.values()) > 5
    assert sky.widget
    open_ = signals(sky.session)
    assert sum(open_.values()) > sum(before.values()) + 20
    view = sky.view()
    view.close()
    view.close()
    assert signals(sky.session) == open_
    kept = sky.view(follow=False)
    sky.close()
    assert signals(sky.session) == before
    assert kept.widget.comm is None or kept.widget._drawings == []
    assert sky.widget is not None, "it can be shown again"
    assert signals(sky.session) == open_


def test_a_burst_is_told_in_few_messages() -> None:
    async def burst() -> tuple[int, int, np.ndarray]:
        sky = SkyExplorer()
        assert sky.widget
        sent: list[str] = []
        for panel in (sky._workbench.layers, sky._workbench.status, sky._workbench.table):
            panel.observe(lambda change: sent.append(change["name"]), names=["rows", "items", "order"])
        drawing = sky._workbench.sky._drawings["fermi-sources"]
        drawing.observe(lambda change: sent.append("drawing"), names=["shown", "opacity"])
        layer = sky.layers["fermi-sources"]
        for number in range(400):
            layer.shown = np.arange(layer.rows) >= number % 7
            layer.opacity = 0.5 + 0.001 * number
            sky.session.notices.post(f"event {number}")
        during = len(sent)
        await asyncio.sleep(0.3)
        shown = np.flatnonzero(layer.shown)
        assert drawing.opacity == pytest.approx(layer.opacity), "the last state is told"
        assert sky._workbench.status.items[0]["text"] == "event 399"
        sky.close()
        return during, len(sent), shown

    during, sent, shown = asyncio.run(burst())
    assert shown[0] == 399 % 7
    assert during < 12
    assert sent < 25
