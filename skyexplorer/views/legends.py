"""Legends: the sky shows what colours and sizes mean, of the topmost layer that has such."""

from __future__ import annotations

from typing import Any

from skyexplorer.session.layers import CatalogLayer, Layer
from skyexplorer.session.session import Session
from skyexplorer.session.text import _
from skyexplorer.views.canvas import SkyCanvas
from skyexplorer.views.pace import Pace
from skyexplorer.views.styling import legend_of

FIELDS = frozenset({"looks", "visible", "opacity", "color", "shape"})


class Legends:
    """Keeps the legend of a canvas as the layers are.

    Parameters
    ----------
    session : Session
        Whose layers they are.
    canvas : SkyCanvas
        Where the legend stands.
    """

    def __init__(self, session: Session, canvas: SkyCanvas) -> None:
        self.session, self.canvas = session, canvas
        guard = session.notices.guard(_("The legend"))
        self._soon = Pace(guard(self.refresh))
        self._links: list[tuple[Any, Any]] = [
            (session.layers.added, self._came_or_went),
            (session.layers.removed, self._came_or_went),
            (session.layers.changed, self._changed),
        ]
        for signal, slot in self._links:
            signal.connect(slot)
        self.refresh()

    def _came_or_went(self, layer: Layer) -> None:
        self._soon()

    def _changed(self, layer: Layer, field: str) -> None:
        if field in FIELDS:
            self._soon()

    def refresh(self) -> None:
        """Choose the layer, and say what its looks mean."""
        for layer in reversed(self.session.layers.values()):
            if isinstance(layer, CatalogLayer) and layer.visible and layer.opacity > 0:
                legend = legend_of(layer)
                if {"color", "size", "shape"} & set(legend):
                    about = {"layer": layer.name, "label": _("Legend of {name}").format(name=layer.name)}
                    self.canvas._legends = [{**legend, **about, "texts": {"missing": _("no value: {n}")}}]
                    return
        self.canvas._legends = []

    def close(self) -> None:
        """Stop following the session."""
        for signal, slot in self._links:
            signal.disconnect(slot)
        self._soon.close()
