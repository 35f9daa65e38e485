"""GCN on loopback: circulars as JSON, their groups and feed; the archive's pages of IceCube alerts with their oddities."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.replicas.serving import Answer, Asked, Replica


def cells(text: str) -> list[tuple[str, ...]]:
    """Rows of a page: run and event, revision, date, time, type, RA, Dec, errors, energy, signalness, FAR, comments."""
    return [tuple(cell.strip() for cell in line.split("|")) for line in text.strip().splitlines()]


# The last revision of an event counts; one event has two numbers; in 2019 there are tests, and energies in GeV.
TRACKS = cells("""
137910_43657862 | 0 | 23/07/07 | 16:58:50.12 | GOLD | 303.0000 | +13.0000 | 61.20 | 23.40 | 2.1e+02 | 4.9e-01 | 1.1 |
137910_43657862 | 1 | 23/07/07 | 16:58:50.12 | GOLD | 302.4600 | +12.5000 | 59.40 | 22.80 | 2.1e+02 | 4.9e-01 | 1.1 | refined
137911_57034692 | 1 | 23/07/08 | 03:35:03.12 | BRONZE | 127.1900 | +20.7400 | 90.00 | 30.00 | 1.8e+02 | 4.7e-01 | 1.4 |
137911_61000000 | 0 | 23/07/08 | 21:05:41.50 | BRONZE | 11.0000 | -5.0000 | 66.00 | 30.00 | 1.5e+02 | 3.9e-01 | 2.2 |
139100_10803235 | 0 | 24/04/12 | 05:34:34.20 | BRONZE | 103.7861 | +5.8716 | 69.22 | 26.96 | 1.1e+02 | 3.4e-01 | 2.9 |
139279_10803235 | 1 | 24/04/12 | 05:34:34.20 | BRONZE | 104.0000 | +5.9000 | 60.00 | 25.00 | 1.1e+02 | 3.4e-01 | 2.9 |
132628_00000001 | 0 | 19/05/29 | 00:00:10.00 | GOLD | 10.0000 | +10.0000 | 30.00 | 10.00 | 1.0e+06 | 9.9e-01 | 0.1 | TEST
132707_54984442 | 1 | 19/07/30 | 20:50:41.31 | GOLD | 225.7900 | +10.4700 | 71.10 | 31.20 | 2.988e+05 | 6.7e-01 | 0.68 |
""")
ODD = cells("""
135113_19489408 | 0 | 21/03/22 | 02:34:09.17 | BRONZE | not yet | known | ? | ? | - | - | - | no position
none | 0 | 21/13/45 | 99:99 | GOLD | 1 | 1 | 1 | 1 | 1 | 1 | 1 | no time
""")
CASCADES = cells("""
139414_34468187 | 0 | 24/05/18 | 06:50:07.88 | CASCADE | 180.3930 | +21.5767 | 15.38 | 8.1 | 40.74 | 0.81 | 0.3456 |
""")
NAMES = ("RunNum_EventNum", "Rev", "Date", "Time UT", "NoticeType", "RA", "Dec", "Error90", "Error50", "Energy",
         "Signalness", "FAR", "Comments")  # fmt: skip
UNITS = (
    "",
    "",
    "yy/mm/dd",
    "hh:mm:ss.ss",
    "",
    "[deg]",
    "[deg]",
    "[arcmin]",
    "[arcmin]",
    "",
    "",
    "[#/yr]",
    "",
)


def page(rows: list[tuple[str, ...]], units: tuple[str, ...] = UNITS, link: str = "") -> str:
    """A page as those of the archive: two header rows, links, end tags left out."""
    head = (
        "<tr>"
        + "".join(f"<th>{name}" for name in NAMES)
        + "\n<tr>"
        + "".join(f"<th>{unit}" for unit in units)
    )
    body = []
    for row in rows:
        cells = [f'<a href="notices_amon_g_b/{row[0]}.amon">{row[0]}</a>', *row[1:]]
        if link:
            cells[-1] = f'<a href="{link.format(row[0])}">FITS</a>'
        body.append("<tr align=center>" + "".join(f"<td>{cell}&nbsp;" for cell in cells))
    return (
        "<html><head><title>GCN: AMON ICECUBE</title></head><body><h1>AMON</h1><table border=2>\n"
        + head
        + "\n"
        + "\n".join(body)
        + "\n</table></body></html>"
    )


class Gcn(Replica):
    """Circulars at /circulars/, the archive at its own paths.

    Attributes
    ----------
    texts : dict
        Circulars by number.
    """

    def __init__(self, data: Path | None = None) -> None:
        super().__init__()
        self.texts: dict[int, dict[str, Any]] = {}
        self.cascade_unit = "[deg]"
        if data is not None:
            path = data / "alerts" / "gcn-schema" / "circulars.example.json"
            self.add(**json.loads(path.read_text()))
        else:
            subject = "GRB 230410A: Fermi GBM Final Real-time Localization"
            self.add(33603, "GRB 230410A", subject, "(trigger 702818765.135562 / 230410476)")
        self.add(
            22329, "GRB 180116A", "GRB 180116A: Fermi GBM Final Real-time Localization",
            "At 00:36:52 UT on 16 Jan 2018, the Fermi Gamma-ray Burst Monitor (GBM) triggered and located GRB 180116A "
            "(trigger 537755817.807014 / 180116026).",
        )  # fmt: skip
        self.add(
            22330,
            "GRB 180116A",
            "GRB 180116A: upper limits",
            "As GRB 180112A (trigger 537400000 / 180112842).",
        )
        self.add(
            21916,
            "IceCube-170922A",
            "IceCube-170922A - IceCube observation of a neutrino candidate",
            "A track.",
        )
        self.add(
            36000, "EP240414a", "EP240414a: EP-WXT detection of an X-ray transient", "RA = 191.5, Dec = -9.7"
        )
        self.add(36001, "GRB 240101B", "GRB 240101B: retraction of a Fermi GBM trigger", "It is not a GRB.")

    def add(
        self,
        circularId: int,
        eventId: str | None,
        subject: str,
        body: str,
        createdOn: int = 1_516_000_000_000,
        **more: Any,
    ) -> None:
        """One more circular."""
        self.texts[circularId] = {
            "circularId": circularId, "subject": subject, "body": body, "createdOn": createdOn + 1000 * circularId,
            "submitter": "somebody at an institute <x@example.org>", "format": "text/plain",
        }  # fmt: skip
        self.texts[circularId] |= {"eventId": eventId} if eventId else {}
        self.texts[circularId] |= {key: value for key, value in more.items() if not key.startswith("$")}

    def answer(self, asked: Asked) -> Answer:
        if found := re.fullmatch(r"/circulars/(\d+)(?:\.(\d+))?\.json", asked.path):
            text = self.texts.get(int(found[1]))
            if text is None or (found[2] and int(found[2]) != text.get("version", 1)):
                return Answer(b"null", 404, "application/json")
            return Answer(json.dumps(text).encode(), kind="application/json")
        if found := re.fullmatch(r"/circulars/events/([\w-]+)", asked.path):
            mine = [
                n for n, text in self.texts.items()
                if re.sub(r"[^a-z0-9]+", "-", str(text.get("eventId", "")).lower()).strip("-") == found[1]
            ]  # fmt: skip
            if not mine:
                return Answer(b"<html>Not found</html>", 404, "text/html")
            items = "".join(
                f'<li><a href="/circulars/{n}">{self.texts[n]["subject"]}</a></li>' for n in reversed(mine)
            )
            return Answer(
                f"<html><a href='/circulars'>All</a><ol>{items}</ol></html>".encode(), kind="text/html"
            )
        if asked.path == "/circulars.atom":
            return Answer(self._feed().encode(), kind="application/atom+xml")
        if asked.path == "/amon_icecube_gold_bronze_events.html":
            return Answer(page([*TRACKS, *ODD]).encode(), kind="text/html")
        if asked.path == "/amon_icecube_cascade_events.html":
            units = tuple(self.cascade_unit if unit == "[arcmin]" else unit for unit in UNITS)
            return Answer(page(CASCADES, units).encode(), kind="text/html")
        return Answer(b"<html>Not found</html>", 404, "text/html")

    def _feed(self) -> str:
        entries = "".join(
            f"<entry><id>https://gcn.nasa.gov/circulars/{n}</id><title>{text['subject']}</title>"
            f"<updated>2024-04-{10 + k % 20}T00:00:00.000Z</updated></entry>"
            for k, (n, text) in enumerate(sorted(self.texts.items(), reverse=True))
        )
        return f'<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>GCN</title>{entries}</feed>'
