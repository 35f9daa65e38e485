"""Kept indices: a folder with a list of what is in it, and for each piece two Arrow files that are mapped into memory.

``index.json`` names the pieces; it is written anew under another name and then put into place, so that at any moment the
folder holds either the old index or the new one whole. Of each piece, ``<name>.arrow`` has the columns ``_healpix_29`` (the
name of HATS), ``ra``, ``dec`` and ``row`` in the order of the sky; ``<name>.cells.arrow`` tells where coarse cells begin.
Each is one uncompressed record batch of Arrow's file format: any reader of it will do, and columns are plain arrays there.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skyexplorer.errors import FormatError, InputError

FORM = 2
LIST = "index.json"
COLUMNS = {"_healpix_29": np.int64, "ra": np.float64, "dec": np.float64, "row": np.int64}
CELLS = {"offset": np.int32}
PIECE = re.compile(r"\d{8}(\.cells)?\.(arrow|part)|\d{8}\.[a-z]+\.column|index\.json\.part")
AGAIN = "Make it again with CatalogIndex.save."
Columns = Sequence[NDArray[Any]]


class Piece(NamedTuple):
    """What the list tells of a piece: its name, number of rows, and order of the coarse cells."""

    name: str
    rows: int
    depth: int


class Listed(NamedTuple):
    """What a folder holds: rows of the catalogue, and pieces in the order of their rows."""

    rows: int
    pieces: tuple[Piece, ...]


def listed(folder: Path) -> Listed:
    """The list of a kept index.

    Raises
    ------
    FormatError
        If the folder holds none, or one of another form.
    """
    try:
        facts = json.loads((folder / LIST).read_text("utf-8"))
        form = facts["form"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FormatError(
            f"{str(folder)!r} is no kept index: {error}", "Make it with CatalogIndex.save."
        ) from error
    if form != FORM:
        raise FormatError(f"{str(folder)!r} is an index of another form ({form!r}; {FORM} is read).", AGAIN)
    try:
        pieces = tuple(
            Piece(str(each["name"]), int(each["rows"]), int(each["depth"])) for each in facts["pieces"]
        )
        found = Listed(int(facts["rows"]), pieces)
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise FormatError(f"The list of the index {str(folder)!r} is damaged: {error!r}.", AGAIN) from error
    for piece in pieces:
        if not (
            re.fullmatch(r"\d{8}", piece.name) and 0 <= piece.depth <= 13 and 0 <= piece.rows <= found.rows
        ):
            raise FormatError(f"The list of the index {str(folder)!r} is damaged: {piece}.", AGAIN)
    return found


def write_list(folder: Path, found: Listed) -> None:
    """Put a list into place, and take away the files of pieces that it does not name.

    Raises
    ------
    InputError
        If nothing can be written there.
    """
    facts = {"form": FORM, "rows": found.rows, "pieces": [piece._asdict() for piece in found.pieces]}
    with _writing(folder):
        part = folder / (LIST + ".part")
        with part.open("w", encoding="utf-8") as file:
            json.dump(facts, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, folder / LIST)
    tidy(folder)


def tidy(folder: Path) -> None:
    """Take away files that work which was broken off has left: those of pieces that the list does not name."""
    try:
        pieces = listed(folder).pieces
    except FormatError:
        pieces = ()  # no index, or one of another form, whose files have other names
    kept = {f"{piece.name}{end}" for piece in pieces for end in (".arrow", ".cells.arrow")}
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in kept and PIECE.fullmatch(path.name):
            with contextlib.suppress(OSError):  # one that is open elsewhere goes the next time
                path.unlink()


def free_name(folder: Path) -> str:
    """A name that no piece in a folder has."""
    taken = [int(path.name[:8]) for path in folder.glob("????????.*") if path.name[:8].isdigit()]
    return f"{max(taken, default=0) + 1:08d}"


def write_piece(folder: Path, name: str, columns: Columns, depth: int, offset: NDArray[np.int32]) -> Piece:
    """Write a piece; it belongs to the index when the list names it.

    Parameters
    ----------
    folder : Path
        Made where it is not there.
    name : str
    columns : sequence of (n,) arrays
        Index, right ascension, declination (deg) and row, in the order of the index.
    depth : int
        Order of the coarse cells.
    offset : (12 · 4**depth + 1,) int32 array
        Where they begin.

    Raises
    ------
    InputError
        If nothing can be written there.
    """
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / f"{name}.arrow", dict(zip(COLUMNS, columns, strict=True)))
        _write(folder / f"{name}.cells.arrow", {"offset": offset})
    return Piece(name, len(columns[0]), depth)


def read_piece(folder: Path, piece: Piece) -> tuple[list[NDArray[Any]], NDArray[np.int32]]:
    """Columns of a piece, and where its coarse cells begin; both lie in the files and are read as they are used.

    Raises
    ------
    FormatError
        If a file is missing, cut short, damaged or of another form.
    """
    columns = _mapped(folder / f"{piece.name}.arrow", COLUMNS, piece.rows)
    (offset,) = _mapped(folder / f"{piece.name}.cells.arrow", CELLS, 12 * 4**piece.depth + 1)
    if offset[0] != 0 or offset[-1] != piece.rows:
        raise FormatError(f"The cells of the index {str(folder)!r} do not fit its rows.", AGAIN)
    return columns, offset


def gathered(folder: Path, name: str, blocks: Iterable[Columns], rows: int) -> list[NDArray[Any]]:
    """Columns that come in blocks, as arrays that lie in files of the folder until the next list is written.

    Parameters
    ----------
    folder : Path
    name : str
        Of the piece that they will be.
    blocks : iterable of sequences of arrays
        Index, right ascension, declination and row.
    rows : int
        How many there will be.
    """
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if not rows:
            return [np.empty(0, kind) for kind in COLUMNS.values()]
        columns: list[NDArray[Any]] = [
            np.memmap(
                folder / f"{name}.{column.strip('_').split('_')[0]}.column", kind, "w+", shape=(rows,)
            ).view(np.ndarray)
            for column, kind in COLUMNS.items()
        ]
        at = 0
        for block in blocks:
            for column, values in zip(columns, block, strict=True):
                column[at : at + len(values)] = values
            at += len(block[0])
    return columns


@contextlib.contextmanager
def _writing(folder: Path) -> Any:
    """What the system says against it, as an error of ours."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{str(folder)!r} cannot be written: {error.strerror or error}.", "Choose another place."
        ) from error


