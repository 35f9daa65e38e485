"""Several explorers and views in one notebook; a page cut off from its kernel; a kernel that was restarted."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from benchmarks import flood
from tests.browser.lab import Lab, Notebook, browser, rest
from tests.browser.looks import painted, pixels

CELLS = [
    flood.CELL,
    "other = SkyExplorer(height=420)\nother",
    "near = sky.view(follow=False, height=260)\nnear",
    "along = sky.view(height=260)\nalong",
    "sky",
]
SKIES = "() => [...document.querySelectorAll('.skx-sky')].filter(el => el.skx?.glass?.frames > 2).length"
AT = "() => [...document.querySelectorAll('.skx-sky')].map(el => [...el.aladin.getRaDec(), el.aladin.getFov()[0]])"
FIRST_SKY = "document.querySelector('.skx-sky')"
LABS_DIALOG = ".jp-Dialog"
FIRST, OTHER, NEAR, ALONG, AGAIN = range(5)


@pytest.fixture(scope="module")
def notebook(lab: Lab) -> Iterator[Notebook]:
    # All cells in view: Lab renders only those.
    with browser(width=1300, height=3100) as context:
        lab.write("several.ipynb", CELLS)
        book = Notebook(context, lab, "several.ipynb")
        book.only_outputs()
        # Lab tells of a server that it did not reach, and of a notebook that it could not save there, in a dialog over
        # all, one after the other; whoever reads it dismisses it.
        book.page.add_locator_handler(
            book.page.locator(LABS_DIALOG),
            lambda dialog: dialog.locator(".jp-Dialog-button").last.click(),
            no_wait_after=True,
        )
        # One cell after the other: anywidget gives a model two seconds to load its module, and on a busy machine with
        # software GL five skies that begin at once do not all make it.
        for cell in range(len(CELLS)):
            book.page.evaluate(
                "i => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = i }", cell
            )
            book.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-cell') }")
            book.page.wait_for_function(f"n => ({SKIES})() === n", arg=cell + 1, timeout=60000)
            book.rest()
        book.page.wait_for_function(f"({SKIES})() === {len(CELLS)}", timeout=60000)
        book.rest(800)
        yield book
        assert not book.errors()
        # jupyter_bokeh still sends to a kernel that is gone; Lab may ask its server for something while the page is cut off.
        assert not [
            line
            for line in book.console
            if line.startswith("pageerror")
            and "Cannot send" not in line
            and not ("Failed to fetch" in line and "jlab_core" in line)
        ]


def test_two_explorers_share_nothing_in_the_page(notebook: Notebook) -> None:
    page = notebook.page
    before = page.evaluate(AT)[OTHER]
    notebook.run(
        "sky.goto('83.6 22.0', fov=9); sky.select('TXS 0506+056'); sky.layers['tev-sources'].visible = False"
    )
    rest(page, 700)
    assert page.evaluate(AT)[OTHER] == pytest.approx(before, abs=1e-6)
    assert notebook.python("[len(other.selection.sources), other.layers['tev-sources'].visible]") == [0, True]
    shown = page.evaluate(
        """() => [...document.querySelectorAll('.skx-sky')].map(el => [
            el.skx.glass.model.get('_selected').map(s => s.name),
            el.skx.glass.layers.find(l => l.name === 'tev-sources').visible])"""
    )
    assert shown[OTHER] == [[], True]
    for follower in (FIRST, NEAR, ALONG, AGAIN):
        assert shown[follower] == [["4FGL J0509.4+0542"], False]
    twice = page.evaluate(
        """() => { const ids = [...document.querySelectorAll('.skx-root [id]')]
                .filter(el => !el.closest('.skx-plot')).map(el => el.id).filter(Boolean);
            return ids.filter((id, i) => ids.indexOf(id) !== i) }"""
    )
    # Aladin names these itself, and finds them by reference.
    assert set(twice) <= {"aladin-tooltip-mouse", "reticle"}
    instances = page.evaluate(
        "() => new Set([...document.querySelectorAll('.skx-sky')].map(el => el.aladin)).size"
    )
    assert instances == len(CELLS)
    notebook.run("sky.layers['tev-sources'].visible = True; sky.select(())")


def test_views_follow_or_not(notebook: Notebook) -> None:
    page = notebook.page
    notebook.run("sky.goto('150 -30', fov=40)")
    rest(page, 900)
    at = page.evaluate(AT)
    assert at[ALONG] == pytest.approx([150, -30, 40], abs=0.5)
    assert at[AGAIN] == pytest.approx([150, -30, 40], abs=0.5)
    assert abs(at[NEAR][0] - 150) > 5
    # Dragged in the view that follows, all that follow are there, and come to rest.
    box = page.locator(".skx-sky").nth(ALONG).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 120, y + 10, steps=8)
    page.mouse.up()
    rest(page, 800)
    at = page.evaluate(AT)
    assert abs(at[ALONG][0] - 150) > 2
    for follower in (FIRST, AGAIN):
        assert at[follower][:2] == pytest.approx(at[ALONG][:2], abs=0.1)
    rest(page, 600)
    assert page.evaluate(AT)[ALONG] == pytest.approx(at[ALONG], abs=1e-3), "no to and fro"
    assert notebook.python("sky.viewport.target.ra.deg") == pytest.approx(at[ALONG][0], abs=0.1)
    assert page.evaluate(AT)[NEAR] == pytest.approx(at[NEAR], abs=1e-6)


def test_plain_keys_in_a_further_view_are_not_the_notebooks(notebook: Notebook) -> None:
    page = notebook.page
    cells = "() => { const c = window.jupyterapp.shell.currentWidget.content; return [c.widgets.length, c.mode]; }"
    before = page.evaluate(cells)
    page.locator(".skx-second .skx-look").first.focus()
    for key in ("a", "b", "x", "d", "d", "y", "?", "n", "ArrowLeft"):
        page.keyboard.press(key)
    assert page.evaluate(cells) == before
    assert page.evaluate("() => document.activeElement.className") == "skx-look"


def test_a_sky_that_fails_is_a_plain_map_and_the_next_is_not(notebook: Notebook) -> None:
    """Another fault than a browser without WebGL 2: it is told in its own words, and harms no other sky."""
    page = notebook.page
    notebook.run("sky.session.notices.clear()")
    flat = "() => document.querySelectorAll('.skx-flat').length"
    again = "() => { window.jupyterapp.commands.execute('notebook:run-cell') }"
    page.evaluate("i => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = i }", AGAIN)
    page.evaluate(
        """() => { const usual = crypto.randomUUID;
            crypto.randomUUID = () => { crypto.randomUUID = usual; throw new Error("planted"); }; }"""
    )
    page.evaluate(again)
    page.wait_for_function(f"({flat})() === 1", timeout=20000)
    assert page.get_by_text("The sky did not start in this browser").is_visible()
    rest(page, 500)
    texts = notebook.python("[notice.text for notice in sky.session.notices.items]")
    assert texts == ["The browser reported: planted"]
    assert any("planted" in line for line in notebook.console)
    notebook.run("sky.session.notices.clear()")
    page.evaluate(again)
    page.wait_for_function(f"({flat})() === 0 && ({SKIES})() === {len(CELLS)}", timeout=60000)
    rest(page, 1000)


def test_a_view_that_is_closed_is_gone_and_the_others_stay(notebook: Notebook) -> None:
    page = notebook.page
    notebook.run("listeners = len(sky.viewport.changed); extra = sky.view(); extra.close()")
    assert notebook.python("len(sky.viewport.changed) == listeners")
    notebook.run("sky.goto('10 10')")
    rest(page, 500)
    assert page.evaluate(AT)[FIRST][:2] == pytest.approx([10, 10], abs=0.2)


def test_a_flood_of_events_leaves_the_sky_usable(notebook: Notebook) -> None:
    notebook.run("sky.session.notices.clear(); sky.session.curves.show(sky.light_curve('TXS 0506+056'))")
    rest(notebook.page)  # the plot is there, as it is when the flood changes it
    quiet = statistics.median(flood.clicks(notebook, 4))  # what five skies take is the machine's affair
    heard = len(notebook.frames)
    flood.start(notebook, flood.RATE)
    notebook.page.wait_for_timeout(1500)
    took = flood.clicks(notebook, 4)
    count, longest = flood.stop(notebook)
    assert count > 1500
    assert longest < 0.4, "the kernel keeps up"
    assert statistics.median(took) < 1500 + 2 * quiet, (took, quiet)
    assert len(notebook.frames) - heard < count / 3, "many changes, few messages"
    notebook.run("sky.session.notices.clear(); sky.select(()); sky.layers['icecube-alerts'].opacity = 1")


def test_a_cut_connection_is_told_and_made_good(notebook: Notebook) -> None:
    page = notebook.page
    pulse = page.locator(".skx-pulse").first
    page.context.set_offline(True)
    page.wait_for_function(
        "() => document.querySelector('.skx-pulse').dataset.state === 'cut'", timeout=20000
    )
    assert "connection" in pulse.inner_text()
    page.evaluate(
        "() => { window.jupyterapp.commands.execute('docmanager:save') }"
    )  # as Lab does now and then
    page.wait_for_function("it => document.querySelector(it)", arg=LABS_DIALOG)
    page.context.set_offline(False)
    page.wait_for_function(
        "() => document.querySelector('.skx-pulse').dataset.state === 'well'", timeout=40000
    )
    assert not pulse.locator("b").is_visible()
    # What is lost on the way comes with the state that is asked for again. (A page that is cut off from a kernel on
    # its own machine loses nothing: here it is deaf for as long as the change is under way.)
    grid = f"() => {FIRST_SKY}.skx.glass.model.get('_grid')"
    hear = f"""([id, on]) => {FIRST_SKY}.skx.glass.model.widget_manager.get_model(id).then(
        raw => raw.comm.on_msg(on ? raw._handle_comm_msg.bind(raw) : () => {{}}))"""
    sky = notebook.python("sky._workbench.sky.widget.model_id")
    assert page.evaluate(grid) is False
    page.evaluate(hear, [sky, False])
    notebook.run("sky.viewport.grid = True")
    page.evaluate(hear, [sky, True])
    assert page.evaluate(grid) is False
    page.evaluate("() => window.dispatchEvent(new Event('online'))")
    page.wait_for_function(grid, timeout=30000)
    assert notebook.python("sky.viewport.grid")
    notebook.run("sky.viewport.grid = False")
    page.wait_for_function(f"() => !({grid})()", timeout=10000)
    # Its dialogs would darken the sky, and take the keys: they are dismissed here.
    expect(page.locator(LABS_DIALOG)).to_have_count(0)
    assert painted(pixels(page))


def test_a_sky_whose_module_came_late_hears_python_all_the_same(notebook: Notebook) -> None:
    """anywidget gives a module two seconds, which a busy page may not have, and refuses all messages from then on."""
    page = notebook.page
    page.evaluate("i => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = i }", ALONG)
    page.evaluate(
        """() => { window.usualTimeout = AbortSignal.timeout; window.late = 0;
            AbortSignal.timeout = () => { window.late += 1; return window.usualTimeout.call(AbortSignal, 0); } }"""
    )
    before = notebook.python("along.widget.model_id")
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-cell') }")
    notebook.until(f"along.widget.model_id != {before!r}")
    page.wait_for_function(f"({SKIES})() === {len(CELLS)}", timeout=60000)
    assert page.evaluate("() => { AbortSignal.timeout = window.usualTimeout; return window.late }") > 0
    rest(page, 800)
    assert any("Failed to initialize model" in line for line in notebook.console), "it was refused"
    notebook.run("sky.viewport.grid = True; sky.goto('83.6 22.0', fov=9)")
    grids = "() => [...document.querySelectorAll('.skx-sky')].map(el => el.skx.glass.model.get('_grid'))"
    page.wait_for_function(f"at => ({grids})()[at]", arg=ALONG)
    rest(page, 800)
    assert page.evaluate(AT)[ALONG][:2] == pytest.approx([83.6, 22.0], abs=0.1)
    assert painted(pixels(page))
    notebook.run("sky.viewport.grid = False")
    page.wait_for_function(f"at => !({grids})()[at]", arg=ALONG)
    notebook.console[:] = [line for line in notebook.console if "Failed to initialize model" not in line]


def test_the_page_is_heard_where_cells_run(notebook: Notebook) -> None:
    """Not in a thread beside them, to which JupyterLab hands most messages; while a cell runs the page waits."""
    page = notebook.page
    notebook.run(
        "import threading\n"
        "threads = []\n"
        "heard = lambda *args: threads.append(threading.current_thread() is threading.main_thread())\n"
        "sky.viewport.changed.connect(heard); sky.selection.sources_changed.connect(heard)"
    )
    look = page.locator(".skx-look").first
    for key in ("ArrowLeft", "ArrowUp", "ArrowLeft", "n", "Enter"):
        look.press(key)
        rest(page)
    page.locator(".skx-table").first.locator(".skx-tbody .skx-tr").nth(3).click()
    notebook.until("len(sky.selection.sources)", 1)
    threads = notebook.python("threads")
    assert len(threads) >= 5
    assert all(threads)
    page.evaluate(
        "() => { window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
        ".requestExecute({code: 'import time; threads.clear(); time.sleep(4); done = list(threads)'}) }"
    )
    page.evaluate("() => document.querySelector('.skx-pulse').skxPulse.ask()")
    look.press("ArrowDown")
    page.wait_for_timeout(3000)
    assert page.evaluate("() => document.querySelector('.skx-pulse').dataset.state") == "well"
    notebook.until("threads")
    assert notebook.python("done") == [], "nothing was changed under the hands of the cell"


def test_another_kernel_is_told_where_the_host_does_not(notebook: Notebook) -> None:
    """The page asks, and is told "done" without an answer: whatever the host is, that kernel does not know us."""
    page = notebook.page
    # The explorer is forgotten behind the back of its page: its channel is open, and nobody answers.
    notebook.run("other._workbench.pulse.comm.on_msg(None)")
    state = f"[...document.querySelectorAll('.skx-pulse')][{OTHER}]"
    page.evaluate(f"() => {{ {state}.skxPulse.ask() }}")
    page.wait_for_function(f"() => {state}.dataset.state === 'gone'", timeout=25000)
    assert page.evaluate("() => document.querySelector('.skx-pulse').dataset.state") == "well"


def test_a_restarted_kernel_is_told_in_the_old_output(notebook: Notebook) -> None:
    page = notebook.page
    page.evaluate("() => { window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart() }")
    page.wait_for_function(
        "() => document.querySelector('.skx-pulse').dataset.state === 'gone'", timeout=10000
    )
    pulse = page.locator(".skx-pulse").first
    assert "Run this cell again" in pulse.inner_text()
    pulse.get_by_label("Close this message").click()
    assert not pulse.locator("b").is_visible()
