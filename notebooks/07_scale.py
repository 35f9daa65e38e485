# %% [markdown]
# # Scale: ten million sources
#
# **The question.** Surveys have a million times more rows than a screen has room for. What can still be asked while
# you wait, and what does it cost?
#
# **At the end** you will have a million stars on the sky, an index of ten million that answers in milliseconds, a
# match of the two lists, and the same match by LSDB on Dask.
#
# *20 minutes. Nothing here needs a network: the stars are made up on the spot. When you are online,
# `PartedCatalog.open(…)` and `lsdb.open_catalog(…)` open the survey that you downloaded, or read it where it lies, in
# the same cells.*
#
# Run all cells (**Run ▸ Run All Cells**), then come back and click.

# %%
import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table

from skyexplorer import CatalogIndex, PartedCatalog, SkyExplorer, SkyRegion, SourceCatalog, crossmatch

sky = SkyExplorer(samples=False)
sky

# %% [markdown]
# ## How many?
#
# Ten files of a million rows each take 2 GB of memory, half a gigabyte of disk, and as much again while the index is
# made. Where there is less memory, as on Binder, each file gets fewer rows: `ROWS` is yours to change. (`MEM_LIMIT` is
# what a JupyterHub grants you.)

# %%
import os

import psutil

memory = int(os.environ.get("MEM_LIMIT", psutil.virtual_memory().available))
FILES, ROWS = 10, 1_000_000 if memory > 3e9 else 200_000
print(f"{memory / 1e9:.1f} GB of memory: {FILES} files of {ROWS:,} rows")

# %% [markdown]
# The stars, file by file: some in a disc and some all around. Nothing about them is real.


# %%
def stars(number):
    """The rows of one file: the same numbers each time it is asked for."""
    random = np.random.default_rng(number)
    around = np.degrees(np.arcsin(random.uniform(-1, 1, ROWS)))
    disc = random.laplace(0, 5, ROWS).clip(-90, 90)
    latitude = np.where(random.random(ROWS) < 0.6, disc, around)
    place = SkyCoord(random.uniform(0, 360, ROWS), latitude, unit="deg", frame="galactic").icrs
    magnitude, colour = random.triangular(10, 21, 21, ROWS), random.normal(1, 0.5, ROWS)
    return Table({"ra": place.ra, "dec": place.dec, "gmag": magnitude.round(2), "bp_rp": colour.round(2)})


# %% [markdown]
# ## One file on the sky
#
# All rows are on the map, and the brightest are drawn first: come closer, and more of them appear. The sky says how
# many it draws.

# %%
first = SourceCatalog(stars(0), title="stars")
sky.open(first)
sky.style("stars", color_by="bp_rp", color_map="coolwarm", first_by="gmag", first_descending=False)
sky.goto("l=10 b=0", fov=60)

# %%
sky.scatter("stars", "bp_rp", "gmag")
print(f"{sky.filter('stars', 'gmag < 15 and bp_rp > 1.5'):,} red and bright ones are left")

# %% [markdown]
# So many points are shown as their density. Drag a box there: its rows are marked on the sky. The filter is gone with
# an empty text.

# %%
sky.filter("stars", "")

# %% [markdown]
# ## All of them, on disk
#
# Parquet files are written one by one, and opened without being read. What fits into memory no longer matters.

# %%
import shutil
from pathlib import Path

folder = Path("stars")
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir()
for number in range(FILES):
    stars(number).write(folder / f"{number}.parquet")

many = PartedCatalog.open(folder / "*.parquet")
many

# %% [markdown]
# ## An index
#
# The index holds the positions in the order of the sky. It is made once, from one file at a time, kept in a folder,
# and opened without being read: only what a question needs comes into memory.

# %%
from time import perf_counter

CatalogIndex.build("stars/index", many)

start = perf_counter()
index = CatalogIndex.open("stars/index")
print(f"{len(index):,} rows, open after {1000 * (perf_counter() - start):.1f} ms")

# %% [markdown]
# Ask it for what lies within 2″ of each of a thousand positions, for the nearest of any distance, and for all rows of
# a region:


# %%
def timed(what, question):
    """Ask, and say how many rows came, and when."""
    start = perf_counter()
    rows = question()
    print(f"{what}: {len(rows):,} rows in {1000 * (perf_counter() - start):.1f} ms")
    return rows


some = first.coords[:1000]
timed("within 2 arcsec", lambda: index.match(some, 2 * u.arcsec, mode="all"))
timed("the three nearest", lambda: index.nearest(some, k=3))[:6]

