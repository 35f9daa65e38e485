"""Failures: what requests, urllib3 and sockets raise, and what statuses mean, in our words; without secrets."""

from __future__ import annotations

import errno
import re
import ssl
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from http.client import HTTPException, IncompleteRead
from typing import Any

import requests
from urllib3 import exceptions as urllib3

from skyexplorer.errors import (
    AnswerError,
    InputError,
    LateError,
    QueryError,
    RefusedError,
    ServiceError,
    UnreachableError,
)
from skyexplorer.net import secrets
from skyexplorer.net.exchange import REST, Exchange

FAILURES = (ServiceError, requests.RequestException, urllib3.HTTPError, HTTPException, OSError)
"""What may be raised on the way."""

SOON = 0.02  # s: a socket's clock and ours differ
BROKEN = (
    errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED, errno.ENOTCONN, errno.ESHUTDOWN, errno.ENETRESET, errno.ETIMEDOUT,
    errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN,
)  # fmt: skip
ADVICE = {
    401: "It asks for credentials: SKYEXPLORER_<ID>_TOKEN, or _USER and _PASSWORD, in the environment.",
    403: "It is not for everybody, or this address was shut out for asking too much.",
    404: "What was asked for is not there: is its name right, and public?",
    405: "Its address is not one for questions like this: has it changed?",
    407: "A proxy on the way asks for credentials: see HTTP_PROXY and HTTPS_PROXY.",
    408: "Try again later.",
    410: "What was asked for is gone.",
    413: "The question is too long for it: ask for less, or in a simpler region.",
    414: "The question is too long for it: ask for less, or in a simpler region.",
    425: "Try again later.",
    429: "It wants fewer questions: wait, then ask again.",
    500: "The service has a fault of its own: try again later, or ask something simpler.",
    502: "What stands in front of the service does not reach it: try again later.",
    431: "The question is too long for it: ask for less, or in a simpler region.",
    451: "It must not be given where you are.",
    503: "It is busy or being looked after: try again later.",
    504: "The service took too long for what stands in front of it: ask for less.",
}
OTHER = "It does not want this question: look at what is asked, and at the address of the service."
"""Of a status from 400 to 499 that is not in `ADVICE`."""


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and all that it was made of."""
    ahead: list[Any] = [error]
    seen: set[int] = set()
    while ahead:
        one = ahead.pop(0)
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            ahead += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]


class LineBroke(UnreachableError):
    """The line was there, and broke."""


class CutShort(AnswerError):
    """The answer began, and broke off."""


def cut_short(exchange: Exchange, got: int = 0, missing: int = 0) -> CutShort:
    """The error of an answer that broke off."""
    name = exchange.service or exchange.url
    return CutShort(
        f"The answer of {name} was cut short " + (f"after {got} bytes" if got else "at its beginning")
        + (f": {missing} more were announced." if missing > 0 else "."),
        advice="Try again.", service=exchange.service, url=exchange.url,
    )  # fmt: skip


def of_exchange(error: BaseException, exchange: Exchange, got: int = 0) -> ServiceError:
    """What an error of requests means; ``got`` bytes of the body had come."""
    chain = tuple(_chain(error))

    def first(*kinds: type[BaseException]) -> Any:
        return next((one for one in chain if isinstance(one, kinds)), None)

    who: dict[str, Any] = {"service": exchange.service, "url": exchange.url}
    name = exchange.service or exchange.url
    if ours := first(ServiceError):
        return ours
    timed_out = first(TimeoutError, urllib3.TimeoutError, requests.Timeout)
    if timed_out and exchange.deadline.left() < SOON:
        return exchange.late()
    if timed_out and exchange.patience < float("inf"):
        return LateError(
            f"{name} was silent for {exchange.patience:.3g} s.", advice="Try again later.", **who
        )
    if trouble := first(ssl.SSLError) or first(urllib3.SSLError, requests.exceptions.SSLError):
        reason = (
            getattr(trouble, "verify_message", "") or getattr(trouble, "reason", "") or type(trouble).__name__
        )
        return UnreachableError(
            f"No secure line to {name}: {str(reason).replace('_', ' ').lower()}.",
            advice="Is the clock of this machine right, and does something in between open secure lines?",
            **who,
        )
    if first(urllib3.ProxyError, requests.exceptions.ProxyError):
        return UnreachableError(
            f"The proxy does not let {name} be reached.",
            advice="See HTTP_PROXY, HTTPS_PROXY and NO_PROXY.",
            **who,
        )
    if first(urllib3.DecodeError, requests.exceptions.ContentDecodingError):
        return AnswerError(
            f"The answer of {name} is damaged: it cannot be unpacked.", advice="Try again.", **who
        )
    cut = first(IncompleteRead, urllib3.IncompleteRead, urllib3.InvalidChunkLength)
    reset = any(isinstance(one, OSError) and one.errno in BROKEN for one in chain)
    if exchange.waiting == REST and not reset and (cut or first(urllib3.ProtocolError)):
        missing = getattr(cut, "expected", None)
        return cut_short(exchange, got, missing if isinstance(missing, int) else 0)
    if reset or first(
        requests.ConnectionError, urllib3.ProtocolError, urllib3.NewConnectionError, ConnectionError
    ):
        if (bad := first(HTTPException)) and not isinstance(bad, ConnectionError | IncompleteRead):
            return AnswerError(
                f"{name} does not speak HTTP ({type(bad).__name__}).", advice="Is its address right?", **who
            )
        after = f" after {got} bytes of the answer" if got else " before it answered"
        return LineBroke(f"The line to {name} broke{after}.", advice="Try again.", **who)
    if first(urllib3.InvalidHeader, requests.exceptions.InvalidHeader, HTTPException, urllib3.HTTPError):
        return AnswerError(f"{name} does not speak HTTP as it should.", advice="Is its address right?", **who)
    storage = first(OSError)
    if storage is not None and not isinstance(storage, requests.RequestException):
        return ServiceError(
            f"The answer of {name} could not be put anywhere ({storage.strerror or type(storage).__name__}).",
            advice="Is the disk full? TMPDIR and SKYEXPLORER_CACHE name the folders.", **who,
        )  # fmt: skip
    return _unasked(name, error, who)


def of_session(error: requests.RequestException, service: str, url: str, most: int) -> ServiceError:
    """What requests itself finds wrong on the way: where it is sent on to."""
    kinds = requests.exceptions
    facts: dict[str, Any] = {"service": service, "url": secrets.masked(url)}
    name = service or facts["url"]
    if isinstance(error, kinds.TooManyRedirects):
        return AnswerError(
            f"{name} sends on and on, more than {most} times.",
            advice="Its address may have changed.",
            **facts,
        )
    if isinstance(error, kinds.InvalidURL | kinds.MissingSchema | kinds.InvalidSchema):
        return AnswerError(
            f"{name} sends on to what is no address.", advice="Its address may have changed.", **facts
        )
    return _unasked(name, error, facts)


def _unasked(name: str, error: BaseException, facts: Mapping[str, Any]) -> ServiceError:
    return ServiceError(
        f"{name} could not be asked ({type(error).__name__}).",
        advice="skyexplorer doctor tells what of the network is reached from here.",
        **facts,
    )


def of_question(error: Exception, url: str) -> InputError:
    """What is wrong with a question before it is sent."""
    kinds = requests.exceptions
    if isinstance(error, kinds.InvalidHeader):
        return InputError(
            "A header of the question cannot be sent.", advice="Has it a line break, or blanks around?"
        )
    if isinstance(error, kinds.InvalidURL | kinds.MissingSchema | kinds.InvalidSchema | UnicodeError):
        return InputError(
            f"{secrets.masked(url)!r} is no address of the web.",
            advice="Such begin with http:// or https://.",
        )
    return InputError(
        f"The question to {secrets.masked(url)} cannot be sent ({type(error).__name__}).",
        advice="Look at its address, and at what is asked: is there a character that no address holds?",
    )


def of_status(
    status: int, reason: str, headers: Mapping[str, str], text: str, service: str, url: str
) -> ServiceError:
    """What a status of 400 or more means, with the service's own words."""
    name = service or url
    said = f" It says: {text}" if text else ""
    facts: dict[str, Any] = {"service": service, "url": url, "status": status}
    reason = re.sub(r"[^\x20-\x7e]", "", reason)[:80]
    if status in (400, 422):
        return QueryError(
            f"{name} cannot answer this question (HTTP {status}).{said}",
            advice="Look at what is asked for: a name, a column or a condition that it does not know?", **facts,
        )  # fmt: skip
    error = RefusedError(
        f"{name} refuses: HTTP {status} {reason}".rstrip() + f".{said}",
        advice=ADVICE.get(status, OTHER if status < 500 else ADVICE[500]), **facts,
    )  # fmt: skip
    error.retry_after = retry_after(headers)
    if error.retry_after:
        error.advice = f"It asks to be left alone for {error.retry_after:.0f} s; then ask again."
    return error


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a service asks to wait: a number, or a date, which is counted from its own clock where it tells that.

    Examples
    --------
    >>> from skyexplorer.net.failures import retry_after
    >>> retry_after({"Retry-After": "30"})
    30.0
    >>> retry_after({"Retry-After": "Wed, 21 Oct 2026 07:28:10 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"})
    10.0
    """
    told = (headers.get("Retry-After") or "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d*)?", told):
        return float(told)
    then = _clock(told)
    if then is None:
        return None
    now = _clock(headers.get("Date") or "")
    return max(then - (time.time() if now is None else now), 0.0)


def _clock(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
