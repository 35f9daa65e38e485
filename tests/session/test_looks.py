"""The looks of a catalogue and its filter: checked, told once, and the same for scripts, table and sky."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.table import Table

from skyexplorer import SkyExplorer, SourceCatalog
from skyexplorer.errors import InputError, NotFoundError
from skyexplorer.session.layers import CatalogLayer, Looks
from skyexplorer.session.layers.looks import importance


@pytest.fixture
def layer() -> CatalogLayer:
    table = Table(
        {
            "name": ["Crab Nebula", "Vela X", "TXS 0506+056", "3C 279"],
            "ra": [83.6, 128.3, 77.4, 194.0],
            "dec": [22.0, -45.7, 5.7, -5.8],
            "Flux1000": [4.0, 3.0, 2.0, np.nan],
            "Signif_Avg": [100.0, 50.0, 30.0, 10.0],
            "CLASS1": ["PWN", "pwn", "bll", "fsrq"],
            "B-V": [0.1, 0.2, 0.3, 0.4],
            "good": [True, True, False, True],
        }
    )
    return CatalogLayer("sources", SourceCatalog(table))


def told(layer: CatalogLayer) -> list[str]:
    heard: list[str] = []
    layer.changed.connect(heard.append)
    return heard


def test_looks_are_told_once_and_the_others_stay(layer):
    heard = told(layer)
    layer.style(color_by="Signif_Avg", color_log=True, color_range=(1, 100))
    layer.style(color_by="Signif_Avg")
    layer.style(size_by="log10(Flux1000)", shape_by="CLASS1", label_by="name")
    assert heard == ["looks", "looks"]
    assert layer.looks == Looks(
        color_by="Signif_Avg", color_log=True, color_range=(1.0, 100.0),
        size_by="log10(Flux1000)", shape_by="CLASS1", label_by="name",
    )  # fmt: skip
    layer.style(color_by=None, color_range=None)
    assert (layer.looks.color_by, layer.looks.color_range) == ("", None)


@pytest.mark.parametrize(
    ("looks", "says"),
    [
        ({"colour_by": "flux"}, "color_by"),
        ({"color_by": "Signif"}, "Signif_Avg"),
        ({"color_by": "log10(Flux100)"}, "Flux1000"),
        ({"color_by": 3}, "name of a column"),
        ({"size_by": "CLASS1"}, "numbers"),
        ({"first_by": "CLASS1"}, "numbers"),
        ({"color_map": "virids"}, "viridis"),
        ({"color_map": "jet"}, "There are"),
        ({"color_range": (1, 1)}, "two different"),
        ({"color_range": (0, float("nan"))}, "two different"),
        ({"size_range": 3}, "two different"),
        ({"density": "yes"}, "True or False"),
        ({"motion": True}, "no proper motions"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(layer, looks, says):
    heard = told(layer)
    with pytest.raises(InputError, match=says):
        layer.style(size_by="Signif_Avg", **looks) if "size_by" not in looks else layer.style(**looks)
    assert heard == []
    assert layer.looks == Looks()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Signif_Avg > 20", [0, 1, 2]),
        ('Signif_Avg > 20 and CLASS1 in ("bll", "fsrq")', [2]),
        ("signif > 20", [0, 1, 2]),
        ("class1 = pwn", [0, 1]),
        ("CLASS1 == bll", [2]),
        ('"s" in CLASS1 and CLASS1 not in ("psr", "x")', [3]),
        ("CLASS1 == where(good, CLASS1, 'no') and 'w' in CLASS1", [1]),
        ("name == 'Vela X'", [1]),
        ("CLASS1 != pwn", [2, 3]),
        ("Flux1000 < 100", [0, 1, 2]),
        ("b-v >= 0.3", [2, 3]),
        ("`B-V` >= 0.3", [2, 3]),
        ("not good", [2]),
        ("good", [0, 1, 3]),
        ("RA > 100 and Dec < -10", [1]),
        ("crab", [0]),
        ("txs 0506", [2]),
        ("pwn ve", [1]),
        ("0506+056", [2]),
        ("3C 279", [3]),
        ("bll", [2]),
        ("nothing of this", []),
        ("", [0, 1, 2, 3]),
    ],
)
def test_the_filter_takes_expressions_and_words(layer, text, left):
    layer.where = text
    assert np.flatnonzero(layer.shown).tolist() == left
    assert layer.where == text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nonsense > 3", "no column 'nonsense'"),
        ("class = bll and Signif_Avg > 3", "no expression"),
        ("lass = bll", "no column 'lass' .* Did you mean CLASS1"),
        ("import = bll", "no column 'import'"),
        ("Signif_Avg > 20 and Flx1000 > 1", "Flux1000"),
        ("signif > many", "no column 'signif'|no number"),
        ("Signif_Avg > 20 and", "no expression"),
        ("CLASS1 > 3", "quotes"),
        ("log10(Flux1000)", "neither yes nor no"),
    ],
)
def test_a_filter_that_cannot_be_changes_nothing(layer, text, says):
    layer.where = "Signif_Avg > 20"
    heard = told(layer)
    with pytest.raises(InputError, match=says):
        layer.where = text
    assert (layer.where, int(layer.shown.sum()), heard) == ("Signif_Avg > 20", 3, [])


def test_the_filter_is_told_and_rows_by_hand_take_its_place(layer):
    heard = told(layer)
    layer.where = "Signif_Avg > 20"
    assert heard == ["shown", "where"]
    layer.shown = np.array([True, False, False, False])
    assert layer.where == ""
    layer.keep("inside", np.array([True, True, False, False]))
    layer.where = "Signif_Avg < 60"
    assert layer.shown.tolist() == [False, True, False, False], "a region's filter stays beside it"
    layer.where = ""
    assert layer.shown.tolist() == [True, True, False, False]


def test_the_most_important_come_first(layer):
    assert layer.first == ("Signif_Avg", True)
    layer.style(first_by="B-V", first_descending=False)
    assert layer.first == ("B-V", False)
    stars = SourceCatalog(
        Table({"ra": [1.0], "dec": [1.0], "e_Gmag": [0.1], "phot_g_mean_mag": [9.0], "flux_err": [1.0]})
    )
    assert importance(CatalogLayer("stars", stars).columns) == ("phot_g_mean_mag", False)
    layer = CatalogLayer("stars", stars)
    layer.style(first_by="phot_g_mean_mag")
    assert layer.looks.first_descending is False, "the brightest star has the smallest magnitude"
    bare = CatalogLayer("bare", SourceCatalog(Table({"ra": [1.0], "dec": [1.0], "redshift": [0.1]})))
    assert bare.first == ("", True)


def test_the_verbs_are_steps():
    sky = SkyExplorer()
    rows = sky.layers["fermi-sources"].rows
    assert 0 < sky.filter("fermi-sources", "Signif_Avg > 50") < rows
    sky.filter("fermi-sources", "Signif_Avg > 100")
    sky.style("fermi-sources", color_by="Signif_Avg", color_range=(10, 100))
    sky.style("fermi-sources", color_map="magma")
    source = sky.steps.to_source()
    assert "sky.filter('fermi-sources', 'Signif_Avg > 100')" in source
    assert "> 50" not in source, "the box is typed into: the last of a row of filters is the step"
    assert "color_by='Signif_Avg', color_range=(10, 100)" in source
    assert "sky.style('fermi-sources', color_map='magma')" in source
    again: dict[str, SkyExplorer] = {}
    exec(source, again)
    assert again["sky"].layers["fermi-sources"].looks == sky.layers["fermi-sources"].looks
    assert again["sky"].layers["fermi-sources"].where == "Signif_Avg > 100"
    with pytest.raises(NotFoundError):
        sky.style("nowhere", color_by="x")
    with pytest.raises(InputError, match="no catalogue"):
        sky.filter("GW170817", "x > 1")


def test_calls_in_a_row_that_each_say_a_part_are_steps_of_their_own():
    sky = SkyExplorer()
    sky.histogram("fermi-sources", "Energy_Flux100", bins=7)
    sky.histogram("fermi-sources", "Signif_Avg", bins=9)
    sky.histogram("fermi-sources", log_y=True)
    sky.scatter("fermi-sources", "Signif_Avg", "Energy_Flux100")
    sky.scatter("fermi-sources", log_x=True)
    sky.style("fermi-sources", color_by="Signif_Avg")
    sky.style("fermi-sources", color_range=(1, 10))
    sky.style("fermi-sources", color_by="Energy_Flux100")
    sky.style("fermi-sources", color_by="Signif_Avg")
    assert len(sky.steps) == 8
    again: dict[str, SkyExplorer] = {}
    exec(sky.steps.to_source(), again)
    other = again["sky"]
    assert other.session.plots.histogram == sky.session.plots.histogram
    assert other.session.plots.scatter == sky.session.plots.scatter
    assert other.layers["fermi-sources"].looks == sky.layers["fermi-sources"].looks
    assert sky.layers["fermi-sources"].looks.color_range is None
