"""Live: events by name from those who publish them, files by their address, and the list of recent and historical events.

What asks (`ask_event`, `ask_address`, `ask_list`) runs in any thread and touches no session; what shows is in `open` and
`show_list`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import is_dataclass, replace
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from skyexplorer.actions.beside import run_side_by_side
from skyexplorer.errors import InputError
from skyexplorer.model.event import Event
from skyexplorer.model.joining import joined
from skyexplorer.model.ledger import Answer, Ledger
from skyexplorer.model.listing import EventFilter, EventsList, ListedEvent
from skyexplorer.session.events_list import sampled
from skyexplorer.session.ledgers import asking
from skyexplorer.session.session import Session

if TYPE_CHECKING:
    from skyexplorer.alerts.asking import Asker, Place

SOURCES = ("sample", "live")
DEADLINE = 300.0
"""Seconds for an event or a file, its map included: some are 50 MB, and lines are slow."""


def places() -> Mapping[str, Place]:
    """Where the services are: the rows of the registry."""
    from skyexplorer.services import registry

    return registry.services()


def is_address(what: Any) -> bool:
    """Whether this names something on the web.

    >>> is_address("https://gracedb.ligo.org/api/superevents/S190814bv/files/bayestar.multiorder.fits,1")
    True
    """
    return isinstance(what, str) and what.strip().lower().startswith(("http://", "https://"))


def question(
    what: Any, source: str = "sample", revision: int | str | None = None, deadline: float = DEADLINE
) -> Callable[[], Any] | None:
    """What is to be asked to open something, or None where nobody need be.

    Raises
    ------
    InputError
        For something that cannot be asked for.
    """
    if source not in SOURCES:
        raise InputError(f"source is {source!r}.", f"Give one of {', '.join(map(repr, SOURCES))}.")
    if revision is not None and (isinstance(revision, bool) or not isinstance(revision, int | str)):
        raise InputError(
            f"revision is {revision!r}.", 'Give a number, or a text such as "bayestar.multiorder.fits,1".'
        )
    if not (isinstance(deadline, int | float) and deadline > 0):
        raise InputError(f"deadline is {deadline!r}.", "Give seconds, more than 0.")
    if is_address(what):
        if urlsplit(what.strip()).password is not None:
            raise InputError(
                "The address has a password in it, and addresses are recorded.",
                "Set the credentials of the service in the environment instead.",
            )
        return partial(ask_address, what.strip(), deadline)
    if source == "live":
        if not isinstance(what, str) or isinstance(what, PurePath) or not what.strip():
            raise InputError(
                f"{type(what).__name__} is no name of an event.",
                'Give one such as "S190814bv", or leave source out.',
            )
        return partial(ask_event, what, revision, deadline)
    if revision is not None:
        raise InputError("Only events from live services have revisions.", 'Give source="live" too.')
    return None


def ask_event(name: str, revision: int | str | None = None, deadline: float = DEADLINE) -> Event:
    """An event by its name.

    Raises
    ------
    NotFoundError
        If nobody knows it; the message says who was asked, and names that are near.
    ServiceError
        If some could not be asked, and the others do not know it.
    """
    from skyexplorer.alerts import route
    from skyexplorer.alerts.asking import Asker

    return route.find(Asker(places(), deadline, asking), name, revision).event


def ask_address(address: str, deadline: float = DEADLINE) -> Any:
    """What lies at an address, whatever it is; a notice comes with the sky map that it names.

    Raises
    ------
    ServiceError
        If it cannot be fetched.
    FormatError
        If it is nothing that can be opened.
    """
    from skyexplorer.alerts import maps
    from skyexplorer.alerts.asking import Asker, Bare, came
    from skyexplorer.model import opening

    asker = Asker(places(), deadline, asking)
    with asker.talking(Bare(urlsplit(address).hostname or "web", address)) as talk:
        path = talk.download(address)
        talk.rows = 1
        opened = _from(opening.read(path), address, came(path))
    return maps.named(asker, opened, trusted=address) if isinstance(opened, Event) else opened


def _from(opened: Any, address: str, retrieved: str) -> Any:
    """The same, with the address as its origin in place of a file of the cache."""
    if isinstance(opened, list):
        return [_from(one, address, retrieved) for one in opened]
    origin = getattr(opened, "origin", None)
    if origin is None:
        return opened
    origin = replace(
        origin, service=urlsplit(address).hostname or "web", location=address, retrieved=retrieved
    )
    if is_dataclass(opened) and not isinstance(opened, type):
        return replace(opened, origin=origin)
    opened.origin = origin
    return opened


# The list of events


def list_question(live: bool = True, deadline: float = 30.0, **words: Any) -> Callable[[], EventsList]:
    """What is to be asked to list events; InputError for words that cannot be, see `EventFilter`."""
    if not (isinstance(deadline, int | float) and deadline > 0):
        raise InputError(f"deadline is {deadline!r}.", "Give seconds, more than 0.")
    return partial(ask_list, EventFilter(**words), bool(live), deadline)


def ask_list(chosen: EventFilter, live: bool = True, deadline: float = 30.0) -> EventsList:
    """Recent and historical events of all sources, side by side; who does not answer in time is left out, and told.

    Parameters
    ----------
    chosen : EventFilter
    live : bool
        Whether the network is used; else what was kept is listed.
    deadline : float
        Seconds for all.

    Returns
    -------
    EventsList
        With the events of the samples in place of a messenger's of which no source answered.
    """
    from skyexplorer.alerts import route
    from skyexplorer.alerts.asking import Asker

    asker = Asker(places(), deadline, asking, live)
    listers = {
        id: lister for id, (messenger, lister) in route.LISTERS.items()
        if asker.has(id) and (chosen.messenger is None or not messenger or messenger == chosen.messenger)
    }  # fmt: skip
    tasks: dict[str, Callable[[], list[ListedEvent]]] = {
        id: partial(lister, asker, chosen) for id, lister in listers.items()
    }
    came = run_side_by_side(tasks, deadline)
    rows = [row for answer in came.values() if isinstance(answer, list) for row in answer]
    answered = {route.LISTERS[id][0] for id, answer in came.items() if isinstance(answer, list)}
    rows += [row for row in sampled() if row.messenger not in answered]
    return EventsList(joined(rows, route.PREFERRED), _ledger(asker, came)).filtered(chosen)


def _ledger(asker: Asker, came: Mapping[str, Any]) -> Ledger:
    """One line a source: the last of those it has."""
    told = {answer.service: answer for answer in asker.ledger}
    for id, answer in came.items():
        if isinstance(answer, Exception) and (id not in told or told[id].good):
            told[id] = Answer.of_error(id, answer)
    return Ledger(told[id] for id in came if id in told)


def show_list(session: Session, found: EventsList) -> EventsList:
    """The list into the session, where the panel shows it."""
    session.events.show(found)
    return found
