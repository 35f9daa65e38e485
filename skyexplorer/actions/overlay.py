"""Overlay: a second survey over the background, and the field of view of an instrument at a pointing."""

from __future__ import annotations

from typing import Any

from astropy import units as u

from skyexplorer.actions import goto
from skyexplorer.errors import InputError
from skyexplorer.model.footprint import Footprint
from skyexplorer.model.instruments import instrument as known
from skyexplorer.model.region import SkyRegion
from skyexplorer.session.layers import RegionLayer, SurveyLayer
from skyexplorer.session.session import Session


def overlay(
    session: Session, survey: Any, *, opacity: float, blend: str, blink: float | None, name: str | None
) -> SurveyLayer:
    """Lay a survey over the background; one that is there already is changed instead.

    Raises
    ------
    InputError
        For a survey, an opacity, a blend or a time that cannot be.
    """
    title = name or (survey if isinstance(survey, str) else str(getattr(survey, "title", "")) or "survey")
    made = SurveyLayer(title, survey, opacity=opacity, blend=blend, blink=blink)
    for layer in session.layers.values():
        if isinstance(layer, SurveyLayer) and layer.name == made.name and layer.data == made.data:
            layer.opacity, layer.blend, layer.blink, layer.visible = made.opacity, blend, blink, True
            return layer
    session.layers.add(made)
    return made


def footprint(session: Session, instrument: Any, at: Any, *, roll: Any, name: str | None) -> SkyRegion:
    """Lay a field of view on the sky.

    Raises
    ------
    NotFoundError
        For an unknown instrument or place.
    InputError
        For an angle that is none, or an event without a position.
    """
    place = goto.place(session, at)
    try:
        angle = u.Quantity(roll, u.deg) if not isinstance(roll, u.Quantity) else roll.to(u.deg)
    except (TypeError, ValueError, u.UnitConversionError) as error:
        raise InputError(f"roll is {roll!r}.", "Give an angle, such as 30 * u.deg.") from error
    shape = instrument if isinstance(instrument, Footprint) else known(instrument)
    region = shape.at(place, angle)
    label = shape.origin.title if isinstance(shape, Footprint) else shape.id
    where = at if isinstance(at, str) else str(getattr(at, "name", "") or place.to_string(precision=2))
    session.layers.add(RegionLayer(name or f"{label}, {where}", [region], origin=shape.origin))
    return region
