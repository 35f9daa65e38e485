"""The layout: panels in places, sizes within bounds, told once, and refusals that change nothing."""

from __future__ import annotations

import pytest

from skyexplorer.errors import InputError
from skyexplorer.session.layout import PANELS, PLACES, SIZES, Layout


@pytest.fixture
def told() -> tuple[Layout, list[tuple[str, str]]]:
    layout, heard = Layout(), []
    layout.changed.connect(lambda field, by: heard.append((field, by)))
    return layout, heard


def test_panels_change_places_and_each_stays_in_one(told):
    layout, heard = told
    layout.swap("sky", "table", by="me")
    layout.swap("layers", "sky")
    assert sorted(layout.places.values()) == sorted(PANELS)
    assert layout.places == {"main": "table", "beside": "sky", "left": "curve", "right": "layers"}
    layout.swap("sky", "sky")
    assert heard == [("places", "me"), ("places", "")]


def test_a_hidden_panel_keeps_its_place_and_the_last_one_stays(told):
    layout, heard = told
    for panel in ("layers", "curve", "table", "time"):
        layout.show(panel, False)
    layout.show("table", False)
    assert layout.shown == ("sky",)
    with pytest.raises(InputError, match="No panel would be left"):
        layout.show("sky", False)
    assert layout.shown == ("sky",)
    layout.show("layers")
    assert layout.shown == ("sky", "layers")
    assert layout.places == dict(zip(PLACES, PANELS, strict=True))
    assert len(heard) == 5


def test_arranged_by_names(told):
    layout, _ = told
    layout.arrange("sky + table")
    assert layout.shown == ("sky", "table")
    layout.arrange("all")
    assert layout.shown == ("sky", "layers", "curve", "table", "time")
    for wrong in ("sky+tabel", "", "time", 3):
        with pytest.raises(InputError):
            layout.arrange(wrong)
    with pytest.raises(InputError, match="Did you mean 'table'"):
        Layout(preset="sky+tabel")
    assert len(layout.shown) == 5


def test_sizes_are_kept_within_bounds(told):
    layout, heard = told
    layout.resize(main=0.99, left=0.01)
    assert (layout.sizes["main"], layout.sizes["left"]) == (0.85, 0.15)
    assert heard == [("sizes", "")]
    for wrong in ({"mian": 0.5}, {"main": 2}, {"main": "x"}, {"height": 100}, {"height": True}):
        with pytest.raises(InputError):
            layout.resize(**wrong)
    assert layout.height == 800
    layout.height = 500
    layout.swap("sky", "curve")
    layout.arrange("sky")
    layout.reset()
    assert (layout.height, layout.sizes, layout.places["main"], len(layout.shown)) == (800, SIZES, "sky", 5)
