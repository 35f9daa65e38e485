"""MAXI/GSC on the Space Station: 2 to 20 keV in four bands, by the day, of the sources on its list."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np

from skyexplorer.errors import AnswerError
from skyexplorer.io import tables
from skyexplorer.io.monitors import MAXI_BANDS
from skyexplorer.io.points import number
from skyexplorer.model.lightcurve import LightCurve
from skyexplorer.services.curves import pages
from skyexplorer.services.curves.base import DAY, WEEK, Asking, Provider, Target

NEAR = 720.0
"""Arcseconds: how far from a source of the list the target may be; the list's places are rounded, the beam is 1.5°."""
ID = re.compile(r"star_data/(J\d{4}[+-]\d{3})/")


def ask(asking: Asking) -> list[LightCurve]:
    """The daily light curve, in the whole band, of the source of the list that is the target."""
    name, code, apart = _listed(asking)
    if not code:
        asking.note("MAXI does not follow this source.")
        return []
    reply = asking.get(
        asking.url("curves", f"{code}/{code}_g_lc_1day_all.dat"),
        keep=DAY,
        accept=(404,),
        check=lambda reply: reply.status == 404 or _text(reply, asking),
    )
    content = b"" if reply.status == 404 else _text(reply, asking)
    if not content:
        asking.note(f"MAXI lists {name}, and has no light curve of it.")
        return []
    note = f"MAXI's source {name}, {apart / 60:.1f}' away; the whole band, without its three parts"
    curve = asking.read(tables.read(content), f"MAXI/GSC, {name}", note)
    rows = np.array([band == MAXI_BANDS[0] for band in curve.bands], bool)
    return [replace(curve.select(rows), band=MAXI_BANDS[0])] if rows.any() else []


def _listed(asking: Asking) -> tuple[str, str, float]:
    """Name, code and distance (arcsec) of the target on the list, by name first, then by place; or nothing."""
    reply = asking.get(asking.url("list"), keep=WEEK, check=lambda reply: sources(reply, asking))
    rows = sources(reply, asking)
    wanted = {_plain(name) for name in asking.target.names}
    best: tuple[str, str, float] = ("", "", np.inf)
    for name, code, ra, dec in rows:
        apart = float(asking.target.separation(ra, dec)) if np.isfinite(ra + dec) else np.nan
        if _plain(name) in wanted - {""} and not apart > 3600:
            return name, code, apart
        if apart < best[2]:
            best = (name, code, apart)
    return best if best[2] <= NEAR else ("", "", np.nan)


def sources(reply: Any, asking: Asking) -> list[tuple[str, str, float, float]]:
    """Names, codes and places of the list; a row without a light curve has no link, and is left out."""
    found = []
    for row in pages.rows(reply.content.decode("utf-8", "replace")):
        code = next((match.group(1) for link in row.links if (match := ID.search(link))), "")
        if not code:
            continue
        place = next((cell for cell in row.cells if re.fullmatch(r"[\d.]+\s*,\s*[+-]?[\d.]+", cell)), "")
        ra, dec = (number(part) for part in place.split(",")) if place else of_code(code)
        found.append((row.cells[0], code, ra, dec))
    if not found:
        raise AnswerError(
            "The list of MAXI has no sources that can be told.", "Its page may have changed: please report it.",
            service=asking.service.id, url=reply.url,
        )  # fmt: skip
    return found


def of_code(code: str) -> tuple[float, float]:
    """The place that a code tells: hours and minutes, and tenths of a degree.

    >>> of_code("J0534+220")
    (83.5, 22.0)
    """
    return (int(code[1:3]) + int(code[3:5]) / 60) * 15, int(code[5:]) / 10


def _text(reply: Any, asking: Asking) -> bytes:
    """The lines of numbers; comments begin with # or !."""
    content: bytes = reply.content
    if content.lstrip()[:1] == b"<":
        raise AnswerError(
            "MAXI answered with a page in place of a light curve.", "Ask again later.",
            service=asking.service.id, url=reply.url,
        )  # fmt: skip
    lines = [line for line in content.splitlines() if line.strip() and line.lstrip()[:1] not in (b"#", b"!")]
    return b"\n".join(lines) + b"\n" if lines else b""


def _plain(name: str) -> str:
    return re.sub(r"[\s_]", "", name).casefold()


def why_not(target: Target) -> str:
    """It follows sources of a list, all over the sky."""
    return "" if np.isfinite(target.ra) else "there is no position"


PROVIDER = Provider("maxi", "MAXI", "x-ray", ask, why_not)
