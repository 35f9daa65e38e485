"""In view: how many objects of each layer, and of each band and messenger, lie in what is looked at."""

from __future__ import annotations

from typing import Any

import traitlets

from skyexplorer.session import inview
from skyexplorer.session.layers import RowsLayer
from skyexplorer.session.layers.style import STYLES
from skyexplorer.session.session import Session
from skyexplorer.session.text import _
from skyexplorer.views.panel import Panel

KINDS = {
    "radio": _("radio"), "infrared": _("infrared"), "optical": _("optical"), "uv": _("ultraviolet"),
    "x-ray": _("X-ray"), "xray": _("X-ray"), "gamma": _("gamma"), "tev": _("TeV"), "neutrino": _("neutrino"),
    "gw": _("gravitational waves"), "cosmic-ray": _("cosmic rays"), "events": _("events"), "other": _("other"),
}  # fmt: skip
COUNTED = frozenset({"shown", "visible", "color", "shape"})


class InViewPanel(Panel):
    """Bars: of each layer, how many of its rows on show are in view."""

    kind = "inview"
    name = "inview"
    doing = _("Counting what is in view")

    rows = traitlets.List(traitlets.Dict()).tag(sync=True)
    groups = traitlets.List(traitlets.Dict(), help="The same by band and messenger.").tag(sync=True)
    summary = traitlets.Unicode().tag(sync=True)

    def __init__(self, session: Session, verbs: Any, bokeh: Any = None, *, dark: bool = True) -> None:
        super().__init__(session, verbs)
        self._stale = True
        self._again = self.paced(self._count)
        self.link(session.viewport.changed, lambda field, by: self.soon())
        for signal in (session.layers.added, session.layers.removed):
            self.link(signal, lambda layer: self.soon())
        self.link(session.layers.changed, lambda layer, field: self.soon() if field in COUNTED else None)

    def texts(self) -> dict[str, str]:
        """Visible texts of the panel."""
        return {
            "panel": _("In view"),
            "layers": _("Objects in view, by layer"),
            "groups": _("Objects in view, by band and messenger"),
            "mark": _("Mark those of {name} in view"),
            "none": _("No layer with objects is on show."),
        }

    def soon(self) -> None:
        """Count again: in a moment, or when it is looked at."""
        self._stale = True
        if self.session.plots.tab == self.name:
            self._again()

    def look(self) -> None:
        """The tab was opened."""
        if self._stale:
            self._count()

    def paint(self, dark: bool) -> None:
        """Nothing here is painted in Python."""

    def _count(self) -> None:
        self._stale = False
        found = inview.counts(self.session)
        most = max((count.within for count in found), default=0) or 1
        by_kind: dict[str, int] = {}
        for count in found:
            by_kind[count.kind] = by_kind.get(count.kind, 0) + count.within
        all_ = sum(by_kind.values())
        width = self.session.viewport.fov
        with self.hold_sync():
            self.rows = [
                {
                    "name": count.layer.name, "color": count.layer.color, "shape": count.layer.shape,
                    "kind": KINDS.get(count.kind, count.kind), "share": _share(count.within, most),
                    "count": f"{count.within:,}", "of": _("of {count}").format(count=f"{count.shown:,}"),
                    "markable": isinstance(count.layer, RowsLayer) and count.within > 0,
                }
                for count in found
            ]  # fmt: skip
            largest = max(by_kind.values(), default=0) or 1
            self.groups = [
                {
                    "name": KINDS.get(kind, kind), "count": f"{number:,}", "share": _share(number, largest),
                    "color": STYLES[kind].color if kind in STYLES else "",
                }
                for kind, number in sorted(by_kind.items(), key=lambda item: -item[1])
            ]  # fmt: skip
            self.summary = _("{count} objects within {reach} of the centre").format(
                count=f"{all_:,}", reach=_angle(min(width / 2, 180.0))
            )

    def on_mark(self, name: str) -> None:
        """A click on a row marks what is in view of it."""
        layer = self.session.layers[name]
        if isinstance(layer, RowsLayer):
            self.verbs.mark(name, inview.region(self.session), by=self.name)


def _share(count: int, most: int) -> float:
    """Length of a bar: anything at all is seen."""
    return 0.0 if not count else max(count / most, 0.012)


def _angle(degrees: float) -> str:
    for size, unit in ((1.0, "°"), (1 / 60, "′")):
        if degrees >= size:
            return f"{degrees / size:.3g}{unit}"
    return f"{degrees * 3600:.3g}″"
