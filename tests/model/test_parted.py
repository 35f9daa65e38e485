"""A catalogue in parts is the catalogue: what it takes, holds inside a region and matches, whatever the parts are."""

from __future__ import annotations

import numba
import numpy as np
import pyarrow as pa
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from skyexplorer import SkyRegion, SourceCatalog
from skyexplorer.core import stream
from skyexplorer.errors import Cancelled, ColumnError, FormatError, InputError
from skyexplorer.model import parted
from skyexplorer.model.matching import crossmatch
from skyexplorer.model.parted import PartedCatalog, crossmatch_parts
from skyexplorer.progress import Progress


def positions(dice, count):
    """Of which many are near others, on the whole sky, in a crowd, at a pole and beside right ascension 0."""
    ra, dec = dice.uniform(0, 360, count), np.degrees(np.arcsin(dice.uniform(-1, 1, count)))
    kind = dice.integers(0, 5, count)
    ra = np.where(kind == 1, 200 + dice.normal(0, 3e-3, count), ra)
    dec = np.where(kind == 1, 10 + dice.normal(0, 3e-3, count), dec)
    dec = np.where(kind == 2, 90 - dice.exponential(0.01, count).clip(0, 1), dec)
    ra = np.where(kind == 3, dice.normal(0, 0.003, count) % 360, ra)
    dec = np.where(kind == 3, dice.normal(0, 0.003, count), dec)
    return ra, dec


def made(seed, count, missing=True):
    dice = np.random.default_rng(seed)
    ra, dec = positions(dice, count)
    if missing:
        ra[dice.integers(0, count, 3)] = np.nan
    return Table({"id": np.arange(count), "ra": ra, "dec": dec, "sigma": 10 ** dice.uniform(-4, -2, count)})


def written(table, path, group=1000, **more):
    parquet.write_table(
        pa.table({name: np.asarray(table[name]) for name in table.colnames}),
        path,
        row_group_size=group,
        **more,
    )
    return path


def same(found, expected):
    """The same rows in the same order; separations and angles to rounding, which differs for short lists."""
    assert found.colnames == expected.colnames
    for name in expected.colnames:
        one, other = np.asarray(found[name]), np.asarray(expected[name])
        if name in ("left", "right"):
            np.testing.assert_array_equal(one, other, name)
        elif name == "position_angle":
            np.testing.assert_allclose((one - other + 180) % 360 - 180, 0 * other, atol=1e-6, err_msg=name)
        else:
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9, err_msg=name)
        assert found[name].unit == expected[name].unit


@pytest.fixture(autouse=True)
def _alone():
    """One thread: many small steps that wait for two are slow where others work too."""
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    yield
    numba.set_num_threads(threads)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """1200 rows in three files, and 900 in one; beside them the same as tables."""
    place = tmp_path_factory.mktemp("parts")
    left, right = made(1, 1200), made(2, 900)
    right["ra"][:300], right["dec"][:300] = left["ra"][200:500], left["dec"][200:500]
    (place / "many").mkdir()
    for number, (low, high) in enumerate([(0, 500), (500, 510), (510, 1200)]):
        written(left[low:high], place / "many" / f"{number}.parquet", group=130)
    written(right, place / "one.parquet", group=250)
    return place, left, right


radii = st.sampled_from(["one", "each", "errors"])


@settings(deadline=None, max_examples=30)
@given(
    kind=radii,
    mode=st.sampled_from(["nearest", "all", "mutual"]),
    k=st.integers(1, 3),
    rows=st.sampled_from([170, 300, 10_000]),
    block=st.sampled_from([470, 10_000]),
    keep=st.booleans(),
    which=st.sampled_from(["left", "right", "both", "itself"]),
)
def test_a_match_in_parts_is_the_match(folder, kind, mode, k, rows, block, keep, which):
    place, left, right = folder
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parted, "PART_ROWS", rows)
        patch.setattr(parted, "LARGEST_BLOCK", block)
        patch.setattr(stream, "ROOM", 50)
        ours, theirs = (SourceCatalog(side, error="sigma") for side in (left, right))
        many = PartedCatalog.open(place / "many", error="sigma")
        one = PartedCatalog.open(place / "one.parquet", error="sigma")
        sides = {"left": (many, theirs), "right": (ours, one), "both": (many, one), "itself": (many, many)}[
            which
        ]
        whole = (ours, ours) if which == "itself" else (ours, theirs)
        radius = {"one": 10 * u.arcsec, "each": np.geomspace(1e-4, 3, 1200) * u.deg, "errors": None}[kind]
        asked = {"radius": radius, "mode": mode, "k": k, "keep_unmatched": keep}
        same(crossmatch_parts(*sides, **asked), crossmatch(*whole, **asked))


