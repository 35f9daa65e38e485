"""The table of services: complete, checked at load, laid over by a user's rows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from skyexplorer.errors import InputError, NotFoundError, SkyExplorerWarning
from skyexplorer.services import registry
from skyexplorer.services.registry import get, services

ROW = '[[service]]\nid = "mine"\ntitle = "Mine"\nprotocol = "tap"\naddress = "http://127.0.0.1:1/tap"\ntable = "t"\n'


def written(folder: Path, text: str, name: str = "rows.toml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_what_the_table_must_have():
    have = set(services())
    wanted = """vizier simbad ned gaia-dr3 esasky heasarc mast sdss 2mass allwise panstarrs-dr1 eso-obscore irsa ztf gavo
      fermi-4fgl
      fermi-3fhl fermi-gbm swift-2sxps xmm-serendipitous chandra-csc2 erosita-erass1 hgps 3hwc 1lhaaso gamma-cat icecat-1
      icecube-tracks glade chime-frb vsx auger hess-dr1 gracedb gwosc zenodo gcn-circulars gcn-archive dataverse-icecat
      heasarc-gbm fermi-lcr ztf-lc asassn gaia-datalink tesscut swift-bat maxi sesame xmatch mocserver hips2fits regtap"""
    assert set(wanted.split()) <= have


@pytest.mark.parametrize("row", services().values(), ids=lambda row: row.id)
def test_every_row_can_be_shown_and_cited(row):
    assert row.title
    assert re.match(r"https?://", row.address)
    assert row.reference != "unknown"
    assert row.note  # how sure it is
    assert re.search(r"\[[ABC]", row.note) or row.id in ("swift-grb",) or "[" in row.note
    assert row.verified == "never"  # nobody has asked from here
    if row.searched:
        assert len(row.place) == 3 or row.table == ""
        assert {"ra", "dec"} <= set(row.columns)
    assert row.per_host == 1


def test_a_host_is_one_place_for_its_services():
    assert get("3hwc").address == get("vizier").address
    assert get("3hwc").upload_address.startswith("http://")
    assert get("3hwc").columns == {
        "ra": "RAJ2000",
        "dec": "DEJ2000",
        "name": "3HWC",
        "id": "3HWC",
        "error": "ePos",
    }
    assert get("vizier:B/vsx/vsx").table == "B/vsx/vsx"
    assert get("heasarc:numaster").columns["ra"] == "ra"


def test_an_unknown_id_tells_those_near_it():
    with pytest.raises(NotFoundError, match="fermi-4fgl"):
        get("fermi4fgl")
    with pytest.raises(NotFoundError, match="no service"):
        get("gracedb:table")  # not a host of tables


def test_rows_of_the_user_are_laid_over(tmp_path, monkeypatch):
    path = written(tmp_path, '[[service]]\nid = "gracedb"\naddress = "http://127.0.0.1:9"\n' + ROW)
    monkeypatch.setenv("SKYEXPLORER_SERVICES", str(path))
    assert get("gracedb").address == "http://127.0.0.1:9"
    assert get("gracedb").title == "GraceDB"
    assert get("mine").verified == "never"
    written(tmp_path, ROW.replace('"t"', '"u"'))  # read anew when it changes
    assert get("mine").table == "u"
    assert get("gracedb").address == "https://gracedb.ligo.org"


def test_a_moved_host_moves_all_its_services(tmp_path, monkeypatch):
    path = written(
        tmp_path,
        '[[host]]\nid = "vizier"\naddress = "http://127.0.0.1:9/tap"\nmirrors = []\nupload_address = ""\n',
    )
    monkeypatch.setenv("SKYEXPLORER_SERVICES", str(path))
    moved = get("3hwc")
    assert (moved.address, moved.mirrors, moved.upload_address) == ("http://127.0.0.1:9/tap", (), "")


def test_an_address_of_its_own_has_no_mirrors_of_the_host(tmp_path, monkeypatch):
    path = written(tmp_path, '[[service]]\nid = "3hwc"\naddress = "http://127.0.0.1:9/tap"\n')
    monkeypatch.setenv("SKYEXPLORER_SERVICES", str(path))
    assert get("3hwc").mirrors == ()
    assert get("3hwc").upload_address == ""


def test_the_configuration_folder_and_added_files(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_added", [])
    own = registry.user_file()
    own.parent.mkdir(parents=True)
    own.write_text(ROW)
    assert get("mine").title == "Mine"
    added = registry.add(written(tmp_path, ROW.replace('"Mine"', '"Again"')))
    assert [row.title for row in added] == ["Again"]
    assert get("mine").title == "Again"


def test_a_bad_file_adds_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_added", [])
    with pytest.raises(InputError):
        registry.add(written(tmp_path, ROW + "colour = 3\n"))
    assert "mine" not in services()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (ROW + "colour = 3\n", "no field 'colour'"),
        (ROW + 'verifyed = "never"\n', "Did you mean verified"),
        (ROW + ROW, "twice"),
        (ROW.replace('"tap"', '"tapp"'), "protocol is 'tapp'.*Give one of tap"),
        (ROW + 'columns = { right = "ra" }\n', "no role 'right'"),
        (ROW + "row_cap = true\n", "row_cap is True"),
        (ROW + "row_cap = -1\n", "row_cap is -1"),
        (ROW + 'mirrors = "x"\n', "mirrors is 'x'"),
        (ROW + "place = [1, 2]\n", "place is"),
        (ROW + 'verified = "yesterday"\n', "verified is"),
        (ROW + 'band = "blue"\n', "band is 'blue'"),
        (ROW + 'host = "nobody"\n', "no host 'nobody'"),
        (ROW.replace('id = "mine"', 'id = "My Own"'), "the id is 'My Own'"),
        (ROW.replace('title = "Mine"\n', ""), "no title"),
        ("service = 3\n", "something else than rows"),
        ("[[services]]\n", "services"),
        ("[[service\n", "not TOML"),
    ],
)
def test_what_is_wrong_with_a_row_is_said(tmp_path, monkeypatch, text, told):
    monkeypatch.setenv("SKYEXPLORER_SERVICES", str(written(tmp_path, text)))
    with pytest.raises(InputError, match=told) as caught:
        services()
    assert "rows.toml" in str(caught.value)


def test_a_file_that_is_not_there(monkeypatch):
    monkeypatch.setenv("SKYEXPLORER_SERVICES", "/nowhere/rows.toml")
    with pytest.raises(InputError, match="cannot be read"):
        services()


def test_entry_points_add_rows_and_their_faults_take_none_away(tmp_path, monkeypatch):
    path = written(tmp_path, ROW)

    class Point:
        name, value = "them", "package:rows"

        def __init__(self, given):
            self.given = given

        def load(self):
            if isinstance(self.given, Exception):
                raise self.given
            return self.given

    points = [Point(path), Point(lambda: ImportError)]
    monkeypatch.setattr(registry.metadata, "entry_points", lambda group: points)
    registry._entry_points.cache_clear()
    try:
        with pytest.warns(SkyExplorerWarning, match="left out"):
            assert get("mine").title == "Mine"
    finally:
        registry._entry_points.cache_clear()


def test_services_by_id_row_or_list():
    row = get("ned")
    assert registry.of("ned") == [row]
    assert [one.id for one in registry.of(["ned", row, "simbad"])] == ["ned", "simbad"]
    for wrong in ([], 3, [3]):
        with pytest.raises((InputError, TypeError)):
            registry.of(wrong)
