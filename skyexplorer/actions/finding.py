"""Finding: the light curve of a thing, and the thing of a name."""

from __future__ import annotations

from typing import Any

from skyexplorer import samples
from skyexplorer.actions import names, photons
from skyexplorer.errors import NotFoundError
from skyexplorer.model.lightcurve import LightCurve
from skyexplorer.session.selection import is_source
from skyexplorer.session.session import Session


def curve_of(session: Session, thing: Any) -> LightCurve | None:
    """The light curve of a source or event, or None.

    Asked in this order: the history columns of the source's own catalogue, a light curve that was opened
    under one of its names, a sample of one of its names, the photons at its place in an event list that is open.
    """
    found = _own_curve(session, thing)
    return photons.curve_at(session, thing.coord) if found is None and is_source(thing) else found


def kept_curve(session: Session, thing: Any) -> LightCurve | None:
    """One to be had at once: without those made of photons, which takes a while, but with what archives have given."""
    found = _own_curve(session, thing)
    heard = session.curves.of(thing) if found is None else None
    return found if heard is None else next(iter(heard.all), None)


def _own_curve(session: Session, thing: Any) -> LightCurve | None:
    known = [str(thing.name)]
    if is_source(thing):
        own = thing.catalog.light_curve(thing.index)
        if own is not None:
            return own
        known += names.aliases(thing.catalog, thing.index)
    for name in known:
        for curve in (session.curves.opened(name), samples.light_curve(name)):
            if curve is not None:
                return curve
    return None


def named(session: Session, text: str) -> Any:
    """The source or event of this name, or None.

    Where several answer, one on a visible layer goes first, then one that has a light curve, then one
    that is called just so and not only associated.
    """
    found = names.matches(session.layers, text)
    if len(found) < 2:
        return found[0].thing if found else None
    return max(found, key=lambda m: (m.visible, curve_of(session, m.thing) is not None, m.own)).thing


def not_found(session: Session, text: str) -> NotFoundError:
    """The error for a name that nothing answers to."""
    close = names.near(session.layers, text, samples.names())
    if closed := [name for name in samples.names() if name.casefold() == text.strip().casefold()]:
        advice = f"It is a sample: sky.open({closed[0]!r}) opens it."
    elif close:
        advice = f"Did you mean {' or '.join(close)}?"
    else:
        advice = "Give coordinates, a sample, or a source of a layer."
    return NotFoundError(f"Nothing here is called {text!r}.", advice)
