"""EventLayer: alerts with their footprints."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time
from erfa import ErfaWarning  # type: ignore[import-untyped]

from skyexplorer.errors import InputError
from skyexplorer.session.layers.base import RowsLayer
from skyexplorer.session.layers.style import STYLES, Style

if TYPE_CHECKING:
    from skyexplorer.model.event import Event


class EventLayer(RowsLayer):
    """Alerts with their footprints.

    Parameters
    ----------
    name : str
        See `Layer`.
    events : sequence of Event
        At least one.
    data : object, optional
        What was opened; by default ``events`` itself.
    **style
        See `Layer`.
    """

    kind = "events"

    def __init__(self, name: str, events: Sequence[Event], *, data: Any = None, **style: Any) -> None:
        self.events = tuple(events)
        if not self.events:
            raise InputError(f"The layer {name} would hold no event.", "Give at least one.")
        if style.get("origin") is None:
            style["origin"] = getattr(self.events[0], "origin", None)
        super().__init__(name, events if data is None else data, len(self.events), **style)

    def _style(self, data: Any) -> Style:
        messengers = {event.messenger for event in self.events}
        return STYLES["neutrino"] if messengers == {"neutrino"} else STYLES["events"]

    @cached_property
    def names(self) -> Sequence[str]:
        """Name of each event."""
        return [str(event.name) for event in self.events]

    @cached_property
    def coords(self) -> SkyCoord:
        """Best-fit position of each event, ICRS; NaN where it has none."""
        degrees = np.full((len(self.events), 2), np.nan)
        for row, event in enumerate(self.events):
            if event.position is not None:
                at = event.position if event.position.frame.name == "icrs" else event.position.icrs
                # Not at.ra and at.dec, which are made anew each time: 130 µs, where these take 7.
                on = at.data if hasattr(at.data, "lon") else at.spherical
                degrees[row] = on.lon.deg, on.lat.deg
        return SkyCoord(degrees[:, 0] * u.deg, degrees[:, 1] * u.deg)

    @cached_property
    def times(self) -> np.ndarray:
        """Time of each event as days since J2000 (TAI), for comparisons; NaN where it has none."""
        return days_of([event.time for event in self.events])

    @cached_property
    def reach(self) -> np.ndarray:
        """Degrees around each position that hold its footprint; -1 where there is none."""
        found = np.full(len(self.events), -1.0)
        for row, event in enumerate(self.events):
            radius = getattr(event.localization, "radius", None)
            if radius is not None and event.position is not None:
                apart = event.position.separation(event.localization.center)  # type: ignore[union-attr]
                found[row] = radius.to_value(u.deg) + apart.deg
        return found

    def __getitem__(self, row: int) -> Event:
        return self.events[row]

    def row_of(self, thing: Any) -> int | None:
        """The row of an event of this layer: the object itself, not one that equals it."""
        return next((row for row, event in enumerate(self.events) if event is thing), None)


def days(time: Time) -> Any:
    """Days since J2000 in TAI: floats that compare as the times do, to better than a microsecond."""
    tai = time.tai
    return (tai.jd1 - 2451545.0) + tai.jd2


def days_of(times: Sequence[Time | None]) -> np.ndarray:
    """`days` of many times, NaN where there is none: turned into TAI all at once, a quarter of the time."""
    found = np.full(len(times), np.nan)
    rows_of: dict[str, list[int]] = {}
    for row, time in enumerate(times):
        if time is not None:
            rows_of.setdefault(time.scale, []).append(row)
    for scale, rows in rows_of.items():
        parts = np.array([(times[row].jd1, times[row].jd2) for row in rows])  # type: ignore[union-attr]
        found[rows] = days(Time(*parts.T, format="jd", scale=scale))
    return found


def mjd_of_days(tai: np.ndarray) -> np.ndarray:
    """MJD (UTC) of what `days` gives, NaN where that is; without a word about leap seconds of the far future or past."""
    found = np.full(len(tai), np.nan)
    there = np.isfinite(tai)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ErfaWarning)
        found[there] = Time(2451545.0, tai[there], format="jd", scale="tai").utc.mjd
    return found
