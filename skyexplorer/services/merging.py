"""Several answers to one question as one: each row once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skyexplorer.errors import AnswerError
from skyexplorer.services.asking import Found, column_of
from skyexplorer.services.registry import Service


def merged(service: Service, answers: Sequence[Found]) -> Found:
    """One answer of several: rows of an id once; where there is no id, rows that are equal once.

    Parameters
    ----------
    service : Service
        With the column of the id, where it has one.
    answers : sequence of Found
        At least one, in the order in which their rows shall stand.

    Raises
    ------
    AnswerError
        If they have not the same columns.
    """
    from skyexplorer.services import slices

    first = answers[0]
    if len(answers) == 1:
        table = first.table[distinct(service, first.table)] if len(first.table) else first.table
        return first if len(table) == len(first.table) else replace(first, table=table)
    names = first.table.colnames
    for answer in answers[1:]:
        if answer.table.colnames != names:
            raise AnswerError(
                f"{service.id} answered parts of one question with different columns.", "Ask it again.",
                service=service.id, url=service.address,
            )  # fmt: skip
    full = [answer.table for answer in answers if len(answer.table)]
    table = slices.joined(full) if full else first.table
    if len(table):
        table = table[distinct(service, table)]
    kept = [answer.cached_at for answer in answers if answer.cached_at]
    together = hashlib.sha256("".join(answer.checksum for answer in answers).encode()).hexdigest()
    return replace(
        first,
        table=table,
        overflow=any(answer.overflow for answer in answers),
        query=";\n".join(dict.fromkeys(answer.query for answer in answers)),
        raw=None,
        cached_at=min(kept) if len(kept) == len(answers) else "",
        retrieved=min(answer.retrieved for answer in answers),
        checksum=f"sha256:{together}" if all(answer.checksum for answer in answers) else "",
        note="; ".join(dict.fromkeys(answer.note for answer in answers if answer.note)),
    )


def distinct(service: Service, table: Any) -> NDArray[np.int64]:
    """The rows that are there for the first time, in order: by their id; of those that have none, by all of them."""
    key, everything = _key(service, table), np.arange(len(table))
    if key is None:
        return _unequal(table, everything)
    values, empty = np.ma.getdata(np.ma.asarray(table[key])), _empty(table[key])
    if service.protocol == "obstap" and empty.any():
        return _unequal(table, everything)
    named = everything[~empty]
    if values.dtype.kind in "iuSU":
        kept = named[np.unique(values[named], return_index=True)[1]]
    else:
        seen: dict[Any, int] = {}
        for row, value in zip(named.tolist(), values[named].tolist(), strict=True):
            seen.setdefault(value, row)
        kept = np.array(list(seen.values()), np.int64)
    return np.sort(np.concatenate([kept, _unequal(table, everything[empty])]))


def _key(service: Service, table: Any) -> str | None:
    """The column that tells rows apart. Of ObsCore that is one only: an observation (obs_id) has many files."""
    key = column_of(service, "id", table)
    if key is not None and service.protocol == "obstap" and key.lower() != "obs_publisher_did":
        return None
    return key


def _empty(column: Any) -> NDArray[np.bool_]:
    """Which cells hold nothing: masked ones, blanks, and not-a-numbers."""
    values = np.ma.getdata(np.ma.asarray(column))
    empty = np.array(np.ma.getmaskarray(np.ma.asarray(column)))
    if values.dtype.kind in "SU":
        empty |= np.char.str_len(np.char.strip(values)) == 0
    elif values.dtype.kind == "f":
        empty |= np.isnan(values)
    elif values.dtype.kind == "O":
        empty |= [value is None or not str(value).strip() for value in values]
    return empty


def _unequal(table: Any, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Those of some rows of which none before is equal."""
    if not len(rows):
        return rows
    part = table if len(rows) == len(table) else table[rows]
    seen: dict[Any, int] = {}
    columns = [_bytes(part[name]) for name in part.colnames]
    for row, value in zip(rows.tolist(), zip(*columns, strict=True), strict=True):
        seen.setdefault(value, row)
    return np.array(list(seen.values()), np.int64)


def _bytes(column: Any) -> list[Any]:
    """Values that are equal where cells are, not-a-numbers and empty ones too."""
    mask = np.ma.getmaskarray(np.ma.asarray(column))
    values = np.ma.getdata(np.ma.asarray(column))
    if values.dtype.kind == "O" or values.ndim > 1:
        cells: list[Any] = [repr(value) for value in values]
    elif values.dtype.kind == "f":
        cells = (
            values.view(f"u{values.dtype.itemsize}").tolist() if values.dtype.isnative else values.tolist()
        )
    else:
        cells = values.tolist()
    gone: Any = np.asarray(mask).reshape(len(values), -1).all(axis=1).tolist()
    if any(gone):
        cells = [None if empty else cell for cell, empty in zip(cells, gone, strict=True)]
    return cells
