"""A few positions in shapes: as compiled code has it, and without it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyexplorer.core import enclosing, membership, shapes, sphere

KINDS = ("circle", "ellipse", "box", "quarters", "polygon", "cells")


def shape(kind, dice, ra, dec, size):
    one, few = dice.uniform(0.1, 1, 4) * size, np.sort(dice.uniform(0, 360, 7))
    if kind == "circle":
        return shapes.circles([ra], [dec], [size])
    if kind == "ellipse":
        return shapes.ellipses([ra], [dec], [one[0]], [one[1]], [dice.uniform(0, 180)])
    if kind == "box":
        return shapes.boxes([ra], [dec], *([each] for each in one))
    if kind == "quarters":
        return shapes.quarters([ra], [dec], *([each] for each in one))
    if kind == "polygon":
        corners = sphere.offset(ra, dec, few, np.full(7, min(size, 60.0)) * dice.uniform(0.3, 1, 7))
        return shapes.polygons([sphere.unit_vectors(*corners)])
    starts = np.sort(dice.choice(12 * 4**29 // 10**6, 9, replace=False)) * 10**6
    return shapes.cells([ra], [dec], [180.0], [np.stack([starts, starts + 10**17 // 4], axis=-1)[::3]])


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 10**6), st.sampled_from(KINDS), st.floats(0, 359.9999),
    st.one_of(st.floats(-90, 90), st.sampled_from([-90.0, 0.0, 90.0])), st.sampled_from([1e-6, 0.1, 5.0, 80.0]),
)  # fmt: skip
def test_few_are_answered_as_many_are(seed, kind, ra, dec, size):
    dice = np.random.default_rng(seed)
    form = shape(kind, dice, ra, dec, size)
    far = size * dice.uniform(0, 2, 300).clip(0, 180 / size)
    x, y = sphere.offset(np.full(300, ra), np.full(300, dec), dice.uniform(0, 360, 300), far)
    x[::50], y[1::50] = np.nan, np.nan
    assert enclosing.inside(form, x, y).tolist() == membership.inside(form, x, y).tolist()
    if kind in ("circle", "ellipse", "box", "quarters"):
        # A declination near the pole is rounded to 1e-14 deg.
        loose = {"rel": 1e-9, "abs": 1e-9 + 2e-13 / size, "nan_ok": True}
        assert enclosing.radii(form, x, y) == pytest.approx(membership.radii(form, x, y), **loose)


def test_one_of_many_shapes_is_enough(monkeypatch):
    dice = np.random.default_rng(2)
    parts = [shape(KINDS[i % 6], dice, *dice.uniform((0, -80), (360, 80)), 20.0) for i in range(30)]
    form = shapes.joined(parts, [0] * 30)
    x, y = dice.uniform(0, 360, (6, 50)), np.degrees(np.arcsin(dice.uniform(-1, 1, (6, 50))))
    few = enclosing.inside(form, x, y)
    assert 20 < few.sum() < 280
    monkeypatch.setattr(enclosing, "ASKED", -1)
    assert enclosing.inside(form, x, y).tolist() == few.tolist()


def test_a_click_loads_no_compiler():
    code = """if True:
        import sys
        from astropy import units as u
        from astropy.coordinates import SkyCoord
        from skyexplorer import SkyExplorer, SkyRegion
        sky = SkyExplorer()
        gw = sky.open("GW170817")
        ranked = sky.rank(sky.open("gw170817-galaxies"), by=gw)
        sky.select(ranked[0])
        sky.goto("TXS 0506+056")
        sky.brush("2017-01-01", "2018-01-01")
        gw.credible_region(0.9).contains(ranked.coords)
        SkyRegion.polygon(SkyCoord([1, 5, 3] * u.deg, [1, 1, 9] * u.deg)).contains(ranked.coords)
        sky.widget
        sys.exit("numba" in sys.modules)
    """
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
