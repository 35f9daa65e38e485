"""Proper motions of a catalogue's rows, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from astropy.table import Table
from numpy.typing import NDArray

from skyexplorer.io import positions, roles

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Motion:
    """Proper motions of the rows of a catalogue, and what is known beside them; all of plain arrays.

    Parameters
    ----------
    pmra, pmdec : (n,) arrays
        μ_α cos δ and μ_δ (mas/yr), NaN where missing.
    parallax, radial_velocity : (n,) array or None
        mas and km/s.
    pm_errors : tuple of (n,) arrays or None
        One sigma of the proper motions (mas/yr).
    """

    pmra: Floats
    pmdec: Floats
    parallax: Floats | None = None
    radial_velocity: Floats | None = None
    pm_errors: tuple[Floats, Floats] | None = None

    @classmethod
    def of_table(cls, table: Table, found: roles.Roles) -> Motion | None:
        """Of the columns of a table; None where it has no proper motions."""
        if found.motion is None:
            return None

        def column(name: str | None, unit: str) -> Floats | None:
            return None if name is None else positions.measured(table[name], unit, found.missing)

        east, north = (column(name, "mas/yr") for name in found.motion)
        errors = [column(name, "mas/yr") for name in found.motion_error or ()]
        assert east is not None
        assert north is not None
        return cls(
            east,
            north,
            column(found.parallax, "mas"),
            column(found.radial_velocity, "km/s"),
            (errors[0], errors[1]) if len(errors) == 2 else None,  # type: ignore[arg-type]
        )

    @cached_property
    def arrays(self) -> tuple[Floats, Floats, Floats, Floats]:
        """As `core.motion` takes them."""
        from skyexplorer.core import motion

        return motion.motions(self.pmra, self.pmdec, self.parallax, self.radial_velocity)

    @cached_property
    def missing(self) -> int:
        """How many rows have no motion."""
        return int(np.count_nonzero(~np.isfinite(self.pmra + self.pmdec)))

    @cached_property
    def errors(self) -> tuple[Floats, Floats]:
        """One sigma of the motion of each row, east and north (deg/yr).

        0 where a motion has no error. Where a row has no motion, that of the others' motions about none: their median over
        √(2 ln 2), the median of a Rayleigh distribution.
        """
        total = np.hypot(self.pmra, self.pmdec)
        missing = ~np.isfinite(total)
        known = total[~missing]
        spread = float(np.median(known)) / np.sqrt(2 * np.log(2)) if len(known) else 0.0
        each = self.pm_errors or (np.zeros(len(total)), np.zeros(len(total)))
        east, north = (np.where(missing, spread, np.where(error > 0, error, 0.0)) / 3.6e6 for error in each)
        return east, north


def told(years: Floats) -> str:
    """Epochs in a few words."""
    ends = np.fmin.reduce(years), np.fmax.reduce(years)  # which pass by NaN
    if not np.isfinite(ends[0]):
        return "no epoch"
    least, most = (f"J{year:.3f}".rstrip("0") for year in ends)
    least, most = (text + "0" * text.endswith(".") for text in (least, most))
    return least if least == most else f"{least} to {most}"
