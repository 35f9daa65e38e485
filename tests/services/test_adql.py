"""ADQL: names quoted as they must be, conditions that hold what they should, whatever the seam and the poles."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyexplorer.core import sphere
from skyexplorer.errors import InputError
from skyexplorer.services import Service, adql
from skyexplorer.services.adql import Box, Cells, Circle, Polygon

PLAIN = Service("s", "S", "tap", "http://x", table="cat", columns={"ra": "ra", "dec": "dec", "id": "id"})


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("RAJ2000", "RAJ2000"),
        ("_RAJ2000", '"_RAJ2000"'),
        ("3HWC", '"3HWC"'),
        ("GLADE+", '"GLADE+"'),
        ("dec", "dec"),
        ("size", '"size"'),
        ("Time", '"Time"'),
        ('odd"one', '"odd""one"'),
        ('"kept"', '"kept"'),
        ("with blank", '"with blank"'),
    ],
)
def test_columns(name, written):
    assert adql.quoted(name) == written


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("II/246/out", '"II/246/out"'),
        ("gaiadr3.gaia_source", "gaiadr3.gaia_source"),
        ("dbo.catalog.x", 'dbo."catalog".x'),
        ('"J/A+A/682/A34/erass1-m"', '"J/A+A/682/A34/erass1-m"'),
        ("J/A+A/682/A34/erass1-m", '"J/A+A/682/A34/erass1-m"'),
    ],
)
def test_tables(name, written):
    assert adql.table(name) == written


def holds(condition: str, ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """A condition on coordinates, as a database evaluates it."""
    text = re.sub(r"(\w+) BETWEEN ([-+\d.e]+) AND ([-+\d.e]+)", r"((\1 >= \2) & (\1 <= \3))", condition)
    text = re.sub(r"(ra) (>=|<=) ([-+\d.e]+)", r"(\1 \2 \3)", text)
    text = text.replace(" AND ", " & ").replace(" OR ", " | ")
    return np.asarray(eval(text, {"ra": ra, "dec": dec}))


@given(
    ra=st.floats(0, 360, exclude_max=True),
    dec=st.floats(-90, 90),
    radius=st.floats(1e-4, 120),
    seed=st.integers(0, 2**31),
)
def test_ranges_hold_their_circle(ra, dec, radius, seed):
    """Where a service knows no circles, all of the circle is in the ranges asked for."""
    bare = Service("s", "S", "tap", "http://x", table="cat", geometry=False)
    rng = np.random.default_rng(seed)
    away, angle = radius * np.sqrt(rng.random(200)), rng.random(200) * 360
    away[:40] = radius
    lon, lat = sphere.offset(ra, dec, angle, away)
    assert holds(adql.condition(bare, [Circle(ra, dec, radius)]), lon % 360, lat).all()


@given(west=st.floats(0, 360, exclude_max=True), width=st.floats(0.001, 359), south=st.floats(-89, 88))
def test_ranges_through_the_seam(west, width, south):
    box = Box(west, (west + width) % 360, south, south + 1)
    inside = (west + width * np.linspace(0, 1, 50)) % 360
    condition = adql.condition(PLAIN, [box])
    assert holds(condition, inside, np.full(50, south + 0.5)).all()
    if width < 350:
        assert not holds(
            condition, np.array([(west + width + (360 - width) / 2) % 360]), np.array([south + 0.5])
        )[0]


def test_shapes_in_words():
    framed = Service(
        "s", "S", "tap", "http://x", table="cat", frame="ICRS", columns={"ra": "RAJ2000", "dec": "DEJ2000"}
    )
    circle, polygon = Circle(1.0, -2.0, 0.5), Polygon((0.0, 1.0, 1.0), (0.0, 0.0, 1.0))
    assert adql.condition(framed, [polygon]) == (
        "1 = CONTAINS(POINT('ICRS', RAJ2000, DEJ2000), POLYGON('ICRS', 0, 0, 1, 0, 1, 1))"
    )
    assert adql.condition(PLAIN, [circle, circle]) == (
        "(1 = CONTAINS(POINT(ra, dec), CIRCLE(1, -2, 0.5000001)) OR 1 = CONTAINS(POINT(ra, dec), CIRCLE(1, -2, 0.5000001)))"
    )
    assert adql.condition(PLAIN, [Cells("3/1-4")]) == "1 = CONTAINS(POINT(ra, dec), MOC('3/1-4'))"
    observed = Service("o", "O", "obstap", "http://x", table="ivoa.obscore", columns={"region": "s_region"})
    assert adql.condition(observed, [circle]) == "1 = INTERSECTS(s_region, CIRCLE(1, -2, 0.5000001))"
    most = adql.condition(PLAIN, [Circle(10.0, 20.0, 100.0)])
    assert most == "0 = CONTAINS(POINT(ra, dec), CIRCLE(190, -20, 79.9999999))"  # what is not in the rest
    assert adql.condition(PLAIN, [Circle(10.0, 20.0, 180.0)]) == "1 = 1"
    assert adql.condition(observed, [Circle(10.0, 20.0, 100.0)]) == "1 = 1"
    bare = Service("s", "S", "tap", "http://x", table="cat", geometry=False)
    with pytest.raises(InputError, match="knows no Polygon"):
        adql.condition(bare, [polygon])


def test_questions():
    assert adql.select(PLAIN, "1 = 1") == "SELECT * FROM cat WHERE 1 = 1"
    assert adql.select(PLAIN, "1 = 1", ["mag"], "mag < 3 OR mag > 9") == (
        "SELECT mag, ra, dec, id FROM cat WHERE 1 = 1 AND (mag < 3 OR mag > 9)"
    )
    assert adql.select(PLAIN, "", ["time"], upload="u1") == (
        'SELECT c."time" AS "time", c.ra AS ra, c.dec AS dec, c.id AS id FROM cat AS c JOIN TAP_UPLOAD.u1 AS u ON '
        "1 = CONTAINS(POINT(c.ra, c.dec), CIRCLE(u.u_ra, u.u_dec, u.u_radius))"
    )
    comma = Service("s", "S", "tap", "http://x", table="cat", upload_join="comma")
    assert adql.select(comma, "", where="mag < 3", upload="u1") == (
        "SELECT c.* FROM cat AS c, TAP_UPLOAD.u1 AS u WHERE "
        "1 = CONTAINS(POINT(c.ra, c.dec), CIRCLE(u.u_ra, u.u_dec, u.u_radius)) AND (mag < 3)"
    )


@given(st.floats(-360, 360))
def test_numbers_are_read_back(value):
    assert float(adql.number(value)) == pytest.approx(value, rel=1e-11, abs=1e-300)
