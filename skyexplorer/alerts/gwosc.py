"""GWOSC: events of the catalogues of gravitational waves, in versions, with their published parameters and maps.

Times are GPS seconds, rates **per year** (GraceDB's are Hz). Names are answered with all aliases, those of GraceDB too.
The sky map is a link of a parameter set; where there is none, it is in the release of the catalogue (`releases`), else
GraceDB's.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlsplit

from astropy import units as u

from skyexplorer.alerts import gracedb, maps, releases
from skyexplorer.alerts.asking import DAY, FAILED, HOUR, Asker, Talk, Unknown, dicts
from skyexplorer.alerts.naming import told
from skyexplorer.errors import SkyExplorerError
from skyexplorer.io.notice import names, not_negative, number, words
from skyexplorer.model.event import Event, _time
from skyexplorer.model.listing import NAN, EventFilter, ListedEvent

SERVICE = "gwosc"
PAGE = 500
MOST = 2000
NEUTRON_STAR = 3.0
"""Solar masses below which a compact object may be a neutron star: it names classes of listed events (BNS, NSBH, BBH)."""
UNITS = {
    "M_sun": u.M_sun,
    "M_sol": u.M_sun,
    "Mpc": u.Mpc,
    "deg2": u.deg**2,
    "1/yr": 1 / u.yr,
    "1/year": 1 / u.yr,
}


def event(asker: Asker, name: str, revision: int | str | None = None) -> Event:
    """An event of a catalogue, with its published map.

    Parameters
    ----------
    asker : Asker
    name : str
        Its name, or an alias.
    revision : int or str, optional
        Version (``2``, ``"v2"``) or catalogue (``"GWTC-2.1-confident"``); by default the latest version.

    Raises
    ------
    Unknown
        If there is no such event or version; ``near`` tells names that look like it.
    """
    with asker.talk(SERVICE) as talk:
        try:
            document = talk.json(f"events/{quote(name, safe='')}", keep=HOUR, missing=f"event {name}")
        except Unknown as error:
            raise Unknown(error.message, error.advice, _near(talk, name)) from None
        if not isinstance(document, dict) or not words(document.get("name")):
            raise talk.odd("an event without a name")
        proper = words(document["name"], 100)
        version, catalog, detailed = _version(document, revision)
        # The version of an event may bear another name of it than the event.
        base = talk.own(detailed).rstrip("/") or f"event-versions/{quote(f'{proper}-v{version}')}"
        notes: list[str] = []
        detail = talk.optional(f"the version {version} of {proper}", notes, base, keep=HOUR)
        detail = detail if isinstance(detail, dict) else {}
        sets = _sets(talk.optional("its parameters", notes, f"{base}/parameters", keep=HOUR))
        catalog = catalog or words(detail.get("catalog"), 80)
        found = _event(document, detail, sets, version, catalog, notes, talk)
        talk.rows = 1
        address = talk.near(link(sets))
    return _mapped(asker, found, address, catalog)


def _version(document: Mapping[str, Any], revision: int | str | None) -> tuple[int, str, str]:
    """The version that is meant, its catalogue, and its address where it is told."""
    rows = dicts(document.get("versions"))
    known = {
        int(v): (words(row.get("catalog"), 80), words(row.get("detail_url")))
        for row in rows
        if (v := number(row.get("version"))) >= 0
    }
    if not known:
        return 1, "", ""
    if revision in (None, ""):
        best = max(known)
        return best, *known[best]
    text = str(revision).strip().lower()
    for version in sorted(known, reverse=True):
        if text in (str(version), f"v{version}", known[version][0].lower()):
            return version, *known[version]
    there = [f"v{version} ({catalog})" for version, (catalog, _) in sorted(known.items())]
    raise Unknown(
        f"{SERVICE} has no version {revision!r} of {document.get('name')}.",
        f"There are: {', '.join(there)}.",
        tuple(there),
    )


def _near(talk: Talk, name: str) -> tuple[str, ...]:
    """Names that look like one; empty where the list is not to be had."""
    try:
        known = {name: row for row in _names(talk) for name in (words(row.get("name")), *_aliases(row))}
    except SkyExplorerError:
        return ()
    close = difflib.get_close_matches(name, [text for text in known if text], 4, 0.7)
    return tuple(close)


def _names(talk: Talk) -> Iterable[Mapping[str, Any]]:
    return list(talk.pages("events", {"pagesize": PAGE}, "results", MOST, keep=DAY))


def _aliases(document: Mapping[str, Any]) -> tuple[str, ...]:
    given = document.get("aliases")
    found = (
        [item.get("name") if isinstance(item, dict) else item for item in given]
        if isinstance(given, list)
        else []
    )
    return tuple(text for item in found if (text := words(item, 100)))


def _sets(document: Any) -> list[Mapping[str, Any]]:
    """The parameter sets, the preferred ones first."""
    rows = document.get("results") or document.get("parameters") if isinstance(document, dict) else document
    return sorted(dicts(rows), key=lambda row: row.get("is_preferred") is not True)


def values(rows: Any) -> dict[str, Mapping[str, Any]]:
    """Parameters by name."""
    found: dict[str, Mapping[str, Any]] = {}
    for row in dicts(rows):
        if words(row.get("name")):
            found.setdefault(words(row["name"]).replace("-", "_"), row)
    return found


def link(sets: Iterable[Mapping[str, Any]]) -> str:
    """The address of the sky map among the links of parameter sets; empty where there is none."""
    for given in sets:
        for row in dicts(given.get("links")):
            kind, address = (
                re.sub(r"[\s_-]", "", words(row.get("content_type")).lower()),
                words(row.get("url")),
            )
            if "skymap" in kind and urlsplit(address).scheme in ("http", "https"):
                return address
    return ""


def _event(
    document: Mapping[str, Any], detail: Mapping[str, Any], sets: list[Mapping[str, Any]], version: int, catalog: str,
    notes: list[str], talk: Talk,
) -> Event:  # fmt: skip
    name = words(document["name"], 100)
    known: dict[str, Mapping[str, Any]] = {}
    for kind in ("pe", "search", ""):
        for given in sets:
            if not kind or words(given.get("pipeline_type")).lower() == kind:
                for key, row in values(given.get("parameters")).items():
                    known.setdefault(key, row)
    far = not_negative(_best(known, "far"))
    if known.get("far", {}).get("is_upper_bound") is True:
        notes.append("its false-alarm rate is an upper limit")
    share = number(_best(known, "p_astro"))
    aliases = _aliases(document)
    rate = far / u.yr if far >= 0 else None
    properties: dict[str, Any] = {"catalog": catalog, "version": version}
    for key in ("run", "doi"):
        if words(detail.get(key)):
            properties[key] = words(detail[key], 200)
    properties |= {
        key: _value(row) for key, row in known.items() if number(row.get("best")) == number(row.get("best"))
    }
    if not sets:
        notes.append("no parameters of it are published")
    kind = _class(number(_best(known, "mass_1_source")), number(_best(known, "mass_2_source")))
    if kind:
        properties["kind_by_mass"] = kind
    gps = number(detail.get("gps"))
    return Event(
        name,
        _time(gps, "gps", notes) if gps > 0 else None,
        "gw",
        revision=version,
        signalness=share if 0 <= share <= 1 else None,
        far=None if rate is None else rate.to(u.Hz),
        far_as_given=rate,
        notes=tuple(notes),
        origin=talk.origin(name),
        alert_type=f"{catalog} v{version}".strip(),
        mission="LVK",
        instrument=",".join(names(detail.get("detectors") or [])),
        ids=tuple(dict.fromkeys(filter(None, (name, words(detail.get("name"), 100), *aliases)))),
        properties=MappingProxyType(properties),
    )


def _best(known: Mapping[str, Mapping[str, Any]], key: str) -> Any:
    return known.get(key, {}).get("best")


def _value(row: Mapping[str, Any]) -> Any:
    value, unit = number(row.get("best")), UNITS.get(words(row.get("unit"), 30))
    return value if unit is None else value * unit


def _class(heavier: float, lighter: float) -> str:
    """The class that two masses (of the source, solar) tell of; empty where one is not known."""
    if not (heavier > 0 and lighter > 0):
        return ""
    return ("BNS" if heavier < NEUTRON_STAR else "NSBH") if lighter < NEUTRON_STAR else "BBH"


def _mapped(asker: Asker, found: Event, address: str, catalog: str) -> Event:
    """The event with its map: linked, of the release, or GraceDB's; each that failed is told."""
    notes = []
    if address:
        try:
            with asker.talk(SERVICE) as talk:
                talk.rows = 1
                return maps.give(found, maps.located(talk, address, found.name), skymap_url=address)
        except FAILED as error:
            notes.append(f"its linked sky map could not be had ({error.message})")
    try:
        located = releases.located(asker, catalog, _catalogued(found))
        return maps.give(replace(found, notes=(*found.notes, *notes)), located)
    except (Unknown, *FAILED) as error:
        notes.append(f"no map from the release of {catalog or 'its catalogue'} ({error})")
    found = replace(found, notes=(*found.notes, *notes))
    alias = next((name for name in found.ids if told(name).kind == "superevent"), "")
    if alias and asker.has(gracedb.SERVICE):
        try:
            online = gracedb.event(asker, told(alias).text)
        except (Unknown, *FAILED) as error:
            return replace(found, notes=(*found.notes, f"and none from GraceDB ({error})"))
        if online.localization is not None:
            skymap = online.properties.get("skymap", "")
            return replace(
                found,
                localization=online.localization,
                position=online.position,
                region_kind=online.region_kind,
                containment=online.containment,
                origin=online.origin,
                skymap_url=online.skymap_url,
                classification=online.classification,
                notes=(
                    *found.notes,
                    f"its map is GraceDB's of {alias} ({skymap}), made before the catalogue",
                ),
            )
    return replace(found, notes=(*found.notes, "it has no sky map"))


