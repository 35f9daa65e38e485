"""Roles of columns: whatever their order, case and unit; old equinoxes converted, never taken for ICRS."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import FK4, SkyCoord
from astropy.table import Table
from hypothesis import given
from hypothesis import strategies as st

from skyexplorer import SourceCatalog
from skyexplorer.errors import FormatError
from skyexplorer.io import positions, roles, tables

PAIRS = [
    ("ra", "dec"), ("RAJ2000", "DEJ2000"), ("_RAJ2000", "_DEJ2000"), ("RA_ICRS", "DE_ICRS"), ("RA(deg)", "DEC(deg)"),
    ("Ra_deg", "Dec_deg"), ("RAJD", "DECJD"), ("ALPHA_J2000", "DELTA_J2000"), ("s_ra", "s_dec"),
]  # fmt: skip


@given(
    pair=st.sampled_from(PAIRS),
    order=st.permutations(range(5)),
    case=st.sampled_from([str.upper, str.lower, str]),
    unit=st.sampled_from([None, "deg", "rad", "arcmin", "hourangle"]),
    ra=st.floats(0.001, 359.99),
    dec=st.floats(-89.99, 89.99),
)
def test_order_case_and_unit_do_not_matter(pair, order, case, unit, ra, dec):
    to = u.Unit(unit or "deg")
    beside = unit and ("rad" if unit == "rad" else "deg")  # a declination is never in hours
    columns = [
        (case(pair[0]), [(ra * u.deg).to_value(to)], unit),
        (case(pair[1]), [(dec * u.deg).to_value(beside or "deg")], beside),
        ("flux", [1.0], None),
        ("pmra", [5.0], "mas / yr"),
        ("era", [7.0], None),
    ]  # fmt: skip
    table = Table()
    for k in order:
        name, values, told = columns[k]
        table[name] = values
        table[name].unit = told
    lon, lat = positions.degrees(table, roles.roles(table))
    assert lon == pytest.approx([ra], abs=1e-9)
    assert lat == pytest.approx([dec], abs=1e-9)


def test_b1950_is_converted():
    """The position of 3C 273 in the 3CR, B1950, and in the ICRF."""
    b1950 = SkyCoord("12h26m33.248s +02d19m43.26s", frame=FK4(equinox="B1950"))
    table = Table({"_RAB1950": [b1950.ra.deg], "_DEB1950": [b1950.dec.deg]})
    found = roles.roles(table)
    assert found.frame == "fk4:B1950"
    catalog = SourceCatalog(table)
    icrf = SkyCoord("12h29m06.6997s +02d03m08.598s")
    assert catalog.coords[0].separation(icrf).arcsec < 0.5
    assert icrf.separation(SkyCoord(b1950.ra, b1950.dec)).deg > 0.6


def test_j2000_goes_before_b1950_whatever_the_order():
    table = Table({"RAB1950": [1.0], "DEB1950": [2.0], "RAJ2000": [3.0], "DEJ2000": [4.0]})
    for name, word in (("RAB1950", "ra"), ("DEB1950", "dec"), ("RAJ2000", "ra"), ("DEJ2000", "dec")):
        table[name].meta["ucd"] = f"pos.eq.{word}"
    found = roles.roles(table)
    assert (found.ra, found.dec, found.frame) == ("RAJ2000", "DEJ2000", "icrs")


@pytest.mark.parametrize(
    ("meta", "frame", "most"),
    [
        ({"RADESYS": "ICRS"}, "icrs", 0),
        ({"RADECSYS": "FK5", "EQUINOX": 2000.0}, "fk5", 0.05),
        ({"RADESYS": "FK4", "EQUINOX": 1950.0}, "fk4:B1950", 3600),
        ({"RADESYS": "FK5", "EQUINOX": 2017.73}, "fk5:J2017.73", 1000),
    ],
)
def test_the_frame_of_a_header(meta, frame, most):
    table = Table({"RA": [77.3582], "DEC": [5.6931]}, meta=meta)
    assert roles.roles(table).frame == frame
    moved = SourceCatalog(table).coords[0].separation(SkyCoord(77.3582, 5.6931, unit="deg")).arcsec
    assert most * 0.3 < moved <= most or moved == most == 0


def test_a_coosys_of_vizier(data_dir):
    raw = (data_dir / "vo/astroquery/vizier_viz.xml").read_bytes()
    old = tables.read(raw, "I/40/catalog")
    found = roles.roles(old)
    assert (found.ra, found.frame) == ("_RAB1950", "fk4:B1950")
    ra, dec = positions.degrees(old, found)
    there = SkyCoord(old["_RAB1950"], old["_DEB1950"], frame=FK4(equinox="B1950")).icrs
    assert ra == pytest.approx(there.ra.deg)
    assert dec == pytest.approx(there.dec.deg)


def test_a_table_of_many_tells_the_others(data_dir):
    catalog = SourceCatalog.read(data_dir / "vo/astroquery/vizier_viz.xml")
    assert "of 231" in catalog.origin.note
    assert "I/34/greenw2a" in catalog.origin.note


def test_ucds_of_errors_are_no_positions():
    table = Table({"e_RA": [0.1], "RA_x": [5.0], "e_DE": [0.1], "DE_x": [6.0]})
    for name, word in (
        ("e_RA", "stat.error;pos.eq.ra"),
        ("RA_x", "pos.eq.ra"),
        ("e_DE", "stat.error;pos.eq.dec"),
        ("DE_x", "pos.eq.dec"),
    ):
        table[name].meta["ucd"] = word
    assert roles.roles(table).ra == "RA_x"
    assert roles.roles(table).dec == "DE_x"


def test_vectors_are_no_positions():
    with pytest.raises(FormatError, match="several numbers"):
        SourceCatalog(Table({"ra": [[1.0, 2.0]], "dec": [[1.0, 2.0]]}))


def test_every_known_table_is_whole():
    for entry in roles.known_tables():
        named = [entry["ra"], entry["dec"], *entry.get("ellipse", ())]
        assert set(named) <= set(entry["needs"]) | {
            "Conf_95_PosAng",
            "RAJ2000",
            "DEJ2000",
            "RA (J2000.0)",
            "ra",
            "dec",
        }
        assert entry["band"]
        assert 0 < entry.get("containment", 0.5) < 1
    assert np.isclose(roles.ONE_SIGMA, 0.3935, atol=1e-4)
