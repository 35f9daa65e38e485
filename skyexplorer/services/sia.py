"""Images by region: SIA version 1 (a box of right ascension and declination) and version 2 (circles and polygons).

pyvo writes the questions; the answers are `records`. SIA 1 cannot say that it has more rows than came: an answer of just as
many as were asked for is taken for one that was cut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from astropy import units as u

from skyexplorer.model.region import SkyRegion
from skyexplorer.services import answers, asking, loading, meeting, products

if TYPE_CHECKING:
    from skyexplorer.model.record import Record
    from skyexplorer.net import Web
    from skyexplorer.services.asking import Found
    from skyexplorer.services.registry import Service

WIDEST = 180.0
"""Degrees of a box of SIA 1."""
INTERSECT = "OVERLAPS"


def ask(
    service: Service,
    region: SkyRegion,
    *,
    web: Web,
    columns: Any = None,
    max_rows: int | None = None,
    where: str = "",
    refresh: bool = False,
) -> Found:
    """The images that overlap a region, as a table.

    Parameters
    ----------
    service : Service
        Of protocol ``"sia1"`` or ``"sia2"``.
    region : SkyRegion
        Circles and, of version 2, polygons are asked as they are; others by a circle around them.
    web : Web
    columns, where : optional
        There are none in these protocols: both stay empty.
    max_rows : int, optional
        By default the row cap of the service.
    refresh : bool
        Whether to ask although an answer is kept.

    Raises
    ------
    InputError
        For columns or a condition.
    ServiceError
        Of its kinds.
    """
    asking.refuse(service, "asked by SIA", where, columns)
    return _asked(service, region, web, max_rows, refresh)[1]


def find(
    service: Service, region: SkyRegion, *, web: Web, max_rows: int | None = None, refresh: bool = False
) -> tuple[list[Record], Found]:
    """The images that overlap a region, as records, and the answer they are from."""
    results, found = _asked(service, region, web, max_rows, refresh)
    records = [one for part in results for one in products.records(part, service.id, "image")]
    return meeting.within(meeting.once(records), region), found


def _asked(
    service: Service, region: SkyRegion, web: Web, max_rows: int | None, refresh: bool
) -> tuple[list[Any], Found]:
    cap = service.row_cap if max_rows is None else max_rows
    second = service.protocol == "sia2"
    answered = []
    for part in [region] if second and region.kind == "polygon" else meeting.parts(region):
        params = version2(service.address, part, cap) if second else version1(service.address, part)
        results, reply = answers.ask(web, service.address, service=service.id, params=params, refresh=refresh)
        answered.append((results, answers.found(service, results, reply, max_rows=None if second else cap)))
    return answers.together(service, answered, cap)


def version1(address: str, region: SkyRegion) -> dict[str, Any]:
    """The parameters of a question of SIA 1: a box around the region."""
    loading.pyvo()
    from pyvo.dal.sia import SIAQuery

    size = min(2 * region.radius.to_value(u.deg), WIDEST)
    return dict(SIAQuery(address, pos=region.center, size=size * u.deg, intersect=INTERSECT))


def version2(address: str, region: SkyRegion, max_rows: int) -> dict[str, Any]:
    """The parameters of a question of SIA 2: the circle or polygon itself, else a circle around the region."""
    loading.pyvo()
    from pyvo.dal.sia2 import SIA2Query

    query = SIA2Query(address, pos=tuple(value * u.deg for value in meeting.dali(region)), maxrec=max_rows)
    return {
        name: list(value) if isinstance(value, list | set | tuple) else value for name, value in query.items()
    }
