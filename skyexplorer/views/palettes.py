"""Colours of values: maps of 255 colours, and those of categories; and round numbers for a scale.

The dark ends of the maps are left off: on the night sky they would not be seen.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from skyexplorer.session.layers import MAPS

MISSING = "#8B93A1"
"""Of a row without a value."""
OTHERS = "#D5DAE3"
"""Of a category beyond the eighth."""
# Okabe and Ito's colours, told apart by colour-blind eyes; blue is lighter than theirs, as the sky is dark.
CATEGORICAL = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#F0E442", "#D55E00", "#8FB8FF", "#FFFFFF")
SHAPE_ORDER = ("circle", "triangle", "square", "rhomb", "plus", "cross")
"""Markers of categories, the most frequent first."""

_FROM = {
    "viridis": 0.16,
    "plasma": 0.08,
    "inferno": 0.28,
    "magma": 0.28,
    "cividis": 0.14,
    "turbo": 0.06,
    "coolwarm": 0.0,
}
_COLD, _WARM = (59, 76, 192), (180, 4, 38)


@cache
def colors(name: str) -> np.ndarray:
    """The colours of a map from the lowest value to the highest.

    Parameters
    ----------
    name : str
        One of ``MAPS``.

    Returns
    -------
    uint8 array, (255, 3)

    Examples
    --------
    >>> from skyexplorer.views.palettes import colors
    >>> colors("viridis")[-1].tolist()
    [253, 231, 36]
    """
    if name == "coolwarm":
        whole = _diverging(_COLD, _WARM)
    else:
        from bokeh import palettes

        texts = getattr(palettes, f"{name.capitalize()}256")
        whole = np.array([[int(text[i : i + 2], 16) for i in (1, 3, 5)] for text in texts], float)
    at = np.linspace(_FROM[name] * (len(whole) - 1), len(whole) - 1, 255)
    channels = [np.interp(at, np.arange(len(whole)), whole[:, k]) for k in range(3)]
    return np.round(np.stack(channels, axis=1)).astype(np.uint8)


def _diverging(one: tuple[int, ...], other: tuple[int, ...]) -> np.ndarray:
    """From one colour over white to another, evenly for the eye (Moreland 2009, in polar CIELAB)."""
    points = np.linspace(0, 1, 256)
    low, high = _msh(one), _msh(other)
    middle = max(low[0], high[0], 88.0)
    out = np.empty((256, 3))
    for side, end, part in ((points <= 0.5, low, 2 * points), (points > 0.5, high, 2 - 2 * points)):
        share = part[side]
        spin = end[1] * np.sqrt(max(middle**2 - end[0] ** 2, 0.0)) / (end[0] * np.sin(end[1]))
        hue = end[2] + (spin if end[2] > -np.pi / 3 else -spin) * share
        out[side] = _rgb(end[0] + (middle - end[0]) * share, end[1] * (1 - share), hue)
    return out


_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])  # D65


def _msh(rgb: tuple[int, ...]) -> tuple[float, float, float]:
    part = np.array(rgb) / 255
    linear = np.where(part > 0.04045, ((part + 0.055) / 1.055) ** 2.4, part / 12.92)
    x, y, z = np.cbrt(_TO_XYZ @ linear / _WHITE)
    lab = np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])
    length = float(np.linalg.norm(lab))
    return length, float(np.arccos(lab[0] / length)), float(np.arctan2(lab[2], lab[1]))


def _rgb(m: np.ndarray, s: np.ndarray, h: np.ndarray) -> np.ndarray:
    light, a, b = m * np.cos(s), m * np.sin(s) * np.cos(h), m * np.sin(s) * np.sin(h)
    y = (light + 16) / 116
    xyz = np.stack([y + a / 500, y, y - b / 200]) ** 3 * _WHITE[:, None]
    linear = np.clip(np.linalg.inv(_TO_XYZ) @ xyz, 0, 1)
    return 255 * np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear).T


def preview(name: str) -> str:
    """A map as colours of a CSS gradient."""
    return ", ".join(hexed(colors(name)[:: 254 // 8]))


def hexed(rows: np.ndarray) -> list[str]:
    """Colours as ``"#rrggbb"``."""
    return [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in rows]


def previews() -> dict[str, str]:
    """All maps, for a choice."""
    return {name: preview(name) for name in MAPS}


def ticks(low: float, high: float, log: bool) -> list[float]:
    """Three to six round numbers within a range, in rising order.

    Examples
    --------
    >>> ticks(0.0, 10.0, False)
    [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    >>> ticks(3.0, 4e4, True)
    [10.0, 100.0, 1000.0, 10000.0]
    """
    low, high = min(low, high), max(low, high)
    if log and low > 0:
        first, last = int(np.ceil(np.log10(low) - 1e-9)), int(np.floor(np.log10(high) + 1e-9))
        if last - first >= 2:
            every = (last - first) // 5 + 1
            return [10.0**k for k in range(first, last + 1, every)]
        for steps in ((1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
            found = [m * 10.0**k for k in range(first - 1, last + 1) for m in steps]
            found = [x for x in found if low * (1 - 1e-9) <= x <= high * (1 + 1e-9)]
            if len(found) >= 3:
                return found
    span = high - low
    power = 10.0 ** np.floor(np.log10(span / 4))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if span / (m * power) <= 5.001)
    values = np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1) * step
    return [float(f"{x:.12g}") + 0.0 for x in values]


def told(value: float, digits: int = 4) -> str:
    """A number as short as it is read easily.

    >>> told(1e-9), told(1500.0), told(0.25)
    ('1e-9', '1500', '0.25')
    """
    text = f"{value:.{digits}g}"
    base, _, power = text.partition("e")
    return f"{base}e{int(power)}" if power else base
