"""HEALPix maps of any quantity in FITS: one column of values, all over the sky, in part, or in cells of mixed order.

Three forms are read: a value for each pixel of the sky (RING or NESTED, one or more a row), pixels that are named (PIXEL or
PIX, with NSIDE), and cells by their UNIQ. What is masked (UNSEEN, −1.6375 · 10³⁰) becomes NaN.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skyexplorer.core import healpix
from skyexplorer.errors import ColumnError, FormatError
from skyexplorer.io.files import reading, unpacked
from skyexplorer.io.fits_headers import forward

INDEX = {"PIXEL", "PIX", "UNIQ", "IPIX", "HPXINDEX"}
UNSEEN = -1.6375e30
MOST_BYTES = 2**30
FINEST = 11  # order of the finest map of all the sky: nside 2048, 50 million pixels
STEP = 2**22  # pixels that are turned from RING to NESTED at a time


class Column(NamedTuple):
    """A column of a map.

    ``order`` and ``ipix`` (nested) of the cells, in the order of the file; ``ipix`` is None and ``order`` a single number
    where ``values`` (float32 or float64) are those of all pixels of the sky in their nested order. ``frame`` is "icrs",
    "galactic", or "" where the file does not say.
    """

    order: Any
    ipix: NDArray[np.int64] | None
    values: NDArray[Any]
    name: str
    unit: str
    frame: str
    columns: tuple[str, ...]


def is_map(keys: Mapping[str, Any]) -> bool:
    """Whether the header of a table is that of a HEALPix map."""
    return str(keys.get("PIXTYPE", "")).strip().upper() == "HEALPIX"


def read(source: str | Path | bytes | BinaryIO, column: str | None = None) -> tuple[Column, dict[str, Any]]:
    """Read one column of the first HEALPix table.

    Parameters
    ----------
    source : path, bytes or binary file
        Gzipped or not.
    column : str, optional
        Its name; capitals do not count. By default the first that holds values.

    Returns
    -------
    column : Column
    header : dict
        Keywords of the table, as published.

    Raises
    ------
    FormatError
        If there is no such table, or it is not what its header declares.
    ColumnError
        If it has no column of that name.
    """
    from astropy.io import fits

    with reading("a HEALPix FITS table"), unpacked(source) as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with fits.open(stream, memmap=False) as hdus:
            for hdu in forward(hdus):
                if not isinstance(hdu, fits.BinTableHDU) or not is_map(hdu.header):
                    continue
                header = {k: v for k, v in hdu.header.items() if k not in ("COMMENT", "HISTORY", "")}
                size = int(header["NAXIS1"]) * int(header["NAXIS2"])
                if size > MOST_BYTES:
                    raise FormatError(
                        f"The map declares {size / 2**30:.1f} GiB.", "Degrade it to nside 2048 first."
                    )
                return _column(hdu, header, column), header
    raise FormatError("No HEALPix table in this file.", "Such a table has PIXTYPE = 'HEALPIX' in its header.")


def _column(hdu: Any, header: dict[str, Any], wanted: str | None) -> Column:
    names = {name.upper(): name for name in hdu.columns.names}
    holding = [name for key, name in names.items() if key not in INDEX and _numbers(hdu.columns[name].format)]
    if not holding:
        raise FormatError(
            f"The map holds no values: its columns are {', '.join(hdu.columns.names)}.", "Fetch it again."
        )
    name = holding[0] if wanted is None else names.get(wanted.upper(), "")
    if name not in holding:
        raise ColumnError(
            f"The map has no column {wanted!r} of values.",
            f"These it has: {', '.join(holding[:30])}.",
            tuple(holding),
        )
    unit = str(hdu.columns[name].unit or "").strip()
    table = hdu.data
    values = np.asarray(table[name]).ravel()
    values = values.astype(np.float32 if values.dtype.itemsize <= 4 and values.dtype.kind == "f" else float)
    with np.errstate(invalid="ignore"):
        values[np.abs(values - UNSEEN) < 1e-5 * abs(UNSEEN)] = np.nan
    if not np.isfinite(values).any():
        raise FormatError(
            f"All values of {name} are masked.", f"Choose another of {', '.join(holding[:30])}."
        )
    order, ipix, values = _placed(table, header, names, values)
    return Column(order, ipix, values, name, unit, _frame(header), tuple(holding))


def _placed(
    table: Any, header: dict[str, Any], names: dict[str, str], values: NDArray[Any]
) -> tuple[Any, NDArray[np.int64] | None, NDArray[Any]]:
    """Where the values lie: order and nested index of each, or the order alone and the values of all pixels."""
    if "UNIQ" in names:
        uniq = np.asarray(table[names["UNIQ"]], np.int64).ravel()
        if len(uniq) != len(values) or (uniq < 4).any():
            raise FormatError("The UNIQ numbers do not fit the values.", "Fetch it again.")
        order, ipix = healpix.split_uniq(uniq)
        return order, ipix, values
    ring = _is_ring(header)
    index = next((names[key] for key in ("PIXEL", "PIX", "IPIX", "HPXINDEX") if key in names), "")
    explicit = "EXPLICIT" in str(header.get("INDXSCHM", "")).upper() or str(
        header.get("OBJECT", "")
    ).strip().upper() in ("PARTIAL", "PARTSKY")
    if index and (explicit or 12 * _nside(header) ** 2 != len(values)):
        nside = _nside(header)
        order_ = nside.bit_length() - 1
        at = np.asarray(table[index], np.int64).ravel()
        if (
            nside < 1
            or nside & (nside - 1)
            or len(at) != len(values)
            or at.min() < 0
            or at.max() >= 12 * nside**2
        ):
            raise FormatError(f"The pixels of the map do not fit NSIDE {nside}.", "Fetch it again.")
        at = healpix.nested_of_ring(at, order_) if ring else at
        return np.full(len(at), order_, np.int64), at, values
    order_ = (max(len(values) // 12, 1).bit_length() - 1) // 2
    if 12 * 4**order_ != len(values):
        raise FormatError(
            f"{len(values)} values are no map of all the sky: that takes 12 · 4ᵏ.",
            "A map of a part of it names its pixels (PIXEL, with INDXSCHM = 'EXPLICIT').",
        )
    if order_ > FINEST:
        raise FormatError(f"The map has nside {1 << order_}.", f"Degrade it to nside {1 << FINEST} first.")
    if ring:
        nested = np.empty_like(values)
        for low in range(0, len(values), STEP):
            high = min(low + STEP, len(values))
            nested[healpix.nested_of_ring(np.arange(low, high), order_)] = values[low:high]
        values = nested
    return order_, None, values


def _is_ring(header: Mapping[str, Any]) -> bool:
    """Whether the pixels go in rings; else they are nested. A guess would lay the map anywhere."""
    ordering = str(header.get("ORDERING", "")).strip().upper()
    if ordering in ("RING", "NESTED", "NEST"):
        return ordering == "RING"
    if ordering == "NUNIQ":
        raise FormatError("The map's ORDERING is NUNIQ, and it has no column UNIQ.", "Fetch it again.")
    said = f"The map's ORDERING is {ordering!r}." if ordering else "The map does not tell its ORDERING."
    raise FormatError(
        said,
        "Ask its authors, and set it: astropy.io.fits.setval(path, 'ORDERING', value='RING', ext=1), or 'NESTED'.",
    )


def _nside(header: Mapping[str, Any]) -> int:
    try:
        return int(header.get("NSIDE", 0))
    except (TypeError, ValueError):
        return 0


def _numbers(form: str) -> bool:
    return bool(re.match(r"\d*[BIJKED]$", str(form).strip().upper()))


def _frame(header: Mapping[str, Any]) -> str:
    frame = str(header.get("COORDSYS", "")).strip().upper()
    if frame in ("C", "ICRS", "EQUATORIAL", "CELESTIAL", "Q", "J2000", "FK5", "CEL", "RADEC"):
        return "icrs"
    if frame in ("G", "GAL", "GALACTIC"):
        return "galactic"
    if frame:
        raise FormatError(f"The map's COORDSYS is {frame!r}, not equatorial or galactic.", "Rotate it first.")
    return ""
