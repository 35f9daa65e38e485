"""Questions to a kept index beside the peers: medians, ratios, peak memory, and whether the answers are the same.

``python -m benchmarks.index [--runs 5] [--rows 1e7] [--growth] [--python PATH]``. Each measurement is a process of its own;
the tools take turns, so that a slow minute of the machine is shared by all. A process makes the positions, builds what the
tool keeps, and asks it `REPEATS` times: medians and the 95th percentile are of these, over all runs. Half of the 1e4
positions that ask have a counterpart, 0.5 arcsec off. Compiling and imports are not timed. ``--growth`` asks 1e5 to 1e8 rows
of ours.
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
from typing import Any

REPEATS = 15
DATA = """
import json, resource, time, zlib
import numpy as np
dice = np.random.default_rng(7)
def sky(n):
    if FIELD == "plane":  # half of the sources within a few degrees of a plane
        thin = n // 2
        dec = np.concatenate([dice.normal(0, 3, thin), np.degrees(np.arcsin(dice.uniform(-1, 1, n - thin)))])
        return dice.uniform(0, 360, n), np.clip(dec, -90, 90)
    return dice.uniform(0, 360, n), np.degrees(np.arcsin(dice.uniform(-1, 1, n)))
held, asked = sky(N), sky(10_000)
at = dice.integers(0, N, 5000)
asked[0][:5000] = (held[0][at] + dice.normal(0, 0.5 / 3600, 5000)) % 360
asked[1][:5000] = np.clip(held[1][at] + dice.normal(0, 0.5 / 3600, 5000), -90, 90)
RADIUS = 2 / 3600
def timed(ask, times=REPEATS):
    took = []
    for _ in range(times):
        t = time.perf_counter()
        found = ask()
        took.append(time.perf_counter() - t)
    return took, found
def report(built, **asked):
    out = {"built": [[built], 0, 0]}
    for name, (took, (a, b)) in asked.items():
        pairs = np.stack([np.asarray(a, np.int64), np.asarray(b, np.int64)])
        pairs = pairs[:, np.lexsort(pairs[::-1])]
        out[name] = [took, pairs.shape[1], zlib.crc32(pairs.tobytes())]
    out["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - BEFORE
    print(json.dumps(out))
BEFORE = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
"""
TOOLS = {
    "ours": """
from skyexplorer.core import probing, sorted as keep
from skyexplorer.io import index_file
from skyexplorer.model.index import CatalogIndex
from pathlib import Path
keep.warm(); probing.warm()
BEFORE = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
t = time.perf_counter()
made = keep.made(*held)
built = time.perf_counter() - t
folder = Path(FOLDER)
def save():
    piece = index_file.write_piece(folder, "00000001", made[:4], made.depth, made.offset)
    index_file.write_list(folder, index_file.Listed(N, (piece,)))
    return [], []
saved = timed(save, 1)
del made
opened = timed(lambda: (CatalogIndex.open(folder), ([], []))[1])
pieces = CatalogIndex.open(folder)._pieces
def rows(found):
    return found[0], pieces[0].row[found[1]]
first = timed(lambda: rows(probing.within(CatalogIndex.open(folder)._pieces, *asked, RADIUS, 10**9)))
near = timed(lambda: rows(probing.within(pieces, *asked, RADIUS, 10**9)))
nearest = timed(lambda: rows(probing.nearest(pieces, *asked, 1)))
cone = timed(lambda: rows(probing.within(pieces, np.array([77.0]), np.array([5.0]), 1.0, 10**9)))
report(built, saved=saved, opened=opened, opened_and_asked=first, within_2_arcsec=near, nearest=nearest, cone_1_deg=cone)
""",
    "scipy": """
from scipy.spatial import cKDTree
def xyz(ra, dec):
    a, d = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)], axis=1)
BEFORE = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
t = time.perf_counter()
tree = cKDTree(xyz(*held), balanced_tree=False, compact_nodes=False)
built = time.perf_counter() - t
def within(place, radius, k):
    # The k nearest within a bound are found several times as fast as all within it, and k are enough where the last is none.
    chord = 2 * np.sin(np.radians(radius) / 2)
    d, hit = tree.query(xyz(*place), k=k, distance_upper_bound=chord * (1 + 1e-12), workers=2)
    assert not np.isfinite(d[:, -1]).any()
    a, at = np.nonzero(np.isfinite(d))
    return a, hit[a, at]
