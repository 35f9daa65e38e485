"""What lies under the pointer, what the panel says of pictures, and what is sent to be drawn."""

from __future__ import annotations

import time

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.wcs import WCS

from skyexplorer import SkyMap, SkyRegion
from skyexplorer.model.image import SkyImage
from skyexplorer.model.quantitymap import QuantityMap
from skyexplorer.session.layers import ImageLayer, MapLayer, RegionLayer, SkyMapLayer, SurveyLayer
from skyexplorer.views import drawing, layer_controls, pointer
from skyexplorer.views.layers import LayersPanel
from skyexplorer.views.sky import SkyView


def image() -> SkyImage:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.cdelt = ["RA---TAN", "DEC--TAN"], [10, 20], [-0.1, 0.1]
    wcs.wcs.crpix = [2, 2]
    return SkyImage(np.arange(9.0).reshape(3, 3), wcs, "Jy / beam", "made")


@pytest.fixture
def merger(data_dir):
    return SkyMap.read(data_dir / "gw/GW190814_PublicationSamples.multiorder.fits")


def test_a_line_for_each_layer_that_has_a_value(session, merger):
    assert not pointer.reads(session)
    session.layers.add(SkyMapLayer("merger", merger))
    session.layers.add(MapLayer("counts", QuantityMap(np.arange(12.0), unit="1/deg2")))
    session.layers.add(ImageLayer("pixels", image()))
    session.layers.add(RegionLayer("region", [SkyRegion.circle(merger.mode, 1 * u.deg)]))
    assert pointer.reads(session)
    at = merger.mode
    lines = pointer.readout(session, at)
    assert [line["name"] for line in lines] == [
        "counts",
        "merger",
    ]  # the topmost first; the image is elsewhere
    density, level, far = lines[1]["text"].split(" · ")
    assert density == f"{merger.probability_density(at).to_value('deg-2'):.4g} deg⁻²"
    assert level == f"credible level {100 * merger.credible_level(at):.3g} %"
    mean, std = (q.to_value("Mpc") for q in merger.distances.at(at)[3:])
    assert far == f"{mean:.4g} ± {std:.2g} Mpc"
    assert lines[0]["text"].endswith("deg⁻²")
    (pixel, _) = pointer.readout(session, SkyCoord(10 * u.deg, 20 * u.deg))[:2]
    assert pixel == {"name": "pixels", "color": "#C9D1DC", "text": "4 Jy beam⁻¹"}
    session.layers["pixels"].visible = False
    session.layers["counts"].opacity = 0
    assert [line["name"] for line in pointer.readout(session, SkyCoord(10 * u.deg, 20 * u.deg))] == ["merger"]
    session.layers["merger"].visible = False
    assert not pointer.reads(session)


def test_numbers_for_people():
    for value, text in (
        (0, "0"), (1234.56, "1235"), (0.001234, "0.001234"), (12345.6, "12346"), (1.5e-9, "1.50 · 10⁻⁹"),
        (-2.25e12, "-2.25 · 10¹²"), (7, "7"),
    ):  # fmt: skip
        assert pointer.number(value) == text


def test_eight_times_a_second_is_no_burden(session, merger):
    session.layers.add(SkyMapLayer("merger", merger))
    session.layers.add(MapLayer("map", QuantityMap(np.arange(12 * 4.0**6))))
    session.layers.add(ImageLayer("pixels", image()))
    pointer.readout(session, merger.mode)
    began = time.process_time()
    for k in range(20):
        pointer.readout(session, SkyCoord((10 + k / 100) * u.deg, 20 * u.deg))
    assert (time.process_time() - began) / 20 < 0.125 / 2


def test_the_canvas_answers_the_view_that_asked(session, verbs, merger):
    view = SkyView(session, verbs)
    assert not view.widget._reads
    session.layers.add(SkyMapLayer("merger", merger))
    assert view.widget._reads
    view._heard("pointer", {"view": "one", "turn": 3, "ra": merger.mode.ra.deg, "dec": merger.mode.dec.deg})
    assert (view.widget._readout["view"], view.widget._readout["turn"]) == ("one", 3)
    assert view.widget._readout["lines"][0]["name"] == "merger"
    view.close()


def test_a_survey_that_does_not_answer_is_hidden_and_told(session, verbs):
    view = SkyView(session, verbs)
    layer = session.layers.add(SurveyLayer("CDS/P/none", "CDS/P/none"))
    view._heard("layer_failed", {"layer": "CDS/P/none"})
    assert not layer.visible
    assert "does not answer" in session.notices.items[-1].text
    view.close()


def test_what_is_sent_of_pictures(session):
    made = drawing.draw(ImageLayer("pixels", image()))
    assert made.picture["png"].startswith(b"\x89PNG")
    assert not made.tiles
    layer = MapLayer("map", QuantityMap(np.arange(12.0)))
    made = drawing.draw(layer)
    assert len(made.tiles["tiles"]) == 12
    before = made.tiles["version"]
    layer.color_map = "magma"
    drawing.drawing_layers.CHANGED["shading"](made, layer)
    assert made.tiles["version"] != before
    # A picture that is gone leaves its place in memory to the next: each is another one nevertheless.
    told = [before, made.tiles["version"]]
    for number in range(30):
        layer.color_map = ("viridis", "magma")[number % 2]
        drawing.drawing_layers.CHANGED["shading"](made, layer)
        told.append(made.tiles["version"])
    assert len(set(told)) == len(told)
    made = drawing.draw(SurveyLayer("s", "CDS/P/Fermi/color", blend="add", blink=2))
    assert made.survey == {"address": "CDS/P/Fermi/color", "add": True, "blink": 2.0}


def test_regions_of_several_colours(session):
    text = b"# Region file format: DS9\nicrs\ncircle(10,20,1) # color=red text={one}\ncircle(12,20,1) # color=blue\n"
    region = SkyRegion.read(text)
    red, blue = drawing.draw(RegionLayer("r", [region])).strokes
    assert (red["color"], blue["color"]) == ("#FF0000", "#0000FF")
    (caption,) = red["captions"]
    assert caption["text"] == "one"
    assert abs(caption["dec"] - 21) < 0.01


def test_the_panel_chooses(session, verbs):
    layer = session.layers.add(MapLayer("map", QuantityMap(np.arange(12.0), unit="K", column="T")))
    survey = session.layers.add(SurveyLayer("s", "CDS/P/Fermi/color"))
    panel = LayersPanel(session, verbs)
    top, below = panel.rows
    assert (top["count"], [c["field"] for c in top["controls"]]) == ("survey", ["blend", "blink"])
    assert (below["count"], below["note"]) == ("map", "T [K]")
    assert below["scale"]["high"].endswith(" K")
    panel.on_control("map", "color_map", "inferno")
    panel.on_control("map", "cuts", "95")
    panel.on_control("s", "blink", "2")
    panel.on_control("s", "blend", "add")
    assert (layer.color_map, layer.cuts, survey.blink, survey.blend) == ("inferno", 95.0, 2.0, "add")
    layer.cuts = (0, 5)
    cuts = layer_controls.controls(layer)[2]
    assert cuts["value"] == ""
    assert cuts["options"][0] == ["", "0 … 5"]
    panel.on_control("map", "cuts", "")  # what is there already
    assert layer.cuts == (0, 5)
    panel.on_control("s", "blink", "")
    assert survey.blink is None
    for name in ("map", "s"):
        panel.on_zoom(name)
        assert session.viewport.fov == 180.0
    session.layers.add(ImageLayer("pixels", image()))
    panel.on_zoom("pixels")
    assert session.viewport.fov < 1
