"""Swift/BAT hard X-ray transient monitor: 15 to 50 keV, by the day, of the sources on its list."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from skyexplorer.errors import AnswerError, FormatError
from skyexplorer.io import tables
from skyexplorer.io.points import number
from skyexplorer.model.lightcurve import LightCurve
from skyexplorer.services.curves import pages
from skyexplorer.services.curves.base import DAY, WEEK, Asking, Provider, Target

NEAR = 240.0
"""Arcseconds: how far from a source of the list the target may be, about the error of BAT's positions."""
FOLDERS = ("weak/", "")
"""Most light curves are in the first."""


def ask(asking: Asking) -> list[LightCurve]:
    """The daily light curve of the source of the list that is the target."""
    name, apart = _listed(asking)
    if not name:
        asking.note("the BAT monitor does not follow this source.")
        return []
    for folder in FOLDERS:
        reply = asking.get(
            asking.url(path=f"/{folder}{file_name(name)}.lc.txt"),
            keep=DAY,
            accept=(404,),
            check=lambda reply: None if reply.status == 404 else _check(reply, asking),
        )
        if reply.status != 404:
            break
    else:
        asking.note(f"the BAT monitor lists {name}, and has no light curve of it.")
        return []
    try:
        curve = asking.read(
            tables.read(reply.content), f"Swift/BAT monitor of {name}",
            f"BAT's source {name}, {apart / 60:.1f}' away" if np.isfinite(apart) else f"BAT's source {name}",
        )  # fmt: skip
    except FormatError as error:
        if "flagged" not in error.message:
            raise
        asking.note(f"all days of {name} are flagged.")
        return []
    return [curve]


def file_name(name: str) -> str:
    """How a source is written in the names of files: without blanks, and with p for plus.

    >>> file_name("Cyg X-3"), file_name("1A 0535+262")
    ('CygX-3', '1A0535p262')
    """
    return re.sub(r"\s", "", name).replace("+", "p")


def _listed(asking: Asking) -> tuple[str, float]:
    """The name on the list and its distance (arcsec), by name first, then by place."""
    reply = asking.get(asking.url(path="/"), keep=WEEK, check=lambda reply: _sources(reply, asking))
    rows = _sources(reply, asking)
    wanted = {_plain(name) for name in asking.target.names}
    best, nearest = "", np.inf
    for name, other, ra, dec in rows:
        apart = float(asking.target.separation(ra, dec)) if np.isfinite(ra + dec) else np.nan
        if {_plain(name), _plain(other)} & wanted - {""} and not apart > 3600:
            return name, apart
        if apart < nearest:
            best, nearest = name, apart
    near = max(NEAR, np.nan_to_num(asking.target.error))
    return (best, nearest) if nearest <= min(near, 2 * NEAR) else ("", np.nan)


def _sources(reply: Any, asking: Asking) -> list[tuple[str, str, float, float]]:
    """Names, other names and places of the list; its columns are told by their heads."""
    page = reply.content.decode("utf-8", "replace")
    columns: dict[str, int] = {}
    found = []
    for row in pages.rows(page):
        heads = {head.lower(): at for at, head in enumerate(row.cells)}
        if "source name" in heads:
            columns = heads
            continue
        ra, dec = (columns.get(head, -1) for head in ("ra j2000 degs", "dec j2000 degs"))
        if min(ra, dec) < 0 or len(row.cells) <= max(columns.values()):
            continue
        other = row.cells[columns["alternate name"]] if "alternate name" in columns else ""
        found.append(
            (row.cells[columns["source name"]], other, number(row.cells[ra]), number(row.cells[dec]))
        )
    if not found:
        raise AnswerError(
            "The list of the BAT monitor has no sources that can be told.", "Its page may have changed: please report it.",
            service=asking.service.id, url=reply.url,
        )  # fmt: skip
    return found


def _check(reply: Any, asking: Asking) -> None:
    if reply.content.lstrip()[:1] == b"<":
        raise AnswerError(
            "The BAT monitor answered with a page in place of a light curve.", "Ask again later.",
            service=asking.service.id, url=reply.url,
        )  # fmt: skip


def _plain(name: str) -> str:
    return re.sub(r"[\s_]", "", name).casefold()


def why_not(target: Target) -> str:
    """It follows sources of a list, all over the sky."""
    return "" if np.isfinite(target.ra) else "there is no position"


PROVIDER = Provider("swift-bat", "Swift/BAT", "x-ray", ask, why_not)
