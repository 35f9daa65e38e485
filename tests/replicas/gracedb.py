"""GraceDB on loopback: superevents with paging, files in versions, logs, VOEvents; null and missing fields."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.replicas.files import given, small_map
from tests.replicas.serving import Answer, Asked, Replica


def superevent(
    name: str, t_0: float | None, far: float | None, labels: list[str], **more: Any
) -> dict[str, Any]:
    """One, as the service writes it."""
    return {
        "superevent_id": name, "gw_id": None, "category": "Production", "created": "2019-08-14 21:11:18 UTC",
        "submitter": "emfollow", "em_type": None, "t_start": t_0, "t_0": t_0, "t_end": t_0, "far": far,
        "time_coinc_far": None, "space_coinc_far": None, "labels": labels, "links": {},
        "preferred_event_data": {
            "graceid": "G347305", "group": "CBC", "pipeline": "gstlal", "search": "AllSky", "gpstime": t_0,
            "instruments": "H1,L1,V1", "nevents": 3, "offline": False, "far": far, "far_is_upper_limit": False,
            "likelihood": 251.8, "created": "2019-08-14 21:11:18 UTC", "labels": ["SKYMAP_READY"],
        },
    } | more  # fmt: skip


def log(name: str, version: int, created: str, n: int) -> dict[str, Any]:
    """One upload."""
    return {
        "N": n,
        "comment": "",
        "created": created,
        "filename": name,
        "file_version": version,
        "tag_names": ["sky_loc"],
    }


READY = ["ADVOK", "SKYMAP_READY", "EMBRIGHT_READY", "PASTRO_READY", "GCN_PRELIM_SENT", "SIGNIF_LOCKED"]


class GraceDb(Replica):
    """At /api/.

    Attributes
    ----------
    missing : set of str
        Paths below ``superevents/`` that are refused with 500, such as ``"S190814bv/logs/"``.
    cuts : dict
        After how many bytes the line breaks, by file name; once.
    plain : bool
        Whether it does not understand times and rates in a query.
    """

    def __init__(self, data: Path | None = None) -> None:
        super().__init__()
        self.missing: set[str] = set()
        self.cuts: dict[str, int] = {}
        self.plain = False
        self.maps = {
            "bayestar.multiorder.fits,0": _real(
                data, "S190814bv_bayestar.multiorder.fits,0", 13.6, -23.8, sigma=12.0
            ),
            "bayestar.multiorder.fits,1": _real(
                data, "S190814bv_bayestar.multiorder.fits,1", 12.7, -24.7, sigma=4.0
            ),
            "LALInference.v1.multiorder.fits,0": _real(
                data, "S190814bv_LALInference.v1.multiorder.fits", 12.7, -24.9, sigma=3.0
            ),
        }
        first, second, last = self.maps
        self.events = {
            "S190814bv": superevent("S190814bv", 1249852257.012957, 2.033e-33, [*READY, "ADVREQ"], gw_id="GW190814"),
            "S190425z": superevent("S190425z", 1240215503.011549, 4.538e-13, READY, created="2019-04-25 08:18:26 UTC"),
            "S190521g": superevent(
                "S190521g", 1242442967.447266, 3.801e-09, ["ADVOK", "SKYMAP_READY"], created="2019-05-21 03:08:32 UTC"
            ),
            "S190822c": superevent(
                "S190822c", 1250472616.589844, 6.145e-18, ["ADVNO", "SKYMAP_READY"], created="2019-08-22 01:30:23 UTC"
            ),
            "S230518h": superevent(
                "S230518h", 1368449966.0, None, [], created="2023-05-18 12:59:26 UTC", preferred_event_data=None
            ),
            "MS260408x": superevent(
                "MS260408x", 1459726874.430086, 6.786496426516116e-14, ["EM_READY", "ADVNO", "RAVEN_ALERT"], category="MDC",
                em_type="M632681", created="2026-04-08 23:59:34 UTC", time_coinc_far=4.19e-18, space_coinc_far=5.04e-18,
            ),
        }  # fmt: skip
        for k in range(250):  # candidates of low significance: more than two pages
            name = f"S2401{1 + k // 26:02d}{chr(97 + k % 26)}"
            self.events[name] = superevent(
                name, 1388620818.0 + 3600 * k, 1e-6, ["LOW_SIGNIF_LOCKED", "SKYMAP_READY"],
                created=f"2024-01-{1 + k // 26:02d} {k % 24:02d}:00:00 UTC",
            )  # fmt: skip
        self.files: dict[str, dict[str, bytes]] = {
            "S190814bv": {
                **self.maps,
                "bayestar.multiorder.fits": self.maps[second],
                "LALInference.v1.multiorder.fits": self.maps[last],
                "bayestar.fits.gz": b"\x1f\x8bnot a map that is asked for",
                "combined-ext.multiorder.fits": b"nor this",
                "p_astro.json": b'{"BNS": 0.0, "NSBH": 0.99789, "BBH": 0.0, "MassGap": 0.00211, "Terrestrial": 0.0}',
                "em_bright.json": b'{"HasNS": 1.0, "HasRemnant": 0.0}',
                "S190814bv-1-Preliminary.xml": b"<voe/>",
            },
            "S190425z": {
                "bayestar.multiorder.fits": _real(
                    data, "S190425z_bayestar.multiorder.fits", 242.6, 22.8, sigma=25.0
                )
            },
            "S190521g": {
                "bayestar.multiorder.fits": _real(
                    data, "S190521g_bayestar.multiorder.fits", 5.0, -66.2, sigma=12.0
                )
            },
            "S190822c": {"bayestar.multiorder.fits": small_map(30.0, 10.0)},
        }
        self.logs = {
            "S190814bv": [
                log("bayestar.multiorder.fits", 0, "2019-08-14 21:12:34 UTC", 10),
                log("bayestar.multiorder.fits", 1, "2019-08-14 21:31:45 UTC", 30),
                log("LALInference.v1.multiorder.fits", 0, "2019-08-15 11:21:26 UTC", 60),
                {
                    "N": 61,
                    "comment": "a remark",
                    "created": "2019-08-15 12:00:00 UTC",
                    "filename": "",
                    "file_version": None,
                },
            ]
        }
        self.alerts = {
            "S190814bv": [
                _alert(1, "PR", first, "2019-08-14 21:31:10 UTC"),
                _alert(2, "PR", second, "2019-08-14 21:37:47 UTC"),
                {"N": 3, "filename": "S190814bv-3-Initial.xml,0", "links": {}},  # no more than is documented
                _alert(4, "UP", last, "2019-08-15 11:27:17 UTC"),
            ],
            "S190822c": [
                _alert(1, "PR", "", "2019-08-22 01:30:23 UTC"),
                _alert(2, "RE", "", "2019-08-22 02:00:00 UTC"),
            ],
        }

    def answer(self, asked: Asked) -> Answer:
        path = asked.path.removeprefix("/api/")
        if path == "superevents/":
            return self._list(asked)
        found = re.fullmatch(r"superevents/([^/]+)/(.*)", path)
        if not found or found[1] not in self.events:
            return _json({"detail": "Not found."}, 404)
        name, rest = found[1], found[2]
        if f"{name}/{rest}" in self.missing:
            return _json({"detail": "Internal error."}, 500)
        files = self.files.get(name, {})
        if not rest:
            return _json(self.events[name])
        if rest == "files/":
            return _json({file: f"{self.address}/api/superevents/{name}/files/{file}" for file in files})
        if rest.startswith("files/"):
            file = rest.removeprefix("files/").replace("%2C", ",")
            if file not in files:
                return _json({"detail": "Not found."}, 404)
            return given(files[file], asked, cut=self.cuts.pop(file, None))
        if rest == "logs/":
            rows = self.logs.get(name, [])
            return _json({"numRows": len(rows), "start": 0, "links": {}, "log": rows})
        if rest == "voevents/":
            rows = self.alerts.get(name, [])
            return _json({"numRows": len(rows), "voevents": rows})
        return _json({"detail": "Not found."}, 404)

    def _list(self, asked: Asked) -> Answer:
        query, count = asked.query.get("query", ""), int(asked.query.get("count", 10))
        start = int(asked.query.get("start", 0))
        if self.plain and query != "category: Production":
            return _json({"detail": "Invalid query"}, 400)
        chosen = sorted(self.events.values(), key=lambda event: event["created"], reverse=True)
        if told := re.search(r"category: (\w+)", query):
            chosen = [event for event in chosen if event["category"] == told[1]]
        for label in ("ADVOK", "ADVNO"):
            if label in query.split():
                chosen = [event for event in chosen if label in event["labels"]]
        if told := re.search(r"t_0: (\S+) \.\. (\S+)", query):
            chosen = [event for event in chosen if float(told[1]) <= event["t_0"] <= float(told[2])]
        if told := re.search(r"far < (\S+)", query):
            chosen = [event for event in chosen if event["far"] is not None and event["far"] < float(told[1])]
        if told := re.search(r"gw_id: (\S+)", query):
            chosen = [event for event in chosen if event["gw_id"] == told[1]]
        following = None
        if start + count < len(chosen):
            following = f"{self.address}/api/superevents/?{urlencode(asked.query | {'start': start + count})}"
        return _json(
            {
                "numRows": len(chosen),
                "superevents": chosen[start : start + count],
                "links": {"next": following},
            }
        )


def _alert(n: int, kind: str, skymap: str, created: str) -> dict[str, Any]:
    return {
        "N": n, "voevent_type": kind, "filename": f"S190814bv-{n}-{kind}.xml", "file_version": 0, "created": created,
        "skymap_filename": skymap or None, "links": {"file": "…"},
    }  # fmt: skip


def _real(data: Path | None, name: str, ra: float, dec: float, sigma: float) -> bytes:
    if data is not None:
        return (data / "gw" / name).read_bytes()
    return small_map(ra, dec, sigma=sigma)


def _json(document: Any, status: int = 200) -> Answer:
    return Answer(json.dumps(document).encode(), status, "application/json")
