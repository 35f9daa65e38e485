"""What may be matched, and what is refused with which words."""

from __future__ import annotations

import datetime

import numpy as np
import pyarrow as pa
import pytest
from astropy import units as u
from astropy.coordinates import (
    FK5,
    ICRS,
    AltAz,
    CartesianRepresentation,
    Galactic,
    Latitude,
    Longitude,
    SkyCoord,
)
from astropy.table import MaskedColumn, QTable, Table
from astropy.time import Time
from astropy.utils.masked import Masked
from hypothesis import given, settings
from hypothesis import strategies as st

from skyexplorer import SourceCatalog
from skyexplorer.errors import ColumnError, FormatError, InputError, SkyExplorerError
from skyexplorer.io.positions import tidy
from skyexplorer.model import places

RA, DEC = np.array([10.0, 350.0]), np.array([-20.0, 80.0])


def frame():
    import pandas

    return pandas.DataFrame({"ra": RA, "dec": DEC})


def structured():
    out = np.zeros(2, [("ra", ">f8"), ("dec", "f4")])
    out["ra"], out["dec"] = RA, DEC
    return out


SAME = {
    "SkyCoord": lambda: SkyCoord(RA * u.deg, DEC * u.deg),
    "with distances": lambda: SkyCoord(RA * u.deg, DEC * u.deg, distance=[1, 2] * u.Mpc),
    "with a distance and motions": lambda: SkyCoord(
        RA * u.deg,
        DEC * u.deg,
        distance=[1, 2] * u.pc,
        pm_ra_cosdec=[1, 2] * u.mas / u.yr,
        pm_dec=[1, 2] * u.mas / u.yr,
        radial_velocity=[1, 2] * u.km / u.s,
        obstime=Time("J2016.0"),
    ),
    "points in space": lambda: SkyCoord(SkyCoord(RA * u.deg, DEC * u.deg, distance=2 * u.pc).cartesian),
    "galactic": lambda: SkyCoord(RA * u.deg, DEC * u.deg).galactic,
    "FK5 of date": lambda: SkyCoord(RA * u.deg, DEC * u.deg).transform_to(FK5(equinox="J2025")),
    "FK4": lambda: SkyCoord(RA * u.deg, DEC * u.deg).fk4,
    "a frame": lambda: ICRS(RA * u.deg, DEC * u.deg),
    "a galactic frame": lambda: SkyCoord(RA * u.deg, DEC * u.deg).transform_to(Galactic()).frame,
    "numbers": lambda: (RA, DEC),
    "lists": lambda: (RA.tolist(), DEC.tolist()),
    "whole numbers": lambda: (RA.astype(int), DEC.astype(np.int16)),
    "turned once": lambda: (RA - 360, DEC),
    "float32": lambda: (RA.astype("f4"), DEC.astype(">f4")),
    "every other": lambda: (np.repeat(RA, 2)[::2], np.repeat(DEC, 2)[::2]),
    "quantities": lambda: (RA / 15 * u.hourangle, np.radians(DEC) * u.rad),
    "angles": lambda: (Longitude(RA, u.deg), Latitude(DEC, u.deg)),
    "columns": lambda: (Table({"a": RA})["a"], MaskedColumn(DEC, unit="deg")),
    "a table": lambda: Table({"ra": RA, "dec": DEC}),
    "a QTable": lambda: QTable({"ra": RA * u.deg, "dec": DEC * u.deg}),
    "hours": lambda: Table({"ra": RA / 15, "dec": DEC}, units={"ra": u.hourangle}),
    "galactic columns": lambda: Table(
        {"l": SkyCoord(RA, DEC, unit="deg").galactic.l.deg, "b": SkyCoord(RA, DEC, unit="deg").galactic.b.deg}
    ),
    "a DataFrame": frame,
    "Arrow": lambda: pa.table({"ra": RA, "dec": DEC, "note": ["a", None]}),
    "a structured array": structured,
    "a catalogue": lambda: SourceCatalog(Table({"ra": RA, "dec": DEC})),
}


@pytest.mark.parametrize("make", SAME.values(), ids=SAME)
def test_the_same_places(make):
    side = make()
    ra, dec = places.degrees(side, "left")
    np.testing.assert_allclose(ra, RA, atol=1e-5 if "float32" in str(getattr(side, "dtype", "")) else 1e-7)
    np.testing.assert_allclose(dec, DEC, atol=1e-7)
    for each in (ra, dec):
        assert each.dtype == np.float64
        assert each.flags.c_contiguous
        assert each.flags.writeable
    known = places.known(side, "left")
    assert places.known(known, "left") is known


