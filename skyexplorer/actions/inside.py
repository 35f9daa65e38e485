"""Inside: what a region drawn on the sky does to the sources in it: choose, mark, or leave only those."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyexplorer.errors import InputError, NotFoundError
from skyexplorer.session.layers import CatalogLayer, Layer, RowsLayer
from skyexplorer.session.session import Session
from skyexplorer.session.text import _

MOST_SELECTED = 200
"""As many sources are selected, and not only marked: more light curves and names nobody reads."""


def select_region(session: Session, region: Any, by: str = "") -> Any:
    """Choose a region, or None, and return it."""
    session.selection.choose_region(region, by)
    return region


def select_inside(session: Session, region: Any = None, by: str = "") -> int:
    """Mark the shown rows inside a region, in all visible layers; see `SkyExplorer.select_inside`."""
    region = _given(session, region)
    chosen: list[Any] = []
    count = 0
    for layer in session.layers.values():
        if not isinstance(layer, RowsLayer):
            continue
        rows = within(layer, region) & layer.shown if layer.visible else np.zeros(layer.rows, bool)
        layer.marked = rows
        count += int(rows.sum())
        if count <= MOST_SELECTED:
            chosen += [layer[int(row)] for row in np.flatnonzero(rows)]
    session.selection.select(chosen if count <= MOST_SELECTED else (), by)
    return count


def within(layer: Layer, region: Any) -> np.ndarray:
    """Which rows of a layer lie in a region; those without a position do not."""
    coords = layer.coords
    found = np.isfinite(coords.ra.deg) & np.isfinite(coords.dec.deg)
    found[found] = region.contains(coords[found])
    return found


def follow(session: Session) -> None:
    """From now on, catalogues show what `Tools.inside` leaves: those that are added, too."""
    guard = session.notices.guard(_("Filtering by region"))

    @guard
    def changed(what: str) -> None:
        if what == "inside":
            for layer in session.layers.values():
                apply(layer, session.tools.inside)

    @guard
    def added(layer: Layer) -> None:
        if session.tools.inside is not None:
            apply(layer, session.tools.inside)

    session.tools.changed.connect(changed)
    session.layers.added.connect(added)


def apply(layer: Layer, region: Any) -> None:
    """Show the sources of a catalogue inside a region, or all where it is None."""
    if isinstance(layer, CatalogLayer):
        layer.keep("inside", None if region is None else within(layer, region))


def _given(session: Session, region: Any) -> Any:
    if region is None:
        region = session.selection.region
    if region is None:
        raise NotFoundError("No region is selected.", "Draw one on the sky, or give one.")
    if not hasattr(region, "contains"):
        raise InputError(f"{region!r} is not a region.", "Give a SkyRegion.")
    return region
