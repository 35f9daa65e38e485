"""Downloads: files that come whole or are gone on with later, after a break or in another process.

What came is in ``part-NAME`` beside the mark (ETag, or date) that the service gave it. The next time the rest is asked
for with that mark, so that a file which changed meanwhile comes anew; and where the service gave none, only with a
checksum to hold it against. One process at a time works on a file, the others wait and find it there.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote, urlsplit

from skyexplorer import progress
from skyexplorer.errors import AnswerError, LateError, UnreachableError
from skyexplorer.net import attempts, cache, failures, secrets
from skyexplorer.net.deadline import Deadline, offline
from skyexplorer.net.exchange import Exchange
from skyexplorer.net.web import Web

BREAKS = 3  # in a row without a byte between them: then it is given up
PAUSE = 0.5  # s: after the first of them; then twice that, and so on


class _Changed(Exception):
    """What is there is not what the part is of."""


def download(
    url: str, *, service: str = "", deadline: Deadline | float = 600, sha256: str | None = None, size: int | None = None,
    max_bytes: int = 2_000_000_000, check: Callable[[Path], object] | None = None, keep: float | None = None,
    refresh: bool = False, headers: Mapping[str, str] | None = None, auth: Any = None, per_host: int = 1,
) -> Path:  # fmt: skip
    """A file of the web, in the cache folder; it comes once, and again only if it changed.

    How far it is goes to the progress of the context, in bytes.

    Parameters
    ----------
    url : str
    service : str, optional
        Id of whose it is.
    deadline : Deadline or float, optional
        Seconds for all of it. What came until then is kept, and gone on with the next time.
    sha256 : str, optional
        Its checksum: what has another is refused, and what is kept and has it is not asked for.
    size : int, optional
        Its bytes.
    max_bytes : int, optional
        More are refused.
    check : callable, optional
        Is given the path of what came, and raises if it is not what it should be: then it is not kept.
    keep : float, optional
        Seconds for which what is kept is not even asked about.
    refresh : bool, optional
        Get it anyway.
    headers, auth, per_host : optional
        As in `Web`.

    Returns
    -------
    Path
        Named as at the service. Offline what is kept is given, whatever its age.

    Raises
    ------
    UnreachableError, LateError, RefusedError, AnswerError, Cancelled
    """
    url = str(url)
    deadline = Deadline.of(deadline)
    with Web(auth=auth) as anybody:  # one address is one file, whoever's service asks for it
        place = _place(anybody.key("GET", url, headers=headers)[:40])
    path = place / _name(url)
    kept = _kept(place, path)
    cache.used(place / "facts.json")
    if kept is not None and not refresh:
        now = cache.Kept(b"", kept).age
        if offline() or (sha256 and kept["sha256"] == sha256.lower()) or (keep is not None and now <= keep):
            return path
    if offline():
        raise UnreachableError(
            f"{path.name} is not kept, and skyexplorer works offline.",
            advice="net.offline(False) or SKYEXPLORER_OFFLINE=0 ends that.", service=service, url=secrets.masked(url),
        )  # fmt: skip
    name = service or urlsplit(url).hostname or ""
    with (
        Web(service, deadline, per_host=per_host, max_bytes=max_bytes, auth=auth) as web,
        Exchange(name, secrets.masked(url), deadline) as way,
        _alone(place / "lock", way),
    ):
        kept = None if refresh else _kept(place, path)  # another process may just have got it
        part = _Part(place, path.name, max_bytes, name, secrets.masked(url))
        try:
            response = _get(web, way, url, part, dict(headers or {}), kept, blind=sha256 is not None)
        except UnreachableError as error:
            if kept is not None:
                error.advice = f"A file of {kept['retrieved']} is kept: net.offline(True) gives it."
            raise
        if response.status_code == 304 and kept is not None:
            facts = {**kept, "confirmed": datetime.now(UTC).isoformat(timespec="seconds")}
        else:
            facts = _accept(part, path, sha256, size, check, response, name)
        _note(place, facts)
        cache.grown(0 if response.status_code == 304 else facts["size"])
    return path


def _get(
    web: Web, way: Exchange, url: str, part: _Part, headers: dict[str, str], kept: Any, *, blind: bool
) -> Any:
    """Ask until the part is whole; gives the last response."""
    breaks = 0
    while True:
        before = part.size()
        try:
            response = web.pour(
                url, {"Accept-Encoding": "identity", **headers, **part.asking(kept, blind)}, part.begin
            )
        except _Changed:
            part.drop()
            continue
        except (UnreachableError, failures.CutShort):
            breaks = 1 if part.size() > before else breaks + 1
            pause = PAUSE * 2 ** (breaks - 1)
            if not part.size() or breaks > BREAKS or pause >= way.deadline.left():
                raise
            way.waiting = "the time to go on"
            way.until(lambda: False, pause)
            continue
        except LateError as error:
            if part.size():
                error.advice = f"{part.size() / 1e6:.1f} MB are kept: asked again, it goes on from there."
            raise
        if response.status_code == 416 and before:
            part.drop()
            continue
        if response.status_code >= 400:
            raise attempts.refused(response, part.service)
        if response.status_code not in (200, 206, 304):
            raise AnswerError(
                f"{part.service} gave no file, but HTTP {response.status_code}.",
                "It may make the file first: try again in a minute."
                if response.status_code == 202
                else "Its address may have changed: open it in a browser.",
                service=part.service, url=part.url, status=response.status_code,
            )  # fmt: skip
        return response


class _Part:
    """What came of a file so far: goes on where it ends, or begins anew."""

    def __init__(self, place: Path, name: str, most: int, service: str, url: str) -> None:
        self.path, self.marks = place / f"part-{name}", place / "part.json"
        self.most, self.service, self.url = most, service, url
        # Some servers take the file's own packing for theirs.
        self.as_sent = name.endswith((".gz", ".tgz", ".Z"))
        self.done = 0
        self.coming: int | None = None
        self._file: IO[bytes] | None = None

    def size(self) -> int:
        """Bytes that are there."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def drop(self) -> None:
        """Begin anew the next time."""
        self.path.unlink(missing_ok=True)
        self.marks.unlink(missing_ok=True)

    def _mark(self) -> dict[str, Any]:
        try:
            marks = json.loads(self.marks.read_bytes())
            return marks if isinstance(marks, dict) else {}
        except (OSError, ValueError):
            return {}

    def asking(self, kept: Mapping[str, Any] | None, blind: bool) -> dict[str, str]:
        """Headers that ask for the rest; ``blind``: also where it cannot be told whether it is of the same file."""
        mark = str(self._mark().get("mark", ""))
        if self.size() and (mark or blind):
            asked = {"Range": f"bytes={self.size()}-"}
            return asked | ({"If-Range": mark} if mark else {})
        if kept is not None and kept.get("etag"):
            return {"If-None-Match": kept["etag"]}
        return {"If-Modified-Since": kept["modified"]} if kept is not None and kept.get("modified") else {}

    def begin(self, response: Any, exchange: Exchange) -> Any:
        """Take the body of this response."""
        headers = response.headers
        packed = bool(headers.get("Content-Encoding")) and not self.as_sent
        length = attempts.announced(response)
        here = self.size()
        if response.status_code == 206:
            told = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", headers.get("Content-Range", "").strip())
            mark = self._mark().get("mark", "")
            same = (
                not mark or not headers.get("ETag") or mark in (headers["ETag"], headers.get("Last-Modified"))
            )
            if told is None or int(told[1]) != here or packed or not same:
                if not here:
                    raise AnswerError(
                        f"{self.service} gave a part of the file that was not asked for.",
                        "Try again later, or fetch the file with a browser and open it by its path.",
                        service=self.service, url=self.url, status=206,
                    )  # fmt: skip
                raise _Changed
            self.coming = int(told[3]) if told[3] != "*" else int(told[2]) + 1
        else:
            here = 0
            self.coming = None if packed else length
            etag = headers.get("ETag", "")
            mark = etag if etag and not etag.startswith("W/") else headers.get("Last-Modified", "")
            mark = "" if packed else mark
            self.path.write_bytes(b"")
            cache.write(self.marks, json.dumps({"mark": mark, "url": self.url}).encode())
        if self.coming is not None and self.coming > self.most:
            raise attempts.too_large(self.service, self.coming, self.most, exchange)
        self.done, self._exchange = here, exchange
        progress.current().report(self.done, self.coming)
        self._file = open(self.path, "ab", buffering=0)  # noqa: SIM115
        return self

    def write(self, piece: bytes) -> None:
        """Some more."""
        assert self._file is not None
        self._file.write(piece)
        self.done += len(piece)
        if self.done > self.most:
            raise attempts.too_large(self.service, self.done, self.most, self._exchange)
        progress.current().report(self.done, self.coming)

    def close(self) -> None:
        """No more for now."""
        if self._file is not None:
            self._file.close()


