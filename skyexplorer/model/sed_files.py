"""Spectra in files: flux points of VTSCat and gammapy, and NED's photometry."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u

from skyexplorer.errors import FormatError
from skyexplorer.io import files, tables
from skyexplorer.io.points import plain
from skyexplorer.model import sed as sed_
from skyexplorer.model.origin import Origin

NED = "NED Photometry Measurement"
_UNCERTAINTY = re.compile(r"\+/-\s*([\d.]+(?:E[+-]?\d+)?)", re.I)


def read(source: str | Path | bytes, name: str = "") -> sed_.SpectralEnergyDistribution:
    """See `SpectralEnergyDistribution.read`."""
    raw = files.stored(source)
    table = tables.read(files.unpack(raw))
    columns = set(table.colnames)
    path = source if isinstance(source, str | Path) else ""
    refused: list[str] = []
    if {"e_ref", "dnde"} <= columns:
        archive = _published(table.meta)
        points = flux_points(table, archive)
        lost = sum(not point.good for point in points)
        if lost:
            refused = [f"{lost} rows without a flux or a limit above zero"]
    elif {NED, "Frequency"} <= columns:
        archive = "NED"
        points, refused = _ned(table)
    else:
        raise FormatError(
            f"The table is no spectrum that is known: its columns are {', '.join(table.colnames[:40])}.",
            f"Flux points have e_ref and dnde, NED's photometry has Frequency and {NED}.",
        )
    origin = Origin.of_file(
        path, raw, title=archive or (Path(path).name if path else "spectrum"), rows=len(table)
    )
    return sed_.SpectralEnergyDistribution.of(points, name=name, refused=tuple(refused), origins=(origin,))


def flux_points(table: Any, archive: str, mjd: float = np.nan) -> list[sed_.Point]:
    """Rows with ``e_ref`` and ``dnde``; one without that, or with ``is_ul``, is a limit at its ``dnde_ul``."""

    def column(*names: str) -> Any:
        have = next((name for name in names if name in table.colnames), None)
        return np.full(len(table), np.nan) if have is None else plain(table[have])

    ev = (table["e_ref"].unit or u.TeV).to(u.eV)
    per = u.Unit(table["dnde"].unit or "cm-2 s-1 TeV-1").to("cm-2 s-1 eV-1")
    when = table.meta.get("mjd")
    if isinstance(when, dict) and {"min", "max"} <= set(when):
        mjd = (float(when["min"]) + float(when["max"])) / 2
    value, limit = column("dnde"), column("dnde_ul")
    told = _flags(table["is_ul"]) if "is_ul" in table.colnames else np.zeros(len(table), bool)
    minus, plus = column("dnde_errn", "dnde_err"), column("dnde_errp", "dnde_err")
    found = []
    for k, energy in enumerate(plain(table["e_ref"])):
        is_limit = bool(told[k] or not np.isfinite(value[k]))
        low, high = column("e_min")[k] * ev, column("e_max")[k] * ev
        band = sed_.energies(low, high) if low < high else sed_.energy(energy * ev)
        found.append(
            sed_.of_differential(
                (limit if is_limit else value)[k] * per, energy * ev,
                np.nan if is_limit else abs(minus[k]) * per, np.nan if is_limit else plus[k] * per,
                limit=is_limit, low=low * sed_.EV_HZ, high=high * sed_.EV_HZ, band=band, archive=archive, mjd=mjd,
            )
        )  # fmt: skip
    return found


def _flags(column: Any) -> Any:
    """Whether each cell says yes; a table of text may do so by ``True``."""
    return np.array([str(cell).strip().casefold() in ("true", "1", "1.0", "t") for cell in column], bool)


def _published(meta: Any) -> str:
    telescope = meta.get("telescope", "")
    if isinstance(telescope, list | tuple):
        telescope = ", ".join(map(str, telescope))
    year = str(meta.get("reference_id", ""))[:4]
    return f"{str(telescope).upper()} {year}".strip()


def _ned(table: Any) -> tuple[list[sed_.Point], list[str]]:
    """NED's homogenised flux densities, over a frequency that its table declares to be in micrometres, and that is in Hz."""
    points, strange = [], 0
    units = table["NED Units"] if "NED Units" in table.colnames else ["Jy"] * len(table)
    passbands = table["Observed Passband"] if "Observed Passband" in table.colnames else [""] * len(table)
    errors = table["NED Uncertainty"] if "NED Uncertainty" in table.colnames else [""] * len(table)
    for value, hz, unit, band, error in zip(
        plain(table[NED]), plain(table["Frequency"]), units, passbands, errors, strict=True
    ):
        told = str(error).strip()
        if str(unit).strip() != "Jy" or not np.isfinite(value) or not np.isfinite(hz):
            strange += 1
            continue
        given = _UNCERTAINTY.search(told)
        sigma = float(given[1]) if given else np.nan
        points.append(
            sed_.of_flux_density(
                float(value),
                float(hz),
                sigma,
                sigma,
                limit=told.startswith("<"),
                band=str(band).strip(),
                archive="NED",
            )
        )
    refused = [f"NED: {strange} rows without a flux density in Jy at a frequency"] if strange else []
    return points, refused
