"""Tables of VOTables, and what the service says in them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from skyexplorer.errors import FormatError
from skyexplorer.io.choosing import MOST_BYTES, OVERFLOW, Part, choose, leave_note
from skyexplorer.io.files import reading
from skyexplorer.io.roles import frame_of
from skyexplorer.io.xml import refuse_entities
from skyexplorer.progress import turn

_WIDE = re.compile(rb"arraysize\s*=\s*[\"']\s*([\dx*\s]+)[\"']")
_ROWS = re.compile(rb"(<(?:\w+:)?TABLE\b[^>]*?)\snrows\s*=\s*(\"[^\"]*\"|'[^']*')")
_ELSEWHERE = re.compile(rb"<(?:\w+:)?STREAM\b[^>]*\bhref\s*=\s*[\"']([^\"']*)")


@turn()
def read(raw: bytes, wanted: str | int | None = None, empty: bool = False) -> Any:
    """The table of a VOTable: see `skyexplorer.io.tables.read`; with ``empty`` also one of no rows, with its columns.

    UCDs are left in ``column.meta["ucd"]``, frames told by COOSYS in ``column.meta["frame"]``.

    Raises
    ------
    FormatError
        If the service answered with an error, or no table has rows; if data are kept elsewhere, which would have to be
        fetched; if entities are declared.
    """
    votable = tree(raw)
    infos = list(_infos(votable))
    said = [text for info in infos if str(info.name).lower() == "error" and (text := _words(info))]
    for info in infos:
        if str(info.name).upper() == "QUERY_STATUS" and str(info.value).upper() == "ERROR":
            text = (
                "; ".join(dict.fromkeys(said))
                or " ".join(str(info.content or "").split())
                or "no reason is given"
            )
            raise FormatError(
                f"The service answered with an error: {text[:500]}.", "Correct the query, or ask again."
            )
    frames = {
        str(system.ID): frame_of(str(system.system or ""), system.equinox) for system in votable.iter_coosys()
    }
    parts = [
        Part(_name(table, i), len(table.array), lambda t=table, r=resource: _table(t, r, frames))  # type: ignore[misc]
        for i, (resource, table) in enumerate(_tables(votable))
    ]
    if empty and parts and not any(part.rows for part in parts):
        return parts[0].read()
    if not any(part.rows for part in parts):
        told = f" It says: {'; '.join(said)[:500]}." if said else ""
        raise FormatError(f"No table with rows in this VOTable.{told}", "Ask the service again.")
    table = choose(parts, wanted, "VOTable")
    if any(
        str(info.name).upper() == "QUERY_STATUS" and str(info.value).upper() == "OVERFLOW" for info in infos
    ):
        table.meta[OVERFLOW] = True
        leave_note(table, "the service cut the answer (OVERFLOW)")
    return table


@turn()
def tree(raw: bytes) -> Any:
    """The `astropy.io.votable.tree.VOTableFile` of bytes, of no rows too.

    Raises
    ------
    FormatError
        If it cannot be parsed, declares entities or more memory than can be meant, or keeps its data elsewhere.
    """
    from astropy.io.votable import parse

    refuse_entities(raw)
    _bounded(raw)
    with reading("a VOTable"):
        # How many rows there are is told by the rows; a number that lies would be taken as memory to set aside.
        return parse(io.BytesIO(_ROWS.sub(rb"\1", raw)), verify="ignore")


def _bounded(raw: bytes) -> None:
    elsewhere = _ELSEWHERE.search(raw)
    if elsewhere:
        raise FormatError(
            f"The data of this VOTable are kept elsewhere: {elsewhere.group(1)[:200].decode('utf-8', 'replace')!r}.",
            "Fetch that file, and open it.",
        )
    width = 0
    for match in _WIDE.finditer(raw):
        product = 1
        for part in re.findall(rb"\d+", match.group(1)):
            product *= int(part[:12])
        width += 0 if b"*" in match.group(1) else product
    rows = len(re.findall(rb"<(?:\w+:)?TR\b", raw)) or 1
    if width > MOST_BYTES / 8 or width * rows > MOST_BYTES:
        raise FormatError(
            f"The VOTable declares rows of {width:,} cells, more than can be meant.", "Ask the service again."
        )


def _infos(votable: Any) -> Iterator[Any]:
    yield from votable.infos
    waiting = list(votable.resources)
    while waiting:
        resource = waiting.pop(0)
        yield from resource.infos
        for table in resource.tables:
            yield from table.infos
        waiting += resource.resources


def _words(info: Any) -> str:
    return " ".join(str(info.content or info.value or "").split()).strip(" -.")


def _tables(votable: Any) -> Iterator[tuple[Any, Any]]:
    waiting = list(votable.resources)
    while waiting:
        resource = waiting.pop(0)
        for table in resource.tables:
            yield resource, table
        waiting = [*resource.resources, *waiting]


def _name(table: Any, number: int) -> str:
    return str(table.name or table.ID or f"table {number}")


def _table(source: Any, resource: Any, frames: dict[str, str]) -> Any:
    table = source.to_table(use_names_over_ids=True)
    systems = list(resource.coordinate_systems)
    only = frame_of(str(systems[0].system or ""), systems[0].equinox) if len(systems) == 1 else None
    clocks = {str(clock.ID): clock for clock in resource.time_systems}
    for field, name in zip(source.fields, table.colnames, strict=True):
        column = table[name]
        clock = clocks.get(str(field.ref))
        if clock is not None:
            told = (
                ("timeorigin", clock.timeorigin),
                ("timescale", clock.timescale),
                ("refposition", clock.refposition),
            )
            column.meta["timesys"] = {key: value for key, value in told if value is not None}
        if field.ucd:
            column.meta["ucd"] = field.ucd
        frame = frames.get(str(field.ref)) if field.ref else None
        if frame is None and field.ref and re.match(r"[BJ]\d{4}", str(field.ref)):
            frame = frame_of("FK4" if str(field.ref).startswith("B") else "FK5", field.ref)
        if frame is None and only and not re.search(r"icrs|[bj](19|20)\d\d", name.lower()):
            frame = only
        if frame and re.search(r"pos[._]eq[._](ra|dec)", str(field.ucd or "").lower()):
            column.meta["frame"] = frame
    if source.name or source.ID:
        table.meta.setdefault("name", str(source.name or source.ID))
    return table
