"""Tables of Parquet files: plain, written by astropy, or with a VOTable of metadata (VOParquet); whole, or in pieces.

What does not fit into memory is read by row groups, of one file or of many as if they were one: `pieces` knows from the
files' own facts how many rows each has and in which circle on the sky they lie, and `stream` reads those that are wanted.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skyexplorer import progress
from skyexplorer.core import memory, sphere
from skyexplorer.errors import ColumnError, FormatError
from skyexplorer.io.choosing import MOST_BYTES, leave_note
from skyexplorer.io.files import reading
from skyexplorer.io.roles import listed

_ASTROPY = b"table_meta_yaml"
_VOTABLE = b"IVOA.VOTable-Parquet.content"
READ_ROWS = 2**21  # at a time
ADVICE = "Take fewer rows or columns, or raise SKYEXPLORER_MEMORY_LIMIT."


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
    return described(file.read())


def described(arrow: Any) -> Any:
    """An astropy table of an Arrow table that a Parquet file held, with the units and descriptions that it has with it."""
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


@dataclass(frozen=True)
class Pieces:
    """Row groups of Parquet files, as if they were one table.

    Attributes
    ----------
    paths : tuple of str
        The files.
    file, group : (n,) int arrays
        Of each row group: the number of its file, and its own in that.
    first, rows : (n,) int arrays
        Its first row in the whole, and how many it has.
    size : (n,) int array
        Bytes of all its columns, unpacked.
    ra, dec, radius : (n,) float arrays
        Degrees: a circle in which all of its positions lie; radius 180 where that is not known.
    """

    paths: tuple[str, ...]
    file: NDArray[np.int64]
    group: NDArray[np.int64]
    first: NDArray[np.int64]
    rows: NDArray[np.int64]
    size: NDArray[np.int64]
    ra: NDArray[np.float64]
    dec: NDArray[np.float64]
    radius: NDArray[np.float64]

    @property
    def total(self) -> int:
        """Rows of the whole."""
        return int(self.rows.sum())


def head(paths: Sequence[str], rows: int = 100) -> Any:
    """The first rows, as an Arrow table; of the first file that has any.

    Raises
    ------
    FormatError
        If a file cannot be read, or none has rows.
    """
    from pyarrow import Table, parquet

    for path in paths:
        with reading("the Parquet file " + repr(Path(path).name)), parquet.ParquetFile(path) as file:
            if file.metadata.num_rows:
                return Table.from_batches([next(file.iter_batches(batch_size=rows))])
    raise FormatError("The Parquet files have no rows.", "Nothing to match or show.")


def pieces(paths: Sequence[str], columns: tuple[str, ...], facts: Sequence[Any] | None = None) -> Pieces:
    """What there is to read.

    Parameters
    ----------
    paths : sequence of str
    columns : (ra, dec) or ()
        By whose least and greatest values the circles are told, if they are degrees of ICRS.
    facts : sequence of pyarrow FileMetaData, optional
        Of the files, if they are at hand; else each is asked.

    Raises
    ------
    ColumnError
        If a file lacks one of the columns.
    FormatError
        If a file cannot be read.
    """
    from pyarrow import parquet

    found: list[tuple[float, ...]] = []
    for number, path in enumerate(paths):
        if facts is None:
            with reading("the Parquet file " + repr(Path(path).name)):
                told = parquet.read_metadata(path)
        else:
            told = facts[number]
        names = [told.schema.column(i).path for i in range(len(told.schema))]
        if missing := [column for column in columns if column not in names]:
            raise ColumnError(
                f"{path!r} has no column {missing[0]!r}; its columns are {listed(names)}.",
                "All files need the same columns: name those that belong together.",
                names,
            )
        at = [names.index(column) for column in columns]
        for group in range(told.num_row_groups):
            some = told.row_group(group)
            limits = [some.column(i).statistics for i in at]
            found.append((number, group, some.num_rows, some.total_byte_size, *_circle(limits)))
    table = np.array(found, float).reshape(-1, 7)
    file, group_of, rows, size = (table[:, i].astype(np.int64) for i in range(4))
    return Pieces(tuple(paths), file, group_of, np.cumsum(rows) - rows, rows, size, *table[:, 4:].T.copy())


def _circle(limits: Sequence[Any]) -> tuple[float, float, float]:
    """The circle around the box of two statistics, of right ascension and declination: its corners are farthest away."""
    if len(limits) != 2 or any(each is None or not each.has_min_max for each in limits):
        return 0.0, 0.0, 180.0
    try:
        (west, east), (south, north) = ((float(each.min), float(each.max)) for each in limits)
    except (TypeError, ValueError):
        return 0.0, 0.0, 180.0  # columns of text
    if not (east - west <= 180.0 and -90.0 <= south <= north <= 90.0):
        return 0.0, 0.0, 180.0
    ra, dec = 0.5 * (west + east), 0.5 * (south + north)
    reach = max(float(sphere.separation(ra, dec, west, edge)) for edge in (south, north))
    return ra % 360.0, dec, min(reach * (1 + 1e-9) + 1e-9, 180.0)


def stream(
    pieces: Pieces, columns: Sequence[str] | None, wanted: NDArray[np.int64], most: int
) -> Iterator[tuple[int, Any]]:
    """Arrow tables of consecutive rows, with the number of their first row.

    Parameters
    ----------
    pieces : Pieces
    columns : sequence of str, or None for all
    wanted : int array
        Numbers of the row groups to read, ascending.
    most : int
        Rows at once; small row groups of a file are read together, large ones in parts.

    Raises
    ------
    FormatError
        If a file cannot be read.
    """
    from pyarrow import Table, parquet

    names = None if columns is None else list(columns)
    at = 0
    while at < len(wanted):
        number = pieces.file[wanted[at]]
        path = pieces.paths[number]
        here = wanted[at : at + int(np.searchsorted(pieces.file[wanted[at:]], number, side="right"))]
        at += len(here)
        # Mapped files would count as memory of this process, and are hardly faster.
        with (
            reading("the Parquet file " + repr(Path(path).name)),
            parquet.ParquetFile(path, pre_buffer=True) as file,
        ):
            done = 0
            while done < len(here):
                first, end, rows = int(pieces.first[here[done]]), done + 1, int(pieces.rows[here[done]])
                while (
                    end < len(here)
                    and here[end] == here[end - 1] + 1
                    and rows + pieces.rows[here[end]] <= most
                ):
                    rows += int(pieces.rows[here[end]])
                    end += 1
                groups = pieces.group[here[done:end]].tolist()
                done = end
                if rows <= 2 * most:
                    yield first, file.read_row_groups(groups, columns=names)
                    continue
                for batch in file.iter_batches(batch_size=most, row_groups=groups, columns=names):
                    yield first, Table.from_batches([batch])
                    first += batch.num_rows


def taken(pieces: Pieces, rows: NDArray[np.int64] | None, name: str) -> Any:
    """All columns of all rows, or of some that are given ascending, as one Arrow table.

    Parameters
    ----------
    pieces : Pieces
    rows : int array or None
    name : str
        What errors and progress call the catalogue.

    Raises
    ------
    InputError
        If memory does not allow it.
    FormatError
        If a file cannot be read.
    """
    import pyarrow as pa

    count = pieces.total if rows is None else len(rows)
    share = float(pieces.size.sum()) / max(pieces.total, 1)
    largest = float(np.minimum(pieces.rows, 2 * READ_ROWS).max()) * share
    # A text is four bytes a letter in a table, and Arrow's own copy stands beside it.
    memory.ask(4 * share * count + 2 * largest, f"Reading {count} rows of {name}", ADVICE)
    if rows is None:
        groups = np.arange(len(pieces.rows))
    else:
        groups = np.unique(np.searchsorted(pieces.first + pieces.rows, rows, side="right"))
    found = []
    watched, total, done = progress.current(), int(pieces.rows[groups].sum()), 0
    for first, arrow in stream(pieces, None, groups, READ_ROWS):
        done += arrow.num_rows
        if rows is not None:
            low, high = np.searchsorted(rows, (first, first + arrow.num_rows))
            arrow = arrow.take(pa.array(rows[low:high] - first))
        found.append(arrow)
        watched.report(done, total, f"reading {name}")
    return pa.concat_tables(found, promote_options="permissive").combine_chunks()
