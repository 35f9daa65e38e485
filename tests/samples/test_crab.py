"""The computed run: what its notes and its notebook promise of it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits

from skyexplorer import SkyRegion, samples
from skyexplorer.model.eventlist import EventList
from skyexplorer.samples import crab

CIRCLE = 0.11 * u.deg


@pytest.fixture(scope="module")
def run() -> EventList:
    return samples.open("crab-run")


def test_it_says_that_it_was_computed(run) -> None:
    assert "computed" in run.title
    assert run.telescope == "computed"
    assert run.origin.note == crab.NOTE
    with fits.open(io.BytesIO(crab.fits())) as hdus:
        assert all(crab.NOTE[:40] in str(hdus[name].header["COMMENT"]) for name in ("EVENTS", "GTI"))


def test_its_file_is_dl3(run) -> None:
    with fits.open(io.BytesIO(crab.fits())) as hdus:
        assert hdus["EVENTS"].columns.names == ["EVENT_ID", "TIME", "RA", "DEC", "ENERGY"]
        assert hdus["EVENTS"].header["HDUCLASS"] == "GADF"
    assert len(run) == crab.GAMMAS + crab.NUCLEI
    assert "outside the good time" not in EventList.read(crab.fits()).origin.note


def test_the_same_numbers_are_drawn_each_time() -> None:
    assert np.array_equal(crab._drawn(), crab._drawn())
    time, ra, dec, energy = crab._drawn()
    assert np.all(np.diff(time) >= 0)
    assert [ra[0], dec[0], energy[0]] == pytest.approx([81.5392, 22.1832, 0.6563], abs=1e-4)


def test_nothing_lies_outside_field_energies_and_good_time(run) -> None:
    assert run.footprint(crab.FIELD * u.deg).contains(run.coords).all()
    assert run.energy.min() >= crab.THRESHOLD * u.TeV
    assert run.ontime == 1560 * u.s
    inside = (run.arrays.time[:, None] >= run.arrays.gti[0]) & (run.arrays.time[:, None] <= run.arrays.gti[1])
    assert inside.any(axis=1).all()


def test_the_source_is_where_it_says_and_its_background_is_fair(run) -> None:
    circle = SkyRegion.circle(run.object_position, CIRCLE)
    found = run.excess(circle)
    assert found.significance > 15
    # What a round Gaussian has within the circle, and what its neighbours have.
    expected = crab.GAMMAS * -np.expm1(-0.5 * (CIRCLE.value / crab.PSF) ** 2)
    assert found.excess == pytest.approx(expected, abs=4 * np.sqrt(found.on))
    beside = [run.excess(other, run.reflected(circle)).significance for other in run.reflected(circle)]
    assert np.std(beside) < 1.7
    assert run.count_map(10, smooth=0.06 * u.deg).peak.separation(run.object_position) < 0.05 * u.deg


def test_the_rate_is_steady(run) -> None:
    circle = SkyRegion.circle(run.object_position, CIRCLE)
    curve = run.light_curve(circle, 4 * u.min, run.reflected(circle))
    sigma = (curve.error[0] + curve.error[1]) / 2
    pulls = ((curve.value - curve.value.mean()) / sigma).value
    assert np.sum(pulls**2) < 3 * len(curve)


def test_the_slope_of_the_spectrum() -> None:
    _, _, _, energy = crab._drawn()
    # The most likely slope above a threshold (Crawford, Jauncey & Murdoch 1970); most events are nuclei.
    slope = 1 + len(energy) / np.sum(np.log(energy / crab.THRESHOLD))
    assert slope == pytest.approx(crab.NUCLEUS_INDEX, abs=0.1)
