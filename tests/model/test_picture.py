"""Pictures of the sky: pixels where they belong, missing ones clear, large ones smaller."""

from __future__ import annotations

import io

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.wcs import WCS
from PIL import Image

from skyexplorer.errors import FormatError
from skyexplorer.model.picture import MOST, Picture


def wcs(scale: float = 0.01, turned: float = 0.0, size: int = 100) -> WCS:
    made = WCS(naxis=2)
    made.wcs.ctype, made.wcs.crval, made.wcs.crpix = (
        ["RA---TAN", "DEC--TAN"],
        [150.0, 30.0],
        [size / 2 + 0.5] * 2,
    )
    c, s = np.cos(np.radians(turned)), np.sin(np.radians(turned))
    made.wcs.cd = scale * np.array([[-c, s], [s, c]])
    return made


def pixels_of(picture: Picture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture.png)))


@pytest.mark.parametrize("turned", [0.0, 33.0, 180.0])
def test_a_bright_pixel_lies_where_its_coordinates_say(turned: float) -> None:
    data, at = np.zeros((100, 100)), wcs(turned=turned)
    data[80, 10] = 100.0
    made = Picture.of(data, at)
    row, column = np.unravel_index(pixels_of(made)[..., 0].argmax(), (100, 100))
    # Where the picture says it is: the grid is as good as flat between its corners.
    n = len(made.ra) - 1
    t, s = (row + 0.5) / 100 * n, (column + 0.5) / 100 * n
    r, c = int(t), int(s)
    weights = {(r, c): (1 - t + r) * (1 - s + c), (r, c + 1): (1 - t + r) * (s - c), (r + 1, c): (t - r) * (1 - s + c),
               (r + 1, c + 1): (t - r) * (s - c)}  # fmt: skip
    ra = sum(made.ra[key] * weight for key, weight in weights.items())
    dec = sum(made.dec[key] * weight for key, weight in weights.items())
    true = at.pixel_to_world(10, 80)
    assert SkyCoord(ra, dec, unit="deg").separation(true).deg < 0.3 * 0.01


def test_missing_pixels_are_clear_and_the_others_are_not() -> None:
    data = np.random.default_rng(1).normal(size=(40, 60))
    data[3:7, 5:9] = np.nan
    shown = pixels_of(Picture.of(data, wcs()))
    assert shown.shape == (40, 60, 2)
    assert (shown[::-1][3:7, 5:9, 1] == 0).all()
    assert (shown[..., 1] == 0).sum() == 16
    assert shown[..., 0].std() > 20, "the eye can tell them apart"


def test_large_images_become_smaller_and_keep_their_place() -> None:
    data = np.full((2500, 300), np.nan)
    data[:1250] = np.arange(300.0)
    made = Picture.of(data, wcs())
    shown = pixels_of(made)
    assert max(shown.shape[:2]) <= MOST
    assert (shown[: shown.shape[0] // 2 - 2, :, 1] == 0).all(), "the upper half has no values"
    assert made.dec[0, 0] == pytest.approx(float(wcs().pixel_to_world(-0.5, 2499.5).dec.deg), abs=0.03)


def test_even_images_and_whole_numbers() -> None:
    shown = pixels_of(Picture.of(np.full((10, 10), 7, np.int16), wcs()))
    assert (shown[..., 1] == 255).all()


@pytest.mark.parametrize("data", [np.full((5, 5), np.nan), np.zeros(5), np.zeros((0, 4)), np.array([["a"]])])
def test_what_is_no_picture_is_refused(data: np.ndarray) -> None:
    with pytest.raises(FormatError):
        Picture.of(data, wcs())
