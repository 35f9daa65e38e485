"""TimeWindow: when the events on show happened, and how the window over them moves.

The window itself is `Selection.time_range`, so that the light curve, the sky and the time panel speak of one thing. Here is
what only the panel knows: whether the window is carried along or grows from the first event, how fast it plays, and the
times of all events that could be in it, hidden ones too.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.time import Time
from erfa import ErfaWarning  # type: ignore[import-untyped]
from psygnal import Signal

from skyexplorer.errors import InputError
from skyexplorer.session.layers import EventLayer, Layer, Layers, SkyMapLayer, days
from skyexplorer.session.layers.events import mjd_of_days
from skyexplorer.session.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skyexplorer.model.event import Event

MODES = ("window", "cumulative")
PAD = 0.01  # of the span, beside the first and the last event
LEAST = 1 / 24  # d: what is spanned where all events are at one time


@dataclass(frozen=True, eq=False)
class Marks:
    """Events in order of time.

    Attributes
    ----------
    mjd : (n,) float64 array
        UTC.
    messenger : (n,) uint8 array
        Index into ``messengers``.
    messengers : tuple of str
        As `Event.messenger`.
    events : sequence of Event
    """

    mjd: np.ndarray
    messenger: np.ndarray
    messengers: tuple[str, ...]
    events: Sequence[Event]

    @property
    def names(self) -> list[str]:
        """Name of each."""
        return [str(event.name) for event in self.events]

    def __len__(self) -> int:
        return len(self.mjd)


class TimeWindow:
    """The times of all events on show, and the window over them.

    Parameters
    ----------
    selection : Selection
        Whose ``time_range`` is the window.
    layers : Layers
        Whose events are shown.

    Examples
    --------
    >>> from skyexplorer import SkyExplorer
    >>> sky = SkyExplorer()
    >>> window = sky.session.timewindow
    >>> sky.brush("2017-09-01", "2017-10-01")
    >>> window.start.iso[:10], int(window.counted)
    ('2017-09-01', 1)
    """

    changed = Signal(str)
    """Tells what has changed: ``"mode"``, ``"speed"`` or ``"events"``."""

    def __init__(self, selection: Selection, layers: Layers) -> None:
        self._selection, self._layers = selection, layers
        self._mode, self._speed = "window", 0.0
        self._marks: Marks | None = None
        for signal in (layers.added, layers.removed):
            signal.connect(self._layer_came_or_went)
        layers.changed.connect(self._layer_changed)

    @property
    def start(self) -> Time | None:
        """Where the window begins; None for all times."""
        span = self._selection.time_range
        return None if span is None else span[0]

    @property
    def stop(self) -> Time | None:
        """Where the window ends; None for all times."""
        span = self._selection.time_range
        return None if span is None else span[1]

    @property
    def mode(self) -> str:
        """``"window"``: playing carries both ends along, the default; ``"cumulative"``: only the later one."""
        return self._mode

    @mode.setter
    def mode(self, value: str) -> None:
        if value not in MODES:
            raise InputError(f"mode is {value!r}.", f"Give one of {', '.join(MODES)}.")
        if value != self._mode:
            self._mode = value
            self.changed.emit("mode")

    @property
    def speed(self) -> float:
        """Seconds of the sky that pass in one second of play; 0, the default: as fits the span."""
        return self._speed

    @speed.setter
    def speed(self, value: float) -> None:
        number = float(value)
        if not 0 <= number < np.inf:
            raise InputError(f"speed is {value!r}.", "Give seconds in a second, 0 or more.")
        if number != self._speed:
            self._speed = number
            self.changed.emit("speed")

    @property
    def marks(self) -> Marks:
        """All events of visible layers that have a time, in order of time, those outside the window too."""
        if self._marks is None:
            self._marks = _marks([layer for layer in self._layers.values() if layer.visible])
        return self._marks

    @property
    def extent(self) -> tuple[float, float] | None:
        """What a window can be chosen of, MJD (UTC): from the first to the last event, and a little more; or None."""
        mjd = self.marks.mjd
        if not len(mjd):
            return None
        first, last = float(mjd[0]), float(mjd[-1])
        pad = max(PAD * (last - first), LEAST if last == first else 0.0)
        return first - pad, last + pad

    @property
    def counted(self) -> int:
        """How many events lie in the window, its ends included."""
        if self.start is None or self.stop is None:
            return len(self.marks)
        low, high = (mjd_of(time) for time in (self.start, self.stop))
        mjd = self.marks.mjd
        return int(np.searchsorted(mjd, high, "right") - np.searchsorted(mjd, low, "left"))

    def _layer_came_or_went(self, layer: Layer) -> None:
        if isinstance(layer, EventLayer | SkyMapLayer):
            self._renew()

    def _layer_changed(self, layer: Layer, field: str) -> None:
        if field == "visible" and isinstance(layer, EventLayer | SkyMapLayer):
            self._renew()

    def _renew(self) -> None:
        self._marks = None
        self.changed.emit("events")

    def __repr__(self) -> str:
        return f"<TimeWindow: {self.counted} of {len(self.marks)} events, {self.mode}>"


def mjd_of(time: Time) -> float:
    """A time as MJD (UTC), without a word about leap seconds of the far future or past."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ErfaWarning)
        return float(time.utc.mjd)


def _marks(layers: list[Any]) -> Marks:
    parts: list[np.ndarray] = []
    events: list[Any] = []
    for layer in layers:
        if isinstance(layer, EventLayer):
            parts.append(layer.times)
            events += layer.events
        elif isinstance(layer, SkyMapLayer) and layer.event is not None and layer.event.time is not None:
            parts.append(np.array([float(days(layer.event.time))]))
            events.append(layer.event)
    tai = np.concatenate(parts) if parts else np.empty(0)
    order = np.argsort(tai, kind="stable")[: int(np.isfinite(tai).sum())]  # NaN come last
    messengers, index = np.unique(
        np.array([event.messenger for event in events], dtype=str), return_inverse=True
    )
    mjd = mjd_of_days(tai[order])
    kinds = index.astype(np.uint8)[order]
    return Marks(mjd, kinds, tuple(str(m) for m in messengers), [events[row] for row in order])
