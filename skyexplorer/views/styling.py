"""Styling: how each row of a catalogue is drawn, as bytes that the sky takes; and the legend of it.

Each part of a style depends on some of the looks only, and is kept with them: when one look changes, one part is made
anew. Of many rows the labels are those of the rows on show; nothing else here depends on which these are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from skyexplorer.model.texts import Texts
from skyexplorer.session.layers import SHAPES, CatalogLayer
from skyexplorer.session.layers.looks import CATEGORIES
from skyexplorer.session.text import _
from skyexplorer.views import palettes

LARGE = 20_000
"""Rows beyond which error circles are drawn of the sources in view only, by the browser."""
LABELLED = 20_000
"""Rows that have a label at most, the most important ones on show: of more none could be read."""
SMALLEST, LARGEST = 5.0, 20.0  # px
MIDDLE = (1.0, 99.0)  # percentiles that a range without numbers spans
SAMPLE = 200_000  # rows of which they are taken


@dataclass(frozen=True)
class Scale:
    """Numbers of a column mapped to 0…1."""

    low: float
    high: float
    log: bool

    def place(self, values: Any) -> np.ndarray:
        """0 at the low end, 1 at the high one; NaN where there is no value, or none of which there is a logarithm."""
        with np.errstate(all="ignore"):
            if self.log:
                low, high = np.log10(self.low), np.log10(self.high)
                values = np.where(np.asarray(values) > 0, np.log10(values), np.nan)
            else:
                low, high = self.low, self.high
            return np.clip((np.asarray(values) - low) / (high - low), 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class Categories:
    """Texts of a column: the most frequent, and the number of each row's; 0 where missing, the last for all others."""

    texts: tuple[str, ...]
    counts: tuple[int, ...]
    codes: np.ndarray
    missing: int
    others: int


class _Same:
    """Equal to what is made of the very same object: a mask is replaced and never changed."""

    def __init__(self, thing: Any) -> None:
        self._thing = thing

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other._thing is self._thing

    __hash__ = None  # type: ignore[assignment]


_parts: WeakKeyDictionary[CatalogLayer, dict[str, tuple[Any, Any]]] = WeakKeyDictionary()


def _kept(layer: CatalogLayer, name: str, key: Any, make: Callable[[], Any]) -> Any:
    parts = _parts.setdefault(layer, {})
    if name not in parts or parts[name][0] != key:
        parts[name] = (key, make())
    return parts[name][1]


def style_of(layer: CatalogLayer) -> dict[str, Any]:
    """How the rows are drawn: the value of the trait ``Drawing.style``.

    Parameters
    ----------
    layer : CatalogLayer

    Returns
    -------
    dict
        What is not used is absent. ``tint``: uint8 a row, into ``palette``, 256 times RGB; ``size``: float32 a row, px;
        ``shape``: uint8 a row, into ``SHAPES``; ``label``: ``text`` (UTF-8) and ``starts`` (uint32, one more than rows);
        ``arrow``: float32 (2, rows), mas/yr east and north; ``ellipse``: float32 (3, rows), semi-axes and position
        angle (deg), of more than ``LARGE`` rows; ``rank``: uint32, rows in order of importance; ``density``: True,
        and then ``palette`` is the colour map.
    """
    looks = layer.looks
    style: dict[str, Any] = {}
    if looks.color_by:
        style["tint"] = _tint(layer)
        style["palette"] = _palette(layer)
    if looks.size_by:
        key = looks.size_by, looks.size_range, looks.size_log
        style["size"] = _kept(layer, "size", key, lambda: _size(layer))
    shaped = _shaped_by(layer)
    if shaped:
        style["shape"] = _kept(layer, "shape", shaped, lambda: _shape(_categories(layer, shaped)))
    if looks.label_by:
        shown = _Same(layer.shown if layer.rows > LABELLED else None)
        style["label"] = _kept(layer, "label", (looks.label_by, layer.first, shown), lambda: _label(layer))
    if looks.motion and layer.catalog.proper_motion is not None:
        style["arrow"] = _kept(layer, "arrow", None, lambda: _arrow(layer))
    if looks.errors and layer.rows > LARGE:
        ellipse = _kept(layer, "ellipse", None, lambda: _ellipse(layer))
        if ellipse:
            style["ellipse"] = ellipse
    if layer.first[0]:
        style["rank"] = _kept(layer, "rank", layer.first, lambda: _rank(layer))
    if looks.density:
        style["density"], style["palette"] = True, _palette(layer)
    return style


