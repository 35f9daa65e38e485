"""What a machine tells of itself: memory, disk, and the title of a page that a browser was given."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

GB = 1e9
CGROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)
"""Where a container's limit and use stand, of either kind."""


def free_memory() -> tuple[float | None, float | None]:
    """Memory that a new process can have, and all that there is, GB; None where the system does not tell.

    Examples
    --------
    >>> from skyexplorer.actions.machine import free_memory
    >>> free, total = free_memory()
    >>> free is None or total is None or 0 <= free <= total
    True
    """
    free = total = None
    with suppress(OSError, AttributeError, ValueError):
        pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
        total = pages * size / GB
    with suppress(OSError, AttributeError):
        told = Path("/proc/meminfo").read_text("ascii")
        found = re.search(r"^MemAvailable:\s+(\d+) kB", told, re.MULTILINE)
        free = int(found[1]) * 1024 / GB if found else None
    for limit, used in CGROUPS:
        with suppress(OSError, ValueError):  # no container, or none with a limit: "max"
            most = int(Path(limit).read_text("ascii")) / GB
            if total is None or most < total:
                total = most
                left = max(0.0, most - int(Path(used).read_text("ascii")) / GB)
                free = left if free is None else min(free, left)
    return free, total


def free_disk(folder: Path) -> float:
    """Room on the disk of a folder, GB."""
    return shutil.disk_usage(folder).free / GB


def page_of(line: Sequence[str], seconds: float) -> str:
    """Title of the page that a browser without a window was started with; empty where it did not show it in time."""
    try:
        done = subprocess.run(
            line, capture_output=True, text=True, timeout=seconds, errors="replace", check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"<title>(.*?)</title>", done.stdout, re.DOTALL)
    return found[1].strip() if found else ""
