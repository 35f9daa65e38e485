"""Route: who is asked for an event, in which order, told by the form of its name; and who lists events of a messenger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from skyexplorer.alerts import circulars, gbm, gracedb, gwosc, icecube, maps
from skyexplorer.alerts.asking import FAILED, Asker, Unknown
from skyexplorer.alerts.naming import Name, told
from skyexplorer.errors import AnswerError, InputError, NotFoundError, ServiceError, SkyExplorerError
from skyexplorer.model.event import Event
from skyexplorer.model.ledger import Ledger
from skyexplorer.model.listing import EventFilter, ListedEvent

Pin = int | str | None
Way = Callable[[Asker, Name, Pin], Event]


@dataclass(frozen=True)
class Found:
    """An event, and who was asked for it."""

    event: Event
    ledger: Ledger


def _superevent(asker: Asker, name: Name, pin: Pin) -> Event:
    return gracedb.event(asker, name.text, pin)


def _catalogued(asker: Asker, name: Name, pin: Pin) -> Event:
    return gwosc.event(asker, name.text, pin if pin is not None else name.version or None)


def _by_other_name(asker: Asker, name: Name, pin: Pin) -> Event:
    """GraceDB by the name that a superevent got when it was confirmed."""
    with asker.talk(gracedb.SERVICE) as talk:
        rows = list(talk.pages("superevents/", {"query": f"gw_id: {name.text}", "count": 10, "format": "json"},
                               "superevents", 10, keep=60))  # fmt: skip
        found = [row.get("superevent_id") for row in rows if str(row.get("gw_id")) == name.text]
        talk.rows = len(found)
        if not found:
            raise Unknown(f"{gracedb.SERVICE} knows no superevent that is called {name.text}.")
    return gracedb.event(asker, str(found[0]), pin)


def _trigger(asker: Asker, name: Name, pin: Pin) -> Event:
    return gbm.event(asker, name.text, pin)


def _burst(asker: Asker, name: Name, pin: Pin) -> Event:
    """A burst by its letter: its circulars tell which trigger of Fermi GBM it is; else it may be the only one of its day."""
    texts: Event | None = None
    number, trouble = "", ""
    try:
        with asker.talk(circulars.SERVICE) as talk:
            events = circulars.group(talk, name.text)
        texts, number = circulars.joined(events, name), circulars.trigger(events)
    except (Unknown, *FAILED) as error:
        trouble = error.message
    note = "its circulars tell which trigger of Fermi GBM it is"
    if not number and texts is None:
        rows = gbm.day(asker, name.date)
        if len(rows) != 1:
            near = tuple(f"{row.name}" for row in rows)
            raise Unknown(
                f"Which trigger of Fermi GBM {name.text} is, is not known here ({trouble})", near=near
            )
        number = next(text for text in rows[0].names if text.startswith("bn"))
        note = f"taken for the only burst of Fermi GBM that day; its circulars could not be asked ({trouble})"
    if number:
        try:
            found = gbm.event(asker, number, pin, called=name.text)
            related = texts.related if texts is not None else ()
            return replace(found, notes=(*found.notes, note), related=related)
        except (Unknown, *FAILED) as error:
            if texts is None or pin is not None:
                raise
            texts = replace(texts, notes=(*texts.notes, f"no map of Fermi GBM ({error.message})"))
    assert texts is not None
    return maps.named(asker, texts)


def _archived(asker: Asker, name: Name, pin: Pin) -> Event:
    found = icecube.archived(asker, name, pin)
    return circulars.checked(asker, found, name) if name.kind == "icecube" else found


def _circular(asker: Asker, name: Name, pin: Pin) -> Event:
    return circulars.one(asker, name.text, pin)


ROUTES: Mapping[str, tuple[Way, ...]] = {
    "superevent": (_superevent, _catalogued, circulars.event),
    "gw": (_catalogued, _by_other_name),
    "icecube": (icecube.catalogued, _archived, circulars.event),
    "icecube-id": (icecube.catalogued, _archived),
    "gbm": (_trigger,),
    "grb": (_burst,),
    "circular": (_circular,),
    "other": (_catalogued, circulars.event),
}
"""Who is asked for a name of each kind, in order; who does not know it hands on to the next."""


def find(asker: Asker, text: str, revision: Pin = None) -> Found:
    """An event by its name.

    Parameters
    ----------
    asker : Asker
        The ledger of which is the ledger of the answer, or ``.ledger`` of the error.
    text : str
        Any of the forms of `naming`.
    revision : int or str, optional
        A version, as its source counts: of a map (GraceDB, Fermi GBM), of an event (GWOSC), of a circular.

    Raises
    ------
    NotFoundError
        If all who were asked answered, and none knows it; the message says who they were and which names are near.
    ServiceError
        If some could not be asked, and the others do not know it: it may be there.
    """
    name = told(text)
    if not name.text:
        raise InputError("No name was given.", 'Give one such as "S190814bv" or "IceCube-170922A".')
    said: list[str] = []
    near: list[str] = []
    failed: ServiceError | None = None
    for way in ROUTES[name.kind]:
        try:
            return Found(way(asker, name, revision), asker.ledger)
        except Unknown as error:
            said.append(str(error))
            near += error.near
            if revision is not None and error.advice:
                break  # the event is known, and the version is not: nobody else has it
        except FAILED as error:
            failed = failed or _of_service(error)
            said.append(error.message)
    failure: SkyExplorerError
    advice = (
        f"Near it: {', '.join(list(dict.fromkeys(near))[:5])}."
        if near
        else "Look at its spelling, or at sky.events()."
    )
    message = f"{name.given!r} was not found. {' '.join(said)}"
    if failed is None:
        failure = NotFoundError(message, advice)
    else:
        failure = type(failed)(
            message, failed.advice, service=failed.service, url=failed.url, status=failed.status
        )
        if (pause := getattr(failed, "retry_after", None)) is not None:
            failure.retry_after = pause  # type: ignore[attr-defined]
    failure.ledger = asker.ledger  # type: ignore[union-attr]
    raise failure from failed


def _of_service(error: SkyExplorerError) -> ServiceError:
    """A failure as that of a service: what cannot be read is an answer too."""
    if isinstance(error, ServiceError):
        return error
    made = AnswerError(error.message, error.advice)
    made.__cause__ = error
    return made


Lister = Callable[[Asker, EventFilter], list[ListedEvent]]
LISTERS: Mapping[str, tuple[str, Lister]] = {
    gracedb.SERVICE: ("gw", gracedb.listed),
    gwosc.SERVICE: ("gw", gwosc.listed),
    icecube.CATALOG: ("neutrino", icecube.listed),
    icecube.ARCHIVE: ("neutrino", icecube.listed_archive),
    gbm.TRIGGERS: ("gamma", gbm.listed),
    circulars.SERVICE: ("", circulars.listed),
}
"""Who lists events, and of which messenger; of any, where it is empty."""
PREFERRED = (
    gwosc.SERVICE,
    gracedb.SERVICE,
    icecube.CATALOG,
    icecube.ARCHIVE,
    gbm.TRIGGERS,
    circulars.SERVICE,
    "sample",
)
"""Whose row stands for an event that several list."""
