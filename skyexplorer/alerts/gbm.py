"""Fermi GBM: the folder of a trigger at HEASARC with its HEALPix map, and lists of triggers from HEASARC's tables.

A trigger is called bnYYMMDDfff: the day, and thousandths of it. Its folder has ``current/`` and, for a day or two,
``quicklook/``; maps come in versions ``_vNN``. A map holds the systematic error already. Its header counts seconds from 2001
in TT; tables give MJD in UTC, and a 68 % radius without the systematic error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time

from skyexplorer.alerts import maps, pages
from skyexplorer.alerts.asking import FAILED, HOUR, Asker, Talk, Unknown
from skyexplorer.core.times import FERMI_MJDREF, mjd_of_met
from skyexplorer.io import files, fits_headers, votable
from skyexplorer.io.choosing import OVERFLOW
from skyexplorer.io.notice import NAN, moment, number, words
from skyexplorer.model.event import Event, _time
from skyexplorer.model.listing import EventFilter, ListedEvent
from skyexplorer.model.region import SkyRegion

FOLDERS, TRIGGERS, BURSTS = "heasarc-gbm", "fermi-gbm-triggers", "fermi-gbm"
MAP = re.compile(r"glg_healpix_all_(bn\d{9})(?:_v(\d+))?\.fits?(?:\.gz)?$", re.I)
RADIUS_HOLDS = 0.68
MOST = 500
MISSION_DAYS = 15_000
SYSTEMATIC = "the map holds the systematic error"


def event(asker: Asker, trigger: str, revision: int | str | None = None, called: str = "") -> Event:
    """A trigger with its newest map; where it has none, with its position in HEASARC's table of bursts.

    Parameters
    ----------
    asker : Asker
    trigger : str
        Such as ``"bn180116026"``.
    revision : int or str, optional
        Version of the map; by default the newest.
    called : str, optional
        Name of the event, if not that of the trigger.

    Raises
    ------
    Unknown
        If there is no such trigger, or no such version.
    """
    trigger = trigger.lower()
    troubles: list[str] = []
    try:
        with asker.talk(FOLDERS) as talk:
            address, version = _newest(talk, trigger, revision)
            talk.rows = 1
            path = talk.download(address)
            return _of_map(talk, path, address, trigger, version, called)
    except (Unknown, *FAILED) as error:
        if revision is not None or not asker.has(BURSTS):
            raise
        troubles.append(f"no map: {error.message}")
        trouble = error
    try:
        return _of_table(asker, trigger, called, troubles)
    except (Unknown, *FAILED) as error:
        # Who could not be asked may know it: that is said, and not that it is unknown.
        raise (
            error if isinstance(trouble, Unknown) and not isinstance(error, Unknown) else trouble
        ) from error


def folder(trigger: str) -> str:
    """Where the folder of a trigger lies below the address of all.

    >>> folder("bn180116026")
    '2018/bn180116026/'
    """
    return f"20{trigger[2:4]}/{trigger}/"


def _newest(talk: Talk, trigger: str, revision: int | str | None) -> tuple[str, int]:
    """Address and version of the newest map, or of a pinned one."""
    found: dict[int, str] = {}
    for part in ("current", "quicklook"):
        path = f"{folder(trigger)}{part}/"
        try:
            page = talk.text(path, keep=HOUR, missing=f"folder {part} of {trigger}")
        except Unknown:
            continue
        for address, _ in pages.links(page, talk.address):
            told = MAP.search(address)
            if told and told[1].lower() == trigger:
                found.setdefault(int(told[2] or 0), address)
    if not found:
        raise Unknown(f"{FOLDERS} has no map of the trigger {trigger}.")
    if revision is None:
        return found[max(found)], max(found)
    wanted = re.search(r"(\d+)(?:\.fits?)?$", str(revision))
    if wanted and int(wanted[1]) in found:
        return found[int(wanted[1])], int(wanted[1])
    there = ", ".join(f"v{version:02d}" for version in sorted(found))
    raise Unknown(f"{FOLDERS} has no version {revision!r} of the map of {trigger}.", f"There are: {there}.")


def _of_map(talk: Talk, path: Any, address: str, trigger: str, version: int, called: str) -> Event:
    headers, _ = fits_headers.peek(files.stored(path))
    header: dict[str, Any] = {}
    for part in reversed(headers[:2]):
        header |= part.keys
    name = called or str(header.get("OBJECT", "")).strip() or trigger
    radius, ra, dec = (
        number(header.get("ERR_RAD")),
        number(header.get("RA_OBJ")),
        number(header.get("DEC_OBJ")),
    )
    placed = abs(dec) <= 90 and ra == ra and not (ra == dec == radius == 0)
    kind = str(header.get("CLASS") or header.get("OBJ_CLAS") or "").strip()
    facts: dict[str, Any] = {"map_version": version}
    if radius > 0:
        facts["statistical_error_radius"] = radius * u.deg
    for key in ("LOC_SRC", "LOC_VER", "LOC_ENRG", "LMETHOD"):
        if str(header.get(key, "")).strip():
            facts[key.lower()] = str(header[key]).strip()
    bare = Event(
        name,
        _triggered(header),
        "gamma",
        position=SkyCoord(ra * u.deg, dec * u.deg) if placed else None,
        revision=version,
        issued=_utc(header.get("DATE")),
        alert_type=kind,
        mission="Fermi",
        instrument="Fermi GBM",
        ids=tuple(dict.fromkeys((trigger, str(header.get("OBJECT", "")).strip() or trigger))),
        classification=MappingProxyType({kind: 1.0} if kind == "GRB" else {}),
        properties=MappingProxyType(facts),
        skymap_url=address,
    )
    found = maps.read(path, address, name, talk.place, note=SYSTEMATIC)
    return maps.give(bare, found)


def _triggered(header: Mapping[str, Any]) -> Time | None:
    """Time of the trigger: seconds of the mission, in TT."""
    seconds = number(header.get("TRIGTIME"))
    if not seconds > 0:
        return _utc(header.get("DATE-OBS"))
    reference = number(header.get("MJDREFI")), number(header.get("MJDREFF"))
    days, part = mjd_of_met(seconds, reference) if all(np.isfinite(reference)) else mjd_of_met(seconds)
    if not FERMI_MJDREF[0] <= days <= FERMI_MJDREF[0] + MISSION_DAYS:
        return None
    return Time(float(days), float(part), format="mjd", scale="tt").utc


def _utc(text: Any) -> Time | None:
    return _time(moment(str(text)), "utc", [])


# HEASARC's tables


def _ask(talk: Talk, query: str) -> Any:
    """The table that HEASARC's TAP service answers; it may have no rows."""
    asked = {"REQUEST": "doQuery", "LANG": "ADQL", "FORMAT": "votable", "QUERY": query}
    base = talk.place.address.rstrip("/")
    reply = talk.fetch(f"{base}/sync", data=asked, keep=HOUR, check=_whole)
    return _table(reply)


