"""Images by region, of SIA 1 and 2, as records with their footprints."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer import SkyRegion
from skyexplorer.errors import AnswerError, InputError, QueryError
from skyexplorer.model import record as records
from skyexplorer.model.record import Record, Records
from skyexplorer.net import Web
from skyexplorer.services import meeting, sia
from tests.replicas.dal import PLACES, Archive
from tests.replicas.serving import Answer
from tests.services.loop import BESIDE, CIRCLE, CRAB, ELLIPSE, POLYGON, WIDE, row
from tests.vo.fixtures import Vo


@pytest.fixture
def archive() -> Iterator[Archive]:
    with Archive() as replica:
        yield replica


def find(archive: Archive, protocol: str, region: SkyRegion, **given: object) -> tuple[list[Record], object]:
    with Web("loop", 10) as web:
        return sia.find(row(archive, protocol), region, web=web, **given)  # type: ignore[arg-type]


def test_version_1_gives_places_pixels_and_bands(archive: Archive) -> None:
    found, answer = find(archive, "sia1", WIDE)
    assert [one.title for one in found] == ["Image of crab", "Image of beside", "Without a place"]
    crab = found[0]
    assert (crab.kind, crab.instrument, crab.format, crab.size) == ("image", "Cam", "image/fits", 23040)
    assert crab.coord.separation(CRAB) < 1e-6 * u.deg
    assert crab.metres == (4e-7, 5.5e-7)
    assert crab.band == "400–550 nm"
    assert crab.start.mjd == 58000.25
    assert crab.region.area.to_value("deg2") == pytest.approx(0.64**2, rel=1e-3)
    assert found[2].coord is None
    assert found[2].region is None
    assert len(answer.table) == 5
    assert answer.table["centerAlpha"].unit == u.deg
    assert "Without an address" not in [one.title for one in found]


def test_version_1_asks_a_box_and_what_lies_beside_the_region_is_left_out(archive: Archive) -> None:
    found, _ = find(archive, "sia1", CIRCLE)
    assert [one.title for one in found] == ["Image of crab", "Without a place"]
    given = archive.asked[-1].query
    assert given["SIZE"] == "0.2"
    assert given["POS"] == "83.633,22.0145"


def test_an_image_near_the_pole_is_turned_by_its_matrix(archive: Archive) -> None:
    pole = SkyRegion.circle(SkyCoord(*PLACES["north"], unit="deg"), 0.2 * u.deg)
    found, _ = find(archive, "sia1", pole)
    north = found[0]
    assert north.title == "Image of north"
    assert north.region.area.to_value("deg2") == pytest.approx(0.64**2, rel=1e-3)
    assert bool(north.region.contains(SkyCoord(10 * u.deg, 89.5 * u.deg)))


def test_version_1_does_not_say_that_it_was_cut_but_it_is_told(archive: Archive) -> None:
    _, answer = find(archive, "sia1", WIDE, max_rows=3)
    assert answer.overflow
    assert len(answer.table) == 3
    assert not find(archive, "sia1", WIDE, max_rows=50)[1].overflow


def test_version_2_is_asked_circles_and_polygons(archive: Archive) -> None:
    for region, start in (
        (CIRCLE, "CIRCLE 83.633 22.0145 0.1"),
        (POLYGON, "POLYGON 83."),
        (ELLIPSE, "CIRCLE 83.633"),
    ):
        found, answer = find(archive, "sia2", region)
        assert archive.queries[-1].startswith(start)
        assert [one.title for one in found] == ["ivo://loop/crab?image"]
        assert not answer.overflow
    one = found[0]
    assert one.linked
    assert (one.collection, one.facility, one.target, one.size) == ("LOOP", "Loop", "crab", 20_000)
    assert (one.start.mjd, one.stop.mjd) == (58000.0, 58000.5)
    assert one.region.kind == "polygon"
    assert one.facts["obs_id"] == "crab"


def test_more_than_half_the_sky_is_asked_by_halves(archive: Archive) -> None:
    most = SkyRegion.circle(SkyCoord(83.633, 22.0145, unit="deg"), 120 * u.deg)
    found, answer = find(archive, "sia2", most)
    assert archive.queries == ["CIRCLE 83.633 0.0 90.0", "CIRCLE 263.633 0.0 90.0"]
    assert len(found) == len(answer.table) == 2  # type: ignore[attr-defined]
    found, _ = find(archive, "sia1", most)
    asked = [(one.query["POS"], one.query["SIZE"]) for one in archive.asked[2:]]
    assert asked == [("83.633,0.0", "180.0"), ("263.633,0.0", "180.0")]
    assert len({one.title for one in found}) == len(found) > 2
    assert find(archive, "sia2", most, max_rows=1)[1].overflow  # type: ignore[attr-defined]


def test_polygons_go_against_the_clock_whichever_way_they_were_drawn() -> None:
    forth = meeting.dali(POLYGON)
    back = SkyRegion.polygon(SkyCoord([83.5, 83.5, 83.8, 83.8] * u.deg, [21.9, 22.1, 22.1, 21.9] * u.deg))
    for numbers in (forth, meeting.dali(back)):
        x, y = np.array(numbers).reshape(-1, 2).T
        # East is left: against the clock on the sky is with the clock where right ascension runs to the right.
        assert np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)) < 0


def test_overflow_of_version_2_is_told_and_the_answer_not_kept(archive: Archive) -> None:
    archive.status = "OVERFLOW"
    for _ in range(2):
        assert find(archive, "sia2", WIDE)[1].overflow
    assert len(archive.asked) == 2
    archive.status = "OK"
    for _ in range(2):
        assert not find(archive, "sia2", WIDE)[1].overflow
    assert len(archive.asked) == 3


def test_errors_in_good_answers(archive: Archive) -> None:
    with pytest.raises(QueryError, match="No such place"):
        find(archive, "sia1", SkyRegion.circle(SkyCoord(0 * u.deg, 0 * u.deg), 1 * u.deg))
    archive.broken = Answer(b"<html>down</html>", kind="text/html")
    with pytest.raises(AnswerError):
        find(archive, "sia1", WIDE)
    archive.broken = Answer(b'<VOTABLE version="1.1"><RESOURCE type="results"></RESOURCE></VOTABLE>')
    with pytest.raises(AnswerError):
        find(archive, "sia2", WIDE)


def test_there_are_no_columns_and_conditions(archive: Archive) -> None:
    with Web("loop", 10) as web, pytest.raises(InputError, match="takes no condition"):
        sia.ask(row(archive, "sia1"), WIDE, web=web, where="x > 1")


@pytest.mark.parametrize(
    ("text", "xtype", "kind"),
    [
        ("Polygon ICRS 10 10 11 10 11 11 10 11", "", "polygon"),
        ("polygon 10 10 11 10 11 11 10 11", "", "polygon"),
        ("CIRCLE ICRS 10 20 0.5", "", "circle"),
        ("10 20 0.5", "circle", "circle"),
        ([10.0, 10.0, 11.0, 10.0, 11.0, 11.0], "polygon", "polygon"),
        (np.array([10.0, 20.0, 0.5]), "", "circle"),
        (np.ma.masked_invalid([10.0, 10, 11, 10, 11, 11, np.nan, np.nan]), "polygon", "polygon"),
        ("Union ICRS (Circle 10 20 1 Circle 12 20 1)", "", "union"),
        ("POLYGON('ICRS', 10, 10, 11, 10, 11, 11, 10, 11)", "", "polygon"),
        ("CIRCLE(10.5,20,0.5)", "", "circle"),
        ("POLYGON J2000 10 10 11 10 11 11 10 11", "", "polygon"),
    ],
)
def test_footprints_are_read(text: object, xtype: str, kind: str) -> None:
    assert records.footprint(text, xtype).kind == kind


@pytest.mark.parametrize(
    "text", ["", "Not (Circle 1 2 3)", "POLYGON ICRS 1 2", "CIRCLE ICRS 1 200 1", None, [1.0], "nonsense"]
)
def test_footprints_that_are_none(text: object) -> None:
    assert records.footprint(text) is None


def test_overlap_of_regions() -> None:
    thin = SkyRegion.polygon(SkyCoord([83.0, 84.3, 84.3, 83.0] * u.deg, [22.0, 22.0, 22.03, 22.03] * u.deg))
    assert meeting.overlap(thin, CIRCLE)  # none holds the centre of the other's corners
    assert meeting.overlap(CIRCLE, WIDE)
    assert not meeting.overlap(CIRCLE, SkyRegion.circle(BESIDE, 0.1 * u.deg))
    # The centre of two circles lies in neither.
    two = SkyRegion.union(
        [SkyRegion.circle(CRAB.directional_offset_by(a * u.deg, 2 * u.deg), 0.5 * u.deg) for a in (90, 270)]
    )
    assert not meeting.overlap(two, CIRCLE)
    assert meeting.overlap(two, SkyRegion.circle(BESIDE, 0.5 * u.deg))


def test_many_footprints_against_a_region_of_many_cells() -> None:
    import time

    ring = SkyRegion.circle(CRAB, 20 * u.deg) - SkyRegion.circle(CRAB, 5 * u.deg)
    region = SkyRegion.from_moc(ring.to_moc(9))
    places = [CRAB.directional_offset_by(37.0 * i * u.deg, 0.05 * i * u.deg) for i in range(500)]
    made = [
        Record(str(i), "image", "http://loop", place=lambda at=at: SkyRegion.circle(at, 0.3 * u.deg))
        for i, at in enumerate(places)
    ]
    began = time.perf_counter()
    kept = meeting.within(made, region)
    assert time.perf_counter() - began < 10
    apart = np.array([float(at.separation(CRAB).deg) for at in places])
    numbers = {int(one.title) for one in kept}
    assert set(np.flatnonzero((apart > 5.1) & (apart < 19.9))) <= numbers
    assert not set(np.flatnonzero((apart < 4.0) | (apart > 21.0))) & numbers


def test_a_list_of_records_is_a_table(archive: Archive) -> None:
    found, _ = find(archive, "sia1", WIDE)
    table = Records(found).to_table()
    assert table["title"].tolist() == ["Image of crab", "Image of beside", "Without a place"]
    assert np.isnan(table["ra"][2])
    assert len(Records().to_table()) == 0


@pytest.mark.parametrize("id", ["loopback-images", "loopback-images2"])
def test_a_real_service(loopback: Vo, id: str) -> None:
    from skyexplorer.services import registry
    from tests.vo import content

    service = registry.get(id)
    ra, dec, radius = service.place
    region = SkyRegion.circle(SkyCoord(ra * u.deg, dec * u.deg), radius * u.deg)
    with Web(service.id, 30) as web:
        found, answer = sia.find(service, region, web=web)
    assert found
    assert len(found) <= len(content.IMAGES)
    assert not answer.overflow
    for one in found:
        assert one.kind == "image"
        assert one.region is not None
        assert meeting.touches(one, region)
