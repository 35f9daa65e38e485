"""MapLayer: a quantity over HEALPix cells, as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skyexplorer.model.shading import Shading
from skyexplorer.session.layers.shaded import ShadedLayer

if TYPE_CHECKING:
    from skyexplorer.model.quantitymap import QuantityMap


class MapLayer(ShadedLayer):
    """A map of any quantity.

    Parameters
    ----------
    name : str
        See `Layer`.
    quantity : QuantityMap
    **style
        See `ShadedLayer`; a map of two signs of about the same reach is shown in two colours.
    """

    kind = "map"

    def __init__(self, name: str, quantity: QuantityMap, **style: Any) -> None:
        self.quantity = quantity
        low, high = quantity.limits(Shading())
        if low < 0 < high and 0.2 < -low / high < 5:
            reach = max(-low, high)
            style = {"color_map": "two signs", "cuts": (-reach, reach), **style}
        super().__init__(name, quantity, **style)

    @property
    def rows(self) -> int:
        """Number of cells."""
        return len(self.quantity)