def _write(path: Path, columns: dict[str, NDArray[Any]]) -> None:
    import pyarrow as pa

    schema = pa.schema(
        [(name, pa.from_numpy_dtype(values.dtype)) for name, values in columns.items()],
        metadata={"skyexplorer": f"index {FORM}", "frame": "ICRS, ra and dec in degrees; nested HEALPix"},
    )
    batch = pa.record_batch([pa.array(values) for values in columns.values()], schema=schema)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        with pa.ipc.new_file(file, schema) as writer:
            writer.write_batch(batch)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def _mapped(path: Path, kinds: dict[str, Any], rows: int) -> list[NDArray[Any]]:
    """The columns of a file as arrays that may be written, though nothing of that reaches the file.

    Compiled code has one form, for arrays that may be written; so the file is mapped "copy on write", and the columns are
    looked up in it.
    """
    import pyarrow as pa

    try:
        held: NDArray[np.uint8] = np.memmap(path, np.uint8, "c").view(np.ndarray)
        reader = pa.ipc.open_file(pa.py_buffer(held))
        if reader.num_record_batches != 1 or reader.schema.names != list(kinds):
            raise FormatError(f"{str(path)!r} is no piece of an index: it has {reader.schema.names}.", AGAIN)
        batch = reader.get_batch(0)
        batch.validate()
        arrays = []
        for name, kind in kinds.items():
            column = batch.column(name)
            if column.type != pa.from_numpy_dtype(kind) or len(column) != rows or column.null_count:
                raise FormatError(f"{str(path)!r} does not hold {rows} values of {name} as numbers.", AGAIN)
            buffer = column.buffers()[1]
            begin = (buffer.address - held.ctypes.data if rows else 0) + column.offset * np.dtype(
                kind
            ).itemsize
            end = begin + rows * np.dtype(kind).itemsize
            if begin < 0 or end > len(held) or begin % np.dtype(kind).itemsize:
                raise FormatError(f"{str(path)!r} is damaged: {name} lies outside of it.", AGAIN)
            arrays.append(held[begin:end].view(kind))
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, OverflowError, MemoryError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"{str(path)!r} is missing, cut short or damaged: {error}", AGAIN) from error
    return arrays
