"""Rows of a multi-order map for many positions, beside a search through all cells; few asked as many are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyexplorer.core import distance, finder, healpix, lookup
from skyexplorer.core.finder import Finder
from skyexplorer.errors import Cancelled, InputError
from skyexplorer.progress import Progress

seeds = st.integers(0, 2**32 - 1)


def cells(seed, deepest, filled=0.8):
    """Cells of mixed order that cover a part of the sky, in its order."""
    dice = np.random.default_rng(seed)
    order, ipix, level = [], [], np.arange(12)
    for k in range(deepest + 1):
        split = dice.random(len(level)) < (0.4 if k < deepest else 0)
        kept = level[~split][dice.random((~split).sum()) < filled]
        order.append(np.full(len(kept), k))
        ipix.append(kept)
        level = (level[split, None] * 4 + np.arange(4)).ravel()[:4000]
    order, ipix = np.concatenate(order), np.concatenate(ipix)
    if not len(order):
        order, ipix = np.array([0]), np.array([3])
    sort = np.argsort(healpix.starts29(order, ipix))
    return order[sort], ipix[sort]


def sky(seed, count):
    dice = np.random.default_rng(seed)
    return dice.uniform(0, 360, count), np.degrees(np.arcsin(dice.uniform(-1, 1, count)))


def brute(order, ipix, lon, lat):
    """The row whose index at its own order is that of the position."""
    out = np.full(len(lon), -1)
    for k in np.unique(order):
        index = healpix.nested(lon, lat, int(k))
        of = dict(zip(ipix[order == k].tolist(), np.flatnonzero(order == k).tolist(), strict=True))
        found = np.array([of.get(i, -1) for i in index.tolist()], int)
        out = np.where(found >= 0, found, out)
    return out


@settings(max_examples=40)
@given(seeds, st.integers(0, 9), st.sampled_from([0.05, 0.8, 1.0]))
def test_rows_are_those_of_a_search_through_all_cells(seed, deepest, filled) -> None:
    order, ipix = cells(seed, deepest, filled)
    lon, lat = sky(seed, 2000)
    at = np.random.default_rng(seed).integers(0, len(order), 500)
    inside = healpix.centers(order[at], ipix[at])
    lon, lat = np.concatenate([lon, inside[0]]), np.concatenate([lat, inside[1]])
    found = lookup.rows(lookup.table(order, ipix), lon, lat)
    assert np.array_equal(found, brute(order, ipix, lon, lat))
    assert np.array_equal(found[2000:], at)
    assert np.array_equal(found, Finder(order, ipix)._few(lon, lat)[1])


@pytest.mark.parametrize("deep", [12, 20, 29])
def test_cells_far_finer_than_the_table(deep) -> None:
    """A chain of ever finer cells in one corner, and the same with holes: bisection tells."""
    order = np.repeat(np.arange(1, deep + 1), 3)
    ipix = np.tile([1, 2, 3], deep)
    sort = np.argsort(healpix.starts29(order, ipix))
    order, ipix = order[sort], ipix[sort]
    for kept in (slice(None), slice(None, None, 2)):
        some = order[kept], ipix[kept]
        inside = healpix.centers(order[order < 25], ipix[order < 25])
        found = lookup.rows(lookup.table(*some), *inside)
        assert np.array_equal(found, brute(*some, *inside))
        assert np.array_equal(found, Finder(*some)._few(*inside)[1])


@given(seeds, st.integers(0, 5), st.booleans())
def test_cells_split_and_merged_give_the_same_values(seed, deepest, all_of_them) -> None:
    order, ipix = cells(seed, deepest)
    value = np.random.default_rng(seed).normal(size=len(order))
    split = np.random.default_rng(seed).random(len(order)) < (2 if all_of_them else 0.3)
    finer = np.concatenate([order[~split], np.repeat(order[split] + 1, 4)])
    parts = np.concatenate([ipix[~split], (ipix[split, None] * 4 + np.arange(4)).ravel()])
    values = np.concatenate([value[~split], np.repeat(value[split], 4)])
    sort = np.argsort(healpix.starts29(finer, parts))
    lon, lat = sky(seed + 1, 3000)
    one = lookup.valued(lookup.table(order, ipix), lon, lat, value, -7.0)
    two = lookup.valued(lookup.table(finer[sort], parts[sort]), lon, lat, values[sort], -7.0)
    assert np.array_equal(one, two)
    assert (one == -7).any() or healpix.cell_area(order).sum() > 12


@settings(max_examples=30)
@given(seeds, st.integers(0, 6), st.integers(0, 3))
def test_many_are_told_what_few_are(seed, deepest, finer) -> None:
    order, ipix = cells(seed, deepest)
    dice = np.random.default_rng(seed)
    lon, lat = sky(seed, 3000)
    lon[:5], lat[5:9] = np.nan, [np.nan, 91, -90.1, np.inf]
    value, slope = dice.normal(size=(2, len(order)))
    mu, sigma = dice.uniform(-20, 300, len(order)), dice.uniform(5, 80, len(order))
    line = distance.in_volume(np.abs(value), mu, sigma, distance.moments(mu, sigma)[2])
    r = dice.uniform(-10, 400, 3000)
    r[9:12] = [np.nan, np.inf, -np.inf]
    cell = Finder(order, ipix, int(order.max()) + finer)
    few = (
        cell.rows(lon, lat),
        cell.valued(lon, lat, value, 0.5),
        cell.valued(lon, lat, value, 0.5, slope),
    )
    many = (
        lookup.rows(cell.table, lon, lat),
        lookup.valued(cell.table, lon, lat, value, 0.5),
        lookup.valued(cell.table, lon, lat, value, 0.5, slope),
    )
    for one, other in zip(few, many, strict=True):
        assert np.array_equal(one, other, equal_nan=one.dtype == float)
    assert np.isnan(few[1][:9]).all()
    assert not np.isnan(few[1][9:]).any()
    for far in (r, np.array([120.0])):
        one, other = cell.in_volume(lon, lat, line, far), lookup.in_volume(cell.table, lon, lat, line, far)
        assert np.allclose(one, other, rtol=1e-13, atol=0, equal_nan=True)  # numpy has its own exponential
        assert np.isnan(other[: 10 if len(far) > 1 else 9]).all()


def test_in_volume_is_density_times_the_ansatz() -> None:
    order, ipix = cells(3, 4)
    dice = np.random.default_rng(3)
    density = dice.exponential(size=len(order))
    mu, sigma = dice.uniform(-20, 300, len(order)), dice.uniform(5, 80, len(order))
    norm = distance.moments(mu, sigma)[2]
    mu[::7], sigma[::7], norm[::7] = np.inf, 1, 0  # no support, as BAYESTAR has it
    mu[1::7] = np.nan
    lon, lat = sky(3, 5000)
    r = dice.uniform(0, 400, 5000)
    row = brute(order, ipix, lon, lat)
    want = density[row] * distance.radial(r, mu[row], sigma[row], norm[row])
    found = lookup.in_volume(
        lookup.table(order, ipix), lon, lat, distance.in_volume(density, mu, sigma, norm), r
    )
    assert found == pytest.approx(np.where(row >= 0, want, 0), rel=1e-12, abs=0)


def test_the_slope_counts_what_comes_after_in_the_cell() -> None:
    """One base cell, told apart at order 3: the level of each of its 64 pixels."""
    cell = lookup.table(np.array([0]), np.array([5]), finest=3)
    lon, lat = healpix.centers(3, np.arange(5 * 64, 6 * 64))
    found = lookup.valued(cell, lon, lat, np.array([1.0]), 0.0, np.array([1 / 64]))
    assert found == pytest.approx(np.arange(1, 65) / 64, abs=1e-15)


def test_positions_in_any_order_and_number(monkeypatch) -> None:
    """Slices, chunks, read-only and strided arrays change nothing."""
    order, ipix = cells(8, 5)
    value = np.arange(len(order), dtype=float)
    lon, lat = sky(8, 40_001)
    cell = lookup.table(order, ipix)
    whole = lookup.valued(cell, lon, lat, value, -1.0)
    turn = np.random.default_rng(8).permutation(len(lon))
    assert np.array_equal(lookup.valued(cell, lon[turn], lat[turn], value, -1.0), whole[turn])
    both = np.stack([lon, lat], axis=1)
    for array in (lon, lat, value):
        array.flags.writeable = False
    before = len(lookup._valued.signatures)
    assert np.array_equal(lookup.valued(cell, lon, lat, value, -1.0), whole)
    assert np.array_equal(lookup.valued(cell, both[:, 0], both[:, 1], value, -1.0), whole)
    assert len(lookup._valued.signatures) == before, "compiled once more"
    monkeypatch.setattr(lookup, "SLICE", 1000)
    with Progress("looking") as progress:
        assert np.array_equal(lookup.valued(cell, lon, lat, value, -1.0), whole)
    assert (progress.done, progress.share) == (40_001, 1.0)
    progress.cancel()
    with progress, pytest.raises(Cancelled):
        lookup.rows(cell, lon, lat)
    monkeypatch.setenv("SKYEXPLORER_MEMORY_LIMIT", "100 kB")
    with pytest.raises(InputError, match="40001 positions"):
        lookup.rows(cell, lon, lat)
    assert lookup.rows(cell, np.empty(0), np.empty(0)).shape == (0,)


def test_compiled_code_is_asked_for_many_only(monkeypatch) -> None:
    order, ipix = cells(8, 5)
    asked = []
    monkeypatch.setattr(lookup, "rows", lambda table, lon, lat: asked.append(len(lon)))
    for count in (0, 1, finder.MANY - 1, finder.MANY):
        Finder(order, ipix).rows(*sky(1, count))
    assert asked == [finder.MANY]
