"""An archive of images, spectra and light curves on loopback: SIA 1 and 2, SSA, DataLink, SODA, ObsTAP and RegTAP, with
answers written by hand after the standards. What is asked of its TAP is kept, and answered with rows that are set.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from html import escape
from urllib.parse import parse_qs, parse_qsl

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.nddata import Cutout2D
from astropy.wcs import WCS

from tests.replicas.serving import Answer, Asked, Replica

SIDE, SCALE = 64, 0.01  # pixels and degrees a pixel: images are 0.64 deg wide
PLACES = {"crab": (83.633, 22.0145), "beside": (85.0, 22.0145), "north": (10.0, 89.5)}
Fields = Sequence[tuple[str, str, str]]


def votable(
    fields: Fields, rows: Sequence[Sequence[object]], after: str = "", status: str = "OK", before: str = ""
) -> Answer:
    """Fields are (name, type, other attributes); what is None is an empty cell."""
    heads = "".join(f'<FIELD name="{name}" {_type(kind)} {more}/>' for name, kind, more in fields)
    cells = "".join(
        "<TR>" + "".join(f"<TD>{'' if value is None else escape(str(value))}</TD>" for value in row) + "</TR>"
        for row in rows
    )
    more = '<INFO name="QUERY_STATUS" value="OVERFLOW"/>' if status == "OVERFLOW" else ""
    return Answer(
        (
            '<?xml version="1.0" encoding="UTF-8"?><VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">'
            f'{before}<RESOURCE type="results"><INFO name="QUERY_STATUS" value="OK"/><TABLE>{heads}<DATA><TABLEDATA>{cells}'
            f"</TABLEDATA></DATA></TABLE>{more}</RESOURCE>{after}</VOTABLE>"
        ).encode(),
        kind="application/x-votable+xml",
    )


def _type(kind: str) -> str:
    base, _, size = kind.partition("[")
    return f'datatype="{base}"' + (f' arraysize="{size.rstrip("]")}"' if size else "")


TEXT, NUMBER, WHOLE, PAIR, LIST = "char[*]", "double", "long", "double[2]", "double[*]"
OBSCORE: Fields = (
    ("dataproduct_type", TEXT, ""), ("obs_collection", TEXT, ""), ("obs_id", TEXT, ""),
    ("obs_publisher_did", TEXT, 'ID="did"'), ("access_url", TEXT, ""), ("access_format", TEXT, ""),
    ("access_estsize", WHOLE, 'unit="kbyte"'), ("target_name", TEXT, ""), ("s_ra", NUMBER, 'unit="deg"'),
    ("s_dec", NUMBER, 'unit="deg"'), ("s_fov", NUMBER, 'unit="deg"'), ("s_region", TEXT, ""),
    ("t_min", NUMBER, 'unit="d"'), ("t_max", NUMBER, 'unit="d"'), ("em_min", NUMBER, 'unit="m"'),
    ("em_max", NUMBER, 'unit="m"'), ("facility_name", TEXT, ""), ("instrument_name", TEXT, ""),
)  # fmt: skip
SIA1: Fields = (
    ("centerAlpha", NUMBER, 'ucd="POS_EQ_RA_MAIN" unit="deg"'), ("centerDelta", NUMBER, 'ucd="POS_EQ_DEC_MAIN" unit="deg"'),
    ("imageTitle", TEXT, 'ucd="VOX:Image_Title"'), ("instId", TEXT, 'ucd="INST_ID"'),
    ("dateObs", NUMBER, 'ucd="VOX:Image_MJDateObs" unit="d"'), ("nAxes", "int", 'ucd="VOX:Image_Naxes"'),
    ("pixelSize", "long[*]", 'ucd="VOX:Image_Naxis"'), ("pixelScale", LIST, 'ucd="VOX:Image_Scale" unit="deg/pix"'),
    ("wcs_cdmatrix", LIST, 'ucd="VOX:WCS_CDMatrix"'), ("bandpassLo", NUMBER, 'ucd="VOX:BandPass_LoLimit" unit="m"'),
    ("bandpassHi", NUMBER, 'ucd="VOX:BandPass_HiLimit" unit="m"'), ("accref", TEXT, 'ucd="VOX:Image_AccessReference"'),
    ("mime", TEXT, 'ucd="VOX:Image_Format"'), ("accsize", WHOLE, 'ucd="VOX:Image_FileSize" unit="byte"'),
)  # fmt: skip
SSA: Fields = (
    ("AcRef", TEXT, 'utype="ssa:Access.Reference"'), ("Format", TEXT, 'utype="ssa:Access.Format"'),
    ("Type", TEXT, 'utype="ssa:Dataset.Type"'), ("Title", TEXT, 'utype="ssa:DataID.Title"'),
    ("PubDID", TEXT, 'ID="pubdid" utype="ssa:Curation.PublisherDID"'), ("Target", TEXT, 'utype="ssa:Target.Name"'),
    ("Pos", PAIR, 'utype="ssa:Char.SpatialAxis.Coverage.Location.Value" unit="deg"'),
    ("Date", NUMBER, 'utype="ssa:Char.TimeAxis.Coverage.Location.Value" unit="d"'),
    ("Length", NUMBER, 'utype="ssa:Char.TimeAxis.Coverage.Bounds.Extent" unit="s"'),
)  # fmt: skip
LINKS: Fields = (
    ("ID", TEXT, 'ucd="meta.id;meta.main" ID="linkid"'), ("access_url", TEXT, ""), ("service_def", TEXT, ""),
    ("error_message", TEXT, ""), ("description", TEXT, ""), ("semantics", TEXT, ""), ("content_type", TEXT, ""),
    ("content_length", WHOLE, 'unit="byte"'),
)  # fmt: skip
RESOURCES: Fields = tuple((name, "float" if name == "region_of_regard" else TEXT, "") for name in (
    "ivoid", "res_type", "short_name", "res_title", "content_level", "res_description", "reference_url", "creator_seq",
    "created", "updated", "rights", "content_type", "source_format", "source_value", "region_of_regard",
    "waveband", "access_urls", "standard_ids", "intf_types", "intf_roles", "cap_descriptions",
))  # fmt: skip
COLUMNS: Fields = tuple(
    (name, TEXT, "") for name in ("table_name", "name", "unit", "ucd", "datatype", "column_description")
)
COLUMN_OF = ("ivoid", TEXT, "")
SEP = ":::py VO sep:::"
CURVE = "mjd,mag,magerr\n" + "\n".join(f"{58000 + i},{15 + 0.1 * i:.2f},0.05" for i in range(12)) + "\n"


def image(place: str, flat: bool = True) -> bytes:
    """A made image; its pixels tell their row and column."""
    header = header_of(place)
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    data = (1000 * rows + columns).astype("f4")
    out = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(data if flat else data[None], header)]).writeto(out)
    return out.getvalue()


def header_of(place: str) -> fits.Header:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval = ["RA---TAN", "DEC--TAN"], list(PLACES[place])
    wcs.wcs.crpix, wcs.wcs.cdelt = [(SIDE + 1) / 2, (SIDE + 1) / 2], [-SCALE, SCALE]
    header = wcs.to_header()
    header["OBJECT"] = place
    return header


class Archive(Replica):
    """``rows``: what its TAP answers; ``status``: "OVERFLOW" says that there is more; ``cuts``: whether it has SODA."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[object]] = []
        self.resources: list[list[object]] = []
        self.columns: list[list[object]] = []
        self.places: list[list[object]] = []
        self.places_status = "OK"
        self.queries: list[str] = []
        self.status, self.cuts, self.links_of = "OK", True, "this"
        self.knows_regions = True

    def answer(self, asked: Asked) -> Answer:
        handler = getattr(self, f"_{asked.path.strip('/').split('/')[0]}", None)
        return handler(asked) if handler else Answer(b"<html>none</html>", 404, "text/html")

    def observation(
        self, place: str, kind: str = "image", linked: bool = True, **other: object
    ) -> list[object]:
        """A row of ObsCore."""
        ra, dec = PLACES[place]
        half = SIDE * SCALE / 2
        width = half / np.cos(np.radians(dec))
        corners = [
            (ra - width, dec - half),
            (ra - width, dec + half),
            (ra + width, dec + half),
            (ra + width, dec - half),
        ]
        did = f"ivo://loop/{place}?{kind}"
        row: dict[str, object] = {
            "dataproduct_type": kind, "obs_collection": "LOOP", "obs_id": place, "obs_publisher_did": did,
            "access_url": f"{self.address}/links?ID={did}" if linked else f"{self.address}/files/{place}.fits",
            "access_format": "application/x-votable+xml;content=datalink" if linked else "image/fits",
            "access_estsize": 20, "target_name": place, "s_ra": ra, "s_dec": dec, "s_fov": 0.9,
            "s_region": "POLYGON ICRS " + " ".join(f"{a:.6f} {d:.6f}" for a, d in corners),
            "t_min": 58000.0, "t_max": 58000.5, "em_min": 4e-7, "em_max": 5.5e-7, "facility_name": "Loop",
            "instrument_name": "Cam",
        } | other  # fmt: skip
        return [row[name] for name, _, _ in OBSCORE]

    # Protocols

    def _sia1(self, asked: Asked) -> Answer:
        assert {"POS", "SIZE", "INTERSECT"} <= set(asked.query)
        if asked.query["POS"].startswith("0.0,"):
            return Answer(
                b'<VOTABLE version="1.1"><RESOURCE type="results"><INFO name="QUERY_STATUS" value="ERROR">No such place'
                b"</INFO></RESOURCE></VOTABLE>"
            )
        rows = []
        for place, (ra, dec) in PLACES.items():
            turned = "0.0 0.01 0.01 0.0" if place == "north" else None
            rows.append([
                ra, dec, f"Image of {place}", "Cam", 58000.25, 2, f"{SIDE} {SIDE}", f"{-SCALE} {SCALE}", turned, 4e-7,
                5.5e-7, f"{self.address}/files/{place}.fits", "image/fits", 23040,
            ])  # fmt: skip
        file = f"{self.address}/files/x.fits"
        rows.append([None, None, "Without a place", *[None] * 8, file, "image/fits", None])
        rows.append([83.633, 22.0145, "Without an address", *[None] * 11])
        return votable(SIA1, rows)

    def _sia2(self, asked: Asked) -> Answer:
        self.queries.append(asked.query["POS"])
        return votable(OBSCORE, [self.observation("crab"), self.observation("beside")], status=self.status)

    def _ssa(self, asked: Asked) -> Answer:
        assert asked.query["REQUEST"] == "queryData"
        rows = [
            [f"{self.address}/files/crab.csv", "text/csv", "TimeSeries", "Light curve of crab", "ivo://loop/crab?timeseries",
             "crab", "83.633 22.0145", 58006.0, 43200.0],
            [f"{self.address}/files/s.fits", "image/fits", "Spectrum", "Spectrum of beside", "ivo://loop/beside?spectrum",
             "beside", "85.0 22.0145", 58001.0, None],
        ]  # fmt: skip
        return votable(
            SSA, rows, after=self._service("ivo://ivoa.net/std/DataLink#links-1.0", "links", "pubdid", ())
        )

    def _service(self, standard: str, path: str, ref: str, takes: Sequence[str], id: str = "") -> str:
        given = "".join(f'<PARAM name="{name}" datatype="double" arraysize="*" value=""/>' for name in takes)
        marked = f' ID="{id}"' if id else ""
        return (
            f'<RESOURCE type="meta" utype="adhoc:service"{marked}>'
            f'<PARAM name="standardID" datatype="char" arraysize="*" value="{standard}"/>'
            f'<PARAM name="accessURL" datatype="char" arraysize="*" value="{self.address}/{path}"/>'
            f'<GROUP name="inputParams"><PARAM name="ID" datatype="char" arraysize="*" value="" ref="{ref}"/>{given}</GROUP>'
            "</RESOURCE>"
        )

    def _links(self, asked: Asked) -> Answer:
        did = asked.query["ID"]
        place, kind = re.match(r"ivo://loop/(\w+)\?(\w+)", did).groups()  # type: ignore[union-attr]
        file = f"{place}.fits" if kind in ("image", "spectrum") else f"{place}.csv"
        preview = [did, f"{self.address}/files/p.png", None, None, "Preview", "#preview", "image/png", 100]
        this = [did, f"{self.address}/files/{file}", None, None, "The file", "#this", "image/fits", 23040]
        if self.links_of == "full terms":
            this[5] = "http://www.ivoa.net/rdf/datalink/core#this"
        rows = {
            "this": [preview, this], "full terms": [preview, this], "nothing": [preview], "empty": [],
            "error": [[did, None, None, "NotFoundFault: no such file", None, "#this", None, None]],
            "itself": [[did, f"{self.address}/links?ID={did}", None, None, "A list", "#this",
                        "application/x-votable+xml;content=datalink", None]],
        }[self.links_of]  # fmt: skip
        after = ""
        if self.cuts and kind == "image":
            rows = [*rows, [did, None, "soda", None, "Cut it", "#cutout", "image/fits", None]]
            after = self._service(
                "ivo://ivoa.net/std/SODA#sync-1.0", "soda", "linkid", ("CIRCLE", "POLYGON", "BAND"), "soda"
            )
        return votable(LINKS, rows, after=after)

    def _soda(self, asked: Asked) -> Answer:
        given = dict(parse_qsl(asked.raw_query))
        self.queries.append(asked.raw_query)
        place = re.match(r"ivo://loop/(\w+)", given["ID"]).group(1)  # type: ignore[union-attr]
        if "CIRCLE" in given:
            ra, dec, radius = (float(x) for x in given["CIRCLE"].split())
        else:
            corners = np.array(given["POLYGON"].split(), float).reshape(-1, 2)
            ra, dec = corners.mean(axis=0)
            radius = float(np.ptp(corners[:, 1])) / 2
        wcs = WCS(header_of(place))
        try:
            cut = Cutout2D(
                fits.getdata(io.BytesIO(image(place))),
                SkyCoord(ra * u.deg, dec * u.deg),
                2 * radius * u.deg,
                wcs=wcs,
            )
        except ValueError:  # nothing of it lies there
            return Answer(b"", 204)
        out = io.BytesIO()
        fits.HDUList([fits.PrimaryHDU(cut.data, cut.wcs.to_header())]).writeto(out)
        return Answer(out.getvalue(), kind="image/fits")

    def _files(self, asked: Asked) -> Answer:
        name = asked.path.rsplit("/", 1)[-1]
        place, _, end = name.partition(".")
        if end == "csv":
            return Answer(CURVE.encode(), kind="text/csv")
        if place in PLACES:
            return Answer(image(place, flat=place != "beside"), kind="image/fits")
        return Answer(b"<!DOCTYPE html><html>Please log in</html>", kind="text/html")

    def _tap(self, asked: Asked) -> Answer:
        query = parse_qs(asked.body.decode())["QUERY"][0]
        self.queries.append(query)
        if "rr.table_column" in query and "rr.resource" not in query:
            if "SELECT ivoid" in query:
                return votable(
                    [COLUMN_OF, *(COLUMNS[i] for i in (0, 1, 3))], self.places, status=self.places_status
                )
            return votable(COLUMNS, self.columns)
        if "rr.resource" in query:
            if "stc_spatial" in query and not self.knows_regions:
                said = '<INFO name="QUERY_STATUS" value="ERROR">No table rr.stc_spatial</INFO>'
                return Answer(
                    f'<VOTABLE version="1.4"><RESOURCE type="results">{said}</RESOURCE></VOTABLE>'.encode(),
                    400,
                )
            return votable(RESOURCES, self.resources, status=self.status)
        if "COUNT(*)" in query:
            return votable([("n", WHOLE, "")], [[1234]])
        if "INTERSECTS" in query and not self.knows_regions:
            said = '<INFO name="QUERY_STATUS" value="ERROR">s_region is no geometry</INFO>'
            return Answer(
                f'<VOTABLE version="1.4"><RESOURCE type="results">{said}</RESOURCE></VOTABLE>'.encode(), 400
            )
        kinds = re.findall(r"'(\w+)'", query.partition("dataproduct_type IN (")[2].partition(")")[0])
        return votable(
            OBSCORE, [row for row in self.rows if not kinds or row[0] in kinds], status=self.status
        )


def resource(title: str, interfaces: Sequence[tuple[str, str]], **other: object) -> list[object]:
    """A row of the registry, its interfaces as (address, standard)."""
    row: dict[str, object] = {
        "ivoid": f"ivo://loop/{title.lower().replace(' ', '-')}", "res_type": "vs:catalogservice", "short_name": title[:8],
        "res_title": title, "content_level": "research", "res_description": f"All about {title}.",
        "reference_url": "http://loop.example/info", "creator_seq": "Doe, J.; Roe, R.", "created": "2020-01-01",
        "updated": "2024-01-01", "rights": "CC0", "content_type": "catalog", "source_format": "bibcode",
        "source_value": "2020A&A...1....1D", "region_of_regard": None, "waveband": "gamma-ray",
        "access_urls": SEP.join(url for url, _ in interfaces), "standard_ids": SEP.join(std for _, std in interfaces),
        "intf_types": SEP.join("vs:paramhttp" for _ in interfaces), "intf_roles": SEP.join("std" for _ in interfaces),
        "cap_descriptions": SEP.join("" for _ in interfaces),
    } | other  # fmt: skip
    return [row[name] for name, _, _ in RESOURCES]
