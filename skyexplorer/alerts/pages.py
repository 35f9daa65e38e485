"""Pages for people, read by machines: tables of HTML as rows of cells, and folders as lists of links.

Old pages leave out end tags, span columns and repeat headers: a cell ends where the next begins, and a cell that spans
stands in each of its columns. Nothing is found by its position but by the words of its header.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

from skyexplorer.io import files

MOST_ROWS = 100_000
MOST_SPAN = 100


@dataclass
class Cell:
    """One cell of a table: its text on one line, and the links in it."""

    text: str = ""
    links: list[str] = field(default_factory=list)
    header: bool = False
    columns: int = 1
    rows: int = 1


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[Cell]]] = []
        self.links: list[tuple[str, str]] = []
        self._cell: Cell | None = None
        self._words: list[str] = []
        self._href = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "table":
            self._end_cell()
            self.tables.append([])
        elif tag == "tr":
            self._end_cell()
            if not self.tables:
                self.tables.append([])
            if len(self.tables[-1]) < MOST_ROWS:
                self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self._end_cell()
            self._cell = Cell(
                header=tag == "th",
                columns=_span(said.get("colspan", "")),
                rows=_span(said.get("rowspan", "")),
            )
        elif tag == "a" and said.get("href"):
            self._href = said["href"]
            self.links.append((self._href, ""))
            if self._cell is not None:
                self._cell.links.append(self._href)
        elif tag == "br":
            self._words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._end_cell()
        elif tag == "a":
            self._href = ""

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._words.append(data)
        if self._href:
            href, text = self.links[-1]
            self.links[-1] = (href, text + data)

    def _end_cell(self) -> None:
        if self._cell is not None:
            self._cell.text = " ".join("".join(self._words).split())
            self.tables[-1][-1].append(self._cell)
        self._cell, self._words = None, []


def _span(text: str) -> int:
    return min(int(text), MOST_SPAN) if text.isdigit() and int(text) > 0 else 1


def _read(page: str) -> _Reader:
    reader = _Reader()
    with files.reading("an HTML page", "It may have been cut short: ask again."):
        reader.feed(page)
        reader.close()
    reader._end_cell()
    return reader


def tables(page: str) -> list[list[list[Cell]]]:
    """The tables of a page, each a list of rows of cells; spanning cells stand in each place that they span.

    Examples
    --------
    >>> from skyexplorer.alerts.pages import tables
    >>> rows = tables("<table><tr><th colspan=2>Event<tr><th>Run<th>Rev<tr><td>1_2<td>0</table>")[0]
    >>> [[cell.text for cell in row] for row in rows]
    [['Event', 'Event'], ['Run', 'Rev'], ['1_2', '0']]
    """
    return [_spread(rows) for rows in _read(page).tables]


def _spread(rows: list[list[Cell]]) -> list[list[Cell]]:
    out: list[list[Cell]] = []
    below: dict[int, tuple[Cell, int]] = {}
    for row in rows:
        spread: list[Cell] = []

        def from_above(spread: list[Cell] = spread) -> None:
            while (at := len(spread)) in below:
                cell, left = below.pop(at)
                if left > 1:
                    below[at] = (cell, left - 1)
                spread.append(cell)

        for cell in row:
            from_above()
            for _ in range(cell.columns):
                if cell.rows > 1:
                    below[len(spread)] = (cell, cell.rows - 1)
                spread.append(cell)
        from_above()
        out.append(spread)
    return out


def links(page: str, address: str) -> list[tuple[str, str]]:
    """The links of a page: whole addresses, and the words on them.

    >>> links('<a href="glg_healpix_all_bn1_v00.fit">map</a> <a href="../">up</a>', "https://example.org/bn1/current/")
    [('https://example.org/bn1/current/glg_healpix_all_bn1_v00.fit', 'map'), ('https://example.org/bn1/', 'up')]
    """
    return [(urljoin(address, href), " ".join(text.split())) for href, text in _read(page).links]
