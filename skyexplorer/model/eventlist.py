"""EventList: the photons that a γ-ray telescope recorded, with the times in which it looked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table
from astropy.time import Time, TimeDelta
from numpy.typing import NDArray

from skyexplorer.core import counts, sphere
from skyexplorer.errors import InputError
from skyexplorer.io import dl3, files
from skyexplorer.model import rates
from skyexplorer.model.countmap import CountMap
from skyexplorer.model.lightcurve import LightCurve
from skyexplorer.model.origin import Origin
from skyexplorer.model.region import SkyRegion

FIELD = 2.5 * u.deg
"""Radius of a footprint where the file names none: about the field of view of the H.E.S.S. cameras (5° across)."""
TELESCOPES = {"GLAST": "Fermi-LAT", "HESS": "H.E.S.S."}


class EventList:
    """Photons with their times, directions and energies; made by `read`.

    Nothing is corrected for the effective area of the telescope: maps and rates are of counts, not of flux.

    Parameters
    ----------
    events : skyexplorer.io.dl3.Events
        The plain arrays.
    origin : Origin

    Examples
    --------
    >>> import numpy as np
    >>> from astropy import units as u
    >>> from skyexplorer.io import dl3
    >>> from skyexplorer.model.eventlist import EventList
    >>> from skyexplorer.model.origin import Origin
    >>> seconds, degrees = np.array([0.5, 3.0, 4.5]), np.array([83.6, 83.7, 80.0])
    >>> good = np.array([0.0]), np.array([5.0])
    >>> plain = dl3.Events(seconds, degrees, degrees - 61.6, np.ones(3), "TeV", good, (51910.0, 0.0), "tt", live=0.4)
    >>> events = EventList(plain, Origin("three photons"))
    >>> events
    <EventList three photons: 3 events, 1 TeV - 1 TeV, 2 s live>
    >>> events.light_curve(bins=2.5 * u.s).value
    <Quantity [1., 2.] 1 / s>
    >>> events.count_map(order=3)
    <CountMap three photons: 3 counts in 1 cells of order 3>
    """

    def __init__(self, events: dl3.Events, origin: Origin) -> None:
        self._events = events
        self.origin = origin

    @classmethod
    def read(cls, source: str | Path | bytes | BinaryIO, name: str = "") -> EventList:
        """Read DL3 (GADF) or Fermi-LAT photons from FITS, gzipped or not.

        Parameters
        ----------
        source : str, Path, bytes or binary file
        name : str, optional
            What the list is called; by default its object, telescope and run.

        Raises
        ------
        FormatError
            If it is damaged, holds no events, or does not say the scale of its times or the unit of its energies.
        ColumnError
            If TIME, RA, DEC or ENERGY is missing.
        """
        path = source if isinstance(source, (str, Path)) else ""
        raw = files.stored(source)
        events = dl3.read(raw)
        title = name or _title(events.header) or (Path(path).name if path else "event list")
        origin = Origin.of_file(
            path,
            raw,
            title=title,
            rows=len(events.time),
            note="; ".join(events.notes),
            header=events.header,
        )
        return cls(events, origin)

    def __len__(self) -> int:
        return len(self._events.time)

    def __repr__(self) -> str:
        return f"<EventList {self.title}: {len(self)} events, {self.band}, {self.livetime.value:.0f} s live>"

    # What the file says

    @property
    def title(self) -> str:
        """What it is called."""
        return self.origin.title

    @property
    def header(self) -> dict[str, Any]:
        """Keywords of the EVENTS table, as published."""
        return dict(self._events.header)

    @property
    def object(self) -> str:
        """The target, as the file calls it; empty where it does not."""
        return str(self._events.header.get("OBJECT", "")).strip()

    @property
    def telescope(self) -> str:
        """``"H.E.S.S."``, ``"CTA"``, ``"Fermi-LAT"``, or what TELESCOP says."""
        return _telescope(self._events.header)

    @property
    def pointing(self) -> SkyCoord | None:
        """Where the telescope looked; None for one that scans the sky."""
        return _position(self._events.header, "PNT")

    @property
    def object_position(self) -> SkyCoord | None:
        """Position of the target, None where there is none: (0, 0) stands for that in CTA files."""
        at = _position(self._events.header, "OBJ")
        return None if at is None or (at.ra.deg == 0 and at.dec.deg == 0) else at

    @cached_property
    def coords(self) -> SkyCoord:
        """Direction of each event, ICRS; NaN where the file gives none."""
        return SkyCoord(self._events.ra * u.deg, self._events.dec * u.deg)

    @cached_property
    def time(self) -> Time:
        """Time of each event, in the scale of the file; masked where the file gives none."""
        return self.at(self._events.time)

    @property
    def energy(self) -> u.Quantity:
        """Reconstructed energy of each event, in the unit of the file."""
        return self._events.energy * u.Unit(self._events.energy_unit)

    @cached_property
    def gti(self) -> tuple[Time, Time]:
        """Start and stop of the good time intervals, sorted, which do not overlap."""
        start, stop = self._events.gti
        return self.at(start), self.at(stop)

    @property
    def ontime(self) -> u.Quantity:
        """Good time together, seconds."""
        start, stop = self._events.gti
        return float(np.sum(stop - start)) * u.s

    @property
    def livetime(self) -> u.Quantity:
        """Good time less the dead time of the detector, seconds; where the file gives no dead time, good time."""
        return self.ontime * self._events.live

    @property
    def band(self) -> str:
        """Lowest and highest energy of the events."""
        energy = self._events.energy[np.isfinite(self._events.energy)]
        if not len(energy):
            return ""
        unit = u.Unit(self._events.energy_unit)
        return " - ".join(_legible(edge * unit) for edge in (energy.min(), energy.max()))

    @cached_property
    def table(self) -> Table:
        """TIME (Time), RA, DEC, ENERGY and the further columns that were kept, one row an event."""
        columns: dict[str, Any] = {
            "TIME": self.time,
            "RA": self._events.ra * u.deg,
            "DEC": self._events.dec * u.deg,
            "ENERGY": self.energy,
        }
        return Table({**columns, **self._events.more})

    # Choosing

    def select(
        self,
        region: SkyRegion | None = None,
        energy: tuple[u.Quantity | None, u.Quantity | None] | None = None,
        time: tuple[Time | None, Time | None] | None = None,
    ) -> EventList:
        """The events of a region, an energy band and a time range; good times are cut to the range.

        Parameters
        ----------
        region : SkyRegion, optional
            Its edge belongs to it.
        energy, time : (from, to), optional
            With the start and without the end, so that neighbouring ranges share no event; None is open.

        Returns
        -------
        EventList
            May be empty.

        Raises
        ------
        InputError
            For a range that ends before it starts, or in another unit.
        """
        events = self._events
        kept = np.ones(len(self), bool)
        gti = events.gti
        if region is not None:
            kept &= self.inside(region)
        if energy is not None:
            low, high = self._range("energy", energy)
            kept &= (events.energy >= low) & (events.energy < high)
        if time is not None:
            low, high = self._range("time", time)
            kept &= (events.time >= low) & (events.time < high)
            start, stop = np.maximum(gti[0], low), np.minimum(gti[1], high)
            gti = start[stop > start], stop[stop > start]
        part = replace(
            events,
            **{name: getattr(events, name)[kept] for name in ("time", "ra", "dec", "energy")},
            gti=gti,
            more={name: column[kept] for name, column in events.more.items()},
        )
        return EventList(part, replace(self.origin, rows=int(kept.sum())))

    def footprint(self, radius: u.Quantity | None = None) -> SkyRegion:
        """The circle that the telescope saw.

        Parameters
        ----------
        radius : Quantity, optional
            By default that of the circle in the file's selection keywords, else 2.5°.

        Returns
        -------
        SkyRegion
            Around the pointing; of a list without one, the circle of the selection keywords, or that around all events.
        """
        circle, center = self._events.circle, self.pointing
        if center is None and circle is not None:
            center = SkyCoord(circle[0] * u.deg, circle[1] * u.deg)
        if center is not None:
            usual = FIELD if circle is None else circle[2] * u.deg
            return SkyRegion.circle(center, usual if radius is None else radius)
        good = np.isfinite(self._events.ra)
        ra, dec = self._events.ra[good], self._events.dec[good]
        if not len(ra):
            raise InputError("The event list is empty: it has no footprint.", "Select less strictly.")
        x, y, z = sphere.unit_vectors(ra, dec).mean(axis=0)
        middle = float(np.degrees(np.arctan2(y, x)) % 360), float(np.degrees(np.arctan2(z, np.hypot(x, y))))
        reach = float(np.clip(sphere.separation(*middle, ra, dec).max(), 1e-3, 180.0))
        return SkyRegion.circle(SkyCoord(*middle, unit="deg"), reach * u.deg if radius is None else radius)

    # Counting

    def count_map(self, order: int, smooth: u.Quantity | None = None) -> CountMap:
        """Counts in HEALPix cells.

        Parameters
        ----------
        order : int
            0 to 15; cells are 58.6°/2**order wide, so 10 is 0.057°.
        smooth : Quantity, optional
            Width (one sigma) of a Gaussian; the sum stays. At most 30 cells.

        Returns
        -------
        CountMap
            Its counts add up to the number of events that have a position.
        """
        if not isinstance(order, int | np.integer) or not 0 <= order <= 15:
            raise InputError(f"order is {order!r}.", "Give a whole number from 0 to 15.")
        ipix, number = counts.cell_counts(self._events.ra, self._events.dec, int(order))
        values = number.astype(float)
        if smooth is not None:
            sigma = rates.number_of(smooth, u.deg, "smooth")
            if not 0 <= sigma <= 30 * 58.6 / 2**order:
                raise InputError(
                    f"smooth is {sigma} deg, and the cells are {58.6 / 2**order:.3g} deg wide.",
                    "Give 0 to 30 cells, or take a lower order.",
                )
            ipix, values = counts.smoothed(ipix, values, int(order), sigma)
        return CountMap(int(order), ipix, values, self.title)

    def reflected(self, region: SkyRegion) -> list[SkyRegion]:
        """Circles like ``region`` and as far from the pointing, for its background; see `rates.reflected`."""
        return rates.reflected(self, region)

    def excess(
        self, region: SkyRegion, background: SkyRegion | Iterable[SkyRegion] | None = None
    ) -> rates.Excess:
        """Counts in a region against its background, and their significance; see `rates.excess`."""
        return rates.excess(self, region, background)

    def light_curve(
        self,
        region: SkyRegion | None = None,
        bins: u.Quantity | Time | None = None,
        background: SkyRegion | Iterable[SkyRegion] | None = None,
    ) -> LightCurve:
        """Count rate in time, per second of live time, with Poisson errors; see `rates.light_curve`."""
        return rates.light_curve(self, region, bins, background)

    @property
    def arrays(self) -> dl3.Events:
        """The plain arrays: seconds from the reference, degrees, energies."""
        return self._events

    @property
    def reference(self) -> Time:
        """The moment from which the seconds of `arrays` count."""
        days, rest = self._events.reference
        return Time(days, rest, format="mjd", scale=self._events.scale)

    def at(self, seconds: NDArray[np.float64]) -> Time:
        """Times of seconds from the reference; masked where they are NaN."""
        return times_since(self.reference, seconds)

    def since(self, time: Time) -> Any:
        """Seconds from the reference of times in any scale."""
        try:
            return (time - self.reference).to_value(u.s)
        except TypeError as error:  # the scale "local"
            raise InputError(f"Times are in {time.scale}.", "Give them in UTC, TT, TAI or TDB.") from error

    def inside(self, region: SkyRegion) -> NDArray[np.bool_]:
        """Which events lie in a region: bool, (n,)."""
        found = np.zeros(len(self), bool)
        good = np.isfinite(self._events.ra)
        if good.any():
            found[good] = region.contains(self.coords[good])
        return found

    def _range(self, what: str, ends: tuple[Any, Any]) -> tuple[float, float]:
        """The ends of a range in the plain unit of the arrays, infinite where open."""
        if not isinstance(ends, tuple | list) or len(ends) != 2:
            raise InputError(f"The range of {what} is {ends!s:.100}.", "Give a pair, (from, to).")
        given = [self._end(what, value) for value in ends]
        low, high = (
            otherwise if x is None else x for x, otherwise in zip(given, (-np.inf, np.inf), strict=True)
        )
        if not low < high:
            raise InputError(f"The range of {what} ends before it starts.", "Give (from, to).")
        return low, high

    def _end(self, what: str, value: Any) -> float | None:
        if value is None:
            return None
        if what == "energy":
            return rates.number_of(value, u.Unit(self._events.energy_unit), "energy")
        if not isinstance(value, Time) or not value.isscalar:
            raise InputError(f"time is {value!r}.", "Give two astropy Times.")
        return float(self.since(value))


def times_since(reference: Time, seconds: NDArray[np.float64]) -> Time:
    """Times that lie so many seconds after another; masked where the seconds are NaN, which no clock can show."""
    lost = np.isnan(seconds)
    times = reference + TimeDelta(np.where(lost, 0.0, seconds), format="sec")
    if lost.any():
        times[lost] = np.ma.masked
    return times


def _legible(energy: u.Quantity) -> str:
    unit = next((x for x in (u.TeV, u.GeV, u.MeV) if energy >= 1 * x), u.keV)
    return f"{energy.to_value(unit):.3g} {unit}"


def _telescope(header: dict[str, Any]) -> str:
    name = str(header.get("TELESCOP", "")).strip()
    return TELESCOPES.get(name.upper(), name)


def _title(header: dict[str, Any]) -> str:
    run = header.get("OBS_ID")
    parts = [
        str(header.get("OBJECT", "")).strip(),
        f"{_telescope(header)} {'events' if run is None else f'run {run}'}".strip(),
    ]
    return ", ".join(filter(None, parts))


def _position(header: dict[str, Any], which: str) -> SkyCoord | None:
    try:
        ra, dec = float(header[f"RA_{which}"]), float(header[f"DEC_{which}"])
    except (KeyError, TypeError, ValueError):
        return None
    if not (abs(ra) <= 720 and abs(dec) <= 90):
        return None
    return SkyCoord(ra % 360 * u.deg, dec * u.deg)
