"""Pairs of positions within a radius, on the whole sphere: the one way in to `join`, to `buckets` and to what they share.

Nothing here depends on how the work is split: pairs come out sorted by left, then by right.
"""

from __future__ import annotations

import numpy as np

from skyexplorer.core import cells, join, neighbours
from skyexplorer.core.buckets import Buckets, buckets, index, probe
from skyexplorer.core.cells import Floats, Ints
from skyexplorer.core.slots import Slots, lines
from skyexplorer.core.threads import ONE_AT_A_TIME

MOST_PAIRS = 500_000_000
MOST_ROWS = 2**31
CLASS = 4.0  # radii that differ by less are asked together
MANY = 100_000  # questions that a kept index is not asked one by one


def pairs(
    ra1: Floats, dec1: Floats, ra2: Floats, dec2: Floats, radius: float | Floats, most: int = MOST_PAIRS
) -> tuple[Ints, Ints, Floats]:
    """All pairs within a radius.

    Parameters
    ----------
    ra1, dec1 : (n,) float arrays
        Degrees, right ascension in [0, 360); NaN where there is no position.
    ra2, dec2 : (m,) float arrays
    radius : float or (n,) array
        Degrees, up to 180; the edge belongs to it. One for all, or one for each of the first list.
    most : int
        Pairs that may be; more is an error before they are made.

    Returns
    -------
    left, right : (p,) int arrays
        Sorted by left, then by right.
    separation : (p,) array
        Degrees.

    Raises
    ------
    MemoryError
        If there are more pairs than ``most``.
    ValueError
        If a list has more rows than 32 bits number.

    Examples
    --------
    >>> import numpy as np
    >>> from skyexplorer.core.crossmatch import pairs
    >>> ra, dec = np.array([10.0, 20.0, 359.9999]), np.zeros(3)
    >>> left, right, separation = pairs(ra, dec, np.array([0.0001, 20.0]), np.zeros(2), 0.001)
    >>> left.tolist(), right.tolist()
    ([1, 2], [1, 0])
    """
    if max(len(ra1), len(ra2)) > MOST_ROWS:
        raise ValueError(f"{max(len(ra1), len(ra2))} rows are more than can be matched at once.")
    none = np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    if not len(ra1) or not len(ra2):
        return none
    left = np.ascontiguousarray(ra1, np.float64), np.ascontiguousarray(dec1, np.float64)
    right = np.ascontiguousarray(ra2, np.float64), np.ascontiguousarray(dec2, np.float64)
    with ONE_AT_A_TIME:
        if not np.ndim(radius):
            return _pairs(*left, *right, float(radius), np.empty(0), most)
        each = np.ascontiguousarray(radius, np.float64)
        found = []
        for rows in _classes(each):
            mine = each[rows]
            a, b, s = _pairs(left[0][rows], left[1][rows], *right, float(mine.max()), mine, most)
            found.append((rows[a], b, s))
            most -= len(a)
    a, b, s = (np.concatenate(parts) for parts in zip(none, *found, strict=True))
    if len(found) < 2:
        return a, b, s
    order = np.argsort(a, kind="stable")  # a row is of one class, in which its pairs are sorted
    return a[order], b[order], s[order]


