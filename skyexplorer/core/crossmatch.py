"""Pairs of positions within a radius, on the whole sphere: the one way in to `few`, `join`, `buckets` and what they share.

Nothing here depends on how the work is split: pairs come out sorted by left, then by right. Compiled code is loaded where
lists are long enough to need it.
"""

from __future__ import annotations

import numpy as np

from skyexplorer.core import few
from skyexplorer.core.few import ON_EDGE, Floats, Ints
from skyexplorer.core.threads import at_work

SMALLEST = 2e-6  # deg: radii below it are alike
MOST_PAIRS = 500_000_000
MOST_ROWS = 2**31
CLASS = 4.0  # radii that differ by less are asked together


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
    if len(left[0]) + len(right[0]) <= few.ROWS:
        short = few.pairs(*left, *right, radius)
        if short is not None:
            if len(short[0]) > most:
                raise MemoryError(len(short[0]))
            return short
    with at_work(len(left[0]) + len(right[0])):
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
        keep = s <= max_sigma * np.hypot(sigma1[a], sigma2[b]) * (1 + ON_EDGE)
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
        power = np.floor(np.log(np.maximum(radius, SMALLEST) / 180.0) / np.log(CLASS))
    return [np.flatnonzero(power == each) for each in np.unique(power[np.isfinite(power)])]


def _pairs(
    ra1: Floats, dec1: Floats, ra2: Floats, dec2: Floats, radius: float, each: Floats, most: int
) -> tuple[Ints, Ints, Floats]:
    from skyexplorer.core import cells, join
    from skyexplorer.core.buckets import buckets, probe
    from skyexplorer.core.slots import lines

    if radius <= join.WIDEST:
        return join.pairs(ra1, dec1, ra2, dec2, radius, each, most)
    turned = len(ra1) <= len(ra2)
    small, large = ((ra1, dec1), (ra2, dec2)) if turned else ((ra2, dec2), (ra1, dec1))
    held = buckets(*small, cells.grid(60.0))
    return lines([probe(held, *large, radius, each, turned, most)], len(ra1))


def chosen(left: Ints, right: Ints, sep: Floats, mode: str, k: int, rights: int) -> Ints:
    """Numbers of the pairs of a mode among all pairs, which come sorted by left, then by right.

    Parameters
    ----------
    left, right : (p,) int arrays
    sep : (p,) array
    mode : {"nearest", "all", "mutual"}
        ``"nearest"``: the ``k`` nearest of each left; ``"mutual"``: where each is the nearest of the other. Of equal
        distances the lower row counts.
    k : int
    rights : int
        Length of the right list.
    """
    if mode == "all":
        return np.arange(len(left))
    if len(left) <= few.PAIRS:
        return few.mutual(left, right, sep) if mode == "mutual" else few.k_nearest(left, sep, k)
    from skyexplorer.core import neighbours

    if mode == "mutual":
        return neighbours.mutual(left, right, sep, rights)
    return neighbours.nearest(left, sep) if k == 1 else neighbours.k_nearest(left, sep, k)


def position_angles(ra1: Floats, dec1: Floats, ra2: Floats, dec2: Floats, left: Ints, right: Ints) -> Floats:
    """Direction from left to right of each pair (deg, east of north, in [0, 360)); arguments as of `pairs`, rows."""
    if len(left) <= few.PAIRS:
        return few.position_angles(ra1[left], dec1[left], ra2[right], dec2[right])
    from skyexplorer.core import neighbours

    return neighbours.position_angles(ra1, dec1, ra2, dec2, left, right)


def warm() -> None:
    """Compile what is not compiled yet, or load it from the cache: the first match in a notebook must not wait for it."""
    from skyexplorer.core import neighbours

    ra, dec = np.linspace(0, 359, 99), np.linspace(-89, 89, 99)
    _pairs(ra, dec, ra, dec, 1e-4, np.empty(0), MOST_PAIRS)
    _pairs(ra, dec, ra, dec, 30.0, np.empty(0), MOST_PAIRS)
    a, b, s = pairs(ra, dec, ra, dec, 1.0)
    neighbours.nearest(a, s)
    neighbours.k_nearest(a, s, 2)
    neighbours.mutual(a, b, s, len(ra))
    neighbours.position_angles(ra, dec, ra, dec, a, b)
