"""Joining: rows of one event, that several sources list, become one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from skyexplorer.model.listing import ListedEvent
from skyexplorer.model.revisions import normalised


def joined(rows: Iterable[ListedEvent], preferred: Sequence[str]) -> list[ListedEvent]:
    """Rows of one event from several sources as one: the row of the source that comes first in ``preferred``.

    Rows are of one event where messenger and a name agree. The other rows' names become aliases; what the chosen row does
    not say is taken from them, with their source in the note: rates and areas of different analyses are never mixed.

    Examples
    --------
    >>> from skyexplorer.model.joining import joined
    >>> from skyexplorer.model.listing import ListedEvent
    >>> rows = [ListedEvent("S190814bv", "gw", 58709.88, kind="CBC", source="gracedb", aliases=("GW190814",)),
    ...         ListedEvent("GW190814", "gw", 58709.88, distance=240.0, source="gwosc")]
    >>> [(row.name, row.aliases, row.kind, row.note) for row in joined(rows, ("gwosc", "gracedb"))]
    [('GW190814', ('S190814bv',), 'CBC', 'kind from gracedb')]
    """
    rank = {name: k for k, name in enumerate(preferred)}
    ordered = sorted(rows, key=lambda row: rank.get(row.source, len(rank)))
    known: dict[tuple[str, str], int] = {}
    out: list[ListedEvent] = []
    for row in ordered:
        keys = [(row.messenger, normalised(name)) for name in row.names]
        at = next(
            (known[key] for key in keys if key in known and out[known[key]].source != row.source
             and _one_time(out[known[key]], row)), None,
        )  # fmt: skip
        if at is None:
            at = len(out)
            out.append(row)
        else:
            out[at] = _filled(out[at], row)
        for key in keys:
            known.setdefault(key, at)
    return out


def _one_time(one: ListedEvent, other: ListedEvent) -> bool:
    """A name that stands for two events on different days is none that joins them."""
    return not abs(one.mjd - other.mjd) > 1


def _filled(row: ListedEvent, other: ListedEvent) -> ListedEvent:
    facts: dict[str, Any] = {}
    taken = []
    for name in ("mjd", "kind", "area", "distance", "signalness"):
        mine, its = getattr(row, name), getattr(other, name)
        if (mine == "" or mine != mine) and not (its == "" or its != its):
            facts[name] = its
            taken.append(name)
    if not np.isfinite(row.far_given) and np.isfinite(other.far_given):
        facts |= {"far_given": other.far_given, "far_unit": other.far_unit}
        taken.append("far")
    if not np.isfinite(row.ra) and np.isfinite(other.ra):
        facts |= {"ra": other.ra, "dec": other.dec}
    own = {normalised(name) for name in row.names}
    more = tuple(name for name in other.names if normalised(name) not in own)
    told = f"{', '.join(taken)} from {other.source}" if taken else ""
    gone = ""
    if other.retracted and not row.retracted:  # for neutrinos the Circulars alone say so
        facts["retracted"], gone = True, f"retracted: {other.source}"
    note = "; ".join(filter(None, (row.note, told, gone)))
    return replace(row, aliases=row.aliases + more, note=note, **facts)
