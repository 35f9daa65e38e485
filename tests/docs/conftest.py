"""The site, built once for all tests of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="session", autouse=True)
def _parts() -> Iterator[None]:
    """The parts of pages are modules of the docs, not of the package."""
    sys.path.insert(0, str(DOCS))
    yield
    sys.path.remove(str(DOCS))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its folder; warnings of the build are errors, as in ``make docs``."""
    out = tmp_path_factory.mktemp("site")
    line = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-W",
        "--keep-going",
        "-b",
        "html",
        "-d",
        str(out / "trees"),
    ]
    run = subprocess.run([*line, str(DOCS), str(out / "html")], capture_output=True, text=True, timeout=400)
    assert run.returncode == 0, run.stderr
    return out / "html"
