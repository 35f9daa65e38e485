"""What a row of a catalogue tells of a spectrum: which of its columns are fluxes, of what kind, and in which band.

The families of gamma-ray columns are known by their names: fluxes in bands (Fermi LAT), flux points (H.E.S.S., gamma-cat),
and, where a catalogue has neither, its energy flux and its differential flux at one energy. Magnitudes and flux densities
are told by unit, UCD and name. One that is a flux and cannot be placed is refused with the reason.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u
from numpy.typing import NDArray

from skyexplorer.errors import InputError
from skyexplorer.io.points import plain
from skyexplorer.io.roles import ERROR_OF, ucd
from skyexplorer.model import bands, sed

if TYPE_CHECKING:
    from skyexplorer.model.catalog import SourceCatalog
    from skyexplorer.model.lightcurve import LightCurve

MEV, GEV, TEV = 1e6, 1e9, 1e12
FERMI_EDGES = {
    5: [e * GEV for e in (10, 20, 50, 150, 500, 2000)],
    7: [e * MEV for e in (50, 100, 300, 1e3, 3e3, 1e4, 3e4, 3e5)],
    8: [e * MEV for e in (50, 100, 300, 1e3, 3e3, 1e4, 3e4, 1e5, 1e6)],
}
"""Edges (eV) of Fermi's bands by their number: 3FHL, 4FGL and 4FGL-DR2, 4FGL-DR3 and later."""
# Prefix of the columns of flux points: energy, its ends, flux, lower and upper error, limit, and whether it is one.
FLUX_POINTS = (
    ("Flux_Points_Energy", "Flux_Points_Energy_Min", "Flux_Points_Energy_Max", "Flux_Points_Flux",
     "Flux_Points_Flux_Err_Lo", "Flux_Points_Flux_Err_Hi", "Flux_Points_Flux_UL", "Flux_Points_Flux_Is_UL"),
    ("sed_e_ref", "sed_e_min", "sed_e_max", "sed_dnde", "sed_dnde_errn", "sed_dnde_errp", "sed_dnde_ul", ""),
)  # fmt: skip
# Differential flux, its errors (or one), its limit, and the energy: a column, or eV. That of HAWC is 7 TeV (ApJ 905, 76).
DIFFERENTIAL = (
    ("Flux_Spec_PL_Diff_Pivot", "Flux_Spec_PL_Diff_Pivot_Err", "", "", "Energy_Spec_PL_Pivot"),
    ("spec_pl_norm", "spec_pl_norm_err", "", "", "spec_pl_e_ref"),
    ("spec_ecpl_norm", "spec_ecpl_norm_err", "", "", "spec_ecpl_e_ref"),
    ("spec0_dnde", "spec0_dnde_errn", "spec0_dnde_errp", "", 7 * TEV),
    ("spec0_dnde", "spec0_dnde_err", "", "", 7 * TEV),
    ("N0", "N0_err", "", "N0_ul", "E0"),
    ("N0_b", "N0_err_b", "", "N0_ul_b", "E0_b"),
    ("Flux_Density", "Unc_Flux_Density", "", "", "Pivot_Energy"),
    ("PL_Flux_Density", "Unc_PL_Flux_Density", "", "", "Pivot_Energy"),
)
CUT_OFF = {"spec_ecpl_norm": "spec_ecpl_e_cut"}
"""Norms of power laws with an exponential cut-off, and the energy of that."""
MODELS = {"logparabola": "LP_Flux_Density", "powerlaw": "PL_Flux_Density"}
# Energy flux, its error, and the band.
ENERGY_FLUXES = (
    ("Energy_Flux100", "Unc_Energy_Flux100", 100 * MEV, 100 * GEV),
    ("Energy_Flux50", "Unc_Energy_Flux50", 50 * GEV, 2 * TEV),
    ("Flux_Spec_Energy_1_10_TeV", "Flux_Spec_Energy_1_10_TeV_Err", TEV, 10 * TEV),
    ("spec_eflux_1TeV_10TeV", "spec_eflux_1TeV_10TeV_err", TEV, 10 * TEV),
    ("G100", "Unc_G100", 100 * MEV, 100 * GEV),
)
SUMMED = "Energy_Flux"  # of 3FHL, over the bands that are there
INDICES = ("Spectral_Index", "PL_Index", "PowerLaw_Index", "Photon_Index", "Index_Spec_PL")
_BAND_COLUMN = re.compile(r"^Flux(\d+)_(\d+)(GeV)?$")
_KEV = re.compile(r"(\d+(?:\.\d+)?)\s*[-–]\s*(\d+(?:\.\d+)?)\s*(keV|MeV|GeV)", re.I)
_HERTZ = re.compile(r"(\d+(?:\.\d+)?)\s*([MG])Hz", re.I)
_RADIO = re.compile(r"^S_?(\d{1,5}|\d\.\d+)$")  # S1400 (MHz), S1.4 (GHz)
# MHz of surveys whose columns are known by name alone: S65, S250 and S850 are of the infrared, and in micrometres.
RADIO_MHZ = frozenset({74, 151, 178, 325, 365, 408, 843, 1400, 2700, 4850, 5000, 8400})
# Words of UCD1, before the point was its custom; of those, the ones that are no magnitude or flux.
_UCD1 = re.compile(r"phot_(?!extinction|abs|bol|ci|color|diff|sb)\w*$")
# Ends of X-ray bands as the UCD vocabulary has them (UCD1+ controlled vocabulary 1.5).
UCD_KEV = {"em.x-ray.soft": (0.12, 2.0), "em.x-ray.medium": (2.0, 12.0), "em.x-ray.hard": (12.0, 120.0)}
_NO_FLUX = re.compile(
    r"^(e_|ul_|ll_|unc_|neg_|pos_|err|sig)|(_err|err|_error|_unc|sigmpro|sigcom)$|^[a-z]\w*-[a-z]\w*$|^bp_rp$"
)
_UNITS = {"kev": 1e3, "mev": MEV, "gev": GEV}


