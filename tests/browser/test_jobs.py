"""Jobs as a person sees them: a strip while something runs, a cross that stops it, the ledger on demand; else nothing.

``SKYEXPLORER_SHOTS=folder`` keeps the pictures.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.lab import Lab, Notebook, browser

CELL = '''
import threading, time
from skyexplorer import SkyExplorer
from skyexplorer.actions.jobs import Live, live, run_side_by_side
from skyexplorer.actions.recording import recorded
from skyexplorer.errors import LateError
from skyexplorer.progress import current
from skyexplorer.session.ledgers import asking

gate = threading.Event()

def rows(service, until, text):
    """A service that sends some of its rows, and then waits."""
    with asking(service) as row:
        for done in range(0, until + 1, 5):
            current().report(done, 100, what=text.format(done=40 * done))
            time.sleep(0.01)
        while not gate.wait(0.01):
            current().check()
        row.tell(rows=4000)
    return 4000

def late():
    raise LateError("No answer in 20 s.", "Ask for a smaller region.", service="simbad")

def several():
    return run_side_by_side({"gaia-dr3": lambda: [0] * 1204, "simbad": late, "fermi-4fgl": lambda: [0] * 12}, 20)

class Explorer(SkyExplorer):
    @recorded()
    @live("Asking {service}, and waiting")
    def query(self, service) -> Live[int]:
        """Blocks."""
        return (yield lambda: rows(service, 60, "Reading {done} of 4,000 rows"))

sky = Explorer()
sky
'''


@pytest.fixture(scope="module", params=["dark", "light"])
def notebook(lab: Lab, request: pytest.FixtureRequest) -> Iterator[Notebook]:
    with browser(dark=request.param == "dark") as context:
        name = f"jobs-{request.param}.ipynb"
        lab.write(name, [CELL.replace("Explorer()\n", f"Explorer(theme={request.param!r})\n")])
        book = Notebook(context, lab, name)
        book.only_outputs()
        book.run_all()
        book.wait_sky()
        book.name = request.param
        yield book
        assert not book.errors()


def shot(notebook: Notebook, name: str) -> None:
    folder = os.environ.get("SKYEXPLORER_SHOTS")
    if folder:
        notebook.page.locator(".skx-root").first.screenshot(
            path=Path(folder) / f"jobs-{name}-{notebook.name}.png"
        )


def start(notebook: Notebook, code: str) -> None:
    """Execute in the kernel without waiting for it."""
    notebook.page.evaluate(
        "code => void window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute({code})",
        code,
    )


def test_nothing_runs_and_nothing_is_shown(notebook: Notebook) -> None:
    jobs = notebook.page.locator(".skx-jobs")
    expect(jobs).to_have_count(1)
    assert jobs.locator(":scope > *:visible").count() == 0
    shot(notebook, "quiet")


def test_two_jobs_are_shown_and_the_cross_stops_one(notebook: Notebook) -> None:
    page = notebook.page
    notebook.run(
        "gate.clear()\n"
        "a = sky.submit(rows, 'gaia-dr3', 60, 'Reading {done:,} of 4,000 rows', what='Gaia DR3 in the region of GW170817')\n"
        "b = sky.submit(rows, 'glade-plus', 30, 'Reading {done:,} rows', what='Galaxies of GLADE+')"
    )
    line = page.locator(".skx-job-line")
    expect(line).to_contain_text("Gaia DR3 in the region of GW170817")
    expect(line).to_contain_text("Reading 2,400 of 4,000 rows")
    assert line.locator("progress").evaluate("bar => bar.value") == pytest.approx(0.6)
    before = line.locator(".skx-job-clock").inner_text()
    expect(line.locator(".skx-job-clock")).not_to_have_text(before)
    shot(notebook, "running")

    page.get_by_role("button", name="2 jobs").click()
    rows = page.locator(".skx-job-list > li")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("Reading 1,200 rows")
    expect(rows.nth(1).locator(".skx-ledger")).to_contain_text("glade-plus")
    shot(notebook, "list")
    rows.nth(1).get_by_role("button", name="Stop: Galaxies of GLADE+").click()
    expect(rows).to_have_count(1)
    assert notebook.python("[a.state, b.state]") == ["running", "cancelled"]
    page.keyboard.press("Escape")
    expect(page.locator(".skx-jobs-open")).to_be_hidden()

    line.get_by_role("button", name="Stop: Gaia DR3").click()
    expect(line).to_be_hidden()
    assert notebook.python("[a.state, len(sky.jobs)]") == ["cancelled", 0]
    assert notebook.python("len(sky.session.notices.items)") == 0, "who stopped it knows"


def test_the_last_ledger_is_there_on_demand(notebook: Notebook) -> None:
    page = notebook.page
    notebook.run("_ = sky.submit(several, what='Sources near NGC 4993')")
    details = page.get_by_role("button", name="who answered the last question")
    expect(details).to_have_attribute("data-complete", "false")
    details.click()
    asked = page.locator(".skx-asked")
    expect(asked).to_contain_text("Sources near NGC 4993")
    expect(asked.locator("li")).to_have_count(3)
    expect(asked.locator("li").nth(0)).to_contain_text("1,204 rows")
    expect(asked.locator("li").nth(1)).to_contain_text("Ask for a smaller region.")
    shot(notebook, "ledger")
    page.locator(".skx-status").click(position={"x": 5, "y": 5})
    expect(asked).to_be_hidden()
    expect(page.locator(".skx-job-line")).to_be_hidden()


def test_a_verb_that_blocks_the_kernel_is_seen_too(notebook: Notebook) -> None:
    line = notebook.page.locator(".skx-job-line")
    notebook.run("gate.clear(); threading.Timer(8, gate.set).start()")
    start(notebook, "sky.query('gaia-dr3')")
    expect(line).to_contain_text("Reading 2400 of 4,000 rows", timeout=7500)
    expect(line.get_by_role("button", name="interrupt the kernel")).to_be_disabled()
    expect(line).to_be_hidden(timeout=10_000)
    assert notebook.python("sky.steps.items[-1].call") == "sky.query('gaia-dr3')"


def test_a_job_as_the_last_line_of_a_cell_has_a_bar_that_moves(notebook: Notebook) -> None:
    """In an output of its own: its display is updated while other cells run."""
    texts = notebook.page.evaluate(
        """async () => {
            const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            const code = "gate.clear(); threading.Timer(1, gate.set).start()\\n"
                + "sky.submit(rows, 'gaia-dr3', 60, 'Reading {done} rows', what='in a cell')";
            const future = kernel.requestExecute({code});
            const seen = [];
            const take = message => {
                if (/display_data$/.test(message.header.msg_type)) seen.push(message.content.data['text/html']);
            };
            kernel.iopubMessage.connect((_, message) => take(message));
            await future.done;
            await new Promise(resolve => setTimeout(resolve, 2500));
            return seen;
        }"""
    )
    assert len(texts) >= 3
    assert "in a cell" in texts[0]
    assert "Reading" in texts[1]
    assert "done" in texts[-1]
    assert "4000 rows" in texts[-1]
