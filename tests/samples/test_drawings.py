"""What is drawn and not observed: the map of GW170817 beside the published one, the Milky Way without seams."""

from __future__ import annotations

import io

import cdshealpix
import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer import samples
from skyexplorer.core import healpix
from skyexplorer.model.opening import read
from skyexplorer.model.tiles import TILE_ORDERS, tile_pixels
from skyexplorer.samples import gw170817


@pytest.fixture(scope="module")
def published(data_dir):
    """Directions and probabilities of the cells of the GWTC-1 map that hold any."""
    skymap = read(data_dir / "gw/GW170817_skymap.fits.gz")
    lon, lat = healpix.centers(skymap._order, skymap._ipix)
    weight = skymap.density * skymap._area
    used = weight > 1e-12 * weight.sum()
    at = SkyCoord(lon[used] * u.deg, lat[used] * u.deg)
    return at, weight[used] / weight.sum(), skymap.credible_area(0.9).to_value(u.deg**2)


def test_centre_direction_and_axes_are_those_of_the_published_map(published) -> None:
    at, weight, area = published
    centre = SkyCoord(*gw170817.CENTER, unit="deg")
    # The samples of the posterior leave a few ten-thousandths far off, which would rule the second moments.
    near = at.separation(centre).deg < 15
    assert weight[near].sum() > 0.999
    at, weight = at[near], weight[near] / weight[near].sum()
    east, north = (offset.deg for offset in centre.spherical_offsets_to(at))
    assert [np.sum(weight * east), np.sum(weight * north)] == pytest.approx([0, 0], abs=0.05)

    values, vectors = np.linalg.eigh(np.cov(np.stack([east, north]), aweights=weight))
    direction = np.degrees(np.arctan2(vectors[0, 1], vectors[1, 1])) % 180
    assert direction == pytest.approx(gw170817.POSITION_ANGLE, abs=1)
    # The published region is bent, so its width is that which its length and area leave.
    ratio = values[1] * np.pi * 2 * np.log(10) / area
    assert ratio == pytest.approx(gw170817.AXIS_RATIO, rel=0.03)


def test_the_drawn_region_covers_the_published_map(published) -> None:
    at, weight, _area = published
    inside = samples.open("GW170817").credible_level(at) <= 0.9
    assert weight[inside].sum() > 0.95


def test_the_drawn_distance_is_the_published_one() -> None:
    """SCIENCE.md G26: 40 ± 8 Mpc."""
    mean, std = samples.open("GW170817").localization.distance
    assert [mean.to_value(u.Mpc), std.to_value(u.Mpc)] == pytest.approx([40, 8], abs=1e-3)


def test_the_drawn_map_says_which_figures_are_read_off() -> None:
    assert gw170817.OURS in samples.open("GW170817").notes


def test_the_drawn_map_is_quick_and_whole() -> None:
    skymap = samples.open("GW170817").localization
    assert len(skymap.density) < 30_000
    assert skymap._area.sum() == pytest.approx(4 * np.pi, rel=1e-9)
    assert np.sum(skymap.density * skymap._area) == pytest.approx(1, abs=1e-9)


def test_no_edge_between_tiles_shows() -> None:
    """Along each of the 192 edges of order 1 the colours go on in the tile beyond it."""
    from PIL import Image

    tiles = samples.milky_way().tiles
    pictures = np.stack([np.asarray(Image.open(io.BytesIO(tiles[1, n])), float) for n in range(48)])
    layout = tile_pixels()
    place = np.empty((layout.size, 2), int)  # nested index within the tile -> row, column
    place[layout.ravel()] = np.argwhere(np.ones_like(layout, bool))
    inside = layout.size - 1
    edges = 0
    for tile, picture in enumerate(pictures):
        for edge, own in (
            (layout[0], picture[0]),
            (layout[-1], picture[-1]),
            (layout[:, 0], picture[:, 0]),
            (layout[:, -1], picture[:, -1]),
        ):
            cells = (tile << (2 * TILE_ORDERS)) + edge
            around = np.asarray(cdshealpix.nested.neighbours(cells, np.uint8(1 + TILE_ORDERS))).astype(int)
            steps = []
            for beyond in around.T:
                other = (beyond >= 0) & (beyond >> (2 * TILE_ORDERS) != tile)
                if other.sum() < len(edge) - 8:  # not the direction in which this edge is crossed
                    continue
                row, column = place[beyond[other] & inside].T
                theirs = pictures[beyond[other] >> (2 * TILE_ORDERS), row, column]
                steps.append(np.abs(theirs - own[other]).mean())
            assert min(steps) < 2.5, f"tile {tile}"
            edges += 1
    assert edges == 192
