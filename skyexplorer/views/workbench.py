"""Workbench: the panels of one explorer, laid out around the sky."""

from __future__ import annotations

from typing import Any

import ipywidgets

from skyexplorer.errors import InputError
from skyexplorer.session.session import Session
from skyexplorer.session.viewport import Viewport
from skyexplorer.views.archives import ArchivesPanel
from skyexplorer.views.dock import Dock
from skyexplorer.views.events import EventsPanel
from skyexplorer.views.jobs import JobsPanel
from skyexplorer.views.layers import LayersPanel
from skyexplorer.views.layout import LayoutPanel
from skyexplorer.views.lightcurve import LightCurvePanel
from skyexplorer.views.pulse import Pulse, reachable
from skyexplorer.views.second import SecondView
from skyexplorer.views.side import Side
from skyexplorer.views.sky import SkyView
from skyexplorer.views.status import StatusBar
from skyexplorer.views.table import TablePanel
from skyexplorer.views.timeline import TimelinePanel
from skyexplorer.views.toolbar import Toolbar


class Workbench:
    """The widgets of an explorer.

    Parameters
    ----------
    session : Session
        What is shown.
    verbs : object
        The `SkyExplorer`: what clicks call.

    Attributes
    ----------
    root : ipywidgets.Widget
        What is displayed.
    """

    def __init__(self, session: Session, verbs: Any) -> None:
        self.layout = LayoutPanel(session, verbs)
        self.toolbar = Toolbar(session, verbs, verbs.theme, self.layout)
        self.sky = SkyView(session, verbs)
        self.layers = LayersPanel(session, verbs)
        self.archives, self.events = ArchivesPanel(session, verbs), EventsPanel(session, verbs)
        self.tabs = Side(session, verbs)
        self.tabs.observe(lambda change: self._looked_at(change["new"]), names="active")
        side = ipywidgets.Box([self.tabs, self.layers, self.archives, self.events])
        side.add_class("skx-side")
        self.table = TablePanel(session, verbs)
        self.curve = LightCurvePanel(session, verbs, dark=self.toolbar.dark)
        self.dock = Dock(session, verbs, self.curve, dark=self.toolbar.dark)
        self.time = TimelinePanel(session, verbs)
        self.sky.region.ask = lambda: self.tabs.on_tab("archives")
        self.status, self.jobs = StatusBar(session, verbs), JobsPanel(session, verbs)
        foot = ipywidgets.Box([self.status, self.jobs])
        foot.add_class("skx-foot")
        self.pulse = Pulse(session, verbs, self._roots)
        paint = session.notices.guard(Toolbar.doing)(self.dock.paint)
        self.toolbar.observe(lambda change: paint(dark=change["new"]), names="dark")
        places: dict[str, Any] = {
            "bar": self.toolbar,
            "sky": self.sky.widget,
            "layers": side,
            "time": self.time,
            "curve": self.dock.box,
            "table": self.table,
            "status": foot,
            "layout": self.layout,
            "pulse": self.pulse,
        }
        for place, widget in places.items():
            widget.add_class(f"skx-at-{place}")
        grid = ipywidgets.Box(list(places.values()))
        grid.add_class("skx-grid")
        self.views: list[SecondView] = []
        self._made = 0
        self.root = ipywidgets.Box([grid])
        self.root.add_class("skx-root")
        self.root.layout.width = "100%"

    def _roots(self) -> list[Any]:
        return [self.root, *(view.root for view in self.views)]

    def view(self, follow: bool, height: int) -> SecondView:
        """A further view of the sky; see `SkyExplorer.view`."""
        if isinstance(height, bool) or not isinstance(height, int) or height < 100:
            raise InputError(f"height is {height!r}.", "Give pixels, a whole number of 100 or more.")
        self._made += 1
        place = self.sky.session.viewport
        viewport = place if follow else Viewport()
        if not follow:
            viewport.move(target=place.target, fov=place.fov, survey=place.survey, grid=place.grid)
        self.views = [view for view in self.views if view.is_open]
        self.views.append(SecondView(self.sky, viewport, f"sky {self._made + 1}", height))
        return self.views[-1]

    def _looked_at(self, name: str) -> None:
        """What a panel beside the sky lists is read when it is first looked at."""
        for panel in (self.archives, self.events):
            if panel.kind == name:
                panel.begin()

    def close(self) -> None:
        """Close all widgets; the session stays."""
        for view in self.views:
            view.close()
        others = [*reachable([self.root])]
        self.sky.close()
        for widget in (
            self.toolbar,
            self.tabs,
            self.layers,
            self.archives,
            self.events,
            self.table,
            self.dock,
            self.time,
            self.status,
            self.jobs,
            self.layout,
            self.pulse,
            self.sky.widget,
        ):
            widget.close()
        for widget in others:  # boxes, drawings and what lays them out
            widget.close()