def cone():
    b = tree.query_ball_point(xyz(np.array([77.0]), np.array([5.0])), 2 * np.sin(np.radians(0.5)))[0]
    return np.zeros(len(b), int), b
near = timed(lambda: within(asked, RADIUS, 6))
nearest = timed(lambda: (np.arange(10_000), tree.query(xyz(*asked), k=1, workers=2)[1]))
report(built, within_2_arcsec=near, nearest=nearest, cone_1_deg=timed(cone))
""",
    "astropy": """
from astropy import units as u
from astropy.coordinates import SkyCoord
ours, theirs = (SkyCoord(side[0] * u.deg, side[1] * u.deg) for side in (asked, held))
BEFORE = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
def nearest():
    return np.arange(10_000), ours.match_to_catalog_sky(theirs)[0]
t = time.perf_counter()
nearest()  # keeps its tree
built = time.perf_counter() - t
report(built, nearest=timed(nearest, 5))
""",
}
QUESTIONS = ("built", "saved", "opened", "opened_and_asked", "within_2_arcsec", "nearest", "cone_1_deg")


def measured(tool: str, rows: int, field: str, python: str) -> dict[str, Any]:
    """What one process reports."""
    with tempfile.TemporaryDirectory(prefix="index-") as folder:
        facts = (
            f"N, FIELD, REPEATS, FOLDER = {rows}, {field!r}, {REPEATS}, {os.path.join(folder, 'kept')!r}\n"
        )
        code = facts + DATA + TOOLS[tool]
        command = [sys.executable if tool == "ours" else python, "-W", "ignore", "-c", code]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
    if found.returncode:
        raise SystemExit(f"{tool}: {found.stderr[-800:]}")
    row: dict[str, Any] = json.loads(found.stdout.splitlines()[-1])
    return row


def table(rows: int, field: str, tools: list[str], runs: int, python: str) -> bool:
    """Print what was measured at a size; whether the answers are the same."""
    found: dict[str, list[dict[str, Any]]] = {tool: [] for tool in tools}
    for _ in range(runs):
        for tool in tools:
            found[tool].append(measured(tool, rows, field, python))
    same = True
    for question in QUESTIONS:
        sums = {tuple(run[question][1:]) for each in found.values() for run in each if question in run}
        if len(sums) > 1:
            same = False
            print(f"{rows} rows, {field}, {question}: the answers differ: {sums}")
        base = None
        for tool, each in found.items():
            took = sorted(t for run in each if question in run for t in run[question][0])
            if not took:
                continue
            middle, late = statistics.median(took), took[min(int(0.95 * len(took)), len(took) - 1)]
            base = base or middle
            peak = statistics.median(run["peak"] for run in each)
            count = next(run[question][1] for run in each if question in run)
            print(
                f"{rows:<10.0e} {field:<8} {question:<17} {tool:<8} {1e3 * middle:>10.2f} {1e3 * late:>10.2f} "
                f"{middle / base:>7.1f} {peak:>8.0f} {count:>7}"
            )
    return same


def main() -> int:
    """Print the table; 1 where the answers differ."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rows", nargs="*", default=["1e7"])
    parser.add_argument("--fields", nargs="*", default=["uniform", "plane"])
    parser.add_argument("--tools", nargs="*", default=list(TOOLS))
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--python", default=sys.executable, help="interpreter of the peers")
    given = parser.parse_args()
    print(
        f"Python {platform.python_version()}, {given.runs} runs of {REPEATS} questions; ratio of medians: to ours"
    )
    print(
        f"{'rows':<10} {'sky':<8} {'question':<17} {'tool':<8} {'median ms':>10} {'p95 ms':>10} {'ratio':>7} {'peak MB':>8} "
        f"{'pairs':>7}"
    )
    same = [
        table(int(float(rows)), field, given.tools, given.runs, given.python)
        for rows in given.rows
        for field in given.fields
    ]
    if given.growth:
        same += [table(10**power, "uniform", ["ours"], 1, given.python) for power in range(5, 9)]
    return 0 if all(same) else 1


if __name__ == "__main__":
    sys.exit(main())
