"""Large images: the part in view is sent, where it lies, in its own pixels."""

from __future__ import annotations

import io

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.wcs import WCS
from PIL import Image

from skyexplorer.model.image import SkyImage
from skyexplorer.session.layers import ImageLayer
from skyexplorer.views.sky import SkyView

SIZE, SCALE = 6000, 0.001


@pytest.fixture(scope="module")
def image() -> SkyImage:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix = ["RA---TAN", "DEC--TAN"], [150, 40], [SIZE / 2, SIZE / 2]
    wcs.wcs.cdelt = [-SCALE, SCALE]
    data = np.add.outer(np.arange(SIZE) % 256, np.zeros(SIZE)).astype(np.float32)
    return SkyImage(data, wcs, name="large")


def picture(drawing) -> tuple[np.ndarray, np.ndarray]:
    sent = drawing.picture
    grid = np.stack([np.frombuffer(sent[name]).reshape(sent["rows"] + 1, -1) for name in ("ra", "dec")])
    return np.asarray(Image.open(io.BytesIO(sent["png"]))), grid


def test_the_part_in_view_is_sent_and_kept_as_long_as_it_will_do(session, verbs, image):
    view = SkyView(session, verbs)
    session.viewport.move(target=image.center, fov=8)
    layer = session.layers.add(ImageLayer("large", image, color_map="grey", stretch="linear", cuts=(0, 254)))
    made = view._drawings["large"]
    whole, _ = picture(made)
    assert (whole.shape, made.window) == ((2000, 2000), None)
    session.viewport.move(fov=1)
    part, grid = picture(made)
    window = made.window
    assert part.shape == (window.high_row - window.low_row, window.high - window.low)
    assert 1700 < part.shape[0] < 1900  # 0.9 of the width to either side
    # The upper edge of the grid is that of the part, and its pixels are those of the image.
    corner = image.wcs.pixel_to_world(window.low - 0.5, window.high_row - 0.5)
    assert corner.separation(SkyCoord(*grid[:, 0, 0] * u.deg)) < 1e-6 * u.deg
    rows = np.arange(window.low_row, window.high_row)[::-1] % 256
    assert np.array_equal(part[:, 0], np.minimum(1 + rows, 255))
    session.viewport.move(target=SkyCoord(150.2 * u.deg, 40.2 * u.deg))
    assert made.window == window  # a little to the side is there already
    layer.color_map = "viridis"
    assert picture(made)[0].shape == part.shape  # the same part in other colours
    session.viewport.move(target=SkyCoord(151.5 * u.deg, 41 * u.deg))
    assert made.window != window
    before = made.picture
    session.viewport.move(target=SkyCoord(20 * u.deg, -40 * u.deg))
    assert made.window is None  # out of sight: the whole, coarsely, for when it comes back
    assert made.picture is not before
    session.viewport.move(target=image.center, fov=0.05)
    assert 80 < picture(made)[0].shape[0] < 100
    session.viewport.move(fov=20)
    assert picture(made)[0].shape == (2000, 2000)
    view.close()


def test_small_images_are_sent_once(session, verbs, image):
    view = SkyView(session, verbs)
    session.layers.add(ImageLayer("small", SkyImage(image.data[:50, :50], image.wcs, name="small")))
    before = view._drawings["small"].picture
    session.viewport.move(target=image.center, fov=0.01)
    assert view._drawings["small"].picture is before
    view.close()
