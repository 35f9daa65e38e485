"""Public alerts of LIGO, Virgo and KAGRA in JSON (the ``igwn.gwalert`` stream), with the sky map that they carry."""

from __future__ import annotations

import re
from typing import Any

from skyexplorer.io.notice import (
    Notice,
    fits_in_base64,
    moment,
    names,
    not_negative,
    probabilities,
    words,
)

# Of external_coinc: time_difference in s, the false-alarm rates in Hz.
EXTERNAL = ("gcn_notice_id", "ivorn", "observatory", "search", "time_difference", "time_coincidence_far",
            "time_sky_position_coincidence_far")  # fmt: skip


def is_alert(document: Any) -> bool:
    """Whether a document is one of these alerts."""
    return isinstance(document, dict) and {"superevent_id", "alert_type"} <= set(document)


def notices(document: dict[str, Any]) -> list[Notice]:
    """The alert; a retraction has no event in it, and a false-alarm rate is in Hz.

    Of a coincidence with another observatory the numbers are kept as the property ``external_coinc``; the map is that
    of the gravitational waves alone, and the notes say where a combined one is published.
    """
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
    properties: dict[str, Any] = dict(probabilities(event.get("properties")))
    external = document.get("external_coinc")
    if isinstance(external, dict):
        other = words(external.get("ivorn"), 300) or words(external.get("gcn_notice_id"), 60)
        if other:
            related.append(("coincident", other))
        properties["external_coinc"] = {
            key: external[key] for key in EXTERNAL if words(external.get(key), 300)
        }
        if external.get("combined_skymap"):
            seen = words(external.get("observatory"), 60) or "another observatory"
            notes.append(f"the alert has a second map, combined with {seen}; this is that without")
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
            far=not_negative(event.get("far")),
            classification=probabilities(event.get("classification")),
            properties=properties,
            skymap=fits_in_base64(event.get("skymap"), "event.skymap", notes),
            skymap_url=words(urls.get("skymap")) if isinstance(urls, dict) else "",
            related=tuple(related),
            notes=tuple(notes),
        )
    ]
