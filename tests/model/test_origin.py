from __future__ import annotations

import hashlib
from dataclasses import FrozenInstanceError
from datetime import datetime

import pytest

from skyexplorer.model.origin import Origin


def test_of_a_file() -> None:
    origin = Origin.of_file("some/where/map.fits", b"abc", rows=3)
    assert origin.title == "map.fits"
    assert origin.location == "some/where/map.fits"
    assert origin.checksum == "sha256:" + hashlib.sha256(b"abc").hexdigest()
    assert datetime.fromisoformat(origin.retrieved).utcoffset().total_seconds() == 0


def test_of_bytes_and_with_a_title() -> None:
    assert Origin.of_file("", b"").title == "bytes"
    assert Origin.of_file("a.fits", b"", title="GW170817").title == "GW170817"


def test_lines_say_what_is_known_and_that_an_answer_was_cut() -> None:
    lines = Origin("4FGL", service="tap", rows=10, overflow=True, note="cut at 10").lines()
    assert lines == ["4FGL", "from: tap", "note: cut at 10", "licence: unknown", "rows: 10 (cut: overflow)"]


def test_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Origin("a").title = "b"  # type: ignore[misc]
