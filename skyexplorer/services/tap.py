"""TAP: regions asked in ADQL, at once where that will do, as a job of the server where it will not.

A region is put in the words that the service knows: as it is (circle, box, polygon); by its MOC; by circles in an uploaded
table; else by a few circles in one condition or several questions. Parts are merged without duplicates (`merging`).
pyvo writes the questions and speaks to jobs; bytes come by `skyexplorer.net`, rows by our own reader.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from skyexplorer import progress
from skyexplorer.errors import (
    AnswerError,
    Cancelled,
    LateError,
    QueryError,
    RefusedError,
    ServiceError,
    SkyExplorerError,
    UnreachableError,
)
from skyexplorer.services import adql, merging, tiling, votables
from skyexplorer.services.asking import Found
from skyexplorer.services.registry import Service

if TYPE_CHECKING:
    from skyexplorer.model.region import SkyRegion
    from skyexplorer.net import Reply, Web

DAY = 86400.0
UPLOAD = "regions"  # name of an uploaded table
UPLOADED = 400  # circles in it at most
TILES = 64  # circles of a region at most, where nothing better is known
ROUND = 1.6  # a circle around a region is good enough that has so many times its area
FINE, COARSE = 1.4, 3.0  # and so are several; and so they are not
CORNERS = 100  # of a polygon that is asked as one
FIRST_WAIT, LONGEST_WAIT = 0.2, 3.0  # s between looks at a job
LAST_WORDS = 5.0  # s that a job is given to be aborted and deleted
MAKES_JOBS = ("async", "asynchronous", "time limit", "timeout", "timed out", "too large", "too long")
"""Words of services that refuse a question because of its size."""


@dataclass(frozen=True)
class Part:
    """One question of those a region is asked by."""

    query: str
    upload: tiling.Tiles | None = None


def ask(
    service: Service,
    region: SkyRegion,
    *,
    web: Web,
    columns: Sequence[str] | None = None,
    max_rows: int | None = None,
    where: str = "",
    refresh: bool = False,
) -> Found:
    """Ask a TAP service; see `skyexplorer.services.ask`."""
    parts, how = plan(service, region, columns, where)
    cap = service.row_cap if max_rows is None else max_rows
    answers: list[Found] = []
    for number, part in enumerate(parts):
        progress.current().report(number, len(parts))
        answers.append(run(service, part, web=web, max_rows=cap, refresh=refresh))
    found = merging.merged(service, answers)
    if len(found.table) > cap:
        found = replace(found, table=found.table[:cap], overflow=True)
    return replace(found, how=how, address=service.address)


def plan(
    service: Service, region: SkyRegion, columns: Sequence[str] | None = None, where: str = ""
) -> tuple[list[Part], str]:
    """The questions by which a region is asked, and in a few words how, where that is not plainly."""

    def one(shapes: Sequence[adql.Shape]) -> Part:
        return Part(adql.select(service, adql.condition(service, shapes), columns, where))

    plain = _plain(service, region)
    if plain is not None:
        return [one([plain])], ""
    around = float(tiling.cap(float(region.radius.value))) / max(float(region.area.value), 1e-12)
    if around <= ROUND:
        return [one([_circle(region)])], f"a circle around it, {around:.2g} times its area"
    if service.moc:
        return [one([adql.Cells(tiling.moc(region))])], "by its MOC"
    if service.upload:
        tiles = tiling.circles(region, min(service.upload, UPLOADED))
        if len(tiles) > 1:
            question = adql.select(service, "", columns, where, upload=UPLOAD)
            return [
                Part(question, tiles)
            ], f"{len(tiles)} uploaded circles, {tiles.overhead:.2g} times its area"
    step = max(service.circles, 1)
    tiles = tiling.circles(region, min(step, TILES), waste=FINE)
    if tiles.overhead > COARSE and step < TILES:  # worth a few questions more
        tiles = tiling.circles(region, TILES, waste=FINE)
    shapes = [adql.Circle(*values) for values in zip(tiles.ra, tiles.dec, tiles.radius, strict=True)]
    groups = [one(shapes[at : at + step]) for at in range(0, len(shapes), step)]
    many = f" in {len(groups)} questions" if len(groups) > 1 else ""
    return groups, f"{len(tiles)} circles{many}, {tiles.overhead:.2g} times its area"


def _circle(region: SkyRegion) -> adql.Circle:
    return adql.Circle(float(region.center.ra.deg), float(region.center.dec.deg), float(region.radius.value))


def _plain(service: Service, region: SkyRegion) -> adql.Shape | None:
    """The region as ADQL has it, or None where it has no word for it."""
    if region.kind == "circle":
        return _circle(region)
    if region.kind == "polygon" and service.polygon and service.geometry and len(region._shapes) == 1:
        corners = np.reshape(region._shapes[0].values, (-1, 2))
        if len(corners) <= CORNERS and _convex(corners):
            return adql.Polygon(tuple(corners[:, 0].tolist()), tuple(corners[:, 1].tolist()))
    return None


def _convex(corners: Any) -> bool:
    """Services differ in what they make of dents: whether there are none."""
    from skyexplorer.core import sphere

    at = sphere.unit_vectors(corners[:, 0], corners[:, 1])
    normals = np.cross(at, np.roll(at, -1, axis=0))
    turns = np.einsum("ij,ij->i", normals, np.roll(at, -2, axis=0))
    return bool((turns > 0).all() or (turns < 0).all())


# One question


def run(service: Service, part: Part, *, web: Web, max_rows: int, refresh: bool = False) -> Found:
    """One question, asked at once, or as a job where the service would not do it at once.

    One row more than wanted is asked for: where it comes, there are more, whatever the service says.
    """
    asked = _Asked(service, part, web, max_rows + 1, refresh)
    if service.mode == "async":
        reply = asked.as_job()
    else:
        try:
            reply = asked.at_once()
        except (QueryError, RefusedError) as error:
            text = error.message.lower()
            large = error.status in (413,) or any(word in text for word in MAKES_JOBS)
            if service.mode == "sync" or not large:
                raise
            reply = asked.as_job()
        else:
            # An answer that ends at the service's limit of synchronous ones is asked again as a job, which has a higher one.
            if service.mode == "auto" and service.sync_cap and service.sync_cap < max_rows + 1:
                rows = asked.read(reply)
                if len(rows) >= service.sync_cap:
                    reply = asked.as_job()
    return asked.found(reply, max_rows)


class _Cut(Exception):
    """No error: an answer that may be used, and must not be kept."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply


