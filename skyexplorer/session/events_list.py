"""Events: the list of recent and historical events that a panel shows, with its filter and who answered.

Before anyone was asked it holds the events of the samples. `sky.events(…)` puts what it found here; one event of it is
opened with ``sky.open(event.name, source="live")``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from skyexplorer.errors import InputError

if TYPE_CHECKING:
    from skyexplorer.model.ledger import Ledger
    from skyexplorer.model.listing import EventFilter, EventsList, ListedEvent


class Events:
    """What the events panel shows.

    Examples
    --------
    >>> from skyexplorer.model.listing import EventsList, ListedEvent
    >>> from skyexplorer.session.events_list import Events
    >>> events = Events()
    >>> _ = events.changed.connect(lambda what: print(what, "changed"))
    >>> events.show(EventsList([ListedEvent("S190814bv", "gw"), ListedEvent("IC170922A", "neutrino")]))
    items changed
    >>> events.narrow(messenger="gw")
    filter changed
    >>> [event.name for event in events.shown]
    ['S190814bv']
    """

    changed = Signal(str)
    """Tells what has changed: ``"items"`` (the ledger with them), ``"filter"`` or ``"job"``."""

    def __init__(self) -> None:
        self._items: EventsList | None = None
        self._filter: EventFilter | None = None
        self._job: Any = None

    @property
    def items(self) -> EventsList:
        """All that were listed, the latest first; before anyone was asked, those of the samples."""
        if self._items is None:
            self._items = sampled()
        return self._items

    @property
    def ledger(self) -> Ledger:
        """Who was asked for them, and what each answered."""
        return self.items.ledger

    @property
    def filter(self) -> EventFilter:
        """Which of them are shown; default all."""
        if self._filter is None:
            from skyexplorer.model.listing import EventFilter

            self._filter = EventFilter()
        return self._filter

    @filter.setter
    def filter(self, wanted: EventFilter) -> None:
        if not hasattr(wanted, "keeps"):
            raise InputError(f"filter is {wanted!r}.", "Give an EventFilter, or call narrow(messenger=…).")
        if wanted != self.filter:
            self._filter = wanted
            self.changed.emit("filter")

    def narrow(self, **words: Any) -> None:
        """Change words of the filter: ``narrow(messenger="gw", search="2019")``; None takes one away."""
        self.filter = replace(self.filter, **words)

    @property
    def shown(self) -> EventsList:
        """Those that the filter keeps."""
        return self.items.filtered(self.filter)

    def show(self, items: EventsList) -> None:
        """Show these in place of those before; the filter stays."""
        if not hasattr(items, "filtered"):
            raise InputError(f"items is {items!r}.", "Give an EventsList.")
        if items is not self._items:
            self._items, self._job = items, None
            self.changed.emit("items")

    @property
    def job(self) -> Any:
        """The job that asks for the list, while it does, or that failed to; else None."""
        return self._job

    def follow(self, job: Any) -> None:
        """Remember the job that asks; what is shown stays until its answer is there."""
        if job is not self._job:
            self._job = job
            self.changed.emit("job")

    def find(self, name: str) -> ListedEvent:
        """The event of the list that has this name; NotFoundError where none has."""
        return self.items[name]


def sampled() -> EventsList:
    """The events of the samples as a list."""
    from skyexplorer import samples
    from skyexplorer.model.event import Event
    from skyexplorer.model.listing import EventsList, ListedEvent

    rows: dict[str, ListedEvent] = {}
    for name in samples.names():
        opened = samples.open(name)
        for event in opened if isinstance(opened, list) else [opened]:
            if isinstance(event, Event):
                rows.setdefault(event.name, ListedEvent.of_event(event, "sample"))
    return EventsList(rows.values())
