"""Alerts in JSON: unified GCN notices and circulars, IGWN alerts, GWOSC event lists, IceCube notice histories.

Which of these a document is, is told by its keys; each becomes one or more `Notice`. Field names and units are those of
gcn-schema (core schemas), of the IGWN public alerts, and of the two files of events.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Callable
from typing import Any

from skyexplorer.errors import FormatError
from skyexplorer.io.files import reading
from skyexplorer.io.notice import NAN, ROLES, Notice, moment, names, number, probabilities, words

MOST_BASE64 = 200 * 2**20
DEFAULT_CONTAINMENT = 0.9  # gcn-schema, core/Localization
# By the path of the $schema, the mission or the instrument; the first that is found. "EM" alone says too little.
MESSENGERS = (
    ("icecube", "neutrino"), ("km3net", "neutrino"), ("superk", "neutrino"), ("super-kamiokande", "neutrino"),
    ("chime", "radio"), ("dsa110", "radio"), ("einstein_probe", "x-ray"), ("wxt", "x-ray"), ("maxi", "x-ray"),
    ("mxt", "x-ray"), ("xrt", "x-ray"), ("boom", "optical"), ("fermi", "gamma"), ("swift", "gamma"), ("svom", "gamma"),
    ("glowbug", "gamma"), ("burstcube", "gamma"), ("lvk", "gw"), ("ligo", "gw"),
)  # fmt: skip
SPELLED = {"chime": "CHIME", "dsa110": "DSA-110", "svom": "SVOM", "core": ""}  # folders of the schemas
OF_FIELD = {"gw": "gw", "neutrino": "neutrino", "cosmic ray": "cosmic-ray", "cosmicray": "cosmic-ray"}


def parse(raw: bytes) -> Any:
    """The document; FormatError where it is no JSON."""
    with reading("JSON"):
        return json.loads(raw)


def notices(raw: bytes) -> list[Notice]:
    """What an alert or a list of events in JSON says.

    Raises
    ------
    FormatError
        If it is none of those known; the message names its keys.
    """
    document = parse(raw)
    for recognised, reader in READERS:
        if recognised(document):
            with reading("an alert in JSON"):
                return reader(document)
    raise FormatError(
        f"This JSON is no alert and no table: {_shape(document)}.",
        "GCN notices and circulars, IGWN alerts, GWOSC event lists, GeoJSON points and MOCs can be opened.",
    )


def _shape(document: Any) -> str:
    if isinstance(document, dict):
        return f"an object with the keys {', '.join(repr(str(key)[:40]) for key in list(document)[:12]) or 'none'}"
    if isinstance(document, list):
        first = document[0] if document else None
        keys = (
            f" of objects with {', '.join(repr(str(k)[:40]) for k in list(first)[:8])}"
            if isinstance(first, dict)
            else ""
        )
        return f"a list of {len(document)}{keys}"
    return f"a single {type(document).__name__}"


# IGWN alerts


def _is_igwn(document: Any) -> bool:
    return isinstance(document, dict) and {"superevent_id", "alert_type"} <= set(document)


def _igwn(document: dict[str, Any]) -> list[Notice]:
    name = words(document["superevent_id"], 60) or "IGWN alert"
    event = document.get("event")
    event = event if isinstance(event, dict) else {}
    alert_type = words(document.get("alert_type"), 40).lower()
    notes: list[str] = []
    mock = re.fullmatch(r"([MT])S\d{6}[a-z]+", name)
    if mock:
        notes.append(f"{name} is the name of a {'mock' if mock.group(1) == 'M' else 'test'} event")
    if not event and alert_type != "retraction":
        notes.append("the alert has no event in it")
    elif event and event.get("significant") is False:
        notes.append("a low-significance alert")
    urls = document.get("urls")
    related = []
    external = document.get("external_coinc")
    if isinstance(external, dict) and words(external.get("ivorn"), 300):
        related.append(("coincident", words(external["ivorn"], 300)))
    properties: dict[str, Any] = dict(probabilities(event.get("properties")))
    for key in ("group", "pipeline", "search", "duration", "central_frequency", "significant"):
        if event.get(key) is not None:
            properties[key] = event[key]
    return [
        Notice(
            name,
            "IGWN alert",
            moment(event.get("time")),
            issued=moment(document.get("time_created")),
            messenger="gw",
            mission="LVK",
            instrument=",".join(names(event.get("instruments") or [])),
            role="test" if mock or event.get("search") == "MDC" else "observation",
            alert_type=alert_type,
            retracted=alert_type == "retraction",
            ids=(name,),
            far=_positive(event.get("far")),
            classification=probabilities(event.get("classification")),
            properties=properties,
            skymap=_decoded(event.get("skymap"), "event.skymap", notes),
            skymap_url=words(urls.get("skymap")) if isinstance(urls, dict) else "",
            related=tuple(related),
            notes=tuple(notes),
        )
    ]


def _positive(value: object) -> float:
    found = number(value)
    return found if found >= 0 else NAN


def _decoded(value: object, name: str, notes: list[str]) -> bytes:
    """A FITS file in Base64; what is none is told."""
    if value is None or value == "":
        return b""
    if not isinstance(value, str):
        notes.append(f"{name} is a {type(value).__name__}, not a file in Base64")
        return b""
    if len(value) > MOST_BASE64:
        notes.append(f"{name} is larger than {MOST_BASE64 / 2**20:.0f} MiB, and is left out")
        return b""
    try:
        raw = base64.b64decode(value, validate=False)
    except (binascii.Error, ValueError):
        raw = b""
    if raw[:6] != b"SIMPLE" and raw[:2] != b"\x1f\x8b":
        notes.append(f"{name} is no FITS file in Base64 ({value[:24]!r}), and is left out")
        return b""
    return raw


# GCN circulars


def _is_circular(document: Any) -> bool:
    return isinstance(document, dict) and {"circularId", "subject"} <= set(document)


def _circular(document: dict[str, Any]) -> list[Notice]:
    number_ = words(document["circularId"], 20)
    created = number(document.get("createdOn"))
    issued = ""
    if 0 < created < 1e14:
        from datetime import UTC, datetime

        issued = moment(datetime.fromtimestamp(created / 1000, UTC).isoformat())
    body = document.get("body")
    return [
        Notice(
            words(document.get("eventId"), 100) or f"GCN Circular {number_}",
            "GCN Circular",
            issued=issued,
            alert_type="circular",
            ids=(f"GCN Circular {number_}",),
            text=(body if isinstance(body, str) else "")[:50_000],
            notes=(
                f"GCN Circular {number_}: {words(document.get('subject'), 200)}",
                "a text for people: no numbers are read from it",
            ),
        )
    ]


# Unified GCN notices

TELLING_KEYS = ("trigger_time", "id", "event_name", "ra", "observation_start", "alert_datetime")
NOTICE_KEYS = {
    "alert_type",
    "alert_tense",
    "alert_datetime",
    "trigger_time",
    "ra",
    "id",
    "event_name",
    "healpix_file",
}


def _is_notice(document: Any) -> bool:
    if not isinstance(document, dict):
        return False
    schema = str(document.get("$schema", ""))
    return "gcn/notices" in schema or len(NOTICE_KEYS & set(document)) >= 3


def _notice(document: dict[str, Any]) -> list[Notice]:
    data = document.get("data")
    if isinstance(data, dict) and isinstance(data.get("targets"), list):
        targets = [target for target in data["targets"][:10_000] if isinstance(target, dict)]
        if not targets:
            raise FormatError("The notice lists no targets.", "Fetch it again.")
        return [_one({**document, **target}) for target in targets]
    if all(document.get(key) is None for key in TELLING_KEYS):
        what = "a telescope's pointing" if "ra_pointing" in document else "neither name, time nor place"
        raise FormatError(
            f"This GCN document tells {what}, but no event: its keys are {', '.join(list(document)[:10])}.",
            "It is a part of a notice; open the whole.",
        )
    return [_one(document)]


def _one(document: dict[str, Any]) -> Notice:
    notes: list[str] = []
    schema = words(document.get("$schema"), 300).lower()
    path = schema.split("notices/")[-1] if "notices/" in schema else ""
    mission, instrument = words(document.get("mission"), 60), words(document.get("instrument"), 60)
    if not mission and path:
        folder = path.split("/")[0] if path.count("/") else ""
        mission = SPELLED.get(folder, folder.replace("_", " ").title())
    given = words(document.get("messenger"), 30).lower()
    hints = " ".join((path, mission.lower(), instrument.lower()))
    messenger = OF_FIELD.get(given) or next((found for word, found in MESSENGERS if word in hints), "")
    tense, alert_type = (
        words(document.get("alert_tense"), 30).lower(),
        words(document.get("alert_type"), 30).lower(),
    )
    if tense in ("injection", "planned", "commanded", "archival"):
        notes.append(f"its tense is {tense}")
    ids, called = (
        names(document.get("id")),
        names(document.get("event_name")) or names(document.get("target_name")),
    )
    title = f"{mission} {instrument}".strip() if instrument.lower() not in mission.lower() else mission
    name = called[0] if called else f"{title} {ids[-1]}".strip() if ids else ""
    time = moment(document.get("trigger_time")) or moment(document.get("observation_start"))
    if not time and document.get("trigger_time") is not None:
        notes.append(f"its trigger_time is no time: {words(document.get('trigger_time'), 40)!r}")
    if not name:
        name = f"{title or 'GCN notice'} {time[:19]}".strip()
    ra, dec = number(document.get("ra")), number(document.get("dec"))
    if not (math.isfinite(ra) and math.isfinite(dec) and abs(dec) <= 90 and -360 <= ra <= 360):
        if document.get("ra") is not None or document.get("dec") is not None:
            notes.append("its position is none on the sky, and is left out")
        ra = dec = NAN
    radius, ellipse, corners, kind = _region(document, notes)
    given_share = number(document.get("containment_probability"))
    containment = given_share if 0 < given_share < 1 else DEFAULT_CONTAINMENT
    if math.isfinite(ra) and not (math.isfinite(radius) or ellipse or corners):
        notes.append("no error is published: the position has no footprint")
        kind = ""
    if kind:
        share = f"{100 * containment:g} %"
        systematic = document.get("systematic_included")
        errors = (
            ", statistical errors only"
            if systematic is False
            else ", with systematic errors"
            if systematic
            else ""
        )
        default = "" if 0 < given_share < 1 else " (the schema's default)"
        kind = f"{share} {kind}{default}{errors}"
    energy = number(document.get("nu_energy"))
    follow = words(document.get("follow_up_event"), 200)
    properties: dict[str, Any] = dict(probabilities(document.get("properties")))
    for key in ("subtype", "pipeline", "alert_topology", "duration_class", "rate_snr", "image_snr", "snr", "dm", "redshift",
                "luminosity_distance", "luminosity_distance_error"):  # fmt: skip
        if words(document.get(key)):
            properties[key] = document[key]
    signalness = number(document.get("p_astro"))
    return Notice(
        name,
        "GCN notice",
        time,
        issued=moment(document.get("alert_datetime")),
        messenger=messenger,
        mission=mission,
        instrument=instrument,
        role=ROLES.get(tense, "observation"),
        alert_type=alert_type,
        revision=_count(document.get("record_number")),
        retracted=alert_type == "retraction",
        ids=tuple(dict.fromkeys((*ids, *called))),
        ra=ra % 360 if math.isfinite(ra) else NAN,
        dec=dec,
        radius=radius,
        ellipse=ellipse,
        corners=corners,
        containment=containment if kind else NAN,
        region_words=kind,
        signalness=signalness if 0 <= signalness <= 1 else NAN,
        energy_tev=energy if energy > 0 else NAN,
        far=_positive(document.get("far")),
        classification=probabilities(document.get("classification") or document.get("classification_scores")),
        properties=properties,
        skymap=_decoded(document.get("healpix_file"), "healpix_file", notes),
        skymap_url=words(document.get("healpix_url"), 500),
        related=(("followup", follow),) if follow else (),
        text=words(
            document.get("additional_info") or document.get("description") or document.get("update_message")
        ),
        notes=tuple(notes),
    )


def _count(value: object) -> int:
    found = number(value)
    return int(found) if 0 <= found < 1e6 else 0


def _region(
    document: dict[str, Any], notes: list[str]
) -> tuple[float, tuple[float, float, float] | None, tuple[tuple[float, float], ...], str]:
    """Circle, ellipse or polygon, and what it is called: ra_dec_error is a radius or (a, b, position angle)."""
    corners = document.get("rectangular_error_corners")
    if isinstance(corners, list) and corners:
        points = [
            (number(c[0]), number(c[1]))
            for c in corners[:100]
            if isinstance(c, (list, tuple)) and len(c) == 2
        ]
        good = [(a, d) for a, d in points if math.isfinite(a) and math.isfinite(d) and abs(d) <= 90]
        if len(good) >= 3 and len(good) == len(corners):
            return NAN, None, tuple(good), "rectangle"
        notes.append("the corners of its error region are no polygon, and are left out")
    error = document.get("ra_dec_error")
    if isinstance(error, (list, tuple)):
        axes = [number(value) for value in error[:3]]
        if len(axes) == 1 and axes[0] > 0:
            return min(axes[0], 180.0), None, (), "circle"
        if len(axes) >= 2 and 0 < axes[0] <= 90 and 0 < axes[1] <= 90:
            angle = axes[2] if len(axes) > 2 and math.isfinite(axes[2]) else 0.0
            if len(axes) == 2:
                notes.append("its error ellipse has no position angle; 0 is taken")
            return NAN, (axes[0], axes[1], angle), (), "ellipse"
    elif number(error) > 0:
        return min(number(error), 180.0), None, (), "circle"
    if error is not None:
        notes.append(f"its ra_dec_error is no error: {str(error)[:60]}")
    return NAN, None, (), ""


# Events of the Gravitational Wave Open Science Center


def _is_gwosc(document: Any) -> bool:
    events = document.get("events") if isinstance(document, dict) else None
    return isinstance(events, list) and any(isinstance(e, dict) and "gps_time" in e for e in events[:20])


def _gwosc(document: dict[str, Any]) -> list[Notice]:
    out = []
    facts = ("m1", "m2", "snr", "luminosity_distance", "redshift", "chi_eff", "total_mass_source", "chirp_mass_source",
             "final_mass_source", "final_spin", "source_type", "catalog")  # fmt: skip
    for event in document["events"]:
        if not isinstance(event, dict):
            continue
        gps = number(event.get("gps_time"))
        name = words(event.get("name"), 100) or "GW event"
        share = number(event.get("p_astro"))
        out.append(
            Notice(
                name,
                "GWOSC event",
                repr(gps) if 0 < gps < 1e11 else "",
                "gps",
                messenger="gw",
                mission="LVK",
                revision=_count(event.get("version")),
                ids=tuple(filter(None, (words(event.get("full_name"), 100),))),
                signalness=share if 0 <= share <= 1 else NAN,
                far=_positive(event.get("far")),
                far_unit="1/yr",
                properties={key: event[key] for key in facts if event.get(key) is not None},
                notes=("the list has no sky map: open that of the event",),
            )
        )
    return out


# Histories of IceCube notices (NuCat): parallel lists of texts, one entry a revision


def _is_history(document: Any) -> bool:
    first = document[0] if isinstance(document, list) and document else None
    return isinstance(first, dict) and {"Name", "RA", "Dec", "Pub Date"} <= set(first)


def _history(document: list[Any]) -> list[Notice]:
    out = []
    for entry in document:
        if not isinstance(entry, dict):
            continue
        count = max((len(v) for v in entry.values() if isinstance(v, list)), default=0)

        def at(key: str, k: int, entry: dict[str, Any] = entry) -> str:
            # The times of an event that was never moved are given once.
            values = entry.get(key)
            return words(values[min(k, len(values) - 1)], 5000) if isinstance(values, list) and values else ""

        name = words(entry.get("Name"), 100) or "IceCube event"
        for k in range(count):
            sides = (*_plus_minus(at("RA 90%", k)), *_plus_minus(at("Dec 90%", k)))
            half = _plus_minus(at("RA 50%", k))
            good = all(side > 0 for side in sides)
            radius = half[0] if not good and half[0] > 0 else NAN
            notes = [f"revision {k + 1} of {count}, a {at('Pub Type', k) or 'text'}"]
            ra, dec = number(at("RA", k)), number(at("Dec", k))
            if not (math.isfinite(ra) and abs(dec) <= 90):
                ra = dec = NAN
                notes.append("this revision has no position")
            kind = (
                "90 % four-quarter ellipse from asymmetric errors"
                if good
                else "50 % circle"
                if radius > 0
                else ""
            )
            out.append(
                Notice(
                    name,
                    "IceCube notice history",
                    moment(at("Time UTC", k)),
                    issued=moment(at("Pub Date", k)),
                    messenger="neutrino",
                    mission="IceCube",
                    instrument="IceCube",
                    alert_type="initial" if k == 0 else "update",
                    revision=k,
                    ids=(name,),
                    ra=ra % 360 if math.isfinite(ra) else NAN,
                    dec=dec,
                    radius=radius if not good else NAN,
                    asymmetric=sides if good else None,
                    containment=0.9 if good else 0.5 if radius > 0 else NAN,
                    region_words=kind if math.isfinite(ra) else "",
                    energy_tev=number(at("Energy", k)),
                    text="" if at("Comment", k) == "holder" else at("Comment", k),
                    notes=tuple(notes),
                )
            )
    return out


def _plus_minus(text: str) -> tuple[float, float]:
    """``"+1.30 -0.80"`` as (1.3, 0.8); NaN where missing or 0."""
    found = re.fullmatch(r"\+?([\d.]+)\s+-([\d.]+)", text)
    plus, minus = (number(found.group(1)), number(found.group(2))) if found else (NAN, NAN)
    return (plus, minus) if plus > 0 and minus > 0 else (NAN, NAN)


READERS: tuple[tuple[Callable[[Any], bool], Callable[[Any], list[Notice]]], ...] = (
    (_is_igwn, _igwn),
    (_is_circular, _circular),
    (_is_gwosc, _gwosc),
    (_is_history, _history),
    (_is_notice, _notice),
)
