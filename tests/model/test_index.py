"""CatalogIndex: the same answers as crossmatch, kept and opened again, at every radius and in every crowd."""

from __future__ import annotations

import itertools
import os

import numpy as np
import pyarrow as pa
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from mocpy import MOC

from skyexplorer import CatalogIndex, SkyRegion, SourceCatalog, crossmatch
from skyexplorer.core import healpix, probing
from skyexplorer.core import sorted as keep
from skyexplorer.errors import Cancelled, FormatError, InputError
from skyexplorer.io import index_file
from skyexplorer.model import index as module
from skyexplorer.progress import Progress


def sky(dice, count, clustered=False):
    ra, dec = dice.uniform(0, 360, count), np.degrees(np.arcsin(dice.uniform(-1, 1, count)))
    if clustered:
        ra[: count // 2] = (266.4 + dice.normal(0, 0.05, count // 2)) % 360
        dec[: count // 2] = -29 + dice.normal(0, 0.05, count // 2)
    return SkyCoord(ra * u.deg, dec * u.deg)


@pytest.fixture(scope="module", params=[False, True], ids=["uniform", "clustered"])
def lists(request):
    dice = np.random.default_rng(8)
    return sky(dice, 20_000, request.param), sky(dice, 500, request.param)


@pytest.mark.parametrize("mode", ["nearest", "all", "mutual"])
@pytest.mark.parametrize("radius", [1e-4, 0.02, 1.5, 20.0])
def test_it_answers_as_crossmatch_does(lists, mode, radius, tmp_path):
    stars, asked = lists
    if mode != "nearest" and radius > 10:
        return  # 500 × 20 000 × 3 % of the sky is a list too long to compare
    index = CatalogIndex(stars)
    want = crossmatch(asked, stars, radius * u.deg, mode=mode)
    for this in (index, CatalogIndex.open(index.save(tmp_path / "kept"))):
        found = this.match(asked, radius * u.deg, mode)
        assert np.array_equal(found["left"], want["left"])
        assert np.array_equal(found["right"], want["right"])
        assert np.allclose(found["separation"], want["separation"], rtol=0, atol=1e-6)
        assert np.allclose(found["position_angle"], want["position_angle"], rtol=0, atol=1e-4)


def test_k_nearest_and_one_radius_a_row(lists):
    stars, asked = lists
    index = CatalogIndex(stars)
    radius = np.linspace(0, 2, len(asked)) * u.deg
    found, want = index.match(asked, radius, k=3), crossmatch(asked, stars, radius, k=3)
    assert (found["left"].tolist(), found["right"].tolist()) == (
        want["left"].tolist(),
        want["right"].tolist(),
    )


@pytest.mark.parametrize(
    "region",
    [
        SkyRegion.circle(SkyCoord(266.4 * u.deg, -29 * u.deg), 3 * u.deg),
        SkyRegion.circle(SkyCoord(0 * u.deg, 90 * u.deg), 10 * u.deg),
        SkyRegion.box(SkyCoord(0.1 * u.deg, 5 * u.deg), (12, 15) * u.deg, (3, 9) * u.deg),
        SkyRegion.polygon(SkyCoord([350, 20, 5] * u.deg, [-40, -35, 10] * u.deg)),
        SkyRegion.circle(SkyCoord(77 * u.deg, 5 * u.deg), 180 * u.deg),
        SkyRegion.from_moc(MOC.from_string("3/0-40 300 5/7000-7100 11/50000000")),
        SkyRegion.circle(SkyCoord(77 * u.deg, 5 * u.deg), 30 * u.deg)
        - SkyRegion.circle(SkyCoord(77 * u.deg, 9 * u.deg), 9 * u.deg),
        SkyRegion.union([SkyRegion.circle(SkyCoord(a * u.deg, 5 * u.deg), 3 * u.deg) for a in (10, 190)]),
    ],
)
def test_inside_a_region(lists, region):
    stars, _ = lists
    assert CatalogIndex(stars).inside(region).tolist() == np.flatnonzero(region.contains(stars)).tolist()


def test_a_real_catalogue(data_dir):
    """1540 of 3561 5BZCAT lie within 0.1 deg of a 4FGL source."""
    index = CatalogIndex(SourceCatalog.read(data_dir / "gamma/gll_psc_v18_4FGL_early.fit"))
    assert len(index) == 5099
    assert len(index.match(SourceCatalog.read(data_dir / "sky/5BZCAT.csv"), 0.1 * u.deg)) == 1540


def test_rows_without_a_place_answer_nothing():
    index = CatalogIndex(SkyCoord([10, np.nan, 10] * u.deg, [0, 0, np.nan] * u.deg))
    assert index.match(SkyCoord([10, np.nan] * u.deg, [0, 0] * u.deg), 180 * u.deg, "all")[
        "right"
    ].tolist() == [0]


@pytest.fixture
def stars(lists):
    return lists[0][:3000]


def answers(index, asked):
    """What an index tells, as lists."""
    found = index.match(asked, 0.7 * u.deg, "all"), index.nearest(asked, k=3)
    return [
        table[name].tolist() for table in found for name in ("left", "right", "separation", "position_angle")
    ]


def test_the_k_nearest_however_far(lists):
    stars, asked = lists
    found = CatalogIndex(stars).nearest(asked, k=4)
    want = crossmatch(asked, stars, 19 * u.deg, k=4)
    assert found["right"].tolist() == want["right"].tolist()
    assert np.allclose(found["separation"], want["separation"], rtol=1e-9)
    assert len(CatalogIndex(stars[:2]).nearest(asked[:5], k=4)) == 10


def test_what_is_added_is_as_if_it_had_been_there(lists, stars, tmp_path):
    """In memory and on disk, in pieces of all sizes, opened again after each."""
    asked = lists[1]
    want = answers(CatalogIndex(stars), asked)
    ends = [0, 1000, 1001, 1600, 1601, 1603, 2200, 2200, 2900, 3000]
    held = CatalogIndex(stars[:0])
    folder = held.save(tmp_path / "kept")
    kept = CatalogIndex.open(folder)
    for low, high in itertools.pairwise(ends):
        assert held.append(stars[low:high]) == kept.append(stars[low:high]) == range(low, high)
        again = CatalogIndex.open(folder)
        for index in (held, kept, again):
            assert len(index) == high
            assert len(index._pieces) <= 1 + np.log2(max(high, 1))
    for index in (held, kept, again):
        assert answers(index, asked) == want
        region = SkyRegion.circle(SkyCoord(266.4 * u.deg, -29 * u.deg), 40 * u.deg)
        for shape in (region, SkyRegion.from_moc(region.to_moc(5))):
            assert index.inside(shape).tolist() == np.flatnonzero(shape.contains(stars)).tolist()
    # No file is left that is not named.
    assert len(list(folder.glob("*.arrow"))) == 2 * len(again._pieces)
    assert len(list(folder.iterdir())) == 1 + 2 * len(again._pieces)


def test_an_addition_that_breaks_off_leaves_the_old_index(stars, tmp_path, monkeypatch):
    folder = CatalogIndex(stars[:2000]).save(tmp_path / "kept")
    want = answers(CatalogIndex.open(folder), stars[:50])

    def broken(old, new):
        raise OSError(28, "No space left on device")

    for number in range(3):  # at the first file, the second, and the list
        kept, count = CatalogIndex.open(folder), [number]
        real = os.replace
        with monkeypatch.context() as patched:
            patched.setattr(
                index_file.os, "replace",
                lambda old, new, count=count, real=real: (
                    real(old, new) if count[0] and not count.__setitem__(0, count[0] - 1) else broken(old, new)
                ),
            )  # fmt: skip
            with pytest.raises(InputError, match="No space left"):
                kept.append(stars[2000:])
        assert answers(kept, stars[:50]) == answers(CatalogIndex.open(folder), stars[:50]) == want
    kept.append(stars[2000:])
    assert answers(CatalogIndex.open(folder), stars[:50]) == answers(CatalogIndex(stars), stars[:50])
    assert not list(folder.glob("*.part"))


def test_what_a_crash_left_is_taken_away(stars, tmp_path):
    folder = CatalogIndex(stars[:2000]).save(tmp_path / "kept")
    for name in ("00000002.arrow", "00000003.cells.part", "00000003.healpix.column", "index.json.part"):
        (folder / name).write_bytes(b"half of a file")
    (folder / "notes.txt").write_text("mine")
    kept = CatalogIndex.open(folder)
    kept.append(stars[2000:])
    assert answers(CatalogIndex.open(folder), stars[:50]) == answers(CatalogIndex(stars), stars[:50])
    names = {path.name for path in folder.iterdir()}
    assert names == {"index.json", "notes.txt", "00000004.arrow", "00000004.cells.arrow"}


def test_two_who_add_to_one_index(stars, tmp_path):
    folder = CatalogIndex(stars[:2000]).save(tmp_path / "kept")
    one, other = CatalogIndex.open(folder), CatalogIndex.open(folder)
    one.append(stars[2000:])
    with pytest.raises(InputError, match="changed since"):
        other.append(stars[2000:])
    assert len(other) == 2000
    assert len(CatalogIndex.open(folder)) == 3000


def test_saving_over_an_index_that_is_open(stars, tmp_path):
    folder = CatalogIndex(stars).save(tmp_path / "kept")
    kept = CatalogIndex.open(folder)
    want = answers(kept, stars[:50])
    kept.save(folder)
    CatalogIndex(stars[:5]).save(folder)
    assert answers(kept, stars[:50]) == want  # the old files are there as long as they are used
    assert len(CatalogIndex.open(folder)) == 5


def test_built_from_parts(stars, tmp_path, monkeypatch):
    monkeypatch.setattr(keep, "BLOCK", 700)
    ra, dec = np.array(stars.ra.deg), np.array(stars.dec.deg)
    ra[5], dec[6] = np.nan, np.inf
    ends = [0, 1, 900, 900, 2000, 3000]
    parts = [(ra[a:b] - 360, dec[a:b]) for a, b in itertools.pairwise(ends)]
    index = CatalogIndex.build(tmp_path / "kept", iter(parts))
    want = CatalogIndex(
        SkyCoord(
            np.where(np.isfinite(dec), (ra - 360) % 360, np.nan) * u.deg,
            np.where(np.isfinite(dec), dec, 0) * u.deg,
        )
    )
    assert len(index) == 3000
    assert answers(index, stars[:99]) == answers(want, stars[:99])
    assert sorted(path.name[8:] for path in (tmp_path / "kept").iterdir()) == [".arrow", ".cells.arrow", "on"]
    assert len(CatalogIndex.build(tmp_path / "none", [])) == 0
    assert len(CatalogIndex.open(tmp_path / "none").nearest(stars[:3])) == 0


def test_building_that_is_stopped_leaves_what_was_there(stars, tmp_path):
    folder = CatalogIndex(stars[:10]).save(tmp_path / "kept")
    before = sorted(path.name for path in folder.iterdir())
    with Progress("index") as watched:

        def parts():
            yield np.arange(100.0), np.zeros(100)
            watched.cancel()
            yield np.arange(100.0), np.zeros(100)

        with pytest.raises(Cancelled):
            CatalogIndex.build(folder, parts())
    for wrong in (
        (np.zeros(3), np.zeros(2)),
        (np.zeros(2), np.array([0, 91.0])),
        (np.zeros((2, 2)), np.zeros((2, 2))),
    ):
        with pytest.raises(InputError):
            CatalogIndex.build(folder, [(np.zeros(2), np.zeros(2)), wrong])
    assert sorted(path.name for path in folder.iterdir()) == before
    assert len(CatalogIndex.open(folder)) == 10


def test_any_reader_of_arrow_reads_it(stars, tmp_path):
    folder = CatalogIndex(stars).save(tmp_path / "kept")
    with pa.memory_map(str(folder / "00000001.arrow")) as file:
        table = pa.ipc.open_file(file).read_all()
    assert table.column_names == ["_healpix_29", "ra", "dec", "row"]
    row = table["row"].to_numpy()
    assert np.array_equal(table["_healpix_29"], healpix.nested29(stars.ra.deg, stars.dec.deg)[row])
    assert (np.diff(table["_healpix_29"].to_numpy()) >= 0).all()


def test_an_opened_index_needs_no_compiling(stars, tmp_path):
    """Arrays of a file have the form that the compiled code knows."""
    index = CatalogIndex(stars)
    answers(index, stars[:9])
    kept = CatalogIndex.open(index.save(tmp_path / "kept"))
    before = [len(kernel.signatures) for kernel in (probing._probed, probing._nearest, keep._offsets)]
    answers(kept, stars[:9])
    kept.append(stars)
    assert [len(kernel.signatures) for kernel in (probing._probed, probing._nearest, keep._offsets)] == before


def test_what_is_no_index(tmp_path):
    with pytest.raises(FormatError, match="no kept index"):
        CatalogIndex.open(tmp_path)
    index = CatalogIndex(SkyCoord([10.0] * u.deg, [0.0] * u.deg))
    kept = index.save(tmp_path / "kept")
    good = (kept / "index.json").read_text()
    for text, said in (
        ('{"form": 99, "rows": 1}', "another form"),
        ('{"form": 2, "rows": 1}', "damaged"),
        ("[]", "no kept index"),
        (good.replace('"depth": 0', '"depth": 40'), "damaged"),
        (good.replace("00000001", "../../x1"), "damaged"),
        (good.replace("00000001", "00000007"), "missing"),
        (good.replace('"rows": 1', '"rows": 2'), "does not hold 2"),
        (good.replace('"depth": 0', '"depth": 1'), "does not hold 49"),
    ):
        assert text != good
        (kept / "index.json").write_text(text)
        with pytest.raises(FormatError, match=said):
            CatalogIndex.open(kept)
    with pytest.raises(InputError, match="cannot be written"):
        index.save("/proc/none")
    with pytest.raises(InputError, match="angle"):
        index.match(SkyCoord(10 * u.deg, 0 * u.deg), 3 * u.kg)
    with pytest.raises(InputError, match="k is 0"):
        index.nearest(SkyCoord(10 * u.deg, 0 * u.deg), k=0)


@pytest.mark.parametrize("name", ["00000001.arrow", "00000001.cells.arrow"])
def test_damaged_files_are_refused_or_harmless(name, tmp_path):
    """Cut short anywhere, or with bytes changed anywhere: an error of ours or an answer, never a crash."""
    stars = sky(np.random.default_rng(9), 500)
    folder = CatalogIndex(stars).save(tmp_path / "kept")
    path = folder / name
    whole = path.read_bytes()
    for end in (0, 1, 7, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:end])
        with pytest.raises(FormatError):
            CatalogIndex.open(folder)
    path.write_bytes(b"a,b\n1,2\n" * 1000)
    with pytest.raises(FormatError):
        CatalogIndex.open(folder)
    dice = np.random.default_rng(9)
    refused = 0
    for _ in range(100):
        wild = bytearray(whole)
        # Mostly in what describes the columns, at both ends of the file.
        for at in dice.integers(0, 1500, dice.integers(1, 6)):
            wild[int(at if dice.random() < 0.4 else len(wild) - 1 - at)] = int(dice.integers(0, 256))
        path.unlink()
        path.write_bytes(wild)
        try:
            index = CatalogIndex.open(folder)
            index.match(stars[:9], 5 * u.deg, "mutual")
            index.nearest(stars[:9], 2)
        except FormatError:
            refused += 1
    assert refused > 15


def test_rows_that_are_none_are_told(stars, tmp_path):
    folder = CatalogIndex(stars).save(tmp_path / "kept")
    index = CatalogIndex.open(folder)
    index._pieces[0].row[:] = 10**9
    with pytest.raises(FormatError, match="rows that are none"):
        index.match(stars[:20], 5 * u.deg, "mutual")
    with pytest.raises(FormatError, match="rows that are none"):
        index.inside(SkyRegion.circle(stars[0], 20 * u.deg))


def test_regions_are_asked_in_parts(lists, monkeypatch):
    stars, _ = lists
    monkeypatch.setattr(module, "AT_ONCE", 130)
    region = SkyRegion.box(SkyCoord(266 * u.deg, -29 * u.deg), (9, 8) * u.deg, (3, 9) * u.deg)
    assert CatalogIndex(stars).inside(region).tolist() == np.flatnonzero(region.contains(stars)).tolist()
