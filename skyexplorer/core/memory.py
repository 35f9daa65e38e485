"""Memory, asked before it is taken: what the machine has left, what the user allows, and a refusal in time."""

from __future__ import annotations

import os
from pathlib import Path

from skyexplorer.errors import InputError

VARIABLE = "SKYEXPLORER_MEMORY_LIMIT"
SHARE = 0.8  # of what is free, that one piece of work may take
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30}


def allowed() -> int | None:
    """Bytes that a piece of work may take: what the environment variable says, else most of what is free; None if unknown.

    Raises
    ------
    InputError
        If the variable holds no amount.

    Examples
    --------
    >>> import os
    >>> from skyexplorer.core import memory
    >>> os.environ["SKYEXPLORER_MEMORY_LIMIT"] = "2 GB"
    >>> memory.allowed()
    2000000000
    >>> del os.environ["SKYEXPLORER_MEMORY_LIMIT"]
    """
    text = os.environ.get(VARIABLE, "").strip()
    if text:
        return amount(text)
    free = [value for value in (_machine(), _group()) if value is not None]
    return int(SHARE * min(free)) if free else None


def amount(text: str) -> int:
    """Bytes of a text such as ``2 GB``, ``500M`` or ``1.5GiB``; InputError for what is none."""
    plain = text.strip().lower().removesuffix("b").strip()
    digits = plain.rstrip("kmgti ")
    try:
        return int(float(digits) * _UNITS[plain[len(digits) :].strip()])
    except (ValueError, KeyError, OverflowError):
        raise InputError(f"{VARIABLE} is {text!r}.", "Give an amount, such as 4 GB.") from None


def ask(needed: float, what: str, advice: str) -> None:
    """Refuse work that needs more bytes than are allowed.

    Parameters
    ----------
    needed : float
        Bytes.
    what : str
        The work, as the subject of a sentence.
    advice : str
        What to do instead.

    Raises
    ------
    InputError
        With both numbers.
    """
    limit = allowed()
    if limit is not None and needed > limit:
        raise InputError(f"{what} needs {told(needed)} of memory, and {told(limit)} are allowed.", advice)


def told(amount: float) -> str:
    """An amount of bytes as a person reads it.

    >>> told(2_340_000_000)
    '2.3 GB'
    """
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if amount >= size:
            return f"{amount / size:.1f} {unit}"
    return f"{amount:.0f} bytes"


def _machine() -> int | None:
    """Bytes that Linux has to give without swapping."""
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError, IndexError):
        return _pages()


def _pages() -> int | None:
    """Bytes of the machine, where more cannot be told."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def _group() -> int | None:
    """Bytes that are left to the control group, as in a container."""
    folder = Path("/sys/fs/cgroup")
    for limit, used, stat in (
        ("memory.max", "memory.current", "memory.stat"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat"),
    ):
        try:
            facts = dict(line.split()[:2] for line in (folder / stat).read_text("ascii").splitlines())
            kept = int(facts.get("inactive_file", 0))  # files that were read: given back when it is asked for
            return int((folder / limit).read_text("ascii")) - int((folder / used).read_text("ascii")) + kept
        except (OSError, ValueError):
            continue  # no such group, or "max"
    return None
