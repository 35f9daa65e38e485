"""Tables of FITS files."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np

from skyexplorer.errors import FormatError
from skyexplorer.io.choosing import Part, choose
from skyexplorer.io.files import WELL_KNOWN
from skyexplorer.io.fits_headers import forward
from skyexplorer.io.roles import listed


def read(raw: bytes, wanted: str | int | None = None) -> Any:
    """The table of a FITS file: see `skyexplorer.io.tables.read`.

    Raises
    ------
    FormatError
        If no table is whole, or it declares more rows than there are bytes.
    """
    from astropy.io import fits
    from astropy.table import Table
    from astropy.units import UnitsWarning

    # A file that was cut short only warns. Where its first table is whole, it is read; where not, the
    # warnings say why.
    with warnings.catch_warnings(record=True) as told, fits.open(io.BytesIO(raw), memmap=False) as hdus:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", UnitsWarning)
        parts = [
            _part(hdu, number, len(raw))
            for number, hdu in enumerate(forward(hdus))
            if isinstance(hdu, (fits.BinTableHDU, fits.TableHDU)) and hdu.columns.names
        ]
        if not any(part.rows for part in parts):
            if told:
                raise FormatError(f"The FITS file holds no whole table: {told[0].message}", WELL_KNOWN)
            raise FormatError(
                "No table with rows in this FITS file; it holds "
                f"{listed(h.name or type(h).__name__ for h in hdus)}.",
                "An image cannot be opened as a table.",
            )
        table: Table = choose(parts, wanted, "FITS file")
        if "Hist_Start" in hdus and "Hist_Start" not in table.meta:
            table.meta["Hist_Start"] = np.asarray(hdus["Hist_Start"].data.field(0), float)
    for name in table.colnames:
        column = table[name]
        if column.dtype.kind not in "SU":
            continue
        texts = np.ma.filled(column, b"" if column.dtype.kind == "S" else "")
        if column.dtype.kind == "S":
            texts = np.char.decode(texts, "utf-8", "replace")
        described = column.description
        table[name] = np.char.strip(texts)
        table[name].description = described
    return table


def _part(hdu: Any, number: int, size: int) -> Part:
    from astropy.table import Table

    rows, width = int(hdu.header["NAXIS2"]), int(hdu.header["NAXIS1"])

    def look() -> Any:
        seen = Table({name: np.empty(0) for name in hdu.columns.names})
        seen.meta.update(
            {key: hdu.header[key] for key in ("RADESYS", "RADECSYS", "EQUINOX") if key in hdu.header}
        )
        return seen

    def read_() -> Any:
        if rows * max(width, 1) > size:
            raise FormatError(
                f"The FITS table declares {rows:,} rows of {width} bytes, but the file has {size:,} bytes: it is cut short.",
                WELL_KNOWN,
            )
        if hdu.header.get("ZTABLE"):
            raise FormatError("This FITS table is packed by fpack.", "Unpack it with funpack, and open that.")
        table = Table.read(hdu)
        for i, name in enumerate(hdu.columns.names, 1):
            ucd = hdu.header.get(f"TUCD{i}")
            if ucd and name in table.colnames:
                table[name].meta["ucd"] = str(ucd)
        return table

    return Part(hdu.name or f"HDU {number}", max(rows, 0), read_, look)
