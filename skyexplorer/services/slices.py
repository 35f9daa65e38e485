"""Large VOTables read slice by slice: no step of it takes long, and no copy of all of it is made.

The rows of TABLEDATA are cut at their ends into slices, each of which is a VOTable of its own with the head and the tail
of the whole. The head tells the columns: where all are plain numbers and texts, cells are taken as they stand, column by
column; else, and where a cell is not what its column says, the slice is read by the reader of all VOTables. Of BINARY and
BINARY2, blocks of numbers are taken whole and texts one by one.
"""

from __future__ import annotations

import binascii
import html
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skyexplorer import progress
from skyexplorer.errors import FormatError
from skyexplorer.io import votable

SMALL = 300_000  # bytes that are read at once
SLICE = 300_000
ENDS = 400_000  # bytes at the start and the end in which the rows begin and stop
_START = re.compile(rb"<(?:\w+:)?TABLEDATA\s*>")
_STOP = re.compile(rb"</(?:\w+:)?TABLEDATA\s*>")
_ROW = re.compile(rb"</(?:\w+:)?TR\s*>")
_CELL = re.compile(rb"<TD(?:\s[^<>]*)?(?:/>|>([^<]*)</TD\s*>)")
_ODD = re.compile(rb"<!|<\?|encoding")
_STREAM = re.compile(rb"<(?:\w+:)?(BINARY2?)\s*>\s*<(?:\w+:)?STREAM\b([^>]*)>")
_END_STREAM = re.compile(rb"</(?:\w+:)?STREAM\s*>")
_TABLE = re.compile(rb"<(?:\w+:)?TABLE\b")
_BLANKS = b" \t\r\n"
_NUMBERS = {
    "unsignedByte": ">u1", "short": ">i2", "int": ">i4", "long": ">i8", "float": ">f4", "double": ">f8", "boolean": "S1"
}  # fmt: skip


@dataclass(frozen=True)
class _Field:
    """A column as its bytes are: numbers and texts of a fixed length have a dtype, others the bytes of a character."""

    dtype: str = ""
    wide: int = 0
    null: int | float | None = None
    text: str = ""  # encoding
    bounded: bool = True  # whether a text has a greatest length
    items: int = 1  # numbers in each row
    array: str = ""  # dtype of numbers of which a row has as many as it says

    @property
    def plain(self) -> bool:
        """Whether each row has one number or text."""
        return self.items == 1 and not self.array


def read(raw: bytes) -> Any:
    """The table of a VOTable, of no rows too; see `skyexplorer.io.votable.read`.

    Raises
    ------
    FormatError
        If it cannot be read, or its rows end in the middle of one.
    """
    cut = _rows(raw) if len(raw) > SMALL else None
    if cut is not None:
        return joined(_tables(raw, *cut))
    # Few bytes too: where they end in the middle of a row, astropy's reader leaves that row out and says nothing.
    made = _binary(raw)
    return votable.read(raw, empty=True) if made is None else made


def joined(parts: Iterable[Any]) -> Any:
    """One table of several with the same columns, at least one."""
    first: Any = None
    pieces: dict[str, list[Any]] = {}
    for part in parts:
        if first is None:
            first, pieces = part[:0], {name: [] for name in part.colnames}
        for name, column in pieces.items():
            column.append(part[name])
        del part
    # Column by column, so that no more than one of them is there twice.
    return _like(first, {name: _concatenated(pieces.pop(name)) for name in list(pieces)})


def _concatenated(pieces: Sequence[Any]) -> Any:
    if any(isinstance(piece, np.ma.MaskedArray) for piece in pieces):
        mask = np.concatenate([np.ma.getmaskarray(piece) for piece in pieces])
        return np.ma.MaskedArray(np.concatenate([np.ma.getdata(piece) for piece in pieces]), mask)
    return np.concatenate([np.asarray(piece) for piece in pieces])


def _like(model: Any, columns: dict[str, Any]) -> Any:
    """A table with the names, units, descriptions and meta of another."""
    from astropy.table import Column, MaskedColumn, Table

    made = Table(meta=model.meta)
    for name in model.colnames:
        like, values = model[name], columns.pop(name)
        kind = MaskedColumn if isinstance(values, np.ma.MaskedArray) else Column
        made.add_column(
            kind(
                values, name=name, unit=like.unit, description=like.description, format=like.format,
                meta=like.meta, copy=False,
            ),
            copy=False,
        )  # fmt: skip
    return made


