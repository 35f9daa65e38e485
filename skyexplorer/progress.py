"""Progress of long work, and the wish to stop it: reported by whoever works, watched and cancelled by whoever waits.

Work asks for the progress of its context with `current`, so that nothing needs to be passed through calculations that do
not care; where nobody watches, it is one that does nothing.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar, Token
from threading import Lock, local
from typing import TypeVar

from skyexplorer.errors import Cancelled

Item = TypeVar("Item")
OFTEN = 0.05  # s: watchers are told no more often


class Progress:
    """How far some work is; a context manager that makes itself the `current` one.

    Parameters
    ----------
    what : str
        What is being done, as a person would say it.
    total : float, optional
        Amount of work, where it is known.

    Attributes
    ----------
    what : str
    done, total : float, float or None
    cancelled : bool

    Examples
    --------
    >>> from skyexplorer.progress import Progress, current
    >>> with Progress("counting") as progress:
    ...     for step in range(3):
    ...         current().report(step + 1, total=3)
    >>> progress.done, progress.share
    (3.0, 1.0)
    """

    def __init__(self, what: str = "", total: float | None = None) -> None:
        self.what = what
        self.done = 0.0
        self.total = total
        self.cancelled = False
        self._watchers: list[Callable[[Progress], object]] = []
        self._hooks: list[Callable[[], object]] = []
        self._told = 0.0
        self._lock = Lock()
        self._tokens: list[Token[Progress | None]] = []

    @property
    def share(self) -> float | None:
        """Part of the work that is done, 0 to 1; None where the amount is not known."""
        return None if not self.total else min(self.done / self.total, 1.0)

    def watch(self, watcher: Callable[[Progress], object]) -> Callable[[], None]:
        """Call ``watcher(progress)`` on changes, in the thread of the work; what is returned ends it."""
        with self._lock:
            self._watchers.append(watcher)

        def unwatch() -> None:
            with self._lock:
                if watcher in self._watchers:
                    self._watchers.remove(watcher)

        return unwatch

    def on_cancel(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call ``callback()`` once, when the work is to stop; at once if it already is. What is returned unhooks it.

        For work that waits where it cannot report: for a socket, for the job of a service. The callback runs in
        the thread that cancels, so it is short and only gives the sign.
        """
        with self._lock:
            late = self.cancelled
            if not late:
                self._hooks.append(callback)
        if late:
            callback()

        def unhook() -> None:
            with self._lock:
                if callback in self._hooks:
                    self._hooks.remove(callback)

        return unhook

    def cancel(self) -> None:
        """Ask the work to stop, from any thread: its next report raises `Cancelled`; calls what `on_cancel` hooked."""
        with self._lock:
            self.cancelled = True
            hooks, self._hooks = self._hooks, []
        with ExitStack() as told:  # all of them, although one fails
            for hook in reversed(hooks):
                told.callback(hook)

    def check(self) -> None:
        """Raise `Cancelled` if the work is to stop."""
        if self.cancelled:
            raise Cancelled(f"{self.what or 'The work'} was cancelled.")

    def report(self, done: float, total: float | None = None, what: str = "") -> None:
        """Say how far the work is.

        Raises
        ------
        Cancelled
            If it is to stop.
        """
        self.check()
        self.done = float(done)
        self.total = self.total if total is None else float(total)
        news = bool(what) and what != self.what
        self.what = what or self.what
        now = time.monotonic()
        if news or self.share == 1.0 or now - self._told >= OFTEN:
            self._told = now
            with self._lock:
                watchers = tuple(self._watchers)
            for watcher in watchers:
                watcher(self)

    def advance(self, by: float = 1.0) -> None:
        """`report` that so much more is done."""
        self.report(self.done + by)

    def through(self, items: Iterable[Item], total: float | None = None) -> Iterator[Item]:
        """The items, one step each."""
        if total is not None:
            self.total = total
        for item in items:
            self.check()
            yield item
            self.advance()

    def __enter__(self) -> Progress:
        self._tokens.append(_CURRENT.set(self))
        return self

    def __exit__(self, *_: object) -> None:
        _CURRENT.reset(self._tokens.pop())


class _Unwatched(Progress):
    """What work reports to where nobody watches."""

    def report(self, done: float, total: float | None = None, what: str = "") -> None:
        """Nothing."""

    def cancel(self) -> None:
        """Nothing: it belongs to all work that nobody watches."""

    def on_cancel(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Nothing: it is never cancelled."""
        return lambda: None


_CURRENT: ContextVar[Progress | None] = ContextVar("skyexplorer_progress", default=None)
_UNWATCHED = _Unwatched()


def current() -> Progress:
    """The progress that work in this context reports to."""
    return _CURRENT.get() or _UNWATCHED


@contextmanager
def turn() -> Iterator[None]:
    """Within, this thread reads bytes or computes in Python, and no other that is watched does.

    Python runs one thread at a time: where twenty read their answers, whoever owns the notebook stands in line with all of
    them for each breath, and they are not faster for it. Work that nobody watches (the notebook's own) does not wait.
    The collector of cycles rests meanwhile: rows that become an array in a moment would bring on passes over all objects of
    the notebook, 60 ms and more each.

    Raises
    ------
    Cancelled
        If the work is to stop while it waits.

    Examples
    --------
    >>> from skyexplorer.progress import Progress, turn
    >>> with Progress("reading"), turn():
    ...     sum(range(10))
    45
    """
    watched = current()
    if watched is _UNWATCHED or getattr(_TURN, "mine", False):
        yield
        return
    while not _ONE.acquire(timeout=0.1):
        watched.check()
    _TURN.mine, collecting = True, gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
        _TURN.mine = False
        _ONE.release()


_ONE = Lock()
_TURN = local()
