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
    ("/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"),
    ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
"""Where a container's limit and use stand, of either kind, and what of it is only a cache of files, given back on demand."""


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
    for folder, limit, used, cached in CGROUPS:
        with suppress(OSError, ValueError):  # no container, or none with a limit: "max"
            group = Path(folder)
            most = int((group / limit).read_text("ascii")) / GB
            if total is None or most < total:
                total = most
                found = re.search(
                    rf"^{cached} (\d+)$", (group / "memory.stat").read_text("ascii"), re.MULTILINE
                )
                cache = int(found[1]) if found else 0
                left = max(0.0, most - (int((group / used).read_text("ascii")) - cache) / GB)
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
