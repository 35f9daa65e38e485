"""EventListLayer: the photons of one list, drawn as a map of counts."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u

from skyexplorer.errors import InputError, NotFoundError
from skyexplorer.session.layers.base import PictureLayer
from skyexplorer.session.layers.style import STYLES, Style

if TYPE_CHECKING:
    from skyexplorer.model.countmap import CountMap
    from skyexplorer.model.eventlist import EventList
    from skyexplorer.model.region import SkyRegion

ACROSS = 80
"""Cells from the centre of the field to its edge, at the least."""
GRAIN = 1.5
"""Width of the Gaussian of the picture, in cells."""


class EventListLayer(PictureLayer):
    """Photons: their counts as an image, under the footprint of the pointing.

    Single photons are neither drawn nor selected: their directions are known to a tenth of a degree at best.

    Parameters
    ----------
    name : str
        See `Layer`.
    events : EventList
        At least one event.
    **style
        See `Layer`.
    """

    kind = "eventlist"

    def __init__(self, name: str, events: EventList, **style: Any) -> None:
        if not len(events):
            raise InputError(f"The event list {name} is empty.", "Give one with at least one event.")
        self.events = events
        super().__init__(name, events, **style)

    def _style(self, data: Any) -> Style:
        return STYLES["gamma" if data.telescope == "Fermi-LAT" else "tev"]

    @property
    def rows(self) -> int:
        """Number of events."""
        return len(self.events)

    @cached_property
    def footprint(self) -> SkyRegion:
        """What was seen; for a telescope that scans the sky, a circle around all events."""
        return self.events.footprint()

    @cached_property
    def counts(self) -> CountMap:
        """The map that is drawn: cells as fine as the field is small, lightly smoothed."""
        reach = self.footprint.radius.to_value(u.deg)
        order = int(np.clip(np.round(np.log2(58.6 * ACROSS / reach)), 4, 11))
        return self.events.count_map(order, GRAIN * 58.6 / 2**order * u.deg)

    def __getitem__(self, row: int) -> Any:
        raise NotFoundError(
            f"The photons of {self.name} cannot be selected one by one.", "Give a region to .data.select."
        )
