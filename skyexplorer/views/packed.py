"""Rows in the form that the browser takes: bytes, which travel beside the messages and are used as they come."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def texts(names: Sequence[str]) -> dict[str, bytes]:
    """Texts, one behind the other.

    Parameters
    ----------
    names : sequence of str
        One for each row.

    Returns
    -------
    dict
        ``names``, UTF-8, and ``starts``: uint32, where each begins, and the end of the last.

    Examples
    --------
    >>> from skyexplorer.views import packed
    >>> packed.texts(["M 31", "η Car"])["names"].decode()
    'M 31η Car'
    """
    joined = "".join(names)
    if joined.isascii():
        parts: Sequence[str | bytes] = names
        data = joined.encode("ascii")
    else:
        parts = [name.encode("utf-8", "replace") for name in names]  # a lone surrogate has no bytes
        data = b"".join(parts)
    starts = np.zeros(len(parts) + 1, np.uint32)
    np.cumsum(np.fromiter(map(len, parts), np.uint32, len(parts)), out=starts[1:])
    return {"names": data, "starts": starts.tobytes()}


def bits(rows: np.ndarray) -> bytes:
    """Bools as bits, the first row in the lowest bit of the first byte.

    Examples
    --------
    >>> from skyexplorer.views import packed
    >>> packed.bits(np.array([True, False, True]))
    b'\\x05'
    """
    return np.packbits(np.asarray(rows, bool), bitorder="little").tobytes()
