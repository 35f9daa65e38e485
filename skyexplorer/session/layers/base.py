"""Layer: what all kinds have in common; PictureLayer, without rows; RowsLayer, whose rows a filter may hide."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from psygnal import Signal

from skyexplorer.errors import InputError
from skyexplorer.session.layers.style import SHAPES, STYLES, Style

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord

    from skyexplorer.model.origin import Origin

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


class Layer:
    """Something drawn on the sky; made as one of its kinds.

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
    """``"skymap"``, ``"events"``, ``"catalog"``, ``"eventlist"`` or ``"region"``."""

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
        self._opacity = fraction("opacity", opacity)
        self._color = _checked_color(style.color if color is None else color)
        self._shape = _checked_shape(style.shape if shape is None else shape)
        self._shape_given = shape is not None

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
        self._set("opacity", fraction("opacity", value))

    @property
    def color(self) -> str:
        """``"#rrggbb"``, in capitals."""
        return self._color

    @color.setter
    def color(self, value: str) -> None:
        self._set("color", _checked_color(value))

    @property
    def shape(self) -> str:
        """The marker, one of ``SHAPES``."""
        return self._shape

    @shape.setter
    def shape(self, value: str) -> None:
        self._set("shape", _checked_shape(value))

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

    def row_of(self, thing: Any) -> int | None:
        """The row of what a click selects, such as a source or an event; None where it is not of this layer."""
        return None


class PictureLayer(Layer):
    """A layer that is looked at as a whole: nothing in it can be selected."""

    @property
    def names(self) -> Sequence[str]:
        """None."""
        return []

    @property
    def coords(self) -> SkyCoord:
        """None."""
        from astropy import units as u
        from astropy.coordinates import SkyCoord

        return SkyCoord([] * u.deg, [] * u.deg)


class RowsLayer(Layer):
    """A layer of rows, of which a filter may hide some, and a brush mark some."""

    def __init__(self, name: str, data: Any, rows: int, **style: Any) -> None:
        super().__init__(name, data, **style)
        self._shown = np.ones(rows, bool)
        self._marked = np.zeros(rows, bool)
        self._shown.flags.writeable = self._marked.flags.writeable = False
        self._kept: dict[str, np.ndarray] = {}  # by each filter

    @property
    def rows(self) -> int:
        """Number of rows, hidden ones too."""
        return len(self._shown)

    @property
    def shown(self) -> np.ndarray:
        """Which rows the filters leave to be drawn: bool, (rows,), read-only. Setting it is ``keep("filter", rows)``."""
        return self._shown

    @shown.setter
    def shown(self, value: np.ndarray) -> None:
        self.keep("filter", value)

    def keep(self, why: str, rows: np.ndarray | None) -> None:
        """What one of several filters leaves; a row is shown where all of them leave it.

        Parameters
        ----------
        why : str
            The filter, such as ``"filter"`` (of the table, or rows by hand), ``"time"`` or ``"inside"`` (a region); its
            rows before are forgotten.
        rows : bool array, (rows,), or None
            None takes the filter off.
        """
        kept = {name: mask for name, mask in self._kept.items() if name != why}
        if rows is not None:
            kept[why] = self._mask("shown", rows)
        self._kept = kept
        self._set_rows("shown", np.logical_and.reduce([np.ones(self.rows, bool), *kept.values()]))

    @property
    def marked(self) -> np.ndarray:
        """Which rows were brushed, in a plot or on the sky: bool, (rows,), read-only; none at first."""
        return self._marked

    @marked.setter
    def marked(self, value: np.ndarray) -> None:
        self._set_rows("marked", value)

    def _set_rows(self, field: str, value: np.ndarray) -> None:
        mask = self._mask(field, value)
        if not np.array_equal(mask, getattr(self, f"_{field}")):
            mask.flags.writeable = False
            setattr(self, f"_{field}", mask)
            self.changed.emit(field)

    def _mask(self, field: str, value: np.ndarray) -> np.ndarray:
        mask = np.array(value)
        if mask.shape != (self.rows,) or mask.dtype != bool:
            raise InputError(
                f"{field} is an array {mask.shape} of {mask.dtype}.",
                f"Give one bool for each of {self.rows} rows.",
            )
        return mask


def fraction(field: str, value: float) -> float:
    """A number from 0 to 1; InputError for another."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not 0 <= number <= 1:
        raise InputError(f"{field} is {value!r}.", "Give a number from 0 to 1.")
    return number


def _checked_color(value: str) -> str:
    if not isinstance(value, str) or not _COLOR.fullmatch(value):
        raise InputError(f"color is {value!r}.", 'Give it as "#rrggbb", such as "#56B4E9".')
    return value.upper()


def _checked_shape(value: str) -> str:
    if value not in SHAPES:
        raise InputError(f"shape is {value!r}.", f"Give one of {', '.join(SHAPES)}.")
    return value
