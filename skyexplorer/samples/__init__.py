"""The embedded default: small tables of published figures, and things computed.

Chosen rows and columns of public catalogues, each with its reference in its header (``tables/``); a map
of GW170817 drawn from published numbers; a run of a Cherenkov telescope that was never made; a model of the Milky Way. A
sample never poses as the live thing: its origin says that it is one.

Examples
--------
>>> from skyexplorer import samples
>>> samples.names()[:3]
['GW170817', 'IC-170922A', 'icecube-alerts']
>>> samples.open("fermi-sources").origin.service
'sample'
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from skyexplorer.errors import NotFoundError

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord
    from astropy.table import Table

    from skyexplorer.model.catalog import SourceCatalog
    from skyexplorer.model.event import Event
    from skyexplorer.model.eventlist import EventList
    from skyexplorer.model.lightcurve import LightCurve
    from skyexplorer.model.origin import Origin
    from skyexplorer.model.tiles import TileSet

__all__ = ["default_layers", "light_curve", "milky_way", "names", "open", "resolve"]

HOST, KILONOVA = "NGC 4993", "AT2017gfo"
KILONOVA_DEG = (197.4503, -23.3815)  # of the host, as SCIENCE gives it for NGC 4993


def _read(name: str) -> Table:
    from astropy.table import Table

    text = resources.files(__name__).joinpath("tables", name).read_text("utf-8")
    return Table.read(text, format="ascii.ecsv")


def _origin(table: Table) -> Origin:
    from skyexplorer.model.origin import Origin

    meta = table.meta
    return Origin(
        title=meta["title"],
        service="sample",
        reference=meta["reference"],
        licence=meta["licence"],
        note=meta["note"],
        rows=len(table),
    )


def _catalog(table: Table, **facts: Any) -> SourceCatalog:
    from skyexplorer.model.catalog import SourceCatalog

    origin = _origin(table)
    return SourceCatalog(table, title=origin.title, origin=origin, **facts)


@cache
def _alerts() -> list[Event]:
    from skyexplorer.io.icecat import Alert
    from skyexplorer.model.event import Event

    table = _read("icecube_alerts.ecsv")
    origin = _origin(table)
    return [
        Event._of_alert(
            Alert(
                str(row["name"]), float(row["mjd"]), float(row["ra"]), float(row["dec"]),
                (float(row["ra_plus"]), float(row["ra_minus"])), (float(row["dec_plus"]), float(row["dec_minus"])),
                float(row["energy"]), float(row["far"]), float(row["signalness"]), str(row["stream"]), (),
            ),
            origin,
        )
        for row in table
    ]  # fmt: skip


def _alert() -> Event:
    return next(event for event in _alerts() if event.name == "IC170922A")


@cache
def _fermi() -> SourceCatalog:
    table = _read("fermi_sources.ecsv")
    _add(table, "fermi_history.ecsv", "Flux_History", "Unc_Flux_History")
    _add(table, "fermi_bands.ecsv", "Flux_Band", "Unc_Flux_Band", "nuFnu_Band")
    return _catalog(table)


@cache
def _tev() -> SourceCatalog:
    table = _read("tev_sources.ecsv")
    ends = ("Energy", "Energy_Min", "Energy_Max", "Flux", "Flux_Err_Lo", "Flux_Err_Hi", "Flux_UL")
    _add(table, "tev_points.ecsv", *(f"Flux_Points_{end}" for end in ends))
    return _catalog(table)


def _add(table: Table, more: str, *columns: str) -> None:
    """Columns of several numbers each, from a table of the same rows that has them side by side."""
    import numpy as np

    other = _read(more)
    if list(table["Source_Name"]) != list(other["Source_Name"]):
        raise ValueError(f"the sample table {more} holds other rows")
    for name in columns:
        parts = [other[column] for column in other.colnames if column.rpartition(".")[0] == name]
        table[name] = np.stack([np.ma.filled(np.ma.asarray(part, float), np.nan) for part in parts], axis=1)
        table[name].unit = parts[0].unit


@cache
def _galaxies() -> SourceCatalog:
    return _catalog(_read("gw170817_galaxies.ecsv"))


@cache
def _transients() -> SourceCatalog:
    from astropy.table import Table

    table = Table(
        {
            "name": [KILONOVA],
            "ra": [KILONOVA_DEG[0]],
            "dec": [KILONOVA_DEG[1]],
            "host": [HOST],
            "type": ["kilonova"],
        }
    )
    table["ra"].unit = table["dec"].unit = "deg"
    table.meta.update(
        title="Transients",
        reference="Abbott et al. 2017, ApJL 848, L12",
        licence="unknown",
        note="The kilonova of GW170817, at the position of its host NGC 4993.",
    )
    return _catalog(table, kind="transients", band="optical")


@cache
def _kilonova() -> LightCurve:
    from dataclasses import replace

    from skyexplorer.model.lightcurve import LightCurve

    table = _read("at2017gfo.ecsv")
    table["magsys"] = "ab"
    curve = LightCurve.from_table(table, name=KILONOVA)
    return replace(curve, origin=_origin(table))


def _merger() -> Event:
    from skyexplorer.samples import gw170817

    return gw170817.event()


def _run() -> EventList:
    from skyexplorer.samples import crab

    return crab.events()


_SAMPLES: dict[str, Callable[[], Any]] = {
    "GW170817": _merger,
    "IC-170922A": _alert,
    "icecube-alerts": _alerts,
    "fermi-sources": _fermi,
    "tev-sources": _tev,
    "gw170817-galaxies": _galaxies,
    "transients": _transients,
    "AT2017gfo": _kilonova,
    "crab-run": _run,
}
_DRAWN = ("gw170817-galaxies", "fermi-sources", "tev-sources", "icecube-alerts", "transients", "GW170817")
_CURVES: dict[str, Callable[[], LightCurve]] = {"AT2017gfo": _kilonova, "NGC 4993": _kilonova}


def _key(name: str) -> str:
    return re.sub(r"[\s_+-]", "", name).casefold()


def names() -> list[str]:
    """Names that `open` knows.

    Returns
    -------
    list of str

    Examples
    --------
    >>> from skyexplorer import samples
    >>> "fermi-sources" in samples.names()
    True
    """
    return list(_SAMPLES)


def open(name: str) -> Event | list[Event] | SourceCatalog | LightCurve | EventList:
    """A sample by its name; capitals, blanks, hyphens and underscores do not matter.

    Parameters
    ----------
    name : str

    Returns
    -------
    Event, list of Event, SourceCatalog, LightCurve or EventList

    Raises
    ------
    NotFoundError
        If there is none of that name; the message lists them.

    Examples
    --------
    >>> from skyexplorer import samples
    >>> samples.open("gw170817").localization.credible_area(0.9).round()
    <Quantity 28. deg2>
    """
    for known, make in _SAMPLES.items():
        if _key(known) == _key(name):
            return make()
    raise NotFoundError(f"There is no sample {name!r}.", f"Samples are {', '.join(names())}.")


def default_layers() -> list[tuple[str, Any]]:
    """Names and samples of the layers that an explorer starts with, in drawing order.

    Returns
    -------
    list of (str, object)

    Examples
    --------
    >>> from skyexplorer import samples
    >>> [name for name, _ in samples.default_layers()][-1]
    'GW170817'
    """
    return [(name, open(name)) for name in _DRAWN]


def light_curve(name: str) -> LightCurve | None:
    """The light curve of a source by any of its names, or None where no sample has one.

    Parameters
    ----------
    name : str
        Capitals, blanks, hyphens and underscores do not matter.

    Returns
    -------
    LightCurve or None

    Examples
    --------
    >>> from skyexplorer import samples
    >>> samples.light_curve("TXS 0506+056").quantity
    'photon flux'
    """
    for known, make in _CURVES.items():
        if _key(known) == _key(name):
            return make()
    catalog = _fermi()
    for index, own in enumerate(catalog.names):
        if _key(name) in {_key(own), *map(_key, catalog.other_names(index))}:
            return catalog.light_curve(index)
    return None


def resolve(name: str) -> SkyCoord | None:
    """The position of a sample source or event by any of its names, or None.

    Parameters
    ----------
    name : str

    Returns
    -------
    SkyCoord or None
        ICRS.

    Examples
    --------
    >>> from skyexplorer import samples
    >>> samples.resolve("TXS 0506+056").to_string(precision=2)
    '77.36 5.70'
    """
    wanted = _key(name).replace("icecube", "ic")
    for catalog in (_fermi(), _tev(), _galaxies(), _transients()):
        for index, own in enumerate(catalog.names):
            if wanted in {_key(own), *map(_key, catalog.other_names(index))}:
                return catalog.coords[index]
    for event in _alerts():
        if wanted == _key(event.name):
            return event.position
    if wanted == _key("GW170817"):
        return _merger().localization.mode  # type: ignore[union-attr]
    return None


@cache
def milky_way() -> TileSet:
    """Tiles of the model Milky Way.

    Returns
    -------
    TileSet
        A HiPS in memory, which the sky shows where no survey is reached.

    Examples
    --------
    >>> from skyexplorer import samples
    >>> type(samples.milky_way()).__name__
    'TileSet'
    """
    from skyexplorer.samples import galaxy

    with resources.as_file(resources.files(__name__).joinpath("milky_way.zip")) as path:
        return galaxy.read(path)
