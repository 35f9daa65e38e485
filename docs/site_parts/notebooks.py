"""A notebook as a page: its cells as they are, the picture of its explorer below the cell that shows it, where to get it.

Nothing is run here: that each notebook runs is what the tests see to.
"""

from __future__ import annotations

import json
import re

from site_parts.gallery import themed
from site_parts.tree import ROOT

# A code cell whose last line is the explorer, or that displays it: there the reader sees it.
_SHOWS = re.compile(r"^(?:display\()?(?:sky|SkyExplorer\(.*\))\)?$")
_LINK = re.compile(r"\]\((?:\./)?(\d\d_\w+)\.ipynb\)")


def notebook(name: str) -> str:
    """The text of a page for ``notebooks/<name>.ipynb``."""
    path = ROOT / "notebooks" / f"{name}.ipynb"
    if not path.exists():
        return f"# {name[3:].replace('_', ' ')}\n\nThis notebook is not written yet.\n"
    cells = json.loads(path.read_text("utf-8"))["cells"]
    shown = False
    parts = []
    for cell in cells:
        source = "".join(cell["source"]).strip()
        if cell["cell_type"] == "markdown":
            parts.append(_markdown(source))
        elif cell["cell_type"] == "code" and source:
            parts.append(_code(source))
            if not shown and _SHOWS.match(source.splitlines()[-1].strip()):
                shown = True
                parts.append(themed(name, f"The explorer of the notebook {name}"))
        if len(parts) == 1:
            parts.append(
                f"*This page is the notebook `notebooks/{name}.ipynb`: {{download}}`get it <{_up(path)}>`, or "
                f"[open it on your machine](index.md#run-them).*"
            )
    return "\n\n".join(parts) + "\n"


def _up(path: object) -> str:
    return f"/../notebooks/{getattr(path, 'name', path)}"


def _code(source: str) -> str:
    """A fence longer than any in the cell."""
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`{3,}", source)), 3)
    # Magics are not Python: such a cell is coloured as what IPython takes.
    language = "ipython" if re.search(r"^\s*[%!]", source, re.MULTILINE) else "python"
    return f"{fence}{language}\n{source}\n{fence}"


def _markdown(source: str) -> str:
    """Links between notebooks become links between their pages, and those into docs lose their way out of the folder."""
    text = _LINK.sub(r"](\1.md)", source)
    return re.sub(r"\]\(\.\./docs/", "](../", text)
