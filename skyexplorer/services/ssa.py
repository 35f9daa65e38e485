"""Spectra and light curves by region, of services that speak SSA; pyvo writes the question, the answers are `records`."""

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
    """The spectra in a region, as a table: parameters are those of `sia.ask`.

    Raises
    ------
    InputError
        For columns or a condition, which the protocol does not have.
    ServiceError
        Of its kinds.
    """
    asking.refuse(service, "asked by SSA", where, columns)
    return _asked(service, region, web, max_rows, refresh)[1]


def find(
    service: Service, region: SkyRegion, *, web: Web, max_rows: int | None = None, refresh: bool = False
) -> tuple[list[Record], Found]:
    """The spectra and light curves in a region, as records, and the answer they are from."""
    results, found = _asked(service, region, web, max_rows, refresh)
    records = meeting.once(
        [one for part in results for one in products.records(part, service.id, "spectrum")]
    )
    return [one for one in records if one.coord is None or region.contains(one.coord)], found


def _asked(
    service: Service, region: SkyRegion, web: Web, max_rows: int | None, refresh: bool
) -> tuple[list[Any], Found]:
    loading.pyvo()
    from pyvo.dal.ssa import SSAQuery

    cap = service.row_cap if max_rows is None else max_rows
    answered = []
    for part in meeting.parts(region):
        width = 2 * part.radius.to_value(u.deg) * u.deg
        query = SSAQuery(service.address, pos=part.center, diameter=width, maxrec=cap)
        results, reply = answers.ask(
            web, service.address, service=service.id, params=dict(query), refresh=refresh
        )
        answered.append((results, answers.found(service, results, reply)))
    return answers.together(service, answered, cap)
