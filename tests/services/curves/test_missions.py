"""TESS at MAST, and the X-ray monitors Swift/BAT and MAXI."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u

from skyexplorer.errors import AnswerError, LateError, QueryError
from skyexplorer.services.curves import Target, bat, maxi, pages
from tests.replicas import mast as made
from tests.replicas.bat import DAYS, Bat
from tests.replicas.mast import Mast
from tests.replicas.maxi import Maxi
from tests.replicas.serving import Answer
from tests.services.curves.conftest import MRK_421, STAR


class TestMast:
    def test_the_newest_sectors_of_the_missions_own_pipeline(self, started, moved, bring) -> None:
        service = started(Mast(executing=1))
        moved(mast=(service, ""))
        brought = bring("mast", STAR)
        titles = [curve.origin.title for curve in brought.curves]
        assert titles == [f"TESS sector {sector}, SPOC" for sector in (77, 57, 56, 17)]
        assert brought.overflow, "there is one more"
        assert "4 of 5" in brought.note
        invoked = [asked for asked in service.asked if asked.path == "/api/v0/invoke"]
        # 4 pages of 3 rows and 4 lists of products, each of them asked again after EXECUTING.
        assert len(invoked) == 2 * (4 + 4)
        files = [
            asked.query["uri"]
            for asked in service.asked
            if "Download" in asked.path and asked.method == "GET"
        ]
        assert len(files) == 4
        assert all(name.endswith("_lc.fits") and "fast" not in name for name in files)

    def test_cadences_times_and_fluxes(self, started, moved, bring) -> None:
        service = started(Mast(executing=0, direct=True))
        moved(mast=(service, ""))
        curve = bring("mast", STAR).curves[0]
        number = np.arange(made.N)
        good = (number % 40 != 39) & (number != 3) & (number != 5)
        assert len(curve) == good.sum()
        assert curve.value.to_value("electron/s") == pytest.approx(
            1000 + 10 * np.sin(number[good] / 20), rel=1e-6
        )
        # BTJD = BJD_TDB - 2457000, so that MJD = BTJD + 56999.5.
        tdb = made.SECTORS[77] + number[good] * 2 / 1440
        assert curve.time.scale == "tdb"
        assert curve.time.tdb.mjd == pytest.approx(tdb, abs=1e-9)
        assert (curve.time.utc.mjd[0] - tdb[0]) * 86400 == pytest.approx(-(32.184 + 37), abs=0.01), "in 2024"
        start, stop = curve.time_bounds
        assert (stop - start).to_value(u.s) == pytest.approx(120, abs=1e-3)
        assert all("Products" not in asked.body.decode() for asked in service.asked), (
            "the file was told already"
        )
        assert curve.band == "TESS"

    def test_files_are_kept(self, started, moved, bring) -> None:
        service = started(Mast(executing=0, direct=True))
        moved(mast=(service, ""))
        bring("mast", STAR)
        before = len(service.asked)
        again = bring("mast", STAR)
        assert len(again.curves) == 4
        assert all(asked.path != "/api/v0/invoke" for asked in service.asked[before:])

    def test_nothing_there(self, started, moved, bring) -> None:
        moved(mast=(started(Mast(executing=0)), ""))
        brought = bring("mast", replace(STAR, dec=STAR.dec + 1))
        assert brought.curves == ()
        assert "no light curve" in brought.note

    def test_an_error_of_the_portal(self, started, moved, bring) -> None:
        service = started(Mast())
        service.error = "Unknown column 's_raa'"
        moved(mast=(service, ""))
        with pytest.raises(QueryError, match="s_raa"):
            bring("mast", STAR)

    def test_one_that_never_ends_is_late(self, started, moved, bring) -> None:
        moved(mast=(started(Mast(executing=1000)), ""))
        with pytest.raises(LateError):
            bring("mast", STAR, deadline=1.5)

    def test_no_json(self, started, moved, bring) -> None:
        service = started(Mast())
        service.broken = Answer(b"Service Unavailable")
        moved(mast=(service, ""))
        with pytest.raises(AnswerError):
            bring("mast", STAR)


class TestBat:
    @pytest.fixture
    def service(self, started, moved) -> Bat:
        found = started(Bat())
        moved(swift_bat=(found, "/transients"))
        return found

    def test_by_name(self, service: Bat, bring) -> None:
        (curve,) = bring("swift-bat", MRK_421).curves
        good = np.arange(DAYS) % 8 != 7
        assert curve.value.to_value("ct cm-2 s-1") == pytest.approx(0.002 + 0.0001 * np.arange(DAYS)[good])
        assert curve.time.utc.mjd == pytest.approx(57000.5 + np.arange(DAYS)[good]), "the middle of the day"
        start, stop = curve.time_bounds
        assert start.utc.mjd[0] == pytest.approx(57000)
        assert (stop - start).to_value(u.day) == pytest.approx(1)
        assert curve.band == "15–50 keV"

    def test_by_place(self, service: Bat, bring) -> None:
        brought = bring(
            "swift-bat", Target("4FGL J2032.6+4053", 308.10, 40.95, ("4FGL J2032.6+4053",), "gamma", error=60)
        )
        assert "Cyg X-3" in brought.curves[0].origin.title

    def test_a_plus_is_a_p_and_strong_sources_are_elsewhere(self, service: Bat, bring) -> None:
        assert len(bring("swift-bat", Target("A 0535+26", 84.73, 26.32, ("A 0535+26",), "x-ray")).curves) == 1
        assert [asked.path for asked in service.asked][1:] == [
            "/transients/weak/1A0535p262.lc.txt",
            "/transients/1A0535p262.lc.txt",
        ]

    def test_sources_that_are_not_followed(self, service: Bat, bring) -> None:
        assert "does not follow" in bring("swift-bat", STAR).note
        brought = bring("swift-bat", Target("Listed only", 10.0, 10.0, ("Listed only",)))
        assert brought.curves == ()
        assert "no light curve" in brought.note

    def test_a_list_that_has_changed(self, service: Bat, bring) -> None:
        service.broken = Answer(b"<html><table><tr><td>new page</td></tr></table></html>", kind="text/html")
        with pytest.raises(AnswerError, match="list"):
            bring("swift-bat", MRK_421)

    def test_names_of_files(self) -> None:
        assert bat.file_name("Swift J1644.6+573451") == "SwiftJ1644.6p573451"


class TestMaxi:
    @pytest.fixture
    def service(self, started, moved) -> Maxi:
        found = started(Maxi())
        moved(maxi=(found, ""))
        return found

    def test_the_whole_band_by_name(self, service: Maxi, bring) -> None:
        (curve,) = bring("maxi", MRK_421).curves
        assert len(curve) == 30
        assert curve.band == "2–20 keV"
        assert curve.value.to_value("cm-2 s-1") == pytest.approx(0.03 + 0.001 * np.arange(30))
        assert curve.time.utc.mjd[0] == pytest.approx(55058.5)

    def test_by_place_and_nowhere(self, service: Maxi, bring) -> None:
        assert len(bring("maxi", Target("4FGL J1958.3+3513", 299.6, 35.2, (), "gamma")).curves) == 1
        assert bring("maxi", STAR).curves == ()

    def test_listed_without_a_curve(self, service: Maxi, bring) -> None:
        assert "no light curve" in bring("maxi", Target("Gone", 20.0, 20.0, ("Gone",))).note

    def test_codes(self) -> None:
        assert maxi.of_code("J1958-352") == pytest.approx((299.5, -35.2))


def test_rows_of_careless_pages() -> None:
    page = "<table><tr><td>a<td><a href='x.html'>b</a><tr><th>c</th></tr></table><tr><td>&lt;d&gt; \n e"
    assert [row.cells for row in pages.rows(page)] == [["a", "b"], ["c"], ["<d> e"]]
    assert pages.rows(page)[0].links == ["x.html"]
    assert pages.rows("no table") == []
