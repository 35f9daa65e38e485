"""SpectralEnergyDistribution: ν Fν of a source from radio to TeV, and what turns fluxes of all kinds into it.

ν Fν = E² dN/dE, in erg cm⁻² s⁻¹, over the frequency. What cannot be turned into it (a photon flux without a spectral index,
a magnitude of an unknown band) is refused with the reason, and the rest stays.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.table import Table
from numpy.typing import NDArray

from skyexplorer.errors import InputError
from skyexplorer.model.bands import Band
from skyexplorer.model.origin import Origin

EV_HZ = 2.417989242084e14
"""Frequency of a photon of 1 eV, Hz (CODATA 2018: e / h)."""
EV_ERG = 1.602176634e-12
JY_HZ = 1e-23
"""1 Jy in erg cm⁻² s⁻¹ Hz⁻¹."""
FLUX = u.erg / u.cm**2 / u.s


@dataclass(frozen=True)
class Point:
    """One point: Hz and erg cm⁻² s⁻¹; errors are NaN where there is none, and of a limit."""

    frequency: float
    flux: float
    minus: float = math.nan
    plus: float = math.nan
    limit: bool = False
    low: float = math.nan
    high: float = math.nan
    band: str = ""
    archive: str = ""
    mjd: float = math.nan

    @property
    def good(self) -> bool:
        """Whether it has a place in a plot of logarithms."""
        return math.isfinite(self.frequency) and self.frequency > 0 and 0 < self.flux < math.inf


@dataclass(frozen=True, eq=False)
class SpectralEnergyDistribution:
    """ν Fν of one source, from one or several archives.

    Parameters
    ----------
    frequency : Quantity, shape (n,)
        Hz.
    flux : Quantity, shape (n,)
        ν Fν, erg cm⁻² s⁻¹; of a limit, the limit.
    error : (minus, plus), Quantities of shape (n,)
        One sigma; NaN where missing.
    upper_limit : (n,) bool array
    frequency_bounds : (low, high), Quantities of shape (n,)
        The band; NaN where the point is at one frequency.
    band, archive : sequence of str, n each
        What was measured, such as ``"0.3–1 GeV"`` or ``"2MASS J"``, and who has published it.
    mjd : (n,) float array
        When, days; NaN where that is not told.
    name : str
        Of the source.
    refused : sequence of str
        What was found and could not be turned into ν Fν, each with the reason.
    notes : sequence of str
        What was taken for granted.
    origins : sequence of Origin

    Raises
    ------
    InputError
        If the lengths differ.

    Examples
    --------
    >>> from skyexplorer import samples
    >>> from skyexplorer.model.sed import SpectralEnergyDistribution
    >>> from skyexplorer.model.sed_rows import points_of
    >>> catalog = samples.open("fermi-sources")
    >>> points, refused = points_of(catalog, catalog.names.index("4FGL J0509.4+0542"))
    >>> sed = SpectralEnergyDistribution.of(points, name="TXS 0506+056")
    >>> len(sed), int(sed.upper_limit.sum()), sed.band[1]
    (7, 1, '100–300 MeV')
    """

    frequency: u.Quantity
    flux: u.Quantity
    error: tuple[u.Quantity, u.Quantity]
    upper_limit: NDArray[np.bool_]
    frequency_bounds: tuple[u.Quantity, u.Quantity]
    band: Sequence[str]
    archive: Sequence[str]
    mjd: NDArray[np.float64]
    name: str = ""
    refused: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = field(default=())

    def __post_init__(self) -> None:
        parts = (
            self.flux, *self.error, self.upper_limit, *self.frequency_bounds, self.band, self.archive, self.mjd
        )  # fmt: skip
        if any(len(part) != len(self.frequency) for part in parts):
            raise InputError(
                f"A spectrum of {len(self.frequency)} frequencies has parts of {[len(part) for part in parts]} points.",
                "Give as many of each.",
            )

    @classmethod
    def of(cls, points: Iterable[Point], **facts: Any) -> SpectralEnergyDistribution:
        """From points, in order of their frequencies; those that are not above zero are left out."""
        rows = sorted((point for point in points if point.good), key=lambda point: point.frequency)

        def column(name: str) -> NDArray[np.float64]:
            return np.array([getattr(row, name) for row in rows], float)

        return cls(
            column("frequency") * u.Hz, column("flux") * FLUX, (column("minus") * FLUX, column("plus") * FLUX),
            np.array([row.limit for row in rows], bool), (column("low") * u.Hz, column("high") * u.Hz),
            tuple(row.band for row in rows), tuple(row.archive for row in rows), column("mjd"), **facts,
        )  # fmt: skip

    @classmethod
    def read(cls, source: str | Path | bytes, *, name: str = "") -> SpectralEnergyDistribution:
        """Read flux points (VTSCat, gammapy: ``e_ref`` and ``dnde``), or NED's table of photometry.

        Raises
        ------
        FormatError
            For a file that holds neither.
        """
        from skyexplorer.model import sed_files

        return sed_files.read(source, name)

    def __len__(self) -> int:
        return len(self.frequency)

    def __repr__(self) -> str:
        limits = int(self.upper_limit.sum())
        archives = ", ".join(dict.fromkeys(self.archive))
        return f"<SpectralEnergyDistribution {self.name}: {len(self)} points, {limits} limits, {archives}>"

    @property
    def energy(self) -> u.Quantity:
        """Energy of the photons, eV."""
        return self.frequency.value / EV_HZ * u.eV

    @property
    def points(self) -> list[Point]:
        """The same, a point each."""
        parts = zip(
            self.frequency.value, self.flux.value, self.error[0].value, self.error[1].value, self.upper_limit,
            self.frequency_bounds[0].value, self.frequency_bounds[1].value, self.band, self.archive, self.mjd,
            strict=True,
        )  # fmt: skip
        return [
            Point(
                float(frequency), float(flux), float(minus), float(plus), bool(limit), float(low), float(high), band,
                archive, float(mjd),
            )
            for frequency, flux, minus, plus, limit, low, high, band, archive, mjd in parts
        ]  # fmt: skip

    def joined(self, *others: SpectralEnergyDistribution) -> SpectralEnergyDistribution:
        """This and others as one, under this one's name."""
        every = (self, *others)
        points = [point for sed in every for point in sed.points]
        kept = {
            fact: tuple(dict.fromkeys(one for sed in every for one in getattr(sed, fact)))
            for fact in ("refused", "notes")
        }
        origins = tuple({id(one): one for sed in every for one in sed.origins}.values())
        return self.of(points, name=self.name, origins=origins, **kept)

    def named(self, name: str) -> SpectralEnergyDistribution:
        """The same under another name."""
        return replace(self, name=name)

    def to_table(self) -> Table:
        """As a table, one row a point."""
        table = Table(
            {
                "frequency": self.frequency, "nuFnu": self.flux, "error_minus": self.error[0],
                "error_plus": self.error[1], "upper_limit": self.upper_limit,
                "frequency_min": self.frequency_bounds[0], "frequency_max": self.frequency_bounds[1],
                "band": list(self.band), "archive": list(self.archive), "mjd": self.mjd * u.d,
            }
        )  # fmt: skip
        table.meta.update(name=self.name, refused=list(self.refused), notes=list(self.notes))
        return table


