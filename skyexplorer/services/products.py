"""Rows of an answer as records of files: images, spectra, time series.

Columns are found by what they are, utype, UCD or name in this order: SIA 1, SIA 2, SSA and ObsTAP name them otherwise. What
an answer describes beside its rows, services that list what belongs to one or cut it, is read by pyvo.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

import numpy as np

from skyexplorer.errors import AnswerError
from skyexplorer.model import record
from skyexplorer.model.record import Processing, Record
from skyexplorer.progress import turn
from skyexplorer.services import loading
from skyexplorer.services.answers import DAMAGED

if TYPE_CHECKING:
    from pyvo.dal.query import DALResults

DAY = 86400.0
DATALINK = "ivo://ivoa.net/std/datalink"
SODA = "ivo://ivoa.net/std/soda#sync"

# Of each role: utypes without prefix, UCDs, names; all in lower case.
_ROLES: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "address": (
        ("access.reference",),
        ("vox:image_accessreference",),
        ("access_url", "accref", "acref"),
    ),
    "format": (("access.format",), ("vox:image_format",), ("access_format", "mime", "format")),
    "size": (("access.size",), ("vox:image_filesize",), ("access_estsize", "accsize")),
    "title": (
        ("dataid.title",),
        ("vox:image_title", "meta.title;meta.dataset"),
        ("obs_title", "ssa_dstitle"),
    ),
    "kind": (("obsdataset.dataproducttype", "dataset.type"), (), ("dataproduct_type",)),
    "identifier": (("curation.publisherdid",), (), ("obs_publisher_did", "ssa_pubdid", "pubdid")),
    "collection": (("dataid.collection",), (), ("obs_collection", "ssa_collection")),
    "instrument": (
        ("dataid.instrument", "provenance.obsconfig.instrument.name"),
        ("inst_id", "instr", "meta.id;instr"),
        ("instrument_name",),
    ),
    "facility": (("provenance.obsconfig.facility.name",), ("meta.id;instr.tel",), ("facility_name",)),
    "target": (("target.name",), ("meta.id;src", "meta.name"), ("target_name", "object", "ssa_targname")),
    "ra": (
        ("char.spatialaxis.coverage.location.coord.position2d.value2.c1",),
        ("pos_eq_ra_main", "pos.eq.ra;meta.main", "pos.eq.ra"),
        ("s_ra",),
    ),
    "dec": (
        ("char.spatialaxis.coverage.location.coord.position2d.value2.c2",),
        ("pos_eq_dec_main", "pos.eq.dec;meta.main", "pos.eq.dec"),
        ("s_dec",),
    ),
    "point": (
        ("char.spatialaxis.coverage.location.value", "target.pos"),
        (),
        ("ssa_location", "ssa_targetpos"),
    ),
    "region": (("char.spatialaxis.coverage.support.area",), (), ("s_region", "ssa_region")),
    "extent": (
        (
            "char.spatialaxis.coverage.bounds.extent.diameter",
            "char.spatialaxis.coverage.bounds.extent",
        ),
        (),
        ("s_fov", "ssa_aperture"),
    ),
    "pixels": ((), ("vox:image_naxis",), ()),
    "scale": ((), ("vox:image_scale",), ()),
    "rotation": ((), ("vox:wcs_cdmatrix",), ()),
    "start": (
        (
            "char.timeaxis.coverage.bounds.limits.starttime",
            "char.timeaxis.coverage.bounds.start",
        ),
        (),
        ("t_min",),
    ),
    "stop": (
        (
            "char.timeaxis.coverage.bounds.limits.stoptime",
            "char.timeaxis.coverage.bounds.stop",
        ),
        (),
        ("t_max",),
    ),
    "middle": (
        ("char.timeaxis.coverage.location.value",),
        ("vox:image_mjdateobs",),
        ("ssa_dateobs", "dateobs"),
    ),
    "duration": (("char.timeaxis.coverage.bounds.extent",), (), ("ssa_timeext",)),
    "low": (
        (
            "char.spectralaxis.coverage.bounds.limits.lolimit",
            "char.spectralaxis.coverage.bounds.start",
        ),
        ("vox:bandpass_lolimit",),
        ("em_min", "ssa_specstart"),
    ),
    "high": (
        (
            "char.spectralaxis.coverage.bounds.limits.hilimit",
            "char.spectralaxis.coverage.bounds.stop",
        ),
        ("vox:bandpass_hilimit",),
        ("em_max", "ssa_specend"),
    ),
}


class _Column(NamedTuple):
    """One column of an answer: what is said of it, and its values."""

    utype: str
    ucd: str
    name: str
    unit: str
    xtype: str
    values: Any


class _Rows:
    """Values of an answer by row and role."""

    def __init__(self, source: Any) -> None:
        """From pyvo's results, or from an astropy Table."""
        if hasattr(source, "resultstable"):
            array = source.resultstable.array
            # By place, since names may stand twice; and without a value to fill with, which one of no size has not.
            data, mask = np.ma.getdata(array), np.ma.getmaskarray(array)
            names = (array.dtype.names or ()) if len(array) else ()
            values = [np.ma.MaskedArray(data[name], mask[name]) for name in names]
            self.all = [
                _Column(f.utype or "", f.ucd or "", f.name, str(f.unit or ""), str(f.xtype or ""), column)
                for f, column in zip(source.resultstable.fields, values, strict=False)
            ]
        else:
            columns = [source[name] for name in source.colnames]
            self.all = [
                _Column(
                    c.meta.get("utype", ""),
                    c.meta.get("ucd", ""),
                    c.name,
                    str(c.unit or ""),
                    c.meta.get("xtype", ""),
                    c.data,
                )
                for c in columns
            ]
        self.columns = {role: column for role in _ROLES if (column := self._find(role)) is not None}

    def __len__(self) -> int:
        return len(self.all[0].values) if self.all else 0

    def _find(self, role: str) -> _Column | None:
        for number, wanted in enumerate(_ROLES[role]):
            for one in wanted:
                for column in self.all:
                    if _plain(column[number], number == 0) == one:
                        return column
        return None

    def unit(self, role: str) -> str:
        return self.columns[role].unit if role in self.columns else ""

    def xtype(self, role: str) -> str:
        return self.columns[role].xtype.lower().rsplit(":", 1)[-1] if role in self.columns else ""

    def value(self, row: int, role: str) -> Any:
        return plain(self.columns[role].values[row]) if role in self.columns else None

    def text(self, row: int, role: str) -> str:
        value = self.value(row, role)
        return "" if value is None else " ".join(str(value).split())

    def number(self, row: int, role: str) -> float:
        value = self.value(row, role)
        try:
            return float(value) if np.ndim(value) == 0 and value is not None else np.nan
        except (TypeError, ValueError):
            return np.nan

    def numbers(self, row: int, role: str) -> list[float]:
        value = self.value(row, role)
        if isinstance(value, str):
            value = re.findall(r"[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?", value)
        try:
            return [] if value is None else [float(each) for each in np.atleast_1d(value)]
        except (TypeError, ValueError):
            return []

    def facts(self, row: int) -> dict[str, Any]:
        found = {column.name: plain(column.values[row]) for column in self.all}
        return {name: value for name, value in found.items() if value is not None and np.size(value)}


