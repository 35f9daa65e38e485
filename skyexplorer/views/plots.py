"""PlotPanel: what the histogram, the scatter plot and the spectrum have in common.

A plot is drawn when it is looked at, and again when what it shows has changed while it is; what changes meanwhile is made up
for when its tab is opened. Its figure is made once, and anew where an axis becomes logarithmic. BokehJS is that of the
light-curve panel, which carries it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import ipywidgets
import numpy as np
import traitlets

from skyexplorer.errors import InputError
from skyexplorer.session import plots
from skyexplorer.session.layers import RowsLayer
from skyexplorer.session.session import Session
from skyexplorer.session.text import _
from skyexplorer.views.panel import Panel
from skyexplorer.views.twin import Twinned, twin_texts

SETTLED = 140  # ms without a motion of the axes, after which bins are made for what is in view
# The browser counts up when the axes have come to rest; Python has their ends by then.
SETTLE = f"clearTimeout(settled.waiting); settled.waiting = setTimeout(() => settled.start += 1, {SETTLED});"
INK = {
    True: ("#dbe4f0", "#93a3b8", "#0f1622", "#25324a", "#7db4ff"),
    False: ("#1c2733", "#566575", "#ffffff", "#dde3ea", "#1f6feb"),
}
"""Colours on a dark and on a light page: text, lesser text, ground, lines, and what is chosen."""


class PlotPanel(Twinned, Panel):
    """A plot in the dock.

    Parameters
    ----------
    session, verbs
        See `Panel`.
    bokeh : Widget
        The panel that has ``_bokeh_js`` and ``_bokeh_version``.
    dark : bool
        Whether the page is.
    """

    kind = "figure"
    name = ""
    """Of its tab, one of ``session.plots.TABS``."""

    child = traitlets.Instance(ipywidgets.Widget, allow_none=True).tag(
        sync=True, **ipywidgets.widget_serialization
    )
    bokeh = traitlets.Instance(ipywidgets.Widget).tag(sync=True, **ipywidgets.widget_serialization)
    tab = traitlets.Unicode().tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)
    controls = traitlets.List(traitlets.Dict(), help="Menus and switches of the head.").tag(sync=True)
    legend = traitlets.List(traitlets.Dict(), help="A legend.").tag(sync=True)
    note = traitlets.Unicode(help="What is drawn, and how much of it is not.").tag(sync=True)
    more = traitlets.List(traitlets.Unicode(), help="What there is to say in a list.").tag(sync=True)
    more_label = traitlets.Unicode().tag(sync=True)
    marked = traitlets.Unicode(help="How many rows are marked.").tag(sync=True)
    complaint = traitlets.Unicode().tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)
    has_data = traitlets.Bool(False).tag(sync=True)

    def __init__(self, session: Session, verbs: Any, bokeh: Any, *, dark: bool = True) -> None:
        super().__init__(session, verbs, bokeh=bokeh, tab=self.name)
        self._dark = dark
        self._stale = True
        self._again = self.paced(self._draw)
        self.figure: Any = None
        self.link(session.plots.changed, self._plots_changed)

    def texts(self) -> dict[str, str]:
        """Visible texts of the panel."""
        return {
            "panel": self.title,
            "plot": _("Plot; drag to mark, click to select, double-click to unmark"),
            "plot_kind": _("plot"),
            "unmark": _("Unmark all"),
            "failed": _("BokehJS could not be started in this page."),
            "none": _("Nothing to plot."),
            **twin_texts(),
        }

    # when to draw

    @property
    def looked_at(self) -> bool:
        """Whether its tab is open."""
        return self.session.plots.tab == self.name

    def soon(self) -> None:
        """Draw it anew: in a moment, or when it is looked at."""
        self._stale = True
        if self.looked_at:
            self._again()

    def look(self) -> None:
        """The tab was opened."""
        if self._stale:
            self._draw()

    def _plots_changed(self, what: str) -> None:
        if what == self.name:
            self.soon()

    def _draw(self) -> None:
        self._stale = False
        with self.hold_sync():
            self.draw()
            self.twin_changed()

    def draw(self) -> None:
        """Put what is to be shown into the traits and the figure."""
        raise NotImplementedError

    # figures

    def put(self, figure: Any) -> None:
        """A new figure in place of the old one."""
        from skyexplorer.views.bokeh_model import FigureModel

        old, self.figure = self.child, figure
        self.paint(self._dark)
        self.child = FigureModel(figure, combine_events=True)
        if old is not None:
            old.close()

    def paint(self, dark: bool) -> None:
        """Colours for a dark or a light page."""
        self._dark = dark
        if self.figure is None:
            return
        with contextlib.nullcontext() if self.child is None else self.child.together():
            self._colour(*INK[dark])

    def _colour(self, ink: str, soft: str, ground: str, line: str, mark: str) -> None:
        fig = self.figure
        fig.background_fill_color = fig.border_fill_color = ground
        fig.outline_line_color = None
        for axis in (*fig.xaxis, *fig.yaxis):
            axis.axis_label_text_color = axis.major_label_text_color = soft
            axis.axis_line_color = axis.major_tick_line_color = line
            axis.minor_tick_line_color = None
            axis.axis_label_text_font_style = "normal"
            axis.axis_label_text_font_size = axis.major_label_text_font_size = "11px"
            axis.axis_label_standoff = 5
        fig.xgrid.grid_line_color = fig.ygrid.grid_line_color = line
        fig.xgrid.grid_line_alpha = fig.ygrid.grid_line_alpha = 0.7
        self.painted(ink, soft, ground, line, mark)

    def painted(self, ink: str, soft: str, ground: str, line: str, mark: str) -> None:
        """Colours of what only this plot has."""

    # browser -> session

    def on_rendered(self, child: str, revision: int) -> None:
        """A view was painted, maybe from an older state."""
        if self.child is not None and child == self.child.model_id and revision != self.child.revision:
            self.child.renew()

    def close(self) -> None:
        """Stop following the session, and close the widgets."""
        super().close()
        if self.child is not None:
            self.child.close()


class ColumnsPanel(PlotPanel):
    """A plot of columns of a layer, whose rows can be brushed."""

    def __init__(self, session: Session, verbs: Any, bokeh: Any, *, dark: bool = True) -> None:
        super().__init__(session, verbs, bokeh, dark=dark)
        self._logs: tuple[bool, bool] | None = None
        self._free = False  # whether somebody has moved the axes
        self._fitted: list[float] = []  # ends of the axes that were last set here
        self.link(session.layers.added, lambda layer: self.soon())
        self.link(session.layers.removed, lambda layer: self.soon())
        self.link(session.layers.changed, self._layer_changed)
        self.link(session.selection.sources_changed, lambda sources, by: self._selected())

    @property
    def shows(self) -> Any:
        """What the session says that it shows."""
        return getattr(self.session.plots, self.name)

    @property
    def layer(self) -> RowsLayer | None:
        """The layer whose columns are plotted, or None."""
        wanted = self.shows.layer
        return next((one for one in self.session.layers.values() if one.name == wanted), None)  # type: ignore[return-value]

    def _plots_changed(self, what: str) -> None:
        if what == self.name:
            self._free = False
            self.forget()
        super()._plots_changed(what)

    def forget(self) -> None:
        """What keys have marked is marked no more: they begin anew."""

    def _layer_changed(self, layer: Any, field: str) -> None:
        if layer is self.layer and field == "marked":
            self.forget()  # what is marked is another's, or, where it was done here, is noted after this
        if layer is self.layer and field in ("shown", "marked", "color"):
            self.soon()

    def _selected(self) -> None:
        if self.looked_at and self.layer is not None and self.figure is not None:
            self.point_out(self.selected_rows())

    def selected_rows(self) -> list[int]:
        """Rows of what is selected."""
        layer = self.layer
        found = () if layer is None else map(layer.row_of, self.session.selection.sources)
        return [row for row in found if row is not None]

    def point_out(self, rows: list[int]) -> None:
        """Show where these are."""
        raise NotImplementedError

    def build(self, logs: tuple[bool, bool]) -> Any:
        """A new figure."""
        raise NotImplementedError

    def fill(self, layer: RowsLayer) -> None:
        """Put the layer's columns into the figure."""
        raise NotImplementedError

    def draw(self) -> None:
        """See `PlotPanel.draw`."""
        layer, shows = self.layer, self.shows
        self.controls = self._controls(layer)
        self.has_data = layer is not None and bool(shows.x)
        if layer is None:
            self.note = self.marked = ""
            return
        logs = (shows.log_x, shows.log_y)
        if logs != self._logs:
            self._logs = logs
            self.put(self.build(logs))
        count = int(layer.marked.sum())
        self.marked = _("{count} marked").format(count=f"{count:,}") if count else ""
        with self.child.together():
            self.fill(layer)
            self.point_out(self.selected_rows())

    def _controls(self, layer: RowsLayer | None) -> list[dict[str, Any]]:
        rows = [one for one in reversed(self.session.layers.values()) if isinstance(one, RowsLayer)]
        found: list[dict[str, Any]] = [
            {
                "name": "layer", "kind": "select", "label": _("Layer"), "value": self.shows.layer,
                "options": [one.name for one in rows],
            }
        ]  # fmt: skip
        if layer is not None:
            names = list(plots.numeric(layer))
            labels = {"x": _("Column or expression, across"), "y": _("Column or expression, upwards")}
            for axis in plots.axes(self.shows):
                found.append(
                    {
                        "name": axis, "kind": "column", "label": labels[axis], "value": getattr(self.shows, axis),
                        "options": names,
                    }
                )  # fmt: skip
        for axis in ("x", "y"):
            found.append(
                {
                    "name": f"log_{axis}", "kind": "toggle", "text": f"log {axis}",
                    "label": _("Logarithmic axis {axis}").format(axis=axis),
                    "value": getattr(self.shows, f"log_{axis}"),
                }
            )  # fmt: skip
        return found

    # axes

    def watch(self, figure: Any) -> None:
        """Bins follow the axes when these have come to rest, and the size of the frame."""
        from bokeh.models import CustomJS, Range1d

        settled = Range1d(0, 1)
        follow = CustomJS(args={"settled": settled}, code=SETTLE)
        for axis in (figure.x_range, figure.y_range):
            for end in ("start", "end"):
                axis.js_on_change(end, follow)
        settled.on_change("start", lambda attr, old, new: self._moved())
        figure.on_change("inner_width", lambda attr, old, new: self.resized() if new != old else None)

    def _moved(self) -> None:
        with self.session.notices.guard(self.doing):
            if self._ends() == self._fitted:
                return  # moved from here, to hold all
            self._free = True
            if self.layer is not None and self.looked_at:
                self.rebin()

    def _ends(self) -> list[float]:
        return [end for axis in (self.figure.x_range, self.figure.y_range) for end in (axis.start, axis.end)]

    def fitted(self) -> None:
        """Remember that the axes are as Python has set them."""
        self._fitted = self._ends()

    def resized(self) -> None:
        """The frame has another size."""

    def rebin(self) -> None:
        """The axes were moved."""
        self._draw()

    def label(self, axis: str) -> str:
        """What stands at an axis: the column and its unit."""
        text = getattr(self.shows, axis)
        layer = self.layer
        unit = "" if layer is None else plots.unit(layer, text)
        return f"{text} ({unit})" if unit else text

    # browser -> session

    def listen(self, figure: Any, brushed: Callable[[Any], None], tapped: Callable[[Any], None]) -> None:
        """What a drag, a click and a double click call; to be wired before the widget is made."""

        def guarded(slot: Callable[[Any], None]) -> Callable[[Any], None]:
            def call(event: Any) -> None:
                with self.session.notices.guard(self.doing):
                    slot(event)

            return call

        figure.on_event("selectiongeometry", guarded(lambda event: brushed(event) if event.final else None))
        figure.on_event("tap", guarded(tapped))
        figure.on_event("doubletap", guarded(lambda event: self.on_unmark()))

    def on_unmark(self) -> None:
        """Nothing is marked any more."""
        self.forget()
        if self.layer is not None and self.layer.marked.any():
            self.verbs.mark(self.layer.name, by=self.name)

    def on_set(self, name: str, value: Any) -> None:
        """A menu or a switch."""
        layer = value if name == "layer" else self.shows.layer
        changes = {} if name == "layer" else {name: value}
        if self.name == "histogram" and "x" in changes:
            changes = {"column": value}
        try:
            getattr(self.verbs, self.name)(layer, **changes)
        except InputError as error:
            self.complaint = str(error)
            self.controls = [dict(control) for control in self._controls(self.layer)]
            return
        self.complaint = ""


def short(value: float) -> float:
    """A number without the digits that a hand does not mean."""
    return float(f"{float(value):.6g}")


def told(count: int, one: str, many: str) -> str:
    """A number of things, where there are any."""
    return "" if not count else (one if count == 1 else many).format(count=f"{count:,}")


def parts_of(layer: RowsLayer, good: np.ndarray) -> list[str]:
    """How many rows have no number, and how many are hidden."""
    return [
        told(
            int((layer.shown & ~good).sum()),
            _("{count} row without a number"),
            _("{count} rows without a number"),
        ),
        told(int((~layer.shown).sum()), _("{count} hidden by the filter"), _("{count} hidden by the filter")),
    ]