def of_magnitude(magnitude: float, band: Band, error: float = math.nan, **facts: Any) -> Point:
    """A magnitude as a point: ν Fν of ``band.zero`` · 10^(−0.4 m).

    Examples
    --------
    >>> from skyexplorer.model.bands import BANDS
    >>> from skyexplorer.model.sed import of_magnitude
    >>> point = of_magnitude(0.0, BANDS["2MASS J"])
    >>> f"{point.frequency:.4g} Hz, {point.flux:.4g} erg/cm2/s"
    '2.427e+14 Hz, 3.869e-06 erg/cm2/s'
    """
    flux = band.zero * 10 ** (-0.4 * magnitude) * JY_HZ * band.frequency
    # A magnitude fainter by one sigma is the lower end.
    minus, plus = flux * (1 - 10 ** (-0.4 * error)), flux * (10 ** (0.4 * error) - 1)
    return Point(band.frequency, flux, minus, plus, **{"band": band.name, **facts})


def of_flux_density(
    jansky: float, frequency: float, minus: float = math.nan, plus: float = math.nan, **facts: Any
) -> Point:
    """A flux density (Jy) at a frequency (Hz) as a point."""
    scale = frequency * JY_HZ
    return Point(frequency, jansky * scale, minus * scale, plus * scale, **facts)


