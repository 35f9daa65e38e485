"""Shapes drawn by hand: a few corners, as the browser tells them, and the regions that they mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer.core import shapes
from skyexplorer.errors import InputError
from skyexplorer.model.region import SkyRegion

Corners: TypeAlias = list[list[float]]
MOST_CORNERS = 400  # of a polygon that is offered to be moved by its corners
NORTH = 0.0 * u.deg


def region_of(shape: str, points: Sequence[Sequence[float]]) -> SkyRegion:
    """The region that was drawn.

    Parameters
    ----------
    shape : str
        ``"circle"``, of a centre and a point of the edge; ``"box"``, of two opposite corners, its sides along right
        ascension and declination; or ``"polygon"``, of three corners or more.
    points : sequence of (float, float)
        Right ascension and declination, degrees. A box goes the shorter way round in right ascension.

    Raises
    ------
    InputError
        For another shape, or corners that make none.

    Examples
    --------
    >>> from skyexplorer.session.drawn import region_of
    >>> region_of("circle", [[10, 0], [10, 2]]).radius.round(3)
    <Quantity 2. deg>
    >>> box = region_of("box", [[359, 10], [1, 12]])
    >>> print(box.center.to_string(), round(box.area.to_value("deg2"), 2))
    0 11 3.93
    """
    corners = SkyCoord([ra for ra, _dec in points] * u.deg, [dec for _ra, dec in points] * u.deg)
    if shape == "circle":
        return SkyRegion.circle(corners[0], corners[0].separation(corners[1]))
    if shape == "polygon":
        return SkyRegion.polygon(corners)
    if shape == "box":
        (ra, dec), (to_ra, to_dec) = points
        width, height = (to_ra - ra + 180.0) % 360.0 - 180.0, to_dec - dec
        if not width or not height:
            raise InputError("The two corners of the box span nothing.", "Drag across the sky.")
        center = SkyCoord((ra + width / 2) % 360.0 * u.deg, (dec + height / 2) * u.deg)
        half = abs(width) / 2 * u.deg, abs(height) / 2 * u.deg
        return SkyRegion.box(center, u.Quantity([half[0]] * 2), u.Quantity([half[1]] * 2))
    raise InputError(f"A {shape} cannot be drawn.", "Draw a circle, a box or a polygon.")


def shape_of(region: Any) -> tuple[str, Corners]:
    """The shape and the points that `region_of` would make this region from; ``("", [])`` where it is none of them.

    Boxes wider than half the sky, and polygons of hundreds of corners, are not offered to be moved.

    Examples
    --------
    >>> from skyexplorer.session.drawn import region_of, shape_of
    >>> shape_of(region_of("polygon", [[10, 10], [12, 10], [11, 12]]))[0]
    'polygon'
    """
    kind = getattr(region, "kind", "")
    if kind == "circle":
        edge = region.center.directional_offset_by(NORTH, region.radius)
        return kind, [_degrees(region.center), _degrees(edge)]
    if kind == "polygon" and len(region._shapes) == 1:
        corners = np.reshape(region._shapes[0].values, (-1, 2))
        return (kind, corners.tolist()) if len(corners) <= MOST_CORNERS else ("", [])
    if kind == "box":
        ra, dec, east, west, north, south = box_numbers(region)
        if east + west < 180.0:
            low, high = max(dec - south, -90.0), min(dec + north, 90.0)
            return kind, [[(ra - west) % 360.0, low], [(ra + east) % 360.0, high]]
    return "", []


def box_numbers(region: SkyRegion) -> tuple[float, ...]:
    """Centre of a box, or of quarter ellipses, and its errors east, west, north and south: coordinate degrees."""
    row = region._form.numbers[0]
    columns = shapes.RA, shapes.DEC, shapes.EAST, shapes.WEST, shapes.NORTH, shapes.SOUTH
    return tuple(float(row[column]) for column in columns)


def _degrees(at: SkyCoord) -> list[float]:
    return [float(at.ra.deg), float(at.dec.deg)]
