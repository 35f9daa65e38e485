"""STILTS, which is none of ours, finds the VO sound and gets the rows that we get."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from skyexplorer import SkyExplorer
from tests.vo import truth
from tests.vo.fixtures import Vo

pytestmark = pytest.mark.skipif(
    shutil.which("stilts") is None, reason="no stilts; sudo apt-get install stilts"
)
REGION = truth.circle(83.6331, 22.0145, 8.0)


def _stilts(*words: str) -> str:
    done = subprocess.run(["stilts", *words], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_tapquery_gets_the_same_rows(loopback: Vo, tmp_path: Path) -> None:
    ours = SkyExplorer(samples=False).query_region(REGION, service="fermi-4fgl")
    query = (
        "SELECT name, ra, dec, variability_index FROM sky.fermilpsc "
        "WHERE 1 = CONTAINS(POINT(ra, dec), CIRCLE(83.6331, 22.0145, 8.0))"
    )
    out = tmp_path / "tap.fits"
    _stilts("tapquery", f"tapurl={loopback.tap}", f"adql={query}", "sync=true", f"out={out}", "ofmt=fits")
    theirs = Table.read(out)
    assert set(ours.names) == {str(name).strip() for name in theirs["name"]}
    by_name = {str(row["name"]).strip(): row for row in theirs}
    for name, coord, row in zip(ours.names, ours.coords, ours.table, strict=True):
        assert coord.ra.deg == pytest.approx(by_name[name]["ra"], abs=1e-9)
        other = by_name[name]["variability_index"]
        missing = np.ma.is_masked(row["variability_index"])
        assert missing == bool(np.ma.is_masked(other) or not np.isfinite(other))
        if not missing:
            assert float(row["variability_index"]) == pytest.approx(float(other))


def test_cone_gets_the_same_rows(loopback: Vo, tmp_path: Path) -> None:
    ours = SkyExplorer(samples=False).query_region(REGION, service="loopback-cone")
    out = tmp_path / "cone.fits"
    _stilts("cone", f"serviceurl={loopback.url}/sky/q/fermi/scs.xml?", "lon=83.6331", "lat=22.0145", "radius=8.0",
            f"out={out}", "ofmt=fits")  # fmt: skip
    assert set(ours.names) == {str(name).strip() for name in Table.read(out)["name"]}


def test_an_upload_gets_the_same_rows(loopback: Vo, tmp_path: Path) -> None:
    circles = tmp_path / "circles.csv"
    circles.write_text("ra,dec,radius\n83.6331,22.0145,4.0\n77.3593,5.7014,4.0\n")
    query = (
        "SELECT s.name FROM sky.fermilpsc AS s JOIN TAP_UPLOAD.up1 AS c "
        "ON 1 = CONTAINS(POINT(s.ra, s.dec), CIRCLE(c.ra, c.dec, c.radius))"
    )
    out = tmp_path / "upload.fits"
    _stilts("tapquery", f"tapurl={loopback.tap}", "nupload=1", f"upload1={circles}", "ufmt1=csv", f"adql={query}",
            "sync=true", f"out={out}", "ofmt=fits")  # fmt: skip
    region = truth.circle(83.6331, 22.0145, 4.0) | truth.circle(77.3593, 5.7014, 4.0)
    ours = SkyExplorer(samples=False).query_region(region, service="fermi-4fgl")
    assert set(ours.names) == {str(name).strip() for name in Table.read(out)["name"]}


def test_taplint_finds_no_error(loopback: Vo) -> None:
    said = _stilts("taplint", f"tapurl={loopback.tap}", "stages=TMV TME TMS CPV CAP AVV QGE", "report=EF")
    errors = [line for line in said.splitlines() if line.startswith(("E-", "F-"))]
    assert not errors, "\n".join(errors)
