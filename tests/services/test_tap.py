"""TAP: the rows of a region and no others, however it is asked; that there are more is told; jobs end; faults are errors."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import MaskedColumn, Table

from skyexplorer import SkyRegion
from skyexplorer.errors import (
    AnswerError,
    Cancelled,
    InputError,
    LateError,
    QueryError,
    ServiceError,
    UnreachableError,
)
from skyexplorer.net import Web, credentials
from skyexplorer.progress import Progress
from skyexplorer.services import ask, asking, merging, registry
from skyexplorer.services import tap as tap_client

CENTER = SkyCoord(0.3 * u.deg, 20 * u.deg)
CIRCLE = SkyRegion.circle(CENTER, 12 * u.deg)
ARC = SkyRegion.from_moc(
    SkyRegion.ellipse(SkyCoord(200 * u.deg, -40 * u.deg), 60 * u.deg, 4 * u.deg, 70 * u.deg).to_moc()
)
POLE = SkyRegion.circle(SkyCoord(77 * u.deg, 88 * u.deg), 9 * u.deg)
BOX = SkyRegion.box(CENTER, (30, 12) * u.deg, (10, 20) * u.deg)
SQUARE = SkyRegion.polygon(SkyCoord([350, 10, 10, 350] * u.deg, [-8, -8, 8, 8] * u.deg))
DENT = SkyRegion.polygon(SkyCoord([0, 20, 4, 20] * u.deg, [0, -20, 0, 20] * u.deg))
ELLIPSE = SkyRegion.ellipse(CENTER, 40 * u.deg, 3 * u.deg, 100 * u.deg)
TWO = SkyRegion.union([CIRCLE, POLE])
ALL = {
    "circle": CIRCLE,
    "arc": ARC,
    "pole": POLE,
    "box": BOX,
    "square": SQUARE,
    "dent": DENT,
    "ellipse": ELLIPSE,
    "two": TWO,
    "most": SkyRegion.circle(CENTER, 120 * u.deg),
}


def truth(table, region):
    return np.flatnonzero(region.contains(SkyCoord(table["ra"], table["dec"], unit="deg")))


def asked(service, region, deadline=20.0, **given):
    with Web(service.id, deadline) as web:
        return ask(service, region, web=web, **given)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    "words",
    [
        {},
        {"moc": True},
        {"upload": 100},
        {"circles": 4},
        {"polygon": False},
        {"upload": 50, "upload_join": "comma"},
    ],
    ids=lambda words: "-".join(words) or "plain",
)
def test_a_region_has_its_rows_and_no_others(archive, tap, words, name):
    found = asked(replace(tap, **words), ALL[name])
    assert np.sort(found.table["id"]).tolist() == truth(archive.table, ALL[name]).tolist()
    assert len(found.table) > 10
    assert not found.overflow


def test_a_service_without_geometry(archive, tap):
    for region in (CIRCLE, POLE, ARC):
        found = asked(replace(tap, geometry=False, circles=8), region)
        assert np.sort(found.table["id"]).tolist() == truth(archive.table, region).tolist()
    assert "CONTAINS" not in archive.questions[0]


def test_how_a_region_is_put(archive, tap):
    asked(tap, CIRCLE)
    asked(tap, SQUARE)
    asked(tap, DENT)
    assert "CIRCLE" in archive.questions[0]
    assert "POLYGON" in archive.questions[1]
    assert "POLYGON" not in archive.questions[-1]  # services differ in what they make of dents
    by_moc = asked(replace(tap, moc=True, upload=100), ARC)
    assert "MOC('" in archive.questions[-1]
    assert by_moc.how == "by its MOC"
    by_upload = asked(replace(tap, upload=100), ARC)
    assert "TAP_UPLOAD" in archive.questions[-1]
    assert "uploaded circles" in by_upload.how
    before = len(archive.questions)
    tiled = asked(replace(tap, circles=4), ARC)
    assert len(archive.questions) - before <= tap_client.TILES / 4
    assert "circles in" in tiled.how


def test_footprints_are_never_matched_by_their_centres(tap):
    files = replace(tap, protocol="obstap", columns={"ra": "s_ra", "dec": "s_dec", "region": "s_region"})
    for words in ({"moc": True}, {"upload": 100}, {"moc": True, "upload": 100}):
        for name in ("arc", "ellipse", "two"):
            parts, _ = tap_client.plan(replace(files, **words), ALL[name])
            assert all(part.upload is None and "INTERSECTS(s_region, CIRCLE" in part.query for part in parts)
            assert not any("CONTAINS" in part.query for part in parts)


def test_where_uploads_are_refused_it_is_said_without(archive, tap):
    archive.uploads = False
    found = asked(replace(tap, upload=100), ARC)
    assert np.sort(found.table["id"]).tolist() == truth(archive.table, ARC).tolist()
    assert "upload" not in found.how


def test_many_positions(archive, tap):
    """Circles are asked as they are: named, or uploaded where they are many."""
    rng = np.random.default_rng(5)
    at = SkyCoord(rng.random(300) * 360 * u.deg, rng.uniform(-80, 80, 300) * u.deg)
    few, many = (SkyRegion.union([SkyRegion.circle(c, 2 * u.deg) for c in at[:n]]) for n in (10, 300))
    assert asked(tap, few).how == "10 circles"
    assert archive.questions[-1].count("CIRCLE") == 10
    found = asked(replace(tap, upload=1000), many)
    assert found.how.startswith("300 uploaded circles")
    assert np.sort(found.table["id"]).tolist() == truth(archive.table, many).tolist()


def test_columns_and_condition(archive, tap):
    found = asked(tap, CIRCLE, columns=["mag"], where="mag < 12")
    assert "SELECT mag, ra, dec, id, name FROM cat" in archive.questions[-1]
    assert (found.table["mag"] < 12).all()
    assert len(found.table)


def test_a_cap_is_told_and_not_silent(archive, tap):
    few = asked(tap, CIRCLE, max_rows=10)
    assert len(few.table) <= 10
    assert few.overflow
    archive.cap = 15
    assert asked(tap, CIRCLE).overflow  # by the service's word
    archive.silent = True
    assert asked(replace(tap, row_cap=14), CIRCLE).overflow  # by one row more than wanted
    archive.cap = 10**9
    exact = len(truth(archive.table, CIRCLE))
    assert not asked(tap, CIRCLE, max_rows=exact, refresh=True).overflow


def test_cut_answers_are_not_kept_and_whole_ones_are(archive, tap):
    archive.cap = 10
    asked(tap, CIRCLE)
    asked(tap, CIRCLE)
    assert len(archive.questions) == 2
    archive.cap = 10**9
    first, again = asked(tap, CIRCLE), asked(tap, CIRCLE)
    assert len(archive.questions) == 3
    assert not first.cached_at
    assert again.cached_at
    assert again.table["id"].tolist() == first.table["id"].tolist()
    asked(tap, CIRCLE, refresh=True)
    assert len(archive.questions) == 4


def test_all_of_it_is_fetched_by_parts(archive, tap):
    archive.cap = 60
    for region in (CIRCLE, ARC):
        with Web("loop", 60) as web:
            whole = asking.ask_whole(replace(tap, row_cap=60), region, web=web, most=10**6)
        assert np.sort(whole.table["id"]).tolist() == truth(archive.table, region).tolist()
        assert not whole.overflow
    archive.cap = 1000
    sky = SkyRegion.circle(CENTER, 180 * u.deg)
    with Web("loop", 60) as web:
        whole = asking.ask_whole(replace(tap, row_cap=1000), sky, web=web, most=10**6)
        some = asking.ask_whole(replace(tap, row_cap=1000), sky, web=web, most=1500)
    assert len(whole.table) == len(archive.table)
    assert len(some.table) == 1500
    assert some.overflow


@pytest.mark.parametrize("format", ["tabledata", "binary", "binary2"])
def test_rows_in_all_forms(archive, tap, format):
    archive.format = format
    found = asked(tap, SkyRegion.circle(CENTER, 180 * u.deg))
    assert len(found.table) == len(archive.table)
    assert found.table["name"][7] == "src 7"
    assert found.table["ra"].unit == u.deg


def test_no_rows_are_an_answer(archive, tap):
    found = asked(tap, SkyRegion.circle(CENTER, 0.001 * u.deg))
    assert len(found.table) == 0
    assert found.table.colnames == archive.table.colnames
    assert not found.overflow


# Jobs


def test_what_is_refused_at_once_is_made_a_job(archive, tap):
    archive.sync_refused = "Query too large: use asynchronous mode"
    found = asked(tap, CIRCLE)
    assert np.sort(found.table["id"]).tolist() == truth(archive.table, CIRCLE).tolist()
    assert archive.jobs == {}
    assert archive.ended == {"j1": ["deleted"]}


def test_the_limit_of_synchronous_answers(archive, tap):
    archive.sync_cap = 20
    found = asked(replace(tap, sync_cap=20), CIRCLE)
    assert not found.overflow
    assert len(found.table) == len(truth(archive.table, CIRCLE))
    assert len(archive.ended) == 1


def test_a_job_with_an_upload(archive, tap):
    found = asked(replace(tap, mode="async", upload=60), ARC)
    assert np.sort(found.table["id"]).tolist() == truth(archive.table, ARC).tolist()


def test_a_job_that_fails(archive, tap):
    archive.fault = "job error"
    with pytest.raises(QueryError, match="division by zero") as caught:
        asked(replace(tap, mode="async"), CIRCLE)
    assert caught.value.service == "loop"
    assert archive.ended == {"j1": ["aborted", "deleted"]}


def test_a_job_that_is_late_is_ended_at_the_server(archive, tap):
    archive.slow = 60
    began = time.monotonic()
    with pytest.raises(LateError):
        asked(replace(tap, mode="async"), CIRCLE, deadline=1.0)
    assert time.monotonic() - began < 3
    assert archive.ended == {"j1": ["aborted", "deleted"]}


def test_a_job_that_is_cancelled_is_ended_at_the_server(archive, tap):
    archive.slow = 60
    progress = Progress("asking")
    caught: list[BaseException] = []

    def work():
        try:
            with progress:
                asked(replace(tap, mode="async"), CIRCLE)
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    while not archive.jobs:
        time.sleep(0.01)
    time.sleep(0.3)
    began = time.monotonic()
    progress.cancel()
    thread.join(10)
    assert isinstance(caught[0], Cancelled)
    assert time.monotonic() - began < 2
    assert archive.ended == {"j1": ["aborted", "deleted"]}


def test_a_server_that_starts_again_has_lost_the_job(archive, tap):
    """Jobs that were executing stay so for ever: a new one is made."""
    archive.slow = 3600

    def restart():
        while not any(job["phase"] == "EXECUTING" for job in archive.jobs.values()):
            time.sleep(0.01)
        time.sleep(0.3)
        archive.away = time.monotonic() + 1.5
        archive.slow = 0.2
        archive.jobs["j1"]["began"] = float("inf")

    thread = threading.Thread(target=restart)
    thread.start()
    found = asked(replace(tap, mode="async"), CIRCLE)
    thread.join()
    assert np.sort(found.table["id"]).tolist() == truth(archive.table, CIRCLE).tolist()
    assert archive.ended == {"j1": ["aborted", "deleted"], "j2": ["deleted"]}


def test_answers_of_jobs_are_kept(archive, tap, monkeypatch):
    job = replace(tap, mode="async")
    first, again = asked(job, CIRCLE), asked(job, CIRCLE)
    assert len(archive.ended) == 1
    assert again.cached_at
    assert again.checksum == first.checksum
    asked(job, CIRCLE, refresh=True)
    assert len(archive.ended) == 2
    monkeypatch.setenv("SKYEXPLORER_OFFLINE", "1")
    assert asked(job, CIRCLE).cached_at
    with pytest.raises(UnreachableError, match="offline"):
        asked(job, POLE)


def test_private_answers_of_jobs_are_not_given_to_others(archive, tap):
    job = replace(tap, mode="async")
    mine = credentials.Login("Bearer", "s3cret")
    with Web(job.id, 20, auth=mine) as web:
        assert not ask(job, CIRCLE, web=web).cached_at
    assert not asked(job, CIRCLE).cached_at
    with Web(job.id, 20, auth=mine) as web:
        assert ask(job, CIRCLE, web=web).cached_at
    assert len(archive.ended) == 2


# Faults


@pytest.mark.parametrize(
    ("fault", "kind", "told"),
    [
        ("html", AnswerError, "a page for people: 'We are down'"),
        ("truncated", AnswerError, "cut short"),
        ("empty", AnswerError, "nothing"),
        ("not a table", AnswerError, "something else than a VOTable"),
        ("error", QueryError, "Unknown column foo"),
        ("error-400", QueryError, "Unknown column foo"),
        ("error at the end", QueryError, "disk full"),
    ],
)
def test_faults_are_errors_and_never_empty_catalogues(archive, tap, fault, kind, told):
    archive.fault = fault
    for _ in range(2):  # and they are not kept
        with pytest.raises(kind, match=told) as caught:
            asked(tap, CIRCLE)
        assert caught.value.service == "loop"
    archive.fault = ""
    assert len(asked(tap, CIRCLE).table)


def test_nobody_there_and_the_mirror(archive, tap):
    gone = replace(tap, address="http://127.0.0.1:9/tap")
    with pytest.raises(UnreachableError):
        asked(gone, CIRCLE, deadline=5)
    found = asked(replace(gone, mirrors=(archive.tap,)), CIRCLE)
    assert len(found.table)
    assert found.address == archive.tap
    with pytest.raises(UnreachableError, match="at any of"):
        asked(replace(gone, mirrors=("http://127.0.0.1:11/tap",)), CIRCLE, deadline=5)


def test_what_cannot_be_asked(tap):
    for service, given, told in (
        (replace(tap, table=""), {}, "Name a table"),
        (replace(tap, protocol="http"), {}, "cannot be asked for a region"),
        (tap, {"max_rows": 0}, "max_rows is 0"),
    ):
        with pytest.raises(InputError, match=told):
            asked(service, CIRCLE, **given)


def test_a_table_that_is_not_there(tap):
    with pytest.raises(ServiceError, match="Table not found"):
        asked(replace(tap, table="dog"), CIRCLE)


def test_files_of_one_observation_are_several_rows(tap):
    table = Table({"obs_id": ["o1", "o1", "o1"], "obs_publisher_did": ["a", "b", "b"], "ra": [1.0, 1.0, 1.0]})
    files = replace(tap, protocol="obstap", columns={"id": "obs_id"})
    assert merging.distinct(files, table).tolist() == [0, 1]
    by_did = replace(files, columns={"id": "obs_publisher_did"})
    assert merging.distinct(by_did, table).tolist() == [0, 1]
    table["obs_publisher_did"], table["ra"] = ["", "", "b"], [1.0, 2.0, 3.0]
    assert merging.distinct(by_did, table).tolist() == [0, 1, 2]
    assert not [row.id for row in registry.services().values() if row.columns.get("id") == "obs_id"]


@pytest.mark.parametrize(
    "ids",
    [
        MaskedColumn(["a", "", "a", "", ""], mask=[False] * 5),
        MaskedColumn(["a", "x", "a", "x", "x"], mask=[False, True, False, True, True]),
        MaskedColumn(np.array(["a", None, "a", "", " "], object), mask=[False] * 5),
    ],
    ids=["blank", "masked", "objects"],
)
def test_rows_without_an_id_are_not_one(tap, ids):
    table = Table({"id": ids, "ra": [1.0, 2.0, 1.5, 3.0, 3.0]})
    kept = merging.distinct(tap, table).tolist()
    assert kept == ([0, 1, 3] if ids.dtype.kind != "O" else [0, 1, 3, 4])


def test_names_of_joined_columns(tap):
    from astropy.table import Table

    prefixed = Table({"cat_id": [1], "cat_ra": [2.0], "cat_cat_name": ["x"]})
    assert tap_client.bare(tap, prefixed).colnames == ["id", "ra", "cat_name"]
    assert tap_client.bare(tap, Table({"c_x": [1], "ra": [2.0]})).colnames == ["c_x", "ra"]


@pytest.mark.parametrize("format", ["", "votable/b2", "votable/td"])
def test_a_real_archive_in_the_form_that_is_asked_for(loopback, format):
    from skyexplorer.services import get

    row = replace(get("loopback-stars"), format=format, row_cap=20_000)
    found = asked(row, SkyRegion.circle(SkyCoord(83.6 * u.deg, 22.0 * u.deg), 3 * u.deg), deadline=60)
    assert len(found.table)
    assert (b"<BINARY2" in found.raw) == (format == "votable/b2")
    assert (b"<TABLEDATA" in found.raw) == (format == "votable/td")
