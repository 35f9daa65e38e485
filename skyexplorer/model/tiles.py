"""TileSet: a HiPS image held in memory, and the picture of a probability density as one."""

from __future__ import annotations

import io
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from skyexplorer.core import healpix
from skyexplorer.model.skymap import SkyMap

TILE_ORDERS = 9  # a tile of 512 px is 9 orders finer than its own cell
DEEPEST = 3
SHOWN = 0.99  # the density is painted inside this credible level
SHADES = 128
# From the edge of the shown region to the peak: even steps of lightness, and told apart by those who
# see red and green alike (anchor colours of our own, sRGB).
RAMP = (
    (46, 20, 92),
    (104, 26, 124),
    (166, 42, 118),
    (222, 76, 84),
    (248, 140, 52),
    (254, 205, 92),
    (255, 246, 206),
)
FAINT, FULL = 70, 235  # alpha at the edge and at the peak
_made = itertools.count(1)


@dataclass(frozen=True)
class TileSet:
    """Tiles of a HiPS image.

    Parameters
    ----------
    name, title : str
        Key, and what a reader is told it is.
    tiles : mapping of (order, npix) to bytes
        Encoded images. The row from the top is the nested x of the pixel, the column its nested y.
    format : {"png", "jpg"}
    tile_width : int
    frame : str
        ``"equatorial"`` or ``"galactic"``.
    note : str
        What a reader must know.
    """

    name: str
    title: str
    tiles: Mapping[tuple[int, int], bytes]
    format: str
    tile_width: int = 512
    frame: str = "equatorial"
    note: str = ""
    number: int = field(init=False, repr=False, compare=False, default_factory=_made.__next__)
    """Of no other tile set in this process: its address in memory may be that of one that is gone."""

    @property
    def max_order(self) -> int:
        """Order of the finest tiles."""
        return max(order for order, _ in self.tiles)

    @property
    def nbytes(self) -> int:
        """Size of all tiles together."""
        return sum(len(data) for data in self.tiles.values())


def tile_pixels(width: int = 512) -> NDArray[np.int64]:
    """Nested index, within a tile, of each of its pixels: shape (width, width), rows from the top.

    >>> tile_pixels(2).tolist()
    [[0, 2], [1, 3]]
    """
    bits = np.arange(width, dtype=np.int64)
    spread = np.zeros_like(bits)
    for bit in range(width.bit_length() - 1):
        spread |= ((bits >> bit) & 1) << (2 * bit)
    return spread[:, None] | (spread[None, :] << 1)


def density_tiles(skymap: SkyMap, *, max_order: int | None = None) -> TileSet:
    """The probability density of a map as image tiles, transparent outside its 99 % region.

    Shades follow the credible level, so that the picture of a sharp map and of a wide one read alike:
    the brightest is the densest place, the edge is where 99 % of the probability lies inside.

    Parameters
    ----------
    skymap : SkyMap
    max_order : int, optional
        Order of the finest tiles; by default what the cells of the map ask for, at most 3.
    """
    found = skymap._greedy
    inside = found.rank[: int(np.searchsorted(found.probability, SHOWN)) + 1]
    level = np.empty(len(skymap.density))
    level[found.rank] = found.probability
    shade = np.zeros(len(level), np.uint8)
    shade[inside] = np.clip(1 + (SHADES - 2) * (1 - level[inside] / SHOWN), 1, SHADES - 1).astype(np.uint8)
    order = skymap._order
    if max_order is None:
        max_order = int(np.clip(order[inside].max() - TILE_ORDERS, 0, DEEPEST))
    palette, alpha = _palette()
    pixels = tile_pixels()
    tiles = {}
    for k in range(max_order + 1):
        shift = 2 * (healpix.MAX_ORDER - k)
        first = skymap._start[inside] >> shift
        last = (
            skymap._start[inside] + (np.int64(1) << (2 * (healpix.MAX_ORDER - order[inside]))) - 1
        ) >> shift
        touched = np.unique(
            np.concatenate(
                [np.arange(a, b + 1) for a, b in set(zip(first.tolist(), last.tolist(), strict=True))]
            )
        )
        for npix in touched:
            tiles[k, int(npix)] = _encode(_painted(skymap, shade, k, int(npix))[pixels], palette, alpha)
    return TileSet(
        f"density-{skymap.name}", f"{skymap.name}: probability density", tiles, "png", note=skymap.origin.note
    )


def _painted(skymap: SkyMap, shade: NDArray[np.uint8], order: int, npix: int) -> NDArray[np.uint8]:
    """Shades of the 4**9 pixels of a tile in nested order; the strongest cell of a pixel wins."""
    deep = order + TILE_ORDERS
    shift = 2 * (healpix.MAX_ORDER - deep)
    lo = np.int64(npix) << (2 * (healpix.MAX_ORDER - order))
    hi = np.int64(npix + 1) << (2 * (healpix.MAX_ORDER - order))
    start = skymap._start
    first = max(int(np.searchsorted(start, lo, side="right")) - 1, 0)
    last = int(np.searchsorted(start, hi, side="left"))
    cells = slice(first, last)
    begin = np.maximum(start[cells], lo) - lo >> shift
    end = (
        np.minimum(start[cells] + (np.int64(1) << (2 * (healpix.MAX_ORDER - skymap._order[cells]))), hi) - lo
    )
    end = -(-end >> shift)
    out = np.zeros(4**TILE_ORDERS, np.uint8)
    wide = end - begin > 1
    values = shade[cells]
    np.maximum.at(out, begin[~wide & (end > begin)], values[~wide & (end > begin)])
    for a, b, v in zip(begin[wide].tolist(), end[wide].tolist(), values[wide].tolist(), strict=True):
        out[a:b] = v
    return out


def _palette() -> tuple[bytes, bytes]:
    anchors = np.array(RAMP, float)
    t = np.linspace(0, 1, SHADES - 1)
    at = np.linspace(0, 1, len(anchors))
    colors = np.stack([np.interp(t, at, anchors[:, c]) for c in range(3)], axis=-1)
    alpha = FAINT + (FULL - FAINT) * t**0.8
    # The last few per cent fade out, so that the picture has no hard edge of its own beside the contours.
    alpha *= np.clip(t / 0.06, 0.15, 1)
    palette = np.concatenate([[[0, 0, 0]], colors]).round().astype(np.uint8)
    return palette.tobytes(), bytes([0, *alpha.round().astype(np.uint8)])


def _encode(shades: NDArray[np.uint8], palette: bytes, alpha: bytes) -> bytes:
    from PIL import Image

    image = Image.fromarray(shades, mode=None)
    image.putpalette(palette)
    out = io.BytesIO()
    image.save(out, "PNG", transparency=alpha, compress_level=4)
    return out.getvalue()
