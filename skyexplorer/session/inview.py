"""In view: how many of the rows on show lie in what is looked at, counted from unit vectors that are kept.

In view is what the archives mean by the view: not farther from its centre than half its width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from astropy import units as u
from numpy.typing import NDArray

from skyexplorer.model.region import SkyRegion
from skyexplorer.session.layers import CatalogLayer, EventLayer, EventListLayer, Layer, RowsLayer, SkyMapLayer

if TYPE_CHECKING:
    from skyexplorer.session.session import Session

_vectors: WeakKeyDictionary[Layer, NDArray[np.float64]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Count:
    """How many rows of a layer are in view."""

    layer: Layer
    kind: str
    """Band or messenger: ``"gamma"``, ``"tev"``, ``"optical"``, ``"neutrino"``, ``"gw"``, …"""
    within: int
    """Shown rows in view."""
    shown: int
    """Shown rows."""


def vectors(layer: Layer) -> NDArray[np.float64]:
    """Unit vectors of the positions of a layer, (3, rows), NaN where there is none; kept as long as the layer is.

    Examples
    --------
    >>> from skyexplorer import samples
    >>> from skyexplorer.session.inview import vectors
    >>> from skyexplorer.session.layers import CatalogLayer
    >>> layer = CatalogLayer("fermi", samples.open("fermi-sources"))
    >>> vectors(layer).shape == (3, layer.rows), vectors(layer) is vectors(layer)
    (True, True)
    """
    found = _vectors.get(layer)
    if found is None:
        coords = layer.data.coords if isinstance(layer, EventListLayer) else layer.coords
        found = _vectors[layer] = vector(np.atleast_1d(coords.ra.rad), np.atleast_1d(coords.dec.rad))
    return found


def vector(ra: Any, dec: Any) -> NDArray[np.float64]:
    """Unit vectors of directions (radians), (3, …)."""
    cos = np.cos(dec)
    return np.stack([cos * np.cos(ra), cos * np.sin(ra), np.sin(dec)])


def chords(layer: Layer, ra: float, dec: float) -> NDArray[np.float64]:
    """Squared chords from a direction (radians) to each row, (rows,): 4 sin²(ψ / 2), exact also for small angles."""
    here = vector(ra, dec)
    x, y, z = vectors(layer)
    return (x - here[0]) ** 2 + (y - here[1]) ** 2 + (z - here[2]) ** 2


def in_view(session: Session, layer: Layer) -> NDArray[np.bool_]:
    """Which rows of a layer, hidden ones too, lie in view."""
    view = session.viewport
    reach = np.radians(min(view.fov / 2, 180.0))
    with np.errstate(invalid="ignore"):
        return chords(layer, view.target.ra.rad, view.target.dec.rad) <= 4 * np.sin(reach / 2) ** 2


def region(session: Session) -> SkyRegion:
    """What is in view as a region."""
    view = session.viewport
    return SkyRegion.circle(view.target, min(view.fov / 2, 180.0) * u.deg)


def kind_of(layer: Layer) -> str:
    """The band of a catalogue, or the messenger of events."""
    if isinstance(layer, EventLayer):
        told = {str(event.messenger) for event in layer.events if event.messenger}
        return told.pop() if len(told) == 1 else "events"
    if isinstance(layer, SkyMapLayer):
        return "gw" if layer.event is None else str(layer.event.messenger or "gw")
    if isinstance(layer, CatalogLayer):
        return layer.catalog.band
    return "gamma"


def counts(session: Session) -> list[Count]:
    """Of each visible layer with positions, the top one first.

    Examples
    --------
    >>> from skyexplorer import SkyExplorer
    >>> from skyexplorer.session.inview import counts
    >>> sky = SkyExplorer()
    >>> _ = sky.goto("TXS 0506+056", fov=4)
    >>> [(count.layer.name, count.within) for count in counts(sky.session) if count.within]
    [('icecube-alerts', 1), ('tev-sources', 1), ('fermi-sources', 1)]
    """
    found = []
    for layer in reversed(session.layers.values()):
        if not layer.visible or not isinstance(layer, RowsLayer | EventListLayer | SkyMapLayer):
            continue
        inside = in_view(session, layer)
        shown = layer.shown if isinstance(layer, RowsLayer) else np.ones(len(inside), bool)
        found.append(Count(layer, kind_of(layer), int((inside & shown).sum()), int(shown.sum())))
    return found
