"""The nearest within wide circles: as all pairs would have it, without all pairs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyexplorer.core import closest, crossmatch


def sky(dice, count, clustered):
    ra, dec = dice.uniform(0, 360, count), np.degrees(np.arcsin(dice.uniform(-1, 1, count)))
    if clustered:
        ra[: count // 2], dec[: count // 2] = (
            80 + dice.normal(0, 0.01, count // 2),
            -70 + dice.normal(0, 0.01, count // 2),
        )
    ra[::9] = np.nan
    ra[1::13], dec[1::13] = ra[-1], dec[-1]  # ties
    return ra, dec


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6), st.integers(1, 150), st.integers(1, 150), st.booleans(),
    st.sampled_from([0.0, 0.02, 3.0, 60.0, 180.0]), st.integers(1, 4), st.booleans(),
)  # fmt: skip
def test_circles_that_grow_find_the_nearest(seed, n, m, clustered, radius, k, each):
    dice = np.random.default_rng(seed)
    left, right = sky(dice, n, clustered), sky(dice, m, clustered)
    reach = radius * dice.uniform(0, 1, n) if each else radius
    a, b, s = crossmatch.pairs(*left, *right, reach)
    at = crossmatch.chosen(a, b, s, "nearest", k, m)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(closest, "PAIRS", -(10**9))
        patch.setattr(closest, "ENOUGH", 0.5)
        mine = closest.closest(*left, *right, reach, k, 10**6)
        both = None if each else closest.mutual(*left, *right, radius, 10**6)
    assert (np.lexsort((mine[1], mine[0])) == np.arange(len(mine[0]))).all()
    some = crossmatch.chosen(*mine, "nearest", k, m)
    assert [side[some].tolist() for side in mine[:2]] == [side[at].tolist() for side in (a, b)]
    if both is not None:
        at = crossmatch.chosen(a, b, s, "mutual", 1, m)
        assert [side.tolist() for side in both[:2]] == [side[at].tolist() for side in (a, b)]


def test_long_lists_within_thirty_degrees():
    """All pairs would be 4000 million; each wants one."""
    dice = np.random.default_rng(1)
    left, right = ((side[0], side[1]) for side in (sky(dice, 200_000, False), sky(dice, 300_000, False)))
    a, b, s = closest.closest(*left, *right, 30.0, 1, 10**7)
    at = crossmatch.chosen(a, b, s, "nearest", 1, len(right[0]))
    a, b, s = a[at], b[at], s[at]
    assert len(a) == np.isfinite(left[0]).sum()
    from scipy.spatial import cKDTree

    from skyexplorer.core import sphere

    good = np.flatnonzero(np.isfinite(right[0]))
    far, _ = cKDTree(sphere.unit_vectors(*(side[good] for side in right))).query(
        sphere.unit_vectors(*(side[a] for side in left)), workers=2
    )
    assert s == pytest.approx(2 * np.degrees(np.arcsin(far / 2)), abs=1e-9)


def test_crowds_that_no_circle_tells_apart():
    here = np.full(2000, 10.0), np.full(2000, 20.0)
    with pytest.raises(MemoryError):
        closest.closest(*here, *here, 1.0, 1, 1000)
    with pytest.raises(MemoryError):
        closest.closest(*here, *here, 1.0, 1, 2500)  # some rows at a time, but in too many turns
    a, b, s = closest.closest(*here, *here, 1.0, 1, 10_000)
    assert (len(a), b.max(), s.max()) == (2000, 0, 0)
