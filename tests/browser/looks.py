"""What can be measured of a look: panels that overlap, text that is cut, contrast, what leaves its frame.

Fonts differ from machine to machine, and software GL from release to release: pictures are not compared pixel by pixel.
What must hold everywhere is measured in the page instead, and the sky by the spread of its pixels.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Page

from tests.browser.lab import Notebook

MEASURE = Path(__file__).with_suffix(".js").read_text("utf-8").rstrip().removesuffix(";")
GROUND = "id => [...window.Bokeh.index].find(view => view.model.id === id)?.model.background_fill_color"


def measured(page: Page) -> dict[str, Any]:
    """All of it, of the first explorer in the page."""
    return dict(page.evaluate(MEASURE))


def flaws(found: dict[str, Any]) -> dict[str, Any]:
    """What there should be none of."""
    kinds = ("overlaps", "outside", "cut", "half", "faint")
    return {kind: found[kind] for kind in kinds if found[kind]} | (
        {"wider": found["wider"]} if found["wider"] > 1 else {}
    )


def pixels(page: Page, of: str = ".skx-sky") -> np.ndarray:
    """A picture of the first such element, (rows, columns, 3) float."""
    return np.asarray(Image.open(io.BytesIO(page.locator(of).first.screenshot())).convert("RGB"), float)


def curve_is(notebook: Notebook, *, dark: bool) -> None:
    """The light curve has the ground of a dark or a light page: in Python, and in the page as soon as it has heard."""
    id, ground = notebook.python("(lambda f: [f.id, f.background_fill_color])(sky._workbench.curve.figure)")
    assert (ground == "#ffffff") is not dark
    notebook.page.wait_for_function(
        f"([id, ground]) => ({GROUND})(id) === ground", arg=[id, ground], timeout=10_000
    )


def painted(picture: np.ndarray) -> bool:
    """Whether the Milky Way is in it: dark sky, bright bulge, many shades between."""
    grey = picture.mean(axis=2)
    counts, _ = np.histogram(grey, bins=32, range=(0, 256))
    return bool(grey.std() > 10 and (counts > grey.size / 2000).sum() >= 8 and grey.max() > 120)