class Row:
    """One row of a table: numbers by the names of its columns, NaN where there is none."""

    def __init__(self, table: Any, index: int) -> None:
        self.table, self.index = table, index
        self.names = frozenset(table.colnames)
        self.used: set[str] = set()

    def __call__(self, name: str, unit: Any = None) -> float:
        """A number, in this unit where the column has one that can be turned into it."""
        if name not in self.names or self.table[name].ndim > 1:
            return math.nan
        self.used.add(name)
        return float(plain(self.table[name][self.index : self.index + 1])[0]) * self._scale(name, unit)

    def several(self, name: str, unit: Any = None) -> NDArray[np.float64]:
        """The numbers of a column of several, or of columns ``name.1``, ``name.2`` …; none where there is no such."""
        if name in self.names and self.table[name].ndim > 1:
            self.used.add(name)
            cell = plain(self.table[name][self.index : self.index + 1]).ravel()
            return cell * self._scale(name, unit)
        found: list[float] = []
        while f"{name}.{len(found) + 1}" in self.names:
            found.append(self(f"{name}.{len(found) + 1}", unit))
        return np.array(found, float)

    def _scale(self, name: str, unit: Any) -> float:
        own = self.table[name].unit
        if unit is None or own is None:
            return 1.0
        text = own.to_string()
        try:
            return float(u.Unit(re.sub(r"\b(ph|photons?)\b", "", text).strip(" /*.")).to(unit))
        except (ValueError, u.UnitConversionError):
            try:
                return float((own / u.ph).to(unit))
            except u.UnitConversionError:
                return math.nan

    def text(self, name: str) -> str:
        """A text, empty where there is none."""
        return "" if name not in self.names else str(self.table[name][self.index]).strip()


