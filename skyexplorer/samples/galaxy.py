"""A model of the Milky Way as a background: computed, not observed.

Starlight of an exponential disc and a bulge is integrated along each line of sight, dimmed and reddened by
a thin disc of dust. How much dust a direction holds varies with fractal noise, with the best-known dark clouds
and the Magellanic Clouds put roughly where they are. The picture is a model: it is labelled so.

``python -m skyexplorer.samples.galaxy OUT.zip`` writes the tiles that the package ships
(HiPS orders 0 and 1, equatorial, JPEG); the result is the same each time.
"""

from __future__ import annotations

import io
import sys
import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skyexplorer.core import healpix, sphere
from skyexplorer.model.tiles import TILE_ORDERS, TileSet, tile_pixels

Floats = NDArray[np.float64]

SEED = 1054
MAX_ORDER = 1
TITLE = "Milky Way (model)"
NOTE = "A model: starlight of a disc and a bulge behind fractal dust. Not an observation."

SUN_KPC = 8.2
DUST_AMOUNTS = np.array([0.0, 0.15, 0.35, 0.6, 1.0, 1.6, 2.6, 4.2, 7.0])
REDDENING = np.array([0.72, 1.0, 1.38])  # of dust in red, green and blue
DISC_LIGHT = np.array([0.93, 0.95, 1.0])
BULGE_LIGHT = np.array([1.0, 0.80, 0.56])
NIGHT = np.array([5.0, 8.0, 17.0])  # colour of the empty sky
# Dark clouds: galactic l, b, extent in l and b (deg), and how much dust they add.
CLOUDS = (
    (28, 4, 16, 4.5, 1.5), (8, 5, 12, 3.5, 1.0), (355, 15, 7, 6, 5.0), (303, -1, 4, 3, 2.5), (78, 1, 11, 3, 1.1),
    (60, 3, 12, 4, 0.8), (172, -14, 9, 5, 4.0), (208, -17, 6, 6, 3.0), (320, 3, 10, 3, 0.7), (340, 6, 10, 3.5, 1.0),
    (110, 12, 10, 5, 2.0), (290, -1, 9, 2.5, 0.5), (135, 2, 10, 3, 0.6),
)  # fmt: skip
GALAXIES = ((280.5, -32.9, 2.6, 0.30), (302.8, -44.3, 1.3, 0.20))  # Large and Small Magellanic Cloud
TO_GALACTIC = np.array(  # ICRS unit vectors to galactic ones (Hipparcos catalogue, vol. 1, section 1.5.3)
    [
        [-0.0548755604, -0.8734370902, -0.4838350155],
        [0.4941094279, -0.4448296300, 0.7469822445],
        [-0.8676661490, -0.1980763734, 0.4559837762],
    ]
)


def _column_table(step: float = 0.5) -> tuple[Floats, Floats, Floats]:
    """Light from each direction behind each amount of dust: axes |l|, |b| and table (dust, b, l, colour)."""
    lon = np.arange(0.0, 180.0 + step, step)
    lat = np.concatenate([np.arange(0.0, 20.0, 0.25), np.arange(20.0, 90.1, 1.0)])
    b, longitude = np.meshgrid(np.radians(lat), np.radians(lon), indexing="ij")
    light = np.zeros((len(DUST_AMOUNTS), *b.shape, 3))
    depth = np.zeros_like(b)
    edges = np.concatenate([[0.0], np.geomspace(0.03, 22.0, 90)])
    for near, far in pairwise(edges):
        s, ds = 0.5 * (near + far), far - near
        x = SUN_KPC - s * np.cos(b) * np.cos(longitude)
        y, z = s * np.cos(b) * np.sin(longitude), s * np.sin(b)
        radius = np.hypot(x, y)
        disc = np.exp(-(radius - SUN_KPC) / 2.7) * (
            np.exp(-np.abs(z) / 0.28) + 0.08 * np.exp(-np.abs(z) / 0.9)
        )
        disc *= 1 - np.exp(-((radius / 2.2) ** 2))
        bulge = 95 * np.exp(-np.sqrt((x / 0.9) ** 2 + (y / 0.75) ** 2 + (z / 0.52) ** 2) / 0.62)
        dust = 0.24 * np.exp(-(radius - SUN_KPC) / 4.0) * np.exp(-np.abs(z) / 0.095) * ds
        depth += 0.5 * dust
        seen = disc[..., None] * DISC_LIGHT + bulge[..., None] * BULGE_LIGHT
        for k, amount in enumerate(DUST_AMOUNTS):
            light[k] += seen * np.exp(-amount * depth[..., None] * REDDENING) * ds
        depth += 0.5 * dust
    return lon, lat, light


