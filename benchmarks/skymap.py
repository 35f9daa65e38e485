"""Reading and ranking of sky maps, beside ligo.skymap, mocpy and healpy: medians, ratios, peak memory.

``python -m benchmarks.skymap --data DIR --peers-python PYTHON`` prints a table. Each measurement is a process of its own, so
that its peak memory is its own; the tools take turns, so that a slow minute of the machine is shared by all. Imports are
not timed. ``PYTHON`` is an interpreter that has ligo.skymap and healpy (copyleft, not ours to depend on); one that it lacks
is left out.
The exit code is 1 where a budget is missed: reading the flat GW170817 map at least 4 times as fast as ligo.skymap and in
less memory, 600 MB for the map of 50 million pixels, 5 ms for the credible region of 19 200 cells.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

FLAT = "gw/GW170817_skymap.fits.gz"
MULTI = "gw/S200129m_bayestar.multiorder.fits"
RING = "gamma/GRB220617A_IPN_map_hpx.fits.gz"

# Each program is given `path` and defines read() -> map and rank(map) -> area in deg² of the 90 % region.
OURS = """
import mocpy
from skyexplorer import SkyMap
SkyMap([4], [3 / 3.141592653589793]).credible_region(0.9)
read = lambda: SkyMap.read(path)
rank = lambda m: m.credible_region(0.9).area.value
"""
LIGO_FLAT = """
import numpy as np, healpy
from ligo.skymap.io import read_sky_map
from ligo.skymap.postprocess import find_greedy_credible_levels
read = lambda: read_sky_map(path, distances=DISTANCES)[0]
def rank(m):
    p = m[0] if DISTANCES else m
    return np.sum(find_greedy_credible_levels(p) <= 0.9) * healpy.nside2pixarea(healpy.npix2nside(len(p)), degrees=True)
"""
LIGO_MULTI = """
import numpy as np
from ligo.skymap.io import read_sky_map
from ligo.skymap.moc import uniq2pixarea
from ligo.skymap.postprocess import find_greedy_credible_levels
read = lambda: read_sky_map(path, moc=True)
def rank(m):
    density, area = np.asarray(m["PROBDENSITY"]), uniq2pixarea(np.asarray(m["UNIQ"]))
    return np.sum(area[find_greedy_credible_levels(density * area, density) <= 0.9]) * (180 / np.pi) ** 2
"""
MOCPY = """
from mocpy import MOC
read = lambda: MOC.from_multiordermap_fits_file(path, cumul_to=0.9)
rank = lambda m: m.sky_fraction * 41252.961249
"""
HEALPY = """
import numpy as np, healpy
read = lambda: healpy.read_map(path, field=FIELD, nest=True, dtype=np.float64)
def rank(m):
    p = np.atleast_2d(m)[0]
    rank = np.argsort(-p)
    pixels = np.searchsorted(np.cumsum(p[rank]), 0.9) + 1
    return pixels * healpy.nside2pixarea(healpy.npix2nside(len(p)), degrees=True)
