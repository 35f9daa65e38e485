"""What lies under the pointer: a line for each visible layer that has a value there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer.session.layers import (
    EventListLayer,
    ImageLayer,
    Layer,
    MapLayer,
    ShadedLayer,
    SkyMapLayer,
)
from skyexplorer.session.session import Session
from skyexplorer.session.text import _


def reads(session: Session) -> bool:
    """Whether some layer on show has values under the pointer."""
    return any(layer.kind in LINES for layer in _visible(session))


def readout(session: Session, at: SkyCoord) -> list[dict[str, str]]:
    """A line for each visible layer with a value at a position, the topmost first.

    Returns
    -------
    list of dict
        ``name`` and ``color`` of the layer, and ``text``.
    """
    lines = []
    for layer in reversed(_visible(session)):
        make = LINES.get(layer.kind)
        text = "" if make is None else make(layer, at)
        if text:
            lines.append({"name": layer.name, "color": layer.color, "text": text})
    return lines


def _visible(session: Session) -> list[Layer]:
    return [layer for layer in session.layers.values() if layer.visible and layer.opacity > 0]


def _skymap(layer: SkyMapLayer, at: SkyCoord) -> str:
    """Density per square degree, credible level, and the distance along this line of sight."""
    skymap, here = layer.skymap, at.reshape(1)
    density = float(skymap.probability_density(here).to_value(u.deg**-2)[0])
    parts = [f"{number(density)} deg⁻²"]
    if density > 0:
        if not skymap.even:  # else no place comes first
            level = float(skymap.credible_level(here)[0])
            parts.append(_("credible level {level}").format(level=f"{100 * level:.3g} %"))
        if skymap.distance is not None:
            far = skymap.distances.at(here)
            mean, std = far.mean.to_value(u.Mpc)[0], far.std.to_value(u.Mpc)[0]
            if np.isfinite(mean) and np.isfinite(std):
                parts.append(f"{mean:.4g} ± {std:.2g} Mpc")
    return " · ".join(parts)


def _value(layer: ShadedLayer, at: SkyCoord) -> str:
    """The value of the pixel or cell; nothing beside it."""
    found = layer.data.value(at.reshape(1))
    value = float(getattr(found, "value", found)[0])
    return f"{number(value)} {unit_text(layer.data.unit)}".strip() if np.isfinite(value) else ""


def _counts(layer: EventListLayer, at: SkyCoord) -> str:
    """Events per square degree of the map that is drawn."""
    counts = layer.counts
    density = counts.density_at(at.reshape(1)).to_value(u.deg**-2)[0]
    return _("{density} events per deg²").format(density=number(float(density))) if density > 0 else ""


def number(value: float) -> str:
    """Four digits, thousandths and ten thousands by powers of ten."""
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e5:
        return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"
    base, power = f"{value:.2e}".split("e")
    return f"{base} · 10{str(int(power)).translate(_RAISED)}"


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def unit_text(unit: Any) -> str:
    """A unit as people write it, such as deg⁻²."""
    return unit if isinstance(unit, str) else str(unit.to_string("unicode"))


LINES: dict[str, Callable[[Any, SkyCoord], str]] = {
    SkyMapLayer.kind: _skymap,
    ImageLayer.kind: _value,
    MapLayer.kind: _value,
    EventListLayer.kind: _counts,
}
"""What is written of each kind of layer."""
