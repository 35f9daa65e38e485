"""Corners of matches: sets of cells beside each other, crowds in wide circles, parts, lists with themselves."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table
from mocpy import MOC
from pyarrow import parquet

from skyexplorer import CatalogIndex, PartedCatalog, SkyMap, SkyRegion, SkyRegions, SourceCatalog, crossmatch
from skyexplorer.core import closest
from skyexplorer.core import crossmatch as core
from skyexplorer.errors import InputError, SkyExplorerWarning
from skyexplorer.model import index as indices
from skyexplorer.model import matching, pairs
from skyexplorer.model.matching import groups

EVEN = SkyMap(np.arange(4, 16), np.full(12, 1 / (4 * np.pi)))


def cell(ipix, order=1):
    return SkyRegion.from_moc(
        MOC.from_healpix_cells(np.array([ipix], np.uint64), np.array([order], np.uint8), max_depth=order)
    )


def test_sets_of_cells_keep_to_their_own():
    cells = [cell(0), cell(20), cell(40)]
    assert SkyRegions.of(cells).probability(EVEN) == pytest.approx([1 / 48] * 3)
    circle = SkyRegion.circle(SkyCoord(10 * u.deg, -60 * u.deg), 3 * u.deg)
    both = SkyRegion.union([cell(0), circle])
    one = SkyRegions.of([both]).probability(EVEN)[0]
    assert SkyRegions.of([both, cell(20)]).probability(EVEN) == pytest.approx([one, 1 / 48])


def test_sums_that_are_not_known_so_well_are_told():
    thin = SkyRegions.boxes(SkyCoord([10] * u.deg, [5] * u.deg), (150, 150) * u.deg, (0.01, 0.01) * u.deg)
    with pytest.warns(SkyExplorerWarning, match="are known to"):
        thin.probability(EVEN, 1e-3)


def test_crowds_within_a_wide_circle_end():
    """Any circle with a neighbour has too many: fewer rows ask at a time."""
    left, right = (np.full(20, 10.0), np.zeros(20)), (np.full(20, 11.0), np.zeros(20))
    a, b, s = closest.closest(*left, *right, 2.0, 1, 100)
    at = core.chosen(a, b, s, "nearest", 1, 20)
    assert (a[at].tolist(), b[at].tolist()) == (list(range(20)), [0] * 20)
    with pytest.raises(MemoryError):
        closest.closest(*left, *right, 2.0, 1, 10)


def test_the_index_finds_the_nearest_where_all_are_too_many(monkeypatch):
    dice = np.random.default_rng(1)
    left, right = (SkyCoord(dice.uniform(0, 3, 20) * u.deg, dice.uniform(0, 3, 20) * u.deg) for _ in range(2))
    expected = crossmatch(left, right, 5 * u.deg)
    monkeypatch.setattr(indices, "MOST_PAIRS", 100)
    monkeypatch.setattr(matching, "MOST_PAIRS", 100)
    index = CatalogIndex(right)
    assert index.match(left, 5 * u.deg)["right"].tolist() == expected["right"].tolist()
    with pytest.raises(InputError, match="pairs within"):
        index.match(left, 5 * u.deg, mode="all")
    assert crossmatch(left, right, 5 * u.deg)["right"].tolist() == expected["right"].tolist()


@pytest.fixture
def stars(tmp_path):
    table = pa.table(
        {"ra": [10.0, 20.0, 30.0], "dec": [0.0, 5.0, 90.00005], "pmra": [3600.0] * 3, "pmdec": [0.0] * 3}
    )
    parquet.write_table(table, tmp_path / "stars[2].parquet")
    return PartedCatalog.open(tmp_path / "stars[2].parquet")


def test_parts_say_that_nothing_moved(stars):
    old = SourceCatalog(Table({"ra": [10.0], "dec": [0.0]}), epoch="J2000")
    assert "proper motions not used" in crossmatch(stars, old, 2 * u.arcsec).meta["epoch"]
    assert "epoch" not in crossmatch(stars, old, 2 * u.arcsec, epoch=False).meta


def test_rows_of_parts(stars):
    """By mask, or by number; what is neither is refused. A declination rounded past the pole is the pole."""
    assert stars.take(np.array([True, False, True])).coords.ra.deg.tolist() == [10, 30]
    assert stars.take([2, 0]).coords.ra.deg.tolist() == [30, 10]
    for bad in ([1.7], ["a"], [3], [True, False]):
        with pytest.raises(InputError):
            stars.take(bad)
    assert crossmatch(([0.0], [90.0]), stars, 0.1 * u.arcsec)["right"].tolist() == [2]
    with pytest.raises(InputError, match="is no path"):
        PartedCatalog.open(None)


def test_parts_wherever_a_list_is_wanted(stars):
    circle = SkyRegion.circle(SkyCoord(20 * u.deg, 5 * u.deg), 1 * u.deg)
    index = CatalogIndex(SkyCoord([20] * u.deg, [5] * u.deg))
    assert SkyRegions.of([circle]).counts(stars).tolist() == [1]
    assert index.match(stars, 1 * u.arcsec)["left"].tolist() == [1]
    assert list(index.append(stars)) == [1, 2, 3]
    assert groups(stars, 1 * u.deg).tolist() == [0, 1, 2]


def test_a_list_with_itself_keeps_only_what_has_no_match():
    here = SkyCoord([10, 10.0001, 50] * u.deg, [0, 0, 0] * u.deg)
    for mode in ("all", "mutual"):
        found = crossmatch(here, here, 1 * u.arcsec, mode=mode, keep_unmatched=True)
        assert list(zip(found["left"].tolist(), found["right"].tolist(), strict=True)) == [(0, 1), (2, -1)]
    assert len(crossmatch(here, here, 180 * u.deg, k=np.uint8(255))) == 6


def test_what_regions_have_no_use_for_is_refused():
    circle = SkyRegion.circle(SkyCoord(10 * u.deg, 0 * u.deg), 1 * u.deg)
    for wrong in ({"radius": 1 * u.deg}, {"keep_unmatched": True}):
        with pytest.raises(InputError, match="edges of their own"):
            crossmatch([circle], SkyCoord([10] * u.deg, [0] * u.deg), **wrong)


@pytest.mark.parametrize("wrong", [None, "5", [5, 5], 0, -1, np.nan])
def test_a_largest_distance_that_is_none(wrong):
    catalog = SourceCatalog(Table({"ra": [1.0], "dec": [1.0], "e": [0.1]}), error="e")
    with pytest.raises(InputError, match="max_sigma"):
        crossmatch(catalog, catalog.take([0]), max_sigma=wrong)


def test_an_empty_list_with_epochs():
    stars = SourceCatalog(
        Table({"ra": [10.0], "dec": [0.0], "pmra": [3600.0], "pmdec": [0.0]}), epoch="J2016"
    )
    other = SourceCatalog(Table({"ra": [10.0], "dec": [0.0], "when": [1999.0]}), epoch="when")
    assert len(crossmatch(stars, other.take([]), 1 * u.arcmin)) == 0


def test_memory_itself_is_told_as_such():
    with pytest.raises(InputError, match="Memory is short"), pairs.counted():
        raise MemoryError((10**15,))
