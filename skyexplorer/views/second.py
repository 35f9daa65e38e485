"""A further view of the same sky: the same layers and selection, at its own place or at that of the first.

It draws nothing itself: its canvas refers to the drawings of the first one, so that a layer is sent once and every
change of it is seen in all views.
"""

from __future__ import annotations

from typing import Any

import ipywidgets
import traitlets

from skyexplorer.session.text import _
from skyexplorer.session.viewport import Viewport
from skyexplorer.views.canvas import SkyCanvas
from skyexplorer.views.sky import SkyView

OWN = frozenset({"_look", "_grid", "_readout", "_local_surveys", "_texts"})
"""Traits of a canvas that belong to one view; the others are those of the first."""


class SecondView(SkyView):
    """A further sky of an explorer; display it as the last line of a cell.

    Parameters
    ----------
    first : SkyView
        Whose layers and selection are shown.
    viewport : Viewport
        Where it looks: that of the session to follow, or one of its own.
    name : str
        Who moves when it is panned.
    height : int
        Pixels.

    Attributes
    ----------
    root : ipywidgets.Widget
        What is displayed.
    """

    def __init__(self, first: SkyView, viewport: Viewport, name: str, height: int) -> None:
        self._begin(first.session, first.verbs, viewport, name)
        self._first, self._said = first, first._said
        self.region, self.footprints = first.region, first.footprints
        self._mirrors = [
            traitlets.dlink((first.widget, trait), (self.widget, trait))
            for trait in SkyCanvas.class_own_traits(sync=True)
            if trait not in OWN
        ]
        guard = self.session.notices.guard(_("A further view"))
        self._links = [(viewport.changed, guard(self._moved))]
        for signal, slot in self._links:
            signal.connect(slot)
        self.widget.observe(self._panned, names=["_target", "_fov"])
        self.widget._grid = viewport.grid
        self.widget.ready()
        self.root = ipywidgets.Box([self.widget])
        for name_of in ("skx-root", "skx-second"):
            self.root.add_class(name_of)
        self.root.layout.width, self.root.layout.height = "100%", f"{height}px"
        self.is_open = True

    def close(self) -> None:
        """Close it; the explorer and its other views stay."""
        if not self.is_open:
            return
        self.is_open = False
        for signal, slot in self._links:
            signal.disconnect(slot)
        for mirror in self._mirrors:
            mirror.unlink()
        self.widget.unobserve(self._panned, names=["_target", "_fov"])
        self.widget._drawings = []
        for widget in (self.widget.layout, self.widget, self.root.layout, self.root):
            widget.close()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return self.root._repr_mimebundle_(include=include, exclude=exclude)

    def __repr__(self) -> str:
        kind = _("follows the explorer") if self.viewport is self.session.viewport else _("looks by itself")
        return f"<View of the sky: {kind}; {self.viewport!r}>"
