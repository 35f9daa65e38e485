"""Fields of view: their areas, their corners, their references; and where they lie."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer import SkyExplorer
from skyexplorer.errors import InputError, NotFoundError
from skyexplorer.model.footprint import Footprint
from skyexplorer.model.instruments import instrument, instruments


def test_each_has_a_reference_and_the_width_that_was_published():
    for name, row in instruments().items():
        assert row.reference, name
        assert row.shape in ("circle", "square")
        assert 0.1 * u.deg < row.width < 120 * u.deg
        assert row.title in row.origin.lines()[0]
    areas = {"Fermi-LAT": 2.4 * u.sr, "Swift-BAT": 1.4 * u.sr, "ZTF": 47 * u.deg**2, "Rubin": 9.6 * u.deg**2}
    for name, area in areas.items():
        field = instrument(name).at(SkyCoord(50 * u.deg, -30 * u.deg))
        assert abs(field.area / area - 1).decompose() < 1e-9, name


@pytest.mark.parametrize("dec", [0, 60, 89.9, -90])
def test_squares_are_square_anywhere(dec):
    center = SkyCoord(120 * u.deg, dec * u.deg)
    xrt = instrument("swift xrt")
    field = xrt.at(center, 30 * u.deg)
    corners = SkyCoord(np.reshape(field._shapes[0].values, (-1, 2)) * u.deg)
    assert np.ptp(center.separation(corners).arcsec) < 1e-3
    along = center.position_angle(corners).deg
    assert np.allclose(np.sort((along - 30 - 45) % 90 % 90), 0, atol=0.01) or np.allclose(
        np.abs((along - 75) % 90 - 45), 45, atol=0.01
    )
    # Half a side along the rolled axes is inside; a little more is not.
    for turn in (30, 120, 210, 300):
        near, far = (
            center.directional_offset_by(turn * u.deg, part * xrt.width / 2) for part in (0.999, 1.001)
        )
        assert field.contains(near)
        assert not field.contains(far)


def test_names_as_people_write_them():
    for written in ("HESS", "h.e.s.s.", "ctao lst", "fermi_lat", "rubin"):
        assert instrument(written).id in instruments()
    with pytest.raises(NotFoundError, match="VERITSA") as unknown:
        instrument("VERITSA")
    assert "VERITAS" in unknown.value.advice
    with pytest.raises(NotFoundError) as unknown:
        instrument("???")
    assert "CTAO-LST" in unknown.value.advice


def test_the_verb_is_recorded_and_makes_a_layer(data_dir):
    sky = SkyExplorer(samples=False)
    field = sky.footprint("CTAO-LST", at=SkyCoord(77.36 * u.deg, 5.69 * u.deg), roll=20)
    (layer,) = sky.layers.values()
    assert layer.regions == (field,)
    assert "Cortina" in "\n".join(layer.origin.lines())
    assert (
        "sky.footprint('CTAO-LST', at=SkyCoord(77.36, 5.69, unit=\"deg\"), roll=20)" in sky.steps.to_source()
    )
    chips = sky.footprint(Footprint.read(data_dir / "vo/footprints/ZTF_Region.reg"), "10 40", roll=45 * u.deg)
    whole = sky.footprint("ZTF", "10 40", roll=45 * u.deg)
    assert 40 * u.deg**2 < chips.area < 47 * u.deg**2  # the gaps between 64 chips are left out of the square
    inside = SkyCoord([(line[:-1].mean(axis=0)) for line in chips.outline(64 * 8)] * u.deg)
    assert whole.contains(inside).mean() > 0.95
    with pytest.raises(InputError, match="roll"):
        sky.footprint("ZTF", "10 40", roll=3 * u.Jy)
    with pytest.raises(NotFoundError):
        sky.footprint("ZTF", "a place that is none")
    assert len(sky.layers) == 3
