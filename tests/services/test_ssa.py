"""Spectra and light curves by SSA, and the files behind them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer import LightCurve, SkyRegion
from skyexplorer.errors import InputError
from skyexplorer.model import opening
from skyexplorer.net import Web
from skyexplorer.services import datalink, obstap, ssa
from tests.replicas.dal import Archive
from tests.services.loop import CIRCLE, WIDE, row
from tests.vo.fixtures import Vo


@pytest.fixture
def archive() -> Iterator[Archive]:
    with Archive() as replica:
        yield replica


def test_rows_are_records(archive: Archive) -> None:
    with Web("loop", 10) as web:
        found, answer = ssa.find(row(archive, "ssa"), WIDE, web=web)
    assert [(one.title, one.kind) for one in found] == [
        ("Light curve of crab", "timeseries"),
        ("Spectrum of beside", "spectrum"),
    ]
    curve = found[0]
    assert (curve.target, curve.identifier) == ("crab", "ivo://loop/crab?timeseries")
    assert (curve.start.mjd, curve.stop.mjd) == (58005.75, 58006.25)
    assert curve.links.startswith(f"{archive.address}/links?ID=ivo")
    assert not answer.overflow
    asked = archive.asked[-1].query
    assert (asked["POS"], asked["SIZE"]) == ("83.633,22.0145", "6.0")


def test_what_lies_beside_is_left_out(archive: Archive) -> None:
    with Web("loop", 10) as web:
        found, _ = ssa.find(row(archive, "ssa"), CIRCLE, web=web)
        assert [one.target for one in found] == ["crab"]
        with pytest.raises(InputError, match="takes no choice of columns"):
            ssa.ask(row(archive, "ssa"), WIDE, web=web, columns=["a"])


def test_more_than_half_the_sky_is_asked_by_halves(archive: Archive) -> None:
    most = SkyRegion.circle(SkyCoord(263.633, 22.0145, unit="deg"), 179 * u.deg)
    with Web("loop", 10) as web:
        found, answer = ssa.find(row(archive, "ssa"), most, web=web)
    asked = [(*map(float, one.query["POS"].split(",")), float(one.query["SIZE"])) for one in archive.asked]
    assert asked == [pytest.approx((263.633, 0, 180)), pytest.approx((83.633, 0, 180))]
    assert [one.target for one in found] == ["crab", "beside"]  # both halves tell of them
    assert len(answer.table) == 2
    assert answer.how == "both halves of the sky"


def test_a_light_curve_is_opened(archive: Archive) -> None:
    with Web("loop", 10) as web:
        found = obstap.series(CIRCLE, web, row(archive, "ssa"))
        raw = datalink.fetch(found[0], web)
    curve = opening.read(raw, name="crab")
    assert isinstance(curve, LightCurve)
    assert len(curve) == 12
    assert found.ledger[0].rows == 1


def test_a_real_service(loopback: Vo) -> None:
    from skyexplorer.services import registry

    service = registry.get("loopback-curves")
    ra, dec, radius = service.place
    region = SkyRegion.circle(SkyCoord(ra * u.deg, dec * u.deg), max(radius, 30.0) * u.deg)
    with Web(service.id, 30) as web:
        found = obstap.series(region, web, service)
        assert found
        curve = opening.read(datalink.fetch(found[0], web), name=found[0].title)
    assert isinstance(curve, LightCurve)
    assert len(curve) > 5
