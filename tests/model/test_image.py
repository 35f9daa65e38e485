"""Images: pixels and positions against astropy, cuts and stretches by hand, cubes, blocks, all of the sky."""

from __future__ import annotations

import io
import zlib

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import BarycentricMeanEcliptic, Galactic, Longitude, SkyCoord, Supergalactic
from astropy.io import fits
from astropy.wcs import WCS
from PIL import Image

from skyexplorer.errors import FormatError, InputError
from skyexplorer.model import opening
from skyexplorer.model.image import SkyImage
from skyexplorer.model.picture import smaller
from skyexplorer.model.shading import COLOR_MAPS, Shading, palette


def made(shape=(30, 40), scale=0.01, ctype=("RA---TAN", "DEC--TAN"), crval=(120.0, 60.0)) -> fits.Header:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.cdelt = list(ctype), list(crval), [-scale, scale]
    wcs.wcs.crpix = [(shape[1] + 1) / 2, (shape[0] + 1) / 2]
    return wcs.to_header()


def file_of(*hdus) -> bytes:
    out = io.BytesIO()
    fits.HDUList(list(hdus)).writeto(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "ctype", [("RA---TAN", "DEC--TAN"), ("GLON-CAR", "GLAT-CAR"), ("DEC--SIN", "RA---SIN")]
)
def test_values_are_those_of_the_pixels(ctype):
    data = np.random.default_rng(1).normal(size=(30, 40)).astype(np.float32)
    data[3, 5] = np.nan
    header = made(ctype=ctype, crval=(20.0, 30.0))
    header["BUNIT"] = "mJy / beam"
    image = SkyImage.read(file_of(fits.PrimaryHDU(data, header)), name="made")
    rows, columns = np.array([0, 3, 17, 29]), np.array([0, 5, 21, 39])
    at = WCS(header).pixel_to_world(columns, rows)
    found = image.value(at.icrs if "GLON" in ctype[0] else at)
    assert np.array_equal(found.value, data[rows, columns].astype(float), equal_nan=True)
    assert found.unit == u.mJy / u.beam
    beside = WCS(header).pixel_to_world(-1, 12)
    assert np.isnan(image.value(beside))
    assert image.value(at.reshape(2, 2)).shape == (2, 2)


def test_what_is_no_unit_stays_a_text():
    image = SkyImage(np.ones((3, 3)), WCS(made((3, 3))), "counts per weather")
    assert image.unit == "counts per weather"
    assert image.value(image.center) == 1.0


def test_the_picture_lies_where_the_pixels_do():
    data = np.zeros((30, 40))
    data[29, 0] = 100  # the upper left corner
    image = SkyImage(data, WCS(made()))
    picture = image.picture(Shading("grey", cuts=(0, 100)))
    pixels = np.asarray(Image.open(io.BytesIO(picture.png)).convert("RGBA"))
    assert pixels.shape == (30, 40, 4)
    assert pixels[0, 0].tolist() == [255, 255, 255, 255]
    assert pixels[1:].max(axis=(0, 1)).tolist() == [0, 0, 0, 255]
    corner = WCS(made()).pixel_to_world(-0.5, 29.5)
    assert SkyCoord(picture.ra[0, 0] * u.deg, picture.dec[0, 0] * u.deg).separation(corner) < 1e-6 * u.deg


def test_large_images_are_drawn_by_means_and_asked_by_pixels():
    data = np.random.default_rng(2).normal(size=(500, 4100))
    image = SkyImage(data, WCS(made(data.shape, 1e-4)))
    picture = image.picture(Shading())
    assert Image.open(io.BytesIO(picture.png)).size == (1367, 167)
    assert np.allclose(image._small[1][0, :3], [data[:3, k : k + 3].mean() for k in (0, 3, 6)])
    # 501 rows are drawn: the grid reaches as far.
    corner = WCS(made(data.shape, 1e-4)).pixel_to_world(-0.5, 500.5)
    assert SkyCoord(picture.ra[0, 0] * u.deg, picture.dec[0, 0] * u.deg).separation(corner) < 1e-6 * u.deg
    last = WCS(made(data.shape, 1e-4)).pixel_to_world(4099, 499)
    assert image.value(last) == data[499, 4099]
    assert image.limits(Shading(cuts=100.0)) == (data[::1].min(), data.max()) or data.size > 1e6


def test_blocks_leave_out_what_has_no_value():
    data = np.array([[1, 3, 5], [np.nan, 2, np.nan], [np.nan, np.nan, 7.0]])
    assert np.array_equal(smaller(data, 2), [[2, 5], [np.nan, 7]], equal_nan=True)


def test_all_of_the_sky():
    header = made((90, 180), 2.0, ("RA---AIT", "DEC--AIT"), (0.0, 0.0))
    image = SkyImage(np.arange(90 * 180.0).reshape(90, 180), WCS(header))
    assert image.region is None
    assert image.radius > 170 * u.deg
    picture = image.picture(Shading())
    assert np.isnan(picture.ra[0, 0])
    assert 0.55 < np.isfinite(picture.ra).mean() < 0.7
    assert np.isfinite(image.value(SkyCoord([10, 200] * u.deg, [20, -60] * u.deg))).all()


