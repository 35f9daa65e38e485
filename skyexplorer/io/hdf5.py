"""Tables of HDF5 files: compound data sets (astropy, PyTables), and groups of columns of one length."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from skyexplorer.errors import FormatError
from skyexplorer.io.choosing import MOST_BYTES, Part, choose, leave_note
from skyexplorer.io.roles import positions

MOST_NODES = 5000
GROUP = "group"


def read(raw: bytes, wanted: str | int | None = None) -> Any:
    """The table of an HDF5 file: see `skyexplorer.io.tables.read`.

    Groups that have the same columns, with positions, are one table with a column that tells the group.

    Raises
    ------
    FormatError
        If there is no table with rows, or it declares more than half a gigabyte.
    """
    import h5py
    from astropy.table import vstack

    with h5py.File(io.BytesIO(raw), "r") as file:
        parts = _parts(file)
        if wanted is None:
            alike = _alike(parts, file)
            if len(alike) > 1:
                tables = []
                for part in alike:
                    table = part.read()
                    table[GROUP] = np.full(len(table), part.name)
                    tables.append(table)
                whole = vstack(tables, join_type="exact", metadata_conflicts="silent")
                leave_note(
                    whole,
                    f"groups {', '.join(f'{p.name} ({p.rows})' for p in alike)}: the column {GROUP!r} tells which "
                    "(group=… opens one)",
                )
                return whole
        return choose(parts, wanted, "HDF5 file")


def _alike(parts: list[Part], file: Any) -> list[Part]:
    """The first group of columns with positions, and those that have the same columns."""
    import h5py

    groups = [part for part in parts if part.rows and isinstance(file[part.name], h5py.Group)]
    for part in groups:
        names = set(file[part.name])
        if positions(part.look() if part.look else part.read()) is not None:
            return [p for p in groups if set(file[p.name]) == names]
    return []


def _parts(file: Any) -> list[Part]:
    import h5py

    out: list[Part] = []
    seen = 0

    def visit(group: Any, depth: int) -> None:
        nonlocal seen
        columns: dict[str, Any] = {}
        for name in group:
            seen += 1
            if seen > MOST_NODES or depth > 20:
                raise FormatError(
                    "The HDF5 file has too many groups to look through.", "Name none of it here."
                )
            # A link may lead out of the file: that is not followed.
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                continue
            item = group[name]
            if isinstance(item, h5py.Group):
                visit(item, depth + 1)
            elif isinstance(item, h5py.Dataset) and item.ndim == 1:
                if item.dtype.names:
                    out.append(_compound(item))
                elif item.dtype.kind in "iufbSO" and not name.endswith("__table_column_meta__"):
                    columns[name] = item
        lengths = [len(item) for item in columns.values()]
        for length in dict.fromkeys(lengths):
            chosen = {name: item for name, item in columns.items() if len(item) == length}
            if len(chosen) >= 2:
                out.append(_columns(group, chosen, length))

    visit(file, 0)
    return out


def _bounded(items: Any, name: str) -> None:
    size = sum(item.size * max(item.dtype.itemsize, 1) for item in items)
    if size > MOST_BYTES:
        raise FormatError(
            f"{name} declares {size / 2**20:,.0f} MiB in memory.", "Make a smaller file of what is needed."
        )


def _compound(item: Any) -> Part:
    from astropy.table import Table

    name = item.name.strip("/")

    def look() -> Any:
        return Table(np.empty(0, [(str(n), float) for n in item.dtype.names]))

    def read_() -> Any:
        from astropy.io.misc.hdf5 import read_table_hdf5

        from skyexplorer.io.text_table import flattened

        _bounded([item], name)
        return flattened(_texts(read_table_hdf5(item.file, path=item.name)))

    return Part(name, len(item), read_, look)


def _columns(group: Any, items: dict[str, Any], length: int) -> Part:
    from astropy.table import Column, Table

    name = group.name.strip("/") or "/"

    def look() -> Any:
        return Table({column: np.empty(0) for column in items})

    def read_() -> Any:
        from astropy import units as u

        _bounded(items.values(), name)
        table = Table()
        for column, item in items.items():
            told = {
                str(key).lower(): _text(value) for key, value in item.attrs.items() if np.ndim(value) == 0
            }
            unit = told.get("unit") or told.get("units")
            table[column] = Column(
                item[()],
                description=told.get("description") or None,
                unit=u.Unit(unit, parse_strict="silent") if unit else None,
            )
            if told.get("ucd"):
                table[column].meta["ucd"] = told["ucd"]
        return _texts(table)

    return Part(name, length, read_, look)


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _texts(table: Any) -> Any:
    """Columns of bytes as text."""
    for name in table.colnames:
        column = table[name]
        kind = getattr(getattr(column, "dtype", None), "kind", "")
        if kind in ("S", "O"):
            cells = [
                _text(value) for value in np.ma.filled(np.ma.asarray(column), b"" if kind == "S" else "")
            ]
            described, mask = column.description, getattr(column, "mask", None)
            table[name] = np.ma.array(cells, mask=mask) if mask is not None else cells
            table[name].description = described
    return table
