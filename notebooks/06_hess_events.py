# %% [markdown]
# # From γ-ray events to the sky
#
# **The question.** A Cherenkov telescope looks at the Crab Nebula for half an hour and keeps a few thousand events,
# nearly all of them cosmic rays. Is there a source in them, and how sure can you be?
#
# **At the end** you will have made a map of the events, counted them on and off the source, told how significant the
# excess is and whether it is steady, and named it.
#
# *25 minutes. Nothing here needs a network: a run that we computed stands in for a real one. When you are online,
# download a real one and name it below: the same cells open it.*
#
# Run all cells (**Run ▸ Run All Cells**), then come back and click.

# %%
from itertools import pairwise

from astropy import units as u

from skyexplorer import SkyExplorer, SkyRegion, crossmatch

sky = SkyExplorer(samples=False)
sky

# %% [markdown]
# ## The events
#
# After calibration and reconstruction, what is left of each shower is a time, a direction and an energy. Lists of
# those, with the times in which the telescopes were fit to look, are *data level 3* (DL3).
#
# `"crab-run"` is **computed**: no telescope recorded it, and its origin says so. Real ones are public. The H.E.S.S.
# collaboration released 105 runs as
# [HESS DL3 DR1](https://www.mpi-hd.mpg.de/hfm/HESS/pages/dl3-dr1/), half a megabyte each or a little more. Its terms
# are its own: attribution is asked for, and no scientific publication may be derived. Put the path of a run here, such
# as that of run 23523 on the Crab Nebula (`hess_dl3_dr1_obs_id_023523.fits.gz`), and run the notebook again.

# %%
RUN = "crab-run"

run = sky.open(RUN)
run

# %%
run.table[:5]

# %% [markdown]
# The sky shows the events counted in cells, under the circle that the telescopes saw. The light curve is the rate of
# all of them together, with a gap where no time was good. Who made it, and from what, is its origin:

# %%
print("\n".join(run.origin.lines()))
print("looked at", run.pointing.to_string("hmsdms", precision=0))
print("aimed at ", run.object_position.to_string("hmsdms", precision=0))
print(f"live for {run.livetime.to('min'):.1f} of {run.ontime.to('min'):.1f}")

# %% [markdown]
# The telescopes do not look at the source but half a degree beside it. This is called *wobble mode*, and in a moment
# you will see what it is good for.
#
# ## Where is it brightest?
#
# Counts in single cells jump about. Smoothed by the width of the telescopes' own blur, one place stands out:

# %%
counts = run.count_map(order=10, smooth=0.06 * u.deg)
peak = counts.peak
sky.goto(peak, fov=2.6)
print(f"{peak.separation(run.object_position).to('arcmin'):.1f} from the target")

# %% [markdown]
# ## On and off
#
# Count the events in a small circle on the source: *on*. How many of them would be there without it? The camera sees
# less and less towards its edge, but it is round. So circles that lie **as far from the pointing** as the source does
# are seen as well as it: these are the *reflected regions*, and they tell the background.

# %%
on = SkyRegion.circle(run.object_position, 0.11 * u.deg)
off = run.reflected(on)

sky.open(SkyRegion.union(off), name=f"{len(off)} circles off")
sky.goto(run.pointing, fov=4)
sky.select_region(on)

# %% [markdown]
# With α the area of *on* over that of all *off* together, the excess is $N_{on} - α N_{off}$. How many sigma that is
# worth was told by Li and Ma (1983, equation 17):
#
# $$S = \sqrt{2}\,\Big\{N_{on}\ln\Big[\frac{1+α}{α}\,\frac{N_{on}}{N_{on}+N_{off}}\Big]
#   + N_{off}\ln\Big[(1+α)\,\frac{N_{off}}{N_{on}+N_{off}}\Big]\Big\}^{1/2}$$

# %%
found = run.excess(on, off)
found

# %% [markdown]
# The circle on the sky has handles. Drag it beside the source, and run the next cell again: its region is what you
# left on the sky.

# %%
run.excess(sky.selection.region)

# %% [markdown]
# ### Exercise: how large a circle?
#
# A small circle loses γ rays, a large one gathers background. Which radius, to a hundredth of a degree, makes this
# source most significant? Write a Quantity in place of the dots.

# %%
from exercises import best_radius

radius = ...

best_radius(radius, run)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Make a circle for each radius of a list, and ask `run.excess(circle).significance`. It brings its own reflected
# regions.
#
# </details>
# <details><summary>Answer</summary>
#
# ```python
# radii = [0.01 * step for step in range(4, 21)] * u.deg
# circles = [SkyRegion.circle(run.object_position, each) for each in radii]
# significances = [run.excess(circle).significance for circle in circles]
# radius = radii[significances.index(max(significances))]
# ```
#
# </details>

