"""Maps of any quantity: against healpy in every form, and their tiles against their values."""

from __future__ import annotations

import io

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from PIL import Image

from skyexplorer import SkyMap
from skyexplorer.core import healpix
from skyexplorer.errors import ColumnError, FormatError, InputError
from skyexplorer.model import opening
from skyexplorer.model.quantitymap import QuantityMap
from skyexplorer.model.shading import Shading
from skyexplorer.model.tiles import tile_pixels

hp = pytest.importorskip("healpy")
PLACES = SkyCoord([10.0, 83.6, 200.0, 266.4, 359.9] * u.deg, [-80.0, 22.0, 3.0, -29.0, 89.0] * u.deg)


def table(columns, **header) -> bytes:
    hdu = fits.BinTableHDU.from_columns(columns)
    hdu.header["PIXTYPE"] = "HEALPIX"
    hdu.header.update({key.upper(): value for key, value in header.items()})
    out = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(out)
    return out.getvalue()


@pytest.mark.parametrize("ordering", ["RING", "NESTED"])
@pytest.mark.parametrize("coordsys", ["C", "G"])
def test_flat_maps_against_healpy(ordering, coordsys):
    values = np.random.default_rng(0).normal(size=12 * 32**2)
    raw = table(
        [fits.Column("TEMPERATURE", "1024E", "mK", array=values.reshape(-1, 1024))],
        ordering=ordering, nside=32, coordsys=coordsys,
    )  # fmt: skip
    found = opening.read(raw, name="made")
    assert isinstance(found, QuantityMap)
    at = PLACES if coordsys == "C" else PLACES.galactic
    pixel = hp.ang2pix(32, at.spherical.lon.deg, at.spherical.lat.deg, nest=ordering == "NESTED", lonlat=True)
    assert np.allclose(found.value(PLACES).to_value("mK"), values[pixel], rtol=1e-6)
    assert found.unit == u.mK
    assert found.frame == {"C": "icrs", "G": "galactic"}[coordsys]
    assert found.tiles(Shading()).frame == {"C": "equatorial", "G": "galactic"}[coordsys]


def test_healpys_own_files(tmp_path):
    values = np.arange(12 * 16**2, dtype=float)
    other = values * 2
    other[7] = hp.UNSEEN
    hp.write_map(tmp_path / "a.fits", [values, other], column_names=["A", "B"], column_units=["K", "K2"])
    found = QuantityMap.read(tmp_path / "a.fits", column="b")
    assert (found.column, found.columns, found.unit) == ("B", ("A", "B"), u.K**2)
    lon, lat = hp.pix2ang(16, np.arange(len(values)), lonlat=True)
    other[7] = np.nan
    assert np.array_equal(
        found.value(SkyCoord(lon * u.deg, lat * u.deg)).value, other.astype(np.float32), equal_nan=True
    )
    with pytest.raises(ColumnError, match="no column 'C'"):
        QuantityMap.read(tmp_path / "a.fits", column="C")


def test_partial_maps():
    some = np.unique(np.random.default_rng(1).integers(0, 12 * 64**2, 500))
    raw = table(
        [fits.Column("PIXEL", "K", array=some), fits.Column("AV", "E", "mag", array=some / 7)],
        ordering="RING", nside=64, indxschm="EXPLICIT", coordsys="C",
    )  # fmt: skip
    found = opening.read(raw)
    lon, lat = hp.pix2ang(64, some, lonlat=True)
    assert np.allclose(found.value(SkyCoord(lon * u.deg, lat * u.deg)).value, some / 7, rtol=1e-6)
    missing = np.setdiff1d(np.arange(12 * 64**2), some)[:50]
    lon, lat = hp.pix2ang(64, missing, lonlat=True)
    assert np.isnan(found.value(SkyCoord(lon * u.deg, lat * u.deg)).value).all()
    assert np.isclose(found.area.to_value("deg2"), len(some) * hp.nside2pixarea(64, degrees=True))


def test_multi_order_maps(data_dir):
    skymap = SkyMap.read(data_dir / "gw/GW190814_PublicationSamples.multiorder.fits")
    raw = table(
        [fits.Column("UNIQ", "K", array=skymap.uniq[::-1]), fits.Column("DEPTH", "D", "1/sr", array=skymap.density[::-1])],
        ordering="NUNIQ", coordsys="C", indxschm="EXPLICIT",
    )  # fmt: skip
    found = opening.read(raw)
    at = SkyCoord(skymap.mode.ra + [0, 1, 40] * u.deg, skymap.mode.dec + [0, 0.5, 3] * u.deg)
    assert np.array_equal(found.value(at), skymap.probability_density(at))


