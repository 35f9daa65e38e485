"""CDS X-Match: a list of ours against any table of VizieR, or SIMBAD, matched there.

One job at a time, or the address of whoever asks is banned; lists are sent in parts that its limits allow. Of a list only
positions and row numbers are sent. It matches at most 180 arcsec, at epoch J2000.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u

from skyexplorer.errors import AnswerError, InputError, RefusedError
from skyexplorer.progress import current
from skyexplorer.services import answers, registry, votables

if TYPE_CHECKING:
    from astropy.table import Table

    from skyexplorer.net import Reply, Web
    from skyexplorer.services.registry import Service

SERVICE = "xmatch"
WEEK = 7 * 86400.0
WIDEST = 180.0
"""Arcseconds."""
PART = 200_000
"""Rows of a list that are sent at a time: some 8 MB."""
ROW, RA, DEC, SEPARATION = "sx_row", "sx_ra", "sx_dec", "angDist"
_VIZIER = re.compile(r"^[BIVX]+/|^J/")
_FIELD, _SIZE = re.compile(rb"<FIELD\b[^>]*>"), re.compile(rb"arraysize=\"\d+\*?\"")


def target(right: str | Service) -> str:
    """What X-Match calls a table: of a service, a VizieR table, or SIMBAD.

    Parameters
    ----------
    right : str or Service
        ``"2mass"`` (an id of the table of services), ``"vizier:II/246/out"``, ``"II/246/out"`` or ``"simbad"``.

    Raises
    ------
    InputError
        For a table that is at neither.
    NotFoundError
        For an id that is none.

    Examples
    --------
    >>> from skyexplorer.services import xmatch
    >>> xmatch.target("II/246/out"), xmatch.target("2mass"), xmatch.target("simbad")
    ('vizier:II/246/out', 'vizier:II/246/out', 'simbad')
    """
    if isinstance(right, str):
        text = right.strip()
        if text.lower() == "simbad":
            return "simbad"
        if _VIZIER.match(text):
            return f"vizier:{text}"
        if text.lower().startswith("vizier:"):
            return "vizier:" + text.split(":", 1)[1].strip()
        right = registry.get(text)
    if right.id == "simbad":
        return "simbad"
    named = right.extra.get("xmatch")
    if named:
        return str(named)
    if right.host == "vizier" and right.table:
        return f"vizier:{right.table}"
    raise InputError(
        f"{right.id} ({right.title}) is neither in VizieR nor SIMBAD, where X-Match matches.",
        "Query it for your region, and match here: sky.xmatch(catalog, other).",
    )


def ask(
    catalog: Any,
    right: str | Service,
    radius: u.Quantity,
    web: Web,
    *,
    selection: str = "all",
    refresh: bool = False,
) -> Table:
    """Match positions against a table there.

    Parameters
    ----------
    catalog : SourceCatalog, SkyCoord or Table
        Rows without a position match nothing.
    right : str or Service
        See `target`.
    radius : Quantity
        Above 0, at most 180 arcsec.
    web : Web
        One request at a time.
    selection : {"all", "best"}
        All partners within the radius, or the nearest only.
    refresh : bool
        Whether to ask although an answer is kept.

    Returns
    -------
    Table
        ``left`` (row of the list), ``separation`` (arcsec), then the columns of the table there; sorted by left, then by
        separation. ``meta["overflow"]`` tells whether there are more.

    Raises
    ------
    InputError
        For a radius that cannot be, or a list without positions.
    RefusedError
        Where the service has banned this address.
    QueryError
        For a table that it does not serve.
    ServiceError
        Of its kinds.
    """
    from skyexplorer.model.places import degrees

    arcsec = checked_radius(radius)
    if selection not in ("all", "best"):
        raise InputError(f"selection is {selection!r}.", 'Give "all" or "best".')
    wanted, row = target(right), registry.get(SERVICE)
    ra, dec = degrees(catalog, "catalog")
    rows = np.flatnonzero(np.isfinite(ra) & np.isfinite(dec))
    if not len(rows):
        raise InputError("No row of the list has a position.", "There is nothing to match.")
    parts = []
    for start in range(0, len(rows), PART):
        part = rows[start : start + PART]
        current().report(start, total=len(rows), what=f"X-Match with {wanted}")
        parts.append(_part(row, part, ra[part], dec[part], wanted, arcsec, selection, web, refresh))
    return _joined(parts)


def checked_radius(radius: Any) -> float:
    """A radius in arcseconds; InputError for one that the service does not take."""
    try:
        arcsec = float(u.Quantity(radius).to_value(u.arcsec))
    except (u.UnitsError, TypeError, ValueError) as error:
        raise InputError(f"radius is {radius!r}.", "Give an angle, such as 2 * u.arcsec.") from error
    if not 0 < arcsec <= WIDEST:
        raise InputError(
            f"radius is {arcsec:g} arcsec.", f"X-Match takes more than 0 and at most {WIDEST:g}."
        )
    return arcsec


def _part(
    row: Service,
    rows: Any,
    ra: Any,
    dec: Any,
    wanted: str,
    arcsec: float,
    selection: str,
    web: Web,
    refresh: bool,
) -> Table:
    text = io.StringIO()
    text.write(f"{ROW},{RA},{DEC}\n")
    np.savetxt(text, np.stack([rows, ra, dec], axis=-1), fmt=("%d", "%.9f", "%.9f"), delimiter=",")
    data = {
        "request": "xmatch", "cat2": wanted, "distMaxArcsec": f"{arcsec:.10g}", "RESPONSEFORMAT": "votable",
        "colRA1": RA, "colDec1": DEC, "selection": selection, "area": "allsky", "MAXREC": str(row.row_cap),
    }  # fmt: skip
    files = {"cat1": ("list.csv", text.getvalue(), "text/csv")}

    def once(address: str) -> tuple[tuple[Table, bool], Reply]:
        try:
            return answers.read_once(
                web, address, lambda reply: read(reply.content, reply.url),
                cut=lambda found: found[1] or len(found[0]) >= row.row_cap,
                data=data, files=files, keep=WEEK, refresh=refresh,
            )  # fmt: skip
        except RefusedError as error:
            if error.status == 403:
                banned = RefusedError(
                    "X-Match has banned this address, for too many jobs at a time.",
                    "Write to cds-question@unistra.fr; until then, query the table for your region and match here.",
                    service=SERVICE, url=address, status=403,
                )  # fmt: skip
                raise banned from error
            raise

    (found, cut), reply = answers.mirrored(row, once)
    found.meta["overflow"] = cut or len(found) >= row.row_cap
    found.meta["cached_at"] = reply.cached_at
    return found


def read(raw: bytes, url: str = "") -> tuple[Table, bool]:
    """An answer of X-Match as a table with ``left`` and ``separation`` first, and whether it was cut.

    Raises
    ------
    QueryError
        Where it says no.
    AnswerError
        For something else than a VOTable, or one without these columns.
    """
    votables.check(raw, service=SERVICE, url=url)
    if b"<BINARY" not in raw:
        # Declared sizes of texts may be shorter than the texts: told as of any length, none is cut.
        raw = _FIELD.sub(
            lambda field: _SIZE.sub(b'arraysize="*"', field[0]) if b'"char"' in field[0] else field[0], raw
        )
    results = answers.parse(raw, service=SERVICE, url=url)
    table = answers.table(results)
    missing = [name for name in (SEPARATION, ROW) if name not in table.colnames]
    if missing:
        raise AnswerError(
            f"X-Match answered without the column {missing[0]}; it has {', '.join(table.colnames)[:200]}.",
            "Ask it again.",
            service=SERVICE,
            url=url,
        )
    left = np.asarray(table[ROW], float).astype(np.int64)
    separation = u.Quantity(np.asarray(table[SEPARATION], float), u.arcsec)
    table.remove_columns([name for name in (ROW, SEPARATION, RA, DEC) if name in table.colnames])
    for taken in ("left", "separation"):
        if taken in table.colnames:
            table.rename_column(taken, f"{taken}_there")
    table.add_columns([left, separation], [0, 0], names=["left", "separation"])
    return table, answers.overflow(results)


def _joined(parts: list[Table]) -> Table:
    from astropy.table import vstack

    overflow = any(part.meta["overflow"] for part in parts)
    kept = min((part.meta["cached_at"] for part in parts if part.meta["cached_at"]), default="")
    whole = parts[0] if len(parts) == 1 else vstack(parts, metadata_conflicts="silent")
    order = np.lexsort([np.asarray(whole["separation"]), np.asarray(whole["left"])])
    whole = whole[order]
    whole.meta.clear()
    whole.meta.update(overflow=overflow, cached_at=kept)
    return whole
