"""Each format written by the library of its own, and read back: the same positions, units, masks and descriptions."""

from __future__ import annotations

import io

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import uproot
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.io.votable import from_table
from astropy.table import MaskedColumn, QTable, Table
from hypothesis import given, settings
from hypothesis import strategies as st

from skyexplorer import SourceCatalog
from skyexplorer.errors import FormatError, InputError
from skyexplorer.io import tables
from skyexplorer.io.choosing import NOTE

ROWS = 50


def sources():
    dice = np.random.default_rng(7)
    table = Table(
        {
            "name": [f"source {i}" for i in range(ROWS)],
            "ra": dice.uniform(0, 360, ROWS) * u.deg,
            "dec": dice.uniform(-90, 90, ROWS) * u.deg,
            "flux": MaskedColumn(dice.uniform(size=ROWS), mask=np.arange(ROWS) % 7 == 0, unit="mJy"),
        }
    )
    table["flux"].description = "flux density"
    return table


def written(table, form, folder):
    """The bytes of a table in a format."""
    path = folder / f"table.{form}"
    match form:
        case "fits":
            table.write(path, format="fits")
        case "ecsv":
            table.write(path, format="ascii.ecsv")
        case "parquet":
            table.write(path, format="parquet")
        case "hdf5":
            table.write(path, format="hdf5", path="sources", serialize_meta=True)
        case "tabledata" | "binary" | "binary2":
            votable = from_table(table)
            votable.get_first_table().format = form
            votable.to_xml(str(path))
    return path.read_bytes()


FORMATS = ("fits", "ecsv", "parquet", "hdf5", "tabledata", "binary", "binary2")


@pytest.mark.parametrize("form", FORMATS)
def test_what_astropy_writes_comes_back(form, tmp_path):
    table = sources()
    read = tables.read(written(table, form, tmp_path))
    assert read.colnames == table.colnames
    assert list(read["name"]) == list(table["name"])
    for name in ("ra", "dec"):
        assert (np.asarray(read[name]) == np.asarray(table[name])).all()
        assert read[name].unit == u.deg
    assert read["flux"].unit == u.mJy
    if form != "fits":
        assert read["flux"].description == "flux density"
    gone = ~np.isfinite(np.ma.filled(np.ma.asarray(read["flux"]), np.nan))
    assert (gone == table["flux"].mask).all()


def test_root_trees(tmp_path):
    table = sources()
    path = tmp_path / "tree.root"
    with uproot.recreate(path) as file:
        file["other"] = {"x": np.arange(3.0)}
        file["folder/events"] = {"RA": table["ra"].data, "Dec": table["dec"].data, "n": np.arange(ROWS)}
    catalog = SourceCatalog.read(path)
    assert catalog.coords.ra.deg == pytest.approx(table["ra"].data)
    assert catalog.coords.dec.deg == pytest.approx(table["dec"].data)
    assert "the others are other" in catalog.origin.note
    with pytest.raises(InputError, match=r"'nothing'.*folder/events"):
        SourceCatalog.read(path, table="nothing")


def test_plain_parquet_with_units_in_its_fields(tmp_path):
    told = pa.schema(
        [
            pa.field("lon", pa.float64(), metadata={"unit": "deg", "ucd": "pos.eq.ra;meta.main"}),
            pa.field("lat", pa.float64(), metadata={"unit": "deg", "ucd": "pos.eq.dec;meta.main"}),
            pa.field("l", pa.float64()),
            pa.field("b", pa.float64()),
            pa.field("parts", pa.list_(pa.int32())),
        ]
    )
    out = io.BytesIO()
    columns = [[10.0, None], [20.0, 5.0], [0.0, 0.0], [0.0, 0.0], [[1], [2, 3]]]
    pq.write_table(pa.table(columns, schema=told), out)
    catalog = SourceCatalog.read(out.getvalue())
    assert catalog.coords.ra.deg[0] == 10
    assert list(catalog.no_position) == [False, True]
    assert catalog.table["lon"].unit == u.deg
    assert "parts" in catalog.origin.note


def test_hdf5_groups_of_columns():
    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        for name, shift in (("north", 0.0), ("south", -50.0)):
            group = file.create_group(name)
            group["ra"], group["dec"] = [1.0, 2.0], [shift, shift + 1]
            group["ra"].attrs["unit"] = "deg"
            group["ra"].attrs["description"] = "where"
        file["away"] = h5py.ExternalLink("/etc/passwd", "/")
    raw = out.getvalue()
    both = SourceCatalog.read(raw)
    assert list(both.table["group"]) == ["north", "north", "south", "south"]
    assert both.table["ra"].description == "where"
    assert list(SourceCatalog.read(raw, group="south").coords.dec.deg) == [-50, -49]
    with pytest.raises(InputError, match="north, south"):
        SourceCatalog.read(raw, group="west")


def test_a_column_of_skycoord_in_ecsv():
    at = SkyCoord([0.0, 10.0] * u.deg, [0.0, 5.0] * u.deg, frame="galactic")
    out = io.StringIO()
    QTable({"name": ["a", "b"], "where": at}).write(out, format="ascii.ecsv")
    catalog = SourceCatalog.read(out.getvalue().encode())
    assert catalog.coords.separation(at).deg.max() < 1e-9


