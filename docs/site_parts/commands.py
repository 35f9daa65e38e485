"""What ``skyexplorer --help`` says, of each verb; what ``import skyexplorer`` costs, measured while the page is built."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from site_parts.tree import ROOT

BUDGET_MS = 50
"""Of the processor, what ``import skyexplorer`` may take beyond Python's own start; a test holds it."""
_ROW = re.compile(r"^import time:\s+(\d+) \|\s+(\d+) \| ( *)(\S+)$", re.MULTILINE)


def printed(*line: str) -> str:
    """What Python prints for this line, in this tree."""
    env = {**os.environ, "COLUMNS": "100", "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, *line], capture_output=True, text=True, check=True, env=env).stdout


def command_line(_: str = "") -> str:
    """The help of the command and of each of its verbs."""
    main = printed("-m", "skyexplorer.cli", "--help")
    found = re.search(r"\{([a-z,]+)\}", main)
    verbs = found[1].split(",") if found else []
    parts = [f"```text\n{main.strip()}\n```\n"]
    for verb in verbs:
        said = printed("-m", "skyexplorer.cli", verb, "--help")
        parts.append(f"## `skyexplorer {verb}`\n\n```text\n{said.strip()}\n```\n")
    return "\n".join(parts)


def imported() -> list[tuple[str, int, int]]:
    """What ``import skyexplorer`` loads: name, time by itself, and with what it loads (µs); the last is skyexplorer."""
    line = [sys.executable, "-X", "importtime", "-c", "import sys; sys.stderr.flush(); import skyexplorer"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    said = subprocess.run(line, capture_output=True, text=True, check=True, env=env).stderr
    rows = [(found[4], int(found[1]), int(found[2]), len(found[3])) for found in _ROW.finditer(said)]
    end = next(at for at, row in enumerate(rows) if row[0] == "skyexplorer")
    # A module is told after those that it loads, which stand deeper: back to the last of no greater depth.
    begin = end
    while begin and rows[begin - 1][3] > rows[end][3]:
        begin -= 1
    return [row[:3] for row in rows[begin : end + 1]]


def import_time(_: str = "") -> str:
    """A table of them, as measured just now."""
    rows = imported()
    lines = ["| module | by itself | with what it loads |", "|---|---|---|"]
    lines += [f"| `{name}` | {own / 1000:.1f} ms | {both / 1000:.1f} ms |" for name, own, both in rows]
    return "\n".join(lines) + "\n"
