"""What is odd in a table: kept, flagged and explained; and errors that two versions of a list have the other way round."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from astropy.table import MaskedColumn, Table
from numpy.typing import ArrayLike, NDArray

from skyexplorer.errors import ColumnError
from skyexplorer.io.positions import floats, is_number, numbers
from skyexplorer.io.roles import Roles

LARGEST_ERROR = 180.0
"""Degrees; a position error above it is none."""
LARGEST_RA_ERROR = 90.0
"""Degrees of right ascension; above it an error is told, as it can be right near a pole only."""
SHOWN = 3
STEP = 50_000  # rows
REDSHIFTS = ("redshift", "z")
_LIMIT = re.compile(r"\s*([<>])\s*(.*)")


@dataclass(frozen=True)
class Flag:
    """Something odd in some rows of a table.

    Parameters
    ----------
    rows : tuple of int
    column : str
    value : str
        As the file has it, of the first of the rows.
    text : str
        What it is, and what was made of it.
    """

    rows: tuple[int, ...]
    column: str
    value: str
    text: str

    def among(self, kept: NDArray[Any]) -> Flag | None:
        """The same of a choice of rows, numbered anew; None if no row is left."""
        new = np.flatnonzero(np.isin(kept, self.rows))
        return replace(self, rows=tuple(int(i) for i in new)) if len(new) else None


def summary(flags: Sequence[Flag]) -> str:
    """The flags in one line, the first four of them."""
    more = f"; and {len(flags) - 4} more remarks" if len(flags) > 4 else ""
    return "; ".join(flag.text for flag in flags[:4]) + more


def tidied(table: Table, found: Roles) -> tuple[Table, list[Flag]]:
    """A table in which numbers that stand for none are masked, and limits are numbers beside a flag column.

    The table given stays as it is. Text columns of numbers in which some read ``<0.0017`` become numbers, the limit as
    the value, with a column ``…_limit`` of -1 (the value is an upper limit), 1 (a lower one) or 0. A redshift of −∞
    becomes NaN; other numbers of −∞ stay, and are told.

    Parameters
    ----------
    table : astropy.table.Table
    found : Roles

    Returns
    -------
    table : astropy.table.Table
    flags : list of Flag
    """
    changed: dict[str, Any] = {}
    limits: dict[str, NDArray[Any]] = {}
    endless: dict[str, NDArray[Any]] = {}
    for name in table.colnames:
        if name in (found.ra, found.dec) or getattr(table[name], "ndim", 0) != 1:
            continue
        column = table[name]
        kind = getattr(getattr(column, "dtype", None), "kind", "")
        if kind == "U" and name != found.name:
            split = _limits(column, found)
            if split is not None:
                changed[name], changed[f"{name}_limit"] = split
                limits[name] = np.flatnonzero(split[1])
        elif kind in "fiu" and found.missing:
            gone = np.isin(np.ma.filled(np.ma.asarray(column), 0), found.missing)
            if gone.any():
                changed[name] = _masked(column, gone)
        if kind == "f":
            below = np.ma.filled(np.ma.asarray(column) == -np.inf, False)
            if below.any():
                endless[name] = np.flatnonzero(below)
                if name.lower() in REDSHIFTS:
                    values = column.copy()
                    values[below] = np.nan
                    changed[name] = values
    told = [
        *_of_columns(endless, "-inf", "−∞ stands for missing in"),
        *_of_columns(limits, "<", "limits, told by columns …_limit, are among the values of"),
    ]
    if changed:
        table = table.copy(copy_data=False)
        for name, values in changed.items():
            table[name] = values
    return table, told


def _of_columns(where: dict[str, NDArray[Any]], value: str, text: str) -> Iterator[Flag]:
    if where:
        names = list(where)
        few = ", ".join(f"{name} ({_n(where[name])})" for name in names[:SHOWN])
        more = f" and {len(names) - SHOWN} more columns" if len(names) > SHOWN else ""
        rows = np.unique(np.concatenate(list(where.values())))
        yield Flag(_rows(rows), ", ".join(names), value, f"{text} {few}{more}")


def _masked(column: Any, gone: NDArray[np.bool_]) -> MaskedColumn:
    before = np.ma.getmaskarray(np.ma.asarray(column))
    return MaskedColumn(
        np.ma.asarray(column).data,
        mask=before | gone,
        unit=column.unit,
        description=column.description,
        meta=column.meta,
    )


def _limits(column: Any, found: Roles) -> tuple[MaskedColumn, NDArray[np.int8]] | None:
    cells = [str(cell) for cell in np.ma.filled(np.ma.asarray(column), "")]
    if not any(cell.lstrip().startswith(("<", ">")) for cell in cells):
        return None
    values, limit = np.full(len(cells), np.nan), np.zeros(len(cells), np.int8)
    for i, cell in enumerate(cells):
        match = _LIMIT.fullmatch(cell)
        number = match.group(2) if match else cell
        if not is_number(number):
            if number.strip().lower() not in ("", "--", "-", "none", "nan"):
                return None
            continue
        values[i] = float(number)
        limit[i] = 0 if match is None else -1 if match.group(1) == "<" else 1
    gone = ~np.isfinite(values) | np.isin(values, found.missing)
    return MaskedColumn(
        values, mask=gone, unit=column.unit, description=column.description, meta=column.meta
    ), limit


def flags(table: Table, found: Roles, lon: NDArray[np.float64]) -> Iterator[Flag]:
    """What is odd in the rows of a catalogue.

    Parameters
    ----------
    table : astropy.table.Table
    found : Roles
    lon : array
        Right ascension of each row, NaN where it has no position.
    """
    lost = np.flatnonzero(~np.isfinite(lon))
    if len(lost):
        yield Flag(
            _rows(lost), found.ra, str(table[found.ra][lost[0]]), f"{_n(lost)} without a position: not drawn"
        )
    error = numbers(table, found.error)
    if error is not None:
        for rows, what in (
            (np.flatnonzero((error <= 0) & np.isfinite(error)), "0 or less"),
            (
                np.flatnonzero(error > LARGEST_ERROR),
                f"more than {LARGEST_ERROR:g}°, up to {np.nanmax(error, initial=0):g}°",
            ),
        ):
            if len(rows):
                yield Flag(
                    _rows(rows), str(found.error), f"{error[rows[0]]:g}",
                    f"{_n(rows)} with a position error of {what}: the error is not drawn",
                )  # fmt: skip
    for name in table.colnames:
        if re.match(r"(e_)?ra(j2000)?_?err|err_?ra", name.lower()):
            yield from _wide(table, name)
    if found.name is not None:
        yield from _doubled(table, found.name)


def _wide(table: Table, name: str) -> Iterator[Flag]:
    column = table[name]
    if column.dtype.kind not in "fiu" or column.ndim != 1:
        return
    values = floats(column)
    rows = np.flatnonzero(values > LARGEST_RA_ERROR)
    if len(rows):
        worst = values[rows].max()
        yield Flag(
            _rows(rows), name, f"{values[rows[0]]:g}",
            f"{name} is up to {worst:g}° in {_n(rows)}: more than a quarter turn, so the region reaches round a pole",
        )  # fmt: skip


def _doubled(table: Table, name: str) -> Iterator[Flag]:
    cells = np.ma.filled(np.ma.asarray(table[name]), "" if table[name].dtype.kind in "US" else 0).tolist()
    # By slices, and sorted by numpy: a million names are looked through in other threads, and nobody is held up by it.
    slices = [slice(at, at + STEP) for at in range(0, len(cells), STEP)]
    hashes = [np.fromiter(map(hash, cells[part]), np.int64) for part in slices]
    ordered = np.sort(np.concatenate(hashes)) if hashes else np.zeros(0, np.int64)
    if (ordered[1:] != ordered[:-1]).all():
        return
    count: Counter[Any] = Counter()
    for part in slices:
        count.update(cells[part])
    rows = [i for i, cell in enumerate(cells) if cell not in ("", 0, "None", "--") and count[cell] > 1]
    if rows:
        names = list(dict.fromkeys(cells[i] for i in rows))
        few = ", ".join(str(each) for each in names[:SHOWN]) + (" …" if len(names) > SHOWN else "")
        yield Flag(
            tuple(rows), name, str(cells[rows[0]]),
            f"{len(names)} name{'s' * (len(names) > 1)} in more than one row ({few}): all kept",
        )  # fmt: skip


def _rows(rows: NDArray[Any]) -> tuple[int, ...]:
    return tuple(int(i) for i in rows)


def _n(rows: NDArray[Any]) -> str:
    return f"{len(rows)} row{'s' * (len(rows) != 1)}"


def swapped(
    plus: ArrayLike, minus: ArrayLike, other_plus: ArrayLike, other_minus: ArrayLike, tolerance: float = 0.05
) -> NDArray[np.bool_]:
    """Where an asymmetric pair of errors is the other way round in a second version.

    Parameters
    ----------
    plus, minus, other_plus, other_minus : array_like
        Sizes of the upper and lower errors in the one and the other version; signs do not matter.
    tolerance : float
        By which part two numbers may differ and be the same: versions are rounded, and improved a little.

    Returns
    -------
    array of bool
        True where each equals the other's opposite, and not its own; False where one is missing.

    Examples
    --------
    IC211208A in GCN 31191 and in a copy of ICECAT (SCIENCE.md 2.4):

    >>> bool(swapped(1.81, -1.39, 1.39, -1.79))
    True
    >>> bool(swapped(1.81, -1.39, 1.79, -1.39))
    False
    """
    a, b, c, d = (np.abs(np.asarray(x, float)) for x in (plus, minus, other_plus, other_minus))
    slack = tolerance * np.maximum(np.maximum(a, b), np.maximum(c, d))
    return np.asarray((np.abs(a - d) <= slack) & (np.abs(b - c) <= slack) & (np.abs(a - c) > slack))


_PAIRS = (
    ("_PLUS", "_MINUS"),
    ("_plus", "_minus"),
    ("_errp", "_errn"),
    ("_pos_err", "_neg_err"),
    ("_up", "_low"),
)


def swapped_errors(one: Table, other: Table, name: str, tolerance: float = 0.05) -> list[Flag]:
    """Asymmetric errors that two versions of a list of events or sources have the other way round.

    Parameters
    ----------
    one, other : astropy.table.Table
        With the same column of names; their columns ``…_PLUS`` and ``…_MINUS`` (or ``…_errp``/``…_errn`` and the like)
        are compared.
    name : str
        The column by which rows are found.
    tolerance : float
        See `swapped`.

    Returns
    -------
    list of Flag
        Rows of ``one``.

    Raises
    ------
    ColumnError
        If the column of names is missing, or there are no pairs of errors.
    """
    for table in (one, other):
        if name not in table.colnames:
            raise ColumnError(
                f"There is no column {name!r} to find rows by.", "Name another.", table.colnames
            )
    both = set(one.colnames) & set(other.colnames)
    pairs = [
        (column, column.removesuffix(up) + down)
        for column in one.colnames
        for up, down in _PAIRS
        if column.endswith(up) and {column, column.removesuffix(up) + down} <= both
    ]
    if not pairs:
        raise ColumnError(
            "Neither list has asymmetric errors.", "They are told by names such as RA_ERR_PLUS.", one.colnames
        )
    at = {str(cell): i for i, cell in reversed(list(enumerate(other[name])))}
    shared = [(i, at[str(cell)]) for i, cell in enumerate(one[name]) if str(cell) in at]
    if not shared:
        return []
    here, there = (np.array(rows) for rows in zip(*shared, strict=True))
    out = []
    for up, down in pairs:
        a, b, c, d = (
            floats(t[column])[rows] for t, rows in ((one, here), (other, there)) for column in (up, down)
        )
        for k in np.flatnonzero(swapped(a, b, c, d, tolerance)):
            text = (
                f"{one[name][here[k]]}: {up.rsplit('_', 1)[0]} is +{abs(a[k]):g}/−{abs(b[k]):g} in one version and "
                f"+{abs(c[k]):g}/−{abs(d[k]):g} in the other: one has them swapped"
            )
            out.append(Flag((int(here[k]),), up, f"{a[k]:g}", text))
    return out
