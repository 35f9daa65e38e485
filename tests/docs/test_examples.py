"""Every block of Python in README and docs runs as it stands; every public name has an example of its own."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys

import pytest

import skyexplorer
from tests.docs.blocks import PAGES, ROOT, name_of

NOT_A_CALL = (property, type(None), bool, int, float, str, tuple)


@pytest.fixture(scope="module")
def failures() -> dict[str, str]:
    """What went wrong on each page; all pages in one process, since most of a page's time is the import."""
    line = [sys.executable, "-m", "tests.docs.blocks"]
    run = subprocess.run(line, cwd=ROOT, env={**os.environ}, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.mark.parametrize("page", [name_of(page) for page in PAGES])
def test_the_blocks_of_a_page_run(page: str, failures: dict[str, str]) -> None:
    assert not failures[page], failures[page]


def public() -> dict[str, object]:
    """Public names, the calls of public classes, and the functions of `samples`, by what a reader writes."""
    found: dict[str, object] = {}
    for name in skyexplorer.__all__:
        thing = getattr(skyexplorer, name)
        if isinstance(thing, str):
            continue
        found[name] = thing
        if inspect.ismodule(thing):
            found |= {f"{name}.{each}": getattr(thing, each) for each in thing.__all__}
        elif inspect.isclass(thing):
            for each in filter(lambda each: not each.startswith("_"), dir(thing)):
                member = inspect.getattr_static(thing, each)
                if callable(getattr(thing, each)) and not isinstance(member, NOT_A_CALL):
                    found[f"{name}.{each}"] = getattr(thing, each)
    return found


PUBLIC = public()


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_has_an_example(name: str) -> None:
    """That it runs is what tests/test_docstrings.py sees to."""
    said = inspect.getdoc(PUBLIC[name]) or ""
    assert ">>> " in said, f"{name} has no example"
    arguments = (
        set(inspect.signature(PUBLIC[name]).parameters) - {"self", "cls"} if callable(PUBLIC[name]) else set()
    )
    if arguments and not inspect.isclass(PUBLIC[name]):
        assert "Parameters\n---" in said, f"{name} says nothing of {', '.join(arguments)}"
