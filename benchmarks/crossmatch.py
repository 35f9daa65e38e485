"""Pairs within 2 arcsec beside the peers: medians, ratios, memory, and whether the pairs are the same.

``python -m benchmarks.crossmatch [--runs 5] [--cases 1e6x1e6 …] [--fields uniform plane field] [--tools kernel …]``.

Each measurement is a process of its own, and the tools take turns, so that a slow minute of the machine is shared by
all. Half of the smaller list has a counterpart, 0.5 arcsec off on average in each direction. Not timed: imports,
compiling, making and reading positions; for STILTS the start of Java, reading and writing (the times that it reports of
its steps are added up); for q3c the filling of its tables. Memory is what the process took at its peak beyond what it
held when the clock started; of STILTS the whole process, which holds no input but in the match; that of the machine is
made ready before (`benchmarks.memory`). Tools that are not installed are left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.memory import TOUCH

RADIUS = 2 / 3600
SLOW = 30.0  # s: of what takes longer, three runs are enough
Q3C_ROWS = 2_000_000  # of both lists: a server of its own is filled for each run
COMMON = """
import json, re, sys, time
import numpy as np
folder, radius = sys.argv[1], float(sys.argv[2])
left, right = ([np.load(f"{folder}/{side}_{axis}.npy") for axis in ("ra", "dec")] for side in ("left", "right"))
def held(name):
    return int(re.search(rf"{name}:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024
def start():
    global clock, before
    TOUCH
    open("/proc/self/clear_refs", "w").write("5")  # the peak starts anew
    before, clock = held("VmRSS"), time.perf_counter()
def stop(a, b):
    seconds, peak = time.perf_counter() - clock, held("VmHWM") - before
    np.save(sys.argv[3], np.stack([np.asarray(a, np.int64), np.asarray(b, np.int64)]))
    print(json.dumps([seconds, peak]))
""".replace("TOUCH", TOUCH)
TOOLS = {
    "kernel": """
from skyexplorer.core import crossmatch
crossmatch.warm()
start()
a, b, s = crossmatch.pairs(*left, *right, radius)
stop(a, b)
""",
    "crossmatch()": """
from astropy import units as u
from astropy.table import Table
from skyexplorer import SourceCatalog, crossmatch
from skyexplorer.core import crossmatch as core
core.warm()
ours, theirs = (SourceCatalog(Table({"ra": side[0], "dec": side[1]}, copy=False)) for side in (left, right))
start()
found = crossmatch(ours, theirs, radius * u.deg, mode="all")
stop(found["left"].value, found["right"].value)
""",
    "scipy": """
from scipy.spatial import cKDTree
def xyz(ra, dec):
    a, d = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)], axis=1)
start()
turned = len(left[0]) <= len(right[0])
small, large = (left, right) if turned else (right, left)
tree = cKDTree(xyz(*small), balanced_tree=False, compact_nodes=False)
# The k nearest within a bound are found several times as fast as all within it, and k are enough where the last is none.
chord = 2 * np.sin(np.radians(radius) / 2)
points = xyz(*large)
for k in (4, 12, 32, 64, 128):
    rows = 60_000_000 // k  # at a time, for memory
    parts = []
    for first in range(0, len(points), rows):
        d, hit = tree.query(points[first : first + rows], k=k, distance_upper_bound=chord * (1 + 1e-12), workers=2)
        near = np.isfinite(d)
        if near[:, -1].any():
            break
        b, at = np.nonzero(near)
        parts.append((hit[b, at], b + first))
    else:
        break
a, b = (np.concatenate(side) for side in zip(*parts))
stop(*((a, b) if turned else (b, a)))
""",
    "astropy": """
from astropy import units as u
from astropy.coordinates import SkyCoord, search_around_sky
ours, theirs = (SkyCoord(side[0] * u.deg, side[1] * u.deg) for side in (left, right))
start()
a, b, *_ = search_around_sky(ours, theirs, radius * u.deg)
stop(a, b)
""",
    "duckdb": """
import duckdb
import pyarrow as pa
db = duckdb.connect()
db.execute("set threads = 2")
db.execute("set enable_progress_bar = false")
db.execute("set preserve_insertion_order = false")
for name, side in (("l", left), ("r", right)):
    come = pa.table({"i": np.arange(len(side[0])), "ra": side[0], "dec": side[1]})
    db.execute(f"create table {name} as select * from come")
