"""crossmatch: SCIENCE.md 9.5 X7, X12, astropy's answers, and what must not be asked."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord, match_coordinates_sky, search_around_sky
from astropy.table import Table

from skyexplorer import PartedCatalog, SkyRegion, SkyRegions, SourceCatalog
from skyexplorer.errors import InputError
from skyexplorer.model.matching import crossmatch, groups

X12 = (
    SkyCoord([10, 10.001, 10.01] * u.deg, [0, 0, 0] * u.deg),
    SkyCoord([10.0006, 10.0098, 359.99] * u.deg, [0, 0, 0] * u.deg),
)


def test_x12_modes():
    nearest = crossmatch(*X12, 5 * u.arcsec)
    assert list(zip(nearest["left"].tolist(), nearest["right"].tolist(), strict=True)) == [
        (0, 0),
        (1, 0),
        (2, 1),
    ]
    mutual = crossmatch(*X12, 5 * u.arcsec, mode="mutual")
    assert list(zip(mutual["left"].tolist(), mutual["right"].tolist(), strict=True)) == [(1, 0), (2, 1)]
    assert nearest["separation"].quantity[0].to_value("arcsec") == pytest.approx(2.16)
    assert nearest["position_angle"].quantity[0].to_value("deg") == pytest.approx(90)


def test_x7_normalised_distance():
    """ψ = 0.5″, σ = 0.1″ and 0.2″."""

    def one(dec, sigma):
        table = Table({"name": ["a"], "ra": [10.0], "dec": [dec], "err": [sigma / 3600]})
        return SourceCatalog(table, error="err")

    found = crossmatch(one(0.0, 0.1), one(0.5 / 3600, 0.2))
    assert found["normalised_distance"][0] == pytest.approx(2.236068, abs=1e-6)
    assert np.exp(-(found["normalised_distance"][0] ** 2) / 2) == pytest.approx(0.082085, abs=1e-6)
    assert len(crossmatch(one(0.0, 0.1), one(0.5 / 3600, 0.2), max_sigma=2.2)) == 0


@pytest.fixture(scope="module")
def skies():
    dice = np.random.default_rng(1)
    ra, dec = dice.uniform(0, 360, 3000), np.degrees(np.arcsin(dice.uniform(-1, 1, 3000)))
    left = SkyCoord(ra * u.deg, dec * u.deg)
    moved = left[:2000].directional_offset_by(
        dice.uniform(0, 360, 2000) * u.deg, dice.exponential(0.02, 2000) * u.deg
    )
    return left, moved


def test_astropy_finds_the_same(skies):
    left, right = skies
    a, b, separation, _ = search_around_sky(left, right, 0.05 * u.deg)
    mine = crossmatch(left, right, 0.05 * u.deg, mode="all")
    order = np.lexsort((b, a))
    assert (mine["left"].tolist(), mine["right"].tolist()) == (a[order].tolist(), b[order].tolist())
    assert mine["separation"].quantity.to_value("deg") == pytest.approx(separation.deg[order], abs=1e-11)
    angle = left[a[order]].position_angle(right[b[order]]).deg
    assert mine["position_angle"] == pytest.approx(angle, abs=1e-6)
    index, apart, _ = match_coordinates_sky(left, right)
    near = apart.deg <= 0.05
    mine = crossmatch(left, right, 0.05 * u.deg)
    assert mine["left"].tolist() == np.flatnonzero(near).tolist()
    assert mine["right"].tolist() == index[near].tolist()


def test_astropys_published_cases():
    """The cases by which astropy tests its own matching (coordinates/tests/test_matching.py)."""
    few = SkyCoord([4, 2.1] * u.deg, [0, 0] * u.deg)
    many = SkyCoord([1, 2, 3, 4] * u.deg, [0, 0, 0, 0] * u.deg)
    nearest = crossmatch(few, many, 180 * u.deg)
    assert nearest["right"].tolist() == [3, 1]
    assert nearest["separation"].quantity.to_value("deg") == pytest.approx([0, 0.1], abs=1e-12)
    second = crossmatch(few, many, 180 * u.deg, k=2)[1::2]
    assert second["right"].tolist() == [2, 2]
    assert second["separation"].quantity.to_value("deg") == pytest.approx([1, 0.9], abs=1e-12)
    wide = crossmatch(few, many, 1.01 * u.deg, mode="all")
    assert (wide["left"].tolist(), wide["right"].tolist()) == ([0, 0, 1, 1], [2, 3, 1, 2])
    assert wide["separation"].quantity.to_value("deg") == pytest.approx([1, 0, 0.1, 0.9], abs=1e-12)
    narrow = crossmatch(few, many, 0.05 * u.deg, mode="all")
    assert (narrow["left"].tolist(), narrow["right"].tolist()) == ([0], [3])
    assert len(crossmatch(few[:0], many, 1 * u.deg)) == len(crossmatch(few, many[:0], 1 * u.deg)) == 0
    one = crossmatch(few[0], many, 0.05 * u.deg)  # a place alone is a list of one
    assert one["right"].tolist() == [3]


def test_a_list_with_itself():
    at = SkyCoord([10, 10.001, 10.003, 50] * u.deg, np.zeros(4) * u.deg)

    def rows(**options):
        found = crossmatch(at, at, 8 * u.arcsec, **options)
        return list(zip(found["left"].tolist(), found["right"].tolist(), strict=True))

    assert rows(mode="all") == [(0, 1), (1, 2)]
    assert rows() == [(0, 1), (1, 0), (2, 1)]
    assert rows(mode="mutual") == [(0, 1)]
    assert len(crossmatch(at, at.copy(), 1 * u.arcsec)) == 4  # another list, though the same places


def test_k_nearest(skies):
    left, right = skies
    found = crossmatch(left, right, 8 * u.deg, k=3)
    for nth in (1, 2, 3):
        index, apart, _ = match_coordinates_sky(left, right, nthneighbor=nth)
        rows = (
            found[np.flatnonzero(np.r_[True, found["left"][1:] != found["left"][:-1]])] if nth == 1 else None
        )
        if rows is not None:
            near = apart.deg <= 8
            assert rows["right"].tolist() == index[near].tolist()
    assert np.bincount(found["left"]).max() == 3


def test_unmatched_rows_can_stay():
    found = crossmatch(*X12, 1 * u.arcsec, keep_unmatched=True)
    assert found["left"].tolist() == [0, 1, 2]
    assert found["right"].tolist() == [-1, -1, 1]
    assert np.isnan(found["separation"][:2]).all()


def test_ties_go_to_the_lower_row():
    here = SkyCoord([10.0] * u.deg, [0.0] * u.deg)
    both = SkyCoord([10.001, 9.999, 10.001] * u.deg, [0, 0, 0] * u.deg)
    assert crossmatch(here, both, 1 * u.deg)["right"][0] in (0, 1)
    assert crossmatch(here, both[[0, 2]], 1 * u.deg)["right"][0] == 0


def test_real_catalogues(data_dir):
    """1540 of 3561 5BZCAT lie within 0.1 deg of a 4FGL source, 1374 within 0.05 deg."""
    blazars = SourceCatalog.read(data_dir / "sky/5BZCAT.csv")
    fermi = SourceCatalog.read(data_dir / "gamma/gll_psc_v18_4FGL_early.fit")
    for radius, count in ((0.1, 1540), (0.05, 1374)):
        assert len(crossmatch(blazars, fermi, radius * u.deg)) == count
    by_error = crossmatch(blazars, fermi, (0.1 + 0 * blazars.coords.ra.deg) * u.deg, mode="all")
    assert len(by_error) >= 1540


def test_other_frames_and_tables():
    galactic = X12[0].galactic
    assert len(crossmatch(galactic, X12[1], 5 * u.arcsec)) == 3
    table = Table({"ra": X12[1].ra.deg, "dec": X12[1].dec.deg})
    assert len(crossmatch(X12[0], table, 5 * u.arcsec)) == 3


def test_groups():
    ra = np.array([10, 10.001, 10.002, 50, 50.001, 80])
    at = SkyCoord(ra * u.deg, np.zeros(6) * u.deg)
    assert groups(at, 4 * u.arcsec).tolist() == [0, 0, 0, 1, 1, 2]
    assert groups(at, 0 * u.arcsec).tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"radius": 5 * u.kg}, "angle"),
        ({"radius": "far"}, "angle"),
        ({"radius": -1 * u.deg}, "-1"),
        ({"radius": np.nan * u.deg}, "nan"),
        ({"radius": [1, 2] * u.deg}, "2 radii"),
        ({"radius": 1 * u.deg, "mode": "best"}, "best"),
        ({"radius": 1 * u.deg, "k": 0}, "k is 0"),
        ({}, "no errors"),
    ],
)
def test_what_cannot_be_asked(options, said):
    with pytest.raises(InputError, match=said):
        crossmatch(*X12, **options)
    with pytest.raises(InputError, match="left is a"):
        crossmatch([1, 2], X12[1], 1 * u.deg)


def moving(years, **columns):
    """Four stars at an epoch: Barnard's, two at rest and one near the pole, with proper motions."""
    table = Table({"ra": [269.452076, 10.0, 200.0, 40.0], "dec": [4.693365, 5.0, -60.0, 89.99], **columns})
    for column, unit in (("pmra", "mas/yr"), ("pmdec", "mas/yr")):
        if column in table.colnames:
            table[column].unit = unit
    return SourceCatalog(table, epoch=f"J{years}")


