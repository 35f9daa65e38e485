"""What must not be seen, taken out of what is shown: addresses, headers, and texts that services send back."""

from __future__ import annotations

import base64
import hashlib
import html
import logging
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from urllib.parse import quote, unquote_plus, urlsplit, urlunsplit

HIDDEN = "***"
SECRET = re.compile(
    r"(?<!page)(?<!page[_-])(?<!next)(?<!next[_-])(?<!resumption)(?<!continuation)token"  # those turn pages
    r"|passw(or)?d|secret|authori[sz]ation|api[_-]?key|access[_-]?key|signature|credential|cookie|^(sig|pwd|pass)$",
    re.IGNORECASE,
)
"""Names of query parameters and headers whose values are secrets."""


def trace(value: str) -> str:
    """What tells one secret from another, and does not give it away: one of four thousand million."""
    return hashlib.sha256(b"skyexplorer:" + value.encode()).hexdigest()[:8]


# What stands in a page or a document beside its text, and where a VOTable says what went wrong.
TAGS = re.compile(
    r"<(script|style|head)\b.*?</\1\s*>|<!--.*?-->|<!\[CDATA\[|\]\]>|<[^>]*>", re.DOTALL | re.IGNORECASE
)
ERROR_OF_A_VOTABLE = re.compile(
    r"""<INFO\b[^>]*\bvalue=["']ERROR["'][^>]*>(.*?)</INFO|<INFO\b[^>]*\bname=["']error["'][^>]*\bvalue="([^"]+)\"""",
    re.DOTALL | re.IGNORECASE,
)


def masked(url: str, hide: Callable[[str], str] = lambda value: HIDDEN) -> str:
    """An address without secrets: user and password, and parameters that are named as such.

    ``hide`` says what stands in their place.

    Examples
    --------
    >>> from skyexplorer.net.secrets import masked
    >>> masked("https://me:mine@example.org/tap?token=abc&q=M%2031")
    'https://***@example.org/tap?token=***&q=M%2031'
    """
    try:
        parts = urlsplit(str(url))
    except (
        ValueError
    ):  # an address so broken that its parts cannot be told: none of it is shown beyond the path
        return re.split(r"[?#]", re.sub(r"//[^/]*@", f"//{HIDDEN}@", str(url)))[0]
    where = parts.netloc.rpartition("@")
    return urlunsplit(
        parts._replace(
            netloc=f"{hide(where[0])}@{where[2]}" if where[1] else parts.netloc,
            query="&".join(_hidden(pair, hide) for pair in parts.query.split("&")) if parts.query else "",
            fragment="",
        )
    )


def _hidden(pair: str, hide: Callable[[str], str]) -> str:
    name, given, value = pair.partition("=")
    return f"{name}={hide(value)}" if given and value and SECRET.search(unquote_plus(name)) else pair


def values(url: str, headers: Mapping[str, str]) -> set[str]:
    """The secrets that a request carries, so that they can be taken out of a text."""
    found = {str(value) for name, value in headers.items() if SECRET.search(name)}
    found |= {part for value in tuple(found) for part in value.split()[1:]}  # Bearer …, Basic …
    basic = next(
        (v.split()[1] for n, v in headers.items() if n.lower() == "authorization" and v.startswith("Basic ")),
        "",
    )
    with suppress(ValueError):  # not what it says, so nothing is in it
        found |= set(base64.b64decode(basic).decode("latin-1").split(":", 1))
    parts = urlsplit(url)
    found |= {parts.password or "", parts.username or ""}
    for pair in parts.query.split("&"):
        name, _, value = pair.partition("=")
        if SECRET.search(unquote_plus(name)):
            found |= {value, unquote_plus(value)}
    return {value for value in found if len(value) > 3}


def without(text: str, secret: Iterable[str]) -> str:
    """The text without these values, however they are quoted."""
    for value in sorted(secret, key=len, reverse=True):
        text = text.replace(value, HIDDEN).replace(quote(value, safe=""), HIDDEN)
    return text


def shown(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers that may be kept and shown."""
    return {str(name): str(value) for name, value in headers.items() if not SECRET.search(name)}


def excerpt(content: bytes, length: int = 500) -> str:
    """The beginning of a text, in one line and without control characters; of a VOTable, its error; nothing of other bytes.

    Examples
    --------
    >>> from skyexplorer.net.secrets import excerpt
    >>> excerpt(b"<html><body><h1>Not here</h1> \\x1b[31mred</body></html>")
    'Not here \\\\x1b[31mred'
    """
    head = content[: 16 * length]
    if b"\0" in head:
        return ""
    text = head.decode("utf-8", "replace")
    if re.match(r"[\s\ufeff]*<[!?a-z]", text, re.IGNORECASE):
        said = ERROR_OF_A_VOTABLE.search(text)
        text = html.unescape(TAGS.sub(" ", (said[1] or said[2]) if said else text))
    text = " ".join(text.split())
    return "".join(
        c.encode("unicode_escape").decode("ascii") if unicodedata.category(c) in ("Cc", "Cf", "Cs") else c
        for c in text[:length]
    )


class _Discreet(logging.Filter):
    """urllib3 logs the path of each request, with its parameters."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(masked(a) if isinstance(a, str) and "?" in a else a for a in record.args)
        return True


def keep_out_of_logs() -> None:
    """Take secrets out of what urllib3 logs of requests."""
    log = logging.getLogger("urllib3.connectionpool")
    if not any(isinstance(present, _Discreet) for present in log.filters):
        log.addFilter(_Discreet())
