"""Images, maps, second surveys, region files, fields of view and the readout, as a user of Chromium meets them."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PIL import Image

from tests.browser.lab import Lab, Notebook, browser, rest

CELL = """
import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from astropy.wcs import WCS
from skyexplorer import SkyExplorer
from skyexplorer.model.image import SkyImage
from skyexplorer.model.quantitymap import QuantityMap
from skyexplorer.model.shading import Shading
from skyexplorer.model.tiles import TileSet
from skyexplorer.session.layers import SurveyLayer

wcs = WCS(naxis=2)
wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix = ["RA---TAN", "DEC--TAN"], [120, 30], [100.5, 50.5]
wcs.wcs.cdelt = [-0.02, 0.02]
data = np.zeros((100, 200)); data[:, 100:] = 7.0; data[:10] = np.nan
image = SkyImage(data, wcs, "mJy / beam", "halves")
lon, lat = np.meshgrid(np.arange(0, 360, 5), np.arange(-85, 90, 5))
half = QuantityMap(np.repeat(np.arange(12.0), 4**3), unit="K", name="twelve")
sky = SkyExplorer(samples=False, height=760)
sky.viewport.move(target=SkyCoord(120 * u.deg, 30 * u.deg), fov=8)
sky
"""
SHOWN = "() => [...document.querySelector('.skx-sky').skx.images.shown.values()]"
STACK = "() => document.querySelector('.skx-sky').aladin.view.overlayLayers.slice(1)"


@pytest.fixture(scope="module")
def notebook(lab: Lab) -> Iterator[Notebook]:
    with browser(width=1300, height=950) as context:
        lab.write("layers.ipynb", [CELL])
        book = Notebook(context, lab, "layers.ipynb")
        book.run_all()
        book.wait_sky()
        book.only_outputs()
        book.rest(800)
        yield book
        assert not book.errors()
        assert not [line for line in book.console if line.startswith("pageerror")]
        assert book.foreign_requests() == []


def box(book: Notebook) -> dict[str, float]:
    found = book.page.locator(".skx-sky .skx-glass").bounding_box()
    assert found
    return found


def color(book: Notebook, dx: float = 0, dy: float = 0) -> np.ndarray:
    """Mean colour of a few pixels beside the middle of the sky, as it is seen."""
    frame = box(book)
    x, y = frame["x"] + frame["width"] / 2 + dx, frame["y"] + frame["height"] / 2 + dy
    png = book.page.screenshot(clip={"x": x - 3, "y": y - 3, "width": 6, "height": 6})
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), float).mean(axis=(0, 1))


def settle(book: Notebook, test: str, timeout: float = 20000) -> None:
    book.page.wait_for_function(test, timeout=timeout)
    book.rest()


def seen(book: Notebook, test: Callable[[np.ndarray], bool], dx: float = 0, seconds: float = 20) -> bool:
    """Whether a colour that passes a test comes to be seen."""
    for _ in range(int(seconds / 0.15)):
        if test(color(book, dx)):
            return True
        book.page.wait_for_timeout(150)
    return False


def point(book: Notebook, dx: float = 0, dy: float = 0) -> str:
    """What the readout says there, once Python has told it."""
    frame = box(book)
    page = book.page
    x, y = frame["x"] + frame["width"] / 2 + dx, frame["y"] + frame["height"] / 2 + dy
    page.mouse.move(x + 4, y)
    page.mouse.move(x, y)
    rest(page)
    page.wait_for_function(
        "() => { const s = document.querySelector('.skx-sky').skx; return s.readout.asked === null }"
    )
    rest(page)
    return page.locator(".skx-readout").inner_text() if page.locator(".skx-readout").is_visible() else ""


def test_an_image_is_painted_where_it_lies_and_tells_its_values(notebook: Notebook) -> None:
    before = color(notebook, 60)
    notebook.run("sky.open(image); sky.viewport.move(fov=8)")
    settle(notebook, "() => document.querySelector('.skx-sky').skx.glass.layers.some(l => l.picture?.image)")
    assert color(notebook, -60).max() < 12  # the left half is 0
    assert color(notebook, 60).min() > 240  # the right half is 7
    assert before.min() < 200
    assert "7 mJy beam⁻¹" in point(notebook, 60)
    assert "0 mJy beam⁻¹" in point(notebook, -60)
    assert "halves" in point(notebook, -60)
    assert point(notebook, 0, 260) == "" or "mJy" not in point(notebook, 0, 260)


def test_colours_are_chosen_in_the_panel(notebook: Notebook) -> None:
    notebook.page.get_by_label("Colours of halves").select_option("viridis")
    assert seen(notebook, lambda rgb: np.abs(rgb - (253, 231, 36)).max() < 12, 60)
    assert np.abs(color(notebook, -60) - (68, 1, 84)).max() < 12
    assert notebook.python("sky.layers['halves'].color_map") == "viridis"
    notebook.page.get_by_label("Cuts of halves").select_option("100")
    notebook.rest(500)
    assert notebook.page.locator(".skx-scale").first.inner_text().split() == ["0", "7", "mJy", "beam⁻¹"]
    notebook.run("sky.layers['halves'].opacity = 0.5")
    notebook.rest(500)
    assert 100 < color(notebook, 60)[0] < 240


def test_a_bent_picture_has_no_seams(notebook: Notebook) -> None:
    """Of even value and half clear, over the black of nothing: the colour varies only as the sky below does."""
    notebook.run(
        "even = SkyImage(np.ones((90, 90)), wcs.deepcopy(), name='even'); even.wcs.wcs.cdelt = [-0.8, 0.8];"
        "even.wcs.wcs.crpix = [45.5, 45.5]; sky.layers.remove('halves');"
        "sky.open(even); sky.layers['even'].cuts = (0, 1); sky.layers['even'].opacity = 0.9; sky.viewport.move(fov=90)"
    )
    settle(notebook, "() => document.querySelector('.skx-sky').skx.glass.layers.some(l => l.picture?.image)")
    alpha = notebook.page.evaluate(
        """() => { const c = document.querySelector('.skx-sky').skx.glass.canvas;
            const d = c.getContext('2d').getImageData(c.width / 2 - 150, c.height / 2 - 80, 300, 160).data;
            const a = []; for (let i = 3; i < d.length; i += 4) a.push(d[i]); return [Math.min(...a), Math.max(...a)] }"""
    )
    assert alpha[1] - alpha[0] <= 6
    assert alpha[0] > 0.8 * 255
    notebook.run("sky.layers.remove('even')")


def test_a_map_is_painted_and_tells_its_values(notebook: Notebook) -> None:
    notebook.run("sky.open(half); sky.layers['twelve'].cuts = (0, 11); sky.viewport.move(fov=60)")
    settle(notebook, f"() => ({STACK})().some(name => name.startsWith('skx-image-'))")
    value = notebook.python("float(half.value(sky.viewport.target).value)")
    expected = notebook.python(
        f"__import__('skyexplorer.model.shading', fromlist=['p']).palette('viridis', 255)[round({value}/11*254)].tolist()"
    )
    assert seen(notebook, lambda rgb: np.abs(rgb - expected).max() < 16)
    assert f"{value:.4g} K" in point(notebook)
    first = notebook.page.evaluate(STACK)
    notebook.run("sky.layers['twelve'].color_map = 'grey'")
    settle(
        notebook,
        f"() => {{ const s = ({STACK})(); return s.length === {len(first)} && s[0] !== {first[0]!r} }}",
    )
    assert seen(notebook, lambda rgb: np.ptp(rgb) < 8)


def test_a_second_survey_lies_in_the_order_of_the_layers(notebook: Notebook) -> None:
    notebook.run(
        "sky.layers['twelve'].color_map = 'viridis';"
        "white = QuantityMap(np.ones(12)).tiles(Shading('grey', cuts=(0, 1)));"
        "over = sky.overlay(white, opacity=0.5, name='white')"
    )
    settle(notebook, f"() => ({STACK})().length === 2 && ({SHOWN})().every(e => e.names.length === 1)")
    names = notebook.page.evaluate(f"() => ({SHOWN})().map(e => [e.title, e.names[0]])")
    assert [dict(map(reversed, names))[name] for name in notebook.page.evaluate(STACK)] == ["twelve", "white"]
    assert seen(notebook, lambda rgb: rgb.min() > 120)
    half_white = color(notebook)
    notebook.run("sky.layers['white'].opacity = 0.1; sky.layers['white'].blend = 'add'")
    assert seen(notebook, lambda rgb: rgb.min() < half_white.min() - 3)
    # Painted anew, the map below comes last to Aladin, and lies below nevertheless.
    notebook.run("sky.layers['twelve'].color_map = 'magma'")
    settle(
        notebook,
        f"() => ({SHOWN})().every(e => e.names.length === 1) && !({STACK})().includes({names[0][1]!r})",
    )
    names = notebook.page.evaluate(f"() => ({SHOWN})().map(e => [e.title, e.names[0]])")
    assert [dict(map(reversed, names))[name] for name in notebook.page.evaluate(STACK)] == ["twelve", "white"]


def test_it_blinks_but_not_for_who_asks_for_less_motion(notebook: Notebook) -> None:
    page = notebook.page
    lit = f"() => ({SHOWN})().find(e => e.title === 'white').next.opacity"
    notebook.run("sky.layers['white'].opacity = 0.6; sky.layers['white'].blink = 0.2")
    for opacity in (0, 0.6, 0):
        page.wait_for_function(f"opacity => ({lit})() === opacity", arg=opacity, polling=20)
    page.emulate_media(reduced_motion="reduce")
    page.wait_for_function(f"() => ({lit})() === 0.6")
    assert {(page.evaluate(lit), page.wait_for_timeout(90))[0] for _ in range(6)} == {0.6}
    page.emulate_media(reduced_motion="no-preference")
    notebook.run("sky.layers['white'].blink = None")


def test_a_survey_that_does_not_answer_leaves_a_notice_and_the_sky(notebook: Notebook, lab: Lab) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}/hips"
    before, stack = color(notebook), notebook.page.evaluate(STACK)
    for address in (nobody, f"{lab.url}/no-such-hips"):  # nobody there; somebody who has no such survey
        notebook.run(f"gone = sky.overlay({address!r})")
        notebook.until("not gone.visible")
        assert "does not answer" in notebook.python("sky.session.notices.items[-1].text")
        notebook.rest(300)
        assert notebook.page.evaluate(STACK) == stack
        assert np.abs(color(notebook) - before).max() < 3
        notebook.run("sky.layers.remove(gone.name)")


def test_a_survey_at_an_address(notebook: Notebook, lab: Lab) -> None:
    """A HiPS in a folder, as a server gives it."""
    notebook.run(
        """
