"""The registry of the Virtual Observatory: which services there are, by words, band, UCD, region and protocol.

pyvo writes the question (`pyvo.registry.rtcons`) and reads the resources. Its `search` is not used: it takes no session and
so no deadline, asks for capabilities and tables before it asks the registry, and loads a vocabulary from ivoa.net,
without which it fails. One question is asked here, of a registry as RegTAP 1.2 describes it; where it turns out to know no
regions, the same is asked without.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from skyexplorer.errors import AnswerError, InputError, QueryError, ServiceError
from skyexplorer.services import answers, loading, meeting, registry
from skyexplorer.services.resource import ServiceFound, named, placed

if TYPE_CHECKING:
    from skyexplorer.model.region import SkyRegion
    from skyexplorer.net import Web

SERVICE, VARIABLE = "regtap", "IVOA_REGISTRY"
DAY = 86400.0
MOST = 500
"""Resources asked for."""
MOST_TABLES = 200
"""Resources whose tables are asked for with them."""
PREVIEW = 20.0
"""Seconds for the columns of one."""
ORDER = 6
"""Of the coverage that registries keep."""
KINDS = {
    "scs": "conesearch", "sia1": "sia", "sia2": "sia2", "ssa": "ssa", "tap": "tap", "obstap": "tap",
}  # fmt: skip
"""Our protocols, and what pyvo calls them."""
_STANDARDS = {
    "ivo://ivoa.net/std/conesearch": "scs",
    "ivo://ivoa.net/std/sia": "sia1",
    "ivo://ivoa.net/std/sia2": "sia2",
    "ivo://ivoa.net/std/ssa": "ssa",
    "ivo://ivoa.net/std/tap": "tap",
}
WAVEBANDS = (
    "radio", "millimeter", "infrared", "optical", "uv", "euv", "x-ray", "gamma-ray", "neutrino", "photon", "proton",
    "other-particle",
)  # fmt: skip
"""Of http://www.ivoa.net/rdf/messenger, version 2021-03-18."""
_OURS = {
    "gamma": "gamma-ray", "tev": "gamma-ray", "ultraviolet": "uv", "cosmic-ray": "proton", "many": "", "gw": "",
}  # fmt: skip


def address() -> str:
    """Where the registry is asked: ``IVOA_REGISTRY`` of the environment, else the row ``regtap``."""
    return (os.environ.get(VARIABLE, "").strip() or registry.get(SERVICE).address).rstrip("/")


def waveband_of(band: str) -> str:
    """What the registry calls a band: ours, or one of its own words.

    Raises
    ------
    InputError
        For one that it does not know.
    """
    low = band.strip().lower()
    word = _OURS.get(low, low)
    if word not in WAVEBANDS:
        raise InputError(f"waveband is {band!r}.", f"Give one of {', '.join(WAVEBANDS)}.")
    return word


def ask(
    words: str | Sequence[str] = "",
    *,
    web: Web,
    waveband: str | None = None,
    ucd: str | None = None,
    region: SkyRegion | None = None,
    kind: str | None = None,
    max_rows: int = MOST,
    refresh: bool = False,
) -> tuple[list[ServiceFound], bool, Any, str]:
    """Services that the registry knows.

    Parameters
    ----------
    words : str or sequence of str
        All of them are to be in the title, the description or the subjects.
    web : Web
    waveband : str, optional
        A band of the table of services, or a word of the registry such as ``"gamma-ray"``.
    ucd : str, optional
        That one of its columns is to have, such as ``"src.redshift"``; ``%`` stands for anything.
    region : SkyRegion, optional
        That its coverage is to overlap.
    kind : str, optional
        One of `KINDS`.
    max_rows : int
        Resources.
    refresh : bool
        Whether to ask although an answer is kept.

    Returns
    -------
    found : list of ServiceFound
        One for each interface, those with the words in their title first.
    overflow : bool
        Whether the registry has more.
    reply : net.Reply
    note : str
        What was not asked as it was wanted.

    Raises
    ------
    InputError
        For a question without any condition, or a kind or band that is none.
    ServiceError
        Of its kinds.
    """
    wanted = words.split() if isinstance(words, str) else [str(word) for word in words]
    if kind is not None and kind not in KINDS:
        raise InputError(f"kind is {kind!r}.", f"Give one of {', '.join(KINDS)}.")
    if not (wanted or waveband or ucd or region is not None):
        raise InputError("Nothing was given to look for.", "Give words, a waveband, a UCD or a region.")
    note = ""
    try:
        results, reply = _sync(
            query(wanted, waveband, ucd, region, kind),
            web,
            max_rows=max_rows,
            refresh=refresh,
            reader=_resources,
        )
    except QueryError:
        if region is None or not (wanted or waveband or ucd):
            raise
        note = "The registry knows no regions: what is found need not have data there."
        results, reply = _sync(
            query(wanted, waveband, ucd, None, kind),
            web,
            max_rows=max_rows,
            refresh=refresh,
            reader=_resources,
        )
    found = [one for resource in results.resources for one in _interfaces(resource, kind)]
    found, missed = _with_tables(found, web, refresh)
    note = " ".join(filter(None, (note, missed)))
    low = [word.lower() for word in wanted]
    found.sort(key=lambda one: -sum(word in one.title.lower() for word in low))
    return found, answers.overflow(results), reply, note


