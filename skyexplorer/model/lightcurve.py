"""LightCurve: brightness in time, with bins as bins and limits as limits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.table import Table
from astropy.time import Time
from numpy.typing import NDArray

from skyexplorer.core import timeseries
from skyexplorer.errors import FormatError, InputError
from skyexplorer.io import files, lightcurves, tables
from skyexplorer.io.points import Points
from skyexplorer.model.origin import Origin

_PHOTONS = 1 / (u.cm**2 * u.s)
_ENERGY = u.erg / (u.cm**2 * u.s)
_BAND = re.compile(r"(> ?)?([\d.]+(?:e[+-]?\d+)?)(?: ?[-–] ?([\d.]+(?:e[+-]?\d+)?))? ?([kMGTP]?eV)")


LATEST = 1e8  # d: beyond it a time is none


@dataclass(frozen=True, eq=False)
class LightCurve:
    """Brightness in time.

    Parameters
    ----------
    time : Time, shape (n,)
        Centre of each bin, or the time of each point; with its scale.
    value : Quantity, shape (n,)
        Flux, flux density or magnitude; of a limit, the limit.
    error : (minus, plus), Quantities of shape (n,)
        One sigma; NaN where missing.
    upper_limit : (n,) bool array
        Which points are upper limits.
    time_bounds : (start, stop), Times of shape (n,), optional
        The bins.
    band : str or sequence of str
        Of all points, or of each.
    quantity : str
        What the value is, such as ``"photon flux"``.
    name : str
        Of the source.
    origin : Origin, optional

    Raises
    ------
    InputError
        If the lengths differ.

    Examples
    --------
    >>> from astropy import units as u
    >>> from astropy.time import Time
    >>> from skyexplorer import LightCurve
    >>> flux = [1.2, 3.4] * u.mJy
    >>> curve = LightCurve(Time(["2017-09-22", "2017-09-23"]), flux, (flux / 10, flux / 10), [False, False], name="mine")
    >>> curve
    <LightCurve mine: 2 points, 0 limits, mJy>
    """

    time: Time
    value: u.Quantity
    error: tuple[u.Quantity, u.Quantity]
    upper_limit: NDArray[np.bool_]
    time_bounds: tuple[Time, Time] | None = None
    band: str | Sequence[str] = ""
    quantity: str = ""
    name: str = ""
    origin: Origin = field(default_factory=lambda: Origin(title="light curve", service="user"))

    def __post_init__(self) -> None:
        n = len(self.time)
        parts = [self.value, *self.error, self.upper_limit, *(self.time_bounds or ())]
        if any(len(part) != n for part in parts):
            raise InputError(
                f"A light curve of {n} times has parts of {[len(part) for part in parts]} points.",
                "Give value, error, upper_limit and time_bounds one entry a time.",
            )
        object.__setattr__(self, "upper_limit", np.asarray(self.upper_limit, bool))

    def __len__(self) -> int:
        return len(self.time)

    def __repr__(self) -> str:
        limits = int(self.upper_limit.sum())
        return f"<LightCurve {self.name}: {len(self)} points, {limits} limits, {self.value.unit}>"

    @property
    def bands(self) -> list[str]:
        """Band of each point."""
        return [self.band] * len(self) if isinstance(self.band, str) else [str(band) for band in self.band]

    def select(self, rows: NDArray[Any]) -> LightCurve:
        """Some of the points, by a mask or indices.

        Parameters
        ----------
        rows : (n,) bool or (m,) int

        Returns
        -------
        LightCurve

        Examples
        --------
        >>> from skyexplorer import samples
        >>> curve = samples.light_curve("TXS 0506+056")
        >>> len(curve.select(~curve.upper_limit)) <= len(curve)
        True
        """
        at = np.asarray(rows)
        at = np.flatnonzero(at) if at.dtype == bool else at.astype(int)
        bounds = None if self.time_bounds is None else (self.time_bounds[0][at], self.time_bounds[1][at])
        band = self.band if isinstance(self.band, str) else [self.band[int(k)] for k in at]
        return replace(
            self, time=self.time[at], value=self.value[at], error=(self.error[0][at], self.error[1][at]),
            upper_limit=self.upper_limit[at], time_bounds=bounds, band=band,
        )  # fmt: skip

    def _measured(
        self, band: str | None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Times (MJD), values and mean errors of the detections, of one band."""
        rows = ~self.upper_limit
        if band is not None:
            rows = rows & np.array([name == band for name in self.bands])
        elif len(set(self.bands)) > 1:
            raise InputError(
                f"The light curve has the bands {', '.join(sorted(set(self.bands)))}.", "Name one: band=…"
            )
        # A date of a million years hence is damage, and its difference to others would overflow.
        rows = rows & (np.abs(self.time.mjd) < LATEST)
        minus, plus = (part.value[rows] for part in self.error)
        half = 0.5 * minus + 0.5 * plus
        sigma = np.where(np.isfinite(minus) & np.isfinite(plus), half, np.fmax(minus, plus))
        return self.time.mjd[rows], self.value.value[rows], sigma

    def bayesian_blocks(
        self, p0: float = 0.05, band: str | None = None
    ) -> tuple[Time, u.Quantity, u.Quantity]:
        """Bayesian blocks of the detections (Scargle et al. 2013); upper limits are left out.

        Parameters
        ----------
        p0 : float
            False-alarm rate of a change point.
        band : str, optional
            Needed where there are several.

        Returns
        -------
        edges : Time, shape (n + 1,)
            Midway between points; the outer ones on the first and last.
        value, error : Quantity, shape (n,)
            Weighted mean in each block.

        Raises
        ------
        InputError
            If fewer than two points have an error, or there are several bands and none is named.

        Examples
        --------
        >>> from skyexplorer import samples
        >>> curve = samples.light_curve("TXS 0506+056")
        >>> edges, value, error = curve.bayesian_blocks(p0=0.01)
        >>> len(edges) == len(value) + 1
        True
        """
        found = timeseries.bayesian_blocks(*self._measured(band), p0)
        unit = self.value.unit
        return Time(found.edges, format="mjd", scale=self.time.scale), found.value * unit, found.error * unit

    def variability(self, band: str | None = None) -> timeseries.Variability:
        """Fractional variability, excess variance and χ² against a constant (Vaughan et al. 2003), of the detections.

        Parameters
        ----------
        band : str, optional
            Needed where there are several.

        Returns
        -------
        Variability
            ``fvar``, ``error``, ``excess``, ``chi2``, ``dof``; ``fvar`` is NaN where the scatter is no more than the errors.

        Raises
        ------
        InputError
            For magnitudes, fewer than two points with errors, or several bands of which none is named.

        Examples
        --------
        >>> from skyexplorer import samples
        >>> curve = samples.light_curve("TXS 0506+056")
        >>> found = curve.variability()
        >>> round(found.fvar, 2), round(found.error, 2)
        (0.67, 0.02)
        """
        self._linear("Fractional variability")
        _, value, sigma = self._measured(band)
        return timeseries.variability(value, sigma)

    def flares(
        self, how: str = "hop", p0: float = 0.05, level: float = 3.0, band: str | None = None
    ) -> Table:
        """Flares by a named definition, see `skyexplorer.core.timeseries.flares`.

        Parameters
        ----------
        how : str
            Name of the definition.
        p0 : float
            As for `bayesian_blocks`.
        level : float
            How far above the baseline, in the unit of the definition.
        band : str, optional
            Needed where there are several.

        Returns
        -------
        Table
            start, stop, peak_time (Time), peak and fluence (Quantity), one row a flare; the baseline and the definition
            in ``meta``.

        Raises
        ------
        InputError
            For magnitudes, or an unknown definition.

        Examples
        --------
        >>> from skyexplorer import samples
        >>> curve = samples.light_curve("TXS 0506+056")
        >>> flares = curve.flares()
        >>> flares["start"].utc.iso.tolist()[-1][:4]  # it lasted when IC-170922A came
        '2016'
        """
        self._linear("A flare")
        found = timeseries.flares(*self._measured(band), how=how, p0=p0, level=level)
        unit = self.value.unit
        times = [
            Time(part, format="mjd", scale=self.time.scale)
            for part in (found.start, found.stop, found.peak_time)
        ]
        return Table(
            [*times, found.peak * unit, found.fluence * unit * u.day],
            names=["start", "stop", "peak_time", "peak", "fluence"],
            meta={"baseline": found.baseline * unit, "how": how, "p0": p0, "level": level},
        )

    def lomb_scargle(
        self,
        minimum_period: u.Quantity | None = None,
        maximum_period: u.Quantity | None = None,
        band: str | None = None,
    ) -> timeseries.Periodogram:
        """Lomb–Scargle periodogram of the detections: frequencies in 1/day, the period in days.

        Its false-alarm probability is that of white noise; red noise makes peaks of its own.

        Parameters
        ----------
        minimum_period, maximum_period : Quantity, optional
            Times; by default as the sampling allows.
        band : str, optional
            Needed where there are several.

        Returns
        -------
        Periodogram
            ``frequency`` (1/day), ``power``, ``period`` (day, of the highest peak), ``false_alarm``.

        Examples
        --------
        >>> from skyexplorer import samples
        >>> curve = samples.light_curve("TXS 0506+056")
        >>> found = curve.lomb_scargle()
        >>> found.false_alarm > 0.9  # ten yearly points tell of no period
        True
        """
        low = None if maximum_period is None else 1 / maximum_period.to_value(u.day)
        high = None if minimum_period is None else 1 / minimum_period.to_value(u.day)
        return timeseries.lomb_scargle(*self._measured(band), minimum=low, maximum=high)

    def _linear(self, what: str) -> None:
        if self.value.unit.is_equivalent(u.mag):
            raise InputError(
                f"{what} is defined for fluxes, and these are magnitudes.", "Convert them to fluxes first."
            )

    def to_energy_flux(self, index: Any, energies: tuple[u.Quantity, u.Quantity] | None = None) -> LightCurve:
        """Energy fluxes of photon fluxes, for a power law dN/dE ∝ E^−Γ; errors and limits go along.

        Parameters
        ----------
        index : float or array, shape (n,)
            Γ, positive.
        energies : (Quantity, Quantity), optional
            Ends of the band in which the photon flux is given; by default those that `band` tells.

        Returns
        -------
        LightCurve
            In erg cm⁻² s⁻¹, in the same bands.

        Notes
        -----
        A curved spectrum is no power law. Bright Fermi sources are fitted as log-parabolas, of which tables such as the
        LCR's give α as the index: for 3C 279 a power law with it is 19 % above the energy flux that the LCR gives.

        Raises
        ------
        InputError
            If the values are no photon fluxes, the band tells no energies, or Γ is 0 or less (some tables give −Γ).

        Examples
        --------
        >>> from skyexplorer import LightCurve
        >>> from astropy import units as u
        >>> from astropy.time import Time
        >>> flux = [1e-7] * u.cm**-2 / u.s
        >>> curve = LightCurve(Time([57000.0], format="mjd"), flux, (flux / 10, flux / 10), [False], band="0.1–100 GeV")
        >>> round(float(curve.to_energy_flux(2.0).value[0].to_value("erg cm-2 s-1")), 17)
        1.1078523e-10
        """
        return self._converted(index, energies, _PHOTONS, _ENERGY, timeseries.energy_flux, "energy flux")

    def to_photon_flux(self, index: Any, energies: tuple[u.Quantity, u.Quantity] | None = None) -> LightCurve:
        """Photon fluxes of energy fluxes, in cm⁻² s⁻¹; the other way of `to_energy_flux`.

        Parameters
        ----------
        index : float or array, (n,)
            Γ, positive.
        energies : (Quantity, Quantity), optional

        Returns
        -------
        LightCurve

        Raises
        ------
        InputError
            As for `to_energy_flux`.

        Examples
        --------
        >>> from skyexplorer import samples
        >>> curve = samples.light_curve("TXS 0506+056")
        >>> back = curve.to_energy_flux(2.1).to_photon_flux(2.1)
        >>> bool(abs(back.value / curve.value - 1).max() < 1e-9)
        True
        """
        return self._converted(index, energies, _ENERGY, _PHOTONS, timeseries.photon_flux, "photon flux")

    def _converted(
        self, index: Any, energies: Any, given: u.UnitBase, wanted: u.UnitBase, convert: Any, quantity: str
    ) -> LightCurve:
        if not self.value.unit.is_equivalent(given):
            raise InputError(
                f"The values are in {self.value.unit}, which is not equivalent to {given}.",
                "Look at .quantity.",
            )
        ends = [_erg(energies)] * len(self) if energies is not None else [_energies(b) for b in self.bands]
        gamma = np.broadcast_to(np.asarray(index, float), (len(self),)) if np.size(index) == 1 else index
        if np.shape(gamma) != (len(self),):
            raise InputError(f"{np.size(index)} indices for {len(self)} points.", "Give one, or one a point.")
        factor = np.array([float(convert(1.0, g, *e)) for g, e in zip(gamma, ends, strict=True)])

        def changed(values: u.Quantity) -> u.Quantity:
            return values.to_value(given) * factor * wanted

        told = (
            f"a power law with Γ = {index:g}" if np.size(index) == 1 else "power laws with an index a point"
        )
        note = "; ".join(filter(None, (self.origin.note, f"converted to {quantity} by {told}")))
        return replace(
            self, value=changed(self.value), error=(changed(self.error[0]), changed(self.error[1])),
            quantity=quantity, origin=replace(self.origin, note=note),
        )  # fmt: skip

    @classmethod
    def read(cls, source: str | Path | bytes, name: str = "", band: str | None = None) -> LightCurve:
        """Read a light curve.

        Parameters
        ----------
        source : str, Path or bytes
        name : str, optional
            Of the source; by default as the file tells, or its name.
        band : str, optional
            Which of several bands (filters, energy bins) to take, spelled as in `bands`; by default all, each point with
            its band.

        Known are exports of the Fermi LCR, photometry (fluxes with a zero point, or magnitudes: ZTF of IRSA, ASAS-SN),
        VTSCat, flux points of gammapy, Kepler and TESS, OGIP rate files, Swift/BAT and MAXI monitors, VOTable time
        series, and normalised profiles of models.

        Returns
        -------
        LightCurve

        Raises
        ------
        FormatError
            If it is none of these; the message lists the columns.
        InputError
            If there is no such band; the message lists those there are.

        Examples
        --------
        >>> from skyexplorer import LightCurve
        >>> table = b"mjd,filter,mag,magerr,magsys\\n58000,g,17.1,0.1,ab\\n58001,g,17.4,0.1,ab\\n"
        >>> LightCurve.read(table, name="mine")
        <LightCurve mine: 2 points, 0 limits, mag>
        """
        path = source if isinstance(source, (str, Path)) else ""
        raw = files.stored(source)
        content = files.unpack(raw)
        if content[:4].strip() == b"---":
            raise FormatError(
                "This is a YAML document, such as the source records of VTSCat: it holds no light curve.",
                "Those of VTSCat are beside it, in the files named …-lc.ecsv.",
            )
        table = tables.read(content)
        curve = cls.from_table(table, name=name or (Path(path).stem if path else ""), path=str(path), raw=raw)
        return curve if band is None else curve._of_band(band)

    def _of_band(self, band: str) -> LightCurve:
        rows = np.array([own == band for own in self.bands], bool)
        if not rows.any():
            raise InputError(
                f"There is no band {band!r}.", f"There are {', '.join(map(repr, dict.fromkeys(self.bands)))}."
            )
        return replace(self.select(rows), band=band)

    @classmethod
    def from_table(cls, table: Any, *, name: str = "", path: str = "", raw: bytes = b"") -> LightCurve:
        """From a table that `lightcurves.recognised`.

        Parameters
        ----------
        table : astropy.table.Table
        name : str, optional
            Of the source.
        path, raw : str, bytes
            Of the file, for the origin.

        Returns
        -------
        LightCurve

        Raises
        ------
        FormatError
            If no light curve can be told from its columns.

        Examples
        --------
        >>> from astropy.table import Table
        >>> from skyexplorer import LightCurve
        >>> rows = Table({"mjd": [58000.0, 58001.0], "mag": [17.1, 17.4], "magerr": [0.1, 0.1], "filter": ["g", "g"]})
        >>> len(LightCurve.from_table(rows, name="mine"))
        2
        """
        with files.reading("a light curve"), np.errstate(all="ignore"):
            points = lightcurves.points(table, name)
        if points is None and {"dnde", "e_ref"} <= set(table.colnames):
            raise FormatError(
                "This is a spectrum (dnde over e_ref), not a light curve: it has no times.",
                "Open a light curve.",
            )
        if points is None:
            raise FormatError(
                f"No light curve can be told from the columns {', '.join(table.colnames)}.",
                "Fermi LCR exports, photometry, VTSCat, gammapy, Kepler and TESS, OGIP rates, BAT and MAXI are known.",
            )
        if not len(points.mjd):
            raise FormatError(
                f"None of the {len(table)} rows of the light curve has a time and a value.",
                "The file may be damaged.",
            )
        origin = Origin.of_file(
            path, raw, title=f"{points.name}: {points.title}", rows=len(table), note=points.note
        )
        with files.reading("a light curve"):  # units and scales of the file, which may be anything
            return cls._of(points, origin)

    @classmethod
    def from_history(
        cls, table: Any, index: int, history: Mapping[str, str], name: str, origin: Origin
    ) -> LightCurve:
        """From the flux history that a row of a Fermi catalogue holds.

        Parameters
        ----------
        table : astropy.table.Table
        index : int
            Its row.
        history : mapping
            What the columns of the history are.
        name : str
        origin : Origin

        Returns
        -------
        LightCurve

        Examples
        --------
        `SourceCatalog.light_curve` calls it with what it knows of the catalogue:

        >>> from skyexplorer import samples
        >>> fermi = samples.open("fermi-sources")
        >>> len(fermi.light_curve(0))
        10
        """
        return cls._of(lightcurves.history(table, index, history, name), origin)

    @classmethod
    def _of(cls, points: Points, origin: Origin) -> LightCurve:
        def at(mjd: NDArray[np.float64]) -> Time:
            return Time(mjd, format="mjd", scale=points.scale)

        unit = u.Unit(points.unit)
        bounds = None if points.start is None or points.stop is None else (at(points.start), at(points.stop))
        return cls(
            at(points.mjd),
            points.value * unit,
            (points.minus * unit, points.plus * unit),
            points.limit,
            bounds,
            points.band,
            points.quantity,
            points.name,
            origin,
        )


def _energies(band: str) -> tuple[float, float]:
    """Ends of a band such as ``"0.1–100 GeV"`` or ``"> 0.2 TeV"``, in erg."""
    found = _BAND.search(band)
    if found is None or (found.group(1) is None) == (found.group(3) is None):
        raise InputError(
            f"The band {band!r} tells no energies.", "Give them: energies=(100 * u.MeV, 100 * u.GeV)."
        )
    unit = u.Unit(found.group(4))
    high = float(found.group(3)) if found.group(3) else np.inf
    return _erg((float(found.group(2)) * unit, high * unit))


def _erg(energies: Any) -> tuple[float, float]:
    try:
        low, high = (float(u.Quantity(energy).to_value(u.erg)) for energy in energies)
    except (u.UnitConversionError, TypeError, ValueError) as error:
        raise InputError(f"energies is {energies!s:.80}.", "Give two Quantities, such as in GeV.") from error
    return low, high
