"""Names: which source or event of the layers a text means.

Case and spaces do not count. Beside its own name a source answers to those in the association columns
of its catalogue.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from skyexplorer.model.catalog import SourceCatalog
from skyexplorer.session.layers import CatalogLayer, Layer, Layers, SkyMapLayer

# In tables of no known kind; for the known ones the catalogue says itself.
_ALIASES = re.compile(
    r"assoc(iation)?\d*|other_?names?|alias(es)?|counterpart(_?name)?|common_?name|identified_?object",
    re.IGNORECASE,
)
_SEPARATORS = re.compile(r"[;,|]")
LARGE = 50_000
"""Rows beyond which the names of a layer are searched, and no dictionary of them is made."""
NEAR = 2000
"""Names of such a layer that are looked at for one that looks like a misspelled one."""


def plain(name: str) -> str:
    """The name as it is compared: no spaces, no case, a typeset minus made plain.

    Examples
    --------
    >>> from skyexplorer.actions.names import plain
    >>> plain(" TXS 0506+056") == plain("txs0506+056")
    True
    """
    return "".join(str(name).split()).replace("−", "-").replace("_", "").casefold()


def aliases(catalog: SourceCatalog, row: int) -> list[str]:
    """The other names of a source, from the association columns of its catalogue."""
    told = catalog.other_names(row)
    for column in _alias_columns(catalog):
        value = catalog.table[column][row]
        told.append("" if value is None or np.ma.is_masked(value) else str(value))
    parts = [part.strip() for text in told for part in _SEPARATORS.split(text)]
    return [part for part in dict.fromkeys(parts) if part and part != "None"]


_columns: WeakKeyDictionary[SourceCatalog, tuple[str, ...]] = WeakKeyDictionary()


def _alias_columns(catalog: SourceCatalog) -> tuple[str, ...]:
    if catalog not in _columns:
        table = catalog.table
        _columns[catalog] = tuple(
            column
            for column in table.colnames
            if _ALIASES.fullmatch(column) and table[column].dtype.kind in "OU" and table[column].ndim == 1
        )
    return _columns[catalog]


class _Index:
    """The names of one layer: plain name -> (row, whether it is the row's own name)."""

    def __init__(self, layer: Layer) -> None:
        self.rows: dict[str, tuple[int, bool]] = {}
        self.spelling: dict[str, str] = {}
        for row, name in enumerate(layer.names):
            self._add(str(name), row, True)
        if isinstance(layer, CatalogLayer):
            for row in range(layer.rows):
                for name in aliases(layer.catalog, row):
                    self._add(name, row, False)

    def _add(self, name: str, row: int, own: bool) -> None:
        plain_name = plain(name)
        if plain_name and plain_name not in self.rows:
            self.rows[plain_name] = (row, own)
            self.spelling[plain_name] = name.strip()

    def find(self, wanted: str) -> tuple[int, bool] | None:
        return self.rows.get(wanted)

    def spellings(self, like: str) -> dict[str, str]:
        return self.spelling


class _LargeIndex:
    """The names of a layer of very many rows, as packed texts that are searched each time: a dictionary would be larger
    than the catalogue."""

    def __init__(self, layer: CatalogLayer) -> None:
        self._names = layer.names  # not the layer, which would live as long as what is kept of it
        self._plain = _packed(layer.names)
        table = layer.catalog.table
        told = layer.catalog.association_columns
        columns = dict.fromkeys((*told, *_alias_columns(layer.catalog)))
        self._also = [
            _packed(np.ma.filled(np.ma.asarray(table[column]), "").astype(str)) for column in columns
        ]

    def find(self, wanted: str) -> tuple[int, bool] | None:
        """The first row that answers to a plain name, and whether it is its own."""
        from pyarrow import compute as pc

        if not wanted:
            return None
        row = pc.index(self._plain, wanted).as_py()
        if row >= 0:
            return row, True
        pattern = rf"(^|[;,|]){re.escape(wanted)}([;,|]|$)"
        rows = [
            int(np.argmax(found))
            for column in self._also
            if (found := pc.match_substring_regex(column, pattern).to_numpy(zero_copy_only=False)).any()
        ]
        return (min(rows), False) if rows else None

    def spellings(self, like: str) -> dict[str, str]:
        """Names that begin as this one does, by their plain form; some of them where they are many."""
        from pyarrow import compute as pc

        found = pc.starts_with(self._plain, like[:4]).to_numpy(zero_copy_only=False)
        rows = np.flatnonzero(found)
        rows = rows[:: len(rows) // NEAR + 1]
        names = (str(self._names[int(row)]) for row in rows)
        return {plain(name): name for name in names}


def _packed(names: Any) -> Any:
    import pyarrow as pa
    from pyarrow import compute as pc

    texts = pc.utf8_lower(pa.array(names, pa.string()))
    return pc.replace_substring_regex(pc.replace_substring(texts, "\u2212", "-"), r"[\s_]+", "")


_indices: WeakKeyDictionary[Layer, _Index | _LargeIndex] = WeakKeyDictionary()


def _index(layer: Layer) -> _Index | _LargeIndex:
    if layer not in _indices:
        large = isinstance(layer, CatalogLayer) and layer.rows > LARGE
        _indices[layer] = _LargeIndex(layer) if large else _Index(layer)  # type: ignore[arg-type]
    return _indices[layer]


class Match(NamedTuple):
    """Something of a name."""

    thing: Any
    """The source or event."""
    own: bool
    """Whether it is called so, and not only associated."""
    visible: bool
    """Whether its layer is."""


def matches(layers: Layers, text: str) -> list[Match]:
    """The sources and events that answer to a name, at most one a layer."""
    wanted, found = plain(text), []
    for layer in layers.values():
        if isinstance(layer, SkyMapLayer) and layer.event is None:
            continue
        answer = _index(layer).find(wanted)
        if answer is not None:
            row, own = answer
            found.append(Match(layer[row], own, layer.visible))
    return found


def near(layers: Layers, text: str, others: list[str], count: int = 4) -> list[str]:
    """Names that look like this one, among those of the layers and some others; best first."""
    spelling = {plain(name): name for name in others}
    for layer in layers.values():
        spelling.update(_index(layer).spellings(plain(text)))
    close = difflib.get_close_matches(plain(text), spelling, count, 0.6)
    return [spelling[name] for name in close]


def all_sources(layers: Layers, per_layer: int = 30) -> Iterator[Any]:
    """The first sources of each visible catalogue."""
    for layer in layers.values():
        if isinstance(layer, CatalogLayer) and layer.visible:
            for row in range(min(layer.rows, per_layer)):
                yield layer[row]
