"""SkyMapLayer: a probability map, its density as an image and its credible regions as lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from astropy.coordinates import SkyCoord

from skyexplorer.errors import NotFoundError
from skyexplorer.session.layers.base import Layer, fraction

if TYPE_CHECKING:
    from skyexplorer.model.event import Event
    from skyexplorer.model.skymap import SkyMap


class SkyMapLayer(Layer):
    """A probability map: density as an image, credible regions as lines.

    Parameters
    ----------
    name : str
        See `Layer`.
    skymap : SkyMap
        The map.
    event : Event, optional
        The event that the map locates; this is what a click selects.
    level : float
        The credible level of the slider, between 0 and 1.
    **style
        See `Layer`.
    """

    kind = "skymap"

    def __init__(
        self, name: str, skymap: SkyMap, *, event: Event | None = None, level: float = 0.9, **style: Any
    ) -> None:
        if event is not None and style.get("origin") is None:
            style["origin"] = getattr(event, "origin", None) or getattr(skymap, "origin", None)
        super().__init__(name, skymap if event is None else event, **style)
        self.skymap = skymap
        self.event = event
        self._level = fraction("level", level)

    @property
    def level(self) -> float:
        """Credible level of the extra line, 0 to 1; default 0.9."""
        return self._level

    @level.setter
    def level(self, value: float) -> None:
        self._set("level", fraction("level", value))

    @property
    def rows(self) -> int:
        """Number of cells of the map."""
        return len(self.skymap.uniq)

    @property
    def names(self) -> Sequence[str]:
        """One name: that of the event, else of the layer."""
        return [self.event.name if self.event is not None else self.name]

    @property
    def coords(self) -> SkyCoord:
        """The mode of the map."""
        return SkyCoord([self.skymap.mode.icrs])

    def __getitem__(self, row: int) -> Any:
        if self.event is None:
            raise NotFoundError(f"The map {self.name} belongs to no event.", "Open the event it belongs to.")
        return [self.event][row]

    def row_of(self, thing: Any) -> int | None:
        """0 for the event of the map."""
        return 0 if self.event is not None and self.event is thing else None
