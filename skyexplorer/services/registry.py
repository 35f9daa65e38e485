"""The services as rows of a table: who can be asked, where, for what, and by whose leave.

Rows are read from ``services.toml`` beside this file, then from entry points of the group ``skyexplorer.services``, the
user's own ``services.toml`` in the configuration folder, the files that ``SKYEXPLORER_SERVICES`` names, and those given to
`add`. A later row of an id that is known is laid over the earlier one: it need only say what differs, such as an address.
``[[host]]`` rows hold what the services of one host have in common; a service takes them by ``host = "…"``.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

from skyexplorer.errors import InputError, NotFoundError, SkyExplorerWarning

PROTOCOLS = (
    "tap", "obstap", "scs", "sia1", "sia2", "ssa", "datalink", "soda", "regtap", "hips", "moc", "sesame", "xmatch", "file",
    "http",
)  # fmt: skip
SEARCHED = ("tap", "obstap", "scs", "sia1", "sia2", "ssa", "file")
"""Protocols of services that can be asked for a region."""
ROLES = (
    "ra", "dec", "id", "name", "error", "error_major", "error_minor", "error_angle", "time", "energy", "distance",
    "redshift", "type", "flux", "magnitude", "period", "pmra", "pmdec", "parallax", "radial_velocity", "epoch",
    "region", "moc",
)  # fmt: skip
BANDS = (
    "gamma",
    "tev",
    "x-ray",
    "ultraviolet",
    "optical",
    "infrared",
    "radio",
    "neutrino",
    "gw",
    "cosmic-ray",
    "many",
)
MESSENGERS = ("photon", "neutrino", "gravitational wave", "cosmic ray", "many")
GROUP, VARIABLE, FILE = "skyexplorer.services", "SKYEXPLORER_SERVICES", "services.toml"
_ID = re.compile(r"[a-z0-9][a-z0-9+._-]*")

_added: list[Path] = []
_learned: dict[str, Any] = {}  # what was found elsewhere, by id: each has a ``service``


@dataclass(frozen=True)
class Service:
    """One service, or one table of a service: a row of the registry.

    Attributes
    ----------
    id, title : str
        What it is called in code, and by people.
    protocol : str
        One of `PROTOCOLS`.
    address : str
        Base address; of files also a path.
    mirrors : tuple of str
        Other addresses of the same service, asked where the first cannot be reached.
    host : str
        The host row that it takes its address and limits from, or empty.
    table : str
        As its ADQL wants it, without quotes; of files that hold several, which one.
    columns : mapping of str to str
        Columns by role, see `ROLES`.
    select : tuple of str
        Columns that are asked for where nobody names any; empty: all.
    containment : float
        Probability inside the published errors (one sigma is 0.3935 on the sky); 0 where it is not known.
    band, messenger : str
        One of `BANDS`, of `MESSENGERS`.
    row_cap : int
        Rows asked for at most in one question, unless the caller says otherwise.
    sync_cap : int
        Rows that a synchronous answer can have at most; 0: no other than the service's own.
    per_host : int
        Questions at a time.
    upload : int
        Rows of an uploaded table that it takes; 0: it takes none.
    upload_address : str
        Where uploads go, if not to ``address``.
    upload_join : str
        ``"on"`` (JOIN … ON CONTAINS) or ``"comma"`` (FROM a, b WHERE CONTAINS).
    moc, polygon : bool
        Whether its ADQL knows MOC('…'), and POLYGON.
    geometry : bool
        Whether its ADQL knows CONTAINS, POINT and CIRCLE; else coordinates are compared.
    circles : int
        How many circles one question may name.
    frame : str
        First argument of POINT, CIRCLE and the like, where a service insists on one (ADQL 2.0), such as ``"ICRS"``.
    format : str
        RESPONSEFORMAT for answers of many rows, such as ``"votable/b2"``; empty: the service's own choice.
    mode : str
        ``"auto"`` (synchronous, and as a job where that is refused), ``"sync"`` or ``"async"``.
    place : tuple of float
        Right ascension, declination and radius (deg) of a circle that has rows, for `doctor`.
    reference, licence : str
        What to cite, and the terms; ``"unknown"`` where no terms are published.
    verified : str
        When a machine with internet last saw it answer with the declared columns (ISO date), or ``"never"``.
    note : str
        What a reader must know; ``[A]``, ``[B]``, ``[C]`` say how sure the row is: official, seen by others, to be checked.
    extra : mapping
        What only its own client knows of, such as paths below the address.
    """

    id: str
    title: str
    protocol: str
    address: str
    mirrors: tuple[str, ...] = ()
    host: str = ""
    table: str = ""
    columns: Mapping[str, str] = field(default_factory=dict, hash=False)
    select: tuple[str, ...] = ()
    containment: float = 0.0
    band: str = "many"
    messenger: str = "photon"
    row_cap: int = 10_000
    sync_cap: int = 0
    per_host: int = 1
    upload: int = 0
    upload_address: str = ""
    upload_join: str = "on"
    moc: bool = False
    polygon: bool = True
    geometry: bool = True
    circles: int = 16
    frame: str = ""
    format: str = ""
    mode: str = "auto"
    place: tuple[float, ...] = ()
    reference: str = "unknown"
    licence: str = "unknown"
    verified: str = "never"
    note: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def searched(self) -> bool:
        """Whether it can be asked for a region."""
        return self.protocol in SEARCHED and (self.protocol not in ("tap", "obstap") or bool(self.table))

    def on(self, table: str, **changes: Any) -> Service:
        """The same service, asked for another table.

        Examples
        --------
        >>> from skyexplorer.services import registry
        >>> registry.get("vizier").on("J/ApJ/905/76/sources").id
        'vizier:J/ApJ/905/76/sources'
        """
        base = self.id.partition(":")[0]
        return replace(self, **{"id": f"{base}:{table}", "title": table, "table": table, **changes})


_TEXTS = {f.name for f in fields(Service) if f.type == "str"}
_WHOLE = {f.name for f in fields(Service) if f.type == "int"}
_FLAGS = {f.name for f in fields(Service) if f.type == "bool"}
_LISTS = {"mirrors", "select", "place"}
_MAPS = {"columns", "extra"}
_KNOWN = {f.name for f in fields(Service)}
_CHOICES = {
    "protocol": PROTOCOLS,
    "band": BANDS,
    "messenger": MESSENGERS,
    "mode": ("auto", "sync", "async"),
    "upload_join": ("on", "comma"),
}


def services() -> dict[str, Service]:
    """All rows by id, those of the user over those of the package.

    Raises
    ------
    InputError
        If a file of rows cannot be read, or a row cannot be; the message names the file, the row and the field.
    """
    return dict(_services(_sources()))


def get(id: str) -> Service:
    """The row of an id, or of ``"host:table"``, such as ``"vizier:B/vsx/vsx"``.

    Raises
    ------
    NotFoundError
        With the ids that are spelled alike.

    Examples
    --------
    >>> from skyexplorer.services import registry
    >>> registry.get("fermi-4fgl").protocol
    'tap'
    """
    rows = services()
    if id in rows:
        return rows[id]
    low = str(id).strip().lower()
    if low in _learned:
        return _row(_learned[low])
    base, colon, table = str(id).partition(":")
    if low in rows:
        return rows[low]
    if colon and table.strip() and base.lower() in rows and rows[base.lower()].protocol in ("tap", "obstap"):
        return rows[base.lower()].on(table.strip())
    titles = {row.title.lower(): row.id for row in rows.values()}
    close = [titles.get(word, word) for word in difflib.get_close_matches(low, [*rows, *titles], 5, 0.5)]
    close += [name for name in rows if low and low in name]
    near = ", ".join(list(dict.fromkeys(close))[:5])
    raise NotFoundError(
        f"There is no service {id!r}.",
        f"Near it: {near}." if near else "skyexplorer.services.registry.services() lists them.",
    )


def add(path: str | Path) -> list[Service]:
    """Lay the rows of a TOML file over those that are known, for this process; they are returned.

    Raises
    ------
    InputError
        If the file or a row of it cannot be; nothing is added then.
    """
    file = Path(path).expanduser().resolve()
    sources = (*_sources(), (str(file), _text(file)))
    rows = _services(sources)
    _added.append(file)
    return [rows[id] for id in _ids(sources[-1][1])]


def learn(found: Iterable[Any]) -> None:
    """Let services that were found, such as those of the registry, be asked by their id in this process.

    Parameters
    ----------
    found : iterable
        Of things with an ``id`` and a ``service``, which is a `Service`; it is looked up when it is asked for.
    """
    _learned.update({str(one.id).lower(): one for one in found})


def user_file() -> Path:
    """Where the user's own rows stand; it need not exist."""
    import platformdirs

    return Path(platformdirs.user_config_dir("skyexplorer", appauthor=False)) / FILE


