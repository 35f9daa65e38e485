"""Pool: the threads in which services are waited for.

Work that waits for other work (a question to several services) would hold a thread that the other work needs. So there is a
pool for each depth: what is asked from within a thread runs one floor deeper, and nobody waits for his own floor. Each is
bounded; its threads are daemons that end when there has been nothing to do for some seconds, so that nothing is left behind,
and an interpreter that exits is not held up. What runs then is told to stop, so that servers are not left computing.
"""

from __future__ import annotations

import atexit
import contextvars
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar

from skyexplorer.progress import Progress

THREADS = 64  # waiting for sockets, most of them
IDLE = 5.0  # s
AT_EXIT = 2.0  # s that stopping may take when the interpreter exits
SWITCH = 0.001  # s: see `_hold_short`

_DEPTH: ContextVar[int] = ContextVar("skyexplorer_depth", default=0)


class Pool:
    """Threads that do what is put, first come, first served.

    Parameters
    ----------
    name : str
        Of its threads.
    threads : int
        At most so many.
    idle : float
        Seconds without work after which a thread ends.

    Examples
    --------
    >>> import threading
    >>> from skyexplorer.actions.pool import Pool
    >>> pool, done = Pool("example", threads=2), threading.Event()
    >>> pool.put(done.set)
    >>> done.wait(10)
    True
    """

    def __init__(self, name: str, threads: int = THREADS, idle: float = IDLE) -> None:
        self.name, self.threads, self.idle = name, threads, idle
        self._works: deque[Callable[[], object]] = deque()
        self._news = threading.Condition()
        self._alive = self._free = 0

    def put(self, work: Callable[[], object]) -> None:
        """Do this in a thread, soon; RuntimeError where the system gives no thread, and none is there."""
        with self._news:
            self._works.append(work)
            if self._free >= len(self._works):
                self._news.notify()
            elif self._alive < self.threads:
                thread = threading.Thread(target=self._serve, name=f"skyexplorer {self.name}", daemon=True)
                try:
                    thread.start()
                except RuntimeError:  # too many, or the interpreter is on its way out
                    if not self._alive:
                        self._works.remove(work)
                        raise
                else:
                    self._alive += 1

    def _serve(self) -> None:
        while True:
            with self._news:
                self._free += 1
                try:
                    end = time.monotonic() + self.idle
                    while not self._works:
                        left = end - time.monotonic()
                        if left <= 0:
                            self._alive -= 1
                            return
                        self._news.wait(left)
                    work = self._works.popleft()
                finally:
                    self._free -= 1
            _hold_short(+1)
            try:
                work()
            except BaseException as error:  # noqa: BLE001  (a thread that dies would be missing from the count)
                sys.excepthook(type(error), error, error.__traceback__)
            finally:
                _hold_short(-1)
                del work  # and with it all that it holds


_pools: dict[int, Pool] = {}
_stopping = Pool("stop", threads=8)
_at_work: set[Progress] = set()
_lock = threading.Lock()
_busy = 0
_switch = 0.0


def _hold_short(by: int) -> None:
    """While threads work, the interpreter's lock is handed on more often: the notebook's own thread is not kept waiting."""
    global _busy, _switch
    with _lock:
        _busy += by
        if by > 0 and _busy == 1:
            _switch = sys.getswitchinterval()
            sys.setswitchinterval(min(SWITCH, _switch))
        elif _busy == 0:
            sys.setswitchinterval(_switch)


def put(work: Callable[[], object], progress: Progress, context: contextvars.Context | None = None) -> None:
    """Do this in a thread one floor below the one that asks, with this progress as the current one.

    Parameters
    ----------
    work : callable
        It must not raise.
    progress : Progress
        What it reports to.
    context : Context, optional
        The variables it sees; a copy of those here if not given.
    """
    depth = _DEPTH.get()
    with _lock:
        pool = _pools.setdefault(depth, Pool(f"work {depth}"))
    inner = (context or contextvars.copy_context()).copy()

    def below() -> None:
        _DEPTH.set(depth + 1)
        with _lock:
            _at_work.add(progress)
        try:
            with progress:
                work()
        finally:
            with _lock:
                _at_work.discard(progress)

    pool.put(lambda: inner.run(below))


def stop(progress: Progress) -> None:
    """Cancel some work without waiting: a server may have to be told, and that takes its time."""
    _stopping.put(progress.cancel)


@atexit.register
def _stop_all() -> None:
    """What runs is told to stop, and given a moment to tell its server."""
    end = time.monotonic() + AT_EXIT
    with _lock:
        left = tuple(_at_work)
    for progress in left:
        if time.monotonic() < end:
            with suppress(Exception):
                progress.cancel()
    while _at_work and time.monotonic() < end:
        time.sleep(0.01)
