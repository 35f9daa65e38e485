"""What the exercises of the tutorials say to an answer.

Each check takes the answer of a reader, and what it is about, and returns a `Verdict`: right, not yet, or nothing here
yet, and why. It never raises, so that a notebook runs from end to end while its exercises are open (``...``).
The truth is computed again from what the notebook has, not kept here: it holds for live data too.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy import units as u


@dataclass(frozen=True)
class Verdict:
    """What is said to an answer; shown where it stands last in a cell."""

    right: bool | None
    """Whether the answer is right; None: there is none yet."""
    why: str
    """Why, in Markdown."""

    @property
    def word(self) -> str:
        """The verdict in words: a sign or a colour alone says nothing to some."""
        return {True: "✓ Right.", False: "✗ Not yet.", None: "… Nothing here yet."}[self.right]

    def __repr__(self) -> str:
        return f"{self.word} {self.why}"

    def _repr_markdown_(self) -> str:
        return f"**{self.word}** {self.why}"


Check = Callable[..., Verdict]
STRANGE = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What an answer of another kind raises in a check; errors of units are ValueErrors."""


def asks_for(what: str) -> Callable[[Callable[..., tuple[bool, str]]], Check]:
    """Make a check of a function of the answer that tells whether it is right, and why.

    Parameters
    ----------
    what : str
        What is asked for, as in "Replace the dots by …".
    """

    def make(judge: Callable[..., tuple[bool, str]]) -> Check:
        @functools.wraps(judge)
        def check(answer: Any, *about: Any) -> Verdict:
            if answer is ... or answer is None:
                return Verdict(None, f"Replace the `...` by {what}, and run the cell again.")
            try:
                right, why = judge(answer, *about)
            except STRANGE:
                return Verdict(False, f"`{str(answer)[:60]}` is of another kind: {what} is asked for.")
            return Verdict(bool(right), why)

        return check

    return make


def number(answer: Any, unit: Any = u.dimensionless_unscaled) -> float:
    """An answer as a number, in a unit where it has one; a bare number is taken to be in it.

    Raises
    ------
    TypeError, ValueError
        For what is no single number, or has another unit.
    """
    if isinstance(answer, bool | np.bool_ | str):
        raise TypeError("no number")
    return float(answer.to_value(unit) if isinstance(answer, u.Quantity) else answer)


def names(answer: Any) -> set[str]:
    """An answer as names: of a source, of sources, a catalogue, or texts."""
    if isinstance(answer, str):
        return {answer}
    if hasattr(answer, "names"):
        return {str(name) for name in answer.names}
    if hasattr(answer, "name"):
        return {str(answer.name)}
    return {str(getattr(each, "name", each)) for each in answer}


# 01, first look -----------------------------------------------------------------------------------------------------


@asks_for("a number of galaxies")
def galaxies_in_region(answer: Any, merger: Any, galaxies: Any) -> tuple[bool, str]:
    """How many galaxies lie in the 90 % region of a merger."""
    inside = merger.credible_region(0.9).contains(galaxies.coords)
    found, said = int(inside.sum()), number(answer)
    if said == found:
        return True, (
            f"{found} of {len(galaxies)}. A region of {merger.localization.credible_area(0.9):.0f} is small "
            "enough to look at each galaxy in it: so the host was found, eleven hours after the merger."
        )
    if said == len(galaxies) - found:
        return False, f"{said:g} galaxies lie *outside* the region."
    if said == len(galaxies):
        return False, f"{said:g} are all of the list. Which of them does the region *contain*?"
    return False, f"You have {said:g}. Count where `region.contains(galaxies.coords)` is true."


# 02, TXS 0506+056 ---------------------------------------------------------------------------------------------------


@asks_for("a number")
def box_over_ellipse(answer: Any, box: Any, ellipse: Any) -> tuple[bool, str]:
    """By which factor the box of four errors is larger than their quarter ellipses."""
    said, found = number(answer), float(box.area / ellipse.area)
    if np.isclose(said, found, rtol=0.005):
        return True, (
            f"{found:.3f}, and 4/π = {4 / np.pi:.3f}: a square over the circle in it, whatever the axes. "
            "The box adds corners, farther out than 90 %: a source that lies only in the box is outside of the contour."
        )
    if np.isclose(said, 1 / found, rtol=0.005):
        return False, "That is the ellipse over the box: turn it round."
    return False, f"You have {said:.3g}. Divide the area of the box by that of the ellipse."


