"""Light curve: Bokeh in our panel, following the selection.

The figure is made once, and again only where its axis changes; a selection sets the data of its sources.
BokehJS comes with the panel's state from the installed bokeh, so that it matches and needs no network, and the
notebook does not carry it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
import traitlets
from astropy.time import Time

from skyexplorer.model.lightcurve import LightCurve
from skyexplorer.session.session import Session
from skyexplorer.session.text import _
from skyexplorer.views.panel import Panel

ME = "light curve"
# Okabe and Ito, without black; a second turn takes other markers.
COLORS = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#F0E442", "#0072B2", "#999999")
MARKERS = ("circle", "square", "diamond", "triangle", "hex", "star", "inverted_triangle", "plus")
DAY = 86.4e6  # ms
LABELLED = 8  # event lines with a name; more would lie over each other
POINTS = ("x", "y", "lo", "hi", "x0", "x1", "color", "marker", "band", "when", "text")
LIMITS = ("x", "y", "x0", "x1", "color", "band", "when", "text", "arrow")
NO_TIMES = (1.2e12, 1.7e12)  # ms, 2008 to 2023: where there is neither point nor event
NEAR = 0.6  # of the span of a curve: how far from it an event may be and still be in view
EMPTY_POINTS: dict[str, list[Any]] = {name: [] for name in POINTS}
EMPTY_LIMITS: dict[str, list[Any]] = {name: [] for name in LIMITS}


def milliseconds(time: Time) -> np.ndarray:
    """Milliseconds since 1970 UTC, as Bokeh counts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "dubious year" of dates beyond the leap-second table
        return np.atleast_1d(time.utc.unix) * 1e3


