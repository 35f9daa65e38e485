# %% [markdown]
# # A neutrino, and a blazar in flare: TXS 0506+056 and IC-170922A
#
# **The question.** On 22 September 2017 one neutrino crossed the ice at the South Pole, and its track pointed back to
# a patch of sky as large as seven full moons. A blazar lies in that patch. Did the neutrino come from it, or does a
# blazar lie there by chance?
#
# **At the end** you will have found the blazar in the footprint, seen that it flared, and worked out what of this
# chance explains: by position alone, with the flare, and after all the alerts that were looked at before.
#
# *25 minutes. Nothing here needs a network. When you are online, write `SOURCE = "live"` in the first cell: the alert
# and Fermi's catalogue then come from those who publish them.*

# %%
import numpy as np
from astropy import units as u
from scipy.stats import norm

from skyexplorer import SkyExplorer, SkyRegion, SkyRegions

SOURCE = "sample"  # "live" when you are online
sky = SkyExplorer()
sky

# %% [markdown]
# ## The alert
#
# The alert tells when, from where, and how sure IceCube is that this was no muon of the atmosphere.

# %%
neutrino = sky.open("IC-170922A", source=SOURCE)
sky.goto(neutrino, fov=6)

false_alarms = neutrino.far.to(1 / u.yr)
print(f"{neutrino.time.utc.iso[:19]} UTC, most probably {neutrino.energy:.0f}")
print(f"signalness {neutrino.signalness}, false alarms as good: {false_alarms:.1f}")

# %% [markdown]
# A *signalness* of 0.63 says: of neutrinos such as this, 63 % come from beyond the atmosphere. It does not say that
# this one came from anything that you see on the sky. (The paper of 2018 gave 0.57 and 290 TeV; these are the numbers
# of the catalogue IceCat-1, which treats all alerts alike.)
#
# ## The footprint
#
# IceCube gives an error to each side, at 90 %. Here they are joined by four quarters of an ellipse. Others draw a box
# with the same errors, which looks more generous than it is honest: its corners lie outside of every contour.

# %%
ra_errors = (1.14, 0.75) * u.deg  # plus and minus, of IceCat-1
dec_errors = (0.64, 0.41) * u.deg
box = SkyRegion.box(neutrino.position, ra_errors, dec_errors)
footprint = SkyRegion.quarter_ellipse(neutrino.position, ra_errors, dec_errors)

sky.select_region(footprint)
print(f"as a box {box.area:.2f}, as an ellipse {footprint.area:.2f}")

# %% [markdown]
# ### Exercise 1
#
# By which factor is the box larger than the ellipse, and could you have said so without a computer?

# %%
from exercises import box_over_ellipse

factor = ...

box_over_ellipse(factor, box, footprint)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Think of a circle of radius 1, and of the square around it.
#
# </details>
# <details><summary>Answer</summary>
#
# ```python
# factor = box.area / footprint.area
# ```
#
# </details>

# %% [markdown]
# ## What lies in it
#
# `select_inside` marks everything in a region, in all layers: sources of Fermi, of the TeV telescopes, and other
# alerts whose best position is there.

# %%
fermi = sky.open("fermi-sources")
if SOURCE == "live":
    sky.query_region(neutrino, service="fermi-4fgl")  # all that lies there

sky.select_inside(footprint)
[thing.name for thing in sky.selection.sources]

# %% [markdown]
# One gamma-ray source, seen twice: by Fermi as 4FGL J0509.4+0542 and by VERITAS as VER J0509+057. Both are the blazar
# TXS 0506+056, a galaxy whose jet points at us. How far is it from the best position, in the errors of the alert?

# %%
sky.goto("TXS 0506+056", fov=4)
blazar = sky.selection.sources[0]

offset = blazar.coord.separation(neutrino.position).to(u.arcmin)
to_edge = float(footprint.normalised_radius(blazar.coord))
print(f"{blazar.name}: {offset:.1f} from the best position")
print(f"that is {to_edge:.2f} of the way to the edge of the footprint")

# %% [markdown]
# ## Was it in flare?
#
# The light curve beside the sky shows Fermi's flux year by year; the alert is marked. Bayesian blocks join the years
# between which nothing changed, beyond the errors.

# %%
curve = sky.light_curve(blazar)
edges, level, error = curve.bayesian_blocks(p0=0.01)

for start, stop, flux in zip(edges[:-1], edges[1:], level, strict=True):
    photons = flux.to_value(1e-8 / u.cm**2 / u.s)
    print(f"{start.utc.iso[:10]} to {stop.utc.iso[:10]} {photons:5.1f} × 1e-8 /cm²/s")

# %%
varies = curve.variability()
print(f"a constant flux: χ² = {varies.chi2:.0f} for {varies.dof} degrees of freedom")
print(f"fractional variability {varies.fvar:.2f} ± {varies.error:.2f}")

# %% [markdown]
# ### Exercise 2
#
# How many times brighter was the blazar in the year of the alert than in the median of the years before?

# %%
from exercises import flare_factor

brighter = ...

