"""Select: what a click does, and the line of code that does the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from astropy.time import Time

from skyexplorer.actions import finding
from skyexplorer.errors import InputError
from skyexplorer.session.session import Session


def select(session: Session, what: Any, by: str = "") -> None:
    """Select a source or event, several of them, or one by its name; None selects nothing."""
    if isinstance(what, str):
        what = named(session, what)
    elif isinstance(what, Iterable) and not hasattr(what, "localization"):
        what = [named(session, one) if isinstance(one, str) else one for one in what]
    session.selection.select(what, by)


def named(session: Session, text: str) -> Any:
    """The source or event of this name; NotFoundError with names that look like it."""
    found = finding.named(session, text)
    if found is None:
        raise finding.not_found(session, text)
    return found


def brush(session: Session, start: Any, stop: Any, by: str = "") -> None:
    """Select the times from start to stop, both included; two None select all times."""
    if (start is None) != (stop is None):
        raise InputError(f"The time range is {start} to {stop}.", "Give both ends, or neither.")
    session.selection.brush(None if start is None else (_time(start), _time(stop)), by)


def _time(value: Any) -> Time:
    try:
        return value if isinstance(value, Time) else Time(value)
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{value!r} is not a time.", 'Give a Time, or a text such as "2017-09-22".'
        ) from error
