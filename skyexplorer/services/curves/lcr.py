"""Fermi LAT Light Curve Repository: about 1500 variable sources of 4FGL, in bins of 3, 7 and 30 days.

It answers with JSON that is called text/html: lists of ``[MET, value]``, of which ``ts`` has all bins, ``flux`` those with
a detection and ``flux_upper_limits`` the others. ``flux_error`` holds the ends of the interval, not its half width. Names
are those of 4FGL-DR2, so that a source of a later release is looked for by its association, then by its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from astropy import units as u
from astropy.time import Time

from skyexplorer.core.times import FERMI_MJDREF
from skyexplorer.errors import AnswerError, InputError
from skyexplorer.model.lightcurve import LightCurve
from skyexplorer.services.curves.base import DAY, WEEK, Asking, Provider, Target

CADENCES = {"daily": 3.0, "weekly": 7.0, "monthly": 30.0}
"""Days of a bin: the repository's shortest cadence is called daily, and is three days."""
NAME = re.compile(r"^4FGL[ _]?(J\d{4}\.\d[+-]\d{4})[ceis]?$")
NEAR = 0.1 * 3600
"""Arcseconds: how far from a source of 4FGL-DR2 one of another release may be and be the same."""
PHOTONS = 1 / (u.cm**2 * u.s)
BAND = "0.1–100 GeV"
TS_MIN = 4
"""Below this test statistic, two sigma, a bin has an upper limit."""


def ask(asking: Asking) -> list[LightCurve]:
    """The light curve of a source of 4FGL, or none where it is not monitored."""
    cadence = str(asking.options.get("cadence", "weekly"))
    if cadence not in CADENCES:
        raise InputError(f"cadence is {cadence!r}.", f"Give one of {', '.join(CADENCES)}.")
    own = next((name for name in asking.target.names if NAME.match(name)), "")
    for name in _names(asking, own):
        reply = asking.get(
            asking.url("data"),
            params={
                "typeOfRequest": "lightCurveData", "source_name": name, "cadence": cadence,
                "flux_type": "photon", "index_type": "fixed", "ts_min": TS_MIN,
            },
            keep=DAY,
            check=lambda reply: _object(reply, asking),
        )  # fmt: skip
        points = curve(_object(reply, asking), cadence)
        if points is not None:
            time, value, minus, plus, limit, bounds, notes = points
            title = f"Fermi LAT Light Curve Repository, {name}, {cadence}"
            origin = asking.origin(title, reply, rows=len(time), note="; ".join(notes))
            return [
                LightCurve(
                    time, value * PHOTONS, (minus * PHOTONS, plus * PHOTONS), limit, bounds, BAND, "photon flux",
                    asking.target.name, origin,
                )
            ]  # fmt: skip
    asking.note(f"The Light Curve Repository does not monitor {own or asking.target.name}.")
    return []


def _names(asking: Asking, own: str) -> Any:
    """Names to ask for: its own, then that of the source of 4FGL-DR2 which it is."""
    match = NAME.match(own)
    name = f"4FGL {match.group(1)}" + own[match.end(1) :] if match else ""
    if name:
        yield name
    found, how = _listed(asking)
    if found and found != name:
        asking.note(f"in the repository it is {found}, by {how}")
        yield found


def _listed(asking: Asking) -> tuple[str, str]:
    """The name in the repository of the target, and by what: its association, else its place; or nothing."""
    reply = asking.get(
        asking.url("data"),
        params={"typeOfRequest": "SourceList", "catalog": "4FGL", "magicWord": ""},
        keep=WEEK,
        check=lambda reply: _list(reply, asking),
    )
    rows = _list(reply, asking)
    wanted = {_plain(name) for name in asking.target.names}
    for row in rows:
        if {_plain(row.get(key)) for key in ("Source_Name", "ASSOC1", "ASSOC2")} & wanted - {""}:
            return str(row.get("Source_Name", "")).strip(), "its association"
    ra, dec = (np.array([_number(row.get(key)) for row in rows]) for key in ("RAJ2000", "DEJ2000"))
    good = np.flatnonzero(np.isfinite(ra) & np.isfinite(dec))
    apart = asking.target.separation(ra[good], dec[good])
    if not len(good) or apart.min() > NEAR:
        return "", ""
    nearest = rows[good[apart.argmin()]]
    return str(nearest.get("Source_Name", "")).strip(), f"its place, {apart.min() / 3600:.3f}° away"


