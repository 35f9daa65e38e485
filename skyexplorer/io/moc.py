"""MOCs in FITS (1.x and 2.0), ASCII and JSON: bytes to a `mocpy.MOC` and back.

Everything is checked before it is given to mocpy: orders, indices and ranges that cannot be are errors of ours.
"""

from __future__ import annotations

import io
import json
import re
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skyexplorer.errors import FormatError
from skyexplorer.io.files import kind_of, reading, unpack
from skyexplorer.io.fits_headers import forward

MOST_CELLS = 40_000_000
FULL = 12 * 4**29  # cells of order 29
DAY_US = 86400e6


def recognises_fits(keys: Mapping[str, Any]) -> bool:
    """Whether the header of a table is that of a MOC."""
    if any(key in keys for key in ("MOCDIM", "MOCVERS", "MOCORD_S", "MOCORD_T")):
        return True
    return keys.get("TFIELDS") == 1 and (
        str(keys.get("TTYPE1", "")).strip().upper() == "UNIQ"
        or str(keys.get("ORDERING", "")).strip() == "NUNIQ"
    )


def recognises_json(document: Any) -> bool:
    """Whether a JSON document is a MOC: orders as keys, lists of indices as values."""
    return (
        isinstance(document, dict)
        and bool(document)
        and all(isinstance(key, str) and key.isdigit() and int(key) <= 29 for key in document)
        and all(isinstance(value, list) for value in document.values())
    )


def recognises_ascii(raw: bytes) -> bool:
    """Whether the start of a text is a MOC in ASCII, such as ``3/3 10 4/16-18``."""
    text = raw[:2000].decode("ascii", "replace").strip()
    return bool(re.match(r"s?\d{1,2}/[\d\s,-]", text + " ")) and not re.search(r"[A-Za-z]", text[2:])


def read(raw: bytes) -> tuple[Any, str]:
    """A MOC of space, and a note where the file holds more than that.

    Returns
    -------
    moc : mocpy.MOC
    note : str

    Raises
    ------
    FormatError
        If it is no MOC, or one of time only.
    """
    content = unpack(raw)
    kind = kind_of(content)
    if kind == "fits":
        return _fits(content)
    text = content.decode("utf-8", "replace").strip()
    if kind == "json":
        with reading("a MOC in JSON"):
            document = json.loads(text)
        if not recognises_json(document):
            raise FormatError("This JSON is no MOC.", 'A MOC is {"order": [index, …], …}.')
        return _cells([(int(k), _indices(v)) for k, v in document.items()]), ""
    if not recognises_ascii(content):
        raise FormatError(f"This is no MOC: {text[:60]!r}.", "MOCs in FITS, ASCII and JSON can be read.")
    return _ascii(text), ""


def _indices(values: list[Any]) -> NDArray[np.int64]:
    if not all(isinstance(v, int) and not isinstance(v, bool) and 0 <= v < FULL for v in values):
        raise FormatError("A MOC in JSON has something else than indices in its lists.", "Fetch it again.")
    return np.asarray(values, np.int64)


def _ascii(text: str) -> Any:
    parts: list[tuple[int, NDArray[np.int64]]] = []
    count = 0
    for order, body in re.findall(r"(\d+)/([^/]*?)(?=\d+/|$)", text.lstrip("s")):
        starts, stops = [], []
        for item in re.split(r"[\s,]+", body.strip()):
            match = re.fullmatch(r"(\d{1,18})(?:-(\d{1,18}))?", item)
            if not match:
                if item:
                    raise FormatError(f"{item[:40]!r} is no cell of a MOC.", "Such as 17 or 16-18.")
                continue
            a, b = int(match.group(1)), int(match.group(2) or match.group(1))
            if a > b:
                raise FormatError(f"The range {item} of the MOC goes backwards.", "Fetch it again.")
            starts.append(a)
            stops.append(b + 1)
            count += b + 1 - a
        if count > MOST_CELLS:
            raise FormatError(f"The MOC lists over {MOST_CELLS} cells.", "Degrade it first.")
        index = np.concatenate(
            [np.arange(a, b) for a, b in zip(starts, stops, strict=True)] or [np.empty(0, np.int64)]
        )
        parts.append((int(order), index.astype(np.int64)))
    return _cells(parts)


def _cells(parts: list[tuple[int, NDArray[np.int64]]]) -> Any:
    """A MOC of cells by order; an order without cells is the MOC's resolution."""
    from mocpy import MOC

    for order, index in parts:
        if not 0 <= order <= 29:
            raise FormatError(f"The MOC has cells of order {order}.", "Orders go from 0 to 29.")
        if len(index) and (index.min() < 0 or index.max() >= 12 * 4**order):
            raise FormatError(
                f"The MOC has the cell {int(index.max())} at order {order}.",
                f"The last is {12 * 4**order - 1}.",
            )
    filled = [(order, index) for order, index in parts if len(index)]
    if not filled:
        raise FormatError("The MOC is empty.", "It covers no part of the sky.")
    depth = max(order for order, _ in parts)
    orders = np.concatenate([np.full(len(index), order, np.uint8) for order, index in filled])
    return MOC.from_healpix_cells(
        np.concatenate([i for _, i in filled]).astype(np.uint64), orders, max_depth=depth
    )


