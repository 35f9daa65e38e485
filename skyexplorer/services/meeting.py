"""Regions as services have them, and whether files and regions meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skyexplorer.progress import turn

if TYPE_CHECKING:
    from skyexplorer.model.record import Record
    from skyexplorer.model.region import SkyRegion

WIDEST = 90.0
"""Degrees of the radius of a circle that services take."""
MOST_POINTS = 4000
OUTLINE = 64
"""Points on the outline of a region by which it is seen whether two touch."""


def dali(region: SkyRegion) -> tuple[float, ...]:
    """A region as DALI writes it, ICRS degrees: the corners of a polygon, else (ra, dec, radius) of a circle around it.

    The corners go against the clock, seen from inside the sphere with north up, as DALI demands.

    Examples
    --------
    >>> from astropy import units as u
    >>> from astropy.coordinates import SkyCoord
    >>> from skyexplorer import SkyRegion
    >>> from skyexplorer.services.meeting import dali
    >>> dali(SkyRegion.polygon(SkyCoord([10, 11, 11, 10] * u.deg, [1, 1, 2, 2] * u.deg)))
    (10.0, 2.0, 11.0, 2.0, 11.0, 1.0, 10.0, 1.0)
    """
    if region.kind == "polygon":
        values = np.array([float(word) for word in region.to_stcs().split()[2:]]).reshape(-1, 2)
        lon, lat = np.radians(values).T
        corners = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)
        turn = np.cross(corners, np.roll(corners, -1, axis=0)).sum(axis=0) @ corners.sum(axis=0)
        return tuple((values[::-1] if turn > 0 else values).ravel().tolist())
    radius = float(min(region.radius.to_value("deg"), WIDEST))
    return float(region.center.ra.deg), float(region.center.dec.deg), radius


def parts(region: SkyRegion) -> list[SkyRegion]:
    """The regions by which one is asked where circles have 90° at most: itself, or both halves of the sky.

    Examples
    --------
    >>> from astropy import units as u
    >>> from astropy.coordinates import SkyCoord
    >>> from skyexplorer import SkyRegion
    >>> from skyexplorer.services.meeting import parts
    >>> most = SkyRegion.circle(SkyCoord(10 * u.deg, 20 * u.deg), 120 * u.deg)
    >>> [f"{half.center.ra.deg:.0f} {half.center.dec.deg:.0f} {half.radius:.0f}" for half in parts(most)]
    ['10 0 90 deg', '190 0 90 deg']
    """
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    from skyexplorer.model.region import SkyRegion

    if region.radius.to_value("deg") <= WIDEST:
        return [region]
    # On the equator, where a box of 180° is half the sky too.
    west = float(region.center.ra.deg)
    return [
        SkyRegion.circle(SkyCoord(ra % 360.0 * u.deg, 0 * u.deg), WIDEST * u.deg)
        for ra in (west, west + 180.0)
    ]


def once(found: list[Record]) -> list[Record]:
    """Each record once, of answers that may have the same."""
    seen = {(one.address, one.links, one.identifier, repr(dict(one.facts))): one for one in reversed(found)}
    return list(reversed(seen.values()))


@turn()
def within(found: list[Record], region: SkyRegion) -> list[Record]:
    """Those that a region touches; those without a place are left in."""
    points = _points(region)
    return [one for one in found if _touches(one, region, points)]


def touches(one: Record, region: SkyRegion) -> bool:
    """Whether a file covers some of a region, by what is known of its place."""
    return _touches(one, region, _points(region))


def _touches(one: Record, region: SkyRegion, points: NDArray[np.float64]) -> bool:
    if one.region is None:
        return one.coord is None or bool(region.contains(one.coord))
    return _overlap(one.region, _points(one.region), region, points)


def overlap(one: SkyRegion, other: SkyRegion) -> bool:
    """Whether two regions have a place in common: by points on their outlines, and their centres."""
    return _overlap(one, _points(one), other, _points(other))


def _points(region: SkyRegion) -> NDArray[np.float64]:
    """Places of a region (n, 2), in degrees: on its outline, and its centre where it is inside."""
    points = np.concatenate(region.outline(OUTLINE))
    points = points[:: -(-len(points) // MOST_POINTS)]
    center = region.center
    if region.contains(center):
        points = np.concatenate([[[float(center.ra.deg), float(center.dec.deg)]], points])
    return points


def _overlap(
    one: SkyRegion, of_one: NDArray[np.float64], other: SkyRegion, of_other: NDArray[np.float64]
) -> bool:
    if one.center.separation(other.center) > one.radius + other.radius:
        return False
    return bool(
        other._contains(of_one[:, 0], of_one[:, 1]).any()
        or one._contains(of_other[:, 0], of_other[:, 1]).any()
    )
