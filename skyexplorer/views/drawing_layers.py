"""How images, maps of a quantity and second surveys are drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from skyexplorer.model.region import SkyRegion
from skyexplorer.session.layers import ImageLayer, Layer, MapLayer, SurveyLayer
from skyexplorer.views.canvas import Drawing, packed_picture, packed_tiles

FEW = 50  # shapes that are drawn finely


def image(drawing: Drawing, layer: ImageLayer) -> None:
    """The image on the glass, bent over the sky by its own coordinates; of a large one the part that is in view."""
    drawing.picture = packed_picture(layer.image.picture(layer.shading, drawing.window))


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


def styled(region: SkyRegion, points: int, stroke: Callable[..., dict[str, Any]]) -> list[dict[str, Any]]:
    """Strokes of a region of a DS9 file that has colours, widths or texts of its own; nothing for others.

    A colour that all shapes have is that of the layer, and can be changed there.
    """
    shapes = region._shapes
    if not any(shape.text or shape.color or shape.width != 1 for shape in shapes):
        return []
    several = len({shape.color for shape in shapes}) > 1
    made: dict[tuple[str, float, bool], list[Any]] = {}
    for shape in shapes:
        made.setdefault((shape.color if several else "", shape.width, shape.included), []).append(shape)
    strokes = []
    for (color, width, included), group in made.items():
        lines, captions = [], []
        for shape in group:
            part = SkyRegion.from_shapes([shape._replace(included=True)])
            lines += part.outline(points if len(shapes) < FEW else 24)
            if shape.text:
                at = max(part.outline(24)[0], key=lambda vertex: vertex[1])  # above it
                captions.append({"ra": float(at[0]), "dec": float(at[1]), "text": shape.text})
        one = stroke(lines, width=min(max(width, 1.0), 5.0) + 0.7, dash=() if included else (4, 4), halo=True)
        strokes.append({**one, "color": color, "captions": captions})
    return strokes


CHANGED: dict[str, Callable[[Drawing, Layer], None]] = {
    "shading": reshade,
    "blend": resurvey,
    "blink": resurvey,
}
"""What is drawn anew when an attribute of one of these layers changes."""
