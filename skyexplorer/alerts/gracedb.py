"""GraceDB: public superevents of LIGO, Virgo and KAGRA, their files in versions, and lists of them.

Rates are in Hz, times in GPS seconds; ``created`` is text (``2019-08-14 21:31:45 UTC``). ``name`` in ``files/`` is the
newest version of a file, ``name,N`` the N-th from 0. Which file is the latest word is told by the log, where each upload
has its time; where the log is not to be had, samples of the posterior are preferred to a rapid localization.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from astropy.time import Time

from skyexplorer.alerts import maps
from skyexplorer.alerts.asking import MINUTE, Asker, Talk, Unknown, dicts
from skyexplorer.errors import QueryError
from skyexplorer.io.notice import moment, not_negative, number, probabilities, words
from skyexplorer.model.event import Event, _time
from skyexplorer.model.listing import NAN, EventFilter, ListedEvent

if TYPE_CHECKING:
    from astropy import units as u

SERVICE = "gracedb"
FRESH = 5 * MINUTE  # an event changes for hours after its alert
MAPS = re.compile(r"(?P<family>.+\.fits(?:\.gz)?)(?:,(?P<version>\d+))?$", re.I)
NO_MAP = re.compile(r"combined|coinc|volume|_skymap\.png|psd|strain|overlap|ranking", re.I)
# Of the makers of maps, the first that is in the name; the later in this list, the rather.
MAKERS = ("olib", "mly", "cwb", "gstlal", "bayestar", "lalinference", "bilby")
KINDS = {"PR": "preliminary", "IN": "initial", "UP": "update", "RE": "retraction", "EW": "earlywarning"}
FACTS = (
    "group",
    "pipeline",
    "search",
    "instruments",
    "nevents",
    "offline",
    "far_is_upper_limit",
    "reporting_latency",
)
PUBLIC = "category: Production"
FOREVER = 4e9  # GPS seconds, in 2106
PAGE = 100
MOST = 300
"""Events that are listed: three pages; the service asks for small ones."""


@dataclass(frozen=True)
class MapFile:
    """One version of one map."""

    family: str
    version: int | None
    when: str = ""
    """When it was uploaded, ISO UTC; empty where the log does not say."""

    @property
    def name(self) -> str:
        """By which it is fetched."""
        return self.family if self.version is None else f"{self.family},{self.version}"

    @property
    def many_orders(self) -> bool:
        """Whether it is a multi-order map."""
        return ".multiorder." in self.family.lower()

    @property
    def rank(self) -> int:
        """How much its maker is preferred."""
        low = self.family.lower()
        return max((k for k, maker in enumerate(MAKERS, 1) if maker in low), default=0)


def event(asker: Asker, name: str, revision: int | str | None = None) -> Event:
    """A superevent with its latest map, or with a pinned one.

    Parameters
    ----------
    asker : Asker
    name : str
        Such as ``"S190814bv"``.
    revision : int or str, optional
        Version of a map: ``1``, or ``"bayestar.multiorder.fits,1"``. By default the map that was uploaded last.

    Raises
    ------
    Unknown
        If there is no public superevent of that name, or no such version.
    """
    with asker.talk(SERVICE) as talk:
        base = f"superevents/{quote(name)}/"
        document = talk.json(base, keep=FRESH, missing=f"public superevent {name}")
        if not isinstance(document, dict) or words(document.get("superevent_id"), 60).lower() != name.lower():
            raise talk.odd(f"something else than the superevent {name}")
        notes: list[str] = []
        names = talk.optional("the list of its files", notes, base + "files/", keep=FRESH)
        names = list(names) if isinstance(names, dict) else []
        log = talk.optional("its log", notes, base + "logs/", keep=FRESH) if _several(names) else None
        alerts = _alerts(talk.optional("the list of its alerts", notes, base + "voevents/", keep=FRESH))
        chosen = choose(names, uploads(log), revision, name)
        found = _event(document, _told(alerts, chosen, revision is not None), chosen, notes, talk)
        found = _classified(talk, found, names, base)
        talk.rows = 1
        if chosen is None:
            return found
        address = talk.url(f"{base}files/{quote(chosen.name, safe=',')}")
        return maps.given_or_without(talk, found, address, note=chosen.name)


def choose(
    names: Iterable[str],
    uploaded: Mapping[tuple[str, int], str],
    revision: int | str | None = None,
    event: str = "",
) -> MapFile | None:
    """Which of the files is the map.

    Parameters
    ----------
    names : iterable of str
        Of all files, with and without versions.
    uploaded : mapping
        When a version of a file was uploaded, by (name in small letters, version).
    revision : int or str, optional
        The version that is wanted, or the name of the file, with or without a version.

    Returns
    -------
    MapFile or None
        None where there is no map.

    Examples
    --------
    >>> from skyexplorer.alerts.gracedb import choose
    >>> choose(["bayestar.multiorder.fits", "bayestar.multiorder.fits,0", "Bilby.multiorder.fits"], {}).name
    'Bilby.multiorder.fits'
    """
    versions: dict[str, set[int]] = {}
    for name in names:
        found = MAPS.fullmatch(name)
        if found and not NO_MAP.search(name):
            known = versions.setdefault(found["family"], set())
            if found["version"] is not None:
                known.add(int(found["version"]))
    if not versions:
        if revision is not None:
            raise Unknown(f"{SERVICE} has no map of {event}, of no version.", "Leave the revision out.")
        return None
    wanted, pinned = "", revision if isinstance(revision, int) else None
    if isinstance(revision, str) and revision:
        told = MAPS.fullmatch(revision)
        if told:
            wanted, pinned = told["family"].lower(), None if told["version"] is None else int(told["version"])
        elif revision.isdigit():
            pinned = int(revision)
        else:
            wanted = revision.lower()
    found_files = []
    for family, known in versions.items():
        if wanted and wanted not in (family.lower(), family.lower().partition(".")[0]):
            continue
        version = pinned if pinned is not None else max(known, default=None)
        if pinned is not None and pinned not in (known or {0}):
            continue
        found_files.append(MapFile(family, version, uploaded.get((family.lower(), version or 0), "")))
    if not found_files:
        there = [name for name in sorted(names) if MAPS.fullmatch(name) and not NO_MAP.search(name)]
        raise Unknown(
            f"{SERVICE} has no map {revision!r} of {event}.", f"There are: {', '.join(there)}.", tuple(there)
        )
    fine = [file for file in found_files if file.many_orders] or found_files
    if all(file.when for file in fine):
        return max(fine, key=lambda file: (file.when, file.rank))
    return max(fine, key=lambda file: (file.rank, file.when, file.version or 0))


def _several(names: Iterable[str]) -> bool:
    """Whether a choice is to be made, for which the log is asked."""
    families = {
        found["family"] for name in names if (found := MAPS.fullmatch(name)) and not NO_MAP.search(name)
    }
    return len({family for family in families if ".multiorder." in family.lower()} or families) > 1


def uploads(log: Any) -> dict[tuple[str, int], str]:
    """When each version of each file was uploaded, from the log of a superevent."""
    rows = log.get("log") or log.get("logs") or log.get("results") if isinstance(log, dict) else log
    out: dict[tuple[str, int], str] = {}
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and words(row.get("filename")):
            version = number(row.get("file_version"))
            when = moment(row.get("created"))
            if when:
                out[words(row["filename"]).lower(), int(version) if version >= 0 else 0] = when
    return out


def _alerts(document: Any) -> list[Mapping[str, Any]]:
    """Its VOEvents, the first first."""
    found = dicts(document.get("voevents")) if isinstance(document, dict) else []
    return sorted(found, key=lambda row: number(row.get("N")) if number(row.get("N")) >= 0 else 0.0)


def _kind_of(alert: Mapping[str, Any]) -> str:
    """``"update"`` and the like, from the type or the name of a VOEvent."""
    code = words(alert.get("voevent_type")).upper()
    if code in KINDS:
        return KINDS[code]
    told = re.search(r"-\d+-(\w+)\.xml", words(alert.get("filename")))
    return told[1].lower() if told else ""


def _told(
    alerts: list[Mapping[str, Any]], chosen: MapFile | None, pinned: bool
) -> tuple[Mapping[str, Any], bool]:
    """The alert that told of the map, or the last one where no map is pinned; and whether the last takes the event back."""
    named = [row for row in alerts if chosen is not None and words(row.get("skymap_filename")) == chosen.name]
    last: Mapping[str, Any] = alerts[-1] if alerts else {}
    return (named[-1] if named else {} if pinned else last), _kind_of(last) == "retraction"


def _event(
    document: Mapping[str, Any],
    told: tuple[Mapping[str, Any], bool],
    chosen: MapFile | None,
    notes: list[str],
    talk: Talk,
) -> Event:
    """What the superevent says, without its map."""
    from astropy import units as u

    name = words(document["superevent_id"], 60)
    labels = _labels(document)
    best = document.get("preferred_event_data")
    best = best if isinstance(best, dict) else {}
    far = _rate(document)
    if best.get("far_is_upper_limit") is True:
        notes.append("its false-alarm rate is an upper limit")
    alert, taken_back = told
    count = number(alert.get("N"))
    retracted = "ADVNO" in labels or taken_back
    if retracted:
        notes.append("retracted: it is not believed to be astrophysical")
    if chosen is None:
        notes.append("it has no sky map")
    properties: dict[str, Any] = {key: best[key] for key in FACTS if best.get(key) is not None}
    properties |= {"labels": tuple(labels), "category": words(document.get("category"), 40)}
    for key in ("time_coinc_far", "space_coinc_far"):
        if not_negative(document.get(key)) >= 0:
            properties[key] = not_negative(document.get(key)) * u.Hz
    if chosen is not None:
        properties |= {"skymap": chosen.name, "skymap_created": chosen.when}
    issued = (
        moment(alert.get("created")) or (chosen.when if chosen else "") or moment(document.get("created"))
    )
    other = words(document.get("em_type"), 60)
    return Event(
        name,
        _gps(document.get("t_0")),
        "gw",
        role="test" if _is_test(document) else "observation",
        revision=int(count) if count >= 0 else (chosen.version or 0) if chosen else 0,
        retracted=retracted,
        far=far,
        far_as_given=far,
        notes=tuple(notes),
        origin=talk.origin(name, talk.replies[0]),
        issued=_time(issued, "utc", []),
        alert_type=_kind_of(alert),
        mission="LVK",
        instrument=_instruments(best.get("instruments")),
        ids=tuple(dict.fromkeys(filter(None, (name, words(document.get("gw_id"), 60))))),
        properties=MappingProxyType(properties),
        related=(("coincident", other),) if other else (),
    )


def _labels(document: Mapping[str, Any]) -> list[str]:
    labels = document.get("labels")
    return [words(label, 60) for label in labels if words(label, 60)] if isinstance(labels, list) else []


def _rate(document: Mapping[str, Any]) -> u.Quantity | None:
    from astropy import units as u

    best = document.get("preferred_event_data")
    for source in (document, best if isinstance(best, dict) else {}):
        if (value := not_negative(source.get("far"))) >= 0:
            return value * u.Hz
    return None


def _is_test(document: Mapping[str, Any]) -> bool:
    category = words(document.get("category"), 40).lower()
    return category in ("mdc", "test") or words(document.get("superevent_id"))[:1] in ("M", "T")


def _instruments(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else words(value, 100)


def _gps(value: Any) -> Time | None:
    """GPS seconds as UTC: leap seconds are taken off."""
    seconds = number(value)
    return _time(seconds, "gps", []) if seconds > 0 else None


def _classified(talk: Talk, found: Event, names: Iterable[str], base: str) -> Event:
    """The event with the probabilities of what it is, from the file of its pipeline."""
    pipeline = str(found.properties.get("pipeline", "")).lower()
    by_name = {name.lower(): name for name in names}
    notes: list[str] = []
    said: list[dict[str, float]] = []
    for wanted in ("p_astro.json", "em_bright.json"):
        known = [f"{pipeline}.{wanted}", wanted, *(name for name in by_name if name.endswith(f".{wanted}"))]
        file = next((by_name[name] for name in known if name in by_name), None)
        document = file and talk.optional(f"the file {file}", notes, f"{base}files/{quote(file)}", keep=FRESH)
        said.append(probabilities(document))
    classes, more = said
    terrestrial = classes.get("Terrestrial", NAN)
    return replace(
        found,
        classification=MappingProxyType(classes),
        properties=MappingProxyType({**found.properties, **more}),
        signalness=1 - terrestrial if 0 <= terrestrial <= 1 else None,
        notes=(*found.notes, *notes),
    )


# Lists


def listed(asker: Asker, wanted: EventFilter, most: int = MOST) -> list[ListedEvent]:
    """Public superevents, the latest first.

    The service is asked for the times and rates that are wanted; where it does not understand, for all, and they are looked
    through here. Where no time is wanted, the newest are listed, and of the thousands before them those that were vetted.
    """
    with asker.talk(SERVICE) as talk:
        low = wanted.since.gps if wanted.since is not None else None
        high = wanted.until.gps if wanted.until is not None else None
        if low is None and high is None:
            questions = [(PUBLIC, PAGE), (f"{PUBLIC} ADVOK", most), (f"{PUBLIC} ADVNO", PAGE)]
        else:
            questions = [(f"{PUBLIC} t_0: {low or 0:.0f} .. {high or FOREVER:.0f}", most)]
        rare = "" if wanted.far_below is None else f" far < {wanted.far_below.to_value('Hz'):g}"
        found: dict[str, Mapping[str, Any]] = {}
        for query, count in questions:
            found |= _by_id(_understood(talk, query + rare, low, count))
        kept = [row for document in found.values() if (row := _row(document, talk)) is not None]
        talk.rows = len(kept)
        return kept


def _understood(talk: Talk, query: str, low: float | None, most: int) -> list[Mapping[str, Any]]:
    """The rows of a query, or of all where the service does not understand it."""
    try:
        return _rows(talk, query, low, most)
    except QueryError:
        if query == PUBLIC:
            raise
        talk.message = (
            f"the service did not understand {query.removeprefix(PUBLIC).strip()!r}: its latest are listed"
        )
        return _rows(talk, PUBLIC, low, most)


def _by_id(rows: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {words(row.get("superevent_id"), 60): row for row in rows}


def _rows(talk: Talk, query: str, low: float | None, most: int) -> list[Mapping[str, Any]]:
    def before(rows: list[Mapping[str, Any]]) -> bool:
        return low is not None and bool(rows) and all(0 < number(row.get("t_0")) < low for row in rows)

    asked = {"query": query, "count": PAGE, "sort": "-created", "format": "json"}
    return list(talk.pages("superevents/", asked, "superevents", most, keep=MINUTE, last=before))


def _row(document: Mapping[str, Any], talk: Talk) -> ListedEvent | None:
    name = words(document.get("superevent_id"), 60)
    if not name:
        return None
    best = document.get("preferred_event_data")
    best = best if isinstance(best, dict) else {}
    labels = _labels(document)
    time, far, made = (
        _gps(document.get("t_0")),
        _rate(document),
        _time(moment(document.get("created")), "utc", []),
    )
    notes = []
    if "ADVNO" not in labels and "SIGNIF_LOCKED" not in labels and "LOW_SIGNIF_LOCKED" in labels:
        notes.append("low significance")
    if "RAVEN_ALERT" in labels or "EM_COINC" in labels:
        notes.append("coincident with another alert")
    if labels and not any(label.endswith("SKYMAP_READY") for label in labels):
        notes.append("no sky map")
    return ListedEvent(
        name,
        "gw",
        mjd=NAN if time is None else float(time.mjd),
        issued=NAN if made is None else float(made.mjd),
        far_given=NAN if far is None else float(far.value),
        kind=words(best.get("group"), 40),
        source=SERVICE,
        retracted="ADVNO" in labels,
        test=_is_test(document),
        aliases=tuple(filter(None, (words(document.get("gw_id"), 60),))),
        address=f"{talk.place.address.rstrip('/')}/superevents/{name}/view/",
        note="; ".join(notes),
    )
