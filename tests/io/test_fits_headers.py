"""Headers without data, and files that lead back into themselves."""

from __future__ import annotations

import gzip
import io

import numpy as np
import pytest
from astropy.io import fits

from skyexplorer import SkyRegion, SourceCatalog
from skyexplorer.errors import FormatError
from skyexplorer.io import dl3, fits_headers
from tests.fuzz.test_damaged_files import clock


def file_of(*tables: fits.BinTableHDU) -> bytes:
    out = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), *tables]).writeto(out)
    return out.getvalue()


def table(name: str, **columns: list[float]) -> fits.BinTableHDU:
    made = [fits.Column(key, "D", array=np.array(values)) for key, values in columns.items()]
    return fits.BinTableHDU.from_columns(made, name=name)


@pytest.mark.parametrize("packed", [False, True])
def test_headers_are_read_without_data(packed):
    raw = file_of(table("ONE", RA=[1.0] * 1000, DEC=[2.0] * 1000), table("TWO", O_NEIL=[1.0]))
    headers, complete = fits_headers.peek(gzip.compress(raw) if packed else raw)
    assert complete
    assert [header.name for header in headers] == ["", "ONE", "TWO"]
    assert headers[1].columns == ("RA", "DEC")
    assert headers[1].keys["NAXIS2"] == 1000
    assert [header.is_table for header in headers] == [False, True, True]


def test_what_lies_beyond_reach_is_said():
    raw = gzip.compress(file_of(table("ONE", RA=[1.0] * 100_000), table("TWO", X=[1.0])))
    headers, complete = fits_headers.peek(raw, reach=50_000)
    assert not complete
    assert [header.name for header in headers] == ["", "ONE"]


def test_a_quote_in_a_text_is_one():
    primary = fits.PrimaryHDU()
    primary.header["OBSERVER"] = "O'Neil / two"
    out = io.BytesIO()
    primary.writeto(out)
    headers, _ = fits_headers.peek(out.getvalue())
    assert headers[0].keys["OBSERVER"] == "O'Neil / two"


@pytest.mark.parametrize("reader", [SourceCatalog.read, dl3.read, SkyRegion.read])
def test_a_file_that_leads_back_into_itself_ends(reader):
    """A negative number of rows puts the next part before this one."""
    raw = file_of(table("ONE", X=[1.0] * 600), table("TWO", Y=[1.0] * 600))
    bad = raw.replace(b"NAXIS2  =                  600", b"NAXIS2  =                -1400")
    assert bad != raw
    with clock(20), pytest.raises(FormatError):
        reader(bad)
