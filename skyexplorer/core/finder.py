"""Positions in the cells of a map: a few in plain numpy, many in compiled code, with the same answers.

Compiled code, kept on disk, takes a third of a second to load in a new process; ten thousand positions take two
milliseconds without it. The order of the cells is that of the sky, so that either way it is a search among their starts.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from skyexplorer.core import healpix
from skyexplorer.core.credible import Floats
from skyexplorer.core.healpix import Ints

if TYPE_CHECKING:
    from skyexplorer.core.lookup import Table

MANY = 50_000  # positions, from which compiled code is loaded


class Finder:
    """Cells that do not overlap, to be asked for positions.

    Parameters
    ----------
    order, ipix : (n,) int arrays
        Orders and nested indices, in the order of the sky.
    finest : int, optional
        Order at which positions are told apart, where it is to be finer than the finest cell.

    Examples
    --------
    >>> import numpy as np
    >>> finder = Finder(np.array([0, 1, 1]), np.array([3, 16, 17]))
    >>> finder.rows(np.array([315.0, 0.0, 45.0, np.nan]), np.array([40.0, -30.0, 80.0, 0.0])).tolist()
    [0, 1, -1, -1]
    """

    def __init__(self, order: Ints, ipix: Ints, finest: int | None = None) -> None:
        self._cells = order, ipix
        self.finest = max(int(order.max()), finest or 0)

    @cached_property
    def _bounds(self) -> tuple[Ints, Ints]:
        return healpix.bounds(*self._cells, self.finest)

    @cached_property
    def table(self) -> Table:
        """The cells made ready for many positions."""
        from skyexplorer.core import lookup

        return lookup.table(*self._cells, self.finest)

    def _few(self, lon: Floats, lat: Floats) -> tuple[Ints, Ints]:
        start, stop = self._bounds
        index = healpix.indexed(lon, lat, self.finest)
        row = np.searchsorted(start, index, side="right") - 1
        return index, np.where((row >= 0) & (index < stop[row]), row, -1)

    def rows(self, lon: Floats, lat: Floats) -> Ints:
        """Row of the cell that holds each position (deg), −1 where none does or there is no position."""
        if len(lon) < MANY:
            return self._few(lon, lat)[1]
        from skyexplorer.core import lookup

        return lookup.rows(self.table, lon, lat)

    def valued(
        self, lon: Floats, lat: Floats, values: Floats, missing: float, slope: Floats | None = None
    ) -> Floats:
        """The value of the cell that holds each position.

        Parameters
        ----------
        lon, lat : (n,) float arrays
            Degrees.
        values : (cells,) array
        missing : float
            Where there is no cell. Where there is no position, NaN.
        slope : (cells,) array, optional
            What is taken off for each index, at the finest order, of the same cell that comes after the position.
        """
        if len(lon) >= MANY:
            from skyexplorer.core import lookup

            return lookup.valued(self.table, lon, lat, values, missing, slope)
        index, row = self._few(lon, lat)
        found = values[row]
        if slope is not None:
            found = found - slope[row] * (self._bounds[1][row] - 1 - index)
        return np.where(index < 0, np.nan, np.where(row < 0, missing, found))

    def in_volume(self, lon: Floats, lat: Floats, line: Floats, r: Floats) -> Floats:
        """Density per volume: that of the cell times a Gaussian in distance.

        Parameters
        ----------
        lon, lat : (n,) float arrays
            Degrees.
        line : (cells, 3) array
            As `core.distance.in_volume` makes it.
        r : (n,) or (1,) array
            Distances, or one for all.

        Returns
        -------
        (n,) array
            NaN where position or distance is NaN, 0 where there is no cell and for a negative distance.
        """
        if len(lon) >= MANY:
            from skyexplorer.core import lookup

            return lookup.in_volume(self.table, lon, lat, line, r)
        index, row = self._few(lon, lat)
        mu, inverse, peak = line[row].T
        with np.errstate(over="ignore"):  # of a distance without end, which has no density
            off = (r - mu) * inverse
            found = peak * np.exp(-0.5 * off * off)
        return np.where((index < 0) | np.isnan(r), np.nan, np.where((row < 0) | (r < 0), 0.0, found))
