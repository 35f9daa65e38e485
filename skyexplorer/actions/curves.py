"""Live light curves: several providers asked at once about one source, and shown together.

Who is asked follows from what can have data: the band of the source, its declination, its brightness, and how sharp its
position is. A source of a coarse catalogue (gamma rays, say) is asked for at the place of its counterpart, if its row tells
one, else at that of its associated name, which Sesame resolves; without either, those that tell stars apart are not asked.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer.actions import light_curve, names
from skyexplorer.actions.beside import run_side_by_side
from skyexplorer.actions.select import named
from skyexplorer.errors import InputError, NotFoundError, ServiceError, SkyExplorerError
from skyexplorer.model.ledger import Answer, Ledger
from skyexplorer.model.lightcurve import LightCurve
from skyexplorer.services import curves, resolve
from skyexplorer.services.curves import Brought, Provider, Target
from skyexplorer.session.ledgers import asking
from skyexplorer.session.selection import is_event, is_source, same
from skyexplorer.session.session import Session
from skyexplorer.session.text import _

if TYPE_CHECKING:
    from skyexplorer.net import Deadline

RESOLVE = 15.0
"""Seconds that a name may take to be resolved."""
FAR = 360.0
"""Arcseconds from the place of a coarse source, whose error is not known, within which that of its name is believed."""
COARSE_NAMES = re.compile(
    r"(\d(FGL|FHL|FAV|PC|LAC)|HESS J|VER J|MAGIC J|\d?HWC|\d?LHAASO|\dAGL|TeV J|IC-?\d{6}|IceCube|GW\d{6}|M?S\d{6}|GRB)",
    re.I,
)
LARGEST = 60.0
"""Arcseconds: a larger radius holds many stars."""
OF_95 = float(np.sqrt(-2 * np.log(0.05)))
"""Radius of a circle that holds 95 %, in units of one Gaussian sigma in one dimension."""
COUNTERPARTS = (("ra_counterpart", "dec_counterpart"), ("assoc_ra", "assoc_dec"), ("ra_opt", "dec_opt"))
MAGNITUDES = (
    "phot_g_mean_mag",
    "gmag",
    "g_mag",
    "vmag",
    "v_mag",
    "mag",
    "rmag",
    "r_mag",
    "magnitude",
    "bmag",
)


class LiveCurves(Sequence[LightCurve]):
    """The light curves that archives gave of one source; with who was asked, and what each answered.

    Parameters
    ----------
    target : Target
        Who was asked about.
    curves : mapping of str to tuple of LightCurve
        By provider.
    answers : iterable of Answer
    notes, skipped : mapping of str to str
        What a provider said beside, and why others were not asked.

    Examples
    --------
    >>> from skyexplorer.actions.curves import LiveCurves, Target
    >>> none = LiveCurves(Target("nothing", 0.0, 0.0), {}, [], {}, {})
    >>> len(none), none.ledger.complete
    (0, True)
    """

    def __init__(
        self,
        target: Target,
        curves: Mapping[str, tuple[LightCurve, ...]],
        answers: Iterable[Answer],
        notes: Mapping[str, str],
        skipped: Mapping[str, str],
    ) -> None:
        self.target = target
        self.by_provider: dict[str, tuple[LightCurve, ...]] = {
            id: tuple(own) for id, own in curves.items() if own
        }
        self.ledger = Ledger(answers)
        self.notes, self.skipped = dict(notes), dict(skipped)
        self._all = tuple(curve for own in self.by_provider.values() for curve in own)

    @overload
    def __getitem__(self, index: int) -> LightCurve: ...
    @overload
    def __getitem__(self, index: slice | str) -> tuple[LightCurve, ...]: ...
    def __getitem__(self, index: int | slice | str) -> LightCurve | tuple[LightCurve, ...]:
        """A curve by its number, or all those of a provider by its id."""
        return self.by_provider.get(index, ()) if isinstance(index, str) else self._all[index]

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[LightCurve]:
        return iter(self._all)

    def __repr__(self) -> str:
        head = f"<LiveCurves of {self.target.name}: {len(self)} from {len(self.by_provider)} providers>"
        asked = {answer.service for answer in self.ledger}  # whose lines have their notes
        notes = [f"  {id}: {text}" for id, text in self.notes.items() if id not in asked]
        return "\n".join([head, *(f"  {answer.line()}" for answer in self.ledger), *notes])


@dataclass(frozen=True)
class Question:
    """What is asked, of whom, and how long; made at home, answered anywhere."""

    thing: Any
    target: Target
    providers: tuple[str, ...] | None
    deadline: float
    options: Mapping[str, Any] = field(default_factory=dict)
    selected: tuple[Any, ...] = ()
    """What was selected when it was asked."""


def question(
    session: Session,
    source: Any,
    providers: Iterable[str] | str | None = None,
    radius: Any = 3.0,
    deadline: float = 60.0,
    **options: Any,
) -> Question:
    """The question about a source, checked.

    Raises
    ------
    InputError
        For something without a position, an unknown provider, or a radius or deadline that cannot be.
    NotFoundError
        For an unknown name.
    """
    thing = named(session, source) if isinstance(source, str) else source
    try:
        size = float(u.Quantity(radius, u.arcsec).value)
    except (u.UnitConversionError, TypeError, ValueError) as error:
        raise InputError(f"radius is {radius!r}.", "Give arcseconds, or a Quantity.") from error
    if not 0 < size <= LARGEST:
        raise InputError(f'radius is {size:g}".', f'Give more than 0" and no more than {LARGEST:g}".')
    if not isinstance(deadline, int | float) or not deadline > 0:
        raise InputError(f"deadline is {deadline!r}.", "Give seconds, more than 0.")
    cadence = options.get("cadence", "weekly")
    if cadence not in curves.CADENCES:
        raise InputError(f"cadence is {cadence!r}.", f"Give one of {', '.join(curves.CADENCES)}.")
    known = curves.providers()
    session.curves.titles |= {id: provider.title for id, provider in known.items()} | {
        resolve.SERVICE: "Sesame"
    }
    wanted: tuple[str, ...] | None = None
    if providers is not None:
        wanted = (providers,) if isinstance(providers, str) else tuple(providers)
        for id in wanted:
            if id not in known:
                raise InputError(f"There is no provider {id!r}.", f"There are {', '.join(known)}.")
    return Question(
        thing, target_of(thing, size), wanted, float(deadline), options, session.selection.sources
    )


def target_of(thing: Any, radius: float = 3.0) -> Target:
    """What providers are told of a source, an event with a position, or a place.

    Raises
    ------
    InputError
        Where it has no position.
    """
    if isinstance(thing, SkyCoord):
        if not thing.isscalar:
            raise InputError(f"{thing.size} positions are given.", "Give one.")
        at = thing.icrs
        return Target(at.to_string(precision=5), float(at.ra.deg), float(at.dec.deg), radius=radius)
    if not (is_source(thing) or is_event(thing)):
        raise InputError(f"{thing!r} has no light curves.", "Give a source, an event, a name, or a SkyCoord.")
    coord = thing.coord if is_source(thing) else thing.position
    if coord is None or not np.isfinite(coord.ra.deg):
        raise InputError(f"{thing.name} has no position.", "The archives are asked by position.")
    ra, dec = float(coord.ra.deg), float(coord.dec.deg)
    name = str(thing.name)
    if is_event(thing):
        return Target(name, ra, dec, (name,), error=_event_error(thing), radius=radius)
    catalog, row = thing.catalog, thing.index
    known = tuple(dict.fromkeys([name, *names.aliases(catalog, row)]))
    sigma = np.nan if catalog.error is None else float(catalog.error[row].to_value(u.arcsec))
    target = Target(
        name,
        ra,
        dec,
        known,
        str(catalog.band),
        OF_95 * sigma,
        facts=_facts(catalog.table, row),
        radius=radius,
    )
    target = replace(target, magnitude=target.fact(*MAGNITUDES))
    return target if target.sharp else _at_counterpart(target)


def _facts(table: Any, row: int) -> dict[str, Any]:
    """The plain cells of a row, by small letters."""
    found = {}
    for column in table.colnames:
        cell = table[column][row] if getattr(table[column], "ndim", 2) == 1 else None
        if cell is not None and not np.ma.is_masked(cell):
            found[str(column).lower()] = getattr(cell, "value", cell)
    return found


def _event_error(event: Any) -> float:
    radius = getattr(event.localization, "radius", None)
    return np.inf if radius is None else float(radius.to_value(u.arcsec))


def _at_counterpart(target: Target) -> Target:
    """At the place of the counterpart that the row tells, if it does."""
    for columns in COUNTERPARTS:
        ra, dec = (target.fact(column) for column in columns)
        if (
            np.isfinite(ra + dec)
            and abs(dec) <= 90
            and target.separation(ra, dec) < max(3600.0, 3 * _finite(target.error))
        ):
            return replace(target, ra=ra % 360, dec=dec, error=1.0)
    return target


def _finite(value: float) -> float:
    return value if np.isfinite(value) else 0.0


def ask_curves(
    asked: Question, told: Callable[[str, Brought | Exception], object] | None = None
) -> LiveCurves:
    """Ask the providers, side by side. It runs in any thread, and touches no session.

    Parameters
    ----------
    asked : Question
    told : callable, optional
        ``told(provider, result)``, called as they answer.

    Raises
    ------
    Cancelled
        Where the work was to stop.
    """
    from skyexplorer.net import Deadline

    deadline = Deadline(asked.deadline)
    target, notes = asked.target, {}
    known = curves.providers()
    if not target.sharp and (
        asked.providers is None or any(known[id].band == "optical" for id in asked.providers)
    ):
        target, said = _resolved(target, deadline)
        if said:
            notes[resolve.SERVICE] = said
    skipped: dict[str, str] = {}
    chosen: list[Provider] = []
    for id, why in curves.fitting(target).items():
        if asked.providers is None and why:
            skipped[id] = why
        elif asked.providers is None or id in asked.providers:
            chosen.append(known[id])
    start = time.monotonic()
    came: dict[str, Answer] = {}

    def each(id: str, result: Any) -> None:
        came[id] = answer_of(id, result, time.monotonic() - start)
        if told is not None:
            told(id, result)

    found = run_side_by_side(
        {
            provider.id: partial(curves.bring, provider, target, deadline, asked.options)
            for provider in chosen
        },
        deadline,
        each=each,
    )
    brought = {id: result for id, result in found.items() if isinstance(result, Brought)}
    for result in found.values():
        if isinstance(result, Exception) and not isinstance(result, SkyExplorerError):
            raise result  # a fault of ours, not of the service
    notes |= {id: result.note for id, result in brought.items() if result.note}
    return LiveCurves(
        target,
        {id: result.curves for id, result in brought.items()},
        [came[id] for id in found],
        notes,
        skipped,
    )


def answer_of(id: str, result: Brought | Exception, seconds: float) -> Answer:
    """What a provider's result is in a ledger."""
    if isinstance(result, Exception):
        return Answer.of_error(id, result, seconds=seconds)
    return Answer(
        id, "cached" if result.cached_at else "ok", rows=len(result), seconds=result.seconds, overflow=result.overflow,
        address=result.address, query=result.query, message=result.note, cached_at=result.cached_at,
    )  # fmt: skip


