"""Styles as bytes: what a row looks like, what is made anew, and what a million rows cost; and the table in windows."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import pytest
from astropy.table import MaskedColumn, Table

from skyexplorer import SkyExplorer, SourceCatalog
from skyexplorer.errors import InputError
from skyexplorer.session.layers import MAPS, SHAPES, CatalogLayer
from skyexplorer.views import palettes
from skyexplorer.views.sheet import Sheet
from skyexplorer.views.styling import legend_of, style_of
from skyexplorer.views.table import WHOLE


def tell(panel, **content) -> None:
    panel._told(panel, content, [])


def made(rows: int, seed: int = 1) -> SourceCatalog:
    dice = np.random.default_rng(seed)
    return SourceCatalog(
        Table(
            {
                "id": np.arange(rows) + 2**60,
                "ra": dice.uniform(0, 360, rows),
                "dec": np.degrees(np.arcsin(dice.uniform(-1, 1, rows))),
                "gmag": dice.normal(15, 2, rows).astype("f4"),
                "flux": dice.lognormal(size=rows),
                "cls": dice.choice(np.array(["bll", "fsrq", "psr"]), rows),
                "pmra": dice.normal(size=rows),
                "pmdec": dice.normal(size=rows),
            }
        ),
        title=f"made {rows}",
    )


@pytest.fixture
def layer() -> CatalogLayer:
    table = Table(
        {
            "ra": [10.0, 20.0, 30.0, 40.0, 50.0],
            "dec": [0.0, 1.0, 2.0, 3.0, 4.0],
            "x": MaskedColumn([1.0, 10.0, 100.0, 1000.0, 5.0], mask=[0, 0, 0, 0, 1], unit="mJy"),
            "cls": ["a", "b", "a", "", "c"],
            "ok": [True, False, True, True, True],
            "pmra": [1.0, 2.0, np.nan, 4.0, 5.0],
            "pmdec": [-1.0, -2.0, -3.0, -4.0, -5.0],
        }
    )
    return CatalogLayer("five", SourceCatalog(table))


def color_at(style, row) -> list[int]:
    palette = np.frombuffer(style["palette"], np.uint8).reshape(256, 3)
    return palette[np.frombuffer(style["tint"], np.uint8)[row]].tolist()


def test_numbers_become_colors(layer):
    layer.style(color_by="x", color_log=True, color_range=(1, 1000), color_map="viridis")
    style = style_of(layer)
    steps = np.frombuffer(style["tint"], np.uint8)
    assert steps.tolist() == [1, 86, 170, 255, 0]
    assert color_at(style, 3) == palettes.colors("viridis")[-1].tolist()
    assert color_at(style, 4) == [0x8B, 0x93, 0xA1], "no value: grey"
    color = legend_of(layer)["color"]
    assert color["title"] == "x (mJy)"
    assert [(tick["text"], round(tick["at"], 3)) for tick in color["ticks"]] == [
        ("1", 0), ("10", 0.333), ("100", 0.667), ("1000", 1),
    ]  # fmt: skip
    assert color["missing"] == 1
    layer.style(color_range=(1000, 1))
    assert np.frombuffer(style_of(layer)["tint"], np.uint8).tolist() == [255, 170, 86, 1, 0], (
        "ends the other way round"
    )


def test_texts_become_categories_with_shapes_of_their_own(layer):
    layer.style(color_by="cls")
    style = style_of(layer)
    assert np.frombuffer(style["tint"], np.uint8).tolist() == [1, 2, 1, 0, 3]
    shapes = [SHAPES[k] for k in np.frombuffer(style["shape"], np.uint8)]
    assert shapes[0] == shapes[2] != shapes[1]
    items = legend_of(layer)["color"]["items"]
    assert [(item["text"], item["count"], item["shape"]) for item in items] == [
        ("a", 2, "circle"), ("b", 1, "triangle"), ("c", 1, "square"),
    ]  # fmt: skip
    assert legend_of(layer)["color"]["missing"] == 1
    layer.style(color_by="ok")
    assert [item["text"] for item in legend_of(layer)["color"]["items"]] == ["yes", "no"]


def test_many_categories_are_eight_and_all_others():
    table = Table({"ra": np.arange(30.0), "dec": np.zeros(30), "cls": [f"c{k % 12}" for k in range(30)]})
    layer = CatalogLayer("thirty", SourceCatalog(table))
    layer.style(color_by="cls")
    items = legend_of(layer)["color"]["items"]
    assert len(items) == 9
    assert sum(item["count"] for item in items) == 30
    assert items[-1]["text"] == "all others"


def test_sizes_labels_arrows_and_importance(layer):
    layer.style(size_by="x", size_log=True, label_by="x", motion=True, first_by="x")
    style = style_of(layer)
    sizes = np.frombuffer(style["size"], np.float32)
    assert (np.diff(sizes[:4]) > 0).all()
    assert sizes[4] == sizes.min()
    starts = np.frombuffer(style["label"]["starts"], np.uint32)
    texts = [style["label"]["text"][a:b].decode() for a, b in pairwise(starts)]
    assert texts == ["1", "10", "100", "1000", ""]
    arrows = np.frombuffer(style["arrow"], np.float32).reshape(2, 5)
    assert arrows[1].tolist() == [-1, -2, -3, -4, -5]
    assert np.isnan(arrows[0][2])
    assert np.frombuffer(style["rank"], np.uint32).tolist() == [3, 2, 1, 0, 4]
    assert "density" not in style
    layer.style(density=True)
    assert style_of(layer)["density"] is True
    assert list(legend_of(layer)) == ["density"]


def test_what_is_not_used_is_absent(layer):
    assert style_of(layer) == {}
    assert legend_of(layer) == {}


def test_a_change_makes_one_part_anew():
    layer = CatalogLayer("many", made(3000))
    layer.style(color_by="gmag", size_by="flux", label_by="id", first_by="gmag")
    before = style_of(layer)
    layer.style(color_map="magma")
    after = style_of(layer)
    assert after["palette"] != before["palette"]
    assert all(after[part] is before[part] for part in ("tint", "size", "label", "rank"))
    layer.style(color_range=(10, 12))
    later = style_of(layer)
    assert later["tint"] != after["tint"]
    assert all(later[part] is before[part] for part in ("size", "label", "rank"))


@pytest.mark.parametrize("name", MAPS)
def test_the_maps_go_from_one_end_to_the_other(name):
    colors = palettes.colors(name).astype(int)
    assert colors.shape == (255, 3)
    assert np.abs(np.diff(colors, axis=0)).max() < 12, "no step in it"
    assert colors[0].max() > 60, "seen on a dark sky"
    if name in ("viridis", "plasma", "magma", "cividis"):
        assert (np.diff(colors @ [0.2126, 0.7152, 0.0722]) > -1.5).all()


@pytest.mark.parametrize("ends", [(0, 1), (-3, 7), (0.001, 0.0013), (1e-14, 3e-9), (5, 4), (1e5, 1.1e5)])
@pytest.mark.parametrize("log", [False, True])
def test_ticks_are_few_round_and_within(ends, log):
    found = palettes.ticks(*ends, log)
    assert 2 <= len(found) <= 9
    assert found == sorted(found)
    low, high = sorted(ends)
    assert all(low - 1e-9 * abs(low) <= tick <= high * (1 + 1e-9) for tick in found)


@pytest.fixture(scope="module")
def million() -> tuple[SkyExplorer, str]:
    sky = SkyExplorer(samples=False)
    catalog = made(10**6)
    assert sky.widget is not None
    sky.open(catalog)
    return sky, catalog.name


def cost(call) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def test_a_million_rows_in_the_table(million):
    sky, name = million
    table, layer = sky._workbench.table, sky.layers[name]
    assert table.counted == "1,000,000"
    assert len(table.window["rows"]) < 300, "a window is sent, not the table"
    labels = [column["label"] for column in table.columns]
    assert table.window["texts"][0][0] == str(2**60), "identifiers are whole numbers"
    tell(table, type="rows", start=700_000, stop=700_040)
    window = table.window
    assert window["start"] <= 700_000 < 700_040 <= window["start"] + len(window["rows"])
    assert window["texts"][700_000 - window["start"]][0] == str(2**60 + 700_000)
    # Twice what is asked of the machine at rest: this one may be busy.
    assert cost(lambda: tell(table, type="filter", text="flux > 1 and gmag < 15")) < 0.4
    flux, gmag = layer.columns.values("flux"), layer.columns.values("gmag")
    wanted = (flux > 1) & (gmag < 15)
    assert (layer.shown == wanted).all()
    assert table.count == wanted.sum()
    assert cost(lambda: tell(table, type="sort", column=labels.index("gmag"))) < 0.6
    order = np.frombuffer(table.order, np.uint32)
    assert (np.diff(gmag[order]) >= 0).all()
    tell(table, type="sort", column=labels.index("gmag"))
    assert (np.diff(gmag[np.frombuffer(table.order, np.uint32)]) <= 0).all()
    tell(table, type="select", row=int(order[-5]))
    assert table.place == 4
    assert sky.selection.sources[0].index == order[-5]
    tell(table, type="filter", text="")
    tell(table, type="sort", column=labels.index("gmag"))
    assert table.place == order[-5]
    assert sky.session.notices.items == ()


def test_a_million_rows_are_restyled(million):
    sky, name = million
    panel = sky._workbench.layers
    assert cost(lambda: tell(panel, type="style", name=name, looks={"color_by": "gmag"})) < 0.3
    assert cost(lambda: tell(panel, type="style", name=name, looks={"color_map": "magma"})) < 0.1
    assert (
        cost(lambda: tell(panel, type="style", name=name, looks={"size_by": "flux", "size_log": True})) < 0.3
    )
    drawing = sky._workbench.sky._drawings[name]
    assert {"tint", "palette", "size", "rank"} <= set(drawing.style)
    tell(panel, type="style", name=name, looks={"color_by": "flix"})
    assert "Did you mean flux" in panel.complaints[name]
    tell(panel, type="style", name=name, looks={"plain": True})
    assert panel.complaints == {}
    assert "tint" not in drawing.style


def test_marked_rows_alone():
    sky = SkyExplorer(samples=False)
    assert sky.widget is not None
    sky.open(made(WHOLE))
    (name,) = sky.layers
    table, layer = sky._workbench.table, sky.layers[name]
    assert len(table.window["rows"]) == WHOLE, "a small table is sent whole"
    layer.marked = np.arange(WHOLE) % 100 == 3
    assert table.marked == 20
    tell(table, type="only_marked", on=True)
    assert table.window["rows"] == list(range(3, WHOLE, 100))
    layer.where = "gmag < 15"
    assert set(table.window["rows"]) == set(np.flatnonzero(layer.shown & layer.marked).tolist())
    layer.where = ""
    layer.marked = np.zeros(WHOLE, bool)
    assert (table.marked, table.only_marked, table.count) == (0, False, WHOLE)


def test_the_box_the_script_and_the_sky_agree():
    sky = SkyExplorer()
    assert sky.widget is not None
    table, legends = sky._workbench.table, sky._workbench.sky.widget
    tell(table, type="tab", name="fermi-sources")
    sky.filter("fermi-sources", 'CLASS1 == "PSR"')
    assert table.filter == 'CLASS1 == "PSR"'
    assert table.count == int(sky.layers["fermi-sources"].shown.sum())
    tell(table, type="filter", text="Signif_Avg > 1000 and")
    assert "no expression" in table.complaint
    assert sky.layers["fermi-sources"].where == 'CLASS1 == "PSR"'
    sky.layers["fermi-sources"].where = ""
    assert (table.filter, table.complaint) == ("", "")
    assert legends._legends == []
    sky.style("fermi-sources", color_by="CLASS1")
    assert legends._legends[0]["layer"] == "fermi-sources"
    assert {row["name"]: row for row in sky._workbench.layers.rows}["fermi-sources"]["style"]["legend"][
        "color"
    ]
    sky.layers["fermi-sources"].visible = False
    assert legends._legends == []


def test_texts_and_orders_of_a_sheet(layer):
    sheet = Sheet(layer)
    labels = [column.label for column in sheet.columns]
    at = labels.index("x (mJy)")
    assert [row[at] for row in sheet.texts(np.array([4, 0]))] == ["", "1"]
    everything = np.ones(5, bool)
    assert sheet.order(everything, at, False).tolist() == [0, 1, 2, 3, 4]
    assert sheet.order(everything, at, True).tolist() == [3, 2, 1, 0, 4], (
        "missing values come last either way"
    )
    at = labels.index("cls")
    assert sheet.order(everything, at, False).tolist() == [0, 2, 1, 4, 3]
    assert sheet.order(np.array([1, 1, 0, 1, 1], bool), at, True)[-1] == 3


def test_of_many_rows_those_on_show_have_labels(monkeypatch):
    monkeypatch.setattr("skyexplorer.views.styling.LABELLED", 3)
    layer = CatalogLayer("ten", SourceCatalog(made(10).table))
    layer.style(label_by="cls", first_by="flux")
    flux = layer.columns.values("flux")

    def labelled() -> list[int]:
        return np.flatnonzero(np.diff(np.frombuffer(style_of(layer)["label"]["starts"], np.uint32))).tolist()

    assert labelled() == sorted(np.argsort(-flux)[:3].tolist())
    layer.shown = flux < np.sort(flux)[4]
    assert labelled() == sorted(np.argsort(flux)[1:4].tolist())
    assert style_of(layer)["label"] is style_of(layer)["label"]


def test_a_marker_for_each_of_very_many_numbers_is_refused():
    layer = CatalogLayer("many", SourceCatalog(made(2000).table))
    with pytest.raises(InputError, match="more than 300 different numbers"):
        layer.style(shape_by="flux", color_by="gmag")
    assert layer.looks.color_by == ""
    layer.style(shape_by="flux > 1")
    layer.style(shape_by="round(gmag)")


def test_names_of_a_million_rows_are_counted_sorted_and_searched_at_once():
    catalog = made(300_000)
    table = catalog.table
    table["label"] = np.char.add("Src ", np.random.default_rng(3).permutation(len(table)).astype(str))
    layer = CatalogLayer("labels", SourceCatalog(table, name="label"))
    layer.columns.matching("'9' in label and cls == 'bll'")
    assert cost(lambda: layer.columns.matching("'77' in label and cls in ('bll', 'psr')")) < 0.3
    layer.style(color_by="label")
    assert cost(lambda: style_of(layer)) < 0.5
    (items,) = [legend_of(layer)["color"]["items"]]
    assert items[-1]["count"] == len(table) - 8
    sheet = Sheet(layer)
    shown = np.arange(len(table)) % 2 == 0
    up = sheet.order(shown, 0, False)
    assert cost(lambda: sheet.order(shown, 0, True)) < 0.1
    assert [layer.names[row] for row in up[:100]] == sorted(
        layer.names[row] for row in np.flatnonzero(shown)
    )[:100]
    assert (sheet.order(shown, 0, True) == up[::-1]).all()
