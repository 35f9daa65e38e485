"""Source table: the rows of a layer; sort, filter, select.

Python sorts and filters: the browser gets the texts of all rows once, and after that only the order of
the rows to show. Only the rows in view are in the page.
"""

from __future__ import annotations

import operator
import re
from typing import Any

import numpy as np
import traitlets

from skyexplorer.errors import InputError
from skyexplorer.session.layers import CatalogLayer, EventLayer, Layer, RowsLayer, SkyMapLayer
from skyexplorer.session.session import Session
from skyexplorer.session.text import _
from skyexplorer.views.panel import Panel

ME = "table"
COMPARE = {
    "<=": operator.le, ">=": operator.ge, "!=": operator.ne, "<": operator.lt, ">": operator.gt, "=": operator.eq,
}  # fmt: skip
CONDITION = re.compile(r"^\s*(.+?)\s*(<=|>=|!=|<|>|=)\s*(.+?)\s*$")


class Sheet:
    """Columns of a layer as texts, and as values to sort and compare by."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        coords = layer.coords
        columns: list[tuple[str, Any, list[str]]] = [
            ("name", np.array(layer.names, dtype=object), list(layer.names))
        ]
        if isinstance(layer, EventLayer):
            columns += _event_columns(layer)
        for label, values in (("RA", coords.ra.deg), ("Dec", coords.dec.deg)):
            columns.append((label, np.asarray(values, float), [_fixed(v) for v in values]))
        if isinstance(layer, CatalogLayer):
            columns += [_column(layer.catalog.table, name) for name in layer.catalog.telling_columns]
        self.labels = [label for label, _values, _texts in columns]
        self.values = [values for _label, values, _texts in columns]
        self.texts = [texts for _label, _values, texts in columns]
        self.numeric = [values.dtype.kind == "f" for values in self.values]

    def matching(self, condition: str) -> np.ndarray:
        """Rows that a filter leaves: words that occur in a row, or ``column > value``.

        Raises
        ------
        InputError
            For a comparison with a column that is not there, or with no number.
        """
        condition = condition.strip()
        rows = self.layer.rows
        if not condition:
            return np.ones(rows, bool)
        found = CONDITION.match(condition)
        if found:
            return self._compared(*found.groups())
        words = condition.casefold().split()
        lines = [" ".join(parts).casefold() for parts in zip(*self.texts, strict=True)]
        return np.array([all(word in line for word in words) for line in lines])

    def _compared(self, name: str, sign: str, wanted: str) -> np.ndarray:
        at = next(
            (i for i, label in enumerate(self.labels) if label.casefold().startswith(name.casefold())), None
        )
        if at is None:
            raise InputError(
                _("There is no column {name!r} in the table.").format(name=name),
                _("Columns are {labels}.").format(labels=", ".join(self.labels)),
            )
        if not self.numeric[at]:
            values = np.array([text.casefold() for text in self.texts[at]], dtype=object)
            return np.array([COMPARE[sign](value, wanted.casefold()) for value in values])
        try:
            number = float(wanted)
        except ValueError as error:
            raise InputError(
                _("{wanted!r} is no number to compare {name} with.").format(
                    wanted=wanted, name=self.labels[at]
                ),
                _("Write, for example, {label} > 20.").format(label=self.labels[at]),
            ) from error
        with np.errstate(invalid="ignore"):
            return np.asarray(COMPARE[sign](self.values[at], number))

    def order(self, rows: np.ndarray, column: int, descending: bool) -> np.ndarray:
        """Row numbers in order of a column; missing values last; the layer's own order for column -1."""
        index = np.flatnonzero(rows)
        if column < 0:
            return index
        values = self.values[column][index]
        if self.numeric[column]:
            keys = np.where(np.isnan(values), np.inf, -values if descending else values)
            return index[np.argsort(keys, kind="stable")]
        keys = np.array([str(value).casefold() for value in values])
        sort = np.argsort(keys, kind="stable")
        return index[sort[::-1] if descending else sort]


def _event_columns(layer: EventLayer) -> list[tuple[str, Any, list[str]]]:
    def numbers(values: list[Any]) -> np.ndarray:
        return np.array([np.nan if v is None else float(v) for v in values])

    times = numbers([None if e.time is None else e.time.utc.mjd for e in layer.events])
    energy = numbers([None if e.energy is None else e.energy.to_value("TeV") for e in layer.events])
    signal = numbers([e.signalness for e in layer.events])
    when = ["" if e.time is None else e.time.utc.iso[:16] for e in layer.events]
    return [
        (_("time (UTC)"), times, when),
        (_("energy (TeV)"), energy, [_number(v) for v in energy]),
        (_("signalness"), signal, [_number(v) for v in signal]),
    ]


