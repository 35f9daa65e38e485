"""Headers of a FITS file read without its data, to tell what the file is before anything is loaded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from skyexplorer.errors import FormatError
from skyexplorer.io import files

BLOCK, CARD = 2880, 80
MOST_HEADERS = 64
_KEY = re.compile(rb"^([A-Z0-9_-]{1,8}) *= *(.*)$")


@dataclass(frozen=True)
class Header:
    """Keywords of one HDU; ``columns`` are the names of its table's columns, as they are written."""

    keys: dict[str, Any]

    @property
    def name(self) -> str:
        """EXTNAME, in capitals; empty where there is none."""
        return str(self.keys.get("EXTNAME", "")).strip().upper()

    @property
    def is_table(self) -> bool:
        """Whether the HDU is a table."""
        return str(self.keys.get("XTENSION", "")).strip() in ("BINTABLE", "TABLE", "A3DTABLE")

    @property
    def is_image(self) -> bool:
        """Whether the HDU is an image that holds pixels."""
        axes = self.keys.get("NAXIS", 0)
        return not self.is_table and isinstance(axes, int) and axes >= 2

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the table's columns."""
        found = [(int(key[5:]), value) for key, value in self.keys.items() if re.fullmatch(r"TTYPE\d+", key)]
        return tuple(str(value).strip() for _, value in sorted(found))


def peek(raw: bytes, reach: int = 400_000) -> tuple[list[Header], bool]:
    """The headers that can be had cheaply.

    Returns
    -------
    headers : list of Header
        Of a file that is not packed all of them; of a gzipped one those within the first ``reach`` bytes of its
        content.
    complete : bool
        Whether there are no others.

    Raises
    ------
    FormatError
        If gzipped bytes are damaged at their start.
    """
    content = raw if raw[:2] != b"\x1f\x8b" else files.head(raw, reach)
    out: list[Header] = []
    at = 0
    while at < len(content) and len(out) < MOST_HEADERS:
        keys, size = _keys(content, at)
        if keys is None:
            return out, not content[at:].strip(b"\0 ")
        out.append(Header(keys))
        at += size + _data_size(keys)
    return out, at <= len(content) and len(out) < MOST_HEADERS


def forward(hdus: Any) -> Iterator[Any]:
    """The HDUs of an open astropy HDUList, as long as they go on in the file.

    A damaged header may give data a negative size; the next HDU then lies before it, and astropy reads round for ever.

    Raises
    ------
    FormatError
        If an HDU does not lie after the one before.
    """
    last = -1
    for hdu in hdus:
        at = int(hdu.fileinfo()["datLoc"])
        if at <= last:
            raise FormatError("The parts of the file overlap.", "Fetch it again.")
        last = at
        yield hdu


def _keys(content: bytes, at: int) -> tuple[dict[str, Any] | None, int]:
    """Keywords of the header at ``at``, and the bytes that it takes; None where it does not end."""
    keys: dict[str, Any] = {}
    start = at
    while at + BLOCK <= len(content):
        for k in range(at, at + BLOCK, CARD):
            card = content[k : k + CARD]
            if card.rstrip() == b"END":
                return keys, at + BLOCK - start
            match = _KEY.match(card)
            if match:
                keys.setdefault(match.group(1).decode("ascii"), _value(match.group(2)))
        at += BLOCK
    return None, 0


def _value(text: bytes) -> Any:
    text = text.strip()
    if text.startswith(b"'"):
        end = re.match(rb"'((?:[^']|'')*)'", text)
        inside = end.group(1) if end else text[1:]
        return inside.replace(b"''", b"'").decode("ascii", "replace").rstrip()
    word = text.split(b"/")[0].strip().decode("ascii", "replace")
    if word in ("T", "F"):
        return word == "T"
    for kind in (int, float):
        try:
            return kind(word.replace("D", "E"))
        except ValueError:
            continue
    return word


def _data_size(keys: dict[str, Any]) -> int:
    """Bytes of the data of an HDU, padded to whole blocks (FITS 4.0, equation 2)."""
    try:
        axes = [int(keys[f"NAXIS{k + 1}"]) for k in range(min(int(keys.get("NAXIS", 0)), 999))]
        count = 1 if axes else 0
        for axis in axes:
            count *= max(axis, 0)
        bits = abs(int(keys.get("BITPIX", 8)))
        size = bits // 8 * int(keys.get("GCOUNT", 1)) * (int(keys.get("PCOUNT", 0)) + count)
    except (KeyError, TypeError, ValueError, OverflowError):
        return 0
    return -(-max(size, 0) // BLOCK) * BLOCK
