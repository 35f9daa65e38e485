"""Dock: the strip of tabs below the sky, and the plots behind it; each is made when it is first looked at."""

from __future__ import annotations

from typing import Any

import ipywidgets
import traitlets

from skyexplorer.session.plots import TABS
from skyexplorer.session.session import Session
from skyexplorer.session.text import _
from skyexplorer.views.histogram import HistogramPanel
from skyexplorer.views.inview import InViewPanel
from skyexplorer.views.panel import Panel
from skyexplorer.views.scatter import ScatterPanel
from skyexplorer.views.spectrum import SpectrumPanel

ME = "dock"
LABELS = {
    "curve": _("Light curve"),
    "spectrum": _("Spectrum"),
    "histogram": _("Histogram"),
    "scatter": _("Scatter"),
    "inview": _("In view"),
}

PLOTS: dict[str, Any] = {
    "spectrum": SpectrumPanel,
    "histogram": HistogramPanel,
    "scatter": ScatterPanel,
    "inview": InViewPanel,
}
"""What is behind each tab but the first."""


class Dock(Panel):
    """The strip; its front end shows the panel of its choice and hides the others.

    Parameters
    ----------
    session, verbs
        See `Panel`.
    curve : LightCurvePanel
        The first of the plots; it is there from the start.
    dark : bool
        Whether the page is.

    Attributes
    ----------
    box : ipywidgets.Box
        The strip and the plots that were made so far.
    """

    kind = "strip"
    doing = _("The strip of plots")

    tabs = traitlets.List(traitlets.Dict()).tag(sync=True)
    active = traitlets.Unicode().tag(sync=True)
    large = traitlets.Bool(False).tag(sync=True)

    def __init__(self, session: Session, verbs: Any, curve: Any, *, dark: bool = True) -> None:
        super().__init__(
            session,
            verbs,
            tabs=[{"name": name, "label": LABELS[name]} for name in TABS],
            active=session.plots.tab,
        )
        self._dark = dark
        self.panels: dict[str, Any] = {"curve": curve}
        self.box = ipywidgets.Box([self, curve])
        self.box.add_class("skx-dock")
        self.link(session.plots.changed, self._plots_changed)
        self.link(session.layout.changed, lambda field, by: self._placed())
        self._placed()
        if self.active != "curve":
            self._show()

    def texts(self) -> dict[str, str]:
        """Visible texts of the strip."""
        return {"label": _("Plots"), "large": _("Large: change places with the sky")}

    def _plots_changed(self, what: str) -> None:
        if what == "tab":
            self._show()

    def _show(self) -> None:
        name = self.session.plots.tab
        if name not in self.panels:
            self.panels[name] = PLOTS[name](self.session, self.verbs, self.panels["curve"], dark=self._dark)
            self.box.children = (*self.box.children, self.panels[name])
        self.active = name
        if name != "curve":
            self.panels[name].look()

    def _placed(self) -> None:
        self.large = self.session.layout.places["main"] == "curve"

    def paint(self, dark: bool) -> None:
        """Colours of all plots for a dark or a light page."""
        self._dark = dark
        for panel in self.panels.values():
            panel.paint(dark=dark)

    def on_tab(self, name: str) -> None:
        """Another plot."""
        self.session.plots.tab = name

    def on_large(self, on: bool) -> None:
        """Change places with the sky, or back."""
        if bool(on) != self.large:
            self.session.layout.swap("sky", "curve", by=ME)

    def close(self) -> None:
        """Close the strip and the plots."""
        super().close()
        for panel in self.panels.values():
            panel.close()
        self.box.close()
