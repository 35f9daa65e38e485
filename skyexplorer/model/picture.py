"""Picture: an image made ready to be laid on the sky: grey values that the eye can tell apart, and where they lie."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skyexplorer.errors import FormatError
from skyexplorer.model.shading import Shading

MOST = 1024  # pixels along its longer side: more than a screen shows of it
CELLS = 8  # of the grid by which it is bent, along each side
SOFT = 0.1  # of the asinh stretch: fainter is linear, brighter logarithmic
BELOW, ABOVE = 0.5, 99.7  # per cent of the pixels that come out black, and not yet white


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture and a grid of positions over it.

    Parameters
    ----------
    png : bytes
        Grey with transparency: pixels without a value are clear. The first row is the last of the image.
    ra, dec : float array, shape (rows + 1, columns + 1)
        ICRS degrees of the corners of the grid's cells, the first row along the upper edge; NaN beside the sky.

    Examples
    --------
    >>> import numpy as np
    >>> from astropy.wcs import WCS
    >>> from skyexplorer.model.picture import Picture
    >>> wcs = WCS(naxis=2)
    >>> wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix = ["RA---TAN", "DEC--TAN"], [10, 20], [50.5, 50.5]
    >>> wcs.wcs.cdelt = [-0.001, 0.001]
    >>> made = Picture.of(np.random.default_rng(0).normal(size=(100, 100)), wcs)
    >>> made.ra.shape, bool(made.ra[0, 0] > 10 > made.ra[0, -1]), bool(made.dec[0, 0] > 20 > made.dec[-1, 0])
    ((9, 9), True, True)
    """

    png: bytes
    ra: NDArray[np.float64]
    dec: NDArray[np.float64]

    @classmethod
    def of(cls, pixels: NDArray[Any], wcs: Any) -> Picture:
        """Make one of an image.

        Parameters
        ----------
        pixels : array, shape (rows, columns)
            As FITS has them: the first row is the lowest. NaN where there is no value.
        wcs : astropy.wcs.WCS
            Of its two celestial axes.

        Raises
        ------
        FormatError
            For an image of another shape, or without a single value.
        """
        data = np.asarray(pixels)
        if data.ndim != 2 or 0 in data.shape or data.dtype.kind not in "fiu":
            raise FormatError(
                f"An image of shape {data.shape} and type {data.dtype} is no picture of the sky.",
                "Give numbers in two axes; of a cube, take one plane.",
            )
        step = -(-max(data.shape) // MOST)
        small = smaller(data.astype(np.float64), step)
        rows, columns = (step * size for size in small.shape)
        x, y = np.meshgrid(
            np.linspace(-0.5, columns - 0.5, CELLS + 1), np.linspace(rows - 0.5, -0.5, CELLS + 1)
        )
        at = wcs.pixel_to_world(x, y).icrs
        grey, clear = _stretched(small)
        return cls(_png(grey[::-1], clear[::-1]), np.asarray(at.ra.deg, float), np.asarray(at.dec.deg, float))

    @classmethod
    def shaded(
        cls, pixels: NDArray[Any], grid: NDArray[np.float64], shading: Shading, limits: tuple[float, float]
    ) -> Picture:
        """Make one in colours.

        Parameters
        ----------
        pixels : array, shape (rows, columns)
            As FITS has them: the first row is the lowest. NaN where there is no value.
        grid : array, shape (2, …)
            The ``ra`` and ``dec`` of the picture.
        shading : Shading
        limits : tuple of two floats
            The values at the ends of the colour map.
        """
        from PIL import Image

        colors, alpha = shading.palette
        image = Image.fromarray(np.ascontiguousarray(shading.shades(pixels, limits)[::-1]), mode=None)
        image.putpalette(colors)
        out = io.BytesIO()
        image.save(out, "PNG", transparency=alpha, compress_level=4)
        return cls(out.getvalue(), *grid)


def smaller(data: NDArray[Any], step: int) -> NDArray[Any]:
    """Means of square blocks of ``step`` pixels, NaN left out; the last ones may be narrower."""
    if step == 1:
        return data
    good = np.isfinite(data)
    at = [np.arange(0, size, step) for size in data.shape]

    def summed(values: NDArray[Any]) -> NDArray[np.float64]:
        return np.add.reduceat(np.add.reduceat(values, at[0], axis=0), at[1], axis=1)

    count = summed(good.astype(float))
    total = summed(np.where(good, data, 0.0))
    return np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)


def _stretched(data: NDArray[np.float64]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Grey values 0 to 255, and which pixels have none."""
    good = np.isfinite(data)
    if not good.any():
        raise FormatError("The image has no pixel with a value.", "Choose another.")
    low, high = np.percentile(data[good], (BELOW, ABOVE))
    if not high > low:
        low, high = data[good].min(), data[good].max()  # nearly all of it is even
    if not high > low:
        return np.full(data.shape, 128, np.uint8), ~good
    share = np.clip((np.where(good, data, low) - low) / (high - low), 0, 1)
    return np.rint(255 * np.arcsinh(share / SOFT) / np.arcsinh(1 / SOFT)).astype(np.uint8), ~good


def _png(grey: NDArray[np.uint8], clear: NDArray[np.bool_]) -> bytes:
    from PIL import Image

    both = np.stack([grey, np.where(clear, 0, 255).astype(np.uint8)], axis=-1)
    out = io.BytesIO()
    Image.fromarray(both, mode=None).save(out, "PNG", compress_level=4)
    return out.getvalue()