def query(
    words: Iterable[str], waveband: str | None, ucd: str | None, region: SkyRegion | None, kind: str | None
) -> str:
    """The question in ADQL."""
    loading.pyvo()
    from pyvo.registry import rtcons

    constraints: list[Any] = []
    if kind == "obstap":
        constraints.append(rtcons.Datamodel("obscore"))
    types = [KINDS[kind]] if kind else list(dict.fromkeys(KINDS.values()))
    constraints.append(rtcons.Servicetype(*types).include_auxiliary_services())
    words = list(words)
    if words:
        constraints.append(rtcons.Freetext(*words))
    if waveband:
        constraints.append(_waveband()(waveband_of(waveband)))
    if ucd:
        constraints.append(rtcons.UCD(ucd))
    if region is not None:
        constraints.append(rtcons.Spatial(_geometry(region), order=ORDER, intersect="overlaps"))
    return str(rtcons.build_regtap_query(constraints, _Speaks()))


class _Speaks:
    """A registry that speaks RegTAP 1.2, as pyvo asks whether one does."""

    tables = ("rr.stc_spatial",)

    def get_tap_capability(self) -> _Speaks:
        return self

    def get_adql(self) -> _Speaks:
        return self

    def get_feature(self, kind: str, name: str) -> bool:
        return True


@functools.cache
def _waveband() -> type[Any]:
    loading.pyvo()
    from pyvo.registry import rtcons

    class Waveband(rtcons.Waveband):
        """With the vocabulary at hand, which pyvo would load from the network."""

        _legal_terms = frozenset(WAVEBANDS)

    return Waveband


def _geometry(region: SkyRegion) -> Any:
    narrow = region.radius.to_value("deg") <= meeting.WIDEST
    if region.kind == "polygon" or (region.kind == "circle" and narrow):
        return meeting.dali(region)
    from skyexplorer.io import moc as mocs

    moc = region.to_moc(ORDER)
    return mocs.ascii_of(moc.degrade_to_order(ORDER) if int(moc.max_order) > ORDER else moc)


def _sync(adql: str, web: Web, *, max_rows: int, refresh: bool, reader: Any) -> tuple[Any, Any]:
    """Ask the registry: one question of TAP, synchronous."""
    data = {"REQUEST": "doQuery", "LANG": "ADQL", "QUERY": adql, "MAXREC": str(max_rows), "FORMAT": "votable"}
    row = registry.get(SERVICE)
    places = replace(row, address=address(), mirrors=() if os.environ.get(VARIABLE) else row.mirrors)

    def once(at: str) -> tuple[Any, Any]:
        return answers.read_once(
            web, f"{at}/sync", reader, cut=answers.overflow, data=data, keep=DAY, refresh=refresh
        )

    return answers.mirrored(places, once)


def _resources(reply: Any) -> Any:
    parsed = answers.parse(reply.content, service=SERVICE, url=reply.url)
    try:
        results = _results()(parsed.votable, url=reply.url)
        results.resources = list(results)
    except answers.DAMAGED as error:
        raise AnswerError(
            f"The registry answered with something else than resources: {str(error) or type(error).__name__}.",
            "Ask it again.",
            service=SERVICE,
            url=reply.url,
        ) from error
    return results


