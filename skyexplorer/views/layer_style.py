"""The style editor of a catalogue in the layer panel: what it offers, and what was chosen."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from skyexplorer.session.layers import CatalogLayer, Looks
from skyexplorer.session.text import _
from skyexplorer.views import palettes
from skyexplorer.views.styling import legend_of, scale_of

DEFAULTS = asdict(Looks())


def texts() -> dict[str, Any]:
    """Visible texts of the editor, and of legends."""
    return {
        "style": _("Style of {name}"),
        "style_of": {
            "color": _("Colour"),
            "size": _("Size"),
            "shape": _("Marker"),
            "label": _("Label"),
            "first": _("First"),
            "first_help": _("Which sources are drawn first where not all of them are"),
            "none": _("one for all"),
            "nothing": _("nothing"),
            "auto": _("automatic"),
            "auto_by": _("automatic: {column}"),
            "expression": _("expression …"),
            "expression_help": _("An expression of columns, such as log10(Flux1000); Enter applies it"),
            "numbers": _("Numbers"),
            "categories": _("Categories"),
            "by": _("{what} by"),
            "map": _("Colour map"),
            "log": _("log"),
            "log_of": _("{what}: logarithmic scale"),
            "low": _("{what}: value of the low end"),
            "high": _("{what}: value of the high end"),
            "largest": _("largest"),
            "smallest": _("smallest"),
            "direction": _("The largest or the smallest value first"),
            "errors": _("errors"),
            "errors_help": _("Error circles and ellipses"),
            "motion": _("motions"),
            "motion_help": _("Proper motions as arrows"),
            "density": _("density"),
            "density_help": _("Draw how many sources there are, instead of each"),
            "plain": _("Plain"),
            "plain_help": _("All looks as they were at first"),
            "missing": _("no value: {n}"),
        },
        "maps": palettes.previews(),
    }


def facts(layer: CatalogLayer) -> dict[str, Any]:
    """What the editor shows of a layer."""
    catalog, looks = layer.catalog, layer.looks
    return {
        "looks": asdict(looks),
        "plain": looks == Looks(),
        "numbers": list(layer.columns.numeric),
        "texts": list(layer.columns.texts),
        "first": layer.first[0],
        "descending": layer.first[1],
        "motion": catalog.proper_motion is not None,
        "errors": catalog.error is not None or catalog.extension is not None,
        "legend": legend_of(layer),
        "ends": ends(layer),
    }


def ends(layer: CatalogLayer) -> dict[str, list[str]]:
    """The values at both ends of the scales in use, as texts."""
    found = {}
    for what in ("color", "size"):
        scale = scale_of(layer, what)
        if scale is not None:
            found[what] = [palettes.told(scale.low, 3), palettes.told(scale.high, 3)]
    return found


def asked(looks: dict[str, Any]) -> dict[str, Any]:
    """Looks as the browser tells them: ranges are lists of two numbers there, and ``plain`` means all as at first."""
    if looks.get("plain"):
        return dict(DEFAULTS)
    out = dict(looks)
    for name in ("color_range", "size_range"):
        value = out.get(name)
        if value is not None:
            out[name] = tuple(value)
    return out
