"""Observations: the runs of a Cherenkov telescope, with where it looked and when."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from astropy import units as u
from astropy.table import Table
from astropy.time import Time

from skyexplorer.errors import ColumnError, FormatError
from skyexplorer.io import dl3, files, tables
from skyexplorer.model.catalog import SourceCatalog
from skyexplorer.model.eventlist import FIELD, times_since
from skyexplorer.model.origin import Origin
from skyexplorer.model.region import SkyRegion

RADIUS = "FIELD_RADIUS"
SHOWN = ("OBJECT", "START", "LIVETIME", "EVENT_COUNT")


class Observations(SourceCatalog):
    """A catalogue of pointings: one row a run, its footprint as `extension`.

    To the columns of the file come START and STOP (ISO, UTC) and FIELD_RADIUS (deg).

    Parameters
    ----------
    table : astropy.table.Table
        A GADF observation index: OBS_ID, RA_PNT, DEC_PNT, TSTART, TSTOP and in ``meta`` the keywords of its times.
    radius : Quantity
        Of each footprint; the files do not say it. By default 2.5°, about that of the H.E.S.S. cameras.
    title : str
    origin : Origin, optional

    Raises
    ------
    ColumnError
        If it is no observation index.
    FormatError
        If it does not say the scale of its times, or no run has a pointing.
    """

    def __init__(
        self, table: Table, radius: u.Quantity = FIELD, *, title: str = "", origin: Origin | None = None
    ) -> None:
        if not dl3.is_observation_index(table.colnames):
            raise ColumnError(
                f"No observation index has the columns {', '.join(table.colnames)[:500]}.",
                "It has OBS_ID, RA_PNT, DEC_PNT, TSTART and TSTOP.",
                table.colnames,
            )
        # Single-precision columns of a damaged file may hold signalling NaN, which warn when they are widened.
        with files.reading("an observation index"), np.errstate(all="ignore"):
            start, stop = _times(table)
            table = table.copy(copy_data=False)
            table["START"], table["STOP"] = _texts(start), _texts(stop)
            table[RADIUS] = np.full(len(table), radius.to_value(u.deg)) * u.deg
            super().__init__(
                table, ra="RA_PNT", dec="DEC_PNT", name="OBS_ID", title=title, kind="observations", band="tev",
                origin=origin,
            )  # fmt: skip
        have = set(table.colnames)
        self._roles = replace(
            self._roles,
            extension=RADIUS,
            also=tuple(c for c in ("OBJECT", "TARGET_NAME") if c in have),
            show=tuple(c for c in SHOWN if c in have),
        )
        self.time_bounds: tuple[Time, Time] = (start, stop)
        """Start and stop of each run, in the scale of the file; masked where it gives none."""

    @classmethod
    def read(  # type: ignore[override]
        cls, source: str | Path | bytes | BinaryIO, radius: u.Quantity = FIELD, *, title: str = ""
    ) -> Observations:
        """Read an observation index (``obs-index.fits.gz``).

        Raises
        ------
        FormatError, ColumnError
            If it is something else.
        """
        path = source if isinstance(source, (str, Path)) else ""
        raw = files.stored(source)
        return cls.from_table(tables.read(files.unpack(raw)), radius, title=title, path=str(path), raw=raw)

    @classmethod
    def from_table(
        cls, table: Table, radius: u.Quantity = FIELD, *, title: str = "", path: str = "", raw: bytes = b""
    ) -> Observations:
        """From a table that was read already, as `dl3.is_observation_index` has told."""
        name = title or (Path(path).name if path else "observations")
        note = f"circles of {radius.to_value(u.deg):g} deg around the pointings: the file does not say how far a run saw"
        origin = Origin.of_file(path, raw, title=name, rows=len(table), note=note)
        return cls(table, radius, title=name, origin=origin)

    def footprint(self, index: int) -> SkyRegion:
        """What a run saw."""
        return SkyRegion.circle(self.coords[index], self.table[RADIUS][index] * u.deg)


def _times(table: Table) -> tuple[Time, Time]:
    (days, rest), scale = dl3.reference_of(dict(table.meta), "the observation index")
    reference = Time(days, rest, format="mjd", scale=scale)
    found = []
    for name in ("TSTART", "TSTOP"):
        seconds: np.ndarray = np.ma.filled(np.ma.asarray(np.ma.asarray(table[name]), float), np.nan)
        if seconds.ndim != 1:
            raise FormatError(f"The column {name} holds several values a row.", "It must hold one time.")
        mjd = days + rest + seconds / 86400.0
        good = (mjd > dl3.EARLIEST) & (mjd < dl3.LATEST)
        found.append(times_since(reference, np.where(good, seconds, np.nan)))
    return found[0], found[1]


def _texts(time: Time) -> list[str]:
    import warnings

    good = ~np.broadcast_to(time.mask, time.shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # leap seconds of the years to come are not known
        return [str(t.utc.iso)[:23] if ok else "" for t, ok in zip(time, good, strict=True)]


def refuse_file_index(table: Table, path: str | Path = "") -> FormatError:
    """The error for a GADF HDU index: it lists tables of other files, which are to be opened themselves.

    Returns
    -------
    FormatError
        To be raised; its advice names the first event list that lies beside the index.
    """
    named = _event_files(table)
    beside = [name for name in named if path and _exists(Path(path).parent / name)]
    advice = (
        f"Open one of the {len(beside)} of them that are there, such as {Path(path).parent / beside[0]}."
        if beside
        else "Open one of those, or the observation index beside it."
    )
    return FormatError(
        f"{Path(path).name if path else 'This'} is an index of {len(table)} tables in other files, "
        f"{len(named)} of them event lists.",
        advice,
    )


def _event_files(table: Table) -> list[str]:
    columns = {str(name).upper(): name for name in table.colnames}

    def texts(name: str) -> list[Any]:
        return (
            [str(value).strip() for value in table[columns[name]]] if name in columns else [""] * len(table)
        )

    kinds, folders, names = texts("HDU_TYPE"), texts("FILE_DIR"), texts("FILE_NAME")
    return sorted(
        {f"{d}/{n}".lstrip("/") for k, d, n in zip(kinds, folders, names, strict=True) if k == "events"}
    )


def _exists(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
