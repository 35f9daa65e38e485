"""``make explore CHECK=1``: run a notebook without a window, and say in one JSON line what came out.

The line holds the layers with their rows, the 90 % area of the map, and the points of the light
curve. Where Chromium is found the same notebook is also opened in JupyterLab and its sky painted,
and the share of painted pixels is told. Exit 0 when everything is there, 1 when something is not.
"""

from __future__ import annotations

import io
import json
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ENOUGH = 0.2
"""Share of the pixels of a sky that is painted; an empty one has next to none."""

REPORT = """
import json as _json
_map = next(layer.skymap for layer in sky.layers.values() if layer.kind == "skymap")
print(_json.dumps({
    "layers": {layer.name: layer.rows for layer in sky.layers.values()},
    "a90_deg2": round(float(_map.credible_area(0.9).to_value("deg2")), 3),
    "light_curve": sky.session.curves.title,
    "light_curve_points": sum(len(curve.value) for curve in sky.session.curves.shown),
}))
"""


def execute(path: Path) -> dict[str, Any]:
    """Run the notebook in a kernel of its own, and ask what its ``sky`` holds."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(REPORT))
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(path.parent)}}).execute()
    text = "".join(out.get("text", "") for out in notebook.cells[-1].outputs)
    return json.loads(text)


def paint(path: Path) -> float:
    """Share of pixels of the sky that are not background, after the notebook ran in JupyterLab."""
    from tests.browser.lab import Lab, Notebook, browser

    with Lab() as lab, browser() as context:
        for beside in (path, path.with_name("exercises.py")):
            (lab.work / beside.name).write_text(beside.read_text(encoding="utf-8"), encoding="utf-8")
        notebook = Notebook(context, lab, path.name)
        notebook.run_all()
        notebook.wait_sky(90)
        share = painted_share(notebook.page)
        if foreign := notebook.foreign_requests():
            raise AssertionError(f"requests left this machine: {foreign}")
    return share


def painted_share(page: Any, enough: float = ENOUGH, timeout: float = 30) -> float:
    """Share of the pixels of the sky that are not background, once that is enough or the time is over: tiles come later."""
    from PIL import Image

    sky = page.locator(".skx-sky").first
    deadline = time.monotonic() + timeout
    while True:
        page.wait_for_timeout(1000)
        pixels = Image.open(io.BytesIO(sky.screenshot())).convert("L").histogram()
        share = round(1 - sum(pixels[:3]) / sum(pixels), 3)
        if share > enough or time.monotonic() > deadline:
            return share


def main(argv: list[str]) -> int:
    """Check one notebook."""
    path = Path(argv[0])
    started = time.monotonic()
    try:
        report = execute(path)
    except CellExecutionError as error:
        print(json.dumps({"notebook": path.name, "error": str(error)[-2000:]}))
        return 1
    from tests.browser import chromium

    good = bool(report["layers"]) and all(report["layers"].values()) and report["light_curve_points"] > 0
    if chromium.find() is None:
        report["painted"] = "not tried: no Chromium found"
    else:
        try:
            share = paint(path)
        except AssertionError as error:
            print(json.dumps({**report, "painted": str(error)[-2000:]}))
            return 1
        report["painted"] = share
        good = good and share > ENOUGH
    report["seconds"] = round(time.monotonic() - started, 1)
    print(json.dumps(report))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