def _texts(texts: list[str], field: _Field) -> Any:
    """A column of texts: as long as the longest of them where there is a limit, else objects, as of all VOTables."""
    if field.bounded:
        column = np.array(texts) if texts else np.zeros(0, "U1")
    else:
        column = np.empty(len(texts), object)
        column[:] = texts
    return np.ma.MaskedArray(column, np.zeros(len(texts), bool))


# TABLEDATA


def _rows(raw: bytes) -> tuple[int, int] | None:
    """Where the rows of the only table are, or None where it is not so simple."""
    start = _START.search(raw, 0, ENDS)
    if start is None:
        return None
    stop = _STOP.search(raw, max(len(raw) - ENDS, start.end()))
    if stop is None or _START.search(raw, stop.end()) or _TABLE.search(raw, stop.end()):
        return None
    return start.end(), stop.start()


def _tables(raw: bytes, start: int, stop: int) -> Iterator[Any]:
    head, tail = raw[:start], raw[stop:]
    model = votable.read(head + tail, empty=True)
    fields = _fields(head + tail)
    plain = fields is not None and all(field.plain for field in fields) and len(_TABLE.findall(head)) == 1
    at = start
    while at < stop:
        progress.current().report(at - start, stop - start)
        end = _ROW.search(raw, min(at + SLICE, stop), stop)
        to = end.end() if end else stop
        piece = raw[at:to]
        at = to
        if b"<TABLE" in piece:
            raise FormatError("This VOTable has several tables among its rows.", "Ask the service again.")
        if not piece.strip():
            continue
        columns = _cells(piece, fields) if plain and fields is not None else None
        if columns is None:
            yield votable.read(head + piece + tail, empty=True)
        else:
            yield _like(model, dict(zip(model.colnames, columns, strict=True)))


def _cells(piece: bytes, fields: Sequence[_Field]) -> list[Any] | None:
    """The columns of some rows; None where they are not so plain, and the slower reader may tell what is wrong."""
    found = _CELL.findall(piece)
    rows, wide = piece.count(b"<TR"), len(fields)
    # Rows of another namespace are none here, and all the same rows.
    if not rows or rows != len(_ROW.findall(piece)):
        return None
    if len(found) != rows * wide or piece.count(b"<TD") != len(found) or _ODD.search(piece):
        return None
    try:
        return [_column(found[number::wide], field) for number, field in enumerate(fields)]
    except (ValueError, OverflowError):
        return None


def _column(cells: list[bytes], field: _Field) -> Any:
    """Values of a column from their texts; ValueError for one that is none."""
    if field.text:
        texts = [cell.decode("utf-8").strip() for cell in cells]
        texts = [html.unescape(text) if "&" in text else text for text in texts]
        return _texts(texts, field)
    bare = np.char.strip(np.array(cells, "S"))
    empty = bare == b""
    if field.dtype == "S1":
        low = np.char.lower(bare)
        yes, no = np.isin(low, (b"t", b"true", b"1")), np.isin(low, (b"f", b"false", b"0"))
        if not (yes | no | empty | (bare == b"?")).all():
            raise ValueError("no boolean")
        return np.ma.MaskedArray(yes, ~(yes | no))
    kind = np.dtype(field.dtype).newbyteorder("=")
    if kind.kind == "f":
        value = np.where(empty, b"nan", bare).astype(kind)
        empty = np.isnan(value)
    else:
        value = np.where(empty, b"0", bare).astype(np.int64)
        if field.null is not None:
            value[empty] = field.null
        if (value.astype(kind) != value).any():
            raise OverflowError("beyond its type")
        value = value.astype(kind)
    if field.null is not None:
        empty = empty | (value == field.null)
    return np.ma.MaskedArray(value, empty)


# BINARY and BINARY2


def _binary(raw: bytes) -> Any | None:
    """The table, or None where it is of a kind that the slower reader knows."""
    begin = _STREAM.search(raw, 0, ENDS)
    if begin is None or b"base64" not in begin.group(2) or len(_TABLE.findall(raw, 0, begin.start())) != 1:
        return None
    end = _END_STREAM.search(raw, max(len(raw) - ENDS, begin.end()))
    if end is None or _TABLE.search(raw, end.end()):
        return None
    bare = raw[: begin.end()] + raw[end.start() :]
    fields = _fields(bare)
    if fields is None:
        return None
    model = votable.read(bare, empty=True)
    flags = (len(fields) + 7) // 8 if begin.group(1) == b"BINARY2" else 0
    values = _decoded(raw, begin.end(), end.start(), fields, flags)
    return _like(model, dict(zip(model.colnames, values, strict=True)))


