"""A match in which one list comes by in parts: the other is held once, and pairs that cannot be wanted are let go early.

Rows are numbered over all parts, and the pairs are those that `crossmatch.pairs` and `neighbours` give for the whole lists:
in the same order, of equal distances the lower row. (Over 20 deg separations differ by 1e-14 deg, with which list is held.)
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from skyexplorer.core import cells, crossmatch, join, neighbours
from skyexplorer.core.cells import Floats, Ints
from skyexplorer.core.crossmatch import CLASS
from skyexplorer.core.slots import lines
from skyexplorer.core.threads import at_work

PART_ROWS = 2**21  # of a list, at a time: 32 MB of positions
PAIR_BYTES = 5 * 8  # of a pair that is kept: rows, separation, direction, combined error
ROOM = 2_000_000  # pairs that may gather before those are let go that are not wanted
_NONE = np.empty(0)


class Part(NamedTuple):
    """Consecutive rows of a list, from row ``first`` on: degrees, NaN where there is no position; ``sigma`` may be empty."""

    first: int
    ra: Floats
    dec: Floats
    sigma: Floats = _NONE


class Pairs(NamedTuple):
    """Pairs of rows: separation and position angle (deg), and √(σ₁² + σ₂²) (deg; empty where a radius was given)."""

    left: Ints
    right: Ints
    separation: Floats
    angle: Floats
    combined: Floats


@nb.njit(cache=True, nogil=True)
def tidied(ra: Floats, dec: Floats) -> tuple[float, float]:
    """Right ascensions into [0, 360), and NaN for both where one is not finite, in place; the largest sizes of both."""
    widest, highest = 0.0, 0.0
    for i in range(ra.shape[0]):
        a, d = ra[i], dec[i]
        if not (abs(a) < np.inf and abs(d) < np.inf):
            ra[i], dec[i] = np.nan, np.nan
            continue
        widest, highest = max(widest, abs(a)), max(highest, abs(d))
        if a < 0.0 or a >= 360.0:
            a %= 360.0
            ra[i] = a if a < 360.0 else 0.0  # a tiny negative one
    return widest, highest


class Holder:
    """The list that is held, or a block of it, to be asked for pairs with parts of the other.

    Parameters
    ----------
    held : Part
    is_left : bool
        Whether it is the left list.
    radius : float, (n,) array or None
        Degrees, of all rows of left or of each; None where errors decide.
    max_sigma : float
        Where they do: ψ / √(σ₁² + σ₂²) up to this.
    """

    def __init__(self, held: Part, is_left: bool, radius: float | Floats | None, max_sigma: float) -> None:
        self.held, self.is_left, self.max_sigma = held, is_left, max_sigma
        self.radius = radius
        self._ready: dict[tuple[int, float], join.Held] = {}
        # Rows that are asked together: all; or those of like radii or errors, or the widest circle would be everyone's.
        mine: Floats | None = None
        if radius is None:
            mine = held.sigma
        elif isinstance(radius, np.ndarray) and is_left:
            mine = radius[held.first : held.first + len(held.ra)]
        self._classes = [None] if mine is None else [rows for _, rows in _alike(mine)]
        self._mine = mine

    def pairs(self, part: Part, most: int) -> tuple[Ints, Ints, Floats]:
        """All pairs with a part: rows within it and within what is held as (left, right), and separations, in order.

        Raises
        ------
        MemoryError
            If there are more than ``most``.
        """
        found: list[tuple[Ints, Ints, Floats]] = []
        ordered = True
        for number, rows in enumerate(self._classes):
            for theirs, reach, each in self._questions(part, rows):
                a, b, s, by_left = self._asked(part, number, theirs, reach, each, most)
                most -= len(a)
                ordered = by_left and not found
                found.append((a if theirs is None else theirs[a], b if rows is None else rows[b], s))
        asked, held, s = found[0] if len(found) == 1 else _joined(found)
        if self.radius is None:
            combined = np.hypot(part.sigma[asked], self.held.sigma[held])
            keep = s <= self.max_sigma * combined * (1 + cells.ON_EDGE)
            asked, held, s = asked[keep], held[keep], s[keep]
        a, b = (held, asked) if self.is_left else (asked, held)
        if ordered:
            return a, b, s
        order = np.lexsort((b, a))
        return a[order], b[order], s[order]

    def _questions(self, part: Part, rows: Ints | None) -> list[tuple[Ints | None, float, Floats]]:
        """Rows of a part that ask a class of what is held, the largest radius, and radii of each if they differ."""
        if self.radius is None:
            assert rows is not None
            theirs = np.flatnonzero(np.isfinite(part.sigma))
            reach = np.minimum(
                self.max_sigma * np.hypot(part.sigma[theirs], self.held.sigma[rows].max()), 180.0
            )
            return [(theirs[some], edge, reach[some]) for edge, some in _alike(reach)]
        if self._mine is not None:
            return [(None, float(self._mine[rows].max()), _NONE)]
        if not isinstance(self.radius, np.ndarray):
            return [(None, float(self.radius), _NONE)]
        each = self.radius[part.first : part.first + len(part.ra)]
        return [(some, edge, each[some]) for edge, some in _alike(each)]

    def _asked(
        self, part: Part, number: int, theirs: Ints | None, reach: float, each: Floats, most: int
    ) -> tuple[Ints, Ints, Floats, bool]:
        """Pairs (asked, held) of a class with some rows of a part, and whether they come by left, then by right."""
        ra, dec = (part.ra, part.dec) if theirs is None else (part.ra[theirs], part.dec[theirs])
        rows = self._classes[number]
        place = (self.held.ra, self.held.dec)
        if rows is not None and ((number, reach) not in self._ready or reach > join.WIDEST):
            place = place[0][rows], place[1][rows]
        # Radii of each row are those of the side that a join takes for left.
        own = _NONE if self._mine is None or self.radius is None else self._mine[rows]
        turned = bool(len(own)) or (self.is_left and not len(each))
        wide = own if turned and len(own) else each if len(each) else reach
        if not len(ra):
            none = np.empty(0, np.int64)
            return none, none, _NONE, True
        if reach > join.WIDEST:
            sides = (*place, ra, dec) if turned else (ra, dec, *place)
            left, right, s = crossmatch.pairs(*sides, wide, most)
        else:
            with at_work(len(self.held.ra) + len(ra)):
                if (number, reach) not in self._ready:
                    self._ready[number, reach] = join.hold(*place, reach)
                ready = self._ready[number, reach]
                slots = join.ask(ready, ra, dec, 0, turned, own if len(own) else each, most)
                members = len(self.held.ra) if rows is None else len(rows)
                left, right, s = lines(slots, members if turned else len(ra))
        a, b = (right, left) if turned else (left, right)
        return a, b, s, turned == self.is_left


class Gathered:
    """Pairs as they come, of which those are kept that may be wanted in the end.

    Parameters
    ----------
    mode : str
        ``"nearest"``, ``"all"`` or ``"mutual"``.
    k : int
        Of the nearest.
    itself : bool
        Whether both lists are one: no row is its own neighbour, and ``"all"`` and ``"mutual"`` have each pair once.
    most : int
        Pairs that may be kept.
    """

    def __init__(self, mode: str, k: int, itself: bool, most: int) -> None:
        self.mode, self.k, self.itself, self.most = mode, k, itself, most
        self.kept = 0
        self._pairs: list[Pairs] = []
        self._room = ROOM

    @property
    def left_over(self) -> int:
        """Pairs that may still come."""
        return self.most - self.kept if self.mode == "all" else self.most

    def add(self, holder: Holder, part: Part) -> None:
        """The pairs of what is held with a part; parts come in order of their rows.

        Raises
        ------
        MemoryError
            If there are more than are allowed.
        """
        try:
            a, b, s = holder.pairs(part, self.left_over)
        except MemoryError as error:
            if not error.args or not isinstance(error.args[0], int):
                raise  # of memory itself
            raise MemoryError(self.kept + error.args[0]) from error
        left, right = (holder.held, part) if holder.is_left else (part, holder.held)
        if self.itself:
            mine, theirs = a + left.first, b + right.first
            other = mine < theirs if self.mode == "all" else mine != theirs
            a, b, s = a[other], b[other], s[other]
        at = self._wanted(a, b, s)
        if len(at) < len(a):
            a, b, s = a[at], b[at], s[at]
        angle = neighbours.position_angles(left.ra, left.dec, right.ra, right.dec, a, b)
        combined = np.hypot(left.sigma[a], right.sigma[b]) if holder.radius is None else _NONE
        self._pairs.append(Pairs(a + left.first, b + right.first, s, angle, combined))
        self.kept += len(a)
        if self.kept > self.most:
            raise MemoryError(self.kept)
        if self.mode != "all" and self.kept > self._room:
            whole = self._whole()
            self._pairs = [_some(whole, self._wanted(*whole[:3]))]
            self.kept = len(self._pairs[0].left)
            self._room = 2 * self.kept + ROOM

    def done(self) -> Pairs:
        """The pairs that are wanted: by left, then by right, or of ``"nearest"`` by separation."""
        whole = self._whole()
        a, b, s = whole[:3]
        if self.mode == "nearest":
            return _some(
                whole, neighbours.nearest(a, s) if self.k == 1 else neighbours.k_nearest(a, s, self.k)
            )
        if self.mode == "mutual":
            of_left, of_right = _nearest_of_both(a, b, s)
            keep = of_left & of_right
            return _some(whole, np.flatnonzero(keep & (a < b) if self.itself else keep))
        return whole

    def _whole(self) -> Pairs:
        """All that is kept, in order: of one left row, the rights have come in theirs."""
        if not self._pairs:
            none = np.empty(0, np.int64)
            return Pairs(none, none.copy(), np.empty(0), np.empty(0), np.empty(0))
        if len(self._pairs) == 1:
            return self._pairs[0]
        whole = Pairs(*(np.concatenate(columns) for columns in zip(*self._pairs, strict=True)))
        self._pairs = []
        if (np.diff(whole.left) < 0).any():
            whole = _some(whole, np.argsort(whole.left, kind="stable"))
        return whole

    def _wanted(self, a: Ints, b: Ints, s: Floats) -> Ints:
        """Numbers of the pairs, in order, that may be wanted when more have come."""
        if self.mode == "nearest":
            return np.sort(neighbours.k_nearest(a, s, self.k)) if self.k > 1 else neighbours.nearest(a, s)
        if self.mode == "mutual":
            of_left, of_right = _nearest_of_both(a, b, s)
            return np.flatnonzero(of_left | of_right)
        return np.arange(len(a))


def _nearest_of_both(a: Ints, b: Ints, s: Floats) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which pairs are the nearest of their left row, and which of their right; pairs come by left, then by right."""
    of_left, of_right = np.zeros(len(a), bool), np.zeros(len(a), bool)
    of_left[neighbours.nearest(a, s)] = True
    order = np.argsort(b, kind="stable")
    of_right[order[neighbours.nearest(b[order], s[order])]] = True
    return of_left, of_right


