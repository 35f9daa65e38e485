"""Asking a service for a region: whichever protocol it speaks, one question, one table.

What is asked for covers the region and may be larger; rows that have a position are filtered with the region itself, so
that all services answer the same question. That there is more than came is never left unsaid: see `Found.overflow`.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from skyexplorer.errors import InputError, ServiceError, UnreachableError
from skyexplorer.services.registry import SEARCHED, Service

if TYPE_CHECKING:
    import numpy as np
    from astropy.table import Table
    from numpy.typing import NDArray

    from skyexplorer.model.region import SkyRegion
    from skyexplorer.net import Web

CLIENTS = {
    "tap": "tap",
    "obstap": "tap",
    "scs": "scs",
    "sia1": "sia",
    "sia2": "sia",
    "ssa": "ssa",
    "file": "files",
}
"""The module that speaks each protocol: it has ``ask`` with the arguments of `ask`."""
POINTS = ("tap", "scs", "file")
"""Protocols whose rows are points, which lie in the region or not; rows of the others have footprints."""
QUESTIONS = 256
"""Asked at most to fetch all of a region."""
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.I)


@dataclass(frozen=True)
class Found:
    """What a service answered.

    Attributes
    ----------
    table : astropy.table.Table
        The rows; it may have none.
    overflow : bool
        Whether the service has more rows in this region than came.
    address, query : str
        Where was asked, and what; without secrets.
    raw : bytes or None
        The answer as it came, where it was one.
    cached_at : str
        When it was asked, ISO UTC, where the answer is one that was kept; of several the oldest.
    how : str
        How the region was put, where that is not as it is: ``"16 circles, 1.8 times its area"``.
    retrieved, checksum : str
        When it came, and ``sha256:…`` of its bytes.
    note : str
        What else a reader must know of it.
    """

    table: Table
    overflow: bool = False
    address: str = ""
    query: str = ""
    raw: bytes | None = None
    cached_at: str = ""
    how: str = ""
    retrieved: str = ""
    checksum: str = ""
    note: str = ""


def shown(text: str) -> str:
    """An address, or a question that is one, without secrets: rows may have some in theirs.

    Examples
    --------
    >>> from skyexplorer.services.asking import shown
    >>> shown("https://me:mine@example.org/tap?token=abc"), shown("SELECT 1")
    ('https://***@example.org/tap?token=***', 'SELECT 1')
    """
    from skyexplorer.net import secrets

    return "\n".join(secrets.masked(line) if _ADDRESS.match(line) else line for line in text.split("\n"))


@contextmanager
def _discreet() -> Iterator[None]:
    """Within, errors tell addresses without secrets."""
    try:
        yield
    except ServiceError as error:
        error.url = shown(error.url)
        raise


@_discreet()
def ask(
    service: Service,
    region: SkyRegion,
    *,
    web: Web,
    columns: Iterable[str] | None = None,
    max_rows: int | None = None,
    where: str = "",
    refresh: bool = False,
) -> Found:
    """Ask a service for what lies in a region.

    Parameters
    ----------
    service : Service
    region : SkyRegion
    web : Web
        With the deadline.
    columns : iterable of str, optional
        By default those of the service, or all; position and id come with them.
    max_rows : int, optional
        By default the row cap of the service.
    where : str
        A further condition in ADQL, for services that speak it.
    refresh : bool
        Whether to ask although an answer is kept.

    Returns
    -------
    Found

    Raises
    ------
    InputError
        For a service that cannot be asked for a region, or not so.
    ServiceError
        Of its kinds; where a mirror is known, it is asked before one is unreachable.
    """
    require_searched(service)
    if max_rows is not None and max_rows < 1:
        raise InputError(f"max_rows is {max_rows}.", "Give 1 or more.")
    client = importlib.import_module(f"skyexplorer.services.{CLIENTS[service.protocol]}")
    columns = None if columns is None else list(columns)
    given: dict[str, Any] = {
        "web": web,
        "columns": columns,
        "max_rows": max_rows,
        "where": where,
        "refresh": refresh,
    }
    places = [service, *(replace(service, address=mirror, upload_address="") for mirror in service.mirrors)]
    for place in places[:-1]:
        try:
            return _exact(service, region, client.ask(place, region, **given))
        except UnreachableError:
            continue
    try:
        return _exact(service, region, client.ask(places[-1], region, **given))
    except UnreachableError as error:
        if len(places) > 1:
            hosts = ", ".join(shown(place.address) for place in places)
            raise UnreachableError(
                f"{service.id} is not reached at any of {hosts}: {error.message}",
                error.advice, service=service.id, url=service.address,
            ) from error  # fmt: skip
        raise


@_discreet()
def ask_whole(
    service: Service,
    region: SkyRegion,
    *,
    web: Web,
    most: int,
    columns: Iterable[str] | None = None,
    where: str = "",
    refresh: bool = False,
) -> Found:
    """All that lies in a region, also where that is more than the service gives at once: by parts of the region.

    A part of which the answer was cut is asked again by its halves.

    Parameters
    ----------
    most : int
        Rows at most; where there are more, that is told (``overflow``).
    others
        See `ask`.
    """
    from skyexplorer import progress
    from skyexplorer.services import merging, tiling

    given: dict[str, Any] = {"web": web, "columns": columns, "where": where, "refresh": refresh}
    if service.protocol == "file":
        return ask(service, region, max_rows=most, **given)
    waiting: list[SkyRegion] = [region]
    answers: list[Found] = []
    rows = asked = 0
    total, done = float(region.area.value), 0.0
    while waiting:
        part = waiting.pop()
        found = ask(service, part, max_rows=min(service.row_cap, most), **given)
        asked += 1
        halves = tiling.split(part) if found.overflow and asked + len(waiting) < QUESTIONS else []
        if halves and rows < most:
            waiting += halves
            continue
        found = _exact(service, region, found)  # parts are cells, which cover a little more than the region
        answers.append(found)
        rows += len(found.table)
        done += float(part.area.value)
        progress.current().report(min(done, total), total)
        if rows >= most and waiting:
            answers[-1] = replace(found, overflow=True)
            break
    whole = merging.merged(service, answers)
    if len(whole.table) > most:
        whole = replace(whole, table=whole.table[:most], overflow=True)
    how = f"{len(answers)} parts of the region" if len(answers) > 1 else whole.how
    query = answers[0].query if len(answers) == 1 else f"{asked} questions such as {answers[0].query}"
    return replace(whole, how=how, query=query)


def _exact(service: Service, region: SkyRegion, found: Found) -> Found:
    """The rows inside; those without a position are kept where nothing tells that they are outside."""
    retrieved = found.retrieved or datetime.now(UTC).isoformat(timespec="seconds")
    found = replace(found, retrieved=retrieved, address=shown(found.address), query=shown(found.query))
    if service.protocol not in POINTS or not len(found.table):
        return found
    inside = within(service, region, found.table)
    if inside.all():
        return found
    return replace(found, table=found.table[inside])


def within(service: Service, region: SkyRegion, table: Table) -> NDArray[np.bool_]:
    """Which rows of an answer have their position inside a region; one that lies nowhere in the sky is outside.

    Raises
    ------
    AnswerError
        If no columns can be taken for positions, or they hold none.
    """
    import numpy as np

    from skyexplorer.errors import AnswerError, FormatError
    from skyexplorer.io import positions, roles

    if not len(table):
        return np.zeros(0, bool)
    named = {role: column for role in ("ra", "dec") if (column := column_of(service, role, table))}
    try:
        ra, dec = positions.degrees(table, roles.roles(table, **named), strict=False)
    except FormatError as error:
        raise AnswerError(
            f"{service.id}: {error.message}", error.advice, service=service.id, url=service.address
        ) from error
    good = np.isfinite(ra) & np.isfinite(dec)
    inside = np.zeros(len(table), bool)
    inside[good] = region._contains(ra[good], dec[good])
    return inside


def require_searched(service: Service) -> None:
    """Refuse a service that cannot be asked for a region."""
    if not service.searched:
        raise InputError(
            f"{service.id} ({service.title}) cannot be asked for a region.",
            f'Name a table: "{service.id}:schema.table".'
            if service.protocol in ("tap", "obstap")
            else f"Those that can speak one of {', '.join(SEARCHED)}.",
        )


def refuse(service: Service, what: str, where: str = "", columns: Any = None) -> None:
    """Refuse a condition, and columns, where a protocol has no words for them; ``what`` names it.

    Raises
    ------
    InputError
        If any is given.
    """
    for kind, given in (("condition", where.strip()), ("choice of columns", columns)):
        if given:
            raise InputError(
                f"{service.id} is {what}, which takes no {kind} ({given!r}).",
                "Leave it out, and choose from what comes.",
            )


def only(service: Service, table: Table, columns: Iterable[str]) -> Table:
    """The columns that were asked for, with those of position, id and name.

    Raises
    ------
    InputError
        For one that is not there.
    """
    there = {str(name).lower(): str(name) for name in table.colnames}
    wanted = {name: there.get(name.strip('"').lower()) for name in columns}
    missing = [name for name, found in wanted.items() if found is None]
    if missing:
        raise InputError(
            f"{service.id} has no column {', '.join(missing)}.",
            f"It has {', '.join(list(there.values())[:40])}.",
        )
    needed = [column_of(service, role, table) for role in ("ra", "dec", "id", "name")]
    return table[list(dict.fromkeys(name for name in (*wanted.values(), *needed) if name))]


def column_of(service: Service, role: str, table: Table) -> str | None:
    """The column of an answer that has a role: as declared, or so but for case and quotes; None where it is not there."""
    declared = service.columns.get(role, "").strip('"')
    if not declared:
        return None
    names = [str(name) for name in table.colnames]
    if declared in names:
        return declared
    alike = [name for name in names if name.lower() == declared.lower()]
    if len(alike) == 1:
        return alike[0]
    # VizieR and others make names of odd characters plain: 3HWC is _3HWC, ER-min is ER_min.
    plain = "".join(c if c.isalnum() else "_" for c in declared.lower())
    alike = [name for name in names if name.lower().lstrip("_") == plain.lstrip("_")]
    return alike[0] if len(alike) == 1 else None
