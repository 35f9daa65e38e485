"""Answers of the Virtual Observatory: asked for by `skyexplorer.net`, checked, and read; errors are ours.

pyvo reads what a service says and describes; its own requests are not used. What an answer tells of files is in `products`.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from skyexplorer.errors import AnswerError, FormatError, QueryError, UnreachableError
from skyexplorer.io import votable
from skyexplorer.services import loading, votables

if TYPE_CHECKING:
    from pyvo.dal.query import DALResults

    from skyexplorer.net import Reply, Web
    from skyexplorer.services.asking import Found
    from skyexplorer.services.registry import Service

Answered = TypeVar("Answered")
DAY = 86400.0
DAMAGED = (AttributeError, KeyError, IndexError, TypeError, ValueError)
"""What pyvo raises where an answer lacks what it takes for granted."""


@functools.cache
def _results() -> type[Any]:
    """pyvo's results with service descriptors, which say that they were cut in their status, and not by a warning."""
    loading.pyvo()
    from pyvo.dal.adhoc import DatalinkResultsMixin
    from pyvo.dal.query import DALResults

    class Results(DatalinkResultsMixin, DALResults):
        def _handle_overflow_warning(self, client_set_maxrec: int | None = None) -> None:
            pass

    return Results


def parse(raw: bytes, *, service: str, url: str) -> DALResults:
    """What a DAL service answered.

    Parameters
    ----------
    raw : bytes
        A VOTable.
    service, url : str
        For errors.

    Returns
    -------
    pyvo.dal.query.DALResults
        Of no rows too.

    Raises
    ------
    QueryError
        Where it says that it could not.
    AnswerError
        Where it is no VOTable, is damaged, or has no table.
    """
    loading.pyvo()
    from pyvo.dal.exceptions import DALFormatError, DALQueryError

    votables.check(raw, service=service, url=url)
    try:
        return _results()(votable.tree(raw), url=url)
    except DALQueryError as error:
        text = " ".join(str(error.reason or error).split())
        raise QueryError(
            f"{service} says: {text[:500]}", "Correct the question, or ask again.", service=service, url=url
        ) from error
    except (FormatError, DALFormatError, *DAMAGED) as error:
        text = getattr(error, "message", "") or str(error) or type(error).__name__
        raise AnswerError(f"{service}: {text[:300]}", "Ask it again.", service=service, url=url) from error


def overflow(results: DALResults) -> bool:
    """Whether the service has more rows than came."""
    return str(results.status[0]).upper() == "OVERFLOW"


def table(results: DALResults) -> Any:
    """The rows as an astropy Table, with UCDs in the meta of each column; AnswerError where they are damaged."""
    source = results.resultstable
    try:
        found = source.to_table(use_names_over_ids=True)
    except DAMAGED as error:
        text = str(error) or type(error).__name__
        raise AnswerError(
            f"The rows of the answer cannot be read: {text[:200]}.",
            "Ask it again.",
            url=results.queryurl or "",
        ) from error
    for column, name in zip(source.fields, found.colnames, strict=True):
        if column.ucd:
            found[name].meta["ucd"] = column.ucd
    return found


# Asking


def ask(
    web: Web,
    url: str,
    *,
    service: str,
    params: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
    keep: float | None = DAY,
    refresh: bool = False,
) -> tuple[DALResults, Reply]:
    """Ask a DAL service; a whole answer is kept for ``keep`` seconds.

    Returns
    -------
    results : DALResults
    reply : net.Reply

    Raises
    ------
    ServiceError
        Of its kinds; see `parse`.
    """
    return read_once(
        web, url, lambda reply: parse(reply.content, service=service, url=reply.url), cut=overflow,
        params=params, data=data, keep=keep, refresh=refresh,
    )  # fmt: skip


class Cut(Exception):
    """An answer that is good, but has less than there is: it is given, and not kept."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply


def read_once(
    web: Web,
    url: str,
    read: Callable[[Reply], Answered],
    *,
    cut: Callable[[Answered], bool] = lambda value: False,
    **given: Any,
) -> tuple[Answered, Reply]:
    """Fetch an answer and read it; what cannot be read is an error and is not kept, nor is what is cut.

    Parameters
    ----------
    web : Web
    url : str
    read : callable
        Makes of the reply what is wanted, or raises.
    cut : callable
        Whether what was made is less than there is.
    **given
        For `Web.fetch`.
    """
    made: list[Answered] = []

    def check(reply: Reply) -> None:
        made[:] = [read(reply)]
        if cut(made[0]):
            raise Cut(reply)

    try:
        reply = web.fetch(url, check=check, **given)
    except Cut as error:
        reply = error.reply
    return made[0] if made else read(reply), reply


def found(
    service: Service, results: DALResults, reply: Reply, *, max_rows: int | None = None, query: str = ""
) -> Found:
    """An answer as all clients of services give it.

    Parameters
    ----------
    max_rows : int, optional
        As many rows as were asked for, where the protocol does not say that there are more.
    """
    from skyexplorer.services.asking import Found, shown

    rows = table(results)
    cut = overflow(results) or (max_rows is not None and len(rows) >= max_rows)
    if max_rows is not None and len(rows) > max_rows:
        rows = rows[:max_rows]
    return Found(
        table=rows, overflow=cut, address=shown(service.address), query=query or reply.url, raw=reply.content,
        cached_at=reply.cached_at, retrieved=reply.retrieved, checksum="sha256:" + hashlib.sha256(reply.content).hexdigest(),
    )  # fmt: skip


def together(
    service: Service, answered: Sequence[tuple[DALResults, Found]], max_rows: int
) -> tuple[list[DALResults], Found]:
    """What came of the parts of a region (`meeting.parts`): results of each, and one answer of them, equal rows once."""
    from skyexplorer.services import merging

    results, parts = [one for one, _ in answered], [part for _, part in answered]
    if len(parts) == 1:
        return results, parts[0]
    whole = merging.merged(service, parts)
    if len(whole.table) > max_rows:
        whole = replace(whole, table=whole.table[:max_rows], overflow=True)
    return results, replace(whole, how="both halves of the sky")


def mirrored(service: Service, once: Callable[[str], Answered]) -> Answered:
    """What the first address of a service gives that can be reached.

    Raises
    ------
    UnreachableError
        Of the main address, where none can be.
    ServiceError
        Whatever the one that was reached says.
    """
    try:
        return once(service.address)
    except UnreachableError:
        for address in service.mirrors:
            with contextlib.suppress(UnreachableError):
                return once(address)
        raise
