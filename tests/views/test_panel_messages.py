"""The panels without a browser: traits follow the session, messages change it, errors are seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table
from astropy.time import Time

from skyexplorer import SkyExplorer, SkyRegion, SourceCatalog
from skyexplorer.views.workbench import Workbench


@pytest.fixture
def sky() -> Iterator[SkyExplorer]:
    explorer = SkyExplorer()
    assert explorer.widget is not None
    yield explorer
    explorer._workbench.close()


@pytest.fixture
def bench(sky: SkyExplorer) -> Workbench:
    return sky._workbench


def tell(panel: Any, kind: str, **content: Any) -> None:
    """What the browser sends."""
    panel._handle_custom_msg({"type": kind, **content}, [])


def errors(sky: SkyExplorer) -> list[str]:
    return [notice.text for notice in sky.session.notices.items if notice.level == "error"]


def order(table: Any) -> list[int]:
    return np.frombuffer(table.order, np.uint32).tolist()


def row_of(bench: Workbench, name: str) -> dict[str, Any]:
    return next(row for row in bench.layers.rows if row["name"] == name)


class TestLayers:
    def test_the_topmost_layer_stands_first(self, sky: SkyExplorer, bench: Workbench) -> None:
        assert [row["name"] for row in bench.layers.rows] == list(sky.layers)[::-1]

    def test_the_drawn_map_says_so_and_tells_its_areas(self, bench: Workbench) -> None:
        row = row_of(bench, "GW170817")
        assert "not the LVK" in row["caveat"]
        assert "50 %" in row["note"]
        assert "90 %" in row["note"]

    def test_the_kind_of_region_is_named(self, bench: Workbench) -> None:
        assert "four-quarter ellipse" in row_of(bench, "icecube-alerts")["note"]

    def test_every_row_has_an_origin(self, bench: Workbench) -> None:
        assert all(row["origin"] for row in bench.layers.rows)

    @pytest.mark.parametrize(
        ("field", "value"), [("visible", False), ("opacity", 0.25), ("color", "#123456"), ("level", 0.3)]
    )
    def test_a_control_sets_the_layer_and_the_row_follows(
        self, sky: SkyExplorer, bench: Workbench, field: str, value: Any
    ) -> None:
        tell(bench.layers, field, name="GW170817", value=value)
        assert getattr(sky.layers["GW170817"], field) == value
        assert row_of(bench, "GW170817")[field] == value
        assert not errors(sky)

    def test_the_slider_tells_the_area_of_its_level(self, bench: Workbench) -> None:
        wide = float(row_of(bench, "GW170817")["area"].split()[0])
        tell(bench.layers, "level", name="GW170817", value=0.5)
        assert float(row_of(bench, "GW170817")["area"].split()[0]) < wide

    def test_zoom_to(self, sky: SkyExplorer, bench: Workbench) -> None:
        tell(bench.layers, "zoom", name="gw170817-galaxies")
        at = sky.layers["gw170817-galaxies"].coords
        assert at.separation(sky.viewport.target).deg.max() < sky.viewport.fov / 2 < 90

    def test_zoom_to_an_all_sky_layer_shows_all_of_it(self, sky: SkyExplorer, bench: Workbench) -> None:
        tell(bench.layers, "zoom", name="fermi-sources")
        assert sky.viewport.fov == 180

    def test_zoom_to_a_region(self, sky: SkyExplorer, bench: Workbench) -> None:
        sky.open(SkyRegion.circle(SkyCoord(10, 5, unit="deg"), 2 * u.deg), name="mine")
        tell(bench.layers, "zoom", name="mine")
        assert sky.viewport.target.separation(SkyCoord(10, 5, unit="deg")).deg < 1e-9
        assert sky.viewport.fov == pytest.approx(4.8)
        assert not errors(sky)

    def test_remove(self, sky: SkyExplorer, bench: Workbench) -> None:
        tell(bench.layers, "remove", name="tev-sources")
        assert "tev-sources" not in sky.layers
        assert "tev-sources" not in [row["name"] for row in bench.layers.rows]

    def test_a_filtered_layer_tells_how_many_are_left(self, sky: SkyExplorer, bench: Workbench) -> None:
        sky.brush("2017-01-01", "2018-01-01")
        shown = int(sky.layers["icecube-alerts"].shown.sum())
        assert row_of(bench, "icecube-alerts")["count"] == f"{shown} of {sky.layers['icecube-alerts'].rows}"


class TestTable:
    @pytest.fixture(autouse=True)
    def _fermi(self, bench: Workbench) -> None:
        tell(bench.table, "tab", name="fermi-sources")

    def test_it_shows_all_rows_with_telling_columns(self, sky: SkyExplorer, bench: Workbench) -> None:
        labels = [column["label"] for column in bench.table.columns]
        assert labels[:3] == ["name", "RA", "Dec"]
        assert any(label.startswith("Signif") for label in labels)
        assert order(bench.table) == list(range(sky.layers["fermi-sources"].rows))
        assert len(bench.table.window["texts"]) == sky.layers["fermi-sources"].rows

    def test_a_comparison_filters_table_and_sky(self, sky: SkyExplorer, bench: Workbench) -> None:
        tell(bench.table, "filter", text="signif > 100")
        signif = np.array(sky.layers["fermi-sources"].catalog.table["Signif_Avg"])
        assert order(bench.table) == np.flatnonzero(signif > 100).tolist()
        assert np.array_equal(sky.layers["fermi-sources"].shown, signif > 100)
        tell(bench.table, "filter", text="")
        assert sky.layers["fermi-sources"].shown.all()

    def test_words_filter_whatever_their_case(self, sky: SkyExplorer, bench: Workbench) -> None:
        tell(bench.table, "filter", text="txs 0506")
        (row,) = order(bench.table)
        assert sky.layers["fermi-sources"].names[row] == "4FGL J0509.4+0542"

    @pytest.mark.parametrize("text", ["nosuch > 3", "signif > many"])
    def test_a_filter_that_cannot_be_is_told_beside_the_box(
        self, sky: SkyExplorer, bench: Workbench, text: str
    ) -> None:
        before = order(bench.table)
        tell(bench.table, "filter", text=text)
        assert bench.table.complaint
        assert order(bench.table) == before
        assert not errors(sky)

    def test_a_filter_stays_with_its_layer(self, sky: SkyExplorer, bench: Workbench) -> None:
        tell(bench.table, "filter", text="signif > 100")
        left = order(bench.table)
        tell(bench.table, "tab", name="tev-sources")
        assert bench.table.filter == ""
        tell(bench.table, "tab", name="fermi-sources")
        assert bench.table.filter == "signif > 100"
        assert order(bench.table) == left

    def test_sorting_goes_up_down_and_back(self, sky: SkyExplorer, bench: Workbench) -> None:
        column = next(i for i, c in enumerate(bench.table.columns) if c["label"].startswith("Signif"))
        signif = np.array(sky.layers["fermi-sources"].catalog.table["Signif_Avg"])
        tell(bench.table, "sort", column=column)
        assert np.all(np.diff(signif[order(bench.table)]) >= 0)
        tell(bench.table, "sort", column=column)
        assert np.all(np.diff(signif[order(bench.table)]) <= 0)
        tell(bench.table, "sort", column=column)
        assert order(bench.table) == list(range(len(signif)))

    @pytest.mark.parametrize("times", [1, 2])
    def test_rows_without_a_value_come_last(self, sky: SkyExplorer, bench: Workbench, times: int) -> None:
        tell(bench.table, "tab", name="tev-sources")
        column = next(i for i, c in enumerate(bench.table.columns) if c["label"].startswith("Size"))
        for _ in range(times):
            tell(bench.table, "sort", column=column)
        size = np.ma.filled(
            np.ma.asarray(sky.layers["tev-sources"].catalog.table["Size"]).astype(float), np.nan
        )
        missing = np.isnan(size[order(bench.table)])
        assert missing.any()
        assert np.all(np.diff(missing.astype(int)) >= 0)

    def test_a_row_selects_its_source_and_the_sky_goes_there(
        self, sky: SkyExplorer, bench: Workbench
    ) -> None:
        sky.viewport.move(fov=5)
        row = list(sky.layers["fermi-sources"].names).index("4FGL J0509.4+0542")
        tell(bench.table, "select", row=row)
        (source,) = sky.selection.sources
        assert source.name == "4FGL J0509.4+0542"
        assert bench.table.selected == [row]
        assert source.coord.separation(sky.viewport.target).deg < 1e-6
        assert bench.curve.has_data

    def test_the_table_turns_to_what_was_selected_elsewhere(self, sky: SkyExplorer, bench: Workbench) -> None:
        alert = sky.layers["icecube-alerts"][3]
        sky.select(alert)
        assert (bench.table.active, bench.table.selected) == ("icecube-alerts", [3])

    def test_alerts_outside_the_time_range_leave_the_table(self, sky: SkyExplorer, bench: Workbench) -> None:
        tell(bench.table, "tab", name="icecube-alerts")
        sky.brush("2017-01-01", "2018-01-01")
        assert order(bench.table) == np.flatnonzero(sky.layers["icecube-alerts"].shown).tolist()

    def test_removing_the_layer_on_show(self, sky: SkyExplorer, bench: Workbench) -> None:
        for name in list(sky.layers):
            sky.layers.remove(name)
        assert (bench.table.active, bench.table.columns, order(bench.table)) == ("", [], [])
        assert not errors(sky)

    def test_rows_without_a_position(self, sky: SkyExplorer, bench: Workbench) -> None:
        lost = Table({"name": ["here", "nowhere"], "ra": [10.0, np.nan], "dec": [10.0, np.nan]})
        sky.open(SourceCatalog(lost, title="lost"), name="lost")
        tell(bench.table, "tab", name="lost")
        tell(bench.table, "select", row=1)
        assert sky.selection.sources[0].name == "nowhere"
        assert not errors(sky)


class TestLightCurve:
    def test_a_source_fills_the_figure(self, sky: SkyExplorer, bench: Workbench) -> None:
        sky.select("4FGL J0509.4+0542")
        curve = sky.session.curves.shown[0]
        assert bench.curve.title == "4FGL J0509.4+0542"
        assert len(bench.curve.points.data["x"]) == len(curve)
        first = Time(bench.curve.points.data["x"][0] / 1e3, format="unix")
        assert abs(first - curve.time[0]).to_value("s") < 1e-3

    def test_the_event_of_the_place_is_marked(self, sky: SkyExplorer, bench: Workbench) -> None:
        sky.select("4FGL J0509.4+0542")
        assert "IC170922A" in bench.curve.events.data["name"]
        at = bench.curve.events.data["x"][list(bench.curve.events.data["name"]).index("IC170922A")]
        assert Time(at / 1e3, format="unix").isot.startswith("2017-09-22T20:54:3")

    def test_a_source_without_a_curve_says_so(self, sky: SkyExplorer, bench: Workbench) -> None:
        sky.select("HESS J0835-455")
        assert "has no light curve" in bench.curve.message
        assert not bench.curve.has_data
        assert not len(bench.curve.points.data["x"])

    def test_upper_limits_are_arrows(self, sky: SkyExplorer, bench: Workbench, data_dir: Path) -> None:
        catalog = sky.open(str(data_dir / "gamma/gll_psc_v16_3FGL.fit.gz"))
        row = next(i for i in range(50) if catalog.light_curve(i).upper_limit.any())
        sky.select(catalog[row])
        curve = sky.session.curves.shown[0]
        assert len(bench.curve.limits.data["x"]) == int(curve.upper_limit.sum())
        assert len(bench.curve.points.data["x"]) == int((~curve.upper_limit).sum())
        assert all(text.startswith("<") for text in bench.curve.limits.data["text"])

    def test_a_selection_fills_in_place_and_log_makes_another_figure(
        self, sky: SkyExplorer, bench: Workbench
    ) -> None:
        child = bench.curve.child
        sky.select("4FGL J0509.4+0542")
        assert bench.curve.child is child
        tell(bench.curve, "log", on=True)
        assert sky.session.curves.log_y
        assert bench.curve.child is not child
        assert len(bench.curve.points.data["x"]) == 10

    def test_log_leaves_out_what_is_not_positive(self, sky: SkyExplorer, bench: Workbench) -> None:
        sky.session.curves.log_y = True
        sky.select("NGC 4993")
        assert np.all(np.array(bench.curve.points.data["y"]) > 0)

    def test_curves_of_other_units_have_an_axis_of_their_own(
        self, sky: SkyExplorer, bench: Workbench
    ) -> None:
        sky.select(["4FGL J0509.4+0542", "AT2017gfo"])
        first, other = sky.session.curves.shown
        assert first.value.unit != other.value.unit
        assert len(bench.curve.points.data["x"]) == len(first)
        upper, lower = bench.curve.panes
        assert len(lower.points.data["x"]) + len(lower.limits.data["x"]) == len(other)
        assert upper.figure.x_range is lower.figure.x_range, "one axis of time"
        assert upper.figure.y_range is not lower.figure.y_range
        sky.select("4FGL J0509.4+0542")
        assert len(bench.curve.panes) == 1

    def test_a_drag_brushes_and_the_chip_lets_go(self, sky: SkyExplorer, bench: Workbench) -> None:
        class Drag:
            final = True
            geometry = {"type": "rect", "x0": 1.5148e12, "x1": 1.4832e12}  # noqa: RUF012

        bench.curve._on_brush(Drag)
        start, stop = sky.selection.time_range
        assert start.utc.isot < stop.utc.isot
        assert bench.curve.range_box.visible
        assert bench.curve.brushed.startswith("2016-12-3")
        tell(bench.curve, "clear")
        assert sky.selection.time_range is None
        assert not bench.curve.range_box.visible
        assert not errors(sky)

    def test_a_page_that_comes_later_gets_the_curve_of_now(self, sky: SkyExplorer, bench: Workbench) -> None:
        sky.select("4FGL J0509.4+0542")
        bundle = str(bench.curve.child.get_state()["render_bundle"])
        assert bench.curve.points.data["when"][0] in bundle

    def test_the_axes_follow_the_source_even_after_a_zoom(self, sky: SkyExplorer, bench: Workbench) -> None:
        sky.select("4FGL J0509.4+0542")
        times = bench.curve.figure.x_range
        times.update(start=1.34e12, end=1.38e12)  # as by hand
        sky.select("NGC 4993")
        points = bench.curve.points.data
        assert times.start < min(points["x"]) < max(points["x"]) < times.end
        assert (times.reset_start, times.reset_end) == (times.start, times.end)
        (merger,) = bench.curve.events.data["x"]
        assert times.start < merger < times.end, "the merger is in view, half a day before the first point"
        values = bench.curve.figure.y_range
        assert values.start < min(points["lo"]) < max(points["hi"]) < values.end

    def test_a_view_painted_from_an_older_state_is_painted_anew(
        self, sky: SkyExplorer, bench: Workbench
    ) -> None:
        child = bench.curve.child
        before = child.revision
        sky.select("4FGL J0509.4+0542")
        assert child.revision == before + 1, "one patch for a selection"
        tell(bench.curve, "rendered", child=child.model_id, revision=before)
        assert child.render_bundle["revision"] == child.revision
        assert bench.curve.points.data["when"][0] in str(child.get_state()["render_bundle"])

    def test_theme_paints_the_figure(self, bench: Workbench) -> None:
        dark = bench.curve.figure.background_fill_color
        bench.toolbar.dark = not bench.toolbar.dark
        assert bench.curve.figure.background_fill_color != dark

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_a_theme_that_is_chosen_needs_no_page(self, bench: Workbench, theme: str) -> None:
        light = theme == "light"
        bench.toolbar.dark = light
        tell(bench.toolbar, "theme", theme=theme)
        assert (bench.curve.figure.background_fill_color == "#ffffff") is light
        bench.toolbar.dark = light  # a page that speaks of what was before
        assert bench.toolbar.dark is not light
        assert (bench.curve.figure.background_fill_color == "#ffffff") is light
        tell(bench.toolbar, "theme", theme="auto")
        bench.toolbar.dark = light
        assert bench.toolbar.dark is light

    def test_what_python_has_overtaken_is_not_heard(self, bench: Workbench) -> None:
        child, times = bench.curve.child, bench.curve.shared.times

        def moved(attr: str, new: float, revision: int) -> None:
            content = {
                "event": "jsevent",
                "kind": "ModelChanged",
                "model": times.ref,
                "attr": attr,
                "new": new,
            }
            child._handle_custom_msg({**content, "revision": revision}, [])

        before = child.revision
        moved("start", 5.0, before)
        assert times.start == 5.0, "the page tells first"
        bench.curve.shared.look(10.0, 20.0)
        moved("start", 6.0, before)
        assert times.start == 10.0, "it had not heard of 10 yet, and will"
        moved("start", 7.0, child.revision)
        assert times.start == 7.0, "it has, and was moved since"
        moved("min_interval", 1.0, before)
        assert times.min_interval == 1.0, "of this Python has told nothing"

    def test_a_patch_is_one_message_with_its_revision(
        self, bench: Workbench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        child = bench.curve.child
        sent: list[tuple[Any, ...]] = []
        monkeypatch.setattr(child, "send", lambda *message: sent.append(message))
        bench.toolbar.theme = "light"
        ((content, buffers),) = sent
        assert (content["msg"], content["revision"]) == ("whole patch", child.revision)
        assert len(content["refs"]) == len(buffers)
        assert "#ffffff" in content["texts"][2]


class TestToolbar:
    def test_goto(self, sky: SkyExplorer, bench: Workbench) -> None:
        tell(bench.toolbar, "goto", text="TXS 0506+056")
        assert sky.viewport.target.ra.deg == pytest.approx(77.36, abs=0.05)
        assert bench.toolbar.selected == 1
        tell(bench.toolbar, "clear")
        assert not sky.selection.sources

    def test_goto_nowhere_is_told(self, sky: SkyExplorer, bench: Workbench) -> None:
        tell(bench.toolbar, "goto", text="no such thing")
        assert len(errors(sky)) == 1
        assert bench.status.items[0]["level"] == "error"

    def test_survey_and_grid(self, sky: SkyExplorer, bench: Workbench) -> None:
        tell(bench.toolbar, "survey", name="DSS2 colour")
        tell(bench.toolbar, "grid", on=True)
        assert (sky.viewport.survey, sky.viewport.grid) == ("DSS2 colour", True)
        assert (bench.toolbar.survey, bench.toolbar.grid) == ("DSS2 colour", True)
        tell(bench.toolbar, "survey", name="no such survey")
        assert errors(sky)


class TestErrors:
    @pytest.mark.parametrize("panel", ["layers", "table", "curve", "toolbar", "status"])
    def test_an_unknown_message_is_seen(self, sky: SkyExplorer, bench: Workbench, panel: str) -> None:
        tell(getattr(bench, panel), "no_such_message")
        assert len(errors(sky)) == 1

    def test_a_failing_verb_is_seen(
        self, sky: SkyExplorer, bench: Workbench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*args: Any, **kwargs: Any) -> None:
            raise RuntimeError("out of order")

        monkeypatch.setattr(sky, "select", broken)
        tell(bench.table, "select", row=0)
        assert "out of order" in errors(sky)[0]
        assert bench.status.items[0]["advice"]

    def test_dismiss(self, sky: SkyExplorer, bench: Workbench) -> None:
        sky.session.notices.post("<b>hello</b>")
        assert bench.status.items[0]["text"] == "<b>hello</b>"
        tell(bench.status, "dismiss")
        assert bench.status.items == []

    def test_every_control_has_words(self, bench: Workbench) -> None:
        for panel in (bench.layers, bench.table, bench.curve, bench.toolbar, bench.status):
            assert panel._texts
            assert all(panel._texts.values())


def test_a_closed_workbench_follows_no_more() -> None:
    sky = SkyExplorer()
    bench = Workbench(sky.session, sky)
    bench.close()
    sky.select("4FGL J0509.4+0542")
    sky.layers.remove("tev-sources")
    assert not errors(sky)
