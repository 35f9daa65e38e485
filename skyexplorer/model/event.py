"""Event: something that happened, with a time and, mostly, a place."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import time as clock
from types import MappingProxyType
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time
from numpy.typing import NDArray

from skyexplorer.errors import ColumnError, FormatError, InputError, SkyExplorerError, SkyExplorerWarning
from skyexplorer.io import files, gcn_json, icecat, tables, voevent
from skyexplorer.io.notice import Notice
from skyexplorer.model.origin import Origin
from skyexplorer.model.region import SkyRegion
from skyexplorer.model.skymap import SkyMap

MESSENGERS = ("gw", "neutrino", "gamma", "x-ray", "optical", "radio", "cosmic-ray", "")
PER_YEAR = 1 / (365.25 * 86400)  # Hz
UTC_BEGAN_JD = 2436935.5  # 1960-01-02
JD_OF_1970 = 2440587.5
AHEAD_DAYS = 730  # of what is planned


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
        ``"observation"``, ``"test"``, ``"prediction"`` or ``"utility"``.
    revision : int
        Number of the notice in the history of its event, as its source counts.
    retracted : bool
        Whether this notice takes the event back.
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
    issued : Time, optional
        When the notice was made.
    alert_type : str
        Such as ``"initial"``, ``"update"``, ``"preliminary"``, ``"retraction"``, in the words of its source.
    mission, instrument : str
        Who saw it.
    ids : tuple of str
        Its further identifiers; notices of one event share at least one, or the name (see `histories`).
    containment : float, optional
        Probability inside a localization that is a region.
    classification, properties : mapping
        Probabilities of what it is, and facts of its source that have no place of their own.
    skymap_url : str
        Where its sky map lies, as published; empty where there is none.
    related : tuple of (str, str)
        What it is to another notice (``"supersedes"``, ``"followup"``, ``"retraction"``), and that one's identifier.
    text : str
        What its source says in words.

    Examples
    --------
    >>> from skyexplorer import Event
    >>> notice = b'''{"mission": "MAXI", "alert_type": "initial", "event_name": "GRB 230220A", "ra": 346.56,
    ... "dec": 18.61, "ra_dec_error": 1.5, "trigger_time": "2023-02-20T08:56:01Z"}'''
    >>> event = Event.read(notice)
    >>> event.name, event.messenger, event.region_kind
    ('GRB 230220A', 'x-ray', "90 % circle (the schema's default)")
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
    issued: Time | None = None
    alert_type: str = ""
    mission: str = ""
    instrument: str = ""
    ids: tuple[str, ...] = ()
    containment: float | None = None
    classification: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    properties: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    skymap_url: str = ""
    related: tuple[tuple[str, str], ...] = ()
    text: str = ""

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
    def read(cls, source: str | Path | bytes) -> Event:
        """Read one alert: a VOEvent, a GCN notice or circular in JSON, or an IGWN alert with its sky map.

        Parameters
        ----------
        source : str, Path or bytes
            A file, or its bytes; gzipped or not.

        Returns
        -------
        Event
            A sky map that the alert carries is its localization; else the error region is. A position of 0, 0
            with radius 0 is none.

        Raises
        ------
        FormatError
            If it is no alert, or tells of several events (see `read_table`).

        Examples
        --------
        >>> from skyexplorer import Event
        >>> notice = b'{"mission": "MAXI", "alert_type": "initial", "event_name": "GRB 230220A", "ra": 346.56, "dec": 18.61}'
        >>> Event.read(notice).name
        'GRB 230220A'
        """
        events = cls._alerts(files.stored(source), source)
        if len(events) != 1:
            raise FormatError(
                f"The file tells of {len(events)} events.", "Read them all: Event.read_table(path)."
            )
        return events[0]

    @classmethod
    def read_table(cls, source: str | Path | bytes) -> list[Event]:
        """Events of a file that holds several.

        These are: ICECAT tables of IceCube alerts (tracks or cascades, CSV), event lists of GWOSC and histories of
        IceCube notices (JSON: each revision is an event, see `histories`), and any single alert as a list of one.

        Tracks become four-quarter ellipses from their asymmetric 90 % errors, cascades circles. Times are
        EVENTMJD (UTC): START is 12 hours off in one row of the public table.

        Parameters
        ----------
        source : str, Path or bytes

        Returns
        -------
        list of Event

        Raises
        ------
        FormatError, ColumnError
            If it cannot be read, or is no such table; the message lists the columns.

        Examples
        --------
        >>> from skyexplorer import Event
        >>> notice = b'{"mission": "MAXI", "alert_type": "initial", "event_name": "GRB 230220A", "ra": 346.56, "dec": 18.61}'
        >>> [event.name for event in Event.read_table(notice)]
        ['GRB 230220A']
        """
        raw = files.stored(source)
        if files.kind_of(files.head(raw, 8192)) in ("json", "voevent"):
            return cls._alerts(raw, source)
        table = tables.read(files.unpack(raw))
        path = source if isinstance(source, (str, Path)) else ""
        return cls._of_table(table, str(path), raw)

    @classmethod
    def _alerts(cls, raw: bytes, source: str | Path | bytes) -> list[Event]:
        content = files.unpack(raw)
        kind = files.kind_of(content)
        if kind == "voevent":
            found = [voevent.notice(content)]
        elif kind == "json":
            found = gcn_json.notices(content)
        else:
            raise FormatError(
                f"This is {files.NAMES.get(kind, kind)}, not an alert.",
                "VOEvents and alerts in JSON can be read.",
            )
        path = source if isinstance(source, (str, Path)) else ""
        origin = Origin.of_file(path, raw, rows=len(found))
        return [cls._of_notice(notice, origin) for notice in found]

    @classmethod
    def _of_notice(cls, notice: Notice, origin: Origin) -> Event:
        notes = list(notice.notes)
        time, issued = _time(notice.time, notice.scale, notes), _time(notice.issued, "utc", notes)
        position: SkyCoord | None = None
        localization: SkyMap | SkyRegion | None = None
        kind = notice.region_words
        if np.isfinite(notice.ra) and np.isfinite(notice.dec):
            position = SkyCoord(notice.ra * u.deg, notice.dec * u.deg, frame=notice.frame).icrs
            localization = _region(notice, position, notes)
        if notice.skymap:
            try:
                with warnings.catch_warnings(record=True) as told:
                    warnings.simplefilter("always")
                    skymap = SkyMap.read(notice.skymap, name=notice.name)
                # What a reader of maps warns of is a fact of this alert; what astropy says of headers is not.
                notes += [str(w.message) for w in told if issubclass(w.category, SkyExplorerWarning)]
                localization, kind = skymap, "sky map"
                position = skymap.mode if position is None else position
            except SkyExplorerError as error:
                notes.append(f"its sky map cannot be read ({error.message})")
        far = u.Quantity(notice.far, notice.far_unit) if np.isfinite(notice.far) else None
        return cls(
            notice.name,
            time,
            notice.messenger,
            localization,
            position,
            notice.role,
            notice.revision,
            notice.retracted,
            notice.signalness if np.isfinite(notice.signalness) else None,
            notice.energy_tev * u.TeV if np.isfinite(notice.energy_tev) else None,
            None if far is None else far.to(u.Hz),
            far,
            kind if localization is not None else "",
            tuple(notes),
            origin,
            issued,
            notice.alert_type,
            notice.mission,
            notice.instrument,
            notice.ids,
            notice.containment
            if np.isfinite(notice.containment) and isinstance(localization, SkyRegion)
            else None,
            MappingProxyType(dict(notice.classification)),
            MappingProxyType(dict(notice.properties)),
            notice.skymap_url,
            notice.related,
            notice.text,
        )

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
            _time(alert.mjd, "mjd", notes),
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
            mission="IceCube",
            instrument="IceCube",
            ids=alert.ids,
            containment=0.9 if localization is not None else None,
        )

    def credible_region(self, q: float) -> SkyRegion:
        """The ``q`` credible region of its sky map, or its footprint.

        Parameters
        ----------
        q : float
            Above 0 and at most 1; a footprint is what its notice says, whatever is asked.

        Returns
        -------
        SkyRegion

        Raises
        ------
        InputError
            If it has no localization.

        Examples
        --------
        >>> from skyexplorer import samples
        >>> print(samples.open("GW170817").credible_region(0.9).area.round(1))
        27.9 deg2
        >>> samples.open("IC-170922A").credible_region(0.9).kind
        'quarter-ellipse'
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

        Parameters
        ----------
        coords : SkyCoord, any shape

        Returns
        -------
        float array, shape of ``coords``

        Raises
        ------
        InputError
            If its localization is not a sky map: a footprint tells only in or out (``contains``).

        Examples
        --------
        >>> from skyexplorer import samples
        >>> round(float(samples.open("GW170817").credible_level(samples.resolve("NGC 4993"))), 2)
        0.3
        """
        if not isinstance(self.localization, SkyMap):
            raise InputError(f"{self.name} has no sky map.", "Ask localization.contains(coords).")
        return self.localization.credible_level(coords)


def _time(value: str | float, scale: str, notes: list[str]) -> Time | None:
    """The time of a notice: ISO in a scale, or seconds of GPS or MJD, both of which become UTC.

    UTC is known from 1960 on, and its leap seconds some years ahead: what lies outside is no time of an alert, and
    would warn at each use.
    """
    if value == "" or value != value:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            if scale == "gps":
                found = Time(float(value), format="gps").utc
            elif scale == "mjd":
                found = Time(float(value), format="mjd", scale="utc")
            else:
                found = Time(value, format="isot", scale=scale)
            day = found.jd1 + found.jd2
            if UTC_BEGAN_JD < day < clock() / 86400 + JD_OF_1970 + AHEAD_DAYS:
                return found
    except (ValueError, OverflowError, Warning):
        pass
    notes.append(f"its time is left out: {str(value)[:40]} is none of an alert")
    return None


def _region(notice: Notice, position: SkyCoord, notes: list[str]) -> SkyRegion | None:
    """The error region of a notice around its position."""
    try:
        if notice.asymmetric is not None:
            sides = notice.asymmetric
            return SkyRegion.quarter_ellipse(position, sides[:2] * u.deg, sides[2:] * u.deg)
        if notice.corners:
            corners = np.array(notice.corners, float)
            return SkyRegion.polygon(SkyCoord(corners[:, 0] * u.deg, corners[:, 1] * u.deg))
        if notice.ellipse is not None:
            a, b, angle = notice.ellipse * u.deg
            return SkyRegion.ellipse(position, a, b, angle)
        if notice.radius > 0:
            return SkyRegion.circle(position, notice.radius * u.deg)
    except InputError as error:
        notes.append(f"its error region is left out ({error.message})")
    return None
