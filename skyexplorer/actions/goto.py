"""Go to: coordinates, a sample, or a source of a layer, into the middle of the view."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer import samples
from skyexplorer.actions import finding, resolve
from skyexplorer.errors import InputError, NotFoundError
from skyexplorer.model.skymap import SkyMap
from skyexplorer.services.resolve import Resolved
from skyexplorer.session.selection import is_event, is_source
from skyexplorer.session.session import Session
from skyexplorer.session.text import _

NARROW = 10.0
"""Degrees to which the view narrows for a source, where it was wider."""
MAP_WIDTH = 5.0
"""Width of the view of a sky map, in radii of its 90 % region: the sky is wider than high."""

_NUMBER = r"[+-]?\d+(?:\.\d*)?|[+-]?\.\d+"
_PAIR = re.compile(rf"\(?\s*({_NUMBER})\s*(?:deg|d|°)?\s*[,;\s]\s*({_NUMBER})\s*(?:deg|d|°)?\s*\)?")
_GALACTIC = re.compile(
    rf"(?:gal(?:actic)?\s+|l\s*=?\s*)({_NUMBER})\s*(?:deg|°)?[,;\s]\s*(?:b\s*=?\s*)?({_NUMBER})\s*(?:deg|°)?",
    re.I,
)
_SEXAGESIMAL = re.compile(
    r"(\d{1,2})\s*[h:\s]\s*(\d{1,2})(?:\s*[m:\s]\s*(\d{1,2}(?:\.\d*)?)?\s*s?)?\s*[,\s]?\s*"
    r"([+-]\d{1,2})\s*[d°:\s]\s*(\d{1,2})(?:\s*[m'′:\s]\s*(\d{1,2}(?:\.\d*)?)?\s*[s\"″]?)?",
    re.I,
)


SOURCES = ("here", "live")


def asked(session: Session, what: Any, source: str = "here") -> Callable[[], Resolved] | None:
    """What asks the name resolvers, where that is wanted and nothing here answers to the name; else None.

    Raises
    ------
    InputError
        For a source that is none.
    """
    if source not in SOURCES:
        raise InputError(f"source is {source!r}.", f"Give one of {', '.join(SOURCES)}.")
    if source == "here" or not isinstance(what, str):
        return None
    try:
        _place(session, what)
    except NotFoundError:
        return resolve.asked(what)
    return None


def goto(session: Session, what: Any, fov: Any = None, by: str = "") -> tuple[SkyCoord, bool]:
    """Look at a place.

    Parameters
    ----------
    session : Session
        Whose viewport moves; a source or event that was named is selected too.
    what : str, SkyCoord, Source, Event or Resolved
        Coordinates (``"83.63 22.01"`` in degrees, ``"05 34 32 +22 00 52"``, ``"l=184.5 b=-5.8"``),
        the name of a source or sample, or the thing itself.
    fov : float or Quantity, optional
        New width of the view, degrees. By default it stays; for a source it narrows to 10 degrees.
    by : str
        Who asks.

    Returns
    -------
    target : SkyCoord
        The new centre, ICRS.
    selected : bool
        Whether it was that of a source or event, which is now selected.

    Raises
    ------
    NotFoundError
        For a name that nothing answers to, with those that look like it.
    InputError
        For something else, or a place without a position.
    """
    thing, at = _place(session, what)
    if at is None or not np.isfinite(at.icrs.ra.deg):
        raise InputError(f"{getattr(thing, 'name', what)} has no position.", "Choose another.")
    if fov is None and isinstance(getattr(thing, "localization", None), SkyMap):
        region = thing.localization.credible_region(0.9)
        at, fov = region.center, min(MAP_WIDTH * region.radius.to_value("deg"), 180.0)
    elif fov is None and (thing is not None or isinstance(what, Resolved)) and session.viewport.fov > NARROW:
        fov = NARROW
    session.viewport.move(target=at, fov=fov, by=by)
    if thing is not None:
        session.selection.select(thing, by)
    if isinstance(what, Resolved):
        kind = f" ({what.type})" if what.type else ""
        session.notices.post(
            _("{name} is {known}{kind}, as {resolver} knows it.").format(
                name=what.name, known=what.known_as or what.name, kind=kind, resolver=what.resolver
            )
        )
    return session.viewport.target, thing is not None


def place(session: Session, what: Any) -> SkyCoord:
    """The position of what `goto` takes, without going there.

    Raises
    ------
    NotFoundError
        For a name that nothing here answers to.
    InputError
        For something that is no place, or has no position.
    """
    found, at = _place(session, what)
    if at is None:
        raise InputError(f"{getattr(found, 'name', what)} has no position.", "Give coordinates.")
    return at


def _place(session: Session, what: Any) -> tuple[Any, SkyCoord | None]:
    """The source or event, if it is one, and its position."""
    if isinstance(what, SkyCoord):
        return None, what
    if isinstance(what, Resolved):
        return None, what.coord
    if is_source(what):
        return what, what.coord
    if is_event(what):
        located = isinstance(what.localization, SkyMap) and what.position is None
        return what, what.localization.mode if located else what.position
    if not isinstance(what, str):
        raise InputError(f"{what!r} is no place.", "Give coordinates, a name, a source or an event.")
    if not what.strip():
        raise InputError("Nothing was given to go to.", 'Give coordinates such as "83.63 22.01", or a name.')
    found = finding.named(session, what)
    if found is not None:
        return _place(session, found)
    at = coordinates(what)
    if at is None:
        try:
            at = samples.resolve(what)
        except NotFoundError:
            at = None
    if at is None:
        error = finding.not_found(session, what)
        offer = _("Name resolvers may know it: sky.goto({name!r}, source='live').").format(name=what)
        raise NotFoundError(error.message, f"{error.advice} {offer}")
    return None, at


def coordinates(text: str) -> SkyCoord | None:
    """The position that a text gives, or None where it is no coordinates.

    Two numbers are right ascension and declination in degrees. Sexagesimal right ascension is in hours.

    Raises
    ------
    InputError
        For coordinates out of range.

    Examples
    --------
    >>> from skyexplorer.actions.goto import coordinates
    >>> coordinates("05h35m17s -05d23m").to_string("hmsdms", precision=0)
    '05h35m17s -05d23m00s'
    >>> coordinates("l=184.5575 b=-5.7844").to_string(precision=1)
    '83.6 22.0'
    >>> coordinates("M 31") is None
    True
    """
    text = text.strip().replace("−", "-")
    pair = _PAIR.fullmatch(text)
    if pair:
        ra, dec = map(float, pair.groups())
        return _position(text, ra, dec, "icrs")
    galactic = _GALACTIC.fullmatch(text)
    if galactic:
        lon, lat = map(float, galactic.groups())
        return _position(text, lon, lat, "galactic")
    parts = _SEXAGESIMAL.fullmatch(text)
    if parts:
        hour, minute, second, degree, arcminute, arcsecond = parts.groups(default="0")
        if max(map(float, (minute, second, arcminute, arcsecond))) >= 60:
            raise InputError(f"{text} has 60 or more minutes or seconds.", "Give less than 60.")
        ra = 15 * (float(hour) + float(minute) / 60 + float(second) / 3600)
        size = abs(float(degree)) + float(arcminute) / 60 + float(arcsecond) / 3600
        return _position(text, ra, -size if degree.startswith("-") else size, "icrs")
    return None


def _position(text: str, lon: float, lat: float, frame: str) -> SkyCoord:
    if not (-180 <= lon <= 360 and -90 <= lat <= 90):
        raise InputError(
            f"{text} is not on the sky.", "Longitude runs from 0 to 360 degrees, latitude from -90 to 90."
        )
    return SkyCoord(lon * u.deg, lat * u.deg, frame=frame).icrs
