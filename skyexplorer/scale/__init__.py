"""LSDB and HATS on Dask, with our kernel plugged in: catalogues of one machine's size, and of many.

``pip install 'skyexplorer[scale]'`` brings what this needs; nothing of it is imported before it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skyexplorer.errors import InputError

if TYPE_CHECKING:
    from skyexplorer.scale.crossmatch import SkyCrossmatch
    from skyexplorer.scale.hats import from_lsdb, to_lsdb, write_hats

_PLACES = {
    "SkyCrossmatch": "crossmatch",
    "from_lsdb": "hats",
    "to_lsdb": "hats",
    "write_hats": "hats",
}

__all__ = ["SkyCrossmatch", "from_lsdb", "to_lsdb", "write_hats"]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = import_module(f"{__name__}.{_PLACES[name]}")
    except ModuleNotFoundError as error:
        if error.name not in ("lsdb", "dask", "distributed", "hats", "nested_pandas", "pandas"):
            raise
        raise InputError(
            f"skyexplorer.scale needs the package {error.name!r}, which is not installed.",
            "pip install 'skyexplorer[scale]'",
        ) from error
    return getattr(module, name)
