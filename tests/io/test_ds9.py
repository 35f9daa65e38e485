"""DS9 region files: the shapes, units, colours and texts of its reference manual."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer import SkyExplorer, SkyRegion
from skyexplorer.errors import FormatError
from skyexplorer.io import regions_text
from skyexplorer.io.regions_text import Shape

HEAD = "# Region file format: DS9 version 4.1\nglobal color=green width=1\n"


def shapes(text: str) -> list[Shape]:
    return regions_text.read_ds9((HEAD + text).encode())[0]


def test_units_of_positions_and_sizes():
    texts = ('circle(13:29:52.675,+47:11:42.93,143.6")', "circle(202.4694792d,47.195258d,2.393333')",
             "circle(13h29m52.675s,+47d11m42.93s,0.0398889)", "circle(202.4694792,47.195258,0.0398889d)")  # fmt: skip
    for text in texts:
        (shape,) = shapes(f"fk5\n{text}\n")
        assert np.allclose(shape.values, (202.46948, 47.19526, 0.0398889), atol=1e-5), text


def test_boxes_and_ellipses_turn_as_ds9_turns_them():
    (box,) = shapes("icrs\nbox(10,0,4,2,30)\n")
    corners = SkyCoord(np.reshape(box.values, (-1, 2)) * u.deg)
    center = SkyCoord(10 * u.deg, 0 * u.deg)
    # The width lies along right ascension and turns from there counter-clockwise, north through east.
    angles = np.sort(center.position_angle(corners).deg)
    half = np.degrees(np.arctan2(2, 1))
    assert np.allclose(
        angles, np.sort([(30 + a) % 360 for a in (half, 180 - half, 180 + half, -half)]), atol=0.05
    )
    (ellipse,) = shapes('icrs\nellipse(10,20,31.8",0.0102222,23)\n')
    assert np.allclose(ellipse.values, (10, 20, 0.0102222, 31.8 / 3600, 23), atol=1e-5)


def test_annuli_and_points():
    ring, *_ = found = shapes("icrs\nannulus(10,80,1,2)\npoint(11,12) # point=x\n")
    assert [shape.kind for shape in found] == ["annulus", "circle"]
    assert ring.values == (10, 80, 1, 2)
    region = SkyRegion.from_shapes([ring])
    at = SkyCoord([10, 10, 10, 10] * u.deg, [80, 80.9, 81.5, 82.1] * u.deg)
    assert region.contains(at).tolist() == [False, False, True, False]
    cap = [2 * np.pi * (1 - np.cos(np.radians(r))) for r in (1, 2)]
    assert np.isclose(region.area.to_value(u.sr), cap[1] - cap[0])
    assert len(region.outline(40)) == 2
    several = shapes("icrs\nannulus(10,80,1,2,3)\n")
    assert [shape.values[2:] for shape in several] == [(1, 2), (2, 3)]


def test_what_is_taken_out():
    found = shapes("icrs\ncircle(10,20,2)\n-circle(10,20,0.5)\n")
    assert [shape.included for shape in found] == [True, False]
    region = SkyRegion.from_shapes(found)
    at = SkyCoord([10, 10, 10] * u.deg, [20, 21, 23] * u.deg)
    assert region.contains(at).tolist() == [False, True, False]


def test_colours_texts_and_widths_there_and_back():
    text = "fk5\ncircle(10,20,1') # color=red width=3 text={M51 a}\nbox(11,20,2',1',12)\n-circle(10,20,1\")\n"
    found = SkyRegion.read((HEAD + text).encode())
    first, second, gone = found._shapes
    assert (first.color, first.width, first.text) == ("#FF0000", 3.0, "M51 a")
    assert (second.color, second.width, second.text) == ("#00FF00", 1.0, "")
    again = SkyRegion.read(found.to_ds9().encode())
    for old, new in zip(found._shapes, again._shapes, strict=True):
        assert (old.kind, old.color, old.width, old.text, old.included) == (
            new.kind, new.color, new.width, new.text, new.included,
        )  # fmt: skip
        assert np.allclose(old.values, new.values, atol=2e-8 + 1e-6 * (old.kind == "ellipse"))
    assert not gone.included


def test_what_has_no_area_is_told_and_what_cannot_be_read_is_refused():
    text = "fk5\ncircle(10,20,1')\nline(10,20,11,20)\nvector(10,20,1',30)\n# text(10,20) text={here}\n"
    found = SkyRegion.read((HEAD + text).encode())
    assert found.kind == "circle"
    assert found.origin.note == "left out: 1 vector, 1 line, 1 text"
    for bad, said in (
        ("physical\ncircle(1,2,3)\n", "physical coordinates"), ("image\ncircle(1,2,3)\n", "pixels"),
        ("linear\ncircle(1,2,3)\n", "linear"), ('fk5\npanda(1,2,0,90,2,1",2",1)\ncircle(1,2,3\')\n', "panda"),
        ('fk5\nellipse(1,2,1",2",3",4",0)\n', "EllipseAnnulus"), ("fk5\ncircle(1,2,3p)\n", "angle"),
        ("fk5\nline(10,20,11,20)\n", "no region"),
    ):  # fmt: skip
        with pytest.raises(FormatError, match=said):
            SkyRegion.read((HEAD + bad).encode())
    with pytest.raises(FormatError, match="physical"):
        SkyRegion.read(b"physical\ncircle(1,2,3)\n")


def test_an_annulus_is_not_written_where_few_would_read_it():
    ring = SkyRegion.annulus(SkyCoord(10 * u.deg, 20 * u.deg), 1 * u.deg, 2 * u.deg)
    with pytest.raises(FormatError, match="STC-S"):
        ring.to_stcs()
    assert 'annulus(10.00000000,20.00000000,3600",7200")' in ring.to_ds9()


def test_a_file_is_opened_with_its_colour(tmp_path):
    (tmp_path / "a.reg").write_text(HEAD.replace("green", "cyan") + "galactic\ncircle(104.85,68.56,60')\n")
    sky = SkyExplorer(samples=False)
    region = sky.open(tmp_path / "a.reg")
    (layer,) = sky.layers.values()
    assert layer.color == "#00FFFF"
    m51 = SkyCoord(104.85 * u.deg, 68.56 * u.deg, frame="galactic")
    assert region.center.separation(m51) < 1 * u.arcsec