class _Asked:
    """A question on its way to one service."""

    def __init__(self, service: Service, part: Part, web: Web, maxrec: int, refresh: bool) -> None:
        from pyvo.dal.tap import TAPQuery

        self.service, self.part, self.web, self.refresh = service, part, web, refresh
        self.base = (service.upload_address if part.upload is not None else "") or service.address
        self.maxrec = maxrec
        self.query = TAPQuery(self.base, part.query, maxrec=maxrec, session=web)
        if part.upload is not None:
            self.query["UPLOAD"] = f"{UPLOAD},param:{UPLOAD}"

    @property
    def files(self) -> dict[str, Any] | None:
        if self.part.upload is None:
            return None
        return {UPLOAD: (f"{UPLOAD}.xml", uploaded(self.part.upload), "application/x-votable+xml")}

    def check(self, reply: Reply) -> None:
        votables.check(reply.content, service=self.service.id, url=reply.url)
        if votables.overflow(reply.content):
            raise _Cut(reply)

    def read(self, reply: Reply) -> Any:
        return votables.table(reply.content, service=self.service.id, url=reply.url)

    def at_once(self) -> Reply:
        url = f"{self.base.rstrip('/')}/sync"
        return self.fetch(url, data=dict(self.query), files=self.files, keep=DAY, refresh=self.refresh)

    def fetch(self, url: str, **given: Any) -> Reply:
        try:
            return self.web.fetch(url, check=self.check, **given)
        except _Cut as cut:
            return cut.reply

    def as_job(self) -> Reply:
        """The answer of a job of the server, which is aborted if it is no longer wanted, and deleted in any case."""
        with translated(self.service, self.base), self.job() as job:
            wait, began = FIRST_WAIT, time.monotonic()
            # It has a name now, and starts.
            self.retrying(job.run)
            while True:
                phase = self.retrying(lambda: str(job.phase))
                if phase in ("COMPLETED", "ERROR", "ABORTED"):
                    break
                progress.current().report(
                    0, what=f"{self.service.id}: {phase.lower()}, {time.monotonic() - began:.0f} s"
                )
                self.pause(wait)
                wait = min(wait * 1.5, LONGEST_WAIT)
            job.raise_if_error()
            uri = job.result_uri or f"{job.url}/results/result"
            return self.fetch(uri, keep=None)

    @contextmanager
    def job(self) -> Iterator[Any]:
        from pyvo.dal.tap import AsyncTAPJob

        uploads = {UPLOAD: io.BytesIO(uploaded(self.part.upload))} if self.part.upload is not None else None
        job = AsyncTAPJob.create(
            self.base, self.part.query, maxrec=self.maxrec, uploads=uploads, session=self.web
        )
        done = False
        try:
            yield job
            done = True
        finally:
            self.end(job.url, abort=not done)

    def end(self, url: str, abort: bool) -> None:
        """Tell the server that its job is not wanted any more; with a deadline of its own, for ours may be over."""
        from skyexplorer.net import Web
        from skyexplorer.progress import Progress

        with (
            Progress(),
            Web(self.service.id, deadline=LAST_WORDS, retries=0) as web,
            suppress(SkyExplorerError),
        ):
            if abort:
                with suppress(ServiceError):
                    web.fetch(f"{url}/phase", data={"PHASE": "ABORT"}, method="POST")
            web.fetch(url, method="DELETE", accept=(200, 303, 404))

    def retrying(self, look: Callable[[], Any]) -> Any:
        """What a look at the job tells; a server that is starting again is looked at until the deadline."""
        wait = FIRST_WAIT
        while True:
            try:
                with translated(self.service, self.base):
                    return look()
            except UnreachableError:
                if self.left() < 2 * wait:
                    raise
                self.pause(wait)
                wait = min(wait * 2, LONGEST_WAIT)

    def left(self) -> float:
        return float(self.web.deadline.left())

    def pause(self, seconds: float) -> None:
        """Sleep, but no longer than the deadline, and not when cancelled."""
        end = time.monotonic() + min(seconds, max(self.left(), 0.0))
        while (left := end - time.monotonic()) > 0:
            progress.current().check()
            time.sleep(min(left, 0.05))
        self.web.deadline.check(self.service.id, self.base)

    def found(self, reply: Reply, max_rows: int) -> Found:
        import hashlib

        rows = self.read(reply)
        cut = votables.overflow(reply.content) or len(rows) > max_rows
        return Found(
            table=rows[:max_rows] if len(rows) > max_rows else rows,
            overflow=cut,
            address=self.base,
            query=self.part.query,
            raw=reply.content,
            cached_at=reply.cached_at,
            retrieved=reply.cached_at or reply.retrieved or datetime.now(UTC).isoformat(timespec="seconds"),
            checksum="sha256:" + hashlib.sha256(reply.content).hexdigest(),
        )