MOTIONS = {"pmra": [-801.551, 0.0, 0.0, 5000.0], "pmdec": [10362.394, 0.0, 0.0, -2000.0]}


def test_proper_motions_come_first():
    """The moving list goes to the epoch of the other; False leaves it where it is."""
    now = moving(2016.0, **MOTIONS)
    then = now.at_epoch("J1950.0")
    old = SourceCatalog(
        Table({"ra": then.coords.ra.deg[::-1], "dec": then.coords.dec.deg[::-1]}), epoch="J1950.0"
    )
    found = crossmatch(now, old, 0.1 * u.arcsec)
    assert (found["left"].tolist(), found["right"].tolist()) == ([0, 1, 2, 3], [3, 2, 1, 0])
    assert "left moved from J2016.0 to J1950.0" in found.meta["epoch"]
    assert crossmatch(old, now, 0.1 * u.arcsec)["left"].tolist() == [0, 1, 2, 3]
    assert crossmatch(now, old, 0.1 * u.arcsec, epoch=False)["left"].tolist() == [1, 2]
    assert crossmatch(now, now.at_epoch("J2000.0"), 1 * u.mas, epoch="J1970.0")["left"].tolist() == [
        0,
        1,
        2,
        3,
    ]
    assert "epoch" not in crossmatch(now, now, 1 * u.deg).meta


