"""ObsTAP: files by region and kind, by what they cover or by their centre."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from mocpy import MOC

from skyexplorer import SkyRegion
from skyexplorer.errors import InputError, RefusedError, UnreachableError
from skyexplorer.net import Web
from skyexplorer.services import counts, datalink, obstap, registry
from skyexplorer.services.registry import Service
from tests.replicas.dal import Archive
from tests.services.loop import CIRCLE, ELLIPSE, WIDE, row
from tests.vo.fixtures import Vo


@pytest.fixture
def archive() -> Iterator[Archive]:
    with Archive() as replica:
        replica.rows = [
            replica.observation("crab"),
            replica.observation("beside"),
            replica.observation("crab", "timeseries"),
            replica.observation(
                "crab", "spectrum", s_region=None, s_ra=None, s_dec=None, t_min=None, target_name=None
            ),
            replica.observation("crab", "image", linked=False, access_url=None),
        ]
        yield replica


def find(archive: Archive, region: object = WIDE, **given: object):  # type: ignore[no-untyped-def]
    with Web("loop", 10) as web:
        return obstap.find(row(archive, "obstap"), region, web=web, **given)  # type: ignore[arg-type]


def test_images_are_asked_by_what_they_cover(archive: Archive) -> None:
    found, answer = find(archive, dataproduct_type=obstap.IMAGES)
    assert [one.target for one in found] == ["crab", "beside"]  # and not the one without an address
    query = archive.queries[-1]
    assert "1 = INTERSECTS(s_region, CIRCLE(83.633, 22.0145, 3.0000001))" in query
    assert "dataproduct_type IN ('image', 'cube')" in query
    assert "SELECT dataproduct_type, calib_level" in query
    assert answer.query == query
    assert found[0].region.kind == "polygon"


def test_what_is_beside_the_region_is_left_out(archive: Archive) -> None:
    found, _ = find(archive, CIRCLE, dataproduct_type="image")
    assert [one.target for one in found] == ["crab"]
    found, _ = find(archive, ELLIPSE, dataproduct_type="image")
    assert [one.target for one in found] == ["crab"]


def test_counts_by_cells_are_estimates(archive: Archive) -> None:
    place = Service(
        "loop",
        "Loop",
        "tap",
        f"{archive.address}/tap",
        table="cat",
        moc=True,
        columns={"ra": "ra", "dec": "dec"},
    )
    with Web("loop", 10) as web:
        count = counts.ask(place, ELLIPSE, web=web)
        assert "MOC('" in archive.queries[-1]
        assert count.estimate
        assert 600 < count.number < 1234  # of the cells, which cover more than the region
        cells = SkyRegion.from_moc(MOC.from_string("5/1000-1003"))
        count = counts.ask(place, cells, web=web)
        assert (count.number, count.estimate) == (1234, False)


def test_series_are_asked_by_their_centre(archive: Archive) -> None:
    found, _ = find(archive, dataproduct_type="timeseries")
    assert [one.kind for one in found] == ["timeseries"]
    assert "1 = CONTAINS(POINT(s_ra, s_dec), CIRCLE(" in archive.queries[-1]


def test_an_archive_whose_footprints_are_texts_is_asked_by_centres(archive: Archive) -> None:
    archive.knows_regions = False
    found, answer = find(archive, dataproduct_type="image")
    assert len(found) == 2
    assert "by the centres of files" in answer.note


def test_empty_cells_are_none(archive: Archive) -> None:
    found, _ = find(archive, dataproduct_type="spectrum")
    one = found[0]
    assert (one.region, one.coord, one.start, one.target) == (None, None, None, "")
    assert one.stop is not None


def test_a_condition_of_ones_own(archive: Archive) -> None:
    with Web("loop", 10) as web:
        obstap.ask(row(archive, "obstap"), WIDE, web=web, where="t_min > 58000 OR t_min IS NULL", max_rows=7)
    assert "(t_min > 58000 OR t_min IS NULL)" in archive.queries[-1]


def test_kinds_that_are_none(archive: Archive) -> None:
    with pytest.raises(InputError, match="dataproduct_type is 'photo'"):
        find(archive, dataproduct_type="photo")


def test_overflow_is_told(archive: Archive) -> None:
    archive.status = "OVERFLOW"
    _, answer = find(archive)
    assert answer.overflow


def test_series_of_all_services_and_who_failed(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        f'[[service]]\nid = "{one.id}"\naddress = "http://127.0.0.1:1/tap"\nmirrors = []\n'
        for one in obstap.services()
    ]
    rows[-1] = (
        f'[[service]]\nid = "{obstap.services()[-1].id}"\naddress = "{archive.address}/tap"\nmirrors = []\n'
    )
    (tmp_path / "rows.toml").write_text("\n".join(rows))
    monkeypatch.setenv("SKYEXPLORER_SERVICES", str(tmp_path / "rows.toml"))
    with Web("obstap", 20, retries=0) as web:
        found = obstap.series(WIDE, web)
        assert [one.kind for one in found] == ["timeseries"]
        assert [answer.state for answer in found.ledger] == ["unreachable"] * (len(rows) - 1) + ["ok"]
        with pytest.raises(UnreachableError):
            obstap.series(WIDE, web, obstap.services()[0])


def test_missions_with_columns_of_their_own_are_no_obscore() -> None:
    ids = {one.id for one in obstap.services()}
    assert {"gavo-obscore", "mast-obscore", "eso-obscore", "hess-dr1"} <= ids
    assert "esasky-xmm-om" not in ids


def test_a_file_that_is_refused(archive: Archive) -> None:
    archive.links_of = "error"
    found, _ = find(archive, dataproduct_type="timeseries")
    with Web("loop", 10) as web, pytest.raises(RefusedError, match="NotFoundFault: no such file"):
        datalink.fetch(found[0], web)


def test_a_real_service(loopback: Vo) -> None:
    service = registry.get("loopback-observations")
    with Web(service.id, 30) as web:
        found, answer = obstap.find(service, WIDE, web=web, max_rows=1000)
        kinds = {one.kind for one in found}
        assert {"image", "timeseries"} <= kinds or "image" in kinds
        images, _ = obstap.find(service, WIDE, web=web, dataproduct_type="image")
    assert {one.kind for one in images} == {"image"}
    assert not answer.overflow
