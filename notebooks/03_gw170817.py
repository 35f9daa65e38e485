# %% [markdown]
# # From a map to a kilonova: GW170817
#
# **The question.** Two neutron stars merge, and all that the detectors can say at first is a map: a long patch of
# sky, and roughly how far. Eleven hours later one galaxy has a new point of light. How do you get from a map to that
# galaxy?
#
# **At the end** you will have read areas and distances off the map, ranked galaxies by it, found NGC 4993, followed
# its kilonova as it turned from blue to red, and compared the speed of gravity with that of light.
#
# *25 minutes. Nothing here needs a network. When you are online, write `SOURCE = "live"` in the first cell: the map
# then is the one that the LIGO–Virgo collaborations published, in place of the one drawn here from published
# numbers.*

# %%
import numpy as np
from astropy import units as u
from astropy.time import Time

from skyexplorer import SkyExplorer

SOURCE = "sample"  # "live" when you are online
sky = SkyExplorer(samples=False)
sky

# %% [markdown]
# ## The map

# %%
merger = sky.open("GW170817", source=SOURCE)
skymap = merger.localization
sky.goto(merger, fov=40)

print(merger.time.utc.iso, "UTC,", merger.region_kind or "published map")

# %% [markdown]
# Each point of the sky has a probability density. Sort the cells of the map from the densest down, and add them up:
# those that together hold 90 % are the **90 % credible region**, the smallest that can. The two contours are those of
# 50 % and 90 %.

# %%
sky.select_region(merger.credible_region(0.9))

for q in (0.5, 0.9):
    print(f"{q:.0%} of the probability on {skymap.credible_area(q):.1f}")

# %% [markdown]
# ### Exercise 1
#
# Your telescope sees one square degree at a time, and the night is long enough for ten fields. You take the best ten.
# With which probability is the merger in one of them?

# %%
from exercises import chance_of_ten_fields

chance = ...

chance_of_ten_fields(chance, skymap)

# %% [markdown]
# <details><summary>Hint</summary>
#
# The map answers this in one line: `skymap.probability_within(…)` takes an area with its unit.
#
# </details>
# <details><summary>Answer</summary>
#
# ```python
# chance = skymap.probability_within(10 * u.deg**2)
# ```
#
# </details>

# %% [markdown]
# ## How far
#
# Gravitational waves are louder the nearer their source, so that the map knows a distance too, along each line of
# sight. (The drawn map has one and the same for all: 40 ± 8 Mpc.)

# %%
mean, spread = skymap.distance
low, high = (skymap.distances.quantile(q) for q in (0.05, 0.95))
print(f"{mean:.0f} ± {spread:.0f}; nine times in ten from {low:.0f} to {high:.0f}")

# %% [markdown]
# That is next door: at such a distance a massive galaxy stands in every catalogue, and the list of candidates is
# short.
#
# ## The candidates
#
# Massive galaxies of the 50 Mpc Galaxy Catalog around there, ranked by the density of the map at their position.

# %%
galaxies = sky.open("gw170817-galaxies")
ranked = sky.rank(galaxies, by=merger)

ranked.table["objname", "bestdist", "probability_density", "credible_level"][:6]

# %% [markdown]
# The sky alone is not enough: a galaxy may lie in the middle of the map and far in front of the merger.
# `distances.rank` weighs each by the density in *volume*, at its own distance; given the masses too, it says which
# galaxy has the most stars where the merger may be.

# %%
far = galaxies.table["bestdist"].quantity
mass = 10 ** np.asarray(galaxies.table["logmass"])
weight = skymap.distances.rank(galaxies.coords, far, luminosity=mass)

for row in np.argsort(-weight)[:5]:
    print(f"{galaxies.names[row]:10} {far[row]:5.1f}  {weight[row]:.0%}")

# %% [markdown]
# These weights add up to one *over the list*. They hold if the host is in it, and say nothing of galaxies that are
# too faint to be listed.
#
# ### Exercise 2
#
# You visit galaxies in place of fields, the likeliest first. After how many have you seen 90 % of the weight?

# %%
from exercises import galaxies_to_visit

visits = ...

galaxies_to_visit(visits, weight)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `np.sort(weight)[::-1]` has the largest first, and `np.cumsum` adds them up.
#
# </details>
# <details><summary>Answer</summary>
#
# ```python
# visits = np.sum(np.cumsum(np.sort(weight)[::-1]) < 0.9) + 1
# ```
#
# </details>

# %% [markdown]
# ## The galaxy
#
# NGC 4993 is the first of the list in either way. Selecting it is the same as clicking on it.

# %%
host = galaxies[galaxies.names.index("NGC 4993")]
sky.goto(host, fov=12)

print(f"credible level {float(merger.credible_level(host.coord)):.2f}")
print(f"searched area  {skymap.searched_area(host.coord):.1f}")

