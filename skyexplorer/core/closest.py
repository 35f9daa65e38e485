"""The nearest neighbours within a radius that holds far more than these: found by circles that grow.

All pairs within ten degrees of two lists of a million are 7600 million, of which each row wants one. So circles begin
small, with a few neighbours each where these lie evenly; rows that have found enough are done, and the others ask on with
a circle three times as wide.
"""

from __future__ import annotations

import numpy as np

from skyexplorer import progress
from skyexplorer.core import crossmatch
from skyexplorer.core.few import Floats, Ints

ENOUGH = 6.0  # neighbours, beyond those wanted, in the first circles, if the sources lay evenly
FACTOR = 3.0  # by which circles grow
TURNS = 512  # in which all rows may ask, before that is called too many pairs
PAIRS = 4_000_000  # that are found at once without a thought


def closest(
    ra1: Floats, dec1: Floats, ra2: Floats, dec2: Floats, radius: float | Floats, k: int, most: int
) -> tuple[Ints, Ints, Floats]:
    """Pairs within a radius, with at least the k nearest of each left among them; see `crossmatch.pairs`.

    Parameters
    ----------
    ra1, dec1 : (n,) float arrays
        Degrees.
    ra2, dec2 : (m,) float arrays
    radius : float or (n,) array
        Degrees.
    k : int
    most : int
        Pairs that may be.

    Returns
    -------
    left, right : (p,) int arrays
        Sorted by left, then by right.
    separation : (p,) array

    Raises
    ------
    MemoryError
        If there are more than ``most`` within circles that have k neighbours, of one row or of one in `TURNS`.
    """
    widest = float(np.max(radius, initial=0.0))
    expected = len(ra1) * len(ra2) * np.sin(np.radians(widest) / 2) ** 2
    if expected <= PAIRS + (ENOUGH + k) * len(ra1):
        try:
            return crossmatch.pairs(ra1, dec1, ra2, dec2, radius, most)
        except MemoryError:
            pass  # crowds: smaller circles will do
    own = np.broadcast_to(np.asarray(radius, float), np.shape(ra1))
    rows = np.flatnonzero(np.isfinite(ra1) & np.isfinite(dec1))
    reach = 2 * np.degrees(np.arcsin(np.sqrt(min((ENOUGH + k) / max(len(ra2), 1), 1.0))))
    found = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
    once, watched = len(rows), progress.current()  # rows that ask at once: fewer where they find too much
    left, waiting = rows, list[Ints]()
    while len(left):
        watched.check()
        rows, later = left[:once], left[once:]
        circles = np.minimum(own[rows], reach)
        try:
            a, b, s = crossmatch.pairs(ra1[rows], dec1[rows], ra2, dec2, circles, most)
        except MemoryError:
            if len(rows) == 1 or len(rows) * TURNS < len(ra1):
                raise
            once = len(rows) // 2
            continue
        done = (np.bincount(a, minlength=len(rows)) >= k) | (own[rows] <= reach)
        keep = done[a]
        a, b, s = a[keep], b[keep], s[keep]
        at = crossmatch.chosen(a, b, s, "nearest", k, len(ra2))
        found.append((rows[a[at]], b[at], s[at]))
        waiting.append(rows[~done])
        left = later
        if not len(left):
            left, waiting = np.sort(np.concatenate(waiting)), []
            reach, once = reach * FACTOR, max(len(left), 1)
    a, b, s = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((b, a))
    return a[order], b[order], s[order]


def mutual(
    ra1: Floats, dec1: Floats, ra2: Floats, dec2: Floats, radius: float, most: int
) -> tuple[Ints, Ints, Floats]:
    """Pairs within a radius in which each is the nearest of the other, of equal distances the lower row."""
    a, b, s = closest(ra1, dec1, ra2, dec2, radius, 1, most)
    at = crossmatch.chosen(a, b, s, "nearest", 1, len(ra2))
    a, b, s = a[at], b[at], s[at]
    theirs = np.unique(b)
    back, left, far = closest(ra2[theirs], dec2[theirs], ra1, dec1, radius, 1, most)
    at = crossmatch.chosen(back, left, far, "nearest", 1, len(ra1))
    best = np.full(len(ra2), -1, np.int64)
    best[theirs[back[at]]] = left[at]
    keep = best[b] == a
    return a[keep], b[keep], s[keep]
