"""The steps of ``binder/`` on a clean tree, and what stands at the end: a server that opens the first tutorial.

Whoever installs a wheel gets the same environment, so this is the test of that too: no Node, nothing of the checkout.
"""

from __future__ import annotations

import io
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from tests.binder.place import ROOT, Place
from tests.browser.lab import Lab, Notebook, browser

pytestmark = pytest.mark.build
FIRST = "notebooks/01_first_look.ipynb"
MATCH = """
import time
import numpy as np
from skyexplorer.core import crossmatch
here, start = np.linspace(0, 89, 30_000), time.process_time()
crossmatch.pairs(here, here, here, here, 1e-4)
print(time.process_time() - start)
"""


def test_the_badge_opens_the_first_tutorial() -> None:
    badge = re.search(
        r"https://mybinder\.org/v2/gh/[\w/.-]+\?urlpath=([\w/.-]+)", (ROOT / "README.md").read_text()
    )
    assert badge is not None
    assert badge[1] == f"lab/tree/{FIRST}"
    assert (ROOT / FIRST).is_file()


def test_the_python_of_the_image_is_one_of_ours() -> None:
    version = (ROOT / "binder/runtime.txt").read_text().strip().removeprefix("python-")
    with open(ROOT / "pyproject.toml", "rb") as file:
        lowest = tomllib.load(file)["project"]["requires-python"].removeprefix(">=")
    assert [int(part) for part in version.split(".")] >= [int(part) for part in lowest.split(".")]


def test_all_is_compiled_when_a_seat_starts(place: Place) -> None:
    # -P: the tree, in which commands run, holds the package too.
    where = place.run(place.python, "-P", "-c", "import skyexplorer; print(skyexplorer.__file__)")
    package = Path(where.strip()).parent
    assert place.bin.parent in package.parents, "the installed package, not the tree"
    assert len(list(package.rglob("*.warm"))) == 1
    kept = len(list(package.rglob("*.nbc")))
    assert kept > 10
    seconds = float(place.run("./binder/start", place.python, "-P", "-c", MATCH))
    assert seconds < 5  # of a processor; compiling takes a minute
    assert len(list(package.rglob("*.nbc"))) == kept  # nothing was compiled that was not kept


@pytest.fixture(scope="module")
def server(place: Place) -> Iterator[Lab]:
    """A seat: the server behind ``start``, in a folder with the notebooks."""
    # Nothing but the environment is looked for commands: a server needs no Node.
    lab = Lab(place.python, launcher=(str(place.tree / "binder/start"),), PATH=str(place.bin), PYTHONPATH="")
    with lab:
        shutil.copytree(place.tree / "notebooks", lab.work / "notebooks")
        yield lab


def test_the_first_tutorial_runs_and_paints_in_a_gigabyte(server: Lab) -> None:
    assert shutil.which("node", path=server.env["PATH"]) is None
    with browser(width=1300, height=900) as context:
        notebook = Notebook(context, server, FIRST)
        notebook.only_outputs()
        notebook.run_all()
        notebook.wait_sky(120)
        notebook.rest(800)
        shot = notebook.page.locator(".skx-sky").first.screenshot()
        assert np.asarray(Image.open(io.BytesIO(shot)).convert("L")).std() > 12
        assert notebook.foreign_requests() == []
        notebook.run("import exercises, os")  # beside the notebook
        assert notebook.python("os.environ['NUMBA_CPU_NAME']") == "generic"
        assert not notebook.errors()
        assert _megabytes(server) < 1000


def _megabytes(lab: Lab) -> float:
    """Memory of the server and its kernels; what they share is divided among those who share it."""
    server = psutil.Process(lab.process.pid)
    return sum(each.memory_full_info().pss for each in (server, *server.children(recursive=True))) / 1e6
