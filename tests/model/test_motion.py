"""Catalogues that know their epochs and proper motions, and two of them brought together."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import MaskedColumn, Table
from astropy.time import Time
from hypothesis import given, settings
from hypothesis import strategies as st

from skyexplorer import SourceCatalog, crossmatch
from skyexplorer.core import motion as core
from skyexplorer.core import sphere
from skyexplorer.errors import ColumnError, FormatError, InputError
from skyexplorer.io import epochs
from skyexplorer.model import places
from skyexplorer.model.motion import together

BARNARD = {
    "ra": [269.452076], "dec": [4.693365], "pmra": [-801.551], "pmdec": [10362.394], "parallax": [546.9759],
    "radial_velocity": [-110.5],
}  # fmt: skip


def test_barnards_star():
    """SCIENCE.md X13, by the public door."""
    given = Table(BARNARD)
    catalog = SourceCatalog(given, epoch=Time("J2016.0", scale="tcb"))
    moved = catalog.at_epoch(Time("J2000", scale="tcb"))
    assert (moved.coords.ra.deg[0], moved.coords.dec.deg[0]) == pytest.approx(
        (269.4556467, 4.6473554), abs=5e-8
    )
    assert moved.table is catalog.table
    assert moved.origin.note == "positions moved from J2016.0 to J2000.0 by their proper motions"
    assert (catalog.coords.ra.deg[0], catalog.origin.note) == (269.452076, "")
    assert moved.epochs.jyear.tolist() == [2000.0]
    assert catalog.epochs.jyear.tolist() == [2016.0]


def stars(n, seed=0, **more):
    rng = np.random.default_rng(seed)
    return Table({
        "ra": rng.uniform(0, 360, n), "dec": np.degrees(np.arcsin(rng.uniform(-1, 1, n))),
        "pmra": rng.normal(0, 500, n), "pmdec": rng.normal(0, 500, n), **more,
    })  # fmt: skip


def test_as_astropy_moves_them():
    rng = np.random.default_rng(1)
    n = 200
    table = stars(
        n,
        parallax=rng.uniform(10, 300, n),
        radial_velocity=rng.normal(0, 60, n),
        ref_epoch=np.full(n, 2016.0),
    )
    moved = SourceCatalog(table).at_epoch("J1950")
    wanted = SkyCoord(
        table["ra"] * u.deg, table["dec"] * u.deg, distance=1e3 / table["parallax"] * u.pc,
        pm_ra_cosdec=table["pmra"] * u.mas / u.yr, pm_dec=table["pmdec"] * u.mas / u.yr,
        radial_velocity=table["radial_velocity"] * u.km / u.s, obstime=Time("J2016.0", scale="tcb"),
    ).apply_space_motion(Time("J1950.0", scale="tcb"))  # fmt: skip
    assert moved.coords.separation(SkyCoord(wanted.ra, wanted.dec)).max() < 0.2 * u.mas


def test_each_row_from_its_own_epoch():
    table = stars(3)
    when = [2010.0, 2000.0, np.nan]
    moved = SourceCatalog(table, epoch=Time([2010.0, 2000.0, 2005.0], format="jyear")).at_epoch(2000.0)
    alone = SourceCatalog(table[:1], epoch=2010.0).at_epoch(2000.0)
    assert moved.coords[0].separation(alone.coords[0]) == 0
    assert moved.coords.ra.deg[1] == table["ra"][1]
    table["when"] = when
    column = SourceCatalog(table, epoch="when")
    assert column.epochs.masked
    assert column.at_epoch(2000.0).coords.ra.deg[2] == table["ra"][2]  # no epoch: it stays
    assert column.at_epoch([2010.0, 2000.0, 1990.0]).coords.ra.deg.tolist() == table["ra"].tolist()


def test_there_and_back_is_where_it_was():
    catalog = SourceCatalog(stars(50, error=np.full(50, 1e-5)), epoch="J2016.0", error="error")
    back = catalog.at_epoch("J1000").at_epoch("J2016.0")
    np.testing.assert_array_equal(back.coords.ra.deg, catalog.coords.ra.deg)
    np.testing.assert_array_equal(back.error.value, catalog.error.value)
    assert back.origin.note.count("moved") == 1


def test_rows_of_what_has_moved():
    catalog = SourceCatalog(stars(9, epoch=np.linspace(2000, 2016, 9), pmra_error=np.ones(9), pmdec_error=np.ones(9),
                                  e=np.full(9, 1.0)), error="e")  # fmt: skip
    moved = catalog.at_epoch(1990.0)
    some = moved.take([7, 2])
    assert some.coords.ra.deg.tolist() == moved.coords.ra.deg[[7, 2]].tolist()
    assert some.error.value.tolist() == moved.error.value[[7, 2]].tolist()
    assert some.epochs.jyear == 1990.0
    again = some.at_epoch(2030.0)
    assert again.coords.ra.deg.tolist() == catalog.at_epoch(2030.0).coords.ra.deg[[7, 2]].tolist()
    more = moved.with_columns(x=np.arange(9))
    assert more.coords.ra.deg.tolist() == moved.coords.ra.deg.tolist()
    assert more.at_epoch("J2000").computed_columns == ("x",)
    when = Time(np.linspace(2000, 2016, 9), format="jyear")
    few = SourceCatalog(stars(9), epoch=when).take([7, 2])
    assert few.epochs.jyear.tolist() == few.epoch.jyear.tolist() == when.jyear[[7, 2]].tolist()


def test_errors_grow():
    """By the error of the motion; without a motion by what the others move."""
    table = stars(4, e=np.full(4, 0.3), pmra_error=[4.0, 4, 4, 4], pmdec_error=[4.0, 4, np.nan, 4])
    table["e"].unit = u.arcsec
    table["pmra"], table["pmdec"] = (
        MaskedColumn([3000.0, 0, 6000, 1], mask=[0, 0, 0, 1]),
        [4000.0, 5000, 8000, 1],
    )
    catalog = SourceCatalog(table, epoch=2000.0, error="e")
    moved = catalog.at_epoch(2100.0)
    assert moved.error.to_value("arcsec")[:2] == pytest.approx(0.5)
    # Of the third no error of the motion is known; the fourth has no motion, and those of the others are 5″ a year in the
    # median, a sigma of 5 / 1.17741.
    assert moved.error.to_value("arcsec")[3] == pytest.approx(np.hypot(0.3, 500 / 1.1774100225))
    assert moved.coords.ra.deg[3] == catalog.coords.ra.deg[3]
    assert moved.origin.note.endswith("proper motions, 1 without one left in place")
    east, north, rho = moved.covariance
    assert (east.to_value("arcsec")[2], rho[0]) == (pytest.approx(0.5), 0)
    assert north.to_value("arcsec")[2] == pytest.approx(0.3)


def test_ellipses_grow_and_stay_ellipses():
    table = stars(1, designation=["a"], err_maj=[0.4], err_min=[0.3], err_ang=[90.0], j_m=[10.0], jdate=[2451545.0],
                  pmra_error=[3.0], pmdec_error=[0.0])  # fmt: skip
    catalog = SourceCatalog(table)
    assert (catalog.name, catalog.names, catalog.epochs.jyear.tolist()) == ("2MASS", ["2MASS Ja"], [2000.0])
    assert [x.to_value("arcsec")[0] for x in catalog.covariance[:2]] == pytest.approx([0.4, 0.3])
    a, b, pa = catalog.at_epoch(2100.0).error_ellipse
    assert (a.to_value("arcsec")[0], b.to_value("arcsec")[0], pa.value[0]) == pytest.approx((0.5, 0.3, 90))


def test_what_cannot_be_moved():
    bare = Table({"ra": [1.0], "dec": [2.0]})
    with pytest.raises(InputError, match="no proper motions"):
        SourceCatalog(bare, epoch=2000.0).at_epoch(2010.0)
    with pytest.raises(InputError, match="no epoch"):
        SourceCatalog(stars(1)).at_epoch(2010.0)
    with pytest.raises(ColumnError, match="no column 'mu'"):
        SourceCatalog(bare, pmra="mu", pmdec="dec")
    with pytest.raises(FormatError, match="numbers in 'pmra'"):
        SourceCatalog(Table({**BARNARD, "pmra": ["fast"]}), epoch=2016.0).at_epoch(2000.0)
    catalog = SourceCatalog(stars(3), epoch=2016.0)
    for time, text in ((np.nan, "epoch is nan"), ("soon", "no epoch"), ([2000.0, 2010.0], "2 epochs for 3 rows"),
                       (12.5, "no years"), (None, "epoch is None"), ({}, "epoch is")):  # fmt: skip
        with pytest.raises(InputError, match=text):
            catalog.at_epoch(time)
    for epoch in ("when", [2000.0, 2010.0], 5, object()):
        with pytest.raises(InputError, match="epoch"):
            SourceCatalog(stars(3), epoch=epoch)


@pytest.mark.parametrize(
    ("column", "years"),
    [
        ([2016.0, 1991.25], [2016, 1991.25]),
        ([51544.5, 57388.5], [2000, 2016]),
        ([2451545.0, 2457389.0], [2000, 2016]),
        (MaskedColumn([2016.0, 5.0], mask=[0, 1]), [2016, np.nan]),
        (["J2016.0", ""], [2016, np.nan]),
        (["2000-01-01T12:00:00", "B1950"], [2000, 1949.9997904]),
        (np.array(["2000-01-01T12:00", "NaT"], "datetime64[s]"), [2000, np.nan]),
        (Time([2016.0, 2000.0], format="jyear"), [2016, 2000]),
        (Time([57388.5, 51544.5], format="mjd"), [2016, 2000]),
        ([2016, 2017], [2016, 2017]),
    ],
)
def test_epochs_of_columns(column, years):
    table = stars(2)
    table["when"] = column
    assert SourceCatalog(table, epoch="when")._years == pytest.approx(years, abs=1e-7, nan_ok=True)
    assert epochs.given(table["when"], 2) == pytest.approx(years, abs=1e-7, nan_ok=True)


def test_what_calls_itself_epoch_and_is_none():
    assert SourceCatalog(stars(3, epoch=[1, 2, 3])).epochs is None
    with pytest.raises(FormatError, match="no years"):
        SourceCatalog(stars(3, z=[1, 2, 3]), epoch="z")


def test_told_by_ucd():
    table = Table({"a": [10.0], "d": [20.0], "x": [0.1], "y": [0.2], "p": [5.0], "v": [7.0], "t": [51544.5]})
    ucds = {"a": "pos.eq.ra;meta.main", "d": "pos.eq.dec;meta.main", "x": "pos.pm;pos.eq.ra", "y": "pos.pm;pos.eq.dec",
            "p": "pos.parallax.trig", "v": "spect.dopplerVeloc", "t": "time.epoch"}  # fmt: skip
    for name, word in ucds.items():
        table[name].meta["ucd"] = word
    table["x"].unit = table["y"].unit = u.arcsec / u.yr
    catalog = SourceCatalog(table)
    assert [x.to_value(u.mas / u.yr)[0] for x in catalog.proper_motion] == pytest.approx([100, 200])
    assert (catalog._motion.parallax[0], catalog._motion.radial_velocity[0], catalog.epochs.jyear[0]) == (
        5,
        7,
        2000,
    )


def test_read_with_an_epoch():
    text = b"ra,dec,a,d,when\n1,2,3600000,0,2000\n"
    catalog = SourceCatalog.read(text, epoch="J2000", pmra="a", pmdec="d")
    assert catalog.at_epoch(2000.001).coords.ra.deg[0] == pytest.approx(1.0010006, abs=1e-6)
    assert SourceCatalog.read(text, epoch="when").epochs.jyear == 2000
    with pytest.raises(InputError, match="epoch is 'then'"):
        SourceCatalog.read(text, epoch="then")


def test_known_catalogues():
    gaia = SourceCatalog(Table({
        "source_id": [5], "ra": [1.0], "dec": [2.0], "ra_error": [0.3], "dec_error": [0.4], "ra_dec_corr": [0.6],
        "pmra": [1.0], "pmdec": [2.0], "ref_epoch": [2015.5],
    }))  # fmt: skip
    assert (gaia.names, gaia._years.tolist()) == (["Gaia 5"], [2015.5])
    assert gaia.error.to_value("mas") == pytest.approx(np.sqrt(0.3 * 0.4 * 0.8))
    assert gaia.covariance[2].tolist() == [0.6]
    hip = SourceCatalog(Table({"HIP": [1], "RAICRS": [1.0], "DEICRS": [2.0], "pmRA": [1.0], "pmDE": [2.0]}))
    assert (hip.kind, hip.epochs.jyear) == ("hipparcos", 1991.25)
    new = SourceCatalog(Table({"HIP": [1], "RArad": [0.5], "DErad": [0.25], "pmRA": [1.0], "pmDE": [2.0]}))
    assert new.coords.ra.deg == pytest.approx(np.degrees(0.5))
    wise = SourceCatalog(Table({
        "designation": ["x"], "ra": [1.0], "dec": [2.0], "sigra": [0.1], "sigdec": [0.2], "w1mpro": [9.0],
        "pmra": [500], "pmdec": [500], "w1mjdmean": [55400.0],
    }))  # fmt: skip
    assert wise.proper_motion is None  # what it calls so is apparent motion
    assert wise.error.to_value("arcsec") == pytest.approx(np.sqrt(0.02))
    assert wise.epochs.jyear == pytest.approx(2010.5565, abs=1e-3)


# Together


def test_nothing_to_do_costs_nothing():
    one, other = SkyCoord([1, 2] * u.deg, [3, 4] * u.deg), SourceCatalog(stars(3))
    pair = together(one, other)
    assert pair.sides[0] is one
    assert pair.sides[1] is other
    assert (pair.note, pair.moves, pair.slack) == ("", None, None)
    assert np.shares_memory(pair.left[0], one.frame.data.lon)
    same = SourceCatalog(stars(3), epoch=2000.0)
    assert together(same, same).note == ""
    with pytest.raises(InputError, match="at one epoch"):
        pair.exact(np.array([0]), np.array([0]))


def test_the_one_with_motions_moves():
    moving, still = SourceCatalog(stars(3), epoch=2016.0), SourceCatalog(stars(3)["ra", "dec"], epoch=2000.0)
    pair = together(moving, still)
    assert (pair.moves, pair.note, pair.slack) == (0, "left moved from J2016.0 to J2000.0", None)
    np.testing.assert_array_equal(pair.left[0], moving.at_epoch(2000.0).coords.ra.deg)
    assert pair.sides[1] is still
    pair = together(still, moving)
    assert (pair.moves, pair.note) == (1, "right moved from J2016.0 to J2000.0")
    assert (
        together(moving, SourceCatalog(stars(3)["ra", "dec"])).note
        == "proper motions not used: right has no epoch"
    )
    assert (
        together(SourceCatalog(stars(3)["ra", "dec"]), moving).note
        == "proper motions not used: left has no epoch"
    )


def test_the_better_known_moves():
    good = SourceCatalog(stars(3, pmra_error=np.full(3, 0.1), pmdec_error=np.full(3, 0.1)), epoch=2016.0)
    poor = SourceCatalog(stars(3, pmra_error=np.full(3, 5.0), pmdec_error=np.full(3, 5.0)), epoch=1991.25)
    plain = SourceCatalog(stars(3), epoch=2000.0)
    assert (together(good, poor).moves, together(poor, good).moves) == (0, 1)
    assert (together(plain, good).moves, together(good, plain).moves, together(plain, poor).moves) == (
        1,
        0,
        1,
    )


def test_both_to_a_time():
    one, other, bare = (
        SourceCatalog(stars(3), epoch=2016.0),
        SourceCatalog(stars(3), epoch=1991.0),
        stars(3)["ra", "dec"],
    )
    pair = together(one, other, "J2000")
    np.testing.assert_array_equal(pair.left[0], one.at_epoch(2000).coords.ra.deg)
    np.testing.assert_array_equal(pair.right[0], other.at_epoch(2000).coords.ra.deg)
    assert "right stays" in together(one, bare, 2000.0).note
    with pytest.raises(InputError, match="Neither"):
        together(bare, bare, 2000.0)
    with pytest.raises(InputError, match="no epoch"):
        together(one, other, "later")
    again = together(one, one, 2000.0)
    assert again.sides[0] is again.sides[1]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_one_epoch_a_row(seed, swap):
    """Every pair within the radius at the epoch of its partner is found with the slack, and measured there."""
    rng = np.random.default_rng(seed)
    n, radius = 60, 2 / 3600
    table = stars(n, seed)
    table["ra"], table["dec"] = rng.uniform(0, 0.02, n) % 360, 89.9 + rng.uniform(0, 0.02, n)
    gaia = SourceCatalog(table, epoch=2016.0)
    when = rng.uniform(1997, 2001, n)
    path = gaia._motion.arrays
    lon, lat = core.moved(gaia._lon, gaia._lat, path, 2016.0, when)
    scans = SourceCatalog(Table({
        "ra": (lon + rng.normal(0, 1e-3, n)) % 360, "dec": np.clip(lat + rng.normal(0, 1e-3, n), -90, 90), "epoch": when,
    }))  # fmt: skip
    pair = together(scans, gaia) if swap else together(gaia, scans)
    assert pair.moves == int(swap)
    assert len(pair.slack) == n
    i, j = (x.ravel() for x in np.mgrid[:n, :n])  # gaia, scans
    lon, lat = core.moved(gaia._lon[i], gaia._lat[i], (path[0][i], path[1][i], *path[2:]), 2016.0, when[j])
    true = sphere.separation(lon, lat, scans._lon[j], scans._lat[j])
    a, b = (j, i) if swap else (i, j)
    sep, angle = pair.exact(a, b)
    np.testing.assert_allclose(sep, true, atol=1e-11)
    start, end = (
        ((scans._lon[j], scans._lat[j]), (lon, lat)) if swap else ((lon, lat), (scans._lon[j], scans._lat[j]))
    )
    assert sphere.separation(*sphere.offset(*start, angle, sep), *end).max() < 1e-10
    rough = sphere.separation(pair.left[0][a], pair.left[1][a], pair.right[0][b], pair.right[1][b])
    assert (rough <= true + pair.slack[i] + 1e-12).all()
    assert (true <= radius).any()
    assert (
        pair.slack < 3 * np.hypot(table["pmra"], table["pmdec"]) / 3.6e6 * 2
    ).all()  # no wider than it need be


def test_rows_without_an_epoch_are_taken_in_the_middle():
    gaia = SourceCatalog(stars(2), epoch=2016.0)
    scans = SourceCatalog(Table({"ra": [1.0, 2, 3], "dec": [1.0, 2, 3], "epoch": [1998.0, 2002, np.nan]}))
    pair = together(gaia, scans)
    rows = np.array([0, 1]), np.array([2, 2])
    wanted = gaia.at_epoch(2000.0).coords.separation(scans.coords[2])
    assert pair.exact(*rows)[0] == pytest.approx(wanted.deg, abs=1e-11)


def test_a_skycoord_moves_by_its_own():
    star = SkyCoord(
        269.452076 * u.deg, 4.693365 * u.deg, distance=1e3 / 546.9759 * u.pc, pm_ra_cosdec=-801.551 * u.mas / u.yr,
        pm_dec=10362.394 * u.mas / u.yr, radial_velocity=-110.5 * u.km / u.s, obstime=Time("J2016.0", scale="tcb"),
    )  # fmt: skip
    flat = SkyCoord(
        star.ra, star.dec, pm_ra_cosdec=star.pm_ra_cosdec, pm_dec=star.pm_dec, obstime=star.obstime
    )
    there = SourceCatalog(Table({"ra": [1.0], "dec": [1.0]}), epoch="J2000")
    assert [x[0] for x in together(star, there).left] == pytest.approx([269.4556467, 4.6473554], abs=5e-8)
    assert [x[0] for x in together(star.galactic, there).left] == pytest.approx(
        [269.4556467, 4.6473554], abs=5e-8
    )
    assert [x[0] for x in together(flat, there).left] == pytest.approx([269.4556467, 4.6473554], abs=5e-5)
    assert together(SkyCoord(flat.frame.data, frame="icrs"), there).note == ""
    dated = SkyCoord([1] * u.deg, [1] * u.deg, obstime=Time("J2000"))
    assert (
        together(SourceCatalog(Table(BARNARD), epoch=2016.0), dated).note
        == "left moved from J2016.0 to J2000.0"
    )


def test_the_errors_of_what_has_moved_decide():
    table = stars(2, e=np.full(2, 1e-5), pmra_error=np.full(2, 50.0), pmdec_error=np.full(2, 50.0))
    pair = together(
        SourceCatalog(table, epoch=2016.0, error="e"), SourceCatalog(stars(2)["ra", "dec"], epoch=2000.0)
    )
    assert places.sigma(pair.sides[0], "left") == pytest.approx(np.hypot(1e-5, 50 * 16 / 3.6e6))


def test_normalised_distance():
    """SCIENCE.md X7 through the public door."""
    ours = SourceCatalog(Table({"ra": [0.0], "dec": [0.0], "e": [0.1]}, units={"e": u.arcsec}), error="e")
    theirs = SourceCatalog(
        Table({"ra": [0.5 / 3600], "dec": [0.0], "e": [0.2]}, units={"e": u.arcsec}), error="e"
    )
    d = crossmatch(ours, theirs)["normalised_distance"][0]
    assert (d, np.exp(-0.5 * d * d)) == pytest.approx((2.236068, 0.082085), abs=1e-6)
