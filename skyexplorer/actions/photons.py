"""Photons: the light curve of a place, from the event lists that are open."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer.errors import InputError
from skyexplorer.model.eventlist import EventList
from skyexplorer.model.lightcurve import LightCurve
from skyexplorer.model.region import SkyRegion
from skyexplorer.session.layers import EventListLayer
from skyexplorer.session.session import Session

CIRCLE = {"Fermi-LAT": 0.3 * u.deg}
"""Radius around a source, by telescope: near to that which holds 68 to 95 % of its photons above 10 GeV."""
USUAL = 0.11 * u.deg
"""Of Cherenkov telescopes: the point-source cut of H.E.S.S. (A&A 457, 899)."""


def curve_at(session: Session, coord: SkyCoord) -> LightCurve | None:
    """Count rate in a circle around a position, less the background, or None.

    Of the topmost visible event list whose footprint holds the position, and that has photons there.
    """
    if not np.isfinite(coord.ra.deg):
        return None
    for layer in reversed(session.layers.values()):
        if isinstance(layer, EventListLayer) and layer.visible and layer.footprint.contains(coord).all():
            region = SkyRegion.circle(coord, CIRCLE.get(layer.events.telescope, USUAL))
            if layer.events.inside(region).any():
                return _curve(layer.events, region)
    return None


def _curve(events: EventList, region: SkyRegion) -> LightCurve:
    background: Any = None
    try:
        background = events.reflected(region)
    except InputError:  # the pointing is in the circle, or there is none: a ring then
        radius = region.radius
        background = SkyRegion.circle(region.center, 4 * radius) - SkyRegion.circle(region.center, 2 * radius)
    return events.light_curve(region, background=background)
