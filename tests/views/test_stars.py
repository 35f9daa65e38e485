"""A large catalogue on its way to the sky: bytes, made at once; after that only what has changed."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import pytest
from astropy.table import MaskedColumn, Table

from skyexplorer.model.catalog import SourceCatalog
from skyexplorer.session.layers import CatalogLayer
from skyexplorer.views import drawing, packed
from skyexplorer.views.styling import LARGE

ROWS = 300_000


def unpacked(text: dict[str, bytes]) -> list[str]:
    starts = np.frombuffer(text["starts"], np.uint32)
    return [text["names"][a:b].decode() for a, b in pairwise(starts)]


@pytest.fixture(scope="module")
def layer() -> CatalogLayer:
    rng = np.random.default_rng(5)
    table = Table(
        {
            "name": np.char.add("S ", np.arange(ROWS).astype("U7")),
            "ra": rng.uniform(0, 360, ROWS),
            "dec": rng.uniform(-90, 90, ROWS),
            "mag": rng.normal(15, 2, ROWS),
        }
    )
    return CatalogLayer("many", SourceCatalog(table))


def test_names_travel_as_utf8() -> None:
    for names in (["M 31", "", "NGC 1"], ["η Car", "", "β Pic", "x\udc80"], []):
        back = unpacked(packed.texts(names))
        assert back == [name.encode("utf-8", "replace").decode() for name in names]
    assert packed.bits(np.arange(10) % 3 == 0) == bytes([0b01001001, 0b10])


def test_many_rows_are_packed_at_once(layer: CatalogLayer) -> None:
    start = time.process_time()
    made = drawing.draw(layer)
    took = time.process_time() - start
    assert np.array_equal(np.frombuffer(made.ra), layer.coords.ra.deg)
    assert np.array_equal(np.frombuffer(made.dec), layer.coords.dec.deg)
    assert unpacked(made.text)[123_456] == "S 123456"
    assert (made.details, made.marked, len(made.shown)) == ([], b"", (ROWS + 7) // 8)
    order = np.frombuffer(made.style["rank"], np.uint32)
    assert np.all(np.diff(layer.catalog.table["mag"][order]) >= 0), "the brightest first"
    assert took < 0.5, "a loop over rows would take longer"
    made.close()


def test_filter_marks_and_looks_send_nothing_else(layer: CatalogLayer) -> None:
    made = drawing.draw(layer)
    told: list[str] = []
    made.observe(lambda change: told.append(change["name"]))
    rows = np.arange(ROWS) % 7 == 0
    layer.shown = rows
    drawing.reshow(made, layer)
    assert told == ["shown"]
    sent = np.unpackbits(np.frombuffer(made.shown, np.uint8), count=ROWS, bitorder="little").astype(bool)
    assert np.array_equal(sent, rows)
    layer.marked = np.arange(ROWS) < 3
    drawing.remark(made, layer)
    assert (told.pop(), made.marked[:2]) == ("marked", b"\x07\x00")
    layer.marked = np.zeros(ROWS, bool)
    drawing.remark(made, layer)
    assert made.marked == b""
    told.clear()
    layer.style(color_by="mag")
    drawing.restyle(made, layer)
    assert told == ["style"]
    assert len(made.style["tint"]) == ROWS
    made.close()


def test_outlines_of_few_and_of_many() -> None:
    def catalog(rows: int) -> CatalogLayer:
        table = Table({"ra": np.linspace(0, 350, rows), "dec": np.zeros(rows), "err": np.full(rows, 0.1)})
        return CatalogLayer("x", SourceCatalog(table, error="err"))

    few, many = catalog(20), catalog(LARGE + 1)
    drawn, drawn_many = drawing.draw(few), drawing.draw(many)
    assert (len(drawn.strokes), "ellipse" in drawn.style) == (1, False)
    assert (drawn_many.strokes, len(drawn_many.style["ellipse"])) == ([], 3 * 4 * (LARGE + 1))
    few.style(errors=False)
    drawing.restyle(drawn, few)
    assert drawn.strokes == []
    few.style(errors=True)
    drawing.restyle(drawn, few)
    assert len(drawn.strokes) == 1
    drawn.close()
    drawn_many.close()


def test_names_of_all_kinds_of_columns() -> None:
    ra = np.arange(4.0)
    kinds = {
        "texts": (["a ", "--", "nan", "b"], ["a", "t 2", "t 3", "b"]),
        "bytes": (np.array([b"a", "η ".encode(), b"", b"b"]), ["a", "η", "t 3", "b"]),
        "masked": (MaskedColumn(["a", "x", "c", "d"], mask=[0, 1, 0, 0]), ["a", "t 2", "c", "d"]),
        "numbers": ([7, 8, 9, 10], ["7", "8", "9", "10"]),
        "fermi": (["3FGLJ0001.2", "3FGL J0001.3", "x\n3FGLJ1", "y"], None),
    }
    for values, names in kinds.values():
        table = Table({"ra": ra, "dec": ra, "id": values})
        got = SourceCatalog(table, name="id", title="t").names
        if names is None:
            assert got[:3] == ["3FGL J0001.2", "3FGL J0001.3", "x\n3FGLJ1"]
        else:
            assert got == names
    assert SourceCatalog(Table({"ra": ra, "dec": ra}), title="t").names == ["t 1", "t 2", "t 3", "t 4"]
