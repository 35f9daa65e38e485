"""Pictures of the explorer beside those of a release that was looked at and found good.

They are small (an average over blocks of 15 pixels or more): fonts and releases of software GL differ by less than that,
a panel that is gone, a sky that stays dark, or a theme with another's colours by much more. After a change that is meant,
``SKYEXPLORER_REFERENCES=write`` with the tests of the layout writes them anew; look at them before they are committed.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image

FOLDER = Path(__file__).parent / "references"
WIDTH = 96  # pixels of a reference; narrower pages have fewer
BLOCK = 15  # px of the page in one of the reference, at least
MEAN = 7.0  # of 255: the mean difference that is let pass
FAR, SHARE = 60.0, 0.03  # and the share of pixels that may differ by more than FAR


def small(picture: np.ndarray) -> np.ndarray:
    """The mean of its blocks, (rows, columns, 3) float."""
    block = max(BLOCK, round(picture.shape[1] / WIDTH))
    rows, columns = picture.shape[0] // block, picture.shape[1] // block
    cut = picture[: rows * block, : columns * block]
    return cut.reshape(rows, block, columns, block, 3).mean(axis=(1, 3))


def difference(picture: np.ndarray, name: str) -> str:
    """How a picture of the page differs from its reference; empty where it does not, within the tolerance."""
    now, file = small(picture), FOLDER / f"{name}.png"
    if os.environ.get("SKYEXPLORER_REFERENCES") == "write":
        FOLDER.mkdir(exist_ok=True)
        Image.fromarray(now.round().astype(np.uint8)).save(file, optimize=True)
    was = np.asarray(Image.open(file).convert("RGB"), float)
    if abs(was.shape[0] - now.shape[0]) > 1 or was.shape[1] != now.shape[1]:
        return f"{name}: {now.shape[:2]} blocks, the reference has {was.shape[:2]}"
    rows = min(was.shape[0], now.shape[0])
    apart = np.abs(was[:rows] - now[:rows]).max(axis=2)
    if apart.mean() <= MEAN and (apart > FAR).mean() <= SHARE:
        return ""
    return (
        f"{name}: differs by {apart.mean():.1f} of 255, {(apart > FAR).mean():.1%} of it by more than {FAR:g}"
    )
