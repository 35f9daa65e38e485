"""A hundred clicks on a hundred different sources give a hundred right light curves.

Real mouse events on the real canvas, against 3FGL, whose Flux_History of 48 months is read here a
second time, by plain astropy, to say what is right.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from tests.browser.lab import Lab, Notebook, browser, rest

CLICKS = 100
FEWER = 40  # where the window is another, or something lies over the sources
MARGIN = 70  # px kept from the frame, where Aladin's own buttons are
APART = 24  # px to the next source, so that which one is meant is not in doubt

CELL = """
from skyexplorer import SkyExplorer
sky = SkyExplorer(samples=False)
catalog = sky.open({path!r})
layer = next(iter(sky.layers.values()))
heard = []
def _hear():
    for curve in sky.session.curves.shown:
        heard.append([sky.selection.sources[0].index, curve.name, [float(v) for v in curve.value.value]])
sky.session.curves.changed.connect(_hear)
sky
"""


@dataclass
class Sky:
    """The explorer in its page, with helpers in screen pixels."""

    notebook: Notebook
    histories: np.ndarray
    names: list[str]

    def positions(self) -> np.ndarray:
        """Screen position (px of the page) of every source; NaN where it is not to be clicked."""
        found = self.notebook.page.evaluate(
            """() => {
                const el = document.querySelector('.skx-sky');
                const glass = el.skx.glass;
                const layer = glass.layers[0];
                const box = el.aladin.view.catalogCanvas.getBoundingClientRect();
                return {xy: Array.from(glass.project(layer.ra, layer.dec)), shown: Array.from(layer.shown),
                        box: [box.left, box.top, box.width, box.height]};
            }"""
        )
        left, top, width, height = found["box"]
        xy = np.array(found["xy"], float).reshape(-1, 2)
        x, y = xy.T
        inside = (x > MARGIN) & (x < width - MARGIN) & (y > MARGIN) & (y < height - MARGIN)
        page_height = self.notebook.page.viewport_size["height"]
        inside &= (y + top > 90) & (y + top < page_height - 40) & (np.array(found["shown"]) > 0)
        xy[~inside] = np.nan
        near = np.flatnonzero(
            (x > -50) & (x < width + 50) & (y > -50) & (y < height + 50) & ((x != 0) | (y != 0))
        )
        gap = np.hypot(x[near, None] - x[near], y[near, None] - y[near])
        np.fill_diagonal(gap, np.inf)
        xy[near[gap.min(axis=1) < APART]] = np.nan
        return xy + np.array([left, top])

    def place(self, row: int) -> tuple[float, float]:
        """Where one source is by now: what a click brings may have moved the sky in the page."""
        return self.notebook.page.evaluate(
            """row => {
                const el = document.querySelector('.skx-sky');
                const layer = el.skx.glass.layers[0];
                const box = el.aladin.view.catalogCanvas.getBoundingClientRect();
                const [x, y] = el.skx.glass.project(layer.ra.slice(row, row + 1), layer.dec.slice(row, row + 1));
                return [x + box.left, y + box.top];
            }""",
            row,
        )

    def look_at(self, ra: float, dec: float, fov: float) -> None:
        """A programmed move, and the wait until Aladin has made it."""
        self.notebook.run(f"sky.session.viewport.move(target=SkyCoord({ra}, {dec}, unit='deg'), fov={fov})")
        self.notebook.page.wait_for_function(
            """([ra, dec]) => { const [r, d] = document.querySelector('.skx-sky').aladin.getRaDec();
                return Math.abs(d - dec) < 0.01 && Math.abs(((r - ra + 540) % 360) - 180) * Math.cos(d / 57.3) < 0.01 }""",
            arg=[ra, dec],
        )

    def wait(self, count: int) -> None:
        """Until the kernel has heard of ``count`` clicks, or two seconds have gone by."""
        end = time.monotonic() + 2
        while self.notebook.python("len(heard)") < count and time.monotonic() < end:
            self.notebook.page.wait_for_timeout(10)

    def heard(self, count: int) -> list[list]:
        """What the kernel heard, once there are ``count`` answers (or two seconds have gone by)."""
        self.wait(count)
        return self.notebook.python("heard")

    def clear(self) -> None:
        self.notebook.run("heard.clear(); sky.select(())")

    def judge(self, clicked: list[int], heard: list[list]) -> None:
        """Each click gave its own source's curve, number by number."""
        assert len(set(clicked)) == len(clicked)
        wrong = []
        for want, got in zip(clicked, heard, strict=False):
            row, name, values = got
            ok = (
                row == want
                and name == self.names[want]
                and np.allclose(values, self.histories[want], rtol=1e-6)
            )
            if not ok:
                wrong.append((want, row, name))
        assert not wrong, f"{len(wrong)} clicks gave another curve, first: {wrong[:5]}"
        assert len(heard) == len(clicked)


