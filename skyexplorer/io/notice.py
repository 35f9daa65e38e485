"""Notice: what one alert says, in plain numbers and words, whatever its format was."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

NAN = float("nan")
MOST_BASE64 = 200 * 2**20
# Words of GCN's alert_tense (schema core/Alert) and VOEvent's role, as the role of an event.
ROLES = {
    "current": "observation", "archival": "observation", "commanded": "observation", "observation": "observation",
    "planned": "prediction", "prediction": "prediction", "utility": "utility",
    "test": "test", "injection": "test",
}  # fmt: skip


@dataclass(frozen=True)
class Notice:
    """One notice of one event; angles in degrees, NaN and empty where it does not say.

    Parameters
    ----------
    name : str
    format : str
        ``"VOEvent"``, ``"GCN notice"``, ``"IGWN alert"``, …
    time, issued : str
        ISO, in ``scale``; when it happened, and when the notice was made (UTC).
    radius, ellipse, corners, asymmetric
        The error region, at most one of them: a circle; (a, b, position angle); (ra, dec) of a polygon's
        corners; (ra plus, ra minus, dec plus, dec minus) in coordinate degrees.
    containment : float
        Probability inside that region; NaN where the notice does not say.
    frame : str
        Of the position, as astropy names it.
    far : float
        In ``far_unit``, as published.
    skymap : bytes
        A FITS file that the notice carries.
    related : tuple of (str, str)
        What it is to another notice, and that one's identifier.
    notes : tuple of str
        Oddities, told.
    """

    name: str
    format: str
    time: str = ""
    scale: str = "utc"
    issued: str = ""
    messenger: str = ""
    mission: str = ""
    instrument: str = ""
    role: str = "observation"
    alert_type: str = ""
    revision: int = 0
    retracted: bool = False
    ids: tuple[str, ...] = ()
    ra: float = NAN
    dec: float = NAN
    frame: str = "icrs"
    radius: float = NAN
    ellipse: tuple[float, float, float] | None = None
    corners: tuple[tuple[float, float], ...] = ()
    asymmetric: tuple[float, float, float, float] | None = None
    containment: float = NAN
    region_words: str = ""
    signalness: float = NAN
    energy_tev: float = NAN
    far: float = NAN
    far_unit: str = "Hz"
    classification: Mapping[str, float] = field(default_factory=dict)
    properties: Mapping[str, Any] = field(default_factory=dict)
    skymap: bytes = b""
    skymap_url: str = ""
    related: tuple[tuple[str, str], ...] = ()
    text: str = ""
    notes: tuple[str, ...] = ()


def number(value: object) -> float:
    """A finite number, or NaN for everything else.

    >>> number("1.5"), number(None), number(True)
    (1.5, nan, nan)
    """
    if value is None or isinstance(value, bool):
        return NAN
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return NAN
    return found if math.isfinite(found) else NAN


def words(value: object, most: int = 4000) -> str:
    """A text on one line; empty for what is no text or number."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    return " ".join(str(value).split())[:most]


def moment(value: object) -> str:
    """A time as ISO in UTC without its zone, or empty: ``Z``, offsets and their absence are all met with.

    >>> moment("2024-09-18 07:19:03.518831+00:00"), moment("2024-08-24T02:14:40.43"), moment("soon")
    ('2024-09-18T07:19:03.518831', '2024-08-24T02:14:40.430000', '')
    >>> moment("2026-04-08 23:59:34 UTC"), moment("2016-12-31T23:59:60.5Z")
    ('2026-04-08T23:59:34', '2016-12-31T23:59:60.500000')
    """
    text = words(value, 60)
    # More than six digits of a second are more than a datetime holds, and than any alert means.
    text = re.sub(r"(\.\d{6})\d+", r"\1", text.removesuffix(" UTC").removesuffix(" UT"))
    leap = re.fullmatch(r"(.*[T ]\d\d:\d\d):60(\.\d+)?Z?", text)
    try:
        found = datetime.fromisoformat(text if not leap else f"{leap.group(1)}:59{leap.group(2) or ''}")
        if found.tzinfo is not None:
            found = found.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return ""
    if not 1900 <= found.year <= 2200:
        return ""
    iso = found.isoformat()
    # No datetime has a 60th second: it was read as the 59th.
    return f"{iso[:17]}60{iso[19:]}" if leap else iso


def probabilities(value: object) -> dict[str, float]:
    """Names and probabilities of a mapping; what is no number is left out."""
    if not isinstance(value, Mapping):
        return {}
    found = {words(key, 60): number(share) for key, share in list(value.items())[:60]}
    return {key: share for key, share in found.items() if key and math.isfinite(share)}


def names(value: object) -> tuple[str, ...]:
    """Texts of a list or a single one."""
    values = value if isinstance(value, (list, tuple)) else [value]
    return tuple(text for item in values[:50] if (text := words(item, 200)))


def count(value: object) -> int:
    """The number of a revision; 0 for what is none."""
    found = number(value)
    return int(found) if 0 <= found < 1e6 else 0


def not_negative(value: object) -> float:
    """A finite number from 0 up, or NaN."""
    found = number(value)
    return found if found >= 0 else NAN


def fits_in_base64(value: object, name: str, notes: list[str]) -> bytes:
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
