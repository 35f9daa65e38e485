"""skyexplorer: the multiwavelength and multi-messenger sky, linked, in a notebook.

The public names are loaded when they are first used, so that ``import skyexplorer``
costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0.dev0"

_HOME = {
    "SkyExplorer": "skyexplorer.explorer",
    "SkyMap": "skyexplorer.model.skymap",
    "SkyRegion": "skyexplorer.model.region",
    "SkyRegions": "skyexplorer.model.regions",
    "Event": "skyexplorer.model.event",
    "SourceCatalog": "skyexplorer.model.catalog",
    "LightCurve": "skyexplorer.model.lightcurve",
    "PartedCatalog": "skyexplorer.model.parted",
    "CatalogIndex": "skyexplorer.model.index",
    "crossmatch": "skyexplorer.model.matching",
    "samples": "skyexplorer.samples",
}

__all__ = [*_HOME, "__version__"]


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'skyexplorer' has no attribute {name!r}")
    module = importlib.import_module(home)
    value = module if home == f"{__name__}.{name}" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
