"""A file is what its content says."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from skyexplorer import Event, LightCurve, SkyMap, SourceCatalog
from skyexplorer.errors import ColumnError, FormatError
from skyexplorer.model import opening
from skyexplorer.model.image import SkyImage
from skyexplorer.model.quantitymap import QuantityMap


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("gw/S190425z_bayestar.multiorder.fits", SkyMap),
        ("gw/S190814bv_bayestar.multiorder.fits,1", SkyMap),
        ("gw/GW150914_bayestar_gstlal_C01.fits.gz", SkyMap),
        ("gamma/glg_healpix_all_bn180116026.fit", SkyMap),
        ("neutrino/IceCube_cascade.csv", list),
        ("lightcurves/lcr/4FGL_J1104.4+3812_monthly_2_20_2025.csv", LightCurve),
        ("lightcurves/pks2155_hess_lc.fits", LightCurve),
        ("gamma/gll_psch_v08_2FHL.fit.gz", SourceCatalog),
        ("sky/5BZCAT.csv", SourceCatalog),
        ("vhe/veritas_VER-000144-excess-skymap.fits", SkyImage),
        ("gamma/fermi_3fhl_exposure_cube_hpx.fits.gz", QuantityMap),
    ],
)
def test_by_content_not_by_name(data_dir, file, kind):
    for source in (data_dir / file, (data_dir / file).read_bytes()):
        assert isinstance(opening.read(source), kind)


def test_origin_has_the_checksum_of_the_file_as_stored(data_dir):
    for file in ("gamma/gll_psch_v08_2FHL.fit.gz", "gw/GW150914_bayestar_gstlal_C01.fits.gz"):
        opened = opening.read(data_dir / file)
        digest = hashlib.sha256((data_dir / file).read_bytes()).hexdigest()
        assert opened.origin.checksum == f"sha256:{digest}"


def test_events_know_where_they_come_from(data_dir):
    path = data_dir / "neutrino/IceCube_cascade.csv"
    events = opening.read(path)
    assert all(isinstance(event, Event) for event in events)
    assert events[0].origin.location == str(path)
    assert events[0].origin.rows == 26


def test_a_catalogue_with_a_probability_is_no_sky_map():
    out = io.BytesIO()
    Table({"RA": [1.0, 2.0], "DEC": [3.0, 4.0], "PROB": [0.5, 0.6]}).write(out, format="fits")
    assert isinstance(opening.read(out.getvalue()), SourceCatalog)


def test_what_cannot_be_opened(tmp_path, data_dir):
    image = io.BytesIO()
    fits.PrimaryHDU(np.zeros((4, 4))).writeto(image)
    page = tmp_path / "catalog.fits"
    page.write_text("<!DOCTYPE html><html>Not found</html>")
    for source, said in (
        (tmp_path / "gone.fits", "No such file"),
        (tmp_path, "directory"),
        (page, "HTML"),
        (image.getvalue(), "image"),
        (b"", "empty"),
        (b"ra,dec\nnan,nan\n", "No row has a position"),
        (b"mass,charge\n1,2\n", "mass, charge"),
    ):
        with pytest.raises(FormatError, match=said):
            opening.read(source)


def test_a_missing_file_keeps_its_cause(tmp_path):
    with pytest.raises(FormatError) as caught:
        opening.read(tmp_path / "gone.csv")
    assert isinstance(caught.value.__cause__, FileNotFoundError)


def test_columns_are_in_the_error():
    with pytest.raises(ColumnError) as caught:
        opening.read(b"mass,charge\n1,2\n", name="particles")
    assert caught.value.columns == ("mass", "charge")
    assert str(caught.value).startswith("particles:")
