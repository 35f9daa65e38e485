"""A real JupyterLab and a real Chromium, driven as a person would.

``Lab`` starts a server on a free port with an empty home and settings of its own; ``Lab.page`` opens a
notebook made of given cells, runs it, and waits for the explorer. Every request of the page is kept,
so that a test can say that none left this machine.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat
from playwright.sync_api import BrowserContext, Page, Playwright, expect, sync_playwright

from tests.browser import chromium

SHARE = Path(__file__).parents[2] / "share" / "jupyter"
expect.set_options(timeout=20_000)  # the five seconds of Playwright are those of a machine at rest
LOCAL_HOSTS = {"127.0.0.1", "localhost", "::1"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Lab:
    """A JupyterLab server in a folder of its own; a context manager.

    ``python`` is the interpreter whose JupyterLab is started; by default the one that runs the tests. ``launcher`` is
    what stands before it: a command that ends by running what it is given.
    """

    app = "JupyterLab"
    command = ("lab", "--LabApp.expose_app_in_browser=True", "--LabApp.extension_manager=readonly")
    ready = "/api/status"
    patience = 120.0  # seconds until it has to answer

    def __init__(self, python: str = sys.executable, *, launcher: tuple[str, ...] = (), **env: str) -> None:
        self.python, self.launcher, self.env = python, launcher, env

    def __enter__(self) -> Lab:
        self.folder = Path(tempfile.mkdtemp(prefix="skx-lab-"))
        self.work = self.folder / "work"
        self.work.mkdir()
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        home = self.folder / "home"
        env = {
            **os.environ,
            **self.env,
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
            "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
            "IPYTHONDIR": str(home / "ipython"),
            "PYTHONWARNINGS": "default",
        }
        # No news, no extension manager: neither may ask the network in a test.
        overrides = home / "settings" / "@jupyterlab" / "apputils-extension"
        overrides.mkdir(parents=True)
        (overrides / "notification.jupyterlab-settings").write_text(
            '{"fetchNews": "false", "checkForUpdates": false}'
        )
        # A notebook is saved where a test says so: of what cannot be saved Lab tells in a dialog over all.
        manager = home / "settings" / "@jupyterlab" / "docmanager-extension"
        manager.mkdir()
        (manager / "plugin.jupyterlab-settings").write_text('{"autosave": false}')
        self.log = (self.folder / "lab.log").open("w")
        self.process = subprocess.Popen(
            [
                *self.launcher, self.python, "-m", "jupyter", *self.command, "--no-browser", "--allow-root",
                "--ip=127.0.0.1", f"--port={self.port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=",
                "--ServerApp.password=", f"--ServerApp.root_dir={self.work}",
            ],
            env=env, stdout=self.log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        deadline = time.monotonic() + self.patience
        while True:
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(f"{self.url}{self.ready}", timeout=2) as reply,
            ):
                if reply.status == 200:
                    return self
            if self.process.poll() is not None or time.monotonic() > deadline:
                text = (self.folder / "lab.log").read_text()
                self.__exit__()
                raise RuntimeError(f"{self.app} did not start:\n{text[-4000:]}")
            time.sleep(0.2)

    def __exit__(self, *exc: object) -> None:
        self.leave()
        self.clear()

    def leave(self) -> None:
        """Tell the server to end; it takes a second or two."""
        self.process.terminate()

    def clear(self) -> None:
        """Wait for its end, and take its folder away."""
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def address(self, name: str) -> str:
        """Where a notebook opens."""
        return f"{self.url}/lab/tree/{name}?reset"

    def write(self, name: str, cells: list[str]) -> str:
        """Write a notebook of code cells; returns its path below the server's root."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        )
        nbformat.write(notebook, self.work / name)
        return name


class Notebook7(Lab):
    """A Jupyter Notebook 7 server."""

    app = "Jupyter Notebook"
    command = ("notebook", "--JupyterNotebookApp.expose_app_in_browser=True")

    def address(self, name: str) -> str:
        """Where a notebook opens."""
        return f"{self.url}/notebooks/{name}"


class Voila(Lab):
    """Voila over the folder of a `Lab`, as its server's own extension, with our template.

    The page runs the notebook when it is opened. The template is taken from the checkout, as it may not be installed.
    """

    app = "Voila"
    command = ("server",)

    def __init__(self, template: str = "skyexplorer", theme: str = "light") -> None:
        super().__init__(JUPYTER_PATH=str(SHARE))
        self.command = (
            *self.command, f"--VoilaConfiguration.template={template}", f"--VoilaConfiguration.theme={theme}",
        )  # fmt: skip

    def address(self, name: str) -> str:
        """Where a notebook opens."""
        return f"{self.url}/voila/render/{name}"


