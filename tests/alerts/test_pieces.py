"""Names, tables of pages, archives and choices: what the routes are made of."""

from __future__ import annotations

import io
import tarfile
import zipfile
from contextlib import suppress

import pytest

from skyexplorer.alerts import amon, circulars, gracedb, maps, naming, pages, releases
from skyexplorer.alerts.asking import Bare, Unknown
from skyexplorer.errors import FormatError
from tests.replicas import gcn
from tests.replicas.files import small_map


@pytest.mark.parametrize(
    ("text", "kind", "name", "version"),
    [("S190814bv", "superevent", "S190814bv", ""), ("ms260408X", "superevent", "MS260408x", ""),
     ("GW170817", "gw", "GW170817", ""), ("gw190814_211039-v3", "gw", "GW190814_211039", "v3"),
     ("GW150914@GWTC-1-confident", "gw", "GW150914", "GWTC-1-confident"), ("IC-170922A", "icecube", "IC170922A", ""),
     ("IceCube‑170922a", "icecube", "IC170922A", ""), ("IceCube 133010_50579430", "icecube-id", "133010_50579430", ""),
     ("67093193_127853", "icecube-id", "67093193_127853", ""), ("180116026", "gbm", "bn180116026", ""),
     ("SFL230411001", "gbm", "bn230411001", ""), ("grb180116a", "grb", "GRB 180116A", ""),
     ("GRB 230410", "grb", "GRB 230410", ""),
     ("GCN #33603", "circular", "33603", ""), ("EP240414a", "other", "EP240414a", ""), ("M 31", "other", "M 31", "")],
)  # fmt: skip
def test_the_form_of_a_name_tells_its_kind(text, kind, name, version):
    found = naming.told(text)
    assert (found.kind, found.text, found.version) == (kind, name, version)


def test_names_of_messengers():
    assert naming.messenger("LIGO/Virgo/KAGRA S230518h: Identification") == "gw"
    assert naming.messenger("IceCube-230707A") == "neutrino"
    assert naming.messenger("FRB 20240114A") == "radio"
    assert naming.messenger("AT2017gfo") == "optical"
    assert naming.messenger("nothing of the sort") == ""


def test_cells_that_span_and_tags_that_are_left_out():
    head = "<table><tr><th rowspan=2>Run<th colspan=2>Place<tr><th>RA<th>Dec"
    page = f"{head}<tr><td>1<td>2&deg;<td><a href=x.fits>3</a></table>"
    rows = pages.tables(page)[0]
    texts = [[cell.text for cell in row] for row in rows]
    assert texts == [["Run", "Place", "Place"], ["Run", "RA", "Dec"], ["1", "2°", "3"]]
    assert rows[2][2].links == ["x.fits"]
    assert pages.tables("<p>no table <td>") == []


@pytest.mark.parametrize(
    "odd",
    [
        "<table><tr><td><![if x]>1",
        "<tr><td>&#xFFFFFFFFF;<a href>",
        "<!DOCTYPE [",
        "<td colspan=99999999>",
        "<![x",
        "<!ENTITY",
    ],
)
def test_odd_pages_are_read_or_refused(odd):
    with suppress(FormatError):
        assert isinstance(pages.tables(odd), list)
        assert isinstance(pages.links(odd, "https://example.org/"), list)


def test_the_columns_of_the_archive_are_found_by_their_names_in_any_order():
    order = [5, 0, 3, 1, 2, 4, 6, 7, 8, 9, 10, 11, 12]
    names = [gcn.NAMES[k] for k in order]
    head = "<tr>" + "".join(f"<th>{name}" for name in names)
    body = "".join("<tr>" + "".join(f"<td>{row[k]}" for k in order) for row in gcn.TRACKS)
    found, odd = amon.rows(f"<table>{head}{body}</table>", "https://example.org/page.html")
    assert odd == 0
    assert len(found) == 6
    assert {row.id: row.revision for row in found}["137910_43657862"] == 1
    # Without a unit in the header errors are arcmin.
    assert found[0].error90 == pytest.approx(59.4 / 60)
    assert [row.id for row in found if row.test] == ["132628_00000001"]


def test_a_page_with_other_columns_lists_them():
    with pytest.raises(FormatError, match=r"Event \| Day"):
        amon.rows("<table><tr><th>Event<th>Day<tr><td>1<td>2</table>", "https://example.org/page.html")
    with pytest.raises(FormatError, match="there is no table"):
        amon.rows("<p>moved</p>", "https://example.org/page.html")


