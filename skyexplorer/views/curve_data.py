"""What of light curves is drawn: which share an axis, what they are called, and the columns of points and limits.

Curves share an axis where their units can be converted, and their bands, if these tell energies, overlap: a flux of X rays
is in the units of one of gamma rays, and has no place on its axis.
"""

from __future__ import annotations

import dataclasses
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy import units as u
from astropy.time import Time
from numpy.typing import NDArray

from skyexplorer.model.lightcurve import LightCurve
from skyexplorer.session.text import _

# Okabe and Ito, without black, and last what is pale on white; a second turn takes other markers.
COLORS = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#0072B2", "#999999", "#F0E442")
MARKERS = ("circle", "square", "diamond", "triangle", "inverted_triangle", "star", "plus", "x")
POINTS = ("x", "y", "lo", "hi", "x0", "x1", "color", "marker", "band", "when", "text")
LIMITS = ("x", "y", "x0", "x1", "color", "band", "when", "text", "arrow")
EMPTY_POINTS: dict[str, list[Any]] = {name: [] for name in POINTS}
EMPTY_LIMITS: dict[str, list[Any]] = {name: [] for name in LIMITS}
NUMBERS = ("x", "y", "lo", "hi", "x0", "x1")
MOST_DRAWN, FEW = 3000, 300
"""Points of a pane that are drawn, and at least of each curve: of more, the lowest and the highest of each short time."""
MOST_PANES = 5
MJD_OF_0 = 40587.0  # of 1970-01-01
DAY = 86.4e6  # ms
_ENERGIES = re.compile(r"(>|<)? ?([\d.]+(?:e[+-]?\d+)?)(?: ?[-–] ?([\d.]+(?:e[+-]?\d+)?))? ?([kMGTP]?eV)")
_UNITS = {"eV": 1.0, "keV": 1e3, "MeV": 1e6, "GeV": 1e9, "TeV": 1e12, "PeV": 1e15}


