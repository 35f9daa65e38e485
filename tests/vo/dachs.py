"""Find DaCHS, or install it, or say what to type.

``python -m tests.vo.dachs`` is what ``make test`` runs first: it says where DaCHS is, installing Debian's packages where it
may; otherwise it says what to type, and the tests marked ``vo`` are skipped. ``python -m tests.vo.dachs serve`` starts the
Virtual Observatory of the tests for whoever wants to look at it, until Ctrl-C.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

# Not gavodachs2-server, whose installation wants systemd.
PACKAGES = ("python3-gavo", "python3-gavo-utils", "postgresql", "postgresql-15-pgsphere", "postgresql-15-q3c")
EXTENSIONS = Path("/usr/share/postgresql/15/extension")
BIN = Path("/usr/lib/postgresql/15/bin")


def missing() -> list[str]:
    """What lacks of a DaCHS that runs; empty where there is one."""
    there = {
        "dachs (python3-gavo)": shutil.which("dachs") is not None and Path("/usr/bin/python3").exists(),
        "PostgreSQL 15": (BIN / "initdb").is_file(),
        "q3c": (EXTENSIONS / "q3c.control").is_file(),
        "pgsphere": (EXTENSIONS / "pg_sphere.control").is_file(),
    }
    return [what for what, found in there.items() if not found]


def required() -> bool:
    """Whether a missing DaCHS is a failure, and not a reason to skip."""
    return (
        os.environ.get("CI", "").lower() in ("1", "true") or os.environ.get("SKYEXPLORER_REQUIRE_VO") == "1"
    )


def advice() -> str:
    """What to type."""
    return f"Type: sudo apt-get install --no-install-recommends {' '.join(PACKAGES)}"


def install() -> bool:
    """Install Debian's packages, where this is Debian 12 and we are root."""
    if not (shutil.which("apt-get") and os.geteuid() == 0):
        return False
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    commands = (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES],
    )
    return all(
        subprocess.run(command, stdout=subprocess.DEVNULL, env=env).returncode == 0 for command in commands
    )


def main(words: list[str]) -> int:
    """Say where DaCHS is; 0 also where it cannot be had, unless it is required."""
    if missing():
        print("No DaCHS found; installing it (a minute or two) …", flush=True)
        install()
    lacking = missing()
    if lacking:
        print(
            f"The tests of live archives need DaCHS on Debian 12; missing: {', '.join(lacking)}. "
            f"It could not be installed from here.\n  {advice()}\n"
            + ("" if required() else "They are skipped now."),
            file=sys.stderr,
        )
        return 2 if required() or words else 0
    if words == ["serve"]:
        from tests.vo.fixtures import show

        return show()
    print(f"DaCHS: {shutil.which('dachs')}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
