"""Addresses are opened like files; live names by who publishes them; as a job too."""

from __future__ import annotations

import hashlib
import json
import threading
import time

import pytest
from astropy import units as u

from skyexplorer import Event, SkyExplorer, SkyMap, SourceCatalog
from skyexplorer.errors import (
    Cancelled,
    FormatError,
    InputError,
    NotFoundError,
    RefusedError,
    ServiceError,
    UnreachableError,
)
from skyexplorer.net import deadline
from tests.replicas.files import given, small_map
from tests.replicas.serving import Answer, Replica


class Files(Replica):
    """Files by their path."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, bytes] = {}
        self.cut: int | None = None

    def answer(self, asked):
        if asked.path not in self.files:
            return Answer(b"<html>Not here</html>", 404, "text/html")
        cut, self.cut = self.cut, None
        return given(self.files[asked.path], asked, "application/octet-stream", cut)


@pytest.fixture
def web(tmp_path, monkeypatch):
    monkeypatch.setenv("SKYEXPLORER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.delenv("SKYEXPLORER_OFFLINE", raising=False)
    monkeypatch.setattr(deadline, "_offline", None)
    with Files() as files:
        yield files


@pytest.fixture
def sky():
    return SkyExplorer(samples=False)


def test_a_map_by_its_address(web, sky):
    content = small_map(40.0, -10.0, "MS1")
    web.files["/maps/x.fits,1"] = content
    found = sky.open(f"{web.address}/maps/x.fits,1")
    assert isinstance(found, SkyMap)
    assert found.origin.location == f"{web.address}/maps/x.fits,1"
    assert found.origin.service == "127.0.0.1"
    assert found.origin.checksum == "sha256:" + hashlib.sha256(content).hexdigest()
    assert list(sky.layers) == ["MS1"]
    assert [(answer.service, answer.state) for answer in sky.ledger] == [("127.0.0.1", "ok")]
    assert f"sky.open('{web.address}/maps/x.fits,1')" in sky.steps.to_source()


def test_a_broken_line_is_gone_on_with(web, sky):
    web.files["/x.fits"] = small_map(40.0, -10.0)
    web.cut = 5000
    assert isinstance(sky.open(f"{web.address}/x.fits"), SkyMap)
    assert [asked.headers.get("Range") for asked in web.asked] == [None, "bytes=5000-"]


def test_a_table_by_its_address_is_called_as_its_file(web, sky):
    web.files["/data/pulsars.csv"] = b"name,ra,dec\nCrab,83.633,22.0145\nVela,128.8,-45.2\n"
    found = sky.open(f"{web.address}/data/pulsars.csv?version=2")
    assert isinstance(found, SourceCatalog)
    assert list(sky.layers) == ["pulsars.csv"]
    assert found.origin.location.endswith("/data/pulsars.csv?version=2")


def test_a_notice_by_its_address_comes_with_its_map(web, sky):
    web.files["/map.multiorder.fits"] = small_map(77.4, 5.8, sigma=3.0)
    notice = {
        "$schema": "https://gcn.nasa.gov/schema/main/gcn/notices/icecube/gold_bronze_track_alerts.schema.json",
        "mission": "IceCube", "messenger": "Neutrino", "event_name": ["IceCube-260101A"], "id": ["142000_1"],
        "trigger_time": "2026-01-01T00:00:00Z", "alert_datetime": "2026-01-01T01:00:00Z", "alert_type": "update",
        "ra": 77.4, "dec": 5.8, "ra_dec_error": 0.6, "far": 3e-8, "healpix_url": f"{web.address}/map.multiorder.fits",
    }  # fmt: skip
    web.files["/notice.json"] = json.dumps(notice).encode()
    event = sky.open(f"{web.address}/notice.json")
    assert isinstance(event, Event)
    assert isinstance(event.localization, SkyMap)
    assert event.far == 3e-8 * u.Hz
    assert event.skymap_url.endswith("/map.multiorder.fits")
    notice["healpix_url"] = None
    web.files["/notice2.json"] = json.dumps(notice).encode()
    assert not isinstance(sky.open(f"{web.address}/notice2.json").localization, SkyMap)
    notice["healpix_url"] = "https://example.org/skymap.fits"
    web.files["/notice3.json"] = json.dumps(notice).encode()
    elsewhere = sky.open(f"{web.address}/notice3.json")
    assert any("none of the known services" in note for note in elsewhere.notes)


def test_what_is_not_there_or_nothing_changes_nothing(web, sky):
    web.files["/page.html"] = b"<!doctype html><html>Hello</html>"
    with pytest.raises(RefusedError):
        sky.open(f"{web.address}/nothing.fits")
    with pytest.raises(FormatError):
        sky.open(f"{web.address}/page.html")
    with pytest.raises(ServiceError):
        sky.open("http://127.0.0.1:9/x.fits")
    assert not list(sky.layers)
    assert len(sky.steps) == 0


def test_offline_what_was_fetched_opens(web, sky):
    from skyexplorer import net

    web.files["/x.fits"] = small_map(40.0, -10.0, "kept")
    sky.open(f"{web.address}/x.fits")
    net.offline(True)
    try:
        assert isinstance(SkyExplorer(samples=False).open(f"{web.address}/x.fits"), SkyMap)
        with pytest.raises(UnreachableError, match="offline"):
            sky.open(f"{web.address}/y.fits")
    finally:
        net.offline(False)


def test_addresses_that_are_refused_before_anybody_is_asked(web, sky):
    with pytest.raises(InputError, match="password"):
        sky.open(f"http://me:secret@{web.address.removeprefix('http://')}/x.fits")
    with pytest.raises(InputError, match="kind"):
        sky.open("ftp://example.org/x.fits")
    assert web.asked == []


def test_an_address_as_a_job(web, sky):
    web.files["/x.fits"] = small_map(40.0, -10.0, "later")
    job = sky.submit(sky.open, f"{web.address}/x.fits")
    assert isinstance(job.result(timeout=20), SkyMap)
    assert list(sky.layers) == ["later"]


def test_names_that_are_no_sample_say_how_archives_are_asked(sky):
    with pytest.raises(NotFoundError, match='source="live"'):
        sky.open("GW999999")


def test_how_far_a_download_is_goes_to_who_watches(web):
    from skyexplorer.actions import live
    from skyexplorer.progress import Progress

    web.files["/x.fits"] = content = small_map(40.0, -10.0)
    seen = []
    with Progress("opening") as progress:
        progress.watch(lambda now: seen.append((now.done, now.total)))
        live.ask_address(f"{web.address}/x.fits")
    assert (len(content), len(content)) in seen


def test_a_download_that_is_cancelled_ends_at_once_and_changes_nothing(web, sky):
    web.files["/x.fits"] = small_map(40.0, -10.0, "never")
    web.stalled = threading.Event()
    job = sky.submit(sky.open, f"{web.address}/x.fits")
    until = time.monotonic() + 10
    while not web.asked and time.monotonic() < until:
        time.sleep(0.01)
    began = time.monotonic()
    assert job.cancel()
    with pytest.raises(Cancelled):
        job.result(timeout=10)
    assert job.idle.wait(5)
    assert time.monotonic() - began < 3
    web.stalled.set()
    assert not list(sky.layers)
    assert len(sky.steps) == 0


def test_a_photon_list_a_curve_and_a_region_by_address(web, sky, data_dir):
    web.files["/lc.csv"] = next((data_dir / "lightcurves" / "lcr").glob("*.csv")).read_bytes()
    web.files["/r.reg"] = (data_dir / "vo" / "footprints" / "DECam_Region.reg").read_bytes()
    curve = sky.open(f"{web.address}/lc.csv")
    assert curve.origin.location == f"{web.address}/lc.csv"
    assert sky.session.curves.shown == (curve,)
    sky.open(f"{web.address}/r.reg")
    assert len(list(sky.layers)) == 1
