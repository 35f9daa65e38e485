"""DataLink: lists that lead to files, with errors in their place, or to one another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from skyexplorer.errors import AnswerError, NotFoundError, RefusedError
from skyexplorer.model.record import Record
from skyexplorer.net import Web
from skyexplorer.services import datalink, registry, sia
from tests.replicas.dal import CURVE, Archive
from tests.replicas.serving import Answer
from tests.services.loop import WIDE, row
from tests.vo.fixtures import Vo


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    monkeypatch.setenv("SKYEXPLORER_CACHE", str(tmp_path / "cache"))
    with Archive() as replica:
        yield replica


@pytest.fixture
def web() -> Iterator[Web]:
    with Web("loop", 20) as session:
        yield session


def linked(archive: Archive, kind: str = "image") -> Record:
    did = f"ivo://loop/crab?{kind}"
    return Record(
        "Crab",
        kind,
        f"{archive.address}/links?ID={did}",
        "application/x-votable+xml; content=datalink",
        "loop",
        did,
    )


def test_rows_of_a_list(archive: Archive, web: Web) -> None:
    preview, this, cut = datalink.links(linked(archive), web)
    assert (preview.semantics, this.semantics, cut.semantics) == ("#preview", "#this", "#cutout")
    assert (this.address, this.size, this.format) == (
        f"{archive.address}/files/crab.fits",
        23040,
        "image/fits",
    )
    assert this.identifier == "ivo://loop/crab?image"
    assert cut.address == ""
    assert cut.processing.address == f"{archive.address}/soda"
    assert cut.processing.accepts == {"ID", "CIRCLE", "POLYGON", "BAND"}
    assert cut.processing.given == {"ID": "ivo://loop/crab?image"}


@pytest.mark.parametrize("said", ["this", "full terms"])
def test_the_file_itself(archive: Archive, web: Web, said: str) -> None:
    archive.links_of = said
    assert datalink.address_of(linked(archive), web) == (f"{archive.address}/files/crab.fits", "image/fits")
    assert datalink.fetch(linked(archive), web).startswith(b"SIMPLE  =")


def test_a_plain_address_is_no_list(archive: Archive, web: Web) -> None:
    plain = Record("Crab", "timeseries", f"{archive.address}/files/crab.csv", "text/csv")
    assert datalink.fetch(plain, web) == CURVE.encode()
    assert datalink.links(plain, web) == []


def test_errors_in_its_place(archive: Archive, web: Web) -> None:
    archive.links_of = "error"
    with pytest.raises(RefusedError, match=r"does not give Crab: NotFoundFault: no such file\."):
        datalink.fetch(linked(archive), web)


@pytest.mark.parametrize("said", ["nothing", "empty"])
def test_lists_without_a_file(archive: Archive, web: Web, said: str) -> None:
    archive.links_of, archive.cuts = said, False
    with pytest.raises(NotFoundError, match="has no file"):
        datalink.fetch(linked(archive), web)
    with pytest.raises(NotFoundError, match="has no address"):
        datalink.fetch(Record("Crab", "image", ""), web)


def test_lists_that_lead_to_themselves(archive: Archive, web: Web) -> None:
    archive.links_of = "itself"
    with pytest.raises(AnswerError, match="4 lists lead to one another"):
        datalink.fetch(linked(archive), web)


def test_a_page_is_no_file(archive: Archive, web: Web) -> None:
    page = Record("Crab", "image", f"{archive.address}/files/login.fits", "image/fits", "loop")
    with pytest.raises(AnswerError, match="a page in place of Crab"):
        datalink.fetch(page, web)
    with pytest.raises(AnswerError, match="a page in place of Crab"):
        datalink.download(page, web)
    archive.broken = Answer(b"")
    with pytest.raises(AnswerError, match="nothing in place of Crab"):
        datalink.fetch(replace(page, address=f"{archive.address}/files/other.fits"), web)


def test_a_table_of_something_else_is_no_list(archive: Archive, web: Web) -> None:
    with pytest.raises(AnswerError, match="no DataLink document"):
        datalink.read(f"{archive.address}/sia1?POS=1,1&SIZE=1&INTERSECT=OVERLAPS", web)


def test_credentials_stay_at_the_host_of_their_service(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = (
        f'[[service]]\nid = "loop"\ntitle = "Loop"\nprotocol = "sia1"\naddress = "{archive.address}/sia1?"\n'
    )
    (tmp_path / "rows.toml").write_text(rows)
    monkeypatch.setenv("SKYEXPLORER_SERVICES", str(tmp_path / "rows.toml"))
    monkeypatch.setenv("SKYEXPLORER_LOOP_TOKEN", "abc")
    record = linked(archive)
    elsewhere = replace(record, address=record.address.replace("127.0.0.1", "localhost"))
    assert datalink.login(record, record.address) is not None
    assert datalink.login(elsewhere, elsewhere.address) is None
    with Web("loop", 20, auth=datalink.login(record, record.address)) as web:
        datalink.links(record, web)
        assert archive.asked[-1].headers.get("Authorization") == "Bearer abc"
        datalink.links(elsewhere, web)
        assert "Authorization" not in archive.asked[-1].headers
        plain = replace(
            elsewhere,
            address=f"{archive.address}/files/crab.csv".replace("127.0.0.1", "localhost"),
            format="",
        )
        datalink.fetch(plain, web)
        assert archive.asked[-1].path == "/files/crab.csv"
        assert "Authorization" not in archive.asked[-1].headers


def test_files_are_kept_and_given_offline(
    archive: Archive, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = datalink.download(linked(archive), web)
    assert first.read_bytes().startswith(b"SIMPLE  =")
    count = len(archive.asked)
    assert datalink.fetch(linked(archive, "timeseries"), web) == CURVE.encode()
    monkeypatch.setenv("SKYEXPLORER_OFFLINE", "1")
    assert datalink.download(linked(archive), web) == first
    assert datalink.fetch(linked(archive, "timeseries"), web) == CURVE.encode()
    assert len(archive.asked) == count + 2


def test_a_service_described_with_the_answer_lists_what_belongs_to_a_row(archive: Archive, web: Web) -> None:
    from skyexplorer.services import ssa

    found, _ = ssa.find(row(archive, "ssa"), WIDE, web=web)
    kinds = [link.semantics for link in datalink.links(found[0], web)]
    assert kinds == ["#preview", "#this"]


def test_a_real_service(loopback: Vo) -> None:
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    from skyexplorer import SkyRegion

    service = registry.get("loopback-images2")
    ra, dec, radius = service.place
    with Web(service.id, 30) as session:
        found, _ = sia.find(
            service, SkyRegion.circle(SkyCoord(ra * u.deg, dec * u.deg), radius * u.deg), web=session
        )
        assert datalink.fetch(found[0], session)[:9] == b"SIMPLE  ="
        assert any(
            link.semantics == "#this" for one in found for link in datalink.links(one, session)
        ) or not any(one.linked or one.links for one in found)