def test_rows_are_numbered_over_all_files(folder, monkeypatch):
    place, left, _ = folder
    monkeypatch.setattr(parted, "PART_ROWS", 100)
    many = PartedCatalog.open(str(place / "many" / "*.parquet"), error="sigma")
    assert (len(many), many.rows) == (1200, 1200)
    firsts, ra, sigma = zip(*[(p.first, p.ra, p.sigma) for p in many.parts(errors=True)], strict=True)
    assert max(len(each) for each in ra) <= 200
    assert list(firsts) == np.cumsum([0, *(len(each) for each in ra)])[:-1].tolist()
    np.testing.assert_array_equal(np.concatenate(ra), left["ra"])
    np.testing.assert_allclose(np.concatenate(sigma), left["sigma"], rtol=1e-15)
    several = PartedCatalog.open([place / "one.parquet", place / "many" / "1.parquet"])
    assert several.take([899, 900, 909]).table["id"].tolist() == [899, 500, 509]


def test_take_gives_rows_in_the_order_asked(folder):
    place, left, _ = folder
    many = PartedCatalog.open(place / "many")
    rows = [1199, 3, 3, 505, 0]
    taken = many.take(rows)
    assert taken.table["id"].tolist() == rows
    np.testing.assert_array_equal(taken.table["ra"], left["ra"][rows])
    assert len(many.take([])) == 0
    assert many.take([]).table.colnames == taken.table.colnames
    gone = np.flatnonzero(np.isnan(left["ra"]))
    assert many.take(gone).table["id"].tolist() == gone.tolist()
    assert many.take(gone).no_position.all()
    for row in (-1, 1200):
        with pytest.raises(InputError, match=f"no row {row}"):
            many.take([0, row])


def test_read_is_the_whole(folder):
    place, left, _ = folder
    whole = PartedCatalog.open(place / "many", title="mine").read()
    assert (whole.name, len(whole), whole.origin.rows) == ("mine", 1200, 1200)
    np.testing.assert_array_equal(whole.table["dec"], left["dec"])


REGIONS = {
    "crowd": SkyRegion.circle(SkyCoord(200 * u.deg, 10 * u.deg), 0.005 * u.deg),
    "wrap": SkyRegion.circle(SkyCoord(0 * u.deg, 0 * u.deg), 0.004 * u.deg),
    "pole": SkyRegion.circle(SkyCoord(10 * u.deg, 90 * u.deg), 0.02 * u.deg),
    "half": SkyRegion.circle(SkyCoord(100 * u.deg, -40 * u.deg), 95 * u.deg),
    "nothing": SkyRegion.circle(SkyCoord(200 * u.deg, 11 * u.deg), 1e-9 * u.deg),
}


@pytest.mark.parametrize("name", list(REGIONS))
def test_inside_a_region(folder, name):
    place, left, _ = folder
    inside = PartedCatalog.open(place / "many").inside(REGIONS[name])
    good = np.isfinite(left["ra"])
    expected = np.flatnonzero(good)[
        REGIONS[name].contains(SkyCoord(left["ra"][good] * u.deg, left["dec"][good] * u.deg))
    ]
    assert inside.table["id"].tolist() == expected.tolist()


