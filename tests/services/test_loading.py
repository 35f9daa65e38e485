"""Services asked side by side in a new process: each takes what it needs of pyvo, and none sees half of it."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import sys, threading
sys.setswitchinterval(1e-6)
from astropy import units as u
from astropy.coordinates import SkyCoord
from skyexplorer import SkyRegion
from skyexplorer.services import answers, registry, regtap, sia, ssa
region = SkyRegion.circle(SkyCoord(10 * u.deg, 20 * u.deg), 1 * u.deg)
empty = b'<VOTABLE version="1.4"><RESOURCE type="results"><TABLE><FIELD name="a" datatype="int"/></TABLE></RESOURCE>'
empty += b'</VOTABLE>'
tasks = [
    lambda: sia.version1("http://a", region), lambda: sia.version2("http://a", region, 5),
    lambda: answers.parse(empty, service="a", url="http://a"), lambda: regtap.query(["x"], "gamma", None, None, None),
] * 3
start, failed = threading.Barrier(len(tasks)), []
def run(task):
    start.wait()
    try:
        task()
    except Exception as error:
        failed.append(repr(error))
threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert "pyvo" in sys.modules
print(failed)
"""


@pytest.mark.parametrize("_", range(2))
def test_pyvo_is_loaded_once(_: int) -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
