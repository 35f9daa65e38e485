"""Points: a light curve as plain arrays, between the readers of tables and the noun."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skyexplorer.core import sphere

Floats = NDArray[np.float64]
NEAR = 1 / 60  # degrees


@dataclass(frozen=True)
class Points:
    """Points of a light curve: MJD in ``scale``, bins or None, values in ``unit``."""

    mjd: Floats
    value: Floats
    minus: Floats
    plus: Floats
    limit: NDArray[np.bool_]
    unit: str
    scale: str
    quantity: str
    name: str
    title: str
    start: Floats | None = None
    stop: Floats | None = None
    band: str | list[str] = ""
    note: str = ""


def plain(column: Any) -> Floats:
    """Numbers of a column; masked ones, and texts that are no number, are NaN."""
    values = np.ma.asarray(column)
    if values.dtype.kind in "USO":
        gone = np.ma.getmaskarray(values)
        return np.array(
            [np.nan if lost else number(cell) for cell, lost in zip(values.data, gone, strict=True)], float
        )
    filled: Floats = np.ma.filled(np.ma.asarray(values, float), np.nan)
    return filled


def number(text: Any) -> float:
    """A number, or NaN for what is none, such as the words of exports for missing."""
    try:
        return float(text)
    except (TypeError, ValueError):
        return float("nan")


def one_place(table: Any) -> bool:
    """Whether all rows lie within an arcminute, as those of one source do, or no positions are told.

    A list of many sources has times and magnitudes as well; it is a catalogue.
    """
    ra = first(table.colnames, "ra", "RAJ2000", "ra_deg", "raj2000", "_RAJ2000")
    dec = first(table.colnames, "dec", "DEJ2000", "dec_deg", "decj2000", "_DEJ2000")
    if ra is None or dec is None:
        return True
    lon, lat = plain(table[ra]), plain(table[dec])
    if lon.ndim != 1 or lat.ndim != 1:
        return True
    good = np.isfinite(lon) & (np.abs(lat) <= 90)
    if not good.any():
        return True
    lon, lat = lon[good], lat[good]
    return bool(sphere.separation(lon[0], lat[0], lon, lat).max() < NEAR)


def first(names: Any, *wanted: str) -> str | None:
    """The first of the wanted columns that is there, by its name without regard to case; as it is spelled."""
    low = {str(name).lower(): str(name) for name in reversed(list(names))}
    return next((low[name.lower()] for name in wanted if name.lower() in low), None)