def test_row_groups_that_cannot_touch_are_not_read(tmp_path):
    """Sorted by declination, row groups tell by their statistics where they lie."""
    dice = np.random.default_rng(5)
    dec = np.sort(np.degrees(np.arcsin(dice.uniform(-1, 1, 20_000))))
    table = Table({"ra": dice.uniform(100, 140, 20_000), "dec": dec})
    stars = PartedCatalog.open(written(table, tmp_path / "sorted.parquet", group=500))
    pole = np.array([[120.0], [89.0]])
    assert len(stars._touching(*pole, 1.0)) < 5
    assert len(stars._touching(np.array([300.0]), np.array([0.0]), 1.0)) == 0
    assert len(stars._touching(*pole, 100.0)) == 40
    # Whatever is left out has nothing near.
    for reach in (0.01, 1.0, 10.0):
        ra, dec = dice.uniform(90, 150, 5), dice.uniform(-90, 90, 5)
        groups = stars._touching(ra, dec, reach)
        near = crossmatch(SkyCoord(ra * u.deg, dec * u.deg), SourceCatalog(table), reach * u.deg, mode="all")
        assert set(np.unique(near["right"] // 500)) <= set(groups.tolist())


@settings(deadline=None, max_examples=40)
@given(st.floats(-30, 400), st.floats(0, 170), st.floats(-90, 90), st.floats(0, 60), st.integers(0, 10**6))
def test_the_circle_around_a_box_holds_it(west, width, south, height, seed):
    from skyexplorer.core import sphere
    from skyexplorer.io.parquet import _circle

    class Limits:
        has_min_max = True

        def __init__(self, low, high):
            self.min, self.max = low, high

    dice = np.random.default_rng(seed)
    north = min(south + height, 90.0)
    ra, dec, radius = _circle([Limits(west, west + width), Limits(south, north)])
    inside = dice.uniform(west, west + width, 200), dice.uniform(south, north, 200)
    assert (sphere.separation(ra, dec, *inside) <= radius).all()


def test_other_frames_units_and_kinds_of_number(tmp_path):
    """Galactic radians as float32 with nulls are the same positions as a table of them gives."""
    dice = np.random.default_rng(6)
    lon, lat = dice.uniform(0, 6.28, 50).astype("f4"), dice.uniform(-1.5, 1.5, 50).astype("f4")
    gone = np.arange(50) % 7 == 3
    radian = {b"unit": b"rad"}
    schema = pa.schema(
        [pa.field("GLON", pa.float32(), metadata=radian), pa.field("GLAT", pa.float32(), metadata=radian)]
    )
    columns = [pa.array(lon, mask=gone), pa.array(lat)]
    parquet.write_table(pa.table(columns, schema=schema), tmp_path / "galactic.parquet", row_group_size=3)
    whole = SourceCatalog.read(tmp_path / "galactic.parquet")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parted, "PART_ROWS", 2)
        parts = list(PartedCatalog.open(tmp_path / "galactic.parquet").parts())
    np.testing.assert_allclose(np.concatenate([p.ra for p in parts]), whole.coords.ra.deg, rtol=1e-12)
    np.testing.assert_allclose(np.concatenate([p.dec for p in parts]), whole.coords.dec.deg, rtol=1e-12)
    assert np.isnan(whole.coords.ra.deg).sum() == gone.sum()


def test_whole_numbers_are_positions_too(tmp_path):
    parquet.write_table(pa.table({"ra": [1, -10, 370], "dec": [4, 5, 6]}), tmp_path / "whole.parquet")
    (part,) = PartedCatalog.open(tmp_path / "whole.parquet").parts()
    assert (part.ra.tolist(), part.dec.tolist()) == ([1, 350, 10], [4, 5, 6])
    assert part.ra.flags.writeable


def test_the_first_rows_may_have_no_positions_and_the_first_file_no_rows(tmp_path):
    table = Table({"ra": np.r_[np.full(300, np.nan), 1.0], "dec": np.r_[np.full(300, np.nan), 2.0]})
    written(table[:0], tmp_path / "0.parquet")
    written(table, tmp_path / "1.parquet")
    late = PartedCatalog.open(tmp_path)
    assert (late.rows, len(late._sample)) == (301, 301)
    found = crossmatch(late, (np.array([1.0]), np.array([2.0])), 1 * u.arcsec)
    assert (found["left"].tolist(), found["right"].tolist()) == ([300], [0])
    with pytest.raises(FormatError, match="No row has a position"):
        PartedCatalog.open(written(table[:300], tmp_path / "2.parquet"))
    with pytest.raises(FormatError, match="no rows"):
        PartedCatalog.open(tmp_path / "0.parquet")


def test_empty_lists_match_nothing(folder):
    place, left, _ = folder
    many = PartedCatalog.open(place / "many")
    none = np.empty(0), np.empty(0)
    for mode in ("nearest", "all", "mutual"):
        assert len(crossmatch(many, none, 1 * u.arcsec, mode=mode)) == 0
        assert len(crossmatch(none, many, 1 * u.arcsec, mode=mode)) == 0
    kept = crossmatch(many, none, 1 * u.arcsec, keep_unmatched=True)
    assert (kept["right"] == -1).all()
    assert len(kept) == len(left)


def test_what_cannot_be_is_refused(tmp_path, folder):
    place, _, right = folder
    with pytest.raises(InputError, match="no file"):
        PartedCatalog.open(tmp_path / "none.parquet")
    with pytest.raises(InputError, match="no file"):
        PartedCatalog.open(tmp_path)
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(FormatError, match=r"bad\.parquet"):
        PartedCatalog.open(tmp_path / "bad.parquet")
    parquet.write_table(pa.table({"ra": ["05 09 25.96"], "dec": ["+05 41 35.3"]}), tmp_path / "text.parquet")
    with pytest.raises(InputError, match="are text"):
        PartedCatalog.open(tmp_path / "text.parquet")
    parquet.write_table(pa.table({"ra": [1.0], "other": [2.0]}), tmp_path / "other.parquet")
    with pytest.raises(ColumnError, match="no column 'dec'"):
        PartedCatalog.open([place / "one.parquet", tmp_path / "other.parquet"])
    dec = np.zeros(200)
    dec[150] = 91.0
    parquet.write_table(pa.table({"ra": np.zeros(200), "dec": dec}), tmp_path / "high.parquet")
    high = PartedCatalog.open(tmp_path / "high.parquet")
    with pytest.raises(FormatError, match="'dec' goes to ±91"):
        list(high.parts())
    one = PartedCatalog.open(place / "one.parquet")
    for ask in (
        {"mode": "best"},
        {"k": 0},
        {"radius": -1 * u.deg},
        {"radius": np.ones(3) * u.deg},
        {"radius": None},
    ):
        with pytest.raises(InputError):
            crossmatch_parts(one, SourceCatalog(right), **{"radius": 1 * u.arcsec, **ask})
    with pytest.raises(InputError, match="no errors"):
        list(one.parts(errors=True))


def test_memory_is_asked_first(folder, monkeypatch):
    place, left, _ = folder
    one = PartedCatalog.open(place / "one.parquet")
    monkeypatch.setenv("SKYEXPLORER_MEMORY_LIMIT", "1 kB")
    with pytest.raises(InputError, match="Reading 900 rows of one"):
        one.read()
    with pytest.raises(InputError, match="in parts needs"):
        crossmatch_parts(SourceCatalog(left), one, 1 * u.arcsec)


def test_a_small_limit_makes_blocks(folder, monkeypatch):
    """As much memory as parts need, and 500 rows of what is held: the same pairs, in three passes."""
    place, left, right = folder
    monkeypatch.setenv("SKYEXPLORER_MEMORY_LIMIT", str(parted.PART_BYTES * 100 + parted.HELD_BYTES * 500))
    monkeypatch.setattr(parted, "PART_ROWS", 100)
    passes = []
    given = stream.Holder
    monkeypatch.setattr(stream, "Holder", lambda *args: passes.append(len(args[0].ra)) or given(*args))
    one = PartedCatalog.open(place / "one.parquet")
    found = crossmatch_parts(SourceCatalog(left), one, 0.2 * u.arcsec, mode="mutual")
    monkeypatch.delenv("SKYEXPLORER_MEMORY_LIMIT")
    assert passes == [400, 400, 400]
    same(found, crossmatch(SourceCatalog(left), SourceCatalog(right), 0.2 * u.arcsec, mode="mutual"))


def test_progress_and_cancel(folder, monkeypatch):
    place, _, _ = folder
    monkeypatch.setattr(parted, "PART_ROWS", 100)
    many, one = PartedCatalog.open(place / "many"), PartedCatalog.open(place / "one.parquet")
    seen = []
    with Progress() as progress:
        progress.watch(lambda p: seen.append((p.done, p.total, p.what)))
        crossmatch_parts(many, one, 2 * u.arcsec)
    assert seen[0] == (0, 1200, "matching positions")
    assert seen[-1][0] == seen[-1][1] == 1200

    import threading

    before = threading.active_count()
    with Progress() as progress:
        progress.watch(lambda p: progress.cancel() if p.done == 0 else None)
        with pytest.raises(Cancelled):
            crossmatch_parts(many, one, 2 * u.arcsec)
    assert threading.active_count() == before