HOLES = {
    "numbers": lambda: ([1.0, np.nan, 3.0, np.inf], [1.0, 2.0, np.nan, 3.0]),
    "masked": lambda: (
        np.ma.masked_array([1.0, 2, 3, 4], [0, 1, 0, 0]),
        np.ma.masked_array([1.0, 2, 3, 4], [0, 0, 1, 1]),
    ),
    "masked columns": lambda: (
        MaskedColumn([1.0, 2, 3, 4], mask=[0, 1, 0, 0], unit="deg"),
        MaskedColumn([1.0, 2, 3, 4], mask=[0, 0, 1, 1], unit="deg"),
    ),
    "masked quantities": lambda: (
        Masked([1.0, 2, 3, 4] * u.deg, [0, 1, 0, 0]),
        Masked([1.0, 2, 3, 4] * u.deg, [0, 0, 1, 1]),
    ),
    "masked SkyCoord": lambda: SkyCoord(
        Masked([1.0, 2, 3, 4] * u.deg, [False, True, False, False]),
        Masked([1.0, 2, 3, 4] * u.deg, [False, False, True, True]),
    ),
    "SkyCoord": lambda: SkyCoord([1, np.nan, 3, 4] * u.deg, [1, 2, np.nan, np.nan] * u.deg),
    "a table": lambda: Table(
        {"ra": MaskedColumn([1.0, 2, 3, 4], mask=[0, 1, 0, 0]), "dec": [1.0, 2, np.nan, np.inf]}
    ),
    "Arrow": lambda: pa.table({"ra": [1.0, None, 3.0, 4.0], "dec": [1.0, 2.0, None, None]}),
    "text": lambda: Table({"ra": ["1.0", "", "3", "4"], "dec": ["1.0", "2", "--", "nan"]}),
}


@pytest.mark.parametrize("make", HOLES.values(), ids=HOLES)
def test_rows_without_a_place(make):
    ra, dec = places.degrees(make(), "left")
    assert np.isfinite(ra).tolist() == np.isfinite(dec).tolist() == [True, False, False, False]
    assert (ra[0], dec[0]) == pytest.approx((1, 1))


@pytest.mark.parametrize(
    "side",
    [
        ([], []), (np.empty(0), np.empty(0) * u.deg), SkyCoord([] * u.deg, [] * u.deg), Table({"ra": [], "dec": []}),
        Table({"ra": [], "dec": []}, dtype=["f8", "f8"]), pa.table({"ra": [], "dec": []}),
    ],
)  # fmt: skip
def test_nothing(side):
    assert [len(each) for each in places.degrees(side, "left")] == [0, 0]


def test_one_place():
    for side in ((10.0, 20.0), (10 * u.deg, 20 * u.deg), SkyCoord(10 * u.deg, 20 * u.deg)):
        assert [each.tolist() for each in places.degrees(side, "left")] == [
            pytest.approx([10]),
            pytest.approx([20]),
        ]


