"""What the answers have to be, calculated from the tables' own rows: neither DaCHS nor our clients are asked."""

from __future__ import annotations

from functools import cache

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer import SkyRegion
from tests.vo import content
from tests.vo.fixtures import data_folder


@cache
def _tables() -> dict[str, content.Content]:
    return {table.name: table for table in content.tables(data_folder())[0]}


@cache
def _columns(table: str) -> dict[str, np.ndarray]:
    known = _tables()[table]
    return {
        c.name: np.array(values, object)
        for c, values in zip(known.columns, zip(*known.rows, strict=True), strict=True)
    }


def column(table: str, name: str) -> np.ndarray:
    """A column of a table, None where it is missing."""
    return _columns(table)[name]


@cache
def places(table: str) -> SkyCoord:
    """The positions of a table."""
    if table == "gaia_source":
        ra, dec = content.gaia_positions()
    else:
        names = _tables()[table].position
        assert names is not None
        ra, dec = (column(table, name).astype(float) for name in names)
    return SkyCoord(ra, dec, unit=u.deg, frame="galactic" if table == "plane" else "icrs")


def inside(table: str, region: SkyRegion) -> np.ndarray:
    """Numbers of the rows in a region."""
    return np.flatnonzero(region.contains(places(table).icrs))


def names(table: str, region: SkyRegion, by: str) -> set[str]:
    """What the rows in a region are called, in one of the columns."""
    if table == "gaia_source":
        return {str(row + 1) for row in inside(table, region)}
    return {str(name) for name in column(table, by)[inside(table, region)]}


def circle(ra: float, dec: float, radius: float) -> SkyRegion:
    """A circle, degrees."""
    return SkyRegion.circle(SkyCoord(ra, dec, unit=u.deg), radius * u.deg)