def _sources() -> tuple[tuple[str, str], ...]:
    """Names and texts of the files of rows, those that win last."""
    own = resources.files("skyexplorer.services").joinpath(FILE)
    found = [(FILE, _packaged(str(own))), *_entry_points()]
    if user_file().is_file():
        found.append((str(user_file()), _text(user_file())))
    for name in os.environ.get(VARIABLE, "").split(os.pathsep):
        if name.strip():
            found.append((f"{name} (of {VARIABLE})", _text(Path(name.strip()).expanduser())))
    return (*found, *((str(path), _text(path)) for path in _added))


@cache
def _packaged(path: str) -> str:
    return Path(path).read_text("utf-8")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"The services of {str(path)!r} cannot be read: {reason}.", "Name a TOML file."
        ) from error


@cache
def _entry_points() -> tuple[tuple[str, str], ...]:
    """What installed packages add: an entry point is the path of a TOML file, or a function that returns one."""
    found = []
    for point in metadata.entry_points(group=GROUP):
        try:
            given = point.load()
            path = Path(given() if callable(given) else given)
            found.append((f"{path} (of {point.value})", path.read_text("utf-8")))
        except Exception as error:  # noqa: BLE001  another package's fault must not take all services away
            warnings.warn(
                f"The services of the entry point {point.name} = {point.value} were left out: {error}.",
                SkyExplorerWarning,
                stacklevel=2,
            )
    return tuple(found)