@asks_for("a number")
def flare_factor(answer: Any, curve: Any, event: Any) -> tuple[bool, str]:
    """How far above the median of the time before a light curve was when an event came."""
    start, stop = curve.time_bounds
    now = (start <= event.time) & (event.time < stop)
    flux = curve.value.value
    said, found = number(answer), float(flux[now][0] / np.median(flux[stop <= event.time]))
    if np.isclose(said, found, rtol=0.01):
        return True, (
            f"{found:.1f} times, and the highest of all years. Mind what was compared: a year holds the alert and "
            "months without. In the weeks around it, which Fermi's weekly light curve resolves, it was higher still."
        )
    if np.isclose(said, flux[now][0] / np.median(flux), rtol=0.01):
        return False, "Nearly: you took the median of all years, the year of the alert among them."
    if np.isclose(said, flux[now][0] / np.mean(flux[stop <= event.time]), rtol=0.01):
        return (
            False,
            "That is over the mean, which an earlier flare lifts. The median is the level in between.",
        )
    return False, f"You have {said:.3g}. The year of the alert is the last of the curve."


@asks_for("a probability, from 0 to 1")
def chance_of_a_source(answer: Any, region: Any, sources: int = 5064) -> tuple[bool, str]:
    """How probable it is that one source or more of the whole sky falls into a region."""
    expected = sources * float(region.area.to_value(u.sr)) / (4 * np.pi)
    said, found = number(answer), float(-np.expm1(-expected))
    if np.isclose(said, found, rtol=0.01):
        return True, (
            f"{found:.2f}: about one alert in {1 / found:.0f} finds a Fermi source by position alone. That "
            "one lies in the footprint says nearly nothing. That it is bright, and flared, says more."
        )
    if np.isclose(said, expected, rtol=0.01):
        return False, (
            f"{expected:.2f} is the number to expect. It counts a footprint with two sources twice, and can "
            "be larger than 1; the probability of at least one is 1 − exp(−expected)."
        )
    if np.isclose(said, 1 - found, rtol=0.01):
        return False, "That is the probability that none lies there."
    return False, f"You have {said:.3g}. How many sources do you expect on {region.area.to(u.deg**2):.2f}?"


@asks_for("a significance in σ")
def after_trials(answer: Any, sigma: float, trials: int) -> tuple[bool, str]:
    """What remains of a significance when there was more than one try."""
    from scipy.stats import norm

    p = norm.sf(sigma)
    said, found = number(answer), float(norm.isf(-np.expm1(trials * np.log1p(-p))))
    if np.isclose(said, found, atol=0.02):
        return True, (
            f"{found:.1f}σ, p = {norm.sf(found):.1g}: evidence, no discovery, and so the paper calls it. "
            "A second, independent sign came from older data: an excess of neutrinos from there in 2014 and 2015."
        )
    if np.isclose(said, sigma / np.sqrt(trials), atol=0.02):
        return (
            False,
            "Significances do not shrink by the root of the number of tries; probabilities grow with it.",
        )
    if np.isclose(said, float(norm.isf(2 * norm.sf(found))), atol=0.02) or said > sigma:
        return (
            False,
            f"You have {said:.2f}. Take one-sided probabilities, as the paper does: `norm.sf` and `norm.isf`.",
        )
    return (
        False,
        f"You have {said:.3g}. How probable is it that at least one of {trials} tries gives p = {p:.2g}?",
    )


# 03, GW170817 -------------------------------------------------------------------------------------------------------


@asks_for("a probability, from 0 to 1")
def chance_of_ten_fields(answer: Any, skymap: Any) -> tuple[bool, str]:
    """What ten square degrees of a map hold at best."""
    said, found = number(answer), float(skymap.probability_within(10 * u.deg**2))
    area = float(skymap.credible_area(0.9).to_value(u.deg**2))
    if np.isclose(said, found, atol=0.006):
        return True, (
            f"{found:.2f}, on {10 / area:.0%} of the area that holds 0.90. The densest cells come first, so the first "
            "fields are worth the most. Real fields overlap and do not fit the shape of the map; they hold less."
        )
    if np.isclose(said, 0.9 * 10 / area, atol=0.006):
        return (
            False,
            "That would hold if the probability were even over the 90 % region. It is denser in the middle.",
        )
    return False, f"You have {said:.3g}. What do the densest ten square degrees of the map hold?"


