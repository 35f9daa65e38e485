"""One run of a Cherenkov telescope on a source like the Crab Nebula, computed: no telescope recorded any of it.

The geometry is that of a real run in wobble mode: the telescopes look half a degree beside the source, so that other
circles of the field, as far from the pointing, are seen just as well as it (Berge et al. 2007, A&A 466, 1219). Numbers
of events, their spread and spectra are chosen, and come from no instrument: there is no effective area, and no flux.

Only uniform random numbers are drawn, and those of PCG64 are the same on all machines.
"""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skyexplorer.core import sphere
from skyexplorer.model.eventlist import EventList
from skyexplorer.model.origin import Origin

SOURCE = (83.6333, 22.0144)
POINTING = (83.6333, 22.5144)  # half a degree north of it
FIELD = 2.5  # degrees: radius in which events are kept
SEED = 20
GAMMAS, NUCLEI = 220, 6000
PSF, ACCEPTANCE = 0.06, 1.1  # one-dimensional sigmas of Gaussians, degrees
THRESHOLD, GAMMA_INDEX, NUCLEUS_INDEX = 0.5, 2.5, 2.7  # TeV; of power laws dN/dE ~ E**-index
REFERENCE_MJD = 58849  # 2020-01-01, TT: any night would do
START = 79_200.0  # 22:00 of that day, in seconds
GOOD = ((0.0, 780.0), (900.0, 1680.0))  # seconds from the start: a cloud went by between
LIVE = 0.94  # of the good time
NOTE = "Computed: no telescope recorded these events. Numbers, spread and spectra are chosen, without an effective area."
Floats = NDArray[np.float64]


@cache
def events() -> EventList:
    """The run as it is read from its file."""
    found = EventList.read(fits())
    origin = Origin(
        title="Crab-like source (computed)",
        service="sample",
        reference="geometry: Berge, Funk & Hinton 2007, A&A 466, 1219; format: gamma-astro-data-formats 0.2",
        licence="BSD-3-Clause",
        note=NOTE,
        rows=len(found),
        checksum=found.origin.checksum,
        header=found.header,
    )
    return EventList(found.arrays, origin)


@cache
def fits() -> bytes:
    """A FITS file of the run, with the tables EVENTS and GTI of DL3 (gamma-astro-data-formats).

    Examples
    --------
    >>> from skyexplorer.model.eventlist import EventList
    >>> from skyexplorer.samples import crab
    >>> EventList.read(crab.fits()).pointing.to_string(precision=2)
    '83.63 22.51'
    """
    from astropy.io import fits as pyfits

    time, ra, dec, energy = _drawn()
    own = pyfits.BinTableHDU.from_columns(
        [
            pyfits.Column("EVENT_ID", "K", array=np.arange(1, len(time) + 1)),
            pyfits.Column("TIME", "D", "s", array=time),
            pyfits.Column("RA", "E", "deg", array=ra),
            pyfits.Column("DEC", "E", "deg", array=dec),
            pyfits.Column("ENERGY", "E", "TeV", array=energy),
        ],
        name="EVENTS",
    )
    start, stop = np.array(GOOD).T + START
    good = pyfits.BinTableHDU.from_columns(
        [pyfits.Column("START", "D", "s", array=start), pyfits.Column("STOP", "D", "s", array=stop)],
        name="GTI",
    )
    clock = {"MJDREFI": REFERENCE_MJD, "MJDREFF": 0.0, "TIMEUNIT": "s", "TIMESYS": "TT", "TIMEREF": "LOCAL"}
    ontime = float(np.sum(stop - start))
    for table, facts in ((own, _facts(start[0], stop[-1], ontime)), (good, {})):
        table.header.update({"HDUCLASS": "GADF", "HDUVERS": "0.2", "HDUCLAS1": table.name, **clock, **facts})
        table.header["COMMENT"] = NOTE
    file = io.BytesIO()
    pyfits.HDUList([pyfits.PrimaryHDU(), own, good]).writeto(file)
    return file.getvalue()


def _facts(start: float, stop: float, ontime: float) -> dict[str, Any]:
    """Keywords of the run."""
    return {
        "TELESCOP": "computed", "OBS_ID": 1, "OBS_MODE": "WOBBLE", "OBJECT": "Crab-like source",
        "RA_OBJ": SOURCE[0], "DEC_OBJ": SOURCE[1], "RA_PNT": POINTING[0], "DEC_PNT": POINTING[1],
        "RADECSYS": "ICRS", "TSTART": start, "TSTOP": stop, "ONTIME": ontime, "LIVETIME": LIVE * ontime, "DEADC": LIVE,
    }  # fmt: skip


def _drawn() -> tuple[Floats, Floats, Floats, Floats]:
    """Seconds, right ascension, declination and energy of the events, in order of time."""
    random = np.random.default_rng(SEED)
    parts = []
    for number, center, sigma, farthest, index in (
        (GAMMAS, SOURCE, PSF, 10 * PSF, GAMMA_INDEX),
        (NUCLEI, POINTING, ACCEPTANCE, FIELD, NUCLEUS_INDEX),
    ):
        radius = _rayleigh(random.random(number), sigma, farthest)
        ra, dec = sphere.offset(*center, 360.0 * random.random(number), radius)
        energy = THRESHOLD * (1.0 - random.random(number)) ** (1.0 / (1.0 - index))
        parts.append((_good_times(random.random(number)), ra, dec, energy))
    time, ra, dec, energy = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(time, kind="stable")
    return time[order] + START, ra[order], dec[order], energy[order]


def _rayleigh(chance: Floats, sigma: float, farthest: float) -> Floats:
    """Distances from the middle of a round Gaussian that is cut off, of probabilities in [0, 1)."""
    inside = -np.expm1(-0.5 * (farthest / sigma) ** 2)
    return sigma * np.sqrt(-2.0 * np.log1p(-chance * inside))


def _good_times(chance: Floats) -> Floats:
    """Seconds from the start within the good time, of probabilities in [0, 1)."""
    start, stop = np.array(GOOD).T
    before = np.concatenate([[0.0], np.cumsum(stop - start)])
    at = chance * before[-1]
    which = np.searchsorted(before, at, side="right") - 1
    return start[which] + at - before[which]
