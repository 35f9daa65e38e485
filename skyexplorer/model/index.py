"""CatalogIndex: a catalogue made ready for questions, once; kept beside it, opened without being read, and added to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table
from numpy.typing import NDArray

from skyexplorer import progress
from skyexplorer.core import memory
from skyexplorer.errors import FormatError, InputError
from skyexplorer.io import index_file
from skyexplorer.model.catalog import SourceCatalog
from skyexplorer.model.pairs import MOST_PAIRS, check, counted, table_of
from skyexplorer.model.places import degrees, radii
from skyexplorer.model.region import SkyRegion

if TYPE_CHECKING:
    from skyexplorer.core.sorted import Sorted
    from skyexplorer.model.parted import PartedCatalog

ON_EDGE = 1e-13  # relative: what rounding does to a separation that is just the radius
AT_ONCE = 1_000_000  # rows whose places are asked of a region together
FINER = 3  # orders by which the cells that cover a circle are finer than the circle
Ints = NDArray[np.int64]


class CatalogIndex:
    """Positions of a catalogue in the order of the sky.

    Parameters
    ----------
    catalog : SourceCatalog, SkyCoord, Table or PartedCatalog
        Rows without a position answer nothing. One that is read in parts must leave room for its positions in memory:
        `build` makes an index on disk.

    Attributes
    ----------
    rows : int
        How many the catalogue has, those without a position included.
    path : Path or None
        The folder that it was opened from, to which `append` adds.

    Examples
    --------
    >>> from astropy import units as u
    >>> from astropy.coordinates import SkyCoord
    >>> from skyexplorer import CatalogIndex
    >>> index = CatalogIndex(SkyCoord([10.0006, 10.0098, 359.99] * u.deg, [0, 0, 0] * u.deg))
    >>> index.match(SkyCoord(10.01 * u.deg, 0 * u.deg), 5 * u.arcsec)["right"].tolist()
    [1]
    >>> index.append(SkyCoord(10.0101 * u.deg, 0 * u.deg))
    range(3, 4)
    >>> index.nearest(SkyCoord(10.01 * u.deg, 0 * u.deg), k=2)["right"].tolist()
    [3, 1]
    """

    def __init__(self, catalog: SourceCatalog | SkyCoord | Table | PartedCatalog) -> None:
        from skyexplorer.core import sorted as keep

        parts = catalog.parts() if hasattr(catalog, "parts") else [(0, *degrees(catalog, "catalog"))]
        pieces: list[Sorted] = []
        self.rows: int = 0
        for first, ra, dec in (part[:3] for part in parts):
            pieces.append(keep.made(ra, dec, first))
            self.rows = first + len(ra)
        self._pieces = pieces if len(pieces) == 1 else [keep.merged(pieces)]
        self._listed: index_file.Listed | None = None
        self.path: Path | None = None

    def __len__(self) -> int:
        return self.rows

    def __repr__(self) -> str:
        return f"<CatalogIndex of {self.rows} rows>"

    # Asking it

    def match(
        self, other: SourceCatalog | SkyCoord | Table, radius: u.Quantity, mode: str = "nearest", k: int = 1
    ) -> Table:
        """Sources of the index near those of another list.

        Parameters
        ----------
        other : SourceCatalog, SkyCoord or Table
        radius : Quantity
            One for all, or one for each row of ``other``.
        mode : {"nearest", "all", "mutual"}
            See `crossmatch`, of which ``other`` is left and the index right.
        k : int
            For ``"nearest"``.

        Returns
        -------
        Table
            ``left`` (row of ``other``), ``right`` (row of the index), ``separation`` (arcsec), ``position_angle`` (deg).

        Raises
        ------
        InputError
            As `crossmatch` does.
        FormatError
            If the file of the index turns out to be damaged.

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import CatalogIndex
        >>> index = CatalogIndex(SkyCoord([10, 10.001, 200] * u.deg, [0, 0, 45] * u.deg))
        >>> pairs = index.match(SkyCoord(10.0002 * u.deg, 0 * u.deg), 5 * u.arcsec, mode="all")
        >>> pairs["right"].tolist(), pairs["separation"].round(2).tolist()
        ([0, 1], [0.72, 2.88])
        """
        from skyexplorer.core import crossmatch as core
        from skyexplorer.core import probing

        check(mode, k)
        ra, dec = degrees(other, "other")
        reach = radii(radius, len(ra))
        try:
            with counted():
                a, number, psi = probing.within(self._pieces, ra, dec, reach, MOST_PAIRS)
        except InputError:
            if mode != "nearest":
                raise
            # All of them are too many, of which only some are asked for.
            a, number, psi = probing.nearest(self._pieces, ra, dec, k)
            keep = psi <= (reach[a] if isinstance(reach, np.ndarray) else reach) * (1 + ON_EDGE)
            a, number, psi = a[keep], number[keep], psi[keep]
        row = self._of("row", number)
        order = np.lexsort((row, a))
        order = order[core.chosen(a[order], row[order], psi[order], mode, k, self.rows)]
        return self._table(ra, dec, a[order], row[order], number[order], psi[order])

    def nearest(self, other: SourceCatalog | SkyCoord | Table, k: int = 1) -> Table:
        """The k nearest sources of the index to each of another list, however far they are.

        Parameters
        ----------
        other : SourceCatalog, SkyCoord or Table
        k : int

        Returns
        -------
        Table
            As that of `match`, by left and then by separation; of equal ones the lower row comes first.

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> index = CatalogIndex(SkyCoord([10, 100] * u.deg, [0, 0] * u.deg))
        >>> print(index.nearest(SkyCoord(98 * u.deg, 0 * u.deg))["separation"][0].round(6))
        7200.0
        """
        from skyexplorer.core import probing

        check("nearest", k)
        ra, dec = degrees(other, "other")
        a, number, psi = probing.nearest(self._pieces, ra, dec, int(k))
        return self._table(ra, dec, a, self._of("row", number), number, psi)

    def inside(self, region: SkyRegion) -> Ints:
        """Rows of the index that lie in a region, in their order.

        MOCs and credible regions are ranges of cells, and so of the index. Of other regions the bounding circle is, whose
        rows are asked a million at a time: no more memory is taken than that and the answer.

        Parameters
        ----------
        region : SkyRegion

        Returns
        -------
        (m,) int array

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import CatalogIndex
        >>> index = CatalogIndex(SkyCoord([10, 10.001, 200] * u.deg, [0, 0, 45] * u.deg))
        >>> from skyexplorer import SkyRegion
        >>> index.inside(SkyRegion.circle(SkyCoord(10 * u.deg, 0 * u.deg), 1 * u.deg)).tolist()
        [0, 1]
        """
        from skyexplorer.core import sorted as keep
        from skyexplorer.core import touching

        whole = region.kind == "moc"
        if whole:
            ranges = np.asarray(region.to_moc().to_depth29_ranges).astype(np.int64)
        else:
            at, reach = region.center.icrs, float(region.radius.to_value(u.deg))
            reach = min(reach * (1 + 1e-9) + 1e-9, 180.0)
            order = int(np.clip(np.log2(60.0 / reach) + FINER, 0, touching.DEEPEST))
            ranges = touching.cover(float(at.ra.deg), float(at.dec.deg), reach, order)
        found = [np.empty(0, np.int64)]
        for piece in self._pieces:
            spans = keep.spans(piece, ranges)
            if whole:
                memory.ask(
                    16.0 * (spans[:, 1] - spans[:, 0]).sum(), "The answer", "Ask for a smaller region."
                )
                found += [piece.row[low:high] for low, high in spans]
                continue
            for part in _chunks(spans):
                ra, dec = (np.concatenate([side[a:b] for a, b in part]) for side in (piece.ra, piece.dec))
                held = region.contains(SkyCoord(ra * u.deg, dec * u.deg))
                found.append(np.concatenate([piece.row[a:b] for a, b in part])[held])
        return np.sort(self._checked(np.concatenate(found)))

    def _of(self, name: str, number: Ints) -> Any:
        """Values of a column at places that are numbered through the pieces."""
        if len(self._pieces) == 1:
            return self._checked(getattr(self._pieces[0], name)[number], name)
        out = np.empty(len(number), np.int64 if name == "row" else np.float64)
        base = 0
        for piece in self._pieces:
            mine = (number >= base) & (number < base + len(piece.cell))
            out[mine] = getattr(piece, name)[number[mine] - base]
            base += len(piece.cell)
        return self._checked(out, name)

    def _checked(self, values: Any, name: str = "row") -> Any:
        """The values, unless they are rows that the catalogue does not have, as in a damaged file."""
        if name == "row" and len(values) and not (values.min() >= 0 and values.max() < self.rows):
            raise FormatError(
                f"The index {str(self.path)!r} is damaged: it names rows that are none.", index_file.AGAIN
            )
        return values

    def _table(
        self, ra: NDArray[np.float64], dec: NDArray[np.float64], a: Ints, row: Ints, number: Ints,
        psi: NDArray[np.float64],
    ) -> Table:  # fmt: skip
        from skyexplorer.core import crossmatch as core

        pairs = np.arange(len(a))
        angle = core.position_angles(
            ra[a], dec[a], self._of("ra", number), self._of("dec", number), pairs, pairs
        )
        return table_of(a, row, psi, angle)

    # Adding to it

    def append(self, catalog: SourceCatalog | SkyCoord | Table) -> range:
        """Add a catalogue, whose rows are numbered on.

        An index that was opened is added to in its folder too: the new piece is written beside the others, and the index
        there is at any moment the old one or the new one whole. Pieces that are no more than twice as long as what comes
        after them are merged with it.

        Parameters
        ----------
        catalog : SourceCatalog, SkyCoord or Table

        Returns
        -------
        range
            The numbers of the new rows.

        Raises
        ------
        InputError
            If nothing can be written there, or the folder was changed since the index was opened.

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import CatalogIndex
        >>> index = CatalogIndex(SkyCoord([10, 10.001, 200] * u.deg, [0, 0, 45] * u.deg))
        >>> index.append(SkyCoord([11, 12] * u.deg, [0, 0] * u.deg)), len(index)
        (range(3, 5), 5)
        """
        from skyexplorer.core import sorted as keep

        ra, dec = degrees(catalog, "catalog")
        pieces = [*self._pieces, keep.made(ra, dec, self.rows)]
        tail = len(pieces) - 1
        while tail and len(pieces[tail - 1].cell) <= 2 * sum(len(piece.cell) for piece in pieces[tail:]):
            tail -= 1
        rows = self.rows + len(ra)
        if self.path is None:
            if tail < len(pieces) - 1:
                pieces[tail:] = [keep.merged(pieces[tail:])]
        else:
            if index_file.listed(self.path) != self._listed:
                raise InputError(
                    f"The index {str(self.path)!r} was changed since it was opened.", "Open it again."
                )
            assert self._listed is not None
            kept = self._listed.pieces[:tail]
            last = _written(self.path, pieces[tail:])
            listed = index_file.Listed(rows, (*kept, last))
            index_file.write_list(self.path, listed)
            pieces[tail:] = [_piece(self.path, last)]
            self._listed = listed
        self._pieces = pieces
        new = range(self.rows, rows)
        self.rows = rows
        return new

    # Keeping it

    def save(self, path: str | Path) -> Path:
        """Keep the index in a folder, which `open` maps into memory.

        An index that is kept there is replaced. This index stays where it is: open the folder to add to it there.

        Parameters
        ----------
        path : str or Path
            The folder.

        Returns
        -------
        Path

        Raises
        ------
        InputError
            If nothing can be written there.

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import CatalogIndex
        >>> index = CatalogIndex(SkyCoord([10, 10.001, 200] * u.deg, [0, 0, 45] * u.deg))
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     len(CatalogIndex.open(index.save(folder)))
        3
        """
        folder = Path(path)
        index_file.write_list(folder, index_file.Listed(self.rows, (_written(folder, self._pieces),)))
        return folder

    @classmethod
    def open(cls, path: str | Path) -> CatalogIndex:
        """Open a kept index; it is read as questions need it.

        Parameters
        ----------
        path : str or Path
            The folder.

        Returns
        -------
        CatalogIndex

        Raises
        ------
        FormatError
            If it is none, of another form, cut short or damaged.

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import CatalogIndex
        >>> index = CatalogIndex(SkyCoord([10, 10.001, 200] * u.deg, [0, 0, 45] * u.deg))
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     kept = CatalogIndex.open(index.save(folder))
        ...     kept.nearest(SkyCoord(199 * u.deg, 45 * u.deg))["right"].tolist()
        [2]
        """
        folder = Path(path)
        found = index_file.listed(folder)
        made = object.__new__(cls)
        made._pieces = [_piece(folder, piece) for piece in found.pieces]
        made._listed, made.rows, made.path = found, found.rows, folder
        return made

    @classmethod
    def build(
        cls,
        path: str | Path,
        parts: PartedCatalog | Iterable[tuple[NDArray[np.float64], NDArray[np.float64]]],
    ) -> CatalogIndex:
        """Make a kept index of a list that does not fit into memory, and open it.

        Parameters
        ----------
        path : str or Path
            The folder.
        parts : PartedCatalog, or iterable of (ra, dec)
            Right ascension and declination (ICRS, deg) of the rows, some at a time; NaN where a row has no position.
            Memory holds one part at a time; the disk holds the index thrice while its pieces are merged.

        Raises
        ------
        InputError
            For sides of unequal length or declinations beyond the poles, or if nothing can be written there.
        Cancelled
            If it is asked to stop; the folder then holds what it held before.

        Examples
        --------
        >>> import tempfile
        >>> import numpy as np
        >>> parts = ((np.full(2, 10.0 * k), np.zeros(2)) for k in range(3))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     index = CatalogIndex.build(folder, parts)
        ...     len(index), index.nearest(SkyCoord(11 * u.deg, 0 * u.deg))["right"].tolist()
        (6, [2])
        """
        from skyexplorer.core import sorted as keep

        folder, rows = Path(path), 0
        made: list[Sorted] = []
        if not hasattr(parts, "__iter__") and not hasattr(parts, "parts"):
            raise InputError(f"parts is {parts!r}.", "Give a PartedCatalog, or pairs (ra, dec) of arrays.")
        come = (part[1:3] for part in parts.parts()) if hasattr(parts, "parts") else parts
        try:
            for ra, dec in come:
                progress.current().check()
                place = _wrapped(ra, dec)
                made.append(_piece(folder, _written(folder, [keep.made(*place, rows)])))
                rows += len(place[0])
            last = _written(folder, made)
            index_file.write_list(folder, index_file.Listed(rows, (last,)))
        except BaseException:  # also a wish to stop, and an error of the caller's own parts
            index_file.tidy(folder)
            raise
        return cls.open(folder)


def _wrapped(ra: Any, dec: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Positions of a part with right ascension in [0, 360); NaN where a row has none."""
    ra, dec = np.atleast_1d(np.asarray(ra, float)), np.atleast_1d(np.asarray(dec, float))
    if ra.ndim != 1 or ra.shape != dec.shape:
        raise InputError(
            f"A part has {ra.shape} right ascensions and {dec.shape} declinations.", "Give one each a row."
        )
    good = np.isfinite(ra) & np.isfinite(dec)
    if (np.abs(dec[good]) > 90).any():
        raise InputError(
            f"A declination is {dec[good][np.abs(dec[good]) > 90][0]} deg.", "It lies within -90 and 90 deg."
        )
    ra = np.where(good, ra, np.nan) % 360.0
    return np.where(ra >= 360.0, 0.0, ra), np.where(good, dec, np.nan)