def _fits(content: bytes) -> tuple[Any, str]:
    from astropy.io import fits

    with reading("a MOC in FITS"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with fits.open(io.BytesIO(content), memmap=False) as hdus:
            hdu = next(
                (h for h in forward(hdus) if isinstance(h, fits.BinTableHDU) and recognises_fits(h.header)),
                None,
            )
            if hdu is None:
                raise FormatError(
                    "No MOC in this FITS file.", "A MOC is a table with one column, UNIQ or ranges."
                )
            header = dict(hdu.header)
            rows = int(header.get("NAXIS2", 0))
            if rows * int(header.get("NAXIS1", 8)) > len(content):
                raise FormatError("The MOC is cut short.", "Fetch it again.")
            # Not by the column's name, which ranges need not have.
            wide = {"J": ">i4", "K": ">i8"}.get(str(header.get("TFORM1", "K")).strip()[-1:])
            if wide is None or int(header.get("NAXIS1", 0)) != np.dtype(wide).itemsize:
                raise FormatError(
                    f"The MOC's cells have the format {header.get('TFORM1')!r}.", "They must be 1J or 1K."
                )
            at = int(hdu.fileinfo()["datLoc"])
            values = np.frombuffer(content, wide, rows, at).astype(np.int64)
    what = str(header.get("MOCDIM", "SPACE")).strip().upper()
    frame = str(header.get("COORDSYS", "C")).strip().upper()
    if what == "TIME":
        raise FormatError(
            f"This is a MOC of time, {_span(values)}; it has no place on the sky.", "Open one of space."
        )
    if frame not in ("C", "ICRS", ""):
        raise FormatError(f"The MOC's COORDSYS is {frame!r}, not equatorial.", "MOCs of the sky are in ICRS.")
    if "TIME" in what and "SPACE" in what:
        # Ranges of time have the highest bit set; the ranges of space that follow belong to them.
        times, space = values[values < 0] & np.int64(2**63 - 1), values[values >= 0]
        return _ranges(space, header), f"the space part of a MOC of space and time, {_span(times)}"
    if what != "SPACE":
        raise FormatError(f"This is a MOC of {what.lower()}.", "MOCs of space can be drawn.")
    if str(header.get("ORDERING", "NUNIQ")).strip().upper() == "RANGE":
        return _ranges(values, header), ""
    from skyexplorer.core import healpix

    if not len(values):
        raise FormatError("The MOC is empty.", "It covers no part of the sky.")
    if values.min() < 4 or values.max() > 16 * 4**29 - 1:
        raise FormatError(f"{int(values.min())} is no UNIQ of a HEALPix cell.", "Fetch the MOC again.")
    order, index = healpix.split_uniq(values)
    if (index < 0).any() or (index >= 12 * 4**order).any():
        raise FormatError("The MOC has cells outside the sky.", "Fetch it again.")
    parts = [(int(k), index[order == k]) for k in np.unique(order)]
    # MOCORDER of version 1 is often 29 whatever the cells are; MOCORD_S of version 2 is the resolution.
    depth = header.get("MOCORD_S")
    if isinstance(depth, int) and parts[-1][0] < depth <= 29:
        parts.append((depth, np.empty(0, np.int64)))
    return _cells(parts), ""


def _ranges(values: NDArray[np.int64], header: Mapping[str, Any]) -> Any:
    from mocpy import MOC

    pairs = values[: len(values) // 2 * 2].reshape(-1, 2)
    if not len(pairs):
        raise FormatError("The MOC is empty.", "It covers no part of the sky.")
    if (pairs[:, 0] >= pairs[:, 1]).any() or pairs.min() < 0 or pairs.max() > FULL:
        raise FormatError("The ranges of the MOC cannot be.", "Fetch it again.")
    order = header.get("MOCORD_S", header.get("MOCORDER", 29))
    depth = int(order) if isinstance(order, (int, float)) and 0 <= int(order) <= 29 else 29
    return MOC.from_depth29_ranges(depth, pairs.astype(np.uint64))


def _span(values: NDArray[np.int64]) -> str:
    """First and last day of ranges in microseconds of JD (TCB)."""
    from astropy.time import Time

    values = values[values > 0]
    if not len(values):
        return "of no time"
    days = np.array([values.min(), values.max()]) / DAY_US
    if not ((days > 2.3e6) & (days < 2.6e6)).all():  # 1585 to 2406: what any archive holds
        return "of times that cannot be told"
    first, last = Time(days, format="jd", scale="tcb").utc.iso
    return f"{first[:10]} to {last[:10]}"


def ascii_of(moc: Any) -> str:
    """The MOC in ASCII, as ``order/index index-index order/…``."""
    return " ".join(f"{order}/{' '.join(_runs(index))}" for order, index in _by_order(moc))


def json_of(moc: Any) -> str:
    """The MOC in JSON."""
    return json.dumps({str(order): index.tolist() for order, index in _by_order(moc)})


def fits_of(moc: Any) -> bytes:
    """The MOC in FITS, version 2.0 with NUNIQ cells, which readers of 1.x understand too."""
    from astropy.io import fits

    hdu = fits.BinTableHDU.from_columns([fits.Column("UNIQ", "K", array=np.asarray(moc.uniq_hpx, np.int64))])
    depth = int(moc.max_order)
    hdu.header.update(
        MOCVERS="2.0",
        MOCDIM="SPACE",
        ORDERING="NUNIQ",
        COORDSYS="C",
        MOCORD_S=depth,
        MOCORDER=depth,
        PIXTYPE="HEALPIX",
    )
    out = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(out)
    return out.getvalue()


def _by_order(moc: Any) -> list[tuple[int, NDArray[np.int64]]]:
    from skyexplorer.core import healpix

    order, index = healpix.split_uniq(np.asarray(moc.uniq_hpx, np.int64))
    found = [(int(k), np.sort(index[order == k])) for k in np.unique(order)]
    depth = int(moc.max_order)
    return found if found and found[-1][0] == depth else [*found, (depth, np.empty(0, np.int64))]


def _runs(index: NDArray[np.int64]) -> list[str]:
    if not len(index):
        return []
    breaks = np.flatnonzero(np.diff(index) > 1) + 1
    return [f"{run[0]}" if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in np.split(index, breaks)]