def _resolved(target: Target, deadline: Deadline) -> tuple[Target, str]:
    """The target at the place of the first of its names that Sesame knows; as it is where there is none."""
    from skyexplorer.net import Deadline, Web

    # Names made of the coordinates of a coarse catalogue would lead to the same place again.
    for name in [name for name in target.names if name and not COARSE_NAMES.match(name)][:2]:
        try:
            with (
                asking(resolve.SERVICE, query=name) as row,
                Web(resolve.SERVICE, Deadline(min(RESOLVE, deadline.left()))) as web,
            ):
                found = resolve.ask(name, web)
                row.tell(rows=1, cached_at=found.cached_at)
        except NotFoundError:
            continue
        except ServiceError as error:
            return target, _("the place of {name} was not resolved: {why}").format(
                name=name, why=error.message
            )
        near = max(3 * target.error, 60.0) if np.isfinite(target.error) else FAR
        if target.separation(found.ra, found.dec) <= near:
            return replace(target, ra=found.ra, dec=found.dec, error=1.0), _(
                "asked at the place of {name}"
            ).format(name=name)
    return target, ""


def show_curves(session: Session, asked: Question, found: LiveCurves) -> LiveCurves:
    """Keep what came, and show it unless something else was selected meanwhile."""
    answers = {answer.service: answer for answer in found.ledger}
    session.curves.heard(asked.thing, found.by_provider, answers, found.notes, found.skipped)
    _show(session, asked)
    return found


