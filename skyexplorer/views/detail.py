"""Detail: of a large image the part in view is sent, as finely as the screen shows it.

An image of more than 2048 pixels along a side is sent as means over square blocks. When the view has come so near that
more could be seen, the part around it is sent in place of the whole, wide enough to pan a little; and the whole again when
the view leaves it.
"""

from __future__ import annotations

from collections.abc import Mapping

from astropy import units as u

from skyexplorer.model.image import SHOWN, SkyImage, Window
from skyexplorer.session.layers import ImageLayer, Layer
from skyexplorer.session.session import Session
from skyexplorer.session.text import _
from skyexplorer.views import drawing_layers
from skyexplorer.views.canvas import Drawing
from skyexplorer.views.pace import Pace

SEEN, SENT = 0.5, 0.9
"""Radius of what is seen, and of what is sent, in widths of the view."""
COARSE = 2.5
"""A part of so many times the pixels that are wanted is sent anew."""


class Detail:
    """Follows the viewport of a session for its large images.

    Parameters
    ----------
    session : Session
    drawings : mapping
        Of the layers, by name.
    """

    def __init__(self, session: Session, drawings: Mapping[str, Drawing]) -> None:
        self.session, self.drawings = session, drawings
        guard = session.notices.guard(_("Drawing the sky"))
        self._look = Pace(guard(self._looked))
        self._links = [
            (
                session.viewport.changed,
                lambda field, by: self._look() if field in ("target", "fov") else None,
            ),
            (session.layers.changed, lambda layer, field: self._look() if field == "visible" else None),
            (session.layers.added, lambda layer: self._look() if _is_large(layer) else None),
        ]
        for signal, slot in self._links:
            signal.connect(slot)

    def close(self) -> None:
        """Stop following."""
        self._look.close()
        for signal, slot in self._links:
            signal.disconnect(slot)

    def _looked(self) -> None:
        for layer in self.session.layers.values():
            if _is_large(layer) and layer.visible and layer.name in self.drawings:
                assert isinstance(layer, ImageLayer)
                drawing = self.drawings[layer.name]
                wanted = self._wanted(layer.image, drawing.window)
                if wanted != drawing.window:
                    drawing.window = wanted
                    drawing_layers.image(drawing, layer)

    def _wanted(self, image: SkyImage, now: Window | None) -> Window | None:
        """The part to be sent; that which is there already as long as it will do."""
        view = self.session.viewport
        seen = image.window(view.target, SEEN * view.fov * u.deg)
        if seen is None:
            return None
        rows, columns = image.data.shape
        have = Window(0, rows, 0, columns) if now is None else now
        if have.holds(seen) and have.size <= max(COARSE * seen.size, SHOWN):
            return now
        return image.window(view.target, SENT * view.fov * u.deg)


def _is_large(layer: Layer) -> bool:
    return isinstance(layer, ImageLayer) and layer.image.is_large
