"""Steps on disk, and the explorer that is made of them again."""

from __future__ import annotations

import subprocess
import sys

import pytest

from skyexplorer import SkyExplorer
from skyexplorer.errors import InputError, NotFoundError, RecordingError
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
    opened = sky.session.steps.record("open", (b"bytes",), result=object())
    sky.session.steps.record("rank", (opened.result,))
    sky.session.steps.record("mark", ("x", object()))
    sky.goto("30 40")
    assert path.read_text().splitlines()[3:] == [
        "sky.goto('10 20')",
        "# Step 2, open, is not here: a value of type bytes has no source form. "
        "Open it from a file, by its path, and it can be written.",
        "# Step 3, rank, is not here: it speaks of open, which is not here either.",
        "# Step 4, mark, is not here: a value of type object has no source form. "
        "Open it from a file, by its path, and it can be written.",
        "sky.goto('30 40')",
    ]
    assert [n.level for n in sky.session.notices.items] == ["warning"]
    assert "open is not in the saved script" in sky.session.notices.items[0].text
    with pytest.raises(RecordingError, match="Step 2, open"):
        sky.steps.to_source()


def test_the_steps_before_are_there_when_the_next_explorer_begins(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        f"from skyexplorer import SkyExplorer\nsky = SkyExplorer(False, autosave={str(path)!r})\nsky.goto('1 2')\n"
    )
    fresh = SkyExplorer(samples=False, autosave=path)
    again = SkyExplorer.restore(path)
    assert again.viewport.target.ra.deg == pytest.approx(1)
    assert "session before" in again.session.notices.items[-1].text
    assert again.session.autosave.path == path
    assert (tmp_path / "mine.before.py").is_file()
    fresh.goto("3 4")
    again.goto("5 6")
    assert "'3 4'" in (tmp_path / "mine_2.py").read_text()
    assert "'3 4'" not in path.read_text()
    third = SkyExplorer(samples=False, autosave=path)
    third.goto("7 8")
    assert third.session.autosave.code == f"sky = SkyExplorer.restore({str(tmp_path / 'mine_3.py')!r})"
    assert "'5 6'" in path.read_text()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x = 1\n", "makes no explorer"),
        ("sky = (", "SyntaxError"),
        ("sky = 1 / 0", "ZeroDivisionError"),
        (b"\xff", "read"),
    ],
)
def test_a_script_that_is_none_is_told(tmp_path, text, says):
    path = tmp_path / "mine.py"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError, match=says):
        SkyExplorer.restore(path)


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
