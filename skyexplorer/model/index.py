"""CatalogIndex: a catalogue made ready for questions, once; kept beside it, and opened without being read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table
from numpy.typing import NDArray

from skyexplorer.errors import FormatError, InputError
from skyexplorer.model import matching
from skyexplorer.model.catalog import SourceCatalog
from skyexplorer.model.region import SkyRegion

FORM = 1
FILES = ("offset.npy", "records.npy", "rows.npy", "index.json")


class CatalogIndex:
    """Positions of a catalogue in buckets on the sky.

    Parameters
    ----------
    catalog : SourceCatalog, SkyCoord or Table
        Rows without a position answer nothing.

    Examples
    --------
    >>> from astropy import units as u
    >>> from astropy.coordinates import SkyCoord
    >>> from skyexplorer.model.index import CatalogIndex
    >>> index = CatalogIndex(SkyCoord([10.0006, 10.0098, 359.99] * u.deg, [0, 0, 0] * u.deg))
    >>> index.match(SkyCoord(10.01 * u.deg, 0 * u.deg), 5 * u.arcsec)["right"].tolist()
    [1]
    """

    def __init__(self, catalog: SourceCatalog | SkyCoord | Table) -> None:
        from skyexplorer.core import crossmatch

        ra, dec = matching.degrees(catalog, "catalog")
        self._held = crossmatch.index(ra, dec)
        # Records answer with their own number, so that their place is at hand; what row they are of is looked up after.
        self._row = self._held.whole[:, 1].copy()
        self._held.whole[:, 1] = np.arange(len(self._row))
        self.rows: int = len(ra)

    def __len__(self) -> int:
        return self.rows

    def __repr__(self) -> str:
        return f"<CatalogIndex of {self.rows} rows>"

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
        """
        from skyexplorer.core import crossmatch, neighbours

        matching.check(mode, k)
        ra, dec = matching.degrees(other, "other")
        reach = matching.radii(radius, len(ra))
        with matching.counted():
            a, record, psi = crossmatch.found(self._held, ra, dec, reach, matching.MOST_PAIRS)
        row = np.asarray(self._row[record])
        order = np.lexsort((row, a))
        order = order[matching.chosen(a[order], row[order], psi[order], mode, k, self.rows)]
        a, row, psi, record = a[order], row[order], psi[order], record[order]
        angle = neighbours.position_angles(ra, dec, self._held.real[:, 2], self._held.real[:, 3], a, record)
        return matching.table_of(a, row, psi, angle)

    def inside(self, region: SkyRegion) -> NDArray[np.int64]:
        """Rows of the index that lie in a region, in their order."""
        from skyexplorer.core import crossmatch

        at, reach = region.center.icrs, region.radius.to_value(u.deg)
        center = np.array([float(at.ra.deg)]), np.array([float(at.dec.deg)])
        with matching.counted():
            _, record, _ = crossmatch.found(self._held, *center, min(reach * (1 + 1e-9) + 1e-9, 180.0))
        if not len(record):
            return record
        ra, dec = self._places(record)
        return np.sort(np.asarray(self._row[record[region.contains(SkyCoord(ra * u.deg, dec * u.deg))]]))

    def _places(self, record: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Right ascension and declination of records (deg)."""
        return np.asarray(self._held.real[record, 2]), np.asarray(self._held.real[record, 3])

    def save(self, path: str | Path) -> Path:
        """Keep the index in a folder, which `open` maps into memory.

        Raises
        ------
        InputError
            If nothing can be written there.
        """
        folder = Path(path)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            np.save(folder / FILES[0], self._held.offset)
            np.save(folder / FILES[1], self._held.whole)
            np.save(folder / FILES[2], self._row)
            facts = {"form": FORM, "rows": self.rows, "size": self._held.grid.size, "shift": self._held.shift}
            (folder / FILES[3]).write_text(json.dumps(facts), "utf-8")
        except OSError as error:
            raise InputError(
                f"{str(folder)!r} cannot be written: {error.strerror}.", "Choose another place."
            ) from error
        return folder

    @classmethod
    def open(cls, path: str | Path) -> CatalogIndex:
        """Open a kept index; its records are read as questions need them.

        Raises
        ------
        FormatError
            If it is none, or of another form.
        """
        from skyexplorer.core import buckets

        folder = Path(path)
        try:
            facts: dict[str, Any] = json.loads((folder / FILES[3]).read_text("utf-8"))
            # Copy on write: the compiled code then has one form, for arrays that may be written.
            offset, whole, row = (
                np.load(folder / name, mmap_mode="c", allow_pickle=False) for name in FILES[:3]
            )
            held = buckets.kept(float(facts["size"]), int(facts["shift"]), offset, whole)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise FormatError(
                f"{str(folder)!r} is no kept index: {error}", "Make it with CatalogIndex.save."
            ) from error
        if (
            facts.get("form") != FORM
            or len(offset) != (1 << (64 - held.shift)) + 1
            or whole.shape != (len(row), 4)
        ):
            raise FormatError(
                f"{str(folder)!r} is an index of another form.", "Make it again with CatalogIndex.save."
            )
        made = object.__new__(cls)
        made._held, made._row, made.rows = held, row.view(np.ndarray), int(facts["rows"])
        return made
