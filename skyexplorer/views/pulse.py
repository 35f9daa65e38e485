"""Pulse: the browser asks whether this kernel still knows the explorer; after a cut it asks for all state again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import ipywidgets
import traitlets

from skyexplorer.session.session import Session
from skyexplorer.session.text import _
from skyexplorer.views.panel import Panel

FIXED = {
    "_esm",
    "_css",
    "_code",
    "_code_digest",
    "_bokeh_js",
    "_bokeh_version",
    "_local_surveys",
    "_texts",
    "_me",
}
"""Traits that never change: they are not sent again."""


class Pulse(Panel):
    """The answer to "are you there", and the banner where there is none.

    Parameters
    ----------
    root : callable
        Gives the widgets whose state is to be sent again after a cut.
    """

    kind = "pulse"
    doing = _("The connection")

    restore = traitlets.Unicode(help="A line of code that brings the steps back, or nothing.").tag(sync=True)

    def __init__(self, session: Session, verbs: Any, roots: Callable[[], list[Any]]) -> None:
        super().__init__(session, verbs)
        self._roots = roots
        self.restore = session.autosave.code if session.autosave is not None else ""

    def texts(self) -> dict[str, str]:
        """Visible texts of the banner."""
        return {
            "gone": _("Python was restarted; this is how the explorer was left."),
            "gone_advice": _("Run this cell again to go on."),
            "cut": _("The connection to Python is cut."),
            "cut_advice": _(
                "What you see is how it was left; it goes on by itself once the connection is back."
            ),
            "busy": _("Python is busy"),
            "busy_advice": _("or out of reach; what you do is done once it answers."),
            "close": _("Close this message"),
        }

    def _handle_msg(self, msg: dict[str, Any]) -> None:
        # That this kernel knows the explorer is told at once, also while a cell runs: the thread that the question came in
        # is done with it before the answer, which is given at home.
        content = msg["content"]["data"].get("content", {})
        if self.elsewhere and content.get("type") == "ping":
            self.send({"heard": content["n"]})
        super()._handle_msg(msg)

    def on_ping(self, n: int) -> None:
        """Are you there?"""
        self.send({"pong": n})

    def on_resync(self) -> None:
        """Messages may have been lost: tell all state again."""
        for widget in reachable(self._roots()):
            if hasattr(widget, "renew"):  # a figure: its views are painted anew
                widget.renew()
            else:
                widget.send_state([key for key in widget.keys if key not in FIXED])


def reachable(roots: list[Any]) -> Iterator[ipywidgets.Widget]:
    """The widgets that others refer to, and these; each once."""
    seen: set[str] = set()
    waiting = list(roots)
    while waiting:
        widget = waiting.pop()
        if widget.comm is None or widget.model_id in seen:
            continue
        seen.add(widget.model_id)
        yield widget
        for key in widget.keys:
            value = getattr(widget, key)
            values = value if isinstance(value, list | tuple) else [value]
            waiting += [item for item in values if isinstance(item, ipywidgets.Widget)]
