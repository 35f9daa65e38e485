"""Large VOTables in slices: the same table as at once, in every form; and whoever else runs is not held up."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from astropy.io.votable import from_table
from astropy.table import MaskedColumn, Table

from skyexplorer.errors import FormatError
from skyexplorer.io import votable
from skyexplorer.net.web import MOST_BYTES
from skyexplorer.progress import Progress
from skyexplorer.services import slices, votables
from tests.replicas.archive import votable as written


def table(rows: int, texts: bool = True) -> Table:
    rng = np.random.default_rng(1)
    made = Table({"id": np.arange(rows), "ra": rng.random(rows) * 360, "f": rng.random(rows).astype("f4")})
    made["dec"] = np.degrees(np.arcsin(rng.uniform(-1, 1, rows)))
    made["s"] = np.arange(rows).astype("i2")
    made["gap"] = np.where(rng.random(rows) > 0.9, np.nan, 1.5)
    if texts:
        made["name"] = np.array([f"s{i}" * (i % 4) for i in range(rows)], object)
        made["fix"] = np.array([f"ä{i % 9999:04d}" for i in range(rows)])
    made["ra"].unit = made["dec"].unit = "deg"
    return made


@pytest.fixture
def small_slices(monkeypatch):
    monkeypatch.setattr(slices, "SMALL", 1)
    monkeypatch.setattr(slices, "SLICE", 20_011)


@pytest.mark.parametrize("format", ["tabledata", "binary", "binary2"])
@pytest.mark.parametrize("texts", [True, False])
def test_slices_are_the_whole(small_slices, monkeypatch, format, texts):
    raw = written(table(2500, texts), format)
    once = votable.read(raw)
    if format != "tabledata":  # nothing is left to the slower reader
        assert slices._binary(raw) is not None
    sliced = slices.read(raw)
    assert sliced.colnames == once.colnames
    for name in once.colnames:
        one, other = sliced[name], once[name]
        assert (np.ma.getmaskarray(one) == np.ma.getmaskarray(other)).all(), name
        there = ~np.ma.getmaskarray(one)
        assert (np.asarray(one)[there] == np.asarray(other)[there]).all(), name
        assert one.unit == other.unit
        assert one.meta == other.meta
        assert one.dtype.kind == other.dtype.kind
    assert sliced.meta == once.meta


@pytest.mark.parametrize("format", ["binary", "binary2"])
def test_numbers_that_stand_for_none(small_slices, format):
    made = table(500, texts=False)
    made["n"] = MaskedColumn(np.arange(500), mask=np.arange(500) % 3 == 0)
    document = from_table(made)
    document.get_first_table().get_field_by_id_or_name("n").values.null = -9223372036854775808
    import io

    out = io.BytesIO()
    document.to_xml(out, tabledata_format=format)
    found = slices.read(out.getvalue())
    assert np.ma.getmaskarray(found["n"]).tolist() == (np.arange(500) % 3 == 0).tolist()


@pytest.mark.parametrize("format", ["binary", "binary2", "tabledata"])
def test_columns_of_arrays(small_slices, format):
    made = table(300)
    made["pair"] = np.arange(600.0).reshape(300, 2)
    made["pair"][3, 1] = np.nan
    made["shape"] = np.empty(300, object)
    for n in range(300):
        made["shape"][n] = np.ma.array(np.arange(float(n % 4)), mask=np.zeros(n % 4, bool))
    raw = written(made, format)
    once, found = votable.read(raw), slices.read(raw)
    assert (slices._binary(raw) is None) == (format == "tabledata")
    assert found["pair"].shape == (300, 2)
    assert (np.ma.getmaskarray(found["pair"]) == np.ma.getmaskarray(once["pair"])).all()
    assert [list(cell) for cell in found["shape"]] == [list(cell) for cell in once["shape"]]


def test_kinds_left_to_the_slower_reader(small_slices):
    made = table(300)
    made["flag"] = np.arange(300) % 2 == 0
    raw = written(made, "binary2")
    assert slices._binary(raw) is None
    assert slices.read(raw)["flag"].tolist() == made["flag"].tolist()


@pytest.mark.parametrize("format", ["binary", "binary2"])
def test_rows_that_end_in_the_middle(format):
    raw = written(table(50), format)
    at = raw.rindex(b"</STREAM>")
    with pytest.raises(FormatError, match="in the middle"):
        slices.read(raw[: at - 40] + raw[at:])


def test_names_of_elements_with_a_prefix(small_slices):
    plain = written(table(800), "tabledata")
    raw = re.sub(rb"(</?)(?=[A-Z])", rb"\1vot:", plain).replace(b"xmlns=", b"xmlns:vot=")
    assert b"<vot:TR>" in raw
    assert slices.read(raw)["id"].tolist() == list(range(800))


def test_no_rows(small_slices):
    raw = written(table(1, texts=False)[:0], "binary2")
    found = slices.read(raw)
    assert len(found) == 0
    assert found.colnames == ["id", "ra", "f", "dec", "s", "gap"]


def test_it_can_be_cancelled(small_slices):
    from skyexplorer.errors import Cancelled

    for format in ("tabledata", "binary2"):
        with Progress() as progress:
            progress.cancel()
            with pytest.raises(Cancelled):
                slices.read(written(table(2000), format))


@pytest.mark.parametrize(("format", "rows"), [("tabledata", 20_000), ("binary2", 150_000)])
def test_others_go_on_meanwhile(format, rows):
    """The longest time that another thread waits while an answer is read, checked and made a catalogue."""
    from skyexplorer import SourceCatalog

    raw = written(table(rows, texts=format == "tabledata"), format)
    done = threading.Event()

    def work() -> None:
        votables.check(raw, service="s", url="u")
        SourceCatalog(votables.table(raw, service="s", url="u"))
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    worst, last = 0.0, time.perf_counter()
    while not done.is_set():
        time.sleep(0.001)
        now = time.perf_counter()
        worst, last = max(worst, now - last), now
    thread.join()
    assert worst < 0.25  # a busy machine; 0.03 s on a quiet one


def test_words_of_a_service():
    head = b'<?xml version="1.0"?><VOTABLE><RESOURCE>'
    assert votables.overflow(head + b"<INFO value='OVERFLOW' name='QUERY_STATUS'/></RESOURCE></VOTABLE>")
    assert not votables.overflow(head + b'<INFO name="QUERY_STATUS" value="OK"/></RESOURCE></VOTABLE>')
    text = votables.said(
        head + b'<INFO name="QUERY_STATUS" value="ERROR"><![CDATA[a &lt; b]]></INFO></RESOURCE></VOTABLE>'
    )
    assert text == [("QUERY_STATUS", "ERROR", "a < b")]
    asked = b'<INFO name="query" value="mag > 3 /> and \'so\'"/>'
    after = head + asked + b'<INFO name="QUERY_STATUS" value="OVERFLOW"/></RESOURCE></VOTABLE>'
    assert votables.overflow(after)
    assert votables.said(after)[0] == ("query", "mag > 3 /> and 'so'", "")


def test_real_answers(small_slices, data_dir):
    """Those of many services, kept by astroquery and pyvo: in slices they are what they are at once."""
    seen = 0
    for path in sorted([*data_dir.glob("vo/**/*.xml"), *data_dir.glob("vo/**/*.vot")]):
        raw = path.read_bytes()
        if b"VOTABLE" not in raw[:2000].upper():
            continue
        try:
            once = votable.read(raw, empty=True)
        except FormatError:
            with pytest.raises(FormatError):
                slices.read(raw)
            continue
        sliced = slices.read(raw)
        assert sliced.colnames == once.colnames, path
        for name in once.colnames:
            one, other = sliced[name], once[name]
            assert len(one) == len(other), path
            assert one.dtype.kind == other.dtype.kind, (path, name)
            assert (np.ma.getmaskarray(one) == np.ma.getmaskarray(other)).all(), (path, name)
            assert repr(np.ma.filled(one, one.fill_value).tolist()) == repr(
                np.ma.filled(other, other.fill_value).tolist()
            )
        seen += 1
    assert seen > 8


PEAK = """
import re, sys
from pathlib import Path
from skyexplorer.net.web import MOST_BYTES
from skyexplorer.services import votables
votables.table(Path(sys.argv[2]).read_bytes(), service="s", url="u")  # what is loaded once is loaded
def held(name):
    return int(re.search(rf"{name}:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024 / 1e6
Path("/proc/self/clear_refs").write_text("5")
before = held("VmRSS")
raw = Path(sys.argv[1]).read_bytes()
assert 0.9 * MOST_BYTES < len(raw) < MOST_BYTES
rows = len(votables.table(raw, service="s", url="u"))
print(rows, held("VmHWM") - before)
"""


@pytest.mark.skipif(
    not os.path.exists("/proc/self/clear_refs"), reason="the peak of memory cannot be seen here"
)
def test_the_largest_answer_costs_no_more_than_300_mb_with_its_bytes(tmp_path):
    """As TABLEDATA, which costs most for its bytes; a larger answer is refused while it comes."""
    few, many = tmp_path / "few.vot", tmp_path / "many.vot"
    few.write_bytes(written(table(2000), "tabledata"))
    raw = written(table(20_000), "tabledata")
    start, stop = raw.index(b"<TABLEDATA>") + 11, raw.index(b"</TABLEDATA>")
    times = int(0.98 * MOST_BYTES / (stop - start))
    many.write_bytes(raw[:start] + raw[start:stop] * times + raw[stop:])
    ran = subprocess.run(
        [sys.executable, "-c", PEAK, str(many), str(few)], capture_output=True, text=True, check=True
    )
    rows, peak = map(float, ran.stdout.split())
    assert rows == 20_000 * times
    assert peak < 300
