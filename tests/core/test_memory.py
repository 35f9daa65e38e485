"""Memory that is asked for before it is taken."""

from __future__ import annotations

import pytest

from skyexplorer.core import memory
from skyexplorer.errors import InputError


@pytest.mark.parametrize(
    ("text", "bytes_"),
    [("2 GB", 2e9), ("500M", 5e8), ("1.5GiB", 1.5 * 2**30), ("800000", 8e5), ("4k", 4000), (" 1 Ti b", None)],
)
def test_amounts(text, bytes_):
    if bytes_ is None:
        with pytest.raises(InputError, match="4 GB"):
            memory.amount(text)
    else:
        assert memory.amount(text) == bytes_


@pytest.mark.parametrize("text", ["much", "-", "1 XB", "nan", "inf"])
def test_no_amounts(text, monkeypatch):
    monkeypatch.setenv(memory.VARIABLE, text)
    with pytest.raises(InputError, match=memory.VARIABLE):
        memory.allowed()


def test_what_is_free_is_told_by_the_machine():
    allowed = memory.allowed()
    assert allowed is None or 1e6 < allowed < 1e14


def test_refusal(monkeypatch):
    monkeypatch.setenv(memory.VARIABLE, "1 GB")
    memory.ask(9e8, "This", "")
    with pytest.raises(InputError, match=r"This needs 2.5 GB of memory, and 1.0 GB are allowed. Take parts."):
        memory.ask(2.5e9, "This", "Take parts.")


def test_groups_and_machines_that_do_not_tell(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "_machine", lambda: None)
    monkeypatch.setattr(memory, "_group", lambda: None)
    assert memory.allowed() is None
    memory.ask(1e30, "This", "")
    monkeypatch.setattr(memory, "_group", lambda: 1000)
    assert memory.allowed() == 800
