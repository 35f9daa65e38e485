"""The doctor: what answers as its row says, what does not, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from skyexplorer import cli
from skyexplorer.actions import doctor
from skyexplorer.services import Service, registry
from tests.replicas.archive import Archive


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    monkeypatch.setenv("SKYEXPLORER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(registry, "user_file", lambda: tmp_path / "config" / "services.toml")
    table = Table(
        {"id": np.arange(50), "ra": np.linspace(10, 11, 50), "dec": np.zeros(50), "gmag": np.ones(50)}
    )
    with Archive(table) as served:
        yield served


@pytest.fixture
def row(archive: Archive) -> Service:
    return Service(
        "loop", "Loopback", "tap", archive.tap, table="cat", columns={"ra": "ra", "dec": "dec", "id": "id"},
        place=(10.5, 0.0, 1.0),
    )  # fmt: skip


def one(row: Service, seconds: float = 5.0) -> doctor.Finding:
    (found,) = doctor.examine([row], seconds)
    return found


def test_a_row_that_is_right(row):
    found = one(row)
    assert found.good
    assert found.answer.rows == doctor.FEW
    assert found.answer.overflow  # a few rows were asked for
    assert not found.missing


def test_a_column_that_is_not_there(row):
    found = one(replace(row, columns={**row.columns, "magnitude": "mag"}, select=("id", "rmag")))
    assert not found.good
    assert found.answer.good
    assert found.missing["mag"] == ("gmag",)
    assert "gmag" in found.missing["rmag"]
    lines = list(doctor.table([found]))
    assert "columns" in lines[1]
    assert "missing: mag; it has gmag" in lines[2]


def test_a_refusal_is_explained(archive, row):
    archive.fault = "error-400"
    found = one(row)
    assert found.answer.state == "error"
    assert "Unknown column foo" in found.answer.message
    assert "cannot be listed" in found.note  # this archive has no TAP_SCHEMA


def test_nobody_there_and_pages(archive, row):
    assert one(replace(row, address="http://127.0.0.1:9/tap")).answer.state == "unreachable"
    archive.fault = "html"
    assert one(row).answer.state == "malformed"
    web = Service("site", "Site", "http", archive.base)
    found = one(web)
    assert found.good
    assert "HTTP 404" in found.note


def test_no_rows_at_its_place(row):
    found = one(replace(row, place=(200.0, 50.0, 0.1)))
    assert found.good
    assert found.note == "no rows at its place"


def test_the_command(archive, row, tmp_path, monkeypatch, capsys):
    rows = tmp_path / "rows.toml"
    text = f'address = "{archive.tap}"\nprotocol = "tap"\ntable = "cat"\nplace = [10.5, 0.0, 1.0]\n'
    text += 'columns = { ra = "ra", dec = "dec" }\n'
    rows.write_text(
        f'[[service]]\nid = "good"\ntitle = "Good"\n{text}[[service]]\nid = "bad"\ntitle = "Bad"\n{text}select = ["dog"]\n'
    )
    monkeypatch.setenv("SKYEXPLORER_SERVICES", str(rows))
    own = registry.user_file()
    own.parent.mkdir()
    own.write_text('# mine\n[[service]]\nid = "ned"\nverified = "2020-01-01"\ntitle = "Mine"\n')
    assert cli.main(["doctor", "--services", "good", "--write"]) == 0
    assert cli.main(["doctor", "--services", "good", "bad", "--seconds", "5", "--write"]) == 1
    out = capsys.readouterr().out
    assert "1 of 2 answered as their rows say." in out
    assert "missing: dog" in out
    written = own.read_text()
    assert written.startswith('# mine\n[[service]]\nid = "ned"\nverified = "2020-01-01"\n')
    assert written.count('id = "good"') == 1
    assert 'id = "bad"' not in written
    assert registry.get("good").verified != "never"
    assert registry.get("ned").title == "Mine"
    assert cli.main(["doctor", "--services", "nobody"]) == 2
    assert "There is no service" in capsys.readouterr().err


def test_dates_of_rows_that_are_there(tmp_path, row):
    path = tmp_path / "own.toml"
    path.write_text(
        '[[host]]\nid = "loop"\n\n[[service]]\nid = "loop"\nverified = "2020-01-01"\n\n[[service]]\nid = "other"\n'
    )
    found = doctor.Finding(row, doctor.Answer("loop", "ok", rows=1))
    doctor.write([found, replace(found, service=replace(row, id="other"))], path, "2026-12-01")
    assert path.read_text() == (
        '[[host]]\nid = "loop"\n\n[[service]]\nid = "loop"\nverified = "2026-12-01"\n\n'
        '[[service]]\nid = "other"\nverified = "2026-12-01"\n'
    )


def test_of_itself(monkeypatch, capsys):
    monkeypatch.setenv("SKYEXPLORER_GAIA_TOKEN", "hush")
    monkeypatch.setenv("SKYEXPLORER_CACHE", "/tmp/somewhere")
    monkeypatch.setattr(doctor.checkup, "checks", lambda: iter(()))  # tests/test_doctor.py has them
    assert cli.main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "astropy" in out
    assert "cache: /tmp/somewhere" in out
    assert "SKYEXPLORER_GAIA_TOKEN = ***" in out
    assert "hush" not in out


def test_on_a_real_archive(loopback, capsys):
    """What a real server says of a wrong column and a wrong table is found in its own lists."""
    right = ["fermi-4fgl", "3hwc", "glade", "loopback-cone", "loopback-images", "gavo-obscore"]
    for found in doctor.examine(right, 30):
        assert found.answer.good, found
        assert found.answer.rows, found
    row = registry.get("fermi-4fgl")
    wrong = replace(row, columns={**row.columns, "ra": "raj2000", "dec": "dej2000"})
    found = one(wrong, 30)
    assert found.answer.state == "error"
    assert set(found.missing) >= {"raj2000", "dej2000"}
    assert "ra" in found.missing["raj2000"]
    found = one(replace(row, table="sky.fermilspc"), 30)
    assert "sky.fermilpsc" in found.note
    assert one(registry.get("regtap"), 30).good