def test_the_file_of_an_archive(data_dir):
    found = QuantityMap.read(data_dir / "gamma/fermi_3fhl_exposure_cube_hpx.fits.gz", column="ENERGY5")
    plain = fits.getdata(data_dir / "gamma/fermi_3fhl_exposure_cube_hpx.fits.gz", 1)["ENERGY5"]
    pixel = hp.ang2pix(64, PLACES.ra.deg, PLACES.dec.deg, lonlat=True)
    assert np.array_equal(found.value(PLACES), plain[pixel])
    assert "equatorial" in found.origin.note
    turned = QuantityMap.read(
        data_dir / "gamma/fermi_3fhl_exposure_cube_hpx.fits.gz", column="ENERGY5", frame="galactic"
    )
    assert not np.array_equal(turned.value(PLACES), plain[pixel])


def test_probabilities_under_a_common_name_are_sky_maps():
    even = np.full(12 * 4**3, 1 / (12 * 4**3))
    raw = table([fits.Column("SIGNAL", "D", array=even)], ordering="NESTED", nside=8, coordsys="C")
    assert isinstance(opening.read(raw), SkyMap)
    raw = table([fits.Column("SIGNAL", "D", array=even * 50)], ordering="NESTED", nside=8, coordsys="C")
    assert isinstance(opening.read(raw), QuantityMap)


def painted(tiles, order: int, npix: int) -> np.ndarray:
    """Palette indices of the pixels of a tile, in nested order."""
    image = np.asarray(Image.open(io.BytesIO(tiles.tiles[order, npix])))
    out = np.empty(image.size, np.uint8)
    out[tile_pixels().ravel()] = image.ravel()
    return out


def test_tiles_of_coarse_cells_repeat_them_and_of_fine_ones_are_their_means():
    shading = Shading(cuts=(0, 254))
    coarse = QuantityMap(np.arange(12 * 4.0))
    shades = painted(coarse.tiles(shading), 0, 3)
    assert np.array_equal(shades, np.repeat(1 + np.arange(12, 16), 4**8))
    fine = np.random.default_rng(5).integers(0, 255, 12 * 4**10).astype(np.float32)
    fine[: 4 * 30] = np.nan
    fine[4 * 30] = np.nan
    tiles = QuantityMap(fine).tiles(shading)
    assert tiles.max_order == 1
    with np.errstate(invalid="ignore"):
        means = np.nan_to_num(np.rint(1 + np.nanmean(fine[: 4**10].reshape(-1, 4)[30:], axis=1)))
    assert np.array_equal(painted(tiles, 0, 0)[30:], means)
    assert (painted(tiles, 0, 0)[:30] == 0).all()
    assert np.array_equal(painted(tiles, 1, 5)[:9], fine[5 * 4**9 : 5 * 4**9 + 9] + 1)


def test_tiles_of_mixed_orders_are_those_of_the_flat_map():
    rng = np.random.default_rng(8)
    flat = np.repeat(rng.integers(0, 255, 12 * 4**3), 4**7).astype(float)
    flat[: 4**7] = rng.integers(0, 255, 4**7)  # one cell is divided to order 10
    cells = np.concatenate([
        healpix.join_uniq(10, np.arange(4**7)), healpix.join_uniq(3, np.arange(1, 12 * 4**3))
    ])  # fmt: skip
    mixed = QuantityMap(np.concatenate([flat[: 4**7], flat[4**7 :: 4**7]]), cells)
    shading = Shading(cuts=(0, 254))
    one, other = mixed.tiles(shading), QuantityMap(flat).tiles(shading)
    for key in ((0, 0), (0, 7), (1, 0)):
        assert np.array_equal(painted(one, *key), painted(other, *key))


def test_few_cells_are_painted_as_finely_as_they_are():
    cells = healpix.join_uniq(14, healpix.nested(np.array([83.63]), np.array([22.01]), 14) + np.arange(3))
    small = QuantityMap([1.0, 2.0, 3.0], cells)
    tiles = small.tiles(Shading())
    assert tiles.max_order == 5
    assert len(tiles.tiles) == 6


def test_what_is_no_map():
    for values, uniq in (
        ([], None),
        ([np.nan] * 12, None),
        ([1.0] * 13, None),
        ([1.0], [2]),
        ([1.0, 2], [4, 16]),
    ):
        with pytest.raises(InputError):
            QuantityMap(values, uniq)
    with pytest.raises(InputError, match="frame"):
        QuantityMap(np.ones(12), frame="ecliptic")
    with pytest.raises(FormatError, match="12 · 4ᵏ"):
        opening.read(table([fits.Column("EBV", "D", array=np.ones(13))], ordering="RING", coordsys="C"))
    with pytest.raises(FormatError, match="masked"):
        opening.read(table([fits.Column("EBV", "D", array=np.full(12, hp.UNSEEN))], ordering="RING"))
    with pytest.raises(FormatError, match="COORDSYS"):
        opening.read(table([fits.Column("EBV", "D", array=np.ones(12))], ordering="RING", coordsys="E"))
    columns = [fits.Column("PIXEL", "K", array=[900]), fits.Column("EBV", "D", array=[1.0])]
    with pytest.raises(FormatError, match="fit NSIDE"):
        opening.read(table(columns, ordering="RING", nside=4, indxschm="EXPLICIT"))
