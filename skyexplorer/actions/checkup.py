"""Checkup: what an explorer needs on this machine, what of it is there, and what to type where it is not.

Each check is short, asks nobody but the hosts that live questions would go to, and never raises: what cannot be told is
said so. ``skyexplorer doctor`` prints them.
"""

from __future__ import annotations

import html
import os
import platform
import shutil
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import skyexplorer
from skyexplorer.actions.machine import free_disk, free_memory, page_of

STATIC = ("sky.js", "loader.js", "panels.js", "sky.css", "panels.css")
HOSTS = (
    ("surveys of the sky", "https://alasky.cds.unistra.fr"),
    ("names of sources (Sesame)", "https://cds.unistra.fr"),
    ("VizieR", "https://vizier.cds.unistra.fr"),
    ("gravitational waves (GraceDB)", "https://gracedb.ligo.org"),
    ("Fermi light curves (LCR)", "https://fermi.gsfc.nasa.gov"),
    ("the registry of the VO", "https://dc.g-vo.org"),
)  # fmt: skip
"""Of each kind of live question, where the most are put."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
SECONDS = 4.0
"""That a host has to be reached."""
WIDTH = 92  # of what is said in a terminal, beside the names
LITTLE = 1.0  # GB: less memory than this is told; the samples take a sixth of it


@dataclass(frozen=True)
class Check:
    """What was found.

    Attributes
    ----------
    what : str
        What was looked at.
    state : str
        ``"ok"``; ``"note"``: works, but not in all ways; ``"missing"``: the explorer does not work without it.
    said : str
        What was found.
    advice : str
        What to do, where there is something to be done; a line to type where that does it.
    """

    what: str
    state: str
    said: str
    advice: str = ""


def checks() -> Iterator[Check]:
    """All of them, each as it is made.

    Examples
    --------
    >>> from skyexplorer.actions import checkup
    >>> {check.state for check in checkup.checks()} <= {"ok", "note", "missing"}  # doctest: +SKIP
    True
    """
    for check in (packages, front_end, notebook, webgl, network, memory, cache, compiled):
        try:
            yield check()
        except Exception as error:  # noqa: BLE001 - a check that breaks is a finding, and the others go on
            name = check.__name__.replace("_", " ")
            yield Check(name, "note", f"This could not be told: {type(error).__name__}: {error}")


def packages() -> Check:
    """Python, and what the package requires of others."""
    version = platform.python_version()
    bad = [wrong for line in metadata.requires("skyexplorer") or () if (wrong := _unmet(line))]
    if bad:
        return Check(
            "packages",
            "missing",
            f"{', '.join(bad)}.",
            f"{sys.executable} -m pip install --upgrade skyexplorer",
        )
    return Check("packages", "ok", f"Python {version}, and all that is required.")


def _unmet(line: str) -> str:
    """What is wrong with one requirement; nothing where it is met, or of an extra."""
    from packaging.requirements import Requirement  # of astropy's requirements

    wanted = Requirement(line)
    if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
        return ""
    try:
        there = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        return f"{wanted.name} is not installed"
    return "" if there in wanted.specifier else f"{wanted.name} {there} is not {wanted.specifier}"


def front_end(folder: Path | None = None) -> Check:
    """The browser side, which is built when the package is installed."""
    views = Path(skyexplorer.__file__).parent / "views" if folder is None else folder
    built = {name: views / "static" / name for name in STATIC}
    gone = [name for name, path in built.items() if not path.is_file()]
    advice = (
        "make env"
        if (views / "frontend").is_dir()
        else f"{sys.executable} -m pip install --force-reinstall skyexplorer"
    )
    if gone:
        return Check("front end", "missing", f"Not built: {', '.join(gone)}.", advice)
    sources = [path for path in (views / "frontend" / "src").rglob("*") if path.is_file()]
    newest = max((path.stat().st_mtime for path in sources), default=0.0)
    # The stamp is touched where a build found all as it was: sources that went and came back are no newer.
    stamp = views / "static" / "SOURCES.sha256"
    looked = stamp.stat().st_mtime if stamp.is_file() else 0.0
    if newest > max(looked, min(path.stat().st_mtime for path in built.values())):
        return Check("front end", "note", "Built from older sources than those that are here.", advice)
    size = sum(path.stat().st_size for path in built.values())
    return Check("front end", "ok", f"Built, {size / 1e6:.1f} MB.")


def notebook() -> Check:
    """JupyterLab in this environment, and the extensions that it loads for widgets."""
    if find_spec("jupyterlab") is None:
        return Check(
            "notebook", "note", "JupyterLab is not installed here; another notebook may use this environment.",
            f"{sys.executable} -m pip install 'skyexplorer[lab]'",
        )  # fmt: skip
    from jupyter_core.paths import jupyter_path

    wanted = ("@jupyter-widgets/jupyterlab-manager", "anywidget", "@bokeh/jupyter_bokeh")
    folders = [Path(folder) for folder in jupyter_path("labextensions")]
    gone = [name for name in wanted if not any((folder / name).is_dir() for folder in folders)]
    if gone:
        return Check(
            "notebook", "missing", f"JupyterLab does not find {', '.join(gone)}.",
            f"{sys.executable} -m pip install --force-reinstall jupyterlab_widgets anywidget jupyter_bokeh",
        )  # fmt: skip
    return Check(
        "notebook", "ok", f"JupyterLab {metadata.version('jupyterlab')} with its extensions for widgets."
    )


ASK_WEBGL = """<script>
const gl = document.createElement("canvas").getContext("webgl2");
const more = gl?.getExtension("WEBGL_debug_renderer_info");
document.title = gl ? "WebGL2: " + (more ? gl.getParameter(more.UNMASKED_RENDERER_WEBGL) : "yes") : "no WebGL2";
</script>"""
LOOK = (
    "In your own browser: open https://get.webgl.org/webgl2; it shows a turning cube. If not, turn on hardware acceleration "
    "in the browser's settings. Without it a plain map stands in place of the sky."
)


def webgl() -> Check:
    """Whether the browser of this machine gives WebGL 2; the one that shows the notebook may be elsewhere."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None) or _playwrights()
    if browser is None:
        return Check("WebGL", "note", "No Chromium on this machine to try it with.", LOOK)
    with tempfile.TemporaryDirectory(
        ignore_cleanup_errors=True
    ) as folder:  # a browser that was stopped may still write
        page = Path(folder) / "webgl.html"
        page.write_text(ASK_WEBGL, "utf-8")
        line = [
            browser, "--headless=new", "--no-first-run", "--disable-background-networking", "--disable-component-update",
            f"--user-data-dir={folder}/profile", "--virtual-time-budget=3000", "--dump-dom", page.as_uri(),
        ]  # fmt: skip
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            line.insert(1, "--no-sandbox")
        title = page_of(line, seconds=25)
    if title.startswith("WebGL2"):
        renderer = html.unescape(title.removeprefix("WebGL2: "))
        soft = any(word in renderer for word in ("SwiftShader", "llvmpipe", "softpipe", "Basic Render"))
        said = f"{Path(browser).name}: {renderer}."
        if soft:
            return Check("WebGL", "note", f"{said} It is computed by the processor: panning is slower.", LOOK)
        return Check("WebGL", "ok", said)
    found = "gives no WebGL 2 without a screen" if title else "did not start without a screen"
    return Check("WebGL", "note", f"{Path(browser).name} {found}.", LOOK)


