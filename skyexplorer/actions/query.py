"""Query: what services hold in a region of the sky, as catalogues on layers, with an account of who answered what.

`prepare` makes names and nouns a question, at home; `ask_region` asks, in any thread; `show_region` makes layers of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer import services as services_
from skyexplorer.actions.beside import run_side_by_side
from skyexplorer.errors import (
    AnswerError,
    FormatError,
    InputError,
    SkyExplorerError,
)
from skyexplorer.io import roles
from skyexplorer.model.catalog import SourceCatalog
from skyexplorer.model.event import Event
from skyexplorer.model.ledger import Answer, Ledger
from skyexplorer.model.origin import Origin
from skyexplorer.model.region import SkyRegion
from skyexplorer.model.skymap import SkyMap
from skyexplorer.services import Found, Service, asking, loading, registry
from skyexplorer.session.layers import CatalogLayer, EventListLayer, RegionLayer
from skyexplorer.session.ledgers import asking as telling
from skyexplorer.session.session import Session
from skyexplorer.session.text import _

CREDIBLE = 0.9
"""The credible region of a map that stands for it."""
MOST = 1_000_000
"""Rows that are fetched on, where nobody says how many."""
POSITIONS = 2000
"""Around which circles are asked for in one question."""
PASSED_ON = ("ra", "dec", "name", "pmra", "pmdec", "parallax", "radial_velocity")


@dataclass(frozen=True)
class Question:
    """What is asked of whom."""

    region: SkyRegion
    services: tuple[Service, ...]
    columns: tuple[str, ...] | None = None
    max_rows: int | None = None
    where: str = ""
    deadline: float = 60.0
    refresh: bool = False
    name: str | None = None
    single: bool = True
    """Whether one service was named, and not a list."""
    whole: bool = False
    """Whether what a cap cut off is fetched too, by parts of the region."""


@dataclass(frozen=True)
class Answers:
    """What came of a question: catalogues by service, errors of the others, and the ledger."""

    catalogs: Mapping[str, SourceCatalog]
    errors: Mapping[str, Exception] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)


class Catalogs(dict[str, SourceCatalog]):
    """Catalogues by the id of their service; ``ledger`` tells of those that did not answer too."""

    ledger: Ledger = Ledger()


def prepare(
    session: Session,
    region: Any = None,
    service: str | Service | Iterable[str | Service] = "fermi-4fgl",
    *,
    radius: u.Quantity | float | None = None,
    columns: Iterable[str] | None = None,
    max_rows: int | None = None,
    where: str = "",
    deadline: float = 60.0,
    refresh: bool = False,
    name: str | None = None,
) -> Question:
    """Make a question of what a user says; see `SkyExplorer.query_region`.

    Raises
    ------
    InputError, NotFoundError
        For what cannot be asked.
    """
    rows = registry.of(service)
    for row in rows:
        asking.require_searched(row)
    if isinstance(columns, str):
        columns = (columns,)
    if max_rows is not None and (isinstance(max_rows, bool) or int(max_rows) != max_rows or max_rows < 1):
        raise InputError(f"max_rows is {max_rows!r}.", "Give a whole number, 1 or more.")
    if not deadline > 0:
        raise InputError(f"deadline is {deadline!r}.", "Give seconds, more than 0.")
    return Question(
        region_of(session, region, radius),
        tuple(rows),
        None if columns is None else tuple(columns),
        None if max_rows is None else int(max_rows),
        where,
        float(deadline),
        bool(refresh),
        name,
        single=isinstance(service, str | Service) or hasattr(service, "service"),
    )


def region_of(session: Session, what: Any, radius: u.Quantity | float | None = None) -> SkyRegion:
    """The region that something stands for: itself, a circle, a map's 90 % region, a layer, or the field in view.

    Raises
    ------
    InputError, NotFoundError
        If it stands for none.
    """
    if isinstance(what, str):
        layer = session.layers[what]
        what = layer.regions[-1] if isinstance(layer, RegionLayer) else layer.data
        if isinstance(layer, EventListLayer):
            what = layer.footprint
    if what is None:
        view = session.viewport
        what, radius = view.target, min(view.fov / 2, 180.0) if radius is None else radius
    if isinstance(what, Event):
        if what.localization is None:
            raise InputError(f"{what.name} has no localization.", "Give a position and a radius.")
        what = what.localization
    if isinstance(what, SkyMap):
        what = what.credible_region(CREDIBLE)
    if isinstance(what, SkyRegion):
        if radius is not None:
            raise InputError("A region has its size; radius is for positions.", "Leave radius out.")
        return what
    at = what.coords[~what.no_position] if isinstance(what, SourceCatalog) else getattr(what, "coord", what)
    if not isinstance(at, SkyCoord) or at.shape == (0,):
        raise InputError(
            f"A value of type {type(what).__name__} is no region.",
            "Give a SkyRegion, positions with radius=…, a map, an event, the name of a layer, or None for the view.",
        )
    if at.size > POSITIONS:
        raise InputError(
            f"These are {at.size:,} positions, of {POSITIONS:,} at most.",
            "Ask for a region around them, and match with crossmatch.",
        )
    if radius is None:
        raise InputError("A position has no size.", "Give radius=…, such as 0.5 * u.deg.")
    size = radius if isinstance(radius, u.Quantity) else radius * u.deg
    if at.isscalar:
        return SkyRegion.circle(at, size)
    return SkyRegion.union([SkyRegion.circle(each, size) for each in at])


# Asking: no session, any thread


def ask_region(question: Question) -> Answers:
    """Ask all services of a question, side by side.

    Raises
    ------
    ServiceError and other errors
        Where no service answered: that of the first.
    Cancelled
    """
    rows: dict[str, Any] = {}
    if len(question.services) == 1:
        service = question.services[0]
        catalog = _ask(question, rows, service)
        ledger = Ledger([rows[service.id].answer])
        catalog.ledger = ledger
        return Answers({service.id: catalog}, {}, ledger)
    tasks = {service.id: partial(_ask, question, rows, service) for service in question.services}
    came = run_side_by_side(tasks, question.deadline)
    catalogs = {id: value for id, value in came.items() if isinstance(value, SourceCatalog)}
    errors = {id: value for id, value in came.items() if isinstance(value, Exception)}
    ledger = Ledger(
        rows[id].answer if id in rows and not rows[id].open else Answer.of_error(id, errors[id])
        for id in came
    )
    for answer in ledger:
        if answer.service in catalogs:
            catalogs[answer.service].ledger = Ledger([answer])
    if not catalogs:
        raise next(iter(errors.values()))
    return Answers(catalogs, errors, ledger)


def _ask(question: Question, rows: dict[str, Any], service: Service) -> SourceCatalog:
    from skyexplorer.net import Web, credentials

    with telling(service.id, address=asking.shown(service.address)) as row:
        rows[service.id] = row
        with Web(
            service.id, question.deadline, per_host=service.per_host, auth=credentials.of(service.id)
        ) as web:
            given: dict[str, Any] = {
                "web": web, "columns": question.columns, "where": question.where, "refresh": question.refresh
            }  # fmt: skip
            if question.whole:
                found = asking.ask_whole(service, question.region, most=question.max_rows or MOST, **given)
            else:
                found = services_.ask(service, question.region, max_rows=question.max_rows, **given)
        catalog = catalog_of(service, question, found)
        row.tell(
            rows=len(catalog),
            overflow=found.overflow,
            query=asking.shown(found.query),
            address=asking.shown(found.address),
            cached_at=found.cached_at,
        )
    return catalog


def catalog_of(service: Service, question: Question, found: Found) -> SourceCatalog:
    """A catalogue of an answer, with its origin.

    Raises
    ------
    AnswerError
        If the columns of its positions are not among those that came.
    """
    origin = origin_of(service, found)
    table = found.table
    try:
        known = roles.roles(table).id != "table"
    except FormatError:
        known = False
    named: dict[str, Any] = {}
    if not known:
        for role in PASSED_ON:
            column = asking.column_of(service, role, table)
            if column is not None:
                named[role] = column
        epoch = asking.column_of(service, "epoch", table)
        if epoch is not None and len(table):
            named["epoch"] = epoch
        if service.containment:
            axes = [
                asking.column_of(service, role, table)
                for role in ("error_major", "error_minor", "error_angle")
            ]
            named["containment"] = service.containment
            if all(axes):
                named["ellipse"] = tuple(axes)
            else:
                named["error"] = asking.column_of(service, "error", table)
    try:
        catalog = SourceCatalog(
            table, title=service.title, band=service.band, origin=origin, empty=True, **named
        )
    except FormatError as error:
        raise AnswerError(
            f"{service.id}: {error.message}", "Its row may be out of date: skyexplorer doctor --services tells.",
            service=service.id, url=asking.shown(service.address),
        ) from error  # fmt: skip
    catalog.question = question
    return catalog


def origin_of(service: Service, found: Found) -> Origin:
    """Where an answer comes from, and on which terms."""
    import astropy

    loading.pyvo()
    import pyvo

    from skyexplorer import __version__

    notes = [
        _("there are more rows; sky.fetch_on brings them") if found.overflow else "",
        _("kept since {when}").format(when=found.cached_at) if found.cached_at else "",
        _("asked by {how}").format(how=found.how) if found.how else "",
        found.note,
    ]
    return Origin(
        title=service.title,
        service=service.id,
        location=asking.shown(found.address or service.address),
        query=found.query,
        reference=service.reference,
        licence=service.licence,
        note="; ".join(note for note in notes if note),
        retrieved=found.retrieved,
        rows=len(found.table),
        overflow=found.overflow,
        checksum=found.checksum,
        versions={"skyexplorer": __version__, "astropy": astropy.__version__, "pyvo": pyvo.__version__},
    )


# Showing: at home


def show_region(session: Session, question: Question, answers: Answers) -> SourceCatalog | Catalogs:
    """Make layers of what came: one a service that has rows; what has none, or more, is told."""
    session.archives.heard(answers.ledger)
    for id, catalog in answers.catalogs.items():
        title = catalog.origin.title
        if not len(catalog):
            session.notices.post(_("{title} has nothing in this region.").format(title=title))
            continue
        name = question.name if question.name and question.single else id
        if question.name and not question.single:
            name = f"{question.name}: {id}"
        layer = session.layers.add(CatalogLayer(name, catalog))
        if catalog.origin.overflow:
            session.notices.post(
                _("{title} gave {rows} rows, and has more.").format(title=title, rows=len(catalog)),
                "warning",
                _("sky.fetch_on({name!r}) brings them.").format(name=layer.name),
            )
    for id, error in answers.errors.items():
        text = error.message if isinstance(error, SkyExplorerError) else f"{type(error).__name__}: {error}"
        advice = error.advice if isinstance(error, SkyExplorerError) else ""
        session.notices.post(
            _("{service} did not answer: {text}").format(service=id, text=text), "warning", advice
        )
    if question.single:
        return next(iter(answers.catalogs.values()))
    found = Catalogs(answers.catalogs)
    found.ledger = answers.ledger
    return found


def query_region(session: Session, region: Any = None, service: Any = "fermi-4fgl", **given: Any) -> Any:
    """Ask, and show: see `SkyExplorer.query_region`."""
    question = prepare(session, region, service, **given)
    return show_region(session, question, ask_region(question))


# Fetching on


def prepare_on(session: Session, what: Any, max_rows: int | None = None, deadline: float = 600.0) -> Question:
    """The question that brings what a cap cut off; see `SkyExplorer.fetch_on`.

    Raises
    ------
    InputError
        For something that was not asked of a service.
    """
    if isinstance(what, str):
        what = session.layers[what].data
    question = getattr(what, "question", None)
    if not isinstance(question, Question):
        raise InputError(
            f"{what!r} was not asked of a service.", "Give what query_region returned, or its layer."
        )
    service = [row for row in question.services if row.id == what.origin.service]
    return replace(
        question,
        services=tuple(service),
        max_rows=max_rows,
        deadline=float(deadline),
        whole=True,
        single=True,
    )


def show_on(session: Session, what: Any, question: Question, answers: Answers) -> SourceCatalog:
    """Put the fuller catalogue in the place of the one that was cut."""
    if isinstance(what, str):
        what = session.layers[what].data
    catalog = next(iter(answers.catalogs.values()))
    session.archives.heard(answers.ledger)
    before = next((layer for layer in session.layers.values() if layer.data is what), None)
    if before is None:
        session.layers.add(CatalogLayer(question.name or catalog.origin.service, catalog))
        return catalog
    style = {key: getattr(before, key) for key in ("visible", "opacity", "color", "shape")}
    session.layers.remove(before.name)
    session.layers.add(CatalogLayer(before.name, catalog, **style))
    return catalog
