"""Lists larger than memory: 1e6 sources against Parquet files of 1e5 to 1e8 rows; LSDB with its own algorithm and ours.

``python -m benchmarks.scale [--runs 3] [--rows 1e5 1e6 1e7 1e8] [--parts parts read duckdb] [--workers 1 2] [--lsdb 1e7 …]``

Each measurement is a process of its own, and the tools take turns. ``parts`` is a whole public match (all pairs within
2 arcsec, to the table of results), ``read`` only the reading of positions that it needs, ``duckdb`` a zone join in SQL over
the same file. The files are plain doubles in row groups of 2²¹, which decode fastest, and lie in the cache of the
system; memory is made ready before (`benchmarks.memory`).
The peak is of the whole process, with the interpreter and the list that is held; not timed are imports, compiling, and the
making of the left list. Of LSDB the computing is timed, with the cluster up and each worker warm: reading both catalogues,
matching, and their rows side by side.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.memory import TOUCH

HELD = 1_000_000
MAKE = """
import sys
import numpy as np, pyarrow as pa
from pyarrow import parquet
folder, rows, held = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
def sky(dice, n):
    return dice.uniform(0, 360, n), np.degrees(np.arcsin(dice.uniform(-1, 1, n)))
left = sky(np.random.default_rng(7), held)
np.save(f"{folder}/left.npy", np.stack(left))
dice = np.random.default_rng(8)
near = min(held, rows) // 2  # of the right list, each the counterpart of one of the left
with parquet.ParquetWriter(f"{folder}/{rows}.parquet", pa.schema({"ra": pa.float64(), "dec": pa.float64()}),
                           use_dictionary=False, compression="none") as file:
    for low in range(0, rows, 2**21):
        ra, dec = sky(dice, min(2**21, rows - low))
        if low == 0:
            ra[:near] = (left[0][:near] + dice.normal(0, 0.5 / 3600, near)) % 360
            dec[:near] = np.clip(left[1][:near] + dice.normal(0, 0.5 / 3600, near), -90, 90)
        file.write_table(pa.table({"ra": ra, "dec": dec}), row_group_size=2**21)
"""
COMMON = """
import json, re, sys, time, warnings
import numpy as np
folder, rows = sys.argv[1], int(sys.argv[2])
left = np.load(f"{folder}/left.npy")
def begin():
    TOUCH
    open("/proc/self/clear_refs", "w").write("5")  # the peak starts anew
    return time.perf_counter()
def report(seconds, pairs):
    peak = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024
    print(json.dumps([seconds, peak, pairs]))
""".replace("TOUCH", TOUCH)
TOOLS = {
    "parts": """
from astropy import units as u
from skyexplorer.core import crossmatch as core, stream
from skyexplorer.model.parted import PartedCatalog, crossmatch_parts
core.warm()
stream.warm()
PartedCatalog.open(f"{folder}/{rows}.parquet")  # which imports what reading needs
t = begin()
found = crossmatch_parts((left[0], left[1]), PartedCatalog.open(f"{folder}/{rows}.parquet"), 2 * u.arcsec, mode="all")
report(time.perf_counter() - t, len(found))
""",
    "read": """
from skyexplorer.core import stream
from skyexplorer.model.parted import PartedCatalog
stream.warm()
PartedCatalog.open(f"{folder}/{rows}.parquet")
t = begin()
total = sum(len(part.ra) for part in PartedCatalog.open(f"{folder}/{rows}.parquet").parts())
report(time.perf_counter() - t, total)
""",
    "duckdb": """
import duckdb, pyarrow as pa
db = duckdb.connect()
db.execute("set threads = 2")
db.execute("set preserve_insertion_order = false")
come = pa.table({"i": np.arange(left.shape[1]), "ra": left[0], "dec": left[1]})
db.execute("create table l as select * from come")
r, h = 2 / 3600, 16 / 3600
# Zones of declination, cut into cells of right ascension; each row of left stands in all that its circle touches.
cells = f"greatest(1, floor(360 * cos(radians(least(greatest(abs(z * {h} - 90), abs((z + 1) * {h} - 90)), 90))) / {h}))"
query = f'''
with zoned as (select i, ra, dec,
    unnest(range(floor((dec - {r} + 90) / {h})::bigint, floor((dec + {r} + 90) / {h})::bigint + 1)) as z from l),
  wide as (select *, {cells}::bigint as n, {r} / greatest(cos(radians(least(abs(dec) + {r}, 90))), 1e-9) as reach
    from zoned),
  spread as (select i, ra, dec, z, n, unnest(range(floor((ra - reach) / 360 * n)::bigint,
    least(floor((ra + reach) / 360 * n)::bigint, floor((ra - reach) / 360 * n)::bigint + n - 1) + 1)) as c from wide),
  small as (select i, ra, dec, z, ((c % n) + n) % n as c from spread),
  banded as (select file_row_number as j, ra, dec, floor((dec + 90) / {h})::bigint as z
    from read_parquet('{folder}/{rows}.parquet', file_row_number = true)),
  large as (select j, ra, dec, z, least(floor(ra / 360 * {cells})::bigint, {cells}::bigint - 1) as c from banded)
select i, j from small s join large t on s.z = t.z and s.c = t.c
where 2 * asin(least(1, sqrt(sin(radians((t.dec - s.dec) / 2)) ** 2
  + cos(radians(s.dec)) * cos(radians(t.dec)) * sin(radians((t.ra - s.ra) / 2)) ** 2))) <= radians({r})'''
