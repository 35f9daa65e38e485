"""Rank: the sources of a catalogue, the most probable first."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy import units as u

from skyexplorer.errors import InputError
from skyexplorer.model.catalog import SourceCatalog
from skyexplorer.model.event import Event
from skyexplorer.model.skymap import DENSITY, LEVEL, SkyMap
from skyexplorer.session.layers import CatalogLayer, SkyMapLayer
from skyexplorer.session.session import Session


def rank(session: Session, catalog: Any, by: Any) -> SourceCatalog:
    """Sort sources by the probability density that a map gives their positions.

    Parameters
    ----------
    session : Session
        Where layers are looked up by name.
    catalog : SourceCatalog or str
        The sources, or the name of their layer. It stays as it is.
    by : Event, SkyMap or str
        The map, an event located by one, or the name of its layer.

    Returns
    -------
    SourceCatalog
        The same rows, the densest first, with two more columns: ``probability_density`` (1/sr) and
        ``credible_level`` (0 to 1, the smallest credible region that holds the position). Rows without
        a position stand last, with NaN.

    Raises
    ------
    InputError
        Where there is no catalogue, or no map.
    """
    if isinstance(catalog, str):
        layer = session.layers[catalog]
        catalog = layer.catalog if isinstance(layer, CatalogLayer) else layer
    if not isinstance(catalog, SourceCatalog):
        raise InputError(
            f"{catalog!r} is not a catalogue.", "Give a SourceCatalog, or the name of its layer."
        )
    skymap = _map(session, by)
    placed = ~np.asarray(catalog.no_position)
    density, level = np.full((2, len(catalog)), np.nan)
    density[placed] = skymap.probability_density(catalog.coords[placed]).to_value(1 / u.sr)
    level[placed] = skymap.credible_level(catalog.coords[placed])
    # Equal densities keep the order of the catalogue.
    order = np.argsort(np.where(placed, -density, np.inf), kind="stable")
    return catalog.take(order).with_columns(**{DENSITY: density[order] / u.sr, LEVEL: level[order]})


def _map(session: Session, by: Any) -> SkyMap:
    if isinstance(by, str):
        layer = session.layers[by]
        by = layer.skymap if isinstance(layer, SkyMapLayer) else layer.data
    found = by.localization if isinstance(by, Event) else by
    if not isinstance(found, SkyMap):
        raise InputError(
            f"{by!r} has no probability map.", "Give a SkyMap, or an event that is located by one."
        )
    return found