_open: list[Playwright] = []  # the driver, once for each browser that is open


@contextlib.contextmanager
def _playwright() -> Iterator[Playwright]:
    """One driver for all browsers that are open: a second one in the same thread is refused.

    It ends with the last of them. As long as it is there a loop of asyncio runs in this thread, and tests that come later
    have loops of their own.
    """
    driver = _open[0] if _open else sync_playwright().start()
    _open.append(driver)
    try:
        yield driver
    finally:
        _open.pop()
        if not _open:
            driver.stop()


@contextlib.contextmanager
def browser(
    *, width: int = 1500, height: int = 1000, scale: float = 1.0, dark: bool = True
) -> Iterator[BrowserContext]:
    """Chromium with a profile of its own."""
    path = chromium.find()
    if path is None:
        raise RuntimeError("no Chromium: run `python -m tests.browser.chromium`")
    with tempfile.TemporaryDirectory(prefix="skx-profile-") as profile, _playwright() as play:
        context = play.chromium.launch_persistent_context(
            profile,
            executable_path=path,
            headless=True,
            args=list(chromium.ARGS),
            viewport={"width": width, "height": height},
            device_scale_factor=scale,
            color_scheme="dark" if dark else "light",
        )
        try:
            yield context
        finally:
            context.close()


PAUSE = 120  # ms between two looks at a page: longer than Python gathers changes before it tells them
# What is seen of the explorers in a page, and whether the kernel has answered: two such looks are alike where nothing moves.
LOOK = """async pause => {
    if (!window.skxMoved) {
        window.skxMoved = {count: 0};
        new MutationObserver(changes => {
            for (const {target} of changes) {
                const el = target.nodeType === 1 ? target : target.parentElement;
                if (el?.closest('.skx-root') && !el.closest('.aladin-container')) window.skxMoved.count += 1;
            }
        }).observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true});
    }
    const kernel = window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel;
    if (kernel) await kernel.requestExecute({code: '', silent: true}).done;
    if (pause) await new Promise(done => requestAnimationFrame(() => setTimeout(done, pause)));
    const skies = [...document.querySelectorAll('.skx-sky')].map(el => {
        const {x, y, width, height} = el.getBoundingClientRect();
        const layers = el.skx?.glass?.layers ?? [];
        return [x, y, width, height, el.aladin?.getRaDec(), el.aladin?.getFov()[0],
                layers.map(layer => [layer.name, layer.ra.length, layer.stars?.done, layer.strokes.length])];
    });
    return JSON.stringify([window.skxMoved.count, skies]);
}"""


def rest(page: Page, least: int = 0, *, patience: float = 20) -> None:
    """Wait until the explorers of a page rest, and at least so many ms.

    They do when the kernel has done all that it was told, and two looks at the page, one after the other, are alike: no
    panel has changed, no sky has moved, no layer has come. How long that takes is the machine's affair; ``least`` is for
    what begins only after a pause.
    """
    begun, before, now = time.monotonic(), "", page.evaluate(LOOK, 0)
    while now != before or time.monotonic() - begun < least / 1000:
        if time.monotonic() - begun > patience + least / 1000:
            raise AssertionError(f"no rest after {patience} s:\n{before}\n{now}")
        before, now = now, page.evaluate(LOOK, PAUSE)


class Opened:
    """A page of Chromium with an explorer in it; each of its requests, and what its console said, is kept."""

    def __init__(self, context: BrowserContext) -> None:
        self.requests: list[str] = []
        self.console: list[str] = []
        self.frames: list[int] = []  # size of each message of a kernel, bytes
        self.page: Page = context.new_page()
        self.page.on(
            "websocket",
            lambda socket: socket.on("framereceived", lambda data: self.frames.append(len(data or b""))),
        )
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.console.append(f"pageerror: {error.stack or error}"))

    def errors(self) -> list[str]:
        """What the cells raised."""
        return []

    def wait_sky(self, timeout: float = 60) -> None:
        """Until Aladin is there, its glass has drawn, and all rests."""
        deadline = time.monotonic() + timeout
        ready = "() => [...document.querySelectorAll('.skx-sky')].some(el => el.skx?.glass?.frames > 2)"
        while not self.page.evaluate(ready):
            if failed := self.errors():
                raise AssertionError(re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(failed)))
            if time.monotonic() > deadline:
                raise AssertionError(
                    "no sky after {}s; console:\n{}".format(timeout, "\n".join(self.console[-30:]))
                )
            self.page.wait_for_timeout(100)
        rest(self.page, patience=timeout)  # cells below may still be at work on it

    def rest(self, least: int = 0) -> None:
        """Wait until the explorers in the page rest, and at least so many ms."""
        rest(self.page, least)

    def foreign_requests(self) -> list[str]:
        """Requests that left this machine."""
        return [
            url
            for url in self.requests
            if urlsplit(url).scheme in {"http", "https", "ws", "wss"}
            and urlsplit(url).hostname not in LOCAL_HOSTS
        ]


