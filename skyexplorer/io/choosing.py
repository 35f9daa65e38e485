"""Several tables in one file: which of them is meant, and how the others are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from skyexplorer.errors import FormatError, InputError
from skyexplorer.io.roles import listed, positions

NOTE, OVERFLOW = "skyexplorer_note", "skyexplorer_overflow"
"""Keys of ``table.meta`` under which a reader leaves what must be told of the file."""
MOST_BYTES = 2**29
"""Of one table in memory: a file that declares more is refused."""


@dataclass(frozen=True)
class Part:
    """A table of a file, not yet read.

    ``look`` gives enough of it to tell its columns (no rows needed), ``read`` the table.
    """

    name: str
    rows: int
    read: Callable[[], Any]
    look: Callable[[], Any] | None = None


def choose(parts: Sequence[Part], wanted: str | int | None, what: str) -> Any:
    """The table that is asked for, else the first that has rows and positions, else the first that has rows.

    The names of the others are left in ``meta``.

    Parameters
    ----------
    parts : sequence of Part
    wanted : str, int or None
        Name (its last part will do, in any case) or number, from 0.
    what : str
        What the file is, for errors.

    Raises
    ------
    InputError
        If there is no such table.
    FormatError
        If none has rows.
    """
    if wanted is not None:
        return _named(parts, wanted, what).read()
    full = [part for part in parts if part.rows]
    if not full:
        held = f"; it holds {listed(part.name for part in parts)}" if parts else ""
        raise FormatError(f"No table with rows in this {what}{held}.", "Nothing to show: ask for it again.")
    kept: dict[int, Any] = {}
    best = full[0]
    if len(full) > 1:
        for part in full:
            try:
                seen = (part.look or part.read)()
            except FormatError:
                if part is full[-1] and best is part:
                    raise
                continue
            if part.look is None:
                kept = {id(part): seen}
            if positions(seen) is not None:
                best = part
                break
    table = kept.get(id(best))
    table = best.read() if table is None else table
    others = [part.name for part in full if part is not best]
    if others:
        told = listed(others[:8]) + (f" and {len(others) - 8} more" if len(others) > 8 else "")
        leave_note(table, f"table {best.name} of {len(full)}; the others are {told} (table=… opens one)")
    return table


def _named(parts: Sequence[Part], wanted: str | int, what: str) -> Part:
    if isinstance(wanted, int):
        if -len(parts) <= wanted < len(parts):
            return parts[wanted]
    else:
        small = wanted.strip().strip("/").lower()
        for part in parts:
            name = part.name.lower()
            if small in (name, name.rsplit("/", 1)[-1]):
                return part
    raise InputError(
        f"There is no table {wanted!r} in this {what}.", f"It holds {listed(part.name for part in parts)}."
    )


def leave_note(table: Any, text: str) -> None:
    """Leave something for a reader in the meta of a table."""
    before = table.meta.get(NOTE)
    table.meta[NOTE] = f"{before}; {text}" if before else text
