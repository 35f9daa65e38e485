"""Jobs of the server: what is cancelled here is aborted there, and nothing is left there of what is done."""

from __future__ import annotations

import re
import time

import pytest
import requests

from skyexplorer import SkyExplorer
from skyexplorer.errors import Cancelled, LateError, ServiceError
from skyexplorer.net import Web
from skyexplorer.services import registry
from skyexplorer.services.tap import Part, run
from tests.vo import truth
from tests.vo.fixtures import Vo

ENDLESS = (
    "SELECT COUNT(*) AS n FROM gaiadr3.gaia_source AS a JOIN gaiadr3.gaia_source AS b ON a.ra < b.dec + b.ra"
)


def _jobs(vo: Vo) -> list[tuple[str, str]]:
    """The jobs that the server knows, and their phases."""
    with requests.get(f"{vo.url}/tap/async", timeout=10) as answer:
        return re.findall(r'<uws:jobref id="([^"]+)".*?<uws:phase>(\w+)', answer.text, re.DOTALL)


def _computing(vo: Vo) -> int:
    """Questions that PostgreSQL works on."""
    return int(vo.sql("select count(*) from pg_stat_activity where state = 'active' and query like '%gaia_source%join%' "
                      "and pid <> pg_backend_pid()")[0][0])  # fmt: skip


def _until(true: object, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():  # type: ignore[operator]
            return True
        time.sleep(0.1)
    return False


@pytest.fixture
def endless(loopback: Vo, monkeypatch: pytest.MonkeyPatch) -> SkyExplorer:
    """An explorer that asks what the server would compute for hours."""
    from dataclasses import replace

    real = registry.services()
    rows = {**real, "endless": replace(real["loopback-stars"], id="endless", mode="async")}
    monkeypatch.setattr(registry, "services", lambda: rows)
    monkeypatch.setattr("skyexplorer.services.tap.plan", lambda *_: ([Part(ENDLESS)], ""))
    return SkyExplorer(samples=False)


def test_a_cancelled_job_is_aborted_at_the_server(loopback: Vo, endless: SkyExplorer) -> None:
    job = endless.submit(endless.query_region, truth.circle(0, 0, 1), service="endless", deadline=60)
    assert _until(lambda: any(phase == "EXECUTING" for _, phase in _jobs(loopback)), 20)
    job.cancel()
    with pytest.raises(Cancelled):
        job.result(10)
    assert _until(
        lambda: loopback.proxy.seen("DELETE .*/async/") or loopback.proxy.seen("POST .*/async/.*/phase")
    )
    assert _until(
        lambda: not any(phase in ("EXECUTING", "QUEUED", "PENDING") for _, phase in _jobs(loopback))
    )
    assert _until(lambda: _computing(loopback) == 0), "PostgreSQL goes on computing"


def test_a_job_whose_time_is_over_is_aborted_too(loopback: Vo, endless: SkyExplorer) -> None:
    with pytest.raises(LateError):
        endless.query_region(truth.circle(0, 0, 1), service="endless", deadline=4)
    assert _until(
        lambda: not any(phase in ("EXECUTING", "QUEUED", "PENDING") for _, phase in _jobs(loopback))
    )
    assert _until(lambda: _computing(loopback) == 0)


def test_a_job_that_is_done_is_deleted(loopback: Vo) -> None:
    from dataclasses import replace

    before = len(_jobs(loopback))
    row = replace(registry.get("loopback-stars"), mode="async")
    with Web("jobs", deadline=60) as web:
        found = run(row, Part("SELECT TOP 5 source_id FROM gaiadr3.gaia_source"), web=web, max_rows=100)
    assert len(found.table) == 5
    assert len(_jobs(loopback)) == before


def test_the_words_of_a_job_that_failed(loopback: Vo) -> None:
    from dataclasses import replace

    row = replace(registry.get("loopback-stars"), mode="async")
    with Web("jobs", deadline=60) as web, pytest.raises(ServiceError, match=r"(?i)nowhere"):
        run(row, Part("SELECT nowhere FROM gaiadr3.gaia_source"), web=web, max_rows=100)


def test_a_busy_server_is_asked_for_its_job_again(loopback: Vo) -> None:
    from dataclasses import replace

    loopback.proxy.fault("status", "GET .*/async/", code=503, retry_after=1, times=2)
    row = replace(registry.get("loopback-stars"), mode="async")
    with Web("jobs", deadline=60) as web:
        found = run(row, Part("SELECT TOP 5 source_id FROM gaiadr3.gaia_source"), web=web, max_rows=100)
    assert len(found.table) == 5
