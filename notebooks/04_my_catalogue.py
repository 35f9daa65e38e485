# %% [markdown]
# # My own catalogue: read, match, and count what is chance
#
# **The question.** You have a table of pulsars. Some of them blow winds that shine in TeV γ rays. Which ones? And how
# many of your matches are there only because the Galactic plane is crowded?
#
# **At the end** you will have your own table on the sky, its counterparts among TeV and Fermi sources, the number of
# them that is chance, and a figure for the paper.
#
# *30 minutes. Nothing here needs a network: the catalogues are chosen rows of published ones. When you are online, one
# line below brings all rows of the H.E.S.S. survey, and the same cells go on with them.*
#
# Run all cells (**Run ▸ Run All Cells**), then come back and click.

# %%
import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table

from skyexplorer import SkyExplorer, SourceCatalog, crossmatch

sky = SkyExplorer(samples=False, height=700)
sky

# %%
tev, fermi = sky.open("tev-sources"), sky.open("fermi-sources")
sky.goto("l=350 b=0", fov=60)

# %% [markdown]
# When you are online, ask for more than the sample has:
#
# ```python
# from skyexplorer import SkyRegion
#
# tev = sky.query_region(SkyRegion.circle(sky.viewport.target, 80 * u.deg), service="hgps")
# ```
#
# ## A table of your own
#
# Yours comes from your telescope. This one we **make up** here, so that you know what is in it: 400 pulsars anywhere
# along the plane, 20 near TeV nebulae, and those of Fermi's pulsars that are in its sample. The young and
# energetic ones are among the latter two: a pulsar's spin-down power, $\dot{E}$, drives its wind.

# %%
random = np.random.default_rng(8)

field = SkyCoord(random.uniform(-95, 65, 400), random.normal(0, 1.5, 400), unit="deg", frame="galactic").icrs
nebulae = tev.coords[random.choice(np.flatnonzero(tev.extension > 0), 20, replace=False)]
away = np.abs(random.normal(0, 0.1, 20)) * u.deg
born = nebulae.directional_offset_by(random.uniform(0, 360, 20) * u.deg, away)
seen = fermi.coords[fermi.table["CLASS1"] == "PSR"]

# %%
parts = (field, born, seen)
ra, dec = (np.concatenate([getattr(part, axis).deg for part in parts]) for axis in ("ra", "dec"))
edot = np.concatenate([random.normal(34.3, 0.9, len(field)), random.normal(36.6, 0.5, len(born) + len(seen))])

written = Table({"pulsar": [f"P{number:03d}" for number in range(len(ra))]})
written["ra"], written["dec"] = random.normal(ra, 0.01) * u.deg, random.normal(dec, 0.01) * u.deg
written["pos_err"] = np.full(len(ra), 36.0) * u.arcsec
written["log_edot"] = edot.round(2)
written.write("my_pulsars.ecsv", overwrite=True)

# %% [markdown]
# ## Read it
#
# `sky.open("my_pulsars.ecsv")` would do: right ascension and declination are told from names and units. What no
# catalogue of the world calls the same, you name: which column is the error (one sigma, in one dimension), which the
# name. The format is ECSV because it keeps units; of a bare CSV those 36 would have been degrees.

# %%
mine = SourceCatalog.read("my_pulsars.ecsv", name="pulsar", error="pos_err", title="my pulsars")
sky.open(mine)
mine.table[:4]

# %%
print(mine, "| error of each:", mine.error[0].to("arcsec"))
print("odd in it:", mine.flags or "nothing")

# %% [markdown]
# The more powerful, the larger and the brighter. A click on a source tells its row.

# %%
sky.style("my pulsars", color_by="log_edot", size_by="log_edot", color_map="plasma")
sky.histogram("my pulsars", "log_edot")

# %% [markdown]
# ## Match
#
# Pulsars are born with a kick and leave their nebula behind, so the two need not coincide: say within 0.3°. For each
# pulsar the nearest TeV source:

# %%
radius = 0.3 * u.deg
pairs = crossmatch(mine, tev, radius)
print(f"{len(pairs)} of {len(mine)} pulsars have a TeV source within {radius}")
pairs[:4]

# %% [markdown]
# `left` and `right` are rows of the two tables. Which pairs you want depends on what you ask; within twice the radius:

# %%
for mode, asked in {
    "nearest": "for each pulsar, its nearest TeV source",
    "all": "every pair within the radius",
    "mutual": "pairs of which each is the nearest of the other",
}.items():
    print(f"{len(crossmatch(mine, tev, 2 * radius, mode=mode)):3d}  {mode}: {asked}")

# %% [markdown]
# The radius may be of each source's own. Here it is the extension of each nebula, and a tenth of a degree more:

# %%
size = np.nan_to_num(tev.extension, nan=0 * u.deg)
inside = crossmatch(tev, mine, size + 0.1 * u.deg, mode="all")
print(f"{len(inside)} pulsars in or near {len(set(inside['left']))} TeV sources")

# %% [markdown]
# ## How many by chance?
#
# Move all pulsars along the plane by some degrees: what they match now, they match by chance. Along the plane, and
# not anywhere, because both lists crowd there; by more than the radius, and not too far, so that the plane is as
# crowded as it was.

# %%
shifts = [-8, -7, -6, -5, -4, -3, 3, 4, 5, 6, 7, 8] * u.deg


