"""ZTF at IRSA: detections of one star, in up to three filters, kept apart as the survey does.

A star has several object ids: one for each field, CCD quadrant and filter. Their zero points differ, so each stays a curve
of its own. An answer of a header line alone says that there is no star.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skyexplorer.errors import AnswerError, FormatError
from skyexplorer.io import tables
from skyexplorer.io.points import plain
from skyexplorer.model.lightcurve import LightCurve
from skyexplorer.services.curves.base import BLURRED, DAY, Asking, Provider, Target

SOUTH = -31.0
"""Degrees: ZTF does not look further south."""
BRIGHT, FAINT = 12.0, 22.0
BAD = 32768
"""Of catflags: the measurement cannot be used."""
MOST = 12
"""Object ids that are shown, those with most points."""
FILTERS = {"zg": "g", "zr": "r", "zi": "i"}


def ask(asking: Asking) -> list[LightCurve]:
    """A light curve for each object id near the target."""
    target = asking.target
    reply = asking.get(
        params={
            "POS": f"CIRCLE {target.ra:.6f} {target.dec:.6f} {target.radius / 3600:.6f}",
            "BAD_CATFLAGS_MASK": BAD,
            "FORMAT": "CSV",
        },
        keep=DAY,
        check=lambda reply: _text(reply, asking),
    )
    text = _text(reply, asking)
    if len(text.splitlines()) < 2:
        asking.note("ZTF has no star here.")
        return []
    table = tables.read(reply.content)
    found, flagged = [], 0
    oids = [str(oid) for oid in table["oid"]]
    for oid in dict.fromkeys(oids):
        rows = table[np.array([own == oid for own in oids])]
        band = FILTERS.get(str(rows["filtercode"][0]), str(rows["filtercode"][0]))
        apart = float(np.nanmedian(target.separation(plain(rows["ra"]), plain(rows["dec"]))))
        try:
            found.append(asking.read(rows, f"ZTF {band}, object {oid}", f'{apart:.1f}" away', band))
        except FormatError:  # every point of it is flagged
            flagged += 1
    if flagged:
        asking.note(f"{flagged} objects of which all points are flagged are left out")
    found.sort(key=len, reverse=True)
    if len(found) > MOST:
        asking.overflow = True
        asking.note(f"the {MOST} of {len(found)} objects with most points are shown")
    return found[:MOST]


def _text(reply: Any, asking: Asking) -> str:
    text = reply.content.decode("utf-8", "replace").strip()
    if not text.lower().startswith("oid,") and "oid" not in text.split("\n")[0].split(","):
        raise AnswerError(
            f"IRSA answered something else than ZTF's CSV: {text[:100]!r}.",
            "It may be busy: ask again later.", service=asking.service.id, url=reply.url,
        )  # fmt: skip
    return text


def why_not(target: Target) -> str:
    """It looks north of -31°, at stars neither too bright nor too faint."""
    if target.dec < SOUTH:
        return f"it does not look south of {SOUTH:.0f}°"
    if not target.sharp:
        return BLURRED
    if np.isfinite(target.magnitude) and not BRIGHT - 1 <= target.magnitude <= FAINT + 1:
        return f"it measures stars of {BRIGHT:.0f} to {FAINT:.0f} mag"
    return ""


PROVIDER = Provider("ztf-lc", "ZTF", "optical", ask, why_not)
