"""Go to: what a text may mean."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table

from skyexplorer import SkyExplorer, SourceCatalog
from skyexplorer.actions.goto import coordinates
from skyexplorer.errors import InputError, NotFoundError


@pytest.mark.parametrize(
    ("text", "ra", "dec"),
    [
        ("83.63 22.01", 83.63, 22.01),
        (" 83.63, +22.01 ", 83.63, 22.01),
        ("(83.63 -22.01)", 83.63, -22.01),
        ("83.63°, -22.01°", 83.63, -22.01),
        ("-10 −5", 350, -5),
        ("05 35 17 -05 23", 83.820833, -5.383333),
        ("05h35m17s -05d23m", 83.820833, -5.383333),
        ("05:35:17.0 -05:23:00", 83.820833, -5.383333),
        ("05h35m17s -00d23m", 83.820833, -0.383333),
        ("05 35 -05 23", 83.75, -5.383333),
        ("l=184.5575 b=-5.7844", 83.6331, 22.0145),
        ("gal 184.5575 -5.7844", 83.6331, 22.0145),
        ("galactic 184.5575, -5.7844", 83.6331, 22.0145),
    ],
)
def test_coordinates(text, ra, dec):
    at = coordinates(text)
    assert at.frame.name == "icrs"
    assert at.separation(SkyCoord(ra * u.deg, dec * u.deg)) < 1 * u.arcsec


@pytest.mark.parametrize(
    "text", ["M 31", "0506+056", "3C 279", "83.63", "1 2 3", "4FGL J0509.4+0542", "", "l=a b=c"]
)
def test_what_is_no_coordinates(text):
    assert coordinates(text) is None


@pytest.mark.parametrize("text", ["400 0", "10 91", "05 65 17 -05 23", "26h00m00s +10d00m00s", "l=10 b=100"])
def test_coordinates_that_are_not_on_the_sky(text):
    with pytest.raises(InputError):
        coordinates(text)


@pytest.fixture
def sky():
    table = Table(
        {
            "Source_Name": ["4FGL J0509.4+0542", "Alpha", "Lost"],
            "RAJ2000": [77.3593, 10.0, np.nan] * u.deg,
            "DEJ2000": [5.7014, -10.0, np.nan] * u.deg,
            "ASSOC1": ["TXS 0506+056", "", ""],
        }
    )
    sky = SkyExplorer(samples=False)
    sky.open(SourceCatalog(table, name="Source_Name", title="mine"))
    return sky


@pytest.mark.parametrize("text", ["4fgl j0509.4+0542", "4FGLJ0509.4+0542", "txs0506+056", " TXS 0506+056"])
def test_a_source_by_name_or_association_is_selected(sky, text):
    at = sky.goto(text)
    assert at.ra.deg == pytest.approx(77.3593)
    assert sky.selection.sources == (sky.layers["mine"][0],)
    assert sky.viewport.fov == 10


def test_coordinates_select_nothing_and_leave_the_width(sky):
    sky.goto(SkyCoord(0 * u.deg, 90 * u.deg, frame="galactic"))
    assert sky.viewport.target.dec.deg == pytest.approx(27.128, abs=0.01)
    assert sky.viewport.fov == 180
    assert sky.selection.sources == ()
    sky.goto("1 1", fov=90 * u.arcmin)
    assert sky.viewport.fov == 1.5


def test_an_unknown_name_offers_those_that_look_like_it(sky):
    with pytest.raises(NotFoundError, match=r"TXS 0506\+056"):
        sky.goto("TXS 0506+057")
    with pytest.raises(NotFoundError, match="Nothing here is called"):
        sky.goto("Betelgeuse")


def test_a_sample_that_is_not_open_says_how_to_open_it():
    with pytest.raises(NotFoundError, match=r"sky\.open\('AT2017gfo'\)"):
        SkyExplorer(samples=False).light_curve("at2017GFO")


@pytest.mark.parametrize("what", ["", None, 3, "Lost"])
def test_no_place(sky, what):
    before = sky.viewport.target
    with pytest.raises(InputError):
        sky.goto(what)
    assert sky.viewport.target is before
    assert sky.selection.sources == ()


def test_a_sample_that_is_not_open(sky):
    sky.layers.remove("mine")
    at = sky.goto("TXS 0506+056")
    assert at.separation(SkyCoord(77.358 * u.deg, 5.693 * u.deg)) < 0.1 * u.deg
    assert sky.selection.sources == ()
