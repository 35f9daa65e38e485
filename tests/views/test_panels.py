"""Panels without a browser: traits follow the session, and what a browser would tell reaches the verbs."""

from __future__ import annotations

import numpy as np
import pytest

from skyexplorer import SkyExplorer
from skyexplorer.views import curve_data
from skyexplorer.views.canvas import SkyCanvas, bundle
from skyexplorer.views.curve_data import columns
from skyexplorer.views.workbench import Workbench


@pytest.fixture(scope="module")
def sky() -> SkyExplorer:
    explorer = SkyExplorer()
    assert explorer.widget is explorer.widget
    return explorer


@pytest.fixture
def bench(sky: SkyExplorer) -> Workbench:
    sky.select(())
    sky.brush()
    sky.session.notices.clear()
    return sky._workbench


def tell(panel, **content) -> None:
    """As a message from the browser."""
    panel._told(panel, content, [])


def test_the_bundle_imports_nothing_from_a_server() -> None:
    for name in ("sky.js", "loader.js", "panels.js"):
        text = bundle(name)
        assert 'from"http' not in text
        assert "esm.sh" not in text


def test_the_table_filters_and_sorts(bench: Workbench, sky: SkyExplorer) -> None:
    table = bench.table
    tell(table, type="tab", name="fermi-sources")
    labels = [column["label"] for column in table.columns]
    assert labels[:3] == ["name", "RA", "Dec"]
    tell(table, type="filter", text="signif > 100")
    rows = np.frombuffer(table.order, np.uint32)
    significance = np.asarray(sky.layers["fermi-sources"].catalog.table["Signif_Avg"], float)
    assert set(rows) == set(np.flatnonzero(significance > 100))
    assert (sky.layers["fermi-sources"].shown == (significance > 100)).all(), "the sky follows"
    tell(table, type="sort", column=labels.index("Signif_Avg"))
    tell(table, type="sort", column=labels.index("Signif_Avg"))
    rows = np.frombuffer(table.order, np.uint32)
    assert (np.diff(significance[rows]) <= 0).all()
    tell(table, type="filter", text="nonsense > 3")
    assert "no column" in table.complaint
    tell(table, type="filter", text="")
    assert table.complaint == ""
    assert len(np.frombuffer(table.order, np.uint32)) == sky.layers["fermi-sources"].rows


def test_a_row_a_pick_and_a_line_of_code_are_the_same(bench: Workbench, sky: SkyExplorer) -> None:
    tell(bench.table, type="tab", name="fermi-sources")
    tell(bench.table, type="select", row=3)
    by_row = sky.selection.sources
    sky.select(())
    canvas: SkyCanvas = bench.sky.widget
    canvas._handle_custom_message(
        canvas, {"event_type": "skx:pick", "drawing": "fermi-sources", "row": 3}, []
    )
    assert sky.selection.sources == by_row
    sky.select(())
    sky.select(sky.layers["fermi-sources"][3])
    assert sky.selection.sources == by_row
    assert bench.table.selected == [3]
    assert bench.curve.has_data
    assert len(bench.curve.points.data["x"]) + len(bench.curve.limits.data["x"]) == 10


def test_layer_panel(bench: Workbench, sky: SkyExplorer) -> None:
    rows = {row["name"]: row for row in bench.layers.rows}
    assert "not the LVK sky map" in rows["GW170817"]["caveat"]
    assert any("not the LVK" in line for line in rows["GW170817"]["origin"])
    assert "ellipse" in rows["icecube-alerts"]["note"]
    tell(bench.layers, type="level", name="GW170817", value=0.5)
    assert sky.layers["GW170817"].level == 0.5
    assert {row["name"]: row for row in bench.layers.rows}["GW170817"]["area"].startswith("8.4")
    tell(bench.layers, type="zoom", name="GW170817")
    assert sky.viewport.target.separation(sky.layers["GW170817"].skymap.mode).deg < 3
    tell(bench.layers, type="visible", name="tev-sources", value=False)
    assert not bench.sky._drawings["tev-sources"].visible
    tell(bench.layers, type="visible", name="tev-sources", value=True)


def test_errors_of_a_message_are_told_and_not_raised(bench: Workbench, sky: SkyExplorer) -> None:
    tell(bench.toolbar, type="goto", text="no such thing")
    assert bench.status.items[0]["level"] == "error"
    assert "no such thing" in bench.status.items[0]["text"]
    tell(bench.layers, type="opacity", name="GW170817", value=7)
    assert "opacity" in bench.status.items[0]["text"]
    tell(bench.table, type="select", row=10**6)
    assert len(bench.status.items) == 3
    tell(bench.status, type="dismiss")
    assert bench.status.items == []


def test_a_survey_that_does_not_answer(bench: Workbench, sky: SkyExplorer) -> None:
    sky.viewport.survey = "DSS2 colour"
    assert bench.sky.widget.survey == "CDS/P/DSS2/color"
    canvas = bench.sky.widget
    canvas._handle_custom_message(canvas, {"event_type": "skx:survey_failed", "survey": "x"}, [])
    assert sky.viewport.survey == "Milky Way (model)"
    assert "DSS2 colour" in bench.status.items[0]["text"]


def test_that_a_browser_has_no_webgl_is_told_once_and_what_else_failed_each_time(
    bench: Workbench, sky: SkyExplorer
) -> None:
    further = sky.view()
    for canvas in (bench.sky.widget, bench.sky.widget, further.widget):
        canvas._handle_custom_message(canvas, {"event_type": "skx:flat", "text": "Error: no GL"}, [])
        canvas._handle_custom_message(canvas, {"event_type": "skx:failed", "text": "TypeError: x"}, [])
    texts = [notice.text for notice in sky.session.notices.items]
    assert [text for text in texts if "no WebGL 2" in text and "Error: no GL" in text] == texts[:1]
    assert texts[1:] == ["The browser reported: TypeError: x"] * 3


def test_limits_are_arrows_and_not_points(sky: SkyExplorer) -> None:
    catalog = sky.layers["fermi-sources"].catalog
    row = next(i for i in range(len(catalog)) if catalog.light_curve(i).upper_limit.any())
    curve = catalog.light_curve(row)
    points, limits = columns((curve,), log=False)
    assert len(points["x"]) == int((~curve.upper_limit).sum())
    assert len(limits["x"]) == int(curve.upper_limit.sum())
    assert set(limits["arrow"]) == {"↓"}
    assert all(text.startswith("<") for text in limits["text"])


def test_two_explorers_share_nothing() -> None:
    one, other = SkyExplorer(samples=False), SkyExplorer(samples=False)
    first, second = one.widget, other.widget
    assert first is not second
    one_canvas, other_canvas = one._workbench.sky.widget, other._workbench.sky.widget
    assert one_canvas._call_store is not other_canvas._call_store
    assert one_canvas.listener_callback is not other_canvas.listener_callback
    one.open("fermi-sources")
    assert "fermi-sources" in [made.name for made in one_canvas._drawings]
    assert not [made.name for made in other_canvas._drawings if made.ra]
    assert not set(one_canvas._drawings) & set(other_canvas._drawings)


def test_a_closed_workbench_hears_nothing_more() -> None:
    sky = SkyExplorer(samples=False)
    bench = Workbench(sky.session, sky)
    bench.close()
    sky.open("fermi-sources")
    assert sky.session.notices.items == ()


def test_each_of_many_bands_looks_otherwise() -> None:
    assert len({curve_data.look_of(number) for number in range(64)}) == 64
