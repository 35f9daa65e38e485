"""MocServer: which data sets have something in a region, by their coverage: images as HiPS, catalogues, who serves them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u

from skyexplorer.errors import AnswerError, FormatError, QueryError
from skyexplorer.io import moc as mocs
from skyexplorer.io.files import reading
from skyexplorer.model.region import SkyRegion
from skyexplorer.services import answers, meeting, registry

if TYPE_CHECKING:
    from skyexplorer.net import Reply, Web

SERVICE = "mocserver"
DAY = 86400.0
SKY = 41252.96125
"""Square degrees."""
DEEPEST = 10
"""Order of a MOC that is sent: cells of 3.4 arcmin."""
MOST = 2000
FIELDS = (
    "ID", "obs_title", "obs_label", "obs_collection", "obs_mission", "obs_regime", "dataproduct_type", "client_category",
    "nb_rows", "moc_sky_fraction", "hips_service_url*", "hips_frame", "hips_order", "hips_tile_format", "hips_status*",
    "bib_reference", "obs_copyright", "hips_copyright", "obs_ack", "hips_creator", "obs_description",
)  # fmt: skip
_BANDS = {
    "gamma-ray": "gamma",
    "x-ray": "x-ray",
    "euv": "ultraviolet",
    "uv": "ultraviolet",
    "optical": "optical",
    "infrared": "infrared",
    "millimeter": "radio",
    "radio": "radio",
    "neutrino": "neutrino",
    "gravitational-wave": "gw",
}
_REGIMES = {
    "gamma": "Gamma-ray",
    "tev": "Gamma-ray",
    "x-ray": "X-ray",
    "ultraviolet": "UV",
    "optical": "Optical",
    "infrared": "Infrared",
    "radio": "Radio",
}
HIPS = "hips_service_url=*&&dataproduct_type=image"
MIRRORS = 5
"""Addresses of one HiPS: its records number them."""


@dataclass(frozen=True)
class DataSet:
    """A data set by its record: all values there are texts, and any may be missing.

    Parameters
    ----------
    id, title : str
        Such as ``"CDS/P/2MASS/color"``.
    kind : str
        ``"image"``, ``"catalog"``, ``"cube"``, …
    band : str
        As in the table of services: ``"gamma"``, ``"x-ray"``, …, ``"many"``.
    mission : str
        Whose it is, for people.
    rows : int or None
        Of a catalogue, over the whole sky.
    sky_fraction : float
        Covered part of the sky; NaN where it is not told.
    hips : tuple of str
        Addresses of its HiPS, best first.
    facts : mapping
        All that was told.
    """

    id: str
    title: str
    kind: str = ""
    band: str = "many"
    mission: str = ""
    rows: int | None = None
    sky_fraction: float = np.nan
    hips: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def attribution(self) -> str:
        """Whom to name where it is shown."""
        for key in ("hips_copyright", "obs_copyright", "obs_ack", "hips_creator", "bib_reference"):
            if self.facts.get(key):
                return self.facts[key]
        return self.id

    def expected(self, region: SkyRegion) -> float:
        """Rows in a region if they are spread evenly over what the set covers; NaN where that cannot be told."""
        if self.rows is None or not self.sky_fraction > 0:
            return np.nan
        return float(min(self.rows * region.area.to_value(u.deg**2) / (self.sky_fraction * SKY), self.rows))


def ask(
    region: SkyRegion | None,
    *,
    web: Web,
    expr: str = "",
    fields: Iterable[str] = FIELDS,
    intersect: str = "overlaps",
    max_rows: int = MOST,
    refresh: bool = False,
) -> tuple[list[DataSet], bool, Reply]:
    """Data sets that have something in a region.

    Parameters
    ----------
    region : SkyRegion or None
        Circles and polygons are asked as they are, all others by their MOC; None: anywhere.
    web : Web
    expr : str
        A condition in MocServer's language, such as `HIPS`.
    fields : iterable of str
        Which fields of the records.
    intersect : {"overlaps", "enclosed", "covers"}
        How region and coverage lie to each other.
    max_rows : int
        Records at most.
    refresh : bool
        Whether to ask although an answer is kept.

    Returns
    -------
    sets : list of DataSet
    overflow : bool
        Whether there may be more.
    reply : net.Reply

    Raises
    ------
    QueryError
        Where it does not understand the condition.
    AnswerError
        Where it answers something else than JSON.
    ServiceError
        Of its kinds.
    """
    row = registry.get(SERVICE)
    params = {
        "get": "record",
        "fmt": "json",
        "casesensitive": "false",
        "fields": ",".join(fields),
        "intersect": intersect,
        "MAXREC": str(max_rows),
    }
    if expr:
        params["expr"] = expr
    files = None
    if region is not None:
        params["spacesys"] = "C"
        shape, files = _shape(region)
        params.update(shape)

    sent: dict[str, Any] = {"params": params} if files is None else {"data": params, "files": files}

    def once(address: str) -> tuple[list[dict[str, Any]], Reply]:
        return answers.read_once(
            web,
            address,
            _records,
            cut=lambda found: len(found) >= max_rows,
            keep=DAY,
            refresh=refresh,
            **sent,
        )

    found, reply = answers.mirrored(row, once)
    return [data_set(record) for record in found], len(found) >= max_rows, reply


def _shape(region: SkyRegion) -> tuple[dict[str, str], dict[str, Any] | None]:
    """A region as its parameters, or as a file that is sent along."""
    if region.kind == "circle":
        at = region.center
        return {
            "RA": f"{at.ra.deg:.10g}",
            "DEC": f"{at.dec.deg:.10g}",
            "SR": f"{region.radius.to_value(u.deg):.10g}",
        }, None
    if region.kind == "polygon":
        return {"stc": "Polygon " + " ".join(f"{value:.10g}" for value in meeting.dali(region))}, None
    moc = region.to_moc(DEEPEST)
    if int(moc.max_order) > DEEPEST:
        moc = moc.degrade_to_order(DEEPEST)
    return {}, {"moc": ("region.fits", mocs.fits_of(moc), "application/fits")}


def _records(reply: Reply) -> list[dict[str, Any]]:
    start = reply.content[:300].decode("utf-8", "replace").strip()
    if not start.startswith("["):
        # Errors come as a line of text, with status 200 as well.
        said = " ".join(start.split())
        if said and not said.startswith("<"):
            raise QueryError(
                f"MocServer says: {said[:200]}", "Correct the condition.", service=SERVICE, url=reply.url
            )
        raise AnswerError(
            f"MocServer answered with something else than JSON: {said[:100]!r}.",
            "Try again later.",
            service=SERVICE,
            url=reply.url,
        )
    try:
        with reading("JSON"):
            found = json.loads(reply.content)
    except FormatError as error:
        raise AnswerError(
            f"MocServer: {error.message}", "Ask it again.", service=SERVICE, url=reply.url
        ) from error
    return [record for record in found if isinstance(record, dict)]


def data_set(record: Mapping[str, Any]) -> DataSet:
    """A record, whose values are texts, or lists of texts where a field stands several times."""
    facts = {key: _one(value) for key, value in record.items()}
    id = facts.get("ID", "")
    return DataSet(
        id,
        facts.get("obs_title") or facts.get("obs_label") or id,
        facts.get("dataproduct_type", "").lower(),
        band_of(record.get("obs_regime", "")),
        _mission(facts),
        _whole(facts.get("nb_rows", "")),
        _number(facts.get("moc_sky_fraction", "")),
        tuple(_addresses(facts)),
        facts,
    )


def _one(value: Any) -> str:
    return str(value[0] if isinstance(value, list) and value else value).strip()


def band_of(regime: Any) -> str:
    """A band of the table of services from a regime; several are ``"many"``.

    >>> band_of("Gamma-ray"), band_of(["Optical", "Infrared"])
    ('gamma', 'many')
    """
    words = regime if isinstance(regime, list) else [regime]
    bands = {_BANDS.get(str(word).strip().lower(), "many") for word in words}
    return bands.pop() if len(bands) == 1 else "many"


def regime_of(band: str) -> str:
    """What MocServer calls a band, or empty where it has no word for it."""
    return _REGIMES.get(band, "")


def _mission(facts: Mapping[str, str]) -> str:
    for key in ("obs_mission", "obs_collection"):
        if facts.get(key):
            return facts[key]
    parts = facts.get("client_category", "").split("/")
    if len(parts) >= 3:
        return parts[-1]
    words = [word for word in facts.get("ID", "").split("/") if word not in ("P", "C", "CDS")]
    return words[0] if words else ""


def _addresses(facts: Mapping[str, str]) -> Iterable[str]:
    """Addresses of a HiPS that are open to all, the main one first."""
    for number in range(MIRRORS):
        end = f"_{number}" if number else ""
        address, status = facts.get(f"hips_service_url{end}", ""), facts.get(f"hips_status{end}", "public")
        if address and "private" not in status:
            yield address


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan


def _whole(text: str) -> int | None:
    number = _number(text)
    return int(number) if np.isfinite(number) and number >= 0 else None
