"""Files as servers give them: with a mark, in parts, cut off on request; and small maps for where no real ones are."""

from __future__ import annotations

import hashlib
import io

import numpy as np
from astropy.io import fits
from astropy.table import Table

from skyexplorer.core import healpix
from tests.replicas.serving import Answer, Asked


class Cut(bytes):
    """Bytes that announce more than come."""

    whole = 0

    def __len__(self) -> int:
        return self.whole


def given(content: bytes, asked: Asked, kind: str = "application/fits", cut: int | None = None) -> Answer:
    """A file, or the rest of it; with ``cut`` the line breaks after so many bytes."""
    headers = {name.lower(): value for name, value in asked.headers.items()}
    mark = f'"{hashlib.md5(content).hexdigest()}"'
    told = {"ETag": mark, "Accept-Ranges": "bytes"}
    if headers.get("if-none-match") == mark:
        return Answer(b"", 304, kind, told)
    status, start = 200, 0
    if headers.get("range", "").startswith("bytes=") and headers.get("if-range", mark) == mark:
        start = int(headers["range"][6:].partition("-")[0])
        status = 206
        told["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
    body = content[start:]
    if cut is not None and cut < bytes.__len__(body):
        short = Cut(body[:cut])
        short.whole = len(body)
        return Answer(short, status, kind, told | {"Connection": "close"})
    return Answer(body, status, kind, told)


def small_map(
    ra: float, dec: float, name: str = "", order: int = 4, sigma: float = 6.0, distance: float = 100.0
) -> bytes:
    """A multi-order map of a Gaussian, as LVK write them."""
    ipix = np.arange(12 * 4**order)
    lon, lat = healpix.centers(np.full(len(ipix), order), ipix)
    where = np.deg2rad([lon, lat])
    at = np.deg2rad([ra, dec])
    cos = np.sin(where[1]) * np.sin(at[1]) + np.cos(where[1]) * np.cos(at[1]) * np.cos(where[0] - at[0])
    apart = np.rad2deg(np.arccos(np.clip(cos, -1, 1)))
    density = np.exp(-0.5 * (apart / sigma) ** 2)
    density /= density.sum() * 4 * np.pi / len(ipix)
    full = np.ones(len(ipix))
    table = Table(
        {"UNIQ": ipix + 4 * 4**order, "PROBDENSITY": density, "DISTMU": distance * full, "DISTSIGMA": 20 * full,
         "DISTNORM": full / distance**2},
    )  # fmt: skip
    for column, unit in (
        ("PROBDENSITY", "sr-1"),
        ("DISTMU", "Mpc"),
        ("DISTSIGMA", "Mpc"),
        ("DISTNORM", "Mpc-2"),
    ):
        table[column].unit = unit
    hdu = fits.table_to_hdu(table)
    hdu.header.update(
        {
            "PIXTYPE": "HEALPIX",
            "ORDERING": "NUNIQ",
            "COORDSYS": "C",
            "MOCORDER": order,
            "INDXSCHM": "EXPLICIT",
        }
    )
    if name:
        hdu.header["OBJECT"] = name
    out = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(out)
    return out.getvalue()
