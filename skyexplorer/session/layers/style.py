"""The colours and marker shapes of layers."""

from __future__ import annotations

from typing import NamedTuple

SHAPES = ("plus", "rhomb", "cross", "triangle", "circle", "square")
"""The marker shapes that Aladin Lite knows."""


class Style(NamedTuple):
    """Colour and marker of a layer that was given none."""

    color: str
    shape: str


# Okabe and Ito's palette, told apart by colour-blind eyes, and never by colour alone: shapes differ too.
STYLES: dict[str, Style] = {
    "skymap": Style("#E69F00", "circle"),  # orange
    "neutrino": Style("#56B4E9", "cross"),  # sky blue
    "events": Style("#CC79A7", "plus"),  # reddish purple: alerts of other messengers
    "gamma": Style("#D55E00", "circle"),  # vermilion
    "tev": Style("#009E73", "square"),  # bluish green
    "galaxies": Style("#F0E442", "rhomb"),  # yellow
    "transients": Style("#CC79A7", "triangle"),
    "optical": Style("#F0E442", "rhomb"),
    "region": Style("#8FB8FF", "square"),  # pale blue: Okabe and Ito's is too dark for the sky
    "image": Style("#C9D1DC", "square"),  # of the frame around it, and of its line in the readout
    "map": Style("#E69F00", "square"),
    "survey": Style("#C9D1DC", "square"),
    "catalog": Style("#999999", "plus"),  # grey: of unknown band
}
