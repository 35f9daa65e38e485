"""One clean environment for all that is asked of an install: made by the steps of ``binder/``, from what git would take."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.binder.place import Place, clean_tree

BINDER = {"requirements.txt", "runtime.txt", "postBuild", "start"}


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """An environment made by what repo2docker does with ``binder/``, step by step (docs/decisions/0028-binder.md)."""
    folder = tmp_path_factory.mktemp("clean")
    tree = clean_tree(folder / "tree")
    assert {path.name for path in (tree / "binder").iterdir()} == BINDER, "a step that is not run here"
    made = Place(tree, folder / "env" / "bin")
    subprocess.run([sys.executable, "-m", "venv", str(made.bin.parent)], check=True, timeout=120)
    made.run(made.python, "-m", "pip", "install", "--quiet", "-r", "binder/requirements.txt")
    made.run("./binder/postBuild")
    return made
