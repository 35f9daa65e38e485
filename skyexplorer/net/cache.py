"""Cache: answers and files that came once, kept on disk for later and for times without a network.

Contents are files named by their SHA-256, so that the same answer is kept once; beside them one small file of facts for
each question. All files are written elsewhere first and then renamed, so that several processes may use one folder
without locks: what one of them removes is for the others just not there. What cannot be read, or does not have its
checksum, is removed and asked anew. Beyond ``SKYEXPLORER_CACHE_MB`` what was used longest ago goes first. Only whole
answers come here: `Web.fetch` sees to that.

A folder that cannot be written to fails no question: it is warned of once.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from skyexplorer.errors import InputError, SkyExplorerWarning

MEGABYTES = 2000
IN_USE = (
    3600.0  # s: files that were used so lately are not removed for their size, somebody may be reading them
)
PARTS = 30 * 86400.0  # s: what came in part waits so long for the rest
YOUNG = 60.0  # s: contents without facts are left so long, the facts are on their way
UNFINISHED = ".new-"
_warned: set[str] = set()
_grown: dict[Path, float] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Kept:
    """What is kept for one question.

    Parameters
    ----------
    content : bytes
        Empty for files, and in `entries`.
    facts : dict
        What was kept with it: ``service``, ``url``, ``retrieved`` (ISO UTC) and more.
    key : str
    path : Path or None
        Of a file that came by `download`.
    """

    content: bytes = field(repr=False)
    facts: Mapping[str, Any]
    key: str = ""
    path: Path | None = None

    @property
    def age(self) -> float:
        """Seconds since it came, or since the service said that it still holds."""
        then = datetime.fromisoformat(self.facts.get("confirmed") or self.facts["retrieved"])
        return (datetime.now(UTC) - then).total_seconds()


def folder() -> Path:
    """Where it is: ``SKYEXPLORER_CACHE``, or where this system keeps such things."""
    named = os.environ.get("SKYEXPLORER_CACHE")
    if named:
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("skyexplorer", appauthor=False))


def key(service: str, *parts: Any) -> str:
    """The name under which the answer to a question is kept.

    Parameters
    ----------
    service : str
    *parts
        All that the answer depends on: text, numbers, bytes, open files, and lists and dictionaries of them. No secrets.

    Examples
    --------
    >>> from skyexplorer.net import cache
    >>> cache.key("gaia-dr3", "SELECT 1") == cache.key("gaia-dr3", "SELECT 1")
    True
    >>> cache.key("gaia-dr3", "SELECT 1") == cache.key("gaia-dr3", "SELECT 2")
    False
    """
    return hashlib.sha256(json.dumps([service, *map(_plain, parts)], sort_keys=True).encode()).hexdigest()


def _plain(part: Any) -> Any:
    if part is None or isinstance(part, str | int | float | bool):
        return part
    if isinstance(part, bytes | bytearray | memoryview):
        return ["bytes", hashlib.sha256(part).hexdigest()]
    if isinstance(part, Mapping):
        return {str(name): _plain(value) for name, value in part.items()}
    if isinstance(part, list | tuple | set | frozenset):
        return [_plain(one) for one in (sorted(part, key=str) if isinstance(part, set | frozenset) else part)]
    if hasattr(part, "read") and hasattr(part, "seek"):
        here = part.tell()
        content = part.read()
        part.seek(here)
        return _plain(content)
    raise InputError(
        f"A question cannot be kept by a {type(part).__name__}.", advice="Give text, numbers or bytes."
    )


def get(key: str) -> Kept | None:
    """What is kept under this key; None where nothing is, or it is damaged."""
    facts = facts_of(_path(key))
    if facts is None:
        return None
    try:
        content = _object(facts["sha256"]).read_bytes()
    except OSError:
        content = b""
    if len(content) != facts["size"] or hashlib.sha256(content).hexdigest() != facts["sha256"]:
        drop(key)
        with suppress(OSError):  # somebody else was faster
            _object(facts["sha256"]).unlink()
        return None
    used(_path(key))
    return Kept(content, facts, key)


def put(key: str, content: bytes, facts: Mapping[str, Any]) -> None:
    """Keep an answer. Never what failed, or was cut off by a row limit: that is for the caller to know.

    Parameters
    ----------
    key : str
        Of `key`.
    content : bytes
    facts : Mapping
        JSON can write; without secrets. ``retrieved`` is now unless it is given.
    """
    digest = hashlib.sha256(content).hexdigest()
    full = {"service": "", "url": "", "retrieved": _stamp(), **facts, "sha256": digest, "size": len(content)}
    target = _object(digest)
    try:
        if not (target.exists() and target.stat().st_size == len(content)):
            write(target, content)
        else:
            used(target)
        write(_path(key), json.dumps(full).encode())
    except OSError as error:
        complain(error)
        return
    grown(len(content))


def touch(key: str) -> None:
    """The service says that what is kept still holds."""
    facts = facts_of(_path(key))
    if facts is not None:
        try:
            write(_path(key), json.dumps({**facts, "confirmed": _stamp()}).encode())
        except OSError as error:
            complain(error)


def drop(key: str) -> None:
    """Forget what is kept under this key."""
    with suppress(OSError):  # it is not there
        _path(key).unlink()


def entries() -> list[Kept]:
    """All that is kept, without the contents; what was used last comes first."""
    found = [(used, Kept(b"", facts, path.stem)) for path, used, facts in _answers()]
    found += [
        (used, Kept(b"", facts, path.parent.name, path.parent / facts["name"]))
        for path, used, facts in _files()
    ]
    return [kept for _, kept in sorted(found, key=lambda pair: -pair[0])]


def clear(service: str | None = None) -> int:
    """Remove all, or what is kept of one service; gives how many entries."""
    count = 0
    for path, _, facts in [*_answers(), *_files()]:
        if service is None or facts.get("service") == service:
            _remove(path)
            count += 1
    if service is None:
        for path in (folder() / "files").glob("*/*"):  # also what came in part
            if not path.name.startswith(UNFINISHED):
                _unlink(path)
    _sweep(0.0)
    return count


def complain(error: OSError) -> None:
    """Warn, once for each folder, that nothing can be kept."""
    place = str(folder())
    with _lock:
        again = place in _warned
        _warned.add(place)
    if not again:
        warnings.warn(
            f"Answers cannot be kept in {place}: {error.strerror or error}. SKYEXPLORER_CACHE names another folder.",
            SkyExplorerWarning, stacklevel=3,
        )  # fmt: skip


def make(path: Path) -> None:
    """Make a folder and those above it, for nobody else: some answers are not for everybody."""
    if not path.is_dir():
        make(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)


def write(path: Path, content: bytes) -> None:
    """Write a file whole, or not at all."""
    make(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=UNFINISHED)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):  # it may never have been there
            os.unlink(name)
        raise


def limit() -> float:
    """Bytes that may be kept."""
    told = os.environ.get("SKYEXPLORER_CACHE_MB", "").strip()
    try:
        return 1e6 * (float(told) if told else MEGABYTES)
    except ValueError:
        raise InputError(f"SKYEXPLORER_CACHE_MB is {told!r}.", advice="Give a number of megabytes.") from None


def grown(size: int) -> None:
    """So many bytes came to it: look at the whole from time to time, and remove what is too much."""
    place = folder()
    with _lock:
        first = place not in _grown
        _grown[place] = _grown.get(place, 0.0) + size
        if not first and _grown[place] < limit() / 20:
            return
        _grown[place] = 0.0
    shrink()


def shrink() -> None:
    """Remove what was used longest ago until all fits; and contents that nothing refers to."""
    kept = sorted([*_answers(), *_files()], key=lambda entry: entry[1])
    total = sum({facts["sha256"]: facts["size"] for _, _, facts in kept}.values())
    most, now = limit(), time.time()
    if total > most:
        holders: dict[str, int] = {}
        for _, _, facts in kept:
            holders[facts["sha256"]] = holders.get(facts["sha256"], 0) + 1
        for path, used, facts in kept:
            if total <= 0.9 * most:
                break
            if path.name == "facts.json" and now - used < IN_USE:
                continue
            _remove(path)
            holders[facts["sha256"]] -= 1
            if not holders[facts["sha256"]]:
                total -= facts["size"]
                _unlink(_object(facts["sha256"]))
    _sweep(YOUNG)


def _sweep(young: float) -> None:
    """Remove contents that nothing refers to, and what was never finished."""
    wanted = {facts["sha256"] for _, _, facts in _answers()}
    old = time.time() - young
    for path in (folder() / "objects").glob("*/*"):
        if path.name not in wanted and not path.name.startswith(UNFINISHED) and _when(path) <= old:
            _unlink(path)
    for path in folder().glob(f"*/*/{UNFINISHED}*"):
        if _when(path) <= time.time() - YOUNG:  # another process may be writing it, also while all is cleared
            _unlink(path)
    for path in (folder() / "files").glob("*/part*"):
        if _when(path) <= time.time() - PARTS:
            _unlink(path)


def _answers() -> Iterator[tuple[Path, float, dict[str, Any]]]:
    for path in (folder() / "answers").glob("*/*.json"):
        facts = facts_of(path)
        if facts is not None:
            yield path, _when(path), facts


def _files() -> Iterator[tuple[Path, float, dict[str, Any]]]:
    for path in (folder() / "files").glob("*/facts.json"):
        facts = facts_of(path)
        if facts is not None and "name" in facts:
            yield path, _when(path), facts


def facts_of(path: Path) -> dict[str, Any] | None:
    """The facts in a file; None where there are none. Damaged ones are removed."""
    try:
        facts = json.loads(path.read_bytes())
        datetime.fromisoformat(facts["retrieved"])
        if re.fullmatch("[0-9a-f]{64}", facts["sha256"]) and isinstance(facts["size"], int):
            return facts
    except OSError:
        return None
    except (ValueError, TypeError, KeyError):
        pass  # damaged, so not kept
    _unlink(path)
    return None


def _remove(path: Path) -> None:
    """Remove an entry by its facts; of a file, the file too."""
    if path.name == "facts.json":
        for one in path.parent.iterdir():
            if not one.name.startswith(UNFINISHED):
                _unlink(one)
        with suppress(OSError):  # somebody asks for it anew
            path.parent.rmdir()
    else:
        _unlink(path)


def _unlink(path: Path) -> None:
    with suppress(OSError):  # another process was faster, or has it open
        path.unlink()


def _when(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def used(path: Path) -> None:
    """It was used just now, so others go first."""
    with suppress(OSError):  # of a folder that is only to be read, the order stays as it is
        os.utime(path)


def _path(key: str) -> Path:
    return folder() / "answers" / key[:2] / f"{key}.json"


def _object(digest: str) -> Path:
    return folder() / "objects" / digest[:2] / digest


def _stamp() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
