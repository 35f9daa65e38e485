"""Questions to a sorted list: all within a radius and the k nearest, against brute force in extended precision."""

from __future__ import annotations

import numba as nb
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from skyexplorer.core import crossmatch, memory, probing, sphere, touching
from skyexplorer.core import sorted as keep
from skyexplorer.errors import Cancelled, InputError
from skyexplorer.progress import Progress

PI = np.longdouble("3.14159265358979323846264338327950288")


def brute(ra1, dec1, ra2, dec2):
    """Separations (deg) of all with all by Vincenty's formula in extended precision."""
    a1, d1, a2, d2 = (np.asarray(side, np.longdouble) * PI / 180 for side in (ra1, dec1, ra2, dec2))
    a1, d1 = a1[:, None], d1[:, None]
    half = np.sin((a2 - a1) / 2)
    y = np.sin(d2 - d1) + 2 * np.sin(d1) * np.cos(d2) * half * half
    x = np.cos(d2) * np.sin(a2 - a1)
    z = np.sin(d1) * np.sin(d2) + np.cos(d1) * np.cos(d2) * np.cos(a2 - a1)
    return np.arctan2(np.sqrt(x * x + y * y), z) * 180 / PI


place = st.one_of(
    st.sampled_from([(0.0, 90.0), (120.0, 90.0), (0.0, -90.0), (0.0, 0.0), (45.0, 0.0), (90.0, 41.8103)]),
    st.tuples(st.floats(0, 359.9999999), st.floats(-90, 90)),
    st.tuples(
        st.sampled_from([0.0, 359.9999999, 90.0, 45.0]), st.floats(-1e-5, 1e-5)
    ),  # crowds, on both sides of 0
    st.tuples(st.floats(0, 359.9), st.floats(89.9999, 90)),
)
lists = st.lists(place, min_size=1, max_size=40)


def sides(listed):
    return tuple(np.array([row[k] for row in listed], float) for k in (0, 1))


def asked(pieces, ra, dec, radius):
    """Left rows, rows of the catalogue and separations, by left and by row."""
    a, number, s = probing.within(pieces, ra, dec, radius, 10**9)
    row = np.concatenate([piece.row for piece in pieces])[number]
    order = np.lexsort((row, a))
    return a[order], row[order], s[order]


def compare(pieces, ra1, dec1, ra2, dec2, radius):
    a, b, s = asked(pieces, ra1, dec1, radius)
    truth = brute(ra1, dec1, ra2, dec2)
    each = np.broadcast_to(np.asarray(radius, float), (len(ra1),))[:, None]
    found = np.zeros(truth.shape, bool)
    found[a, b] = True
    assert len(a) == found.sum()  # none twice
    assert not (found & (truth > each * (1 + 1e-11) + 1e-12)).any()
    assert found[truth < each * (1 - 1e-11) - 1e-12].all()
    assert np.allclose(s, truth[a, b].astype(float), rtol=1e-9, atol=1e-11)


@settings(deadline=None, max_examples=100)
@given(
    lists,
    lists,
    st.one_of(st.sampled_from([0.0, 180.0, 90.0, 39.2, 20.0]), st.floats(-9, 2.2).map(lambda p: 10.0**p)),
)
@example([(0.0, 90.0)], [(77.0, 90.0), (10.0, -90.0)], 0.0)
@example([(10.0, 20.0)], [(190.0, -20.0)], 180.0)
def test_all_within_a_radius(left, right, radius):
    compare([keep.made(*sides(right))], *sides(left), *sides(right), radius)


@pytest.mark.parametrize("radius", [1e-3, 2.0])
def test_divided_among_threads_or_not(monkeypatch, radius):
    dice = np.random.default_rng(7)
    left, right = sky(dice, 1000, True), sky(dice, 3000, True)
    pieces = [keep.made(*right), keep.made(*left, 3000)]
    alone = probing.within(pieces, *left, radius, 10**9), probing.nearest(pieces, *left, 4)
    monkeypatch.setattr(probing, "ALONE", 0)
    among = probing.within(pieces, *left, radius, 10**9), probing.nearest(pieces, *left, 4)
    for a, b in zip(alone, among, strict=True):
        assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


