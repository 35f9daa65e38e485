"""The checks of the exercises on catalogues, events and scale: what they say to right answers and to wrong ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table

from notebooks import exercises
from skyexplorer import CatalogIndex, SkyRegion, SourceCatalog, crossmatch, samples

SHIFTS = np.array([-6, -5, -4, -3, 3, 4, 5, 6]) * u.deg
CENTER, POLE = (SkyCoord(0 * u.deg, b * u.deg, frame="galactic").icrs for b in (0, 90))


def says(verdict: exercises.Verdict, right: bool | None, text: str) -> None:
    assert verdict.right is right, repr(verdict)
    assert text in verdict.why


@pytest.fixture(scope="module")
def pulsars():
    """Thirty strong ones near TeV sources, three hundred weak ones along the plane; and what they are matched with."""
    random, tev = np.random.default_rng(1), samples.open("tev-sources")
    field = SkyCoord(
        random.uniform(-95, 65, 300), random.normal(0, 1.5, 300), unit="deg", frame="galactic"
    ).icrs
    near = tev.coords[:30].directional_offset_by(0 * u.deg, 0.1 * u.deg)
    table = Table({axis: np.r_[getattr(near, axis).deg, getattr(field, axis).deg] for axis in ("ra", "dec")})
    table["log_edot"] = np.r_[np.full(30, 37.0), random.normal(34.5, 0.5, 300)]
    return SourceCatalog(table, title="pulsars"), tev, 0.3 * u.deg, SHIFTS


def test_matches_by_chance(pulsars):
    found, chance = exercises._moved(*pulsars)
    assert found > 30 > chance > 1
    says(exercises.matches_by_chance(chance, *pulsars), True, f"{chance:.1f} of {found}")
    says(exercises.matches_by_chance(chance * u.one, *pulsars), True, "cannot tell which")
    says(exercises.matches_by_chance(found, *pulsars), False, "all matches")
    says(exercises.matches_by_chance(chance / found, *pulsars), False, "share")
    says(exercises.matches_by_chance(chance * len(SHIFTS), *pulsars), False, "take the mean")
    says(exercises.matches_by_chance(chance + 1, *pulsars), False, f"You have {chance + 1:.3g}")
    says(exercises.matches_by_chance("many", *pulsars), False, "of another kind")


def test_cut_in_power(pulsars):
    says(exercises.cut_in_power(36, *pulsars), True, "Above 36.0 there are")
    says(exercises.cut_in_power(34, *pulsars), False, "more than one in ten")
    says(exercises.cut_in_power(40, *pulsars), False, "cut lower")
    few = pulsars[0].with_columns(log_edot=np.r_[np.linspace(35.5, 36.9, 30), np.full(300, 30.0)])
    says(exercises.cut_in_power(36.5, few, *pulsars[1:]), False, "another cut keeps")


@pytest.fixture(scope="module")
def run():
    return samples.open("crab-run")


def test_best_radius(run):
    says(exercises.best_radius(0.11 * u.deg, run), True, "19.8 sigma")
    says(exercises.best_radius(6.6 * u.arcmin, run), True, "before you look")
    says(exercises.best_radius(0.05, run), False, "make it larger")
    says(exercises.best_radius(0.2 * u.deg, run), False, "make it smaller")
    says(exercises.best_radius(2 * u.deg, run), False, "far from the width")
    says(exercises.best_radius(2 * u.TeV, run), False, "of another kind")


def test_steady(run):
    on = SkyRegion.circle(run.object_position, 0.11 * u.deg)
    curve = run.light_curve(on, 4 * u.min, run.reflected(on))
    minus, plus = curve.error
    pulls = (curve.value - curve.value.mean()) / ((minus + plus) / 2)
    says(exercises.steady((pulls**2).sum(), curve), True, "Nothing says that it flares")
    says(exercises.steady(np.sqrt((pulls**2).sum()), curve), False, "root")
    says(exercises.steady(pulls.sum(), curve), False, "high and low cancel")
    says(exercises.steady(40, curve), False, "You have 40")
    # The same bins, rising from a tenth to thrice their mean.
    rising = replace(curve, value=curve.value.mean() * np.linspace(0.1, 3, len(curve)))
    pulls = (rising.value - rising.value.mean()) / ((minus + plus) / 2)
    says(exercises.steady((pulls**2).sum(), rising), True, "it flares")


def test_false_alarms():
    says(exercises.false_alarms(0.7, 516), True, "no discovery")
    says(exercises.false_alarms(1.39, 516), False, "deficits")
    says(exercises.false_alarms(0.00135, 516), False, "one place")
    says(exercises.false_alarms(3, 516), False, "516 places")


def test_crowding():
    random = np.random.default_rng(2)
    places = [
        SkyCoord(360 * random.random(number), latitude, unit="deg", frame="galactic").icrs
        for number, latitude in ((20_000, random.normal(0, 3, 20_000)), (500, random.uniform(86, 90, 500)))
    ]
    index = CatalogIndex(SkyCoord(np.concatenate([place.ra for place in places]),
                                  np.concatenate([place.dec for place in places])))  # fmt: skip
    here, there = (len(index.inside(SkyRegion.circle(at, 5 * u.deg))) for at in (CENTER, POLE))
    assert there == 500
    about = index, CENTER, POLE
    says(exercises.crowding(here / there, *about), True, f"{here} against 500")
    says(exercises.crowding(there / here, *about), False, "turn it round")
    says(exercises.crowding(20_000, *about), False, "looks like a count")
    says(exercises.crowding(17, *about), False, "You have 17")


def test_wrong_pairs():
    seen = SkyCoord([10, 20, 30, 30.0001] * u.deg, [0, 0, 0, 0] * u.deg)
    again = SkyCoord([10, 20, 30.00009, 30.00012] * u.deg, [0, 0, 0, 0] * u.deg)
    pairs = crossmatch(again, seen, 2 * u.arcsec)
    says(exercises.wrong_pairs(1, pairs, 4), True, "1 of 4")
    says(exercises.wrong_pairs(3, pairs, 4), False, "are right")
    says(exercises.wrong_pairs(4, pairs, 4), False, "all pairs")
    says(exercises.wrong_pairs(2, pairs, 4), False, "Compare the columns")