def milliseconds(time: Time) -> NDArray[np.float64]:
    """Milliseconds since 1970 UTC, as Bokeh counts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "dubious year" of dates beyond the leap-second table
        return np.atleast_1d(time.utc.unix) * 1e3


@dataclass
class Axis:
    """Curves that share an axis, in the unit of the first."""

    unit: u.UnitBase
    quantity: str
    energies: tuple[float, float] | None
    curves: list[LightCurve]

    @property
    def magnitudes(self) -> bool:
        """Whether bright is small."""
        return bool(self.unit.is_equivalent(u.mag))

    def takes(self, curve: LightCurve) -> bool:
        """Whether this curve belongs on it."""
        if not curve.value.unit.is_equivalent(self.unit):
            return False
        own = energies(curve)
        return (
            self.energies is None or own is None or (own[0] < self.energies[1] and self.energies[0] < own[1])
        )

    def add(self, curve: LightCurve) -> None:
        """Put a curve on it, in its unit."""
        if curve.value.unit != self.unit:
            errors = (curve.error[0].to(self.unit), curve.error[1].to(self.unit))
            curve = dataclasses.replace(curve, value=curve.value.to(self.unit), error=errors)
        own = energies(curve)
        if own is not None and self.energies is not None:
            self.energies = (min(own[0], self.energies[0]), max(own[1], self.energies[1]))
        self.energies = self.energies or own
        self.curves.append(curve)


def axes(curves: Iterable[LightCurve]) -> tuple[list[Axis], list[str]]:
    """Which curves share an axis, in the order of the first of each; and what to say of those that find no room."""
    found: list[Axis] = []
    left_out = []
    for curve in curves:
        axis = next((axis for axis in found if axis.takes(curve)), None)
        if axis is None and len(found) == MOST_PANES:
            left_out.append(
                _("{name} is in {unit}, for which there is no room.").format(
                    name=curve.name, unit=curve.value.unit.to_string("unicode")
                )
            )
            continue
        if axis is None:
            axis = Axis(curve.value.unit, curve.quantity, None, [])
            found.append(axis)
        axis.add(curve)
    return found, left_out


def energies(curve: LightCurve) -> tuple[float, float] | None:
    """Ends of the energies (eV) that the bands of a curve tell, or None."""
    low, high = np.inf, 0.0
    for band in {curve.band} if isinstance(curve.band, str) else set(curve.band):
        found = _ENERGIES.search(band)
        if found is None:
            return None
        sign, first, second, unit = found.groups()
        ends = float(first) * _UNITS[unit], float(second or first) * _UNITS[unit]
        low = min(low, 0.0 if sign == "<" else ends[0])
        high = max(high, np.inf if sign == ">" or not (second or sign) else ends[1])
    return (low, high) if low < high else None


def labels_of(curves: Sequence[LightCurve], titles: Mapping[str, str]) -> list[list[str]]:
    """What a legend calls each point of each curve: its band, and whose it is where there are several.

    Parameters
    ----------
    curves : sequence of LightCurve
    titles : mapping
        What providers are called, by their ids: of curves that come from one, that stands in place of the source's name.
    """
    told = []
    sources = {curve.name for curve in curves}
    for curve in curves:
        title = titles.get(curve.origin.service, "")
        whose = " ".join(filter(None, [curve.name if not title or len(sources) > 1 else "", title]))
        if len(curves) == 1:
            whose = title
        told.append(
            [
                band if band in title.replace(",", "").split() else f"{whose} {band}".strip()
                for band in curve.bands
            ]
        )
    return told


def legend_of(
    curves: Sequence[LightCurve], labels: Sequence[Sequence[str]], styles: Mapping[str, int]
) -> list[dict[str, Any]]:
    """A legend for several panes: whose curves, and the colour and marker of each of their bands.

    Returns
    -------
    list of dict
        ``{"whose": "ZTF", "items": [{"label": "g", "color": "#…", "marker": "circle"}, …]}``
    """
    found: dict[str, dict[str, dict[str, str]]] = {}
    for curve, own in zip(curves, labels, strict=True):
        for label, band in dict.fromkeys(zip(own, curve.bands, strict=True)):
            whose = label.removesuffix(band).strip() if band else label
            number = styles[label]
            color, marker = look_of(number)
            look = {"color": color, "marker": marker}
            found.setdefault(whose, {}).setdefault(label, {"label": band, **look})
    return [{"whose": whose, "items": list(items.values())} for whose, items in found.items()]


def styles_of(labels: Iterable[Iterable[str]]) -> dict[str, int]:
    """A number for each label, which tells colour and marker."""
    styles: dict[str, int] = {}
    for own in labels:
        for label in dict.fromkeys(own):
            styles.setdefault(label, len(styles))
    return styles


def look_of(number: int) -> tuple[str, str]:
    """Colour and marker: another pair for each of the first 64."""
    return COLORS[number % len(COLORS)], MARKERS[(number + number // len(COLORS)) % len(MARKERS)]


def columns(
    curves: Sequence[LightCurve], *, log: bool, labels: Sequence[Sequence[str]] | None = None,
    styles: Mapping[str, int] | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:  # fmt: skip
    """Columns for points and for limits: numbers as arrays, texts as lists."""
    labels = labels_of(curves, {}) if labels is None else labels
    styles = styles_of(labels) if styles is None else styles
    crowded = sum(len(curve) for curve in curves) > MOST_DRAWN
    most = max(MOST_DRAWN // len(curves), FEW) if crowded else MOST_DRAWN
    points: list[dict[str, Any]] = [dict(EMPTY_POINTS)]
    limits: list[dict[str, Any]] = [dict(EMPTY_LIMITS)]
    for curve, own in zip(curves, labels, strict=True):
        x, y = milliseconds(curve.time), np.asarray(curve.value.value, float)
        minus, plus = (np.nan_to_num(np.asarray(error.value, float)) for error in curve.error)
        x0, x1 = (milliseconds(t) for t in curve.time_bounds) if curve.time_bounds else (x, x)
        low, high = y - minus, y + plus
        good = np.isfinite(y)
        if log:
            good &= y > 0
            low = np.where(low > 0, low, y * 0.05)
        rows = thinned(x, y, np.flatnonzero(good), curve.upper_limit, most)
        when = _dates(x[rows])
        for wanted, parts in ((~curve.upper_limit, points), (curve.upper_limit, limits)):
            here = wanted[rows]
            at = rows[here]
            if not len(at):
                continue
            told = [own[i] for i in at]
            numbers = [styles[label] for label in told]
            columns = {
                "x": x[at], "y": y[at], "x0": x0[at], "x1": x1[at], "lo": low[at], "hi": high[at],
                "color": [look_of(n)[0] for n in numbers], "band": told,
                "marker": [look_of(n)[1] for n in numbers], "when": when[here].tolist(),
                "text": _texts(curve, y[at], minus[at], plus[at], limit=parts is limits), "arrow": ["↓"] * len(at),
            }  # fmt: skip
            parts.append({name: columns[name] for name in parts[0]})
    return _joined(points), _joined(limits)


def _joined(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Parts of columns, one after the other."""
    return {
        name: np.concatenate([np.asarray(part[name], float) for part in parts])
        if name in NUMBERS
        else [cell for part in parts for cell in part[name]]
        for name in parts[0]
    }


