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
from skyexplorer.session.layers import RegionLayer


@pytest.fixture
def sky() -> Iterator[SkyExplorer]:
    explorer = SkyExplorer(samples=False)
    assert explorer.widget is not None
    yield explorer
    explorer._workbench.close()


def drawn(sky: SkyExplorer, shape: str, *points: list[float]) -> None:
    """What the browser tells when a shape is done."""
    message = {"event_type": "skx:region", "shape": shape, "points": list(points)}
    sky._workbench.sky.widget._handle_custom_message(None, message, [])


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
