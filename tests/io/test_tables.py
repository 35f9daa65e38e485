"""Tables of any format, and the roles of their columns."""

from __future__ import annotations

import gzip
import io

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import Angle
from astropy.io import fits
from astropy.table import MaskedColumn, Table
from hypothesis import given, settings
from hypothesis import strategies as st

from skyexplorer.errors import ColumnError, FormatError
from skyexplorer.io import files, tables


def positions(table):
    return tables.degrees(table, tables.roles(table))


@pytest.mark.parametrize(
    ("ra", "dec"),
    [
        ("ra", "dec"),
        ("RAJ2000", "DEJ2000"),
        ("_RAJ2000", "_DEJ2000"),
        ("Ra_deg", "Dec_deg"),
        ("RA(deg)", "DEC(deg)"),
        ("RA [deg]", "DEC [deg]"),
        ("s_ra", "s_dec"),
        ("RAJ2000", "DECJ2000"),
    ],
)
def test_positions_by_name(ra, dec):
    lon, lat = positions(Table({"x": [1, 2], ra: [77.358, 359.9], dec: [5.693, -89.0]}))
    assert lon == pytest.approx([77.358, 359.9])
    assert lat == pytest.approx([5.693, -89.0])


def test_a_ucd_is_stronger_than_a_name():
    table = Table({"ra": [1.0], "dec": [2.0], "alpha_c": [3.0], "delta_c": [4.0]})
    table["alpha_c"].meta["ucd"] = "pos.eq.ra;meta.main"
    table["delta_c"].meta["ucd"] = "pos.eq.dec;meta.main"
    found = tables.roles(table)
    assert (found.ra, found.dec) == ("alpha_c", "delta_c")


def test_galactic_positions_are_rotated():
    lon, lat = positions(Table({"GLON": [195.405396], "GLAT": [-19.636031]}))
    assert lon == pytest.approx([77.3581850], abs=1e-5)  # SCIENCE.md E7
    assert lat == pytest.approx([5.6931481], abs=1e-5)


def test_radians_and_masks():
    table = Table({"ra": MaskedColumn([1.0, 2.0], unit="rad", mask=[False, True]), "dec": [0.5, 0.5] * u.rad})
    lon, lat = positions(table)
    assert lon[0] == pytest.approx(np.degrees(1.0))
    assert lat[0] == pytest.approx(np.degrees(0.5))
    assert np.isnan(lon[1])
    assert np.isnan(lat[1])


@pytest.mark.parametrize("unit", ["hourangle", "h", "hours", None])
def test_numbers_in_hours_are_converted(unit):
    ra = "ra" if unit else "RA_hours"
    table = Table({ra: [5.15], "dec": [5.69]})
    table[ra].unit = u.Unit(unit, parse_strict="silent") if unit else None
    assert positions(table)[0] == pytest.approx([77.25])


@pytest.mark.parametrize(
    ("ra", "dec"),
    [
        ("05 09 25.96", "+05 41 35.3"),
        ("05:09:25.96", "+05:41:35.3"),
        ("05h09m25.96s", "+05d41m35.3s"),
        ("77.358167", "5.693139"),  # text that is a number is degrees
    ],
)
def test_text_positions(ra, dec):
    lon, lat = positions(Table({"ra": [ra, ""], "dec": [dec, "n/a"]}))
    assert lon[0] == pytest.approx(77.358167, abs=1e-5)
    assert lat[0] == pytest.approx(5.693139, abs=1e-5)
    assert np.isnan([lon[1], lat[1]]).all()


def test_text_beside_numbers():
    lon, lat = positions(Table({"ra": [77.358], "dec": ["+05:41:35.3"]}))
    assert lon == pytest.approx([77.358])
    assert lat == pytest.approx([5.693139], abs=1e-5)


@settings(deadline=None, max_examples=50)
@given(ra=st.floats(0, 359.999), dec=st.floats(-89.999, 89.999), sep=st.sampled_from([":", " ", "hms"]))
def test_sexagesimal_round_trip(ra, dec, sep):
    hours = Angle(ra * u.deg).to_string(unit=u.hourangle, sep=sep, precision=7, pad=True)
    degrees = Angle(dec * u.deg).to_string(
        unit=u.deg, sep="dms" if sep == "hms" else sep, precision=6, pad=True, alwayssign=True
    )
    lon, lat = positions(Table({"ra": [hours], "dec": [degrees]}))
    assert (lon[0] - ra + 180) % 360 - 180 == pytest.approx(0, abs=1e-8)
    assert lat[0] == pytest.approx(dec, abs=1e-8)


