"""GWOSC's event API v2 on loopback: events with aliases, versions, parameters; pages, throttling, CSV, missing values."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.replicas.files import given, small_map
from tests.replicas.serving import Answer, Asked, Replica

ALIASES = {
    "GW190814": ["S190814bv", "GW190814_211039"], "GW190425": ["S190425z", "GW190425_081805"],
    "GW190521": ["S190521g", "GW190521_030229"], "GW200129_065458": ["S200129m"], "GW170817": ["G298048"],
    "GW230529_181500": ["S230529ay"],
}  # fmt: skip
ROWS = [  # name, full name, version, catalogue, gps, m1, m2, Mpc, far per year, p_astro
    ("GW170817", "GW170817", 3, "GWTC-1-confident", 1187008882.4, 1.46, 1.27, 40.0, 1e-07, 1.0),
    ("GW170817", "GW170817", 2, "Initial_LIGO_Virgo", 1187008882.4, None, None, None, None, None),
    ("GW190814", "GW190814_211039", 3, "GWTC-2.1-confident", 1249852257.0, 23.3, 2.6, 230.0, 1e-05, 1.0),
    ("GW190814", "GW190814", 2, "GWTC-2", 1249852257.0, 23.2, 2.59, 240.0, 1e-05, 1.0),
    ("GW190425", "GW190425_081805", 3, "GWTC-2.1-confident", 1240215503.0, 2.1, 1.3, 150.0, 0.034, 0.783),
    ("GW190521", "GW190521_030229", 4, "GWTC-2.1-confident", 1242442967.4, 98.4, 57.2, 3310.0, 0.0013, 1.0),
    (
        "GW200129_065458",
        "GW200129_065458",
        1,
        "GWTC-3-confident",
        1264316116.4,
        34.5,
        29.0,
        890.0,
        1e-05,
        0.99,
    ),
    (
        "GW230529_181500",
        "GW230529_181500",
        1,
        "O4_Discovery_Papers",
        1369419318.7,
        3.6,
        1.4,
        201.0,
        None,
        None,
    ),
]
UNITS = {
    "mass_1_source": "M_sun",
    "mass_2_source": "M_sun",
    "luminosity_distance": "Mpc",
    "far": "1/yr",
    "p_astro": "",
}


class Gwosc(Replica):
    """At /api/v2/.

    Attributes
    ----------
    throttled : int
        So many requests get 429 with Retry-After next.
    linked : dict
        Address of the sky map of an event, by its name; those of others are not linked.
    """

    def __init__(self, data: Path | None = None) -> None:
        super().__init__()
        self.throttled = 0
        self.linked: dict[str, str] = {}
        self.rows = list(ROWS)
        self.map = (
            (data / "gw" / "GW190814_PublicationSamples.multiorder.fits").read_bytes()
            if data
            else small_map(12.7, -24.9)
        )
        if data is not None:
            known = {(row[0], row[2]) for row in ROWS}
            for event in json.loads((data / "gw" / "gwosc_events.json").read_text())["all_events"]:
                full = event["full_name"].rpartition("-v")[0]
                if (event["name"], event["version"]) not in known:
                    self.rows.append(
                        (
                            event["name"],
                            full,
                            event["version"],
                            event["catalog"],
                            event["gps_time"],
                            event["m1"],
                            event["m2"],
                            event["luminosity_distance"],
                            event["far"],
                            event["p_astro"],
                        )
                    )

    def answer(self, asked: Asked) -> Answer:
        if self.throttled > 0:
            self.throttled -= 1
            return Answer(
                b'{"detail": "Request was throttled."}', 429, "application/json", {"Retry-After": "1"}
            )
        path = asked.path.removeprefix("/api/v2/").rstrip("/")
        if path == "files/GW190814_PublicationSamples.multiorder.fits":
            return given(self.map, asked)
        if path == "events":
            names = list(dict.fromkeys(row[0] for row in self.rows))
            return self._pages(asked, [self._event(name) for name in names])
        if path == "event-versions":
            return self._versions(asked)
        if found := re.fullmatch(r"events/(.+)", path):
            name = next((name for name, others in ALIASES.items() if found[1] in others), found[1])
            known = any(row[0] == name for row in self.rows)
            return (
                _json(self._event(name))
                if known
                else _json({"detail": "No EventName matches the given query."}, 404)
            )
        if found := re.fullmatch(r"event-versions/(.+)-v(\d+)(/parameters)?", path):
            row = next((row for row in self.rows if row[1] == found[1] and row[2] == int(found[2])), None)
            if row is None:
                return _json({"detail": "Not found."}, 404)
            return self._pages(asked, self._sets(row)) if found[3] else _json(self._version(row, detail=True))
        return _json({"detail": "Not found."}, 404)

    def _event(self, name: str) -> dict[str, Any]:
        rows = sorted((row for row in self.rows if row[0] == name), key=lambda row: row[2])
        return {
            "name": name, "aliases": ALIASES.get(name, []),
            "versions": [
                {"version": row[2], "catalog": row[3],
                 "detail_url": f"{self.address}/api/v2/event-versions/{row[1]}-v{row[2]}"} for row in rows
            ],
        }  # fmt: skip

    def _version(self, row: Any, detail: bool = False) -> dict[str, Any]:
        out = {"name": row[1] if detail else row[0], "version": row[2], "catalog": row[3], "gps": row[4], "run": "O3a",
               "doi": None, "detectors": ["H1", "L1", "V1"]}  # fmt: skip
        return out

    def _parameters(self, row: Any) -> list[dict[str, Any]]:
        return [
            {"name": name, "best": value, "upper_error": None, "lower_error": None, "unit": UNITS[name],
             "decimal_places": 2, "is_upper_bound": name == "far" and value == 1e-05, "is_lower_bound": False}
            for name, value in zip(UNITS, row[5:], strict=True) if value is not None
        ]  # fmt: skip

    def _sets(self, row: Any) -> list[dict[str, Any]]:
        if row[5] is None:
            return []
        given_ = self._parameters(row)
        links = [
            {"url": "https://example.org/samples.h5", "content_type": "posterior_samples", "description": ""}
        ]
        if row[0] in self.linked:
            links.append({"url": self.linked[row[0]], "content_type": "skymap", "description": "sky map"})
        search = {
            "name": "gstlal",
            "pipeline_type": "search",
            "pipeline": "gstlal",
            "is_preferred": False,
            "links": [],
            "parameters": [p for p in given_ if p["name"] in ("far", "p_astro")],
        }
        best = {
            "name": "C01:Mixed",
            "pipeline_type": "pe",
            "pipeline": "bilby",
            "waveform_family": "Mixed",
            "is_preferred": True,
            "data_url": None,
            "links": links,
            "parameters": [p for p in given_ if p["name"] not in ("far", "p_astro")],
        }
        return [search, best]

    def _versions(self, asked: Asked) -> Answer:
        query = asked.query
        chosen = list(self.rows)
        if query.get("lastver") == "true":
            last = {
                name: max(row[2] for row in self.rows if row[0] == name)
                for name in {row[0] for row in self.rows}
            }
            chosen = [row for row in chosen if row[2] == last[row[0]]]
        if "min-gps-time" in query:
            chosen = [row for row in chosen if row[4] >= float(query["min-gps-time"])]
        if "max-gps-time" in query:
            chosen = [row for row in chosen if row[4] <= float(query["max-gps-time"])]
        if "max-far" in query:
            chosen = [row for row in chosen if row[8] is not None and row[8] <= float(query["max-far"])]
        rows = [self._version(row) for row in chosen]
        if query.get("include-default-parameters") == "true":
            for out, row in zip(rows, chosen, strict=True):
                out["default_parameters"] = self._parameters(row)
        if query.get("format") == "csv":
            lines = [
                "name,version,catalog,gps",
                *(f"{r['name']},{r['version']},{r['catalog']},{r['gps']}" for r in rows),
            ]
            return Answer("\n".join(lines).encode(), kind="text/csv")
        return self._pages(asked, rows)

    def _pages(self, asked: Asked, rows: list[Any]) -> Answer:
        size, page = min(int(asked.query.get("pagesize", 50)), 100), int(asked.query.get("page", 1))
        following = None
        if page * size < len(rows):
            following = f"<{self.address}{asked.path}?{urlencode(asked.query | {'page': page + 1})}>"
        return _json({
            "results_count": len(rows), "num_pages": -(-len(rows) // size), "next": following,
            "results": rows[(page - 1) * size : page * size],
        })  # fmt: skip


def _json(document: Any, status: int = 200) -> Answer:
    return Answer(json.dumps(document).encode(), status, "application/json")
