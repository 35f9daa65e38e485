"""Layers: all layers by name, in drawing order."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from skyexplorer.errors import InputError, NotFoundError
from skyexplorer.session.layers.base import Layer, RowsLayer
from skyexplorer.session.layers.style import SHAPES

if TYPE_CHECKING:
    from skyexplorer.model.catalog import Source
    from skyexplorer.model.event import Event


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
        if isinstance(layer, RowsLayer) and not layer._shape_given:
            layer._shape = self._free_shape(layer)
        relay = partial(self._relay, layer)
        layer.changed.connect(relay)
        self._layers[layer.name] = layer
        self._relays[layer.name] = relay
        self.added.emit(layer)
        return layer

    def _free_shape(self, layer: Layer) -> str:
        """Its own marker; if another layer has that, one that none has: colour never tells alone. Of seven two are alike."""
        taken = {other.shape for other in self._layers.values() if isinstance(other, RowsLayer)}
        free = (shape for shape in (layer.shape, *SHAPES) if shape not in taken)
        return next(free, layer.shape)

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
            row = layer.row_of(thing)
            if row is not None:
                return layer, row
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
