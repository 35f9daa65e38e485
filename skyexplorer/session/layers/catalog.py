"""CatalogLayer: sources of a catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from skyexplorer.errors import InputError
from skyexplorer.session.layers.base import RowsLayer
from skyexplorer.session.layers.style import STYLES, Style

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord

    from skyexplorer.model.catalog import Source, SourceCatalog


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
    """

    kind = "catalog"

    def __init__(self, name: str, catalog: SourceCatalog, **style: Any) -> None:
        if not len(catalog):
            raise InputError(f"The catalogue {name} has no rows.", "Give one with at least one source.")
        self.catalog = catalog
        super().__init__(name, catalog, len(catalog), **style)

    def _style(self, data: Any) -> Style:
        for key in (data.kind, data.band):
            if key in STYLES and key != "catalog":
                return STYLES[key]
        return STYLES["catalog"]

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
