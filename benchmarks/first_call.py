"""The first match in a new process: seconds from the call to its answer, for short lists and for long ones.

``python -m benchmarks.first_call [--runs 5]``. What is compiled is kept from before (``skyexplorer warm``); astropy is
imported and the lists are made before the clock starts, as in a notebook; numba, and what is compiled, is loaded within it.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys

CODE = """
import sys, time
import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from skyexplorer import crossmatch
rows, dice = int(sys.argv[1]), np.random.default_rng(1)
places = [(dice.uniform(0, 360, rows), np.degrees(np.arcsin(dice.uniform(-1, 1, rows)))) for _ in range(2)]
lists = [SkyCoord(ra * u.deg, dec * u.deg) for ra, dec in places]
times = []
for _ in range(2):
    start = time.perf_counter()
    crossmatch(*lists, 2 * u.arcsec)
    times.append(time.perf_counter() - start)
print(*times)
"""


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    subprocess.run([sys.executable, "-m", "skyexplorer.cli", "warm"], check=True)
    print(f"{'rows of each':>12} {'first call':>11} {'second':>9}   seconds, medians of {runs} processes")
    for rows in (1000, 10_000, 100_000, 1_000_000):
        command = [sys.executable, "-W", "ignore", "-c", CODE, str(rows)]
        found = [
            [
                float(text)
                for text in subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
            ]
            for _ in range(runs)
        ]
        first, second = (statistics.median(column) for column in zip(*found, strict=True))
        print(f"{rows:>12} {first:>11.4f} {second:>9.4f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
