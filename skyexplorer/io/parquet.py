"""Tables of Parquet files: plain, written by astropy, or with a VOTable of metadata (VOParquet)."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np

from skyexplorer.errors import FormatError
from skyexplorer.io.choosing import MOST_BYTES, leave_note

_ASTROPY = b"table_meta_yaml"
_VOTABLE = b"IVOA.VOTable-Parquet.content"


def read(raw: bytes) -> Any:
    """The table of a Parquet file: see `skyexplorer.io.tables.read`.

    Units and descriptions are those of astropy's metadata, of the VOTable inside, or of ``unit`` and ``description`` of
    the fields.

    Raises
    ------
    FormatError
        If it declares more than half a gigabyte.
    """
    from pyarrow import parquet

    file = parquet.ParquetFile(io.BytesIO(raw))
    facts = file.metadata
    declared = sum(facts.row_group(i).total_byte_size for i in range(facts.num_row_groups))
    cells = facts.num_rows * facts.num_columns * 8
    if max(declared, cells) > MOST_BYTES or min(facts.num_rows, declared) < 0:
        raise FormatError(
            f"The Parquet file declares {facts.num_rows:,} rows of {facts.num_columns} columns.",
            "Make a smaller one of the columns and rows that are needed.",
        )
    arrow = file.read()
    table = from_arrow(arrow, "Parquet")
    notes: dict[bytes, bytes] = arrow.schema.metadata or {}
    for entry in arrow.schema:
        if entry.name in table.colnames:
            told = {key.decode("utf-8", "replace").lower(): value.decode("utf-8", "replace")
                    for key, value in (entry.metadata or {}).items()}  # fmt: skip
            _tell(table[entry.name], told)
    if _ASTROPY in notes:
        from astropy.table import meta

        header = meta.get_header_from_yaml(notes[_ASTROPY].decode("utf-8").split("\n"))
        for column in header.get("datatype", ()):
            if column.get("name") in table.colnames:
                _tell(table[column["name"]], column)
        if isinstance(header.get("meta"), dict):
            table.meta.update(
                {key: value for key, value in header["meta"].items() if not str(key).startswith("__")}
            )
        from skyexplorer.io.text_table import masked

        masked(table)
        table.remove_columns([name for name in table.colnames if name.removesuffix(".mask") != name])
    elif _VOTABLE in notes:
        _from_votable(table, notes[_VOTABLE])
    return table


def _tell(column: Any, told: dict[str, Any]) -> None:
    from astropy import units as u

    unit = told.get("unit")
    if unit:
        column.unit = u.Unit(str(unit), parse_strict="silent")
    if told.get("description"):
        column.description = str(told["description"])
    ucd = (
        told.get("ucd") or (told.get("meta") or {}).get("ucd")
        if isinstance(told.get("meta"), dict)
        else told.get("ucd")
    )
    if ucd:
        column.meta["ucd"] = str(ucd)


def _from_votable(table: Any, raw: bytes) -> None:
    from astropy.io.votable import parse

    from skyexplorer.io.xml import refuse_entities

    refuse_entities(raw)
    for part in parse(io.BytesIO(raw), verify="ignore").iter_tables():
        for field in part.fields:
            name = field.name if field.name in table.colnames else field.ID
            if name in table.colnames:
                _tell(table[name], {"unit": field.unit, "description": field.description, "ucd": field.ucd})


def from_arrow(arrow: Any, what: str) -> Any:
    """An astropy table of the plain columns of an Arrow table; those of lists and structures are named in a note."""
    import pyarrow as pa
    import pyarrow.compute
    from astropy.table import Column, MaskedColumn, Table

    columns: dict[str, Any] = {}
    left: list[str] = []
    for number, entry in enumerate(arrow.schema):
        values, kind = arrow.column(number), entry.type
        if pa.types.is_dictionary(kind):
            values, kind = values.cast(kind.value_type), kind.value_type
        is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        if pa.types.is_temporal(kind) or pa.types.is_decimal(kind):
            values = values.cast(pa.float64() if pa.types.is_decimal(kind) else pa.string())
            is_text = pa.types.is_temporal(kind)
        elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            values, is_text = values.cast(pa.string()), True
        elif not (
            is_text or pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
        ):
            left.append(entry.name)
            continue
        gone = values.is_null().to_numpy() if values.null_count else None
        if is_text:
            longest = pa.compute.max(pa.compute.utf8_length(values)).as_py() if len(values) else 0
            # Four bytes a letter in numpy, and each text once as an object on the way there.
            if (4 * (longest or 1) + 60) * len(values) > 2 * MOST_BYTES:
                left.append(entry.name)
                continue
            cells = np.array([text if text is not None else "" for text in values.to_pylist()], dtype=str)
        elif gone is not None:
            cells = values.fill_null(False if pa.types.is_boolean(values.type) else 0).to_numpy()
        else:
            cells = values.to_numpy()
        columns[entry.name] = Column(cells) if gone is None else MaskedColumn(cells, mask=gone)
    if not columns:
        raise FormatError(f"The {what} has no columns of numbers or text.", "Nothing to show.")
    table = Table(columns)
    if left:
        leave_note(
            table,
            f"columns of lists, structures or very long texts are left out: {json.dumps(left)[1:-1][:300]}",
        )
    return table
