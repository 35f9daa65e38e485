"""Curves: the light curves on show, and what is said where there are none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from psygnal import Signal

from skyexplorer.errors import InputError

if TYPE_CHECKING:
    from astropy.time import Time

    from skyexplorer.model.lightcurve import LightCurve

Mark: TypeAlias = "tuple[str, Time]"


def key(name: str) -> str:
    """A name as names are compared: case, spaces, ``-`` and ``_`` do not count.

    Examples
    --------
    >>> from skyexplorer.session.curves import key
    >>> key("TXS 0506+056") == key("txs0506+056")
    True
    """
    return "".join(str(name).split()).replace("-", "").replace("_", "").casefold()


class Curves:
    """What the light-curve panel shows, and the light curves that were opened."""

    changed = Signal()
    """Tells that something here has changed."""

    def __init__(self) -> None:
        self._shown: tuple[LightCurve, ...] = ()
        self._marks: tuple[Mark, ...] = ()
        self._title = self._message = ""
        self._log_y = False
        self._opened: dict[str, LightCurve] = {}

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