@functools.cache
def _results() -> type[Any]:
    loading.pyvo()
    from pyvo.registry.regtap import RegistryResults

    class Results(RegistryResults):
        def _handle_overflow_warning(self, client_set_maxrec: int | None = None) -> None:
            pass

    return Results


def _interfaces(resource: Any, kind: str | None) -> Iterable[ServiceFound]:
    seen: set[tuple[str, str]] = set()
    for interface in resource.interfaces:
        standard = str(interface.standard_id or "").split("#")[0].lower()
        protocol = _STANDARDS.get(standard, "")
        if kind == "obstap" and protocol == "tap":
            protocol = "obstap"
        url = str(interface.access_url or "").strip()
        if not protocol or not url or (protocol, url) in seen or (kind and protocol != kind):
            continue
        seen.add((protocol, url))
        ivoid = str(resource.ivoid)
        end = re.sub(r"\W+", "-", url.rstrip("?&/").rsplit("/", 1)[-1])[-40:] if len(seen) > 1 else ""
        yield ServiceFound(
            f"reg:{ivoid.removeprefix('ivo://')}{f'#{protocol}-{end}' * bool(end)}".lower(),
            ivoid,
            _clean(resource.res_title) or ivoid,
            protocol,
            url,
            _clean(resource.short_name),
            _clean(resource.res_description),
            tuple(band.strip().lower() for band in resource.waveband if band.strip()),
            _clean(resource.source_value) or _clean(resource.reference_url),
            _clean(resource.rights),
            _clean(interface.capability_description),
            tuple(name.strip() for name in resource.creators if name.strip()),
        )


def _clean(text: Any) -> str:
    return " ".join(str(text or "").split())


# Columns of one


def columns(found: ServiceFound, web: Web, *, refresh: bool = False) -> Any:
    """The columns of a service as the registry lists them: an astropy Table of table, name, unit, ucd, type, description.

    Raises
    ------
    ServiceError
        Of its kinds.
    """
    ivoid = found.ivoid.replace("'", "''").lower()
    adql = (
        "SELECT table_name, name, unit, ucd, datatype, column_description "
        f"FROM rr.res_table NATURAL JOIN rr.table_column WHERE ivoid = '{ivoid}'"
    )
    results, _ = _sync(
        adql, web, max_rows=10 * MOST, refresh=refresh,
        reader=lambda reply: answers.parse(reply.content, service=SERVICE, url=reply.url),
    )  # fmt: skip
    rows = answers.table(results)
    for old, new in (("table_name", "table"), ("datatype", "type"), ("column_description", "description")):
        if old in rows.colnames:
            rows.rename_column(old, new)
    return rows


def _with_tables(found: list[ServiceFound], web: Web, refresh: bool) -> tuple[list[ServiceFound], str]:
    """TAP services with the tables that have positions: asked here, so that nobody waits for them later."""
    wanted = sorted({one.ivoid.lower() for one in found if one.kind == "tap"})[:MOST_TABLES]
    if not wanted:
        return found, ""
    listed = ", ".join("'" + ivoid.replace("'", "''") + "'" for ivoid in wanted)
    adql = (
        "SELECT ivoid, table_name, name, ucd FROM rr.res_table NATURAL JOIN rr.table_column "
        f"WHERE ivoid IN ({listed}) AND (ucd LIKE 'pos.eq.%' OR ucd LIKE 'pos_eq_%')"
    )
    try:
        results, _ = _sync(
            adql, web, max_rows=20 * MOST, refresh=refresh,
            reader=lambda reply: answers.parse(reply.content, service=SERVICE, url=reply.url),
        )  # fmt: skip
    except ServiceError as error:
        return found, f"The tables of TAP services could not be asked for: {error.message}"
    rows = answers.table(results)
    by_resource: dict[str, list[Any]] = {}
    for row in rows:
        by_resource.setdefault(str(row["ivoid"]).lower(), []).append(row)
    if answers.overflow(results):
        return found, ""  # some have all their tables, some not: each is asked for when it is needed
    return [
        replace(one, tables=placed(named(by_resource.get(one.ivoid.lower(), ()))))
        if one.kind == "tap" and one.ivoid.lower() in wanted
        else one
        for one in found
    ], ""
