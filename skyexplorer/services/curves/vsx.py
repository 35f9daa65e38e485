"""VSX, the AAVSO's index of variable stars: of what type a star is, and its period. It has no light curves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from skyexplorer.errors import AnswerError
from skyexplorer.io.points import number
from skyexplorer.model.lightcurve import LightCurve
from skyexplorer.services.curves.base import BLURRED, WEEK, Asking, Provider, Target


def ask(asking: Asking) -> list[LightCurve]:
    """No light curve; what the index says of the nearest variable star is a note."""
    target = asking.target
    reply = asking.get(
        params={
            "view": "api.list", "ra": f"{target.ra:.6f}", "dec": f"{target.dec:.6f}",
            "radius": f"{target.radius / 3600:.6f}", "format": "json",
        },
        keep=WEEK,
        check=lambda reply: stars(reply, asking),
    )  # fmt: skip
    found = stars(reply, asking)
    if not found:
        asking.note("VSX knows no variable star here.")
        return []
    apart = [
        float(target.separation(number(s.get("RA2000")), number(s.get("Declination2000")))) for s in found
    ]
    asking.note(said(found[int(np.argmin(np.nan_to_num(apart, nan=np.inf)))]))
    return []


def said(star: Mapping[str, Any]) -> str:
    """A variable star in a line; all that is not told is left out.

    >>> star = {"Name": "RR Lyr", "VariabilityType": "RRAB/BL", "Period": "0.56686776", "MaxMag": "7.06 V"}
    >>> said({**star, "MinMag": "8.12 V"})
    'VSX: RR Lyr, RRAB/BL, period 0.56686776 d, 7.06 V to 8.12 V'
    """
    period = number(star.get("Period"))
    brightest, faintest = (str(star.get(key) or "").strip() for key in ("MaxMag", "MinMag"))
    parts = [
        str(star.get("Name") or star.get("AUID") or "a variable star"),
        str(star.get("VariabilityType") or ""),
        f"period {star['Period']} d" if period > 0 else "",
        f"{brightest} to {faintest}" if brightest and faintest else brightest,
    ]
    return "VSX: " + ", ".join(part for part in parts if part)


def stars(reply: Any, asking: Asking) -> list[Mapping[str, Any]]:
    """The stars of an answer: a list, a single one, or an empty list in place of all."""
    try:
        data = json.loads(reply.content)
        listed = data["VSXObjects"]
    except (ValueError, TypeError, KeyError) as error:
        raise AnswerError(
            f"VSX answered something else than its list: {reply.content[:80]!r}.",
            "It turns away programs now and then; the same index is at VizieR: B/vsx/vsx.",
            service=asking.service.id, url=reply.url,
        ) from error  # fmt: skip
    inner = listed.get("VSXObject", []) if isinstance(listed, Mapping) else listed
    inner = [inner] if isinstance(inner, Mapping) else inner or []
    return [star for star in inner if isinstance(star, Mapping)]


def why_not(target: Target) -> str:
    """It knows stars, by their place."""
    return "" if target.sharp else BLURRED


PROVIDER = Provider("vsx-api", "VSX", "optical", ask, why_not)