def _whole(reply: Any) -> None:
    """Raise for an error in disguise, or half a table: neither is kept."""
    _table(reply)


def _table(reply: Any) -> Any:
    with files.reading("a VOTable"):
        return votable.read(reply.content, empty=True)


def _columns(table: Any) -> dict[str, str]:
    """Column names in small letters, without what a join puts before them."""
    return {str(name).lower().rpartition(".")[2]: name for name in table.colnames}


def _of_table(asker: Asker, trigger: str, called: str, troubles: list[str]) -> Event:
    with asker.talk(BURSTS) as talk:
        table = _ask(talk, f"SELECT * FROM {talk.place.table or 'fermigbrst'} WHERE trigger_name = '{trigger.upper()}' "
                           f"OR trigger_name = '{trigger}'")  # fmt: skip
        if not len(table):
            raise Unknown(f"{BURSTS} has no burst {trigger}.")
        talk.rows = 1
        row = _listed_row(table[0], _columns(table), talk, BURSTS)
        radius = (
            number(table[0][_columns(table)["error_radius"]]) if "error_radius" in _columns(table) else NAN
        )
        position = row.position
        region = None
        if position is not None and radius > 0:
            region = SkyRegion.circle(position, min(radius, 180.0) * u.deg)
        return Event(
            called or row.name,
            row.time,
            "gamma",
            region,
            position,
            region_kind="68 % circle, statistical errors only" if region is not None else "",
            containment=RADIUS_HOLDS if region is not None else None,
            notes=tuple(troubles),
            origin=talk.origin(called or row.name, rows=1),
            mission="Fermi",
            instrument="Fermi GBM",
            ids=(trigger, row.name),
        )