def curve(data: Mapping[str, Any], cadence: str) -> tuple[Any, ...] | None:
    """Times, values, errors, limits, bins and notes of an answer, or None where it has no bins."""
    found, limits = _pairs(data.get("flux")), _pairs(data.get("flux_upper_limits"))
    bad = _unconverged(data)
    ends = _pairs(data.get("flux_error"), 2)
    rows, dropped = [], 0
    for met, (flux,) in found.items():
        low, high = ends.get(met, (np.nan, np.nan))
        if met in bad or high <= low:  # a fit that did not end, or an error of no width
            dropped += 1
        elif np.isfinite(flux):
            rows.append((met, flux, flux - low, high - flux, False))
    for met, (limit,) in limits.items():
        if met in bad:
            dropped += 1
        elif np.isfinite(limit) and met not in found:
            rows.append((met, limit, np.nan, np.nan, True))
    if not rows:
        return None
    table = np.array(sorted(rows), float)
    met, value, minus, plus = table[:, :4].T
    limit = table[:, 4] == 1
    # MET counts from 2001-01-01 UTC in TT seconds; the reference in two parts keeps the microseconds.
    day, part = FERMI_MJDREF
    half = CADENCES[cadence] / 2

    def at(shift: float) -> Time:
        return Time(day, part + met / 86400 + shift, format="mjd", scale="tt")

    notes = [
        f"bins of {CADENCES[cadence]:g} days, of which the centre is told",
        "upper limits are at 95 %" if limit.any() else "",
        f"{dropped} bins whose fit did not converge are left out" if dropped else "",
    ]
    return at(0), value, minus, plus, limit, (at(-half), at(half)), [note for note in notes if note]


def _unconverged(data: Mapping[str, Any]) -> set[float]:
    told = data.get("fit_convergence") or []
    if told and not isinstance(told[0], list | tuple):  # a plain list goes with the bins of ts
        bins = list(_pairs(data.get("ts")))
        return {met for met, code in zip(bins, told, strict=False) if _number(code) != 0}
    return {met for met, (code,) in _pairs(told).items() if code != 0}


def _pairs(rows: Any, count: int = 1) -> dict[float, tuple[float, ...]]:
    """Numbers by MET, of lists ``[MET, number, …]``; rows that are shorter or null are none."""
    found = {}
    for row in rows or ():
        if isinstance(row, list | tuple) and len(row) > count and np.isfinite(_number(row[0])):
            found[_number(row[0])] = tuple(_number(cell) for cell in row[1 : 1 + count])
    return found


def _number(cell: Any) -> float:
    try:
        return float(cell)
    except (TypeError, ValueError):
        return np.nan


def _plain(name: Any) -> str:
    return re.sub(r"[\s_]", "", str(name or "")).casefold()


def _json(reply: Any, asking: Asking) -> Any:
    """The document in an answer, whatever stands before it."""
    text = reply.content.decode("utf-8", "replace")
    start = min((at for at in (text.find("{"), text.find("[")) if at >= 0), default=-1)
    try:
        return json.JSONDecoder().raw_decode(text, max(start, 0))[0]
    except ValueError as error:
        raise AnswerError(
            f"The Light Curve Repository answered something else than JSON: {text.strip()[:80]!r}.",
            "It may be down for a while: ask again later.", service=asking.service.id, url=reply.url,
        ) from error  # fmt: skip


def _object(reply: Any, asking: Asking) -> Mapping[str, Any]:
    data = _json(reply, asking)
    if isinstance(data, list) and not data:
        return {}  # what it says of a source that it does not know
    if not isinstance(data, Mapping):
        raise AnswerError(
            "The Light Curve Repository answered a list where a light curve was asked for.",
            "Ask again later.", service=asking.service.id, url=reply.url,
        )  # fmt: skip
    return data


def _list(reply: Any, asking: Asking) -> list[Mapping[str, Any]]:
    data = _json(reply, asking)
    if not isinstance(data, list) or not data:
        raise AnswerError(
            "The list of sources of the Light Curve Repository is empty or no list.",
            "Ask again later.", service=asking.service.id, url=reply.url,
        )  # fmt: skip
    return [row for row in data if isinstance(row, Mapping)]


def why_not(target: Target) -> str:
    """It has sources of 4FGL only."""
    if any(NAME.match(name) for name in target.names) or target.band in ("", "gamma", "tev"):
        return ""
    return "it has gamma-ray sources only"


PROVIDER = Provider("fermi-lcr", "Fermi LCR", "gamma", ask, why_not)