def uploaded(tiles: tiling.Tiles) -> bytes:
    """Circles as a VOTable: ``ra``, ``dec``, ``radius`` (deg)."""
    rows = "".join(
        f"<TR><TD>{adql.number(a)}</TD><TD>{adql.number(d)}</TD><TD>{adql.number(r + adql.GROWN)}</TD></TR>"
        for a, d, r in zip(tiles.ra, tiles.dec, tiles.radius, strict=True)
    )
    fields = "".join(
        f'<FIELD name="{name}" datatype="double" unit="deg" ucd="{ucd}"/>'
        for name, ucd in (("ra", "pos.eq.ra"), ("dec", "pos.eq.dec"), ("radius", "pos.angDistance"))
    )
    return (
        '<?xml version="1.0"?><VOTABLE version="1.3" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE>'
        f'<TABLE name="{UPLOAD}">{fields}<DATA><TABLEDATA>{rows}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>'
    ).encode()


@contextmanager
def translated(service: Service, url: str) -> Iterator[None]:
    """Errors of pyvo as ours: what broke the line is within them, as their cause."""
    from pyvo.dal.exceptions import DALAccessError, DALFormatError, DALQueryError

    try:
        yield
    except (SkyExplorerError, Cancelled):
        raise
    except DALAccessError as error:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, SkyExplorerError):
                raise cause from error
            cause = getattr(cause, "cause", None) or cause.__cause__ or cause.__context__
        facts = {"service": service.id, "url": url}
        text = " ".join(str(getattr(error, "reason", "") or error).split())[:500]
        if isinstance(error, DALQueryError):
            late = "time limit" in text.lower() or "timed out" in text.lower()
            if late:
                raise LateError(
                    f"{service.id} ended the question: {text}", "Ask for less.", **facts
                ) from error
            raise QueryError(
                f"{service.id} says: {text}", "Correct the question, or ask again.", **facts
            ) from error
        if isinstance(error, DALFormatError):
            raise AnswerError(f"{service.id}: {text}", "Ask it again.", **facts) from error
        raise ServiceError(f"{service.id}: {text}", "Try again later.", **facts) from error
