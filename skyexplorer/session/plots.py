"""Plots: which of them is looked at, and what each shows; the columns of a layer that can be plotted."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from psygnal import Signal

from skyexplorer.errors import InputError, NotFoundError
from skyexplorer.model.expression import Expression
from skyexplorer.session.layers import CatalogLayer, EventLayer, Layer, Layers, RowsLayer
from skyexplorer.session.layers.events import mjd_of_days

if TYPE_CHECKING:
    from skyexplorer.model.sed import SpectralEnergyDistribution

TABS = ("curve", "spectrum", "histogram", "scatter", "inview")
"""The plots: light curve, spectrum, histogram, scatter plot, what is in view."""
MOST_BINS = 1000


@dataclass(frozen=True)
class Histogram:
    """What the histogram shows."""

    layer: str = ""
    """Name of the layer; empty: none."""
    x: str = ""
    """A column, or an expression of columns."""
    bins: int = 0
    """How many; 0: as many as the values call for."""
    log_x: bool = False
    """Whether the values are on a logarithmic axis."""
    log_y: bool = False
    """Whether the counts are."""


@dataclass(frozen=True)
class Scatter:
    """What the scatter plot shows."""

    layer: str = ""
    """Name of the layer; empty: none."""
    x: str = ""
    """A column, or an expression of columns."""
    y: str = ""
    """The other one."""
    log_x: bool = False
    """Whether x is on a logarithmic axis."""
    log_y: bool = False
    """Whether y is."""


class Plots:
    """What the plots of a session show.

    Parameters
    ----------
    layers : Layers
        Whose columns are plotted.

    Examples
    --------
    >>> from skyexplorer import samples
    >>> from skyexplorer.session.layers import CatalogLayer
    >>> from skyexplorer.session.session import Session
    >>> session = Session()
    >>> _ = session.layers.add(CatalogLayer("fermi", samples.open("fermi-sources")))
    >>> session.plots.scatter.layer, session.plots.scatter.x, session.plots.scatter.y
    ('fermi', 'Signif_Avg', 'Energy_Flux100')
    """

    changed = Signal(str)
    """Tells what has changed: ``"tab"``, ``"spectrum"``, ``"histogram"`` or ``"scatter"``."""

    def __init__(self, layers: Layers) -> None:
        self._layers = layers
        self._tab = TABS[0]
        self._plots: dict[str, Any] = {"histogram": Histogram(), "scatter": Scatter()}
        self._own = dict(self._plots)  # what was chosen here, and not by anybody
        self._spectrum: SpectralEnergyDistribution | None = None
        self._message = ""
        layers.added.connect(self._added)
        layers.removed.connect(self._removed)

    @property
    def tab(self) -> str:
        """The plot that is looked at, one of ``TABS``; default ``"curve"``."""
        return self._tab

    @tab.setter
    def tab(self, value: str) -> None:
        if value not in TABS:
            raise InputError(f"tab is {value!r}.", f"Give one of {', '.join(TABS)}.")
        if value != self._tab:
            self._tab = value
            self.changed.emit("tab")

    @property
    def histogram(self) -> Histogram:
        """What the histogram shows; by default the first telling column of the largest catalogue."""
        return self._plots["histogram"]

    @property
    def scatter(self) -> Scatter:
        """What the scatter plot shows."""
        return self._plots["scatter"]

    def show(self, plot: str, **changes: Any) -> None:
        """Change what a plot shows; what is not named stays.

        Parameters
        ----------
        plot : str
            ``"histogram"`` or ``"scatter"``.
        **changes
            Attributes of `Histogram` or `Scatter`. Another layer alone takes that layer's own columns.

        Raises
        ------
        InputError
            For something that is not known or cannot be; nothing changes then.
        NotFoundError
            For an unknown layer.
        """
        old = self._plots[plot]
        names = [field.name for field in fields(old)]
        for name in changes:
            if name not in names:
                raise InputError(f"A {plot} has no {name!r}.", f"It has {', '.join(names)}.")
        new = replace(old, **changes)
        if new.layer:
            layer = plottable(self._layers, new.layer)
            if new.layer != old.layer:
                wanted = chosen(layer, 2)
                given = {axis: wanted[at] for at, axis in enumerate(axes(new)) if axis not in changes}
                # An axis of powers of ten belonged to the column before.
                plain = {f"log_{axis}": False for axis in axes(new) if f"log_{axis}" not in changes}
                new = replace(new, **given, **plain)
            for axis in axes(new):
                values(layer, getattr(new, axis))
        if isinstance(new, Histogram) and not (_is_whole(new.bins) and 0 <= new.bins <= MOST_BINS):
            raise InputError(f"bins is {new.bins!r}.", f"Give a whole number up to {MOST_BINS}, or 0.")
        if new != old:
            self._plots[plot] = new
            self.changed.emit(plot)

    @property
    def spectrum(self) -> SpectralEnergyDistribution | None:
        """The spectrum on show, or None."""
        return self._spectrum

    @property
    def message(self) -> str:
        """What is said in its place, or beside it."""
        return self._message

    def show_spectrum(self, spectrum: SpectralEnergyDistribution | None, message: str = "") -> None:
        """Put a spectrum on show in place of that before."""
        if spectrum is not self._spectrum or message != self._message:
            self._spectrum, self._message = spectrum, message
            self.changed.emit("spectrum")

    def _added(self, layer: Layer) -> None:
        """The first layer that can be plotted is; one with more rows takes its place until somebody has chosen."""
        if not isinstance(layer, RowsLayer):
            return
        for plot, old in self._plots.items():
            there = self._layers[old.layer].rows if old.layer in self._layers else 0
            if old != self._own[plot] or there >= layer.rows:
                continue
            wanted = dict(zip(axes(old), chosen(layer, 2), strict=False))
            self._plots[plot] = self._own[plot] = type(old)(layer=layer.name, **wanted)
            self.changed.emit(plot)

    def _removed(self, layer: Layer) -> None:
        for plot, old in self._plots.items():
            if old.layer == layer.name:
                self._plots[plot] = self._own[plot] = type(old)()
                rest = [one for one in self._layers.values() if isinstance(one, RowsLayer)]
                if rest:
                    self._added(max(rest, key=lambda one: one.rows))
                else:
                    self.changed.emit(plot)


def axes(plot: Histogram | Scatter) -> tuple[str, ...]:
    """Names of the axes that have a column."""
    return ("x",) if isinstance(plot, Histogram) else ("x", "y")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def plottable(layers: Layers, name: Any) -> RowsLayer:
    """A layer of rows, by its name; NotFoundError or InputError for another."""
    layer = layers[name]
    if not isinstance(layer, RowsLayer):
        have = [one.name for one in layers.values() if isinstance(one, RowsLayer)]
        raise InputError(
            f"{name} has no rows to be plotted.", f"Those that have: {', '.join(have) or 'none'}."
        )
    return layer


class EventColumns(Mapping[str, np.ndarray]):
    """The numbers of a layer of events, as columns."""

    colnames = ("MJD", "energy", "signalness", "far", "RA", "Dec")
    units = {"MJD": "d", "energy": "TeV", "far": "1/s", "RA": "deg", "Dec": "deg"}  # noqa: RUF012
    numeric = colnames

    def __init__(self, layer: EventLayer) -> None:
        def each(get: Any) -> np.ndarray:
            return np.array(
                [np.nan if (value := get(event)) is None else value for event in layer.events], float
            )

        self._columns = {
            "MJD": mjd_of_days(layer.times),
            "energy": each(lambda event: None if event.energy is None else event.energy.to_value("TeV")),
            "signalness": each(lambda event: event.signalness),
            "far": each(lambda event: None if event.far is None else event.far.to_value("1/s")),
            "RA": np.asarray(layer.coords.ra.deg, float),
            "Dec": np.asarray(layer.coords.dec.deg, float),
        }

    def __getitem__(self, name: str) -> np.ndarray:
        return self._columns[name]

    def __iter__(self) -> Any:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns["RA"])

    def values(self, text: str) -> np.ndarray:  # type: ignore[override]
        """The value of a column or expression in each row."""
        return Expression.of(text, self.colnames).evaluate(self)


_event_columns: WeakKeyDictionary[Layer, EventColumns] = WeakKeyDictionary()


def columns(layer: RowsLayer) -> Any:
    """The columns of a layer: ``colnames``, ``numeric`` and ``values(text)``."""
    if isinstance(layer, CatalogLayer):
        return layer.columns
    if isinstance(layer, EventLayer):
        if layer not in _event_columns:
            _event_columns[layer] = EventColumns(layer)
        return _event_columns[layer]
    raise InputError(f"{layer.name} has no columns.", "Give a catalogue or a layer of events.")


def numeric(layer: RowsLayer) -> tuple[str, ...]:
    """Columns of one number a row, those that tell most first, the position last."""
    own = columns(layer).numeric
    if isinstance(layer, EventLayer):
        return tuple(name for name in own if np.isfinite(columns(layer)[name]).any())
    telling = [name for name in layer.catalog.telling_columns if name in own]  # type: ignore[attr-defined]
    return tuple(dict.fromkeys((*telling, *own, "RA", "Dec")))


def chosen(layer: RowsLayer, count: int) -> list[str]:
    """Columns to begin with: those that tell most, and the position where there are too few."""
    names = numeric(layer)
    return [*names, *("RA", "Dec")][:count] if names else ["RA", "Dec"][:count]


def values(layer: RowsLayer, text: str) -> np.ndarray:
    """A column or an expression of a layer as numbers: float64, (rows,), NaN where there is none.

    Raises
    ------
    InputError
        For an unknown column, or one of texts; names near to it are told.
    """
    known = columns(layer)
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"{text!r} is no column of {layer.name}.", f"Give one of {_few(numeric(layer))}.")
    found = known.values(text)
    if found.dtype.kind not in "fiub" or found.shape != (layer.rows,):
        near = difflib.get_close_matches(text, numeric(layer), 1)
        raise InputError(
            f"{text} of {layer.name} is no number.",
            (f"Did you mean {near[0]}? " if near else "") + f"Give one of {_few(numeric(layer))}.",
        )
    return np.asarray(found, float)


def unit(layer: RowsLayer, text: str) -> str:
    """The unit of a column as text; empty for an expression, or where there is none."""
    if isinstance(layer, EventLayer):
        return EventColumns.units.get(text, "")
    if isinstance(layer, CatalogLayer) and text in layer.catalog.table.colnames:
        own = layer.catalog.table[text].unit
        return "" if own is None else str(own.to_string("unicode"))
    return "deg" if text in ("RA", "Dec") else ""


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names[:20]) + (" …" if len(names) > 20 else "")


def found_layer(layers: Layers, thing: Any) -> RowsLayer:
    """A layer by its name, itself, or the catalogue or events that it shows."""
    if isinstance(thing, RowsLayer):
        return thing
    if isinstance(thing, str):
        return plottable(layers, thing)
    for layer in layers.values():
        if layer.data is thing and isinstance(layer, RowsLayer):
            return layer
    raise NotFoundError(f"{thing!r} is on no layer.", "Open it first, or give the name of a layer.")
