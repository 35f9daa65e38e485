"""Positions of a table's rows, as ICRS degrees, from numbers or text in whatever unit and frame they are."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skyexplorer.errors import FormatError
from skyexplorer.io.files import reading
from skyexplorer.io.roles import HOURS, Roles

MISSING = ("", "nan", "none", "--", "-", "null", "n/a", "...")  # words for a missing position
WIDEST = 720.0001  # deg of right ascension: two turns are someone's arithmetic, more is no angle
HIGHEST = 90.0001  # and of declination


def is_number(text: str) -> bool:
    """Whether a text reads as a number.

    >>> is_number("1e-3"), is_number("05 09 25")
    (True, False)
    """
    try:
        float(text)
    except ValueError:
        return False
    return True


def degrees(table: Any, found: Roles, strict: bool = True) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """ICRS positions in degrees; NaN where a row has none.

    Other frames are converted: FK4 (with its equinox, at the epoch of that equinox) and FK5 by astropy.

    Parameters
    ----------
    table : astropy.table.Table
    found : Roles
    strict : bool
        Whether each position must be one. If not, rows that lie nowhere in the sky (-999) have none, nor need any row.

    Raises
    ------
    FormatError
        If no row has a position, or declinations lie outside ±90°; where not strict, if all of them lie nowhere.
    """
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    _refuse_units(table, found)
    if found.sexagesimal:
        lon, lat = _sexagesimal(table[found.ra], table[found.dec], found)
    else:
        with reading(f"positions in {found.ra!r} and {found.dec!r}", "Name other columns: ra=…, dec=…."):
            lon, lat = (floats(table[column]) for column in (found.ra, found.dec))
            if found.hours and str(table[found.ra].unit or "").lower() != "hourangle":
                lon = lon * 15.0  # an hour of right ascension; astropy's "h" is one of time
    if lon.ndim != 1 or lat.ndim != 1:
        raise FormatError(
            f"{found.ra!r} and {found.dec!r} hold several numbers in each row.",
            "Name columns that hold one: ra=…, dec=….",
        )
    for value in found.missing:
        lon, lat = np.where(lon == value, np.nan, lon), np.where(lat == value, np.nan, lat)
    good = np.isfinite(lon) & np.isfinite(lat)
    if not strict:
        possible = good & (np.abs(lon) <= WIDEST) & (np.abs(lat) <= HIGHEST)
        if possible.any() or not good.any():  # else they are the wrong columns
            lon, lat, good = np.where(possible, lon, np.nan), np.where(possible, lat, np.nan), possible
    if not good.any():
        if not strict:
            return lon, lat
        raise FormatError(
            f"No row has a position in {found.ra!r} and {found.dec!r}.", "All are empty or not finite."
        )
    if (np.abs(lon[good]) > WIDEST).any():
        worst = lon[good][np.argmax(np.abs(lon[good]))]
        raise FormatError(
            f"{found.ra!r} goes to {worst:g} deg.",
            "Right ascensions lie within 0 and 360; name the right columns: ra=…, dec=….",
        )
    if (np.abs(lat[good]) > HIGHEST).any():
        row = int(np.argmax(np.where(good, np.abs(lat), 0.0)))
        raise FormatError(
            f"{found.dec!r} goes to {lat[row]:g} deg, in row {row}.",
            "Declinations lie within ±90; name the right columns: ra=…, dec=….",
        )
    if found.frame != "icrs":
        frame, _, equinox = found.frame.partition(":")
        with reading(f"positions in the frame {found.frame}"):
            at = SkyCoord(
                lon[good] * u.deg,
                np.clip(lat[good], -90, 90) * u.deg,
                frame=frame,
                **({"equinox": equinox} if equinox else {}),
            ).icrs
        lon, lat = lon.copy(), lat.copy()
        lon[good], lat[good] = at.ra.deg, at.dec.deg
    lon, lat = tidy(lon, lat)
    # The table may change later: what is kept is our own, and lies together.
    return (lon if lon.flags.owndata else lon.copy()), (lat if lat.flags.owndata else lat.copy())


def tidy(
    lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Right ascensions in [0, 360) and declinations within ±90, both NaN where one is none; the same arrays if they are so.

    >>> [side.tolist() for side in tidy(np.array([-10.0, 5.0, -1e-20]), np.array([90.00001, np.nan, 0.0]))]
    [[350.0, nan, 0.0], [90.0, nan, 0.0]]
    """
    # The least of an array with NaN is NaN, which lies in no range: four quick passes say that nothing is to do.
    if not len(lon) or (lon.min() >= 0 and lon.max() < 360 and lat.min() >= -90 and lat.max() <= 90):
        return lon, lat
    good = np.isfinite(lon) & np.isfinite(lat)
    lon = np.where(good, lon, np.nan) % 360.0
    return np.where(lon >= 360.0, 0.0, lon), np.clip(
        np.where(good, lat, np.nan), -90.0, 90.0
    )  # −1e-20 % 360 is 360


