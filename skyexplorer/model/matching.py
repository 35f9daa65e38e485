"""crossmatch: which sources of one list belong to which of another, by their places on the sky."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table, vstack
from astropy.time import Time

from skyexplorer import progress
from skyexplorer.core import warming
from skyexplorer.errors import InputError
from skyexplorer.model.catalog import SourceCatalog
from skyexplorer.model.motion import Together, together
from skyexplorer.model.pairs import MOST_PAIRS, Floats, Ints, check, check_sigma, counted, table_of
from skyexplorer.model.places import Pair, covariance, degrees, known, radii, sigma

if TYPE_CHECKING:
    from skyexplorer.model.parted import PartedCatalog
    from skyexplorer.model.region import SkyRegion
    from skyexplorer.model.regions import SkyRegions

    Lists: TypeAlias = SourceCatalog | SkyCoord | Table | PartedCatalog | tuple[Any, Any]
    Side: TypeAlias = Lists | SkyRegion | SkyRegions | list[SkyRegion]
ON_EDGE = 1e-13  # relative: what rounding does to a separation that is just the radius


def crossmatch(
    left: Side,
    right: Side,
    radius: u.Quantity | None = None,
    mode: str = "nearest",
    k: int = 1,
    max_sigma: float = 5.0,
    keep_unmatched: bool = False,
    *,
    epoch: Time | str | float | Literal[False] | None = None,
    ellipses: bool = False,
) -> Table:
    """Pairs of sources that lie near each other, or of sources and the regions that hold them.

    Parameters
    ----------
    left, right : SourceCatalog, SkyCoord, Table, (ra, dec), PartedCatalog, SkyRegions, …
        Any frame; rows without a position match nothing. A list matched with itself (the same object twice) gives the
        neighbours of each row: no row is its own, and ``"all"`` and ``"mutual"`` have each pair once. Where one side is
        read in parts (Parquet, HATS) its rows are numbered over all parts. Where one side is of regions every pair of a
        source and a region that holds it is given, whatever the mode, with ``normalised_radius``; there is no radius.
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
    epoch : Time, str, float or False, optional
        To which both lists are moved by their proper motions before they are matched. By default the list that has
        proper motions and an epoch goes to the epoch of the other, if that has one; ``False``: nothing moves, nor does
        anything where a list is read in parts. What was done stands in ``meta["epoch"]`` of the result.
    ellipses : bool
        Without a radius: whether errors count as the ellipses that they are, d² = δᵀ (C₁ + C₂)⁻¹ δ, instead of as circles.

    Returns
    -------
    Table
        ``left``, ``right`` (rows), ``separation`` (arcsec), ``position_angle`` (deg, east of north, from left to right), and
        without a radius ``normalised_distance``; sorted by left, then by separation (nearest) or by right (all).

    Raises
    ------
    InputError
        For a radius that is no angle or lies outside 0 to 180°, an unknown mode, catalogues without errors where no
        radius is given, a list that cannot be moved to an epoch that is given, more pairs than can be held, or more memory
        than is allowed.

    Examples
    --------
    >>> from astropy import units as u
    >>> from astropy.coordinates import SkyCoord
    >>> from skyexplorer import crossmatch
    >>> ours = SkyCoord([10, 10.001, 10.01] * u.deg, [0, 0, 0] * u.deg)
    >>> theirs = SkyCoord([10.0006, 10.0098, 359.99] * u.deg, [0, 0, 0] * u.deg)
    >>> pairs = crossmatch(ours, theirs, 5 * u.arcsec, mode="mutual")
    >>> pairs["left"].tolist(), pairs["right"].tolist()
    ([1, 2], [0, 1])
    """
    check(mode, k)
    warming.in_notebook()
    if _is_regions(left) or _is_regions(right):
        if radius is not None or keep_unmatched:
            raise InputError(
                "Regions have edges of their own, and every pair of a source and a region is given.",
                "Leave out radius and keep_unmatched.",
            )
        return _with_regions(left, right)
    if _is_parted(left) or _is_parted(right):
        from skyexplorer.model.parted import crossmatch_parts

        if (epoch is not None and epoch is not False) or ellipses:
            raise InputError(
                "Lists that are read in parts are matched where they stand, with circular errors.",
                "Leave out epoch and ellipses, or read the rows: PartedCatalog.inside, take or read.",
            )
        found = crossmatch_parts(left, right, radius, mode, k, max_sigma, keep_unmatched)
        if epoch is None and any(getattr(side, "moves", False) for side in (left, right)):
            found.meta["epoch"] = (
                "proper motions not used: a list that is read in parts is matched where it stands"
            )
        return found
    same = left is right
    pair = _brought(left, right, epoch)
    ours, theirs = pair.left, pair.right
    errors: tuple[Floats, Floats] | None = None
    with counted():
        if radius is not None:
            a, b, psi = _within(pair, radii(radius, len(ours[0])), mode, k, same)
        else:
            check_sigma(max_sigma)
            errors = sigma(pair.sides[0], "left"), sigma(pair.sides[1], "right")
            a, b, psi = _within_errors(pair, errors, max_sigma, ellipses)
    from skyexplorer.core import crossmatch as core

    if same:
        a, b, psi = (side[a != b] for side in (a, b, psi))
    if mode != "all" or same:
        at = core.chosen(a, b, psi, mode, k, len(theirs[0]))
        if same and mode != "nearest":
            at = at[a[at] < b[at]]
        if len(at) < len(a) or k > 1:  # several nearest of one row come by distance
            a, b, psi = a[at], b[at], psi[at]
    angle = core.position_angles(*ours, *theirs, a, b) if pair.slack is None else pair.exact(a, b)[1]
    combined = distance = None
    if errors is not None and ellipses:
        distance = _normalised(pair, a, b, psi, angle)
    elif errors is not None:
        combined = np.hypot(errors[0][a], errors[1][b])
    found = table_of(a, b, psi, angle, combined, len(ours[0]) if keep_unmatched else None, distance, same)
    if pair.note:
        found.meta["epoch"] = pair.note
    return found


def _is_parted(side: Any) -> bool:
    # Not by its class: to know that would be to load it.
    return callable(getattr(side, "parts", None))


def _is_regions(side: Any) -> bool:
    # By name: to know the classes would be to load them.
    if isinstance(side, list) and side:
        return all(type(each).__name__ == "SkyRegion" for each in side)
    return type(side).__name__ in ("SkyRegion", "SkyRegions")


def _brought(left: Any, right: Any, epoch: Any) -> Together:
    """Both lists at one epoch."""
    if epoch is False:
        one = known(left, "left")
        return Together((one, one if left is right else known(right, "right")))
    return together(left, right, epoch)


def _within(
    pair: Together, radius: float | Floats, mode: str, k: int, same: bool
) -> tuple[Ints, Ints, Floats]:
    """Pairs within a radius, of which at least those of the mode are all there."""
    from skyexplorer.core import closest
    from skyexplorer.core import crossmatch as core

    ours, theirs = pair.left, pair.right
    if pair.slack is not None:
        # Who moves asks, since each of its rows has a slack of its own, and few of them a large one.
        if pair.moves == 1 and not isinstance(radius, np.ndarray):
            b, a, _ = core.pairs(*theirs, *ours, np.minimum(radius + pair.slack, 180.0), MOST_PAIRS)
            order = np.lexsort((b, a))
            a, b = a[order], b[order]
        else:
            slack = pair.slack if pair.moves == 0 else float(pair.slack.max(initial=0.0))
            a, b, _ = core.pairs(*ours, *theirs, np.minimum(radius + slack, 180.0), MOST_PAIRS)
        psi, _ = pair.exact(a, b)
        keep = psi <= (radius[a] if isinstance(radius, np.ndarray) else radius) * (1 + ON_EDGE)
        return a[keep], b[keep], psi[keep]
    if mode == "nearest":
        return closest.closest(*ours, *theirs, radius, int(k) + same, MOST_PAIRS)
    if mode == "mutual" and not same and not isinstance(radius, np.ndarray):
        return closest.mutual(*ours, *theirs, radius, MOST_PAIRS)
    return core.pairs(*ours, *theirs, radius, MOST_PAIRS)


def _within_errors(
    pair: Together, errors: tuple[Floats, Floats], max_sigma: float, ellipses: bool
) -> tuple[Ints, Ints, Floats]:
    """Pairs whose normalised distance is at most ``max_sigma``."""
    from skyexplorer.core import crossmatch as core

    ours, theirs = pair.left, pair.right
    wide = list(errors)
    if ellipses:
        from skyexplorer.core import errors2d

        wide = [errors2d.axes(*each)[0] for each in _covariances(pair)]
    if pair.slack is not None:
        # √((σ₁ + x)² + (σ₂ + x)²) ≥ √(σ₁² + σ₂²) + x: what is off by the slack is found if both errors are larger by it.
        wide = [each + float(pair.slack.max(initial=0.0)) / max_sigma for each in wide]
    a, b, psi = core.pairs_within_errors(*ours, wide[0], *theirs, wide[1], max_sigma, MOST_PAIRS)
    if not ellipses and pair.slack is None:
        return a, b, psi
    if pair.slack is None:
        angle = core.position_angles(*ours, *theirs, a, b)
    else:
        psi, angle = pair.exact(a, b)
    distance = _normalised(pair, a, b, psi, angle) if ellipses else psi / np.hypot(errors[0][a], errors[1][b])
    keep = distance <= max_sigma * (1 + ON_EDGE)
    return a[keep], b[keep], psi[keep]


def _covariances(pair: Together) -> list[tuple[Floats, Floats, Floats]]:
    """One sigma east and north (deg), and their correlation, of both lists."""
    return [covariance(side, name) for side, name in zip(pair.sides, ("left", "right"), strict=True)]


def _normalised(pair: Together, a: Ints, b: Ints, psi: Floats, angle: Floats) -> Floats:
    """Normalised distance of pairs by the error ellipses of both."""
    from skyexplorer.core import crossmatch as core
    from skyexplorer.core import errors2d

    one, other = _covariances(pair)
    back = core.position_angles(*pair.right, *pair.left, b, a)
    return errors2d.normalised(one, other, a, b, psi, angle, back)


def _with_regions(left: Any, right: Any) -> Table:
    """Pairs of sources and of regions that hold them, with the columns in the order of the sides."""
    from skyexplorer.model.regions import SkyRegions

    if _is_regions(left) and _is_regions(right):
        raise InputError(
            "Both sides are of regions.",
            "Give sources on one of them; regions with each other are joined by & and |.",
        )
    regions, sources = (left, right) if _is_regions(left) else (right, left)
    if not isinstance(regions, SkyRegions):
        regions = SkyRegions.of(regions if isinstance(regions, list) else [regions])
    parts: Any = sources.parts() if _is_parted(sources) else [(0, *degrees(sources, "sources"))]
    turned = _is_regions(left)
    found = vstack([_held(regions, part[0], part[1], part[2], turned) for part in parts])
    return found[np.lexsort((found["right"], found["left"]))]


def _held(regions: SkyRegions, first: int, ra: Floats, dec: Floats, turned: bool) -> Table:
    """Pairs of regions and of the sources that they hold, rows numbered from ``first``; ``turned``: the regions are left."""
    from skyexplorer.core import crossmatch as core

    progress.current().report(first, what="looking into regions")
    found = regions.match(Pair(ra, dec))
    a, b = np.asarray(found["left"]), np.asarray(found["right"])
    if not turned:
        found["position_angle"][:] = core.position_angles(ra, dec, *regions._centers, b, a)
        a, b = b, a
    found["left"], found["right"] = (a, b + first) if turned else (a + first, b)
    return found


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
