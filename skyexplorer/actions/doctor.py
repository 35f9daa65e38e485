"""Doctor: what this installation is made of, and which of the services answer as their rows say.

Rows of services come from documentation. Whoever has a network asks them with `examine`: each is asked for a few rows at a
place that has some, and the columns that its row declares are looked for among those that came; where one is not there, the
service's own columns that are spelled alike are told. That is how a row is verified.
"""

from __future__ import annotations

import difflib
import os
import platform
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib import metadata
from itertools import pairwise
from pathlib import Path

from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer import __version__
from skyexplorer.actions import checkup
from skyexplorer.errors import QueryError, ServiceError, SkyExplorerError
from skyexplorer.io import roles
from skyexplorer.model.ledger import Answer
from skyexplorer.model.region import SkyRegion
from skyexplorer.services import Service, adql, ask, asking, registry

FEW = 20  # rows asked for
LIKE = 4  # columns that are told for one that is missing
PACKAGES = (
    "numpy", "scipy", "astropy", "pyvo", "astroquery", "requests", "numba", "mocpy", "pyarrow", "ipyaladin", "ipywidgets",
    "anywidget", "bokeh", "jupyterlab", "lsdb",
)  # fmt: skip
SECRETS = re.compile(r"TOKEN|PASSWORD|SECRET|KEY$", re.IGNORECASE)


@dataclass(frozen=True)
class Finding:
    """What became of one service.

    Attributes
    ----------
    service : Service
    answer : Answer
    missing : dict of str to tuple of str
        Declared columns that did not come, and the service's own that are spelled alike.
    note : str
        What else was seen.
    """

    service: Service
    answer: Answer
    missing: dict[str, tuple[str, ...]] = field(default_factory=dict)
    note: str = ""

    @property
    def good(self) -> bool:
        """Whether it answered as its row says."""
        return self.answer.good and not self.missing


def examine(services: Iterable[str | Service] = (), seconds: float = 20.0) -> Iterator[Finding]:
    """Ask services in turn.

    Parameters
    ----------
    services : iterable of str or Service
        By default all that have an address on the network.
    seconds : float
        For each.

    Examples
    --------
    >>> from skyexplorer.actions import doctor
    >>> from skyexplorer.services import Service
    >>> found = next(doctor.examine([Service("gone", "Gone", "file", "/nowhere", place=(0.0, 0.0, 1.0))]))
    >>> found.good, found.answer.message
    (False, 'The file /nowhere of gone is not there.')
    """
    given = list(services)
    rows = (
        registry.of(given)
        if given
        else [row for row in registry.services().values() if row.table or not _a_host(row)]
    )
    for row in rows:
        yield _examined(row, seconds)


def _a_host(row: Service) -> bool:
    return row.protocol in ("tap", "obstap") and not row.table


def _examined(row: Service, seconds: float) -> Finding:
    from skyexplorer.net import Web, credentials

    began = time.monotonic()
    with Web(row.id, seconds, per_host=row.per_host, auth=credentials.of(row.id), retries=1) as web:
        try:
            if row.searched and row.place:
                return _asked(row, web, began)
            return _reached(row, web, began)
        except ServiceError as error:
            answer = Answer.of_error(row.id, error, seconds=time.monotonic() - began)
            if isinstance(error, QueryError) and row.protocol in ("tap", "obstap"):
                return replace(_explained(row, seconds, answer), answer=answer)
            return Finding(row, answer)
        except SkyExplorerError as error:
            return Finding(row, Answer.of_error(row.id, error, seconds=time.monotonic() - began))


def _asked(row: Service, web: object, began: float) -> Finding:
    """All columns of a few rows, so that the service need not know the ones that are declared."""
    ra, dec, radius = row.place
    region = SkyRegion.circle(SkyCoord(ra * u.deg, dec * u.deg), radius * u.deg)
    whole = replace(row, select=())
    found = ask(whole, region, web=web, max_rows=FEW, refresh=True)  # type: ignore[arg-type]
    answer = Answer(
        row.id, "ok", rows=len(found.table), seconds=time.monotonic() - began, overflow=found.overflow,
        address=found.address, query=found.query,
    )  # fmt: skip
    names = [str(name) for name in found.table.colnames]
    note = "" if len(found.table) else "no rows at its place"
    return Finding(row, answer, _missing(row, names, found), note)