def test_each_row_of_the_other_list_may_have_its_own_epoch():
    """As 2MASS has it: every pair is measured at the exact epoch of its partner."""
    now = moving(2016.0, **MOTIONS)
    years = [1997.5, 1998.0, 1999.0, 2000.9]
    places = [now.at_epoch(f"J{year}").coords[row] for row, year in enumerate(years)]
    other = SourceCatalog(
        Table({"ra": [p.ra.deg for p in places], "dec": [p.dec.deg for p in places], "when": years}),
        epoch="when",
    )
    for mode in ("nearest", "all", "mutual"):
        found = crossmatch(now, other, 1 * u.mas, mode=mode)
        assert (found["left"].tolist(), found["right"].tolist()) == ([0, 1, 2, 3], [0, 1, 2, 3])
        assert found["separation"].max() < 1e-5
    assert crossmatch(other, now, 1 * u.mas)["right"].tolist() == [0, 1, 2, 3]


def test_error_ellipses_count_with_their_axes():
    """Along the long axis a source belongs to it that across does not."""
    table = {
        "designation": ["a"],
        "ra": [80.0],
        "dec": [10.0],
        "err_maj": [60.0],
        "err_min": [5.0],
        "err_ang": [90],
    }
    ours = SourceCatalog(Table(table | {"j_m": [12.0]}))  # columns of 2MASS: semi-axes of one sigma
    step = 40 / 3600
    near = Table(
        {"ra": [80 + step / np.cos(np.radians(10)), 80.0], "dec": [10.0, 10 + step], "e": [1e-6, 1e-6]}
    )
    theirs = SourceCatalog(near, error="e")
    found = crossmatch(ours, theirs, mode="all", ellipses=True)
    assert found["right"].tolist() == [0]
    assert found["normalised_distance"][0] == pytest.approx(40 / 60, rel=1e-3)
    circles = crossmatch(ours, theirs, mode="all")
    assert circles["right"].tolist() == [0, 1]
    assert circles["normalised_distance"] == pytest.approx([40 / np.sqrt(60 * 5)] * 2, rel=1e-3)


