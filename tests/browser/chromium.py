"""Find Chromium, or install it, or say what to type.

``python -m tests.browser.chromium`` is what ``make test`` runs first: it prints the path of a
Chromium that starts, installing Debian's package where it may, else Playwright's own build where
that can be downloaded; otherwise it ends with exit code 2 and the line to type.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Software WebGL, and none of the requests that Chromium makes on its own account.
ARGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
)


def find() -> str | None:
    """Path of an installed Chromium, or None. ``SKYEXPLORER_CHROMIUM`` goes first."""
    named = os.environ.get("SKYEXPLORER_CHROMIUM")
    if named:
        return named if Path(named).is_file() else None
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return path
    return _of_playwright()


def _of_playwright() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        path = play.chromium.executable_path
    return path if Path(path).is_file() else None


def _debian() -> bool:
    if not (shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0):
        return False
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    quiet = {"stdout": subprocess.DEVNULL, "env": env}
    packages = ["chromium", "fonts-liberation", "fonts-dejavu-core"]
    return (
        subprocess.run(["apt-get", "update", "-qq"], **quiet).returncode == 0
        and subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], **quiet
        ).returncode
        == 0
    )


def _download() -> bool:
    run = subprocess.run(
        [sys.executable, "-m", "playwright", "install", "chromium"], capture_output=True, timeout=600
    )
    return run.returncode == 0


def main() -> int:
    """Print the path of a Chromium; 2 and the line to type where there is none."""
    found = find()
    if found is None:
        print("No Chromium found; installing it …", flush=True)
        if _debian() or _download():
            found = find()
    if found is None:
        print(
            "The browser tests need Chromium, and it could not be installed from here. Type one of:\n"
            "  sudo apt-get install chromium        (Debian, Ubuntu)\n"
            f"  {sys.executable} -m playwright install chromium\n"
            "or name one: SKYEXPLORER_CHROMIUM=/path/to/chromium make test",
            file=sys.stderr,
        )
        return 2
    print(f"Chromium: {found}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
