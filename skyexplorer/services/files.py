"""Catalogues that no service serves: their published file is fetched once, or read where it lies, and searched here.

``table`` of the row names the table of a file that holds several; of a zip archive, its member.
"""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skyexplorer.errors import AnswerError, FormatError, InputError, NotFoundError
from skyexplorer.io import files, tables
from skyexplorer.services.asking import Found, only, refuse, within
from skyexplorer.services.registry import Service

if TYPE_CHECKING:
    from skyexplorer.model.region import SkyRegion
    from skyexplorer.net import Web

REMEMBERED = 4  # tables that are kept read
_read: dict[tuple[str, str, int, int], tuple[Any, str]] = {}
_lock = threading.Lock()


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
    """The rows of a file inside a region; see `skyexplorer.services.ask`.

    Raises
    ------
    InputError
        For a condition.
    NotFoundError
        If the file is not there.
    AnswerError
        If it is not what it should be.
    """
    from skyexplorer.net import offline

    refuse(service, "a file", where)
    path = _path(service, web)
    table, checksum = _table(service, path)
    table = table[within(service, region, table)]
    if columns is not None:
        table = only(service, table, columns)
    came = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
    found = Found(
        table=table,
        address=service.address,
        query=f"{service.table} in a region of {region.area.value:.4g} deg2".strip(),
        note="the published file, searched here",
        cached_at=came if _remote(service) and offline() else "",
        retrieved=came,
        checksum=checksum,
    )
    if max_rows is not None and len(table) > max_rows:
        return replace(found, table=table[:max_rows], overflow=True)
    return found


def _remote(service: Service) -> bool:
    return service.address.lower().startswith(("http://", "https://"))


def _path(service: Service, web: Web) -> Path:
    if _remote(service):
        from skyexplorer.net import download

        return Path(download(service.address, service=service.id, deadline=web.deadline))
    path = Path(service.address).expanduser()
    if not path.is_file():
        raise NotFoundError(
            f"The file {service.address} of {service.id} is not there.", "Correct its address."
        )
    return path


def _table(service: Service, path: Path) -> tuple[Any, str]:
    """The table of a file and its checksum, read once for each state of the file."""
    stat = path.stat()
    key = (str(path), service.table, stat.st_mtime_ns, stat.st_size)
    with _lock:
        if key in _read:
            return _read[key]
    raw = path.read_bytes()
    checksum = "sha256:" + hashlib.sha256(raw).hexdigest()
    try:
        wanted: str | None = service.table or None
        content = raw
        if zipfile.is_zipfile(io.BytesIO(raw)):
            content, wanted = _member(raw, service), None
        table = tables.read(files.unpack(content), wanted)
    except (FormatError, InputError, OSError, zipfile.BadZipFile) as error:
        text = getattr(error, "message", str(error))
        raise AnswerError(
            f"The file of {service.id} cannot be read: {text}", "It may have changed: see its address.",
            service=service.id, url=service.address,
        ) from error  # fmt: skip
    with _lock:
        while len(_read) >= REMEMBERED:
            _read.pop(next(iter(_read)))
        _read[key] = table, checksum
    return table, checksum


def _member(raw: bytes, service: Service) -> bytes:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        names = [
            name
            for name in archive.namelist()
            if name.rsplit("/", 1)[-1] == service.table or name == service.table
        ]
        if len(names) != 1:
            held = ", ".join(archive.namelist()[:20])
            raise FormatError(
                f"The archive has no {service.table!r}; it holds {held}.",
                f"Name one of them as the table of {service.id}: its row of services.toml.",
            )
        return archive.read(names[0])