def test_the_nearest_within_a_wide_circle():
    dice = np.random.default_rng(8)
    ra, dec = dice.uniform(0, 360, (2, 60_000)), np.degrees(np.arcsin(dice.uniform(-1, 1, (2, 60_000))))
    left, right = (SkyCoord(ra[i] * u.deg, dec[i] * u.deg) for i in (0, 1))
    found = crossmatch(left, right, 30 * u.deg)
    index, separation, _ = match_coordinates_sky(left, right)
    assert found["right"].tolist() == index.tolist()
    assert found["separation"].quantity.to_value("deg") == pytest.approx(separation.deg, abs=1e-12)
    assert len(crossmatch(left, right, 30 * u.deg, mode="mutual")) > 0.5 * len(left)


def test_regions_may_be_either_side():
    dice = np.random.default_rng(9)
    stars = SkyCoord(dice.uniform(70, 90, 500) * u.deg, dice.uniform(-10, 10, 500) * u.deg)
    centers = SkyCoord([75, 85] * u.deg, [0, 5] * u.deg)
    circles = [SkyRegion.circle(center, 3 * u.deg) for center in centers]
    expected = [np.flatnonzero(circle.contains(stars)).tolist() for circle in circles]
    for regions in (SkyRegions.of(circles), circles):
        found = crossmatch(regions, stars)
        assert [found["right"][found["left"] == i].tolist() for i in (0, 1)] == expected
        back = crossmatch(stars, regions)
        assert [sorted(back["left"][back["right"] == i].tolist()) for i in (0, 1)] == expected
        assert (np.lexsort((back["right"], back["left"])) == np.arange(len(back))).all()
        angle = stars[back["left"]].position_angle(centers[back["right"]])
        assert np.cos(np.radians(back["position_angle"] - angle.deg)) == pytest.approx(1)
    assert crossmatch(circles[0], stars)["right"].tolist() == expected[0]
    with pytest.raises(InputError, match="Both sides are of regions"):
        crossmatch(circles, circles)


def test_what_is_read_in_parts_may_be_either_side(tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.table({"ra": X12[1].ra.deg, "dec": X12[1].dec.deg}), tmp_path / "x12.parquet")
    parts = PartedCatalog.open(tmp_path / "x12.parquet")
    found = crossmatch(X12[0], parts, 5 * u.arcsec, mode="mutual")
    assert list(zip(found["left"].tolist(), found["right"].tolist(), strict=True)) == [(1, 0), (2, 1)]
    assert crossmatch(parts, X12[0], 5 * u.arcsec, mode="mutual")["right"].tolist() == [1, 2]
    with pytest.raises(InputError, match="matched where they stand"):
        crossmatch(X12[0], parts, 5 * u.arcsec, ellipses=True)


def test_several_nearest_come_by_distance_even_where_all_are_wanted():
    left, right = SkyCoord([10] * u.deg, [0] * u.deg), SkyCoord([13, 11, 12] * u.deg, [0, 0, 0] * u.deg)
    assert crossmatch(left, right, 180 * u.deg, k=4)["right"].tolist() == [1, 2, 0]
