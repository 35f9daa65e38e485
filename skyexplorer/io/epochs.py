"""Epochs of positions, as Julian years, from whatever a column or a caller calls them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skyexplorer.errors import FormatError, InputError

Floats = NDArray[np.float64]
# Numbers tell by their size what they are: years, MJD or JD; no two of these overlap.
YEARS, MJD, JD = (1500.0, 2500.0), (-132_000.0, 234_000.0), (2_268_000.0, 2_635_000.0)
ADVICE = "Give a year, an MJD or a JD, a Time, or a text such as J2016.0."


def of_numbers(values: Floats, told: str = "") -> Floats:
    """Julian years of numbers that are all years, all MJD or all JD; NaN stays.

    The seconds by which time scales differ are left out: no star moves in them.

    Parameters
    ----------
    values : (n,) array
    told : str
        What the column says it is: its unit and name, in small letters.

    Raises
    ------
    FormatError
        If they are none of these.

    Examples
    --------
    >>> of_numbers(np.array([57388.5, np.nan])).round(3).tolist(), of_numbers(np.array([2016.0])).tolist()
    ([2016.0, nan], [2016.0])
    """
    least, most = float(np.fmin.reduce(values, initial=np.nan)), float(np.fmax.reduce(values, initial=np.nan))
    if np.isnan(least):
        return values
    if JD[0] <= least and most <= JD[1]:
        return 2000.0 + (values - 2_451_545.0) / 365.25
    if YEARS[0] <= least and most <= YEARS[1] and "mjd" not in told:
        return values
    if MJD[0] <= least and most <= MJD[1] and (least > YEARS[1] or "mjd" in told):
        return 2000.0 + (values - 51_544.5) / 365.25
    raise FormatError(f"Epochs go from {least:g} to {most:g}, which are no years, MJD or JD.", ADVICE)


def of_column(column: Any) -> Floats:
    """Julian years of a column: numbers, texts, dates or a Time; NaN where a row has none. One if all are the same.

    Raises
    ------
    FormatError
        If it holds no epochs.
    """
    years = np.atleast_1d(_each(column))
    return years[:1].copy() if years.ndim == 1 and len(years) > 1 and years.min() == years.max() else years


def _each(column: Any) -> Floats:
    from astropy.time import Time

    from skyexplorer.io.files import reading

    if isinstance(column, Time):
        return _of_time(column)
    name, unit = (
        str(getattr(getattr(column, "info", None), "name", "") or ""),
        str(getattr(column, "unit", None) or ""),
    )
    with reading(f"epochs in {name!r}", ADVICE):
        cells = np.ma.asarray(getattr(column, "value", column))
        if cells.dtype.kind in "fiu":
            return of_numbers(
                np.atleast_1d(np.ma.filled(cells.astype(float), np.nan)), f"{unit} {name}".lower()
            )
        if cells.dtype.kind == "M":
            gone = np.ma.getmaskarray(cells) | np.isnat(cells.data)
            out = np.full(len(cells), np.nan)
            out[~gone] = _of_time(Time(cells.data[~gone]))
            return out
        texts = [_text(cell) for cell in np.ma.filled(cells.astype(object), "")]
        each = {text: of_text(text) for text in dict.fromkeys(texts)}
        return np.array([each[text] for text in texts], float)


def _text(cell: Any) -> str:
    return (cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)).strip()


def of_text(text: str) -> float:
    """Julian year of a text: J2016.0, B1950, 2016.0 or a date; NaN where it is empty.

    >>> of_text("J1991.25"), of_text("2016.0"), round(of_text("1999-12-31T12:00"), 4)
    (1991.25, 2016.0, 1999.9973)
    """
    from astropy.time import Time

    if text.lower() in ("", "--", "nan", "none"):
        return np.nan
    if re.fullmatch(r"[Jj]?\d{4}(\.\d*)?", text):
        return float(text.lstrip("Jj"))
    if re.fullmatch(r"\d{5,7}(\.\d*)?", text):
        return float(of_numbers(np.array([float(text)]))[0])
    try:
        return float(Time(text.upper() if text[:1] in "bB" else text).jyear)
    except (ValueError, TypeError) as error:
        raise FormatError(f"{text!r} is no epoch.", ADVICE) from error


def _of_time(time: Any) -> Floats:
    years = time.jyear
    return np.asarray(np.ma.filled(getattr(years, "filled", lambda _: years)(np.nan), np.nan), float)


def given(epoch: Any, rows: int) -> Floats:
    """Julian years of what a caller gives: a Time, a text or a number, for all rows or one each; shape (1,) or (rows,).

    Raises
    ------
    InputError
        If it is no epoch, or of another length.

    Examples
    --------
    >>> given("J2016.0", 3).tolist()
    [2016.0]
    """
    try:
        years = np.array([of_text(epoch)]) if isinstance(epoch, str) else np.atleast_1d(_each(epoch))
    except FormatError as error:
        raise InputError(f"epoch is {epoch!r}. {error.message}", ADVICE) from error
    if years.ndim != 1 or len(years) not in (1, rows):
        raise InputError(f"{years.size} epochs for {rows} rows.", "Give one for all, or one for each.")
    if len(years) == 1 and not np.isfinite(years[0]):
        raise InputError(f"epoch is {epoch!r}.", ADVICE)
    return years
