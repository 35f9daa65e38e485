"""HEASARC on loopback: folders of Fermi GBM triggers, as listings of a web server, and its tables by TAP (sync)."""

from __future__ import annotations

import io
import re
from pathlib import Path
from urllib.parse import parse_qs

from astropy.table import MaskedColumn, Table

from tests.replicas.files import given, small_map
from tests.replicas.serving import Answer, Asked, Replica

TRIGGERS = [  # name, trigger_name, MJD, RA, Dec, radius, type
    ("GRB180116026", "bn180116026", 58134.0256, 212.77, 27.05, 5.2, "GRB"),
    ("GRB180116678", "bn180116678", 58134.6781, 79.88, -46.17, 6.8, "GRB"),
    ("TGF180116112", "bn180116112", 58134.1121, 10.0, 5.0, 11.0, "TGF"),
    ("GRB230410476", "bn230410476", 60044.4764, 352.3, 22.9, 2.1, "GRB"),
    ("SFL230411001", "bn230411001", 60045.0012, 17.9, 7.6, 0.0, "SFLARE"),
]


class Heasarc(Replica):
    """Folders at /FTP/fermi/data/gbm/triggers/, tables at /xamin/vo/tap/sync.

    Attributes
    ----------
    cut : int or None
        After how many bytes the line breaks while the next map is given.
    """

    def __init__(self, data: Path | None = None) -> None:
        super().__init__()
        self.cut: int | None = None
        path = data / "gamma" / "glg_healpix_all_bn180116026.fit" if data else None
        content = path.read_bytes() if path else small_map(213.4, 25.9, "GRB180116026", sigma=5.0)
        self.folders = {
            "2018/bn180116026/current/": {
                "glg_healpix_all_bn180116026_v00.fit": small_map(10.0, 10.0, "GRB180116026"),
                "glg_healpix_all_bn180116026_v01.fit": content,
                "glg_skymap_all_bn180116026_v01.png": b"\x89PNG",
                "glg_locprob_all_bn180116026_v01.fit": b"SIMPLE",
            },
            "2023/bn230410476/quicklook/": {
                "glg_healpix_all_bn230410476.fit": small_map(352.3, 22.9, "GRB230410476")
            },
        }

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/xamin/vo/tap/sync" and asked.method == "POST":
            return self._table(parse_qs(asked.body.decode())["QUERY"][0])
        path = asked.path.removeprefix("/FTP/fermi/data/gbm/triggers/")
        folder, _, name = path.rpartition("/")
        files = self.folders.get(folder + "/")
        if files is None or (name and name not in files):
            return Answer(b"<html><h1>Not Found</h1></html>", 404, "text/html")
        if name:
            cut, self.cut = self.cut, None
            return given(files[name], asked, cut=cut)
        rows = "".join(
            f'<tr><td><a href="{file}">{file[:30]}..&gt;</a><td>2018-01-16 01:02<td>1.5M' for file in files
        )
        head = f'<html><h1>Index of /{folder}</h1><table><tr><th><a href="?C=N;O=D">Name</a>'
        page = f'{head}{rows}</table><a href="../">Parent</a></html>'
        return Answer(page.encode(), kind="text/html")

    def _table(self, query: str) -> Answer:
        chosen = sorted(TRIGGERS, key=lambda row: -row[2])
        if "fermigbrst" in query:
            chosen = [row for row in chosen if row[6] == "GRB"]
        elif "fermigtrig" not in query:
            said = b'<INFO name="QUERY_STATUS" value="ERROR">no such table</INFO>'
            return Answer(
                b'<VOTABLE><RESOURCE type="results">' + said + b"</RESOURCE></VOTABLE>", kind="text/xml"
            )
        if told := re.findall(r"trigger_name = '(\w+)'", query):
            chosen = [row for row in chosen if row[1] in told]
        for sign, value in re.findall(r"trigger_time (>=|<=) ([\d.]+)", query):
            chosen = [row for row in chosen if (row[2] >= float(value)) == (sign == ">=")]
        if told := re.search(r"TOP (\d+)", query):
            chosen = chosen[: int(told[1])]
        columns = list(zip(*chosen, strict=True)) or [()] * 7
        table = Table(
            {
                "name": list(map(str, columns[0])), "trigger_name": list(map(str, columns[1])),
                "trigger_time": list(map(float, columns[2])), "ra": list(map(float, columns[3])),
                "dec": list(map(float, columns[4])),
                "error_radius": MaskedColumn(list(map(float, columns[5])), mask=[value == 0 for value in columns[5]]),
                "trigger_type": list(map(str, columns[6])),
            },
            dtype=["U12", "U12", float, float, float, float, "U8"],
        )  # fmt: skip
        table["trigger_time"].unit, table["ra"].unit, table["dec"].unit = "d", "deg", "deg"
        out = io.BytesIO()
        table.write(out, format="votable")
        return Answer(out.getvalue(), kind="application/x-votable+xml")