# Zones of declination, cut into cells of right ascension; each of the smaller list stands in all that its circle touches.
small, large = ("l", "r") if len(left[0]) <= len(right[0]) else ("r", "l")
h = 8 * radius
cells = f"greatest(1, floor(360 * cos(radians(least(greatest(abs(z * {h} - 90), abs((z + 1) * {h} - 90)), 90))) / {h}))"
query = f'''
with zoned as (
  select i, ra, dec, unnest(range(floor((dec - {radius} + 90) / {h})::bigint,
    floor((dec + {radius} + 90) / {h})::bigint + 1)) as z from {small}),
wide as (
  select *, {cells}::bigint as n, {radius} / greatest(cos(radians(least(abs(dec) + {radius}, 90))), 1e-9) as reach
  from zoned),
spread as (
  select i, ra, dec, z, n, unnest(range(floor((ra - reach) / 360 * n)::bigint,
    least(floor((ra + reach) / 360 * n)::bigint, floor((ra - reach) / 360 * n)::bigint + n - 1) + 1)) as c from wide),
asked as (select i, ra, dec, z * 4294967296 + ((c % n) + n) % n as key from spread),
placed as (select i, ra, dec, floor((dec + 90) / {h})::bigint as z from {large}),
held as (select i, ra, dec, z * 4294967296 + least(floor(ra / 360 * {cells}), {cells} - 1)::bigint as key from placed)
select asked.i as s, held.i as t from asked join held using (key)
where pow(sin(radians(asked.dec - held.dec) / 2), 2)
  + cos(radians(asked.dec)) * cos(radians(held.dec)) * pow(sin(radians(asked.ra - held.ra) / 2), 2)
  <= {float(np.sin(np.radians(radius) / 2) ** 2)!r}'''
start()
found = db.execute(query).fetchnumpy()
stop(*((found["s"], found["t"]) if small == "l" else (found["t"], found["s"])))
""",
}


def sky(dice: np.random.Generator, count: int, field: str) -> list[Any]:
    """Positions (deg): all over the sky, half of them near the galactic plane, or in one square degree."""
    if field == "field":
        return [150 + dice.uniform(-0.5, 0.5, count), 2 + dice.uniform(-0.5, 0.5, count)]
    ra, dec = dice.uniform(0, 360, count), np.degrees(np.arcsin(dice.uniform(-1, 1, count)))
    if field == "plane":
        from astropy import units as u
        from astropy.coordinates import SkyCoord

        thin = count // 2
        plane = SkyCoord(
            ra[:thin] * u.deg, dice.normal(0, 3, thin).clip(-89, 89) * u.deg, frame="galactic"
        ).icrs
        ra[:thin], dec[:thin] = plane.ra.deg, plane.dec.deg
    return [ra, dec]


def lists(folder: Path, n: int, m: int, field: str) -> None:
    """Write both lists as arrays, and as tables for STILTS."""
    dice = np.random.default_rng(7)
    left, right = sky(dice, n, field), sky(dice, m, field)
    half = min(n, m) // 2
    dec = left[1][:half]
    right[0][:half] = (
        left[0][:half] + dice.normal(0, 0.5 / 3600, half) / np.cos(np.radians(dec)).clip(1e-3)
    ) % 360
    right[1][:half] = np.clip(dec + dice.normal(0, 0.5 / 3600, half), -90, 90)
    turn = dice.permutation(m)  # else partners would stand in the same order, which no two catalogues do
    right = [axis[turn] for axis in right]
    for name, side in (("left", left), ("right", right)):
        for axis, values in zip(("ra", "dec"), side, strict=True):
            np.save(folder / f"{name}_{axis}.npy", values)
        if shutil.which("stilts"):
            from astropy.table import Table

            Table({"ra": side[0], "dec": side[1], "i": np.arange(len(side[0]))}).write(
                folder / f"{name}.fits", overwrite=True
            )


def stilts(folder: Path, out: Path) -> list[float]:
    """Seconds and peak MB of a match by STILTS, whose pairs go to ``out``."""
    command = [
        "stilts",
        "-J-Xmx16G",
        "tmatch2",
        "matcher=sky",
        "find=all",
        "join=1and2",
        "runner=parallel",
        "progress=time",
    ]
    command += [f"in1={folder}/left.fits", f"in2={folder}/right.fits", "values1=ra dec", "values2=ra dec"]
    command += [f"params={RADIUS * 3600!r}", "ocmd=keepcols 'i_1 i_2'", f"out={folder}/stilts.fits"]
    worker = (
        f"{TOUCH}\nimport resource, subprocess, sys; r = subprocess.run(sys.argv[1:], capture_output=True, text=True);"
        "print(r.stderr, r.stdout); print('peak', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss);"
        "sys.exit(r.returncode)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", worker, *command], capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise SystemExit(f"stilts: {ran.stdout[-800:]}")
    from astropy.table import Table

    found = Table.read(folder / "stilts.fits")
    np.save(out, np.stack([np.asarray(found[name], np.int64) for name in ("i_1", "i_2")]))
    seconds = sum(float(text) for text in re.findall(r"^Time: ([\d.]+)s", ran.stdout, re.MULTILINE))
    peak = re.search(r"^peak (\d+)", ran.stdout, re.MULTILINE)
    assert peak is not None
    return [seconds, int(peak[1]) / 1024]


def postgres() -> Path | None:
    """Where PostgreSQL's programs are, if q3c is there too."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    shared = sorted(Path("/usr/share/postgresql").glob("*/extension/q3c.control"))
    return found[-1].parent if found and shared else None


