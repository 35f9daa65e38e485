"""crossmatch: which sources of one list belong to which of another, by their places on the sky."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table
from numpy.typing import NDArray

from skyexplorer.errors import InputError
from skyexplorer.model.catalog import SourceCatalog
from skyexplorer.model.places import degrees, radii, sigma

MODES = ("nearest", "all", "mutual")
MOST_PAIRS = 200_000_000
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def crossmatch(
    left: SourceCatalog | SkyCoord | Table,
    right: SourceCatalog | SkyCoord | Table,
    radius: u.Quantity | None = None,
    mode: str = "nearest",
    k: int = 1,
    max_sigma: float = 5.0,
    keep_unmatched: bool = False,
) -> Table:
    """Pairs of sources that lie near each other.

    Parameters
    ----------
    left, right : SourceCatalog, SkyCoord or Table
        Any frame; rows without a position match nothing. A list matched with itself (the same object twice) gives the
        neighbours of each row: no row is its own, and ``"all"`` and ``"mutual"`` have each pair once.
    radius : Quantity, optional
        An angle up to 180°, one for all or one for each row of ``left``; the edge belongs to it. Without it the
        errors of both catalogues decide: ψ / √(σ₁² + σ₂²) ≤ ``max_sigma``, with one-dimensional Gaussian sigmas.
    mode : {"nearest", "all", "mutual"}
        ``"nearest"``: the ``k`` nearest of ``right`` for each of ``left`` (one of ``right`` may serve many); ``"all"``:
        every pair; ``"mutual"``: where each is the nearest of the other. Of equal distances the lower row counts.
    k : int
        For ``"nearest"``.
    max_sigma : float
        Where no radius is given.
    keep_unmatched : bool
        Whether rows of ``left`` without a match stay, with ``right`` −1 and no separation.

    Returns
    -------
    Table
        ``left``, ``right`` (rows), ``separation`` (arcsec), ``position_angle`` (deg, east of north, from left to right), and
        without a radius ``normalised_distance``; sorted by left, then by separation (nearest) or by right (all).

    Raises
    ------
    InputError
        For a radius that is no angle or lies outside 0 to 180°, an unknown mode, catalogues without errors where no
        radius is given, or more pairs than memory should hold.

    Examples
    --------
    >>> from astropy import units as u
    >>> from astropy.coordinates import SkyCoord
    >>> from skyexplorer.model.matching import crossmatch
    >>> ours = SkyCoord([10, 10.001, 10.01] * u.deg, [0, 0, 0] * u.deg)
    >>> theirs = SkyCoord([10.0006, 10.0098, 359.99] * u.deg, [0, 0, 0] * u.deg)
    >>> pairs = crossmatch(ours, theirs, 5 * u.arcsec, mode="mutual")
    >>> pairs["left"].tolist(), pairs["right"].tolist()
    ([1, 2], [0, 1])
    """
    from skyexplorer.core import crossmatch as core

    check(mode, k)
    ours, theirs = degrees(left, "left"), degrees(right, "right")
    errors: tuple[Floats, Floats] | None = None
    with counted():
        if radius is not None:
            a, b, psi = core.pairs(*ours, *theirs, radii(radius, len(ours[0])), MOST_PAIRS)
        elif not max_sigma > 0:
            raise InputError(f"max_sigma is {max_sigma!r}.", "5 is usual.")
        else:
            errors = sigma(left, "left"), sigma(right, "right")
            a, b, psi = core.pairs_within_errors(*ours, errors[0], *theirs, errors[1], max_sigma, MOST_PAIRS)
    if left is right:
        a, b, psi = (side[a != b] for side in (a, b, psi))
    at = core.chosen(a, b, psi, mode, k, len(theirs[0]))
    if left is right and mode != "nearest":
        at = at[a[at] < b[at]]
    if len(at) < len(a):
        a, b, psi = a[at], b[at], psi[at]
    combined = None if errors is None else np.hypot(errors[0][a], errors[1][b])
    angle = core.position_angles(*ours, *theirs, a, b)
    return table_of(a, b, psi, angle, combined, len(ours[0]) if keep_unmatched else None)


def check(mode: str, k: int) -> None:
    """Refuse a mode or a number of neighbours that cannot be."""
    if mode not in MODES:
        raise InputError(f"mode is {mode!r}.", f"One of {', '.join(MODES)}.")
    if not isinstance(k, int | np.integer) or k < 1:
        raise InputError(f"k is {k!r}.", "1 is the nearest, 2 the two nearest, and so on.")


@contextmanager
def counted() -> Iterator[None]:
    """Too many pairs, as an error of ours."""
    try:
        yield
    except MemoryError as error:
        raise InputError(
            f"There are {error.args[0] if error.args else 'too many'} pairs within that radius, over {MOST_PAIRS}.",
            "Give a smaller radius, or match in parts.",
        ) from error


def groups(catalog: SourceCatalog | SkyCoord | Table, radius: u.Quantity) -> Ints:
    """Friends of friends: sources linked by steps of at most a radius.

    Parameters
    ----------
    catalog : SourceCatalog, SkyCoord or Table
    radius : Quantity
        The longest link.

    Returns
    -------
    (n,) int array
        Number of each row's group, counted in the order of first members; a source alone is a group. −1 where a row has
        no position.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    from skyexplorer.core import crossmatch as core

    place = degrees(catalog, "catalog")
    n = len(place[0])
    with counted():
        a, b, _ = core.pairs(*place, *place, radii(radius, n), MOST_PAIRS)
    _, label = connected_components(coo_array((np.ones(len(a), bool), (a, b)), shape=(n, n)), directed=False)
    good = np.isfinite(place[0])
    out = np.full(n, -1, np.int64)
    _, first, inverse = np.unique(label[good], return_index=True, return_inverse=True)
    out[good] = np.argsort(np.argsort(first))[inverse]
    return out


def table_of(
    a: Ints, b: Ints, psi: Floats, angle: Floats, combined: Floats | None = None, rows: int | None = None
) -> Table:
    """The result of a match: rows, separations and directions (deg) of pairs; all of left where ``rows`` of it are given."""
    columns: dict[str, Any] = {"left": a, "right": b, "separation": psi * 3600, "position_angle": angle}
    if combined is not None:
        columns["normalised_distance"] = psi / combined
    if rows is not None:
        found = np.zeros(rows, bool)
        found[a] = True
        alone = np.flatnonzero(~found)
        order = np.argsort(np.concatenate([a, alone]), kind="stable")
        for name, values in columns.items():
            blank = alone if name == "left" else np.full(len(alone), -1 if name == "right" else np.nan)
            columns[name] = np.concatenate([values, blank])[order].astype(values.dtype)
    table = Table(columns, copy=False)
    table["separation"].unit, table["position_angle"].unit = u.arcsec, u.deg
    return table