@pytest.mark.parametrize(
    ("names", "uploaded", "wanted"),
    [
        (["bayestar.fits.gz", "bayestar.multiorder.fits,0"], {}, "bayestar.multiorder.fits,0"),
        (["BILBY.multiorder.fits", "bayestar.multiorder.fits"], {}, "BILBY.multiorder.fits"),
        (["cwb.multiorder.fits", "combined-ext.multiorder.fits"], {}, "cwb.multiorder.fits"),
        (["bayestar.fits.gz,0", "bayestar.fits.gz,10", "bayestar.fits.gz,9"], {}, "bayestar.fits.gz,10"),
        (
            ["Bilby.multiorder.fits,0", "bayestar.multiorder.fits,0"],
            {
                ("bilby.multiorder.fits", 0): "2024-01-01T00:00:00",
                ("bayestar.multiorder.fits", 0): "2024-01-02T00:00:00",
            },
            "bayestar.multiorder.fits,0",
        ),
        (
            ["Bilby.multiorder.fits,0", "bayestar.multiorder.fits,0"],
            {
                ("bilby.multiorder.fits", 0): "2024-01-03T00:00:00",
                ("bayestar.multiorder.fits", 0): "2024-01-02T00:00:00",
            },
            "Bilby.multiorder.fits,0",
        ),
    ],
)
def test_which_map_is_chosen(names, uploaded, wanted):
    assert gracedb.choose(names, uploaded).name == wanted


def test_no_map_to_choose():
    assert gracedb.choose(["p_astro.json", "bayestar.png", "combined-ext.multiorder.fits"], {}) is None
    with pytest.raises(Unknown, match="bayestar"):
        gracedb.choose(["bayestar.multiorder.fits,0"], {}, "Bilby")


def test_uploads_of_a_log_as_it_is_written():
    first = {"filename": "a.fits", "file_version": 0, "created": "2019-08-14 21:12:34 UTC"}
    assert gracedb.uploads({"log": [first, {"filename": None}, "x"]}) == {
        ("a.fits", 0): "2019-08-14T21:12:34"
    }
    assert gracedb.uploads(None) == {}


@pytest.mark.parametrize("packed", ["tar", "zip"])
def test_the_map_of_an_event_in_an_archive(tmp_path, packed):
    files = {
        "maps/GW190814_211039_C01:Mixed.fits": small_map(12.7, -24.9),
        "maps/GW190814_211039_A.multiorder.fits": small_map(1, 2),
        "maps/XGW190814.fits": small_map(3, 4), "maps/GW190814.txt": b"no",
    }  # fmt: skip
    path = tmp_path / f"maps.{packed}"
    if packed == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
    else:
        with tarfile.open(path, "w") as archive:
            for name, content in files.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    place = Bare("zenodo", "https://example.org")
    found = maps.read(path, f"https://example.org/maps.{packed}", "GW190814", place, inside=("GW190814",))
    assert "Mixed" in found.origin.location
    assert found.localization.mode.dec.deg == pytest.approx(-24.9, abs=3)
    with pytest.raises(FormatError, match="no map of GW200101"):
        maps.read(path, f"https://example.org/maps.{packed}", "GW200101", place)
    damaged = tmp_path / f"damaged.{packed}"
    damaged.write_bytes(path.read_bytes()[:700])
    with pytest.raises(FormatError):
        maps.read(damaged, f"https://example.org/damaged.{packed}", "GW190814", place)


def test_a_catalogue_is_no_map(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("name,ra,dec\nCrab,83.6,22.0\n")
    with pytest.raises(FormatError, match="no map"):
        maps.read(path, "https://example.org/a.csv", "X", Bare("x", "https://example.org"))


def test_releases_are_known_by_the_catalogue():
    assert releases.of_catalog("GWTC-1-confident")["service"] == "dcc"
    assert releases.of_catalog("GWTC-5.0")["records"] == [20348005, 20348006]
    assert releases.of_catalog("IAS-O3a") is None


def test_the_trigger_is_that_of_gbms_own_circular():
    from skyexplorer import Event

    def circular(subject: str, text: str) -> Event:
        return Event("GRB 180116A", text=text, notes=(f"GCN Circular 1: {subject}",))

    own = circular("GRB 180116A: Fermi GBM detection", "(trigger 537755817 / 180116026)")
    other = circular("GRB 180116A: Insight-HXMT", "unlike bn180112842")
    assert circulars.trigger([own, other]) == "bn180116026"
    assert circulars.trigger([other]) == "bn180112842"
    assert circulars.trigger([]) == ""
