"""An event list on the sky, in the layer panel and in the table."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from skyexplorer.model.eventlist import EventList
from skyexplorer.session.layers import EventListLayer
from skyexplorer.session.session import Session
from skyexplorer.views.drawing import draw, reshow, restyle
from skyexplorer.views.layers import LayersPanel
from skyexplorer.views.table import TablePanel

PKS = "vhe/hess-dl3-dr1/data/hess_dl3_dr1_obs_id_033791.fits.gz"
LAT = "gamma/fermi-3fhl-gc-events.fits.gz"


@pytest.fixture(scope="module")
def layer(data_dir):
    return EventListLayer("PKS", EventList.read(data_dir / PKS))


def test_the_image_is_brightest_at_the_source(layer):
    tiles = layer.counts.tiles()
    assert tiles.max_order == 2
    level = {}
    for (order, npix), data in tiles.tiles.items():
        image = Image.open(io.BytesIO(data))
        assert image.size == (512, 512)
        shades = np.asarray(image)
        if order == 2:
            level[npix] = shades.max()
    from skyexplorer.core import healpix

    source = int(healpix.nested(329.7169, -30.2256, 2))
    assert max(level, key=level.get) == source
    assert level[source] == 127


def test_the_tiles_show_every_photon(layer):
    """With cells as fine as the pixels, as many pixels are painted as there are cells."""
    counts = layer.events.count_map(10)
    painted = sum(
        int((np.asarray(Image.open(io.BytesIO(data))) > 0).sum())
        for (order, _), data in counts.tiles().tiles.items()
        if order == 1
    )
    assert painted == len(counts)


def test_a_drawing_has_image_footprint_and_no_points(layer, data_dir):
    made = draw(layer)
    assert made.tiles
    assert len(made.strokes) == 1
    assert made.ra == b""
    assert made.shown == b""
    layer.opacity = 0.4
    restyle(made, layer)
    reshow(made, layer)
    assert made.opacity == 0.4
    assert draw(EventListLayer("LAT", EventList.read(data_dir / LAT))).strokes == []


def test_panels(layer):
    session = Session()
    session.layers.add(layer)
    row = LayersPanel(session, None).rows[0]
    assert row["count"] == "10763 photons"
    assert row["note"] == "224 GeV - 88.9 TeV, 0.436 h"
    assert "from: file" in row["origin"][1]
    assert "not corrected" in row["caveat"]
    LayersPanel(session, None).on_zoom("PKS")
    assert session.viewport.fov == pytest.approx(6.0)
    assert session.viewport.target.separation(layer.events.pointing).deg < 1e-6
    table = TablePanel(session, None)
    assert table.tabs == []
    assert table.counted == ""