from pathlib import Path
lines = ["creator_did=ivo://here/white", "obs_title=white", "hips_order=0", "hips_order_min=0", "hips_tile_width=512",
         "hips_tile_format=png", "hips_frame=equatorial", "dataproduct_type=image", "hips_version=1.4"]
folder = Path("hips/Norder0/Dir0"); folder.mkdir(parents=True)
(Path("hips") / "properties").write_text(chr(10).join(lines))
for (order, npix), png in white.tiles.items():
    (folder / f"Npix{npix}.png").write_bytes(png)
"""
    )
    before, stack = color(notebook), notebook.page.evaluate(STACK)
    notebook.run(f"far = sky.overlay({lab.url + '/files/hips'!r}, opacity=0.8, name='far')")
    settle(notebook, f"() => ({STACK})().length === {len(stack) + 1}")
    assert seen(notebook, lambda rgb: rgb.min() > max(before.min() + 20, 190))
    assert notebook.python("far.visible")
    notebook.run("sky.layers.remove('far')")


def test_what_is_removed_is_gone(notebook: Notebook) -> None:
    notebook.run("[sky.layers.remove(name) for name in list(sky.layers)]")
    settle(notebook, f"() => ({STACK})().length === 0")
    assert notebook.page.evaluate(f"() => ({SHOWN})().length") == 0
    assert not notebook.page.locator(".skx-readout").is_visible()
    # Added and removed before Aladin has it: nothing stays behind.
    notebook.run("sky.open(half); sky.layers.remove('twelve')")
    notebook.rest(800)
    assert notebook.page.evaluate(STACK) == []


def test_under_the_pointer_of_a_merger(notebook: Notebook) -> None:
    notebook.run("gw = sky.open('GW170817'); m = gw.localization")
    notebook.rest(600)
    text = point(notebook)
    assert "GW170817" in text
    assert "deg⁻²" in text
    assert "credible level" in text
    assert "Mpc" in text
    # Many motions are few questions, and the last place is the one that is told.
    asked, seconds, at = notebook.page.evaluate(
        """async () => {
            const { glass, readout } = document.querySelector('.skx-sky').skx;
            const before = readout.turn, began = performance.now(), c = readout.target, b = c.getBoundingClientRect();
            for (let k = 0; k < 90; k++) {
                c.dispatchEvent(new PointerEvent('pointermove', {
                    bubbles: true, pointerType: 'mouse', clientX: b.x + 300 + k, clientY: b.y + 150 + k }));
                await new Promise(done => setTimeout(done, 8));
            }
            const asked = readout.turn - before, seconds = (performance.now() - began) / 1000;
            while (readout.asked !== null || readout.wanted) await new Promise(done => setTimeout(done, 50));
            return [asked, seconds, glass.under(389, 239)];
        }"""
    )
    assert 2 <= asked <= seconds * 8 + 2
    told = notebook.python("sky.widget and sky._workbench.sky.widget._readout['lines'][0]['text']")
    at_last = f"SkyCoord({at[0]} * u.deg, {at[1]} * u.deg)"
    assert told == notebook.python(
        f"__import__('skyexplorer.views.pointer', fromlist=['p']).readout(sky.session, {at_last})[0]['text']"
    )


def test_a_finger_points_by_a_tap(notebook: Notebook) -> None:
    page = notebook.page
    page.mouse.move(5, 5)
    rest(page)
    assert not page.locator(".skx-readout").is_visible()
    page.evaluate(
        """() => { const c = document.querySelector('.skx-sky').aladin.view.catalogCanvas, b = c.getBoundingClientRect();
            const e = {bubbles: true, pointerType: 'touch', isPrimary: true, button: 0, pointerId: 7,
                       clientX: b.x + b.width / 2, clientY: b.y + b.height / 2};
            c.dispatchEvent(new PointerEvent('pointerdown', e)); c.dispatchEvent(new PointerEvent('pointerup', e)) }"""
    )
    rest(page, 700)
    assert "GW170817" in page.locator(".skx-readout").inner_text()


def test_region_files_and_fields_of_view(notebook: Notebook) -> None:
    notebook.run(
        "open('a.reg', 'w').write('# Region file format: DS9\\nicrs\\ncircle(120,30,1) # color=red text={here}\\n"
        "circle(122,30,0.5) # color=cyan\\n'); sky.open('a.reg'); sky.footprint('H.E.S.S.', '120 30')"
    )
    notebook.rest(600)
    wanted = ["a.reg", "H.E.S.S., 120 30"]
    strokes = notebook.page.evaluate(
        """wanted => document.querySelector('.skx-sky').skx.glass.layers.filter(l => wanted.includes(l.name))
            .flatMap(l => l.strokes).map(s => [s.color ?? '', (s.captions ?? []).map(c => c.text).join()])""",
        wanted,
    )
    assert strokes == [["#FF0000", "here"], ["#00FFFF", ""], ["", ""]]


def test_a_light_curve_in_the_tip(notebook: Notebook) -> None:
    notebook.run("[sky.layers.remove(name) for name in list(sky.layers)]")
    notebook.run("_ = sky.open('fermi-sources'); sky.goto(SkyCoord(77.3593 * u.deg, 5.7014 * u.deg), fov=5)")
    notebook.rest(1200)
    frame = box(notebook)
    notebook.page.mouse.move(frame["x"] + frame["width"] / 2 + 3, frame["y"] + frame["height"] / 2)
    notebook.page.mouse.move(frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2)
    notebook.page.wait_for_selector(".skx-tip .skx-thumbnail:not([hidden])")


def test_after_a_reload_all_is_there_again(notebook: Notebook) -> None:
    notebook.run(
        "sky.open(image); sky.open(half); sky.layers['twelve'].opacity = 0.4; sky.viewport.move(fov=8)"
    )
    notebook.rest(1000)
    notebook.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    notebook.rest(800)
    notebook.page.reload(wait_until="domcontentloaded")
    notebook.page.wait_for_function(
        "() => document.querySelector('.skx-sky')?.skx?.glass?.frames > 2", timeout=45000
    )
    settle(notebook, f"() => ({STACK})().length === 1")
    settle(notebook, "() => document.querySelector('.skx-sky').skx.glass.layers.some(l => l.picture?.image)")
