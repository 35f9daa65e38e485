"""The parts of the join: cells that hold a circle whole, the filter, parts that spill over, and pairs put into order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyexplorer.core import cells, crossmatch, join, memory, neighbours, radix, slots, sphere
from skyexplorer.errors import Cancelled, InputError
from skyexplorer.progress import Progress

NONE = np.empty(0)


def sky(dice, count):
    return dice.uniform(0, 360, count), np.degrees(np.arcsin(dice.uniform(-1, 1, count)))


places = st.tuples(st.floats(0, 359.9999999), st.floats(-90, 90))


@settings(deadline=None)
@given(places, st.floats(0, 360), st.floats(0, 1), st.floats(1e-7, 0.49))
def test_near_is_vincenty(place, angle, share, reach):
    ra, dec = sphere.offset(*place, angle, share * reach)
    assert cells.near(*place, float(ra), float(dec)) == pytest.approx(
        float(cells.separation(*place, float(ra), float(dec))), rel=1e-9, abs=3e-14
    )


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 10**6), st.floats(1e-6, 19), st.sampled_from([1.0, 89.9, 90.0]))
def test_the_filter_knows_every_cell_that_a_circle_touches(seed, radius, top):
    """Whatever lies within a radius of a member passes, be it in another cell, across 0h or around a pole."""
    dice = np.random.default_rng(seed)
    ra, dec = dice.uniform(0, 360, 50), dice.uniform(top - 1, top, 50) * dice.choice([-1, 1])
    held = join.hold(ra, dec, radius)
    near = sphere.offset(
        ra, dec, dice.uniform(0, 360, 50), radius * (1 - 1e-9) * np.sqrt(dice.uniform(0, 1, 50))
    )
    out = np.empty(1, np.uint64)
    radix.passed(*near, *held.grid, np.uint64(64 - int(np.log2(len(held.filter)))), held.filter, out)
    assert np.unpackbits(out.view(np.uint8), bitorder="little")[:50].all()


def test_the_filter_lets_all_pass_that_have_a_neighbour_and_few_others():
    dice = np.random.default_rng(2)
    ra, dec = sky(dice, 200_000)
    near = sphere.offset(ra, dec, dice.uniform(0, 360, len(ra)), 1e-3 * dice.uniform(0, 1, len(ra)))
    held = join.hold(ra, dec, 1e-3)
    shift = np.uint64(64 - int(np.log2(len(held.filter))))

    def passed(ra, dec):
        out = np.empty(-(-len(ra) // 64), np.uint64)
        radix.passed(ra, dec, *held.grid, shift, held.filter, out)
        return np.unpackbits(out.view(np.uint8), bitorder="little")[: len(ra)].astype(bool)

    assert passed(*near).all()
    assert passed(*sky(dice, 200_000)).mean() < 0.05


def test_crowds_spill_over_and_all_their_pairs_are_found():
    """Where each question has far more answers than it is long, its part is asked again with room for all."""
    dice = np.random.default_rng(3)
    ra, dec = sky(dice, 20_000)
    ra[:300], dec[:300] = 120 + dice.normal(0, 1e-5, 300), 30 + dice.normal(0, 1e-5, 300)
    held = join.hold(ra, dec, 1e-3)
    found = join.ask(held, ra, dec, 0, True, NONE, 10**9)
    assert len(found) == 2
    a, b, _ = slots.lines(found, len(ra))
    crowd = (a < 300) & (b < 300)
    assert crowd.sum() == 300 * 300
    assert (a[~crowd] == b[~crowd]).sum() == 20_000 - 300
    assert (np.lexsort((b, a)) == np.arange(len(a))).all()


def test_dense_fields_have_small_cells():
    dice = np.random.default_rng(4)
    radius = 2 / 3600
    assert join.cell_size(*sky(dice, 1000), radius) == pytest.approx(join.ACROSS * radius)
    field = 150 + dice.uniform(0, 1, 1_000_000), dice.uniform(0, 1, 1_000_000)
    assert join.cell_size(*field, radius) == pytest.approx(3 * radius)
    assert join.cell_size(*(side[:30_000] for side in field), radius) == pytest.approx(
        np.sqrt(0.15 / 30_000), rel=0.3
    )
    assert join.cell_size(np.full(5, np.nan), np.full(5, np.nan), radius) > 0


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 400), st.sampled_from([40, 3000, 50_000, 10**7]))
def test_lines_put_any_slots_into_order(seed, count, rows):
    dice = np.random.default_rng(seed)
    left, right = dice.integers(0, rows, count), dice.integers(0, 2**32, count)
    left, right = np.unique(np.stack([left, right]), axis=1)
    turn = dice.permutation(left.shape[0])
    words = np.empty(2 * len(turn) + 7, np.uint64)
    words[: 2 * len(turn) : 2] = (left[turn].astype(np.uint64) << np.uint64(32)) | right[turn].astype(
        np.uint64
    )
    words.view(np.float64)[1 : 2 * len(turn) : 2] = turn
    half = len(turn) // 2
    parts = slots.Slots(words, np.array([0, 2 * half]), np.array([half, len(turn) - half]))
    a, b, s = slots.lines([parts], rows)
    assert a.tolist() == left.tolist()
    assert b.tolist() == right.tolist()
    assert s.tolist() == list(range(len(turn)))


def test_a_pair_that_came_twice_is_one_row():
    words = np.array([(3 << 32) | 5, 0, (3 << 32) | 5, 0, (1 << 32) | 9, 0], np.uint64)
    a, b, s = slots.lines([slots.Slots(words, np.array([0]), np.array([3]))], 10)
    assert (a.tolist(), b.tolist(), len(s)) == ([1, 3], [9, 5], 2)


def test_slices_may_be_cut_anywhere(monkeypatch):
    dice = np.random.default_rng(5)
    left, right = sky(dice, 500), sky(dice, 5000)
    whole = crossmatch.pairs(*left, *right, 3.0)
    for cut in (1000, 1024, 4999):
        monkeypatch.setattr(join, "SLICE", cut)
        for one, other in zip(whole, crossmatch.pairs(*left, *right, 3.0), strict=True):
            assert (one == other).all()


def test_too_many_rows_and_too_many_pairs(monkeypatch):
    ra, dec = sky(np.random.default_rng(6), 3000)
    with pytest.raises(MemoryError):
        crossmatch.pairs(ra, dec, ra, dec, 15.0, most=1000)
    monkeypatch.setattr(crossmatch, "MOST_ROWS", 100)
    with pytest.raises(ValueError, match="3000 rows"):
        crossmatch.pairs(ra, dec, ra, dec, 1.0)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.integers(1, 60), st.integers(1, 4))
def test_neighbours_of_a_mode(seed, count, k):
    """Against the plainest way, with ties."""
    dice = np.random.default_rng(seed)
    ra, dec = dice.integers(0, 8, count).astype(float), dice.integers(0, 3, count).astype(float)
    other = dice.integers(0, 8, count).astype(float), dice.integers(0, 3, count).astype(float)
    a, b, s = crossmatch.pairs(ra, dec, *other, 2.5)
    rows = list(zip(a.tolist(), b.tolist(), s.tolist(), strict=True))
    best = {
        row: sorted((r for r in rows if r[0] == row), key=lambda r: (r[2], r[1])) for row in set(a.tolist())
    }
    back = {row: min((r for r in rows if r[1] == row), key=lambda r: (r[2], r[0])) for row in set(b.tolist())}
    assert [rows[i] for i in neighbours.nearest(a, s)] == [best[row][0] for row in sorted(best)]
    assert [rows[i] for i in neighbours.k_nearest(a, s, k)] == [
        r for row in sorted(best) for r in best[row][:k]
    ]
    both = [best[row][0] for row in sorted(best) if back[best[row][0][1]] == best[row][0]]
    assert [rows[i] for i in neighbours.mutual(a, b, s, count)] == both


def test_directions():
    dice = np.random.default_rng(7)
    one, two = sky(dice, 500), sky(dice, 500)
    rows = np.arange(500)
    angle = neighbours.position_angles(*one, *two, rows, rows)
    assert angle == pytest.approx(sphere.position_angle(*one, *two), abs=1e-9)
    assert ((angle >= 0) & (angle < 360)).all()
    here, north, west = np.zeros(1), np.array([1e-9]), np.array([360 - 1e-9])
    at = np.zeros(1, np.int64)
    assert neighbours.position_angles(here, here, here, north, at, at) == pytest.approx(0)
    assert neighbours.position_angles(here, here, west, here, at, at) == pytest.approx(270)


@pytest.mark.parametrize("seed", range(4))
def test_errors_of_any_mixture(seed):
    """A few poor positions among good ones, and rows without an error."""
    dice = np.random.default_rng(seed)
    left, right = sky(dice, 300), sky(dice, 500)
    sigma1, sigma2 = 10 ** dice.uniform(-4, 1, 300), 10 ** dice.uniform(-5, 1.5, 500)
    sigma1[::7], sigma2[::11] = np.nan, np.nan
    a, b, s = crossmatch.pairs_within_errors(*left, sigma1, *right, sigma2, 2.0)
    psi = sphere.separation(left[0][:, None], left[1][:, None], *right)
    with np.errstate(invalid="ignore"):
        x, y = np.nonzero(psi <= 2 * np.hypot(sigma1[:, None], sigma2))
    assert (a.tolist(), b.tolist()) == (x.tolist(), y.tolist())
    assert s == pytest.approx(psi[a, b], abs=1e-9)
    none = crossmatch.pairs_within_errors(*left, np.full(300, np.nan), *right, sigma2, 2.0)
    assert len(none[0]) == 0


def test_memory_is_asked_for_before_it_is_taken(monkeypatch):
    dice = np.random.default_rng(8)
    ra, dec = sky(dice, 100_000)
    monkeypatch.setenv(memory.VARIABLE, "5 MB")
    with pytest.raises(InputError, match=r"A match of 100000 × 100000 positions needs .* MB"):
        crossmatch.pairs(ra, dec, ra, dec, 1e-3)
    few = ra[:2000], dec[:2000]
    monkeypatch.setenv(memory.VARIABLE, "3 MB")
    with pytest.raises(
        InputError, match=r"pairs needs .* of memory, and 3\.0 MB are allowed\. Match in parts"
    ):
        crossmatch.pairs(*few, *few, 19.0)


def test_a_match_reports_and_can_be_cancelled(monkeypatch):
    monkeypatch.setattr(join, "SLICE", 1000)
    ra, dec = sky(np.random.default_rng(9), 30_000)
    with Progress("matching") as progress:
        crossmatch.pairs(ra[:10], dec[:10], ra, dec, 1.0)
    assert (progress.share, progress.total) == (1.0, 30_000)
    seen = []

    def stop(progress):
        seen.append(progress.done)
        progress.cancel()

    stopped = Progress()
    stopped.watch(stop)
    with stopped, pytest.raises(Cancelled):
        crossmatch.pairs(ra[:10], dec[:10], ra, dec, 1.0)
    assert seen[0] < 30_000
