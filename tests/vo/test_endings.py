"""However the process that started the VO ends, nothing of the VO is left."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.vo import dachs
from tests.vo.fixtures import ROOT, Vo

START = "from tests.vo.fixtures import Vo; Vo()"


def _started_below(folder: Path) -> list[int]:
    """Processes whose settings lie in this folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"GAVOSETTINGS={folder}".encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


@pytest.mark.vo
def test_killed_while_it_starts(tmp_path: Path) -> None:
    if dachs.missing():
        pytest.skip("no DaCHS")
    # Not pytest's folder: PostgreSQL's user must come in.
    with tempfile.TemporaryDirectory(prefix="skyexplorer-ending-") as folder:
        Path(folder).chmod(0o755)
        starter = subprocess.Popen(
            [sys.executable, "-c", START], cwd=ROOT, env={"TMPDIR": folder, "PATH": "/usr/bin:/bin"}
        )
        until = time.monotonic() + 60
        while not list(Path(folder).glob("skyexplorer-vo-*/pg/postmaster.pid")):
            assert starter.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        assert _started_below(Path(folder))
        starter.send_signal(signal.SIGKILL)
        starter.wait()
        until = time.monotonic() + 20
        while _started_below(Path(folder)) or list(Path(folder).iterdir()):
            assert time.monotonic() < until, (_started_below(Path(folder)), list(Path(folder).rglob("*"))[:5])
            time.sleep(0.1)


def test_the_folder_is_outside_of_the_home(vo: Vo) -> None:
    assert vo.home.parent == Path(tempfile.gettempdir())
    assert _started_below(vo.home)