def _accept(
    part: _Part, path: Path, sha256: str | None, size: int | None, check: Callable[[Path], object] | None,
    response: Any, service: str,
) -> dict[str, Any]:  # fmt: skip
    """Check what came, and put it in its place."""
    there, digest = part.size(), _digest(part.path)
    wrong = ""
    if part.coming is not None and there != part.coming:
        wrong = f"it has {there} bytes, and {part.coming} were announced"
    elif size is not None and there != size:
        wrong = f"it has {there} bytes, not {size}"
    elif sha256 is not None and digest != sha256.lower():
        wrong = f"its SHA-256 is {digest[:16]}…, not {sha256[:16].lower()}…"
    try:
        if wrong:
            raise AnswerError(
                f"{path.name} of {service} is not what it should be: {wrong}.", advice="Try again.",
                service=service, url=part.url,
            )  # fmt: skip
        if check is not None:
            check(part.path)
    except BaseException:
        part.drop()
        raise
    os.replace(part.path, path)
    part.drop()
    return {
        "service": service, "url": part.url, "name": path.name, "sha256": digest, "size": there,
        "retrieved": datetime.now(UTC).isoformat(timespec="seconds"), "etag": response.headers.get("ETag", ""),
        "modified": response.headers.get("Last-Modified", ""), "written": path.stat().st_mtime_ns,
    }  # fmt: skip


