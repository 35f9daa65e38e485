"""Looks: how the rows of a catalogue are drawn, by their columns; what `CatalogLayer.style` sets."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from skyexplorer.errors import InputError

if TYPE_CHECKING:
    from skyexplorer.session.layers.columns import Columns

MAPS = ("viridis", "plasma", "inferno", "magma", "cividis", "turbo", "coolwarm")
"""Colour maps; those to ``cividis`` grow evenly brighter, ``coolwarm`` is for values on both sides of a middle."""
CATEGORIES = 8
"""Texts of a column that are told apart, the most frequent; the others look alike."""

_BY = ("color_by", "size_by", "shape_by", "label_by", "first_by")
_NUMBERS = ("size_by", "first_by")
_SWITCHES = ("color_log", "size_log", "errors", "motion", "density", "first_descending")


@dataclass(frozen=True)
class Looks:
    """How the rows of a catalogue are drawn. Each ``…_by`` is a column or an expression of columns; empty: not used."""

    color_by: str = ""
    """Colour; texts as categories, numbers by `color_map`."""
    color_map: str = "viridis"
    """One of ``MAPS``."""
    color_range: tuple[float, float] | None = None
    """Values of the ends of the map; None: what the middle 98 % of the rows span."""
    color_log: bool = False
    """Whether the map is logarithmic."""
    size_by: str = ""
    """Size, growing with the value."""
    size_range: tuple[float, float] | None = None
    """Values of the smallest and the largest size; None as for the colour."""
    size_log: bool = False
    """Whether the size grows with the logarithm."""
    shape_by: str = ""
    """Marker, by category."""
    label_by: str = ""
    """What is written beside a source."""
    errors: bool = True
    """Whether error circles and ellipses are drawn."""
    motion: bool = False
    """Whether proper motions are drawn as arrows."""
    density: bool = False
    """Whether the number of sources is drawn as a map instead of each of them."""
    first_by: str = ""
    """Which rows are drawn first where not all are; empty: by what `importance` finds."""
    first_descending: bool = True
    """Whether the largest value of `first_by` comes first."""

    def changed(self, columns: Columns, **changes: Any) -> Looks:
        """The same with some changes.

        Parameters
        ----------
        columns : Columns
            Of the catalogue: names are looked up, and expressions evaluated.
        **changes
            Attributes of `Looks`. Another column of colours or sizes is scaled anew. ``first_by`` without
            ``first_descending`` takes the direction that its kind calls for: magnitudes ascending, anything else descending.

        Raises
        ------
        InputError
            For an attribute, a column, a map or a range that cannot be; names near to it are told.
        """
        known = [field.name for field in fields(self)]
        for name, value in changes.items():
            if name not in known:
                near = difflib.get_close_matches(name, known, n=3)
                raise InputError(
                    f"There is no look {name!r}.",
                    f"Did you mean {' or '.join(near)}?" if near else f"There are {', '.join(known)}.",
                )
            if name in _BY:
                changes[name] = _checked_by(name, value, columns)
            elif name in _SWITCHES:
                changes[name] = _checked_switch(name, value)
            elif name == "color_map":
                _checked_map(value)
            else:
                changes[name] = _checked_range(name, value)
        for what in ("color", "size"):  # a scale belongs to its column, and goes with it
            before, after = getattr(self, f"{what}_by"), changes.get(f"{what}_by", "")
            if before and after and after != before:
                changes = {f"{what}_range": None, f"{what}_log": False, **changes}
        if changes.get("motion") and columns.catalog.proper_motion is None:
            raise InputError(
                f"{columns.catalog.name} has no proper motions.",
                "Name their columns: SourceCatalog(table, pmra=…, pmdec=…).",
            )
        if changes.get("first_by") and "first_descending" not in changes:
            changes["first_descending"] = not _is_magnitude(changes["first_by"], columns)
        return replace(self, **changes)


def importance(columns: Columns) -> tuple[str, bool]:
    """The column by which rows are drawn first where not all are, and whether its largest value comes first.

    A probability density, else a significance, else a magnitude, else a flux, told by UCD or name; empty where there is
    none: then the rows come in their own order.

    Examples
    --------
    >>> from astropy.table import Table
    >>> from skyexplorer import SourceCatalog
    >>> from skyexplorer.session.layers.columns import Columns
    >>> stars = Table({"ra": [1.0], "dec": [2.0], "e_Gmag": [0.1], "Gmag": [12.0]})
    >>> importance(Columns(SourceCatalog(stars)))
    ('Gmag', False)
    """
    names = [name for name in columns.numeric if not _ERRORS.match(name.lower())]
    ucds = {name: _ucd(columns, name) for name in names}
    for words, pattern, descending in _IMPORTANT:
        for name in names:
            if any(ucds[name].startswith(word) for word in words) and "err" not in ucds[name]:
                return name, descending
        for name in names:
            if pattern.fullmatch(name.lower()):
                return name, descending
    return "", True


_ERRORS = re.compile(r"e_|err|unc|sig_|sigma_|.*(_|\b)(err|error|unc|sigma)\b|.*(error|_err)")
_IMPORTANT: tuple[tuple[tuple[str, ...], re.Pattern[str], bool], ...] = (
    ((), re.compile(r"probability_density"), True),
    (("stat.significance",), re.compile(r"signif.*|.*significance|sqrt_?ts.*|ts|test_?stat.*|snr|s/?n"), True),
    (
        ("phot.mag",),
        re.compile(r"(phot_)?[a-z]{1,3}(_mean)?_?mag(nitude)?|mag(nitude)?(_?[a-z]{1,4})?|[a-z]+mag(_psf|_auto)?"),
        False,
    ),
    (
        ("phot.flux", "phot.count"),
        re.compile(r"(e|energy_?|pl_?)?flu(x|ence)(_?density|_?\d+|_peak)?|(peak|total|int)[_-]?flux|f(peak|int)|s_?(peak|int|tot)"
                   r"|s\d+(\.\d+)?|energy_flux\d*|phot_[a-z]+_mean_flux"),
        True,
    ),
)  # fmt: skip


def _is_magnitude(text: str, columns: Columns) -> bool:
    if text not in columns.numeric:
        return False
    return _ucd(columns, text).startswith("phot.mag") or _IMPORTANT[2][1].fullmatch(text.lower()) is not None


def _ucd(columns: Columns, name: str) -> str:
    info = getattr(columns[name], "info", None)
    return str((getattr(info, "meta", None) or {}).get("ucd") or "").lower()


def _checked_by(name: str, value: Any, columns: Columns) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InputError(
            f"{name} is {value!r}.", "Give the name of a column, or an expression of columns as a text."
        )
    text = value.strip()
    if text and columns.values(text).dtype.kind == "U" and name in _NUMBERS:
        raise InputError(
            f"{name} is {text!r}, which holds texts.", "Give a column or an expression of numbers."
        )
    return text


def _checked_switch(name: str, value: Any) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise InputError(f"{name} is {value!r}.", "Give True or False.")
    return bool(value)


def _checked_map(value: Any) -> None:
    if value not in MAPS:
        near = difflib.get_close_matches(str(value), MAPS, n=2)
        raise InputError(
            f"There is no colour map {value!r}.",
            f"Did you mean {' or '.join(near)}?" if near else f"There are {', '.join(MAPS)}.",
        )


def _checked_range(name: str, value: Any) -> tuple[float, float] | None:
    if value is None:
        return None
    try:
        low, high = (float(end) for end in value)
    except (TypeError, ValueError):
        low = high = np.nan
    if not (np.isfinite(low) and np.isfinite(high) and low != high):
        raise InputError(f"{name} is {value!r}.", "Give two different numbers, such as (0, 10), or None.")
    return low, high
