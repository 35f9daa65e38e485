"""What the layer panel shows of images, maps and second surveys, and the controls that it gives them."""

from __future__ import annotations

from typing import Any

from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer.errors import InputError
from skyexplorer.model.shading import COLOR_MAPS, STRETCHES
from skyexplorer.session.layers import ImageLayer, Layer, MapLayer, ShadedLayer, SurveyLayer
from skyexplorer.session.layers.survey import BLENDS
from skyexplorer.session.text import _
from skyexplorer.views.pointer import number, unit_text

CUTS = (100.0, 99.9, 99.5, 99.0, 95.0)
BLINKS = (0.5, 1.0, 2.0, 5.0)
RAMP = 12  # colours of the scale under a layer
WHOLE_SKY = SkyCoord(266.417 * u.deg, -29.008 * u.deg), 180.0


def facts(layer: Layer) -> dict[str, Any]:
    """What a row of the panel says beside the name: ``count``, ``note``, ``caveat``, ``controls`` and ``scale``."""
    row: dict[str, Any] = {"caveat": layer.origin.note if layer.origin else ""}
    if isinstance(layer, ImageLayer):
        rows, columns = layer.image.data.shape
        row |= {"count": _("image"), "note": f"{columns} × {rows}"}
    elif isinstance(layer, MapLayer):
        row |= {"count": _("map"), "note": _named(layer.quantity.column, layer.quantity.unit)}
    elif isinstance(layer, SurveyLayer):
        row |= {"count": _("survey"), "note": layer.address if layer.address != layer.name else ""}
    row["controls"] = controls(layer)
    if isinstance(layer, ShadedLayer):
        row["scale"] = scale(layer)
    return row


def scale(layer: ShadedLayer) -> dict[str, Any]:
    """The colours of a layer from its lower to its upper cut, with both."""
    from skyexplorer.model.shading import palette

    low, high = layer.limits
    colors = ["#{:02x}{:02x}{:02x}".format(*color) for color in palette(layer.color_map, RAMP).tolist()]
    return {
        "colors": colors,
        "low": number(low),
        "high": " ".join([number(high), unit_text(layer.data.unit)]).strip(),
        "stretch": "" if layer.stretch == "linear" else layer.stretch,
    }


def controls(layer: Layer) -> list[dict[str, Any]]:
    """The choices that a layer has: each with ``field``, ``label``, ``value`` and ``options`` (value and text)."""
    if isinstance(layer, ShadedLayer):
        cuts = "" if isinstance(layer.cuts, tuple) else f"{layer.cuts:g}"
        percents = [(f"{value:g}", f"{value:g} %") for value in CUTS]
        if cuts and cuts not in dict(percents):
            percents.append((cuts, f"{cuts} %"))
        own = [("", " … ".join(map(number, layer.cuts)))] if isinstance(layer.cuts, tuple) else []
        return [
            _choice("color_map", _("Colours of {name}"), layer.color_map, [(m, m) for m in _maps(layer)]),
            _choice("stretch", _("Stretch of {name}"), layer.stretch, [(s, s) for s in STRETCHES]),
            _choice("cuts", _("Cuts of {name}"), cuts, [*own, *percents]),
        ]
    if isinstance(layer, SurveyLayer):
        texts = {"normal": _("over it"), "add": _("light added")}
        value = "" if layer.blink is None else f"{layer.blink:g}"
        blinks = [("", _("steady")), *((f"{s:g}", _("blink {s:g} s").format(s=s)) for s in BLINKS)]
        if value not in dict(blinks):
            blinks.append((value, _("blink {s} s").format(s=value)))
        return [
            _choice("blend", _("Blending of {name}"), layer.blend, [(b, texts[b]) for b in BLENDS]),
            _choice("blink", _("Blinking of {name}"), value, blinks),
        ]
    return []


def apply(layer: Layer, field: str, value: str) -> None:
    """What a control says.

    Raises
    ------
    InputError
        For a field that the layer does not have, or a value that cannot be.
    """
    if field not in {control["field"] for control in controls(layer)}:
        raise InputError(f"{layer.name} has no {field}.", "Choose another layer.")
    if field == "cuts":
        if value:
            layer.cuts = float(value)  # type: ignore[attr-defined]
    elif field == "blink":
        layer.blink = float(value) if value else None  # type: ignore[attr-defined]
    else:
        setattr(layer, field, value)


def extent(layer: Layer) -> tuple[SkyCoord, float] | None:
    """Centre and width of a view that holds an image; of a map or a survey all of the sky; None of other layers."""
    if isinstance(layer, ImageLayer):
        return layer.image.center, float(min(max(2.4 * layer.image.radius.to_value(u.deg), 0.02), 180.0))
    return WHOLE_SKY if isinstance(layer, (MapLayer, SurveyLayer)) else None


def _choice(field: str, label: str, value: str, options: list[tuple[str, str]]) -> dict[str, Any]:
    return {"field": field, "label": label, "value": value, "options": [list(option) for option in options]}


def _maps(layer: ShadedLayer) -> list[str]:
    return [*COLOR_MAPS, *([] if layer.color_map in COLOR_MAPS else [layer.color_map])]


def _named(column: str, unit: Any) -> str:
    text = unit_text(unit)
    return f"{column} [{text}]" if column and text else column or text