"""
CASES: dict[str, dict[str, str]] = {
    FLAT: {
        "skyexplorer": OURS,
        "ligo.skymap": "DISTANCES = True" + LIGO_FLAT,
        "healpy": "FIELD = (0, 1, 2, 3)" + HEALPY,
    },
    RING: {
        "skyexplorer": OURS,
        "ligo.skymap": "DISTANCES = False" + LIGO_FLAT,
        "healpy": "FIELD = 0" + HEALPY,
    },
    MULTI: {"skyexplorer": OURS, "ligo.skymap": LIGO_MULTI, "mocpy": MOCPY},
}
COPYLEFT = ("ligo.skymap", "healpy")
# mocpy reads and ranks in one call, so its region is in the first figure.
MEASURE = """
import json, resource, sys, time, warnings
warnings.simplefilter("ignore")
path = sys.argv[1]
exec(sys.argv[2])
bare = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.perf_counter(); found = read(); reading = time.perf_counter() - start
start = time.perf_counter(); area = float(rank(found)); ranking = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"read": reading, "rank": ranking, "peak": peak * 1024 / 1e6, "bare": bare * 1024 / 1e6, "area": area}))
"""


def measure(python: str, program: str, path: Path) -> dict[str, float] | None:
    """Seconds of reading and ranking, megabytes at peak and after imports; None where the interpreter lacks the tool."""
    done = subprocess.run(
        [python, "-c", MEASURE, str(path), program],
        capture_output=True,
        text=True,
        env=os.environ,
        check=False,
    )
    if done.returncode:
        if "ModuleNotFoundError" in done.stderr:
            return None
        raise RuntimeError(f"{path.name}: {done.stderr[-800:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def compare(data: Path, peers: str, runs: int) -> dict[str, dict[str, dict[str, float]]]:
    """Medians of each figure, by file and tool; ours first."""
    out: dict[str, dict[str, dict[str, float]]] = {}
    for file, programs in CASES.items():
        taken: dict[str, list[dict[str, float]]] = {}
        for _ in range(runs):
            for tool, program in programs.items():
                one = measure(peers if tool in COPYLEFT else sys.executable, program, data / file)
                if one is not None:
                    taken.setdefault(tool, []).append(one)
        out[file] = {
            tool: {key: statistics.median(one[key] for one in found) for key in found[0]}
            for tool, found in taken.items()
        }
    return out


def table(found: dict[str, dict[str, dict[str, float]]]) -> str:
    """The figures as text: ratios are peer over ours."""
    head = (
        ("read s", 9),
        ("ratio", 7),
        ("90 % ms", 9),
        ("peak MB", 9),
        ("ratio", 7),
        ("imports MB", 11),
        ("deg2", 10),
    )
    lines = [f"{'file':42} {'tool':12}" + "".join(f"{text:>{width}}" for text, width in head)]
    for file, tools in found.items():
        ours = tools["skyexplorer"]
        for tool, one in tools.items():
            figures = (
                f"{one['read']:9.3f}",
                f"{one['read'] / ours['read']:7.1f}",
                f"{one['rank'] * 1e3:9.2f}",
                f"{one['peak']:9.0f}",
                f"{one['peak'] / ours['peak']:7.1f}",
                f"{one['bare']:11.0f}",
                f"{one['area']:10.4f}",
            )
            lines.append(f"{file:42} {tool:12}" + "".join(figures))
    return "\n".join(lines)


def missed(found: dict[str, dict[str, dict[str, float]]]) -> list[str]:
    """Budgets that these figures miss, in words."""
    out = []
    ours, peer = found[FLAT]["skyexplorer"], found[FLAT].get("ligo.skymap")
    if peer and peer["read"] < 4 * ours["read"]:
        out.append(
            f"{FLAT} is read {peer['read'] / ours['read']:.1f} times as fast as by ligo.skymap, not 4 times"
        )
    if peer and peer["peak"] <= ours["peak"]:
        out.append(f"{FLAT} takes {ours['peak']:.0f} MB, ligo.skymap {peer['peak']:.0f}")
    if (peak := found[RING]["skyexplorer"]["peak"]) > 600:
        out.append(f"{RING} takes {peak:.0f} MB, more than 600")
    if (rank := found[MULTI]["skyexplorer"]["rank"]) > 0.005:
        out.append(f"the region of {MULTI} takes {rank * 1e3:.1f} ms, more than 5")
    return out


def main(arguments: list[str] | None = None) -> int:
    parser: Any = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SKYEXPLORER_TEST_DATA"))
    parser.add_argument("--peers-python", default=sys.executable)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args(arguments)
    if given.data is None:
        parser.error("--data or SKYEXPLORER_TEST_DATA must say where the maps are")
    found = compare(Path(given.data), given.peers_python, given.runs)
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, medians of {given.runs} processes each"
    )
    print(table(found))
    late = missed(found)
    print(*(f"MISSED: {text}" for text in late), sep="\n")
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
