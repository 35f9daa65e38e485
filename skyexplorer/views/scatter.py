"""Scatter plot of two columns: points where few, their density where many; a box, by hand or by keys, or a lasso marks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skyexplorer.model import binning
from skyexplorer.session import plots
from skyexplorer.session.layers import RowsLayer
from skyexplorer.session.text import _
from skyexplorer.views.plots import INK, ColumnsPanel, parts_of, short, told
from skyexplorer.views.stepping import Stepped, stepped
from skyexplorer.views.twin import Twin, number

MOST_POINTS = 5000
"""Rows in view up to which each is a point."""
CELL = 2  # px of the screen that a cell of the density is wide
SIZE = (420, 160)  # px of the frame, before the browser has told
NAMED = 20_000  # rows of a layer up to which points say their names
REACH = 10  # px from a click to a point
CORNERS = 90  # of a lasso: more are not written in a script
POINTS = ("x", "y", "name")


class ScatterPanel(Stepped, ColumnsPanel):
    """Two columns against each other."""

    name = "scatter"
    doing = _("The scatter plot")

    def __init__(self, *args: Any, **settings: Any) -> None:
        # Of the box that keys have marked, as the axes count.
        self._spans: dict[str, tuple[float, float]] = {}
        super().__init__(*args, **settings)

    def texts(self) -> dict[str, str]:
        """Visible texts of the panel."""
        plot = _("Scatter plot; drag, or press the arrow keys, to mark a box; click a point to select it")
        return {**super().texts(), "plot": plot}

    def build(self, logs: tuple[bool, bool]) -> Any:
        """See `ColumnsPanel.build`."""
        from bokeh.models import (
            BoxAnnotation,
            BoxSelectTool,
            ColumnDataSource,
            HoverTool,
            LassoSelectTool,
            PanTool,
            Range1d,
            ResetTool,
            WheelZoomTool,
        )
        from bokeh.plotting import figure

        self.rest, self.chosen = (ColumnDataSource({name: [] for name in POINTS}) for _each in range(2))
        self.ring = ColumnDataSource({"x": [], "y": []})
        self.image = ColumnDataSource({name: [] for name in ("image", "x", "y", "dw", "dh")})
        box = BoxSelectTool(description=_("Mark what is in a box"))
        lasso = LassoSelectTool(description=_("Mark what is in a drawn line"), continuous=False)
        fig = figure(
            x_axis_type="log" if logs[0] else "linear", y_axis_type="log" if logs[1] else "linear",
            x_range=Range1d(1, 10), y_range=Range1d(1, 10), sizing_mode="stretch_both", toolbar_location="right",
            tools=[box, lasso, PanTool(), WheelZoomTool(), ResetTool()], active_drag=box, output_backend="canvas",
            min_border_right=8, min_border_top=6, lod_threshold=None,
        )  # fmt: skip
        fig.toolbar.logo = None
        self.outline = BoxAnnotation(visible=False, fill_alpha=0.08, line_dash="dashed", line_width=1.2)
        fig.add_layout(self.outline)
        self.cells = fig.image_rgba(image="image", x="x", y="y", dw="dw", dh="dh", source=self.image)
        self.dots = fig.scatter("x", "y", source=self.rest, line_color=None)
        self.marks = fig.scatter("x", "y", source=self.chosen, line_color=None)
        self.rings = fig.scatter("x", "y", source=self.ring, size=15, fill_color=None, line_width=2.2)
        for drawn in (self.cells, self.dots, self.marks, self.rings):
            drawn.nonselection_glyph = drawn.selection_glyph = None
        fig.add_tools(
            HoverTool(renderers=[self.dots, self.marks], tooltips=[("", "@name")], attachment="above")
        )
        fig.yaxis.ticker.desired_num_ticks = 5
        self.watch(fig)
        self.listen(fig, self._brushed, self._tapped)
        return fig

    def painted(self, ink: str, soft: str, ground: str, line: str, mark: str) -> None:
        """See `PlotPanel.painted`."""
        layer = self.layer
        color = mark if layer is None else layer.color
        some = layer is not None and bool(layer.marked.any())
        few = len(self.rest.data["x"]) + len(self.chosen.data["x"]) < 400
        self.dots.glyph.update(
            fill_color=soft if some else color, fill_alpha=0.35 if some else 0.75, size=7 if few else 4
        )
        self.marks.glyph.update(fill_color=color, fill_alpha=0.95, size=8 if few else 5)
        self.rings.glyph.line_color = ink
        self.outline.update(fill_color=mark, line_color=mark)

    def paint(self, dark: bool) -> None:
        """The density, too, is of the page."""
        changed = dark != self._dark
        super().paint(dark)
        if changed and self.figure is not None and len(self.image.data["x"]):
            self.soon()

    def _scaled(self, layer: RowsLayer) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        shows = self.shows
        return (
            binning.scaled(plots.values(layer, shows.x), shows.log_x),
            binning.scaled(plots.values(layer, shows.y), shows.log_y),
        )

    def fill(self, layer: RowsLayer) -> None:
        """See `ColumnsPanel.fill`."""
        x, y = self._scaled(layer)
        good = np.isfinite(x) & np.isfinite(y)
        rows = layer.shown & good
        if not self._free:
            self._fit(x[rows], y[rows])
            self.fitted()
        window = self._window()
        density = binning.Density(x, y, window, self._cells())
        seen = density.within[rows[density.within]]
        if len(seen) <= MOST_POINTS:
            self._as_points(layer, seen)
        else:
            self._as_density(layer, density, rows)
        self.figure.xaxis.axis_label = self.label("x")
        # The plot may be low: its unit beside it.
        self.figure.yaxis.axis_label = self.label("y").replace(" (", "\n(")
        dense = len(seen) > MOST_POINTS
        shown = _("{count} rows, as their density") if dense else _("{count} rows")
        beyond = int(rows.sum()) - len(seen)
        parts = [
            shown.format(count=f"{len(seen):,}"),
            told(beyond, _("{count} out of view"), _("{count} out of view")),
        ]
        self.note = " · ".join(filter(None, [*parts, *parts_of(layer, good)]))
        self.paint(self._dark)

    def _frame(self) -> tuple[float, float]:
        """Width and height of the frame on the screen, px."""
        from bokeh.core.property.descriptors import UnsetValueError

        try:
            return self.figure.inner_width or SIZE[0], self.figure.inner_height or SIZE[1]
        except UnsetValueError:  # no browser has told it yet
            return SIZE

    def _cells(self) -> tuple[int, int]:
        width, height = self._frame()
        return int(np.clip(height // CELL, 40, 400)), int(np.clip(width // CELL, 60, 800))

    def _fit(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        logs = self.shows.log_x, self.shows.log_y
        for axis, values, log in zip((self.figure.x_range, self.figure.y_range), (x, y), logs, strict=True):
            low, high = binning.span(values)
            air = 0.05 * (high - low)
            start, end = (float(10**end if log else end) for end in (low - air, high + air))
            axis.update(start=start, end=end, reset_start=start, reset_end=end)

    def _window(self) -> tuple[float, float, float, float]:
        found: list[float] = []
        logs = self.shows.log_x, self.shows.log_y
        for axis, log in zip((self.figure.x_range, self.figure.y_range), logs, strict=True):
            ends = binning.scaled(np.sort(np.array([axis.start, axis.end], float)), log)
            found += binning.span(ends) if not ends[0] < ends[1] else ends.tolist()
        return found[0], found[1], found[2], found[3]

    def _as_points(self, layer: RowsLayer, seen: NDArray[np.int64]) -> None:
        x, y = plots.values(layer, self.shows.x), plots.values(layer, self.shows.y)
        marked = layer.marked[seen]
        for source, rows in ((self.rest, seen[~marked]), (self.chosen, seen[marked])):
            named = layer.names if layer.rows <= NAMED else None
            names = [str(named[row]) if named is not None else _("row {row}").format(row=row) for row in rows]
            source.data = {"x": x[rows], "y": y[rows], "name": names}
        self.image.data = {name: [] for name in self.image.data}

    def _as_density(self, layer: RowsLayer, density: binning.Density, rows: NDArray[np.bool_]) -> None:
        for source in (self.rest, self.chosen):
            source.data = {name: [] for name in POINTS}
        marked = rows & layer.marked
        some = bool(marked.any())
        soft = INK[self._dark][1]
        picture = ramp(density.counts(rows), soft if some else layer.color, self._dark, 150 if some else 255)
        if some:
            over = density.counts(marked)
            picture = np.where(over > 0, ramp(over, layer.color, self._dark), picture)
        x0, x1, y0, y1 = density.window
        logs = self.shows.log_x, self.shows.log_y
        (left, right), (bottom, top) = (
            (10**low, 10**high) if log else (low, high)
            for (low, high), log in zip(((x0, x1), (y0, y1)), logs, strict=True)
        )
        self.image.data = {
            "image": [picture], "x": [left], "y": [bottom], "dw": [right - left], "dh": [top - bottom]
        }  # fmt: skip

    def resized(self) -> None:
        """The cells are as large on the screen as before."""
        if self.layer is not None and self.looked_at and len(self.image.data["x"]):
            self.soon()

    def as_rows(self) -> Twin:
        """See `Twinned`."""
        layer, shows = self.layer, self.shows
        heads = [_("Name"), self.label("x"), self.label("y"), _("Marked")]
        if layer is None:
            return Twin(_("Scatter plot"), heads)
        x, y = (plots.values(layer, text) for text in (shows.x, shows.y))
        rows = np.flatnonzero(layer.shown & np.isfinite(x) & np.isfinite(y))

        def texts(start: int, stop: int) -> list[list[str]]:
            return [
                [
                    str(layer.names[row]),
                    number(x[row]),
                    number(y[row]),
                    _("marked") if layer.marked[row] else "",
                ]
                for row in rows[start:stop]
            ]

        return Twin(
            _("{layer}: {y} over {x}, {count} rows").format(
                layer=layer.name, x=shows.x, y=shows.y, count=f"{len(rows):,}"
            ),
            heads, frozenset({1, 2}), len(rows), texts,
            lambda place: self.verbs.select(layer[int(rows[place])], by=self.name),
        )  # fmt: skip

    def point_out(self, rows: list[int]) -> None:
        """See `ColumnsPanel.point_out`."""
        layer = self.layer
        if layer is None or not rows:
            self.ring.data = {"x": [], "y": []}
            return
        x, y = plots.values(layer, self.shows.x)[rows], plots.values(layer, self.shows.y)[rows]
        self.ring.data = {"x": x, "y": y}

    # browser -> session

    def step(self, way: int, end: bool, axis: str = "x") -> None:
        """See `Stepped`: a box; an axis along which no step was made is in it from end to end."""
        layer, shows = self.layer, self.shows
        if layer is None or self.figure is None:
            return
        x0, x1, y0, y1 = self._window()
        ends = {"x": (x0, x1), "y": (y0, y1)}
        spans = self._spans | {axis: stepped(ends[axis], self._spans.get(axis), way, end)}
        logs = {"x": shows.log_x, "y": shows.log_y}
        box = {
            of: [short(10**value if logs[of] else value) for value in spans.get(of, ends[of])] for of in ends
        }
        corners = list(zip(box["x"], box["y"], strict=True))
        self.verbs.mark(layer.name, corners, of=(shows.x, shows.y), by=self.name)
        self._spans = spans
        (left, bottom), (right, top) = corners
        self.outline.update(left=left, right=right, bottom=bottom, top=top, visible=True)

    def forget(self) -> None:
        """See `ColumnsPanel.forget`."""
        self._spans = {}
        if self.figure is not None:
            self.outline.visible = False

    def _brushed(self, event: Any) -> None:
        for source in (self.rest, self.chosen, self.image):
            source.selected.indices = []
        layer, shows, shape = self.layer, self.shows, event.geometry
        if layer is None:
            return
        if shape["type"] == "rect":
            corners = [(shape["x0"], shape["y0"]), (shape["x1"], shape["y1"])]
        elif len(shape["x"]) > 2:
            corners = list(zip(shape["x"], shape["y"], strict=True))
            corners = corners[:: -(-len(corners) // CORNERS)]
        else:
            return
        log = "x" * shows.log_x + "y" * shows.log_y
        written = [(short(x), short(y)) for x, y in corners]
        more = {"log": log} if log and len(written) > 2 else {}
        self.verbs.mark(layer.name, written, of=(shows.x, shows.y), by=self.name, **more)

    def _tapped(self, event: Any) -> None:
        """A click selects the nearest point, as one on the sky does."""
        layer = self.layer
        if layer is None:
            return
        row = self._nearest(layer, float(event.x), float(event.y))
        if row is not None:
            self.verbs.select(layer[row], by=self.name)

    def _nearest(self, layer: RowsLayer, at_x: float, at_y: float) -> int | None:
        logs = self.shows.log_x, self.shows.log_y
        x0, x1, y0, y1 = self._window()
        across, up = self._frame()
        here = [
            float(binning.scaled(np.array([value]), log)[0])
            for value, log in zip((at_x, at_y), logs, strict=True)
        ]
        x, y = self._scaled(layer)
        apart = np.hypot((x - here[0]) * (across / (x1 - x0)), (y - here[1]) * (up / (y1 - y0)))
        apart[~layer.shown | ~np.isfinite(apart)] = np.inf
        row = int(np.argmin(apart))
        return row if apart[row] <= REACH else None


def ramp(counts: NDArray[np.int64], color: str, dark: bool, most: int = 255) -> NDArray[np.uint32]:
    """Counts as a picture: the more, the less of the ground shows through, and the nearer to white or black.

    Returns
    -------
    uint32 array
        Red, green, blue and opacity, a byte each, the lowest first.
    """
    share = np.log1p(counts) / max(float(np.log1p(counts.max(initial=1))), 1e-9)
    end = 255.0 if dark else 0.0
    toward = (0.6 * share**2)[..., None]
    own = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)], float)
    pixels = np.empty((*counts.shape, 4), np.uint8)
    pixels[..., :3] = own * (1 - toward) + end * toward
    pixels[..., 3] = np.where(counts > 0, (0.3 + 0.7 * share) * most, 0)
    return pixels.view(np.uint32)[..., 0]
