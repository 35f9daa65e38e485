"""Layers of images, maps and surveys: what can be chosen, what cannot, and what is told."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.wcs import WCS

from skyexplorer import SkyExplorer
from skyexplorer.errors import InputError, NotFoundError
from skyexplorer.model.image import SkyImage
from skyexplorer.model.quantitymap import QuantityMap
from skyexplorer.model.shading import Shading
from skyexplorer.model.tiles import TileSet
from skyexplorer.session.layers import ImageLayer, MapLayer, SurveyLayer


@pytest.fixture
def image():
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.cdelt = ["RA---TAN", "DEC--TAN"], [10, 20], [-0.1, 0.1]
    return SkyImage(np.arange(12.0).reshape(3, 4), wcs, "K", "made")


def test_opened_images_and_maps_become_layers(image):
    sky = SkyExplorer(samples=False)
    assert sky.open(image) is image
    assert isinstance(sky.layers["made"], ImageLayer)
    assert abs(sky.viewport.target.separation(image.center).arcsec) < 1e-6
    quantity = QuantityMap(np.arange(12.0), name="flat")
    assert sky.open(quantity, name="mine") is quantity
    layer = sky.layers["mine"]
    assert isinstance(layer, MapLayer)
    assert (layer.rows, len(layer.names), len(layer.coords)) == (12, 0, 0)
    with pytest.raises(NotFoundError):
        layer[0]
    assert sky.open(image) is image  # opened again it is the same layer
    assert len(sky.layers) == 2


def test_each_choice_is_told_once(image):
    layer, told = ImageLayer("a", image), []
    layer.changed.connect(told.append)
    layer.color_map = "inferno"
    layer.color_map = "inferno"
    layer.cuts = [1, 5]
    layer.stretch = "log"
    assert told == ["shading"] * 3
    assert layer.shading == Shading("inferno", "log", (1.0, 5.0))
    assert layer.limits == (1.0, 5.0)
    layer.cuts = 100
    assert layer.limits == (0.0, 11.0)
    for field, bad in (("color_map", "jet"), ("stretch", "square"), ("cuts", -1), ("cuts", (2, 1))):
        with pytest.raises(InputError):
            setattr(layer, field, bad)
    assert told == ["shading"] * 4


def test_maps_of_two_signs_have_two_colours():
    two = MapLayer("t", QuantityMap(np.linspace(-1, 1.2, 48)))
    assert two.color_map == "two signs"
    low, high = two.limits
    assert low == -high
    assert MapLayer("o", QuantityMap(np.linspace(-0.01, 1, 48))).color_map == "viridis"
    assert MapLayer("o", QuantityMap(np.linspace(-1, 1, 48)), color_map="grey").color_map == "grey"


def test_surveys():
    sky = SkyExplorer(samples=False)
    layer = sky.overlay("CDS/P/Fermi/color", blend="add", blink=1)
    assert (layer.address, layer.opacity, layer.blend, layer.blink) == ("CDS/P/Fermi/color", 0.5, "add", 1.0)
    assert sky.overlay("CDS/P/Fermi/color", opacity=0.2) is layer  # changed, not laid twice
    assert (layer.opacity, layer.blend, layer.blink) == (0.2, "normal", None)
    assert sky.overlay("AllWISE colour").address == "CDS/P/allWISE/color"
    assert "sky.overlay('CDS/P/Fermi/color', blend='add', blink=1)" in sky.steps.to_source()
    tiles = TileSet("t", "mine", {(0, 0): b""}, "png")
    assert (sky.overlay(tiles).address, "mine" in sky.layers) == ("", True)
    told = []
    layer.changed.connect(told.append)
    layer.blink, layer.blend = 2, "add"
    layer.blink = 2.0
    assert told == ["blink", "blend"]
    for bad in (0, 0.1, 61, "fast"):
        with pytest.raises(InputError, match="blink"):
            layer.blink = bad
    with pytest.raises(InputError, match="screen"):
        layer.blend = "screen"
    for bad in ("nothing", "Milky Way (model)", 5):
        with pytest.raises(InputError, match=r"survey"):
            SurveyLayer("x", bad)
    assert len(sky.layers) == 3
