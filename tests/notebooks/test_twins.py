"""Script and notebook of a tutorial say the same, and all tutorials have one form."""

from __future__ import annotations

import ast
import re

import jupytext
import pytest

import skyexplorer
import skyexplorer.scale
from tests.notebooks.twins import NOTEBOOKS, notebook_of, scripts

PUBLIC = {"skyexplorer": skyexplorer.__all__, "skyexplorer.scale": skyexplorer.scale.__all__}
SCRIPTS = pytest.mark.parametrize("script", scripts(), ids=lambda script: script.stem)


@SCRIPTS
def test_the_notebook_is_what_its_script_makes(script):
    made = script.with_suffix(".ipynb")
    assert made.read_text("utf-8") == notebook_of(script), "run `make notebooks`, and change only the script"


def test_each_notebook_has_a_script():
    assert {path.stem for path in NOTEBOOKS.glob("*.ipynb")} == {path.stem for path in scripts()}


@SCRIPTS
def test_the_form(script):
    cells = jupytext.reads(script.read_text("utf-8"), fmt="py:percent").cells
    first, last = cells[0].source, cells[-1].source
    assert first.startswith("# "), "a title"
    for part in ("**The question.**", "**At the end**", "minutes", "online"):
        assert part in first, part
    assert "## What next" in last
    assert "## References" in last
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    for source in code:
        lines = [line for line in source.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        assert len(lines) <= 10, f"a long cell:\n{source}"
    assert any(re.search(r"^\w+ = \.\.\.", source, re.M) for source in code), "an exercise, left open"
    hints = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert hints.count("<details>") == hints.count("</details>") > 0
    shown = next(number for number, source in enumerate(code) if re.search(r"^sky$", source, re.M))
    assert shown < 3, "the explorer is shown early"


@SCRIPTS
def test_public_names_only(script):
    """What is imported from the package is public, and no attribute is private."""
    tree = ast.parse(_without_magic(script.read_text("utf-8")))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "skyexplorer":
            assert node.module in PUBLIC, f"from {node.module} import …"
            assert {alias.name for alias in node.names} <= set(PUBLIC[node.module])
        if isinstance(node, ast.Attribute):
            assert not node.attr.startswith("_"), node.attr


def _without_magic(text: str) -> str:
    return re.sub(r"^(\s*)(?:%|await )", r"\1pass  # ", text, flags=re.M)
