"""What is in the field: how many objects each mission and band holds there, and whose pictures cover it.

Tables of the services are counted side by side, each by its own service; MocServer tells which surveys have data there,
and how many rows the tables of VizieR have. Where a table was not counted in time, or the field is too wide for that, the
number is estimated as if its rows were spread evenly over what it covers, and is marked so. A partial answer is an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from skyexplorer.actions import query
from skyexplorer.actions.beside import run_side_by_side
from skyexplorer.errors import InputError, SkyExplorerError
from skyexplorer.model.ledger import Answer, Ledger
from skyexplorer.services import counts, mocserver, obstap, registry
from skyexplorer.services.counts import Count
from skyexplorer.services.registry import BANDS, Service
from skyexplorer.session.session import Session
from skyexplorer.session.text import _

if TYPE_CHECKING:
    from skyexplorer.model.region import SkyRegion
    from skyexplorer.services.mocserver import DataSet

DEADLINE = 30.0
"""Seconds for all."""
WIDE = 5.0
"""Degrees of the radius of a field in which the great surveys are no longer counted: it would keep their services busy."""
GREAT = ("optical", "infrared", "ultraviolet", "many")
"""Bands of the great surveys, and of the tables of whole archives."""
OBJECTS, FILES, PICTURES = "objects", "observations", "pictures"
CDS = "CDS/"


@dataclass(frozen=True)
class FieldRow:
    """What one mission or table has in the field.

    Parameters
    ----------
    band : str
        As in the table of services.
    title : str
        The table, or the mission.
    what : str
        ``"objects"``, ``"observations"`` (files: ask for them with ``images``), or ``"pictures"`` (surveys with data here).
    count : int or None
        How many; None where it is not known.
    estimate : bool
        Whether it is an estimate.
    service : str
        Whom to ask: ``sky.query_region(region, service=row.service)``; empty for pictures.
    state : str
        Of its answer, as in a ledger.
    note : str
    surveys : tuple of str
        Of pictures: their HiPS, ``sky.viewport.survey = row.surveys[0]``.
    """

    band: str
    title: str
    what: str
    count: int | None = None
    estimate: bool = False
    service: str = ""
    state: str = "ok"
    note: str = ""
    surveys: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The number for people: ``"≈ 1200"`` is an estimate, ``"?"`` is not known."""
        if self.count is None:
            return "?"
        return f"≈ {float(f'{self.count:.2g}'):,.0f}" if self.estimate else f"{self.count:,}"


class Field(list[FieldRow]):
    """What is in a field, by band; with who was asked.

    Parameters
    ----------
    rows : iterable of FieldRow
    ledger : Ledger
    region : SkyRegion
    """

    def __init__(self, rows: Iterable[FieldRow], ledger: Ledger, region: SkyRegion) -> None:
        super().__init__(rows)
        self.ledger, self.region = ledger, region

    @property
    def bands(self) -> dict[str, list[FieldRow]]:
        """Rows by band, those with most first."""
        found: dict[str, list[FieldRow]] = {}
        for row in self:
            found.setdefault(row.band, []).append(row)
        return found

    def to_table(self) -> Any:
        """The same as an astropy Table; -1 where a number is not known."""
        from astropy.table import Table

        names = ("band", "title", "what", "count", "estimate", "service", "state", "note")
        rows = [
            tuple(-1 if name == "count" and row.count is None else getattr(row, name) for name in names)
            for row in self
        ]
        return Table(rows=rows, names=names) if rows else Table(names=names)

    def __repr__(self) -> str:
        lines = [f"{row.band:12} {row.text:>12} {row.what:12} {row.title}" for row in self]
        return "\n".join([f"<Field: {len(self)} rows>", *lines])

    def _repr_html_(self) -> str:
        return str(self.to_table()._repr_html_())


@dataclass(frozen=True)
class Question:
    """Whom to ask about which field."""

    region: SkyRegion
    services: tuple[Service, ...]
    pictures: bool = True
    deadline: float = DEADLINE
    refresh: bool = False


def prepare(
    session: Session,
    region: Any = None,
    services: str | Service | Iterable[str | Service] | None = None,
    *,
    deadline: float = DEADLINE,
    refresh: bool = False,
) -> Question:
    """Make a question of what a user says; see `SkyExplorer.field`.

    Raises
    ------
    InputError, NotFoundError
        For what cannot be asked.
    """
    if not deadline > 0:
        raise InputError(f"deadline is {deadline!r}.", "Give seconds, more than 0.")
    if services is None:
        rows = [row for row in registry.services().values() if counted(row)]
    else:
        rows = registry.of(services)
        for row in rows:
            if not counted(row) and row.protocol != "moc":
                raise InputError(f"{row.id} cannot count what is in a field.", "Those of TAP can.")
    pictures = services is None or any(row.protocol == "moc" for row in rows)
    rows = [row for row in rows if counted(row)]
    return Question(query.region_of(session, region), tuple(rows), pictures, float(deadline), bool(refresh))


