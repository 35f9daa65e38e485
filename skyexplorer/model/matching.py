"""crossmatch: which sources of one list belong to which of another, by their places on the sky."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table
from numpy.typing import NDArray

from skyexplorer.core import sphere
from skyexplorer.errors import InputError
from skyexplorer.model.catalog import SourceCatalog

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        Any frame; rows without a position match nothing.
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
    check(mode, k)
    places = [degrees(side, name) for side, name in ((left, "left"), (right, "right"))]
    sigma: list[Floats] | None = None
    if radius is None:
        sigma = [_sigma(side, name) for side, name in ((left, "left"), (right, "right"))]
        reach: float | Floats = _combined(sigma, max_sigma)
    else:
        reach = radii(radius, len(places[0][0]))
    a, b, psi = _pairs(places, reach, sigma, max_sigma)
    at = chosen(a, b, psi, mode, k)
    a, b, psi = a[at], b[at], psi[at]
    ours, theirs = ((side[0][rows], side[1][rows]) for side, rows in zip(places, (a, b), strict=True))
    combined = None if sigma is None else np.hypot(sigma[0][a], sigma[1][b])
    return table_of(ours, theirs, a, b, psi, combined, len(places[0][0]) if keep_unmatched else None)


def check(mode: str, k: int) -> None:
    """Refuse a mode or a number of neighbours that cannot be."""
    if mode not in MODES:
        raise InputError(f"mode is {mode!r}.", f"One of {', '.join(MODES)}.")
    if not isinstance(k, int | np.integer) or k < 1:
        raise InputError(f"k is {k!r}.", "1 is the nearest, 2 the two nearest, and so on.")


def chosen(a: Ints, b: Ints, psi: Floats, mode: str, k: int) -> Ints:
    """Numbers of the pairs of a mode, of all pairs, sorted by a and b."""
    if mode == "all":
        return np.arange(len(a))
    return _nearest(a, b, psi, int(k)) if mode == "nearest" else _mutual(a, b, psi)


def _mutual(a: Ints, b: Ints, psi: Floats) -> Ints:
    """Numbers of the pairs in which each is the nearest of the other."""
    turn = np.lexsort((a, b))
    both = np.zeros(len(a), bool)
    both[turn[_nearest(b[turn], a[turn], psi[turn], 1)]] = True
    first = _nearest(a, b, psi, 1)
    return first[both[first]]


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

    place = degrees(catalog, "catalog")
    a, b, _ = _pairs([place, place], radii(radius, len(place[0])), None, 0.0)
    n = len(place[0])
    _, label = connected_components(coo_array((np.ones(len(a), bool), (a, b)), shape=(n, n)), directed=False)
    good = np.isfinite(place[0])
    out = np.full(n, -1, np.int64)
    _, first, inverse = np.unique(label[good], return_index=True, return_inverse=True)
    out[good] = np.argsort(np.argsort(first))[inverse]
    return out


def degrees(side: Any, name: str) -> tuple[Floats, Floats]:
    """Right ascension in [0, 360) and declination of a list, NaN where a row has none (deg)."""
    if isinstance(side, Table):
        side = SourceCatalog(side)
    if isinstance(side, SourceCatalog):
        return side._lon, side._lat  # as they are kept: ICRS, in [0, 360), NaN where there is none
    coords = side
    if not isinstance(coords, SkyCoord):
        raise InputError(
            f"{name} is a {type(side).__name__}.", "Give a SourceCatalog, a SkyCoord or a Table."
        )
    icrs = coords.icrs
    ra, dec = (
        np.atleast_1d(icrs.ra.deg).astype(float).ravel(),
        np.atleast_1d(icrs.dec.deg).astype(float).ravel(),
    )
    good = np.isfinite(ra) & np.isfinite(dec)
    ra = np.where(good, ra % 360.0, np.nan)
    return np.where(ra >= 360.0, 0.0, ra), np.where(good, dec, np.nan)


def radii(radius: Any, rows: int) -> float | Floats:
    """A radius, or one for each row, in degrees; InputError for what is none."""
    try:
        degrees = np.asarray(u.Quantity(radius).to_value(u.deg), float)
    except (u.UnitsError, TypeError, ValueError) as error:
        raise InputError(f"radius is {radius!r}.", "Give an angle, such as 2 * u.arcsec.") from error
    bad = ~((degrees >= 0) & (degrees <= 180))
    if bad.any():
        raise InputError(
            f"radius is {np.atleast_1d(degrees)[np.atleast_1d(bad)][0]} deg.", "It lies within 0 and 180 deg."
        )
    if degrees.ndim == 0:
        return float(degrees)
    if degrees.shape != (rows,):
        raise InputError(
            f"{degrees.size} radii for {rows} rows of left.", "Give one for all, or one for each."
        )
    return degrees


def _sigma(side: Any, name: str) -> Floats:
    error = side.error if isinstance(side, SourceCatalog) else None
    if error is None:
        raise InputError(
            f"{name} has no errors of position, and no radius is given.",
            "Give a radius: radius=2 * u.arcsec.",
        )
    return np.asarray(error.to_value(u.deg), float)


def _combined(sigma: Sequence[Floats], max_sigma: float) -> Floats:
    if not max_sigma > 0:
        raise InputError(f"max_sigma is {max_sigma!r}.", "5 is usual.")
    widest = float(np.nanmax(sigma[1])) if np.isfinite(sigma[1]).any() else 0.0
    # A missing error is missing, and not 0: such a row matches nothing here.
    reach = max_sigma * np.hypot(np.where(np.isfinite(sigma[0]), sigma[0], 0.0), widest)
    return np.minimum(reach, 180.0)


def _pairs(
    places: Sequence[tuple[Floats, Floats]],
    reach: float | Floats,
    sigma: Sequence[Floats] | None,
    max_sigma: float,
) -> tuple[Ints, Ints, Floats]:
    from skyexplorer.core import crossmatch as core

    with counted():
        a, b, psi = core.pairs(*places[0], *places[1], reach, MOST_PAIRS)
    if sigma is not None:
        with np.errstate(invalid="ignore"):
            keep = psi <= max_sigma * np.hypot(sigma[0][a], sigma[1][b])
        a, b, psi = a[keep], b[keep], psi[keep]
    return a, b, psi


def _nearest(a: Ints, b: Ints, psi: Floats, k: int) -> Ints:
    """Numbers of the pairs with the k nearest b of each a, from pairs sorted by a and b; in ties the lower row."""
    if k == 1:
        from skyexplorer.core import crossmatch as core

        return core.nearest(a, b, psi)
    order = np.lexsort((b, psi, a))
    at = np.arange(len(a))
    starts = np.concatenate([[True], np.diff(a[order]) != 0])[: len(a)]
    rank = at - np.maximum.accumulate(np.where(starts, at, 0))
    return order[rank < k]


def table_of(
    ours: tuple[Floats, Floats], theirs: tuple[Floats, Floats], a: Ints, b: Ints, psi: Floats,
    combined: Floats | None = None, rows: int | None = None,
) -> Table:  # fmt: skip
    """The result of a match: places, rows and separations (deg) of pairs; all of left, where its number of rows is given."""
    columns: dict[str, Any] = {
        "left": a, "right": b, "separation": psi * 3600, "position_angle": sphere.position_angle(*ours, *theirs),
    }  # fmt: skip
    if combined is not None:
        columns["normalised_distance"] = psi / combined
    if rows is not None:
        alone = np.setdiff1d(np.arange(rows), a)
        order = np.argsort(np.concatenate([a, alone]), kind="stable")
        for name, values in columns.items():
            blank = alone if name == "left" else np.full(len(alone), -1 if name == "right" else np.nan)
            columns[name] = np.concatenate([values, blank])[order].astype(values.dtype)
    found = Table(columns)
    found["separation"].unit, found["position_angle"].unit = u.arcsec, u.deg
    return found
