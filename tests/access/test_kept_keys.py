"""Keys that are ours do not reach the notebook; focus and full screen are not lost on the way; a held key does not flood."""

from __future__ import annotations

import time

import pytest

from tests.access.test_keyboard import ACTIVE, CELLS
from tests.browser.lab import Notebook, rest

LONG = """
import numpy as np
from astropy import units as u
from astropy.time import Time
from skyexplorer import LightCurve
n = 250
sky.open(LightCurve(time=Time(np.arange(n) + 55000.0, format="mjd"), value=np.ones(n) * u.Jy, error=(np.ones(n) * u.Jy,) * 2,
                    upper_limit=np.zeros(n, bool), band="R", quantity="flux", name="long"))
"""
# What would have come to a listener of the notebook.
LISTEN = """() => {
  window.skxHeard = [];
  document.addEventListener("keydown", (event) => window.skxHeard.push(event.key));
}"""
HEARD = "() => window.skxHeard.splice(0)"


@pytest.fixture(autouse=True)
def _clean(book: Notebook) -> None:
    book.run("sky.brush(); sky.select(()); sky.session.notices.clear()")


def test_editing_a_box_of_text_is_not_editing_the_notebook(book: Notebook) -> None:
    page, press = book.page, book.page.keyboard.press
    page.evaluate(LISTEN)
    for text in (page.locator(".skx-goto input"), page.locator(".skx-table .skx-head input")):
        text.focus()
        page.keyboard.type("m31")
        press("Control+z")
        assert text.input_value() != "m31", "the browser's own undo"
        press("Control+Shift+Z")
        assert text.input_value() == "m31"
        for key in ("Control+a", "Control+c", "Delete", "Control+v", "Control+a", "Control+x"):
            press(key)
        assert text.input_value() == ""
        for key in ("Control+Enter", "Shift+Enter", "Alt+Enter"):  # these run the cell
            press(key)
        assert page.evaluate(HEARD) == ["Alt"]
    # What does not edit is the notebook's, but what would run the cell.
    page.get_by_role("button", name="Coordinate grid").focus()
    before = page.evaluate(CELLS)
    press("Control+Enter")
    assert page.evaluate(HEARD) == ["Control"]
    press("Control+e")
    assert "e" in page.evaluate(HEARD)
    assert page.evaluate(CELLS) == before
    book.run("sky.layers['fermi-sources'].where = ''; sky.viewport.grid = False")


def test_the_buttons_of_a_table_keep_the_focus(book: Notebook) -> None:
    page, press = book.page, book.page.keyboard.press
    book.run(LONG)
    page.wait_for_function("() => document.querySelector('.skx-curve h2').textContent.includes('long')")
    curve = page.locator(".skx-curve")
    curve.get_by_role("button", name="Show the numbers as a table").click()
    later = curve.get_by_role("button", name="Rows after")
    later.focus()
    rows = (
        "() => [...document.querySelectorAll('.skx-curve .skx-twin tr')].map(tr => Number(tr.ariaRowIndex))"
    )
    assert page.evaluate(rows) == list(range(1, 102))
    for first in (101, 201):
        press("Enter")
        page.wait_for_function(
            f"() => document.querySelector('.skx-curve .skx-twin-pages').textContent.includes('Rows {first} to')"
        )
    assert page.evaluate(rows) == [1, *range(202, 252)]
    assert later.get_attribute("aria-disabled") == "true"
    cells = page.evaluate(CELLS)
    press("Enter")
    assert page.evaluate(ACTIVE) == "Rows after"
    assert page.evaluate(CELLS) == cells
    book.run("sky._workbench.curve.on_as_table(False); sky.select(())")


def test_escape_leaves_full_screen_last(book: Notebook) -> None:
    """Where a frame forbids full screen the explorer fills the frame, and Escape is for what is open in it first."""
    page, press = book.page, book.page.keyboard.press
    page.evaluate(
        "() => { document.querySelector('.skx-root').requestFullscreen = () => Promise.reject(new Error('no')) }"
    )
    full = "() => document.querySelector('.skx-root').classList.contains('skx-full')"
    page.locator(".skx-arranging + button").click()
    page.wait_for_function(full)
    press("?")
    sheet = page.get_by_role("dialog", name="Keys of the explorer")
    assert sheet.is_visible()
    press("Escape")
    assert not sheet.is_visible()
    assert page.evaluate(full)
    page.locator(".skx-goto input").focus()
    press("Escape")
    assert "The sky" in page.evaluate(ACTIVE)
    assert page.evaluate(full)
    page.get_by_role("button", name="Coordinate grid").focus()
    press("Escape")
    assert not page.evaluate(full)
    page.evaluate("() => { delete document.querySelector('.skx-root').requestFullscreen }")


def test_a_held_key_waits_for_a_busy_kernel(book: Notebook) -> None:
    page, keyboard = book.page, book.page.keyboard
    book.run("sky.select('TXS 0506+056')")
    page.wait_for_function("() => document.querySelector('.skx-curve h2').textContent.includes('0509')")
    book.run(
        "steps = []; curve = sky._workbench.curve; step = curve.step\n"
        "curve.step = lambda way, *more: (steps.append(way), step(way, *more))"
    )
    page.locator(".skx-curve .skx-plot").focus()
    page.evaluate(
        "() => { window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
        ".requestExecute({code: 'import time; time.sleep(3)'}) }"
    )
    end = time.monotonic() + 2.7
    pressed = 0
    while pressed < 20 and time.monotonic() < end:
        keyboard.down("ArrowRight")
        pressed += 1
        page.wait_for_timeout(50)
    keyboard.up("ArrowRight")
    book.until("len(steps) > 0")
    rest(page, 300)
    assert pressed > 5
    assert book.python("len(steps)") <= 2
    book.run("del curve.step; sky.brush()")


def test_what_keys_would_choose_is_what_is_near_now(book: Notebook) -> None:
    """A finger or a wheel moves the sky under the keys."""
    page, press = book.page, book.page.keyboard.press
    book.run("sky.goto('TXS 0506+056', fov=12)")
    rest(page, 600)
    page.locator(".skx-look").focus()
    press("n")
    page.wait_for_function("() => document.querySelector('.skx-sky .skx-said').textContent")
    page.evaluate(
        """() => {
            const { aladin } = document.querySelector(".skx-sky");
            const how = { bubbles: true, pointerType: "touch", isPrimary: false };
            aladin.aladinDiv.querySelector("canvas").dispatchEvent(new PointerEvent("pointerdown", how));
            aladin.gotoRaDec(83.63, 22.01);
        }"""
    )
    rest(page, 500)
    press("Enter")
    book.until("len(sky.selection.sources)", 1)
    assert book.python("float(sky.selection.sources[0].coord.dec.deg)") == pytest.approx(22, abs=5)
