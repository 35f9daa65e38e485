"""Twins: what a plot shows, as a table that can be read, copied, and gone through by keys.

A panel that has one says what its rows are; their texts are made, and sent, a page at a time, and only while the table is
in place of the plot.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import traitlets

from skyexplorer.session.text import _

PAGE = 100
"""Rows that are sent at once."""


@dataclass(frozen=True)
class Twin:
    """Rows of a table.

    Attributes
    ----------
    caption : str
        What they are.
    heads : sequence of str
        Of the columns.
    numbers : set of int
        Columns of numbers, by place.
    total : int
        How many rows there are.
    texts : callable
        ``texts(start, stop)`` gives a list of texts for each of those rows.
    choose : callable, optional
        ``choose(row)`` does what a click on that point does; without it there is nothing to choose.
    """

    caption: str
    heads: Sequence[str]
    numbers: frozenset[int] = field(default_factory=frozenset)
    total: int = 0
    texts: Callable[[int, int], list[list[str]]] = lambda start, stop: []
    choose: Callable[[int], None] | None = None


class Twinned(traitlets.HasTraits):
    """What a `Panel` with a twin has; it gives ``as_rows``, and calls ``twin_changed`` when that is another."""

    as_table = traitlets.Bool(False, help="Whether the table stands in place of the plot.").tag(sync=True)
    twin_page = traitlets.Dict(
        help="Of the table: caption, heads, numbers, start, total, rows, choosable."
    ).tag(sync=True)

    _twin_start = 0

    def as_rows(self) -> Twin:
        """The rows, as they are now."""
        raise NotImplementedError

    def twin_changed(self) -> None:
        """Tell the browser, if anybody reads it."""
        if not self.as_table:
            return
        twin = self.as_rows()
        start = max(0, min(self._twin_start, (twin.total - 1) // PAGE * PAGE))
        self._twin_start = start
        self.twin_page = {
            "caption": twin.caption, "heads": list(twin.heads), "numbers": sorted(twin.numbers), "start": start,
            "total": twin.total, "rows": twin.texts(start, min(start + PAGE, twin.total)),
            "choosable": twin.choose is not None, "page": PAGE,
        }  # fmt: skip

    def on_as_table(self, on: bool) -> None:
        """The switch between plot and table."""
        self.as_table, self._twin_start = bool(on), 0
        self.twin_changed()

    def on_twin(self, start: int) -> None:
        """Another page."""
        self._twin_start = max(0, int(start))
        self.twin_changed()

    def on_twin_choose(self, row: int) -> None:
        """A row was chosen."""
        choose = self.as_rows().choose
        if choose is not None:
            choose(int(row))


def twin_texts() -> dict[str, str]:
    """Visible texts of the switch and of the pages."""
    return {
        "as_table": _("Show the numbers as a table"),
        "earlier": _("Rows before"),
        "later": _("Rows after"),
        "pages": _("Rows {first} to {last} of {total}"),
        "no_rows": _("No rows."),
    }


def number(value: Any, digits: int = 5) -> str:
    """A number for people; nothing where it is none.

    Examples
    --------
    >>> from skyexplorer.views.twin import number
    >>> number(3.14159265), number(float("nan")), number(1.5e-11)
    ('3.1416', '', '1.5e-11')
    """
    value = float(value)
    return f"{value:.{digits}g}" if value == value else ""