def points_of(catalog: SourceCatalog, index: int, archive: str = "") -> tuple[list[sed.Point], list[str]]:
    """Points that a row of a catalogue tells, and what was refused, with reasons.

    Parameters
    ----------
    catalog : SourceCatalog
    index : int
    archive : str
        What its points are called; by default the name of the catalogue.

    Examples
    --------
    >>> from astropy.table import Table
    >>> from skyexplorer import SourceCatalog
    >>> from skyexplorer.model.sed_rows import points_of
    >>> star = Table({"name": ["Vega"], "ra": [279.23], "dec": [38.78], "Vmag": [0.03], "Smag": [1.0]})
    >>> star["Vmag"].unit = star["Smag"].unit = "mag"
    >>> points, refused = points_of(SourceCatalog(star), 0)
    >>> [point.band for point in points], refused
    (['V'], ['Smag: no band is known by this name'])
    """
    row = Row(catalog.table, index)
    archive = archive or catalog.name
    refused: list[str] = []
    found = [
        *_fermi_bands(row, archive, refused), *_fermi_named(row, archive, refused), *_flux_points(row, archive)
    ]  # fmt: skip
    sums = [*_differential(row, archive, refused), *_energy_fluxes(row, archive)]
    row.used.add(SUMMED)
    if not any(point.good for point in found):  # they are of the same photons
        found += sums
    found += _photometry(row, archive, refused)
    return [point for point in found if point.good], refused


def _fermi_bands(row: Row, archive: str, refused: list[str]) -> Iterator[sed.Point]:
    """``Flux_Band`` and its company: a bin without a lower error is a limit at the flux plus twice the upper error."""
    flux = row.several("Flux_Band")
    if not len(flux):
        return
    edges = FERMI_EDGES.get(len(flux))
    if edges is None:
        refused.append(f"Flux_Band: the edges of {len(flux)} bands are not known")
        return
    erg = "erg cm-2 s-1"
    given = row.several("nuFnu_Band", erg) if len(row.several("nuFnu_Band")) else row.several("nuFnu", erg)
    errors = row.several("Unc_Flux_Band").reshape(-1, 2) if len(row.several("Unc_Flux_Band")) else None
    own = row.several("Index_Band")
    for k, (low, high) in enumerate(pairwise(edges)):
        error = None if errors is None else errors[k] if k < len(errors) else (math.nan, math.nan)
        index = float(own[k]) if k < len(own) else _index(row)
        yield from _in_band(
            flux[k], error, low, high, given[k] if k < len(given) else math.nan, index, archive, refused
        )


def _fermi_named(row: Row, archive: str, refused: list[str]) -> Iterator[sed.Point]:
    """3FGL and 2FHL have the ends of the band in the name of the column."""
    for name in sorted(row.names, key=lambda name: (len(name), name)):
        found = _BAND_COLUMN.match(name)
        if found is None:
            continue
        size = GEV if found[3] else MEV
        low, high = float(found[1]) * size, float(found[2]) * size
        errors = row.several(f"Unc_{name}")
        error = errors if len(errors) == 2 else (-row(f"Unc_{name}"), row(f"Unc_{name}"))
        given = row(f"nuFnu{name.removeprefix('Flux')}", "erg cm-2 s-1")
        has_error = len(errors) or f"Unc_{name}" in row.names
        yield from _in_band(
            row(name), error if has_error else None, low, high, given, _index(row), archive, refused
        )


def _in_band(
    flux: float, error: Any, low: float, high: float, given: float, index: float,
    archive: str, refused: list[str],
) -> Iterator[sed.Point]:  # fmt: skip
    """A photon flux in a band. Where ν Fν is given as well, it says what a photon is worth; else a power law does.

    ``error`` is the lower and the upper one; None where the catalogue has no such columns.
    """
    if not math.isfinite(flux):
        return
    minus, plus = (math.nan, math.nan) if error is None else error
    if error is not None and not (math.isfinite(minus) or math.isfinite(plus)):
        # With an upper error alone it would be a limit, with none it is neither that nor a measurement.
        refused.append(f"photon flux {sed.energies(low, high)}: neither of its errors is given")
        return
    # 3PC gives the flux itself for a lower error that reaches nothing.
    limit = error is not None and bool(
        not math.isfinite(minus) or (flux + minus <= 1e-3 * flux and plus > 10 * flux)
    )
    shown = flux + 2 * plus if limit else flux
    facts: dict[str, Any] = {"limit": limit, "archive": archive}
    minus, plus = (math.nan, math.nan) if limit else (abs(minus), plus)
    if math.isfinite(given) and given > 0 and flux > 0:
        worth = given / flux
        yield sed.Point(
            math.sqrt(low * high) * sed.EV_HZ, shown * worth, minus * worth, plus * worth,
            low=low * sed.EV_HZ, high=high * sed.EV_HZ, band=sed.energies(low, high), **facts,
        )  # fmt: skip
        return
    try:
        yield sed.of_photon_flux(shown, low, high, index, minus, plus, **facts)
    except InputError as why:
        refused.append(f"photon flux {sed.energies(low, high)}: {why.args[0]}")


