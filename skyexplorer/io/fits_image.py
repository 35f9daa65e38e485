"""Images in FITS: the first one that lies on the sky, as an array of its two celestial axes and its header."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from skyexplorer.errors import FormatError
from skyexplorer.io.files import reading, unpacked
from skyexplorer.io.fits_headers import forward

MOST_BYTES = 2**30
_SKY = re.compile(r"(RA--|DEC-|[A-Z]LON|[A-Z]LAT|[A-Z]{2}LN|[A-Z]{2}LT)")

_NO_NAMES = {"source", "target", "unknown", "none", "object", "image", "sky"}


def lies_on_sky(keys: Mapping[str, Any]) -> bool:
    """Whether the header of an HDU is that of an image, packed or not, with two celestial axes."""
    packed = keys.get("ZIMAGE") is True
    if "XTENSION" in keys and not packed and str(keys["XTENSION"]).strip() != "IMAGE":
        return False
    return len(celestial(keys)) == 2


def celestial(keys: Mapping[str, Any]) -> list[int]:
    """Numbers, from 1, of the axes of pixels whose coordinates are celestial; of those without a length, none."""
    packed = "Z" if keys.get("ZIMAGE") is True else ""
    axes = keys.get(f"{packed}NAXIS", 0)
    if not isinstance(axes, int) or axes < 2:
        return []
    sizes = [keys.get(f"{packed}NAXIS{k}", 0) for k in range(1, axes + 1)]
    if not all(isinstance(size, int) and size > 0 for size in sizes):
        return []
    return [k for k in range(1, axes + 1) if _SKY.match(str(keys.get(f"CTYPE{k}", "")).strip().upper())]


def read(
    source: str | Path | bytes | BinaryIO, plane: int | tuple[int, ...] | None = None
) -> tuple[NDArray[Any], Any, str]:
    """Read the first image that lies on the sky.

    Parameters
    ----------
    source : path, bytes or binary file
        Gzipped or not; compressed images (fpack) too.
    plane : int or tuple of int, optional
        Which plane of a cube, from 0; of more than three axes, one number for each that is not celestial, as in numpy.

    Returns
    -------
    data : float array, shape (rows, columns)
        float32 where that holds all values, NaN where there is none.
    header : astropy.io.fits.Header
    name : str
        OBJECT; empty where that says nothing, such as "source".

    Raises
    ------
    FormatError
        If there is no such image, it is a cube and ``plane`` is not given, or it is larger than 1 GiB.
    """
    from astropy.io import fits

    with reading("a FITS image"), unpacked(source) as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with fits.open(stream, memmap=False) as hdus:
            primary = None
            for hdu in forward(hdus):
                primary = hdu.header if primary is None else primary
                header = hdu.header
                if not getattr(hdu, "is_image", False) or len(celestial(header)) != 2:
                    continue
                shape = tuple(int(header[f"NAXIS{k}"]) for k in range(int(header["NAXIS"]), 0, -1))
                size = int(np.prod(shape, dtype=float)) * abs(int(header["BITPIX"])) // 8
                if size > MOST_BYTES:
                    raise FormatError(
                        f"The image declares {' × '.join(map(str, shape[::-1]))} pixels, {size / 2**30:.1f} GiB.",
                        "Cut a part out of it first, such as with astropy's Cutout2D.",
                    )
                at = _plane(header, shape, plane)
                data = _plain(hdu.data, at)
                known = str(header.get("OBJECT") or primary.get("OBJECT") or "").strip()
                return data, header.copy(), "" if known.lower() in _NO_NAMES else known
    raise FormatError(
        "No image in this file has celestial coordinates (CTYPE1 such as RA---TAN or GLON-CAR).",
        "Solve its astrometry first; an array and its astropy.wcs.WCS are opened as SkyImage(data, wcs).",
    )


def _plane(header: Any, shape: tuple[int, ...], plane: int | tuple[int, ...] | None) -> tuple[Any, ...]:
    """The index of a plane, its celestial axes whole."""
    axes = len(shape)
    sky = {axes - k for k in celestial(header)}
    others = [k for k in range(axes) if k not in sky]
    given = [] if plane is None else list(np.atleast_1d(plane))
    many = [k for k in others if shape[k] > 1]
    wanted = dict(zip(many if len(given) == len(many) else others, given, strict=False))
    if len(given) not in (0, len(many), len(others)) or (many and not given):
        sizes = " × ".join(f"{shape[k]} ({header.get(f'CTYPE{axes - k}', 'no name')})" for k in many)
        raise FormatError(
            f"This is a cube: beside its two celestial axes it has {sizes or 'none'} planes.",
            "Open one plane: sky.open(SkyImage.read(path, plane=0)).",
        )
    for k, value in wanted.items():
        if not 0 <= int(value) < shape[k]:
            raise FormatError(f"There is no plane {value}: the axis has {shape[k]}.", "Planes count from 0.")
    return tuple(slice(None) if k in sky else int(wanted.get(k, 0)) for k in range(axes))


def _plain(data: Any, at: tuple[Any, ...]) -> NDArray[Any]:
    image = np.asarray(data)[at]
    if image.dtype.kind not in "fiub":
        raise FormatError(f"The pixels are of type {image.dtype}.", "Images of numbers are shown.")
    small = image.dtype.itemsize <= 2 or (image.dtype.kind == "f" and image.dtype.itemsize <= 4)
    return np.ascontiguousarray(image, np.float32 if small else np.float64)
