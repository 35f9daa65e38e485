"""IceCube alerts: ICECAT-1 at the Dataverse, and the tables of GCN's archive for what came after it.

ICECAT-1 is a table (`skyexplorer.io.icecat`): 90 % errors in coordinate degrees, energies in TeV, rates per year. The
archive has two pages, tracks and cascades, whose errors are radii in **arcmin** and which do not give the letters of names;
revisions of an event are rows of their own, of which the highest counts; rows of tests, or with words where numbers should
be, stand among them. In rows of 2019 the energies appear to be GeV: they are kept as given, and not as an energy.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time

from skyexplorer.alerts import maps
from skyexplorer.alerts.amon import Row, rows
from skyexplorer.alerts.asking import DAY, MINUTE, Asker, Talk, Unknown
from skyexplorer.alerts.naming import Name
from skyexplorer.errors import ColumnError, FormatError, SkyExplorerError
from skyexplorer.io import icecat, tables
from skyexplorer.io.notice import NAN, number, words
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
            f"No table of alerts: its columns are {', '.join(found.colnames)[:300]}.",
            "The file of the catalogue may have changed its form: a file that you have is opened with sky.open(path).",
            columns=found.colnames,
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
        at = ord(letter) - ord("A") if letter else 0
        if at >= len(found):
            near = tuple(f"IceCube-{name.date}{chr(ord('A') + k)}" for k in range(len(found)))
            raise Unknown(
                f"{ARCHIVE} has {len(found)} alert{'s' * (len(found) > 1)} of that day, and no {name.given}.",
                near=near,
            )
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