def _playwrights() -> str | None:
    """The Chromium that Playwright has fetched, if it is there."""
    if find_spec("playwright") is None:
        return None
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        path = play.chromium.executable_path
    return path if Path(path).is_file() else None


def network() -> Check:
    """Which of the hosts of live questions answer in a short time."""
    from skyexplorer.net import offline

    if offline():
        return Check(
            "network", "note", "Not asked: SKYEXPLORER_OFFLINE says so. Samples, files and kept answers work.",
            "To ask again: unset SKYEXPLORER_OFFLINE",
        )  # fmt: skip
    reached = _reached([url for _name, url in HOSTS])
    good = [name for name, url in HOSTS if url in reached]
    bad = [name for name, url in HOSTS if url not in reached]
    if not good:
        return Check(
            "network", "note", "None of the archives is reached. Samples, files and kept answers work all the same.",
            "Behind a proxy: export HTTPS_PROXY=http://host:port. To ask no more: export SKYEXPLORER_OFFLINE=1",
        )  # fmt: skip
    if bad:
        return Check(
            "network",
            "note",
            f"Reached: {', '.join(good)}. Not reached: {', '.join(bad)}.",
            "Try these later.",
        )
    return Check("network", "ok", f"All {len(good)} that were tried are reached.")


def _reached(urls: Sequence[str]) -> set[str]:
    """Where anybody is, whatever they say; asked side by side, since a name alone may take long to be looked up."""
    import requests

    found: set[str] = set()

    def ask(url: str) -> None:
        with suppress(requests.RequestException):
            requests.head(url, timeout=SECONDS, allow_redirects=False)
            found.add(url)

    threads = [threading.Thread(target=ask, args=(url,), daemon=True) for url in urls]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 1.5 * SECONDS
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return set(found)


