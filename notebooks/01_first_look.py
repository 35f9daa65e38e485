# %% [markdown]
# # First look: one sky, many messengers
#
# **The question.** Two observations made multi-messenger astronomy what it is: a neutrino that pointed to a blazar,
# and two neutron stars that were heard before they were seen. What does it take to see both, and to check them
# yourself?
#
# **At the end** you will have an explorer of the sky that follows your clicks and your code alike, the blazar in the
# neutrino's footprint, and the galaxy of the merger.
#
# *10 minutes. Nothing here needs a network. When you are online, add `source="live"` to `sky.open(…)`: the event then
# comes from those who publish it.*
#
# Run all cells (**Run ▸ Run All Cells**), then come back and click.

# %%
from skyexplorer import SkyExplorer

sky = SkyExplorer()
sky

# %% [markdown]
# What you see: the probability map of **GW170817** (drawn from published numbers, not the LVK map), **IceCube**
# neutrino alerts with their 90 % footprints, **Fermi** sources, **TeV** sources with their extension, and galaxies.
# The layer panel says where each comes from: hover over a name. Click a source, and its light curve appears; drag a
# range on the light curve, and only the alerts of that time stay on the sky.
#
# To keep the explorer in sight while you read on: right-click to the left of it, on the number of the output, and
# choose **Create New View for Output**.
#
# ## A neutrino and a blazar
#
# On 22 September 2017 IceCube sent an alert, IC-170922A. Inside its footprint lies the blazar TXS 0506+056, and it
# was flaring.

# %%
neutrino = sky.open("IC-170922A")
print(neutrino.name, neutrino.time.utc.iso, "signalness", neutrino.signalness)

sky.goto("TXS 0506+056")

# %% [markdown]
# The line of code and the click are the same step: the source is selected, and the light curve shows Fermi's yearly
# fluxes with the time of the alert marked. Is the blazar inside the footprint?

# %%
blazar = sky.selection.sources[0]
bool(neutrino.localization.contains(blazar.coord))

# %%
curve = sky.light_curve(blazar)
print(curve.name, len(curve.value), "points,", curve.value.unit)

start, stop = curve.time_bounds
print("highest in the year from", start[curve.value.argmax()].utc.iso[:10])

# %% [markdown]
# ## A merger and its galaxy
#
# On 17 August 2017 two neutron stars merged. Which galaxy lies where the map is densest?

# %%
merger = sky.open("GW170817")
print(f"90 % credible area: {merger.localization.credible_area(0.9):.1f}")

galaxies = sky.open("gw170817-galaxies")
ranked = sky.rank(galaxies, by=merger)
ranked.table[:5]

# %% [markdown]
# Select one, as a click would. NGC 4993 is the host: its light curve is that of the kilonova AT2017gfo.

# %%
host = next(galaxy for galaxy in galaxies if galaxy.name == "NGC 4993")
sky.select(host)
level = float(merger.credible_level(host.coord))
print(f"credible level of {host.name}: {level:.2f}")

# %% [markdown]
# ### Exercise
#
# How many of these galaxies lie inside the region that holds the merger with 90 % probability? Write the number, or
# the line that counts it, in place of the dots. Nothing breaks: the check says what it thinks of your answer.

# %%
from exercises import galaxies_in_region

region = merger.credible_region(0.9)
how_many = ...

galaxies_in_region(how_many, merger, galaxies)

# %% [markdown]
# <details><summary>Hint</summary>
#
# A region knows what it contains: `region.contains(galaxies.coords)` is an array of true and false, one a galaxy.
#
# </details>
# <details><summary>Answer</summary>
#
# ```python
# how_many = region.contains(galaxies.coords).sum()
# ```
#
# </details>

# %% [markdown]
# ## Your own files
#
# Real files open the same way: an LVK sky map, an IceCube alert table, a Fermi catalogue, a light curve, or any table
# whose positions can be told from its columns.
#
# ```python
# sky.open("bayestar.multiorder.fits")
# sky.open("my_sources.csv")
# ```
#
# What you did is kept, and can be written as a script that does it again:

# %%
print(sky.steps.to_source())

# %% [markdown]
# ## What next
#
# - [TXS 0506+056](02_txs_0506.ipynb): is the blazar there by chance?
# - [GW170817](03_gw170817.ipynb): from the map to the kilonova.
# - [My own catalogue](04_my_catalogue.ipynb): the same with a table of yours.
#
# ## References
#
# - IceCube Collaboration et al. 2018, *Science* 361, eaat1378: IC-170922A and TXS 0506+056.
# - Abbott et al. 2017, *ApJL* 848, L12: GW170817, and all who looked.
#
# Each layer names the references of its data: hover over its name.
