"""What is in the field, who has it, images and parts of them, links, light curves: the roof's verbs on a real VO."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS

from skyexplorer import SkyExplorer, SkyRegion
from skyexplorer.errors import ServiceError
from skyexplorer.net import Web
from skyexplorer.services import datalink, obstap, registry
from tests.vo import content, truth
from tests.vo.fixtures import Vo

CRAB = SkyCoord(83.6331 * u.deg, 22.0145 * u.deg)
NEAR = truth.circle(83.6331, 22.0145, 0.3)


@pytest.fixture
def sky() -> SkyExplorer:
    return SkyExplorer(samples=False)


# The registry


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"words": "neutrino"}, {"sky/q/ice"}),
        ({"words": "fermi cone"}, {"sky/q/fermi"}),
        ({"words": "galaxies", "waveband": "optical"}, {"glade"}),
        ({"ucd": "src.redshift"}, {"glade"}),
        ({"words": "light", "kind": "ssa"}, {"sky/q/ssa_curves"}),
        ({"waveband": "radio"}, {"gone"}),
        ({"words": "nothing of this name"}, set()),
    ],
)
def test_the_registry_is_searched(
    loopback: Vo, sky: SkyExplorer, how: dict[str, Any], expected: set[str]
) -> None:
    found = sky.find_services(**how)
    assert {one.ivoid.removeprefix("ivo://loopback.test/") for one in found} >= expected
    if not expected:
        assert not found
    assert [answer.state for answer in found.ledger] == ["ok"]


def test_the_registry_is_searched_by_region(loopback: Vo, sky: SkyExplorer) -> None:
    from mocpy import MOC

    covered = MOC.from_string("1/0-40")
    for place, inside in (
        (SkyCoord(45 * u.deg, 30 * u.deg), True),
        (SkyCoord(315 * u.deg, -80 * u.deg), False),
    ):
        assert bool(covered.contains_skycoords(place)) == inside
        found = sky.find_services("neutrino", region=SkyRegion.circle(place, 0.5 * u.deg))
        assert bool(len(found)) == inside


def test_what_is_found_is_asked(loopback: Vo, sky: SkyExplorer) -> None:
    found = next(
        one for one in sky.find_services("fermi cone", kind="scs") if one.ivoid.endswith("sky/q/fermi")
    )
    columns = {str(name) for name in found.columns["name"]}
    assert {"ra", "dec", "variability_index"} <= columns
    rows = sky.query_region(truth.circle(83.6331, 22.0145, 5.0), service=found)
    assert set(rows.names) == truth.names("fermilpsc", truth.circle(83.6331, 22.0145, 5.0), "name")


def test_a_service_that_has_moved_away_is_told(loopback: Vo, sky: SkyExplorer) -> None:
    gone = next(one for one in sky.find_services(waveband="radio") if one.ivoid.endswith("/gone"))
    with pytest.raises(ServiceError):
        sky.query_region(NEAR, service=gone)
    assert not sky.session.ledgers.last[0].good


# The field


def test_the_field_is_counted(loopback: Vo, sky: SkyExplorer) -> None:
    region = truth.circle(83.6331, 22.0145, 4.0)
    field = sky.field(region, services=["fermi-4fgl", "glade", "loopback-stars", "3hwc"])
    counts = {row.service: row.count for row in field}
    assert counts["fermi-4fgl"] == len(truth.inside("fermilpsc", region))
    assert counts["3hwc"] == len(truth.inside("hwc3", region))
    assert counts["loopback-stars"] == len(truth.inside("gaia_source", region))
    assert counts["glade"] == len(truth.inside("gladep", region))
    assert not any(row.estimate for row in field)


# Images


@pytest.mark.parametrize("service", ["loopback-images", "loopback-images2", "loopback-observations"])
def test_images_and_what_they_cover(loopback: Vo, sky: SkyExplorer, service: str) -> None:
    found = sky.images(NEAR, service=service)
    assert len(found) == 1
    image = found[0]
    assert image.region is not None
    assert image.region.contains(
        SkyCoord([CRAB, CRAB.directional_offset_by(90 * u.deg, 2 * u.deg)])
    ).tolist() == [True, False]
    side = 128 * content.PIXEL
    assert image.region.area.to_value("deg2") == pytest.approx(side**2, rel=0.05)
    assert not len(sky.images(truth.circle(180.0, 60.0, 0.5), service=service))


@pytest.mark.parametrize("service", ["loopback-images2", "loopback-observations"])
def test_a_part_is_cut_out_at_the_archive(loopback: Vo, sky: SkyExplorer, service: str) -> None:
    image = sky.images(NEAR, service=service)[0]
    part = sky.cutout(image, truth.circle(83.6331, 22.0145, 0.1))
    with fits.open(io.BytesIO(part.raw)) as hdus:
        data, wcs = hdus[0].data, WCS(hdus[0].header)
    assert data.shape[0] < 40
    brightest = np.unravel_index(np.argmax(data), data.shape)
    assert wcs.pixel_to_world(*brightest[::-1]).separation(CRAB) < 1.5 * content.PIXEL * u.deg
    assert loopback.proxy.seen("dlget|soda"), "it was not cut by the archive"


def test_a_part_is_cut_out_here_where_the_archive_cannot(loopback: Vo, sky: SkyExplorer) -> None:
    image = sky.images(NEAR, service="loopback-images2")[0]
    loopback.proxy.fault("status", "dlget|dlmeta", code=404)
    part = sky.cutout(image, truth.circle(83.6331, 22.0145, 0.1))
    with fits.open(io.BytesIO(part.raw)) as hdus:
        assert hdus[0].data.shape[0] < 40
        assert float(np.max(hdus[0].data)) == pytest.approx(100.0, rel=0.05)


def test_a_file_that_breaks_off_is_fetched_on(loopback: Vo, sky: SkyExplorer) -> None:
    image = sky.images(NEAR, service="loopback-images2")[0]
    loopback.proxy.fault("truncate", "dlget|getproduct", share=0.3, times=6)
    part = sky.cutout(image, truth.circle(83.6331, 22.0145, 0.1))
    with fits.open(io.BytesIO(part.raw)) as hdus:
        assert float(np.max(hdus[0].data)) == pytest.approx(100.0, rel=0.05)
    assert [request["status"] for request in loopback.proxy.seen("dlget")] == [200] + [206] * 6


# Links, light curves, spectra


def test_links_are_followed_and_their_errors_read(loopback: Vo) -> None:
    region = truth.circle(77.3593, 5.7014, 0.2)
    with Web("loopback-observations", deadline=30) as web:
        records, _ = obstap.find(
            registry.get("loopback-observations"), region, web=web, dataproduct_type=("timeseries",)
        )
        assert len(records) == 1
        links = datalink.links(records[0], web)
    kinds = {link.semantics: link for link in links}
    assert kinds["#this"].address
    assert "progenitor" in kinds["#progenitor"].error.lower()
    assert not kinds["#progenitor"].address


def test_a_light_curve_with_its_clock(loopback: Vo, sky: SkyExplorer) -> None:
    found = sky.live_curves(
        SkyCoord(77.3593 * u.deg, 5.7014 * u.deg), providers=["loopback-observations", "loopback-curves"]
    )
    assert {answer.service: answer.state for answer in found.ledger} == {
        "loopback-observations": "ok",
        "loopback-curves": "ok",
    }
    for provider in ("loopback-observations", "loopback-curves"):
        (curve,) = found[provider]
        assert len(curve.time) == 10
        assert curve.time.scale == "tt"
        assert curve.time.mjd[0] == pytest.approx(54682.66 + 365.25 / 2, abs=0.01)


def test_a_product_that_is_a_page_is_left_out_with_a_word(loopback: Vo, sky: SkyExplorer) -> None:
    found = sky.live_curves(SkyCoord(10.0 * u.deg, 10.0 * u.deg), providers=["loopback-observations"])
    assert len(found) == 0
    assert found.notes["loopback-observations"]


def test_a_curve_whose_file_is_gone(loopback: Vo, sky: SkyExplorer) -> None:
    loopback.proxy.fault("status", "getproduct|dlget|dlmeta", code=404)
    place = SkyCoord(77.3593 * u.deg, 5.7014 * u.deg)
    found = sky.live_curves(place, providers=["loopback-observations", "loopback-curves"])
    assert len(found) == 0
    assert len(found.ledger) == 2
    assert any(not answer.good for answer in found.ledger) or found.notes