@asks_for("a number of galaxies")
def galaxies_to_visit(answer: Any, weight: Any) -> tuple[bool, str]:
    """How many galaxies, the likeliest first, have 90 % of the weight."""
    ordered = np.sort(weight)[::-1]
    found = int(np.searchsorted(np.cumsum(ordered), 0.9)) + 1
    said = number(answer)
    if said == found:
        return True, (
            f"{found} fields, where the map alone asks for as many as its 90 % region has square degrees. This holds if the "
            "host is in the list: how much of all starlight a list has at this distance is what to ask of its authors."
        )
    if said == found - 1:
        return False, f"{said:g} have {ordered[: found - 1].sum():.0%}: one more is needed."
    if 1 <= said <= len(ordered):
        return False, f"{said:g} have {ordered[: int(said)].sum():.0%}. How many are needed to reach 90 %?"
    return False, f"You have {said:g}; the list has {len(ordered)}."


@asks_for("a difference in magnitudes")
def blue_minus_red(answer: Any, curve: Any) -> tuple[bool, str]:
    """How much more a kilonova fades in g than in K, from its first to its last point."""

    def fading(band: str) -> float:
        magnitude = curve.value[np.array(curve.bands) == band].to_value(u.ABmag)
        return float(magnitude[-1] - magnitude[0])

    blue, red = fading("ps1::g"), fading("2massks")
    said, found = number(answer, u.mag), blue - red
    if np.isclose(said, found, atol=0.05):
        return True, (
            f"{blue:.1f} in g, {red:.1f} in K: {found:.1f} magnitudes of reddening, and that although the points in K "
            f"go on for longer. In g a factor of {10 ** (0.4 * blue):.0f} in a week."
        )
    if np.isclose(said, -found, atol=0.05):
        return False, "The sign: fainter is a larger magnitude, and g fades more."
    return False, f"You have {said:.3g}. In g alone it is {blue:.1f}; what does K lose?"


@asks_for("a small number without a unit")
def speeds_differ_by(answer: Any, onset: Any) -> tuple[bool, str]:
    """By which part of c the speeds of light and gravity differ, if a delay is all theirs."""
    from astropy.constants import c

    said, found = number(answer), float((onset / (26 * u.Mpc / c)).to_value(u.one))
    if np.isclose(said, found, rtol=0.03, atol=0):
        return True, (
            f"{found:.0e}: fifteen digits are the same. Many theories that explain the acceleration of the Universe by "
            "another gravity ended with this. (If light left up to ten seconds later, it may be the faster, by 3e-15.)"
        )
    if np.isclose(said * found, 1, rtol=0.03):
        return False, "That is the time of flight over the delay: turn it round."
    return False, f"You have {said:.2g}. Divide the delay by the time that light takes for 26 Mpc."


# 04, my own catalogue -------------------------------------------------------------------------------------------------


def _moved(catalogue: Any, other: Any, radius: Any, shifts: Any) -> tuple[int, float]:
    """How many of a catalogue have another within a radius; and in the mean, once moved along the Galactic plane."""
    from astropy.coordinates import SkyCoord

    from skyexplorer import crossmatch

    place = catalogue.coords.galactic
    moved = [SkyCoord(place.l + shift, place.b, frame="galactic") for shift in shifts]
    return (
        len(crossmatch(catalogue, other, radius)),
        float(np.mean([len(crossmatch(each, other, radius)) for each in moved])),
    )


@asks_for("the number that you expect")
def matches_by_chance(answer: Any, mine: Any, other: Any, radius: Any, shifts: Any) -> tuple[bool, str]:
    """How many matches of a catalogue are chance, as moving it along the plane tells."""
    found, chance = _moved(mine, other, radius, shifts)
    said = number(answer)
    if abs(said - chance) <= 0.5:
        return True, (
            f"{chance:.1f} of {found}, or {100 * chance / found:.0f} %: each single match is real with a probability of "
            f"about {1 - chance / found:.2f}, and you cannot tell which. The area of the circles over that of the whole sky "
            "would have given far less, since the sky is not as crowded as the plane."
        )
    if abs(said - found) <= 0.5:
        return False, f"{found} are all matches. How many are there where there should be none?"
    if np.isclose(said, chance / found, rtol=0.05):
        return False, "That is the share of them. How many are it?"
    if abs(said - chance * len(shifts)) <= 0.5:
        return False, f"That is the sum over {len(shifts)} shifts: take the mean."
    return False, f"You have {said:.3g}. Take the mean of what the moved catalogues match."