def _refuse_units(table: Any, found: Roles) -> None:
    """FormatError for positions in metres and the like; what is no unit at all ("deg J2000") is taken as degrees."""
    from astropy import units as u

    for name in (found.ra, found.dec):
        unit = getattr(table[name], "unit", None)
        kind = str(u.Unit(str(unit), parse_strict="silent").physical_type) if unit is not None else "angle"
        if kind not in (
            "angle",
            "dimensionless",
            "time",
            "unknown",
        ):  # an hour is also one of right ascension
            raise FormatError(
                f"{name!r} is in {unit}, which is no angle.", "Name columns that hold angles: ra=…, dec=…."
            )


def _sexagesimal(ra: Any, dec: Any, found: Roles) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from astropy import units as u
    from astropy.coordinates import Angle

    def angles(column: Any, unit: Any) -> NDArray[np.float64]:
        if column.dtype.kind not in "USO":
            return floats(column)
        cells = np.ma.asarray(column)
        texts = ["" if gone else str(_decoded(cell)).strip()
                 for cell, gone in zip(cells.data, np.ma.getmaskarray(cells), strict=True)]  # fmt: skip
        out = np.full(len(texts), np.nan)
        # Numbers in a column of text are degrees; "05 09 25.9" and "05h09m" are hours.
        plain = [i for i, text in enumerate(texts) if is_number(text)]
        out[plain] = [float(texts[i]) for i in plain]
        marked = [i for i, text in enumerate(texts) if text.lower() not in MISSING and not is_number(text)]
        if marked:
            out[marked] = Angle([texts[i] for i in marked], unit=unit).deg
        return out

    try:
        return angles(ra, u.hourangle), angles(dec, u.deg)
    except (ValueError, TypeError, AttributeError) as error:
        raise FormatError(
            f"{found.ra!r} and {found.dec!r} are text that reads as no position: {error}",
            "Give degrees, or hours as 05 09 25.96 with +05 41 35.3.",
        ) from error


def _decoded(cell: Any) -> Any:
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else cell


def floats(column: Any) -> NDArray[np.float64]:
    """Numbers of a column, masked ones as NaN, in degrees where it has an angle unit."""
    from astropy import units as u

    unit = getattr(column, "unit", None)
    with np.errstate(invalid="ignore", over="ignore"):  # a damaged NaN is one nevertheless
        values: NDArray[np.float64] = np.ma.filled(
            np.ma.asarray(np.ma.asarray(getattr(column, "value", column)), float), np.nan
        )
    if unit is not None and str(unit).lower() not in set(HOURS) - {"hourangle"}:
        # "degrees", "deg J2000" and the like are taken as degrees.
        with contextlib.suppress(u.UnitsError, ValueError, TypeError), np.errstate(all="ignore"):
            values = values * u.Unit(unit).to(u.deg)
    return np.asarray(values, float)


def taken_as_degrees(table: Any, name: str | None) -> str:
    """What is to be said of a column whose numbers `floats` takes as degrees for want of an angle; else nothing."""
    from astropy import units as u

    if name is None or name not in table.colnames:
        return ""
    unit = getattr(table[name], "unit", None)
    if unit is None or not str(unit):
        return f"{name} has no unit: taken as degrees"
    if u.Unit(str(unit), parse_strict="silent").is_equivalent(u.deg):
        return ""
    return f"{name} is in {str(unit)!r}, which is no angle: taken as degrees"


def measured(column: Any, unit: str, missing: tuple[float, ...] = ()) -> NDArray[np.float64]:
    """Numbers of a column in a unit, which bare numbers are taken to have; masked ones, and those that stand for none, NaN.

    Raises
    ------
    FormatError
        If it holds no numbers, or something of another kind.
    """
    from astropy import units as u

    name, own = getattr(getattr(column, "info", None), "name", ""), getattr(column, "unit", None)
    with (
        reading(f"numbers in {name!r}", f"It is taken in {unit}."),
        np.errstate(invalid="ignore", over="ignore"),
    ):
        values: NDArray[np.float64] = np.ma.filled(
            np.ma.asarray(np.ma.asarray(getattr(column, "value", column)), float), np.nan
        )
        for value in missing:
            values = np.where(values == value, np.nan, values)
        factor = u.Unit(own).to(unit) if own is not None and str(own).strip() else 1.0
        if factor != 1.0:
            values = values * factor
    return values


def numbers(table: Any, column: str | None) -> NDArray[np.float64] | None:
    """A column of angles in degrees, or None where there is none.

    Raises
    ------
    FormatError
        If it holds no numbers.
    """
    if column is None:
        return None
    with reading(f"numbers in {column!r}"):
        return floats(table[column])
