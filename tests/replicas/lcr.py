"""The Fermi LAT Light Curve Repository and FAVA: real exports, served as the JSON that their servers give as text/html."""

from __future__ import annotations

import csv
import gzip
import json
import re
from pathlib import Path
from typing import Any

from tests.replicas.serving import Answer, Asked, Replica

FILES = {
    ("4FGL J1104.4+3812", "weekly"): "4FGL_J1104.4+3812_weekly_2_20_2025.csv",
    ("4FGL J1104.4+3812", "monthly"): "4FGL_J1104.4+3812_monthly_2_20_2025.csv",
    ("4FGL J1256.1-0547", "weekly"): "4FGL_J1256.1-0547_weekly_2_20_2025.csv",
    ("4FGL J1555.7+1111", "weekly"): "4FGL_J1555.7+1111_weekly_2_20_2025.csv",
}
EMPTY: dict[str, list[Any]] = {
    name: []
    for name in (
        "ts", "flux", "flux_upper_limits", "flux_error", "photon_index", "photon_index_interval", "fit_tolerance",
        "fit_convergence", "dlogl", "EG", "GAL", "bin_id",
    )
}  # fmt: skip


class Lcr(Replica):
    """LCR at /LCR/queryDB.php, FAVA at /FAVA/queryDB_Lightcurve.php.

    ``unconverged`` are the numbers of bins whose fit did not end; ``renamed`` says what sources are called by now: names of
    a later release that the repository does not know.
    """

    def __init__(self, data: Path) -> None:
        super().__init__()
        self.data = data
        self.unconverged: set[int] = set()
        self.weeks = [(239557418.0 + 604800 * week, 100 + week, 100.0, 10, 0.0) for week in range(20)]

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/FAVA/queryDB_Lightcurve.php":
            return self._json(
                [
                    {"time": str(met), "nev": str(n), "avnev": str(mean), "sigma": "0.1", "he_nev": str(high),
                     "he_avnev": str(high_mean), "he_sigma": None}
                    for met, n, mean, high, high_mean in self.weeks
                ]
            )  # fmt: skip
        if asked.path != "/LCR/queryDB.php":
            return Answer(b"not found", 404)
        if asked.query.get("typeOfRequest") == "SourceList":
            return self._json(self._sources())
        cadence = asked.query["cadence"]
        if cadence not in ("daily", "weekly", "monthly"):
            return self._json([])
        found = FILES.get((asked.query["source_name"], cadence))
        if found is None:
            return self._json(EMPTY)
        return self._json(document(self.data / "lightcurves" / "lcr" / found, self.unconverged))

    def _json(self, data: Any) -> Answer:
        return Answer(b"\n\n" + json.dumps(data).encode(), kind="text/html; charset=UTF-8")

    def _sources(self) -> list[dict[str, Any]]:
        """As strings, some of them missing."""
        path = self.data / "gamma" / "4FGL_DR2_gll_psc_v23_from_rdata.csv.gz"
        with gzip.open(path, "rt") as file:
            rows = [
                {
                    "Source_Name": re.sub(r"^4FGLJ", "4FGL J", row["Source_Name"].strip()), "RAJ2000": row["RAJ2000"],
                    "DEJ2000": row["DEJ2000"], "ASSOC1": row["ASSOC1"].strip(), "CLASS1": row["CLASS1"].strip() or None,
                }
                for row in csv.DictReader(file)
            ]  # fmt: skip
        return rows


def document(path: Path, unconverged: set[int] = frozenset()) -> dict[str, Any]:  # type: ignore[assignment]
    """What the service gives of an export: detections with the ends of their intervals, limits apart."""
    found: dict[str, list[Any]] = {name: [] for name in EMPTY}
    with path.open() as file:
        rows = list(csv.DictReader(file))
    names = list(rows[0])
    flux = next(name for name in names if " Flux [" in name)
    error = next(name for name in names if " Flux Error" in name)
    for number, row in enumerate(rows):
        met = int(row["MET"])
        ts = float(row["TS"]) if row["TS"] not in ("-", "") else None
        found["ts"].append([met, ts])
        found["fit_convergence"].append([met, int(number in unconverged)])
        found["fit_tolerance"].append([met, 1e-8])
        for plain in ("dlogl", "EG", "GAL", "bin_id"):
            found[plain].append(number)
        if row[flux].startswith("<"):
            found["flux_upper_limits"].append([met, float(row[flux].lstrip("< "))])
        elif row[flux] not in ("-", ""):
            value, sigma = float(row[flux]), float(row[error]) if row[error] not in ("-", "") else 0.0
            found["flux"].append([met, value])
            found["flux_error"].append([met, value - sigma, value + sigma])
            found["photon_index"].append([met, float(row["Photon Index"])])
            found["photon_index_interval"].append([met, 0.0])
    return found
