"""Pace: many changes in a burst become few messages.

The first change is told at once; those that come within the next tenth of a second are told together at its end, the
last of each kind. Where changes never cease, as in a flood of alerts, what need not follow each step (tables, plots) is
told less and less often, down to `SELDOM`: a page that paints a plot ten times a second has no time left for the sky.
Where no loop runs, as in a script, everything is told at once: there is nobody to tell it later.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable, Iterable
from typing import Any

OFTEN = 0.1  # s between two tellings of the same
SELDOM = 0.4  # s, where changes go on and on
SLOWER = 1.3  # times as long from one telling to the next
FLOOD = 8  # changes between two tellings; a person who clicks on makes fewer


class Pace:
    """A callable that is called no more often than each tenth of a second.

    Parameters
    ----------
    call : callable
        What is to be done.
    key : callable, optional
        Gives, of the arguments, what kind of change this is: the last of each kind is kept. By default all are one.
    seldom : float
        Seconds between two tellings after changes have gone on for a while; `OFTEN` where each is to be followed.

    Examples
    --------
    >>> import asyncio
    >>> from skyexplorer.views.pace import Pace
    >>> async def burst():
    ...     told = []
    ...     tell = Pace(told.append)
    ...     for number in range(1000):
    ...         tell(number)
    ...     await asyncio.sleep(0.25)
    ...     return told
    >>> asyncio.run(burst())
    [0, 999]
    """

    def __init__(
        self,
        call: Callable[..., Any],
        key: Callable[..., Hashable] | None = None,
        *,
        seldom: float = OFTEN,
    ) -> None:
        self._call, self._key, self._seldom = call, key, seldom
        self._gap = OFTEN
        self._waiting: dict[Hashable, tuple[Any, ...]] = {}
        self._heard = 0  # changes that wait, those that took the place of others too
        self._timer: asyncio.TimerHandle | None = None
        self._last = float("-inf")

    def __call__(self, *args: Any) -> None:
        """Do it now, or, where that was done a moment ago, in a moment."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._call(*args)
            return
        if self._timer is None and time.monotonic() - self._last >= self._gap:
            self._tell([args])
            return
        self._heard += 1
        kind = None if self._key is None else self._key(*args)
        self._waiting.pop(kind, None)  # the last of a kind is also the last in order
        self._waiting[kind] = args
        if self._timer is None:
            wait = max(self._last + self._gap - time.monotonic(), 0.0)
            self._timer = loop.call_later(wait, self.flush)

    def flush(self) -> None:
        """Do now what waits."""
        self.cancel_timer()
        waiting, self._waiting = self._waiting, {}
        if waiting:
            self._gap = min(SLOWER * self._gap, self._seldom) if self._heard >= FLOOD else OFTEN
            self._heard = 0
            self._tell(waiting.values())

    def _tell(self, changes: Iterable[tuple[Any, ...]]) -> None:
        self._last = time.monotonic()
        for args in changes:
            self._call(*args)
        # After a slow call others go first.
        self._last = max(self._last, time.monotonic() - self._gap / 2)

    def cancel_timer(self) -> None:
        """Do not do it by itself any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def close(self) -> None:
        """Forget what waits."""
        self.cancel_timer()
        self._waiting.clear()
