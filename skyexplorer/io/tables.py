"""Tables of any format: bytes to an astropy Table, told by their content."""

from __future__ import annotations

import re
import warnings
from typing import Any

from skyexplorer.errors import FormatError
from skyexplorer.io import files
from skyexplorer.io.files import kind_of, reading
from skyexplorer.io.positions import degrees, numbers
from skyexplorer.io.roles import Roles, known_tables, listed, roles
from skyexplorer.progress import turn

__all__ = ["Roles", "degrees", "known_tables", "numbers", "read", "roles"]


@turn()  # filters of warnings, set below, are those of the whole process
def read(raw: bytes, table: str | int | None = None) -> Any:
    """An `astropy.table.Table` from the bytes of a file.

    FITS, VOTable, ECSV, CSV, tab- or blank-separated text, Parquet, HDF5, ROOT and GeoJSON points. Of a file that holds
    several tables, the first that has rows and positions is taken, and ``meta`` names the others; groups of HDF5 that
    have the same columns become one table. The header of FITS is in ``meta``, and a ``Hist_Start`` table beside it (the
    time bins of a Fermi catalogue) in ``meta["Hist_Start"]``.

    Parameters
    ----------
    raw : bytes
    table : str or int, optional
        Which of several, by name or number from 0.

    Raises
    ------
    FormatError
        If it is none of these, cannot be parsed, or has no rows.
    InputError
        If there is no such table.
    """
    kind = kind_of(raw)
    if kind not in _KINDS:
        raise FormatError(
            f"This is {_what(kind, raw)}, not a table that can be read here.",
            "FITS, VOTable, ECSV, CSV, tables of text columns, Parquet, HDF5, ROOT and GeoJSON can.",
        )
    with reading(files.NAMES[kind]), warnings.catch_warnings():
        # What a file has that is not quite as the standard says is no reason to trouble the reader: units that
        # are not known are kept as text, and what cannot be read is an error, not a warning.
        warnings.simplefilter("ignore")
        found = _read(kind, raw, table)
    if not len(found):
        raise FormatError(
            f"The table has no rows; its columns are {listed(found.colnames)}.", "Nothing to show."
        )
    return found


_KINDS = ("fits", "votable", "ecsv", "text", "parquet", "hdf5", "root", "json")


def _read(kind: str, raw: bytes, wanted: str | int | None) -> Any:
    match kind:
        case "fits":
            from skyexplorer.io import fits_table

            return fits_table.read(raw, wanted)
        case "votable":
            from skyexplorer.io import votable

            return votable.read(raw, wanted)
        case "hdf5":
            from skyexplorer.io import hdf5

            return hdf5.read(raw, wanted)
        case "root":
            from skyexplorer.io import root

            return root.read(raw, wanted)
        case "parquet":
            from skyexplorer.io import parquet

            return parquet.read(raw)
        case "json":
            from skyexplorer.io import geojson

            return geojson.read(raw)
        case "ecsv":
            from skyexplorer.io import text_table

            return text_table.ecsv(raw)
        case _:
            from skyexplorer.io import text_table

            return text_table.text(raw)


def _what(kind: str, raw: bytes) -> str:
    """A kind in words; of XML, by its first element."""
    if kind.startswith("XML"):
        name = re.search(rb"<(?:\w+:)?([A-Za-z]\w*)[\s>/]", raw[:20_000])
        root = name.group(1).decode("ascii") if name else ""
        if root == "capabilities":
            return "a list of what a service is capable of (VOSI capabilities), without data"
        return f"XML of <{root}>" if root else kind
    return files.NAMES.get(kind, kind)
