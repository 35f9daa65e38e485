"""Tiles: nothing of a region is outside them, wherever it lies; few are enough, and they have little beside it."""

from __future__ import annotations

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from hypothesis import given, settings
from hypothesis import strategies as st

from skyexplorer import SkyMap, SkyRegion
from skyexplorer.core import sphere
from skyexplorer.services import tiling

RA, DEC = (
    st.floats(0, 360, exclude_max=True),
    st.one_of(st.floats(-90, 90), st.sampled_from([-90.0, 90.0, 89.9, 0.0])),
)

MAPS = {  # how many times its area is asked for, with 16 and 64 circles at most
    "GW170817_skymap.fits.gz": (2.0, 2.0),
    "S190814bv_LALInference.v1.multiorder.fits": (2.0, 2.0),
    "S190425z_bayestar.multiorder.fits": (2.4, 2.4),
    "S190521g_bayestar.multiorder.fits": (2.0, 2.0),
    "G483432_bayestar.multiorder.fits": (2.3, 2.2),
}


def at(ra, dec):
    return SkyCoord(ra * u.deg, dec * u.deg)


@st.composite
def regions(draw):
    ra, dec = draw(RA), draw(DEC)
    kind = draw(
        st.sampled_from(["circle", "ellipse", "box", "quarter", "polygon", "moc", "union", "difference"])
    )
    size = draw(st.sampled_from([0.01, 0.5, 3.0, 20.0]))
    if kind == "circle":
        return SkyRegion.circle(at(ra, dec), size * u.deg)
    if kind == "ellipse":
        thin = draw(st.sampled_from([1.0, 0.2, 0.02]))
        return SkyRegion.ellipse(
            at(ra, dec), size * u.deg, size * thin * u.deg, draw(st.floats(0, 180)) * u.deg
        )
    if kind in ("box", "quarter"):
        make = SkyRegion.box if kind == "box" else SkyRegion.quarter_ellipse
        return make(at(ra, dec), (size, 0.3 * size) * u.deg, (0.5 * size, size) * u.deg)
    if kind == "polygon":
        angle = np.sort([draw(st.floats(0, 360)) for _ in range(3)] + [0.0, 120.0, 240.0])
        lon, lat = sphere.offset(ra, dec, np.unique(np.round(angle, 1)), size)
        return SkyRegion.polygon(at(lon, lat))
    if kind == "union":
        lon, lat = sphere.offset(ra, dec, 40.0, 4 * size)
        return SkyRegion.union(
            [SkyRegion.circle(at(ra, dec), size * u.deg), SkyRegion.circle(at(lon, lat), 0.5 * size * u.deg)]
        )
    if kind == "difference":
        lon, lat = sphere.offset(ra, dec, 40.0, size)
        return SkyRegion.circle(at(ra, dec), size * u.deg) - SkyRegion.circle(at(lon, lat), size * u.deg)
    return SkyRegion.from_moc(
        SkyRegion.ellipse(at(ra, dec), size * u.deg, 0.3 * size * u.deg, 20 * u.deg).to_moc()
    )


def points_in(region, seed=0, n=3000):
    """Positions inside, at the edge too."""
    rng = np.random.default_rng(seed)
    reach = min(float(region.radius.value) * 1.02, 180)
    away = np.degrees(np.arccos(1 - rng.random(n) * (1 - np.cos(np.radians(reach)))))
    lon, lat = sphere.offset(
        float(region.center.ra.deg), float(region.center.dec.deg), rng.random(n) * 360, away
    )
    edge = np.concatenate(region.outline(256))
    lon, lat = np.concatenate([lon, edge[:, 0]]) % 360, np.concatenate([lat, edge[:, 1]])
    inside = region.contains(at(lon, lat))
    return lon[inside], lat[inside]


def covered(tiles, lon, lat):
    found = np.zeros(len(lon), bool)
    for ra, dec, radius in zip(tiles.ra, tiles.dec, tiles.radius, strict=True):
        found |= sphere.separation(ra, dec, lon, lat) <= radius + 1e-7
    return found


@settings(max_examples=40)
@given(regions(), st.sampled_from([1, 4, 16, 64]))
def test_every_source_of_a_region_is_in_some_tile(region, most):
    tiles = tiling.circles(region, most)
    assert 1 <= len(tiles) <= most
    lon, lat = points_in(region)
    assert covered(tiles, lon, lat).all()


@settings(max_examples=30)
@given(regions())
def test_every_source_of_a_region_is_in_its_moc(region):
    from mocpy import MOC

    moc = MOC.from_str(tiling.moc(region))
    lon, lat = points_in(region)
    if len(lon):
        assert moc.contains_lonlat(lon * u.deg, lat * u.deg).all()


@settings(max_examples=20)
@given(regions())
def test_halves_have_all_and_nothing_twice(region):
    halves = tiling.split(region)
    lon, lat = points_in(region)
    if not halves:
        return
    one, other = (half.contains(at(lon, lat)) for half in halves)
    assert (one | other).all()
    assert not (one & other).any()


def test_splitting_comes_to_an_end():
    region = SkyRegion.circle(at(10, 20), 1 * u.deg)
    for _ in range(60):
        halves = tiling.split(region)
        if not halves:
            break
        region = halves[0]
    assert region.area < 1e-6 * u.deg**2


def test_tiles_of_real_sky_maps_waste_little(data_dir):
    """90 % regions from tens to thousands of square degrees: the sky asked for beside them."""
    for name, bounds in MAPS.items():
        region = SkyMap.read(data_dir / "gw" / name).credible_region(0.9)
        overheads = [tiling.circles(region, most).overhead for most in (16, 64)]
        assert all(have < bound for have, bound in zip(overheads, bounds, strict=True)), (name, overheads)