@cache
def _services(sources: tuple[tuple[str, str], ...]) -> Mapping[str, Service]:
    hosts: dict[str, dict[str, Any]] = {}
    rows: dict[str, dict[str, Any]] = {}
    where: dict[str, str] = {}
    for name, text in sources:
        for kind, known in (("host", hosts), ("service", rows)):
            seen: set[str] = set()
            for number, row in enumerate(_parsed(name, text).get(kind, ()), 1):
                id = row.get("id")
                label = f"{name}, {kind} {id or number}"
                if not isinstance(id, str) or not _ID.fullmatch(id):
                    raise InputError(
                        f"{label}: the id is {id!r}.",
                        "Give small letters, digits, and any of + . _ - between.",
                    )
                if id in seen:
                    raise InputError(f"{label}: the id stands twice in this file.", "Rename or remove one.")
                seen.add(id)
                _check(label, row)
                merged = dict(known.get(id, {}))
                for key, value in row.items():
                    merged[key] = {**merged.get(key, {}), **value} if key in _MAPS else value
                known[id], where[f"{kind} {id}"] = merged, label
    return MappingProxyType({id: _made(row, hosts, where[f"service {id}"]) for id, row in rows.items()})


def _parsed(name: str, text: str) -> dict[str, Any]:
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{name} is not TOML: {error}.", "Rows begin with [[service]].") from error
    odd = [key for key in found if key not in ("service", "host")]
    if odd or not all(isinstance(rows, list) for rows in found.values()):
        raise InputError(
            f"{name} has {', '.join(odd) or 'something else than rows'} at its top.",
            "Rows begin with [[service]] or [[host]].",
        )
    return found


