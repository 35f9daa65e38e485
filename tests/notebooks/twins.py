"""``make notebooks``: the notebooks, from the scripts beside them.

Each tutorial is written once, as a script in jupytext's percent format (``notebooks/01_first_look.py``), which an editor,
a linter and a reviewer can read. The notebook beside it is made of that and has no outputs: it is never edited. Ids of
its cells come from its name and their number, so that making it again changes nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

import jupytext
import nbformat

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def scripts() -> list[Path]:
    """The scripts of all tutorials, in their order."""
    return sorted(NOTEBOOKS.glob("[0-9][0-9]_*.py"))


def notebook_of(script: Path) -> str:
    """The text of the notebook that a script makes."""
    made = jupytext.reads(script.read_text("utf-8"), fmt="py:percent")
    story = script.stem.split("_", 1)[1].replace("_", "-")
    cells = []
    for number, cell in enumerate(made.cells):
        new = nbformat.v4.new_code_cell if cell.cell_type == "code" else nbformat.v4.new_markdown_cell
        cells.append(new(cell.source, id=f"{story}-{number:02d}"))
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=METADATA)
    nbformat.validate(notebook)
    return nbformat.writes(notebook) + "\n"


def main() -> int:
    """Write the notebooks that are not what their scripts say."""
    for script in scripts():
        path, text = script.with_suffix(".ipynb"), notebook_of(script)
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            print(path.relative_to(NOTEBOOKS.parent))
    return 0


if __name__ == "__main__":
    sys.exit(main())
