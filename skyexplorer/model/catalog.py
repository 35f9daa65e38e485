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
from astropy.time import Time
from numpy.typing import NDArray

from skyexplorer.errors import FormatError, InputError
from skyexplorer.io import choosing, epochs, files, hats, positions, roles, tables
from skyexplorer.model import checks
from skyexplorer.model.checks import Flag
from skyexplorer.model.ledger import Ledger
from skyexplorer.model.lightcurve import LightCurve
from skyexplorer.model.origin import Origin
from skyexplorer.model.proper_motion import Motion, told

Floats = NDArray[np.float64]
FERMI_NAME = re.compile(r"^(\dF(?:GL|HL))(J\d)")
FERMI_LINE = re.compile(FERMI_NAME.pattern, re.MULTILINE)


class SourceCatalog:
    """A table whose rows have positions.

    Parameters
    ----------
    table : astropy.table.Table
        Kept as it is: units, masks and descriptions too.
    ra, dec, error, name : str, optional
        Columns; where not given they are told from the columns (known catalogues, UCDs, units, names).
        A column given as ``error`` is one Gaussian sigma in one dimension, in its unit or else in degrees;
        published radii of known catalogues are converted.
    epoch : str, float or Time, optional
        When the positions hold: a column (years, MJD, JD, dates), or a Time, a year or a text such as ``"J2016.0"`` for
        all rows or one each. Else told from the columns.
    pmra, pmdec, parallax, radial_velocity : str, optional
        Columns of the proper motion, μ_α* = μ_α cos δ and μ_δ (in their unit, else mas/yr), and of what makes the motion
        one in space (else mas and km/s). Else told from the columns.
    ellipse : tuple of str, optional
        Columns of the semi-axes and the position angle of error ellipses (deg), instead of ``error``.
    containment : float, optional
        Probability inside ``error`` or ``ellipse``; default that of one sigma, 0.3935.
    title : str
        What it is called.
    origin : Origin, optional
    empty : bool
        Whether a table of no rows will do: an answer to a question can be that there are none.

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

    ledger: Ledger | None = None
    """Who was asked for it, and what came; None where it was read or made."""
    question: Any = None
    """What was asked, for `SkyExplorer.fetch_on`; None where it was read or made."""
    _moved_by: Floats  # years, where it is
    _given: SourceCatalog | None = None  # of a catalogue at another epoch: the one it was made from

    def __init__(
        self,
        table: Table,
        ra: str | None = None,
        dec: str | None = None,
        error: str | None = None,
        name: str | None = None,
        epoch: str | float | Time | None = None,
        *,
        pmra: str | None = None,
        pmdec: str | None = None,
        parallax: str | None = None,
        radial_velocity: str | None = None,
        ellipse: tuple[str, str, str] | None = None,
        containment: float | None = None,
        title: str = "",
        kind: str = "",
        band: str = "",
        origin: Origin | None = None,
        empty: bool = False,
    ) -> None:
        self._roles = roles.roles(
            table, ra=ra, dec=dec, error=error, name=name,
            pmra=pmra, pmdec=pmdec, parallax=parallax, radial_velocity=radial_velocity,
        )  # fmt: skip
        bare = {
            column: unit
            for column, unit in self._roles.units.items()
            if column in table.colnames and table[column].unit is None
        }
        if bare:  # the caller's own table stays as it is
            table = table.copy(copy_data=False)
            for column, unit in bare.items():
                table[column].unit = unit
        sizes = (error,) if ellipse is None else ellipse[:2]
        taken = [text for column in sizes if (text := positions.taken_as_degrees(table, column))]
        if ellipse is not None:
            self._roles = replace(self._roles, ellipse=ellipse, error=None)
        if containment is not None:
            self._roles = replace(self._roles, containment=containment)
        if empty and not len(table):
            self._lon, self._lat = np.zeros((2, 0))
        else:
            self._lon, self._lat = positions.degrees(table, self._roles)
        with np.errstate(all="ignore"):  # what overflows or is a damaged NaN is odd, and flagged
            table, told = checks.tidied(table, self._roles)
            self.flags: tuple[Flag, ...] = (*told, *checks.flags(table, self._roles, self._lon))
        self.table = table
        self.kind: str = kind or self._roles.id
        self.band: str = band or self._roles.band
        self.epoch = epoch
        if epoch is not None:
            named = isinstance(epoch, str) and epoch in table.colnames
            self._years = epochs.of_column(table[epoch]) if named else epochs.given(epoch, len(table))
        self.name: str = title or self._roles.title or (origin.title if origin else "") or "catalogue"
        given = origin or Origin(title=self.name, service="user", rows=len(table))
        self.origin = self._noted(given, taken)

    def _noted(self, origin: Origin, taken: Sequence[str]) -> Origin:
        """The origin with what the file, its kind, what was taken for granted and the flags have to tell."""
        meta = self.table.meta
        notes = (
            origin.note,
            str(meta.get(choosing.NOTE) or ""),
            self._roles.note,
            *taken,
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
        epoch: str | float | Time | None = None,
        **columns: str | None,
    ) -> SourceCatalog:
        """Read FITS, VOTable, ECSV, CSV, text columns, Parquet, HDF5, ROOT or GeoJSON points, gzipped or not; or HATS.

        Parameters
        ----------
        source : str, Path, bytes or binary file
        title : str
            What to call it; else the title of a known catalogue, or the name of the file.
        table, group : str or int, optional
            Which table of a file that holds several (VOTable, FITS, ROOT), by name or number from 0; ``group`` is the
            same for HDF5. Without it the first that has rows and positions is taken, and ``origin.note`` names the
            others.
        epoch : str, float or Time, optional
            A column, or when the positions hold; see above.
        **columns : str, optional
            ``ra``, ``dec``, ``error``, ``name``, ``pmra``, ``pmdec``, ``parallax``, ``radial_velocity``: columns for these.

        Returns
        -------
        SourceCatalog

        Raises
        ------
        FormatError, ColumnError
            If it cannot be read, or positions cannot be told.
        InputError
            If there is no such table.

        Examples
        --------
        >>> from skyexplorer import SourceCatalog
        >>> catalog = SourceCatalog.read(b"name,RA,Dec\\nCrab,05:34:31.9,+22:00:52\\nVela,08:35:20.6,-45:10:35\\n")
        >>> catalog.names, catalog.coords.ra.deg.round(3).tolist()
        (['Crab', 'Vela'], [83.633, 128.836])
        """
        path = source if isinstance(source, (str, Path)) else ""
        if path and hats.is_hats(path):
            known = hats.open(path)
            rows = hats.table(known)
            columns = {"ra": known.ra, "dec": known.dec, **columns}
            origin = Origin(title or known.name, location=str(path), rows=len(rows), header=known.facts)
            return cls(rows, title=title or known.name, origin=origin, epoch=epoch, **columns)  # type: ignore[arg-type]
        raw = files.stored(source)
        rows = tables.read(files.unpack(raw), group if table is None else table)
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
            return [f"{self.name} {i}" for i in range(1, len(self) + 1)]
        prefix = self._roles.prefix
        texts = _texts(self.table[column])
        nameless = [i for i, text in enumerate(texts) if not text] if "" in texts else []
        if prefix:
            texts = [prefix + text for text in texts]
        for i in nameless:
            texts[i] = next(iter(self.other_names(i)), f"{self.name} {i + 1}")
        # Some copies of Fermi's tables lost the blank of "4FGL J0509.4+0542".
        joined = "\n".join(texts)
        if ("FGL" in joined or "FHL" in joined) and FERMI_LINE.search(joined):
            texts = [FERMI_NAME.sub(r"\1 \2", text) for text in texts]
        return texts

    def other_names(self, index: int) -> list[str]:
        """Further names of a row: its associations in other catalogues.

        Parameters
        ----------
        index : int

        Returns
        -------
        list of str

        Examples
        --------
        >>> from skyexplorer import samples
        >>> fermi = samples.open("fermi-sources")
        >>> fermi.other_names(0)
        ['PSR J0007+7303']
        """
        return [text for c in self._roles.also if (text := _text(self.table[c][index]))]

    @property
    def association_columns(self) -> tuple[str, ...]:
        """Columns with names of the sources in other catalogues."""
        return self._roles.also

    @property
    def telling_columns(self) -> tuple[str, ...]:
        """Columns worth showing beside name and position."""
        if self._roles.show:
            return self._roles.show
        used = {self._roles.ra, self._roles.dec, self._roles.name, *self._roles.computed}
        flat = [c for c in self.table.colnames if c not in used and self.table[c].ndim == 1]
        return tuple(flat[:4])

    @property
    def computed_columns(self) -> tuple[str, ...]:
        """Columns that `with_columns` has added, the last first."""
        return self._roles.computed

    @cached_property
    def error(self) -> u.Quantity | None:
        """One-dimensional Gaussian sigma of each position (deg), NaN where missing; None where there is none.

        Published radii of containment p are divided by sqrt(-2 ln(1 - p)); of an ellipse, the geometric
        mean of its axes is taken.
        """
        scale = np.sqrt(-2 * np.log(1 - self._roles.containment))
        if self._given is not None or self._roles.axes is not None:
            if self._covariance is None:
                return None
            east, north, rho = self._covariance
            # As of an ellipse: the fourth root of the determinant.
            return np.sqrt(east * north * np.sqrt(1 - rho * rho)) * u.deg
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
        if self._given is not None:
            if self._given.error_ellipse is None or self._covariance is None:
                return None
            from skyexplorer.core import errors2d

            scale = np.sqrt(-2 * np.log(1 - self._roles.containment))
            long, short, angle = errors2d.axes(*self._covariance)
            return long * scale * u.deg, short * scale * u.deg, angle * u.deg
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

    @cached_property
    def _covariance(self) -> tuple[Floats, Floats, Floats] | None:
        """One sigma east and north (deg), and their correlation; NaN where missing."""
        if self._given is not None:
            before = self._given._covariance
            if before is None or self._given._motion is None:
                return before
            from skyexplorer.core import errors2d

            return errors2d.inflated(*before, *self._given._motion.errors, self._moved_by)
        if self._roles.axes is not None:
            from skyexplorer.core import errors2d

            east, north, rho = (positions.numbers(self.table, column) for column in self._roles.axes)
            assert east is not None
            assert north is not None
            return errors2d.checked(east, north, rho, checks.LARGEST_ERROR)
        if self.error_ellipse is not None:
            from skyexplorer.core import errors2d

            scale = np.sqrt(-2 * np.log(1 - self._roles.containment))
            a, b, pa = (x.to_value(u.deg) for x in self.error_ellipse)
            return errors2d.of_ellipse(a / scale, b / scale, pa)
        if self.error is None:
            return None
        sigma = self.error.to_value(u.deg)
        return sigma, sigma, np.zeros(len(sigma))

    @property
    def covariance(self) -> tuple[u.Quantity, u.Quantity, Floats] | None:
        """One Gaussian sigma of each position east and north (deg), and their correlation; None where there are no errors.

        From the published ellipse or circle, or as the table gives them (Gaia). NaN where a row has none.
        """
        if self._covariance is None:
            return None
        east, north, rho = self._covariance
        return east * u.deg, north * u.deg, rho

    @cached_property
    def _years(self) -> Floats | None:
        """Epochs of the positions as Julian years: one for all, or (n,) with NaN where a row has none."""
        if self._roles.at:
            return np.array([epochs.of_text(self._roles.at)])
        if self._roles.epoch is None:
            return None
        try:
            return epochs.of_column(self.table[self._roles.epoch])
        except FormatError:
            return None  # a column of that name that was not named by the caller, and holds something else

    @property
    def epochs(self) -> Time | None:
        """When the positions hold, one Time for all or one a row (masked where it has none); None where it is not known."""
        if self._years is None:
            return None
        values = self._years
        shown = np.ma.masked_invalid(values) if not np.isfinite(values).all() else values
        return Time(shown if len(values) > 1 or len(self) == 1 else values[0], format="jyear", scale="tcb")

    @cached_property
    def _motion(self) -> Motion | None:
        return Motion.of_table(self.table, self._roles)

    @property
    def proper_motion(self) -> tuple[u.Quantity, u.Quantity] | None:
        """μ_α cos δ and μ_δ of each row (mas/yr) at the epoch of the table, NaN where missing; None where there are none."""
        if self._motion is None:
            return None
        unit = u.mas / u.yr
        return self._motion.pmra * unit, self._motion.pmdec * unit

    def at_epoch(self, time: Time | str | float) -> SourceCatalog:
        """The catalogue with its positions at another epoch; its table stays as it is.

        Rows move uniformly in space where parallax and radial velocity are given, else along a great circle (Butkevich &
        Lindegren 2014). The errors grow by those of the proper motions times the span of time; a row without a proper
        motion stays where it is, and its error grows by the spread of the others' motions. A row without an epoch stays.

        Parameters
        ----------
        time : Time, str or float
            As for ``epoch``: for all rows, or one each.

        Raises
        ------
        InputError
            If the catalogue has no proper motions or no epoch.

        Examples
        --------
        >>> from astropy.table import Table
        >>> from skyexplorer import SourceCatalog
        >>> star = Table({"ra": [269.452076], "dec": [4.693365], "pmra": [-801.551], "pmdec": [10362.394],
        ...               "parallax": [546.9759], "radial_velocity": [-110.5]})
        >>> SourceCatalog(star, epoch="J2016.0").at_epoch("J2000").coords.dec.deg.round(7).tolist()
        [4.6473554]
        """
        if self._given is not None:
            return self._given.at_epoch(time)  # from the table's own epoch: no step adds to another's errors
        from skyexplorer.core import motion

        if self._motion is None:
            raise InputError(
                f"{self.name} has no proper motions.", "Name their columns: pmra=…, pmdec=… (mas/yr)."
            )
        if self._years is None:
            raise InputError(f"{self.name} has no epoch.", 'Give one: SourceCatalog(table, epoch="J2016.0").')
        there = epochs.given(time, len(self))
        twin = self._with(self.table, slice(None))
        twin._given, twin._years, twin.epoch = self, there, time
        twin._moved_by = there - self._years
        twin._lon, twin._lat = motion.moved(self._lon, self._lat, self._motion.arrays, self._years, there)
        note = f"positions moved from {told(self._years)} to {told(there)} by their proper motions"
        if self._motion.missing:
            note += f", {self._motion.missing} without one left in place"
        twin.origin = replace(self.origin, note="; ".join(text for text in (self.origin.note, note) if text))
        return twin

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
        """A catalogue of some rows, in the order given.

        Parameters
        ----------
        indices : (m,) int or (n,) bool

        Returns
        -------
        SourceCatalog

        Examples
        --------
        >>> from skyexplorer import samples
        >>> fermi = samples.open("fermi-sources")
        >>> bright = fermi.take(fermi.table["Signif_Avg"] > 100)
        >>> len(bright) < len(fermi)
        True
        """
        rows = np.asarray(indices)
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows.astype(int)
        return self._with(self.table[rows], rows)

    def with_columns(self, **columns: Any) -> SourceCatalog:
        """A catalogue with further columns, which stand first in the table of sources; this one stays as it is.

        Parameters
        ----------
        **columns : array, (n,)
            Name and values of each.

        Returns
        -------
        SourceCatalog

        Examples
        --------
        >>> from skyexplorer import samples
        >>> fermi = samples.open("fermi-sources")
        >>> import numpy as np
        >>> more = fermi.with_columns(log_flux=np.log10(fermi.table["Energy_Flux100"]))
        >>> "log_flux" in more.table.colnames, "log_flux" in fermi.table.colnames
        (True, False)
        """
        table = self.table.copy()
        for name, values in columns.items():
            table[name] = values
        twin = self._with(table, slice(None))
        own = {self._roles.ra, self._roles.dec, self._roles.name}
        new = [name for name in columns if name not in own and table[name].ndim == 1]
        twin._roles = replace(self._roles, computed=tuple(dict.fromkeys((*new, *self._roles.computed))))
        if twin._given is not None:
            twin._given._roles = twin._roles  # where another epoch is reckoned from
        return twin

    def _with(self, table: Table, rows: NDArray[Any] | slice) -> SourceCatalog:
        # Not through the constructor: the roles are known, and rows may be few, or none with a position.
        twin = object.__new__(SourceCatalog)
        twin._roles, twin.table = self._roles, table
        twin._lon, twin._lat = self._lon[rows], self._lat[rows]
        twin.kind, twin.band, twin.epoch = self.kind, self.band, self.epoch
        if self.epoch is not None or self._given is not None:
            years = self._years
            twin._years = years if years is None or len(years) != len(self) else years[rows]
            if isinstance(self.epoch, Time) and self.epoch.shape == (len(self),):
                twin.epoch = self.epoch[rows]
        if self._given is not None:
            by = self._moved_by
            twin._given = self._given._with(table, rows)
            twin._moved_by = by if len(by) != len(self) else by[rows]
        twin.name, twin.origin = self.name, self.origin
        twin.flags = self.flags
        if self.flags and not isinstance(rows, slice):
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

        Parameters
        ----------
        index : int

        Returns
        -------
        LightCurve or None

        Examples
        --------
        >>> from skyexplorer import samples
        >>> fermi = samples.open("fermi-sources")
        >>> fermi.light_curve(fermi.names.index("4FGL J0509.4+0542"))
        <LightCurve 4FGL J0509.4+0542: 10 points, 0 limits, 1 / (s cm2)>
        """
        if not self._roles.history:
            return None
        return LightCurve.from_history(self.table, index, self._roles.history, self.names[index], self.origin)


