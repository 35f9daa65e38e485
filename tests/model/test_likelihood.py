"""Likelihood scans; there is no real one here, so one is made with the header that such scans are documented to have."""

from __future__ import annotations

import healpy
import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer import SkyMap
from skyexplorer.core import healpix
from skyexplorer.errors import FormatError, InputError
from skyexplorer.model.likelihood import LikelihoodMap

NSIDE = 128
AT = SkyCoord(77.43 * u.deg, 5.72 * u.deg)
SIGMA = 0.9  # deg


@pytest.fixture
def scan(tmp_path):
    ra, dec = healpy.pix2ang(NSIDE, np.arange(12 * NSIDE**2), lonlat=True)
    apart = SkyCoord(ra * u.deg, dec * u.deg).separation(AT).deg
    llh = 1000 + 0.5 * (apart / SIGMA) ** 2
    llh[apart > 30] = np.nan
    path = tmp_path / "scan.fits"
    header = [("RUNID", 130033), ("EVENTID", 50579430), ("I3TYPE", "ehe-gold"), ("EVENTMJD", 58018.871186)]
    healpy.write_map(path, llh, column_names=["T"], dtype=float, extra_header=header)
    return path


def test_a_scan_is_not_read_as_probability(scan):
    with pytest.raises(FormatError, match="likelihood scan"):
        SkyMap.read(scan)


@pytest.mark.parametrize(("q", "ts"), [(0.5, 22.2), (0.9, 64.2)])
def test_regions_have_the_calibrated_thresholds(scan, q, ts):
    found = LikelihoodMap.read(scan)
    assert found.name == "IceCube 130033_50579430"
    assert found.best_fit.separation(AT).deg < 0.5
    radius = SIGMA * np.sqrt(ts)
    assert found.region(q).area.to_value("deg2") == pytest.approx(np.pi * radius**2, rel=0.05)


def test_wilks_is_smaller_and_must_be_asked_for(scan):
    found = LikelihoodMap.read(scan)
    assert [found.threshold(q, calibrated=False) for q in (0.5, 0.9)] == pytest.approx(
        [1.386, 4.605], abs=1e-3
    )
    with pytest.raises(InputError, match="no calibrated threshold"):
        found.threshold(0.68)


def test_a_map_of_probability_is_no_scan(data_dir):
    with pytest.raises(FormatError, match="probability"):
        LikelihoodMap.read(data_dir / "gw/S200129m_bayestar.multiorder.fits")
    with pytest.raises(InputError):
        LikelihoodMap(np.arange(4, 16), np.full(12, np.nan))


def test_cells_of_mixed_order():
    uniq = np.concatenate([healpix.join_uniq(0, np.arange(1, 12)), healpix.join_uniq(1, np.arange(4))])
    scan = LikelihoodMap(uniq, np.concatenate([np.full(11, 100.0), [0, 1, 2, 50]]))
    assert scan.region(0.9).area.to_value("deg2") == pytest.approx(3 * 41252.961249 / 48, rel=1e-9)