# %%
merger = sky.open("GW170817")
region = merger.credible_region(0.9)
rows = timed("in the 90 % region of GW170817", lambda: index.inside(region))

# %% [markdown]
# Row numbers are all that the index gives. The rows themselves are read from the files, only those:

# %%
inside = many.take(rows)
sky.open(inside, name="stars of the region")
inside.table[:3]

# %% [markdown]
# ### Exercise: how crowded is the disc?
#
# How many times more stars lie within 5° of the Galactic centre than within 5° of the Galactic pole?

# %%
from exercises import crowding

center = SkyCoord(0 * u.deg, 0 * u.deg, frame="galactic").icrs
pole = SkyCoord(0 * u.deg, 90 * u.deg, frame="galactic").icrs
ratio = ...

crowding(ratio, index, center, pole)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `index.inside(SkyRegion.circle(center, 5 * u.deg))` are row numbers: count them.
#
# </details>
# <details><summary>Answer</summary>
#
# ```python
# counts = [len(index.inside(SkyRegion.circle(place, 5 * u.deg))) for place in (center, pole)]
# ratio = counts[0] / counts[1]
# ```
#
# </details>

# %% [markdown]
# ## Match two lists
#
# Now a second telescope, which saw the stars of the first file again, each a little off. The nearest of all the
# others for each, within 2″, straight from the files:

# %%
random = np.random.default_rng(2)
ours = SkyCoord(
    random.normal(first.coords.ra.deg, 0.5 / 3600),
    random.normal(first.coords.dec.deg, 0.5 / 3600),
    unit="deg",
)
pairs = timed(f"{len(ours):,} with {many.rows:,}", lambda: crossmatch(ours, many, 2 * u.arcsec))

# %% [markdown]
# ### Exercise: how many of them are wrong?
#
# Row 0 of `ours` *is* row 0 of the files, and so on: here, for once, the truth is known. How many pairs are of two
# different stars?

# %%
from exercises import wrong_pairs

wrong = ...

wrong_pairs(wrong, pairs, many.rows)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `pairs["left"]` and `pairs["right"]` are row numbers: where do they differ?
#
# </details>
# <details><summary>Answer</summary>
#
# ```python
# wrong = (pairs["left"] != pairs["right"]).sum()
# ```
#
# </details>

# %% [markdown]
# ## HATS, LSDB and Dask
#
# Large surveys are published as [HATS](https://hats.readthedocs.io): Parquet files, one a cell of the sky, each of
# which another machine may work on. [LSDB](https://lsdb.io) asks them with Dask. `skyexplorer.scale` writes HATS, and
# lends LSDB its kernel for the match. If LSDB is not installed, the next cell says what to type, and the rest is
# skipped.

# %%
survey = None
try:
    from skyexplorer.scale import SkyCrossmatch, from_lsdb, to_lsdb, write_hats

    survey = write_hats(first.take(np.arange(100_000)), folder / "hats", rows=25_000)
except ValueError as missing:
    print(missing)
survey

# %% [markdown]
# Nothing is computed before it is asked for: `plan` is a task for each pair of cells. `from_lsdb` has it carried out,
# here in threads. With `from dask.distributed import Client; Client()` before it, by all cores of this machine, or by
# those of a cluster.

# %%
if survey:
    import lsdb

    again = to_lsdb(SourceCatalog(Table({"ra": ours.ra[:20_000], "dec": ours.dec[:20_000]}), title="again"))
    there = lsdb.open_catalog(folder / "hats")
    names = {"suffixes": ("", "_hats"), "suffix_method": "all_columns"}
    plan = again.crossmatch(there, algorithm=SkyCrossmatch(radius_arcsec=2), **names)
    print(from_lsdb(plan).table["ra", "dec", "gmag_hats", "_dist_arcsec"][:3])

# %% [markdown]
# HATS opens in `skyexplorer` like the Parquet files: `PartedCatalog.open("stars/hats")`. Remove what was written with
# `shutil.rmtree("stars")`.

# %% [markdown]
# ## What next
#
# - [My own catalogue](04_my_catalogue.ipynb): errors, and matches by chance.
# - [Archives](05_archives.ipynb): the rows that you need, from where they are kept.
#
# ## References
#
# - Górski et al. 2005, *ApJ* 622, 759: HEALPix, whose order of cells the index keeps.
# - Caplar et al. 2025, *arXiv* 2501.02103: LSDB.
