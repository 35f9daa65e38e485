"""Cells of a map in galactic coordinates as cells in equatorial ones: sampled, never relabelled.

The two grids do not nest, so each new cell takes the value at its centre. New cells are made one order finer than the old
ones around them, which keeps the error of a sum to the cells on an edge.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skyexplorer.core import healpix

Ints = NDArray[np.int64]


def to_icrs(
    lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Galactic to equatorial, degrees."""
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    at = SkyCoord(lon * u.deg, lat * u.deg, frame="galactic").icrs
    return at.ra.deg, at.dec.deg


def to_galactic(
    lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Equatorial to galactic, degrees."""
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    at = SkyCoord(lon * u.deg, lat * u.deg).galactic
    return at.l.deg, at.b.deg


def equatorial(uniq: Ints) -> tuple[Ints, Ints]:
    """Equatorial cells that sample galactic ones.

    Parameters
    ----------
    uniq : (n,) int array
        Cells of the galactic grid, of any orders.

    Returns
    -------
    cells : (m,) int array
        UNIQ of equatorial cells that tile what the galactic ones cover.
    source : (m,) int array
        The galactic cell in which the centre of each lies; cells whose centre lies in none are left out.
    """
    order, ipix = healpix.split_uniq(uniq)
    finest = np.minimum(order + 1, healpix.MAX_ORDER)
    # Below the centre of each child of an old cell the new grid must be as fine as that child.
    children = (ipix[:, None] * 4 + np.arange(4)).ravel()
    lon, lat = to_icrs(*healpix.centers(np.repeat(finest, 4), children))
    wanted: dict[int, Ints] = {}
    for k in np.unique(finest):
        here = np.repeat(finest, 4) == k
        wanted[int(k)] = np.unique(healpix.nested(lon[here], lat[here], int(k)))
    deepest = int(finest.max())
    split: Ints = np.empty(0, np.int64)
    parents: list[Ints] = []
    for k in range(deepest, 0, -1):
        split = np.union1d(wanted.get(k, np.empty(0, np.int64)), split) >> 2
        split = np.unique(split)
        parents.append(split)
    parents.reverse()  # parents[k]: cells of order k that must be split
    cells: list[Ints] = []
    level = np.arange(12, dtype=np.int64)
    for k in range(deepest + 1):
        deeper = np.isin(level, parents[k], assume_unique=True) if k < deepest else np.zeros(len(level), bool)
        cells.append(healpix.join_uniq(k, level[~deeper]))
        level = ((level[deeper] << 2)[:, None] + np.arange(4)).ravel()
    made = np.concatenate(cells)
    new_order, new_ipix = healpix.split_uniq(made)
    index = healpix.nested29(*to_galactic(*healpix.centers(new_order, new_ipix)))
    start = healpix.starts29(order, ipix)
    sort = np.argsort(start)
    at = np.maximum(np.searchsorted(start[sort], index, side="right") - 1, 0)
    source = sort[at]
    width = np.int64(1) << (2 * (healpix.MAX_ORDER - order[source]))
    covered = (index >= start[source]) & (index < start[source] + width)
    return made[covered], source[covered]
