"""A map in the layer panel: its region becomes the selected one, and it ranks the sources of a catalogue."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer import SkyExplorer, SkyRegion
from skyexplorer.views.layers import LayersPanel
from skyexplorer.views.table import TablePanel

GALAXIES = "gw170817-galaxies"


@pytest.fixture
def sky() -> SkyExplorer:
    explorer = SkyExplorer(samples=False)
    explorer.open(GALAXIES)
    explorer.open("GW170817")
    return explorer


def _row(panel: LayersPanel, name: str) -> dict:
    return next(row for row in panel.rows if row["name"] == name)


def test_the_region_of_a_map_is_the_selected_one(sky: SkyExplorer) -> None:
    panel = LayersPanel(sky.session, sky)
    assert _row(panel, "GW170817")["acts"] == ["region", "rank"]
    assert "acts" not in _row(panel, GALAXIES)
    panel.on_level("GW170817", 0.5)
    panel.on_region("GW170817")
    skymap = sky.layers["GW170817"].skymap
    region = sky.selection.region
    # The region holds the whole of the cell where the sum crosses 0.5, the area a part of it.
    assert region.area.to_value(u.deg**2) == pytest.approx(8.42, abs=0.005)
    assert sky.session.archives.within == "region"
    coords = sky.layers[GALAXIES].coords
    assert sky.select_inside() == int((skymap.credible_level(coords) <= 0.5).sum()) == 1, "NGC 4993"
    assert "sky.select_region(" in sky.steps.to_source()
    assert "credible_region(0.5)" in sky.steps.to_source()


def test_regions_are_selected_together(sky: SkyExplorer) -> None:
    crab, vela = (
        SkyRegion.circle(SkyCoord(*at, unit="deg"), 2 * u.deg) for at in ((83.6, 22), (128.8, -45.2))
    )
    sky.open(crab | vela, name="two")
    panel = LayersPanel(sky.session, sky)
    assert _row(panel, "two")["acts"] == ["region"]
    panel.on_region("two")
    assert sky.selection.region.contains(SkyCoord([83, 128, 200], [22, -45, 0], unit="deg")).tolist() == [
        True,
        True,
        False,
    ]


def test_a_map_ranks_a_catalogue(sky: SkyExplorer) -> None:
    panel, table = LayersPanel(sky.session, sky), TablePanel(sky.session, sky)
    assert panel.catalogues == [GALAXIES]
    panel.on_rank("GW170817", GALAXIES)
    name = f"{GALAXIES} by GW170817"
    assert panel.catalogues == [name, GALAXIES]
    assert not sky.layers[GALAXIES].visible
    density = sky.layers[name].catalog.table["probability_density"]
    assert len(density) == sky.layers[GALAXIES].rows
    assert (np.diff(density) <= 0).all()
    assert sky.selection.sources[0].name == sky.layers[name].names[0]
    assert table.active == name
    assert [column["label"] for column in table.columns][3] == "probability_density (1 / sr)"
    assert table.window["texts"][0][4] == f"{sky.layers[name].catalog.table['credible_level'][0]:.4g}"


def test_what_was_ranked_by_clicks_is_a_script(sky: SkyExplorer) -> None:
    LayersPanel(sky.session, sky).on_rank("GW170817", GALAXIES)
    names: dict = {}
    exec(sky.steps.to_source(), names)
    again = names["sky"]
    assert list(again.layers) == list(sky.layers)
    assert again.selection.sources[0].name == sky.selection.sources[0].name
