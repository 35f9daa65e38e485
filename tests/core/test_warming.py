"""Compiled code is kept, and made in the background where nobody has made it yet."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time

import pytest

from skyexplorer.core import warming


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """A place for compiled code that holds none yet."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(warming, "_started", [])
    return tmp_path / "cache"


def test_in_the_background_after_a_bare_install(fresh):
    """As after ``pip install``: nothing is compiled, a process of its own does it once, and says so in the end."""
    assert warming.warm_in_background()
    assert not warming.warm_in_background()
    (process,) = warming._started
    assert process.wait(timeout=300) == 0
    (mark,) = fresh.rglob("*.warm")
    kept = len(list(fresh.rglob("*.nbc")))
    assert kept > 10
    first = """
import time
import numpy as np
from skyexplorer.core import crossmatch
here, start = np.zeros(3), time.perf_counter()
crossmatch.pairs(here, here, here, here, 1.0)
print(time.perf_counter() - start)
"""
    ran = subprocess.run([sys.executable, "-c", first], capture_output=True, text=True, check=True)
    seconds = float(ran.stdout)
    assert seconds < 5  # compiling takes twenty
    assert len(list(fresh.rglob("*.nbc"))) == kept  # nothing was compiled that was not kept
    mark.unlink()
    shutil.rmtree(fresh)


def test_where_all_is_done_nothing_is_compiled(monkeypatch):
    monkeypatch.setattr(warming, "_started", [])
    mark = warming.warm()
    before = mark.stat().st_mtime_ns
    start = time.monotonic()
    assert warming.warm_in_background()
    assert warming._started[0].wait(timeout=60) == 0
    assert time.monotonic() - start < 30
    assert mark.stat().st_mtime_ns == before
    assert os.path.exists(mark)