@dataclass(frozen=True, eq=False)
class Source:
    """One row of a catalogue, which it keeps.

    Examples
    --------
    >>> from skyexplorer import samples
    >>> fermi = samples.open("fermi-sources")
    >>> source = fermi[0]
    >>> source.name, source.other_names, str(source.row["CLASS1"])
    ('4FGL J0007.0+7303', ['PSR J0007+7303'], 'PSR')
    """

    catalog: SourceCatalog
    index: int

    def __post_init__(self) -> None:
        if not 0 <= self.index < len(self.catalog):
            raise InputError(
                f"There is no row {self.index} of {self.catalog.name}, which has {len(self.catalog)}.",
                "Rows count from 0; rows from the end, such as -1, by catalogue[-1].",
            )

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


_NO_TEXT = frozenset({"--", "None", "nan", "<NA>"})


def _text(value: Any) -> str:
    if value is np.ma.masked:
        return ""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    text = text.strip()
    return "" if text in _NO_TEXT else text


def _texts(column: Any) -> list[str]:
    """`_text` of each row; a million texts at once."""
    values = np.asarray(np.ma.getdata(column))
    if values.dtype.kind not in "SU" or values.ndim != 1:
        return [_text(value) for value in column]
    if values.dtype.kind == "S":
        values = np.char.decode(values, "utf-8", "replace")
    texts: list[str] = (np.char.strip(values) if _padded(values) else values).tolist()
    for i in np.flatnonzero(np.ma.getmaskarray(column)):
        texts[i] = ""
    return texts if _NO_TEXT.isdisjoint(texts) else ["" if text in _NO_TEXT else text for text in texts]


def _padded(values: NDArray[np.str_]) -> bool:
    """Whether some text may begin or end with a blank: most tables have none, and stripping costs most of the time."""
    if not values.size or not values.itemsize:
        return False
    codes = np.ascontiguousarray(values).view(np.uint32).reshape(len(values), -1)
    blank = (codes <= 32) & (codes > 0) | (codes > 126)  # beyond ASCII there are blanks too
    ends = blank[:, :-1] & (codes[:, 1:] == 0)
    return bool(blank[:, 0].any() or ends.any() or blank[:, -1].any())