# %% [markdown]
# ## In which energies?
#
# Cosmic rays are many at low energies, and few at high ones: there a handful of events counts.

# %%
edges = [0.5, 1, 2, 5, 100] * u.TeV
for low, high in pairwise(edges):
    band = run.select(energy=(low, high)).excess(on, off)
    counted = f"{band.on:3d} on, {band.excess:6.1f} excess, {band.significance:4.1f} sigma"
    print(f"{low.value:5.1f} to {high:5.1f}: {counted}")

# %% [markdown]
# ## Is it steady?
#
# The same counts in bins of time, less their background, each with the Poisson errors of its counts:

# %%
curve = run.light_curve(on, bins=4 * u.min, background=off)
sky.open(curve, name="the source")
for time, rate, sigma in zip(curve.time.utc, curve.value, curve.error[1], strict=True):
    print(time.iso[11:19], f"{60 * rate.value:5.1f} ± {60 * sigma.value:3.1f} a minute")

# %% [markdown]
# ### Exercise: does it flare?
#
# Measure how far the rates are from their mean: the sum of the squares of (rate − mean) / error. Take
# `curve.value.mean()` as the mean, and of the two errors (`minus, plus = curve.error`) their average.

# %%
from exercises import steady

chi2 = ...

steady(chi2, curve)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `curve.value` and both errors are arrays with the same unit: divide, square, and `.sum()`.
#
# </details>
# <details><summary>Answer</summary>
#
# ```python
# minus, plus = curve.error
# pulls = (curve.value - curve.value.mean()) / ((minus + plus) / 2)
# chi2 = (pulls**2).sum()
# ```
#
# </details>

# %% [markdown]
# ## What is it?
#
# Two catalogues of the package: TeV sources, and Fermi's at lower energies. Which have something within 0.2° of the
# peak?

# %%
tev, fermi = sky.open("tev-sources"), sky.open("fermi-sources")
for name, catalogue in {"TeV": tev, "Fermi": fermi}.items():
    pairs = crossmatch(peak, catalogue, 0.2 * u.deg, mode="all")
    names = [f"{catalogue.names[row]} ({', '.join(catalogue.other_names(row))})" for row in pairs["right"]]
    print(f"{name}: {'; '.join(names) or 'nothing'}")

# %% [markdown]
# Fermi knows two sources there, the nebula and the pulsar in it. The TeV sample has nothing, although the Crab Nebula
# is the brightest steady source of that sky: the sample holds *chosen rows*, nearly all from the Galactic plane as it
# is seen from Namibia. Nothing in a sample does not mean nothing on the sky. When you are online, ask the archives
# themselves:
#
# ```python
# sky.query_region(on, service=["fermi-4fgl", "gamma-cat"])
# ```

# %%
sky.select("Crab Nebula")

# %% [markdown]
# ### Exercise: a hot spot elsewhere
#
# Suppose you find 3 sigma somewhere in the field, where nothing is known. There is room for `places` circles like
# ours. In how many of them do you expect 3 sigma or more if there are *only* cosmic rays? (A Gaussian is above
# 3 sigma with a probability of 0.00135.)

# %%
from exercises import false_alarms

places = int(run.footprint(2.5 * u.deg).area / on.area)
expected = ...

false_alarms(expected, places)

# %% [markdown]
# <details><summary>Hint</summary>
#
# The mean of many rare chances is their number times the probability of each.
#
# </details>
# <details><summary>Answer</summary>
#
# ```python
# expected = places * 0.00135
# ```
#
# </details>

# %% [markdown]
# ## What next
#
# - [Scale](07_scale.ipynb): from six thousand events to ten million sources.
# - [My own catalogue](04_my_catalogue.ipynb): matches by chance, counted.
# - `sky.open("obs-index.fits.gz")` shows where all runs of a release looked, and when.
#
# ## References
#
# - Li & Ma 1983, *ApJ* 272, 317: the significance of an excess.
# - Berge, Funk & Hinton 2007, *A&A* 466, 1219: reflected regions and other backgrounds.
# - H.E.S.S. Collaboration 2006, *A&A* 457, 899: the Crab Nebula, with the circle of 0.11°.
# - H.E.S.S. Collaboration 2018, *HESS DL3 DR1*. Whoever uses it writes: This work made use of data from the H.E.S.S.
#   DL3 public test data release 1 (HESS DL3 DR1, H.E.S.S. collaboration, 2018).
