"""ShadedLayer: what images and maps have in common: numbers that become colours."""

from __future__ import annotations

from typing import Any

from skyexplorer.errors import NotFoundError
from skyexplorer.model.shading import Shading
from skyexplorer.session.layers.base import PictureLayer


class ShadedLayer(PictureLayer):
    """Values over a part of the sky, as a picture.

    Parameters
    ----------
    name : str
        See `Layer`.
    data : SkyImage or QuantityMap
        Has ``value(coords)``, ``unit`` and ``limits(shading)``.
    color_map, stretch, cuts
        See `skyexplorer.model.shading.Shading`.
    **style
        See `Layer`.
    """

    usual = Shading()
    """How a layer of this kind looks that is told nothing else."""

    def __init__(
        self,
        name: str,
        data: Any,
        *,
        color_map: str | None = None,
        stretch: str | None = None,
        cuts: float | tuple[float, float] | None = None,
        **style: Any,
    ) -> None:
        super().__init__(name, data, **style)
        given = {"color_map": color_map, "stretch": stretch, "cuts": cuts}
        self._shading = self.usual.with_(
            **{field: value for field, value in given.items() if value is not None}
        )

    @property
    def shading(self) -> Shading:
        """Colour map, stretch and cuts together; a change of one is told as one of ``"shading"``."""
        return self._shading

    @shading.setter
    def shading(self, value: Shading) -> None:
        self._set("shading", value)

    @property
    def color_map(self) -> str:
        """The colour map, one of ``skyexplorer.model.shading.COLOR_MAPS``; with ``" reversed"`` from its other end."""
        return self._shading.color_map

    @color_map.setter
    def color_map(self, value: str) -> None:
        self.shading = self._shading.with_(color_map=value)

    @property
    def stretch(self) -> str:
        """``"linear"``, ``"sqrt"``, ``"log"`` or ``"asinh"``."""
        return self._shading.stretch

    @stretch.setter
    def stretch(self, value: str) -> None:
        self.shading = self._shading.with_(stretch=value)

    @property
    def cuts(self) -> float | tuple[float, float]:
        """Per cent of the values between the ends of the colour map, or the two values there; default 99.5."""
        return self._shading.cuts

    @cuts.setter
    def cuts(self, value: float | tuple[float, float]) -> None:
        self.shading = self._shading.with_(cuts=value)

    @property
    def limits(self) -> tuple[float, float]:
        """The values at the ends of the colour map, in the unit of the data."""
        limits: tuple[float, float] = self.data.limits(self._shading)
        return limits

    def __getitem__(self, row: int) -> Any:
        raise NotFoundError(f"{self.name} has no sources to be selected.", "Ask .data.value(coords).")
