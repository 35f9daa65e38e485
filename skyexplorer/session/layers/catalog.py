"""CatalogLayer: sources of a catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from skyexplorer.errors import InputError
from skyexplorer.session.layers.base import RowsLayer
from skyexplorer.session.layers.columns import Columns
from skyexplorer.session.layers.looks import Looks, importance
from skyexplorer.session.layers.style import STYLES, Style

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord

    from skyexplorer.model.catalog import Source, SourceCatalog


MOST_SHAPED = 300
"""Different numbers of which markers are told; only the most frequent few have one of their own."""


class CatalogLayer(RowsLayer):
    """Sources of a catalogue.

    Parameters
    ----------
    name : str
        See `Layer`.
    catalog : SourceCatalog
        At least one row.
    **style
        See `Layer`.

    Examples
    --------
    >>> from skyexplorer import samples
    >>> from skyexplorer.session.layers import CatalogLayer
    >>> layer = CatalogLayer("fermi", samples.open("fermi-sources"))
    >>> layer.style(color_by="Signif_Avg", color_log=True, shape_by="CLASS1")
    >>> layer.where = "Signif_Avg > 100"
    >>> int(layer.shown.sum()) < layer.rows
    True
    """

    kind = "catalog"

    def __init__(self, name: str, catalog: SourceCatalog, **style: Any) -> None:
        if not len(catalog):
            raise InputError(f"The catalogue {name} has no rows.", "Give one with at least one source.")
        self.catalog = catalog
        self._looks, self._where = Looks(), ""
        super().__init__(name, catalog, len(catalog), **style)

    def _style(self, data: Any) -> Style:
        for key in (data.kind, data.band):
            if key in STYLES and key != "catalog":
                return STYLES[key]
        return STYLES["catalog"]

    @cached_property
    def columns(self) -> Columns:
        """The columns as plain arrays, by name or expression: ``layer.columns.values("log10(Flux1000)")``."""
        return Columns(self.catalog)

    @property
    def looks(self) -> Looks:
        """How the rows are drawn by their columns; set by `style`."""
        return self._looks

    def style(self, **changes: Any) -> None:
        """Change some of the looks; the others stay.

        Parameters
        ----------
        **changes
            Attributes of `Looks`: ``color_by``, ``color_map``, ``color_range``, ``color_log``, ``size_by``, ``shape_by``,
            ``label_by``, ``errors``, ``motion``, ``density``, ``first_by``, … None is the same as an empty text.

        Raises
        ------
        InputError
            For one that is not known, or an unknown column: names near to it are told; for a marker by very many
            different numbers. Nothing changes then.
        """
        looks = self._looks.changed(self.columns, **changes)
        if looks.shape_by and looks.shape_by != self._looks.shape_by:
            self._check_few(looks.shape_by)
        self._set("looks", looks)

    def _check_few(self, text: str) -> None:
        values = self.columns.values(text)
        if values.dtype.kind != "f" or len(values) <= MOST_SHAPED:
            return
        # The first rows tell of most columns, and a million need not be sorted.
        few = len(np.unique(values[: 4 * MOST_SHAPED])) <= MOST_SHAPED
        count = len(np.unique(values[~np.isnan(values)])) if few else MOST_SHAPED + 1
        if count > MOST_SHAPED:
            raise InputError(
                f"shape_by is {text!r}, which has more than {MOST_SHAPED} different numbers.",
                "Give a column of a few, a text, or a condition; or tell it by color_by.",
            )

    @cached_property
    def _importance(self) -> tuple[str, bool]:
        return importance(self.columns)

    @property
    def first(self) -> tuple[str, bool]:
        """What tells which rows are drawn first where not all are: column or expression, and whether descending.

        That of the looks, else a significance, magnitude or flux of the table; empty: the rows' own order.
        """
        if self._looks.first_by:
            return self._looks.first_by, self._looks.first_descending
        return self._importance

    @property
    def where(self) -> str:
        """The filter: an expression, a comparison or words, see `Columns.matching`; empty: no row is hidden by it."""
        return self._where

    @where.setter
    def where(self, text: str) -> None:
        if not isinstance(text, str):
            raise InputError(
                f"where is {text!r}.", 'Give a text, such as "Signif_Avg > 20", or "" for all rows.'
            )
        text = text.strip()
        if text != self._where:
            self._filter(text, self.columns.matching(text) if text else None)

    def keep(self, why: str, rows: np.ndarray | None) -> None:
        """See `RowsLayer.keep`; rows given as the filter take the place of `where`."""
        if why == "filter":
            self._filter("", rows)
        else:
            super().keep(why, rows)

    def _filter(self, text: str, rows: np.ndarray | None) -> None:
        told, self._where = text != self._where, text
        super().keep("filter", rows)
        if told:
            self.changed.emit("where")

    @property
    def names(self) -> Sequence[str]:
        """Name of each source."""
        return self.catalog.names

    @property
    def coords(self) -> SkyCoord:
        """Position of each source, NaN where it has none."""
        return self.catalog.coords

    def __getitem__(self, row: int) -> Source:
        return self.catalog[row]

    def row_of(self, thing: Any) -> int | None:
        """The row of a source of this catalogue."""
        return int(thing.index) if getattr(thing, "catalog", None) is self.catalog else None
