"""FigureModel: a Bokeh figure as a widget whose picture is never stale, patched by one message.

jupyter_bokeh's BokehModel paints each view from its trait ``render_bundle``, which stays as it was when
the widget was made, and sends each later change as messages of its own. A view that is made later (the page
was reloaded, or cells ran before the first view was there) would miss them. Here the bundle carries a
revision: a page that asks for the state gets a bundle of now, and a view that tells it was painted from
an older one is painted anew.

BokehModel sends a patch in three messages or more. A view that is made between two of them takes the rest for a beginning
and understands no patch from then on. So ours is one message, with its revision: the page (bokeh.js) hands the pieces on
at once, passes over a patch that its bundle has already, and asks for a new bundle where one is missing.

What the page tells comes with the revision in which it was done there: a change of what Python has set since is passed
over, as the page will hear of that.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bokeh.document.events import ModelChangedEvent
from bokeh.protocol import Protocol
from jupyter_bokeh.widgets import BokehModel

from skyexplorer.views.at_home import AtHome


class FigureModel(AtHome, BokehModel):
    """A Bokeh model in the notebook; see `jupyter_bokeh.BokehModel` for the parameters."""

    def __init__(self, model: Any, **traits: Any) -> None:
        self.revision = 0
        self._held: list[Any] | None = None
        self._told: dict[tuple[Any, str], int] = {}  # the revision that told what a model's attribute is
        self._moved = False  # whether the browser has changed it since the bundle was made
        self._closed = False
        super().__init__(model, **traits)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Send the changes made within as one patch."""
        if self._held is not None:
            yield
            return
        self._held = []
        try:
            yield
        finally:
            events, self._held = self._held, None
            self._send_patch(events)

    def renew(self) -> None:
        """Paint all views anew, from what the figure is now."""
        self.render_bundle = self._fresh()

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> Any:
        """State of the widget; where all of it is asked for, the bundle is one of now."""
        if key is None and (self._moved or self.render_bundle.get("revision") != self.revision):
            self._trait_values["render_bundle"] = self._fresh()  # told by the state itself: no notification
        return super().get_state(key, drop_defaults)

    def close(self) -> None:
        """Close the widget; a second time, as when it is collected, does nothing."""
        if not self._closed:
            self._closed = True
            layout = self.layout
            super().close()
            layout.close()

    def _model_to_traits(self, model: Any) -> dict[str, Any]:
        """With its revision, so that the state of a widget that was just made is not made again."""
        return {**super()._model_to_traits(model), "revision": self.revision}

    def _fresh(self) -> dict[str, Any]:
        self._moved = False
        return self._model_to_traits(self._model)

    def _document_patched(self, event: Any) -> None:
        if event.setter is self:
            self._moved = True
        elif self._held is not None:
            self._held.append(event)
        else:
            self._send_patch([event])

    def _sync_model(self, widget: Any, content: dict[str, Any], buffers: Any) -> None:
        """What the page did; without what Python has undone meanwhile."""
        seen = content.pop("revision", self.revision)
        if content.get("kind") == "ModelChanged" and seen < self._told.get(
            (content["model"]["id"], content["attr"]), -1
        ):
            return
        super()._sync_model(widget, content, buffers)

    def _send_patch(self, events: list[Any]) -> None:
        if not events:
            return
        self.revision += 1
        for event in events:
            if isinstance(event, ModelChangedEvent):
                self._told[event.model.id, event.attr] = self.revision
        message = Protocol().create("PATCH-DOC", events)
        self.send(
            {
                "msg": "whole patch",
                "revision": self.revision,
                "texts": [message.header_json, message.metadata_json, message.content_json],
                "refs": [json.dumps(buffer.ref) for buffer in message.buffers],
            },
            [buffer.to_bytes() for buffer in message.buffers],
        )
