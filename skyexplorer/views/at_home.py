"""AtHome: a widget that hears the browser in the thread that made it.

Where the kernel has subshells (ipykernel 7), JupyterLab hands most messages of widgets to one of them: a thread beside the
one that runs cells. A session belongs to one thread (see `session.home`): a click that changed it there while a cell reads
it would be seen half done, and two clicks in two such threads at once. So what comes in another thread is left for the
loop at home; while a cell runs it waits, as in a kernel without subshells.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from contextvars import copy_context
from typing import Any
from uuid import uuid4

import ipywidgets
import traitlets


class AtHome(ipywidgets.Widget):
    """What a widget is besides, that hears from the browser."""

    _model_id: str | None
    _me = traitlets.Unicode(help="The name of its model: the page finds it by that.").tag(sync=True)

    def __init__(self, *args: Any, **traits: Any) -> None:
        self._thread = threading.get_ident()
        self._loop: asyncio.AbstractEventLoop | None = None
        with suppress(RuntimeError):  # none runs in a script
            self._loop = asyncio.get_running_loop()
        super().__init__(*args, **traits)

    def open(self) -> None:
        """Tell the browser of it. The first message says its name: the page may need it before it hears any other."""
        if self._model_id is None:
            self._model_id = uuid4().hex
        self._me = self._model_id
        super().open()

    @property
    def elsewhere(self) -> bool:
        """Whether this is another thread than that of the widget, which has a loop to come back to."""
        loop = self._loop
        return threading.get_ident() != self._thread and loop is not None and loop.is_running()

    def _handle_msg(self, msg: dict[str, Any]) -> None:
        if not self.elsewhere or self._loop is None:
            super()._handle_msg(msg)
            return
        # Not by `Home.call`: a verb that waits would make it in the midst of a cell. In the context of the message: what is
        # printed goes where it would have gone.
        self._loop.call_soon_threadsafe(self._come_home, msg, context=copy_context())

    def _come_home(self, msg: dict[str, Any]) -> None:
        if self.comm is not None:  # else it was closed meanwhile
            super()._handle_msg(msg)
