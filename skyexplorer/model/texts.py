"""Texts: a column of texts as its distinct words and the number of each row's, which is compared word by word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Texts:
    """A column of texts.

    Attributes
    ----------
    words : ndarray of str, (words,)
        Distinct ones, but for blanks at their ends, which are taken off; empty: missing.
    codes : ndarray of int32, (rows,)
        The number of the word of each row.

    Examples
    --------
    >>> import numpy as np
    >>> from skyexplorer.model.texts import Texts
    >>> texts = Texts.of(np.array([b"bll ", b"psr", b"bll "]))
    >>> texts.rows.tolist(), texts.each(texts.words == "bll").tolist()
    (['bll', 'psr', 'bll'], [True, False, True])
    """

    words: np.ndarray
    codes: np.ndarray

    @classmethod
    def of(cls, column: Any) -> Texts:
        """Of a list of str, or an array of str, bytes, or objects such as these or None; what is masked is missing."""
        import pyarrow as pa
        from pyarrow import compute as pc

        data = np.ma.asarray(column)
        plain = np.ascontiguousarray(data.data)
        if plain.dtype.kind == "O":
            plain = np.array(["" if value is None else decoded(value) for value in plain.tolist()], dtype=str)
        plain = plain.astype(plain.dtype.newbyteorder("="), copy=False)
        if plain.dtype.kind == "S":
            texts = pa.array(plain, pa.binary())
            try:
                texts = texts.cast(pa.string())
            except pa.ArrowInvalid:  # not UTF-8 everywhere
                texts = pa.array([decoded(value) for value in plain.tolist()], pa.string())
        else:
            texts = pa.array(plain, pa.string())
        if np.ma.is_masked(data):
            texts = pc.if_else(pa.array(np.ma.getmaskarray(data)), "", texts)
        found = pc.utf8_trim_whitespace(texts).dictionary_encode()
        return cls(found.dictionary.to_numpy(zero_copy_only=False).astype(str), found.indices.to_numpy())

    @property
    def rows(self) -> np.ndarray:
        """The text of each row."""
        return self.each(self.words)

    def each(self, told: np.ndarray) -> np.ndarray:
        """What is told of each word, for each row."""
        return np.asarray(told[self.codes])

    def __len__(self) -> int:
        return len(self.codes)


def decoded(value: Any) -> str:
    """A text of a table without the blanks around it; bytes are UTF-8."""
    return (value.decode("utf-8", "replace") if isinstance(value, bytes) else value).strip()
