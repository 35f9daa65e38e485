"""The jobs in the status line, without a browser: what is told of them, and what clicks do."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from skyexplorer import SkyExplorer
from skyexplorer.errors import LateError
from skyexplorer.model.ledger import Answer, Ledger
from skyexplorer.progress import current
from skyexplorer.views.jobs import LISTED, JobsPanel


@pytest.fixture
def sky() -> SkyExplorer:
    return SkyExplorer(samples=False)


@pytest.fixture
def panel(sky: SkyExplorer) -> Iterator[JobsPanel]:
    panel = JobsPanel(sky.session, sky)
    yield panel
    panel.close()


def tell(panel: JobsPanel, kind: str, **content: Any) -> None:
    """What the browser sends."""
    panel._handle_custom_msg({"type": kind, **content}, [])


def until(so: Callable[[], Any]) -> None:
    end = time.monotonic() + 10
    while not so():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.005)


def work() -> None:
    """Goes on until it is stopped."""
    current().report(1, total=4, what="Reading 500 of 2,000 rows")
    while True:
        current().check()
        time.sleep(0.005)


def test_nothing_runs_and_nothing_is_shown(panel: JobsPanel) -> None:
    assert (panel.items, panel.count, panel.asked) == ([], 0, {})


def test_a_job_comes_gets_on_and_goes(sky: SkyExplorer, panel: JobsPanel) -> None:
    gate = threading.Event()

    def counting() -> int:
        current().report(1, total=4, what="Reading 500 of 2,000 rows")
        return int(gate.wait(10))

    job = sky.submit(counting, what="Asking gaia-dr3")
    until(lambda: job.state == "running" and panel.items[0]["share"])
    (row,) = panel.items
    assert (row["id"], row["what"], row["state"], row["share"]) == (
        job.id,
        "Asking gaia-dr3",
        "running",
        0.25,
    )
    assert row["doing"] == "Reading 500 of 2,000 rows"
    assert 0 <= row["age"] < 10
    gate.set()
    job.result(10)
    assert (panel.items, panel.count) == ([], 0)


def test_the_cross_stops_it(sky: SkyExplorer, panel: JobsPanel) -> None:
    job, other = sky.submit(work), sky.submit(work)
    tell(panel, "cancel", id=job.id)
    assert (job.state, other.ended) == ("cancelled", False)
    assert [row["id"] for row in panel.items] == [other.id]
    tell(panel, "cancel", id=job.id)  # a second click, which came too late
    assert sky.session.notices.items == ()
    other.cancel()


def test_many_are_counted_and_can_be_stopped_at_once(sky: SkyExplorer, panel: JobsPanel) -> None:
    jobs = [sky.submit(work) for _ in range(LISTED + 5)]
    until(lambda: jobs[-1].state in ("waiting", "running") and panel.count == LISTED + 5)
    assert len(panel.items) == LISTED
    tell(panel, "cancel_all")
    assert {job.state for job in jobs} == {"cancelled"}
    assert (panel.items, panel.count) == ([], 0)


def test_whom_a_job_asks_is_seen_while_it_asks(sky: SkyExplorer, panel: JobsPanel) -> None:
    job = sky.session.jobs.new("Asking two")
    job.begin()
    row = job.book.open("gaia-dr3")
    row.tell(rows=12)
    row.close()
    job.book.open("simbad")
    sky.session.jobs.home.run()
    told = [(answer["service"], answer["state"], answer["text"]) for answer in panel.items[0]["answers"]]
    assert told[0] == ("gaia-dr3", "ok", "12 rows")
    assert told[1][:2] == ("simbad", "asking")
    job.cancel()


def test_the_last_question_and_who_answered(sky: SkyExplorer, panel: JobsPanel) -> None:
    error = LateError("No answer in 20 s.", "Ask for a smaller region.")
    answers = [
        Answer("gaia-dr3", "ok", rows=2000, overflow=True),
        Answer.of_error("simbad", error, seconds=20.04),
    ]
    sky.session.ledgers.add("Sources near M 31", Ledger(answers))
    assert panel.asked["what"] == "Sources near M 31"
    assert panel.asked["complete"] is False
    gaia, simbad = panel.asked["answers"]
    assert (gaia["more"], gaia["text"]) == (True, "first 2,000 of more")
    assert (simbad["said"], simbad["advice"]) == ("No answer in 20 s.", "Ask for a smaller region.")
    assert simbad["seconds"] == 20.0
    sky.session.ledgers.add("Again", Ledger([Answer("gaia-dr3", "ok", rows=1)]))
    assert panel.asked["complete"] is True


def test_a_panel_made_later_shows_what_is_there(sky: SkyExplorer) -> None:
    sky.session.ledgers.add("Before", Ledger([Answer("gaia-dr3", "ok", rows=1)]))
    job = sky.submit(work, what="running")
    late = JobsPanel(sky.session, sky)
    assert (late.asked["what"], late.items[0]["what"]) == ("Before", "running")
    late.close()
    job.cancel()


def test_it_is_drawn_in_measure_and_the_last_state_is_seen(sky: SkyExplorer, panel: JobsPanel) -> None:
    drawn = []
    panel.observe(lambda change: drawn.append(change["new"]), names="items")

    def quick() -> None:
        for step in range(200):
            current().report(step, total=200, what=f"step {step}")
            time.sleep(0.002)

    async def main() -> None:
        jobs = [sky.submit(quick) for _ in range(10)]
        for job in jobs:
            await job
        await asyncio.sleep(0.2)

    start = time.monotonic()
    asyncio.run(main())
    assert panel.items == []
    assert 2 <= len(drawn) <= (time.monotonic() - start) / 0.1 + 5


def test_closed_it_is_told_no_more(sky: SkyExplorer) -> None:
    panel = JobsPanel(sky.session, sky)
    panel.close()
    sky.submit(work).cancel()
    assert sky.session.notices.items == ()