@settings(deadline=None, max_examples=50)
@given(ra=st.floats(0, 359.999, allow_subnormal=False), dec=st.floats(-90, 90, allow_subnormal=False))
def test_degrees_round_trip_through_csv(ra, dec):
    table = tables.read(f"name,RA,Dec\na,{ra!r},{dec!r}\n".encode())
    lon, lat = positions(table)
    assert (lon[0], lat[0]) == (ra, dec)


@pytest.mark.parametrize(
    ("ra", "dec", "said"),
    [
        ([1000.0], [5.0], "1000 deg"),
        ([10.0], [95.0], "95 deg"),
        ([np.nan], [np.nan], "No row has a position"),
        (["foo"], ["bar"], "reads as no position"),
        (["25:00:00"], ["+05:00:00"], "hours"),
    ],
)
def test_positions_that_cannot_be(ra, dec, said):
    with pytest.raises(FormatError, match=said):
        positions(Table({"ra": ra, "dec": dec}))


def test_no_positions_lists_the_columns():
    with pytest.raises(ColumnError, match="mass, charge") as caught:
        tables.roles(Table({"mass": [1], "charge": [2]}))
    assert caught.value.columns == ("mass", "charge")


def test_a_column_that_is_not_there():
    with pytest.raises(ColumnError, match="'err'"):
        tables.roles(Table({"ra": [1.0], "dec": [2.0]}), error="err")


# Formats


def as_bytes(table, format_):
    out = io.BytesIO() if format_ in ("fits", "votable") else io.StringIO()
    table.write(out, format=format_)
    value = out.getvalue()
    return value if isinstance(value, bytes) else value.encode()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "format_", ["fits", "votable", "ascii.ecsv", "ascii.csv", "ascii.tab", "ascii.basic"]
)
def test_formats(format_, packed):
    table = Table({"name": ["a", "b"], "ra": [1.5, 2.5] * u.deg, "dec": [3.0, -4.0] * u.deg})
    raw = as_bytes(table, format_)
    read = tables.read(files.load(gzip.compress(raw) if packed else raw))
    assert [str(name) for name in read["name"]] == ["a", "b"]
    assert list(positions(read)[0]) == [1.5, 2.5]
    if format_ in ("fits", "votable", "ascii.ecsv"):
        assert read["ra"].unit == u.deg


def test_the_first_table_of_a_fits_file_may_be_any_hdu():
    hdus = fits.HDUList(
        [
            fits.PrimaryHDU(np.zeros((4, 4))),
            fits.ImageHDU(np.zeros((2, 2))),
            fits.BinTableHDU(Table({"ra": [1.0], "dec": [2.0]})),
        ]
    )
    out = io.BytesIO()
    hdus.writeto(out)
    assert tables.read(out.getvalue()).colnames == ["ra", "dec"]


def test_the_head_of_packed_bytes_is_not_unpacked_whole():
    raw = b"SIMPLE  =" + bytes(1_000_000)
    assert files.head(gzip.compress(raw), 9) == b"SIMPLE  ="
    assert files.head(raw, 9) == b"SIMPLE  ="


# Damage


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "empty"),
        (b"\n\n", "no table"),
        (b"ra,dec\n", "no table"),
        (b"<!DOCTYPE html><html>Not found</html>", "HTML"),
        (b'{"a": 1}', "JSON"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"PAR1....", "Parquet"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "picture"),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\0nonsense", "damaged"),
    ],
)
def test_what_is_no_table(raw, said):
    with pytest.raises(FormatError, match=said):
        tables.read(files.load(raw))


def test_a_table_without_rows():
    with pytest.raises(FormatError, match=r"no rows.*ra, dec"):
        tables.read(as_bytes(Table({"ra": [1.0], "dec": [2.0]})[:0], "ascii.ecsv"))


def test_damaged_files_of_the_world(data_dir):
    packed = (data_dir / "gamma/gll_psc_v16_3FGL.fit.gz").read_bytes()
    raw = gzip.decompress(packed)
    for cut in (raw[:3000], raw[: len(raw) // 2]):
        with pytest.raises(FormatError, match="cut short"):
            tables.read(cut)
    broken = packed[:5000] + bytes(5000) + packed[10000:]
    for bad in (packed[:100_000], broken):
        with pytest.raises(FormatError, match="damaged") as caught:
            files.load(bad)
        assert caught.value.__cause__ is not None


def test_a_service_that_answers_with_an_error(data_dir):
    with pytest.raises(FormatError, match="not currently reachable"):
        tables.read((data_dir / "vo/astroquery/vizier_no_server_error.xml").read_bytes())
    with pytest.raises(FormatError, match="error"):
        tables.read((data_dir / "vo/pyvo/query_errorstatus.xml").read_bytes())
