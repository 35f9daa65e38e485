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
    data = joined.encode("utf-8", "replace")  # a lone surrogate has no bytes
    lengths = (
        map(len, names) if joined.isascii() else (len(name.encode("utf-8", "replace")) for name in names)
    )
    starts = np.zeros(len(names) + 1, np.uint32)
    np.cumsum(np.fromiter(lengths, np.uint32, len(names)), out=starts[1:])
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
