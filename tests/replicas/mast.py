"""MAST: the portal that says EXECUTING first, products, and light curves of TESS as FITS."""

from __future__ import annotations

import io
import json
from typing import Any
from urllib.parse import parse_qs

import numpy as np
from astropy.io import fits

from tests.replicas.serving import Answer, Asked, Replica

RA, DEC = 342.459623, 51.263383
N = 400
SECTORS = {16: 58738.6, 17: 58764.7, 56: 59825.3, 57: 59853.4, 77: 60396.6}


def light_curve(sector: int) -> bytes:
    """Two-minute cadences of a sector; some have no time, some no flux, some a flag."""
    number = np.arange(N)
    time = SECTORS[sector] - 56999.5 + number * 2 / 1440  # BTJD
    flux = 1000 + 10 * np.sin(number / 20)
    quality = np.where(number % 40 == 39, 128, 0)
    time[3], flux[5] = np.nan, np.nan
    columns = [
        fits.Column("TIME", "D", "BJD - 2457000, days", array=time),
        fits.Column("SAP_FLUX", "E", "e-/s", array=flux * 0.98),
        fits.Column("SAP_FLUX_ERR", "E", "e-/s", array=np.full(N, 1.5)),
        fits.Column("PDCSAP_FLUX", "E", "e-/s", array=flux),
        fits.Column("PDCSAP_FLUX_ERR", "E", "e-/s", array=np.full(N, 1.5)),
        fits.Column("QUALITY", "J", array=quality),
    ]
    table = fits.BinTableHDU.from_columns(columns, name="LIGHTCURVE")
    table.header.update({
        "TELESCOP": "TESS", "OBJECT": "TIC 64075896", "BJDREFI": 2457000, "BJDREFF": 0.0, "TIMESYS": "TDB",
        "TIMEUNIT": "d", "TIMEDEL": 2 / 1440, "TIMEPIXR": 0.5, "SECTOR": sector,
    })  # fmt: skip
    out = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(out)
    return out.getvalue()


class Mast(Replica):
    """``executing`` answers say so before the first that is done; ``direct`` sectors have their file in ``dataURL``."""

    def __init__(self, executing: int = 2, direct: bool = False) -> None:
        super().__init__()
        self.executing, self.direct = executing, direct
        self.waiting: dict[str, int] = {}
        self.error = ""

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/api/v0.1/Download/file":
            uri = asked.query["uri"]
            sector = next((s for s in SECTORS if f"s{s:04d}" in uri), None)
            return (
                Answer(light_curve(sector), kind="application/fits")
                if sector
                else Answer(b"no such file", 404)
            )
        if asked.path != "/api/v0/invoke" or asked.method != "POST":
            return Answer(b"not found", 404)
        text = parse_qs(asked.body.decode())["request"][0]
        request = json.loads(text)
        if self.error:
            return self._json({"status": "ERROR", "msg": self.error})
        left = self.waiting.setdefault(text, self.executing)
        if left:
            self.waiting[text] = left - 1
            return self._json({"status": "EXECUTING", "msg": "", "percent complete": 0.5})
        if request["service"] == "Mast.Caom.Products":
            sector = int(request["params"]["obsid"]) - 60000000
            names = ["_dvt.fits", "_fast-lc.fits", "_lc.fits", "_tp.fits"]
            data = [{"dataURI": f"mast:TESS/product/{self._name(sector)}{name}", "size": 5} for name in names]
            return self._json({"status": "COMPLETE", "msg": "", "data": data, "paging": {"pagesFiltered": 1}})
        ra, dec, radius = (float(part) for part in request["params"]["position"].split(","))
        near = abs(ra - RA) < radius and abs(dec - DEC) < radius
        rows = self._rows() if near else []
        size = 3  # a page
        page = request["page"]
        return self._json(
            {
                "status": "COMPLETE", "msg": "", "data": rows[(page - 1) * size : page * size],
                "paging": {"page": page, "pageSize": size, "pagesFiltered": max(1, -(-len(rows) // size))},
            }
        )  # fmt: skip

    def _name(self, sector: int) -> str:
        return f"tess2019000-s{sector:04d}-0000000064075896-0123-s"

    def _rows(self) -> list[dict[str, Any]]:
        rows = []
        for sector, start in SECTORS.items():
            for pipeline in ("QLP", "SPOC"):
                rows.append(
                    {
                        "obs_collection": "TESS", "provenance_name": pipeline, "sequence_number": sector, "t_min": start,
                        "t_exptime": 120.0, "obsid": 60000000 + sector, "dataRights": "PUBLIC", "target_name": "64075896",
                        "dataURL": f"mast:TESS/product/{self._name(sector)}_lc.fits" if self.direct else None,
                    }
                )  # fmt: skip
        rows.append({"obs_collection": "TESS", "provenance_name": "SPOC", "sequence_number": 80, "t_min": None,
                     "dataRights": "EXCLUSIVE_ACCESS", "obsid": 1})  # fmt: skip
        return rows

    def _json(self, data: Any) -> Answer:
        return Answer(json.dumps(data).encode(), kind="application/json")
