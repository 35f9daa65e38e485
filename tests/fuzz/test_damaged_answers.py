"""Damaged answers of services are errors of ours, whatever was damaged."""

from __future__ import annotations

import json
import random
from types import SimpleNamespace
from typing import Any

import pytest

from skyexplorer.errors import SkyExplorerError
from skyexplorer.services import answers, datalink, mocserver, products, regtap, resolve, xmatch
from tests.fuzz.mutate import mutated
from tests.replicas import dal
from tests.replicas.mocserver import RECORDS
from tests.replicas.serving import Asked
from tests.replicas.sesame import Sesame

ROUNDS = 150


def asked(path: str, raw: str = "", **query: str) -> Asked:
    return Asked("GET", path, query, b"", {}, raw)


def documents() -> dict[str, bytes]:
    archive = dal.Archive()
    archive.address = "http://127.0.0.1:1"
    std = "ivo://ivoa.net/std/conesearch"
    head = '<VOTABLE version="1.2"><RESOURCE type="results"><TABLE><FIELD name="angDist" datatype="float"/>'
    return {
        "sia": archive._sia1(asked("/sia1", POS="83,22", SIZE="1", INTERSECT="OVERLAPS")).content,
        "ssa": archive._ssa(asked("/ssa", REQUEST="queryData")).content,
        "links": archive._links(asked("/links", ID="ivo://loop/crab?image")).content,
        "obscore": dal.votable(dal.OBSCORE, [archive.observation("crab")] * 3).content,
        "registry": dal.votable(dal.RESOURCES, [dal.resource("Thing", [("http://a/scs?", std)])] * 3).content,
        "sesame": Sesame().answer(asked("/nph-sesame/-oxp/SNV", "M%2087")).content,
        "mocserver": json.dumps([record for record, _ in RECORDS]).encode(),
        "xmatch": (
            f'{head}<FIELD name="sx_row" datatype="int"/><DATA><TABLEDATA><TR><TD>1.5</TD><TD>3</TD></TR></TABLEDATA></DATA>'
            "</TABLE></RESOURCE></VOTABLE>"
        ).encode(),
    }


class Line:
    """Gives what it was given."""

    auth = None

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    def fetch(self, url: str, check: Any = None, **_: Any) -> Any:
        reply = reply_of(self.raw)
        check(reply)
        return reply


def reply_of(raw: bytes) -> Any:
    return SimpleNamespace(content=raw, url="http://a", cached_at="", retrieved="", status=200)


def use(name: str, raw: bytes) -> None:
    """Read it, and look at all of what it became."""
    if name in ("sia", "ssa", "obscore"):
        results = answers.parse(raw, service="a", url="http://a")
        table = answers.table(results)
        for found in (products.records(results, "a", "image"), products.records(table, "a")):
            for one in found:
                _ = one.region, one.coord, one.start, one.stop, one.band, one.linked
    elif name == "links":
        datalink.read("http://a", Line(raw), service="a")  # type: ignore[arg-type]
    elif name == "registry":
        for resource in regtap._resources(reply_of(raw)).resources:
            for one in regtap._interfaces(resource, None):
                _ = one.band, repr(one)
    elif name == "sesame":
        resolve.read(raw, "M 87", "http://a")
    elif name == "mocserver":
        for record in mocserver._records(reply_of(raw)):
            _ = mocserver.data_set(record).attribution
    else:
        xmatch.read(raw, "http://a")


@pytest.mark.parametrize("name", documents())
def test_damaged(name: str) -> None:
    every = documents()
    use(name, every[name])  # as it should be
    dice = random.Random(name)
    good = 0
    for _ in range(ROUNDS):
        raw = mutated(every[name], dice, list(every.values()))
        try:
            use(name, raw)
            good += 1
        except SkyExplorerError:
            continue
    assert good < ROUNDS


def test_columns_of_one_name() -> None:
    fields = [*dal.SIA1, ("imageTitle", dal.TEXT, 'ucd="meta.note"')]
    row: list[Any] = [1.0, 2.0, "A title", *[None] * 8, "http://a/x.fits", "image/fits", 10, "A note"]
    found = products.records(answers.parse(dal.votable(fields, [row]).content, service="a", url=""), "a")
    assert [one.title for one in found] == ["A title"]
