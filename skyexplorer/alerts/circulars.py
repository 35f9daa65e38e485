"""GCN Circulars: texts for people, one by its number, those of an event together, and the newest as a list of events.

No position is read from a text. Two things are: the address of a sky map, where it lies with one of the services that are
known here, and the number of the Fermi GBM trigger that a burst's letter stands for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from skyexplorer.alerts import maps, pages
from skyexplorer.alerts.asking import DAY, FAILED, MINUTE, Asker, Talk, Unknown
from skyexplorer.alerts.naming import Name, messenger
from skyexplorer.io import xml
from skyexplorer.io.notice import NAN, moment, words
from skyexplorer.model.event import Event, _time
from skyexplorer.model.listing import EventFilter, ListedEvent

SERVICE = "gcn-circulars"
READ = 12
"""Circulars of one event that are read, the first first: the localization is in those of the discovery."""
TRIGGER = re.compile(r"trigger\s+(?:number\s+)?\d{9}(?:\.\d+)?\s*/\s*(\d{9})\b|\bbn(\d{9})\b", re.I)
# Names of events at the head of a subject.
NAMES = re.compile(
    r"\b(GRB ?\d{6}[A-Z]?|IceCube-\d{6}[A-Z]|(?:[MT]?S)\d{6}[a-z]+|GW\d{6}(?:_\d{6})?|EP\d{6}[a-z]?|"
    r"KM3-\d{6}[A-Z]|FRB ?\d{8}[A-Z]?|AT ?20\d\d[a-z]+|SN ?20\d\d[a-zA-Z]+|XRF ?\d{6}[A-Z]?|SGR [\dJ.+-]+)"
)


def one(asker: Asker, number: str, revision: int | str | None = None) -> Event:
    """A circular by its number; with the map that it names, where a known service has it.

    Parameters
    ----------
    asker : Asker
    number : str
    revision : int or str, optional
        Version of the circular; by default the newest.

    Raises
    ------
    Unknown
        If there is none of that number.
    """
    with asker.talk(SERVICE) as talk:
        event = _circular(talk, number, revision)
        talk.rows = 1
    return maps.named(asker, event)


def _base(talk: Talk) -> str:
    return str(talk.place.extra.get("circulars", "/circulars/")).strip("/") + "/"


def _circular(talk: Talk, number: str, revision: int | str | None = None) -> Event:
    version = "" if revision is None else str(revision).lstrip("v")
    name = f"GCN Circular {number}" + (f", version {revision}" if version else "")
    if version and not version.isdigit():
        raise Unknown(f"{SERVICE} knows no {name}.", "Versions of circulars are numbers.")
    pinned = f".{version}" if version else ""
    # A pinned version does not change, and others rarely.
    reply = talk.fetch(f"{_base(talk)}{number}{pinned}.json", keep=DAY, check=talk.parsed, missing=name)
    event = Event.read(reply.content)
    counted = talk.parsed(reply).get("version")
    return replace(
        event,
        messenger=messenger(event.name) or messenger(_subject(event)),
        revision=counted if isinstance(counted, int) and counted >= 0 else 0,
        retracted=_takes_back(_subject(event)),
        origin=talk.origin(event.ids[0] if event.ids else event.name, reply, rows=1),
        skymap_url=next(iter(maps.links(event.text)), ""),
    )


def _subject(event: Event) -> str:
    return event.notes[0].partition(": ")[2] if event.notes else ""


def _takes_back(subject: str) -> bool:
    return bool(re.search(r"\bretract(ion|ed)\b|\bis not (a|an) (GRB|astrophysical)", subject, re.I))


def slug(name: str) -> str:
    """How an event is called in an address.

    >>> slug("GRB 230410A")
    'grb-230410a'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def numbers(talk: Talk, name: str) -> list[int]:
    """Numbers of the circulars of an event, the first first."""
    page = talk.text(f"{_base(talk)}events/{slug(name)}", keep=10 * MINUTE, missing=f"event {name}")
    form = re.compile(r"/circulars/(\d{1,6})(?:[/?#]|$)")
    found = {int(told[1]) for address, _ in pages.links(page, talk.address) if (told := form.search(address))}
    if not found:
        raise Unknown(f"{SERVICE} has no circulars of {name}.")
    return sorted(found)


def group(talk: Talk, name: str) -> list[Event]:
    """The circulars of an event, the first first, and the last one."""
    known = numbers(talk, name)
    chosen = known if len(known) <= READ else [*known[: READ - 1], known[-1]]
    events = [_circular(talk, str(number)) for number in chosen]
    talk.rows = len(known)
    talk.overflow = len(known) > len(chosen)
    return events


