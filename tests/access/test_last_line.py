"""What a cell raises ends with the line that helps; in a kernel, as a notebook shows it."""

from __future__ import annotations

import re

import nbformat
import pytest
from nbclient import NotebookClient

CELLS = {
    "from skyexplorer import SkyExplorer\nsky = SkyExplorer()": "",
    "sky.goto('Nowhere at all')": "→ Give coordinates, a sample, or a source of a layer.",
    "sky.layers['fermi']": "→ The layers are: ",
    "sky.filter('fermi-sources', 'Signiff > 3')": "→ Did you mean Signif_Avg?",
    "sky.open('nothing.fits')": "→ The samples are: ",
    "def mine():\n    return SkyExplorer(theme='green')\nmine()": "→ Give one of auto, light, dark.",
    "sky.brush('nonsense', 'x')": "→ ",
    "%xmode Verbose\nsky.layers['fermi']": "→ The layers are: ",
    "1 / 0": "ZeroDivisionError: division by zero",
}


@pytest.fixture(scope="module")
def outputs() -> dict[str, list[str]]:
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, allow_errors=True, timeout=300).execute()
    plain = re.compile(r"\x1b\[[0-9;]*m")
    return {
        cell.source: plain.sub("", "\n".join(out.traceback)).splitlines()
        for cell in notebook.cells
        for out in cell.outputs
        if out.output_type == "error"
    }


@pytest.mark.parametrize("source", [source for source, line in CELLS.items() if line])
def test_the_last_line_says_what_to_do(outputs: dict[str, list[str]], source: str) -> None:
    assert outputs[source][-1].startswith(CELLS[source])


def test_the_reader_sees_their_own_lines_and_not_ours(outputs: dict[str, list[str]]) -> None:
    shown = "\n".join(outputs["def mine():\n    return SkyExplorer(theme='green')\nmine()"])
    assert "in mine()" in shown
    assert "explorer.py" not in shown
    assert "explorer" in "\n".join(outputs["%xmode Verbose\nsky.layers['fermi']"]), "all of it, for who asks"


def test_what_led_to_it_is_one_line(outputs: dict[str, list[str]]) -> None:
    shown = outputs["sky.brush('nonsense', 'x')"]
    assert shown[-2].startswith("(from ValueError: ")
    assert len(shown) < 12


def test_notes_are_shown() -> None:
    from IPython.core.interactiveshell import InteractiveShell

    from skyexplorer.errors import InputError

    InteractiveShell.instance()
    try:
        error = InputError("it is 3.", "Give 4.")
        error.add_note("while row 7 was read")
        assert any("while row 7 was read" in line for line in error._render_traceback_())
    finally:
        InteractiveShell.clear_instance()
