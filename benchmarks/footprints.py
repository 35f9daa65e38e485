"""Sources in footprints beside a scipy prefilter: medians, ratios, peak memory, and whether the pairs are the same.

``python -m benchmarks.footprints [--runs 5] [--cases 1e4x1e7 …] [--sizes 0.1 2]``. Each measurement is a process of its own,
so that its peak memory is its own; the tools take turns, so that a slow minute of the machine is shared by all. Compiling
and imports are not timed, nor is making the positions.

scipy: a tree of the shorter list, of unit vectors; all within the footprints' bounding cones by ``query_ball_point`` with
two workers, and then the exact test, vectorised over all candidates.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
from typing import Any

DATA = """
import json, resource, time, zlib
import numpy as np
dice = np.random.default_rng(7)
def sky(n):
    if FIELD == "field":
        return 150 + dice.uniform(-0.5, 0.5, n), 2 + dice.uniform(-0.5, 0.5, n)
    if FIELD == "plane":  # half of the sources within a few degrees of the galactic plane, made around the equator
        thin = n // 2
        dec = np.concatenate([dice.normal(0, 3, thin), np.degrees(np.arcsin(dice.uniform(-1, 1, n - thin)))])
        return dice.uniform(0, 360, n), np.clip(dec, -90, 90)
    return dice.uniform(0, 360, n), np.degrees(np.arcsin(dice.uniform(-1, 1, n)))
centers, sources = sky(N), sky(M)
a, b, pa = SIZE * dice.uniform(0.5, 1.5, N), SIZE * dice.uniform(0.2, 0.5, N), dice.uniform(0, 180, N)
def report(seconds, left, right):
    order = np.lexsort((right, left))
    pairs = np.stack([np.asarray(left, np.int64)[order], np.asarray(right, np.int64)[order]])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([seconds, peak, len(order), zlib.crc32(pairs.tobytes())]))
"""
TOOLS = {
    "pairs": """
from skyexplorer.core import footprints, shapes
footprints.warm()
t = time.perf_counter()
found = footprints.pairs(shapes.ellipses(*centers, a, b, pa), N, *sources)
report(time.perf_counter() - t, found.left, found.right)
""",
    "match()": """
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table
from skyexplorer import SourceCatalog
from skyexplorer.core import footprints
from skyexplorer.model.regions import SkyRegions
footprints.warm()
catalog = SourceCatalog(Table({"ra": sources[0], "dec": sources[1]}))
places = SkyCoord(centers[0] * u.deg, centers[1] * u.deg)
t = time.perf_counter()
found = SkyRegions.ellipses(places, a * u.deg, b * u.deg, pa * u.deg).match(catalog)
report(time.perf_counter() - t, found["left"].value, found["right"].value)
""",
    "scipy": """
from scipy.spatial import cKDTree
from skyexplorer.core import sphere
def xyz(ra, dec):
    x, d = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(d) * np.cos(x), np.cos(d) * np.sin(x), np.sin(d)], axis=1)
t = time.perf_counter()
chord = 2 * np.sin(np.radians(np.maximum(a, b)) / 2) * (1 + 1e-12)
if N <= M:
    tree = cKDTree(xyz(*sources), balanced_tree=False, compact_nodes=False)
    hits = tree.query_ball_point(xyz(*centers), chord, workers=2)
    left = np.repeat(np.arange(N), [len(each) for each in hits])
    right = np.fromiter((i for each in hits for i in each), np.int64, len(left))
else:
    tree = cKDTree(xyz(*centers), balanced_tree=False, compact_nodes=False)
    hits = tree.query_ball_point(xyz(*sources), chord.max(), workers=2)
    right = np.repeat(np.arange(M), [len(each) for each in hits])
    left = np.fromiter((i for each in hits for i in each), np.int64, len(right))
middle, place = (side[:, rows] for side, rows in ((np.array(centers), left), (np.array(sources), right)))
q = sphere.ellipse_radius(*middle, a[left], b[left], pa[left], *place)
keep = q <= 1
report(time.perf_counter() - t, left[keep], right[keep])
""",
}


def measured(tool: str, n: int, m: int, size: float, field: str) -> list[Any]:
    """Seconds, peak MB, pairs and their checksum of one run."""
    code = f"N, M, SIZE, FIELD = {n}, {m}, {size}, {field!r}\n{DATA}{TOOLS[tool]}"
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False
    )
    if found.returncode:
        raise SystemExit(f"{tool}: {found.stderr[-800:]}")
    row: list[Any] = json.loads(found.stdout.splitlines()[-1])
    return row


def main() -> int:
    """Print the table; 1 where the pairs differ."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cases", nargs="*", default=["1e3x1e4", "1e5x1e4", "1e4x1e6", "1e4x1e7", "1e5x1e7"])
    parser.add_argument("--sizes", nargs="*", type=float, default=[0.1], help="semi-major axes, deg, about")
    parser.add_argument("--fields", nargs="*", default=["uniform"], help="uniform, plane, field")
    parser.add_argument("--tools", nargs="*", default=list(TOOLS))
    given = parser.parse_args()
    print(f"Python {platform.python_version()}, {given.runs} runs each, medians; ratio: to pairs")
    print(
        f"{'case':<10} {'deg':>5} {'sky':<8} {'tool':<8} {'seconds':>9} {'ratio':>7} {'peak MB':>8} {'pairs':>10}"
    )
    differ = 0
    for case, size, field in ((c, s, f) for c in given.cases for s in given.sizes for f in given.fields):
        n, m = (int(float(part)) for part in case.split("x"))
        rows: dict[str, list[list[Any]]] = {tool: [] for tool in given.tools}
        for _ in range(given.runs):
            for tool in given.tools:
                rows[tool].append(measured(tool, n, m, size, field))
        base = statistics.median(row[0] for row in rows[given.tools[0]])
        for tool, runs in rows.items():
            seconds, peak = (statistics.median(row[k] for row in runs) for k in (0, 1))
            print(
                f"{case:<10} {size:>5g} {field:<8} {tool:<8} {seconds:>9.4f} {seconds / base:>7.1f} {peak:>8.0f} "
                f"{runs[0][2]:>10}",
                flush=True,
            )
        if len({tuple(row[2:]) for runs in rows.values() for row in runs}) > 1:
            print("  the pairs differ")
            differ = 1
    return differ


if __name__ == "__main__":
    raise SystemExit(main())