def _missing(
    row: Service, names: Sequence[str], found: asking.Found | None = None
) -> dict[str, tuple[str, ...]]:
    low = {name.lower() for name in names}
    absent = {
        column: role
        for role, column in row.columns.items()
        if (found is None and column.strip('"').lower() not in low)
        or (found is not None and asking.column_of(row, role, found.table) is None)
    }
    absent |= {
        column: "" for column in row.select if column.strip('"').lower() not in low and column not in absent
    }
    return {column: _alike(column, names, role) for column, role in absent.items()}


def _alike(column: str, names: Sequence[str], role: str = "") -> tuple[str, ...]:
    """Names that are spelled alike; of a position also those that positions have elsewhere."""
    by_low = {name.lower(): name for name in names}
    low = column.strip('"').lower()
    near = difflib.get_close_matches(low, list(by_low), LIKE, 0.5)
    usual = {"ra": roles.RA_NAMES, "dec": roles.DEC_NAMES}.get(role, ())
    near += [name for name in usual if name in by_low]
    near += [name for name in by_low if low[:3] and name.startswith(low[:3])]
    return tuple(by_low[name] for name in dict.fromkeys(near))[:LIKE]


def _reached(row: Service, web: object, began: float) -> Finding:
    """Whether anybody is there: by the question its row has for that, else at its address."""
    address = row.address.rstrip("/") + str(row.extra.get("probe", ""))
    if row.protocol == "regtap":
        return _asked_registry(row, web, began)
    # At the bare address many say that something is missing in the question: they are there.
    accept = () if "probe" in row.extra else tuple(range(400, 500))
    reply = web.fetch(address, accept=accept)  # type: ignore[attr-defined]
    answer = Answer(row.id, "ok", seconds=time.monotonic() - began, address=reply.url)
    return Finding(row, answer, note=f"HTTP {reply.status}, {len(reply.content):,} bytes")


def _asked_registry(row: Service, web: object, began: float) -> Finding:
    columns, _ = _columns(replace(row, table="rr.resource"), web)
    answer = Answer(
        row.id, "ok", rows=len(columns), seconds=time.monotonic() - began, address=asking.shown(row.address)
    )
    return Finding(row, answer, note="columns of rr.resource")


def _explained(row: Service, seconds: float, answer: Answer) -> Finding:
    """Why a question was refused: what of the row the service does not know."""
    from skyexplorer.net import Web, credentials

    with Web(row.id, seconds, per_host=row.per_host, auth=credentials.of(row.id), retries=0) as web:
        try:
            names, tables = _columns(row, web)
        except SkyExplorerError as error:
            return Finding(row, answer, note=f"its columns cannot be listed: {error.message}")
    if names:
        return Finding(row, answer, _missing(row, names))
    near = ", ".join(_alike(row.table, tables)) or "none is spelled alike"
    return Finding(row, answer, note=f"there is no table {row.table}; near it: {near}")


def _columns(row: Service, web: object) -> tuple[list[str], list[str]]:
    """Names of the columns of its table; and, where there are none, of all tables."""
    from skyexplorer.services import tap

    def told(query: str, rows: int) -> list[str]:
        plain = replace(row, upload=0, mode="sync")
        found = tap.run(plain, tap.Part(query), web=web, max_rows=rows, refresh=True)  # type: ignore[arg-type]
        return [str(value) for value in found.table[found.table.colnames[0]]]

    name = row.table.strip('"').replace("'", "''")
    spelled = {name, adql.table(name), name.lower()}
    choice = " OR ".join(f"table_name = '{word}'" for word in sorted(spelled))
    names = told(f"SELECT column_name FROM TAP_SCHEMA.columns WHERE {choice}", 2000)
    return names, [] if names else told("SELECT table_name FROM TAP_SCHEMA.tables", 50_000)


# Telling


