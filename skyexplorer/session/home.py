"""Home: the thread that owns a session, and the way back to it.

A session belongs to one thread: there its state changes and its signals are told. Work in other threads leaves calls at
home. Where an asyncio loop runs at home (a notebook), the loop makes them; where none does (a script), they are made by
whoever waits there: `Job.result`, `Job.wait`, or a look at `Job.state`.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context, copy_context

from skyexplorer.session.notices import Notices
from skyexplorer.session.text import _

LOOK = 0.2  # s: how often somebody who waits looks up


class Home:
    """A thread, and the calls that others leave for it.

    Parameters
    ----------
    notices : Notices, optional
        Where the error of a call is said: whoever left it is not there any more.

    Examples
    --------
    >>> from skyexplorer.session.home import Home
    >>> home = Home()
    >>> home.call(lambda: print("at home"))
    >>> home.run()
    at home
    """

    def __init__(self, notices: Notices | None = None) -> None:
        self.thread = threading.current_thread()
        self._guard = (notices or Notices()).guard(_("What came back"))
        self._calls: deque[Callable[[], object]] = deque()
        self._news = threading.Condition()
        self._at_it = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._context: Context | None = None
        self.settle()

    @property
    def here(self) -> bool:
        """Whether this is the thread."""
        return threading.current_thread() is self.thread

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop that runs at home, as far as is known."""
        return self._loop

    def settle(self) -> None:
        """Look which loop runs here; to be called at home."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        if loop is not self._loop:
            # Calls that are made from this loop print where this was said, not where a worker came from.
            self._loop, self._context = loop, copy_context()
            if self._calls:
                loop.call_soon(self.run, context=self._context)

    def call(self, what: Callable[[], object]) -> None:
        """Leave a call for this thread, from any thread."""
        with self._news:
            self._calls.append(what)
            self._news.notify_all()
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has been closed: whoever waits here will make the call
                self._loop.call_soon_threadsafe(self.run, context=self._context)

    def visit(self) -> None:
        """Make the calls that were left, where this is home and no loop will."""
        if self.here and not self._at_it and (self._loop is None or not self._loop.is_running()):
            self.run()

    def poke(self) -> None:
        """Wake whoever waits here."""
        with self._news:
            self._news.notify_all()

    def run(self) -> None:
        """Make the calls that were left, in their order."""
        before, self._at_it = self._at_it, True
        try:
            while self._calls:  # a call may itself wait here, and make the others
                with self._guard:
                    self._calls.popleft()()
        finally:
            self._at_it = before

    def wait(self, until: Callable[[], bool], timeout: float | None, look: Callable[[], object]) -> bool:
        """Make the calls that are left here until something is so; False where that takes longer than the time-out."""
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            self.run()
            if until():
                self.run()  # what was left at the last moment
                return True
            left = LOOK if end is None else min(LOOK, end - time.monotonic())
            if left <= 0:
                return False
            look()
            with self._news:
                if not self._calls and not until():
                    self._news.wait(left)
