"""Short lists, without compiled code: the same answers as the join and its neighbours."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyexplorer.core import crossmatch, few, join, neighbours, sphere


def lists(seed, count, spread):
    """Two lists of which some lie near each other, some twice, and some nowhere."""
    dice = np.random.default_rng(seed)
    ra, dec = dice.uniform(0, 360, count), np.degrees(np.arcsin(dice.uniform(-1, 1, count)))
    near = sphere.offset(ra, dec, dice.uniform(0, 360, count), spread * dice.exponential(1, count))
    near[0][::7], near[1][::7] = near[0][0], near[1][0]
    ra[::11] = np.nan
    return (ra, dec), near


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 300), st.sampled_from([1e-4, 0.1, 3.0]), st.integers(1, 4))
def test_short_lists_answer_as_long_ones_do(seed, count, spread, k):
    left, right = lists(seed, count, spread)
    a, b, s = few.pairs(*left, *right, 2 * spread)
    one, other, sep = join.pairs(*left, *right, 2 * spread, np.empty(0), 10**9)
    assert (a.tolist(), b.tolist()) == (one.tolist(), other.tolist())
    assert s == pytest.approx(sep, abs=1e-13)
    assert few.k_nearest(a, s, 1).tolist() == neighbours.nearest(a, s).tolist()
    assert few.k_nearest(a, s, k).tolist() == neighbours.k_nearest(a, s, k).tolist()
    assert few.mutual(a, b, s).tolist() == neighbours.mutual(a, b, s, count).tolist()
    angle = few.position_angles(*(side[a] for side in left), *(side[b] for side in right))
    assert angle == pytest.approx(neighbours.position_angles(*left, *right, a, b), abs=1e-9)


def test_what_is_too_much_to_look_at_goes_to_the_join(monkeypatch):
    left, right = lists(1, 5000, 0.01)
    short = few.pairs(*left, *right, 0.02)
    assert short is not None
    monkeypatch.setattr(few, "CANDIDATES", 100)
    assert few.pairs(*left, *right, 0.02) is None
    a, b, _ = crossmatch.pairs(*left, *right, 0.02)
    assert (a.tolist(), b.tolist()) == (short[0].tolist(), short[1].tolist())


def test_the_first_match_of_short_lists_loads_nothing_that_is_compiled():
    code = """if True:
        import sys
        from astropy import units as u
        from astropy.coordinates import SkyCoord
        from skyexplorer import crossmatch
        places = SkyCoord([10, 10.001, 10.01] * u.deg, [0, 0, 0] * u.deg)
        for mode in ("nearest", "all", "mutual"):
            assert len(crossmatch(places, places[::-1], 1 * u.arcmin, mode=mode, k=1))
        sys.exit("numba" in sys.modules)
    """
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