class _Noise:
    """Fractal noise on the sphere: value noise in three dimensions, octave upon octave."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.lattice = rng.standard_normal((64, 64, 64)).astype(np.float32)

    def smooth(self, p: NDArray[np.float32]) -> NDArray[np.float32]:
        whole = np.floor(p).astype(np.int32)
        t = p - whole
        t = t * t * t * (t * (t * 6 - 15) + 10)
        a, b = whole & 63, (whole + 1) & 63
        out = np.zeros(p.shape[:-1], np.float32)
        for i, wx in ((a[..., 0], 1 - t[..., 0]), (b[..., 0], t[..., 0])):
            for j, wy in ((a[..., 1], 1 - t[..., 1]), (b[..., 1], t[..., 1])):
                for k, wz in ((a[..., 2], 1 - t[..., 2]), (b[..., 2], t[..., 2])):
                    out += wx * wy * wz * self.lattice[i, j, k]
        return out

    def fractal(self, p: NDArray[np.float32], first: float, octaves: int, ridged: bool = False) -> Floats:
        total = np.zeros(p.shape[:-1])
        weight, scale = 1.0, first
        for n in range(octaves):
            layer = self.smooth(p * np.float32(scale) + np.float32(17.3 * n))
            total += weight * ((0.8 - np.abs(layer)) if ridged else layer)
            weight, scale = weight * 0.56, scale * 2.03
        return total


def _dust_amount(l_deg: Floats, b_deg: Floats, vectors: NDArray[np.float32], noise: _Noise) -> Floats:
    stretched = vectors * np.array([1.0, 1.0, 1.7], np.float32)  # lanes run along the plane
    warp = np.stack([noise.smooth(stretched * 5 + shift) for shift in (3.1, 7.7, 11.9)], axis=-1) * 0.045
    amount = 0.62 * noise.fractal(stretched + warp, 6.0, 7, ridged=True) + 0.5 * noise.fractal(
        stretched, 2.6, 4
    )
    value = np.exp(1.15 * amount - 0.30)
    for l0, b0, wide, high, extra in CLOUDS:
        far = (sphere.wrap180(l_deg - l0) / wide) ** 2 + ((b_deg - b0) / high) ** 2
        value *= 1 + extra * np.exp(-0.5 * far) * np.clip(0.7 + 0.55 * amount, 0.1, 2.0)
    return np.clip(value, DUST_AMOUNTS[0], DUST_AMOUNTS[-1])


def _looked_up(table: tuple[Floats, Floats, Floats], l_deg: Floats, b_deg: Floats, amount: Floats) -> Floats:
    lon, lat, light = table

    def place(axis: Floats, value: Floats) -> tuple[NDArray[np.intp], Floats]:
        i = np.clip(np.searchsorted(axis, value, side="right") - 1, 0, len(axis) - 2)
        return i, (value - axis[i]) / (axis[i + 1] - axis[i])

    i, u = place(lon, np.abs(sphere.wrap180(l_deg)))
    j, v = place(lat, np.abs(b_deg))
    k, w = place(DUST_AMOUNTS, amount)
    out = np.zeros((*l_deg.shape, 3))
    for dk, wk in ((0, 1 - w), (1, w)):
        for dj, wj in ((0, 1 - v), (1, v)):
            for di, wi in ((0, 1 - u), (1, u)):
                out += (wk * wj * wi)[..., None] * light[k + dk, j + dj, i + di]
    return out


def picture(
    ra: Floats, dec: Floats, table: tuple[Floats, Floats, Floats], noise: _Noise
) -> NDArray[np.uint8]:
    """Colours of directions in degrees, shape (..., 3)."""
    vectors = sphere.unit_vectors(ra, dec) @ TO_GALACTIC.T
    l_deg = np.degrees(np.arctan2(vectors[..., 1], vectors[..., 0])) % 360
    b_deg = np.degrees(np.arctan2(vectors[..., 2], np.hypot(vectors[..., 0], vectors[..., 1])))
    single = vectors.astype(np.float32)
    light = _looked_up(table, l_deg, b_deg, _dust_amount(l_deg, b_deg, single, noise))
    grain = np.exp(0.16 * noise.fractal(single, 24.0, 5))  # star clouds
    light *= grain[..., None]
    for l0, b0, size, strength in GALAXIES:
        r = sphere.separation(l0, b0, l_deg, b_deg) / size
        light += (strength * 9 * np.exp(-(r**1.4)) * grain)[..., None] * np.array([0.9, 0.93, 1.0])
    shown = np.arcsinh(light * 0.75) / np.arcsinh(34.0)
    color = NIGHT + 255 * np.clip(shown, 0, 1.4) ** 1.45 * np.array([1.0, 0.955, 0.93]) * 1.02
    faint = 1.6 * noise.fractal(single, 3.0, 5)[..., None] * np.array([0.8, 0.9, 1.3])
    return np.clip(color + faint, 0, 255)


def compute(max_order: int = MAX_ORDER) -> TileSet:
    """Compute all tiles; about a minute."""
    from PIL import Image

    rng = np.random.default_rng(SEED)
    noise, table = _Noise(rng), _column_table()
    pixels = tile_pixels()
    tiles = {}
    for order in range(max_order + 1):
        for npix in range(12 * 4**order):
            first = npix << (2 * TILE_ORDERS)
            ra, dec = healpix.centers(order + TILE_ORDERS, first + np.arange(4**TILE_ORDERS))
            color = picture(ra, dec, table, noise)[pixels]
            # A grain of less than one step keeps dark gradients from showing bands.
            dithered = np.clip(color + rng.uniform(-0.5, 0.5, color.shape[:2])[..., None], 0, 255)
            out = io.BytesIO()
            Image.fromarray(dithered.round().astype(np.uint8)).save(
                out, "JPEG", quality=84, subsampling=0, optimize=True
            )
            tiles[order, npix] = out.getvalue()
    return TileSet("milky-way", TITLE, tiles, "jpg", note=NOTE)


def write(path: str | Path, tiles: TileSet) -> None:
    """Store tiles in a zip archive, as Norder/Npix files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for (order, npix), data in sorted(tiles.tiles.items()):
            # A fixed date: the same tiles give the same file.
            archive.writestr(zipfile.ZipInfo(f"Norder{order}/Npix{npix}.jpg", (2026, 1, 1, 0, 0, 0)), data)


def read(path: str | Path) -> TileSet:
    """Read what `write` stored."""
    tiles = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            order, npix = name.removesuffix(".jpg").split("/")
            tiles[int(order.removeprefix("Norder")), int(npix.removeprefix("Npix"))] = archive.read(name)
    return TileSet("milky-way", TITLE, tiles, "jpg", note=NOTE)


if __name__ == "__main__":
    write(sys.argv[1], compute())
