"""The live story, headless: a merger's region, two archives asked, the galaxies ranked, one selected, its light curve."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from astropy import units as u

from skyexplorer import SkyExplorer
from skyexplorer.errors import RefusedError
from tests.vo import truth


@pytest.fixture
def sky(loopback: Any) -> Iterator[SkyExplorer]:
    explorer = SkyExplorer(samples=False)
    yield explorer
    for job in explorer.jobs.items:
        job.cancel()


def test_a_merger_its_galaxies_and_a_light_curve(sky: SkyExplorer) -> None:
    merger = sky.open("GW170817")
    region = merger.localization.credible_region(0.9)

    gamma = sky.query_region(merger, service="fermi-4fgl")
    assert set(map(str, gamma.names)) == truth.names("fermilpsc", region, "name")
    galaxies = sky.query_region(merger, service="glade")
    inside = truth.names("gladep", region, "GLADE+")
    assert {str(number) for number in galaxies.table["GLADE+"]} == inside
    assert len(inside) > 0
    assert {"fermi-4fgl", "glade"} <= set(sky.layers)
    assert sky.ledger.complete
    assert galaxies.origin.service == "glade"
    assert galaxies.origin.licence

    ranked = sky.rank(galaxies, by=merger)
    density = ranked.table["probability_density"]
    assert (np.diff(np.asarray(density, float)) <= 0).all()
    assert (np.asarray(ranked.table["credible_level"], float) <= 0.9 + 1e-6).all()
    sky.select(ranked[0])
    assert sky.selection.sources[0].name == ranked.names[0]


def test_a_gamma_ray_source_and_its_light_curve(sky: SkyExplorer) -> None:
    """The blazar of IceCube-170922A: asked around the alert, clicked, its yearly fluxes from an archive."""
    neutrino = sky.open("IC-170922A")
    gamma = sky.query_region(neutrino, service="fermi-4fgl")
    row = next(row for row, name in enumerate(gamma.names) if "J0509.4+0542" in str(name))
    sky.select(gamma[row])
    curves = sky.live_curves(gamma[row], providers="loopback-curves")
    assert sum(len(curve) for curve in curves) >= 10
    assert sky.session.curves.shown
    assert sky.session.curves.title


def test_one_that_fails_is_in_the_ledger_and_the_other_on_the_sky(sky: SkyExplorer, faults: Any) -> None:
    merger = sky.open("GW170817")
    faults.fault("status", text="gladep", code=403, times=0)
    found = sky.query_region(merger, service=["fermi-4fgl", "glade"])
    assert list(found) == ["fermi-4fgl"]
    states = {answer.service: answer for answer in sky.ledger}
    assert states["fermi-4fgl"].state == "ok"
    assert states["glade"].state == "refused"
    assert states["glade"].advice
    assert not sky.ledger.complete
    assert sky.session.archives.answers["glade"].state == "refused", "the panel tells it too"
    with pytest.raises(RefusedError):
        sky.query_region(merger, service="glade")


def test_what_was_done_is_a_script_that_does_it_again(sky: SkyExplorer) -> None:
    merger = sky.open("GW170817")
    galaxies = sky.query_region(merger, service="glade")
    ranked = sky.rank(galaxies, by=merger)
    sky.select(ranked[0])
    source = sky.steps.to_source().replace("SkyExplorer()", "SkyExplorer(samples=False)")
    space: dict[str, Any] = {}
    exec(compile(source, "steps", "exec"), space)
    assert space["sky"].selection.sources[0].name == ranked.names[0]


def test_a_drawn_region_is_asked_about_and_recorded(sky: SkyExplorer) -> None:
    from skyexplorer.views.regions_draw import region_of

    drawn = region_of("polygon", [[190.0, -30.0], [205.0, -30.0], [205.0, -15.0], [190.0, -15.0]])
    sky.selection.choose_region(drawn)
    assert sky.session.archives.region is drawn
    gamma = sky.query_region(sky.session.archives.region, service="fermi-4fgl")
    assert set(map(str, gamma.names)) == truth.names("fermilpsc", drawn, "name")
    space: dict[str, Any] = {}
    exec(compile(sky.steps.to_source(), "steps", "exec"), space)
    assert space["sky"].layers["fermi-4fgl"].rows == len(gamma)


def test_the_view_is_asked_about_by_a_job(sky: SkyExplorer) -> None:
    sky.goto("197.4 -23.4", fov=6)
    job = sky.submit(sky.query_region, None, service="glade")
    found = job.result(60)
    assert len(found) == sky.layers["glade"].rows
    assert np.all(found.coords.separation(sky.viewport.target) <= 3 * u.deg)
    assert sky.session.archives.answers["glade"].rows == len(found)
