"""Damaged alerts: 500 mutations of each kind give events or an error of ours; what is read can be drawn and joined.

The XML is damaged as text and as a tree (elements lost, doubled, moved; values of another type), since a parser refuses
most of what is damaged as text. ``make test`` tries a part of them (``SKYEXPLORER_MUTATIONS`` / 10 of each kind).
"""

from __future__ import annotations

import copy
import json
import os
import random
import warnings
from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from skyexplorer import Event
from skyexplorer.errors import SkyExplorerError
from skyexplorer.model.revisions import histories
from skyexplorer.session.layers import EventLayer
from tests.fuzz.mutate import BYTES

MUTATIONS = max(1, int(os.environ.get("SKYEXPLORER_MUTATIONS", "500")) // 10)
KINDS = {
    "voevent": "alerts/voevent/*.xml",
    "notice": "alerts/gcn-schema/**/*.json",
    "igwn": "alerts/igwn*.json",
    "einstein probe": "alerts/EP*.json",
    "gwosc": "gw/gwosc_events.json",
    "icecube history": "neutrino/nucat_icecube_notices.json",
    "icecube table": "neutrino/IceCube_*.csv",
}
ABSURD = ["", "nan", "inf", "-inf", "1e999", "-1", "91", "9" * 5000, "0", "true", "\u0660\u0661", "2150-01-01T00:00:00",
          "0001-01-01", "1066-10-14T09:00:00Z", "2016-12-31T23:59:60", "x" * 100_000, "ivo://", "#", "1_0", "TCB-GAL-GEO",
          "rad", "UTC-FK4-GEO", "yr^-1"]  # fmt: skip


def damaged_tree(raw: bytes, dice: random.Random) -> bytes:
    """XML in which elements are lost, doubled, moved or say something else."""
    tree = ElementTree.fromstring(raw)
    for _ in range(dice.choice((1, 1, 2, 5, 20))):
        elements = list(tree.iter())
        parents = {child: parent for parent in elements for child in parent}
        at = dice.choice(elements)
        act = dice.randrange(5)
        if act == 0 and at in parents:
            parents[at].remove(at)
        elif act == 1 and at in parents:
            parents[at].append(copy.deepcopy(at))
        elif act == 2 and at.attrib:
            at.attrib[dice.choice(list(at.attrib))] = dice.choice(ABSURD)
        elif act == 3:
            at.text = dice.choice(ABSURD)
        else:
            at.append(copy.deepcopy(dice.choice([e for e in elements if len(list(e.iter())) < 40])))
    return ElementTree.tostring(tree)


def damaged_values(raw: bytes, dice: random.Random) -> bytes:
    """JSON in which keys are lost, and values are of another type, absurd, or nested deep."""
    document = json.loads(raw)
    for _ in range(dice.choice((1, 1, 2, 5, 20))):
        places = [
            (holder, key)
            for holder in _holders(document)
            for key in (list(holder) if isinstance(holder, dict) else range(min(len(holder), 50)))
        ]
        if not places:
            break
        holder, key = dice.choice(places)
        act = dice.randrange(4)
        if act == 0:
            del holder[key]
        elif act == 1:
            holder[key] = dice.choice(ABSURD)
        elif act == 2:
            deep: object = dice.choice((None, 1, "x"))
            for _ in range(dice.choice((1, 2, 400))):
                deep = [deep] if dice.random() < 0.5 else {"id": deep}
            holder[key] = deep
        else:
            holder[key] = dice.choice(
                (None, True, False, -1, 0, 1e308, 10**30, 91.5, [], {}, [None, 1, "a"], [[1, 2]])
            )
        document = json.loads(json.dumps(document))  # no list may stand in two places
    return json.dumps(document).encode()


def _holders(value: object) -> list:
    """All objects and lists inside, to a depth of some levels."""
    found, level = [], [value]
    for _ in range(8):
        level = [inner for inner in level if isinstance(inner, (dict, list))][:200]
        found += level
        level = [
            inner
            for holder in level
            for inner in (holder.values() if isinstance(holder, dict) else holder[:50])
        ]
    return found


def doubled_keys(raw: bytes, dice: random.Random) -> bytes:
    """JSON in which a key stands twice, with another value, and numbers that JSON does not know."""
    text = raw.decode()
    document = json.loads(text)
    if not isinstance(document, dict) or not document:
        return text.replace(": ", ": NaN, ", 1).encode()
    key = dice.choice(list(document))
    wrong = dice.choice(
        [json.dumps(dice.choice(ABSURD)), "null", "{}", "NaN", "-Infinity", "1e400", "9" * 6000, "[" * 3000]
    )
    start, end = text.index("{"), text.rindex("}")
    if dice.random() < 0.5:
        return f"{text[: start + 1]}{json.dumps(key)}: {wrong},{text[start + 1 :]}".encode()
    return f"{text[:end]}, {json.dumps(key)}: {wrong}}}".encode()


def damaged(raw: bytes, dice: random.Random, others: list[bytes]) -> bytes:
    start = raw.lstrip()[:1]
    own: list[Callable[[bytes, random.Random], bytes]] = []
    if start == b"<":
        own = [damaged_tree]
    elif start in (b"{", b"["):
        own = [damaged_values, damaged_values, doubled_keys]
    if own and dice.random() < 0.7:
        return dice.choice(own)(raw, dice)
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        raw = dice.choice(BYTES)(raw, dice, others) or b"\0"
    return raw


@pytest.mark.parametrize("kind", KINDS)
def test_events_or_our_error(data_dir, kind):
    raws = [path.read_bytes() for path in sorted(data_dir.glob(KINDS[kind]))]
    assert raws
    answers = errors = 0
    wrong = []
    for k in range(MUTATIONS):
        raw = damaged(raws[k % len(raws)], random.Random(f"{kind} {k}"), raws)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                events = Event.read_table(raw)
                assert all(event.name and repr(event) for event in events)
                if events:
                    layer = EventLayer("damaged", events)
                    assert len(layer.coords) == len(layer.times) == len(layer.reach) == len(layer.names)
                for history in histories(events):
                    assert history.latest in history.notices
                    assert len(history.changes) == len(history) - 1
            answers += 1
        except SkyExplorerError as error:
            errors += 1
            if not error.message.strip():
                wrong.append(f"{kind} {k}: an error without words")
        except Exception as error:
            wrong.append(f"{kind} {k}: {type(error).__name__}: {str(error)[:200]}")
    print(f"{kind}: {MUTATIONS} mutations, {answers} answers, {errors} errors of ours, {len(wrong)} others")
    assert not wrong, "\n".join(wrong[:20])
    assert answers
