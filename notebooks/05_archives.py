# %% [markdown]
# # Archives and the registry: a region, its galaxies, and who answered
#
# **The question.** The archives of the world hold the galaxies, stars and bursts that a map's region asks for. How do
# you ask them for a region of any shape, without ever keeping the notebook waiting, and know for each whether it
# answered?
#
# **At the end** you will have asked archives as jobs, read their ledger, written a region in an archive's own
# language, listed events of all messengers, and searched the registry of the Virtual Observatory.
#
# *20 minutes. When you are online the same cells ask the archives live. Without a network each says so, and the story
# goes on with what is in the package.*

# %%
from astropy.coordinates import SkyCoord

from skyexplorer import SkyExplorer, SkyRegion

sky = SkyExplorer(samples=False, height=760)
sky

# %% [markdown]
# Beside the sky stand **Layers**, **Archives** and **Events**. A click on an event opens it: this is the same line of
# code. With `source="live"` its map, revision and origin come from those who publish it; without, from the samples of
# the package.

# %%
merger = sky.open("GW170817")
region = merger.credible_region(0.9)
region.area

# %% [markdown]
# ## Ask
#
# Fermi's catalogue and the galaxies of GLADE+, both for the 90 % region, each as a job: neither keeps the notebook.
# The archives panel and the line below the sky show what they are doing. `await job`, `job.result()` or
# `job.cancel()` do what they say; here we give each 45 seconds.

# %%
archives = ["fermi-4fgl", "glade"]
jobs = {}
for name in archives:
    jobs[name] = sky.submit(sky.query_region, merger, service=name, deadline=40)

for job in jobs.values():
    job.wait(45)

# %% [markdown]
# Each question has a **ledger**: who was asked, and what each answered. An answer that was cut at a cap says that
# there is more, and `sky.fetch_on(…)` brings it; one that was kept tells since when.

# %%
for asked in sky.session.ledgers.items:
    print(asked.ledger)

# %% [markdown]
# ### Exercise
#
# Which archives answered? A job that ended well has the state `"done"`. Write a list of their ids; it may be empty.

# %%
from exercises import archives_that_answered

answered = ...

archives_that_answered(answered, jobs)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `jobs` is a dict: `jobs["glade"].state` is `"done"`, `"failed"` or `"running"`.
#
# </details>
# <details><summary>Answer</summary>
#
# ```python
# answered = [name for name, job in jobs.items() if job.state == "done"]
# ```
#
# </details>

# %% [markdown]
# ## Rank, and select
#
# The galaxies where the map is densest, first. If no archive was reached, these are those of the package.

# %%
if jobs["glade"].state == "done":
    galaxies = jobs["glade"].result()
else:
    print("No answer from GLADE+; here are the galaxies of the package instead.")
    galaxies = sky.open("gw170817-galaxies")

ranked = sky.rank(galaxies, by=merger)
ranked.table[:5]

# %%
host = SkyCoord(197.4488, -23.3839, unit="deg")  # NGC 4993
nearest = ranked.coords.separation(host).argmin()
print(f"{ranked.names[nearest]}: number {nearest + 1} of {len(ranked)}")

sky.select(ranked[int(nearest)])

# %% [markdown]
# ## What an archive is asked
#
# A TAP service understands ADQL, and ADQL knows circles and polygons, not credible regions. The least that any
# service can be asked for is the circle around the region:

# %%
print(region.to_adql("RAJ2000", "DEJ2000"))

# %% [markdown]
# ### Exercise
#
# How many times larger than the region itself is the circle that is asked? Its radius is the last number above, in
# degrees.

# %%
from exercises import circle_over_region

times_larger = ...

circle_over_region(times_larger, region)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `SkyRegion.circle(center, radius)` has an `area` too, and so has `region`. Read the radius off, or use
# `region.radius`.
#
# </details>
# <details><summary>Answer</summary>
#
# ```python
# times_larger = SkyRegion.circle(region.center, region.radius).area / region.area
# ```
#
# </details>

# %% [markdown]
# ## Events of all messengers
#
# GraceDB, GWOSC, IceCube, Fermi GBM and the GCN Circulars, in one list. With `live=False` it holds what was kept and
# what is in the package; take that away when you are online.

# %%
listed = sky.events("neutrino", since="2017-01-01", until="2018-01-01", live=False)
listed

# %% [markdown]
# ## The registry
#
# Thousands of services are registered in the Virtual Observatory. Any of them can be asked like those that are built
# in: `sky.query_region(region, service=search.result()[0])`.

# %%
search = sky.submit(sky.find_services, "blazar", waveband="gamma-ray", deadline=20)
search.wait(25)

search.result()[:5] if search.state == "done" else "The registry was not reached."

# %% [markdown]
# More of what you can ask, each also a click in the panels beside the sky; nobody is asked before that.
#
# ```python
# sky.events(messenger="gw", far_below=1 / u.yr)  # rarer than one false alarm a year
# sky.field()                                     # how much each mission and band holds in the view
# pictures = sky.images()                         # images that cover the view
# sky.cutout(pictures[0])                         # … and a part of one, laid on the sky
# sky.live_curves(ranked[0])                      # its light curves, from all who may have some
# ```
#
# What was asked is part of the script, so that it can be asked again:

# %%
print(sky.steps.to_source())

# %% [markdown]
# ## What next
#
# - [My own catalogue](04_my_catalogue.ipynb): what came from an archive, matched with yours.
# - [Scale](07_scale.ipynb): catalogues too large for one answer.
# - Which services are built in, and how to add yours: `docs/reference/services.md`.
#
# ## References
#
# - IVOA recommendations TAP, ADQL and RegTAP: https://www.ivoa.net/documents/.
# - Dálya et al. 2022, *MNRAS* 514, 1403: GLADE+.
# - Ballet et al. 2023, arXiv:2307.12546: the catalogue 4FGL-DR4.
