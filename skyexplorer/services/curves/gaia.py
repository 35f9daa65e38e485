"""Epoch photometry of Gaia DR3: transits in G, BP and RP, of the sources that have it.

Which sources those are, `gaia_source` tells; their photometry comes by DataLink. Times are barycentric, in TCB. The
magnitudes are published without errors, which are those of the fluxes: σ = 2.5 / ln 10 · σ_F / F.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
from astropy import units as u
from astropy.time import Time

from skyexplorer.errors import AnswerError, FormatError
from skyexplorer.io import files, tables
from skyexplorer.io.points import first, number, plain
from skyexplorer.io.vo_series import GAIA_ZERO
from skyexplorer.model.lightcurve import LightCurve
from skyexplorer.services.curves.base import BLURRED, DAY, Asking, Provider, Target

SOURCES = "gaia-dr3"
"""The service that tells which sources have epoch photometry."""
SLOPE = 2.5 / np.log(10)
FAINT = 21.0
MOST = 3
"""Sources within the radius that are asked for, the nearest first."""
MOST_UNPACKED = 64 * 2**20


def ask(asking: Asking) -> list[LightCurve]:
    """The light curves of the sources near the target that have epoch photometry."""
    found = []
    for source, apart in _sources(asking):
        reply = asking.get(
            params={
                "RETRIEVAL_TYPE": "EPOCH_PHOTOMETRY", "ID": f"Gaia DR3 {source}", "FORMAT": "votable",
                "RELEASE": "Gaia DR3", "DATA_STRUCTURE": "INDIVIDUAL",
            },
            keep=30 * DAY,
            accept=(204, 404),
            check=lambda reply: _check(reply, asking),
        )  # fmt: skip
        tables_of = (
            [] if reply.status in (204, 404) else [tables.read(part) for part in _parts(reply.content)]
        )
        if not tables_of:
            asking.note(f"Gaia DR3 {source} has no epoch photometry")
        for table in tables_of:
            where = f'{apart:.2f}" away' if np.isfinite(apart) else ""
            found += _curve(asking, table, f"Gaia DR3 {source}", where)
    if not found:
        asking.note("Gaia DR3 has no epoch photometry here.")
    return found


def _sources(asking: Asking) -> Iterator[tuple[str, float]]:
    """Ids and distances (arcsec) of the sources with epoch photometry, as the row of the target tells or the archive."""
    from astropy.coordinates import SkyCoord

    from skyexplorer import services
    from skyexplorer.model.region import SkyRegion
    from skyexplorer.services import registry

    target = asking.target
    own = str(target.facts.get("source_id", ""))
    if own.isdigit() and "has_epoch_photometry" in target.facts:
        if _true(target.facts["has_epoch_photometry"]):
            yield own, 0.0
        return
    region = SkyRegion.circle(SkyCoord(target.ra, target.dec, unit="deg"), target.radius * u.arcsec)
    wanted = ["source_id", "ra", "dec", "phot_g_mean_mag", "has_epoch_photometry"]
    answer = services.ask(registry.get(SOURCES), region, web=asking.web, columns=wanted)
    asking.kept([answer.cached_at])
    table = answer.table
    rows = []
    for row in range(len(table)):
        if _true(table[first(table.colnames, "has_epoch_photometry")][row]):
            apart = target.separation(*(number(table[first(table.colnames, c)][row]) for c in ("ra", "dec")))
            rows.append((float(apart), str(table[first(table.colnames, "source_id")][row])))
    for apart, source in sorted(rows)[:MOST]:
        yield source, apart


def _curve(asking: Asking, table: Any, name: str, where: str) -> list[LightCurve]:
    """The light curve of a table of transits in magnitudes; of one without them, in fluxes."""
    if any(first(table.colnames, column) is None for column in ("mag", "flux", "flux_error", "time", "band")):
        return [asking.read(table, f"{name}, epoch photometry", where)]
    found = magnitudes(table)
    if found is None:
        asking.note(f"all transits of {name} were rejected")
        return []
    time, value, error, bands, lost = found
    notes = [where, "times are barycentric", f"{lost} rejected transits are left out" if lost else ""]
    origin = asking.origin(f"{name}, epoch photometry", rows=len(table), note="; ".join(filter(None, notes)))
    error = error * u.mag
    return [
        LightCurve(
            time,
            value * u.mag,
            (error, error),
            np.zeros(len(time), bool),
            None,
            bands,
            "magnitude",
            asking.target.name,
            origin,
        )
    ]


def magnitudes(table: Any) -> tuple[Any, ...] | None:
    """Times, magnitudes, errors, bands, and how many transits were rejected; None where none is left."""
    time, value, flux, sigma = (
        plain(table[first(table.colnames, column)]) for column in ("time", "mag", "flux", "flux_error")
    )
    bad = np.zeros(len(table), bool)
    for flag in ("rejected_by_photometry", "rejected_by_variability"):
        column = first(table.colnames, flag)
        if column is not None:
            bad |= np.array([_true(cell) for cell in table[column]], bool)
    keep = np.isfinite(time) & np.isfinite(value) & (flux > 0) & ~bad
    if not keep.any():
        return None
    rows = np.flatnonzero(keep)[np.argsort(time[keep], kind="stable")]
    bands = [str(table[first(table.colnames, "band")][row]) for row in rows]
    error = SLOPE * sigma[rows] / flux[rows]
    lost = int((bad & np.isfinite(value)).sum())
    return Time(GAIA_ZERO, time[rows], format="mjd", scale="tcb"), value[rows], error, bands, lost


def _parts(content: bytes) -> list[bytes]:
    """The tables of an answer: itself, or the entries of a zip file; an empty answer has none."""
    content = content.strip()
    if not content:
        return []
    if content[:4] not in (b"PK\x03\x04", b"PK\x05\x06"):
        return [files.unpack(content)]
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
                raise FormatError("The answer unpacks to too much.", "Ask for one source.")
            return [files.unpack(archive.read(entry)) for entry in entries]
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
        raise FormatError(f"The zip file of the answer is damaged: {error}.", "Ask again.") from error


def _check(reply: Any, asking: Asking) -> None:
    start = reply.content[:500].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        raise AnswerError(
            "Gaia's archive answered with a page in place of data.",
            "It may be down for maintenance: ask again later.", service=asking.service.id, url=reply.url,
        )  # fmt: skip


def _true(cell: Any) -> bool:
    return not np.ma.is_masked(cell) and str(cell).strip().lower() in ("true", "t", "1", "1.0")


def why_not(target: Target) -> str:
    """It has sources down to 21 mag that a sharp position names."""
    if not target.sharp:
        return BLURRED
    if np.isfinite(target.magnitude) and target.magnitude > FAINT:
        return f"it measures sources down to {FAINT:.0f} mag"
    if "has_epoch_photometry" in target.facts and not _true(target.facts["has_epoch_photometry"]):
        return "this source has no epoch photometry"
    return ""


PROVIDER = Provider("gaia-datalink", "Gaia DR3", "optical", ask, why_not)
