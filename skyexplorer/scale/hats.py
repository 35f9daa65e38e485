"""From our catalogues to those of LSDB, and back; and onto disk as HATS."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from astropy import units as u

from skyexplorer.core import memory
from skyexplorer.core.nested import nested
from skyexplorer.errors import InputError
from skyexplorer.io import parquet
from skyexplorer.model.catalog import SourceCatalog
from skyexplorer.model.origin import Origin
from skyexplorer.model.parted import PartedCatalog

with warnings.catch_warnings():
    # LSDB sets an option that pandas no longer has, as it is loaded.
    warnings.filterwarnings("ignore", "The 'mode.chained_assignment' option is deprecated")
    import lsdb

if TYPE_CHECKING:
    from lsdb.catalog import Catalog

PARTITION_ROWS = 1_000_000
FINEST = 10  # order of the smallest cells that may get a file of their own
ROW_BYTES = 3  # times what the rows are: as a table, as a frame, and sorted


def to_lsdb(
    catalog: SourceCatalog | PartedCatalog, margin: u.Quantity = 10 * u.arcsec, rows: int = PARTITION_ROWS
) -> Catalog:
    """A catalogue of LSDB.

    Parameters
    ----------
    catalog : SourceCatalog or PartedCatalog
        One that is on disk as HATS is opened as it is, with its own margin; any other is read and cut into partitions, and
        rows without a position are left out. Positions that are no ICRS degrees get the columns ``_ra`` and ``_dec``.
    margin : Quantity
        Width of the margin, which bounds the radius of a match in which it is right.
    rows : int
        Of a partition, at most; the smallest cells, of 3.4 arcmin, are never cut.

    Raises
    ------
    InputError
        For a margin that is no angle over 0, or if memory does not allow it.

    Examples
    --------
    >>> from astropy.table import Table
    >>> from skyexplorer import SourceCatalog
    >>> from skyexplorer.scale import from_lsdb, to_lsdb
    >>> stars = to_lsdb(SourceCatalog(Table({"ra": [10.0, 20.0], "dec": [0.0, 5.0]}), title="stars"))
    >>> from_lsdb(stars)
    <SourceCatalog stars: 2 sources>
    """
    try:
        width = float(margin.to_value(u.arcsec))
    except (AttributeError, u.UnitsError, TypeError) as error:
        raise InputError(f"margin is {margin!r}.", "Give an angle, such as 10 * u.arcsec.") from error
    if not width > 0:
        raise InputError(f"margin is {margin}.", "It is wider than nothing.")
    if isinstance(catalog, PartedCatalog):
        if catalog.hats:
            return lsdb.open_catalog(catalog.hats)
        catalog = catalog.read()
    frame, ra, dec = _frame(catalog)
    memory.ask(
        ROW_BYTES * float(frame.memory_usage(deep=False).sum()),
        f"Cutting {len(frame)} rows into partitions",
        "Write Parquet files and import them with hats-import, which does so on disk.",
    )
    order, most = _finest(frame[ra].to_numpy(), frame[dec].to_numpy(), rows)
    with _its_own_affairs():
        return lsdb.from_dataframe(
            frame,
            ra_column=ra,
            dec_column=dec,
            catalog_name=_plain(catalog.name),
            partition_rows=max(rows, most),
            highest_order=order,
            margin_threshold=width,
        )


def from_lsdb(catalog: Catalog, **columns: str | None) -> SourceCatalog:
    """The rows of a catalogue of LSDB: computed, and in memory.

    Parameters
    ----------
    catalog : lsdb.Catalog
    **columns : str, optional
        ``ra``, ``dec``, ``error``, ``name``, as `SourceCatalog` has them; positions are those of the catalogue.

    Raises
    ------
    InputError
        If memory does not allow it.
    """
    info = catalog.hc_structure.catalog_info
    memory.ask(
        ROW_BYTES * 1024 * float(catalog.est_size() or 0),  # of KiB; of a match it is not known
        f"Reading {catalog.name}",
        "Search or match first, or write it and open it in parts: write_hats, PartedCatalog.open.",
    )
    with _its_own_affairs():
        arrow = pa.Table.from_pandas(pd.DataFrame(catalog.compute()), preserve_index=False)
    given = {"ra": info.ra_column, "dec": info.dec_column} | columns
    table = parquet.described(arrow.replace_schema_metadata(None))
    origin = Origin(
        catalog.name, service="lsdb", location=str(catalog.hc_structure.catalog_path or ""), rows=len(table)
    )
    return SourceCatalog(table, title=catalog.name, origin=origin, **given)


def write_hats(
    catalog: Catalog | SourceCatalog | PartedCatalog,
    path: str | Path,
    margin: u.Quantity = 10 * u.arcsec,
    rows: int = PARTITION_ROWS,
) -> PartedCatalog:
    """Write a catalogue as a HATS collection, with its margin, and open it.

    Parameters
    ----------
    catalog : lsdb.Catalog, SourceCatalog or PartedCatalog
        One of LSDB is computed as it is written, a partition at a time.
    path : str or Path
        A folder that is not there yet.
    margin, rows
        As of `to_lsdb`, for what is none of LSDB's.

    Raises
    ------
    InputError
        If the folder is there, or memory does not allow it.
    """
    if Path(path).exists():
        raise InputError(f"{str(path)!r} is there already.", "Choose another folder.")
    made = to_lsdb(catalog, margin, rows) if isinstance(catalog, SourceCatalog | PartedCatalog) else catalog
    with _its_own_affairs():
        made.write_catalog(path, catalog_name=made.name, progress_bar=False)
    return PartedCatalog.open(path)


@contextmanager
def _its_own_affairs() -> Iterator[None]:
    """Without what LSDB and its parts are told about their own code: that a call of pandas will go one day."""
    with warnings.catch_warnings():
        for category in (DeprecationWarning, FutureWarning):
            warnings.filterwarnings("ignore", category=category, module=r"(lsdb|hats|nested_pandas|dask)\b")
        yield


def _frame(catalog: SourceCatalog) -> tuple[pd.DataFrame, str, str]:
    """Rows with positions as a frame, and the columns of ICRS degrees."""
    told, table = catalog._roles, catalog.table
    good = np.flatnonzero(~catalog.no_position)
    flat = [name for name in table.colnames if table[name].ndim == 1]
    frame = table[flat][good].to_pandas(index=False)
    ra, dec = catalog._lon[good], catalog._lat[good]
    names = []
    for free, values, column in (("_ra", ra, told.ra), ("_dec", dec, told.dec)):
        name = column
        if frame[column].dtype != np.float64 or not np.array_equal(frame[column].to_numpy(), values):
            while free in frame:
                free += "_"
            name, frame[free] = free, values
        names.append(name)
    return frame, names[0], names[1]


def _finest(ra: Any, dec: Any, rows: int) -> tuple[int, int]:
    """The first order at which no cell has more rows than it may, up to `FINEST`, and the most that one has."""
    curve = nested(ra, dec, FINEST)
    for order in range(FINEST + 1):
        most = int(np.unique(curve >> 2 * (FINEST - order), return_counts=True)[1].max(initial=0))
        if most <= rows or order == FINEST:
            break
    return order, most


def _plain(name: str) -> str:
    """A name that may be one of a folder."""
    kept: Any = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name)
    return kept.strip(".") or "catalogue"
