"""Deadline: how long a question may take as a whole; and whether the network is used at all."""

from __future__ import annotations

import math
import os
import time

from skyexplorer.errors import InputError, LateError

YES = ("1", "true", "yes", "on")
_offline: bool | None = None


class Deadline:
    """The end of the time that a question has, from now on; shared by all requests that serve it.

    Parameters
    ----------
    seconds : float
        Time that is given; ``math.inf`` for no end.

    Examples
    --------
    >>> from skyexplorer.net import Deadline
    >>> deadline = Deadline(20)
    >>> 19 < deadline.left() <= 20
    True
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = float(seconds)
        if math.isnan(self.seconds) or self.seconds < 0:
            raise InputError(f"A deadline of {seconds!r} s cannot be.", advice="Give seconds, 0 or more.")
        self._end = time.monotonic() + self.seconds

    @classmethod
    def of(cls, given: Deadline | float) -> Deadline:
        """The same, or one that starts now."""
        return given if isinstance(given, Deadline) else cls(given)

    def left(self) -> float:
        """Seconds to go, never below 0."""
        return max(self._end - time.monotonic(), 0.0)

    def check(self, service: str = "", url: str = "") -> None:
        """Raise LateError if it has passed."""
        if not self.left():
            raise self.missed(service, url)

    def missed(self, service: str = "", url: str = "", waiting: str = "") -> LateError:
        """The error of a question that took too long; ``waiting`` says for what at last."""
        return LateError(
            f"{service or 'The service'} gave no whole answer within {self.seconds:.3g} s"
            + (f" (at last: waiting for {waiting})." if waiting else "."),
            advice="Ask for less (a smaller region, fewer rows), give it more time, or try again later.",
            service=service, url=url,
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"<Deadline: {self.left():.3g} of {self.seconds:.3g} s left>"


def offline(on: bool | None = None) -> bool:
    """Whether only kept answers are given, whatever their age; with an argument, set it for this process.

    Without it the environment says so: ``SKYEXPLORER_OFFLINE=1``.

    Examples
    --------
    >>> from skyexplorer import net
    >>> net.offline(True)
    True
    >>> net.offline(False)
    False
    """
    global _offline
    if on is not None:
        _offline = bool(on)
    if _offline is not None:
        return _offline
    return os.environ.get("SKYEXPLORER_OFFLINE", "").strip().lower() in YES
