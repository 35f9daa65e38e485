"""Tables of text: ECSV, comma- and tab-separated, columns between blanks."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np

from skyexplorer.errors import FormatError
from skyexplorer.io.files import WELL_KNOWN
from skyexplorer.io.positions import is_number

MOST_LINES = 10_000_000
LARGE = 2**22  # bytes from which on the reader of pyarrow pays
_BYTES_TEXT = re.compile(r"b(['\"])(.*)\1$")
_NO_NAME = ("---", "<NA>")


def ecsv(raw: bytes) -> Any:
    """A table of ECSV; a column of SkyCoord becomes columns of its coordinates."""
    from astropy.table import Table

    table = Table.read(raw.decode("utf-8"), format="ascii.ecsv")
    return flattened(table)


def flattened(table: Any) -> Any:
    """A table whose columns of SkyCoord are columns of ICRS degrees.

    The names are ``ra`` and ``dec``, or follow the column's where those are taken.
    """
    from astropy.coordinates import SkyCoord

    for name in list(table.colnames):
        if isinstance(table[name], SkyCoord):
            at = table[name].icrs
            for part, values in (("ra", at.ra.deg), ("dec", at.dec.deg)):
                new = part if part not in table.colnames else f"{name}.{part}"
                table[new] = values
                table[new].unit = "deg"
                table[new].meta["ucd"] = f"pos.eq.{part}"
            table.remove_column(name)
    return table


def text(raw: bytes) -> Any:
    """A table of separated or aligned columns below a line of names (which may begin with ``#``).

    Raises
    ------
    FormatError
        If there are not two lines and two columns.
    """
    rows = raw.count(b"\n")
    if rows > MOST_LINES:
        raise FormatError(
            f"The text has {rows:,} lines.", "Make Parquet of it, or of the rows that are needed."
        )
    if len(raw) > LARGE and (quick := _separated(raw)):
        return _readable(_large(raw, quick))
    lines = [line for line in raw.decode("utf-8-sig").splitlines() if line.strip()]
    if lines and lines[0].startswith("#") and len(lines) > 1:
        comments = [line for line in lines if line.startswith("#")]
        body = [line for line in lines if not line.startswith("#")]
        lines = [comments[-1].lstrip("# "), *body] if body else lines
    if len(lines) < 2:
        raise FormatError(f"One line of text is no table: {lines[0][:80] if lines else ''!r}.", WELL_KNOWN)
    head = lines[0]
    delimiter = next(
        (mark for mark in ("\t", ",", ";", "|") if 0 < head.count(mark) <= lines[1].count(mark)), None
    )
    if delimiter is None:
        lines[0] = head = head.replace("\t", " ")  # tabs in the header, blanks below it
    options: dict[str, Any] = {"format": "csv", "delimiter": delimiter} if delimiter else {"format": "basic"}
    if all(is_number(part) for part in (head.split(delimiter) if delimiter else head.split())):
        options["format"] = "no_header"
    from astropy.io import ascii as text_tables

    table = text_tables.read(lines, guess=False, fast_reader=True, fill_values=[("", "0")], **options)
    if len(table.colnames) < 2:
        raise FormatError(f"One column is no table of positions: {head[:80]!r}.", WELL_KNOWN)
    return _readable(table)


def _separated(raw: bytes) -> str | None:
    """What separates the columns, of a text whose first line holds their names; None where it is to be looked at closer."""
    head = raw[:20_000].decode("utf-8-sig", "replace").splitlines()[:3]
    if len(head) < 3 or head[0].startswith("#") or not all(line.strip() for line in head[:2]):
        return None
    for mark in ("\t", ",", ";", "|"):
        count = head[0].count(mark)
        if 0 < count <= head[1].count(mark):
            return None if all(is_number(part) for part in head[0].split(mark)) else mark
    return None


def _large(raw: bytes, delimiter: str) -> Any:
    """A million rows in a second, where astropy's reader takes ten; numbers and text come out the same."""
    import pyarrow as pa
    from pyarrow import csv

    from skyexplorer.io.parquet import from_arrow

    def load(types: dict[str, Any]) -> Any:
        return csv.read_csv(
            io.BytesIO(raw),
            parse_options=csv.ParseOptions(delimiter=delimiter),
            convert_options=csv.ConvertOptions(
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                column_types=types,
            ),
        )

    arrow = load({})
    # Dates and truth values stay as they are written: what they mean is told later.
    odd = {f.name: pa.string() for f in arrow.schema
           if pa.types.is_temporal(f.type) or pa.types.is_boolean(f.type) or pa.types.is_null(f.type)}  # fmt: skip
    return from_arrow(load(odd) if odd else arrow, "text")


def _readable(table: Any) -> Any:
    """Text that Python wrote of bytes (``b'...'``) as text; cells masked that a column ``x.mask`` says are missing."""
    from astropy.table import MaskedColumn

    for name in list(table.colnames):
        column = table[name]
        if column.dtype.kind in "US" and len(column) and str(column[0]).startswith(("b'", 'b"')):
            matches = [_BYTES_TEXT.match(str(cell)) for cell in column]
            if all(matches):
                plain = [match.group(2).strip() for match in matches if match]
                gone = np.isin(plain, _NO_NAME)
                table[name] = MaskedColumn(plain, mask=gone) if gone.any() else plain
    return masked(table)


def masked(table: Any) -> Any:
    """Cells masked that a column ``x.mask`` beside ``x`` says are missing, as astropy writes where a format has no masks."""
    from astropy.table import MaskedColumn

    for name in list(table.colnames):
        flags = f"{name}.mask"
        if flags in table.colnames and table[flags].dtype.kind in "USb":
            told = np.asarray(table[flags])
            gone = told if told.dtype.kind == "b" else told == "True"
            column = table[name]
            if gone.any():
                table[name] = MaskedColumn(
                    column, mask=gone, unit=column.unit, description=column.description, meta=column.meta
                )
    return table
