"""Rows of the tables in HTML pages: the lists of sources of monitors that have no other form."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

MOST_ROWS = 20_000


@dataclass
class Row:
    """Cells of a table, as text, and the addresses that they link to."""

    cells: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)


def rows(page: str) -> list[Row]:
    """The rows of all tables of a page, in order.

    Examples
    --------
    >>> from skyexplorer.services.curves.pages import rows
    >>> rows("<table><tr><td>Vela X-1<td> 135.5, -40.6 <td><a href='../star/J0902.html'>yes</a></tr></table>")
    [Row(cells=['Vela X-1', '135.5, -40.6', 'yes'], links=['../star/J0902.html'])]
    """
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return [row for row in reader.rows if row.cells]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self._inside = False  # a cell

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr" and len(self.rows) < MOST_ROWS:
            self.rows.append(Row())
            self._inside = False
        elif tag in ("td", "th") and self.rows:
            self.rows[-1].cells.append("")
            self._inside = True
        elif tag == "a" and self._inside:
            self.rows[-1].links += [value for name, value in attrs if name == "href" and value]

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            cells = self.rows[-1].cells
            cells[-1] = " ".join(f"{cells[-1]} {data}".split())
