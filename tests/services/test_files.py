"""Files as services: read where they lie or fetched once, searched by our own core."""

from __future__ import annotations

import zipfile
from dataclasses import replace

import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer import SkyRegion
from skyexplorer.errors import AnswerError, InputError, NotFoundError
from skyexplorer.net import Web
from skyexplorer.services import Service, ask, get, registry
from tests.replicas.serving import Answer, Asked, Replica

CRAB = SkyRegion.circle(SkyCoord(83.63 * u.deg, 22.01 * u.deg), 2 * u.deg)
LIST = "label,lon,lat,kind\nCrab,83.633,22.015,pwn\nVela,128.836,-45.176,pwn\nGeminga,98.476,17.770,psr\n"


def asked(service, region=CRAB, **given):
    with Web(service.id, 10) as web:
        return ask(service, region, web=web, **given)


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(LIST)
    return Service("mine", "Mine", "file", str(path), columns={"ra": "lon", "dec": "lat", "name": "label"})


def test_rows_inside(mine):
    found = asked(mine)
    assert found.table["label"].tolist() == ["Crab"]
    assert found.checksum.startswith("sha256:")
    assert not found.overflow
    assert len(asked(mine, SkyRegion.circle(CRAB.center, 0.001 * u.deg)).table) == 0


def test_a_changed_file_is_read_again(mine, tmp_path):
    asked(mine)
    (tmp_path / "mine.csv").write_text(LIST + "Other,83.0,22.0,x\n")
    assert len(asked(mine).table) == 2


def test_a_row_that_lies_nowhere_is_outside(mine, tmp_path):
    (tmp_path / "mine.csv").write_text(LIST + "lost,-999,-999,x\nfar,10,95,x\n")
    assert asked(mine).table["label"].tolist() == ["Crab"]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("a,-999,-999,x\nb,-999,-999,x\n", "goes to -999"),
        ("a,here,there,x\n", "'lon' and 'lat'|numbers|position"),
    ],
    ids=["nowhere", "words"],
)
def test_columns_that_hold_no_positions_are_an_error(mine, tmp_path, lines, told):
    (tmp_path / "mine.csv").write_text(LIST.partition("\n")[0] + "\n" + lines)
    with pytest.raises(AnswerError, match=told):
        asked(mine)


def test_columns_and_rows(mine):
    wide = SkyRegion.circle(CRAB.center, 180 * u.deg)
    assert asked(mine, wide, columns=["kind"]).table.colnames == ["kind", "lon", "lat", "label"]
    cut = asked(mine, wide, max_rows=2)
    assert len(cut.table) == 2
    assert cut.overflow
    with pytest.raises(InputError, match="no column colour"):
        asked(mine, columns=["colour"])
    with pytest.raises(InputError, match="no condition"):
        asked(mine, where="kind = 'pwn'")


class Published(Replica):
    def answer(self, asked: Asked) -> Answer:
        return Answer(LIST.encode(), kind="text/csv")


def test_offline_it_is_told_of_when_a_file_is(mine, monkeypatch):
    with Published() as replica:
        far = replace(mine, address=f"{replica.address}/mine.csv")
        first = asked(far)
        assert not first.cached_at
        monkeypatch.setenv("SKYEXPLORER_OFFLINE", "1")
        again = asked(far)
    assert again.table["label"].tolist() == ["Crab"]
    assert again.cached_at == again.retrieved == first.retrieved
    assert not asked(mine).cached_at  # which lies here, and is not of a cache


def test_a_member_of_an_archive(tmp_path):
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("folder/mine.csv", LIST)
        archive.writestr("folder/other.csv", "a\n1\n")
    row = Service("mine", "Mine", "file", str(path), table="mine.csv", columns={"ra": "lon", "dec": "lat"})
    assert len(asked(row).table) == 1
    with pytest.raises(AnswerError, match=r"folder/other\.csv"):
        asked(Service("mine", "Mine", "file", str(path), table="gone.csv"))


def test_files_that_are_not_what_they_should_be(tmp_path):
    with pytest.raises(NotFoundError, match="is not there"):
        asked(Service("mine", "Mine", "file", str(tmp_path / "gone.csv")))
    path = tmp_path / "page.csv"
    path.write_text("<html><body>moved</body></html>")
    with pytest.raises(AnswerError, match="cannot be read"):
        asked(Service("mine", "Mine", "file", str(path)))
    path.write_text("a,b\n1,2\n")
    with pytest.raises(AnswerError, match="Positions cannot be told"):
        asked(Service("mine", "Mine", "file", str(path)))


@pytest.mark.parametrize(
    ("id", "file", "rows"),
    [("hgps", "vhe/hgps_catalog_v1.fits.gz", 78), ("gamma-cat", "vhe/gammacat.fits.gz", 162)],
)
def test_rows_of_our_table_read_the_published_files(data_dir, tmp_path, monkeypatch, id, file, rows):
    text = f'[[service]]\nid = "{id}"\naddress = "{data_dir / file}"\n'
    (tmp_path / "rows.toml").write_text(text)
    monkeypatch.setenv(registry.VARIABLE, str(tmp_path / "rows.toml"))
    service = get(id)
    found = asked(service, SkyRegion.circle(CRAB.center, 180 * u.deg))
    assert abs(len(found.table) - rows) <= 4
    ra, dec, radius = service.place
    assert len(asked(service, SkyRegion.circle(SkyCoord(ra * u.deg, dec * u.deg), radius * u.deg)).table)
    assert set(service.columns.values()) <= set(found.table.colnames)


def test_icecat(data_dir, tmp_path, monkeypatch):
    path = data_dir / "neutrino/IceCube_Gold_Bronze_Tracks.csv"
    (tmp_path / "rows.toml").write_text(f'[[service]]\nid = "icecat-1"\naddress = "{path}"\n')
    monkeypatch.setenv(registry.VARIABLE, str(tmp_path / "rows.toml"))
    found = asked(get("icecat-1"), SkyRegion.circle(SkyCoord(77.43 * u.deg, 5.72 * u.deg), 1 * u.deg))
    assert "IC170922A" in found.table["NAME"].tolist()