def pairs_within_errors(
    ra1: Floats, dec1: Floats, sigma1: Floats, ra2: Floats, dec2: Floats, sigma2: Floats, max_sigma: float,
    most: int = MOST_PAIRS,
) -> tuple[Ints, Ints, Floats]:  # fmt: skip
    """All pairs whose separation is at most ``max_sigma`` times √(σ₁² + σ₂²).

    Parameters
    ----------
    ra1, dec1, sigma1 : (n,) float arrays
        Degrees; a row without an error matches nothing.
    ra2, dec2, sigma2 : (m,) float arrays
    max_sigma : float
    most : int
        Pairs that may be.

    Returns
    -------
    left, right, separation
        As of `pairs`, which says what is raised too.
    """
    mine = np.flatnonzero(np.isfinite(sigma1))
    found = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
    # One poor position on the right would make every circle on the left as wide as its own: they take turns by size.
    for theirs in _classes(sigma2) if len(mine) else ():
        reach = np.minimum(max_sigma * np.hypot(sigma1[mine], sigma2[theirs].max()), 180.0)
        a, b, s = pairs(ra1[mine], dec1[mine], ra2[theirs], dec2[theirs], reach, most)
        a, b = mine[a], theirs[b]
        keep = s <= max_sigma * np.hypot(sigma1[a], sigma2[b]) * (1 + cells.ON_EDGE)
        found.append((a[keep], b[keep], s[keep]))
        most -= len(found[-1][0])
    a, b, s = (np.concatenate(parts) for parts in zip(*found, strict=True))
    if len(found) > 2:
        order = np.lexsort((b, a))
        return a[order], b[order], s[order]
    return a, b, s


def _classes(radius: Floats) -> list[Ints]:
    """Rows whose radii are alike: a cell that fits the widest circle would be crowded for the others."""
    with np.errstate(divide="ignore"):
        power = np.floor(np.log(np.maximum(radius, cells.SMALLEST_CELL) / 180.0) / np.log(CLASS))
    return [np.flatnonzero(power == each) for each in np.unique(power[np.isfinite(power)])]


def _pairs(
    ra1: Floats, dec1: Floats, ra2: Floats, dec2: Floats, radius: float, each: Floats, most: int
) -> tuple[Ints, Ints, Floats]:
    if radius <= join.WIDEST:
        return join.pairs(ra1, dec1, ra2, dec2, radius, each, most)
    turned = len(ra1) <= len(ra2)
    small, large = ((ra1, dec1), (ra2, dec2)) if turned else ((ra2, dec2), (ra1, dec1))
    held = buckets(*small, cells.grid(60.0))
    return lines([probe(held, *large, radius, each, turned, most)], len(ra1))


def found(
    held: Buckets, ra: Floats, dec: Floats, radius: float | Floats, most: int = MOST_PAIRS
) -> tuple[Ints, Ints, Floats]:
    """Pairs of positions with points in kept buckets: row of the question, number of the point, separation (deg).

    Parameters are those of `pairs`, which says more.
    """
    each = np.ascontiguousarray(radius, np.float64) if np.ndim(radius) else np.empty(0)
    largest = float(each.max(initial=0)) if np.ndim(radius) else float(radius)
    wide = (2 * largest / held.grid.size + 2) ** 2 * len(ra) > 8 * len(held.whole) + 100_000
    if wide or len(ra) > max(MANY, len(held.whole) // 16):
        # Many questions, or circles that touch more of the kept cells than there are points, are a join of two lists.
        a, b, s = pairs(ra, dec, held.real[:, 2], held.real[:, 3], radius, most)
        return a, np.asarray(held.whole[b, 1]), s
    points = np.ascontiguousarray(ra, np.float64), np.ascontiguousarray(dec, np.float64)
    with ONE_AT_A_TIME:
        return lines([probe(held, *points, largest, each, False, most)], len(ra))


def warm() -> None:
    """Compile what is not compiled yet, or load it from the cache: the first match in a notebook must not wait for it."""
    ra, dec = np.linspace(0, 359, 99), np.linspace(-89, 89, 99)
    pairs(ra, dec, ra, dec, 1e-4)
    pairs(ra, dec, ra, dec, 30.0)
    found(index(ra, dec), ra, dec, 1e-4)
    a, b, s = pairs(ra, dec, ra, dec, 1.0)
    neighbours.nearest(a, s)
    neighbours.k_nearest(a, s, 2)
    neighbours.mutual(a, b, s, len(ra))
    neighbours.position_angles(ra, dec, ra, dec, a, b)


__all__ = ["MOST_PAIRS", "Buckets", "Slots", "found", "index", "pairs", "pairs_within_errors", "warm"]
