"""LSDB with our kernel: the pairs of its own and of a match in memory, over partitions and margins, by one worker or two."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.table import Table

from skyexplorer import SourceCatalog
from skyexplorer.errors import InputError
from skyexplorer.model.matching import crossmatch
from skyexplorer.model.parted import PartedCatalog, crossmatch_parts

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what its own dependencies have to say as they are loaded
    lsdb = pytest.importorskip("lsdb")
    import dask
    import pandas as pd
    from lsdb.core.crossmatch.kdtree_match import KdTreeCrossmatch

from skyexplorer.scale import SkyCrossmatch, from_lsdb, to_lsdb, write_hats

# LSDB and Dask speak of what they will change one day, and of estimates; a cluster of their own of sockets it closes late.
pytestmark = pytest.mark.filterwarnings(
    "ignore::FutureWarning",
    "ignore::DeprecationWarning",
    "ignore::ResourceWarning",
    "ignore::UserWarning:dask",
)
ROWS = 2500
BESIDE = {"suffixes": ("_left", "_right"), "suffix_method": "all_columns"}


def positions(seed):
    """Half of the rows crowd on the edge of two cells, at a pole, and where right ascension wraps."""
    dice = np.random.default_rng(seed)
    ra, dec = dice.uniform(0, 360, ROWS), np.degrees(np.arcsin(dice.uniform(-1, 1, ROWS)))
    kind = dice.integers(0, 6, ROWS)
    ra = np.where(kind == 0, 90 + dice.normal(0, 1e-3, ROWS), ra)
    dec = np.where(kind == 0, dice.normal(0, 1e-3, ROWS), dec)
    dec = np.where(kind == 1, 90 - dice.exponential(0.002, ROWS).clip(0, 1), dec)
    ra = np.where(kind == 2, dice.normal(0, 1e-3, ROWS) % 360, ra)
    dec = np.where(kind == 2, 30 + dice.normal(0, 1e-3, ROWS), dec)
    return ra, dec


@pytest.fixture(scope="module")
def sides():
    left, right = positions(1), positions(2)
    for mine, theirs in zip(left, right, strict=True):
        theirs[:200] = mine[500:700]
    return left, right


def frame(side):
    return pd.DataFrame({"row": np.arange(ROWS), "ra": side[0], "dec": side[1]})


@pytest.fixture(scope="module")
def catalogs(sides):
    """In many partitions of different orders, with a margin of 10 arcsec."""
    with dask.config.set(scheduler="synchronous"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = [
            lsdb.from_dataframe(
                frame(side), catalog_name=name, partition_rows=rows, highest_order=7, margin_threshold=10
            )
            for side, name, rows in zip(sides, ("left", "right"), (500, 300), strict=True)
        ]
    assert made[0].npartitions > 6
    assert made[1].npartitions > 12
    return made


def rows_of(matched):
    out = matched.compute().sort_values(["row_left", "_dist_arcsec", "row_right"])
    return [out[name].to_numpy(dtype=float) for name in ("row_left", "row_right", "_dist_arcsec")]


@pytest.mark.parametrize(("k", "radius", "least"), [(1, 2.0, 0.0), (3, 10.0, 0.0), (2, 8.0, 3.0)])
def test_the_pairs_are_those_of_its_own_algorithm(catalogs, k, radius, least):
    left, right = catalogs
    with dask.config.set(scheduler="synchronous"):
        ours = rows_of(left.crossmatch(right, algorithm=SkyCrossmatch(radius, k, least), **BESIDE))
        theirs = rows_of(left.crossmatch(right, algorithm=KdTreeCrossmatch(k, radius, least), **BESIDE))
    assert len(ours[0]) > 150
    np.testing.assert_array_equal(ours[0], theirs[0])
    np.testing.assert_array_equal(ours[1], theirs[1])
    np.testing.assert_allclose(ours[2], theirs[2], atol=1e-7)


@pytest.mark.parametrize("k", [1, 3])
def test_the_pairs_are_those_of_a_match_in_memory(catalogs, sides, k):
    with dask.config.set(scheduler="synchronous"):
        a, b, s = rows_of(catalogs[0].crossmatch(catalogs[1], algorithm=SkyCrossmatch(10.0, k), **BESIDE))
    whole = crossmatch(*(SourceCatalog(Table({"ra": x[0], "dec": x[1]})) for x in sides), 10 * u.arcsec, k=k)
    np.testing.assert_array_equal(a, whole["left"])
    np.testing.assert_array_equal(b, whole["right"])
    np.testing.assert_allclose(s, whole["separation"], rtol=1e-9, atol=1e-9)


def test_unmatched_rows_stay_where_that_is_asked(catalogs):
    with dask.config.set(scheduler="synchronous"):
        kept = (
            catalogs[0].crossmatch(catalogs[1], algorithm=SkyCrossmatch(2.0), how="left", **BESIDE).compute()
        )
    assert sorted(kept["row_left"]) == list(range(ROWS))
    assert kept["_dist_arcsec"].isna().sum() == kept["row_right"].isna().sum() > 500


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_of_a_cluster(catalogs, workers):
    """Each a process with a thread: the same, and none waits for another."""
    from dask.distributed import Client, LocalCluster

    left, right = catalogs
    lazy = left.crossmatch(right, algorithm=SkyCrossmatch(10.0, 2), **BESIDE)
    with dask.config.set(scheduler="synchronous"):
        expected = rows_of(lazy)
    with (
        LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster),
    ):
        found = rows_of(lazy)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_threads_of_one_process(catalogs):
    """Several partitions at once enter the kernel one at a time, and come out right."""
    lazy = catalogs[0].crossmatch(catalogs[1], algorithm=SkyCrossmatch(10.0, 2), **BESIDE)
    with dask.config.set(scheduler="threads", num_workers=4):
        found = rows_of(lazy)
    with dask.config.set(scheduler="synchronous"):
        expected = rows_of(lazy)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_radius_beyond_the_margin_is_refused(catalogs):
    left, right = catalogs
    left.crossmatch(right, algorithm=SkyCrossmatch(10.0), **BESIDE)
    with pytest.raises(
        InputError, match=r"radius of 10\.01 arcsec is larger than the margin of 'right', 10 arcsec"
    ):
        left.crossmatch(right, algorithm=SkyCrossmatch(10.01), **BESIDE)


def test_a_catalogue_without_a_margin_is_refused(catalogs, sides):
    bare = lsdb.from_dataframe(
        frame(sides[1]), catalog_name="bare", margin_threshold=None, partition_rows=500
    )
    with pytest.raises(InputError, match="'bare', has no margin"):
        catalogs[0].crossmatch(bare, algorithm=SkyCrossmatch(1.0), **BESIDE)
    with pytest.warns(RuntimeWarning, match="margin"):
        catalogs[0].crossmatch(bare, algorithm=SkyCrossmatch(1.0, margin_required=False), **BESIDE)


@pytest.mark.parametrize(
    "numbers", [(0.0,), (-1.0,), (np.nan,), (1.0, 0), (1.0, 1.5), (1.0, 1, 1.0), (1.0, 1, -0.1)]
)
def test_numbers_that_cannot_be_are_refused(catalogs, numbers):
    with pytest.raises(InputError):
        catalogs[0].crossmatch(catalogs[1], algorithm=SkyCrossmatch(*numbers), **BESIDE)


def test_hats_there_and_back(tmp_path, sides):
    """Written from a catalogue, opened in parts, matched with itself in memory, and back in memory the same rows."""
    table = Table(
        {
            "row": np.arange(ROWS),
            "ra": sides[0][0],
            "dec": sides[0][1],
            "name": [f"n{i}" for i in range(ROWS)],
        }
    )
    table["ra"][7] = np.nan
    stars = SourceCatalog(table, title="my stars")
    with dask.config.set(scheduler="synchronous"):
        parted = write_hats(stars, tmp_path / "stars", margin=20 * u.arcsec, rows=300)
        assert (parted.name, len(parted), len(parted._pieces.paths) > 6) == ("my_stars", ROWS - 1, True)
        again = to_lsdb(parted)
        assert again.margin.hc_structure.catalog_info.margin_threshold == 20
        back = from_lsdb(again)
    order = np.argsort(back.table["row"])
    np.testing.assert_array_equal(back.table["row"][order], np.delete(np.arange(ROWS), 7))
    np.testing.assert_array_equal(back.table["ra"][order], np.delete(table["ra"], 7))
    assert back.names[order[7]] == "n8"
    found = crossmatch_parts(stars, parted, 1e-6 * u.arcsec)
    assert len(found) == ROWS - 1
    taken = parted.take(found["right"])
    np.testing.assert_array_equal(
        taken.table["row"][found["separation"] == 0], found["left"][found["separation"] == 0]
    )
    with pytest.raises(InputError, match="is there already"):
        write_hats(stars, tmp_path / "stars")


def test_two_of_hats_read_only_what_can_touch(tmp_path, sides, monkeypatch):
    patch = SourceCatalog(Table({"ra": sides[0][0], "dec": sides[0][1]})).coords.dec.deg > 89
    crowd = SourceCatalog(Table({"ra": sides[0][0][patch], "dec": sides[0][1][patch]}), title="crowd")
    whole = SourceCatalog(Table({"ra": sides[1][0], "dec": sides[1][1]}), title="whole")
    with dask.config.set(scheduler="synchronous"):
        one = write_hats(crowd, tmp_path / "one", rows=200)
        other = write_hats(whole, tmp_path / "other", rows=180)
    read = []
    given = PartedCatalog.parts
    monkeypatch.setattr(
        PartedCatalog,
        "parts",
        lambda self, errors=False, wanted=None: (
            read.append((self.name, wanted)) or given(self, errors, wanted)
        ),
    )
    found = crossmatch_parts(one, other, 5 * u.arcsec, mode="all")
    assert len(found) == len(crossmatch(crowd, whole, 5 * u.arcsec, mode="all")) > 100
    (groups,) = [wanted for name, wanted in read if name == "whole"]
    assert len(groups) < len(other._pieces.rows) / 2


def test_other_positions_get_columns_of_icrs():
    galactic = SourceCatalog(Table({"glon": [0.0, 90.0], "glat": [0.0, 10.0]}), title="galactic")
    with dask.config.set(scheduler="synchronous"):
        made = to_lsdb(galactic)
        back = from_lsdb(made)
    assert {"_ra", "_dec", "glon", "glat"} <= set(back.table.colnames)
    assert set(back.coords.ra.deg.round(3)) == set(galactic.coords.ra.deg.round(3))
    for margin in (0 * u.arcsec, 5, 1 * u.s):
        with pytest.raises(InputError, match="margin is"):
            to_lsdb(galactic, margin)


def test_without_lsdb_the_error_says_what_to_install(monkeypatch):
    import skyexplorer.scale as scale

    for name in [name for name in sys.modules if name.startswith("skyexplorer.scale.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "lsdb", None)
    monkeypatch.setitem(sys.modules, "lsdb.core.crossmatch.abstract_crossmatch_algorithm", None)
    with pytest.raises(InputError, match=r"pip install 'skyexplorer\[scale\]'"):
        scale.to_lsdb  # noqa: B018
    with pytest.raises(AttributeError):
        scale.other  # noqa: B018
