"""Bad input and odd input by the public door: converted where meant, else a clear error."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import AltAz, SkyCoord
from astropy.table import MaskedColumn, Table
from hypothesis import given, settings
from hypothesis import strategies as st

from skyexplorer import SourceCatalog, crossmatch
from skyexplorer.errors import SkyExplorerError
from skyexplorer.model.matching import groups

RADIUS = 5 * u.arcsec
A = SkyCoord([10, 10.001, 10.01] * u.deg, [0, 0, 0] * u.deg)
B = SkyCoord([10.0006, 10.0098, 359.99] * u.deg, [0, 0, 0] * u.deg)


def pairs(table):
    return list(zip(table["left"].tolist(), table["right"].tolist(), strict=True))


def test_mutual_and_nearest():
    """SCIENCE.md X12."""
    assert pairs(crossmatch(A, B, RADIUS, mode="mutual")) == [(1, 0), (2, 1)]
    kept = crossmatch(A, B, RADIUS, mode="mutual", keep_unmatched=True)
    assert pairs(kept) == [(0, -1), (1, 0), (2, 1)]
    assert crossmatch(A, B, RADIUS)["right"][0] == 0


def test_barnards_star_is_found_where_it_was():
    """SCIENCE.md X13: by default each at the epoch of the other, 166″ apart else."""
    star = {"ra": [269.452076], "dec": [4.693365], "pmra": [-801.551], "pmdec": [10362.394]}
    more = {"parallax": [546.9759], "radial_velocity": [-110.5]}
    now = SourceCatalog(Table({**star, **more}), epoch="J2016.0")
    then = SourceCatalog(Table({"ra": [269.4556467], "dec": [4.6473554]}), epoch="J2000")
    for left, right in ((now, then), (then, now)):
        found = crossmatch(left, right, RADIUS)
        assert pairs(found) == [(0, 0)]
        assert found["separation"][0] < 3e-4
        assert pairs(crossmatch(left, right, RADIUS, epoch=False)) == []
    assert pairs(crossmatch(now, then, RADIUS, epoch="J2016.0")) == []  # then has no motions, and stays


@pytest.mark.parametrize(
    "side",
    [
        ([10, 10.001, 10.01], [0, 0, 0]),
        ([10, 10.001, 10.01] * u.deg, [0, 0, 0] * u.rad),
        (np.array([370, 370.001, -349.99]), np.zeros(3, int)),
        A.galactic,
        A.fk4,
        A.frame,
        Table({"ra": A.ra.deg, "dec": A.dec.deg}),
        Table({"ra": A.ra.hourangle, "dec": A.dec.deg}, units={"ra": "hourangle"}),
        SourceCatalog(Table({"l": A.galactic.l.deg, "b": A.galactic.b.deg})),
    ],
)
def test_whatever_it_comes_in(side):
    assert pairs(crossmatch(side, B, RADIUS, mode="mutual")) == [(1, 0), (2, 1)]
    assert pairs(crossmatch(B, side, RADIUS, mode="mutual")) == [(0, 1), (1, 2)]


def test_rows_without_a_place_match_nothing():
    masked = Table({"ra": MaskedColumn([10.0, 10, 10], mask=[0, 1, 0]), "dec": [0, 0, np.nan]})
    for side in (
        masked,
        ([10, np.nan, 10], [0, 0, np.nan]),
        SkyCoord([10, np.nan, np.nan] * u.deg, [0, 0, 0] * u.deg),
    ):
        for mode in ("nearest", "all", "mutual"):
            assert pairs(crossmatch(side, side, 180 * u.deg, mode)) == []
            assert set(crossmatch(side, A, 180 * u.deg, mode)["left"]) == {0}
            assert set(crossmatch(A, side, 180 * u.deg, mode)["right"]) == {0}
        assert groups(side, RADIUS).tolist() == [0, -1, -1]
    nowhere = ([np.nan, np.nan], [0, 0])
    assert pairs(crossmatch(nowhere, A, 180 * u.deg, "all")) == []
    assert pairs(crossmatch(nowhere, A, RADIUS, keep_unmatched=True)) == [(0, -1), (1, -1)]


def test_empty_sets():
    none = ([], [])
    empty = Table({"ra": [], "dec": []})
    for mode in ("nearest", "all", "mutual"):
        for left, right in (
            (none, A),
            (A, empty),
            (empty, none),
            (SourceCatalog(Table({"ra": [1.0], "dec": [1.0]})).take([]), A),
        ):
            found = crossmatch(left, right, RADIUS, mode)
            assert len(found) == 0
            assert found.colnames == ["left", "right", "separation", "position_angle"]
            assert (found["left"].dtype.kind, found["separation"].unit) == ("i", u.arcsec)
    assert pairs(crossmatch(A, none, RADIUS, keep_unmatched=True)) == [(0, -1), (1, -1), (2, -1)]
    assert pairs(crossmatch(none, A, [] * u.deg)) == []
    assert groups(none, RADIUS).tolist() == []


def test_one_place():
    assert pairs(crossmatch(SkyCoord(10 * u.deg, 0 * u.deg), B, RADIUS)) == [(0, 0)]
    assert pairs(crossmatch((10.0, 0.0), ([10.0], [0.0]), 0 * u.deg)) == [(0, 0)]


@pytest.mark.parametrize(
    ("left", "right", "options", "text"),
    [
        (A, ([1], [91]), {}, "right has a declination of 91 deg, in row 0"),
        (([1, 2], [3]), B, {}, "left has 2 right ascensions and 1 declinations"),
        (A, SkyCoord(1 * u.deg, 2 * u.deg, frame=AltAz()), {}, "right is in the frame 'altaz'"),
        (A, A.reshape(3, 1), {}, "right has the shape"),
        (A, Table({"x": [1.0]}), {}, "Positions cannot be told"),
        (A, Table({"ra": [1.0], "dec": [100.0]}), {}, "goes to 100 deg, in row 0"),
        (A, None, {}, "right is a NoneType"),
        (A, "4fgl", {}, "right is a str"),
        (A, B, {"radius": 2}, "radius is 2"),
        (A, B, {"radius": 2 * u.s}, "radius is"),
        (A, B, {"radius": -2 * u.deg}, "radius is -2.0 deg"),
        (A, B, {"radius": np.nan * u.deg}, "radius is nan deg"),
        (A, B, {"radius": [1, 2] * u.deg}, "2 radii for 3 rows of left"),
        (A, B, {"radius": None}, "left has no errors"),
        (A, B, {"mode": "closest"}, "mode is 'closest'"),
        (A, B, {"k": 0}, "k is 0"),
        (A, B, {"k": 1.5}, "k is 1.5"),
    ],
)
def test_what_is_refused(left, right, options, text):
    with pytest.raises(SkyExplorerError, match=text):
        crossmatch(left, right, **{"radius": RADIUS, **options})


numbers = st.one_of(st.floats(), st.floats(-91, 361), st.integers(-100, 400), st.none(), st.text(max_size=3))
lists = st.lists(numbers, max_size=4)
places = st.integers(0, 6).flatmap(
    lambda n: st.tuples(
        st.lists(st.floats(-360, 720), min_size=n, max_size=n),
        st.lists(st.floats(-90, 90), min_size=n, max_size=n),
    )
)
garbage = st.one_of(
    st.tuples(lists, lists),
    st.lists(st.tuples(numbers, numbers), min_size=1, max_size=4).map(
        lambda rows: Table({"ra": [row[0] for row in rows], "dec": [row[1] for row in rows]})
    ),
    numbers,
    lists,
)
widths = st.floats(0, 180).map(lambda x: x * u.deg)
no_widths = st.one_of(
    numbers,
    st.floats().map(lambda x: x * u.deg),
    st.lists(st.floats(0, 181), max_size=3).map(lambda x: x * u.deg),
)
modes = st.sampled_from(["nearest", "all", "mutual"])


@st.composite
def questions(draw):
    """A left and a right side and a radius, of which at most one is garbage."""
    bad = draw(st.sampled_from(["left", "right", "radius", "", ""]))
    left, right = (draw(garbage if bad == side else places) for side in ("left", "right"))
    return left, right, draw(no_widths if bad == "radius" else widths)


@settings(max_examples=200, deadline=None)
@given(questions(), modes, st.integers(1, 3))
def test_garbage_is_refused_or_right(asked, mode, k):
    left, right, radius = asked
    try:
        found = crossmatch(left, right, radius, mode, k)
    except SkyExplorerError:
        return
    from skyexplorer.core.sphere import separation
    from skyexplorer.model.places import degrees

    ours, theirs = degrees(left, "left"), degrees(right, "right")
    a, b = found["left"].data, found["right"].data
    sep = separation(ours[0][a], ours[1][a], theirs[0][b], theirs[1][b])
    np.testing.assert_allclose(found["separation"].to("deg").value, sep, atol=1e-8)
    reach = np.broadcast_to(u.Quantity(radius).to_value(u.deg), len(ours[0]))
    assert (sep <= reach[a] + 1e-8).all()
