"""Ledger: which services were asked, what each answered, and how long that took. A partial answer is an answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from typing import Any, overload

from skyexplorer.errors import Cancelled, ServiceError, SkyExplorerError

STATES = (
    "asking", "slow", "ok", "cached", "unreachable", "late", "refused", "error", "malformed", "cancelled"
)  # fmt: skip
GOOD = ("ok", "cached")


@dataclass(frozen=True)
class Answer:
    """What one service answered to one question.

    Parameters
    ----------
    service : str
        Its id.
    state : str
        One of `STATES`: while it is asked ``"asking"``, then ``"slow"``; ``"ok"`` or ``"cached"``; else what went wrong.
    rows : int, optional
        Number of rows that came.
    seconds : float
        From the question to the last row.
    overflow : bool
        Whether the service has more rows than came.
    address, query : str
        Where was asked, and what; without secrets.
    message, advice : str
        What went wrong, and what to do.
    asked, cached_at : str
        Time of the question, and of the answer that was kept, ISO UTC.

    Examples
    --------
    >>> from skyexplorer.model.ledger import Answer
    >>> Answer("fermi-4fgl", "ok", rows=12, seconds=0.8).line()
    'fermi-4fgl: ok, 12 rows, 0.8 s'
    """

    service: str
    state: str
    rows: int | None = None
    seconds: float = 0.0
    overflow: bool = False
    address: str = ""
    query: str = ""
    message: str = ""
    advice: str = ""
    asked: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"), compare=False)
    cached_at: str = ""

    @classmethod
    def of_error(cls, service: str, error: BaseException, **facts: Any) -> Answer:
        """What a failure is in a ledger."""
        state = "cancelled" if isinstance(error, Cancelled) else getattr(error, "state", "error")
        if isinstance(error, SkyExplorerError):
            message, advice = error.message, error.advice
        else:
            message, advice = f"{type(error).__name__}: {error}", ""
        if isinstance(error, ServiceError):
            facts.setdefault("address", error.url)
        return cls(service, state, message=message, advice=advice, **facts)

    @property
    def good(self) -> bool:
        """Whether rows came, or it is known that there are none."""
        return self.state in GOOD

    def line(self) -> str:
        """In one line, for people."""
        facts = [self.state if not self.cached_at else f"{self.state}, from {self.cached_at}"]
        if self.rows is not None:
            facts.append(f"{self.rows} rows" + (" (there are more)" if self.overflow else ""))
        facts.append(f"{self.seconds:.1f} s")
        return f"{self.service}: {', '.join(facts)}" + (f". {self.message}" if self.message else "")


class Ledger(Sequence[Answer]):
    """The answers to one question, one for each service that was asked.

    Examples
    --------
    >>> from skyexplorer.model.ledger import Answer, Ledger
    >>> asked = Ledger([Answer("a", "ok", rows=3), Answer("b", "late", seconds=20.0, message="No answer in 20 s.")])
    >>> asked.complete, [answer.service for answer in asked if not answer.good]
    (False, ['b'])
    """

    def __init__(self, answers: Iterable[Answer] = ()) -> None:
        self._answers = tuple(answers)

    @overload
    def __getitem__(self, index: int) -> Answer: ...
    @overload
    def __getitem__(self, index: slice) -> Ledger: ...
    def __getitem__(self, index: int | slice) -> Answer | Ledger:
        return Ledger(self._answers[index]) if isinstance(index, slice) else self._answers[index]

    def __len__(self) -> int:
        return len(self._answers)

    @property
    def complete(self) -> bool:
        """Whether all answered, and none has more rows than came."""
        return all(answer.good and not answer.overflow for answer in self)

    def to_table(self) -> Any:
        """The same as an astropy Table."""
        from astropy.table import Table

        columns = (
            "service", "state", "rows", "seconds", "overflow", "cached_at", "message", "address", "query"
        )  # fmt: skip
        rows = [[-1 if (v := getattr(a, name)) is None else v for name in columns] for a in self]
        return Table(rows=rows, names=columns) if rows else Table(names=columns)

    def __repr__(self) -> str:
        return "\n".join(answer.line() for answer in self) or "<Ledger: nobody was asked>"

    def _repr_html_(self) -> str:
        return "<ul>" + "".join(f"<li>{escape(answer.line())}</li>" for answer in self) + "</ul>"