def q3c(folder: Path, out: Path) -> list[float]:
    """Seconds of a match by q3c in PostgreSQL, index and join, on a server of its own; its memory is not told."""
    programs = postgres()
    assert programs is not None
    place = folder / "postgres"
    who = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []

    def run(*command: str, text: str = "") -> str:
        ran = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        if ran.returncode:
            raise SystemExit(f"{command[-1]}: {ran.stderr[-800:]}")
        return ran.stdout

    place.mkdir()
    for path in (folder, place):
        path.chmod(0o777)
    run(*who, str(programs / "initdb"), "-D", str(place / "data"), "--auth=trust", "--no-sync")
    settings = "-c shared_buffers=2GB -c work_mem=512MB -c maintenance_work_mem=1GB -c fsync=off -c jit=off"
    settings += f" -c max_parallel_workers_per_gather=2 -c listen_addresses= -k {place}"
    control = [*who, str(programs / "pg_ctl"), "-D", str(place / "data"), "-w"]
    run(*control, "-l", str(place / "log"), "-o", settings, "start")
    sql = [
        *who,
        str(programs / "psql"),
        "-X",
        "-q",
        "-h",
        str(place),
        "-d",
        "postgres",
        "-v",
        "ON_ERROR_STOP=1",
    ]
    try:
        run(*sql, text="create extension q3c;")
        rows = {}
        for side in ("left", "right"):
            ra, dec = (np.load(folder / f"{side}_{axis}.npy") for axis in ("ra", "dec"))
            rows[side] = len(ra)
            np.savetxt(
                place / f"{side}.csv", np.stack([np.arange(len(ra)), ra, dec], axis=1), "%d,%.17g,%.17g"
            )
            copied = f"copy {side}_ from '{place}/{side}.csv' csv;"
            kind = "(i int, ra float8, dec float8)"
            run(*sql, text=f"create table {side}_ {kind}; {copied} vacuum analyze {side}_;")
        small, large = sorted(rows, key=lambda side: rows[side])
        join = f"q3c_join(s.ra, s.dec, l.ra, l.dec, {RADIUS!r})"
        told = run(
            *sql,
            text=f"""\\timing on
            create index on {large}_ (q3c_ang2ipix(ra, dec)); analyze {large}_;
            create table found as select s.i as s, l.i as l from {small}_ s, {large}_ l where {join};
            \\timing off
            copy (select {"s, l" if small == "left" else "l, s"} from found) to '{place}/found.csv' csv;""",
        )
    finally:
        run(*control, "-m", "immediate", "stop")
    np.save(out, np.loadtxt(place / "found.csv", np.int64, delimiter=",").T)
    shutil.rmtree(place)
    return [
        sum(float(text) for text in re.findall(r"^Time: ([\d.]+) ms", told, re.MULTILINE)) / 1000,
        float("nan"),
    ]


