"""Side: the strip that chooses what stands beside the sky, the layers, the archives or the events."""

from __future__ import annotations

from typing import Any

import traitlets

from skyexplorer.session.session import Session
from skyexplorer.session.text import _
from skyexplorer.views.panel import Panel
from skyexplorer.views.states import going


class Side(Panel):
    """The strip; its front end shows the panel of its choice and hides the others."""

    kind = "tabs"
    doing = _("The strip beside the sky")

    tabs = traitlets.List(traitlets.Dict()).tag(sync=True)
    active = traitlets.Unicode("layers").tag(sync=True)
    wide = traitlets.Bool(False).tag(sync=True)
    busy = traitlets.List(traitlets.Unicode(), help="Tabs that wait for an answer.").tag(sync=True)

    def __init__(self, session: Session, verbs: Any) -> None:
        tabs = [("layers", _("Layers")), ("archives", _("Archives")), ("events", _("Events"))]
        super().__init__(session, verbs, tabs=[{"name": name, "label": label} for name, label in tabs])
        refresh = self.paced(self._refresh)
        for signal in (
            session.archives.changed,
            session.events.changed,
            session.jobs.added,
            session.jobs.changed,
        ):
            self.link(signal, lambda _what: refresh())

    def texts(self) -> dict[str, str]:
        """Visible texts of the strip."""
        return {"label": _("Beside the sky"), "wide": _("More room for this panel")}

    def _refresh(self) -> None:
        archives, events = self.session.archives, self.session.events
        self.busy = [
            name
            for name, jobs in (("archives", archives.jobs), ("events", [events.job]))
            if any(going(job) for job in jobs)
        ]

    def on_tab(self, name: str) -> None:
        """Another panel."""
        if name in {tab["name"] for tab in self.tabs}:
            self.active = name

    def on_wide(self, on: bool) -> None:
        """More or less room."""
        self.wide = bool(on)