@pytest.mark.parametrize(
    ("side", "text"),
    [
        (([1, 2], [3, 95]), "left has a declination of 95 deg, in row 1"),
        (([1, 2, 3], [0, np.nan, -91]), "declination of -91 deg, in row 2"),
        (([1, 2000], [3, 5]), "right ascension of 2000 deg, in row 1"),
        (([1, 2, 3], [3, 5]), "left has 3 right ascensions and 2 declinations"),
        (([[1, 2]], [[3, 4]]), r"left, ra, has the shape \(1, 2\)"),
        (([1, [2, 3]], [1, 2]), "left, ra, is no array of angles"),
        ((["10d", "11d"], [3, 4]), "left, ra, is no array of angles: it holds <U3"),
        (([True], [False]), "it holds bool"),
        (([1j], [2]), "it holds complex"),
        (([1, 2] * u.m, [3, 4] * u.deg), "left, ra, is no array of angles: 'm'"),
        (([1, 2], [3, 4] * u.mag), "left, dec, is no array of angles"),
        (([1, 2], None), "left, dec, is no array of angles"),
        (([1], [2], [3]), "left is a tuple of 3"),
        ((), "left is a tuple of 0"),
        ([1, 2], "left is a list"),
        ([[1, 2], [3, 4]], "left is a list"),
        ([SkyCoord(1 * u.deg, 2 * u.deg)] * 2, r"Join it: SkyCoord\(list\)"),
        (np.zeros((3, 2)), "left is a ndarray"),
        (5, "left is a int"),
        (None, "left is a NoneType"),
        ("catalog.fits", "left is a str"),
        ({"ra": [1], "dec": [2]}, "left is a dict"),
        (Time("J2000"), "left is a Time"),
        (SkyCoord([[1, 2]] * u.deg, [[3, 4]] * u.deg), r"left has the shape \(1, 2\)"),
        (ICRS(), "left is in the frame 'icrs', which cannot be brought to ICRS"),
        (SkyCoord(1 * u.deg, 2 * u.deg, frame=AltAz()), "left is in the frame 'altaz'"),
        (AltAz(1 * u.deg, 2 * u.deg), "left is in the frame 'altaz'"),
        (Table({"x": [1.0], "y": [2.0]}), "Positions cannot be told"),
        (Table({"x": [], "y": []}), "Positions cannot be told"),
        (Table(), "Positions cannot be told"),
        (Table({"ra": [1.0], "dec": [95.0]}), "'dec' goes to 95 deg, in row 0"),
        (Table({"ra": [[1.0, 2.0]], "dec": [[1.0, 2.0]]}), "several numbers"),
        (Table({"ra": [1.0], "dec": [2.0]}, units={"ra": u.m}), "'ra' is in m"),
        (pa.table({"x": [1.0]}), "Positions cannot be told"),
    ],
)
def test_what_is_refused(side, text):
    with pytest.raises((InputError, FormatError, ColumnError), match=text):
        places.degrees(side, "left")


@pytest.mark.parametrize(
    ("radius", "text"),
    [
        (5, "radius is 5"),
        (None, "radius is None"),
        ("far", "radius is 'far'"),
        (2 * u.m, "radius is <Quantity 2. m>"),
        (-1 * u.deg, "radius is -1.0 deg"),
        (np.nan * u.deg, "nan deg"),
        (181 * u.deg, "181.0 deg"),
        (np.inf * u.deg, "inf"),
        ([1, -2] * u.deg, "-2.0 deg, in row 1"),
        ([1, np.nan] * u.deg, "nan deg, in row 1"),
        ([1, 2, 3] * u.deg, "3 radii for 2"),
        ([[1, 2]] * u.deg, "2 radii for 2"),
        ([] * u.deg, "0 radii"),
        ({}, "radius is {}"),
        (Time("J2000"), "radius is <Time"),
        ([1 * u.deg, 2 * u.s], "radius is"),
        (1j * u.deg, "radius is"),
        (datetime.timedelta(1), "radius is"),
    ],
)
def test_what_is_no_radius(radius, text):
    with pytest.raises(InputError, match=text):
        places.radii(radius, 2)


def test_radii():
    assert places.radii(3600 * u.arcsec, 5) == 1.0
    assert isinstance(places.radii(np.float32(1) * u.deg, 5), float)
    np.testing.assert_allclose(places.radii([60, 120] * u.arcmin, 2), [1, 2])
    np.testing.assert_allclose(places.radii([1 * u.deg, 60 * u.arcmin], 2), [1, 1])
    assert places.radii([] * u.deg, 0).shape == (0,)
    assert (places.radii(180 * u.deg, 1), places.radii(0 * u.deg, 1)) == (180, 0)


def test_errors_of_a_table_that_is_known():
    table = Table({
        "source_id": [5], "ra": [1.0], "dec": [2.0], "ra_error": [3600.0], "dec_error": [3600.0], "ref_epoch": [2016.0]
    })  # fmt: skip
    assert places.sigma(table, "left") == pytest.approx(1e-3)
    assert [x[0] for x in places.covariance(table, "left")] == pytest.approx([1e-3, 1e-3, 0])
    for ask in (places.sigma, places.covariance):
        with pytest.raises(InputError, match="right has no errors"):
            ask(SkyCoord([1] * u.deg, [2] * u.deg), "right")