def test_cubes_are_refused_and_their_planes_are_not():
    cube = np.arange(2 * 3 * 5 * 4.0).reshape(2, 3, 5, 4)
    header = made((5, 4))
    header["CTYPE3"], header["CTYPE4"] = "FREQ", "STOKES"
    raw = file_of(fits.PrimaryHDU(cube, header))
    with pytest.raises(FormatError, match=r"cube.*2 \(STOKES\) × 3 \(FREQ\)") as refused:
        opening.read(raw)
    assert "plane=" in refused.value.advice
    assert np.array_equal(SkyImage.read(raw, plane=(1, 2)).data, cube[1, 2])
    with pytest.raises(FormatError, match="no plane 3"):
        SkyImage.read(raw, plane=(1, 3))
    flat = file_of(fits.PrimaryHDU(cube[:1, :1], header))
    assert np.array_equal(opening.read(flat).data, cube[0, 0])


def test_packed_and_tabled_images():
    data = np.random.default_rng(3).integers(0, 500, (64, 64)).astype(np.int16)
    packed = file_of(fits.PrimaryHDU(), fits.CompImageHDU(data, made((64, 64)), compression_type="RICE_1"))
    assert np.array_equal(opening.read(packed).data, data)
    energies = fits.BinTableHDU.from_columns([fits.Column("E_MIN", "E", array=[1.0, 2.0])], name="EBOUNDS")
    assert isinstance(opening.read(file_of(fits.PrimaryHDU(data, made((64, 64))), energies)), SkyImage)
    whole = fits.PrimaryHDU(data, made((64, 64)))
    whole.header["BLANK"] = int(data[2, 3])
    found = SkyImage.read(file_of(whole))
    assert np.isnan(found.data[2, 3])


def test_images_that_lie_nowhere():
    plain = file_of(fits.PrimaryHDU(np.zeros((4, 6))))
    with pytest.raises(FormatError, match=r"6 × 4 pixels.*without celestial"):
        opening.read(plain)
    with pytest.raises(InputError, match="shape"):
        SkyImage(np.zeros(4), WCS(made()))
    with pytest.raises(InputError, match="axes"):
        SkyImage(np.zeros((4, 4)), WCS(naxis=2))
    huge = fits.PrimaryHDU(np.zeros((4, 4), np.float32), made((4, 4)))
    raw = bytearray(file_of(huge))
    raw[:2880] = raw[:2880].replace(b"NAXIS1  =                    4", b"NAXIS1  =            900000000")
    with pytest.raises(FormatError, match=r"900000000"):
        SkyImage.read(bytes(raw))


def test_the_files_of_archives(data_dir):
    image = SkyImage.read(data_dir / "vhe/veritas_VER-000106-signif-skymap-1.fits")
    centre = SkyCoord(0 * u.deg, 0 * u.deg, frame="galactic")
    assert image.center.separation(centre) < 0.1 * u.deg
    assert (
        35 < image.value(SkyCoord(266.4168 * u.deg, -29.0078 * u.deg)) < 40
    )  # Sgr A* stands out by so many sigma
    counts = SkyImage.read(data_dir / "gamma/fermi-3fhl-gc-counts.fits.gz")
    assert counts.data.shape == (200, 400)
    # Every event of the list that lies in the image was counted there.
    assert counts.data.sum() == fits.getdata(data_dir / "gamma/fermi-3fhl-gc-counts.fits.gz").sum()


def test_stretches():
    values = np.array([-5, 0, 1, 50, 100, 1e9, np.nan, np.inf])
    for stretch, middle in (
        ("linear", 0.5), ("sqrt", np.sqrt(0.5)), ("log", np.log(501) / np.log(1001)),
        ("asinh", np.arcsinh(5) / np.arcsinh(10)),
    ):  # fmt: skip
        shades = Shading("grey", stretch, (0, 100)).shades(values)
        assert shades[[0, 1, 4, 5, 6]].tolist() == [1, 1, 255, 255, 0]
        assert shades[3] == round(1 + 254 * middle)


def test_cuts():
    values = np.arange(1001.0)
    assert Shading(cuts=99.0).limits(values) == (5.0, 995.0)
    assert Shading(cuts=100).limits(values) == (0.0, 1000.0)
    assert Shading().limits(np.full(9, 3.0)) == (1.5, 4.5)
    assert Shading().limits(np.full(9, np.nan)) == (0.0, 1.0)
    sparse = np.full(3_000_000, np.nan)
    sparse[1], sparse[4] = 2.0, 4.0
    assert Shading(cuts=100).limits(sparse) == (2.0, 4.0)
    for bad in (0, 101, "all", (3, 3), (5, 1), (1, 2, 3), (0, np.inf)):
        with pytest.raises(InputError, match="cuts"):
            Shading(cuts=bad)
    for field in ("color_map", "stretch"):
        with pytest.raises(InputError, match=field):
            Shading(**{field: "rainbow"})


