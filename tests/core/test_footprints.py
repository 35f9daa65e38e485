"""Footprints against brute force in extended precision: poles, right ascension 0, edges, tiny and huge shapes, unions."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyexplorer.core import cover, footprints, healpix, membership, shapes, sphere, sums
from skyexplorer.core.shapes import EDGE
from skyexplorer.errors import Cancelled, InputError
from skyexplorer.progress import Progress

PI = np.longdouble("3.14159265358979323846264338327950288")
DOUBT = 2e-13  # deg: nearer than this to where a shape ends, rounding may decide


def sky(dice, count):
    return dice.uniform(0, 360, count), np.degrees(np.arcsin(dice.uniform(-1, 1, count)))


def tangent(ra, dec, x, y):
    """East, north and line of sight of a position, in extended precision."""
    a, d, x, y = (np.asarray(v, np.longdouble) * PI / 180 for v in (ra, dec, x, y))
    east = np.cos(y) * np.sin(x - a)
    north = np.sin(y - d) + 2 * np.sin(d) * np.cos(y) * np.sin((x - a) / 2) ** 2
    return east, north, np.sin(d) * np.sin(y) + np.cos(d) * np.cos(y) * np.cos(x - a)


def edge_distance(kind, numbers, x, y):
    """How far positions are within the edge of a shape that reaches to EDGE (deg), in extended precision."""
    ra, dec = numbers[:2]
    if kind in ("circles", "ellipses"):
        east, north, z = tangent(ra, dec, x, y)
        h = np.hypot(east, north)
        r = np.arctan2(h, z) * 180 / PI
        if kind == "circles":
            return numbers[2] + EDGE - r
        a, b, pa = (np.longdouble(v) for v in numbers[2:])
        s, c = np.sin(pa * PI / 180), np.cos(pa * PI / 180)
        safe = np.where(h > 0, h, 1)
        q = np.where(
            h > 0, r * np.hypot((north * c + east * s) / safe / a, (east * c - north * s) / safe / b), r / a
        )
        return min(a, b) * (1 - q) + EDGE
    ap, am, bp, bm = (np.longdouble(v) for v in numbers[2:])
    up = np.asarray(y, np.longdouble) - dec
    best = np.full(len(up), -np.inf, np.longdouble)
    for turn in (-360, 0, 360):
        across = np.asarray(x, np.longdouble) - ra + turn
        if kind == "boxes":
            inside = np.minimum(np.minimum(ap - across, am + across), np.minimum(bp - up, bm + up)) + EDGE
            if ap + am >= 360:
                inside = np.minimum(bp - up, bm + up) + EDGE
        else:
            q = np.hypot(across / np.where(across >= 0, ap, am), up / np.where(up >= 0, bp, bm))
            inside = min(ap, am, bp, bm) * (1 - q) + EDGE
        best = np.maximum(best, inside)
    return best


SIZE = st.floats(-9.5, 2.0).map(lambda power: 10.0**power)  # deg: from 1e-6 arcsec to 100 deg
PLACE = st.tuples(
    st.one_of(st.floats(0, 359.9999999), st.sampled_from([0.0, 359.9999999999, 180.0])),
    st.one_of(st.floats(-90, 90), st.sampled_from([90.0, -90.0, 89.9999999, 0.0])),
)


@st.composite
def one_shape(draw):
    kind = draw(st.sampled_from(["circles", "ellipses", "boxes", "quarters"]))
    size = draw(SIZE)
    ratio = st.floats(0.3, 1)
    if kind == "circles":
        return kind, (*draw(PLACE), min(size * 1.8, 180.0))
    if kind == "ellipses":
        a, b = (min(size * draw(ratio), 90.0) for _ in range(2))
        return kind, (*draw(PLACE), a, b, draw(st.floats(-360, 360)))
    east, west = (min(4 * size * draw(ratio), 360.0) for _ in range(2))
    north, south = (min(size * draw(ratio), 180.0) for _ in range(2))
    return kind, (*draw(PLACE), east, west, north, south)


def around(seed, kind, numbers, count=200):
    """Positions in and near a shape, on its very edge, doubled, at the poles, opposite, and none at all."""
    dice = np.random.default_rng(seed)
    ra, dec, size = *numbers[:2], max(numbers[2:4])
    x, y = sphere.offset(
        ra, dec, dice.uniform(0, 360, count), np.minimum(size * dice.uniform(0, 1.3, count), 180.0)
    )
    if kind in ("boxes", "quarters"):
        ap, am, bp, bm = numbers[2:]
        x[: count // 2] = (ra + dice.uniform(-1.2 * am, 1.2 * ap, count // 2)) % 360
        y[: count // 2] = np.clip(dec + dice.uniform(-1.2 * bm, 1.2 * bp, count // 2), -90, 90)
        x[:4], y[:4] = (
            np.array([ra + ap, ra - am, ra, ra]) % 360,
            np.clip([dec, dec, dec + bp, dec - bm], -90, 90),
        )
    x[-4:], y[-4:] = [(ra + 180) % 360, ra, 0, np.nan], [-dec, dec, 90, np.nan]
    x[-8:-4], y[-8:-4] = x[:4], y[:4]
    return np.where(x >= 360, 0.0, x), y


@settings(deadline=None, max_examples=120)
@given(one_shape(), st.integers(0, 2**32))
def test_what_a_shape_holds_is_what_extended_precision_says(shape, seed):
    kind, numbers = shape
    x, y = around(seed, kind, numbers)
    form = getattr(shapes, kind)(*([value] for value in numbers))
    good = np.isfinite(x)
    within = edge_distance(kind, numbers, x[good], y[good])
    # What rounding of the position does to an ellipse that is long and narrow, or huge.
    doubt = DOUBT * max(1.0, max(numbers[2:4]) / min(numbers[2:4]))
    sure = np.abs(within) > doubt
    inside = membership.inside(form, x, y)
    assert not inside[~good].any()
    assert (inside[good][sure] == (within > 0)[sure]).all()
    found = footprints.pairs(form, 1, x, y)
    assert found.right.tolist() == np.flatnonzero(inside).tolist()
    assert footprints.counts(form, 1, x, y).tolist() == [inside.sum()]


def many(dice, kind, count, scale):
    ra, dec = sky(dice, count)
    dec[: count // 4] = np.sign(dec[: count // 4]) * (90 - dice.exponential(scale, count // 4).clip(0, 90))
    ra[::5] = dice.normal(0, scale, len(ra[::5])) % 360

    def size(most):
        return np.exp(dice.normal(np.log(scale), 1, count)).clip(0, most)

    if kind == "circles":
        return shapes.circles(ra, dec, size(180))
    if kind == "ellipses":
        return shapes.ellipses(ra, dec, size(90), size(90), dice.uniform(-200, 400, count))
    if kind == "polygons":
        corners = [np.sort(dice.uniform(0, 360, dice.integers(3, 9))) for _ in range(count)]
        lines = [
            sphere.offset(a, d, turn, min(scale, 40) * np.exp(dice.normal(0, 0.4, len(turn))).clip(0, 2))
            for a, d, turn in zip(ra, dec, corners, strict=True)
        ]
        return shapes.polygons([sphere.unit_vectors(*line) for line in lines])
    if kind == "cells":
        order = int(np.clip(np.log2(60 / scale), 0, 12))
        lists = [np.sort(dice.choice(12 * 4**order, 1 + i % 4, replace=False)) for i in range(count)]
        down = 2 * (29 - order)
        return shapes.cells(
            ra, dec, np.full(count, 180.0), [np.stack([i << down, (i + 1) << down], axis=-1) for i in lists]
        )
    return getattr(shapes, kind)(ra, dec, size(360), size(360), size(180), size(180))


KINDS = ["circles", "ellipses", "boxes", "quarters", "polygons", "cells"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scale", [0.3, 3.0, 60.0])
def test_pairs_and_counts_are_those_of_each_shape_asked_alone(kind, scale):
    dice = np.random.default_rng(int(scale) + 1)
    x, y = sky(dice, 6000)
    x[:600] = dice.uniform(0, 360, 600)
    y[:300], y[300:600] = 90 - dice.exponential(1, 300), -90
    x[600:700], y[600:700] = x[:100], y[:100]
    x[700:720] = np.nan
    form = many(dice, kind, 40, scale)
    want = np.array([membership.inside(shapes.chosen(form, [i]), x, y) for i in range(40)])
    found = footprints.pairs(form, 40, x, y)
    left, right = np.nonzero(want)
    assert found.left.tolist() == left.tolist()
    assert found.right.tolist() == right.tolist()
    assert footprints.counts(form, 40, x, y).tolist() == want.sum(axis=1).tolist()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [0.1, 1.0, 8.0])
def test_cells_of_any_size_leave_nothing_out_and_whole_ones_are_whole(monkeypatch, kind, size):
    """The size of cells changes nothing but the time."""
    dice = np.random.default_rng(5)
    x, y = sky(dice, 4000)
    form = many(dice, kind, 12, 4.0)
    want = np.array([membership.inside(shapes.chosen(form, [i]), x, y) for i in range(12)])
    monkeypatch.setattr(footprints, "_plan", lambda *_: [(size, np.arange(12))])
    found = footprints.pairs(form, 12, x, y)
    assert found.left.tolist() == np.nonzero(want)[0].tolist()
    assert found.right.tolist() == np.nonzero(want)[1].tolist()


def test_tiny_and_huge_shapes_get_tables_of_their_own_and_unions_stay_whole(monkeypatch):
    monkeypatch.setattr(footprints, "LOOK", -1.0)  # else only where there are far more of both
    dice = np.random.default_rng(8)
    x, y = sky(dice, 300_000)
    tiny = shapes.circles(x[:3000], y[:3000], np.full(3000, 1e-3))
    huge = shapes.circles(*sky(dice, 200), np.full(200, 8.0))
    form = shapes.joined(
        [tiny, huge], [np.arange(3000), np.arange(2900, 3100)]
    )  # a hundred are unions of both
    plan = footprints._plan(form, 10**8, 10**8 / 41253)
    assert len(plan) == 2
    both = [set(form.owner[which]) for _, which in plan]
    assert not both[0] & both[1]
    want = [
        np.flatnonzero(membership.inside(shapes.chosen(form, form.owner == o), x, y)).tolist()
        for o in range(0, 3100, 97)
    ]
    found = footprints.pairs(form, 3100, x, y)
    assert [found.right[found.first[o] : found.first[o + 1]].tolist() for o in range(0, 3100, 97)] == want


def test_a_crowd_in_one_field_and_pieces_that_overflow():
    """A few words of positions are asked how much room is needed; here they say too little."""
    dice = np.random.default_rng(9)
    x, y = 150 + dice.uniform(-0.1, 0.1, 40_000), 2 + dice.uniform(-0.1, 0.1, 40_000)
    x[64 * 300 : 64 * 310] = 10.0
    y[64 * 300 : 64 * 310] = 10.0
    form = shapes.circles(np.full(300, 10.0), np.full(300, 10.0), np.full(300, 0.01))
    found = footprints.pairs(form, 300, x, y)
    assert found.right.tolist() == list(range(64 * 300, 64 * 310)) * 300
    assert found.left.tolist() == np.repeat(np.arange(300), 640).tolist()


def test_the_edge_of_a_polygon_belongs_to_it():
    """Vertices, and points on its arcs, from arcseconds to tens of degrees; a little beyond they do not."""
    dice = np.random.default_rng(10)
    for size in (1e-4, 0.1, 30.0):
        for ra, dec in ((0.0, 0.0), (10.0, 89.99), (200.0, -60.0)):
            line = sphere.unit_vectors(
                *sphere.offset(ra, dec, np.array([10.0, 100.0, 190.0, 280.0]), np.full(4, size))
            )
            form = shapes.polygons([line])
            t = dice.uniform(0, 1, (50, 1))
            on = np.concatenate(
                [line, *(a * t + b * (1 - t) for a, b in zip(line, np.roll(line, -1, 0), strict=True))]
            )
            on /= np.linalg.norm(on, axis=1, keepdims=True)
            middle = line.sum(axis=0) / np.linalg.norm(line.sum(axis=0))
            for step, inside in ((0.0, True), (-1e-9, True), (1e-9, False)):
                moved = on + (on - middle) * step
                moved = (
                    moved
                    if step == 0
                    else on + (on - middle) / np.radians(size) * np.radians(abs(step)) * np.sign(step)
                )
                x = np.degrees(np.arctan2(moved[:, 1], moved[:, 0])) % 360
                y = np.degrees(np.arctan2(moved[:, 2], np.hypot(moved[:, 0], moved[:, 1])))
                assert (membership.inside(form, x, y) == inside).all(), (size, ra, dec, step)


def test_the_answer_does_not_depend_on_how_the_work_is_split(monkeypatch):
    dice = np.random.default_rng(11)
    x, y = sky(dice, 200_000)
    form = many(dice, "ellipses", 200, 5.0)
    whole = footprints.pairs(form, 200, x, y)
    monkeypatch.setattr(footprints, "SLICE", 2**14)
    monkeypatch.setattr(footprints, "PIECE", 1000)
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        parts = footprints.pairs(form, 200, x, y)
    finally:
        numba.set_num_threads(threads)
    assert len(whole.left) > 10_000
    for a, b in zip(whole, parts, strict=True):
        assert (a == b).all()


def test_nothing_is_asked_of_nothing():
    none = np.empty(0)
    assert len(footprints.pairs(shapes.joined([]), 0, np.zeros(3), np.zeros(3)).left) == 0
    circle = shapes.circles([0.0], [0.0], [1.0])
    assert len(footprints.pairs(circle, 1, none, none).left) == 0
    assert footprints.counts(circle, 1, none, none).tolist() == [0]
    assert footprints.counts(circle, 1, np.full(2, np.nan), np.full(2, np.nan)).tolist() == [0]


def test_too_many_pairs_too_little_memory_and_a_wish_to_stop(monkeypatch):
    x, y = sky(np.random.default_rng(1), 100_000)
    whole = shapes.circles(np.zeros(5), np.zeros(5), np.full(5, 180.0))
    with pytest.raises(MemoryError):
        footprints.pairs(whole, 5, x, y, most=1000)
    assert footprints.counts(whole, 5, x, y).tolist() == [100_000] * 5
    monkeypatch.setenv("SKYEXPLORER_MEMORY_LIMIT", "1 MB")
    with pytest.raises(InputError, match="of memory"):
        footprints.pairs(whole, 5, x, y)
    progress = Progress("footprints")
    progress.watch(lambda p: p.cancel())
    with progress, pytest.raises(Cancelled):
        footprints.counts(whole, 5, x, y)


@settings(deadline=None)
@given(st.floats(-1000, 1000))
def test_sine_and_cosine_of_degrees(degrees):
    s, c = membership.turned.py_func(degrees)
    exact = np.longdouble(degrees) * PI / 180
    # What the product with π / 180 loses of an angle of 45 degrees at most, and no more.
    assert abs(s - np.sin(exact)) < 3e-16
    assert abs(c - np.cos(exact)) < 3e-16


@pytest.mark.parametrize("order", [0, 1, 5, 12, 29])
def test_centres_of_cells_and_the_circles_around_them(order):
    healpy = pytest.importorskip("healpy")
    some = np.unique(np.random.default_rng(order).integers(0, 12 * 4**order, 300))
    ours = np.array([sums.center(order, int(i)) for i in some])
    lon, lat = healpix.centers(order, some)
    assert sphere.separation(lon, lat, *ours.T).max() < 1e-12
    if order < 13:
        assert healpy.max_pixrad(2**order) < cover.CORNER / 2**order
