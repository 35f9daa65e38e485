"""The blocks of Python in README and docs, run as a reader would: page by page, from top to bottom, in a folder with files.

``python -m tests.docs.blocks`` prints what went wrong with which page as JSON. It is a process of its own, so that what
pages do to it (services added, a cache named) reaches no other test. A block below ``<!-- network -->`` asks archives, and
is compiled only.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import re
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = (
    ROOT / "README.md",
    *sorted(DOCS.glob("*.md")),
    *sorted((DOCS / "howto").glob("*.md")),
    *sorted((DOCS / "explanation").glob("*.md")),
    *sorted((DOCS / "workshop").glob("*.md")),
    *sorted((DOCS / "reference").glob("*.md")),
    *sorted((DOCS / "reference" / "api").glob("*.md")),
)
_BLOCK = re.compile(r"(<!-- network -->\s*)?^```python\n(.*?)^```", re.M | re.S)
# What README shows of live archives, without a comment above it that readers of its source would meet first.
_LIVE = ('source="live"',)
BEGINNING = """
import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time
from skyexplorer import *
from skyexplorer.model.image import SkyImage
sky = SkyExplorer()
"""


@dataclass(frozen=True)
class Block:
    """One block of a page."""

    line: int
    source: str
    network: bool


def name_of(page: Path) -> str:
    """How tests call a page."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of Python of a page."""
    text = page.read_text("utf-8")
    for found in _BLOCK.finditer(text):
        live = page.name == "README.md" and any(words in found[2] for words in _LIVE)
        yield Block(text.count("\n", 0, found.start(2)) + 1, found[2], bool(found[1]) or live)


def files(folder: Path) -> None:
    """The files that pages name, small and made on the spot."""
    import pyarrow as pa
    from astropy.io import fits
    from astropy.wcs import WCS
    from pyarrow import parquet

    from skyexplorer import CatalogIndex, samples

    (folder / "my_sources.csv").write_text(
        "name,RA,Dec,r95\nours 1,77.36,5.70,0.02\nours 2,83.633,22.014,0.05\n"
    )
    (folder / "pulsars.csv").write_text("name,ra,dec\nCrab,83.633,22.014\nVela,128.836,-45.176\n")
    toml = re.search(r"```toml\n(.*?)```", (DOCS / "howto" / "own-service.md").read_text("utf-8"), re.S)
    (folder / "mine.toml").write_text(toml[1] if toml else "")
    samples.open("GW170817").localization.write(folder / "bayestar.multiorder.fits")
    samples.open("GW170817").localization.write(folder / "map.fits", order=4)
    samples.open("GW170817").localization.write(folder / "dust.fits", order=4)
    for name in ("regions.reg", "fields.reg", "ZTF_Region.reg"):
        (folder / name).write_text("fk5\ncircle(83.633,22.014,30')\n")
    stars = pa.table({"ra": [10.0, 77.36, 83.63], "dec": [-5.0, 5.7, 22.01], "mag": [12.0, 13.0, 14.0]})
    (folder / "gaia_hats").mkdir()
    parquet.write_table(stars, folder / "gaia_hats" / "stars.parquet")
    CatalogIndex(samples.open("fermi-sources")).save(folder / "gaia.index")
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval = ["RA---TAN", "DEC--TAN"], [197.45, -23.38]
    wcs.wcs.crpix, wcs.wcs.cdelt = [16, 16], [-0.01, 0.01]
    plane = [[float(i * j) for i in range(32)] for j in range(32)]
    fits.writeto(folder / "image.fits", _array(plane), wcs.to_header())
    fits.writeto(folder / "cube.fits", _array([plane] * 4), wcs.to_header())
    (folder / "sed.ecsv").write_text(SED)


SED = """# %ECSV 1.0
# ---
# datatype:
# - {name: e_ref, unit: TeV, datatype: float64}
# - {name: dnde, unit: 1 / (cm2 s TeV), datatype: float64}
# - {name: dnde_err, unit: 1 / (cm2 s TeV), datatype: float64}
# meta: {SED_TYPE: dnde}
# schema: astropy-2.0
e_ref dnde dnde_err
1.0 3e-11 1e-12
10.0 1e-13 1e-14
"""


def _array(values: Any) -> Any:
    import numpy as np

    return np.array(values, np.float32)


def given(page: str) -> dict[str, Any]:
    """What a page speaks of as the reader's own."""
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(BEGINNING, space)
    if page == "README.md":
        from astropy.table import Table

        u, coord = space["u"], space["SkyCoord"]
        space["ours"], space["theirs"] = coord([10, 20] * u.deg, [0, 5] * u.deg), coord(10 * u.deg, 0 * u.deg)
        space["alerts"] = space["samples"].open("fermi-sources")
        space["center"] = coord("05h09m26s +05d41m35s")
        space["a_million_rows"] = space["SourceCatalog"](
            Table(
                {
                    "name": ["a", "b"], "ra": [77.3, 77.4], "dec": [5.7, 5.6], "flux": [1e-9, 2e-8], "snr": [30.0, 9.0],
                    "class": ["bll", "fsrq"], "bp_rp": [0.1, 0.2], "gmag": [12.0, 13.0], "pmra": [1.0, 2.0],
                    "pmdec": [3.0, 4.0],
                }
            ),
            epoch="J2016.0",
        )  # fmt: skip
    if page == "docs/howto/layers.md":
        numpy, space["values"] = space["np"], space["np"].arange(12 * 4**3, dtype=float)
        from astropy.wcs import WCS

        wcs = WCS(naxis=2)
        wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
        space["data"], space["wcs"] = numpy.ones((8, 8), numpy.float32), wcs
        space["event"] = space["samples"].open("GW170817")
    return space


def compiled(source: str, where: str) -> Any:
    """A block that may await, as cells of a notebook do."""
    return compile(source, where, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def failure_of(page: Path) -> str:
    """What goes wrong first on a page, with its line; empty where nothing does."""
    space = None
    for block in blocks(page):
        where = f"{name_of(page)}:{block.line}"
        try:
            code = compiled(block.source, where)
            if block.network:
                continue
            space = given(name_of(page)) if space is None else space
            with contextlib.redirect_stdout(io.StringIO()):
                exec(code, space)
        except Exception:
            return f"{where}\n{block.source}\n{traceback.format_exc(limit=-3)}"
    return ""


def main() -> None:
    """Run all pages, or those that are named, each with fresh files; print the failures by page."""
    chosen = [page for page in PAGES if len(sys.argv) < 2 or name_of(page) in sys.argv[1:]]
    failures = {}
    with tempfile.TemporaryDirectory() as home:
        os.environ["SKYEXPLORER_CACHE"] = str(Path(home, "cache"))
        os.environ["SKYEXPLORER_AUTOSAVE"] = str(Path(home, "autosave.py"))
        os.environ["SKYEXPLORER_OFFLINE"] = "1"
        first = Path(home, "files")
        first.mkdir()
        files(first)
        os.chdir(first)
        for page in chosen:
            failures[name_of(page)] = failure_of(page)
    print(json.dumps(failures))


if __name__ == "__main__":
    main()