def listed(asker: Asker, wanted: EventFilter, most: int = MOST) -> list[ListedEvent]:
    """Triggers of GBM, the latest first: bursts, flares of the Sun and of magnetars, flashes of the Earth, and particles."""
    with asker.talk(TRIGGERS) as talk:
        terms = []
        if wanted.since is not None:
            terms.append(f"trigger_time >= {wanted.since.utc.mjd:.6f}")
        if wanted.until is not None:
            terms.append(f"trigger_time <= {wanted.until.utc.mjd:.6f}")
        where = f" WHERE {' AND '.join(terms)}" if terms else ""
        name = talk.place.table or "fermigtrig"
        table = _ask(talk, f"SELECT TOP {most} * FROM {name}{where} ORDER BY trigger_time DESC")
        known = _columns(table)
        missing = {"name", "trigger_time"} - set(known)
        if missing:
            raise talk.odd(
                f"a table without {', '.join(sorted(missing))}; it has {', '.join(table.colnames)[:300]}"
            )
        rows = [_listed_row(row, known, talk, TRIGGERS) for row in table]
        talk.rows, talk.overflow = len(rows), len(rows) >= most or bool(table.meta.get(OVERFLOW))
        return rows


def _listed_row(row: Any, known: Mapping[str, str], talk: Talk, source: str) -> ListedEvent:
    def value(name: str) -> Any:
        found = row[known[name]] if name in known else None
        return None if found is None or found is np.ma.masked else found

    trigger = words(str(value("trigger_name") or "")).lower()
    name = words(str(value("name") or "")) or trigger or "Fermi GBM trigger"
    mjd, ra, dec, radius = (_plain(value(key)) for key in ("trigger_time", "ra", "dec", "error_radius"))
    placed = abs(dec) <= 90 and ra == ra
    area = 2 * np.pi * (1 - np.cos(np.deg2rad(radius))) * (180 / np.pi) ** 2 if radius > 0 else NAN
    return ListedEvent(
        name,
        "gamma",
        mjd=mjd,
        kind=words(str(value("trigger_type") or "")) or ("GRB" if source == BURSTS else ""),
        area=float(area),
        ra=ra % 360 if placed else NAN,
        dec=dec if placed else NAN,
        source=source,
        aliases=(trigger,) if trigger and trigger != name else (),
        address=f"https://heasarc.gsfc.nasa.gov/FTP/fermi/data/gbm/triggers/{folder(trigger)}"
        if trigger
        else "",
        note="the area is that of the 68 % circle, statistical errors only" if radius > 0 else "",
    )


def _plain(value: Any) -> float:
    return number(getattr(value, "value", value))


def day(asker: Asker, date: str) -> list[ListedEvent]:
    """The bursts of a day, ``yymmdd``, in the order of their time."""
    start = Time(f"20{date[:2]}-{date[2:4]}-{date[4:]}T00:00:00", format="isot", scale="utc")
    rows = listed(asker, EventFilter(since=start, until=start + 1 * u.day))
    mine = [
        row
        for row in rows
        if row.kind.upper() in ("GRB", "") and any(f"bn{date}" in name for name in row.names)
    ]
    return sorted(mine, key=lambda row: row.when)
