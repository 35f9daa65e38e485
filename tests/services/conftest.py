"""What tests of services share: a cache of their own, no rows of the user, and an archive on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from skyexplorer.services import Service, registry
from tests.replicas.archive import Archive


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKYEXPLORER_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SKYEXPLORER_SERVICES", raising=False)
    monkeypatch.setattr(registry, "user_file", lambda: tmp_path / "config" / "services.toml")


def sources(rows: int = 6000, seed: int = 7) -> Table:
    """Sources all over the sky, poles and the seam of right ascension too."""
    rng = np.random.default_rng(seed)
    ra, dec = rng.random(rows) * 360, np.degrees(np.arcsin(rng.uniform(-1, 1, rows)))
    ra[:4], dec[:4] = (0.0, 359.9999, 120.0, 30.0), (0.0, 0.0, 90.0, -90.0)
    mag = rng.uniform(10, 20, rows)
    names = np.array([f"src {i}" for i in range(rows)])
    return Table(
        {"id": np.arange(rows), "name": names, "ra": ra, "dec": dec, "mag": mag},
        units={"ra": "deg", "dec": "deg"},
    )


@pytest.fixture(scope="session")
def sky_table() -> Table:
    return sources()


@pytest.fixture
def archive(sky_table: Table) -> Iterator[Archive]:
    with Archive(sky_table) as served:
        yield served


@pytest.fixture
def tap(archive: Archive) -> Service:
    return Service(
        "loop", "Loopback", "tap", archive.tap, table="cat", row_cap=100_000,
        columns={"ra": "ra", "dec": "dec", "id": "id", "name": "name", "magnitude": "mag"},
    )  # fmt: skip
