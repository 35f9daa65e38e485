"""HATS catalogues: folders in which each HEALPix cell of the sky has a Parquet file of its own (IVOA note HATS 1.0)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skyexplorer.errors import FormatError
from skyexplorer.io import parquet as parquet_files
from skyexplorer.io.files import reading

KINDS = ("object", "source")  # of data products, that have a row for each position
_PROPERTIES = ("hats.properties", "properties")
_COLLECTION = "collection.properties"


@dataclass(frozen=True)
class Hats:
    """A HATS catalogue on disk.

    Attributes
    ----------
    name : str
    ra, dec : str
        Columns of its positions, ICRS degrees.
    paths : tuple of str
        Its files, in the order of their cells along the nested curve.
    order, pixel : (n,) int arrays
        The cell of each file.
    rows : int
        As its properties have it.
    facts : dict
        The properties.
    index : Path
        The file that holds the facts of all others, which may not be there.
    """

    name: str
    ra: str
    dec: str
    paths: tuple[str, ...]
    order: NDArray[np.int64]
    pixel: NDArray[np.int64]
    rows: int
    facts: dict[str, str] = field(repr=False)
    index: Path = field(repr=False)


def is_hats(path: str | Path) -> bool:
    """Whether a folder is a HATS catalogue, or a collection of one with its margins."""
    folder = Path(path)
    return (folder / _COLLECTION).is_file() or (
        (folder / "dataset").is_dir() and any((folder / name).is_file() for name in _PROPERTIES)
    )


def open(path: str | Path) -> Hats:
    """What a HATS catalogue holds, and where; its rows are not read.

    Raises
    ------
    FormatError
        If it is none, lacks files, or is one of margins, of an index or of pairs.
    """
    folder = Path(path)
    if (folder / _COLLECTION).is_file():
        table = _properties(folder / _COLLECTION).get("hats_primary_table_url", "")
        if not table or not is_hats(folder / table):
            raise FormatError(
                f"The collection {str(folder)!r} has no catalogue {table!r}.", "Fetch it whole."
            )
        folder = folder / table
    file = next((folder / name for name in _PROPERTIES if (folder / name).is_file()), None)
    if file is None:
        raise FormatError(f"{str(folder)!r} has no hats.properties.", "Name the folder of a HATS catalogue.")
    facts = _properties(file)
    kind = facts.get("dataproduct_type", "object")
    if kind not in KINDS:
        raise FormatError(
            f"{str(folder)!r} is a HATS data set of kind {kind!r}, not a catalogue.",
            "Name the catalogue that it belongs to.",
        )
    found: list[tuple[int, int, int, str]] = []
    for entry in (folder / "dataset").glob("Norder=*/Dir=*/Npix=*"):
        names = [part.partition("=")[2].split(".")[0] for part in (entry.parts[-3], entry.name)]
        order, pixel = (int(name) if name.isdecimal() else -1 for name in names)
        if not (0 <= order <= 29 and 0 <= pixel < 12 * 4**order):
            raise FormatError(
                f"{str(entry)!r} is named for no cell of the sky.", "Fetch the catalogue whole."
            )
        inside = sorted(entry.glob("[!._]*.parquet")) if entry.is_dir() else [entry]
        found += [(pixel << 2 * (29 - order), order, pixel, str(each)) for each in inside]
    if not found:
        raise FormatError(
            f"{str(folder)!r} has no files under dataset/Norder=…", "Fetch the catalogue whole."
        )
    found.sort()
    return Hats(
        facts.get("obs_collection") or folder.name,
        facts.get("hats_col_ra", "ra"),
        facts.get("hats_col_dec", "dec"),
        tuple(each[3] for each in found),
        np.array([each[1] for each in found], np.int64),
        np.array([each[2] for each in found], np.int64),
        int(rows) if (rows := facts.get("hats_nrows", "")).isdecimal() else -1,
        facts,
        folder / "dataset" / "_metadata",
    )


def metadata(hats: Hats) -> list[Any] | None:
    """Facts of each of the files from the one that holds those of all; None where it is not there, or not of these files."""
    from pyarrow import parquet

    if not hats.index.is_file():
        return None
    with reading(f"the Parquet file {hats.index.name!r}"):
        whole = parquet.read_metadata(hats.index)
    by_file: dict[str, list[int]] = {}
    for number in range(whole.num_row_groups):
        by_file.setdefault(whole.row_group(number).column(0).file_path, []).append(number)
    names = [Path(path).relative_to(hats.index.parent).as_posix() for path in hats.paths]
    if set(names) != set(by_file):
        return None
    return [_OfFile(whole, by_file[name]) for name in names]


def table(known: Hats) -> Any:
    """All rows and columns of a catalogue, as a Table.

    Raises
    ------
    InputError
        If memory does not allow it.
    FormatError
        If a file cannot be read.
    """
    pieces = parquet_files.pieces(known.paths, (known.ra, known.dec), metadata(known))
    return parquet_files.described(parquet_files.taken(pieces, None, known.name))


def widest(order: NDArray[np.int64]) -> NDArray[np.float64]:
    """The largest distance from the centre of a cell to its corners, of all cells of an order (deg; Górski et al. 2005)."""
    nside = 2.0 ** np.asarray(order, float)
    # A cell beside the pole's meridian, at the edge of the polar cap: its centre, and its northern corner.
    z1, phi = 2.0 / 3.0, np.pi / (4.0 * nside)
    z2 = 1.0 - (1.0 - 1.0 / nside) ** 2 / 3.0
    one = np.array([np.sqrt(1 - z1 * z1) * np.cos(phi), np.sqrt(1 - z1 * z1) * np.sin(phi), z1 + 0 * phi])
    other = np.array([np.sqrt(1 - z2 * z2), 0 * phi, z2])
    across = np.linalg.norm(np.cross(one, other, axis=0), axis=0)
    return np.asarray(np.degrees(np.arctan2(across, (one * other).sum(axis=0))) * (1 + 1e-9) + 1e-9)


class _OfFile:
    """Facts of one file, out of those of all: as pyarrow's FileMetaData has them."""

    def __init__(self, whole: Any, groups: list[int]) -> None:
        self._whole, self._groups, self.schema = whole, groups, whole.schema
        self.num_row_groups = len(groups)

    def row_group(self, number: int) -> Any:
        return self._whole.row_group(self._groups[number])


def _properties(path: Path) -> dict[str, str]:
    with reading(f"the properties {path.name!r}"):
        lines = path.read_text("utf-8").splitlines()
    pairs = (
        line.partition("=") for line in lines if "=" in line and not line.lstrip().startswith(("#", "!"))
    )
    return {key.strip(): value.strip() for key, _, value in pairs}
