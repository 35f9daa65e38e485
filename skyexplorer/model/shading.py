"""Shading: how numbers become colours: cuts, a stretch between them, and a colour map.

Shades are 1 to 255, and 0 where there is no value: as indices of a palette of which the first colour is clear, they make
a picture that is coloured anew by its palette alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skyexplorer.errors import InputError

STRETCHES = ("linear", "sqrt", "log", "asinh")
"""The curves between the cuts; as in DS9 (its reference manual, "Scale"), of values between 0 and 1."""
LOG, SOFT = 1000.0, 0.1
SAMPLE = 1_000_000  # values of which percentiles are taken

# Seventeen anchors each, between which colours are linear: within 7 of 255 of the maps themselves. The first four are of
# even lightness and told apart by eyes that see red and green alike; viridis, magma and inferno are by S. van der Walt and
# N. Smith, cividis by Nuñez, Anderton and Renslow 2018 (PLoS ONE 13, e0199239), turbo by A. Mikhailov.
_ANCHORS = {
    "viridis": "440154 47186a 472c7b 424085 3a528b 32628d 2c728e 26818e 20908c 1e9e88 27ad80 3dbb74 5bc862 81d34c aadb32"
    " d4e11a fde724",
    "magma": "000003 0a0722 1c1046 350f6a 50127b 691c80 822581 9c2e7f b63679 ce4070 e55063 f4685b fb8660 fda470 fec286"
    " fddfa1 fbfcbf",
    "inferno": "000003 0a0723 200c4a 3c0965 570f6d 70196e 892269 a32b61 bb3754 d04544 e35832 f0701e f98c09 fbaa0e f8c931"
    " f1e864 fcfea4",
    "cividis": "00204c 002b68 06366e 2c416b 414d6b 51586c 60646e 6f6f72 7c7b78 8b8778 9b9377 aba174 bcae6e cdbc67 dfcb5d"
    " f1da50 ffe945",
    "turbo": "30123b 4040a1 466be3 4193fe 28bbeb 17dcc2 32f197 6dfd62 a4fc3b caed33 ecd139 fcae34 fb8022 ec520e d23005"
    " ac1601 7a0402",
    "grey": "000000 ffffff",
    # Blue, dark, red of our own, for what has two signs; dark in the middle, as the sky is.
    "two signs": "b9defa 58a8e8 1f6fc0 123c74 10141d 70231c b8402b ee8354 fde0b4",
}
COLOR_MAPS = tuple(_ANCHORS)
"""Names of the colour maps."""


def palette(name: str, count: int = 256) -> NDArray[np.uint8]:
    """Colours of a map from its lowest to its highest: uint8, shape (count, 3).

    Raises
    ------
    InputError
        For an unknown name; it tells those there are.

    Examples
    --------
    >>> from skyexplorer.model.shading import palette
    >>> palette("viridis")[[0, 255]].tolist()
    [[68, 1, 84], [253, 231, 36]]
    """
    words = _ANCHORS[_known("color_map", name.removesuffix(" reversed"), COLOR_MAPS)].split()
    anchors = np.array([[int(word[k : k + 2], 16) for k in (0, 2, 4)] for word in words], float)
    if name.endswith(" reversed"):
        anchors = anchors[::-1]
    at, t = np.linspace(0, 1, len(anchors)), np.linspace(0, 1, count)
    return np.rint(np.stack([np.interp(t, at, anchors[:, c]) for c in range(3)], axis=-1)).astype(np.uint8)


@dataclass(frozen=True)
class Shading:
    """How values are shown.

    Parameters
    ----------
    color_map : str
        One of `COLOR_MAPS`; with ``" reversed"`` behind it, from its other end.
    stretch : {"linear", "sqrt", "log", "asinh"}
    cuts : float or tuple of two floats
        The per cent of all values, around their median, that lie between black and white; or the two values themselves.

    Raises
    ------
    InputError
        For one that cannot be.

    Examples
    --------
    >>> import numpy as np
    >>> from skyexplorer.model.shading import Shading
    >>> Shading(cuts=(0, 10)).shades(np.array([-1, 0, 5, 10, 99, np.nan])).tolist()
    [1, 1, 128, 255, 255, 0]
    """

    color_map: str = "viridis"
    stretch: str = "linear"
    cuts: float | tuple[float, float] = 99.5

    def __post_init__(self) -> None:
        _known("color_map", str(self.color_map).removesuffix(" reversed"), COLOR_MAPS)
        _known("stretch", self.stretch, STRETCHES)
        object.__setattr__(self, "cuts", _cuts(self.cuts))

    def with_(self, **changes: Any) -> Shading:
        """The same with some things changed."""
        return replace(self, **changes)

    def limits(self, values: NDArray[Any]) -> tuple[float, float]:
        """The values that become black and white; of values that are all the same, a little around them."""
        if isinstance(self.cuts, tuple):
            return self.cuts
        step = max(values.size // SAMPLE, 1)
        some = np.ravel(values)[::step]
        some = some[np.isfinite(some)]
        if not len(some) and step > 1:  # few values in a large map may lie between the steps
            some = values[np.isfinite(values)]
        if not len(some):
            return 0.0, 1.0
        out = (100 - self.cuts) / 2
        low, high = (float(edge) for edge in np.percentile(some, (out, 100 - out)))
        if not high > low:
            low, high = float(some.min()), float(some.max())
        if not high > low:
            low, high = low - (abs(low) or 1.0) / 2, high + (abs(high) or 1.0) / 2
        return low, high

    def shades(self, values: NDArray[Any], limits: tuple[float, float] | None = None) -> NDArray[np.uint8]:
        """1 at the lower cut and below, 255 at the upper and above, 0 where there is no finite value."""
        low, high = self.limits(values) if limits is None else limits
        with np.errstate(invalid="ignore", over="ignore"):
            share = np.clip((values.astype(np.float64) - low) / (high - low), 0, 1)
            if self.stretch == "sqrt":
                share = np.sqrt(share)
            elif self.stretch == "log":
                share = np.log1p(LOG * share) / np.log1p(LOG)
            elif self.stretch == "asinh":
                share = np.arcsinh(share / SOFT) / np.arcsinh(1 / SOFT)
        good = np.isfinite(share)
        return np.where(good, np.rint(1 + 254 * np.where(good, share, 0)), 0).astype(np.uint8)

    @property
    def palette(self) -> tuple[bytes, bytes]:
        """Colours and alphas of the shades 0 to 255, as a PNG has them."""
        colors = np.concatenate([[[0, 0, 0]], palette(self.color_map, 255)]).astype(np.uint8)
        return colors.tobytes(), bytes([0, *[255] * 255])


def _known(field: str, value: Any, known: tuple[str, ...]) -> str:
    if value not in known:
        raise InputError(f"{field} is {value!r}.", f"Give one of {', '.join(known)}.")
    return str(value)


def _cuts(value: Any) -> float | tuple[float, float]:
    try:
        if isinstance(value, (tuple, list, np.ndarray)):
            low, high = (float(edge) for edge in value)
            if np.isfinite(low) and np.isfinite(high) and low < high:
                return low, high
        elif 0 < float(value) <= 100:
            return float(value)
    except (TypeError, ValueError):
        pass
    raise InputError(f"cuts is {value!r}.", "Give per cent (99.5), or two values, the lower first: (0, 1e3).")
