"""Threads of compiled code: one piece of work at a time, alone where it is small, and none that waits spins.

Numba's queue of work, where no better threading layer is, must not be entered by two threads at once. Where the layer is
OpenMP, threads that wait for each other would spin, unless told otherwise before the library is loaded: on a machine that
others use too (20 kernels on two cores) that made work on two threads three times slower than on one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

ONE_AT_A_TIME = RLock()
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