class VoilaPage(Opened):
    """A notebook that Voila runs and shows."""

    def __init__(self, context: BrowserContext, server: Lab, name: str) -> None:
        super().__init__(context)
        self.page.goto(server.address(name), wait_until="domcontentloaded", timeout=60000)


class Notebook(Opened):
    """A notebook open in JupyterLab, or in Notebook 7, in a page of Chromium."""

    def __init__(
        self, context: BrowserContext, lab: Lab, name: str, *, theme: str = "JupyterLab Dark"
    ) -> None:
        super().__init__(context)
        self.page.goto(lab.address(name), wait_until="domcontentloaded")
        self._wait_kernel()
        self.page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme
        )
        self.page.evaluate("() => window.jupyterapp.shell.collapseLeft?.()")

    def _wait_kernel(self) -> None:
        self.page.wait_for_function(
            "() => window.jupyterapp?.shell?.currentWidget?.context?.isReady", timeout=60000
        )
        self.page.wait_for_function(
            "() => window.jupyterapp.shell.currentWidget.sessionContext?.session?.kernel?.status === 'idle'",
            timeout=60000,
        )

    def run_all(self) -> None:
        """Run all cells, as the menu does; returns at once."""
        self.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")

    def only_outputs(self) -> None:
        """Hide the code, so that the explorer is in view."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:hide-all-cell-code')")

    def reload(self) -> None:
        """Save the notebook, and load the page again: the kernel stays, and the explorer is painted from its state."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        self.page.reload(wait_until="domcontentloaded")
        self._wait_kernel()
        self.wait_sky()

    def outputs(self) -> list[dict[str, Any]]:
        """All outputs of the notebook model, in order."""
        return json.loads(
            self.page.evaluate(
                """() => JSON.stringify(window.jupyterapp.shell.currentWidget.content.model.toJSON()
                    .cells.flatMap(c => c.outputs || []))"""
            )
        )

    def errors(self) -> list[str]:
        """What the cells raised."""
        return ["\n".join(o["traceback"]) for o in self.outputs() if o["output_type"] == "error"]

    def python(self, code: str, timeout: float = 30) -> Any:
        """Evaluate an expression in the notebook's kernel and return it (through JSON)."""
        return json.loads(self._ask(code, timeout * 1000))

    def _ask(self, code: str, timeout_ms: float) -> str:
        source = f"import json as _json; print('\\x02' + _json.dumps({code}) + '\\x03')"
        reply, failed = self.page.evaluate(
            """async ([source, limit]) => {
                const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                const future = kernel.requestExecute({code: source, store_history: false});
                let text = '';
                let failed = '';
                future.onIOPub = message => {
                    if (message.header.msg_type === 'stream') text += message.content.text;
                    if (message.header.msg_type === 'error') failed = message.content.traceback.join('\\n');
                };
                const late = new Promise((_, no) => setTimeout(() => no(new Error('kernel is busy')), limit));
                await Promise.race([future.done, late]);
                return [text, failed];
            }""",
            [source, timeout_ms],
        )
        if failed or "\x02" not in reply:
            raise AssertionError("in the kernel: " + re.sub(r"\x1b\[[0-9;]*m", "", failed or reply))
        return reply.split("\x02", 1)[1].split("\x03", 1)[0]

    def run(self, code: str) -> None:
        """Execute statements in the kernel."""
        self.python(f"exec({code!r}, globals()) or True")

    def until(self, code: str, value: Any = None, seconds: float = 15) -> None:
        """Wait until an expression is true in the kernel, or has this value."""
        plain = (
            f"(lambda value: getattr(value, 'tolist', lambda: value)())({code})"  # numpy has bools of its own
        )
        wanted = plain if value is not None else f"bool({code})"
        deadline = time.monotonic() + seconds
        while (found := self.python(wanted)) != (True if value is None else value):
            if time.monotonic() > deadline:
                raise AssertionError(f"{code} is {found!r} after {seconds} s")
            self.page.wait_for_timeout(80)
