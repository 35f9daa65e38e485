"""The registry: one question, no vocabulary from the network, and services that can be asked."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer import SkyRegion
from skyexplorer.errors import InputError, NotFoundError, QueryError, UnreachableError
from skyexplorer.net import Web
from skyexplorer.services import registry, regtap
from tests.replicas.dal import SEP, Archive, resource
from tests.replicas.serving import rows_of
from tests.vo.fixtures import Vo

STD = "ivo://ivoa.net/std/"
CRAB = SkyRegion.circle(SkyCoord(83.633 * u.deg, 22.0145 * u.deg), 1 * u.deg)


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    with Archive() as replica:
        rows = tmp_path / "rows.toml"
        rows.write_text(rows_of({"regtap": (replica, "/tap")}))
        monkeypatch.setenv("SKYEXPLORER_SERVICES", str(rows))
        monkeypatch.delenv("IVOA_REGISTRY", raising=False)
        replica.resources = [
            resource("Sources of gamma rays", [("http://a.example/scs?", f"{STD}conesearch")]),
            resource("A catalogue of blazars", [
                ("http://b.example/tap", f"{STD}tap#aux"), ("http://b.example/scs1?", f"{STD}conesearch"),
                ("http://b.example/scs2?", f"{STD}conesearch"), ("http://b.example/cap", f"{STD}vosi#capabilities"),
                ("", f"{STD}sia"),
            ], waveband="radio#optical", rights=None, short_name=None),
            resource("Images", [
                ("http://c.example/sia?", f"{STD}sia"), ("http://c.example/sia2?", f"{STD}sia#query-2.0"),
                ("http://c.example/ssa?", f"{STD}ssa"),
            ], waveband=None, res_title=None),
            resource("Nothing", [], access_urls=None, standard_ids=None, intf_types=None, intf_roles=None,
                     cap_descriptions=None),
        ]  # fmt: skip
        replica.columns = [
            ["main.notes", "text", None, "meta.note", "char", "A note"],
            ["main.sources", "name", None, "meta.id;meta.main", "char", "Its name"],
            ["main.sources", "alpha", "deg", "pos.eq.ra;meta.main", "double", None],
            ["main.sources", "delta", "deg", "pos.eq.dec;meta.main", "double", None],
        ]
        blazars = "ivo://loop/a-catalogue-of-blazars"
        replica.places = [[blazars, row[0], row[1], row[3]] for row in replica.columns[2:]]
        yield replica


def ask(*words: str, **given: object) -> tuple[list[regtap.ServiceFound], bool, object, str]:
    with Web("regtap", 10, retries=0) as web:
        return regtap.ask(words, web=web, **given)  # type: ignore[arg-type]


def test_one_service_for_each_interface(archive: Archive) -> None:
    found, overflow, _, note = ask("blazars")
    assert [(one.kind, one.address) for one in found] == [
        ("tap", "http://b.example/tap"),  # the word is in its title
        ("scs", "http://b.example/scs1?"),
        ("scs", "http://b.example/scs2?"),
        ("scs", "http://a.example/scs?"),
        ("sia1", "http://c.example/sia?"),
        ("sia2", "http://c.example/sia2?"),
        ("ssa", "http://c.example/ssa?"),
    ]
    assert len({one.id for one in found}) == len(found)
    assert (overflow, note) == (False, "")
    first, plain, bare = found[0], found[3], found[4]
    assert first.wavebands == ("radio", "optical")
    assert first.band == "many"
    assert (plain.band, plain.licence, plain.reference) == ("gamma", "CC0", "2020A&A...1....1D")
    assert plain.creators == ("Doe, J.", "Roe, R.")
    assert bare.title == "ivo://loop/images"
    assert (first.licence, first.short_name) == ("", "")


def test_it_asks_once_and_nobody_else(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **kw: (names.append(str(host)), real(host, *rest, **kw))[1]
    )
    ask("blazars", waveband="gamma", ucd="src.redshift", region=CRAB, kind="scs")
    assert len(archive.asked) == 1
    assert set(names) <= {"127.0.0.1"}
    query = archive.queries[0]
    for part in (
        "ivo_hasword(res_title, 'blazars')",
        "ivo_hashlist_has(rr.resource.waveband, 'gamma-ray')",
        "ucd LIKE 'src.redshift'",
        "INTERSECTS(coverage, MOC(6, CIRCLE(83.633, 22.0145, 1.0)))",
        "'ivo://ivoa.net/std/conesearch'",
    ):
        assert part in query, query


@pytest.mark.parametrize(
    ("region", "shape"),
    [
        (SkyRegion.polygon(SkyCoord([10, 11, 11] * u.deg, [1, 1, 2] * u.deg)), "POLYGON("),
        (SkyRegion.ellipse(CRAB.center, 3 * u.deg, 1 * u.deg, 0 * u.deg), "MOC('"),
        (SkyRegion.circle(CRAB.center, 120 * u.deg), "MOC('"),  # circles have 90° at most
    ],
)
def test_regions_of_other_kinds(archive: Archive, region: SkyRegion, shape: str) -> None:
    ask(region=region)
    assert shape in archive.queries[0]


def test_a_registry_without_regions_is_asked_without(archive: Archive) -> None:
    archive.knows_regions = False
    found, _, _, note = ask("blazars", region=CRAB)
    assert found
    assert "knows no regions" in note
    assert "stc_spatial" not in archive.queries[-1]
    with pytest.raises(QueryError, match="No table"):
        ask(region=CRAB)


def test_quotes_in_words_stay_words(archive: Archive) -> None:
    ask("O'Neill", ucd="x'y")
    assert "ivo_hasword(res_title, 'O''Neill')" in archive.queries[0]
    assert "ucd LIKE 'x''y'" in archive.queries[0]


def test_kinds(archive: Archive) -> None:
    assert {one.kind for one in ask("x", kind="sia2")[0]} == {"sia2"}
    assert {one.kind for one in ask("x", kind="obstap")[0]} == {"obstap"}
    assert "std/obscore" in archive.queries[-1]
    with pytest.raises(InputError, match="kind is 'ftp'"):
        ask("x", kind="ftp")
    with pytest.raises(InputError, match="Nothing was given"):
        ask()
    with pytest.raises(InputError, match="waveband is 'gw'"):
        ask("x", waveband="gw")


def test_overflow_is_told_and_not_kept(archive: Archive) -> None:
    archive.status = "OVERFLOW"
    for _ in range(2):
        assert ask("x")[1]
    archive.status = "OK"
    for _ in range(2):
        assert not ask("x")[1]
    assert sum("rr.resource" in query for query in archive.queries) == 3


def test_columns_and_what_can_be_asked(archive: Archive) -> None:
    found, *_ = ask("blazars")
    tap, cone = found[0], found[1]
    assert tap.columns.colnames == ["table", "name", "unit", "ucd", "type", "description"]
    assert tap.columns["name"].tolist() == ["text", "name", "alpha", "delta"]
    count = len(archive.asked)
    row = tap.service  # nobody is asked for that
    assert len(archive.asked) == count
    assert (row.table, dict(row.columns), row.protocol) == (
        "main.sources",
        {"ra": "alpha", "dec": "delta"},
        "tap",
    )
    assert cone.service.address == "http://b.example/scs1?"
    assert cone.service.searched
    archive.places = []
    other = next(one for one in ask("blazars", refresh=True)[0] if one.kind == "tap")
    with pytest.raises(InputError, match="no table with right ascension"):
        _ = other.service


def test_tables_that_could_not_be_asked_for_with_the_rest(archive: Archive) -> None:
    archive.places_status = "OVERFLOW"
    tap = ask("blazars")[0][0]
    assert tap.tables is None
    assert tap.service.table == "main.sources"  # asked for now


def test_what_was_found_is_asked_by_its_id(archive: Archive) -> None:
    found, *_ = ask("blazars")
    with pytest.raises(NotFoundError):
        registry.get(found[3].id)
    registry.learn(found)
    try:
        assert registry.get(found[3].id) is found[3].service
        assert registry.of([found[3], "fermi-4fgl"])[0].address == "http://a.example/scs?"
    finally:
        registry._learned.clear()


def test_the_environment_names_another(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVOA_REGISTRY", "http://127.0.0.1:1/tap/")
    assert regtap.address() == "http://127.0.0.1:1/tap"
    with pytest.raises(UnreachableError):
        ask("x")


def test_one_without_an_end(archive: Archive) -> None:
    archive.resources = [
        resource(
            "Odd", [("http://a.example/scs?", f"{STD}conesearch")], access_urls="http://a.example/scs?" + SEP
        )
    ]
    found, *_ = ask("odd")
    assert [one.address for one in found] == ["http://a.example/scs?"]


def test_a_real_registry(loopback: Vo) -> None:
    found, overflow, _, _ = ask("neutrino")
    assert {one.ivoid for one in found} == {"ivo://loopback.test/sky/q/ice"}
    assert not overflow
    cones, *_ = ask(waveband="gamma", kind="scs")
    assert "ivo://loopback.test/sky/q/fermi" in {one.ivoid for one in cones}
    one = next(one for one in cones if one.ivoid.endswith("/fermi"))
    assert len(one.columns)
    assert one.service.searched
