"""A pane of the light-curve panel: one figure with its value axis. Several stand above each other, on one time axis.

A pane alone has its legend beside it and says quantity and unit on its axis. Several have one legend, which the panel shows
above them; the topmost has the MJD, the last the dates, and their frames are equally high, each exactly above the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from skyexplorer.session.text import _
from skyexplorer.views import curve_data
from skyexplorer.views.curve_data import DAY, MJD_OF_0, Axis

LEFT = 74  # px that the labels of the value axis of any of several panes have
ABOVE, BELOW = 20, 23  # px that the labels of MJD and of dates take
MANY = (
    (1500, 3, 0.8),
    (150, 4.5, 1.0),
    (0, 7, 1.4),
)  # points of a pane: from so many on, size of a marker, width of a line
LINE, LINES = 15, 9  # px of a line of the legend, and how many stand in a column
MJD_TICK = "return (index == 0 ? 'MJD ' : '') + (Math.round(tick * 1e4) / 1e4)"
FOLLOW = f"mjd.setv({{start: cb_obj.start / {DAY} + {MJD_OF_0}, end: cb_obj.end / {DAY} + {MJD_OF_0}}})"


class Shared:
    """What all panes have in common: the time axis, and the events on it."""

    def __init__(self, start: float, end: float) -> None:
        from bokeh.models import ColumnDataSource, CustomJS, Range1d

        # Not DataRange1d: once zoomed by hand, that no longer follows the data of another source.
        self.times = Range1d(start, end)
        self.mjd = Range1d(start / DAY + MJD_OF_0, end / DAY + MJD_OF_0)
        follow = CustomJS(args={"mjd": self.mjd}, code=FOLLOW)
        for name in ("start", "end"):
            self.times.js_on_change(name, follow)
        self.events = ColumnDataSource({"x": [], "name": [], "y": []})
        self.others = ColumnDataSource({"x": [], "name": []})

    def look(self, start: float, end: float) -> None:
        """Show these times."""
        self.times.update(start=start, end=end, reset_start=start, reset_end=end)
        self.mjd.update(start=start / DAY + MJD_OF_0, end=end / DAY + MJD_OF_0)


class Pane:
    """One figure.

    Parameters
    ----------
    shared : Shared
    log : bool
        Whether its value axis is logarithmic.
    first, last : bool
        Whether it is the topmost and the last of all.
    """

    def __init__(self, shared: Shared, *, log: bool, first: bool = True, last: bool = True) -> None:
        from bokeh.models import (
            BasicTickFormatter,
            BoxAnnotation,
            BoxSelectTool,
            ColumnDataSource,
            CustomJSTickFormatter,
            HoverTool,
            LabelSet,
            LinearAxis,
            PanTool,
            Range1d,
            ResetTool,
            WheelZoomTool,
        )
        from bokeh.plotting import figure

        self.log, self.alone = log, first and last
        self.points = ColumnDataSource(curve_data.EMPTY_POINTS)
        self.limits = ColumnDataSource(curve_data.EMPTY_LIMITS)
        brush = BoxSelectTool(dimensions="width", description=_("Choose a time range"))
        fig = figure(
            x_axis_type="datetime",
            y_axis_type="log" if log else "linear",
            x_range=shared.times,
            y_range=Range1d(1, 10),
            sizing_mode="stretch_both",
            toolbar_location="right" if first else None,
            tools=[brush, PanTool(), WheelZoomTool(dimensions="width"), ResetTool()],
            active_drag=brush,
            output_backend="canvas",
            min_border_left=10 if self.alone else LEFT,
            min_border_right=34,
            min_border_top=0 if first else 5,
            min_border_bottom=0 if last else 2,
            # All grow alike beyond what their axes take.
            styles={} if self.alone else {"flex": f"1 1 {ABOVE * first + BELOW * last}px", "min-height": "0"},
            lod_threshold=None,
        )
        fig.toolbar.logo = None
        if first:
            fig.extra_x_ranges = {"mjd": shared.mjd}
            self.mjd = LinearAxis(x_range_name="mjd", formatter=CustomJSTickFormatter(code=MJD_TICK))
            fig.add_layout(self.mjd, "above")
        fig.xaxis.visible = True
        self.dates = fig.below[0]
        self.dates.visible = last
        self.other_lines = fig.vspan(x="x", source=shared.others, line_width=1, line_alpha=0.2)
        self.event_lines = fig.vspan(x="x", source=shared.events, line_width=1.6, line_dash=[5, 4])
        self.labels = LabelSet(
            x="x", y="y", text="name", source=shared.events, y_units="screen", angle=np.pi / 2, x_offset=-3,
            text_font_size="11px", text_baseline="bottom", visible=last,
        )  # fmt: skip
        fig.add_layout(self.labels)
        self.bars = [
            fig.segment("x0", "y", "x1", "y", source=self.points, color="color", line_alpha=0.75),
            fig.segment("x", "lo", "x", "hi", source=self.points, color="color"),
        ]
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
        legend = fig.legend[0]
        legend.visible = False
        legend.label_text_font_size = "11px"
        legend.padding, legend.spacing, legend.glyph_width = 4, 0, 14
        legend.glyph_height = legend.label_height = LINE
        fig.add_layout(legend, "right")  # beside the points, not over them
        fig.yaxis.axis_label_standoff = 6
        if not log:
            fig.yaxis.formatter = BasicTickFormatter(precision=1)
        fig.yaxis.ticker.desired_num_ticks = 6 if self.alone else 3
        self.figure, self.legend = fig, legend

    def listen(self, brushed: Callable[[Any], object], again: Callable[[Any], object]) -> None:
        """What a drag and a double click call; to be wired before the widget is made."""
        self.figure.on_event("selectiongeometry", brushed)
        self.figure.on_event("doubletap", again)
        self.figure.on_event("reset", again)

    def paint(self, ink: str, soft: str, ground: str, line: str, mark: str) -> None:
        """Colours: of text, of lesser text, behind all, of lines, and of what is chosen."""
        fig = self.figure
        fig.background_fill_color = fig.border_fill_color = ground
        fig.outline_line_color = None if self.alone else line
        for axis in (*fig.xaxis, *fig.yaxis):
            axis.axis_label_text_color = axis.major_label_text_color = soft
            axis.axis_line_color = axis.major_tick_line_color = line
            axis.minor_tick_line_color = None
            axis.axis_label_text_font_style = "normal"
            axis.axis_label_text_font_size = axis.major_label_text_font_size = "11px"
        fig.xgrid.grid_line_color = fig.ygrid.grid_line_color = line
        fig.xgrid.grid_line_alpha = fig.ygrid.grid_line_alpha = 0.7
        self.legend.background_fill_color, self.legend.background_fill_alpha = ground, 0.8
        self.legend.border_line_color, self.legend.label_text_color = None, ink
        self.labels.text_color = ink
        self.event_lines.glyph.line_color = ink
        self.other_lines.glyph.line_color = soft
        self.range_box.fill_color = self.range_box.line_color = mark

    def fill(self, axis: Axis | None, labels: Sequence[Sequence[str]], styles: dict[str, int]) -> None:
        """Put the curves of an axis into it, or nothing."""
        curves = [] if axis is None else axis.curves
        points, limits = curve_data.columns(curves, log=self.log, labels=labels, styles=styles)
        self.points.data, self.limits.data = points, limits
        bands = len({*points["band"], *limits["band"]})
        self.legend.visible, self.legend.ncols = self.alone and bands > 1, max(-(-bands // LINES), 1)
        size, width = next(look for count, *look in MANY if len(points["x"]) >= count)
        self.dots.glyph.size = size
        for bar in self.bars:
            bar.glyph.line_width = width
        if axis is None:
            return
        unit = axis.unit.to_string("unicode").replace(" ", " ")
        name = axis.quantity or _("value")
        if self.alone:
            self.figure.yaxis.axis_label = f"{name} ({unit})" if unit else name
        else:
            self.figure.yaxis.axis_label = unit or name.rsplit(" ", 1)[-1]  # there is no room for more
        self._fit(axis.magnitudes)

    def _fit(self, magnitudes: bool) -> None:
        """The value axis around the points."""
        points, limits = self.points.data, self.limits.data
        values = np.array([*points["lo"], *points["hi"], *limits["y"]])
        bottom, top = (values.min(), values.max()) if len(values) else (1.0, 10.0)
        if self.log:
            air = max((top / bottom) ** 0.12, 1.3)
            bottom, top = bottom / air, top * air
        else:
            air = 0.12 * (top - bottom) or 0.12 * abs(top) or 1.0
            bottom, top = bottom - air, top + air
            self._ticks(bottom, top)
        if magnitudes:
            bottom, top = top, bottom  # bright is up, and has the smaller magnitude
        start, end = float(bottom), float(top)
        self.figure.y_range.update(start=start, end=end, reset_start=start, reset_end=end)

    def _ticks(self, bottom: float, top: float) -> None:
        """As many decimals as tell one tick from the next; very small and large numbers as powers of ten."""
        decimals = max(0, -int(np.floor(np.log10((top - bottom) / 3))))
        plain = decimals <= 4 and max(abs(bottom), abs(top)) < 1e5
        for axis in self.figure.yaxis:
            axis.formatter.update(use_scientific=not plain, precision=decimals if plain else 1)

    def brush(self, left: float | None, right: float | None) -> None:
        """Shade a time range, or none."""
        if left is None or right is None:
            self.range_box.visible = False
            # What Bokeh keeps as selected would leave the other points pale.
            self.points.selected.indices = []
            self.limits.selected.indices = []
        else:
            self.range_box.update(left=left, right=right, visible=True)
