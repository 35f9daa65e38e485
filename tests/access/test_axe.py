"""axe-core finds nothing serious in any screen, on a dark and on a light page, wide and narrow."""

from __future__ import annotations

from typing import Any

import pytest

from tests.access import axe
from tests.browser.lab import Notebook, rest

THEMES = ("JupyterLab Dark", "JupyterLab Light")
PREPARE = """
from astropy import units as u
from astropy.coordinates import SkyCoord
from skyexplorer import SkyRegion
sky.goto("TXS 0506+056", fov=8)
sky.select(next(s for s in sky.layers["fermi-sources"].catalog if "0509" in s.name))
sky.style("fermi-sources", color_by="Signif_Avg", shape_by="CLASS1")
sky.mark("fermi-sources", "Signif_Avg > 100")
"""
REGION = """
sky.select_region(SkyRegion.circle(SkyCoord("05h09m26s +05d41m35s"), 1.2 * u.deg))
sky.session.notices.post("An error", "error", advice="What to do.")
sky.session.notices.post("A warning", "warning", advice="What to do.")
"""
DOCK, SIDE = ".skx-dock", ".skx-side"  # of a screen only what is new in it is looked at
NUMBERS = "Show the numbers as a table"


@pytest.fixture(scope="module")
def prepared(book: Notebook) -> Notebook:
    book.run(f"exec({PREPARE!r}, globals())")
    book.rest(800)
    axe.load(book.page)
    return book


class Look:
    """Looks at one screen after the other, and keeps what is wrong of each."""

    def __init__(self, book: Notebook) -> None:
        self.page, self.wrong = book.page, dict[str, Any]()

    def __call__(self, screen: str, within: str = ".skx-root") -> None:
        self.page.wait_for_timeout(100)
        if found := axe.findings(self.page, within):
            self.wrong[screen] = found


def plots(look: Look) -> None:
    page = look.page
    for tab in ("Spectrum", "Histogram", "Scatter", "In view", "Light curve"):
        page.get_by_role("tab", name=tab, exact=True).click()
        rest(page, 400)
        look(tab, DOCK)
        if tab == "In view":
            continue  # a list of texts already
        switch = page.locator(".skx-dock > .skx-panel:visible").get_by_label(NUMBERS)
        switch.click()
        look(f"{tab}, as a table", DOCK)
        switch.click()
    page.locator(".skx-time").get_by_label(NUMBERS).click()
    look("time, as a table", ".skx-time")
    page.locator(".skx-time").get_by_label(NUMBERS).click()


def beside(look: Look) -> None:
    page = look.page
    side = page.locator(".skx-side")
    side.get_by_role("tab", name="Archives").click()
    for mode in side.locator(".skx-modes").get_by_role("tab").all():
        mode.click()
        look(f"archives, {mode.text_content()}", SIDE)
    side.get_by_role("tab", name="Events").click()
    look("events", SIDE)
    side.get_by_role("tab", name="Layers").click()
    for name in ("Style of fermi-sources", "Where fermi-sources comes from"):
        page.get_by_role("button", name=name).click()
        look(name, SIDE)
        page.get_by_role("button", name=name).click()


def over(look: Look, book: Notebook) -> None:
    page = look.page
    page.get_by_role("button", name="Panels: show, hide, arrange").click()
    look("menu of panels", ".skx-toolbar")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Circle", exact=True).click()
    look("a tool", ".skx-sky")
    page.keyboard.press("Escape")
    book.run(f"exec({REGION!r}, globals())")
    page.get_by_role("button", name="All messages").click()
    look("a region and messages")
    page.get_by_role("button", name="Dismiss messages").click()
    page.locator(".skx-look").focus()
    page.keyboard.press("?")
    look("keys", ".skx-help")
    page.keyboard.press("Escape")


@pytest.mark.parametrize("theme", THEMES)
def test_nothing_serious_in_any_screen(prepared: Notebook, theme: str) -> None:
    page = prepared.page
    change = "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"
    page.evaluate(change, theme)
    page.wait_for_function(
        "light => document.querySelector('.skx-root').classList.contains('skx-light') === light",
        arg=theme.endswith("Light"),
    )
    look = Look(prepared)
    look("all of it")
    plots(look)
    beside(look)
    over(look, prepared)
    page.set_viewport_size({"width": 390, "height": 900})
    page.wait_for_function("() => document.querySelector('.skx-grid').dataset.mode === 'narrow'")
    for tab in page.locator(".skx-front").get_by_role("tab").all():
        tab.click()
        look(f"narrow, {tab.text_content()}")
    page.set_viewport_size({"width": 1440, "height": 1000})
    page.wait_for_function("() => document.querySelector('.skx-grid').dataset.mode === 'wide'")
    prepared.run("sky.select_region(None)")
    assert look.wrong == {}


def test_each_control_has_a_name(prepared: Notebook) -> None:
    """Also those that axe does not look at: of Aladin, of Bokeh, and hidden ones."""
    nameless = prepared.page.evaluate(
        """() => [...document.querySelectorAll(".skx-root :is(button, input, select, [role=slider], [tabindex='0'])")]
            .filter((el) => el.checkVisibility())
            .filter((el) => !(el.getAttribute("aria-label") || el.title || el.textContent.trim() || el.labels?.length))
            .map((el) => el.outerHTML.slice(0, 150))"""
    )
    assert nameless == []
