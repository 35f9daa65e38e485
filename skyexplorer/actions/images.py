"""Images of a place: what archives have, by what it covers; and parts of them, cut out there or here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any

from skyexplorer.actions import query
from skyexplorer.actions.beside import run_side_by_side
from skyexplorer.errors import InputError
from skyexplorer.model.ledger import Answer, Ledger
from skyexplorer.model.record import Record, Records
from skyexplorer.model.region import SkyRegion
from skyexplorer.services import datalink, obstap, registry, sia, soda
from skyexplorer.services.registry import Service
from skyexplorer.services.soda import CutOut
from skyexplorer.session.layers import RegionLayer
from skyexplorer.session.ledgers import asking
from skyexplorer.session.session import Session
from skyexplorer.session.text import _

DEADLINE, LONG = 60.0, 600.0
"""Seconds for lists of images, and for a file."""


@dataclass(frozen=True)
class Question:
    """Whom to ask for images of what."""

    region: SkyRegion
    services: tuple[Service, ...]
    max_rows: int | None = None
    deadline: float = DEADLINE
    refresh: bool = False


def serves_images(row: Service) -> bool:
    """Whether a service lists images."""
    return row.protocol in ("sia1", "sia2") or obstap.is_obscore(row)


def prepare(
    session: Session,
    region: Any = None,
    service: str | Service | Iterable[str | Service] | None = None,
    *,
    max_rows: int | None = None,
    deadline: float = DEADLINE,
    refresh: bool = False,
) -> Question:
    """Make a question of what a user says; see `SkyExplorer.images`.

    Raises
    ------
    InputError, NotFoundError
        For what cannot be asked.
    """
    if not deadline > 0:
        raise InputError(f"deadline is {deadline!r}.", "Give seconds, more than 0.")
    if max_rows is not None and (isinstance(max_rows, bool) or int(max_rows) != max_rows or max_rows < 1):
        raise InputError(f"max_rows is {max_rows!r}.", "Give a whole number, 1 or more.")
    listing = [row for row in registry.services().values() if serves_images(row)]
    rows = listing if service is None else registry.of(service)
    for row in rows:
        if not serves_images(row):
            known = ", ".join(one.id for one in listing)
            raise InputError(f"{row.id} ({row.title}) lists no images.", f"These do: {known}.")
    return Question(query.region_of(session, region), tuple(rows), max_rows, float(deadline), bool(refresh))


def ask_images(question: Question) -> Records:
    """Ask all services of a question, side by side.

    Raises
    ------
    ServiceError and other errors
        Where no service answered: that of the first.
    Cancelled
    """
    began = monotonic()
    seconds: dict[str, float] = {}
    tasks = {row.id: partial(_ask, row, question) for row in question.services}
    came = run_side_by_side(
        tasks, question.deadline, each=lambda name, value: seconds.setdefault(name, monotonic() - began)
    )
    told: list[Answer] = []
    kept: list[Record] = []
    for name, value in came.items():
        if isinstance(value, Exception):
            told.append(Answer.of_error(name, value, seconds=seconds[name]))
        else:
            kept += value
            told.append(value.answer(seconds[name]))
    if came and not any(answer.good for answer in told):
        raise next(value for value in came.values() if isinstance(value, Exception))
    return Records(kept, Ledger(told))


class _Listed(list[Record]):
    """What one service lists, and what its ledger is told."""

    def __init__(self, row: Service, records: Iterable[Record], found: Any) -> None:
        super().__init__(records)
        self.row, self.found = row, found
        self.overflow, self.cached_at = found.overflow, found.cached_at
        self.address, self.query = found.address, found.query

    def answer(self, seconds: float) -> Answer:
        return obstap.answered(self.row, self.found, len(self), seconds)


def _ask(row: Service, question: Question) -> _Listed:
    from skyexplorer.net import Web, credentials

    rows, refresh = question.max_rows, question.refresh
    with Web(row.id, question.deadline, per_host=row.per_host, auth=credentials.of(row.id)) as web:
        if row.protocol == "obstap":
            records, found = obstap.find(
                row, question.region, web=web, dataproduct_type=obstap.IMAGES, max_rows=rows, refresh=refresh
            )
        else:
            records, found = sia.find(row, question.region, web=web, max_rows=rows, refresh=refresh)
    return _Listed(row, records, found)


def show_images(session: Session, question: Question, records: Records) -> Records:
    """Put on show what was found: the footprints are drawn with it."""
    session.archives.heard(records.ledger)
    session.archives.show("images", records)
    if not records:
        session.notices.post(_("No image of this region is known."))
    return records


# Parts of them


def prepare_cutout(session: Session, image: Any, region: Any = None) -> tuple[Record, SkyRegion]:
    """The image and the region that are meant; see `SkyExplorer.cutout`.

    Raises
    ------
    InputError
        For something that is no record of an image, or no region.
    """
    if not isinstance(image, Record):
        raise InputError(f"{image!r} is no image.", "Give one of sky.images(…).")
    if image.kind not in obstap.IMAGES:
        raise InputError(
            f"{image.title} is of the kind {image.kind!r}, not an image.", "Give one of sky.images(…)."
        )
    return image, query.region_of(session, region)


def ask_cutout(image: Record, region: SkyRegion, deadline: float = LONG) -> CutOut:
    """Have a part of an image cut, and fetch it, with progress.

    Raises
    ------
    InputError
        Where image and region have no place in common.
    NotFoundError, ServiceError
    """
    from skyexplorer.net import Web

    with (
        asking(image.service or "images", address=image.address) as row,
        Web(
            image.service,
            deadline,
            auth=datalink.login(image, image.address if image.linked else image.links),
        ) as web,
    ):
        found = soda.cutout(image, region, web, deadline=deadline)
        row.tell(rows=1, address=found.origin.location)
    return found


def show_cutout(session: Session, found: CutOut) -> CutOut:
    """Its outline becomes a layer."""
    if found.region is not None:
        name = _("{title}, cut out").format(title=found.record.title)
        session.layers.add(RegionLayer(name, [found.region], data=found, origin=found.origin))
    return found
