"""Light curves asked of archives: side by side, one down and one slow, partial within the deadline; shown together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table

from skyexplorer import SkyExplorer, SourceCatalog
from skyexplorer.actions import curves
from skyexplorer.errors import Cancelled, InputError, NotFoundError
from skyexplorer.views.lightcurve import LightCurvePanel, answer_rows
from tests.replicas import serving
from tests.replicas.asassn import Asassn
from tests.replicas.bat import Bat
from tests.replicas.gaia import Gaia
from tests.replicas.lcr import Lcr
from tests.replicas.mast import Mast
from tests.replicas.maxi import Maxi
from tests.replicas.vsx import Vsx
from tests.replicas.ztf import Ztf

RA, DEC = 342.459623, 51.263383
SESAME = """<?xml version="1.0"?><Sesame><Target option="SNV"><name>{name}</name><Resolver name="S=Simbad">
<oname>{name}</oname><otype>BLL</otype><jradeg>166.113808</jradeg><jdedeg>38.208833</jdedeg></Resolver></Target></Sesame>"""


class Sesame(serving.Replica):
    """Knows one name."""

    def answer(self, asked: serving.Asked) -> serving.Answer:
        return serving.Answer(SESAME.format(name="Mkn 421").encode(), kind="text/plain")


class World:
    """All services, here."""

    def __init__(self, start: Callable[[serving.Replica], Any], data: Path) -> None:
        self.lcr, self.ztf, self.asassn = start(Lcr(data)), start(Ztf(data)), start(Asassn())
        self.gaia, self.mast, self.bat = start(Gaia()), start(Mast(executing=0, direct=True)), start(Bat())
        self.maxi, self.vsx, self.sesame = start(Maxi()), start(Vsx()), start(Sesame())
        self.nobody = start(Vsx("bots"))  # the tables of observations: refused
        self.places = {
            "fermi-lcr": (self.lcr, "/LCR"), "fermi-fava": (self.lcr, "/FAVA"), "swift-bat": (self.bat, "/transients"),
            "maxi": (self.maxi, ""), "ztf-lc": (self.ztf, "/cgi-bin/ZTF/nph_light_curves"), "asassn": (self.asassn, ""),
            "gaia-dr3": (self.gaia, "/tap"), "gaia-datalink": (self.gaia, "/data"), "mast": (self.mast, ""),
            "vsx-api": (self.vsx, "/index.php"), "sesame": (self.sesame, ""), "eso-obscore": (self.nobody, "/tap"),
            "gavo-obscore": (self.nobody, "/tap"),
        }  # fmt: skip

    @property
    def asked(self) -> int:
        return sum(len(replica.asked) for replica in {id(r): r for r, _ in self.places.values()}.values())


@pytest.fixture
def world(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with ExitStack() as stack:
        found = World(stack.enter_context, data_dir)
        file = tmp_path / "services.toml"
        file.write_text(serving.rows_of(found.places))
        monkeypatch.setenv("SKYEXPLORER_SERVICES", str(file))
        monkeypatch.setenv("SKYEXPLORER_CACHE", str(tmp_path / "cache"))
        yield found


@pytest.fixture
def sky() -> SkyExplorer:
    explorer = SkyExplorer(samples=False)
    star = Table({"name": ["star"], "ra": [RA], "dec": [DEC], "gmag": [13.9]})
    explorer.open(SourceCatalog(star, title="stars", band="optical"), name="stars")
    explorer.open("fermi-sources")
    return explorer


STAR_PROVIDERS = ("ztf-lc", "asassn", "gaia-datalink", "mast", "vsx-api")


def states(found: curves.LiveCurves) -> dict[str, str]:
    return {answer.service: answer.state for answer in found.ledger}


class TestWhoIsAsked:
    def test_a_star(self, world: World, sky: SkyExplorer) -> None:
        found = sky.live_curves("star", deadline=20)
        good = {answer.service for answer in found.ledger if answer.good}
        assert {*STAR_PROVIDERS, "swift-bat", "maxi"} <= good
        assert {"eso-obscore", "gavo-obscore"} <= set(states(found)) - good
        assert "gamma" in found.skipped["fermi-lcr"]
        assert "fermi-fava" in found.skipped
        assert set(found.by_provider) == {"ztf-lc", "asassn", "gaia-datalink", "mast"}
        assert found.notes["vsx-api"].startswith("VSX: ")
        assert len(found["ztf-lc"]) == 5
        assert len(found) == 5 + 1 + 1 + 4

    def test_a_gamma_ray_source_at_the_place_of_its_name(self, world: World, sky: SkyExplorer) -> None:
        found = sky.live_curves("4FGL J1104.4+3812", deadline=20)
        assert {"fermi-lcr", "fermi-fava", "swift-bat", "maxi"} <= set(found.by_provider)
        assert found.target.ra == pytest.approx(166.113808), "of Mkn 421, as Sesame knows it"
        assert "Mkn 421" in found.notes["sesame"]
        assert states(found)["ztf-lc"] == "ok", (
            "it was asked, at the place of the name, and has no star there"
        )
        assert [a.rows for a in found.ledger if a.service == "ztf-lc"] == [0]

    def test_without_its_place_no_star_is_guessed(self, world: World, sky: SkyExplorer) -> None:
        world.sesame.broken = serving.Answer(b"down", 500)
        found = sky.live_curves("4FGL J1104.4+3812", deadline=20)
        assert {"ztf-lc", "asassn", "gaia-datalink", "mast"} <= set(found.skipped)
        assert "fermi-lcr" in found.by_provider
        assert "not resolved" in found.notes["sesame"]

    def test_the_counterpart_that_a_row_tells(self) -> None:
        rows = Table({
            "Source_Name": ["4FGL J1104.4+3812"], "RAJ2000": [166.1187], "DEJ2000": [38.207],
            "Conf_95_SemiMajor": [0.0073], "Conf_95_SemiMinor": [0.0073], "Conf_95_PosAng": [0.0],
            "RA_Counterpart": [166.11381], "DEC_Counterpart": [38.20883], "ASSOC1": ["Mkn 421"],
        })  # fmt: skip
        target = curves.target_of(SourceCatalog(rows)[0])
        assert (target.ra, target.dec) == pytest.approx((166.11381, 38.20883))
        assert target.sharp
        assert target.names == ("4FGL J1104.4+3812", "Mkn 421")

    def test_those_that_are_named(self, world: World, sky: SkyExplorer) -> None:
        found = sky.live_curves("star", providers=["vsx-api"])
        assert list(states(found)) == ["vsx-api"]
        assert world.asked == len(world.vsx.asked) == 1

    def test_a_place(self, world: World, sky: SkyExplorer) -> None:
        found = sky.live_curves(SkyCoord(RA, DEC, unit="deg"), providers="ztf-lc")
        assert len(found) == 5
        assert len(sky.session.curves.shown) == 5
        assert "SkyCoord" in sky.steps.items[-1].call

    @pytest.mark.parametrize(
        ("source", "how"),
        [
            ("star", {"providers": ["zft"]}),
            ("star", {"radius": 0}),
            ("star", {"radius": 2 * u.deg}),
            ("star", {"radius": 3 * u.s}),
            ("star", {"deadline": -1}),
            ("star", {"cadence": "yearly"}),
            (42, {}),
            (SkyCoord([1, 2], [3, 4], unit="deg"), {}),
        ],
    )
    def test_what_cannot_be_asked(self, sky: SkyExplorer, source: Any, how: dict[str, Any]) -> None:
        with pytest.raises(InputError):
            sky.live_curves(source, **how)
        assert len(sky.steps) == 2, "only what was opened"

    def test_an_unknown_name(self, sky: SkyExplorer) -> None:
        with pytest.raises(NotFoundError):
            sky.live_curves("no such star")


class TestPartialAnswers:
    def test_one_is_down_and_one_is_slow(self, world: World, sky: SkyExplorer) -> None:
        world.gaia.broken = serving.Answer(b"out of order", 500)
        world.asassn.stalled = threading.Event()
        start = time.monotonic()
        found = sky.live_curves("star", providers=STAR_PROVIDERS, deadline=3)
        assert time.monotonic() - start < 5
        assert states(found) == {
            "ztf-lc": "ok", "asassn": "late", "gaia-datalink": "refused", "mast": "ok", "vsx-api": "ok",
        }  # fmt: skip
        assert set(found.by_provider) == {"ztf-lc", "mast"}
        assert not found.ledger.complete
        assert len(sky.session.curves.shown) == 9, "a partial answer is an answer"
        told = {answer.service: answer.message for answer in found.ledger}
        assert told["gaia-datalink"]
        assert told["asassn"]

    def test_asked_again_all_is_kept(self, world: World, sky: SkyExplorer) -> None:
        sky.live_curves("star", providers=["ztf-lc", "vsx-api"])
        before = world.asked
        again = sky.live_curves("star", providers=["ztf-lc", "vsx-api"])
        assert world.asked == before
        assert set(states(again).values()) == {"cached"}
        assert all(answer.cached_at for answer in again.ledger)

    def test_cancelled_it_shows_nothing_and_is_no_step(self, world: World, sky: SkyExplorer) -> None:
        world.ztf.stalled = threading.Event()
        steps = len(sky.steps)
        job = sky.submit(sky.live_curves, "star", providers=["ztf-lc"])
        while not world.ztf.asked:
            time.sleep(0.01)
        job.cancel()
        with pytest.raises(Cancelled):
            job.result(5)
        assert len(sky.steps) == steps
        assert sky.session.curves.shown == ()

    def test_what_answers_first_is_shown_first(self, world: World, sky: SkyExplorer) -> None:
        world.asassn.stalled = threading.Event()
        star = sky.layers["stars"][0]
        sky.select(star)
        job = sky.submit(sky.live_curves, star, providers=["ztf-lc", "asassn"], deadline=30)
        sky.session.curves.follow(star, job)
        end = time.monotonic() + 10
        while not sky.session.curves.shown and time.monotonic() < end:
            assert not job.wait(0.05)
        assert len(sky.session.curves.shown) == 5
        heard = sky.session.curves.of(star)
        assert heard is not None
        rows = {row["title"]: row for row in answer_rows(heard, sky.session.curves.titles)}
        assert rows["ZTF"]["state"] == "ok"
        assert rows["ASAS-SN"]["state"] in ("asking", "slow")
        world.asassn.stalled.set()
        job.result(20)
        assert len(sky.session.curves.shown) == 6
        assert sky.session.curves.of(star).job is None


class TestShown:
    def test_units_and_limits_stay_and_times_are_one(self, world: World, sky: SkyExplorer) -> None:
        panel = LightCurvePanel(sky.session, sky)
        sky.select("star")
        sky.live_curves("star", providers=["ztf-lc", "asassn", "gaia-datalink", "mast"])
        assert [pane.figure.yaxis[0].axis_label for pane in panel.panes] == ["mag", "e⁻ s⁻¹"]
        upper, lower = panel.panes
        limits = sum(int(curve.upper_limit.sum()) for curve in sky.session.curves.shown)
        assert len(upper.limits.data["x"]) == limits == 6
        assert all(text.startswith("> ") for text in upper.limits.data["text"]), "fainter than"
        assert upper.figure.y_range.start > upper.figure.y_range.end, "bright is up"
        assert lower.figure.y_range.start < lower.figure.y_range.end
        assert upper.figure.x_range is lower.figure.x_range
        assert {"ZTF g", "ZTF r", "ZTF i", "ASAS-SN V", "ASAS-SN g", "Gaia DR3 G"} <= set(
            upper.points.data["band"]
        )
        assert set(lower.points.data["band"]) == {"TESS"}
        assert "VSX" not in panel.message
        panel.close()

    def test_fluxes_of_gamma_and_x_rays_share_no_axis(self, world: World, sky: SkyExplorer) -> None:
        panel = LightCurvePanel(sky.session, sky)
        sky.select("4FGL J1104.4+3812")
        sky.live_curves("4FGL J1104.4+3812", providers=["fermi-lcr", "maxi", "swift-bat"], cadence="monthly")
        first, *_ = sky.session.curves.shown
        assert first.origin.service == "sample", "its own stays"
        bands = [set(pane.points.data["band"]) for pane in panel.panes]
        assert bands[0] == {"4FGL J1104.4+3812 0.1–100 GeV", "Fermi LCR 0.1–100 GeV"}
        assert bands[1:] == [{"MAXI 2–20 keV"}, {"Swift/BAT 15–50 keV"}] or bands[1:] == [
            {"Swift/BAT 15–50 keV"}, {"MAXI 2–20 keV"},
        ]  # fmt: skip
        panel.close()

    def test_a_variable_star_is_told(self, world: World, sky: SkyExplorer) -> None:
        sky.select("star")
        sky.live_curves("star", providers=["vsx-api"])
        assert "RRAB, period 0.5123 d" in sky.session.curves.message

    def test_the_answer_belongs_to_its_source(self, world: World, sky: SkyExplorer) -> None:
        sky.select("star")
        job = sky.submit(sky.live_curves, "star", providers=["ztf-lc"])
        sky.select("TXS 0506+056")
        shown = sky.session.curves.shown
        job.result(20)
        assert sky.session.curves.shown == shown, "something else was selected meanwhile"
        sky.select("star")
        assert len(sky.session.curves.shown) == 5, "and it is not asked again"

    def test_a_step_that_can_be_run_again(self, world: World, sky: SkyExplorer) -> None:
        sky.live_curves("star", providers=("ztf-lc",), deadline=20)
        assert sky.steps.items[-1].call == "sky.live_curves('star', providers=('ztf-lc',), deadline=20)"


class TestPanel:
    def test_nothing_is_asked_by_itself(self, world: World, sky: SkyExplorer) -> None:
        panel = LightCurvePanel(sky.session, sky)
        sky.select("star")
        assert panel.askable
        assert not panel.asking
        assert world.asked == 0
        sky.select(())
        assert not panel.askable
        panel.close()

    def test_a_click_asks_and_the_answers_come_in(self, world: World, sky: SkyExplorer) -> None:
        world.gaia.broken = serving.Answer(b"out of order", 500)
        panel = LightCurvePanel(sky.session, sky)
        sky.select("star")
        panel._told(panel, {"type": "ask"}, [])
        assert panel.asking
        (job,) = sky.jobs.items
        assert {row["state"] for row in panel.answers} <= {"asking", "skipped"}
        job.result(30)
        assert not panel.asking
        rows = {row["title"]: (row["state"], row["word"]) for row in panel.answers}
        assert rows["ZTF"] == ("ok", "1,088")
        assert rows["Gaia DR3"] == ("refused", "refused")
        assert rows["VSX"] == ("none", "no data")
        assert rows["TESS, Kepler"] == ("ok", "1,552+")
        assert rows["Fermi LCR"] == ("skipped", "not asked")
        assert panel.has_data
        assert sky.session.notices.items == ()
        assert any("live_curves" in step.call for step in sky.steps.items)
        panel.close()

    def test_it_can_be_stopped(self, world: World, sky: SkyExplorer) -> None:
        for replica in (
            world.ztf,
            world.asassn,
            world.gaia,
            world.mast,
            world.vsx,
            world.bat,
            world.maxi,
            world.nobody,
        ):
            replica.stalled = threading.Event()
        panel = LightCurvePanel(sky.session, sky)
        sky.select("star")
        panel._told(panel, {"type": "ask"}, [])
        (job,) = sky.jobs.items
        job.wait(0.2)
        panel._told(panel, {"type": "stop"}, [])
        job.wait(5)
        sky.session.jobs.home.run()
        assert not panel.asking
        assert {row["state"] for row in panel.answers} <= {"cancelled", "skipped"}
        panel.close()


def test_many_points_are_thinned_and_said() -> None:
    from astropy.time import Time

    from skyexplorer.model.lightcurve import LightCurve
    from skyexplorer.views import curve_data

    n = 50_000
    value = np.ones(n)
    value[31_234] = 9.0
    flux = value * u.electron / u.s
    time_ = Time(58000 + np.arange(n) * 2 / 1440, format="mjd", scale="tdb")
    curve = LightCurve(time_, flux, (flux / 10, flux / 10), np.zeros(n, bool))
    points, _ = curve_data.columns([curve], log=False)
    assert len(points["x"]) <= curve_data.MOST_DRAWN
    assert max(points["y"]) == 9
    four, _ = curve_data.columns([curve] * 4, log=False)
    assert len(four["x"]) <= curve_data.MOST_DRAWN, "all of a pane together"
    assert curve_data.left_out(len(points["x"]), [curve]) == f"{len(points['x']):,} of 50,000 points drawn"
    assert curve_data.left_out(50_000, [curve]) == ""