# %% [markdown]
# The *searched area* is what a telescope has covered that begins where the map is densest and goes down until it
# finds the host. In 2017 six teams found it within an hour of each other, several of them not by area: they went from
# galaxy to galaxy.
#
# ## The kilonova
#
# At the edge of NGC 4993 was a point of light that had not been there. The light curve is beside the sky: AT 2017gfo.

# %%
sky.open("transients")
sky.select("AT2017gfo")
kilonova = sky.light_curve("AT2017gfo")

bands = np.array(kilonova.bands)
days = (kilonova.time - merger.time).to_value(u.day)
print(f"{len(kilonova)} points in {len(set(bands))} bands")
print(f"from {days.min():.1f} to {days.max():.1f} days after the merger")


# %%
def magnitudes(band):
    """Days after the merger, and AB magnitudes, in a band."""
    rows = bands == band
    return days[rows], kilonova.value[rows].to_value(u.ABmag)


for band in ("ps1::g", "ps1::i", "2massks"):
    points = zip(*magnitudes(band), strict=True)
    print(f"{band:8}", "  ".join(f"{day:.1f} d {mag:.1f}" for day, mag in points))

# %% [markdown]
# ### Exercise 3
#
# Blue light went first. How many magnitudes did it lose between the first and the last point in *g* (`"ps1::g"`), and
# how many in the infrared *K* (`"2massks"`) between its own? Give the difference of the two.

# %%
from exercises import blue_minus_red

difference = ...

blue_minus_red(difference, kilonova)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `magnitudes("ps1::g")[1]` are the magnitudes in *g*, the oldest first. Larger magnitudes are fainter.
#
# </details>
# <details><summary>Answer</summary>
#
# ```python
# blue, red = magnitudes("ps1::g")[1], magnitudes("2massks")[1]
# difference = (blue[-1] - blue[0]) - (red[-1] - red[0])
# ```
#
# </details>

# %% [markdown]
# No ordinary supernova fades so fast. What glows there is matter of the neutron stars, thrown out and heated by the
# decay of the heavy elements that form in it: where these are light ones, blue light gets out for a day; where there
# are lanthanides, only infrared, for weeks.
#
# ## The burst
#
# Fermi's burst monitor triggered two seconds after the merger, by itself. The burst had begun a little before the
# trigger.

# %%
trigger = Time("2017-08-17T12:41:06.47", scale="utc")  # GCN Circular 21506
print(f"triggered {(trigger - merger.time).to(u.s):.2f} after the merger")

onset = 1.74 * u.s  # ± 0.05 s, measured in the data of the burst

# %% [markdown]
# ### Exercise 4
#
# Say that both left at once, and that light was the slower by just these 1.74 s. The merger was at least 26 Mpc away.
# By which part of the speed of light can the two speeds differ at most?

# %%
from exercises import speeds_differ_by

part = ...

speeds_differ_by(part, onset)

# %% [markdown]
# <details><summary>Hint</summary>
#
# How long does light take for 26 Mpc? `(26 * u.Mpc / c).to(u.s)`, with `c` of `astropy.constants`.
#
# </details>
# <details><summary>Answer</summary>
#
# ```python
# from astropy.constants import c
#
# part = (onset / (26 * u.Mpc / c)).to_value(u.dimensionless_unscaled)
# ```
#
# </details>

# %% [markdown]
# ## What would be different live
#
# With `SOURCE = "live"` the merger comes with its real map, revision and false-alarm rate. Its galaxies can be asked
# too, and the light curve:
#
# ```python
# sky.query_region(merger.credible_region(0.9), service="glade")
# sky.live_curves("AT2017gfo")
# sky.open("GRB 170817A", source="live")   # the burst, with the map of Fermi GBM
# ```
#
# And this is all that was done, to do it again:

# %%
print(sky.steps.to_source())

# %% [markdown]
# ## What next
#
# - [My own catalogue](04_my_catalogue.ipynb): galaxies of your own in place of these.
# - [Archives and the registry](05_archives.ipynb): the same region, asked of the archives of the world.
# - [From H.E.S.S. events to the sky](06_hess_events.ipynb): a source out of single gamma rays.
#
# ## References
#
# - Abbott et al. 2017, *PRL* 119, 161101: the merger. Abbott et al. 2017, *ApJL* 848, L12: all who looked.
# - Abbott et al. 2017, *ApJL* 848, L13: gravitational waves and gamma rays, and their speeds.
# - Singer et al. 2016, *ApJL* 829, L15: distances in sky maps, and ranking galaxies by them.
# - Ohlson et al. 2024, *AJ* 167, 31: the 50 Mpc Galaxy Catalog. Villar et al. 2017, *ApJL* 851, L21: the photometry.
