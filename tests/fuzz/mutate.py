"""Damage done to real files: cut, flipped, spliced bytes; absurd numbers; keys of JSON lost, doubled, of another type."""

from __future__ import annotations

import copy
import gzip
import json
import random
import re
from collections.abc import Callable

ABSURD = [
    b"0",
    b"-1",
    b"1e999",
    b"nan",
    b"inf",
    b"99999999999999999999",
    b"2147483648",
    b"-0",
    b"",
    b"1e-320",
    b"'",
]
WRONG: list[object] = [
    None,
    True,
    -1,
    0,
    1e308,
    10**30,
    "",
    "nan",
    "-",
    "\0",
    "é" * 5,
    [],
    {},
    [[]],
    [1, "a", None],
]
_NUMBER = re.compile(rb"[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?")


def mutated(raw: bytes, dice: random.Random, others: list[bytes]) -> bytes:
    """A damaged copy of ``raw``; gzipped bytes are damaged inside as often as outside."""
    if raw[:2] == b"\x1f\x8b" and dice.random() < 0.7:
        return gzip.compress(mutated(gzip.decompress(raw), dice, others), 1)
    if raw.lstrip()[:1] in (b"{", b"[") and dice.random() < 0.6:
        return _json(raw, dice)
    out = raw
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        out = dice.choice(BYTES)(out, dice, others) or b"\0"
    return out


def _cut(raw: bytes, dice: random.Random, others: list[bytes]) -> bytes:
    return raw[: dice.randrange(len(raw) + 1)]


def _cut_to_block(raw: bytes, dice: random.Random, others: list[bytes]) -> bytes:
    return raw[: 2880 * dice.randrange(len(raw) // 2880 + 1)] or raw[:100]


def _flip(raw: bytes, dice: random.Random, others: list[bytes]) -> bytes:
    out = bytearray(raw)
    # Headers are where a parser decides; half of the flips fall there.
    reach = len(out) if dice.random() < 0.5 else min(len(out), 6000)
    for _ in range(dice.choice((1, 3, 20, 200)) if out else 0):
        out[dice.randrange(reach)] ^= 1 << dice.randrange(8)
    return bytes(out)


def _span(raw: bytes, dice: random.Random) -> tuple[int, int]:
    a = dice.randrange(len(raw) + 1)
    return a, min(len(raw), a + dice.choice((1, 8, 80, 400, 5000)))


def _drop(raw: bytes, dice: random.Random, others: list[bytes]) -> bytes:
    a, b = _span(raw, dice)
    return raw[:a] + raw[b:]


def _double(raw: bytes, dice: random.Random, others: list[bytes]) -> bytes:
    a, b = _span(raw, dice)
    return raw[:b] + raw[a:b] * dice.choice((1, 2, 50)) + raw[b:]


def _blank(raw: bytes, dice: random.Random, others: list[bytes]) -> bytes:
    a, b = _span(raw, dice)
    return raw[:a] + dice.choice((b"\0", b"\xff", b" ", b"<", b'"')) * (b - a) + raw[b:]


def _splice(raw: bytes, dice: random.Random, others: list[bytes]) -> bytes:
    other = dice.choice(others)
    a, b = _span(raw, dice)
    c, d = _span(other, dice)
    return raw[:a] + other[c:d] + raw[b:]


def _number(raw: bytes, dice: random.Random, others: list[bytes]) -> bytes:
    found = list(_NUMBER.finditer(raw[:20_000]))
    if not found:
        return _flip(raw, dice, others)
    at = dice.choice(found)
    new = dice.choice(ABSURD)
    if raw[:6] == b"SIMPLE":  # a header card keeps its width
        new = new[: len(at.group())].rjust(len(at.group())) if dice.random() < 0.5 else b"9" * len(at.group())
    return raw[: at.start()] + new + raw[at.end() :]


BYTES: tuple[Callable[[bytes, random.Random, list[bytes]], bytes], ...] = (
    _cut, _cut_to_block, _flip, _flip, _drop, _double, _blank, _splice, _number, _number,
)  # fmt: skip


def _json(raw: bytes, dice: random.Random) -> bytes:
    tree = json.loads(raw)
    for _ in range(dice.choice((1, 1, 2, 5))):
        holder = tree
        while isinstance(holder, (dict, list)) and holder:
            key = dice.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
            inner = holder[key]
            if isinstance(inner, (dict, list)) and inner and dice.random() < 0.8:
                holder = inner
                continue
            act = dice.randrange(4)
            if act == 0:
                del holder[key]
            elif act == 1:
                deep: object = "x"
                for _ in range(dice.choice((3, 400))):
                    deep = [deep]
                holder[key] = deep
            else:
                holder[key] = copy.deepcopy(dice.choice(WRONG))
            break
    text = json.dumps(tree)
    if dice.random() < 0.1:
        text = text.replace("null", "NaN").replace("1.0", "1e400")
    return text.encode()