def of_differential(
    dnde: float, energy: float, minus: float = math.nan, plus: float = math.nan, **facts: Any
) -> Point:
    """dN/dE (photons cm⁻² s⁻¹ eV⁻¹) at an energy (eV) as a point: E² dN/dE."""
    scale = energy**2 * EV_ERG
    return Point(energy * EV_HZ, dnde * scale, minus * scale, plus * scale, **facts)


def of_energy_flux(
    energy_flux: float, low: float, high: float, minus: float = math.nan, plus: float = math.nan, **facts: Any
) -> Point:
    """An energy flux (erg cm⁻² s⁻¹) between two energies (eV) as the mean of ν Fν over the logarithm of the energy.

    That is S / ln(E₂/E₁), whatever the spectrum; it stands at the geometric mean.

    Raises
    ------
    InputError
        Where the band has no two ends.
    """
    _check(low, high)
    scale = 1 / math.log(high / low)
    return Point(
        math.sqrt(low * high) * EV_HZ, energy_flux * scale, minus * scale, plus * scale,
        low=low * EV_HZ, high=high * EV_HZ, **{"band": energies(low, high), **facts},
    )  # fmt: skip


def of_photon_flux(
    photons: float,
    low: float,
    high: float,
    index: float,
    minus: float = math.nan,
    plus: float = math.nan,
    **facts: Any,
) -> Point:
    """A photon flux (cm⁻² s⁻¹) between two energies (eV), of a power law dN/dE ∝ E^−index, at the geometric mean.

    E² dN/dE = F · (1 − Γ) · E^(2 − Γ) / (E₂^(1 − Γ) − E₁^(1 − Γ)), and F · E / ln(E₂/E₁) for Γ = 1. An infinite
    ``high`` is one for Γ > 1; the point then stands at ``low``.

    Raises
    ------
    InputError
        Where the band has no lower end, or the index is missing.

    Examples
    --------
    >>> from skyexplorer.model.sed import of_photon_flux
    >>> f"{of_photon_flux(1e-9, 1e9, 1e11, 2.0).flux:.4g}"  # for Γ = 2, F · E₁ E₂ / (E₂ − E₁)
    '1.618e-12'
    """
    if not math.isfinite(index):
        raise InputError(
            "A photon flux has no ν Fν without a spectral index.", "Give the index of a power law."
        )
    if math.isinf(high) and index > 1:
        scale = (index - 1) * low * EV_ERG
        return Point(
            low * EV_HZ, photons * scale, minus * scale, plus * scale, **{"band": f"> {energy(low)}", **facts}
        )
    _check(low, high)
    at = math.sqrt(low * high)
    # In units of the geometric mean the powers neither overflow nor vanish.
    one, two, steep = low / at, high / at, 1 - index
    integral = math.log(two / one) if abs(steep) < 1e-9 else (two**steep - one**steep) / steep
    scale = at * EV_ERG / integral
    return Point(
        at * EV_HZ, photons * scale, minus * scale, plus * scale,
        low=low * EV_HZ, high=high * EV_HZ, **{"band": energies(low, high), **facts},
    )  # fmt: skip


def _check(low: float, high: float) -> None:
    if not (math.isfinite(low) and math.isfinite(high) and 0 < low < high):
        raise InputError(f"A band from {low:g} to {high:g} eV has no ν Fν.", "Give two energies above 0.")


def energy(electronvolts: float) -> str:
    """An energy as text.

    Examples
    --------
    >>> from skyexplorer.model.sed import energies, energy
    >>> energy(3e8), energies(1e11, 1e12)
    ('300 MeV', '0.1–1 TeV')
    """
    return _told(electronvolts, electronvolts)


def energies(low: float, high: float) -> str:
    """A band of energies as text, in the unit of its upper end."""
    return f"{_told(low, high).rsplit(' ', 1)[0]}–{_told(high, high)}"


def _told(value: float, by: float) -> str:
    for size, unit in ((1e12, "TeV"), (1e9, "GeV"), (1e6, "MeV"), (1e3, "keV")):
        if by >= size:
            return f"{value / size:.4g} {unit}"
    return f"{value:.4g} eV"
