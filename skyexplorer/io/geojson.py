"""GeoJSON points on the sky, as star charts have them: longitudes of -180° to 180° are right ascensions."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import numpy as np

from skyexplorer.errors import FormatError
from skyexplorer.io.files import reading
from skyexplorer.io.positions import is_number


def is_geojson(tree: Any) -> bool:
    """Whether a JSON document is a collection of GeoJSON features.

    >>> is_geojson({"type": "FeatureCollection", "features": []})
    True
    """
    return (
        isinstance(tree, dict)
        and tree.get("type") == "FeatureCollection"
        and isinstance(tree.get("features"), list)
    )


def read(raw: bytes) -> Any:
    """A table of the points of a GeoJSON file: ``id``, the properties, ``ra`` and ``dec`` in degrees, J2000.

    Properties that are numbers in every feature, written as text too, become numbers; missing ones are masked.

    Raises
    ------
    FormatError
        If it is other JSON, or its features are lines or outlines.
    """
    with reading("JSON"):
        tree = json.loads(raw)
    return table_of(tree)


def table_of(tree: Any) -> Any:
    """The table of a parsed GeoJSON document: see `read`."""
    from astropy.table import Table

    if not is_geojson(tree):
        raise FormatError(
            f"This is JSON, but no table of positions: {_told(tree)}.",
            "Of JSON, GeoJSON points, alerts of GCN and LVK, and lists of GWOSC can be opened.",
        )
    with reading("GeoJSON"):
        kinds = Counter(str((f.get("geometry") or {}).get("type")) for f in tree["features"])
        points = [f for f in tree["features"] if (f.get("geometry") or {}).get("type") == "Point"]
        if not points:
            held = ", ".join(f"{n} {kind}" for kind, n in kinds.most_common(4)) or "nothing"
            raise FormatError(
                f"The GeoJSON holds {held}: lines and outlines, not sources with a position each.",
                "Points can be opened as a catalogue.",
            )
        table = Table()
        if any("id" in f for f in points):
            table["id"] = _column([f.get("id") for f in points])
        keys = dict.fromkeys(str(key) for f in points for key in (f.get("properties") or {}))
        for key in keys:
            name = key if key not in ("ra", "dec", *table.colnames) else f"properties.{key}"
            table[name] = _column([(f.get("properties") or {}).get(key) for f in points])
        for place, name in enumerate(("ra", "dec")):
            values = np.array([float(f["geometry"]["coordinates"][place]) for f in points])
            table[name] = values % 360 if name == "ra" else values
            table[name].unit = "deg"
        table["ra"].meta["ucd"], table["dec"].meta["ucd"] = "pos.eq.ra;meta.main", "pos.eq.dec;meta.main"
        return table


def _column(values: list[Any]) -> Any:
    from astropy.table import Column, MaskedColumn

    gone = np.array([value is None or value == "" for value in values])
    texts = [str(value) for value, no in zip(values, gone, strict=True) if not no]
    if texts and all(is_number(text) for text in texts):
        whole = all(isinstance(v, int) for v, no in zip(values, gone, strict=True) if not no)
        kind = np.int64 if whole and all(abs(int(t)) < 2**62 for t in texts) else float
        cells = np.zeros(len(values), kind)
        cells[~gone] = [kind(text) for text in texts]
    else:
        cells = np.array(["" if no else _line(value) for value, no in zip(values, gone, strict=True)])
    return MaskedColumn(cells, mask=gone) if gone.any() else Column(cells)


def _line(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)[:500]


def _told(tree: Any) -> str:
    if isinstance(tree, dict):
        keys = ", ".join(map(str, list(tree)[:5]))
        return f"a dictionary of {len(tree)} entries ({keys}{' …' if len(tree) > 5 else ''})"
    if isinstance(tree, list):
        return f"a list of {len(tree)} entries"
    return f"a single {type(tree).__name__}"
