"""Curves: the light curves on show, what is said where there are none, and what the archives answered of a source.

Nothing here asks the network: the verb `live_curves` does, and puts what came here with `Curves.heard`, a provider after the
other as they answer. What a click of the panel set going is remembered with `Curves.follow`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from psygnal import Signal

from skyexplorer.errors import InputError
from skyexplorer.model.ledger import Answer
from skyexplorer.session.selection import same

if TYPE_CHECKING:
    from astropy.time import Time

    from skyexplorer.model.lightcurve import LightCurve

Mark: TypeAlias = "tuple[str, Time]"
KEPT = 50
"""Sources of which it is remembered what the archives answered."""


def key(name: str) -> str:
    """A name as names are compared: case, spaces, ``-`` and ``_`` do not count.

    Examples
    --------
    >>> from skyexplorer.session.curves import key
    >>> key("TXS 0506+056") == key("txs0506+056")
    True
    """
    return "".join(str(name).split()).replace("-", "").replace("_", "").casefold()


@dataclass(frozen=True)
class Heard:
    """What the archives answered of one source, so far."""

    thing: Any
    """The source, event or place that was asked about."""
    curves: Mapping[str, tuple[LightCurve, ...]] = field(default_factory=dict)
    """The light curves of each provider that has answered, by its id."""
    answers: Mapping[str, Answer] = field(default_factory=dict)
    """What each provider answered, by its id."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """What a provider has to say beside, by its id."""
    skipped: Mapping[str, str] = field(default_factory=dict)
    """Why others were not asked, by their ids."""
    job: Any = None
    """The job that asks, while it does; else None."""

    @property
    def all(self) -> tuple[LightCurve, ...]:
        """The light curves of all providers."""
        return tuple(curve for curves in self.curves.values() for curve in curves)


class Curves:
    """What the light-curve panel shows, the light curves that were opened, and those that the archives gave."""

    changed = Signal()
    """Tells that something here has changed."""
    asked = Signal()
    """Tells that the archives are asked, or that one of them has answered."""

    def __init__(self) -> None:
        self._shown: tuple[LightCurve, ...] = ()
        self._marks: tuple[Mark, ...] = ()
        self._title = self._message = ""
        self._log_y = False
        self._opened: dict[str, LightCurve] = {}
        self._heard: list[Heard] = []
        self.find: Callable[[Any], LightCurve | None] | None = None
        """What finds the light curve that a source or an event has here, without showing it; set by who knows how."""
        self.titles: dict[str, str] = {}
        """What providers are called, by their ids."""

    @property
    def shown(self) -> tuple[LightCurve, ...]:
        """The light curves on show; default none."""
        return self._shown

    @property
    def title(self) -> str:
        """Whose they are."""
        return self._title

    @property
    def message(self) -> str:
        """What is said in their place, such as that a source has none."""
        return self._message

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Names and times of the events that concern what is selected: lines to be drawn."""
        return self._marks

    @property
    def log_y(self) -> bool:
        """Whether the value axis is logarithmic; default False."""
        return self._log_y

    @log_y.setter
    def log_y(self, value: bool) -> None:
        if not isinstance(value, bool):
            raise InputError(f"log_y is {value!r}.", "Give True or False.")
        if value != self._log_y:
            self._log_y = value
            self.changed.emit()

    def show(
        self,
        curves: LightCurve | Iterable[LightCurve] = (),
        title: str = "",
        message: str = "",
        marks: Iterable[Mark] = (),
    ) -> None:
        """Show these in place of those before.

        Parameters
        ----------
        curves : LightCurve or iterable of LightCurve
            May be empty.
        title : str
            Whose they are.
        message : str
            What to say, where there are none or beside them.
        marks : iterable of (str, Time)
            Event times that concern them.
        """
        shown: tuple[Any, ...] = tuple(curves) if isinstance(curves, Iterable) else (curves,)
        for curve in shown:
            if not hasattr(curve, "upper_limit"):
                raise InputError(f"{curve!r} is not a light curve.", "Give a LightCurve.")
        lines = tuple(marks)
        same = (
            len(shown) == len(self._shown)
            and all(new is old for new, old in zip(shown, self._shown, strict=True))
            and (title, message) == (self._title, self._message)
            and [(name, time.utc.jd) for name, time in lines]
            == [(name, time.utc.jd) for name, time in self._marks]
        )
        if not same:
            self._shown, self._title, self._message, self._marks = shown, title, message, lines
            self.changed.emit()

    def keep(self, curve: LightCurve, name: str) -> None:
        """Keep an opened light curve, for sources of that name."""
        self._opened[key(name)] = curve

    def opened(self, name: str) -> LightCurve | None:
        """The light curve that was opened under this name, or None; case and spaces do not count."""
        return self._opened.get(key(name))

    def follow(self, thing: Any, job: Any) -> None:
        """A job asks the archives about this; what they answered before stays until it is done."""
        old = self.of(thing) or Heard(thing)
        self._put(replace(old, job=job))

    def heard(
        self,
        thing: Any,
        curves: Mapping[str, tuple[LightCurve, ...]],
        answers: Mapping[str, Answer],
        notes: Mapping[str, str],
        skipped: Mapping[str, str],
        *,
        whole: bool = True,
    ) -> None:
        """Keep what the archives answered of this.

        Parameters
        ----------
        thing : Source, Event or SkyCoord
        curves, answers, notes, skipped : mapping
            By the ids of the providers; see `Heard`.
        whole : bool
            False where others are still to answer: what came before stays then.
        """
        old = self.of(thing) or Heard(thing)
        new = Heard(thing, dict(curves), dict(answers), dict(notes), dict(skipped))
        if not whole:
            # In the order of the providers, not of their answers: colours change less as they come.
            together = {**old.curves, **curves}
            order = [
                *(id for id in self.titles if id in together),
                *(id for id in together if id not in self.titles),
            ]
            new = replace(
                new, curves={id: together[id] for id in order}, answers={**old.answers, **answers},
                notes={**old.notes, **notes}, job=old.job,
            )  # fmt: skip
        self._put(new)

    def of(self, thing: Any) -> Heard | None:
        """What the archives answered of this, or None where they were not asked."""
        return next((heard for heard in self._heard if same(heard.thing, thing)), None)

    def _put(self, heard: Heard) -> None:
        others = [other for other in self._heard if not same(other.thing, heard.thing)]
        self._heard = [*others, heard][-KEPT:]
        self.asked.emit()