class LightCurvePanel(Panel):
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
        self._build()
        self.link(session.curves.changed, self._curves_changed)
        self.link(session.selection.time_range_changed, self._brush_changed)
        for signal in (session.layers.added, session.layers.removed):
            self.link(signal, lambda layer: self._mark_events())
        self.link(session.layers.changed, self._layer_changed)

    def texts(self) -> dict[str, str]:
        """Visible texts of the panel."""
        return {
            "panel": _("Light curve"),
            "nothing": _("Select a source to see its light curve."),
            "log": _("Logarithmic axis"),
            "clear": _("Clear the time range"),
            "plot": _("Light curve; drag to choose a time range"),
            "failed": _("BokehJS could not be started in this page."),
        }

    # figure

    def _build(self) -> None:
        from bokeh.models import (
            BasicTickFormatter,
            BoxAnnotation,
            BoxSelectTool,
            ColumnDataSource,
            HoverTool,
            LabelSet,
            PanTool,
            Range1d,
            ResetTool,
            WheelZoomTool,
        )
        from bokeh.plotting import figure

        from skyexplorer.views.bokeh_model import FigureModel

        old = self.child
        self.points = ColumnDataSource(EMPTY_POINTS)
        self.limits = ColumnDataSource(EMPTY_LIMITS)
        self.events = ColumnDataSource({"x": [], "name": [], "y": []})
        self.others = ColumnDataSource({"x": [], "name": []})
        brush = BoxSelectTool(dimensions="width", description=_("Choose a time range"))
        fig = figure(
            x_axis_type="datetime",
            y_axis_type="log" if self.session.curves.log_y else "linear",
            # Not DataRange1d: once zoomed by hand, that no longer follows the data of another source.
            x_range=Range1d(*NO_TIMES),
            y_range=Range1d(1, 10),
            sizing_mode="stretch_both",
            toolbar_location="right",
            tools=[brush, PanTool(), WheelZoomTool(dimensions="width"), ResetTool()],
            active_drag=brush,
            output_backend="canvas",
            min_border_left=10,
            lod_threshold=None,
        )
        fig.toolbar.logo = None
        self.other_lines = fig.vspan(x="x", source=self.others, line_width=1, line_alpha=0.2)
        self.event_lines = fig.vspan(x="x", source=self.events, line_width=1.6, line_dash=[5, 4])
        self.labels = LabelSet(
            x="x", y="y", text="name", source=self.events, y_units="screen", angle=np.pi / 2, x_offset=-3,
            text_font_size="11px", text_baseline="bottom",
        )  # fmt: skip
        fig.add_layout(self.labels)
        fig.segment("x0", "y", "x1", "y", source=self.points, color="color", line_width=1.4, line_alpha=0.75)
        fig.segment("x", "lo", "x", "hi", source=self.points, color="color", line_width=1.4)
        self.dots = fig.scatter(
            "x", "y", source=self.points, color="color", marker="marker", size=7, legend_field="band",
            nonselection_alpha=0.35,
        )  # fmt: skip
        fig.segment("x0", "y", "x1", "y", source=self.limits, color="color", line_width=1.6)
        self.arrows = fig.text(
            "x", "y", text="arrow", source=self.limits, text_color="color", text_font_size="19px",
            text_align="center", text_baseline="top", y_offset=-3,
        )  # fmt: skip
        caps = fig.scatter("x", "y", source=self.limits, color="color", marker="dash", size=9)
        fig.add_tools(
            HoverTool(
                renderers=[self.dots, caps],
                tooltips=[("", "@text"), ("", "@when"), ("", "@band")],
                attachment="above",
            )
        )
        self.range_box = BoxAnnotation(fill_alpha=0.16, line_alpha=0.6, level="underlay", visible=False)
        fig.add_layout(self.range_box)
        fig.legend.visible = False
        fig.legend.label_text_font_size = "11px"
        fig.legend.padding, fig.legend.spacing, fig.legend.glyph_width = 4, 0, 14
        fig.add_layout(fig.legend[0], "right")  # beside the points, not over them
        fig.yaxis.axis_label_standoff = 6
        if not self.session.curves.log_y:
            fig.yaxis.formatter = BasicTickFormatter(precision=1)
        self.figure = fig
        # Wired before the widget is made: later ones would not reach Python.
        fig.on_event("selectiongeometry", self._on_brush)
        fig.on_event("doubletap", self._on_double_tap)
        fig.on_event("reset", self._on_double_tap)
        self.paint(self._dark)
        self._fill()
        self.child = FigureModel(fig, combine_events=True)
        if old is not None:
            old.close()

    def paint(self, dark: bool) -> None:
        """Colours of the figure for a dark or a light page."""
        self._dark = dark
        ink, soft, ground, line = (
            ("#dbe4f0", "#93a3b8", "#0f1622", "#25324a")
            if dark
            else ("#1c2733", "#566575", "#ffffff", "#dde3ea")
        )
        fig = self.figure
        fig.background_fill_color = fig.border_fill_color = ground
        fig.outline_line_color = None
        for axis in (*fig.xaxis, *fig.yaxis):
            axis.axis_label_text_color = axis.major_label_text_color = soft
            axis.axis_line_color = axis.major_tick_line_color = line
            axis.minor_tick_line_color = None
            axis.axis_label_text_font_style = "normal"
            axis.axis_label_text_font_size = axis.major_label_text_font_size = "11px"
        fig.xgrid.grid_line_color = fig.ygrid.grid_line_color = line
        fig.xgrid.grid_line_alpha = fig.ygrid.grid_line_alpha = 0.7
        fig.legend.background_fill_color, fig.legend.background_fill_alpha = ground, 0.8
        fig.legend.border_line_color, fig.legend.label_text_color = None, ink
        self.labels.text_color = ink
        self.event_lines.glyph.line_color = ink
        self.other_lines.glyph.line_color = soft
        self.range_box.fill_color = self.range_box.line_color = "#7db4ff" if dark else "#1f6feb"

    # session -> figure

    def _curves_changed(self) -> None:
        if self.session.curves.log_y != self.log_y:
            self.log_y = self.session.curves.log_y
            self._build()
        else:
            self._fill()

    def _fill(self) -> None:
        curves = self.session.curves
        drawn, left_out = _of_one_unit(curves.shown)
        points, limits = _data(drawn, log=curves.log_y)
        with self.hold_sync(), self._one_patch():
            self.points.data, self.limits.data = points, limits
            several = len(set(points["band"])) > 1
            self.figure.legend.visible = several
            self.has_data = bool(curves.shown)
            self.title, self.message = curves.title, " ".join(filter(None, (curves.message, *left_out)))
            self.subtitle = " · ".join(dict.fromkeys(_described(curve) for curve in curves.shown))
            if curves.shown:
                first = curves.shown[0]
                unit = first.value.unit.to_string("unicode").replace(" ", " ")
                self.figure.yaxis.axis_label = f"{first.quantity or _('value')} ({unit})"
            self._mark_events()
            self._fit()
            self._brush_changed(self.session.selection.time_range, "")

    def _one_patch(self) -> Any:
        """What changes within goes to the browser at once."""
        return contextlib.nullcontext() if self.child is None else self.child.together()

    def _fit(self) -> None:
        """Axes around the points, and around the events that are not far from them."""
        points, limits = self.points.data, self.limits.data
        events = [*self.events.data["x"]]
        times = np.array([*points["x0"], *points["x1"], *limits["x0"], *limits["x1"]])
        if len(times):
            low, high = times.min(), times.max()
            reach = NEAR * max(high - low, DAY)
            near = [x for x in events if low - reach <= x <= high + reach]
        else:
            near = [*events, *self.others.data["x"]]
        times = np.array([*times, *near])
        low, high = (times.min(), times.max()) if len(times) else NO_TIMES
        pad = 0.03 * (high - low) or DAY
        values = np.array([*points["lo"], *points["hi"], *limits["y"]])
        bottom, top = (values.min(), values.max()) if len(values) else (1.0, 10.0)
        if self.session.curves.log_y:
            air = max((top / bottom) ** 0.12, 1.3)
            bottom, top = bottom / air, top * air
        else:
            air = 0.12 * (top - bottom) or 0.12 * abs(top) or 1.0
            bottom, top = bottom - air, top + air
        shown = self.session.curves.shown
        if shown and shown[0].value.unit.is_equivalent("mag"):
            bottom, top = top, bottom  # bright is up, and has the smaller magnitude
        for axis, ends in (
            (self.figure.x_range, (low - pad, high + pad)),
            (self.figure.y_range, (bottom, top)),
        ):
            start, end = map(float, ends)
            axis.update(start=start, end=end, reset_start=start, reset_end=end)

    def _layer_changed(self, layer: Any, field: str) -> None:
        if field == "visible":
            self._mark_events()

    def _mark_events(self) -> None:
        marks = list(self.session.curves.marks)[:LABELLED]
        named = {name for name, _time in marks}
        rest = [(name, time) for name, time in self.session.event_times if name not in named]
        with self._one_patch():
            self.events.data = {
                "x": _instants(marks),
                "name": [name for name, _time in marks],
                "y": [6] * len(marks),
            }
            self.others.data = {"x": _instants(rest), "name": [name for name, _time in rest]}

    def _brush_changed(self, time_range: Any, by: str) -> None:
        if time_range is None:
            self.range_box.visible = False
            self.brushed = ""
            # What Bokeh keeps as selected would leave the other points pale.
            self.points.selected.indices = []
            self.limits.selected.indices = []
            return
        start, stop = time_range
        self.range_box.update(
            left=float(milliseconds(start)[0]), right=float(milliseconds(stop)[0]), visible=True
        )
        self.brushed = f"{start.utc.iso[:10]} – {stop.utc.iso[:10]}"

    # browser -> session

    def _on_brush(self, event: Any) -> None:
        with self.session.notices.guard(self.doing):
            if not event.final:
                return
            x0, x1 = sorted((event.geometry["x0"], event.geometry["x1"]))
            if x1 > x0:
                self.verbs.brush(*(Time(x / 1e3, format="unix", scale="utc") for x in (x0, x1)), by=ME)

    def _on_double_tap(self, event: Any) -> None:
        with self.session.notices.guard(self.doing):
            self.on_clear()

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


