"""Gaia: `gaia_source` by TAP, and epoch photometry by DataLink in its long form, in a VOTable, plain or zipped."""

from __future__ import annotations

import io
import zipfile
from urllib.parse import parse_qsl

from tests.replicas.serving import Answer, Asked, Replica

SOURCE = 2000518404500000000
RA, DEC = 342.459623, 51.263383
# transit_id, band, time (BJD_TCB - 2455197.5), mag, flux, flux_error, rejected_by_photometry, rejected_by_variability
TRANSITS = (
    (1, "G", 1700.25, 13.1, 100000.0, 200.0, False, False),
    (1, "BP", 1700.2505, 13.5, 60000.0, 400.0, False, False),
    (1, "RP", 1700.2506, 12.6, 70000.0, 350.0, False, False),
    (2, "G", 1800.50, 13.2, 91201.0, 190.0, False, True),
    (2, "BP", 1800.5005, None, None, None, False, False),
    (3, "G", 1900.75, 13.3, 83176.0, 180.0, False, False),
    (4, "G", 1650.00, 13.0, 110000.0, 210.0, True, False),
    (5, "G", 1600.00, 12.9, 120226.0, 220.0, False, False),
)
SOURCES = """<?xml version="1.0"?><VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">
<RESOURCE type="results"><INFO name="QUERY_STATUS" value="OK"/><TABLE>
<FIELD name="source_id" datatype="long" ucd="meta.id;meta.main"/>
<FIELD name="ra" datatype="double" unit="deg" ucd="pos.eq.ra;meta.main"/>
<FIELD name="dec" datatype="double" unit="deg" ucd="pos.eq.dec;meta.main"/>
<FIELD name="phot_g_mean_mag" datatype="float" unit="mag"/>
<FIELD name="has_epoch_photometry" datatype="boolean"/>
<DATA><TABLEDATA>{rows}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"""
FIELDS = (
    ("source_id", "long"), ("transit_id", "long"), ("band", 'char" arraysize="*'), ("time", "double"), ("mag", "double"),
    ("flux", "double"), ("flux_error", "double"), ("flux_over_error", "float"), ("rejected_by_photometry", "boolean"),
    ("rejected_by_variability", "boolean"), ("other_flags", "long"),
)  # fmt: skip


class Gaia(Replica):
    """TAP at /tap, DataLink at /data; ``photometry``: whether the source has any; ``form``: "plain", "zip" or "empty"."""

    def __init__(self, form: str = "plain", photometry: bool = True) -> None:
        super().__init__()
        self.form, self.photometry = form, photometry

    def answer(self, asked: Asked) -> Answer:
        if asked.path.startswith("/tap"):
            given = asked.query or dict(parse_qsl(asked.body.decode("utf-8", "replace")))
            if "gaiadr3.gaia_source" not in str(given) + asked.body.decode("utf-8", "replace"):
                return Answer(b"no query", 400)
            flag = "T" if self.photometry else "F"
            cells = [str(SOURCE), str(RA), str(DEC), "13.1", flag]
            other = [str(SOURCE + 1), str(RA + 0.0004), str(DEC), "19.9", "F"]
            rows = "".join(
                "<TR>" + "".join(f"<TD>{cell}</TD>" for cell in row) + "</TR>" for row in (cells, other)
            )
            return Answer(SOURCES.format(rows=rows).encode(), kind="application/x-votable+xml")
        if asked.path != "/data" or asked.query.get("RETRIEVAL_TYPE") != "EPOCH_PHOTOMETRY":
            return Answer(b"not found", 404)
        if self.form == "empty" or asked.query["ID"] != f"Gaia DR3 {SOURCE}":
            return Answer(b"")
        content = votable()
        if self.form == "zip":
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w") as archive:
                archive.writestr(f"EPOCH_PHOTOMETRY-Gaia DR3 {SOURCE}.xml", content)
            content = out.getvalue()
        return Answer(content, kind="application/zip" if self.form == "zip" else "application/x-votable+xml")


def votable() -> bytes:
    fields = "".join(f'<FIELD name="{name}" datatype="{kind}"/>' for name, kind in FIELDS)
    rows = ""
    for transit, band, time, mag, flux, error, photometry, variability in TRANSITS:
        ratio = None if flux is None or error is None else flux / error
        cells = [SOURCE, transit, band, time, mag, flux, error, ratio, photometry, variability, 0]
        rows += "<TR>" + "".join(f"<TD>{_cell(cell)}</TD>" for cell in cells) + "</TR>"
    return (
        '<?xml version="1.0"?><VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE type="results">'
        f'<TIMESYS ID="t" timeorigin="2455197.5" timescale="TCB" refposition="BARYCENTER"/><TABLE name="epoch_photometry">'
        f"{fields}<DATA><TABLEDATA>{rows}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"
    ).encode()


def _cell(cell: object) -> str:
    return (
        ""
        if cell is None
        else {True: "T", False: "F"}.get(cell, str(cell))
        if isinstance(cell, bool)
        else str(cell)
    )
