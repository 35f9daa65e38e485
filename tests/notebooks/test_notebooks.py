"""Each tutorial runs whole in JupyterLab, offline: no error, no request that leaves, the sky painted, its answers right."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.lab import Lab, Notebook
from tests.first_look import ENOUGH, painted_share
from tests.notebooks.twins import scripts

pytestmark = pytest.mark.browser

# What a story must have come to, offline: in the text of its outputs.
SAID = {
    "01_first_look": ["highest in the year from 2017-08-04", "90 % credible area: 27.9 deg2"],
    "02_txs_0506": [
        "as a box 1.97 deg2, as an ellipse 1.55 deg2",
        "['4FGL J0509.4+0542', 'VER J0509+057', 'IC170922A']",
        "IC220918A 2022-09-18",
    ],
    "03_gw170817": ["90% of the probability on 27.9 deg2", "credible level 0.30", "triggered 2.03 s"],
    "05_archives": [
        "fermi-4fgl: unreachable",
        "galaxies of the package instead",
        "NGC 4993: number 1 of",
        "The registry was not reached",
        "sky.select(ranked[0])",
    ],
    "04_my_catalogue": [
        "26 of 426 pulsars have a TeV source",
        "as they are: 26 | moved: [",
        "P421  4FGL J0534.5+2200",
    ],
    "06_hess_events": [
        "Computed: no telescope recorded these events.",
        "Excess(on=212, off=356, alpha=0.0833",
        "TeV: nothing",
        "4FGL J0534.5+2201s (Crab Nebula); 4FGL J0534.5+2200 (PSR J0534+2200)",
    ],
    "07_scale": [
        "000 rows, open after",
        "in the 90 % region of GW170817: ",
        "<PartedCatalog stars: 100000 rows in 12 files>",
    ],
}
ANSWER = re.compile(r"<summary>Answer</summary>\s*```python\n(.*?)```", re.S)


@pytest.mark.parametrize("name", [script.stem for script in scripts()])
def test_the_story_runs(name: str, lab: Lab, context: BrowserContext) -> None:
    notebook = Notebook(context, lab, f"{name}.ipynb")
    try:
        notebook.run_all()
        notebook.wait_sky(120)
        _wait_for_all_cells(notebook)
        assert not notebook.errors()
        assert not notebook.foreign_requests()
        assert painted_share(notebook.page) > ENOUGH
        said = _text(notebook)
        assert [text for text in SAID.get(name, []) if text not in said] == []
        assert said.count("**… Nothing here yet.**") == _check_answers(notebook) > 0
    finally:
        notebook.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        notebook.page.close()


def _wait_for_all_cells(notebook: Notebook, timeout: float = 300) -> None:
    """Until each cell of code has its number, and nothing runs."""
    left = """() => {
        const panel = window.jupyterapp.shell.currentWidget;
        const cells = panel.content.model.toJSON().cells.filter(cell => cell.cell_type === 'code');
        const idle = panel.sessionContext.session.kernel.status === 'idle';
        return cells.filter(cell => !cell.execution_count).length + (idle ? 0 : 1);
    }"""
    deadline = time.monotonic() + timeout
    while notebook.page.evaluate(left):
        assert not notebook.errors()
        assert time.monotonic() < deadline, "the cells did not end"
        notebook.page.wait_for_timeout(100)


def _text(notebook: Notebook) -> str:
    """What the outputs say, as text and as Markdown."""
    parts: list[str] = []
    for output in notebook.outputs():
        data = output.get("data", {})
        parts += [output.get("text", ""), data.get("text/plain", ""), data.get("text/markdown", "")]
    return "\n".join("".join(part) for part in parts)


def _check_answers(notebook: Notebook) -> int:
    """Put the answers that the notebook hides in place of its dots; returns how many there are.

    The last line of an exercise is its check.
    """
    cells = notebook.page.evaluate(
        """() => window.jupyterapp.shell.currentWidget.content.model.toJSON()
            .cells.map(cell => [cell.cell_type, [].concat(cell.source).join('')])"""
    )
    asked, answered = "", 0
    for kind, source in cells:
        if kind == "code" and re.search(r"^\w+ = \.\.\.", source, re.M):
            asked = source
        for answer in ANSWER.findall(source) if kind == "markdown" else ():
            check = asked.rstrip().rsplit("\n", 1)[1]
            notebook.run(asked.replace(check, ""))
            notebook.run(answer)
            verdict = notebook.python(f"[({check}).right, repr({check})]")
            assert verdict[0] is True, verdict[1]
            answered += 1
    return answered
