"""Open: samples, files and objects; what fails changes nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.table import Table

from skyexplorer import Event, SkyExplorer, SkyMap, SkyRegion, SourceCatalog, samples
from skyexplorer.errors import FormatError, InputError, NotFoundError, SkyExplorerError


@pytest.fixture
def sky():
    return SkyExplorer(samples=False)


def state(sky):
    session = sky.session
    return (
        list(session.layers.values()),
        session.selection.sources,
        session.selection.time_range,
        (session.viewport.target.ra.deg, session.viewport.target.dec.deg, session.viewport.fov),
        session.curves.shown,
        session.curves.title,
        len(session.steps),
        session.notices.items,
    )


@pytest.mark.parametrize("name", samples.names())
def test_every_sample_opens_and_opens_again_as_the_same(name):
    for start in (True, False):
        sky = SkyExplorer(samples=start)
        first, count = sky.open(name), len(sky.layers)
        for layer in sky.layers.values():
            layer.visible = False
        assert sky.open(name.lower().replace(" ", "_")) is first
        assert len(sky.layers) == count
        assert (
            any(layer.visible and layer.data is first for layer in sky.layers.values())
            or not count
            or hasattr(first, "upper_limit")
        )


def test_the_default_layers_have_origins_and_rows():
    sky = SkyExplorer()
    assert {layer.kind for layer in sky.layers.values()} == {"skymap", "events", "catalog"}
    for layer in sky.layers.values():
        assert layer.rows > 0
        assert layer.origin.service == "sample"
        assert layer.origin.reference
    assert len(sky.session.steps) == 0


def test_a_map_comes_into_view(sky):
    merger = sky.open("GW170817")
    assert isinstance(merger, Event)
    mode = merger.localization.mode
    assert sky.viewport.target.separation(mode) < 1e-6 * u.deg
    reach = max(
        mode.separation(type(mode)(*line.T, unit="deg")).deg.max()
        for line in merger.localization.contours(0.9)
    )
    assert 2 * reach < sky.viewport.fov < 4 * reach


def test_a_catalogue_does_not_move_the_view(sky):
    before = state(sky)[3]
    sky.open("fermi-sources")
    assert state(sky)[3] == before


def test_objects(sky):
    table = Table({"name": ["a"], "ra": [1.0] * u.deg, "dec": [2.0] * u.deg})
    mine = SourceCatalog(table, name="name", title="mine")
    assert sky.open(mine) is mine
    assert sky.open(mine, name="again") is mine
    whole = SkyMap(np.arange(4, 16), np.full(12, 1 / (4 * np.pi)), name="even")
    assert sky.open(whole) is whole
    located = Event("E", None, "gw", whole)
    assert sky.open(located) is located
    assert sky.layers["E"].kind == "skymap"
    assert sky.layers["E"][0] is located
    circle = Event(
        "N", None, "neutrino", SkyRegion.circle(mine.coords[0], 1 * u.deg), position=mine.coords[0]
    )
    assert sky.open(circle) is circle
    assert list(sky.layers) == ["mine", "even", "E", "N"]


def test_a_name_that_is_nothing_lists_the_samples_and_the_path_tried(sky):
    before = state(sky)
    with pytest.raises(NotFoundError) as caught:
        sky.open("GW999999")
    assert "GW170817" in str(caught.value)
    assert str(Path.cwd() / "GW999999") in str(caught.value)
    assert state(sky) == before


@pytest.mark.parametrize(
    "wrong", [None, 3, [], [1], {}, object(), b"", b"\x00\x01\x02", "\x00", "x" * 5000, "."]
)
def test_what_cannot_be_opened_leaves_the_session_untouched(sky, wrong):
    sky.open("transients")
    before = state(sky)
    with pytest.raises(SkyExplorerError):
        sky.open(wrong)
    assert state(sky) == before


def test_a_list_of_regions_is_told_to_be_joined(sky):
    circles = [SkyRegion.circle(samples.resolve(name), 1 * u.deg) for name in ("Crab Nebula", "TXS 0506+056")]
    with pytest.raises(InputError, match=r"SkyRegion\.union"):
        sky.open(circles)
    sky.open(SkyRegion.union(circles), name="both")
    assert list(sky.layers) == ["both"]


BAD = {
    "empty.fits": b"",
    "text.fits": b"This is not a FITS file.\n",
    "no_positions.csv": b"name,flux\na,1\nb,2\n",
    "no_rows.csv": b"name,ra,dec\n",
    "nan.csv": b"name,ra,dec\na,nan,nan\nb,,\n",
    "page.csv": b"<html><body>404</body></html>",
    "cut.fits.gz": b"\x1f\x8b\x08\x00\x00\x00",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_leave_the_session_untouched(sky, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(BAD[name])
    before = state(sky)
    with pytest.raises(FormatError) as caught:
        sky.open(path)
    assert len(str(caught.value)) > 20
    if name == "no_positions.csv":
        assert "flux" in str(caught.value)
    with pytest.raises(FormatError):
        sky.open(str(path))
    assert state(sky) == before
