"""Ledgers: who is asked and what came, live while it is asked; and the last fifty questions.

Whoever asks a service says so with `asking`, in whatever thread::

    with asking("gaia-dr3", address=url) as row:
        found = services.ask(...)
        row.tell(found)

It becomes a row of the `Book` of its context, if there is one (a job has one): "asking", after five seconds "slow", then
"ok", "cached", or what its error is. Where nobody keeps a book, it costs nothing. When the job has ended, its ledger is one
of the session's `Ledgers`.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from psygnal import Signal

from skyexplorer.errors import Cancelled, ServiceError
from skyexplorer.model.ledger import Answer, Ledger
from skyexplorer.session.text import _

SLOW = 5.0  # s after which a service is said to be slow
KEPT = 50
_FACTS = ("overflow", "address", "query", "cached_at")


class Row:
    """One service that is asked: what is known of its answer so far."""

    def __init__(self, service: str, told: Callable[[], object] = lambda: None, **facts: Any) -> None:
        self.service = service
        self._facts = facts
        self._began = time.monotonic()
        self._answer: Answer | None = None
        self._lock = Lock()
        self._told = told

    @classmethod
    def answered(cls, answer: Answer) -> Row:
        """One that has answered."""
        row = cls(answer.service)
        row._answer = answer
        return row

    def begin(self) -> None:
        """It is asked now, and not before."""
        self._began = time.monotonic()

    def tell(self, found: Any = None, **facts: Any) -> None:
        """Say what came: ``rows``, ``overflow``, ``address``, ``query``, ``cached_at``; or what has them as attributes."""
        if found is not None:
            known = {name: value for name in _FACTS if (value := getattr(found, name, None))}
            counted = getattr(found, "table", found)
            if hasattr(counted, "__len__") and not isinstance(counted, str | bytes):
                known["rows"] = len(counted)
            facts = known | facts
        self._facts |= facts

    def close(self, error: BaseException | None = None) -> None:
        """It has answered, or failed; what is said first stays."""
        with self._lock:
            if self._answer is not None:
                return
            facts = {**self._facts, "seconds": time.monotonic() - self._began}
            if error is None:
                self._answer = Answer(self.service, "cached" if facts.get("cached_at") else "ok", **facts)
            else:
                facts = {name: value for name, value in facts.items() if value}
                self._answer = Answer.of_error(self.service, error, **facts)
        self._told()

    @property
    def open(self) -> bool:
        """Whether its answer is still to come."""
        return self._answer is None

    @property
    def answer(self) -> Answer:
        """The answer, or how long it is waited for."""
        if self._answer is not None:
            return self._answer
        seconds = time.monotonic() - self._began
        return Answer(
            self.service, "slow" if seconds > SLOW else "asking", **{**self._facts, "seconds": seconds}
        )


class Book:
    """A ledger that is still written, from several threads.

    Parameters
    ----------
    told : callable, optional
        Called, in the thread that writes, when something was written.

    Examples
    --------
    >>> from skyexplorer.session.ledgers import Book, asking
    >>> book = Book()
    >>> with book.kept(), asking("fermi-4fgl") as row:
    ...     print(book.ledger[0].state)
    ...     row.tell(rows=12)
    asking
    >>> book.ledger[0].state, book.ledger[0].rows
    ('ok', 12)
    """

    def __init__(self, told: Callable[[], object] = lambda: None) -> None:
        self._rows: list[Row] = []
        self._told = told

    def open(self, service: str, **facts: Any) -> Row:
        """A new row."""
        row = Row(service, self._told, **facts)
        self._rows.append(row)
        self._told()
        return row

    @property
    def ledger(self) -> Ledger:
        """What is written now."""
        return Ledger(row.answer for row in tuple(self._rows))

    def note(self, outcome: Any) -> None:
        """Write down what an outcome tells, where whoever asked wrote nothing: a result's ledger, a service's error."""
        if self._rows:
            return
        if isinstance(outcome, ServiceError) and outcome.service:
            self.open(outcome.service).close(outcome)
        elif isinstance(given := getattr(outcome, "ledger", None), Ledger):
            for answer in given:
                self._rows.append(Row.answered(answer))

    def close(self, error: BaseException | None) -> None:
        """Nobody writes any more: rows that are open were given up."""
        for row in tuple(self._rows):
            row.close(error or Cancelled(_("Nobody waited for the answer.")))

    @contextmanager
    def kept(self) -> Iterator[Book]:
        """Within, `asking` writes here."""
        token = _BOOK.set(self)
        try:
            yield self
        finally:
            _BOOK.reset(token)


_BOOK: ContextVar[Book | None] = ContextVar("skyexplorer_book", default=None)
_ROW: ContextVar[Row | None] = ContextVar("skyexplorer_row", default=None)


def current() -> Book:
    """The book of this context; where there is none, one that nobody reads."""
    return _BOOK.get() or Book()


@contextmanager
def asking(service: str, **facts: Any) -> Iterator[Row]:
    """Within, this service is asked: its row in the book of the context.

    Parameters
    ----------
    service : str
        Its id. Where that is the one being asked in this context already, the row is the same one.
    **facts
        Fields of `Answer` that are known beforehand, such as ``address`` and ``query``; never secrets.
    """
    row = _ROW.get()
    if row is None or row.service != service or not row.open:
        row = current().open(service)
    row.tell(**facts)
    with answering(row):
        yield row


@contextmanager
def answering(row: Row) -> Iterator[Row]:
    """Within, this row is being answered: it is closed at the end, as good or as failed."""
    token = _ROW.set(row)
    try:
        yield row
    except BaseException as error:
        row.close(error)
        raise
    else:
        row.close()
    finally:
        _ROW.reset(token)


@dataclass(frozen=True)
class Asked:
    """A question that has been answered."""

    what: str
    """What was asked, for people."""
    ledger: Ledger
    """Who answered what."""
    when: datetime = field(default_factory=lambda: datetime.now(UTC), compare=False)
    """When it ended, UTC."""


class Ledgers:
    """The ledgers of the last fifty questions.

    Examples
    --------
    >>> from skyexplorer.model.ledger import Answer, Ledger
    >>> from skyexplorer.session.ledgers import Ledgers
    >>> ledgers = Ledgers()
    >>> _ = ledgers.changed.connect(lambda: print(ledgers.last))
    >>> ledgers.add("Galaxies near GW170817", Ledger([Answer("glade-plus", "ok", rows=49, seconds=1.2)]))
    glade-plus: ok, 49 rows, 1.2 s
    """

    changed = Signal()
    """Tells that there is a new one."""

    def __init__(self) -> None:
        self._items: deque[Asked] = deque(maxlen=KEPT)

    @property
    def items(self) -> tuple[Asked, ...]:
        """The questions, oldest first."""
        return tuple(self._items)

    @property
    def last(self) -> Ledger:
        """The ledger of the last question; an empty one before the first."""
        return self._items[-1].ledger if self._items else Ledger()

    def add(self, what: str, ledger: Ledger) -> None:
        """Keep the ledger of a question; one in which nobody was asked is not kept."""
        if len(ledger):
            self._items.append(Asked(what, ledger))
            self.changed.emit()
