"""Two lists brought to a common epoch before they are matched, where proper motions and epochs are given.

The list with proper motions moves to the epoch of the other, row by row. Where the other has one epoch for all rows that
is the whole of it. Where it has one a row (2MASS), positions are first moved to the middle of them; what a row can be off by
from there is its `slack`, by which the radius must be larger to find every pair, and each pair is then measured anew at the
exact epoch of its partner (`Together.exact`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time
from numpy.typing import NDArray

from skyexplorer.errors import InputError
from skyexplorer.io import epochs
from skyexplorer.model import places
from skyexplorer.model.catalog import SourceCatalog
from skyexplorer.model.proper_motion import Motion, told

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
NOTHING = 1e-7 / 3600.0
"""Degrees (0.1 µas) that are no motion: far below any catalogue's digits."""
ROUNDING = 1e-12
"""Degrees by which moved positions may be off."""


@dataclass(frozen=True, eq=False)
class Together:
    """Two lists at a common epoch.

    Parameters
    ----------
    sides : tuple of two
        The lists, moved where they were: each a SourceCatalog, a SkyCoord or (ra, dec) arrays, as `places` takes them.
    note : str
        What was done, or why not; empty where there was nothing to do.
    moves : int or None
        0 if the left list has moved, 1 if the right one; None if none, or both.
    slack : (n,) array or None
        Degrees, for each row of the list that has moved: how far from its place here it can be at the epoch of a partner.
        None where no pair needs `exact`.
    """

    sides: tuple[Any, Any]
    note: str = ""
    moves: int | None = None
    slack: Floats | None = None
    course: Course | None = None
    years: Floats | None = None

    @cached_property
    def left(self) -> tuple[Floats, Floats]:
        """Positions of the left list (deg)."""
        return places.degrees(self.sides[0], "left")

    @cached_property
    def right(self) -> tuple[Floats, Floats]:
        """Positions of the right list (deg)."""
        return places.degrees(self.sides[1], "right")

    def exact(self, a: Ints, b: Ints) -> tuple[Floats, Floats]:
        """Separation and position angle, left to right, of pairs at the epoch of the partner that does not move (deg).

        Parameters
        ----------
        a, b : (p,) int arrays
            Rows of the left list and of the right one.

        Raises
        ------
        InputError
            If there is no `slack`, and thus nothing to measure anew.
        """
        from skyexplorer.core import motion

        if self.course is None or self.years is None or self.moves is None:
            raise InputError("These lists are at one epoch.", "Their separations are exact as they are.")
        back = self.moves == 1
        still = self.left if back else self.right
        one, other = (b, a) if back else (a, b)
        course = self.course
        return motion.moved_pairs(
            course.ra, course.dec, course.motion.arrays, course.years, *still, self.years, one, other, back
        )


@dataclass(frozen=True, eq=False)
class Course:
    """Where the rows of a list go: their positions (deg), the epochs of these (Julian years), their motions."""

    ra: Floats
    dec: Floats
    years: Floats
    motion: Motion


def course(side: places.Side) -> Course | None:
    """How a list moves; None if it has no proper motions or no epoch."""
    if isinstance(side, SourceCatalog):
        side = side._given or side
        if side._roles.motion is None or side._motion is None or side._years is None:
            return None
        return Course(side._lon, side._lat, side._years, side._motion)
    if not isinstance(side, SkyCoord) or side.obstime is None or "s" not in side.frame.data.differentials:
        return None
    east, north = (each.to_value(u.mas / u.yr) for each in (side.pm_ra_cosdec, side.pm_dec))
    parallax = velocity = None
    if side.frame.data.norm().unit.is_equivalent(u.pc):
        with np.errstate(divide="ignore"):
            parallax = 1e3 / side.distance.to_value(u.pc)
        away = side.frame.data.differentials["s"]
        if hasattr(away, "d_distance"):  # else the velocity is one along the sky only
            velocity = side.radial_velocity.to_value(u.km / u.s)
    when = epochs.given(side.obstime, len(side))
    return Course(*places.degrees(side, "side"), when, Motion(east, north, parallax, velocity))


def years(side: places.Side) -> Floats | None:
    """Epochs of a list's positions (Julian years), (1,) or (n,); None where they are not known."""
    if isinstance(side, SourceCatalog):
        return side._years
    if isinstance(side, SkyCoord) and side.obstime is not None:
        return epochs.given(side.obstime, len(side))
    return None


