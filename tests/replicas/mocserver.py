"""MocServer on loopback: records of data sets that overlap a circle, a polygon or a MOC; all values are texts."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatch
from urllib.parse import parse_qsl

from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer.model.region import SkyRegion
from tests.replicas.archive import fields
from tests.replicas.serving import Answer, Asked, Replica


def at(ra: float, dec: float, radius: float) -> SkyRegion:
    return SkyRegion.circle(SkyCoord(ra * u.deg, dec * u.deg), radius * u.deg)


# The record, and what it covers; None is the whole sky.
RECORDS: list[tuple[dict[str, object], SkyRegion | None]] = [
    (
        {
            "ID": "CDS/P/2MASS/color", "obs_title": "2MASS colour J, H, K", "obs_collection": "2MASS",
            "obs_regime": "Infrared", "dataproduct_type": "image", "moc_sky_fraction": "1", "hips_frame": "equatorial",
            "hips_order": "9", "hips_tile_format": "jpeg", "hips_status": "public master clonableOnce",
            "hips_service_url": "http://alasky.example/2MASS/Color", "hips_service_url_1": "http://mirror.example/2MASS",
            "hips_status_1": "public mirror clonable", "obs_copyright": "University of Massachusetts & IPAC/Caltech",
            "bib_reference": "2006AJ....131.1163S", "client_category": "Image/Infrared/2MASS",
        },
        None,
    ),
    (
        {
            "ID": "CDS/P/Fermi/color", "obs_title": "Fermi LAT colour", "obs_regime": "Gamma-ray",
            "dataproduct_type": "image", "moc_sky_fraction": "1", "hips_frame": "equatorial", "hips_order": "3",
            "hips_tile_format": "jpeg png", "hips_service_url": "http://alasky.example/Fermi/Color",
            "client_category": "Image/Gamma-ray/Fermi", "hips_copyright": "CNRS/Unistra",
        },
        None,
    ),
    (
        {
            "ID": "CDS/P/Patch/g", "obs_title": "A patch in two bands", "obs_collection": "Patch",
            "obs_regime": ["Optical", "Infrared"], "dataproduct_type": "image", "moc_sky_fraction": "0.0005",
            "hips_order": "11", "hips_tile_format": "fits", "hips_service_url": "http://alasky.example/Patch",
        },
        at(83.6, 22.0, 2.0),
    ),
    (
        {
            "ID": "CDS/P/Private", "obs_title": "Not for all", "obs_regime": "Radio", "dataproduct_type": "image",
            "hips_service_url": "http://alasky.example/Private", "hips_status": "private master",
        },
        None,
    ),
    (
        {
            "ID": "CDS/II/246/out", "obs_title": "2MASS point sources", "obs_regime": "Infrared", "nb_rows": "470992970",
            "dataproduct_type": "catalog", "moc_sky_fraction": "1", "vizier_popularity": "1000",
            "cs_service_url": "https://vizier.example/viz-bin/conesearch/II/246/out?",
        },
        None,
    ),
    ({"ID": "CDS/J/X/none"}, None),
]  # fmt: skip


class MocServer(Replica):
    """``queries``: the parameters of each question."""

    def __init__(self) -> None:
        super().__init__()
        self.queries: list[dict[str, str]] = []

    def answer(self, asked: Asked) -> Answer:
        given, files = dict(asked.query), {}
        if asked.body:
            kind = asked.headers.get("Content-Type", "")
            if kind.startswith("multipart/"):
                posted, files = fields(kind, asked.body)
                given |= posted
            else:
                given |= dict(parse_qsl(asked.body.decode()))
        self.queries.append(given)
        where = None
        if "moc" in files:
            where = SkyRegion.read(files["moc"])
        elif "stc" in given:
            where = SkyRegion.read(given["stc"].replace("Polygon", "Polygon ICRS").encode())
        elif "RA" in given:
            where = at(*(float(given[key]) for key in ("RA", "DEC", "SR")))
        expr = given.get("expr", "")
        if expr.count("(") != expr.count(")"):
            return Answer(b"Syntax error: parenthesis missing")
        found = []
        for record, covered in RECORDS:
            apart = where is not None and covered is not None
            if apart and covered.center.separation(where.center) > covered.radius + where.radius:
                continue
            if any(_meets(record, part) for part in re.split(r"\|\|", expr or "ID=*")):
                wanted = given.get("fields", "*").split(",")
                found.append(
                    {key: value for key, value in record.items() if any(fnmatch(key, one) for one in wanted)}
                )
        found = found[: int(given.get("MAXREC", "99999"))]
        return Answer(json.dumps(found).encode(), kind="application/json")


def _meets(record: dict[str, object], part: str) -> bool:
    for rule in part.strip("()").split("&&"):
        key, _, value = rule.partition("=")
        own = record.get(key)
        owned = [str(one) for one in (own if isinstance(own, list) else [own])] if own is not None else []
        if value == "*":
            if not owned:
                return False
        elif not any(one.lower() in value.lower().split(",") for one in owned):
            return False
    return True