def _index(row: Row) -> float:
    return next((abs(value) for name in INDICES if math.isfinite(value := row(name))), math.nan)


def _flux_points(row: Row, archive: str) -> Iterator[sed.Point]:
    per = "cm-2 s-1 eV-1"
    for energy, least, most, dnde, down, up, limit, flag in FLUX_POINTS:
        at, value = row.several(energy, "eV"), row.several(dnde, per)
        if not len(at):
            continue
        low, high, minus, plus, above, is_limit = (
            values if len(values) == len(at) else np.full(len(at), np.nan)
            for values in (
                row.several(least, "eV"), row.several(most, "eV"), row.several(down, per), row.several(up, per),
                row.several(limit, per), row.several(flag),
            )
        )  # fmt: skip
        for k in np.flatnonzero(np.isfinite(at)):
            bound = is_limit[k] > 0 or not np.isfinite(value[k])
            band = sed.energies(low[k], high[k]) if low[k] < high[k] else sed.energy(at[k])
            yield sed.of_differential(
                float(above[k] if bound else value[k]), float(at[k]),
                math.nan if bound else abs(float(minus[k])), math.nan if bound else float(plus[k]), limit=bool(bound),
                low=float(low[k]) * sed.EV_HZ, high=float(high[k]) * sed.EV_HZ, band=band, archive=archive,
            )  # fmt: skip


def _differential(row: Row, archive: str, refused: list[str]) -> Iterator[sed.Point]:
    per = "cm-2 s-1 eV-1"
    best = MODELS.get(row.text("SpectrumType").casefold(), "PLEC_Flux_Density")
    fermi = (best, f"Unc_{best}", "", "", "Pivot_Energy")
    seen: set[str] = set()
    for dnde, down, up, above, energy in (fermi, *DIFFERENTIAL):
        if down not in row.names:
            continue
        value, limit = row(dnde, per), row(above, per)
        at = row(energy, "eV") if isinstance(energy, str) else energy
        # Columns of a copy without units are those of the catalogue.
        if isinstance(energy, str) and energy in row.names and row.table[energy].unit is None:
            at, value = math.nan, math.nan
        bound = not math.isfinite(value) and math.isfinite(limit)
        if not (math.isfinite(at) and (math.isfinite(value) or bound)) or str(energy) in seen:
            continue
        if dnde in CUT_OFF:
            # The norm is that of the power law: N₀ (E/E₀)^−Γ exp(−E/E_cut).
            less = math.exp(-at / cut) if (cut := row(CUT_OFF[dnde], "eV")) > 0 else math.nan
            if not math.isfinite(less):
                refused.append(f"{dnde}: its cut-off is not given ({CUT_OFF[dnde]})")
                continue
        else:
            less = 1.0
        seen.add(str(energy))
        value *= less
        minus = abs(row(down, per)) * less
        plus = abs(row(up, per)) * less if up else minus
        yield sed.of_differential(
            limit if bound else value, at, math.nan if bound else minus, math.nan if bound else plus,
            limit=bound, band=sed.energy(at), archive=archive,
        )  # fmt: skip