def _catalogued(found: Event) -> list[str]:
    """Its names of catalogues: files are called by those."""
    own = [name for name in found.ids if told(name).kind == "gw"]
    return list(dict.fromkeys((found.name, *own)))


# Lists


def listed(asker: Asker, wanted: EventFilter, most: int = MOST) -> list[ListedEvent]:
    """The latest version of each event of the catalogues."""
    with asker.talk(SERVICE) as talk:
        asked: dict[str, Any] = {"lastver": "true", "include-default-parameters": "true", "pagesize": PAGE}
        if wanted.since is not None:
            asked["min-gps-time"] = f"{wanted.since.gps:.1f}"
        if wanted.until is not None:
            asked["max-gps-time"] = f"{wanted.until.gps:.1f}"
        if wanted.far_below is not None:
            asked["max-far"] = f"{wanted.far_below.to_value(1 / u.yr):g}"
        rows = list(talk.pages("event-versions", asked, "results", most, keep=DAY))
        other = {}
        if any("aliases" not in row for row in rows):
            try:
                other = {words(row.get("name")): _aliases(row) for row in _names(talk)}
            except FAILED as error:
                talk.say(f"without other names ({error.message})")
        found = [_row(row, other, talk) for row in rows]
        kept = [row for row in found if row is not None]
        talk.rows = len(kept)
        return kept


