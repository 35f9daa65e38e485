"""VSX: lists of stars with fields missing, a single star in place of a list, and no star at all."""

from __future__ import annotations

import json
from typing import Any

from tests.replicas.serving import Answer, Asked, Replica

STAR = {
    "Name": "ZTF J224950.30+511548.1", "AUID": "000-BBB-001", "RA2000": "342.45962", "Declination2000": "51.26338",
    "VariabilityType": "RRAB", "Period": "0.5123", "Epoch": "2458400.1", "MaxMag": "14.2 V", "MinMag": "15.1 V",
}  # fmt: skip
OTHER = {"Name": "Nearby", "RA2000": "342.4605", "Declination2000": "51.2634"}


class Vsx(Replica):
    """``form`` is "list", "single" or "empty"; refused where it is "bots"."""

    def __init__(self, form: str = "list") -> None:
        super().__init__()
        self.form = form

    def answer(self, asked: Asked) -> Answer:
        if self.form == "bots":
            return Answer(b"<html>Method not allowed</html>", 405, "text/html")
        if asked.query.get("view") != "api.list" or asked.query.get("format") != "json":
            return Answer(b"<html>VSX</html>", kind="text/html")
        near = abs(float(asked.query["ra"]) - 342.4596) < 0.01
        inner: Any = {"list": {"VSXObject": [OTHER, STAR]}, "single": {"VSXObject": STAR}}.get(
            self.form if near else "", []
        )
        return Answer(json.dumps({"VSXObjects": inner}).encode(), kind="application/json")
