"""The keys of each part of the explorer. A test holds them against the front end: a key that is listened to stands here."""

from __future__ import annotations

import re
from dataclasses import dataclass

from site_parts.tree import ROOT

SOURCES = ROOT / "skyexplorer" / "views" / "frontend" / "src"
_NAMED = r"Arrow(?:Up|Down|Left|Right)|Page(?:Up|Down)|Home|End|Enter|Escape|Insert|Delete|Backspace"
# A key as a text that is compared, or as the name of an entry that is looked up by the key of an event.
_KEY = re.compile(rf'key === "([^"]+)"|\b({_NAMED}):|"([ +\-=?/]|{_NAMED})":')


@dataclass(frozen=True)
class Place:
    """A part of the explorer that takes keys."""

    title: str
    modules: tuple[str, ...]
    """Of the front end, below ``src``."""
    rows: tuple[tuple[str, str], ...]
    """Keys, with spaces between them, and what they do."""


ARROWS = "ArrowLeft ArrowRight ArrowUp ArrowDown"
PLACES = (
    Place(
        "Go to",
        ("panels/toolbar.js",),
        (("Enter", "in the box: go to what it names"),),
    ),
    Place(
        "The sky, with a tool",
        ("sky/region.js",),
        (
            (ARROWS, "move the cross by 10 px, with Shift by 40"),
            ("Space", "press: a centre, a corner, a point of the measure"),
            ("Enter", "close the region"),
            ("Backspace", "take the last corner or point back"),
            ("Escape", "put the tool away; without a tool, take the measured line away"),
        ),
    ),
    Place(
        "Handles of a region",
        ("sky/vertices.js",),
        (
            (ARROWS, "move the handle by 4 px, with Shift by 24"),
            ("Insert", "a new corner after this one"),
            ("Delete Backspace", "take the corner away"),
            ("Escape", "back to the tools"),
        ),
    ),
    Place(
        "Strip of tools",
        ("sky/toolstrip.js",),
        ((ARROWS, "from tool to tool"),),
    ),
    Place(
        "Choice among sources that lie on each other",
        ("sky/picking.js",),
        (("ArrowUp ArrowDown", "from source to source"), ("Escape", "close it")),
    ),
    Place(
        "Table",
        ("panels/table.js",),
        (
            ("ArrowUp ArrowDown PageUp PageDown Home End", "from row to row"),
            ("Enter", "select the row; on the head of a column, sort by it"),
        ),
    ),
    Place(
        "Strip of times",
        ("panels/timeline.js",),
        (
            (
                "ArrowLeft ArrowRight",
                "step by one window; on an end of the window, move it, with Shift ten times as far",
            ),
            ("ArrowUp ArrowDown Home End", "on an end of the window: move it, or to the first or last event"),
            ("Space", "play, and stop"),
            ("+ - 0", "zoom in, out, and fit"),
            ("Escape", "all times again"),
        ),
    ),
    Place(
        "Tabs of plots, and of the panels beside the sky",
        ("panels/dock.js", "panels/side.js", "panels/archives.js", "panels/layout.js"),
        (("ArrowLeft ArrowRight Home End", "from tab to tab"), ("Enter", "in a box of the archives: ask")),
    ),
    Place(
        "Light curve, histogram and scatter plot",
        ("panels/curve.js", "panels/plot.js"),
        (("Enter", "in the box of a column: plot it"), ("Escape", "close the settings")),
    ),
    Place(
        "Lines between panels",
        ("panels/layout.js",),
        ((ARROWS, "move the line"), ("Home", "to the usual size")),
    ),
    Place(
        "Menus, grips of panels, jobs, full screen",
        ("panels/grip.js", "panels/arranging.js", "panels/jobs.js"),
        (("ArrowUp ArrowDown", "from entry to entry"), ("Escape", "close it; leave full screen")),
    ),
)


def listened() -> dict[str, set[str]]:
    """The keys that each module of the front end listens to, by its path below ``src``."""
    found = {}
    for path in sorted(SOURCES.rglob("*.js")):
        text = path.read_text("utf-8")
        if "event.key" not in text:
            continue
        keys = {next(filter(None, match.groups())) for match in _KEY.finditer(text)}
        found[path.relative_to(SOURCES).as_posix()] = {"Space" if key == " " else key for key in keys}
    return found


def keyboard(_: str = "") -> str:
    """A table for each place."""
    parts = []
    for place in PLACES:
        lines = [f"## {place.title}\n", "| key | does |", "|---|---|"]
        for keys, what in place.rows:
            names = " ".join(f"<kbd>{key.removeprefix('Arrow')}</kbd>" for key in keys.split())
            lines.append(f"| {names} | {what} |")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)