def test_color_maps():
    for name in COLOR_MAPS:
        colors = palette(name).astype(int)
        assert colors.shape == (256, 3)
        assert np.array_equal(palette(f"{name} reversed"), colors[::-1])
        assert len({tuple(color) for color in colors.tolist()}) > 200  # none is flat
    light = [palette(name)[:, :].astype(float) @ (0.2126, 0.7152, 0.0722) for name in COLOR_MAPS[:4]]
    assert all((np.diff(one) > -0.5).all() for one in light)  # even maps only grow lighter


def test_a_palette_is_what_the_png_has():
    image = SkyImage(np.array([[0.0, 1.0], [np.nan, 0.5]]), WCS(made((2, 2))))
    png = image.picture(Shading("viridis", cuts=(0, 1))).png
    at = png.index(b"PLTE")
    size = int.from_bytes(png[at - 4 : at], "big")
    assert png[at + 4 : at + 4 + size][3:] == palette("viridis", 255).tobytes()[: size - 3]
    assert zlib.crc32(png[at : at + 4 + size]) == int.from_bytes(png[at + 4 + size : at + 8 + size], "big")
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))
    assert pixels[0, 0].tolist()[3] == 0  # the upper row is the second: NaN
    assert pixels[1].tolist() == [[68, 1, 84, 255], [253, 231, 36, 255]]


@pytest.mark.parametrize(
    ("kind", "keys", "frame"),
    [
        ("E", {}, BarycentricMeanEcliptic(equinox="J2000")),
        ("E", {"EQUINOX": 1950.0}, BarycentricMeanEcliptic(equinox="B1950")),
        ("S", {}, Supergalactic()),
        ("G", {"RADESYS": "FK5"}, Galactic()),
    ],
)
def test_axes_of_other_frames(kind, keys, frame):
    header = made(ctype=(f"{kind}LON-TAN", f"{kind}LAT-TAN"), crval=(20.0, 30.0))
    header.remove("RADESYS", ignore_missing=True)  # with ICRS there is no equinox
    header.update(keys)
    data = np.arange(1200.0).reshape(30, 40)
    image = SkyImage.read(file_of(fits.PrimaryHDU(data, header)))
    middle = SkyCoord(20 * u.deg, 30 * u.deg, frame=frame).icrs
    assert image.center.separation(middle) < 0.01 * u.deg
    assert image.value(SkyCoord(20.0499 * u.deg, 30.0401 * u.deg, frame=frame)) in (
        data[18, 15],
        data[19, 15],
    )
    assert bool(image.region.contains(middle))


@pytest.mark.parametrize(("kind", "word"), [("HPLN", "the Sun"), ("TLON", "the Earth"), ("MRLN", "a planet")])
def test_axes_that_are_not_of_the_sky(kind, word):
    header = made(ctype=(f"{kind}-TAN", f"{kind.replace('LN', 'LT').replace('LON', 'LAT')}-TAN"))
    with pytest.raises(FormatError, match=word) as refused:
        SkyImage.read(file_of(fits.PrimaryHDU(np.ones((30, 40)), header)))
    assert "Reproject" in refused.value.advice


@pytest.mark.parametrize("projection", ["CAR", "MER"])
@pytest.mark.parametrize("first", [360.5, 180.5, 0.5, -1000])
@pytest.mark.parametrize("step", [-1.0, 1.0])
def test_a_map_of_all_longitudes_may_begin_anywhere(projection, first, step):
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = [f"GLON-{projection}", f"GLAT-{projection}"]
    wcs.wcs.crval, wcs.wcs.cdelt, wcs.wcs.crpix = [0, 0], [step, 1], [first, 90.5]
    image = SkyImage(np.tile(np.arange(360.0), (180, 1)), wcs)
    assert np.isfinite(image._grid).all()
    column = np.arange(360)
    lon = (column + 1 - first) * step
    assert np.array_equal(image.value(SkyCoord(lon * u.deg, 0 * lon * u.deg, frame="galactic")), column)
    edges = SkyCoord((lon - 0.5) * u.deg, 0 * lon * u.deg, frame="galactic")
    assert np.isfinite(image.value(edges)).all()
    corner = SkyCoord(*image._grid[:, 10, 0] * u.deg).galactic
    assert abs(Longitude(corner.l - (0.5 - first) * step * u.deg, wrap_angle=180 * u.deg)) < 1e-9 * u.deg


def test_a_plane_that_goes_round_more_than_once_keeps_its_first_turn():
    wcs = WCS(made((20, 400), 1.0, ("GLON-CAR", "GLAT-CAR"), (0.0, 0.0)))
    image = SkyImage(np.ones((20, 400)), wcs)
    assert np.isnan(image._grid[:, :, 0]).all()
