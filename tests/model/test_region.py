"""SkyRegion against SCIENCE.md 9.2."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from hypothesis import given, settings
from hypothesis import strategies as st

from skyexplorer import SkyRegion
from skyexplorer.core import sphere
from skyexplorer.errors import InputError


def at(ra: float, dec: float) -> SkyCoord:
    return SkyCoord(ra * u.deg, dec * u.deg)


CASES = [  # centre, RA +/-, Dec +/-, source, in the box, in the four-quarter ellipse
    ("N1", (77.43, 5.72), (0.95, 0.65), (0.50, 0.30), (77.3581850, 5.6931481), True, True),
    ("N4", (314.08, 12.94), (6.56, 2.26), (1.50, 1.47), (314.2623, 14.2044), True, True),
    ("N5", (255.37, 26.61), (2.48, 2.56), (2.33, 3.28), (257.2786, 26.8557), True, True),
    ("N6", (255.37, 26.61), (2.48, 2.56), (2.33, 3.28), (256.77, 25.48), True, True),
    ("N7", (225.79, 10.47), (1.28, 1.43), (1.14, 0.89), (226.1041, 10.4942), True, True),
    ("N8", (114.52, 15.56), (2.82, 2.50), (1.81, 1.39), (114.5308, 17.7053), False, False),
    ("N9", (114.52, 15.56), (2.82, 2.50), (1.81, 1.39), (115.775, 17.217), True, False),
    ("N10", (285.87, 58.92), (2.88, 3.19), (1.85, 2.25), (284.70, 57.15), True, True),
    ("N11", (164.49, 11.87), (4.94, 4.19), (1.16, 1.36), (165.77, 11.97), True, True),
    ("N12", (206.37, 13.44), (0.90, 0.80), (0.55, 0.38), (208.34, 14.58), False, False),
    ("N13", (345.85, 9.14), (0.41, 0.63), (0.81, 0.76), (346.65, 9.67), False, False),
]


@pytest.mark.parametrize(
    ("_id", "center", "ra", "dec", "source", "in_box", "in_ellipse"), CASES, ids=[c[0] for c in CASES]
)
def test_published_footprints(_id, center, ra, dec, source, in_box, in_ellipse) -> None:
    assert bool(SkyRegion.box(at(*center), ra * u.deg, dec * u.deg).contains(at(*source))) is in_box
    assert (
        bool(SkyRegion.quarter_ellipse(at(*center), ra * u.deg, dec * u.deg).contains(at(*source)))
        is in_ellipse
    )


def test_areas_of_ic170922a() -> None:
    """SCIENCE.md N2."""
    errors = ((0.95, 0.65) * u.deg, (0.50, 0.30) * u.deg)
    assert SkyRegion.quarter_ellipse(at(77.43, 5.72), *errors).area.value == pytest.approx(1.0003, abs=1e-3)
    assert SkyRegion.box(at(77.43, 5.72), *errors).area.value == pytest.approx(1.2734, abs=1e-3)


def test_rectangle_area_of_ic190619a() -> None:
    """SCIENCE.md N15, whose product with the cosine of the middle is an approximation of the exact area."""
    box = SkyRegion.box(at(343.26, 10.73), (4.08, 2.63) * u.deg, (1.51, 2.61) * u.deg)
    assert box.area.value == pytest.approx(27.209992, rel=5e-4)


@pytest.mark.parametrize("make", [SkyRegion.box, SkyRegion.quarter_ellipse])
def test_across_ra_zero(make) -> None:
    region = make(at(359.9, 10), (0.5, 0.5) * u.deg, (0.5, 0.5) * u.deg)
    assert region.contains(at(0.2, 10))
    assert not region.contains(at(1.0, 10))


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 360), st.floats(-89.5, 89.5), st.floats(0.05, 120), st.floats(0, 360), st.floats(-90, 90))
def test_a_circle_holds_what_is_nearer_than_its_radius(ra, dec, radius, x, y) -> None:
    circle = SkyRegion.circle(at(ra, dec), radius * u.deg)
    apart = float(sphere.separation(ra, dec, x, y))
    if abs(apart - radius) > 1e-9:
        assert bool(circle.contains(at(x, y))) == (apart < radius)
    if abs(apart - radius) > 1e-6:
        assert circle.contains(at(x + 360, y)) == circle.contains(at(x, y))


@pytest.mark.parametrize("dec", [-89.9, 0.0, 75.0, 89.99])
def test_outlines_lie_on_the_edge(dec) -> None:
    region = SkyRegion.ellipse(at(359.5, dec), 3 * u.deg, 1 * u.deg, 40 * u.deg)
    (line,) = region.outline(48)
    assert (line[0] == line[-1]).all()
    q = sphere.ellipse_radius(359.5, dec, 3, 1, 40, line[:, 0], line[:, 1])
    assert q == pytest.approx(np.ones(len(line)), abs=1e-6)


def test_circles_of_a_union_are_drawn_round() -> None:
    """Twelve reflected regions were twelve-cornered."""
    circles = [SkyRegion.circle(at(10 * k, 5), 0.1 * u.deg) for k in range(12)]
    assert {len(line) - 1 for line in SkyRegion.union(circles).outline(120)} == {48}
    many = SkyRegion.union([SkyRegion.circle(at(k, 5), 0.1 * u.deg) for k in range(60)])
    assert {len(line) - 1 for line in many.outline(120)} == {12}


def test_a_polygon_inside_outside_area() -> None:
    square = SkyRegion.polygon(SkyCoord([359, 1, 1, 359] * u.deg, [-1, -1, 1, 1] * u.deg))
    assert square.contains(at(0.3, 0.5))
    assert not square.contains(at(180, 0)), "the other side of the sky is outside"
    assert square.area.value == pytest.approx(4.0, rel=2e-3)


def test_moc_and_back() -> None:
    circle = SkyRegion.circle(at(200, -88), 5 * u.deg)
    cells = SkyRegion.from_moc(circle.to_moc())
    assert cells.area.value == pytest.approx(circle.area.value, rel=0.03)
    assert cells.contains(at(20, -89))


def test_joined() -> None:
    a, b = SkyRegion.circle(at(10, 10), 3 * u.deg), SkyRegion.circle(at(13, 10), 3 * u.deg)
    only_a, both, only_b = at(8, 10), at(11.5, 10), at(15, 10)
    assert [bool((a | b).contains(p)) for p in (only_a, both, only_b)] == [True, True, True]
    assert [bool((a & b).contains(p)) for p in (only_a, both, only_b)] == [False, True, False]
    assert [bool((a - b).contains(p)) for p in (only_a, both, only_b)] == [True, False, False]
    with pytest.raises(InputError, match="empty"):
        a & SkyRegion.circle(at(100, 10), 1 * u.deg)


def test_adql() -> None:
    text = SkyRegion.circle(at(10, -5), 2 * u.deg).to_adql("RAJ2000", "DEJ2000")
    assert text == "1 = CONTAINS(POINT(RAJ2000, DEJ2000), CIRCLE(10.0, -5.0, 2.0))"


@pytest.mark.parametrize(
    "bad",
    [
        lambda: SkyRegion.circle(at(0, 0), -1 * u.deg),
        lambda: SkyRegion.circle(at(0, 0), np.nan * u.deg),
        lambda: SkyRegion.circle(at(0, 0), 3 * u.m),
        lambda: SkyRegion.circle(at(np.nan, 0), 1 * u.deg),
        lambda: SkyRegion.box(at(0, 0), (1, 0) * u.deg, (1, 1) * u.deg),
        lambda: SkyRegion.polygon(SkyCoord([0, 1] * u.deg, [0, 1] * u.deg)),
    ],
)
def test_bad_input(bad) -> None:
    with pytest.raises(InputError):
        bad()


ERRORS = st.tuples(st.floats(0.05, 8), st.floats(0.05, 8))


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 360), st.floats(-70, 70), ERRORS, ERRORS)
def test_the_edge_of_a_box_belongs_to_it_and_what_lies_beyond_does_not(ra, dec, x, y) -> None:
    box = SkyRegion.box(at(ra, dec), x * u.deg, y * u.deg)
    corners = np.array([(ra + x[0], dec + y[0]), (ra - x[1], dec + y[0]), (ra + x[0], dec - y[1])])
    assert box.contains(SkyCoord(corners * u.deg)).all()
    beyond = np.array([(ra + x[0] + 1e-6, dec), (ra - x[1] - 1e-6, dec), (ra, dec + y[0] + 1e-6)])
    assert not box.contains(SkyCoord(beyond * u.deg)).any()
    (line,) = box.outline()
    assert box.contains(SkyCoord(line * u.deg)).all()
    assert (box.center.separation(SkyCoord(line * u.deg)) <= box.radius).all()


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 360), st.floats(-70, 70), ERRORS, ERRORS, st.floats(-9, 9), st.floats(-9, 9))
def test_four_quarters_do_not_change_with_a_turn(ra, dec, x, y, dx, dy) -> None:
    region = SkyRegion.quarter_ellipse(at(ra, dec), x * u.deg, y * u.deg)
    q = np.hypot(dx / (x[0] if dx >= 0 else x[1]), dy / (y[0] if dy >= 0 else y[1]))
    if abs(q - 1) > 1e-6:
        for turn in (-360, 0, 360):
            assert bool(region.contains(at(ra + dx + turn, dec + dy))) == (q < 1)
    (line,) = region.outline()
    assert region.contains(SkyCoord(line * u.deg)).all()


@pytest.mark.parametrize(
    ("center", "ra", "dec", "source", "q"),
    [
        ((77.43, 5.72), (0.95, 0.65), (0.50, 0.30), (77.3581850, 5.6931481), 0.1422),  # N1
        ((77.43, 5.72), (1.30, 0.80), (0.70, 0.40), (77.3581850, 5.6931481), 0.1121),  # N3
        ((314.08, 12.94), (6.56, 2.26), (1.50, 1.47), (314.2623, 14.2044), 0.8434),  # N4
        ((255.37, 26.61), (2.48, 2.56), (2.33, 3.28), (257.2786, 26.8557), 0.7768),  # N5
        ((114.52, 15.56), (2.82, 2.50), (1.81, 1.39), (114.5308, 17.7053), 1.1853),  # N8
        ((345.85, 9.14), (0.41, 0.63), (0.81, 0.76), (346.65, 9.67), 2.058),  # N13
    ],
)
def test_normalised_radius_of_published_sources(center, ra, dec, source, q) -> None:
    """The source lies on the edge of the region whose errors are q times the published ones."""
    for part, inside in ((1.001, True), (0.999, False)):
        scaled = [np.array(errors) * q * part * u.deg for errors in (ra, dec)]
        assert bool(SkyRegion.quarter_ellipse(at(*center), *scaled).contains(at(*source))) is inside


@pytest.mark.parametrize(
    ("center", "ra", "dec", "area"),
    [
        ((120.28, 6.35), (0.57, 0.77), (0.76, 0.70), 1.944284),
        ((164.49, 11.87), (4.94, 4.19), (1.16, 1.36), 22.523850),
        ((255.37, 26.61), (2.48, 2.56), (2.33, 3.28), 25.383588),
        ((224.12, 41.31), (2.23, 1.95), (1.56, 1.56), 9.796184),
        ((350.54, 34.71), (0.67, 0.67), (0.67, 0.67), 1.476063),
    ],
)
def test_published_rectangles(center, ra, dec, area) -> None:
    """SCIENCE.md N15: the exact area differs by sin(h/2)/(h/2) of the height h."""
    exact = SkyRegion.box(at(*center), ra * u.deg, dec * u.deg).area.value
    half = np.radians(sum(dec) / 2)
    assert exact == pytest.approx(area * np.sin(half) / half, rel=1e-5)


def test_an_error_of_more_than_half_the_circle() -> None:
    """Near the poles right ascension may be known no better."""
    for make in (SkyRegion.box, SkyRegion.quarter_ellipse):
        region = make(at(10, 86), (200, 90) * u.deg, (1, 1) * u.deg)
        assert region.contains(at(10 + 195, 86))
        assert not region.contains(at(10 + 230, 86))
        assert region.contains(at(10 - 85, 86))


@pytest.mark.parametrize(("a", "b"), [(0.0121, 0.0111), (3.0, 1.0), (30.0, 30.0), (60.0, 0.5)])
def test_area_of_an_ellipse(a, b) -> None:
    area = SkyRegion.ellipse(at(40, 89), a * u.deg, b * u.deg, 20 * u.deg).area.value
    if a == b:
        assert area == pytest.approx(SkyRegion.circle(at(0, 0), a * u.deg).area.value, rel=1e-9)
    elif a < 5:
        assert area == pytest.approx(np.pi * a * b, rel=1e-3)
    else:
        assert area < np.pi * a * b


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 360), st.floats(-90, 90), st.floats(1e-5, 20), st.floats(0, 180), st.floats(0, 40))
def test_a_union_holds_both_centres(ra, dec, radius, angle, away) -> None:
    other = at(*(float(v) for v in sphere.offset(ra, dec, angle, away)))
    a, b = SkyRegion.circle(at(ra, dec), radius * u.deg), SkyRegion.circle(other, 2 * radius * u.deg)
    both = a | b
    assert both.contains(at(ra, dec))
    assert both.contains(other)
    assert both.radius > 0 * u.deg
    assert a.area.value == pytest.approx(
        4 * np.pi * np.sin(np.radians(radius) / 2) ** 2 * sphere.DEG2_PER_SR, rel=1e-4
    )
