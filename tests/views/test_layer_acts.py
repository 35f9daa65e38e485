"""A map in the layer panel: its region becomes the selected one, and it ranks the sources of a catalogue."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer import SkyExplorer, SkyMap, SkyRegion
from skyexplorer.core import healpix
from skyexplorer.model.likelihood import LikelihoodMap
from skyexplorer.views.layers import LayersPanel
from skyexplorer.views.table import TablePanel

GALAXIES = "gw170817-galaxies"
RANKED = f"{GALAXIES} by GW170817"


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


def test_of_a_likelihood_scan_the_larger_region_is_taken(sky: SkyExplorer) -> None:
    cells = np.arange(12 * 4**4)
    away = SkyCoord(*healpix.centers(4, cells), unit="deg").separation(SkyCoord(83.6, 22, unit="deg")).deg
    sky.open(LikelihoodMap(healpix.join_uniq(4, cells), 0.5 * (away / 5) ** 2), name="scan")
    panel = LayersPanel(sky.session, sky)
    assert _row(panel, "scan")["acts"] == ["region"]
    panel.on_region("scan")
    small, large = sky.layers["scan"].regions
    assert sky.selection.region is large
    assert large.area > small.area
    assert "sky.layers['scan'].regions[1]" in sky.steps.source_of(large)


def test_a_region_out_of_view_is_looked_at(sky: SkyExplorer) -> None:
    sky.open(SkyRegion.circle(SkyCoord(83.6, 22, unit="deg"), 2 * u.deg), name="crab")
    sky.goto("200 -40", fov=5)
    panel = LayersPanel(sky.session, sky)
    panel.on_region("crab")
    assert sky.viewport.target.separation(SkyCoord(83.6, 22, unit="deg")).deg < 0.01
    assert sky.session.notices.items[-1].text.startswith("The region of crab, 13 deg²")
    sky.viewport.move(fov=30)
    panel.on_region("crab")
    assert sky.viewport.fov == 30, "it is in view"


def test_a_map_ranks_a_catalogue(sky: SkyExplorer) -> None:
    panel, table = LayersPanel(sky.session, sky), TablePanel(sky.session, sky)
    assert panel.catalogues == [GALAXIES]
    panel.on_rank("GW170817", GALAXIES)
    assert panel.catalogues == [GALAXIES], "what is ranked is not ranked again"
    assert not sky.layers[GALAXIES].visible
    density = sky.layers[RANKED].catalog.table["probability_density"]
    assert len(density) == sky.layers[GALAXIES].rows
    assert (np.diff(density) <= 0).all()
    assert sky.selection.sources[0].name == sky.layers[RANKED].names[0]
    assert table.active == RANKED
    assert [column["label"] for column in table.columns][3] == "probability_density (1 / sr)"
    assert table.window["texts"][0][4] == f"{sky.layers[RANKED].catalog.table['credible_level'][0]:.4g}"


def test_it_looks_as_the_catalogue_did(sky: SkyExplorer) -> None:
    sky.style(GALAXIES, color_by="bestdist", size_by="logmass")
    sky.filter(GALAXIES, "bestdist > 41")
    sky.layers[GALAXIES].color = "#00FF88"
    LayersPanel(sky.session, sky).on_rank("GW170817", GALAXIES)
    layer = sky.layers[RANKED]
    assert (layer.looks.color_by, layer.looks.size_by, layer.where, layer.color) == (
        "bestdist", "logmass", "bestdist > 41", "#00FF88",
    )  # fmt: skip
    assert int(layer.shown.sum()) == int(sky.layers[GALAXIES].shown.sum()) > 1
    assert not layer.shown[0], "NGC 4993 is nearer"
    assert sky.selection.sources[0].name == layer.names[int(np.flatnonzero(layer.shown)[0])]


def test_asked_again_it_is_shown_again(sky: SkyExplorer) -> None:
    panel = LayersPanel(sky.session, sky)
    panel.on_rank("GW170817", GALAXIES)
    sky.layers[RANKED].visible, sky.layers[GALAXIES].visible = False, True
    sky.select(())
    panel.on_rank("GW170817", GALAXIES)
    assert sky.layers[RANKED].visible
    assert not sky.layers[GALAXIES].visible
    assert sky.selection.sources[0].name == "NGC 4993"
    assert len(sky.layers) == 3
    sky.layers.remove(RANKED)
    panel.on_rank("GW170817", GALAXIES)
    assert len(sky.layers) == 3, "it was gone, and is made anew"


def test_none_in_the_map_is_told(sky: SkyExplorer) -> None:
    skymap = SkyMap(np.array([4 * 4**2]), np.array([1 / (4 * np.pi / 192)]), name="a corner")
    sky.open(skymap, name="corner")
    panel = LayersPanel(sky.session, sky)
    panel.on_rank("corner", GALAXIES)
    assert sky.session.notices.items[-1].text == f"No source of {GALAXIES} lies in the map corner."
    assert sky.layers[GALAXIES].visible
    assert len(sky.layers) == 3
    assert not sky.selection.sources


def test_what_was_ranked_by_clicks_is_a_script(sky: SkyExplorer) -> None:
    sky.filter(GALAXIES, "bestdist > 30")
    LayersPanel(sky.session, sky).on_rank("GW170817", GALAXIES)
    names: dict = {}
    exec(sky.steps.to_source(), names)
    again = names["sky"]
    assert list(again.layers) == list(sky.layers)
    assert again.layers[RANKED].where == "bestdist > 30"
    assert again.selection.sources[0].name == sky.selection.sources[0].name