def _alike(radius: Floats) -> list[tuple[float, Ints]]:
    """Rows whose radii differ by less than `CLASS`, and an edge over them: the same in all parts, which ask one copy.

    None of those that are NaN.
    """
    power = np.floor(np.log(np.maximum(radius, cells.SMALLEST_CELL) / 180.0) / np.log(CLASS))
    out = []
    for each in np.unique(power[np.isfinite(power)]):
        rows = np.flatnonzero(power == each)
        edge = 180.0 * CLASS ** (each + 1) * (1 + 1e-9)
        out.append((min(edge, 180.0 if radius[rows].max() > join.WIDEST else join.WIDEST), rows))
    return out


def _joined(found: list[tuple[Ints, Ints, Floats]]) -> tuple[Ints, Ints, Floats]:
    none = np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    a, b, s = (np.concatenate(columns) for columns in zip(none, *found, strict=True))
    return a, b, s


def _some(pairs: Pairs, at: Ints) -> Pairs:
    combined = pairs.combined[at] if len(pairs.combined) else pairs.combined
    return Pairs(pairs.left[at], pairs.right[at], pairs.separation[at], pairs.angle[at], combined)


def warm() -> None:
    """Compile what is not compiled yet."""
    ra, dec = np.linspace(0, 359, 99), np.linspace(-89, 89, 99)
    tidied(ra, dec)
    for mode in ("nearest", "mutual"):
        for is_left in (True, False):
            gathered = Gathered(mode, 2, False, 10**6)
            gathered.add(Holder(Part(0, ra, dec), is_left, 1.0, 5.0), Part(0, ra, dec))
            gathered.done()
