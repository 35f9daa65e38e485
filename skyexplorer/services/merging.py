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
    """The rows that are there for the first time, in order."""
    key = column_of(service, "id", table)
    seen: dict[Any, int] = {}
    if key is not None and not np.ma.getmaskarray(np.ma.asarray(table[key])).any():
        values = np.asarray(table[key])
        if values.dtype.kind in "iuSU":
            _, rows = np.unique(values, return_index=True)
            return np.sort(rows)
        for row, value in enumerate(values.tolist()):
            seen.setdefault(value, row)
        return np.array(sorted(seen.values()), np.int64)
    columns = [_bytes(table[name]) for name in table.colnames]
    for row, value in enumerate(zip(*columns, strict=True)):
        seen.setdefault(value, row)
    return np.array(sorted(seen.values()), np.int64)


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