@settings(deadline=None, max_examples=20)
@given(
    places=st.lists(
        st.tuples(st.floats(0, 359.99, allow_subnormal=False), st.floats(-90, 90, allow_subnormal=False)),
        min_size=1, max_size=20,
    ),
    form=st.sampled_from(["fits", "votable", "parquet"]),
)  # fmt: skip
def test_positions_survive_to_the_last_bit(places, form):
    ra, dec = map(np.array, zip(*places, strict=True))
    out = io.BytesIO()
    if form == "parquet":
        pq.write_table(pa.table({"ra": ra, "dec": dec}), out)
    else:
        Table({"ra": ra, "dec": dec}).write(out, format=form)
    lon, lat = tables.degrees(read := tables.read(out.getvalue()), tables.roles(read))
    assert (lon == ra).all()
    assert (lat == dec).all()


def test_a_large_csv_reads_as_a_small_one():
    lines = [
        f'"s, {i}",{i / 3000:.5f},{i % 90},{i / 7 if i % 5 else ""},2020-01-0{i % 9 + 1},True'
        for i in range(120_000)
    ]
    raw = "\n".join(["name,ra,dec,x,day,ok", *lines]).encode()
    assert len(raw) > 2**22
    large, small = tables.read(raw), tables.read("\n".join(["name,ra,dec,x,day,ok", *lines[:500]]).encode())
    head = large[:500]
    assert head.colnames == small.colnames
    for name in small.colnames:
        assert head[name].dtype.kind == small[name].dtype.kind
        assert (np.ma.asarray(head[name]) == np.ma.asarray(small[name])).all()
    assert not any(name.endswith(".mask") for name in head.colnames)
    assert (np.ma.getmaskarray(head["x"]) == np.ma.getmaskarray(small["x"])).all()


# Files that lie


VOTABLE = b"""<?xml version="1.0"?><VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE>
<TABLE%s><FIELD name="RA" datatype="double" unit="deg"%s/><FIELD name="DEC" datatype="double"/><DATA>%s</DATA></TABLE>
%s</RESOURCE></VOTABLE>"""
CELLS = b"<TABLEDATA><TR><TD>1</TD><TD>2</TD></TR></TABLEDATA>"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (VOTABLE % (b"", b"", b'<BINARY><STREAM href="file:///etc/passwd"/></BINARY>', b""), "kept elsewhere"),
        (VOTABLE % (b"", b' arraysize="999999999999"', CELLS, b""), "more than can be meant"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]>' + VOTABLE % (b"", b"", CELLS, b""), "ENTITY"),
        (VOTABLE % (b"", b"", CELLS, b'<INFO name="QUERY_STATUS" value="ERROR">too slow</INFO>'), "too slow"),
    ],
)  # fmt: skip
def test_votables_that_are_refused(raw, said):
    with pytest.raises(FormatError, match=said):
        tables.read(raw)


def test_a_number_of_rows_that_lies_is_not_believed():
    raw = VOTABLE % (b' nrows="99999999999"', b"", CELLS, b'<INFO name="QUERY_STATUS" value="OVERFLOW"/>')
    catalog = SourceCatalog.read(raw)
    assert len(catalog) == 1
    assert catalog.origin.overflow
    assert "OVERFLOW" in catalog.origin.note


def test_a_fits_table_of_more_rows_than_bytes():
    out = io.BytesIO()
    Table({"ra": [1.0], "dec": [2.0]}).write(out, format="fits")
    raw = out.getvalue().replace(b"NAXIS2  =                    1", b"NAXIS2  =        9999999999999")
    with pytest.raises(FormatError, match="declares 9,999,999,999,999 rows"):
        tables.read(raw)


def test_the_second_table_of_a_fits_file():
    hdus = [fits.PrimaryHDU(), fits.BinTableHDU(Table({"x": [1.0]}), name="BINS")]
    hdus += [fits.BinTableHDU(Table({"ra": [k], "dec": [2.0]}), name=f"PART{k}") for k in (1.0, 2.0)]
    out = io.BytesIO()
    fits.HDUList(hdus).writeto(out)
    read = tables.read(out.getvalue())
    assert read["ra"][0] == 1
    assert read.meta[NOTE] == "table PART1.0 of 3; the others are BINS, PART2.0 (table=… opens one)"
    assert tables.read(out.getvalue(), "part2.0")["ra"][0] == 2
    assert tables.read(out.getvalue(), 2)["ra"][0] == 2
    with pytest.raises(InputError, match="no table 9"):
        tables.read(out.getvalue(), 9)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("vo/pyvo/tap_capabilities.xml", "VOSI capabilities"),
        ("vo/pyvo/query_errorstatus.xml", "answered with an error: ERROR"),
        ("vo/astroquery/ned_query_photometry.xml", "spectrum"),
        ("lightcurves/vtscat/2018ApJ...861L..20A__VER-000168-sed-1.ecsv", "spectrum"),
        ("sky/d3-celestial/constellations.lines.json", "89 MultiLineString"),
        ("sky/d3-celestial/constellations.bounds.json", "89 Polygon"),
        ("sky/d3-celestial/mw.json", "5 MultiPolygon"),
        ("sky/d3-celestial/starnames.json", "dictionary of 4869"),
        ("vhe/gammacat-datasets.json", "list of 618"),
        ("vo/astroquery/mocserver_list_fields.json", "no table of positions"),
    ],
)
def test_what_is_refused_says_what_it_is(data_dir, file, said):
    with pytest.raises(FormatError, match=said):
        SourceCatalog.read(data_dir / file)
