"""Light curve: of the selected source, from wherever there is one, or a word that there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy import units as u

from skyexplorer.actions import finding, names
from skyexplorer.actions.select import named
from skyexplorer.errors import InputError
from skyexplorer.model.lightcurve import LightCurve
from skyexplorer.session.curves import Mark
from skyexplorer.session.layers import EventLayer, SkyMapLayer
from skyexplorer.session.selection import is_event, is_source
from skyexplorer.session.session import Session
from skyexplorer.session.text import _

MOST = 6
"""How many curves are shown at once, where many sources are selected."""


def light_curve(session: Session, source: Any) -> LightCurve | None:
    """Show the light curve of a source (or event, or the name of one), and return it.

    Returns
    -------
    LightCurve or None
        None where there is none here; the light-curve panel then says so, and what has one.

    Raises
    ------
    InputError
        For something that is neither source nor event.
    NotFoundError
        For an unknown name.
    """
    if isinstance(source, str):
        source = named(session, source)
    if not (is_source(source) or is_event(source)):
        raise InputError(f"{source!r} has no light curve.", "Give a source of a catalogue, or an event.")
    show(session, (source,))
    return finding.curve_of(session, source)


def follow(session: Session) -> None:
    """From now on, the light curves follow the selection; an error becomes a notice."""

    @session.notices.guard(_("The light curve of the selection"))
    def selected(sources: tuple[Any, ...], by: str) -> None:
        show(session, sources)

    session.selection.sources_changed.connect(selected)


def show(session: Session, sources: tuple[Any, ...]) -> None:
    """Put the light curves of these on show, with the events that concern them."""
    found = [(source, finding.curve_of(session, source)) for source in sources[:MOST]]
    curves = [curve for _source, curve in found if curve is not None]
    said = [_said(source, curve) for source, curve in found]
    if len(sources) > MOST:
        said.append(
            _("{count} are selected; the first {most} are shown.").format(count=len(sources), most=MOST)
        )
    elif found and not curves and not is_event(found[0][0]):
        said.append(_having(session))
    title = ", ".join(str(source.name) for source, curve in found if curve is not None or len(found) == 1)
    session.curves.show(
        curves, title, " ".join(text for text in said if text), _marks(session, sources[:MOST])
    )


def _said(thing: Any, curve: LightCurve | None) -> str:
    if is_event(thing):
        if thing.time is None:
            return _("{name} is an event without a time.").format(name=thing.name)
        when = thing.time.utc.iso[:19]
        return _("{name} is an event: its time, {when} UTC, is marked.").format(name=thing.name, when=when)
    return "" if curve is not None else _("{name} has no light curve here.").format(name=thing.name)


def _having(session: Session) -> str:
    """A few sources on the sky that do have one."""
    few: list[str] = []
    for source in names.all_sources(session.layers):
        if finding.curve_of(session, source) is not None:
            few.append(str(source.name))
            if len(few) == 3:
                break
    if few:
        return _("Among those that have one: {names}.").format(names=", ".join(few))
    return _("Open one with sky.open(path).")


def _marks(session: Session, things: tuple[Any, ...]) -> list[Mark]:
    """The selected events, and those whose 90 % region holds a selected source."""
    found: dict[int, Any] = {id(thing): thing for thing in things if is_event(thing)}
    for source in things:
        if is_source(source) and np.isfinite(source.coord.ra.deg):
            for event in _events_at(session, source.coord):
                found[id(event)] = event
    marks: dict[str, Any] = {}
    for event in found.values():
        if event.time is not None:
            marks.setdefault(str(event.name), event.time)
    return sorted(marks.items(), key=lambda mark: mark[1].utc.jd)


def _events_at(session: Session, coord: Any) -> list[Any]:
    found = []
    for layer in session.layers.values():
        if not layer.visible:
            continue
        if isinstance(layer, SkyMapLayer) and layer.event is not None:
            if np.all(layer.skymap.credible_level(coord) <= 0.9):
                found.append(layer.event)
        elif isinstance(layer, EventLayer):
            # The bounding circle first: a footprint is asked only where the source may be in it.
            near = layer.coords.separation(coord) <= layer.reach * u.deg
            for row in np.flatnonzero(near):
                footprint: Any = layer.events[row].localization
                if np.all(footprint.contains(coord)):
                    found.append(layer.events[row])
    return found