def matched(catalogue, shift=0 * u.deg):
    """How many of a catalogue, moved along the plane, have a TeV source within the radius."""
    place = catalogue.coords.galactic
    moved = SkyCoord(place.l + shift, place.b, frame="galactic")
    return len(crossmatch(moved, tev, radius))


print("as they are:", matched(mine), "| moved:", [matched(mine, shift) for shift in shifts])

# %% [markdown]
# ### Exercise: what is a match worth?
#
# Of the matches of `mine`, how many do you expect to be chance?

# %%
from exercises import matches_by_chance

by_chance = ...

matches_by_chance(by_chance, mine, tev, radius, shifts)

# %% [markdown]
# <details><summary>Hint</summary>
#
# The mean of what the moved catalogues match: `np.mean` of a list.
#
# </details>
# <details><summary>Answer</summary>
#
# ```python
# by_chance = np.mean([matched(mine, shift) for shift in shifts])
# ```
#
# </details>

# %% [markdown]
# ## Ask for more than a place
#
# A match by place alone is cheap. But a nebula needs a powerful pulsar, and few of those that were hit by chance are.
# The filter is that of the table, of the sky and of the plots at once:

# %%
left = sky.filter("my pulsars", "log_edot > 35.5")
print(f"{left} of {len(mine)} pulsars are left on the sky")

# %% [markdown]
# ### Exercise: where to cut?
#
# Choose a cut in `log_edot` such that at most one match in ten is chance, and as many matches as can be are kept.

# %%
from exercises import cut_in_power

cut = ...

cut_in_power(cut, mine, tev, radius, shifts)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `some = mine.take(mine.table["log_edot"] > 35)` is a catalogue of some rows. Compare `matched(some)` with the mean of
# `matched(some, shift)`, for cuts between 34 and 37.
#
# </details>
# <details><summary>Answer</summary>
#
# ```python
# cuts = np.arange(34, 37, 0.1)
# kept = [mine.take(mine.table["log_edot"] > each) for each in cuts]
# chance = [np.mean([matched(some, shift) for shift in shifts]) / matched(some) for some in kept]
# cut = cuts[np.flatnonzero(np.array(chance) <= 0.1)[0]]
# ```
#
# </details>

# %% [markdown]
# ## When errors decide
#
# Fermi's pulsars are points, and so are yours: now the positions should agree within their errors. Without a radius,
# `crossmatch` takes the errors of both, Fermi's as the ellipses that they are, and gives the distance in sigmas of both
# together; five is the most, unless you say otherwise.

# %%
same = crossmatch(mine, fermi, ellipses=True)
for pair in same:
    theirs = fermi[pair["right"]]
    apart = f"{pair['separation']:5.1f} arcsec apart, {pair['normalised_distance']:.1f} sigma"
    print(mine.names[pair["left"]], theirs.name, apart, sep="  ")

# %% [markdown]
# ## The counterparts, as a catalogue
#
# Take the rows, add what was found, and open it like any other.

# %%
strong = mine.take(mine.table["log_edot"] > 36)
pairs = crossmatch(strong, tev, radius)
nebula = np.array(tev.names)[pairs["right"]]
found = strong.take(pairs["left"]).with_columns(nebula=nebula, away=pairs["separation"].to("deg"))
sky.open(found, name="counterparts")
found.table["pulsar", "log_edot", "nebula", "away"][:6]

# %%
sky.scatter("counterparts", "away", "log_edot")
sky.select(found[0])

# %% [markdown]
# Drag a box in the scatter plot: its points are marked on the sky and in the table too.
#
# ## A figure for the paper
#
# Names are public and arrays are arrays, so that any library draws them; here Matplotlib.


# %%
def on_the_plane(catalogue):
    """Longitude, with the Galactic centre in the middle, and latitude, in degrees."""
    place = catalogue.coords.galactic
    return place.l.wrap_at(180 * u.deg).deg, place.b.deg


# %%
from matplotlib import pyplot as plt

figure, axes = plt.subplots(figsize=(7, 2.6), layout="constrained")
axes.scatter(*on_the_plane(mine), s=4, color="0.6", label="my pulsars")
axes.scatter(*on_the_plane(tev), s=50, facecolors="none", edgecolors="tab:blue", label="TeV sources")
power = {"c": found.table["log_edot"], "cmap": "plasma"}
drawn = axes.scatter(*on_the_plane(found), s=18, label="counterparts", **power)
figure.colorbar(drawn, label=r"$\log_{10}\,\dot{E}$ / (erg s$^{-1}$)")
axes.set(xlim=(70, -100), ylim=(-7, 5), xlabel="Galactic longitude (deg)", ylabel="latitude (deg)")
axes.legend(loc="lower center", ncols=3, fontsize="small")
figure.savefig("my_pulsars.pdf")

# %% [markdown]
# ## What next
#
# - [Archives](05_archives.ipynb): all rows of the catalogues, instead of chosen ones.
# - [Scale](07_scale.ipynb): the same match with ten million rows.
# - `sky.xmatch("my pulsars", "gaia-dr3", 2 * u.arcsec)` matches at CDS, when you are online.
#
# ## References
#
# - H.E.S.S. Collaboration 2018, *A&A* 612, A2: the pulsar wind nebulae of the Galactic plane, and how many by chance.
# - H.E.S.S. Collaboration 2018, *A&A* 612, A1: the survey that most of the TeV sample is from.
# - Ballet et al. 2020, *arXiv* 2005.11208: 4FGL-DR2, which the Fermi sample is from.
