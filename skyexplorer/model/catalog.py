"""SourceCatalog and Source: rows with a place on the sky."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table
from numpy.typing import NDArray

from skyexplorer.errors import InputError
from skyexplorer.io import choosing, files, positions, roles, tables
from skyexplorer.model import checks
from skyexplorer.model.checks import Flag
from skyexplorer.model.lightcurve import LightCurve
from skyexplorer.model.origin import Origin

FERMI_NAME = re.compile(r"^(\dF(?:GL|HL))(J\d)")


class SourceCatalog:
    """A table whose rows have positions.

    Parameters
    ----------
    table : astropy.table.Table
        Kept as it is: units, masks and descriptions too.
    ra, dec, error, name, epoch : str, optional
        Columns; where not given they are told from the columns (known catalogues, UCDs, units, names).
        A column given as ``error`` is one Gaussian sigma in one dimension, in its unit or else in degrees;
        published radii of known catalogues are converted.
    title : str
        What it is called.
    origin : Origin, optional

    Raises
    ------
    ColumnError
        If positions cannot be told; the message lists the columns.
    FormatError
        If no row has a position.

    Attributes
    ----------
    flags : tuple of Flag
        What is odd in it: rows without a position, errors that cannot be, numbers that stand for none, names that
        stand twice. All of it is kept; ``origin.note`` has the short of it.

    Examples
    --------
    >>> from astropy.table import Table
    >>> from skyexplorer import SourceCatalog
    >>> catalog = SourceCatalog(Table({"name": ["Crab"], "RA": [83.633], "Dec": [22.014]}))
    >>> catalog[0].name, round(float(catalog.coords.ra.deg[0]), 3)
    ('Crab', 83.633)
    """

    def __init__(
        self,
        table: Table,
        ra: str | None = None,
        dec: str | None = None,
        error: str | None = None,
        name: str | None = None,
        epoch: str | None = None,
        *,
        title: str = "",
        kind: str = "",
        band: str = "",
        origin: Origin | None = None,
    ) -> None:
        self._roles = roles.roles(table, ra=ra, dec=dec, error=error, name=name)
        self._lon, self._lat = positions.degrees(table, self._roles)
        bare = {
            column: unit
            for column, unit in self._roles.units.items()
            if column in table.colnames and table[column].unit is None
        }
        if bare:  # the caller's own table stays as it is
            table = table.copy(copy_data=False)
            for column, unit in bare.items():
                table[column].unit = unit
        with np.errstate(all="ignore"):  # what overflows or is a damaged NaN is odd, and flagged
            table, told = checks.tidied(table, self._roles)
            self.flags: tuple[Flag, ...] = (*told, *checks.flags(table, self._roles, self._lon))
        self.table = table
        self.kind: str = kind or self._roles.id
        self.band: str = band or self._roles.band
        self.epoch = epoch
        self.name: str = title or self._roles.title or (origin.title if origin else "") or "catalogue"
        given = origin or Origin(title=self.name, service="user", rows=len(table))
        self.origin = self._noted(given)

    def _noted(self, origin: Origin) -> Origin:
        """The origin with what the file, its kind and the flags have to tell."""
        meta = self.table.meta
        notes = (
            origin.note,
            str(meta.get(choosing.NOTE) or ""),
            self._roles.note,
            checks.summary(self.flags),
        )
        text = "; ".join(note for note in dict.fromkeys(notes) if note)
        overflow = origin.overflow or bool(meta.get(choosing.OVERFLOW))
        return replace(origin, note=text, overflow=overflow)

    @classmethod
    def read(
        cls,
        source: str | Path | bytes | BinaryIO,
        *,
        title: str = "",
        table: str | int | None = None,
        group: str | None = None,
        **columns: str | None,
    ) -> SourceCatalog:
        """Read FITS, VOTable, ECSV, CSV, text columns, Parquet, HDF5, ROOT or GeoJSON points, gzipped or not.

        Parameters
        ----------
        source : str, Path, bytes or binary file
        title : str
            What to call it; else the title of a known catalogue, or the name of the file.
        table, group : str or int, optional
            Which table of a file that holds several (VOTable, FITS, ROOT), by name or number from 0; ``group`` is the
            same for HDF5. Without it the first that has rows and positions is taken, and ``origin.note`` names the
            others.
        **columns : str, optional
            ``ra``, ``dec``, ``error``, ``name``, ``epoch``: columns for these.

        Raises
        ------
        FormatError, ColumnError
            If it cannot be read, or positions cannot be told.
        InputError
            If there is no such table.
        """
        path = source if isinstance(source, (str, Path)) else ""
        raw = files.stored(source)
        rows = tables.read(files.unpack(raw), group if table is None else table)
        epoch = columns.pop("epoch", None)
        found = roles.roles(rows, **columns)
        name = title or found.title or (Path(path).name if path else "table")
        origin = Origin.of_file(path, raw, title=name, rows=len(rows))
        return cls(rows, title=name, origin=origin, epoch=epoch, **columns)  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(self.table)

    def __iter__(self) -> Iterator[Source]:
        return (Source(self, i) for i in range(len(self)))

    def __getitem__(self, index: int) -> Source:
        n = len(self)
        if not -n <= index < n:
            raise IndexError(f"row {index} of {self.name}, which has {n} rows")
        return Source(self, int(index) % n)

    def __repr__(self) -> str:
        return f"<SourceCatalog {self.name}: {len(self)} sources>"

    @cached_property
    def coords(self) -> SkyCoord:
        """Positions, ICRS; NaN where a row has none."""
        return SkyCoord(self._lon * u.deg, self._lat * u.deg)

    @property
    def no_position(self) -> NDArray[np.bool_]:
        """Rows without a position: kept in the table, not drawn."""
        return ~np.isfinite(self._lon)

    @cached_property
    def names(self) -> list[str]:
        """Name of each row; the row number where the table has none."""
        column = self._roles.name
        if column is None:
            return [f"{self.name} {i + 1}" for i in range(len(self))]
        prefix = self._roles.prefix
        texts = [
            prefix + text
            if (text := _text(value))
            else next(iter(self.other_names(i)), f"{self.name} {i + 1}")
            for i, value in enumerate(self.table[column])
        ]
        # Some copies of Fermi's tables lost the blank of "4FGL J0509.4+0542".
        return [FERMI_NAME.sub(r"\1 \2", text) for text in texts]

    def other_names(self, index: int) -> list[str]:
        """Further names of a row: its associations in other catalogues."""
        return [text for c in self._roles.also if (text := _text(self.table[c][index]))]

    @property
    def telling_columns(self) -> tuple[str, ...]:
        """Columns worth showing beside name and position."""
        if self._roles.show:
            return self._roles.show
        used = {self._roles.ra, self._roles.dec, self._roles.name}
        flat = [c for c in self.table.colnames if c not in used and self.table[c].ndim == 1]
        return tuple(flat[:4])

    @cached_property
    def error(self) -> u.Quantity | None:
        """One-dimensional Gaussian sigma of each position (deg), NaN where missing; None where there is none.

        Published radii of containment p are divided by sqrt(-2 ln(1 - p)); of an ellipse, the geometric
        mean of its axes is taken.
        """
        scale = np.sqrt(-2 * np.log(1 - self._roles.containment))
        if self.error_ellipse is not None:
            a, b, _ = self.error_ellipse
            return np.sqrt(a * b) / scale
        values = positions.numbers(self.table, self._roles.error)
        if values is None:
            return None
        # An error of nothing or of more than half the sky is none: `flags` tells of it.
        return np.where((values > 0) & (values <= checks.LARGEST_ERROR), values, np.nan) / scale * u.deg

    @cached_property
    def error_ellipse(self) -> tuple[u.Quantity, u.Quantity, u.Quantity] | None:
        """Semi-axes and position angle east of north (deg) at `error_containment`; NaN where missing."""
        if self._roles.ellipse is not None:
            a, b, pa = (positions.numbers(self.table, column) for column in self._roles.ellipse)
            assert a is not None
            assert b is not None
            assert pa is not None
            good = (a > 0) & (b > 0)
            # A circle is published with no position angle.
            pa = np.where(np.isfinite(pa), pa, 0.0)
            return tuple(np.where(good, x, np.nan) * u.deg for x in (a, b, pa))
        return None

    @property
    def error_containment(self) -> float:
        """Probability inside the published error circle or ellipse."""
        return self._roles.containment

    @cached_property
    def extension(self) -> u.Quantity | None:
        """Extension of the emission (deg), NaN where point-like; None where the table does not say."""
        values = positions.numbers(self.table, self._roles.extension)
        return None if values is None else np.where(values > 0, values, np.nan) * u.deg

    def take(self, indices: Sequence[int] | NDArray[Any]) -> SourceCatalog:
        """A catalogue of some rows, in the order given."""
        rows = np.asarray(indices)
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows.astype(int)
        return self._with(self.table[rows], rows)

    def with_columns(self, **columns: Any) -> SourceCatalog:
        """A catalogue with further columns; this one stays as it is."""
        table = self.table.copy()
        for name, values in columns.items():
            table[name] = values
        return self._with(table, slice(None))

    def _with(self, table: Table, rows: NDArray[Any] | slice) -> SourceCatalog:
        # Not through the constructor: the roles are known, and rows may be few, or none with a position.
        twin = object.__new__(SourceCatalog)
        twin._roles, twin.table = self._roles, table
        twin._lon, twin._lat = self._lon[rows], self._lat[rows]
        twin.kind, twin.band, twin.epoch = self.kind, self.band, self.epoch
        twin.name, twin.origin = self.name, self.origin
        kept = np.arange(len(self))[rows]
        twin.flags = tuple(flag for old in self.flags if (flag := old.among(kept)))
        return twin

    def light_curve(self, index: int) -> LightCurve | None:
        """The light curve that the table itself holds for a row, or None.

        Fermi catalogues hold a flux history: monthly bins in 3FGL, yearly ones in 4FGL-DR2. Where the lower
        error is missing the bin is a 95 % upper limit, at the flux plus twice the upper error: the catalogues
        set the lower error to NULL there, and derive the upper one from the limit (3FGL and 4FGL papers,
        column Unc_Flux_History). Bins of 3FGL are those of its table Hist_Start; those of 4FGL are years of 365.25
        days from 2008-08-04 (MET 239557417 s), computed here.
        """
        if not self._roles.history:
            return None
        return LightCurve.from_history(self.table, index, self._roles.history, self.names[index], self.origin)


@dataclass(frozen=True, eq=False)
class Source:
    """One row of a catalogue, which it keeps."""

    catalog: SourceCatalog
    index: int

    def __post_init__(self) -> None:
        if not 0 <= self.index < len(self.catalog):
            raise InputError(f"row {self.index} of {self.catalog.name}, which has {len(self.catalog)} rows")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Source) and other.catalog is self.catalog and other.index == self.index

    def __hash__(self) -> int:
        return hash((id(self.catalog), self.index))

    def __repr__(self) -> str:
        return f"<Source {self.name} of {self.catalog.name}>"

    @property
    def name(self) -> str:
        """Its name."""
        return self.catalog.names[self.index]

    @property
    def other_names(self) -> list[str]:
        """Its names in other catalogues."""
        return self.catalog.other_names(self.index)

    @property
    def coord(self) -> SkyCoord:
        """Its position, ICRS."""
        return self.catalog.coords[self.index]

    @property
    def row(self) -> dict[str, Any]:
        """Column names and values."""
        row = self.catalog.table[self.index]
        return {name: row[name] for name in row.colnames}

    @property
    def origin(self) -> Origin:
        """Where its catalogue comes from."""
        return self.catalog.origin


def _text(value: Any) -> str:
    if value is np.ma.masked:
        return ""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    text = text.strip()
    return "" if text in ("--", "None", "nan", "<NA>") else text
