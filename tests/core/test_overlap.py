"""The overlap of two maps, beside the sum over the finest flat map."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyexplorer.core import healpix
from skyexplorer.core.overlap import integral

seeds = st.integers(0, 2**32 - 1)


def cells(seed, deepest, filled):
    """Cells of mixed order with densities, in the order of the sky; a part of it where ``filled`` is below 1."""
    dice = np.random.default_rng(seed)
    order, ipix, level = [], [], np.arange(12)
    for k in range(deepest + 1):
        split = dice.random(len(level)) < (0.5 if k < deepest else 0)
        kept = level[~split][dice.random((~split).sum()) < filled]
        order.append(np.full(len(kept), k))
        ipix.append(kept)
        level = (level[split, None] * 4 + np.arange(4)).ravel()
    order, ipix = np.append(np.concatenate(order), deepest + 1), np.append(np.concatenate(ipix), 0)
    held = (order <= deepest) & (
        ipix >> (2 * np.minimum(order, deepest)) != 0
    )  # base cell 0 has one tiny cell
    held[-1] = True
    order, ipix = order[held], ipix[held]
    sort = np.argsort(healpix.starts29(order, ipix))
    return order[sort], ipix[sort], dice.exponential(size=len(order))


def flat(order, ipix, density, finest):
    out = np.zeros(12 * 4**finest, np.longdouble)
    start, stop = healpix.bounds(order, ipix, finest)
    for first, last, value in zip(start, stop, density, strict=True):
        out[first:last] = value
    return out


@given(seeds, st.integers(0, 4), st.integers(0, 4), st.sampled_from([0.3, 1.0]), st.sampled_from([0.3, 1.0]))
def test_it_is_the_sum_over_the_finest_pixels(seed, deep, other_deep, filled, other_filled) -> None:
    one, two = cells(seed, deep, filled), cells(seed ^ 1, other_deep, other_filled)
    finest = max(deep, other_deep) + 1
    want = (flat(*one, finest) * flat(*two, finest)).sum() * np.longdouble(healpix.cell_area(finest))
    assert integral(*one, *two) == pytest.approx(float(want), rel=1e-13, abs=0)
    assert integral(*two, *one) == pytest.approx(float(want), rel=1e-13, abs=0)


@given(seeds, st.integers(0, 3))
def test_split_cells_change_nothing(seed, deep) -> None:
    order, ipix, density = cells(seed, deep, 0.7)
    split = np.random.default_rng(seed).random(len(order)) < 0.5
    finer = np.concatenate([order[~split], np.repeat(order[split] + 1, 4)])
    parts = np.concatenate([ipix[~split], (ipix[split, None] * 4 + np.arange(4)).ravel()])
    values = np.concatenate([density[~split], np.repeat(density[split], 4)])
    sort = np.argsort(healpix.starts29(finer, parts))
    whole, same = (order, ipix, density), (finer[sort], parts[sort], values[sort])
    own = float(np.sum(density**2 * healpix.cell_area(order)))
    for one in (whole, same):
        for two in (whole, same):
            assert integral(*one, *two) == pytest.approx(own, rel=1e-13)


def test_maps_apart_have_none() -> None:
    one = np.array([0]), np.array([3]), np.array([1.0])
    for order, ipix in ((0, 4), (29, 3 * 4**29 - 1), (29, 4 * 4**29)):
        assert integral(*one, np.array([order]), np.array([ipix]), np.array([2.0])) == 0
    assert integral(*one, np.array([29]), np.array([4 * 4**29 - 1]), np.array([2.0])) == pytest.approx(
        2 * np.pi / 3 / 4.0**29
    )
