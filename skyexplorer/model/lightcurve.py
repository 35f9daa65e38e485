"""LightCurve: brightness in time, with bins as bins and limits as limits."""

from __future__ import annotations

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
                f"A light curve of {n} times has parts of {[len(part) for part in parts]} points."
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
        minus, plus = (part.value[rows] for part in self.error)
        sigma = np.where(np.isfinite(minus) & np.isfinite(plus), 0.5 * (minus + plus), np.fmax(minus, plus))
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
        """
        found = timeseries.bayesian_blocks(*self._measured(band), p0)
        unit = self.value.unit
        return Time(found.edges, format="mjd", scale=self.time.scale), found.value * unit, found.error * unit

    def variability(self, band: str | None = None) -> timeseries.Variability:
        """Fractional variability, excess variance and χ² against a constant (Vaughan et al. 2003), of the detections."""
        _, value, sigma = self._measured(band)
        return timeseries.variability(value, sigma)

    def flares(
        self, how: str = "hop", p0: float = 0.05, level: float = 3.0, band: str | None = None
    ) -> Table:
        """Flares by a named definition, see `skyexplorer.core.timeseries.flares`.

        Returns
        -------
        Table
            start, stop, peak_time (Time), peak and fluence (Quantity), one row a flare; the baseline and the definition
            in ``meta``.
        """
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
        """
        low = None if maximum_period is None else 1 / maximum_period.to_value(u.day)
        high = None if minimum_period is None else 1 / minimum_period.to_value(u.day)
        return timeseries.lomb_scargle(*self._measured(band), minimum=low, maximum=high)

    @classmethod
    def read(cls, source: str | Path | bytes, name: str = "") -> LightCurve:
        """Read a light curve.

        Known are exports of the Fermi LCR, photometry (fluxes with a zero point, or magnitudes: ZTF of IRSA, ASAS-SN),
        VTSCat, flux points of gammapy, Kepler and TESS, OGIP rate files, Swift/BAT and MAXI monitors, VOTable time
        series, and normalised profiles of models.

        Raises
        ------
        FormatError
            If it is none of these; the message lists the columns.
        """
        path = source if isinstance(source, (str, Path)) else ""
        raw = files.stored(source)
        table = tables.read(files.unpack(raw))
        return cls.from_table(table, name=name or (Path(path).stem if path else ""), path=str(path), raw=raw)

    @classmethod
    def from_table(cls, table: Any, *, name: str = "", path: str = "", raw: bytes = b"") -> LightCurve:
        """From a table that `lightcurves.recognised`."""
        with files.reading("a light curve"), np.errstate(all="ignore"):
            points = lightcurves.points(table, name)
        if points is None:
            raise FormatError(
                f"No light curve can be told from the columns {', '.join(table.colnames)}.",
                "Fermi LCR exports, photometry, VTSCat, gammapy, Kepler and TESS, OGIP rates, BAT and MAXI are known.",
            )
        origin = Origin.of_file(
            path, raw, title=f"{points.name}: {points.title}", rows=len(table), note=points.note
        )
        return cls._of(points, origin)

    @classmethod
    def from_history(
        cls, table: Any, index: int, history: Mapping[str, str], name: str, origin: Origin
    ) -> LightCurve:
        """From the flux history that a row of a Fermi catalogue holds."""
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
