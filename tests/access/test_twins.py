"""Plots as tables, ranges by keys, and shapes beside colours; without a browser."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from astropy import units as u
from astropy.table import Table
from astropy.time import Time

from skyexplorer import LightCurve, SkyExplorer, SourceCatalog
from skyexplorer.views import timeline
from skyexplorer.views.stepping import stepped
from skyexplorer.views.twin import PAGE
from skyexplorer.views.workbench import Workbench


@pytest.fixture
def sky() -> SkyExplorer:
    return SkyExplorer()


@pytest.fixture
def bench(sky: SkyExplorer) -> Any:
    made = Workbench(sky.session, sky)
    yield made
    made.close()


def tell(panel: Any, kind: str, **content: Any) -> None:
    panel._told(panel, {"type": kind, **content}, [])


def txs(sky: SkyExplorer) -> Any:
    return next(source for source in sky.layers["fermi-sources"].catalog if "0509" in source.name)


def test_a_light_curve_is_a_table_whose_rows_choose_their_bins(sky: SkyExplorer, bench: Any) -> None:
    panel = bench.curve
    assert panel.twin_page == {}, "nothing is written that nobody reads"
    tell(panel, "as_table", on=True)
    assert panel.twin_page["total"] == 0
    sky.select(txs(sky))
    for pace in panel._paces:
        pace.flush()
    page, curve = panel.twin_page, sky.session.curves.shown[0]
    assert page["total"] == len(page["rows"]) == len(curve)
    assert len(page["heads"]) == len(page["rows"][0])
    values = [float(row[2]) for row in page["rows"]]
    assert values == pytest.approx(curve.value.value, rel=1e-4)
    tell(panel, "twin_choose", row=3)
    start, stop = sky.selection.time_range
    assert (start.mjd, stop.mjd) == pytest.approx([time[3].mjd for time in curve.time_bounds])
    tell(panel, "as_table", on=False)
    assert not panel.as_table


def test_long_tables_come_by_pages(sky: SkyExplorer, bench: Any) -> None:
    n = 10 * PAGE + 7
    mjd = np.arange(n) + 55000.0
    error = np.ones(n) * u.Jy
    made = LightCurve(
        time=Time(mjd[::-1], format="mjd"),
        value=np.arange(n, dtype=float) * u.Jy,
        error=(error, error),
        upper_limit=np.zeros(n, bool),
        band="R",
        quantity="flux",
        name="mine",
    )
    sky.open(made)
    panel = bench.curve
    for pace in panel._paces:
        pace.flush()
    tell(panel, "as_table", on=True)
    assert (panel.twin_page["total"], len(panel.twin_page["rows"])) == (n, PAGE)
    assert panel.twin_page["rows"][0][1] == "55000.0000", "in order of time"
    tell(panel, "twin", start=10 * PAGE)
    assert len(panel.twin_page["rows"]) == 7
    tell(panel, "twin", start=10**9)
    assert panel.twin_page["start"] == 10 * PAGE


def test_plots_of_columns_are_tables_too(sky: SkyExplorer, bench: Any) -> None:
    layer = sky.layers["fermi-sources"]
    sky.histogram("fermi-sources", "Signif_Avg", bins=5)
    histogram = bench.dock.panels["histogram"]
    tell(histogram, "as_table", on=True)
    assert len(histogram.twin_page["rows"]) == 5
    assert sum(int(row[2]) for row in histogram.twin_page["rows"]) == layer.rows
    tell(histogram, "twin_choose", row=0)
    assert int(layer.marked.sum()) == int(histogram.twin_page["rows"][0][2])
    sky.scatter("fermi-sources", "Signif_Avg", "Energy_Flux100")
    scatter = bench.dock.panels["scatter"]
    tell(scatter, "as_table", on=True)
    assert scatter.twin_page["total"] == layer.rows
    tell(scatter, "twin_choose", row=2)
    assert sky.selection.sources[0].name == scatter.twin_page["rows"][2][0]
    found = sky.spectrum("TXS 0506+056")
    spectrum = bench.dock.panels["spectrum"]
    tell(spectrum, "as_table", on=True)
    assert spectrum.twin_page["total"] == len(found.points)
    assert not spectrum.twin_page["choosable"]


def test_the_strip_of_times_is_a_table(sky: SkyExplorer, bench: Any) -> None:
    panel = bench.time
    tell(panel, "as_table", on=True)
    rows = panel.twin_page["rows"]
    assert len(rows) == 49
    assert [row[2] for row in rows] == sorted(row[2] for row in rows)
    sky.brush("2017-09-01", "2017-10-01")
    inside = [row[0] for row in panel.twin_page["rows"] if row[-1]]
    assert inside == ["IC170922A"]
    tell(panel, "twin_choose", row=[row[0] for row in rows].index("IC170922A"))
    assert sky.selection.sources[0].name == "IC170922A"


def test_keys_choose_ranges(sky: SkyExplorer, bench: Any) -> None:
    curve = bench.curve
    sky.select(txs(sky))
    tell(curve, "step", way=1, end=False)
    start, stop = sky.selection.time_range
    tell(curve, "step", way=1, end=True)
    assert sky.selection.time_range[0] == start
    assert sky.selection.time_range[1] > stop
    tell(curve, "step", way=1, end=False)
    assert sky.selection.time_range[0] > start
    sky.histogram("fermi-sources", "Signif_Avg", log_x=True)
    histogram, layer = bench.dock.panels["histogram"], sky.layers["fermi-sources"]
    tell(histogram, "step", way=1, end=False)
    first = int(layer.marked.sum())
    for _each in range(20):
        tell(histogram, "step", way=1, end=True)
    assert int(layer.marked.sum()) > first
    tell(histogram, "unmark")
    assert not layer.marked.any()
    assert [note for note in sky.session.notices.items if note.level == "error"] == []


def test_a_range_by_keys_goes_on_from_where_it_is(sky: SkyExplorer, bench: Any) -> None:
    n = 20
    table = Table({"ra": np.zeros(n) * u.deg, "dec": np.zeros(n) * u.deg})
    table["gap"] = np.r_[np.linspace(0, 1, n // 2), np.linspace(39, 40, n // 2)]
    sky.open(SourceCatalog(table, ra="ra", dec="dec"), name="two heaps")
    sky.histogram("two heaps", "gap", bins=40)
    histogram, layer = bench.dock.panels["histogram"], sky.layers["two heaps"]
    counts = []
    for turn in range(1, 60):
        tell(histogram, "step", way=1, end=False, turn=turn)
        counts.append(int(layer.marked.sum()))
    assert histogram.heard == 59
    assert 0 in counts, "the gap is crossed,"
    assert counts[-1] == n // 2, "to the other heap"
    assert np.flatnonzero(layer.marked).min() == n // 2
    # A click on a bar, or a drag, is where keys go on.
    histogram._brushed(SimpleNamespace(geometry={"x0": 10.0, "x1": 12.0}))
    assert not layer.marked.any()
    tell(histogram, "step", way=1, end=False, turn=60)
    assert histogram._span == pytest.approx((11.0, 13.0), abs=0.1)
    histogram._tapped(SimpleNamespace(x=0.2, y=0.5))
    assert histogram._span == pytest.approx((0.0, 1.0), abs=0.1)
    # What was marked elsewhere, or unmarked, is no range: keys begin anew.
    for forget in (lambda: sky.mark("two heaps", (39, 41), of="gap"), lambda: tell(histogram, "unmark")):
        forget()
        assert histogram._span is None
    assert [note for note in sky.session.notices.items if note.level == "error"] == []


@pytest.mark.parametrize("logs", [False, True])
def test_keys_choose_a_box_in_the_scatter_plot(sky: SkyExplorer, bench: Any, logs: bool) -> None:
    sky.scatter("fermi-sources", "Signif_Avg", "Energy_Flux100", log_x=logs, log_y=logs)
    scatter, layer = bench.dock.panels["scatter"], sky.layers["fermi-sources"]
    x, y = (np.asarray(layer.catalog.table[name], float) for name in ("Signif_Avg", "Energy_Flux100"))

    def inside() -> np.ndarray:
        box = scatter.outline
        assert box.visible
        return (x >= box.left) & (x <= box.right) & (y >= box.bottom) & (y <= box.top)

    tell(scatter, "step", way=1, end=False, axis="x")
    first = scatter.outline.right
    for way, end, axis in ((1, True, "x"), (1, True, "x"), (1, False, "y"), (1, True, "y"), (1, False, "x")):
        tell(scatter, "step", way=way, end=end, axis=axis)
        assert (layer.marked == inside()).all()
    assert scatter.outline.right > first
    for _each in range(30):
        tell(scatter, "step", way=1, end=True, axis="y")
    assert 0 < layer.marked.sum() < layer.rows
    assert "of=('Signif_Avg', 'Energy_Flux100')" in sky.steps.items[-1].call
    # The box goes where it was left; what another has marked, or nobody, is no box.
    kept = dict(scatter._spans)
    tell(scatter, "step", way=1, end=False, axis="x")
    tell(scatter, "step", way=-1, end=False, axis="x")
    assert scatter._spans["x"] == pytest.approx(kept["x"])
    for forget in (lambda: sky.mark("fermi-sources", "Signif_Avg > 100"), lambda: tell(scatter, "unmark")):
        tell(scatter, "step", way=1, end=False, axis="x")
        forget()
        assert scatter._spans == {}
        assert not scatter.outline.visible
    assert [note for note in sky.session.notices.items if note.level == "error"] == []


def test_a_stretched_end_goes_the_way_of_the_key() -> None:
    assert stepped((0.0, 40.0), (30.0, 60.0), 1, True) == (30.0, 60.0), "beyond the axis, as after a zoom"
    assert stepped((0.0, 40.0), (30.0, 60.0), -1, True) == (30.0, 59.0)
    assert stepped((0.0, 40.0), (30.0, 39.5), 1, True) == (30.0, 40.0)


def test_the_dates_of_a_page_are_written_at_once(
    sky: SkyExplorer, bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, calls = bench.time, []
    monkeypatch.setattr(timeline, "Time", lambda *args, **keys: calls.append(args) or Time(*args, **keys))
    tell(panel, "as_table", on=True)
    assert len(calls) == 1
    for mjd, date in ((float(row[2]), row[1]) for row in panel.twin_page["rows"]):
        assert Time(date.replace(" ", "T")).mjd == pytest.approx(mjd, abs=2e-5)


def test_each_layer_of_sources_has_a_marker_of_its_own(sky: SkyExplorer) -> None:
    table = Table({"ra": [1.0, 2.0] * u.deg, "dec": [0.0, 0.0] * u.deg})
    sky.open(SourceCatalog(table, ra="ra", dec="dec"), name="first")
    shapes = [layer.shape for layer in sky.layers.values() if layer.kind != "skymap"]
    assert len(set(shapes)) == len(shapes) == 6
    sky.open(SourceCatalog(table, ra="ra", dec="dec"), name="second")
    assert len(sky.layers) == 8, "there are six markers: the seventh is like another, and opens all the same"
