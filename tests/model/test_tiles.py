"""Density tiles: every painted pixel stands where its cell is on the sky."""

from __future__ import annotations

import io

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from PIL import Image

from skyexplorer import SkyMap
from skyexplorer.core import healpix, sphere
from skyexplorer.model.tiles import TILE_ORDERS, density_tiles, tile_pixels


def _map(order: int, kappa: float, ra: float, dec: float) -> SkyMap:
    ipix = np.arange(12 * 4**order)
    lon, lat = healpix.centers(order, ipix)
    density = np.exp(kappa * (np.cos(np.radians(sphere.separation(ra, dec, lon, lat))) - 1))
    density /= density.sum() * healpix.cell_area(order)
    return SkyMap(healpix.join_uniq(order, ipix), density, name="made")


def _alpha(raw: bytes) -> np.ndarray:
    image = Image.open(io.BytesIO(raw))
    assert image.format == "PNG"
    assert image.mode == "P"
    assert image.size == (512, 512)
    return np.asarray(image.convert("RGBA"))[..., 3]


def test_rows_are_nested_x_and_columns_nested_y() -> None:
    """VIEW.md; checked with the bits of healpy's own xyf."""
    import healpy

    pixels = tile_pixels(8)
    x, y, face = healpy.pix2xyf(8, pixels.ravel(), nest=True)
    assert (face == 0).all()
    assert x.reshape(8, 8).tolist() == [[row] * 8 for row in range(8)]
    assert y.reshape(8, 8).tolist() == [list(range(8))] * 8


@pytest.mark.parametrize("center", [(0.0, 90.0), (0.0, -90.0), (0.0, 0.0), (45.0, 41.81)])
def test_alpha_is_where_the_99_percent_region_is(center) -> None:
    skymap = _map(6, 40, *center)
    tiles = density_tiles(skymap)
    lost = 0
    for (order, npix), raw in tiles.tiles.items():
        alpha = _alpha(raw)
        rows, columns = (part.ravel() for part in np.mgrid[0:512:37, 0:512:37])
        index = (npix << (2 * TILE_ORDERS)) + tile_pixels()[rows, columns]
        lon, lat = healpix.centers(order + TILE_ORDERS, index)
        level = skymap.credible_level(SkyCoord(lon * u.deg, lat * u.deg))
        painted = alpha[rows, columns] > 0
        assert painted[level < 0.985].all()
        assert not painted[level > 0.995].any()
        lost += int((alpha == 0).all())
    assert lost == 0, "no tile is sent that shows nothing"


def test_the_peak_is_brightest_and_most_opaque() -> None:
    skymap = _map(6, 200, 120, 30)
    ((_, raw),) = density_tiles(skymap, max_order=0).tiles.items()
    rgba = np.asarray(Image.open(io.BytesIO(raw)).convert("RGBA")).astype(float)
    light = rgba[..., :3] @ [0.2126, 0.7152, 0.0722]
    peak = np.unravel_index(np.argmax(rgba[..., 3]), (512, 512))
    assert light[peak] == light.max()
    lon, lat = healpix.centers(9, [(1 << 18) * _tile_of(120, 30) + tile_pixels()[peak]])
    assert sphere.separation(120, 30, lon[0], lat[0]) < 2


def _tile_of(ra: float, dec: float) -> int:
    return int(healpix.nested(ra, dec, 0))


@pytest.mark.parametrize(
    ("file", "deepest"),
    [
        ("gw/S200129m_bayestar.multiorder.fits", 2),
        ("gw/S190425z_bayestar.multiorder.fits", 0),
        ("gw/GW190814_PublicationSamples.multiorder.fits", 1),
    ],
)
def test_tiles_of_real_maps_are_few_and_small(data_dir, file, deepest) -> None:
    tiles = density_tiles(SkyMap.read(data_dir / file))
    assert tiles.max_order == deepest, "the finest cells have a pixel each"
    assert {order for order, _ in tiles.tiles} == set(range(deepest + 1))
    assert tiles.nbytes < 3_000_000
    for order, npix in tiles.tiles:
        assert order == 0 or (order - 1, npix >> 2) in tiles.tiles, (
            "a tile without its parent is never asked for"
        )


def test_max_order_is_heeded() -> None:
    assert density_tiles(_map(5, 40, 0, 0), max_order=1).max_order == 1