@asks_for("a value of log_edot")
def cut_in_power(answer: Any, mine: Any, other: Any, radius: Any, shifts: Any) -> tuple[bool, str]:
    """A cut in spin-down power that leaves one match in ten to chance, and keeps the others."""

    def counted(cut: float) -> tuple[int, float]:
        return _moved(mine.take(mine.table["log_edot"] > cut), other, radius, shifts)

    said = number(answer)
    found, chance = counted(said)
    if not found:
        return False, f"No pulsar above {said:g} has a match: cut lower."
    told = f"Above {said:.1f} there are {found} matches, {chance:.1f} of them chance ({100 * chance / found:.0f} %)"
    if chance > 0.1 * found:
        return False, f"{told}: more than one in ten. Cut higher."
    pure = [kept for kept, wrong in map(counted, np.arange(34, 37, 0.1)) if kept and wrong <= 0.1 * kept]
    if found < max(pure) - 2:
        return False, f"{told}. That is pure, but another cut keeps {max(pure)}: cut lower."
    return (
        True,
        f"{told}. What was asked of the pulsar beside its place threw out chance, and kept the nebulae.",
    )


# 05, archives and the registry --------------------------------------------------------------------------------------


@asks_for('a list of the ids of archives, such as `["glade"]`')
def archives_that_answered(answer: Any, jobs: Any) -> tuple[bool, str]:
    """Which of the archives that were asked did answer."""
    said, found = names(answer), {name for name, job in jobs.items() if job.state == "done"}
    if said == found and not found:
        return True, (
            "None did: you are offline, or they are. The ledger says which, and the notebook went on; "
            "run the cells again when there is a network."
        )
    if said == found:
        rows = {name: len(jobs[name].result()) for name in sorted(found)}
        return (
            True,
            f"Rows that came: {rows}. No answer is not the same as no rows: the ledger tells them apart.",
        )
    if extra := said - found:
        kinds = {name: jobs[name].state if name in jobs else "never asked" for name in sorted(extra)}
        return False, f"Not these: {kinds}."
    return False, f"{len(found - said)} more answered. Look at the state of each job."


@asks_for("a number")
def circle_over_region(answer: Any, region: Any) -> tuple[bool, str]:
    """How much larger than a region the circle around it is."""
    from skyexplorer import SkyRegion

    area = SkyRegion.circle(region.center, region.radius).area
    said, found = number(answer), float(area / region.area)
    if np.isclose(said, found, rtol=0.02):
        return True, (
            f"{found:.1f} times: {area:.0f} instead of {region.area:.0f}. So many times more rows would come than you keep. "
            "`query_region` therefore covers a long, thin region with small circles, and asks for these."
        )
    if np.isclose(said, 1 / found, rtol=0.02):
        return False, "That is the region over the circle: turn it round."
    if np.isclose(said, found / np.pi, rtol=0.02):
        return False, "You left out π: the area of a circle is π r²."
    return False, f"You have {said:.3g}. Divide the area of the circle, π r², by `region.area`."


# 06, from H.E.S.S. events to the sky ----------------------------------------------------------------------------------


@asks_for("a radius such as `0.1 * u.deg`")
def best_radius(answer: Any, run: Any) -> tuple[bool, str]:
    """The radius of the circle in which the target of a run is most significant."""
    from skyexplorer import SkyRegion

    def found(radius: float) -> Any:
        return run.excess(SkyRegion.circle(run.object_position, radius * u.deg))

    said = number(answer, u.deg)
    if not 0.01 <= said <= 0.3:
        return False, f"{said:g}° is far from the width of the source: try between 0.04° and 0.2°."
    radii = 0.01 * np.arange(4, 21)
    best = max(radii, key=lambda radius: found(radius).significance)
    yours, theirs = found(said), found(best)
    told = f"{yours.significance:.1f} sigma from {yours.on} events on, {yours.excess:.0f} of them excess"
    if yours.significance > theirs.significance - 0.3:
        return True, (
            f"{told}. Around the best radius the curve is flat, so that not much depends on it. But choose it before "
            "you look, or from other data: to try many and take the best makes every noise a little more significant."
        )
    if said < best:
        return False, f"{told}. There are γ rays outside of your circle: make it larger."
    return False, f"{told}. You gather more background than γ rays at the edge: make it smaller."


