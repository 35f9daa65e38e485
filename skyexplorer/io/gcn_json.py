"""Alerts in JSON: which of the known kinds a document is, told by its keys; unified GCN notices and circulars.

Each becomes one or more `Notice`. Field names and units are those of gcn-schema (core schemas).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from skyexplorer.errors import FormatError
from skyexplorer.io import event_tables, igwn
from skyexplorer.io.files import reading
from skyexplorer.io.notice import (
    NAN,
    ROLES,
    Notice,
    count,
    fits_in_base64,
    moment,
    names,
    not_negative,
    number,
    probabilities,
    words,
)  # fmt: skip

DEFAULT_CONTAINMENT = 0.9  # gcn-schema, core/Localization
# By the path of the $schema, the mission or the instrument; the first that is found. "EM" alone says too little.
MESSENGERS = (
    ("icecube", "neutrino"), ("km3net", "neutrino"), ("superk", "neutrino"), ("super-kamiokande", "neutrino"),
    ("chime", "radio"), ("dsa110", "radio"), ("einstein_probe", "x-ray"), ("wxt", "x-ray"), ("maxi", "x-ray"),
    ("mxt", "x-ray"), ("xrt", "x-ray"), ("boom", "optical"), ("fermi", "gamma"), ("swift", "gamma"), ("svom", "gamma"),
    ("glowbug", "gamma"), ("burstcube", "gamma"), ("lvk", "gw"), ("ligo", "gw"),
)  # fmt: skip
SPELLED = {
    "chime": "CHIME",
    "dsa110": "DSA-110",
    "svom": "SVOM",
    "icecube": "IceCube",
    "core": "",
}  # folders of the schemas
OF_FIELD = {"gw": "gw", "neutrino": "neutrino", "cosmic ray": "cosmic-ray", "cosmicray": "cosmic-ray"}


def parse(raw: bytes) -> Any:
    """The document; FormatError where it is no JSON."""
    with reading("JSON"):
        return json.loads(raw)


def recognises(document: Any) -> bool:
    """Whether a parsed JSON document is an alert or a list of events: the question of one who opens any JSON."""
    return any(told(document) for told, _ in READERS)


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
    coincident = document.get("coincident_events")
    if isinstance(coincident, list) and any(isinstance(event, dict) for event in coincident):
        return [
            _one(_coincident(document, event)) for event in coincident[:10_000] if isinstance(event, dict)
        ]
    if all(document.get(key) is None for key in TELLING_KEYS):
        what = "a telescope's pointing" if "ra_pointing" in document else "neither name, time nor place"
        raise FormatError(
            f"This GCN document tells {what}, but no event: its keys are {', '.join(list(document)[:10])}.",
            "It is a part of a notice; open the whole.",
        )
    return [_one(document)]


def _coincident(document: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    """One neutrino of a search around another alert, as a notice: its place, and its time after that alert."""
    from datetime import datetime, timedelta

    own = {
        key: value for key, value in document.items() if key not in ("id", "event_name", "observation_start")
    }
    place = event.get("localization")
    own |= {**(place if isinstance(place, dict) else {}), "id": event.get("id")}
    later, centre = number(event.get("event_dt")), moment(document.get("trigger_time"))
    own["trigger_time"] = None
    if abs(later) < 1e6 and centre and ":60" not in centre:
        own["trigger_time"] = (datetime.fromisoformat(centre) + timedelta(seconds=later)).isoformat()
    return {**own, **{key: event.get(f"event_{key}") for key in ("pval_generic", "pval_bayesian")}}


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
    role = ROLES.get(tense, "observation")
    if path.endswith("/test.schema.json") and role != "test":
        notes.append("its schema is that of tests, though its tense does not say so")
        role = "test"
    ids, called = (
        names(document.get("id")),
        names(document.get("event_name")) or names(document.get("target_name")),
    )
    title = f"{mission} {instrument}".strip() if instrument.lower() not in mission.lower() else mission
    name = called[0] if called else f"{title} {ids[-1]}".strip() if ids else ""
    time = moment(document.get("trigger_time")) or moment(document.get("observation_start"))
    if not time and document.get("trigger_time") is not None:
        notes.append(f"its trigger_time is no time: {words(document.get('trigger_time'), 40)!r}")
    if not time and (time := _first_detection(document, name)):
        notes.append("its time is that of the first detection in the notice")
    if not name:
        name = f"{title or 'GCN notice'} {time[:19]}".strip()
    ra, dec = number(document.get("ra")), number(document.get("dec"))
    if not (math.isfinite(ra) and math.isfinite(dec) and abs(dec) <= 90 and -360 <= ra <= 360):
        if document.get("ra") is not None or document.get("dec") is not None:
            notes.append("its position is none on the sky, and is left out")
        ra = dec = NAN
    elif ra == 0 and dec == 0 and document.get("ra_dec_error") == 0:
        notes.append("it has no position: 0, 0 with an error of 0 stands for none")
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
                "luminosity_distance", "luminosity_distance_error", "pval_generic", "pval_bayesian"):  # fmt: skip
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
        role=role,
        alert_type=alert_type,
        revision=count(document.get("record_number")),
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
        far=not_negative(document.get("far")),
        classification=probabilities(document.get("classification") or document.get("classification_scores")),
        properties=properties,
        skymap=fits_in_base64(document.get("healpix_file"), "healpix_file", notes),
        skymap_url=words(document.get("healpix_url"), 500),
        related=tuple(
            ("followup", other) for other in dict.fromkeys((follow, *_references(document))) if other
        ),
        text=words(
            document.get("additional_info") or document.get("description") or document.get("update_message")
        ),
        notes=tuple(notes),
    )


def _references(document: dict[str, Any]) -> tuple[str, ...]:
    """What a notice that answers to another names: ``reference`` by topic, ``ref_ID``, and matches of a broker."""
    reference = document.get("reference")
    named = names(list(reference.values())) if isinstance(reference, dict) else ()
    matches = document.get("gcn_crossmatch")
    matched = (
        [match.get("ref_ID") for match in matches if isinstance(match, dict)]
        if isinstance(matches, list)
        else []
    )
    return (*named, *names(document.get("ref_ID")), *names(matched))


def _first_detection(document: dict[str, Any], name: str) -> str:
    """When a target of a broker was first seen, from the photometry in its notice."""
    data = document.get("data")
    photometry = data.get("photometry") if isinstance(data, dict) else None
    if not isinstance(photometry, list):
        return ""
    seen = (
        moment(point.get("observation_start"))
        for point in photometry[:10_000]
        if isinstance(point, dict)
        and words(point.get("event_name")) == name
        and math.isfinite(number(point.get("mag")))
    )
    return min(filter(None, seen), default="")


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


READERS: tuple[tuple[Callable[[Any], bool], Callable[[Any], list[Notice]]], ...] = (
    (igwn.is_alert, igwn.notices),
    (_is_circular, _circular),
    (event_tables.is_gwosc, event_tables.gwosc),
    (event_tables.is_history, event_tables.history),
    (_is_notice, _notice),
)
