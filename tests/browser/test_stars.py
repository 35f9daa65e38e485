"""A million sources on the sky: which are drawn, that they are found under the pointer, and what is told of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Page

from tests.browser.lab import Lab, Notebook, browser

ROWS = 1_000_000
PER_CELL = 32  # views/frontend/src/sky/stars.js
SKY = f"""
import numpy as np
from astropy.coordinates import SkyCoord
from astropy.table import Table
from skyexplorer import SkyExplorer, SourceCatalog
rng = np.random.default_rng(3)
half = {ROWS} // 2
plane = SkyCoord(rng.normal(0, 60, half) % 360, rng.laplace(0, 4, half).clip(-90, 90), unit="deg", frame="galactic").icrs
ra = np.concatenate([plane.ra.deg, rng.uniform(0, 360, half)])
dec = np.concatenate([plane.dec.deg, np.degrees(np.arcsin(rng.uniform(-1, 1, half)))])
ra[7] = np.nan
names = np.char.add("SKX ", np.arange({ROWS}).astype("U7"))
catalog = SourceCatalog(Table({{"name": names, "RA": ra, "Dec": dec, "mag": rng.normal(15, 2, {ROWS})}}))
sky = SkyExplorer(samples=False)
sky.goto(SkyCoord(266, -29, unit="deg"), fov=60)
sky
"""
DRAWN = """() => {
    const {glass} = document.querySelector('.skx-sky').skx, eye = glass.eye();
    const {rows, x, y, n, level, here} = glass.layers[0].stars.look(eye);
    return {rows: Array.from(rows.subarray(0, n)), x: Array.from(x.subarray(0, n)), y: Array.from(y.subarray(0, n)),
            level, here, width: eye.width, height: eye.height};
}"""


class Stars:
    """The layer in its page."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook, self.page = notebook, notebook.page
        self.turn = 0

    def settled(self) -> None:
        """Until what was asked for is chosen, and painted."""
        ready = """(turn) => {
            const {glass} = document.querySelector('.skx-sky').skx, layer = glass.stats.layers[0];
            if (!layer?.ready || layer.turn <= turn) return false;
            const {frames} = glass;
            return new Promise((go) => {
                const look = () => (glass.frames > frames ? go(layer.turn) : (glass.redraw(), setTimeout(look, 20)));
                look();
            });
        }"""
        self.turn = self.page.wait_for_function(ready, arg=self.turn, timeout=30_000).json_value()

    def look_at(self, ra: float, dec: float, fov: float) -> dict:
        self.notebook.run(f"sky.goto(SkyCoord({ra}, {dec}, unit='deg'), fov={fov})")
        self.page.wait_for_function(
            """([ra, dec, fov]) => {
                const {aladin} = document.querySelector('.skx-sky'), [r, d] = aladin.getRaDec();
                const across = Math.cos(dec / 57.3) * (((r - ra + 540) % 360) - 180);
                return Math.abs(d - dec) < 1e-3 && Math.abs(across) < 1e-3 && Math.abs(aladin.getFov()[0] / fov - 1) < 0.05;
            }""",
            arg=[ra, dec, fov],
        )
        return self.drawn()

    def drawn(self) -> dict:
        return self.page.evaluate(DRAWN)

    def note(self) -> str:
        self.page.evaluate("() => document.querySelector('.skx-sky').skx.glass.redraw()")
        self.page.wait_for_timeout(300)
        note = self.page.locator(".skx-drawn").first
        return note.text_content() if note.is_visible() else ""


@pytest.fixture(scope="module")
def stars(lab: Lab) -> Iterator[Stars]:
    with browser(width=1200, height=900) as context:
        lab.write("stars.ipynb", [SKY])
        notebook = Notebook(context, lab, "stars.ipynb")
        notebook.only_outputs()
        notebook.run_all()
        notebook.wait_sky()
        notebook.run("sky.open(catalog, name='many'); layer = sky.layers['many']")
        made = Stars(notebook)
        made.settled()
        yield made
        assert not notebook.errors()
        assert not notebook.foreign_requests()
        assert not [line for line in notebook.console if "skyexplorer:" in line or "pageerror" in line]


@pytest.fixture(scope="module")
def rows(stars: Stars) -> np.ndarray:
    """Right ascension, declination and magnitude of each row, as Python has them."""
    stars.notebook.run("np.save('rows.npy', np.array([ra, dec, catalog.table['mag']]))")
    folder = stars.notebook.python("__import__('os').getcwd()")
    return np.load(f"{folder}/rows.npy")