def measured(tool: str, folder: Path, out: Path) -> list[float]:
    """Seconds and peak MB of one run."""
    if tool == "stilts":
        return stilts(folder, out)
    if tool == "q3c":
        return q3c(folder, out)
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", COMMON + TOOLS[tool], str(folder), repr(RADIUS), str(out)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ran.returncode:
        raise SystemExit(f"{tool}: {ran.stderr[-800:]}")
    row: list[float] = json.loads(ran.stdout.splitlines()[-1])
    return row


def compared(folder: Path, mine: Path, other: Path) -> str:
    """What differs between two lists of pairs, and how far from the edge of the circle that is."""
    from skyexplorer.core import few

    codes = []
    for path in (mine, other):
        a, b = np.load(path)
        codes.append(np.sort((a << 32) | b))
    if np.array_equal(*codes):
        return "same pairs"
    lone = [
        np.setdiff1d(codes[0], codes[1], assume_unique=True),
        np.setdiff1d(codes[1], codes[0], assume_unique=True),
    ]
    both = np.concatenate(lone)
    place = {
        side: [np.load(folder / f"{side}_{axis}.npy", mmap_mode="r") for axis in ("ra", "dec")]
        for side in ("left", "right")
    }
    a, b = both >> 32, both & 0xFFFFFFFF
    far = few.separation(*(axis[a] for axis in place["left"]), *(axis[b] for axis in place["right"]))
    edge = float(np.abs(far - RADIUS).max()) * 3600
    return f"{len(lone[0])} only ours, {len(lone[1])} only theirs, all within {edge:.1e} arcsec of the edge"


def available() -> list[str]:
    """Tools that are installed."""
    names = [*TOOLS, "stilts", "q3c"]
    if importlib.util.find_spec("duckdb") is None:
        names.remove("duckdb")
    if shutil.which("stilts") is None:
        names.remove("stilts")
    if postgres() is None:
        names.remove("q3c")
    return names


def main() -> int:
    """Print the table; 1 where pairs differ by more than the rounding of the edge."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cases", nargs="*", default=["1e4x1e6", "1e6x1e6", "1e6x1e7", "1e7x1e7"])
    parser.add_argument("--fields", nargs="*", default=["uniform", "plane", "field"])
    parser.add_argument("--tools", nargs="*", default=available())
    given = parser.parse_args()
    processor = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    print(
        f"Python {platform.python_version()}, {processor}, {time.strftime('%Y-%m-%d')}; medians; ratio: to the first tool"
    )
    print(
        f"{'case':<9} {'sky':<8} {'tool':<13} {'runs':>4} {'seconds':>8} {'ratio':>7} {'MB':>6} {'pairs':>9}"
    )
    wrong = False
    for case in given.cases:
        n, m = (int(float(part)) for part in case.split("x"))
        for field in given.fields:
            with tempfile.TemporaryDirectory() as place:
                folder = Path(place)
                lists(folder, n, m, field)
                tools = [tool for tool in given.tools if tool != "q3c" or n + m <= Q3C_ROWS]
                rows: dict[str, list[list[float]]] = {tool: [] for tool in tools}
                for turn in range(given.runs):
                    for tool, done in rows.items():
                        if turn < 3 or done[0][0] < SLOW:
                            done.append(measured(tool, folder, folder / f"{tool[:6]}.npy"))
                base = statistics.median(row[0] for row in rows[given.tools[0]])
                first = folder / f"{given.tools[0][:6]}.npy"
                for tool, done in rows.items():
                    seconds, peak = (statistics.median(column) for column in zip(*done, strict=True))
                    mine = folder / f"{tool[:6]}.npy"
                    told = "" if mine == first else compared(folder, first, mine)
                    wrong |= "within" in told and float(told.split("within ")[1].split()[0]) > 1e-6
                    count = np.load(mine, mmap_mode="r").shape[1]
                    print(
                        f"{case:<9} {field:<8} {tool:<13} {len(done):>4} {seconds:>8.3f} {seconds / base:>7.1f}"
                        f" {peak:>6.0f} {count:>9} {told}",
                        flush=True,
                    )
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
