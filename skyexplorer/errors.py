"""The error tree: everything skyexplorer raises on purpose.

::

    SkyExplorerError
    ├── InputError(ValueError)        an argument that cannot be right
    ├── FormatError(ValueError)       a file or an answer that is not what it claims
    │   └── ColumnError               … because columns are missing; carries ``.columns``
    ├── NotFoundError(LookupError)    a name that nothing here answers to
    ├── RecordingError                a step that cannot be written as source
    ├── FrontEndError(RuntimeError)   the browser side is missing or reported a failure
    ├── ServiceError                  a service did not give what was asked; carries ``.service``, ``.url``, ``.status``
    │   ├── UnreachableError(ConnectionError)  nobody there, or the line broke
    │   ├── LateError(TimeoutError)   not within the deadline
    │   ├── RefusedError              it said no to whoever asks: busy, forbidden, gone; carries ``.retry_after``
    │   ├── QueryError                it said no to what was asked
    │   └── AnswerError(FormatError)  it answered something else: cut short, malformed, too large
    └── Cancelled                     work that was asked to stop, and did

Each error says what was wrong, with which value, and what to do next: the last part is
``advice`` and is kept apart, so that a view can show it on a line of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from itertools import takewhile
from types import TracebackType


class SkyExplorerError(Exception):
    """Base of all errors of this package.

    Parameters
    ----------
    message : str
        What was wrong, with the value.
    advice : str, optional
        What to do next.

    Examples
    --------
    >>> from skyexplorer.errors import InputError
    >>> error = InputError("radius is -1 deg.", advice="Give a radius of 0 or more.")
    >>> str(error)
    'radius is -1 deg. Give a radius of 0 or more.'
    """

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.message} {self.advice}".rstrip()

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in a cell: the caller's own lines, what was wrong, and on the last line what to do.

        IPython asks an exception for this. Frames of this package are left out, and of what led to the error there is one
        line, unless ``%xmode Verbose`` asks for all; ``error.__traceback__`` and ``error.__cause__`` have it in any case.
        """
        shell = sys.modules["IPython"].get_ipython()
        printer = shell.InteractiveTB
        trace = self.__traceback__
        verbose = getattr(printer, "mode", "") == "Verbose"
        own = trace if verbose else _of_the_caller(trace)
        # Without what to do: that stands on a line of its own.
        bare = type(self).__new__(type(self))
        bare.message, bare.advice = self.message, ""
        cause = self.__cause__
        bare.__cause__, bare.__suppress_context__ = cause if verbose else None, True
        for note in getattr(self, "__notes__", ()):
            bare.add_note(note)
        lines = list(printer.structured_traceback(type(self), bare, own, tb_offset=0))
        if cause is not None and not verbose:
            lines.append(
                f"(from {type(cause).__name__}: {(str(cause).strip().splitlines() or [''])[0][:200]})"
            )
        return [*lines, f"→ {self.advice}"] if self.advice else lines


def _of_the_caller(trace: TracebackType | None) -> TracebackType | None:
    """The part of a traceback above the first frame of this package; all of it where there is none above."""
    frames = []
    while trace is not None:
        frames.append(trace)
        trace = trace.tb_next
    above = list(takewhile(lambda frame: not _is_ours(frame), frames))
    kept = None
    for frame in reversed(above or frames):
        kept = TracebackType(kept, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return kept


def _is_ours(trace: TracebackType) -> bool:
    return str(trace.tb_frame.f_globals.get("__name__", "")).split(".")[0] == __package__


class InputError(SkyExplorerError, ValueError):
    """An argument that cannot be right."""


class FormatError(SkyExplorerError, ValueError):
    """A file or an answer that is not what it claims to be."""


class ColumnError(FormatError):
    """A table in which the needed columns cannot be told; ``columns`` lists what it has."""

    def __init__(self, message: str, advice: str = "", columns: Iterable[str] = ()) -> None:
        super().__init__(message, advice)
        self.columns = tuple(columns)


class NotFoundError(SkyExplorerError, LookupError):
    """A name that nothing here answers to."""


class RecordingError(SkyExplorerError):
    """A step that cannot be written as source."""


class FrontEndError(SkyExplorerError, RuntimeError):
    """The browser side is missing, or reported a failure."""


class ServiceError(SkyExplorerError):
    """A service did not give what was asked.

    Parameters
    ----------
    message, advice : str
        As for all errors.
    service : str
        Its id, or the host.
    url : str
        What was asked, without secrets.
    status : int, optional
        Of HTTP.
    """

    state = "error"
    """What a ledger says of it."""

    def __init__(
        self, message: str, advice: str = "", *, service: str = "", url: str = "", status: int | None = None
    ) -> None:
        super().__init__(message, advice)
        self.service, self.url, self.status = service, url, status


class UnreachableError(ServiceError, ConnectionError):
    """Nobody is there, or the line broke."""

    state = "unreachable"


class LateError(ServiceError, TimeoutError):
    """There was no answer within the deadline."""

    state = "late"


class RefusedError(ServiceError):
    """The service said no to whoever asks: busy, forbidden, gone; ``retry_after`` is in seconds where it was told."""

    state = "refused"
    retry_after: float | None = None


class QueryError(ServiceError):
    """The service said no to what was asked."""


class AnswerError(ServiceError, FormatError):
    """The service answered something else: cut short, malformed, too large, of another kind."""

    state = "malformed"


class Cancelled(SkyExplorerError):
    """Work that was asked to stop, and did."""


class SkyExplorerWarning(UserWarning):
    """Something was not as it should be, and the work went on."""
