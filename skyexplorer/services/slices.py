"""Large VOTables read slice by slice: no step of it takes long, and no copy of all of it is made.

The rows of TABLEDATA are cut at their ends into slices, each of which is a VOTable of its own with the head and the tail
of the whole; the reader that reads them is the one of all VOTables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from skyexplorer import progress
from skyexplorer.io import votable

SMALL = 1_000_000  # bytes that are read at once
SLICE = 500_000
_START = re.compile(rb"<(?:\w+:)?TABLEDATA\s*>")
_STOP = re.compile(rb"</(?:\w+:)?TABLEDATA\s*>")
_ROW = re.compile(rb"</(?:\w+:)?TR\s*>")


def read(raw: bytes) -> Any:
    """The table of a VOTable, of no rows too; see `skyexplorer.io.votable.read`."""
    if len(raw) > SMALL:
        cut = _rows(raw)
        if cut is not None:
            return _joined(list(_tables(raw, *cut)))
    return votable.read(raw, empty=True)


def _rows(raw: bytes) -> tuple[int, int] | None:
    """Where the rows of the only table are, or None where it is not so simple."""
    start = _START.search(raw, 0, 300_000)
    if start is None:
        return None
    stop = _STOP.search(raw, max(len(raw) - 300_000, start.end()))
    if stop is None or raw.find(b"TABLEDATA", start.end(), stop.start()) >= 0:
        return None
    return start.end(), stop.start()


def _tables(raw: bytes, start: int, stop: int) -> Iterator[Any]:
    head, tail = raw[:start], raw[stop:]
    at = start
    while at < stop:
        progress.current().report(at - start, stop - start)
        end = _ROW.search(raw, min(at + SLICE, stop), stop)
        to = end.end() if end else stop
        if raw[at:to].strip():
            yield votable.read(head + raw[at:to] + tail, empty=True)
        at = to


def _joined(parts: list[Any]) -> Any:
    """One table of several with the same columns, in place of the first."""
    from astropy.table import MaskedColumn

    whole = parts[0]
    if len(parts) == 1:
        return whole
    columns = {}
    for name in whole.colnames:
        first = whole[name]
        pieces = [part[name] for part in parts]
        masked = any(isinstance(piece, np.ma.MaskedArray) for piece in pieces)
        values = (
            np.ma.concatenate(pieces) if masked else np.concatenate([np.asarray(piece) for piece in pieces])
        )
        kind = MaskedColumn if masked else type(first)
        columns[name] = kind(
            values,
            name=name,
            unit=first.unit,
            description=first.description,
            format=first.format,
            meta=first.meta,
        )
        for part in parts:
            part.remove_column(name) if part is not whole else None
    made = type(whole)(list(columns.values()), copy=False)
    made.meta = whole.meta
    return made
