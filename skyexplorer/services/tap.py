"""TAP: regions asked in ADQL, at once where that will do, as a job of the server where it will not.

A region is put in the words that the service knows: as it is (circle, box, polygon); by its MOC; by circles in an uploaded
table; else by a few circles in one condition or several questions. Parts are merged without duplicates (`merging`).
How a question is put on its way, and what becomes of it, is in `asked`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from skyexplorer import progress
from skyexplorer.errors import QueryError, RefusedError
from skyexplorer.services import adql, merging, tiling
from skyexplorer.services.asked import UPLOAD, Asked
from skyexplorer.services.asking import Found
from skyexplorer.services.registry import Service

if TYPE_CHECKING:
    from skyexplorer.model.region import SkyRegion
    from skyexplorer.net import Web

UPLOADED = 64  # circles of a region in an uploaded table; more of them hardly ask for less sky
TILES = 64  # circles of a region at most, where nothing better is known
ROUND = 1.6  # a circle around a region is good enough that has so many times its area
FINE, COARSE = 1.4, 3.0  # and so are several; and so they are not
CORNERS = 100  # of a polygon that is asked as one
MAKES_JOBS = ("async", "time limit", "timeout", "timed out", "too large", "too long")
"""Words of services that refuse a question because of its size."""


@dataclass(frozen=True)
class Part:
    """One question of those a region is asked by."""

    query: str
    upload: tiling.Tiles | None = None


def ask(
    service: Service,
    region: SkyRegion,
    *,
    web: Web,
    columns: Sequence[str] | None = None,
    max_rows: int | None = None,
    where: str = "",
    refresh: bool = False,
) -> Found:
    """Ask a TAP service; see `skyexplorer.services.ask`."""
    try:
        return _ask(service, region, web, columns, max_rows, where, refresh)
    except (QueryError, RefusedError) as error:
        # Uploads are where services differ most: what can be said without one is.
        if not service.upload or "upload" not in error.message.lower():
            raise
        return _ask(replace(service, upload=0), region, web, columns, max_rows, where, refresh)


def _ask(
    service: Service,
    region: SkyRegion,
    web: Web,
    columns: Sequence[str] | None,
    max_rows: int | None,
    where: str,
    refresh: bool,
) -> Found:
    parts, how = plan(service, region, columns, where)
    cap = service.row_cap if max_rows is None else max_rows
    answers: list[Found] = []
    for number, part in enumerate(parts):
        progress.current().report(number, len(parts))
        answer = run(service, part, web=web, max_rows=cap, refresh=refresh)
        answers.append(
            replace(answer, table=bare(service, answer.table)) if part.upload is not None else answer
        )
    found = merging.merged(service, answers)
    if len(found.table) > cap:
        found = replace(found, table=found.table[:cap], overflow=True)
    return replace(found, how=how, address=service.address)


def plan(
    service: Service, region: SkyRegion, columns: Sequence[str] | None = None, where: str = ""
) -> tuple[list[Part], str]:
    """The questions by which a region is asked, and in a few words how, where that is not plainly."""

    def one(shapes: Sequence[adql.Shape]) -> Part:
        return Part(adql.select(service, adql.condition(service, shapes), columns, where))

    def uploading(tiles: tiling.Tiles) -> tuple[list[Part], str]:
        question = adql.select(service, "", columns, where, upload=UPLOAD)
        return [Part(question, tiles)], f"{len(tiles)} uploaded circles{_more(tiles)}"

    def naming(tiles: tiling.Tiles) -> tuple[list[Part], str]:
        shapes = [adql.Circle(*values) for values in zip(tiles.ra, tiles.dec, tiles.radius, strict=True)]
        groups = [one(shapes[at : at + step]) for at in range(0, len(shapes), step)]
        many = f" in {len(groups)} questions" if len(groups) > 1 else ""
        return groups, f"{len(tiles)} circles{many}{_more(tiles)}"

    if adql.footprint(service):  # MOCs and uploaded circles are matched with positions
        service = replace(service, moc=False, upload=0)
    step = max(service.circles, 1)
    plain = _plain(service, region)
    if plain is not None:
        return [one([plain])], ""
    own = tiling.own(region)
    if own is not None and len(own) <= max(service.upload, TILES):
        return naming(own) if len(own) <= step or not service.upload else uploading(own)
    around = float(tiling.cap(float(region.radius.value))) / max(float(region.area.value), 1e-12)
    if around <= ROUND:
        return [one([_circle(region)])], f"a circle around it, {around:.2g} times its area"
    if service.moc:
        return [one([adql.Cells(tiling.moc(region))])], "by its MOC"
    if service.upload:
        tiles = tiling.circles(region, min(service.upload, UPLOADED))
        if len(tiles) > 1 and tiles.radius.max() < adql.HALF:
            return uploading(tiles)
    tiles = tiling.circles(region, min(step, TILES), waste=FINE)
    if tiles.overhead > COARSE and step < TILES:  # worth a few questions more
        tiles = tiling.circles(region, TILES, waste=FINE)
    return naming(tiles)


def _more(tiles: tiling.Tiles) -> str:
    return f", {tiles.overhead:.2g} times its area" if tiles.overhead > 1.1 else ""


def _circle(region: SkyRegion) -> adql.Circle:
    return adql.Circle(float(region.center.ra.deg), float(region.center.dec.deg), float(region.radius.value))


def _plain(service: Service, region: SkyRegion) -> adql.Shape | None:
    """The region as ADQL has it, or None where it has no word for it."""
    if region.kind == "circle":
        return _circle(region)
    if region.kind == "polygon" and service.polygon and service.geometry and len(region._shapes) == 1:
        corners = np.reshape(region._shapes[0].values, (-1, 2))
        if len(corners) <= CORNERS and _convex(corners):
            return adql.Polygon(tuple(corners[:, 0].tolist()), tuple(corners[:, 1].tolist()))
    return None


def _convex(corners: Any) -> bool:
    """Services differ in what they make of dents: whether there are none."""
    from skyexplorer.core import sphere

    at = sphere.unit_vectors(corners[:, 0], corners[:, 1])
    normals = np.cross(at, np.roll(at, -1, axis=0))
    turns = np.einsum("ij,ij->i", normals, np.roll(at, -2, axis=0))
    return bool((turns > 0).all() or (turns < 0).all())


def bare(service: Service, table: Any) -> Any:
    """Columns of a join by their own names: HEASARC and others put the table's name before them."""
    names = [str(name) for name in table.colnames]
    last = service.table.strip('"').rpartition(".")[2].lower()
    for before in (f"{last}_", f"{last}.", "c_", "c."):
        if names and all(name.lower().startswith(before) for name in names):
            table.rename_columns(names, [name[len(before) :] for name in names])
    return table


# One question


def run(service: Service, part: Part, *, web: Web, max_rows: int, refresh: bool = False) -> Found:
    """One question, asked at once, or as a job where the service would not do it at once.

    One row more than wanted is asked for: where it comes, there are more, whatever the service says.
    """
    asked = Asked(service, part.query, part.upload, web, max_rows + 1, refresh)
    if service.mode == "async":
        reply = asked.as_job()
    else:
        try:
            reply = asked.at_once()
        except (QueryError, RefusedError) as error:
            text = error.message.lower()
            large = error.status == 413 or any(word in text for word in MAKES_JOBS)
            if service.mode == "sync" or not large:
                raise
            reply = asked.as_job()
        else:
            # An answer that ends at the service's limit of synchronous ones is asked again as a job, which has a higher one.
            limited = service.mode == "auto" and 0 < service.sync_cap <= max_rows
            if limited and len(asked.read(reply)) >= service.sync_cap:
                reply = asked.as_job()
    return asked.found(reply, max_rows)
