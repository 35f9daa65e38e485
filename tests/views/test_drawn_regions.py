"""Regions drawn on the canvas, and regions chosen elsewhere, shown there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.wcs import WCS

from skyexplorer import SkyExplorer, SkyRegion
from skyexplorer.model.picture import Picture
from skyexplorer.session.drawn import shape_of
from skyexplorer.session.layers import RegionLayer


@pytest.fixture
def sky() -> Iterator[SkyExplorer]:
    explorer = SkyExplorer(samples=False)
    assert explorer.widget is not None
    yield explorer
    explorer._workbench.close()


def send(sky: SkyExplorer, kind: str, **content: Any) -> None:
    """What the browser tells."""
    sky._workbench.sky.widget._handle_custom_message(None, {"event_type": f"skx:{kind}", **content}, [])


def drawn(sky: SkyExplorer, shape: str, *points: list[float], **how: Any) -> None:
    """What the browser tells when a shape is done, or moved."""
    send(sky, "region", shape=shape, points=list(points), **how)


def act(sky: SkyExplorer, name: str) -> None:
    """A click on a button beside the region."""
    send(sky, "region_act", act=name)


def errors(sky: SkyExplorer) -> list[str]:
    return [notice.text for notice in sky.session.notices.items if notice.level == "error"]


def test_a_tool_is_handed_to_the_canvas_and_put_away_when_the_shape_is_done(sky: SkyExplorer) -> None:
    canvas = sky._workbench.sky.widget
    sky.session.archives.tool = "circle"
    assert canvas._tool == "circle"
    drawn(sky, "circle", [197.0, -23.0], [197.0, -20.0])
    assert canvas._tool == ""
    region = sky.selection.region
    assert region.kind == "circle"
    assert region.radius.to_value(u.deg) == pytest.approx(3.0)
    assert sky._workbench.archives.within == "region"
    assert not errors(sky)


def test_a_tool_that_was_ended_leaves_the_region(sky: SkyExplorer) -> None:
    sky.session.archives.tool = "polygon"
    drawn(sky, "polygon", [10, 10], [12, 10], [11, 12])
    before = sky.selection.region
    sky.session.archives.tool = "circle"
    drawn(sky, "")
    assert sky.selection.region is before
    assert sky.session.archives.tool == ""


def test_corners_that_make_no_polygon_are_told(sky: SkyExplorer) -> None:
    drawn(sky, "polygon", [10, 10], [10, 10], [11, 12])
    assert sky.selection.region is None
    assert any("polygon" in text for text in errors(sky))


def test_any_chosen_region_is_outlined_above_all_layers(sky: SkyExplorer) -> None:
    view = sky._workbench.sky
    merger = sky.open("GW170817")
    assert view.region.drawing.strokes == []
    sky.selection.choose_region(merger.localization.credible_region(0.9))
    (stroke,) = view.region.drawing.strokes
    assert len(stroke["ra"]) // 8 > 10
    assert stroke["fill"] == 0.0, "lines around cells may be those of holes"
    sky.open("gw170817-galaxies")
    assert view.widget._drawings[-1] is view.region.drawing
    sky.selection.choose_region(None)
    assert view.region.drawing.strokes == []


def test_the_picture_of_a_cut_out_is_drawn_and_its_outline_is_not_filled(sky: SkyExplorer) -> None:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix = ["RA---TAN", "DEC--TAN"], [150.0, 30.0], [20.5, 20.5]
    wcs.wcs.cdelt = [-0.01, 0.01]

    class Cut:
        picture = Picture.of(np.arange(1600.0).reshape(40, 40), wcs)
        origin = None

    region = SkyRegion.circle(SkyCoord(150 * u.deg, 30 * u.deg), 0.2 * u.deg)
    cut: Any = Cut()
    layer = sky.layers.add(RegionLayer("cut out", [region], data=cut))
    made = sky._workbench.sky._drawings[layer.name]
    assert made.picture["png"].startswith(b"\x89PNG")
    assert len(made.picture["ra"]) == 8 * (made.picture["rows"] + 1) * (made.picture["columns"] + 1)
    assert made.strokes[0]["fill"] == 0.0


def test_a_box_is_exactly_along_the_coordinates_and_across_ra_0(sky: SkyExplorer) -> None:
    drawn(sky, "box", [359.0, 60.0], [1.0, 62.0])
    region = sky.selection.region
    assert region.kind == "box"
    ra, dec = [359.0001, 0.9999, 0.0, 358.9, 0.0, 0.0], [61.0, 61.0, 61.9999, 61.0, 62.001, 59.999]
    inside = region.contains(SkyCoord(ra * u.deg, dec * u.deg))
    assert inside.tolist() == [True, True, True, False, False, False]
    shape, points = shape_of(region)
    assert shape == "box"
    assert np.allclose(points, [[359.0, 60.0], [1.0, 62.0]], atol=1e-12)


def test_what_was_drawn_is_one_step_of_a_script_that_runs(sky: SkyExplorer) -> None:
    for shape, points in (
        ("circle", [[77.0, 5.0], [78.0, 5.0]]),
        ("box", [[76.0, 4.0], [79.0, 7.0]]),
        ("polygon", [[76.0, 4.0], [79.0, 4.0], [77.0, 8.0]]),
    ):
        drawn(sky, shape, *points)
        source = sky.steps.to_source()
        assert source.count("select_region(") == 1
        made: dict[str, Any] = {}
        exec(source, made)
        grid = SkyCoord(*(np.mgrid[74:81:40j, 3:9:40j].reshape(2, -1) * u.deg))
        again, region = made["sky"].selection.region, sky.selection.region
        assert (again.contains(grid) == region.contains(grid)).all()
        assert region.contains(grid).any()


def test_a_region_that_is_moved_follows_and_is_written_once(sky: SkyExplorer) -> None:
    canvas = sky._workbench.sky.widget
    drawn(sky, "circle", [77.0, 5.0], [79.0, 5.0], final=True, view="a", turn=1)
    for turn in range(2, 6):
        drawn(sky, "circle", [77.0 + turn, 5.0], [79.0 + turn, 5.0], final=False, view="a", turn=turn)
        assert sky.selection.region.center.ra.deg == pytest.approx(77.0 + turn)
        assert canvas._region["turn"] == turn
    assert len(sky.steps) == 1
    drawn(sky, "circle", [90.0, 5.0], [92.0, 5.0], final=True, view="a", turn=6)
    assert sky.steps.to_source().count("SkyRegion.circle(") == 1
    assert canvas._region["points"] == [[90.0, 5.0], [92.0, 5.0]], "the edge stays where it was left"
    sky.select_region(SkyRegion.circle(SkyCoord(10 * u.deg, 10 * u.deg), 1 * u.deg))
    assert (canvas._region["view"], canvas._region["shape"]) == ("", "circle")
    assert np.allclose(canvas._region["points"], [[10, 10], [10, 11]])


def test_corners_that_make_none_are_answered_with_the_region_before(sky: SkyExplorer) -> None:
    canvas = sky._workbench.sky.widget
    drawn(sky, "box", [10.0, 10.0], [12.0, 12.0], final=True, view="a", turn=1)
    drawn(sky, "box", [10.0, 10.0], [10.0, 12.0], final=True, view="a", turn=2)
    assert (canvas._region["turn"], canvas._region["points"]) == (2, [[10.0, 10.0], [12.0, 12.0]])
    assert any("span nothing" in text for text in errors(sky))


@pytest.fixture
def full() -> Iterator[SkyExplorer]:
    explorer = SkyExplorer()
    assert explorer.widget is not None
    drawn(explorer, "circle", [77.36, 5.69], [79.36, 5.69], final=True)
    yield explorer
    explorer._workbench.close()


def test_sources_inside_are_marked_and_chosen(full: SkyExplorer) -> None:
    full.layers["tev-sources"].visible = False
    act(full, "select")
    assert full.layers["fermi-sources"].marked.sum() == 1
    assert full.layers["tev-sources"].marked.sum() == 0, "what is hidden is not meant"
    assert {str(one.name) for one in full.selection.sources} == {"4FGL J0509.4+0542", "IC170922A"}
    assert full.steps.items[-1].call == "sky.select_inside()"


def test_only_sources_inside_stay_and_the_filter_of_the_table_is_joined(full: SkyExplorer) -> None:
    canvas, layer = full._workbench.sky.widget, full.layers["fermi-sources"]
    act(full, "filter")
    assert layer.names[int(np.flatnonzero(layer.shown)[0])] == "4FGL J0509.4+0542"
    assert layer.shown.sum() == 1
    assert canvas._inside == {"text": "Only inside the region", "same": True}
    layer.shown = np.zeros(layer.rows, bool)
    assert layer.shown.sum() == 0
    layer.keep("filter", None)
    assert layer.shown.sum() == 1, "both hold"
    # It follows the region that it was made of, at the end of a move.
    drawn(full, "circle", [80.0, 5.69], [80.1, 5.69], final=False)
    assert layer.shown.sum() == 1
    drawn(full, "circle", [83.63, 22.01], [84.63, 22.01], final=True)
    assert [n for n, s in zip(layer.names, layer.shown, strict=True) if s] != ["4FGL J0509.4+0542"]
    assert full.session.tools.inside is full.selection.region
    act(full, "clear")
    assert not canvas._inside["same"]
    assert canvas._inside["text"], "the filter is taken off by its own chip"
    act(full, "unfilter")
    assert layer.shown.all()
    assert not errors(full)


def test_a_filter_made_of_another_region_does_not_follow(full: SkyExplorer) -> None:
    act(full, "filter")
    before = full.session.tools.inside
    full.select_region(SkyRegion.circle(SkyCoord(10 * u.deg, 10 * u.deg), 1 * u.deg))
    drawn(full, "circle", [11.0, 10.0], [12.0, 10.0], final=True)
    assert full.session.tools.inside is before


def test_catalogues_that_come_later_are_filtered_too(full: SkyExplorer) -> None:
    act(full, "filter")
    full.layers.remove("tev-sources")
    full.open("tev-sources")
    assert full.layers["tev-sources"].shown.sum() == 1


def test_the_region_becomes_a_layer_and_the_view_stays(full: SkyExplorer) -> None:
    full.goto("77 5", fov=33)
    act(full, "layer")
    act(full, "layer")
    assert "drawn circle" in full.layers
    assert "drawn circle (2)" not in full.layers, "it is there already"
    assert full.viewport.fov == 33
    assert full.layers["drawn circle"].data is full.selection.region


def test_its_source_text_and_what_is_said_of_copying(full: SkyExplorer) -> None:
    source = full._workbench.sky.widget._region["source"]
    assert source.startswith("SkyRegion.circle(SkyCoord(77.36, 5.69")
    act(full, "copied")
    act(full, "uncopied")
    assert source in full.session.notices.items[-1].text


def test_the_archives_are_asked_in_it(full: SkyExplorer) -> None:
    full.session.archives.within = "view"
    act(full, "ask")
    assert full._workbench.tabs.active == "archives"
    assert full.session.archives.region is full.selection.region


def test_what_was_measured_stays_and_a_further_view_has_it(full: SkyExplorer) -> None:
    canvas = full._workbench.sky.widget
    send(full, "tool", name="measure")
    assert canvas._tool == "measure"
    send(full, "measured", points=[[359.0, 89.0], [179.0, 89.0], [179.0, 80.0]])
    legs = full.session.tools.legs.to_value(u.deg)
    assert legs == pytest.approx([2.0, 9.0])
    assert len(canvas._path) == 3
    send(full, "measured", points=[])
    assert (canvas._path, full.session.tools.path) == ([], None)
    assert not errors(full)