@settings(deadline=None, max_examples=40)
@given(lists, lists, lists, st.floats(-7, 2).map(lambda p: 10.0**p))
def test_pieces_are_one_list(left, right, more, radius):
    pieces = [keep.made(*sides(right)), keep.made(*sides(more), len(right))]
    compare(pieces, *sides(left), *sides(right + more), radius)


def sky(dice, count, clustered=False):
    ra, dec = dice.uniform(0, 360, count), np.degrees(np.arcsin(dice.uniform(-1, 1, count)))
    if clustered:
        half = count // 2
        ra[:half], dec[:half] = (
            (359.999 + dice.normal(0, 1e-2, half)) % 360,
            41.81 + dice.normal(0, 1e-2, half),
        )
    return ra, dec


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("radius", [1e-5, 1e-3, 0.02, 0.7, 9.0])
def test_the_same_as_the_join(clustered, radius):
    dice = np.random.default_rng(1)
    left, right = sky(dice, 400, clustered), sky(dice, 30_000, clustered)
    near = sphere.offset(
        *(side[:300] for side in right), dice.uniform(0, 360, 300), radius * dice.uniform(0, 2, 300)
    )
    left[0][:300], left[1][:300] = near[0] % 360, near[1]
    left[0][7] = np.nan
    held = keep.made(*right)
    want = crossmatch.pairs(*left, *right, radius)
    found = asked([held], *left, radius)
    assert len(want[0]) > 100
    assert np.array_equal(found[0], want[0])
    assert np.array_equal(found[1], want[1])
    assert np.allclose(found[2], want[2], rtol=1e-12, atol=0)
    each = radius * dice.uniform(0, 1, 400)
    want, found = crossmatch.pairs(*left, *right, each), asked([held], *left, each)
    assert np.array_equal(found[0], want[0])
    assert np.array_equal(found[1], want[1])


def test_threads_and_chunks_change_nothing(monkeypatch):
    dice = np.random.default_rng(2)
    left, right = sky(dice, 5000, True), sky(dice, 20_000, True)
    held = keep.made(*right)
    many = probing.within([held], *left, 0.01, 10**9), probing.nearest([held], *left, 3)
    before = nb.get_num_threads()
    monkeypatch.setattr(probing, "AT_ONCE", 1000)
    monkeypatch.setattr(probing, "CHUNK", 100)
    monkeypatch.setattr(probing, "ALONE", 0)
    try:
        nb.set_num_threads(1)
        one = probing.within([held], *left, 0.01, 10**9), probing.nearest([held], *left, 3)
    finally:
        nb.set_num_threads(before)
    for a, b in zip(many, one, strict=True):
        assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_many_questions_and_wide_circles_go_to_the_join(monkeypatch):
    dice = np.random.default_rng(3)
    left, right = sky(dice, 300), sky(dice, 9000)
    held = keep.made(*right)
    want = asked([held], *left, 8.0)
    monkeypatch.setattr(probing, "_as_join", lambda *_: True)
    found = asked([held], *left, 8.0)
    assert all(np.array_equal(a, b) for a, b in zip(want, found, strict=True))
    monkeypatch.undo()
    assert probing._as_join(10**8, 1, 180.0)
    assert not probing._as_join(10**8, 1, 1.0)
    assert probing._as_join(10**6, 200_000, 1e-4)
    assert not probing._as_join(10**7, 10_000, np.full(10_000, 2 / 3600))


def test_more_pairs_than_may_be():
    ra, dec = np.full(300, 10.0), np.full(300, 20.0)
    held = keep.made(ra, dec)
    assert len(probing.within([held], ra, dec, 1e-3, 90_000)[0]) == 90_000
    with pytest.raises(MemoryError):
        probing.within([held], ra, dec, 1e-3, 89_999)
    with pytest.raises(MemoryError):
        probing.within([held, held], ra, dec, 1e-3, 100_000)


