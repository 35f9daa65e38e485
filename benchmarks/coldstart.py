"""A cold start, from the steps of ``binder/`` to a painted sky: what each takes, and what it consists of.

``python -m benchmarks.coldstart [--runs 5]`` makes a clean environment by the steps of ``binder/``, starts a server behind
``binder/start``, and fresh kernels on it. ``--env FOLDER`` keeps the environment there, or takes the one that is there.

- *Install*: seconds, and the most memory that its processes took together.
- *Cold*: the same kernel where nothing of the environment is in memory yet, as on a machine that has just got the image.
- *Stages*: a kernel, then one cell after the other; medians. Memory is proportional (what is shared is divided).
- *Imports*: seconds of its own of each package, by ``python -X importtime``.
- *Painted*: in Chromium, from run-all in a fresh kernel to the first frame with the Milky Way in it.
- *Seat*: server and kernel together, with all cells of tutorials run, at the end and at most.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import nbformat

from benchmarks.seat import MEGABYTE, Cost, Seat, Watch, family
from benchmarks.view import first_paint
from tests.binder.place import Place, clean_tree
from tests.browser.lab import Lab

STAGES = {
    "from skyexplorer import SkyExplorer": "from skyexplorer import SkyExplorer",
    "sky = SkyExplorer()": "sky = SkyExplorer()",
    "sky, shown": "from IPython.display import display; display(sky)",
}
LOOK = "import sys; print(len(sys.modules), 'numba' in sys.modules)"
TUTORIALS = ("01_first_look", "02_txs_0506")


class Server(Lab):
    """A server behind ``binder/start``, in the folder of the tutorials."""

    # Asked by a program that shows no cookie.
    command = (*Lab.command, "--ServerApp.disable_check_xsrf=True")
    patience = 900

    def __init__(self, place: Place) -> None:
        super().__init__(
            place.python, launcher=(str(place.tree / "binder/start"),), PATH=str(place.bin), PYTHONPATH=""
        )


def install(folder: Path) -> Place:
    """Make the environment, and say what each step takes."""
    place = Place(clean_tree(folder / "tree"), folder / "env" / "bin")
    if place.bin.exists():
        return place
    subprocess.run([sys.executable, "-m", "venv", str(place.bin.parent)], check=True)
    steps = {
        "requirements.txt": (place.python, "-m", "pip", "install", "-q", "--no-cache-dir", "-r", "binder/requirements.txt"),
        "postBuild": ("./binder/postBuild",),
    }  # fmt: skip
    print("Install", flush=True)
    for name, command in steps.items():
        start = time.perf_counter()
        with Watch(os.getpid()) as watch:
            before = Cost.of(os.getpid()).proportional
            place.run(*command)
        took = time.perf_counter() - start
        print(f"  {name:40} {took:6.1f} s   at most {watch.peak - before:5.0f} MB", flush=True)
    return place


def built(place: Place) -> None:
    """Sizes of what the install leaves."""
    package = next((place.bin.parent / "lib").glob("python3*/site-packages/skyexplorer"))
    compiled = list(package.rglob("*.nbc"))
    parts = {
        "environment": place.bin.parent,
        "front end": package / "views/static",
        "samples": package / "samples",
    }
    print("Built at install")
    for name, folder in parts.items():
        print(f"  {name:40} {_size(folder):7.1f} MB")
    print(
        f"  {'compiled code, files ' + str(len(compiled)):40} {sum(f.stat().st_size for f in compiled) / MEGABYTE:7.1f} MB"
    )


def _size(folder: Path) -> float:
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir()) / MEGABYTE


def forget(folder: Path) -> None:
    """Ask the system to drop from memory what it has read of these files; what is in use stays."""
    os.sync()
    for path in folder.rglob("*"):
        if path.is_file():
            with open(path, "rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def stages(url: str) -> list[tuple[str, float, float, float, str]]:
    """A fresh kernel: of each stage its name, seconds, seconds of a processor, MB after it, and modules loaded by then."""
    with Seat(url) as seat:
        cost = Cost.of(seat.pid)
        found = [("kernel", seat.started, cost.processor, cost.proportional, seat.run(LOOK))]
        for name, code in STAGES.items():
            before, start = Cost.of(seat.pid).processor, time.perf_counter()
            seat.run(code)
            took = time.perf_counter() - start
            cost = Cost.of(seat.pid)
            found.append((name, took, cost.processor - before, cost.proportional, seat.run(LOOK)))
        found.append(("sent to the page, MB", seat.received / MEGABYTE, 0, 0, ""))
        return found


def tell_stages(title: str, runs: list[list[tuple[str, float, float, float, str]]]) -> None:
    print(title)
    for rows in zip(*runs, strict=True):
        name, look = rows[0][0], rows[0][4]
        took, processor, memory = (statistics.median(row[at] for row in rows) for at in (1, 2, 3))
        if not look:
            print(f"  {name:40} {took:6.2f}")
            continue
        modules, numba = look.split()
        print(
            f"  {name:40} {took:6.2f} s   processor {processor:5.2f} s   {memory:5.0f} MB   {modules:>5} modules"
            f"{', numba' if numba == 'True' else ''}",
            flush=True,
        )


def imports(place: Place, runs: int, most: int = 12) -> None:
    """Seconds that each package takes by itself, of all that is imported until an explorer can be shown.

    Of each module the least of all runs: whatever else the machine does can only add to it.
    """
    code = "from skyexplorer import SkyExplorer; SkyExplorer().widget"
    command = [str(place.tree / "binder/start"), place.python, "-X", "importtime", "-W", "ignore", "-c", code]
    least: dict[str, int] = {}
    for _ in range(runs):
        ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tempfile.gettempdir())
        for micro, name in re.findall(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)", ran.stderr):
            least[name] = min(int(micro), least.get(name, int(micro)))
    own: Counter[str] = Counter()
    modules = Counter(name.split(".")[0] for name in least)
    for name, micro in least.items():
        own[name.split(".")[0]] += micro
    print(
        f"Imports, the least of {runs} runs for each of {len(least)} modules: {sum(own.values()) / 1e6:.2f} s"
    )
    for name, micro in own.most_common(most):
        print(f"  {name:40} {micro / 1e6:6.3f} s   {modules[name]:>4} modules")


def background(place: Place) -> None:
    """The process that begins beside an explorer and finds that all is compiled."""
    command = [str(place.tree / "binder/start"), place.python, "-m", "skyexplorer.core.warming"]
    start = time.perf_counter()
    process = subprocess.Popen(command)
    with Watch(process.pid) as watch:
        process.wait()
    print(
        f"Beside it: is all compiled?                {time.perf_counter() - start:6.2f} s   at most {watch.peak:5.0f} MB"
    )


def seat(lab: Server, place: Place) -> None:
    """Server and kernel with all cells of tutorials run."""
    print("Seat: server and kernel together")
    for name in TUTORIALS:
        path = place.tree / "notebooks" / f"{name}.ipynb"
        if not path.exists():
            continue
        cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        with Seat(lab.url) as one, Watch(lab.process.pid) as watch:
            one.run(f"import os, sys; os.chdir({str(path.parent)!r}); sys.path.insert(0, '')")
            start = time.perf_counter()
            for code in cells:
                one.run(code)
            took = time.perf_counter() - start
            now = Cost.of(*family(lab.process.pid))
        print(
            f"  {name:40} {took:6.1f} s   at the end {now.proportional:5.0f} MB ({now.resident:.0f} resident), "
            f"at most {watch.peak:5.0f} MB",
            flush=True,
        )


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--env", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="skx-cold-") as own:
        folder = (given.env or Path(own)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        load = os.getloadavg()
        print(f"{os.cpu_count()} processors, load {load[0]:.1f}; Python {sys.version.split()[0]}")
        place = install(folder)
        built(place)
        forget(place.bin.parent)
        start = time.perf_counter()
        with Server(place) as lab:
            print(f"Cold: server answers after                 {time.perf_counter() - start:6.1f} s")
            tell_stages("Cold: the first kernel", [stages(lab.url)])
        start = time.perf_counter()
        with Server(place) as lab:
            print(f"Server answers after                       {time.perf_counter() - start:6.1f} s")
            tell_stages(
                f"Stages, medians of {given.runs} kernels", [stages(lab.url) for _ in range(given.runs)]
            )
            background(place)
            painted = [first_paint(lab, run) for run in range(given.runs)]
            print(
                f"Painted, median of {given.runs} kernels               {statistics.median(painted):6.1f} s"
            )
        with Server(place) as lab:
            seat(lab, place)
        imports(place, given.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
