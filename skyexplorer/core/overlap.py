"""The overlap of two maps at the union of their orders, exact: HEALPix cells nest, so of two that meet one holds the other.

So ∫ p₁ p₂ dΩ is a sum over the cells of either map that lie in one of the other: each brings both densities and its own
area. Nothing is resampled, and no finer map is made.
"""

from __future__ import annotations

import numpy as np

from skyexplorer.core import healpix
from skyexplorer.core.credible import Floats
from skyexplorer.core.healpix import Ints


def integral(
    order: Ints, ipix: Ints, density: Floats, other_order: Ints, other_ipix: Ints, other_density: Floats
) -> float:
    """∫ p₁ p₂ dΩ of densities in cells; absent cells hold none.

    Parameters
    ----------
    order, ipix, other_order, other_ipix : (n,), (n,), (m,), (m,) int arrays
        Orders and nested indices of cells that do not overlap within a map, each in the order of the sky.
    density, other_density : (n,), (m,) float arrays
        Per steradian.

    Examples
    --------
    >>> import numpy as np
    >>> north = np.zeros(4, int), np.arange(4), np.full(4, 0.2)
    >>> part = np.array([0, 1]), np.array([3, 16]), np.array([0.1, 0.3])  # one base cell, a quarter of one that is none
    >>> round(integral(*north, *part) / (np.pi / 3), 6)
    0.02
    """
    finest = max(int(order.max()), int(other_order.max()))
    one, two = healpix.bounds(order, ipix, finest), healpix.bounds(other_order, other_ipix, finest)
    here, there = _inside(one, two, False), _inside(two, one, True)
    held = here >= 0
    total = np.sum(density[held] * other_density[here[held]] * healpix.cell_area(order[held]))
    held = there >= 0
    return float(
        total + np.sum(other_density[held] * density[there[held]] * healpix.cell_area(other_order[held]))
    )


def _inside(cells: tuple[Ints, Ints], others: tuple[Ints, Ints], smaller: bool) -> Ints:
    """Row of the other cell that holds each cell, −1 where none does; with ``smaller``, one of the same size does not."""
    (start, stop), (other_start, other_stop) = cells, others
    row = np.searchsorted(other_start, start, side="right") - 1
    inside = (row >= 0) & (stop <= other_stop[row])
    if smaller:
        inside &= (start != other_start[row]) | (stop != other_stop[row])
    return np.where(inside, row, -1)
