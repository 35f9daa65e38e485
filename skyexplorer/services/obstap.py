"""ObsTAP: images, spectra and time series of archives that describe them in a table ``ivoa.obscore``.

The question is one of TAP with a further condition; `asking` puts it. Files are asked for by what they cover, where the
archive can tell that (images), or by their centre: many archives give points no footprint, and a light curve is one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

from skyexplorer.errors import InputError, QueryError, ServiceError
from skyexplorer.model.ledger import Answer, Ledger
from skyexplorer.model.record import Record, Records
from skyexplorer.services import answers, asking, meeting, products, registry

if TYPE_CHECKING:
    from skyexplorer.model.region import SkyRegion
    from skyexplorer.net import Web
    from skyexplorer.services.asking import Found
    from skyexplorer.services.registry import Service

COLUMNS = (
    "dataproduct_type", "calib_level", "obs_collection", "obs_id", "obs_publisher_did", "access_url", "access_format",
    "access_estsize", "target_name", "s_ra", "s_dec", "s_fov", "s_region", "s_resolution", "t_min", "t_max", "t_exptime",
    "em_min", "em_max", "facility_name", "instrument_name",
)  # fmt: skip
"""Those that every table of ObsCore has, and that something here uses."""
KINDS = ("image", "cube", "spectrum", "sed", "timeseries", "visibility", "event", "measurements")
IMAGES = ("image", "cube")
SERIES = ("timeseries",)
MOST = 500
"""Files that are listed unless the caller wants more."""


def services() -> list[Service]:
    """The rows of the table of services that have a table of ObsCore."""
    return [row for row in registry.services().values() if is_obscore(row)]


def is_obscore(row: Service) -> bool:
    """Whether a row names a table of ObsCore; missions have such tables with columns of their own."""
    return row.protocol == "obstap" and "obscore" in row.table.lower()


def ask(
    service: Service,
    region: SkyRegion,
    *,
    web: Web,
    dataproduct_type: str | Iterable[str] = (),
    max_rows: int | None = None,
    where: str = "",
    refresh: bool = False,
) -> Found:
    """Files in a region, as a table of ObsCore.

    Parameters
    ----------
    service : Service
    region : SkyRegion
    web : Web
    dataproduct_type : str or iterable of str
        One or more of `KINDS`; none: all.
    max_rows : int, optional
        500 by default.
    where : str
        A further condition in ADQL.
    refresh : bool
        Whether to ask although an answer is kept.

    Raises
    ------
    InputError
        For a kind that is none.
    ServiceError
        Of its kinds.
    """
    kinds = (dataproduct_type,) if isinstance(dataproduct_type, str) else tuple(dataproduct_type)
    wrong = [kind for kind in kinds if kind not in KINDS]
    if wrong:
        raise InputError(f"dataproduct_type is {wrong[0]!r}.", f"Give some of {', '.join(KINDS)}.")
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    conditions = [f"dataproduct_type IN ({listed})"] if kinds else []
    if where.strip():
        conditions.append(f"({where.strip()})")
    given = {
        "web": web, "columns": COLUMNS, "max_rows": MOST if max_rows is None else max_rows,
        "where": " AND ".join(conditions), "refresh": refresh,
    }  # fmt: skip
    points = replace(
        service, columns={role: name for role, name in service.columns.items() if role != "region"}
    )
    if "region" not in service.columns or not set(kinds) & set(IMAGES):
        return asking.ask(points, region, **given)  # type: ignore[arg-type]
    try:
        return asking.ask(service, region, **given)  # type: ignore[arg-type]
    except QueryError:
        # Its footprints are texts to it, and no regions: files are found by their centres.
        found = asking.ask(points, region, **given)  # type: ignore[arg-type]
        return replace(found, note="; ".join(filter(None, [found.note, "asked by the centres of files"])))


def find(
    service: Service,
    region: SkyRegion,
    *,
    web: Web,
    dataproduct_type: str | Iterable[str] = (),
    max_rows: int | None = None,
    refresh: bool = False,
) -> tuple[list[Record], Found]:
    """Files in a region, as records, and the answer they are from; parameters are those of `ask`."""
    found = ask(
        service, region, web=web, dataproduct_type=dataproduct_type, max_rows=max_rows, refresh=refresh
    )
    # The answer as it came, where it was one, tells of services that list what belongs to a row.
    whole = None if found.raw is None else answers.parse(found.raw, service=service.id, url=found.address)
    source = found.table if whole is None or len(whole) != len(found.table) else whole
    return meeting.within(products.records(source, service.id), region), found


def series(region: SkyRegion, web: Web, service: Service | str | None = None) -> Records:
    """Time series in a region.

    Parameters
    ----------
    region : SkyRegion
    web : Web
        With the deadline of all of it.
    service : Service or str, optional
        One that has a table of ObsCore, or time series by SSA; by default all of `services`, one after another.

    Returns
    -------
    Records
        With a ledger: where one service fails, the others count.

    Raises
    ------
    ServiceError
        Where a single service was asked, and failed.
    """
    from skyexplorer.services import ssa

    rows = services() if service is None else registry.of(service)
    kept: list[Record] = []
    told: list[Answer] = []
    for row in rows:
        began = monotonic()
        try:
            if row.protocol == "ssa":
                records, found = ssa.find(row, region, web=web)
                records = [record for record in records if "time" in record.kind]
            else:
                records, found = find(row, region, web=web, dataproduct_type=SERIES)
        except ServiceError as error:
            if service is not None:
                raise
            told.append(Answer.of_error(row.id, error, seconds=monotonic() - began))
            continue
        kept += records
        told.append(answered(row, found, len(records), monotonic() - began))
    return Records(kept, Ledger(told))


def answered(row: Service, found: Found, rows: int, seconds: float) -> Answer:
    """What an answer is in a ledger."""
    return Answer(
        row.id,
        "cached" if found.cached_at else "ok",
        rows=rows,
        seconds=seconds,
        overflow=found.overflow,
        address=found.address,
        query=found.query,
        cached_at=found.cached_at,
    )
