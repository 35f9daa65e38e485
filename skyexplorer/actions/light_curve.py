"""Light curve: of the selected source, from wherever there is one, or a word that there is none.

What archives gave of a source is shown beside its own; asking them is a verb of its own, `skyexplorer.actions.curves`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord

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
"""Of how many sources curves are shown at once, where many are selected."""
PLAIN = "VSX: "
"""How a note begins that says of a source what it is, and not of a service how it answered."""


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
    session.curves.find = partial(finding.kept_curve, session)


def show(session: Session, sources: tuple[Any, ...]) -> None:
    """Put the light curves of these on show, their own and those that archives gave, with the events that concern them."""
    found = [(source, _curves_of(session, source)) for source in sources[:MOST]]
    curves = [curve for _source, own in found for curve in own]
    said = [_said(source, own) for source, own in found]
    said += [_noted(session, source) for source, _own in found]
    if len(sources) > MOST:
        said.append(
            _("{count} are selected; the first {most} are shown.").format(count=len(sources), most=MOST)
        )
    elif found and not curves and not is_event(found[0][0]):
        said.append(_having(session))
    title = ", ".join(name_of(source) for source, own in found if own or len(found) == 1)
    session.curves.show(
        curves, title, " ".join(text for text in said if text), _marks(session, sources[:MOST])
    )


def name_of(thing: Any) -> str:
    """What a source, an event or a place is called."""
    return str(thing.to_string(precision=5)) if isinstance(thing, SkyCoord) else str(thing.name)


def _curves_of(session: Session, thing: Any) -> list[LightCurve]:
    own = None if isinstance(thing, SkyCoord) else finding.curve_of(session, thing)
    heard = session.curves.of(thing)
    return [*([] if own is None else [own]), *(() if heard is None else heard.all)]


def _noted(session: Session, thing: Any) -> str:
    """What catalogues without light curves say of it, such as the type of a variable star."""
    heard = session.curves.of(thing)
    if heard is None:
        return ""
    told = [note for id, note in heard.notes.items() if id not in heard.curves and note.startswith(PLAIN)]
    return " ".join(f"{note}." for note in told)


def _said(thing: Any, curves: list[LightCurve]) -> str:
    if is_event(thing):
        if thing.time is None:
            return _("{name} is an event without a time.").format(name=thing.name)
        when = thing.time.utc.iso[:19]
        return _("{name} is an event: its time, {when} UTC, is marked.").format(name=thing.name, when=when)
    return "" if curves else _("{name} has no light curve here.").format(name=name_of(thing))


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
