"""Session: the hall where verbs and views meet. All that a user can see is here, and only here."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.time import Time

from skyexplorer.session.archives import Archives
from skyexplorer.session.autosave import Autosave
from skyexplorer.session.curves import Curves
from skyexplorer.session.events_list import Events
from skyexplorer.session.jobs import Jobs
from skyexplorer.session.layers import EventLayer, Layer, Layers, SkyMapLayer
from skyexplorer.session.layers.events import days_of
from skyexplorer.session.layout import Layout
from skyexplorer.session.ledgers import Ledgers
from skyexplorer.session.notices import Notices
from skyexplorer.session.plots import Plots
from skyexplorer.session.selection import Selection
from skyexplorer.session.steps import Steps
from skyexplorer.session.timewindow import TimeWindow
from skyexplorer.session.tools import Tools
from skyexplorer.session.viewport import Viewport


class Session:
    """Observable state, without widget, network or thread; it belongs to the thread that made it.

    Attributes
    ----------
    layers : Layers
        What lies on the sky, by name.
    selection : Selection
        Sources, time range and region.
    viewport : Viewport
        Where the sky is looked at.
    layout : Layout
        Which panels are shown, where, and how large.
    notices : Notices
        What was worth saying, and what went wrong.
    curves : Curves
        The light curves that are shown, and the times marked in them.
    plots : Plots
        Histogram, scatter plot and spectrum: of what, and which is in front.
    events : Events
        The list of events beside the sky.
    tools : Tools
        The tool in hand, and what was measured.
    timewindow : TimeWindow
        The window over the times of all events.
    archives : Archives
        What can be asked, and of which region.
    ledgers : Ledgers
        Who was asked, and what each answered.
    jobs : Jobs
        What is under way.
    steps : Steps
        What was done, as a script.

    Examples
    --------
    >>> from skyexplorer.session.session import Session
    >>> session = Session()
    >>> _ = session.viewport.changed.connect(lambda field, by: print(field, "changed by", by))
    >>> session.viewport.move(fov=10, by="me")
    fov changed by me
    >>> session.viewport.move(fov=10, by="me")  # equal: not told again
    """

    def __init__(self) -> None:
        self.layers = Layers()
        self.selection = Selection()
        self.viewport = Viewport()
        self.layout = Layout()
        self.autosave: Autosave | None = None
        self.notices = Notices()
        self.curves = Curves()
        self.events = Events()
        self.plots = Plots(self.layers)
        self.tools = Tools()
        self.timewindow = TimeWindow(self.selection, self.layers)
        self.archives = Archives(self.selection, self.tools)
        self.ledgers = Ledgers()
        self.jobs = Jobs(self.notices, self.ledgers)
        self.ledgers.changed.connect(lambda: self.archives.heard(self.ledgers.last))
        self.steps = Steps(self.layers)
        self.layers.removed.connect(self._let_go)

    def _let_go(self, layer: Layer) -> None:
        """What was selected in a layer goes with it; sources that were in no layer stay."""
        if isinstance(layer, EventLayer):
            gone = {id(event) for event in layer.events}
        else:
            gone = {id(layer.event)} if isinstance(layer, SkyMapLayer) else {id(layer.data)}
        self.selection.select(
            [
                s
                for s in self.selection.sources
                if id(s) not in gone and id(getattr(s, "catalog", s)) not in gone
            ],
            by="layers",
        )

    @property
    def event_times(self) -> list[tuple[str, Time]]:
        """Name and time of each event on show, in order of time."""
        events: list[Any] = []
        for layer in self.layers.values():
            if not layer.visible:
                continue
            if isinstance(layer, EventLayer):
                events += [layer.events[row] for row in np.flatnonzero(layer.shown)]
            elif isinstance(layer, SkyMapLayer) and layer.event is not None:
                events.append(layer.event)
        when = days_of([event.time for event in events])
        order = np.argsort(when, kind="stable")[
            : int(np.isfinite(when).sum())
        ]  # those without a time stand last
        return [(str(events[row].name), events[row].time) for row in order]
