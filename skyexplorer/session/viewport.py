"""Viewport: where the sky is looked at, how wide, and on which background."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from psygnal import Signal

from skyexplorer.errors import InputError

LOCAL_SURVEY = "Milky Way (model)"
"""The background that needs no network."""

SURVEYS: dict[str, str] = {
    LOCAL_SURVEY: LOCAL_SURVEY,
    "DSS2 colour": "CDS/P/DSS2/color",
    "PanSTARRS colour": "CDS/P/PanSTARRS/DR1/color-z-zg-g",
    "SDSS9 colour": "CDS/P/SDSS9/color",
    "2MASS colour": "CDS/P/2MASS/color",
    "AllWISE colour": "CDS/P/allWISE/color",
    "Mellinger colour": "CDS/P/Mellinger/color",
    "H-alpha (Finkbeiner)": "CDS/P/Finkbeiner",
    "GALEX near ultraviolet": "CDS/P/GALEXGR6_7/NUV",
    "Fermi colour": "CDS/P/Fermi/color",
}
"""Name of each background, and its HiPS identifier."""

GALACTIC_CENTRE = SkyCoord(266.41683 * u.deg, -29.00781 * u.deg)


class Viewport:
    """Where the sky is looked at."""

    changed = Signal(str, str)
    """Tells the attribute (``"target"``, ``"fov"``, ``"survey"`` or ``"grid"``), and who changed it."""

    def __init__(self) -> None:
        self._target = GALACTIC_CENTRE
        self._fov = 180.0
        self._survey = LOCAL_SURVEY
        self._grid = False

    @property
    def target(self) -> SkyCoord:
        """Centre of the view, ICRS, scalar; default the Galactic centre."""
        return self._target

    @target.setter
    def target(self, value: SkyCoord) -> None:
        self.move(target=value)

    @property
    def fov(self) -> float:
        """Width of the view in degrees; default 180."""
        return self._fov

    @fov.setter
    def fov(self, value: float | u.Quantity) -> None:
        self.move(fov=value)

    @property
    def survey(self) -> str:
        """Name of the background, one of ``SURVEYS`` or a HiPS address; default the Milky Way model."""
        return self._survey

    @survey.setter
    def survey(self, value: str) -> None:
        self.move(survey=value)

    @property
    def grid(self) -> bool:
        """Whether coordinate lines are drawn; default False."""
        return self._grid

    @grid.setter
    def grid(self, value: bool) -> None:
        self.move(grid=value)

    def move(
        self,
        target: SkyCoord | None = None,
        fov: float | u.Quantity | None = None,
        survey: str | None = None,
        grid: bool | None = None,
        by: str = "",
    ) -> None:
        """Change some of the view; what is None stays.

        Parameters
        ----------
        target : SkyCoord, scalar, optional
            The new centre.
        fov : float or Quantity, optional
            The new width: degrees, more than 0 and at most 360.
        survey : str, optional
            A name of ``SURVEYS``, or a HiPS identifier or address (with a ``/``).
        grid : bool, optional
            Whether coordinate lines are drawn.
        by : str
            Who moves.

        Raises
        ------
        InputError
            For a value that cannot be; nothing moves then.
        """
        new: dict[str, Any] = {}
        if target is not None:
            new["target"] = _target(target)
        if fov is not None:
            new["fov"] = _fov(fov)
        if survey is not None:
            new["survey"] = _survey(survey)
        if grid is not None:
            new["grid"] = bool(grid)
        moved = [field for field, value in new.items() if not _equal(getattr(self, field), value)]
        for field in moved:
            setattr(self, f"_{field}", new[field])
        for field in moved:
            self.changed.emit(field, by)

    def __repr__(self) -> str:
        at = self.target
        return f"<Viewport: {at.ra.deg:.4f} {at.dec.deg:+.4f}, {self.fov:g} deg wide, {self.survey}>"


def _equal(old: Any, new: Any) -> bool:
    if isinstance(new, SkyCoord):
        return bool(old.ra == new.ra and old.dec == new.dec)
    return bool(old == new)


def _target(value: Any) -> SkyCoord:
    if not isinstance(value, SkyCoord) or not value.isscalar:
        raise InputError(f"{value!r} is not one position.", "Give a scalar SkyCoord.")
    at = value.icrs
    if not (np.isfinite(at.ra.deg) and np.isfinite(at.dec.deg)):
        raise InputError(
            "The target has no finite position.", "Give one with right ascension and declination."
        )
    return SkyCoord(at.ra.deg * u.deg, at.dec.deg * u.deg)


def _fov(value: Any) -> float:
    try:
        degrees = float(value.to_value(u.deg) if isinstance(value, u.Quantity) else value)
    except (TypeError, ValueError, u.UnitConversionError):
        degrees = np.nan
    if not 0 < degrees <= 360:
        raise InputError(f"fov is {value!r}.", "Give degrees, more than 0 and at most 360.")
    return degrees


def _survey(value: Any) -> str:
    if not isinstance(value, str) or (value not in SURVEYS and "/" not in value):
        raise InputError(
            f"There is no survey {value!r}.", f"Give one of {', '.join(SURVEYS)}, or a HiPS address."
        )
    return value
