"""What a person may do with an explorer, at random: one act a call, by the kernel or by the mouse."""

from __future__ import annotations

import random
from collections.abc import Callable

from playwright.sync_api import Locator
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.browser.lab import Notebook

CELL = """
import gc, ctypes
import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table
from skyexplorer import SkyExplorer, SourceCatalog

def catalogue(seed, rows=400):
    rng = np.random.default_rng(seed)
    table = Table({"name": [f"R{seed}-{i}" for i in range(rows)], "ra": rng.uniform(0, 360, rows),
                   "dec": np.degrees(np.arcsin(rng.uniform(-1, 1, rows))), "flux": rng.lognormal(size=rows)})
    table["ra"].unit = table["dec"].unit = u.deg
    return SourceCatalog(table, ra="ra", dec="dec", name="name")

def memory():
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    return int(next(l for l in open("/proc/self/status") if l.startswith("VmRSS")).split()[1]) / 1024

sky = SkyExplorer()
sky
"""
HANDS_OFF = "n not in ('GW170817', 'icecube-alerts', 'fermi-sources', 'tev-sources', 'gw170817-galaxies')"
MOST = 6  # added layers at once


class Acts:
    """Random acts, the same for the same seed."""

    def __init__(self, notebook: Notebook, seed: int, reload: bool) -> None:
        self.notebook, self.page = notebook, notebook.page
        self.random = random.Random(seed)
        self.number = 0
        self.done: list[str] = []
        weights: dict[Callable[[], None], float] = {
            self.add: 5, self.remove: 4, self.restyle: 8, self.select: 8, self.clear: 2, self.brush: 5,
            self.zoom: 10, self.pan: 6, self.click: 8, self.goto: 5, self.tab: 6, self.table: 6, self.filter: 5,
            self.sort: 3, self.row: 5, self.draw: 4, self.layout: 5, self.theme: 1, self.hide: 4,
            self.reload: 1 if reload else 0,
        }  # fmt: skip
        self.acts, self.weights = list(weights), list(weights.values())

    def act(self) -> str:
        """Do one; returns its name."""
        self.number += 1
        one = self.random.choices(self.acts, self.weights)[0]
        self.done.append(one.__name__)
        one()
        return one.__name__

    # in the kernel

    def add(self) -> None:
        seed = self.random.randrange(10**6)
        self.notebook.run(
            f"if len(sky.layers) < {5 + MOST}: sky.open(catalogue({seed}), name='random {self.number}')"
        )

    def remove(self) -> None:
        self.notebook.run(f"for n in [n for n in sky.layers if {HANDS_OFF}][:1]: sky.layers.remove(n)")

    def restyle(self) -> None:
        at, color = self.random.random(), f"#{self.random.randrange(0x1000000):06x}"
        self.notebook.run(
            f"l = sky.layers.values()[int({at} * len(sky.layers))]; l.color = {color!r}; "
            f"l.opacity = {0.2 + 0.8 * at}; l.shape = {self.random.choice(['circle', 'square', 'plus'])!r}"
        )

    def hide(self) -> None:
        at = self.random.random()
        self.notebook.run(f"l = sky.layers.values()[int({at} * len(sky.layers))]; l.visible = not l.visible")

    def select(self) -> None:
        self.notebook.run(
            f"l = sky.layers['fermi-sources']; sky.select(l[int({self.random.random()} * l.rows)])"
        )

    def clear(self) -> None:
        self.notebook.run("sky.select(()); sky.brush()")

    def brush(self) -> None:
        start = self.random.randrange(2010, 2022)
        self.notebook.run(f"sky.brush('{start}-01-01', '{start + 2}-01-01')")

    def goto(self) -> None:
        r = self.random
        self.notebook.run(
            f"sky.goto('{r.uniform(0, 360):.4f} {r.uniform(-88, 88):.4f}', fov={10 ** r.uniform(-0.5, 2.2):.3f})"
        )

    def layout(self) -> None:
        r = self.random
        panels = ("sky", "layers", "curve", "table")
        what = r.choice(
            [
                "layout.reset()", f"layout.swap({r.choice(panels)!r}, {r.choice(panels)!r})",
                f"layout.resize(main={r.random():.2f}, left={r.random():.2f}, above={r.random():.2f})",
                "layout.show('table', 'table' not in layout.shown)", "layout.show('layers')",
            ]
        )  # fmt: skip
        self.notebook.run(f"layout = sky.session.layout; {what}; layout.show('sky')")

    # by hand

    def _sky(self, margin: float = 0.12) -> tuple[float, float]:
        box = self.page.locator(".skx-sky").first.bounding_box()
        assert box is not None
        x, y = (self.random.uniform(margin, 1 - margin) for _ in range(2))
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def _press(self, what: Locator) -> bool:
        """As a hand does: where it was seen. The page may have moved on since."""
        try:
            box = what.bounding_box(timeout=1000) if what.count() else None
        except PlaywrightTimeout:
            box = None
        if box is None or not box["width"]:
            return False
        self.page.mouse.click(box["x"] + min(30, box["width"] / 2), box["y"] + box["height"] / 2)
        return True

    def zoom(self) -> None:
        self.page.mouse.move(*self._sky())
        for _ in range(self.random.randrange(1, 4)):
            self.page.mouse.wheel(0, self.random.choice((-240, 240)))

    def pan(self) -> None:
        self.page.mouse.move(*self._sky())
        self.page.mouse.down()
        self.page.mouse.move(*self._sky(), steps=5)
        self.page.mouse.up()

    def click(self) -> None:
        self.page.mouse.click(*self._sky())
        self.page.keyboard.press("Escape")

    def draw(self) -> None:
        button = self.page.locator(".skx-archives .skx-where .skx-icon, .skx-tools button").first
        if self._press(button):
            self.pan()
            self.page.keyboard.press("Escape")

    def tab(self) -> None:
        tabs = self.page.locator(".skx-tab:visible")
        if count := tabs.count():
            self._press(tabs.nth(self.random.randrange(count)))

    def _choose_table(self) -> bool:
        chosen = self.page.get_by_label("Table of layer")
        if not chosen.is_visible():
            return False
        chosen.evaluate(
            """(list, at) => {
                list.selectedIndex = Math.floor(at * list.options.length);
                list.dispatchEvent(new Event('change', {bubbles: true}));
            }""",
            self.random.random(),
        )
        return True

    def table(self) -> None:
        self._choose_table()

    def filter(self) -> None:
        if self._press(self.page.get_by_label("Filter the rows")):
            self.page.keyboard.press("ControlOrMeta+a")
            self.page.keyboard.press("Delete")
            self.page.keyboard.type(self.random.choice(["", "", "TXS", "4FGL J0", "Dec > 20", "RA < 100"]))
            self.page.wait_for_timeout(220)

    def sort(self) -> None:
        heads = self.page.locator(".skx-th button:visible")
        if count := heads.count():
            self._press(heads.nth(self.random.randrange(min(count, 3))))

    def row(self) -> None:
        rows = self.page.locator(".skx-tbody .skx-tr:visible")
        if count := rows.count():
            self._press(rows.nth(self.random.randrange(min(count, 4))))

    def theme(self) -> None:
        self._press(self.page.locator(".skx-toolbar").get_by_label("Light or dark"))

    def reload(self) -> None:
        self.notebook.reload()
