"""The command line, without starting a server."""

from __future__ import annotations

import subprocess
import sys

import pytest

from skyexplorer import __version__, cli


def test_version(capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"skyexplorer {__version__}\n"


def test_without_a_verb_it_says_how(capsys):
    assert cli.main([]) == 2
    assert "lab" in capsys.readouterr().out


def test_lab_starts_jupyterlab_on_the_folder(monkeypatch, tmp_path, capsys):
    called = []
    monkeypatch.setattr(subprocess, "call", lambda line: called.append(line) or 0)
    assert cli.main(["lab", str(tmp_path)]) == 0
    assert called == [[sys.executable, "-m", "jupyterlab", str(tmp_path)]]
    assert cli.main(["lab", str(tmp_path / "none")]) == 2
    assert "There is no" in capsys.readouterr().err