def _note(place: Path, facts: Mapping[str, Any]) -> None:
    try:
        cache.write(place / "facts.json", json.dumps(facts).encode())
    except OSError as error:
        cache.complain(error)


def _kept(place: Path, path: Path) -> dict[str, Any] | None:
    """The facts of what is kept, if it is whole."""
    facts = cache.facts_of(place / "facts.json")
    if facts is None or facts.get("name") != path.name:
        return None
    try:
        there = path.stat()
        if there.st_size == facts["size"] and (
            there.st_mtime_ns == facts.get("written") or _digest(path) == facts["sha256"]
        ):
            return facts
    except OSError:
        pass  # it is not there, or cannot be read: so it is not kept
    return None


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _name(url: str) -> str:
    """A name for the file: that of the address, as far as all systems take it."""
    last = unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2])
    name = re.sub(r"[^\w.,+=@-]", "_", last).lstrip(".")[-120:]
    return name if name not in ("", "facts.json", "lock", "part.json") else f"file-{name or 'without-name'}"


def _place(key: str) -> Path:
    """The folder of a file; where the cache cannot be written to, one that ends with the process."""
    place = cache.folder() / "files" / key
    try:
        cache.make(place)
        with tempfile.TemporaryFile(dir=place):
            return place
    except OSError as error:
        if (place / "facts.json").exists() and offline():
            return place
        cache.complain(error)
    elsewhere = Path(tempfile.mkdtemp(prefix="skyexplorer-"))
    atexit.register(shutil.rmtree, elsewhere, ignore_errors=True)
    return elsewhere


@contextmanager
def _alone(path: Path, way: Exchange) -> Iterator[None]:
    """Be the only one, of all processes, who works on this file."""
    way.waiting = "another process that gets the same file"
    with open(path, "ab") as file:
        while not _locked(file):
            way.until(lambda: False, 0.1)
        yield


def _locked(file: IO[bytes]) -> bool:
    """Lock a file until it is closed, if nobody else has."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
