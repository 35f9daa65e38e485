"""The archives panel without a browser: what is asked, and how each state of an answer is told."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table

from skyexplorer import SkyRegion, SourceCatalog
from skyexplorer.errors import InputError, LateError, RefusedError, UnreachableError
from skyexplorer.model.ledger import Answer, Ledger
from skyexplorer.model.origin import Origin
from skyexplorer.model.record import Record, Records
from skyexplorer.session.layers import CatalogLayer
from skyexplorer.session.session import Session
from skyexplorer.views.archives import ArchivesPanel
from skyexplorer.views.canvas import STATIC
from skyexplorer.views.regions_draw import Footprints, region_of
from skyexplorer.views.states import age
from tests.views.fake_verbs import FakeVerbs, errors, kept, tell


@pytest.fixture
def panel(session: Session, verbs: FakeVerbs) -> Iterator[ArchivesPanel]:
    made = ArchivesPanel(session, verbs)
    made.begin()
    yield made
    made.close()


def circle(radius: float = 2.0) -> SkyRegion:
    return SkyRegion.circle(SkyCoord(10 * u.deg, 20 * u.deg), radius * u.deg)


class TestServices:
    def test_each_that_can_be_asked_is_listed_with_what_is_known_of_it(
        self, session: Session, panel: ArchivesPanel
    ) -> None:
        listed = {row["id"]: row for row in panel.services}
        known = {service.id: service for service in session.archives.services if service.searched}
        assert listed.keys() == known.keys()
        row, service = listed["fermi-4fgl"], known["fermi-4fgl"]
        assert f"{service.row_cap:,}" in row["facts"]
        assert ("never" in row["check"]) == (service.verified == "never")
        assert any(service.licence in line for line in row["tip"])
        assert any(service.reference in line for line in row["tip"])

    def test_bands_stand_together(self, panel: ArchivesPanel) -> None:
        bands = [row["band"] for row in panel.services]
        assert len(set(bands)) == sum(a != b for a, b in zip(["", *bands], bands, strict=False))

    def test_nothing_is_asked_before_a_click(self, verbs: FakeVerbs, panel: ArchivesPanel) -> None:
        for mode in ("services", "field", "registry", "images"):
            tell(panel, "mode", name=mode)
            assert panel.mode == mode
        assert verbs.calls == []
        assert panel.states == {}

    def test_before_a_question_each_part_says_what_it_does(self, panel: ArchivesPanel) -> None:
        for shown in (panel.field, panel.registry, panel.images):
            assert shown["rows"] == []
            assert len(shown["status"]["text"]) > 20

    def test_offline_is_told(self, session: Session, verbs: FakeVerbs, monkeypatch: Any) -> None:
        monkeypatch.setenv("SKYEXPLORER_OFFLINE", "1")
        panel = ArchivesPanel(session, verbs)
        panel.begin()
        assert panel.offline
        monkeypatch.setenv("SKYEXPLORER_OFFLINE", "0")
        tell(panel, "ask", id="fermi-4fgl")
        assert not panel.offline
        panel.close()

    def test_a_damaged_table_of_services_is_told_where_they_would_stand(
        self, session: Session, verbs: FakeVerbs, monkeypatch: Any, tmp_path: Any
    ) -> None:
        broken = tmp_path / "mine.toml"
        broken.write_text("[[service]]\nid = 3\n")
        monkeypatch.setenv("SKYEXPLORER_SERVICES", str(broken))
        panel = ArchivesPanel(session, verbs)
        panel.begin()
        assert panel.services == []
        assert "mine.toml" in panel.services_failed
        assert not errors(session)
        panel.close()

    def test_a_click_asks_the_view_by_a_job(self, verbs: FakeVerbs, panel: ArchivesPanel) -> None:
        tell(panel, "ask", id="fermi-4fgl")
        assert verbs.calls == [("query_region", (None,), {"service": "fermi-4fgl"})]
        assert panel.states["fermi-4fgl"]["asking"]
        verbs.jobs[0].book.open("fermi-4fgl")
        verbs.home()
        assert panel.states["fermi-4fgl"]["text"].startswith("asking")
        verbs.answer("fermi-4fgl", rows=1234)
        state = panel.states["fermi-4fgl"]
        assert (state["state"], state["asking"], state["text"]) == ("ok", False, "1,234 rows")

    def test_slow_is_told(self, verbs: FakeVerbs, panel: ArchivesPanel, monkeypatch: Any) -> None:
        tell(panel, "ask", id="fermi-4fgl")
        row = verbs.jobs[0].book.open("fermi-4fgl")
        row._began -= 60
        verbs.home()
        assert panel.states["fermi-4fgl"]["state"] == "slow"
        assert "60 s" in panel.states["fermi-4fgl"]["text"]

    def test_a_cut_answer_says_so_and_can_be_fetched_on(
        self, session: Session, verbs: FakeVerbs, panel: ArchivesPanel
    ) -> None:
        tell(panel, "ask", id="gaia-dr3")
        verbs.answer("gaia-dr3", rows=2000, overflow=True)
        state = panel.states["gaia-dr3"]
        assert state["more"]
        assert state["text"] == "first 2,000 of more"
        origin = Origin("Gaia DR3", service="gaia-dr3", overflow=True)
        stars = SourceCatalog(Table({"ra": [1.0], "dec": [2.0]}), origin=origin)
        session.layers.add(CatalogLayer("gaia-dr3", stars))
        tell(panel, "more", id="gaia-dr3")
        assert verbs.calls[-1] == ("fetch_on", ("gaia-dr3",), {})
        session.layers.remove("gaia-dr3")
        tell(panel, "more", id="gaia-dr3")
        assert verbs.calls[-1][0] == "query_region", "it is asked anew where its layer is gone"

    def test_a_kept_answer_tells_its_age(self, session: Session, panel: ArchivesPanel) -> None:
        answer = kept("glade-plus", rows=49)
        session.archives.heard([answer])
        assert panel.states["glade-plus"]["state"] == "cached"
        assert panel.states["glade-plus"]["text"] == f"49 rows, kept {age(answer.cached_at)}"

    @pytest.mark.parametrize(
        ("error", "state"),
        [
            (UnreachableError("No line to cds.", "Check the network."), "unreachable"),
            (LateError("No answer within 60 s.", "Ask for a smaller region."), "late"),
            (RefusedError("It is busy.", "Try again in 30 s."), "refused"),
        ],
    )
    def test_a_failure_says_why_and_what_to_do(
        self, verbs: FakeVerbs, panel: ArchivesPanel, error: Any, state: str
    ) -> None:
        tell(panel, "ask", id="fermi-4fgl")
        verbs.answer("fermi-4fgl", error=error)
        shown = panel.states["fermi-4fgl"]
        assert (shown["state"], shown["said"], shown["advice"]) == (state, error.message, error.advice)
        assert not shown["asking"]
        tell(panel, "ask", id="fermi-4fgl")
        assert panel.states["fermi-4fgl"]["asking"], "it can be asked again"

    def test_what_fails_before_anyone_is_asked_stands_at_its_service(
        self, session: Session, verbs: FakeVerbs, panel: ArchivesPanel
    ) -> None:
        verbs.refuses = InputError("The view is the whole sky.", "Zoom in.")
        tell(panel, "ask", id="gaia-dr3")
        assert panel.states["gaia-dr3"]["said"] == "The view is the whole sky."
        assert panel.states["gaia-dr3"]["advice"] == "Zoom in."
        assert not errors(session)

    def test_a_job_that_ends_without_a_row_in_a_ledger_is_told(
        self, verbs: FakeVerbs, panel: ArchivesPanel
    ) -> None:
        tell(panel, "ask", id="gaia-dr3")
        verbs.end(error=RuntimeError("boom"))
        assert "boom" in panel.states["gaia-dr3"]["said"]

    def test_stop_cancels(self, verbs: FakeVerbs, panel: ArchivesPanel) -> None:
        tell(panel, "ask", id="fermi-4fgl")
        verbs.jobs[0].book.open("fermi-4fgl")
        verbs.home()
        tell(panel, "cancel", id="fermi-4fgl")
        verbs.home()
        assert verbs.jobs[0].state == "cancelled"
        assert not panel.states["fermi-4fgl"]["asking"]

    def test_what_a_script_asks_is_shown_too(self, verbs: FakeVerbs, panel: ArchivesPanel) -> None:
        verbs.submit(verbs.query_region, None, service="swift")
        verbs.jobs[0].book.open("swift")
        verbs.home()
        assert panel.states["swift"]["asking"]
        tell(panel, "cancel", id="swift")
        assert verbs.jobs[0].state == "cancelled"


class TestPlace:
    def test_a_drawn_region_is_what_is_asked_about(
        self, session: Session, verbs: FakeVerbs, panel: ArchivesPanel
    ) -> None:
        assert (panel.within, panel.region) == ("view", "")
        region = circle()
        session.selection.choose_region(region, by="sky")
        assert panel.within == "region"
        assert "13 deg²" in panel.region
        tell(panel, "ask", id="fermi-4fgl")
        assert verbs.calls[-1][1] == (region,)
        tell(panel, "within", value="view")
        tell(panel, "ask", id="fermi-4fgl")
        assert verbs.calls[-1][1] == (None,)

    def test_it_can_be_taken_away(self, session: Session, panel: ArchivesPanel) -> None:
        session.selection.choose_region(circle(), by="sky")
        tell(panel, "clear_region")
        assert session.selection.region is None
        assert (panel.within, panel.region) == ("view", "")

    def test_without_a_region_one_cannot_ask_in_it(self, session: Session, panel: ArchivesPanel) -> None:
        tell(panel, "within", value="region")
        assert session.archives.within == "view"
        assert any("No region" in text for text in errors(session))

    def test_tools_are_chosen_and_put_away(self, session: Session, panel: ArchivesPanel) -> None:
        tell(panel, "tool", name="polygon")
        assert (panel.tool, session.archives.tool) == ("polygon", "polygon")
        tell(panel, "tool", name="")
        assert panel.tool == ""

    def test_the_width_of_the_view_follows(self, session: Session, panel: ArchivesPanel) -> None:
        session.viewport.move(fov=12.345)
        assert panel.view == "12°"

    def test_a_small_region_is_told_in_its_own_unit(self, session: Session, panel: ArchivesPanel) -> None:
        session.selection.choose_region(circle(0.01))
        assert "arcmin²" in panel.region

    def test_drawn_shapes(self) -> None:
        drawn = region_of("polygon", [[10, 10], [12, 10], [12, 12], [10, 12]])
        assert drawn.kind == "polygon"
        assert drawn.contains(SkyCoord(11 * u.deg, 11 * u.deg))
        with pytest.raises(InputError):
            region_of("star", [[1, 2], [3, 4]])


def images() -> Records:
    near = [
        Record(
            "a",
            "image",
            "https://x.example/a.fits",
            collection="S4",
            ra=10.0,
            dec=20.0,
            place=lambda: circle(0.4),
        ),
        Record("<b>bad</b>", "image", "https://x.example/b.fits", service="x", size=3_000_000),
    ]
    return Records(near, Ledger([Answer("x", "ok", rows=2), Answer("y", "late", message="No answer.")]))


class TestImages:
    def test_they_are_listed_with_who_did_not_answer(
        self, session: Session, verbs: FakeVerbs, panel: ArchivesPanel
    ) -> None:
        tell(panel, "images")
        assert verbs.calls[-1][0] == "images"
        assert panel.images["status"]["state"] == "asking"
        verbs.end(images())
        assert [row["title"] for row in panel.images["rows"]] == ["a", "<b>bad</b>"]
        assert "No answer of y." in panel.images["status"]["text"]
        assert session.archives.finding("images").result is not None

    def test_a_stale_answer_is_dropped(
        self, session: Session, verbs: FakeVerbs, panel: ArchivesPanel
    ) -> None:
        tell(panel, "images")
        first = verbs.jobs[-1]
        tell(panel, "images")
        first.finish(images())
        verbs.home()
        assert session.archives.finding("images").result is None

    def test_failure_keeps_what_was_there(
        self, session: Session, verbs: FakeVerbs, panel: ArchivesPanel
    ) -> None:
        tell(panel, "images")
        verbs.end(images())
        tell(panel, "images")
        verbs.end(error=UnreachableError("No line.", "Check it."))
        assert len(panel.images["rows"]) == 2
        assert panel.images["status"]["said"] == "No line."
        assert panel.images["status"]["advice"] == "Check it."

    def test_footprints_are_drawn_and_one_is_marked(
        self, session: Session, verbs: FakeVerbs, panel: ArchivesPanel
    ) -> None:
        drawn = Footprints(session, verbs)
        assert drawn.drawing.strokes == []
        tell(panel, "images")
        verbs.end(images())
        assert len(drawn.drawing.strokes) == 1
        tell(panel, "outline", row=0)
        assert panel.images["rows"][0]["chosen"]
        assert [made["width"] for made in drawn.drawing.strokes] == [2.4]
        assert session.viewport.target.separation(circle().center).deg < 1e-6, "it is brought into view"
        tell(panel, "outline", row=0)
        tell(panel, "footprints", on=False)
        assert drawn.drawing.strokes == []
        drawn.close()

    def test_a_cut_out_is_a_job_of_its_row(self, verbs: FakeVerbs, panel: ArchivesPanel) -> None:
        tell(panel, "images")
        found = images()
        verbs.end(found)
        tell(panel, "cutout", row=0)
        name, args, _how = verbs.calls[-1]
        assert (name, args[0]) == ("cutout", found[0])
        assert panel.images["rows"][0]["state"] == "asking"
        verbs.end(object())
        assert panel.images["rows"][0]["state"] == "ok"


def test_every_control_of_the_panel_has_a_text(panel: ArchivesPanel) -> None:
    import re

    source = (STATIC.parent / "frontend" / "src" / "panels" / "archives.js").read_text()
    used = set(re.findall(r"\btexts\.(\w+)", source)) | {
        f"mode_{m}" for m in ("services", "field", "registry", "images")
    }
    assert used <= set(panel._texts), used - set(panel._texts)


@dataclasses.dataclass(frozen=True)
class Row:
    """As of `skyexplorer.actions.field.FieldRow`, which views do not know."""

    band: str
    title: str
    what: str
    count: int | None = None
    service: str = ""
    estimate: bool = False
    state: str = "ok"
    note: str = ""
    surveys: tuple[str, ...] = ()
    text: str = ""


class Rows(list[Any]):
    ledger = Ledger([Answer("a", "ok"), Answer("b", "refused", message="No.")])
    note = ""
    region = circle()


class TestField:
    @pytest.fixture
    def shown(self, verbs: FakeVerbs, panel: ArchivesPanel) -> ArchivesPanel:
        tell(panel, "field")
        assert verbs.calls[-1][:2] == ("field", (None,))
        verbs.end(
            Rows(
                [
                    Row("gamma", "4FGL", "objects", 12, "fermi-4fgl", text="12"),
                    Row("optical", "Gaia", "objects", 12000, "gaia-dr3", estimate=True, text="≈ 12,000"),
                    Row("x-ray", "Chandra", "observations", 3, "chandra", text="3"),
                    Row("optical", "DSS", "pictures", 2, surveys=("CDS/P/DSS2/color",), text="2"),
                    Row("radio", "NVSS", "objects", None, "nvss", state="late", note="No answer.", text="?"),
                    Row("radio", "None", "objects", 0, "none", text="0"),
                ]
            )
        )
        return panel

    def test_counts_by_band_and_who_did_not_answer(self, shown: ArchivesPanel) -> None:
        field = shown.field
        assert [row["text"] for row in field["rows"]] == ["12", "≈ 12,000", "3", "2", "?", "0"]
        assert field["rows"][0]["group"] == "Gamma rays"
        assert "No answer of b." in field["status"]["text"]
        assert "estimated" in field["status"]["text"]
        assert "13 deg² at 10.00 +20.00" in field["about"]
        assert [row["can"] for row in field["rows"]] == [True, True, True, True, True, False]

    def test_objects_become_a_layer(self, verbs: FakeVerbs, shown: ArchivesPanel) -> None:
        tell(shown, "bring", row=0)
        assert verbs.calls[-1] == ("query_region", (Rows.region,), {"service": "fermi-4fgl"})
        assert shown.states["fermi-4fgl"]["asking"]

    def test_observations_are_listed(self, verbs: FakeVerbs, shown: ArchivesPanel) -> None:
        tell(shown, "bring", row=2)
        assert verbs.calls[-1] == ("images", (Rows.region,), {"service": "chandra"})
        assert shown.mode == "images"

    def test_pictures_lie_behind(self, session: Session, shown: ArchivesPanel) -> None:
        tell(shown, "bring", row=3)
        assert session.viewport.survey == "CDS/P/DSS2/color"


@dataclasses.dataclass
class Resource:
    """As of `skyexplorer.services.regtap.ServiceFound`, which views do not know."""

    id: str = "reg:x"
    ivoid: str = "ivo://x/y"
    title: str = "<i>Blazars</i>"
    kind: str = "scs"
    address: str = "https://x.example/scs"
    short_name: str = "BZ"
    description: str = "All of them."
    wavebands: tuple[str, ...] = ("gamma-ray",)
    reference: str = ""
    licence: str = ""
    capability: str = ""
    creators: tuple[str, ...] = ()
    columns: Any = None


class TestRegistry:
    @pytest.fixture
    def shown(self, verbs: FakeVerbs, panel: ArchivesPanel) -> ArchivesPanel:
        tell(panel, "search", words=" blazar ", waveband="gamma-ray", ucd="", covering=False)
        verbs.end(Rows([Resource(), Resource("reg:z", title="Other")]))
        return panel

    def test_words_and_conditions_are_handed_on(self, verbs: FakeVerbs, shown: ArchivesPanel) -> None:
        assert verbs.calls[-1] == ("find_services", ("blazar",), {"waveband": "gamma-ray"})
        row = shown.registry["rows"][0]
        assert row["title"] == "<i>Blazars</i>"
        assert row["facts"] == "cone search · gamma-ray · BZ"
        assert not row["open"]

    def test_only_what_covers_the_view(
        self, session: Session, verbs: FakeVerbs, panel: ArchivesPanel
    ) -> None:
        session.viewport.move(target=circle().center, fov=4)
        tell(panel, "search", words="", waveband="", ucd="src.redshift", covering=True)
        _name, args, how = verbs.calls[-1]
        assert args == ("",)
        assert how["ucd"] == "src.redshift"
        assert how["region"].radius.value == pytest.approx(2)
        assert how["region"].contains(circle().center)

    def test_nothing_to_look_for_asks_nobody(self, verbs: FakeVerbs, panel: ArchivesPanel) -> None:
        tell(panel, "search", words="  ", waveband="", ucd="", covering=True)
        assert verbs.calls == []

    def test_a_row_tells_its_columns(self, verbs: FakeVerbs, shown: ArchivesPanel) -> None:
        tell(shown, "preview", row=0)
        assert shown.registry["rows"][0]["asking"]
        columns = {"table": ["t", "t"], "name": ["ra", "z"], "unit": ["deg", "--"], "ucd": ["pos.eq.ra", ""],
                   "description": ["Right ascension", ""]}  # fmt: skip
        verbs.end(Table(columns))
        (table,) = shown.registry["rows"][0]["tables"]
        assert table["name"] == "t"
        assert table["columns"][0]["unit"] == "deg"
        assert table["columns"][1]["unit"] == ""
        tell(shown, "preview", row=0)
        assert not shown.registry["rows"][0]["open"]

    def test_columns_that_do_not_come_say_why(self, verbs: FakeVerbs, shown: ArchivesPanel) -> None:
        tell(shown, "preview", row=1)
        verbs.end(error=LateError("The registry is late.", "Try again."))
        row = shown.registry["rows"][1]
        assert (row["said"], row["advice"]) == ("The registry is late.", "Try again.")

    def test_it_is_added_as_a_layer(self, verbs: FakeVerbs, shown: ArchivesPanel) -> None:
        tell(shown, "add", row=1)
        name, args, how = verbs.calls[-1]
        assert (name, args, how["service"].id) == ("query_region", (None,), "reg:z")
