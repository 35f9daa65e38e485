"""Replicas in place of the services, and a cache of its own for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from skyexplorer.net import Deadline
from skyexplorer.services import curves
from skyexplorer.services.curves import Brought, Target
from tests.replicas import serving

RA, DEC = 342.459623, 51.263383
STAR = Target("a star", RA, DEC, ("a star",), "optical")
MRK_421 = Target(
    "4FGL J1104.4+3812", 166.1187, 38.207, ("4FGL J1104.4+3812", "Mkn 421", "Mrk 421"), "gamma", error=26.3
)


@pytest.fixture
def started() -> Iterator[Callable[[serving.Replica], Any]]:
    """Start a replica, for the time of a test."""
    with ExitStack() as stack:
        yield stack.enter_context


@pytest.fixture
def moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Move services to replicas: by id (with _ for -), the replica and a path."""
    monkeypatch.setenv("SKYEXPLORER_CACHE", str(tmp_path / "cache"))

    def move(**replicas: tuple[serving.Replica, str]) -> None:
        file = tmp_path / "services.toml"
        file.write_text(serving.rows_of({id.replace("_", "-"): where for id, where in replicas.items()}))
        monkeypatch.setenv("SKYEXPLORER_SERVICES", str(file))

    return move


@pytest.fixture
def bring() -> Callable[..., Brought]:
    """Ask one provider."""

    def ask(id: str, target: Target, deadline: float = 20, **options: Any) -> Brought:
        return curves.bring(curves.providers()[id], target, Deadline(deadline), options)

    return ask
