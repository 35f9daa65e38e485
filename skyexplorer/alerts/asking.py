"""Asking: what all sources of events have in common: where they are, how long there is, what they answered.

An `Asker` is one question, put to one source after another or side by side; each source is spoken to in a `Talk`, which is
one line of the ledger whatever happens in it. A source that answers, but knows no such event, raises `Unknown`: its line is
good, with no rows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urljoin, urlsplit

from skyexplorer.errors import (
    AnswerError,
    FormatError,
    LateError,
    NotFoundError,
    ServiceError,
    SkyExplorerError,
    UnreachableError,
)
from skyexplorer.model.ledger import Answer, Ledger
from skyexplorer.model.origin import Origin

if TYPE_CHECKING:
    from types import TracebackType

    from skyexplorer.net import Deadline, Reply, Web

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
MOST_TEXT = 50_000_000
"""Bytes of an answer that is no map: the longest list has 3 MB."""
MOST_MAP = 1_000_000_000
"""Bytes of a file that is fetched without being asked for by its address: maps have up to 50 MB, releases of many maps some
100 MB."""


FAILED = (ServiceError, FormatError)
"""What a source raises that could not be asked, or answered what cannot be read."""


class Place(Protocol):
    """What of a service's row is needed here; see `skyexplorer.services.registry.Service`."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def address(self) -> str: ...  # noqa: D102
    @property
    def per_host(self) -> int: ...  # noqa: D102
    @property
    def table(self) -> str: ...  # noqa: D102
    @property
    def reference(self) -> str: ...  # noqa: D102
    @property
    def licence(self) -> str: ...  # noqa: D102
    @property
    def extra(self) -> Mapping[str, Any]: ...  # noqa: D102


@dataclass(frozen=True)
class Bare:
    """A place that is in no row."""

    id: str
    address: str
    per_host: int = 1
    table: str = ""
    reference: str = ""
    licence: str = "unknown"
    extra: Mapping[str, Any] = field(default_factory=dict)


class Unknown(NotFoundError):
    """A source answered that it has no event, or no version, of this name; ``near`` are names that look like it."""

    def __init__(self, message: str, advice: str = "", near: tuple[str, ...] = ()) -> None:
        super().__init__(message, advice)
        self.near = near


class Asker:
    """One question and its ledger; safe to be used from several threads.

    Parameters
    ----------
    places : mapping of str to Place
        The rows of the services, by id.
    deadline : float or Deadline
        Seconds for all of it.
    asking : callable, optional
        A context manager in which a service is asked, given its id, that has ``tell`` for what came: who shows the ledger
        while it is written hands it in.
    live : bool
        Whether the network is used; else only answers that were kept, however old.
    refresh : bool
        Ask anyway, and give no answer that was kept.
    """

    def __init__(
        self, places: Mapping[str, Place], deadline: float | Deadline = 60.0,
        asking: Callable[[str], AbstractContextManager[Any]] = nullcontext, live: bool = True, refresh: bool = False,
    ) -> None:  # fmt: skip
        from skyexplorer.net import Deadline

        self.places = places
        self.deadline = deadline if isinstance(deadline, Deadline) else Deadline(deadline)
        self.asking, self.live, self.refresh = asking, live, refresh
        self._answers: list[Answer] = []
        self._lock = Lock()

    def place(self, service: str) -> Place:
        """Where a service is; NotFoundError for one that no row tells of."""
        try:
            return self.places[service]
        except KeyError:
            raise NotFoundError(
                f"No row of the services tells where {service} is.", "Add one to your services.toml."
            ) from None

    def has(self, service: str) -> bool:
        """Whether a row tells where it is."""
        return service in self.places

    def talk(self, service: str) -> Talk:
        """Speak to a service, in a ``with`` statement."""
        return Talk(self, self.place(service))

    def talking(self, place: Place) -> Talk:
        """The same for a place that no row tells of."""
        return Talk(self, place)

    def note(self, answer: Answer) -> None:
        """Write a line into the ledger."""
        with self._lock:
            self._answers.append(answer)

    @property
    def ledger(self) -> Ledger:
        """What was answered so far."""
        with self._lock:
            return Ledger(self._answers)


