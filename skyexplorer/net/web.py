"""Web: a session of requests that keeps a deadline, can be cancelled, and fails with our errors.

It is made for one question and closed after it. Handed to pyvo or astroquery as their session it changes nothing for
them, but that the answer is whole when they get it. What happens on the way is told in `attempts` (what is asked again),
`hosts` (turns) and `lines` (time).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.structures import CaseInsensitiveDict

from skyexplorer import __version__
from skyexplorer.errors import AnswerError, LateError, RefusedError, UnreachableError
from skyexplorer.net import attempts, cache, failures, hosts, secrets
from skyexplorer.net.deadline import Deadline, offline
from skyexplorer.net.exchange import Exchange

AGENT = f"skyexplorer/{__version__} (+https://github.com/skyexplorer/skyexplorer) (IVOA-science)"
REDIRECTS = 10
# Of an answer: its table takes as much again and some, and 300 MB are what a question may cost.
MOST_BYTES = 130_000_000
HERE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Reply:
    """What came, whole.

    Parameters
    ----------
    content : bytes
        Unpacked.
    url : str
        Where it came from at last, without secrets.
    status : int
        Of HTTP.
    headers : Mapping
        Without secrets; names in any case.
    seconds : float
        From the question to the last byte; 0 from the cache.
    retrieved : str
        When it came from the service, ISO UTC.
    cached_at : str
        The same, where it was kept and not asked for now; else empty.
    """

    content: bytes = field(repr=False)
    url: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    seconds: float
    retrieved: str
    cached_at: str = ""

    @property
    def text(self) -> str:
        """As text: in the charset of its headers, else UTF-8."""
        charset = requests.utils.get_encoding_from_headers(CaseInsensitiveDict(self.headers)) or "utf-8"
        try:
            return self.content.decode("utf-8" if charset == "ISO-8859-1" else charset)
        except (LookupError, UnicodeDecodeError):
            return self.content.decode("latin-1")

    def json(self) -> Any:
        """As JSON.

        Raises
        ------
        AnswerError
            If it is not.
        """
        try:
            return json.loads(self.content)
        except ValueError as error:
            said = secrets.excerpt(self.content, 200)
            raise AnswerError(
                f"{self.url} gave no JSON ({error}), but: {said or 'no text'}",
                "It may be a page to sign in to the network: open the address in a browser."
                if said.lstrip().startswith("<")
                else "Try again; if it stays so, the service has changed its answers.",
                url=self.url,
                status=self.status,
            ) from None


class Web(requests.Session):
    """The network, for one question.

    Parameters
    ----------
    service : str, optional
        Id of who is asked, for messages and the cache; else the host is named.
    deadline : Deadline or float, optional
        Seconds for all that is asked through this, from now on. Looking names up, waiting for turns, redirects, asking
        again and bodies that drip are in it.
    per_host : int, optional
        Requests to one host at once, over the whole process; the strictest who asks counts.
    max_bytes : int, optional
        Of one answer, unpacked.
    user_agent : str, optional
        Added to what is sent.
    auth : callable, optional
        As `credentials.of` gives it. It goes only to the host that is asked first, and only over TLS.
    retries : int, optional
        How often a question is asked again at most, where that is right.

    Raises
    ------
    UnreachableError, LateError, RefusedError, AnswerError, Cancelled, InputError
        By all that asks; never those of requests. Statuses of 400 and more are errors in `fetch`; elsewhere
        only 429 and 503, when all attempts were in vain.

    Examples
    --------
    >>> from skyexplorer.net import Web
    >>> with Web("simbad", deadline=20) as web:  # doctest: +SKIP
    ...     reply = web.fetch("https://simbad.cds.unistra.fr/simbad/sim-tap/capabilities", keep=86400)
    """

    def __init__(
        self, service: str = "", deadline: Deadline | float = 60, *, per_host: int = 1, max_bytes: int = MOST_BYTES,
        user_agent: str = "", auth: Any = None, retries: int = 3,
    ) -> None:  # fmt: skip
        super().__init__()
        secrets.keep_out_of_logs()
        self.service, self.deadline = service, Deadline.of(deadline)
        self.auth = auth
        self.max_redirects = REDIRECTS
        self.headers.update({
            "User-Agent": f"{AGENT} {user_agent}".rstrip(), "Accept-Encoding": "gzip, deflate",
        })  # fmt: skip
        for scheme in ("https://", "http://"):
            self.mount(scheme, attempts.Attempts(per_host, max_bytes, retries))
        self._trusted = ""
        self._on_way: set[Exchange] = set()
        self._lock = threading.Lock()

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:
        """As in requests."""
        try:
            return super().request(method, url, *args, **kwargs)
        except (requests.RequestException, UnicodeError) as error:
            problem = failures.of_question(error, url)
        raise problem

    def prepare_request(self, request: Any) -> Any:
        """As in requests, but that credentials go only where they belong."""
        own = self.auth is not None and request.auth is None
        if own:
            request.auth = _nobody
        ready = super().prepare_request(request)
        if own:
            host = hosts.key(ready.url)
            self._trusted = self._trusted or host
            if host == self._trusted:
                if urlsplit(ready.url).scheme != "https" and host.rpartition(":")[0] not in HERE:
                    raise RefusedError(
                        f"Credentials for {self.service or host} are not sent over an open line.",
                        advice="Use an address with https.", service=self.service, url=secrets.masked(ready.url),
                    )  # fmt: skip
                ready.prepare_auth(self.auth, ready.url)
        return ready

    def send(self, request: Any, exchange: Exchange | None = None, **kwargs: Any) -> requests.Response:
        """As in requests. The exchange is handed on to each hop of a redirect."""
        if exchange is not None:
            return super().send(request, exchange=exchange, **kwargs)
        if urlsplit(request.url).scheme not in ("http", "https"):
            raise failures.of_question(requests.exceptions.InvalidSchema(), request.url)
        name = self.service or hosts.key(request.url).rpartition(":")[0]
        shown = secrets.masked(request.url)
        if offline():
            raise UnreachableError(
                f"{name} is not asked: skyexplorer works offline.",
                advice="net.offline(False) or SKYEXPLORER_OFFLINE=0 ends that.", service=name, url=shown,
            )  # fmt: skip
        problem = None
        with Exchange(name, shown, self.deadline) as way:
            with self._lock:
                self._on_way.add(way)
            try:
                way.check()
                response = super().send(request, exchange=way, **kwargs)
            except requests.RequestException as error:
                problem = failures.of_session(error, name, request.url, self.max_redirects)
            finally:
                with self._lock:
                    self._on_way.discard(way)
        if problem is not None:
            raise problem
        for each in (response, *response.history):
            each.url = secrets.masked(each.url)
        return response

    def get_redirect_target(self, resp: Any) -> str | None:
        """As in requests, but not from a secure line to an open one, nor to what is not the web."""
        target = super().get_redirect_target(resp)
        if not target:
            return target
        before = urlsplit(resp.url).scheme
        try:
            after = urlsplit(urljoin(resp.url, target)).scheme
        except ValueError:  # it cannot be taken apart
            after = ""
        if after not in ("http", "https") or (before, after) == ("https", "http"):
            raise AnswerError(
                f"{self.service or secrets.masked(resp.url)} sends on from {before} to {secrets.masked(target)!r}.",
                advice="Its address may have changed.", service=self.service, url=secrets.masked(resp.url),
                status=resp.status_code,
            )  # fmt: skip
        return target

    def rebuild_auth(self, prepared_request: Any, response: Any) -> None:
        """As in requests; other headers with secrets stay behind too where the host changes."""
        if self.should_strip_auth(response.request.url, prepared_request.url):
            for name in tuple(prepared_request.headers):
                if secrets.SECRET.search(name) and name.lower() != "cookie":  # requests has just chosen those
                    del prepared_request.headers[name]
        super().rebuild_auth(prepared_request, response)

    def fetch(
        self, url: str, params: Any = None, data: Any = None, files: Any = None, headers: Mapping[str, str] | None = None,
        *, method: str | None = None, keep: float | None = None, refresh: bool = False,
        check: Callable[[Reply], None] | None = None, accept: Iterable[int] = (), timeout: Any = None,
    ) -> Reply:  # fmt: skip
        """Ask, and give the answer whole; from the cache where it is new enough.

        Parameters
        ----------
        url : str
        params, data, files, headers : optional
            As in requests; ``data`` or ``files`` make it a POST.
        method : str, optional
            Another one.
        keep : float, optional
            Seconds for which a kept answer is as good as a new one; None: it is neither looked for nor kept. Where the
            service gave a mark (ETag), an older one is asked about, and given if it still holds. Offline, the age does
            not count.
        refresh : bool, optional
            Ask anyway.
        check : callable, optional
            Is given the reply, and raises for what is an error in disguise or not whole: that is not kept.
        accept : iterable of int, optional
            Statuses of 400 and more that are answers too; they are not kept.
        timeout : float, optional
            Seconds of silence that are allowed.

        Returns
        -------
        Reply

        Raises
        ------
        QueryError
            For the statuses 400 and 422.
        RefusedError
            For others of 400 and more.
        UnreachableError, LateError, AnswerError, Cancelled
        """
        method = (method or ("GET" if data is None and files is None else "POST")).upper()
        given = dict(headers or {})
        key, kept = "", None
        if keep is not None:
            key = self.key(method, url, params, data, files, given)
            kept = cache.get(key)
            if kept is not None and (offline() or (not refresh and kept.age <= keep)):
                return _of_kept(kept)
        if kept is not None and kept.facts.get("etag") and not refresh:
            given.setdefault("If-None-Match", kept.facts["etag"])
        start = time.perf_counter()
        try:
            response = self.request(
                method, url, params=params, data=data, files=files, headers=given, timeout=timeout
            )
        except (UnreachableError, LateError, RefusedError) as error:
            if kept is not None:
                error.advice = f"An answer of {kept.facts['retrieved']} is kept: net.offline(True) gives it."
            raise
        if kept is not None and response.status_code == 304:
            cache.touch(key)
            return _of_kept(kept)
        if response.status_code >= 400 and response.status_code not in accept:
            raise attempts.refused(response, self.service)
        reply = Reply(
            response.content, response.url, response.status_code, CaseInsensitiveDict(secrets.shown(response.headers)),
            time.perf_counter() - start, datetime.now(UTC).isoformat(timespec="seconds"),
        )  # fmt: skip
        if check is not None:
            check(reply)
        if key and reply.status == 200:
            cache.put(key, reply.content, {
                "service": self.service or urlsplit(reply.url).hostname or "", "url": reply.url, "status": reply.status,
                "headers": dict(reply.headers), "retrieved": reply.retrieved, "etag": reply.headers.get("ETag", ""),
            })  # fmt: skip
        return reply

    def kept(
        self, url: str, params: Any = None, data: Any = None, files: Any = None, headers: Mapping[str, str] | None = None,
        *, method: str | None = None,
    ) -> Reply | None:  # fmt: skip
        """The answer to a question that is kept, however old it is; None where there is none. Arguments as for `fetch`."""
        method = (method or ("GET" if data is None and files is None else "POST")).upper()
        found = cache.get(self.key(method, url, params, data, files, dict(headers or {})))
        return None if found is None else _of_kept(found)

    def pour(self, url: str, headers: Mapping[str, str], sink: attempts.Sink) -> requests.Response:
        """GET, with the body of a good answer written where ``sink(response, exchange)`` says."""
        try:
            ready = self.prepare_request(requests.Request("GET", url, headers=dict(headers)))
        except (requests.RequestException, UnicodeError) as error:
            problem = failures.of_question(error, url)
        else:
            return self.send(
                ready, sink=sink, **self.merge_environment_settings(ready.url, {}, True, None, None)
            )
        raise problem

    def key(
        self, method: str, url: str, params: Any = None, data: Any = None, files: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> str:  # fmt: skip
        """The key of a question: all that the answer may depend on; of secrets only a trace."""
        try:
            ready = requests.Request(method, url, params=params).prepare()
        except (requests.RequestException, UnicodeError) as error:
            problem = failures.of_question(error, url)
        else:
            known = {
                **(headers or {}),
                **({} if self.auth is None else {"authorization": _header(self.auth)}),
            }
            sent = _traced(data) if isinstance(data, Mapping) else data
            where = secrets.masked(ready.url, secrets.trace)
            return cache.key(self.service, method, where, sent, files, _traced(known))
        raise problem

    def close(self) -> None:
        """Close its lines; what is on its way ends."""
        with self._lock:
            ways = tuple(self._on_way)
        for way in ways:
            way.stop("closed")
        super().close()

    def __enter__(self) -> Web:
        return self


def _traced(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Headers or parameters, with a trace in the place of each secret."""
    return {
        str(name).lower(): secrets.trace(str(value)) if secrets.SECRET.search(str(name)) else value
        for name, value in facts.items()
    }


def _header(auth: Any) -> str:
    """The header that these credentials make."""
    return str(
        requests.Request("GET", "https://localhost/", auth=auth).prepare().headers.get("Authorization")
    )


def _nobody(request: Any) -> Any:
    """Sends no credentials."""
    return request


def _of_kept(kept: cache.Kept) -> Reply:
    facts = kept.facts
    return Reply(
        kept.content, facts.get("url", ""), facts.get("status", 200), CaseInsensitiveDict(facts.get("headers", {})), 0.0,
        facts["retrieved"], facts["retrieved"],
    )  # fmt: skip
