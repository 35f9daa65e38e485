"""Random acts in a real page, for a while: nothing breaks, and memory stays as it is.

``make soak`` does 2000 (``SKYEXPLORER_ACTS``), with reloads of the page, and asks that neither the browser's heap nor
the kernel grow by more than a tenth over the second half. Without that variable it does 100, with no reload.
"""

from __future__ import annotations

import json
import os
import statistics
import time

import pytest

from tests.browser.lab import Lab, Notebook, browser
from tests.soak.acts import CELL, Acts

pytestmark = pytest.mark.browser
ACTS = int(os.environ.get("SKYEXPLORER_ACTS", "100"))
SEED = int(os.environ.get("SKYEXPLORER_SEED", "7"))
LONG = ACTS >= 1000
SAMPLES = 20
GROWTH = 1.10  # of the last quarter over the third: the second half
# Of the host, not of ours.
EXPECTED = (
    "favicon",
    "source map",
    "GPU stall",
    "GL Driver",
    "WebGL",
    "willReadFrequently",
    "Failed to load resource",
)


def heap(book: Notebook) -> float:
    """MB that live in the page's heap, after its garbage was collected."""
    session = book.page.context.new_cdp_session(book.page)
    for _ in range(2):
        session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"] / 1e6
    session.detach()
    return float(used)


def complaints(book: Notebook) -> list[str]:
    """What the page said that it should not have."""
    loud = [line for line in book.console if line.startswith(("error", "pageerror"))]
    return [line for line in loud if not any(word in line for word in EXPECTED)]


def quarters(values: list[float]) -> tuple[float, float]:
    """Medians of the third quarter and of the last."""
    size = len(values) // 4
    return statistics.median(values[2 * size : 3 * size]), statistics.median(values[3 * size :])


@pytest.mark.timeout(7200 if LONG else 300)
def test_random_acts_break_nothing_and_leave_no_memory_behind() -> None:
    with Lab() as lab, browser(width=1440, height=950) as context:
        lab.write("soak.ipynb", [CELL])
        book = Notebook(context, lab, "soak.ipynb")
        book.only_outputs()
        book.run_all()
        book.wait_sky()
        acts = Acts(book, SEED, reload=LONG)
        browser_mb, kernel_mb = [], []
        start = time.monotonic()
        for number in range(ACTS):
            name = acts.act()
            notices = (
                book.python("[n.text for n in sky.session.notices.items if n.level == 'error']")
                if number % 10 == 9
                else []
            )
            context_of = f"seed {SEED}, act {number} ({name}); the last: {', '.join(acts.done[-12:])}"
            assert not notices, f"{notices} at {context_of}"
            assert not complaints(book), f"{complaints(book)} at {context_of}"
            if number % max(ACTS // SAMPLES, 1) == 0:
                book.run(
                    "sky.session.notices.clear(); [sky.layers.remove(n) for n in [*sky.layers] if n.startswith('random')]"
                )
                book.run("sky.select(()); sky.brush()")
                book.page.wait_for_timeout(300)
                browser_mb.append(heap(book))
                kernel_mb.append(book.python("memory()"))
        figures = {
            "acts": ACTS, "seconds": round(time.monotonic() - start), "browser_mb": [round(mb, 1) for mb in browser_mb],
            "kernel_mb": [round(mb, 1) for mb in kernel_mb], "reloads": acts.done.count("reload"),
        }  # fmt: skip
        print(json.dumps(figures))
        assert not book.errors()
        assert book.foreign_requests() == []
        if LONG:
            for values in (browser_mb, kernel_mb):
                third, last = quarters(values)
                assert last < GROWTH * third, figures