def event(asker: Asker, name: Name, revision: int | str | None = None) -> Event:
    """An event by its circulars: the text of the last one; with the map that one of them names.

    Raises
    ------
    Unknown
        If there are no circulars of it.
    """
    with asker.talk(SERVICE) as talk:
        events = group(talk, slug_name(name))
    return maps.named(asker, joined(events, name))


def checked(asker: Asker, event: Event, name: Name) -> Event:
    """The event, taken back where the subject of one of its circulars says so: of neutrinos nothing else does."""
    if not asker.has(SERVICE):
        return event
    try:
        with asker.talk(SERVICE) as talk:
            page = talk.text(
                f"{_base(talk)}events/{slug(slug_name(name))}", keep=10 * MINUTE, missing=f"event {name.text}"
            )
            subjects = [text for _, text in pages.links(page, talk.address) if text]
            talk.rows = len(subjects)
    except Unknown:
        return event
    except FAILED as error:
        note = f"whether its circulars take it back is not known ({error.message})"
        return replace(event, notes=(*event.notes, note))
    taken = next((subject for subject in subjects if _takes_back(subject)), "")
    if not taken:
        return event
    return replace(event, retracted=True, notes=(*event.notes, f"taken back by a circular: {taken}"))


def slug_name(name: Name) -> str:
    """The name as the circulars spell it."""
    return f"IceCube-{name.text[2:]}" if name.kind == "icecube" else name.text


def joined(events: list[Event], name: Name) -> Event:
    """One event of its circulars."""
    last, called = events[-1], slug_name(name)
    told = [f"{event.ids[0]}: {_subject(event)}" for event in events if event.ids]
    skymap = next((event.skymap_url for event in reversed(events) if event.skymap_url), "")
    taken = [event.ids[0] for event in events if event.retracted and event.ids]
    notes = (*last.notes, *((f"taken back in {', '.join(taken)}",) if taken else ()))
    return replace(
        last,
        name=next((event.name for event in events if slug(event.name) == slug(called)), called),
        messenger=messenger(name.text) or last.messenger,
        retracted=bool(taken),
        ids=tuple(dict.fromkeys((name.text, *(id for event in events for id in event.ids)))),
        notes=notes,
        skymap_url=skymap,
        related=tuple(("circular", line) for line in told),
    )


def trigger(events: Iterable[Event]) -> str:
    """The Fermi GBM trigger that circulars of a burst tell of; empty where they tell of none.

    The last that a circular of GBM's own names: others repeat it, or compare it with other bursts.
    """
    found: list[tuple[bool, str]] = []
    for event in events:
        for told in TRIGGER.finditer(event.text):
            found.append(("GBM" in _subject(event), f"bn{told[1] or told[2]}"))
    own = [name for by_gbm, name in found if by_gbm] or [name for _, name in found]
    return own[-1] if own else ""


# Lists


def listed(asker: Asker, wanted: EventFilter) -> list[ListedEvent]:
    """The events of the newest circulars, from their feed."""
    with asker.talk(SERVICE) as talk:
        reply = talk.fetch(f"{_base(talk).rstrip('/')}.atom", keep=5 * MINUTE, check=_feed)
        rows: dict[str, list[tuple[float, int, str]]] = {}
        for number, subject, when in _feed(reply):
            told = NAMES.search(subject)
            if told:
                rows.setdefault(told[1], []).append((when, number, subject))
        out = []
        for name, found in rows.items():
            when, number, subject = max(found)
            out.append(
                ListedEvent(
                    name,
                    messenger(name),
                    issued=when,
                    kind=re.split(r"[\s\d-]", name)[0],
                    source=SERVICE,
                    revision=str(number),
                    retracted=any(_takes_back(subject) for _, _, subject in found),
                    address=f"{talk.place.address.rstrip('/')}/circulars/{number}",
                    note=f"{len(found)} of the newest circulars, the last: {subject[:200]}",
                )
            )
        talk.rows = len(out)
        return out


def _feed(reply: Any) -> list[tuple[int, str, float]]:
    """Numbers, subjects and times (MJD) of a feed; FormatError where it is none."""
    out = []
    for entry in xml.root(reply.content, "a feed of circulars"):
        if xml.local(entry.tag) != "entry":
            continue
        said: dict[str, str] = {}
        for part in entry:
            said.setdefault(xml.local(part.tag), (part.text or "").strip() or part.get("href", ""))
        number = re.search(r"/circulars/(\d+)", f"{said.get('id', '')} {said.get('link', '')}")
        when = moment(said.get("published") or said.get("updated"))
        if number and said.get("title"):
            time = _time(when, "utc", [])
            mjd = NAN if time is None else float(time.mjd)
            out.append((int(number[1]), words(said["title"], 500), mjd))
    return out
