"""RegionLayer: parts of the sky, drawn by their outlines."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer.errors import InputError, NotFoundError
from skyexplorer.session.layers.base import Layer
from skyexplorer.session.layers.style import STYLES, Style

if TYPE_CHECKING:
    from skyexplorer.model.region import SkyRegion


class RegionLayer(Layer):
    """One or more regions; nothing in it can be selected.

    Parameters
    ----------
    name : str
        See `Layer`.
    regions : sequence of SkyRegion
        At least one; the first is drawn with a full line, the others dashed.
    data : object, optional
        What was opened; by default the first region.
    **style
        See `Layer`.
    """

    kind = "region"

    def __init__(self, name: str, regions: Sequence[SkyRegion], *, data: Any = None, **style: Any) -> None:
        self.regions = tuple(regions)
        if not self.regions:
            raise InputError(f"The layer {name} would hold no region.", "Give at least one.")
        super().__init__(name, self.regions[0] if data is None else data, **style)

    def _style(self, data: Any) -> Style:
        return STYLES["region"]

    @property
    def rows(self) -> int:
        """Number of regions."""
        return len(self.regions)

    @property
    def names(self) -> Sequence[str]:
        """None: a region is not a source."""
        return []

    @property
    def coords(self) -> SkyCoord:
        """None: a region is not a source."""
        return SkyCoord([] * u.deg, [] * u.deg)

    @cached_property
    def area(self) -> u.Quantity:
        """Area of the largest region (deg²)."""
        return max((region.area for region in self.regions), key=lambda area: area.value)

    def __getitem__(self, row: int) -> Any:
        raise NotFoundError(f"{self.name} is a region, and no source in it.", "Ask .data.contains(coords).")
