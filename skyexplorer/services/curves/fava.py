"""FAVA, Fermi's all-sky variability analysis: weekly counts of any place against those expected, in two bands.

The service tells counts and expected counts; what is drawn is their relative excess, as on its own page.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from astropy import units as u
from astropy.time import Time

from skyexplorer.core.times import FERMI_MJDREF
from skyexplorer.errors import AnswerError
from skyexplorer.io.points import number
from skyexplorer.model.lightcurve import LightCurve
from skyexplorer.services.curves.base import DAY, Asking, Provider, Target

BANDS = {"0.1–0.8 GeV": ("nev", "avnev"), "0.8–300 GeV": ("he_nev", "he_avnev")}
"""Columns of the counts and of the expected counts, by band."""


def ask(asking: Asking) -> list[LightCurve]:
    """Relative excess per week in both bands, as one light curve."""
    reply = asking.get(
        asking.url("curve"),
        params={"ra": f"{asking.target.ra:.5f}", "dec": f"{asking.target.dec:.5f}"},
        keep=DAY,
        check=lambda reply: _rows(reply, asking),
    )
    found = points(_rows(reply, asking))
    if found is None:
        asking.note("FAVA has no week at this place.")
        return []
    time, value, error, bands = found
    origin = asking.origin(
        "FAVA weekly counts", reply, rows=len(time),
        note="counts against those expected; the aperture takes in neighbours; times as the service tells them",
    )  # fmt: skip
    ratio = u.dimensionless_unscaled
    return [
        LightCurve(
            time, value * ratio, (error * ratio, error * ratio), np.zeros(len(time), bool), None, bands,
            "relative excess", asking.target.name, origin,
        )
    ]  # fmt: skip


def points(rows: list[Mapping[str, Any]]) -> tuple[Any, ...] | None:
    """Times, relative excesses (n - n₀) / n₀, their errors √n / n₀ and bands, or None where there are none."""
    found = []
    for row in rows:
        met = number(row.get("time"))
        for band, (counts, expected) in BANDS.items():
            n, mean = number(row.get(counts)), number(row.get(expected))
            if np.isfinite(met) and n >= 0 and mean > 0:
                found.append((met, (n - mean) / mean, np.sqrt(n) / mean, band))
    if not found:
        return None
    found.sort(key=lambda point: point[0])
    met, value, error = np.array([point[:3] for point in found], float).T
    day, part = FERMI_MJDREF
    time = Time(day, part + met / 86400, format="mjd", scale="tt")
    return time, value, error, [point[3] for point in found]


def _rows(reply: Any, asking: Asking) -> list[Mapping[str, Any]]:
    text = reply.content.decode("utf-8", "replace")
    try:
        data = json.loads(text[max(text.find("["), 0) :])
    except ValueError as error:
        raise AnswerError(
            f"FAVA answered something else than JSON: {text.strip()[:80]!r}.",
            "It may be down for a while: ask again later.", service=asking.service.id, url=reply.url,
        ) from error  # fmt: skip
    return [row for row in data if isinstance(row, Mapping)] if isinstance(data, list) else []


def why_not(target: Target) -> str:
    """It has gamma rays of any place, and means something where a gamma-ray source is."""
    return "" if target.band in ("gamma", "tev", "neutrino") else "it is asked of gamma-ray sources"


PROVIDER = Provider("fermi-fava", "FAVA", "gamma", ask, why_not)
