"""ASAS-SN Sky Patrol v2: a lookup, a list of servers, and blocks of light curves as Parquet or Arrow."""

from __future__ import annotations

import base64
import io
import json
import re
from typing import Any
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
from pyarrow import ipc, parquet

from tests.replicas.serving import Answer, Asked, Replica

STAR = 661425129485
RA, DEC = 342.459623, 51.263383
N = 60


def curve() -> dict[str, Any]:
    """Sixty nights: the first half in V, every tenth a limit, every seventh of bad quality."""
    number = np.arange(N)
    limit = number % 10 == 9
    mag = 13.0 + 0.3 * np.sin(number / 3)
    return {
        "asas_sn_id": np.full(N, STAR), "jd": 2457000.25 + 11.5 * number,
        "mag": np.where(limit, 99.99, mag), "mag_err": np.where(limit, 99.99, 0.02), "limit": 16.4 + 0.01 * number,
        "flux": np.where(limit, 0.01, 20.0), "flux_err": np.full(N, 0.2), "fwhm": np.full(N, 1.9),
        "image_id": [f"coadd_ba{n:06d}" for n in number], "camera": ["ba" if n < N // 2 else "bi" for n in number],
        "quality": ["B" if n % 7 == 6 else "G" for n in number], "phot_filter": ["V" if n < N // 2 else "g" for n in number],
    }  # fmt: skip


class Asassn(Replica):
    """``form`` is how columns are packed: "parquet", "file" or "stream"; ``down`` servers of the list do not answer."""

    def __init__(self, form: str = "parquet", down: int = 0) -> None:
        super().__init__()
        self.form, self.down = form, down
        self.hash = ""

    def answer(self, asked: Asked) -> Answer:
        if cone := re.fullmatch(r"/lookup_cone/radius([\d.]+)_ra([\d.]+)_dec([-\d.]+)", asked.path):
            question = json.loads(asked.body)
            if (
                asked.method != "POST"
                or question["format"] != "arrow"
                or "asas_sn_id" not in question["cols"]
            ):
                return Answer(b'{"error": "bad request"}', 400, "application/json")
            radius, ra, dec = map(float, cone.groups())
            near = np.hypot((ra - RA) * np.cos(np.radians(DEC)), dec - DEC) < radius
            stars = {"asas_sn_id": [STAR], "ra_deg": [RA], "dec_deg": [DEC], "catalog_sources": [None]}
            self.hash = (
                f"conectr-{cone[1]}_conera-{cone[2]}_conedec-{cone[3]}|catalog-master_list|cols-"
                + "/".join(question["cols"])
            )
            return self._columns(stars if near else {name: cells[:0] for name, cells in stars.items()})
        if asked.path == "/get_block_servers":
            here = self.address.removeprefix("http://")
            return Answer(json.dumps([*["127.0.0.1:9"] * self.down, here]).encode(), kind="application/json")
        if block := re.fullmatch(
            r"/get_block/query_hash-(.+)-block_idx-(\d+)-catalog-(\w+)", unquote(asked.path), re.S
        ):
            if base64.decodebytes(block[1].encode()).decode() != self.hash or block[2] != "0":
                return Answer(b'{"error": "unknown block"}', 404, "application/json")
            return self._columns(curve())
        return Answer(b"not found", 404)

    def _columns(self, data: dict[str, Any]) -> Answer:
        table = pa.table(data)
        out = io.BytesIO()
        if self.form == "parquet":
            parquet.write_table(table, out)
        else:
            with (ipc.new_file if self.form == "file" else ipc.new_stream)(out, table.schema) as writer:
                writer.write_table(table)
        return Answer(out.getvalue(), kind="application/octet-stream")
