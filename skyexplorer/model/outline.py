"""The lines around a credible region of a sky map, for drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skyexplorer.core import contours, healpix

if TYPE_CHECKING:
    from skyexplorer.model.skymap import SkyMap

CELLS = 40_000  # over which a contour is drawn: fine for the eye, quick enough for a slider


def lines(skymap: SkyMap, cells: NDArray[np.intp]) -> list[NDArray[np.float64]]:
    """Closed lines, right ascension and declination in degrees, around the densest cells of a map.

    The density is smoothed over the nearest cells of one order, and the level chosen so that the lines enclose the
    area of the cells.
    """
    area = float(skymap._area[cells].sum())
    level, ipix = skymap._order[cells], skymap._ipix[cells]
    fit = np.log(CELLS * np.pi / 3 / area) / np.log(4)
    order = int(np.clip(np.floor(fit), 0, int(level.max())))
    inside = _touched(level, ipix, order)
    around = np.unique(contours.neighbours(inside, order))
    ipix = np.unique(contours.neighbours(around[around >= 0], order))
    ipix = ipix[ipix >= 0]
    near = contours.neighbours(ipix, order)
    smooth = contours.smoothed(ipix, skymap._mean_density(ipix, order), near)
    wanted = max(round(area / float(healpix.cell_area(order))), 1)
    if wanted >= len(ipix):
        return []  # the region is the whole sky
    edge = np.partition(smooth, len(smooth) - wanted)[len(smooth) - wanted]
    edge = edge * (1 - 1e-9)
    if edge <= 0:
        return []
    height = np.log(np.maximum(smooth, edge * 1e-2) / edge)
    return contours.lines(ipix, order, height, near)


def _touched(level: NDArray[np.int64], ipix: NDArray[np.int64], order: int) -> NDArray[np.int64]:
    """Nested indices at one order of all that cells touch."""
    parts = [np.unique(ipix[level >= order] >> (2 * (level[level >= order] - order)))]
    for k in np.unique(level[level < order]):
        fan = np.int64(1) << (2 * (order - k))
        parts.append((ipix[level == k, None] * fan + np.arange(fan)).ravel())
    return np.unique(np.concatenate(parts))
