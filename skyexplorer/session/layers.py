"""Layers: what lies on the sky, in drawing order, each with its style and its origin.

A layer holds a frozen noun (a sky map, events, a catalogue) and the few things that a user can change
about it. Each change is told twice: by the layer itself (``layer.changed(field)``) and by the `Layers`
that hold it (``layers.changed(layer, field)``). State is set before it is told: where a listener
fails, psygnal raises ``EmitLoopError`` from the listener's error and the new state stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from psygnal import Signal

from skyexplorer.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from astropy.time import Time

    from skyexplorer.model.catalog import Source, SourceCatalog
    from skyexplorer.model.event import Event
    from skyexplorer.model.origin import Origin
    from skyexplorer.model.skymap import SkyMap

SHAPES = ("plus", "rhomb", "cross", "triangle", "circle", "square")
"""The marker shapes that Aladin Lite knows."""


class Style(NamedTuple):
    """Colour and marker of a layer that was given none."""

    color: str
    shape: str


# Okabe and Ito's palette, told apart by colour-blind eyes, and never by colour alone: shapes differ too.
STYLES: dict[str, Style] = {
    "skymap": Style("#E69F00", "circle"),  # orange
    "neutrino": Style("#56B4E9", "cross"),  # sky blue
    "events": Style("#CC79A7", "plus"),  # reddish purple: alerts of other messengers
    "gamma": Style("#D55E00", "circle"),  # vermilion
    "tev": Style("#009E73", "square"),  # bluish green
    "galaxies": Style("#F0E442", "rhomb"),  # yellow
    "transients": Style("#CC79A7", "triangle"),
    "optical": Style("#F0E442", "rhomb"),
    "catalog": Style("#999999", "plus"),  # grey: of unknown band
}

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


class Layer:
    """Something drawn on the sky; made as one of its three kinds.

    Parameters
    ----------
    name : str
        What the layer panel calls it; unique within `Layers`.
    data : object
        What was opened, handed back when it is opened again.
    visible : bool
        Whether it is drawn.
    opacity : float
        From 0 (nothing) to 1.
    color : str, optional
        ``"#rrggbb"``; by default that of the kind, see ``STYLES``.
    shape : str, optional
        One of ``SHAPES``; by default that of the kind.
    origin : Origin, optional
        Where the data come from; by default ``data.origin``.

    Raises
    ------
    InputError
        For a name, an opacity, a colour or a shape that cannot be.
    """

    kind = ""
    """``"skymap"``, ``"events"`` or ``"catalog"``."""

    changed = Signal(str)
    """Tells the name of the attribute that has changed."""

    def __init__(
        self,
        name: str,
        data: Any,
        *,
        visible: bool = True,
        opacity: float = 1.0,
        color: str | None = None,
        shape: str | None = None,
        origin: Origin | None = None,
    ) -> None:
        if not isinstance(name, str) or not name.strip():
            raise InputError(f"A layer cannot be called {name!r}.", "Give a text of one character or more.")
        style = self._style(data)
        self._name = name.strip()
        self.data = data
        self.origin: Origin | None = getattr(data, "origin", None) if origin is None else origin
        self._visible = bool(visible)
        self._opacity = _fraction("opacity", opacity)
        self._color = _color(style.color if color is None else color)
        self._shape = _shape(style.shape if shape is None else shape)

    def _style(self, data: Any) -> Style:
        return STYLES[self.kind]

    def __repr__(self) -> str:
        hidden = "" if self.visible else ", hidden"
        return f"<{type(self).__name__} {self.name!r}: {self.rows} rows{hidden}>"

    @property
    def name(self) -> str:
        """What the layer is called; fixed once it is in `Layers`."""
        return self._name

    @property
    def visible(self) -> bool:
        """Whether the layer is drawn; default True."""
        return self._visible

    @visible.setter
    def visible(self, value: bool) -> None:
        if not isinstance(value, bool | np.bool_):
            raise InputError(f"visible is {value!r}.", "Give True or False.")
        self._set("visible", bool(value))

    @property
    def opacity(self) -> float:
        """From 0 to 1; default 1."""
        return self._opacity

    @opacity.setter
    def opacity(self, value: float) -> None:
        self._set("opacity", _fraction("opacity", value))

    @property
    def color(self) -> str:
        """``"#rrggbb"``, in capitals."""
        return self._color

    @color.setter
    def color(self, value: str) -> None:
        self._set("color", _color(value))

    @property
    def shape(self) -> str:
        """The marker, one of ``SHAPES``."""
        return self._shape

    @shape.setter
    def shape(self, value: str) -> None:
        self._set("shape", _shape(value))

    def _set(self, field: str, value: Any) -> None:
        if getattr(self, f"_{field}") != value:
            setattr(self, f"_{field}", value)
            self.changed.emit(field)

    @property
    def rows(self) -> int:
        """How many rows (cells, for a sky map) the data have."""
        raise NotImplementedError

    @property
    def names(self) -> Sequence[str]:
        """The name of each thing that can be selected."""
        raise NotImplementedError

    @property
    def coords(self) -> SkyCoord:
        """The position of each thing that can be selected, ICRS; NaN where there is none."""
        raise NotImplementedError

    def __getitem__(self, row: int) -> Any:
        raise NotImplementedError


class SkyMapLayer(Layer):
    """A probability map: density as an image, credible regions as lines.

    Parameters
    ----------
    name : str
        See `Layer`.
    skymap : SkyMap
        The map.
    event : Event, optional
        The event that the map locates; this is what a click selects.
    level : float
        The credible level of the slider, between 0 and 1.
    **style
        See `Layer`.
    """

    kind = "skymap"

    def __init__(
        self, name: str, skymap: SkyMap, *, event: Event | None = None, level: float = 0.9, **style: Any
    ) -> None:
        if event is not None and style.get("origin") is None:
            style["origin"] = getattr(event, "origin", None) or getattr(skymap, "origin", None)
        super().__init__(name, skymap if event is None else event, **style)
        self.skymap = skymap
        self.event = event
        self._level = _fraction("level", level)

    @property
    def level(self) -> float:
        """Credible level of the extra line, 0 to 1; default 0.9."""
        return self._level

    @level.setter
    def level(self, value: float) -> None:
        self._set("level", _fraction("level", value))

    @property
    def rows(self) -> int:
        """Number of cells of the map."""
        return len(self.skymap.uniq)

    @property
    def names(self) -> Sequence[str]:
        """One name: that of the event, else of the layer."""
        return [self.event.name if self.event is not None else self.name]

    @property
    def coords(self) -> SkyCoord:
        """The mode of the map."""
        return SkyCoord([self.skymap.mode.icrs])

    def __getitem__(self, row: int) -> Any:
        if self.event is None:
            raise NotFoundError(f"The map {self.name} belongs to no event.", "Open the event it belongs to.")
        return [self.event][row]


class _Rows(Layer):
    """A layer of rows, of which some may be hidden by a filter."""

    def __init__(self, name: str, data: Any, rows: int, **style: Any) -> None:
        super().__init__(name, data, **style)
        self._shown = np.ones(rows, bool)
        self._shown.flags.writeable = False

    @property
    def rows(self) -> int:
        """Number of rows, hidden ones too."""
        return len(self._shown)

    @property
    def shown(self) -> np.ndarray:
        """Which rows a filter leaves to be drawn: bool, (rows,), read-only."""
        return self._shown

    @shown.setter
    def shown(self, value: np.ndarray) -> None:
        mask = np.array(value)
        if mask.shape != self._shown.shape or mask.dtype != bool:
            raise InputError(
                f"shown is an array {mask.shape} of {mask.dtype}.",
                f"Give one bool for each of {self.rows} rows.",
            )
        if not np.array_equal(mask, self._shown):
            mask.flags.writeable = False
            self._shown = mask
            self.changed.emit("shown")


class EventLayer(_Rows):
    """Alerts with their footprints.

    Parameters
    ----------
    name : str
        See `Layer`.
    events : sequence of Event
        At least one.
    data : object, optional
        What was opened; by default ``events`` itself.
    **style
        See `Layer`.
    """

    kind = "events"

    def __init__(self, name: str, events: Sequence[Event], *, data: Any = None, **style: Any) -> None:
        self.events = tuple(events)
        if not self.events:
            raise InputError(f"The layer {name} would hold no event.", "Give at least one.")
        if style.get("origin") is None:
            style["origin"] = getattr(self.events[0], "origin", None)
        super().__init__(name, events if data is None else data, len(self.events), **style)

    def _style(self, data: Any) -> Style:
        messengers = {event.messenger for event in self.events}
        return STYLES["neutrino"] if messengers == {"neutrino"} else STYLES["events"]

    @cached_property
    def names(self) -> Sequence[str]:
        """Name of each event."""
        return [str(event.name) for event in self.events]

    @cached_property
    def coords(self) -> SkyCoord:
        """Best-fit position of each event, ICRS; NaN where it has none."""
        degrees = np.full((len(self.events), 2), np.nan)
        for row, event in enumerate(self.events):
            if event.position is not None:
                at = event.position.icrs
                degrees[row] = at.ra.deg, at.dec.deg
        return SkyCoord(degrees[:, 0] * u.deg, degrees[:, 1] * u.deg)

    @cached_property
    def times(self) -> np.ndarray:
        """Time of each event as days since J2000 (TAI), for comparisons; NaN where it has none."""
        return np.array([np.nan if event.time is None else days(event.time) for event in self.events])

    @cached_property
    def reach(self) -> np.ndarray:
        """Degrees around each position that hold its footprint; -1 where there is none."""
        found = np.full(len(self.events), -1.0)
        for row, event in enumerate(self.events):
            radius = getattr(event.localization, "radius", None)
            if radius is not None and event.position is not None:
                apart = event.position.separation(event.localization.center)  # type: ignore[union-attr]
                found[row] = radius.to_value(u.deg) + apart.deg
        return found

    def __getitem__(self, row: int) -> Event:
        return self.events[row]


class CatalogLayer(_Rows):
    """Sources of a catalogue.

    Parameters
    ----------
    name : str
        See `Layer`.
    catalog : SourceCatalog
        At least one row.
    **style
        See `Layer`.
    """

    kind = "catalog"

    def __init__(self, name: str, catalog: SourceCatalog, **style: Any) -> None:
        if not len(catalog):
            raise InputError(f"The catalogue {name} has no rows.", "Give one with at least one source.")
        self.catalog = catalog
        super().__init__(name, catalog, len(catalog), **style)

    def _style(self, data: Any) -> Style:
        for key in (data.kind, data.band):
            if key in STYLES and key != "catalog":
                return STYLES[key]
        return STYLES["catalog"]

    @property
    def names(self) -> Sequence[str]:
        """Name of each source."""
        return self.catalog.names

    @property
    def coords(self) -> SkyCoord:
        """Position of each source, NaN where it has none."""
        return self.catalog.coords

    def __getitem__(self, row: int) -> Source:
        return self.catalog[row]


class Layers:
    """Layers by name, in drawing order: the first is drawn first, below the others."""

    added = Signal(object)
    """Tells the `Layer` that was added."""
    removed = Signal(object)
    """Tells the `Layer` that was removed."""
    changed = Signal(object, str)
    """Tells the `Layer` and the name of its attribute that has changed."""

    def __init__(self) -> None:
        self._layers: dict[str, Layer] = {}
        self._relays: dict[str, Any] = {}

    def add(self, layer: Layer) -> Layer:
        """Put a layer on top; where its name is taken it becomes ``"name (2)"``.

        Parameters
        ----------
        layer : Layer
            One that is not here yet.

        Returns
        -------
        Layer
            The same.

        Raises
        ------
        InputError
            For something else, or a layer that is here already.
        """
        if not isinstance(layer, Layer):
            raise InputError(
                f"{type(layer).__name__} is not a layer.",
                "Give it to SkyExplorer.open, which makes one of it.",
            )
        if any(layer is other for other in self._layers.values()):
            raise InputError(f"The layer {layer.name} is here already.", "Make it visible instead.")
        base, number = layer.name, 1
        while layer.name in self._layers:
            number += 1
            layer._name = f"{base} ({number})"
        relay = partial(self._relay, layer)
        layer.changed.connect(relay)
        self._layers[layer.name] = layer
        self._relays[layer.name] = relay
        self.added.emit(layer)
        return layer

    def _relay(self, layer: Layer, field: str) -> None:
        self.changed.emit(layer, field)

    def remove(self, name: str) -> Layer:
        """Take a layer away, and return it; NotFoundError where there is none of that name."""
        layer = self[name]
        layer.changed.disconnect(self._relays.pop(layer.name))
        del self._layers[layer.name]
        self.removed.emit(layer)
        return layer

    def find(self, thing: Source | Event) -> tuple[Layer, int] | None:
        """The layer and the row of a source or event, or None where it is in no layer."""
        for layer in self._layers.values():
            if isinstance(layer, CatalogLayer):
                if getattr(thing, "catalog", None) is layer.catalog:
                    return layer, int(thing.index)  # type: ignore[union-attr]
            elif isinstance(layer, EventLayer):
                for row, event in enumerate(layer.events):
                    if event is thing:
                        return layer, row
            elif isinstance(layer, SkyMapLayer) and layer.event is not None and layer.event is thing:
                return layer, 0
        return None

    def values(self) -> tuple[Layer, ...]:
        """The layers in drawing order."""
        return tuple(self._layers.values())

    def items(self) -> tuple[tuple[str, Layer], ...]:
        """Names and layers in drawing order."""
        return tuple(self._layers.items())

    def __getitem__(self, name: str) -> Layer:
        try:
            return self._layers[name]
        except (KeyError, TypeError):
            have = ", ".join(self._layers) or "none"
            raise NotFoundError(f"There is no layer {name!r}.", f"The layers are: {have}.") from None

    def __contains__(self, name: object) -> bool:
        return name in self._layers

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._layers))

    def __len__(self) -> int:
        return len(self._layers)

    def __repr__(self) -> str:
        return f"<Layers: {', '.join(self._layers) or 'none'}>"


def days(time: Time) -> Any:
    """Days since J2000 in TAI: floats that compare as the times do, to better than a microsecond."""
    tai = time.tai
    return (tai.jd1 - 2451545.0) + tai.jd2


def _fraction(field: str, value: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not 0 <= number <= 1:
        raise InputError(f"{field} is {value!r}.", "Give a number from 0 to 1.")
    return number


def _color(value: str) -> str:
    if not isinstance(value, str) or not _COLOR.fullmatch(value):
        raise InputError(f"color is {value!r}.", 'Give it as "#rrggbb", such as "#56B4E9".')
    return value.upper()


def _shape(value: str) -> str:
    if value not in SHAPES:
        raise InputError(f"shape is {value!r}.", f"Give one of {', '.join(SHAPES)}.")
    return value
