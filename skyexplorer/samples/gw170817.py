"""GW170817 drawn from published numbers: an ellipse on the sky, not the map of the LIGO–Virgo collaboration.

The area is that of the discovery paper (28 deg² at 90 %; Abbott et al. 2017, PRL 119, 161101), the distance the
40 ± 8 Mpc first circulated (the paper gives 40 +8 −14). Centre, direction and axis ratio (from length and area)
are read off the GWTC-1 map (GWOSC) and rounded.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from astropy.time import Time

from skyexplorer.core import distance, healpix, sphere
from skyexplorer.model.event import Event
from skyexplorer.model.origin import Origin
from skyexplorer.model.skymap import SkyMap

AREA90_DEG2 = 28.0
CENTER = (196.0, -20.8)
AXIS_RATIO = 6.3
POSITION_ANGLE = 153.0
DISTANCE_MPC, DISTANCE_STD_MPC = 40.0, 8.0
TIME_UTC = "2017-08-17T12:41:04.443"  # GPS 1187008882.443 (GCN 21513)
COARSE = 4
REACH = {4: 4.2, 5: 4.2, 6: 4.2, 7: 4.2, 8: 4.2, 9: 2.5}  # sigma out to which cells of an order are split
NOTE = "Drawn from published area, axis and distance; not the LVK sky map."
OURS = "Centre, axis ratio and direction are read off the GWTC-1 map and rounded."


@cache
def event() -> Event:
    """The event with its drawn map."""
    origin = Origin(
        title="GW170817 (drawn)",
        service="sample",
        reference="Abbott et al. 2017, PRL 119, 161101; GWTC-1: Abbott et al. 2019, PRX 9, 031040",
        licence="CC BY 4.0",
        note=NOTE,
    )
    return Event(
        "GW170817",
        Time(TIME_UTC, scale="utc"),
        "gw",
        _map(origin),
        region_kind="drawn ellipse with the published 90 % area of 28 deg²",
        notes=(NOTE, OURS),
        origin=origin,
    )


def _map(origin: Origin) -> SkyMap:
    # A Gaussian whose 90 % ellipse has the published area: area = π σ_a σ_b · 2 ln 10.
    short = np.sqrt(AREA90_DEG2 / (np.pi * 2 * np.log(10)) / AXIS_RATIO)
    long = short * AXIS_RATIO
    uniq = healpix.join_uniq(COARSE, np.arange(12 * 4**COARSE))
    for order, reach in REACH.items():
        level, ipix = healpix.split_uniq(uniq)
        q = _normalised(level, ipix, long, short)
        edge = np.degrees(np.sqrt(healpix.cell_area(order))) / short
        split = (level == order) & (q < reach + edge)
        children = (ipix[split, None] * 4 + np.arange(4)).ravel()
        uniq = np.concatenate([uniq[~split], healpix.join_uniq(order + 1, children)])
    level, ipix = healpix.split_uniq(uniq)
    density = np.exp(-0.5 * _normalised(level, ipix, long, short) ** 2)
    density /= np.sum(density * healpix.cell_area(level))
    mu, sigma, norm = distance.parameters(DISTANCE_MPC, DISTANCE_STD_MPC)
    full = np.full(len(uniq), 1.0)
    return SkyMap(uniq, density, mu * full, sigma * full, norm * full, name="GW170817", origin=origin)


def _normalised(level: np.ndarray, ipix: np.ndarray, long: float, short: float) -> np.ndarray:
    lon, lat = healpix.centers(level, ipix)
    return sphere.ellipse_radius(*CENTER, long, short, POSITION_ANGLE, lon, lat)
