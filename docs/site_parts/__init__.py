"""Parts of pages that are written from the tree: a line ``<!-- part: NAME ARGUMENT -->`` becomes what the part NAME writes.

A part is a function of its argument that returns MyST text. It is put in before the page is parsed, so that headings,
links and anchors in it are those of the page. On GitHub the line is invisible.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from site_parts import changes, commands, errors, gallery, keys, messages, notebooks

PARTS: dict[str, Callable[[str], str]] = {
    "changelog": changes.changelog,
    "command-line": commands.command_line,
    "errors": errors.errors,
    "gallery": gallery.gallery,
    "import-time": commands.import_time,
    "keyboard": keys.keyboard,
    "messages": messages.table,
    "notebook": notebooks.notebook,
}
_LINE = re.compile(r"^<!-- part: ([a-z-]+) ?(.*?) ?-->$", re.MULTILINE)


def filled(text: str) -> str:
    """A page with its parts in it; KeyError for a part that is not known."""
    return _LINE.sub(lambda found: PARTS[found[1]](found[2]), text)


def _on_read(app: Any, page: str, source: list[str]) -> None:
    text = filled(source[0])
    if text != source[0]:
        app.env.note_reread()  # what it is written from is not among the files that Sphinx watches
        source[0] = text


def setup(app: Any) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("source-read", _on_read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
