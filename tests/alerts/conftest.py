"""The sources of events on loopback, and a session that asks them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from skyexplorer import SkyExplorer
from skyexplorer.net import deadline
from tests.replicas.dataverse import Dataverse
from tests.replicas.gcn import Gcn
from tests.replicas.gracedb import GraceDb
from tests.replicas.gwosc import Gwosc
from tests.replicas.heasarc import Heasarc
from tests.replicas.serving import Replica, rows_of
from tests.replicas.zenodo import Zenodo

TRIGGERS = "/FTP/fermi/data/gbm/triggers"


@dataclass
class Sky:
    """The replicas, and an explorer whose services they are."""

    gracedb: GraceDb
    gwosc: Gwosc
    zenodo: Zenodo
    gcn: Gcn
    dataverse: Dataverse
    heasarc: Heasarc
    roc: Replica
    explorer: SkyExplorer
    real: bool

    def open(self, name: str, **how: object):
        return self.explorer.open(name, source="live", **{"deadline": 20.0, **how})

    def states(self) -> list[tuple[str, str]]:
        """Who was asked last, and what came of it."""
        return [(answer.service, answer.state) for answer in self.explorer.ledger]


class Roc(Replica):
    """IceCube's maps: files by name."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, bytes] = {}

    def answer(self, asked):
        from tests.replicas.files import given
        from tests.replicas.serving import Answer

        name = asked.path.rpartition("/")[2]
        return (
            given(self.files[name], asked) if name in self.files else Answer(b"Not Found", 404, "text/html")
        )


@pytest.fixture
def alone(tmp_path, monkeypatch):
    """A cache of its own, online, without other rows than those of the package."""
    monkeypatch.setenv("SKYEXPLORER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "*")
    for name in ("SKYEXPLORER_OFFLINE", "SKYEXPLORER_CACHE_MB"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(deadline, "_offline", None)
    return tmp_path


@pytest.fixture
def sources(alone, monkeypatch) -> Iterator[Sky]:
    """All sources; with the real maps where there are any."""
    named = os.environ.get("SKYEXPLORER_TEST_DATA")
    data = Path(named) if named and Path(named).is_dir() else None
    with ExitStack() as stack:
        made = [stack.enter_context(kind(data)) for kind in (GraceDb, Gwosc, Zenodo, Gcn, Dataverse, Heasarc)]
        gracedb, gwosc, zenodo, gcn, dataverse, heasarc = made
        roc = stack.enter_context(Roc())
        rows = rows_of({
            "gracedb": (gracedb, ""), "gwosc": (gwosc, ""), "zenodo": (zenodo, ""), "gcn-circulars": (gcn, ""),
            "gcn-archive": (gcn, ""), "dataverse-icecat": (dataverse, ""), "heasarc-gbm": (heasarc, TRIGGERS),
            "fermi-gbm": (heasarc, "/xamin/vo/tap"), "fermi-gbm-triggers": (heasarc, "/xamin/vo/tap"),
            "icecube-roc": (roc, "/public"),
        })  # fmt: skip
        rows += f'[[service]]\nid = "dcc"\ntitle = "DCC"\nprotocol = "http"\naddress = "{zenodo.address}"\n'
        path = alone / "services.toml"
        path.write_text(rows)
        monkeypatch.setenv("SKYEXPLORER_SERVICES", str(path))
        yield Sky(*made, roc, SkyExplorer(samples=False), data is not None)
