"""Looks: how the rows of a catalogue are drawn, and which of them."""

from __future__ import annotations

from typing import Any

from skyexplorer.errors import InputError
from skyexplorer.session.layers import CatalogLayer
from skyexplorer.session.session import Session


def style(session: Session, layer: str, **looks: Any) -> None:
    """Change looks of a catalogue's layer; see `CatalogLayer.style`."""
    catalog_layer(session, layer).style(**looks)


def keep(session: Session, layer: str, where: str) -> int:
    """Leave on the sky and in the table the rows that a text says; how many they are."""
    found = catalog_layer(session, layer)
    found.where = where
    return int(found.shown.sum())


def catalog_layer(session: Session, name: str) -> CatalogLayer:
    """The layer of this name; NotFoundError where there is none, InputError where it is no catalogue."""
    layer = session.layers[name]
    if not isinstance(layer, CatalogLayer):
        have = ", ".join(each.name for each in session.layers.values() if isinstance(each, CatalogLayer))
        raise InputError(
            f"{name} is no catalogue, but {layer.kind}.", f"The catalogues are: {have or 'none'}."
        )
    return layer
