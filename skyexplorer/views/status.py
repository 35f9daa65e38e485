"""Status bar: what went wrong, and what to do about it."""

from __future__ import annotations

from typing import Any

import traitlets

from skyexplorer.session.session import Session
from skyexplorer.session.text import _
from skyexplorer.views.pace import Pace
from skyexplorer.views.panel import Panel


class StatusBar(Panel):
    """The last notice, and those before it on demand."""

    kind = "status"
    doing = _("The status bar")

    items = traitlets.List(traitlets.Dict()).tag(sync=True)

    def __init__(self, session: Session, verbs: Any) -> None:
        super().__init__(session, verbs)
        # Not through `link`: a fault here must not post a notice about itself.
        self._pace = Pace(self._refresh)
        for signal in (session.notices.posted, session.notices.cleared):
            signal.connect(self._soon)
            self._links.append((signal, self._soon))
        self._paces.append(self._pace)
        self._refresh()

    def texts(self) -> dict[str, str]:
        """Visible texts of the panel."""
        return {
            "ready": _("Ready. Click a source; drag over the light curve to choose a time."),
            "more": _("All messages"),
            "dismiss": _("Dismiss messages"),
        }

    def _soon(self, *_args: Any) -> None:
        self._pace()

    def _refresh(self) -> None:
        self.items = [
            {"text": n.text, "advice": n.advice, "level": n.level, "when": n.when.strftime("%H:%M:%S UTC")}
            for n in reversed(self.session.notices.items)
        ]

    def on_dismiss(self) -> None:
        """Forget all notices."""
        self.session.notices.clear()