def _fields(bare: bytes) -> list[_Field] | None:
    """The columns of the only table of a VOTable without its rows; None where one is of a kind that is not known here."""
    sources = [table for table in votable.tree(bare).iter_tables() if len(table.fields)]
    if len(sources) != 1:
        return None
    found = [_field(field) for field in sources[0].fields]
    return None if any(field is None for field in found) else [field for field in found if field is not None]


def _field(field: Any) -> _Field | None:
    kind, size = str(field.datatype), str(field.arraysize or "1").strip()
    if kind in ("char", "unicodeChar"):
        wide, text = (1, "utf-8") if kind == "char" else (2, "utf-16-be")
        if size.endswith("*") and "x" not in size:
            return _Field(wide=wide, text=text, bounded=size != "*")
        return _Field(f"S{int(size) * wide}", text=text) if size.isdigit() and int(size) else None
    many = field.arraysize is not None
    if kind not in _NUMBERS or (many and (kind == "boolean" or "x" in size or size == "1")):
        return None
    try:
        null = field.values.null
        null = None if null is None else float(null) if kind in ("float", "double") else int(null)
    except (TypeError, ValueError):
        return None
    if many and size.endswith("*"):
        return _Field(wide=np.dtype(_NUMBERS[kind]).itemsize, array=_NUMBERS[kind], null=null)
    if many and not size.isdigit():
        return None
    return _Field(_NUMBERS[kind], null=null, items=int(size))


def _decoded(raw: bytes, start: int, stop: int, fields: Sequence[_Field], flags: int) -> list[Any]:
    """The columns of a stream of rows in base64."""
    # Runs of fixed fields are one block of bytes of a row; texts of any length stand between them.
    runs: list[list[tuple[str, str, tuple[int, ...]]]] = [[("flags", "u1", (flags,))]] if flags else [[]]
    order: list[tuple[int, str]] = []  # run and name of a fixed field; or -1 and the number of a text
    texts: list[_Field] = []
    for number, field in enumerate(fields):
        if field.dtype:
            shape = (field.items,) if field.items > 1 else ()
            runs[-1].append((f"f{number}", field.dtype, shape))
            order.append((len(runs) - 1, f"f{number}"))
        else:
            order.append((-1, str(len(texts))))
            texts.append(field)
            runs.append([])
    dtypes = [np.dtype(run) if run else np.dtype([]) for run in runs]
    blocks: list[list[NDArray[Any]]] = [[] for _ in runs]
    strings: list[list[Any]] = [[] for _ in texts]
    left = b""
    for piece in _pieces(raw, start, stop):
        left = _taken(left + piece, dtypes, texts, blocks, strings)
    if left:
        raise FormatError("The rows of this VOTable end in the middle of one.", "Ask the service again.")
    return _columns(fields, order, dtypes, blocks, strings)


def _pieces(raw: bytes, start: int, stop: int) -> Iterator[bytes]:
    rest, view = b"", memoryview(raw)
    for at in range(start, stop, SLICE):
        progress.current().report(at - start, stop - start)
        text = rest + bytes(view[at : min(at + SLICE, stop)]).translate(None, _BLANKS)
        whole = len(text) // 4 * 4
        rest = text[whole:]
        try:
            yield binascii.a2b_base64(text[:whole])
        except binascii.Error as error:
            raise FormatError(f"The rows of this VOTable are not base64: {error}.", "Ask again.") from error
    if rest:
        raise FormatError("The rows of this VOTable end in the middle of one.", "Ask the service again.")


