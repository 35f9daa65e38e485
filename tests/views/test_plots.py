"""Plots without a browser: made when looked at, linked by marks both ways, a million rows in time; written in scripts."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table

from skyexplorer import SkyExplorer, SkyRegion, SourceCatalog
from skyexplorer.errors import InputError, NotFoundError
from skyexplorer.model import binning
from skyexplorer.session.inview import counts, in_view
from skyexplorer.session.layers import CatalogLayer, RowsLayer
from skyexplorer.views.scatter import MOST_POINTS, ramp


@pytest.fixture
def fresh() -> SkyExplorer:
    """An explorer that nobody has used."""
    explorer = SkyExplorer()
    assert explorer.widget is not None
    return explorer


@pytest.fixture(scope="module")
def used() -> SkyExplorer:
    explorer = SkyExplorer()
    assert explorer.widget is not None
    return explorer


@pytest.fixture
def sky(used: SkyExplorer) -> SkyExplorer:
    """An explorer in which nothing is chosen, marked or hidden."""
    used.select(())
    used.brush()
    used.session.plots.tab = "curve"
    for layer in used.layers.values():
        if isinstance(layer, CatalogLayer):
            layer.where = ""
        if isinstance(layer, RowsLayer):
            layer.marked = np.zeros(layer.rows, bool)
    for plot in ("histogram", "scatter"):
        used.session.plots.show(plot, layer="transients")
        used.session.plots.show(plot, layer="fermi-sources", log_x=False, log_y=False)
    used.session.notices.clear()
    return used


def panel(sky: SkyExplorer, name: str) -> Any:
    return sky._workbench.dock.panels[name]


def tell(panel: Any, kind: str, **content: Any) -> None:
    panel._told(panel, {"type": kind, **content}, [])


def quiet(sky: SkyExplorer) -> None:
    assert [notice.text for notice in sky.session.notices.items] == []


def brush(panel: Any, **shape: Any) -> None:
    """A drag in the figure, as Bokeh tells it."""
    event = SimpleNamespace(geometry=shape, final=True)
    for call in panel.figure._event_callbacks["selectiongeometry"]:
        call(event)


def tap(panel: Any, x: float, y: float, kind: str = "tap") -> None:
    for call in panel.figure._event_callbacks[kind]:
        call(SimpleNamespace(x=x, y=y))


@pytest.fixture(scope="module")
def million() -> SourceCatalog:
    rng = np.random.default_rng(7)
    n = 1_000_000
    table = Table(
        {
            "ra": rng.uniform(0, 360, n), "dec": np.degrees(np.arcsin(rng.uniform(-1, 1, n))),
            "flux": 10 ** rng.normal(-10, 1, n), "index": rng.normal(2.2, 0.3, n),
        }
    )  # fmt: skip
    table["flux"][::100] = np.nan
    return SourceCatalog(table, title="million")


# numbers


def test_bins_count_as_numpy_does() -> None:
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.normal(size=5000), [np.nan, np.inf, -np.inf, 5.0]])
    rows = rng.random(len(values)) < 0.3
    found = binning.Histogram(values, -2.0, 5.0, 31)
    for some in (None, rows):
        expected, _ = np.histogram((values if some is None else values[some]), 31, (-2.0, 5.0))
        assert found.counts(some).tolist() == expected.tolist()
    with pytest.raises(InputError, match="bins"):
        binning.Histogram(values, 1.0, 1.0, 3)


def test_cells_count_as_numpy_does() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(2, 4000))
    x[::50] = np.nan
    rows = rng.random(4000) < 0.5
    found = binning.Density(x, y, (-1, 1.5, -2, 2), (7, 11))
    good = rows & np.isfinite(x)
    expected, _, _ = np.histogram2d(y[good], x[good], (7, 11), ((-2, 2), (-1, 1.5)))
    assert found.counts(rows).tolist() == expected.astype(int).tolist()
    assert set(found.within) == set(np.flatnonzero((x >= -1) & (x <= 1.5) & (np.abs(y) <= 2)))


def test_a_polygon_holds_what_lies_in_it() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.uniform(-3, 3, (2, 20000))
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    circle = np.stack([2 * np.cos(angle), 2 * np.sin(angle)], axis=1)
    inside = binning.in_polygon(x, y, circle)
    radius = np.hypot(x, y)
    assert inside[radius < 1.999].all()
    assert not inside[radius > 2].any()
    # One that crosses itself: its middle is counted twice, and lies outside.
    star = [(np.cos(a), np.sin(a)) for a in np.arange(5) * 4 * np.pi / 5]
    assert not binning.in_polygon(np.zeros(1), np.zeros(1), star)[0]
    for corners in ([(0, 0), (1, 1)], [(0, 0), (1, 1), (np.nan, 2)]):
        with pytest.raises(InputError, match="corners"):
            binning.in_polygon(x, y, corners)


def test_a_picture_of_counts() -> None:
    picture = ramp(np.array([[0, 1], [9, 100]]), "#102030", True)
    opacity = picture >> 24
    assert opacity[0, 0] == 0
    assert (np.diff([opacity[0, 1], opacity[1, 0], opacity[1, 1]]) > 0).all()
    assert picture[0, 1] & 0xFF >= 0x10


# the dock


def test_plots_are_made_when_they_are_looked_at(fresh: SkyExplorer) -> None:
    sky = fresh
    dock = sky._workbench.dock
    assert list(dock.panels) == ["curve"]
    assert [tab["name"] for tab in dock.tabs] == ["curve", "spectrum", "histogram", "scatter", "inview"]
    tell(dock, "tab", name="scatter")
    assert sky.session.plots.tab == dock.active == "scatter"
    assert list(dock.panels) == ["curve", "scatter"]
    assert dock.box.children[-1] is dock.panels["scatter"]
    assert panel(sky, "scatter").bokeh is sky._workbench.curve
    tell(dock, "tab", name="no such tab")
    assert "no such tab" in sky.session.notices.items[-1].text
    assert dock.active == "scatter"
    tell(dock, "large", on=True)
    assert dock.large
    assert sky.session.layout.places["main"] == "curve"
    tell(dock, "large", on=False)
    assert sky.session.layout.places["main"] == "sky"


def test_what_is_not_looked_at_waits(sky: SkyExplorer) -> None:
    sky.histogram("fermi-sources", "Signif_Avg")
    bars = panel(sky, "histogram")
    before = bars.bars.data["top"].sum()
    assert before == sky.layers["fermi-sources"].rows
    sky.session.plots.tab = "curve"
    sky.layers["fermi-sources"].where = "Signif_Avg > 100"
    assert bars.bars.data["top"].sum() == before, "nobody looks"
    sky.session.plots.tab = "histogram"
    assert bars.bars.data["top"].sum() == sky.layers["fermi-sources"].shown.sum() < before
    assert "hidden" in bars.note
    quiet(sky)


# linked brushing


def test_a_brush_of_the_histogram_marks_and_the_scatter_plot_shows_it(sky: SkyExplorer) -> None:
    layer = sky.layers["fermi-sources"]
    values = np.asarray(layer.catalog.table["Signif_Avg"], float)
    sky.scatter("fermi-sources", "Signif_Avg", "Energy_Flux100", log_x=True, log_y=True)
    sky.histogram("fermi-sources", "Signif_Avg")
    bars = panel(sky, "histogram")
    brush(bars, type="rect", x0=200.0, x1=50.0, y0=0, y1=9)
    assert layer.marked.tolist() == ((values >= 50) & (values <= 200)).tolist()
    assert bars.chosen.data["top"].sum() == layer.marked.sum() > 3
    assert bars.marked == f"{layer.marked.sum()} marked"
    sky.session.plots.tab = "scatter"
    dots = panel(sky, "scatter")
    assert len(dots.chosen.data["x"]) == layer.marked.sum()
    assert len(dots.rest.data["x"]) == layer.rows - layer.marked.sum()
    # And the other way: a box in the scatter plot, which the histogram shows.
    brush(dots, type="rect", x0=10.0, x1=60.0, y0=1e-13, y1=1e-7)
    sky.session.plots.tab = "histogram"
    assert bars.chosen.data["top"].sum() == layer.marked.sum() == ((values >= 10) & (values <= 60)).sum()
    tap(bars, 0, 0, "doubletap")
    assert not layer.marked.any()
    quiet(sky)


def test_a_click_on_a_bar_marks_its_rows(sky: SkyExplorer) -> None:
    sky.histogram("fermi-sources", "Signif_Avg", bins=10)
    bars = panel(sky, "histogram")
    left, right = (bars.bars.data[side][0] for side in ("left", "right"))
    tap(bars, (left + right) / 2, 1.0)
    assert sky.layers["fermi-sources"].marked.sum() == bars.bars.data["top"][0]
    quiet(sky)


def test_marks_from_elsewhere_are_shown(sky: SkyExplorer) -> None:
    sky.scatter("fermi-sources", "Signif_Avg", "Energy_Flux100")
    dots = panel(sky, "scatter")
    sky.mark("fermi-sources", "TXS 0506")
    assert len(dots.chosen.data["x"]) == 1
    assert dots.chosen.data["name"] == ["4FGL J0509.4+0542"]
    sky.select_inside(SkyRegion.circle(SkyCoord("05h09m26s +05d41m35s"), 60 * u.deg))
    assert len(dots.chosen.data["x"]) == sky.layers["fermi-sources"].marked.sum() > 1
    tell(dots, "unmark")
    assert len(dots.chosen.data["x"]) == 0
    quiet(sky)


def test_a_lasso_is_straight_on_the_axes_it_was_drawn_on(sky: SkyExplorer) -> None:
    layer = sky.layers["fermi-sources"]
    x, y = (np.asarray(layer.catalog.table[name], float) for name in ("Signif_Avg", "Energy_Flux100"))
    corners = [(10.0, 1e-12), (1000.0, 1e-12), (1000.0, 1e-8)]
    sky.scatter("fermi-sources", "Signif_Avg", "Energy_Flux100", log_x=True, log_y=True)
    dots = panel(sky, "scatter")
    brush(dots, type="poly", x=[c[0] for c in corners], y=[c[1] for c in corners])
    below = (np.log10(y) + 12) / 4 < (np.log10(x) - 1) / 2
    expected = (x >= 10) & (x <= 1000) & (y >= 1e-12) & below
    assert layer.marked.tolist() == expected.tolist()
    assert 0 < expected.sum() < layer.rows
    assert "log='xy'" in sky.steps.items[-1].call
    linear = sky.mark("fermi-sources", corners, of=("Signif_Avg", "Energy_Flux100"))
    assert linear != expected.sum()


def test_a_click_on_a_point_selects_it_and_a_ring_shows_it(sky: SkyExplorer) -> None:
    layer = sky.layers["fermi-sources"]
    sky.scatter("fermi-sources", "Signif_Avg", "Energy_Flux100", log_x=True, log_y=True)
    dots = panel(sky, "scatter")
    row = layer.names.index("4FGL J0509.4+0542")
    x, y = (float(layer.catalog.table[name][row]) for name in ("Signif_Avg", "Energy_Flux100"))
    tap(dots, x * 1.01, y * 1.005)
    assert [source.name for source in sky.selection.sources] == ["4FGL J0509.4+0542"]
    assert (dots.ring.data["x"][0], dots.ring.data["y"][0]) == (x, y)
    tap(dots, 1.0, 1e-8)
    assert len(sky.selection.sources) == 1, "a click beside all points changes nothing"
    sky.histogram("fermi-sources", "Signif_Avg")
    assert panel(sky, "histogram").lines.data["x"] == [x]
    sky.select(())
    assert len(panel(sky, "histogram").lines.data["x"]) == 0
    quiet(sky)


def test_missing_numbers_are_counted_and_said(sky: SkyExplorer) -> None:
    sky.histogram("tev-sources", "Size")
    sizes = np.asarray(sky.layers["tev-sources"].catalog.table["Size"], float)
    missing = int((~np.isfinite(sizes)).sum())
    assert missing > 1
    assert f"{missing} rows without a number" in panel(sky, "histogram").note
    sky.histogram("fermi-sources", "log10(Energy_Flux100)")
    assert "without" not in panel(sky, "histogram").note
    sky.histogram("icecube-alerts", "energy", log_x=True, log_y=True)
    bars = panel(sky, "histogram")
    assert (bars.bars.data["bottom"] == 0.5).all()
    assert bars.figure.xaxis[0].axis_label == "energy (TeV)"
    quiet(sky)


# the head


def test_menus_call_the_verbs_and_complain_where_they_are(sky: SkyExplorer) -> None:
    sky.scatter("fermi-sources")
    dots = panel(sky, "scatter")
    tell(dots, "set", name="y", value="log10(Energy_Flux100)")
    assert sky.session.plots.scatter.y == "log10(Energy_Flux100)"
    tell(dots, "set", name="x", value="Signif")
    assert "Signif_Avg" in dots.complaint
    assert sky.session.plots.scatter.x == "Signif_Avg"
    tell(dots, "set", name="log_x", value=True)
    assert dots.complaint == ""
    assert dots.figure.x_range.start > 0
    tell(dots, "set", name="layer", value="icecube-alerts")
    plot = sky.session.plots.scatter
    assert (plot.layer, plot.x, plot.y, plot.log_x) == ("icecube-alerts", "MJD", "energy", False)
    sky.histogram("fermi-sources")
    bars = panel(sky, "histogram")
    tell(bars, "set", name="bins", value=17)
    assert len(bars.bars.data["top"]) == 17
    tell(bars, "set", name="x", value="Energy_Flux100")
    assert sky.session.plots.histogram.x == "Energy_Flux100"
    tell(bars, "set", name="bins", value=10**6)
    assert "bins" in bars.complaint
    assert "sky.histogram('fermi-sources', column='Energy_Flux100')" in sky.steps.to_source()
    quiet(sky)


def test_a_layer_that_goes_and_one_that_comes(fresh: SkyExplorer, million: SourceCatalog) -> None:
    sky = fresh
    sky.scatter("fermi-sources")
    dots = panel(sky, "scatter")
    sky.layers.remove("fermi-sources")
    assert sky.session.plots.scatter.layer == "icecube-alerts", "it has most of those that are left"
    assert dots.controls[0]["value"] == "icecube-alerts"
    for name in [*sky.layers]:
        sky.layers.remove(name)
    assert sky.session.plots.scatter.layer == ""
    assert not dots.has_data
    sky.layers.add(CatalogLayer("few", million.take(np.arange(30))))
    assert dots.has_data
    assert len(dots.rest.data["x"]) == 29, "one has no flux"
    quiet(sky)


# verbs


def test_rows_are_marked_by_whatever_tells_them(sky: SkyExplorer) -> None:
    layer = sky.layers["fermi-sources"]
    assert sky.mark("fermi-sources", [0, 3, -1]) == 3
    assert np.flatnonzero(layer.marked).tolist() == [0, 3, layer.rows - 1]
    assert sky.mark(layer.catalog, layer.marked) == 3
    assert sky.mark("fermi-sources", SkyRegion.circle(SkyCoord("05h09m26s +05d41m35s"), 2 * u.deg)) == 1
    layer.where = "Signif_Avg < 100"
    assert sky.mark("fermi-sources", "Signif_Avg > 50") == layer.marked.sum()
    assert not (layer.marked & ~layer.shown).any(), "what is hidden is not brushed"
    assert sky.mark("icecube-alerts", "energy > 300 and signalness > 0.5") > 1
    assert sky.mark("fermi-sources") == 0
    for what, of in (
        ("nonsense > 3", None), ([1000], None), ([0.5], None), (np.zeros(3, bool), None), ((1, 2, 3), "Signif_Avg"),
        ((1, 2), "no_column"), ([(1, 2)], ("Signif_Avg", "Energy_Flux100")), ([(1, 2), (3, "x")], ("Signif_Avg", "RA")),
        ((1, 2), 7), ([(1, 2), (3, 4)], ("Signif_Avg",)),
    ):  # fmt: skip
        with pytest.raises(InputError):
            sky.mark("fermi-sources", what, of=of)
    with pytest.raises(NotFoundError):
        sky.mark("no layer", "x > 1")
    with pytest.raises(InputError, match="no rows"):
        sky.histogram("GW170817")


def test_a_script_of_plots_runs_again(fresh: SkyExplorer) -> None:
    sky = fresh
    sky.histogram("fermi-sources", "Signif_Avg", log_x=True)
    sky.mark("fermi-sources", (50, 200), of="Signif_Avg")
    sky.mark("fermi-sources", (60, 200), of="Signif_Avg")  # as a hand that brushes again
    sky.scatter("icecube-alerts", "energy", "signalness")
    sky.mark("icecube-alerts", [(100, 0.1), (500, 0.1), (300, 0.9)], of=("energy", "signalness"))
    sky.spectrum("TXS 0506+056")
    script = sky.steps.to_source()
    assert script.count("sky.mark(") == 2
    again: dict[str, Any] = {}
    exec(script, again)
    other = again["sky"]
    for name in ("fermi-sources", "icecube-alerts"):
        assert other.layers[name].marked.tolist() == sky.layers[name].marked.tolist()
        assert other.layers[name].marked.any()
    assert other.session.plots.scatter == sky.session.plots.scatter
    assert other.session.plots.histogram == sky.session.plots.histogram
    assert len(other.session.plots.spectrum) == len(sky.session.plots.spectrum)


# spectrum


def test_the_spectrum_follows_the_selection_while_it_is_looked_at(sky: SkyExplorer) -> None:
    sky.select("4FGL J0509.4+0542")
    assert sky.session.plots.spectrum is None, "nobody looks"
    sky.session.plots.tab = "spectrum"
    shown = panel(sky, "spectrum")
    assert shown.title == "4FGL J0509.4+0542"
    assert [key["label"] for key in shown.legend] == ["fermi-sources", "tev-sources"]
    assert [key["color"] for key in shown.legend] == [sky.layers[key["label"]].color for key in shown.legend]
    assert (len(shown.points.data["x"]), len(shown.limits.data["x"])) == (9, 4)
    assert shown.limits.data["text"][0].startswith("< ")
    energy = [end * 2.417989242084e14 for end in (shown.energies.start, shown.energies.end)]
    assert energy == pytest.approx([shown.figure.x_range.start, shown.figure.x_range.end])
    sky.select("HESS J1825-137")
    assert shown.title == "HESS J1825-137"
    sky.select(["HESS J1825-137", "4FGL J0509.4+0542"])
    assert not shown.has_data
    assert "choose one" in shown.message
    sky.select("HESS J1713-397")
    assert "no spectrum" in shown.message
    sky.select(())
    assert shown.message == ""
    quiet(sky)


def test_a_kilonova_of_one_night(sky: SkyExplorer) -> None:
    every = sky.spectrum("AT2017gfo")
    shown = panel(sky, "spectrum")
    assert len(set(shown.points.data["color"])) > 5, "each night has its colour"
    assert [key["label"][-10:] for key in shown.legend] == ["2017-08-18", "2017-08-27"]
    sky.select("AT2017gfo")
    sky.brush("2017-08-18", "2017-08-18T12:00")
    few = sky.session.plots.spectrum
    assert 3 <= len(few) < len(every)
    assert len(shown.points.data["x"]) == len(few)
    sky.brush()
    assert len(sky.session.plots.spectrum) == len(every)
    quiet(sky)


def test_what_could_not_be_used_is_listed(sky: SkyExplorer) -> None:
    star = Table({"name": ["s"], "ra": [77.3582], "dec": [5.6931], "Smag": [14.0], "w1mpro": [11.0]})
    star["Smag"].unit = star["w1mpro"].unit = "mag"
    sky.open(SourceCatalog(star), name="stars")
    found = sky.spectrum("4FGL J0509.4+0542")
    assert "stars" in found.archive, "within the error of the gamma-ray source"
    shown = panel(sky, "spectrum")
    assert shown.more == ["stars: Smag: no band is known by this name"]
    assert shown.more_label == "1 not used"
    far = star.copy()
    far["ra"] += 0.2
    sky.layers.remove("stars")
    sky.open(SourceCatalog(far), name="stars")
    assert "stars" not in sky.spectrum("4FGL J0509.4+0542").archive
    sky.layers.remove("stars")


# in view


def test_what_is_in_view_is_counted(sky: SkyExplorer) -> None:
    sky.goto("TXS 0506+056", fov=6)
    sky.session.plots.tab = "inview"
    shown = panel(sky, "inview")
    rows = {row["name"]: row for row in shown.rows}
    layer = sky.layers["fermi-sources"]
    near = layer.coords.separation(sky.viewport.target).deg <= 3
    assert rows["fermi-sources"]["count"] == str(near.sum()) == "1"
    assert rows["fermi-sources"]["of"] == f"of {layer.rows}"
    assert {group["name"]: group["count"] for group in shown.groups}["neutrino"] == rows["icecube-alerts"][
        "count"
    ]
    assert "3°" in shown.summary
    sky.layers["fermi-sources"].visible = False
    assert "fermi-sources" not in {row["name"] for row in shown.rows}
    sky.layers["fermi-sources"].visible = True
    layer.where = "Signif_Avg > 1000"
    assert {row["name"]: row for row in shown.rows}["fermi-sources"]["count"] == "0"
    layer.where = ""
    tell(shown, "mark", name="fermi-sources")
    assert layer.marked.tolist() == near.tolist()
    quiet(sky)


def test_small_views_are_counted_exactly(sky: SkyExplorer) -> None:
    at = SkyCoord(10 * u.deg, -30 * u.deg)
    ring = at.directional_offset_by(np.linspace(0, 350, 36) * u.deg, [0.9, 1.1] * 18 * u.arcsec)
    sky.open(SourceCatalog(Table({"ra": ring.ra.deg, "dec": ring.dec.deg})), name="ring")
    sky.goto(at, fov=2 / 3600)
    assert in_view(sky.session, sky.layers["ring"]).tolist() == [True, False] * 18
    sky.layers.remove("ring")


# a million


def timed(what: Any) -> float:
    """Seconds of the processor, the best of three: other work of this machine is not ours."""
    best = np.inf
    for _ in range(3):
        start = time.process_time()
        what()
        best = min(best, time.process_time() - start)
    return best


def test_a_million_rows(fresh: SkyExplorer, million: SourceCatalog) -> None:
    sky = fresh
    sky.layers.add(CatalogLayer("million", million))
    sky.scatter("million", "flux", "index", log_x=True)
    dots = panel(sky, "scatter")
    assert "990,000 rows, as their density" in dots.note
    assert len(dots.rest.data["x"]) == 0
    picture = dots.image.data["image"][0]
    assert picture.nbytes < 1_500_000
    assert ((picture >> 24) > 0).sum() > 1000
    layer = sky.layers["million"]
    # Up to the picture that is sent; on an idle machine 60 and 130 ms.
    boxes = iter([1.8, 1.9, 2.0])
    box = timed(lambda: sky.mark("million", [(1e-11, next(boxes)), (1e-9, 2.5)], of=("flux", "index")))
    assert dots.marked == f"{layer.marked.sum():,} marked"
    assert box < 0.4
    angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    shift = iter([0.0, 0.1, 0.2])

    def lasso() -> None:
        corners = np.stack([10 ** (-10 + np.cos(angle)), 2.2 + next(shift) + 0.3 * np.sin(angle)], axis=1)
        sky.mark("million", [(float(x), float(y)) for x, y in corners], of=("flux", "index"), log="x")

    assert timed(lasso) < 0.6
    marked = picture != dots.image.data["image"][0]
    assert marked.any(), "marked cells look otherwise"
    # Zoomed in until they are few, they are points again.
    dots.figure.x_range.update(start=1e-10, end=1.005e-10)
    dots._moved()
    assert 0 < len(dots.rest.data["x"]) + len(dots.chosen.data["x"]) <= MOST_POINTS
    assert "out of view" in dots.note
    sky.histogram("million", "flux", log_x=True)
    bars = panel(sky, "histogram")
    assert bars.bars.data["top"].sum() == 990_000
    assert "10,000 rows without a number" in bars.note
    assert timed(bars._draw) < 0.4
    assert timed(lambda: counts(sky.session)) < 0.1
    quiet(sky)
