"""Tables of ROOT files: trees whose branches are numbers, one a row."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from skyexplorer.io.choosing import MOST_BYTES, Part, choose, leave_note

MOST_TREES = 200


def read(raw: bytes, wanted: str | int | None = None) -> Any:
    """The tree of a ROOT file, as a table: see `skyexplorer.io.tables.read`.

    Branches of lists are left out, and named in a note. A branch's title is its description.

    Raises
    ------
    FormatError
        If no tree has rows and branches of numbers, or it declares more than half a gigabyte.
    """
    import uproot

    with uproot.open(io.BytesIO(raw)) as file:
        names = [
            name
            for name, kind in file.classnames(recursive=True, cycle=False).items()
            if str(kind) in ("TTree", "TNtuple", "TNtupleD") or "RNTuple" in str(kind)
        ]
        return choose([_part(file[name], name, len(raw)) for name in names[:MOST_TREES]], wanted, "ROOT file")


def _part(tree: Any, name: str, size: int) -> Part:
    from astropy.table import Table

    from skyexplorer.errors import FormatError

    plain = [str(key) for key in tree.keys(recursive=False) if _is_plain(tree[key])]
    rows = int(tree.num_entries)

    def look() -> Any:
        return Table({key: np.empty(0) for key in plain})

    def read_() -> Any:
        # Basket by basket a tree packs well, but not a thousandfold on the whole.
        if rows * max(len(plain), 1) * 8 > MOST_BYTES or rows < 0 or rows > size * 1000:
            raise FormatError(
                f"The tree {name} declares {rows:,} rows of {len(plain)} branches.", "Write a smaller one."
            )
        if not plain:
            raise FormatError(f"The tree {name} has no branches of numbers.", "Nothing to show.")
        arrays = tree.arrays(plain, library="np")
        table = Table({key: _native(arrays[key]) for key in plain})
        for key in plain:
            title = str(getattr(tree[key], "title", "") or "")
            if title and title.split("/")[0] != key:
                table[key].description = title
        left = [str(key) for key in tree.keys(recursive=False) if str(key) not in plain]
        if left:
            leave_note(table, f"branches of lists or objects are left out: {', '.join(left)[:300]}")
        return table

    return Part(name, max(rows, 0), read_, look)


def _is_plain(branch: Any) -> bool:
    kind = str(getattr(branch, "typename", ""))
    return kind.removeprefix("std::") in (
        "double", "float", "int", "bool", "char", "string", "char*",
        *(f"{sign}{width}_t" for sign in ("int", "uint") for width in (8, 16, 32, 64)),
        "unsigned int", "short", "unsigned short", "long", "unsigned long",
    )  # fmt: skip


def _native(values: Any) -> Any:
    cells = np.asarray(values)
    if cells.dtype.kind == "O":
        return np.array([str(cell) for cell in cells])
    return cells.astype(cells.dtype.newbyteorder("="))
