"""CountMap: events counted in HEALPix cells, and the picture of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from numpy.typing import NDArray

from skyexplorer.core import healpix, sphere
from skyexplorer.model.tiles import DEEPEST, SHADES, TILE_ORDERS, TileSet, _encode, _palette, tile_pixels


@dataclass(frozen=True, eq=False)
class CountMap:
    """Counts in the HEALPix cells of one order; a cell that is not listed holds none.

    Parameters
    ----------
    order : int
        Of all cells.
    ipix : int array, shape (n,)
        Nested indices, ICRS, sorted.
    counts : float array, shape (n,)
        Whole numbers, unless the map was smoothed.
    title : str
    """

    order: int
    ipix: NDArray[np.int64]
    counts: NDArray[np.float64]
    title: str = ""

    def __len__(self) -> int:
        return len(self.ipix)

    def __repr__(self) -> str:
        return f"<CountMap {self.title}: {self.counts.sum():g} counts in {len(self)} cells of order {self.order}>"

    @property
    def uniq(self) -> NDArray[np.int64]:
        """UNIQ of each cell."""
        return healpix.join_uniq(self.order, self.ipix)

    @property
    def cell_area(self) -> u.Quantity:
        """Area of one cell, deg²."""
        return float(healpix.cell_area(self.order)) * sphere.DEG2_PER_SR * u.deg**2

    @property
    def density(self) -> u.Quantity:
        """Counts per deg² in each cell."""
        return self.counts / self.cell_area

    @property
    def coords(self) -> SkyCoord:
        """Centre of each cell."""
        lon, lat = healpix.centers(self.order, self.ipix)
        return SkyCoord(lon * u.deg, lat * u.deg)

    def density_at(self, coords: SkyCoord) -> u.Quantity:
        """Counts per deg² in the cell of each position, of the shape of the positions; 0 where nothing was counted."""
        icrs = coords.icrs
        index = healpix.indexed(icrs.ra.deg, icrs.dec.deg, self.order)
        row = np.minimum(np.searchsorted(self.ipix, index), len(self.ipix) - 1)
        return np.where(self.ipix[row] == index, self.counts[row], 0.0) / self.cell_area

    @property
    def peak(self) -> SkyCoord:
        """Centre of the cell that holds most."""
        return self.coords[int(np.argmax(self.counts))]

    def tiles(self) -> TileSet:
        """The density as image tiles, transparent where nothing was counted.

        Shades go with the square root of the density, so that both a bright source and the field around it are
        seen; the brightest is the densest cell.
        """
        finest = int(np.clip(self.order - TILE_ORDERS, 0, DEEPEST))
        palette, alpha = _palette()
        pixels = tile_pixels()
        tiles = {}
        for order in range(finest + 1):
            # Cells finer than the pixels are put together, coarser ones fill several.
            depth = min(self.order, order + TILE_ORDERS)
            cells, where = np.unique(self.ipix >> 2 * (self.order - depth), return_inverse=True)
            sums = np.bincount(where.ravel(), self.counts, minlength=len(cells))
            shades = np.clip(np.ceil(np.sqrt(sums / sums.max()) * (SHADES - 1)), 1, SHADES - 1).astype(
                np.uint8
            )
            repeat = 4 ** (order + TILE_ORDERS - depth)
            tile_of = cells >> 2 * (depth - order)
            for npix in np.unique(tile_of):
                here = tile_of == npix
                painted = np.zeros(4**TILE_ORDERS // repeat, np.uint8)
                painted[cells[here] - (npix << 2 * (depth - order))] = shades[here]
                tiles[order, int(npix)] = _encode(np.repeat(painted, repeat)[pixels], palette, alpha)
        return TileSet(f"counts-{self.title}", f"{self.title}: counts", tiles, "png")
