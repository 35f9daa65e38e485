"""Regions asked of a real VO, by each protocol and in each way: the rows that lie in the region, no more, no fewer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer import SkyMap, SkyRegion
from skyexplorer.net import Web
from skyexplorer.services import Found, ask, registry
from tests.vo import content, descriptors, truth
from tests.vo.fixtures import Vo

CRAB = truth.circle(83.6331, 22.0145, 6.0)


def _asked(id: str, region: SkyRegion, deadline: float = 60, **how: Any) -> Found:
    with Web(id, deadline=deadline, per_host=registry.get(id).per_host) as web:
        return ask(registry.get(id), region, web=web, **how)


def _names(found: Found, by: str) -> list[str]:
    column = next(name for name in found.table.colnames if name.lower() == by.lower())
    return [str(value) for value in found.table[column]]


def _check(found: Found, table: str, region: SkyRegion, by: str) -> None:
    got = _names(found, by)
    assert len(got) == len(set(got)), "a row came twice"
    assert set(got) == truth.names(table, region, by)
    assert not found.overflow


SHAPES = {
    "circle": CRAB,
    "through zero": truth.circle(0.01, 10.0, 8.0),
    "north pole": truth.circle(120.0, 89.0, 6.0),
    "south pole": truth.circle(0.0, -90.0, 7.0),
    "tiny": truth.circle(83.6331, 22.0145, 0.5),
    "empty": truth.circle(0.0, 89.99, 1e-5),
    "nearly half the sky": truth.circle(200.0, -30.0, 89.0),
    "polygon": SkyRegion.polygon(SkyCoord([350, 10, 12, 352] * u.deg, [-10, -12, 14, 11] * u.deg)),
    "ellipse": SkyRegion.ellipse(SkyCoord(197.4 * u.deg, -23.4 * u.deg), 18 * u.deg, 3 * u.deg, 40 * u.deg),
    "box": SkyRegion.box(SkyCoord(77.43 * u.deg, 5.79 * u.deg), (6, 4) * u.deg, (5, 3) * u.deg),
    "two circles": truth.circle(83.6, 22.0, 5.0) | truth.circle(200.0, -20.0, 5.0),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_by_tap(loopback: Vo, shape: str) -> None:
    region = SHAPES[shape]
    _check(_asked("fermi-4fgl", region), "fermilpsc", region, "name")


@pytest.mark.parametrize("shape", ["circle", "through zero", "ellipse", "two circles", "polygon"])
def test_every_shape_where_only_circles_are_known(loopback: Vo, shape: str) -> None:
    from dataclasses import replace

    region = SHAPES[shape]
    poor = replace(registry.get("fermi-4fgl"), moc=False, polygon=False, upload=0, circles=3)
    with Web("poor") as web:
        _check(ask(poor, region, web=web), "fermilpsc", region, "name")


@pytest.mark.parametrize("shape", ["ellipse", "two circles"])
def test_every_shape_by_upload(loopback: Vo, shape: str) -> None:
    from dataclasses import replace

    region = SHAPES[shape]
    row = replace(registry.get("fermi-4fgl"), moc=False, upload=500, per_host=1)
    with Web("uploads") as web:
        found = ask(row, region, web=web)
    _check(found, "fermilpsc", region, "name")
    assert "upload" in found.how
    assert any("UPLOAD" in request["text"] for request in loopback.proxy.seen("POST .*/sync"))


@pytest.mark.parametrize(
    ("id", "table", "by"),
    [("glade", "gladep", "GLADE+"), ("3hwc", "hwc3", "3HWC"), ("loopback-fields", "fields", "name"),
     ("loopback-stars", "gaia_source", "source_id"), ("loopback-cone", "fermilpsc", "name"),
     ("loopback-alerts", "icecat", "name")],
)  # fmt: skip
def test_every_catalogue(loopback: Vo, id: str, table: str, by: str) -> None:
    region = truth.circle(83.6331, 22.0145, 12.0)
    found = _asked(id, region)
    _check(found, table, region, by) if table != "icecat" else _check_alerts(found, region)


def _check_alerts(found: Found, region: SkyRegion) -> None:
    # A name stands for two events there, so rows are counted.
    assert sorted(_names(found, "name")) == sorted(
        str(n) for n in truth.column("icecat", "name")[truth.inside("icecat", region)]
    )


def test_a_gravitational_wave_region(loopback: Vo, data_dir: Path) -> None:
    region = SkyMap.read(data_dir / "gw" / "GW170817_skymap.fits.gz").credible_region(0.9)
    found = _asked("fermi-4fgl", region)
    _check(found, "fermilpsc", region, "name")
    galaxies = _asked("glade", region)
    _check(galaxies, "gladep", region, "GLADE+")
    distances = np.asarray(galaxies.table["dl"], float)
    assert np.min(np.abs(distances - 33.806)) < 1e-3  # NGC 4993


def test_a_limit_is_never_silent(loopback: Vo) -> None:
    found = _asked("loopback-stars", CRAB, max_rows=100)
    assert len(found.table) == 100
    assert found.overflow
    whole = _asked("loopback-stars", CRAB)
    assert not whole.overflow
    assert len(whole.table) == len(truth.inside("gaia_source", CRAB)) > 100


def test_just_as_many_as_the_limit_is_not_more(loopback: Vo) -> None:
    rows = len(truth.inside("fermilpsc", CRAB))
    assert rows > 2
    assert not _asked("fermi-4fgl", CRAB, max_rows=rows).overflow
    assert _asked("fermi-4fgl", CRAB, max_rows=rows - 1).overflow


def test_a_cone_service_with_a_low_limit(loopback: Vo) -> None:
    region = truth.circle(266.4, -29.0, 30.0)
    assert len(truth.inside("fermilpsc", region)) > descriptors.SMALL
    found = _asked("loopback-few", region)
    assert len(found.table) <= descriptors.SMALL
    assert found.overflow


def test_a_service_that_gives_fewer_than_asked(loopback: Vo) -> None:
    loopback.proxy.fault("cap", "/tap/sync", rows=7)
    found = _asked("fermi-4fgl", CRAB)
    assert found.overflow
    assert len(found.table) <= 7


def test_conditions_and_columns(loopback: Vo) -> None:
    found = _asked("fermi-4fgl", CRAB, columns=["variability_index"], where="detection_significance > 10")
    strong = truth.column("fermilpsc", "detection_significance")
    rows = [i for i in truth.inside("fermilpsc", CRAB) if strong[i] is not None and strong[i] > 10]
    assert sorted(_names(found, "name")) == sorted(str(truth.column("fermilpsc", "name")[i]) for i in rows)
    assert {"variability_index", "ra", "dec", "name"} <= set(found.table.colnames)
    assert "flux_1_100_gev" not in found.table.colnames


def test_a_wrong_column_is_told_with_the_words_of_the_service(loopback: Vo) -> None:
    from skyexplorer.errors import QueryError

    with pytest.raises(QueryError, match="no_such"):
        _asked("fermi-4fgl", CRAB, columns=["no_such_column"])


def test_sources_by_galactic_coordinates_only(loopback: Vo) -> None:
    from dataclasses import replace

    from skyexplorer.errors import ServiceError, SkyExplorerError

    # Its ADQL cannot be asked by right ascension: that is an error with words, not an empty answer.
    with pytest.raises((ServiceError, SkyExplorerError)):
        _asked("loopback-plane", CRAB)
    assert replace(registry.get("loopback-plane")).table == "sky.plane"


def test_a_large_answer_as_a_job(loopback: Vo) -> None:
    region = truth.circle(83.6, 22.0, 7.0)
    rows = len(truth.inside("gaia_source", region))
    assert rows > registry.get("gaia-dr3").sync_cap
    found = _asked("gaia-dr3", region)
    _check(found, "gaia_source", region, "source_id")
    assert loopback.proxy.seen("POST .*/async")
    assert loopback.proxy.seen("DELETE .*/async/"), "the job was left at the server"


def test_missing_values_stay_missing(loopback: Vo) -> None:
    region = truth.circle(200.0, -30.0, 89.0)
    found = _asked("fermi-4fgl", region, max_rows=20_000)
    inside = truth.inside("fermilpsc", region)
    missing = sum(value is None for value in truth.column("fermilpsc", "semi_major_axis_95")[inside])
    assert missing
    from skyexplorer import SourceCatalog

    row = registry.get("fermi-4fgl")
    catalog = SourceCatalog(
        found.table, ra=row.columns["ra"], dec=row.columns["dec"], name=row.columns["name"]
    )
    assert len(catalog) == len(inside)
    values = np.ma.filled(np.ma.asarray(found.table["semi_major_axis_95"]).astype(float), np.nan)
    assert int(np.sum(~np.isfinite(values))) == missing


def test_images_light_curves_and_spectra(loopback: Vo) -> None:
    near = truth.circle(83.6331, 22.0145, 0.5)
    assert len(_asked("loopback-images", near).table) == 1
    assert len(_asked("loopback-images2", near).table) == 1
    assert len(_asked("loopback-spectra", near).table) == 1
    assert len(_asked("loopback-curves", truth.circle(77.3593, 5.7014, 0.2)).table) == 1
    observed = _asked("loopback-observations", truth.circle(77.3593, 5.7014, 0.2)).table
    assert {str(kind) for kind in observed["dataproduct_type"]} == {"image", "timeseries", "spectrum"}
    assert len(content.IMAGES) == 4
