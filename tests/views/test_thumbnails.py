"""Light curves in a few points."""

from __future__ import annotations

import numpy as np
from astropy import units as u
from astropy.time import Time

from skyexplorer import LightCurve, SkyExplorer
from skyexplorer.views import thumbnails


def curve(time, value, limit=None, unit=u.mJy) -> LightCurve:
    value = np.asarray(value, float)
    limits = np.zeros(len(value), bool) if limit is None else np.asarray(limit)
    error = (np.zeros(len(value)) * unit, np.zeros(len(value)) * unit)
    return LightCurve(Time(58000 + np.asarray(time, float), format="mjd"), value * unit, error, limits)


def test_points_fill_the_square_and_limits_do_not_stretch_it():
    found = thumbnails.points(curve([1, 2, 5], [10, 30, 90], [False, False, True]))
    assert found == [(0.0, 0.0, False), (0.25, 1.0, False), (1.0, 1.0, True)]
    assert thumbnails.points(curve([1, 2], [20, 18], unit=u.mag)) == [(0.0, 0.0, False), (1.0, 1.0, False)]


def test_long_curves_are_medians_and_short_ones_are_none():
    time = np.linspace(0, 600, 6001)
    found = thumbnails.points(curve(time, np.sin(time / 60)))
    assert len(found) == thumbnails.MOST
    x, y, _ = np.array(found, float).T
    assert np.allclose(y * 2 - 1, np.sin(x * 10), atol=0.12)
    assert thumbnails.points(curve([1], [1])) == []
    assert thumbnails.points(curve([1, 1], [1, 2])) == []
    assert thumbnails.points(curve([1, 2], [np.nan, 2])) == []


def test_a_source_with_a_sample_has_one_and_others_have_none():
    sky = SkyExplorer()
    catalog = sky.layers["fermi-sources"].catalog
    row = list(catalog.names).index("4FGL J0509.4+0542")  # TXS 0506+056
    steps = len(sky.steps)
    found = thumbnails.of(sky.session, "fermi-sources", row)
    assert len(found) > 5
    other = list(sky.layers["tev-sources"].catalog.names).index("HESS J1457-593")
    assert thumbnails.of(sky.session, "tev-sources", other) == []
    assert thumbnails.of(sky.session, "gone", 0) == []
    assert len(sky.steps) == steps  # pointing is no step
    assert sky.session.curves.shown == ()
