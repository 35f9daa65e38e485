"""CDS X-Match on loopback: multipart lists against made tables, one job at a time, as its documentation says."""

from __future__ import annotations

import csv
import io
import threading
import time

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord

from tests.replicas.archive import fields
from tests.replicas.serving import Answer, Asked, Replica

TABLES = ("vizier:II/246/out", "simbad")


def sources(rows: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(11)
    return rng.uniform(80, 84, rows), rng.uniform(20, 24, rows)


HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<VOTABLE version="1.2" xmlns="http://www.ivoa.net/xml/VOTable/v1.2"><RESOURCE type="results">
<INFO name="QUERY_STATUS" value="{status}">{text}</INFO>
<TABLE><FIELD name="angDist" datatype="float" unit="arcsec" ucd="pos.angDistance"/>
<FIELD name="{row}" datatype="int"/><FIELD name="{ra}" datatype="double"/><FIELD name="{dec}" datatype="double"/>
<FIELD name="2MASS" datatype="char" arraysize="4*" ucd="meta.id;meta.main"/>
<FIELD name="RAJ2000" datatype="double" unit="deg" ucd="pos.eq.ra;meta.main"/>
<FIELD name="DEJ2000" datatype="double" unit="deg" ucd="pos.eq.dec;meta.main"/>
<FIELD name="Jmag" datatype="float" unit="mag" ucd="phot.mag;em.IR.J"/>
<DATA><TABLEDATA>"""
TAIL = "</TABLEDATA></DATA></TABLE>{more}</RESOURCE></VOTABLE>"


class XMatch(Replica):
    """``banned``: whether it refuses whoever asks; ``most``: jobs at a time so far; ``lists``: rows of each list."""

    def __init__(self) -> None:
        super().__init__()
        self.banned, self.most, self._now = False, 0, 0
        self.lists: list[int] = []
        self.cap = 10**9
        self._lock = threading.Lock()

    def answer(self, asked: Asked) -> Answer:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            return self._answer(asked)
        finally:
            with self._lock:
                self._now -= 1

    def _answer(self, asked: Asked) -> Answer:
        if self.banned or self._now > 1:
            return Answer(b"Forbidden", 403)
        given, files = fields(asked.headers["Content-Type"], asked.body)
        assert given["request"] == "xmatch"
        assert 0 < float(given["distMaxArcsec"]) <= 180
        if given["cat2"] not in TABLES:
            said = '<INFO name="QUERY_STATUS" value="ERROR">Unknown table {}</INFO>'.format(given["cat2"])
            return Answer(
                f'<VOTABLE version="1.2"><RESOURCE type="results">{said}</RESOURCE></VOTABLE>'.encode(), 400
            )
        time.sleep(0.02)
        rows = list(csv.DictReader(io.StringIO(files["cat1"].decode())))
        self.lists.append(len(rows))
        ra, dec = (np.array([float(row[given[key]]) for row in rows]) for key in ("colRA1", "colDec1"))
        there = sources()
        left = SkyCoord(ra * u.deg, dec * u.deg)
        right = SkyCoord(there[0] * u.deg, there[1] * u.deg)
        i, j, apart, _ = right.search_around_sky(left, float(given["distMaxArcsec"]) * u.arcsec)
        found = sorted(
            zip(i.tolist(), apart.arcsec.tolist(), j.tolist(), strict=True), key=lambda one: -one[1]
        )
        if given["selection"] == "best":
            best = {}
            for one in sorted(found, key=lambda one: one[1]):
                best.setdefault(one[0], one)
            found = list(best.values())
        cap = min(self.cap, int(given["MAXREC"]))
        row_name = next(name for name in rows[0] if name not in (given["colRA1"], given["colDec1"]))
        lines = [
            f"<TR><TD>{apart:.6f}</TD><TD>{rows[i][row_name]}</TD><TD>{ra[i]}</TD><TD>{dec[i]}</TD><TD>{j:08d}-long</TD>"
            f"<TD>{there[0][j]:.8f}</TD><TD>{there[1][j]:.8f}</TD><TD>{10 + j % 7}</TD></TR>"
            for i, apart, j in found[:cap]
        ]
        head = HEAD.format(status="OK", text="", row=row_name, ra=given["colRA1"], dec=given["colDec1"])
        more = '<INFO name="QUERY_STATUS" value="OVERFLOW"/>' if len(found) > cap else ""
        return Answer((head + "\n".join(lines) + TAIL.format(more=more)).encode(), kind="text/xml")
