"""What every match has in common: its modes, how many pairs there may be, and the table that it gives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from astropy import units as u
from astropy.table import Table
from numpy.typing import NDArray

from skyexplorer.errors import InputError

MODES = ("nearest", "all", "mutual")
MOST_PAIRS = 200_000_000
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def check(mode: str, k: int) -> None:
    """Refuse a mode or a number of neighbours that cannot be."""
    if mode not in MODES:
        raise InputError(f"mode is {mode!r}.", f"One of {', '.join(MODES)}.")
    if not isinstance(k, int | np.integer) or k < 1:
        raise InputError(f"k is {k!r}.", "1 is the nearest, 2 the two nearest, and so on.")


def check_sigma(max_sigma: Any) -> None:
    """Refuse a largest normalised distance that is none."""
    if not isinstance(max_sigma, int | float | np.number) or not max_sigma > 0:
        raise InputError(f"max_sigma is {max_sigma!r}.", "5 is usual.")


@contextmanager
def counted() -> Iterator[None]:
    """Too many pairs, as an error of ours."""
    try:
        yield
    except MemoryError as error:
        if not error.args or not isinstance(error.args[0], int):
            raise InputError(f"Memory is short: {error}", "Match in parts.") from error
        raise InputError(
            f"There are {error.args[0]} pairs within that radius, over {MOST_PAIRS}.",
            "Give a smaller radius, or match in parts.",
        ) from error


def table_of(
    a: Ints, b: Ints, psi: Floats, angle: Floats, combined: Floats | None = None, rows: int | None = None,
    distance: Floats | None = None, itself: bool = False,
) -> Table:  # fmt: skip
    """The result of a match: rows, separations and directions (deg) of pairs; all of left where ``rows`` of it are given.

    Normalised distances are given, or come of combined errors (deg). ``psi`` is used up. ``itself``: both lists are one, so
    that a row on the right has a match too.
    """
    if distance is None and combined is not None:
        distance = psi / combined
    psi = np.multiply(psi, 3600.0, out=psi)  # in place: new memory takes longer than the sums
    columns: dict[str, Any] = {"left": a, "right": b, "separation": psi, "position_angle": angle}
    if distance is not None:
        columns["normalised_distance"] = distance
    if rows is not None:
        found = np.zeros(rows, bool)
        found[a] = True
        if itself:
            found[b] = True
        alone = np.flatnonzero(~found)
        order = np.argsort(np.concatenate([a, alone]), kind="stable")
        for name, values in columns.items():
            blank = alone if name == "left" else np.full(len(alone), -1 if name == "right" else np.nan)
            columns[name] = np.concatenate([values, blank])[order].astype(values.dtype)
    table = Table(columns, copy=False)
    table["separation"].unit, table["position_angle"].unit = u.arcsec, u.deg
    return table
