"""Time series of the Virtual Observatory: a table of observations and an SSA service list them, and files follow."""

from __future__ import annotations

from pathlib import Path

import pytest

from skyexplorer.errors import RefusedError
from skyexplorer.services import curves
from skyexplorer.services.curves import Target
from tests.replicas.dal import PLACES, Archive
from tests.replicas.serving import Answer
from tests.services.curves.conftest import MRK_421, STAR

CRAB = Target("Crab", *PLACES["crab"], ("Crab",), "optical")
ROWS = """
[[service]]
id = "loop-series"
title = "Loop series"
protocol = "ssa"
address = "{address}/ssa"
band = "optical"

[[service]]
id = "loop-obscore"
title = "Loop observations"
protocol = "obstap"
address = "{address}/tap"
table = "ivoa.obscore"
columns = {{ ra = "s_ra", dec = "s_dec", id = "obs_publisher_did", region = "s_region" }}
band = "optical"
"""


@pytest.fixture
def archive(started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    found = started(Archive())
    file = tmp_path / "services.toml"
    file.write_text(ROWS.format(address=found.address))
    monkeypatch.setenv("SKYEXPLORER_SERVICES", str(file))
    monkeypatch.setenv("SKYEXPLORER_CACHE", str(tmp_path / "cache"))
    return found


def series(archive: Archive, name: str = "crab.csv", ra: float = CRAB.ra) -> list[object]:
    """A row of ObsCore."""
    return [
        "timeseries", "LOOP", "o1", f"ivo://loop/{name}", f"{archive.address}/files/{name}", "text/csv", 1, "Crab",
        ra, CRAB.dec, 0.001, None, 58000.0, 58011.0, 4e-7, 5e-7, "Loop", "LCam",
    ]  # fmt: skip


def test_providers_are_rows_of_the_table(archive: Archive) -> None:
    found = curves.providers()
    assert {"loop-series", "loop-obscore", "gavo-obscore"} <= set(found)
    assert "mast-obscore" not in found, "its light curves come by an adapter of its own"
    assert "hess-dr1" not in found, "event lists are no light curves"
    assert curves.fitting(STAR)["loop-obscore"] == ""
    assert curves.fitting(MRK_421)["loop-obscore"]


def test_ssa(archive: Archive, bring) -> None:
    brought = bring("loop-series", CRAB)
    (curve,) = brought.curves
    assert len(curve) == 12
    assert curve.value.to_value("mag") == pytest.approx([15 + 0.1 * i for i in range(12)])
    assert curve.time.utc.mjd[0] == pytest.approx(58000)
    assert curve.origin.service == "loop-series"


def test_obstap(archive: Archive, bring) -> None:
    archive.rows = [series(archive)]
    (curve,) = bring("loop-obscore", CRAB).curves
    assert len(curve) == 12
    assert curve.name == "Crab"


def test_what_is_no_light_curve_is_left_out_and_told(archive: Archive, bring) -> None:
    archive.rows = [series(archive), series(archive, "crab.fits")]
    brought = bring("loop-obscore", CRAB)
    assert len(brought.curves) == 1
    assert "left out" in brought.note


def test_nothing_is_listed(archive: Archive, bring) -> None:
    archive.rows = []
    brought = bring("loop-obscore", CRAB)
    assert brought.curves == ()
    assert "no time series" in brought.note


def test_a_table_that_refuses(archive: Archive, bring) -> None:
    archive.broken = Answer(b"closed", 403)
    with pytest.raises(RefusedError):
        bring("loop-obscore", CRAB)