flare_factor(brighter, curve, neutrino)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `curve.value` has a flux for each year, the oldest first. `np.median` knows units.
#
# </details>
# <details><summary>Answer</summary>
#
# ```python
# brighter = curve.value[-1] / np.median(curve.value[:-1])
# ```
#
# </details>

# %% [markdown]
# Only the alerts of that year, on the sky and in the strip of times: the same as dragging over the light curve. Then
# all of them again.

# %%
layer = sky.layers["icecube-alerts"]

sky.brush("2017-08-04", "2018-08-04")
print(f"{layer.shown.sum()} of {layer.rows} alerts of the sample in the year of the flare")
sky.brush()

# %% [markdown]
# ## Its spectrum
#
# All that the layers know of the source, from 50 MeV to the TeV: what fell on Earth as light while the neutrino did
# as a particle.

# %%
spectrum = sky.spectrum(blazar)
spectrum

# %% [markdown]
# ## By chance?
#
# **By position alone.** Turn the sky under the footprint: at 10 000 other right ascensions of the same declination,
# where IceCube sees equally well, how often does a source of our list lie inside?

# %%
from astropy.coordinates import SkyCoord

turned = np.random.default_rng(170922).uniform(0, 360, 10_000)
elsewhere = SkyCoord(turned, neutrino.position.dec.deg, unit="deg")
footprints = SkyRegions.quarter_ellipses(elsewhere, ra_errors, dec_errors)

by_chance = np.mean(footprints.counts(fermi) > 0)
print(f"{by_chance:.2%} of the turned footprints hold one of {len(fermi)} sources")

# %% [markdown]
# That is a small number, and the wrong one: our list has the brightest and best-known sources, TXS 0506+056 among
# them *because* of this alert. Whoever chooses the list after the event can make any chance small. The whole
# catalogue of its time is fair.
#
# ### Exercise 3
#
# The fourth Fermi catalogue has 5064 sources on 41 253 square degrees. If they lay evenly: how probable is it that at
# least one of them falls into this footprint by chance?

# %%
from exercises import chance_of_a_source

chance = ...

chance_of_a_source(chance, footprint)

# %% [markdown]
# <details><summary>Hint</summary>
#
# First the number to expect: the density of sources times the area. Then Poisson: what is the probability of *none*?
#
# </details>
# <details><summary>Answer</summary>
#
# ```python
# expected = 5064 / 41253 * footprint.area.to_value(u.deg**2)
# chance = 1 - np.exp(-expected)
# ```
#
# </details>

# %% [markdown]
# **With the flare.** A source in the footprint is nothing much. A *bright* source that is brighter than ever *at that
# time* is rarer: the teams asked how often a neutrino of this kind would by chance meet a Fermi source as bright as
# this one was then, and found 4.1σ.
#
# **After all that were looked at.** This was not the only try. Ten alerts had gone out before it, and 41 neutrinos of
# the years before would have been alerts. Each was a chance to find something.

# %%
p_one = norm.sf(4.1)  # one-sided
print(f"one alert, 4.1σ: p = {p_one:.2g}")

# %% [markdown]
# ### Exercise 4
#
# What remains of 4.1σ, in σ, when there were 51 tries?

# %%
from exercises import after_trials

sigma = ...

after_trials(sigma, 4.1, 51)

# %% [markdown]
# <details><summary>Hint</summary>
#
# The probability that at least one of 51 tries comes out so by chance is 1 − (1 − p)⁵¹. `norm.isf` makes a σ of it
# again.
#
# </details>
# <details><summary>Answer</summary>
#
# ```python
# sigma = norm.isf(1 - (1 - p_one) ** 51)
# ```
#
# </details>

# %% [markdown]
# ## It came again
#
# In the years since, other neutrinos came from there. These are the alerts of the sample whose footprint holds the
# blazar; but mind that those of known follow-up were chosen into the sample, so that no chance can be worked out of
# it.

# %%
alerts = sky.open("icecube-alerts")
again = [alert for alert in alerts if alert.localization.contains(blazar.coord)]
for alert in again:
    print(alert.name, alert.time.utc.iso[:10], "signalness", alert.signalness)

sky.goto(blazar, fov=12)

# %% [markdown]
# All that was done on the sky, clicks too, as a script that does it again:

# %%
print(sky.steps.to_source())

# %% [markdown]
# ## What next
#
# - [GW170817](03_gw170817.ipynb): a probability map in place of a footprint.
# - [My own catalogue](04_my_catalogue.ipynb): chance, for a whole catalogue at once.
# - Online: `sky.live_curves(blazar)` asks Fermi's light curve repository, ZTF, ASAS-SN and others.
#
# ## References
#
# - IceCube Collaboration et al. 2018, *Science* 361, eaat1378: the alert, the flare, 3σ.
# - IceCube Collaboration 2018, *Science* 361, 147: neutrinos from there before the alert, 3.5σ.
# - IceCube Collaboration 2023, *ApJS* 269, 25: IceCat-1, the numbers of the alerts here.
# - Ballet et al. 2020, arXiv:2005.11208: fluxes by year (4FGL-DR2). Abdollahi et al. 2020, *ApJS* 247, 33: 5064
#   sources.
# - Scargle et al. 2013, *ApJ* 764, 167: Bayesian blocks.