def _open(lab: Lab, path: Path, name: str, *, before: int = 0, **window) -> Iterator[Sky]:
    with fits.open(path) as hdus:
        table = hdus[1].data
        flux, errors = (np.array(table[name], float) for name in ("Flux_History", "Unc_Flux_History"))
        # No lower error: a limit, at the flux plus twice the upper error.
        histories = np.where(np.isnan(errors[..., 0]), flux + 2 * errors[..., 1], flux)
        names = [str(name).strip() for name in table["Source_Name"]]
    with browser(**window) as context:
        cells = ["print('\\n' * 60)"] * before + [
            CELL.format(path=str(path)),
            "from astropy.coordinates import SkyCoord",
        ]
        cells += ["print('\\n' * 60)"] * (2 * before)
        lab.write(name, cells)
        notebook = Notebook(context, lab, name)
        notebook.only_outputs()
        notebook.run_all()
        notebook.wait_sky()
        if before:
            notebook.page.locator(".skx-sky").first.evaluate("el => el.scrollIntoView({block: 'center'})")
        notebook.rest(800)
        yield Sky(notebook, histories, names)
        assert not notebook.errors()
        assert not notebook.foreign_requests()


@pytest.fixture(scope="module")
def sky(lab: Lab, data_dir: Path) -> Iterator[Sky]:
    yield from _open(lab, data_dir / "gamma/gll_psc_v16_3FGL.fit.gz", "still.ipynb")


def _click_many(
    sky: Sky,
    click,
    fields=((60, 35), (180, 40), (300, 55), (20, -45), (140, -50), (240, 5), (0, 5)),
    count: int = CLICKS,
) -> None:
    """Look at one field after the other and click every source that stands alone, until there are so many."""
    sky.clear()
    clicked: list[int] = []
    for ra, dec in fields:
        sky.look_at(ra, dec, 45)
        sky.notebook.rest(300)
        positions = sky.positions()
        for row in np.flatnonzero(np.isfinite(positions[:, 0])):
            if len(clicked) == count:
                break
            if row in clicked or np.isnan(sky.histories[row]).any():
                continue
            click(*sky.place(int(row)))
            clicked.append(int(row))
            sky.wait(len(clicked))
        if len(clicked) == count:
            break
    assert len(clicked) == count
    sky.judge(clicked, sky.heard(count))


def _still(sky: Sky):
    def click(x: float, y: float) -> None:
        mouse = sky.notebook.page.mouse
        mouse.move(x, y)
        mouse.down()
        mouse.up()

    return click


def _jittered(sky: Sky):
    rng = np.random.default_rng(7)

    def click(x: float, y: float) -> None:
        mouse = sky.notebook.page.mouse
        mouse.move(x, y)
        mouse.down()
        dx, dy = rng.integers(-3, 4, 2)
        mouse.move(x + dx, y + dy)
        mouse.up()

    return click


def test_still_pointer(sky: Sky) -> None:
    _click_many(sky, _still(sky))


def test_moving_between_press_and_release(sky: Sky) -> None:
    _click_many(sky, _jittered(sky))


