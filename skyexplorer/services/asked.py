"""One TAP question on its way: answered at once, or as a job of the server, which is told when nobody waits for it any more.

pyvo writes the question and speaks to the job; the bytes come by `skyexplorer.net`. What pyvo does badly is made good here:
a job's phase is looked at within our own deadline; a server that is starting again is waited for, and since it has then lost
the job, whatever phase it tells, the job is made anew; a job is aborted and deleted however it ends.
"""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from skyexplorer import progress
from skyexplorer.errors import (
    AnswerError,
    LateError,
    QueryError,
    RefusedError,
    ServiceError,
    SkyExplorerError,
    UnreachableError,
)
from skyexplorer.services import adql, loading, votables
from skyexplorer.services.asking import Found

if TYPE_CHECKING:
    from skyexplorer.net import Reply, Web
    from skyexplorer.services.registry import Service
    from skyexplorer.services.tiling import Tiles

DAY = 86400.0
UPLOAD = "regions"  # name of an uploaded table
MANY = 5000  # rows from which on the service is asked for the form that its row says
FIRST_WAIT, LONGEST_WAIT = 0.2, 3.0  # s between looks at a job
LAST_WORDS = 5.0  # s that a job is given to be aborted and deleted
HELD = 5_000_000  # bytes of an answer as it came that are kept with its rows
AGAIN = 2  # times that a job is made anew after the server was away
ENDED = ("COMPLETED", "ERROR", "ABORTED")


