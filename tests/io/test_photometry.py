"""Photometry in tables: limits as they are written, and catalogues that look like it."""

from __future__ import annotations

import numpy as np
import pytest

from skyexplorer import LightCurve, SourceCatalog
from skyexplorer.errors import InputError
from skyexplorer.model import opening

AAVSO = b"""JD,Magnitude,Uncertainty,HQuncertainty,Band,Observer Code,Star Name
2459000.5,14.8,0.08,,V,HMB,T CRB
2459001.5,<15.2,,,V,HMB,T CRB
2459002.5,10.1,,,Vis.,XYZ,T CRB
"""


def test_aavso():
    """From the documented columns: ``<`` is "fainter than", and visual estimates have no error."""
    curve = opening.read(AAVSO)
    assert isinstance(curve, LightCurve)
    assert curve.name == "T CRB"
    assert curve.value.to_value("mag").tolist() == [14.8, 15.2, 10.1]
    assert curve.upper_limit.tolist() == [False, True, False]
    assert curve.bands == ["V", "V", "Vis."]
    assert np.isnan(curve.error[0].value).tolist() == [False, True, True]
    assert curve.time.mjd.tolist() == [59000, 59001, 59002]


def test_limiting_magnitudes():
    """The columns of SkyPortal and others: no magnitude, but how deep the image was."""
    raw = b"mjd,mag,magerr,limiting_mag,filter,magsys\n59000,,,20.5,ztfg,ab\n59001,19.1,0.1,20.6,ztfg,ab\n"
    curve = LightCurve.read(raw)
    assert curve.value.value.tolist() == [20.5, 19.1]
    assert curve.upper_limit.tolist() == [True, False]
    assert "1 limits" in curve.origin.note
    assert "system ab" in curve.origin.note


@pytest.mark.parametrize("columns", ["mjd,mag,magerr,filter", "mjd,flux,fluxerr,filter"])
def test_a_list_of_many_sources_is_a_catalogue(columns):
    rows = "a,10,20,59000,18,0.1,g\nb,{ra},20.0,59001,17,0.1,g\n"
    far, near = (f"name,ra,dec,{columns}\n{rows}".format(ra=ra).encode() for ra in ("11", "10.0001"))
    assert isinstance(opening.read(far), SourceCatalog)
    assert isinstance(opening.read(near), LightCurve)


def test_rows_without_a_time_are_left_out():
    curve = LightCurve.read(b"mjd,flux,fluxerr,filter,zp\n,5,1,g,23.9\n59000,6,1,g,23.9\n")
    assert len(curve) == 1
    assert "1 rows without time" in curve.origin.note


def test_magnitudes_have_no_fractional_variability():
    curve = LightCurve.read(
        b"mjd,mag,magerr\n" + b"".join(b"%d,18.%d,0.1\n" % (59000 + k, k) for k in range(9))
    )
    for question in (curve.variability, curve.flares):
        with pytest.raises(InputError, match="magnitudes"):
            question()
    assert len(curve.bayesian_blocks()[1]) >= 1  # steps are steps in magnitudes too
