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
            f"{found} of {len(galaxies)}. A region of 28 square degrees is small enough to look at each galaxy in "
            "it: that is how the host was found, eleven hours after the merger."
        )
    if said == len(galaxies) - found:
        return False, f"{said:g} galaxies lie *outside* the region."
    if said == len(galaxies):
        return False, f"{said:g} are all of the list. Which of them does the region *contain*?"
    return False, f"You have {said:g}. Count where `region.contains(galaxies.coords)` is true."


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
            f"{found:.1f} times: {area:.0f} instead of {region.area:.0f}. So many more rows come over the line than you "
            "keep, which is why a long, thin region is asked for in parts where an archive has many rows."
        )
    if np.isclose(said, 1 / found, rtol=0.02):
        return False, "That is the region over the circle: turn it round."
    if np.isclose(said, found / np.pi, rtol=0.02):
        return False, "You left out π: the area of a circle is π r²."
    return False, f"You have {said:.3g}. Divide the area of the circle, π r², by `region.area`."
