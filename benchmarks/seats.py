"""A workshop on one machine: many kernels at once on one Jupyter server, each with the sample explorer open.

``python -m benchmarks.seats [--seats 20] [--minutes 3]``. All seats begin in the same moment, as after "now open the first
notebook". Then each does something every few seconds (goes somewhere, selects, brushes, hides a layer), and at last each
matches two lists of 1e5, with which the compiled code is loaded. The exit code is 1 where a seat did not stay alive.

- *Proportional* memory (PSS) divides what is shared among those who share it, and may be added up; *unique* (USS) is what
  would be free if one seat ended; *resident* (RSS) is what ``top`` shows, and counts shared pages at each seat.
- *Processors* is time of processors by server and kernels a second.

No page is open at a seat: a participant's browser, with its WebGL, runs on the participant's own machine.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psutil

from benchmarks.seat import Cost, Seat, Watch, family
from tests.browser.lab import Lab

SHOW = "from IPython.display import display\nfrom skyexplorer import SkyExplorer\nsky = SkyExplorer()\ndisplay(sky)"
ACTS = (
    "sky.goto(sky.layers['fermi-sources'].catalog[{row}].coord, fov=8)",
    "sky.select(sky.layers['fermi-sources'].catalog[{row}])",
    "sky.goto('TXS 0506+056')",
    "sky.brush('2017-0{month}-01', '2018-01-01')",
    "sky.select(())",
    "layer = sky.layers['fermi-sources']; layer.visible = not layer.visible",
)
MATCH = """
import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from skyexplorer import crossmatch
dice = np.random.default_rng(1)
here, there = (SkyCoord(dice.uniform(0, 360, 100_000), dice.uniform(-60, 60, 100_000), unit="deg") for _ in range(2))
crossmatch(here, there, 2 * u.arcsec)
"""


def acts(seat: Seat, seconds: float, every: float, seed: int) -> list[float]:
    """Do something now and then for so long; seconds from each cell sent to its end."""
    dice, until, took = random.Random(seed), time.monotonic() + seconds, []
    while (wait := dice.uniform(0.5, 1.5) * every) + time.monotonic() < until:
        time.sleep(wait)
        start = time.perf_counter()
        seat.run(dice.choice(ACTS).format(row=dice.randrange(20), month=dice.randrange(1, 9)))
        took.append(time.perf_counter() - start)
    return took


def side_by_side(seats: list[Seat], act: Callable[[Seat], float]) -> list[float]:
    """The same at all seats at once; seconds at each."""
    with ThreadPoolExecutor(len(seats)) as pool:
        return list(pool.map(act, seats))


def timed(seat: Seat, code: str) -> float:
    start = time.perf_counter()
    seat.run(code)
    return time.perf_counter() - start


def memory(title: str, lab: Lab, seats: list[Seat]) -> None:
    """One block of the report."""
    each = [Cost.of(seat.pid) for seat in seats]
    server = Cost.of(lab.process.pid)
    print(title)
    for name in ("proportional", "unique", "resident"):
        values = [getattr(cost, name) for cost in each]
        print(
            f"  a kernel, {name:14} median {statistics.median(values):5.0f} MB   most {max(values):5.0f} MB"
        )
    print(f"  the server, proportional {server.proportional:5.0f} MB")
    total = server.proportional + sum(cost.proportional for cost in each)
    print(f"  all, proportional {total:6.0f} MB", flush=True)


def spread(values: list[float]) -> str:
    ordered = sorted(values)
    late = ordered[int(0.95 * (len(ordered) - 1))]
    return f"median {statistics.median(ordered):.2f} s, p95 {late:.2f} s, most {ordered[-1]:.2f} s"


def main() -> int:
    """Print the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seats", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--every", type=float, default=10, help="seconds between two acts of a seat, about")
    given = parser.parse_args()
    whole = psutil.virtual_memory()
    print(
        f"{given.seats} seats; {os.cpu_count()} processors, {whole.total / 1e9:.1f} GB; "
        f"load before {os.getloadavg()[0]:.1f}; Python {sys.version.split()[0]}"
    )
    lab = Lab()
    lab.command = (
        *Lab.command,
        "--ServerApp.disable_check_xsrf=True",
    )  # asked by a program that shows no cookie
    lab.patience = 900  # on a machine that does other things too
    with lab:
        with Watch(lab.process.pid) as begin, ThreadPoolExecutor(given.seats) as pool:
            seats = list(pool.map(lambda _: Seat(lab.url).__enter__(), range(given.seats)))
            shown = side_by_side(seats, lambda seat: timed(seat, SHOW))
        print(f"All begin at once: a kernel is there after {spread([seat.started for seat in seats])}")
        print(f"  import, explorer, shown: {spread(shown)}; at most {begin.peak:.0f} MB in all")
        time.sleep(5)  # what began beside them has ended
        memory("The explorer is open", lab, seats)

        before, start = Cost.of(*family(lab.process.pid)).processor, time.perf_counter()
        with ThreadPoolExecutor(given.seats) as pool:
            working = [
                pool.submit(acts, seat, given.minutes * 60, given.every, number)
                for number, seat in enumerate(seats)
            ]
            took = [seconds for work in working for seconds in work.result()]
        used = (Cost.of(*family(lab.process.pid)).processor - before) / (time.perf_counter() - start)
        print(f"{len(took)} acts in {given.minutes:g} minutes: {spread(took)}; {used:.2f} processors")
        memory("After that", lab, seats)

        before, start = Cost.of(*family(lab.process.pid)).processor, time.perf_counter()
        time.sleep(30)
        idle = (Cost.of(*family(lab.process.pid)).processor - before) / (time.perf_counter() - start)
        print(f"Nobody does anything: {idle:.2f} processors")

        print(f"All match at once: {spread(side_by_side(seats, lambda seat: timed(seat, MATCH)))}")
        memory("After a match at each", lab, seats)

        alive = sum(seat.run("print(len(sky.layers) > 0)") == "True" for seat in seats)
        print(f"Alive: {alive} of {given.seats}")
        for seat in seats:
            seat.__exit__()
    return 0 if alive == given.seats else 1


if __name__ == "__main__":
    sys.exit(main())
