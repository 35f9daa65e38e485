"""Light curve: Bokeh in our panel, following the selection.

The figures are made once, and again only where their axes change; a selection sets the data of their sources. Curves that
share no axis stand in panes above each other, on one time axis. BokehJS comes with the panel's state from the installed
bokeh, so that it matches and needs no network, and the notebook does not carry it.

A button asks the archives for more of the selected source; what each of them answers is a row of small signs, and nothing is
asked by itself.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
import traitlets
from astropy.time import Time

from skyexplorer.session.layers.events import days_of, mjd_of_days
from skyexplorer.session.session import Session
from skyexplorer.session.text import _
from skyexplorer.views import curve_data
from skyexplorer.views.curve_answers import answer_rows, summary_of
from skyexplorer.views.curve_data import DAY, MJD_OF_0, milliseconds
from skyexplorer.views.curve_pane import Pane, Shared
from skyexplorer.views.curve_twin import twin_of
from skyexplorer.views.panel import Panel
from skyexplorer.views.stepping import Stepped, stepped
from skyexplorer.views.twin import Twin, Twinned, twin_texts

ME = "light curve"
LABELLED = 8  # event lines with a name; more would lie over each other
NO_TIMES = (1.2e12, 1.7e12)  # ms, 2008 to 2023: where there is neither point nor event
NEAR = 0.6  # of the span of a curve: how far from it an event may be and still be in view


class LightCurvePanel(Stepped, Twinned, Panel):
    """Light curves of what is selected."""

    kind = "curve"
    doing = _("The light curve")

    child = traitlets.Instance(ipywidgets.Widget, allow_none=True).tag(
        sync=True, **ipywidgets.widget_serialization
    )
    title = traitlets.Unicode().tag(sync=True)
    subtitle = traitlets.Unicode().tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)
    log_y = traitlets.Bool(False).tag(sync=True)
    brushed = traitlets.Unicode().tag(sync=True)
    has_data = traitlets.Bool(False).tag(sync=True)
    askable = traitlets.Bool(False, help="Whether one source is selected that can be asked about.").tag(
        sync=True
    )
    asking = traitlets.Bool(False).tag(sync=True)
    answers = traitlets.List(traitlets.Dict(), help="A row for each provider that was asked.").tag(sync=True)
    summary = traitlets.Unicode(help="The same in a few words.").tag(sync=True)
    legend = traitlets.List(traitlets.Dict(), help="Of several panes: whose curves, and their looks.").tag(
        sync=True
    )
    pane_count = traitlets.Int(1).tag(sync=True)
    _bokeh_js = traitlets.Unicode().tag(sync=True)
    _bokeh_version = traitlets.Unicode().tag(sync=True)

    def __init__(self, session: Session, verbs: Any, *, dark: bool = True) -> None:
        import bokeh

        script = Path(bokeh.__file__).parent / "server" / "static" / "js" / "bokeh.min.js"
        super().__init__(
            session,
            verbs,
            _bokeh_js=script.read_text("utf-8"),
            _bokeh_version=bokeh.__version__.split("+")[0],
        )
        self._dark = dark
        self._build(1)
        self._mark_soon = self.paced(self._mark_events)
        curves_changed = self.paced(self._curves_changed)
        self.link(session.curves.changed, lambda: curves_changed())
        self.link(session.curves.asked, self._asked)
        self.link(session.jobs.changed, self._job_changed)
        self.link(session.selection.sources_changed, lambda sources, by: self._asked())
        self.link(session.selection.time_range_changed, self._brush_changed)
        for signal in (session.layers.added, session.layers.removed):
            self.link(signal, lambda layer: self._mark_soon())
        self.link(session.layers.changed, self._layer_changed)

    def texts(self) -> dict[str, str]:
        """Visible texts of the panel."""
        return {
            "panel": _("Light curve"),
            "nothing": _("Select a source to see its light curve."),
            "log": _("Logarithmic axis"),
            "clear": _("Clear the time range"),
            "plot": _("Light curve; drag, or press the arrow keys, to choose a time range"),
            "plot_kind": _("plot"),
            **twin_texts(),
            "failed": _("BokehJS could not be started in this page."),
            "ask": _("Ask the archives"),
            "again": _("Ask again"),
            "stop": _("Stop asking"),
            "answers": _("What the archives answered"),
            "legend": _("Legend"),
        }

    # figures

    def _build(self, count: int) -> None:
        from bokeh.layouts import column

        from skyexplorer.views.bokeh_model import FigureModel

        old = self.child
        self.shared = Shared(*NO_TIMES)
        log = self.session.curves.log_y
        self.panes = [
            Pane(self.shared, log=log, first=number == 0, last=number == count - 1) for number in range(count)
        ]
        for pane in self.panes:  # wired before the widget is made: later ones would not reach Python
            pane.listen(self._on_brush, self._on_double_tap)
        self.paint(self._dark)
        self._fill()
        figures = [pane.figure for pane in self.panes]
        root = figures[0] if count == 1 else column(*figures, sizing_mode="stretch_both", spacing=0)
        self.child = FigureModel(root, combine_events=True)
        if old is not None:
            old.close()

    @property
    def figure(self) -> Any:
        """The topmost figure."""
        return self.panes[0].figure

    @property
    def points(self) -> Any:
        """The points of the topmost figure."""
        return self.panes[0].points

    @property
    def limits(self) -> Any:
        """The limits of the topmost figure."""
        return self.panes[0].limits

    @property
    def events(self) -> Any:
        """The events that are named."""
        return self.shared.events

    @property
    def range_box(self) -> Any:
        """The shade over the chosen time range, in the topmost figure."""
        return self.panes[0].range_box

    def paint(self, dark: bool) -> None:
        """Colours of the figures for a dark or a light page."""
        self._dark = dark
        colors = (
            ("#dbe4f0", "#93a3b8", "#0f1622", "#25324a", "#7db4ff")
            if dark
            else ("#1c2733", "#566575", "#ffffff", "#dde3ea", "#1f6feb")
        )
        with self._one_patch():
            for pane in self.panes:
                pane.paint(*colors)

    # session -> figures

    def _curves_changed(self) -> None:
        curves = self.session.curves
        count = max(1, len(curve_data.axes(curves.shown)[0]))
        if curves.log_y != self.log_y or count != len(self.panes):
            self.log_y = curves.log_y
            self._build(count)
        else:
            self._fill()

    def _fill(self) -> None:
        curves = self.session.curves
        axes, left_out = curve_data.axes(curves.shown)
        labels = curve_data.labels_of([curve for axis in axes for curve in axis.curves], curves.titles)
        styles = curve_data.styles_of(labels)
        with self.hold_sync(), self._one_patch():
            drawn = [curve for axis in axes for curve in axis.curves]
            self.legend = curve_data.legend_of(drawn, labels, styles) if len(self.panes) > 1 else []
            self.pane_count = len(self.panes)
            for number, pane in enumerate(self.panes):
                axis = axes[number] if number < len(axes) else None
                own = [labels.pop(0) for _curve in axis.curves] if axis is not None else []
                pane.fill(axis, own, styles)
            self.has_data = bool(curves.shown)
            self.title, self.message = curves.title, " ".join(filter(None, (curves.message, *left_out)))
            self.subtitle = curve_data.described(curves.shown, curves.titles)
            count = sum(len(source.data["x"]) for pane in self.panes for source in (pane.points, pane.limits))
            if told := curve_data.left_out(count, drawn):
                self.subtitle = f"{self.subtitle} · {told}"
                if self.legend:
                    self.legend = [*self.legend, {"whose": "", "items": [], "note": told}]
            self._mark_events()
            self._fit()
            self._brush_changed(self.session.selection.time_range, "")
            self.twin_changed()

    def _one_patch(self) -> Any:
        """What changes within goes to the browser at once."""
        return contextlib.nullcontext() if self.child is None else self.child.together()

    def _fit(self) -> None:
        """The time axis around the points, and around the events that are not far from them."""
        events = [*self.shared.events.data["x"]]
        data = [source.data for pane in self.panes for source in (pane.points, pane.limits)]
        times = np.array([time for own in data for name in ("x0", "x1") for time in own[name]])
        if len(times):
            low, high = times.min(), times.max()
            reach = NEAR * max(high - low, DAY)
            near = [x for x in events if low - reach <= x <= high + reach]
        else:
            near = [*events, *self.shared.others.data["x"]]
        times = np.array([*times, *near])
        low, high = (times.min(), times.max()) if len(times) else NO_TIMES
        pad = 0.03 * (high - low) or DAY
        self.shared.look(float(low - pad), float(high + pad))

    def _layer_changed(self, layer: Any, field: str) -> None:
        if field == "visible":
            self._mark_soon()

    def _mark_events(self) -> None:
        marks = list(self.session.curves.marks)[:LABELLED]
        named = {name for name, _time in marks}
        rest = [(name, time) for name, time in self.session.event_times if name not in named]
        with self._one_patch():
            self.shared.events.data = {
                "x": _instants(marks),
                "name": [name for name, _time in marks],
                "y": [6] * len(marks),
            }
            self.shared.others.data = {"x": _instants(rest), "name": [name for name, _time in rest]}

    def _brush_changed(self, time_range: Any, by: str) -> None:
        left = right = None
        if time_range is not None:
            left, right = (float(milliseconds(time)[0]) for time in time_range)
        for pane in self.panes:
            pane.brush(left, right)
        self.brushed = "" if time_range is None else " – ".join(time.utc.iso[:10] for time in time_range)

    # the archives

    def _thing(self) -> Any:
        """The one thing that is selected, or None."""
        sources = self.session.selection.sources
        return sources[0] if len(sources) == 1 else None

    def _asked(self) -> None:
        thing = self._thing()
        heard = None if thing is None else self.session.curves.of(thing)
        job = None if heard is None else heard.job
        with self.hold_sync():
            self.askable = thing is not None
            self.asking = job is not None and not job.ended
            self.answers = [] if heard is None else answer_rows(heard, self.session.curves.titles)
            self.summary = summary_of(self.answers)

    def _job_changed(self, job: Any) -> None:
        thing = self._thing()
        heard = None if thing is None else self.session.curves.of(thing)
        if heard is not None and heard.job is job:
            self._asked()

    def on_ask(self) -> None:
        """Ask the archives about what is selected."""
        thing = self._thing()
        if thing is not None and not self.asking:
            job = self.verbs.submit(self.verbs.live_curves, thing)
            self.session.curves.follow(thing, job)

    def on_stop(self) -> None:
        """Ask no longer."""
        thing = self._thing()
        heard = None if thing is None else self.session.curves.of(thing)
        if heard is not None and heard.job is not None:
            heard.job.cancel()

    # browser -> session

    def _on_brush(self, event: Any) -> None:
        with self.session.notices.guard(self.doing):
            if not event.final:
                return
            x0, x1 = sorted((event.geometry["x0"], event.geometry["x1"]))
            if x1 > x0:
                self._brush_between(x0, x1)

    def _on_double_tap(self, event: Any) -> None:
        with self.session.notices.guard(self.doing):
            self.on_clear()

    def as_rows(self) -> Twin:
        """See `Twinned`."""
        return twin_of(self.session.curves.shown, self.session.curves.titles, self._brush_between)

    def _brush_between(self, start: float, stop: float) -> None:
        """Brush what lies between two instants, ms."""
        self.verbs.brush(*(Time(x / 1e3, format="unix", scale="utc") for x in (start, stop)), by=ME)

    def step(self, way: int, end: bool, axis: str = "x") -> None:
        """See `Stepped`: a time range."""
        times, chosen = self.shared.times, self.session.selection.time_range
        now = None
        if chosen is not None:
            now = float(milliseconds(chosen[0])[0]), float(milliseconds(chosen[1])[0])
        self._brush_between(*stepped((times.start, times.end), now, way, end))

    def on_rendered(self, child: str, revision: int) -> None:
        """A view was painted, maybe from an older state."""
        if self.child is not None and child == self.child.model_id and revision != self.child.revision:
            self.child.renew()

    def on_clear(self) -> None:
        """All times again."""
        self.verbs.brush(by=ME)

    def on_log(self, on: bool) -> None:
        """The axis switch."""
        self.session.curves.log_y = bool(on)

    def close(self) -> None:
        """Stop following the session, and close the widgets."""
        super().close()
        if self.child is not None:
            self.child.close()


def _instants(marks: list[Any]) -> list[float]:
    mjd = mjd_of_days(days_of([time for _name, time in marks]))
    return ((mjd - MJD_OF_0) * DAY).tolist()
