"""The notices of one event as its history: which is the last word, what was taken back, what changed.

Notices of one event share a name, as it is spelled by different sources, or an identifier; or one cites another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from astropy import units as u

from skyexplorer.errors import InputError
from skyexplorer.model.event import Event

_ICECUBE = re.compile(r"^(?:ICECUBE|IC)-?(\d{6})([A-Z]?)$")


@dataclass(frozen=True, eq=False)
class History:
    """Notices of one event, the earliest first.

    Attributes
    ----------
    notices : tuple of Event
        By the time of their issue, and by revision where that is not told.
    """

    notices: tuple[Event, ...]

    def __post_init__(self) -> None:
        if not self.notices:
            raise InputError("A history of no notices.", "Give one Event or more.")

    def __len__(self) -> int:
        return len(self.notices)

    def __repr__(self) -> str:
        return f"<History {self.name}: {len(self)} notices{', retracted' if self.retracted else ''}>"

    @property
    def name(self) -> str:
        """The name that most of the notices use; of equals the last."""
        names = [event.name for event in self.notices]
        return max(names, key=lambda name: (names.count(name), names.index(name)))

    @property
    def latest(self) -> Event:
        """The last word that has a place; the last of all where none has."""
        placed = [
            event for event in self.notices if event.localization is not None or event.position is not None
        ]
        return (placed or list(self.notices))[-1]

    @property
    def superseded(self) -> tuple[Event, ...]:
        """All notices but the `latest`, and those that take the event back."""
        last = self.latest
        return tuple(event for event in self.notices if event is not last and not event.retracted)

    @property
    def retracted(self) -> bool:
        """Whether the last notice takes the event back."""
        return self.notices[-1].retracted

    @property
    def changes(self) -> list[str]:
        """What each notice changed against the one before: place and error region, in words."""
        out = []
        for before, after in pairwise(self.notices):
            told = []
            if after.retracted and not before.retracted:
                told.append("retracted")
            if before.position is not None and after.position is not None:
                moved = before.position.separation(after.position).to_value(u.deg)
                if moved > 1e-6:
                    told.append(f"moved by {moved:.3g} deg")
            elif after.position is not None:
                told.append("has a position")
            if before.region_kind != after.region_kind and after.region_kind:
                told.append(f"region: {after.region_kind}")
            if swapped_errors(before, after):
                told.append(
                    "the plus and minus errors of an axis are the other way round: one of the two is wrong"
                )
            out.append(
                f"{after.alert_type or 'notice'} {after.revision}: {', '.join(told) or 'nothing that is drawn'}"
            )
        return out


def normalised(name: str) -> str:
    """A name in the spelling by which names are compared.

    >>> normalised("IC170922A") == normalised("IceCube-170922A")
    True
    """
    bare = re.sub(r"[\s_]+", "", name.upper())
    match = _ICECUBE.match(bare)
    return f"ICECUBE-{match.group(1)}{match.group(2)}" if match else bare


def histories(events: Iterable[Event]) -> list[History]:
    """Join notices into the histories of their events.

    Parameters
    ----------
    events : iterable of Event
        In any order, from any number of files and formats.

    Returns
    -------
    list of History
        In the order in which the events are first met.

    Notes
    -----
    Notices are of one event where they share a name or an identifier, or one cites another. Two that share a name but
    differ in time by more than a day are two events of one name (ICECAT has a pair), and stay apart.

    Examples
    --------
    >>> from skyexplorer import Event
    >>> from skyexplorer.model.revisions import histories
    >>> [len(history) for history in histories([Event("IC170922A"), Event("IceCube-170922A"), Event("S190814bv")])]
    [2, 1]
    """
    notices = list(events)
    parent = list(range(len(notices)))

    def root(k: int) -> int:
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = parent[k]
        return k

    known: dict[str, list[int]] = {}
    for k, event in enumerate(notices):
        for key in _keys(event):
            known.setdefault(key, []).append(k)
    for k, event in enumerate(notices):
        # What two notices both cite is a third event: two bursts that follow up one gravitational wave are two.
        cited = {normalised(text) for _, text in event.related}
        for key in _keys(event) | cited:
            for other in known.get(key, []):
                if root(other) != root(k) and _may_be_one(notices[other], event):
                    parent[root(k)] = root(other)
    groups: dict[int, list[Event]] = {}
    for k, event in enumerate(notices):
        groups.setdefault(root(k), []).append(event)
    return [History(_sorted(group)) for group in groups.values()]


def _keys(event: Event) -> set[str]:
    # A bare number tells an event only among those of one mission: more than one of them counts from 1.
    own = (f"{event.mission} {text}" if text.isdigit() else text for text in event.ids)
    return {normalised(text) for text in (event.name, *own) if text}


def _may_be_one(a: Event, b: Event) -> bool:
    if a.messenger and b.messenger and a.messenger != b.messenger:
        return False  # a burst that follows up a gravitational wave cites it, and is another event
    if a.time is None or b.time is None:
        return True
    return bool(abs((a.time - b.time).to_value(u.day)) <= 1)


def _sorted(group: Sequence[Event]) -> tuple[Event, ...]:
    def order(event: Event) -> tuple[float, int]:
        return (float(event.issued.utc.mjd) if event.issued is not None else -np.inf, event.revision)

    if all(event.issued is not None for event in group):
        return tuple(sorted(group, key=order))
    return tuple(sorted(group, key=lambda event: event.revision))


def swapped_errors(a: Event, b: Event, tolerance: float = 0.1) -> bool:
    """Whether two versions of one event have the plus and minus errors of an axis the wrong way round.

    IC211208A is published with declination errors +1.81 −1.39 and, in a public table, with +1.39 −1.79.

    Parameters
    ----------
    a, b : Event
        With asymmetric error regions.
    tolerance : float
        How far the numbers may differ, relative.
    """
    sides = [_sides(event) for event in (a, b)]
    if sides[0] is None or sides[1] is None:
        return False
    for one, other in zip(*sides, strict=True):
        straight = np.allclose(one, other, rtol=tolerance)
        crossed = np.allclose(one, other[::-1], rtol=tolerance)
        if crossed and not straight:
            return True
    return False


def _sides(event: Event) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """(ra plus, ra minus), (dec plus, dec minus) in coordinate degrees, from the outline of the region."""
    region = event.localization
    if event.position is None or getattr(region, "kind", "") not in ("quarter-ellipse", "box"):
        return None
    line = region.outline(256)[0]  # type: ignore[union-attr]
    east = (line[:, 0] - event.position.ra.deg + 180) % 360 - 180
    north = line[:, 1] - event.position.dec.deg
    return (float(east.max()), float(-east.min())), (float(north.max()), float(-north.min()))
