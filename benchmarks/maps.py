"""Credible levels of many positions in a map, beside ligo.skymap, healpy and mocpy: medians, ratios, peak memory.

``python -m benchmarks.maps --data DIR --peers-python PYTHON`` prints a table. Each measurement is a process of its own, so
that its peak memory is its own, and that of the machine is made ready before (`benchmarks.memory`); the tools take turns,
so that a slow minute of the machine is shared by all. Imports, compiling and the making of positions are not timed; what is
made of the map is: ranking, sums, tables, a flat map, a MOC.
``PYTHON`` is an interpreter that has ligo.skymap and healpy (copyleft, not ours to depend on); what it lacks is left out.
Column "once" is that part of the seconds: it is done once for a map. The large map has 1.1 million cells of orders 8 and 9
around a blob. What each tool does:

- kernel: `core.finder.Finder.valued` of arrays; credible_level(): the method of SkyMap, of a SkyCoord; distance_density():
  dP/dV of the same positions, in the map that has distances
- ligo.skymap: ``postprocess.crossmatch(map, coords).searched_prob``, and the steps of it that this takes, alone
- healpy: levels of a flat map at the finest order by ``ang2pix``
- mocpy: only whether positions are in the 90 % region, ``MOC.contains_lonlat``

The exit code is 1 where answers differ or a ratio to the kernel is missed: ligo.skymap 10, healpy 5, mocpy 2.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.memory import TOUCH

SMALL = "gw/S200129m_bayestar.multiorder.fits"
COPYLEFT = ("ligo.skymap", "its steps alone", "healpy")
WANTED = {"ligo.skymap": 10.0, "healpy": 5.0, "mocpy": 2.0}

MAKE = """
import sys
import numpy as np
from skyexplorer import SkyMap
from skyexplorer.core import healpix, sphere
path, large, folder, count = sys.argv[1], sys.argv[2] == "large", sys.argv[3], int(sys.argv[4])
dice = np.random.default_rng(7)
if large:
    ipix = np.arange(12 * 4**8)
    split = dice.random(len(ipix)) < 0.15
    uniq = np.concatenate([healpix.join_uniq(8, ipix[~split]),
        healpix.join_uniq(9, (ipix[split, None] * 4 + np.arange(4)).ravel())])
    order, ipix = healpix.split_uniq(uniq)
    density = np.exp(50 * (np.cos(np.radians(sphere.separation(40, 20, *healpix.centers(order, ipix)))) - 1))
    density *= dice.uniform(0.9, 1.1, len(uniq))
    skymap = SkyMap(uniq, density / np.sum(density * healpix.cell_area(order)))
else:
    skymap = SkyMap.read(path)
np.save(folder + "/uniq.npy", skymap.uniq)
np.save(folder + "/density.npy", skymap.density)
if skymap._distance is not None:
    np.save(folder + "/distance.npy", np.stack(skymap._distance))
np.save(folder + "/lon.npy", dice.uniform(0, 360, count))
np.save(folder + "/lat.npy", np.degrees(np.arcsin(dice.uniform(-1, 1, count))))
"""
# Each program is given uniq, density, lon and lat, and calls done(level, seconds, seconds of what is made once and kept).
START = """
import json, os, re, sys, time, warnings
import numpy as np
warnings.simplefilter("ignore")
uniq, density, lon, lat = (np.load(f"{sys.argv[1]}/{name}.npy") for name in ("uniq", "density", "lon", "lat"))
ready = False
def clock():
    global ready
    if not ready:  # of the machine's memory, and of this process's peak
        TOUCH
        open("/proc/self/clear_refs", "w").write("5")
        ready = True
    return time.perf_counter()
def done(level, seconds, once):
    peak = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) * 1024 / 1e6
    inside = level if level.dtype == bool else level <= 0.9
    mean = 0.0 if level.dtype == bool else float(level.mean())
    print(json.dumps({"seconds": seconds, "once": once, "peak": peak, "inside": int(inside.sum()), "mean": mean}))
""".replace("TOUCH", TOUCH)
PROGRAMS = {
    "kernel": """
from skyexplorer.core import credible, healpix, lookup
from skyexplorer.core.finder import Finder
lookup.warm()
order, ipix = healpix.split_uniq(uniq)
area = healpix.cell_area(order)
t = clock()
found = credible.Greedy(density, area)
level = found.by_cell(found.probability)
finder = Finder(order, ipix)
finder.table
once = clock() - t
out = finder.valued(lon, lat, level, 1.0)
done(out, clock() - t, once)
""",
    "credible_level()": """
from astropy import units as u
from astropy.coordinates import SkyCoord
from skyexplorer import SkyMap
from skyexplorer.core import lookup
lookup.warm()
skymap, coords = SkyMap(uniq, density), SkyCoord(lon * u.deg, lat * u.deg)
t = clock()
out = skymap.credible_level(coords)
done(out, clock() - t, 0.0)
""",
    "distance_density()": """
from astropy import units as u
from astropy.coordinates import SkyCoord
from skyexplorer import SkyMap
from skyexplorer.core import lookup
lookup.warm()
if not os.path.exists(sys.argv[1] + "/distance.npy"):
    raise ModuleNotFoundError("no distances")
