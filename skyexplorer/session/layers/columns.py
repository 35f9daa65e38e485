"""Columns: the columns of a catalogue as plain arrays, each made when it is asked for; and which rows a text leaves.

Beside those of the table there are ``name``, ``RA`` and ``Dec`` (ICRS, degrees), where it has no columns of such names.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from skyexplorer.errors import InputError
from skyexplorer.io.positions import is_number
from skyexplorer.model.expression import Expression, unknown_column
from skyexplorer.model.texts import Texts
from skyexplorer.session.text import _

if TYPE_CHECKING:
    from skyexplorer.model.catalog import SourceCatalog

KEPT = 12
"""Arrays of expressions that are kept, the latest used."""
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<=": operator.le, ">=": operator.ge, "!=": operator.ne, "==": operator.eq, "<": operator.lt, ">": operator.gt,
    "=": operator.eq,
}  # fmt: skip
_NAME = re.compile(r"[^\W\d][\w.-]*")
CONDITION = re.compile(r"^\s*(.+?)\s*(<=|>=|!=|==|<|>|=)\s*(.+?)\s*$")


class Columns:
    """The columns of one catalogue.

    Examples
    --------
    >>> from astropy.table import Table
    >>> from skyexplorer import SourceCatalog
    >>> from skyexplorer.session.layers.columns import Columns
    >>> table = Table({"name": ["Crab", "Vela X"], "ra": [83.6, 128.3], "dec": [22.0, -45.7], "flux": [1.0, 3.0]})
    >>> columns = Columns(SourceCatalog(table))
    >>> columns.matching("flux > 2 and dec < 0").tolist(), columns.matching("crab").tolist()
    ([False, True], [True, False])
    """

    def __init__(self, catalog: SourceCatalog) -> None:
        self.catalog = catalog
        self._values: dict[str, np.ndarray] = {}
        self._texts: dict[str, Texts] = {}

    def __len__(self) -> int:
        return len(self.catalog)

    @cached_property
    def colnames(self) -> tuple[str, ...]:
        """Names of all columns, the table's first."""
        names = [str(name) for name in self.catalog.table.colnames]
        return (*names, *(own for own in ("name", "RA", "Dec") if own not in names))

    def __getitem__(self, name: str) -> Any:
        if name in self.catalog.table.colnames:
            return self.catalog.table[name]
        if name == "name":
            return np.array(self.catalog.names)
        return self.catalog.coords.ra.deg if name == "RA" else self.catalog.coords.dec.deg

    def encoded(self, name: str) -> Texts | None:
        """A column of texts, word by word, kept once it was asked for; None for another column, or an expression."""
        if name not in self._texts:
            table = self.catalog.table
            if name in table.colnames:
                if name not in self.texts or table[name].dtype.kind == "b":
                    return None
                self._texts[name] = Texts.of(table[name])
            elif name == "name":
                self._texts[name] = Texts.of(self.catalog.names)
            else:
                return None
        return self._texts[name]

    @cached_property
    def numeric(self) -> tuple[str, ...]:
        """Columns of one number a row."""
        return self._of_kind("fiu")

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Columns of one text, or of yes and no, a row."""
        return self._of_kind("USb") + self._objects()

    def _of_kind(self, kinds: str) -> tuple[str, ...]:
        table = self.catalog.table
        return tuple(
            name
            for name in map(str, table.colnames)
            if getattr(table[name], "dtype", np.dtype("V1")).kind in kinds and table[name].ndim == 1
        )

    def _objects(self) -> tuple[str, ...]:
        table = self.catalog.table
        return tuple(
            name
            for name in self._of_kind("O")
            if all(
                isinstance(value, str | bytes | type(None)) for value in np.ma.asarray(table[name]).data[:100]
            )
        )

    def values(self, text: str) -> np.ndarray:
        """The value of a column or expression in each row.

        Parameters
        ----------
        text : str
            The name of a column, or an `Expression`.

        Returns
        -------
        ndarray, (rows,)
            float64 (NaN where missing), bool or str; read-only.

        Raises
        ------
        InputError
            If it is neither.
        """
        found = self._values.pop(text, None)
        if found is None:
            found = Expression.of(text, self.colnames).evaluate(self).view()
            found.flags.writeable = False
        self._values[text] = found
        while len(self._values) > KEPT:
            del self._values[next(iter(self._values))]
        return found

    def matching(self, text: str) -> np.ndarray:
        """Rows that a text leaves.

        Parameters
        ----------
        text : str
            An expression that decides (``Signif_Avg > 20 and CLASS1 == "bll"``); or one comparison, in which the
            beginning of a column's name will do and texts stand bare (``class = bll``); or words, each of which occurs
            in the name or in a text column of the row. Case counts in expressions only.

        Returns
        -------
        bool array, (rows,)

        Raises
        ------
        InputError
            For a comparison with a column that is not there, or that cannot be.
        """
        text = text.strip()
        if not text:
            return np.ones(len(self), bool)
        expression, trouble = None, None
        try:
            expression = Expression.of(text, self.colnames)
        except InputError as error:
            trouble = error
        if expression is not None and set(expression.columns) <= set(self.colnames):
            if expression.decides or expression.compares:
                return self._decided(text)
            if self.values(text).dtype == bool:
                return self.values(text).copy()
        found = CONDITION.match(text)
        if found and not CONDITION.match(found[3]):
            at = self._beginning(found[1])
            if at is None and expression is None and _NAME.fullmatch(found[1]):
                raise unknown_column(found[1], self.colnames)
            if at is not None and (at in self.texts or at == "name" or is_number(found[3])):
                return self._compared(at, found[2], found[3])
        if expression is not None and expression.compares:
            return self._decided(text)
        if found:
            raise trouble or unknown_column(found[1], self.colnames)
        return self._words(text)

    def _decided(self, text: str) -> np.ndarray:
        rows = Expression.of(text, self.colnames).evaluate(self)
        if rows.dtype != bool:
            raise InputError(
                _("{text} says neither yes nor no.").format(text=text),
                _("Compare it, for example {text} > 1.").format(text=text),
            )
        return rows

    def _beginning(self, name: str) -> str | None:
        low = name.casefold()
        telling = (*self.catalog.telling_columns, *self.colnames)
        exact = next((column for column in telling if column.casefold() == low), None)
        return exact or next((column for column in telling if column.casefold().startswith(low)), None)

    def _compared(self, name: str, sign: str, wanted: str) -> np.ndarray:
        texts = self.encoded(name)
        values = self.values(f"`{name}`") if texts is None else texts.words
        if values.dtype.kind in "Ub":
            low = np.char.lower(values.astype(str))
            bare = wanted.strip("\"'").casefold()
            found = np.asarray(COMPARE[sign](low, bare)) & ((low != "") if sign not in ("=", "==") else True)
            return found if texts is None else texts.each(found)
        return np.asarray(COMPARE[sign](values, float(wanted))) & ~np.isnan(values)

    @cached_property
    def _haystack(self) -> Any:
        """All texts of each row in one, in small letters."""
        import pyarrow as pa
        from pyarrow import compute as pc

        parts = [pa.array(self.catalog.names, pa.string())]
        for name in self.texts:
            texts = self.encoded(name) or Texts.of(self.values(f"`{name}`").astype(str))
            parts.append(pa.array(texts.words, pa.string()).take(pa.array(texts.codes)))
        return pc.utf8_lower(pc.binary_join_element_wise(*parts, "\x1f") if len(parts) > 1 else parts[0])

    def _words(self, text: str) -> np.ndarray:
        from pyarrow import compute as pc

        rows = np.ones(len(self), bool)
        for word in text.lower().split():
            rows &= pc.match_substring(self._haystack, word).to_numpy(zero_copy_only=False)
        return rows