def counted(row: Service) -> bool:
    """Whether the rows of a service in a region can be counted."""
    return row.protocol in ("tap", "obstap") and bool(row.table)


def ask_field(question: Question) -> Field:
    """Count, side by side, and ask which surveys have data there.

    Raises
    ------
    Cancelled
    """
    began = monotonic()
    wide = question.region.radius.to_value("deg") > WIDE
    skipped = {row.id for row in question.services if wide and row.band in GREAT}
    tasks: dict[str, Any] = {}
    if question.pictures:  # first: what others do not answer in time is estimated from it
        tasks[mocserver.SERVICE] = partial(_sets, question)
    tasks |= {row.id: partial(_count, row, question) for row in question.services if row.id not in skipped}
    seconds: dict[str, float] = {}
    came = run_side_by_side(
        tasks, question.deadline, each=lambda name, value: seconds.setdefault(name, monotonic() - began)
    )
    told = came.pop(mocserver.SERVICE, None)
    found: Sequence[DataSet] = told.sets if isinstance(told, _Sets) else ()
    sets = {one.id: one for one in found}
    rows = [
        _row(row, came.get(row.id), sets.get(CDS + row.table), question.region) for row in question.services
    ]
    rows += _pictures(found)
    order = {band: number for number, band in enumerate(BANDS)}
    rows.sort(key=lambda row: (order.get(row.band, 99), row.what == PICTURES, -(row.count or 0), row.title))
    ledger = [_answer(name, value, seconds.get(name, 0.0)) for name, value in came.items()]
    if told is not None:
        ledger.append(_answer(mocserver.SERVICE, told, seconds.get(mocserver.SERVICE, 0.0)))
    return Field(rows, Ledger(ledger), question.region)


@dataclass(frozen=True)
class _Sets:
    """What MocServer answered."""

    sets: Sequence[DataSet]
    overflow: bool
    address: str
    cached_at: str

    @property
    def rows(self) -> int:
        return len(self.sets)

    def __len__(self) -> int:
        return len(self.sets)


def _count(row: Service, question: Question) -> Count:
    from skyexplorer.net import Web, credentials

    with Web(row.id, question.deadline, per_host=row.per_host, auth=credentials.of(row.id)) as web:
        return counts.ask(row, question.region, web=web, refresh=question.refresh)


def _sets(question: Question) -> _Sets:
    from skyexplorer.net import Web

    tables = [CDS + row.table for row in question.services if row.host == "vizier"]
    listed = f"||(ID={','.join(tables)})" if tables else ""
    with Web(mocserver.SERVICE, question.deadline) as web:
        found, overflow, reply = mocserver.ask(
            question.region, web=web, expr=f"({mocserver.HIPS}){listed}", refresh=question.refresh
        )
    return _Sets(found, overflow, reply.url, reply.cached_at)


def _row(row: Service, came: Count | Exception | None, known: DataSet | None, region: SkyRegion) -> FieldRow:
    what = FILES if obstap.is_obscore(row) or row.protocol == "obstap" else OBJECTS
    made = FieldRow(row.band, row.title, what, service=row.id)
    if isinstance(came, Count):
        state = "cached" if came.cached_at else "ok"
        return replace(made, count=came.number, estimate=came.estimate, state=state)
    expected = known.expected(region) if known is not None else np.nan
    if came is None:
        made = replace(made, state="ok", note=_("the field is too wide for it to be counted"))
    else:
        text = came.message if isinstance(came, SkyExplorerError) else f"{type(came).__name__}: {came}"
        made = replace(made, state=Answer.of_error(row.id, came).state, note=text)
    if not np.isfinite(expected):
        return made
    return replace(made, count=int(np.rint(expected)), estimate=True)


def _pictures(found: Iterable[DataSet]) -> list[FieldRow]:
    """Surveys with pictures of the field, by band and mission."""
    groups: dict[tuple[str, str], list[DataSet]] = {}
    for one in found:
        if one.hips:
            groups.setdefault((one.band, one.mission or one.title), []).append(one)
    return [
        FieldRow(
            band,
            mission,
            PICTURES,
            len(sets),
            note=sets[0].attribution,
            surveys=tuple(one.id for one in sets),
        )
        for (band, mission), sets in groups.items()
    ]


def _answer(service: str, value: Any, seconds: float) -> Answer:
    if isinstance(value, BaseException):
        return Answer.of_error(service, value, seconds=seconds)
    return Answer(
        service,
        "cached" if value.cached_at else "ok",
        rows=value.rows,
        seconds=seconds,
        overflow=getattr(value, "overflow", False),
        address=value.address,
        query=getattr(value, "query", ""),
        cached_at=value.cached_at,
    )


def show_field(session: Session, question: Question, field: Field) -> Field:
    """Put on show what is in the field."""
    session.archives.heard(field.ledger)
    session.archives.show("field", field)
    return field
