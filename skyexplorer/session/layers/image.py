"""ImageLayer: an image, laid on the sky."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skyexplorer.model.shading import Shading
from skyexplorer.session.layers.shaded import ShadedLayer

if TYPE_CHECKING:
    from skyexplorer.model.image import SkyImage


class ImageLayer(ShadedLayer):
    """An image of a part of the sky.

    Parameters
    ----------
    name : str
        See `Layer`.
    image : SkyImage
    **style
        See `ShadedLayer`.
    """

    kind = "image"
    usual = Shading("grey", "asinh", 99.5)

    def __init__(self, name: str, image: SkyImage, **style: Any) -> None:
        self.image = image
        super().__init__(name, image, **style)

    @property
    def rows(self) -> int:
        """Number of pixels."""
        return int(self.image.data.size)
