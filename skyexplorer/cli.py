"""The ``skyexplorer`` command: ``lab [folder]``, ``warm``, ``doctor [--services …]`` and ``--version``."""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from skyexplorer import __version__


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code.

    Examples
    --------
    >>> from skyexplorer.cli import main
    >>> main([])
    usage: skyexplorer [-h] [--version] {lab,warm,doctor} ...
    2
    """
    parser = argparse.ArgumentParser("skyexplorer", description="The multi-messenger sky, in a notebook.")
    parser.add_argument("--version", action="version", version=f"skyexplorer {__version__}")
    verbs = parser.add_subparsers(dest="verb")
    lab = verbs.add_parser("lab", help="start JupyterLab on a folder or a notebook")
    lab.add_argument("path", nargs="?", default=".", type=Path)
    verbs.add_parser(
        "warm", help="compile the cross-match once, so that the first match does not wait for it"
    )
    doctor = verbs.add_parser(
        "doctor",
        help="tell what is missing here, and what to type: front end, WebGL, network, memory, caches, versions; "
        "with --services ask each service in turn",
    )
    doctor.add_argument(
        "--services", nargs="*", metavar="ID", help="those to ask; all without one. Exit code 1 if any failed"
    )
    doctor.add_argument("--seconds", type=float, default=20.0, help="for each; default 20")
    doctor.add_argument("--write", action="store_true", help="record the date in your services.toml")
    given = parser.parse_args(argv)
    if given.verb is None:
        parser.print_usage()
        return 2
    if given.verb == "warm":
        from skyexplorer.core import warming

        warming.warm()
        return 0
    if given.verb == "doctor":
        from skyexplorer.actions import doctor as doctor_
        from skyexplorer.errors import SkyExplorerError

        try:
            return doctor_.run(given.services, given.seconds, given.write)
        except SkyExplorerError as error:
            print(error, file=sys.stderr)
            return 2
    if not given.path.exists():
        print(f"There is no {given.path}. Give a folder or a notebook.", file=sys.stderr)
        return 2
    if importlib.util.find_spec("jupyterlab") is None:
        print("JupyterLab is not installed. Type: pip install 'skyexplorer[lab]'", file=sys.stderr)
        return 2
    return subprocess.call([sys.executable, "-m", "jupyterlab", str(given.path)])


if __name__ == "__main__":
    sys.exit(main())
