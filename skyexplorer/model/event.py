"""Event: something that happened, with a time and, mostly, a place."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time
from numpy.typing import NDArray

from skyexplorer.errors import ColumnError, InputError
from skyexplorer.io import files, icecat, tables
from skyexplorer.model.origin import Origin
from skyexplorer.model.region import SkyRegion
from skyexplorer.model.skymap import SkyMap

MESSENGERS = ("gw", "neutrino", "gamma", "x-ray", "optical", "radio", "cosmic-ray", "")
PER_YEAR = 1 / (365.25 * 86400)  # Hz


@dataclass(frozen=True, eq=False)
class Event:
    """An event of any messenger.

    Parameters
    ----------
    name : str
    time : Time or None
    messenger : {"gw", "neutrino", "gamma", "x-ray", "optical", "radio", "cosmic-ray", ""}
    localization : SkyMap, SkyRegion or None
        A point without an error is no localization: it is the `position`.
    position : SkyCoord, optional
        Best fit.
    role : str
        ``"observation"``, ``"test"`` or ``"prediction"``.
    revision : int
    retracted : bool
    signalness : float, optional
        Probability of astrophysical origin; not that of an association.
    energy : Quantity, optional
    far : Quantity, optional
        False-alarm rate in Hz.
    far_as_given : Quantity, optional
        In the unit of its source.
    region_kind : str
        What the localization is, in words.
    notes : tuple of str
        Oddities of the source, told.
    origin : Origin
    """

    name: str
    time: Time | None = None
    messenger: str = ""
    localization: SkyMap | SkyRegion | None = None
    position: SkyCoord | None = None
    role: str = "observation"
    revision: int = 0
    retracted: bool = False
    signalness: float | None = None
    energy: u.Quantity | None = None
    far: u.Quantity | None = None
    far_as_given: u.Quantity | None = None
    region_kind: str = ""
    notes: tuple[str, ...] = ()
    origin: Origin = field(default_factory=lambda: Origin(title="event", service="user"))

    def __post_init__(self) -> None:
        if not self.name:
            raise InputError("An event needs a name.", "Any text that tells it from others.")
        if self.messenger not in MESSENGERS:
            raise InputError(
                f"The messenger is {self.messenger!r}.", f"One of {', '.join(filter(None, MESSENGERS))}."
            )

        if self.signalness is not None and not 0 <= self.signalness <= 1:
            raise InputError(f"The signalness is {self.signalness!r}.", "A probability, from 0 to 1.")
        if self.far is not None and not (
            isinstance(self.far, u.Quantity) and self.far.unit.is_equivalent("Hz")
        ):
            raise InputError(f"The false-alarm rate is {self.far!r}.", "A Quantity in Hz or 1/yr.")
        if self.localization is not None and not isinstance(self.localization, (SkyMap, SkyRegion)):
            raise InputError(
                f"The localization is a {type(self.localization).__name__}.",
                "A SkyMap, a SkyRegion, or None; a point is the position.",
            )

    def __repr__(self) -> str:
        when = "" if self.time is None else f" {self.time.utc.iso[:19]} UTC"
        return f"<Event {self.name} ({self.messenger}){when}>"

    @classmethod
    def read_table(cls, source: str | Path | bytes) -> list[Event]:
        """Events of an IceCube alert table (ICECAT tracks or cascades, CSV).

        Tracks become four-quarter ellipses from their asymmetric 90 % errors, cascades circles. Times are
        EVENTMJD (UTC): START is 12 hours off in one row of the public table.

        Raises
        ------
        FormatError, ColumnError
            If it cannot be read, or is no such table; the message lists the columns.
        """
        raw = files.stored(source)
        table = tables.read(files.unpack(raw))
        path = source if isinstance(source, (str, Path)) else ""
        return cls._of_table(table, str(path), raw)

    @classmethod
    def _of_table(cls, table: Any, path: str, raw: bytes) -> list[Event]:
        if not icecat.is_alert_table(set(table.colnames)):
            missing = sorted(icecat.NEEDS - set(table.colnames))
            raise ColumnError(
                f"No alert table: it lacks {', '.join(missing)} and has {', '.join(table.colnames)}.",
                "Tables in the form of ICECAT are read.",
                table.colnames,
            )
        origin = Origin.of_file(
            path, raw, rows=len(table), reference="IceCube Collaboration 2023, ApJS 269, 25",
        )  # fmt: skip
        return [cls._of_alert(alert, origin) for alert in icecat.alerts(table)]

    @classmethod
    def _of_alert(cls, alert: icecat.Alert, origin: Origin) -> Event:
        position = localization = None
        kind = ""
        notes = list(alert.notes)
        if np.isfinite(alert.ra) and abs(alert.dec) <= 90:
            position = SkyCoord(alert.ra * u.deg, alert.dec * u.deg)
            errors = (*alert.ra_errors, *alert.dec_errors)
            if not all(error > 0 for error in errors):
                notes.append("no errors are published: the position has no footprint")
            elif alert.stream.lower().startswith("cascade") and len(set(errors)) == 1:
                localization = SkyRegion.circle(position, min(errors[0], 180.0) * u.deg)
                kind = "90 % circle"
            else:
                localization = SkyRegion.quarter_ellipse(
                    position, alert.ra_errors * u.deg, alert.dec_errors * u.deg
                )
                kind = "90 % four-quarter ellipse from asymmetric errors"
        return cls(
            alert.name,
            Time(alert.mjd, format="mjd", scale="utc") if np.isfinite(alert.mjd) else None,
            "neutrino",
            localization,
            position,
            signalness=alert.signalness if np.isfinite(alert.signalness) else None,
            energy=alert.energy_tev * u.TeV if np.isfinite(alert.energy_tev) else None,
            far=alert.far_per_year * PER_YEAR * u.Hz if np.isfinite(alert.far_per_year) else None,
            far_as_given=alert.far_per_year / u.yr if np.isfinite(alert.far_per_year) else None,
            region_kind=kind,
            notes=tuple(notes),
            origin=origin,
        )

    def credible_region(self, q: float) -> SkyRegion:
        """The ``q`` credible region of its sky map, or its footprint.

        Raises
        ------
        InputError
            If it has no localization.
        """
        if isinstance(self.localization, SkyMap):
            return self.localization.credible_region(q)
        if self.localization is None:
            raise InputError(
                f"{self.name} has no localization.", "Its notice may have come without a position."
            )
        return self.localization

    def credible_level(self, coords: SkyCoord) -> NDArray[np.float64]:
        """Credible level of positions in its sky map.

        Raises
        ------
        InputError
            If its localization is not a sky map: a footprint tells only in or out (``contains``).
        """
        if not isinstance(self.localization, SkyMap):
            raise InputError(f"{self.name} has no sky map.", "Ask localization.contains(coords).")
        return self.localization.credible_level(coords)