class Talk:
    """Questions to one service, one line of the ledger.

    Attributes
    ----------
    base : str
        Its address with what its row says lies below, ending in ``/``.
    rows, overflow, message
        What the ledger will say.
    failed : SkyExplorerError or None
        What failed, although there was something to return: the ledger has it as a failure.
    """

    def __init__(self, asker: Asker, place: Place) -> None:
        self.asker, self.place = asker, place
        self.base = urljoin(place.address.rstrip("/") + "/", str(place.extra.get("api", "")).lstrip("/"))
        self.rows: int | None = None
        self.overflow = False
        self.message = ""
        self.failed: SkyExplorerError | None = None
        self.address = self.cached_at = ""
        self.replies: list[Reply] = []
        self._web: Web | None = None
        self._began = 0.0
        self._asked: AbstractContextManager[Any] = nullcontext()
        self._row: Any = None

    def __enter__(self) -> Talk:
        from skyexplorer.net import Web

        self._began = monotonic()
        self._asked = self.asker.asking(self.place.id)
        self._row = self._asked.__enter__()
        self._web = Web(self.place.id, self.asker.deadline, per_host=self.place.per_host, max_bytes=MOST_TEXT)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._web is not None:
            self._web.close()
        unknown = isinstance(error, Unknown)
        facts: dict[str, Any] = {
            "rows": 0 if unknown else self.rows,
            "overflow": self.overflow,
            "address": self.address or self.base,
            "message": error.message if isinstance(error, Unknown) else self.message,
            "cached_at": self.cached_at,
        }
        seconds = monotonic() - self._began
        if error is None and self.failed is not None:
            kind, error, trace = type(self.failed), self.failed, self.failed.__traceback__
        if error is None or unknown:
            self.asker.note(
                Answer(self.place.id, "cached" if self.cached_at else "ok", seconds=seconds, **facts)
            )
        else:
            facts = {"address": facts["address"]}
            self.asker.note(Answer.of_error(self.place.id, error, seconds=seconds, **facts))
        if hasattr(self._row, "tell"):
            self._row.tell(**facts)
        self._asked.__exit__(*((None, None, None) if unknown else (kind, error, trace)))

    def say(self, text: str) -> None:
        """Something for the ledger, beside what was said before."""
        if text and text not in self.message:
            self.message = "; ".join(filter(None, (self.message, text)))

    def url(self, path: str) -> str:
        """The address of something below `base`; a whole address stays."""
        return path if re.match(r"https?://", path) else self.base + path.lstrip("/")

    def fetch(
        self, path: str, params: Mapping[str, Any] | None = None, *, keep: float | None = None, check: Any = None,
        data: Mapping[str, Any] | None = None, missing: str = "", accept: tuple[int, ...] = (),
    ) -> Reply:  # fmt: skip
        """What lies at an address.

        Parameters
        ----------
        path : str
            Below `base`, or whole.
        keep : float, optional
            Seconds for which an answer that was kept may serve.
        missing : str
            What the service does not know where it says 404; `Unknown` is raised then.
        """
        assert self._web is not None, "a Talk is used in a with statement"
        url, wanted = self.url(path), (*accept, 404) if missing else accept
        try:
            if not self.asker.live:
                raise UnreachableError(
                    f"No answer of {self.place.id} is kept.",
                    "Ask with live=True.",
                    service=self.place.id,
                    url=url,
                )
            reply = self._web.fetch(
                url,
                params=params,
                data=data,
                keep=keep,
                check=check,
                accept=wanted,
                refresh=self.asker.refresh,
            )
        except FAILED as error:
            old = keep is not None and not self.asker.refresh
            kept = self._web.kept(url, params, data) if old else None
            if kept is None and isinstance(error, ServiceError):
                raise
            if kept is None:
                raise AnswerError(
                    f"The answer of {self.place.id} cannot be read: {error.message}", error.advice,
                    service=self.place.id, url=url,
                ) from error  # fmt: skip
            # An old answer that says its age is more than none.
            if self.asker.live:
                self.say(f"{error.message} An answer that was kept is given")
            reply = kept
        self.address = reply.url or self.url(path)
        self.cached_at = max(self.cached_at, reply.cached_at)
        self.replies.append(reply)
        if missing and reply.status == 404:
            raise Unknown(f"{self.place.id} knows no {missing}.")
        return reply

    def json(self, path: str, params: Mapping[str, Any] | None = None, **how: Any) -> Any:
        """A document in JSON; AnswerError where it is none."""
        return self.parsed(self.fetch(path, params, check=self.parsed, **how))

    def parsed(self, reply: Reply) -> Any:
        """An answer in JSON as a document; None where it is a 404."""
        if reply.status == 404:
            return None
        try:
            return json.loads(reply.content)
        except (ValueError, RecursionError) as error:
            start = " ".join(reply.content[:60].decode("utf-8", "replace").split())
            raise AnswerError(
                f"{self.place.id} answered something that is no JSON: {start!r}.",
                "It may be under maintenance: ask again later.",
                service=self.place.id, url=reply.url, status=reply.status,
            ) from error  # fmt: skip

    def text(self, path: str, params: Mapping[str, Any] | None = None, **how: Any) -> str:
        """A page as text."""
        return self.fetch(path, params, **how).content.decode("utf-8", "replace")

    def optional(self, what: str, notes: list[str], path: str, **how: Any) -> Any:
        """A document without which the event can do; None where it is not to be had, which is told in the notes."""
        try:
            return self.json(path, missing=what, **how)
        except NotFoundError:
            return None
        except LateError:
            raise
        except ServiceError as error:
            notes.append(f"{what} could not be had ({error.message})")
            self.say(notes[-1])
            return None

    def pages(
        self, path: str, params: Mapping[str, Any], key: str, most: int, *, keep: float | None = None,
        last: Any = None,
    ) -> Iterator[Mapping[str, Any]]:  # fmt: skip
        """The rows of a list that comes in pages, of which each names the next.

        Parameters
        ----------
        key : str
            Where the rows are in a page.
        most : int
            Rows after which no further page is asked for; `overflow` tells that there are more.
        last : callable, optional
            Asked with the rows of a page, says whether those are the last that are wanted.
        """
        address, question, count, seen = path, dict(params), 0, set()
        while address:
            page = self.json(address, question or None, keep=keep)
            if isinstance(page, list):
                page = {key: page}
            if not isinstance(page, dict) or not isinstance(page.get(key), list):
                raise self.odd(f"a page without {key!r}")
            rows = [row for row in page[key] if isinstance(row, dict)]
            yield from rows
            count += len(rows)
            links = page.get("links")
            following = page.get("next") or (links.get("next") if isinstance(links, dict) else None)
            address, question = self.own(following), {}
            if address and (count >= most or (last is not None and last(rows))):
                self.overflow = count >= most
                return
            if address in seen:
                raise self.odd(f"pages that go in a circle ({address})")
            seen.add(address)

    def own(self, link: Any) -> str:
        """An address that the service gave of something of its own, on the host that it was asked at; empty for none.

        Services behind proxies give inner schemes, hosts and ports, mirrors those of the original: what lies below the same
        path is asked for here, and to another place nobody is followed.
        """
        found = self.near(link)
        if found and urlsplit(found).hostname != urlsplit(self.base).hostname:
            raise self.odd(f"a link to another host, {urlsplit(found).hostname}")
        return found

    def near(self, link: Any) -> str:
        """The same, but that an address of somebody else stays as it is."""
        text = str(link or "").strip().strip("<>")
        if not text:
            return ""
        here, there = urlsplit(self.base), urlsplit(urljoin(self.address or self.base, text))
        if there.hostname != here.hostname and (len(here.path) < 2 or not there.path.startswith(here.path)):
            return there.geturl()
        return there._replace(scheme=here.scheme, netloc=here.netloc).geturl()

    def origin(self, title: str, reply: Reply | None = None, **facts: Any) -> Origin:
        """Where something is from that this service told; by default in its last answer."""
        reply = reply or self.replies[-1]
        facts.setdefault("checksum", "sha256:" + sha256(reply.content).hexdigest())
        return Origin(
            title=title, service=self.place.id, location=reply.url, reference=self.place.reference,
            licence=self.place.licence, retrieved=reply.cached_at or reply.retrieved, **facts,
        )  # fmt: skip

    def odd(self, what: str) -> AnswerError:
        """The error for an answer that is not as documented."""
        return AnswerError(
            f"{self.place.id} answered {what}.", "Its interface may have changed: please report it.",
            service=self.place.id, url=self.address,
        )  # fmt: skip

    def download(self, address: str, **how: Any) -> Path:
        """A file, kept in the cache."""
        from skyexplorer.net import download, offline

        self.address = address
        how.setdefault("max_bytes", MOST_MAP)
        path = download(address, service=self.place.id, deadline=self.asker.deadline, **how)
        if offline():
            self.cached_at = max(self.cached_at, came(path))
        return path


def dicts(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list in JSON; none where it is no list."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def came(path: Path) -> str:
    """When a file of the cache came, ISO UTC: it is written then, and not after."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
