"""Geometry on the unit sphere, vectorised; all angles in degrees, position angles east of north."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

DEG = np.pi / 180
SKY_DEG2 = 360.0**2 / np.pi  # area of the whole sphere
DEG2_PER_SR = (180.0 / np.pi) ** 2


def wrap180(degrees: ArrayLike) -> Floats:
    """Angle differences brought to (-180, 180].

    >>> float(wrap180(350.0))
    -10.0
    """
    return -((-np.asarray(degrees, float) + 180.0) % 360.0 - 180.0)


def unit_vectors(ra: ArrayLike, dec: ArrayLike) -> Floats:
    """Unit vectors, shape (..., 3)."""
    a, d = np.radians(np.asarray(ra, float)), np.radians(np.asarray(dec, float))
    return np.stack(np.broadcast_arrays(np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)), axis=-1)


def separation(ra1: ArrayLike, dec1: ArrayLike, ra2: ArrayLike, dec2: ArrayLike) -> Floats:
    """Angular distance by Vincenty's formula, right at any distance (Vincenty 1975).

    >>> round(float(separation(0, 89.9, 180, 89.9)), 9)
    0.2
    """
    delta = np.radians(np.asarray(ra2, float) - np.asarray(ra1, float))
    d1, d2 = np.radians(np.asarray(dec1, float)), np.radians(np.asarray(dec2, float))
    x = np.cos(d2) * np.sin(delta)
    y = np.cos(d1) * np.sin(d2) - np.sin(d1) * np.cos(d2) * np.cos(delta)
    z = np.sin(d1) * np.sin(d2) + np.cos(d1) * np.cos(d2) * np.cos(delta)
    return np.degrees(np.arctan2(np.hypot(x, y), z))


def position_angle(ra1: ArrayLike, dec1: ArrayLike, ra2: ArrayLike, dec2: ArrayLike) -> Floats:
    """Direction from point 1 to point 2, east of north, in [0, 360)."""
    delta = np.radians(np.asarray(ra2, float) - np.asarray(ra1, float))
    d1, d2 = np.radians(np.asarray(dec1, float)), np.radians(np.asarray(dec2, float))
    x = np.cos(d2) * np.sin(delta)
    y = np.cos(d1) * np.sin(d2) - np.sin(d1) * np.cos(d2) * np.cos(delta)
    return np.degrees(np.arctan2(x, y)) % 360.0


def offset(ra: ArrayLike, dec: ArrayLike, angle: ArrayLike, distance: ArrayLike) -> tuple[Floats, Floats]:
    """The point at a position angle and a distance: the direct problem, right at the poles."""
    d, r, pa = (np.radians(np.asarray(v, float)) for v in (dec, distance, angle))
    north = np.sin(d) * np.cos(r) + np.cos(d) * np.sin(r) * np.cos(pa)
    x = np.cos(r) * np.cos(d) - np.sin(r) * np.sin(d) * np.cos(pa)
    y = np.sin(r) * np.sin(pa)
    out_dec = np.arctan2(north, np.hypot(x, y))
    out_ra = np.asarray(ra, float) + np.degrees(np.arctan2(y, x))
    return out_ra % 360.0, np.degrees(out_dec)


def ellipse_points(ra: float, dec: float, a: float, b: float, pa: float, points: int) -> Floats:
    """A closed line of ``points + 1`` vertices (ra, dec) on which `ellipse_radius` is 1."""
    t = np.linspace(0.0, 2 * np.pi, points + 1)
    x, y = a * np.cos(t), b * np.sin(t)
    lon, lat = offset(ra, dec, pa + np.degrees(np.arctan2(y, x)), np.hypot(x, y))
    return np.stack([lon, lat], axis=-1)


def ellipse_radius(
    ra: ArrayLike, dec: ArrayLike, a: float, b: float, pa: float, ra_of: ArrayLike, dec_of: ArrayLike
) -> Floats:
    """Normalised radius q of points in an ellipse: 1 on its edge (SCIENCE: point in ellipse).

    ``ra``, ``dec`` is the centre; ``a`` and ``b`` the semi-axes along and across position angle ``pa``.
    """
    r = separation(ra, dec, ra_of, dec_of)
    theta = np.radians(position_angle(ra, dec, ra_of, dec_of) - pa)
    return np.hypot(r * np.cos(theta) / a, r * np.sin(theta) / b)
