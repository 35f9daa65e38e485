"""A figure in a real page is what it is in Python, whatever patches of it were lost on the way or could not be applied."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.lab import Lab, Notebook, browser
from tests.browser.looks import GROUND, curve_is

CELL = "from skyexplorer import SkyExplorer\nsky = SkyExplorer()\nsky"
CURVE = "sky._workbench.curve"
FIGURES = "() => [...window.Bokeh.index].filter(view => view.model.type === 'Figure').length"


@pytest.fixture(scope="module")
def book(lab: Lab) -> Iterator[Notebook]:
    with browser(width=1500, height=1050) as context:
        lab.write("figures.ipynb", [CELL])
        found = Notebook(context, lab, "figures.ipynb")
        found.run_all()
        found.wait_sky()
        found.run("sky.select('TXS 0506+056')")
        found.page.locator(".skx-at-curve .bk-Canvas").first.wait_for(timeout=20_000)
        found.rest()
        yield found
        assert not found.errors()


def test_a_patch_that_was_lost_is_made_good(book: Notebook) -> None:
    renewed = book.python(f"{CURVE}.child.render_bundle['revision']")
    book.run(f"""
child = {CURVE}.child
send, child.send = child.send, lambda *message: None
{CURVE}.paint(dark=False)
child.send = send
""")
    book.rest(300)
    assert book.page.evaluate(GROUND, book.python(f"{CURVE}.figure.id")) == "#0f1622", "nobody can know yet"
    book.run(f"{CURVE}.figure.title.text = 'the next'")
    curve_is(book, dark=False)
    assert book.python(f"{CURVE}.child.render_bundle['revision']") > renewed


def test_a_patch_that_cannot_be_applied_is_made_good(book: Notebook) -> None:
    renewed = book.python(f"{CURVE}.child.render_bundle['revision']")
    book.run(f"""
import json
child = {CURVE}.child
send = child.send

def garbled(content, buffers):
    head, about, text = content["texts"]
    nonsense = json.dumps({{**json.loads(text), "events": [{{"kind": "nonsense"}}]}})
    send({{**content, "texts": [head, about, nonsense]}}, buffers)

child.send = garbled
{CURVE}.paint(dark=True)
child.send = send
""")
    curve_is(book, dark=True)
    assert book.python(f"{CURVE}.child.render_bundle['revision']") > renewed
    book.run(f"{CURVE}.paint(dark=False)")
    curve_is(book, dark=False)
    assert any("nonsense" in line for line in book.console)


def test_what_the_page_was_told_it_does_not_tell_back(book: Notebook) -> None:
    """BokehView does: late, and undoes what Python did since."""
    book.rest(300)  # a figure that was just painted tells its size
    dark = book.python(f"{CURVE}.figure.background_fill_color != '#ffffff'")
    book.run(f"""
heard = []
{CURVE}.child.on_msg(lambda widget, content, buffers: heard.append(content.get("attr")))
for number in range(5):
    {CURVE}.paint(dark=bool((number + {dark}) % 2))
{CURVE}.paint(dark={not dark})
""")
    book.rest(300)
    curve_is(book, dark=not dark)
    assert not {"background_fill_color", "border_fill_color"} & {*book.python("[*heard]")}
    book.run(f"{CURVE}.child.renew()")
    book.rest(300)
    book.until("'inner_width' in heard")  # of its own it tells


def test_views_made_among_patches_are_as_python_says(book: Notebook) -> None:
    for turn in range(3):
        book.run(f"""
import asyncio

async def among_patches():
    for number in range(24):
        {CURVE}.paint(dark=bool(number % 2))
        if number == 8:
            sky.session.curves.log_y = not sky.session.curves.log_y
        await asyncio.sleep(0.02)
    {CURVE}.paint(dark={bool(turn % 2)})

task = asyncio.ensure_future(among_patches())
""")
        book.until("task.done()")
        book.run("task.result()")
        curve_is(book, dark=bool(turn % 2))
    book.rest()
    assert book.page.evaluate(FIGURES) == 1, "those that were replaced are gone"


def test_what_is_cleared_while_it_is_built_leaves_nothing(book: Notebook) -> None:
    """As where a figure is replaced at once: BokehJS throws, where nobody can catch it, and keeps what it builds after."""
    left = book.page.evaluate("""async () => {
      const { Document } = window.Bokeh.require("document");
      const shown = window.Bokeh.documents.findLast((held) => held.roots().length);
      const copy = Document.from_json(shown.to_json());
      const names = copy.roots().map((root) => root.id);
      const building = window.Bokeh.require("embed/standalone").add_document_standalone(copy, document.createElement("div"));
      copy.clear();
      await building;
      await new Promise((resolve) => setTimeout(resolve));
      return { names, roots: copy.roots().length };
    }""")
    assert left["names"]
    assert left["roots"] == 0
    assert book.page.evaluate(FIGURES) == 1
    assert [line for line in book.console if line.startswith("pageerror")] == []
