"""Binning: what histograms and scatter plots of very many rows are drawn from, and which rows a brush has touched.

All of it is numpy over whole columns: a million rows are binned in some ten milliseconds, and a brush of any shape looks
along each of its edges only at the rows beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skyexplorer.errors import InputError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
FEWEST, MOST = 8, 120
"""Bins that are chosen where no number is given."""
LOOKED_AT = 20_000
"""Rows of which the width of the bins is told."""


def scaled(values: Floats, log: bool) -> Floats:
    """The values as an axis has them: their logarithms to the base 10, NaN where there is none; or themselves."""
    if not log:
        return values
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.log10(values)
    found[~np.isfinite(found)] = np.nan
    return found


def span(values: Floats) -> tuple[float, float]:
    """Least and greatest of the finite values; a little around a single one, 0 to 1 of none.

    Examples
    --------
    >>> import numpy as np
    >>> from skyexplorer.model.binning import span
    >>> span(np.array([3.0, np.nan, 5.0])), span(np.array([np.inf]))
    ((3.0, 5.0), (0.0, 1.0))
    """
    good = values[np.isfinite(values)]
    if not len(good):
        return 0.0, 1.0
    low, high = float(good.min()), float(good.max())
    if low == high:
        around = abs(low) * 0.05 or 0.5
        return low - around, high + around
    return low, high


@dataclass(frozen=True)
class Histogram:
    """Counts in bins of equal width between two values.

    Parameters
    ----------
    values : (n,) float array
        As `scaled`; NaN is not counted.
    low, high : float
        Ends of the first and last bin; values beyond are not counted, both ends are.
    bins : int
    """

    values: Floats
    low: float
    high: float
    bins: int

    def __post_init__(self) -> None:
        if not (self.low < self.high and self.bins >= 1):
            raise InputError(
                f"{self.bins} bins from {self.low:g} to {self.high:g} cannot be.",
                "Give one or more, and two ends.",
            )
        with np.errstate(invalid="ignore"):
            at = (self.values - self.low) * (self.bins / (self.high - self.low))
            inside = (self.values >= self.low) & (self.values <= self.high)
        at[~inside] = self.bins  # one bin more, for those that are not counted
        which = at.astype(np.int32)
        which[inside & (which >= self.bins)] = self.bins - 1
        object.__setattr__(self, "_which", which)

    @property
    def edges(self) -> Floats:
        """Edges of the bins, (bins + 1,)."""
        return np.linspace(self.low, self.high, self.bins + 1)

    def counts(self, rows: Bools | None = None) -> NDArray[np.int64]:
        """How many rows each bin has, of all or of some.

        Examples
        --------
        >>> import numpy as np
        >>> from skyexplorer.model.binning import Histogram
        >>> Histogram(np.array([0.0, 0.4, 1.0, np.nan, 7.0]), 0, 1, 2).counts().tolist()
        [2, 1]
        """
        which = self._which if rows is None else self._which[rows]  # type: ignore[attr-defined]
        return np.bincount(which, minlength=self.bins + 1)[: self.bins]


def good_bins(values: Floats, low: float, high: float) -> int:
    """A number of bins for values between two ends: 2 · IQR / n^(1/3) wide (Freedman and Diaconis 1981).

    Examples
    --------
    >>> import numpy as np
    >>> from skyexplorer.model.binning import good_bins
    >>> good_bins(np.arange(1000.0), 0, 1010), good_bins(np.zeros(0), 0, 1)
    (10, 8)
    """
    few = values[:: max(len(values) // LOOKED_AT, 1)]
    few = few[np.isfinite(few)]
    if len(few) < 2:
        return FEWEST
    quarter, rest = np.percentile(few, (25, 75))
    width = 2 * (rest - quarter) / np.count_nonzero(np.isfinite(values)) ** (1 / 3)
    wanted = (high - low) / width if width > 0 else MOST
    return int(np.clip(math.floor(wanted), FEWEST, MOST))


@dataclass(frozen=True)
class Density:
    """Counts in the cells of a rectangle.

    Parameters
    ----------
    x, y : (n,) float arrays
        As `scaled`; a row with a NaN is in no cell.
    window : (x0, x1, y0, y1)
        The rectangle, in the same scale.
    shape : (int, int)
        Cells upwards and to the right.
    """

    x: Floats
    y: Floats
    window: tuple[float, float, float, float]
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        x0, x1, y0, y1 = self.window
        rows, columns = self.shape
        with np.errstate(invalid="ignore"):
            inside = (self.x >= x0) & (self.x <= x1) & (self.y >= y0) & (self.y <= y1)
        within = np.flatnonzero(inside)
        across = ((self.x[within] - x0) * (columns / (x1 - x0))).astype(np.int32)
        up = ((self.y[within] - y0) * (rows / (y1 - y0))).astype(np.int32)
        np.minimum(across, columns - 1, out=across)
        np.minimum(up, rows - 1, out=up)
        object.__setattr__(self, "within", within)
        object.__setattr__(self, "_cell", up * columns + across)

    within: NDArray[np.int64] = None  # type: ignore[assignment]
    """Rows inside the rectangle."""

    def counts(self, rows: Bools) -> NDArray[np.int64]:
        """How many of some rows each cell has: int, ``shape``, the lowest line first.

        Examples
        --------
        >>> import numpy as np
        >>> from skyexplorer.model.binning import Density
        >>> x, y = np.array([0.1, 0.9, 0.9, 5.0]), np.array([0.1, 0.1, 0.2, 0.5])
        >>> Density(x, y, (0, 1, 0, 1), (2, 2)).counts(np.ones(4, bool)).tolist()
        [[1, 2], [0, 0]]
        """
        cells = self._cell[rows[self.within]]  # type: ignore[attr-defined]
        size = self.shape[0] * self.shape[1]
        return np.bincount(cells, minlength=size).reshape(self.shape)


def in_polygon(x: Floats, y: Floats, corners: Sequence[Sequence[float]]) -> Bools:
    """Which points lie inside a polygon, by the parity of the edges above them (even-odd rule).

    For each edge only the points between its ends, in order of x, are looked at, so that the corners may be many.

    Parameters
    ----------
    x, y : (n,) float arrays
        A point with a NaN lies outside.
    corners : sequence of (x, y)
        Three or more; the last is joined to the first.

    Raises
    ------
    InputError
        For fewer than three corners, or such that are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from skyexplorer.model.binning import in_polygon
    >>> in_polygon(np.array([1.0, 3.0, np.nan]), np.ones(3), [(0, 0), (2, 0), (2, 2), (0, 2)]).tolist()
    [True, False, False]
    """
    edge = np.asarray(corners, float)
    if edge.ndim != 2 or edge.shape[1] != 2 or len(edge) < 3 or not np.isfinite(edge).all():
        raise InputError("A polygon needs three corners or more, each two numbers.", "Give [(x, y), …].")
    x, y = np.asarray(x, float), np.asarray(y, float)
    found = np.zeros(len(x), bool)
    with np.errstate(invalid="ignore"):
        near = np.flatnonzero(
            (x >= edge[:, 0].min()) & (x <= edge[:, 0].max()) & (y >= edge[:, 1].min()) & (y <= edge[:, 1].max())
        )  # fmt: skip
    order = near[np.argsort(x[near])]
    xs, ys = x[order], y[order]
    odd = np.zeros(len(order), bool)
    for (x0, y0), (x1, y1) in zip(edge, np.roll(edge, -1, axis=0), strict=True):
        if x0 == x1:
            continue
        first, last = np.searchsorted(xs, sorted((x0, x1)), side="left")
        height = y0 + (xs[first:last] - x0) * ((y1 - y0) / (x1 - x0))
        odd[first:last] ^= height > ys[first:last]
    found[order[odd]] = True
    return found
