"""query_region: regions from whatever names them, layers and ledgers of what came, and what was cut fetched on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table

from skyexplorer import SkyExplorer, SkyRegion
from skyexplorer.actions import query
from skyexplorer.errors import AnswerError, InputError, NotFoundError, QueryError, UnreachableError
from skyexplorer.services import Service, registry
from tests.replicas.archive import Archive

HERE = SkyCoord(10 * u.deg, 20 * u.deg)


def made(rows: int = 3000) -> Table:
    rng = np.random.default_rng(3)
    ra, dec = rng.random(rows) * 360, np.degrees(np.arcsin(rng.uniform(-1, 1, rows)))
    columns = {"id": np.arange(rows), "label": [f"s{i}" for i in range(rows)], "ra": ra, "dec": dec}
    columns |= {"major": np.full(rows, 0.2), "minor": np.full(rows, 0.1), "angle": np.full(rows, 30.0)}
    return Table(columns, units={"ra": "deg", "dec": "deg"})


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    monkeypatch.setenv("SKYEXPLORER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(registry, "user_file", lambda: tmp_path / "none.toml")
    with Archive(made()) as served:
        text = "\n".join(
            f'[[service]]\nid = "{id}"\ntitle = "{title}"\nprotocol = "tap"\naddress = "{served.tap}"\ntable = "cat"\n'
            'band = "gamma"\ncontainment = 0.95\nreference = "Doe 2026"\nlicence = "CC0"\n'
            'columns = { ra = "ra", dec = "dec", id = "id", name = "label", error_major = "major", error_minor = "minor", '
            'error_angle = "angle" }\n'
            for id, title in (("loop", "Loopback"), ("twin", "Twin"))
        )
        text += '[[service]]\nid = "gone"\ntitle = "Gone"\nprotocol = "tap"\ntable = "cat"\naddress = "http://127.0.0.1:9"\n'
        (tmp_path / "rows.toml").write_text(text)
        monkeypatch.setenv("SKYEXPLORER_SERVICES", str(tmp_path / "rows.toml"))
        yield served


@pytest.fixture
def sky() -> SkyExplorer:
    return SkyExplorer(samples=False)


def inside(archive: Archive, region: SkyRegion) -> list[int]:
    return np.flatnonzero(
        region.contains(SkyCoord(archive.table["ra"], archive.table["dec"], unit="deg"))
    ).tolist()


def test_a_catalogue_with_its_origin_and_ledger(archive, sky):
    region = SkyRegion.circle(HERE, 20 * u.deg)
    found = sky.query_region(region, service="loop")
    assert found.table["id"].tolist() == inside(archive, region)
    assert found.names[0].startswith("s")
    origin = found.origin
    assert (origin.title, origin.service, origin.address) == ("Loopback", "loop", archive.tap)
    assert origin.query == archive.questions[0]
    assert (origin.reference, origin.licence, origin.rows, origin.overflow) == (
        "Doe 2026",
        "CC0",
        len(found),
        False,
    )
    assert origin.checksum.startswith("sha256:")
    assert origin.retrieved
    assert set(origin.versions) == {"skyexplorer", "astropy", "pyvo"}
    (answer,) = found.ledger
    assert (answer.service, answer.state, answer.rows, answer.overflow) == ("loop", "ok", len(found), False)
    assert answer.query == origin.query
    layer = sky.layers["loop"]
    assert layer.data is found
    assert layer.color == "#D55E00"  # gamma rays
    assert sky.ledger[0].service == "loop"
    assert sky.session.archives.answers["loop"].state == "ok"
    again = sky.query_region(region, service="loop", name="again")
    assert again.ledger[0].state == "cached"
    assert "kept since" in again.origin.note
    assert "again" in sky.layers


@pytest.mark.parametrize("protocol", ["tap", "scs"])
def test_secrets_in_an_address_are_told_nowhere(archive, sky, protocol):
    address = (archive.tap if protocol == "tap" else f"{archive.scs}?token=S3CRET").replace(
        "http://", "http://me:S3CRET@"
    )
    row = Service(
        "own", "Own", protocol, address, table="cat", reference="x", licence="x",
        columns={"ra": "ra", "dec": "dec", "id": "id"},
    )  # fmt: skip
    catalog = sky.query_region(HERE, row, radius=8 * u.deg)
    assert len(catalog) == len(inside(archive, SkyRegion.circle(HERE, 8 * u.deg)))
    answer = catalog.ledger[0]
    assert answer.address.startswith("http://***@127.0.0.1")
    assert catalog.origin.location == answer.address
    assert "S3CRET" not in repr((answer, catalog.origin, catalog.ledger.to_table()))
    nobody = "http://me:S3CRET@127.0.0.1:9/x?token=S3CRET"
    with pytest.raises(UnreachableError, match="not reached at any of") as caught:
        sky.query_region(HERE, replace(row, address=nobody, mirrors=(nobody,)), radius=8 * u.deg)
    error = caught.value
    assert "S3CRET" not in repr((str(error), error.advice, error.url, sky.ledger))


def test_published_errors_come_with_their_containment(archive, sky):
    found = sky.query_region(HERE, service="loop", radius=20)
    assert found.error_containment == 0.95
    a, b, pa = found.error_ellipse
    assert (a[0], b[0], pa[0]) == (0.2 * u.deg, 0.1 * u.deg, 30 * u.deg)
    assert found.error[0].to_value("deg") == pytest.approx(np.sqrt(0.02) / np.sqrt(-2 * np.log(0.05)))


def test_whatever_names_a_region(archive, sky):
    merger = sky.open("GW170817")
    region = merger.credible_region(0.9)
    rows = inside(archive, region)
    for what in (merger, merger.localization, region, "GW170817"):
        assert sky.query_region(what, service="loop").table["id"].tolist() == rows
    drawn = sky.open(SkyRegion.circle(HERE, 15 * u.deg), name="drawn")
    assert sky.query_region("drawn", service="loop").table["id"].tolist() == inside(archive, drawn)
    sky.viewport.move(target=HERE, fov=30)
    assert sky.query_region(service="loop").table["id"].tolist() == inside(
        archive, SkyRegion.circle(HERE, 15 * u.deg)
    )
    source = sky.layers["loop"].data[0]
    near = sky.query_region(source, service="loop", radius=0.01 * u.deg)
    assert source.name in near.names
    places = SkyCoord([10, 200] * u.deg, [20, -30] * u.deg)
    both = sky.query_region(places, service="loop", radius=10 * u.deg)
    galaxies = sky.open("gw170817-galaxies")
    around = sky.query_region(galaxies, service="loop", radius=3)
    far = SkyCoord(archive.table["ra"], archive.table["dec"], unit="deg")[:, None].separation(galaxies.coords)
    assert sorted(around.table["id"].tolist()) == np.flatnonzero((far <= 3 * u.deg).any(axis=1)).tolist()
    assert len(both) == sum(len(inside(archive, SkyRegion.circle(at, 10 * u.deg))) for at in places)


@pytest.mark.parametrize(
    ("region", "given", "kind", "told"),
    [
        (HERE, {}, InputError, "no size"),
        (SkyRegion.circle(HERE, 1 * u.deg), {"radius": 1}, InputError, "radius is for positions"),
        (3, {"radius": 1}, InputError, "is no region"),
        (
            SkyCoord(np.zeros(3000) * u.deg, np.zeros(3000) * u.deg),
            {"radius": 1},
            InputError,
            "3,000 positions",
        ),
        ("nothing", {}, NotFoundError, "no layer 'nothing'"),
        (HERE, {"radius": 1, "service": "vizier"}, InputError, "Name a table"),
        (HERE, {"radius": 1, "service": "gracedb"}, InputError, "cannot be asked for a region"),
        (HERE, {"radius": 1, "service": []}, InputError, "service is"),
        (HERE, {"radius": 1, "max_rows": 0}, InputError, "max_rows is 0"),
        (HERE, {"radius": 1, "deadline": 0}, InputError, "deadline is 0"),
        (HERE, {"radius": 1, "service": "loup"}, NotFoundError, "Near it: loop"),
    ],
)
def test_what_cannot_be_asked(archive, sky, region, given, kind, told):
    with pytest.raises(kind, match=told):
        sky.query_region(region, **{"service": "loop", **given})
    assert archive.questions == []
    assert len(sky.layers) == 0
    assert len(sky.steps) == 0


def test_several_side_by_side(archive, sky):
    found = sky.query_region(HERE, service=["loop", "gone", "twin"], radius=20, deadline=10)
    assert set(found) == {"loop", "twin"}
    assert [(answer.service, answer.good) for answer in found.ledger] == [
        ("loop", True),
        ("gone", False),
        ("twin", True),
    ]
    assert not found.ledger.complete
    assert set(sky.layers) == {"loop", "twin"}
    assert "gone did not answer" in sky.session.notices.items[-1].text
    assert [answer.service for answer in sky.ledger] == ["loop", "gone", "twin"]
    with pytest.raises(UnreachableError):
        sky.query_region(HERE, service=["gone"], radius=20, deadline=5)
    with pytest.raises(UnreachableError):
        sky.query_region(HERE, service="gone", radius=20, deadline=5)
    assert sky.ledger[0].state == "unreachable"


def test_nothing_there_is_an_answer(archive, sky):
    found = sky.query_region(SkyCoord(0 * u.deg, 89.99 * u.deg), service="loop", radius=1e-6)
    assert len(found) == 0
    assert found.table.colnames == archive.table.colnames
    assert len(found.coords) == 0
    assert found.ledger[0].rows == 0
    assert len(sky.layers) == 0
    assert "nothing in this region" in sky.session.notices.items[-1].text


def test_a_cut_answer_is_told_and_fetched_on(archive, sky):
    archive.cap = 100
    region = SkyRegion.circle(HERE, 60 * u.deg)
    few = sky.query_region(region, service="loop")
    assert len(few) == 100
    assert few.origin.overflow
    assert few.ledger[0].overflow
    assert not few.ledger.complete
    assert "there are more rows" in sky.layers["loop"].origin.note
    notice = sky.session.notices.items[-1]
    assert notice.level == "warning"
    assert "fetch_on('loop')" in notice.advice
    sky.layers["loop"].color = "#112233"
    whole = sky.fetch_on("loop")
    assert sorted(whole.table["id"].tolist()) == inside(archive, region)
    assert not whole.origin.overflow
    assert sky.layers["loop"].data is whole
    assert sky.layers["loop"].color == "#112233"
    assert list(sky.layers) == ["loop"]
    some = sky.fetch_on(whole, max_rows=150)
    assert len(some) == 150
    assert some.origin.overflow
    with pytest.raises(InputError, match="was not asked of a service"):
        sky.fetch_on(sky.open("gw170817-galaxies"))


def test_what_is_declared_and_not_there_is_told(archive, sky):
    wrong = replace(registry.get("loop"), columns={"ra": "right", "dec": "down"})
    archive.table = archive.table.copy()
    archive.table.rename_columns(["ra", "dec"], ["x", "y"])
    with pytest.raises((AnswerError, QueryError)):
        query.catalog_of(
            wrong,
            query.prepare(sky.session, HERE, wrong, radius=1),
            query.Found(table=archive.table),
        )


def test_submitted_it_leaves_the_loop_free_and_is_recorded(archive, sky):
    async def work():
        job = sky.submit(sky.query_region, HERE, service="loop", radius=20 * u.deg)
        return await job

    found = asyncio.run(work())
    assert sky.layers["loop"].data is found
    assert sky.steps.items[-1].verb == "query_region"


def test_the_view_that_was_asked_about_is_written_though_it_moved_on(archive, sky):
    async def work():
        job = sky.submit(sky.query_region, service="loop")
        sky.goto("200 -50")
        return await job

    sky.goto(HERE, fov=30)
    found = asyncio.run(work())
    assert found.coords.separation(HERE).deg.max() <= 15
    step = sky.steps.items[-1]
    assert step.verb == "query_region"
    assert "circle" in step.call
    assert "10.0" in step.call


def test_a_script_of_it_runs_again(archive, sky):
    sky.query_region(HERE, service="loop", radius=20 * u.deg, columns=["major"], where="")
    sky.query_region(sky.open("GW170817"), service=["loop", "twin"])
    source = sky.steps.to_source()
    assert "sky.query_region(" in source
    scope: dict[str, object] = {}
    exec(source, scope)
    assert sorted(scope["sky"].layers) == sorted(sky.layers)


def test_a_service_of_ones_own(archive, sky):
    mine = Service("own", "Own", "scs", archive.scs, columns={"ra": "ra", "dec": "dec"})
    assert len(sky.query_region(HERE, service=mine, radius=20))
