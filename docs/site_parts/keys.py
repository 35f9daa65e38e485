"""The keys, as the explorer itself lists them when ``?`` is pressed; and those that its front end listens to, for a test."""

from __future__ import annotations

import re

from site_parts.tree import ROOT

SOURCES = ROOT / "skyexplorer" / "views" / "frontend" / "src"
_NAMED = r"Arrow(?:Up|Down|Left|Right)|Page(?:Up|Down)|Home|End|Enter|Escape|Insert|Delete|Backspace"
# A key as a text that is compared, or as the name of an entry that is looked up by the key of an event.
_KEY = re.compile(rf'\bkey === "([^"]+)"|\b({_NAMED}):|"([ +\-/?]|{_NAMED})":')
# How the list writes those that have no sign of their own.
_WRITTEN = {
    "ArrowLeft": "←", "ArrowRight": "→", "ArrowUp": "↑", "ArrowDown": "↓", "PageUp": "Page↑", "PageDown": "Page↓",
    "Escape": "Esc", " ": "Space", "-": "−",
}  # fmt: skip
ALSO = {"=": "+", "_": "−"}  # the same keys without, or with, Shift


def listened() -> dict[str, set[str]]:
    """The keys that each module of the front end listens to, as the list writes them; by its path below ``src``."""
    found = {}
    for path in sorted(SOURCES.rglob("*.js")):
        text = path.read_text("utf-8")
        if "keydown" in text or "event.key" in text:
            keys = {next(filter(None, match.groups())) for match in _KEY.finditer(text)}
            written = {ALSO.get(key) or _WRITTEN.get(key) or key for key in keys}
            found[path.relative_to(SOURCES).as_posix()] = {
                key.upper() if len(key) == 1 else key for key in written
            }
    return found


def told() -> set[str]:
    """The keys of the list."""
    from skyexplorer.views import keys

    rows = [row for group in keys.groups() for row in group["keys"]]  # type: ignore[attr-defined]
    return {key for names, _ in rows for key in names.split()}


def keyboard(_: str = "") -> str:
    """A table for each part of the explorer."""
    from skyexplorer.views import keys

    parts = []
    for group in keys.groups():
        lines = [f"## {group['title']}\n", "| key | does |", "|---|---|"]
        for names, what in group["keys"]:  # type: ignore[attr-defined]
            shown = " ".join(f"<kbd>{key}</kbd>" for key in names.split())
            lines.append(f"| {shown} | {what} |")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)
