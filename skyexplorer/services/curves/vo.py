"""Time series of the Virtual Observatory: what ObsTAP tables and SSA services list at a place, and DataLink leads to."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from skyexplorer.errors import FormatError, NotFoundError
from skyexplorer.io import files, tables
from skyexplorer.model.lightcurve import LightCurve
from skyexplorer.services.curves.base import BLURRED, Asking, Provider, Target

LEFT_OUT = ("mast",)
"""Hosts of which an adapter of its own asks the same and more."""
NOT_SERIES = ("tev", "gamma", "neutrino", "gw")
"""Bands whose tables of observations list events and maps."""
MOST = 6
"""Files that are fetched, the nearest first."""


def ask(asking: Asking) -> list[LightCurve]:
    """The light curves that a table of observations lists near the target."""
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    from skyexplorer.model.region import SkyRegion
    from skyexplorer.services import datalink, obstap

    target = asking.target
    region = SkyRegion.circle(SkyCoord(target.ra, target.dec, unit="deg"), target.radius * u.arcsec)
    records = obstap.series(region, asking.web, service=asking.service)
    asking.overflow = any(answer.overflow for answer in records.ledger)
    asking.kept([answer.cached_at for answer in records.ledger])
    if not len(records):
        asking.note("no time series is listed here.")
        return []
    near = sorted(records, key=lambda record: float(target.separation(record.ra, record.dec)))
    if len(near) > MOST:
        asking.overflow = True
        asking.note(f"the nearest {MOST} of {len(near)} time series are shown")
    found = []
    for record in near[:MOST]:
        try:
            content = files.unpack(datalink.fetch(record, asking.web))
            curve = asking.read(tables.read(content), record.title, record.collection)
            checksum = "sha256:" + hashlib.sha256(content).hexdigest()
            curve = replace(curve, origin=replace(curve.origin, location=record.address, checksum=checksum))
        except NotFoundError as error:
            asking.note(error.message)
        except FormatError as error:
            asking.note(f"{record.title} is left out: {error.message}")
        else:
            found.append(curve)
    return found


def providers() -> list[Provider]:
    """A provider for each table of observations, and each SSA service, that may list time series."""
    from skyexplorer.services import registry

    rows = [
        row
        for row in registry.services().values()
        if row.host not in LEFT_OUT
        and row.band not in NOT_SERIES
        and ((row.protocol == "obstap" and "obscore" in row.table.lower()) or row.protocol == "ssa")
    ]
    return [Provider(row.id, row.title, "optical", ask, why_not) for row in rows]


def why_not(target: Target) -> str:
    """They are asked by a place that tells one star from the next."""
    return "" if target.sharp else BLURRED