def _energy_fluxes(row: Row, archive: str) -> Iterator[sed.Point]:
    for name, error, low, high in ENERGY_FLUXES:
        value, sigma = row(name, "erg cm-2 s-1"), row(error, "erg cm-2 s-1")
        if math.isfinite(value) and value > 0:
            yield sed.of_energy_flux(value, low, high, sigma, sigma, archive=archive)


# magnitudes, flux densities and energy fluxes of any other catalogue


def _photometry(row: Row, archive: str, refused: list[str]) -> Iterator[sed.Point]:
    for name in row.table.colnames:
        column = row.table[name]
        if name in row.used or column.ndim > 1 or column.dtype.kind not in "fiuU":
            continue
        kind, words = ucd(column), str(column.info.description or "")
        if "arith.diff" in kind or "stat.error" in kind or "stat.stdev" in kind or _is_no_flux(name):
            continue
        # The first word says what a column is, the others of what: phys.absorption;em.opt.V is no magnitude.
        what = kind.split(";")[0].strip()
        any_kind = not what or bool(_UCD1.match(what))
        magnitude = column.unit is not None and column.unit.is_equivalent(u.mag)
        if (magnitude and any_kind) or what == "phot.mag":
            yield from _magnitude(row, name, kind, archive, refused)
        elif magnitude and what.startswith("phot.flux") and math.isfinite(row(name)):
            refused.append(f"{name}: in magnitudes, and of a flux by its UCD {kind}")
        elif not any_kind and not what.startswith("phot.flux"):
            continue
        elif column.unit is not None and column.unit.is_equivalent(u.Jy):
            yield from _density(row, name, kind, words, archive, refused)
        elif column.unit is not None and column.unit.is_equivalent(sed.FLUX):
            yield from _x_rays(row, name, kind, words, archive, refused)


def _magnitude(row: Row, name: str, kind: str, archive: str, refused: list[str]) -> Iterator[sed.Point]:
    value = row(name)
    if not math.isfinite(value):
        return
    band = bands.named(name, row.names) or bands.johnson(name, kind)
    if band is None:
        near = bands.of_ucd(kind)
        refused.append(
            f"{name}: no band is known by this name"
            if near is None
            else f"{name}: of {near.name} by its UCD, which does not tell whether its magnitudes are Vega's or AB"
        )
        return
    error = _error(row, name)
    # A magnitude without an error, where others have one, is a limit in 2MASS and WISE; of others it is not known.
    limit = not math.isfinite(error) and band.name.startswith(("2MASS", "WISE")) and _has_error(row, name)
    yield sed.of_magnitude(value, band, error, limit=limit, archive=archive)


def _density(
    row: Row, name: str, kind: str, words: str, archive: str, refused: list[str]
) -> Iterator[sed.Point]:
    value = row(name, "Jy")
    if not math.isfinite(value):
        return
    # A single letter may be a band, or a Stokes parameter.
    band = bands.of_ucd(kind) or (bands.named(name, row.names) if len(name) > 1 else None)
    at = band.frequency if band else _hertz(name, kind, words)
    if not math.isfinite(at):
        refused.append(f"{name}: a flux density without a frequency")
        return
    error = _error(row, name, "Jy")
    label = band.name if band else f"{at / 1e9:.4g} GHz"
    yield sed.of_flux_density(
        value, at, error, error, band=label, archive=archive, limit=row.text(f"l_{name}").startswith("<")
    )


def _hertz(name: str, kind: str, words: str) -> float:
    """The frequency that a description, a name such as S1400, or a UCD such as em.radio.750-1500MHz tells."""
    found = _HERTZ.search(words) or _HERTZ.search(name)
    if found:
        return float(found[1]) * (1e9 if found[2].upper() == "G" else 1e6)
    ends = re.search(r"em\.(?:radio|mm)\.(\d+)-(\d+)([mg])hz", kind)
    size = 1e9 if ends and ends[3] == "g" else 1e6
    low, high = (float(ends[1]) * size, float(ends[2]) * size) if ends else (math.nan, math.nan)
    radio = _RADIO.match(name)
    if radio:
        # S1400 is in MHz, S1.4 and the S20 of 20 GHz in GHz: the UCD decides where it has the ends of a band.
        for at in (float(radio[1]) * 1e6, float(radio[1]) * 1e9):
            if low <= at <= high:
                return at
        at = float(radio[1]) * (1e9 if "." in radio[1] else 1e6)
        if not ends and ("em.radio" in kind or ("em." not in kind and round(at / 1e6) in RADIO_MHZ)):
            return at
    return math.sqrt(low * high)