t = begin()
found = db.execute(query).fetchnumpy()
report(time.perf_counter() - t, len(found["i"]))
""",
}
LSDB_MAKE = """
import sys, warnings
warnings.simplefilter("ignore")
import lsdb, numpy as np, pandas as pd
from pyarrow import parquet
folder, rows = sys.argv[1], int(sys.argv[2])
left = np.load(f"{folder}/left.npy")
right = parquet.read_table(f"{folder}/{rows}.parquet")
for name, ra, dec in (("left", *left), ("right", right["ra"].to_numpy(), right["dec"].to_numpy())):
    frame = pd.DataFrame({"row": np.arange(len(ra)), "ra": ra, "dec": dec})
    lsdb.from_dataframe(frame, catalog_name=name, partition_rows=max(len(ra) // 10, 100_000), margin_threshold=10,
                        should_generate_moc=False).write_catalog(f"{folder}/hats_{name}", progress_bar=False)
"""
LSDB = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import lsdb, numba
from dask.distributed import Client, LocalCluster
from lsdb.core.crossmatch.kdtree_match import KdTreeCrossmatch
from skyexplorer.scale import SkyCrossmatch
folder, ours, workers = sys.argv[1], sys.argv[2] == "ours", int(sys.argv[3])
def warmed():
    import lsdb
    from skyexplorer.core import crossmatch, stream
    crossmatch.warm()
    stream.warm()
if __name__ == "__main__":
    with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        client.run(warmed)
        left, right = (lsdb.open_catalog(f"{folder}/hats_{name}") for name in ("left", "right"))
        algorithm = SkyCrossmatch(2.0) if ours else KdTreeCrossmatch(radius_arcsec=2.0)
        pairs = left.crossmatch(right, algorithm=algorithm, suffixes=("_l", "_r"), suffix_method="all_columns")
        TOUCH
        t = time.perf_counter()
        found = pairs.compute(progress_bar=False)
        print(json.dumps([time.perf_counter() - t, float("nan"), len(found)]))
""".replace("TOUCH", TOUCH)


def run(code: str, *given: object) -> list[Any]:
    """Seconds, peak MB and pairs of one process."""
    with tempfile.NamedTemporaryFile(
        "w", suffix=".py"
    ) as file:  # a cluster starts the file anew in its workers
        file.write(code)
        file.flush()
        command = [sys.executable, "-W", "ignore", file.name, *map(str, given)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-1500:])
    lines = [line for line in done.stdout.splitlines() if line.startswith("[")]
    row: list[Any] = json.loads(lines[-1]) if lines else []
    return row


def told(name: str, rows: int, found: list[list[Any]]) -> float:
    """Print a line, and return its median."""
    seconds, peak = (statistics.median(row[k] for row in found) for k in (0, 1))
    print(f"{rows:>11} {name:<22} {seconds:>9.3f} {peak:>8.0f} {found[0][2]:>10}", flush=True)
    return seconds


def main() -> int:
    """Print the tables; 1 where pairs differ in number."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rows", nargs="*", type=float, default=[1e5, 1e6, 1e7, 1e8])
    parser.add_argument("--parts", nargs="*", default=list(TOOLS))
    parser.add_argument("--workers", nargs="*", type=int, default=[1, 2])
    parser.add_argument(
        "--lsdb", nargs="*", type=float, default=[1e7], help="rows of the right catalogue; none: without LSDB"
    )
    given = parser.parse_args()
    sizes = [int(each) for each in given.rows]
    tools = [tool for tool in given.parts if tool != "duckdb" or importlib.util.find_spec("duckdb")]
    differ = 0
    with tempfile.TemporaryDirectory() as folder:
        needed = 16 * (sum(sizes) + 5 * int(sum(given.lsdb)))
        if needed > 0.8 * shutil.disk_usage(folder).free:
            raise SystemExit(
                f"{needed / 1e9:.1f} GB are needed in {folder}: set TMPDIR, or give fewer --rows."
            )
        print(f"Python {platform.python_version()}, {given.runs} runs each, medians; {HELD} rows are held")
        print(f"{'rows':>11} {'what':<22} {'seconds':>9} {'peak MB':>8} {'pairs':>10}")
        times: dict[int, float] = {}
        for rows in sizes:
            run(MAKE, folder, rows, HELD)
            found: dict[str, list[list[Any]]] = {tool: [] for tool in tools}
            for _ in range(given.runs):
                for tool in tools:
                    found[tool].append(run(COMMON + TOOLS[tool], folder, rows))
            for tool, measured in found.items():
                seconds = told(tool, rows, measured)
                times |= {rows: seconds} if tool == "parts" else {}
            differ |= len({row[2] for tool, each in found.items() if tool != "read" for row in each}) > 1
            if rows not in given.lsdb:
                Path(folder, f"{rows}.parquet").unlink()
        steps = list(itertools.pairwise(sizes)) if len(times) == len(sizes) else []
        for low, high in steps:
            slope = (times[high] - times[low]) / (high - low)
            print(f"from {low} to {high}: {slope * 1e9:.1f} ns a row more")
        for rows in map(int, given.lsdb):
            shutil.rmtree(f"{folder}/hats_left", ignore_errors=True)
            shutil.rmtree(f"{folder}/hats_right", ignore_errors=True)
            if rows not in sizes:
                run(MAKE, folder, rows, HELD)
            run(LSDB_MAKE, folder, rows)
            for workers in given.workers:
                names = ("its own", "ours")
                by_name: dict[str, list[list[Any]]] = {name: [] for name in names}
                for _ in range(given.runs):
                    for name in names:
                        by_name[name].append(run(LSDB, folder, name.split()[-1], workers))
                one, other = (told(f"LSDB, {name}, {workers} w.", rows, by_name[name]) for name in names)
                print(f"{'':>11} ratio {one / other:.1f}")
                differ |= len({row[2] for each in by_name.values() for row in each}) > 1
    if differ:
        print("The tools do not give the same number of pairs.")
    return int(differ)


if __name__ == "__main__":
    sys.exit(main())
