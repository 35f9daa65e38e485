"""Probability sky maps in FITS: bytes to the cells of one multi-order form.

Multi-order files (UNIQ, PROBDENSITY) are taken as they are. Flat files (one value a pixel, one pixel
a row or 1024 in a row) are read in pieces and equal cells are merged upwards while they come, so that
a map of 50 million pixels never stands in memory whole.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skyexplorer.core import healpix
from skyexplorer.errors import FormatError
from skyexplorer.io.files import unpacked

PER_PIXEL = ("PROB", "PROBABILITY")
PER_SR = ("PROBDENSITY", "PROBDEN")
DISTANCE = ("DISTMU", "DISTSIGMA", "DISTNORM")
PIECE_ORDERS = 9  # a piece holds 4**9 pixels, so that it merges within itself


class Cells(NamedTuple):
    """Cells of a map: UNIQ, density per steradian, the distance columns or None, and the grain.

    The grain is the order of a flat map's pixels, of which its cells are merged; None for a multi-order map.
    """

    uniq: NDArray[np.int64]
    density: NDArray[np.float64]
    distance: tuple[NDArray[np.float64], ...] | None
    grain: int | None = None


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
        If it is not FITS, has no table with the columns of a sky map, or is in a frame that is not read yet.
    """
    from astropy.io import fits

    stream = unpacked(source)
    with stream:
        try:
            # A file that is cut short makes astropy warn; what then is missing is an error of ours.
            with warnings.catch_warnings(), fits.open(stream, memmap=False) as hdus:
                warnings.simplefilter("ignore")
                seen: list[str] = []
                for hdu in hdus:
                    if not isinstance(hdu, fits.BinTableHDU):
                        continue
                    names = [name.upper() for name in hdu.columns.names]
                    if _is_map(names):
                        header = {k: v for k, v in hdu.header.items() if k not in ("COMMENT", "HISTORY", "")}
                        _check_frame(header)
                        if "UNIQ" in names:
                            return _multi_order(hdu.data), header
                        return _flat(stream, hdu, header), header
                    seen += hdu.columns.names
        except (OSError, EOFError, ValueError, TypeError, KeyError) as error:
            if isinstance(error, FormatError):
                raise
            raise FormatError(
                f"This is not a readable FITS file: {error}", "Fetch it again; it may be cut short."
            ) from error
    raise FormatError(
        f"No sky map in this file: its columns are {seen or 'none'}.",
        "A sky map has UNIQ and PROBDENSITY, or PROB (one value a HEALPix pixel).",
    )


def _is_map(names: list[str]) -> bool:
    return any(name in names for name in (*PER_PIXEL, *PER_SR))


def _check_frame(header: dict[str, Any]) -> None:
    frame = str(header.get("COORDSYS", "C")).strip().upper()
    if frame not in ("C", "ICRS", "EQUATORIAL", "CELESTIAL", ""):
        raise FormatError(
            f"The map's COORDSYS is {frame!r}, not equatorial.", "Rotate it to equatorial coordinates first."
        )


def _multi_order(table: Any) -> Cells:
    columns = {name.upper(): name for name in table.names}

    def native(name: str) -> NDArray[np.float64]:
        return np.asarray(table[columns[name]], np.float64)

    density_name = next((name for name in PER_SR if name in columns), None)
    uniq = np.asarray(table[columns["UNIQ"]], np.int64)
    if not len(uniq):
        raise FormatError("The sky map has no cells.", "Fetch it again.")
    if density_name:
        density = native(density_name)
    else:
        name = next(name for name in PER_PIXEL if name in columns)
        density = native(name) / healpix.cell_area(healpix.split_uniq(uniq)[0])
    distance = tuple(native(name) for name in DISTANCE) if set(DISTANCE) <= set(columns) else None
    return Cells(uniq, density, distance)


def _flat(stream: BinaryIO, hdu: Any, header: dict[str, Any]) -> Cells:
    names = {name.upper(): name for name in hdu.columns.names}
    value = next(name for name in (*PER_PIXEL, *PER_SR) if name in names)
    wanted = [value, *(DISTANCE if set(DISTANCE) <= set(names) else ())]
    dtype = hdu.columns.dtype.newbyteorder(">")
    per_row = int(np.prod(dtype[names[value]].shape, dtype=int))
    pixels = per_row * int(header["NAXIS2"])
    order = _order_of(pixels)
    ordering = str(header.get("ORDERING", "")).strip().upper()
    if ordering not in ("NESTED", "NEST", "RING"):
        raise FormatError(
            f"ORDERING is {ordering!r}; a flat map needs NESTED or RING.", "Ask the producer of the file."
        )
    scale = 1.0 if value in PER_SR else 1.0 / float(healpix.cell_area(order))
    pieces = _pieces(stream, hdu, dtype, [names[n] for n in wanted], per_row)
    if ordering == "RING":
        uniq, columns = _from_ring(pieces, order)
    else:
        uniq, columns = _merge(pieces, order)
    return Cells(uniq, columns[0] * scale, tuple(columns[1:]) or None, order)


def _order_of(pixels: int) -> int:
    order = (max(pixels // 12, 1).bit_length() - 1) // 2
    if 12 * 4**order != pixels:
        raise FormatError(
            f"{pixels} pixels are no HEALPix map: that takes 12 * 4**order.",
            "Maps of a part of the sky must come in multi-order form.",
        )
    return order


def _pieces(
    stream: BinaryIO, hdu: Any, dtype: np.dtype, names: list[str], per_row: int
) -> Iterator[tuple[int, list[NDArray[np.float64]]]]:
    """Rows of the table in pieces of 4**PIECE_ORDERS pixels: first pixel, and each wanted column."""
    rows = int(hdu.header["NAXIS2"])
    step = max(4**PIECE_ORDERS // per_row, 1)
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

    def climb(
        level: int, first: int, columns: list[NDArray[np.float64]], whole: NDArray[np.bool_], top: int
    ) -> tuple[list[NDArray[np.float64]], NDArray[np.bool_]]:
        """Merge a block of cells from ``level`` to ``top``; what cannot rise is emitted."""
        while level > top:
            fours = [column.reshape(-1, 4) for column in columns]
            rises: NDArray[np.bool_] = np.asarray(whole.reshape(-1, 4).all(axis=1))
            for four in fours:
                same = (four == four[:, :1]) | (np.isnan(four) & np.isnan(four[:, :1]))
                rises = rises & np.asarray(same.all(axis=1))
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
