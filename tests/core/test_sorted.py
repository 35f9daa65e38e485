"""Positions in the order of the sky: the order, where cells begin, lists merged; and what does not depend on threads."""

from __future__ import annotations

import numba as nb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyexplorer.core import memory
from skyexplorer.core import sorted as keep
from skyexplorer.core.nested import nested
from skyexplorer.errors import Cancelled, InputError
from skyexplorer.progress import Progress

places = st.lists(
    st.tuples(
        st.one_of(st.sampled_from([0.0, 90.0, np.nan]), st.floats(0, 359.9999999)),
        st.one_of(st.sampled_from([-90.0, 0.0, 90.0, np.nan]), st.floats(-90, 90)),
    ),
    max_size=60,
)


def sky(dice, count, clustered=False):
    ra, dec = dice.uniform(0, 360, count), np.degrees(np.arcsin(dice.uniform(-1, 1, count)))
    if clustered:
        half = count // 2
        ra[:half], dec[:half] = 150 + dice.normal(0, 1e-3, half), 2 + dice.normal(0, 1e-3, half)
        ra[: half // 4], dec[: half // 4] = 10.0, 20.0  # the same place many times
    return ra, dec


def check(held, ra, dec, base=0):
    good = np.flatnonzero(np.isfinite(ra) & np.isfinite(dec))
    cell = nested(ra[good], dec[good], 29)
    order = good[np.argsort(cell, kind="stable")]
    assert held.row.tolist() == (order + base).tolist()
    assert np.array_equal(held.cell, np.sort(cell))
    assert np.array_equal(held.ra, ra[order])
    assert np.array_equal(held.dec, dec[order])
    edges = np.arange(12 * 4**held.depth + 1, dtype=np.int64) << (2 * (29 - held.depth))
    assert np.array_equal(held.offset, np.searchsorted(held.cell, edges))


@settings(deadline=None, max_examples=50)
@given(places)
def test_the_order_of_the_sky(listed):
    ra, dec = (np.array([row[k] for row in listed], float) for k in (0, 1))
    check(keep.made(ra, dec), ra, dec)


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("count", [0, 1, 100_000, 300_001])
def test_many(count, clustered):
    ra, dec = sky(np.random.default_rng(count), count, clustered)
    ra[::97] = np.nan
    held = keep.made(ra, dec, 7)
    check(held, ra, dec, 7)
    assert count < 1000 or 2 <= len(held.cell) / (len(held.offset) - 1) <= 8


def test_threads_change_nothing():
    ra, dec = sky(np.random.default_rng(4), 200_000, True)
    many = keep.made(ra, dec)
    before = nb.get_num_threads()
    try:
        nb.set_num_threads(1)
        one = keep.made(ra, dec)
    finally:
        nb.set_num_threads(before)
    for name in ("cell", "ra", "dec", "row", "offset"):
        assert np.array_equal(getattr(one, name), getattr(many, name))


@settings(deadline=None, max_examples=30)
@given(st.lists(places, min_size=1, max_size=5), st.integers(1, 40))
def test_lists_merged_are_the_list_of_all(lists, most):
    pieces, base = [], 0
    for listed in lists:
        ra, dec = (np.array([row[k] for row in listed], float) for k in (0, 1))
        pieces.append(keep.made(ra, dec, base))
        base += len(listed)
    ra, dec = (np.array([row[k] for listed in lists for row in listed], float) for k in (0, 1))
    check(keep.merged(pieces), ra, dec)
    taken = [np.concatenate(column) for column in zip(*keep.blocks(pieces, most), strict=True)]
    whole = keep.made(ra, dec)
    if len(whole.cell):
        assert all(np.array_equal(a, b) for a, b in zip(taken, whole[:4], strict=True))


def test_blocks_are_of_the_size_that_is_asked_for():
    dice = np.random.default_rng(5)
    pieces = [keep.made(*sky(dice, 30_000), base) for base in (0, 30_000, 60_000)]
    sizes = [len(block[0]) for block in keep.blocks(pieces, 9000)]
    assert sum(sizes) == 90_000
    assert max(sizes) <= 9000 + 3 * 3000
    assert len(sizes) <= 24


def test_it_can_be_stopped_and_asks_for_memory(monkeypatch):
    ra, dec = sky(np.random.default_rng(6), 1000)
    with Progress("index") as watched:
        watched.cancel()
        with pytest.raises(Cancelled):
            keep.made(ra, dec)
        with pytest.raises(Cancelled):
            keep.merged([_quiet(ra, dec)])
    monkeypatch.setenv(memory.VARIABLE, "10 kB")
    with pytest.raises(InputError, match=r"CatalogIndex\.build"):
        keep.made(ra, dec)


def _quiet(ra, dec):
    """A list made where nobody watches."""
    import contextvars

    return contextvars.Context().run(keep.made, ra, dec)


def test_spans_are_the_rows_of_ranges():
    ra, dec = sky(np.random.default_rng(7), 5000)
    held = keep.made(ra, dec)
    ranges = np.array([[0, 4**29], [5 * 4**29 + 3, 5 * 4**29 + 4**28], [7, 7]])
    rows = [held.cell[a:b] for a, b in keep.spans(held, ranges)]
    inside = np.zeros(len(held.cell), bool)
    for low, high in ranges:
        inside |= (held.cell >= low) & (held.cell < high)
    assert np.array_equal(np.concatenate(rows), held.cell[inside])
