"""Our kernel as a cross-match algorithm of LSDB: ``left.crossmatch(right, algorithm=SkyCrossmatch(radius_arcsec=2))``.

LSDB brings together the rows of a cell of the left catalogue with those of the right one and of its margin, and asks the
algorithm for the pairs. What lies beyond the margin is not there, so that a radius wider than that is refused.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from skyexplorer.errors import InputError

with warnings.catch_warnings():
    # LSDB sets an option that pandas no longer has, as it is loaded.
    warnings.filterwarnings("ignore", "The 'mode.chained_assignment' option is deprecated")
    from lsdb.core.crossmatch.abstract_crossmatch_algorithm import AbstractCrossmatchAlgorithm

if TYPE_CHECKING:
    from lsdb.catalog import Catalog
    from lsdb.core.crossmatch.crossmatch_args import CrossmatchArgs

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class SkyCrossmatch(AbstractCrossmatchAlgorithm):
    """The nearest neighbours of each row within a radius, by the kernel of `skyexplorer.crossmatch`.

    The pairs, their order and the column ``_dist_arcsec`` are those of LSDB's own ``KdTreeCrossmatch``, and the parameters
    have its names; of equal distances the lower row counts. The radius itself belongs to the circle.

    Parameters
    ----------
    radius_arcsec : float
        Up to the margin of the right catalogue.
    n_neighbors : int
        Of each row of left, at most.
    min_radius_arcsec : float
        Neighbours that are no farther than this do not count, where it is over 0.
    margin_required : bool
        Whether a right catalogue without a margin is refused: pairs across the edges of cells would be missing.

    Examples
    --------
    >>> from astropy.table import Table
    >>> from skyexplorer import SourceCatalog
    >>> from skyexplorer.scale import SkyCrossmatch, from_lsdb, to_lsdb
    >>> left = to_lsdb(SourceCatalog(Table({"ra": [10.0, 20.0], "dec": [0.0, 5.0]}), title="left"))
    >>> right = to_lsdb(SourceCatalog(Table({"ra": [20.0003, 50.0], "dec": [5.0, 5.0]}), title="right"))
    >>> pairs = left.crossmatch(
    ...     right, algorithm=SkyCrossmatch(2.0), suffixes=("", "_2"), suffix_method="all_columns"
    ... )
    >>> from_lsdb(pairs).table["_dist_arcsec"].round(3).tolist()
    [1.076]
    """

    extra_columns = pd.DataFrame({"_dist_arcsec": pd.Series(dtype=pd.ArrowDtype(pa.float64()))})

    def __init__(
        self,
        radius_arcsec: float = 1.0,
        n_neighbors: int = 1,
        min_radius_arcsec: float = 0.0,
        margin_required: bool = True,
    ) -> None:
        self.radius_arcsec = radius_arcsec
        self.n_neighbors = n_neighbors
        self.min_radius_arcsec = min_radius_arcsec
        self.margin_required = margin_required

    def validate(self, left: Catalog, right: Catalog) -> None:
        """Refuse what cannot be, before anything is computed; LSDB calls it.

        Raises
        ------
        InputError
            For a radius beyond the margin of the right catalogue, or one without a margin; for numbers that cannot be.
        """
        super().validate(left, right)
        radius, least, number = self.radius_arcsec, self.min_radius_arcsec, self.n_neighbors
        if not 0 < radius <= 180 * 3600:
            raise InputError(f"radius_arcsec is {radius!r}.", "It lies over 0, up to 180 deg.")
        if not 0 <= least < radius:
            raise InputError(
                f"min_radius_arcsec is {least!r}.", f"It lies within 0 and the radius, {radius!r}."
            )
        if not isinstance(number, int | np.integer) or number < 1:
            raise InputError(f"n_neighbors is {number!r}.", "1 is the nearest, 2 the two nearest, and so on.")
        if right.margin is None:
            if self.margin_required:
                raise InputError(
                    f"The right catalogue, {right.name!r}, has no margin: pairs across edges of cells would be missing.",
                    "Open it with its margin (lsdb.open_catalog of the collection, or margin_cache=…), or allow that: "
                    "margin_required=False.",
                )
            return
        margin = right.margin.hc_structure.catalog_info.margin_threshold
        if margin < radius:
            raise InputError(
                f"The radius of {radius:g} arcsec is larger than the margin of {right.name!r}, {margin:g} arcsec.",
                "Pairs would be missing: make a wider margin, or match with skyexplorer.crossmatch, which needs none.",
            )

    def perform_crossmatch(self, crossmatch_args: CrossmatchArgs) -> tuple[Ints, Ints, pd.DataFrame]:
        """Pairs of rows of two partitions, by left and then by distance, and the distances; LSDB calls it."""
        from skyexplorer.core import crossmatch as core

        info = crossmatch_args.left_catalog_info, crossmatch_args.right_catalog_info
        ours = _places(crossmatch_args.left_df, info[0])
        theirs = _places(crossmatch_args.right_df, info[1])
        with _threads():
            a, b, s = core.pairs(*ours, *theirs, self.radius_arcsec / 3600.0)
            if self.min_radius_arcsec > 0:
                far = s > self.min_radius_arcsec / 3600.0
                a, b, s = a[far], b[far], s[far]
            at = core.chosen(a, b, s, "nearest", self.n_neighbors, len(theirs[0]))
        distance = pd.array(pa.array(s[at] * 3600.0), dtype=pd.ArrowDtype(pa.float64()))
        return a[at], b[at], pd.DataFrame({"_dist_arcsec": distance}, copy=False)


def _places(frame: Any, info: Any) -> tuple[Floats, Floats]:
    from skyexplorer.core import stream

    ra, dec = (_floats(frame[column]) for column in (info.ra_column, info.dec_column))
    stream.tidied(ra, dec)
    return ra, dec


def _floats(column: Any) -> Floats:
    """Numbers of a column as floats of our own, NaN where it has none."""
    return np.array(column.to_numpy(dtype=np.float64, na_value=np.nan), np.float64)


@contextmanager
def _threads() -> Iterator[None]:
    """As many threads as the Dask worker has for itself, since others of its kind share the machine; all outside of one."""
    import numba
    from distributed import get_worker

    before = numba.get_num_threads()
    with suppress(ValueError):  # no worker of a cluster
        numba.set_num_threads(max(1, min(get_worker().state.nthreads, before)))
    try:
        yield
    finally:
        numba.set_num_threads(before)