def telling(session: Session, asked: Question) -> Callable[[str, Brought | Exception], object]:
    """What a worker tells of each provider that answers: it is shown at home, while others are still asked."""
    began = time.monotonic()

    def told(id: str, result: Brought | Exception) -> None:
        answer = answer_of(id, result, time.monotonic() - began)
        session.jobs.home.call(lambda: _show_part(session, asked, answer, result))

    return told


def _show_part(session: Session, asked: Question, answer: Answer, result: Brought | Exception) -> None:
    heard = session.curves.of(asked.thing)
    if heard is None or heard.job is None or heard.job.ended:
        return  # all has come before this did, or nobody wants it any more
    id = answer.service
    own = result.curves if isinstance(result, Brought) else ()
    note = result.note if isinstance(result, Brought) else ""
    session.curves.heard(
        asked.thing,
        {id: own} if own else {},
        {id: answer},
        {id: note} if note else {},
        {},
        whole=False,
    )
    if own:
        _show(session, asked)


def _show(session: Session, asked: Question) -> None:
    selected = session.selection.sources
    chosen = any(same(asked.thing, thing) for thing in selected)
    unchanged = len(selected) == len(asked.selected) and all(map(same, selected, asked.selected))
    if chosen:
        light_curve.show(session, selected)
    elif unchanged:
        light_curve.show(session, (asked.thing,))
