"""Simple Cone Search: one circle a question, VOTables back.

A cone search has no word for "there are more": an answer of as many rows as the service gives at most is taken for one that
was cut, and so is one that says so nevertheless. Regions that are not round are asked by a few circles that cover them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from skyexplorer import progress
from skyexplorer.services import adql, merging, tiling, votables
from skyexplorer.services.asking import Found, only, refuse
from skyexplorer.services.registry import Service

if TYPE_CHECKING:
    from skyexplorer.model.region import SkyRegion
    from skyexplorer.net import Reply, Web

DAY = 86400.0
TILES = 32  # circles of a region, at most
ALL = 3  # verbosity of SCS: all columns; 2 is the service's own choice


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
    """Ask a cone search; see `skyexplorer.services.ask`.

    Raises
    ------
    InputError
        For a condition: cone search has none.
    """
    refuse(service, "a cone search", where)
    own = tiling.own(region)
    tiles = own if own is not None and len(own) <= TILES else tiling.circles(region, TILES)
    cap = service.row_cap if max_rows is None else min(max_rows, service.row_cap or max_rows)
    answers: list[Found] = []
    for number in range(len(tiles)):
        progress.current().report(number, len(tiles))
        circle = tuple(float(x[number]) for x in (tiles.ra, tiles.dec, tiles.radius))
        answers.append(_one(service, circle, web, columns is not None, cap, refresh))
    found = merging.merged(service, answers)
    if columns is not None:
        found = replace(found, table=only(service, found.table, columns))
    if max_rows is not None and len(found.table) > max_rows:
        found = replace(found, table=found.table[:max_rows], overflow=True)
    how = (
        ""
        if len(tiles) == 1 and region.kind == "circle"
        else f"{len(tiles)} circles, {tiles.overhead:.2g} times its area"
    )
    return replace(found, how=how, address=service.address)


class _Cut(Exception):
    """No error: an answer that may be used, and must not be kept."""

    def __init__(self, reply: Reply, table: Any) -> None:
        self.reply, self.table = reply, table


def _one(
    service: Service, circle: tuple[float, ...], web: Web, everything: bool, cap: int, refresh: bool
) -> Found:
    ra, dec, radius = circle
    params = {
        "RA": adql.number(ra % 360.0),
        "DEC": adql.number(dec),
        "SR": adql.number(min(radius + adql.GROWN, 180.0)),
    }
    if everything:
        params["VERB"] = str(ALL)
    # Services that know of it (DALI) tell when there are more; one row more than wanted tells it of the others.
    params["MAXREC"] = str(cap + 1)
    read: list[Any] = []

    def check(reply: Reply) -> None:
        votables.check(reply.content, service=service.id, url=reply.url)
        table = votables.table(reply.content, service=service.id, url=reply.url)
        read.append(table)
        if votables.overflow(reply.content) or len(table) >= cap:
            raise _Cut(reply, table)

    cut = False
    try:
        reply = web.fetch(service.address, params=params, keep=DAY, refresh=refresh, check=check)
        table = read[-1] if read else votables.table(reply.content, service=service.id, url=reply.url)
    except _Cut as short:
        reply, table, cut = short.reply, short.table, True
    if len(table) > cap:
        table = table[:cap]
    return Found(
        table=table,
        overflow=cut,
        address=service.address,
        query="&".join(f"{name}={value}" for name, value in params.items()),
        raw=reply.content,
        cached_at=reply.cached_at,
        retrieved=reply.cached_at or reply.retrieved,
        checksum="sha256:" + hashlib.sha256(reply.content).hexdigest(),
    )
