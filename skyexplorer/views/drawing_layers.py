"""How images, maps of a quantity and second surveys are drawn."""

from __future__ import annotations

from collections.abc import Callable

from skyexplorer.session.layers import ImageLayer, Layer, MapLayer, SurveyLayer
from skyexplorer.views.canvas import Drawing, packed_picture, packed_tiles


def image(drawing: Drawing, layer: ImageLayer) -> None:
    """The image on the glass, bent over the sky by its own coordinates."""
    drawing.picture = packed_picture(layer.image.picture(layer.shading))


def quantity(drawing: Drawing, layer: MapLayer) -> None:
    """The map as tiles under the glass."""
    drawing.tiles = packed_tiles(layer.quantity.tiles(layer.shading))


def survey(drawing: Drawing, layer: SurveyLayer) -> None:
    """A survey: by its address, or its tiles."""
    if not layer.address:
        drawing.tiles = packed_tiles(layer.data)
    resurvey(drawing, layer)


def resurvey(drawing: Drawing, layer: Layer) -> None:
    """Carry over how a survey is laid over what is below."""
    assert isinstance(layer, SurveyLayer)
    drawing.survey = {"address": layer.address, "add": layer.blend == "add", "blink": layer.blink or 0.0}


def reshade(drawing: Drawing, layer: Layer) -> None:
    """Carry over the colours of an image or a map."""
    if isinstance(layer, ImageLayer):
        image(drawing, layer)
    elif isinstance(layer, MapLayer):
        quantity(drawing, layer)


CHANGED: dict[str, Callable[[Drawing, Layer], None]] = {
    "shading": reshade,
    "blend": resurvey,
    "blink": resurvey,
}
"""What is drawn anew when an attribute of one of these layers changes."""
