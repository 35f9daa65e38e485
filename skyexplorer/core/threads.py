"""Threads of compiled code: one piece of work at a time, alone where it is small, and none that waits spins.

What other packages teach numba (awkward, which comes with uproot) is not ours, and loading it takes a fifth of the first
match in a process: while our work is done numba is told that it has that already, and afterwards that it has not.

Numba's queue of work, where no better threading layer is, must not be entered by two threads at once. Where the layer is
OpenMP, threads that wait for each other would spin, unless told otherwise before the library is loaded: on a machine that
others use too (20 kernels on two cores) that made work on two threads three times slower than on one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any


class _Turn:
    """The lock. Whoever holds it may hold it again."""

    def __init__(self) -> None:
        self._lock, self._depth, self._postponed = RLock(), 0, False

    def __enter__(self) -> None:
        self._lock.acquire()
        self._depth += 1
        # Private to numba: where it is called otherwise, extensions are loaded as ever.
        known: Any = sys.modules.get("numba.core.entrypoints")
        if self._depth == 1 and getattr(known, "_already_initialized", None) is False:
            known._already_initialized = self._postponed = True

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if self._depth == 0 and self._postponed:
            sys.modules["numba.core.entrypoints"]._already_initialized = self._postponed = False  # type: ignore[attr-defined]
        self._lock.release()


ONE_AT_A_TIME = _Turn()
ALONE = 100_000  # rows for which a second thread gains nothing
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


@contextmanager
def at_work(rows: int) -> Iterator[None]:
    """Hold the lock, on one thread where there are few rows."""
    import numba as nb

    with ONE_AT_A_TIME:
        before = nb.get_num_threads()
        if rows <= ALONE:
            nb.set_num_threads(1)
        try:
            yield
        finally:
            nb.set_num_threads(before)
