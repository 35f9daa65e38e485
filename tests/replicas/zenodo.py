"""Zenodo's records and the DCC's files on loopback: concepts that lead to the latest version, archives, checksums."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

from tests.replicas.files import given, small_map
from tests.replicas.serving import Answer, Asked, Replica


def archive(maps: dict[str, bytes]) -> bytes:
    """A tar.gz of files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=1) as tar:
        for name, content in maps.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


class Zenodo(Replica):
    """At /api/records/ and, for the DCC, /public/."""

    def __init__(self, data: Path | None = None) -> None:
        super().__init__()
        self.cut: int | None = None
        self.wrong = False
        """Whether checksums are of something else."""
        gw = data / "gw" if data else None
        real = gw / "GW190814_PublicationSamples.multiorder.fits" if gw else None
        nsbh = real.read_bytes() if real else small_map(12.7, -24.9)
        first = gw / "S190521g_bayestar.multiorder.fits" if gw else None
        massive = first.read_bytes() if first else small_map(5.0, -66.2, sigma=12)
        maps = archive({
            "IGWN-GWTC2p1-v2-PESkyMaps/IGWN-GWTC2p1-v2-GW190814_211039_PEDataRelease_cosmo_reweight_C01:IMRPhenomXPHM.fits":
                small_map(100.0, 10.0),
            "IGWN-GWTC2p1-v2-PESkyMaps/IGWN-GWTC2p1-v2-GW190814_211039_PEDataRelease_cosmo_reweight_C01:Mixed.fits": nsbh,
            "IGWN-GWTC2p1-v2-PESkyMaps/IGWN-GWTC2p1-v2-GW190521_030229_PEDataRelease_cosmo_reweight_C01:Mixed.fits": massive,
            "IGWN-GWTC2p1-v2-PESkyMaps/README.txt": b"maps",
        })  # fmt: skip
        self.records = {
            6513631: {
                "IGWN-GWTC2p1-v2-PESkyMaps.tar.gz": maps,
                "IGWN-GWTC2p1-v2-GW190814_211039_PEDataRelease.h5": b"h5",
            },
            8177023: {"IGWN-GWTC3p0-v2-GW200129_065458_PEDataRelease.h5": b"h5"},
        }
        neutron = gw / "GW170817_skymap.fits.gz" if gw else None
        self.dcc = {
            "GW170817_skymap.fits.gz": neutron.read_bytes()
            if neutron
            else small_map(196.3, -21.3, distance=40.0)
        }

    def answer(self, asked: Asked) -> Answer:
        if asked.path.startswith("/public/0157/P1800381/007/"):
            file = asked.path.rpartition("/")[2]
            return (
                given(self.dcc[file], asked)
                if file in self.dcc
                else Answer(b"<html>Not here</html>", 404, "text/html")
            )
        parts = asked.path.removeprefix("/api/records/").strip("/").split("/")
        if parts[0] in ("5117702", "5546662"):
            record = {"5117702": 6513631, "5546662": 8177023}[parts[0]]
        elif parts[0].isdigit() and int(parts[0]) in self.records:
            record = int(parts[0])
        else:
            return Answer(b'{"status": 404, "message": "It does not exist."}', 404, "application/json")
        if "files" in parts:
            content = self.records[record][parts[2]]
            cut, self.cut = self.cut, None
            return given(content, asked, "application/octet-stream", cut)
        return Answer(json.dumps(self._record(record)).encode(), kind="application/json")

    def _record(self, record: int) -> dict[str, object]:
        base = f"{self.address}/api/records"
        return {
            "id": record, "conceptrecid": "5117702" if record == 6513631 else "5546662",
            "links": {"self": f"{base}/{record}", "latest": f"{base}/{record}/versions/latest"},
            "metadata": {"title": "GWTC-2.1: parameter estimation"},
            "files": [
                {"id": "…", "key": key, "size": len(content),
                 "checksum": "md5:" + hashlib.md5(b"else" if self.wrong else content).hexdigest(),
                 "links": {"self": f"{base}/{record}/files/{key}/content"}}
                for key, content in self.records[record].items()
            ],
        }  # fmt: skip
