"""What is odd is kept, flagged and explained."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.table import Table
from hypothesis import given
from hypothesis import strategies as st

from skyexplorer import SourceCatalog
from skyexplorer.errors import ColumnError
from skyexplorer.model import checks


def test_a_pair_of_errors_swapped_between_two_versions(data_dir):
    """IC211208A: Dec errors +1.81/−1.39 in GCN 31191, +1.39/−1.79 in ICECAT (SCIENCE.md 2.4)."""
    icecat = SourceCatalog.read(data_dir / "neutrino/IceCube_Gold_Bronze_Tracks.csv").table
    notice = Table(
        {
            "NAME": ["IC211208A", "IC170922A"],
            "RA_ERR_PLUS": [2.82, 0.95], "RA_ERR_MINUS": [2.50, 0.65],
            "DEC_ERR_PLUS": [1.81, 0.50], "DEC_ERR_MINUS": [1.39, 0.30],
        }
    )  # fmt: skip
    found = checks.swapped_errors(notice, icecat, "NAME")
    assert [(flag.rows, flag.column) for flag in found] == [((0,), "DEC_ERR_PLUS")]
    assert "+1.81/−1.39 in one version and +1.39/−1.79 in the other" in found[0].text
    assert checks.swapped_errors(icecat, icecat, "NAME") == []


def test_lists_that_cannot_be_compared():
    one = Table({"NAME": ["a"], "ra": [1.0]})
    with pytest.raises(ColumnError, match="asymmetric"):
        checks.swapped_errors(one, one, "NAME")
    with pytest.raises(ColumnError, match="'who'"):
        checks.swapped_errors(one, one, "who")


@given(a=st.floats(0.01, 100), b=st.floats(0.01, 100))
def test_swapping_is_symmetric_and_needs_a_difference(a, b):
    assert (
        bool(checks.swapped(a, b, b, a))
        == bool(checks.swapped(b, a, a, b))
        == (abs(a - b) > 0.05 * max(a, b))
    )
    assert not checks.swapped(a, b, a, b)


def test_missing_numbers_are_not_swapped():
    assert list(checks.swapped([1.0, np.nan], [2.0, 2.0], [2.0, 2.0], [1.0, 1.0])) == [True, False]


def test_flags_follow_their_rows():
    catalog = SourceCatalog(
        Table(
            {
                "name": ["a", "b", "a", "c"],
                "ra": [1.0, np.nan, 2.0, 3.0],
                "dec": [1.0, 2.0, 3.0, 4.0],
                "z": [0.1, 0.2, -np.inf, 0.3],
            }
        )
    )
    texts = {flag.column: flag.rows for flag in catalog.flags}
    assert texts == {"ra": (1,), "name": (0, 2), "z": (2,)}
    assert len(catalog) == 4
    few = catalog.take([2, 3])
    assert {flag.column: flag.rows for flag in few.flags} == {"name": (0,), "z": (0,)}
    assert "1 row without a position: not drawn" in catalog.origin.note
    assert "1 name in more than one row (a): all kept" in catalog.origin.note


def test_the_callers_table_stays_as_it_is():
    table = Table({"ra": [1.0, 2.0], "dec": [1.0, 2.0], "flux": ["<0.5", "0.7"], "z": [-np.inf, 1.0]})
    catalog = SourceCatalog(table)
    assert list(table["flux"]) == ["<0.5", "0.7"]
    assert np.isinf(table["z"][0])
    assert list(catalog.table["flux"]) == [0.5, 0.7]
    assert list(catalog.table["flux_limit"]) == [-1, 0]
    assert np.isnan(catalog.table["z"][0])


def test_text_that_is_not_all_numbers_stays_text():
    catalog = SourceCatalog(Table({"ra": [1.0, 2.0], "dec": [1.0, 2.0], "note": ["<0.5", "bright"]}))
    assert list(catalog.table["note"]) == ["<0.5", "bright"]
    assert catalog.flags == ()


def test_a_catalogue_without_oddities_says_nothing():
    assert SourceCatalog(Table({"ra": [1.0], "dec": [1.0]})).origin.note == ""


def test_a_unit_that_is_taken_for_granted_is_told() -> None:
    table = Table({"ra": [1.0], "dec": [1.0], "err": [3.0], "a": [3.0], "b": [2.0], "pa": [10.0]})
    assert SourceCatalog(table).origin.note == ""
    told = SourceCatalog(table, error="err")
    assert told.origin.note == "err has no unit: taken as degrees"
    assert told.error is not None
    assert told.error[0] == 3 * u.deg
    assert (
        SourceCatalog(table, ellipse=("a", "b", "pa")).origin.note
        == "a has no unit: taken as degrees; b has no unit: taken as degrees"
    )
    both = SourceCatalog(table, error="err", ellipse=("a", "b", "pa"))
    assert "err" not in both.origin.note, "it is not used"
    for unit, note in (
        ("arcsec", ""),
        ("arcsecs", "err is in 'arcsecs', which is no angle: taken as degrees"),
        ("mag", "err is in 'mag', which is no angle: taken as degrees"),
    ):
        table["err"].unit = u.Unit(unit, parse_strict="silent")
        assert SourceCatalog(table, error="err").origin.note == note
    table["err"].unit = u.arcsec
    assert SourceCatalog(table, error="err").error[0] == 3 * u.arcsec
