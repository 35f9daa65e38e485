"""Tools: what the hand on the sky does: draw, measure, or choose; and what it left there."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from psygnal import Signal

from skyexplorer.errors import InputError

TOOLS = ("", "circle", "box", "polygon", "lasso", "measure")


class Tools:
    """The tool in hand, the line that was measured, and the region outside which sources are hidden.

    Examples
    --------
    >>> from astropy.coordinates import SkyCoord
    >>> from skyexplorer.session.tools import Tools
    >>> tools = Tools()
    >>> tools.path = SkyCoord([10, 10, 12], [0, 1, 1], unit="deg")
    >>> [round(float(angle.deg), 4) for angle in tools.legs]
    [1.0, 1.9997]
    """

    changed = Signal(str)
    """Tells what has changed: ``"tool"``, ``"path"`` or ``"inside"``."""

    def __init__(self) -> None:
        self._tool = ""
        self._path: SkyCoord | None = None
        self._inside: Any = None

    @property
    def tool(self) -> str:
        """What dragging on the sky does: one of ``TOOLS``; default ``""``: move the sky and choose sources."""
        return self._tool

    @tool.setter
    def tool(self, value: str) -> None:
        if value not in TOOLS:
            raise InputError(f"tool is {value!r}.", f"Give one of {', '.join(map(repr, TOOLS))}.")
        if value != self._tool:
            self._tool = value
            self.changed.emit("tool")

    @property
    def path(self) -> SkyCoord | None:
        """The points that were measured between, ICRS, (two or more,); or None."""
        return self._path

    @path.setter
    def path(self, value: SkyCoord | None) -> None:
        new = None if value is None else _path(value)
        if new is None and self._path is None:
            return
        self._path = new
        self.changed.emit("path")

    @property
    def legs(self) -> Any:
        """Length of each leg of the path along its great circle: Angle, (points - 1,)."""
        path = self._path
        return [] * u.deg if path is None else path[:-1].separation(path[1:])

    @property
    def angles(self) -> Any:
        """Position angle at the start of each leg, east of north: Angle, (points - 1,)."""
        path = self._path
        return [] * u.deg if path is None else path[:-1].position_angle(path[1:])

    @property
    def inside(self) -> Any:
        """The SkyRegion outside which sources of catalogues are hidden, or None, the default."""
        return self._inside

    @inside.setter
    def inside(self, region: Any) -> None:
        if region is not None and not hasattr(region, "contains"):
            raise InputError(f"{region!r} is not a region.", "Give a SkyRegion, or None.")
        if region is not self._inside:
            self._inside = region
            self.changed.emit("inside")


def _path(value: Any) -> SkyCoord:
    if not isinstance(value, SkyCoord) or value.isscalar or len(value) < 2:
        raise InputError(f"The path is {value!r}.", "Give two positions or more as one SkyCoord.")
    at = value.icrs
    if not (np.isfinite(at.ra.deg).all() and np.isfinite(at.dec.deg).all()):
        raise InputError("A point of the path has no position.", "Give finite coordinates.")
    return SkyCoord(at.ra.deg * u.deg, at.dec.deg * u.deg)