def memory() -> Check:
    """Memory that is free for a kernel, with the limit of a container."""
    free, total = free_memory()
    if free is None:
        return Check("memory", "note", "This system does not tell it.")
    said = f"{free:.1f} GB free" + (f" of {total:.1f} GB." if total else ".")
    if free < LITTLE:
        return Check(
            "memory", "note", said, "Shut down kernels that are not used; a million rows take about 0.4 GB."
        )
    return Check("memory", "ok", said)


def cache() -> Check:
    """Where answers of archives are kept."""
    from skyexplorer.net import cache as cache_

    folder = cache_.folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Check(
            "disk cache", "note", f"{folder} cannot be written to ({error.strerror}): answers are not kept.",
            "export SKYEXPLORER_CACHE=/a/folder/of/yours",
        )  # fmt: skip
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    free = free_disk(folder)
    said = f"{folder}: {sum(sizes) / 1e6:.1f} MB kept, {free:.1f} GB free on the disk."
    return Check(
        "disk cache", "ok" if free > 0.5 else "note", said, "" if free > 0.5 else "Make room on that disk."
    )


def compiled() -> Check:
    """Whether the cross-match is compiled already."""
    from skyexplorer.core import warming

    if warming.mark().is_file():
        return Check("compiled code", "ok", "The cross-match is compiled.")
    return Check(
        "compiled code",
        "note",
        "The first match waits until it is compiled, about half a minute.",
        "skyexplorer warm",
    )


def told(found: Iterator[Check]) -> Iterator[tuple[str, Check]]:
    """Lines for a terminal, each with the check that it is of.

    Examples
    --------
    >>> from skyexplorer.actions.checkup import Check, told
    >>> for line, _check in told(iter([Check("front end", "missing", "Not built.", "make env")])):
    ...     print(line)
    missing  front end      Not built.
                            → make env
    """
    for check in found:
        said = textwrap.wrap(check.said, WIDTH)
        said += [
            f"{'→ ' if not at else '  '}{line}"
            for at, line in enumerate(textwrap.wrap(check.advice, WIDTH - 2))
        ]
        yield f"{check.state:<8} {check.what:<14} " + f"\n{'':<24}".join(said), check


def run(show: Callable[[str], object] = print) -> int:
    """Print all checks, and what comes of them; 1 where something is missing, else 0."""
    began = time.monotonic()
    states = []
    for line, check in told(checks()):
        show(line)
        states.append(check.state)
    missing, notes = states.count("missing"), states.count("note")
    if missing:
        show(f"{missing} missing: the explorer does not work before that is done. The lines with → say how.")
    else:
        more = f" {notes} notes above say what is not as it could be." if notes else ""
        show(f"The explorer works here.{more} ({time.monotonic() - began:.0f} s)")
    return 1 if missing else 0