def _plain(said: Any, prefixed: bool) -> str:
    text = str(said).lower()
    return text.rsplit(":", 1)[-1] if prefixed else text


def plain(value: Any) -> Any:
    """A cell as Python has it; None where it is empty."""
    if value is np.ma.masked or value is None:
        return None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace") or None
    if isinstance(value, np.ndarray):
        if value.ndim == 0:
            return plain(value.item())
        return (
            None
            if np.ma.getmaskarray(value).all()
            else np.ma.filled(value, np.nan if value.dtype.kind == "f" else 0)
        )
    if isinstance(value, np.generic):
        return value.item()
    return value if value != "" else None


@turn()
def records(source: Any, service: str, kind: str = "") -> list[Record]:
    """One record for each row that has an address or DataLink.

    Parameters
    ----------
    source : DALResults or Table
        Only the former tells of services that its rows can be sent to.
    service : str
        Its id.
    kind : str
        What a row is that does not say it: ``"image"``.
    """
    rows = _Rows(source)
    described = hasattr(source, "iter_adhocservices")
    link, soda = (
        _descriptor(source, standard, service) if described else None for standard in (DATALINK, SODA)
    )
    found = []
    for i in range(len(rows)):
        address, links = rows.text(i, "address"), link(i) if link else None
        if not address and links is None:
            continue
        ra, dec = _center(rows, i)
        start, stop = _times(rows, i)
        found.append(
            Record(
                rows.text(i, "title") or rows.text(i, "identifier") or address.rsplit("/", 1)[-1],
                rows.text(i, "kind").lower().replace(" ", "") or kind,
                address,
                format=rows.text(i, "format"),
                service=service,
                identifier=rows.text(i, "identifier"),
                collection=rows.text(i, "collection"),
                instrument=rows.text(i, "instrument"),
                facility=rows.text(i, "facility"),
                target=rows.text(i, "target"),
                ra=ra,
                dec=dec,
                place=functools.partial(_place, rows, i, ra, dec),
                mjd=(start, stop),
                metres=(rows.number(i, "low"), rows.number(i, "high")),
                size=_size(rows, i),
                links="" if links is None else _asked(links),
                processing=soda(i) if soda else None,
                facts=rows.facts(i),
            )
        )
    return found


