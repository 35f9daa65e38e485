"""Small stand-ins for the nouns: the session needs of them no more than this."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table
from astropy.time import Time


@dataclass(frozen=True, eq=False)
class FakeEvent:
    name: str = "E1"
    time: Time | None = None
    messenger: str = "neutrino"
    localization: Any = None
    position: SkyCoord | None = None
    origin: Any = None
    energy: u.Quantity | None = None
    signalness: float | None = None
    far: u.Quantity | None = None


@dataclass(frozen=True)
class FakeSource:
    catalog: Any
    index: int

    @property
    def name(self) -> str:
        return self.catalog.names[self.index]


class FakeCatalog:
    kind, band, origin = "table", "gamma", None
    telling_columns: tuple[str, ...] = ()

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.table = Table()
        self.coords = SkyCoord(np.arange(len(names)) * u.deg, np.zeros(len(names)) * u.deg)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, row: int) -> FakeSource:
        return FakeSource(self, row)


class FakeMap:
    uniq = np.arange(4, 16)
    mode = SkyCoord(10 * u.deg, 20 * u.deg)
    origin = None


@dataclass
class FakeCurve:
    name: str = "curve"
    upper_limit: np.ndarray = field(default_factory=lambda: np.zeros(1, bool))
