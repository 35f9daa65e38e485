"""The public names, pinned; and importing them costs next to nothing."""

from __future__ import annotations

import json
import subprocess
import sys

import skyexplorer

HEAVY = (
    "astropy",
    "numba",
    "numpy",
    "ipywidgets",
    "anywidget",
    "ipyaladin",
    "bokeh",
    "mocpy",
    "psygnal",
    "pandas",
)


def test_the_public_names():
    assert sorted(skyexplorer.__all__) == [
        "CatalogIndex",
        "Event",
        "LightCurve",
        "PartedCatalog",
        "SkyExplorer",
        "SkyMap",
        "SkyRegion",
        "SkyRegions",
        "SourceCatalog",
        "__version__",
        "crossmatch",
        "samples",
    ]
    assert all(getattr(skyexplorer, name) is not None for name in skyexplorer.__all__)


def test_the_verbs():
    verbs = {name for name in dir(skyexplorer.SkyExplorer) if not name.startswith("_")}
    assert verbs == {
        *("open", "select", "brush", "goto", "rank", "light_curve"),
        *("query_region", "fetch_on"),
        *("submit", "jobs", "ledger"),
        "events",
        "live_curves",
        *("find_services", "field", "images", "cutout", "resolve", "xmatch"),
        *("style", "filter"),
        *("overlay", "footprint"),
        *("spectrum", "histogram", "scatter", "mark"),
        *("select_region", "select_inside", "show_inside"),
        *("layers", "selection", "viewport", "steps", "widget"),
        *("view", "close", "restore"),
    }


def test_importing_loads_nothing_heavy():
    code = f"import skyexplorer, sys, json; print(json.dumps([m for m in {HEAVY} if m in sys.modules]))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(found.stdout) == []


def test_an_explorer_loads_no_compiler():
    """Half a second of the first paint would be its."""
    code = "import skyexplorer.explorer, sys; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
