"""Instruments: fields of view as published, to be laid anywhere on the sky."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer.core import sphere
from skyexplorer.errors import NotFoundError
from skyexplorer.model.footprint import Footprint
from skyexplorer.model.origin import Origin
from skyexplorer.model.region import SkyRegion


@dataclass(frozen=True)
class Instrument:
    """The field of view of an instrument.

    Parameters
    ----------
    id, title : str
    shape : {"circle", "square"}
    width : Quantity
        Diameter of the circle, or side of the square along great circles.
    reference : str
        Who published it.
    note : str
        What a reader must know of the shape.
    """

    id: str
    title: str
    shape: str
    width: u.Quantity
    reference: str
    note: str = ""

    @property
    def origin(self) -> Origin:
        """Where the shape comes from."""
        return Origin(self.title, service="instruments", reference=self.reference, note=self.note)

    def at(self, center: SkyCoord, roll: u.Quantity = 0 * u.deg) -> SkyRegion:
        """The field at a pointing.

        Parameters
        ----------
        center : SkyCoord
        roll : Quantity
            Position angle, east of north, of what is up in the instrument.

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer.model.instruments import instrument
        >>> field = instrument("Swift-XRT").at(SkyCoord(83.63 * u.deg, 22.01 * u.deg), 30 * u.deg)
        >>> print(round(field.area.to_value("arcmin2"), 1))
        557.0
        """
        if self.shape == "circle":
            return SkyRegion.circle(center, self.width / 2)
        half = self.width.to_value(u.deg) / 2
        # Corners where the great circles through the middles of the sides, seen from the centre, meet.
        side = np.degrees(np.arctan(np.tan(np.radians(half)) * np.array([-1, 1, 1, -1])))
        up = np.degrees(
            np.arctan(np.tan(np.radians(half)) * np.cos(np.radians(half)) * np.array([-1, -1, 1, 1]))
        )
        return Footprint((sphere.unit_vectors(side, up),), self.origin).at(center, roll)


@cache
def instruments() -> MappingProxyType[str, Instrument]:
    """All instruments by their ids.

    Examples
    --------
    >>> from skyexplorer.model.instruments import instruments
    >>> print(instruments()["CTAO-LST"].width)
    4.5 deg
    """
    text = resources.files("skyexplorer.model").joinpath("instruments.toml").read_text("utf-8")
    rows = [_instrument(row) for row in tomllib.loads(text)["instrument"]]
    return MappingProxyType({row.id: row for row in rows})


def _instrument(row: dict[str, Any]) -> Instrument:
    """A row of the table; solid angles and areas become widths."""
    known = {name: row.pop(name) for name in ("degrees", "deg2", "steradian") if name in row}
    (kind, value), *_ = known.items()
    area = value if kind == "steradian" else value / sphere.DEG2_PER_SR  # of no use for degrees
    if kind == "degrees":
        width = value
    elif row["shape"] == "circle":
        width = 2 * np.degrees(np.arccos(1 - area / (2 * np.pi)))
    else:  # Ω = 4 arcsin(sin² (a/2)) of a square whose sides, from middle to middle, are a
        width = 2 * np.degrees(np.arcsin(np.sqrt(np.sin(area / 4))))
    return Instrument(width=float(width) * u.deg, **row)


def instrument(name: str) -> Instrument:
    """The instrument of a name; capitals, spaces, points and hyphens do not count.

    Raises
    ------
    NotFoundError
        For an unknown one; it tells those that are near, or all.

    Examples
    --------
    >>> from skyexplorer.model.instruments import instrument
    >>> instrument("hess").id
    'H.E.S.S.'
    """
    known = {_plain(key): row for key, row in instruments().items()}
    found = known.get(_plain(str(name)))
    if found is None:
        near = [known[key].id for key in difflib.get_close_matches(_plain(str(name)), known, 3, 0.5)]
        listing = f"Perhaps {' or '.join(near)}" if near else f"Give one of {', '.join(instruments())}"
        raise NotFoundError(
            f"No field of view of {name!r} is known.", f"{listing}; or a Footprint, read from a region file."
        )
    return found


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
