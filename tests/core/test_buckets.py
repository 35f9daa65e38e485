"""Circles too wide for the join: asked of buckets, with either list in them, and the same from one thread as from many."""

from __future__ import annotations

import numba as nb
import numpy as np
import pytest

from skyexplorer.core import cells, sphere
from skyexplorer.core.buckets import buckets, probe
from skyexplorer.core.slots import lines


def lists():
    dice = np.random.default_rng(1)
    ra, dec = dice.uniform(0, 360, 900), np.degrees(np.arcsin(dice.uniform(-1, 1, 900)))
    ra[:4], dec[:4] = [0, 120, 0, 359.9999999], [90, 90, -90, 0]
    ra[7] = np.nan
    return (ra[:300], dec[:300]), (ra[300:], dec[300:])


@pytest.mark.parametrize("radius", [20.5, 90.0, 179.9, 180.0])
@pytest.mark.parametrize("turned", [False, True])
def test_wide_circles(radius, turned):
    left, right = lists()
    apart = sphere.separation(left[0][:, None], left[1][:, None], *right)
    each = np.linspace(0, radius, 300)
    for radii in (np.empty(0), each):
        held, asks = (left, right) if turned else (right, left)
        found = probe(buckets(*held, cells.grid(60.0)), *asks, radius, radii, turned, 10**9)
        a, b, s = lines([found], 300)
        with np.errstate(invalid="ignore"):
            want = np.nonzero(apart <= (radii[:, None] if len(radii) else radius))
        assert np.array_equal(a, want[0])
        assert np.array_equal(b, want[1])
        assert np.allclose(s, apart[a, b], rtol=0, atol=1e-9)


def test_threads_change_nothing_and_too_many_are_told():
    left, right = lists()
    held, before = buckets(*right, cells.grid(60.0)), nb.get_num_threads()
    many = lines([probe(held, *left, 50.0, np.empty(0), False, 10**9)], 300)
    try:
        nb.set_num_threads(1)
        one = lines([probe(buckets(*right, cells.grid(60.0)), *left, 50.0, np.empty(0), False, 10**9)], 300)
    finally:
        nb.set_num_threads(before)
    assert all(np.array_equal(a, b) for a, b in zip(many, one, strict=True))
    with pytest.raises(MemoryError):
        probe(held, *left, 50.0, np.empty(0), False, len(many[0]) - 1)