def together(left: Any, right: Any, time: Time | str | float | None = None) -> Together:
    """Two lists at a common epoch; untouched, and not copied, where proper motions or epochs are missing.

    Parameters
    ----------
    left, right : SourceCatalog, SkyCoord, …
        As `places.known` takes them. A SkyCoord with proper motions has the epoch of its ``obstime``.
    time : Time, str or float, optional
        The epoch to which both are moved. Without it the list with proper motions moves to the epoch of the other; if both
        have them, the one with the smaller errors of them.

    Raises
    ------
    InputError
        For a time that is none, or one to which neither can be moved.

    Examples
    --------
    >>> from astropy.table import Table
    >>> from skyexplorer import SourceCatalog
    >>> stars = Table({"ra": [10.0], "dec": [0.0], "pmra": [3600.0], "pmdec": [0.0]})
    >>> pair = together(SourceCatalog(stars, epoch=2016.0), SourceCatalog(Table({"ra": [10.0], "dec": [0.0]}), epoch=2000.0))
    >>> pair.left[0].round(6).tolist(), pair.note
    ([9.984], 'left moved from J2016.0 to J2000.0')
    """
    same = left is right
    sides = [places.known(left, "left")]
    sides.append(sides[0] if same else places.known(right, "right"))
    courses = [course(side) for side in sides]
    if time is not None:
        return _both(sides, courses, epochs.given(time, 1), same)
    if same or courses == [None, None]:
        return Together((sides[0], sides[1]))
    when = [years(side) for side in sides]
    for mine, theirs, name in ((0, 1, "right"), (1, 0, "left")):
        if courses[mine] is not None and when[theirs] is None:
            return Together((sides[0], sides[1]), f"proper motions not used: {name} has no epoch")
    mover = _mover(courses)
    target, path = when[1 - mover], courses[mover]
    assert target is not None
    assert path is not None
    if not len(target):
        return Together((sides[0], sides[1]))
    low, high = float(np.fmin.reduce(target)), float(np.fmax.reduce(target))
    if not np.isfinite(low):
        return Together(
            (sides[0], sides[1]), "proper motions not used: no row of the other list has an epoch"
        )
    middle = 0.5 * (low + high)
    name = ("left", "right")[mover]
    note = f"{name} moved from {told(path.years)} to {told(target)}"
    moved = _moved(sides[mover], path, np.array([middle]))
    both = (moved, sides[1]) if mover == 0 else (sides[0], moved)
    slack = None
    if high > low:
        from skyexplorer.core import motion

        slack = motion.slack(path.motion.arrays, path.years, middle, low, high) + ROUNDING
    if slack is None or not np.any(slack > NOTHING):
        return Together(both, note, mover)
    exact = np.where(np.isfinite(target), target, middle)
    return Together(both, note, mover, slack, path, exact)


def _mover(courses: list[Course | None]) -> int:
    """Which list moves: that with proper motions; of two the one that knows them better."""
    one, other = courses
    if one is None or other is None:
        return 0 if other is None else 1
    spread = [_typical(each.motion) for each in (one, other)]
    return 1 if spread[1] < spread[0] else 0


def _typical(motion: Motion) -> float:
    """Median error of proper motions (mas/yr); infinite where they have none."""
    if motion.pm_errors is None:
        return np.inf
    errors = np.hypot(*motion.pm_errors)
    errors = errors[np.isfinite(errors)]
    return float(np.median(errors)) if len(errors) else np.inf


def _moved(side: places.Side, path: Course, there: Floats) -> places.Side:
    """A list at another epoch."""
    if np.array_equal(path.years, there) and not (isinstance(side, SourceCatalog) and side._given):
        return side
    if isinstance(side, SourceCatalog):
        return side.at_epoch(float(there[0]))
    from skyexplorer.core import motion

    return places.Pair(*motion.moved(path.ra, path.dec, path.motion.arrays, path.years, there))


def _both(sides: list[places.Side], courses: list[Course | None], there: Floats, same: bool) -> Together:
    if courses == [None, None]:
        raise InputError(
            "Neither list has proper motions and an epoch, and cannot be moved.",
            "Leave the epoch out, or name the columns: SourceCatalog(table, pmra=…, pmdec=…, epoch=…).",
        )
    out, notes = [], []
    for side, path, name in zip(sides, courses, ("left", "right"), strict=True):
        if path is None:
            out.append(side)
            notes.append(f"{name} stays: it has no proper motions or no epoch")
        elif same and out:
            out.append(out[0])
        else:
            out.append(_moved(side, path, there))
            notes.append(f"{name} moved from {told(path.years)} to {told(there)}")
    return Together((out[0], out[1]), "; ".join(notes))
