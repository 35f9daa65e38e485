"""The Dataverse on loopback: the files of ICECAT-1, its table as put in (CSV) and as turned into tab-separated text."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from tests.replicas.serving import Answer, Asked, Replica

SMALL = """\
NAME,RUNID,EVENTID,START,EVENTMJD,I3TYPE,RA,DEC,RA_ERR_PLUS,RA_ERR_MINUS,DEC_ERR_PLUS,DEC_ERR_MINUS,ENERGY,FAR,SIGNAL,CR_VETO
IC170922A,130033,50579430,2017-09-22 20:54:30.436,58018.871186,ehe-gold,77.43,5.79,1.14,0.75,0.64,0.41,264,0.265,0.631,FALSE
IC231103A,138591,36961467,2023-11-03 05:35:49.51,60251.23321,gfu-gold,48.25,39.27,None,None,None,None,300.0,1.0,None,FALSE
"""


class Dataverse(Replica):
    """At /api/.

    Attributes
    ----------
    number : int
        Of the file of the table, which changes from version to version of the data set.
    as_text : bool
        Whether only the tab-separated form is served.
    """

    number = 8123456
    as_text = False

    def __init__(self, data: Path | None = None) -> None:
        super().__init__()
        self.csv = (data / "neutrino" / "IceCube_Gold_Bronze_Tracks.csv").read_text() if data else SMALL

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/api/datasets/:persistentId/":
            file = {
                "id": self.number,
                "filename": "IceCube_Gold_Bronze_Tracks.tab",
                "originalFileName": "IceCube_Gold_Bronze_Tracks.csv",
            }
            maps = {"id": 11, "filename": "2017.tar.gz"}
            files = [
                {"label": "2017.tar.gz", "dataFile": maps},
                {"label": "IceCube_Gold_Bronze_Tracks.tab", "dataFile": file},
            ]
            return Answer(
                json.dumps({"status": "OK", "data": {"latestVersion": {"files": files}}}).encode(),
                kind="application/json",
            )
        if asked.path == f"/api/access/datafile/{self.number}":
            if asked.query.get("format") == "original" and not self.as_text:
                return Answer(self.csv.encode(), kind="text/csv")
            return Answer(self.tab().encode(), kind="text/tab-separated-values")
        return Answer(b'{"status": "ERROR", "message": "Not found"}', 404, "application/json")

    def tab(self) -> str:
        """Tab-separated, texts in quotes."""
        rows = [row for row in csv.reader(io.StringIO(self.csv)) if row]
        out = ["\t".join(rows[0])]
        for row in rows[1:]:
            out.append("\t".join(cell if _number(cell) else f'"{cell}"' for cell in row))
        return "\n".join(out) + "\n"


def _number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
