"""Cut-outs: by the archive's own service, or here from the whole file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS

from skyexplorer import SkyRegion
from skyexplorer.errors import AnswerError, FormatError, InputError, QueryError, RefusedError
from skyexplorer.model.record import Processing, Record, footprint
from skyexplorer.net import Web
from skyexplorer.services import registry, sia, soda
from tests.replicas.dal import SIDE, Archive, image
from tests.replicas.serving import Answer
from tests.services.loop import CRAB, POLYGON, WIDE, row
from tests.vo.fixtures import Vo

PART = SkyRegion.circle(CRAB, 0.1 * u.deg)


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    monkeypatch.setenv("SKYEXPLORER_CACHE", str(tmp_path / "cache"))
    with Archive() as replica:
        yield replica


@pytest.fixture
def web() -> Iterator[Web]:
    with Web("loop", 20) as session:
        yield session


@pytest.fixture
def crab(archive: Archive, web: Web) -> Record:
    return sia.find(row(archive, "sia2"), PART, web=web)[0][0]


def pixels(cut: soda.CutOut) -> np.ndarray:
    return np.squeeze(fits.getdata(io.BytesIO(cut.raw)))


def test_the_archive_cuts(archive: Archive, web: Web, crab: Record) -> None:
    cut = soda.cutout(crab, PART, web)
    assert archive.queries[-1].endswith("CIRCLE=83.633+22.0145+0.1")
    assert cut.shape == (20, 20)
    assert cut.origin.note.startswith("cut by http://127.0.0.1")
    assert cut.origin.checksum.startswith("sha256:")
    assert cut.region.contains(CRAB)
    assert cut.region.area.to_value("deg2") == pytest.approx(0.04, rel=1e-3)
    whole = np.squeeze(fits.getdata(io.BytesIO(image("crab"))))
    assert np.array_equal(pixels(cut), whole[22:42, 22:42])
    assert repr(cut) == "<CutOut ivo://loop/crab?image: 20 × 20 pixels>"


def test_polygons_where_they_are_known(archive: Archive, web: Web, crab: Record) -> None:
    soda.cutout(crab, POLYGON, web)
    assert "POLYGON=83." in archive.queries[-1]


@pytest.mark.parametrize(
    ("accepts", "asked"),
    [
        ({"ID", "CIRCLE", "POLYGON"}, "POLYGON=83.5+"),
        ({"ID", "POS"}, "POS=POLYGON+83.5+"),
        ({"ID", "CIRCLE"}, "CIRCLE=83."),
    ],
)
def test_the_question_is_in_words_that_the_service_takes(accepts: set[str], asked: str) -> None:
    processing = Processing("http://loop/soda", {"ID": "ivo://a?b c"}, frozenset(accepts))
    url = soda.question(processing, POLYGON)
    assert url.startswith("http://loop/soda?ID=ivo%3A%2F%2Fa%3Fb+c&")
    assert asked in url


def test_a_service_that_knows_no_regions() -> None:
    with pytest.raises(InputError, match="cuts by BAND, ID, not by regions"):
        soda.question(Processing("http://loop/soda", {}, frozenset({"ID", "BAND"})), PART)


def test_it_is_cut_here_where_nobody_else_does(archive: Archive, web: Web) -> None:
    found, _ = sia.find(row(archive, "sia1"), PART, web=web)
    cut = soda.cutout(found[0], PART, web)
    assert cut.origin.note == "cut here from the whole file"
    assert 20 <= cut.shape[0] <= 22
    assert cut.region.contains(CRAB)
    # Each pixel is where it was: the value of one says row and column in the whole.
    own, whole = WCS(fits.getheader(cut.path)), WCS(fits.getheader(io.BytesIO(image("crab"))))
    x, y = (round(float(v)) for v in own.world_to_pixel(CRAB))
    X, Y = whole.world_to_pixel(own.pixel_to_world(x, y))
    assert pixels(cut)[y, x] == round(float(Y)) * 1000 + round(float(X))
    count = len(archive.asked)
    again = soda.cutout(found[0], PART, web)
    assert again.path == cut.path
    assert len(archive.asked) == count


def test_it_is_cut_here_where_the_service_has_gone(archive: Archive, web: Web) -> None:
    gone = Processing(f"{archive.address}/gone", {}, frozenset({"CIRCLE"}))
    found, _ = sia.find(row(archive, "sia1"), PART, web=web)
    assert (
        soda.cutout(replace(found[0], processing=gone), PART, web).origin.note
        == "cut here from the whole file"
    )
    linked = sia.find(row(archive, "sia2"), PART, web=web)[0][0]
    assert (
        soda.cutout(replace(linked, processing=gone), PART, web).origin.note == "cut here from the whole file"
    )
    archive.broken = Answer(b"no", 403)
    with pytest.raises(RefusedError):
        soda.cutout(replace(linked, processing=gone), POLYGON, web)


def test_axes_beside_those_of_the_sky(archive: Archive, web: Web) -> None:
    beside = SkyRegion.circle(SkyCoord(85 * u.deg, 22.0145 * u.deg), 0.1 * u.deg)
    found, _ = sia.find(row(archive, "sia1"), beside, web=web)
    cut = soda.cutout(next(one for one in found if one.title == "Image of beside"), beside, web)
    assert cut.shape == pixels(cut).shape
    assert 20 <= cut.shape[0] <= 22


def test_regions_beside_the_image(archive: Archive, web: Web, crab: Record) -> None:
    away = SkyRegion.circle(SkyCoord(90 * u.deg, 22 * u.deg), 0.1 * u.deg)
    count = len(archive.asked)
    with pytest.raises(InputError, match="lies beside the region"):
        soda.cutout(crab, away, web)
    assert len(archive.asked) == count
    unplaced = replace(crab, place=None)
    with pytest.raises((QueryError, AnswerError)):
        soda.cutout(unplaced, away, web)
    with pytest.raises(InputError, match="no pixel in the region"):
        soda.cut(image("crab"), away)


def test_errors_in_place_of_a_file(archive: Archive, web: Web, crab: Record) -> None:
    from skyexplorer.services import datalink

    datalink.links(crab, web)
    archive.broken = Answer(b"<html>An error occurred</html>", kind="text/html")
    with pytest.raises(AnswerError, match="something else than a FITS file"):
        soda.cutout(crab, PART, web)
    said = b'<VOTABLE version="1.4"><RESOURCE type="results"><INFO name="QUERY_STATUS" value="ERROR">Too wide</INFO>'
    archive.broken = Answer(said + b"</RESOURCE></VOTABLE>")
    with pytest.raises(QueryError, match="Too wide"):
        soda.cutout(crab, PART, web)
    archive.broken = Answer(image("crab")[:2000] + b" " * 880, kind="image/fits")
    with pytest.raises(AnswerError):
        soda.cutout(crab, SkyRegion.circle(CRAB, 0.05 * u.deg), web)
    archive.broken = None
    assert soda.cutout(crab, PART, web).shape == (20, 20)  # nothing of it was kept


def test_files_that_are_too_large_to_be_cut_here(archive: Archive, web: Web) -> None:
    huge = Record("Mosaic", "image", f"{archive.address}/files/crab.fits", "image/fits", "loop", size=10**10)
    with pytest.raises(InputError, match="10000 MB"):
        soda.cutout(huge, PART, web)


def test_files_without_the_sky() -> None:
    out = io.BytesIO()
    fits.PrimaryHDU(np.zeros((4, 4))).writeto(out)
    with pytest.raises(FormatError, match="two axes on the sky"):
        soda.cut(out.getvalue(), PART)


def test_a_region_of_several_parts_is_cut_by_what_holds_it(archive: Archive, web: Web, crab: Record) -> None:
    two = SkyRegion.union(
        [
            SkyRegion.circle(CRAB, 0.05 * u.deg),
            SkyRegion.circle(CRAB.directional_offset_by(0 * u.deg, 0.1 * u.deg), 0.05 * u.deg),
        ]
    )
    assert soda.cutout(crab, two, web).region.contains(CRAB)
    assert footprint("CIRCLE ICRS 1 2 3") is not None
    assert SIDE == 64


def test_a_real_service(loopback: Vo) -> None:
    service = registry.get("loopback-images2")
    ra, dec, radius = service.place
    with Web(service.id, 30) as session:
        found, _ = sia.find(
            service, SkyRegion.circle(SkyCoord(ra * u.deg, dec * u.deg), radius * u.deg), web=session
        )
        one = found[0]
        small = SkyRegion.circle(one.region.center, one.region.radius / 6)
        cut = soda.cutout(one, small, session)
        whole = soda.opened(datalink_download(one, session), one, "whole", one.address)
    assert cut.shape[-1] < whole.shape[-1]
    assert cut.region.contains(one.region.center)


def datalink_download(record: Record, web: Web) -> Path:
    from skyexplorer.services import datalink

    return datalink.download(record, web)


def test_wide_regions_are_cut_to_the_image(archive: Archive, web: Web) -> None:
    found, _ = sia.find(row(archive, "sia1"), PART, web=web)
    assert soda.cutout(found[0], WIDE, web).shape == (SIDE, SIDE)
