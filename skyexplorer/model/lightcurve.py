"""LightCurve: brightness in time, with bins as bins and limits as limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.time import Time
from numpy.typing import NDArray

from skyexplorer.errors import FormatError, InputError
from skyexplorer.io import files, lightcurves, tables
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

    @classmethod
    def read(cls, source: str | Path | bytes, name: str = "") -> LightCurve:
        """Read a Fermi LCR export, photometry (mjd, flux, fluxerr, …), or a VTSCat table.

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
                "Fermi LCR exports, photometry (mjd, flux, fluxerr) and VTSCat tables are known.",
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
    def _of(cls, points: lightcurves.Points, origin: Origin) -> LightCurve:
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
