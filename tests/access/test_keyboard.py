"""The story of TXS 0506+056 by keyboard alone; focus that is always seen, and is held nowhere."""

from __future__ import annotations

from typing import Any

import pytest

from skyexplorer.views import keys
from tests.browser.lab import Notebook

ACTIVE = "() => { const el = document.activeElement; return el.getAttribute('aria-label') || el.textContent.trim(); }"
# What of an element differs while it has the focus: its outline, its shadow, or those of what is drawn in it.
LOOKS = """(el) => {
  const all = (of, part) => { const s = getComputedStyle(of, part); return [s.outlineStyle, s.outlineWidth, s.outlineColor,
    s.boxShadow, s.borderColor, s.backgroundColor, s.opacity, s.content].join("|"); };
  return [all(el), all(el, "::before"), all(el, "::after"), el.firstElementChild && all(el.firstElementChild),
    el.parentElement && all(el.parentElement)].join("\\n");
}"""
SEEN = f"""() => {{
  const looks = {LOOKS};
  const el = document.activeElement;
  if (!el.closest(".skx-root")) return null;
  const box = el.getBoundingClientRect();
  const lit = looks(el);
  el.blur();
  const dull = looks(el);
  el.focus({{ preventScroll: true }});
  return {{ name: el.getAttribute("aria-label") || el.title || el.textContent.trim(), html: el.outerHTML.slice(0, 140),
    seen: lit !== dull, big: box.width > 0 && box.height > 0,
    panel: [...el.closest(".skx-grid")?.children ?? []].findIndex((one) => one.contains(el)) }};
}}"""
CELLS = (
    "() => { const c = window.jupyterapp.shell.currentWidget.content; return [c.widgets.length, c.mode]; }"
)


@pytest.fixture(autouse=True)
def _clean(book: Notebook) -> None:
    book.run(
        "sky.brush(); sky.select(()); sky.session.notices.clear(); sky.layers['fermi-sources'].where = ''"
    )


def test_the_story_of_txs_by_keyboard_alone(book: Notebook) -> None:
    page, press = book.page, book.page.keyboard.press
    book.run("sky.goto('10 40', fov=30)")
    page.wait_for_function(
        "() => Math.abs(document.querySelector('.skx-sky').aladin.getRaDec()[0] - 10) < 1e-3"
    )
    page.locator(".skx-goto input").focus()  # where Tab from the cell would come to
    page.keyboard.type("TXS 0506+056")
    press("Enter")
    book.until("round(sky.viewport.target.ra.deg, 1)", 77.4)
    page.wait_for_function(
        "() => Math.abs(document.querySelector('.skx-sky').aladin.getRaDec()[0] - 77.36) < 0.02"
    )
    press("Escape")
    assert "The sky" in page.evaluate(ACTIVE)
    width = book.python("sky.viewport.fov")
    press("+")
    book.until(f"sky.viewport.fov < 0.9 * {width}")
    # Away and back; what is nearest to the centre is told, the next is another.
    press("ArrowLeft")
    book.until("sky.viewport.target.ra.deg > 77.5")
    press("ArrowRight")
    said = page.locator(".skx-sky .skx-said")
    page.wait_for_function("() => document.querySelector('.skx-sky .skx-said').textContent")
    for _each in range(6):
        if "4FGL J0509.4+0542" in (said.text_content() or ""):
            break
        press("n")
    press("Enter")
    book.until("[s.name for s in sky.selection.sources]", ["4FGL J0509.4+0542"])
    # Its light curve, and a time range on it.
    press("4")
    assert page.evaluate(ACTIVE) == "Light curve"
    for _each in range(8):
        press("Tab")
        if "arrow keys, to choose a time range" in page.evaluate(ACTIVE):
            break
    press("ArrowRight")
    book.until("sky.selection.time_range is not None")
    first = book.python("sky.selection.time_range[1].mjd")
    page.wait_for_timeout(120)
    press("Shift+ArrowRight")
    book.until(f"sky.selection.time_range[1].mjd > {first}")
    press("Escape")
    book.until("sky.selection.time_range is None")
    # The strip of times.
    press("3")
    press("ArrowRight")
    book.until("sky.selection.time_range is not None")
    press("Escape")
    book.until("sky.selection.time_range is None")
    # The table is filtered, and a row of it chosen.
    press("f")
    page.keyboard.type("bll")
    book.until("int(sky.layers['fermi-sources'].shown.sum()) < 58")
    press("Escape")
    assert "Rows of the layer" in page.evaluate(ACTIVE)
    press("Home")
    press("Enter")
    book.until("len(sky.selection.sources)", 1)
    # A circle around it.
    press("1")
    for _each in range(12):
        press("Tab")
        if page.evaluate(ACTIVE) == "Move the sky and choose sources":
            break
    press("ArrowDown")
    press("Enter")
    for key in ("Space", "ArrowRight", "ArrowRight", "ArrowRight", "Enter"):
        press(key)
    book.until("sky.selection.region is not None")
    assert "The sky" in page.evaluate(ACTIVE), "the keys go on where the tool has left off"
    # A layer is hidden, and the archives are opened.
    press("2")
    press("Tab")
    press("Tab")
    assert page.evaluate(ACTIVE) == "Show GW170817"
    press("Enter")
    book.until("sky.layers['GW170817'].visible", False)
    press("Enter")
    book.until("sky.layers['GW170817'].visible")
    press("2")
    press("ArrowRight")
    page.wait_for_function("() => document.activeElement.textContent.startsWith('Archives')")
    page.locator(".skx-archives").wait_for()
    press("ArrowLeft")
    page.wait_for_function("() => document.activeElement.textContent.startsWith('Layers')")
    book.run("sky.select_region(None)")


def test_keys_are_not_the_notebooks(book: Notebook) -> None:
    page, press = book.page, book.page.keyboard.press
    before = page.evaluate(CELLS)
    page.get_by_role("button", name="Coordinate grid").focus()
    for key in ("a", "b", "d", "d", "x", "y", "m"):
        press(key)
    press("Enter")
    book.until("sky.viewport.grid")
    press("Enter")
    book.until("sky.viewport.grid", False)
    assert page.evaluate(CELLS) == before
    press("?")
    sheet = page.get_by_role("dialog", name="Keys of the explorer")
    assert sheet.is_visible()
    for group in keys.groups():
        assert sheet.get_by_text(str(group["title"]), exact=True).is_visible()
    press("Escape")
    assert not sheet.is_visible()
    assert page.evaluate(ACTIVE) == "Coordinate grid"


def test_focus_is_seen_and_goes_through_all_panels(book: Notebook) -> None:
    """By Tab alone from the search box to the other end of the explorer, and out of it."""
    page = book.page
    page.locator(".skx-goto input").focus()
    stops: list[dict[str, Any]] = []
    for _each in range(160):
        found = page.evaluate(SEEN)
        if found is None:
            break
        stops.append(found)
        page.keyboard.press("Tab")
    else:
        pytest.fail(f"Tab never leaves the explorer; at last: {stops[-3:]}")
    assert [stop["html"] for stop in stops if not stop["seen"] or not stop["big"]] == []
    assert [stop["html"] for stop in stops if not stop["name"]] == []
    panels = [stop["panel"] for stop in stops]
    assert panels == sorted(panels), "the order of Tab is that of the panels"
    assert len(set(panels)) >= 7
