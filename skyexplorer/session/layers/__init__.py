"""Layers: what lies on the sky, in drawing order, each with its style and its origin.

A layer holds a frozen noun (a sky map, events, a catalogue, photons) and the few things that a user can change
about it. Each change is told twice: by the layer itself (``layer.changed(field)``) and by the `Layers`
that hold it (``layers.changed(layer, field)``). State is set before it is told: where a listener
fails, psygnal raises ``EmitLoopError`` from the listener's error and the new state stands.
"""

from skyexplorer.session.layers.base import Layer, RowsLayer
from skyexplorer.session.layers.catalog import CatalogLayer
from skyexplorer.session.layers.eventlist import EventListLayer
from skyexplorer.session.layers.events import EventLayer, days
from skyexplorer.session.layers.image import ImageLayer
from skyexplorer.session.layers.looks import MAPS, Looks
from skyexplorer.session.layers.map import MapLayer
from skyexplorer.session.layers.region import RegionLayer
from skyexplorer.session.layers.shaded import ShadedLayer
from skyexplorer.session.layers.skymap import SkyMapLayer
from skyexplorer.session.layers.stack import Layers
from skyexplorer.session.layers.style import SHAPES, STYLES, Style
from skyexplorer.session.layers.survey import SurveyLayer

__all__ = [
    "MAPS",
    "SHAPES",
    "STYLES",
    "CatalogLayer",
    "EventLayer",
    "EventListLayer",
    "ImageLayer",
    "Layer",
    "Layers",
    "Looks",
    "MapLayer",
    "RegionLayer",
    "RowsLayer",
    "ShadedLayer",
    "SkyMapLayer",
    "Style",
    "SurveyLayer",
    "days",
]
