"""GCN's archive of IceCube alerts: pages of HTML, read by the words of their headers.

A row is one notice. Revisions of an event are rows of their own; tests stand among them, and words where numbers should be;
an event may stand there under two numbers. Errors are radii in **arcmin**, unless the header says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin

import numpy as np
from astropy.time import Time

from skyexplorer.alerts import maps, pages
from skyexplorer.errors import FormatError
from skyexplorer.io.notice import NAN, not_negative, number

# Of the archive's tables: what the header of each column says.
COLUMNS = {
    "id": r"run.?num|event.?num", "revision": r"\brev", "date": r"\bdate", "time": r"\btime", "kind": r"notice.?type|\btype",
    "ra": r"\bra\b", "dec": r"\bdec", "error90": r"error.?90|90\s?%?.*err", "error50": r"error.?50|50\s?%?.*err",
    "energy": r"energy", "signalness": r"signal", "far": r"\bfar\b", "comments": r"comment", "error": r"error",
    "map": r"map|fits",
}  # fmt: skip
NEEDED = ("id", "revision", "date", "time", "ra", "dec")


@dataclass(frozen=True)
class Row:
    """One notice of the archive: degrees, MJD in UTC; NaN and empty where it does not say."""

    id: str
    revision: int
    mjd: float
    kind: str
    ra: float
    dec: float
    error90: float
    error50: float
    energy: float
    signalness: float
    far: float
    comments: str
    address: str
    map: str

    @property
    def date(self) -> str:
        """``yymmdd``."""
        return Time(self.mjd, format="mjd", scale="utc").strftime("%y%m%d")

    @property
    def test(self) -> bool:
        """Whether it says that it is one."""
        return "test" in f"{self.kind} {self.comments}".lower()


def rows(page: str, address: str, every: bool = False) -> tuple[list[Row], int]:
    """The notices of a page, the highest revision of each event, and how many rows were left out as they are no notices.

    With ``every`` all revisions are given.

    Raises
    ------
    FormatError
        If no table of the page has the columns of notices; the message lists those that it has.
    """
    for table_ in pages.tables(page):
        labels, start = _labels(table_)
        places = {what: k for what, form in COLUMNS.items() if (k := _column(labels, form)) is not None}
        if any(what not in places for what in NEEDED):
            continue
        found, left_out = [], 0
        for cells in table_[start:]:
            row = _row(cells, places, labels, address)
            if row is None:
                left_out += any(cell.text for cell in cells) and not all(cell.header for cell in cells)
            else:
                found.append(row)
        return found if every else _last(found), left_out
    heads = [" | ".join(cell.text for cell in table_[0])[:200] for table_ in pages.tables(page) if table_]
    raise FormatError(
        f"No table of {address} has the columns of notices: {'; '.join(filter(None, heads)) or 'there is no table'}.",
        "The page may have changed: please report it.",
    )


def _labels(table_: list[list[pages.Cell]]) -> tuple[list[str], int]:
    """What the header rows say of each column, and the first row after them."""
    labels: list[str] = []
    start = 0
    for k, cells in enumerate(table_[:10]):
        texts = [cell.text for cell in cells]
        if re.search(r"\d{4,9}_\d{4,9}", " ".join(texts)):
            break
        if len(set(texts)) > 1:
            labels += [""] * (len(texts) - len(labels))
            labels = [
                f"{label} {text}".strip()
                for label, text in zip(labels, [*texts, *[""] * len(labels)], strict=False)
            ]
        start = k + 1
    return labels, start


def _column(labels: list[str], form: str) -> int | None:
    return next((k for k, label in enumerate(labels) if re.search(form, label, re.I)), None)


def _row(cells: list[pages.Cell], places: Mapping[str, int], labels: list[str], address: str) -> Row | None:
    def text(what: str) -> str:
        k = places.get(what)
        return cells[k].text if k is not None and k < len(cells) else ""

    def size(what: str) -> float:
        """An error radius in degrees: arcmin, unless its header says otherwise."""
        k = places.get(what)
        if k is None:
            return NAN
        return not_negative(text(what)) / (1 if re.search(r"\bdeg", labels[k], re.I) else 60)

    found = re.search(r"\d{4,9}_\d{4,9}", text("id"))
    mjd = _mjd(text("date"), text("time"))
    ra, dec, revision = number(text("ra")), number(text("dec")), number(text("revision"))
    if not (found and np.isfinite(mjd) and 0 <= ra <= 360 and abs(dec) <= 90 and revision >= 0):
        return None
    linked = cells[places["id"]].links
    shown = next((link for cell in cells for link in cell.links if maps.FITS.search(link)), "")
    error = "error90" if "error90" in places else "error"
    return Row(
        found[0], int(revision), mjd, text("kind"), ra % 360, dec, size(error), size("error50"),
        not_negative(text("energy")), number(text("signalness")), not_negative(text("far")), text("comments")[:500],
        urljoin(address, linked[0]) if linked else address, urljoin(address, shown) if shown else "",
    )  # fmt: skip


def _mjd(date: str, time: str) -> float:
    """MJD UTC of ``22/08/22`` and ``10:01:02.30``."""
    day = re.fullmatch(r"(?:20)?(\d\d)[/-](\d\d)[/-](\d\d)", date.strip())
    clock = re.match(r"(\d\d):(\d\d):(\d\d(?:\.\d+)?)", time.strip())
    if not (day and clock):
        return NAN
    try:
        midnight = datetime(2000 + int(day[1]), int(day[2]), int(day[3]))
    except ValueError:
        return NAN
    seconds = int(clock[1]) * 3600 + int(clock[2]) * 60 + float(clock[3])
    return (midnight - datetime(1858, 11, 17)).days + seconds / 86400


def _last(found: Iterable[Row]) -> list[Row]:
    """The highest revision of each event; one that stands there under two numbers is known by its time."""
    best: list[Row] = []
    by_id: dict[str, int] = {}
    by_second: dict[int, int] = {}
    for row in found:
        second = round(row.mjd * 86400)
        at = by_id.get(row.id)
        if at is None:
            at = next((by_second[s] for s in (second, second - 1, second + 1) if s in by_second), None)
        if at is None:
            at = len(best)
            best.append(row)
        elif row.revision > best[at].revision:
            best[at] = row
        by_id[row.id] = by_second[second] = at
    return best
