"""What tests of images, spectra and time series share: an archive on loopback, and rows that name it."""

from __future__ import annotations

from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer import SkyRegion
from skyexplorer.services.registry import Service
from tests.replicas.dal import PLACES, Archive

CRAB, BESIDE = (SkyCoord(*PLACES[name], unit="deg") for name in ("crab", "beside"))
CIRCLE = SkyRegion.circle(CRAB, 0.1 * u.deg)
WIDE = SkyRegion.circle(CRAB, 3 * u.deg)
POLYGON = SkyRegion.polygon(SkyCoord([83.5, 83.8, 83.8, 83.5] * u.deg, [21.9, 21.9, 22.1, 22.1] * u.deg))
ELLIPSE = SkyRegion.ellipse(CRAB, 0.2 * u.deg, 0.1 * u.deg, 20 * u.deg)


def row(archive: Archive, protocol: str, **other: object) -> Service:
    paths = {"sia1": "/sia1?", "sia2": "/sia2", "ssa": "/ssa", "obstap": "/tap"}
    given: dict[str, object] = {"id": f"loop-{protocol}", "title": "Loop", "protocol": protocol}
    if protocol == "obstap":
        columns = {"ra": "s_ra", "dec": "s_dec", "id": "obs_publisher_did", "region": "s_region"}
        given |= {"table": "ivoa.obscore", "columns": columns}
    return Service(address=archive.address + paths[protocol], **(given | other))  # type: ignore[arg-type]
