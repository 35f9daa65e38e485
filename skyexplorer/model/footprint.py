"""Footprint: the field of view of a camera, drawn once around (0, 0) and placed at any pointing."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from numpy.typing import NDArray

from skyexplorer.core import regions, sphere
from skyexplorer.errors import FormatError
from skyexplorer.io import files, regions_text
from skyexplorer.model.origin import Origin
from skyexplorer.model.region import SkyRegion


@dataclass(frozen=True, eq=False)
class Footprint:
    """Polygons of a camera's detectors around (0, 0), north up.

    Attributes
    ----------
    polygons : tuple of (n, 3) arrays
        Unit vectors of the corners of each.
    origin : Origin

    Examples
    --------
    >>> from astropy import units as u
    >>> from astropy.coordinates import SkyCoord
    >>> from skyexplorer.model.footprint import Footprint
    >>> square = Footprint.read(b"# Region file format: DS9\\nicrs\\npolygon(1,-1,1,1,-1,1,-1,-1)\\n")
    >>> there = square.at(SkyCoord(120 * u.deg, 89 * u.deg), rotation=45 * u.deg)
    >>> print(round(there.area.to_value("deg2"), 2))
    4.0
    """

    polygons: tuple[NDArray[np.float64], ...]
    origin: Origin = field(default_factory=lambda: Origin(title="footprint", service="user"))

    @classmethod
    def read(cls, source: str | Path | bytes) -> Footprint:
        """Read a DS9 region file of polygons, boxes or circles around (0, 0).

        Raises
        ------
        FormatError
            If it is none, or lies elsewhere than around (0, 0).
        """
        raw = files.stored(source)
        path = source if isinstance(source, (str, Path)) else ""
        shapes = regions_text.read(files.unpack(raw))
        polygons = []
        for shape in shapes:
            line = SkyRegion.from_shapes([shape]).outline(48)[0] if shape.kind != "polygon" else None
            corners = np.reshape(shape.values, (-1, 2)) if line is None else line[:-1]
            polygons.append(sphere.unit_vectors(corners[:, 0], corners[:, 1]))
        if min(float(polygon[:, 0].min()) for polygon in polygons) < np.cos(np.radians(30)):
            raise FormatError(
                "The regions do not lie around (0, 0).",
                "A footprint does; open this file as a region: SkyRegion.read.",
            )
        return cls(tuple(polygons), Origin.of_file(path, raw, rows=len(polygons)))

    def __len__(self) -> int:
        return len(self.polygons)

    def at(self, center: SkyCoord, rotation: u.Quantity = 0 * u.deg) -> SkyRegion:
        """The footprint at a pointing: a rigid rotation of the sphere, right at the poles as well.

        Parameters
        ----------
        center : SkyCoord
            Where (0, 0) goes.
        rotation : Quantity
            Position angle, east of north, of what was up.

        Returns
        -------
        SkyRegion
            The union of the detectors.
        """
        icrs = center.icrs
        turn = regions.placement(float(icrs.ra.deg), float(icrs.dec.deg), float(rotation.to_value(u.deg)))
        parts = []
        for polygon in self.polygons:
            ra, dec = regions.lonlat(polygon @ turn.T)
            parts.append(SkyRegion.polygon(SkyCoord(ra * u.deg, dec * u.deg)))
        return SkyRegion.union(parts)
