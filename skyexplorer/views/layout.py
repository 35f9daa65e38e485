"""The layout as the browser shows it: grips that move a panel, lines between panels that are dragged."""

from __future__ import annotations

from typing import Any

import traitlets

from skyexplorer.session.layout import COMPACT, HIDEABLE, PRESETS, SIZES
from skyexplorer.session.session import Session
from skyexplorer.session.text import _
from skyexplorer.views.panel import Panel

ME = "layout"
NAMES = {
    "sky": _("Sky"),
    "layers": _("Layers"),
    "curve": _("Plots"),
    "table": _("Table"),
    "time": _("Time"),
}
ARRANGEMENTS = {
    "all": _("Everything"),
    "sky": _("Sky alone"),
    "sky+layers": _("Sky and layers"),
    "sky+table": _("Sky and table"),
    "sky+curve": _("Sky and plots"),
}


class LayoutPanel(Panel):
    """What stands between the panels; it lays out the grid in which it stands itself."""

    kind = "layout"
    doing = _("The layout")

    places = traitlets.Dict().tag(sync=True)
    shown = traitlets.List(traitlets.Unicode()).tag(sync=True)
    sizes = traitlets.Dict().tag(sync=True)
    height = traitlets.Int().tag(sync=True)
    names = traitlets.Dict().tag(sync=True)
    arrangements = traitlets.List().tag(sync=True)
    compact = traitlets.Bool(False).tag(sync=True)
    front = traitlets.Unicode("layers", help="In a narrow page, the panel that stands below the first.").tag(
        sync=True
    )

    def __init__(self, session: Session, verbs: Any) -> None:
        super().__init__(
            session,
            verbs,
            names=NAMES,
            arrangements=[[preset, ARRANGEMENTS[preset]] for preset in PRESETS],
        )
        self._tall = session.layout.height
        self.link(session.layout.changed, lambda field, by: self._refresh())
        self._refresh()

    def texts(self) -> dict[str, str]:
        """Visible texts of the layout."""
        return {
            "move": _("{name}: move or hide"),
            "swap": _("Change places with: {name}"),
            "hide": _("Hide"),
            "above": _("Height of the upper panels"),
            "main": _("Width of the first panel above"),
            "left": _("Width of the first panel below"),
            "height": _("Height of the explorer"),
            "resize": _("drag, arrow keys; double-click for the usual size"),
            "tabs": _("Panels below"),
            "panels": _("Panels: show, hide, arrange"),
            "menu": _("The panels"),
            "show": _("Show"),
            "arrange": _("Arrange"),
            "compact": _("Compact height"),
            "reset": _("As it was at first"),
            "full": _("Full screen"),
        }

    def _refresh(self) -> None:
        layout = self.session.layout
        with self.hold_sync():
            self.places, self.shown = layout.places, list(layout.shown)
            self.sizes, self.height = layout.sizes, layout.height
            self.compact = layout.height <= COMPACT

    def on_swap(self, name: str, other: str) -> None:
        """A panel was dragged onto another, or its menu says so."""
        self.session.layout.swap(name, other, by=ME)

    def on_show(self, name: str, on: bool) -> None:
        """A panel is hidden, or shown again."""
        self.session.layout.show(name, bool(on), by=ME)
        if on:
            self.front = name

    def on_arrange(self, preset: str) -> None:
        """A choice of panels."""
        self.session.layout.arrange(preset, by=ME)

    def on_resize(self, name: str, value: float | None) -> None:
        """A line between panels was dragged; None: the usual size."""
        layout = self.session.layout
        if name == "height":
            layout.resize(ME, height=layout.usual_height if value is None else max(round(value), 240))
        else:
            layout.resize(ME, None, **{name: SIZES[name] if value is None else float(value)})

    def on_compact(self, on: bool) -> None:
        """Less height, or that of before."""
        layout = self.session.layout
        if on:
            self._tall = layout.height
        layout.resize(ME, height=COMPACT if on else max(self._tall, layout.usual_height))

    def on_reset(self) -> None:
        """As it was at first."""
        self.session.layout.reset(ME)

    def on_front(self, name: str) -> None:
        """A tab of a narrow page."""
        if name in HIDEABLE:
            self.front = name