def _written(folder: Path, pieces: Sequence[Sorted]) -> index_file.Piece:
    """Pieces, in the order of their rows, written as one."""
    from skyexplorer.core import sorted as keep

    name, total = index_file.free_name(folder), sum(len(piece.cell) for piece in pieces)
    if len(pieces) == 1:
        (whole,) = pieces
    elif total <= keep.BLOCK:
        whole = keep.merged(pieces)
    else:  # in files, since they may be larger than memory
        columns = index_file.gathered(folder, name, keep.blocks(pieces, keep.BLOCK), total)
        depth = keep.depth_for(total)
        return index_file.write_piece(folder, name, columns, depth, keep.offsets(columns[0], depth))
    return index_file.write_piece(folder, name, whole[:4], whole.depth, whole.offset)


def _piece(folder: Path, piece: index_file.Piece) -> Sorted:
    """A piece of a kept index."""
    from skyexplorer.core.sorted import Sorted

    (cell, ra, dec, row), offset = index_file.read_piece(folder, piece)
    return Sorted(cell, ra, dec, row, piece.depth, offset)


def _chunks(spans: Ints) -> Iterator[list[tuple[int, int]]]:
    """Spans of rows, `AT_ONCE` together."""
    part: list[tuple[int, int]] = []
    room = AT_ONCE
    for low, high in spans.tolist():
        while low < high:
            end = min(high, low + room)
            part.append((low, end))
            room -= end - low
            low = end
            if not room:
                yield part
                part, room = [], AT_ONCE
    if part:
        yield part
