"""Events panel: recent and historical events; filter, sort, and a click that opens one.

It shows `session.events`. Before anyone was asked that is what the samples hold; the archives are asked by a click, and by
nothing else.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import traitlets
from astropy import units as u
from astropy.time import Time

from skyexplorer import samples
from skyexplorer.model.event import Event
from skyexplorer.model.listing import EventsList, ListedEvent
from skyexplorer.session.session import Session
from skyexplorer.session.text import _
from skyexplorer.views.panel import Panel
from skyexplorer.views.states import age, going, partial, status

ME = "events"
MOST = 400  # rows in the page at once
SINCE = {
    "": _("when"),
    "7": _("last week"),
    "30": _("last month"),
    "365": _("last year"),
    "1826": _("last 5 years"),
}
FAR = {
    "": _("FAR"),
    "12": _("< 1 a month"),
    "1": _("< 1 a year"),
    "0.1": _("< 1 in 10 yr"),
    "0.01": _("< 1 in 100 yr"),
}
SORT = {
    "time": _("latest"), "far": _("rarest"), "area": _("smallest"), "distance": _("nearest"), "name": _("by name"),
}  # fmt: skip
MESSENGER = {
    "gw": ("G", _("gravitational waves")),
    "neutrino": ("ν", _("neutrinos")),
    "gamma": ("γ", _("gamma rays")),
    "x-ray": ("X", _("X-rays")),
    "optical": ("O", _("optical")),
    "radio": ("R", _("radio")),
    "cosmic-ray": ("C", _("cosmic rays")),
    "": ("·", _("unknown messenger")),
}
MJD_ZERO = datetime(1858, 11, 17, tzinfo=UTC)
YEAR = 365.25 * 86400.0  # s
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
NO_FILTER = {"words": "", "messenger": "", "since": "", "far": "", "kind": ""}


class EventsPanel(Panel):
    """One row an event."""

    kind = "events"
    doing = _("The events panel")

    rows = traitlets.List(traitlets.Dict()).tag(sync=True)
    states = traitlets.Dict(help="What opening an event is doing, by its name.").tag(sync=True)
    menus = traitlets.Dict().tag(sync=True)
    filter = traitlets.Dict().tag(sync=True)
    status = traitlets.Dict().tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)

    def __init__(self, session: Session, verbs: Any) -> None:
        super().__init__(session, verbs, filter={**NO_FILTER, "sort": "time"})
        self._opening: dict[str, Any] = {}
        self._listed: list[ListedEvent] = []
        self._begun = False
        self.link(session.events.changed, self._changed)
        worked = self.paced(self._worked)
        for signal in (
            session.jobs.added,
            session.jobs.changed,
            session.layers.added,
            session.layers.removed,
        ):
            self.link(signal, lambda _what: worked())

    def begin(self) -> None:
        """Fill the list, once the panel is looked at: the samples need not be read before."""
        if not self._begun:
            self._begun = True
            self._changed("items")

    def texts(self) -> dict[str, str]:
        """Visible texts of the panel."""
        return {
            "panel": _("Events"),
            "words": _("Search the events"),
            "words_hint": _("Search: name, class, …"),
            "messenger": _("Messenger"),
            "since": _("When"),
            "far": _("False-alarm rate"),
            "kind": _("Class"),
            "sort": _("Order"),
            "live": _("Update"),
            "cancel": _("Stop"),
            "again": _("Try again"),
            "open": _("Open {name}: its map, revision and origin"),
            "cancel_open": _("Stop opening {name}"),
            "progress": _("Progress of {name}"),
        }

    # session -> browser

    def _changed(self, what: str) -> None:
        if not self._begun:
            return
        if what == "items":
            self._menus()
        if what in ("items", "filter"):
            self._fill()
        self._worked()

    def _menus(self) -> None:
        items = self.session.events.items
        there = {event.messenger for event in items}
        kinds = sorted({event.kind for event in items if event.kind}, key=str.casefold)
        self.menus = {
            "messenger": [
                ["", _("messenger")],
                *([key, name] for key, (_l, name) in MESSENGER.items() if key in there),
            ],
            "since": [list(pair) for pair in SINCE.items()],
            "far": [list(pair) for pair in FAR.items()],
            "kind": [["", _("class")], *([kind, kind] for kind in kinds)],
            "sort": [list(pair) for pair in SORT.items()],
        }

    def _fill(self) -> None:
        events = self.session.events
        chosen = ordered(events.shown, self.filter["sort"])
        self._listed = chosen[:MOST]
        self.rows = [event_row(event) for event in self._listed]
        if len(chosen) > MOST:
            self.note = _("The first {most} of {count}; filter to see the others.").format(
                most=MOST, count=f"{len(chosen):,}"
            )
        elif not chosen:
            self.note = _("No event matches.") if len(events.items) else _("No events are listed yet.")
        else:
            self.note = ""

    def _worked(self) -> None:
        if not self._begun:
            return
        job = self.session.events.job
        self.status = status(job, listed(self.session.events.items))
        on_sky = {event.name: {"opened": True} for event in self._listed if self._shown(event)}
        self.states = on_sky | {name: self._state(job) for name, job in self._opening.items()}

    def _state(self, job: Any) -> dict[str, Any]:
        now = status(job)
        asking = going(job)
        opened = job.state == "done"
        return {**now, "asking": asking, "opened": opened, "state": "ok" if opened else now["state"]}

    def _shown(self, event: ListedEvent) -> bool:
        return any(name in self.session.layers for name in event.names)

    # browser -> session

    def on_filter(self, **chosen: str) -> None:
        """The boxes above the list."""
        self.filter = {name: str(chosen.get(name, "")) for name in (*NO_FILTER, "sort")}
        since, far = self.filter["since"], self.filter["far"]
        before = self.session.events.filter
        self.session.events.narrow(
            search=self.filter["words"],
            messenger=self.filter["messenger"] or None,
            since=Time.now() - float(since) * u.day if since else None,
            far_below=float(far) / u.yr if far else None,
            kind=self.filter["kind"] or None,
        )
        if self.session.events.filter == before:  # the order alone has changed
            self._fill()

    def on_live(self) -> None:
        """Ask the archives for their events."""
        self.session.events.follow(self.verbs.submit(self.verbs.events, replaces="events"))

    def on_open(self, name: str, source: str) -> None:
        """A click on an event: its map, revision and origin."""
        if source != "sample":
            self._opening[name] = self.verbs.submit(self.verbs.open, name, source="live")
        else:
            holder = sample_of(name)
            job = self._opening[name] = self.verbs.submit(self.verbs.open, holder, source="sample")
            if isinstance(samples.open(holder), list) and job.state == "done":  # it is looked at
                self.verbs.goto(name, by=ME)
        self._worked()

    def on_cancel(self, name: str) -> None:
        """Stop opening an event, or listing them."""
        job = self._opening.get(name) if name else self.session.events.job
        if job is not None:
            job.cancel()


def sample_of(name: str) -> str:
    """The sample that holds an event: the one of its name, else the list it is in."""
    for sample in samples.names():
        opened = samples.open(sample)
        if isinstance(opened, Event) and opened.name == name:
            return sample
    for sample in samples.names():
        opened = samples.open(sample)
        if isinstance(opened, list) and any(event.name == name for event in opened):
            return sample
    return name


def listed(items: EventsList) -> str:
    """Where the events come from, and how old that is."""
    ledger = items.ledger
    if not len(ledger):
        return _("{count} events of the samples. Update asks the archives.").format(count=len(items))
    kept = [answer for answer in ledger if answer.cached_at]
    text = _("{count} events").format(count=f"{len(items):,}")
    if kept:
        oldest = min(answer.cached_at for answer in kept)
        text += _(", of lists kept {age}").format(age=age(oldest))
    return " ".join(filter(None, (f"{text}.", partial(ledger))))


def ordered(events: EventsList, by: str) -> list[ListedEvent]:
    """Events in the order of a menu; those of which it is not told stand last."""
    rows = list(events)  # the latest first
    if by == "name":
        return sorted(rows, key=lambda event: event.name.casefold())
    if by not in ("far", "area", "distance"):
        return rows

    def key(event: ListedEvent) -> float:
        value = per_year(event) if by == "far" else getattr(event, by)
        return value if np.isfinite(value) else np.inf

    return sorted(rows, key=key)


def event_row(event: ListedEvent) -> dict[str, Any]:
    """What the front end shows of an event."""
    letter, messenger = MESSENGER[event.messenger]
    tags = [("retracted", _("retracted"))] * event.retracted + [("test", _("test"))] * event.test
    tags += [("sample", _("sample"))] * (event.source == "sample")
    when = f"{MJD_ZERO + timedelta(days=event.mjd):%Y-%m-%d %H:%M:%S}" if 0 < event.mjd < 1e5 else ""
    facts = [event.kind, likely(event), rate(event), size(event), far_away(event), revision(event)]
    given = f"{event.far_given:.3g} {event.far_unit}" if np.isfinite(event.far_given) else ""
    tip = [
        ", ".join(event.names),
        f"{when} UTC" if when else "",
        _("false-alarm rate {rate}").format(rate=given) if given else "",
        _("listed by {source}").format(source=event.source) if event.source else "",
        event.note,
    ]
    return {
        "key": f"{event.source}/{event.name}",
        "name": event.name,
        "source": event.source,
        "messenger": event.messenger,
        "messenger_name": messenger,
        "letter": letter,
        "when": when[:10],
        "tags": [{"kind": kind, "text": text} for kind, text in tags],
        "facts": [fact for fact in facts if fact] or [messenger],
        "tip": "\n".join(line for line in tip if line),
    }


def likely(event: ListedEvent) -> str:
    """How sure its class, or its astrophysical origin, is."""
    share = event.classes.get(event.kind, np.nan)
    if np.isfinite(share) and share < 0.995:
        return f"{100 * share:.0f} %"
    if np.isfinite(event.signalness):
        return _("signalness {value:.2f}").format(value=event.signalness)
    return ""


def per_year(event: ListedEvent) -> float:
    """Its false-alarm rate, 1/yr; NaN where it is not told. Plain numbers: hundreds of rows are made at once."""
    return event.far_given * (YEAR if event.far_unit == "Hz" else 1.0)


def rate(event: ListedEvent) -> str:
    """Its false-alarm rate as people say it: how often noise does as well."""
    a_year = per_year(event)
    if not a_year > 0:
        return ""
    years = 1 / a_year
    if years < 1:
        return _("FAR {rate:.2g} a year").format(rate=1 / years)
    power = int(np.floor(np.log10(years)))
    text = f"{years:,.0f}" if power < 4 else "10" + str(power).translate(RAISED)
    return _("FAR 1 in {years} yr").format(years=text if years >= 10 else f"{years:.2g}")


def size(event: ListedEvent) -> str:
    """Area of its region."""
    return f"{event.area:.3g} deg²" if np.isfinite(event.area) else ""


def far_away(event: ListedEvent) -> str:
    """Its distance."""
    return f"{event.distance:.3g} Mpc" if np.isfinite(event.distance) else ""


def revision(event: ListedEvent) -> str:
    """Which revision, and who lists it."""
    return " ".join(filter(None, (event.source if event.source != "sample" else "", event.revision)))
