"""Listing: events of many sources side by side, one row each, before any of them is opened.

A row says what a list says of an event: no map, no region. Numbers are in one unit for all sources, and as given where
sources differ (false-alarm rates come in Hz and per year); what a source does not say is NaN or empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from html import escape
from time import time as clock
from types import MappingProxyType
from typing import Any, overload

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time

from skyexplorer.errors import InputError, NotFoundError
from skyexplorer.model.event import AHEAD_DAYS, MESSENGERS, UTC_BEGAN_JD, Event
from skyexplorer.model.ledger import Ledger
from skyexplorer.model.revisions import normalised
from skyexplorer.model.skymap import SkyMap

NAN = float("nan")
YEAR = 365.25 * 86400.0  # s
MJD_OF_1970 = 40587
UTC_BEGAN_MJD = UTC_BEGAN_JD - 2400000.5
COLUMNS = (
    "name", "messenger", "time", "far", "far_as_given", "kind", "area", "distance", "source", "revision", "retracted",
    "test", "aliases", "note",
)  # fmt: skip


@dataclass(frozen=True)
class ListedEvent:
    """An event as a list tells of it.

    Parameters
    ----------
    name : str
        By which it is opened: ``sky.open(name, source="live")``.
    messenger : str
        As of `Event`.
    mjd : float
        When it happened, UTC.
    issued : float
        When it was last told of, MJD UTC: what orders the events whose own time the list does not say.
    far_given : float
        False-alarm rate, in ``far_unit``.
    far_unit : {"Hz", "1/yr"}
    kind : str
        What it is: the most probable class, or the source's word for it (``"BNS"``, ``"CBC"``, ``"gold"``, ``"GRB"``).
    classes : mapping
        Probabilities of what it is.
    area : float
        Of its 90 % region (or what its source calls the area), deg².
    distance : float
        Mpc.
    ra, dec : float
        Best fit, degrees ICRS.
    signalness : float
        Probability of astrophysical origin.
    source : str
        Id of the service that lists it, or ``"sample"``.
    revision : str
        As its source counts: ``"v3"``, ``"1"``.
    retracted, test : bool
    aliases : tuple of str
        Its other names.
    address : str
        A page for people.
    note : str
        What a reader must know.

    Examples
    --------
    >>> from skyexplorer.model.listing import ListedEvent
    >>> row = ListedEvent("IC170922A", "neutrino", 58018.871186, far_given=1.2, far_unit="1/yr")
    >>> row.time.iso[:19], f"{row.far:.2e}"
    ('2017-09-22 20:54:30', '3.80e-08 Hz')
    """

    name: str
    messenger: str = ""
    mjd: float = NAN
    issued: float = NAN
    far_given: float = NAN
    far_unit: str = "Hz"
    kind: str = ""
    classes: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    area: float = NAN
    distance: float = NAN
    ra: float = NAN
    dec: float = NAN
    signalness: float = NAN
    source: str = ""
    revision: str = ""
    retracted: bool = False
    test: bool = False
    aliases: tuple[str, ...] = ()
    address: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            raise InputError("An event needs a name.", "Any text that tells it from others.")
        if self.messenger not in MESSENGERS:
            raise InputError(
                f"The messenger is {self.messenger!r}.", f"One of {', '.join(filter(None, MESSENGERS))}."
            )
        for name in ("mjd", "issued"):
            if not UTC_BEGAN_MJD < getattr(self, name) < clock() / 86400 + MJD_OF_1970 + AHEAD_DAYS:
                object.__setattr__(self, name, NAN)  # none of an event

    @classmethod
    def of_event(cls, event: Event, source: str = "", **facts: Any) -> ListedEvent:
        """The row of an event that is at hand."""
        given = event.far_as_given if event.far_as_given is not None else event.far
        at = event.position
        area = distance = NAN
        if isinstance(event.localization, SkyMap):
            area = float(event.localization.credible_area(0.9).to_value(u.deg**2))
            if event.localization.distance is not None:
                distance = float(event.localization.distance[0].to_value(u.Mpc))
        elif event.localization is not None:
            area = float(event.localization.area.to_value(u.deg**2))
        classes = dict(event.classification)
        row = cls(
            event.name,
            event.messenger,
            mjd=NAN if event.time is None else float(event.time.utc.mjd),
            issued=NAN if event.issued is None else float(event.issued.utc.mjd),
            far_given=NAN if given is None else float(given.value),
            far_unit="Hz" if given is None or given.unit == u.Hz else "1/yr",
            kind=max(classes, key=lambda name: classes[name]) if classes else "",
            classes=MappingProxyType(classes),
            area=area,
            distance=distance,
            ra=NAN if at is None else float(at.icrs.ra.deg),
            dec=NAN if at is None else float(at.icrs.dec.deg),
            signalness=NAN if event.signalness is None else event.signalness,
            source=source or event.origin.service,
            revision=str(event.revision) if event.revision else "",
            retracted=event.retracted,
            test=event.role == "test",
            aliases=tuple(name for name in event.ids if name != event.name),
        )
        return replace(row, **facts)

    @property
    def time(self) -> Time | None:
        """When it happened, UTC."""
        return Time(self.mjd, format="mjd", scale="utc") if np.isfinite(self.mjd) else None

    @property
    def when(self) -> float:
        """By which it is sorted: its own time, else that of its last notice; MJD UTC, NaN where neither is told."""
        return self.mjd if np.isfinite(self.mjd) else self.issued

    @property
    def far_as_given(self) -> u.Quantity | None:
        """False-alarm rate in the unit of its source."""
        return self.far_given * u.Unit(self.far_unit) if np.isfinite(self.far_given) else None

    @property
    def far(self) -> u.Quantity | None:
        """False-alarm rate in Hz (a year has 365.25 days)."""
        given = self.far_as_given
        return None if given is None else given.to(u.Hz)

    @property
    def position(self) -> SkyCoord | None:
        """Best fit."""
        return SkyCoord(self.ra * u.deg, self.dec * u.deg) if np.isfinite(self.ra + self.dec) else None

    @property
    def names(self) -> tuple[str, ...]:
        """All its names, its own first."""
        return (self.name, *self.aliases)


@dataclass(frozen=True)
class EventFilter:
    """Which events of a list are wanted; what is left out does not count.

    Parameters
    ----------
    messenger : str, optional
    since, until : Time, optional
        Both ends belong to it.
    far_below : Quantity, optional
        In Hz or per year. Events of which no rate is told are not kept.
    kind : str, optional
        As `ListedEvent.kind`, or a class that is more likely than all others together; case does not count.
    area_below : Quantity, optional
        Events of which no area is told are not kept.
    search : str
        Words that must all be in its names, kind, source or note; case does not count.

    Raises
    ------
    InputError
        For a value that cannot be, such as a rate without a unit.

    Examples
    --------
    >>> from astropy import units as u
    >>> from skyexplorer.model.listing import EventFilter, ListedEvent
    >>> EventFilter(far_below=1 / u.yr).keeps(ListedEvent("S190814bv", "gw", far_given=2e-33))
    True
    """

    messenger: str | None = None
    since: Time | None = None
    until: Time | None = None
    far_below: u.Quantity | None = None
    kind: str | None = None
    area_below: u.Quantity | None = None
    search: str = ""

    def __post_init__(self) -> None:
        if self.messenger is not None and self.messenger not in MESSENGERS:
            raise InputError(
                f"messenger is {self.messenger!r}.", f"One of {', '.join(filter(None, MESSENGERS))}, or None."
            )
        for name in ("since", "until"):
            object.__setattr__(self, name, _moment(name, getattr(self, name)))
        if self.since is not None and self.until is not None and self.until < self.since:
            raise InputError(
                f"until ({self.until.utc.iso}) is before since ({self.since.utc.iso}).", "Exchange them."
            )
        object.__setattr__(self, "far_below", _quantity("far_below", self.far_below, u.Hz, None))
        object.__setattr__(self, "area_below", _quantity("area_below", self.area_below, u.deg**2, u.deg**2))
        if not isinstance(self.search, str):
            raise InputError(f"search is {self.search!r}.", "Give words.")

    @cached_property
    def _bounds(self) -> tuple[float, float, float, float]:
        """MJD, MJD, Hz and deg² as plain numbers: thousands of events are asked at once."""
        return (
            -np.inf if self.since is None else float(self.since.utc.mjd),
            np.inf if self.until is None else float(self.until.utc.mjd),
            np.inf if self.far_below is None else float(self.far_below.to_value(u.Hz)),
            np.inf if self.area_below is None else float(self.area_below.to_value(u.deg**2)),
        )

    def keeps(self, event: ListedEvent) -> bool:
        """Whether an event is wanted."""
        if self.messenger is not None and event.messenger != self.messenger:
            return False
        since, until, far, area = self._bounds
        if not (event.when >= since or since == -np.inf) or not (event.when <= until or until == np.inf):
            return False
        given = event.far_given / (YEAR if event.far_unit == "1/yr" else 1.0)
        if not (given < far or far == np.inf) or not (event.area < area or area == np.inf):
            return False
        if self.kind and not _of_kind(event, self.kind):
            return False
        if not self.search.strip():
            return True
        named = (*event.names, *map(normalised, event.names))
        text = " ".join((*named, event.kind, event.source, event.note)).casefold()
        return all(word in text for word in self.search.casefold().split())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, EventFilter):
            return NotImplemented
        return all(_equal(getattr(self, f.name), getattr(other, f.name)) for f in fields(self))

    def __hash__(self) -> int:
        return hash((self.messenger, self.kind, self.search))


def _of_kind(event: ListedEvent, kind: str) -> bool:
    if event.kind.casefold() == kind.casefold():
        return True
    return any(name.casefold() == kind.casefold() and share > 0.5 for name, share in event.classes.items())


def _equal(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    return bool(one == other)


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _moment(name: str, value: Any) -> Time | None:
    if value is None or value == "":
        return None
    try:
        found = value if isinstance(value, Time) else Time(value, scale="utc")
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{name} is {value!r}, which is no time.", 'Give a Time, or "2017-08-17".'
        ) from error
    if not found.isscalar:
        raise InputError(f"{name} has {found.size} times.", "Give one.")
    if name == "until" and isinstance(value, str) and _DAY.fullmatch(value.strip()):
        return found + (1 - 1e-9) * u.day  # a day belongs to the range as a whole
    return found


def _quantity(name: str, value: Any, unit: u.Unit, plain: u.Unit | None) -> u.Quantity | None:
    if value is None:
        return None
    if not isinstance(value, u.Quantity) and plain is not None and np.isscalar(value):
        value = value * plain
    if not (isinstance(value, u.Quantity) and value.unit.is_equivalent(unit) and value.isscalar):
        raise InputError(f"{name} is {value!r}.", f"Give a Quantity in {unit.to_string()} or alike.")
    return value.to(unit)


class EventsList(Sequence[ListedEvent]):
    """Events of several sources side by side, the latest first; it does not change.

    Parameters
    ----------
    rows : iterable of ListedEvent
        In any order.
    ledger : Ledger
        Who was asked, and what each answered.

    Examples
    --------
    >>> from skyexplorer.model.listing import EventsList, ListedEvent
    >>> listed = EventsList([ListedEvent("IC170922A", "neutrino", 58018.87), ListedEvent("GW170817", "gw", 57982.53)])
    >>> [event.name for event in listed.filtered(messenger="gw")]
    ['GW170817']
    >>> listed["IceCube-170922A"].messenger
    'neutrino'
    """

    def __init__(self, rows: Iterable[ListedEvent] = (), ledger: Ledger | None = None) -> None:
        self._rows = tuple(sorted(rows, key=_order))
        self.ledger = Ledger() if ledger is None else ledger

    @overload
    def __getitem__(self, index: int | str) -> ListedEvent: ...
    @overload
    def __getitem__(self, index: slice) -> EventsList: ...
    def __getitem__(self, index: int | str | slice) -> ListedEvent | EventsList:
        if isinstance(index, slice):
            return EventsList(self._rows[index], self.ledger)
        if isinstance(index, str):
            wanted = normalised(index)
            for row in self._rows:
                if wanted in map(normalised, row.names):
                    return row
            raise NotFoundError(f"No event in this list is called {index!r}.", "Open it by its name instead.")
        return self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[ListedEvent]:
        return iter(self._rows)

    def __repr__(self) -> str:
        lines = [f"<EventsList: {len(self)} events>"]
        lines += [
            f"  {row.name:24} {row.messenger:10} {'' if row.time is None else row.time.iso[:19]:19} "
            f"{row.kind:12} {row.source}{' retracted' if row.retracted else ''}"
            for row in self._rows[:10]
        ]
        if len(self) > 10:
            lines.append(f"  … {len(self) - 10} more")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{name}</th>" for name in COLUMNS)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells(row)) + "</tr>"
            for row in self._rows[:50]
        )
        more = f"<p>… {len(self) - 50} more</p>" if len(self) > 50 else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"

    def filtered(self, wanted: EventFilter | None = None, **words: Any) -> EventsList:
        """The events that a filter keeps, or its words: ``filtered(messenger="gw", far_below=1 / u.yr)``."""
        chosen = EventFilter(**words) if wanted is None else replace(wanted, **words)
        return EventsList((row for row in self._rows if chosen.keeps(row)), self.ledger)

    def to_table(self) -> Any:
        """The same as an astropy Table: times as Time, rates in Hz and as given, areas in deg², distances in Mpc."""
        from astropy.table import MaskedColumn, Table

        def numbers(values: Iterable[float], unit: u.Unit) -> Any:
            found = np.array(list(values), float)
            return MaskedColumn(found, mask=~np.isfinite(found), unit=unit)

        rows = self._rows
        mjd = np.array([row.mjd for row in rows], float)
        known = np.isfinite(mjd)
        time = Time(np.where(known, mjd, 51544.0), format="mjd", scale="utc")
        if not known.all():
            time[~known] = np.ma.masked
        time.format = "iso"
        columns: dict[str, Any] = {
            "name": np.array([row.name for row in rows], str),
            "messenger": np.array([row.messenger for row in rows], str),
            "time": time,
            "far": numbers((NAN if row.far is None else row.far.value for row in rows), u.Hz),
            "far_as_given": [_given(row) for row in rows],
            "kind": [row.kind for row in rows],
            "area": numbers((row.area for row in rows), u.deg**2),
            "distance": numbers((row.distance for row in rows), u.Mpc),
        }
        for name in ("source", "revision", "note"):
            columns[name] = [getattr(row, name) for row in rows]
        columns |= {
            name: np.array([getattr(row, name) for row in rows], bool) for name in ("retracted", "test")
        }
        columns["aliases"] = [", ".join(row.aliases) for row in rows]
        texts = {
            name: np.array(values, str) if isinstance(values, list) else values
            for name, values in columns.items()
        }
        return Table(texts)[list(COLUMNS)]


def cells(row: ListedEvent) -> list[str]:
    """One row as texts, in the order of ``COLUMNS``; empty where it does not say."""

    def shown(value: float, digits: int = 4) -> str:
        return f"{value:.{digits}g}" if np.isfinite(value) else ""

    time = row.time
    return [
        row.name, row.messenger, "" if time is None else time.iso[:19],
        "" if row.far is None else f"{row.far.value:.3g} Hz", _given(row), row.kind, shown(row.area), shown(row.distance),
        row.source, row.revision, "retracted" if row.retracted else "", "test" if row.test else "",
        ", ".join(row.aliases), row.note,
    ]  # fmt: skip


def _given(row: ListedEvent) -> str:
    return f"{row.far_given:.4g} {row.far_unit}" if np.isfinite(row.far_given) else ""


def _order(row: ListedEvent) -> tuple[float, str]:
    return (-row.when if np.isfinite(row.when) else np.inf, row.name)