def _center(rows: _Rows, i: int) -> tuple[float, float]:
    point = rows.numbers(i, "point")
    if len(point) >= 2:
        ra, dec = point[:2]
    else:
        ra, dec = rows.number(i, "ra"), rows.number(i, "dec")
    return (ra % 360, dec) if abs(dec) <= 90 else (np.nan, np.nan)


def _times(rows: _Rows, i: int) -> tuple[float, float]:
    """First and last MJD."""
    start, stop = rows.number(i, "start"), rows.number(i, "stop")
    if np.isnan(start) and np.isnan(stop):
        middle, half = rows.number(i, "middle"), 0.0
        if np.isfinite(middle):
            long = rows.number(i, "duration")
            half = long / (2 * DAY if rows.unit("duration") == "s" else 2) if np.isfinite(long) else 0.0
        start, stop = middle - half, middle + half
    return start, stop


def _size(rows: _Rows, i: int) -> int | None:
    number = rows.number(i, "size")
    if not number > 0:
        return None
    unit = rows.unit("size").lower()
    # ObsCore and SSA count in thousands of bytes, SIA 1 in bytes.
    small = unit.startswith("b") or (
        not unit and not rows.columns["size"].name.lower().startswith("access_est")
    )
    return int(number) if small else int(number * 1000)


def _place(rows: _Rows, i: int, ra: float, dec: float) -> Any:
    """The region of a row: as it gives it, or from pixels and scale, or from the width of the field."""
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    found = record.footprint(rows.value(i, "region"), rows.xtype("region"))
    if found is not None or not np.isfinite(ra + dec):
        return found
    at = SkyCoord(ra * u.deg, dec * u.deg)
    pixels, scale, turned = (rows.numbers(i, role) for role in ("pixels", "scale", "rotation"))
    if len(pixels) >= 2 and (len(scale) or len(turned) == 4):
        scale = scale[:2] if len(scale) >= 2 else [*scale, *scale] or [0.0, 0.0]
        return record.of_scale(at, scale, pixels, turned if len(turned) == 4 else None)
    width = rows.number(i, "extent")
    if 0 < width <= 360:
        return record.SkyRegion.circle(at, width / 2 * u.deg)
    return None


# What an answer describes beside its rows


def _descriptor(results: DALResults, standard: str, service: str) -> Callable[[int], Processing] | None:
    """What asks a described service about a row, or None where there is no such service."""
    loading.pyvo()
    from pyvo.dal.exceptions import DALServiceError

    try:
        resource = results.get_adhocservice_by_ivoid(standard)
        return processing(results, resource, service)
    except (
        DALServiceError,
        AttributeError,
        StopIteration,
    ):  # none, or one without a standard or without parameters
        return None


def processing(results: DALResults, resource: Any, service: str = "") -> Callable[[int], Processing]:
    """What makes the question of a row to a described service; AnswerError where it is described wrongly."""
    loading.pyvo()
    from pyvo.dal.adhoc import DatalinkQuery
    from pyvo.dal.exceptions import DALServiceError

    group = next(group for group in resource.groups if group.name == "inputParams")
    accepts = frozenset(str(entry.name) for entry in group.entries if getattr(entry, "name", None))

    def asked(row: int) -> Processing:
        try:
            query = DatalinkQuery.from_resource(results[row], resource)
        except (*DAMAGED, DALServiceError) as error:
            raise AnswerError(
                f"{service} describes a service wrongly: {str(error) or type(error).__name__}.",
                "Ask the archive.",
                service=service,
                url=results.queryurl or "",
            ) from error
        given = {name: str(plain(value)) for name, value in query.items() if plain(value) is not None}
        return Processing(str(query.baseurl), given, accepts)

    return asked


def _asked(question: Processing) -> str:
    joint = "&" if "?" in question.address else "?"
    return question.address + (joint + urlencode(question.given) if question.given else "")