def cells(ra: np.ndarray, dec: np.ndarray, level: int) -> np.ndarray:
    """Number of the cell of each place: another hand's writing of what lod.js says."""
    a, d = np.radians(ra), np.radians(dec)
    xyz = np.stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])
    axis = np.abs(xyz).argmax(axis=0)
    along = np.take_along_axis(xyz, axis[None], 0)[0]
    others = np.array([[1, 2], [0, 2], [0, 1]])[axis]
    number = 2 * axis + (along < 0)
    for side in others.T:
        angle = np.arctan(np.take_along_axis(xyz, side[None], 0)[0] / np.abs(along))
        number = number * 2**level + np.minimum(
            2**level - 1, ((angle / (np.pi / 2) + 0.5) * 2**level).astype(int)
        )
    return number


def first_of_each(wanted: np.ndarray, rows: np.ndarray, level: int) -> np.ndarray:
    """The brightest rows of each cell."""
    ra, dec, mag = rows
    index = np.flatnonzero(wanted & np.isfinite(ra))
    cell = cells(ra[index], dec[index], level)
    order = np.lexsort((mag[index], cell))
    ordered = cell[order]
    begin = np.searchsorted(ordered, ordered)
    chosen = np.zeros(len(ra), bool)
    chosen[index[order[np.arange(len(order)) - begin < PER_CELL]]] = True
    return chosen


def near(rows: np.ndarray, ra: float, dec: float, radius: float) -> np.ndarray:
    a, d = np.radians(rows[0]), np.radians(rows[1])
    a0, d0 = np.radians(ra), np.radians(dec)
    return np.sin(d) * np.sin(d0) + np.cos(d) * np.cos(d0) * np.cos(a - a0) > np.cos(np.radians(radius))


@pytest.mark.parametrize(("ra", "dec", "fov"), [(266, -29, 60), (90, 10, 20), (270, -25, 3), (30, 89.5, 10)])
def test_the_first_of_each_cell_are_drawn(
    stars: Stars, rows: np.ndarray, ra: float, dec: float, fov: float
) -> None:
    drawn = stars.look_at(ra, dec, fov)
    got = np.zeros(ROWS, bool)
    got[drawn["rows"]] = True
    assert got.sum() == len(drawn["rows"]) < 30_000
    wanted = first_of_each(np.ones(ROWS, bool), rows, drawn["level"])
    assert not (got & ~wanted).any()
    inside = wanted & near(rows, ra, dec, 0.26 * fov)
    assert inside.sum() > 20
    assert not (inside & ~got).any()


def test_what_is_drawn_stays_while_the_sky_moves(stars: Stars) -> None:
    one = stars.look_at(100, 5, 40)
    other = stars.look_at(104, 7, 40)
    assert one["level"] == other["level"]
    kept = set(other["rows"])
    glass = """(rows) => { const {glass} = document.querySelector('.skx-sky').skx, {ra, dec} = glass.layers[0];
        return Array.from(glass.project(Float64Array.from(rows, r => ra[r]), Float64Array.from(rows, r => dec[r]))) }"""
    xy = np.reshape(stars.page.evaluate(glass, one["rows"]), (-1, 2))
    inside = ((xy > 0) & (xy < [other["width"], other["height"]])).all(axis=1)
    assert inside.sum() > 1000
    assert {row for row, still in zip(one["rows"], inside, strict=True) if still} <= kept


def test_the_note_says_how_many_are_drawn(stars: Stars, rows: np.ndarray) -> None:
    drawn = stars.look_at(266, -29, 60)
    said = re.fullmatch(r"([\d,]+) of about ([\d,]+) here drawn", stars.note())
    assert said, stars.note()
    n, total = (int(number.replace(",", "")) for number in said.groups())
    assert n == len(drawn["rows"])
    xy = np.reshape(
        stars.page.evaluate(
            "() => { const {glass} = document.querySelector('.skx-sky').skx, {ra, dec} = glass.layers[0], eye = glass.eye();"
            " const xy = glass.project(ra, dec); let n = 0;"
            " for (let i = 0; i < ra.length; i++) n += eye.holds(xy[2 * i], xy[2 * i + 1]); return n }"
        ),
        (),
    )
    assert abs(total / float(xy) - 1) < 0.05
    stars.look_at(270, -25, 0.5)
    assert stars.note() == "", "all are drawn"


def test_a_filter_fills_up_and_sends_no_position(stars: Stars, rows: np.ndarray) -> None:
    stars.look_at(266, -29, 60)
    source = """() => { const {ra} = document.querySelector('.skx-sky').skx.glass.layers[0];
        window.was ??= ra; return window.was === ra }"""
    assert stars.page.evaluate(source)
    stars.notebook.run("layer.shown = np.arange(len(catalog)) % 4000 == 0")
    stars.settled()
    drawn = stars.drawn()
    few = (np.arange(ROWS) % 4000 == 0) & near(rows, 266, -29, 15)
    assert set(np.flatnonzero(few)) <= set(drawn["rows"])
    assert all(row % 4000 == 0 for row in drawn["rows"])
    assert stars.note() == ""
    stars.notebook.run("layer.shown = catalog.table['mag'].data > 14")
    stars.settled()
    drawn = stars.drawn()
    got = np.zeros(ROWS, bool)
    got[drawn["rows"]] = True
    wanted = first_of_each(rows[2] > 14, rows, drawn["level"]) & near(rows, 266, -29, 15)
    assert not (wanted & ~got).any()
    assert rows[2][got].min() > 14
    stars.notebook.run("layer.shown = np.ones(len(catalog), bool)")
    stars.settled()
    assert stars.page.evaluate(source), "positions came once"


