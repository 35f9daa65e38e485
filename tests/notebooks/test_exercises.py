"""The checks of the exercises: what they say to right answers, to wrong ones, and to none."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from astropy import units as u

from notebooks import exercises
from skyexplorer import SkyRegion, samples

GALAXIES = samples.open("gw170817-galaxies")
MERGER = samples.open("GW170817")
REGION = MERGER.credible_region(0.9)
SKYMAP, FAR = MERGER.localization, GALAXIES.table["bestdist"].quantity
WEIGHT = SKYMAP.distances.rank(GALAXIES.coords, FAR)
NEUTRINO = samples.open("IC-170922A")
BLAZAR, KILONOVA = samples.light_curve("TXS 0506+056"), samples.light_curve("AT2017gfo")
ERRORS = (1.14, 0.75) * u.deg, (0.64, 0.41) * u.deg
BOX = SkyRegion.box(NEUTRINO.position, *ERRORS)
FOOTPRINT = SkyRegion.quarter_ellipse(NEUTRINO.position, *ERRORS)
JOBS = {
    "glade": SimpleNamespace(state="done", result=lambda: GALAXIES),
    "fermi-4fgl": SimpleNamespace(state="failed"),
}
NO_JOBS = {name: SimpleNamespace(state="failed") for name in JOBS}

# Check, what it is about, answers that are right, answers that are not, each with a piece of what is said to it.
CASES: dict[str, tuple[tuple[Any, ...], list[tuple[Any, str]], list[tuple[Any, str]]]] = {
    "galaxies_in_region": (
        (MERGER, GALAXIES),
        [(5, "5 of 44"), (u.Quantity(5), "5 of 44")],
        [(39, "outside"), (44, "all of the list"), (6, "You have 6")],
    ),
    "box_over_ellipse": (
        (BOX, FOOTPRINT),
        [(1.273, "4/π"), (u.Quantity(1.273), "outside of the contour")],
        [(0.785, "turn it round"), (2, "You have 2")],
    ),
    "flare_factor": (
        (BLAZAR, NEUTRINO),
        [(3.74, "3.7 times"), (u.Quantity(3.74), "weekly")],
        [(3.62, "all years"), (3.08, "the mean"), (1, "last of the curve")],
    ),
    "chance_of_a_source": (
        (FOOTPRINT,),
        [(0.173, "one alert in 6"), (17.3 * u.percent, "one alert in 6")],
        [(0.190, "number to expect"), (0.827, "none lies there"), (0.5, "1.55 deg2")],
    ),
    "after_trials": (
        (4.1, 51),
        [(3.08, "3.1σ"), (3.075, "evidence")],
        [(0.574, "root"), (2.87, "one-sided"), (5, "one-sided"), (2, "at least one of 51")],
    ),
    "chance_of_ten_fields": (
        (SKYMAP,),
        [(0.561, "36% of the area"), (56 * u.percent, "densest")],
        [(0.322, "denser in the middle"), (0.9, "ten square degrees")],
    ),
    "galaxies_to_visit": (
        (WEIGHT,),
        [(4, "4 fields"), (np.int64(4), "in the list")],
        [(3, "one more"), (1, "reach 90 %"), (0, "the list has 44")],
    ),
    "blue_minus_red": (
        (KILONOVA,),
        [(5.2, "reddening"), (5.2 * u.mag, "a factor of 2")],
        [(-5.2, "sign"), (5.8, "what does K lose")],
    ),
    "speeds_differ_by": (
        (1.74 * u.s,),
        [(6.5e-16, "fifteen digits"), (u.Quantity(6.5e-16), "theories")],
        [(1.54e15, "turn it round"), (1e-9, "26 Mpc")],
    ),
    "archives_that_answered": (
        (JOBS,),
        [(["glade"], "'glade': 44"), ("glade", "not the same as no rows")],
        [(["glade", "fermi-4fgl"], "failed"), (["vizier"], "never asked"), ([], "1 more")],
    ),
    "circle_over_region": (
        (REGION,),
        [(7.19, "times"), (u.Quantity(7.19), "times")],
        [(1 / 7.19, "turn it round"), (7.19 / 3.14159, "π"), (3, "You have 3")],
    ),
}


def _each(kind: int) -> Callable[[Any], Any]:
    rows = [(name, case[0], *row) for name, case in CASES.items() for row in case[kind]]
    return pytest.mark.parametrize(("name", "about", "answer", "said"), rows)


@_each(1)
def test_right(name, about, answer, said):
    verdict = getattr(exercises, name)(answer, *about)
    assert verdict.right, repr(verdict)
    assert said in repr(verdict)


@_each(2)
def test_not_yet(name, about, answer, said):
    verdict = getattr(exercises, name)(answer, *about)
    assert verdict.right is False, repr(verdict)
    assert said in repr(verdict)


def _checks() -> list[str]:
    """All of the module, also those that are tested elsewhere."""
    return [name for name, thing in vars(exercises).items() if hasattr(thing, "__wrapped__")]


@pytest.mark.parametrize("name", _checks())
def test_no_answer_and_a_strange_one(name):
    about = CASES[name][0] if name in CASES else ()
    open_ = getattr(exercises, name)(..., *about)
    assert open_.right is None
    assert "Replace the `...` by" in open_.why
    if name in CASES:
        strange = getattr(exercises, name)(object(), *about)
        assert strange.right is False
        assert "is of another kind" in strange.why


def test_nothing_here_yet_of_those_who_were_asked():
    assert exercises.archives_that_answered([], NO_JOBS).right


def test_a_verdict_is_shown_in_words():
    assert repr(exercises.Verdict(True, "Why.")) == "✓ Right. Why."
    assert exercises.Verdict(False, "Why.")._repr_markdown_() == "**✗ Not yet.** Why."