def test_a_damaged_table_of_cells_reads_nothing_outside():
    """Whatever a file says, rows that are not there are not read."""
    dice = np.random.default_rng(4)
    right = sky(dice, 1000)
    held = keep.made(*right)
    wild = held._replace(offset=dice.integers(-(2**31), 2**31, len(held.offset)).astype(np.int32))
    probing.within([wild], *sky(dice, 500), 3.0, 10**9)
    probing.nearest([wild], *sky(dice, 500), 4)
    lost = held._replace(ra=np.full(1000, np.nan), cell=dice.integers(-(2**62), 2**62, 1000))
    probing.within([lost], *sky(dice, 500), 3.0, 10**9)
    probing.nearest([lost], *sky(dice, 500), 4)


@settings(deadline=None, max_examples=100)
@given(lists, lists, st.integers(1, 6), st.booleans())
@example([(0.0, 90.0)], [(10.0, -90.0)], 1, False)
@example([(10.0, 20.0)], [(190.0, -20.0), (10.0, 20.0), (10.0, 20.0)], 2, True)
def test_the_k_nearest(left, right, k, parted):
    ra, dec = sides(right)
    pieces = [keep.made(ra, dec)]
    if parted:
        half = len(ra) // 2
        pieces = [keep.made(ra[:half], dec[:half]), keep.made(ra[half:], dec[half:], half)]
    a, number, s = probing.nearest(pieces, *sides(left), k)
    row = np.concatenate([piece.row for piece in pieces])[number]
    truth = brute(*sides(left), ra, dec)
    assert a.tolist() == np.repeat(np.arange(len(left)), min(k, len(right))).tolist()
    best = np.sort(truth, axis=1)[:, :k].ravel().astype(float)
    assert np.allclose(s, best, rtol=1e-9, atol=1e-11)
    assert np.allclose(s, truth[a, row].astype(float), rtol=1e-9, atol=1e-11)
    for i in range(len(left)):
        mine = row[a == i]
        assert len(set(mine.tolist())) == len(mine)
        assert all(
            b > c or t < v for b, c, t, v in zip(mine[1:], mine, s[a == i], s[a == i][1:], strict=False)
        )


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("k", [1, 10])
def test_the_nearest_of_many(clustered, k):
    from scipy.spatial import cKDTree

    dice = np.random.default_rng(5)
    left, right = sky(dice, 2000, clustered), sky(dice, 30_000, clustered)
    _, number, _ = probing.nearest([held := keep.made(*right)], *left, k)
    _, want = cKDTree(sphere.unit_vectors(*right)).query(sphere.unit_vectors(*left), k=k)
    assert np.array_equal(held.row[number], want.ravel())


def test_the_nearest_of_few_and_of_none():
    held, none = keep.made(np.array([10.0, np.nan]), np.zeros(2)), keep.made(np.empty(0), np.empty(0))
    left = np.array([200.0, np.nan]), np.zeros(2)
    a, _, s = probing.nearest([none, held], *left, 9)
    assert (a.tolist(), s.round(9).tolist()) == ([0], [170.0])
    assert len(probing.nearest([none], *left, 1)[0]) == 0
    assert len(probing.within([none], *left, 180.0, 9)[0]) == 0


def test_it_can_be_stopped_and_asks_for_memory(monkeypatch):
    dice = np.random.default_rng(6)
    left, held = sky(dice, 500), keep.made(*sky(dice, 500))
    with Progress("nearest") as watched:
        watched.cancel()
        with pytest.raises(Cancelled):
            probing.nearest([held], *left, 1)
    monkeypatch.setenv(memory.VARIABLE, "10 kB")
    with pytest.raises(InputError, match="nearest"):
        probing.nearest([held], *left, 5)
    with pytest.raises(InputError, match="pairs"):
        probing.within([held], *left, 180.0, 10**9)


def test_questions_are_of_the_deepest_order_at_most():
    """Positions that differ by their last digits only are told apart by their separation, not by their cell."""
    ra = np.array([10.0, np.nextafter(10.0, 11), 10 + 1e-13])
    held = keep.made(ra, np.zeros(3))
    assert touching.finest_order(1e-12) == touching.DEEPEST
    compare([held], ra, np.zeros(3), ra, np.zeros(3), 1e-12)
