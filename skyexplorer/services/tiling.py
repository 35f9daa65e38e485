"""Regions in the shapes that services know: what is asked for covers the region, with few shapes and little beside it.

A region is first covered by HEALPix cells: those of its MOC; else the cells whose centre lies inside, and those that its
outline comes near. Cells are then gathered into circles: one around all, and again and again that circle is split in two
which has most sky beside its cells; cells go to the circle whose centre is nearest, and the number of circles is taken that
asks for least.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skyexplorer.core import healpix, regions, sphere

if TYPE_CHECKING:
    from skyexplorer.model.region import SkyRegion

Floats = NDArray[np.float64]
SIDE = 58.6323  # deg: of a base cell
CORNER = 1.07  # radius of a circle around a cell over its side, at most
FEWEST, MOST_CELLS = 800, 60_000  # cells over a region; candidates looked at
OUTLINE = 720  # points
ENOUGH = 0.03  # of the area of all circles: what twice as many must save
SETTLING = 4  # rounds


@dataclass(frozen=True)
class Tiles:
    """Circles that cover a region.

    Attributes
    ----------
    ra, dec, radius : array (n,)
        Degrees.
    overhead : float
        Area of all circles over that of the region.
    """

    ra: Floats
    dec: Floats
    radius: Floats
    overhead: float

    def __len__(self) -> int:
        return len(self.ra)


def cap(radius: float | Floats) -> Any:
    """Area of a circle (deg²) of this radius (deg)."""
    return 2 * np.pi * (1 - np.cos(np.radians(radius))) * sphere.DEG2_PER_SR


def cells(region: SkyRegion, fewest: int = FEWEST, most: int = MOST_CELLS) -> tuple[int, NDArray[np.int64]]:
    """Order and numbers of HEALPix cells that cover a region, every point of it.

    Parameters
    ----------
    region : SkyRegion
    fewest : int
        About as many at least, where that can be had.
    most : int
        Of those looked at.
    """
    if region.kind == "moc":
        moc = region.to_moc()
        depth = int(moc.max_order)
        while depth > 0 and moc.sky_fraction * 12 * 4**depth > most / 4:
            depth -= 1
        # Coarser cells hold all that theirs hold; finer ones are made of a MOC of few large cells.
        while depth < 29 and moc.sky_fraction * 12 * 4**depth < fewest:
            depth += 1
        return depth, _at(moc, depth)
    reach = float(region.radius.value)
    share = max(float(region.area.value) / float(cap(min(reach, 180.0))), 1e-6)
    depth = 0
    # Of a thin region more cells are looked at than are kept.
    while depth < 26 and 12 * 4**depth * _fraction(reach, depth) * share < fewest:
        depth += 1
        if 12 * 4**depth * _fraction(reach, depth) > most:
            depth -= 1
            break
    return depth, _touched(region, depth)


def _fraction(reach: float, depth: int) -> float:
    return min((1 - np.cos(np.radians(min(reach + 2 * SIDE / 2**depth, 180.0)))) / 2, 1.0)


def _at(moc: Any, depth: int) -> NDArray[np.int64]:
    """The cells of one order that cover a MOC."""
    order = int(moc.max_order)
    if depth < order:
        moc, order = moc.degrade_to_order(depth), depth
    step = 4 ** (depth - order)
    return (np.asarray(moc.flatten(), np.int64)[:, None] * step + np.arange(step)).ravel()


def _touched(region: SkyRegion, depth: int) -> NDArray[np.int64]:
    from astropy import units as u
    from mocpy import MOC
    from scipy.spatial import cKDTree

    corner = CORNER * SIDE / 2**depth
    around = min(float(region.radius.value) * 1.001 + corner, 180.0)
    if around >= 120:
        candidates = np.arange(12 * 4**depth)
    else:
        cone = MOC.from_cone(region.center.ra, region.center.dec, radius=around * u.deg, max_depth=depth)
        candidates = _at(cone, depth)
    lon, lat = healpix.centers(depth, candidates)
    found = region._contains(lon, lat)
    near = corner
    if region.kind in (
        "intersection",
        "difference",
    ):  # their outline is that of cells chosen by their centres
        near += 2 * CORNER * SIDE / 2 ** int(region.to_moc().max_order)
    # A cell whose centre is outside and that has a point inside is crossed by the edge.
    for line in region.outline(OUTLINE * min(max(len(region._shapes), 1), 60)):
        points = sphere.unit_vectors(line[:, 0], line[:, 1])
        if len(points) < 2:
            continue
        step = float(np.linalg.norm(np.diff(points, axis=0), axis=1).max())
        if step > 2 * np.sin(np.radians(min(near, 60.0))):  # long arcs of coarse outlines
            points = sphere.unit_vectors(*regions.densified(points[:-1], OUTLINE))
            step = float(np.linalg.norm(points - np.roll(points, 1, axis=0), axis=1).max())
        left = np.flatnonzero(~found)
        reach = 2 * np.sin(np.radians(min(near, 180.0)) / 2) + 0.6 * step
        gap, _ = cKDTree(points).query(sphere.unit_vectors(lon[left], lat[left]), distance_upper_bound=reach)
        found[left[np.isfinite(gap)]] = True
    if not found.any():
        found[np.argmin(sphere.separation(region.center.ra.deg, region.center.dec.deg, lon, lat))] = True
    return candidates[found]


def moc(region: SkyRegion, most: int = 2000) -> str:
    """A MOC in ASCII that covers the region, of about ``most`` cells at most.

    Examples
    --------
    >>> from astropy import units as u
    >>> from astropy.coordinates import SkyCoord
    >>> from skyexplorer import SkyRegion
    >>> from skyexplorer.services import tiling
    >>> whole = SkyRegion.circle(SkyCoord(10 * u.deg, 20 * u.deg), 180 * u.deg)
    >>> tiling.moc(whole)
    '0/0-11'
    """
    from mocpy import MOC

    depth, numbers = cells(region)
    found = MOC.from_healpix_cells(
        numbers.astype(np.uint64), np.full(len(numbers), depth, np.uint8), max_depth=depth
    )
    while int(found.max_order) > 0 and len(found.to_depth29_ranges) * 3 > most:
        found = found.degrade_to_order(int(found.max_order) - 1)
    text = " ".join(str(found.to_string(format="ascii")).split())
    return text[: -len(f" {found.max_order}/")] if text.endswith(f" {found.max_order}/") else text


def area_of(text: str) -> float:
    """The area of a MOC in ASCII, deg².

    Examples
    --------
    >>> from skyexplorer.services import tiling
    >>> round(tiling.area_of("0/0-11"), 3), round(tiling.area_of("1/0-3"), 3)
    (41252.961, 3437.747)
    """
    from mocpy import MOC

    return float(MOC.from_string(text).sky_fraction) * float(cap(180.0))


def circles(region: SkyRegion, most: int = 16, waste: float = 1.15) -> Tiles:
    """Circles that together cover a region.

    Parameters
    ----------
    region : SkyRegion
    most : int
        Circles at most.
    waste : float
        Where the circles have no more than so many times the region's area, they are not split further.

    Examples
    --------
    >>> from astropy import units as u
    >>> from astropy.coordinates import SkyCoord
    >>> from skyexplorer import SkyRegion
    >>> from skyexplorer.services import tiling
    >>> arc = SkyRegion.ellipse(SkyCoord(10 * u.deg, 20 * u.deg), 20 * u.deg, 1 * u.deg, 30 * u.deg)
    >>> one, many = tiling.circles(arc, 1), tiling.circles(arc, 16)
    >>> len(many), one.overhead > 10, many.overhead < 3
    (16, True, True)
    """
    if region.kind == "circle":
        ra, dec, radius = (
            np.array([x]) for x in (region.center.ra.deg, region.center.dec.deg, region.radius.value)
        )
        return Tiles(ra, dec, radius, 1.0)
    depth, numbers = cells(region, fewest=max(FEWEST, 12 * most))
    corner = CORNER * SIDE / 2**depth
    vectors = sphere.unit_vectors(*healpix.centers(depth, numbers))
    area = max(float(region.area.value), 1e-12)
    groups = [_Group(vectors, corner)]
    best = list(groups)
    # A split may waste sky and the next ones save it: so all are made, and the best number of circles is taken.
    while len(groups) < most and sum(group.area for group in best) > waste * area:
        wanted, before = min(2 * len(groups), most), len(groups)
        while len(groups) < wanted:
            worst = max(groups, key=lambda group: group.excess)
            pair = worst.split()
            if pair is None:
                worst.excess = -1.0
                if all(group.excess < 0 for group in groups):
                    break
                continue
            groups = [group for group in groups if group is not worst] + list(pair)
        if len(groups) == before:
            break
        settled = _settled(groups, vectors, corner)
        if sum(group.area for group in settled) < (1 - ENOUGH) * sum(group.area for group in best):
            best = settled
    groups = best
    around = groups if len(groups) > 1 or groups[0].radius < region.radius.value else []
    if not around:
        ra, dec, radius = (
            np.array([x]) for x in (region.center.ra.deg, region.center.dec.deg, region.radius.value)
        )
        return Tiles(ra, dec, radius, float(cap(radius[0])) / area)
    ra, dec = regions.lonlat(np.stack([group.center for group in around]))
    radii = np.array([group.radius for group in around])
    return Tiles(ra, dec, radii, float(np.sum(cap(radii))) / area)


def own(region: SkyRegion) -> Tiles | None:
    """The circles that a region was made of, or None where it was made otherwise."""
    shapes = region._shapes
    if (
        region.kind not in ("union", "circle")
        or not shapes
        or any(shape.kind != "circle" for shape in shapes)
    ):
        return None
    ra, dec, radius = np.array([shape.values for shape in shapes]).T
    return Tiles(ra, dec, radius, float(np.sum(cap(radius))) / max(float(region.area.value), 1e-12))


def _settled(groups: list[_Group], vectors: Floats, corner: float) -> list[_Group]:
    """The same number of groups, each of the cells that are nearest to its centre (Lloyd 1982): rounder ones."""
    for _ in range(SETTLING):
        centers = np.stack([group.center for group in groups])
        nearest = np.argmax(vectors @ centers.T, axis=1)
        groups = [_Group(vectors[nearest == number], corner) for number in np.unique(nearest)]
    return groups


class _Group:
    """Cells with the circle around them."""

    def __init__(self, vectors: Floats, corner: float) -> None:
        self.vectors, self.corner = vectors, corner
        center = vectors.mean(axis=0)
        if np.linalg.norm(center) < 1e-9:
            center = vectors[0]
        # Each step goes a part of the way to the farthest point: this nears the smallest circle (Badoiu & Clarkson 2003).
        for step in range(1, 40):
            far = vectors[np.argmin(vectors @ center)]
            center = center + (far - center) / (step + 1.0) * 0.5
        self.center = center / np.linalg.norm(center)
        chord = np.linalg.norm(vectors - self.center, axis=1).max()
        self.radius = float(min(np.degrees(2 * np.arcsin(min(chord / 2, 1.0))) + corner + 1e-9, 180.0))
        self.area = float(cap(self.radius))
        self.excess = self.area - len(vectors) * (SIDE * corner / (CORNER * SIDE)) ** 2

    def split(self) -> tuple[_Group, _Group] | None:
        """Two, across the longest direction; None of a single cell."""
        if len(self.vectors) < 2:
            return None
        spread = self.vectors - self.vectors.mean(axis=0)
        along = spread @ np.linalg.eigh(spread.T @ spread)[1][:, -1]
        left = along < (along.min() + along.max()) / 2
        if left.all() or not left.any():
            return None
        return _Group(self.vectors[left], self.corner), _Group(self.vectors[~left], self.corner)


def split(region: SkyRegion) -> list[SkyRegion]:
    """Two parts of a region that have all of it, none of it twice, and about as much sky each; [] where it is a single cell.

    Both are MOCs of cells that cover it: filter with the region itself.
    """
    from mocpy import MOC

    from skyexplorer.model.region import SkyRegion

    depth, numbers = cells(region)
    if len(numbers) < 2:
        return []
    vectors = sphere.unit_vectors(*healpix.centers(depth, numbers))
    spread = vectors - vectors.mean(axis=0)
    along = spread @ np.linalg.eigh(spread.T @ spread)[1][:, -1]
    first = np.zeros(len(numbers), bool)
    first[np.argsort(along, kind="stable")[: len(numbers) // 2]] = True
    return [
        SkyRegion.from_moc(
            MOC.from_healpix_cells(
                numbers[part].astype(np.uint64), np.full(int(part.sum()), depth, np.uint8), max_depth=depth
            )
        )
        for part in (first, ~first)
    ]
