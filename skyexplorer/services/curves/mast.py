"""TESS, Kepler and K2 at MAST: light curves as their pipelines made them, a file for each sector, quarter or campaign.

The portal is asked by POST with a document, and answers EXECUTING while it works: it is asked again until it is done. Files
are downloaded whole into the cache, and read as any FITS light curve.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import numpy as np

from skyexplorer.errors import AnswerError, FormatError, QueryError
from skyexplorer.io.points import number
from skyexplorer.model.lightcurve import LightCurve
from skyexplorer.services.curves.base import BLURRED, DAY, Asking, Provider, Target

MISSIONS = ("TESS", "Kepler", "K2")
PIPELINES = ("SPOC", "TESS-SPOC", "Kepler", "K2")
"""The missions' own, the best first; others are left to those who ask for them."""
MOST = 4
"""Files that are fetched, the newest first: one has 20 000 points."""
PAGE = 500
FIRST_WAIT, LONGEST_WAIT = 0.3, 4.0
NEAR = 4.0
"""Arcseconds: how far the target of the mission may be away, one pixel of Kepler."""
BRIGHT, FAINT = 2.0, 17.0


def ask(asking: Asking) -> list[LightCurve]:
    """The newest light curves of the target, a sector each."""
    observations = _observations(asking)
    if not observations:
        asking.note("TESS, Kepler and K2 made no light curve of this target.")
        return []
    if len(observations) > MOST:
        asking.overflow = True
        asking.note(f"the newest {MOST} of {len(observations)} sectors or quarters are shown")
    found = []
    for observation in observations[:MOST]:
        uri = _product(asking, observation)
        if not uri:
            continue
        try:
            found.append(_fetched(asking, observation, uri))
        except FormatError as error:
            if "No cadence" not in error.message:
                raise
            asking.note(f"{uri.rsplit('/', 1)[-1]}: no cadence is good")
    return found


def _observations(asking: Asking) -> list[Mapping[str, Any]]:
    """Time series of the missions' pipelines at the place, the newest first, the best where one has several."""
    target = asking.target
    radius = max(target.radius, NEAR) / 3600
    rows = invoke(
        asking,
        "Mast.Caom.Filtered.Position",
        columns="*",
        position=f"{target.ra:.6f}, {target.dec:.6f}, {radius:.6f}",
        filters=[
            {"paramName": "dataproduct_type", "values": ["timeseries"]},
            {"paramName": "obs_collection", "values": list(MISSIONS)},
        ],
    )
    best: dict[tuple[str, str], Mapping[str, Any]] = {}
    for row in rows:
        pipeline, rights = str(row.get("provenance_name") or ""), str(row.get("dataRights") or "PUBLIC")
        if pipeline not in PIPELINES or rights.upper() != "PUBLIC":
            continue
        key = (str(row.get("obs_collection")), str(row.get("sequence_number") or row.get("obs_id")))
        old = best.get(key)
        if old is None or _rank(row) < _rank(old):
            best[key] = row
    return sorted(best.values(), key=lambda row: -np.nan_to_num(number(row.get("t_min"))))


def _rank(row: Mapping[str, Any]) -> tuple[int, int, float]:
    """Smaller is better: the first pipelines, usual cadences before 20 s, and the one with the long exposure."""
    fast = "fast" in str(row.get("dataURL") or row.get("obs_id") or "")
    return (
        PIPELINES.index(str(row["provenance_name"])),
        int(fast),
        -np.nan_to_num(number(row.get("t_exptime"))),
    )


def _product(asking: Asking, row: Mapping[str, Any]) -> str:
    """The address within MAST of the light curve of an observation; nothing where it has none."""
    direct = str(row.get("dataURL") or "")
    if _is_curve(direct):
        return direct
    products = invoke(asking, "Mast.Caom.Products", obsid=str(row.get("obsid")))
    names = [str(product.get("dataURI") or "") for product in products]
    return next((name for name in sorted(names, key=lambda name: "fast" in name) if _is_curve(name)), "")


