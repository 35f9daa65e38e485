"""Compiled code made ready before it is needed: by ``skyexplorer warm``, or in the background of a notebook.

There it begins when an explorer is shown or lists are first matched, be they short.

What is compiled is kept by numba beside the package, or in the user's own cache where that cannot be written to. A small
file there says that all of it is, for this version of the package, of numba, of Python, and for this processor.
"""

from __future__ import annotations

import atexit
import importlib
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from skyexplorer import __version__

KERNELS = (  # modules of this floor with a function `warm`
    "crossmatch", "errors2d", "footprints", "levels", "lookup", "membership", "motion", "nested", "probing",
    "sorted", "stream", "sums",
)  # fmt: skip
_started: list[subprocess.Popen[bytes]] = []  # kept, since a process that is let go of is complained about


def warm() -> Path:
    """Compile what is not compiled yet, which takes about half a minute; returns the file that says so.

    Examples
    --------
    >>> from skyexplorer.core import warming
    >>> warming.warm().name == warming.mark().name
    True
    """
    for name in KERNELS:
        importlib.import_module(f"skyexplorer.core.{name}").warm()
    done = mark()
    done.parent.mkdir(parents=True, exist_ok=True)
    done.touch()
    return done


def mark() -> Path:
    """The file that is there when all is compiled."""
    import llvmlite.binding
    import numba

    from skyexplorer.core import radix

    # An image that runs on other machines than its maker's compiles for any: NUMBA_CPU_NAME=generic.
    processor = numba.config.CPU_NAME or llvmlite.binding.get_host_cpu_name()
    python = f"{sys.implementation.cache_tag}-numba{numba.__version__}-{processor}"
    return Path(radix.passed.stats.cache_path) / f"skyexplorer-{__version__}-{python}.warm"


def in_notebook() -> None:
    """In a notebook: `warm_in_background`, unless what is compiled lies beside the package."""
    if "ipykernel" in sys.modules and not _started and not _beside():
        warm_in_background()


def _beside() -> bool:
    """Whether a mark of these versions, for any processor, lies beside the package: told without loading numba."""
    kind = f"{sys.implementation.cache_tag}-numba{metadata.version('numba')}"
    return any((Path(__file__).parent / "__pycache__").glob(f"skyexplorer-{__version__}-{kind}-*.warm"))


def warm_in_background() -> bool:
    """Start a process that compiles, at low priority, unless that is done or under way; whether one was started."""
    if _started:
        return False
    quiet = subprocess.DEVNULL
    command = [sys.executable, "-m", __name__]
    _started.append(subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet))
    atexit.register(_stop)
    return True


def _stop() -> None:
    """End with this process what it started: what is compiled by then is kept."""
    for process in _started:
        if process.poll() is None:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(10)
    if not mark().exists():
        warm()
