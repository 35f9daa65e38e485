"""A match in parts gives what a match of the whole lists gives: the same pairs, in the same order, and the same ties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyexplorer.core import crossmatch, few, neighbours, stream
from skyexplorer.core.stream import Gathered, Holder, Part

NONE = np.empty(0)


@pytest.fixture(autouse=True, scope="module")
def _by_the_same_kernel():
    """Short lists have a way of their own in memory, whose separations differ in the last digit, and so their ties."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(few, "ROWS", -1)
        yield


def sky(dice, count):
    """Positions of which many are near others, some the same, some at the poles and beside right ascension 0."""
    ra, dec = dice.uniform(0, 360, count), np.degrees(np.arcsin(dice.uniform(-1, 1, count)))
    kind = dice.integers(0, 6, count)
    ra = np.where(kind == 1, 200 + np.round(dice.normal(0, 3e-3, count), 3), ra)
    dec = np.where(kind == 1, 10 + np.round(dice.normal(0, 3e-3, count), 3), dec)
    dec = np.where(kind == 2, 90 - dice.exponential(0.01, count).clip(0, 1), dec)
    ra = np.where(kind == 3, dice.normal(0, 0.003, count) % 360, ra)
    dec = np.where(kind == 3, dice.normal(0, 0.003, count), dec)
    ra[dice.integers(0, count, count // 20)] = np.nan
    return ra, dec


def whole(left, right, radius, mode, k, itself, max_sigma=5.0):
    """As `model.matching.crossmatch` has it."""
    if radius is None:
        a, b, s = crossmatch.pairs_within_errors(
            left.ra, left.dec, left.sigma, right.ra, right.dec, right.sigma, max_sigma
        )
    else:
        a, b, s = crossmatch.pairs(left.ra, left.dec, right.ra, right.dec, radius)
    if itself:
        a, b, s = a[a != b], b[a != b], s[a != b]
    if mode == "mutual":
        at = neighbours.mutual(a, b, s, len(right.ra))
    elif mode == "nearest":
        at = neighbours.nearest(a, s) if k == 1 else neighbours.k_nearest(a, s, k)
    else:
        at = np.arange(len(a))
    if itself and mode != "nearest":
        at = at[a[at] < b[at]]
    angle = neighbours.position_angles(left.ra, left.dec, right.ra, right.dec, a[at], b[at])
    return a[at], b[at], s[at], angle


def cut(side, edges):
    return [
        Part(low, side.ra[low:high], side.dec[low:high], side.sigma[low:high])
        for low, high in zip([0, *edges], [*edges, len(side.ra)], strict=True)
    ]


@settings(deadline=None, max_examples=50)
@given(
    seed=st.integers(0, 10**6),
    mode=st.sampled_from(["nearest", "all", "mutual"]),
    k=st.integers(1, 3),
    kind=st.sampled_from(["one", "each", "errors"]),
    held_is_left=st.booleans(),
    itself=st.booleans(),
    asked_at=st.lists(st.integers(0, 300), max_size=5).map(sorted),
    held_at=st.lists(st.integers(0, 300), max_size=2).map(sorted),
    room=st.sampled_from([0, 10, 10**6]),
)
def test_parts_are_the_whole(seed, mode, k, kind, held_is_left, itself, asked_at, held_at, room):
    dice = np.random.default_rng(seed)
    sigma = 10 ** dice.uniform(-5, -1.5, 300)
    sigma[dice.integers(0, 300, 5)] = np.nan
    left = Part(0, *sky(dice, 300), sigma)
    right = left if itself else Part(0, *sky(dice, 300), sigma[::-1].copy())
    if not itself:  # some that are the same
        right.ra[:50], right.dec[:50] = left.ra[100:150], left.dec[100:150]
    radius = {"one": 0.004, "each": 10 ** dice.uniform(-5, 1.2, 300), "errors": None}[kind]
    gathered = Gathered(mode, k, itself, 10**7)
    gathered._room = room
    for block in cut(left if held_is_left else right, held_at):
        if len(block.ra):
            holder = Holder(block, held_is_left, radius, 5.0)
            for part in cut(right if held_is_left else left, asked_at):
                gathered.add(holder, part)
    found = gathered.done()
    a, b, s, angle = whole(left, right, radius, mode, k, itself)
    np.testing.assert_array_equal(found.left, a)
    np.testing.assert_array_equal(found.right, b)
    np.testing.assert_array_equal(found.separation, s)
    np.testing.assert_array_equal(found.angle, angle)
    if radius is None:
        np.testing.assert_array_equal(found.combined, np.hypot(left.sigma[a], right.sigma[b]))


@pytest.mark.parametrize("held_is_left", [True, False])
def test_wide_circles(held_is_left):
    """Over 20 deg too, to rounding."""
    dice = np.random.default_rng(4)
    left, right = Part(0, *sky(dice, 300), NONE), Part(0, *sky(dice, 300), NONE)
    for radius in (70.0, 10 ** dice.uniform(-3, 2.2, 300)):
        gathered = Gathered("all", 1, False, 10**7)
        holder = Holder(left if held_is_left else right, held_is_left, radius, 5.0)
        for part in cut(right if held_is_left else left, [1, 120]):
            gathered.add(holder, part)
        a, b, s, _ = whole(left, right, radius, "all", 1, False)
        found = gathered.done()
        np.testing.assert_array_equal(found.left, a)
        np.testing.assert_array_equal(found.right, b)
        np.testing.assert_allclose(found.separation, s, rtol=1e-9, atol=1e-13)


def test_too_many_pairs_are_refused_with_their_number():
    place = np.zeros(100), np.zeros(100)
    gathered = Gathered("all", 1, False, 15_000)
    holder = Holder(Part(0, *place), True, 0.001, 5.0)
    gathered.add(holder, Part(0, *place))
    with pytest.raises(MemoryError) as refused:
        gathered.add(holder, Part(100, *place))
    assert refused.value.args == (20_000,)


def test_pairs_that_cannot_be_wanted_are_let_go(monkeypatch):
    """A hundred parts of which each has a nearer neighbour: no more is kept than there are rows, and some."""
    monkeypatch.setattr(stream, "ROOM", 1000)
    gathered = Gathered("nearest", 1, False, 10**6)
    ra, dec = np.linspace(0, 300, 500), np.zeros(500)
    holder = Holder(Part(0, ra, dec), True, 0.01, 5.0)
    most = 0
    for number in range(100):
        gathered.add(holder, Part(500 * number, ra + 0.005 * (1 - number / 100), dec))
        most = max(most, gathered.kept)
    found = gathered.done()
    assert most <= 2500
    np.testing.assert_array_equal(found.right, np.arange(500) + 500 * 99)


def test_angles_are_made_tidy_in_place():
    ra = np.array([-1e-20, 360.0, 370.0, -10.0, np.inf, 5.0, 719.0])
    dec = np.array([0.0, 1.0, 2.0, 3.0, 4.0, np.nan, -90.5])
    assert stream.tidied(ra, dec) == (719.0, 90.5)
    np.testing.assert_array_equal(ra, [0, 0, 10, 350, np.nan, np.nan, 359])
    np.testing.assert_array_equal(np.isnan(dec), np.isnan(ra))
