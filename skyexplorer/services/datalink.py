"""DataLink: what belongs to a file of an archive, and the file itself.

An answer may give the address of a list in place of the file (its format says so), or describe a service that lists what
belongs to each row. A row of such a list has an address, or a service that makes the file, or an error in its place.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from skyexplorer.errors import AnswerError, NotFoundError, RefusedError
from skyexplorer.model.record import DATALINK, Processing, Record
from skyexplorer.services import answers, products, registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from skyexplorer.net import Reply, Web

DAY = 86400.0
MONTH = 30 * DAY
MOST_STEPS = 4
"""Lists that may lead to lists before the file comes."""
THIS = "#this"
SHOWN = ("#preview", "#preview-image", "#preview-plot")


@dataclass(frozen=True)
class Link:
    """One row of a DataLink document.

    Parameters
    ----------
    semantics : str
        What it is to the file: ``"#this"`` (the file itself), ``"#preview"``, ``"#cutout"``, ``"#calibration"``, …
    address : str
        Where it is; empty where a service makes it, or there is an error.
    format : str
        MIME type.
    description : str
    size : int or None
        Bytes.
    processing : Processing or None
        The service that makes it.
    error : str
        Why it cannot be had, as the service says.
    identifier : str
        Of the file it belongs to.
    """

    semantics: str
    address: str = ""
    format: str = ""
    description: str = ""
    size: int | None = None
    processing: Processing | None = None
    error: str = ""
    identifier: str = ""


def links(record: Record, web: Web, *, refresh: bool = False) -> list[Link]:
    """What belongs to a file; empty where its archive has no DataLink for it.

    Raises
    ------
    ServiceError
        Of its kinds.
    """
    address = record.address if record.linked else record.links
    return [] if not address else read(address, web, service=record.service, refresh=refresh)


def read(address: str, web: Web, *, service: str = "", refresh: bool = False) -> list[Link]:
    """The rows of a DataLink document.

    Raises
    ------
    ServiceError
        Of its kinds; `AnswerError` for a document of something else.
    """
    with _line(web, service, address) as line:
        results, reply = answers.ask(line, address, service=service or "datalink", keep=DAY, refresh=refresh)
    rows, names = (
        results.resultstable.array,
        {str(field.name).lower(): field.name for field in results.resultstable.fields},
    )
    if not {"access_url", "semantics"} <= set(names):
        raise AnswerError(
            f"{service or address} answered with a table of {', '.join(names)}, which is no DataLink document.",
            "Open the address itself.",
            service=service,
            url=reply.url,
        )

    def text(row: int, name: str) -> str:
        value = products.plain(rows[names[name]][row]) if name in names else None
        return "" if value is None else str(value).strip()

    makers = {
        str(resource.ID): products.processing(results, resource, service)
        for resource in results.iter_adhocservices()
        if resource.ID and any(group.name == "inputParams" for group in resource.groups)
    }
    found = []
    for row in range(len(rows)):
        size = text(row, "content_length")
        maker = makers.get(text(row, "service_def"))
        found.append(
            Link(
                _term(text(row, "semantics")),
                text(row, "access_url"),
                text(row, "content_type"),
                text(row, "description"),
                int(size) if size.isdigit() and int(size) else None,
                maker(row) if maker else None,
                text(row, "error_message"),
                text(row, "id"),
            )
        )
    return found


def _term(semantics: str) -> str:
    """A term of the core vocabulary in its short form."""
    return "#" + semantics.rsplit("#", 1)[-1] if "rdf/datalink/core#" in semantics else semantics


def address_of(record: Record, web: Web) -> tuple[str, str]:
    """Where the file itself is, and its format: lists are followed.

    Raises
    ------
    NotFoundError
        Where the list has no file.
    RefusedError
        Where the list has an error in its place, with its text.
    ServiceError
        Of its kinds.
    """
    address, format = record.address, record.format
    if address and not record.linked:
        return address, format
    address = address if record.linked else record.links
    if not address:
        raise NotFoundError(f"{record.title} has no address.", "Its archive lists it without a file.")
    for _ in range(MOST_STEPS):
        rows = read(address, web, service=record.service)
        link = _this(rows, record, address)
        address, format = link.address, link.format
        if DATALINK not in format.replace(" ", "").lower():
            return address, format
    raise AnswerError(
        f"{record.title}: {MOST_STEPS} lists lead to one another, and to no file.",
        "Ask the archive.",
        service=record.service,
        url=address,
    )


def _this(rows: Sequence[Link], record: Record, address: str) -> Link:
    own = [row for row in rows if row.semantics == THIS] or [
        row for row in rows if row.semantics not in SHOWN and row.address and not row.processing
    ]
    good = next((row for row in own if row.address and not row.error), None)
    if good is not None:
        return good
    said = next((row.error for row in (*own, *rows) if row.error), "")
    if said:
        raise RefusedError(
            f"{record.service or 'The archive'} does not give {record.title}: {said}.",
            "It may want a login, or the file has moved.",
            service=record.service,
            url=address,
        )
    raise NotFoundError(
        f"The list of {record.title} has no file: {', '.join(row.semantics for row in rows) or 'it is empty'}.",
        "Ask the archive.",
    )


def fetch(record: Record, web: Web, *, refresh: bool = False) -> bytes:
    """The bytes of a small file, such as a light curve or a spectrum; kept for a month.

    Parameters
    ----------
    record : Record
    web : Web
    refresh : bool
        Whether to fetch it although it is kept.

    Raises
    ------
    NotFoundError
        Where the archive has no file of it.
    ServiceError
        Of its kinds; `AnswerError` where a page came in place of a file.
    """
    address, format = address_of(record, web)
    with _line(web, record.service, address) as line:
        return line.fetch(address, keep=MONTH, refresh=refresh, check=_no_page(record, format)).content


def download(record: Record, web: Web, *, deadline: float = 600) -> Path:
    """A file of any size, into the cache, with progress; what came before a break is not fetched again.

    Raises
    ------
    NotFoundError
        Where the archive has no file of it.
    ServiceError
        Of its kinds.
    """
    from skyexplorer import net

    address, format = address_of(record, web)
    return net.download(
        address, service=record.service, deadline=deadline, check=_no_page_at(record, address, format), keep=MONTH,
        auth=login(record, address),
    )  # fmt: skip


def login(record: Record, url: str) -> Any:
    """The credentials of the service that told of a file, where the file is at its own host; none are sent elsewhere."""
    from skyexplorer.net import credentials

    return credentials.of(record.service) if _at_home(record.service, url) else None


def _at_home(service: str, url: str) -> bool:
    row = registry.services().get(service)
    return row is not None and urlsplit(url).hostname == urlsplit(row.address).hostname


@contextmanager
def _line(web: Web, service: str, url: str) -> Iterator[Web]:
    """The same, but without credentials where the address is not at the host of the service."""
    if web.auth is None or _at_home(service, url):
        yield web
        return
    from skyexplorer.net import Web as Line

    with Line(service, web.deadline) as bare:
        yield bare


def _refuse_page(record: Record, start: bytes, format: str, url: str) -> None:
    head = start.lstrip()[:200].lower()
    if (head.startswith((b"<!doctype html", b"<html")) and "html" not in format.lower()) or not start:
        raise AnswerError(
            f"{record.service or url} gave {'a page' if start else 'nothing'} in place of {record.title}.",
            "It may want a login, or be out of order.",
            service=record.service,
            url=url,
        )


def _no_page(record: Record, format: str) -> Callable[[Reply], None]:
    return lambda reply: _refuse_page(record, reply.content[:500], format, reply.url)


def _no_page_at(record: Record, url: str, format: str) -> Callable[[Path], None]:
    def check(path: Path) -> None:
        with path.open("rb") as file:
            _refuse_page(record, file.read(500), format, url)

    return check