def _row(document: Mapping[str, Any], other: Mapping[str, tuple[str, ...]], talk: Talk) -> ListedEvent | None:
    name = words(document.get("name"), 100)
    if not name:
        return None
    given = document.get("default_parameters")
    known = values(given)
    heavier, lighter = number(_best(known, "mass_1_source")), number(_best(known, "mass_2_source"))
    gps, far, share = (
        number(document.get("gps")),
        not_negative(_best(known, "far")),
        number(_best(known, "p_astro")),
    )
    kind = _class(heavier, lighter)
    time = _time(gps, "gps", []) if gps > 0 else None
    version, catalog = number(document.get("version")), words(document.get("catalog"), 80)
    aliases = _aliases(document) or other.get(name, ())
    page = f"{talk.place.address.rstrip('/')}/eventapi/html/{catalog}/{name}/v{version:.0f}/"
    return ListedEvent(
        name,
        "gw",
        mjd=NAN if time is None else float(time.mjd),
        far_given=far,
        far_unit="1/yr",
        kind=kind,
        area=not_negative(_best(known, "sky_area")),
        distance=not_negative(_best(known, "luminosity_distance")),
        signalness=share if 0 <= share <= 1 else NAN,
        source=SERVICE,
        revision=f"v{version:.0f}" if version >= 0 else "",
        aliases=tuple(alias for alias in aliases if alias != name),
        address=page if catalog and version >= 0 else "",
        note="; ".join(filter(None, (catalog, "class by its masses" if kind else ""))),
    )
