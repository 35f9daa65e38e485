"""The changelog: its fragments, newest first, under a heading for each step of the project."""

from __future__ import annotations

from itertools import groupby

from site_parts.tree import DOCS

STEPS = {
    "0002": "First light",
    "0003": "Formats",
    "0004": "Cross-match",
    "0005": "Live archives",
    "0006": "The view",
    "0007": "Tutorials, docs, access",
}


def changelog(_: str = "") -> str:
    """All fragments of ``docs/changelog.d``; those of a step stand together."""
    paths = sorted((DOCS / "changelog.d").glob("*.md"))
    parts = []
    for step, group in groupby(paths, key=lambda path: path.name.partition("-")[0]):
        text = "\n".join(path.read_text("utf-8").strip() for path in group)
        parts.append(f"### {STEPS.get(step, step)}\n\n{text}\n")
    return "\n".join(reversed(parts))
