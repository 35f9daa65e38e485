"""Bytes of files: read, unpacked within limits, told by their content, and parsed behind a guard.

Foreign bytes make parsers raise anything, or ask for any amount of memory. Two rules hold here: what is
unpacked is bounded by its size (not by its ratio: real sky maps expand 900-fold), and whatever a parser
raises becomes a `FormatError` that says what was being read.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from isal import igzip, isal_zlib

from skyexplorer.errors import FormatError, SkyExplorerError

WELL_KNOWN = "It may be cut short, or not be what its name says: open it in a text editor, or fetch it again."
MOST_UNPACKED = 640 * 2**20
"""Bytes that a gzipped file may unpack to where it is held in memory whole; streams are bounded by what they declare."""
_STEP = 2**24
_GZIP = b"\x1f\x8b"
_DAMAGED: tuple[type[Exception], ...] = (OSError, EOFError, zlib.error, isal_zlib.error)  # type: ignore[assignment]


def load(source: str | Path | bytes | BinaryIO) -> bytes:
    """The bytes of a file (or the bytes themselves), gunzipped where the content says so.

    Raises
    ------
    FormatError
        If the file cannot be read, is empty, damaged, or unpacks to too much.
    """
    return unpack(stored(source))


def stored(source: str | Path | bytes | BinaryIO) -> bytes:
    """The bytes as they are stored, which is what a checksum is of.

    Raises
    ------
    FormatError
        If the file cannot be read, or is empty.
    """
    if isinstance(source, (str, Path)):
        try:
            raw = Path(source).read_bytes()
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise FormatError(f"{str(source)[:300]!r} cannot be read: {why}.", "Check the path.") from error
    elif isinstance(source, (bytes, bytearray, memoryview)):
        raw = bytes(source)
    else:
        raw = source.read()
    if not raw:
        raise FormatError("The file is empty.", "Fetch it again.")
    return raw


def unpack(raw: bytes, most: int = MOST_UNPACKED) -> bytes:
    """Gunzipped bytes where the content says that they are packed, else the same.

    Raises
    ------
    FormatError
        If the packed data are damaged, or are more than ``most`` bytes when unpacked.
    """
    if raw[:2] != _GZIP:
        return raw
    parts, size = [], 0
    try:
        with igzip.GzipFile(fileobj=io.BytesIO(raw)) as stream:
            while part := stream.read(_STEP):
                size += len(part)
                if size > most:
                    raise FormatError(
                        f"The file unpacks to more than {most / 2**20:.0f} MiB.",
                        "Unpack it yourself if you trust it, and open the unpacked file.",
                    )
                parts.append(part)
    except _DAMAGED as error:
        raise FormatError(f"The gzip data are damaged: {error}.", "Fetch the file again.") from error
    if not size:
        raise FormatError("The packed file is empty.", "Fetch it again.")
    return b"".join(parts)


def unpacked(source: str | Path | bytes | BinaryIO) -> BinaryIO:
    """A stream of the bytes, gunzipped where the content (not the name) says so; nothing is held whole.

    Raises
    ------
    FormatError
        If the file is missing, a folder, or empty.
    """
    if isinstance(source, (str, Path)):
        try:
            stream: BinaryIO = Path(source).open("rb")  # noqa: SIM115 (the caller closes it)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise FormatError(f"{str(source)[:300]!r} cannot be read: {why}.", "Check the path.") from error
    else:
        stream = io.BytesIO(source) if isinstance(source, (bytes, bytearray, memoryview)) else source
    start = stream.read(2)
    stream.seek(0)
    if not start:
        stream.close()
        raise FormatError("The file is empty.", "Fetch it again.")
    if start != _GZIP:
        return stream
    if isinstance(source, (str, Path)):
        stream.close()  # a GzipFile closes the file it has opened, not one it was handed
        return cast(BinaryIO, igzip.GzipFile(source))
    return cast(BinaryIO, igzip.GzipFile(fileobj=stream))


def head(raw: bytes, size: int) -> bytes:
    """The first bytes of the content, gunzipped where it is packed: a big map is not unpacked twice."""
    if raw[:2] != _GZIP:
        return raw[:size]
    try:
        return isal_zlib.decompressobj(31).decompress(raw, size)
    except _DAMAGED as error:
        raise FormatError(f"The gzip data are damaged: {error}.", "Fetch the file again.") from error


def kind_of(raw: bytes) -> str:
    """What the first bytes of a file say it is.

    Returns
    -------
    str
        ``"fits"``, ``"votable"``, ``"voevent"``, ``"json"``, ``"hdf5"``, ``"parquet"``, ``"root"``, ``"ds9"``, ``"ecsv"``,
        ``"text"``, or what it is instead, in words.
    """
    start = raw[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    for magic, kind in _MAGIC:
        if start.startswith(magic):
            return kind
    lower = start.lower()
    if lower.startswith((b"<!doctype html", b"<html")):
        return "an HTML page"
    if re.search(rb"<(\w+:)?votable[\s>]", lower):
        return "votable"
    if re.search(rb"<(\w+:)?voevent[\s>]", lower):
        return "voevent"
    if lower.startswith(b"<"):
        return "XML that is neither a VOTable nor a VOEvent"
    if lower.startswith((b"{", b"[")):
        return "json"
    if b"\0" in raw[:4096]:
        return "binary data of unknown kind"
    return "text"


_MAGIC = (
    (b"SIMPLE  =", "fits"),
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"PAR1", "parquet"),
    (b"root\0", "root"),
    (b"# Region file format: DS9", "ds9"),
    (b"# %ECSV", "ecsv"),
    (b"PK\x03\x04", "a zip archive"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)


NAMES = {
    "fits": "FITS", "votable": "VOTable", "voevent": "a VOEvent", "json": "JSON", "hdf5": "HDF5", "parquet": "Parquet",
    "root": "ROOT", "ds9": "DS9 regions", "ecsv": "ECSV", "text": "text",
}  # fmt: skip
"""Kinds of `kind_of`, as a reader would call them."""


@contextmanager
def reading(what: str, advice: str = WELL_KNOWN) -> Iterator[None]:
    """Guard around a parser of foreign bytes: whatever it raises becomes a FormatError naming ``what``.

    Errors of our own tree pass as they are. So do those that are not about the bytes: interrupts and the like.

    Examples
    --------
    >>> import json
    >>> from skyexplorer.io.files import reading
    >>> with reading("a GCN notice"):
    ...     json.loads("{")
    Traceback (most recent call last):
    skyexplorer.errors.FormatError: Looks like a GCN notice, but cannot be read: ...
    """
    try:
        yield
    except SkyExplorerError:
        raise
    except RecursionError as error:
        raise FormatError(f"Looks like {what}, but is nested too deeply.", advice) from error
    except Exception as error:
        text = " ".join(str(error).split())[:300] or type(error).__name__
        raise FormatError(f"Looks like {what}, but cannot be read: {text}", advice) from error
