"""The zip without a network, but for its wheels: `make workshop` makes it whole, and takes minutes."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from docs.workshop import pack, sheet
from tests.binder.place import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / pack.NAME
    made.mkdir()
    pack.texts(made, disk="2.0")
    pack.tutorials(made / "notebooks")
    return made


def test_nothing_is_left_to_be_filled_in(folder: Path) -> None:
    for path in folder.glob("*.*"):
        assert not re.search("@[A-Z]+@", path.read_text(encoding="utf-8")), path.name
    subprocess.run(["sh", "-n", str(folder / "start.sh")], check=True)


def test_the_tutorials_are_all_there(folder: Path) -> None:
    there = {path.name for path in (folder / "notebooks").iterdir()}
    assert there == {path.name for path in (ROOT / "notebooks").glob("*.ipynb")} | {"exercises.py"}
    assert "01_first_look.ipynb" in (folder / "start.sh").read_text()


def test_another_python_is_told_which_one_is_needed(folder: Path) -> None:
    ran = subprocess.run(
        ["sh", str(folder / "start.sh")],
        env={"PYTHON": "false", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 2
    assert f"{sys.version_info.major}.{sys.version_info.minor}" in ran.stderr
    assert not (folder / ".venv").exists()


def test_wheels_are_only_stored(folder: Path, tmp_path: Path) -> None:
    (folder / "wheels").mkdir()
    with zipfile.ZipFile(folder / "wheels" / "a-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("a.py", "")
    pack.zipped(folder, tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        kept = {Path(entry.filename).name: entry for entry in archive.infolist()}
    assert kept["a-1-py3-none-any.whl"].compress_type == zipfile.ZIP_STORED
    assert kept["start.sh"].external_attr >> 16 & 0o111, "it may be run"


@pytest.mark.browser
def test_the_participants_page_is_one_sheet(tmp_path: Path) -> None:
    sheet.print_sheet(tmp_path / "participants.pdf")
    assert (tmp_path / "participants.pdf").read_bytes().startswith(b"%PDF")
