"""MocServer and HiPS: which data sets have something in a region, and what can be a background."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer import SkyRegion
from skyexplorer.errors import AnswerError, InputError, QueryError
from skyexplorer.net import Web
from skyexplorer.services import hips, mocserver
from tests.replicas.mocserver import MocServer
from tests.replicas.serving import Answer, rows_of

CRAB = SkyCoord(83.633 * u.deg, 22.0145 * u.deg)
FAR = SkyCoord(200 * u.deg, -40 * u.deg)


@pytest.fixture
def moc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MocServer]:
    with MocServer() as replica:
        rows = tmp_path / "rows.toml"
        rows.write_text(rows_of({"mocserver": (replica, "/MocServer/query")}))
        monkeypatch.setenv("SKYEXPLORER_SERVICES", str(rows))
        yield replica


def ask(region: SkyRegion | None, **given: object) -> tuple[list[mocserver.DataSet], bool]:
    with Web("mocserver", 10) as web:
        found, overflow, _ = mocserver.ask(region, web=web, **given)  # type: ignore[arg-type]
    return found, overflow


def ids(found: list[mocserver.DataSet]) -> set[str]:
    return {one.id for one in found}


CIRCLE = SkyRegion.circle(CRAB, 0.5 * u.deg)
BOX = SkyRegion.polygon(SkyCoord([83, 84, 84, 83] * u.deg, [21, 21, 23, 23] * u.deg))
ELLIPSE = SkyRegion.ellipse(CRAB, 1 * u.deg, 0.5 * u.deg, 30 * u.deg)


@pytest.mark.parametrize(
    ("region", "sent"), [(CIRCLE, "RA"), (BOX, "stc"), (ELLIPSE, "moc"), (ELLIPSE | CIRCLE, "moc")]
)
def test_regions_are_asked_as_they_are(moc: MocServer, region: SkyRegion, sent: str) -> None:
    found, overflow = ask(region)
    assert "CDS/P/Patch/g" in ids(found)
    assert not overflow
    given = moc.queries[-1]
    assert sent in given or (sent == "moc" and b"MOCORD" in moc.asked[-1].body)
    assert given["intersect"] == "overlaps"
    away = SkyRegion.circle(FAR, 1 * u.deg)
    assert "CDS/P/Patch/g" not in ids(ask(away)[0])


def test_records_become_data_sets(moc: MocServer) -> None:
    found = {one.id: one for one in ask(CIRCLE)[0]}
    two = found["CDS/P/2MASS/color"]
    assert (two.band, two.mission, two.kind) == ("infrared", "2MASS", "image")
    assert two.hips == ("http://alasky.example/2MASS/Color", "http://mirror.example/2MASS")
    assert two.attribution == "University of Massachusetts & IPAC/Caltech"
    assert found["CDS/P/Fermi/color"].mission == "Fermi"
    assert found["CDS/P/Patch/g"].band == "many"
    assert found["CDS/P/Private"].hips == ()
    bare = found["CDS/J/X/none"]
    assert (bare.title, bare.rows, bare.band, bare.attribution) == (
        "CDS/J/X/none",
        None,
        "many",
        "CDS/J/X/none",
    )
    assert np.isnan(bare.expected(CIRCLE))


def test_expected_rows_are_those_of_the_area(moc: MocServer) -> None:
    stars = {one.id: one for one in ask(CIRCLE)[0]}["CDS/II/246/out"]
    assert stars.expected(CIRCLE) == pytest.approx(470992970 * CIRCLE.area.to_value("deg2") / 41252.96125)


def test_the_same_question_is_asked_once(moc: MocServer) -> None:
    for _ in range(2):
        ask(ELLIPSE)
    assert len(moc.asked) == 1


def test_an_answer_that_is_cut_is_told_and_not_kept(moc: MocServer) -> None:
    for _ in range(2):
        found, overflow = ask(CIRCLE, max_rows=2)
        assert overflow
        assert len(found) == 2
    assert len(moc.asked) == 2


def test_conditions(moc: MocServer) -> None:
    assert ids(ask(CIRCLE, expr="dataproduct_type=catalog")[0]) == {"CDS/II/246/out"}
    with pytest.raises(QueryError, match="parenthesis"):
        ask(CIRCLE, expr="(a=b")


@pytest.mark.parametrize("content", [b"<html>busy</html>", b"", b'[{"ID": "a"', b"{}"])
def test_other_answers(moc: MocServer, content: bytes) -> None:
    moc.broken = Answer(content)
    with pytest.raises((AnswerError, QueryError)):
        ask(CIRCLE)
    moc.broken = None
    assert ask(CIRCLE)[0]  # nothing was kept of it


def test_surveys_of_a_band(moc: MocServer) -> None:
    with Web("mocserver", 10) as web:
        every = hips.surveys(web=web)
        gamma = hips.surveys("gamma", web=web)
        with pytest.raises(InputError, match="no pictures of the band 'neutrino'"):
            hips.surveys("neutrino", web=web)
    # Not the private one, nor the one whose tiles a browser cannot draw; the widest first.
    assert [one.id for one in every] == ["CDS/P/2MASS/color", "CDS/P/Fermi/color"]
    assert [one.id for one in gamma] == ["CDS/P/Fermi/color"]
    one = gamma[0]
    assert (one.order, one.frame, one.attribution) == (3, "equatorial", "CNRS/Unistra")


def test_properties_of_a_survey(moc: MocServer) -> None:
    with Web("hips", 10) as web:
        moc.broken = Answer(b"hips_order = 3\n# of the maker\nobs_title = A = B\n\n")
        assert hips.properties(moc.address, web=web) == {"hips_order": "3", "obs_title": "A = B"}
        assert moc.asked[-1].path == "/properties"
        moc.broken = Answer(b"<html>none</html>")
        with pytest.raises(AnswerError, match="no description of a HiPS"):
            hips.properties(f"{moc.address}/other", web=web)
