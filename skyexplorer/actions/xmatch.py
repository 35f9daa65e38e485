"""Matching a list: here, against another list of ours; or at CDS, against any table of VizieR, or SIMBAD."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from astropy import units as u

from skyexplorer.errors import InputError
from skyexplorer.services import xmatch
from skyexplorer.services.registry import Service
from skyexplorer.session.ledgers import asking
from skyexplorer.session.session import Session

if TYPE_CHECKING:
    from astropy.table import Table

DEADLINE = 300.0
"""Seconds: jobs of the service may take minutes."""


def prepare(
    session: Session,
    catalog: Any,
    other: Any,
    radius: u.Quantity,
    *,
    mode: str = "all",
    deadline: float = DEADLINE,
    refresh: bool = False,
) -> tuple[Callable[[], Table], bool]:
    """What matches, and whether it asks the network; see `SkyExplorer.xmatch`.

    A name is looked for among the layers first, then among the services.

    Raises
    ------
    InputError, NotFoundError
        For what cannot be matched.
    """
    if isinstance(catalog, str):
        catalog = session.layers[catalog].data
    if mode not in ("all", "nearest"):
        raise InputError(f"mode is {mode!r}.", 'Give "all" or "nearest".')
    if not deadline > 0:
        raise InputError(f"deadline is {deadline!r}.", "Give seconds, more than 0.")
    if isinstance(other, str) and other in session.layers:
        other = session.layers[other].data
    if isinstance(other, str | Service):
        xmatch.target(other)
        xmatch.checked_radius(radius)
        return partial(ask_there, catalog, other, radius, mode, float(deadline), refresh), True
    from skyexplorer.model.matching import crossmatch

    return partial(crossmatch, catalog, other, radius=radius, mode=mode), False


def ask_there(
    catalog: Any,
    other: str | Service,
    radius: u.Quantity,
    mode: str = "all",
    deadline: float = DEADLINE,
    refresh: bool = False,
) -> Table:
    """Match at CDS.

    Raises
    ------
    InputError, ServiceError
    """
    from skyexplorer.net import Web

    with asking(xmatch.SERVICE) as row, Web(xmatch.SERVICE, deadline, per_host=1) as web:
        selection = "best" if mode == "nearest" else "all"
        found = xmatch.ask(catalog, other, radius, web, selection=selection, refresh=refresh)
        row.tell(rows=len(found), overflow=found.meta["overflow"], cached_at=found.meta["cached_at"])
    return found