def _dates(ms: NDArray[np.float64]) -> NDArray[Any]:
    """UTC to the minute, and MJD, as texts."""
    known = np.clip(ms, -6e13, 2.5e14)  # the years 69 to 9892: what numpy writes with four digits
    minutes = np.datetime_as_string(known.astype("int64").astype("datetime64[ms]"), unit="m").tolist()
    mjd = (ms / DAY + MJD_OF_0).tolist()
    told = [
        f"{day.replace('T', ' ')} UTC, MJD {number:.3f}" for day, number in zip(minutes, mjd, strict=True)
    ]
    return np.array(told, object)


def _texts(curve: LightCurve, y: Any, minus: Any, plus: Any, *, limit: bool) -> list[str]:
    """What is said of each point: its value, its error, and where it is from."""
    unit = curve.value.unit
    tail = "" if unit == u.dimensionless_unscaled else f" {unit.to_string('unicode')}"
    if curve.origin.service not in ("sample", "file", "user"):
        tail += f" · {curve.origin.title}"
    if limit:
        sign = ">" if unit.is_equivalent(u.mag) else "<"  # fainter than
        return [f"{sign} {value:.4g}{tail}" for value in y.tolist()]
    return [
        f"{value:.4g} +{up:.2g} −{down:.2g}{tail}" if up or down else f"{value:.4g}{tail}"
        for value, down, up in zip(y.tolist(), minus.tolist(), plus.tolist(), strict=True)
    ]


def thinned(
    x: NDArray[np.float64], y: NDArray[np.float64], rows: NDArray[Any], limit: NDArray[np.bool_], most: int
) -> NDArray[Any]:
    """Some of many rows, which look the same drawn: the lowest and highest value of each short time; limits all stay.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(100_000.0)
    >>> y = np.where(x == 50_000, 9.0, np.sin(x / 500))
    >>> few = thinned(x, y, np.arange(100_000), np.zeros(100_000, bool), 3000)
    >>> len(few) <= 3000, bool((y[few] == 9).any())
    (True, True)
    """
    seen, rest = rows[~limit[rows]], rows[limit[rows]]
    if len(seen) <= most:
        return rows
    span = np.ptp(x[seen]) or 1.0
    bins = np.minimum(((x[seen] - x[seen].min()) / span * (most // 2)).astype(int), most // 2 - 1)
    order = np.lexsort((y[seen], bins))
    first = np.flatnonzero(np.r_[True, np.diff(bins[order]) > 0])
    last = np.r_[first[1:] - 1, len(order) - 1]
    kept = seen[order[np.unique(np.r_[first, last])]]
    return np.sort(np.r_[kept, rest])


def described(curves: Sequence[LightCurve], titles: Mapping[str, str]) -> str:
    """Where they come from, each origin once.

    Parameters
    ----------
    curves : sequence of LightCurve
    titles : mapping
        What providers are called, by their ids.
    """
    told = []
    for curve in curves:
        band = curve.band if isinstance(curve.band, str) and len(curves) == 1 else ""
        whence = (
            titles.get(curve.origin.service, curve.origin.title) if len(curves) > 1 else curve.origin.title
        )
        told.append(" ".join(part for part in (whence, band) if part))
    return " · ".join(dict.fromkeys(told))


def left_out(drawn: int, curves: Sequence[LightCurve]) -> str:
    """How many of the points are drawn, where that is less than most of very many; else nothing.

    Examples
    --------
    >>> from skyexplorer import samples
    >>> left_out(10, [samples.light_curve("TXS 0506+056")])
    ''
    """
    many = sum(len(curve) for curve in curves)
    if drawn >= many or many <= MOST_DRAWN:
        return ""
    return _("{drawn:,} of {many:,} points drawn").format(drawn=drawn, many=many)
