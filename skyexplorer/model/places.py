"""What a match needs of its sides: positions, radii and errors as arrays in degrees, or a clear error."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from astropy import units as u
from astropy.coordinates import BaseCoordinateFrame, SkyCoord
from astropy.table import Table
from numpy.typing import NDArray

from skyexplorer.core import memory
from skyexplorer.errors import InputError
from skyexplorer.io import positions, roles
from skyexplorer.model.catalog import SourceCatalog

Floats = NDArray[np.float64]


class Pair(NamedTuple):
    """Right ascensions in [0, 360) and declinations (deg), NaN where a row has no position."""

    ra: Floats
    dec: Floats


Side: TypeAlias = SourceCatalog | SkyCoord | Pair
KINDS = "Give a SourceCatalog, a SkyCoord, a Table, or two arrays (ra, dec) in degrees."
# What numpy and astropy raise for what is no number, no angle or no position.
NONE = (TypeError, ValueError, AttributeError, OverflowError, KeyError, IndexError, NotImplementedError)


def known(side: Any, name: str) -> Side:
    """A side of a match as one of three kinds; what is one already stays as it is.

    Parameters
    ----------
    side : SourceCatalog, SkyCoord, frame with positions, Table, DataFrame, Arrow table, structured array, PartedCatalog,
        or (ra, dec)
        Tables have their positions told from their columns; a table without rows is a list without positions. Of a
        pair, plain numbers are degrees (ICRS), and quantities angles; masked ones, and NaN, are rows without a position.
    name : str
        What the side is called in an error.

    Returns
    -------
    SourceCatalog, SkyCoord (ICRS, one-dimensional), or Pair

    Raises
    ------
    InputError
        For anything else, positions that cannot be, arrays of several dimensions, or lengths that differ.
    ColumnError, FormatError
        If a table holds no positions.

    Examples
    --------
    >>> [each.tolist() for each in known(([10, -1], [5, 90]), "left")]
    [[10.0, 359.0], [5.0, 90.0]]
    """
    if isinstance(side, SourceCatalog | Pair):
        return side
    if isinstance(side, SkyCoord | BaseCoordinateFrame):
        return _coords(side, name)
    if isinstance(side, tuple):
        return _pair(side, name)
    if hasattr(side, "parts"):
        return _of_parts(side)
    if isinstance(side, list):  # two rows of two numbers could be read either way
        joined = side and all(isinstance(each, SkyCoord) for each in side)
        raise InputError(f"{name} is a list.", "Join it: SkyCoord(list)." if joined else KINDS)
    table = _table(side, name)
    if len(table):
        return SourceCatalog(table)
    roles.roles(table)  # columns that hold no positions are an error all the same
    return Pair(np.empty(0), np.empty(0))


def _of_parts(side: Any) -> Pair:
    """All positions of a list that is read in parts, where memory allows."""
    memory.ask(
        32.0 * len(side),
        f"The positions of {side.name}",
        "Ask by crossmatch, which reads parts as it needs them.",
    )
    parts = list(side.parts())
    none = np.empty(0)
    return Pair(*(np.concatenate([none, *(part[axis] for part in parts)]) for axis in (1, 2)))


def _coords(side: Any, name: str) -> Side:
    """Positions in whatever frame, as ICRS in one dimension."""
    try:
        coords = side if isinstance(side, SkyCoord) else SkyCoord(side)
        coords = coords.icrs
    except (*NONE, u.UnitsError) as error:
        # Such as altitudes without a place and a time.
        frame = getattr(side, "frame", side)
        raise InputError(
            f"{name} is in the frame {getattr(frame, 'name', type(frame).__name__)!r}, which cannot be brought to ICRS: "
            f"{_short(error)}",
            "Give it the place, time or distance that its frame asks for, or give ICRS.",
        ) from error
    if coords.ndim > 1:
        raise InputError(f"{name} has the shape {coords.shape}.", f"Give a list: {name}.ravel().")
    return coords.reshape(1) if coords.ndim == 0 else coords


def _pair(side: Any, name: str) -> Pair:
    """Two arrays or angles as degrees."""
    if len(side) != 2:
        raise InputError(f"{name} is a tuple of {len(side)}.", KINDS)
    ra, dec = (_angles(each, f"{name}, {axis},") for each, axis in zip(side, ("ra", "dec"), strict=True))
    if len(ra) != len(dec):
        raise InputError(
            f"{name} has {len(ra)} right ascensions and {len(dec)} declinations.", "Each row has one of both."
        )
    refused(ra, dec, name)
    return Pair(*positions.tidy(ra, dec))


def _angles(values: Any, what: str) -> Floats:
    unit = getattr(values, "unit", None)
    try:
        if unit is not None:
            values = u.Quantity(
                getattr(values, "filled", lambda _: values)(np.nan) if _masks(values) else values
            )
            with np.errstate(over="ignore", invalid="ignore"):
                values = values.to_value(u.deg)
        cells = np.ma.asarray(values)
        if cells.dtype.kind not in "fiu" and not (cells.dtype.kind == "O" and cells.ndim):
            raise TypeError(f"it holds {cells.dtype}")
        with np.errstate(invalid="ignore", over="ignore"):
            out = np.ma.filled(np.ma.asarray(cells, np.float64), np.nan)
    except (*NONE, u.UnitsError) as error:
        raise InputError(f"{what} is no array of angles: {_short(error)}", KINDS) from error
    if out.ndim > 1:
        raise InputError(f"{what} has the shape {out.shape}.", "Give one number for each row.")
    return np.require(np.atleast_1d(out), np.float64, ["C", "W"])


def _masks(values: Any) -> bool:
    return hasattr(values, "filled") and getattr(values, "mask", None) is not None


def refused(ra: Floats, dec: Floats, name: str) -> None:
    """InputError for a declination beyond a pole, or a right ascension of more than two turns, with its row."""
    for values, most, word in ((dec, 90.0001, "declination"), (ra, 720.0001, "right ascension")):
        if len(values) and not (np.fmin.reduce(values) >= -most and np.fmax.reduce(values) <= most):
            over = np.flatnonzero(np.isfinite(values) & (np.abs(values) > most))
            if len(over):
                raise InputError(
                    f"{name} has a {word} of {values[over[0]]:g} deg, in row {over[0]}.",
                    "Declinations lie within ±90, right ascensions within 0 and 360; perhaps the two are exchanged.",
                )


def _table(side: Any, name: str) -> Table:
    """A table of astropy from what plainly is one."""
    if isinstance(side, Table):
        return side
    # Asked of modules that are loaded, since what is here can only be of one that is.
    pandas, arrow = sys.modules.get("pandas"), sys.modules.get("pyarrow")
    try:
        if pandas is not None and isinstance(side, pandas.DataFrame):
            return Table.from_pandas(side)
        if arrow is not None and isinstance(side, arrow.Table):
            return Table({column: _arrow(side.column(column)) for column in side.column_names})
        if isinstance(side, np.ndarray) and side.dtype.names and side.ndim == 1:
            return Table(side)
    except (*NONE, u.UnitsError) as error:
        raise InputError(f"{name} makes no table: {_short(error)}", KINDS) from error
    raise InputError(f"{name} is a {type(side).__name__}.", KINDS)


def _arrow(column: Any) -> Any:
    values = column.to_numpy()
    if not column.null_count:
        return values
    gone = column.is_null().to_numpy()
    kept = values if values.dtype.kind in "fM" else np.array(["" if x is None else x for x in values])
    return np.ma.masked_array(kept, gone)


def _short(error: Exception) -> str:
    return (" ".join(str(error).split())[:200] or type(error).__name__).rstrip(".") + "."


def degrees(side: Any, name: str) -> tuple[Floats, Floats]:
    """Right ascension in [0, 360) and declination of a list, NaN where a row has none (deg).

    What is ICRS and within these bounds is not copied.

    Raises
    ------
    InputError, FormatError
        As `known` does.
    """
    side = known(side, name)
    if isinstance(side, SourceCatalog):
        return side._lon, side._lat  # as they are kept: ICRS, in [0, 360), NaN where there is none
    if isinstance(side, Pair):
        return side
    data = side.frame.data
    if not (hasattr(data, "lon") and hasattr(data, "lat")):  # as points in space
        data = side.frame.spherical
    lon, lat = (np.ma.filled(np.ma.asarray(_unmasked(angle)), np.nan) for angle in (data.lon, data.lat))
    # One form for compiled code: together in memory, and not closed to writing.
    return positions.tidy(*(np.require(each, np.float64, ["C", "W"]) for each in (lon, lat)))


def _unmasked(angle: Any) -> Any:
    """Degrees of an angle of astropy, NaN where it is masked."""
    return (angle.filled(np.nan * u.deg) if _masks(angle) else angle).to_value(u.deg)


def radii(radius: Any, rows: int) -> float | Floats:
    """A radius, or one for each row, in degrees; InputError for what is none.

    >>> radii("2 arcsec", 5) * 3600
    2.0
    """
    try:
        with np.errstate(over="ignore"):  # what is too large in radians lies outside all the same
            values = u.Quantity(radius).to_value(u.deg)
        if np.iscomplexobj(values):
            raise TypeError("it is complex")
        degrees = np.asarray(values, float)
    except (*NONE, u.UnitsError) as error:
        raise InputError(f"radius is {_shown(radius)}.", "Give an angle, such as 2 * u.arcsec.") from error
    bad = ~((degrees >= 0) & (degrees <= 180))
    if bad.any():
        row = f", in row {int(np.argmax(bad))}" if degrees.ndim == 1 else ""
        raise InputError(
            f"radius is {np.atleast_1d(degrees)[np.atleast_1d(bad)][0]} deg{row}.",
            "It lies within 0 and 180 deg.",
        )
    if degrees.ndim == 0:
        return float(degrees)
    if degrees.shape != (rows,):
        raise InputError(
            f"{degrees.size} radii for {rows} rows of left.", "Give one for all, or one for each."
        )
    return np.require(degrees, np.float64, ["C", "W"])


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 100 else f"{text[:100]}…"


def sigma(side: Any, name: str) -> Floats:
    """One-dimensional sigma of each position (deg), NaN where missing; InputError where a list has none."""
    side = known(side, name)
    error = side.error if isinstance(side, SourceCatalog) else None
    if error is None:
        raise InputError(
            f"{name} has no errors of position, and no radius is given.",
            "Give a radius: radius=2 * u.arcsec.",
        )
    return np.asarray(error.to_value(u.deg), float)


def covariance(side: Any, name: str) -> tuple[Floats, Floats, Floats]:
    """Sigma east and north of each position (deg) and their correlation; InputError where a list has none."""
    side = known(side, name)
    held = side._covariance if isinstance(side, SourceCatalog) else None
    if held is None:
        each = sigma(side, name)  # which says that there are none
        return each, each, np.zeros(len(each))
    return held