def _is_curve(name: str) -> bool:
    return name.endswith(("_lc.fits", "_llc.fits", "_slc.fits", "_lc.fits.gz"))


def _fetched(asking: Asking, row: Mapping[str, Any], uri: str) -> LightCurve:
    from skyexplorer.net import download

    address = asking.url("download", "?" + urlencode({"uri": uri}))
    path = download(address, service=asking.service.id, deadline=asking.deadline.left())
    curve = LightCurve.read(path)
    mission, part = str(row.get("obs_collection")), str(row.get("sequence_number") or "").strip()
    word = {"TESS": "sector", "Kepler": "quarter", "K2": "campaign"}.get(mission, "part")
    told = f"{mission} {word} {part}" if part and part != "None" else mission
    origin = replace(
        asking.origin(
            f"{told}, {row.get('provenance_name')}", note=curve.origin.note, rows=curve.origin.rows
        ),
        location=address,
        checksum=curve.origin.checksum,
    )
    return replace(curve, name=asking.target.name, band=mission, origin=origin)


def invoke(asking: Asking, service: str, **params: Any) -> list[Mapping[str, Any]]:
    """The rows that a service of the portal answers with, all pages of them.

    Raises
    ------
    QueryError
        If the portal says that the question was wrong.
    AnswerError
        If it answers something else than its documents.
    LateError
        If it is still at work at the deadline.
    """
    rows: list[Mapping[str, Any]] = []
    page = 1
    while True:
        document = _done(
            asking, {"service": service, "params": params, "format": "json", "pagesize": PAGE, "page": page}
        )
        rows += [row for row in document.get("data") or () if isinstance(row, Mapping)]
        pages = number((document.get("paging") or {}).get("pagesFiltered", 1))
        if not pages > page:
            return rows
        page += 1


def _done(asking: Asking, request: Mapping[str, Any]) -> Mapping[str, Any]:
    wait = FIRST_WAIT
    while True:
        try:
            reply = asking.get(
                asking.url("invoke"),
                data={"request": json.dumps(request)},
                keep=DAY,
                check=lambda reply: _complete(reply, asking),
            )
        except _ExecutingError:
            asking.wait(wait)
            wait = min(2 * wait, LONGEST_WAIT)
        else:
            return _document(reply, asking)


class _ExecutingError(AnswerError):
    """The portal is still at work."""


def _document(reply: Any, asking: Asking) -> Mapping[str, Any]:
    try:
        document = json.loads(reply.content)
    except ValueError as error:
        raise AnswerError(
            f"MAST answered something else than JSON: {reply.content[:80]!r}.",
            "It may be down for a while: ask again later.", service=asking.service.id, url=reply.url,
        ) from error  # fmt: skip
    if not isinstance(document, Mapping):
        raise AnswerError(
            "MAST answered no document.", "Ask again later.", service=asking.service.id, url=reply.url
        )
    return document


def _complete(reply: Any, asking: Asking) -> None:
    document = _document(reply, asking)
    status = str(document.get("status", "COMPLETE")).upper()
    facts = {"service": asking.service.id, "url": reply.url}
    if status == "EXECUTING":
        raise _ExecutingError("MAST is still at work.", **facts)
    if status != "COMPLETE":
        raise QueryError(f"MAST says {status}: {str(document.get('msg'))[:200]}", "Ask again later.", **facts)


def why_not(target: Target) -> str:
    """They look at stars and the like of 2 to 17 mag."""
    if not target.sharp:
        return BLURRED
    if np.isfinite(target.magnitude) and not BRIGHT <= target.magnitude <= FAINT:
        return f"they measure stars of {BRIGHT:.0f} to {FAINT:.0f} mag"
    return ""


PROVIDER = Provider("mast", "TESS, Kepler", "optical", ask, why_not)
