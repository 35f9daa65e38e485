"""Lists of events in JSON: those of the Gravitational Wave Open Science Center, and histories of IceCube notices (NuCat)."""

from __future__ import annotations

import math
import re
from typing import Any

from skyexplorer.io.notice import NAN, Notice, count, moment, not_negative, number, words


def is_gwosc(document: Any) -> bool:
    """Whether a document is a list of events of GWOSC."""
    events = document.get("events") if isinstance(document, dict) else None
    return isinstance(events, list) and any(isinstance(e, dict) and "gps_time" in e for e in events[:20])


def gwosc(document: dict[str, Any]) -> list[Notice]:
    """Events of the list in its order; times are GPS seconds, false-alarm rates per year."""
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
                repr(gps) if gps > 0 else "",
                "gps",
                messenger="gw",
                mission="LVK",
                revision=count(event.get("version")),
                ids=tuple(filter(None, (words(event.get("full_name"), 100),))),
                signalness=share if 0 <= share <= 1 else NAN,
                far=not_negative(event.get("far")),
                far_unit="1/yr",
                properties={key: event[key] for key in facts if event.get(key) is not None},
                notes=("the list has no sky map: open that of the event",),
            )
        )
    return out


def is_history(document: Any) -> bool:
    """Whether a document holds histories of IceCube notices: parallel lists of texts, one entry a revision."""
    first = document[0] if isinstance(document, list) and document else None
    return isinstance(first, dict) and {"Name", "RA", "Dec", "Pub Date"} <= set(first)


def history(document: list[Any]) -> list[Notice]:
    """Each revision of each event, the first of an event first; with 90 % errors, else the 50 % circle."""
    out = []
    for entry in document:
        if not isinstance(entry, dict):
            continue
        revisions = max((len(v) for v in entry.values() if isinstance(v, list)), default=0)

        def at(key: str, k: int, entry: dict[str, Any] = entry) -> str:
            # The times of an event that was never moved are given once.
            values = entry.get(key)
            return words(values[min(k, len(values) - 1)], 5000) if isinstance(values, list) and values else ""

        name = words(entry.get("Name"), 100) or "IceCube event"
        for k in range(revisions):
            sides = (*_plus_minus(at("RA 90%", k)), *_plus_minus(at("Dec 90%", k)))
            half = _plus_minus(at("RA 50%", k))
            good = all(side > 0 for side in sides)
            radius = half[0] if not good and half[0] > 0 else NAN
            notes = [f"revision {k + 1} of {revisions}, a {at('Pub Type', k) or 'text'}"]
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
