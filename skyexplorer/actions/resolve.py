"""Names that nobody here knows: the name resolvers of the world are asked, if that is wanted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from skyexplorer.errors import InputError
from skyexplorer.services import resolve
from skyexplorer.services.resolve import Resolved
from skyexplorer.session.ledgers import asking

if TYPE_CHECKING:
    from collections.abc import Callable

DEADLINE = 20.0
"""Seconds."""


def asked(name: str, deadline: float = DEADLINE, refresh: bool = False) -> Callable[[], Resolved]:
    """What asks for a name, in any thread.

    Raises
    ------
    InputError
        For no name, or no time.
    """
    if not isinstance(name, str) or not name.strip():
        raise InputError(f"{name!r} is no name.", 'Give one such as "M 87".')
    if not deadline > 0:
        raise InputError(f"deadline is {deadline!r}.", "Give seconds, more than 0.")
    return partial(ask_name, name, float(deadline), refresh)


def ask_name(name: str, deadline: float = DEADLINE, refresh: bool = False) -> Resolved:
    """What SIMBAD, NED or VizieR know of a name.

    Raises
    ------
    NotFoundError
        Where none of them knows it.
    ServiceError
        Of its kinds.
    """
    from skyexplorer.net import Web

    with asking(resolve.SERVICE) as row, Web(resolve.SERVICE, deadline) as web:
        found = resolve.ask(name, web, refresh=refresh)
        row.tell(rows=1, cached_at=found.cached_at)
    return found
