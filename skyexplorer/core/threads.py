"""One lock: numba's own queue of work, where no better threading layer is, must not be entered by two threads at once."""

from threading import RLock

ONE_AT_A_TIME = RLock()
