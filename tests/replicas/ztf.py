"""ZTF light curves of IRSA: a real variable star, split into object ids as the survey does, as CSV."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from tests.replicas.serving import Answer, Asked, Replica

HEAD = (
    "oid,expid,hjd,mjd,mag,magerr,catflags,filtercode,ra,dec,chi,sharp,filefracday,field,ccdid,qid,limitmag,magzp,magzprms,"
    "clrcoeff,clrcounc,exptime,airmass,programid"
)
RA, DEC = 342.459623, 51.263383
OIDS = {
    "ztfg": (1686105400000001, 686105400000002),
    "ztfr": (1686205400000001, 686205400000002),
    "ztfi": (1686305400000001,),
}


class Ztf(Replica):
    """At /cgi-bin/ZTF/nph_light_curves. Every 50th point has a flag; every 97th cannot be used (bit 15)."""

    def __init__(self, data: Path) -> None:
        super().__init__()
        with (data / "lightcurves" / "ZTFrlh6cyjh_phot.csv").open() as file:
            self.rows = [row for row in csv.DictReader(file) if float(row["flux"] or "nan") > 0]

    def answer(self, asked: Asked) -> Answer:
        if asked.path != "/cgi-bin/ZTF/nph_light_curves":
            return Answer(b"not found", 404)
        if asked.query.get("FORMAT") != "CSV" or not asked.query.get("POS", "").startswith("CIRCLE "):
            return Answer(b"<html>error: POS or FORMAT</html>", 400, "text/html")
        ra, dec, radius = map(float, asked.query["POS"].split()[1:])
        apart = math.hypot((ra - RA) * math.cos(math.radians(DEC)), dec - DEC)
        mask = int(asked.query.get("BAD_CATFLAGS_MASK", 0))
        lines = [HEAD]
        if apart <= radius:
            for number, row in enumerate(self.rows):
                flags = 32768 if number % 97 == 96 else 64 if number % 50 == 49 else 0
                if not flags & mask:
                    lines.append(line(number, row, flags))
        return Answer("\n".join(lines).encode() + b"\n", kind="text/csv")


def magnitude(row: dict[str, str]) -> tuple[float, float]:
    """Magnitude and its error of a flux with the zero point 25."""
    flux, sigma = float(row["flux"]), float(row["fluxerr"])
    return 25 - 2.5 * math.log10(flux), 2.5 / math.log(10) * sigma / flux


def oid(number: int, row: dict[str, str]) -> int:
    """The object id that a row belongs to."""
    ids = OIDS[row["filter"]]
    return ids[0] if number % 3 or len(ids) == 1 else ids[1]


def line(number: int, row: dict[str, str], flags: int) -> str:
    mag, err = magnitude(row)
    mjd = float(row["mjd"])
    code = row["filter"].replace("ztf", "z")
    return (
        f"{oid(number, row)},{number},{mjd + 2400000.5 + 0.002:.6f},{mjd:.7f},{mag:.5f},{err:.5f},{flags},{code},{RA:.6f},"
        f"{DEC:.6f},1.1,0.0,20190101,1686,5,4,20.6,26.2,0.03,-0.05,0.00002,30,1.1,1"
    )