class Cut(Exception):
    """No error: an answer that may be used, and must not be kept."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply


class Away(Exception):
    """The server was away while it had a job of ours."""


class Asked:
    """A question on its way to one service.

    Parameters
    ----------
    service : Service
    query : str
        ADQL.
    upload : Tiles or None
        Circles to upload with it.
    web : Web
    maxrec : int
        Rows that are asked for.
    refresh : bool
        Whether to ask although an answer is kept.
    """

    def __init__(
        self, service: Service, query: str, upload: Tiles | None, web: Web, maxrec: int, refresh: bool
    ) -> None:
        self.service, self.query, self.web, self.maxrec, self.refresh = service, query, web, maxrec, refresh
        self.base = ((service.upload_address if upload is not None else "") or service.address).rstrip("/")
        self.uploaded = None if upload is None else uploaded(upload)
        large = service.format and maxrec > MANY
        self.form = {"RESPONSEFORMAT": service.format, "FORMAT": service.format} if large else {}
        self._read: tuple[Reply, Any] | None = None

    # The answer

    def read(self, reply: Reply) -> Any:
        """The rows of an answer, read once."""
        if self._read is None or self._read[0] is not reply:
            table = votables.table(reply.content, service=self.service.id, url=reply.url)
            self._read = reply, table
        return self._read[1]

    def check(self, reply: Reply) -> None:
        """Refuse what is no answer, or can not be read; say of what is cut that it must not be kept."""
        votables.check(reply.content, service=self.service.id, url=reply.url)
        self.read(reply)
        if votables.overflow(reply.content):
            raise Cut(reply)

    def fetch(self, url: str, **given: Any) -> Reply:
        """An answer that was checked."""
        try:
            return self.web.fetch(url, check=self.check, **given)
        except Cut as cut:
            return cut.reply

    def found(self, reply: Reply, max_rows: int) -> Found:
        """What came, ``max_rows`` of it at most."""
        rows = self.read(reply)
        return Found(
            table=rows[:max_rows] if len(rows) > max_rows else rows,
            overflow=votables.overflow(reply.content) or len(rows) > max_rows,
            address=self.base,
            query=self.query,
            raw=reply.content if len(reply.content) <= HELD else None,
            cached_at=reply.cached_at,
            retrieved=reply.cached_at or reply.retrieved,
            checksum="sha256:" + hashlib.sha256(reply.content).hexdigest(),
        )

    # At once

    def at_once(self) -> Reply:
        """Its synchronous answer."""
        loading.pyvo()
        from pyvo.dal.tap import TAPQuery

        query = TAPQuery(self.base, self.query, maxrec=self.maxrec, session=self.web)
        query.update(self.form)
        files = None
        if self.uploaded is not None:
            query["UPLOAD"] = f"{UPLOAD},param:{UPLOAD}"
            files = {UPLOAD: (f"{UPLOAD}.xml", self.uploaded, "application/x-votable+xml")}
        return self.fetch(query.queryurl, data=dict(query), files=files, keep=DAY, refresh=self.refresh)

    # As a job

    def as_job(self) -> Reply:
        """The answer of a job of the server, or the one that is kept of an earlier one."""
        from skyexplorer.net import cache

        question = {"QUERY": self.query, "MAXREC": self.maxrec, **self.form}
        # With a trace of the credentials: what is private is given to nobody else.
        key = self.web.key("JOB", f"{self.base}/async", data=question, files=self.uploaded)
        kept = self._kept(key)
        if kept is not None:
            return kept
        for attempt in range(AGAIN + 1):
            try:
                reply = self._job()
                break
            except Away as away:
                if attempt == AGAIN:
                    raise UnreachableError(
                        f"{self.service.id} went away {AGAIN + 1} times while it was at work.", "Try again later.",
                        service=self.service.id, url=self.base,
                    ) from away  # fmt: skip
        if not votables.overflow(reply.content):
            cache.put(key, reply.content, {
                "service": self.service.id, "url": reply.url, "status": reply.status, "headers": dict(reply.headers),
                "retrieved": reply.retrieved,
            })  # fmt: skip
        return reply

    def _kept(self, key: str) -> Reply | None:
        from skyexplorer.net import Reply, cache, offline

        kept = None if self.refresh and not offline() else cache.get(key)
        if kept is None or (kept.age > DAY and not offline()):
            return None
        facts = kept.facts
        return Reply(
            kept.content,
            facts["url"],
            facts["status"],
            facts["headers"],
            0.0,
            facts["retrieved"],
            facts["retrieved"],
        )

    def _job(self) -> Reply:
        with translated(self.service, self.base), self._made() as job:
            wait, began = FIRST_WAIT, time.monotonic()
            self._patiently(job.run)
            while (phase := self._patiently(lambda: str(job.phase))) not in ENDED:
                text = f"{self.service.id}: {phase.lower()}, {time.monotonic() - began:.0f} s"
                progress.current().report(0, what=text)
                self._pause(wait)
                wait = min(wait * 1.5, LONGEST_WAIT)
            job.raise_if_error()
            return self.fetch(job.result_uri or f"{job.url}/results/result")

    @contextmanager
    def _made(self) -> Iterator[Any]:
        loading.pyvo()
        from pyvo.dal.tap import AsyncTAPJob

        uploads = None if self.uploaded is None else {UPLOAD: io.BytesIO(self.uploaded)}
        job = AsyncTAPJob.create(
            self.base, self.query, maxrec=self.maxrec, uploads=uploads, session=self.web, **self.form
        )
        done = False
        try:
            # Its line asks again once, where an idle line was closed, and not more: that a server was away is to be seen.
            with self._line(self.web.deadline) as line:
                job._session = line
                yield job
            done = True
        finally:
            self._end(job.url, abort=not done)

    def _line(self, deadline: Any) -> Web:
        from skyexplorer.net import Web

        return Web(self.service.id, deadline, per_host=self.service.per_host, auth=self.web.auth, retries=1)

    def _end(self, url: str, abort: bool) -> None:
        """Tell the server that its job is not wanted any more; with a deadline of its own, for ours may be over."""
        from skyexplorer.progress import Progress

        with Progress(), self._line(LAST_WORDS) as web, suppress(SkyExplorerError):
            if abort:
                with suppress(ServiceError):
                    web.fetch(f"{url}/phase", data={"PHASE": "ABORT"})
            web.fetch(url, method="DELETE", accept=(404,))

    def _patiently(self, look: Callable[[], Any]) -> Any:
        """What a look at the job tells. A server that is away is waited for, and has then lost the job: that is `Away`."""
        wait, away = FIRST_WAIT, False
        while True:
            try:
                with translated(self.service, self.base):
                    seen = look()
            except (UnreachableError, RefusedError) as error:
                busy = isinstance(error, RefusedError) and error.retry_after is not None
                if not busy and isinstance(error, RefusedError) and error.status not in (502, 504):
                    raise
                pause = error.retry_after if isinstance(error, RefusedError) else None
                wait = max(wait, pause or 0.0)
                if self.web.deadline.left() < wait + FIRST_WAIT:
                    raise
                away = away or not busy
                self._pause(wait)
                wait = min(wait * 2, LONGEST_WAIT)
                continue
            if away and seen not in ENDED:
                raise Away
            return seen

    def _pause(self, seconds: float) -> None:
        """Sleep, but no longer than the deadline, and not when cancelled."""
        end = time.monotonic() + min(seconds, max(self.web.deadline.left(), 0.0))
        while (left := end - time.monotonic()) > 0:
            progress.current().check()
            time.sleep(min(left, 0.05))
        self.web.deadline.check(self.service.id, self.base)


def uploaded(tiles: Tiles) -> bytes:
    """Circles as a VOTable: ``u_ra``, ``u_dec``, ``u_radius`` (deg), names that a condition will not mean."""
    rows = "".join(
        f"<TR><TD>{adql.number(a)}</TD><TD>{adql.number(d)}</TD><TD>{adql.number(r + adql.GROWN)}</TD></TR>"
        for a, d, r in zip(tiles.ra, tiles.dec, tiles.radius, strict=True)
    )
    fields = "".join(
        f'<FIELD name="{name}" datatype="double" unit="deg" ucd="{ucd}"/>'
        for name, ucd in (("u_ra", "pos.eq.ra"), ("u_dec", "pos.eq.dec"), ("u_radius", "pos.angDistance"))
    )
    return (
        '<?xml version="1.0"?><VOTABLE version="1.3" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE>'
        f'<TABLE name="{UPLOAD}">{fields}<DATA><TABLEDATA>{rows}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>'
    ).encode()


@contextmanager
def translated(service: Service, url: str) -> Iterator[None]:
    """Errors of pyvo as ours: what broke the line is within them, as their cause."""
    loading.pyvo()
    from pyvo.dal.exceptions import DALAccessError, DALFormatError, DALQueryError

    try:
        yield
    except DALAccessError as error:
        cause: Any = error
        while cause is not None:
            if isinstance(cause, SkyExplorerError):
                raise cause from error
            cause = getattr(cause, "cause", None) or cause.__cause__ or cause.__context__
        facts: dict[str, Any] = {"service": service.id, "url": url}
        text = " ".join(str(getattr(error, "reason", "") or error).split())[:500]
        if isinstance(error, DALQueryError):
            if any(word in text.lower() for word in ("time limit", "timed out", "timeout")):
                raise LateError(
                    f"{service.id} ended the question: {text}", "Ask for less.", **facts
                ) from error
            raise QueryError(
                f"{service.id} says: {text}", "Correct the question, or ask again.", **facts
            ) from error
        if isinstance(error, DALFormatError):
            raise AnswerError(f"{service.id}: {text}", "Ask it again.", **facts) from error
        raise ServiceError(f"{service.id}: {text}", "Try again later.", **facts) from error
