"""Attempts: one hop of a question, asked as often as is right, and its answer read whole.

What is asked again, within the deadline and at most ``retries`` times for one question, redirects included:

=====================================  ============================  =======================================
what came                              GET, HEAD                     others (a sync query changes nothing)
=====================================  ============================  =======================================
429, 503 with Retry-After              after that time               after that time
429 without                            after 1, 2, 4 s …             not
503 without                            not: it is being looked after not
408, 502, 504                          after 1, 2, 4 s …             not
the line broke, the answer cut short   once, after half a second     not
=====================================  ============================  =======================================

Nobody there, unknown names and wrong certificates are told at once. Where the time asked for is longer than what is left
of the deadline, it is told at once too, and until then no other question goes to that host.
"""

from __future__ import annotations

import random
import tempfile
import weakref
from collections.abc import Callable
from typing import IO, Any

import requests
from urllib3.response import HTTPResponse

from skyexplorer.errors import AnswerError, RefusedError, ServiceError
from skyexplorer.net import failures, hosts, secrets
from skyexplorer.net.exchange import REST, Exchange
from skyexplorer.net.lines import Lines, carrying

SAFE = ("GET", "HEAD")
AGAIN = (408, 429, 502, 503, 504)
FIRST = 1.0  # s: pause before the first time that it is asked again; then twice that, and so on
IN_MEMORY = 2_000_000  # bytes of a body; what is longer goes to disk
PIECE = 32_768  # bytes that are read at once
UNASKED = ("br", "zstd", "compress", "x-compress")
BEGINNING = 20_000  # bytes of a body that are looked at for what it says

Sink = Callable[[requests.Response, Exchange], "IO[bytes]"]


class Attempts(Lines):
    """The adapter of a `Web`.

    Parameters
    ----------
    per_host : int
        Requests to a host at once, from this process.
    max_bytes : int
        Of a body, unpacked.
    retries : int
        How often a question is asked again.
    """

    def __init__(self, per_host: int, max_bytes: int, retries: int) -> None:
        self.per_host, self.max_bytes, self.retries = per_host, max_bytes, retries
        super().__init__(pool_connections=4, pool_maxsize=max(per_host, 1))

    def send(
        self, request: Any, stream: bool = False, timeout: Any = None, verify: Any = True, cert: Any = None,
        proxies: Any = None, *, exchange: Exchange, sink: Sink | None = None,
    ) -> requests.Response:  # fmt: skip
        """Ask, again where that is right, and read the answer."""
        host = hosts.key(request.url)
        exchange.url = secrets.masked(request.url)
        while True:
            self._heed(host, exchange)
            response, error = None, None
            with hosts.turn(host, self.per_host, exchange), carrying(exchange):
                self._heed(host, exchange)
                read, whole, exchange.ended = [0], False, False
                try:
                    exchange.waiting = f"a line to {host}"
                    exchange.patience = _patience(timeout)
                    limit = exchange.left()
                    response = super().send(request, True, (limit, limit), verify, cert, proxies)
                    if exchange.ended:  # http.client takes that for the end of the headers
                        raise failures.cut_short(exchange)
                    self._read(request, response, exchange, stream, sink, read)
                    whole = True
                except failures.FAILURES as failure:
                    error = failures.of_exchange(failure, exchange, read[0])
                finally:
                    if response is not None and not whole:
                        response.raw.close()
                    exchange.let_go()
                    exchange.patience = float("inf")
            if error is not None:
                exchange.check()
            if not self._again(request, response, error, exchange, host, sink):
                break
        if error is not None:
            try:
                raise error
            finally:
                del error  # it knows this frame
        assert response is not None
        if response.status_code in (429, 503):
            raise refused(response, exchange.service)
        return response

    def _heed(self, host: str, exchange: Exchange) -> None:
        """Wait for the quiet that a host asked for."""
        pause = hosts.quiet(host)
        if not pause:
            return
        if pause > exchange.deadline.left():
            error = RefusedError(
                f"{exchange.service or host} asked to be left alone for {pause:.0f} s more.",
                advice="Ask again after that time.", service=exchange.service, url=exchange.url,
            )  # fmt: skip
            error.retry_after = pause
            raise error
        exchange.waiting = f"the end of the quiet that {host} asked for"
        exchange.until(lambda: False, pause)

    def _again(
        self, request: Any, response: Any, error: Exception | None, exchange: Exchange, host: str, sink: Sink | None
    ) -> bool:  # fmt: skip
        """Whether to ask again; waits as long as is right before."""
        safe = request.method in SAFE
        if error is not None:
            broke = isinstance(error, failures.LineBroke | failures.CutShort)
            if not (broke and safe and sink is None and exchange.tries == 0 < self.retries):
                return False
            pause = 0.5
        else:
            status = response.status_code
            if status not in AGAIN or not isinstance(request.body, str | bytes | None):
                return False
            asked = failures.retry_after(response.headers) if status in (429, 503) else None
            if asked is not None:
                hosts.hush(host, asked)
            elif not safe or status == 503:
                return False
            pause = asked if asked is not None else FIRST * 2.0**exchange.tries * random.uniform(0.75, 1.25)
            if status == 429:
                hosts.hush(host, pause)
        if exchange.tries >= self.retries or pause >= exchange.deadline.left():
            return False
        exchange.tries += 1
        exchange.waiting = "the time to ask again"
        exchange.until(lambda: False, pause)
        return True

    def _read(
        self, request: Any, response: Any, exchange: Exchange, stream: bool, sink: Sink | None, read: list[int]
    ) -> None:  # fmt: skip
        """Read the body, and put it in place of the line; ``read[0]`` counts its bytes, also where it breaks off."""
        raw, name = response.raw, exchange.service or exchange.url
        exchange.waiting = REST
        coming = announced(response) if request.method != "HEAD" else None
        wanted = sink is not None and response.status_code in (200, 206)
        body = sink(response, exchange) if wanted and sink else tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
        try:
            if coming is not None and coming > self.max_bytes:
                raise too_large(name, coming, self.max_bytes, exchange)
            packing = raw.headers.get("Content-Encoding", "").strip().lower()
            unpack = bool(packing) and not getattr(
                body, "as_sent", False
            )  # else what came last is lost with a break
            if unpack and packing in UNASKED and packing not in HTTPResponse.CONTENT_DECODERS:
                raise AnswerError(
                    f"The answer of {name} is packed with {packing}, which was not asked for.",
                    "A proxy on the way may have packed it: try another network, or tell whoever keeps the service.",
                    service=exchange.service, url=exchange.url,
                )  # fmt: skip
            for piece in raw.stream(PIECE, decode_content=unpack):
                read[0] += len(piece)
                if read[0] > self.max_bytes:
                    raise too_large(name, read[0], self.max_bytes, exchange)
                body.write(piece)
                exchange.check()
            if coming is not None and raw.tell() < coming:  # urllib3 2 finds that itself
                raise failures.cut_short(exchange, raw.tell(), coming - raw.tell())
            exchange.check()
            raw.release_conn()
        except BaseException:
            body.close()
            raise
        if wanted:
            body.close()
            body = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
        body.seek(0)
        _replace(response, body, stream)


