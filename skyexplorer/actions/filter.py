"""Filter: a brushed time range leaves on the sky the events of that time."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyexplorer.session.layers import EventLayer, Layer, days
from skyexplorer.session.session import Session
from skyexplorer.session.text import _


def follow(session: Session) -> None:
    """From now on, events are shown as the time range says: those of a layer that is added, too.

    Both ends belong to the range; an event without a time stays.
    """
    guard = session.notices.guard(_("Filtering by time"))

    @guard
    def brushed(time_range: Any, by: str) -> None:
        for layer in session.layers.values():
            apply(layer, time_range)

    @guard
    def added(layer: Layer) -> None:
        apply(layer, session.selection.time_range)

    session.selection.time_range_changed.connect(brushed)
    session.layers.added.connect(added)


def apply(layer: Layer, time_range: Any) -> None:
    """Show the events of a time range, or all where it is None."""
    if not isinstance(layer, EventLayer):
        return
    if time_range is None:
        layer.keep("time", None)
    else:
        start, stop = (days(time) for time in time_range)
        layer.keep("time", np.isnan(layer.times) | ((start <= layer.times) & (layer.times <= stop)))
