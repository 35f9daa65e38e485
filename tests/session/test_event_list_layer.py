"""The layer of an event list: what it counts, and that no photon is selected."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u

from skyexplorer.errors import InputError, NotFoundError
from skyexplorer.io import dl3
from skyexplorer.model.eventlist import EventList
from skyexplorer.model.origin import Origin
from skyexplorer.session.layers import STYLES, EventListLayer, Layers


def photons(n=50, **header):
    dice = np.random.default_rng(1)
    return EventList(
        dl3.Events(
            np.sort(dice.uniform(0, 100, n)),
            dice.normal(83.6, 0.5, n),
            dice.normal(22.0, 0.5, n),
            dice.lognormal(size=n),
            "TeV",
            (np.array([0.0]), np.array([100.0])),
            (51910.0, 0.0),
            "tt",
            header={"RA_PNT": 83.6, "DEC_PNT": 22.0, "TELESCOP": "HESS", **header},
        ),
        Origin("photons", note="made up"),
    )


def test_it_stands_for_all_photons():
    layer = EventListLayer("Crab", photons())
    assert layer.kind == "eventlist"
    assert layer.rows == 50
    assert layer.color == STYLES["tev"].color
    assert layer.origin.note == "made up"
    assert layer.counts.counts.sum() == pytest.approx(50)
    assert layer.footprint.radius == 2.5 * u.deg
    assert EventListLayer("LAT", photons(TELESCOP="GLAST")).color == STYLES["gamma"].color


def test_cells_are_as_fine_as_the_field_is_small():
    wide = EventListLayer("wide", photons(DSTYP1="POS(RA,DEC)"))
    assert wide.counts.order == 11
    whole_sky = photons()
    scan = EventList(
        dl3.Events(**{**vars(whole_sky.arrays), "header": {}, "ra": np.linspace(0, 359, 50)}),
        whole_sky.origin,
    )
    assert 4 <= EventListLayer("sky", scan).counts.order < 8


def test_no_photon_is_selected():
    layers = Layers()
    layer = layers.add(EventListLayer("Crab", photons()))
    assert list(layer.names) == []
    assert len(layer.coords) == 0
    assert layers.find(object()) is None
    with pytest.raises(NotFoundError, match="one by one"):
        layer[0]


def test_an_empty_list_is_no_layer():
    events = photons()
    with pytest.raises(InputError, match="is empty"):
        EventListLayer("none", events.select(energy=(1 * u.PeV, None)))


def test_style_is_told_as_of_other_layers():
    layers = Layers()
    layer = layers.add(EventListLayer("Crab", photons()))
    told = []
    layers.changed.connect(lambda layer, field: told.append((layer.name, field)))
    layer.opacity, layer.visible, layer.color = 0.5, False, "#123456"
    assert told == [("Crab", "opacity"), ("Crab", "visible"), ("Crab", "color")]
