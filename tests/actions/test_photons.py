"""Event lists through the door: opened, shown, and the light curve of a source in them."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.table import Table

from skyexplorer import SkyExplorer, SourceCatalog
from skyexplorer.errors import FormatError
from skyexplorer.model.eventlist import EventList
from skyexplorer.model.observations import Observations
from skyexplorer.session.layers import CatalogLayer, EventListLayer

PKS = "vhe/hess-dl3-dr1/data/hess_dl3_dr1_obs_id_033791.fits.gz"
LAT = "gamma/fermi-3fhl-gc-events.fits.gz"


@pytest.fixture
def sky():
    return SkyExplorer()


def test_an_event_list_becomes_a_layer_and_shows_its_rate(sky, data_dir):
    events = sky.open(str(data_dir / PKS))
    assert isinstance(events, EventList)
    layer = sky.layers["PKS 2155-304, H.E.S.S. run 33791"]
    assert isinstance(layer, EventListLayer)
    assert layer.data is events
    view = sky.session.viewport
    assert view.target.separation(events.pointing).deg < 1e-6
    assert view.fov == pytest.approx(6.5)
    (curve,) = sky.session.curves.shown
    assert curve.quantity == "count rate"
    assert "whole field" in sky.session.curves.message
    before = len(sky.layers)
    assert sky.open(events) is events
    assert len(sky.layers) == before


def test_the_light_curve_of_a_source_comes_from_its_photons(sky, data_dir):
    sky.open(str(data_dir / PKS))
    catalog = SourceCatalog(
        Table({"name": ["the blazar", "elsewhere"], "RA": [329.7169, 10.0], "Dec": [-30.2256, 10.0]}),
        title="c",
    )
    sky.open(catalog)
    sky.select(catalog[0])
    (curve,) = sky.session.curves.shown
    assert curve.quantity == "excess count rate"
    assert 0.9 < np.average(curve.value.to_value("1/s")) < 1.2
    assert sky.light_curve(catalog[1]) is None
    sky.layers["PKS 2155-304, H.E.S.S. run 33791"].visible = False
    assert sky.light_curve(catalog[0]) is None


def test_lat_photons_are_compared_with_a_ring(sky, data_dir):
    sky.open(str(data_dir / LAT))
    assert isinstance(sky.layers["Fermi-LAT events"], EventListLayer)
    catalog = SourceCatalog(Table({"name": ["centre"], "RA": [266.4168], "Dec": [-29.0078]}), title="c")
    sky.open(catalog)
    curve = sky.light_curve(catalog[0])
    assert curve.quantity == "excess count rate"
    assert np.average(curve.value.to_value("1/s")) > 0


def test_indices(sky, data_dir):
    runs = sky.open(str(data_dir / "vhe/hess-dl3-dr1/obs-index.fits.gz"))
    assert isinstance(runs, Observations)
    assert isinstance(sky.layers["obs-index.fits.gz"], CatalogLayer)
    with pytest.raises(FormatError, match="index of 630 tables in other files"):
        sky.open(str(data_dir / "vhe/hess-dl3-dr1/hdu-index.fits.gz"))


def test_an_image_of_counts_is_an_image(sky, data_dir):
    sky.open(str(data_dir / "gamma/fermi-3fhl-gc-counts.fits.gz"))
    assert [layer.kind for layer in sky.layers.values() if "3fhl" in layer.name] == ["image"]
