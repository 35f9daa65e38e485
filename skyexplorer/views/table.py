"""Source table: the rows of a layer; sort, filter, select.

Python sorts and filters, and writes the texts of the rows in view, and of some around them: of a million rows a few
hundred are in the browser. It asks for others by ``rows {start, stop}`` when they come into view.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets

from skyexplorer.errors import InputError
from skyexplorer.session.layers import CatalogLayer, EventLayer, Layer, RowsLayer, SkyMapLayer
from skyexplorer.session.session import Session
from skyexplorer.session.text import _
from skyexplorer.views.panel import Panel
from skyexplorer.views.sheet import Sheet

ME = "table"
WHOLE = 2000
"""Rows that are sent at once."""
FIRST, MARGIN = 60, 120
"""Of more rows: how many are sent before the browser has said what is in view, and how many around that."""


class TablePanel(Panel):
    """The rows of the chosen layer."""

    kind = "table"
    doing = _("The source table")

    tabs = traitlets.List(traitlets.Dict()).tag(sync=True)
    active = traitlets.Unicode().tag(sync=True)
    columns = traitlets.List(traitlets.Dict()).tag(sync=True)
    count = traitlets.Int(help="How many rows there are to scroll through.").tag(sync=True)
    window = traitlets.Dict(help="`start`, the `rows` of the layer from there on, and their `texts`.").tag(
        sync=True
    )
    chosen = traitlets.List(traitlets.Int(), help="Rows of the window that are selected.").tag(sync=True)
    place = traitlets.Int(-1, help="Where the first selected row stands; -1: nowhere.").tag(sync=True)
    sort = traitlets.Dict().tag(sync=True)
    filter = traitlets.Unicode("").tag(sync=True)
    complaint = traitlets.Unicode("").tag(sync=True)
    counted = traitlets.Unicode("").tag(sync=True)
    marked = traitlets.Int(help="How many rows are marked.").tag(sync=True)
    only_marked = traitlets.Bool(False).tag(sync=True)

    def __init__(self, session: Session, verbs: Any) -> None:
        super().__init__(session, verbs, sort={"column": -1, "descending": False})
        self._sheets: dict[str, Sheet] = {}
        self._filters: dict[str, str] = {}  # of events; that of a catalogue is `CatalogLayer.where`
        self._order = np.zeros(0, np.intp)
        self._view = 0, FIRST
        self._selected: list[int] = []
        self._reorder_soon = self.paced(self._reorder)
        self.link(session.layers.added, self._layers_changed)
        self.link(session.layers.removed, self._layers_changed)
        self.link(session.layers.changed, self._layer_changed)
        self.link(session.selection.sources_changed, self._selection_changed)
        self._layers_changed(None)
        self._selection_changed(session.selection.sources, "")

    def texts(self) -> dict[str, str]:
        """Visible texts of the panel."""
        return {
            "layer": _("Table of layer"),
            "filter": _("Filter the rows"),
            "filter_hint": _("Filter: words, or Signif > 20"),
            "filter_help": _(
                'Words that occur in a row, or a condition: Signif_Avg > 20 and CLASS1 == "bll"; 0 < z < 0.1; '
                'log10(flux) > -9; CLASS1 in ("bll", "fsrq"). Names that are no words stand in `backticks`.'
            ),
            "rows": _("Rows of the layer; arrow keys move, Enter selects"),
            "none": _("No rows."),
            "marked": _("{n} marked"),
            "only_marked": _("Show only the marked rows"),
        }

    @property
    def order(self) -> bytes:
        """Rows of the layer in the order of the table, uint32."""
        return self._order.astype(np.uint32).tobytes()

    @property
    def selected(self) -> list[int]:
        """Rows of the layer that are selected."""
        return list(self._selected)

    # session -> browser

    def _with_rows(self) -> list[Layer]:
        return [layer for layer in reversed(self.session.layers.values()) if isinstance(layer, RowsLayer)]

    def _layers_changed(self, layer: Any) -> None:
        layers = self._with_rows()
        names = [item.name for item in layers]
        self._sheets = {name: sheet for name, sheet in self._sheets.items() if name in names}
        self._filters = {name: text for name, text in self._filters.items() if name in names}
        self.tabs = [{"name": item.name, "color": item.color, "shape": item.shape} for item in layers]
        if self.active not in names:
            self._show(max(layers, key=lambda item: item.rows).name if layers else "")

    def _layer_changed(self, layer: Layer, field: str) -> None:
        if field in ("color", "shape"):
            self._layers_changed(layer)
        if layer.name != self.active:
            return
        if field == "where":
            self.filter, self.complaint = layer.where, ""  # type: ignore[attr-defined]
        elif field == "shown" or (field == "marked" and self.only_marked):
            self._reorder_soon()
        elif field == "marked":
            self.marked = int(layer.marked.sum())  # type: ignore[attr-defined]

    def _selection_changed(self, sources: tuple[Any, ...], by: str) -> None:
        found = [place for source in sources if (place := self.session.layers.find(source)) is not None]
        if found and not isinstance(found[0][0], SkyMapLayer) and found[0][0].name != self.active:
            self._show(found[0][0].name)
        self._selected = [row for layer, row in found if layer.name == self.active]
        with self.hold_sync():
            self._choose()

    def _sheet(self) -> Sheet | None:
        if not self.active:
            return None
        if self.active not in self._sheets:
            layer = self.session.layers[self.active]
            assert isinstance(layer, RowsLayer)
            self._sheets[self.active] = Sheet(layer)
        return self._sheets[self.active]

    def _show(self, name: str) -> None:
        with self.hold_sync():
            self.active, self.complaint, self.only_marked = name, "", False
            self.sort = {"column": -1, "descending": False}
            self._selected, self._view = [], (0, FIRST)
            sheet = self._sheet()
            layer = None if sheet is None else sheet.layer
            self.filter = layer.where if isinstance(layer, CatalogLayer) else self._filters.get(name, "")
            self.columns = [] if sheet is None else sheet.heads
            self._reorder()

    def _reorder(self) -> None:
        sheet = self._sheet()
        with self.hold_sync():
            if sheet is None:
                self._order, self.counted, self.marked = np.zeros(0, np.intp), "", 0
            else:
                layer = sheet.layer
                rows = layer.shown
                if isinstance(layer, EventLayer):  # of events the box hides rows here, not on the sky
                    rows = rows & sheet.matching(self.filter)
                self.marked = int(layer.marked.sum())
                if self.only_marked and not self.marked:
                    self.only_marked = False
                if self.only_marked:
                    rows = rows & layer.marked
                self._order = sheet.order(rows, int(self.sort["column"]), bool(self.sort["descending"]))
                shown, total = len(self._order), layer.rows
                self.counted = (
                    f"{total:,}" if shown == total else _("{n:,} of {total:,}").format(n=shown, total=total)
                )
            self.count = len(self._order)
            self._open_window()
            self._choose()

    def _open_window(self) -> None:
        """The texts of the rows in view."""
        sheet, count = self._sheet(), len(self._order)
        start, stop = (
            (0, count) if count <= WHOLE else (max(0, self._view[0] - MARGIN), self._view[1] + MARGIN)
        )
        start = min(start, max(0, count - (stop - start)))
        rows = self._order[start:stop]
        self.window = {
            "start": start,
            "rows": rows.tolist(),
            "texts": [] if sheet is None else sheet.texts(rows),
        }

    def _choose(self) -> None:
        chosen = set(self._selected)
        self.chosen = [row for row in self.window.get("rows", ()) if row in chosen] if chosen else []
        at = np.flatnonzero(self._order == (self._selected or [-1])[0])
        self.place = int(at[0]) if len(at) else -1

    # browser -> session

    def on_tab(self, name: str) -> None:
        """Another layer."""
        self._show(name)
        self._selection_changed(self.session.selection.sources, ME)

    def on_rows(self, start: int, stop: int) -> None:
        """Rows have come into view of which the browser has no texts."""
        start = max(0, int(start))
        self._view = start, min(max(start, int(stop)), start + 500)
        with self.hold_sync():
            self._open_window()
            self._choose()

    def on_sort(self, column: int) -> None:
        """A click on a column head: up, down, and back to the layer's own order."""
        now = self.sort
        if now["column"] != column:
            self.sort = {"column": column, "descending": False}
        elif not now["descending"]:
            self.sort = {"column": column, "descending": True}
        else:
            self.sort = {"column": -1, "descending": False}
        self._reorder()

    def on_filter(self, text: str, layer: str = "") -> None:
        """The filter box; of a catalogue, what it leaves stays on the sky.

        It was typed for ``layer``: where another is looked at by now, it is not meant for that one.
        """
        if layer and layer != self.active:
            if layer in self.session.layers and isinstance(self.session.layers[layer], CatalogLayer):
                self.verbs.filter(layer, text)
            return
        sheet = self._sheet()
        if sheet is None:
            return
        try:
            if isinstance(sheet.layer, CatalogLayer):
                self.verbs.filter(self.active, text)
            else:
                sheet.matching(text)
        except InputError as error:
            self.complaint = str(error)
            return
        self.filter, self.complaint = text, ""
        if not isinstance(sheet.layer, CatalogLayer):
            self._filters[self.active] = text
            self._reorder()

    def on_only_marked(self, on: bool) -> None:
        """The chip: only marked rows, or all."""
        self.only_marked = bool(on)
        self._reorder()

    def on_select(self, row: int) -> None:
        """A click on a row, as on the source itself; the sky moves there if it lies outside."""
        thing = self.session.layers[self.active][int(row)]
        self.verbs.select(thing, by=ME)
        coord = thing.coord if hasattr(thing, "coord") else thing.position
        view = self.session.viewport
        if (
            coord is not None
            and np.isfinite(coord.ra.deg)
            and coord.separation(view.target).deg > 0.35 * min(view.fov, 180)
        ):
            view.move(target=coord, by=ME)
