"""Rates: counts of an event list in regions and in time, with what they are worth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time
from numpy.typing import NDArray

from skyexplorer.core import counts
from skyexplorer.errors import InputError
from skyexplorer.model.lightcurve import LightCurve
from skyexplorer.model.region import SkyRegion

if TYPE_CHECKING:
    from skyexplorer.model.eventlist import EventList

BINS = 30  # of a light curve for which none are given
MOST_BINS = 1_000_000
NOTE = "counts, not corrected for effective area; errors are Poisson limits (Gehrels 1986)"


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


def reflected(events: EventList, region: SkyRegion) -> list[SkyRegion]:
    """Circles like ``region`` and as far from the pointing, for its background (Berge et al. 2007, A&A 466, 1219).

    Raises
    ------
    InputError
        If the region is no circle, holds the pointing, or the list has no pointing.
    """
    pointing = events.pointing
    if pointing is None or region.kind != "circle":
        raise InputError(
            f"There are no reflected regions for a {region.kind} in {events.title}.",
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


def excess(
    events: EventList, region: SkyRegion, background: SkyRegion | Iterable[SkyRegion] | None = None
) -> Excess:
    """Counts in a region against its background, and their significance.

    Parameters
    ----------
    events : EventList
    region : SkyRegion
    background : SkyRegion or several, optional
        Seen as well as the region is, and apart from it; by default the `reflected` circles.
    """
    regions = _listed(reflected(events, region) if background is None else background)
    on = int(events.inside(region).sum())
    off = int(_in_any(events, regions).sum())
    alpha = _alpha(region, regions)
    return Excess(on, off, alpha, on - alpha * off, float(counts.li_ma(on, off, alpha)))


def light_curve(
    events: EventList,
    region: SkyRegion | None = None,
    bins: u.Quantity | Time | None = None,
    background: SkyRegion | Iterable[SkyRegion] | None = None,
) -> LightCurve:
    """Count rate in time: events in the good time intervals, per second of live time.

    Parameters
    ----------
    events : EventList
    region : SkyRegion, optional
        By default all events are counted.
    bins : Quantity or Time, optional
        Width of the bins, from the start of the first good time interval; or their edges, as times or counted from
        there. By default 30 bins.
    background : SkyRegion or several, optional
        What is subtracted, in proportion to its area: give regions that are seen as well as ``region`` is,
        such as the `reflected` ones.

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
    if background is not None and region is None:
        raise InputError("A background without a region.", "Give the region that it belongs to.")
    time, (start, stop) = events.arrays.time, events.arrays.gti
    edges = _edges(events, bins)
    live = counts.exposure(edges, start, stop) * events.arrays.live
    good = counts.inside(time, start, stop)
    on = counts.bin_counts(time[good if region is None else good & events.inside(region)], edges)
    value = on.astype(float)
    minus, plus = counts.poisson_errors(on)
    if background is not None and region is not None:
        regions = _listed(background)
        alpha = _alpha(region, regions)
        off = counts.bin_counts(time[good & _in_any(events, regions)], edges)
        below, above = counts.poisson_errors(off)
        value = value - alpha * off
        # A rate is lower where its background is higher.
        minus, plus = np.hypot(minus, alpha * above), np.hypot(plus, alpha * below)
    kept = live > 0
    if not kept.any():
        raise InputError("No bin holds good time.", "See when the telescope looked: .gti.")
    per = live[kept] * u.s
    a, b = edges[:-1][kept], edges[1:][kept]
    what = "count rate" if background is None else "excess count rate"
    return LightCurve(
        time=events.at((a + b) / 2),
        value=value[kept] / per,
        error=(minus[kept] / per, plus[kept] / per),
        upper_limit=np.zeros(int(kept.sum()), bool),
        time_bounds=(events.at(a), events.at(b)),
        band=events.band,
        quantity=what,
        name=events.object or events.title,
        origin=replace(
            events.origin,
            title=f"{events.title}: {what}{' of the whole field' if region is None else ''}",
            note="; ".join(filter(None, [events.origin.note, NOTE])),
        ),
    )


def number_of(value: Any, unit: u.UnitBase, what: str) -> float:
    """One number in a unit; InputError where it is something else, ``what`` names it there."""
    found = _numbers(value, unit, what)
    if np.ndim(found):
        raise InputError(f"{what} is {value!r}.", "Give one value.")
    return float(found)


def _numbers(value: Any, unit: u.UnitBase, what: str) -> Any:
    try:
        return u.Quantity(value).to_value(unit)
    except (u.UnitConversionError, TypeError, ValueError) as error:
        raise InputError(f"{what} is {value!r}.", f"Give a Quantity in {unit} or the like.") from error


def _edges(events: EventList, bins: u.Quantity | Time | None) -> NDArray[np.float64]:
    """Edges of the bins in seconds from the reference."""
    start, stop = events.arrays.gti
    if not len(start):
        raise InputError("The event list has no good time.", "Select a longer time range.")
    first, last = float(start[0]), float(stop[-1])
    if bins is None:
        return np.linspace(first, last, BINS + 1)
    if isinstance(bins, Time):
        edges = np.atleast_1d(np.asarray(events.since(bins), float))
    else:
        width = _numbers(bins, u.s, "bins")
        if np.ndim(width) == 0:
            if not (0 < width < np.inf and (last - first) / width <= MOST_BINS):
                raise InputError(
                    f"The width of the bins is {bins}.",
                    f"Give a time above 0 that makes at most {MOST_BINS} bins.",
                )
            # A last bin of nothing but rounding is none.
            number = max(int(np.ceil((last - first) / width - 1e-9)), 1)
            return np.asarray(first + width * np.arange(number + 1))
        edges = first + np.asarray(width, float)
    if edges.ndim != 1 or not 2 <= len(edges) <= MOST_BINS or not np.all(np.diff(edges) > 0):
        raise InputError(f"The edges of the bins are {bins!s:.100}.", "Give two or more, in order of time.")
    return edges


def _listed(background: SkyRegion | Iterable[SkyRegion]) -> list[SkyRegion]:
    regions = [background] if isinstance(background, SkyRegion) else list(background)
    if not regions:
        raise InputError("The background has no region.", "Give at least one.")
    return regions


def _in_any(events: EventList, regions: list[SkyRegion]) -> NDArray[np.bool_]:
    found = np.zeros(len(events), bool)
    for region in regions:
        found |= events.inside(region)
    return found


def _alpha(region: SkyRegion, background: list[SkyRegion]) -> float:
    return float(region.area / sum((other.area for other in background[1:]), background[0].area))
