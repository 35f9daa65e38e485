"""IceCube alerts: ICECAT-1 at the Dataverse, and the tables of GCN's archive for what came after it.

ICECAT-1 is a table (`skyexplorer.io.icecat`): 90 % errors in coordinate degrees, energies in TeV, rates per year. The
archive has two pages, tracks and cascades, whose errors are radii in **arcmin** and which do not give the letters of names;
revisions of an event are rows of their own, of which the highest counts; rows of tests, or with words where numbers should
be, stand among them. In rows of 2019 the energies appear to be GeV: they are kept as given, and not as an energy.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time

from skyexplorer.alerts import maps, pages
from skyexplorer.alerts.asking import DAY, MINUTE, Asker, Talk, Unknown
from skyexplorer.alerts.naming import Name
from skyexplorer.errors import ColumnError, FormatError, SkyExplorerError
from skyexplorer.io import icecat, tables
from skyexplorer.io.notice import NAN, not_negative, number, words
from skyexplorer.model.event import PER_YEAR, Event
from skyexplorer.model.listing import EventFilter, ListedEvent
from skyexplorer.model.origin import Origin
from skyexplorer.model.region import SkyRegion
from skyexplorer.model.revisions import normalised

if TYPE_CHECKING:
    from skyexplorer.net import Reply

CATALOG, ARCHIVE, MAPS = "dataverse-icecat", "gcn-archive", "icecube-roc"
TABLE = re.compile(r"gold.?bronze.?tracks|icecat.*(csv|tab)$", re.I)
PAGES = (
    ("tracks", "/amon_icecube_gold_bronze_events.html"),
    ("cascades", "/amon_icecube_cascade_events.html"),
)
GEV_YEAR = 2019
WHOLE_SKY = 41252.96  # deg2
MAPS_SINCE = "250101"
"""Date from which the collaboration publishes a multi-order map of each alert under the name of the event."""

# Of the archive's tables: what the header of each column says.
COLUMNS = {
    "id": r"run.?num|event.?num", "revision": r"\brev", "date": r"\bdate", "time": r"\btime", "kind": r"notice.?type|\btype",
    "ra": r"\bra\b", "dec": r"\bdec", "error90": r"error.?90|90\s?%?.*err", "error50": r"error.?50|50\s?%?.*err",
    "energy": r"energy", "signalness": r"signal", "far": r"\bfar\b", "comments": r"comment", "error": r"error",
    "map": r"map|fits",
}  # fmt: skip
NEEDED = ("id", "revision", "date", "time", "ra", "dec")


# ICECAT-1


def table(talk: Talk) -> tuple[list[icecat.Alert], Origin]:
    """The rows of the catalogue; the table is found in its data set, whose files have new numbers in each version."""
    extra = talk.place.extra
    address = str(extra.get("table", ""))
    doi = str(extra.get("doi", ""))
    notes: list[str] = []
    if doi and extra.get("dataset"):
        listing = talk.optional(
            "the list of its files", notes, extra["dataset"], params={"persistentId": doi}, keep=7 * DAY
        )
        address = _table_file(listing) or address
    if not address:
        raise talk.odd("no table of alerts")
    found: list[icecat.Alert] = []

    def read(reply: Reply) -> None:
        found[:] = _alerts(reply)

    reply = talk.fetch(address, keep=7 * DAY, check=read)
    alerts = found or _alerts(reply)
    talk.rows = len(alerts)
    return alerts, talk.origin("IceCat-1", reply, rows=len(alerts), note="; ".join(notes))


def _alerts(reply: Reply) -> list[icecat.Alert]:
    found = tables.read(reply.content)
    if not icecat.is_alert_table(set(found.colnames)):
        raise ColumnError(
            f"No table of alerts: its columns are {', '.join(found.colnames)[:300]}.", columns=found.colnames
        )
    return icecat.alerts(found)


def _event_of(alert: icecat.Alert, origin: Origin) -> Event:
    """An event of the catalogue; which stream it is of, the event of a table does not say by itself."""
    return replace(Event._of_alert(alert, origin), alert_type=alert.stream)


def _table_file(listing: Any) -> str:
    """Address of the table among the files of a data set; empty where it is not told."""
    data = listing.get("data") if isinstance(listing, dict) else None
    version = data.get("latestVersion", data) if isinstance(data, dict) else None
    rows = version.get("files") if isinstance(version, dict) else None
    for row in rows if isinstance(rows, list) else ():
        file = row.get("dataFile") if isinstance(row, dict) else None
        if not isinstance(file, dict):
            continue
        name = words(file.get("originalFileName") or file.get("filename") or row.get("label"), 200)
        if TABLE.search(name) and number(file.get("id")) > 0:
            # Tables are turned into tab-separated text on arrival; what was put in is CSV.
            original = "?format=original" if words(file.get("filename")).endswith(".tab") else ""
            return f"/api/access/datafile/{int(number(file['id']))}{original}"
    return ""


def catalogued(asker: Asker, name: Name, revision: int | str | None = None) -> Event:
    """An alert of ICECAT-1, with the collaboration's map where there is one.

    Raises
    ------
    Unknown
        If the catalogue has none of that name; ``near`` tells those that look like it.
    """
    if revision is not None:
        raise Unknown(f"{CATALOG} has one revision of each alert.")
    with asker.talk(CATALOG) as talk:
        alerts, origin = table(talk)
        found = [_event_of(alert, origin) for alert in _named(alerts, name)]
        if not found:
            near = difflib.get_close_matches(name.text, [alert.name for alert in alerts], 4, 0.75)
            raise Unknown(f"{CATALOG} (IceCat-1) has no {name.given}.", near=tuple(near))
        chosen = found[-1]
        if len(found) > 1:
            others = ", ".join(f"{event.ids[0] if event.ids else ''} at {event.time}" for event in found[:-1])
            chosen = replace(chosen, notes=(*chosen.notes, f"the name is also that of {others}"))
    return mapped(asker, chosen, name)


def _named(alerts: Iterable[icecat.Alert], name: Name) -> list[icecat.Alert]:
    wanted = normalised(name.text)
    if name.kind == "icecube-id":
        return [alert for alert in alerts if wanted in map(normalised, alert.ids)]
    found = [alert for alert in alerts if normalised(alert.name) == wanted]
    if not found and name.kind == "icecube" and not name.text[-1].isalpha():
        found = [alert for alert in alerts if normalised(alert.name)[:-1] == wanted]
    return found


def mapped(asker: Asker, event: Event, name: Name) -> Event:
    """The event with the map that the collaboration publishes under its name, where it has a letter and is new enough."""
    full = normalised(event.name).replace("ICECUBE-", "IceCube-")
    lettered = re.fullmatch(r"IceCube-\d{6}[A-Z]", full)
    if event.skymap_url or not lettered or name.date < MAPS_SINCE or not asker.has(MAPS):
        return event
    with asker.talk(MAPS) as talk:
        talk.rows = 0
        for base in (talk.place.address, *getattr(talk.place, "mirrors", ())):
            address = f"{base.rstrip('/')}/alerts/{full}_skymap_probdensity_multiorder.fits.gz"
            found = maps.given_or_without(talk, event, address, guessed=True)
            if found is not event:
                talk.rows = 1
                return found
        return event


# The archive


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


def archived_rows(talk: Talk, every: bool = False) -> list[tuple[Row, bool]]:
    """The notices of both pages, and whether they are cascades; ``every`` revision, or the last of each event."""
    out: list[tuple[Row, bool]] = []
    left_out = 0
    failed: list[SkyExplorerError] = []
    for what, path in PAGES:
        address = talk.url(str(talk.place.extra.get(what, path)))
        try:
            page = talk.text(address, keep=10 * MINUTE, missing=f"page {address}")
            found, odd = rows(page, address, every)
        except (Unknown, FormatError) as error:
            failed.append(error)
            continue
        out += [(row, what == "cascades") for row in found]
        left_out += odd
    if not out and failed:
        raise failed[0]
    talk.rows = len(out)
    talk.say(f"{left_out} rows are no notices, and are left out" if left_out else "")
    for trouble in failed:
        talk.say(trouble.message)
    return out


def archived(asker: Asker, name: Name, revision: int | str | None = None) -> Event:
    """An alert of the archive, its last revision.

    Raises
    ------
    Unknown
        If there is none of that day, or of that number.
    """
    with asker.talk(ARCHIVE) as talk:
        known = archived_rows(talk)
        if name.kind == "icecube-id":
            found = [(row, cascade) for row, cascade in known if normalised(row.id) == normalised(name.text)]
        else:
            found = sorted(
                ((r, c) for r, c in known if r.date == name.date and not r.test), key=lambda pair: pair[0].mjd
            )
        if not found:
            days = {row.date for row, _ in known if not row.test}
            near = tuple(f"IceCube-{day}" for day in difflib.get_close_matches(name.date, days, 4, 0.8))
            raise Unknown(f"{ARCHIVE} has no alert {name.given}.", near=near)
        letter = name.text[-1] if name.text[-1].isalpha() else ""
        at = min(ord(letter) - ord("A"), len(found) - 1) if letter and len(found) > 1 else 0
        row, cascade = found[at]
        if revision is not None:
            row = _pinned(talk, row, revision)
        event = _event(row, cascade, name, talk)
        if letter:
            event = replace(event, notes=(*event.notes, _told_apart(found, at, name)))
        if row.map:
            return maps.given_or_without(talk, event, row.map)
    return mapped(asker, event, name)


def _pinned(talk: Talk, last: Row, revision: int | str) -> Row:
    """Another revision of an event of the archive."""
    known = {row.revision: row for row, _ in archived_rows(talk, every=True) if row.id == last.id}
    wanted = str(revision).lstrip("v")
    if not wanted.isdigit() or int(wanted) not in known:
        there = ", ".join(map(str, sorted(known)))
        raise Unknown(f"{ARCHIVE} has no revision {revision!r} of {last.id}.", f"There are: {there}.")
    return known[int(wanted)]


def _told_apart(found: list[tuple[Row, bool]], at: int, name: Name) -> str:
    told = "the archive gives no letters of names"
    if len(found) == 1:
        return f"{told}: this is its only alert of that day"
    others = ", ".join(row.id for k, (row, _) in enumerate(found) if k != at)
    return f"{told}: of the {len(found)} alerts of that day it is taken by its place in time; the others are {others}"


def _event(row: Row, cascade: bool, name: Name, talk: Talk) -> Event:
    position = SkyCoord(row.ra * u.deg, row.dec * u.deg)
    notes = []
    region = None
    if row.error90 > 0:
        region = SkyRegion.circle(position, min(row.error90, 180.0) * u.deg)
    else:
        notes.append("no error is published: the position has no footprint")
    energy = row.energy * u.TeV if np.isfinite(row.energy) and row.date[:2] != str(GEV_YEAR)[2:] else None
    if energy is None and np.isfinite(row.energy):
        notes.append(
            f"its energy is given as {row.energy:g}, without a unit; rows of {GEV_YEAR} appear to be in GeV"
        )
    far = row.far / u.yr if np.isfinite(row.far) else None
    called = f"IceCube-{name.text[2:]}" if name.kind == "icecube" else f"IceCube {row.id}"
    reply = talk.replies[-1] if cascade else talk.replies[0]
    return Event(
        called,
        Time(row.mjd, format="mjd", scale="utc"),
        "neutrino",
        region,
        position,
        role="test" if row.test else "observation",
        revision=row.revision,
        signalness=row.signalness if 0 <= row.signalness <= 1 else None,
        energy=energy,
        far=None if far is None else row.far * PER_YEAR * u.Hz,
        far_as_given=far,
        region_kind="90 % circle" if region is not None else "",
        notes=tuple(notes),
        origin=talk.origin(called, reply, note="read from a page for people"),
        alert_type=row.kind.lower() or ("cascade" if cascade else ""),
        mission="IceCube",
        instrument="IceCube",
        ids=(row.id,),
        containment=0.9 if region is not None else None,
        properties=MappingProxyType(
            {"page": row.address} | ({"comments": row.comments} if row.comments else {})
        ),
    )


# Lists


def listed(asker: Asker, wanted: EventFilter) -> list[ListedEvent]:
    """The alerts of ICECAT-1."""
    with asker.talk(CATALOG) as talk:
        alerts, _ = table(talk)
        doi = str(talk.place.extra.get("doi", "")).removeprefix("doi:")
    page = f"https://doi.org/{doi}" if doi else ""
    return [_listed(alert, page) for alert in alerts]


def _listed(alert: icecat.Alert, page: str) -> ListedEvent:
    """A row of the catalogue: no region is made of it, its area is that of four quarters of ellipses in the plane."""
    wide, high = sum(alert.ra_errors), sum(alert.dec_errors)
    area = np.pi / 4 * wide * high * np.cos(np.deg2rad(alert.dec))
    return ListedEvent(
        alert.name,
        "neutrino",
        mjd=alert.mjd,
        far_given=alert.far_per_year if alert.far_per_year >= 0 else NAN,
        far_unit="1/yr",
        kind=next((word for word in ("gold", "bronze", "cascade") if word in alert.stream.lower()), ""),
        area=float(min(area, WHOLE_SKY)) if area > 0 else NAN,
        ra=alert.ra,
        dec=alert.dec,
        signalness=alert.signalness if 0 <= alert.signalness <= 1 else NAN,
        source=CATALOG,
        aliases=alert.ids,
        address=page,
        note="; ".join(alert.notes),
    )


def listed_archive(asker: Asker, wanted: EventFilter) -> list[ListedEvent]:
    """The alerts of the archive, tests too."""
    with asker.talk(ARCHIVE) as talk:
        known = archived_rows(talk)
    days: dict[str, int] = {}
    for row, _ in known:
        days[row.date] = days.get(row.date, 0) + 1
    return [
        ListedEvent(
            f"IceCube-{row.date}" if days[row.date] == 1 else f"IceCube {row.id}",
            "neutrino",
            mjd=row.mjd,
            far_given=row.far,
            far_unit="1/yr",
            kind="cascade" if cascade else row.kind.lower(),
            area=float(2 * np.pi * (1 - np.cos(np.deg2rad(row.error90))) * (180 / np.pi) ** 2),
            ra=row.ra,
            dec=row.dec,
            signalness=row.signalness if 0 <= row.signalness <= 1 else NAN,
            source=ARCHIVE,
            revision=str(row.revision),
            test=row.test,
            aliases=(row.id,),
            address=row.address,
            note=row.comments,
        )
        for row, cascade in known
    ]