def table(findings: Iterable[Finding]) -> Iterator[str]:
    """The lines of a table, as services answer."""
    yield f"{'service':<22} {'state':<12} {'seconds':>7} {'rows':>6}  what"
    for found in findings:
        answer = found.answer
        rows = "" if answer.rows is None else f"{answer.rows}{'+' if answer.overflow else ''}"
        state = answer.state if not answer.good or found.good else "columns"
        what = answer.message or found.note
        yield f"{found.service.id:<22} {state:<12} {answer.seconds:>7.1f} {rows:>6}  {what[:160]}".rstrip()
        if answer.message and found.note:
            yield f"{'':<22} {found.note}"
        for column, near in found.missing.items():
            alike = f"it has {', '.join(near)}" if near else "none is spelled alike"
            yield f"{'':<22} missing: {column}; {alike}"


def write(findings: Iterable[Finding], path: Path | None = None, day: str = "") -> Path:
    """Record in the user's file of services when those that were good answered; other lines of it stay.

    Parameters
    ----------
    findings : iterable of Finding
    path : Path, optional
        By default the user's ``services.toml``.
    day : str, optional
        ISO date; by default today (UTC).
    """
    path = path or registry.user_file()
    day = day or datetime.now(UTC).date().isoformat()
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    for found in findings:
        if found.good:
            lines = _dated(lines, found.service.id, day)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def _dated(lines: list[str], id: str, day: str) -> list[str]:
    entry = f'verified = "{day}"'
    starts = [n for n, line in enumerate(lines) if re.match(r"\s*\[\[", line)] + [len(lines)]
    for start, stop in pairwise(starts):
        block = lines[start:stop]
        at = next(
            (n for n, line in enumerate(block) if re.match(rf'\s*id\s*=\s*["\']{re.escape(id)}["\']', line)),
            None,
        )
        if at is None or "service" not in block[0]:
            continue
        old = next((n for n, line in enumerate(block) if re.match(r"\s*verified\s*=", line)), None)
        if old is not None:
            block[old] = entry
        else:
            block.insert(at + 1, entry)
        return [*lines[:start], *block, *lines[stop:]]
    return [*lines, *([""] if lines else []), "[[service]]", f'id = "{id}"', entry]


def environment() -> Iterator[str]:
    """Versions, the cache, and what the environment says; no secrets."""
    from skyexplorer.net import cache, offline

    yield f"skyexplorer {__version__} on Python {platform.python_version()}, {platform.platform()}"
    for name in PACKAGES:
        version = "not installed"
        with suppress(metadata.PackageNotFoundError):
            version = metadata.version(name)
        yield f"  {name:<12} {version}"
    folder = cache.folder()
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
    yield f"cache: {folder}, {len(sizes)} files, {sum(sizes) / 1e6:.1f} MB"
    yield f"network: {'offline, only kept answers are given' if offline() else 'asked'}"
    rows = registry.services().values()
    never = sum(row.verified == "never" for row in rows)
    yield f"services: {len(rows)}, of which {never} were never verified; yours would be in {registry.user_file()}"
    for name in sorted(name for name in os.environ if name.startswith("SKYEXPLORER_")):
        yield f"{name} = {'***' if SECRETS.search(name) else os.environ[name]}"


def run(services: Sequence[str] | None, seconds: float = 20.0, record: bool = False) -> int:
    """Print what is found; 1 if a service failed, else 0. None for ``services`` is not to ask any.

    Without services it is a `checkup` of this machine, and 1 says that something is missing.
    """
    if services is None:
        code = checkup.run()
        print("\nFor a report:")
        for line in environment():
            print(line)
        return code
    if services:
        registry.of(services)  # before the head of the table stands there: a wrong id
    seen: list[Finding] = []

    def watched() -> Iterator[Finding]:
        for found in examine(services, seconds):
            seen.append(found)
            yield found

    for line in table(watched()):
        print(line, flush=True)
    good = sum(found.good for found in seen)
    print(f"{good} of {len(seen)} answered as their rows say.")
    if record:
        print(f"Recorded in {write(seen)}")
    return 0 if good == len(seen) else 1
