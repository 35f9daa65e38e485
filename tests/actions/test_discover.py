"""What is where, by the verbs: registry, field, images and cut-outs, names, matches with tables elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer import SkyExplorer, SkyRegion, SourceCatalog
from skyexplorer.errors import (
    Cancelled,
    InputError,
    NotFoundError,
    RefusedError,
    ServiceError,
    UnreachableError,
)
from skyexplorer.services import registry
from skyexplorer.session.layers import RegionLayer
from tests.replicas import xmatch as xmatch_
from tests.replicas.dal import Archive, resource
from tests.replicas.mocserver import MocServer
from tests.replicas.serving import Replica, rows_of
from tests.replicas.sesame import Sesame
from tests.replicas.xmatch import XMatch
from tests.services.loop import CIRCLE, CRAB
from tests.vo.fixtures import Vo

NOBODY = "http://127.0.0.1:1"


class World(NamedTuple):
    """Replicas of all that is asked."""

    archive: Archive
    moc: MocServer
    sesame: Sesame
    xmatch: XMatch


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("SKYEXPLORER_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("IVOA_REGISTRY", raising=False)
    with Archive() as archive, MocServer() as moc, Sesame() as sesame, XMatch() as xmatch:
        archive.rows = [archive.observation("crab"), archive.observation("beside")]
        served: dict[str, tuple[Replica, str]] = {
            "gavo-obscore": (archive, "/tap"), "2mass": (archive, "/tap"), "fermi-4fgl": (archive, "/tap"),
            "regtap": (archive, "/tap"), "mocserver": (moc, "/MocServer/query"), "sesame": (sesame, "/nph-sesame"),
            "xmatch": (xmatch, "/xmatch/api/v1/sync"),
        }  # fmt: skip
        loop = f'[[service]]\nid = "loop-sia"\ntitle = "Loop"\nprotocol = "sia1"\naddress = "{archive.address}/sia1?"\n'
        rows = [rows_of(served), loop]
        rows += [
            f'[[service]]\nid = "{id}"\naddress = "{NOBODY}"\nmirrors = []\n'
            for id in registry.services()
            if id not in served
        ]
        (tmp_path / "rows.toml").write_text("\n".join(rows))
        monkeypatch.setenv("SKYEXPLORER_SERVICES", str(tmp_path / "rows.toml"))
        yield World(archive, moc, sesame, xmatch)
    registry._learned.clear()


@pytest.fixture
def sky(world: World) -> SkyExplorer:
    return SkyExplorer(samples=False)


# Registry


def found_in(world: World) -> None:
    std = "ivo://ivoa.net/std/conesearch"
    world.archive.resources = [
        resource("Blazars of all kinds", [(f"{world.archive.address}/scs?", std)]),
        resource("Other blazars", [(f"{NOBODY}/scs?", std)]),
    ]


def test_services_are_found_and_shown(world: World, sky: SkyExplorer) -> None:
    found_in(world)
    found = sky.find_services("blazars", waveband="gamma")
    assert [one.title for one in found] == ["Blazars of all kinds", "Other blazars"]
    assert found.ledger[0].service == "regtap"
    assert found.ledger[0].state == "ok"
    finding = sky.session.archives.finding("registry")
    assert finding.result is found
    assert finding.question["words"] == "blazars"
    assert found.to_table()["kind"].tolist() == ["scs", "scs"]
    assert "2 services" in repr(found)
    world.archive.resources[0][3] = "<script>alert(1)</script>"
    assert "<script>" not in sky.find_services("blazars", refresh=True)._repr_html_()
    assert sky.find_services("blazars", waveband="gamma").ledger[0].state == "cached"


def test_what_was_found_is_asked(world: World, sky: SkyExplorer) -> None:
    found_in(world)
    found = sky.find_services("blazars")
    for service in (found[1], found[1].id):
        with pytest.raises(UnreachableError):
            sky.query_region(CIRCLE, service=service)
    source = sky.steps.to_source()
    assert "sky.find_services('blazars')" in source


def test_pictures_of_the_sky_are_found(world: World, sky: SkyExplorer) -> None:
    found = sky.find_services(kind="hips", waveband="gamma")
    assert [one.id for one in found] == ["CDS/P/Fermi/color"]
    assert found[0].capability == "CNRS/Unistra"
    sky.viewport.survey = found[0].id
    assert [one.id for one in sky.find_services("2mass colour", kind="hips")] == ["CDS/P/2MASS/color"]


def test_a_registry_that_is_down(world: World, sky: SkyExplorer) -> None:
    world.archive.broken = None
    world.archive.busy = 10**6
    with pytest.raises(RefusedError):
        sky.find_services("blazars", deadline=3)
    assert len(sky.steps) == 0
    assert sky.session.archives.finding("registry").result is None


# The field


def test_the_field_is_counted_and_a_partial_answer_is_one(world: World, sky: SkyExplorer) -> None:
    field = sky.field(CIRCLE, deadline=20)
    by_id = {row.service: row for row in field if row.service}
    fermi = by_id["fermi-4fgl"]
    assert (fermi.count, fermi.estimate, fermi.what, fermi.text) == (1234, False, "objects", "1,234")
    assert by_id["gavo-obscore"].what == "observations"
    dead = by_id["gaia-dr3"]
    assert (dead.count, dead.state, dead.text) == (None, "unreachable", "?")
    assert {answer.service for answer in field.ledger} >= {"fermi-4fgl", "gaia-dr3", "mocserver"}
    assert not field.ledger.complete
    pictures = [row for row in field if row.what == "pictures"]
    assert {(row.band, row.title) for row in pictures} == {
        ("infrared", "2MASS"),
        ("gamma", "Fermi"),
        ("many", "Patch"),
    }
    assert pictures[0].surveys
    assert sky.session.archives.finding("field").result is field
    assert next(iter(field.bands)) == "gamma"
    assert len(field.to_table()) == len(field)


def test_what_is_not_counted_is_estimated(world: World, sky: SkyExplorer) -> None:
    wide = SkyRegion.circle(CRAB, 20 * u.deg)
    field = sky.field(wide, deadline=20)
    stars = next(row for row in field if row.service == "2mass")
    assert stars.estimate
    assert stars.count == pytest.approx(470992970 * wide.area.to_value("deg2") / 41252.96, rel=1e-3)
    assert stars.text.startswith("≈ ")
    assert "too wide" in stars.note
    assert not any("II/246/out" in query or "obscore" in query for query in world.archive.queries)
    assert next(row for row in field if row.service == "fermi-4fgl").count == 1234


def test_a_row_of_the_field_names_whom_to_ask(world: World, sky: SkyExplorer) -> None:
    field = sky.field(CIRCLE, services=["fermi-4fgl", "gavo-obscore"])
    assert len(field) == 2
    observations = next(row for row in field if row.what == "observations")
    images = sky.images(CIRCLE, service=observations)
    assert [image.target for image in images] == ["crab"]


def test_only_the_pictures(world: World, sky: SkyExplorer) -> None:
    field = sky.field(CIRCLE, services="mocserver")
    assert {row.what for row in field} == {"pictures"}
    assert len(field.ledger) == 1


def test_counts_of_regions_of_other_kinds_are_estimates(world: World, sky: SkyExplorer) -> None:
    ellipse = SkyRegion.ellipse(CRAB, 2 * u.deg, 1 * u.deg, 30 * u.deg)
    row = sky.field(ellipse, services="2mass")[0]
    assert row.estimate
    assert 0 < row.count < 1234
    polygon = SkyRegion.polygon(SkyCoord([83, 84, 84] * u.deg, [21, 21, 22] * u.deg))
    assert not sky.field(polygon, services="2mass")[0].estimate
    assert "POLYGON('ICRS', " in world.archive.queries[-1]


# Images


def test_images_of_all_services_side_by_side(world: World, sky: SkyExplorer) -> None:
    found = sky.images(CIRCLE)
    assert [(one.service, one.title) for one in found if one.region is not None] == [
        ("gavo-obscore", "ivo://loop/crab?image"),
        ("loop-sia", "Image of crab"),
    ]
    states = {answer.service: answer.state for answer in found.ledger}
    assert states["gavo-obscore"] == states["loop-sia"] == "ok"
    assert states["eso-obscore"] == "unreachable"
    assert sky.session.archives.finding("images").result is found


def test_images_where_nobody_answers(world: World, sky: SkyExplorer) -> None:
    with pytest.raises(UnreachableError):
        sky.images(CIRCLE, service=["eso-obscore", "mast-obscore"])
    with pytest.raises(InputError, match="lists no images"):
        sky.images(CIRCLE, service="2mass")
    assert len(sky.layers) == 0


def test_a_cutout_becomes_a_layer_and_a_step(world: World, sky: SkyExplorer) -> None:
    images = sky.images(CIRCLE, service="gavo-obscore")
    sky.goto(CRAB, fov=0.2)
    cut = sky.cutout(images[0])
    layer = next(iter(sky.layers.values()))
    assert isinstance(layer, RegionLayer)
    assert layer.data is cut
    assert layer.origin.service == "gavo-obscore"
    assert cut.shape == (20, 20)
    assert "sky.cutout(images[0])" in sky.steps.to_source()
    assert sky.session.ledgers.items


def test_a_cutout_of_something_else(world: World, sky: SkyExplorer) -> None:
    with pytest.raises(InputError, match="is no image"):
        sky.cutout("crab")  # type: ignore[arg-type]
    images = sky.images(CIRCLE, service="gavo-obscore")
    with pytest.raises(InputError, match="lies beside the region"):
        sky.cutout(images[0], SkyRegion.circle(SkyCoord(200 * u.deg, 0 * u.deg), 1 * u.deg))


# Names


def test_names_are_resolved(world: World, sky: SkyExplorer) -> None:
    assert sky.resolve("M 87").to_string(precision=2) == "187.71 12.39"
    with pytest.raises(NotFoundError):
        sky.resolve("M 333")
    assert len(sky.steps) == 1


def test_go_to_a_name_that_only_resolvers_know(world: World, sky: SkyExplorer) -> None:
    with pytest.raises(NotFoundError, match=r"sky\.goto\('GAMA 7', source='live'\)"):
        sky.goto("GAMA 7")
    assert not world.sesame.asked
    assert sky.goto("GAMA 7", source="live").ra.deg == pytest.approx(129.0)
    assert sky.viewport.fov == 10.0
    assert "NED" in sky.session.notices.items[-1].text
    assert "source='live'" in sky.steps.to_source()


def test_what_is_known_here_is_not_asked(world: World) -> None:
    sky = SkyExplorer()
    sky.goto("TXS 0506+056", source="live")
    sky.goto("83.6 22.0", source="live")
    assert not world.sesame.asked
    with pytest.raises(InputError, match="source is 'far'"):
        sky.goto("M 87", source="far")


def test_go_to_without_the_network(world: World, sky: SkyExplorer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKYEXPLORER_OFFLINE", "1")
    with pytest.raises(UnreachableError, match=r"offline"):
        sky.goto("GAMA 7", source="live")
    assert sky.viewport.fov == 180.0
    assert len(sky.steps) == 0


def test_a_name_in_a_job(world: World, sky: SkyExplorer) -> None:
    job = sky.submit(sky.goto, "GAMA 7", source="live")
    assert job.result(10).ra.deg == pytest.approx(129.0)
    assert sky.viewport.target.ra.deg == pytest.approx(129.0)


def test_the_go_to_box_offers_the_resolvers(world: World, sky: SkyExplorer) -> None:
    from skyexplorer.views.toolbar import Toolbar

    toolbar = Toolbar(sky.session, sky, "auto")

    def tell(kind: str, **content: str) -> None:
        toolbar._handle_custom_msg({"type": kind, **content}, [])

    try:
        tell("goto", text=" GAMA 7 ")
        assert toolbar.offer == "GAMA 7"
        assert sky.session.notices.items[-1].level == "error"
        assert not world.sesame.asked
        tell("resolve", name=toolbar.offer)
        assert toolbar.offer == ""
        for job in sky.jobs.items:
            job.result(10)
        assert sky.viewport.target.ra.deg == pytest.approx(129.0)
        tell("goto", text="83.6 22")
        assert toolbar.offer == ""
    finally:
        toolbar.close()


# Matches


def positions(rows: int = 5) -> SourceCatalog:
    from astropy.table import Table

    ra, dec = xmatch_.sources()
    return SourceCatalog(Table({"name": [f"s{i}" for i in range(rows)], "ra": ra[:rows], "dec": dec[:rows]}))


def test_matches_there_and_here(world: World, sky: SkyExplorer) -> None:
    mine = sky.open(positions(), name="mine")
    there = sky.xmatch("mine", "2mass", 2 * u.arcsec)
    assert there["left"].tolist() == [0, 1, 2, 3, 4]
    here = sky.xmatch("mine", mine.coords, 2 * u.arcsec, mode="nearest")
    assert here["right"].tolist() == [0, 1, 2, 3, 4]
    assert len(world.xmatch.asked) == 1
    sky.open(positions(3), name="2mass")  # a layer of that name goes first
    assert len(sky.xmatch(mine, "2mass", 2 * u.arcsec)) == 3
    assert len(world.xmatch.asked) == 1


def test_matches_that_cannot_be(world: World, sky: SkyExplorer) -> None:
    mine = positions()
    for other, radius in (("gracedb", 1 * u.arcsec), ("2mass", 1 * u.deg)):
        with pytest.raises(InputError):
            sky.xmatch(mine, other, radius)
    world.xmatch.banned = True
    with pytest.raises(RefusedError, match="banned"):
        sky.xmatch(mine, "2mass", 1 * u.arcsec)
    assert not world.xmatch.lists


# Cancelling


def test_a_stalled_service_is_left_at_once(world: World, sky: SkyExplorer) -> None:
    world.sesame.stalled = threading.Event()
    job = sky.submit(sky.resolve, "M 87")
    until = time.monotonic() + 5
    while not world.sesame.asked and time.monotonic() < until:
        time.sleep(0.01)
    began = time.monotonic()
    job.cancel()
    with pytest.raises(Cancelled):
        job.result(5)
    assert time.monotonic() - began < 1
    world.sesame.stalled.set()


def test_a_deadline_holds_for_the_field(world: World, sky: SkyExplorer) -> None:
    world.archive.stalled = threading.Event()
    began = time.monotonic()
    field = sky.field(CIRCLE, services=["fermi-4fgl", "mocserver"], deadline=3)
    assert 3 <= time.monotonic() - began < 8
    row = next(row for row in field if row.service == "fermi-4fgl")
    assert row.state == "late"
    assert any(row.what == "pictures" for row in field)  # who answered is not lost
    world.archive.stalled.set()


def test_whom_the_others_are_estimated_by_is_asked_first(
    world: World, sky: SkyExplorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def in_turn(tasks: dict[str, Any], *_rest: Any, **_more: Any) -> dict[str, Any]:
        asked.extend(tasks)
        return {name: tasks[name]() for name in asked[:1]}  # the time is over after the first

    monkeypatch.setattr("skyexplorer.actions.field.run_side_by_side", in_turn)
    field = sky.field(CIRCLE)
    assert (asked[0], len(asked)) == ("mocserver", 1 + len({row.service for row in field if row.service}))
    assert any(row.what == "pictures" for row in field)
    stars = next(row for row in field if row.service == "2mass")
    assert stars.estimate
    assert stars.count is not None


# The real thing


def test_images_and_cutouts_of_a_real_archive(loopback: Vo) -> None:
    sky = SkyExplorer(samples=False)
    place = registry.get("loopback-images2").place
    region = SkyRegion.circle(SkyCoord(place[0] * u.deg, place[1] * u.deg), place[2] * u.deg)
    images = sky.images(region, service=["loopback-images", "loopback-images2", "gavo-obscore"])
    assert {answer.state for answer in images.ledger} == {"ok"}
    assert {image.service for image in images} == {"loopback-images", "loopback-images2", "gavo-obscore"}
    cut = sky.cutout(images[0], SkyRegion.circle(images[0].region.center, images[0].region.radius / 5))
    assert cut.region is not None
    assert np.isfinite(cut.shape).all()


def test_the_field_of_a_real_archive(loopback: Vo) -> None:
    sky = SkyExplorer(samples=False)
    place = registry.get("loopback-stars").place
    region = SkyRegion.circle(SkyCoord(place[0] * u.deg, place[1] * u.deg), place[2] * u.deg)
    field = sky.field(region, services=["loopback-stars", "fermi-4fgl", "gavo-obscore"])
    for row in field:
        if row.what == "objects":
            answer = sky.query_region(region, service=row)
            assert len(answer) == row.count, row
    try:
        found = sky.find_services("fermi", kind="scs")
    except ServiceError as error:
        raise AssertionError(loopback.log()) from error
    assert found
    catalog = sky.query_region(region, service=found[0])
    assert catalog.ledger[0].state == "ok"