def _x_rays(
    row: Row, name: str, kind: str, words: str, archive: str, refused: list[str]
) -> Iterator[sed.Point]:
    value = row(name, "erg cm-2 s-1")
    if not math.isfinite(value) or value <= 0:
        return
    found = _KEV.search(words) or _KEV.search(name)
    ends = next((ends for word, ends in UCD_KEV.items() if word in kind), None)
    if found:
        low, high = (float(found[k]) * _UNITS[found[3].casefold()] for k in (1, 2))
    elif ends:
        low, high = ends[0] * 1e3, ends[1] * 1e3
    else:
        refused.append(f"{name}: an energy flux without a band of energies")
        return
    error = _error(row, name, "erg cm-2 s-1")
    yield sed.of_energy_flux(value, low, high, error, error, archive=archive)


def _errors(name: str) -> list[str]:
    known = [form.format(name) for form in ERROR_OF] + [f"Unc_{name}", f"{name}_Err", f"{name}_unc"]
    if name in ("j_m", "h_m", "k_m"):
        known.append(f"{name[0]}_msigcom")
    if re.match(r"w[1-4]mpro$", name):
        known.append(f"{name[:2]}sigmpro")
    if name.startswith("phot_") and name.endswith("_mean_mag"):
        known.append(name + "_error")
    return known


def _has_error(row: Row, name: str) -> bool:
    return any(other in row.names for other in _errors(name))


def _error(row: Row, name: str, unit: Any = None) -> float:
    return next((row(other, unit) for other in _errors(name) if other in row.names), math.nan)


def _is_no_flux(name: str) -> bool:
    """Whether a column holds the error or the limit of another one, or a colour."""
    return bool(_NO_FLUX.search(name.casefold()))


def points_of_curve(
    curve: LightCurve, archive: str, mjd: tuple[float, float] | None = None
) -> tuple[list[sed.Point], list[str]]:
    """Points of a light curve of flux densities or magnitudes, each at its time, of a range of times or all.

    Parameters
    ----------
    curve : LightCurve
    archive : str
        What its points are called.
    mjd : (start, stop), optional
        Both ends belong to it.
    """
    unit = curve.value.unit
    if not (unit.is_equivalent(u.Jy) or unit.is_equivalent(u.mag)):
        return [], [f"a light curve in {unit}: the index of the spectrum is not told"]
    points, lost = [], set()
    values = curve.value.value if unit.is_equivalent(u.mag) else curve.value.to_value(u.Jy)
    scale = 1.0 if unit.is_equivalent(u.mag) else unit.to(u.Jy)
    minus, plus = (np.asarray(part.value, float) * scale for part in curve.error)
    for k, (when, name) in enumerate(zip(curve.time.utc.mjd, curve.bands, strict=True)):
        if mjd is not None and not mjd[0] <= when <= mjd[1]:
            continue
        band = bands.named(name)
        at = band.frequency if band else _hertz(name, "", name)
        if not math.isfinite(at):
            lost.add(name)
            continue
        facts: dict[str, Any] = {"limit": bool(curve.upper_limit[k]), "archive": archive, "mjd": float(when)}
        if unit.is_equivalent(u.mag):
            if band is None:
                lost.add(name)
                continue
            points.append(sed.of_magnitude(float(values[k]), band, float(plus[k]), **facts))
        else:
            label = band.name if band else name
            points.append(
                sed.of_flux_density(
                    float(values[k]), at, float(minus[k]), float(plus[k]), band=label, **facts
                )
            )
    return points, [f"{name}: no band is known by this name" for name in sorted(lost)]
