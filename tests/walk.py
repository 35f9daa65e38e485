"""Every real file, and what it becomes: the table of docs/reference/files.md, written and checked.

``python -m tests.walk`` writes it from the files that ``SKYEXPLORER_TEST_DATA`` names.
"""

from __future__ import annotations

import os
import re
import warnings
from pathlib import Path
from typing import Any

from skyexplorer.errors import SkyExplorerError

DOC = Path(__file__).parents[1] / "docs/reference/files.md"
NOT_DATA = {"README.md", "SHA256SUMS"}
INTRO = """# What opens, and what it becomes

`sky.open(path)` tells a file by its content, not by its name. This table is written by `python -m tests.walk` from
185 real files of public archives, and a test compares each row with what the file gives; a row that begins with
*refused* quotes the error.

"""


def real_files(data: Path) -> list[str]:
    """Paths below the folder, sorted; its own lists are not among them."""
    found = (str(path.relative_to(data)) for path in data.rglob("*") if path.is_file())
    return sorted(name for name in found if name not in NOT_DATA)


def becomes(path: Path) -> str:
    """What a file becomes, in one line."""
    from skyexplorer.model import opening

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return describe(opening.read(path))
    except SkyExplorerError as error:
        return f"*refused*: {_line(error.message)}"


def describe(thing: Any) -> str:
    """A noun in one line, with the numbers by which it can be checked."""
    kind = type(thing).__name__
    match kind:
        case "SkyMap":
            area = thing.credible_region(0.9).area.to_value("deg2")
            return f"SkyMap: {len(thing.density):,} cells of order ≤ {thing.order}, A90 {area:.2f} deg²"
        case "QuantityMap" | "SkyImage":
            return f"{kind}: {repr(thing).removeprefix(f'<{kind} ').removesuffix('>')}"
        case "SkyRegion":
            return f"SkyRegion: {thing.kind}, {thing.area.to_value('deg2'):.6g} deg²"
        case "Event":
            return f"Event: {_event(thing)}"
        case "list":
            with_place = sum(event.position is not None or event.localization is not None for event in thing)
            return (
                f"list of Event: {len(thing)}, {with_place} with a position; the first is {_event(thing[0])}"
            )
        case "SourceCatalog":
            lost = int(thing.no_position.sum())
            return f"SourceCatalog: {_line(thing.name)}, {len(thing):,} rows" + (
                f", {lost} without a position" if lost else ""
            )
        case "LightCurve":
            limits = int(thing.upper_limit.sum())
            what = f"{thing.quantity} [{thing.value.unit}], time in {thing.time.scale.upper()}"
            return f"LightCurve: {len(thing)} points, {limits} limits, {what}"
        case _:
            return f"{kind}: {_line(repr(thing))}"


def _event(event: Any) -> str:
    facts = [event.name, event.messenger or "messenger not told"]
    if event.role != "observation":
        facts.append(event.role)
    if event.retracted:
        facts.append("retracted")
    where = type(event.localization).__name__ if event.localization is not None else ""
    facts.append(event.region_kind or where or ("a point" if event.position is not None else "no position"))
    return ", ".join(map(_line, facts))


def _line(text: str) -> str:
    """One line of a Markdown table, without what changes from place to place."""
    text = " ".join(str(text).split()).replace("|", "\\|")
    text = re.sub(r"\S*/shared/data/", "", text)
    return text if len(text) <= 220 else text[:217] + "…"


def rows_of(document: str) -> dict[str, str]:
    """File and what it becomes, of each row of the table."""
    out = {}
    for line in document.splitlines():
        match = re.match(r"\| `([^`]+)` \| (.*) \|$", line)
        if match:
            out[match.group(1)] = match.group(2)
    return out


def write(data: Path) -> None:
    """Write the document."""
    lines = [INTRO, "| file | becomes |\n|---|---|\n"]
    lines += [f"| `{name}` | {becomes(data / name)} |\n" for name in real_files(data)]
    DOC.parent.mkdir(parents=True, exist_ok=True)
    DOC.write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    write(Path(os.environ["SKYEXPLORER_TEST_DATA"]))
