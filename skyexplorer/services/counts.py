"""How many rows of a table lie in a region: asked of its service, which sends one number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from skyexplorer.errors import AnswerError, InputError
from skyexplorer.services import adql, answers, asking, meeting, products, tiling

if TYPE_CHECKING:
    from skyexplorer.model.region import SkyRegion
    from skyexplorer.net import Web
    from skyexplorer.services.registry import Service

HOUR = 3600.0
SAME = 1e-9
"""By so little areas may differ that are the same."""
CIRCLES = 16
"""Of a region that the service has no word for: what they cover beside it is taken off in proportion."""


@dataclass(frozen=True)
class Count:
    """A number of rows.

    Parameters
    ----------
    number : int
    estimate : bool
        Whether it is one for another region, scaled by area.
    address, query, cached_at : str
        Where was asked, what, and when, where the answer was kept.
    """

    number: int
    estimate: bool = False
    address: str = ""
    query: str = ""
    cached_at: str = ""

    @property
    def rows(self) -> int:
        """The same, for ledgers."""
        return self.number


def ask(service: Service, region: SkyRegion, *, web: Web, refresh: bool = False) -> Count:
    """Count the rows of a table in a region.

    Parameters
    ----------
    service : Service
        Of TAP, with a table.
    region : SkyRegion
    web : Web
    refresh : bool
        Whether to ask although an answer is kept.

    Raises
    ------
    InputError
        For a service that is not asked by TAP.
    ServiceError
        Of its kinds.
    """
    if service.protocol not in ("tap", "obstap") or not service.table:
        raise InputError(f"{service.id} cannot count: it is no table of TAP.", "Query it.")
    shapes, scale = _shapes(service, region)
    question = (
        f"SELECT COUNT(*) AS n FROM {adql.table(service.table)} WHERE {adql.condition(service, shapes)}"
    )
    data = {"REQUEST": "doQuery", "LANG": "ADQL", "QUERY": question, "FORMAT": "votable", "MAXREC": "1"}
    results, reply = answers.mirrored(
        service,
        lambda at: answers.ask(
            web, f"{at.rstrip('/')}/sync", service=service.id, data=data, keep=HOUR, refresh=refresh
        ),
    )
    rows = results.resultstable.array
    value = products.plain(rows[rows.dtype.names[0]][0]) if len(rows) else None
    if value is None:
        raise AnswerError(
            f"{service.id} answered a count without a number.",
            "Query it: the rows are counted here.",
            service=service.id,
            url=reply.url,
        )
    number = int(np.rint(float(value) * scale))
    return Count(number, scale < 1, asking.shown(service.address), question, reply.cached_at)


def _part(region: SkyRegion, area: float) -> float:
    """Which part of an area (deg²) that covers it a region is."""
    part = float(region.area.to_value("deg2")) / area
    return part if part < 1 - SAME else 1.0


def _shapes(service: Service, region: SkyRegion) -> tuple[list[adql.Shape], float]:
    """What is asked for, and which part of it the region is."""
    around = adql.Circle(
        *(float(x) for x in (region.center.ra.deg, region.center.dec.deg, region.radius.to_value("deg")))
    )
    if region.kind == "circle":
        return [around], 1.0
    if not service.geometry:
        return [around], _part(region, float(tiling.cap(around.radius)))
    if region.kind == "polygon" and service.polygon:
        numbers = meeting.dali(region)
        return [adql.Polygon(numbers[0::2], numbers[1::2])], 1.0
    if service.moc and not adql.footprint(service):
        cells = tiling.moc(region)
        return [adql.Cells(cells)], _part(region, tiling.area_of(cells))
    tiles = tiling.circles(region, max(min(CIRCLES, service.circles), 1))
    shapes: list[adql.Shape] = [
        adql.Circle(*values) for values in zip(tiles.ra, tiles.dec, tiles.radius, strict=True)
    ]
    return shapes, 1 / max(float(tiles.overhead), 1.0)
