"""`skyexplorer doctor`: what is missing on this machine, and what to type."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from skyexplorer.actions import checkup, machine


def test_a_front_end_that_is_not_built_is_missing(tmp_path: Path) -> None:
    found = checkup.front_end(tmp_path)
    assert (found.state, "sky.js" in found.said) == ("missing", True)
    assert "pip install" in found.advice
    (tmp_path / "frontend" / "src").mkdir(parents=True)
    assert checkup.front_end(tmp_path).advice == "make env"
    (tmp_path / "static").mkdir()
    for name in checkup.STATIC:
        (tmp_path / "static" / name).write_text("x")
    assert checkup.front_end(tmp_path).state == "ok"
    source = tmp_path / "frontend" / "src" / "new.js"
    source.write_text("y")
    later = (tmp_path / "static" / "sky.js").stat().st_mtime + 10
    os.utime(source, (later, later))
    assert checkup.front_end(tmp_path).state == "note"


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("numpy>=1.26", ""),
        ("numpy<1", " is not <1"),
        ("nobody-has-this", "is not installed"),
        ("nobody-has-this; extra == 'lab'", ""),
    ],
)
def test_requirements(line: str, wrong: str) -> None:
    assert checkup._unmet(line).endswith(wrong)
    assert bool(checkup._unmet(line)) == bool(wrong)


def test_offline_is_said_and_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKYEXPLORER_OFFLINE", "1")
    found = checkup.network()
    assert (found.state, found.advice.startswith("To ask again")) == ("note", True)
    monkeypatch.delenv("SKYEXPLORER_OFFLINE")
    monkeypatch.setattr(checkup, "HOSTS", (("nobody", "http://127.0.0.1:9"),))
    found = checkup.network()
    assert (found.state, "SKYEXPLORER_OFFLINE" in found.advice) == ("note", True)


def test_a_browser_says_whether_it_has_webgl(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(checkup, "_playwrights", lambda: None)
    monkeypatch.setattr(checkup, "BROWSERS", ("no-such-browser",))
    assert "No Chromium" in checkup.webgl().said
    for title, state, said in (
        ("WebGL2: Some Card &amp; Co", "ok", "Card & Co"),
        ("WebGL2: ANGLE (SwiftShader)", "note", "by the processor"),
        ("no WebGL2", "note", "gives no WebGL 2"),
    ):
        browser = tmp_path / "browser"
        browser.write_text(f"#!{sys.executable}\nprint('<html><title>{title}</title></html>')\n")
        browser.chmod(0o755)
        monkeypatch.setattr(checkup, "BROWSERS", (str(browser),))
        found = checkup.webgl()
        assert (found.state, said in found.said) == (state, True)
    assert machine.page_of([sys.executable, "-c", "import time; time.sleep(9)"], seconds=0.3) == ""


def test_memory_and_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(checkup, "free_memory", lambda: (0.4, 2.0))
    assert checkup.memory().state == "note"
    monkeypatch.setattr(checkup, "free_memory", lambda: (None, None))
    assert "does not tell" in checkup.memory().said
    monkeypatch.setenv("SKYEXPLORER_CACHE", str(tmp_path / "kept"))
    assert checkup.cache().state == "ok"
    (tmp_path / "file").touch()
    monkeypatch.setenv("SKYEXPLORER_CACHE", str(tmp_path / "file" / "kept"))
    assert "cannot be written" in checkup.cache().said


def test_a_container_has_its_own_limit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "max").write_text("1000000000\n")
    (tmp_path / "now").write_text("450000000\n")
    (tmp_path / "memory.stat").write_text(
        "anon 250000000\ninactive_file 200000000\n"
    )  # a cache is given back
    monkeypatch.setattr(machine, "CGROUPS", ((str(tmp_path), "max", "now", "inactive_file"),))
    assert machine.free_memory() == (0.75, 1.0)


def test_its_exit_code_and_its_last_line(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    good, bad = checkup.Check("a", "ok", "There."), checkup.Check("b", "missing", "Gone.", "make it")
    monkeypatch.setattr(checkup, "checks", lambda: iter([good]))
    assert checkup.run(lines.append) == 0
    assert lines[-1].startswith("The explorer works here.")
    monkeypatch.setattr(checkup, "checks", lambda: iter([good, bad]))
    assert checkup.run(lines.append) == 1
    assert lines[-2].endswith("→ make it")
    assert "1 missing" in lines[-1]


def test_a_check_that_breaks_is_told_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def network() -> checkup.Check:
        raise RuntimeError("no such thing")

    for name in ("webgl", "network"):
        monkeypatch.setattr(checkup, name, network)
    found = list(checkup.checks())
    assert "no such thing" in next(check.said for check in found if check.what == "network")
    assert found[-1].what == "compiled code"
