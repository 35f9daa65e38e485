"""Bar: how far some work is, in a line of text; drawn in a terminal while somebody waits there."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TextIO

WIDTH = 20
PATIENCE = 1.0  # s that somebody waits before a bar is drawn
EIGHTHS = ("", *"▏▎▍▌▋▊▉")


def bar(share: float, width: int = WIDTH) -> str:
    """A share as a bar, to an eighth of a character.

    Examples
    --------
    >>> from skyexplorer.session.bar import bar
    >>> bar(0.55, width=10)
    '█████▌░░░░'
    """
    full, part = divmod(round(min(max(share, 0.0), 1.0) * width * 8), 8)
    return ("█" * full + EIGHTHS[part]).ljust(width, "░")


def line(what: str, share: float | None, seconds: float, width: int = 79) -> str:
    """What is done, how far it is, and since when, in at most so many characters.

    Examples
    --------
    >>> from skyexplorer.session.bar import line
    >>> line("Asking gaia-dr3", 0.25, 3.2)
    'Asking gaia-dr3  █████░░░░░░░░░░░░░░░  25 %  3 s'
    >>> line("Asking gaia-dr3", None, 3.2)
    'Asking gaia-dr3 …  3 s'
    """
    far = " …" if share is None else f"  {bar(share)} {100 * share:3.0f} %"
    tail = f"{far}  {seconds:.0f} s"
    room = max(width - len(tail), 8)
    return (what if len(what) <= room else what[: room - 1] + "…") + tail


class Bar:
    """A line of a terminal that tells how far something is; nothing where there is no terminal.

    It is drawn only when somebody has waited for a second, and taken away at the end.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._from = time.monotonic() + PATIENCE
        self._drawn = False
        self._on = bool(getattr(self._stream, "isatty", lambda: False)())

    def draw(self, what: str, share: float | None, seconds: float) -> None:
        """Draw it anew."""
        if self._on and time.monotonic() >= self._from:
            text = line(what, share, seconds, shutil.get_terminal_size().columns - 1)
            self._stream.write(f"\r\x1b[2K{text}")
            self._stream.flush()
            self._drawn = True

    def close(self) -> None:
        """Take it away."""
        if self._drawn:
            self._stream.write("\r\x1b[2K")
            self._stream.flush()
            self._drawn = False
