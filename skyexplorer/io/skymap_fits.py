"""Probability sky maps in FITS: bytes to the cells of one multi-order form.

Multi-order files (UNIQ, PROBDENSITY) are taken as they are. Flat files (one value a pixel, one pixel
a row or 1024 in a row) are read in pieces and equal cells are merged upwards while they come, so that
a map of 50 million pixels never stands in memory whole.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skyexplorer.core import healpix
from skyexplorer.errors import FormatError
from skyexplorer.io.files import reading, unpacked
from skyexplorer.io.fits_headers import forward

PER_PIXEL = ("PROB", "PROBABILITY")
PER_SR = ("PROBDENSITY", "PROBDEN")
DISTANCE = ("DISTMU", "DISTSIGMA", "DISTNORM")
# Names by which HEALPix tools write any quantity: what it is, its values must tell.
ANY = ("T", "TFLOAT", "TEMPERATURE", "SIGNAL", "DATA", "VALUE", "I_STOKES", "PIXEL")
PIECE_ORDERS = 9  # a piece holds 4**9 pixels, so that it merges within itself
FINEST_FLAT = 12  # order of the finest flat map that is read: nside 4096, 201 million pixels
MOST_BYTES = 2**30  # of a table that is read whole
MOST_PIECE = 2**28  # bytes of a table that is read in pieces
MOST_VALUES = (
    52_000_000  # after merging, 3 a cell and 1 a column: all of nside 1024 without distances; takes 1.4 GB
)


class Cells(NamedTuple):
    """Cells of a map: UNIQ, density per steradian, the distance columns or None, and the grain.

    The grain is the order of a flat map's pixels, of which its cells are merged; None for a multi-order map.
    ``frame`` is "icrs" or "galactic".
    """

    uniq: NDArray[np.int64]
    density: NDArray[np.float64]
    distance: tuple[NDArray[np.float64], ...] | None
    grain: int | None = None
    frame: str = "icrs"


def read(source: str | Path | bytes | BinaryIO) -> tuple[Cells, dict[str, Any]]:
    """Read a sky map.

    Returns
    -------
    cells : Cells
        In the order of the file.
    header : dict
        Header keywords of the table, as published.

    Raises
    ------
    FormatError
        If it is not FITS, has no table with the columns of a sky map, is larger than any map should be, holds another
        quantity than probability, or is in ecliptic coordinates.
    """
    from astropy.io import fits

    seen: list[str] = []
    # A file that is cut short makes astropy warn; what then is missing is an error of ours.
    with reading("a FITS sky map"), unpacked(source) as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with fits.open(stream, memmap=False) as hdus:
            for hdu in _tables(hdus):
                names = [name.upper() for name in hdu.columns.names]
                header = {k: v for k, v in hdu.header.items() if k not in ("COMMENT", "HISTORY", "")}
                if _is_map(names, header):
                    frame = _frame(header)
                    many = "UNIQ" in names
                    cells = _multi_order(hdu, header) if many else _flat(stream, hdu, header)
                    return cells._replace(frame=frame), header
                seen += hdu.columns.names
    raise FormatError(
        f"No sky map in this file: its columns are {seen or 'none'}.",
        "A sky map has UNIQ and PROBDENSITY, or PROB (one value a HEALPix pixel).",
    )


def read_scan(
    source: str | Path | bytes | BinaryIO,
) -> tuple[NDArray[np.int64], NDArray[np.float64], dict[str, Any]]:
    """Read a likelihood scan: cells, the values of the first column, and the header.

    Raises
    ------
    FormatError
        If it is no HEALPix table, one of probability, or not equatorial.
    """
    from astropy.io import fits

    with reading("a HEALPix FITS table"), unpacked(source) as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with fits.open(stream, memmap=False) as hdus:
            for hdu in _tables(hdus):
                header = {k: v for k, v in hdu.header.items() if k not in ("COMMENT", "HISTORY", "")}
                names = {name.upper(): name for name in hdu.columns.names}
                if not _is_map(list(names), header):
                    continue
                if set(names) & {*PER_PIXEL, *PER_SR}:
                    raise FormatError("This is a map of probability.", "Open it with SkyMap.read.")
                if _frame(header) != "icrs" or int(header["NAXIS1"]) * int(header["NAXIS2"]) > MOST_PIECE:
                    raise FormatError(
                        "The scan is not equatorial, or larger than a scan can be.", "Fetch it again."
                    )
                data = hdu.data
                first = next(name for name in names if name not in ("UNIQ", "PIXEL"))
                values = np.asarray(data[names[first]], np.float64).ravel()
                if "UNIQ" in names:
                    return np.asarray(data[names["UNIQ"]], np.int64), values, header
                order = _order_of(len(values))
                index = np.flatnonzero(np.isfinite(values) & (np.abs(values) < 1e29))  # UNSEEN is -1.6e30
                values = values[index]
                if str(header.get("ORDERING", "RING")).strip().upper() == "RING":
                    index = healpix.nested_of_ring(index, order)
                return healpix.join_uniq(order, index), values, header
    raise FormatError("No HEALPix table in this file.", "A likelihood scan has one value a pixel.")


def _tables(hdus: Any) -> Iterator[Any]:
    """The binary tables of a file."""
    from astropy.io import fits

    return (hdu for hdu in forward(hdus) if isinstance(hdu, fits.BinTableHDU))


def _is_map(names: list[str], header: dict[str, Any]) -> bool:
    if any(name in names for name in (*PER_PIXEL, *PER_SR)):
        return True
    return (
        str(header.get("PIXTYPE", "")).strip().upper() == "HEALPIX"
        and "MOCORD_S" not in header
        and names != ["UNIQ"]
    )


def _frame(header: dict[str, Any]) -> str:
    frame = str(header.get("COORDSYS", "C")).strip().upper()
    if frame in ("C", "ICRS", "EQUATORIAL", "CELESTIAL", "Q", "J2000", "FK5", ""):
        return "icrs"
    if frame in ("G", "GAL", "GALACTIC"):
        return "galactic"
    raise FormatError(
        f"The map's COORDSYS is {frame!r}, not equatorial or galactic.",
        "Rotate it to equatorial coordinates first.",
    )


def _value_column(names: dict[str, str], header: dict[str, Any]) -> tuple[str, str]:
    """The column of values and what it is: ``"pixel"``, ``"sr"``, or ``"any"`` where the values must tell."""
    for kind, known in (("pixel", PER_PIXEL), ("sr", PER_SR), ("any", ANY)):
        for name in known:
            if name in names:
                return name, kind
    if is_scan(header):
        return next(iter(names)), "any"
    raise FormatError(
        f"This HEALPix table holds {', '.join(list(names)[:8])}{' …' if len(names) > 8 else ''}, and no probability.",
        "Sky maps of probability have PROB, PROBABILITY or PROBDENSITY.",
    )


def is_scan(header: Mapping[str, Any]) -> bool:
    """Whether the header is that of a likelihood scan of an IceCube event."""
    return "I3TYPE" in header or "EVENTMJD" in header or "LLH" in " ".join(map(str, header.values())).upper()


def _multi_order(hdu: Any, header: dict[str, Any]) -> Cells:
    size = int(header["NAXIS1"]) * int(header["NAXIS2"])
    if size > MOST_BYTES:
        raise FormatError(
            f"The map declares {header['NAXIS2']} cells, {size / 2**30:.1f} GiB.",
            "No multi-order sky map is that large.",
        )
    _few(int(header["NAXIS2"]), len(hdu.columns) - 1)
    table = hdu.data
    columns = {name.upper(): name for name in table.names}

    def native(name: str) -> NDArray[np.float64]:
        return np.asarray(table[columns[name]], np.float64)

    value, kind = _value_column(columns, header)
    uniq = np.asarray(table[columns["UNIQ"]], np.int64)
    if not len(uniq):
        raise FormatError("The sky map has no cells.", "Fetch it again.")
    if (uniq < 4).any():
        raise FormatError(
            f"{int(uniq[uniq < 4][0])} is no UNIQ of a HEALPix cell.", "The smallest is 4 (order 0)."
        )
    area = healpix.cell_area(healpix.split_uniq(uniq)[0])
    density = native(value)
    if kind == "pixel" or (kind == "any" and _told(value, density, density * area, header) == "pixel"):
        density = density / area
    distance = tuple(native(name) for name in DISTANCE) if set(DISTANCE) <= set(columns) else None
    return Cells(uniq, density, distance)


def _flat(stream: BinaryIO, hdu: Any, header: dict[str, Any]) -> Cells:
    names = {name.upper(): name for name in hdu.columns.names}
    value, kind = _value_column(names, header)
    wanted = [value, *(DISTANCE if set(DISTANCE) <= set(names) else ())]
    dtype = hdu.columns.dtype.newbyteorder(">")
    per_row = int(np.prod(dtype[names[value]].shape, dtype=int))
    pixels = per_row * int(header["NAXIS2"])
    if "EXPLICIT" in str(header.get("INDXSCHM", "")).upper() and {"PIXEL", "PIX"} & set(names):
        return _partial(hdu, header, names, value, kind)
    order = _order_of(pixels)
    ordering = str(header.get("ORDERING", "")).strip().upper()
    if ordering not in ("NESTED", "NEST", "RING"):
        raise FormatError(
            f"ORDERING is {ordering!r}; a flat map needs NESTED or RING.", "Ask the producer of the file."
        )
    pieces = _pieces(stream, hdu, dtype, [names[n] for n in wanted], per_row)
    if ordering == "RING":
        uniq, columns = _from_ring(pieces, order)
    else:
        uniq, columns = _merge(pieces, order)
    area = healpix.cell_area(healpix.split_uniq(uniq)[0])
    each = float(healpix.cell_area(order))
    if kind == "any":
        kind = _told(value, columns[0] * area / each, columns[0] * area, header)
    scale = 1.0 / each if kind == "pixel" else 1.0
    return Cells(uniq, columns[0] * scale, tuple(columns[1:]) or None, order)


def _told(
    name: str, as_pixel: NDArray[np.float64], as_density: NDArray[np.float64], header: dict[str, Any]
) -> str:
    """Whether values without a telling name are probabilities, by what they add up to; an error where they are neither."""
    finite = np.isfinite(as_pixel)
    unit = str(header.get("TUNIT1", "")).strip()
    if finite.all() and (as_pixel >= 0).all() and not is_scan(header):
        if abs(float(as_pixel.sum()) - 1) < 0.01:
            return "pixel"
        if abs(float(as_density.sum()) - 1) < 0.01:
            return "sr"
    if is_scan(header):
        raise FormatError(
            "This is the likelihood scan of an IceCube event, not a map of probability.",
            "Open it with LikelihoodMap.read: its regions have thresholds of their own.",
        )
    raise FormatError(
        f"The values of {name}{f' [{unit}]' if unit else ''} add up to {float(as_pixel[finite].sum()):.4g}: no probability.",
        "A sky map of probability adds up to 1 over its pixels.",
    )


def _partial(hdu: Any, header: dict[str, Any], names: dict[str, str], value: str, kind: str) -> Cells:
    """Part of a flat map: pixels and values; what is not named holds nothing."""
    if int(header["NAXIS1"]) * int(header["NAXIS2"]) > MOST_PIECE:
        raise FormatError(f"The map declares {header['NAXIS2']} pixels.", "Give it in multi-order form.")
    nside = int(header.get("NSIDE", 0))
    if nside < 1 or nside & (nside - 1) or nside > 2**healpix.MAX_ORDER:
        raise FormatError(f"NSIDE is {nside}.", "It must be a power of two.")
    order = nside.bit_length() - 1
    table = hdu.data
    index = np.asarray(
        table[names["PIXEL" if "PIXEL" in names and value != "PIXEL" else "PIX"]], np.int64
    ).ravel()
    values = np.asarray(table[names[value]], np.float64).ravel()
    _few(len(values), len(names))
    if len(index) != len(values) or not len(index) or index.min() < 0 or index.max() >= 12 * nside**2:
        raise FormatError(f"The pixels of the map do not fit NSIDE {nside}.", "Fetch it again.")
    if str(header.get("ORDERING", "")).strip().upper() == "RING":
        index = healpix.nested_of_ring(index, order)
    each = float(healpix.cell_area(order))
    if kind == "any":
        kind = _told(value, values, values * each, header)
    density = values / each if kind == "pixel" else values
    distance = None
    if set(DISTANCE) <= set(names):
        distance = tuple(np.asarray(table[names[name]], np.float64).ravel() for name in DISTANCE)
    return Cells(healpix.join_uniq(order, index), density, distance)


def _order_of(pixels: int) -> int:
    order = (max(pixels // 12, 1).bit_length() - 1) // 2
    if 12 * 4**order != pixels:
        raise FormatError(
            f"{pixels} pixels are no HEALPix map: that takes 12 * 4**order.",
            "Maps of a part of the sky must come in multi-order form.",
        )
    if order > FINEST_FLAT:
        raise FormatError(
            f"The map declares {pixels} pixels (nside {1 << order}).",
            f"Flat maps are read to nside {1 << FINEST_FLAT}.",
        )
    return order


def _pieces(
    stream: BinaryIO, hdu: Any, dtype: np.dtype, names: list[str], per_row: int
) -> Iterator[tuple[int, list[NDArray[np.float64]]]]:
    """Rows of the table in pieces of 4**PIECE_ORDERS pixels: first pixel, and each wanted column."""
    rows = int(hdu.header["NAXIS2"])
    # Rows and blocks of 4**PIECE_ORDERS pixels must end together, or the pixels of a piece do not merge.
    step = math.lcm(4**PIECE_ORDERS, per_row) // per_row
    if min(step, rows) * dtype.itemsize > MOST_PIECE:
        raise FormatError(
            f"A row of the map has {dtype.itemsize} bytes.", "A sky map has one pixel a row, or 1024."
        )
    stream.seek(hdu.fileinfo()["datLoc"])
    for first in range(0, rows, step):
        count = min(step, rows - first)
        raw = stream.read(count * dtype.itemsize)
        if len(raw) != count * dtype.itemsize:
            raise FormatError("The sky map is cut short.", "Fetch it again.")
        table = np.frombuffer(raw, dtype)
        yield first * per_row, [np.asarray(table[name], np.float64).ravel() for name in names]


def _merge(
    pieces: Iterator[tuple[int, list[NDArray[np.float64]]]], order: int
) -> tuple[NDArray[np.int64], list[NDArray[np.float64]]]:
    """Cells of a nested map with equal quartets merged as far up as they go."""
    uniq: list[NDArray[np.int64]] = []
    values: list[list[NDArray[np.float64]]] = []

    def emit(level: int, index: NDArray[np.int64], columns: list[NDArray[np.float64]]) -> None:
        if len(index):
            uniq.append(healpix.join_uniq(level, index))
            values.append(columns)
            _few(sum(map(len, uniq)), len(columns))

    def climb(
        level: int, first: int, columns: list[NDArray[np.float64]], whole: NDArray[np.bool_], top: int
    ) -> tuple[list[NDArray[np.float64]], NDArray[np.bool_]]:
        """Merge a block of cells from ``level`` to ``top``; what cannot rise is emitted."""
        while level > top:
            fours = [column.reshape(-1, 4) for column in columns]
            rises: NDArray[np.bool_] = np.asarray(whole.reshape(-1, 4).all(axis=1))
            for four in fours:
                bits = four.view(np.int64)  # by their bits, NaN and infinity are equal to their like
                rises &= (bits[:, 0] == bits[:, 1]) & (bits[:, 0] == bits[:, 2]) & (bits[:, 0] == bits[:, 3])
            stays = np.flatnonzero(whole & ~np.repeat(rises, 4))
            emit(level, first + stays, [column[stays] for column in columns])
            # Copied, as a view would keep all four alive.
            columns, whole = [four[:, 0].copy() for four in fours], rises
            level, first = level - 1, first // 4
        return columns, whole

    top = max(order - PIECE_ORDERS, 0)
    blocks: list[tuple[list[NDArray[np.float64]], NDArray[np.bool_]]] = []
    for first, columns in pieces:
        blocks.append(climb(order, first, columns, np.ones(len(columns[0]), bool), top))
    columns = [np.concatenate(parts) for parts in zip(*(block[0] for block in blocks), strict=True)]
    columns, whole = climb(top, 0, columns, np.concatenate([block[1] for block in blocks]), 0)
    last = np.flatnonzero(whole)
    emit(0, last, [column[last] for column in columns])
    return np.concatenate(uniq), [np.concatenate(parts) for parts in zip(*values, strict=True)]


def _from_ring(
    pieces: Iterator[tuple[int, list[NDArray[np.float64]]]], order: int
) -> tuple[NDArray[np.int64], list[NDArray[np.float64]]]:
    """Cells of a ring map: empty pixels become the largest cells that hold no other, the rest is merged."""
    found: list[NDArray[np.int64]] = []
    values: list[list[NDArray[np.float64]]] = []
    for first, parts in pieces:
        here = np.flatnonzero(parts[0] != 0)
        found.append(healpix.nested_of_ring(first + here, order))
        values.append([part[here] for part in parts])
        _few(sum(map(len, found)), len(parts))
    index = np.concatenate(found)
    sort = np.argsort(index)
    index = index[sort]
    columns = [np.concatenate(parts)[sort] for parts in zip(*values, strict=True)]
    empty = _gaps(index, order)
    blank = [np.zeros(len(empty)), *(np.full(len(empty), np.nan) for _ in columns[1:])]
    uniq, merged = _risen(index, columns, order)
    return np.concatenate([uniq, empty]), [
        np.concatenate([column, none]) for column, none in zip(merged, blank, strict=True)
    ]


def _few(cells: int, columns: int) -> None:
    if cells * (3 + columns) > MOST_VALUES:
        raise FormatError(
            f"The map holds more than {MOST_VALUES // (3 + columns):,} cells that differ from their neighbours.",
            "Degrade it to nside 512 (order 9) first.",
        )


def _gaps(index: NDArray[np.int64], order: int) -> NDArray[np.int64]:
    """UNIQ of the largest cells that tile what the sorted cells of one order leave free."""
    taken = [index]
    for _ in range(order):
        above = taken[-1] >> 2
        taken.append(above[np.concatenate([[True], above[1:] != above[:-1]])] if len(above) else above)
    taken.reverse()
    free = [healpix.join_uniq(0, np.setdiff1d(np.arange(12), taken[0], assume_unique=True))]
    for k in range(1, order + 1):
        children = ((taken[k - 1] << 2)[:, None] + np.arange(4)).ravel()
        gone = np.zeros(len(children), bool)
        gone[np.searchsorted(children, taken[k])] = True
        free.append(healpix.join_uniq(k, children[~gone]))
    return np.concatenate(free)


def _risen(
    index: NDArray[np.int64], columns: list[NDArray[np.float64]], order: int
) -> tuple[NDArray[np.int64], list[NDArray[np.float64]]]:
    """Sorted cells of one order, with complete quartets of equal cells merged as far up as they go."""
    uniq: list[NDArray[np.int64]] = []
    values: list[list[NDArray[np.float64]]] = []
    for level in range(order, -1, -1):
        first = np.flatnonzero(index[:-3] >> 2 == index[3:] >> 2) if level and len(index) > 3 else index[:0]
        for column in columns:
            for k in (1, 2, 3):
                a, b = column[first], column[first + k]
                first = first[(a == b) | (np.isnan(a) & np.isnan(b))]
        stays = np.ones(len(index), bool)
        stays[(first[:, None] + np.arange(4)).ravel()] = False
        uniq.append(healpix.join_uniq(level, index[stays]))
        values.append([column[stays] for column in columns])
        index, columns = index[first] >> 2, [column[first] for column in columns]
    return np.concatenate(uniq), [np.concatenate(parts) for parts in zip(*values, strict=True)]