skymap = SkyMap(uniq, density, *np.load(sys.argv[1] + "/distance.npy"))
coords, r = SkyCoord(lon * u.deg, lat * u.deg), np.linspace(300, 1500, len(lon)) * u.Mpc
t = clock()
skymap.distance_density(coords, r)
seconds = clock() - t
done(skymap.credible_level(coords), seconds, 0.0)
""",
    "ligo.skymap": """
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table
from ligo.skymap.postprocess import crossmatch
table, coords = Table({"UNIQ": uniq, "PROBDENSITY": density}), SkyCoord(lon * u.deg, lat * u.deg)
t = clock()
out = crossmatch(table.as_array(), coords).searched_prob
done(out, clock() - t, 0.0)
""",
    "its steps alone": """
import healpy
from ligo.skymap import moc
t = clock()
rank = np.argsort(-density)
u, level = uniq[rank], np.cumsum((density * moc.uniq2pixarea(uniq))[rank])
order, ipix = moc.uniq2nest(u)
first = ipix << np.int64(2 * (order.max() - order))
i = np.argsort(first)
once = clock() - t
pixel = healpy.ang2pix(1 << int(order.max()), np.pi / 2 - np.radians(lat), np.radians(lon), nest=True)
out = level[i[np.digitize(pixel, first[i]) - 1]]
done(out, clock() - t, once)
""",
    "healpy": """
import healpy
order = (np.floor(np.log2(uniq)).astype(int) >> 1) - 1
t = clock()
rank = np.argsort(-density)
level = np.empty(len(uniq))
level[rank] = np.cumsum((density * np.pi / 3 / 4.0**order)[rank])
finest = int(order.max())
flat = np.repeat(level, 4 ** (finest - order))  # the cells are in the order of the sky, and cover it
once = clock() - t
out = flat[healpy.ang2pix(1 << finest, lon, lat, nest=True, lonlat=True)]
done(out, clock() - t, once)
""",
    "mocpy": """
from astropy import units as u
from mocpy import MOC
order = (np.floor(np.log2(uniq)).astype(int) >> 1) - 1
a, d = lon * u.deg, lat * u.deg
t = clock()
moc = MOC.from_valued_healpix_cells(
    uniq.astype(np.uint64), density * np.pi / 3 / 4.0**order, int(order.max()), cumul_to=0.9, values_are_densities=False)
once = clock() - t
out = moc.contains_lonlat(a, d)
done(out, clock() - t, once)
""",
}


def measured(tool: str, python: str, folder: str) -> dict[str, float] | None:
    """Figures of one process; None where the interpreter lacks the tool."""
    command = [python, "-c", START + PROGRAMS[tool], folder]
    run = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
    if run.returncode:
        if "ModuleNotFoundError" in run.stderr:
            return None
        raise RuntimeError(f"{tool}: {run.stderr[-800:]}")
    found: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return found


def compare(folder: str, peers: str, runs: int, tools: list[str]) -> dict[str, dict[str, float]]:
    """Medians of each figure, by tool."""
    taken: dict[str, list[dict[str, float]]] = {}
    for _ in range(runs):
        for tool in tools:
            one = measured(tool, peers if tool in COPYLEFT else sys.executable, folder)
            if one is not None:
                taken.setdefault(tool, []).append(one)
    return {
        tool: {key: statistics.median(one[key] for one in found) for key in found[0]}
        for tool, found in taken.items()
    }


def judged(name: str, found: dict[str, dict[str, float]]) -> list[str]:
    """What is missed, in words."""
    out, ours = [], found["kernel"]
    for tool, one in found.items():
        off = 2e-3 if tool == "mocpy" else 1e-5  # mocpy cuts the last cell, and says nothing of levels
        if abs(one["inside"] - ours["inside"]) > max(off * ours["inside"], 3):
            out.append(
                f"{name}: {tool} has {one['inside']:.0f} positions within 90 %, not {ours['inside']:.0f}"
            )
        if one["mean"] and abs(one["mean"] - ours["mean"]) > 1e-6:
            out.append(f"{name}: {tool} has a mean level of {one['mean']}, not {ours['mean']}")
        if tool in WANTED and one["seconds"] < WANTED[tool] * ours["seconds"]:
            out.append(
                f"{name}: {one['seconds'] / ours['seconds']:.1f} times as fast as {tool}, not {WANTED[tool]}"
            )
    return out


def main(arguments: list[str] | None = None) -> int:
    parser: Any = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SKYEXPLORER_TEST_DATA"))
    parser.add_argument("--peers-python", default=sys.executable)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rows", type=float, default=1e7)
    parser.add_argument("--maps", nargs="*", default=["small", "large"])
    parser.add_argument("--tools", nargs="*", default=list(PROGRAMS))
    given = parser.parse_args(arguments)
    if given.data is None:
        parser.error("--data or SKYEXPLORER_TEST_DATA must say where the maps are")
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {given.rows:.0e} positions, medians of {given.runs}"
    )
    print(f"{'map':<7}{'tool':<20}{'seconds':>9}{'ratio':>7}{'once':>8}{'peak MB':>9}{'in 90 %':>10}")
    late = []
    for name in given.maps:
        with tempfile.TemporaryDirectory() as folder:
            command = [
                sys.executable,
                "-c",
                MAKE,
                str(given.data / SMALL),
                name,
                folder,
                str(int(given.rows)),
            ]
            subprocess.run(command, check=True)
            found = compare(folder, given.peers_python, given.runs, given.tools)
        for tool, one in found.items():
            ratio = one["seconds"] / found["kernel"]["seconds"]
            print(
                f"{name:<7}{tool:<20}{one['seconds']:>9.3f}{ratio:>7.1f}{one['once']:>8.3f}"
                f"{one['peak']:>9.0f}{one['inside']:>10.0f}"
            )
        late += judged(name, found)
    print(*(f"MISSED: {text}" for text in late), sep="\n")
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
