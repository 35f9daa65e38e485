"""EventList: the photons that a γ-ray telescope recorded, with the times in which it looked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table
from astropy.time import Time, TimeDelta
from numpy.typing import NDArray

from skyexplorer.core import counts, sphere
from skyexplorer.errors import InputError
from skyexplorer.io import dl3, files
from skyexplorer.model.countmap import CountMap
from skyexplorer.model.lightcurve import LightCurve
from skyexplorer.model.origin import Origin
from skyexplorer.model.region import SkyRegion

FIELD = 2.5 * u.deg
"""Radius of a footprint where the file names none: about the field of view of the H.E.S.S. cameras (5° across)."""
BINS = 30  # of a light curve for which none are given
MOST_BINS = 1_000_000
TELESCOPES = {"GLAST": "Fermi-LAT", "HESS": "H.E.S.S."}


class Excess(NamedTuple):
    """Counts at a source against those in its background."""

    on: int
    off: int
    alpha: float
    """Area of the source's region over that of the background."""
    excess: float
    """``on - alpha * off``"""
    significance: float
    """In sigma, after Li and Ma (1983, equation 17); negative for a deficit."""


class EventList:
    """Photons with their times, directions and energies; made by `read`.

    Nothing is corrected for the effective area of the telescope: maps and rates are of counts, not of flux.

    Examples
    --------
    >>> from astropy import units as u
    >>> from skyexplorer.model.eventlist import EventList
    >>> events = EventList.read("hess_dl3_dr1_obs_id_033787.fits.gz")  # doctest: +SKIP
    >>> events  # doctest: +SKIP
    <EventList PKS 2155-304, H.E.S.S. run 33787: 7176 events, 0.391-148 TeV, 1646 s live>
    >>> target = SkyRegion.circle(events.object_position, 0.11 * u.deg)  # doctest: +SKIP
    >>> curve = events.light_curve(target, bins=120 * u.s, background=events.reflected(target))  # doctest: +SKIP
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
        """Time of each event, in the scale of the file; NaN where the file gives none."""
        return self._at(self._events.time)

    @property
    def energy(self) -> u.Quantity:
        """Reconstructed energy of each event, in the unit of the file."""
        return self._events.energy * u.Unit(self._events.energy_unit)

    @cached_property
    def gti(self) -> tuple[Time, Time]:
        """Start and stop of the good time intervals, sorted, which do not overlap."""
        start, stop = self._events.gti
        return self._at(start), self._at(stop)

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
            return "no energies"
        return f"{energy.min():.3g}-{energy.max():.3g} {self._events.energy_unit}"

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
            kept &= self._inside(region)
        if energy is not None:
            low, high = (
                self._bound(value, "energy", edge)
                for value, edge in zip(energy, (-np.inf, np.inf), strict=True)
            )
            _ordered("energy", low, high)
            kept &= (events.energy >= low) & (events.energy < high)
        if time is not None:
            start, stop = (
                self._bound(value, "time", edge) for value, edge in zip(time, (-np.inf, np.inf), strict=True)
            )
            _ordered("time", start, stop)
            kept &= (events.time >= start) & (events.time < stop)
            a, b = np.maximum(gti[0], start), np.minimum(gti[1], stop)
            gti = a[b > a], b[b > a]
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
            return SkyRegion.circle(center, radius or (FIELD if circle is None else circle[2] * u.deg))
        good = np.isfinite(self._events.ra)
        ra, dec = self._events.ra[good], self._events.dec[good]
        if not len(ra):
            raise InputError("The event list is empty: it has no footprint.", "Select less strictly.")
        x, y, z = sphere.unit_vectors(ra, dec).mean(axis=0)
        middle = float(np.degrees(np.arctan2(y, x)) % 360), float(np.degrees(np.arctan2(z, np.hypot(x, y))))
        reach = float(np.clip(sphere.separation(*middle, ra, dec).max(), 1e-3, 180.0))
        return SkyRegion.circle(SkyCoord(*middle, unit="deg"), radius or reach * u.deg)

    def reflected(self, region: SkyRegion) -> list[SkyRegion]:
        """Circles like ``region`` and as far from the pointing, for its background (Berge et al. 2007).

        Raises
        ------
        InputError
            If the region is no circle, holds the pointing, or the list has no pointing.
        """
        pointing = self.pointing
        if pointing is None or region.kind != "circle":
            raise InputError(
                f"There are no reflected regions for a {region.kind} in {self.title}.",
                "It takes a circle, and a telescope that looked at one place.",
            )
        found = counts.reflected(
            (pointing.ra.deg, pointing.dec.deg),
            (region.center.ra.deg, region.center.dec.deg),
            float(region.radius.to_value(u.deg)),
        )
        if not found:
            raise InputError(
                f"No circle of {region.radius:.3g} fits beside the source at its distance from the pointing.",
                "Make the circle smaller, or give another background.",
            )
        return [SkyRegion.circle(SkyCoord(*at, unit="deg"), region.radius) for at in found]

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
            sigma = _to(smooth, u.deg, "smooth")
            if not 0 <= sigma <= 30 * 58.6 / 2**order:
                raise InputError(
                    f"smooth is {sigma} deg, and the cells are {58.6 / 2**order:.3g} deg wide.",
                    "Give 0 to 30 cells, or take a lower order.",
                )
            ipix, values = counts.smoothed(ipix, values, int(order), sigma)
        return CountMap(int(order), ipix, values, self.title)

    def excess(self, region: SkyRegion, background: SkyRegion | Iterable[SkyRegion] | None = None) -> Excess:
        """Counts in a region against its background, and their significance.

        Parameters
        ----------
        region : SkyRegion
        background : SkyRegion or several, optional
            Seen as well as the region is; by default the `reflected` circles.
        """
        off_regions = self._background(region, self.reflected(region) if background is None else background)
        on = int(self._inside(region).sum())
        off = int(self._in_any(off_regions).sum())
        alpha = _alpha(region, off_regions)
        return Excess(on, off, alpha, on - alpha * off, float(counts.li_ma(on, off, alpha)))

    def light_curve(
        self,
        region: SkyRegion | None = None,
        bins: u.Quantity | Time | None = None,
        background: SkyRegion | Iterable[SkyRegion] | None = None,
    ) -> LightCurve:
        """Count rate in time: events in the good time intervals, per second of live time.

        Parameters
        ----------
        region : SkyRegion, optional
            By default all events are counted.
        bins : Quantity or Time, optional
            Width of the bins, from the start of the first good time interval; or their edges. By default 30 bins.
        background : SkyRegion or several, optional
            What is subtracted, in proportion to its area: give regions that are seen as well as ``region`` is,
            such as `reflected`.

        Returns
        -------
        LightCurve
            In 1/s. Errors are exact one-sigma Poisson limits of the counts (Gehrels 1986, tables 1 and 2), of the
            two counts in quadrature where a background is subtracted. A bin without good time is left out; one
            without events stays, with the rate 0 and its upper error.

        Raises
        ------
        InputError
            For bins that cannot be, or none with good time, or a background without a region.
        """
        events = self._events
        if background is not None and region is None:
            raise InputError("A background without a region.", "Give the region that it belongs to.")
        start, stop = events.gti
        edges = self._edges(bins)
        live = counts.exposure(edges, start, stop) * events.live
        good = counts.inside(events.time, start, stop)
        on = counts.bin_counts(events.time[good if region is None else good & self._inside(region)], edges)
        value = on.astype(float)
        minus, plus = counts.poisson_errors(on)
        if background is not None and region is not None:
            regions = self._background(region, background)
            alpha = _alpha(region, regions)
            off = counts.bin_counts(events.time[good & self._in_any(regions)], edges)
            below, above = counts.poisson_errors(off)
            value = value - alpha * off
            # A rate is lower where its background is higher.
            minus, plus = np.hypot(minus, alpha * above), np.hypot(plus, alpha * below)
        kept = live > 0
        if not kept.any():
            raise InputError(
                "No bin holds good time.",
                f"Good times are {self.gti[0][0]} to {self.gti[1][-1]}."
                if len(start)
                else "The list has none.",
            )
        per = live[kept] * u.s
        a, b = edges[:-1][kept], edges[1:][kept]
        what = "count rate" if background is None else "excess count rate"
        return LightCurve(
            time=self._at((a + b) / 2),
            value=value[kept] / per,
            error=(minus[kept] / per, plus[kept] / per),
            upper_limit=np.zeros(int(kept.sum()), bool),
            time_bounds=(self._at(a), self._at(b)),
            band=self.band,
            quantity=what,
            name=self.object or self.title,
            origin=replace(
                self.origin,
                title=f"{self.title}: {what}{'' if region is not None else ' of the whole field'}",
                note="; ".join(
                    filter(
                        None,
                        [
                            self.origin.note,
                            "counts, not corrected for effective area; Poisson errors (Gehrels 1986)",
                        ],
                    )
                ),
            ),
        )

    # Helpers

    def _at(self, seconds: NDArray[np.float64]) -> Time:
        days, rest = self._events.reference
        reference = Time(days, rest, format="mjd", scale=self._events.scale)
        return reference + TimeDelta(seconds, format="sec")

    def _since(self, time: Time) -> Any:
        days, rest = self._events.reference
        return (time - Time(days, rest, format="mjd", scale=self._events.scale)).to_value(u.s)

    def _inside(self, region: SkyRegion) -> NDArray[np.bool_]:
        found = np.zeros(len(self), bool)
        good = np.isfinite(self._events.ra)
        if good.any():
            found[good] = region.contains(self.coords[good])
        return found

    def _in_any(self, regions: list[SkyRegion]) -> NDArray[np.bool_]:
        found = np.zeros(len(self), bool)
        for region in regions:
            found |= self._inside(region)
        return found

    @staticmethod
    def _background(region: SkyRegion, background: SkyRegion | Iterable[SkyRegion]) -> list[SkyRegion]:
        regions = [background] if isinstance(background, SkyRegion) else list(background)
        if not regions:
            raise InputError("The background has no region.", "Give at least one.")
        return regions

    def _bound(self, value: Any, what: str, otherwise: float) -> float:
        if value is None:
            return otherwise
        if what == "energy":
            return _to(value, u.Unit(self._events.energy_unit), "energy")
        if not isinstance(value, Time) or not value.isscalar:
            raise InputError(f"time is {value!r}.", "Give two astropy Times.")
        return float(self._since(value))

    def _edges(self, bins: u.Quantity | Time | None) -> NDArray[np.float64]:
        start, stop = self._events.gti
        if not len(start):
            raise InputError("The event list has no good time.", "Select a longer time range.")
        first, last = float(start[0]), float(stop[-1])
        if bins is None:
            return np.linspace(first, last, BINS + 1)
        if isinstance(bins, Time):
            edges = np.atleast_1d(np.asarray(self._since(bins), float))
        else:
            width = _to(bins, u.s, "bins", scalar=False)
            if np.ndim(width) == 0:
                if not 0 < width < np.inf or (last - first) / width > MOST_BINS:
                    raise InputError(
                        f"The width of the bins is {bins}.",
                        "Give a time above 0 that makes fewer bins than a million.",
                    )
                # A last bin of nothing but rounding is none.
                number = max(int(np.ceil((last - first) / width - 1e-9)), 1)
                return np.asarray(first + width * np.arange(number + 1))
            edges = first + np.asarray(width, float)
        if len(edges) < 2 or not np.all(np.diff(edges) > 0):
            raise InputError(
                f"{len(edges)} bin edges that do not rise.", "Give two or more, in order of time."
            )
        return edges


def _to(value: Any, unit: u.UnitBase, what: str, scalar: bool = True) -> Any:
    try:
        number = u.Quantity(value).to_value(unit)
    except (u.UnitConversionError, TypeError, ValueError) as error:
        raise InputError(f"{what} is {value!r}.", f"Give a Quantity in {unit} or the like.") from error
    if scalar and np.ndim(number):
        raise InputError(f"{what} is {value!r}.", "Give one value.")
    return float(number) if scalar else number


def _ordered(what: str, low: float, high: float) -> None:
    if not low < high:
        raise InputError(f"The range of {what} ends before it starts.", "Give (from, to).")


def _alpha(region: SkyRegion, background: list[SkyRegion]) -> float:
    return float(region.area / sum((other.area for other in background[1:]), background[0].area))


def _telescope(header: dict[str, Any]) -> str:
    name = str(header.get("TELESCOP", "")).strip()
    return TELESCOPES.get(name.upper(), name)


def _title(header: dict[str, Any]) -> str:
    run = header.get("OBS_ID")
    parts = [
        str(header.get("OBJECT", "")).strip(),
        f"{_telescope(header)}{f' run {run}' if run is not None else ''}".strip(),
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