def _of_one_unit(curves: tuple[LightCurve, ...]) -> tuple[list[LightCurve], list[str]]:
    """Those that share the axis of the first, in its unit, and what to say of the others."""
    drawn: list[LightCurve] = []
    left_out = []
    for curve in curves:
        unit = curves[0].value.unit
        if curve.value.unit == unit:
            drawn.append(curve)
        elif curve.value.unit.is_equivalent(unit):
            errors = (curve.error[0].to(unit), curve.error[1].to(unit))
            drawn.append(dataclasses.replace(curve, value=curve.value.to(unit), error=errors))
        else:
            left_out.append(
                _("{name} is in {unit}, which has no place on this axis.").format(
                    name=curve.name, unit=curve.value.unit.to_string("unicode")
                )
            )
    return drawn, left_out


def _instants(marks: list[Any]) -> list[float]:
    return [float(milliseconds(time)[0]) for _name, time in marks]


def _described(curve: LightCurve) -> str:
    band = curve.band if isinstance(curve.band, str) else ""
    return " ".join(part for part in (curve.origin.title, band) if part)


def _data(curves: Sequence[LightCurve], *, log: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Columns for points and for limits."""
    points: dict[str, list[Any]] = {name: [] for name in POINTS}
    limits: dict[str, list[Any]] = {name: [] for name in LIMITS}
    styles: dict[str, int] = {}
    for curve in curves:
        labels = [f"{curve.name} {band}".strip() if len(curves) > 1 else band for band in curve.bands]
        for label in dict.fromkeys(labels):
            styles.setdefault(label, len(styles))
        x, y = milliseconds(curve.time), np.asarray(curve.value.value, float)
        minus, plus = (np.nan_to_num(np.asarray(error.value, float)) for error in curve.error)
        x0, x1 = (milliseconds(t) for t in curve.time_bounds) if curve.time_bounds else (x, x)
        low, high = y - minus, y + plus
        good = np.isfinite(y)
        if log:
            good &= y > 0
            low = np.where(low > 0, low, y * 0.05)
        unit = curve.value.unit.to_string("unicode")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            when = curve.time.utc.iso
            mjd = curve.time.utc.mjd
        for i in np.flatnonzero(good):
            number = styles[labels[i]]
            common = {
                "x": x[i], "y": y[i], "x0": x0[i], "x1": x1[i], "color": COLORS[number % len(COLORS)],
                "band": labels[i], "when": f"{when[i][:16]} UTC, MJD {mjd[i]:.3f}",
            }  # fmt: skip
            if curve.upper_limit[i]:
                row = {**common, "text": f"< {y[i]:.4g} {unit}", "arrow": "↓"}
                for name in LIMITS:
                    limits[name].append(row[name])
            else:
                error = f"+{plus[i]:.2g} −{minus[i]:.2g}" if minus[i] or plus[i] else ""
                row = {
                    **common, "lo": low[i], "hi": high[i], "text": f"{y[i]:.4g} {error} {unit}",
                    "marker": MARKERS[number % len(MARKERS)],
                }  # fmt: skip
                for name in POINTS:
                    points[name].append(row[name])
    return points, limits
