"""Steps on disk, and the explorer that is made of them again."""

from __future__ import annotations

import subprocess
import sys

import pytest

from skyexplorer import SkyExplorer
from skyexplorer.errors import InputError, NotFoundError
from skyexplorer.session.autosave import usual_path


def test_another_process_goes_on_where_this_one_was_left(tmp_path):
    path = tmp_path / "deep" / "mine.py"
    sky = SkyExplorer(autosave=path, layout="sky+table")
    sky.open("GW170817")
    sky.goto("TXS 0506+056", fov=3)
    sky.select("TXS 0506+056")
    code = f"from skyexplorer import SkyExplorer; sky = SkyExplorer.restore({str(path)!r}); " + (
        "print(sky.selection.sources[0].name, sky.viewport.fov, sky.session.layout.shown, len(sky.steps))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "4FGL J0509.4+0542 3.0 ('sky', 'table') 3"
    assert sky.session.autosave.code == f"sky = SkyExplorer.restore({str(path)!r})"


def test_a_step_that_cannot_be_written_is_told_once(tmp_path):
    path = tmp_path / "mine.py"
    sky = SkyExplorer(samples=False, autosave=path)
    sky.goto("10 20")
    before = path.read_text()
    sky.session.steps.record("open", (b"bytes",))
    sky.goto("30 40")
    assert path.read_text() == before
    assert [n.level for n in sky.session.notices.items] == ["warning"]
    assert "no longer saved" in sky.session.notices.items[0].text


def test_a_script_that_fails_is_still_there(tmp_path):
    path = tmp_path / "mine.py"
    text = f"from skyexplorer import SkyExplorer\nsky = SkyExplorer(False, autosave={str(path)!r})\n"
    text += "sky.goto('1 2')\nsky.open('no such thing')\n"
    path.write_text(text)
    with pytest.raises(NotFoundError, match="no such thing"):
        SkyExplorer.restore(path)
    assert path.read_text() == text


def test_the_usual_place(tmp_path, monkeypatch):
    monkeypatch.setenv("SKYEXPLORER_AUTOSAVE", str(tmp_path / "kept.py"))
    with pytest.raises(NotFoundError, match="kept"):
        SkyExplorer.restore()
    SkyExplorer(samples=False, autosave=True).goto("10 20")
    assert usual_path().read_text().count("goto") == 1
    assert SkyExplorer.restore().session.autosave.code == "sky = SkyExplorer.restore()"
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError):
        SkyExplorer(samples=False, autosave=tmp_path / "file" / "x.py")
