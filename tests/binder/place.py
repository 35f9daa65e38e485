"""Where an install is tried: a tree as git would give it, and an environment made from that alone."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Place:
    """A tree without what was built in ours, and the folder of commands of its environment."""

    tree: Path
    bin: Path

    @property
    def python(self) -> str:
        """The interpreter of the environment."""
        return str(self.bin / "python")

    def run(self, *command: str) -> str:
        """Run a command in the root of the tree, and return what it printed."""
        ours = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "NUMBA_"))
        }
        env = {**ours, "PATH": os.pathsep.join([str(self.bin), "/usr/bin", "/bin"])}
        done = subprocess.run(command, cwd=self.tree, env=env, capture_output=True, text=True, timeout=580)
        assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout


def clean_tree(place: Path) -> Path:
    """Copy what git would take of the checkout now, committed or not: a clean clone where there are no changes."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, names):
        if (source := ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, place / name)
    return place
