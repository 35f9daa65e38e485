"""Notices: what went wrong, or is worth saying, kept where a view can show it under the widget.

Exceptions in callbacks of widgets vanish. Whoever hangs a callback on something wraps it with
`Notices.guard`: the exception becomes an error notice and goes to the log with its traceback, and the
other listeners of the same signal are still served.
"""

from __future__ import annotations

import contextlib
import logging
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal

from psygnal import EmitLoopError, Signal

from skyexplorer.errors import InputError, SkyExplorerError
from skyexplorer.session.text import _

Level = Literal["info", "warning", "error"]
LEVELS: tuple[Level, ...] = ("info", "warning", "error")
KEPT = 50

_log = logging.getLogger("skyexplorer")


@dataclass(frozen=True)
class Notice:
    """Something said to the user."""

    text: str
    """What happened; plain text, to be escaped where it becomes HTML."""
    level: Level = "info"
    """``"info"``, ``"warning"`` or ``"error"``."""
    advice: str = ""
    """What to do next."""
    when: datetime = field(default_factory=lambda: datetime.now(UTC), compare=False)
    """When it was said, UTC."""


class Notices:
    """The last fifty notices."""

    posted = Signal(Notice)
    """Tells the new notice."""
    cleared = Signal()
    """Tells that there are none any more."""

    def __init__(self) -> None:
        self._items: deque[Notice] = deque(maxlen=KEPT)

    @property
    def items(self) -> tuple[Notice, ...]:
        """The notices, oldest first."""
        return tuple(self._items)

    def post(self, text: str, level: Level = "info", advice: str = "") -> Notice:
        """Say something; InputError for a level that is none of ``LEVELS``."""
        if level not in LEVELS:
            raise InputError(f"level is {level!r}.", f"Give one of {', '.join(LEVELS)}.")
        notice = Notice(str(text), level, str(advice))
        self._items.append(notice)
        self.posted.emit(notice)
        return notice

    def clear(self) -> None:
        """Forget all notices."""
        if self._items:
            self._items.clear()
            self.cleared.emit()

    def guard(self, where: str) -> Guard:
        """A context manager and decorator for callbacks: an exception becomes an error notice, and is logged.

        Parameters
        ----------
        where : str
            What was being done, such as ``"A click on the sky"``.

        Examples
        --------
        >>> from skyexplorer.session.notices import Notices
        >>> import logging; logging.getLogger("skyexplorer").setLevel(logging.CRITICAL + 1)
        >>> notices = Notices()
        >>> with notices.guard("A click"):
        ...     1 / 0
        >>> notices.items[0].text
        'A click: ZeroDivisionError: division by zero'
        >>> logging.getLogger("skyexplorer").setLevel(logging.NOTSET)
        """
        return Guard(self, where)


class Guard(contextlib.ContextDecorator):
    """See `Notices.guard`. Lets KeyboardInterrupt and SystemExit through."""

    def __init__(self, notices: Notices, where: str) -> None:
        self.notices, self.where = notices, where

    def __enter__(self) -> Guard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        _log.error("%s failed", self.where, exc_info=error)
        cause = unwrap(error)
        if isinstance(cause, SkyExplorerError):
            text, advice = cause.message, cause.advice
        else:
            text = f"{type(cause).__name__}: {cause}"
            advice = _("This was not foreseen. If it comes again, please report it with this text.")
        self.notices.post(f"{self.where}: {text}", "error", advice)
        return True


def unwrap(error: Exception) -> BaseException:
    """The listener's own exception, which psygnal wraps once for each signal that it passed through."""
    cause: BaseException = error
    while isinstance(cause, EmitLoopError) and cause.__cause__ is not None:
        cause = cause.__cause__
    return cause