def test_what_is_in_order_is_not_copied():
    ra, dec = np.linspace(0, 359, 100), np.linspace(-90, 90, 100)
    for side in ((ra, dec), SkyCoord(ra * u.deg, dec * u.deg, copy=False)):
        one, other = places.degrees(side, "left")
        assert np.shares_memory(one, side[0] if isinstance(side, tuple) else side.data.lon)
        assert np.shares_memory(other, side[1] if isinstance(side, tuple) else side.data.lat)
    ra.flags.writeable = False  # compiled code has one form, for arrays that may be written
    assert places.degrees((ra, dec), "left")[0].flags.writeable


def test_a_catalogue_keeps_its_own():
    table = Table({"ra": [1.0, 2.0], "dec": [3.0, 4.0]})
    catalog = SourceCatalog(table, ra="ra", dec="dec")
    table["ra"][0] = 99.0
    assert catalog.coords.ra.deg[0] == 1.0


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.floats(width=64), st.floats(-91, 91) | st.just(np.nan)), max_size=6))
def test_tidy(rows):
    ra, dec = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    lon, lat = tidy(ra, dec)
    good = np.isfinite(ra) & np.isfinite(dec)
    assert (np.isfinite(lon) == good).all()
    assert (np.isfinite(lat) == good).all()
    assert ((lon[good] >= 0) & (lon[good] < 360) & (np.abs(lat[good]) <= 90)).all()
    inside = good & (ra >= 0) & (ra < 360)
    assert (lon[inside] == ra[inside]).all()


numbers = st.one_of(st.floats(), st.integers(-400, 400), st.booleans(), st.none(), st.text(max_size=4))
lists = st.lists(numbers, max_size=4)
units = st.sampled_from([None, u.deg, u.rad, u.hourangle, u.m, u.one, u.mag])


cells = st.sampled_from([
    st.floats(), st.floats(-91, 361), st.one_of(st.none(), st.floats(-90, 90)), st.integers(-400, 400),
    st.text(max_size=4), numbers, st.binary(max_size=3), st.sampled_from(["05 09 25.9", "12d", "-5", "nan", "", "1e3"]),
])  # fmt: skip


@st.composite
def anything(draw):
    kind = draw(st.sampled_from(["pair", "table", "quantities", "array", "frame", "coord", "plain"]))
    if kind == "plain":
        return draw(st.one_of(numbers, lists, st.dictionaries(st.text(max_size=2), numbers, max_size=2)))
    if kind == "pair":
        return draw(st.tuples(lists, lists))
    n = draw(st.integers(0, 4))
    real = st.lists(st.floats() if draw(st.booleans()) else st.floats(-90, 90), min_size=n, max_size=n)
    if kind == "quantities":
        return tuple(draw(real) * (draw(units) or u.deg) for _ in "ab")
    if kind == "coord":
        with np.errstate(all="ignore"):
            return SkyCoord(CartesianRepresentation(*(np.array(draw(real)) for _ in "xyz")))
    one, other = (draw(st.lists(draw(cells), min_size=n, max_size=n)) for _ in "ab")
    if kind == "array":
        return np.array(one, object if draw(st.booleans()) else None), np.array(other)
    if kind == "frame":
        import pandas

        return pandas.DataFrame({"ra": one, "dec": other})
    names = draw(st.sampled_from([("ra", "dec"), ("l", "b"), ("RAJ2000", "x"), ("ra", "ra2")]))
    table = Table(dict(zip(names, (one, other), strict=True)))
    table[names[0]].unit = draw(units)
    return table


@settings(max_examples=400, deadline=None)
@given(anything())
def test_garbage_is_refused_or_right(side):
    try:
        ra, dec = places.degrees(side, "left")
    except SkyExplorerError:
        return
    assert ra.shape == dec.shape
    assert (np.isfinite(ra) == np.isfinite(dec)).all()
    good = np.isfinite(ra)
    assert ((ra[good] >= 0) & (ra[good] < 360) & (np.abs(dec[good]) <= 90)).all()


@settings(max_examples=300, deadline=None)
@given(st.one_of(numbers, lists, st.builds(lambda x, unit: (x, unit), st.floats(), units)))
def test_garbage_is_no_radius(radius):
    if isinstance(radius, tuple):
        radius = radius[0] * (radius[1] or 1)
    try:
        found = places.radii(radius, 2)
    except InputError:
        return
    assert ((np.asarray(found) >= 0) & (np.asarray(found) <= 180)).all()
