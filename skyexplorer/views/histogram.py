"""Histogram of a column: bins over what is in view, marked rows in their colour, a drag marks."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyexplorer.model import binning
from skyexplorer.session import plots
from skyexplorer.session.layers import RowsLayer
from skyexplorer.session.text import _
from skyexplorer.views.plots import ColumnsPanel, parts_of, short, told
from skyexplorer.views.stepping import Stepped, stepped
from skyexplorer.views.twin import Twin, number

BARS = ("left", "right", "top", "bottom", "text")


class HistogramPanel(Stepped, ColumnsPanel):
    """How often the values of a column occur."""

    name = "histogram"
    doing = _("The histogram")

    _span: tuple[float, float] | None = None
    """The range that was marked here last, as the axis counts; it may hold no row, in a gap between the values."""

    def texts(self) -> dict[str, str]:
        """Visible texts of the panel."""
        plot = _("Histogram; drag, or press the arrow keys, to mark a range; click a bar to mark its rows")
        return {**super().texts(), "plot": plot}

    def build(self, logs: tuple[bool, bool]) -> Any:
        """See `ColumnsPanel.build`."""
        from bokeh.models import (
            BasicTickFormatter,
            BoxSelectTool,
            ColumnDataSource,
            HoverTool,
            PanTool,
            Range1d,
            ResetTool,
            WheelZoomTool,
        )
        from bokeh.plotting import figure

        self.bars, self.chosen = (ColumnDataSource({name: [] for name in BARS}) for _each in range(2))
        self.lines = ColumnDataSource({"x": []})
        brush = BoxSelectTool(dimensions="width", description=_("Mark a range of values"))
        fig = figure(
            x_axis_type="log" if logs[0] else "linear", y_axis_type="log" if logs[1] else "linear",
            x_range=Range1d(1, 10), y_range=Range1d(0.5, 10), sizing_mode="stretch_both", toolbar_location="right",
            tools=[brush, PanTool(dimensions="width"), WheelZoomTool(dimensions="width"), ResetTool()],
            active_drag=brush, output_backend="canvas", min_border_right=8, min_border_top=6,
        )  # fmt: skip
        fig.toolbar.logo = None
        shape = {"left": "left", "right": "right", "top": "top", "bottom": "bottom"}
        self.all = fig.quad(**shape, source=self.bars)
        self.some = fig.quad(**shape, source=self.chosen)
        self.here = fig.vspan(x="x", source=self.lines, line_width=2)
        for bars in (self.all, self.some):
            bars.nonselection_glyph = bars.selection_glyph = None
        fig.add_tools(HoverTool(renderers=[self.all], tooltips=[("", "@text")], attachment="above"))
        if not logs[1]:
            fig.yaxis.formatter = BasicTickFormatter(use_scientific=False)
            fig.yaxis.ticker.min_interval = 1
        fig.yaxis.ticker.desired_num_ticks = 4
        fig.yaxis.axis_label = _("rows")
        self.watch(fig)
        self.listen(fig, self._brushed, self._tapped)
        return fig

    def painted(self, ink: str, soft: str, ground: str, line: str, mark: str) -> None:
        """See `PlotPanel.painted`."""
        layer = self.layer
        color = mark if layer is None else layer.color
        some = layer is not None and bool(layer.marked.any())
        for glyph, fill, alpha in (
            (self.all.glyph, soft if some else color, 0.28 if some else 0.8),
            (self.some.glyph, color, 0.95),
        ):
            glyph.update(fill_color=fill, line_color=ground, fill_alpha=alpha, line_width=1)
        self.here.glyph.line_color = ink

    def fill(self, layer: RowsLayer) -> None:
        """See `ColumnsPanel.fill`."""
        shows, fig = self.shows, self.figure
        values = binning.scaled(plots.values(layer, shows.x), shows.log_x)
        good = np.isfinite(values)
        rows = layer.shown & good
        whole = binning.span(values[rows])
        low, high = self._window() if self._free else whole
        if not low < high:
            low, high = whole
        within = values if not self._free else np.where((values >= low) & (values <= high), values, np.nan)
        bins = shows.bins or binning.good_bins(within[layer.shown], low, high)
        found = binning.Histogram(values, low, high, bins)
        every, some = found.counts(rows), found.counts(rows & layer.marked)
        edges = 10**found.edges if shows.log_x else found.edges
        floor = 0.5 if shows.log_y else 0.0
        texts = [
            _("{count} rows from {low:.4g} to {high:.4g}").format(count=f"{count:,}", low=low, high=high)
            for count, low, high in zip(every, edges[:-1], edges[1:], strict=True)
        ]
        for source, counts in ((self.bars, every), (self.chosen, some)):
            source.data = {
                "left": edges[:-1], "right": edges[1:], "top": np.maximum(counts, floor).astype(float),
                "bottom": np.full(bins, floor), "text": texts,
            }  # fmt: skip
        most = float(every.max(initial=1)) or 1.0
        top = most**1.08 * 1.3 if shows.log_y else most * 1.08
        fig.y_range.update(start=floor, end=top, reset_start=floor, reset_end=top)
        if not self._free:
            air = 0.02 * (high - low)
            start, end = (float(10**value if shows.log_x else value) for value in (low - air, high + air))
            fig.x_range.update(start=start, end=end, reset_start=start, reset_end=end)
        self.fitted()
        fig.xaxis.axis_label = self.label("x")
        beyond = int(rows.sum()) - int(every.sum())
        self.note = " · ".join(
            filter(
                None,
                [
                    _("{count} rows in {bins} bins").format(count=f"{int(every.sum()):,}", bins=bins),
                    told(beyond, _("{count} out of view"), _("{count} out of view")),
                    *parts_of(layer, good),
                ],
            )
        )
        self.paint(self._dark)

    def _window(self) -> tuple[float, float]:
        axis = self.figure.x_range
        ends = np.sort(np.array([axis.start, axis.end], float))
        low, high = binning.scaled(ends, self.shows.log_x)
        return float(low), float(high)

    def point_out(self, rows: list[int]) -> None:
        """See `ColumnsPanel.point_out`."""
        layer = self.layer
        x: Any = [] if layer is None or not rows else plots.values(layer, self.shows.x)[rows]
        self.lines.data = {"x": x}

    def _controls(self, layer: RowsLayer | None) -> list[dict[str, Any]]:
        bins = {
            "name": "bins", "kind": "number", "label": _("Number of bins; 0 for as many as the values call for"),
            "text": _("bins"), "value": self.shows.bins, "least": 0, "most": plots.MOST_BINS,
        }  # fmt: skip
        return [*super()._controls(layer), bins]

    def as_rows(self) -> Twin:
        """See `Twinned`."""
        heads = [_("From"), _("To"), _("Rows"), _("Marked")]
        layer = self.layer
        if layer is None or self.figure is None:
            return Twin(_("Histogram"), heads)
        left, right, top = (self.bars.data[name] for name in ("left", "right", "top"))
        some, floor = self.chosen.data["top"], self.bars.data["bottom"]

        def texts(start: int, stop: int) -> list[list[str]]:
            counts = (
                (0 if tops[at] <= floor[at] else int(tops[at]) for tops in (top, some))
                for at in range(start, stop)
            )
            return [
                [number(left[at]), number(right[at]), *(f"{count:,}" for count in own)]
                for at, own in zip(range(start, stop), counts, strict=True)
            ]

        caption = _("{layer}: how many rows have which {column}").format(
            layer=layer.name, column=self.label("x")
        )
        return Twin(
            caption, heads, frozenset(range(4)), len(left), texts,
            lambda at: self._mark(float(left[at]), float(right[at])),
        )  # fmt: skip

    def step(self, way: int, end: bool, axis: str = "x") -> None:
        """See `Stepped`: the marked range."""
        if self.layer is None or self.figure is None:
            return
        span = stepped(self._window(), self._span, way, end)
        low, high = (10**value if self.shows.log_x else value for value in span)
        self._mark(short(low), short(high))
        self._span = span  # to the last digit: many steps there and back end where they began

    def _mark(self, low: float, high: float) -> None:
        """Mark the rows between two values; keys go on from there."""
        if self.layer is None:
            return
        self.verbs.mark(self.layer.name, (low, high), of=self.shows.x, by=self.name)
        ends = binning.scaled(np.array([low, high]), self.shows.log_x)
        self._span = float(ends[0]), float(ends[1])

    def forget(self) -> None:
        """See `ColumnsPanel.forget`."""
        self._span = None

    def _brushed(self, event: Any) -> None:
        x0, x1 = sorted((float(event.geometry["x0"]), float(event.geometry["x1"])))
        self.bars.selected.indices = []
        if self.layer is not None and x1 > x0:
            self._mark(short(x0), short(x1))

    def _tapped(self, event: Any) -> None:
        """A click on a bar marks its rows."""
        left, right, top = (np.asarray(self.bars.data[name], float) for name in ("left", "right", "top"))
        at = np.flatnonzero((left <= event.x) & (event.x < right) & (event.y <= top))
        if len(at) and self.layer is not None:
            self._mark(float(left[at[0]]), float(right[at[0]]))
