"""Selection: the one answer to "what is chosen", for the sky, the table and the light curve alike.

A view writes with its own name as ``by`` and skips what comes back under that name; a value equal to
the present one is not told at all. Thus views that follow each other do not run in circles.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from astropy.time import Time
from psygnal import Signal

from skyexplorer.errors import InputError

if TYPE_CHECKING:
    from skyexplorer.model.catalog import Source
    from skyexplorer.model.event import Event

TimeRange: TypeAlias = tuple[Time, Time]


def is_source(thing: Any) -> bool:
    """Whether this is a row of a catalogue."""
    return hasattr(thing, "catalog") and hasattr(thing, "index")


def is_event(thing: Any) -> bool:
    """Whether this is an event."""
    return hasattr(thing, "localization") and hasattr(thing, "messenger")


def same(one: Any, other: Any) -> bool:
    """Whether two selected things are one: the same event, or the same row of the same catalogue."""
    if one is other:
        return True
    return is_source(one) and is_source(other) and one.catalog is other.catalog and one.index == other.index


class Selection:
    """What is chosen: sources or events, a time range, a region."""

    sources_changed = Signal(tuple, str)
    """Tells the new sources, and who chose them."""
    time_range_changed = Signal(object, str)
    """Tells the new (start, stop) or None, and who chose it."""
    region_changed = Signal(object, str)
    """Tells the new region or None, and who chose it."""

    def __init__(self) -> None:
        self._sources: tuple[Source | Event, ...] = ()
        self._time_range: TimeRange | None = None
        self._region: Any = None

    @property
    def sources(self) -> tuple[Source | Event, ...]:
        """The chosen sources and events; default none."""
        return self._sources

    @property
    def time_range(self) -> TimeRange | None:
        """The brushed (start, stop), both ends included, or None."""
        return self._time_range

    @property
    def region(self) -> Any:
        """The chosen SkyRegion, or None."""
        return self._region

    def select(self, sources: Source | Event | Iterable[Source | Event] | None, by: str = "") -> None:
        """Choose sources or events in place of those chosen before.

        Parameters
        ----------
        sources : Source, Event, or iterable of them, or None
            None or an empty tuple chooses nothing. What is given twice counts once.
        by : str
            Who chooses; a view gives its name, to know its own echo.

        Raises
        ------
        InputError
            For anything else; the selection stays.
        """
        chosen: list[Any] = []
        seen: set[tuple[int, int]] = set()
        for thing in _each(sources):
            if not (is_source(thing) or is_event(thing)):
                raise InputError(
                    f"{thing!r} cannot be selected.",
                    "Give a row of a catalogue, such as catalog[0], or an event.",
                )
            if (one := _key(thing)) not in seen:
                seen.add(one)
                chosen.append(thing)
        unchanged = len(chosen) == len(self._sources) and all(map(same, chosen, self._sources))
        if not unchanged:
            self._sources = tuple(chosen)
            self.sources_changed.emit(self._sources, by)

    def brush(self, time_range: tuple[Time, Time] | None, by: str = "") -> None:
        """Choose a time range, or None for all times.

        Parameters
        ----------
        time_range : (Time, Time) or None
            Start and stop, each scalar; both ends are included.
        by : str
            Who chooses.

        Raises
        ------
        InputError
            For something else, or a stop before the start; the range stays.
        """
        new = None if time_range is None else _time_range(time_range)
        old = self._time_range
        if (new is None) != (old is None) or (
            new is not None and old is not None and not (new[0] == old[0] and new[1] == old[1])
        ):
            self._time_range = new
            self.time_range_changed.emit(new, by)

    def choose_region(self, region: Any, by: str = "") -> None:
        """Choose a SkyRegion, or None."""
        if region is not None and not hasattr(region, "contains"):
            raise InputError(f"{region!r} is not a region.", "Give a SkyRegion, or None.")
        if region is not self._region:
            self._region = region
            self.region_changed.emit(region, by)

    def __repr__(self) -> str:
        names = ", ".join(str(thing.name) for thing in self.sources) or "nothing"
        span = (
            "" if self.time_range is None else " from {} to {}".format(*(t.utc.iso for t in self.time_range))
        )
        return f"<Selection: {names}{span}>"


def _key(thing: Any) -> tuple[int, int]:
    """Of two things that are one (see `same`) it is the same."""
    return (id(thing.catalog), thing.index) if is_source(thing) else (id(thing), -1)


def _each(sources: Any) -> Iterable[Any]:
    if sources is None:
        return ()
    if is_source(sources) or is_event(sources):
        return (sources,)
    if isinstance(sources, str) or not isinstance(sources, Iterable):
        return (sources,)  # refused one line later, with its value
    return sources


def _time_range(value: Any) -> TimeRange:
    advice = "Give two astropy Times, start and stop."
    try:
        start, stop = value
    except (TypeError, ValueError):
        raise InputError(f"{value!r} is not a time range.", advice) from None
    for time in (start, stop):
        if not isinstance(time, Time) or not time.isscalar:
            raise InputError(f"{time!r} is not one time.", advice)
    if not start <= stop:
        raise InputError(f"The time range from {start.iso} to {stop.iso} ends before it starts.", advice)
    return start, stop
