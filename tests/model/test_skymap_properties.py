"""What must hold for every sky map: written and read, turned, flat or in cells, at the poles and across RA 0."""

from __future__ import annotations

import io
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from skyexplorer import SkyMap
from skyexplorer.core import distance, healpix
from skyexplorer.errors import SkyExplorerWarning

seeds = st.integers(0, 2**32 - 1)
longitudes = st.floats(-720, 720)
latitudes = st.one_of(st.floats(-90, 90), st.sampled_from([-90.0, 90.0, 89.999999, -89.999999]))


def made(seed: int, deepest: int = 4, with_distance: bool = False) -> SkyMap:
    """Cells of mixed order that tile the sky, of different densities, in any order."""
    dice = np.random.default_rng(seed)
    cells, level = [], np.arange(12)
    for order in range(deepest + 1):
        split = dice.random(len(level)) < (0.5 if order < deepest else 0)
        cells.append(healpix.join_uniq(order, level[~split]))
        level = (level[split, None] * 4 + np.arange(4)).ravel()
    uniq = dice.permutation(np.concatenate(cells))
    density = dice.exponential(size=len(uniq))
    density /= np.sum(density * healpix.cell_area(healpix.split_uniq(uniq)[0]))
    far = ()
    if with_distance:
        mu, sigma = dice.uniform(-20, 300, len(uniq)), dice.uniform(5, 80, len(uniq))
        norm = distance.moments(mu, sigma)[2]
        lost = dice.random(len(uniq)) < 0.1
        far = np.where(lost, np.inf, mu), np.where(lost, 1, sigma), np.where(lost, 0, norm)
    return SkyMap(uniq, density, *far, name=f"seed {seed}")


@settings(max_examples=30, deadline=None)
@given(seed=seeds, with_distance=st.booleans(), packed=st.booleans())
def test_written_and_read_it_is_the_same(seed, with_distance, packed) -> None:
    skymap = made(seed, with_distance=with_distance)
    with TemporaryDirectory() as folder:
        back = SkyMap.read(skymap.write(Path(folder) / ("map.fits.gz" if packed else "map.fits")))
    assert (back.uniq == skymap.uniq).all()
    assert (back.density == skymap.density).all()
    assert back.name == skymap.name
    assert (back._distance is None) == (skymap._distance is None)
    if skymap._distance is not None:
        for one, other in zip(back._distance, skymap._distance, strict=True):
            assert np.array_equal(one, other)


@settings(max_examples=30, deadline=None)
@given(seed=seeds, ra=longitudes, dec=latitudes, quarters=st.integers(1, 3))
def test_map_and_positions_turned_together(seed, ra, dec, quarters) -> None:
    """A quarter turn about the poles takes HEALPix cells to HEALPix cells, so it is exact."""
    skymap = made(seed)
    order, ipix = healpix.split_uniq(skymap.uniq)
    base, rest = ipix >> (2 * order), ipix & ((np.int64(1) << (2 * order)) - 1)
    turned = SkyMap(
        healpix.join_uniq(order, (((base // 4) * 4 + (base + quarters) % 4) << (2 * order)) + rest),
        skymap.density,
    )
    for q in (0.1, 0.5, 0.9):
        assert turned.credible_area(q).value == pytest.approx(skymap.credible_area(q).value, rel=1e-9)
    # From a cell's own centre: a position on an edge may fall to either side when it is turned.
    at = int(healpix.nested(ra, dec, 8))
    lon, lat = healpix.centers(8, at)
    here = SkyCoord(lon * u.deg, lat * u.deg)
    there = SkyCoord((lon + 90 * quarters) * u.deg, lat * u.deg)
    assert turned.credible_level(there) == pytest.approx(skymap.credible_level(here), abs=1e-9)
    assert turned.searched_area(there).value == pytest.approx(skymap.searched_area(here).value, rel=1e-9)


@settings(max_examples=30, deadline=None)
# Whole parts of 1/64 deg: a turn more is the same number, where others are rounded, perhaps beyond the edge of their cell.
@given(seed=seeds, ra=st.integers(-720 * 64, 720 * 64).map(lambda k: k / 64), dec=latitudes)
def test_the_circle_closes_and_poles_are_places(seed, ra, dec) -> None:
    skymap = made(seed)
    here = SkyCoord(ra * u.deg, dec * u.deg)
    again = SkyCoord((here.ra.deg + 360) * u.deg, dec * u.deg)
    level = float(skymap.credible_level(here))
    assert 0 < level <= 1 + 1e-12
    assert float(skymap.credible_level(again)) == level
    assert skymap.searched_probability(here) == level
    # The region of just this level holds the place, and its area is the searched area.
    assert bool(skymap.credible_region(min(level, 1.0)).contains(here))
    area = skymap.searched_area(here)
    assert skymap.credible_area(min(level, 1.0)).value == pytest.approx(area.value, rel=1e-6)
    assert skymap.probability_within(area) == pytest.approx(level, abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(seed=seeds, ra=longitudes, dec=latitudes, ring=st.booleans())
def test_flat_and_in_cells_it_says_the_same(seed, ra, dec, ring) -> None:
    skymap = made(seed)
    order = max(skymap.order, 1)
    pixels = np.arange(12 * 4**order)
    nested = healpix.nested_of_ring(pixels, order) if ring else pixels
    lon, lat = healpix.centers(order, nested)
    p = skymap.probability_density(SkyCoord(lon * u.deg, lat * u.deg)).value * healpix.cell_area(order)
    hdu = fits.BinTableHDU.from_columns([fits.Column("PROB", "D", array=p)])
    hdu.header.update(PIXTYPE="HEALPIX", ORDERING="RING" if ring else "NESTED", COORDSYS="C")
    out = io.BytesIO()
    hdu.writeto(out)
    flat = SkyMap.read(out.getvalue())
    assert len(flat.uniq) == len(skymap.uniq), "pixels merge to the cells they were cut of"
    here = SkyCoord(ra * u.deg, dec * u.deg)
    assert flat.probability_density(here).value == pytest.approx(
        skymap.probability_density(here).value, rel=1e-9
    )
    for q in (0.2, 0.5, 0.9):
        assert flat.credible_area(q).value == pytest.approx(skymap.credible_area(q).value, rel=1e-9)


def test_an_even_map_says_that_its_levels_are_arbitrary() -> None:
    """SCIENCE.md 1.2.5: the level is then the part of the area that comes first."""
    skymap = SkyMap(np.arange(4, 16), np.full(12, 1 / (4 * np.pi)), name="even")
    assert skymap.even
    lon, lat = healpix.centers(0, np.arange(12))
    with pytest.warns(SkyExplorerWarning, match="even"):
        levels = skymap.credible_level(SkyCoord(lon * u.deg, lat * u.deg))
    assert levels == pytest.approx(np.arange(1, 13) / 12)
    assert skymap.credible_area(0.5).to_value("deg2") == pytest.approx(41252.961249 / 2, rel=1e-9)
    assert not made(1).even
