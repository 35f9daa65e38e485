"""Each field of each answer missing, null, or of another kind: an event, or one of our errors, and never anything else."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from typing import Any

import pytest

from skyexplorer.alerts import circulars, gracedb, gwosc, icecube, releases, route
from skyexplorer.alerts.asking import Asker, Unknown
from skyexplorer.errors import SkyExplorerError
from skyexplorer.model.event import Event
from skyexplorer.model.listing import EventFilter
from skyexplorer.services import registry
from tests.replicas.dataverse import SMALL
from tests.replicas.gwosc import ROWS

GONE = object()
ALWAYS, IN_TURN = (GONE, None), (True, 1e300, "x" * 50, [None], {"a": None}, -1, "")


def paths(document: Any, depth: int = 0) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a document; of lists, in their first entry."""
    if isinstance(document, dict) and depth < 6:
        for key, value in document.items():
            yield (key,)
            yield from ((key, *rest) for rest in paths(value, depth + 1))
    elif isinstance(document, list) and document and depth < 6:
        yield (0,)
        yield from ((0, *rest) for rest in paths(document[0], depth + 1))


def changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    out = copy.deepcopy(document)
    at = out
    for key in path[:-1]:
        at = at[key]
    if value is GONE:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return out


class Damage:
    """Replaces one part of one document of a replica."""

    def __init__(self, replica: Any, end: str) -> None:
        self.right, self.end = replica.answer, end
        self.seen: Any = None
        self.path: tuple[Any, ...] = ()
        self.value: Any = None
        replica.answer = self

    def __call__(self, asked: Any) -> Any:
        answer = self.right(asked)
        if asked.path.endswith(self.end) and answer.status == 200:
            document = json.loads(bytes(answer.content))
            self.seen = self.seen or document
            if self.path:
                answer.content = json.dumps(changed(document, self.path, self.value)).encode()
        return answer


CASES = [
    ("gracedb", "/superevents/S230518h/", lambda asker: gracedb.event(asker, "S230518h")),
    ("gracedb", "/superevents/S190822c/files/", lambda asker: gracedb.event(asker, "S190822c")),
    ("gracedb", "/superevents/S190822c/voevents/", lambda asker: gracedb.event(asker, "S190822c")),
    ("gracedb", "/superevents/", lambda asker: gracedb.listed(asker, EventFilter(until="2019-09-01"))),
    ("gwosc", "/events/GW230529_181500", lambda asker: gwosc.event(asker, "GW230529_181500")),
    ("gwosc", "/event-versions/GW230529_181500-v1", lambda asker: gwosc.event(asker, "GW230529_181500")),
    ("gwosc", "/event-versions/GW230529_181500-v1/parameters", lambda asker: gwosc.event(asker, "GW230529_181500")),
    ("gwosc", "/event-versions", lambda asker: gwosc.listed(asker, EventFilter(until="2017-09-01"))),
    ("zenodo", "/versions/latest", lambda asker: releases.located(asker, "GWTC-3", ["GW190101"])),
    ("dataverse", "/:persistentId/", lambda asker: icecube.listed(asker, EventFilter())),
    ("gcn", "/36000.json", lambda asker: circulars.one(asker, "36000")),
]  # fmt: skip


@pytest.mark.parametrize(("who", "end", "ask"), CASES, ids=[f"{who}{end}" for who, end, _ in CASES])
def test_a_field_that_is_not_as_documented(sources, who, end, ask):
    replica = getattr(sources, who)
    if who == "gracedb":  # a few, not 250
        replica.events = {
            name: event for name, event in replica.events.items() if not name.startswith("S2401")
        }
    sources.gwosc.rows, sources.dataverse.csv = list(ROWS), SMALL
    damage = Damage(replica, end)
    places = registry.services()
    with pytest.raises(Unknown) if who == "zenodo" else nullcontext():  # that record has no such map
        ask(Asker(places, 20, refresh=True))
    assert damage.seen is not None
    tried = 0
    for k, path in enumerate(paths(damage.seen)):
        for value in (*ALWAYS, IN_TURN[k % len(IN_TURN)], IN_TURN[(k + 3) % len(IN_TURN)]):
            damage.path, damage.value = path, value
            try:
                found = ask(Asker(places, 20, refresh=True))
            except SkyExplorerError:
                found = None
            assert found is None or isinstance(found, Event | list)
            tried += 1
    assert tried >= 4


def test_answers_of_another_document(sources):
    """Every source gets the answer of every other."""
    from tests.replicas.serving import Answer

    bodies = [b"", b"0", b"[[]]", b'{"results": [1, {}]}', b'{"superevents": {}}', b"\xff\xfe"]
    bodies += [b"<feed/>", b"<table><tr><td>1"]
    replicas = [
        sources.gracedb,
        sources.gwosc,
        sources.gcn,
        sources.dataverse,
        sources.heasarc,
        sources.zenodo,
    ]
    places = registry.services()
    for body in bodies:
        for replica in replicas:
            replica.broken = Answer(body)
        for name in ("S190814bv", "GW190814", "IC170922A", "bn180116026", "GRB 180116A", "33603"):
            with pytest.raises(SkyExplorerError):
                route.find(Asker(places, 20), name)
        for _, lister in route.LISTERS.values():
            with suppress(SkyExplorerError):
                assert isinstance(lister(Asker(places, 20), EventFilter()), list)
