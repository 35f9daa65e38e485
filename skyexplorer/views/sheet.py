"""Sheet: the columns of a layer as a table shows them; texts are made of the rows that are asked for only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from skyexplorer.errors import InputError
from skyexplorer.session.layers import CatalogLayer, EventLayer, RowsLayer
from skyexplorer.session.layers.columns import COMPARE, CONDITION
from skyexplorer.session.text import _

KEPT = 3
"""Columns whose order is kept: a filter of a sorted table does not sort it again."""


@dataclass(frozen=True)
class Column:
    """One column of a sheet."""

    label: str
    """Its head, with the unit."""
    numeric: bool
    values: Callable[[], Any]
    """Numbers (NaN where missing) or texts of all rows, to sort and compare by; names of a catalogue as a list."""
    format: Callable[[np.ndarray], list[str]]
    """Texts of some rows."""


class Sheet:
    """The columns of a layer.

    Parameters
    ----------
    layer : RowsLayer
        A catalogue or events.
    """

    def __init__(self, layer: RowsLayer) -> None:
        self.layer = layer
        self._orders: dict[
            int, tuple[np.ndarray, int]
        ] = {}  # with the number of rows that have a value, which come first

    @cached_property
    def columns(self) -> list[Column]:
        """The name, what is told of events, the position, and the telling columns of a catalogue."""
        layer = self.layer
        columns = [
            Column(_("name"), False, self._names, lambda rows: [str(layer.names[row]) for row in rows])
        ]
        if isinstance(layer, EventLayer):
            columns += _event_columns(layer)
        coords = layer.coords
        for label, degrees in ((_("RA"), coords.ra.deg), (_("Dec"), coords.dec.deg)):
            values = np.asarray(degrees, float)
            columns.append(Column(label, True, partial(np.asarray, values), _formatter(values, "{:.4f}")))
        if isinstance(layer, CatalogLayer):
            catalog = layer.catalog
            names = dict.fromkeys((*catalog.computed_columns, *catalog.telling_columns))
            columns += [_column(layer, name) for name in names]
        return columns

    def _names(self) -> Any:
        names = self.layer.names
        return names if isinstance(self.layer, CatalogLayer) else np.array([str(name) for name in names])

    @property
    def heads(self) -> list[dict[str, Any]]:
        """Label of each column, and whether it holds numbers."""
        return [{"label": column.label, "numeric": column.numeric} for column in self.columns]

    def texts(self, rows: np.ndarray) -> list[list[str]]:
        """The texts of some rows, a list for each row."""
        return [list(row) for row in zip(*(column.format(rows) for column in self.columns), strict=True)]

    def matching(self, condition: str) -> np.ndarray:
        """Rows that a filter leaves: bool, (rows,); of a catalogue see `Columns.matching`.

        Of events: words that occur in a row, or one comparison with a column.

        Raises
        ------
        InputError
            For a comparison with a column that is not there, or that cannot be.
        """
        layer, condition = self.layer, condition.strip()
        if isinstance(layer, CatalogLayer):
            return layer.columns.matching(condition)
        if not condition:
            return np.ones(layer.rows, bool)
        found = CONDITION.match(condition)
        if found:
            return self._compared(*found.groups())
        words = condition.casefold().split()
        lines = (" ".join(row).casefold() for row in self.texts(np.arange(layer.rows)))
        return np.array([all(word in line for word in words) for line in lines], bool)

    def _compared(self, name: str, sign: str, wanted: str) -> np.ndarray:
        low = name.casefold()
        column = next((one for one in self.columns if one.label.casefold().startswith(low)), None)
        if column is None:
            raise InputError(
                _("There is no column {name!r} in the table.").format(name=name),
                _("Columns are {labels}.").format(labels=", ".join(one.label for one in self.columns)),
            )
        if not column.numeric:
            return np.asarray(COMPARE[sign](np.char.lower(column.values()), wanted.casefold()))
        try:
            number = float(wanted)
        except ValueError as error:
            raise InputError(
                _("{wanted!r} is no number to compare {name} with.").format(wanted=wanted, name=column.label),
                _("Write, for example, {label} > 20.").format(label=column.label),
            ) from error
        return np.asarray(COMPARE[sign](column.values(), number)) & ~np.isnan(column.values())

    def order(self, rows: np.ndarray, column: int, descending: bool) -> np.ndarray:
        """Row numbers in the order of a column; missing values last; the layer's own order for column -1.

        Parameters
        ----------
        rows : bool array, (rows,)
            Those to show.

        Returns
        -------
        int array
        """
        if column < 0:
            return np.flatnonzero(rows)
        if column not in self._orders:
            self._orders[column] = self._sorted(self.columns[column])
            while len(self._orders) > KEPT:
                del self._orders[next(iter(self._orders))]
        whole, count = self._orders[column]
        picked = rows[whole]
        found = whole[picked]
        if descending:
            there = int(picked[:count].sum())
            found = np.concatenate([found[:there][::-1], found[there:]])
        return found

    def _sorted(self, column: Column) -> tuple[np.ndarray, int]:
        values = column.values()
        if column.numeric:
            return np.argsort(values, kind="stable"), int(len(values) - np.isnan(values).sum())
        import pyarrow as pa
        from pyarrow import compute as pc

        low = pc.utf8_lower(pa.array(values, pa.string()))
        found = pc.array_sort_indices(low).to_numpy().astype(np.intp)
        gone = int(pc.sum(pc.equal(low, "")).as_py() or 0)  # they are sorted to the front
        return np.concatenate([found[gone:], found[:gone]]), len(found) - gone


def _event_columns(layer: EventLayer) -> list[Column]:
    events = layer.events

    def numbers(values: Iterable[Any]) -> np.ndarray:
        return np.array([np.nan if v is None else float(v) for v in values])

    def when(rows: np.ndarray) -> list[str]:
        times = (events[row].time for row in rows)
        return ["" if time is None else time.utc.iso[:16] for time in times]

    energy = numbers(None if e.energy is None else e.energy.to_value("TeV") for e in events)
    signal = numbers(e.signalness for e in events)
    return [
        Column(
            _("time (UTC)"), True,
            lambda: numbers(None if e.time is None else e.time.utc.mjd for e in events),
            when,
        ),
        Column(_("energy (TeV)"), True, lambda: energy, _formatter(energy)),
        Column(_("signalness"), True, lambda: signal, _formatter(signal)),
    ]  # fmt: skip


def _column(layer: CatalogLayer, name: str) -> Column:
    column = layer.catalog.table[name]
    unit = f" ({column.unit})" if getattr(column, "unit", None) is not None else ""
    numeric = name in layer.columns.numeric
    data = np.ma.asarray(getattr(column, "value", column))

    def values() -> np.ndarray:
        if numeric or name in layer.columns.texts:
            found = layer.columns.values(f"`{name}`")
            return found if found.dtype != bool else found.astype(str)
        return np.array(_texts(data, np.arange(len(data))))

    return Column(f"{name}{unit}", numeric, values, lambda rows: _texts(data, rows))


def _texts(data: np.ma.MaskedArray[Any, Any], rows: np.ndarray) -> list[str]:
    picked = data[rows]
    gone = np.ma.getmaskarray(picked)
    if picked.ndim == 1 and picked.dtype.kind in "fiu":
        form = "{:.4g}".format if picked.dtype.kind == "f" else str
        return [
            "" if no or value != value or value in (np.inf, -np.inf) else form(value)
            for value, no in zip(picked.data.tolist(), gone, strict=True)
        ]
    return [
        ""
        if np.all(no)
        else (value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)).strip()
        for value, no in zip(picked.data.tolist(), gone, strict=True)
    ]


def _formatter(values: np.ndarray, form: str = "{:.4g}") -> Callable[[np.ndarray], list[str]]:
    return lambda rows: ["" if not np.isfinite(v) else form.format(v) for v in values[rows].tolist()]