def test_names_under_the_pointer_and_clicks(stars: Stars) -> None:
    page = stars.page
    for ra, dec, fov in ((200, 40, 4), (266, -29, 30)):
        drawn = stars.look_at(ra, dec, fov)
        stars.note()
        x, y = np.array(drawn["x"]), np.array(drawn["y"])
        inside = (x > 150) & (x < drawn["width"] - 150) & (y > 120) & (y < drawn["height"] - 120)
        alone = [i for i in np.flatnonzero(inside) if np.sort(np.hypot(x - x[i], y - y[i]))[1] > 4]
        box = page.locator(".skx-glass").first.bounding_box()
        for i in alone[:3]:
            page.mouse.move(box["x"] + x[i] + 30, box["y"] + y[i] - 30)
            page.mouse.move(box["x"] + x[i], box["y"] + y[i])
            row = drawn["rows"][i]
            page.wait_for_function(
                "name => { const {hidden, textContent} = document.querySelector('.skx-tip');"
                " return !hidden && textContent.includes(name) }",
                arg=f"SKX {row}many",
            )
            page.mouse.click(box["x"] + x[i], box["y"] + y[i])
            stars.notebook.until("[int(s.index) for s in sky.selection.sources]", [row])
    stars.notebook.run("sky.select(())")


def test_marked_rows_come_first_and_bright(stars: Stars, rows: np.ndarray) -> None:
    drawn = stars.look_at(266, -29, 60)
    faint = np.flatnonzero((rows[2] > 20) & near(rows, 266, -29, 10))[:200]
    assert len(set(drawn["rows"]) & set(faint)) < len(faint) / 2
    stars.notebook.run(
        f"mask = np.zeros(len(catalog), bool); mask[{faint.tolist()}] = True; layer.marked = mask"
    )
    stars.settled()
    assert set(faint) <= set(stars.drawn()["rows"])
    stars.notebook.run("layer.marked = np.zeros(len(catalog), bool)")
    stars.settled()


def _shade(page: Page, x: float, y: float, reach: int = 40) -> np.ndarray:
    """Mean colour and opacity (0 to 255) of the glass around a place, RGBA."""
    return np.array(
        page.evaluate(
            """([x, y, reach]) => {
                const {glass} = document.querySelector('.skx-sky').skx, r = window.devicePixelRatio;
                const {data} = glass.context.getImageData(r * (x - reach), r * (y - reach), 2 * r * reach, 2 * r * reach);
                const sum = [0, 0, 0, 0];
                for (let i = 0; i < data.length; i += 4) {
                    for (const c of [0, 1, 2]) sum[c] += (data[i + c] * data[i + 3]) / 255;
                    sum[3] += data[i + 3];
                }
                return sum.map((v) => (4 * v) / data.length);
            }""",
            [x, y, reach],
        )
    )


def test_colour_by_column_and_density(stars: Stars) -> None:
    drawn = stars.look_at(266, -29, 60)
    middle = drawn["width"] / 2, drawn["height"] / 2
    grey = _shade(stars.page, *middle)
    assert grey[3] > 20
    assert np.ptp(grey[:3]) < 3
    stars.notebook.run("layer.style(color_by='mag', color_map='plasma')")
    stars.page.wait_for_function("() => document.querySelector('.skx-sky').skx.glass.layers[0].style.colors")
    stars.note()
    assert np.ptp(_shade(stars.page, *middle)[:3]) > 8, "in colours"
    stars.notebook.run("layer.style(color_by='', density=True)")
    stars.page.wait_for_function("() => document.querySelector('.skx-sky').skx.glass.layers[0].style.density")
    stars.look_at(266, -29, 60)
    stars.note()
    center = _shade(stars.page, *middle)
    stars.look_at(60, 60, 60)
    assert stars.note() == ""
    away = _shade(stars.page, *middle)
    assert center[:3].sum() > 1.5 * away[:3].sum() > 0, "the Galactic plane is denser"
    stars.notebook.run("layer.style(density=False)")


def test_a_reloaded_page_paints_the_same(stars: Stars) -> None:
    before = stars.look_at(266, -29, 60)
    stars.notebook.reload()
    stars.notebook.only_outputs()
    stars.turn = 0
    stars.settled()
    stars.page.wait_for_function(
        "n => document.querySelector('.skx-sky').skx.glass.stats.layers[0].drawn === n",
        arg=len(before["rows"]),
        timeout=15_000,
    )
