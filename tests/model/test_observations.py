"""Observation indices: runs as a catalogue of pointings."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time

from skyexplorer import SourceCatalog
from skyexplorer.errors import ColumnError, FormatError
from skyexplorer.io import files, tables
from skyexplorer.model.eventlist import EventList
from skyexplorer.model.observations import Observations, refuse_file_index

HESS = "vhe/hess-dl3-dr1/obs-index.fits.gz"
CTA = "vhe/cta-1dc/obs-index.fits.gz"


def test_the_runs_of_hess(data_dir):
    runs = Observations.read(data_dir / HESS)
    assert isinstance(runs, SourceCatalog)
    assert len(runs) == 105
    tags = {str(tag): int((runs.table["TARGET_TAG"] == tag).sum()) for tag in set(runs.table["TARGET_TAG"])}
    # data/README.md: Crab 4, PKS 2155-304 flare 15 and steady 6, MSH 15-52 20, RX J1713 15, off 45.
    assert sorted(tags.values()) == sorted([4, 15, 6, 20, 15, 45])
    assert np.all(runs.extension == 2.5 * u.deg)
    assert runs.error is None
    assert runs.names[:2] == ["20136", "20137"]
    assert runs.other_names(0) == ["MSH15-52", "MSH 15-52"]
    start, stop = runs.time_bounds
    assert start.scale == "tt"
    assert np.all((stop - start).to_value("s") == pytest.approx(runs.table["ONTIME"], abs=1.0))
    # DATE-OBS and TIME-OBS of H.E.S.S. are TT, START is UTC.
    assert start[0].iso == f"{runs.table['DATE-OBS'][0]} {runs.table['TIME-OBS'][0]}"
    assert runs.table["START"][0] == "2004-03-26 02:56:42.000"


def test_an_index_agrees_with_its_event_files(data_dir):
    runs = Observations.read(data_dir / HESS, radius=2 * u.deg)
    folder = data_dir / "vhe/hess-dl3-dr1/data"
    for path in sorted(folder.glob("*.fits.gz")):
        events = EventList.read(path)
        row = runs.names.index(str(events.header["OBS_ID"]))
        assert runs.table["EVENT_COUNT"][row] == len(events)
        assert runs.coords[row].separation(events.pointing).arcsec < 0.1  # single precision
        assert runs.footprint(row).contains(events.object_position)
        assert abs(runs.time_bounds[0][row] - events.gti[0][0]) < 1 * u.us
        assert runs.footprint(row).radius == 2 * u.deg


def test_the_runs_of_cta_have_other_columns(data_dir):
    runs = Observations.read(data_dir / CTA)
    assert runs.names == ["110380", "111140", "111159", "111630"]
    assert runs.table["START"][0] == "2021-01-21 11:58:50.816"
    assert runs.take([2, 0]).extension.to_value("deg").tolist() == [2.5, 2.5]
    assert runs.coords[0].separation(SkyCoord(0 * u.deg, -1.3 * u.deg, frame="galactic")).deg < 1e-4


def test_all_crab_runs_hold_the_crab(data_dir):
    runs = Observations.read(data_dir / HESS)
    crab = SkyCoord(83.6333 * u.deg, 22.0145 * u.deg)
    holding = [row for row in range(len(runs)) if runs.footprint(row).contains(crab)]
    assert [runs.table["TARGET_NAME"][row] for row in holding] == ["Crab"] * 4


def test_a_time_that_cannot_be_is_missing(data_dir):
    table = tables.read(files.load(data_dir / CTA))
    table["TSTART"][1] = 1e300
    runs = Observations(table)
    assert runs.time_bounds[0].mask.tolist() == [False, True, False, False]
    assert runs.table["START"][1] == ""
    assert isinstance(runs.time_bounds[0], Time)


def test_other_tables_are_refused(data_dir):
    with pytest.raises(ColumnError, match="No observation index has the columns"):
        Observations.read(data_dir / "vhe/3HWC.ecsv")
    table = tables.read(files.load(data_dir / CTA))
    del table.meta["TIMESYS"]
    with pytest.raises(FormatError, match="TIMESYS of the observation index is missing"):
        Observations(table)


def test_an_index_of_files_is_refused_with_what_to_open(data_dir):
    path = data_dir / "vhe/hess-dl3-dr1/hdu-index.fits.gz"
    error = refuse_file_index(tables.read(files.load(path)), path)
    assert "index of 630 tables in other files, 105 of them event lists" in error.message
    assert "one of the 4 of them" in error.advice
    assert "hess_dl3_dr1_obs_id_020136.fits.gz" in error.advice
    cta = data_dir / "vhe/cta-1dc/hdu-index.fits.gz"
    error = refuse_file_index(tables.read(files.load(cta)), cta)
    assert "index of 24 tables" in error.message
    assert "the observation index beside it" in error.advice
