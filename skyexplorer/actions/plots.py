"""Plots: show a histogram or a scatter plot of a layer; mark rows, by whatever tells which."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyexplorer.actions.inside import within
from skyexplorer.errors import InputError
from skyexplorer.model import binning
from skyexplorer.model.expression import Expression
from skyexplorer.session import plots
from skyexplorer.session.layers import CatalogLayer, RowsLayer
from skyexplorer.session.session import Session


def show(session: Session, plot: str, layer: Any, **changes: Any) -> None:
    """Show a plot of a layer, and its tab; what is None stays."""
    given = {name: value for name, value in changes.items() if value is not None}
    session.plots.show(plot, layer=plots.found_layer(session.layers, layer).name, **given)
    session.plots.tab = plot


def mark(session: Session, layer: Any, what: Any, of: Any = None, log: str = "") -> int:
    """Mark rows of a layer in place of those before, and return how many; see `SkyExplorer.mark`."""
    found = plots.found_layer(session.layers, layer)
    found.marked = _rows(found, what, of, log)
    return int(found.marked.sum())


def _rows(layer: RowsLayer, what: Any, of: Any, log: str) -> np.ndarray:
    if of is not None:
        return _brushed(layer, what, of, log) & layer.shown
    if what is None:
        return np.zeros(layer.rows, bool)
    if hasattr(what, "contains"):
        return within(layer, what) & layer.shown
    if isinstance(what, str):
        return _told(layer, what) & layer.shown
    rows = np.asarray(what)
    if rows.dtype == bool:
        return rows  # of the right length or refused by the layer
    if rows.ndim != 1 or (len(rows) and rows.dtype.kind not in "iu"):
        raise InputError(
            f"{what!r} tells no rows of {layer.name}.",
            "Give row numbers, one bool a row, an expression, a SkyRegion, or None.",
        )
    if len(rows) and not (-layer.rows <= rows.min() and rows.max() < layer.rows):
        raise InputError(f"{layer.name} has no row {rows.max()}.", f"Its rows are 0 to {layer.rows - 1}.")
    mask = np.zeros(layer.rows, bool)
    mask[rows.astype(int)] = True
    return mask


def _told(layer: RowsLayer, text: str) -> np.ndarray:
    if isinstance(layer, CatalogLayer):
        return layer.columns.matching(text)
    known = plots.columns(layer)
    rows = Expression.of(text, known.colnames).evaluate(known)
    if rows.dtype != bool:
        raise InputError(f"{text} says neither yes nor no.", f"Compare it, for example {text} > 1.")
    return rows


def _brushed(layer: RowsLayer, what: Any, of: Any, log: str) -> np.ndarray:
    """Rows between two values of a column; or, of two columns, between two corners or inside a polygon."""
    if isinstance(of, str):
        low, high = _pair(what, "two values")
        values = plots.values(layer, of)
        with np.errstate(invalid="ignore"):
            return (values >= min(low, high)) & (values <= max(low, high))
    if not (isinstance(of, tuple | list) and len(of) == 2):
        raise InputError(f"of is {of!r}.", "Give the name of a column, or of two.")
    if set(log) - set("xy"):
        raise InputError(f"log is {log!r}.", 'Give "x", "y" or "xy".')
    corners = [_pair(corner, "corners of two numbers") for corner in what]
    x, y = (plots.values(layer, name) for name in of)
    if len(corners) == 2:
        (x0, y0), (x1, y1) = corners
        with np.errstate(invalid="ignore"):
            across = (x >= min(x0, x1)) & (x <= max(x0, x1))
            return across & (y >= min(y0, y1)) & (y <= max(y0, y1))
    xs, ys = np.array(corners, float).reshape(-1, 2).T
    x, xs = (binning.scaled(part, "x" in log) for part in (x, xs))
    y, ys = (binning.scaled(part, "y" in log) for part in (y, ys))
    return binning.in_polygon(x, y, np.stack([xs, ys], axis=1).tolist())


def _pair(what: Any, needed: str) -> tuple[float, float]:
    try:
        one, two = what
        return float(one), float(two)
    except (TypeError, ValueError):
        raise InputError(f"{what!r} is no pair of numbers.", f"Give {needed}.") from None
