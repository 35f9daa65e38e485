"""Compiled code is kept, and made in the background where nobody has made it yet."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from skyexplorer.core import warming


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """A place for compiled code that holds none yet."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(warming, "_started", [])
    return tmp_path / "cache"


def test_in_the_background_after_a_bare_install(fresh):
    """Nothing is compiled: a process of its own begins to. It ends with ours, and what it had done is kept.

    That all is done in the end, and nothing is compiled again, is seen in the environment of ``tests/binder``.
    """
    assert warming.warm_in_background()
    assert not warming.warm_in_background()
    (process,) = warming._started
    deadline = time.monotonic() + 120
    while not list(fresh.rglob("*.nbc")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    warming._stop()
    assert process.poll() is not None
    assert list(fresh.rglob("*.nbc"))
    assert not list(fresh.rglob("*.warm")), "not all is compiled yet"


def test_what_is_compiled_for_any_processor_says_so(monkeypatch):
    import numba

    monkeypatch.setattr(numba.config, "CPU_NAME", "generic")
    assert warming.mark().name.endswith("-generic.warm")


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


def test_a_match_in_a_notebook_begins_it(monkeypatch):
    """Not in a script; and not where what is compiled lies beside the package."""
    started = []
    monkeypatch.setattr(warming, "_started", [])
    monkeypatch.setattr(warming, "warm_in_background", lambda: started.append(1))
    warming.in_notebook()
    assert not started
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    monkeypatch.setattr(warming, "_beside", lambda: True)
    warming.in_notebook()
    assert not started
    monkeypatch.setattr(warming, "_beside", lambda: False)
    warming.in_notebook()
    assert started
    monkeypatch.undo()
    warming.warm()
    assert warming._beside() == (warming.mark().parent.name == "__pycache__")


def test_no_kernel_is_left_out():
    """Every module of this floor that has compiled code says how to warm it, and is asked to."""
    folder = Path(warming.__file__).parent
    texts = {path.stem: path.read_text() for path in folder.glob("*.py")}
    able = {name for name, text in texts.items() if "\ndef warm(" in text and name != "warming"}
    assert able == set(warming.KERNELS)
    through = "\n".join(texts[name] for name in able)
    compiled = {name for name, text in texts.items() if "parallel=True" in text}
    assert all(name in able or f"{name}" in through for name in compiled)


def test_extensions_of_numba_are_not_loaded_for_us_but_for_whom_they_are_meant():
    """Loading awkward, which comes with uproot, would take a fifth of the first match in a process."""
    first = """
import sys
import numpy as np
from skyexplorer.core import crossmatch, lookup
here = np.linspace(0, 89, 30_000)
crossmatch.pairs(here, here, here, here, 1e-4)
lookup.warm()
assert "numba" in sys.modules and "awkward" not in sys.modules
import awkward, numba
@numba.njit
def longest(lists):
    return max([len(each) for each in lists])
print(longest(awkward.Array([[1, 2], [3]])))
"""
    ran = subprocess.run([sys.executable, "-W", "ignore", "-c", first], capture_output=True, text=True)
    assert ran.stdout == "2\n", ran.stderr
