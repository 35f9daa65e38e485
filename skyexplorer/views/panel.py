"""Panel: what all our own widgets share.

One front-end bundle serves every panel; ``_panel`` says which one to render. State is in synced traits, so
a reloaded page shows the same; the browser answers with messages ``{type: …}``, each handled by the
method ``on_<type>`` under a guard, so that an exception is shown and not lost.
"""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from skyexplorer.session.session import Session
from skyexplorer.session.text import _
from skyexplorer.views.at_home import AtHome
from skyexplorer.views.canvas import bundle
from skyexplorer.views.pace import SELDOM, Pace


class Panel(AtHome, anywidget.AnyWidget):
    """Base of the panels.

    Parameters
    ----------
    session : Session
        What is shown.
    verbs : object
        The `SkyExplorer`: what clicks call.
    """

    _panel = traitlets.Unicode().tag(sync=True)
    _texts = traitlets.Dict().tag(sync=True)

    kind = ""
    doing = _("A click")

    def __init__(self, session: Session, verbs: Any, **traits: Any) -> None:
        self._esm = bundle("panels.js")
        self._css = bundle("panels.css")
        self.session, self.verbs = session, verbs
        self._links: list[tuple[Any, Any]] = []
        self._paces: list[Pace] = []
        super().__init__(_panel=self.kind, _texts=self.texts(), **traits)
        self.on_msg(self._told)

    def texts(self) -> dict[str, str]:
        """Visible texts of the browser side."""
        return {}

    def link(self, signal: Any, slot: Any) -> None:
        """Follow a signal of the session until the panel is closed; errors of the slot are shown."""
        guarded = self.session.notices.guard(self.doing)(slot)
        signal.connect(guarded)
        self._links.append((signal, guarded))

    def paced(self, slot: Any) -> Pace:
        """A slot that a burst of changes calls but a few times a second, until the panel is closed."""
        pace = Pace(self.session.notices.guard(self.doing)(slot), seldom=SELDOM)
        self._paces.append(pace)
        return pace

    def _told(self, widget: Any, content: dict[str, Any], buffers: Any) -> None:
        with self.session.notices.guard(self.doing):
            getattr(self, f"on_{content['type']}")(**{k: v for k, v in content.items() if k != "type"})

    def close(self) -> None:
        """Stop following the session, and close the widget."""
        for signal, slot in self._links:
            signal.disconnect(slot)
        self._links.clear()
        for pace in self._paces:
            pace.close()
        super().close()