def _ids(text: str) -> list[str]:
    return [row["id"] for row in tomllib.loads(text).get("service", ())]


def _check(label: str, row: Mapping[str, Any]) -> None:
    """InputError for a field that is not known, or a value that it cannot have."""
    for key, value in row.items():
        if key not in _KNOWN:
            near = difflib.get_close_matches(key, sorted(_KNOWN), 1)
            raise InputError(
                f"{label}: there is no field {key!r}.",
                f"Did you mean {near[0]}?" if near else f"The fields are {', '.join(sorted(_KNOWN))}.",
            )
        choices = _CHOICES.get(key)
        good = (
            (isinstance(value, str) if key in _TEXTS else True)
            and (
                not isinstance(value, bool) and isinstance(value, int) and value >= 0
                if key in _WHOLE
                else True
            )
            and (isinstance(value, bool) if key in _FLAGS else True)
            and (isinstance(value, list) if key in _LISTS else True)
            and (isinstance(value, dict) if key in _MAPS else True)
            and (choices is None or value in choices)
        )
        if key == "place" and good:
            good = len(value) == 3 and all(isinstance(x, int | float) for x in value)
        if key == "containment":
            good = isinstance(value, int | float) and 0 <= value < 1
        if key == "verified" and good:
            good = value == "never" or bool(re.fullmatch(r"\d{4}-\d\d-\d\d", value))
        if not good:
            raise InputError(
                f"{label}: {key} is {value!r}.",
                f"Give one of {', '.join(choices)}."
                if choices
                else "See docs/reference/services.md for what it may be.",
            )
        if key == "columns":
            for role, column in value.items():
                if role not in ROLES:
                    raise InputError(
                        f"{label}: there is no role {role!r}.", f"The roles are {', '.join(ROLES)}."
                    )
                if not isinstance(column, str) or not column:
                    raise InputError(f"{label}: the column of {role} is {column!r}.", "Give its name.")


def _made(row: Mapping[str, Any], hosts: Mapping[str, Mapping[str, Any]], label: str) -> Service:
    host = row.get("host", "")
    if host and host not in hosts:
        raise InputError(f"{label}: there is no host {host!r}.", f"The hosts are {', '.join(hosts)}.")
    # Of a row that has an address of its own the host's mirrors are mirrors of something else.
    shared = {key: value for key, value in hosts.get(host, {}).items() if key not in ("id", "title")}
    if "address" in row:
        shared.pop("mirrors", None)
        shared.pop("upload_address", None)
    whole = {**shared, **row}
    if "columns" in shared:
        whole["columns"] = {**shared["columns"], **row.get("columns", {})}
    for needed in ("title", "protocol", "address"):
        if not whole.get(needed):
            raise InputError(f"{label}: it has no {needed}.", f"Add {needed} = …")
    for key in _LISTS & set(whole):
        whole[key] = tuple(whole[key])
    for key in _MAPS & set(whole):
        whole[key] = MappingProxyType(dict(whole[key]))
    return Service(**whole)


def of(services_: Iterable[str | Service] | str | Service) -> list[Service]:
    """Rows of ids, of rows, or of one of either.

    Raises
    ------
    NotFoundError, InputError
        For an unknown id; for something else, or nothing.
    """
    one = isinstance(services_, str | Service) or hasattr(services_, "service")
    given = [services_] if one else list(services_)  # type: ignore[arg-type]
    if not given or not all(isinstance(each, str | Service) or hasattr(each, "service") for each in given):
        raise InputError(f"service is {services_!r}.", 'Give an id such as "fermi-4fgl", or a list of them.')
    rows = [_row(each) for each in given]
    return list({row.id: row for row in rows}.values())


def _row(one: Any) -> Service:
    """The row of an id, of a row, or of what was found and has one."""
    if isinstance(one, str):
        return get(one)
    return one if isinstance(one, Service) else _row(one.service)