def _patience(timeout: Any) -> float:
    """Seconds for a single read, of a ``timeout`` as requests understands it."""
    single = timeout[-1] if isinstance(timeout, tuple) else timeout
    return float(single) if isinstance(single, int | float) and single > 0 else float("inf")


def announced(response: requests.Response) -> int | None:
    """Bytes that the headers say will come."""
    told = response.headers.get("Content-Length", "").strip()
    chunked = "chunked" in response.headers.get("Transfer-Encoding", "").lower()
    nothing = response.status_code in (204, 304)
    return int(told) if told.isdigit() and not chunked and not nothing else None


def too_large(name: str, size: int, most: int, exchange: Exchange) -> AnswerError:
    """The error of an answer of more bytes than are allowed."""
    return AnswerError(
        f"The answer of {name} is too large: {size / 1e6:.0f} MB or more, of at most {most / 1e6:.0f} MB.",
        advice="Ask for a smaller region, fewer columns or fewer rows.", service=exchange.service, url=exchange.url,
    )  # fmt: skip


def _replace(response: Any, body: IO[bytes], stream: bool) -> None:
    """Put the body that was read in place of the line that it came on; it is unpacked, and said to be."""
    line = response.raw
    headers = line.headers.copy()
    for name in ("Content-Encoding", "Content-Length", "Transfer-Encoding"):
        headers.pop(name, None)
    response.raw = HTTPResponse(
        body, headers=headers, status=line.status, reason=line.reason, version=line.version, preload_content=False,
        original_response=line._original_response, enforce_content_length=False,
    )  # fmt: skip
    # pyvo gives raw.read another form, which makes a circle of it: the collector may then meet the file before the response.
    weakref.finalize(response.raw, body.close)
    if not stream:
        response._content = body.read()  # requests would hold it twice
        response._content_consumed = True
        response.raw.close()


def refused(response: requests.Response, service: str) -> ServiceError:
    """The error that a status means, with what the body says."""
    beginning = response.content[:BEGINNING]
    assert response.request is not None
    own = secrets.values(response.request.url or "", response.request.headers)
    return failures.of_status(
        response.status_code, response.reason or "", response.headers,
        secrets.without(secrets.excerpt(beginning), own), service, secrets.masked(response.url),
    )  # fmt: skip
