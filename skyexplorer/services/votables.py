"""Answers in VOTables: told from error pages, cut ones and errors in them, and read in slices that hold nobody up.

What is read holds the interpreter for no longer than some tens of milliseconds at a time, also where an answer has a million
rows: other threads, the kernel's loop among them, go on.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from skyexplorer.errors import AnswerError, FormatError, QueryError

if TYPE_CHECKING:
    from astropy.table import Table

ENDS = 20_000  # bytes at the start and at the end in which a service says how it went
_INFO = re.compile(
    # A value may have ">" in it.
    rb"""<(?:\w+:)?(?:INFO|PARAM)\b((?:[^>"']|"[^"]*"|'[^']*')*?)(?:/>|>(.*?)</(?:\w+:)?(?:INFO|PARAM)\s*>)""",
    re.S | re.I,
)
_ATTRIBUTE = re.compile(rb"""(\w+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_END = re.compile(rb"</(?:\w+:)?VOTABLE\s*>\s*(?:<!--.*?-->\s*)*\Z", re.S)


def said(raw: bytes) -> list[tuple[str, str, str]]:
    """What the INFOs and PARAMs at both ends of an answer say: name, value, text."""
    parts = [raw] if len(raw) < 2 * ENDS else [raw[:ENDS], raw[-ENDS:]]
    found = []
    for part in parts:
        for match in _INFO.finditer(part):
            given = {
                name.lower().decode("ascii", "replace"): (one or other)
                for name, one, other in _ATTRIBUTE.findall(match.group(1))
            }
            name, value = (_text(given.get(key, b"")) for key in ("name", "value"))
            found.append((name, value, _text(match.group(2) or b"")))
    return found


def _text(raw: bytes) -> str:
    import html

    return " ".join(html.unescape(re.sub(r"<!\[CDATA\[|\]\]>", "", raw.decode("utf-8", "replace"))).split())


def overflow(raw: bytes) -> bool:
    """Whether the service says that it has more rows."""
    return any(name.upper() == "QUERY_STATUS" and value.upper() == "OVERFLOW" for name, value, _ in said(raw))


def check(raw: bytes, *, service: str, url: str) -> None:
    """Refuse what is no whole VOTable, or one that says that the question failed.

    Raises
    ------
    AnswerError
        For an empty body, a page for people, anything else that is no VOTable, or one that is cut short.
    QueryError
        Where the service says no to the question.
    """
    facts: dict[str, Any] = {"service": service, "url": url}
    start = raw[:4000].lstrip(b"\xef\xbb\xbf \t\r\n")
    low = start.lower()
    if not start:
        raise AnswerError(f"{service} answered with nothing.", "Ask it again.", **facts)
    if b"votable" not in low:
        page = low.startswith((b"<!doctype html", b"<html")) or b"<html" in low
        what = "a page for people" if page else "something else than a VOTable"
        words = " ".join(re.sub(r"<[^>]*>", " ", start[:2000].decode("utf-8", "replace")).split())
        raise AnswerError(
            f"{service} answered with {what}: {words[:120]!r}.",
            "It may be out of order: try again later.",
            **facts,
        )
    infos = said(raw)
    for name, value, text in infos:
        if name.upper() == "QUERY_STATUS" and value.upper() == "ERROR":
            reason = text or "no reason is given"
            raise QueryError(
                f"{service} says: {reason[:500]}", "Correct the question, or ask again.", **facts
            )
    if not _END.search(raw[-2000:]):
        raise AnswerError(
            f"{service} answered with a VOTable that is cut short, after {len(raw):,} bytes.",
            "Ask it again.",
            **facts,
        )
    if (
        b"<TABLEDATA" not in raw[:200_000]
        and b"<BINARY" not in raw[:200_000]
        and b"<FITS" not in raw[:200_000]
    ):
        for name, value, text in infos:
            if name.lower() == "error":
                raise QueryError(
                    f"{service} says: {(text or value)[:500]}", "Correct the question, or ask again.", **facts
                )


def table(raw: bytes, *, service: str, url: str) -> Table:
    """The rows of an answer; none is an answer too.

    Raises
    ------
    AnswerError
        If it cannot be read.
    """
    from skyexplorer.services import slices

    try:
        return slices.read(raw)
    except FormatError as error:
        if isinstance(error, AnswerError):
            raise
        raise AnswerError(f"{service}: {error.message}", "Ask it again.", service=service, url=url) from error
