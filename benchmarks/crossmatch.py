"""Pairs within 2 arcsec beside the peers: medians, ratios, peak memory, and whether the pairs are the same.

``python -m benchmarks.crossmatch [--runs 5] [--cases 1e6x1e6 …]``. Each measurement is a process of its own, so that its
peak memory is its own; the tools take turns, so that a slow minute of the machine is shared by all.
Compiling and imports are not timed, nor is making the positions. Half of the smaller list has a counterpart, 0.5 arcsec off.
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
import resource, time, zlib
import numpy as np
dice = np.random.default_rng(7)
def sky(n):
    if FIELD == "plane":  # half of the sources within a few degrees of the galactic plane, made around the equator
        thin = n // 2
        dec = np.concatenate([dice.normal(0, 3, thin), np.degrees(np.arcsin(dice.uniform(-1, 1, n - thin)))])
        return dice.uniform(0, 360, n), np.clip(dec, -90, 90)
    if FIELD == "field":
        return 150 + dice.uniform(-0.5, 0.5, n), 2 + dice.uniform(-0.5, 0.5, n)
    return dice.uniform(0, 360, n), np.degrees(np.arcsin(dice.uniform(-1, 1, n)))
left, right = sky(N), sky(M)
half = min(N, M) // 2
right[0][:half] = (left[0][:half] + dice.normal(0, 0.5 / 3600, half)) % 360
right[1][:half] = np.clip(left[1][:half] + dice.normal(0, 0.5 / 3600, half), -90, 90)
RADIUS = 2 / 3600
def report(seconds, a, b):
    order = np.lexsort((b, a))
    pairs = np.stack([np.asarray(a, np.int64)[order], np.asarray(b, np.int64)[order]])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    import json
    print(json.dumps([seconds, peak, len(order), zlib.crc32(pairs.tobytes())]))
"""
TOOLS = {
    "kernel": """
from skyexplorer.core import crossmatch
crossmatch.warm()
t = time.perf_counter()
a, b, s = crossmatch.pairs(*left, *right, RADIUS)
report(time.perf_counter() - t, a, b)
""",
    "crossmatch()": """
from astropy import units as u
from astropy.table import Table
from skyexplorer import SourceCatalog
from skyexplorer.core import crossmatch as core
from skyexplorer.model.matching import crossmatch
core.warm()
ours, theirs = (SourceCatalog(Table({"ra": side[0], "dec": side[1]})) for side in (left, right))
t = time.perf_counter()
found = crossmatch(ours, theirs, 2 * u.arcsec, mode="all")
report(time.perf_counter() - t, found["left"].value, found["right"].value)
""",
    "scipy": """
from scipy.spatial import cKDTree
def xyz(ra, dec):
    a, d = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)], axis=1)
t = time.perf_counter()
small, large = (left, right) if N <= M else (right, left)
tree = cKDTree(xyz(*small), balanced_tree=False, compact_nodes=False)
# The k nearest within a bound are found several times as fast as all within it, and k are enough where the last is none.
chord = 2 * np.sin(np.radians(RADIUS) / 2)
k = 4 if FIELD == "uniform" else 24
d, hit = tree.query(xyz(*large), k=k, distance_upper_bound=chord * (1 + 1e-12), workers=2)
assert not np.isfinite(d[:, -1]).any(), "more neighbours than asked for"
b, at = np.nonzero(np.isfinite(d))
a = hit[b, at]
report(time.perf_counter() - t, *((a, b) if N <= M else (b, a)))
""",
    "astropy": """
from astropy import units as u
from astropy.coordinates import SkyCoord, search_around_sky
ours, theirs = (SkyCoord(side[0] * u.deg, side[1] * u.deg) for side in (left, right))
t = time.perf_counter()
a, b, *_ = search_around_sky(ours, theirs, 2 * u.arcsec)
report(time.perf_counter() - t, a, b)
""",
}


def measured(tool: str, n: int, m: int, field: str) -> list[Any]:
    """Seconds, peak MB, pairs and their checksum of one run."""
    code = f"N, M, FIELD = {n}, {m}, {field!r}\n{DATA}{TOOLS[tool]}"
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
    parser.add_argument("--cases", nargs="*", default=["1e4x1e6", "1e6x1e6", "1e6x1e7"])
    parser.add_argument("--fields", nargs="*", default=["uniform", "plane"])
    parser.add_argument("--tools", nargs="*", default=list(TOOLS))
    given = parser.parse_args()
    print(f"Python {platform.python_version()}, {given.runs} runs each, medians; ratio: to the kernel")
    print(f"{'case':<10} {'sky':<8} {'tool':<13} {'seconds':>9} {'ratio':>7} {'peak MB':>8} {'pairs':>9}")
    differ = 0
    for case in given.cases:
        n, m = (int(float(part)) for part in case.split("x"))
        for field in given.fields:
            rows: dict[str, list[list[Any]]] = {tool: [] for tool in given.tools}
            for _ in range(given.runs):
                for tool in given.tools:
                    rows[tool].append(measured(tool, n, m, field))
            sums = {row[3] for found in rows.values() for row in found}
            base = statistics.median(row[0] for row in rows[given.tools[0]])
            for tool, found in rows.items():
                seconds = statistics.median(row[0] for row in found)
                peak = statistics.median(row[1] for row in found)
                print(
                    f"{case:<10} {field:<8} {tool:<13} {seconds:>9.3f} {seconds / base:>7.1f} {peak:>8.0f} {found[0][2]:>9}"
                )
            if len(sums) > 1:
                differ = 1
                print(f"{case} {field}: the tools do not give the same pairs")
    return differ


if __name__ == "__main__":
    sys.exit(main())