def legend_of(layer: CatalogLayer) -> dict[str, Any]:
    """What the looks mean, for a legend; empty where nothing is drawn by a column.

    Returns
    -------
    dict
        ``color``: ``title``, ``missing`` (how many rows have no value), and ``stops`` with ``ticks`` (``at`` from 0 to 1,
        ``text``) or ``items`` (``text``, ``color``, ``shape``, ``count``); ``size``: ``title`` and ``items`` (``px``,
        ``text``); ``shape``: ``title`` and ``items``; ``arrows`` and ``density``: True.
    """
    looks = layer.looks
    legend: dict[str, Any] = {}
    if looks.color_by and not looks.density:
        legend["color"] = {"title": titled(layer, looks.color_by), **_color_legend(layer)}
    if looks.size_by and not looks.density:
        scale = _scale(layer, "size")
        marks = palettes.ticks(scale.low, scale.high, scale.log)
        marks = [marks[0], marks[len(marks) // 2], marks[-1]] if len(marks) > 3 else marks
        sizes = SMALLEST + (LARGEST - SMALLEST) * scale.place(np.array(marks))
        items = [{"px": float(px), "text": palettes.told(x)} for px, x in zip(sizes, marks, strict=True)]
        legend["size"] = {"title": titled(layer, looks.size_by), "items": items}
    if looks.shape_by and looks.shape_by != looks.color_by and not looks.density:
        legend["shape"] = {
            "title": titled(layer, looks.shape_by), "items": _items(_categories(layer, looks.shape_by), layer.color, True)
        }  # fmt: skip
    if looks.motion and not looks.density:
        legend["arrows"] = True
    if looks.density:
        legend["density"] = True
    return legend


def scale_of(layer: CatalogLayer, what: str) -> Scale | None:
    """The scale of ``color`` or ``size``; None where there is none, as for categories."""
    text = getattr(layer.looks, f"{what}_by")
    return None if not text or _is_category(layer, text) else _scale(layer, what)


def titled(layer: CatalogLayer, text: str) -> str:
    """A column with its unit; an expression as it is."""
    unit = getattr(layer.columns[text], "unit", None) if text in layer.columns.colnames else None
    return f"{text} ({unit})" if unit is not None and str(unit) else text


def _is_category(layer: CatalogLayer, text: str) -> bool:
    return layer.columns.values(text).dtype.kind in "Ub"


def _scale(layer: CatalogLayer, what: str) -> Scale:
    """The scale of ``color`` or ``size``."""
    looks = layer.looks
    text, given, log = (getattr(looks, f"{what}_{end}") for end in ("by", "range", "log"))

    def make() -> Scale:
        values = layer.columns.values(text)
        good = values[:: max(1, len(values) // SAMPLE)].astype(float)
        good = good[np.isfinite(good) & ((good > 0) | (not log))]
        low, high = given or (np.percentile(good, MIDDLE) if len(good) else (0.0, 1.0))
        if log and min(low, high) <= 0:  # a range that was given for another scale
            low, high = np.percentile(good, MIDDLE) if len(good) else (1.0, 10.0)
        if low == high:
            low, high = (low / 2, low * 2) if log else (low - 0.5, low + 0.5)
        return Scale(float(low), float(high), log)

    return _kept(layer, f"scale of {what}", (text, given, log), make)


def _categories(layer: CatalogLayer, text: str) -> Categories:
    kept: dict[str, Categories] = _kept(layer, "categories", None, dict)
    if text not in kept:
        if len(kept) > 3:
            kept.clear()
        kept[text] = _categorized(layer, text)
    return kept[text]


def _categorized(layer: CatalogLayer, text: str) -> Categories:
    texts = layer.columns.encoded(text)
    if texts is None:
        values = layer.columns.values(text)
        if values.dtype.kind == "U":
            texts = Texts.of(values)
        elif values.dtype == bool:
            texts = Texts(np.array([_("no"), _("yes")]), values.astype(np.int32))
        else:  # shapes of numbers: each number is a category, of few that `CatalogLayer.style` leaves
            known, inverse = np.unique(values, return_inverse=True)
            texts = Texts(np.array(["" if np.isnan(x) else palettes.told(x) for x in known]), inverse)
    words = texts.words
    counts = np.bincount(texts.codes, minlength=len(words))
    gone = words == ""
    there = np.where(gone, 0, counts)
    # Of very many words only those are sorted that may be among the most frequent.
    least = np.partition(there, -CATEGORIES)[-CATEGORIES] if len(there) > CATEGORIES else 0
    often = np.flatnonzero((there >= least) & (there > 0))
    top = often[np.argsort(-there[often], kind="stable")][:CATEGORIES]
    code = np.full(len(words), len(top) + 1, np.uint8)
    code[gone] = 0
    code[top] = np.arange(1, len(top) + 1)
    return Categories(
        tuple(str(word) for word in words[top]),
        tuple(counts[top].tolist()),
        texts.each(code),
        int(counts[gone].sum()),
        int(there.sum() - there[top].sum()),
    )


def _tint(layer: CatalogLayer) -> bytes:
    looks = layer.looks
    if _is_category(layer, looks.color_by):
        return _kept(
            layer, "tint", looks.color_by, lambda: _categories(layer, looks.color_by).codes.tobytes()
        )
    key = looks.color_by, looks.color_range, looks.color_log

    def make() -> bytes:
        place = _scale(layer, "color").place(layer.columns.values(looks.color_by))
        with np.errstate(invalid="ignore"):
            return np.where(np.isnan(place), 0, 1 + np.round(254 * place)).astype(np.uint8).tobytes()

    return _kept(layer, "tint", key, make)


def _palette(layer: CatalogLayer) -> bytes:
    looks = layer.looks
    table = np.zeros((256, 3), np.uint8)
    table[0] = _rgb(palettes.MISSING)
    if not looks.density and _is_category(layer, looks.color_by):
        found = _categories(layer, looks.color_by)
        for k in range(len(found.texts)):
            table[k + 1] = _rgb(palettes.CATEGORICAL[k])
        table[len(found.texts) + 1] = _rgb(palettes.OTHERS)
    else:
        table[1:] = palettes.colors(looks.color_map)
    return table.tobytes()


def _rgb(text: str) -> tuple[int, ...]:
    return tuple(int(text[i : i + 2], 16) for i in (1, 3, 5))


def _color_legend(layer: CatalogLayer) -> dict[str, Any]:
    looks = layer.looks
    if _is_category(layer, looks.color_by):
        found = _categories(layer, looks.color_by)
        return {"items": _items(found, "", _shaped_by(layer) == looks.color_by), "missing": found.missing}
    scale = _scale(layer, "color")
    marks = palettes.ticks(scale.low, scale.high, scale.log)
    places = scale.place(np.array(marks))
    missing = _kept(
        layer, "missing", (looks.color_by, looks.color_log),
        lambda: int(np.isnan(scale.place(layer.columns.values(looks.color_by))).sum()),
    )  # fmt: skip
    return {
        "stops": palettes.hexed(palettes.colors(looks.color_map)[:: 254 // 16]),
        "ticks": [{"at": float(at), "text": palettes.told(x)} for at, x in zip(places, marks, strict=True)],
        "missing": missing,
    }


def _items(found: Categories, color: str, shapes: bool) -> list[dict[str, Any]]:
    items = [
        {
            "text": text,
            "count": count,
            "color": color or palettes.CATEGORICAL[k],
            "shape": palettes.SHAPE_ORDER[k % len(palettes.SHAPE_ORDER)] if shapes else "circle",
        }
        for k, (text, count) in enumerate(zip(found.texts, found.counts, strict=True))
    ]
    if found.others:
        look = {"color": color or palettes.OTHERS, "shape": "circle"}
        items.append({"text": _("all others"), "count": found.others, **look})
    return items


def _shaped_by(layer: CatalogLayer) -> str:
    """What tells the shape: the look, or the colour where it is one of categories, so that colour never tells alone."""
    looks = layer.looks
    if looks.shape_by or not looks.color_by:
        return looks.shape_by
    return looks.color_by if _is_category(layer, looks.color_by) else ""


def _shape(found: Categories) -> bytes:
    order = [SHAPES.index(shape) for shape in palettes.SHAPE_ORDER]
    table = np.full(256, SHAPES.index("circle"), np.uint8)
    for k in range(len(found.texts)):
        table[k + 1] = order[k % len(order)]
    return table[found.codes].tobytes()


def _size(layer: CatalogLayer) -> bytes:
    place = _scale(layer, "size").place(layer.columns.values(layer.looks.size_by))
    return (SMALLEST + (LARGEST - SMALLEST) * np.nan_to_num(place)).astype(np.float32).tobytes()


def _rank(layer: CatalogLayer) -> bytes:
    text, descending = layer.first
    values = layer.columns.values(text).astype(float)
    # NaN is sorted to the end either way.
    return np.argsort(-values if descending else values).astype(np.uint32).tobytes()


def _label(layer: CatalogLayer) -> dict[str, bytes]:
    values = layer.columns.values(layer.looks.label_by)
    rows = np.arange(len(values))
    if len(values) > LABELLED:
        if layer.first[0]:
            rows = np.frombuffer(_kept(layer, "rank", layer.first, lambda: _rank(layer)), np.uint32)
        rows = np.sort(rows[layer.shown[rows]][:LABELLED])
    picked = values[rows]
    if picked.dtype.kind == "f":
        texts = ["" if np.isnan(x) else palettes.told(x) for x in picked.tolist()]
    else:
        texts = [str(x) for x in picked.tolist()]
    encoded = [text.encode() for text in texts]
    lengths = np.zeros(len(values) + 1, np.uint32)
    lengths[rows + 1] = [len(text) for text in encoded]
    return {"text": b"".join(encoded), "starts": np.cumsum(lengths, dtype=np.uint32).tobytes()}


def _arrow(layer: CatalogLayer) -> bytes:
    motion = layer.catalog.proper_motion
    assert motion is not None
    return np.stack([side.to_value("mas/yr") for side in motion]).astype(np.float32).tobytes()


def _ellipse(layer: CatalogLayer) -> bytes:
    catalog = layer.catalog
    if catalog.error_ellipse is not None:
        sides = [side.to_value("deg") for side in catalog.error_ellipse]
    elif catalog.error is not None:
        radius = catalog.error.to_value("deg")
        sides = [radius, radius, np.zeros(len(radius))]
    else:
        return b""
    return np.stack(sides).astype(np.float32).tobytes()
