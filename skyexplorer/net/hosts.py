"""Turns: how many requests a host gets at once from this whole process, and when it asked for quiet.

A host and port has one queue. The limit is that of the strictest who asks just now: where one allows four at a time and
another one, the one waits until nobody else is served, and then nobody else is. Who came first goes first.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from skyexplorer.net.exchange import Exchange

PORTS = {"http": 80, "https": 443}
LONGEST = 60.0  # s: an hour of quiet that one request was told is not meant for all others


class _Turn:
    def __init__(self, limit: int, exchange: Exchange) -> None:
        self.limit, self.exchange, self.granted = max(int(limit), 1), exchange, False
        self.thread = threading.get_ident()


class _Host:
    def __init__(self) -> None:
        self.running: list[_Turn] = []
        self.waiting: deque[_Turn] = deque()
        self.quiet = 0.0  # until then, of the monotonic clock

    def grant(self) -> None:
        """Serve who is first, as long as the limits allow it."""
        while self.waiting:
            first = self.waiting[0]
            if len(self.running) >= min(turn.limit for turn in (first, *self.running)):
                return
            self.running.append(self.waiting.popleft())
            first.granted = True
            first.exchange.wake()


_HOSTS: dict[str, _Host] = {}
_LOCK = threading.Lock()


def key(url: str) -> str:
    """Host and port of an address.

    Examples
    --------
    >>> from skyexplorer.net.hosts import key
    >>> key("https://TAPVizieR.cds.unistra.fr/tap")
    'tapvizier.cds.unistra.fr:443'
    """
    parts = urlsplit(url)
    return f"{(parts.hostname or '').rstrip('.')}:{parts.port or PORTS.get(parts.scheme, 0)}"


@contextmanager
def turn(host: str, limit: int, exchange: Exchange) -> Iterator[None]:
    """Be one of at most ``limit`` that ask this host. A thread that has a turn does not wait for another.

    Raises
    ------
    LateError, Cancelled
        While it waits.
    """
    mine = _Turn(limit, exchange)
    with _LOCK:
        state = _HOSTS.setdefault(host, _Host())
        again = any(running.thread == mine.thread for running in state.running)
        if again:
            state.running.append(mine)
        else:
            state.waiting.append(mine)
            state.grant()
    try:
        if not again:
            exchange.waiting = f"its turn at {host}"
            exchange.until(lambda: mine.granted)
        yield
    finally:
        with _LOCK:
            (state.running if mine in state.running else state.waiting).remove(mine)
            state.grant()
            _forget()


def hush(host: str, seconds: float) -> None:
    """The host asked for so long a quiet: nobody asks it meanwhile."""
    with _LOCK:
        state = _HOSTS.setdefault(host, _Host())
        state.quiet = max(state.quiet, time.monotonic() + min(seconds, LONGEST))
        _forget()


def forgive() -> None:
    """Forget what hosts asked for: for tests that use one again."""
    with _LOCK:
        for state in _HOSTS.values():
            state.quiet = 0.0
        _forget()


def quiet(host: str) -> float:
    """Seconds for which the host is still to be left alone."""
    with _LOCK:
        return max(_HOSTS[host].quiet - time.monotonic(), 0.0) if host in _HOSTS else 0.0


def _forget() -> None:
    now = time.monotonic()
    for host in [h for h, s in _HOSTS.items() if not s.running and not s.waiting and s.quiet < now]:
        del _HOSTS[host]