def _taken(
    buffer: bytes,
    dtypes: Sequence[np.dtype[Any]],
    texts: Sequence[_Field],
    blocks: list[list[NDArray[Any]]],
    strings: list[list[Any]],
) -> bytes:
    """Take the whole rows of a buffer; what is left of it."""
    sizes = [dtype.itemsize for dtype in dtypes]
    if not texts:
        rows = len(buffer) // sizes[0] if sizes[0] else 0
        if rows:
            blocks[0].append(np.frombuffer(buffer, dtypes[0], rows))
        return buffer[rows * sizes[0] :]
    end, at = len(buffer), 0
    parts: list[list[bytes]] = [[] for _ in dtypes]
    found: list[list[Any]] = [[] for _ in texts]
    wide, makers = [text.wide for text in texts], [_maker(text) for text in texts]
    while True:
        # A row is looked through before any of it is taken: it may go on in the next piece.
        spans, here = [], at
        for number, size in enumerate(sizes):
            spans.append(here)
            here += size
            if number < len(wide):
                if here + 4 > end:
                    break
                here += 4 + int.from_bytes(buffer[here : here + 4], "big") * wide[number]
            if here > end:
                break
        else:
            for number, size in enumerate(sizes):
                first = spans[number]
                if size:
                    parts[number].append(buffer[first : first + size])
                if number < len(wide):
                    to = spans[number + 1]
                    found[number].append(makers[number](buffer[first + size + 4 : to]))
            at = here
            if at < end:
                continue
        break
    for number, dtype in enumerate(dtypes):
        if parts[number]:
            blocks[number].append(np.frombuffer(b"".join(parts[number]), dtype))
    for number, new in enumerate(found):
        strings[number] += new
    return buffer[at:]


def _columns(
    fields: Sequence[_Field],
    order: Sequence[tuple[int, str]],
    dtypes: Sequence[np.dtype[Any]],
    blocks: list[list[NDArray[Any]]],
    strings: list[list[Any]],
) -> list[Any]:
    made: list[Any] = []
    flagged = bool(blocks[0]) and "flags" in (dtypes[0].names or ())
    for number, (field, (run, name)) in enumerate(zip(fields, order, strict=True)):
        told = (
            [(block["flags"][:, number // 8] & (128 >> number % 8)) > 0 for block in blocks[0]]
            if flagged
            else []
        )
        if run < 0:
            cells, strings[int(name)] = strings[int(name)], []
            made.append(_arrays(cells, field, told) if field.array else _texts(cells, field))
            continue
        values, masks = [], []
        for part in [block[name] for block in blocks[run]] or [np.zeros(0, dtypes[run])[name]]:
            value, empty = _native(part, field)
            values.append(value)
            masks.append(empty)
        column = np.ma.MaskedArray(np.concatenate(values), np.concatenate(masks))
        if told and not field.text:
            column[np.concatenate(told)] = np.ma.masked
        made.append(column)
    return made


def _maker(field: _Field) -> Callable[[bytes], Any]:
    """What makes a cell of the bytes of a text, or of numbers."""
    if field.text:
        return lambda raw: raw.decode(field.text, "replace")
    native = np.dtype(field.array).newbyteorder("=")

    def numbers(raw: bytes) -> Any:
        values = np.frombuffer(raw, field.array).astype(native)
        empty = np.isnan(values) if native.kind == "f" else np.zeros(len(values), bool)
        return np.ma.MaskedArray(values, empty if field.null is None else empty | (values == field.null))

    return numbers


def _arrays(cells: list[Any], field: _Field, told: list[NDArray[np.bool_]]) -> Any:
    """A column of arrays, of a length of its own in each row."""
    column = np.empty(len(cells), object)
    for number, cell in enumerate(cells):
        column[number] = cell
    return np.ma.MaskedArray(column, np.concatenate(told) if told else np.zeros(len(cells), bool))


def _native(part: NDArray[Any], field: _Field) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Values as this machine has them, and which of them stand for none."""
    if field.text:
        wide = 2 if field.text == "utf-16-be" else 1
        # numpy takes zero bytes off the end, of the last character too.
        cells = [cell + b"\0" * (len(cell) % wide) for cell in part.tolist()]
        texts = [cell.decode(field.text, "replace").partition("\0")[0] for cell in cells]
        return np.array(texts, dtype=f"U{part.dtype.itemsize // wide}"), np.zeros(len(part), bool)
    if field.dtype == "S1":
        return np.isin(part, (b"T", b"t", b"1")), np.isin(part, (b"?", b"", b" "))
    value = part.astype(part.dtype.newbyteorder("="))
    empty = np.isnan(value) if value.dtype.kind == "f" else np.zeros(value.shape, bool)
    if field.null is not None:
        empty = empty | (value == field.null)
    return value, empty
