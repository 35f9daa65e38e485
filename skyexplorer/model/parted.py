"""PartedCatalog: a catalogue that is read in parts as they are needed, as one larger than memory is; and its cross-match."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table, vstack
from numpy.typing import NDArray

from skyexplorer import progress
from skyexplorer.core import memory
from skyexplorer.core.stream import PAIR_BYTES, PART_ROWS, Part
from skyexplorer.errors import ColumnError, FormatError, InputError
from skyexplorer.io import hats, parquet, positions
from skyexplorer.io.parquet import Pieces
from skyexplorer.model.catalog import SourceCatalog
from skyexplorer.model.origin import Origin
from skyexplorer.model.pairs import MOST_PAIRS, check, check_sigma, counted, table_of
from skyexplorer.model.places import degrees, radii, sigma
from skyexplorer.model.region import SkyRegion

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ENDINGS = (".parquet", ".parq", ".pq")
HELD_BYTES = (
    112  # of a row of the list that is held: its copy, its share of the filter, its positions and error
)
PART_BYTES = 160  # of a row of a part: packed, unpacked and as positions, one part in hand and one ahead
LARGEST_BLOCK = 200_000_000  # rows held at once, however much memory there is
CELL_ORDER = 6  # of the cells by which it is told which files have something near a list
SAMPLES = (100, 1_000_000)  # rows by which columns are told


class PartedCatalog:
    """Rows with positions in Parquet files or in a HATS catalogue, of which only what is asked for is read.

    Made by `open`. It may be either side of `crossmatch`.

    Attributes
    ----------
    name : str
    origin : Origin
    rows : int
    hats : str
        Folder of the HATS catalogue that it is; empty where it is none.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pyarrow as pa
    >>> from pyarrow import parquet
    >>> from skyexplorer import PartedCatalog
    >>> path = Path(tempfile.mkdtemp()) / "stars.parquet"
    >>> parquet.write_table(pa.table({"ra": [10.0, 20.0, 30.0], "dec": [-5.0, 0.0, 5.0]}), path)
    >>> stars = PartedCatalog.open(path)
    >>> stars
    <PartedCatalog stars.parquet: 3 rows in 1 file>
    >>> [(part.first, part.ra.tolist()) for part in stars.parts()]
    [(0, [10.0, 20.0, 30.0])]
    >>> stars.take([2]).coords.dec.deg.tolist()
    [5.0]
    """

    def __init__(
        self,
        pieces: Pieces,
        sample: SourceCatalog,
        name: str,
        origin: Origin,
        given: dict[str, str | None],
        hats: str = "",
    ) -> None:
        self._pieces, self._sample, self._given = pieces, sample, given
        self.name, self.origin = name, origin
        self.rows = pieces.total
        self.hats = hats

    @classmethod
    def open(
        cls,
        source: str | Path | Sequence[str | Path],
        ra: str | None = None,
        dec: str | None = None,
        error: str | None = None,
        name: str | None = None,
        *,
        title: str = "",
    ) -> PartedCatalog:
        """Open files without reading their rows.

        Parameters
        ----------
        source : str, Path, or several
            A Parquet file, a pattern such as ``stars/*.parquet``, a folder of Parquet files, or that of a HATS catalogue
            (or of a collection of one with its margins). Rows are numbered in the order of the names of the files; of a
            HATS catalogue in that of its cells.
        ra, dec, error, name : str, optional
            Columns; where not given they are told as `SourceCatalog` does, those of positions by the properties of HATS.
        title : str
            What to call it.

        Returns
        -------
        PartedCatalog

        Raises
        ------
        FormatError, ColumnError
            If a file cannot be read, or the columns of positions cannot be told.
        InputError
            If there is no such file, or positions are text.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> import pyarrow as pa
        >>> from pyarrow import parquet
        >>> from skyexplorer import PartedCatalog
        >>> path = pathlib.Path(tempfile.mkdtemp(), "stars.parquet")
        >>> parquet.write_table(pa.table({"ra": [10.0, 20.0, 30.0], "dec": [-5.0, 0.0, 5.0], "mag": [12., 13., 14.]}), path)
        >>> stars = PartedCatalog.open(path)
        >>> stars
        <PartedCatalog stars.parquet: 3 rows in 1 file>
        """
        known = hats.open(source) if isinstance(source, str | Path) and hats.is_hats(source) else None
        paths = known.paths if known else _files(source)
        if known and ra is None and dec is None:
            ra, dec = known.ra, known.dec
        given = {"ra": ra, "dec": dec, "error": error, "name": name}
        sample = _sample(paths, given)
        told = sample._roles
        if told.sexagesimal:
            raise InputError(
                f"Positions in {told.ra!r} and {told.dec!r} are text.",
                "Write them as degrees, or read the catalogue whole: SourceCatalog.read.",
            )
        plain = (
            told.frame == "icrs"
            and not told.hours
            and _unit(sample, told.ra) == _unit(sample, told.dec) == 1.0
        )
        facts = hats.metadata(known) if known else None
        pieces = parquet.pieces(paths, (told.ra, told.dec), facts)
        if not plain:
            pieces = replace(pieces, radius=np.full(len(pieces.rows), 180.0))
        if known:
            pieces = _in_cells(pieces, known)
            if known.rows >= 0 and known.rows != pieces.total:
                raise FormatError(
                    f"{str(source)!r} has {pieces.total} rows, and its properties say {known.rows}.",
                    "Fetch it whole.",
                )
        first = source if isinstance(source, str | Path) else next(iter(source))
        called = title or (known.name if known else "") or told.title or Path(first).name
        origin = Origin(called, location=str(first), rows=pieces.total, header=known.facts if known else {})
        return cls(pieces, sample, called, origin, given, str(source) if known else "")

    def __len__(self) -> int:
        return self.rows

    def __repr__(self) -> str:
        files = len(self._pieces.paths)
        return f"<PartedCatalog {self.name}: {self.rows} rows in {files} file{'s' if files != 1 else ''}>"

    @property
    def columns(self) -> list[str]:
        """Names of its columns, those of numbers and text."""
        return list(self._sample.table.colnames)

    @property
    def moves(self) -> bool:
        """Whether it tells proper motions: not used where it is matched in parts, but by the rows that are read."""
        return self._sample._roles.motion is not None

    @property
    def has_errors(self) -> bool:
        """Whether it tells errors of positions."""
        return self._sample.error is not None

    def parts(self, errors: bool = False, wanted: Ints | None = None) -> Iterator[Part]:
        """Positions, in parts of bounded size, the next of which is read while one is worked on.

        Parameters
        ----------
        errors : bool
            Whether ``sigma`` is wanted too: the one-dimensional Gaussian error of each position (deg), NaN where missing.
        wanted : int array, optional
            Numbers of row groups; all if not given.

        Yields
        ------
        Part
            ``first`` (number of its first row), ``ra``, ``dec`` (deg, ICRS, NaN where a row has no position), ``sigma``.

        Raises
        ------
        InputError
            If errors are wanted, and it has none.
        FormatError
            If a file cannot be read, or holds numbers that are no positions.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> import pyarrow as pa
        >>> from pyarrow import parquet
        >>> from skyexplorer import PartedCatalog
        >>> path = pathlib.Path(tempfile.mkdtemp(), "stars.parquet")
        >>> parquet.write_table(pa.table({"ra": [10.0, 20.0, 30.0], "dec": [-5.0, 0.0, 5.0], "mag": [12., 13., 14.]}), path)
        >>> stars = PartedCatalog.open(path)
        >>> [(part.first, part.ra.tolist()) for part in stars.parts()]
        [(0, [10.0, 20.0, 30.0])]
        """
        if errors and not self.has_errors:
            raise InputError(
                f"{self.name} has no errors of position.",
                "Name their column: PartedCatalog.open(…, error=…).",
            )
        told = self._sample._roles
        names = [told.ra, told.dec]
        if errors:
            more = [told.error, *(told.ellipse or ())]
            names += [column for column in more if column is not None and column not in names]
        groups = np.arange(len(self._pieces.rows)) if wanted is None else wanted
        return _ahead(self._read(names, errors, groups))

    def _read(self, names: list[str], errors: bool, groups: Ints) -> Iterator[Part]:
        waiting: list[Part] = []
        for first, arrow in parquet.stream(self._pieces, names, groups, PART_ROWS):
            part = self._part(first, arrow, errors)
            rows = sum(len(each.ra) for each in waiting)
            # Small files are worked on together, as far as their rows follow one another.
            if waiting and (rows + len(part.ra) > PART_ROWS or waiting[0].first + rows != first):
                yield _one(waiting)
                waiting = []
            waiting.append(part)
        if waiting:
            yield _one(waiting)

    def _part(self, first: int, arrow: Any, errors: bool) -> Part:
        told = self._sample._roles
        plain = told.frame == "icrs" and not told.hours and not told.missing
        scale = _unit(self._sample, told.ra), _unit(self._sample, told.dec)
        if plain and scale == (1.0, 1.0):
            ra, dec = (_numbers(arrow, column) for column in (told.ra, told.dec))
        else:
            table = self._table(arrow, (told.ra, told.dec))
            ra, dec = (positions.floats(table[column]) for column in (told.ra, told.dec))
            if (
                np.isfinite(ra) & np.isfinite(dec) & ~np.isin(ra, told.missing) & ~np.isin(dec, told.missing)
            ).any():
                ra, dec = positions.degrees(table, told)
            else:
                ra, dec = np.full((2, len(ra)), np.nan)
        ra, dec = _tidied(ra, dec, told.ra, told.dec)
        if not errors:
            return Part(first, ra, dec)
        columns = [column for column in (told.error, *(told.ellipse or ())) if column is not None]
        # What an error is, the noun knows; its own rows are not asked for here.
        noun = self._sample._with(self._table(arrow, columns), np.zeros(len(ra), np.int64))
        assert noun.error is not None
        return Part(first, ra, dec, np.ascontiguousarray(noun.error.to_value(u.deg), np.float64))

    def _table(self, arrow: Any, columns: Sequence[str]) -> Table:
        """Columns as a table, with the units that the sample has."""
        table = parquet.described(arrow.select(list(dict.fromkeys(columns))))
        for column in table.colnames:
            table[column].unit = table[column].unit or self._sample.table[column].unit
        return table

    def take(self, rows: Sequence[int] | NDArray[Any]) -> SourceCatalog:
        """Some rows with all their columns, in the order given.

        Parameters
        ----------
        rows : (m,) int or (n,) bool

        Returns
        -------
        SourceCatalog

        Raises
        ------
        InputError
            If there is no such row, or memory does not allow it.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> import pyarrow as pa
        >>> from pyarrow import parquet
        >>> from skyexplorer import PartedCatalog
        >>> path = pathlib.Path(tempfile.mkdtemp(), "stars.parquet")
        >>> parquet.write_table(pa.table({"ra": [10.0, 20.0, 30.0], "dec": [-5.0, 0.0, 5.0], "mag": [12., 13., 14.]}), path)
        >>> stars = PartedCatalog.open(path)
        >>> stars.take([2, 0]).table["mag"].tolist()
        [14.0, 12.0]
        """
        wanted = np.asarray(rows).ravel()
        if wanted.dtype == bool and len(wanted) == self.rows:
            wanted = np.flatnonzero(wanted)
        if len(wanted) and not np.issubdtype(wanted.dtype, np.integer):
            raise InputError(
                f"rows are {wanted.dtype} of {len(wanted)}.", f"Give numbers, or {self.rows} booleans."
            )
        wanted = wanted.astype(np.int64)
        if len(wanted) and not (wanted.min() >= 0 and wanted.max() < self.rows):
            raise InputError(
                f"There is no row {wanted[(wanted < 0) | (wanted >= self.rows)][0]} in {self.name}.",
                f"It has {self.rows}.",
            )
        if not len(wanted):
            return self._sample.take(np.empty(0, np.int64))
        once, back = np.unique(wanted, return_inverse=True)
        table = self._rows(once)
        return self._catalog(table if np.array_equal(back, np.arange(len(once))) else table[back])

    def inside(self, region: SkyRegion) -> SourceCatalog:
        """The rows whose positions lie in a region, in their order; only files that reach into it are read.

        Parameters
        ----------
        region : SkyRegion

        Returns
        -------
        SourceCatalog
            It may have no rows.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> import pyarrow as pa
        >>> from pyarrow import parquet
        >>> from skyexplorer import PartedCatalog
        >>> path = pathlib.Path(tempfile.mkdtemp(), "stars.parquet")
        >>> parquet.write_table(pa.table({"ra": [10.0, 20.0, 30.0], "dec": [-5.0, 0.0, 5.0], "mag": [12., 13., 14.]}), path)
        >>> stars = PartedCatalog.open(path)
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyRegion
        >>> stars.inside(SkyRegion.circle(SkyCoord(20 * u.deg, 0 * u.deg), 1 * u.deg)).table["mag"].tolist()
        [13.0]
        """
        at = region.center.icrs
        place = np.array([float(at.ra.deg)]), np.array([float(at.dec.deg)])
        groups = self._touching(*place, region.radius.to_value(u.deg) + 1e-9)
        found = [np.empty(0, np.int64)]
        watched, total = progress.current(), int(self._pieces.rows[groups].sum())
        done = 0
        for part in self.parts(wanted=groups):
            good = np.flatnonzero(np.isfinite(part.ra))
            inside = region.contains(SkyCoord(part.ra[good] * u.deg, part.dec[good] * u.deg))
            found.append(good[inside] + part.first)
            done += len(part.ra)
            watched.report(done, total, f"looking through {self.name}")
        return self.take(np.concatenate(found))

    def read(self) -> SourceCatalog:
        """The whole catalogue.

        Returns
        -------
        SourceCatalog

        Raises
        ------
        InputError
            If memory does not allow it.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> import pyarrow as pa
        >>> from pyarrow import parquet
        >>> from skyexplorer import PartedCatalog
        >>> path = pathlib.Path(tempfile.mkdtemp(), "stars.parquet")
        >>> parquet.write_table(pa.table({"ra": [10.0, 20.0, 30.0], "dec": [-5.0, 0.0, 5.0], "mag": [12., 13., 14.]}), path)
        >>> stars = PartedCatalog.open(path)
        >>> len(stars.read())
        3
        """
        return self._catalog(self._rows(None))

    def _rows(self, rows: Ints | None) -> Table:
        """All columns of all rows, or of some that are given in their order."""
        return parquet.described(parquet.taken(self._pieces, rows, self.name))

    def _catalog(self, table: Table) -> SourceCatalog:
        told = self._sample._roles
        good = [np.isfinite(positions.floats(table[column])) for column in (told.ra, told.dec)]
        if not (good[0] & good[1]).any():
            # A catalogue is made of rows of which one has a position; then that one is let go.
            known = self._sample.table[[int(np.argmin(self._sample.no_position))]]
            return self._catalog(vstack([known, table], metadata_conflicts="silent")).take(
                np.arange(len(table)) + 1
            )
        origin = replace(self.origin, rows=len(table))
        return SourceCatalog(table, title=self.name, origin=origin, **self._given)  # type: ignore[arg-type]

    def _touching(self, ra: Floats, dec: Floats, reach: float) -> Ints:
        """Numbers of the row groups in which something may lie within ``reach`` of a position."""
        from skyexplorer.core import crossmatch, healpix
        from skyexplorer.core.nested import nested

        pieces = self._pieces
        everywhere = pieces.radius >= 180.0
        if everywhere.all() or reach >= 90.0:
            return np.arange(len(pieces.rows))
        cells = np.unique(nested(ra, dec, CELL_ORDER))
        centers = healpix.centers(CELL_ORDER, cells[cells >= 0])
        own = np.minimum(pieces.radius + reach + hats.widest(np.array(CELL_ORDER)), 180.0)
        near, _, _ = crossmatch.pairs(pieces.ra, pieces.dec, *centers, own)
        everywhere[near] = True
        return np.flatnonzero(everywhere)


def crossmatch_parts(
    left: Any,
    right: Any,
    radius: u.Quantity | None = None,
    mode: str = "nearest",
    k: int = 1,
    max_sigma: float = 5.0,
    keep_unmatched: bool = False,
) -> Table:
    """Pairs of sources that lie near each other, where one list or both are read in parts.

    The list that is in memory, else the shorter, is held, in blocks if memory wants it; the files of the other are read
    once a block, and only those in which something may lie near. Parameters, result and errors are those of
    `skyexplorer.crossmatch`, and so are the pairs, their order and ties; but nothing is moved to an epoch.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pyarrow as pa
    >>> from astropy import units as u
    >>> from astropy.coordinates import SkyCoord
    >>> from pyarrow import parquet
    >>> from skyexplorer.model.parted import PartedCatalog, crossmatch_parts
    >>> path = Path(tempfile.mkdtemp()) / "stars.parquet"
    >>> parquet.write_table(pa.table({"ra": [10.0, 20.0, 30.0], "dec": [-5.0, 0.0, 5.0]}), path)
    >>> ours = SkyCoord([30.0001, 50] * u.deg, [5, 5] * u.deg)
    >>> pairs = crossmatch_parts(ours, PartedCatalog.open(path), 1 * u.arcsec)
    >>> pairs["left"].tolist(), pairs["right"].tolist()
    ([0], [2])
    """
    from skyexplorer.core.stream import Gathered, Holder

    check(mode, k)
    errors = radius is None
    if errors:
        check_sigma(max_sigma)
    ours, theirs = _side(left, "left", errors), _side(right, "right", errors)
    rows = len(ours) if isinstance(ours, PartedCatalog) else len(ours.ra)
    reach = None if radius is None else radii(radius, rows)
    both = isinstance(ours, PartedCatalog) and isinstance(theirs, PartedCatalog)
    held_is_left = len(ours) <= len(theirs) if both else isinstance(ours, Part)
    held, asked = (ours, theirs) if held_is_left else (theirs, ours)
    widest = None if reach is None else float(np.max(reach, initial=0.0))
    gathered = Gathered(mode, k, left is right, MOST_PAIRS)
    blocks, number = _blocks(held, errors)
    watched, done, whole = progress.current(), 0, 0
    with counted():
        for turn, block in enumerate(blocks):
            if not len(block.ra):
                continue
            groups, size = _near(asked, block, widest)
            whole = max(whole, done + size * (number - turn))
            holder = Holder(block, held_is_left, reach, max_sigma)
            for part in _parts(asked, errors, groups):
                watched.report(done, whole, "matching positions")
                gathered.add(holder, part)
                done += len(part.ra)
                # Put together, they stand there twice for a moment.
                memory.ask(
                    2 * PAIR_BYTES * gathered.kept, f"A match with {gathered.kept} pairs", parquet.ADVICE
                )
        watched.report(done, done, "matching positions")
        pairs = gathered.done()
    combined = pairs.combined if errors else None
    return table_of(*pairs[:4], combined, rows if keep_unmatched else None, itself=left is right)


def _side(side: Any, name: str, errors: bool) -> PartedCatalog | Part:
    if isinstance(side, PartedCatalog):
        if errors and not side.has_errors:
            raise InputError(
                f"{name} has no errors of position, and no radius is given.",
                "Give a radius: radius=2 * u.arcsec.",
            )
        return side
    ra, dec = (np.ascontiguousarray(each, np.float64) for each in degrees(side, name))
    return Part(0, ra, dec, np.ascontiguousarray(sigma(side, name), np.float64) if errors else np.empty(0))


def _blocks(held: PartedCatalog | Part, errors: bool) -> tuple[Iterator[Part], int]:
    """What is held, in blocks that memory allows; and how many they are."""
    rows = len(held) if isinstance(held, PartedCatalog) else len(held.ra)
    limit = memory.allowed()
    room = np.inf if limit is None else limit - PART_BYTES * PART_ROWS
    most = int(min(max(room, 0) // HELD_BYTES, LARGEST_BLOCK))
    needed = PART_BYTES * PART_ROWS + HELD_BYTES * min(rows, PART_ROWS)
    memory.ask(needed, f"A match of {rows} positions in parts", "Raise SKYEXPLORER_MEMORY_LIMIT.")
    number = max(-(-rows // most), 1)
    size = -(-rows // number)
    return (_gathered(held, errors, size) if isinstance(held, PartedCatalog) else _slices(held, size)), number


def _slices(held: Part, size: int) -> Iterator[Part]:
    for low in range(0, len(held.ra), max(size, 1)):
        at = slice(low, low + size)
        yield Part(low, held.ra[at], held.dec[at], held.sigma[at])


def _gathered(held: PartedCatalog, errors: bool, size: int) -> Iterator[Part]:
    """Blocks of a list that is read in parts."""
    waiting: list[Part] = []
    rows = 0
    for part in held.parts(errors):
        while rows + len(part.ra) >= size and len(part.ra):
            end = size - rows
            yield _one([*waiting, Part(part.first, part.ra[:end], part.dec[:end], part.sigma[:end])])
            part = Part(part.first + end, part.ra[end:], part.dec[end:], part.sigma[end:])
            waiting, rows = [], 0
        waiting.append(part)
        rows += len(part.ra)
    if rows:
        yield _one(waiting)


def _near(asked: PartedCatalog | Part, block: Part, reach: float | None) -> tuple[Ints | None, int]:
    """Row groups that may have pairs with a block, None for all; and their rows."""
    if isinstance(asked, Part):
        return None, len(asked.ra)
    if reach is None:  # errors are known only when they are read
        return None, len(asked)
    groups = asked._touching(block.ra, block.dec, reach)
    return groups, int(asked._pieces.rows[groups].sum())


def _parts(asked: PartedCatalog | Part, errors: bool, groups: Ints | None) -> Iterator[Part]:
    return asked.parts(errors, groups) if isinstance(asked, PartedCatalog) else _slices(asked, PART_ROWS)


def _sample(paths: Sequence[str], given: dict[str, str | None]) -> SourceCatalog:
    """The first rows as a catalogue: more of them where the first have no positions."""
    for rows in SAMPLES[:-1]:
        try:
            return SourceCatalog(parquet.described(parquet.head(paths, rows)), **given)  # type: ignore[arg-type]
        except ColumnError:
            raise
        except FormatError:
            continue
    return SourceCatalog(parquet.described(parquet.head(paths, SAMPLES[-1])), **given)  # type: ignore[arg-type]


def _files(source: str | Path | Sequence[str | Path]) -> tuple[str, ...]:
    """Parquet files that are named, in order."""
    if not isinstance(source, str | Path | Sequence):
        raise InputError(f"{source!r} is no path.", "Name a Parquet file, several, or a folder of them.")
    if not isinstance(source, str | Path):
        found = [str(each) for each in source]
    elif Path(source).is_dir():
        inside = (path for path in Path(source).rglob("*") if path.suffix.lower() in ENDINGS)
        found = sorted(str(path) for path in inside if path.name[0] not in "._")
    else:
        found = (
            sorted(glob.glob(str(source)))
            if glob.has_magic(str(source)) and not Path(source).is_file()
            else [str(source)]
        )
    missing = next((path for path in found if not Path(path).is_file()), None)
    if missing is not None or not found:
        raise InputError(
            f"There is no file {str(missing or source)!r}.",
            "Name a Parquet file, several, or a folder of them.",
        )
    return tuple(found)


def _in_cells(pieces: Pieces, known: hats.Hats) -> Pieces:
    """With the circles around the cells of HATS where they are smaller."""
    from skyexplorer.core import healpix

    ra, dec = healpix.centers(known.order, known.pixel)
    radius = hats.widest(known.order)[pieces.file]
    smaller = radius < pieces.radius
    return replace(
        pieces,
        ra=np.where(smaller, ra[pieces.file], pieces.ra),
        dec=np.where(smaller, dec[pieces.file], pieces.dec),
        radius=np.where(smaller, radius, pieces.radius),
    )


def _unit(sample: SourceCatalog, column: str) -> float:
    """Degrees in the unit of a column."""
    return float(
        positions.floats(Table({column: [1.0]}, units={column: sample.table[column].unit})[column])[0]
    )


def _numbers(arrow: Any, column: str) -> Floats:
    """A column as floats of our own, NaN where it has none."""
    import pyarrow as pa

    values = arrow.column(column)
    if values.type != pa.float64():
        values = values.cast(pa.float64())
    # A copy: what Arrow has cannot be written to, and the compiled code has one form, for what can.
    return np.array(values.to_numpy(), np.float64)


def _tidied(ra: Floats, dec: Floats, ra_name: str, dec_name: str) -> tuple[Floats, Floats]:
    from skyexplorer.core import stream

    ra, dec = np.ascontiguousarray(ra, np.float64), np.ascontiguousarray(dec, np.float64)
    widest, highest = stream.tidied(ra, dec)
    if widest > 720.0001:  # two turns are someone's arithmetic, more is no angle
        raise FormatError(f"{ra_name!r} goes to {widest:g} deg.", "Name the right columns: ra=…, dec=….")
    if highest > 90.0001:
        raise FormatError(f"{dec_name!r} goes to ±{highest:g} deg.", "Name the right columns: ra=…, dec=….")
    return ra, np.clip(dec, -90.0, 90.0, out=dec)  # rounded a little past the pole


def _one(parts: list[Part]) -> Part:
    if len(parts) == 1:
        return parts[0]
    ra, dec, sigmas = (np.concatenate(columns) for columns in list(zip(*parts, strict=True))[1:])
    return Part(parts[0].first, ra, dec, sigmas)


def _ahead(parts: Iterator[Part]) -> Iterator[Part]:
    """The same, the next one made in a thread of its own while one is worked on."""
    with ThreadPoolExecutor(1, thread_name_prefix="skyexplorer-reading") as thread:
        ahead = thread.submit(next, parts, None)
        while (part := ahead.result()) is not None:
            ahead = thread.submit(next, parts, None)
            yield part