@asks_for("the sum of squares")
def steady(answer: Any, curve: Any) -> tuple[bool, str]:
    """Chi squared of a light curve about its mean."""
    from scipy.stats import chi2

    minus, plus = curve.error
    pulls = ((curve.value - curve.value.mean()) / ((minus + plus) / 2)).to_value(u.one)
    said, found, free = number(answer), float(np.sum(pulls**2)), len(pulls) - 1
    if np.isclose(said, found, rtol=0.05):
        chance = chi2.sf(found, free)
        flat = f"a steady source is as uneven as this in {100 * chance:.0f} % of all cases. Nothing says that it flares."
        flares = (
            f"a steady source is as uneven as this in one of {1 / max(chance, 1e-300):.2g} cases: it flares."
        )
        return True, f"{found:.1f} for {free} degrees of freedom (one went into the mean): " + (
            flat if chance > 0.01 else flares
        )
    if np.isclose(said, np.sqrt(found), rtol=0.05):
        return False, "That is the root of it: leave the sum of squares as it is."
    if np.isclose(said, np.sum(pulls), atol=0.05):
        return False, "Square each before you sum: as it is, high and low cancel."
    return False, f"You have {said:.3g}. One term a bin: the rate less the mean, over its error, squared."


@asks_for("how many you expect")
def false_alarms(answer: Any, places: int) -> tuple[bool, str]:
    """In how many of several places noise alone is above 3 sigma."""
    said, found = number(answer), 0.00135 * places
    if np.isclose(said, found, rtol=0.05):
        return True, (
            f"{found:.1f} of {places}: the chance of at least one is {100 * -np.expm1(-found):.0f} %. So 3 sigma where you "
            "happened to look are no discovery, and 5 sigma are asked for. On a target that was named beforehand there is "
            "one place to look, and 3 sigma are worth more."
        )
    if np.isclose(said, 2 * found, rtol=0.05):
        return False, "You counted deficits too: only places that are *above* 3 sigma look like a source."
    if said < 0.01:
        return False, "That is the probability for one place. There are many."
    return False, f"You have {said:.3g}. Each of the {places} places has its own small chance."


# 07, scale ------------------------------------------------------------------------------------------------------------


@asks_for("a ratio of two counts")
def crowding(answer: Any, index: Any, center: Any, pole: Any) -> tuple[bool, str]:
    """How many times more rows lie within 5 degrees of one place than of another."""
    from skyexplorer import SkyRegion

    here, there = (len(index.inside(SkyRegion.circle(place, 5 * u.deg))) for place in (center, pole))
    said, found = number(answer), here / max(there, 1)
    if np.isclose(said, found, rtol=0.02):
        return True, (
            f"{here:,} against {there:,}, or {found:.0f} times. So many times more often does a match by place hit a "
            "stranger in the disc: a radius that is safe at the pole is not safe there."
        )
    if np.isclose(said, 1 / found, rtol=0.02):
        return False, "That is the pole over the centre: turn it round."
    if said > 1000:
        return False, f"{said:,.0f} looks like a count. Divide the one by the other."
    return False, f"You have {said:.3g}. Count the rows of a circle of 5° around each."


@asks_for("a number of pairs")
def wrong_pairs(answer: Any, pairs: Any, rows: int) -> tuple[bool, str]:
    """How many pairs are of two different stars, where the row numbers of both lists are the truth."""
    said, found = number(answer), int(np.sum(pairs["left"] != pairs["right"]))
    if said == found:
        even = len(pairs) * rows * np.pi * (2 / 3600) ** 2 / 41253
        return True, (
            f"{found:,} of {len(pairs):,}. Stars spread evenly would put {even:,.0f} strangers into so many circles of 2″, "
            "the crowded disc some more; but a stranger does harm only where it is nearer than the star itself, or where "
            "the star was measured more than 2″ off. In your own data the truth is not known: shift one list, and count."
        )
    if said == len(pairs) - found:
        return False, f"{said:,.0f} are right. How many are not?"
    if said == len(pairs):
        return False, "Those are all pairs."
    return False, f"You have {said:,.0f}. Compare the columns `left` and `right`."