def _column(table: Any, name: str) -> tuple[str, Any, list[str]]:
    column = table[name]
    unit = f" ({column.unit})" if column.unit is not None else ""
    if column.dtype.kind in "fiu" and column.ndim == 1:
        values: np.ndarray = np.ma.filled(np.ma.asarray(np.ma.asarray(column), float), np.nan)
        return f"{name}{unit}", values, [_number(v) for v in values]
    texts = ["" if v is np.ma.masked else str(v).strip() for v in column]
    return f"{name}{unit}", np.array(texts, dtype=object), texts


def _number(value: float) -> str:
    return "" if not np.isfinite(value) else f"{value:.4g}"


def _fixed(value: float) -> str:
    return "" if not np.isfinite(value) else f"{value:.4f}"


class TablePanel(Panel):
    """The rows of the chosen layer."""

    kind = "table"
    doing = _("The source table")

    tabs = traitlets.List(traitlets.Dict()).tag(sync=True)
    active = traitlets.Unicode().tag(sync=True)
    columns = traitlets.List(traitlets.Dict()).tag(sync=True)
    cells = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)
    order = traitlets.Bytes(b"").tag(sync=True)
    selected = traitlets.List(traitlets.Int()).tag(sync=True)
    sort = traitlets.Dict().tag(sync=True)
    filter = traitlets.Unicode("").tag(sync=True)
    complaint = traitlets.Unicode("").tag(sync=True)
    counted = traitlets.Unicode("").tag(sync=True)

    def __init__(self, session: Session, verbs: Any) -> None:
        super().__init__(session, verbs, sort={"column": -1, "descending": False})
        self._sheets: dict[str, Sheet] = {}
        self._filters: dict[str, str] = {}  # of a catalogue it acts on the sky: it must not be forgotten
        self.link(session.layers.added, self._layers_changed)
        self.link(session.layers.removed, self._layers_changed)
        self._reorder_soon = self.paced(self._reorder)
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
            "rows": _("Rows of the layer; arrow keys move, Enter selects"),
            "none": _("No rows."),
        }

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
        if field == "color":
            self._layers_changed(layer)
        if field == "shown" and layer.name == self.active:
            self._reorder_soon()

    def _selection_changed(self, sources: tuple[Any, ...], by: str) -> None:
        found = [place for source in sources if (place := self.session.layers.find(source)) is not None]
        if found and not isinstance(found[0][0], SkyMapLayer) and found[0][0].name != self.active:
            self._show(found[0][0].name)
        self.selected = [row for layer, row in found if layer.name == self.active]

    def _sheet(self) -> Sheet | None:
        if not self.active:
            return None
        if self.active not in self._sheets:
            self._sheets[self.active] = Sheet(self.session.layers[self.active])
        return self._sheets[self.active]

    def _show(self, name: str) -> None:
        with self.hold_sync():
            self.active, self.filter, self.complaint = name, self._filters.get(name, ""), ""
            self.sort = {"column": -1, "descending": False}
            sheet = self._sheet()
            self.columns = (
                []
                if sheet is None
                else [
                    {"label": label, "numeric": num}
                    for label, num in zip(sheet.labels, sheet.numeric, strict=True)
                ]
            )
            self.cells = [] if sheet is None else sheet.texts
            self._reorder()

    def _reorder(self) -> None:
        sheet = self._sheet()
        if sheet is None:
            self.order, self.counted = b"", ""
            return
        rows = sheet.matching(self.filter)
        if isinstance(sheet.layer, EventLayer):
            rows = rows & sheet.layer.shown
        order = sheet.order(rows, int(self.sort["column"]), bool(self.sort["descending"]))
        self.order = order.astype(np.uint32).tobytes()
        total = sheet.layer.rows
        self.counted = (
            str(total) if len(order) == total else _("{n} of {total}").format(n=len(order), total=total)
        )

    # browser -> session

    def on_tab(self, name: str) -> None:
        """Another layer."""
        self._show(name)
        self._selection_changed(self.session.selection.sources, ME)

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

    def on_filter(self, text: str) -> None:
        """The filter box; of a catalogue, what it leaves stays on the sky."""
        sheet = self._sheet()
        if sheet is None:
            return
        try:
            rows = sheet.matching(text)
        except InputError as error:
            self.complaint = str(error)
            return
        self.filter, self.complaint = text, ""
        self._filters[self.active] = text
        if isinstance(sheet.layer, CatalogLayer):
            sheet.layer.shown = rows
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