def test_right_after_a_programmed_move(sky: Sky) -> None:
    sky.clear()
    coords = np.array(sky.notebook.python("[[float(c.ra.deg), float(c.dec.deg)] for c in catalog.coords]"))
    lonely = _lonely(coords, 0.7)
    rng = np.random.default_rng(11)
    chosen = [int(i) for i in rng.permutation(lonely) if not np.isnan(sky.histories[i]).any()][:FEWER]
    box = sky.notebook.page.locator(".skx-glass").first.bounding_box()
    for count, row in enumerate(chosen, 1):
        ra, dec = coords[row]
        sky.look_at(ra, dec, 12)
        sky.notebook.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        sky.wait(count)
    sky.judge(chosen, sky.heard(len(chosen)))


def _lonely(coords: np.ndarray, gap_deg: float) -> np.ndarray:
    ra, dec = np.radians(coords).T
    v = np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], 1)
    dots = v @ v.T
    np.fill_diagonal(dots, -1)
    return np.flatnonzero(dots.max(axis=1) < np.cos(np.radians(gap_deg)))


def test_with_regions_and_contours_over_them(sky: Sky, data_dir: Path) -> None:
    path = str(data_dir / "gw/S190425z_bayestar.multiorder.fits")
    cascades = str(data_dir / "neutrino/IceCube_cascade.csv")
    # Opened after the sources, so drawn over them; the alerts' own markers are not to be hit by chance.
    sky.notebook.run(f"gw = sky.open({path!r}); alerts = sky.open({cascades!r})")
    sky.notebook.run("sky.layers.remove([n for n, l in sky.layers.items() if l.kind == 'events'][0])")
    sky.notebook.page.wait_for_function(
        "() => { const {layers} = document.querySelector('.skx-sky').skx.glass;"
        "  return layers.filter((layer) => layer.strokes.length || layer.ra.length).length === 2 }"
    )
    sky.notebook.rest(500)
    try:
        _click_many(
            sky,
            _still(sky),
            fields=((240, 20), (260, 35), (225, 35), (245, -5), (80, -20), (60, -35), (100, -50)),
            count=FEWER,
        )
    finally:
        sky.notebook.run("sky.layers.remove([n for n, l in sky.layers.items() if l.kind == 'skymap'][0])")


def test_a_drag_selects_nothing(sky: Sky) -> None:
    sky.look_at(60, 35, 45)
    sky.clear()
    sky.notebook.rest(300)
    positions = sky.positions()
    x, y = positions[np.flatnonzero(np.isfinite(positions[:, 0]))[0]]
    mouse = sky.notebook.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + 60, y + 30, steps=6)
    mouse.up()
    sky.notebook.rest(800)
    assert sky.notebook.python("heard") == []
    assert sky.notebook.python("len(sky.selection.sources)") == 0


def test_overlapping_sources_offer_the_choice(sky: Sky) -> None:
    sky.clear()
    page = sky.notebook.page
    sky.look_at(83.6, 22.0, 60)  # the Crab pulsar and its nebula share one place in 3FGL
    rest(page, 300)
    box = page.locator(".skx-glass").first.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    menu = page.locator(".skx-choice")
    menu.wait_for()
    offered = [text for text in menu.locator("b").all_text_contents() if text.startswith("3FGL J0534.5")]
    assert len(offered) >= 2
    menu.locator("button", has_text=offered[1]).first.click()
    rest(page, 600)
    assert sky.notebook.python("sky.selection.sources[0].name") == offered[1]
    assert menu.count() == 0


def test_device_pixel_ratio_2(lab: Lab, data_dir: Path) -> None:
    for sky in _open(
        lab, data_dir / "gamma/gll_psc_v16_3FGL.fit.gz", "double.ipynb", scale=2.0, width=1200, height=900
    ):
        _click_many(sky, _still(sky), count=FEWER)


def test_scrolled_notebook(lab: Lab, data_dir: Path) -> None:
    for sky in _open(lab, data_dir / "gamma/gll_psc_v16_3FGL.fit.gz", "scrolled.ipynb", before=2):
        _click_many(sky, _jittered(sky), count=FEWER)
